"""Mass of a satellite: by hand, and by the rocket equation."""

from __future__ import annotations

import math

import pytest

from sim.config import economics_params
from sim.config.scenario import load
from sim.economics.mass import Design, Parts, Propulsion, delta_v_m_s, hard_kg, parts_kg, propellant_kg, total_kg

YEAR_S = 365.25 * 86400.0
STATED = ("satellite.propulsion.station_keeping=20 m/s/yr", "satellite.propulsion.deorbit=195 m/s")
IDLE = Propulsion(0.0, 0.0, 1500.0, 0.5, 5.0 * YEAR_S)
# 100 m2 at 3 kg/m2, 10 kWh at 200 Wh/kg, 20 m2 at 5 kg/m2, 10 kW at 2 kg/kW, 8 chips of 1.5 + 6 + 1 kg, 4 terminals of 15 kg,
# 8 x 0.1 m2 at 10 kg/m2, 60 kg of bus
DESIGN = Design(100.0, 3.0, 3.6e7, 7.2e5, 20.0, 5.0, 1e4, 2e-3, 8, 1.5, 6.0, 1.0, 4, 15.0, 0.1, 10.0, 60.0, 0.2, IDLE)


def test_parts_by_hand() -> None:
    """By hand: 300 + 50 + 100 + 20 + 12 + 48 + 8 + 60 + 8 + 60 = 666 kg, a fifth of it structure."""
    assert parts_kg(DESIGN) == pytest.approx(Parts(300.0, 50.0, 100.0, 20.0, 12.0, 48.0, 8.0, 60.0, 8.0, 60.0, 133.2, 0.0, 0.0))
    assert total_kg(parts_kg(DESIGN)) == pytest.approx(799.2)
    assert hard_kg(parts_kg(DESIGN)) == pytest.approx(510.0)


def test_propellant_moves_its_own_tanks() -> None:
    """Source of truth: the rocket equation: (dry + tanks + propellant) / (dry + tanks) = exp(dv / (g Isp)), tanks half of the
    propellant; dv = 20 m/s a year for five years and 200 m/s."""
    propulsion = Propulsion(20.0 / YEAR_S, 200.0, 150.0, 0.5, 5.0 * YEAR_S)
    assert delta_v_m_s(propulsion) == pytest.approx(300.0, rel=1e-12)
    fuel = propellant_kg(1000.0, propulsion)
    left = 1000.0 + 0.5 * fuel
    assert math.log((left + fuel) / left) == pytest.approx(300.0 / (9.80665 * 150.0), rel=1e-12)


def test_tanks_that_outweigh_their_propellant() -> None:
    """By hand: a mass ratio of e^2 leaves 1 / (e^2 - 1) = 0.157 of the propellant for tanks; 0.2 are too much."""
    assert propellant_kg(1.0, Propulsion(0.0, 2.0 * 9.80665 * 100.0, 100.0, 0.2, 1.0)) == math.inf


@pytest.mark.parametrize(
    ("field", "more", "kg"),
    [
        ("satellite.thermal.radiator.area=190 m2", 80.0, 5.0),
        ("satellite.power.array.area=610 m2", 10.0, 3.1),
        ("satellite.power.battery.capacity=75 kWh", 15e3 / 150.0, 1.0),
    ],
)
def test_larger_parts_weigh_more(field: str, more: float, kg: float) -> None:
    """Closed form: the part, with its share of structure (0.25) and of propulsion: 1.5 of the propellant for 295 m/s at 2500 s."""
    plain, larger = (load("colossus_in_orbit_clusters", (*STATED, *sets)) for sets in ((), (field,)))
    ratio = math.exp(295.0 / (9.80665 * 2500.0)) - 1.0
    expected = more * kg * 1.25 * (1.0 + 1.5 * ratio / (1.0 - 0.5 * ratio))
    masses = [economics_params.mass_kg(one.scenario.satellite, one.scenario) for one in (plain, larger)]
    assert masses[1] - masses[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scenario", ["suncatcher", "colossus_in_orbit_clusters", "starcloud_40mw"])
def test_satellites_weigh_what_others_find(scenario: str) -> None:
    """Source of truth: 34 to 59 kg/kW of satellites on dawn-dusk orbits [turyshev2026], here over the full load of the bus."""
    given = load(scenario).scenario
    satellite = given.satellite
    payload_w = satellite.accelerators * (satellite.accelerator.max_power + satellite.accelerator.host.power)
    load_w = payload_w * (1.0 / satellite.power.conversion_efficiency + satellite.thermal.loop.pump_fraction) + satellite.bus.power
    assert 34e-3 < economics_params.mass_kg(satellite, given) / load_w < 59e-3


def test_a_stated_mass_is_the_mass() -> None:
    """Source of truth: the field; the note names it where it is more than 15 % from the sum."""
    stated = load("suncatcher", ("satellite.mass=2.1 t", "satellite.propulsion.station_keeping=8.7 m/s/yr", STATED[1]))
    assert economics_params.mass_kg(stated.scenario.satellite, stated.scenario) == 2100.0
    assert [note for note in stated.notes if "mass: 2,100 kg are +18 % from the 1,774 kg of all parts" in note]
