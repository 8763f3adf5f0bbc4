"""Rules for data in a run of two operators' satellites: who computes, spares, routes, stations, images.

Source of truth: counts and nameplate by hand, arithmetic beside each case; and that places taken away make no way shorter.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import sim
from sim.config.scenario import load
from sim.engine.driver import Run
from sim.engine.roles import Roles, roles
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy, Standing
from sim.results.store import from_outcome
from sim.workload.jobs import ROW

SHELLS = """\
name: two_operators
epoch: 2026-03-20T00:00:00Z
duration: 10 min
step: 60 s
constellation:
- {kind: walker, altitude: 650 km, inclination: 60 deg, planes: 4, satellites_per_plane: 6}
- {kind: walker, altitude: 660 km, inclination: 60 deg, planes: 4, satellites_per_plane: 6, satellite: guest}
satellite: {extends: suncatcher, operator: own, jurisdiction: US}
satellites:
  guest: {extends: suncatcher, accelerators: 32, operator: guest, jurisdiction: FR}
links: {topology: nearest, terminal: oct-100g}
ground: {stations: [Memphis, Dublin, Singapore], min_elevation: 10 deg}
recorder: {satellites: 48}
"""
OWN, FLEET, STEP_S, DURATION_S = 24, 48, 60.0, 600.0
SERVICE = "workloads: [{kind: inference, model: llama-3-8b, share: 1.0}]\n"
JOB = "{kind: training, model: llama-3-8b, members: 4, global_batch: 4e6, sequence_length: 8192}"
WEIGHTS = "data_rules: {weights: {operators: [own]}}\n"
PROMPTS = "data_rules: {prompts: {jurisdictions: [US]}}\n"
QUIET = "fleet: {spares: 0, soft_errors: false}\n"


def _run(folder: Path, text: str) -> Any:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return sim.run(folder / "s.yaml")


def _finished(folder: Path, text: str) -> Any:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return Run(load(folder / "s.yaml")).finish()


def _refused(dawndusk: Any, folder: Path, text: str) -> str:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == 2, called.out
    assert len(called.errors) == 1, called.errors
    return str(called.errors[0])


def _flops(found: Any) -> dict[str, float]:
    return {row["cause"]: row["flops"] for row in found.summary["compute"]["waterfall"]}


# --- who computes


def test_excluded_satellites_are_unplaced_and_nothing_else(tmp_path: Path) -> None:
    """By hand: 24 of the guest's satellites of 32 accelerators, beside 24 of 64: a third of nameplate. Nothing fails and nothing limits them."""
    found = _run(tmp_path, SHELLS + SERVICE + WEIGHTS + QUIET)
    flops, nameplate = _flops(found), found.summary["compute"]["nameplate_flops"]
    peak = nameplate / (DURATION_S * 24 * (64 + 32))  # of an accelerator
    assert flops["unplaced"] == pytest.approx(24 * 32 * peak * DURATION_S, rel=1e-9)
    assert sum(flops.values()) == pytest.approx(nameplate, rel=1e-9)
    rules = found.summary["data_rules"]
    assert rules["flops_excluded"] == pytest.approx(nameplate / 3.0, rel=1e-12)
    assert (rules["satellites_excluded"], rules["accelerators_excluded"]) == (24, 24 * 32)
    assert rules["rules"]["weights"]["accelerators_allowed"] == rules["accelerators_allowed"] == 24 * 64
    assert found.summary["workloads"][0]["satellites"] == 24
    assert flops["demand"] == 0.0
    role = found.series["sat_role"].values
    assert set(role[OWN:].tolist()) == {4}  # unplaced
    assert set(role[:OWN].tolist()) == {2}  # inference


def test_ledger_of_each_excluded_satellite(tmp_path: Path) -> None:
    """By hand: all time of a guest is unplaced; no satellite of one's own has any."""
    outcome = _finished(tmp_path, SHELLS + SERVICE + WEIGHTS + QUIET)
    own_s = outcome.scheduler.ledger.own_s
    others = own_s.sum(axis=0)
    np.testing.assert_allclose(others[OWN:], DURATION_S, rtol=1e-12)
    np.testing.assert_allclose(own_s[ROW["unplaced"], OWN:], DURATION_S, rtol=1e-12)
    assert not own_s[ROW["unplaced"], :OWN].any()


def test_a_smaller_share_excludes_only_what_it_wants(tmp_path: Path) -> None:
    """By hand: three quarters of 48 are 36, of which 24 are allowed: 12 are unplaced, the other 12 have no work (demand)."""
    found = _run(tmp_path, SHELLS + SERVICE.replace("1.0", "0.75") + WEIGHTS + QUIET)
    flops, rules = _flops(found), found.summary["data_rules"]
    assert rules["satellites_excluded"] == 12
    assert flops["unplaced"] == pytest.approx(flops["demand"], rel=1e-9)
    assert flops["unplaced"] == pytest.approx(found.summary["compute"]["nameplate_flops"] / 6.0, rel=1e-9)
    half = _run(tmp_path, SHELLS + SERVICE.replace("1.0", "0.5") + WEIGHTS + QUIET)
    assert _flops(half)["unplaced"] == 0.0
    assert _flops(half)["demand"] == pytest.approx(half.summary["compute"]["nameplate_flops"] / 3.0, rel=1e-9)


def _work(kind: str, share: float | None = None) -> Any:
    return SimpleNamespace(kind=kind, share=share, processing=None)


def _all(found: Roles) -> np.ndarray:
    return np.concatenate((*found.trainings, *found.services, *found.sensors, found.streams, found.spares, found.idle, found.excluded))


def test_roles_by_hand() -> None:
    """By hand, 40 satellites in order of number, of which the even ones are allowed to the job: 4 spares are the last even ones, 16 even ones train;
    the 20 odd ones go to the sensors, which would have had 18."""
    even = np.arange(40) % 2 == 0
    found = roles([_work("training"), _work("sensing")], 4, np.arange(40), [1, 1], [even, None])
    assert found.spares.tolist() == [32, 34, 36, 38]
    assert found.trainings[0].tolist() == list(range(0, 32, 2))
    assert found.sensors[0].tolist() == list(range(1, 40, 2))
    assert found.excluded.size == found.idle.size == 0


def test_two_jobs_share_what_they_may_use() -> None:
    """By hand: two jobs may use the same 20 of 40, and get 10 each; the 20 others are wanted by both."""
    first = np.arange(40) < 20
    found = roles([_work("training"), _work("training")], 0, np.arange(40), [1, 1], [first, first.copy()])
    assert [who.tolist() for who in found.trainings] == [list(range(10)), list(range(10, 20))]
    assert found.excluded.tolist() == list(range(20, 40))


@pytest.mark.parametrize("seed", range(40))
def test_every_satellite_has_one_role_that_it_may_have(seed: int) -> None:
    """Properties: a partition of the fleet; no workload has a satellite that it may not use; spares are of use to a job; without rules none is excluded."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 80))
    kinds = ["training", "inference", "sensing", "training"][: int(rng.integers(1, 5))]
    works = [_work(kind, None if rng.random() < 0.4 else round(float(rng.uniform(0.05, 0.24)), 3)) for kind in kinds]
    works += [_work("independent")] if rng.random() < 0.5 else []
    jurisdiction = rng.integers(0, 3, size)
    sets = [np.isin(jurisdiction, rng.choice(3, int(rng.integers(1, 3)), replace=False)) for _ in works]
    allowed = [None if rng.random() < 0.3 else flags for flags in sets]
    spans = [3 if work.kind == "inference" else 1 for work in works]
    spares = int(rng.integers(0, 4))
    found = roles(works, spares, rng.permutation(size), spans, allowed)
    assert sorted(_all(found).tolist()) == list(range(size))
    members = []
    for (work, who), flags in zip(found.with_workloads(works), allowed, strict=False):
        assert flags is None or flags[who].all()
        members += [flags] if work.kind == "training" or work.kind == "inference" else []
    if members and all(flags is not None for flags in members):
        assert np.logical_or.reduce(members)[found.spares].all()
    if all(flags is None for flags in allowed):
        assert not found.excluded.size


# --- spares


def _policy() -> Policy:
    return Policy(600.0, 10.0, 60.0, 120.0)


def test_a_spare_of_another_operator_replaces_no_member() -> None:
    """By hand: satellite 5 is the guest's; 7 takes the rank of 0 though 5 is the lower number, and none that of 1."""
    own = np.ones(8, dtype=np.bool_)
    own[5] = False
    jobs = JobLifecycle([[0, 1, 2]], [5, 7], _policy(), satellites=8, eligible=[own])
    jobs.advance(0.0, 100.0, np.zeros(1, dtype=np.bool_), [SatelliteChange(50.0, 0, 0.0)])
    assert jobs.ranks()[0].tolist() == [7, 1, 2]
    jobs.advance(100.0, 1000.0, np.zeros(1, dtype=np.bool_), [SatelliteChange(500.0, 1, 0.0)])
    assert jobs.ready == [5]
    assert jobs.missing(0) == [1]


def test_jobs_take_spares_and_members_that_they_may_use() -> None:
    """By hand: the second job may use 6 only; the first, which comes first by priority, may take member 3 of it and not 4."""
    first, second = np.ones(8, dtype=np.bool_), np.zeros(8, dtype=np.bool_)
    first[[4, 6]], second[[3, 4, 6]] = False, True
    jobs = JobLifecycle(
        [[0, 1], [3, 4]], [6], _policy(), standings=[Standing(0, 1, 0), Standing(1, 0, 0)], satellites=8, eligible=[first, second]
    )
    jobs.advance(0.0, 100.0, np.zeros(2, dtype=np.bool_), [SatelliteChange(50.0, 1, 0.0)])
    assert jobs.ranks()[0].tolist() == [0, 3]
    assert jobs.ranks()[1].tolist() == [6, 4]
    jobs.advance(100.0, 200.0, np.zeros(2, dtype=np.bool_), [SatelliteChange(150.0, 0, 0.0)])
    assert jobs.missing(0) == [0]  # neither 6 nor 4 may join


def test_spares_and_members_of_a_run(tmp_path: Path) -> None:
    """By definition: the guest's satellites, the last in mapping order, are neither members nor spares; six jobs' members are lost and replaced."""
    text = SHELLS + f"workloads: [{JOB}]\nfleet: {{spares: 4, soft_errors: false, recovery: {{detection: 30 s, restart: 30 s}}}}\n" + WEIGHTS
    outcome = _finished(tmp_path, text + "events: [2026-03-20T00:02Z lose satellites 0-2]\n")
    [fleet] = outcome.scheduler.fleets
    assert fleet.all_satellites.tolist() == list(range(OWN))
    members = np.concatenate(fleet.lifecycle.ranks())
    assert (members < OWN).all()
    assert not np.isin([0, 1, 2], members[: members.size // 4 * 4]).all()
    assert sorted(outcome.scheduler.excluded.tolist()) == list(range(OWN, FLEET))


# --- ways


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service under a rule for prompts. Shared: do not change it."""
    return _run(tmp_path_factory.mktemp("routed"), SHELLS + SERVICE + PROMPTS + QUIET)


def test_routes_avoid_the_other_operator(routed: Any) -> None:
    """By definition: no satellite of the guest stands in a route."""
    used = set(routed.series["route_satellite"].values.tolist())
    assert used
    assert max(used) < OWN


@pytest.mark.parametrize(("inclination", "planes", "rule"), [(60, 4, PROMPTS), (53, 7, PROMPTS), (85, 5, WEIGHTS)])
def test_no_way_is_shorter_under_a_rule(tmp_path: Path, inclination: int, planes: int, rule: str) -> None:
    """Property: a way that the rule leaves is one of all ways; without the rule ways are those of a run without it."""
    text = SHELLS.replace("inclination: 60", f"inclination: {inclination}").replace("planes: 4", f"planes: {planes}").replace("satellites: 48", "satellites: 0")
    free, ruled = _run(tmp_path, text + SERVICE + QUIET), _finished(tmp_path, text + SERVICE + rule + QUIET)
    one_way_s, without_s = ruled.ground_routing.one_way_s, ruled.free_routing.one_way_s
    assert (one_way_s >= without_s).all()
    assert (one_way_s > without_s).any()
    assert np.isfinite(one_way_s).any()
    assert free.summary["data_rules"] is None
    again = from_outcome(ruled).summary["ground"]["without_data_rules"]
    assert again["user_rtt_ms"] == free.summary["ground"]["user_rtt_ms"]
    assert again["coverage_fraction"] == free.summary["ground"]["coverage_fraction"]


def test_a_job_whose_satellites_no_link_joins_has_an_outage(tmp_path: Path) -> None:
    """By hand: own satellites of two planes are joined over the guest's plane between them alone, so that a job of all of them has no network."""
    ring = '{kind: ring, altitude: 650 km, local_time: "06:00", satellites: 8}'
    entries = [ring, ring.replace("06:00", "06:20").replace("}", ", satellite: guest}"), ring.replace("06:00", "06:40")]
    pairs = [[8 * k + n, 8 * k + (n + 1) % 8] for k in range(3) for n in range(8)] + [[8 * k + n, 8 * k + 8 + n] for k in range(2) for n in range(8)]
    text = SHELLS[: SHELLS.index("constellation:")] + "constellation:\n" + "".join(f"- {entry}\n" for entry in entries)
    text += SHELLS[SHELLS.index("satellite: {") :].replace("satellites: 48", "satellites: 0")
    text = text.replace("topology: nearest, terminal: oct-100g", f"topology: {{kind: custom, pairs: {pairs}}}, terminal: ideal-link, terminals: 4")
    job = JOB.replace("members: 4", "members: 16").replace("}", ", mesh: {tensor: 8, pipeline: 1, data: 128}}")
    found = _run(tmp_path, text + f"workloads: [{job}]\n" + WEIGHTS + QUIET)
    flops = _flops(found)
    assert flops["outage"] > 0.5 * found.summary["compute"]["nameplate_flops"]
    assert flops["useful"] == 0.0
    assert sum(flops.values()) == pytest.approx(found.summary["compute"]["nameplate_flops"], rel=1e-9)


# --- stations

GATEWAYS = """\
ground:
  access: gateway
  min_elevation: 5 deg
  stations:
  - {name: Lisbon, latitude: 38.7 deg, longitude: -9.1 deg, jurisdiction: PT, users: 3}
  - {name: Paris, latitude: 48.9 deg, longitude: 2.4 deg, jurisdiction: FR, users: 3}
  - {name: Porto, latitude: 41.1 deg, longitude: -8.6 deg, role: gateway, jurisdiction: PT}
  - {name: Madrid, latitude: 40.4 deg, longitude: -3.7 deg, role: gateway, jurisdiction: ES}
  - {name: Nice, latitude: 43.7 deg, longitude: 7.3 deg, role: gateway, jurisdiction: FR}
"""


def _gateways(folder: Path, rule: str, more: str = "") -> Any:
    ground = SHELLS[: SHELLS.index("ground:")] + GATEWAYS + more + SHELLS[SHELLS.index("recorder:"):]
    return _finished(folder, ground.replace("jurisdiction: US", "jurisdiction: PT").replace("6}", "11}").replace("satellites: 48", "satellites: 0")
                     .replace("satellites_per_plane: 6,", "satellites_per_plane: 11,") + SERVICE + rule + QUIET)  # fmt: skip


def test_prompts_pass_allowed_gateways_from_allowed_users(tmp_path: Path) -> None:
    """By definition: with PT and ES the gateway of Nice carries nothing, and the users of Paris send nothing; without the rule they do."""
    ruled = _gateways(tmp_path, "data_rules: {prompts: {jurisdictions: [PT, ES]}}\n")
    gateway, free = ruled.ground_routing.gateway, ruled.free_routing.gateway
    assert set(gateway[:, 0].tolist()) <= {-1, 2, 3}
    assert (gateway[:, 0] >= 0).any()
    assert (gateway[:, 1] == -1).all()
    assert np.isinf(ruled.ground_routing.one_way_s[:, 1]).all()
    assert np.isinf(ruled.ground_routing.one_way_s[:, 4]).all()
    assert (free[:, 1] >= 0).any()


def test_prompts_pass_allowed_points_of_presence(tmp_path: Path) -> None:
    """By definition: the one gateway that is allowed and names a point of presence abroad is of no use."""
    pops = "  - {name: Lyon, latitude: 45.8 deg, longitude: 4.8 deg, role: pop, jurisdiction: FR}\n"
    ground = GATEWAYS.replace("role: gateway, jurisdiction: PT", "role: gateway, pop: Lyon, jurisdiction: PT")
    text = SHELLS[: SHELLS.index("ground:")] + ground + pops + SHELLS[SHELLS.index("recorder:"):]
    text = text.replace("jurisdiction: US", "jurisdiction: PT").replace("satellites: 48", "satellites: 0")
    ruled = _finished(tmp_path, text + SERVICE + "data_rules: {prompts: {jurisdictions: [PT]}}\n" + QUIET)
    assert (ruled.ground_routing.gateway[:, :2] == -1).all()
    assert (ruled.free_routing.gateway[:, :2] >= 0).any()


# --- data of sensors

SENSING = (
    "workloads: [{kind: sensing, sensor: {image: 1 MB, rate: 2880 1/d, when: always}, storage: 1 TB, full: drop_oldest, antennas: 2, setup: 10 s, "
    "assignment: first, order: oldest, cut: resume%s}]\n"
)
LANDING = SHELLS.replace("min_elevation: 10 deg", "min_elevation: 0 deg, link_rate: 160 Mbit/s").replace("duration: 10 min", "duration: 100 min")


def _stations(text: str) -> str:
    places = "{name: Svalbard, latitude: 78.2 deg, longitude: 15.4 deg, jurisdiction: NO}, {name: Lisbon, latitude: 38.7 deg, longitude: -9.1 deg, jurisdiction: US}"
    return text.replace("[Memphis, Dublin, Singapore]", f"[{places}]")


def test_images_land_where_they_may(tmp_path: Path) -> None:
    """By hand: an image every 30 s for 100 min on the 24 satellites of one's own alone, 200 each; none lands in Svalbard."""
    text = _stations(LANDING) + SENSING % "" + QUIET
    free = _run(tmp_path, text)
    ruled = _run(tmp_path, text + "data_rules: {data: {jurisdictions: [US]}}\n")
    found = ruled.summary["workloads"][0]
    assert found["images_captured"] == 24 * 200
    assert free.summary["workloads"][0]["images_captured"] == 48 * 200
    assert free.summary["workloads"][0]["stations"]["Svalbard"]["contacts"] > 0.0
    assert found["stations"]["Svalbard"]["contacts"] == 0.0
    assert found["images_arrived"] > 0
    flops = _flops(ruled)
    assert flops["unplaced"] == pytest.approx(ruled.summary["data_rules"]["flops_excluded"], rel=1e-9)
    assert ruled.summary["data_rules"]["rules"]["data"]["stations_excluded"] == ["Svalbard"]


def test_weights_go_up_where_they_may(tmp_path: Path) -> None:
    """By definition: with a rule of weights alone and an upload, contacts are with Lisbon only; without an upload also with Svalbard."""
    work = ", processing: {mode: inference, flops: 8e12, precision: int8, result: 10 kB}"
    rule = "data_rules: {weights: {jurisdictions: [US]}}\n"
    up = _run(tmp_path, _stations(LANDING) + SENSING % (work + ", upload: {size: 1 MB, rate: 200 kbit/s}") + rule + QUIET)
    plain = _run(tmp_path, _stations(LANDING) + SENSING % work + rule + QUIET)
    assert up.summary["workloads"][0]["stations"]["Svalbard"]["contacts"] == 0.0
    assert up.summary["workloads"][0]["stations"]["Lisbon"]["contacts"] > 0.0
    assert plain.summary["workloads"][0]["stations"]["Svalbard"]["contacts"] > 0.0


# --- bad input


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"workloads: [{JOB}]\nfleet: {{spares: 25}}\n" + WEIGHTS, "fleet.spares: 25 spares, but only 24 allowed satellites are in the fleet; write 23 or fewer"),
        (f"workloads: [{JOB.replace('members: 4', 'members: 25')}]\n" + WEIGHTS, "workloads.0.members: 25 is more than the 24 satellites of the workload that rules "
         "for data leave of 48; write 24 or less"),
        (f"workloads: [{JOB.replace('members: 4', 'members: 13')}, {JOB}]\n" + WEIGHTS, "workloads.0.members: 13 is more than the 12 satellites"),
        (SERVICE + "data_rules: {weights: {operators: [own]}, prompts: {jurisdictions: [FR, IE]}}\n",
         "data_rules: no satellite may run workloads.0: inference needs the rule of weights and of prompts"),
        (f"workloads: [{{kind: inference, model: llama-3-8b, share: 0.6}}, {JOB}]\n" + WEIGHTS, "workloads.1: is left without a satellite that rules for data allow"),
        (f"workloads: [{{kind: inference, model: llama-3-70b, pipeline: 2, share: 0.25}}, {JOB}]\n" + PROMPTS,
         "data_rules: workloads.0 and workloads.1 share some satellites, but one of them may use more"),
    ],
)  # fmt: skip
def test_rules_that_leave_too_little(dawndusk: Any, folder: Path, text: str, line: str) -> None:
    assert line in _refused(dawndusk, folder, SHELLS + text)


def test_images_that_may_land_nowhere(dawndusk: Any, folder: Path) -> None:
    text = _stations(LANDING) + SENSING % ""
    assert "data_rules.data: no satellite or site satisfies it; the satellites and sites are in FR, US: write one of them" in _refused(
        dawndusk, folder, text + "data_rules: {data: {jurisdictions: [NO]}}\n"
    )
    assert "data_rules.data: no ground station satisfies it; the stations are in NO, US" in _refused(
        dawndusk, folder, text + "data_rules: {data: {jurisdictions: [FR]}}\n"
    )


# --- several operators at once


def test_jobs_of_two_operators_stay_apart(tmp_path: Path) -> None:
    """By definition: a job on one operator's satellites, copies of a model over two satellites on the other's; neither takes a spare, a member or a link
    of the other."""
    work = f"workloads: [{JOB.replace('}', ', share: 0.25}')}, {{kind: inference, model: llama-3-70b, pipeline: 2, share: 0.25}}]\n"
    rules = "data_rules: {checkpoints: {operators: [own]}, prompts: {jurisdictions: [FR, IE]}}\n"
    outcome = _finished(tmp_path, SHELLS + work + "fleet: {spares: 2, soft_errors: false}\nevents: [2026-03-20T00:02Z lose satellites 0-1]\n" + rules)
    scheduler = outcome.scheduler
    [job], [service] = scheduler.trainings, scheduler.pipelines
    assert all((who < OWN).all() for who in job.initial_ranks)
    assert all((who >= OWN).all() for who in service.members)
    [fleet] = scheduler.fleets
    ranks = fleet.lifecycle.ranks()
    assert all((who < OWN).all() for who in ranks[: job.jobs])
    assert all((who >= OWN).all() for who in ranks[job.jobs :])
    assert not scheduler.excluded.size  # a quarter of the fleet each, and each may use half


def test_a_fleet_that_a_contract_cannot_use(tmp_path: Path) -> None:
    """By hand: the site satisfies the rule, no satellite does: all of nameplate is unplaced, and the service has no satellite."""
    site = "contract: {site: {extends: colossus-1, jurisdiction: DE}, duration: 10 d, demand: {accelerators: 1000}}\n"
    found = _run(tmp_path, SHELLS + SERVICE + site + "data_rules: {weights: {jurisdictions: [DE]}}\n" + QUIET)
    flops, nameplate = _flops(found), found.summary["compute"]["nameplate_flops"]
    assert flops["unplaced"] == pytest.approx(nameplate, rel=1e-9)
    assert found.summary["data_rules"]["flops_excluded"] == pytest.approx(nameplate, rel=1e-12)
    assert found.summary["workloads"][0]["tokens_per_s"] is None
    assert found.summary["ground"]["user_rtt_ms"]["median"] is None
