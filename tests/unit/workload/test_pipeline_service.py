"""Copies of a model over satellites in the run: members that fail, lag or are cut off, on a row of satellites whose rates are known."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.engine.recovery_policy import reload_policy
from sim.engine.roles import roles
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle, Policy
from sim.spacecraft.loop import LIMIT_POWER, LIMIT_RATE, LIMIT_ROWS
from sim.workload.fabric import Fabric
from sim.workload.jobs import ROW, Asked, JobScheduler, PipelineService, TrainingFleet
from sim.workload.kernels import AssumedKernels
from sim.workload.pipeline_links import PipelineLinks
from sim.workload.service import Hops, Service
from sim.workload.serving_load import capacity
from sim.workload.transformer import Model, parameter_count
from tests.support.row import DELAY_S, RATE_BIT_S, Row

SHAPE = Model(0.0, 8, 1024, 16, 16, 64, 4096, 32000)
CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e11, 0.0)
SERVICE = Service(
    SHAPE._replace(parameters=parameter_count(SHAPE)), CHIP, Fabric(1), "bf16", 1, 1, 16, 1000, 100, 1e15, 80e9, 0.9, "bf16", "bf16",
    chunk=500, pipeline=3, micro_batches=4, hops=Hops(2 * DELAY_S + 2 * DELAY_S, 8.0 / RATE_BIT_S),
)  # fmt: skip
POLICY = Policy(math.inf, 0.0, detection_s=30.0, restart_s=60.0)
STEP_S, STEPS = 60.0, 10


class CutRow(Row):
    """A row in which a link is missing from one step on."""

    def __init__(self, count: int, link: int) -> None:
        super().__init__(count)
        self.link, self.cut = link, False

    @property
    def version(self) -> int:  # type: ignore[override]
        return int(self.cut)

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start, links = super().routes(src, dst)
        if not self.cut:
            return start, links
        each = [links[a:b] for a, b in pairwise(start)]
        each = [r if self.link not in r and self.link + self.count - 1 not in r else r[:0] for r in each]
        return np.cumsum([0, *map(len, each)]), np.concatenate(each)

    def components(self) -> np.ndarray:
        return np.where(np.arange(self.count) <= self.link, 0, int(self.cut))


def fleet(
    ranks: list[list[int]], leftover: list[int], spares: list[int], asked: Asked | None = None, satellites: int = 10, policy: Policy = POLICY
) -> tuple[JobScheduler, PipelineService]:
    found = PipelineService(
        SERVICE, asked or Asked(), [np.array(r) for r in ranks], np.array(leftover, dtype=np.int64), satellites, STEPS, STEP_S, 0.2
    )
    lifecycle = JobLifecycle(found.initial_ranks, [*spares, *leftover], policy, satellites=satellites)
    shared = TrainingFleet([found], lifecycle, np.array(spares, dtype=np.int64), satellites, STEP_S)
    rest = np.setdiff1d(np.arange(satellites), [*np.concatenate(ranks), *leftover, *spares])
    return JobScheduler(satellites, STEPS, STEP_S, [shared], [[found]], np.zeros(0, dtype=np.int64), rest), found


def run(
    scheduler: JobScheduler, row: Row, changes: list[SatelliteChange] = [], limits: np.ndarray | None = None,  # noqa: B006
    reached: np.ndarray | None = None, cut_from: int = STEPS,
) -> np.ndarray:  # fmt: skip
    """All steps, and the time that each satellite is up at its limit [s]."""
    n, able_s = row.count, np.zeros(row.count)
    limits = np.ones((LIMIT_ROWS, n)) if limits is None else limits
    down_s = {c.satellite: c.time_s for c in changes if c.remaining == 0.0}
    for k in range(STEPS):
        begin_s, end_s = k * STEP_S, (k + 1) * STEP_S
        if isinstance(row, CutRow):
            row.cut = k >= cut_from
        up = np.ones(n)
        for satellite, since_s in down_s.items():
            up[satellite] = min(max((since_s - begin_s) / STEP_S, 0.0), 1.0)
        now = [c for c in changes if begin_s <= c.time_s < end_s]
        scheduler.begin_step(begin_s, end_s, up, row, np.ones(n, dtype=np.bool_) if reached is None else reached, now)
        scheduler.set_rates(limits)
        inputs = scheduler.fill_inputs()
        assert ((inputs.running >= 0.0) & (inputs.running <= 1.0)).all()
        scheduler.record_losses(k, limits)
        able_s += STEP_S * up * limits[LIMIT_RATE]
    scheduler.end()
    return able_s


def closes(scheduler: JobScheduler, able_s: np.ndarray) -> None:
    ledger = scheduler.ledger
    assert (ledger.own_s + ledger.induced_s).sum(axis=0) == pytest.approx(able_s, rel=1e-12)
    assert (ledger.own_s >= 0.0).all()
    assert (ledger.induced_s >= 0.0).all()
    assert (ledger.step_own_s + ledger.step_induced_s).sum() == pytest.approx(able_s.sum(), rel=1e-12)


def of(scheduler: JobScheduler, cause: str, satellite: int, induced: bool = False) -> float:
    return float((scheduler.ledger.induced_s if induced else scheduler.ledger.own_s)[ROW[cause], satellite])


def test_copies_that_nothing_disturbs() -> None:
    """Source of truth: the steady state of a copy over these links: two hops forth, and the way back over both; tokens of two copies."""
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [6], [7])
    closes(scheduler, run(scheduler, Row(10)))
    load = capacity(SERVICE)
    assert load is not None
    assert service.tokens_per_s == pytest.approx(np.full(STEPS, 2 * 100 * load.requests_per_s(SERVICE)), rel=1e-9)
    assert service.costs.delay_s == pytest.approx([4 * DELAY_S] * 2)
    assert [of(scheduler, cause, 6 + n) for n, cause in enumerate(("unplaced", "spare", "demand"))] == [600.0] * 3
    entry = service.summary({"median": 20.0, "p99": 30.0}, 1e6, STEP_S)
    assert (entry["satellites"], entry["pipeline"], entry["micro_batches"]) == (6, 3, 4)
    assert entry["tpot_ms"] == pytest.approx(1e3 * load.step_s)
    # requests have no limit: the pass of a prompt through all stages
    assert entry["ttft_ms"] == pytest.approx(1e3 * (load.prompt_s + load.rest_s) + 20.0)


def test_a_lost_member_is_replaced() -> None:
    """By hand: satellite 1 fails at 90 s. Spare 7 takes its rank, 30 s of detection and 60 s of loading later the copy serves again:
    90 s of recovery at three satellites, of 600 s; at 7 after 90 s as a spare. The other copy goes on. From 0 to 7, to 2
    and back are 14 links, of which two are those of the other copy."""
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [], [7])
    able_s = run(scheduler, Row(10), [SatelliteChange(90.0, 1, 0.0)])
    closes(scheduler, able_s)
    assert [of(scheduler, "recovery", s) for s in (0, 1, 2, 7, 3)] == pytest.approx([90.0, 0.0, 90.0, 90.0, 0.0])
    assert of(scheduler, "spare", 7) == pytest.approx(90.0)
    whole = service.tokens_per_s[0]
    assert service.tokens_per_s[:2] == pytest.approx([whole, 0.75 * whole], rel=1e-6)
    far, near = (capacity(SERVICE._replace(hops=Hops(hops * DELAY_S, 2e-9))) for hops in (14, 4))
    assert far is not None
    assert near is not None
    after = 100 * (far.requests_per_s(SERVICE) + near.requests_per_s(SERVICE))
    assert service.tokens_per_s[3:] == pytest.approx(np.full(7, after), rel=6e-3)


def test_a_copy_that_runs_twice_in_a_step() -> None:
    """By hand: lost at 80 s, the copy serves again 15 s later, in the same step: three members of it recover for 15 s, and satellites 0
    and 2 work for 585 s."""
    scheduler, _ = fleet([[0, 1, 2], [3, 4, 5]], [], [7], policy=Policy(math.inf, 0.0, 5.0, 10.0))
    closes(scheduler, run(scheduler, Row(10), [SatelliteChange(80.0, 1, 0.0)]))
    assert [of(scheduler, "recovery", s) for s in (0, 2, 7)] == pytest.approx([15.0] * 3)
    works = [sum(of(scheduler, cause, s) for cause in ("useful", "kernel", "memory", "communication", "bubble")) for s in (0, 1, 2, 7)]
    assert works == pytest.approx([585.0, 80.0, 585.0, 505.0])


def test_without_a_spare_a_copy_waits() -> None:
    """By hand: from 90 s on its two healthy members wait for the third, 510 s each."""
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [], [])
    closes(scheduler, run(scheduler, Row(10), [SatelliteChange(90.0, 1, 0.0)]))
    assert [of(scheduler, "failed", s, induced=True) for s in (0, 1, 2, 3)] == pytest.approx([510.0, 0.0, 510.0, 0.0])
    assert service.tokens_per_s[-1] == pytest.approx(0.5 * service.tokens_per_s[0], rel=1e-9)
    entry = service.summary({"median": None, "p99": None}, None, STEP_S)
    assert entry["capacity_requests_per_s"] == pytest.approx(entry["requests_per_s"])


def test_the_slowest_member_paces() -> None:
    """By hand: power leaves satellite 1 at 0.6 of its rate, heat satellite 5 at 0.8: the others of their copies lose 0.4 and 0.2 of
    600 s under these causes."""
    scheduler, _ = fleet([[0, 1, 2], [3, 4, 5]], [], [])
    limits = np.ones((LIMIT_ROWS, 10))
    limits[LIMIT_POWER, 1], limits[LIMIT_RATE, 1], limits[LIMIT_RATE, 5] = 0.6, 0.6, 0.8
    closes(scheduler, run(scheduler, Row(10), limits=limits))
    assert [of(scheduler, "power", s, induced=True) for s in (0, 1, 2)] == pytest.approx([240.0, 0.0, 240.0])
    assert [of(scheduler, "thermal", s, induced=True) for s in (3, 4, 5)] == pytest.approx([120.0, 120.0, 0.0])


def test_members_without_messages() -> None:
    """By hand: from step 4 on the link between 1 and 2 is missing. Satellite 2 is cut off from the other two of its copy, all three lose
    the last 360 s: it by itself, the others as they wait. The copy beyond the link goes on."""
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [], [])
    closes(scheduler, run(scheduler, CutRow(10, 1), cut_from=4))
    assert of(scheduler, "outage", 2) == pytest.approx(360.0)
    assert [of(scheduler, "outage", s, induced=True) for s in (0, 1, 3)] == pytest.approx([360.0, 360.0, 0.0])
    assert service.tokens_per_s[-1] == pytest.approx(0.5 * service.tokens_per_s[0], rel=1e-9)


def test_users_reach_any_member() -> None:
    """By hand: a copy serves while one member has a route to the ground; without any, all its members are in outage."""
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [], [])
    reached = np.zeros(10, dtype=np.bool_)
    reached[2] = True
    closes(scheduler, run(scheduler, Row(10), reached=reached))
    assert [of(scheduler, "outage", s) for s in range(6)] == pytest.approx([0.0] * 3 + [600.0] * 3)
    assert service.tokens_per_s[0] > 0.0


@pytest.mark.parametrize("demand", [0.3, 0.7, 1.5])
def test_demand_below_capacity(demand: float) -> None:
    """By hand: of two copies one runs at half its clock rate; demand is a share of what both could do at full rate. It takes its share
    of the time of all members, and as much of what two of them could do beyond the slowest; the rest has no demand."""
    full, half = capacity(SERVICE), capacity(SERVICE, 0.5)
    assert full is not None
    assert half is not None
    able = 100 * (full.requests_per_s(SERVICE) + half.requests_per_s(SERVICE))
    wanted = demand * 200 * full.requests_per_s(SERVICE)
    scheduler, service = fleet([[0, 1, 2], [3, 4, 5]], [], [], Asked(np.full(STEPS, wanted)))
    limits = np.ones((LIMIT_ROWS, 10))
    limits[LIMIT_RATE, 1] = 0.5
    closes(scheduler, run(scheduler, Row(10), limits=limits))
    share = min(1.0, wanted / able)
    assert service.load == pytest.approx(np.full(STEPS, share), rel=1e-9)
    assert of(scheduler, "demand", 3) == pytest.approx((1.0 - share) * 600.0, abs=1e-6)
    assert of(scheduler, "thermal", 0, induced=True) == pytest.approx(share * 300.0)
    assert service.rejected_per_s == pytest.approx(np.full(STEPS, max(0.0, wanted - able)))


def test_links_by_hand() -> None:
    """By hand: stages at 0, 2 and 5 of a row are 2 and 3 links apart, and 5 back: 10 delays; a byte takes 8 bit over 8 Gbit/s, and twice as
    long where copies at 0, 2, 5 and 1, 3, 6 both use the link; users who ask for a quarter of a link leave three quarters."""
    links = PipelineLinks(10)
    alone = links.costs([np.array([0, 2, 5])], Row(10))
    assert (alone.delay_s[0], alone.byte_s[0]) == pytest.approx((10 * DELAY_S, 1e-9))
    both = links.costs([np.array([0, 2, 5]), np.array([1, 3, 6])], Row(10))
    assert both.byte_s == pytest.approx([2e-9, 2e-9])
    quarter = links.costs([np.array([0, 2, 5])], Row(10), np.full(18, 0.25 * RATE_BIT_S))
    assert quarter.byte_s[0] == pytest.approx(1e-9 / 0.75)
    demand = links.link_demand_bit_s(np.array([5.0]), 18)
    assert demand.tolist() == [5.0] * 5 + [0.0] * 13


def test_copies_are_neighbours_in_rank_order() -> None:
    """Property: copies of 3 on 16 of 40 satellites are runs of three in mapping order, spread over the fleet; the one left over follows."""
    order = np.random.default_rng(1).permutation(40)
    service, rest = SimpleNamespace(kind="inference", share=0.4), SimpleNamespace(kind="independent", share=None)
    found = roles([service, rest], 2, order, [3, 1]).services[0]  # type: ignore[list-item]
    place = {int(s): n for n, s in enumerate(order)}
    places = [place[int(s)] for s in found]
    assert len(set(places)) == 16
    assert [places[n + 1] - places[n] for n in range(15) if n % 3 < 2 or n > 11] == [1] * 11
    assert max(np.diff(places[::3])) <= 38 // 5 + 1


def test_a_spare_loads_the_weights_of_its_stage() -> None:
    """By hand: the fullest of three stages has three of eight layers of 16 x 1024^2 weights and 2 x 1024 of norms, and the embedding of
    32,000 x 1024, in 2 bytes, over a link of 1 ns a byte."""
    recovery: Any = SimpleNamespace(recovery=SimpleNamespace(detection=60.0, restart=240.0))
    found = reload_policy(SERVICE._replace(hops=Hops(0.0, 1e-9)), recovery)
    loaded_s = 2.0 * (3 * (16 * 1024**2 + 2 * 1024) + 32_000 * 1024) * 1e-9
    assert found[:3] == (math.inf, 0.0, 60.0)
    assert found.restart_s - 240.0 == pytest.approx(loaded_s, rel=1e-4)
