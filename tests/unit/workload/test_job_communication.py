"""Communication and plans of jobs on satellites in a line, where every message can be followed by hand."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from sim.ground_baseline.fabric import Star
from sim.workload.communication_bounds import CommunicationBounds
from sim.workload.execution_plan import (
    PLACEMENTS,
    Choices,
    collective_candidates,
    fastest_plan,
    feasible_tasks,
    placed,
    ranked_plans,
)
from sim.workload.fabric import Fabric
from sim.workload.job_communication import Collective, JobCommunication
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Islands, Task, decompose
from sim.workload.transformer import Model
from tests.support.plain_kernels import PlainKernels

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
    batch = Batch(1024, 1, 64, interleave=interleave)
    return Task(MODEL, mesh, batch, accelerators, 1e15, PlainKernels(5e14), Fabric(accelerators))


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
    """By hand: four steps of a third of 2 GB; one hop, but for the last satellite's message back over two, which is alone on
    its route: links are used in both directions. The path of four messages 2-0-1-2-0 takes the two hops twice."""
    costs = JobCommunication(task(Mesh(1, 1, 3)), Collective("ring"), 3).costs([np.arange(3)], Line(3))
    assert costs.gradients_s[0] == pytest.approx(6 * DELAY_S + 4 * 2 / 3, rel=1e-12)
    assert costs.reduce_scatter_s[0] == pytest.approx(3 * DELAY_S + 2 * 2 / 3, rel=1e-12)
    assert costs.own_gradients_s[:2] == pytest.approx(4 * (DELAY_S + 2e9 / 3 / 1e9), rel=1e-12)


def test_delay_and_drain_of_stages() -> None:
    """By hand: the message back over three hops shares links with one other; the other links drain in half the time."""
    costs = JobCommunication(task(Mesh(1, 4, 1), 2), Collective("ring"), 4).costs([np.arange(4)], Line(4))
    assert costs.stage_drain_s[0] == pytest.approx(2 * MESSAGE_S, rel=1e-12)
    assert costs.stage_delay_s[0] == pytest.approx(3 * DELAY_S, rel=1e-12)
    assert costs.stage_transfer_s == costs.stage_delay_s + costs.stage_drain_s
    assert costs.own_stage_drain_s == pytest.approx(np.full(4, 2 * MESSAGE_S), rel=1e-12)


def test_both_directions_of_a_ring_on_a_line() -> None:
    """By hand: of two ranks each half has a link of its own direction, both halves share it: as long as one ring. On a line of
    three the message back doubles the load of links in both directions: nothing is gained."""
    for members in (2, 3):
        one, two = (
            JobCommunication(task(Mesh(1, 1, members)), Collective("ring", None, parts), members)
            .costs([np.arange(members)], Line(members))
            .gradients_s[0]
            for parts in (1, 2)
        )
        assert one == pytest.approx(two, rel=1e-12)


@pytest.mark.parametrize("how", list(collective_candidates(12)), ids=str)
def test_faster_links_and_own_times(how: Collective) -> None:
    """Property: with all links twice as fast nothing takes longer; no own share is above the job's; satellites and links beyond
    the job's do not matter."""
    line, jobs = Line(14), [np.arange(12)]
    line.directed_rate_bit_s = RATE_BIT_S * np.random.default_rng(3).uniform(0.2, 3.0, 26)
    job = task(Mesh(1, 1, 12))
    before = JobCommunication(job, how, 14).costs(jobs, line)
    assert before.own_gradients_s[:12].min() > 0.0
    assert before.own_gradients_s.max() <= before.gradients_s[0] * (1 + 1e-12)
    assert 0.0 < before.reduce_scatter_s[0] < before.gradients_s[0]
    shorter = Line(12)
    shorter.directed_rate_bit_s = np.delete(line.directed_rate_bit_s, [11, 12, 24, 25])
    assert JobCommunication(job, how, 12).costs(jobs, shorter).gradients_s[0] == before.gradients_s[0]
    line.directed_rate_bit_s = 2.0 * line.directed_rate_bit_s
    assert JobCommunication(job, how, 14).costs(jobs, line).gradients_s[0] < before.gradients_s[0]


def test_satellite_that_disconnects_a_job() -> None:
    """By hand: a gap after the first of four: it is the one outside."""
    costs = JobCommunication(task(Mesh(1, 4, 1)), Collective("ring"), 4).costs([np.arange(4)], Line(4, missing=0))
    assert costs.jobs_disconnected.tolist() == [True]
    assert costs.satellites_disconnected.tolist() == [True, False, False, False]


def test_feasible_tasks_are_those_that_fit() -> None:
    """By hand: 8 layers of 4 + 12 million (times 2^20 / 10^6) and two tables of 33 are 200 million parameters, 3.6 GB of 18
    bytes each on one accelerator; a stage of two layers and a table takes a third. Two layers are one or two virtual stages."""
    meshes = [Mesh(1, 1, 1), Mesh(1, 4, 1), Mesh(1, 4, 2)]
    tasks = feasible_tasks(task(meshes[0]), meshes, Choices((1, 2, 3), recomputed=0.0), 4, 3e9)
    assert [(t.mesh, t.batch.interleave) for t in tasks] == [(Mesh(1, 4, 1), 1), (Mesh(1, 4, 1), 2)]


def test_fewer_replicas_divide_the_batch() -> None:
    """By hand: 64 sequences on at most 24 replicas are 3 micro-batches, 4 on 16, 5 on 13: 22 replicas do 3 as well as 24."""
    tasks = feasible_tasks(task(Mesh(1, 1, 1)), [Mesh(1, 1, 24)], Choices((1,), fewer_replicas=True), 24, 100e9)
    assert [t.mesh.data for t in tasks] == [24, 22, 16, 13]


def test_more_is_sharded_only_where_less_does_not_fit() -> None:
    """By hand: 200 million parameters on 4 replicas: 1.8 GB at stage 1, 0.9 GB at stage 3, and activations; where stage 1 fits only
    computed again, both are tried."""
    mesh, choices = Mesh(1, 1, 4), Choices((1,), zero=(1, 3))
    stages = {
        size: [(t.batch.zero, t.batch.recomputed > 0.0) for t in feasible_tasks(task(mesh), [mesh], choices, 4, size)]
        for size in (4e9, 2.3e9, 1.3e9)
    }
    assert stages == {4e9: [(1, False)], 2.3e9: [(1, True), (3, False)], 1.3e9: [(3, True)]}


def _variants(members: int, pipelines: tuple[int, ...], sequences: int = 64) -> list[Task]:
    meshes = [Mesh(1, p, members // p) for p in pipelines]
    job = task(meshes[0])._replace(batch=Batch(1024, 1, sequences))
    again = [
        feasible_tasks(job, meshes, Choices((1, 2), in_flight=(1, 2), recomputed=share), members, 100e9) for share in (0.0, 1.0)
    ]
    return [candidate for tasks in again for candidate in tasks]


def _step_s(candidate: Task, how: Collective, placement: str, order: np.ndarray, transport: Line | Star, count: int) -> float:
    c = JobCommunication(candidate, how, count).costs([placed(order, candidate, placement)], transport)  # type: ignore[arg-type]
    return float(decompose(candidate, 1.0, c.stage_delay_s[0], c.stage_drain_s[0], c.gradients_s[0]).total_s)


@pytest.mark.parametrize(("members", "pipelines"), [(8, (1, 2, 4, 8)), (72, (2, 4, 8))])
def test_fastest_plan_is_the_fastest_of_all(members: int, pipelines: tuple[int, ...]) -> None:
    """Source of truth: every candidate tried, with the messages of all satellites; 72 are more than are routed at first."""
    line, order = Line(members), np.arange(members)
    candidates = _variants(members, pipelines)
    tried = [
        _step_s(t, how, placement, order, line, members)
        for t in candidates
        for how in collective_candidates(t.mesh.data)
        for placement in PLACEMENTS
    ]
    found = fastest_plan(candidates, [order], line, members)
    assert found.step_s == pytest.approx(min(tried), rel=1e-12)
    assert found.step_s == pytest.approx(_step_s(found.task, found.collective, found.placement, order, line, members), rel=1e-12)


def test_ranked_plans_are_the_fastest_of_each_task() -> None:
    """Source of truth: the best variant of every task, in order; tasks that differ in micro-batches in flight are one."""
    line, order = Line(8), np.arange(8)
    best: dict[Task, float] = {}
    for t in _variants(8, (1, 2, 4, 8)):
        alike = t._replace(batch=t.batch._replace(in_flight=1))
        steps = [_step_s(t, how, p, order, line, 8) for how in collective_candidates(t.mesh.data) for p in PLACEMENTS]
        best[alike] = min(best.get(alike, float("inf")), *steps)
    found = ranked_plans(_variants(8, (1, 2, 4, 8)), [order], line, 8, 5)
    assert [plan.step_s for plan in found] == pytest.approx(sorted(best.values())[:5], rel=1e-12)


@pytest.mark.parametrize("islands", [Islands(3, 1, 2.0, 0.0, together=True), Islands(3, 4, 1.0, 0.0), Islands(3, 4, 1.0, 0.5)])
def test_plans_of_islands_are_the_fastest_with_their_exchange(islands: Islands) -> None:
    """Source of truth: every candidate tried, with the messages of all islands, two rows of two satellites each."""
    line, row = Line(12), np.arange(12) // 2
    groups = [np.arange(4 * g, 4 * g + 4) for g in range(3)]
    candidates = [t._replace(islands=islands) for t in _variants(4, (1, 2, 4))]
    tried: dict[Task, float] = {}
    for t in candidates:
        alike = t._replace(batch=t.batch._replace(in_flight=1))
        for how, placement in product(collective_candidates(t.mesh.data), PLACEMENTS):
            ranks = [placed(group, t, placement, row) for group in groups]
            c = JobCommunication(t, how, 12).costs(ranks, line)  # type: ignore[arg-type]
            parts = (c.stage_delay_s, c.stage_drain_s, c.gradients_s, c.outer_s)
            step_s = float(decompose(t, 1.0, *(part.max() for part in parts)).total_s)
            tried[alike] = min(tried.get(alike, float("inf")), step_s)
    found = ranked_plans(candidates, groups, line, 12, 4, row)
    assert [plan.step_s for plan in found] == pytest.approx(sorted(tried.values())[:4], rel=1e-12)
    assert found[0].step_s > fastest_plan([t._replace(islands=None) for t in candidates], groups, line, 12, row).step_s


def test_more_choices_never_slow_a_plan() -> None:
    """Property: a plan that may choose among more is not slower."""
    line, order = Line(8), np.arange(8)
    steps = [
        fastest_plan(_variants(8, pipelines), [order], line, 8).step_s for pipelines in ((4,), (4, 8), (2, 4, 8), (1, 2, 4, 8))
    ]
    assert steps == sorted(steps, reverse=True)


def test_messages_of_few_satellites_are_routed() -> None:
    """Source of truth: a star joins all nodes alike, so that the messages of any tell the step of all: every candidate tried."""
    nodes = 600
    star = Star(nodes, SimpleNamespace(latency=1e-4, rate=1e11, throughput=0.8))  # type: ignore[arg-type]
    asked: list[np.ndarray] = []
    routes = star.routes
    star.routes = lambda src, dst: asked.append(src) or routes(src, dst)  # type: ignore[func-returns-value, method-assign]
    meshes = [Mesh(1, p, nodes // p) for p in (1, 2, 4)]
    job = task(meshes[0])._replace(batch=Batch(1024, 1, 4 * nodes))
    candidates = feasible_tasks(job, meshes, Choices((1, 2)), nodes, 100e9)
    found = fastest_plan(candidates, [np.arange(nodes)], star, nodes)
    assert np.unique(np.concatenate(asked)).size <= 512 + 512 * 3  # the first 512 ranks of two placements of each span
    tried = [
        _step_s(t, how, placement, np.arange(nodes), star, nodes)
        for t in candidates
        for how in collective_candidates(t.mesh.data)
        for placement in PLACEMENTS
    ]
    assert found.step_s == pytest.approx(min(tried), rel=1e-12)


def test_a_plan_without_a_network_is_that_on_instant_links() -> None:
    """Source of truth: a gap in the line: no job of all satellites communicates, so the run gets a plan that reports it."""
    candidates = _variants(4, (1, 2, 4))
    found = fastest_plan(candidates, [np.arange(4)], Line(4, missing=1), 4)
    assert found.step_s == float("inf")
    least = min(float(decompose(t, 1.0).total_s) for t in candidates)
    assert float(decompose(found.task, 1.0).total_s) == pytest.approx(least, rel=1e-12)


def test_islands_exchange_over_their_links() -> None:
    """By hand: two islands of two satellites on a line: each satellite exchanges half of 1 byte for each of 1e9 parameters with
    the one two hops away, in one step of half of that each way; the middle link carries two messages each way."""
    job = task(Mesh(1, 1, 2))._replace(islands=Islands(2, 100, 1.0, 0.0))
    costs = JobCommunication(job, Collective("ring"), 4).costs([np.array([0, 1]), np.array([2, 3])], Line(4))
    messages = 2 * (2 * DELAY_S + 2 * 0.25)  # reduced and gathered, 0.25 GB each at 1 GB/s, shared by two
    assert costs.outer_s == pytest.approx([messages, messages], rel=1e-9)
    alone = JobCommunication(job._replace(islands=None), Collective("ring"), 4).costs([np.array([0, 1]), np.array([2, 3])], Line(4))
    assert alone.outer_s.tolist() == [0.0, 0.0]


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
            delay_s, drain_s, gradients_s, outer_s = bounds.times_s(job, how)
            assert outer_s == 0.0
            assert delay_s <= costs.stage_delay_s[0] * (1.0 + 1e-12)
            assert drain_s <= costs.stage_drain_s[0] * (1.0 + 1e-12)
            assert gradients_s <= costs.gradients_s[0] * (1.0 + 1e-12)
            assert (gradients_s > 0.0) == (members > pipeline)


@pytest.mark.parametrize("islands", [2, 3, 6])
def test_bound_of_an_exchange_is_below_its_time(islands: int) -> None:
    """Source of truth: the time over the routes, on links of different rates."""
    line = Line(12)
    line.directed_rate_bit_s = RATE_BIT_S * np.random.default_rng(2).uniform(0.2, 3.0, 22)
    job = task(Mesh(1, 1, 12 // islands))._replace(islands=Islands(islands, 10, 1.0, 0.0))
    groups = [np.arange(12)[g * 12 // islands : (g + 1) * 12 // islands] for g in range(islands)]
    communication = JobCommunication(job, Collective("ring"), 12)
    outer_s = communication.exchange_s(groups, line)  # type: ignore[arg-type]
    assert outer_s == communication.costs(groups, line).outer_s.max()  # type: ignore[arg-type]
    bound_s = CommunicationBounds(groups[0], line, 12).times_s(job, Collective("ring"))[3]
    assert 0.0 < bound_s <= outer_s * (1.0 + 1e-12)


def test_bound_of_an_exchange_by_hand() -> None:
    """By hand: two islands of one satellite and 1e9 parameters of 1 B: each sends half of them twice, 1 s at 1 GB/s, and one of the two
    delays is bound to be waited for."""
    job = task(Mesh(1, 1, 1))._replace(islands=Islands(2, 10, 1.0, 0.0))
    bound_s = CommunicationBounds(np.arange(1), Line(2), 2).times_s(job, Collective("ring"))[3]
    assert bound_s == pytest.approx(DELAY_S + 1.0, rel=1e-12)
    communication = JobCommunication(job, Collective("ring"), 2)
    assert communication.exchange_s([np.array([0]), np.array([1])], Line(2)) == pytest.approx(2.0 * DELAY_S + 1.0, rel=1e-12)  # type: ignore[arg-type]


def test_bound_of_a_ring_by_hand() -> None:
    """By hand: three satellites, 2 GB at 1 GB/s: four messages of a third take 1 ms and 2/3 s each."""
    found = CommunicationBounds(np.arange(3), Line(3), 3).times_s(task(Mesh(1, 1, 3)), Collective("ring"))
    assert found == pytest.approx((0.0, 0.0, 4 * (DELAY_S + 2.0 / 3.0), 0.0), rel=1e-12)
    assert CommunicationBounds(np.arange(4), Line(4, missing=1), 4).connected == 2
