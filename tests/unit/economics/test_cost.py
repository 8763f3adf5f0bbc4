"""Costs by hand: a small fleet, a site, break-even, missing prices; emissions by molar masses."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from sim.config import economics_params
from sim.config.ground_sites import baseline_site
from sim.economics import cost, footprint
from sim.economics.cost import Build, Prices, Site, Work
from sim.economics.finance import YEAR_S, capital_recovery
from sim.economics.launch import Lot, Vehicle
from sim.economics.mass import Parts

LIFE_S = 5.0 * YEAR_S
# 500 kg: 150 of array, 50 of battery, 50 of radiator, 20 of chips, 80 of hosts, 30 of terminals; 120 kg of the rest
PARTS = Parts(150.0, 50.0, 50.0, 0.0, 20.0, 80.0, 0.0, 30.0, 0.0, 60.0, 60.0, 0.0, 0.0)
BUILD = Build(Lot(10, 500.0, None, None), PARTS, 50.0, 3.6e7, 10.0, 8, 2, 20e3, 10e3, 100e3, LIFE_S, 0.02)
PRICES = Prices(1000.0, 1000.0 / 3.6e6, 5000.0, 2000.0, 0.1, 0.05, 0.02, 1e6, 10.0 * YEAR_S, 0.1)
VEHICLE = Vehicle(2000.0, 200e3, 0.5, 0.5, 2800.0, 4e6, None, None, None, 10e3, "methane")
WORK = Work(2e15, 1e5, 0.5, 1e5)
# by hand, one satellite [USD]: array, battery, radiator, bus, terminals, chips, hosts; a tenth for integration
ONE = 50e3 + 10e3 + 50e3 + 240e3 + 200e3 + 160e3 + 80e3
FLEET = 10 * ONE * 1.1
LAUNCH = 3 * 4e6  # four satellites a launch, the third not full
CRF = 0.1 * 1.1**5 / (1.1**5 - 1.0)
CRF_10 = 0.1 * 1.1**10 / (1.1**10 - 1.0)


def test_a_small_fleet_by_hand() -> None:
    """By hand: 790 kUSD of parts a satellite, ten of them, three launches, 5 % insurance, two gateways; 2 % a year to operate, 2 % of
    the satellites replaced with their launch and insurance."""
    found = cost.orbit([BUILD], PRICES, VEHICLE, 2, WORK, None)
    insurance = 0.05 * (FLEET + LAUNCH)
    assert found.capex_usd == pytest.approx(FLEET + LAUNCH + insurance + 2e6, rel=1e-12)
    assert found.capex_usd == pytest.approx(math.fsum(v for v in found.capex_by_part_usd.values() if v), rel=1e-12)
    opex = 0.02 * (FLEET + LAUNCH + 2e6) + 0.02 * 1.05 * (FLEET + LAUNCH)
    assert found.opex_usd_per_year == pytest.approx(opex, rel=1e-12)
    yearly = CRF * 1.05 * (FLEET + LAUNCH) + CRF_10 * 2e6 + opex
    assert found.usd_per_year == pytest.approx(yearly, rel=1e-12)
    assert found.usd_per_useful_pflop_day == pytest.approx(yearly / 365.25 / 2.0, rel=1e-12)
    assert found.usd_per_million_tokens == pytest.approx(0.5 * yearly / (1e5 * YEAR_S) * 1e6, rel=1e-12)
    assert found.usd_per_kw_year_launched == pytest.approx(LAUNCH / 100.0 / 5.0, rel=1e-12)
    assert found.launch_usd_per_kg == pytest.approx(LAUNCH / 5000.0)


def test_break_even_is_where_both_cost_the_same() -> None:
    """By definition: launches at the break-even price make the fleet cost what the site does, per useful PFLOP/s-day."""
    even = cost.orbit([BUILD], PRICES, VEHICLE, 2, WORK, 5000.0).break_even_launch_usd_per_kg
    assert even is not None
    ride = VEHICLE._replace(usd=None, usd_kg=even)
    assert cost.orbit([BUILD], PRICES, ride, 2, WORK, None).usd_per_useful_pflop_day == pytest.approx(5000.0, rel=1e-12)


@pytest.mark.parametrize(
    ("prices", "vehicle", "missing"),
    [(PRICES, VEHICLE._replace(usd=None), ["launch"]), (PRICES._replace(battery_usd_j=None), VEHICLE, ["battery"])],
)
def test_missing_prices_give_no_sum_but_a_break_even(prices: Prices, vehicle: Vehicle, missing: list[str]) -> None:
    """By definition: a sum with a price that is not known is none; the break-even counts it as nothing, so that it is an upper bound."""
    found = cost.orbit([BUILD], prices, vehicle, 2, WORK, 5000.0)
    assert (found.capex_usd, found.opex_usd_per_year, found.usd_per_useful_pflop_day, found.unknown_prices) == (None, None, None, missing)
    known = cost.orbit([BUILD], PRICES, VEHICLE, 2, WORK, 5000.0).break_even_launch_usd_per_kg
    assert found.break_even_launch_usd_per_kg is not None
    assert known is not None
    if missing == ["launch"]:
        assert found.break_even_launch_usd_per_kg == pytest.approx(known, rel=1e-12)
    else:
        assert found.break_even_launch_usd_per_kg > known


def test_capital_recovery_pays_back() -> None:
    """Source of truth: an annuity, year by year: what is owed grows by the rate, and the payments end it."""
    owed, payment = 1.0, capital_recovery(0.08, 7.0 * YEAR_S)
    for _ in range(7):
        owed = owed * 1.08 - payment
    assert owed == pytest.approx(0.0, abs=1e-12)
    assert capital_recovery(1e-13, 4.0 * YEAR_S) == pytest.approx(0.25, rel=1e-9)
    rates = [capital_recovery(r, LIFE_S) for r in (0.0, 0.05, 0.1)]
    assert all(b > a for a, b in pairwise(rates))


def test_a_site_by_hand() -> None:
    """By hand: 1,000 accelerators of 36 kUSD and 1 kW, 10 USD/W of building, 60 USD/MWh at 0.9 MW."""
    site = Site(1000, 1e6, 0.9e6, 25e3, 9e3, 2e3, 10.0, 0.01, 60.0 / 3.6e9, LIFE_S, 10.0 * YEAR_S, 0.1)
    found = cost.ground(site, WORK)
    assert found.capex_usd == pytest.approx(36e6 + 10e6)
    electricity = 0.9 * 60.0 * 8766.0
    assert found.opex_usd_per_year == pytest.approx(0.46e6 + electricity, rel=1e-12)
    assert found.usd_per_year == pytest.approx(CRF * 36e6 + CRF_10 * 10e6 + 0.46e6 + electricity, rel=1e-12)
    unknown = cost.ground(site._replace(electricity_usd_j=None), WORK)
    assert (unknown.usd_per_year, unknown.unknown_prices) == (None, ["electricity"])


def test_colossus_costs_what_is_published() -> None:
    """Source of truth: 29 to 60 USD for each watt of the machines are quoted for such sites, 38 in the mean [epoch2026]."""
    site = baseline_site("colossus-1-h100")
    capex = cost.ground(economics_params.site(site, site.power), WORK).capex_usd
    assert capex is not None
    assert 29.0 < capex / (site.power / site.pue) < 60.0


def test_emissions_by_hand() -> None:
    """By hand: 80 accelerators at 300 kg, 400 kg of other parts at 50; three launches of 10 t of methane, CO2 by molar masses 44.01 over
    16.04, and 1.5 to make it; all over five years, a fiftieth more for what is replaced."""
    factors = footprint.Factors(300.0, 50.0, 1.5, (0.01, 0.04), (0.1, 0.5))
    found = footprint.orbit([BUILD], VEHICLE, factors, WORK)
    assert found.hardware_kg == pytest.approx(80 * 300.0 + 10 * 400.0 * 50.0)
    assert found.launch_kg == pytest.approx(3 * 10e3 * (44.01 / 16.04 + 1.5), rel=1e-3)
    assert found.kg_per_year == pytest.approx((found.hardware_kg + found.launch_kg) * (0.2 + 0.02), rel=1e-12)
    assert found.kg_per_useful_pflop_day == pytest.approx(found.kg_per_year / 365.25 / 2.0, rel=1e-12)
    assert found.black_carbon_kg == pytest.approx({"low": 300.0, "high": 1200.0})
    assert found.reentry_alumina_kg == pytest.approx({"low": 500.0, "high": 2500.0})
    shared = footprint.orbit([BUILD], VEHICLE._replace(usd=None, usd_kg=1.0), factors, WORK)
    assert shared.launch_kg == pytest.approx(2.5 * 10e3 * (44.01 / 16.04 + 1.5), rel=1e-3)  # 5 t of the 2 t that a launch carries


def test_emissions_of_a_site_by_hand() -> None:
    """By hand: 1 MW for a year at 0.4 kg/kWh are 3.506 kt; 1,000 accelerators of 300 kg over 5 years, 500 kg/kW over 10."""
    factors = footprint.GroundFactors(300.0, 0.5, 0.4 / 3.6e6)
    found = footprint.ground(1000, 1e6, 1e6, (LIFE_S, 10.0 * YEAR_S), factors, WORK)
    assert found.electricity_kg_per_year == pytest.approx(1000.0 * 8766.0 * 0.4, rel=1e-12)
    assert found.kg_per_year == pytest.approx(3_506_400.0 + 60_000.0 + 50_000.0, rel=1e-12)


def test_energy_by_hand() -> None:
    """By hand: 100 kW for 2 useful PFLOP/s are 1,200 kWh a day each; half of it for 1e5 tokens a second is 0.5 J."""
    assert footprint.energy(1e5, WORK) == pytest.approx((1e5, 1200.0, 0.5))
    assert footprint.energy(1e5, Work(0.0, None, 1.0, None)) == (1e5, None, None)


def test_full_launches_are_proportional_to_mass() -> None:
    """By hand: 5 t at 4e6 USD for 2 t, beside the satellites, with 5 % insurance."""
    assert cost.full_launch_usd([BUILD], PRICES, VEHICLE) == pytest.approx(1.05 * (FLEET + 5000.0 * 2000.0), rel=1e-12)
