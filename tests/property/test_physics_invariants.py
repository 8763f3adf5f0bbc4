"""Invariants over random cases."""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orbit.ground import Station, position_m, slant_range_m, zenith
from orbit.kernels.shadow import lit_fraction, mean_lit_fraction
from orbit.kernels.visibility import OUT_OF_SIGHT_M2, nearest_in_sight
from sim.config import scenario
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.spacecraft import battery as battery_model
from sim.spacecraft.battery import Battery
from sim.spacecraft.compute import dynamic_share, rate_fit, rate_for_share
from sim.spacecraft.earth_flux import plate_view_factor
from sim.spacecraft.step import ROWS

ALONE = ("workloads=[{kind: independent}]", "links=", "economics=")  # nothing joins satellites
EARTH_M, POLAR_M, C_M_S = 6378137.0, 6356752.3, 299792458.0

State = namedtuple("State", "charge_j loss_per_w battery_k")
Power = namedtuple("Power", "generated_w")
Loads = namedtuple("Loads", "load_w")


@given(st.floats(-1.0, 1.0), st.floats(1e3, 4e7))
@settings(max_examples=300, deadline=None)
def test_view_factors(cosine: float, altitude_m: float) -> None:
    """Source of truth: definition: F in [0, 1]; the face turned to the Earth sees more than the other; both together see at least
    what a plate facing it sees with one (equal where the horizon is not cut) and at most the whole cap, 1 / H^2 <= sum <= 1."""
    radius = EARTH_M + altitude_m
    front, back = plate_view_factor(cosine, radius), plate_view_factor(-cosine, radius)
    assert -1e-12 <= front <= 1.0
    assert -1e-12 <= back <= 1.0
    assert (front - back) * cosine >= -1e-12
    # vector flux: front - back is the projection of the cap's vector, cos / H^2, exactly
    assert abs((front - back) - cosine * (EARTH_M / radius) ** 2) < 1e-7


@given(st.floats(-1.0, 1.0), st.floats(0.0, 1.0), st.floats(1e3, 4e7))
@settings(max_examples=200, deadline=None)
def test_view_factor_grows_towards_the_earth(cosine: float, share: float, altitude_m: float) -> None:
    """Source of truth: turning a plate towards the Earth never shows it less."""
    radius = EARTH_M + altitude_m
    nearer = cosine + share * (1.0 - cosine)
    assert plate_view_factor(nearer, radius) >= plate_view_factor(cosine, radius) - 1e-7


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
@settings(max_examples=300, deadline=None)
def test_light_is_a_share_and_symmetric(a: float, b: float, c: float) -> None:
    """Source of truth: definition: means in [0, 1]; light above the limb and shade below it mirror each other."""
    assert 0.0 <= mean_lit_fraction(a, b, c) <= 1.0
    assert abs(mean_lit_fraction(a, b, c) + mean_lit_fraction(-a, -b, -c) - 1.0) < 1e-12
    assert abs(lit_fraction(a) + lit_fraction(-a) - 1.0) < 1e-14


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.5, 1.0))
@settings(max_examples=200, deadline=None)
def test_more_power_never_slows(a: float, b: float, floor: float) -> None:
    """Source of truth: f V^2 rises with f; its inverse rises too, and undoes it to 1e-10 of full power."""
    (low, high), fit = sorted((a, b)), rate_fit(floor)
    assert rate_for_share(high, floor, fit) >= rate_for_share(low, floor, fit) - 1e-12
    assert abs(dynamic_share(rate_for_share(a, floor, fit), floor) - a) < 1e-10


@given(
    st.lists(st.tuples(st.floats(0, 3e4), st.floats(0, 3e4)), min_size=1, max_size=40),
    st.floats(0.0, 1.0),
    st.floats(0.05, 1.0),
    st.floats(240.0, 340.0),
)
@settings(max_examples=150, deadline=None)
def test_battery_never_below_its_floor(powers: list[tuple[float, float]], start: float, depth: float, cell_k: float) -> None:
    """Source of truth: definition: however it is used, at whatever temperature, the charge stays between floor and capacity, 1e-9 of it; what
    is lost is lost from the bus: energy is conserved."""
    capacity = 2e7
    battery = Battery(
        capacity_j=capacity, floor_j=capacity * (1 - depth), reserve_j=capacity * (1 - depth), coulombic_efficiency=0.97, max_charge_w=1.5e4,
        max_discharge_w=2e4, resistance_s=200.0, activation_k=2400.0, voltage_span=0.22, voltage_drop=0.33, min_charge_k=273.15,
        full_charge_k=283.15, max_charge_k=318.15, min_discharge_k=253.15, max_discharge_k=333.15, step_s=60.0,
    )  # fmt: skip
    charge = battery.floor_j + start * (capacity - battery.floor_j)
    per_w = battery_model.loss_per_w(charge / capacity, cell_k, battery)
    for generated, load in powers:
        flows = battery_model.advance(State(charge, per_w, cell_k), Power(generated), Loads(load), battery)
        given_w = generated - flows.shunted_w - flows.served_w - flows.battery_loss_w
        assert abs(flows.charge_j - charge - 60.0 * given_w) < 1e-9 * capacity
        charge, per_w = flows.charge_j, flows.loss_per_w
        assert battery.floor_j - 1e-9 * capacity <= charge <= capacity * (1.0 + 1e-9)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_round_trips_have_a_least_length(seed: int) -> None:
    """Source of truth: a straight line outside the ellipsoid: from a site to a satellite at geocentric angle theta no path is
    shorter than the chord at the polar radius, 2 R sin(theta / 2), nor than the height above it; none in sight is longer than
    the slant range of the lowest site at its mask. Removing a satellite never shortens a range."""
    rng = np.random.default_rng(seed)
    site = Station("s", math.asin(rng.uniform(-1, 1)), rng.uniform(-3.1, 3.1), 0.0, math.radians(rng.uniform(0, 40)))
    height = rng.uniform(3e5, 2e6)
    r = rng.normal(size=(1, 3, 200))
    r *= (EARTH_M + height) / np.linalg.norm(r, axis=1, keepdims=True)
    at, up = position_m(site)[None, None], zenith(site)[None, None]

    def nearest(serves: np.ndarray) -> float:
        best = np.full((1, 1), OUT_OF_SIGHT_M2)
        nearest_in_sight(r, serves, at, up, np.array([math.sin(site.min_elevation_rad)]), best)
        return math.sqrt(best[0, 0])

    found = nearest(np.ones((1, 200)))
    if found < 1e14:
        d = np.linalg.norm(r[0] - at[0, 0][:, None], axis=0)
        k = int(np.abs(d - found).argmin())
        theta = math.acos(
            float(np.clip(r[0, :, k] @ at[0, 0] / (np.linalg.norm(r[0, :, k]) * np.linalg.norm(at)), -1, 1))
        )
        assert 2e3 * found / C_M_S >= 2e3 * 2.0 * POLAR_M * math.sin(0.5 * theta) / C_M_S
        assert found >= height - 1e-6
        deflection = math.radians(0.2)
        lowest = max(0.0, site.min_elevation_rad - deflection)
        assert found <= slant_range_m(height + (EARTH_M - POLAR_M), lowest) + 2e4
    serves = (rng.uniform(size=(1, 200)) < 0.8).astype(float)
    assert nearest(serves) >= found


def _shell(nodes: list[int]) -> Outcome:
    """One satellite per entry, each a shell of its own, distinguished by its inclination; the order is the list's."""
    entries = ", ".join(
        f"{{kind: walker, altitude: {600 + 20 * n} km, inclination: {50 + 5 * n} deg, planes: 1, satellites_per_plane: 1}}"
        for n in nodes
    )
    sets = (
        "duration=30 min",
        f"constellation=[{entries}]",
        "ground.stations=[]",
        "satellite.thermal.radiator.area=14 m2",
    )
    return Run(scenario.load("suncatcher", sets=(*ALONE, *sets), allow_infeasible=True), tile=8, threads=1).finish()


@given(st.permutations(range(6)))
@settings(max_examples=5, deadline=None)
def test_permuting_satellites_permutes_totals(order: list[int]) -> None:
    """Source of truth: no satellite knows of another: the same bytes in another order, the same fleet."""
    straight, shuffled = _shell(list(range(6))), _shell(list(order))
    assert np.array_equal(shuffled.carry, straight.carry[:, list(order)])
    assert np.array_equal(shuffled.fleet, straight.fleet)
    assert np.array_equal(shuffled.extremes, straight.extremes)
    assert shuffled.fleet.shape[2] == len(ROWS.columns)


@given(
    st.sampled_from(["sun-pointing", "orbit-normal", "nadir"]),
    st.floats(0.2, 20.0),
    st.floats(4.0, 40.0),
    st.floats(0.5, 40.0),
)
@settings(max_examples=8, deadline=None)
def test_any_satellite_keeps_its_books(law: str, kwh: float, radiator_m2: float, array_m2: float) -> None:
    """Source of truth: the ledger adds up to nameplate (1e-9), each row is a share, the battery keeps its floor."""
    sets = (
        "duration=100 min", f"satellite.attitude.law={law}", f"satellite.power.battery.capacity={kwh} kWh", "satellite.power.battery.bus_reserve=0 s",
        f"satellite.thermal.radiator.area={radiator_m2} m2", f"satellite.power.array.area={10 * array_m2} m2", "ground.stations=[]",
        "constellation={kind: walker, altitude: 600 km, inclination: 60 deg, planes: 2, satellites_per_plane: 4}",
    )  # fmt: skip
    outcome = Run(scenario.load("suncatcher", sets=(*ALONE, *sets), allow_infeasible=True), tile=8, threads=1).finish()
    rows = np.array([outcome.carry[row] for row in ROWS.ledger.values()]) / outcome.grid.duration_s
    assert np.all(rows >= 0.0)
    assert np.abs(rows.sum(axis=0) - 1.0).max() < 1e-9
    assert np.isfinite(outcome.carry).all()
    assert outcome.row("charge_fraction_min").min() * outcome.types[0].params.battery.capacity_j >= outcome.types[0].params.battery.floor_j * (1.0 - 1e-9)
