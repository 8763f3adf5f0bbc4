"""Bytes of weights, checkpoints, activations and caches of transformers."""

from __future__ import annotations

import pytest

from sim.workload.transformer import Model
from sim.workload.transformer_memory import (
    activation_bytes_per_layer,
    checkpoint_bytes,
    kv_bytes_per_token,
    kv_heads_per_rank,
)

GIB = 2.0**30
LLAMA_8B = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_405B = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
SHAPES = {"llama-3-8b": LLAMA_8B, "llama-3-70b": Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256), "llama-3-405b": LLAMA_405B}
GPT_22B = Model(22e9, 48, 6144, 64, 64, 96, 24576, 51200, gated=False)
DEEPSEEK = Model(
    671e9, 61, 7168, 128, 128, 128, 18432, 129280, experts=256, active_experts=8, shared_experts=1, expert_ffn=2048, dense_layers=3,
    query_rank=1536, kv_rank=512, rope_size=64, value_size=128,
)  # fmt: skip


def test_published_activation_profile() -> None:
    """Source of truth: profile of 22B (2,048 tokens, micro-batch 4, tensor 8): 59.25 and 9.5625 GiB."""
    activations = [
        48 * activation_bytes_per_layer(GPT_22B, 2048, 4, 8, r, sp) / GIB
        for r, sp in (("none", False), ("selective", True))
    ]
    assert activations == pytest.approx([59.25, 9.5625], rel=1e-9)


def test_activations_by_policy() -> None:
    """Closed form: s b h = 50,331,648; 34 + 5 a s / h = 140.67 with scores, 34 without, 2 for the input alone, over 8."""
    sbh = 2048 * 4 * 6144
    activations = {r: activation_bytes_per_layer(GPT_22B, 2048, 4, 8, r) for r in ("none", "selective", "full")}
    expected = {"none": sbh * (34 + 5 * 64 * 2048 / 6144) / 8, "selective": sbh * 34 / 8, "full": sbh * 2 / 8}
    assert activations == pytest.approx(expected)


def test_checkpoint() -> None:
    """Source of truth: 405e9 parameters at 14 B are 5.67 TB."""
    assert checkpoint_bytes(LLAMA_405B._replace(parameters=405e9)) == pytest.approx(5.67e12)


@pytest.mark.parametrize(("name", "size"), [("llama-3-8b", 131072), ("llama-3-70b", 327680), ("llama-3-405b", 516096)])
def test_keys_and_values(name: str, size: int) -> None:
    """Source of truth: published sizes in bf16; half of them in 8 bits."""
    assert kv_bytes_per_token(SHAPES[name], 2.0) == size
    assert kv_bytes_per_token(SHAPES[name], 1.0) == size / 2


@pytest.mark.parametrize(("heads", "kv_heads", "tensor"), [(64, 8, t) for t in (1, 2, 4, 8, 16, 64)] + [(96, 8, 3), (12, 4, 6), (7, 7, 7)])
def test_key_value_heads_of_an_accelerator(heads: int, kv_heads: int, tensor: int) -> None:
    """Source of truth: the heads of each accelerator listed one by one; max(g / t, 1) where one divides the other."""
    each = heads // tensor
    listed = [{query * kv_heads // heads for query in range(r * each, (r + 1) * each)} for r in range(tensor)]
    model = LLAMA_405B._replace(heads=heads, kv_heads=kv_heads)
    assert kv_heads_per_rank(model, tensor) == max(map(len, listed))
    if kv_heads % tensor == 0 or tensor % kv_heads == 0:
        assert kv_heads_per_rank(model, tensor) == max(kv_heads // tensor, 1)


def _stored(widths: list[int], statistics: int = 8) -> int:
    """Bytes of tensors of these widths in 16 bits, and of numbers in 32 bits."""
    return 2 * sum(widths) + statistics


def test_activations_of_a_gated_layer_by_hand() -> None:
    """Source of truth: what the backward pass of each operation of Llama 3 8B needs, listed; widths of a token."""
    norms = [4096, 4096, 4096, 4096]  # input and output of two norms
    attention = [4096, 1024, 1024, 4096]  # queries, keys, values, output
    network = [14336, 14336, 14336]  # gate, linear part, product
    fused = _stored(norms + attention + network) + 4 * 32  # a logarithm for each head
    assert activation_bytes_per_layer(LLAMA_8B, 8192, 2, 1, "selective") == 8192 * 2 * fused
    scores = _stored(norms + attention + network) + 2 * 32 * 8192  # of each head with every token
    assert activation_bytes_per_layer(LLAMA_8B, 8192, 2, 1, "none") == 8192 * 2 * scores
    assert activation_bytes_per_layer(LLAMA_8B, 8192, 2, 8, "selective") == 8192 * 2 * fused / 8
    copies = fused + 2 * 2 * 1024  # two accelerators for each key-value head, which both store
    assert activation_bytes_per_layer(LLAMA_8B, 8192, 2, 16, "selective") == 8192 * 2 * copies / 16


def test_activations_without_sequence_parallelism() -> None:
    """Closed form: norms are not split: 8 x 4,096 + 8 bytes of a token stay on each accelerator."""
    split = activation_bytes_per_layer(LLAMA_8B, 1024, 1, 8, "none")
    assert activation_bytes_per_layer(LLAMA_8B, 1024, 1, 8, "none", sequence_parallel=False) == split + 1024 * (8 * 4096 + 8) * 7 / 8


def test_activations_of_experts_by_hand() -> None:
    """Source of truth: tensors of a token of DeepSeek-V3, listed: latent attention, a layer with experts and a dense one."""
    norms = [7168, 7168, 7168, 7168]
    latent = [1536, 1536, 512, 512]  # inputs and outputs of the norms of compressed queries, keys and values
    heads = [128 * 192, 128 * 192, 128 * 128, 128 * 128]  # queries, keys, values, outputs
    attention = _stored(norms + latent + heads, statistics=4 * 4 + 4 * 128)
    experts = _stored(8 * [7168, 7168] + 9 * [2048, 2048, 2048], statistics=4 * 256)  # sent and returned; router
    assert activation_bytes_per_layer(DEEPSEEK, 4096, 1, 1, "selective") == 4096 * (attention + experts)
    dense = _stored([18432, 18432, 18432], statistics=0)
    assert activation_bytes_per_layer(DEEPSEEK, 4096, 1, 1, "selective", dense=True) == 4096 * (attention + dense)


def test_compressed_cache() -> None:
    """Source of truth: deepseek-v2, section 2.1.4: (512 + 64) numbers for each of 61 layers, on every accelerator of a tensor group."""
    assert [kv_bytes_per_token(DEEPSEEK, 2.0, tensor) for tensor in (1, 8)] == [61 * 576 * 2.0] * 2


def test_cache_of_a_window() -> None:
    """Closed form: of 36 layers 18 keep 128 tokens at most; 1,000 tokens of eight heads of 64 in 16 bits."""
    model = Model(0, 36, 2880, 64, 8, 64, 2880, 201088, window=128, window_layers=18)
    held = 18 * 1000 + 18 * 128
    assert 1000 * kv_bytes_per_token(model, 2.0, context=1000.0) == pytest.approx(held * 2 * 8 * 64 * 2, rel=1e-12)
    assert 100 * kv_bytes_per_token(model, 2.0, context=100.0) == 36 * 100 * 2 * 8 * 64 * 2
