"""Memory of training jobs, and what fits instead."""

from __future__ import annotations

import re

import pytest

from sim.workload.memory_fit import Job, fit_problem, fits, fitted, no_fit_message, smallest_fit
from sim.workload.parallelism import Batch, Mesh, meshes
from sim.workload.training_memory import least_recomputed, memory_bytes_per_accelerator, static_bytes
from sim.workload.transformer import Model

LLAMA_8B = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_70B = Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256)
BATCH = Batch(4096, 1, 512)
GB = 1e9
JOB = Job(LLAMA_70B, BATCH, "bf16", 64, 81, 32 * GB)
# Activations of a token in a layer of 70B on one of 8 accelerators: two norms in and out, their scales, queries and output of
# attention, gate, linear part and product, sums of attention over 8, and one of 8 key-value heads.
EACH = (8 * 8192 + 8 + 4 * 8192 + 6 * 28672 + 4 * 64) / 8 + 4 * 128
LOGITS = 8 * 4096 * 128256 / 8


def test_memory_by_hand() -> None:
    """Closed form: 70B, tensor 8, pipeline 8, 64 replicas, 8 micro-batches; 10 layers of 855,654,400 on the first stage.

    A layer: 8192 (2 x 8192 + 2 x 1024 + 3 x 28672 + 2); beside them 128,256 x 8,192 of the vocabulary.
    """
    stage = 10 * 8192 * (2 * 8192 + 2 * 1024 + 3 * 28672 + 2) + 128256 * 8192
    activations = 8 * 10 * EACH * 4096
    ours = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH)
    assert ours == pytest.approx(stage / 8 * (6 + 12 / 64) + activations, rel=1e-12)
    whole = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH._replace(zero=0))
    assert whole - ours == pytest.approx(stage / 8 * 12 * 63 / 64, rel=1e-9)
    # interleaved, 1 + 7 / (8 x 2) times as many micro-batches are alive
    more = BATCH._replace(global_batch=64 * 100)
    twice = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), more._replace(interleave=2))
    assert twice - ours == pytest.approx(activations * 7 / 16, rel=1e-9)
    # 8 satellites a replica: another micro-batch in flight over 7 boundaries, both ways
    deep = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), more._replace(in_flight=2), accelerators=8)
    assert deep - ours == pytest.approx(14 * activations / 8, rel=1e-9)
    # half of the layers computed again keep 2 of their input, and one layer is there in full
    half = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH._replace(recomputed=0.5))
    assert ours - half == pytest.approx(0.5 * activations - 0.5 * 8 * 10 * 2 * 4096 * 8192 / 8 - EACH * 4096, rel=1e-9)


@pytest.mark.parametrize(("zero", "each"), [(0, 18.0), (1, 9.0), (2, 6.0), (3, 4.5)])
def test_sharding(zero: int, each: float) -> None:
    """Source of truth: rajbhandari2020, section 5, with gradients in 32 bits: 2 + 4 + 12 bytes, each over 4 replicas from its stage."""
    assert static_bytes(1.0, zero, 4) == each
    assert static_bytes(1.0, zero, 4, "fp8") - each == pytest.approx(0.25 if zero == 3 else 1.0)  # a copy in 8 bits


def test_published_static_memory() -> None:
    """Source of truth: profile of 22B on 8 accelerators: 45.5625 GiB of weights, gradients and optimiser, nothing sharded."""
    assert static_bytes(12 * 48 * 6144**2 / 8, 0, 1) / 2**30 == pytest.approx(45.5625, rel=1e-9)


def test_short_steps_keep_fewer_micro_batches() -> None:
    """Closed form: with 3 micro-batches in a step of 8 stages, 3 are alive and not 8."""
    few, full = (memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 1), Batch(4096, 1, n)) for n in (3, 8))
    assert full - few == pytest.approx(5 * 10 * EACH * 4096, rel=1e-9)


def test_last_stage_holds_the_logits() -> None:
    """Closed form: with one micro-batch in flight the last stage is the fullest, by 8 B for each logit."""
    one = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 1), Batch(4096, 1, 1))
    stage = 10 * 855654400 + 128256 * 8192
    assert one == pytest.approx(stage / 8 * 18 + 10 * EACH * 4096 + LOGITS, rel=1e-9)


def test_memory_without_pipeline_holds_both_tables() -> None:
    """Closed form: one stage holds all parameters but the last norm, one micro-batch of every layer, and the logits."""
    each = (8 * 4096 + 8 + 4 * 4096 + 6 * 14336 + 4 * 32) / 8 + 4 * 128
    ours = memory_bytes_per_accelerator(LLAMA_8B, Mesh(8, 1, 4), BATCH)
    expected = (8030261248 - 4096) / 8 * (6 + 12 / 4) + 32 * each * 4096 + LOGITS
    assert ours == pytest.approx(expected, rel=1e-12)


def test_memory_of_a_mixture_of_experts() -> None:
    """By hand: 4 layers of 8 experts of 3 x 64 x 32, spread over 4 of 8 ranks: a quarter of them on each, sharded over 2."""
    model = Model(0.0, 4, 64, 1, 1, 64, 0, 0, experts=8, active_experts=2, expert_ffn=32)
    shared = 4 * (4 * 64 * 64 + 64 * 8 + 2 * 64)
    batch = Batch(1, 1, 8)
    spread, whole = (memory_bytes_per_accelerator(model, Mesh(1, 1, 8, expert=expert), batch) for expert in (4, 1))
    experts = 4 * 8 * 3 * 64 * 32
    static = shared * (6 + 12 / 8) + experts / 4 * (6 + 12 / 2)
    assert spread - whole == pytest.approx(static - (shared + experts) * (6 + 12 / 8), rel=1e-9)


def test_uneven_layers_count_for_the_fullest_stage() -> None:
    """80 layers on 13 stages: the first has 7."""
    ours = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 13, 1), BATCH)
    seven = memory_bytes_per_accelerator(LLAMA_70B._replace(layers=91), Mesh(8, 13, 1), BATCH)
    assert ours == seven


@pytest.mark.parametrize("gigabytes", [6.0, 8.0, 10.0, 12.0, 16.0])
def test_least_recomputation(gigabytes: float) -> None:
    """Property: the share found fits, and one layer less does not."""
    mesh = Mesh(8, 4, 16)
    share = least_recomputed(LLAMA_8B, mesh, BATCH, gigabytes * GB)
    sizes = [memory_bytes_per_accelerator(LLAMA_8B, mesh, BATCH._replace(recomputed=n / 8)) for n in range(9)]
    fitting = [n / 8 for n, size in enumerate(sizes) if size <= gigabytes * GB]
    assert share == (fitting[0] if fitting else None)


def test_message_of_a_mesh_that_does_not_fit() -> None:
    found = fit_problem(JOB._replace(recomputed=0.0, memory_bytes=9 * GB), Mesh(8, 2, 324))
    assert found is not None
    match = re.fullmatch(
        r"needs ([\d.]+) GB of 9 GB per accelerator with tensor 8, pipeline 2; "
        r"tensor (\d+), pipeline (\d+) needs ([\d.]+) GB: write mesh: \{tensor: \2, pipeline: \3, data: \d+\}",
        found,
    )
    assert match is not None, found
    assert float(match[1]) > 9.0 >= float(match[4])
    job = JOB._replace(recomputed=0.0, memory_bytes=9 * GB)
    chosen = next(m for m in meshes(LLAMA_70B, 64, 81) if m[:2] == (int(match[2]), int(match[3])))
    assert fits(job, chosen)
    assert fit_problem(job, chosen) is None
    # no pipeline holds 40 layers' activations of eight: the next wider tensor group does
    assert chosen.tensor == 16
    assert not any(fits(job, mesh) for mesh in meshes(LLAMA_70B, 64, 81) if mesh.tensor == 8)


def test_smallest_fit() -> None:
    """Property: nothing with fewer accelerators a replica fits, and no larger tensor degree of as many."""
    job = JOB._replace(recomputed=0.0, memory_bytes=16 * GB)
    chosen = smallest_fit(job)
    assert chosen is not None
    for mesh in meshes(LLAMA_70B, 64, 81):
        size, least = mesh.tensor * mesh.pipeline, chosen.tensor * chosen.pipeline
        if size < least or (size == least and mesh.tensor > chosen.tensor):
            assert not fits(job, mesh)


def test_nothing_fits() -> None:
    """70B on two satellites of one accelerator: 18 B x 70.55e9 = 1.27 TB on 160 GB."""
    job = Job(LLAMA_70B, BATCH, "bf16", 1, 2, 80 * GB)
    assert smallest_fit(job) is None
    assert no_fit_message(job) == "nothing fits: 1.27 TB of weights, gradients and optimiser on 2 satellites of 1 x 80 GB"
    # room for the weights, not for the activations of a sequence this long
    long = Job(LLAMA_70B, Batch(20_000_000, 1, 1), "bf16", 64, 2, 32 * GB, 0.0)
    found = fit_problem(long, Mesh(8, 8, 1))
    assert found is not None
    assert "nothing fits on 2 satellites of 64 x 32 GB: the least is" in found
    assert "write recompute: full" in found


def test_a_job_that_fits_only_computed_again() -> None:
    """The batch that comes back fits, with the least share of layers computed again; a fixed share is kept or refused."""
    mesh = Mesh(8, 8, 64)
    batch = fitted(JOB._replace(memory_bytes=18 * GB), mesh)
    assert batch is not None
    assert 0.0 < batch.recomputed < 1.0
    assert memory_bytes_per_accelerator(LLAMA_70B, mesh, batch) <= 18 * GB
    assert fitted(JOB._replace(memory_bytes=18 * GB, recomputed=0.0), mesh) is None


def test_larger_meshes_never_need_more() -> None:
    """Property: at given pipeline, twice the tensor needs no more; at m >= p, deeper even pipelines need no more."""
    tensors = [memory_bytes_per_accelerator(LLAMA_70B, Mesh(t, 4, 8), BATCH) for t in (1, 2, 4, 8)]
    assert tensors == sorted(tensors, reverse=True)
    depths = [memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, p, 8), BATCH) for p in (2, 4, 8, 16)]
    assert depths == sorted(depths, reverse=True)
