"""Thermal network of BUPT-1, a 12U CubeSat with two accelerator boards, of which one runs.

Fixed numbers come from data sheets and from telemetry; the others are fitted once, by `tools/fit_bupt1.py`, on the flight run
with a single board on, and lie in `data/bupt1.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from sim.spacecraft.thermal_integration import solve_k
from sim.spacecraft.thermal_network import Link, Network, Node, steady_state_k

Array = NDArray[np.float64]
FIT = Path(__file__).parent / "data" / "bupt1.json"
NODES = ("chip", "case", "housing", "neighbour", "deck", "bus", "skin")
CHIP, HOUSING = NODES.index("chip"), NODES.index("housing")

PERIOD_S, LIT_S = 94.08 * 60.0, 59.2 * 60.0  # read off the telemetry of the array [xu2024]
SUNRISE_S = 207.0  # after the board is switched on, in the run that is fitted and in those that are predicted [xu2024]
LOG_S = 180.0  # from switching on to the first line of the board's own log [xu2024]
PLATFORM_W = 15.0  # total less payload; 14.9 and 19.2 W before two of the runs [xu2024]
CHIP_TO_CASE_K_W = 0.8  # [huawei-atlas200]
CASE_TO_HOUSING_W_K = (
    4 * 0.21
)  # four screws of the size M2 between small stiff parts [gilmore2002:ch. 8]; assumed: their number
CHIP_J_K, CASE_J_K = 10.0, 60.0  # estimated: 11 g of silicon, copper and substrate; 30 g of shell, 40 g of board


class Fitted(NamedTuple):
    """What the run with a single board decides."""

    housing_j_k: float
    housing_to_deck_w_k: float  # the neighbour's is the same
    deck_j_k: float
    deck_to_skin_w_k: float
    skin_j_k: float
    skin_m2: float  # area times emissivity
    skin_w: float  # Earth infrared and albedo, mean over the orbit
    sun_w: float  # absorbed by the skin in sunlight
    bus_j_k: float
    deck_to_bus_w_k: float
    bus_to_skin_w_k: float
    drift_w_h: float  # change of the platform's heat per hour of the run


@cache
def fitted() -> Fitted:
    """The committed fit.

    Returns
    -------
    Fitted
        Parameters.
    """
    values = json.loads(FIT.read_text("utf-8"))["parameters"]
    return Fitted(**{name: record["value"] for name, record in values.items()})


def network(p: Fitted) -> Network:
    """The satellite as seven nodes.

    Parameters
    ----------
    p : Fitted
        Capacities, conductances and area.

    Returns
    -------
    Network
        Chip, case of its module, housing of the board, housing of the other board, deck of the payload, bus and skin.
    """
    capacities = (CHIP_J_K, CASE_J_K, p.housing_j_k, p.housing_j_k + CASE_J_K, p.deck_j_k, p.bus_j_k)
    return Network(
        nodes=(
            *(Node(name, capacity) for name, capacity in zip(NODES, capacities, strict=False)),
            Node("skin", p.skin_j_k, STEFAN_BOLTZMANN_W_M2_K4 * p.skin_m2),
        ),
        links=(
            Link("chip", "case", 1.0 / CHIP_TO_CASE_K_W),
            Link("case", "housing", CASE_TO_HOUSING_W_K),
            Link("housing", "deck", p.housing_to_deck_w_k),
            Link("neighbour", "deck", p.housing_to_deck_w_k),
            Link("deck", "bus", p.deck_to_bus_w_k),
            Link("deck", "skin", p.deck_to_skin_w_k),
            Link("bus", "skin", p.bus_to_skin_w_k),
        ),
    )


def temperatures_c(p: Fitted, board_w: float, times_s: Sequence[float] | Array, max_step_s: float = 120.0) -> Array:
    """Temperatures after a board is switched on, shortly before sunrise.

    Until then the boards are off and the satellite repeats its orbits.

    Parameters
    ----------
    p : Fitted
        Parameters of the network.
    board_w : float
        Power of the board from the first moment on [W].
    times_s : sequence of float
        Increasing times after switching on [s], above 0.
    max_step_s : float, optional
        Longest step [s].

    Returns
    -------
    ndarray, shape (times + 1, 7)
        Temperatures [degC] of `NODES`; first at the moment of switching on.
    """
    satellite = network(p)

    def heats(t_s: float) -> Array:
        on = t_s > 0.0
        lit = (t_s - SUNRISE_S) % PERIOD_S < LIT_S
        platform = PLATFORM_W + (p.drift_w_h * t_s / 3600.0 if on else 0.0)
        return np.array([board_w * on, 0.0, 0.0, 0.0, 0.0, platform, p.skin_w + p.sun_w * lit])

    at_rest = steady_state_k(satellite, {}, {"bus": PLATFORM_W, "skin": p.skin_w + p.sun_w * LIT_S / PERIOD_S})
    last = max(1, int(np.max(times_s) / PERIOD_S) + 1)
    edges = [SUNRISE_S + n * PERIOD_S + part for n in range(-4, last + 1) for part in (0.0, LIT_S)]
    before = solve_k(satellite, at_rest, heats, [-3.0 * PERIOD_S, 0.0], edges, max_step_s=3.0 * max_step_s
    )
    found = solve_k(satellite, before[-1], heats, [0.0, *times_s], edges, max_step_s=max_step_s)
    return found - ZERO_CELSIUS_K
