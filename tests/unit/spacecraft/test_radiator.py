"""What a radiator takes from the satellite's own array."""

from __future__ import annotations

import math

import numpy as np
import pytest
import submodel_cases as cases

from orbit.view_factors import perpendicular_rectangles
from sim.config import scenario
from sim.config.errors import InputError
from sim.spacecraft import radiator
from sim.spacecraft.radiator import Radiator, from_array_w_m2

SIGMA = 5.670374419e-8


@pytest.mark.parametrize(("view", "back", "own", "other"), [(0.1, 0.02, 0.88, 0.85), (0.4, 0.3, 0.5, 0.3), (0.9, 0.7, 0.2, 0.9)])
def test_two_gray_surfaces_against_radiosities(view: float, back: float, own: float, other: float) -> None:
    """Source of truth: the radiosities of both surfaces from their linear equations; the radiator itself cold, space at 0 K."""
    emitted = SIGMA * 340.0**4
    leaving = np.linalg.solve([[1.0, -(1.0 - own) * view], [-(1.0 - other) * back, 1.0]], [0.0, other * emitted])
    ours = from_array_w_m2(340.0, Radiator(30.0, own, 0.1, 0.9, view, back, other))
    assert ours == pytest.approx(own * view * leaving[1], rel=1e-12)


def test_close_plates() -> None:
    """Source of truth: parallel plates that see only each other exchange sigma T^4 / (1 / e1 + 1 / e2 - 1)."""
    ours = from_array_w_m2(300.0, Radiator(1.0, 0.8, 0.1, 0.9, 1.0, 1.0, 0.6))
    assert ours == pytest.approx(SIGMA * 300.0**4 / (1.0 / 0.8 + 1.0 / 0.6 - 1.0), rel=1e-12)


ON = "satellite.thermal.radiator.on_array={radiator_width: 12 m, array_width: 12 m, gap: 0.5 m}"


def test_mounting_by_factor_algebra() -> None:
    """Source of truth: the closed form for a common edge, twice: the strip of the gap taken off by A1 F1 + A2 F2 = A F. 30 m2 and
    140 m2 of 12 m width: 2.5 m stand on 5.833 m to each side."""
    near, reach = 0.5, 70.0 / 12.0
    length = 30.0 / 12.0
    whole = (near + length) * perpendicular_rectangles(12.0, near + length, reach)
    expected = (whole - near * perpendicular_rectangles(12.0, near, reach)) / length
    areas = ("satellite.power.array.area=140 m2", "satellite.thermal.radiator.area=30 m2")
    p = cases.example_parameters("suncatcher", ON, *areas).radiator
    assert p.view_to_array == pytest.approx(expected, abs=1e-7)
    assert p.view_from_array == pytest.approx(expected * 30.0 / 140.0, abs=1e-7)
    # turned flat, one face sees all of the array and the other next to nothing
    flat = cases.example_parameters("suncatcher", ON.replace("0.5 m}", "0.01 m, angle: 5 deg}")).radiator
    assert 0.40 < flat.view_to_array < 0.56


def test_faces_add_to_the_heat_from_outside() -> None:
    """Source of truth: by hand, two faces of 30 m2 at 0.1 see a panel at 333 K: 2 x 30 x 0.1 x 0.88 x 0.85 x 697.2 W/m2 = 3129 W, of
    which a fin efficiency of 0.9 takes 2816 W; 12 W/m2 of neighbours over the area: 0.9 x 30 x 12 = 324 W."""
    rng = np.random.default_rng(3)
    arguments = {name: cases.random_record(name, rng) for name in cases.argument_names(radiator.advance)}
    arguments["state"] = arguments["state"]._replace(array_k=333.0)
    arguments["inputs"] = arguments["inputs"]._replace(radiator_nearby_w_m2=0.0)
    blind = Radiator(30.0, 0.88, 0.1, 0.9, 0.0, 0.0, 0.85)
    seeing = blind._replace(view_to_array=0.1)
    less, more = (radiator.advance(*arguments.values(), p).environment_w for p in (blind, seeing))
    assert more - less == pytest.approx(0.9 * 2.0 * 30.0 * 0.1 * 0.88 * 0.85 * SIGMA * 333.0**4, rel=1e-9)
    assert more - less == pytest.approx(2816.0, abs=5.0)
    arguments["inputs"] = arguments["inputs"]._replace(radiator_nearby_w_m2=12.0)
    assert radiator.advance(*arguments.values(), blind).environment_w - less == pytest.approx(324.0, rel=1e-9)


def test_one_of_the_two() -> None:
    """Source of truth: the rule: the mounting gives the view factor."""
    with pytest.raises(InputError, match=r"satellite.thermal.radiator.view_to_array: on_array gives it; write one of the two"):
        scenario.load("suncatcher", sets=(ON, "satellite.thermal.radiator.view_to_array=0.1"))
    assert math.isclose(cases.example_parameters("suncatcher").radiator.view_to_array, 0.0)
