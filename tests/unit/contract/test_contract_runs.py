"""Runs of a scenario with a contract: rates of the runs, hedges that come too late, rules for data, ledgers that add up."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim import ground_baseline
from sim.config.errors import InputError
from sim.config.scenario import load

DAY_S = 86400.0
SMALL = """\
name: rented
epoch: 2026-12-21T00:00:00Z
duration: 100 min
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: {extends: suncatcher, jurisdiction: US}
links: {topology: mesh, terminal: dwdm-10cm}
ground: {stations: [Svalbard, Memphis, Fairbanks, Dublin], link_rate: 20 Gbit/s}
workloads:
- {kind: inference, model: llama-3-8b, share: 1.0}
economics: {launch: falcon-heavy-list}
"""
CONTRACT = """\
contract:
  site: {extends: colossus-1-h100, name: site, accelerators: 100, accelerators_per_node: 1, power: 140 kW}
  duration: 100 d
  demand: {accelerators: 80}
  withdrawals:
  - {at: 2027-01-20, share: 0.5, notice: 20 d, duration: 10 d}
"""
LATE = "  - {kind: second_provider, name: late, site: colossus-1, accelerators: 100, lead_time: 25 d, price: 2 USD/h}\n"
POOL = "  - {kind: decentralised_pool, site: decentralised-pool, accelerators: 20, lead_time: 1 d, ordered: start, duration: 50 d}\n"
ORBIT = "  - {kind: orbit, share: 1.0, lead_time: 0 d, ordered: start}\n"


def _run(folder: Path, text: str) -> Any:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return sim.run(folder / "s.yaml")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small scenario with three hedges."""
    return _run(tmp_path_factory.mktemp("rented"), SMALL + CONTRACT + "  hedges:\n" + LATE + POOL + ORBIT)


def _case(results: Any, name: str) -> dict[str, Any]:
    [found] = [case for case in results.summary["contract"]["cases"] if case["case"] == name]
    return dict(found)


def _source(results: Any, name: str) -> dict[str, Any]:
    [found] = [source for source in results.summary["contract"]["sources"] if source["name"] == name]
    return dict(found)


def test_without_a_hedge(results: Any) -> None:
    """By hand: half of 100 is away for 10 days, against a demand of 80. No scenario here draws failures, so all accelerators work."""
    case = _case(results, "no hedge")
    assert case["rejected"] == pytest.approx(30.0 * 10 * DAY_S, rel=1e-12)
    assert case["out_of_target_min"] == pytest.approx(14_400.0, rel=1e-12)
    assert case["served"] == pytest.approx(80.0 * 100 * DAY_S - case["rejected"], rel=1e-12)


def test_a_hedge_that_comes_late(results: Any) -> None:
    """By hand: ordered at the notice of day 10, delivered 25 days later, on day 35, and 2 B for each of 8.03e9 parameters over 400 Gbit/s: it
    helps for the rest of the 10 days that begin on day 30, and is paid for the 65 days to the end."""
    source, case = _source(results, "late"), _case(results, "late")
    moved_s = 8.0 * 2.0 * 8.03e9 / 400e9
    assert source["delivered_s"] == 35 * DAY_S
    assert source["migration"]["time_s"] == pytest.approx(moved_s, rel=1e-3)
    assert source["ready_s"] == source["delivered_s"] + source["migration"]["time_s"]
    assert case["out_of_target_min"] == pytest.approx((5 * DAY_S + source["migration"]["time_s"]) / 60.0, rel=1e-12)
    assert case["hedges_usd"] == pytest.approx(100 * 65 * 24 * 2.0, rel=1e-12)
    assert case["usd_per_avoided_min"] == pytest.approx(case["hedges_usd"] / (14_400.0 - case["out_of_target_min"]), rel=1e-12)


def test_a_hedge_that_ends(results: Any) -> None:
    """By hand: 20 accelerators at 2 USD/h, each task computed twice, for 50 days from day 1; they serve 20 of the 30 that are short."""
    case = _case(results, "decentralised_pool")
    assert case["hedges_usd"] == pytest.approx(20 * 50 * 24 * 2.0 * 2, rel=1e-12)
    assert case["rejected"] == pytest.approx(10.0 * 10 * DAY_S, rel=1e-12)


def test_orbit_rents_the_fleet_of_the_scenario(results: Any) -> None:
    """Source of truth: the run itself: its accelerators, their availability, its yearly cost, of which 0.9 is sold."""
    source, summary = _source(results, "orbit"), results.summary
    assert source["accelerators"] == summary["accelerators"]
    assert source["rate_per_accelerator"] == summary["fleet"]["availability"]
    hourly = summary["cost"]["usd_per_year"] / 8766.0 / (summary["accelerators"] * 0.9)
    assert source["lease_usd_per_accelerator_hour"] == pytest.approx(hourly, rel=1e-12)
    reached = sum(station["coverage_fraction"] for station in summary["ground"]["stations"].values())
    assert reached > 0.0
    assert source["migration"]["rate_bit_s"] == pytest.approx(min(400e9, 20e9 * reached), rel=1e-12)


def test_ledger_of_operators(results: Any) -> None:
    """Conservation: what the sources serve adds up to what is served, and the series to the totals."""
    for i, case in enumerate(results.summary["contract"]["cases"]):
        assert math.fsum(case["served_by"].values()) == pytest.approx(case["served"], rel=1e-12)
        assert case["demand"] == pytest.approx(case["served"] + case["rejected"] + case["queued"], rel=1e-12)
        ends_s = np.concatenate(([0.0], results.series["contract_time"].values / 1e3))
        for name in ("served", "rejected"):
            total = float(np.sum(results.series[f"contract_{name}"].values[i] * np.diff(ends_s)))
            assert total == pytest.approx(case[name], rel=1e-9, abs=1e-3)


def test_all_hedges_serve_no_less(results: Any) -> None:
    """By definition: more sources."""
    served = [case["served"] for case in results.summary["contract"]["cases"]]
    assert served[-1] == max(served)
    assert served[0] == min(served)


def test_tokens_of_a_site_are_those_of_its_run(tmp_path: Path) -> None:
    """Source of truth: the ground site run by itself with the workloads of the scenario."""
    contract = CONTRACT.replace("accelerators: 80", "tokens: 1000 1/s").replace("per_node: 1", "per_node: 2")
    found = _run(tmp_path, SMALL + contract)
    loaded = load(tmp_path / "s.yaml")
    alone = ground_baseline.run_tree(loaded.tree.value["contract"].value["site"], loaded).summary
    rate = alone["workloads"][0]["tokens_per_s"] / 100
    assert rate > 0.0
    assert _source(found, "site")["rate_per_accelerator"] == pytest.approx(rate, rel=1e-12)
    assert _case(found, "no hedge")["rejected_requests"] is not None


def test_rates_are_those_of_full_demand(tmp_path: Path) -> None:
    """By definition: a service that users ask little of has the capacity of one that they ask all of."""
    contract = CONTRACT.replace("accelerators: 80", "tokens: 1000 1/s") + "  hedges:\n" + ORBIT
    free = _run(tmp_path, SMALL + contract)
    asked = _run(tmp_path, SMALL.replace("share: 1.0}", "share: 1.0, demand: 100 1/s}", 1) + contract)
    assert asked.summary["workloads"][0]["tokens_per_s"] < free.summary["workloads"][0]["tokens_per_s"]
    for name in ("site", "orbit"):
        assert _source(asked, name)["rate_per_accelerator"] == _source(free, name)["rate_per_accelerator"] > 0.0


def test_series_of_a_queue(tmp_path: Path) -> None:
    """Conservation: the series adds up to the totals also where waiting work is rejected as capacity ends.

    By hand: 120 are asked of 100 from day 25 on, so that the queue of a day is full on day 30, when half the capacity and half the
    queue go; 70 are rejected for 10 days; then the queue fills in 2.5 days, and 20 are rejected for the other 12.5 of the surge."""
    surge = "surges: [{factor: 1.5, at: 2027-01-15, duration: 30 d}], queue: 1 d"
    text = CONTRACT.replace("accelerators: 80", f"accelerators: 80, {surge}")
    found = _run(tmp_path, SMALL + text)
    case, spans_s = _case(found, "no hedge"), np.diff(np.concatenate(([0.0], found.series["contract_time"].values / 1e3)))
    assert float(np.sum(found.series["contract_rejected"].values[0] * spans_s)) == pytest.approx(case["rejected"], rel=1e-12)
    assert case["rejected"] == pytest.approx((50.0 + 70.0 * 10 + 20.0 * 12.5) * DAY_S, rel=1e-9)


def test_events_are_withdrawals(tmp_path: Path) -> None:
    """Source of truth: the same withdrawal in the contract; long form, short form, and with the time at the end."""
    bare = CONTRACT[: CONTRACT.index("  withdrawals")]
    forms = (
        "{at: 2027-01-20, action: withdraw, target: site, share: 50 %, duration: 10 d}",
        "2027-01-20 withdraw 50% of site for 10 d",
        "withdraw 50% of site at 2027-01-20 for 10 d",
    )
    for event in forms:
        found = _run(tmp_path, SMALL + bare + f"events:\n- {event}\n")
        assert _case(found, "no hedge")["rejected"] == pytest.approx(30.0 * 10 * DAY_S, rel=1e-12)


def test_reprioritised_by_an_event(tmp_path: Path) -> None:
    """By hand: the owner's jobs use 70 of 100, so that 30 are left for a demand of 80: from day 40 of 100 on, or always."""
    text = SMALL + CONTRACT[: CONTRACT.index("  withdrawals")] + "  owner: {share: 0.7}\nevents: [reprioritise site at 2027-01-30]\n"
    assert _case(_run(tmp_path, text), "no hedge")["rejected"] == pytest.approx(50.0 * 60 * DAY_S, rel=1e-9)
    text = text.replace("{share: 0.7}", "{share: 0.7, first: true}")
    assert _case(_run(tmp_path, text), "no hedge")["rejected"] == pytest.approx(50.0 * 100 * DAY_S, rel=1e-9)


def test_terms_of_the_site_hold(tmp_path: Path) -> None:
    """By definition: the terms of a baseline are those of the contract where it is silent, and the defaults where both are."""
    terms = ", contract: {notice: 7 d, price: 4 USD/h}}"
    (tmp_path / "s.yaml").write_text(SMALL + CONTRACT.replace("140 kW}", f"140 kW{terms}"), encoding="utf-8")
    contract = load(tmp_path / "s.yaml").scenario.contract
    assert contract is not None
    assert (contract.notice, contract.price) == (7 * DAY_S, pytest.approx(4.0 / 3600.0))
    assert contract.lease.utilisation == 0.9


def test_rules_exclude_sources_and_stations(tmp_path: Path) -> None:
    """By hand: only Memphis and Fairbanks are in the US; the pool states no jurisdiction, so that it serves nothing."""
    rules = "data_rules:\n  weights: {jurisdictions: [US]}\n  prompts: {jurisdictions: [US]}\n"
    found = _run(tmp_path, SMALL + rules + CONTRACT + "  hedges:\n" + POOL + ORBIT)
    section = found.summary["data_rules"]
    assert section["stations_excluded"] == ["Svalbard", "Dublin"]
    assert section["accelerators"] == section["accelerators_allowed"] == found.summary["accelerators"]
    rtt_ms = found.series["user_rtt_ms"].values[[1, 2]]
    kept = rtt_ms[np.isfinite(rtt_ms)]
    assert section["user_rtt_ms"]["with"]["median"] == (pytest.approx(np.median(kept)) if kept.size else None)
    assert section["coverage_fraction"]["with"] == pytest.approx(kept.size / found.series["user_rtt_ms"].size)
    free = found.summary["contract"]["without_data_rules"]
    assert free["served_by"]["decentralised_pool"] > 0.0
    pool, orbit = _source(found, "decentralised_pool"), _source(found, "orbit")
    assert (pool["accelerators_excluded"], pool["ordered_s"]) == (20, None)
    assert _case(found, "decentralised_pool")["hedges_usd"] == 0.0
    reached = sum(found.summary["ground"]["stations"][name]["coverage_fraction"] for name in ("Memphis", "Fairbanks"))
    rate = 20e9 * reached
    assert orbit["migration"]["rate_bit_s"] == pytest.approx(rate, rel=1e-12)


def test_resolved_scenario_is_the_same(tmp_path: Path, results: Any) -> None:
    """By definition: the scenario of a results folder has the digest, and the results, of the one that was run."""
    (tmp_path / "s.yaml").write_text(SMALL + CONTRACT + "  hedges:\n" + LATE + POOL + ORBIT, encoding="utf-8")
    written = sim.run(tmp_path / "s.yaml", out=tmp_path / "out")
    assert load(tmp_path / "out").sha256 == written.summary["scenario_sha256"] == results.summary["scenario_sha256"]
    again = sim.open_results(tmp_path / "out")
    assert json.loads(json.dumps(results.summary["contract"])) == again.summary["contract"]


def test_sites_are_part_of_the_identity(tmp_path: Path) -> None:
    """By definition: another site, another digest."""
    digests = set()
    for power in ("140 kW", "141 kW"):
        (tmp_path / "s.yaml").write_text((SMALL + CONTRACT).replace("140 kW", power), encoding="utf-8")
        digests.add(load(tmp_path / "s.yaml").sha256)
    assert len(digests) == 2


def test_another_fleet(tmp_path: Path) -> None:
    """Source of truth: a run of the other scenario; stations without a rate take that of this scenario."""
    other = SMALL.replace("name: rented", "name: other").replace(", link_rate: 20 Gbit/s", "").replace("radius: 400 m", "radius: 200 m")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    hedge = "  - {kind: orbit, scenario: other.yaml, accelerators: 100, lead_time: 1 d, ordered: start}\n"
    found = _run(tmp_path, SMALL + CONTRACT + "  hedges:\n" + hedge)
    summary = sim.run(tmp_path / "other.yaml").summary
    source = _source(found, "orbit")
    assert source["rate_per_accelerator"] == summary["fleet"]["availability"]
    hourly = summary["cost"]["usd_per_year"] / 8766.0 / (summary["accelerators"] * 0.9)
    assert source["price_usd_per_accelerator_hour"] == pytest.approx(hourly, rel=1e-12)


def test_fleet_with_an_unknown_price(tmp_path: Path) -> None:
    """By definition: a fleet whose accelerators have no price has none that recovers its cost; a stated price will do."""
    text = SMALL.replace("jurisdiction: US}", "jurisdiction: US, accelerator: {extends: tpu-v6e, price: null}}") + CONTRACT + "  hedges:\n"
    (tmp_path / "other.yaml").write_text(text[: text.index("contract:")].replace("name: rented", "name: other"), encoding="utf-8")
    for hedge in (ORBIT, ORBIT.replace("kind: orbit", "kind: orbit, scenario: other.yaml")):
        (tmp_path / "s.yaml").write_text(text + hedge, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load(tmp_path / "s.yaml")
        [problem] = caught.value.problems
        assert problem.field == "contract.hedges.0.price"
        assert problem.message == "is not known: the fleet of orbit has no price of accelerators; write price: 3 USD/h, or them"
    source = _source(_run(tmp_path, text + ORBIT.replace("kind: orbit", "kind: orbit, price: 3 USD/h")), "orbit")
    assert source["price_usd_per_accelerator_hour"] == pytest.approx(3.0)
    assert source["lease_usd_per_accelerator_hour"] is None
