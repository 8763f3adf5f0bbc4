"""Synchronous training: how long one step takes and what it is spent on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.workload import collectives, parallelism
from sim.workload.parallelism import Batch, Mesh
from sim.workload.transformer import Model, message_bytes, recompute_share, training_flops_per_token

Value = NDArray[np.float64]  # of any shape, also ()

BACKWARD = 2.0 / 3.0  # of a step's arithmetic: the backward pass is twice the forward


class Task(NamedTuple):
    """A training job, all that does not change from step to step. Rates are of one accelerator."""

    model: Model
    mesh: Mesh
    batch: Batch
    accelerators: int  # of a satellite
    peak_flops: float  # dense, in the job's precision
    kernel_efficiency: float
    overlap: float  # of the backward pass, share that gradients can be reduced behind
    jitter: float  # standard deviation of a member's time for its arithmetic, relative
    fabric_byte_s: float  # inside a satellite, in one direction
    fabric_latency_s: float
    element_bytes: float = 2.0  # of activations
    grad_bytes: float = 2.0  # per parameter, as they are exchanged


class StepTime(NamedTuple):
    """Seconds of one step by what they are spent on; they add up to the total."""

    compute_s: Value
    recompute_s: Value
    bubble_s: Value
    communication_s: Value
    straggler_s: Value
    total_s: Value


def task_flops(task: Task) -> float:
    """Model FLOPs of one step, all members."""
    batch = task.batch
    return batch.global_batch * batch.sequence * training_flops_per_token(task.model, batch.sequence)


def task_peak_flops(task: Task) -> float:
    """Dense peak [FLOP/s] of all accelerators of the mesh."""
    return math.prod(task.mesh) * task.peak_flops


def mfu(task: Task, step_s: float) -> float:
    """Model FLOPs of a step over what the accelerators could have done at their dense peak meanwhile."""
    return task_flops(task) / (task_peak_flops(task) * step_s)


def members(task: Task) -> int:
    """Satellites that the job runs on."""
    return parallelism.members(task.mesh, task.accelerators)


def reduced_bytes(task: Task) -> float:
    """Gradients [byte] that each satellite brings into the all-reduce with the others of its stage set."""
    return task.grad_bytes * task.model.parameters / parallelism.satellites_per_replica(task.mesh, task.accelerators)


def boundary_bytes(task: Task) -> float:
    """Activations [byte] of one micro-batch that cross a border between two stages; as many gradients come back."""
    return message_bytes(task.model, task.batch.sequence * task.batch.micro_batch, task.element_bytes)


def compute_s(task: Task, rate: ArrayLike) -> Value:
    """Arithmetic [s] of one step at a clock rate `rate`, evenly spread over all accelerators; inf at a rate of 0."""
    at_full_s = task_flops(task) / (task_peak_flops(task) * task.kernel_efficiency)
    with np.errstate(divide="ignore"):
        whole: Value = at_full_s / np.asarray(rate, dtype=float)
    return whole


def micro_batch_share(task: Task) -> float:
    """Time of one micro-batch in one stage, as a share of a step's arithmetic: 1/m where all divides."""
    return task.mesh.data * task.batch.micro_batch / task.batch.global_batch


def _fabric_s(task: Task) -> float:
    """Reductions of a tensor group for one micro-batch in a mean stage [s]: four a layer, two of them on the way back.

    Those of a forward pass that is computed again are not counted [narayanan2021:section 3.2].
    """
    layers = task.model.layers / task.mesh.pipeline
    return 4.0 * layers * _fabric_ring_s(task, task.mesh.tensor, boundary_bytes(task))


def _fabric_ring_s(task: Task, ranks: int, size_bytes: float) -> float:
    return collectives.ring_s(ranks, size_bytes, task.fabric_latency_s, task.fabric_byte_s)


def _inner_reduction_s(task: Task) -> float:
    """Reduction [s] of the gradients of the replicas inside one satellite, before and after the others."""
    inner = parallelism.replicas_per_satellite(task.mesh, task.accelerators)
    shard = task.grad_bytes * task.model.parameters / (task.mesh.tensor * task.mesh.pipeline)
    return _fabric_ring_s(task, inner, shard)


def exposed_s(task: Task, rate: ArrayLike, pp_s: ArrayLike, dp_s: ArrayLike) -> Value:
    """Transfers of a step [s] that no arithmetic hides, `rate`, `pp_s`, `dp_s` of any shape that goes together.

    `pp_s` is the time of one micro-batch over the slowest border between satellites, `dp_s` that of the gradients'
    all-reduce between satellites. Tensor reductions wait for nothing. A border's transfer hides behind the arithmetic of
    a micro-batch, with a stage's input in flight beside those it works on, and is paid in full when the pipeline fills
    and drains. Gradients hide behind `overlap` of the backward pass, in which the pipeline may stall.

    With a member's own times this is what its own links would cost; the job's are never below. 0 at a rate of 0.
    """
    arithmetic_s = compute_s(task, rate)
    running_s = np.where(np.isfinite(arithmetic_s), arithmetic_s, 0.0)
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    fills_s, stalls_s = np.zeros(()), np.zeros(())
    if span > 1:
        stage_transfer_s = np.asarray(pp_s, dtype=float)
        virtual_stages = parallelism.micro_batches(task.mesh, task.batch) * task.batch.interleave
        piece_s = running_s * micro_batch_share(task) / task.batch.interleave
        stalls_s = virtual_stages * np.maximum(0.0, stage_transfer_s - piece_s)
        fills_s = 2.0 * (span - 1) * stage_transfer_s
    reduction_s = np.asarray(dp_s, dtype=float) + _inner_reduction_s(task)
    # stalls without end hide nothing: no step ends
    hidden_s = task.overlap * BACKWARD * (running_s + np.where(np.isfinite(stalls_s), stalls_s, 0.0))
    late_s = np.maximum(0.0, reduction_s - hidden_s)
    exposed = _fabric_s(task) / micro_batch_share(task) + stalls_s + fills_s + late_s
    return np.where(np.isfinite(arithmetic_s), exposed, 0.0)


def bubble_factor(task: Task) -> float:
    """Idle time of a mean accelerator over its arithmetic: (p - 1)/(v m) where layers and batch divide.

    The pipeline goes at the rate of its largest piece, and the step ends with the replica that has the most
    micro-batches: what the others wait for is idle time of the same kind [narayanan2021:section 2.2].
    """
    stages, virtual_stages = task.mesh.pipeline, task.batch.interleave
    layers = parallelism.layers_of_stage(task.model, task.mesh, virtual_stages) * stages
    busiest = parallelism.micro_batches(task.mesh, task.batch) * virtual_stages + stages - 1
    # whole numbers up to the division: exactly 0 where nobody waits
    taken = layers * busiest * task.mesh.data * task.batch.micro_batch
    needed = task.model.layers * virtual_stages * task.batch.global_batch
    return (taken - needed) / needed


def decompose(task: Task, rate: ArrayLike, pp_s: ArrayLike, dp_s: ArrayLike) -> StepTime:
    """One step at a clock rate `rate` (that of the slowest member); arguments as in `exposed_s`.

    Everything that an accelerator does for a micro-batch passes through the pipeline, so that the bubble is a share of
    arithmetic and recomputation and of tensor reductions. At a rate of 0 the step does not end: compute and total are
    inf and nothing else is spent.
    """
    arithmetic_s = compute_s(task, rate)
    running = np.where(np.isfinite(arithmetic_s), arithmetic_s, 0.0)
    again_s = running * recompute_share(task.model, task.batch.sequence, task.batch.recompute)
    fabric_s = np.where(running > 0.0, _fabric_s(task) / micro_batch_share(task), 0.0)
    bubble_s = bubble_factor(task) * (running + again_s + fabric_s)
    communication_s = exposed_s(task, rate, pp_s, dp_s)
    straggler_s = task.jitter * expected_maximum(members(task)) * running
    total_s = arithmetic_s + again_s + bubble_s + communication_s + straggler_s
    return StepTime(arithmetic_s, again_s, bubble_s, communication_s, straggler_s, total_s)


@lru_cache(maxsize=256)
def expected_maximum(count: int) -> float:
    """Mean of the largest of `count` standard normal numbers, by quadrature of x n phi(x) Phi(x)^(n - 1).

    The integrand is analytic and dies out at both ends: the trapezoidal rule is good to 1e-12.
    """
    from scipy.special import log_ndtr  # not needed where nothing trains

    if count < 2:
        return 0.0
    step = 1.0 / 64.0
    x = np.arange(-10.0, 14.0, step)
    log_density = math.log(count) - 0.5 * x * x - 0.5 * math.log(2.0 * math.pi) + (count - 1) * log_ndtr(x)
    return float(np.sum(x * np.exp(log_density)) * step)


def best(candidates: Sequence[tuple[Task, float, float]]) -> int:
    """Index of the candidate (task, pp_s, dp_s) with the least time per token at full clock, the first of equals."""

    def per_token_s(index: int) -> float:
        task, pp_s, dp_s = candidates[index]
        return float(decompose(task, 1.0, pp_s, dp_s).total_s) / (task.batch.global_batch * task.batch.sequence)

    return min(range(len(candidates)), key=per_token_s)
