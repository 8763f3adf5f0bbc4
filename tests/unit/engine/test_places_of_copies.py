"""Copies of checkpoints: paths, times and intervals by hand, missions that lose a plane, and places that cannot be reached."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orbit.access import Windows
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.config.schema import Fleet, Training
from sim.config.schema.jobs import CopyIntervals
from sim.engine.checkpoint_copies import Places, contact_bit_s, with_copies
from sim.engine.driver import Run
from sim.engine.recovery_policy import policy
from sim.fleet.replicas.tables import JobColumn
from sim.mission import figures, results

YEAR_S = 365.25 * 86400.0
WALKER = """\
name: copies
epoch: 2026-12-21T00:00:00Z
duration: 100 min
step: 120 s
constellation: {kind: walker, pattern: star, planes: 3, satellites_per_plane: 8, altitude: 1000 km, inclination: 98 deg}
satellite: suncatcher
links: {topology: grid, terminal: dwdm-10cm, max_range: 8000 km}
workloads:
- {kind: training, model: llama-3-8b, method: synchronous, replan_after: null, checkpoint: {CHECKPOINT}}
fleet: {soft_errors: false}
"""
MISSION = """\
mission:
  {duration: 1 yr, replicas: 5, step: 30 d, dates: 1, ages: 1, processes: [], common_causes: [CAUSE]}
"""
PLANE = "{name: plane, scope: plane, hits: 1, lasts: 1 d, rate: 0.5 1/yr}"


def loaded(folder: Path, checkpoint: str, more: str = "") -> Any:
    (folder / "s.yaml").write_text(WALKER.replace("CHECKPOINT", checkpoint) + more, encoding="utf-8")
    return load(folder / "s.yaml")


class Rows:
    """Two rings of satellites, and a bridge between satellites 0 of both, each of the rate of `bit_s`."""

    version = 0

    def __init__(self, each: int, bit_s: float, bridge_bit_s: float) -> None:
        ring = np.arange(each)
        src = np.concatenate((ring, each + ring, [0]))
        dst = np.concatenate(((ring + 1) % each, each + (ring + 1) % each, [each]))
        self.directed_src, self.directed_dst = np.concatenate((src, dst)), np.concatenate((dst, src))
        one = np.append(np.full(2 * each, bit_s), bridge_bit_s)
        self.each, self.directed_rate_bit_s, self.directed_delay_s = each, np.concatenate((one, one)), np.zeros(2 * one.size)
        self.inputs: list[Any] = []

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Along the ring where both are in one; else down to satellite 0, over the bridge, and up."""
        forward, start, links = 2 * self.each + 1, [0], []
        for a, b in zip(src.tolist(), dst.tolist(), strict=True):
            row, other = a // self.each, b // self.each
            if row == other:
                links += [row * self.each + (a + k) % self.each for k in range((b - a) % self.each)]
            else:
                links += [forward + row * self.each + k for k in reversed(range(a % self.each))]
                links += [2 * self.each if row == 0 else forward + 2 * self.each]
                links += [other * self.each + k for k in range(b % self.each)]
            start.append(len(links))
        return np.array(start, dtype=np.int64), np.array(links, dtype=np.int64)

    def components(self) -> np.ndarray:
        return np.zeros(2 * self.each, dtype=np.int64)


def windows() -> Windows:
    """Station 0 sees satellite 0 from 0 to 600 s and satellite 1 from 300 to 900 s, station 1 satellite 9, which is no member, for 1,000 s."""
    station, satellite = np.array([0, 0, 1], dtype=np.int32), np.array([0, 1, 9], dtype=np.int32)
    rise_s, set_s = np.array([0.0, 300.0, 0.0]), np.array([600.0, 900.0, 1000.0])
    none = np.zeros(3, dtype=np.bool_)
    return Windows(station, satellite, rise_s, set_s, rise_s, rise_s, none, none)


def places(antennas: int = 1) -> Places:
    plane = np.repeat([0, 1], 5)
    return Places(plane, np.ones(10, dtype=np.bool_), 20e9, np.array([antennas, 1]), 1000.0, windows)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Training:
    found = loaded(tmp_path_factory.mktemp("job"), "interval: 1 h, rate: 1 GB/s").scenario.workloads[0]
    assert isinstance(found, Training)
    return found


def copied(job: Training, copies: list[str], interval: float | str = 3600.0, **intervals: str) -> Training:
    own = CopyIntervals.model_validate(intervals) if intervals else None
    checkpoint = job.checkpoint.model_copy(update={"interval": interval, "copies": copies, "copy_intervals": own})
    return job.model_copy(update={"checkpoint": checkpoint})


def test_times_of_copies(job: Training) -> None:
    """Source of truth: by hand: 14 bytes a parameter; a share over a link of its own; all shares of a row over one bridge; a mean rate of contact."""
    ranks, transport = np.arange(4), Rows(5, 10e9, 1e9)
    share_bits = 8.0 * 14.0 * job.model.parameters / 4.0
    written_s = share_bits / 8.0 / (64 * 1e9)
    one = with_copies(copied(job, ["neighbour"]), None, ranks, 64, places(), transport)
    assert one.kept is not None
    assert one.kept.copies[0].holders == (1, 2, 3, 4, 0, 6, 7, 8, 9, 5)
    assert one.checkpoint_s == pytest.approx(share_bits / 10e9)
    assert one.kept.memory_s == pytest.approx(written_s)
    assert one.restart_s == pytest.approx(share_bits / 10e9)
    one = with_copies(copied(job, ["plane"]), None, ranks, 64, places(), transport)
    assert one.kept is not None
    assert one.kept.copies[0].holders == (5, 6, 7, 8, 9, 0, 1, 2, 3, 4)
    assert one.checkpoint_s == pytest.approx(4 * share_bits / 1e9)  # four shares over the bridge, at equal rates
    one = with_copies(copied(job, ["ground"]), None, ranks, 64, places(), transport)
    assert one.kept is not None
    assert one.checkpoint_s == pytest.approx(written_s)  # the copy goes down while the job goes on
    assert one.kept.copies[0].lag_s == pytest.approx(4 * share_bits / (0.9 * 20e9))  # one antenna from 0 to 900 s of 1,000 s
    assert contact_bit_s(ranks, places(2)) == pytest.approx(1.2 * 20e9)  # two antennas: 600 s each
    assert contact_bit_s(ranks[:1], places(2)) == pytest.approx(0.6 * 20e9)


def test_intervals_of_copies(job: Training) -> None:
    """Source of truth: by hand: what each copy makes the job wait beyond the writing, over how often it is made; the optimum with that cost."""
    ranks, transport = np.arange(4), Rows(5, 10e9, 1e9)
    share_bits = 8.0 * 14.0 * job.model.parameters / 4.0
    written_s, near_s, far_s = share_bits / 8.0 / 64e9, share_bits / 10e9, 4 * share_bits / 1e9
    many = copied(job, ["memory", "neighbour", "plane", "ground"], memory="10 min", neighbour="30 min", plane="2 h", ground="1 d")
    one = with_copies(many, None, ranks, 64, places(), transport)
    assert one.kept is not None
    assert [(copy.place, copy.every) for copy in one.kept.copies] == [("memory", 1), ("neighbour", 3), ("plane", 12), ("ground", 144)]
    save_s = written_s + (near_s - written_s) / 3 + (far_s - written_s) / 12
    assert one.kept.cycle_s == pytest.approx(600.0 + save_s)
    assert [one.checkpoint_interval_s, one.checkpoint_s, one.restart_s] == pytest.approx([1800.0, 3 * save_s, near_s])  # newest outside the satellite
    # a copy on the ground is made no more often than its transfer takes
    slow = places()._replace(station_bit_s=2e6)
    one = with_copies(copied(job, ["ground"]), None, ranks, 64, slow, transport)
    assert one.kept is not None
    lag_s = 4 * share_bits / (0.9 * 2e6)
    assert one.kept.copies[0].every == math.ceil(lag_s / (3600.0 + written_s)) > 100
    # the automatic interval is the optimum for the cost of the copies
    given = copied(job, ["neighbour"], "auto")
    failing = Fleet.model_validate({"spares": 0, "failures": {"mean_time": "365.25 d"}, "recovery": {"detection": "1 min", "restart": "4 min"}})
    one = with_copies(given, failing, ranks, 64, places(), transport)
    plain = policy(given, failing, 4, 64, save_s=near_s)
    assert one.checkpoint_interval_s == plain.checkpoint_interval_s
    assert one.checkpoint_interval_s == pytest.approx(math.sqrt(2.0 * near_s * YEAR_S / 4.0), rel=0.01)  # [young1974]


def test_a_plane_is_lost(tmp_path: Path) -> None:
    """Source of truth: copies beside each other in a plane are lost with it, and the job begins again; those of another plane cost an hour at most.

    The recovery of a job that begins again at times of a Poisson process at rate r over a time T: mean share lost 1 - (1 - exp(-r T)) / (r T).
    """
    found = {}
    for copies in ("[neighbour]", "[neighbour, plane]"):
        study = results.simulate(loaded(tmp_path, f"interval: 1 h, copies: {copies}", MISSION.replace("CAUSE", PLANE).replace("replicas: 5", "replicas: 60")))
        (row,) = figures.section(study, [])["jobs"]
        found[copies] = row
        total = study.one.jobs[:, :, 0, JobColumn.USEFUL : JobColumn.INTERRUPTIONS].sum(axis=2)
        assert total == pytest.approx(row["members"] * np.tile(study.one.width_s, (60, 1)), rel=1e-9)
    events = 3 * 0.5
    assert found["[neighbour]"]["reloads"]["start"]["mean"] == pytest.approx(events, rel=0.3)
    assert found["[neighbour, plane]"]["reloads"]["start"]["mean"] == 0.0
    assert found["[neighbour, plane]"]["reloads"]["plane"] == found["[neighbour]"]["reloads"]["start"]
    lost = 1.0 - (1.0 - math.exp(-events)) / events
    assert found["[neighbour]"]["recovery"]["mean"] == pytest.approx(lost, abs=3.0 * 0.3 / math.sqrt(60))
    assert found["[neighbour, plane]"]["recovery"]["mean"] < events * 1.2 * 3600.0 / YEAR_S
    assert figures.section(results.simulate(loaded(tmp_path, "interval: 1 h", MISSION.replace("CAUSE", PLANE))), [])["jobs"][0]["reloads"] is None


def test_copies_in_a_run(tmp_path: Path) -> None:
    """Source of truth: links of the scenario: neighbours in the same plane, the same place of the next plane; the waterfall has the longer saves."""
    outcome = Run(loaded(tmp_path, "interval: 10 min, copies: [neighbour, plane]")).finish()
    rules = outcome.scheduler.fleets[0].lifecycle.policy(0)
    near, far = rules.kept.copies
    assert near.holders == tuple(8 * (s // 8) + (s % 8 + 1) % 8 for s in range(24))
    assert far.holders == tuple((s + 8) % 24 for s in range(24))
    assert far.save_s >= near.save_s > rules.kept.memory_s


BAD = [
    ("copies: [neighbor]", "", "neighbour"),
    ("copies: [neighbour, neighbour]", "", "is listed twice"),
    ("copies: [memory], copy_intervals: {ground: 6 h}", "", "add ground to copies"),
    ("copies: [ground]", "", "ground needs stations, and the scenario has none; write ground: {stations: default, link_rate: 20 Gbit/s}"),
    ("copies: [ground]", "ground: {stations: default}\n", "write link_rate: 20 Gbit/s below ground"),
]


@pytest.mark.parametrize(("checkpoint", "more", "message"), BAD)
def test_copies_that_cannot_be_made(tmp_path: Path, checkpoint: str, more: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        loaded(tmp_path, "interval: 1 h, " + checkpoint, more)
    assert message in str(raised.value)
    assert len(raised.value.problems) == 1


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (("links=null", "workloads.0.members=1", "workloads.0.model=llama-3-8b"), "neighbour needs links between satellites, and the scenario has none; "
         "write links: {topology:"),
        (("constellation.planes=1", "workloads.0.checkpoint.copies=[plane]"), "plane is another plane or formation, and the constellation has one"),
        (("workloads.0.method=elastic", "workloads.0.members=8"), "leave copies out"),
    ],
)  # fmt: skip
def test_copies_without_a_path(tmp_path: Path, sets: tuple[str, ...], message: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(WALKER.replace("CHECKPOINT", "interval: 1 h, copies: [neighbour]"), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load(file, sets)
    assert message in str(raised.value)
    assert len(raised.value.problems) == 1


def test_a_member_without_a_link(job: Training) -> None:
    """A policy that needs a neighbour that is not linked says which satellite, and what to write instead."""
    transport = Rows(5, 10e9, 1e9)
    transport.directed_rate_bit_s = np.where((transport.directed_src == 2) | (transport.directed_dst == 2), 0.0, transport.directed_rate_bit_s)
    with pytest.raises(InputError, match=r"neighbour: satellite 2 has no neighbour .*or copies: \[memory, ground\]"):
        with_copies(copied(job, ["neighbour"]), None, np.arange(4), 64, places(), transport)
