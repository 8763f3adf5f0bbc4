"""From a scenario's workloads and fleet to a scheduler: roles of satellites, and the parallelism of jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema, workload_params
from sim.config.workload_params import Carrier, relative_speed, service, slowest
from sim.engine import planning
from sim.engine.roles import roles
from sim.fleet import reliability
from sim.fleet.job_lifecycle import JobLifecycle, Policy, Standing
from sim.workload import parallelism, training_step, transformer_memory
from sim.workload.demand import daily_factor
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Transport
from sim.workload.jobs import Asked, InferenceService, JobScheduler, PipelineService, Training, TrainingFleet
from sim.workload.pipeline_links import PipelineLinks
from sim.workload.service import Service

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Part(NamedTuple):
    """A workload on the satellites of one kind, or of all (None)."""

    kind: int | None
    job: schema.Workload
    who: Ints
    stages: int  # satellites that hold one copy of a service's model; 1 for other workloads

    @property
    def has_members(self) -> bool:
        """Whether its jobs, or copies, lose members and get others."""
        return isinstance(self.job, schema.Training) or self.stages > 1


def _stages(job: schema.Workload, types: Sequence[Carrier]) -> int:
    """Satellites that hold one copy of a service's model; 1 for other workloads."""
    return workload_params.stages(job, slowest(types, job.precision)) if isinstance(job, schema.Inference) else 1


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
            One, or one for each type.
        """
        forms = next((f for w, f in zip(self.workloads, self.on_types, strict=False) if w is job), None)
        if forms is None:
            return [_Part(None, job, who, _stages(job, self.types))]
        of = self.type_index[who]
        return [
            _Part(kind, form, who[of == kind], _stages(form, self.types[kind : kind + 1]))
            for kind, form in enumerate(forms) if (of == kind).any()
        ]  # fmt: skip


def policy(job: schema.Training, fleet: schema.Fleet | None, members: int, accelerators: int) -> Policy:
    """Checkpoint and recovery policy of a job.

    A checkpoint is spread over all accelerators of the job, and read back by all of them. The automatic interval
    follows from the mean time between failures of all units of all members.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet or None
        Section `fleet`, with failures and recovery; without it nothing fails.
    members : int
        Satellites of one job.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    Policy
        Interval and durations [s].
    """
    save_s = transformer_memory.checkpoint_bytes(workload_params.model(job.model)) / (members * accelerators * job.checkpoint.rate)
    interval = job.checkpoint.interval
    if interval == "auto":
        mean_s = math.inf
        if fleet is not None and fleet.failures is not None:
            mean_s = fleet.failures.mean_time / (members * fleet.failures.units(accelerators))
        interval_s = reliability.daly_interval_s(save_s, mean_s)
    else:
        interval_s = float(interval)
    detection_s, restart_s = _recovery_s(fleet)
    return Policy(interval_s, save_s, detection_s, restart_s + save_s)


def _recovery_s(fleet: schema.Fleet | None) -> tuple[float, float]:
    """Detection and restart after a failure; 0 where nothing fails."""
    return (0.0, 0.0) if fleet is None else (fleet.recovery.detection, fleet.recovery.restart)


def scheduler(scenario: schema.Scenario, order: Ints, transport: Transport, type_index: Ints) -> JobScheduler:
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
        step_s=scenario.step, epoch=scenario.epoch, stations=[] if scenario.ground is None else scenario.ground.stations,
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
    stages = [_stages(job, work.types) for job in work.workloads] if not work.on_types else []
    assigned = roles(work.workloads, 0 if work.fleet is None else int(work.fleet.spares), order, stages)
    shares = _Shares(work)
    split = [work.parts(job, who) for job, who in assigned.with_workloads(work.workloads)]
    wanted = [part for parts in split for part in parts if part.has_members]
    held = _spares_by_kind(work, [part.kind for part in wanted], assigned.spares)
    shared: dict[int | None, list[_Shared]] = {kind: [] for kind in held}

    def made(part: _Part) -> Training | InferenceService:
        if part.has_members:
            others = [other.who for other in wanted if other.kind == part.kind]  # their satellites may become members
            reachable = np.concatenate((*others, held[part.kind]))
            if isinstance(part.job, schema.Training):
                found = _training(work, part.job, part.who, reachable, transport, shares)
            else:
                found = _pipelines(work, part, reachable, transport, shares)
            shared[part.kind].append(found)
            return found.jobs
        assert isinstance(part.job, schema.Inference)
        carrier = shares.carrier(part.who, part.job.precision)
        return InferenceService(
            service(part.job, carrier), asked(part.job, work), part.who, work.steps, carrier.accelerator.hbm_power_share
        )

    parts = [[made(part) for part in found] for found in split]
    fleets = [_training_fleet(work, jobs, held[kind]) for kind, jobs in shared.items()]
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


def island_policy(plan: ExecutionPlan, fleet: schema.Fleet | None, transport: Transport) -> Policy:
    """Recovery policy of an island: work counts once it is exchanged, and weights come back from another island.

    Parameters
    ----------
    plan : ExecutionPlan
        Plan of each island.
    fleet : Fleet or None
        Section `fleet`, with recovery; without it nothing fails.
    transport : Transport
        Network of the job.

    Returns
    -------
    Policy
        Interval and durations [s]; every satellite fetches its share of weights and optimiser state over its slowest link.
    """
    islands = plan.task.islands
    assert islands is not None
    rates = transport.directed_rate_bit_s
    slowest_bit_s = float(rates[rates > 0.0].min()) if (rates > 0.0).any() else math.inf
    share_bits = 8.0 * transformer_memory.checkpoint_bytes(plan.task.model) / training_step.members(plan.task)
    detection_s, restart_s = _recovery_s(fleet)
    interval_s = max(1.0, islands.inner_steps * plan.step_s) if math.isfinite(plan.step_s) else math.inf
    return Policy(interval_s, 0.0, detection_s, restart_s + share_bits / slowest_bit_s)


class _Shared(NamedTuple):
    """Jobs of a workload that share spares with those of others, and their rights."""

    jobs: Training | PipelineService
    policy: Policy
    priority: int = 0
    reserve: int = 0


def _training(
    work: Work,
    job: schema.Training,
    order: Ints,
    reachable: Ints,
    transport: Transport,
    shares: _Shares,
) -> _Shared:
    """The jobs of a training workload; the slowest satellite that may become a member paces them."""
    satellites = work.type_index.size
    carrier = shares.carrier(reachable, job.precision)
    plan = planning.choose(job, planning.Fleet(carrier, order, transport, satellites))
    ranks = planning.rank_lists(job, plan, order)
    training = Training(
        plan=plan, ranks=ranks, leftover=order[~np.isin(order, np.concatenate(ranks))], satellites=satellites, steps=work.steps,
        step_s=work.step_s, total_tokens=job.tokens, hbm_power_share=carrier.accelerator.hbm_power_share,
    )
    task = plan.task
    used = parallelism.members(task.mesh, task.accelerators)
    rules = policy(job, work.fleet, used, task.accelerators) if task.islands is None else island_policy(plan, work.fleet, transport)
    return _Shared(training, rules, job.priority, int(job.reserve))


def _pipelines(work: Work, part: _Part, reachable: Ints, transport: Transport, shares: _Shares) -> _Shared:
    """The copies of a service's model over neighbouring satellites, chosen for the links of the epoch."""
    job, span, satellites = part.job, part.stages, work.type_index.size
    assert isinstance(job, schema.Inference)
    carrier = shares.carrier(reachable, job.precision)
    ranks = [part.who[n : n + span] for n in range(0, part.who.size - span + 1, span)]
    links = PipelineLinks(satellites).costs(ranks, transport).typical()
    found = service(job, carrier, links)
    jobs = PipelineService(
        service=found, asked=asked(job, work), ranks=ranks, leftover=part.who[len(ranks) * span :], satellites=satellites,
        steps=work.steps, step_s=work.step_s, hbm_share=carrier.accelerator.hbm_power_share,
    )
    return _Shared(jobs, reload_policy(found, work.fleet))


def reload_policy(of: Service, fleet: schema.Fleet | None) -> Policy:
    """Recovery policy of a copy of a model: a satellite that replaces another loads the weights of its stage over a link.

    Parameters
    ----------
    of : Service
        The service.
    fleet : Fleet or None
        Section `fleet`, with recovery; without it nothing fails.

    Returns
    -------
    Policy
        Durations [s]; there are no checkpoints.
    """
    detection_s, restart_s = _recovery_s(fleet)
    return Policy(math.inf, 0.0, detection_s, restart_s + of.weight_bytes * of.hops.byte_s)


def _training_fleet(work: Work, shared: list[_Shared], spares: Ints) -> TrainingFleet:
    """Jobs of workloads with the spares that they share; satellites that fill no job replace members too."""
    policies, standings = [], []
    for n, each in enumerate(shared):
        policies += [each.policy] * each.jobs.jobs
        standings += [Standing(n, each.priority, each.reserve)] * each.jobs.jobs
    satellites, jobs = int(work.type_index.size), [each.jobs for each in shared]
    lifecycle = JobLifecycle(
        [r for j in jobs for r in j.initial_ranks], np.concatenate((spares, *(j.leftover for j in jobs))), policies,
        standings=standings, satellites=satellites,
    )  # fmt: skip
    return TrainingFleet(jobs, lifecycle, spares, satellites, work.step_s)
