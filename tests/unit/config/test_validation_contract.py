"""Contracts and rules for data that cannot be: one line each with its place, exit 2.

Source of truth: the lines as a person would want them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BASE = """\
name: rented
epoch: 2026-12-21T00:00:00Z
duration: 10 min
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
ground: {stations: [Memphis, Dublin], link_rate: 20 Gbit/s}
workloads: [{kind: inference, model: llama-3-8b, share: 1.0}]
"""
CONTRACT = "contract: {site: colossus-1, demand: {accelerators: 1000}}\n"


def _contract(more: str = "", demand: str = "accelerators: 1000", site: str = "colossus-1") -> str:
    return f"contract: {{site: {site}, demand: {{{demand}}}, {more}}}\n"


def _hedge(text: str) -> str:
    return _contract(f"hedges: [{{lead_time: 1 d, {text}}}]")


def _errors(dawndusk: Any, folder: Path, text: str) -> list[str]:
    (folder / "s.yaml").write_text(BASE + text, encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == (2 if called.errors and ": valid" not in called.out else 0), called.err
    return [str(line) for line in called.errors]


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (_contract("share: 1.5"), "contract.share", "'1.5' must be at most 1; write it like '0.9'"),
        (_contract("withdrawals: [{share: 0.5, notice: 30 d}]"), "contract.withdrawals.0.at", "is missing; write `at: ...` here"),
        (_contract("price: -2 USD/h"), "contract.price", "'-2 USD/h' must be at least 0 USD/s; write it like '2 USD/h', or 'cost'"),
        (_contract(site="colosus-1"), "contract.site", "no baseline named 'colosus-1'; did you mean 'colossus-1'"),
        (_hedge("kind: orbit, price: 3 USD/h"), "contract.hedges.0", "orbit has no capacity; write accelerators: 50000, or share: 0.5"),
        (_hedge("kind: second_provider, share: 0.5"), "contract.hedges.0.site", "is missing; write the name of a baseline"),
        (_hedge("kind: second_provider, site: colossus, share: 0.5"), "contract.hedges.0.site", "no baseline named 'colossus'"),
        (_hedge("kind: second_provider, site: decentralised-pool, accelerators: 30000"), "contract.hedges.0.accelerators", "30,000 is more than decentralised-pool has 528"),
        (_contract(site="{extends: colossus-1, electricity: null}"), "contract.price", "colossus-1 has no price of electricity; write price: 2 USD/h"),
        (
            _hedge("kind: second_provider, share: 0.5, site: {extends: colossus-1, name: b, network: null, building: null}"), "contract.hedges.0.price",
            "is not known: b has no price of network, building; write price: 2 USD/h, or them",
        ),
        (_contract(site="{extends: colossus-1, price_per_watt: 38 USD}"), "contract.site.price_per_watt", "was renamed to building"),
        (_hedge("kind: orbit, share: 0.5"), "contract.hedges.0.price", "the fleet of orbit has no economics; write price: 3 USD/h"),
        (_hedge("kind: orbit, share: 0.5, price: 3 USD/h, scenario: nothing"), "contract.hedges.0.scenario", "nothing: no scenario of that name"),
        (_hedge("kind: orbit, share: 0.5, price: 3 USD/h, scenario: contract_surge"), "contract.hedges.0.scenario", "has a contract of its own"),
        (_contract(demand="tokens: 5 1/s, flops: 1 PFLOP/s"), "contract.demand", "has tokens and flops; write one of"),
        (_contract(demand=""), "contract.demand", "has no amount; write one of tokens, flops and accelerators"),
        (_contract("withdrawals: [{at: 2029-01-01, share: 0.5}]"), "contract.withdrawals.0.at", "is outside the contract; write a moment from"),
        (_contract("owner: {share: 1.5}"), "contract.owner.share", "'1.5' must be at most 1"),
        (CONTRACT + "data_rules: {weights: {jurisdictions: [BR]}}\n", "data_rules.weights", "no satellite or site satisfies it; the satellites and sites are in US"),
        (CONTRACT + "data_rules: {prompts: {jurisdictions: [JP]}}\n", "data_rules.prompts", "no satellite or site satisfies it"),
        ("data_rules: {data: {jurisdictions: [AQ]}}\n", "data_rules.data", "no satellite, site or station satisfies it; the satellites and sites"),
        ("data_rules: {weights: {jurisdictions: [US]}}\n", "data_rules.weights", "state no jurisdiction"),
        ("data_rules: {weights: {jurisdictions: [USA]}}\n", "data_rules.weights.jurisdictions.0", "'USA' is no country code; write two letters"),
        ("data_rules: {weights: {}}\n", "data_rules.weights", "allows everything; write jurisdictions: [US]"),
        ("events: [2026-12-21 withdraw 50% of colossus-1]\n", "events.0.target", "needs a contract, and the scenario has none"),
        (CONTRACT + "events: [2027-03-01 withdraw 50% of memphis]\n", "events.0.target", "is not the site of the contract; write colossus-1"),
        (CONTRACT + "events: [2027-03-01 withdraw colossus-1]\n", "events.0", "withdraw needs `share`; write e.g. share: 50 %"),
        (CONTRACT + "events: [withdraw 50% of colossus-1]\n", "events.0", "has no time before 'withdraw'"),
        (CONTRACT + "events: [2027-03-01 reprioritise colossus-1]\n", "events.0.action", "needs the owner's own jobs; write contract.owner"),
        (CONTRACT + "events: [2028-03-01 withdraw 150% of colossus-1]\n", "events.0.share", "must be at most 1"),
    ],
)  # fmt: skip
def test_one_line_each(dawndusk: Any, folder: Path, text: str, field: str, message: str) -> None:
    errors = _errors(dawndusk, folder, text)
    assert len(errors) == 1, errors
    assert errors[0].startswith("s.yaml:"), errors
    assert f" {field}: " in errors[0], errors
    assert message in errors[0], errors


def test_tokens_need_a_service(dawndusk: Any, folder: Path) -> None:
    text = _contract(demand="tokens: 5 1/s")
    (folder / "s.yaml").write_text(BASE.replace("{kind: inference, model: llama-3-8b, share: 1.0}", "{kind: independent}") + text, encoding="utf-8")
    [error] = dawndusk("validate", "s.yaml").errors
    assert "contract.demand.tokens: needs an inference workload" in error


def test_good_contracts(dawndusk: Any, folder: Path) -> None:
    """Every form: nothing but a note on the short notice."""
    more = "share: 50 %, price: 2.5 USD/h, owner: {share: 0.4, first: false}, withdrawals: [{at: 2027-03-01, share: 1.0, notice: 5 d}]"
    [note] = _errors(dawndusk, folder, _contract(more))
    assert note == "contract.withdrawals.0: a notice of 5 d is shorter than the 90 d of the contract"
    assert not _errors(dawndusk, folder, CONTRACT + "data_rules: {prompts: {jurisdictions: [US, GB]}, weights: {operators: [SpaceX]}}\n")


def test_baseline_is_the_site(dawndusk: Any, folder: Path) -> None:
    """By definition: without a site the contract is with the baseline of the scenario."""
    assert not _errors(dawndusk, folder, "baseline: colossus-1\ncontract: {demand: {accelerators: 1000}}\n")
    [error] = _errors(dawndusk, folder, "contract: {demand: {accelerators: 1000}}\n")
    assert "contract.site: is missing" in error


def test_settings_of_the_site(dawndusk: Any, folder: Path) -> None:
    """By definition: a value of a site that is given by name may be overridden."""
    (folder / "s.yaml").write_text(BASE + CONTRACT, encoding="utf-8")
    assert dawndusk("validate", "s.yaml", "--set", "contract.site.accelerators=1000").code == 0
    called = dawndusk("validate", "s.yaml", "--set", "contract.site.pue=0.5")
    assert called.code == 2
    assert "contract.site.pue: '0.5' must be at least 1" in called.err
