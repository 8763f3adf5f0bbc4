"""Memory of a training job on one accelerator: weights, gradients, optimiser state and activations."""

from __future__ import annotations

import math

from sim.workload.parallelism import Batch, Mesh, layers_of_stage, micro_batches, satellites_per_replica
from sim.workload.transformer import Model, embedding_parameters, expert_parameters, layer_parameters
from sim.workload.transformer_memory import activation_bytes_per_layer

# Bytes per parameter in mixed-precision training with Adam [megatron-core:distributed optimizer].
WEIGHTS = {"bf16": 2.0, "fp16": 2.0, "fp8": 3.0}  # in fp8 with a copy in 16 bits
GRADIENTS = 4.0
OPTIMISER = 12.0  # weights and two moments in 32 bits

LOGIT_BYTES = 8.0  # per token and word: in 16 and 32 bits, and the gradient


def static_bytes(parameters: float, zero: int, replicas: int, precision: str = "bf16") -> float:
    """Bytes of weights, gradients and optimiser state.

    Parameters
    ----------
    parameters : float
        Parameters on the accelerator, before sharding over replicas.
    zero : int
        What is sharded over the replicas: 0 nothing, 1 optimiser state, 2 gradients too, 3 weights too.
    replicas : int
        Replicas.
    precision : {"bf16", "fp16", "fp8"}
        Number format of matrix products.

    Returns
    -------
    float
        Bytes.

    References
    ----------
    [megatron-core:distributed optimizer], [rajbhandari2020:section 5]

    Examples
    --------
    >>> [static_bytes(1e9, zero, 4) / 1e9 for zero in (0, 1, 2, 3)]
    [18.0, 9.0, 6.0, 4.5]
    """
    weights, gradients, optimiser = (
        size / (replicas if zero >= stage else 1) for stage, size in ((3, WEIGHTS.get(precision, 4.0)), (2, GRADIENTS), (1, OPTIMISER))
    )
    return parameters * (weights + gradients + optimiser)


def _parameters(model: Model, layers: float, tables: int, mesh: Mesh) -> tuple[float, float]:
    """Parameters of `layers` average layers and some vocabulary tables on one accelerator, and those of its experts."""
    routed = (model.layers - model.dense_layers) / model.layers if model.experts else 0.0  # share of the layers with experts
    experts = layers * routed * model.experts * expert_parameters(model)
    split = mesh.tensor if mesh.expert == 1 else 1
    each = (1.0 - routed) * layer_parameters(model, dense=True) + routed * layer_parameters(model)
    shared = layers * each - experts + tables * embedding_parameters(model)
    return shared / mesh.tensor, experts / (split * mesh.expert)


def _static(model: Model, layers: float, tables: int, mesh: Mesh, batch: Batch, precision: str) -> float:
    shared, experts = _parameters(model, layers, tables, mesh)
    replicas = mesh.data * mesh.context
    total = static_bytes(shared, batch.zero, replicas, precision)
    return total + static_bytes(experts, batch.zero, max(1, replicas // mesh.expert), precision)


def micro_batches_held(mesh: Mesh, batch: Batch, accelerators: int = 0) -> float:
    """Micro-batches whose activations the first stage holds, counted as those of all its layers.

    Parameters
    ----------
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    accelerators : int
        Accelerators of a satellite; 0 where no stage boundary leaves a satellite.

    Returns
    -------
    float
        min(m, p) for m micro-batches and p stages, 1 + (p - 1)/(p v) times as many with v virtual stages; besides these, two for
        each further micro-batch in flight over a boundary between satellites, one in either direction.

    References
    ----------
    [korthikanti2022:section 4.2.3]

    Examples
    --------
    >>> micro_batches_held(Mesh(8, 16, 1), Batch(4096, 1, 64)), micro_batches_held(Mesh(8, 16, 1), Batch(4096, 1, 64, in_flight=2), 8)
    (16.0, 46.0)
    """
    held = float(mesh.pipeline)
    if batch.interleave > 1:
        held *= 1.0 + (mesh.pipeline - 1.0) / (mesh.pipeline * batch.interleave)
    if accelerators:
        held += 2.0 * (batch.in_flight - 1) * (satellites_per_replica(mesh, accelerators) - 1)
    return min(held, float(micro_batches(mesh, batch)))


def layer_activation_bytes(model: Model, mesh: Mesh, batch: Batch) -> float:
    """Activations of one micro-batch in one layer, an average of layers of which all are computed again and others.

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
        Bytes on one accelerator.
    """
    routed = (model.layers - model.dense_layers) / model.layers if model.experts else 0.0  # share of the layers with experts

    def stored(recompute: str) -> float:
        dense, experts = (
            activation_bytes_per_layer(model, batch.sequence, batch.micro_batch, mesh.tensor, recompute, dense=dense) if share else 0.0
            for dense, share in ((True, 1.0 - routed), (False, routed))
        )
        return ((1.0 - routed) * dense + routed * experts) / mesh.context

    return (1.0 - batch.recomputed) * stored(_kept(batch)) + batch.recomputed * stored("full")


def _kept(batch: Batch) -> str:
    """Fused attention keeps no scores, as attention that is computed again does not."""
    return "selective" if batch.fused_attention and batch.recompute == "none" else batch.recompute


def memory_bytes_per_accelerator(
    model: Model, mesh: Mesh, batch: Batch, precision: str = "bf16", accelerators: int = 0
) -> float:
    """Memory of the fullest accelerator: weights, gradients, optimiser state, and activations for the backward pass.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    precision : {"bf16", "fp16", "fp8"}
        Number format of matrix products.
    accelerators : int
        Accelerators of a satellite; 0 where no stage boundary leaves a satellite.

    Returns
    -------
    float
        Bytes.

    Notes
    -----
    The first stage holds a vocabulary table besides its layers and the most micro-batches; the last one holds a table and the
    logits of one micro-batch; the larger of the two counts. Where layers are computed again, the activations of one are there.

    References
    ----------
    [korthikanti2022:section 4.2.3]

    Examples
    --------
    One stage on four replicas: (6 + 12/4) bytes per parameter, 32 layers, and 8 bytes for each of 4096 x 128256 logits.

    >>> llama_8b = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> mesh, batch = Mesh(8, 1, 4), Batch(4096, 1, 512)
    >>> static, logits = (8030261248 - 4096) / 8 * (6 + 12 / 4), 8 * 4096 * 128256 / 8
    >>> memory_bytes_per_accelerator(llama_8b, mesh, batch) == static + 32 * layer_activation_bytes(llama_8b, mesh, batch) + logits
    True
    """
    layers = layers_of_stage(model, mesh, batch.interleave)
    each = layer_activation_bytes(model, mesh, batch)
    logits = LOGIT_BYTES * batch.sequence * batch.micro_batch * model.vocabulary / (mesh.tensor * mesh.context)
    working = 0.0
    if batch.recomputed:
        working = layer_activation_bytes(model, mesh, batch._replace(recomputed=0.0))
    if mesh.pipeline == 1:
        tables = 1 if model.tied else 2
        return _static(model, model.layers, tables, mesh, batch, precision) + model.layers * each + logits + working
    static = _static(model, layers, 1, mesh, batch, precision)
    first = micro_batches_held(mesh, batch, accelerators) * layers * each
    last = min(1.0, micro_batches(mesh, batch)) * layers * each + logits
    return static + max(first, last) + working


def least_recomputed(
    model: Model, mesh: Mesh, batch: Batch, memory_bytes: float, precision: str = "bf16", accelerators: int = 0
) -> float | None:
    """Smallest share of the layers that must be computed again for a job to fit.

    Parameters
    ----------
    model : Model
        Shape of the model.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step; its own share is not used.
    memory_bytes : float
        Memory of an accelerator.
    precision : {"bf16", "fp16", "fp8"}
        Number format of matrix products.
    accelerators : int
        Accelerators of a satellite; 0 where no stage boundary leaves a satellite.

    Returns
    -------
    float or None
        Share in whole layers of a stage, 0 to 1; None where nothing fits.

    Examples
    --------
    >>> llama_8b = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> [least_recomputed(llama_8b, Mesh(8, 1, 4), Batch(4096, 1, 512), size) for size in (8e9, 11e9, 40e9)]
    [None, 0.4375, 0.0]
    """

    def needed(share: float) -> float:
        return memory_bytes_per_accelerator(model, mesh, batch._replace(recomputed=share), precision, accelerators)

    nothing, everything = needed(0.0), needed(1.0)
    if nothing <= memory_bytes:
        return 0.0
    if everything > memory_bytes:
        return None
    # linear in the share, but for one layer of working memory
    layers = layers_of_stage(model, mesh, batch.interleave)
    working = layer_activation_bytes(model, mesh, batch._replace(recomputed=0.0))
    share = (nothing + working - memory_bytes) / max(nothing + working - everything, 1.0)
    count = max(1, math.ceil(share * layers - 1e-9))
    while count < layers and needed(count / layers) > memory_bytes:
        count += 1
    return count / layers
