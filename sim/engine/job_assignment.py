"""From a scenario's workloads and fleet to a scheduler: roles of satellites, and the parallelism of jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.workload_params import Carrier, counts, relative_speed, service, slowest
from sim.engine import planning
from sim.engine.recovery_policy import copy_s, island_policy, policy
from sim.engine.replanning import Planned, Replanner
from sim.fleet.elastic import Replicas
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy, Standing
from sim.workload import parallelism
from sim.workload.demand import daily_factor
from sim.workload.job_communication import Transport
from sim.workload.jobs import Asked, InferenceService, JobScheduler, Training, TrainingFleet

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Part(NamedTuple):
    """A workload on the satellites of one kind, or of all (None)."""

    kind: int | None
    job: schema.Workload
    who: Ints


class Work(NamedTuple):
    """Workloads, the satellites (or nodes) that run them, and the time grid."""

    types: Sequence[Carrier]
    type_index: Ints  # of each satellite
    workloads: list[schema.Workload]
    fleet: schema.Fleet | None
    steps: int
    step_s: float
    epoch: datetime
    stations: Sequence[schema.Station]  # with users
    on_types: Sequence[Sequence[schema.Workload] | None] = ()  # of each workload, what it is on satellites of each type;
    # None: it spans types and the slowest one paces
    row: Ints | None = None  # plane, or row of a formation, of each satellite

    def parts(self, job: schema.Workload, who: Ints) -> list[_Part]:
        """A workload with its satellites, type by type where it has a form on each.

        Parameters
        ----------
        job : Workload
            The workload.
        who : ndarray of int64
            Its satellites.

        Returns
        -------
        list of _Part
            Parts that together have all these satellites.
        """
        forms = next((f for w, f in zip(self.workloads, self.on_types, strict=False) if w is job), None)
        if forms is None:
            return [_Part(None, job, who)]
        of = self.type_index[who]
        return [_Part(kind, form, who[of == kind]) for kind, form in enumerate(forms) if (of == kind).any()]


class Roles(NamedTuple):
    """Satellites by role, each in mapping order."""

    trainings: list[Ints]  # of each training workload
    services: list[Ints]  # of each inference workload
    streams: Ints
    spares: Ints
    idle: Ints  # without a workload: shares that do not add up to the fleet

    def with_workloads(self, workloads: Sequence[schema.Workload]) -> list[tuple[schema.Workload, Ints]]:
        """Training and inference workloads with their satellites.

        Parameters
        ----------
        workloads : sequence of Workload
            Workloads of the scenario, as they were given to `roles`.

        Returns
        -------
        list of (Workload, ndarray of int64)
            Without independent workloads, which are no jobs.
        """
        of = {"training": iter(self.trainings), "inference": iter(self.services)}
        return [(work, next(of[work.kind])) for work in workloads if work.kind in of]


def roles(workloads: list[schema.Workload], spares: int, order: Ints) -> Roles:
    """Assign satellites to workloads.

    Spares come from the end of the mapping order, services are evenly spread over the rest, jobs and independent
    streams are contiguous.

    Parameters
    ----------
    workloads : list of Workload
        Workloads of the scenario.
    spares : int
        Satellites in reserve, less than all.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.

    Returns
    -------
    Roles
        Satellites by role, each in mapping order.
    """
    free = list(order[: order.size - spares].tolist())
    satellites_of = counts(workloads, spares, order.size)
    services: list[Ints] = []
    streams: list[int] = []
    training: list[list[int]] = []
    for job, count in zip(workloads, satellites_of, strict=True):
        if job.kind == "inference":
            positions = (np.arange(count) * len(free)) // max(count, 1)
            services.append(np.array([free[i] for i in positions], dtype=np.int64))
            taken = set(positions.tolist())
            free = [s for i, s in enumerate(free) if i not in taken]
    for job, count in zip(workloads, satellites_of, strict=True):
        if job.kind == "training":
            training.append(free[:count])
            free = free[count:]
        elif job.kind == "independent":
            streams, free = free[:count], free[count:]
    # satellites that rounding leaves over go to the independent streams, or to a job without a share
    if streams:
        streams, free = streams + free, []
    elif open_ := [n for n, job in enumerate(job for job in workloads if job.kind == "training") if job.share is None]:
        training[open_[-1]] += free
        free = []
    trainings = [np.array(who, dtype=np.int64) for who in training]
    streams_, idle = (np.array(who, dtype=np.int64) for who in (streams, free))
    return Roles(trainings, services, streams_, order[order.size - spares :], idle)


def scheduler(
    scenario: schema.Scenario, order: Ints, transport: Transport, type_index: Ints, row: Ints | None = None
) -> JobScheduler:
    """Scheduler of all workloads of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.
    transport : Transport
        Network of the jobs.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite, an index into `Scenario.types`.
    row : ndarray of int64, shape (satellites,), optional
        Plane, or row of a formation, of each satellite.

    Returns
    -------
    JobScheduler
        The scheduler at the epoch.

    Raises
    ------
    InputError
        If a job fits no mesh.
    """
    types, workloads = scenario.types, list(scenario.workloads)
    work = Work(
        types=types, type_index=type_index, workloads=workloads, fleet=scenario.fleet, steps=scenario.steps,
        step_s=scenario.step, epoch=scenario.epoch, stations=[] if scenario.ground is None else scenario.ground.stations, row=row,
    )
    peaks = np.array([t.accelerators * t.accelerator.peak[scenario.reference_precision] for t in types])
    return scheduler_for(work, order, transport, (peaks / peaks[0])[type_index])


class _Shares:
    """Of each satellite, the arithmetic rate of its job's pacing satellite over its own."""

    def __init__(self, work: Work) -> None:
        self.work, self.values = work, np.ones(work.type_index.size)

    def carrier(self, who: Ints, precision: str) -> Carrier:
        """The satellite that paces a job of these satellites; notes how their own rates compare with it."""
        kinds = np.unique(self.work.type_index[who]) if who.size else np.zeros(1, dtype=np.int64)
        carrier = slowest([self.work.types[kind] for kind in kinds], precision)
        for kind in kinds:
            mine = who[self.work.type_index[who] == kind]
            self.values[mine] = relative_speed(carrier, self.work.types[kind], precision)
        return carrier


def asked(job: schema.Inference, work: Work) -> Asked:
    """Demand on a service over the run.

    Parameters
    ----------
    job : schema.Inference
        Validated section of the scenario.
    work : Work
        Time grid and stations.

    Returns
    -------
    Asked
        Tokens in each step, by the local time of the stations in its middle.
    """
    if job.demand is None:
        return Asked(None, job.admission == "all", job.turns)
    tokens_per_s: Floats = np.full(work.steps, job.demand)
    if job.daily is not None and work.stations:
        start_h = work.epoch.hour + work.epoch.minute / 60.0 + work.epoch.second / 3600.0
        utc_h = np.asarray(start_h + (np.arange(work.steps) + 0.5) * work.step_s / 3600.0, dtype=np.float64)
        longitude_rad, users = (np.array([getattr(s, name) for s in work.stations]) for name in ("longitude", "users"))
        tokens_per_s = tokens_per_s * daily_factor(job.daily.profile, longitude_rad, users, utc_h)
    return Asked(tokens_per_s, job.admission == "all", job.turns)


def scheduler_for(
    work: Work, order: Ints, transport: Transport, weight: NDArray[np.float64] | None = None
) -> JobScheduler:
    """Scheduler of all workloads on satellites, or on nodes on the ground.

    Parameters
    ----------
    work : Work
        Workloads, hardware and time grid.
    order : ndarray of int64, shape (satellites,)
        Satellites, or nodes, in mapping order.
    transport : Transport
        Network of the jobs.
    weight : ndarray, shape (satellites,), optional
        Nameplate of each satellite over that of the reference type; by default 1.

    Returns
    -------
    JobScheduler
        The scheduler at the epoch.

    Raises
    ------
    InputError
        If a job fits no mesh.
    """
    assigned = roles(work.workloads, 0 if work.fleet is None else int(work.fleet.spares), order)
    shares = _Shares(work)
    split = [work.parts(job, who) for job, who in assigned.with_workloads(work.workloads)]
    wanted = [part for parts in split for part in parts if isinstance(part.job, schema.Training)]
    held = _spares_by_kind(work, [part.kind for part in wanted], assigned.spares)
    trainings: dict[int | None, list[Planned]] = {kind: [] for kind in held}

    def made(part: _Part) -> Training | InferenceService:
        if isinstance(part.job, schema.Training):
            others = [other.who for other in wanted if other.kind == part.kind]  # their satellites may become members
            found = _training(work, part.job, part.who, np.concatenate((*others, held[part.kind])), transport, shares)
            trainings[part.kind].append(found)
            return found.training
        assert isinstance(part.job, schema.Inference)
        carrier = shares.carrier(part.who, part.job.precision)
        return InferenceService(
            service(part.job, carrier), asked(part.job, work), part.who, work.steps, carrier.accelerator.hbm_power_share
        )

    parts = [[made(part) for part in found] for found in split]
    fleets = [_training_fleet(work, planned, held[kind], transport) for kind, planned in trainings.items()]
    reserve = assigned.spares[~np.isin(assigned.spares, np.concatenate([assigned.spares[:0], *held.values()]))]
    return JobScheduler(
        satellites=work.type_index.size, steps=work.steps, step_s=work.step_s, fleets=fleets, parts=parts, reserve=reserve,
        idle=assigned.idle, share=shares.values, weight=weight,
    )  # fmt: skip


def _spares_by_kind(work: Work, kinds: Sequence[int | None], spares: Ints) -> dict[int | None, Ints]:
    """Spares of the jobs on each kind of satellites; jobs that span kinds (None) have those of all kinds without own jobs."""
    held: dict[int | None, Ints] = {}
    of = work.type_index[spares]
    for kind in dict.fromkeys(kinds):
        own = [k for k in kinds if k is not None]
        held[kind] = spares[~np.isin(of, own)] if kind is None else spares[of == kind]
    return held


def _training(
    work: Work,
    job: schema.Training,
    order: Ints,
    reachable: Ints,
    transport: Transport,
    shares: _Shares,
) -> Planned:
    """The jobs of a training workload; the slowest satellite that may become a member paces them."""
    satellites = work.type_index.size
    carrier = shares.carrier(reachable, job.precision)
    fleet = planning.Fleet(carrier, order, transport, satellites, work.row)
    plan = planning.choose(job, fleet)
    ranks = planning.rank_lists(job, plan, fleet)
    training = Training(
        plan=plan, ranks=ranks, leftover=order[~np.isin(order, np.concatenate(ranks))], satellites=satellites, steps=work.steps,
        step_s=work.step_s, total_tokens=job.tokens, hbm_power_share=carrier.accelerator.hbm_power_share,
    )  # fmt: skip
    return Planned(job, training, fleet)


def _training_fleet(work: Work, planned: list[Planned], spares: Ints, transport: Transport) -> TrainingFleet:
    """Jobs of training workloads with the spares that they share; satellites that fill no job replace members too."""
    policies: list[Policy] = []
    standings: list[Standing] = []
    elastic: list[Replicas] = []
    for n, (job, training, _) in enumerate(planned):
        task = training.task
        used = parallelism.members(task.mesh, task.accelerators)
        rules = (
            policy(job, work.fleet, used, task.accelerators) if task.islands is None else island_policy(training.plan, work.fleet, transport)
        )
        if job.elastic is not None:
            replicas = tuple(range(len(policies), len(policies) + training.jobs))
            least = max(1, math.ceil(job.elastic.least * training.jobs - 1e-9))
            elastic.append(Replicas(replicas, job.elastic.grace, least, copy_s(training.plan, transport)))
        policies += [rules] * training.jobs
        standings += [Standing(n, job.priority, int(job.reserve))] * training.jobs
    satellites, trainings = int(work.type_index.size), [each.training for each in planned]
    lifecycle = JobLifecycle(
        [r for t in trainings for r in t.initial_ranks], np.concatenate((spares, *(t.leftover for t in trainings))), policies,
        standings=standings, elastic=elastic, satellites=satellites,
    )  # fmt: skip
    replanner = Replanner(planned, work.fleet, int(spares.size), work.steps * work.step_s)
    return TrainingFleet(trainings, lifecycle, spares, satellites, work.step_s, replanner if replanner.watches else None)
