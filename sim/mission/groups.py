"""Satellites of a run by what they do, with the rules by which their jobs stop and go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.engine.recovery_policy import recovery_s
from sim.engine.replanning import Replanner, paces
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import KeptCopies
from sim.schema import CAUSES
from sim.spacecraft.step import ROWS
from sim.workload.jobs import JobScheduler, Training

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SPARE = CAUSES.index("spare")
IDLE = [SPARE, CAUSES.index("unplaced"), CAUSES.index("demand")]  # of satellites without a part in a job


class Part(NamedTuple):
    """A part of a job that stops as a whole: a job of synchronous training, an island, a replica, or a copy of a model."""

    members: Ints
    spares: Ints  # satellites that take the ranks of members that are lost


class Rules(NamedTuple):
    """How the parts of a job stop and go on, times [s]."""

    interval_s: float  # between two commits of work, saving included
    recovery_s: float  # from a failure to work again, without what is done again
    quorum: int = 1  # parts that must run for any of them to go on
    pace: tuple[float, ...] = ()  # by number of members, from 0 to all; without it, all are needed
    patience_s: float = 0.0  # before it goes on with fewer members
    kept: KeptCopies | None = None  # copies of checkpoints; None: they survive every failure


class Group(NamedTuple):
    """Satellites that do the same."""

    name: str
    workload: int | None  # number of the workload in the scenario; None: no workload
    parts: tuple[Part, ...]  # none: each satellite works by itself
    others: Ints  # satellites in no part
    rules: Rules | None = None

    @property
    def members(self) -> Ints:
        """Satellites whose day says what the group does: members of its parts, or all."""
        return np.concatenate([part.members for part in self.parts]) if self.parts else self.others

    @property
    def satellites(self) -> Ints:
        """All satellites, in the order of their places: those of each part, its spares, then the others."""
        return np.concatenate([*(np.concatenate((part.members, part.spares)) for part in self.parts), self.others]).astype(np.int64)


def without_spares(found: Sequence[Group]) -> list[Group]:
    """The same groups, where no satellite takes the rank of a member that is lost.

    Parameters
    ----------
    found : sequence of Group
        The groups.

    Returns
    -------
    list of Group
        Their spares are in no part.
    """
    return [
        group._replace(
            parts=tuple(part._replace(spares=part.spares[:0]) for part in group.parts),
            others=np.concatenate([*(part.spares for part in group.parts), group.others]).astype(np.int64),
        )
        for group in found
    ]  # fmt: skip


def groups(outcome: Outcome, with_paces: bool = True) -> list[Group]:
    """Groups of a run; each satellite is in one.

    Parameters
    ----------
    outcome : Outcome
        The run.
    with_paces : bool, optional
        Whether jobs are planned with fewer members, which takes seconds.

    Returns
    -------
    list of Group
        Jobs with their spares, then services and sensors, independent work, and satellites without work.
    """
    everyone = np.arange(outcome.satellites)
    scheduler = outcome.scheduler
    if scheduler is None:
        return [Group("independent", _independent(outcome), (), everyone)]
    numbers = _numbers(outcome)
    found = _jobs(outcome, scheduler, numbers, with_paces)
    for service in scheduler.independent_services:
        found.append(Group(_name(outcome, numbers[id(service)]), numbers[id(service)], (), service.who))
    for sensing in scheduler.sensings:
        found.append(Group(_name(outcome, numbers[id(sensing)]), numbers[id(sensing)], (), sensing.who))
    for name, who in (("reserve", scheduler.reserve), ("unplaced", np.concatenate((scheduler.idle, scheduler.unplaced)))):
        if who.size:
            found.append(Group(name, None, (), np.unique(who)))
    taken = np.concatenate([group.satellites for group in found]) if found else everyone[:0]
    rest = np.setdiff1d(everyone, taken)
    return [*found, Group("independent", _independent(outcome), (), rest)] if rest.size else found


def meshes(outcome: Outcome) -> dict[int, dict[str, int | None]]:
    """Degrees of parallelism of training jobs without islands, by number of the workload.

    Parameters
    ----------
    outcome : Outcome
        The run.

    Returns
    -------
    dict of int to dict
        Values of `mesh`, as a workload of a scenario has them.
    """
    scheduler, found = outcome.scheduler, dict[int, dict[str, int | None]]()
    for fleet in [] if scheduler is None else scheduler.fleets:
        for work in fleet.trainings:
            if isinstance(work, Training) and work.task.islands is None:
                found[_numbers(outcome)[id(work)]] = work.task.mesh._asdict() | {"stages": work.task.mesh.stages or None}
    return found


def _numbers(outcome: Outcome) -> dict[int, int]:
    """Number of the workload in the scenario of each job or service, by its identity."""
    assert outcome.scheduler is not None
    listed = [n for n, w in enumerate(outcome.loaded.scenario.workloads) if w.kind != "independent"]
    return {id(one): n for n, part in zip(listed, outcome.scheduler.parts, strict=True) for one in part}


def _independent(outcome: Outcome) -> int | None:
    return next((n for n, w in enumerate(outcome.loaded.scenario.workloads) if w.kind == "independent"), None)


def _name(outcome: Outcome, number: int) -> str:
    work = outcome.loaded.scenario.workloads[number]
    model = getattr(work, "model", None)
    return work.kind if model is None else f"{work.kind} {model.name}"


def _jobs(outcome: Outcome, scheduler: JobScheduler, numbers: dict[int, int], with_paces: bool) -> list[Group]:
    """Groups of jobs with members; spares that several share are dealt out evenly."""
    found = []
    restart_s = recovery_s(outcome.loaded.scenario.fleet)[1]
    for fleet in scheduler.fleets:
        counts = [work.jobs for work in fleet.trainings]
        ranks = [np.array(r, dtype=np.int64) for work in fleet.trainings for r in work.initial_ranks]
        pool = np.setdiff1d(fleet.all_satellites, np.concatenate(ranks))
        shared = [pool[n :: len(ranks)] for n in range(len(ranks))]
        first = 0
        for work, count in zip(fleet.trainings, counts, strict=True):
            parts = tuple(Part(ranks[n], shared[n]) for n in range(first, first + count))
            lifecycle, number = fleet.lifecycle, numbers[id(work)]
            assert isinstance(lifecycle, JobLifecycle)
            policy = lifecycle.policy(first)
            interval_s = policy.checkpoint_interval_s + policy.checkpoint_s
            if not isinstance(work, Training):
                interval_s = 1.0  # requests in flight are lost, and nothing else
            rules = Rules(interval_s, policy.detection_s + policy.restart_s, lifecycle.least_running(first))
            if policy.kept is not None:
                rules = rules._replace(interval_s=policy.kept.cycle_s, recovery_s=policy.detection_s + restart_s, kept=policy.kept)
            watch = fleet.replanning.watch_of(first) if isinstance(fleet.replanning, Replanner) else None
            if watch is not None and with_paces:
                rules = rules._replace(pace=tuple(paces(watch.planned)), patience_s=watch.after_s)
            found.append(Group(_name(outcome, number), number, parts, pool[:0], rules))
            first += count
    return found


def shares_by_cause(outcome: Outcome, found: Sequence[Group], with_spares: bool = False) -> Array:
    """What becomes of the nameplate of each group in a run, by cause.

    Parameters
    ----------
    outcome : Outcome
        The run.
    found : sequence of Group
        Its groups.
    with_spares : bool, optional
        Whether to add what spares do that take the rank of a member, in place of their reserve; those that never do are left out.

    Returns
    -------
    ndarray, shape (groups, causes)
        Shares of the nameplate of the members, in the order of `CAUSES`; they sum to 1.
    """
    shares = np.zeros((len(found), len(CAUSES)))
    for g, group in enumerate(found):
        whole_s = group.members.size * outcome.grid.duration_s
        _add_shares(shares[g], outcome, group.members, whole_s)
        if with_spares and outcome.scheduler is not None:
            spares, ledger = np.setdiff1d(group.satellites, group.members), outcome.scheduler.ledger
            by_jobs_s = ledger.own_s[:, spares] + ledger.induced_s[:, spares]
            busy = spares[np.delete(by_jobs_s, IDLE, axis=0).sum(axis=0) > 0.0]
            added = np.zeros(len(CAUSES))
            _add_shares(added, outcome, busy, whole_s)
            reserve = added[IDLE].sum() - busy.size / group.members.size
            added[IDLE], added[SPARE] = 0.0, reserve  # a satellite of a job that works and is no member is a spare over the years
            shares[g] += added
    return shares


def _add_shares(shares: Array, outcome: Outcome, who: Ints, whole_s: float) -> None:
    """Add what becomes of some satellites, by cause, over a time."""
    for cause, row in ROWS.ledger.items():
        shares[CAUSES.index(cause)] += math.fsum(outcome.carry[row][who]) / whole_s
    if outcome.scheduler is not None:
        ledger = outcome.scheduler.ledger
        shares += (ledger.own_s[:, who] + ledger.induced_s[:, who]).sum(axis=1) / whole_s
