"""Parallelism of a training job: tensor inside a satellite, pipeline over neighbouring satellites, data over the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim.workload.transformer import Model


class Mesh(NamedTuple):
    """Degrees of parallelism of a job, which uses tensor x context x pipeline x data accelerators.

    Experts are spread over `expert` of the data and context ranks. A satellite holds `stages` consecutive pipeline stages of as many
    replicas as there is room for; q = `satellites_per_replica` satellites hold all stages of these replicas. Group r occupies
    satellites r q .. r q + q - 1 of the rank order, so that consecutive pipeline stages are neighbours in that order; stage set j
    reduces its gradients over satellites j, j + q, ...
    """

    tensor: int
    pipeline: int
    data: int
    context: int = 1
    expert: int = 1
    stages: int = 0  # pipeline stages of a satellite; 0: as many as divide both the pipeline and the satellite


class Batch(NamedTuple):
    """Batch of a training step: `global_batch` sequences of `sequence` tokens, and what is stored of their activations."""

    sequence: int
    micro_batch: int  # sequences
    global_batch: int  # sequences
    recompute: str = "selective"  # one of transformer.RECOMPUTE: of every layer
    zero: int = 1  # sharded over the replicas: 1 optimiser state, 2 gradients too, 3 weights too; 0 nothing
    interleave: int = 1  # virtual stages held by each pipeline stage
    recomputed: float = 0.0  # share of the layers of which all activations are computed again
    in_flight: int = 1  # micro-batches on their way over each stage boundary
    fused_attention: bool = True  # attention whose scores are never written to memory


def accelerators_per_replica(mesh: Mesh) -> int:
    """Accelerators of one replica.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.

    Returns
    -------
    int
        Product of tensor, context and pipeline degree.
    """
    return mesh.tensor * mesh.context * mesh.pipeline


def accelerators_of(mesh: Mesh) -> int:
    """Accelerators of a job.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.

    Returns
    -------
    int
        Product of the degrees; expert ranks are data and context ranks.

    Examples
    --------
    >>> accelerators_of(Mesh(8, 16, 64)), accelerators_of(Mesh(1, 16, 128, expert=64))
    (8192, 2048)
    """
    return accelerators_per_replica(mesh) * mesh.data


def stages_per_satellite(mesh: Mesh, accelerators: int) -> int:
    """Pipeline stages that a satellite holds, each for the same replicas.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        `mesh.stages`, or the largest number that divides the pipeline and the slots of a satellite.

    Examples
    --------
    >>> stages_per_satellite(Mesh(8, 16, 13), 104), stages_per_satellite(Mesh(8, 16, 40), 64)
    (1, 8)
    """
    return mesh.stages or math.gcd(mesh.pipeline, max(1, accelerators // (mesh.tensor * mesh.context)))


def satellites_per_replica(mesh: Mesh, accelerators: int) -> int:
    """Satellites spanned by one replica.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        q; 1 where whole replicas fit into a satellite.

    Examples
    --------
    >>> satellites_per_replica(Mesh(8, 16, 40), 64)
    2
    """
    return mesh.pipeline // stages_per_satellite(mesh, accelerators)


def replicas_per_satellite(mesh: Mesh, accelerators: int) -> int:
    """Replicas of which a satellite holds stages.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        Number of replicas.

    Examples
    --------
    >>> replicas_per_satellite(Mesh(8, 2, 324), 64)
    4
    """
    slots = accelerators // (mesh.tensor * mesh.context)
    return max(1, slots // stages_per_satellite(mesh, accelerators))


def data_satellites(mesh: Mesh, accelerators: int) -> int:
    """Ranks of the gradient all-reduce between satellites.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        Satellites, or groups of q satellites, that reduce their gradients with each other.
    """
    return mesh.data // replicas_per_satellite(mesh, accelerators)


def members(mesh: Mesh, accelerators: int) -> int:
    """Satellites used by the job.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        Number of satellites.

    Examples
    --------
    >>> members(Mesh(8, 16, 40), 64)
    80
    """
    return satellites_per_replica(mesh, accelerators) * data_satellites(mesh, accelerators)


def micro_batches(mesh: Mesh, batch: Batch) -> int:
    """Micro-batches per step of the replica that has the most; the other replicas wait for it.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.

    Returns
    -------
    int
        Global batch over replicas and micro-batch size, rounded up.

    Examples
    --------
    >>> micro_batches(Mesh(8, 8, 10), Batch(4096, 1, 512))
    52
    """
    return -(-batch.global_batch // (mesh.data * batch.micro_batch))


def _near(value: int, steps: list[int]) -> str:
    """The `steps` on either side of a value, in words."""
    below = [s for s in steps if s < value][-1:]
    above = [s for s in steps if s > value][:1]
    return " or ".join(str(s) for s in below + above)


def mesh_problem(mesh: Mesh, accelerators: int, satellites: int) -> str | None:
    """Check that a mesh can be laid out on satellites.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.

    Returns
    -------
    str or None
        What is wrong; what to write instead. None where the mesh can be laid out.

    Examples
    --------
    >>> mesh_problem(Mesh(3, 1, 1), 8, 10)
    'tensor 3 does not divide the 8 accelerators of a satellite; write tensor: 2 or 4'
    >>> mesh_problem(Mesh(8, 2, 324), 64, 81) is None
    True
    """
    tensor, pipeline, data = mesh.tensor, mesh.pipeline, mesh.data
    if min(mesh[:5]) < 1:
        return f"tensor {tensor}, pipeline {pipeline}, data {data}, context {mesh.context}, expert {mesh.expert}: none can be below 1; write 1"
    if accelerators % tensor:
        fits_in = [t for t in range(1, accelerators + 1) if accelerators % t == 0]
        return f"tensor {tensor} does not divide the {accelerators} accelerators of a satellite; write tensor: {_near(tensor, fits_in)}"
    slots = accelerators // tensor
    if slots % mesh.context:
        fits_in = [c for c in range(1, slots + 1) if slots % c == 0]
        return (
            f"context {mesh.context} does not divide the {slots} slots of a satellite "
            f"({accelerators} accelerators, tensor {tensor}); write context: {_near(mesh.context, fits_in)}"
        )
    slots //= mesh.context
    stages = stages_per_satellite(mesh, accelerators)
    if slots % stages or pipeline % stages:
        common = math.gcd(slots, pipeline)
        fits_in = [s for s in range(1, common + 1) if common % s == 0]
        return (
            f"stages {stages} does not divide both the pipeline of {pipeline} and the {slots} slots of a satellite; "
            f"write stages: {_near(stages, fits_in)}"
        )
    whole = replicas_per_satellite(mesh, accelerators)
    if (whole * mesh.context) % mesh.expert:
        fits_in = [e for e in range(1, whole * mesh.context + 1) if (whole * mesh.context) % e == 0]
        return (
            f"expert {mesh.expert} does not divide the {whole * mesh.context} data and context ranks of a satellite; "
            f"write expert: {_near(mesh.expert, fits_in)}"
        )
    span = satellites_per_replica(mesh, accelerators)
    if data % whole:
        steps = list(range(whole, min(data + whole, max(whole, satellites // span * whole)) + 1, whole))
        return (
            f"data {data} leaves a satellite partly used: it holds {whole} replicas; write data: {_near(data, steps)}"
        )
    if members(mesh, accelerators) > satellites:
        most = satellites // span * whole
        if most == 0:
            return f"one replica spans {span} satellites of {satellites}; write a smaller pipeline"
        return f"needs {members(mesh, accelerators)} satellites of {satellites}; write data: {most}"
    return None


def _pipelines(model: Model, tensor: int, context: int, slots: int, satellites: int) -> list[Mesh]:
    """Meshes of one tensor and context degree, on satellites of `slots` tensor and context groups.

    Of pipelines whose largest stage has as many layers the shortest counts, besides those that fill satellites.
    """
    found = []
    for pipeline in range(1, model.layers + 1):
        shorter = pipeline > 1 and -(-model.layers // (pipeline - 1)) == -(-model.layers // pipeline)
        if shorter and slots % pipeline and pipeline % slots:
            continue
        for stages in sorted({math.gcd(pipeline, slots), 1}, reverse=True):
            data = satellites // (pipeline // stages) * (slots // stages)
            if data > 0:
                widest = math.gcd(max(model.experts, 1), slots // stages * context)
                found += [Mesh(tensor, pipeline, data, context, expert, stages) for expert in sorted({1, widest})]
    return found


def meshes(
    model: Model, accelerators: int, satellites: int, domain: int | None = None, contexts: Sequence[int] = (1,)
) -> list[Mesh]:
    """Candidate meshes, from small tensor and pipeline degrees to large, each with as many replicas as there is room for.

    Parameters
    ----------
    model : Model
        Shape of the model.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.
    domain : int, optional
        Accelerators of a fabric domain; by default all of a satellite.
    contexts : sequence of int
        Context degrees to try.

    Returns
    -------
    list of Mesh
        Tensor degrees are powers of two that divide accelerators and heads and stay inside a domain; a pipeline has at most one
        stage a layer; a satellite holds as many stages as it can, or one. Experts are spread as widely as a satellite allows, or
        not at all.

    Examples
    --------
    >>> two_layers = Model(1e9, 2, 1024, 16, 16, 64, 4096, 32000)
    >>> [tuple(mesh)[:3] for mesh in meshes(two_layers, 2, 3)]
    [(1, 1, 6), (1, 2, 3), (1, 2, 2), (2, 1, 3), (2, 2, 1)]
    """
    candidates = []
    tensor = 1
    while accelerators % tensor == 0 and model.heads % tensor == 0 and tensor <= (domain or accelerators):
        for context in contexts:
            if accelerators % (tensor * context) == 0 and tensor * context <= (domain or accelerators):
                candidates += _pipelines(model, tensor, context, accelerators // (tensor * context), satellites)
        tensor *= 2
    return candidates


def layers_of_stage(model: Model, mesh: Mesh, interleave: int) -> int:
    """Layers of the largest pipeline stage, counted as virtual stages of the largest size: the others wait for it.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    interleave : int
        Virtual stages held by each pipeline stage.

    Returns
    -------
    int
        Number of layers.

    Examples
    --------
    80 layers on 13 stages:

    >>> layers_of_stage(Model(7e10, 80, 8192, 64, 8, 128, 28672, 128256), Mesh(8, 13, 1), 1)
    7
    """
    return interleave * -(-model.layers // (mesh.pipeline * interleave))
