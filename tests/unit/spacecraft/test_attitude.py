"""Where array and radiator point."""

from __future__ import annotations

import inspect
import math
from typing import get_args

import numpy as np
import pytest
import submodel_cases as cases

from sim.config import scenario
from sim.config.errors import InputError
from sim.config.schema import Attitude as Section
from sim.spacecraft import attitude as model
from sim.spacecraft.attitude import DIRECTIONS, DRIVES, LAWS, Attitude, Incidence, attitude, normals, sun_incidence
from sim.spacecraft.illumination import Illumination

SLEWING = [(p, d) for p, v in DIRECTIONS.items() for d, w in DRIVES.items() if abs(np.dot(v, w)) < 0.5]
CASES = [(law, "nadir", "orbit-normal") for law in LAWS if law != "slewing"] + [("slewing", p, d) for p, d in SLEWING]


class _Place:
    """Radial, orbit normal, velocity and Sun as unit vectors of a random circular orbit, from a seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        r, self.sun = rng.normal(size=3), rng.normal(size=3)
        self.radial, self.sun = r / np.linalg.norm(r), self.sun / np.linalg.norm(self.sun)
        normal = np.cross(self.radial, rng.normal(size=3))
        self.normal = normal / np.linalg.norm(normal)
        self.velocity = np.cross(self.normal, self.radial)

    def vector(self, r: float, t: float, w: float) -> np.ndarray:
        return r * self.radial + t * self.velocity + w * self.normal

    @property
    def parts(self) -> tuple[float, float, float]:
        """The Sun along radial, velocity and orbit normal."""
        return float(self.sun @ self.radial), float(self.sun @ self.velocity), float(self.sun @ self.normal)

    def incidence(self, p: Attitude) -> Incidence:
        """`advance` in this place."""
        rest = dict.fromkeys(Illumination._fields, 0.0)
        for name, v in (("radial", self.radial), ("normal", self.normal), ("sun", self.sun)):
            rest |= {f"{name}_{axis}": float(c) for axis, c in zip("xyz", v, strict=True)}
        return model.advance(Illumination(**rest), p)


def _fronts(place: _Place, law: str, point: str, drive: str, cant: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Array and radiator as vectors, from the words of the laws; the array of a drive by search over its angle."""
    cross = np.cross(place.sun, -place.radial)
    toward = None
    if law in ("sun-pointing", "radiator-edge-on"):
        array, radiator = place.sun, cross / np.linalg.norm(cross)
    elif law == "orbit-normal":
        array, radiator = place.normal * np.sign(place.normal @ place.sun), place.velocity
    elif law == "nadir":
        array, radiator = place.radial, place.normal
    else:
        axis, toward = place.vector(*DRIVES[drive]), place.vector(*DIRECTIONS[point])
        third = np.cross(axis, toward)
        low, high = 0.0, 2.0 * math.pi
        for _ in range(8):  # each round narrows the best angle a hundredfold
            angles = np.linspace(low, high, 400)
            cosines = np.cos(angles) * (toward @ place.sun) + np.sin(angles) * (third @ place.sun)
            best, width = angles[int(np.argmax(cosines))], (high - low) / 100.0
            low, high = best - width, best + width
        array, radiator = math.cos(best) * toward + math.sin(best) * third, axis
    turned = math.cos(cant) * radiator + math.sin(cant) * (array if toward is None else toward)
    return array, radiator if law == "radiator-edge-on" else turned


@pytest.mark.parametrize(("law", "point", "drive"), CASES)
@pytest.mark.parametrize("cant_deg", [0.0, 25.0, -70.0])
def test_normals_and_cosines_against_vectors(law: str, point: str, drive: str, cant_deg: float) -> None:
    """Source of truth: explicit vectors; the best angle of a drive by search, flat at the top: 1e-7; dot products: 1e-12."""
    cant = math.radians(cant_deg)
    p = attitude(law, 0.0, cant, point, drive)
    for seed in range(10):
        place = _Place(seed)
        array, radiator = _fronts(place, law, point, drive, cant)
        i = place.incidence(p)
        ours_array, ours_radiator = np.array(i[-6:-3]), np.array(i[-3:])
        assert ours_array == pytest.approx(array, abs=1e-7)
        assert ours_radiator == pytest.approx(radiator, abs=1e-7)
        for unit in (ours_array, ours_radiator):
            assert np.linalg.norm(unit) == pytest.approx(1.0, abs=1e-12)
        assert i.array_incidence == pytest.approx(max(0.0, float(ours_array @ place.sun)), abs=1e-12)
        assert i.array_front_sun == pytest.approx(float(ours_array @ place.sun), abs=1e-12)
        assert i.radiator_front_sun == pytest.approx(float(ours_radiator @ place.sun), abs=1e-12)
        assert i.radiator_incidence == pytest.approx(abs(float(ours_radiator @ place.sun)), abs=1e-12)
        assert i.array_nadir_cosine == pytest.approx(float(-ours_array @ place.radial), abs=1e-12)
        assert i.radiator_nadir_cosine == pytest.approx(float(-ours_radiator @ place.radial), abs=1e-12)
        assert i.array_velocity_cosine == pytest.approx(float(ours_array @ place.velocity), abs=1e-12)
        assert i.radiator_velocity_cosine == pytest.approx(float(ours_radiator @ place.velocity), abs=1e-12)


@pytest.mark.parametrize("law", ["sun-pointing", "orbit-normal", "nadir", "radiator-edge-on"])
def test_a_radiator_without_cant_is_edge_on_to_the_earth(law: str) -> None:
    """Source of truth: the records of the laws: the radiator's normal is horizontal; edge-on to the Sun where they say so."""
    for seed in range(25):
        i = _Place(seed).incidence(attitude(law, 0.0))
        assert i.radiator_nadir_cosine == 0.0
        if law in ("sun-pointing", "radiator-edge-on"):
            assert i.radiator_front_sun == 0.0


def test_pointing_error_is_the_worst_tilt() -> None:
    """Source of truth: a tilt by e leaves cos(e) on the array and cos(angle - e) on the radiator turned sunward."""
    error = math.radians(5.0)
    for law, point, drive in CASES:
        for seed in range(25):
            place = _Place(seed)
            array, radiator = _fronts(place, law, point, drive)
            i = place.incidence(attitude(law, error, 0.0, point, drive))
            assert i.array_incidence == pytest.approx(max(0.0, float(array @ place.sun)) * math.cos(error), abs=1e-12)
            angle = math.acos(min(1.0, abs(float(radiator @ place.sun))))
            assert i.radiator_incidence == pytest.approx(math.cos(angle - error), abs=1e-7)
            assert 0.0 <= i.radiator_incidence <= 1.0


@pytest.mark.parametrize("sun", [(1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)])
@pytest.mark.parametrize(("law", "point", "drive"), CASES)
def test_a_sun_along_an_axis_leaves_unit_normals(law: str, point: str, drive: str, sun: tuple[float, float, float]) -> None:
    """Source of truth: both normals have length one and are square to each other without cant, where the law leaves a choice too."""
    n = np.array(normals(*sun, attitude(law, 0.0, 0.0, point, drive)))
    assert np.linalg.norm(n[:3]) == pytest.approx(1.0, abs=1e-12)
    assert np.linalg.norm(n[3:]) == pytest.approx(1.0, abs=1e-12)
    assert float(n[:3] @ n[3:]) == pytest.approx(0.0, abs=1e-12)


def test_the_common_law_as_constants_is_the_law() -> None:
    """Source of truth: the definition: the same numbers, bit by bit, and only where the radiator has no cant."""
    p = attitude("radiator-edge-on", 0.03)
    assert model.edge_on(p)
    assert model.edge_on_law(p) == p
    assert not model.edge_on(attitude("sun-pointing", 0.03, 0.1))
    assert not model.edge_on(attitude("slewing", 0.03))


def test_dawn_dusk_orbit_normal_factor() -> None:
    """Source of truth: a body-fixed array normal to the plane collects sin(beta): 0.853 at 58.6 deg (physics, B)."""
    beta, p = math.radians(58.6), attitude("orbit-normal", 0.0)
    for u in np.linspace(0.0, 6.0, 7):
        sun = (math.cos(u) * math.cos(beta), -math.sin(u) * math.cos(beta), math.sin(beta))
        assert sun_incidence(*sun, normals(*sun, p), p)[0] == pytest.approx(0.853, abs=1e-3)


def test_zenith_array_averages_to_one_over_pi() -> None:
    """Source of truth: the mean of max(0, cos) over a turn is 1/pi (physics, B); 1000 points: 1e-6."""
    p = attitude("nadir", 0.0)
    turn = (np.arange(1000) + 0.5) / 1000 * 2.0 * math.pi
    suns = [(math.cos(u), -math.sin(u), 0.0) for u in turn]
    mean = np.mean([sun_incidence(*s, normals(*s, p), p)[0] for s in suns])
    assert mean == pytest.approx(1.0 / math.pi, abs=2e-6)


def test_one_drive_along_the_orbit_normal_collects_the_cosine_of_beta() -> None:
    """Source of truth: the array of a satellite that holds nadir turns in the orbit plane and leaves the Sun's height over it."""
    beta, p = math.radians(23.0), attitude("slewing", 0.0, 0.0, "nadir", "orbit-normal")
    for u in np.linspace(0.0, 6.0, 7):
        sun = (math.cos(u) * math.cos(beta), -math.sin(u) * math.cos(beta), math.sin(beta))
        on_array, on_radiator, *_ = sun_incidence(*sun, normals(*sun, p), p)
        assert on_array == pytest.approx(math.cos(beta), abs=1e-12)
        assert on_radiator == pytest.approx(math.sin(beta), abs=1e-12)


def test_the_schema_knows_the_laws_and_directions() -> None:
    """Source of truth: the model; validation loads no compiled code, so the names stand in both."""
    fields = Section.model_fields
    assert get_args(fields["law"].annotation) == LAWS
    assert get_args(get_args(fields["point"].annotation)[0]) == tuple(DIRECTIONS)
    assert get_args(get_args(fields["array_drive"].annotation)[0]) == tuple(DRIVES)
    assert set(inspect.signature(cases.plain(attitude)).parameters) == {"law", "pointing_error_rad", "cant_rad", "point", "drive"}


SLEW = "satellite.attitude.law=slewing", "satellite.attitude.point=ahead", "satellite.attitude.array_drive=radial"


def test_sections_become_parameters() -> None:
    """Source of truth: the words: ahead is along-track; the drive is radial; 15 deg from the drive towards the pointed axis."""
    p = cases.example_parameters("suncatcher", *SLEW, "satellite.attitude.radiator_cant=15 deg").attitude
    assert p[:10] == (0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert (p.cos_cant, p.sin_cant) == (math.cos(math.radians(15.0)), math.sin(math.radians(15.0)))


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (("satellite.attitude.law=slewing", "satellite.attitude.array_drive=radial"),
         "satellite.attitude.point: law: slewing needs it; write point: nadir"),
        (("satellite.attitude.law=slewing", "satellite.attitude.point=nadir"),
         "satellite.attitude.array_drive: law: slewing needs it; write array_drive: orbit-normal"),
        (("satellite.attitude.point=nadir",), "satellite.attitude.point: law: sun-pointing has no such axis; write law: slewing, or leave it out"),
        ((SLEW[0], "satellite.attitude.point=behind", "satellite.attitude.array_drive=along-track"),
         "satellite.attitude.array_drive: along-track is the axis that point: behind holds, and the array turns about one square to it; "
         "write radial or orbit-normal"),
        (("satellite.attitude.law=radiator-edge-on", "satellite.attitude.radiator_cant=20 deg"),
         "satellite.attitude.radiator_cant: 20 deg towards the array, which faces the Sun, cannot be edge-on to it; write 0 deg or law: sun-pointing"),
        (("satellite.attitude.radiator_cant=91 deg",), "satellite.attitude.radiator_cant: "),
    ],
)  # fmt: skip
def test_conflicts_are_one_line_each(sets: tuple[str, ...], expected: str) -> None:
    """Source of truth: the rules: a law without its axis, an axis without its law, two bodies on one axis."""
    with pytest.raises(InputError) as caught:
        scenario.load("suncatcher", sets=sets)
    lines = [line for line in str(caught.value).splitlines() if expected in line]
    assert len(lines) == 1, str(caught.value)
