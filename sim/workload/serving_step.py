"""One step of a tensor group that serves: tokens of prompts and one token of each decoded sequence pass all layers.

Durations are sums over the kernels of the layers on one accelerator [aiconfigurator2026], at full clock rate. Arithmetic
slows with the clock rate; memory, messages and the host do not. Plain Python, so that a scenario can be checked
without numpy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sim.workload.fabric import collective_s
from sim.workload.kernel_work import ELEMENT_BYTES, Work, attention_work, decode_work, experts_work, matmul_work
from sim.workload.layer_products import (
    Products,
    absorbed_products,
    attention_products,
    feed_forward_products,
    latent_products,
)
from sim.workload.service import Service
from sim.workload.transformer import (
    attention_flops_per_token,
    embedding_parameters,
    matrix_parameters,
    sequence_attention_flops_per_token,
)
from sim.workload.transformer_memory import kv_heads_per_rank

ACTIVATION_BYTES = 2.0  # of one value between kernels and in messages of tensor groups
_LARGE, _LONG_BYTES = 8192.0, 1e9  # sizes at which a chip reaches its best rates


class Side(NamedTuple):
    """Kernels of one kind: the longer of both paces them."""

    moved_s: float  # limited by memory; does not depend on the clock rate
    computed_s: float  # limited by arithmetic, at full clock rate


class Step(NamedTuple):
    """Duration of a step by what limits its kernels, at full clock rate."""

    useful_s: float  # forward FLOPs of the model at peak
    kernels: tuple[Side, ...]  # products of attention, attention, feed-forward, output matrix, streams
    fabric_s: float  # messages of the tensor group
    host_s: float  # scheduling that no kernel hides

    def times_rate(self, rate: float) -> float:
        """Duration times clock rate.

        Parameters
        ----------
        rate : float
            Clock rate, 0 to 1.

        Returns
        -------
        float
            Duration times rate [s], finite at rate 0.
        """
        return (self.fabric_s + self.host_s) * rate + sum(max(k.moved_s * rate, k.computed_s) for k in self.kernels)

    def duration_s(self, rate: float = 1.0) -> float:
        """Duration.

        Parameters
        ----------
        rate : float
            Clock rate, above 0 to 1.

        Returns
        -------
        float
            Duration [s].
        """
        return self.times_rate(rate) / rate

    def times(self, factor: float) -> Step:
        """All durations times a number.

        Parameters
        ----------
        factor : float
            The number.

        Returns
        -------
        Step
            The product.
        """
        return Step(
            factor * self.useful_s, tuple(Side(factor * k.moved_s, factor * k.computed_s) for k in self.kernels),
            factor * self.fabric_s, factor * self.host_s,
        )  # fmt: skip

    def between(self, other: Step, share: float) -> Step:
        """Step between two of the same kind that differ in size.

        Parameters
        ----------
        other : Step
            The other step.
        share : float
            Share of the way to the other, 0 to 1.

        Returns
        -------
        Step
            Both sides of each kernel are linear in size.
        """
        a, b = self.times(1.0 - share), other.times(share)
        kernels = tuple(Side(x.moved_s + y.moved_s, x.computed_s + y.computed_s) for x, y in zip(a.kernels, b.kernels, strict=True))
        return Step(a.useful_s + b.useful_s, kernels, a.fabric_s + b.fabric_s, a.host_s + b.host_s)

    def alternating(self, other: Step, share: float) -> Step:
        """Mean over steps of two kinds, whose kernels run one after the other.

        Parameters
        ----------
        other : Step
            The other kind.
        share : float
            Share of the steps that are of the other kind, 0 to 1.

        Returns
        -------
        Step
            Mean; its kernels are those of both.
        """
        a, b = self.times(1.0 - share), other.times(share)
        return Step(a.useful_s + b.useful_s, a.kernels + b.kernels, a.fabric_s + b.fabric_s, a.host_s + b.host_s)


class Tokens(NamedTuple):
    """What passes the layers in a step."""

    prompt: float  # tokens of prompts
    chunks: float  # steps over which a prompt is spread, at least 1
    sequences: float  # sequences that are decoded
    context: float  # tokens in the cache of each of these


@lru_cache(maxsize=1024)
def _limits(s: Service, precision: str) -> tuple[float, float]:
    """Arithmetic rate of large products [FLOP/s], and time that long streams take for a byte [s]."""
    return 2.0 * _LARGE**3 / s.kernels.matmul_s(_LARGE, _LARGE, _LARGE, precision), s.kernels.stream_s(_LONG_BYTES) / _LONG_BYTES


def _side(s: Service, duration_s: float, work: Work, precision: str) -> Side:
    """What limits a kernel: memory where streaming its bytes takes longer than its arithmetic in large products would."""
    rate, byte_s = _limits(s, precision)
    computed_s, moved_s = work.flops / rate, work.moved_bytes * byte_s
    if moved_s > computed_s:
        return Side(duration_s, min(duration_s, computed_s))
    return Side(min(duration_s, moved_s), duration_s)


Sides = list[Side]  # the same kernels in the same order for any number of tokens
_NOTHING = Side(0.0, 0.0)


def _times(count: float, sides: Sides) -> Sides:
    """Kernels that run so many times."""
    return [Side(count * side.moved_s, count * side.computed_s) for side in sides]


def _matmul(s: Service, rows: float, columns: float, inner: float, wide: str | None = None) -> Side:
    """A product. Weights in a narrower format than its arithmetic are read as they are stored, but for the output matrix and the
    router, which are kept in the format `wide`."""
    rows, precision = max(1.0, rows), wide or s.precision
    work = matmul_work(rows, columns, inner, precision)
    side = _side(s, s.kernels.matmul_s(rows, columns, inner, precision), work, precision)
    saved = 0.0 if wide else columns * inner * (ELEMENT_BYTES[precision] - ELEMENT_BYTES[s.weight_precision])
    return Side(side.moved_s * (1.0 - saved / work.moved_bytes), side.computed_s)


def _products(s: Service, products: Products, rows: float) -> Sides:
    return [_matmul(s, rows, n, k) if rows > 0.0 else _NOTHING for n, k in products]


def _projections(s: Service, tokens: Tokens) -> Sides:
    """Products of the attention of a layer; latent attention decompresses the keys of prompts, and not those of caches."""
    m, every = s.model, tokens.prompt + tokens.sequences
    products = attention_products(m, s.tensor)
    if not m.kv_rank:
        return _products(s, products, every)
    return [
        *_products(s, [*latent_products(m, s.tensor), products[-1]], every), *_products(s, products[-2:-1], tokens.prompt),
        *_products(s, absorbed_products(m, s.tensor), tokens.sequences),
    ]  # fmt: skip


def _decode_attention(s: Service, tokens: Tokens, window: float) -> Side:
    """Attention of the decoded sequences in one layer."""
    m, context = s.model, max(1.0, min(tokens.context, window) if window else tokens.context)
    if m.kv_rank:
        return _latent_attention(s, tokens.sequences, context)
    kv_heads = float(kv_heads_per_rank(m, s.tensor))
    sizes = (tokens.sequences, context, max(m.heads / s.tensor, kv_heads), kv_heads, float(m.head_size), ELEMENT_BYTES[s.kv_precision])
    return _side(s, s.kernels.decode_attention_s(*sizes), decode_work(*sizes), "bf16")


def _latent_attention(s: Service, sequences: float, context: float) -> Side:
    """Latent attention reads one compressed vector for all heads, which no table of kernels holds: at the rates of long streams and
    large products, after the launch of a kernel."""
    m, (rate, byte_s) = s.model, _limits(s, "bf16")
    read, launch_s = m.kv_rank + m.rope_size, s.kernels.stream_s(1.0)
    flops = 2.0 * sequences * context * m.heads / s.tensor * (read + m.kv_rank)
    return Side(launch_s + sequences * context * read * ELEMENT_BYTES[s.kv_precision] * byte_s, flops / rate)


def _prompt_attention(s: Service, tokens: Tokens, window: float) -> Side:
    """Attention of prompts in one layer: of several whole ones, or a chunk's share of one."""
    m, heads = s.model, s.model.heads / s.tensor
    kv_heads, size = float(kv_heads_per_rank(m, s.tensor)), float(m.head_size)
    if m.kv_rank:
        kv_heads, size = heads, (m.head_size + m.rope_size + m.value_size) / 2.0
    heads = max(heads, kv_heads)
    each = float(s.input_tokens)
    prompts, share = max(1.0, tokens.prompt / each), 1.0
    if tokens.chunks > 1.0:
        prompts, share = 1.0, 1.0 / tokens.chunks
    precision = "fp8" if s.kv_precision == "fp8" and s.precision in ("fp8", "fp4") else "bf16"
    side = _side(
        s, s.kernels.attention_s(prompts, each, heads, kv_heads, size, precision, window),
        attention_work(prompts, each, heads, kv_heads, size, window), precision,
    )  # fmt: skip
    return Side(share * side.moved_s, share * side.computed_s)


def _attention(s: Service, tokens: Tokens) -> Sides:
    """Attention of all layers, of prompts and of decoded sequences."""
    m, sides = s.model, []
    for window, layers in ((0.0, m.layers - m.window_layers), (float(m.window), m.window_layers)):
        prompts = _prompt_attention(s, tokens, window) if layers and tokens.prompt else _NOTHING
        decoded = _decode_attention(s, tokens, window) if layers and tokens.sequences else _NOTHING
        sides += _times(float(layers), [prompts, decoded])
    return sides


def _experts(s: Service, every: float) -> Side:
    """Routed experts of a layer, each split over the group or each whole on one of its accelerators, as is faster."""
    m, t = s.model, s.tensor
    choices = []
    splits = [(m.expert_ffn / t, float(m.experts), float(m.active_experts))]
    if t > 1 and m.experts % t == 0:
        splits.append((float(m.expert_ffn), m.experts / t, m.active_experts / t))
    narrow = s.weight_precision if ELEMENT_BYTES[s.weight_precision] < ELEMENT_BYTES[s.precision] else None
    for ffn, experts, active in splits:
        sizes = (every, float(m.hidden), ffn, experts, active)
        work = experts_work(*sizes, s.precision, m.gated)
        side = _side(s, s.kernels.experts_s(*sizes, s.precision, m.gated), work, s.precision)
        if narrow is not None:
            rows = experts_work(*sizes, narrow, m.gated).moved_bytes
            side = Side(side.moved_s * rows / work.moved_bytes, side.computed_s)
        choices.append(side)
    return min(choices, key=max)


def _feed_forward(s: Service, every: float) -> Sides:
    """Feed-forward networks and experts of all layers."""
    m = s.model
    dense = m.dense_layers if m.experts else m.layers
    sides = _times(float(dense), _products(s, feed_forward_products(m, m.ffn / s.tensor), every)) if dense else []
    if m.experts:
        routed = [_experts(s, every), _matmul(s, every, float(m.experts), float(m.hidden), "bf16")]
        if m.shared_experts:
            routed += _products(s, feed_forward_products(m, m.shared_experts * m.expert_ffn / s.tensor), every)
        sides += _times(float(m.layers - dense), routed)
    return sides


def _small(s: Service, every: float, rows: float, last: bool) -> Sides:
    """Streams through memory: in each layer two norms with their residuals, rotation of queries and keys with the write to the
    cache, and the activation; with experts also sorting and merging; once the exponents of the logits."""
    m, t = s.model, s.tensor
    each, dense = ACTIVATION_BYTES * every, m.dense_layers if m.experts else m.layers
    norm_s = s.kernels.stream_s(4.0 * each * m.hidden)
    if t > 1:  # the all-reduce before it does the norm: no launch of its own [vllm-fusions]
        norm_s = max(0.0, norm_s - s.kernels.stream_s(1.0))
    turned = m.heads * (m.head_size + m.rope_size) / t + 2.0 * kv_heads_per_rank(m, t) * m.head_size
    passes = 3.0 if m.gated else 2.0
    total_s = m.layers * (2.0 * norm_s + s.kernels.stream_s(2.0 * each * turned))
    if last:
        total_s += s.kernels.stream_s(8.0 * rows * m.vocabulary / t)
    if dense:
        total_s += dense * s.kernels.stream_s(passes * each * m.ffn / t)
    if m.experts:
        width = (m.active_experts + m.shared_experts) * m.expert_ffn / t
        total_s += (m.layers - dense) * s.kernels.stream_s((passes * width + 4.0 * m.active_experts * m.hidden / t) * each)
    return [Side(total_s, 0.0)]


def _useful_s(s: Service, tokens: Tokens, rows: float, last: bool) -> float:
    """Forward FLOPs of the model, at the peak of the group."""
    m, head = s.model, embedding_parameters(s.model)
    flops = 2.0 * (matrix_parameters(m) - head) * (tokens.prompt + tokens.sequences) + (2.0 * head * rows if last else 0.0)
    flops += tokens.prompt * sequence_attention_flops_per_token(m, float(s.input_tokens))
    flops += tokens.sequences * attention_flops_per_token(m, tokens.context, absorbed=True)
    return flops / (s.tensor * s.peak_flops)


@lru_cache(maxsize=1 << 14)
def step(s: Service, tokens: Tokens, last: bool = True) -> Step:
    """Duration of a step of a tensor group that holds the layers of the model.

    Parameters
    ----------
    s : Service
        The service; its field `batch` is not used.
    tokens : Tokens
        Tokens of the step, at least one.
    last : bool
        Whether the group holds the output matrix too.

    Returns
    -------
    Step
        Durations by what limits them.

    References
    ----------
    [scaling-book:inference]
    """
    m, every = s.model, tokens.prompt + tokens.sequences
    rows = max(1.0, tokens.sequences + tokens.prompt / s.input_tokens)  # the output matrix serves last tokens alone
    head = _matmul(s, rows, m.vocabulary / s.tensor, float(m.hidden), "bf16") if last else _NOTHING
    reduced_s = collective_s(s.kernels, s.fabric, "all_reduce", s.tensor, ACTIVATION_BYTES * every * m.hidden)
    logits_s = collective_s(s.kernels, s.fabric, "all_gather", s.tensor, ACTIVATION_BYTES * rows * m.vocabulary) if last else 0.0
    kernels = (
        *_times(float(m.layers), _projections(s, tokens)), *_attention(s, tokens), *_feed_forward(s, every), head,
        *_small(s, every, rows, last),
    )  # fmt: skip
    return Step(_useful_s(s, tokens, rows, last), kernels, 2.0 * m.layers * reduced_s + logits_s, s.host_s)
