"""Thermal networks over time: closed forms, conserved energy, and scipy's Radau."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.spacecraft.thermal_integration import solve_k
from sim.spacecraft.thermal_network import Coolant, Link, Network, Node, steady_state_k

SIGMA = 5.670374419e-8


def no_heat(_t: float) -> np.ndarray:
    return np.zeros(2)


def test_two_nodes_relax_by_an_exponential() -> None:
    """Source of truth: closed form: the difference decays at G (1/C1 + 1/C2), the mean energy stays; exact in one step."""
    pair = Network((Node("hot", 100.0), Node("cold", 300.0)), (Link("hot", "cold", 5.0),))
    found = solve_k(pair, [350.0, 290.0], no_heat, [0.0, 40.0], max_step_s=1e9)[-1]
    mean = (100.0 * 350.0 + 300.0 * 290.0) / 400.0
    difference = 60.0 * math.exp(-40.0 * 5.0 * (1 / 100 + 1 / 300))
    assert found == pytest.approx([mean + 0.75 * difference, mean - 0.25 * difference], abs=1e-9)


def test_heat_that_grows() -> None:
    """Source of truth: the integral of 3 W/s over 500 s, half the square: what two nodes without a way out have gained."""
    pair = Network((Node("a", 100.0), Node("b", 300.0)), (Link("a", "b", 5.0),))
    gained = solve_k(pair, [300.0, 300.0], lambda t: np.array([3.0 * t, 0.0]), [0.0, 500.0])[-1] - 300.0
    assert 100.0 * gained[0] + 300.0 * gained[1] == pytest.approx(1.5 * 500.0**2)


def test_radiation_is_of_second_order() -> None:
    """Source of truth: 1/T^3 = 1/T0^3 + 3 eps sigma A t / C of a plate that only radiates: half the step, a quarter of the error."""
    plate = Network((Node("plate", 4500.0, 1.7 * SIGMA),))
    exact = (300.0**-3 + 3.0 * 1.7 * SIGMA * 1200.0 / 4500.0) ** (-1.0 / 3.0)
    errors = [
        abs(solve_k(plate, [300.0], lambda _t: np.zeros(1), [0.0, 1200.0], max_step_s=h)[-1, 0] - exact)
        for h in (60.0, 30.0)
    ]
    assert errors[0] < 0.05
    assert 3.5 < errors[0] / errors[1] < 4.5


AREAS_M2 = {"radiator_1": 6.8, "radiator_2": 6.8, "radiator_3": 6.8, "structure": 1.0, "array": 51.0}  # times emissivity and faces
CAPACITIES_J_K = {
    "junction": 600.0, "hbm": 300.0, "plate": 8e3, "loop": 1.5e4, "radiator_1": 1.2e4, "radiator_2": 1.2e4, "radiator_3": 1.2e4,
    "battery": 6e4, "structure": 4e5, "array": 9e4,
}  # fmt: skip


def satellite() -> Network:
    """A bursting satellite: coolant through a plate and three radiators, battery, structure and array beside them."""
    return Network(
        nodes=tuple(Node(name, capacity, SIGMA * AREAS_M2.get(name, 0.0)) for name, capacity in CAPACITIES_J_K.items()),
        links=(
            Link("junction", "plate", 400.0), Link("hbm", "plate", 150.0), Link("battery", "structure", 60.0), Link("array", "structure", 2.0),
        ),
        coolant=Coolant("loop", ("radiator_1", "radiator_2", "radiator_3"), 3000.0, 2500.0, {"plate": 900.0, "structure": 15.0}),
    )  # fmt: skip


EDGES = (1200.0, 2400.0, 3600.0, 4800.0)


def heats(t: float) -> np.ndarray:
    """Bursts of 20 min in sunlight, half the power between them, a tenth in eclipse; sunlight until 3,600 s."""
    lit, burst = t < 3600.0, t < 1200.0 or 2400.0 <= t < 3600.0
    chips = 9000.0 * (1.0 if burst else 0.5 if lit else 0.1)
    return np.array([0.8 * chips, 0.2 * chips, 500.0, 200.0, 500.0, 500.0, 500.0, 150.0, 400.0, 2.0e4 * lit + 6.0e3])


def test_a_bursting_orbit_against_radau() -> None:
    """Source of truth: scipy's Radau at 1e-9; all ten nodes, every 200 s, in steps of a minute, whatever their time constants."""
    network = satellite()
    start = steady_state_k(network, {}, dict(zip(CAPACITIES_J_K, heats(0.0), strict=True)))
    times = np.arange(0.0, 5601.0, 200.0)
    ours, theirs = (solve_k(network, start, heats, times, EDGES, method=method) for method in ("exponential", "radau"))  # type: ignore[arg-type]
    assert np.ptp(theirs[:, 0]) > 20.0
    assert np.ptp(theirs[:, -1]) > 40.0
    assert np.abs(ours - theirs).max() < 0.1


def test_heat_goes_nowhere_but_to_space() -> None:
    """Source of truth: conservation: stored energy grows by heat less what is radiated, integrated by the trapezoidal rule."""
    network = satellite()
    times = np.arange(0.0, 1201.0, 2.0)
    temps = solve_k(network, np.full(10, 300.0), heats, times, method="exponential")
    radiated = SIGMA * temps**4 @ np.array([AREAS_M2.get(name, 0.0) for name in CAPACITIES_J_K])
    heat = heats(1.0).sum() * 1200.0 - np.sum(0.5 * (radiated[1:] + radiated[:-1])) * 2.0
    stored = network.heat_capacity_j_k @ (temps[-1] - temps[0])
    assert stored == pytest.approx(heat, rel=1e-4)
