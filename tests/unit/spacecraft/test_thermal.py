"""The thermal network against a stiff integrator and closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sim.spacecraft import thermal as model
from sim.spacecraft import thermal_network, thermal_response
from sim.spacecraft.battery import BatteryFlows
from sim.spacecraft.compute import Loads
from sim.spacecraft.panel import PanelFlows
from sim.spacecraft.radiator import Environment, plate_absorbed_w_m2
from sim.spacecraft.structure import StructureHeat
from sim.spacecraft.thermal_network import Coolant, Link, Network, Node
from sim.spacecraft.thermal_response import HEATS, NODES, Heats, Nodes, Stepper

SIGMA = 5.670374419e-8
HBM, EPS, FIN, AREA = 0.2, 0.88, 0.9, 30.0
PANEL_W_K4 = 2.0 * EPS * FIN * SIGMA * AREA / 3.0
WALL_W_K4 = 0.85 * SIGMA * 6.0
# a 28 kW satellite: 64 chips of 0.05 and 0.15 K/W, plates of 0.01 K/W, coolant of 4.7 kW/K that meets 30 m2 of radiator through
# 8 kW/K, a battery of 147 kg and a body of 6 m2
CAPACITY_J_K = (64 * 60.0, 64 * 20.0, 64 * 400.0, 150e3, 45e3, 45e3, 45e3, 147e3, 251e3)
EMISSION_W_K4 = (0.0, 0.0, 0.0, 0.0, PANEL_W_K4, PANEL_W_K4, PANEL_W_K4, 0.0, WALL_W_K4)
FLOW_W_K, FILM_W_K, STRAP_W_K, MOUNT_W_K = 4700.0, 8000.0, 50.0, 4.0
NETWORK = Network(
    nodes=tuple(
        Node(name, c, e, 293.15 if name == "structure" else 338.15) for name, c, e in zip(NODES, CAPACITY_J_K, EMISSION_W_K4, strict=True)
    ),
    links=(Link("junction", "plate", 64 / 0.05), Link("hbm", "plate", 64 / 0.15), Link("battery", "structure", STRAP_W_K)),
    coolant=Coolant("loop", NODES[4:7], FILM_W_K, FLOW_W_K, {"plate": 64 / 0.01, "structure": MOUNT_W_K}),
    heats={"chip": {"junction": 1.0 - HBM, "hbm": HBM}, **{name: {name: 1.0} for name in HEATS[1:]}},
)  # fmt: skip
WORKING = Heats(19_200.0, 7_000.0, 1500.0, 200.0, 1000.0)
RESTING = Heats(0.0, 0.0, 300.0, 0.0, 1000.0)


def stepper(net: Network, dt_s: float, limits: tuple[float, float] = (368.15, 368.15)) -> Stepper:
    return model.stepper(net, dt_s, *limits)


def thermal_step(t: Nodes, heats: Heats, outside: tuple[float, float], p: Stepper) -> tuple[Nodes, float]:
    """Temperatures after a step, and the heat emitted, by the function that the step calls."""
    base = thermal_response.base_of(t, Environment(outside[0]), StructureHeat(outside[1]), p)
    # half of the battery's heat from its losses, half from its heater
    loads = Loads(heats.chip_w, heats.plate_w, heats.loop_w, heats.structure_w, 0.5 * heats.battery_w, 0.0)
    battery = BatteryFlows(0.0, 0.0, 0.0, 0.5 * heats.battery_w, 0.0, 0.0, 0.0)
    flows = model.advance(base, loads, battery, PanelFlows(0.0, 0.0, 0.0, 0.0, 0.0), p)
    return Nodes(*(getattr(flows, f"{name}_k") for name in NODES)), flows.radiated_w


def _flows(t: np.ndarray, heats: Heats, outside: tuple[float, float], emission: tuple[float, ...] = EMISSION_W_K4) -> np.ndarray:
    """The nine heat balances [W], written out from the picture of the network."""
    j, h, p, o, r1, r2, r3, b, s = t
    q_jp, q_hp, q_bs = 64 / 0.05 * (j - p), 64 / 0.15 * (h - p), STRAP_W_K * (b - s)
    # the coolant gives each third of the radiator (1 - e^-NTU) of what it could, and returns colder
    share = 1.0 - math.exp(-FILM_W_K / 3.0 / FLOW_W_K)
    to_1 = FLOW_W_K * share * (o - r1)
    after_1 = o - to_1 / FLOW_W_K
    to_2 = FLOW_W_K * share * (after_1 - r2)
    after_2 = after_1 - to_2 / FLOW_W_K
    to_3 = FLOW_W_K * share * (after_2 - r3)
    mean = 0.5 * (o + after_2 - to_3 / FLOW_W_K)
    q_po, q_so = 64 / 0.01 * (p - mean), MOUNT_W_K * (s - mean)
    panel_w = outside[0] / 3.0
    return np.array([
        (1 - HBM) * heats.chip_w - q_jp, HBM * heats.chip_w - q_hp, heats.plate_w + q_jp + q_hp - q_po,
        heats.loop_w + q_po + q_so - to_1 - to_2 - to_3,
        *(panel_w + q - e * r**4 for q, r, e in zip((to_1, to_2, to_3), (r1, r2, r3), emission[4:7], strict=True)),
        heats.battery_w - q_bs, heats.structure_w + outside[1] + q_bs - q_so - emission[8] * s**4,
    ])  # fmt: skip


def _radau(
    t0: np.ndarray, seconds: float, heats: Heats, outside: tuple[float, float], ends: np.ndarray | None = None,
    emission: tuple[float, ...] = EMISSION_W_K4, capacity: tuple[float, ...] = CAPACITY_J_K,
) -> np.ndarray:  # fmt: skip
    out = solve_ivp(
        lambda _, t: _flows(t, heats, outside, emission) / np.array(capacity), (0.0, seconds), t0, method="Radau", rtol=1e-10, atol=1e-9,
        t_eval=ends,
    )  # fmt: skip
    return out.y.T if ends is not None else out.y[:, -1]


def _march(t0: float, steps: int, dt: float, heats: Heats, outside: tuple[float, float], net: Network = NETWORK) -> np.ndarray:
    p, t, rows = stepper(net, dt), Nodes(*(t0,) * 9), []
    for _ in range(steps):
        t, _ = thermal_step(t, heats, outside, p)
        rows.append(t)
    return np.array(rows)


@pytest.mark.parametrize(("heats", "outside"), [(WORKING, (4000.0, 700.0)), (RESTING, (2500.0, 350.0)), (WORKING, (12_000.0, 900.0))])
@pytest.mark.parametrize("start_k", [250.0, 320.0, 360.0])
@pytest.mark.parametrize("dt", [10.0, 60.0])
def test_constant_heats_against_radau(heats: Heats, outside: tuple[float, float], start_k: float, dt: float) -> None:
    """Source of truth: scipy Radau (1e-10) on the nonlinear equations, every 60 s of 40 minutes from a uniform start.

    The scheme is of second order: its error per step is (dt / tau)^3 / 12 of the departure from the steady state, with
    tau about 900 s: 2e-5 of 100 K at 60 s, and they add up over tau / dt = 15 steps to 0.04 K; at 10 s 1e-3 K.
    """
    ends = 60.0 * np.arange(1, 41)
    theirs = _radau(np.full(9, start_k), 2400.0, heats, outside, ends=ends)
    ours = _march(start_k, round(2400 / dt), dt, heats, outside)[round(60 / dt) - 1 :: round(60 / dt)]
    assert np.abs(ours - theirs).max() < max(0.05 * (dt / 60.0) ** 2, 3e-5)


def test_second_order() -> None:
    """Source of truth: Radau; halving the step divides the error by four (2.5 to 6 allows for the higher orders)."""
    exact = _radau(np.full(9, 300.0), 480.0, WORKING, (4000.0, 700.0))
    errors = [abs(_march(300.0, round(480 / dt), dt, WORKING, (4000.0, 700.0))[-1, 4] - exact[4]) for dt in (60.0, 30.0, 15.0)]
    assert 2.5 < errors[0] / errors[1] < 6.0
    assert 2.5 < errors[1] / errors[2] < 6.0


def _lone_radiator() -> Network:
    """Three panels of 5 kg/m2 aluminium that nothing warms."""
    emission = 2.0 * 0.85 * SIGMA * 10.0
    nodes = tuple(replace(n, heat_capacity_j_k=4500.0 * 10.0, emission_w_k4=emission, reference_k=300.0) if n.name in model.SEGMENTS else n for n in NETWORK.nodes)
    return replace(NETWORK, nodes=nodes, links=(), coolant=Coolant("loop", model.SEGMENTS, 1e-9))


@pytest.mark.parametrize("dt", [1.0, 10.0, 60.0])
def test_lone_radiator_cools_by_the_closed_form(dt: float) -> None:
    """Source of truth: 1/T2^3 = 1/T1^3 + 6 eps sigma t / C'' for a two-sided plate: 300 K to 207 K in 19.72 min at
    5 kg/m2 of aluminium, eps 0.85 (physics, C3). A conductance of 1e-9 W/K carries 1e-7 W. Second order: 0.1 K at 60 s (tau
    432 s at the start), falling as dt^2.
    """
    assert pytest.approx(207.0, abs=0.5) == (1.0 / 300.0**3 + 6.0 * 0.85 * SIGMA * 1183.2 / 4500.0) ** (-1.0 / 3.0)
    steps = round(1183.2 / dt)
    ours = _march(300.0, steps, dt, Heats(0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0), _lone_radiator())[-1, 4:7]
    exact = (1.0 / 300.0**3 + 6.0 * 0.85 * SIGMA * steps * dt / 4500.0) ** (-1.0 / 3.0)
    assert ours == pytest.approx(np.full(3, exact), abs=max(0.1 * (dt / 60.0) ** 2, 1e-3))


def test_reference_temperature_does_not_matter() -> None:
    """Source of truth: the tangent's place is bookkeeping: two of them 30 K apart agree to the order of the scheme, 0.05 K."""
    other = replace(NETWORK, nodes=tuple(replace(n, reference_k=308.15) for n in NETWORK.nodes))
    a, b = (_march(310.0, 30, 60.0, WORKING, (5000.0, 700.0), net) for net in (NETWORK, other))
    assert np.abs(a - b).max() < 0.05


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0, 60.0, 300.0])
def test_fast_nodes_are_quasi_steady_without_overshoot(dt: float) -> None:
    """Source of truth: the maximum principle: switching the chips on, a junction above its plate rises to P R and never
    beyond, at any step; after 20 of its time constants (3 s) it stands at P R above the plate to 1 % of the plate's drift."""
    heats = Heats(19_200.0, 0.0, 0.0, 0.0, 0.0)
    rows = _march(300.0, max(3, round(600 / dt)), dt, heats, (5000.0, 700.0))
    above = rows[:, 0] - rows[:, 2]
    limit = 0.8 * 19_200.0 * 0.05 / 64
    assert above.max() < limit * (1.0 + 1e-3) + 1e-9
    assert np.all(np.diff(rows[:, 0]) > -1e-9)  # monotone: no limit cycle
    late = above[round(120 / dt) :] if dt < 60 else above[1:]
    assert late == pytest.approx(np.full(late.size, limit), rel=0.03)


def test_the_radiator_is_hot_where_the_coolant_comes_in() -> None:
    """Source of truth: the heat exchanger's equation in steady state: the coolant loses 7 K at 4.7 kW/K and 33 kW on its way
    through the radiator, each third emits what it takes, and the first is the hottest. Balances to 1e-6 W."""
    heats = {"chip": 24_000.0, "plate": 8000.0, "loop": 900.0}
    outside = dict.fromkeys(model.SEGMENTS, 1000.0)
    t = thermal_network.steady_state_k(NETWORK, heats, outside)
    flows = _flows(t, Heats(24_000.0, 8000.0, 900.0, 0.0, 0.0), (3000.0, 0.0))
    assert np.abs(flows).max() < 1e-6
    assert t[4] > t[5] > t[6]
    emitted = PANEL_W_K4 * t[4:7] ** 4 - 1000.0
    fall_k = emitted.sum() / FLOW_W_K
    assert fall_k == pytest.approx(7.0, abs=0.2)
    # the panels take what the film carries from the coolant beside them, which cools as it goes
    share = -math.expm1(-FILM_W_K / 3.0 / FLOW_W_K)
    assert emitted[0] == pytest.approx(FLOW_W_K * share * (t[3] - t[4]), rel=1e-9)


def test_heat_pipes_have_one_temperature() -> None:
    """Source of truth: the limit of an infinite flow: each third takes a third of the conductance times its distance from the coolant."""
    pipes = replace(NETWORK, coolant=Coolant("loop", model.SEGMENTS, FILM_W_K, math.inf, {"plate": 6400.0}))
    fast = replace(NETWORK, coolant=Coolant("loop", model.SEGMENTS, FILM_W_K, 1e12, {"plate": 6400.0}))
    a, b = (thermal_network.conductance_matrix_w_k(net) for net in (pipes, fast))
    assert a == pytest.approx(b, rel=1e-6, abs=1e-3)
    assert a[4, 3] == -FILM_W_K / 3.0


def test_columns_of_the_conductances_sum_to_zero() -> None:
    """Source of truth: conservation: what leaves one node enters others; 1e-12 of the largest conductance."""
    k = thermal_network.conductance_matrix_w_k(NETWORK)
    assert np.abs(k.sum(axis=0)).max() < 1e-12 * k.max()
    assert np.abs(k @ np.full(9, 300.0)).max() < 1e-9 * k.max()  # no heat flows where all is equally warm


def test_sixty_seconds_against_one_through_an_eclipse() -> None:
    """Source of truth: Radau on heats that change at whole minutes only, at 60 s and at 1 s: working, a burst of twice the power
    for 20 minutes, an eclipse at rest. 0.1 K at 60 s, 1e-3 K at 1 s."""
    coarse_p, fine_p = stepper(NETWORK, 60.0), stepper(NETWORK, 1.0)
    coarse = fine = Nodes(*(330.0,) * 9)
    exact, worst = np.full(9, 330.0), 0.0
    for minute in range(97):
        resting = 30 <= minute < 65
        heats = RESTING if resting else Heats(*(2.0 * q for q in WORKING)) if minute >= 77 else WORKING
        outside = (2600.0, 350.0) if resting else (6000.0, 800.0)
        coarse, _ = thermal_step(coarse, heats, outside, coarse_p)
        for _ in range(60):
            fine, _ = thermal_step(fine, heats, outside, fine_p)
        exact = _radau(exact, 60.0, heats, outside)
        worst = max(worst, float(np.abs(np.subtract(coarse, exact)).max()))
        assert np.abs(np.subtract(fine, exact)).max() < 1e-3
    assert worst < 0.1


def test_emitted_heat_closes_the_balance() -> None:
    """Source of truth: conservation: heats x dt - emitted x dt = change of sum(C T), 1e-12 of the stored heat."""
    p, rng, c = stepper(NETWORK, 60.0), np.random.default_rng(11), np.array(CAPACITY_J_K)
    for _ in range(200):
        t = Nodes(*rng.uniform(220.0, 380.0, 9).tolist())
        heats, outside = Heats(*rng.uniform(0.0, 2e4, 5).tolist()), tuple(rng.uniform(0.0, 1e4, 2).tolist())
        after, emitted = thermal_step(t, heats, outside, p)
        stored = float(c @ (np.array(after) - np.array(t)))
        assert (sum(heats) + sum(outside) - emitted) * 60.0 == pytest.approx(stored, abs=1e-12 * float(c @ np.array(t)) + 1e-5)


def test_emitted_heat_against_radau() -> None:
    """Source of truth: the integral of the emissions along Radau's solution.

    Within the step the radiator leaves the scheme's straight path by 0.3 K; 20 K below the reference the slope of T^4
    differs from the tangent by 70 W/K: 20 W of 27 kW, 0.1 %; the first third, which warms fastest, twice that.
    """
    start = Nodes(330.0, 325.0, 322.0, 320.0, 319.0, 318.0, 317.0, 295.0, 293.0)
    _, emitted = thermal_step(start, WORKING, (4000.0, 700.0), stepper(NETWORK, 60.0))
    ends = np.linspace(0.0, 60.0, 601)
    t = _radau(np.array(start), 60.0, WORKING, (4000.0, 700.0), ends=ends)
    exact = np.trapezoid(t**4 @ np.array(EMISSION_W_K4), ends) / 60.0
    assert emitted == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("dt", [1.0, 60.0])
@pytest.mark.parametrize("limits", [(368.15, 400.0), (400.0, 360.0)])
def test_chip_limit_ends_the_step_at_the_limit(dt: float, limits: tuple[float, float]) -> None:
    """Source of truth: brentq on the chip power for which Radau ends the step with junction or memory at its limit.

    The scheme's error of 1e-3 K a step over the junction's 1 K per 1280 W (0.8 P R) is 2 W of 20 kW; memory 8 W.
    """
    p, outside = stepper(NETWORK, dt, limits), (5000.0, 700.0)
    start = Nodes(355.0, 350.0, 345.0, 342.0, 339.0, 338.0, 337.0, 295.0, 293.0)
    base = thermal_response.base_of(start, Environment(outside[0]), StructureHeat(outside[1]), p)
    heats = Heats(20_000.0, 5000.0, 1500.0, 0.0, 1000.0)
    for _ in range(4):
        _, room = thermal_response.forecast(base, heats, p)
        heats = heats._replace(chip_w=heats.chip_w + thermal_response.fit(room, p.junction.chip_w, p.hbm.chip_w))
    node = 0 if limits[0] < limits[1] else 1
    exact = brentq(
        lambda w: _radau(np.array(start), dt, heats._replace(chip_w=w), outside)[node] - limits[node], 1e3, 2e5, xtol=1e-3
    )
    assert heats.chip_w == pytest.approx(exact, rel=2e-4)


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
    assert 2.0 < thermal_network.fastest_time_s(NETWORK) < 2.7


def test_forecast_is_the_step() -> None:
    """Source of truth: the step itself: junction and coolant to 1e-9 K; a watt more moves them by the promised rise.

    The rise is of the linear step; the radiator's curve adds its square: 1e-4 of it for a kilowatt.
    """
    p, outside = stepper(NETWORK, 60.0), (5000.0, 700.0)
    nodes, heats = Nodes(355.0, 350.0, 345.0, 342.0, 339.0, 338.0, 337.0, 295.0, 293.0), Heats(19_000.0, 5000.0, 1500.0, 0.0, 1000.0)
    base = thermal_response.base_of(nodes, Environment(outside[0]), StructureHeat(outside[1]), p)
    ahead = thermal_response.forecast(base, heats, p)[0]
    after, _ = thermal_step(nodes, heats, outside, p)
    assert (ahead.junction_k, ahead.loop_k) == pytest.approx((after.junction_k, after.loop_k), abs=1e-9)
    more = thermal_response.forecast(base, heats._replace(chip_w=20_000.0), p)[0]
    assert more.junction_k - ahead.junction_k == pytest.approx(1000.0 * ahead.junction_rise_k_w, rel=2e-3)
    more = thermal_response.forecast(base, heats._replace(loop_w=2500.0), p)[0]
    assert more.loop_k - ahead.loop_k == pytest.approx(1000.0 * ahead.loop_rise_k_w, rel=2e-3)
