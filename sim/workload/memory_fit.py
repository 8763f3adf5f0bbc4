"""Whether a training job fits into accelerator memory, and what fits instead."""

from __future__ import annotations

from typing import NamedTuple

from sim.workload.parallelism import Batch, Mesh, meshes
from sim.workload.training_memory import least_recomputed, memory_bytes_per_accelerator, static_bytes
from sim.workload.transformer import Model


class Job(NamedTuple):
    """What fits is asked for: a model, its batch and precision, and the satellites that train it."""

    model: Model
    batch: Batch
    precision: str
    accelerators: int  # of a satellite
    satellites: int
    memory_bytes: float  # of an accelerator, available to the job
    recomputed: float | None = None  # share of the layers that are computed again; None: as many as must be


def fitted(job: Job, mesh: Mesh) -> Batch | None:
    """Batch of a job on a mesh, with the least recomputation that fits.

    Parameters
    ----------
    job : Job
        The job.
    mesh : Mesh
        Degrees of parallelism.

    Returns
    -------
    Batch or None
        The batch; None where it does not fit.

    Examples
    --------
    >>> llama_8b = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> job = Job(llama_8b, Batch(4096, 1, 512), "bf16", 8, 4, 11e9)
    >>> fitted(job, Mesh(8, 1, 4)).recomputed > 0, fitted(job._replace(memory_bytes=8e9), Mesh(8, 1, 4))
    (True, None)
    """
    model, batch, size = job.model, job.batch, job.memory_bytes
    if job.recomputed is None:
        share = least_recomputed(model, mesh, batch, size, job.precision, job.accelerators)
        return None if share is None else batch._replace(recomputed=share)
    batch = batch._replace(recomputed=job.recomputed)
    needed = memory_bytes_per_accelerator(model, mesh, batch, job.precision, job.accelerators)
    return batch if needed <= size else None


def fits(job: Job, mesh: Mesh) -> bool:
    """Whether the fullest accelerator has room for its part of a job, at any of the stages of sharding 1 to 3.

    Parameters
    ----------
    job : Job
        The job.
    mesh : Mesh
        Degrees of parallelism.

    Returns
    -------
    bool
        True where it does.
    """
    stages = range(job.batch.zero, 4)
    return any(fitted(job._replace(batch=job.batch._replace(zero=zero)), mesh) is not None for zero in stages)


def fit_problem(job: Job, mesh: Mesh) -> str | None:
    """Check that a mesh fits into memory.

    Parameters
    ----------
    job : Job
        The job.
    mesh : Mesh
        Degrees of parallelism.

    Returns
    -------
    str or None
        What is wrong; which mesh to write instead. None where it fits.
    """
    if fits(job, mesh):
        return None
    needs = _gb(_least_bytes(job, mesh))
    lacks = f"needs {needs} of {_gb(job.memory_bytes)} per accelerator with tensor {mesh.tensor}, pipeline {mesh.pipeline}"
    other = smallest_fit(job, mesh.tensor)
    if other is None:
        return f"{lacks}; {no_fit_message(job)}"
    return (
        f"{lacks}; tensor {other.tensor}, pipeline {other.pipeline} needs {_gb(_least_bytes(job, other))}: "
        f"write mesh: {{tensor: {other.tensor}, pipeline: {other.pipeline}, data: {other.data}}}"
    )


def _least_bytes(job: Job, mesh: Mesh) -> float:
    """Memory with everything sharded and computed again that the job leaves open."""
    recomputed = 1.0 if job.recomputed is None else job.recomputed
    batch = job.batch._replace(zero=3, recomputed=recomputed)
    return memory_bytes_per_accelerator(job.model, mesh, batch, job.precision, job.accelerators)


def smallest_fit(job: Job, tensor: int = 0) -> Mesh | None:
    """Mesh with the fewest accelerators in a replica that fits into memory.

    Parameters
    ----------
    job : Job
        The job.
    tensor : int
        Preferred tensor degree; 0 for none.

    Returns
    -------
    Mesh or None
        A mesh of the preferred degree if one fits, else of the largest degree among equals; None where none fits.
    """
    fitting = [mesh for mesh in meshes(job.model, job.accelerators, job.satellites) if fits(job, mesh)]
    return min(fitting, key=lambda m: (m.tensor != tensor, m.tensor * m.pipeline, -m.tensor), default=None)


def no_fit_message(job: Job) -> str:
    """Message for a job of which no mesh fits into memory.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    str
        What is wrong; what to write.
    """
    static = static_bytes(job.model.parameters, 0, 1, job.precision)
    fleet = f"{job.satellites} satellites of {job.accelerators} x {_gb(job.memory_bytes)}"
    possible = meshes(job.model, job.accelerators, job.satellites)
    if not possible or static > job.satellites * job.accelerators * job.memory_bytes:
        return f"nothing fits: {_gb(static)} of weights, gradients and optimiser on {fleet}"
    least = min(possible, key=lambda mesh: (_least_bytes(job, mesh), mesh))
    again = "" if job.recomputed in (None, 1.0) else "recompute: full, "
    return (
        f"nothing fits on {fleet}: the least is {_gb(_least_bytes(job, least))} "
        f"with tensor {least.tensor}, pipeline {least.pipeline}, everything sharded; write {again}a smaller micro_batch or a shorter sequence"
    )


def _gb(size_bytes: float) -> str:
    """Bytes in words, decimal units, three figures."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size_bytes >= limit:
            return f"{size_bytes / limit:.3g} {unit}"
    return f"{size_bytes:.0f} B"
