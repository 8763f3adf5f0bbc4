"""Benchmark harness on a simulated clock, and the answers of the shipped benchmarks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.engine.access
from sim import api
from sim.network.routing import Graph
from sim.verify import bench
from sim.verify.bench import access, harness, network, spacecraft, views
from sim.verify.bench.harness import Amount, Benchmark, CannotRun, Pair, Timing, run_benchmark


class Clock:
    """Time that advances only in calls of a side."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.calls: list[str] = []

    def side(self, name: str, spent_s: float) -> Any:
        def call() -> str:
            self.now_s += spent_s
            self.calls.append(name)
            return name

        return call

    def __call__(self) -> float:
        return self.now_s


def agree(*_: Any) -> None:
    return None


def test_rates_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 units in 0.5 s are 20/s, in 2 s 5/s: ratio 4."""
    clock = Clock()
    monkeypatch.setattr(harness.time, "process_time", clock)
    row = run_benchmark(
        Benchmark(
            "a_vs_b", "network", "x/s", "numpy", lambda: Pair(clock.side("a", 0.5), clock.side("b", 2.0), 10.0, agree)
        )
    )
    assert (row.ours, row.peer, row.ratio, row.reason) == pytest.approx((20.0, 5.0, 4.0, None))
    assert row.peer_version == f"numpy {np.__version__}"
    assert clock.calls[-4:] == ["a", "b", "a", "b"]


def test_short_sides_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 ms a call: 200 calls and more make a measurement, and the rate stays 1000 a second."""
    clock = Clock()
    monkeypatch.setattr(harness.time, "process_time", clock)
    row = run_benchmark(
        Benchmark("a", "network", "x/s", "numpy", lambda: Pair(clock.side("a", 1e-3), clock.side("b", 1.0), 1.0, agree))
    )
    assert row.ours == pytest.approx(1000.0)
    assert clock.calls.count("a") > 5 * 200


def test_what_cannot_run_says_why() -> None:
    def missing() -> Pair:
        import no_such_peer  # type: ignore[import-not-found] # noqa: F401

        raise AssertionError

    def unable() -> Pair:
        raise CannotRun("needs two processors")

    side = Clock().side("a", 1.0)
    rows = [
        run_benchmark(Benchmark("a", "network", "x", "no-such-peer", missing)),
        run_benchmark(Benchmark("b", "network", "x", "", missing)),
        run_benchmark(Benchmark("c", "network", "x", "", unable)),
        run_benchmark(Benchmark("d", "network", "x", "", lambda: Pair(side, side, 1.0, lambda *_: "by 3 km"))),
    ]
    assert all(row.ratio is None and row.ours is None for row in rows)
    assert "pip install no-such-peer" in str(rows[0].reason)
    assert [row.reason for row in rows[2:]] == ["needs two processors", "the answers differ: by 3 km"]


def test_command(dawndusk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 0 with all rows, 1 with one that could not run or none at all, 2 for an unknown group."""
    side = Clock().side("a", 1.0)
    monkeypatch.setattr(harness, "MIN_MEASUREMENT_S", 1e-9)
    good = Benchmark("good", "network", "x/s", "numpy", lambda: Pair(side, side, 1.0, agree))
    bad = Benchmark("bad", "fleet", "x/s", "no-such-peer", lambda: Pair(side, side, 1.0, agree))
    monkeypatch.setattr(bench, "benchmarks", lambda data, pages: [good, bad])
    called = dawndusk("bench", "network", "--json")
    assert called.code == 0
    rows = json.loads(called.out)["rows"]
    assert [*rows[0]] == ["name", "ours", "peer", "peer_version", "ratio", "unit", "threads", "reason"]
    called = dawndusk("bench")
    assert called.code == 1
    assert "bad: needs no-such-peer" in called.err
    assert "good" in called.out
    assert dawndusk("bench", "views").code == 1
    called = dawndusk("bench", "netwrk")
    assert (called.code, called.errors) == (2, ["netwrk: unknown group; did you mean 'network'?"])


def test_shipped_names_are_those_of_the_contract() -> None:
    shipped = [c.name for c in bench.benchmarks()]
    assert shipped == [
        "sgp4_soa_vs_astroz", "sgp4_rows_vs_astroz", "sgp4_vs_heyoka", "sgp4_vs_sgp4cpp", "catalogue_vs_astroz",
        "million_day_j2_vs_astroz", "million_day_sgp4_vs_astroz", "threads_2_vs_1", "numerical_vs_heyoka", "access_vs_skyfield",
        "coupled_threads_2_vs_1", "coupled_million_day_vs_astroz", "coupled_vs_basilisk", "coupled_vs_uncoupled", "answer_suncatcher_s",
        "answer_1584_s", "burst_bupt_1_s", "burst_suncatcher_prototype_s", "routing_moments_1584_vs_scipy", "routing_moments_10000_vs_scipy",
        "grid_routing_1584_vs_scipy", "grid_routing_10000_vs_scipy", "grid_routing_100000_vs_scipy", "grid_routing_1584_vs_scipy_float32",
        "grid_routing_10000_vs_scipy_float32", "grid_routing_100000_vs_scipy_float32", "irregular_routing_10000_vs_scipy",
        "routing_vs_allpairs", "routed_day_1584_s", "plan_10000_satellites_s", "replicas_vs_simpy", "replicas_2500_satellites_1000_s",
        "replica_of_a_million_satellites_s",
        "sweep_vs_bare_processes", "globe_50000_vs_plotly", "globe_50000_memory_mb",
    ]  # fmt: skip
    assert all(c.threads == 1 or c.wall_clock for c in bench.benchmarks())


def test_seconds_against_a_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 4 s of 10 are a ratio of 2.5; a wrong answer has no time."""
    clock = Clock()
    monkeypatch.setattr(harness.time, "process_time", clock)
    wrong = {"a": None, "b": "no plan was found"}
    rows = [
        run_benchmark(Benchmark(name, "workload", "s", "", lambda name=name: Timing(clock.side(name, 4.0), 10.0, wrong.get)))  # type: ignore[misc]
        for name in wrong
    ]
    assert (rows[0].ours, rows[0].ratio, rows[0].peer, rows[0].peer_version) == (4.0, 2.5, None, "goal 10 s")
    assert (rows[1].ours, rows[1].ratio, rows[1].reason) == (None, None, "no plan was found")


def test_an_amount_against_a_goal() -> None:
    """By hand: 20 MB of 50 are a ratio of 2.5."""
    row = run_benchmark(Benchmark("a", "views", "MB", "", lambda: Amount(lambda: 20.0, 50.0)))
    assert (row.ours, row.ratio, row.peer, row.peer_version, row.reason) == (20.0, 2.5, None, "goal 50 MB", None)


def test_what_a_pair_holds_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its rates, where the answers differ, and where a side cannot go on."""
    clock, closed = Clock(), []
    monkeypatch.setattr(harness.time, "process_time", clock)

    def stops() -> str:
        raise CannotRun("the browser has ended")

    side = clock.side("a", 1.0)
    for ours, differ, reason in ((side, agree, None), (side, lambda *_: "x", "the answers differ: x"), (stops, agree, "the browser has ended")):
        pair = Pair(ours, side, 1.0, differ, close=lambda: closed.append(1))
        assert run_benchmark(Benchmark("a", "views", "x/s", "", lambda pair=pair: pair)).reason == reason  # type: ignore[misc]
    assert len(closed) == 3


def test_views_without_a_browser(dawndusk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both rows say what they need, and the command exits with 1; in a program without views too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("viz.browser.MAC", ())
    called = dawndusk("bench", "views", "--json")
    assert called.code == 1
    rows = json.loads(called.out)["rows"]
    assert [row["name"] for row in rows] == ["globe_50000_vs_plotly", "globe_50000_memory_mb"]
    assert all("no Chromium or Chrome is on the PATH" in row["reason"] for row in rows)
    assert "hands over" in str(run_benchmark(views.benchmarks()[0]).reason)


def test_a_peer_that_does_a_sample_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 units in 0.5 s are 200/s, a sample of 3 in 2 s 1.5/s."""
    clock = Clock()
    monkeypatch.setattr(harness.time, "process_time", clock)
    pair = Pair(clock.side("a", 0.5), clock.side("b", 2.0), 100.0, agree, 3.0)
    row = run_benchmark(Benchmark("a_vs_b", "network", "x/s", "numpy", lambda: pair))
    assert (row.ours, row.peer) == pytest.approx((200.0, 1.5))


def test_the_benchmarked_search_is_the_one_that_runs() -> None:
    assert access.windows is sim.engine.access.windows


def test_access_answers_agree() -> None:
    """Source of truth: skyfield; 0.1 s and 0.01 deg. A mask 0.05 deg off, a second, and a pass less show."""
    pair = access._access(3, 4, 6, 10)
    ours, theirs = pair.ours(), pair.peer()
    assert sum(map(len, theirs)) > 30
    assert pair.differ(ours, theirs) is None
    assert "by" in str(pair.differ(replace(ours, rise_s=ours.rise_s + 0.2), theirs))
    assert "by" in str(pair.differ(replace(ours, set_s=ours.set_s - 0.2), theirs))
    assert "by" in str(pair.differ(replace(ours, culmination_s=ours.culmination_s + 0.2), theirs))
    assert "elevation by" in str(pair.differ(replace(ours, max_elevation_rad=ours.max_elevation_rad + 2e-4), theirs))
    assert pair.differ(ours[ours.max_elevation_rad < np.median(ours.max_elevation_rad)], theirs) is not None
    assert (pair.work, pair.peer_work) == (72.0, 10.0)


def test_routing_answers_agree() -> None:
    """Source of truth: scipy's Dijkstra; one bit off, or one route missing, shows."""
    pair = network._routing(12, 10, 5, 7, 3)
    ours, theirs = pair.ours(), pair.peer()
    assert len(theirs) == 4
    assert pair.differ(ours, theirs) is None
    station, satellite = np.argwhere(np.isfinite(theirs[1]))[0]
    moment = network.MOMENTS // 3
    later = ours.copy()
    later[station, satellite, moment] = np.nextafter(later[station, satellite, moment], 1.0)
    assert "by" in str(pair.differ(later, theirs))
    later[station, satellite, moment] = np.inf
    assert "missing" in str(pair.differ(later, theirs))
    assert (pair.work, pair.peer_work) == (network.MOMENTS, 4.0)


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_answers_from_many_sources_agree(precision: type[np.floating[Any]]) -> None:
    """Source of truth: scipy's Dijkstra; a delay that is off, and a route missing, show. What is timed is what a run calls."""
    pair = network._sources(12, 10, 5, precision, 7)
    assert pair.ours.func.__func__ is Graph.reach_sources  # type: ignore[attr-defined]
    ours, theirs = pair.ours(), pair.peer()
    assert ours.shape == theirs.shape == (7, 120)
    assert pair.differ(ours, theirs) is None
    station, satellite = np.argwhere(np.isfinite(theirs))[0]
    off_s = 1e-15 if precision is np.float64 else 1.5 * network.SINGLE_M / network.SPEED_OF_LIGHT_M_S
    theirs[station, satellite] += off_s
    assert "by" in str(pair.differ(ours, theirs))
    theirs[station, satellite] = np.inf
    assert "missing" in str(pair.differ(ours, theirs))
    assert pair.work == 7.0


def test_answers_on_other_graphs_agree() -> None:
    """Source of truth: scipy's Dijkstra on an irregular graph, and all pairs of networkx on a grid."""
    pair = network._irregular(300, 5)
    assert pair.differ(pair.ours(), pair.peer()) is None
    pytest.importorskip("networkx")
    pair = network._all_pairs(12, 10, 5, 7)
    ours, theirs = pair.ours(), pair.peer()
    assert (ours.shape, theirs.shape) == ((7, 120), (120, 120))
    assert pair.differ(ours, theirs) is None
    assert pair.differ(ours, theirs[::-1]) is not None


def test_a_routed_day_has_its_stations() -> None:
    """Source of truth: the demand: 5,760 steps and 100 stations, some of whose routes take links; a run without coverage shows."""
    loaded = api.load("starlink_edge", (*network._day_sets(), "duration=5 min"))
    results = api.run(loaded, threads=1)
    assert network._unserved(loaded.scenario.steps, results) is None
    assert results.summary["ground"]["propagation_rtt_ms"]["max"] > 2e3 * 2.1e6 / network.SPEED_OF_LIGHT_M_S  # longer than any single slant
    assert network._unserved(5760, results) is not None
    results.summary["ground"]["coverage_fraction"] = 0.5
    assert "0.500" in str(network._unserved(loaded.scenario.steps, results))
    assert api.load("starlink_edge", network._day_sets()).scenario.steps == 5760


def test_basilisk_sees_the_same_light() -> None:
    """Source of truth: Basilisk's eclipse of 24 satellites of the shell over a day; another sunlit share shows."""
    pair = spacecraft._basilisk()
    ours, lit = pair.ours(), pair.peer()
    assert 0.5 < lit < 0.75
    assert pair.differ(ours, lit) is None
    assert "sunlit share" in str(pair.differ(ours, lit + 0.02))
    assert (pair.work, pair.peer_work) == (1584.0 * 1440.0, 24.0 * 1440.0)


def test_every_answer_is_to_another_question() -> None:
    """Source of truth: the radiator grows from call to call, so that its mean temperature falls; an open balance shows."""
    timing = spacecraft._answer("suncatcher", "20 min", 30.0)
    first, second = timing.ours(), timing.ours()
    assert first.summary["thermal"]["radiator_k_mean"] > second.summary["thermal"]["radiator_k_mean"]
    assert timing.wrong(first) is None
    assert "open by 1.0e-06" in str(timing.wrong(replace(first, summary={"energy_closure": 1e-6})))


def test_every_call_of_the_plan_benchmark_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: a count of searches: a plan that an earlier call left would take no time."""
    from sim.engine import planning
    from sim.verify.bench import workload

    searches: list[int] = []
    search = planning.execution_plan.ranked_plans
    monkeypatch.setattr(workload, "SETS", ("duration=1 min", "ground.stations=[]", "fleet.spares=0"))
    monkeypatch.setattr(planning.execution_plan, "ranked_plans", lambda *given: searches.append(1) or search(*given))
    timing = workload._plan()
    searches.clear()
    plans = [timing.ours() for _ in range(3)]
    assert len(searches) == 3
    assert all(timing.wrong(plan) is None for plan in plans)
