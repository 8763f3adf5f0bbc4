"""Comparisons, on made-up results with round numbers: every expectation is worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import sim
from sim import ground_baseline
from sim.config import yaml_tree
from sim.config.errors import InputError, RunError
from sim.results.store import Results
from sim.schema import CAUSES
from sim.studies import operands
from sim.studies.compare import Comparison, Metric, Operand, compare

NO_RTT = {"min": None, "median": None, "p99": None, "max": None}


def made(
    satellites: int, nameplate: float, shares: dict[str, float], induced: float = 0.0, load_w: float = 1e3
) -> Results:
    """Results over 100 s; `nameplate` in PFLOP/s, `induced` the share of nameplate lost to others under power."""
    total = nameplate * 1e15 * 100.0
    shares = {**shares, "useful": 1.0 - sum(shares.values())}
    rows = [
        {"cause": cause, "flops": shares.get(cause, 0.0) * total, "fraction": shares.get(cause, 0.0),
         "own_flops": (shares.get(cause, 0.0) - (induced if cause == "power" else 0.0)) * total,
         "induced_flops": (induced if cause == "power" else 0.0) * total}
        for cause in CAUSES
    ]  # fmt: skip
    summary: dict[str, Any] = {
        "scenario": "made", "duration_s": 100.0, "satellites": satellites, "accelerators": 10 * satellites,
        "design": {"mass_kg": 1e3 * satellites, "array_m2": 100.0, "radiator_m2": 20.0, "launches": None, "gateways": None},
        "compute": {"nameplate_flops": total, "useful_flops": shares["useful"] * total, "useful_fraction": shares["useful"],
                    "waterfall": rows},
        "power": {"array_w_mean": 2e3}, "ground": {"propagation_rtt_ms": NO_RTT, "user_rtt_ms": NO_RTT, "coverage_fraction": 0.0},
        "workloads": [{"kind": "independent", "mfu": None}], "fleet": {"availability": 1.0}, "cost": None,
    }  # fmt: skip
    return Results(summary, xr.Dataset({"load_w": ("time", [load_w, load_w])}), [])


A = made(3, 4.0, {"power": 0.25, "kernel": 0.25}, load_w=500.0)  # useful 2 PFLOP/s
B = made(8, 10.0, {"power": 0.10, "thermal": 0.02, "kernel": 0.28}, induced=0.04)  # useful 6 PFLOP/s


def metric(found: Comparison, name: str) -> Metric:
    return next(row for row in found.metrics if row.metric == name)


def test_metrics_by_hand() -> None:
    found = compare(A, B)
    assert found.equal is None
    assert [metric(found, "nameplate").a, metric(found, "nameplate").b] == pytest.approx([4.0, 10.0])
    assert metric(found, "useful rate").ratio == pytest.approx(3.0)
    assert metric(found, "mass").ratio == pytest.approx(8.0 / 3.0)
    assert metric(found, "mean load").ratio == pytest.approx(2.0)
    assert metric(found, "mean load").a_scaled is None


def test_missing_numbers_have_reasons() -> None:
    found = compare(Operand("one", A), Operand("two", B))
    assert (metric(found, "launches").a, metric(found, "launches").reason) == (None, "not simulated in both")
    assert metric(found, "propagation RTT median").reason == "no satellite in sight in both"
    alone = made(1, 1.0, {})
    alone.summary["workloads"][0]["mfu"] = 0.4
    assert metric(compare(Operand("one", A), Operand("two", alone)), "MFU").reason == "not simulated in one"


@pytest.mark.parametrize(
    ("what", "factor", "satellites"), [("nameplate", 2.5, 8), ("useful", 3.0, 9), ("power", 2.0, 6)]
)
def test_equal(what: str, factor: float, satellites: int) -> None:
    """10/4 of 3 satellites are 7.5, so 8; mass scales exactly, shares do not; then nothing but the rest differs."""
    found = compare(A, B, equal=what)
    assert found.equal is not None
    assert found.equal.factor == pytest.approx(factor)
    assert found.equal.satellites == satellites
    assert f"multiplied by {factor:g}" in found.equal.words
    assert metric(found, "satellites").a_scaled == satellites
    assert metric(found, "mass").a_scaled == pytest.approx(3.0 * factor)
    assert metric(found, "useful share").a_scaled == pytest.approx(0.5)
    name = {"nameplate": "nameplate", "useful": "useful rate", "power": "mean load"}[what]
    assert metric(found, name).ratio == pytest.approx(1.0)
    power = next(row for row in found.waterfall if row.cause == "power")
    assert power.a_pflops == pytest.approx(factor * 1.0)
    assert power.a_fraction == pytest.approx(0.25)


def test_equal_in_what_is_not_there() -> None:
    with pytest.raises(InputError, match="has no capital cost, which was not simulated; write another quantity"):
        compare(A, B, equal="capex")
    with pytest.raises(InputError, match="unknown quantity; did you mean 'nameplate'"):
        compare(A, B, equal="nameplat")
    with pytest.raises(RunError, match="a useful rate of zero; write another quantity"):
        compare(A, made(1, 1.0, {"failed": 1.0}), equal="useful")


def test_waterfall_of_the_difference() -> None:
    """power: 25 % own against 6 % own and 4 % induced, 1 against 1 PFLOP/s."""
    rows = {row.cause: row for row in compare(A, B).waterfall}
    assert tuple(rows) == CAUSES
    power = rows["power"]
    assert (power.points, power.own_points, power.induced_points) == pytest.approx((-15.0, -19.0, 4.0))
    assert (power.a_pflops, power.b_pflops, power.pflops) == pytest.approx((1.0, 1.0, 0.0), abs=1e-12)
    assert sum(row.points for row in rows.values()) == pytest.approx(0.0, abs=1e-9)


def test_reasons_name_what_makes_most_of_it() -> None:
    """15, 3 and 2 points: the first two are 90 % of the 20."""
    assert compare(A, B).reasons == (
        "useful +10.00 points of nameplate",
        "power saves 15.00 points, of which peer stall +4.00",
        "kernel inefficiency costs 3.00 points",
    )


def test_inputs_that_differ() -> None:
    """The same length in other units is no difference; stations are one value; kind and source come along."""
    one = yaml_tree.parse(
        "name: a\nstep: 60 s\nconstellation: [{kind: ring, altitude: 650 km}]\nground: {stations: [1, 2]}\n"
        "mass: {value: 1, unit: t, kind: assumption, source: guess}\n", "one"
    )  # fmt: skip
    two = yaml_tree.parse(
        "name: b\nstep: 1 min\nconstellation: [{kind: walker, altitude: 650000 m}]\nground: {stations: [1]}\n"
        "mass: {value: 2, unit: t, kind: published, source: key2026}\nseed: 2\n", "two"
    )  # fmt: skip
    found = compare(Operand("a", A, one), Operand("b", B, two)).inputs
    assert [(row.field, row.a, row.b) for row in found] == [
        ("constellation.kind", "ring", "walker"), ("ground.stations", "2 entries", "1 entry"), ("mass", "1 t", "2 t"),
        ("seed", None, "2"),
    ]  # fmt: skip
    assert (found[2].a_kind, found[2].b_kind, found[2].a_source, found[2].b_source) == (
        "assumption", "published", "guess", "key2026",
    )  # fmt: skip


# --- operands ----------------------------------------------------------------------------------------------------------


SHORT = ("duration=10 min", "ground.stations=[]", "workloads=[{kind: independent}]")


def test_the_same_scenario_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim import api

    calls: list[str] = []
    real = api.run
    monkeypatch.setattr(api, "run", lambda loaded, **more: (calls.append(loaded.sha256), real(loaded, **more))[1])
    one, two = operands.load_pair("suncatcher", "suncatcher", SHORT)
    assert (len(calls), one.label, two.label) == (1, "suncatcher (A)", "suncatcher (B)")
    assert one.results is two.results
    assert compare(one, two).inputs == ()
    assert compare(one, two).reasons == ("useful +0.00 points of nameplate",)


def test_folder_against_scenario(folder: Path) -> None:
    """Source of truth: only the seed was changed."""
    sim.run(sim.load("suncatcher", list(SHORT)), "found")
    one, two = operands.load_pair("found", "suncatcher", (*SHORT, "seed=7"))
    assert [(row.field, row.a, row.b) for row in compare(one, two).inputs] == [("seed", "1", "7")]
    assert two.results.folder is None
    with pytest.raises(InputError, match="neither operand is one"):
        operands.load_pair("found", "found", SHORT)


def on_ground(nameplate: float) -> Results:
    """Results of a made-up site: no satellites, nothing that flies."""
    found = made(1, nameplate, {"kernel": 0.25})
    found.summary.update(satellites=None, accelerators=1000, notes=["runs its own"])
    found.summary["design"] = dict.fromkeys(found.summary["design"])
    found.summary["power"]["array_w_mean"] = None
    return found


def test_what_the_ground_has_none_of() -> None:
    """Source of truth: what flies is on one side only; launches are unknown in orbit too."""
    site = Operand("site", on_ground(4.0))
    found = compare(Operand("fleet", A), site, "useful")
    reasons = {row.metric: row.reason for row in found.metrics}
    for name in ("satellites", "mass", "array", "radiator", "mean array power"):
        assert reasons[name] == "site is on the ground", name
    assert reasons["launches"] == "not simulated in fleet; site is on the ground"
    assert reasons["MFU"] == "not simulated in both"
    assert (reasons["useful rate"], reasons["mean load"]) == (None, None)
    assert metric(compare(site, site), "mass").reason == "both are on the ground"
    assert found.equal is not None
    assert (found.equal.factor, found.equal.satellites) == (pytest.approx(1.5), 5)  # 3 of 2 PFLOP/s; 4.5 satellites
    assert found.notes[-2:] == (
        "site is a ground site with its own inputs; they are not compared", "site: runs its own",
    )  # fmt: skip


def test_a_site_made_equal() -> None:
    """2 PFLOP/s of the fleet for 3 of the site: two thirds of its 1,000 accelerators."""
    found = compare(Operand("site", on_ground(4.0)), Operand("fleet", A), "useful").equal
    assert found is not None
    assert (found.satellites, found.words) == (
        None, "site multiplied by 0.6667 has the useful rate of fleet: 667 accelerators",
    )  # fmt: skip


def test_baseline_is_run_like_the_other_side(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The site's run is a double here: what matters is that it gets the other side's scenario, also from a folder."""
    seen: list[Any] = []

    def run(name: str, like: Any = None) -> Results:
        seen.append((name, None if like is None else like.sha256))
        return on_ground(4.0)

    monkeypatch.setattr(ground_baseline, "run", run)
    one, two = operands.load_pair("suncatcher", "baseline:colossus-1", SHORT)
    assert two.label == "colossus-1"
    assert compare(one, two).inputs == ()
    sim.run(sim.load("suncatcher", list(SHORT)), "found")
    operands.load_pair("found", "baseline:colossus-1")
    assert seen == [("colossus-1", one.results.summary["scenario_sha256"])] * 2
    same = compare(*operands.load_pair("baseline:colossus-1", "baseline:colossus-1"))
    assert seen[2:] == [("colossus-1", None)] * 2
    assert (same.a, same.b, same.inputs) == ("colossus-1 (A)", "colossus-1 (B)", ())
    with pytest.raises(InputError, match="no such baseline; did you mean 'colossus-1'"):
        operands.load_pair("suncatcher", "baseline:colossus", SHORT)


def test_unlike_work_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Source of truth: the rule: kinds of workloads are the same on both sides, found before anything is run."""
    other = made(8, 10.0, {})
    other.summary["workloads"] = [{"kind": "training", "mfu": 0.4}, {"kind": "inference", "mfu": None}]
    with pytest.raises(InputError, match=r"one runs independent, two inference \+ training: unlike work; write"):
        compare(Operand("one", A), Operand("two", other))
    assert compare(Operand("one", other), Operand("two", other)).reasons

    monkeypatch.setattr(sim.api, "run", lambda *_, **__: pytest.fail("nothing is run"))
    with pytest.raises(InputError, match="suncatcher runs training, starlink_edge inference: unlike work") as refused:
        operands.load_pair("suncatcher", "starlink_edge")
    assert len(refused.value.problems) == 1


def test_latencies_have_their_coverage() -> None:
    """By hand: two fleets that are reached 40 % and 100 % of the time: said beside each latency, and beside nothing else."""
    one, two = made(3, 4.0, {}), made(3, 4.0, {})
    for results, share in ((one, 0.4), (two, 1.0)):
        times = {"min": 5.0, "median": 6.0, "p99": 7.0, "max": 8.0}
        results.summary["ground"] = {"propagation_rtt_ms": times, "user_rtt_ms": times, "coverage_fraction": share}
        results.summary["workloads"] = [{"kind": "inference", "ttft_ms": 300.0}]
    found = compare(one, two)
    said = {row.metric for row in found.metrics if row.reached is not None}
    assert said == {"propagation RTT median", "propagation RTT p99", "end-to-end RTT median", "end-to-end RTT p99", "TTFT"}
    assert metric(found, "TTFT").reached == "A (reached 40.0 % of the time); B (reached 100.0 % of the time)"
