"""Parameters and FLOPs of transformers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from sim.workload.transformer import (
    Model,
    active_parameters,
    attention_flops_per_token,
    attention_parameters,
    embedding_parameters,
    expert_parameters,
    forward_flops_per_token,
    layer_parameters,
    matrix_parameters,
    message_bytes,
    parameter_count,
    read_parameters,
    sequence_attention_flops_per_token,
    training_flops_per_token,
)

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "models"
LLAMA_405B = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
SECTIONS = {  # of a file, and the fields of the model
    "experts": {"count": "experts", "active": "active_experts", "shared": "shared_experts", "ffn": "expert_ffn", "dense_layers": "dense_layers"},
    "latent": {name: name for name in ("query_rank", "kv_rank", "rope_size", "value_size")},
    "window": {"tokens": "window", "layers": "window_layers"},
}
MIXTURE = Model(0, 5, 32, 4, 2, 8, 96, 50, experts=6, active_experts=2, shared_experts=1, expert_ffn=24, dense_layers=2)
LATENT = Model(0, 5, 32, 4, 4, 8, 96, 50, query_rank=12, kv_rank=10, rope_size=6, value_size=7)


def _shipped(name: str) -> Model:
    records = YAML(typ="safe", pure=True).load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
    shape = {field: records[field]["value"] for field in Model._fields if field in records.keys() - SECTIONS.keys()}
    for section, names in SECTIONS.items():
        shape |= {names[field]: record["value"] for field, record in records.get(section, {}).items()}
    return Model(**shape)


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
    ("name", "total", "active", "without_embedding"),
    [("deepseek-v3", 671.0e9, 37.5e9, 36.7e9), ("kimi-k2", None, 32.6e9, None), ("gpt-oss-120b", 116.8e9, None, 5.13e9)],
)
def test_shipped_mixtures_count_to_their_published_totals(name: str, total: float | None, active: float | None, without_embedding: float | None) -> None:
    """Source of truth: deepseek-v3-weights (671e9; 36.7e9 active with one of two tables of 0.9e9), kimi-k2 (32.6e9 active),
    gpt-oss (116.8e9; 5.13e9 active without the embedding), to 1 %."""
    model = _shipped(name)
    assert parameter_count(model) == model.parameters
    if total is not None:
        assert model.parameters == pytest.approx(total, rel=0.01)
    if active is not None:
        assert active_parameters(model) == pytest.approx(active, rel=0.01)
    if without_embedding is not None:
        assert active_parameters(model) - embedding_parameters(model) == pytest.approx(without_embedding, rel=0.01)


def test_published_total_of_kimi_k2() -> None:
    """Source of truth: kimi-k2 prints 1.04e12, which the published configuration has if all of its 61 layers had experts (1 %);
    its first layer is dense, which makes it 1.3 % less."""
    model = _shipped("kimi-k2")
    assert model.dense_layers == 1
    assert parameter_count(model._replace(dense_layers=0)) == pytest.approx(1.04e12, rel=0.01)
    assert 1.04e12 / parameter_count(model) - 1.0 == pytest.approx(0.013, abs=0.005)


@pytest.mark.parametrize(
    ("layers", "hidden", "heads", "published"), [(105, 20480, 128, 529.6e9), (128, 25600, 160, 1008.0e9)]
)
def test_published_gpt_sizes(layers: int, hidden: int, heads: int, published: float) -> None:
    """Source of truth: narayanan2021, table 1, to 0.1 %: two matrices 4 h wide, one vocabulary table; biases and positions are left out."""
    model = Model(0, layers, hidden, heads, heads, hidden // heads, 4 * hidden, 51200, gated=False, tied=True)
    assert parameter_count(model) == pytest.approx(published, rel=1e-3)


def test_grouped_keys_by_hand() -> None:
    """Closed form: h = 8, two heads of 4, one for keys: 64 + 64 queries and output, 32 + 32, 3 x 8 x 10, norms 16."""
    tiny = Model(0, 1, 8, 2, 1, 4, 10, 5)
    assert layer_parameters(tiny) == 64 + 64 + 32 + 32 + 240 + 16
    assert parameter_count(tiny) == layer_parameters(tiny) + 2 * 40 + 8


def test_parameters_of_a_mixture_by_hand() -> None:
    """Source of truth: all tensors listed: two dense layers, three with a router, a shared expert and six others."""
    attention = [(32, 32), (32, 16), (32, 16), (32, 32), (32,), (32,)]  # queries, keys, values, output, two norms
    dense, expert = 3 * [(32, 96)], 3 * [(32, 24)]
    layers = 2 * (attention + dense) + 3 * (attention + [(32, 6)] + 7 * expert)
    count = sum(math.prod(shape) for shape in [*layers, (50, 32), (50, 32), (32,)])
    assert parameter_count(MIXTURE) == count
    assert layer_parameters(MIXTURE, dense=True) == sum(math.prod(shape) for shape in attention + dense)
    assert active_parameters(MIXTURE._replace(parameters=count)) == count - 3 * 4 * sum(math.prod(shape) for shape in expert)
    assert active_parameters(LLAMA_405B) == LLAMA_405B.parameters


@pytest.mark.parametrize("rank", [12, 0])
def test_parameters_of_latent_attention_by_hand(rank: int) -> None:
    """Source of truth: all tensors listed, with and without compressed queries: heads of 8 + 6 for queries and keys, 7 for values."""
    queries = [(32, 12), (12,), (12, 4 * 14)] if rank else [(32, 4 * 14)]
    keys = [(32, 10 + 6), (10,), (10, 4 * (8 + 7))]
    output = [(4 * 7, 32)]
    assert attention_parameters(LATENT._replace(query_rank=rank)) == sum(math.prod(shape) for shape in queries + keys + output)


def test_experts_that_a_pass_reads() -> None:
    """Source of truth: 20,000 drawings of two of six experts for each of five tokens; deviation of the mean below 0.01 experts."""
    rng = np.random.default_rng(1)
    draws = rng.random((20000, 5, 6)).argpartition(2, axis=2)[:, :, :2].reshape(20000, -1)
    seen = np.mean([len(set(row)) for row in draws])
    model = MIXTURE._replace(parameters=parameter_count(MIXTURE))
    experts = (read_parameters(model, 5.0) - model.parameters) / (3 * expert_parameters(model)) + 6
    assert experts == pytest.approx(seen, abs=0.02)
    assert read_parameters(model, 1.0) == pytest.approx(active_parameters(model), rel=1e-12)
    assert read_parameters(LLAMA_405B, 1.0) == LLAMA_405B.parameters


def test_attention_with_a_window_by_counting() -> None:
    """Closed form: token k of 1,000 attends to min(k, 128) in 4 of 6 layers, to k in the others; sums differ by 1/s and 1/w."""
    model = Model(0, 6, 64, 4, 2, 16, 128, 100, window=128, window_layers=4)
    counted = sum(4 * 64 * (2 * k + 4 * min(k, 128)) for k in range(1, 1001)) / 1000
    assert sequence_attention_flops_per_token(model, 1000) == pytest.approx(counted, rel=2e-3)
    assert sequence_attention_flops_per_token(model, 1000, masked=False) == 4 * 64 * (2 * 1000 + 4 * 128)
    assert sequence_attention_flops_per_token(model, 100) == 4 * 64 * 6 * 50  # within the window
    assert attention_flops_per_token(model, 1000.0) == 4 * 64 * (2 * 1000 + 4 * 128)


def test_latent_attention_by_its_heads() -> None:
    """Closed form: 2 FLOPs for each of 4 x (8 + 6) of scores and 4 x 7 of values; absorbed: 4 x (10 + 6) and 4 x 10."""
    assert attention_flops_per_token(LATENT, 100.0) == 5 * 100 * 2 * (4 * 14 + 4 * 7)
    assert attention_flops_per_token(LATENT, 100.0, absorbed=True) == 5 * 100 * 2 * (4 * 16 + 4 * 10)


def test_training_flops_of_a_mixture() -> None:
    """Closed form: six FLOPs for each active parameter but those of the embedding; attention without mask is twice that with it."""
    model = MIXTURE._replace(parameters=parameter_count(MIXTURE))
    matrices = active_parameters(model) - model.vocabulary * model.hidden
    assert training_flops_per_token(model, 0.0) == 6 * matrices == 6 * matrix_parameters(model)
    attention = [training_flops_per_token(model, 64, masked) - 6 * matrices for masked in (True, False)]
    assert attention == [6 * 5 * 32 * 64, 12 * 5 * 32 * 64]


@pytest.mark.parametrize(("sequence", "adds"), [(8192, 0.042), (131072, 0.668)])
def test_attention_share(sequence: int, adds: float) -> None:
    """Source of truth: published shares that causal attention adds to 6 N at 405B: 4.2 % and 66.8 % (one more digit)."""
    flops = training_flops_per_token(LLAMA_405B, sequence) + 6 * 128256 * 16384  # the embedding, which is not multiplied
    assert flops / (6 * 405853388800) - 1 == pytest.approx(adds, abs=2e-3)


def test_causal_mask_by_counting() -> None:
    """Closed form: token k attends to k tokens, 4 L h FLOPs for each; the sum over k differs from s^2/2 by 1/s."""
    s = 1000
    counted = sum(2 * (LLAMA_405B.parameters - 128256 * 16384) + 4 * 126 * 16384 * k for k in range(1, s + 1))
    assert s * forward_flops_per_token(LLAMA_405B, s) == pytest.approx(counted, rel=1e-5)
    assert training_flops_per_token(LLAMA_405B, s) == 3 * forward_flops_per_token(LLAMA_405B, s)


def test_message() -> None:
    """Closed form: 8,192 tokens x 16,384 x 2 B = 2^28."""
    assert message_bytes(LLAMA_405B, 8192, 2.0) == 2**28
