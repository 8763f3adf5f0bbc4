"""What-ifs as events of a mission, against closed forms: regimes, stand-downs, hits, rates of processes and withdrawals."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.config.errors import InputError
from sim.config.mission_events import regimes
from sim.config.scenario import load
from sim.fleet.replicas.tables import Column
from sim.mission import figures, results
from sim.mission.figures import Study

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S
SATELLITES = 13
FLEET = """\
name: whatif
epoch: 2026-12-21T00:00:00Z
duration: 1 d
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
"""
TRAINING = """\
links: {topology: mesh, terminal: dwdm-10cm}
workloads:
- {kind: training, model: llama-3-8b, method: synchronous, checkpoint: {interval: 1 h}}
fleet: {soft_errors: false, spares: 2}
"""
CHIPS = "{name: chips, unit: satellite, rate: 2 1/yr, remedies: [{success: 1, time: 0 s}]}"


def mission(more: str = "processes: []", duration: str = "4 yr", replicas: int = 1, step: str = "0.25 yr") -> str:
    return f"mission: {{duration: {duration}, replicas: {replicas}, step: {step}, dates: 1, ages: 1, {more}}}\n"


def simulated(folder: Path, text: str, *events: str, threads: int = 1) -> Study:
    return results.simulate(scenario(folder, text, *events), threads)


def scenario(folder: Path, text: str, *events: str) -> Any:
    listed = "events:\n" + "".join(f"- {event}\n" for event in events) if events else ""
    (folder / "s.yaml").write_text(text + listed, encoding="utf-8")
    return load(folder / "s.yaml")


def rows(study: Study) -> dict[str, dict[str, float]]:
    """Waterfall by cause: shares of nameplate, whole, own and induced."""
    section = figures.section(study, [])
    assert sum(row["fraction"] for row in section["waterfall"]) == pytest.approx(1.0, abs=1e-9)
    return {row["cause"]: {name: row[f"{name}_flops"] / section["nameplate_flops"] for name in ("own", "induced")} | row for row in section["waterfall"]}


# --- regimes


def test_half_the_rate_for_half_of_the_mission(tmp_path: Path) -> None:
    """Source of truth: by hand: where power and heat allow the full rate, half of it for half of the time makes 3/4 of the work, and 1/4 is lost."""
    fleet = FLEET.replace("satellite: suncatcher", "satellite: {extends: suncatcher, power: {array: {area: 300 m2}}}")
    before = rows(simulated(tmp_path, fleet + mission()))
    assert before["power"]["fraction"] == before["thermal"]["fraction"] == 0.0  # nothing else limits
    study = simulated(tmp_path, fleet + mission(), "2028-12-20T12:00Z derate all to 0.5")
    found = rows(study)
    assert found["useful"]["fraction"] == pytest.approx(0.75 * before["useful"]["fraction"], rel=1e-9)
    assert found["failed"]["own"] == pytest.approx(0.25, abs=1e-9)
    rates = study.useful_rates[0]
    assert rates[:8] == pytest.approx(np.ones(8), rel=1e-9)  # parts are a quarter of a year
    assert rates[8:] == pytest.approx(0.5 * np.ones(8), rel=1e-9)
    section = figures.section(study, [])
    assert section["regimes"] == [{"events": [], "share_of_time": 0.5}, {"events": ["derate all to 0.5"], "share_of_time": 0.5}]
    assert section["below_target"]["first_s"]["p50"] == pytest.approx(2.0 * YEAR_S)


def test_a_regime_within_a_part(tmp_path: Path) -> None:
    """Source of truth: by hand: no links for 30 of 91.3125 days of a part: a job that needs them works the rest, and its members have no outage
    elsewhere."""
    text = FLEET + TRAINING.replace(", spares: 2", "")
    before, study = (simulated(tmp_path, text + mission(), *events) for events in ((), ("2027-01-10T00:00Z lose links of all for 30 d",)))
    share = 30.0 / (0.25 * 365.25)
    assert study.useful_rates[0] == pytest.approx([1.0 - share, *[1.0] * 15], rel=1e-9)
    assert rows(study)["outage"]["fraction"] == pytest.approx(share / 16.0, rel=1e-9)
    assert study.whole_useful_s == pytest.approx(before.whole_useful_s)  # the target is that of a fleet without events


def test_regimes_that_overlap(tmp_path: Path) -> None:
    """Source of truth: by hand: days of each combination of two events, one of which is restored; a second time is the same regime."""
    found = regimes(*_parts(scenario(
        tmp_path, FLEET + "links: {topology: mesh}\n" + mission(duration="1000 d"), "+100 d derate all to 0.5 for 300 d", "+200 d lose links of satellite 4",
        "+600 d restore links of satellites 3-5", "+700 d derate all to 0.5 for 100 d", "+900 d derate satellites 2-4 to 0.8",
        "+950 d restore satellite 3", "+970 d restore all", "+20 h derate all to 0.1 for 2 h",
    )))  # fmt: skip
    described = [([e.text for e in one.events], [(round(a / DAY_S), round(b / DAY_S)) for a, b in one.spans_s]) for one in found]
    assert described == [
        ([], [(0, 100), (600, 700), (800, 900), (970, 1000)]),
        (["derate all to 0.5 for 300 d"], [(100, 200), (700, 800)]),
        (["derate all to 0.5 for 300 d", "lose links of satellite 4"], [(200, 400)]),
        (["lose links of satellite 4"], [(400, 600)]),
        (["derate satellites 2-4 to 0.8"], [(900, 950)]),
        (["derate satellites 2-4 to 0.8", "restore satellite 3"], [(950, 970)]),
    ]
    assert sum(b - a for one in found for a, b in one.spans_s) == pytest.approx(1000 * DAY_S)


def _parts(loaded: Any) -> tuple[Any, Any]:
    return loaded.scenario, loaded.catalogues


def test_events_that_add_up(tmp_path: Path) -> None:
    """Source of truth: the rule of combination: an event that ends by itself is another cause: what both leave is the product."""
    fleet = FLEET.replace("satellite: suncatcher", "satellite: {extends: suncatcher, power: {array: {area: 300 m2}}}")
    study = simulated(tmp_path, fleet + mission(), "2028-12-20T12:00Z derate all to 0.5", "2028-12-20T12:00Z derate all to 0.4 for 1 yr")
    assert study.useful_rates[0] == pytest.approx([*[1.0] * 8, *[0.2] * 4, *[0.5] * 4], rel=1e-9)


def test_a_spare_takes_the_rank(tmp_path: Path) -> None:
    """Source of truth: by hand: a member without accelerators for a year of four: one of 13 satellites is `failed` a quarter of the time, and one spare
    less is held; the job goes on, after one restart a day."""
    text = FLEET + TRAINING + mission()
    before, after = (rows(simulated(tmp_path, text, *events)) for events in ((), ("2028-12-20T12:00Z lose satellite 3 accelerators for 1 yr",)))
    part = 0.25 / SATELLITES
    assert after["failed"]["own"] == pytest.approx(part, abs=2e-5)
    assert before["spare"]["fraction"] - after["spare"]["fraction"] == pytest.approx(part, abs=2e-5)
    lost = before["useful"]["fraction"] - after["useful"]["fraction"]
    assert 0.0 < lost < 0.005 * before["useful"]["fraction"]
    assert after["recovery"]["fraction"] > 0.0


def test_spares_stay_spares(tmp_path: Path) -> None:
    """Source of truth: by hand: where all satellites are derated to half the rate, members lose it and spares are spares as before; no cause takes less
    than nothing."""
    text = FLEET + TRAINING + mission()
    before, after = (rows(simulated(tmp_path, text, *events)) for events in ((), ("2026-12-21T00:00Z derate all to 0.5",)))
    assert [before["spare"]["fraction"], after["spare"]["fraction"]] == pytest.approx([2 / SATELLITES] * 2, rel=1e-9)
    assert after["failed"]["own"] == pytest.approx(0.5 * 11 / SATELLITES, rel=1e-9)
    assert min(row["fraction"] for row in after.values()) >= -1e-12


# --- replicas


def test_a_stand_down(tmp_path: Path) -> None:
    """Source of truth: by hand: launches of every 100 days: those due from day 250 to day 520 fly on day 520."""
    calendar = "in_orbit: false, processes: [], replacement: {raising: 0 s, transfer: 0 s, success: 1, calendar: {every: 100 d, satellites: 1}}"
    text = FLEET + mission(calendar, "800 d", step="10 d")
    for written in ("+250 d standdown launches for 270 d", "{at: +250 d, action: stand-down, target: launches, duration: 270 d}"):
        launched = np.cumsum(simulated(tmp_path, text, written).one.bins[0, :, Column.LAUNCHES])
        due = np.array([day if not 250 <= day < 520 else 520 for day in range(0, 800, 100)])
        assert launched.tolist() == [float((due < 10 * (k + 1)).sum()) for k in range(80)]
    stopped = simulated(tmp_path, text, "+250 d standdown launches").one.bins[0, :, Column.LAUNCHES]
    assert stopped.sum() == 3


def test_twice_as_many_failures(tmp_path: Path) -> None:
    """Source of truth: failures are a Poisson process: 2 a year and satellite, for a year of four 4, within four standard errors; both years
    that a factor of 3 covers too have 6 times as many."""
    text = FLEET + mission(f"processes: [{CHIPS}]", replicas=60, step="1 yr")
    study = simulated(tmp_path, text, "2028-12-20T12:00Z scale chips by 2 for 1 yr", "2029-12-20T18:00Z scale chips by 3", "2030-06-21 scale chips by 0")
    failures = study.one.bins[:, :, Column.UNITS_FAILED]
    last = 3.0 * (183 - 0.75) / 365.25  # 2029-12-20T18:00 to 2030-06-21
    expected = 2.0 * SATELLITES * np.array([1.0, 1.0, 2.0, last])
    error = np.sqrt(expected / len(failures))
    assert np.all(np.abs(failures.mean(axis=0) - expected) < 4.0 * error)
    assert np.all(failures.var(axis=0, ddof=1) < 2.0 * expected)


def test_changes_and_events_multiply(tmp_path: Path) -> None:
    """Source of truth: by hand: the factor that `changes` give, times those of the events that hold."""
    changes = f"processes: [{CHIPS}], changes: [{{process: chips, at: 2027-12-21, times: 5}}]"
    study = simulated(tmp_path, FLEET + mission(changes), "2027-06-21 scale chips by 2 for 365 d", "2028-01-01 scale chips by 3 for 10 d")
    days = [(182, 2.0), (365, 10.0), (376, 30.0), (386, 10.0), (547, 5.0)]
    assert [(round(at_s / DAY_S), times) for at_s, times in study.fleet.processes[0].changes] == days


def test_a_storm(tmp_path: Path) -> None:
    """Source of truth: binomial: 13 satellites are hit by 0.3 each, on the day; on five of them, five by 0.3; both within four standard errors."""
    cause = "processes: [], common_causes: [{name: flare, scope: fleet, hits: 0.3, rate: 1e-9 1/yr}]"
    for target, number in (("fleet", SATELLITES), ("satellites 4-8", 5)):
        study = simulated(tmp_path, FLEET + mission(cause, replicas=400, step="100 d"), f"+250 d hit {target} by flare")
        lost = study.one.bins[:, :, Column.LOST]
        assert lost[:, 2].sum() == lost.sum() > 0.0
        assert abs(lost.sum(axis=1).mean() - 0.3 * number) < 4.0 * math.sqrt(0.21 * number / 400)
        costs = figures.process_costs(study, 1)
        day = study.loaded.scenario.epoch + timedelta(days=250)
        name = f"flare {day:%Y-%m-%d}" + ("" if target == "fleet" else f" {target}")
        (cost,) = [row for row in costs if row["name"] == name]
        assert cost["failures"]["mean"] == pytest.approx(lost.sum(axis=1).mean())
        assert cost["gain"]["mean"] > 0.0


def test_a_shipped_storm_keeps_its_numbers(tmp_path: Path) -> None:
    """The record of a shipped cause comes with it: source and range of its numbers are those of the file."""
    loaded = scenario(tmp_path, FLEET + mission(), "+250 d hit fleet by storm-carrington")
    (cause,) = [event.cause for event in loaded.scenario.events]
    assert cause.hits == load("suncatcher", ("mission={duration: 5 yr, common_causes: [storm-carrington]}",)).scenario.mission.common_causes[0].hits
    assert "events.0.cause.hits" in loaded.assumptions


@pytest.mark.parametrize("replacement", ["", ", replacement: {batch: 3, reorder_at: 1, raising: 30 d}"])
def test_satellites_that_the_owner_takes(tmp_path: Path, replacement: str) -> None:
    """Source of truth: by hand: three satellites of 13 for a year of four: as much is `unplaced` as would have worked of them; what fails, is launched
    and is lost stays as it is, as the same random numbers make it."""
    processes = "processes: [{name: loss, unit: satellite, mean_time: 10 yr}]" + replacement
    text = FLEET + mission(processes, replicas=40)
    before, study = (simulated(tmp_path, text, *events) for events in ((), ("2028-12-20T12:00Z withdraw satellites 0-2 for 1 yr",)))
    kept, found = rows(before), rows(study)
    assert found["failed"]["fraction"] == pytest.approx(kept["failed"]["fraction"], abs=1e-9)
    assert found["unplaced"]["own"] == pytest.approx(_taken(before, study), abs=1e-9)
    for column in (Column.LOST, Column.LAUNCHED, Column.UNITS_FAILED, Column.RETIRED):
        assert np.array_equal(study.one.bins[:, :, column], before.one.bins[:, :, column])
    if not replacement:  # each of them works with the probability that it has survived
        survived = 10.0 * (math.exp(-0.2) - math.exp(-0.3)) / 4.0 * 3.0 / SATELLITES
        assert found["unplaced"]["own"] == pytest.approx(survived, abs=4.0 * 0.06 * math.sqrt(0.2 / (3 * 40)))


def _taken(before: Study, study: Study) -> float:
    """Share of nameplate that satellites had without the withdrawal, and have not with it."""
    one, other = (each.one.bins[:, :, Column.SHARE].sum(axis=1).mean() for each in (before, study))
    return float(one - other) / (SATELLITES * 4.0 * YEAR_S)


def test_members_that_the_owner_takes(tmp_path: Path) -> None:
    """Source of truth: by hand: of four members two are replaced by spares; the job waits or is slowed for the others, all of it `unplaced`."""
    study = simulated(tmp_path, FLEET + TRAINING + mission(), "2028-12-20T12:00Z withdraw satellites 3-6", "2029-12-20T18:00Z restore satellites 0-12")
    found = rows(study)
    assert found["failed"]["fraction"] == pytest.approx(0.0, abs=1e-9)
    assert found["unplaced"]["own"] == pytest.approx(4 / SATELLITES / 4, rel=1e-4)
    assert found["unplaced"]["induced"] > 0.0
    assert study.useful_rates[0, -1] == pytest.approx(1.0, abs=1e-9)
    assert study.one.bins[0, :, Column.UNITS_FAILED].sum() == 0.0


def test_a_loss_for_a_time_is_no_end(tmp_path: Path) -> None:
    """Source of truth: by hand: satellites that return after 200 days, or with a restoration, are not replaced, whatever of their parts fails meanwhile."""
    parts = "processes: [{name: chip, unit: accelerator, mean_time: 30 yr}], units: {replace_below: 0.2}, replacement: {batch: 3, reorder_at: 0}"
    text = FLEET + mission(parts, "2 yr", replicas=4, step="10 d")
    study = simulated(tmp_path, text, "+100 d lose satellites 0-8 for 200 d", "+500 d lose all for 1 yr", "+520 d restore satellites 0-12")
    counts = study.one.bins.sum(axis=1)
    assert counts[:, Column.UNITS_FAILED].min() > 9.0  # there was something to give up for
    assert counts[:, Column.RETIRED].sum() == counts[:, Column.SWAPS].sum() == 0.0
    assert np.all(counts[:, Column.LAUNCHES] == 1.0)  # of the stock that is ordered at the start
    working = study.one.bins[:, :, Column.WORKING] / (10.0 * DAY_S)
    assert working[:, 15] == pytest.approx(SATELLITES - 9.0)
    assert working[:, [5, 35, 45, 55]] == pytest.approx(float(SATELLITES))
    assert working[:, 51] == pytest.approx(0.0)


# --- both


EVERYTHING = (
    "+100 d lose satellite 5 for 200 d", "+200 d derate all to 0.5 for 300 d", "+300 d lose links of satellite 4 for 40 d", "+400 d withdraw satellites 0-2 for 1 yr",
    "+500 d standdown launches for 270 d", "+600 d scale chips by 2", "+700 d hit fleet by storm-carrington", "+800 d hit satellites 3-9 by batch-defect",
)  # fmt: skip


def test_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    more = f"processes: [{CHIPS}, {{name: loss, unit: satellite, mean_time: 10 yr}}], replacement: {{batch: 3, reorder_at: 1}}"
    fleet = scenario(tmp_path, FLEET + TRAINING + mission(more, replicas=40), *EVERYTHING)
    one, two = (results.simulate(fleet, threads) for threads in (1, 2))
    assert one.one.bins.tobytes() == two.one.bins.tobytes()
    assert all(a.own_s.tobytes() == b.own_s.tobytes() for a, b in zip(one.ledgers, two.ledgers, strict=True))
    assert figures.section(one, []) == figures.section(two, [])


def test_events_in_the_summary(tmp_path: Path) -> None:
    """Source of truth: the list as it is written; a saved scenario loads again, with the same digest; the run itself does not change."""
    text = FLEET + "links: {topology: mesh}\n" + mission(f"processes: [{CHIPS}]", replicas=3)
    loaded = scenario(tmp_path, text, *EVERYTHING, "+6 h maneuver satellite 3 for 30 min", "+8 h lose links of satellite 3 for 2 h")
    run = sim.run(loaded, tmp_path / "out")
    listed = run.summary["mission"]["events"]
    assert [round(row["at_s"] / DAY_S) for row in listed] == [100, 200, 300, 400, 500, 600, 700, 800]
    assert [row["event"] for row in listed] == [event.partition(" d ")[2] for event in EVERYTHING]
    assert listed[3]["until_s"] == 400 * DAY_S + YEAR_S
    assert listed[5]["until_s"] is listed[6]["until_s"] is None
    notes = [note for note in run.summary["notes"] if note.startswith("events:")]
    assert notes == [
        "events: maneuver satellite 3 for 30 min: changes the run, not the years of the mission",
        "events: lose links of satellite 3 for 2 h: lasts less than a day and changes the run, not the years of the mission",
        "events: standdown launches for 270 d: nothing is launched",
    ]
    assert run.folder is not None
    assert load(run.folder).sha256 == loaded.sha256
    (tmp_path / "run.yaml").write_text(FLEET + "links: {topology: mesh}\nevents: ['+6 h maneuver satellite 3 for 30 min', "
                                       "'+8 h lose links of satellite 3 for 2 h']\n", encoding="utf-8")  # fmt: skip
    assert run.summary["compute"] == sim.run(tmp_path / "run.yaml").summary["compute"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("+1 d lose plane 3", "'plane 3' needs planes, and a cluster has none; write satellites by number"),
        ("+1 d withdraw satellites 9-20", "satellites are numbered 0 to 12"),
        ("+1 d lose station Dublin", "needs ground stations, and the scenario has none"),
        ("+1 d hit fleet by storm-carington", "no common cause named 'storm-carington'; did you mean 'storm-carrington'?"),
        ("+1 d hit fleet by breakup-plane", "write which, such as hit plane 3 by breakup-plane"),
        ("+1 d hit fleet", "write hit fleet by storm-carrington"),
        ("+1 d hit satellites 3-4 accelerators by storm-carrington", "is not what a common cause hits"),
        ("+1 d hit fleet by storm-carrington for 3 d", "follows from the common cause"),
        ("+1 d scale chip by 2", "'chip' is no process of the mission; did you mean 'chips'?"),
        ("+1 d scale release by 2", "is a common cause, whose rate does not change"),
        ("+1 d scale chips", "write scale chips by 2"),
        ("+1 d scale chips by -1", "must be at least 0"),
        ("+1 d standdown rockets", "write standdown launches"),
        ("+1 d withdraw links of all", "cannot be withdrawn; write whole satellites"),
        ("+1 d withdraw 50% of satellites 0-3", "write withdraw satellites 0-8"),
        ("+3 d maneuver satellite 3 for 1 h", "is outside the run, and does not last"),
        ("2033-01-01 standdown launches", "is outside the mission"),
        ("+1 d lose satellites 0-3 by 2", "is no target"),
    ],
)  # fmt: skip
def test_events_that_cannot_be(tmp_path: Path, event: str, message: str) -> None:
    release = "common_causes: [{name: release, scope: fleet, hits: 0.02, lasts: 6 h, rate: 2 1/yr}]"
    with pytest.raises(InputError) as raised:
        scenario(tmp_path, FLEET + mission(f"processes: [{CHIPS}], {release}"), event)
    assert message in str(raised.value)
    assert len(raised.value.problems) == 1


def test_years_without_a_mission(tmp_path: Path) -> None:
    for event in ("+1 h standdown launches", "+1 h scale chips by 2", "+1 h hit fleet by storm-carrington", "+1 h withdraw satellites 0-3"):
        with pytest.raises(InputError, match=r"acts over years, and the scenario has no mission; write mission: \{duration: 5 yr\}"):
            scenario(tmp_path, FLEET, event)


def test_too_many_regimes(tmp_path: Path) -> None:
    """Eight combinations are the most; the message counts them."""
    events = [f"+{30 * k} d derate satellite {k} to 0.5 for 20 d" for k in range(1, 10)]
    assert len(regimes(*_parts(scenario(tmp_path, FLEET + mission(), *events[:8])))) == 9
    with pytest.raises(InputError, match="hold in 9 combinations over the mission, and the run is made for each of at most 8") as raised:
        scenario(tmp_path, FLEET + mission(), *events)
    assert len(raised.value.problems) == 1
