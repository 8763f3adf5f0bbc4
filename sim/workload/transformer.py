"""Decoder-only transformers: how many parameters, FLOPs and bytes. Dense models; nothing here knows a machine."""

from __future__ import annotations

from typing import NamedTuple

# Per parameter: weights in bf16 2, gradients in fp32 4, optimiser 12 [megatron-core:distributed optimizer].
STATIC_BYTES = 18.0
OPTIMISER_BYTES = 12.0  # of those: master weights and two moments of Adam in fp32
CHECKPOINT_BYTES = 14.0  # per parameter: weights 2, optimiser 12
RECOMPUTE = ("none", "selective", "full")


class Model(NamedTuple):
    """Shape of a dense decoder with grouped-query attention and a gated feed-forward network."""

    parameters: float
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    vocabulary: int


def layer_parameters(model: Model) -> float:
    """Parameters of one layer: four attention matrices, three of the gated feed-forward network, two norms."""
    queries = model.heads * model.head_size
    keys = model.kv_heads * model.head_size
    return model.hidden * (2.0 * queries + 2.0 * keys + 3.0 * model.ffn + 2.0)


def embedding_parameters(model: Model) -> float:
    """Parameters of one table of the vocabulary: the embedding, or the output matrix."""
    return float(model.vocabulary * model.hidden)


def parameter_count(model: Model, tables: int = 2) -> float:
    """Parameters counted from the shape; `tables` is 1 where embedding and output share one table."""
    return model.layers * layer_parameters(model) + tables * embedding_parameters(model) + model.hidden


def attention_flops_per_token(model: Model, context: float) -> float:
    """FLOPs of one token that attends to `context` tokens, forward: scores and weighted values, all layers."""
    return 4.0 * model.layers * model.heads * model.head_size * context


def forward_flops_per_token(model: Model, sequence: float) -> float:
    """FLOPs per token, forward, mean over a sequence: 2 N + 2 L h s.

    Causal attention counts what it needs: token k attends to k tokens, s/2 in the mean. [chowdhery2022:appendix B] has
    twice that, without the mask.
    """
    return 2.0 * model.parameters + attention_flops_per_token(model, sequence / 2.0)


def training_flops_per_token(model: Model, sequence: float) -> float:
    """FLOPs per token of a training step, 6 N + 6 L h s: the backward pass is twice the forward [kaplan2020:section 2.1].

    Model FLOPs: what is computed a second time is not in them (`recompute_share`).
    """
    return 3.0 * forward_flops_per_token(model, sequence)


def recompute_share(model: Model, sequence: float, recompute: str) -> float:
    """FLOPs computed a second time, as a share of the model FLOPs of a step.

    full: the forward pass again, 1/3; selective: only the attention of it [korthikanti2022:section 5], which is what
    a fused attention kernel does of itself.
    """
    if recompute == "full":
        return 1.0 / 3.0
    if recompute == "selective":
        return attention_flops_per_token(model, sequence / 2.0) / training_flops_per_token(model, sequence)
    return 0.0


def static_bytes(parameters: float, replicas: int = 1) -> float:
    """Bytes of weights, gradients and optimiser; the optimiser is split over `replicas`, 1 is not at all.

    6 + 12/d per parameter [megatron-core:distributed optimizer].
    """
    return parameters * (STATIC_BYTES - OPTIMISER_BYTES + OPTIMISER_BYTES / replicas)


def checkpoint_bytes(model: Model) -> float:
    """Bytes that a checkpoint of the whole job writes."""
    return CHECKPOINT_BYTES * model.parameters


def activation_bytes_per_layer(
    model: Model, sequence: int, micro_batch: int, tensor: int, recompute: str, sequence_parallel: bool = True
) -> float:
    """Bytes that one layer keeps of one micro-batch for the backward pass, per accelerator [korthikanti2022:table 2].

    selective and full: equations for tensor with sequence parallelism. none: as well, or with tensor parallelism alone.
    They count a GPT layer of 16 bit numbers with dropout; a gated layer without dropout keeps 32 to 38 bytes for the 34.
    """
    values = float(sequence) * micro_batch * model.hidden
    if recompute == "full":
        return 2.0 * values / tensor
    if recompute == "selective":
        return 34.0 * values / tensor
    scores = 5.0 * model.heads * sequence / model.hidden
    if sequence_parallel:
        return values * (34.0 + scores) / tensor
    return values * (10.0 + (24.0 + scores) / tensor)


def kv_bytes_per_token(model: Model, element_bytes: float) -> float:
    """Bytes of the keys and values that inference keeps of one token, all layers."""
    return 2.0 * model.layers * model.kv_heads * model.head_size * element_bytes


def message_bytes(model: Model, tokens: float, element_bytes: float) -> float:
    """Bytes of the hidden state of `tokens`: what crosses a stage's border and what a tensor group reduces."""
    return tokens * model.hidden * element_bytes
