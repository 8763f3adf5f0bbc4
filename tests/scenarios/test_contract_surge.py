"""The shipped contract: half of Colossus 1 withdrawn in a surge of demand, against a fluid by hand."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.config.scenario import load

DAY_S = 86400.0
YEAR_D, SURGE_D, WITHDRAWN_D, SURGE_ENDS_D = 365.25, 84.0, 101.0, 144.0  # from 2026-12-21: 15 March, 1 April, 60 days after 15 March
DEMAND = 98e6  # tokens a second
SURGE = 1.4


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    """The contract of a short run: rates of the ground do not depend on the time."""
    found: dict[str, Any] = sim.run(load("contract_surge", sets=("duration=10 min",))).summary["contract"]
    return found


def _rejected(contract: dict[str, Any], case: str) -> float:
    [found] = [each for each in contract["cases"] if each["case"] == case]
    return float(found["rejected"])


def _capacity(contract: dict[str, Any], name: str) -> float:
    [found] = [each for each in contract["sources"] if each["name"] == name]
    return float(found["accelerators"] * found["rate_per_accelerator"])


def test_demand_is_two_thirds_of_the_site(contract: dict[str, Any]) -> None:
    """The statement of the scenario; a surge of 1.4 then nearly fills the site, and half of it is too little at any time."""
    assert DEMAND / _capacity(contract, "colossus-1") == pytest.approx(2 / 3, rel=0.05)


def test_rejected_tokens_by_hand(contract: dict[str, Any]) -> None:
    """By hand: demand beyond the capacity in each of four spans of the year, without queue."""
    whole = _capacity(contract, "colossus-1")
    spans_s = (SURGE_D * DAY_S, (WITHDRAWN_D - SURGE_D) * DAY_S, (SURGE_ENDS_D - WITHDRAWN_D) * DAY_S, (YEAR_D - SURGE_ENDS_D) * DAY_S)
    demands, shares = (DEMAND, SURGE * DEMAND, SURGE * DEMAND, DEMAND), (1.0, 1.0, 0.5, 0.5)
    expected = sum(s * max(0.0, d - share * whole) for s, d, share in zip(spans_s, demands, shares, strict=True))
    assert _rejected(contract, "no hedge") == pytest.approx(expected, rel=1e-6)
    # a second provider is at work long before the withdrawal, and adds its capacity to the half that stays
    other = _capacity(contract, "second_provider")
    expected = sum(
        s * max(0.0, d - share * whole - other) for s, d, share in zip(spans_s[2:], demands[2:], shares[2:], strict=True)
    )
    assert _rejected(contract, "second_provider") == pytest.approx(expected, rel=1e-6)
    assert 0.0 < _rejected(contract, "second_provider") < 0.1 * _rejected(contract, "no hedge")
