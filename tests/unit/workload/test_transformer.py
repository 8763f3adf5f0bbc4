"""Parameters, FLOPs and bytes of transformers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sim.workload.transformer import (
    Model,
    activation_bytes_per_layer,
    checkpoint_bytes,
    forward_flops_per_token,
    kv_bytes_per_token,
    kv_heads_per_rank,
    layer_parameters,
    message_bytes,
    parameter_count,
    recompute_share,
    static_bytes,
    training_flops_per_token,
)

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "models"
GIB = 2.0**30
LLAMA_405B = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
GPT_22B = Model(22e9, 48, 6144, 64, 64, 96, 16384, 51200)


def _shipped(name: str) -> Model:
    records = YAML(typ="safe", pure=True).load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
    return Model(**{field: records[field]["value"] for field in Model._fields})


@pytest.mark.parametrize(
    ("name", "elements"),
    [("llama-3-8b", 8030261248), ("llama-3-70b", 70553706496), ("llama-3-405b", 405853388800)],
)
def test_shipped_models_count_to_their_published_weights(name: str, elements: int) -> None:
    """Source of truth: number of elements of the published weights, to the last one."""
    model = _shipped(name)
    assert parameter_count(model) == elements
    assert model.parameters == elements
    assert model.heads * model.head_size == model.hidden


@pytest.mark.parametrize(
    ("layers", "hidden", "heads", "published"), [(105, 20480, 128, 529.6e9), (128, 25600, 160, 1008.0e9)]
)
def test_published_gpt_sizes(layers: int, hidden: int, heads: int, published: float) -> None:
    """Source of truth: narayanan2021, table 1, to 0.1 %. Two matrices 4 h wide are as many numbers as three of 8/3 h."""
    model = Model(0, layers, hidden, heads, heads, hidden // heads, round(8 * hidden / 3), 51200)
    assert parameter_count(model, tables=1) == pytest.approx(published, rel=1e-3)


def test_grouped_keys_by_hand() -> None:
    """Closed form: h = 8, two heads of 4, one for keys: 64 + 64 queries and output, 32 + 32, 3 x 8 x 10, norms 16."""
    tiny = Model(0, 1, 8, 2, 1, 4, 10, 5)
    assert layer_parameters(tiny) == 64 + 64 + 32 + 32 + 240 + 16
    assert parameter_count(tiny) == layer_parameters(tiny) + 2 * 40 + 8


@pytest.mark.parametrize(("sequence", "adds"), [(8192, 0.042), (131072, 0.668)])
def test_attention_share(sequence: int, adds: float) -> None:
    """Source of truth: published shares that causal attention adds to 6 N at 405B: 4.2 % and 66.8 % (one more digit)."""
    flops = training_flops_per_token(LLAMA_405B, sequence)
    assert flops / (6 * 405853388800) - 1 == pytest.approx(adds, abs=2e-3)


def test_causal_mask_by_counting() -> None:
    """Closed form: token k attends to k tokens, 4 L h FLOPs for each; the sum over k differs from s^2/2 by 1/s."""
    s = 1000
    counted = sum(2 * LLAMA_405B.parameters + 4 * 126 * 16384 * k for k in range(1, s + 1))
    assert s * forward_flops_per_token(LLAMA_405B, s) == pytest.approx(counted, rel=1e-5)
    assert training_flops_per_token(LLAMA_405B, s) == 3 * forward_flops_per_token(LLAMA_405B, s)


def test_recompute_share() -> None:
    """Closed form: forward is a third of a step; its attention is 2 L h s of 6 N + 6 L h s."""
    assert recompute_share(LLAMA_405B, 8192, "none") == 0.0
    assert recompute_share(LLAMA_405B, 8192, "full") == pytest.approx(1 / 3)
    attention = 2 * 126 * 16384 * 8192
    by_hand = attention / (6 * 405853388800 + 3 * attention)
    assert recompute_share(LLAMA_405B, 8192, "selective") == pytest.approx(by_hand, rel=1e-12)


def test_published_activation_profile() -> None:
    """Source of truth: profile of 22B (2,048 tokens, micro-batch 4, tensor 8): 59.25 and 9.5625 GiB, and 45.5625 static."""
    activations = [
        48 * activation_bytes_per_layer(GPT_22B, 2048, 4, 8, r, sp) / GIB
        for r, sp in (("none", False), ("selective", True))
    ]
    assert activations == pytest.approx([59.25, 9.5625], rel=1e-9)
    assert static_bytes(12 * 48 * 6144**2 / 8) / GIB == pytest.approx(45.5625, rel=1e-9)


def test_activations_by_policy() -> None:
    """Closed form: s b h = 50,331,648; 34 + 5 a s / h = 140.67 with scores, 34 without, 2 for the input alone, over 8."""
    sbh = 2048 * 4 * 6144
    activations = {r: activation_bytes_per_layer(GPT_22B, 2048, 4, 8, r) for r in ("none", "selective", "full")}
    expected = {"none": sbh * (34 + 5 * 64 * 2048 / 6144) / 8, "selective": sbh * 34 / 8, "full": sbh * 2 / 8}
    assert activations == pytest.approx(expected)


def test_split_optimiser() -> None:
    """Source of truth: megatron-core, distributed optimizer: 18 bytes per parameter, 6 + 12/d when split."""
    assert [static_bytes(1.0, d) for d in (1, 2, 12)] == [18.0, 12.0, 7.0]


def test_checkpoint() -> None:
    """Source of truth: 405e9 parameters at 14 B are 5.67 TB."""
    assert checkpoint_bytes(LLAMA_405B._replace(parameters=405e9)) == pytest.approx(5.67e12)


@pytest.mark.parametrize(("name", "size"), [("llama-3-8b", 131072), ("llama-3-70b", 327680), ("llama-3-405b", 516096)])
def test_keys_and_values(name: str, size: int) -> None:
    """Source of truth: published sizes in bf16; half of them in 8 bits."""
    assert kv_bytes_per_token(_shipped(name), 2.0) == size
    assert kv_bytes_per_token(_shipped(name), 1.0) == size / 2


@pytest.mark.parametrize(("heads", "kv_heads", "tensor"), [(64, 8, t) for t in (1, 2, 4, 8, 16, 64)] + [(96, 8, 3), (12, 4, 6), (7, 7, 7)])
def test_key_value_heads_of_an_accelerator(heads: int, kv_heads: int, tensor: int) -> None:
    """Source of truth: the heads of each accelerator listed one by one; max(g / t, 1) where one divides the other."""
    each = heads // tensor
    listed = [{query * kv_heads // heads for query in range(r * each, (r + 1) * each)} for r in range(tensor)]
    model = LLAMA_405B._replace(heads=heads, kv_heads=kv_heads)
    assert kv_heads_per_rank(model, tensor) == max(map(len, listed))
    if kv_heads % tensor == 0 or tensor % kv_heads == 0:
        assert kv_heads_per_rank(model, tensor) == max(kv_heads // tensor, 1)


def test_message() -> None:
    """Closed form: 8,192 tokens x 16,384 x 2 B = 2^28."""
    assert message_bytes(LLAMA_405B, 8192, 2.0) == 2**28
