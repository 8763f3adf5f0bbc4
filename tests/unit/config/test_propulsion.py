"""Duties of propulsion: closed forms of manoeuvres, budgets of scenarios, and what is refused."""

from __future__ import annotations

import math

import pytest

from sim.config import economics_params, propulsion_params
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.config.schema import Disposal
from sim.economics import mass

YEAR_S = 365.25 * 86400.0
MU, R = 3.986004418e14, 6378137.0


def test_manoeuvres_by_vis_viva() -> None:
    """Source of truth: vis-viva, and the published figures of 195 m/s for 300 to 650 km and 170 m/s for a perigee at 50 km."""
    assert propulsion_params.spiral_m_s(300e3, 650e3) == pytest.approx(math.sqrt(MU / (R + 300e3)) - math.sqrt(MU / (R + 650e3)))
    assert propulsion_params.spiral_m_s(300e3, 650e3) == pytest.approx(195.0, abs=0.5)
    a = R + 350e3
    v = math.sqrt(MU * (2.0 / (R + 650e3) - 1.0 / a))
    assert propulsion_params.perigee_m_s(650e3, 50e3) == pytest.approx(math.sqrt(MU / (R + 650e3)) - v)
    assert propulsion_params.perigee_m_s(650e3, 50e3) == pytest.approx(170.0, abs=1.0)
    assert propulsion_params.disposal_m_s(Disposal(method="decay", altitude="300 km"), 650e3) == 0.0
    assert propulsion_params.disposal_m_s(Disposal(method="spiral", altitude="300 km"), 250e3) == 0.0


def test_burns_by_the_rocket_equation() -> None:
    """Source of truth: propellant of the rocket equation over the mass flow F / (g Isp); power of a jet 1/2 F v."""
    used_kg = 1000.0 * (1.0 - math.exp(-200.0 / (2500.0 * 9.80665)))
    assert mass.burn_s(1000.0, 200.0, 0.17, 2500.0) == pytest.approx(used_kg / (0.17 / (2500.0 * 9.80665)))
    assert mass.possible_m_s(1000.0, used_kg, 2500.0) == pytest.approx(200.0)
    assert mass.thruster_w(0.17, 2500.0, 0.5) == pytest.approx(4168.0, rel=1e-3)


def test_budget_of_suncatcher() -> None:
    """By hand: C_D 2.2 on array, radiator and body; 140 and 30 m2 by the mean of the year, 4.0 m2; air of 1.04e-13 kg/m3 at 7,531 m/s.
    The wind of the Earth's rotation adds 2 % on this orbit and is in the areas; avoidance 32 times 0.05 m/s; down to 300 km 195 m/s."""
    scenario = load("suncatcher").scenario
    design, budget = economics_params.design_of(scenario.satellite, scenario)
    parts = mass.parts_kg(design)
    assert budget.launch_kg == pytest.approx(mass.total_kg(parts), rel=1e-9)
    assert budget.drag_m2_kg == pytest.approx(2.2 * budget.drag_area_m2 / budget.launch_kg)
    assert 0.06 < budget.drag_m2_kg < 0.12
    by_hand = 0.5 * 1.04e-13 * 7531.0**2 * budget.drag_m2_kg * YEAR_S
    assert budget.drag_m_s2 * YEAR_S == pytest.approx(by_hand, rel=0.05)
    assert budget.avoidance_m_s2 * YEAR_S == pytest.approx(1.6)
    assert (budget.raising_m_s, budget.disposal_m_s) == (0.0, pytest.approx(194.9, abs=0.1))
    assert budget.duty.station_keeping_m_s2 == pytest.approx(budget.drag_m_s2 + budget.formation_m_s2 + budget.avoidance_m_s2)
    # propellant for the life lasts the life
    assert propulsion_params.propellant_life_s(budget, parts.propellant) == pytest.approx(scenario.satellite.life, rel=1e-6)


def test_what_a_scenario_states_wins() -> None:
    """By definition of the fields: station_keeping and deorbit replace what is computed, the drag of a formation its ballistic factor."""
    stated = load("suncatcher", ("satellite.propulsion.station_keeping=20 m/s/yr", "satellite.propulsion.deorbit=1 m/s")).scenario
    _, budget = economics_params.design_of(stated.satellite, stated)
    assert mass.delta_v_m_s(budget.duty) == pytest.approx(101.0)
    edge_on = load("suncatcher", ("constellation.station_keeping.drag=0.02 m2/kg",)).scenario
    _, budget = economics_params.design_of(edge_on.satellite, edge_on)
    assert budget.drag_m2_kg == 0.02
    assert budget.drag_m_s2 * YEAR_S == pytest.approx(0.5 * 1.04e-13 * 7531.0**2 * 0.02 * YEAR_S, rel=0.05)
    lifted = load("suncatcher", ("satellite.propulsion.injection_altitude=300 km",)).scenario
    _, budget = economics_params.design_of(lifted.satellite, lifted)
    assert budget.raising_m_s == pytest.approx(194.9, abs=0.1)
    assert economics_params.builds(lifted, load("suncatcher").catalogues)[0].lot.altitude_m == 300e3
    sinking = load("suncatcher_spread", ("satellite.propulsion.altitude=decaying",)).scenario
    _, budget = economics_params.design_of(sinking.satellite, sinking)
    assert budget.drag_m_s2 == 0.0


SHELL = (
    "constellation=[{kind: walker, altitude: 300 km, inclination: 53 deg, planes: 2, satellites_per_plane: 2, phasing: 0, pattern: delta}]",
    "workloads=[{kind: independent}]", "links=null", "duration=30 d",
)  # fmt: skip
REFUSED = [
    (("altitude=decaying",), "300 km", "propulsion.altitude: an orbit at 300 km decays below 200 km after"),
    (("disposal={method: decay}",), "900 km", "propulsion.disposal.method: decay from there takes"),
    (("disposal={method: spiral, altitude: 800 km}",), "900 km", "propulsion.disposal.altitude: decay from there takes"),
    (("propellant=1 kg",), "600 km", "propulsion.propellant: 1 kg last 0 d, and the life is 5 yr"),
    (("thrust=1 mN",), "400 km", "propulsion.thrust: 0.001 N are less than the drag of"),
    (("altitude=kept", "dead_band=1 km"), "300 km", None),
    (("altitude=decaying", "dead_band=1 km"), "600 km", "propulsion.dead_band: has no effect on a decaying orbit"),
    (("specific_impulse=60 s", "tank_fraction=4"), "350 km", "propulsion.tank_fraction: 4 of the propellant are more than it can move"),
]


@pytest.mark.parametrize(("sets", "altitude", "line"), REFUSED)
def test_refused(sets: tuple[str, ...], altitude: str, line: str | None) -> None:
    """Source of truth: the form of messages: what is wrong; what to write. One line each."""
    changed = (*SHELL, f"constellation.0.altitude={altitude}", *(f"satellite.propulsion.{text}" for text in sets))
    if line is None:
        load("suncatcher", changed)
        return
    with pytest.raises(InputError) as refused:
        load("suncatcher", changed)
    (error,) = [str(p) for p in refused.value.problems]
    assert line in error
    assert "; " in error


def test_formations_and_catalogues_do_not_sink() -> None:
    """Source of truth: the propagators: relative orbits, SGP4 and numerical motion have their own drag, or none."""
    with pytest.raises(InputError, match="is for shells and rings"):
        load("suncatcher", ("satellite.propulsion.altitude=decaying",))
    with pytest.raises(InputError, match="needs motion by mean elements"):
        load("suncatcher", (*SHELL, "constellation.0.altitude=600 km", "satellite.propulsion.altitude=decaying", "motion={model: numerical}"))
