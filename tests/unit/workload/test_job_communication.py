"""Communication and plans of jobs on satellites in a line, where every message can be followed by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sim.ground_baseline.fabric import Star
from sim.workload.communication_bounds import CommunicationBounds
from sim.workload.execution_plan import collective_candidates, fastest_plan, feasible_tasks
from sim.workload.job_communication import Collective, JobCommunication
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Task, decompose
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
        self.directed_src = np.concatenate((np.arange(count - 1), np.arange(1, count)))

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


def _variants(members: int, pipelines: tuple[int, ...], sequences: int = 64) -> list[Task]:
    meshes = [Mesh(1, p, members // p) for p in pipelines]
    job = task(meshes[0])._replace(batch=Batch(1024, 1, sequences, "none"))
    return feasible_tasks(job, meshes, (1, 2), ("none", "full"), members, 100e9)


@pytest.mark.parametrize(("members", "pipelines"), [(8, (1, 2, 4, 8)), (72, (2, 4, 8))])
def test_fastest_plan_is_the_fastest_of_all(members: int, pipelines: tuple[int, ...]) -> None:
    """Source of truth: every candidate tried, with the messages of all satellites; 72 are more than are routed at first."""
    line, order = Line(members), np.arange(members)
    candidates = _variants(members, pipelines)
    tried = [
        (float(decompose(t, 1.0, c.stage_transfer_s[0], c.gradients_s[0]).total_s), t.mesh, t.batch, how)
        for t in candidates
        for how in collective_candidates(t.mesh.data)
        for c in [JobCommunication(t, how, members).costs([order], line)]
    ]
    least_s, mesh, batch, how = min(tried, key=lambda each: each[0])
    found = fastest_plan(candidates, order, members, line, members)
    assert found.step_s == pytest.approx(least_s, rel=1e-12)
    assert (found.task.mesh, found.task.batch, found.collective) == (mesh, batch, how)


def test_messages_of_few_satellites_are_routed() -> None:
    """Source of truth: a star joins all nodes alike, so that the messages of any tell the step of all: every candidate tried."""
    nodes = 600
    star = Star(nodes, SimpleNamespace(latency=1e-4, rate=1e11, throughput=0.8))  # type: ignore[arg-type]
    asked: list[np.ndarray] = []
    routes = star.routes
    star.routes = lambda src, dst: asked.append(src) or routes(src, dst)  # type: ignore[func-returns-value, method-assign]
    candidates = _variants(nodes, (1, 2, 4), 4 * nodes)
    found = fastest_plan(candidates, np.arange(nodes), nodes, star, nodes)
    assert np.unique(np.concatenate(asked)).tolist() == list(range(512))
    tried = [
        float(decompose(t, 1.0, c.stage_transfer_s[0], c.gradients_s[0]).total_s)
        for t in candidates
        for how in collective_candidates(t.mesh.data)
        for c in [JobCommunication(t, how, nodes).costs([np.arange(nodes)], star)]
    ]
    assert found.step_s == pytest.approx(min(tried), rel=1e-12)


def test_a_plan_without_a_network_is_that_on_instant_links() -> None:
    """Source of truth: a gap in the line: no job of all satellites communicates, so the run gets a plan that reports it."""
    candidates = _variants(4, (1, 2, 4))
    found = fastest_plan(candidates, np.arange(4), 4, Line(4, missing=1), 4)
    assert found.step_s == float("inf")
    assert found.task == min(candidates, key=lambda t: float(decompose(t, 1.0, 0.0, 0.0).total_s))


@pytest.mark.parametrize("members", [5, 8, 12, 48])
def test_bounds_are_below_the_times(members: int) -> None:
    """Source of truth: the times over the routes. Links of different rates; 5 and 12 are no powers of two."""
    line, order = Line(members), np.arange(members)
    line.directed_rate_bit_s = RATE_BIT_S * np.random.default_rng(1).uniform(0.2, 3.0, 2 * (members - 1))
    bounds = CommunicationBounds(order, line, members)
    assert bounds.connected == members
    for pipeline in (p for p in (1, 2, 4, 8) if members % p == 0):
        for how in collective_candidates(members // pipeline):
            job = task(Mesh(1, pipeline, members // pipeline))
            costs = JobCommunication(job, how, members).costs([order], line)
            stage_transfer_s, gradients_s = bounds.times_s(job, how)
            assert stage_transfer_s <= costs.stage_transfer_s[0] * (1.0 + 1e-12)
            assert gradients_s <= costs.gradients_s[0] * (1.0 + 1e-12)
            assert (gradients_s > 0.0) == (members > pipeline)


def test_bound_of_a_ring_by_hand() -> None:
    """By hand: three satellites, 2 GB at 1 GB/s: four messages of a third take 1 ms and 2/3 s each."""
    found = CommunicationBounds(np.arange(3), Line(3), 3).times_s(task(Mesh(1, 1, 3)), Collective("ring"))
    assert found == pytest.approx((0.0, 4 * (DELAY_S + 2.0 / 3.0)), rel=1e-12)
    assert CommunicationBounds(np.arange(4), Line(4, missing=1), 4).connected == 2
