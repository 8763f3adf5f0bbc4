"""Solar array."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sim.spacecraft import panel
from sim.spacecraft.array import Array, absorbed_w_m2, advance, array_power_w, array_yield
from sim.spacecraft.panel import Panel

SIGMA = 5.670374419e-8
F650_90, F650_0 = 0.2407, 0.8236  # published view factors at 650 km (V5)


def _array(efficiency: float = 0.295, **changes: float) -> Array:
    values = {
        "area_m2": 100.0, "packing": 1.0, "cell_efficiency": efficiency, "temperature_coefficient_per_k": 0.0,
        "absorptance": 0.92, "emissivity_front": 0.85, "emissivity_back": 0.85, "retention": 1.0,
        "conditioning_efficiency": 0.95, "heat_capacity_j_m2_k": 2800.0, "step_s": 60.0, "survives": 0.0,
    }  # fmt: skip
    return Array(**{**values, **changes})


Given = namedtuple("Given", "flux_w_m2 available bus_available array_light array_nearby_w_m2")
Lit = namedtuple("Lit", "lit_fraction")
Facing = namedtuple("Facing", "array_incidence")
Sky = namedtuple("Sky", "albedo_front_w_m2 albedo_back_w_m2 infrared_w_m2 view_front view_back")
Warm = namedtuple("Warm", "array_k")
Unused = namedtuple("Unused", "shunted_w")


def panel_step(
    array_k: float, sun: float, albedo: float, infrared: float, front: float, back: float, array: Array, taken: float = 1.0,
    light: float = 1.0, nearby: float = 0.0,
) -> tuple[panel.PanelFlows, float]:  # fmt: skip
    """A step of the panel from which a share of its power is taken, and the power that it offers; albedo per unit view factor."""
    sky = Sky(albedo * front, albedo * back, infrared, front, back)
    power = advance(Warm(array_k), Given(sun, 1.0, 1.0, light, nearby), Lit(1.0), Facing(1.0), sky, array)
    p = Panel(
        array.area_m2, array.heat_capacity_j_m2_k, (array.emissivity_front + array.emissivity_back) * SIGMA,
        1.0 / array.conditioning_efficiency - 1.0, array.step_s,
    )  # fmt: skip
    return panel.advance(Warm(array_k), power, Unused((1.0 - taken) * power.generated_w), p), power.generated_w


def settled_k(sun: float, albedo: float, infrared: float, front: float, back: float, array: Array, taken: float = 1.0) -> float:
    """Temperature at which a panel stays under constant light."""
    array_k = 300.0
    for _ in range(200):
        array_k = panel_step(array_k, sun, albedo, infrared, front, back, array, taken)[0].array_k
    return array_k


@pytest.mark.parametrize(("efficiency", "celsius"), [(0.295, 42.0), (0.22, 50.0), (0.0, 71.0)])
def test_published_cell_temperatures(efficiency: float, celsius: float) -> None:
    """Source of truth: physics, section B: terminator, alpha 0.92, eps 0.85 both faces: 42 C at 29.5 %, 71 C unloaded.

    S = 1361, both faces edge-on to the Earth (F = 0.2407), 240 W/m2 and no albedo at the terminator. Whole degrees are
    printed and the sunlight and infrared used for them are not (235 to 240 W/m2: 0.4 K; 1361 to 1367 W/m2: 0.3 K): 1.2 K.
    The 48 C printed for 22 % does not follow from these inputs; by hand (1252.1 + 98.2 - 299.4) W/m2 = 1.7 sigma T^4
    gives 323.1 K, 50.0 C.
    """
    ours = settled_k(1361.0, 0.0, 240.0, F650_90, F650_90, _array(efficiency))
    assert ours - 273.15 == pytest.approx(celsius, abs=1.2)


def test_cell_temperature_back_to_nadir_at_noon() -> None:
    """Source of truth: physics, section B: back to nadir at noon with albedo 68 C at 29.5 %; 0.30 of 1361 W/m2 through
    F = 0.8236 absorbed by 0.92, infrared 240 W/m2 by 0.85: within 1.5 K of the printed degree."""
    ours = settled_k(1361.0, 0.3 * 1361.0, 240.0, 0.0, F650_0, _array(0.295))
    assert ours - 273.15 == pytest.approx(68.0, abs=1.5)


@pytest.mark.parametrize("sun", [0.0, 30.0, 700.0, 1361.0, 1420.0])
@pytest.mark.parametrize("gamma", [0.0, -0.0025, -0.0045, -0.01])
def test_cell_temperature_solves_the_balance(sun: float, gamma: float) -> None:
    """Source of truth: brentq on the full heat balance with the yield that falls with temperature: 0.01 K after 200 minutes."""
    array = _array(0.22, temperature_coefficient_per_k=gamma, packing=0.9, absorptance=0.75, emissivity_front=0.82)
    albedo, infrared, front, back = 0.29 * 1361.0, 240.0, 0.05, 0.7

    def excess(t: float) -> float:
        electrical = 0.9 * 0.22 * max(0.0, 1.0 + gamma * (t - 301.15)) * sun
        absorbed = 0.75 * (sun + albedo * (front + back)) + infrared * (0.82 * front + 0.85 * back)
        return absorbed - electrical - (0.82 + 0.85) * SIGMA * t**4

    ours = settled_k(sun, albedo, infrared, front, back, array)
    assert ours == pytest.approx(brentq(excess, 50.0, 600.0, xtol=1e-10), abs=0.01)


def test_a_shunted_panel_is_warmer() -> None:
    """Source of truth: physics, section B: 42 C under full load, 71 C without a load; half of it between, by the balance."""
    sky = (1361.0, 0.0, 240.0, F650_90, F650_90, _array())
    loaded, half, idle = (settled_k(*sky, taken) for taken in (1.0, 0.5, 0.0))
    assert idle == pytest.approx(273.15 + 71.0, abs=1.2)
    drawn = [1.7 * SIGMA * (idle**4 - t**4) for t in (loaded, half)]
    assert drawn[0] == pytest.approx(0.295 * 1361.0, rel=1e-6)
    assert drawn[1] == pytest.approx(0.5 * drawn[0], rel=1e-6)


def test_neighbours_shade_and_warm_a_panel() -> None:
    """Source of truth: by hand: 60 % of the light and 25 W/m2 of infrared: 0.6 x (0.92 - 0.295) x 1361 + 98.2 + 25 W/m2 = 1.7 sigma T^4,
    284.7 K; the power is 0.6 of that of a free panel, whose cells here do not mind the temperature."""
    sky = (1361.0, 0.0, 240.0, F650_90, F650_90, _array())
    array_k = 300.0
    for _ in range(200):
        flows, offered_w = panel_step(array_k, *sky, light=0.6, nearby=25.0)
        array_k = flows.array_k
    expected_w_m2 = 0.6 * (0.92 - 0.295) * 1361.0 + 2.0 * 0.85 * 240.0 * F650_90 + 25.0
    assert array_k == pytest.approx((expected_w_m2 / (1.7 * SIGMA)) ** 0.25, abs=1e-6)
    assert array_k == pytest.approx(284.7, abs=0.05)
    assert offered_w == pytest.approx(0.6 * panel_step(array_k, *sky)[1], rel=1e-12)


@pytest.mark.parametrize("dt", [1.0, 10.0, 60.0])
def test_panel_against_radau(dt: float) -> None:
    """Source of truth: scipy Radau on C'' dT/dt = absorbed - drawn - emitted, from 170 K after an eclipse into sunlight for 30 min, and
    back into the dark. Second order: 0.1 K at 60 s, falling as dt^2."""
    array = _array(0.22, step_s=dt, absorptance=0.75)
    ours = exact = 170.0
    for sun, minutes in ((1361.0, 30), (0.0, 30)):
        absorbed = absorbed_w_m2(sun, 0.0, 240.0, 0.2, 0.2, array)
        worst = 0.0
        for _ in range(minutes):
            for _ in range(round(60.0 / dt)):
                flows, _ = panel_step(ours, sun, 0.0, 240.0, 0.2, 0.2, array)
                ours = flows.array_k
            slope = lambda _, t, q=absorbed - 0.22 * sun: (q - 1.7 * SIGMA * t**4) / 2800.0  # noqa: E731
            exact = solve_ivp(slope, (0.0, 60.0), [exact], method="Radau", rtol=1e-10, atol=1e-9).y[0, -1]
            worst = max(worst, abs(ours - exact))
        assert worst < max(0.1 * (dt / 60.0) ** 2, 1e-4)


@pytest.mark.parametrize(("start_k", "sun"), [(120.0, 1361.0), (190.0, 1361.0), (250.0, 1361.0), (360.0, 0.0)])
def test_longest_step_of_a_panel(start_k: float, sun: float) -> None:
    """Source of truth: scipy Radau over one step of two time constants at 360 K, the longest that scenarios may have: 15 K."""
    longest_s = 2.0 * 2800.0 / (4.0 * 1.7 * SIGMA * 360.0**3)
    array = _array(0.22, step_s=longest_s, absorptance=0.75)
    absorbed = absorbed_w_m2(sun, 0.0, 240.0, 0.2, 0.2, array)
    ours = panel_step(start_k, sun, 0.0, 240.0, 0.2, 0.2, array)[0].array_k
    slope = lambda _, t: (absorbed - 0.22 * sun - 1.7 * SIGMA * t**4) / 2800.0  # noqa: E731
    exact = solve_ivp(slope, (0.0, longest_s), [start_k], method="Radau", rtol=1e-10, atol=1e-9).y[0, -1]
    assert ours == pytest.approx(exact, abs=15.0)


def test_a_cold_panel_gives_more() -> None:
    """Source of truth: by hand: at -0.36 %/K a panel that is 120 K colder than in steady sunlight gives 43 % more of the power at
    28 degC at the beginning of its warming; mean temperature of the minute from Radau, 0.3 %."""
    array = _array(0.22, temperature_coefficient_per_k=-0.0036, absorptance=0.75)
    sky = (1361.0, 0.0, 240.0, 0.2, 0.2, array)
    warm_k = settled_k(*sky)

    def slope(_: float, t: np.ndarray) -> np.ndarray:
        drawn = 0.22 * (1.0 - 0.0036 * (t - 301.15)) * 1361.0
        return (absorbed_w_m2(*sky) - drawn - 1.7 * SIGMA * t**4) / 2800.0

    ends = np.linspace(0.0, 60.0, 61)
    t = solve_ivp(slope, (0.0, 60.0), [warm_k - 120.0], method="Radau", rtol=1e-9, atol=1e-8, t_eval=ends).y[0]
    mean_k = float(np.trapezoid(t, ends) / 60.0)
    _, cold_w = panel_step(warm_k - 120.0, *sky)
    _, warm_w = panel_step(warm_k, *sky)
    assert cold_w / warm_w == pytest.approx((1.0 - 0.0036 * (mean_k - 301.15)) / (1.0 - 0.0036 * (warm_k - 301.15)), rel=3e-3)
    assert cold_w > 1.3 * warm_w


def test_array_power_closed_form() -> None:
    """Source of truth: S A packing eta retention [1 + gamma (T - 28 C)] conditioning: XTJ 0.298 at 28 C, 135.3 mW/cm2."""
    array = _array(0.298, packing=0.9, retention=0.89, temperature_coefficient_per_k=-0.0025)
    expected = 1353.0 * 100.0 * 0.9 * 0.298 * 0.89 * 0.95
    assert array_power_w(1353.0, 301.15, array) == pytest.approx(expected, rel=1e-14)
    assert array_power_w(1353.0, 341.15, array) == pytest.approx(0.9 * expected, rel=1e-14)
    assert array_yield(301.15 + 1000.0, array) == 0.0  # never below zero
