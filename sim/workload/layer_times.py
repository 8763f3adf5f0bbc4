"""Work of one micro-batch in one layer, on one accelerator at full clock rate: from the shapes of its kernels.

Arithmetic slows with the clock rate; streams through memory and messages inside a satellite do not.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sim.workload.fabric import Fabric, collective_s
from sim.workload.kernels import ELEMENT_BYTES, Kernels
from sim.workload.layer_products import attention_products, feed_forward_products
from sim.workload.parallelism import Batch, Mesh
from sim.workload.transformer import Model

ACTIVATION_BYTES = 2.0  # of one value between kernels and in messages of tensor groups and stages
ACCUMULATED_BYTES = 8.0  # per weight and micro-batch: the gradient in 32 bits is read and written


class Work(NamedTuple):
    """Durations [s] at full clock rate."""

    arithmetic: float  # matrix products and attention
    memory: float  # streams through memory: norms, activations, residuals, gradients that accumulate
    fabric: float  # messages inside the satellite that nothing hides

    def __add__(self, other: Work) -> Work:  # type: ignore[override]
        """Sum of the parts."""
        return Work(self.arithmetic + other.arithmetic, self.memory + other.memory, self.fabric + other.fabric)

    def times(self, factor: float) -> Work:
        """All parts times a number.

        Parameters
        ----------
        factor : float
            The number.

        Returns
        -------
        Work
            The product.
        """
        return Work(self.arithmetic * factor, self.memory * factor, self.fabric * factor)


class Layer(NamedTuple):
    """Work of the two passes of one micro-batch."""

    forward: Work
    backward: Work


class Shapes(NamedTuple):
    """All that the work of a layer depends on."""

    model: Model
    kernels: Kernels
    fabric: Fabric
    precision: str
    tensor: int
    context: int
    expert: int
    sequence: int
    micro_batch: int
    fused_attention: bool
    overlap: float  # share of a pass through the experts that hides their messages


def shapes(
    model: Model, kernels: Kernels, fabric: Fabric, precision: str, mesh: Mesh, batch: Batch, overlap: float = 0.0
) -> Shapes:
    """Shapes of a job's kernels.

    Parameters
    ----------
    model : Model
        Shape of the model.
    kernels : Kernels
        Durations of kernels.
    fabric : Fabric
        Domains of a satellite.
    precision : str
        Number format of matrix products.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    overlap : float
        Share of a pass through the experts that hides their messages, 0 to 1.

    Returns
    -------
    Shapes
        Shapes; equal for meshes that differ in pipeline and data degree only.
    """
    return Shapes(
        model, kernels, fabric, precision, mesh.tensor, mesh.context, mesh.expert, batch.sequence, batch.micro_batch,
        batch.fused_attention, overlap,
    )  # fmt: skip


def _tokens(s: Shapes) -> float:
    return float(s.sequence * s.micro_batch) / s.context


def _products(s: Shapes, products: list[tuple[float, float]], tokens: float) -> tuple[Work, Work]:
    """Matrix products of (tokens, k) and (k, n) for each (n, k), forward, and the two of each in the backward pass."""
    forward_s = backward_s = 0.0
    weights = quantised = 0.0
    for n, k in products:
        forward_s += s.kernels.matmul_s(tokens, n, k, s.precision)
        backward_s += s.kernels.matmul_s(tokens, k, n, s.precision) + s.kernels.matmul_s(n, k, tokens, s.precision)
        weights += n * k
        quantised += tokens * (n + k)
    accumulate_s = s.kernels.stream_s((ACCUMULATED_BYTES - ACTIVATION_BYTES) * weights)
    cast_s = 0.0
    if ELEMENT_BYTES[s.precision] < ACTIVATION_BYTES:
        # operands are read in 16 bits for their largest value and again, and written narrower in rows and in columns
        cast_s = s.kernels.stream_s((2.0 * ACTIVATION_BYTES + 2.0 * ELEMENT_BYTES[s.precision]) * quantised / 2.0)
    return Work(forward_s, cast_s, 0.0), Work(backward_s, accumulate_s + cast_s, 0.0)


def _attention(s: Shapes) -> tuple[Work, Work]:
    """Scores and weighted values of a micro-batch; layers with a window are averaged with the others."""
    m, tokens = s.model, _tokens(s)
    heads, kv_heads = m.heads / s.tensor, max(1.0, m.kv_heads / s.tensor)
    size = float(m.head_size)
    if m.kv_rank > 0:
        kv_heads, size = heads, (m.head_size + m.rope_size + m.value_size) / 2.0
    if not s.fused_attention:
        return _unfused_attention(s, heads, size)
    forward_s = backward_s = 0.0
    for window, share in ((0.0, 1.0 - m.window_layers / m.layers), (float(m.window), m.window_layers / m.layers)):
        if share > 0.0:
            arguments = (float(s.micro_batch), float(s.sequence), heads, kv_heads, size, "bf16", window)
            forward_s += share / s.context * s.kernels.attention_s(*arguments)
            backward_s += share / s.context * s.kernels.attention_backward_s(*arguments)
    keys_bytes = 2.0 * tokens * kv_heads * size * ACTIVATION_BYTES
    ring_s = collective_s(s.kernels, s.fabric, "all_gather", s.context, s.context * keys_bytes, s.tensor)
    return (
        Work(forward_s, 0.0, max(0.0, ring_s - forward_s)),
        Work(backward_s, 0.0, max(0.0, 2.0 * ring_s - backward_s)),
    )


def _unfused_attention(s: Shapes, heads: float, size: float) -> tuple[Work, Work]:
    """Attention of separate kernels, without causal mask in its products: scores pass through memory.

    Bytes per score. Forward: written 2, scaled, masked and normalised 4, dropped out 5, read 2. Backward: gradients of the weighted
    values 2, of dropout 5, of the normalisation 6, read twice 4; and the forward pass again but for its last read.
    """
    each, tokens = float(s.sequence), _tokens(s)
    product_s = 2.0 * s.micro_batch / s.context * heads * s.kernels.matmul_s(each, each, size, "bf16")
    scores = heads * tokens * s.sequence
    # the products write and read scores once each, which their own durations hold
    forward = Work(product_s, s.kernels.stream_s(9.0 * scores), 0.0)
    backward = Work(3.0 * product_s, s.kernels.stream_s((11.0 + 9.0) * scores), 0.0)
    return forward, backward


def _elementwise(s: Shapes, width: float) -> tuple[Work, Work]:
    """Norms, residuals, rotary embedding and activation; `width` is the feed-forward width of the accelerator."""
    m, tokens, t = s.model, _tokens(s), s.tensor
    norms, residuals = 2.0 * 2.0 * m.hidden / t, 2.0 * (3.0 if m.gated else 3.5) * m.hidden / t
    rotary = 2.0 * (m.heads + m.kv_heads) * m.head_size / t if m.gated else 0.0
    forward = norms + residuals + rotary + (3.0 if m.gated else 2.0) * width
    backward = 2.0 * norms + residuals + rotary + (5.0 if m.gated else 3.0) * width
    each = ACTIVATION_BYTES * tokens
    return Work(0.0, s.kernels.stream_s(each * forward), 0.0), Work(0.0, s.kernels.stream_s(each * backward), 0.0)


def _feed_forward(s: Shapes, width: float) -> tuple[Work, Work]:
    return _products(s, feed_forward_products(s.model, width / s.tensor), _tokens(s))


def _experts(s: Shapes) -> tuple[Work, Work]:
    """Routed and shared experts of a layer, tokens spread evenly; dispatch and combination cross the fabric in both passes."""
    m, tokens = s.model, _tokens(s)
    # without expert parallelism experts are split over the tensor group as a dense network is
    split = s.tensor if s.expert == 1 else 1
    routed = tokens / (1 if s.expert == 1 else s.tensor)
    forward_s = s.kernels.experts_s(
        routed * s.expert, m.hidden, m.expert_ffn / split, m.experts / s.expert, m.active_experts / s.expert, s.precision, m.gated
    )
    weights = m.experts / s.expert * (3.0 if m.gated else 2.0) * m.hidden * m.expert_ffn / split
    gradients_s = s.kernels.stream_s((ACCUMULATED_BYTES - ACTIVATION_BYTES) * weights)
    moved_s = s.kernels.stream_s(2.0 * 2.0 * ACTIVATION_BYTES * routed * m.active_experts * m.hidden)  # sorted and merged
    messages_s = sum(_dispatch_s(s, routed * m.hidden * size) for size in (ELEMENT_BYTES[s.precision], ACTIVATION_BYTES))
    forward = Work(forward_s, moved_s, 0.0)
    backward = Work(2.0 * forward_s, moved_s + gradients_s, 0.0)
    if m.shared_experts:
        shared = _feed_forward(s, float(m.shared_experts * m.expert_ffn))
        forward, backward = forward + shared[0], backward + shared[1]
    # the messages of one half of a micro-batch pass while the other half is computed
    exposed = (max(0.0, messages_s - s.overlap * (work.arithmetic + work.memory)) for work in (forward, backward))
    return forward._replace(fabric=next(exposed)), backward._replace(fabric=next(exposed))


def _dispatch_s(s: Shapes, token_bytes: float) -> float:
    """Messages from tokens to their experts, or back: one copy for each fabric domain that has some, spread inside the domain.

    Parameters
    ----------
    s : Shapes
        Shapes of the kernels.
    token_bytes : float
        Bytes of all tokens of an accelerator, one copy of each.

    Returns
    -------
    float
        Duration [s], of the slower of the two networks.
    """
    inside = min(s.expert, max(1, s.fabric.domain // s.tensor))
    domains = s.expert // inside
    inside_s = s.kernels.collective_s("all_to_all", inside, token_bytes * s.model.active_experts)
    if domains < 2:
        return inside_s
    others = (domains - 1) * (1.0 - (1.0 - 1.0 / domains) ** s.model.active_experts)  # that a token is sent to, on average
    return max(inside_s, (domains - 1) * s.fabric.beyond_latency_s + token_bytes * others / s.fabric.beyond_byte_s)


@lru_cache(maxsize=4096)
def layer(s: Shapes, dense: bool = True) -> Layer:
    """Work of one layer.

    Parameters
    ----------
    s : Shapes
        Shapes of the kernels.
    dense : bool
        Whether the layer has a dense feed-forward network; a model without experts has no other layers.

    Returns
    -------
    Layer
        Durations [s] of both passes.

    Notes
    -----
    Each layer gathers its input and scatters its output over the tensor group twice in either pass; sequences are split over the
    group between these [korthikanti2022:section 4.2.2].

    References
    ----------
    [narayanan2021:section 3.2]
    """
    m = s.model
    projections = _products(s, attention_products(m, s.tensor), _tokens(s))
    attention = _attention(s)
    if dense:
        network, width = _feed_forward(s, float(m.ffn)), m.ffn / s.tensor
    else:
        network, width = _experts(s), float(m.active_experts + m.shared_experts) * m.expert_ffn / s.tensor
    small = _elementwise(s, width)
    whole = ACTIVATION_BYTES * _tokens(s) * m.hidden
    gather_s, scatter_s = (collective_s(s.kernels, s.fabric, kind, s.tensor, whole) for kind in ("all_gather", "reduce_scatter"))
    pairs = 2.0 if dense or s.expert == 1 else 1.0  # spread experts work on the split sequence
    messages = Work(0.0, 0.0, pairs * (gather_s + scatter_s))
    forward, backward = (projections[i] + attention[i] + network[i] + small[i] + messages for i in (0, 1))
    return Layer(forward, backward)


@lru_cache(maxsize=4096)
def head(s: Shapes) -> Layer:
    """Work of the output matrix and the loss, which the last stage does besides its layers.

    Parameters
    ----------
    s : Shapes
        Shapes of the kernels.

    Returns
    -------
    Layer
        Durations [s] of both passes.
    """
    m, tokens = s.model, _tokens(s)
    wide = s._replace(precision="bf16")
    forward, backward = _products(wide, [(m.vocabulary / s.tensor, float(m.hidden))], tokens)
    logits_s = s.kernels.stream_s(8.0 * tokens * m.vocabulary / s.tensor)  # read in 16 bits, exponents in 32
    small = Work(0.0, logits_s, 0.0)
    return Layer(forward + small, backward + small)


def optimiser_s(kernels: Kernels, parameters: float) -> float:
    """Update of the weights of one accelerator.

    Parameters
    ----------
    kernels : Kernels
        Durations of kernels.
    parameters : float
        Parameters that the accelerator updates.

    Returns
    -------
    float
        Duration [s]: gradient read, weights in 32 bits and two moments read and written, weights in 16 bits written, 30 bytes each.
    """
    return kernels.stream_s(30.0 * parameters)
