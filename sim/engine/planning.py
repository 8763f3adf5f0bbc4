"""Execution plans of the training workloads of a scenario: of one job, of islands that exchange weights, or of elastic replicas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema, workload_params
from sim.config.errors import InputError, Origin, bad_input
from sim.config.workload_params import Carrier
from sim.memo import Memo
from sim.workload import diloco, execution_plan, memory_fit, parallelism, training_step
from sim.workload.execution_plan import Choices, ExecutionPlan
from sim.workload.job_communication import JobCommunication, Transport
from sim.workload.kernels import ELEMENT_BYTES
from sim.workload.parallelism import Mesh
from sim.workload.training_step import Islands, StepTime, Task

Ints = NDArray[np.int64]
PLANS: Memo[list[ExecutionPlan]] = Memo(1_000_000)  # plans that earlier runs of this process had
SHORT_DELAY_S = 1e-4  # less than any micro-batch takes: one in flight hides it
REPLICAS_COST = 0.01  # share of the tokens a second that more replicas may cost: the loss of one of them costs less


class Fleet(NamedTuple):
    """Satellites of a workload, and the network of their job."""

    carrier: Carrier  # the satellite that paces the job
    order: Ints  # satellites of the workload, neighbours next to each other
    transport: Transport
    satellites: int  # of the whole fleet
    row: Ints | None = None  # plane, or row of a formation, of each satellite of the whole fleet


def task(job: schema.Training, satellite: Carrier, mesh: Mesh, islands: Islands | None = None) -> Task:
    """Task of a training workload on one mesh.

    Parameters
    ----------
    job : Training
        The workload.
    satellite : Carrier
        Satellite, or node on the ground, with its accelerators.
    mesh : Mesh
        Degrees of parallelism.
    islands : Islands, optional
        Islands, each of which is such a task.

    Returns
    -------
    Task
        Model, batch, mesh and hardware of the job.
    """
    chip = satellite.accelerator
    return Task(
        model=workload_params.model(job.model), mesh=mesh,
        batch=workload_params.batch(job, 1 if islands is None else islands.islands), accelerators=satellite.accelerators,
        peak_flops=chip.peak[job.precision], kernels=workload_params.kernels(chip), fabric=workload_params.fabric(chip),
        overlap=job.overlap, jitter=job.jitter, precision=job.precision, grad_bytes=ELEMENT_BYTES[job.gradient_precision], islands=islands,
    )  # fmt: skip


def contexts(job: schema.Training) -> tuple[int, ...]:
    """Context degrees that may be tried: only long sequences are split.

    Parameters
    ----------
    job : Training
        The workload.

    Returns
    -------
    tuple of int
        Powers of two that leave each accelerator at least 8,192 tokens of a sequence.
    """
    return tuple(1 << i for i in range(8) if job.sequence_length >= 8192 << i) or (1,)


def ranked(job: schema.Training, fleet: Fleet, count: int, islands: Islands | None = None) -> list[ExecutionPlan]:
    """Fastest plans of a job, or of each island of a job.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet
        Satellites and network; the first island is on the first satellites.
    count : int
        Number of plans.
    islands : Islands, optional
        Islands of the job.

    Returns
    -------
    list of ExecutionPlan
        The fastest first, at least one.

    Raises
    ------
    InputError
        If no mesh fits into memory.
    """
    size = members(job, fleet, islands)
    chip, each = fleet.carrier.accelerator, int(fleet.carrier.accelerators)
    fit = workload_params.fit(job, each, size, chip.memory, 1 if islands is None else islands.islands)
    meshes = (
        parallelism.meshes(fit.model, each, size, chip.fabric.domain, contexts(job))
        if job.mesh is None
        else [workload_params.mesh(job.mesh)]
    )
    if not meshes:
        raise bad_input(Origin("workloads"), "workloads.training", memory_fit.no_fit_message(fit))
    first = task(job, fleet.carrier, meshes[0], islands)
    in_flight, delay_s = workload_params.in_flight(job), fleet.transport.directed_delay_s
    if delay_s.size == 0 or float(delay_s.max()) < SHORT_DELAY_S:
        in_flight = in_flight[:1]
    choices = Choices(
        workload_params.virtual_stages(job), workload_params.zero_stages(job), in_flight, fit.recomputed, fewer_replicas=job.mesh is None
    )
    transport, satellites = fleet.transport, fleet.satellites
    sharing = groups(job, fleet, islands)

    def found() -> list[ExecutionPlan]:
        candidates = execution_plan.feasible_tasks(first, meshes, choices, size, fit.memory_bytes)
        if not candidates and job.mesh is not None:
            candidates = [first]  # validation refuses such a scenario; a study may still set one that does not fit
        return execution_plan.ranked_plans(candidates, sharing, transport, satellites, count, fleet.row) if candidates else []

    search = repr((first, meshes, choices, fit.memory_bytes, size, satellites, count, len(sharing))).encode()
    rows = np.zeros(0, dtype=np.int64) if fleet.row is None else fleet.row
    plans = PLANS.remember([search, np.ascontiguousarray(fleet.order), rows, *transport.inputs], found)
    if not plans:
        raise bad_input(Origin("workloads"), "workloads.training", memory_fit.no_fit_message(fit))
    return plans


def members(job: schema.Training, fleet: Fleet, islands: Islands | None) -> int:
    """Satellites that one job may use, or one island.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet
        Satellites and network.
    islands : Islands or None
        Islands of the job.

    Returns
    -------
    int
        Number of satellites.
    """
    size = int(fleet.order.size)
    if islands is not None:
        size //= islands.islands
    return size if job.members is None else min(size, job.members)


def island_choices(job: schema.Training, fleet: Fleet) -> list[Islands]:
    """Numbers of islands, or of elastic replicas, that may be tried.

    Parameters
    ----------
    job : Training
        The workload, of method diloco or elastic.
    fleet : Fleet
        Satellites and network.

    Returns
    -------
    list of Islands
        The given number, or several that leave every island a satellite and a sequence.
    """
    counts = workload_params.island_counts(job, int(fleet.carrier.accelerators), int(fleet.order.size))
    if job.method == "elastic":
        assert job.elastic is not None, "the defaults of method elastic have replicas"
        gradient_bytes = ELEMENT_BYTES[job.gradient_precision]
        return [Islands(m, 1, gradient_bytes, 0.0, together=True) for m in counts]
    spec = job.islands
    assert spec is not None, "the defaults of method diloco have islands"
    return [
        Islands(m, spec.inner_steps, ELEMENT_BYTES[spec.precision], spec.overlap_steps, spec.fragments, island_efficiency(job, m)[0])
        for m in counts
    ]


def island_efficiency(job: schema.Training, islands: int) -> tuple[float, bool]:
    """Statistical efficiency of islands.

    Parameters
    ----------
    job : Training
        The workload, of method diloco.
    islands : int
        Number of islands.

    Returns
    -------
    efficiency : float
        Tokens that a synchronous job needs over those that islands need, 0 to 1.
    optimistic : bool
        Whether the value lies beyond what was tested; False for a given value.
    """
    assert job.islands is not None
    if job.islands.efficiency != "auto":
        return float(job.islands.efficiency), False
    return diloco.statistical_efficiency(job.model.parameters, islands)


def choose(job: schema.Training, fleet: Fleet) -> ExecutionPlan:
    """Plan of a workload: the given mesh, or the fastest that fits; of islands, the number that trains fastest.

    Of elastic replicas it is the largest number that trains nearly as fast.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet
        Satellites and network.

    Returns
    -------
    ExecutionPlan
        Mesh, batch, placement, all-reduce and duration of a step.

    Raises
    ------
    InputError
        If no mesh fits into memory.
    """
    if job.method == "synchronous":
        return ranked(job, fleet, 1)[0]
    plans: list[ExecutionPlan] = []
    problems: list[InputError] = []
    for islands in island_choices(job, fleet):
        try:
            plans += ranked(job, fleet, 1, islands)
        except InputError as problem:  # too small to hold the model
            problems.append(problem)
    if not plans:
        raise problems[0]
    rates = [_useful_tokens_per_s(plan) for plan in plans]
    if job.method == "elastic":
        return [plan for plan, rate in zip(plans, rates, strict=True) if rate >= (1.0 - REPLICAS_COST) * max(rates)][-1]
    return plans[rates.index(max(rates))]


def whole_step(job: schema.Training, plan: ExecutionPlan, fleet: Fleet) -> StepTime:
    """Duration of a step at full clock rate over the present links, with its share of an exchange between islands.

    Parameters
    ----------
    job : Training
        The workload.
    plan : ExecutionPlan
        Its plan.
    fleet : Fleet
        Satellites and network.

    Returns
    -------
    StepTime
        Parts and total [s], of the slowest job.
    """
    ranks = rank_lists(job, plan, fleet)
    costs = JobCommunication(plan.task, plan.collective, fleet.satellites).costs(ranks, fleet.transport)
    times_s = [costs.stage_delay_s, costs.stage_drain_s, costs.gradients_s, costs.outer_s]
    if plan.task.islands is not None and plan.task.islands.together:  # replicas keep step
        times_s = [each.max(keepdims=True) for each in times_s]
    step = training_step.decompose(plan.task, 1.0, *times_s)
    slowest = int(np.argmax(step.total_s))
    return StepTime(*(np.broadcast_to(part, step.total_s.shape)[slowest] for part in step))


def rank_lists(job: schema.Training, plan: ExecutionPlan, fleet: Fleet) -> list[Ints]:
    """Satellites of each job, or of each island, in rank order.

    Parameters
    ----------
    job : Training
        The workload.
    plan : ExecutionPlan
        Its plan.
    fleet : Fleet
        Satellites of the workload.

    Returns
    -------
    list of ndarray of int64
        One array for each job; satellites that fill no job are in none.
    """
    return [execution_plan.placed(group, plan.task, plan.placement, fleet.row) for group in groups(job, fleet, plan.task.islands)]


def groups(job: schema.Training, fleet: Fleet, islands: Islands | None) -> list[Ints]:
    """Satellites from which each job, or each island, takes its members.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet
        Satellites of the workload.
    islands : Islands or None
        Islands of the job.

    Returns
    -------
    list of ndarray of int64
        Consecutive parts of the order of equal size; a remainder is in none.
    """
    size, order = members(job, fleet, islands), fleet.order
    jobs = max(1, order.size // size) if islands is None else islands.islands
    return [order[g * size : (g + 1) * size] for g in range(jobs)]


def _useful_tokens_per_s(plan: ExecutionPlan) -> float:
    """Tokens a second of all islands at full clock rate, as a synchronous job would need them."""
    islands, batch = plan.task.islands, plan.task.batch
    assert islands is not None
    return islands.islands * islands.efficiency * batch.global_batch * batch.sequence / plan.step_s
