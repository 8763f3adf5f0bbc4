"""How a job is cut over satellites: tensor inside a satellite, pipeline over neighbours, data over the rest."""

from __future__ import annotations

from typing import NamedTuple

from sim.workload.transformer import (
    Model,
    activation_bytes_per_layer,
    embedding_parameters,
    layer_parameters,
    parameter_count,
    static_bytes,
)


class Mesh(NamedTuple):
    """Degrees of parallelism, totals of the job: tensor x pipeline x data accelerators.

    Replica r lies on the satellites r q .. r q + q - 1 of the mapping order, q = `satellites_per_replica`, so that the
    neighbours of a pipeline are neighbours in the order; stage set j reduces its gradients over satellites j, j + q, ...
    """

    tensor: int
    pipeline: int
    data: int


class Batch(NamedTuple):
    """What a training step works on and keeps: sequences of `sequence` tokens, `global_batch` of them in a step."""

    sequence: int
    micro_batch: int  # sequences
    global_batch: int  # sequences
    recompute: str = "selective"  # one of transformer.RECOMPUTE
    split_optimiser: bool = True  # over the replicas
    interleave: int = 1  # virtual_stages of the model that each stage holds


def satellites_per_replica(mesh: Mesh, accelerators: int) -> int:
    """q: satellites that one replica spans, 1 where whole replicas fit into a satellite of `accelerators`."""
    return max(1, mesh.tensor * mesh.pipeline // accelerators)


def replicas_per_satellite(mesh: Mesh, accelerators: int) -> int:
    """Whole replicas inside one satellite, 1 where a replica spans several."""
    return max(1, accelerators // (mesh.tensor * mesh.pipeline))


def data_satellites(mesh: Mesh, accelerators: int) -> int:
    """Satellites, or groups of q, that reduce their gradients with each other."""
    return mesh.data // replicas_per_satellite(mesh, accelerators)


def members(mesh: Mesh, accelerators: int) -> int:
    """Satellites that the job runs on."""
    return satellites_per_replica(mesh, accelerators) * data_satellites(mesh, accelerators)


def micro_batches(mesh: Mesh, batch: Batch) -> int:
    """Micro-batches of the busiest replica in a step; where they do not divide, the others wait for it."""
    return -(-batch.global_batch // (mesh.data * batch.micro_batch))


def _near(value: int, steps: list[int]) -> str:
    """The `steps` on either side of a value, in words."""
    below = [s for s in steps if s < value][-1:]
    above = [s for s in steps if s > value][:1]
    return " or ".join(str(s) for s in below + above)


def mesh_problem(mesh: Mesh, accelerators: int, satellites: int) -> str | None:
    """What does not divide or does not suffice, and what to write instead; None where the mesh can be laid out."""
    tensor, pipeline, data = mesh
    if min(mesh) < 1:
        return f"tensor {tensor}, pipeline {pipeline}, data {data}: none can be below 1; write 1"
    if accelerators % tensor:
        fits_in = [t for t in range(1, accelerators + 1) if accelerators % t == 0]
        return f"tensor {tensor} does not divide the {accelerators} accelerators of a satellite; write tensor: {_near(tensor, fits_in)}"
    slots = accelerators // tensor
    if slots % pipeline and pipeline % slots:
        steps = [p for p in range(1, 2 * pipeline + slots + 1) if slots % p == 0 or p % slots == 0]
        return (
            f"pipeline {pipeline} neither divides nor is a multiple of the {slots} slots of a satellite "
            f"({accelerators} accelerators, tensor {tensor}); write pipeline: {_near(pipeline, steps)}"
        )
    whole = replicas_per_satellite(mesh, accelerators)
    if data % whole:
        steps = list(range(whole, data + whole + 1, whole))
        return (
            f"data {data} leaves a satellite partly used: it holds {whole} replicas; write data: {_near(data, steps)}"
        )
    span = satellites_per_replica(mesh, accelerators)
    if members(mesh, accelerators) > satellites:
        most = satellites // span * whole
        if most == 0:
            return f"one replica spans {span} satellites of {satellites}; write a smaller pipeline"
        return f"needs {members(mesh, accelerators)} satellites of {satellites}; write data: {most}"
    return None


def meshes(model: Model, accelerators: int, satellites: int) -> list[Mesh]:
    """Meshes worth trying, from small tensor and pipeline to large, each with as many replicas as there is room for.

    tensor: powers of two that divide the accelerators of a satellite and the heads; pipeline: at most one stage a layer.
    """
    found = []
    tensor = 1
    while accelerators % tensor == 0 and model.heads % tensor == 0:
        slots = accelerators // tensor
        for pipeline in range(1, model.layers + 1):
            if slots % pipeline == 0:
                found.append(Mesh(tensor, pipeline, satellites * (slots // pipeline)))
            elif pipeline % slots == 0 and pipeline // slots <= satellites:
                found.append(Mesh(tensor, pipeline, satellites // (pipeline // slots)))
        tensor *= 2
    return [mesh for mesh in found if mesh.data > 0]


def layers_of_stage(model: Model, mesh: Mesh, interleave: int) -> int:
    """Layers of the largest stage, in virtual_stages as large as the largest: what all others wait for."""
    return interleave * -(-model.layers // (mesh.pipeline * interleave))


def memory_bytes_per_accelerator(model: Model, mesh: Mesh, batch: Batch) -> float:
    """Bytes on the fullest accelerator: weights, gradients, optimiser, and activations for the backward pass.

    The first stage holds its layers, the larger number where they do not divide, and a table of the vocabulary; of
    activations min(m, p) micro-batches, interleaved 1 + (p - 1)/(p v) times p [korthikanti2022:section 4.2.3].
    """
    layers = layers_of_stage(model, mesh, batch.interleave)
    if mesh.pipeline == 1:
        parameters = parameter_count(model)
    else:
        parameters = layers * layer_parameters(model) + embedding_parameters(model)
    static = static_bytes(parameters / mesh.tensor, mesh.data if batch.split_optimiser else 1)
    alive = float(min(micro_batches(mesh, batch), mesh.pipeline))
    if batch.interleave > 1:
        alive *= 1.0 + (mesh.pipeline - 1.0) / (mesh.pipeline * batch.interleave)
    kept = activation_bytes_per_layer(model, batch.sequence, batch.micro_batch, mesh.tensor, batch.recompute)
    return static + alive * layers * kept


def fits(model: Model, mesh: Mesh, batch: Batch, memory_bytes: float) -> bool:
    """Whether the fullest accelerator has room."""
    return memory_bytes_per_accelerator(model, mesh, batch) <= memory_bytes


def fit_problem(
    model: Model, mesh: Mesh, batch: Batch, accelerators: int, satellites: int, memory_bytes: float
) -> str | None:
    """What a mesh lacks in memory and which one would fit; None where it fits."""
    if fits(model, mesh, batch, memory_bytes):
        return None
    has = f"{_gb(memory_bytes)} per accelerator"
    lacks = f"needs {_gb(memory_bytes_per_accelerator(model, mesh, batch))} of {has} with tensor {mesh.tensor}, pipeline {mesh.pipeline}"
    other = smallest_fit(model, batch, accelerators, satellites, memory_bytes, mesh.tensor)
    if other is None:
        return f"{lacks}; {nothing_fits(model, batch, accelerators, satellites, memory_bytes)}"
    needs = _gb(memory_bytes_per_accelerator(model, other, batch))
    return (
        f"{lacks}; tensor {other.tensor}, pipeline {other.pipeline} needs {needs}: "
        f"write mesh: {{tensor: {other.tensor}, pipeline: {other.pipeline}, data: {other.data}}}"
    )


def smallest_fit(
    model: Model, batch: Batch, accelerators: int, satellites: int, memory_bytes: float, tensor: int = 0
) -> Mesh | None:
    """The mesh with the fewest accelerators in a replica that fits; None where none does.

    With `tensor` if any of that degree does, else with the largest of equals.
    """
    able = [mesh for mesh in meshes(model, accelerators, satellites) if fits(model, mesh, batch, memory_bytes)]
    return min(able, key=lambda m: (m.tensor != tensor, m.tensor * m.pipeline, -m.tensor), default=None)


def nothing_fits(model: Model, batch: Batch, accelerators: int, satellites: int, memory_bytes: float) -> str:
    """Why no mesh fits, in words."""
    static = static_bytes(model.parameters)
    fleet = f"{satellites} satellites of {accelerators} x {_gb(memory_bytes)}"
    able = meshes(model, accelerators, satellites)
    if not able or static > satellites * accelerators * memory_bytes:
        return f"nothing fits: {_gb(static)} of weights, gradients and optimiser on {fleet}"
    least = min(able, key=lambda mesh: (memory_bytes_per_accelerator(model, mesh, batch), mesh))
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
