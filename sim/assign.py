"""From a scenario's workloads and fleet to a crew: which satellites do what, how jobs are cut, what fails when."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import spec, traffic
from sim.errors import Origin, bad_input
from sim.fleet import failures, reliability
from sim.fleet.failures import Change
from sim.fleet.gangs import Gangs, Policy
from sim.jobs import Crew, Serving, Training
from sim.traffic import Choice, Wires
from sim.workload import inference, parallelism, transformer
from sim.workload.inference import Service
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training import Task
from sim.workload.transformer import Model

Ints = NDArray[np.int64]
BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "fp32": 4.0}  # of one number


class Roles(NamedTuple):
    """Satellites by what they do, each in mapping order."""

    training: Ints
    services: list[Ints]  # of each inference workload
    streams: Ints
    spares: Ints


def model(told: spec.LanguageModel) -> Model:
    return Model(
        told.parameters, told.layers, told.hidden, told.heads, told.kv_heads, told.head_size, told.ffn, told.vocabulary
    )


def batch(job: spec.Training) -> Batch:
    """What one training step works on; at least one sequence."""
    sequences = max(1, round(job.global_batch / job.sequence_length))
    return Batch(job.sequence_length, job.micro_batch, sequences, job.recompute)


def task(job: spec.Training, satellite: spec.Satellite, mesh: Mesh) -> Task:
    chip = satellite.accelerator
    return Task(
        model(job.model), mesh, batch(job), satellite.accelerators, chip.peak[job.precision], chip.kernel_efficiency,
        job.overlap, job.jitter, chip.interconnect, chip.interconnect_latency, BYTES[job.precision], BYTES[job.precision],
    )  # fmt: skip


def service(job: spec.Inference, satellite: spec.Satellite) -> Service:
    """The service with its tensor group and batch chosen where the scenario leaves them open."""
    chip = satellite.accelerator
    each = BYTES[job.precision]

    def with_tensor(tensor: int) -> Service:
        made = Service(
            model(job.model), tensor, satellite.accelerators, job.batch or 1, job.input_tokens, job.output_tokens,
            chip.peak[job.precision], chip.kernel_efficiency, chip.memory_bandwidth, chip.memory, job.memory_use,
            chip.interconnect, chip.interconnect_latency, each, each, each,
        )  # fmt: skip
        return made if job.batch else made._replace(batch=max(1, inference.max_batch(made)))

    if job.tensor is not None:
        return with_tensor(job.tensor)
    tensor = 1
    while inference.service_problem(with_tensor(tensor)) and tensor < satellite.accelerators:
        tensor += 1
    return with_tensor(tensor)


def counts(workloads: list[spec.Workload], spares: int, satellites: int) -> list[int]:
    """Satellites of each workload: shares of the fleet rounded down, the rest to those without a share, evenly."""
    shares = [None if isinstance(w, spec.Stream) else w.share for w in workloads]
    given = [None if share is None else math.floor(share * satellites + 1e-9) for share in shares]
    left = satellites - spares - sum(n for n in given if n is not None)
    open_ = sum(n is None for n in given)
    return [n if n is not None else max(0, left) // max(1, open_) for n in given]


def roles(workloads: list[spec.Workload], spares: int, order: Ints) -> Roles:
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
        elif job.kind == "stream":
            streams, free = free[:count], free[count:]
    # what rounding leaves over goes to the stream, or waits in vain for a job
    if streams:
        streams += free
    else:
        training += free
    return Roles(
        np.array(training, dtype=np.int64), services, np.array(streams, dtype=np.int64), order[order.size - spares :]
    )


def changes(scenario: spec.Scenario, satellites: int, lost: list[Change], replica: int = 0) -> list[Change]:
    """Everything that goes down or comes up in the run: listed, drawn, and what the propagator loses."""
    listed = []
    for event in scenario.events:
        target = spec.parse_target(event.target)
        if target is None or event.action == "derate":
            continue
        first, last = target
        at_s = (event.at - scenario.epoch).total_seconds()
        listed += [
            Change(at_s, s, event.action == "restore") for s in range(first, satellites if last == -1 else last + 1)
        ]
    fleet = scenario.fleet
    drawn: list[Change] = []
    if fleet is not None and fleet.failures is not None:
        repair_s = math.inf if fleet.repair is None else fleet.repair.time
        drawn = failures.exponential(
            scenario.seed, replica, satellites, fleet.failures.mean_time, repair_s, scenario.duration
        )
    return failures.merge(listed, drawn, lost)


def policy(job: spec.Training, fleet: spec.Fleet, members: int) -> Policy:
    """How a job saves and recovers; a checkpoint is spread over its satellites and comes back the same way."""
    save_s = transformer.checkpoint_bytes(model(job.model)) / members / job.checkpoint.rate
    interval = job.checkpoint.interval
    if interval == "auto":
        mean_s = math.inf if fleet.failures is None else fleet.failures.mean_time / members
        interval_s = reliability.daly_interval_s(save_s, mean_s)
    else:
        interval_s = float(interval)
    return Policy(interval_s, save_s, fleet.recovery.detection, fleet.recovery.restart + save_s)


def choose(job: spec.Training, satellite: spec.Satellite, order: Ints, wires: Wires, satellites: int) -> Choice:
    """Mesh and all-reduce of a job on satellites of the mapping order; the given mesh, or the best that fits."""
    members = min(order.size, job.members or order.size)
    chip, shape = satellite.accelerator, batch(job)
    if job.mesh is not None:
        candidates = [Mesh(job.mesh.tensor, job.mesh.pipeline, job.mesh.data)]
    else:
        candidates = traffic.feasible(model(job.model), shape, satellite.accelerators, members, chip.memory)
    if not candidates:
        raise bad_input(
            Origin("workloads"), "workloads.training",
            parallelism.nothing_fits(model(job.model), shape, satellite.accelerators, members, chip.memory),
        )  # fmt: skip
    return traffic.best(task(job, satellite, candidates[0]), candidates, order, members, wires, satellites)


def crew(scenario: spec.Scenario, order: Ints, wires: Wires, changed: list[Change]) -> Crew:
    """All jobs of a scenario on satellites in mapping order. Raises InputError where nothing fits."""
    satellites, steps, step_s = order.size, scenario.steps, scenario.step
    fleet = scenario.fleet
    spares = 0 if fleet is None else int(fleet.spares)
    found = roles(list(scenario.workloads), spares, order)
    chip = scenario.satellite.accelerator
    trainings, idle = [], []
    for job in scenario.workloads:
        if not isinstance(job, spec.Training) or fleet is None:
            continue
        made, left = _training(scenario, job, fleet, found, satellites, wires, changed)
        trainings.append(made)
        idle.append(left)
    if not trainings:
        idle += [found.training, found.spares]
    services = [
        Serving(service(job, scenario.satellite), job.demand, who, steps, chip.hbm_power_share)
        for job, who in zip(
            (w for w in scenario.workloads if isinstance(w, spec.Inference)), found.services, strict=True
        )
    ]
    unplaced = np.concatenate([*idle, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    return Crew(satellites, steps, step_s, chip.kernel_efficiency, trainings, services, unplaced)


def _training(
    scenario: spec.Scenario,
    job: spec.Training,
    fleet: spec.Fleet,
    found: Roles,
    satellites: int,
    wires: Wires,
    changed: list[Change],
) -> tuple[Training, Ints]:
    """The jobs of a training workload, and satellites that are in none."""
    order = found.training
    group = min(order.size, job.members or order.size)
    choice = choose(job, scenario.satellite, order, wires, satellites)
    used = parallelism.members(choice.task.mesh, scenario.satellite.accelerators)
    jobs = max(1, order.size // group)
    ranks = [order[g * group : g * group + used] for g in range(jobs)]
    idle = [order[g * group + used : (g + 1) * group] for g in range(jobs)] + [order[jobs * group :]]
    clock = Gangs(ranks, found.spares, policy(job, fleet, used), changed, satellites=satellites)
    made = Training(choice, clock, found.spares, satellites, scenario.steps, scenario.step, job.tokens)
    return made, np.concatenate(idle)
