"""Training: duration of one step and what the time is spent on."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.workload import layer_times, parallelism
from sim.workload.fabric import Fabric, collective_s
from sim.workload.kernels import Kernels
from sim.workload.layer_times import ACTIVATION_BYTES, Layer, Shapes, Work
from sim.workload.parallelism import Batch, Mesh
from sim.workload.step_times import StepConstants, exposed_times, step_times
from sim.workload.transformer import (
    Model,
    expert_parameters,
    message_bytes,
    training_flops_per_token,
)

Value = NDArray[np.float64]  # of any shape, also ()

BACKWARD = 2.0 / 3.0  # share of the passes: the backward pass takes twice the forward pass
WEIGHT_BYTES = 2.0  # per parameter, as gathered from the replicas that update it


class Islands(NamedTuple):
    """Replicas of a whole job that exchange weights now and then, or gradients in every step (`together`)."""

    islands: int
    inner_steps: int  # between two exchanges
    exchange_bytes: float  # per parameter
    overlap_steps: float  # steps that an exchange may take while training goes on
    fragments: int = 1  # parts of the weights, exchanged one after the other in each period
    efficiency: float = 1.0  # tokens that a synchronous job needs over those that islands need
    together: bool = False  # replicas of an elastic job, which take every step together


class Task(NamedTuple):
    """A training job: everything that is the same in every step. Rates are those of one accelerator."""

    model: Model
    mesh: Mesh
    batch: Batch
    accelerators: int  # of a satellite
    peak_flops: float  # dense [FLOP/s], in the job's precision
    kernels: Kernels
    fabric: Fabric
    overlap: float = 0.0  # share of the passes that exchange of gradients and weights can overlap with
    jitter: float = 0.0  # relative standard deviation of an accelerator's arithmetic time
    precision: str = "bf16"
    grad_bytes: float = 2.0  # per parameter, as exchanged
    islands: Islands | None = None


class StepTime(NamedTuple):
    """Duration of one step by what the time is spent on [s]; the parts add up to the total."""

    compute_s: Value
    recompute_s: Value
    bubble_s: Value
    memory_s: Value
    communication_s: Value
    straggler_s: Value
    total_s: Value


def task_flops(task: Task, masked: bool = True) -> float:
    """Model FLOPs of one step, all members.

    Parameters
    ----------
    task : Task
        The training job.
    masked : bool
        Whether attention is counted with its causal mask.

    Returns
    -------
    float
        FLOPs, without recomputation.

    References
    ----------
    [kaplan2020:section 2.1]
    """
    batch = task.batch
    return batch.global_batch * batch.sequence * training_flops_per_token(task.model, batch.sequence, masked)


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
    return parallelism.accelerators_of(task.mesh) * task.peak_flops


def mfu(task: Task, step_s: float, masked: bool = True) -> float:
    """Model FLOPs utilisation: model FLOPs of a step over what the accelerators can do at their dense peak in that time.

    Parameters
    ----------
    task : Task
        The training job.
    step_s : float
        Duration of a step [s], positive.
    masked : bool
        Whether attention is counted with its causal mask; papers often count it without, which is twice as much.

    Returns
    -------
    float
        Utilisation, 0 to 1.

    References
    ----------
    [chowdhery2022:appendix B]

    Examples
    --------
    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
    >>> model = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64), 1, 1e15, chip, Fabric(1))
    >>> round(mfu(task, float(compute_s(task, 1.0))), 2)
    0.5
    """
    return task_flops(task, masked) / (task_peak_flops(task) * step_s)


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


def exchanged_bytes(task: Task) -> float:
    """Weights that each satellite of an island contributes to the exchange with other islands, or gradients of a replica.

    Parameters
    ----------
    task : Task
        The training job of one island.

    Returns
    -------
    float
        Bytes; 0 without islands.
    """
    return 0.0 if task.islands is None else task.islands.exchange_bytes * task.model.parameters / members(task)


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
    """Activations of one micro-batch of each replica that cross a stage boundary; gradients of the same size come back.

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
    replicas = parallelism.replicas_per_satellite(task.mesh, task.accelerators)
    tokens = replicas * task.batch.sequence * task.batch.micro_batch
    return message_bytes(task.model, float(tokens), ACTIVATION_BYTES)


def compute_s(task: Task, rate: ArrayLike) -> Value:
    """Arithmetic of one step on an average accelerator.

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
    with np.errstate(divide="ignore"):
        whole: Value = step_constants(task).arithmetic_s / np.asarray(rate, dtype=float)
    return whole


def _shapes(task: Task) -> Shapes:
    return layer_times.shapes(task.model, task.kernels, task.fabric, task.precision, task.mesh, task.batch, task.overlap)


@lru_cache(maxsize=4096)
def mean_layer(s: Shapes) -> Layer:
    """Work of an average layer: of layers with a dense network and of layers with experts.

    Parameters
    ----------
    s : Shapes
        Shapes of the kernels.

    Returns
    -------
    Layer
        Durations [s] of both passes of one micro-batch.
    """
    dense = layer_times.layer(s)
    model = s.model
    if model.experts == 0:
        return dense
    routed, share = layer_times.layer(s, dense=False), model.dense_layers / model.layers
    return Layer(*(a.times(share) + b.times(1.0 - share) for a, b in zip(dense, routed, strict=True)))


class _Stages(NamedTuple):
    """Work of one micro-batch: of the largest stage, of the stage that paces the others, and of an average one."""

    largest: Work
    pacing: Work
    average: Work
    repeated: Work  # of the average, what is done again


def _total_s(work: Work) -> float:
    return work.arithmetic + work.memory + work.fabric


def _stages(task: Task) -> _Stages:
    """Layers are spread evenly, and stages with a layer less are the last first; the last one has the output matrix besides."""
    shapes, mesh, batch = _shapes(task), task.mesh, task.batch
    each, head = mean_layer(shapes), layer_times.head(shapes)
    repeated = each.forward.times(batch.recomputed)
    layer = each.forward + each.backward + repeated
    output = head.forward + head.backward
    layers = parallelism.layers_of_stage(task.model, mesh, batch.interleave)
    spare = layers * mesh.pipeline - task.model.layers
    last = layer.times(layers - -(-spare // mesh.pipeline)) + output
    largest = layer.times(layers)
    average = (layer.times(task.model.layers) + output).times(1.0 / mesh.pipeline)
    return _Stages(
        largest, max(largest, last, key=_total_s), average, repeated.times(task.model.layers / mesh.pipeline)
    )


def gradient_parameters(task: Task) -> tuple[float, float]:
    """Parameters of one accelerator: those that all replicas hold, and those of its experts.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    shared, experts : float
        Numbers of parameters of an average accelerator.
    """
    mesh, model = task.mesh, task.model
    experts = (model.layers - model.dense_layers) * model.experts * expert_parameters(model)
    split = mesh.tensor if mesh.expert == 1 else 1
    return (
        (model.parameters - experts) / (mesh.tensor * mesh.pipeline),
        experts / (split * mesh.expert * mesh.pipeline),
    )


def _inner_s(task: Task, kind: str, bytes_each: float) -> float:
    """Reduction or gather among the replicas of a satellite [s]."""
    ranks = parallelism.replicas_per_satellite(task.mesh, task.accelerators) * task.mesh.context
    shared, experts = gradient_parameters(task)
    stride = task.mesh.tensor
    inner_s = collective_s(task.kernels, task.fabric, kind, ranks, bytes_each * shared, stride)
    if experts:
        inner_s += collective_s(task.kernels, task.fabric, kind, ranks // task.mesh.expert, bytes_each * experts, stride * task.mesh.expert)
    return inner_s


class _Exchange(NamedTuple):
    """Reduce-scatters and all-gathers of a step, and the slots that hide them."""

    scatters: float
    backward_gathers: float
    forward_gathers: float
    backward_hidden: float
    forward_hidden: float


def _exchange(task: Task, slots: float) -> _Exchange:
    """Exchange of gradients and weights among the replicas.

    Gradients are complete in the last backward pass of each virtual stage: those of the last hide only the first micro-batch's
    worth, those of the others the passes that follow. Weights are gathered the same way before the first forward passes. Sharded
    gradients are reduced for every micro-batch, sharded weights gathered for every pass.
    """
    virtual, zero = task.batch.interleave, task.batch.zero
    micro_batches = slots / virtual
    open_slots = 1.0 + min(micro_batches, task.mesh.pipeline) * (virtual - 1.0)
    backward, forward = task.overlap * BACKWARD, task.overlap * (1.0 - BACKWARD)
    match zero:
        case 0:  # an all-reduce, in the backward pass
            return _Exchange(2.0, 0.0, 0.0, backward * open_slots, 0.0)
        case 1:
            return _Exchange(1.0, 0.0, 1.0, backward * open_slots, forward * open_slots)
        case 2:
            return _Exchange(micro_batches, 0.0, 1.0, backward * slots, forward * open_slots)
        case _:
            return _Exchange(micro_batches, micro_batches, micro_batches, backward * slots, forward * slots)


def _outer_hidden(islands: Islands, overlap: float) -> float:
    """Steps of a period that hide exchanges: of each fragment the backward pass before it, and the steps that it may take."""
    return min(float(islands.inner_steps), islands.fragments * (overlap * BACKWARD + islands.overlap_steps))


@lru_cache(maxsize=65536)
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
    mesh, batch = task.mesh, task.batch
    stages, idle = _stages(task), _idle(task)
    span = parallelism.satellites_per_replica(mesh, task.accelerators)
    micro_batches, virtual = parallelism.micro_batches(mesh, batch), batch.interleave
    slots = float(micro_batches * virtual)
    mine = batch.global_batch / (mesh.data * batch.micro_batch)  # micro-batches of an average replica
    exchange = _exchange(task, slots)
    shared, experts = gradient_parameters(task)
    replicas = mesh.data * mesh.context
    updated = shared / replicas + experts * mesh.expert / replicas if batch.zero else shared + experts
    islands = task.islands
    together = islands is not None and islands.together
    pacing = islands.islands if islands is not None and together else 1  # replicas whose slowest accelerator paces the step
    arithmetic = stages.average.arithmetic - stages.repeated.arithmetic
    return StepConstants(
        peak_s=task_flops(task) / task_peak_flops(task),
        arithmetic_s=mine * arithmetic,
        recompute_s=mine * stages.repeated.arithmetic,
        memory_s=mine * stages.average.memory,
        fabric_s=mine * stages.average.fabric,
        optimiser_s=layer_times.optimiser_s(task.kernels, updated),
        bubble_arithmetic_s=idle.arithmetic,
        bubble_fixed_s=idle.memory + idle.fabric,
        straggler=task.jitter * expected_maximum(pacing * parallelism.accelerators_of(mesh)),
        fill_transfers=2.0 * (span - 1),
        slots=slots if span > 1 else 0.0,
        slot_arithmetic_s=stages.largest.arithmetic / virtual,
        slot_fixed_s=(stages.largest.memory + stages.largest.fabric) / virtual,
        in_flight=float(batch.in_flight),
        scatters=exchange.scatters,
        backward_gathers=exchange.backward_gathers,
        forward_gathers=exchange.forward_gathers,
        inner_scatter_s=_inner_s(task, "reduce_scatter", task.grad_bytes),
        inner_gather_s=_inner_s(task, "all_gather", WEIGHT_BYTES),
        backward_hidden=exchange.backward_hidden,
        forward_hidden=exchange.forward_hidden,
        outer_period=0.0 if islands is None else float(islands.inner_steps),
        outer_hidden=0.0 if islands is None else _outer_hidden(islands, task.overlap),
        outer_gradients=1.0 if together else 0.0,
    )


def _flattened(*values: ArrayLike) -> tuple[tuple[int, ...], list[Value]]:
    """The shape to which values broadcast, and all of them flat."""
    arrays = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in values))
    return arrays[0].shape, [np.array(a).ravel() for a in arrays]


def exposed_s(
    task: Task, rate: ArrayLike, stage_delay_s: ArrayLike = 0.0, stage_drain_s: ArrayLike = 0.0, gradients_s: ArrayLike = 0.0
) -> Value:
    """Communication of a step that no arithmetic hides, exchanges with other islands apart.

    Parameters
    ----------
    task : Task
        The training job.
    rate : array_like
        Clock rate of the slowest member, 0 to 1.
    stage_delay_s, stage_drain_s : array_like
        Delay of one micro-batch over the slowest stage boundary between satellites, and the time that its bytes occupy a link [s].
    gradients_s : array_like
        Gradient all-reduce between satellites [s]. All broadcast against each other.

    Returns
    -------
    ndarray
        Exposed time [s]; 0 at rate 0.

    Notes
    -----
    Messages of tensor groups are exposed in full. Of a stage transfer, the bytes overlap with the work on one micro-batch, and the
    delay with that on as many as are in flight; both are exposed in full while the pipeline fills and drains. The exchange of
    gradients and weights overlaps with the passes in which they are complete, stalls included. With the times of one member's own
    messages the result is what its links alone would cost; that of the job is never less.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Without overlap the whole all-reduce of 3 s is exposed:

    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64), 1, 1e15, chip, Fabric(1))
    >>> float(exposed_s(task, 1.0, gradients_s=3.0))
    3.0
    """
    shape, (rates, delay_s, drain_s, reduction_s) = _flattened(rate, stage_delay_s, stage_drain_s, gradients_s)
    out = np.empty(rates.size)
    exposed_times(rates, delay_s, drain_s, reduction_s, step_constants(task), out)
    return out.reshape(shape)


def _idle(task: Task) -> Work:
    """What an average accelerator waits for in a step: the pipeline's work but for its own."""
    mesh, batch, stages = task.mesh, task.batch, _stages(task)
    fill = stages.largest.times((mesh.pipeline - 1) / batch.interleave)
    taken = stages.pacing.times(parallelism.micro_batches(mesh, batch)) + fill
    return taken + stages.average.times(-batch.global_batch / (mesh.data * batch.micro_batch))


def bubble_factor(task: Task) -> float:
    """Pipeline bubble: idle time of an average accelerator over its work on layers and output.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    float
        (p - 1)/(v m) for p stages, v virtual stages and m micro-batches where layers and batch divide evenly and the output matrix
        is small.

    Notes
    -----
    The pipeline advances at the rate of its slowest stage, and the step ends with the replica that has the most micro-batches. The
    idle time of the others is counted here as well.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Four stages and 16 micro-batches; the output matrix of 10 tokens is left out:

    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 10)
    >>> task = Task(model, Mesh(1, 4, 1), Batch(1024, 1, 16), 1, 1e15, chip, Fabric(1))
    >>> round(bubble_factor(task), 3) == round(3 / 16, 3)
    True
    """
    mine = task.batch.global_batch / (task.mesh.data * task.batch.micro_batch)
    return max(0.0, _total_s(_idle(task)) / (mine * _total_s(_stages(task).average)))


def decompose(
    task: Task,
    rate: ArrayLike,
    stage_delay_s: ArrayLike = 0.0,
    stage_drain_s: ArrayLike = 0.0,
    gradients_s: ArrayLike = 0.0,
    outer_s: ArrayLike = 0.0,
) -> StepTime:
    """Duration of one step by what the time is spent on.

    Parameters
    ----------
    task : Task
        The training job.
    rate : array_like
        Clock rate of the slowest member, 0 to 1.
    stage_delay_s, stage_drain_s : array_like
        Delay of one micro-batch over the slowest stage boundary between satellites, and the time that its bytes occupy a link [s].
    gradients_s : array_like
        Gradient all-reduce between satellites [s].
    outer_s : array_like
        Exchange of all weights with other islands, or of gradients with other replicas [s]. All broadcast against each other.

    Returns
    -------
    StepTime
        Parts and total [s], of the broadcast shape. At rate 0 compute and total are inf and all other parts 0.

    Notes
    -----
    Stragglers: the expected maximum of the
    accelerators' arithmetic times, normally distributed with the relative standard deviation `jitter`.

    References
    ----------
    [narayanan2021:section 2.2]

    Examples
    --------
    Computing all activations again adds a third of the arithmetic of layers:

    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 10)
    >>> task = Task(model, Mesh(1, 1, 4), Batch(1024, 1, 64, recomputed=1.0), 1, 1e15, chip, Fabric(1))
    >>> step = decompose(task, 1.0)
    >>> round(float(step.recompute_s / step.compute_s), 3), float(step.bubble_s)
    (0.325, 0.0)
    """
    shape, (rates, delay_s, drain_s, reduction_s, exchange_s) = _flattened(rate, stage_delay_s, stage_drain_s, gradients_s, outer_s)
    out = np.empty((len(StepTime._fields), rates.size))
    step_times(rates, delay_s, drain_s, reduction_s, exchange_s, step_constants(task), out)
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
