"""Prices, moves and times of a contract by hand: capital recovery, bytes over a rate, what an owner takes and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sim.config import schema, workload_params
from sim.config.ground_sites import baseline_site
from sim.config.scenario import load
from sim.contract import offers
from sim.contract.fluid import Step
from sim.contract.lease import site_lease_usd_s
from sim.contract.migration import move, uplink_bit_s

DAY_S = 86400.0
EPOCH = datetime(2026, 12, 21, tzinfo=UTC)


def test_lease_of_a_site() -> None:
    """By hand: Colossus 1 has 220,000 accelerators of 30,000 + 9,000 + 2,000 USD for 5 years, and 250 MW of machines at 11.7 USD/W
    for 14 years, both at 6 %; 0.8 % operations, 300 MW at 60 USD/MWh, and 0.9 of the accelerator-hours sold.

    Capital recovery of tables of annuities: 0.237396 and 0.107585.
    """
    machines_usd, building_usd = 220_000 * 41_000.0, 250e6 * 11.7
    yearly_usd = 0.237396 * machines_usd + 0.107585 * building_usd + 0.008 * (machines_usd + building_usd) + 300.0 * 8766.0 * 60.0
    found = site_lease_usd_s(baseline_site("colossus-1-h100"), 0.9)
    assert found is not None
    assert 3600.0 * found == pytest.approx(yearly_usd / (220_000 * 8766.0 * 0.9), rel=1e-5)


@pytest.mark.parametrize("price", ["building", "network", "electricity"])
def test_lease_with_an_unknown_price(price: str) -> None:
    """By definition: a sum with an unknown part is not known."""
    assert site_lease_usd_s(baseline_site("colossus-1").model_copy(update={price: None}), 0.9) is None


def test_move_takes_bytes_over_the_smallest_rate() -> None:
    """By hand: 5.67 TB over 100 Gbit/s are 453.6 s; over nothing, for ever; nothing takes no time."""
    assert move(5.67e12, [400e9, None, 100e9]) == (5.67e12, 100e9, pytest.approx(453.6, rel=1e-12))
    assert move(1.0, [0.0]).time_s == float("inf")
    assert move(0.0, [1e9]) == (0.0, None, 0.0)
    assert uplink_bit_s(20e9, [0.5, 0.25]) == pytest.approx(15e9, rel=1e-12)


def test_moved_bytes() -> None:
    """Source of truth: 14 B a parameter of a checkpoint [megatron-core], 2 B of a weight in bf16, 1 B in int8."""
    scenario = load("suncatcher", ("workloads=[{kind: inference, model: llama-3-8b, precision: int8, share: 0.1}, {kind: training, model: llama-3-8b}]",)).scenario
    count = scenario.workloads[0].model.parameters  # type: ignore[union-attr]
    assert workload_params.moved_bytes(scenario.workloads) == pytest.approx(15.0 * count, rel=1e-12)


def _contract(**values: Any) -> schema.Contract:
    """A contract of 220 days with the site of a loaded scenario."""
    whole = load("contract_surge").scenario.contract
    assert whole is not None
    return whole.model_copy(update={"duration": 220 * DAY_S, "withdrawals": [], "hedges": [], "notice": 90 * DAY_S, **values})


def _withdrawal(day: float, share: float, **values: Any) -> schema.Withdrawal:
    return schema.Withdrawal.model_validate({"at": EPOCH + timedelta(days=day), "share": share, **values})


def _clock(contract: schema.Contract, events: list[schema.Event] | None = None) -> offers.Clock:
    scenario = load("contract_surge").scenario
    return offers.clock(scenario.model_copy(update={"events": events or []}), contract)


def test_withdrawals_add_up() -> None:
    """By hand: of a share of 0.8, half goes on day 50 and a quarter from day 60 to 70."""
    contract = _contract(share=0.8, withdrawals=[_withdrawal(50, 0.5), _withdrawal(60, 0.25, duration="10 d")])
    steps = offers.rented_steps(contract, _clock(contract))
    expected = [(0.0, 0.8), (50.0, 0.4), (60.0, 0.2), (70.0, 0.4)]
    assert [(s.time_s / DAY_S, s.rate) for s in steps] == [(day, pytest.approx(share)) for day, share in expected]


def test_two_withdrawals_at_once() -> None:
    """By hand: a quarter for good and a quarter for ten days, both from day 50 on."""
    contract = _contract(withdrawals=[_withdrawal(50, 0.25), _withdrawal(50, 0.25, duration="10 d")])
    assert [s.rate for s in offers.rented_steps(contract, _clock(contract))] == [1.0, 0.5, 0.75]


def test_more_than_all_is_withdrawn() -> None:
    """By definition: nothing is left, not less than nothing."""
    contract = _contract(withdrawals=[_withdrawal(50, 0.75), _withdrawal(60, 0.75)])
    assert offers.rented_steps(contract, _clock(contract))[-1].rate == 0.0


@pytest.mark.parametrize(("notice", "day"), [({}, 10.0), ({"notice": "30 d"}, 70.0), ({"notice": "0 d"}, 100.0), ({"notice": "200 d"}, 0.0)])
def test_first_notice(notice: dict[str, str], day: float) -> None:
    """By hand: the renter learns of a withdrawal on day 100 90 days before, as the contract says, or as it says itself, never before the start."""
    contract = _contract(withdrawals=[_withdrawal(100, 0.5, **notice)])
    assert _clock(contract).first_notice_s == day * DAY_S


def test_owner_first() -> None:
    """By hand: the owner's jobs use 0.6 of the site; from day 20 on the renter of 0.5 gets 0.4."""
    contract = _contract(share=0.5, owner=schema.Owner(share=0.6, first=True))
    assert [s.rate for s in offers.rented_steps(contract, _clock(contract))] == [0.4]
    contract = _contract(share=0.5, owner=schema.Owner(share=0.6, first=False))
    event = schema.Event.model_validate({"at": EPOCH + timedelta(days=20), "action": "reprioritise", "target": "colossus-1"})
    times = _clock(contract, [event])
    assert offers.rented_steps(contract, times) == [Step(0.0, 0.5), Step(20 * DAY_S, 0.4)]
    assert times.first_notice_s == 20 * DAY_S


def test_surges_multiply() -> None:
    """By hand: twice the demand from day 1 to 4, and half of that from day 2 to 3."""
    surges = [schema.Surge.model_validate({"factor": f, "at": EPOCH + timedelta(days=d), "duration": f"{n} d"}) for f, d, n in ((2, 1, 3), (0.5, 2, 1))]
    contract = _contract(demand=schema.Demand(accelerators=100.0, surges=surges))
    steps = offers.demand_steps(contract, EPOCH)
    assert [(s.time_s / DAY_S, s.rate) for s in steps] == [(0, 100), (1, 200), (2, 100), (3, 200), (4, 100)]
