"""Parameters of `sim.workload` from the workloads of a scenario. Loads no arrays, so that validation can use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sim.config import schema
from sim.workload import memory_fit, parallelism, serving_choice
from sim.workload.fabric import Fabric
from sim.workload.kernels import ELEMENT_BYTES, Kernels
from sim.workload.measured_kernels import kernels_for
from sim.workload.parallelism import Batch, Mesh
from sim.workload.service import Hops, Service, Targets
from sim.workload.transformer import Model
from sim.workload.transformer_memory import checkpoint_bytes

ISLAND_COUNTS = (2, 4, 8, 16, 32)  # islands or replicas that are tried where the scenario says auto
VIRTUAL_STAGES = (1, 2, 3, 4, 5, 6, 7, 8, 10)  # tried per pipeline stage where the scenario says auto


class _Slowest(NamedTuple):
    """What several types of satellites have in common, for a job that spans them."""

    accelerator: schema.Accelerator
    accelerators: int


class Carrier(Protocol):
    """What accelerators are mounted on: a satellite, or a node on the ground."""

    @property
    def accelerator(self) -> schema.Accelerator:
        """The kind of accelerator."""
        ...

    @property
    def accelerators(self) -> int:
        """Number of accelerators."""
        ...


def slowest(types: Sequence[Carrier], precision: str) -> Carrier:
    """The satellite that paces a job over several types: fewest accelerators, slowest chip, least memory.

    Parameters
    ----------
    types : sequence of Carrier
        Types of the job's satellites, at least one.
    precision : str
        Precision of the job.

    Returns
    -------
    Carrier
        The type itself where there is only one.
    """
    if len(types) == 1:
        return types[0]
    chip = min((t.accelerator for t in types), key=lambda c: c.peak[precision])
    chips = [t.accelerator for t in types]
    least: dict[str, object] = {
        name: min(getattr(c, name) for c in chips)
        for name in ("memory", "memory_bandwidth", "memory_efficiency", "kernel_efficiency")
    }
    least["fabric"] = chip.fabric.model_copy(update={name: min(getattr(c.fabric, name) for c in chips) for name in ("domain", "rate")})
    return _Slowest(chip.model_copy(update=least), min(int(t.accelerators) for t in types))


def relative_speed(carrier: Carrier, own: Carrier, precision: str) -> float:
    """Arithmetic rate of a job's pacing satellite over that of a satellite of another type, 0 to 1.

    Parameters
    ----------
    carrier : Carrier
        The job's pacing satellite.
    own : Carrier
        The other satellite.
    precision : str
        Number format of the job.

    Returns
    -------
    float
        Ratio, 0 to 1.
    """
    pacing = carrier.accelerators * carrier.accelerator.peak[precision]
    return min(1.0, pacing / (own.accelerators * own.accelerator.peak[precision]))


def model(spec: schema.LanguageModel) -> Model:
    """Shape of a language model.

    Parameters
    ----------
    spec : schema.LanguageModel
        Validated section of the scenario.

    Returns
    -------
    Model
        The shape.
    """
    shape = Model(
        parameters=spec.parameters, layers=spec.layers, hidden=spec.hidden, heads=spec.heads, kv_heads=spec.kv_heads,
        head_size=spec.head_size, ffn=spec.ffn, vocabulary=spec.vocabulary, gated=spec.gated, tied=spec.tied,
    )  # fmt: skip
    experts, latent, window = spec.experts, spec.latent, spec.window
    if experts is not None:
        shape = shape._replace(experts=experts.count, active_experts=experts.active, shared_experts=experts.shared,
                               expert_ffn=experts.ffn, dense_layers=experts.dense_layers)  # fmt: skip
    if latent is not None:
        shape = shape._replace(query_rank=latent.query_rank or 0, kv_rank=latent.kv_rank, rope_size=latent.rope_size,
                               value_size=latent.value_size)  # fmt: skip
    return shape if window is None else shape._replace(window=window.tokens, window_layers=window.layers)


def batch(job: schema.Training, islands: int = 1) -> Batch:
    """Batch of a training step, of at least one sequence; keys left to `auto` get the value that needs the least memory or choice.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.
    islands : int
        Islands that share the global batch.

    Returns
    -------
    Batch
        The batch of one island.
    """
    sequences = max(1, round(job.global_batch / job.sequence_length / islands))
    kind, share = recomputation(job)
    return Batch(
        job.sequence_length, job.micro_batch, sequences, kind, zero=zero_stages(job)[0], interleave=virtual_stages(job)[0],
        recomputed=share or 0.0, in_flight=in_flight(job)[0], fused_attention=job.fused_attention,
    )  # fmt: skip


def island_counts(job: schema.Training, accelerators: int, satellites: int) -> list[int]:
    """Numbers of islands, or of elastic replicas, that may be tried.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites of the workload.

    Returns
    -------
    list of int
        1 for a synchronous job; the given number, or several that leave every island its satellites, and every replica of each island a
        micro-batch.
    """
    given: int | str = 1
    if job.method == "diloco" and job.islands is not None:
        given = job.islands.count
    elif job.method == "elastic" and job.elastic is not None:
        given = job.elastic.replicas
    if given != "auto":
        return [int(given)]
    spanned, replicas = (1, 1) if job.mesh is None else (parallelism.members(mesh(job.mesh), accelerators), job.mesh.data)
    micro_batches = job.global_batch / job.sequence_length / job.micro_batch
    most = int(min(satellites // max(job.members or 1, spanned, 1), micro_batches / replicas))
    return [m for m in ISLAND_COUNTS if m <= most] or [1]


def virtual_stages(job: schema.Training) -> tuple[int, ...]:
    """Virtual stages per pipeline stage that may be tried.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.

    Returns
    -------
    tuple of int
        The given number, or all of `VIRTUAL_STAGES`.
    """
    return VIRTUAL_STAGES if job.interleave == "auto" else (job.interleave,)


def zero_stages(job: schema.Training) -> tuple[int, ...]:
    """Stages of sharding that may be tried.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.

    Returns
    -------
    tuple of int
        The given stage, or 1 and 3.
    """
    return (1, 3) if job.zero == "auto" else (job.zero,)


def in_flight(job: schema.Training) -> tuple[int, ...]:
    """Micro-batches in flight over a stage boundary that may be tried.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.

    Returns
    -------
    tuple of int
        The given number, or several.
    """
    return (1, 2, 4) if job.in_flight == "auto" else (job.in_flight,)


def recomputation(job: schema.Training) -> tuple[str, float | None]:
    """What every layer computes again, and the share of the layers that compute everything again.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.

    Returns
    -------
    kind : str
        One of `transformer.RECOMPUTE`.
    share : float or None
        Share of the layers; None for the smallest that fits.
    """
    match job.recompute:
        case "auto":
            return "selective", None
        case "full":
            return "selective", 1.0
        case "none" | "selective" as kind:
            return kind, 0.0
        case share:
            return "selective", float(share)


def fit(job: schema.Training, accelerators: int, satellites: int, memory_bytes: float, islands: int = 1) -> memory_fit.Job:
    """What must fit into memory.

    Parameters
    ----------
    job : schema.Training
        Validated section of the scenario.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites of one job, or of one island.
    memory_bytes : float
        Memory of an accelerator.
    islands : int
        Islands that share the global batch.

    Returns
    -------
    memory_fit.Job
        The job with the memory that it may fill.
    """
    return memory_fit.Job(
        model(job.model), batch(job, islands), job.precision, accelerators, satellites, job.memory_fraction * memory_bytes,
        recomputation(job)[1], zero_stages(job),
    )  # fmt: skip


def mesh(spec: schema.Mesh) -> Mesh:
    """Degrees of parallelism.

    Parameters
    ----------
    spec : schema.Mesh
        Validated section of the scenario.

    Returns
    -------
    Mesh
        The mesh.
    """
    return Mesh(spec.tensor, spec.pipeline, spec.data, spec.context, spec.expert, spec.stages or 0)


def kernels(chip: schema.Accelerator) -> Kernels:
    """Durations of an accelerator's kernels.

    Parameters
    ----------
    chip : schema.Accelerator
        Validated section of the scenario.

    Returns
    -------
    Kernels
        From its measured table, or from its assumed efficiencies.
    """
    return kernels_for(
        chip.kernels, chip.peak, chip.kernel_efficiency, chip.memory_bandwidth, chip.memory_efficiency, chip.fabric.rate,
        chip.fabric.latency,
    )  # fmt: skip


def fabric(chip: schema.Accelerator) -> Fabric:
    """Fabric domains of a satellite.

    Parameters
    ----------
    chip : schema.Accelerator
        Validated section of the scenario.

    Returns
    -------
    Fabric
        Size of a domain, and what joins domains.
    """
    beyond = chip.fabric.beyond
    if beyond is None:
        return Fabric(chip.fabric.domain)
    return Fabric(chip.fabric.domain, beyond.rate, beyond.latency)


def service(job: schema.Inference, carrier: Carrier, hops: Hops | None = None) -> Service:
    """Inference service, with stages, tensor group, batch and chunk chosen where the scenario leaves them open.

    Parameters
    ----------
    job : schema.Inference
        Validated section of the scenario.
    carrier : Carrier
        Satellite or node.
    hops : Hops, optional
        Links between the satellites of a pipeline; by default messages take no time.

    Returns
    -------
    Service
        See `serving_choice.chosen`.
    """
    chip, goal = carrier.accelerator, job.targets
    open_ = Service(
        model=model(job.model), kernels=kernels(chip), fabric=fabric(chip), precision=job.precision, tensor=1,
        accelerators=carrier.accelerators, batch=1, input_tokens=job.input_tokens, output_tokens=job.output_tokens,
        peak_flops=chip.peak[job.precision], memory_bytes=chip.memory, memory_share=job.memory_fraction,
        weight_precision=job.weight_precision or job.precision, kv_precision=job.kv_precision or job.precision,
        chunk=job.chunk, host_s=job.step_overhead,
        targets=None if goal is None else Targets(goal.ttft, goal.tpot, goal.percentile, goal.round_trip), hops=hops or Hops(),
    )  # fmt: skip
    return serving_choice.chosen(open_, job.tensor, job.batch, None if job.pipeline == "auto" else job.pipeline)


def stages(job: schema.Inference, carrier: Carrier) -> int:
    """Satellites of a copy of a service's model.

    Parameters
    ----------
    job : schema.Inference
        Validated section of the scenario.
    carrier : Carrier
        Satellite or node.

    Returns
    -------
    int
        Stages, each on a satellite.
    """
    return service(job, carrier).pipeline if job.pipeline == "auto" else job.pipeline


def counts(workloads: Sequence[schema.Workload], spares: int, satellites: int) -> list[int]:
    """Satellites of each workload: shares of the fleet rounded down, the rest evenly to workloads without a share.

    Parameters
    ----------
    workloads : sequence of schema.Workload
        Validated sections of the scenario.
    spares : int
        Spare satellites, which get no workload.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of int
        Satellites of each workload; rounding may leave some without one.

    Examples
    --------
    Inference on a tenth of 81 satellites, independent work on the rest but for two spares:

    >>> from types import SimpleNamespace
    >>> inference, independent = SimpleNamespace(share=0.1), SimpleNamespace(share=None)
    >>> counts([inference, independent], 2, 81)
    [8, 71]
    """
    shares = [None if isinstance(w, schema.Independent) else w.share for w in workloads]
    given = [None if share is None else math.floor(share * satellites + 1e-9) for share in shares]
    left = satellites - spares - sum(n for n in given if n is not None)
    open_ = sum(n is None for n in given)
    return [n if n is not None else max(0, left) // max(1, open_) for n in given]


def moved_bytes(workloads: Sequence[schema.Workload]) -> float:
    """Bytes that move with the workloads to other accelerators: checkpoints of training, weights of inference.

    Parameters
    ----------
    workloads : sequence of Workload
        Workloads of a scenario.

    Returns
    -------
    float
        Size [B]; a checkpoint holds the weights.

    Examples
    --------
    >>> moved_bytes([schema.Independent(kind="independent")])
    0.0
    """
    size = 0.0
    for work in workloads:
        if isinstance(work, schema.Training):
            size += checkpoint_bytes(model(work.model))
        elif isinstance(work, schema.Inference):
            size += ELEMENT_BYTES[work.weight_precision or work.precision] * work.model.parameters
    return size
