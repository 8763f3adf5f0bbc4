"""Meshes on satellites: what divides, what fits, what to write instead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workload.memory_fit import (
    fit_problem,
    fits,
    memory_bytes_per_accelerator,
    no_fit_message,
    smallest_fit,
)
from sim.workload.parallelism import (
    Batch,
    Mesh,
    data_satellites,
    members,
    mesh_problem,
    meshes,
    micro_batches,
    replicas_per_satellite,
    satellites_per_replica,
)
from sim.workload.transformer import Model

LLAMA_8B = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_70B = Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256)
BATCH = Batch(4096, 1, 512)
GB = 1e9


@pytest.mark.parametrize(
    ("mesh", "accelerators", "spans", "holds", "groups", "used"),
    [
        (Mesh(8, 8, 81), 64, 1, 1, 81, 81),  # one replica a satellite
        (Mesh(8, 2, 324), 64, 1, 4, 81, 81),  # four replicas a satellite
        (Mesh(8, 16, 40), 64, 2, 1, 40, 80),  # two satellites a replica, one satellite left over
        (Mesh(8, 16, 64), 8, 16, 1, 64, 1024),
        (Mesh(1, 1, 5), 1, 1, 1, 5, 5),
        (Mesh(4, 39, 2), 12, 13, 1, 2, 26),
    ],
)
def test_layout(mesh: Mesh, accelerators: int, spans: int, holds: int, groups: int, used: int) -> None:
    """By hand: e = accelerators / t slots; q = p / e satellites or e / p replicas; n = q d_sat."""
    assert satellites_per_replica(mesh, accelerators) == spans
    assert replicas_per_satellite(mesh, accelerators) == holds
    assert data_satellites(mesh, accelerators) == groups
    assert members(mesh, accelerators) == used
    assert mesh_problem(mesh, accelerators, used) is None
    # nothing is left idle inside the members
    assert mesh.tensor * mesh.pipeline * mesh.data == used * accelerators


@pytest.mark.parametrize(
    ("mesh", "says"),
    [
        (Mesh(0, 1, 1), r"none can be below 1"),
        (Mesh(6, 1, 1), r"tensor 6 does not divide the 64 accelerators of a satellite; write tensor: 4 or 8"),
        (Mesh(65, 1, 1), r"write tensor: 64$"),
        (Mesh(8, 6, 1), r"pipeline 6 neither divides nor is a multiple of the 8 slots .*; write pipeline: 4 or 8"),
        (Mesh(8, 12, 1), r"write pipeline: 8 or 16"),
        (Mesh(8, 2, 6), r"data 6 leaves a satellite partly used: it holds 4 replicas; write data: 4 or 8"),
        (Mesh(8, 2, 3), r"write data: 4$"),
        (Mesh(8, 8, 82), r"needs 82 satellites of 81; write data: 81"),
        (Mesh(8, 16, 41), r"needs 82 satellites of 81; write data: 40"),
        (Mesh(8, 2, 328), r"needs 82 satellites of 81; write data: 324"),
        (Mesh(8, 656, 1), r"one replica spans 82 satellites of 81; write a smaller pipeline"),
    ],
)
def test_problems_say_what_to_write(mesh: Mesh, says: str) -> None:
    found = mesh_problem(mesh, 64, 81)
    assert found is not None
    assert re.search(says, found), found
    assert "\n" not in found


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 3), st.integers(0, 6))
def test_what_is_proposed_is_accepted(tensor: int, pipeline: int, data: int, power: int) -> None:
    """Property: following the advice, at most once for each degree, ends at a mesh that can be laid out."""
    mesh, accelerators = Mesh(tensor, pipeline, data), 2**power
    for _ in range(4):
        problem = mesh_problem(mesh, accelerators, 64)
        if problem is None:
            break
        advice = re.search(r"write (tensor|pipeline|data): (\d+)", problem)
        assert advice is not None, problem
        mesh = mesh._replace(**{advice[1]: int(advice[2])})
    assert mesh_problem(mesh, accelerators, 64) is None


@pytest.mark.parametrize(("accelerators", "satellites"), [(64, 81), (104, 30), (1, 200), (8, 20), (12, 7)])
def test_meshes_worth_trying(accelerators: int, satellites: int) -> None:
    """Every one can be laid out, is written once, and no further replica has room."""
    found = meshes(LLAMA_70B, accelerators, satellites)
    assert found == sorted(set(found), key=lambda m: (m.tensor, m.pipeline))
    for mesh in found:
        assert mesh_problem(mesh, accelerators, satellites) is None
        assert mesh.pipeline <= LLAMA_70B.layers
        step = replicas_per_satellite(mesh, accelerators)
        assert mesh_problem(mesh._replace(data=mesh.data + step), accelerators, satellites) is not None
    # by hand: powers of two that divide both the accelerators and 64 heads
    assert {m.tensor for m in found} == {t for t in (1, 2, 4, 8, 16, 32, 64) if accelerators % t == 0}


def test_meshes_by_hand() -> None:
    """4 accelerators, 3 satellites, 5 layers: pipelines dividing the slots, or multiples of them that 3 satellites hold."""
    five = LLAMA_8B._replace(layers=5)
    assert meshes(five, 4, 3) == [
        (1, 1, 12), (1, 2, 6), (1, 4, 3), (2, 1, 6), (2, 2, 3), (2, 4, 1), (4, 1, 3), (4, 2, 1), (4, 3, 1),
    ]  # fmt: skip
    assert meshes(five, 4, 0) == []


@pytest.mark.parametrize(("data", "micro", "expected"), [(64, 1, 8), (81, 1, 7), (64, 4, 2), (600, 1, 1)])
def test_micro_batches(data: int, micro: int, expected: int) -> None:
    """By hand: 512 sequences over the replicas, rounded up for the busiest."""
    assert micro_batches(Mesh(8, 8, data), Batch(4096, micro, 512)) == expected


def test_memory_by_hand() -> None:
    """Closed form: 70B, tensor 8, pipeline 8, 64 replicas, 8 micro-batches; 10 layers of 855,654,400 on the first stage.

    A layer: 8192 (2 x 8192 + 2 x 1024 + 3 x 28672 + 2); beside them 128,256 x 8,192 of the vocabulary. Activations of a token:
    12 x 8192 + 4 x 1024 + 6 x 28672 + 4 x 64 + 8 = 274,696 bytes.
    """
    stage = 10 * 8192 * (2 * 8192 + 2 * 1024 + 3 * 28672 + 2) + 128256 * 8192
    activations = 8 * 10 * 4096 * 274696 / 8
    ours = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH)
    assert ours == pytest.approx(stage / 8 * (6 + 12 / 64) + activations, rel=1e-12)
    whole = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH._replace(split_optimiser=False))
    assert whole - ours == pytest.approx(stage / 8 * 12 * 63 / 64, rel=1e-9)
    # interleaved, 1 + 7 / (8 x 2) times as many micro-batches are alive
    twice = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 64), BATCH._replace(interleave=2))
    assert twice - ours == pytest.approx(activations * 7 / 16, rel=1e-9)


def test_short_steps_keep_fewer_micro_batches() -> None:
    """Closed form: with 3 micro-batches in a step of 8 stages, 3 are alive and not 8."""
    few, full = (memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 8, 1), Batch(4096, 1, n)) for n in (3, 8))
    assert full - few == pytest.approx(5 * 10 * 4096 * 274696 / 8, rel=1e-9)


def test_memory_without_pipeline_holds_both_tables() -> None:
    """Closed form: one stage holds all parameters and one micro-batch of every layer, 12 x 4096 + 4 x 1024 + 6 x 14336 + 4 x 32
    + 8 = 139,400 bytes for a token."""
    ours = memory_bytes_per_accelerator(LLAMA_8B, Mesh(8, 1, 4), BATCH)
    assert ours == pytest.approx(8030261248 / 8 * (6 + 12 / 4) + 32 * 4096 * 139400 / 8, rel=1e-12)


def test_uneven_layers_count_for_the_fullest_stage() -> None:
    """80 layers on 13 stages: the first has 7."""
    ours = memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, 13, 1), BATCH)
    seven = memory_bytes_per_accelerator(LLAMA_70B._replace(layers=91), Mesh(8, 13, 1), BATCH)
    assert ours == seven


def test_message_of_a_mesh_that_does_not_fit() -> None:
    found = fit_problem(LLAMA_70B, Mesh(8, 2, 324), BATCH, 64, 81, 32 * GB)
    assert found is not None
    match = re.fullmatch(
        r"needs ([\d.]+) GB of 32 GB per accelerator with tensor 8, pipeline 2; "
        r"tensor (\d+), pipeline (\d+) needs ([\d.]+) GB: write mesh: \{tensor: \2, pipeline: \3, data: \d+\}",
        found,
    )
    assert match is not None, found
    assert float(match[1]) > 32.0 >= float(match[4])
    chosen = next(m for m in meshes(LLAMA_70B, 64, 81) if m[:2] == (int(match[2]), int(match[3])))
    assert fits(LLAMA_70B, chosen, BATCH, 32 * GB)
    assert fit_problem(LLAMA_70B, chosen, BATCH, 64, 81, 32 * GB) is None
    # the degree that was asked for is used, and a shorter pipeline would not do
    assert chosen.tensor == 8
    for mesh in meshes(LLAMA_70B, 64, 81):
        if mesh.tensor == 8 and mesh.pipeline < chosen.pipeline:
            assert not fits(LLAMA_70B, mesh, BATCH, 32 * GB)


def test_smallest_fit() -> None:
    """By hand: 70B in a satellite of 64 x 32 GB, any degree: nothing with fewer accelerators fits, no larger tensor of
    as many; a degree that cannot do it (1: 33 GB with 64 stages, its longest pipeline) is not insisted on."""
    chosen = smallest_fit(LLAMA_70B, BATCH, 64, 81, 32 * GB)
    assert chosen is not None
    for mesh in meshes(LLAMA_70B, 64, 81):
        size, least = mesh.tensor * mesh.pipeline, chosen.tensor * chosen.pipeline
        if size < least or (size == least and mesh.tensor > chosen.tensor):
            assert not fits(LLAMA_70B, mesh, BATCH, 32 * GB)
    assert smallest_fit(LLAMA_70B, BATCH, 64, 81, 32 * GB, tensor=1) == chosen


def test_nothing_fits() -> None:
    """70B on two satellites of one accelerator: 18 B x 70.55e9 = 1.27 TB on 160 GB."""
    assert smallest_fit(LLAMA_70B, BATCH, 1, 2, 80 * GB) is None
    assert no_fit_message(LLAMA_70B, BATCH, 1, 2, 80 * GB) == (
        "nothing fits: 1.27 TB of weights, gradients and optimiser on 2 satellites of 1 x 80 GB"
    )
    # room for the weights, not for the activations of a sequence this long
    long = Batch(2_000_000, 1, 1)
    found = fit_problem(LLAMA_70B, Mesh(8, 8, 1), long, 64, 2, 32 * GB)
    assert found is not None
    assert "nothing fits on 2 satellites of 64 x 32 GB: the least is" in found
    assert "write recompute: full" in found


def test_larger_meshes_never_need_more() -> None:
    """Property: at given pipeline, twice the tensor needs no more; at m >= p, deeper even pipelines need no more."""
    tensors = [memory_bytes_per_accelerator(LLAMA_70B, Mesh(t, 4, 8), BATCH) for t in (1, 2, 4, 8)]
    assert tensors == sorted(tensors, reverse=True)
    depths = [memory_bytes_per_accelerator(LLAMA_70B, Mesh(8, p, 8), BATCH) for p in (2, 4, 8, 16)]
    assert depths == sorted(depths, reverse=True)
