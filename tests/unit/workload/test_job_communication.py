"""Communication and plans of jobs on satellites in a line, where every message can be followed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.workload.execution_plan import fastest_plan, feasible_tasks
from sim.workload.job_communication import Collective, JobCommunication
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Task
from sim.workload.transformer import Model

MODEL = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
DELAY_S, RATE_BIT_S = 1e-3, 8e9
MESSAGE_S = 1024 * 1024 * 2.0 / 1e9  # activations of 1,024 tokens, 1,024 wide, 2 bytes, over 1 GB/s


class Line:
    """Link i joins i and i + 1; there is no route over a missing one."""

    version = 0

    def __init__(self, count: int, missing: int = -1) -> None:
        self.count, self.missing = count, missing
        self.directed_delay_s = np.full(2 * (count - 1), DELAY_S)
        self.directed_rate_bit_s = np.full(2 * (count - 1), RATE_BIT_S)

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        routes: list[list[int]] = []
        for a, b in zip(src.tolist(), dst.tolist(), strict=True):
            up = list(range(a, b)) if a < b else list(range(b, a))[::-1]
            links = [] if self.missing in up else up
            routes.append([link if a < b else link + self.count - 1 for link in links])
        start = np.cumsum([0, *map(len, routes)])
        return start, np.array([link for route in routes for link in route], dtype=np.int64)

    def components(self) -> np.ndarray:
        return np.where(np.arange(self.count) > self.missing, 1, 0) if self.missing >= 0 else np.zeros(self.count, int)


def task(mesh: Mesh, interleave: int = 1, accelerators: int = 1) -> Task:
    batch = Batch(1024, 1, 64, "none", True, interleave)
    return Task(MODEL, mesh, batch, accelerators, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)


@pytest.mark.parametrize(
    ("interleave", "stage_transfer_s"),
    [
        (1, DELAY_S + MESSAGE_S),
        # from the last stage back to the first: three hops, each link shared with its neighbours' messages
        (2, 3 * DELAY_S + 2 * MESSAGE_S),
    ],
)
def test_stage_transfers_on_a_line(interleave: int, stage_transfer_s: float) -> None:
    """By hand: four stages on four satellites, activations forth and gradients back at once."""
    costs = JobCommunication(task(Mesh(1, 4, 1), interleave), Collective("ring"), 4).costs([np.arange(4)], Line(4))
    assert costs.stage_transfer_s[0] == pytest.approx(stage_transfer_s, rel=1e-12)
    assert costs.gradients_s[0] == 0.0
    assert not costs.jobs_disconnected[0]


def test_ring_on_a_line() -> None:
    """By hand: 2 (n - 1) phases of an n-th of 2 GB; one hop, but for the last satellite's message back over two, which is
    alone on its route: links are used in both directions."""
    costs = JobCommunication(task(Mesh(1, 1, 3)), Collective("ring"), 3).costs([np.arange(3)], Line(3))
    assert costs.gradients_s[0] == pytest.approx(4 * (2 * DELAY_S + 2e9 / 3 / 1e9), rel=1e-12)
    assert costs.own_gradients_s[:2] == pytest.approx(4 * (DELAY_S + 2e9 / 3 / 1e9), rel=1e-12)


def test_satellite_that_disconnects_a_job() -> None:
    """By hand: a gap after the first of four: it is the one outside."""
    costs = JobCommunication(task(Mesh(1, 4, 1)), Collective("ring"), 4).costs([np.arange(4)], Line(4, missing=0))
    assert costs.jobs_disconnected.tolist() == [True]
    assert costs.satellites_disconnected.tolist() == [True, False, False, False]


def test_feasible_tasks_are_those_that_fit() -> None:
    """By hand: 8 layers of 4 + 12 million (times 2^20 / 10^6) and two tables of 33 are 200 million parameters, 3.6 GB of 18
    bytes each on one accelerator; a stage of two layers and a table takes a third. 8 layers on 4 stages are at most 2 virtual stages."""
    meshes = [Mesh(1, 1, 1), Mesh(1, 4, 1), Mesh(1, 4, 2)]
    tasks = feasible_tasks(task(meshes[0]), meshes, (1, 2, 3), ("none",), 4, 3e9)
    assert [(t.mesh, t.batch.interleave) for t in tasks] == [(Mesh(1, 4, 1), 1), (Mesh(1, 4, 1), 2)]


def test_fastest_plan_is_the_fastest_of_all() -> None:
    """Source of truth: every candidate tried."""
    from sim.workload.training_step import decompose

    line, order = Line(8), np.arange(8)
    meshes = [Mesh(1, p, 8 // p) for p in (1, 2, 4, 8)]
    candidates = feasible_tasks(task(meshes[0]), meshes, (1, 2), ("none", "full"), 8, 100e9)
    least = min(
        float(decompose(t, 1.0, c.stage_transfer_s[0], c.gradients_s[0]).total_s)
        for t in candidates
        for how in (Collective("ring"), Collective("halving-doubling"), Collective("torus", 2), Collective("torus", 4))
        if how.algorithm == "ring" or t.mesh.data == 8 or (t.mesh.data == 4 and how.rows != 4)
        for c in [JobCommunication(t, how, 8).costs([order], line)]
    )
    assert fastest_plan(candidates, order, 8, line, 8).step_s == pytest.approx(least, rel=1e-12)
