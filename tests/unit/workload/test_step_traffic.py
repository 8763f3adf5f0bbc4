"""Bytes that a training step sends between satellites, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.workload.fabric import Fabric
from sim.workload.job_communication import Collective
from sim.workload.kernels import AssumedKernels
from sim.workload.parallelism import Batch, Mesh
from sim.workload.step_traffic import Links, bounds, roofline, sent_bytes
from sim.workload.training_step import Islands, Task, compute_s, task_flops
from sim.workload.transformer import Model

CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
MODEL = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
BATCH = Batch(1024, 1, 64, zero=0)


def _ring(count: int, rate_bit_s: float) -> Links:
    here, there = np.arange(count), np.roll(np.arange(count), -1)
    return Links(np.r_[here, there], np.r_[there, here], np.full(2 * count, rate_bit_s))


def _task(mesh: Mesh, **more: object) -> Task:
    return Task(MODEL, mesh, BATCH, 1, 1e15, CHIP, Fabric(1))._replace(**more)


def test_a_ring_all_reduce_sends_its_bytes_twice_but_for_two_shares() -> None:
    """Published: each of n ranks sends 2 V (n - 1)/n bytes [thakur2005:section 4.5]; V = 2 bytes of 1e9 parameters."""
    task, ring = _task(Mesh(1, 1, 4)), Collective("ring")
    assert sent_bytes(task, ring, np.arange(4)[None], 5) == pytest.approx([3e9] * 4 + [0.0])
    found = roofline(task, ring, np.arange(4)[None], _ring(4, 8e9))
    assert found is not None
    # two links of 1 GB/s for 3 GB; 2 GB of partial sums and gathered shares pass the two links between halves
    assert found.injection_s == pytest.approx(1.5)
    assert found.bisection_s == pytest.approx(1.0, rel=1e-5)
    assert found.needed_byte_per_flop == pytest.approx(12e9 / task_flops(task))
    assert found.compute_s >= float(compute_s(task, 1.0))


@pytest.mark.parametrize("algorithm", ["ring", "halving-doubling", "torus"])
def test_every_algorithm_of_powers_of_two_sends_as_many_bytes(algorithm: str) -> None:
    """Published: all three are optimal in bandwidth [thakur2005:section 4.5]: 2 V (n - 1)/n for n = 16."""
    sent = sent_bytes(_task(Mesh(1, 1, 16)), Collective(algorithm), np.arange(16)[None], 16)
    assert sent == pytest.approx(np.full(16, 2 * 2e9 * 15 / 16))


def test_stages_send_activations_and_their_gradients_once_for_every_micro_batch() -> None:
    """By hand: 64 micro-batches of 1,024 tokens, 1,024 wide, in 2 bytes, over two boundaries between three satellites."""
    message = 64 * 1024 * 1024 * 2.0
    task = _task(Mesh(1, 3, 1))
    assert sent_bytes(task, Collective("ring"), np.arange(3)[None], 3) == pytest.approx(np.array([1.0, 2.0, 1.0]) * message)


def test_islands_send_weights_once_in_a_period() -> None:
    """By hand: two islands of one satellite exchange 1 byte of 1e9 parameters every 100 steps: 1e9 bytes each, and nothing else."""
    task = _task(Mesh(1, 1, 1), islands=Islands(2, 100, 1.0, 0.0))
    ranks = np.array([[0], [1]])
    assert sent_bytes(task, Collective("ring"), ranks, 2) == pytest.approx([1e7, 1e7])
    found = roofline(task, Collective("ring"), ranks, Links(np.array([0, 1]), np.array([1, 0]), np.full(2, 8e9)))
    assert found is not None
    assert found.bisection_s == pytest.approx(1e7 / 1e9, rel=1e-5)


def test_bounds_of_links_without_limit_and_of_one_satellite() -> None:
    """By definition: no number stands for what has no limit, and a job on one satellite has no network."""
    task = _task(Mesh(1, 1, 4))
    found = bounds(task, Collective("ring"), np.arange(4)[None], _ring(4, np.inf))
    assert found is not None
    assert (found["bisection_bit_s"], found["step_bound_s"], found["bound"]) == (None, 0.0, "compute")
    assert bounds(_task(Mesh(1, 1, 1)), Collective("ring"), np.zeros((1, 1), dtype=np.int64), _ring(4, 1.0)) is None


def test_a_step_is_never_shorter_than_its_bound() -> None:
    """Closed form: an all-reduce in one direction of a ring takes 2 V (n - 1)/n over one link, twice the bound by two."""
    found = roofline(_task(Mesh(1, 1, 8)), Collective("ring"), np.arange(8)[None], _ring(8, 8e9))
    assert found is not None
    assert found.step_bound_s == pytest.approx(0.5 * (2 * 2e9 * 7 / 8) / 1e9)
