"""Age of array and coatings."""

from __future__ import annotations

import math

import pytest

from sim.config.errors import InputError
from sim.config.scenario import load

AGED = "satellite.power.array.retention=null"



def test_a_new_satellite_is_as_it_was_built() -> None:
    """Source of truth: nothing has aged at age 0."""
    satellite = load("suncatcher", (AGED, "satellite.thermal.radiator.absorptance_end=0.3"), allow_infeasible=True).scenario.satellite
    assert satellite.power.array.retained == 1.0
    assert satellite.thermal.radiator.absorptance == 0.14


def test_cells_by_the_fluence_of_their_orbit() -> None:
    """By hand: the curve of the triple-junction cell leaves 0.89 at 5e18 electrons/m2; the age at which this orbit has that fluence, and
    1 % a year of ultraviolet light on top."""
    from orbit.radiation import Conditions
    from orbit.radiation_orbits import array_fluence_m2_yr
    from orbit.shell_geometry import sun_synchronous_inclination_rad

    inclination = sun_synchronous_inclination_rad(6378137.0 + 650e3)
    year = array_fluence_m2_yr(650e3, inclination, Conditions(0.0, 2026.969, 0.343))
    years = 5e18 / year
    satellite = load(
        "suncatcher", (AGED, f"satellite.age={years} yr", "satellite.power.array.ultraviolet_loss=0.01 1/yr"), allow_infeasible=True
    ).scenario.satellite
    assert satellite.power.array.retained == pytest.approx(0.89 * math.exp(-0.01 * years), rel=1e-3)


def test_silicon_and_coating_by_hand() -> None:
    """By hand: silicon loses 2.5 % a year, exp(-0.05) after two; the coating is two fifths of the way from 0.14 to 0.3 at a life of five."""
    satellite = load(
        "suncatcher", (AGED, "satellite.power.array.cells=silicon", "satellite.age=2 yr", "satellite.thermal.radiator.absorptance_end=0.3"),
        allow_infeasible=True,
    ).scenario.satellite  # fmt: skip
    assert satellite.power.array.retained == pytest.approx(math.exp(-0.05), rel=1e-12)
    assert satellite.thermal.radiator.absorptance == pytest.approx(0.14 + 0.4 * 0.16, rel=1e-12)


def test_an_orbit_beyond_the_tables() -> None:
    """Source of truth: the tables end at 2,000 km."""
    with pytest.raises(InputError, match=r"write a number such as 0\.9"):
        load("starlink_edge", (AGED, "constellation.altitude=3000 km"), allow_infeasible=True)
