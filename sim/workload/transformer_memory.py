"""Bytes of a transformer: checkpoints, activations and the key-value cache."""

from __future__ import annotations

from sim.workload.transformer import Model

CHECKPOINT_BYTES = 14.0  # per parameter: weights 2, optimiser 12


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
    model: Model, sequence: int, micro_batch: int, tensor: int, recompute: str, sequence_parallel: bool = True, dense: bool = False
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
        What the backward pass computes again: nothing, the scores of attention (what a fused kernel does), or the layer.
    sequence_parallel : bool
        Whether sequence parallelism is used with `recompute="none"`; the other two always use it.
    dense : bool
        Whether a layer without experts of a mixture is meant.

    Returns
    -------
    float
        Bytes stored for the backward pass.

    Notes
    -----
    Without gate and experts, the published equations of a GPT layer with dropout: 34 bytes per value of the residual stream, and
    scores. Other layers have no dropout, and store for each token, in 16 bits unless said otherwise:

    - inputs and outputs of the two norms, 8 h bytes, and their 32-bit scales, 8;
    - queries, keys and values after rotation, and the output of attention, 4 q + 4 k; an accelerator with copies of key-value
      heads stores copies. Latent attention: inputs and outputs of the norms of its compressed vectors, 4 (r_q + r_kv), scales of
      4, and queries, keys, values and outputs of every head;
    - logarithms of the sums of attention in 32 bits, 4 a; with all scores stored instead, 2 a s;
    - gate, linear part and their product, 6 f;
    - in place of those, experts: probabilities of the router in 32 bits, 4 E; copies that are sent to k experts and what comes
      back from them before it is weighted, 4 k h; 6 e for each of the k routed and the shared experts.

    Tensor parallelism with sequence parallelism splits all of them; tokens are taken to spread evenly over the experts.

    References
    ----------
    [korthikanti2022:table 2], [dao2022:algorithm 4]

    Examples
    --------
    The 22B model, micro-batch 4, tensor degree 8, attention recomputed: 34 s b h / t.

    >>> gpt_22b = Model(22e9, 48, 6144, 64, 64, 96, 24576, 51200, gated=False)
    >>> activation_bytes_per_layer(gpt_22b, 2048, 4, 8, "selective") == 34 * 2048 * 4 * 6144 / 8
    True

    Llama 3 8B: 8 h + 4 q + 4 k + 6 f + 4 a + 8 = 34.03 bytes for each of h values of a token:

    >>> llama_8b = Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> round(activation_bytes_per_layer(llama_8b, 1, 1, 1, "selective") / 4096, 2)
    34.03
    """
    tokens, h = float(sequence) * micro_batch, model.hidden
    if recompute == "full":
        return 2.0 * tokens * h / tensor
    scores_kept = recompute == "none"
    together = 1 if scores_kept and not sequence_parallel else tensor  # accelerators that share the residual stream
    if not model.gated and not model.experts:
        scores = 5.0 * model.heads * sequence / h if scores_kept else 0.0
        return tokens * h * (10.0 / together + (24.0 + scores) / tensor)
    heads = model.heads * (2.0 * sequence if scores_kept else 4.0) + _feed_forward_bytes(model, dense)
    stream = 8.0 * h + 8.0
    if model.kv_rank:
        stream += 4.0 * (model.query_rank + model.kv_rank) + (8.0 if model.query_rank else 4.0)
        heads += 4.0 * model.heads * (model.head_size + model.rope_size + model.value_size)
        copies = 0.0
    else:
        heads += 4.0 * model.heads * model.head_size
        copies = 4.0 * kv_heads_per_rank(model, tensor) * model.head_size
    return tokens * (stream / together + heads / tensor + copies)


def _feed_forward_bytes(model: Model, dense: bool) -> float:
    """Bytes of a token that the feed-forward network or the experts of a layer store."""
    inner = 6.0 if model.gated else 4.0  # without gate: before and after the activation
    if not model.experts or dense:
        return inner * model.ffn
    passed = model.active_experts + model.shared_experts
    return 4.0 * model.experts + 4.0 * model.active_experts * model.hidden + inner * passed * model.expert_ffn


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


def kv_bytes_per_token(model: Model, element_bytes: float, tensor: int = 1, context: float = 1.0) -> float:
    """Bytes of the key-value cache for one token, all layers, on the fullest accelerator of a tensor group.

    Parameters
    ----------
    model : Model
        Shape of the model.
    element_bytes : float
        Bytes of one number.
    tensor : int
        Tensor parallel degree; 1 for the cache without copies.
    context : float
        Tokens of the sequence, at least 1: a layer with a window of w tokens keeps w of them, w/c of a cache entry per token.

    Returns
    -------
    float
        2 L k e for L layers, e bytes and the width k of the key-value heads of an accelerator; (r + d) L e for latent attention
        with compressed vectors of r and rotary parts of d, which are not split.

    References
    ----------
    [scaling-book:inference], [deepseek-v2:section 2.1]

    Examples
    --------
    Llama 3 8B in 16 bits: 128 KiB; one of its eight heads on each of 8 accelerators, and on each of 32: 16 KiB.

    >>> llama_8b = Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> [kv_bytes_per_token(llama_8b, 2.0, tensor) / 1024 for tensor in (1, 8, 32)]
    [128.0, 16.0, 16.0]
    """
    layers = model.layers - model.window_layers * (1.0 - min(1.0, model.window / context))
    if model.kv_rank:
        return layers * (model.kv_rank + model.rope_size) * element_bytes
    return 2.0 * layers * kv_heads_per_rank(model, tensor) * model.head_size * element_bytes
