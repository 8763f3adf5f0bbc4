"""Section `design` of the summary: drag, duties and propellant of each satellite type."""

from __future__ import annotations

import pytest

from sim.config.scenario import load
from sim.results import design, formatting

SHELL = "constellation={kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 4, phasing: 1, pattern: delta}"
ALONE = (SHELL, "links=null", "workloads=[{kind: independent}]")


def test_fields() -> None:
    """By hand: the sum of the purposes; power of the jet over the efficiency; lifetime and delta-v from each other: drag alone takes the
    orbit of 550 km down to 200 km, a spiral of 198 m/s, in the time in which the delta-v against it grows from 35 m/s a year as the
    air gets denser: less than 198 / 35 yr."""
    (kind,) = design.section(load("suncatcher", ALONE))["types"]
    found = kind["propulsion"]
    keeping = found["station_keeping_m_s_yr"]
    assert keeping["total"] == pytest.approx(keeping["drag"] + keeping["formation"] + keeping["avoidance"])
    assert (keeping["formation"], found["raising_m_s"], found["raising_s"]) == (0.0, 0.0, 0.0)
    assert found["thruster_w"] == pytest.approx(0.17 * 2500.0 * 9.80665 / (2.0 * 0.5))
    share = keeping["total"] / 31_557_600.0 * kind["mass_kg"] / kind["satellites"] / 0.17
    assert found["station_keeping_w"] == pytest.approx(share * found["thruster_w"])
    assert found["propellant_life_yr"] == pytest.approx(5.0)
    assert 0.2 < found["uncontrolled_lifetime_yr"] < 198.0 / keeping["drag"]
    assert found["after_mission_yr"] < 0.1
    assert found["disposal_m_s"] == found["once_m_s"] == pytest.approx(141.0, abs=1.0)


def test_a_line_where_the_altitude_changes() -> None:
    """Source of truth: the fields of the summary."""
    lines, years = {}, {}
    for name, sets in (("kept", ()), ("band", ("satellite.propulsion.dead_band=500 m",)), ("decaying", ("satellite.propulsion.altitude=decaying",))):
        (kind,) = design.section(load("suncatcher", (*ALONE, *sets)))["types"]
        lines[name], years[name] = formatting._propulsion(kind), kind["propulsion"]["uncontrolled_lifetime_yr"]
    assert lines["kept"] == ""
    assert lines["band"].startswith("suncatcher kept within 500 m, drag area 9")
    assert lines["decaying"].startswith("suncatcher decaying, drag area 9")
    assert f"down in {years['decaying']:.3g} yr" in lines["decaying"]
    assert 0.5 < years["decaying"] < 2.0


def test_satellites_of_ephemerides_have_no_orbit() -> None:
    """By definition: their orbits are not known; drag is not, and nothing is infinite."""
    plain = load("suncatcher")
    found = design.propulsion(plain.scenario.satellite, plain.scenario.model_copy(update={"constellation": []}), {})
    assert (found["drag_area_m2"], found["uncontrolled_lifetime_yr"]) == (0.0, None)
    assert found["station_keeping_m_s_yr"]["total"] == pytest.approx(1.6)
