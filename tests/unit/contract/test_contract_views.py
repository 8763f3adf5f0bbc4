"""A contract on the terminal and in the report: numbers of the summary, by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sim.results import contract_text
from sim.results.store import Results
from viz import contract as view

HEDGED = {"served": 150.0, "rejected": 50.0, "hedges_usd": 3e6, "usd_per_avoided_min": 2e3, "usd_per_served": 6e4, "served_by": {"site": 100.0, "pool": 50.0}}
BARE = {"served": 100.0, "rejected": 100.0, "hedges_usd": 0.0, "usd_per_avoided_min": None, "usd_per_served": None, "served_by": {"site": 100.0}}
COMMON = {"demand": 200.0, "out_of_target_min": 1500.0, "avoided_min": 10.0}


def _source(name: str, **values: Any) -> dict[str, Any]:
    base = {
        "name": name, "accelerators": 100, "accelerators_excluded": 0, "price_usd_per_accelerator_hour": 2.0,
        "lease_usd_per_accelerator_hour": 1.5, "ordered_s": 0.0, "delivered_s": 0.0, "ready_s": 0.0, "migration": None,
    }  # fmt: skip
    return {**base, **values}


@pytest.fixture
def section() -> dict[str, Any]:
    """Section `contract` of a summary with one hedge."""
    migration = {"bytes": 5e12, "rate_bit_s": 1e9, "time_s": 40_000.0}
    return {
        "site": "site", "start": "2026-12-21T00:00:00Z", "duration_s": 100 * 86400.0, "unit": "accelerators",
        "withdrawals": [{"at_s": 30 * 86400.0, "share": 0.5, "duration_s": None, "notice_s": 20 * 86400.0}],
        "owner_first_from_s": None, "sources": [_source("site"), _source("pool", ordered_s=864000.0, ready_s=904_000.0, migration=migration)],
        "cases": [{"case": "no hedge", **COMMON, **BARE}, {"case": "pool", **COMMON, **HEDGED}], "without_data_rules": None,
    }  # fmt: skip


def test_texts(section: dict[str, Any]) -> None:
    """By hand: 200 accelerator-seconds asked for, of which 100 and 150 are served; 1 USD a second is 3,600 USD an hour."""
    assert contract_text.contract_headline(section) == (
        "100 accelerators of site for 100 d from 2026-12-21T00:00:00Z at 2.00 USD an accelerator-hour, 1.50 USD would recover its "
        "cost; 50.0 % withdrawn after 30 d on 20 d notice"
    )
    assert contract_text.contract_sources(section) == [
        ("pool", "100 accelerators at 2.00 USD an hour, ordered after 10 d, at work after 10.5 d; 5 TB at 1 Gbit/s move in 11.1 h")
    ]
    bare, hedged = contract_text.contract_rows(section)
    assert bare == ("no hedge", "0.02778", "0.02778 (50.0 %)", "1,500 min", "", "", "", "")
    assert hedged[3:] == ("1,500 min", "3 million USD", "2,000 USD", "216,000,000.00 USD/accelerator-hour", "25.0 %")
    assert len(contract_text.CONTRACT_HEADS) == len(hedged)


def test_hedge_that_never_works(section: dict[str, Any]) -> None:
    """By definition: without a notice it is never ordered."""
    section["sources"][1] |= {"ordered_s": None, "ready_s": None, "accelerators_excluded": 40}
    [(_, text)] = contract_text.contract_sources(section)
    assert text.startswith("60 accelerators at 2.00 USD an hour, 40 excluded by data rules, never at work within the contract")
    section["sources"][1] |= {"ordered_s": 0.0, "ready_s": 101 * 86400.0}
    assert "never at work" in contract_text.contract_sources(section)[0][1]


def test_page(section: dict[str, Any]) -> None:
    """By definition: every number of the table carries its place in the summary; the chart has each source and each case."""
    times = {"contract_time": ("contract_time", [86_400_000, 172_800_000])}
    names = {"contract_source": ("contract_source", ["site", "pool"]), "contract_case": ("contract_case", ["no hedge", "pool"])}
    two = np.array([[100.0, 50.0], [0.0, 50.0]])
    arrays = {
        "contract_capacity": (("contract_source", "contract_time"), two), "contract_demand": ("contract_time", [200.0, 200.0]),
        "contract_rejected": (("contract_case", "contract_time"), two),
    }  # fmt: skip
    series = xr.Dataset(arrays, {**times, **names}, {"epoch": "2026-12-21T00:00:00Z"})
    results = Results({"contract": section}, series, [])
    chart = view.chart(results)
    assert chart is not None
    assert [trace.name for trace in chart.figure.data] == ["site", "pool", "demand", "rejected, no hedge", "rejected, pool"]
    assert list(chart.figure.data[1].y) == [0.0, 50.0]
    html = view.cases_table(results.summary)
    assert 'data-field="/contract/cases/1/hedges_usd" data-value="3000000.0"' in html
    assert len(re.findall(r'data-field="/contract/sources/1/', html)) == 5
    assert view.chart(Results({"contract": None}, series, [])) is None
    assert view.cases_table({"contract": None}) == ""


def test_run_prints_and_writes_it(dawndusk: Any, folder: Path) -> None:
    """By hand: 100 accelerators against a demand of 80, without a withdrawal: all is served."""
    (folder / "s.yaml").write_text(
        'name: s\nepoch: 2026-12-21T00:00:00Z\nduration: 10 min\nconstellation: {kind: ring, altitude: 650 km, local_time: "06:00", satellites: 2}\n'
        "satellite: suncatcher\nground: {stations: [Svalbard, Dublin]}\ndata_rules: {prompts: {jurisdictions: [NO]}}\n"
        "contract:\n  site: {extends: colossus-1-h100, name: site, accelerators: 100, accelerators_per_node: 1, power: 140 kW}\n"
        "  demand: {accelerators: 80}\n",
        encoding="utf-8",
    )
    called = dawndusk("run", "s.yaml", "--out", "r")
    assert called.code == 0, called.err
    assert re.search(r"^contract +100 accelerators of site for 365.2 d [^;]*; nothing is withdrawn", called.out, re.M)
    assert re.search(r"^no hedge +701,280 +0 \(0\.0 %\) +0 min", called.out.replace("7.013e+05", "701,280"), re.M)
    assert re.search(r"^data rules +0 accelerators of 128 may not be used, 1 station: Dublin;", called.out, re.M)
    page = (folder / "r" / "report.html").read_text("utf-8")
    assert "Contract and hedges" in page
    assert "Rules for data" in page
