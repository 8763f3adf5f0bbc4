"""Decoder-only transformers: parameters and FLOPs, independent of any hardware."""

from __future__ import annotations

import math
from typing import NamedTuple

RECOMPUTE = ("none", "selective", "full")


class Model(NamedTuple):
    """Shape of a decoder, dense or a mixture of experts.

    Fields are counts. `parameters` is the published total, with all experts.
    """

    parameters: float
    layers: int
    hidden: int
    heads: int  # of queries
    kv_heads: int
    head_size: int  # without the part that carries rotary positions where attention is latent
    ffn: int  # inner width of the feed-forward network of dense layers
    vocabulary: int
    experts: int = 0  # routed experts of a layer; 0 for a dense model
    active_experts: int = 0  # of those, for each token
    shared_experts: int = 0  # that every token passes
    expert_ffn: int = 0  # inner width of an expert
    dense_layers: int = 0  # leading layers without experts
    query_rank: int = 0  # width of compressed queries; 0 for none
    kv_rank: int = 0  # width of compressed keys and values; 0 where attention is not latent
    rope_size: int = 0  # part of a latent head that carries rotary positions
    value_size: int = 0  # width of the values of a latent head
    window: int = 0  # tokens that a layer with a window attends to at most
    window_layers: int = 0
    gated: bool = True  # three feed-forward matrices, otherwise two
    tied: bool = False  # one vocabulary table for embedding and output


def attention_parameters(model: Model) -> float:
    """Parameters of the attention of one layer.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        h (2 q + 2 k) for hidden size h, query width q and key width k. Latent attention has down- and up-projections of
        queries and of keys with values, two norms, and the output matrix.

    References
    ----------
    [llama3], [deepseek-v2:section 2.1]

    Examples
    --------
    Llama 3 8B, 4,096 x (2 x 4,096 + 2 x 1,024), and DeepSeek-V3:

    >>> attention_parameters(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256))
    41943040.0
    >>> latent = Model(671e9, 61, 7168, 128, 128, 128, 18432, 129280, query_rank=1536, kv_rank=512, rope_size=64, value_size=128)
    >>> attention_parameters(latent)
    187107328.0
    """
    h, heads = model.hidden, model.heads
    if not model.kv_rank:
        return h * (2.0 * heads * model.head_size + 2.0 * model.kv_heads * model.head_size)
    queries = heads * (model.head_size + model.rope_size)
    rank = model.query_rank
    query = float(h * rank + rank + rank * queries if rank else h * queries)
    key_value = h * (model.kv_rank + model.rope_size) + model.kv_rank + model.kv_rank * heads * (model.head_size + model.value_size)
    return query + key_value + heads * model.value_size * h


def expert_parameters(model: Model) -> float:
    """Parameters of one expert of one layer.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        3 h e for hidden size h and inner width e; 2 h e without gate; 0 for a dense model.
    """
    return float(_matrices(model) * model.hidden * model.expert_ffn)


def layer_parameters(model: Model, dense: bool = False) -> float:
    """Parameters of one layer: attention, feed-forward network or experts with their router, two norms.

    Parameters
    ----------
    model : Model
        Shape of the model.
    dense : bool
        Whether a layer without experts of a mixture is meant; layers of a dense model have none.

    Returns
    -------
    float
        Number of parameters; biases are left out.

    References
    ----------
    [llama3], [deepseek-v3:section 2.1]

    Examples
    --------
    Llama 3 8B: 4,096 x (2 x 4,096 + 2 x 1,024 + 3 x 14,336 + 2):

    >>> layer_parameters(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256))
    218112000.0
    """
    if model.experts and not dense:
        network = (model.experts + model.shared_experts) * expert_parameters(model) + model.hidden * model.experts
    else:
        network = _matrices(model) * float(model.hidden) * model.ffn
    return attention_parameters(model) + network + 2.0 * model.hidden


def _matrices(model: Model) -> int:
    return 3 if model.gated else 2


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


def parameter_count(model: Model) -> float:
    """Parameters of the whole model, counted from its shape, with all experts.

    Parameters
    ----------
    model : Model
        Shape of the model; its field `parameters` is not used.

    Returns
    -------
    float
        Number of parameters.

    Examples
    --------
    Llama 3 8B has 8,030,261,248 parameters; with one vocabulary table, 525,336,576 fewer:

    >>> llama_8b = Model(0.0, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> parameter_count(llama_8b), parameter_count(llama_8b._replace(tied=True))
    (8030261248.0, 7504924672.0)
    """
    dense = model.dense_layers if model.experts else model.layers
    layers = dense * layer_parameters(model, dense=True) + (model.layers - dense) * layer_parameters(model)
    return layers + (1 if model.tied else 2) * embedding_parameters(model) + model.hidden


def active_parameters(model: Model) -> float:
    """Parameters that one token passes: all but the routed experts that it does not go to.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        Number of parameters, with both vocabulary tables; all parameters of a dense model.

    References
    ----------
    [deepseek-v3:section 1]

    Examples
    --------
    Two of eight experts of 3 x 4,096 x 14,336 in each of 32 layers:

    >>> active_parameters(Model(46.7e9, 32, 4096, 32, 8, 128, 14336, 32000, experts=8, active_experts=2, expert_ffn=14336))
    12877132544.0
    """
    idle = (model.layers - model.dense_layers) * (model.experts - model.active_experts)
    return model.parameters - idle * expert_parameters(model)


def matrix_parameters(model: Model) -> float:
    """Parameters that one token is multiplied with: active ones but for the embedding, whose rows are only looked up.

    Parameters
    ----------
    model : Model
        Shape of the model.

    Returns
    -------
    float
        Number of parameters; a table that is the output matrix as well counts.

    Examples
    --------
    Llama 3 8B without 128,256 x 4,096 of the embedding:

    >>> matrix_parameters(Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256))
    7504924672.0
    """
    return active_parameters(model) - (0.0 if model.tied else embedding_parameters(model))


def read_parameters(model: Model, tokens: float) -> float:
    """Parameters that a pass over a number of tokens reads from memory, where routing spreads tokens evenly.

    Parameters
    ----------
    model : Model
        Shape of the model.
    tokens : float
        Tokens that pass together, at least 1.

    Returns
    -------
    float
        All but the routed experts that none of the tokens goes to, expected value: a share (1 - k/E)^n of E experts for n
        tokens that go to k each.

    Examples
    --------
    Eight experts: a token reads two, and 16 tokens miss one in a hundred:

    >>> model = Model(46.7e9, 32, 4096, 32, 8, 128, 14336, 32000, experts=8, active_experts=2, expert_ffn=14336)
    >>> read_parameters(model, 1.0) == active_parameters(model)
    True
    >>> round((46.7e9 - read_parameters(model, 16.0)) / (32 * 8 * expert_parameters(model)), 3)
    0.01
    """
    if not model.experts:
        return model.parameters
    missed = model.experts * math.pow(1.0 - model.active_experts / model.experts, tokens)
    return model.parameters - (model.layers - model.dense_layers) * missed * expert_parameters(model)


def attention_flops_per_token(model: Model, context: float, absorbed: bool = False) -> float:
    """Forward FLOPs of one token that attends to a context: scores and weighted values, all layers.

    Parameters
    ----------
    model : Model
        Shape of the model.
    context : float
        Tokens before it, not negative; layers with a window attend to the window at most.
    absorbed : bool
        Whether latent attention works on the compressed keys and values, as decoding does; no effect on other attention.

    Returns
    -------
    float
        4 L h_a c for L layers, attention width h_a and c tokens of context.

    References
    ----------
    [chowdhery2022:appendix B], [deepseek-v2:section 2.1]

    Examples
    --------
    >>> llama_8b = Model(8e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> attention_flops_per_token(llama_8b, 1000.0) == 4 * 32 * 4096 * 1000
    True
    """
    return _attention_flops(model, context, min(float(model.window), context), absorbed)


def sequence_attention_flops_per_token(model: Model, sequence: float, masked: bool = True) -> float:
    """Forward FLOPs of attention per token, averaged over a sequence.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence, not negative.
    masked : bool
        Whether the causal mask counts: token k attends to k tokens, s/2 on average, and in a layer with a window of w < s
        tokens to w - w^2/(2 s). Without the mask each attends to s, or w.

    Returns
    -------
    float
        2 L h_a s with the mask and 4 L h_a s without it, for L layers of attention width h_a without window.

    References
    ----------
    [chowdhery2022:appendix B]

    Examples
    --------
    >>> llama_8b = Model(8e9, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> [sequence_attention_flops_per_token(llama_8b, 1000.0, masked) / (32 * 4096 * 1000) for masked in (True, False)]
    [2.0, 4.0]
    """
    window = min(float(model.window), sequence)
    if not masked:
        return _attention_flops(model, sequence, window)
    cut = 0.0 if sequence == 0.0 else window * window / (2.0 * sequence)
    return _attention_flops(model, sequence / 2.0, window - cut)


def _attention_flops(model: Model, context: float, window_context: float, absorbed: bool = False) -> float:
    if not model.kv_rank:
        width = 4.0 * model.heads * model.head_size
    elif absorbed:
        width = 2.0 * model.heads * (2 * model.kv_rank + model.rope_size)
    else:
        width = 2.0 * model.heads * (model.head_size + model.rope_size + model.value_size)
    full = model.layers - model.window_layers
    return full * width * context + model.window_layers * width * window_context


def forward_flops_per_token(model: Model, sequence: float, masked: bool = True) -> float:
    """Forward FLOPs per token, averaged over a sequence: 2 N + 2 L h s with N parameters of matrices, see `matrix_parameters`.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence, not negative.
    masked : bool
        Whether attention is counted with its causal mask. Papers that print model FLOPs utilisation often count it without,
        which is twice as much [chowdhery2022:appendix B].

    Returns
    -------
    float
        FLOPs per token.

    References
    ----------
    [kaplan2020:section 2.1]

    Examples
    --------
    Without attention a forward pass takes two FLOPs per parameter of a matrix:

    >>> model = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> forward_flops_per_token(model, 0.0) == 2 * matrix_parameters(model)
    True
    """
    return 2.0 * matrix_parameters(model) + sequence_attention_flops_per_token(model, sequence, masked)


def training_flops_per_token(model: Model, sequence: float, masked: bool = True) -> float:
    """Model FLOPs per token of a training step, 6 N + 6 L h s: the backward pass takes twice the forward pass.

    Parameters
    ----------
    model : Model
        Shape of the model.
    sequence : float
        Tokens of the sequence, not negative.
    masked : bool
        As in `forward_flops_per_token`.

    Returns
    -------
    float
        FLOPs per token; recomputed activations are not included.

    References
    ----------
    [kaplan2020:section 2.1]

    Examples
    --------
    >>> model = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
    >>> training_flops_per_token(model, 0.0) == 6 * matrix_parameters(model)
    True
    """
    return 3.0 * forward_flops_per_token(model, sequence, masked)


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
