"""The thermal network against a stiff integrator and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sim.spacecraft import thermal as model
from sim.spacecraft import thermal_response
from sim.spacecraft.radiator import plate_absorbed_w_m2
from sim.spacecraft.thermal import Nodes, Thermal, fastest_time_s, steady_state_k, stepper
from sim.spacecraft.thermal_response import Heats, Stepper

SIGMA = 5.670374419e-8
# a 28 kW satellite: 64 chips of 0.05 and 0.15 K/W, plates of 0.01 K/W, loop 8 kW/K, 30 m2 of radiator
NETWORK = Thermal(
    64 / 0.05, 64 / 0.15, 64 / 0.01, 8000.0, (64 * 60.0, 64 * 20.0, 64 * 400.0, 150e3, 135e3), 30.0, 0.88, 0.2, 0.9,
    338.15, 368.15, 368.15,
)  # fmt: skip
HBM = 0.2


def thermal_step(*arguments: float | Stepper) -> tuple[float, ...]:
    """Five temperatures and four heats, then the stepper: temperatures after the step and the heat emitted."""
    nodes, emitted_w = model.thermal_step(Nodes(*arguments[:5]), Heats(*arguments[5:9]), arguments[9])
    return (*nodes, emitted_w)


def chip_limit_w(*arguments: float | Stepper) -> float:
    """A Newton step from the power of accelerators in `arguments` towards that which ends the step at a limit."""
    nodes, heats, step = Nodes(*arguments[:5]), Heats(*arguments[5:9]), arguments[9]
    _, room = thermal_response.forecast(nodes, heats, step)
    return heats.chip_w + thermal_response.fit(room, step.junction.chip_w, step.hbm.chip_w)


def _slope(t: np.ndarray, chip: float, plate: float, loop: float, env: float, net: Thermal = NETWORK) -> np.ndarray:
    """The five heat balances, written out from the picture of the network."""
    j, h, p, o, r = t
    q_jp, q_hp = net.junction_to_plate_w_k * (j - p), net.hbm_to_plate_w_k * (h - p)
    q_po, q_or = net.plate_to_loop_w_k * (p - o), net.loop_to_radiator_w_k * (o - r)
    emitted = 2.0 * net.radiator_area_m2 * net.radiator_emissivity * net.fin_efficiency * SIGMA * r**4
    flows = np.array(
        [
            (1 - HBM) * chip - q_jp,
            HBM * chip - q_hp,
            plate + q_jp + q_hp - q_po,
            loop + q_po - q_or,
            env + q_or - emitted,
        ]
    )
    return flows / np.array(net.heat_capacity_j_k)


def _radau(
    t0: np.ndarray, seconds: float, heats: tuple[float, ...], net: Thermal = NETWORK, ends: np.ndarray | None = None
) -> np.ndarray:
    out = solve_ivp(
        lambda _, t: _slope(t, *heats, net), (0.0, seconds), t0, method="Radau", rtol=1e-10, atol=1e-9, t_eval=ends
    )
    return out.y.T if ends is not None else out.y[:, -1]


def _march(
    t0: tuple[float, ...], steps: int, dt: float, heats: tuple[float, ...], net: Thermal = NETWORK
) -> np.ndarray:
    step, t, rows = stepper(net, HBM, dt), tuple(t0), []
    for _ in range(steps):
        *t, _ = thermal_step(*t, *heats, step)
        rows.append(t)
    return np.array(rows)


@pytest.mark.parametrize(
    "heats", [(19_200.0, 7_000.0, 1500.0, 4000.0), (0.0, 0.0, 1000.0, 2500.0), (19_200.0, 7_000.0, 1500.0, 12_000.0)]
)
@pytest.mark.parametrize("start_k", [250.0, 320.0, 360.0])
@pytest.mark.parametrize("dt", [1.0, 10.0, 60.0])
def test_constant_heats_against_radau(heats: tuple[float, ...], start_k: float, dt: float) -> None:
    """Source of truth: scipy Radau (1e-10) on the nonlinear equations, every 60 s of 40 minutes from a uniform start.

    The scheme is of second order: its error per step is (dt / tau)^3 / 12 of the departure from the steady state, with
    tau about 900 s: 2e-5 of 100 K at 60 s, and they add up over tau / dt = 15 steps to 0.04 K; at 10 s 1e-3 K.
    """
    ends = 60.0 * np.arange(1, 41)
    theirs = _radau(np.full(5, start_k), 2400.0, heats, ends=ends)
    ours = _march((start_k,) * 5, round(2400 / dt), dt, heats)[round(60 / dt) - 1 :: round(60 / dt)]
    assert np.abs(ours - theirs).max() < max(0.04 * (dt / 60.0) ** 2, 3e-5)


def test_second_order() -> None:
    """Source of truth: Radau; halving the step divides the error by four (2.5 to 6 allows for the higher orders)."""
    heats, start = (19_200.0, 7_000.0, 1500.0, 4000.0), (300.0,) * 5
    exact = _radau(np.full(5, 300.0), 480.0, heats)
    errors = [abs(_march(start, round(480 / dt), dt, heats)[-1, 4] - exact[4]) for dt in (60.0, 30.0, 15.0)]
    assert 2.5 < errors[0] / errors[1] < 6.0
    assert 2.5 < errors[1] / errors[2] < 6.0


@pytest.mark.parametrize("dt", [1.0, 10.0, 60.0])
def test_lone_radiator_cools_by_the_closed_form(dt: float) -> None:
    """Source of truth: 1/T2^3 = 1/T1^3 + 6 eps sigma t / C'' for a two-sided plate: 300 K to 207 K in 19.72 min at
    5 kg/m2 of aluminium, eps 0.85 (physics, C3). Conductances 1e-9 W/K carry 1e-7 W. Second order: 0.1 K at 60 s (tau
    432 s at the start), falling as dt^2.
    """
    net = NETWORK._replace(
        junction_to_plate_w_k=1e-9, hbm_to_plate_w_k=1e-9, plate_to_loop_w_k=1e-9, loop_to_radiator_w_k=1e-9,
        radiator_emissivity=0.85, fin_efficiency=1.0, heat_capacity_j_k=(1e3, 1e3, 1e3, 1e3, 4500.0 * 30.0), reference_k=300.0,
    )  # fmt: skip
    assert pytest.approx(207.0, abs=0.5) == (1.0 / 300.0**3 + 6.0 * 0.85 * SIGMA * 1183.2 / 4500.0) ** (-1.0 / 3.0)
    steps = round(1183.2 / dt)
    ours = _march((300.0,) * 5, steps, dt, (0.0, 0.0, 0.0, 0.0), net)[-1, 4]
    exact = (1.0 / 300.0**3 + 6.0 * 0.85 * SIGMA * steps * dt / 4500.0) ** (-1.0 / 3.0)
    assert ours == pytest.approx(exact, abs=max(0.1 * (dt / 60.0) ** 2, 1e-3))


def test_reference_temperature_does_not_matter() -> None:
    """Source of truth: the tangent's place is bookkeeping: two of them 30 K apart agree to the order of the scheme, 0.05 K."""
    heats = (15_000.0, 5_000.0, 1500.0, 5000.0)
    a = _march((310.0,) * 5, 30, 60.0, heats)
    b = _march((310.0,) * 5, 30, 60.0, heats, NETWORK._replace(reference_k=308.15))
    assert np.abs(a - b).max() < 0.05


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0, 60.0, 300.0])
def test_fast_nodes_are_quasi_steady_without_overshoot(dt: float) -> None:
    """Source of truth: the maximum principle: switching the chips on, a junction above its plate rises to P R and never
    beyond, at any step; after 20 of its time constants (3 s) it stands at P R above the plate to 1 % of the plate's drift."""
    heats = (19_200.0, 0.0, 0.0, 5000.0)
    rows = _march((300.0,) * 5, max(3, round(600 / dt)), dt, heats)
    above = rows[:, 0] - rows[:, 2]
    limit = 0.8 * 19_200.0 * 0.05 / 64
    assert above.max() < limit * (1.0 + 1e-3) + 1e-9
    assert np.all(np.diff(rows[:, 0]) > -1e-9)  # monotone: no limit cycle
    late = above[round(120 / dt) :] if dt < 60 else above[1:]
    assert late == pytest.approx(np.full(late.size, limit), rel=0.03)


def test_sixty_seconds_against_one_through_an_eclipse() -> None:
    """Source of truth: the same heats, which change only at whole minutes, at 1 s; and Radau at the end. 0.05 K."""
    coarse, fine, exact = (330.0,) * 5, (330.0,) * 5, np.full(5, 330.0)
    worst = 0.0
    for minute in range(97):
        heats = (0.0, 0.0, 1000.0, 2600.0) if 30 <= minute < 65 else (19_200.0, 7000.0, 1500.0, 6000.0)
        coarse = tuple(_march(coarse, 1, 60.0, heats)[-1])
        fine = tuple(_march(fine, 60, 1.0, heats)[-1])
        worst = max(worst, float(np.abs(np.subtract(coarse, fine)).max()))
        if minute % 16 == 0 or minute in (30, 65):
            assert np.isfinite(worst)
    for minute in range(97):
        heats = (0.0, 0.0, 1000.0, 2600.0) if 30 <= minute < 65 else (19_200.0, 7000.0, 1500.0, 6000.0)
        exact = _radau(exact, 60.0, heats)
    assert worst < 0.05
    assert np.abs(np.array(fine) - exact).max() < 1e-3


def test_emitted_heat_closes_the_balance() -> None:
    """Source of truth: conservation: heats x dt - emitted x dt = change of sum(C T), 1e-12 of the stored heat."""
    step = stepper(NETWORK, HBM, 60.0)
    rng = np.random.default_rng(11)
    c = np.array(NETWORK.heat_capacity_j_k)
    for _ in range(200):
        t = rng.uniform(220.0, 380.0, 5)
        heats = rng.uniform(0.0, 2e4, 4)
        *after, emitted = thermal_step(*t, *heats, step)
        assert (heats.sum() - emitted) * 60.0 == pytest.approx(
            float(c @ (np.array(after) - t)), abs=1e-12 * float(c @ t) + 1e-5
        )


def test_emitted_heat_against_radau() -> None:
    """Source of truth: the integral of 2 eta eps sigma A T^4 along Radau's solution.

    Within the step the radiator leaves the scheme's straight path by 0.3 K; 20 K below the reference the slope of T^4
    differs from the tangent by 70 W/K: 20 W of 27 kW, 0.1 %.
    """
    heats, start = (19_200.0, 7_000.0, 1500.0, 4000.0), (330.0, 325.0, 322.0, 320.0, 318.0)
    *_, emitted = thermal_step(*start, *heats, stepper(NETWORK, HBM, 60.0))
    ends = np.linspace(0.0, 60.0, 601)
    r = _radau(np.array(start), 60.0, heats, ends=ends)[:, 4]
    exact = np.trapezoid(2.0 * 30.0 * 0.88 * 0.9 * SIGMA * r**4, ends) / 60.0
    assert emitted == pytest.approx(exact, rel=1e-3)


def test_steady_state_zeroes_the_balances() -> None:
    """Source of truth: the five heat balances themselves; residual below 1e-6 W of 30 kW."""
    for heats in ((19_200.0, 7_000.0, 1500.0, 4000.0), (0.0, 0.0, 0.0, 500.0), (5000.0, 100.0, 50.0, 0.0)):
        t = np.array(steady_state_k(NETWORK, *heats, HBM))
        assert np.abs(_slope(t, *heats) * np.array(NETWORK.heat_capacity_j_k)).max() < 1e-6


@pytest.mark.parametrize("dt", [1.0, 60.0])
@pytest.mark.parametrize("limits", [(368.15, 400.0), (400.0, 360.0)])
def test_chip_limit_ends_the_step_at_the_limit(dt: float, limits: tuple[float, float]) -> None:
    """Source of truth: brentq on the chip power for which Radau ends the step with junction or memory at its limit.

    The scheme's error of 1e-3 K a step over the junction's 1 K per 1280 W (0.8 P R) is 2 W of 20 kW; memory 8 W.
    """
    net = NETWORK._replace(junction_limit_k=limits[0], hbm_limit_k=limits[1])
    step = stepper(net, HBM, dt)
    start = np.array([355.0, 350.0, 345.0, 342.0, 338.0])
    limit = chip_limit_w(*start, 20_000.0, 5000.0, 1500.0, 5000.0, step)
    for _ in range(3):
        limit = chip_limit_w(*start, limit, 5000.0, 1500.0, 5000.0, step)
    node = 0 if limits[0] < limits[1] else 1
    exact = brentq(
        lambda p: _radau(start, dt, (p, 5000.0, 1500.0, 5000.0), net)[node] - limits[node], 1e3, 2e5, xtol=1e-3
    )
    assert limit == pytest.approx(exact, rel=2e-4)


def test_plate_absorbed_published() -> None:
    """Source of truth: the white paper's arithmetic (V8): 770.48 - 122.94 - 14.46 = 633.1 W/m2 with infrared taken by the
    solar absorptance on one face; with albedo and infrared on both faces, infrared by the emissivity, 522.0; 0.2 %."""
    gross = 2.0 * 0.92 * SIGMA * 293.15**4
    published = gross - plate_absorbed_w_m2(1366.0, 0.3 * 1366.0, 232.9, 0.25, 0.09, 0.09)
    assert published == pytest.approx(633.1, rel=2e-3)
    lit = plate_absorbed_w_m2(1366.0, 0.3 * 1366.0, 232.9, 0.25, 0.09, 0.92)
    dark = plate_absorbed_w_m2(0.0, 0.3 * 1366.0, 232.9, 0.25, 0.09, 0.92)
    assert gross - lit - dark == pytest.approx(522.0, rel=2e-3)


@pytest.mark.parametrize(("celsius", "net_w_m2"), [(20.0, 635.0), (50.0, 987.0), (60.0, 1128.0)])
def test_net_rejection_edge_on(celsius: float, net_w_m2: float) -> None:
    """Source of truth: physics, C2: edge-on at 650 km, eps 0.88, F 0.2407, 240 W/m2: 635, 987, 1128 W/m2 (1 W/m2); one
    face in full Sun with alpha 0.2 takes 272 off."""
    gross = 2.0 * 0.88 * SIGMA * (celsius + 273.15) ** 4
    face = plate_absorbed_w_m2(0.0, 0.0, 240.0, 0.2407, 0.2, 0.88)
    assert gross - 2.0 * face == pytest.approx(net_w_m2, abs=1.0)
    assert plate_absorbed_w_m2(1361.0, 0.0, 0.0, 0.2407, 0.2, 0.88) == pytest.approx(272.0, abs=0.5)


def test_fastest_time() -> None:
    """Source of truth: two bodies of 60 J/K and 400 J/K joined by 20 W/K relax with C1 C2 / ((C1 + C2) G) = 2.6 s; the
    whole network a little faster: within [2.0, 2.7] s."""
    assert 2.0 < fastest_time_s(NETWORK) < 2.7
    assert math.isfinite(fastest_time_s(NETWORK))


def test_forecast_is_the_step() -> None:
    """Source of truth: the step itself: junction and coolant to the bit; a watt more moves them by the promised rise.

    The rise is of the linear step; the radiator's curve adds its square: 1e-4 of it for a kilowatt.
    """
    step = stepper(NETWORK, HBM, 60.0)
    nodes, heats = Nodes(355.0, 350.0, 345.0, 342.0, 338.0), Heats(19_000.0, 5000.0, 1500.0, 5000.0)
    ahead = thermal_response.forecast(nodes, heats, step)[0]
    after, _ = model.thermal_step(nodes, heats, step)
    assert (ahead.junction_k, ahead.loop_k) == (after.junction_k, after.loop_k)
    more = thermal_response.forecast(nodes, heats._replace(chip_w=20_000.0, loop_w=1500.0), step)[0]
    assert more.junction_k - ahead.junction_k == pytest.approx(1000.0 * ahead.junction_rise_k_w, rel=2e-3)
    more = thermal_response.forecast(nodes, heats._replace(loop_w=2500.0), step)[0]
    assert more.loop_k - ahead.loop_k == pytest.approx(1000.0 * ahead.loop_rise_k_w, rel=2e-3)
