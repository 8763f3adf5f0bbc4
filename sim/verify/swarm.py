"""A swarm whose radiators face each other: its core is warmer than its rim."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.spacecraft import near, neighbours
from sim.verify.case import Case, Failed

SIDE, EMISSIVITY = 6, 0.9  # satellites along a side, and of both faces of their radiators
SPACING = 1.3  # in sides of a square radiator: not published, fitted to the difference
ALONE_K = 319.0  # of a radiator without neighbours: fitted to the temperature of the rim


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of a swarm.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    source = "published [chen2026hot]; its spacing is not, 1.3 sides of a square radiator fit both temperatures"
    return [
        Case("swarm of 6 x 6, radiators that face each other: core", lambda: _core_and_rim_k()[0], 357.2, 3.0, "K", source),
        Case("the same: rim", lambda: _core_and_rim_k()[1], 344.5, 3.0, "K", source),
        Case("the same: core over rim", lambda: _core_and_rim_k()[0] - _core_and_rim_k()[1], 12.7, 3.0, "K", source),
    ]


@cache
def _core_and_rim_k() -> tuple[float, float]:
    """Mean temperatures of the inner four and the outer twenty satellites, each with the heat of a radiator at `ALONE_K`."""
    count = SIDE * SIDE
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    r_m = SPACING * np.stack([x.ravel(), y.ravel(), np.zeros(count)]).astype(float)
    ahead, up = (np.repeat(np.array(axis)[:, None], count, axis=1) for axis in ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))
    plates = neighbours.square_plates(up, ahead, (np.full(count, 1e-9), np.ones(count)), np.full((2, 2, count), EMISSIVITY))
    pairs, both = near.within(r_m, 10.0 * SIDE), 2.0 * EMISSIVITY * STEFAN_BOLTZMANN_W_M2_K4
    temps_k = np.full(count, ALONE_K)
    for _ in range(100):  # each round leaves less than half of the error
        emitted = np.zeros((2, 2, count))
        emitted[neighbours.RADIATOR] = 0.5 * both * temps_k**4
        absorbed = neighbours.exchange(r_m, pairs, plates, emitted, np.array([0.0, 0.0, 1.0])).absorbed_w_m2[neighbours.RADIATOR]
        temps_k = (ALONE_K**4 + absorbed / both) ** 0.25
    inner = (np.abs(x - 2.5) < 1.0) & (np.abs(y - 2.5) < 1.0)
    outer = (x == 0) | (x == SIDE - 1) | (y == 0) | (y == SIDE - 1)
    return float(temps_k[inner.ravel()].mean()), float(temps_k[outer.ravel()].mean())
