"""Generations of hardware, build-up, and money from the decision on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_mission_runs import SMALL, TRAINING, YEAR_S, loaded

import sim
from sim.config.errors import InputError
from sim.config.ground_sites import baseline_site
from sim.fleet.replicas.tables import COLUMNS, JOB_COLUMNS, Column
from sim.mission import figures, money, results
from sim.mission.histories import Histories
from sim.schema import CAUSES

YEARS = "duration: 4 yr, replicas: 2, step: 1 yr, dates: 1, ages: 1, processes: []"
USEFUL, FAILED = CAUSES.index("useful"), CAUSES.index("failed")


def test_satellites_that_come_later_are_faster(tmp_path: Path) -> None:
    """Source of truth: by hand: 13 places are empty for a year, then hold satellites of twice the nameplate that work as the first ones do."""
    one_launch = "in_orbit: false, replacement: {success: 1, raising: 0 d, calendar: {first: 1 yr, every: 90 yr, satellites: 13}}"
    text = f"{SMALL}mission: {{{YEARS}, {one_launch}, generations: [{{at: 2027-06-01, performance: 2, price: 1.5}}]}}\n"
    study = results.simulate(loaded(tmp_path, text))
    found = figures.section(study, [])
    day = sim.run(loaded(tmp_path, SMALL)).summary["compute"]
    assert study.fleet.slots == 13
    assert found["nameplate_flops"] == pytest.approx(13 * (1.0 + 2.0 * 3.0) * YEAR_S * study.peak_flops_per_s, rel=1e-9)
    assert found["useful_fraction"]["p50"] == pytest.approx(day["useful_fraction"] * 6.0 / 7.0, rel=1e-6)
    assert sum(row["fraction"] for row in found["waterfall"]) == pytest.approx(1.0, abs=1e-9)
    assert found["waterfall"][FAILED]["fraction"] == pytest.approx(1.0 / 7.0, rel=1e-9)
    assert [row["p50"] for row in found["reached_s"]] == pytest.approx([YEAR_S] * 3)
    assert [row["working_at_end"]["p50"] for row in found["generations"]] == pytest.approx([0.0, 13.0])


def test_a_job_runs_at_the_pace_of_its_oldest_members(tmp_path: Path) -> None:
    """Source of truth: by hand: one faster member among old ones adds its nameplate, and no useful work."""
    events = "events: [2027-12-21T06:00Z lose satellite 3, 2027-12-21T12:00Z restore satellite 3]\n"
    spare = "replacement: {stock: 0, batch: 1, reorder_at: 0, lead_time: 9000 d}"
    text = f"{SMALL}{TRAINING}{events}mission: {{{YEARS}, {spare}, generations: [{{at: 2027-03-01, performance: 3}}]}}\n"
    with_new, without = (results.simulate(loaded(tmp_path, t)) for t in (text, text.replace(", performance: 3", "")))
    new, old = with_new.ledgers[0], without.ledgers[0]
    assert new.useful_s == pytest.approx(old.useful_s, rel=1e-9)
    days = 4 * 365.25 - 365.5  # from the restoration on
    assert new.nameplate_s - old.nameplate_s == pytest.approx(2.0 * days * 86400.0, rel=1e-9)
    surplus = new.induced_s[:, FAILED].sum() - old.induced_s[:, FAILED].sum() + new.own_s[:, FAILED].sum() - old.own_s[:, FAILED].sum()
    assert surplus == pytest.approx(new.nameplate_s - old.nameplate_s, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("generations: [{at: 2028-01-01, performance: 2}]", "no satellite is ever replaced"),
        ("replacement: {stock: 1}, generations: [{at: 2028-01-01}, {at: 2027-01-01}]", "write generations in the order of their dates"),
        ("replacement: {stock: 1}, generations: [{at: 2050-01-01}]", "is outside the mission"),
        ("replacement: {stock: 1}, generations: [{at: 2028-01-01, satellite: starcloud-1}]", "write faster hardware"),
        ("replacement: {stock: 1}, generations: [{at: 2028-01-01, satellite: nothing}]", "nothing"),
        ("replacement: {stock: 1}, generations: [{at: 2028-01-01, performance: 0.5}]", "must be at least 1"),
    ],
)  # fmt: skip
def test_bad_generations(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        loaded(tmp_path, f"{SMALL}mission: {{duration: 5 yr, {text}}}\n")
    assert message in str(raised.value)
    assert len(raised.value.problems) == 1


def history(spent: list[float], working: float) -> Histories:
    """One replica with parts of a year."""
    bins = np.zeros((1, len(spent), COLUMNS))
    bins[0, :, Column.SPENT], bins[0, :, Column.WORKING] = spent, working * YEAR_S
    edges_s = np.arange(len(spent) + 1) * YEAR_S
    none = np.zeros((1, 0), np.int64)
    empty: Any = np.zeros((1, len(spent), 1))
    return Histories(edges_s, bins, np.zeros((1, len(spent), 1, 1, JOB_COLUMNS)), none, empty, empty, np.zeros(1), none)


def test_present_value_without_interest() -> None:
    """Source of truth: by hand: at no interest a purchase counts by the share of its life within the mission."""
    bill = money.Bill(100.0, 80.0, 10.0, 2.0 * YEAR_S, 0.05, 0.1, 0.0, 8.0 * YEAR_S)
    found = money.orbit(bill, history([0.0, 16.0, 0.0, 0.0], 9.0), np.full((1, 4), 86400e15), 10, 0.0)
    first, later, stations = 100.0 * 4 / 8, 16.0 * 1.1 * 2.5 / 8, 10.0 * 2  # stations are bought twice
    assert found["usd"] == pytest.approx([first + later + stations + 0.05 * 80.0 * 0.9 * 4])
    assert found["usd_per_useful_pflop_day"] == pytest.approx(found["usd"] / 4.0)


def test_present_value_with_interest() -> None:
    """Source of truth: by hand: a sum of 100 whose life is over by the end counts whole, later ones less by interest."""
    bill = money.Bill(100.0, 0.0, 0.0, YEAR_S, 0.0, 0.0, 0.1, 2.0 * YEAR_S)
    found = money.orbit(bill, history([0.0, 0.0, 50.0, 0.0, 0.0, 0.0], 9.0), np.ones((1, 6)), 10, 0.0)
    assert found["usd"] == pytest.approx([100.0 + 50.0 * 1.1**-2.5])


def test_a_site_is_built_in_phases() -> None:
    """Source of truth: by hand, from the phases of the shipped site: 45.45 % after 122 d, 90.91 % after 214 d, all after 400 d."""
    site = baseline_site("colossus-1")
    found = money.ground(site, "bf16", 800.0 * 86400.0)
    assert found["capacity"] == pytest.approx((0.4545 * 92 + 0.9091 * 186 + 400) / 800)
    assert found["usd_per_useful_pflop_day"] > money.ground(site, "bf16", 5 * YEAR_S)["usd_per_useful_pflop_day"]  # a longer mission waits less
    assert money.ground(site, "bf16", 100.0 * 86400.0)["usd_per_useful_pflop_day"] is None
    ready = site.model_copy(update={"build": [site.build[0].model_copy(update={"after": 0.0, "share": 1.0})]})
    at_once = money.ground(ready, "bf16", ready.machines_life)["usd_per_useful_pflop_day"]
    # yearly sums for what is bought, over work that comes evenly instead of at the end of each year
    bill, rate = money.economics_params.site_cost(site), site.capital_rate
    yearly = (bill.usd_per_year - bill.opex_usd_per_year) * math.log1p(rate) / rate + bill.opex_usd_per_year
    assert at_once == pytest.approx(yearly / (site.useful_fraction * site.nameplate("bf16") / 1e15 * 365.25), rel=1e-9)
