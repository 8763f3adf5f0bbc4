"""Money, energy and carbon of comparisons and of bad prices, on a small fleet with independent work."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import ground_baseline
from sim.config.ground_sites import baseline_site
from sim.config.scenario import load
from sim.results import design
from sim.studies.operands import compare, load_pair
from sim.studies.pricing import multiple_of_capex

FLEET = (
    "duration=10 min", "workloads=[{kind: independent}]", "links=", "ground.stations=[]", "satellite.mass=1.3 t",
    "satellite.propulsion.station_keeping=8.7 m/s/yr", "satellite.propulsion.deorbit=195 m/s",
    "economics.launch.capacity=63.8 t", "economics.launch.reference.altitude=2000 km", "economics.launch.reference.inclination=100 deg",
)  # fmt: skip
# one satellite by hand [USD], as in tests/validation/test_wiring.py: 1,300 - 1,042 kg of the rest at 1,100 USD/kg
BUILT = 1.1 * (147 * 3400.0 + 27.0 * 128.0 + 30 * 5500.0 + 64 * 10_500.0 + (1300.0 - 455.7 - 27e3 / 150.0 - 150.0 - 256.0) * 1100.0)
MONEY = ("capital cost", "operating cost", "cost per useful PFLOP/s-day", "energy per useful PFLOP/s-day", "CO2e per useful PFLOP/s-day")


@pytest.fixture(scope="module")
def sides() -> Any:
    return load_pair(sim.load("suncatcher", FLEET), "baseline:colossus-1-h100")


@pytest.mark.parametrize("equal", ["nameplate", "useful", "power"])
def test_both_sides_are_sized_and_priced(sides: Any, equal: str) -> None:
    """By hand: whole satellites, 49 on a launch that is paid whole; work in exact proportion. Money, energy and carbon of both sides."""
    found = compare(*sides, equal)
    assert found.equal is not None
    rows = {row.metric: row for row in found.metrics}
    n = math.ceil(81 * found.equal.factor)
    assert rows["satellites"].a_scaled == n
    assert rows["launches"].a_scaled == math.ceil(n / 49)
    assert rows["mass"].a_scaled == pytest.approx(1.3 * n)
    assert rows["capital cost"].a_scaled == pytest.approx(n * BUILT + math.ceil(n / 49) * 97e6, rel=1e-12)
    for name in MONEY:
        row = rows[name]
        assert None not in (row.a, row.a_scaled, row.b), name
        assert row.reason is None, name
    assert rows["launched power"].b is None
    assert rows["launched power"].reason == "colossus-1-h100 is on the ground"


def test_break_even_is_against_the_site_that_was_run(sides: Any) -> None:
    """By definition: rides at the break-even price make the useful PFLOP/s-day cost what it does on the site."""
    rows = {row.metric: row for row in compare(*sides).metrics}
    even, site = rows["break-even launch price"].a, rows["cost per useful PFLOP/s-day"].b
    assert even is not None
    assert even > 0.0
    ride = ("economics.launch.price=null", f"economics.launch.price_per_mass={even!r} USD/kg")
    at_even = sim.run(sim.load("suncatcher", (*FLEET, *ride))).summary["cost"]
    assert at_even["usd_per_useful_pflop_day"] == pytest.approx(site, rel=1e-9)


def test_equal_in_capital_cost_counts_whole_satellites(sides: Any) -> None:
    """By hand: the most satellites within 300 MUSD: 49 cost 87.6 + 97 MUSD; of more, with a second launch, (300 - 194) MUSD pay for 59."""
    multiple = multiple_of_capex(sides[0].priced, 81, 300e6)
    assert multiple is not None
    n = math.floor((300e6 - 2 * 97e6) / BUILT)
    assert n > 49
    assert round(81 * multiple) == n
    assert multiple_of_capex(sides[0].priced, 81, 1e6) is None  # less than one satellite


def test_more_radiator_costs_more_to_the_closed_form() -> None:
    """Closed form: 10 m2 at 5 kg/m2 and 5,500 USD/m2; with the share of structure and propulsion at 1,100 USD/kg; a tenth for integration."""
    sets = tuple(text for text in FLEET if "mass" not in text)
    costs = [sim.run(sim.load("suncatcher", (*sets, *more))).summary for more in ((), ("satellite.thermal.radiator.area=40 m2",))]
    ratio = math.exp((5 * 8.7 + 195.0) / (2500.0 * 9.80665)) - 1.0
    carried = 1.25 * (1.0 + 1.5 * ratio / (1.0 - 0.5 * ratio))
    added_kg = 81 * 50.0 * carried
    assert costs[1]["design"]["mass_kg"] - costs[0]["design"]["mass_kg"] == pytest.approx(added_kg, rel=1e-9)
    parts = [one["cost"]["capex_by_part_usd"] for one in costs]
    assert parts[1]["radiator"] - parts[0]["radiator"] == pytest.approx(81 * 55e3, rel=1e-12)
    assert parts[1]["bus"] - parts[0]["bus"] == pytest.approx(81 * 50.0 * (carried - 1.0) * 1100.0, rel=1e-6)
    built = [sum(value for part, value in one.items() if part != "launch") for one in parts]
    assert built[1] - built[0] == pytest.approx(1.1 * 81 * (55e3 + 50.0 * (carried - 1.0) * 1100.0), rel=1e-6)


def test_replacements_follow_the_failures_of_whole_satellites() -> None:
    """By hand: one in 40 years of satellites that cost BUILT and a share of two launches; units of satellites cost nothing."""
    costs = [
        sim.run(sim.load("suncatcher", (*FLEET, f"fleet={{failures: {name}}}"))).summary["cost"]["opex_by_part_usd_per_year"]
        for name in ("leo-default", "soft-default")
    ]
    assert costs[0]["replenishment"] == pytest.approx((81 * BUILT + 2 * 97e6) / 40.0, rel=1e-12)
    assert costs[1]["replenishment"] == 0.0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("economics.launch.price=-3 USD", "economics.launch.price: '-3 USD' must be at least 0 USD; write it like '97e6 USD'"),
        ("economics.array=-1 USD/m2", "economics.array: '-1 USD/m2' must be at least 0 USD/m2; write it like '1000 USD/m2'"),
        ("satellite.propulsion.deorbit=40 km/s",
         "satellite.propulsion.tank_fraction: 0.5 of the propellant are more than it can move: 4e+04 m/s over the life at 2500 s; "
         "write a smaller one, a higher specific_impulse or less delta-v"),
        ("economics.spacecraft=3 USD/kg", "economics.spacecraft: was renamed to bus; write `bus:` instead"),
        ("economics.launch.price_per_mass=7 USD/kg",
         "economics.launch.price_per_mass: has a price of the whole launch beside it; write one of the two"),
    ],
)  # fmt: skip
def test_bad_prices_are_one_line(dawndusk: Any, text: str, line: str) -> None:
    """Source of truth: the rule: one clear line, exit 2."""
    called = dawndusk("validate", "suncatcher", "--set", text)
    assert called.code == 2
    assert len(called.errors) == 1
    assert called.errors[0].endswith(line)


def test_without_a_price_the_break_even_is_told(dawndusk: Any) -> None:
    """Source of truth: the rule: no number where a price is missing, the break-even instead."""
    sets = (*FLEET, "economics.launch.price=null", "satellite.accelerator={extends: tpu-v6e}", "satellite.accelerator.host.price=null")
    called = dawndusk("run", "suncatcher", "--no-report", *(f"--set={text}" for text in sets))
    assert called.code == 0
    assert "no sum without a price of hosts, launch; break-even at" in " ".join(called.out.split())


def test_emissions_and_orbits_of_a_catalogue_of_shells() -> None:
    """Source of truth: two shells of a shorthand are two lots, each with launches of its own."""
    code = "constellation={kind: shorthand, code: 'D:550:53.0:24/4/1+D:1200:88.0:24/4/1'}"
    found = load("suncatcher", (*FLEET, code))
    assert sim.run(found).summary["design"]["launches"] == 2


@pytest.mark.parametrize(
    ("workloads", "limit"),
    [("[{kind: inference, model: llama-3-8b}]", 0.01), ("[{kind: inference, model: llama-3-8b, share: 0.5}, {kind: independent}]", 0.01)],
)
def test_assumed_share_of_the_site_is_that_of_its_run(workloads: str, limit: float) -> None:
    """Source of truth: the site, simulated with the same workloads; its steps see the same service at full rate, spares apart (0.3 %)."""
    loaded = sim.load("suncatcher", (*FLEET, f"workloads={workloads}"))
    simulated = ground_baseline.run("colossus-1-h100", like=loaded).summary["compute"]["useful_fraction"]
    assumed = design.assumed_useful_fraction(baseline_site("colossus-1-h100"), loaded.scenario, loaded.satellites)
    assert assumed == pytest.approx(simulated, rel=limit)


def test_folders_are_priced_too(tmp_path: Path, sides: Any) -> None:
    """Source of truth: the comparison of the scenario that the folder holds; without its scenario costs are in proportion, and that is noted."""
    found = sim.run(sim.load("suncatcher", FLEET), tmp_path / "run")
    assert found.folder is not None
    of_folder, of_run = compare(tmp_path / "run", sides[1], "useful"), compare(*sides, "useful")
    rows = [{row.metric: row.a_scaled for row in each.metrics} for each in (of_folder, of_run)]
    assert [rows[0][name] for name in MONEY] == pytest.approx([rows[1][name] for name in MONEY], rel=1e-12)
    alone = compare(sim.run(sim.load("suncatcher", FLEET)), sides[1], "useful")
    assert alone.equal is not None
    assert any("costs are scaled in proportion" in note for note in alone.notes)
    assert next(row.a_scaled for row in alone.metrics if row.metric == "capital cost") == pytest.approx(
        (81 * BUILT + 2 * 97e6) * alone.equal.factor, rel=1e-12
    )
