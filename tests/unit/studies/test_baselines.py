"""Every shipped ground site does the work of a scenario, and a site of several kinds of nodes adds them up."""

from __future__ import annotations

import pytest

from sim import ground_baseline
from sim.config.ground_sites import read_baseline, site_of, site_tree
from sim.config.library import items
from sim.config.scenario import Loaded, load
from sim.ground_baseline.plan import STANDALONE, plan_of
from sim.ground_baseline.results import results
from sim.ground_baseline.running import simulate
from sim.studies.operands import compare, load_pair

# dense bf16 peaks of the data sheets times the announced or assumed number, PFLOP/s
NAMEPLATE = {
    "colossus-1": 200_000 * 0.989 + 20_016 * 2.5, "colossus-1-h100": 220_000 * 0.989, "h200-cluster": 16_384 * 0.989,
    "gb200-nvl72": 18_432 * 2.5, "tpu-pod": 256 * 0.918, "trainium2-pod": 16_384 * 0.667, "decentralised-pool": 528 * 0.989,
    "cloud-region": 100_000 * 0.989,
}  # fmt: skip
SMALL = (
    "duration=3 min", "constellation={kind: ring, altitude: 650 km, local_time: '06:00', satellites: 2}", "links=", "ground=",
    "workloads=[{kind: training, model: llama-3-8b, members: 1}]",
)  # fmt: skip


@pytest.fixture(scope="module")
def like() -> Loaded:
    """Two satellites of 64 accelerators, each with a job of its own."""
    return load("suncatcher", SMALL)


def test_every_baseline_is_here() -> None:
    assert set(items("baselines")) == set(NAMEPLATE)


@pytest.mark.parametrize("name", sorted(NAMEPLATE))
def test_compare_runs(name: str, like: Loaded) -> None:
    """Source of truth: nameplate by hand (table above); the ledger is complete: its shares add up to one, to rounding."""
    one, two = load_pair(like, f"baseline:{name}")
    assert compare(one, two).b == name
    side = read_baseline(name, "bf16")
    assert side is not None
    assert side["nameplate_flops_per_s"] == pytest.approx(NAMEPLATE[name] * 1e15, rel=1e-3)
    summary = two.results.summary
    assert summary["compute"]["nameplate_flops"] / 180.0 == pytest.approx(NAMEPLATE[name] * 1e15, rel=1e-3)
    assert sum(row["fraction"] for row in summary["compute"]["waterfall"]) == pytest.approx(1.0, abs=1e-9)
    assert 0.0 < summary["compute"]["useful_fraction"] < 1.0
    assert summary["cost"]["usd_per_useful_pflop_day"] > 0.0


def test_rented_pool_costs_its_rent(like: Loaded) -> None:
    """Source of truth: by hand: 528 accelerators x 2 USD/h x 2 copies x 8,766 h a year, and nothing bought."""
    cost = ground_baseline.run("decentralised-pool", like).summary["cost"]
    assert cost["capex_usd"] == 0.0
    assert cost["opex_usd_per_year"] == pytest.approx(528 * 2.0 * 2.0 * 8766.0, rel=1e-12)
    assert cost["usd_per_year"] == cost["opex_usd_per_year"]


# --- several kinds of nodes ---------------------------------------------------------------------------------------------------


def _mixed(members: int, method: str = "synchronous") -> dict[str, float]:
    """Four nodes of eight H100 and two of eight B200-class chips, twice as fast: shares of nameplate by cause, and tokens."""
    whole = site_of(site_tree("colossus-1"))
    fast = whole.accelerator.model_copy(
        update={
            "peak": {p: 2.0 * v for p, v in whole.accelerator.peak.items()}, "kernels": None, "name": "fast",
            "memory_bandwidth": 2.0 * whole.accelerator.memory_bandwidth,
        }
    )  # fmt: skip
    slow = whole.accelerator.model_copy(update={"kernels": None})
    other = whole.other_nodes[0].model_copy(update={"accelerator": fast, "accelerators": 16})
    fleet = whole.fleet.model_copy(update={"spares": 0.0, "failures": None})
    site = whole.model_copy(update={"accelerator": slow, "accelerators": 32, "other_nodes": [other], "fleet": fleet})
    small = load("suncatcher", SMALL).scenario.workloads[0]
    job = small.model_copy(update={"members": members, "method": method})
    own = site.model_copy(update={"workloads": [job]})
    plan = plan_of(own, None, site_tree("colossus-1"))._replace(duration_s=600.0)
    assert plan.epoch == STANDALONE.epoch
    summary = results(own, plan, simulate(own, plan, []), "", 0, []).summary
    found = {row["cause"]: row["fraction"] for row in summary["compute"]["waterfall"]}
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-12)
    return found | {"tokens": summary["workloads"][0]["tokens_per_s"], "jobs": summary["workloads"][0]["jobs"]}


def test_a_synchronous_job_over_all_kinds_runs_at_the_slowest() -> None:
    """Source of truth: by hand: of 4 + 2 x 2 = 8 units of nameplate, six nodes run at the rate of the slow ones; the other
    half of each fast node, 2 of 8 units, is in no mesh."""
    rows = _mixed(members=6)
    assert rows["jobs"] == 1
    assert rows["unplaced"] == pytest.approx(2.0 / 8.0, rel=1e-9)


def test_jobs_of_one_kind_each_add_up() -> None:
    """Source of truth: by hand: jobs of two nodes, two on the slow and one on the fast kind: nothing is left over, and a chip
    that is twice as fast in arithmetic and memory does at most twice as much, and more than once."""
    rows = _mixed(members=2)
    alone = _mixed(members=6)
    assert rows["jobs"] == 3
    assert rows["unplaced"] == 0.0
    assert 1.2 < rows["tokens"] / alone["tokens"] < 4.0 / 3.0 * 1.1
