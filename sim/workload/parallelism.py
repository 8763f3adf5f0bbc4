"""Parallelism of a training job: tensor inside a satellite, pipeline over neighbouring satellites, data over the rest."""

from __future__ import annotations

from typing import NamedTuple

from sim.workload.transformer import Model


class Mesh(NamedTuple):
    """Degrees of parallelism of a job, which uses tensor x pipeline x data accelerators.

    Replica r occupies satellites r q .. r q + q - 1 of the rank order, q = `satellites_per_replica`, so that consecutive
    pipeline stages are neighbours in that order; stage set j reduces its gradients over satellites j, j + q, ...
    """

    tensor: int
    pipeline: int
    data: int


class Batch(NamedTuple):
    """Batch of a training step: `global_batch` sequences of `sequence` tokens, and what is stored of their activations."""

    sequence: int
    micro_batch: int  # sequences
    global_batch: int  # sequences
    recompute: str = "selective"  # one of transformer.RECOMPUTE
    split_optimiser: bool = True  # whether the optimiser state is sharded over the replicas
    interleave: int = 1  # virtual stages held by each pipeline stage


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
    return max(1, mesh.tensor * mesh.pipeline // accelerators)


def replicas_per_satellite(mesh: Mesh, accelerators: int) -> int:
    """Whole replicas inside one satellite.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    int
        Number of replicas; 1 where a replica spans several satellites.

    Examples
    --------
    >>> replicas_per_satellite(Mesh(8, 2, 324), 64)
    4
    """
    return max(1, accelerators // (mesh.tensor * mesh.pipeline))


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
    """Candidate meshes, from small tensor and pipeline degrees to large, each with as many replicas as there is room for.

    Parameters
    ----------
    model : Model
        Shape of the model.
    accelerators : int
        Accelerators of a satellite.
    satellites : int
        Satellites available.

    Returns
    -------
    list of Mesh
        Tensor degrees are powers of two that divide accelerators and heads; a pipeline has at most one stage a layer.

    Examples
    --------
    >>> two_layers = Model(1e9, 2, 1024, 16, 16, 64, 4096, 32000)
    >>> [tuple(mesh) for mesh in meshes(two_layers, 2, 3)]
    [(1, 1, 6), (1, 2, 3), (2, 1, 3), (2, 2, 1)]
    """
    candidates = []
    tensor = 1
    while accelerators % tensor == 0 and model.heads % tensor == 0:
        slots = accelerators // tensor
        for pipeline in range(1, model.layers + 1):
            if slots % pipeline == 0:
                candidates.append(Mesh(tensor, pipeline, satellites * (slots // pipeline)))
            elif pipeline % slots == 0 and pipeline // slots <= satellites:
                candidates.append(Mesh(tensor, pipeline, satellites // (pipeline // slots)))
        tensor *= 2
    return [mesh for mesh in candidates if mesh.data > 0]


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
