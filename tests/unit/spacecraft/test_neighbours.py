"""Neighbours that heat and shade each other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.view_factors import polygons, rectangle
from sim.spacecraft import near
from sim.spacecraft.near import within
from sim.spacecraft.neighbours import ARRAY, RADIATOR, Plates, exchange, square_plates

SUN = np.array([0.0, 0.0, 1.0])
SUN_RAD = 695.7e6 / 149_597_870_700.0


def _plates(count: int, array_m: float, radiator_m: float, emissivity: float = 1.0) -> Plates:
    """Arrays towards z, radiators towards x, all square."""
    z, x = (np.repeat(np.array(v)[:, None], count, axis=1) for v in ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]))
    return square_plates(z, x, (np.full(count, array_m**2), np.full(count, radiator_m**2)), np.full((2, 2, count), emissivity))


def _emitted(count: int, plate: int, w_m2: float) -> np.ndarray:
    out = np.zeros((2, 2, count))
    out[plate] = w_m2
    return out


def test_two_facing_radiators_by_hand() -> None:
    """Source of truth: A / (pi d^2): radiators of 6 x 6 m that face each other over 150 m, 700 W/m2 a face, emissivity 0.9: each takes
    0.9 x 700 x 36 / (pi x 22,500) = 0.3209 W/m2; to the square of size over distance, 1e-3. Arrays edge-on to each other take nothing."""
    r = np.array([[0.0, 150.0], [0.0, 0.0], [0.0, 0.0]])
    found = exchange(r, within(r, 200.0), _plates(2, 12.0, 6.0, 0.9), _emitted(2, RADIATOR, 700.0), SUN)
    assert found.absorbed_w_m2[RADIATOR] == pytest.approx(0.9 * 700.0 * 36.0 / (math.pi * 22_500.0), rel=2e-3)
    assert found.absorbed_w_m2[ARRAY] == pytest.approx(0.0, abs=2e-2)
    assert found.light.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("spacing", [0.7, 1.0, 2.0, 5.0, 20.0])
@pytest.mark.parametrize("seed", range(4))
def test_any_two_plates_against_the_contour_integral(spacing: float, seed: int) -> None:
    """Source of truth: the exact factor between rectangles, both faces of both: 2 % of the factor where the middles stand for the
    plates, and 1 % of one where they nearly touch or cut each other's planes; spacing in diagonals of the larger plate."""
    rng = np.random.default_rng(seed)

    def unit(v: np.ndarray) -> np.ndarray:
        return v / np.linalg.norm(v)

    normal, along, half = np.zeros((2, 3, 2)), np.zeros((2, 3, 2)), np.full((2, 2, 2), 1e-6)
    for i in range(2):
        n = unit(rng.normal(size=3))
        normal[:, :, i], along[:, :, i] = n, unit(np.cross(n, rng.normal(size=3)))
        half[RADIATOR, :, i] = rng.uniform(1.0, 3.0, 2)
    diagonal = 2.0 * max(np.linalg.norm(half[RADIATOR, :, i]) for i in range(2))
    r = np.stack([np.zeros(3), unit(rng.normal(size=3)) * diagonal * spacing], axis=1)
    emitted = np.zeros((2, 2, 2))
    emitted[RADIATOR, 0], emitted[RADIATOR, 1] = 100.0, 300.0
    found = exchange(r, within(r, 1e4), Plates(normal, along, half, np.ones((2, 2, 2))), emitted, SUN)

    def corners(i: int) -> np.ndarray:
        n, a, (u, v) = normal[RADIATOR, :, i], along[RADIATOR, :, i], half[RADIATOR, :, i]
        return rectangle(r[:, i], u * a, v * np.cross(n, a))

    for i, j in ((0, 1), (1, 0)):
        exact = sum(
            flux * polygons(corners(i)[::s], corners(j)[::t]) for s in (1, -1) for t, flux in ((1, 100.0), (-1, 300.0))
        )
        assert found.absorbed_w_m2[RADIATOR, i] == pytest.approx(exact, rel=0.02, abs=1.0 if spacing < 2.5 else 1e-4)


def test_reciprocity_and_energy() -> None:
    """Source of truth: what i gives j over what j gives i, each per W/m2 emitted, is one over all areas; black plates absorb no more than
    the others emit. To rounding: the same points on both sides."""
    rng = np.random.default_rng(5)
    count = 30
    r = rng.uniform(-40.0, 40.0, (3, count))
    plates = _plates(count, 12.0, 6.0)
    half = plates.half_m * rng.uniform(0.5, 2.0, (2, 1, count))
    plates = plates._replace(half_m=half)
    area = 4.0 * half[:, 0] * half[:, 1]
    given = np.zeros((2, count, 2, count))
    for q in range(2):
        for j in range(count):
            emitted = np.zeros((2, 2, count))
            emitted[q, :, j] = 1.0
            given[:, :, q, j] = exchange(r, within(r, 30.0), plates, emitted, SUN).absorbed_w_m2 * area
    flat = given.reshape(2 * count, 2 * count)
    assert flat == pytest.approx(flat.T, rel=1e-12, abs=1e-12)
    assert np.all(flat.sum(axis=0) <= 2.0 * area.ravel())
    together = exchange(r, within(r, 30.0), plates, np.ones((2, 2, count)), SUN).absorbed_w_m2 * area
    assert together.sum() == pytest.approx(flat.sum(), rel=1e-12)


def _light(offset: tuple[float, float, float], array_m: float = 12.0, sun: np.ndarray = SUN) -> float:
    """Light on the array at the origin with one neighbour at an offset."""
    r = np.array([[0.0, offset[0]], [0.0, offset[1]], [0.0, offset[2]]])
    return float(exchange(r, within(r, 1e5), _plates(2, array_m, 1.0), np.zeros((2, 2, 2)), sun).light[0])


def test_shadow_by_hand() -> None:
    """Source of truth: squares of 12 m that overlap by 4 m x 12 m leave 2/3; 10 m away the penumbra's ramp of 4 cm half-width
    lets w / 4 = 1 cm of light in along each of the two edges that lie on each other: 2 cm of 12 m, of a third: 0.00056; a neighbour behind, or beside by more than its size, leaves all."""
    assert _light((8.0, 0.0, 10.0)) == pytest.approx(2.0 / 3.0 + 0.00056, abs=2e-5)
    assert _light((6.0, -6.0, 10.0)) == pytest.approx(0.75, abs=1e-6)
    assert _light((8.0, 0.0, -10.0)) == _light((12.2, 0.0, 10.0)) == 1.0
    # the Sun 45 deg off: the shadow lies 10 m further
    slanted = np.array([math.sqrt(0.5), 0.0, math.sqrt(0.5)])
    assert _light((18.0, 0.0, 10.0), sun=slanted) == pytest.approx(2.0 / 3.0 + 0.0008, abs=2e-5)  # a ray sqrt(2) as long


def _rays(offset: tuple[float, float, float], array_m: float, count: int = 400_000) -> float:
    """Rays from the array to points of the solar disc that miss the neighbour."""
    rng = np.random.default_rng(2)
    spot = rng.uniform(-0.5 * array_m, 0.5 * array_m, (2, count))
    radius, angle = np.sqrt(rng.uniform(0, 1, count)) * SUN_RAD, rng.uniform(0, 2.0 * math.pi, count)
    at = spot + offset[2] * radius * np.stack([np.cos(angle), np.sin(angle)])
    blocked = (np.abs(at[0] - offset[0]) < 0.5 * array_m) & (np.abs(at[1] - offset[1]) < 0.5 * array_m)
    return 1.0 - float(blocked.mean())


@pytest.mark.parametrize(
    ("offset", "array_m"),
    [((0.0, 0.0, 200.0), 12.0), ((11.5, 0.0, 200.0), 12.0), ((9.0, 9.0, 150.0), 12.0), ((0.0, 0.0, 900.0), 12.0), ((5.0, 3.0, 1000.0), 3.0)],
)
def test_penumbra_against_rays(offset: tuple[float, float, float], array_m: float) -> None:
    """Source of truth: 400,000 rays to the solar disc, 1e-3 of noise; a bar for the disc moves light about within the penumbra: 1 %."""
    assert _light(offset, array_m) == pytest.approx(_rays(offset, array_m), abs=0.012)


def test_a_shadow_takes_its_own_size_of_light() -> None:
    """Source of truth: conservation: over all sideways places of the neighbour the shaded areas add to its area times the place's step,
    whatever the penumbra."""
    for high in (5.0, 200.0, 2000.0):
        places = np.arange(-60.0, 60.0, 1.0)
        lost = sum(1.0 - _light((float(x), float(y), high)) for x in places[::2] for y in places[::2]) * 4.0
        assert lost == pytest.approx(144.0, rel=2e-3)


def test_shadows_of_many_add_up_to_darkness() -> None:
    """Source of truth: two halves that cover the array leave nothing, three no less than nothing."""
    r = np.array([[0.0, 6.0, -6.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 10.0, 10.0, 20.0]])
    light = exchange(r, within(r, 100.0), _plates(4, 12.0, 1.0), np.zeros((2, 2, 4)), SUN).light
    assert light[0] == 0.0
    assert light[3] == 1.0


def test_a_radiator_in_the_plane_of_the_array() -> None:
    """Source of truth: unit vectors at right angles, where the planes do not meet in a line too."""
    for normal in ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.6, 0.0, 0.8]):
        n = np.array(normal)[:, None]
        plates = square_plates(n, n, (np.array([9.0]), np.array([4.0])), np.ones((2, 2, 1)))
        assert float(np.linalg.norm(plates.along[0, :, 0])) == pytest.approx(1.0)
        assert float(plates.along[0, :, 0] @ n[:, 0]) == pytest.approx(0.0, abs=1e-12)
        assert plates.half_m[:, :, 0].tolist() == [[1.5, 1.5], [1.0, 1.0]]


@pytest.mark.parametrize("count", [0, 1, 40, 400])
def test_who_is_near(count: int) -> None:
    """Source of truth: the distances of all pairs. Satellites without a position stand in one place, and are neighbours of none."""
    r = np.random.default_rng(count).uniform(-1e3, 1e3, (3, count))
    r[:, count // 2 :][:, :5] = 9e3
    start, other = within(r, 400.0)
    far = np.linalg.norm(r[:, :, None] - r[:, None, :], axis=0)
    expected = [np.flatnonzero((far[i] <= 400.0) & (far[i] >= 1.0)).tolist() for i in range(count)]
    assert [other[start[i] : start[i + 1]].tolist() for i in range(count)] == expected


def test_every_pair_or_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the tree that large formations take; two satellites in one place are none."""
    r_m = np.random.default_rng(2).uniform(-500.0, 500.0, (3, 150))
    r_m[:, 7] = r_m[:, 90]
    few = within(r_m, 210.0)
    monkeypatch.setattr(near, "FEW", 0)
    tree = within(r_m, 210.0)
    assert few[1].size > 500
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(few, tree, strict=True))
