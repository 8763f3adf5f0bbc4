"""Meshes on satellites: what divides, what fits, what to write instead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workload.parallelism import (
    Batch,
    Mesh,
    accelerators_of,
    data_satellites,
    members,
    mesh_problem,
    meshes,
    micro_batches,
    replicas_per_satellite,
    satellites_per_replica,
    stages_per_satellite,
)
from sim.workload.transformer import Model

LLAMA_8B = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_70B = Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256)


@pytest.mark.parametrize(
    ("mesh", "accelerators", "spans", "holds", "groups", "used"),
    [
        (Mesh(8, 8, 81), 64, 1, 1, 81, 81),  # one replica a satellite
        (Mesh(8, 2, 324), 64, 1, 4, 81, 81),  # four replicas a satellite
        (Mesh(8, 16, 40), 64, 2, 1, 40, 80),  # two satellites a replica, one satellite left over
        (Mesh(8, 16, 64), 8, 16, 1, 64, 1024),
        (Mesh(1, 1, 5), 1, 1, 1, 5, 5),
        (Mesh(4, 39, 2), 12, 13, 1, 2, 26),
        (Mesh(8, 16, 26), 104, 16, 13, 2, 32),  # 13 slots and 16 stages: a satellite holds one stage of 13 replicas
        (Mesh(8, 16, 16, stages=2), 64, 8, 4, 4, 32),
        (Mesh(2, 4, 10, context=4), 32, 1, 1, 10, 10),
    ],
)
def test_layout(mesh: Mesh, accelerators: int, spans: int, holds: int, groups: int, used: int) -> None:
    """By hand: e = accelerators / (t c) slots, s stages of e / s replicas on each; q = p / s satellites; n = q d_sat."""
    assert satellites_per_replica(mesh, accelerators) == spans
    assert replicas_per_satellite(mesh, accelerators) == holds
    assert data_satellites(mesh, accelerators) == groups
    assert members(mesh, accelerators) == used
    assert mesh_problem(mesh, accelerators, used) is None
    # nothing is left idle inside the members
    assert accelerators_of(mesh) == used * accelerators
    assert stages_per_satellite(mesh, accelerators) * spans == mesh.pipeline


@pytest.mark.parametrize(
    ("mesh", "says"),
    [
        (Mesh(0, 1, 1), r"none can be below 1"),
        (Mesh(6, 1, 1), r"tensor 6 does not divide the 64 accelerators of a satellite; write tensor: 4 or 8"),
        (Mesh(65, 1, 1), r"write tensor: 64$"),
        (Mesh(8, 6, 8, stages=6), r"stages 6 does not divide both the pipeline of 6 and the 8 slots of a satellite; write stages: 2$"),
        (Mesh(8, 8, 8, context=3), r"context 3 does not divide the 8 slots of a satellite .*; write context: 2 or 4"),
        (Mesh(8, 2, 4, expert=3), r"expert 3 does not divide the 4 data and context ranks of a satellite; write expert: 2 or 4"),
        (Mesh(8, 2, 6), r"data 6 leaves a satellite partly used: it holds 4 replicas; write data: 4 or 8"),
        (Mesh(8, 2, 3), r"write data: 4$"),
        (Mesh(8, 2, 999), r"holds 4 replicas; write data: 324$"),  # no more than 81 satellites hold
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
        advice = re.search(r"write (tensor|data|stages): (\d+)", problem)
        assert advice is not None, problem
        mesh = mesh._replace(**{advice[1]: int(advice[2])})
    assert mesh_problem(mesh, accelerators, 64) is None


@pytest.mark.parametrize(("accelerators", "satellites"), [(64, 81), (104, 30), (1, 200), (8, 20), (12, 7)])
def test_meshes_worth_trying(accelerators: int, satellites: int) -> None:
    """Every one can be laid out, is written once, and no further replicas have room."""
    found = meshes(LLAMA_70B, accelerators, satellites)
    assert len(found) == len(set(found))
    for mesh in found:
        assert mesh_problem(mesh, accelerators, satellites) is None
        assert mesh.pipeline <= LLAMA_70B.layers
        step = replicas_per_satellite(mesh, accelerators)
        assert mesh_problem(mesh._replace(data=mesh.data + step), accelerators, satellites) is not None
    # by hand: powers of two that divide both the accelerators and 64 heads
    assert {m.tensor for m in found} == {t for t in (1, 2, 4, 8, 16, 32, 64) if accelerators % t == 0}
    # of every number of layers a stage, the shortest pipeline
    assert {-(-80 // m.pipeline) for m in found if m.stages == 1} >= {-(-80 // p) for p in range(1, min(80, satellites) + 1)}


def test_meshes_by_hand() -> None:
    """4 accelerators, 3 satellites, 5 layers: stages of 5, 3, 2 and 1 layers, and four stages, which fill a satellite."""
    five = LLAMA_8B._replace(layers=5)
    assert [(m.tensor, m.pipeline, m.data, m.stages) for m in meshes(five, 4, 3)] == [
        (1, 1, 12, 1), (1, 2, 6, 2), (1, 2, 4, 1), (1, 3, 4, 1), (1, 4, 3, 4),
        (2, 1, 6, 1), (2, 2, 3, 2), (2, 2, 2, 1), (2, 3, 2, 1), (2, 4, 1, 2),
        (4, 1, 3, 1), (4, 2, 1, 1), (4, 3, 1, 1),
    ]  # fmt: skip
    assert meshes(five, 4, 0) == []


def test_tensor_groups_stay_inside_a_domain() -> None:
    """A platform of 32 accelerators with domains of 8: no wider tensor or context group."""
    found = meshes(LLAMA_70B, 32, 4, domain=8, contexts=(1, 2, 4))
    assert max(m.tensor * m.context for m in found) == 8
    assert {m.context for m in found if m.tensor == 2} == {1, 2, 4}


def test_experts_are_spread_over_the_replicas_of_a_satellite_or_not_at_all() -> None:
    """By hand: 48 experts on 64 slots of one stage: 16 ranks share them, the largest common divisor; 4 slots of stage 16: 4."""
    mixture = LLAMA_8B._replace(experts=48, active_experts=4, expert_ffn=1024)
    found = [m for m in meshes(mixture, 64, 2) if m.tensor == 1]
    assert {m.expert for m in found if m.pipeline == 1} == {1, 16}
    assert {m.expert for m in found if m.pipeline == 16 and m.stages == 16} == {1, 4}


@pytest.mark.parametrize(("data", "micro", "expected"), [(64, 1, 8), (81, 1, 7), (64, 4, 2), (600, 1, 1)])
def test_micro_batches(data: int, micro: int, expected: int) -> None:
    """By hand: 512 sequences over the replicas, rounded up for the busiest."""
    assert micro_batches(Mesh(8, 8, data), Batch(4096, micro, 512)) == expected
