"""Whether a training job fits into accelerator memory, and which mesh fits instead."""

from __future__ import annotations

from sim.workload.parallelism import Batch, Mesh, layers_of_stage, meshes, micro_batches
from sim.workload.transformer import Model, embedding_parameters, layer_parameters, parameter_count
from sim.workload.transformer_memory import activation_bytes_per_layer, static_bytes


def memory_bytes_per_accelerator(model: Model, mesh: Mesh, batch: Batch) -> float:
    """Memory of the fullest accelerator: weights, gradients, optimiser state, and activations for the backward pass.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.

    Returns
    -------
    float
        Bytes.

    Notes
    -----
    The first stage is the fullest: it holds a vocabulary table besides its layers, and the activations of min(m, p)
    micro-batches for m micro-batches and p stages, with v virtual stages 1 + (p - 1)/(p v) times as many.

    References
    ----------
    [korthikanti2022:section 4.2.3]

    Examples
    --------
    One stage on four replicas: (6 + 12/4) bytes per parameter, and 139,400 bytes per token of 32 layers (34.03 h).

    >>> llama_8b = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> static, activations = 8030261248 / 8 * (6 + 12 / 4), 32 * 4096 * 139400 / 8
    >>> memory_bytes_per_accelerator(llama_8b, Mesh(8, 1, 4), Batch(4096, 1, 512)) == static + activations
    True
    """
    layers = layers_of_stage(model, mesh, batch.interleave)
    if mesh.pipeline == 1:
        parameters = parameter_count(model)
    else:
        parameters = layers * layer_parameters(model) + embedding_parameters(model)
    static = static_bytes(parameters / mesh.tensor, mesh.data if batch.split_optimiser else 1)
    in_flight = float(min(micro_batches(mesh, batch), mesh.pipeline))
    if batch.interleave > 1:
        in_flight *= 1.0 + (mesh.pipeline - 1.0) / (mesh.pipeline * batch.interleave)
    activations = activation_bytes_per_layer(model, batch.sequence, batch.micro_batch, mesh.tensor, batch.recompute)
    return static + in_flight * layers * activations


def fits(model: Model, mesh: Mesh, batch: Batch, memory_bytes: float) -> bool:
    """Whether the fullest accelerator has room for its part of a job.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    memory_bytes : float
        Memory of an accelerator.

    Returns
    -------
    bool
        True where `memory_bytes_per_accelerator` is at most `memory_bytes`.

    Examples
    --------
    >>> llama_8b = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> [fits(llama_8b, Mesh(8, 1, 4), Batch(4096, 1, 512), size) for size in (8e9, 16e9)]
    [False, True]
    """
    return memory_bytes_per_accelerator(model, mesh, batch) <= memory_bytes


def fit_problem(
    model: Model, mesh: Mesh, batch: Batch, accelerators: int, satellites: int, memory_bytes: float
) -> str | None:
    """Check that a mesh fits into memory.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.
    memory_bytes : float
        Memory of an accelerator.

    Returns
    -------
    str or None
        What is wrong; which mesh to write instead. None where it fits.
    """
    if fits(model, mesh, batch, memory_bytes):
        return None
    has = f"{_gb(memory_bytes)} per accelerator"
    lacks = f"needs {_gb(memory_bytes_per_accelerator(model, mesh, batch))} of {has} with tensor {mesh.tensor}, pipeline {mesh.pipeline}"
    other = smallest_fit(model, batch, accelerators, satellites, memory_bytes, mesh.tensor)
    if other is None:
        return f"{lacks}; {no_fit_message(model, batch, accelerators, satellites, memory_bytes)}"
    needs = _gb(memory_bytes_per_accelerator(model, other, batch))
    return (
        f"{lacks}; tensor {other.tensor}, pipeline {other.pipeline} needs {needs}: "
        f"write mesh: {{tensor: {other.tensor}, pipeline: {other.pipeline}, data: {other.data}}}"
    )


def smallest_fit(
    model: Model, batch: Batch, accelerators: int, satellites: int, memory_bytes: float, tensor: int = 0
) -> Mesh | None:
    """Mesh with the fewest accelerators in a replica that fits into memory.

    Parameters
    ----------
    model : Model
        Shape of the model.
    batch : Batch
        Batch of a step.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.
    memory_bytes : float
        Memory of an accelerator.
    tensor : int
        Preferred tensor degree; 0 for none.

    Returns
    -------
    Mesh or None
        A mesh of the preferred degree if one fits, else of the largest degree among equals; None where none fits.
    """
    fitting = [mesh for mesh in meshes(model, accelerators, satellites) if fits(model, mesh, batch, memory_bytes)]
    return min(fitting, key=lambda m: (m.tensor != tensor, m.tensor * m.pipeline, -m.tensor), default=None)


def no_fit_message(model: Model, batch: Batch, accelerators: int, satellites: int, memory_bytes: float) -> str:
    """Message for a job of which no mesh fits into memory.

    Parameters
    ----------
    model : Model
        Shape of the model.
    batch : Batch
        Batch of a step.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.
    memory_bytes : float
        Memory of an accelerator.

    Returns
    -------
    str
        What is wrong; what to write.
    """
    static = static_bytes(model.parameters)
    fleet = f"{satellites} satellites of {accelerators} x {_gb(memory_bytes)}"
    possible = meshes(model, accelerators, satellites)
    if not possible or static > satellites * accelerators * memory_bytes:
        return f"nothing fits: {_gb(static)} of weights, gradients and optimiser on {fleet}"
    least = min(possible, key=lambda mesh: (memory_bytes_per_accelerator(model, mesh, batch), mesh))
    return (
        f"nothing fits on {fleet}: the least is {_gb(memory_bytes_per_accelerator(model, least, batch))} "
        f"with tensor {least.tensor}, pipeline {least.pipeline}; "
        f"write {'' if batch.recompute == 'full' else 'recompute: full, '}a smaller micro_batch or a shorter sequence"
    )


def _gb(size_bytes: float) -> str:
    """Bytes in words, decimal units, three figures."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size_bytes >= limit:
            return f"{size_bytes / limit:.3g} {unit}"
    return f"{size_bytes:.0f} B"
