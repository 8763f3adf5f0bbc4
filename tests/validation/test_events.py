"""Events and failures in whole runs: planes, stations, links of satellites, units that fail, and satellites that decay."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.config.scenario import Loaded
from sim.engine.driver import Run
from sim.results import dataset
from sim.results import summary as metrics

SHELL = """\
name: events
epoch: 2026-12-21T00:00:00Z
duration: 2 h
step: 60 s
constellation: {kind: walker, altitude: 1200 km, inclination: 60 deg, planes: 6, satellites_per_plane: 8, phasing: 1}
satellite:
  extends: orbital-120kw
  power:
    array: {area: 900 m2}
    battery: {capacity: 400 kWh, max_charge_power: 400 kW, max_discharge_power: 800 kW}
ground:
  min_elevation: 5 deg
  stations:
  - {name: Dublin, latitude: 53.3 deg, longitude: -6.3 deg}
  - {name: Cape Town, latitude: -33.9 deg, longitude: 18.4 deg}
recorder: {satellites: 48}
"""
GRID = "links: {topology: grid}\n"
N, DURATION_S = 48, 7200.0


def scenario(folder: Path, *events: str, more: str = "") -> Loaded:
    path = folder / "s.yaml"
    path.write_text(SHELL + more, encoding="utf-8")
    return api.load(path, events=events)


def own(summary: dict[str, Any], cause: str) -> tuple[float, float]:
    """Own and induced part of a row, of nameplate."""
    row = next(row for row in summary["compute"]["waterfall"] if row["cause"] == cause)
    nameplate = summary["compute"]["nameplate_flops"]
    return row["own_flops"] / nameplate, row["induced_flops"] / nameplate


@pytest.mark.parametrize("more", ["", GRID])
def test_a_station_is_lost(tmp_path: Path, more: str) -> None:
    """Source of truth: the run without the event: the station's round trips are gone for 40 min and as before else, those of
    the other are the same bytes; the shell covers both at all times, so that coverage falls by exactly a third."""
    whole = api.run(scenario(tmp_path, more=more))
    cut = api.run(
        scenario(
            tmp_path, "2026-12-21T00:30Z lose station Dublin", "2026-12-21T01:10Z restore station Dublin", more=more
        )
    )
    assert whole.summary["ground"]["stations"]["Dublin"]["coverage_fraction"] == 1.0
    assert cut.summary["ground"]["stations"]["Dublin"]["coverage_fraction"] == pytest.approx(
        1.0 - 40.0 / 120.0, abs=1e-12
    )
    before, after = (found.series["propagation_rtt_ms"].values for found in (whole, cut))
    gone = np.zeros(120, dtype=np.bool_)
    gone[29:69] = True  # the ends of steps from 00:30 to 01:09
    assert np.isnan(after[0, gone]).all()
    assert after[0, ~gone].tobytes() == before[0, ~gone].tobytes()
    assert after[1].tobytes() == before[1].tobytes()
    reported = ("station Dublin", None, None)
    assert [(e["action"], e["target"], e["satellite"], e["last_satellite"]) for e in cut.events] == [
        ("lose", *reported),
        ("restore", *reported),
    ]
    assert own(cut.summary, "failed") == (0.0, 0.0)


SERVED = "workloads: [{kind: inference, model: llama-3-8b, share: 0.021}]\n"  # one satellite of 48


def test_links_of_the_serving_satellite_are_lost(tmp_path: Path) -> None:
    """Source of truth: the same fleet without links: users reach the one satellite that serves directly or not at all. Before
    the event and after it the round trips are those of the run without it."""
    linked = api.run(scenario(tmp_path, more=GRID + SERVED))
    scheduler = Run(scenario(tmp_path, more=GRID + SERVED)).finish().scheduler
    assert scheduler is not None
    (server,) = scheduler.services[0].who.tolist()
    direct = api.run(scenario(tmp_path, more=SERVED))  # the same order, and so the same satellite
    cut = api.run(scenario(tmp_path, f"2026-12-21T00:20Z lose links of satellite {server}",
                           f"2026-12-21T01:50Z restore links of satellite {server}", more=GRID + SERVED))  # fmt: skip
    a, b, c = (found.series["propagation_rtt_ms"].values for found in (linked, direct, cut))
    lost = np.zeros(120, dtype=np.bool_)
    lost[20:110] = True
    assert np.isfinite(a).all()
    assert np.array_equal(c[:, ~lost], a[:, ~lost])
    assert np.array_equal(c[:, lost], b[:, lost], equal_nan=True)
    seen = np.isfinite(b[:, lost])
    assert 0 < seen.sum() < seen.size
    fewer = linked.summary["network"]["links_mean"] - cut.summary["network"]["links_mean"]
    assert 2 * 90 / 120 <= fewer <= 4 * 90 / 120  # two in its plane at all times, up to two beside it


FAILING = "fleet: {{soft_errors: false, failures: {{extends: soft-default, mean_time: {mean}}}, repair: {{time: {repair}}}}}\n"


def expected_failures(seed: int, mean_s: float, repair_s: float, units: int) -> list[tuple[float, int]]:
    """Time and satellite of every failure within the run, from numpy's own generator."""
    key = np.random.SeedSequence(seed, spawn_key=(1, 0)).generate_state(2, np.uint64)
    found = []
    for satellite in range(N):
        for unit in range(units):
            counter = np.array([0, unit, satellite, 0], dtype=np.uint64)
            stream = np.random.Generator(np.random.Philox(key=key, counter=counter))
            time_s = 0.0
            while True:
                time_s += mean_s * float(stream.standard_exponential(method="inv"))
                if time_s >= DURATION_S:
                    break
                found.append((time_s, satellite))
                time_s += repair_s
    return sorted(found)


def test_nodes_fail_by_themselves(tmp_path: Path) -> None:
    """Source of truth: the generator that the documentation names, played by numpy: each failing node takes 8 of 104
    accelerators of its satellite down for half an hour; 1e-12 of nameplate."""
    result = api.run(scenario(tmp_path, more=FAILING.format(mean="1 d", repair="30 min")))
    failures = expected_failures(1, 86_400.0, 1800.0, 13)
    assert 30 < len(failures) < 75
    lost_s = sum(8 / 104 * (min(DURATION_S, t + 1800.0) - t) for t, _ in failures)
    assert own(result.summary, "failed")[0] == pytest.approx(lost_s / (N * DURATION_S), abs=1e-12)
    assert result.summary["fleet"]["availability"] == 1.0  # of satellites: all are there
    down = [e for e in result.events if e["action"] == "derate"]
    falls = [e for e in result.events if e["cause"] == "failures"]
    assert len(falls) == len(failures) + sum(t + 1800.0 < DURATION_S for t, _ in failures)
    assert all(e["target"] == f"satellite {e['satellite']} accelerators" for e in falls)
    assert {e["remaining_fraction"] for e in down} <= {(104 - 8 * n) / 104 for n in range(1, 13)}


TRAINS = "workloads: [{kind: training, model: llama-3-8b, method: synchronous, checkpoint: {interval: 20 min}}]\n"


def test_a_node_fails_in_a_job(tmp_path: Path) -> None:
    """Source of truth: definition. One node of the fleet fails within the hour: its satellite loses 8 of 104 accelerators until
    the repair. All members roll back once, keep their ranks and go on; the job's rate is 96/104 until the node is back, and
    every other member loses as much while the job runs. Rows add up to nameplate."""
    repair_s = 1800.0
    for seed in range(1, 60):
        failures = expected_failures(seed, 1e6, repair_s, 13)
        if len(failures) == 1 and 2000.0 < failures[0][0] < 4000.0:
            break
    ((at_s, _),) = failures
    more = GRID + TRAINS + FAILING.format(mean="1e6 s", repair="30 min") + f"seed: {seed}\n"
    outcome = Run(scenario(tmp_path, more=more)).finish()
    found = metrics.summary(outcome)
    assert own(found, "failed")[0] == pytest.approx(8 / 104 * repair_s / (N * DURATION_S), abs=1e-12)
    assert outcome.scheduler is not None
    (job,) = outcome.scheduler.trainings
    assert np.array_equal(outcome.scheduler.fleets[0].lifecycle.ranks()[0], job.initial_ranks[0])
    waits = job.mode_share[0, 3].sum()
    assert waits == 0.0
    assert np.min(job.rates[0][job.rates[0] > 0.0]) == pytest.approx(96 / 104, abs=1e-12)
    back = math.ceil((at_s + repair_s) / 60.0)
    assert np.all(job.rates[0, back:] == job.rates[0, 0])
    assert own(found, "recovery")[0] > 0.0
    total = sum(row["flops"] for row in found["compute"]["waterfall"])
    assert total == pytest.approx(found["compute"]["nameplate_flops"], rel=1e-9)


def test_satellites_whose_accelerators_are_all_lost(tmp_path: Path) -> None:
    """Source of truth: time: half an hour without any accelerator, in the middle of steps, is failed; in a job all others
    wait for it; its links stay. Rows add up to nameplate."""
    events = (
        "2026-12-21T00:30:20Z lose satellite 5 accelerators",
        "2026-12-21T01:00:20Z restore satellite 5 accelerators",
    )
    trains = TRAINS.replace("method:", "mesh: {tensor: 8, pipeline: 13, data: 48}, method:")  # every satellite is a member
    trains += "fleet: {soft_errors: false}\n"
    found = api.run(scenario(tmp_path, *events, more=GRID + trains)).summary
    whole = api.run(scenario(tmp_path, more=GRID + trains)).summary
    assert own(found, "failed")[0] == pytest.approx(1800.0 / (N * DURATION_S), abs=1e-12)
    assert own(found, "failed")[1] == pytest.approx(1800.0 * 47 / (N * DURATION_S), rel=1e-3)
    assert found["network"]["links_mean"] == whole["network"]["links_mean"]
    total = sum(row["flops"] for row in found["compute"]["waterfall"])
    assert total == pytest.approx(found["compute"]["nameplate_flops"], rel=1e-9)


def test_tiles_and_blocks_leave_no_trace(tmp_path: Path) -> None:
    """Source of truth: the same run in one tile and long blocks: failing nodes, a lost plane, a lost station, lost links."""
    events = ("2026-12-21T00:20:17Z lose plane 1", "2026-12-21T00:40Z restore plane 1", "2026-12-21T00:41Z lose station Cape Town",
              "2026-12-21T01:00Z lose links of satellite 9", "2026-12-21T01:10:01Z derate satellites 3-4 accelerators to 0.5")  # fmt: skip
    loaded = scenario(tmp_path, *events, more=GRID + TRAINS + FAILING.format(mean="2 d", repair="20 min"))
    reported = []
    for tile, block in ((8, 7), (256, 0), (64, 60)):
        outcome = Run(loaded, tile=tile, block=block).finish()
        reported.append(json.dumps([metrics.summary(outcome), dataset.event_rows(outcome)]))
    assert reported[0] == reported[1] == reported[2]


class Counted:
    """A propagator that counts the ticks it is asked for."""

    loses = True

    def __init__(self, inner: Any) -> None:
        self.inner, self.count, self.ticks = inner, inner.count, 0

    def fill(self, lo: int, hi: int, first: int, out: np.ndarray) -> Any:
        self.ticks += len(out)
        return self.inner.fill(lo, hi, first, out)

    def on_grid(self, grid: Any) -> Any:
        return self.inner.on_grid(grid)


def test_a_decay_in_a_coupled_run(tmp_path: Path) -> None:
    """Source of truth: the uncoupled run of the same catalogue: the same step, the same failed time; in the coupled run it is
    propagated once, and blocks of any size give the same result."""

    def checked(line: str) -> str:
        return line[:68] + str(sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10)

    one = checked("1 88888U          26079.50000000  .00000000  00000-0  10000-3 0    8 ")
    two = checked("2 88888  53.0000 115.9689 0006731  52.6988 110.5714 15.20000000  105 ")
    doomed = checked(one[:53] + " 99999-1" + one[61:]), checked(two[:52] + "16.40000000" + two[63:])
    (tmp_path / "two.tle").write_text(f"A\n{one}\n{two}\nB\n{doomed[0]}\n{doomed[1]}\n", "ascii")
    sets = (
        f"constellation.tle={tmp_path / 'two.tle'}",
        "duration=3 h",
        "epoch=2026-03-20T12:00:00Z",
        "workloads=[{kind: independent}]",
        "initial=full",
    )
    alone = Run(api.load("starlink_edge", set=[*sets, "links="]), tile=8, threads=1).finish()
    coupled = api.load("starlink_edge", set=[*sets, "links.topology=nearest"])
    found = []
    for block in (0, 7, 60):
        run = Run(coupled, tile=8, block=block)
        propagator = Counted(run.propagators[0])
        run.propagators = [propagator]
        found.append(run.finish())
        assert propagator.ticks == 180 + 2  # each once, and two to begin with
    ((number, k),) = alone.decayed
    assert number == 1
    for outcome in found:
        assert outcome.decayed == alone.decayed
        assert outcome.row("failed_s").tolist() == alone.row("failed_s").tolist()
        assert [
            (e["time_s"], e["target"], e["remaining_fraction"], e["cause"]) for e in dataset.event_rows(outcome)
        ] == [(60.0 * k, "satellite 1", 0.0, "decay")]
        assert dataset.event_rows(outcome) == dataset.event_rows(alone)
        assert metrics.summary(outcome) == metrics.summary(found[0])


# --- events with a duration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["", GRID])
@pytest.mark.parametrize(
    ("events", "lost_s"),
    [
        (["+15 min lose plane 3 for 50 min"], 8 * 3000.0),
        (["+130 s lose plane 3 for 100 s"], 8 * 100.0),  # begins and ends within steps
        (["2026-12-21T00:15Z lose satellites 3-4 for 1 h"], 2 * 3600.0),
        # the second begins before the first ends: lost from 10 min to 70 min
        (["+10 min lose plane 3 for 40 min", "+30 min lose plane 3 for 40 min"], 8 * 3600.0),
        # the end of the loss of all does not bring back the plane that is lost for good from 20 min on
        (["+10 min lose all for 30 min", "+20 min lose plane 0"], 48 * 1800.0 + 8 * 80 * 60.0),
        # restored after 10 min by an event of its own; of the plane one satellite returns after 20 min
        (["+10 min lose plane 2 for 1 h", "+20 min restore plane 2"], 8 * 600.0),
        (["+10 min lose plane 2 for 1 h", "+30 min restore satellite 16"], 7 * 3600.0 + 1200.0),
        (["+100 min lose plane 5 for 6 h"], 8 * 20 * 60.0),  # to the end of the run
        (["+0 s derate all to 0.75 for 30 min"], 0.25 * 48 * 1800.0),
        (["+1 h lose satellites 0-7 accelerators for 30 min"], 8 * 1800.0),
    ],
)
def test_lost_for_a_time(tmp_path: Path, events: list[str], lost_s: float, more: str) -> None:
    """Closed form: satellites times the time for which they are lost, of 48 satellites times two hours; the ledger counts
    accelerator-seconds, so that the share is exact to rounding."""
    summary = api.run(scenario(tmp_path, *events, more=more)).summary
    assert own(summary, "failed") == (pytest.approx(lost_s / (N * DURATION_S), abs=1e-12), 0.0)


def test_events_with_a_duration_are_listed(tmp_path: Path) -> None:
    """By hand: begin and end of each, cause `scenario`; what a restoration has ended does not end again."""
    found = api.run(
        scenario(
            tmp_path, "+10 min lose plane 3 for 30 min", "+20 min derate satellite 1 to 0.5 for 1 h",
            "+5 min lose station Dublin for 10 min", "+30 min lose satellite 2 for 1 h", "+45 min restore satellite 2",
        )
    ).events  # fmt: skip
    assert [(e["time_s"] / 60.0, e["action"], e["target"], e["remaining_fraction"], e["cause"]) for e in found] == [
        (5.0, "lose", "station Dublin", 0.0, "scenario"),
        (10.0, "lose", "plane 3", 0.0, "scenario"),
        (15.0, "restore", "station Dublin", 1.0, "scenario"),
        (20.0, "derate", "satellite 1", 0.5, "scenario"),
        (30.0, "lose", "satellite 2", 0.0, "scenario"),
        (40.0, "restore", "plane 3", 1.0, "scenario"),
        (45.0, "restore", "satellite 2", 1.0, "scenario"),
        (80.0, "restore", "satellite 1", 1.0, "scenario"),
    ]


def test_a_station_is_lost_for_a_time(tmp_path: Path) -> None:
    """Source of truth: the same loss and return as two events."""
    timed = api.run(scenario(tmp_path, "+30 min lose station Dublin for 40 min"))
    two = api.run(scenario(tmp_path, "+30 min lose station Dublin", "+70 min restore station Dublin"))
    assert timed.events == two.events
    name = "propagation_rtt_ms"
    assert timed.series[name].values.tobytes() == two.series[name].values.tobytes()
    assert np.isnan(timed.series[name].values[0]).sum() == 40
