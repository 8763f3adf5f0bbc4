"""Synchronous training: duration of one step and what the time is spent on."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.workload import collectives, parallelism
from sim.workload.parallelism import Batch, Mesh
from sim.workload.step_times import StepConstants, exposed_times, step_times
from sim.workload.transformer import Model, message_bytes, recompute_share, training_flops_per_token

Value = NDArray[np.float64]  # of any shape, also ()

BACKWARD = 2.0 / 3.0  # share of the arithmetic of a step: the backward pass takes twice the forward pass


class Task(NamedTuple):
    """A training job: everything that is the same in every step. Rates are those of one accelerator."""

    model: Model
    mesh: Mesh
    batch: Batch
    accelerators: int  # of a satellite
    peak_flops: float  # dense [FLOP/s], in the job's precision
    kernel_efficiency: float
    overlap: float  # share of the backward pass that the gradient all-reduce can overlap with
    jitter: float  # relative standard deviation of a member's arithmetic time
    fabric_byte_s: float  # inside a satellite, in one direction
    fabric_latency_s: float
    element_bytes: float = 2.0  # of activations
    grad_bytes: float = 2.0  # per parameter, as exchanged


class StepTime(NamedTuple):
    """Duration of one step by what the time is spent on [s]; the parts add up to the total."""

    compute_s: Value
    recompute_s: Value
    bubble_s: Value
    communication_s: Value
    straggler_s: Value
    total_s: Value


def task_flops(task: Task) -> float:
    """Model FLOPs of one step, all members.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        FLOPs, without recomputation.

    References
    ----------
    [kaplan2020:section 2.1]
    """
    batch = task.batch
    return batch.global_batch * batch.sequence * training_flops_per_token(task.model, batch.sequence)


def task_peak_flops(task: Task) -> float:
    """Dense peak of all accelerators of the mesh.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        Peak [FLOP/s].
    """
    return math.prod(task.mesh) * task.peak_flops


def mfu(task: Task, step_s: float) -> float:
    """Model FLOPs utilisation: model FLOPs of a step over what the accelerators can do at their dense peak in that time.

    Parameters
    ----------
    task : Task
        The training job.
    step_s : float
        Duration of a step [s], positive.

    Returns
    -------
    float
        Utilisation, 0 to 1.

    References
    ----------
    [chowdhery2022:appendix B]

    Examples
    --------
    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64, "none"), 1, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)
    >>> round(mfu(task, float(compute_s(task, 1.0))), 12)
    0.5
    """
    return task_flops(task) / (task_peak_flops(task) * step_s)


def members(task: Task) -> int:
    """Satellites used by the job.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    int
        Number of satellites.
    """
    return parallelism.members(task.mesh, task.accelerators)


def reduced_bytes(task: Task) -> float:
    """Gradients that each satellite contributes to the all-reduce of its stage set.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        Bytes.
    """
    return task.grad_bytes * task.model.parameters / parallelism.satellites_per_replica(task.mesh, task.accelerators)


def boundary_bytes(task: Task) -> float:
    """Activations of one micro-batch that cross a stage boundary; gradients of the same size come back.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        Bytes.

    References
    ----------
    [narayanan2021:section 3.2]
    """
    return message_bytes(task.model, task.batch.sequence * task.batch.micro_batch, task.element_bytes)


def compute_s(task: Task, rate: ArrayLike) -> Value:
    """Arithmetic of one step, evenly divided among all accelerators.

    Parameters
    ----------
    task : Task
        The training job.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    ndarray
        Duration [s]; inf at rate 0.
    """
    at_full_s = task_flops(task) / (task_peak_flops(task) * task.kernel_efficiency)
    with np.errstate(divide="ignore"):
        whole: Value = at_full_s / np.asarray(rate, dtype=float)
    return whole


def micro_batch_share(task: Task) -> float:
    """Time of one micro-batch in one stage, as a share of the arithmetic of a step.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        1/m for m micro-batches of each replica.
    """
    return task.mesh.data * task.batch.micro_batch / task.batch.global_batch


def _fabric_s(task: Task) -> float:
    """Tensor-group reductions of one micro-batch in an average stage [s]: four a layer, two of them in the backward pass.

    Those of a recomputed forward pass are not counted [narayanan2021:section 3.2].
    """
    layers = task.model.layers / task.mesh.pipeline
    return 4.0 * layers * _fabric_ring_s(task, task.mesh.tensor, boundary_bytes(task))


def _fabric_ring_s(task: Task, ranks: int, size_bytes: float) -> float:
    return collectives.ring_s(ranks, size_bytes, task.fabric_latency_s, task.fabric_byte_s)


def _inner_reduction_s(task: Task) -> float:
    """Gradient reduction among the replicas inside one satellite [s], before and after the one between satellites."""
    inner = parallelism.replicas_per_satellite(task.mesh, task.accelerators)
    shard = task.grad_bytes * task.model.parameters / (task.mesh.tensor * task.mesh.pipeline)
    return _fabric_ring_s(task, inner, shard)


@lru_cache(maxsize=256)
def step_constants(task: Task) -> StepConstants:
    """Constants of a training job.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    StepConstants
        Constants.
    """
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    share, interleave = micro_batch_share(task), task.batch.interleave
    stages = parallelism.micro_batches(task.mesh, task.batch) * interleave if span > 1 else 0
    return StepConstants(
        arithmetic_s=task_flops(task) / (task_peak_flops(task) * task.kernel_efficiency),
        recompute=recompute_share(task.model, task.batch.sequence, task.batch.recompute),
        bubble=bubble_factor(task),
        straggler=task.jitter * expected_maximum(members(task)),
        fabric_s=_fabric_s(task) / share,
        fill_transfers=2.0 * (span - 1) if span > 1 else 0.0,
        virtual_stages=float(stages),
        virtual_stage=share / interleave,
        inner_reduction_s=_inner_reduction_s(task),
        hidden=task.overlap * BACKWARD,
    )


def _flattened(*values: ArrayLike) -> tuple[tuple[int, ...], list[Value]]:
    """The shape to which values broadcast, and all of them flat."""
    arrays = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in values))
    return arrays[0].shape, [np.ascontiguousarray(a).ravel() for a in arrays]


def exposed_s(task: Task, rate: ArrayLike, pp_s: ArrayLike, dp_s: ArrayLike) -> Value:
    """Communication of a step that no arithmetic hides.

    Parameters
    ----------
    task : Task
        The training job.
    rate : array_like
        Clock rate of the slowest member, 0 to 1.
    pp_s : array_like
        Transfer of one micro-batch over the slowest stage boundary between satellites [s].
    dp_s : array_like
        Gradient all-reduce between satellites [s]. All three broadcast against each other.

    Returns
    -------
    ndarray
        Exposed time [s]; 0 at rate 0.

    Notes
    -----
    Tensor-group reductions are exposed in full. A stage transfer overlaps with the arithmetic of one micro-batch, with the
    next input of a stage in flight, and is exposed in full while the pipeline fills and drains. The gradient all-reduce
    overlaps with the share `overlap` of the backward pass, pipeline stalls included. With the times of one member's own
    messages the result is what its links alone would cost; that of the job is never less.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Without overlap the whole all-reduce of 3 s is exposed:

    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64, "none"), 1, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)
    >>> float(exposed_s(task, 1.0, 0.0, 3.0))
    3.0
    """
    shape, (rates, stage_s, reduction_s) = _flattened(rate, pp_s, dp_s)
    out = np.empty(rates.size)
    exposed_times(rates, stage_s, reduction_s, step_constants(task), out)
    return out.reshape(shape)


def bubble_factor(task: Task) -> float:
    """Pipeline bubble: idle time of an average accelerator over its arithmetic.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        (p - 1)/(v m) for p stages, v virtual stages and m micro-batches where layers and batch divide evenly.

    Notes
    -----
    The pipeline advances at the rate of its largest virtual stage, and the step ends with the replica that has the most
    micro-batches. The idle time of the others is counted here as well.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Four stages and 16 micro-batches:

    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> task = Task(model, Mesh(1, 4, 1), Batch(1024, 1, 16, "none"), 1, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)
    >>> bubble_factor(task) == 3 / 16
    True
    """
    stages, virtual_stages = task.mesh.pipeline, task.batch.interleave
    layers = parallelism.layers_of_stage(task.model, task.mesh, virtual_stages) * stages
    busiest = parallelism.micro_batches(task.mesh, task.batch) * virtual_stages + stages - 1
    # integers up to the division, so that the result is exactly 0 where nothing waits
    taken = layers * busiest * task.mesh.data * task.batch.micro_batch
    needed = task.model.layers * virtual_stages * task.batch.global_batch
    return (taken - needed) / needed


def decompose(task: Task, rate: ArrayLike, pp_s: ArrayLike, dp_s: ArrayLike) -> StepTime:
    """Duration of one step by what the time is spent on.

    Parameters
    ----------
    task : Task
        The training job.
    rate : array_like
        Clock rate of the slowest member, 0 to 1.
    pp_s : array_like
        Transfer of one micro-batch over the slowest stage boundary between satellites [s].
    dp_s : array_like
        Gradient all-reduce between satellites [s]. All three broadcast against each other.

    Returns
    -------
    StepTime
        Parts and total [s], of the broadcast shape. At rate 0 compute and total are inf and all other parts 0.

    Notes
    -----
    The bubble is proportional to everything an accelerator does for a micro-batch: arithmetic, recomputation and
    tensor-group reductions. Stragglers: the expected maximum of the members' arithmetic times, normally distributed with
    the relative standard deviation `jitter`.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Full recomputation adds a third of the arithmetic:

    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64, "none"), 1, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)
    >>> step = decompose(task._replace(batch=task.batch._replace(recompute="full")), 1.0, 0.0, 0.0)
    >>> round(float(step.recompute_s / step.compute_s), 12), float(step.bubble_s)
    (0.333333333333, 0.0)
    """
    shape, (rates, stage_s, reduction_s) = _flattened(rate, pp_s, dp_s)
    out = np.empty((6, rates.size))
    step_times(rates, stage_s, reduction_s, step_constants(task), out)
    return StepTime(*(part.reshape(shape) for part in out))


@lru_cache(maxsize=256)
def expected_maximum(count: int) -> float:
    """Mean of the largest of several standard normal numbers.

    Parameters
    ----------
    count : int
        How many numbers; below 2 the result is 0.

    Returns
    -------
    float
        Quadrature of x n phi(x) Phi(x)^(n - 1) by the trapezoidal rule, accurate to 1e-12: the integrand is analytic.

    Examples
    --------
    Two numbers: 1 / sqrt(pi).

    >>> round(expected_maximum(2) * math.sqrt(math.pi), 10)
    1.0
    """
    from scipy.special import log_ndtr  # imported here: not needed without a training job

    if count < 2:
        return 0.0
    step = 1.0 / 64.0
    x = np.arange(-10.0, 14.0, step)
    log_density = math.log(count) - 0.5 * x * x - 0.5 * math.log(2.0 * math.pi) + (count - 1) * log_ndtr(x)
    return float(np.sum(x * np.exp(log_density)) * step)
