"""Fields of regard of terminals under attitude laws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config import scenario
from sim.config.errors import InputError
from sim.config.schema import Attitude
from sim.config.validation.terminals import body_faces
from sim.spacecraft.attitude import LAWS, attitude, normals

RING = "constellation={kind: ring, altitude: 650 km, local_time: '18:00', satellites: 12}"
GRID = ("links={topology: grid, terminal: dwdm-10cm, terminals: 4, grazing_altitude: 80 km, max_range: 5000 km, hop_latency: 10 us}", RING)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("seed", range(5))
def test_faces_are_those_of_the_physics(law: str, seed: int) -> None:
    """Source of truth: the compiled laws: front is the array's normal (slewing: the pointed axis), left the radiator's without cant."""
    rng = np.random.default_rng(seed)
    sun = rng.normal(size=3)
    sun /= np.linalg.norm(sun)
    extra = {"point": "ahead", "array_drive": "radial"} if law == "slewing" else {}
    faces = body_faces(Attitude.model_validate({"law": law, "pointing_error": "0 deg", **extra}), tuple(sun.tolist()))
    n = normals(*sun, attitude(law, 0.0, 0.0, "ahead", "radial"))
    front = (0.0, 1.0, 0.0) if law == "slewing" else n[:3]
    assert faces["front"] == pytest.approx(front, abs=1e-12)
    assert faces["left"] == pytest.approx(n[3:], abs=1e-12)
    assert faces["top"] == pytest.approx(np.cross(faces["front"], faces["left"]), abs=1e-12)
    for face, other in (("front", "back"), ("left", "right"), ("top", "bottom")):
        assert faces[other] == pytest.approx(-np.array(faces[face]), abs=0.0)


def _problems(*sets: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        scenario.load("suncatcher", sets=(*GRID, "workloads=[{kind: independent}]", *sets), allow_infeasible=True)
    return [line for line in str(caught.value).splitlines() if ": " in line]


@pytest.mark.parametrize(
    ("sets", "missed", "angle"),
    [
        # the array faces the zenith, links lead ahead and behind: at a right angle to front and back
        (("satellite.attitude.law=nadir", "satellite.attitude.terminals=[front, back]"), "ahead and behind", 90),
        # radial x orbit normal = against the velocity: top sees behind, ahead is at 180 deg
        (("satellite.attitude.law=nadir", "satellite.attitude.terminals=[top]"), "ahead", 180),
        # the body points ahead; nothing looks back
        (("satellite.attitude={law: slewing, point: ahead, array_drive: radial, pointing_error: 2 deg, terminals: [front]}",), "behind", 180),
    ],
)
def test_a_law_that_turns_terminals_away(sets: tuple[str, ...], missed: str, angle: int) -> None:
    """By hand, along radial, along-track and orbit normal (above)."""
    (line,) = _problems(*sets, "links.terminal.field_of_regard=60 deg")
    assert "satellite.attitude.terminals: law: " in line
    assert f"within 60 deg of the links {missed}; add a face, or write a field_of_regard of {angle} deg" in line


@pytest.mark.parametrize(
    "sets",
    [
        ("satellite.attitude.law=nadir", "satellite.attitude.terminals=[top, bottom]", "links.terminal.field_of_regard=1 deg"),
        ("satellite.attitude.law=orbit-normal", "satellite.attitude.terminals=[left, right]", "links.terminal.field_of_regard=1 deg"),
        ("satellite.attitude.law=nadir", "satellite.attitude.terminals=[front, back]", "links.terminal.field_of_regard=91 deg"),
        ("satellite.attitude.law=nadir", "satellite.attitude.terminals=[front]"),  # no field of regard is stated
        ("satellite.attitude.terminals=[left, right]", "links.terminal.field_of_regard=30 deg"),  # rolls with the Sun
    ],
)
def test_laws_that_fit(sets: tuple[str, ...]) -> None:
    """By hand: along-track lies along top under nadir, along left under orbit-normal, and under sun-pointing when the Sun is far from
    the orbit plane."""
    found = scenario.load("suncatcher", sets=(*GRID, "workloads=[{kind: independent}]", *sets), allow_infeasible=True)  # whatever their light
    assert found.scenario.links is not None


def test_faces_have_names() -> None:
    with pytest.raises(InputError, match=r"satellite.attitude.terminals.0"):
        scenario.load("suncatcher", sets=("satellite.attitude.terminals=[nose]",))
    assert math.isclose(scenario.load("suncatcher").scenario.links.terminal.sun_keep_out, 0.0)  # type: ignore[union-attr]
