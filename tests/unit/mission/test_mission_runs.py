"""Missions of small fleets against closed forms and against the run itself."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import survival
from scipy.special import betainc

import sim
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.fleet.replicas.tables import JobColumn
from sim.mission import figures, results
from sim.schema import CAUSES

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S
SMALL = """\
name: years
epoch: 2026-12-21T00:00:00Z
duration: 100 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
"""
TRAINING = """\
links: {topology: mesh, terminal: dwdm-10cm}
workloads:
- {kind: training, model: llama-3-8b, method: synchronous, checkpoint: {interval: 1 h}}
fleet: {soft_errors: false}
"""
LOSS = "{name: loss, unit: satellite, mean_time: 10 yr}"
PLAIN = "mission: {duration: 5 yr, replicas: 300, step: 91 d, dates: 1, ages: 1, processes: [" + LOSS + "]}\n"


def loaded(folder: Path, text: str) -> Any:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return load(folder / "s.yaml")


def test_independent_satellites(tmp_path: Path) -> None:
    """Source of truth: mean survival (1 - exp(-x)) / x; what is left works as in the run, and all shares add up."""
    study = results.simulate(loaded(tmp_path, SMALL + PLAIN))
    rows = {row["cause"]: row for row in figures.section(study, [])["waterfall"]}
    assert sum(row["fraction"] for row in rows.values()) == pytest.approx(1.0, abs=1e-9)
    share = study.one.jobs[:, :, 0, JobColumn.SHARE].sum(axis=1) / (study.fleet.slots * 5.0 * YEAR_S)
    expected = survival.share(0.5, study.fleet.slots, share.size)
    assert abs(share.mean() - expected.mean) < 3.0 * expected.error
    assert share.std(ddof=1) / math.sqrt(share.size) == pytest.approx(expected.error, rel=0.15)  # 300 replicas: 4 %, 3.5 of it
    assert rows["failed"]["fraction"] == pytest.approx(1.0 - share.mean(), abs=1e-9)
    run = sim.run(loaded(tmp_path, SMALL))
    useful = run.summary["compute"]["useful_fraction"]
    assert rows["useful"]["fraction"] == pytest.approx(useful * share.mean(), rel=1e-6)


def daly(interruption_s: float, interval_s: float, recovery_s: float) -> float:
    """Share of the time that is work which stays: Daly's exact expectation for exponential times between interruptions."""
    return interval_s / (interruption_s * math.exp(recovery_s / interruption_s) * math.expm1(interval_s / interruption_s))


@pytest.mark.parametrize("members", [13, 10])
def test_a_job_needs_all_its_members(tmp_path: Path, members: int) -> None:
    """Source of truth: the time until spares + 1 of n satellites are lost, at most the mission, and Daly's share of it.

    P(at most s of n are lost by t) is a sum of binomial probabilities; the integral of the term with j lost from 0 to T is
    (1 - I(n - j, j + 1; exp(-rate T))) / ((n - j) rate), with the regularized incomplete beta function.
    """
    text = TRAINING.replace("checkpoint:", f"members: {members}, replan_after: null, checkpoint:")
    study = results.simulate(loaded(tmp_path, SMALL + text + PLAIN))
    (group,) = study.groups
    assert (group.members.size, group.satellites.size, group.rules.interval_s) == (members, 13, pytest.approx(3600.0, abs=1.0))
    rate, losses = 0.1 / YEAR_S, 0.5
    terms = [(1.0 - betainc(13 - j, j + 1, math.exp(-losses))) / ((13 - j) * losses) for j in range(13 - members + 1)]
    expected = sum(terms) * daly(1.0 / (members * rate), group.rules.interval_s, group.rules.recovery_s)
    worked = study.one.jobs[:, :, 0, JobColumn.USEFUL].sum(axis=1) / (members * 5.0 * YEAR_S)
    error = worked.std(ddof=1) / math.sqrt(worked.size)
    assert abs(worked.mean() - expected) < 3.0 * error
    rows = {row["cause"]: row for row in figures.section(study, [])["waterfall"]}
    assert sum(row["fraction"] for row in rows.values()) == pytest.approx(1.0, abs=1e-9)
    assert min(row["fraction"] for row in rows.values()) >= -1e-12
    assert min(rows["failed"]["induced_flops"], rows["failed"]["own_flops"]) > 0.0
    if members == 13:  # no spare is lost without the job
        assert rows["failed"]["induced_flops"] > rows["failed"]["own_flops"]


def test_a_job_that_is_interrupted_often(tmp_path: Path) -> None:
    """Source of truth: Daly's exact expectation, at a mean time between interruptions of a few checkpoint intervals."""
    restart = "{name: restart, unit: host, rate: 10 1/yr, remedies: [{success: 1, time: 0 s}]}"
    plain = PLAIN.replace(LOSS, restart).replace("5 yr, replicas: 300", "1 yr, replicas: 40")
    study = results.simulate(loaded(tmp_path, SMALL + TRAINING + plain))
    (group,) = study.groups
    interruption_s = YEAR_S / (10.0 * group.members.size * 8)  # eight hosts of a satellite
    expected = daly(interruption_s, group.rules.interval_s, group.rules.recovery_s)
    worked = study.one.jobs[:, :, 0, JobColumn.USEFUL].sum(axis=1) / (group.members.size * YEAR_S)
    error = worked.std(ddof=1) / math.sqrt(worked.size)
    assert 0.8 < expected < 0.95
    assert error < 1e-3
    assert abs(worked.mean() - expected) < 3.0 * error
    rows = {row["cause"]: row["fraction"] for row in figures.section(study, [])["waterfall"]}
    assert rows["recovery"] == pytest.approx(1.0 - worked.mean(), abs=1e-6)
    assert rows["failed"] == pytest.approx(0.0, abs=1e-9)


EVENTS = """\
events:
- 2026-12-25T06:00Z lose satellite 3
- 2026-12-31T00:00Z restore satellite 3
- 2027-01-08T12:00Z lose satellites 11-12 for 3 d
"""
MONTH = "mission: {duration: 30 d, replicas: 1, step: 1 d, dates: 6, ages: 1, processes: []}\n"


@pytest.mark.parametrize("work", ["", TRAINING])
def test_both_clocks_agree(tmp_path: Path, work: str) -> None:
    """The same events over 30 days in the run itself and in a mission: useful work within 1 %."""
    (tmp_path / "run.yaml").write_text(SMALL.replace("duration: 100 min", "duration: 30 d") + work + EVENTS, encoding="utf-8")
    run = sim.run(tmp_path / "run.yaml").summary["compute"]
    shares = {row["cause"]: row["fraction"] for row in run["waterfall"]}
    text = SMALL.replace("duration: 100 min", "duration: 1 d") + work + EVENTS + MONTH
    both = sim.run(loaded(tmp_path, text))
    years = both.summary["mission"]
    found = {row["cause"]: row["fraction"] for row in years["waterfall"]}
    assert found["useful"] == pytest.approx(shares["useful"], rel=0.01)
    # a job that is planned with fewer members has a longer bubble, in a mission it is slowed by the members that fail
    causes = ("failed", "bubble", "unplaced")
    assert sum(found[c] for c in causes) == pytest.approx(sum(shares[c] for c in causes), rel=0.02, abs=1e-4)
    assert shares["failed"] > 0.01
    job = years["jobs"][0]
    assert both.series["mission_ettr"].values[1].mean() == pytest.approx(job["working"]["p50"] if job["parts"] else 0.0, rel=1e-9)
    assert both.series["mission_tokens"].values[1, -1] == pytest.approx(sum(row["tokens"]["p50"] for row in years["jobs"]), rel=1e-9)


def test_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    fleet = loaded(tmp_path, SMALL + PLAIN.replace("300", "40"))
    one, two = (results.simulate(fleet, threads) for threads in (1, 2))
    assert one.one.bins.tobytes() == two.one.bins.tobytes()
    assert figures.section(one, []) == figures.section(two, [])


def test_series_and_section(tmp_path: Path) -> None:
    """What the summary says is what the series say, and a process that does not happen costs nothing."""
    rare = "{name: rare, unit: satellite, mean_time: 1e9 yr}"
    text = SMALL + PLAIN.replace(LOSS, f"{LOSS}, {rare}").replace("300", "60") + "economics: {launch: falcon-heavy-list}\n"
    run = sim.run(loaded(tmp_path, text))
    mission, series = run.summary["mission"], run.series
    assert [row["name"] for row in mission["processes"]] == ["loss", "rare"]
    assert mission["processes"][1]["gain"]["mean"] == 0.0
    # without the losses nothing fails: each replica does what the whole fleet does
    whole = (series["mission_useful_whole"].values * np.diff(series["mission_time"].values, prepend=0) / 1e3).sum()
    gained = whole / series["mission_useful_replica"].values - 1.0
    expected = survival.gain(0.5, 13, 60)
    assert mission["processes"][0]["gain"]["mean"] == pytest.approx(gained.mean(), rel=1e-9)
    assert abs(gained.mean() - expected.mean) < 3.0 * expected.error
    assert series["mission_useful"].shape == (3, 21)
    assert np.all(np.diff(series["mission_useful"].values, axis=0) >= 0.0)
    assert series["mission_lost"].values[1, -1] == mission["counts"]["lost"]["p50"]
    assert mission["spent_usd"]["p90"] == 0.0
    assert [row["cause"] for row in mission["waterfall"]] == list(CAUSES)
    assert run.summary["compute"] == sim.run(loaded(tmp_path, SMALL)).summary["compute"]


def test_a_fleet_that_dies_out(tmp_path: Path) -> None:
    """A replica in which nothing is left ends, and is counted."""
    study = results.simulate(loaded(tmp_path, SMALL + PLAIN.replace("10 yr", "60 d").replace("300", "20")))
    found = figures.section(study, [])
    assert found["died_out"] == 1.0
    assert found["capacity_at_end"]["p90"] == 0.0
    assert found["below_target"]["first_s"]["p90"] is not None


def test_replacement_brings_the_fleet_back(tmp_path: Path) -> None:
    """Source of truth: by hand: a stock that is ordered again keeps nearly all places filled; launches are whole."""
    text = PLAIN.replace("processes:", "replacement: {stock: 3, batch: 3, reorder_at: 2}, processes:")
    study = results.simulate(loaded(tmp_path, SMALL + text + "economics: {launch: falcon-heavy-list}\n"))
    found = figures.section(study, [])
    assert found["capacity_at_end"]["mean"] > 0.97
    assert found["counts"]["launches"]["mean"] * 3 >= found["counts"]["launched"]["mean"] > 3
    assert found["spent_usd"]["mean"] > found["counts"]["launches"]["mean"] * found["launch_usd"] * 0.999


def test_launches_of_each_year(tmp_path: Path) -> None:
    """Source of truth: by hand. Launches of the calendar fall on days 0, 300, 600, 900, 1200, 1500 and 1800; the stand-down from day 870 on moves
    the fourth to day 1140, in the fourth year (365.25 d each). Of six launches one fails: 5/6 of 2 satellites each are expected. Years add up."""
    calendar = "calendar: {every: 300 d, satellites: 2}, success: 0.8333333333333334, standdowns: [{at: 2029-05-09, duration: 270 d}]"
    text = PLAIN.replace("processes:", f"replacement: {{{calendar}}}, processes:").replace("step: 91 d", "step: 30.4375 d")
    study = results.simulate(loaded(tmp_path, SMALL + text))
    found = figures.section(study, [])
    assert found["standdowns"] == [{"at_s": 870.0 * DAY_S, "duration_s": 270.0 * DAY_S}]
    assert [year["calendar"]["mean"] for year in found["years"]] == [2.0, 1.0, 0.0, 2.0, 2.0]
    assert all(year["ordered"]["mean"] == 0.0 for year in found["years"])
    assert [year["per_launch"] for year in found["years"]] == [pytest.approx(5.0 / 3.0), pytest.approx(5.0 / 3.0), None, *[pytest.approx(5.0 / 3.0)] * 2]
    assert [year["from_s"] for year in found["years"]] == pytest.approx([n * YEAR_S for n in range(5)])
    total = sum(year["failed"]["mean"] for year in found["years"])
    assert total == pytest.approx(found["counts"]["launch_failures"]["mean"])
    assert abs(total - 7.0 / 6.0) < 4.0 * math.sqrt(7.0 * 5.0 / 36.0 / 300.0)
    ordered = PLAIN.replace("processes:", "replacement: {stock: 3, batch: 3, reorder_at: 2}, processes:")
    years = figures.section(results.simulate(loaded(tmp_path, SMALL + ordered)), [])["years"]
    assert sum(year["launches"]["mean"] for year in years) == pytest.approx(sum(year["ordered"]["mean"] for year in years))
    assert all(year["calendar"]["p90"] == 0.0 for year in years)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("processes: [{name: a, unit: satellite, rate: 0.1}]", "has no unit"),
        ("processes: [{name: a, unit: satellite, mean_time: 0 yr}]", "must be above 0"),
        ("processes: [{name: a, unit: satellite}]", "write one of mean_time, scale and rate"),
        ("processes: [{name: a, unit: accelerator, mean_time: 5 yr, remedies: [{success: 1.2, time: 1 min}]}]", "must be at most 1"),
        ("common_causes: [{name: a, scope: plane, hits: 0.1}]", "write rate"),
        ("common_causes: [{name: a, scope: plane, hits: 0.1, at: 2040-01-01}]", "is outside the mission"),
        ("processes: [satelite-leo]", "satellite-leo"),
        ("processes: [satellite-leo, satellite-leo]", "another is named 'satellite-leo'"),
        ("changes: [{process: nothing, at: 2028-01-01, times: 2}]", "no process is named 'nothing'"),
        ("replacement: {batch: 500}", "are more than one launch of falcon-heavy-list carries"),
        ("replacement: {parking_altitude: 650 km}", "is that of the planes"),
        ("in_orbit: false", "nothing is launched"),
        ("step: 1 h", "write a longer step"),
    ],
)  # fmt: skip
def test_bad_missions(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        loaded(tmp_path, SMALL + "economics: {launch: falcon-heavy-list}\nmission: {duration: 5 yr, " + text + "}\n")
    assert message in str(raised.value)
    assert len(raised.value.problems) == 1


def test_failures_that_would_happen_twice(tmp_path: Path) -> None:
    failures = "fleet: {failures: leo-default, repair: relaunch-90d}\n"
    with pytest.raises(InputError, match="each would fail twice"):
        loaded(tmp_path, SMALL + failures + "mission: {duration: 5 yr, processes: [satellite-leo]}\n")
    found = loaded(tmp_path, SMALL + failures + "mission: {duration: 5 yr}\n").scenario
    assert found.mission.processes == []
    assert [p.name for p in results.layout.processes(found)] == ["random failures"]


def test_events_of_years(tmp_path: Path) -> None:
    """A loss may lie beyond the run where there is a mission, and not beyond the mission."""
    mission = "mission: {duration: 5 yr, processes: []}\n"
    event = "events: [2028-03-01T00:00Z lose satellites 0-2]\n"
    found = results.simulate(loaded(tmp_path, SMALL + mission.replace("5 yr", "5 yr, replicas: 1, dates: 1, ages: 1, step: 1 d") + event))
    after = np.flatnonzero(found.one.bins[0, :, 1] < (found.fleet.slots - 0.5) * DAY_S)
    assert after[0] == 436  # 2026-12-21 to 2028-03-01
    assert found.one.bins[0, -1, 1] == pytest.approx((found.fleet.slots - 3) * found.one.width_s[-1])
    with pytest.raises(InputError, match="is outside the mission"):
        loaded(tmp_path, SMALL + mission + "events: [2040-03-01T00:00Z lose satellites 0-2]\n")
    with pytest.raises(InputError, match="planes"):
        loaded(tmp_path, SMALL + mission + "events: [2028-03-01T00:00Z lose plane 3]\n")
