"""From a scenario's workloads and fleet to a scheduler: roles of satellites, and the parallelism of jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema, workload_params
from sim.config.workload_params import Carrier, counts, relative_speed, service, slowest
from sim.engine import planning
from sim.fleet import reliability
from sim.fleet.job_lifecycle import JobLifecycle, Policy
from sim.workload import parallelism, training_step, transformer_memory
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Transport
from sim.workload.jobs import InferenceService, JobScheduler, Training

Ints = NDArray[np.int64]


class Work(NamedTuple):
    """Workloads, the satellites (or nodes) that run them, and the time grid."""

    types: Sequence[Carrier]
    type_index: Ints  # of each satellite
    workloads: list[schema.Workload]
    fleet: schema.Fleet | None
    steps: int
    step_s: float
    on_types: Sequence[Sequence[schema.Workload] | None] = ()  # of each workload, what it is on satellites of each type;
    # None: it spans types and the slowest one paces

    def parts(self, job: schema.Workload, who: Ints) -> list[tuple[schema.Workload, Ints]]:
        """A workload with its satellites, type by type where it has a form on each."""
        forms = next((f for w, f in zip(self.workloads, self.on_types, strict=False) if w is job), None)
        if forms is None:
            return [(job, who)]
        of = self.type_index[who]
        return [(form, who[of == kind]) for kind, form in enumerate(forms) if (of == kind).any()]


class Roles(NamedTuple):
    """Satellites by role, each in mapping order."""

    training: Ints
    services: list[Ints]  # of each inference workload
    streams: Ints
    spares: Ints
    idle: Ints  # without a workload: shares that do not add up to the fleet


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
    training: list[int] = []
    for job, count in zip(workloads, satellites_of, strict=True):
        if job.kind == "inference":
            positions = (np.arange(count) * len(free)) // max(count, 1)
            services.append(np.array([free[i] for i in positions], dtype=np.int64))
            taken = set(positions.tolist())
            free = [s for i, s in enumerate(free) if i not in taken]
    for job, count in zip(workloads, satellites_of, strict=True):
        if job.kind == "training":
            training, free = free[:count], free[count:]
        elif job.kind == "independent":
            streams, free = free[:count], free[count:]
    # satellites that rounding leaves over go to the independent streams, or to a job without a share
    if streams:
        streams, free = streams + free, []
    elif any(job.kind == "training" and job.share is None for job in workloads):
        training, free = training + free, []
    training_, streams_, idle = (np.array(who, dtype=np.int64) for who in (training, streams, free))
    return Roles(training_, services, streams_, order[order.size - spares :], idle)


def policy(job: schema.Training, fleet: schema.Fleet, members: int, accelerators: int) -> Policy:
    """Checkpoint and recovery policy of a job.

    A checkpoint is spread over all accelerators of the job, and read back by all of them. The automatic interval
    follows from the mean time between failures of all units of all members.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet
        Section `fleet`, with failures and recovery.
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
        if fleet.failures is not None:
            mean_s = fleet.failures.mean_time / (members * fleet.failures.units(accelerators))
        interval_s = reliability.daly_interval_s(save_s, mean_s)
    else:
        interval_s = float(interval)
    return Policy(interval_s, save_s, fleet.recovery.detection, fleet.recovery.restart + save_s)


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
        step_s=scenario.step,
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
    satellites, fleet = order.size, work.fleet
    spares = 0 if fleet is None else int(fleet.spares)
    assigned = roles(work.workloads, spares, order)
    shares = _Shares(work)
    trainings: list[Training] = []
    services: list[InferenceService] = []
    parts, taken = list[int](), [assigned.spares[:0]]
    of_services = iter(assigned.services)
    for job in work.workloads:
        if isinstance(job, schema.Independent) or (isinstance(job, schema.Training) and fleet is None):
            continue
        split = work.parts(job, assigned.training if isinstance(job, schema.Training) else next(of_services))
        parts.append(len(split))
        for form, who in split:
            if isinstance(form, schema.Inference):
                carrier = shares.carrier(who, form.precision)
                hbm_share = carrier.accelerator.hbm_power_share
                services.append(InferenceService(service(form, carrier), form.demand, who, work.steps, hbm_share))
            elif isinstance(form, schema.Training) and fleet is not None:
                ready = assigned.spares
                if len(split) > 1:
                    ready = ready[np.isin(work.type_index[ready], work.type_index[who])]
                taken.append(ready)
                trainings.append(_training(work, form, fleet, who, ready, transport, shares))
    reserve = assigned.spares[~np.isin(assigned.spares, np.concatenate(taken))]
    return JobScheduler(
        satellites=satellites, steps=work.steps, step_s=work.step_s, trainings=trainings, services=services,
        reserve=reserve, idle=assigned.idle, share=shares.values, weight=weight, parts=parts,
    )


def island_policy(plan: ExecutionPlan, fleet: schema.Fleet, transport: Transport) -> Policy:
    """Recovery policy of an island: work counts once it is exchanged, and weights come back from another island.

    Parameters
    ----------
    plan : ExecutionPlan
        Plan of each island.
    fleet : Fleet
        Section `fleet`, with recovery.
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
    restart_s = fleet.recovery.restart + share_bits / slowest_bit_s
    interval_s = max(1.0, islands.inner_steps * plan.step_s) if math.isfinite(plan.step_s) else math.inf
    return Policy(interval_s, 0.0, fleet.recovery.detection, restart_s)


def _training(
    work: Work,
    job: schema.Training,
    fleet: schema.Fleet,
    order: Ints,
    spares: Ints,
    transport: Transport,
    shares: _Shares,
) -> Training:
    """The jobs of a training workload; spares and satellites that fill no job replace members, the lowest number first."""
    satellites = work.type_index.size
    carrier = shares.carrier(np.concatenate((order, spares)), job.precision)
    plan = planning.choose(job, planning.Fleet(carrier, order, transport, satellites))
    used = parallelism.members(plan.task.mesh, carrier.accelerators)
    islands, ranks = plan.task.islands, planning.rank_lists(job, plan, order)
    leftover = order[~np.isin(order, np.concatenate(ranks))]
    rules = policy(job, fleet, used, carrier.accelerators) if islands is None else island_policy(plan, fleet, transport)
    lifecycle = JobLifecycle(ranks, np.concatenate((spares, leftover)), rules, satellites=satellites)
    return Training(
        plan=plan, lifecycle=lifecycle, spares=spares, leftover=leftover, satellites=satellites,
        steps=work.steps, step_s=work.step_s, total_tokens=job.tokens, hbm_power_share=carrier.accelerator.hbm_power_share,
    )
