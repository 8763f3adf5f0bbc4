"""From a scenario's workloads and fleet to a scheduler: which satellites do what, how jobs are cut, what fails when."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.errors import Origin, bad_input
from sim.config.workload_params import BYTES, Carrier, batch, counts, model, recomputes, service, virtual_stages
from sim.fleet import failures, reliability
from sim.fleet.failures import Change
from sim.fleet.job_lifecycle import JobLifecycle, Policy
from sim.workload import execution_plan, memory_fit, parallelism, transformer
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Transport
from sim.workload.jobs import InferenceService, JobScheduler, Training
from sim.workload.parallelism import Mesh
from sim.workload.training_step import Task

Ints = NDArray[np.int64]


class Work(NamedTuple):
    """What is to be done, on what, for how long."""

    carrier: Carrier
    workloads: list[schema.Workload]
    fleet: schema.Fleet | None
    steps: int
    step_s: float


class Roles(NamedTuple):
    """Satellites by what they do, each in mapping order."""

    training: Ints
    services: list[Ints]  # of each inference workload
    streams: Ints
    spares: Ints
    idle: Ints  # nobody asks for them: shares that do not add up to the fleet


def task(job: schema.Training, satellite: Carrier, mesh: Mesh) -> Task:
    chip = satellite.accelerator
    return Task(
        model(job.model), mesh, batch(job), satellite.accelerators, chip.peak[job.precision], chip.kernel_efficiency,
        job.overlap, job.jitter, chip.interconnect, chip.interconnect_latency, BYTES[job.precision], BYTES[job.precision],
    )  # fmt: skip


def roles(workloads: list[schema.Workload], spares: int, order: Ints) -> Roles:
    """Spares from the end of the mapping order, services evenly spread over it, jobs in a row over what is left."""
    free = list(order[: order.size - spares].tolist())
    wanted = counts(workloads, spares, order.size)
    services: list[Ints] = []
    streams: list[int] = []
    training: list[int] = []
    for job, count in zip(workloads, wanted, strict=True):
        if job.kind == "inference":
            at = (np.arange(count) * len(free)) // max(count, 1)
            services.append(np.array([free[i] for i in at], dtype=np.int64))
            taken = set(at.tolist())
            free = [s for i, s in enumerate(free) if i not in taken]
    for job, count in zip(workloads, wanted, strict=True):
        if job.kind == "training":
            training, free = free[:count], free[count:]
        elif job.kind == "independent":
            streams, free = free[:count], free[count:]
    # what rounding leaves over goes to a stream, or to a job that asks for all there is
    if streams:
        streams, free = streams + free, []
    elif any(job.kind == "training" and job.share is None for job in workloads):
        training, free = training + free, []
    training_, streams_, idle = (np.array(who, dtype=np.int64) for who in (training, streams, free))
    return Roles(training_, services, streams_, order[order.size - spares :], idle)


def changes(scenario: schema.Scenario, satellites: int, lost: list[Change], replica: int = 0) -> list[Change]:
    """Everything that goes down or comes up in the run: listed, drawn, and what the propagator loses."""
    listed = []
    for event in scenario.events:
        target = schema.parse_target(event.target)
        if target is None or event.action == "derate":
            continue
        first, last = target
        at_s = (event.at - scenario.epoch).total_seconds()
        listed += [
            Change(at_s, s, event.action == "restore") for s in range(first, satellites if last == -1 else last + 1)
        ]
    return failures.merge(listed, drawn(scenario.fleet, satellites, scenario.seed, scenario.duration, replica), lost)


def drawn(fleet: schema.Fleet | None, satellites: int, seed: int, duration_s: float, replica: int = 0) -> list[Change]:
    """Random failures and repairs of a run; none where the fleet has none."""
    if fleet is None or fleet.failures is None:
        return []
    repair_s = math.inf if fleet.repair is None else fleet.repair.time
    return failures.exponential(seed, replica, satellites, fleet.failures.mean_time, repair_s, duration_s)


def policy(job: schema.Training, fleet: schema.Fleet, members: int, accelerators: int) -> Policy:
    """How a job saves and recovers; a checkpoint is spread over all its accelerators and comes back the same way."""
    save_s = transformer.checkpoint_bytes(model(job.model)) / (members * accelerators * job.checkpoint.rate)
    interval = job.checkpoint.interval
    if interval == "auto":
        mean_s = math.inf if fleet.failures is None else fleet.failures.mean_time / members
        interval_s = reliability.daly_interval_s(save_s, mean_s)
    else:
        interval_s = float(interval)
    return Policy(interval_s, save_s, fleet.recovery.detection, fleet.recovery.restart + save_s)


def choose(job: schema.Training, satellite: Carrier, order: Ints, transport: Transport, satellites: int) -> ExecutionPlan:
    """Mesh and all-reduce of a job on satellites of the mapping order; the given mesh, or the best that fits."""
    members = min(order.size, job.members or order.size)
    each, memory_bytes = satellite.accelerators, satellite.accelerator.memory
    meshes = parallelism.meshes(model(job.model), each, members) if job.mesh is None else [Mesh(**dict(job.mesh))]
    asked = task(job, satellite, meshes[0])
    candidates = execution_plan.feasible_tasks(asked, meshes, virtual_stages(job), recomputes(job), members, memory_bytes)
    if not candidates and job.mesh is not None:
        candidates = [asked]  # the door checks what people write; a question may ask for what no memory holds
    if not candidates:
        raise bad_input(
            Origin("workloads"), "workloads.training",
            memory_fit.no_fit_message(model(job.model), batch(job), each, members, memory_bytes),
        )  # fmt: skip
    return execution_plan.fastest_plan(candidates, order, members, transport, satellites)


def scheduler(scenario: schema.Scenario, order: Ints, transport: Transport, changed: list[Change]) -> JobScheduler:
    """All jobs of a scenario on satellites in mapping order. Raises InputError where nothing fits."""
    work = Work(scenario.satellite, list(scenario.workloads), scenario.fleet, scenario.steps, scenario.step)
    return scheduler_for(work, order, transport, changed)


def scheduler_for(work: Work, order: Ints, transport: Transport, changed: list[Change]) -> JobScheduler:
    """All jobs on satellites, or nodes, in mapping order. Raises InputError where nothing fits."""
    satellites, fleet = order.size, work.fleet
    spares = 0 if fleet is None else int(fleet.spares)
    found = roles(work.workloads, spares, order)
    chip = work.carrier.accelerator
    trainings = [
        _training(work, job, fleet, found, satellites, transport, changed)
        for job in work.workloads
        if isinstance(job, schema.Training) and fleet is not None
    ]
    services = [
        InferenceService(service(job, work.carrier), job.demand, who, work.steps, chip.hbm_power_share)
        for job, who in zip((w for w in work.workloads if isinstance(w, schema.Inference)), found.services, strict=True)
    ]
    reserve = found.spares[:0] if trainings else found.spares
    return JobScheduler(satellites, work.steps, work.step_s, chip.kernel_efficiency, trainings, services, reserve, found.idle)


def _training(
    work: Work,
    job: schema.Training,
    fleet: schema.Fleet,
    found: Roles,
    satellites: int,
    transport: Transport,
    changed: list[Change],
) -> Training:
    """The jobs of a training workload; spares and satellites that fill no job stand in, the lowest number first."""
    order = found.training
    group = min(order.size, job.members or order.size)
    choice = choose(job, work.carrier, order, transport, satellites)
    used = parallelism.members(choice.task.mesh, work.carrier.accelerators)
    jobs = max(1, order.size // group)
    ranks = [order[g * group : g * group + used] for g in range(jobs)]
    over = [order[g * group + used : (g + 1) * group] for g in range(jobs)] + [order[jobs * group :]]
    leftover = np.concatenate(over).astype(np.int64)
    rules = policy(job, fleet, used, work.carrier.accelerators)
    clock = JobLifecycle(ranks, np.concatenate((found.spares, leftover)), rules, changed, satellites=satellites)
    return Training(choice, clock, found.spares, leftover, satellites, work.steps, work.step_s, job.tokens)
