"""Decoder-only transformers: parameters, FLOPs and bytes of dense models, independent of any hardware."""

from __future__ import annotations

from typing import NamedTuple

# Per parameter: weights in bf16 2, gradients in fp32 4, optimiser 12 [megatron-core:distributed optimizer].
STATIC_BYTES = 18.0
OPTIMISER_BYTES = 12.0  # of those: master weights and two Adam moments in fp32
CHECKPOINT_BYTES = 14.0  # per parameter: weights 2, optimiser 12
RECOMPUTE = ("none", "selective", "full")


class Model(NamedTuple):
    """Shape of a dense decoder with grouped-query attention and a gated feed-forward network.

    `parameters` is the published total; all other fields are counts: layers, hidden size, query heads, key-value heads,
    size of a head, feed-forward size, vocabulary size.
    """

    parameters: float
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    vocabulary: int


def layer_parameters(model: Model) -> float:
    """Parameters of one layer: four attention matrices, three of the gated feed-forward network, two norms.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        h (2 q + 2 k + 3 f + 2) for hidden size h, query width q, key width k and feed-forward size f.

    References
    ----------
    [llama3]

    Examples
    --------
    Llama 3 8B: 4,096 x (2 x 4,096 + 2 x 1,024 + 3 x 14,336 + 2):

    >>> layer_parameters(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256))
    218112000.0
    """
    queries = model.heads * model.head_size
    keys = model.kv_heads * model.head_size
    return model.hidden * (2.0 * queries + 2.0 * keys + 3.0 * model.ffn + 2.0)


def embedding_parameters(model: Model) -> float:
    """Parameters of one vocabulary table: the embedding, or the output matrix.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        Vocabulary size times hidden size.
    """
    return float(model.vocabulary * model.hidden)


def parameter_count(model: Model, tables: int = 2) -> float:
    """Parameters of the whole model, counted from its shape.

    Parameters
    ----------
    model : Model
        Shape of the model; its field `parameters` is not used.
    tables : int
        Vocabulary tables: 2, or 1 where embedding and output share one.

    Returns
    -------
    float
        Number of parameters.

    Examples
    --------
    Llama 3 8B has 8,030,261,248 parameters:

    >>> parameter_count(Model(0.0, 32, 4096, 32, 8, 128, 14336, 128256))
    8030261248.0
    """
    return model.layers * layer_parameters(model) + tables * embedding_parameters(model) + model.hidden


def attention_flops_per_token(model: Model, context: float) -> float:
    """Forward FLOPs of one token that attends to a context: scores and weighted values, all layers.

    Parameters
    ----------
    model : Model
        Shape of the model.
    context : float
        Tokens attended to, not negative.

    Returns
    -------
    float
        4 L h_a c for L layers, attention width h_a and c tokens of context.

    References
    ----------
    [chowdhery2022:appendix B]
    """
    return 4.0 * model.layers * model.heads * model.head_size * context


def forward_flops_per_token(model: Model, sequence: float) -> float:
    """Forward FLOPs per token, averaged over a sequence: 2 N + 2 L h s.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence, not negative.

    Returns
    -------
    float
        FLOPs per token.

    Notes
    -----
    Attention is counted with its causal mask: token k attends to k tokens, s/2 on average. [chowdhery2022:appendix B]
    counts it without the mask, which is twice as much.

    References
    ----------
    [kaplan2020:section 2.1]

    Examples
    --------
    Without attention a forward pass takes two FLOPs per parameter:

    >>> forward_flops_per_token(Model(8e9, 32, 4096, 32, 8, 128, 14336, 128256), 0.0)
    16000000000.0
    """
    return 2.0 * model.parameters + attention_flops_per_token(model, sequence / 2.0)


def training_flops_per_token(model: Model, sequence: float) -> float:
    """Model FLOPs per token of a training step, 6 N + 6 L h s: the backward pass takes twice the forward pass.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence, not negative.

    Returns
    -------
    float
        FLOPs per token; recomputed activations are not included, see `recompute_share`.

    References
    ----------
    [kaplan2020:section 2.1]

    Examples
    --------
    >>> training_flops_per_token(Model(8e9, 32, 4096, 32, 8, 128, 14336, 128256), 0.0) / 8e9
    6.0
    """
    return 3.0 * forward_flops_per_token(model, sequence)


def recompute_share(model: Model, sequence: float, recompute: str) -> float:
    """Recomputed FLOPs as a share of the model FLOPs of a training step.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence.
    recompute : {"none", "selective", "full"}
        Activations computed again in the backward pass: none, those of attention, or all.

    Returns
    -------
    float
        0; the forward FLOPs of attention over the model FLOPs; or 1/3.

    Notes
    -----
    Selective recomputation is what a fused attention kernel does by itself.

    References
    ----------
    [korthikanti2022:section 5]

    Examples
    --------
    >>> model = Model(8e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> recompute_share(model, 8192, "none"), recompute_share(model, 8192, "full") == 1.0 / 3.0
    (0.0, True)
    """
    if recompute == "full":
        return 1.0 / 3.0
    if recompute == "selective":
        return attention_flops_per_token(model, sequence / 2.0) / training_flops_per_token(model, sequence)
    return 0.0


def static_bytes(parameters: float, replicas: int = 1) -> float:
    """Bytes of weights, gradients and optimiser state.

    Parameters
    ----------
    parameters : float
        Number of parameters on the accelerator.
    replicas : int
        Replicas over which the optimiser state is sharded; 1 for no sharding.

    Returns
    -------
    float
        (6 + 12 / replicas) bytes per parameter.

    References
    ----------
    [megatron-core:distributed optimizer]

    Examples
    --------
    >>> static_bytes(1e9), static_bytes(1e9, replicas=4)
    (18000000000.0, 9000000000.0)
    """
    return parameters * (STATIC_BYTES - OPTIMISER_BYTES + OPTIMISER_BYTES / replicas)


def checkpoint_bytes(model: Model) -> float:
    """Bytes written by a checkpoint of the whole job: weights and optimiser state.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        14 bytes per parameter.

    References
    ----------
    [megatron-core:distributed optimizer]
    """
    return CHECKPOINT_BYTES * model.parameters


def activation_bytes_per_layer(
    model: Model, sequence: int, micro_batch: int, tensor: int, recompute: str, sequence_parallel: bool = True
) -> float:
    """Activation memory of one layer for one micro-batch, on one accelerator.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : int
        Tokens of a sequence.
    micro_batch : int
        Sequences of a micro-batch.
    tensor : int
        Tensor parallel degree.
    recompute : {"none", "selective", "full"}
        Activations that are recomputed instead of stored.
    sequence_parallel : bool
        Whether sequence parallelism is used with `recompute="none"`; the other two always use it.

    Returns
    -------
    float
        Bytes stored for the backward pass.

    Notes
    -----
    The published equations count a GPT layer of 16-bit numbers with dropout, 34 bytes per value. A gated layer without
    dropout stores 32 to 38.

    References
    ----------
    [korthikanti2022:table 2]

    Examples
    --------
    The 22B model, micro-batch 4, tensor degree 8, attention recomputed: 34 s b h / t.

    >>> gpt_22b = Model(22e9, 48, 6144, 64, 64, 96, 16384, 51200)
    >>> activation_bytes_per_layer(gpt_22b, 2048, 4, 8, "selective") == 34 * 2048 * 4 * 6144 / 8
    True
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


def kv_heads_per_rank(model: Model, tensor: int) -> int:
    """Key-value heads on the accelerator of a tensor group that holds the most.

    Parameters
    ----------
    model : Model
        Shape of the model.
    tensor : int
        Tensor parallel degree.

    Returns
    -------
    int
        max(g / t, 1) for g key-value heads and degree t where one divides the other.

    Notes
    -----
    Query heads are split evenly in order. A key-value head is on each accelerator that holds one of its query heads: it is
    not split, so that ranks beyond the number of key-value heads hold copies. Weights are still split evenly.

    References
    ----------
    [ainslie2023:section 2.2]

    Examples
    --------
    Eight heads on 4, 8 and 32 accelerators; on three, the second holds query heads 32 to 63 and with them four heads:

    >>> llama_405b = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
    >>> [kv_heads_per_rank(llama_405b, tensor) for tensor in (4, 8, 32)]
    [2, 1, 1]
    >>> kv_heads_per_rank(llama_405b._replace(heads=96), 3)
    4
    """
    heads, shared = model.heads, max(1, model.heads // max(1, model.kv_heads))
    splits = ((rank * heads // tensor, (rank + 1) * heads // tensor) for rank in range(tensor))
    return max((end - 1) // shared - begin // shared + 1 if end > begin else 0 for begin, end in splits)


def kv_bytes_per_token(model: Model, element_bytes: float, tensor: int = 1) -> float:
    """Bytes of the key-value cache for one token, all layers, on the fullest accelerator of a tensor group.

    Parameters
    ----------
    model : Model
        Shape of the model.
    element_bytes : float
        Bytes of one number.
    tensor : int
        Tensor parallel degree; 1 for the cache without copies.

    Returns
    -------
    float
        2 L k e for L layers, e bytes and the width k of the key-value heads of an accelerator.

    References
    ----------
    [scaling-book:inference]

    Examples
    --------
    Llama 3 8B in 16 bits: 128 KiB; one of its eight heads on each of 8 accelerators, and on each of 32: 16 KiB.

    >>> llama_8b = Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> [kv_bytes_per_token(llama_8b, 2.0, tensor) / 1024 for tensor in (1, 8, 32)]
    [128.0, 16.0, 16.0]
    """
    return 2.0 * model.layers * kv_heads_per_rank(model, tensor) * model.head_size * element_bytes


def message_bytes(model: Model, tokens: float, element_bytes: float) -> float:
    """Bytes of the hidden state: the message between pipeline stages and the operand of a tensor-group reduction.

    Parameters
    ----------
    model : Model
        Shape of the model.
    tokens : float
        Number of tokens.
    element_bytes : float
        Bytes of one number.

    Returns
    -------
    float
        Tokens times hidden size times element size.

    References
    ----------
    [narayanan2021:section 3.2]

    Examples
    --------
    >>> message_bytes(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256), 1.0, 2.0)
    8192.0
    """
    return tokens * model.hidden * element_bytes
