"""Inputs that reach a result through several files: each changes it by what a closed form says."""

from __future__ import annotations

import math

import energy_books as books
import numpy as np
import pytest
from scipy.optimize import brentq

import sim
from orbit.access import windows
from sim.config import scenario
from sim.engine import formations, job_assignment, propagators
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.fleet import job_phases
from sim.ground_baseline.fabric import Star
from sim.results import ground_summary, summary
from sim.spacecraft.step import ROWS
from sim.workload.jobs.ledger import ROW

LIGHT_M_S, DAY_S = 299792458.0, 86400.0

# --- latency


def _one_server(hop_latency: str) -> Outcome:
    """A ring of 18 of which one serves users: most messages pass several links."""
    loaded = scenario.load(
        "starlink_edge",
        sets=(
            'constellation={kind: ring, altitude: 1200 km, local_time: "06:00", satellites: 18}', "duration=3 min", "step=60 s",
            "economics=", "workloads=[{kind: inference, model: llama-3-8b, share: 0.06}, {kind: independent}]",
            f"links.hop_latency={hop_latency}",
        ),
    )  # fmt: skip
    return Run(loaded, threads=1).finish()


def test_hop_latency_counts_for_users() -> None:
    """Closed form: each link of a route adds the hop latency, there and back, to what users see, and nothing to propagation."""
    without, with_ = _one_server("0 s"), _one_server("1 ms")
    routes, same = with_.ground_routing, without.ground_routing
    assert routes is not None
    assert same is not None
    equal = (routes.hops == same.hops) & (routes.hops >= 0)
    assert equal.sum() > 10
    assert routes.hops[equal].max() >= 5
    propagation_ms, user_ms = ground_summary.round_trips_ms(with_)
    least_ms, seen_ms = ground_summary.round_trips_ms(without)
    assert user_ms is not None
    assert seen_ms is not None
    assert user_ms[equal] - seen_ms[equal] == pytest.approx(2.0 * routes.hops[equal], abs=1e-9)
    assert propagation_ms[equal] == pytest.approx(least_ms[equal], abs=1e-9)
    reported = summary.summary(with_)["ground"]["user_rtt_ms"]
    assert reported["max"] == pytest.approx(float(user_ms[np.isfinite(user_ms)].max()), rel=1e-12)


def test_a_service_stops_in_the_step_whose_end_no_station_sees() -> None:
    """Source of truth: the access windows of `orbit.access`, refined to a hundredth of a second, by code of its own: a satellite
    without links works in the steps whose end lies in a window, and loses the others to `outage`."""
    loaded = scenario.load(
        "starlink_edge",
        sets=(
            'constellation={kind: ring, altitude: 1200 km, local_time: "06:00", satellites: 1}', "duration=4 h", "step=30 s", "initial=full", "links=",
            "economics=",
        ),
    )  # fmt: skip
    outcome = Run(loaded, threads=1).finish()
    assert outcome.scheduler is not None
    lost_s = outcome.scheduler.ledger.step_own_s[ROW["outage"]]
    found = windows(propagators.make_propagators(loaded, outcome.grid), propagators.stations(loaded.scenario), outcome.grid)
    end_s = 30.0 * np.arange(1, outcome.grid.steps + 1)
    seen = ((found.rise_s <= end_s[:, np.newaxis]) & (end_s[:, np.newaxis] <= found.set_s)).any(axis=1)
    assert 20 < seen.sum() < seen.size - 20
    assert np.array_equal(lost_s > 0.0, ~seen)


@pytest.mark.parametrize("links", ["links.hop_latency=0 s", "links="])
def test_users_wait_for_the_way_there_and_back(links: str) -> None:
    """Closed form: satellites that all serve, at 1,200 km: twice the height over c is 8.01 ms, twice the range at 25 deg above
    the horizon of a sphere, 2,179 km, 14.5 ms (the Earth's flattening and the stations' height: 0.2 ms); users wait 20 ms more."""
    kind = "inference, model: llama-3-8b" if "hop" in links else "independent"
    loaded = scenario.load(
        "starlink_edge",
        sets=('constellation={kind: ring, altitude: 1200 km, local_time: "06:00", satellites: 30}', "duration=30 min", "step=60 s",
              "economics=", "ground.min_elevation=25 deg", "ground.access_overhead=20 ms", f"workloads=[{{kind: {kind}}}]", links),
    )  # fmt: skip
    ground = summary.summary(Run(loaded, threads=1).finish())["ground"]
    for rtt, overhead_ms in ((ground["propagation_rtt_ms"], 0.0), (ground["user_rtt_ms"], 20.0)):
        assert 2e3 * 1200e3 / LIGHT_M_S - 0.2 < rtt["min"] - overhead_ms < 2e3 * 1500e3 / LIGHT_M_S
        assert 2e3 * 1900e3 / LIGHT_M_S < rtt["max"] - overhead_ms < 2e3 * 2179e3 / LIGHT_M_S + 0.2


# --- cost


@pytest.mark.parametrize(("satellites", "launches"), [(4, 1), (49, 1), (50, 2)])
def test_cost_by_hand(satellites: int, launches: int) -> None:
    """By hand: 140 m2 of array, 24 kWh, 30 m2 of radiator, 64 chips with hosts of 10,500 USD, and what is left of 1.3 t at 1,100
    USD/kg, a tenth more for integration; 63.8 t and 150e6 USD a launch, of which 49 satellites (63.7 t) fill one and 50 (65 t) need two."""
    everywhere = ("economics.launch.reference.altitude=2000 km", "economics.launch.reference.inclination=100 deg")
    parts = ("satellite.power.array.area=140 m2", "satellite.power.battery.capacity=24 kWh", "satellite.thermal.radiator.area=30 m2")
    loaded = books.load(
        books.ring("06:00", satellites), "duration=1 min", "satellite.mass=1.3 t", *parts, "economics={launch: falcon-heavy-expendable}", *everywhere
    )
    reported = summary.summary(Run(loaded, threads=1).finish())
    assert reported["design"]["launches"] == launches
    rest_kg = 1300.0 - 140.0 * 3.1 - 24e3 / 150.0 - 30.0 * 5.0 - 64 * 4.0
    built_usd = satellites * 1.1 * (140 * 3400.0 + 24.0 * 128.0 + 30 * 5500.0 + 64 * 10_500.0 + 1100.0 * rest_kg)
    assert reported["cost"]["capex_usd"] == pytest.approx(built_usd + launches * 150e6, rel=1e-12)


def test_launches_by_number() -> None:
    """By hand: 21 satellites, 10 on a launch at most, are three launches."""
    loaded = books.load(
        books.ring("06:00", 21), "duration=1 min", "economics={launch: falcon-heavy-list, satellites_per_launch: 10}"
    )
    assert summary.summary(Run(loaded, threads=1).finish())["design"]["launches"] == 3


# --- jobs

SMALL = (
    "{name: small, parameters: 668e6, layers: 8, hidden: 2048, heads: 16, kv_heads: 16, head_size: 128, ffn: 8192, vocabulary: 32000}"
)


def test_checkpoint_interval_is_that_of_the_whole_job() -> None:
    """Root of the derivative of the wall time [daly2006]: 81 satellites of 104 accelerators, nodes of eight that fail once in 264 days: an interruption every
    264 d / (81 x 13); a save of 14 B x 405.85e9 over 8,424 accelerators at 0.43 GB/s."""
    loaded = sim.load("colossus_in_orbit_clusters", set=("constellation.clusters=1", "workloads.0.mesh={tensor: 8, pipeline: 13, data: 81}", "workloads.0.checkpoint.interval=auto", "fleet.failures=soft-default"))
    found = job_assignment.scheduler(
        loaded.scenario, np.arange(81), Star(81, _Fabric()), np.zeros(81, dtype=np.int64)  # type: ignore[arg-type]
    )
    ((work, save, *_),), _ = found.fleets[0].lifecycle.advance(0.0, 600.0, np.array([False]))
    save_s = 14.0 * 405853388800 / (81 * 104 * 0.43e9)
    between_s = 264.0 * DAY_S / (81 * 13)
    # where the wall time for a second of work is least, its slope is zero
    share = brentq(lambda u: -u - math.log1p(-u) - save_s / between_s, 1e-6, 1.0 - 1e-6, xtol=1e-15)
    interval_s = share * between_s
    assert (work.mode, save.mode) == (job_phases.RUN, job_phases.CHECKPOINT)
    assert work.end_s == pytest.approx(interval_s, rel=1e-9)
    assert save.end_s - save.begin_s == pytest.approx(save_s, rel=1e-9)


class _Fabric:
    latency, rate, throughput = 1e-6, 1e13, 1.0


# Plenty of power and cooling: no limit lowers a rate, so that loads are those of the work alone.
PLENTY = (
    books.ring("06:00", 1, altitude_km=1500.0), "duration=30 min", "step=60 s", *books.chip(), "satellite.power.array.area=5000 m2",
    "satellite.thermal.radiator.area=400 m2", "satellite.thermal.heater=null", "satellite.power.battery.heater=null",
)  # fmt: skip


def _served_j(*sets: str) -> float:
    carry = Run(books.load(*PLENTY, *sets), threads=1).finish().carry
    return float(carry[ROWS.carried["served_j"], 0])


@pytest.mark.parametrize("recompute", ["0.0", "full"])
def test_recomputation_draws_power(recompute: str) -> None:
    """Source of truth: independent work at full rate: a job without exposed messages, bubbles and stragglers computes all the
    time, with or without recomputation, and draws as much."""
    job = (
        f"workloads=[{{kind: training, model: {SMALL}, members: 1, mesh: {{tensor: 1, pipeline: 1, data: 64}}, sequence_length: 2048, "
        f"recompute: {recompute}, overlap: 1, jitter: 0, interleave: 1, checkpoint: {{interval: 1 d}}}}]"
    )
    fast = ("satellite.accelerator.memory_bandwidth=1e9 TB/s", "satellite.accelerator.fabric.rate=1e9 TB/s", "satellite.accelerator.fabric.latency=0 s")
    # casts, norms and messages take a billionth of the time
    assert _served_j(job, "fleet={spares: 0}", *fast) == pytest.approx(_served_j(), rel=1e-6)


def test_waiting_for_memory_draws_the_share_of_memory() -> None:
    """Closed form: one sequence on one accelerator: 1,000 steps read 2 B of each weight but the embedding, 65,536 B of each token's
    cache, 501 tokens in the mean, and 2.4 MB of activations, at 0.8 of 1.638 TB/s; arithmetic takes 2 N + 4 x 8 x 2,048 x 501 FLOP
    at 0.73 of 918 TFLOP/s. The rest of the time draws the memory's share 0.135 of the chip's dynamic power; source of truth:
    independent work of a chip of that full power. One step in 1,000 has a prompt of one token besides: 1e-3."""
    n, context = 8 * (4 * 2048**2 + 3 * 2048 * 8192) + 2048 * 32000, 501.0
    between = 8 * (2 * 4 * 2048 + 2 * 3 * 2048 + 3 * 8192) * 2 + 8 * 32000
    products = 8 * 2 * (2 * 2048 + 4 * 2048 + 2048 + 16384 + 8192 + 2048) + 2 * (2048 + 32000)
    read_s = (2 * n + 65536 * context + between + products) / (0.8 * 1.638e12)
    arithmetic_s = (2 * n + 4 * 8 * 2048 * context) / (0.73 * 918e12)
    duty = arithmetic_s / read_s + 0.135 * (1.0 - arithmetic_s / read_s)
    service = f"workloads=[{{kind: inference, model: {SMALL}, tensor: 1, batch: 1, input_tokens: 1, output_tokens: 1000, step_overhead: 0 s}}]"
    idle_w, full_w = 90.0, 381.0
    expected_j = _served_j(f"satellite.accelerator.max_power={idle_w + duty * (full_w - idle_w)} W")
    assert _served_j(service) == pytest.approx(expected_j, rel=1e-3)
    assert expected_j < 0.6 * _served_j()


# --- formations


@pytest.mark.parametrize(("local_time", "in_plane"), [("06:00", 0.521), ("12:00", 0.998)])
def test_sunlight_in_the_orbit_plane(local_time: str, in_plane: float) -> None:
    """By hand: the Sun at -23.44 deg of declination, an orbit of 98.0 deg: at a node of 06:00 mean local time the sine of its
    angle above the plane is -cos d sin i + sin d cos i = -0.853, at 12:00 0.055; in the plane acts the cosine. The equation of
    time on 21 December is 2 min, half a degree. A tenth of the pressure on 0.1 m2/kg costs 0.75 of it for a year."""
    loaded = books.load(
        f'constellation={{kind: cluster, altitude: 650 km, local_time: "{local_time}", lattice: {{spacing: 200 m, radius: 1 km}}, '
        "station_keeping: {density: 1e-30 kg/m3, drag: 0.02 m2/kg, reflectivity: 0.1 m2/kg, mismatch: 0.1}}"
    )
    found = formations.summary(loaded, Run(loaded, threads=1).grid)
    assert found is not None
    pressure_m_s2 = 1361.0 / LIGHT_M_S * 0.1 * 0.1
    assert found["station_keeping_m_s_yr"] == pytest.approx(0.75 * pressure_m_s2 * in_plane * 365.25 * DAY_S, rel=0.02)
