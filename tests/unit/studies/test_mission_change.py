"""The change from one mission to another: by hand on made-up results, and against closed forms on two missions that are run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sim
from sim.config.scenario import load
from sim.results.store import Results
from sim.schema import CAUSES
from sim.studies.compare import Comparison, compare
from sim.studies.mission_change import MissionChange, UsefulDifference, mission_change
from viz.comparison import fans, write_comparison

YEAR_S = 365.25 * 86400.0
SCENARIO = """\
name: years
epoch: 2026-12-21T00:00:00Z
duration: 60 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
mission:
  duration: 5 yr
  replicas: 200
  step: 182.625 d
  dates: 1
  ages: 1
  processes: [{name: loss, unit: satellite, mean_time: 10 yr}]
"""
OTHER = "processes: [{name: loss, unit: satellite, mean_time: 10 yr}, {name: more, unit: satellite, mean_time: 100 yr}]"


def quantiles(middle: float) -> dict[str, float]:
    return {"mean": middle, "p10": 0.5 * middle, "p50": middle, "p90": 1.5 * middle}


def made(replicas: list[float], seed: int = 1, duration_yr: float = 4.0, failed: float = 0.25, first_yr: float | None = 2.0) -> Results:
    """A mission of a nameplate of 1 PFLOP/s; useful work of each replica in years at that rate."""
    nameplate = 1e15 * duration_yr * YEAR_S
    useful_yr = math.fsum(replicas) / len(replicas)
    shares = {"failed": failed, "useful": useful_yr / duration_yr, "power": 1.0 - failed - useful_yr / duration_yr}
    rows = [
        {"cause": c, "flops": shares.get(c, 0.0) * nameplate, "own_flops": shares.get(c, 0.0) * nameplate, "induced_flops": 0.0,
         "fraction": shares.get(c, 0.0)}
        for c in CAUSES
    ]  # fmt: skip
    first = {"p10": None, "p50": None if first_yr is None else first_yr * YEAR_S, "p90": None, "never": 0.25}
    counts = {name: quantiles(float(n)) for n, name in enumerate(("lost", "launches", "launched", "visits"), start=4)}
    mission = {
        "duration_s": duration_yr * YEAR_S, "replicas": len(replicas), "nameplate_flops": nameplate, "target": 0.9, "waterfall": rows,
        "useful_flops": quantiles(useful_yr * YEAR_S * 1e15), "useful_fraction": quantiles(useful_yr / duration_yr),
        "availability": quantiles(0.5), "capacity_at_end": quantiles(0.25), "counts": counts, "spent_usd": None, "money": None,
        "below_target": {"share_of_time": quantiles(0.125), "first_s": first, "probability_at_end": 0.5},
    }  # fmt: skip
    ends_ms = (np.array([0.5, 1.0]) * duration_yr * YEAR_S * 1e3).astype(np.int64)
    series = xr.Dataset({
        "mission_useful_replica": ("mission_replica", np.array(replicas) * YEAR_S * 1e15),
        "mission_useful": (("mission_quantile", "mission_time"), np.array([[3.0, 1.0], [4.0, 2.0], [5.0, 3.0]]) * 1e14),
        "mission_time": ("mission_time", ends_ms),
    })  # fmt: skip
    return Results({"seed": seed, "mission": mission}, series, [])


def changed(a: Results, b: Results) -> MissionChange:
    found, notes = mission_change(("one", a), ("two", b))
    assert found is not None
    assert notes == []
    return found


def figure(found: MissionChange, name: str) -> tuple[float | None, float | None, float | None]:
    row = next(row for row in found.figures if row.figure == name)
    return row.a, row.b, row.change


def test_paired_difference_by_hand() -> None:
    """Useful work of 1, 2, 3 and of 1.5, 2.5, 3.8 years: differences 0.5, 0.5, 0.8, mean 0.6, standard error 0.1."""
    useful = changed(made([1.0, 2.0, 3.0]), made([1.5, 2.5, 3.8])).useful
    assert useful is not None
    assert (useful.paired, useful.replicas, useful.unit) == (True, 3, "PFLOP/s-day")
    assert useful.mean == pytest.approx(0.6 * 365.25)
    assert useful.error == pytest.approx(0.1 * 365.25)
    assert useful.words == "useful work +219 ± 37 PFLOP/s-day (+30.0 ± 5.0 %): mean and standard error over 3 replicas, each against the same random numbers"


@pytest.mark.parametrize(
    ("mean", "error", "said"),
    [(-434.74, 412.3, "-430 ± 410 P"), (12345.6, 98.76, "+12,346 ± 99 P"), (0.01234, 0.00567, "+0.0123 ± 0.0057 P"), (5.0, None, "+5 P"), (0.0, 0.0, "+0 ± 0 P")],
)
def test_errors_have_two_digits(mean: float, error: float | None, said: str) -> None:
    assert UsefulDifference("PFLOP/s-day", mean, error, 9, True, 0.0, None).words.startswith(f"useful work {said}")


def test_missions_of_two_seeds_are_not_paired() -> None:
    """Variances of 1, 2, 3 and of 1, 3, 5: 1 and 4; the error of the difference is the root of 5/3."""
    useful = changed(made([1.0, 2.0, 3.0]), made([5.0, 1.0, 3.0], seed=2, failed=0.1)).useful
    assert useful is not None
    assert not useful.paired
    assert (useful.mean / 365.25, useful.error) == (pytest.approx(1.0), pytest.approx(math.sqrt(5.0 / 3.0) * 365.25))
    assert useful.words.endswith("over 3 replicas, of each mission, whose seeds differ")


def test_figures_and_causes_by_hand() -> None:
    found = changed(made([2.0]), made([3.0], failed=0.125, first_yr=None))
    assert found.useful == UsefulDifference("PFLOP/s-day", pytest.approx(365.25), None, 1, True, pytest.approx(730.5), None)  # type: ignore[arg-type]
    assert figure(found, "useful work, P50") == pytest.approx((730.5, 1095.75, 365.25))
    assert figure(found, "useful share of nameplate, P90") == pytest.approx((0.75, 1.125, 0.375))
    assert figure(found, "first below target, P50") == (2.0, None, None)
    assert figure(found, "launches, mean") == (5.0, 5.0, 0.0)
    points = {row.cause: row.points for row in found.waterfall if row.points}
    assert points == pytest.approx({"failed": -12.5, "power": -12.5, "useful": 25.0})
    assert found.reasons == ("useful +25.00 points of nameplate", "failed saves 12.50 points", "power saves 12.50 points")
    assert not any(row.figure.startswith("spent") for row in found.figures)
    assert found.fans[0].p50 == pytest.approx((0.4, 0.2))
    assert found.fans[0].years == pytest.approx((1.0, 3.0))
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["unit"] == "PFLOP/s-day"


def test_missions_of_different_length_are_compared_as_shares() -> None:
    """2 of 4 years, and 3 of 8: -1/8 of nameplate."""
    found = changed(made([2.0, 2.0]), made([3.0, 3.0, 9.0], duration_yr=8.0))
    assert found.unit == "1"
    assert found.useful is not None
    assert (found.useful.mean, found.useful.error, found.useful.replicas) == (pytest.approx(-0.125), 0.0, 2)
    assert found.useful.words.startswith("useful work -12.5 ± 0 points of nameplate: mean")
    assert found.notes[0] == (
        "the missions differ in duration (4 yr and 8 yr): useful work is compared as a share of nameplate; counts and money are those of each mission"
    )
    assert found.notes[1] == "the missions have 2 and 3 replicas; the difference is that of the first 2"
    assert not any(row.unit == "PFLOP/s-day" for row in found.figures)


def test_one_mission_only_is_one_line() -> None:
    bare = replace(made([1.0]), summary={"seed": 1, "mission": None})
    said = "one has a mission and two has none: the years are not compared"
    assert mission_change(("one", made([1.0])), ("two", bare)) == (None, [said])
    assert mission_change(("two", bare), ("one", made([1.0]))) == (None, [said])
    assert mission_change(("one", bare), ("two", bare)) == (None, [])


def test_results_without_replicas() -> None:
    old = made([1.0])
    old = replace(old, series=old.series.drop_vars("mission_useful_replica"))
    found = changed(old, made([1.0]))
    assert found.useful is None
    assert found.notes[0].startswith("one of the results does not hold the useful work of each replica")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Results, Comparison]:
    """The same fleet with one more process."""
    folder = tmp_path_factory.mktemp("missions")
    (folder / "a.yaml").write_text(SCENARIO, encoding="utf-8")
    (folder / "b.yaml").write_text(SCENARIO.rpartition("  processes")[0] + "  " + OTHER, encoding="utf-8")
    a, b = (sim.run(load(folder / name)) for name in ("a.yaml", "b.yaml"))
    return a, b, compare(a, b)


def test_one_more_process_against_the_closed_form(pair: tuple[Results, Results, Comparison]) -> None:
    """Source of truth: mean survival (1 - exp(-x)) / x at rates of 0.1 and 0.11 a year, over 5 years; the pair within three of its own errors.

    The processes meet the same losses, so that the error is well below that of two missions apart.
    """
    a, b, found = pair
    change = found.mission
    assert change is not None
    assert change.useful is not None
    assert change.useful.error is not None
    survival = [(1.0 - math.exp(-x)) / x for x in (0.5, 0.55)]
    share = a.summary["compute"]["useful_fraction"]
    whole = share * a.summary["mission"]["nameplate_flops"] / 1e15 / 86400.0
    assert abs(change.useful.mean - whole * (survival[1] - survival[0])) < 3.0 * change.useful.error
    apart = [np.asarray(r.series["mission_useful_replica"].values).var(ddof=1) / 200 for r in (a, b)]
    assert change.useful.error < 0.5 * math.sqrt(sum(apart)) / 1e15 / 86400.0
    assert change.useful.correlation is not None
    assert change.useful.correlation > 0.7
    means = [np.asarray(r.series["mission_useful_replica"].values).mean() for r in (a, b)]
    assert means == pytest.approx([r.summary["mission"]["useful_flops"]["mean"] for r in (a, b)], rel=1e-12)


def test_the_change_by_cause_adds_up(pair: tuple[Results, Results, Comparison]) -> None:
    """Source of truth: both waterfalls are the same nameplate: the points of all causes add up to nothing, and useful is the paired difference."""
    change = pair[2].mission
    assert change is not None
    assert change.useful is not None
    assert math.fsum(row.points for row in change.waterfall) == pytest.approx(0.0, abs=1e-9)
    points = {row.cause: row.points for row in change.waterfall}
    nameplate = pair[0].summary["mission"]["nameplate_flops"] / 1e15 / 86400.0
    assert points["useful"] == pytest.approx(100.0 * change.useful.mean / nameplate, abs=1e-9)
    assert points["failed"] == pytest.approx(-points["useful"] / pair[0].summary["compute"]["useful_fraction"], abs=1e-6)


def test_page(pair: tuple[Results, Results, Comparison], tmp_path: Path) -> None:
    """Source of truth: the median that the chart shows is that of the series."""
    chart = fans(pair[2])
    assert chart is not None
    lines: dict[str, Any] = {trace.name: trace for trace in chart.figure.data}
    assert list(lines["A, P50"].y) == pytest.approx(pair[0].series["mission_useful"].values[1] / 1e15)
    assert list(lines["B, P90"].y) == pytest.approx(pair[1].series["mission_useful"].values[2] / 1e15)
    write_comparison(pair[2], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for said in ("Over the years", "Difference by cause over the missions", "each against the same random numbers", "first below target, P50, yr"):
        assert said in page, said


def test_command(tmp_path: Path, dawndusk: Any) -> None:
    """The terminal names figures, causes and the error; without a second mission it says so in one line."""
    path = tmp_path / "years.yaml"
    path.write_text(SCENARIO.replace("replicas: 200", "replicas: 20"), encoding="utf-8")
    called = dawndusk("compare", str(path), str(path), "--set", f"b:mission.{OTHER.replace(': ', '=', 1)}")
    assert called.code == 0, called.errors
    assert "over the missions" in called.out
    assert "over 20 replicas, each against the same random numbers" in called.out
    assert "mission.processes" in called.out
    bare = tmp_path / "bare.yaml"
    bare.write_text(SCENARIO.partition("mission:")[0], encoding="utf-8")
    called = dawndusk("compare", str(path), str(bare))
    assert called.code == 0, called.errors
    assert sum("has a mission and" in line for line in called.out.splitlines()) == 1
