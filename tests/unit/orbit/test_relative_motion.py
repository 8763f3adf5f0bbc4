"""Relative orbits under J2, against satellites integrated one by one in a field written apart (oracle_j2)."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import oracle_j2 as oracle
import pytest

from orbit import formation_geometry
from orbit.elements import CircularElements, nodal_period_s
from orbit.kernels import formation
from orbit.propagation import Formation
from orbit.relative_motion import (
    MeanElements,
    RelativeElements,
    absolute,
    along_track_rates_m_s,
    drift_free,
    mean_elements,
    of_offsets,
    secular_rates_rad_s,
    states,
)
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid

A = 6378137.0 + 650e3
GRID = TimeGrid(2461395.5, 0.0, 60.0, 1440)
DAY = np.arange(0.0, 86401.0, 60.0)
CHIEF = sun_synchronous_ring(650e3, 6.0, 1, 2461395.5, 0.0)
I = float(CHIEF.inclination_rad[0])  # noqa: E741
PERIOD = nodal_period_s(A, I)
# the centre, rims of the lattice along each axis, inner satellites, and some that swing a kilometre across
OFFSETS = np.array(
    [[0, 0, 0], [500, 0, 0], [0, 1000, 0], [0, -1000, 0], [300, -800, 0], [0, 200, 0], [100, 0, 0], [0, 0, 1000],
     [-200, 300, 700]], dtype=float,
).T  # fmt: skip


def _chief(latitude_rad: float) -> CircularElements:
    return replace(CHIEF, latitude_argument_rad=np.array([latitude_rad]))


@pytest.mark.parametrize("latitude", [0.0, 2.1])
def test_formation_flies_as_integrated(latitude: float) -> None:
    """Source of truth: DOP853. What the run shows departs from it by terms in J2 squared: 1e-6 of a kilometre each radian
    flown, 93 of them a day: 0.1 m in range. Drift of the mean along-track separation: a difference of J2 squared in the start, times 3/2 n a day: below 0.1 m.
    """
    flying = Formation(_chief(latitude), of_offsets(OFFSETS, CHIEF), GRID)
    ours = np.empty((DAY.size, 3, OFFSETS.shape[1]))
    flying.fill(0, OFFSETS.shape[1], 0, ours)
    theirs, speeds = oracle.flown(*states(flying.elements()), DAY)
    assert np.array_equal(ours, flying.positions_m(DAY))
    a, b = np.triu_indices(OFFSETS.shape[1], 1)
    error = np.linalg.norm(ours[:, :, a] - ours[:, :, b], axis=1) - np.linalg.norm(
        theirs[:, :, a] - theirs[:, :, b], axis=1
    )
    assert np.abs(error[:98]).max() < 0.05  # over the first orbit
    assert np.abs(error).max() < 0.1
    drift = oracle.drift_per_day(DAY, oracle.along_track(theirs, speeds), PERIOD)
    assert np.abs(drift).max() < 0.1
    assert np.abs(flying.drift_m_s()).max() * 86400.0 < 1e-3


def test_neighbours_swing_between_100_and_200_m() -> None:
    """Source of truth: the published formation, 81 satellites in 1 km with neighbours 100 to 200 m apart, and DOP853 for how
    much J2 bends the ellipses (a thousandth): lattice neighbours at the centre and at the rim, over an orbit.
    """
    offsets = np.array(formation_geometry.offsets_m("square", 200.0, 1000.0)).T
    assert offsets.shape == (3, 81)
    flying = Formation(CHIEF, of_offsets(offsets, CHIEF), GRID)
    orbit = np.linspace(0.0, PERIOD, 241)
    ours = flying.positions_m(orbit)
    some = np.array([40, 41, 50, 0, 4])  # centre, next in its row, next row, rim along the track, one at its side
    theirs, _ = oracle.flown(*(x[:, some] for x in states(flying.elements())), orbit)
    for i, j in ((0, 1), (0, 2), (3, 4)):
        wanted = np.linalg.norm(theirs[:, :, i] - theirs[:, :, j], axis=1)
        found = np.linalg.norm(ours[:, :, some[i]] - ours[:, :, some[j]], axis=1)
        assert found == pytest.approx(wanted, abs=0.01)
        assert (wanted.min(), wanted.max()) == pytest.approx((100.0, 200.0), rel=2e-3)
        assert np.count_nonzero(np.diff(np.sign(np.diff(wanted))) != 0) in (3, 4)  # twice an orbit


def _at_rest_in_the_ellipse(above: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """A chief on a circle of two bodies at the node, and satellites x0 above it, started as linear motion asks: y' = -2 n x0."""
    v, n = math.sqrt(oracle.MU / A), math.sqrt(oracle.MU / A**3)
    up, ahead = np.array([1.0, 0.0, 0.0]), np.array([0.0, math.cos(I), math.sin(I)])
    x0 = np.array([0.0, *above])
    return np.outer(up, A + x0), np.outer(ahead, v + n * x0 - 2.0 * n * x0)


def test_naive_start_drifts() -> None:
    """Source of truth: DOP853. A start from linear relative motion drifts by 181 m a day for x0 = 500 m, 37.0 for 100 m;
    seen once every two-body period, at which J2 lets the ellipse lag, by 20.6 and 4.18 m an orbit, as published. The mean
    elements of the same start say so beforehand, to J2 of it.
    """
    r, v = _at_rest_in_the_ellipse([100.0, 500.0])
    times = np.sort(np.append(DAY, oracle.T_650_S))
    ahead = oracle.along_track(*oracle.flown(r, v, times))
    assert ahead[np.searchsorted(times, oracle.T_650_S)] == pytest.approx([0.0, -4.18, -20.63], abs=0.02)
    drift = oracle.drift_per_day(times, ahead, PERIOD)
    assert drift == pytest.approx([0.0, -37.0, -181.0], rel=0.01, abs=1e-6)
    mean = mean_elements(r, v)
    node, latitude, _ = secular_rates_rad_s(mean.semi_major_axis_m, mean.inclination_rad, mean.ex**2 + mean.ey**2)
    rate = latitude + math.cos(I) * node
    assert (rate - rate[0]) * A * 86400.0 == pytest.approx(drift, rel=0.005, abs=1e-6)


def test_inclination_apart_needs_another_axis() -> None:
    """Source of truth: DOP853. A kilometre across by inclination drifts along the track unless the semi-major axis matches;
    its nodes part all the same (closed form: 3/2 n J2 (R/a)^2 sin i di), which a kilometre by node does not.
    """
    apart = np.array([0.0, 1000.0 / A, 0.0, 1000.0 / A])
    zero = np.zeros(4)
    wanted = RelativeElements(zero, zero, zero, zero, apart, np.array([0.0, 0.0, 1000.0 / A, 0.0]))
    matched = drift_free(wanted, CHIEF)
    matched = replace(matched, da=matched.da * np.array([1.0, 1.0, 1.0, 0.0]))  # the last one is left to drift
    elements = absolute(matched, CHIEF)
    theirs, speeds = oracle.flown(*states(elements), DAY)
    drift = oracle.drift_per_day(DAY, oracle.along_track(theirs, speeds), PERIOD)
    assert np.abs(drift[:3]).max() < 0.5
    assert abs(drift[3]) > 100.0
    assert drift[3] == pytest.approx(along_track_rates_m_s(elements, CHIEF)[3] * 86400.0, rel=0.01)
    node = np.unwrap(np.arctan2(_h_x(theirs, speeds), _minus_h_y(theirs, speeds)), axis=0)
    parted = (node[-1] - node[0]) - (node[-1, 0] - node[0, 0])
    n = math.sqrt(oracle.MU / A**3)
    closed_form = 1.5 * n * oracle.J2 * (oracle.R / A) ** 2 * math.sin(I) * 1000.0 / A * DAY[-1]
    assert parted[1] == pytest.approx(closed_form, rel=0.02)
    assert abs(parted[2]) < 0.02 * abs(closed_form)


def _h_x(r: np.ndarray, v: np.ndarray) -> np.ndarray:
    return r[:, 1] * v[:, 2] - r[:, 2] * v[:, 1]


def _minus_h_y(r: np.ndarray, v: np.ndarray) -> np.ndarray:
    return r[:, 0] * v[:, 2] - r[:, 2] * v[:, 0]


def test_velocity_is_the_slope_of_position() -> None:
    """Source of truth: central differences over 2 s (h^2 v n^2 / 6, 1e-6 of v n^2 h^2: 0.006 m/s at 1 s, taken out by a second
    step): they leave what the first order leaves of both, J2 squared of 7.5 km/s.
    """
    flying = Formation(CHIEF, of_offsets(OFFSETS, CHIEF), GRID)
    rows = flying.elements().packed()
    for t in (0.0, 1234.5, 4000.0):
        v = np.empty((1, 3, OFFSETS.shape[1]))
        formation.formation_velocities(rows, np.array([t]), v)
        r = np.empty((4, 3, OFFSETS.shape[1]))
        formation.formation_positions(rows, t + np.array([-2.0, -1.0, 1.0, 2.0]), r)
        slope = (8.0 * (r[2] - r[1]) - (r[3] - r[0])) / 12.0
        assert np.linalg.norm(v[0] - slope, axis=0).max() < 0.05
        assert np.linalg.norm((v[0] - v[0][:, :1]) - (slope - slope[:, :1]), axis=0).max() < 2e-5


def test_states_and_mean_elements_are_inverse() -> None:
    rng = np.random.default_rng(4)
    n = 50
    made = MeanElements(
        rng.uniform(6.7e6, 8e6, n), rng.uniform(0.3, 2.8, n), rng.uniform(-3, 3, n), rng.uniform(-3, 3, n),
        *(rng.normal(size=(2, n)) * 0.004),
    )  # fmt: skip
    found = mean_elements(*states(made))
    for f in fields(MeanElements):
        theirs = getattr(made, f.name)
        assert getattr(found, f.name) == pytest.approx(theirs, abs=1e-12 * np.abs(theirs).max())


@pytest.mark.parametrize("latitude", [0.0, 2.1])
def test_offsets_are_those_at_the_node(latitude: float) -> None:
    """Source of truth: definition: radial, along-track, cross-track where the chief crosses the equator northward. J2's short
    periods are a thousandth of them, the bend of the orbit 1 km^2 / 2a = 0.07 m."""
    flying = Formation(_chief(latitude), of_offsets(OFFSETS, CHIEF), GRID)
    at_node_s = (2.0 * math.pi - latitude) % (2.0 * math.pi) / (2.0 * math.pi) * PERIOD
    r = flying.positions_m(np.array([at_node_s, at_node_s + 1.0]))
    up = r[0, :, 0] / np.linalg.norm(r[0, :, 0])
    ahead = r[1, :, 0] - r[0, :, 0]
    ahead -= (ahead @ up) * up
    ahead /= np.linalg.norm(ahead)
    found = np.stack((up, ahead, np.cross(up, ahead))) @ (r[0] - r[0][:, :1])
    assert abs(found - OFFSETS).max() < 4.0


def test_cross_track_swings_with_the_node() -> None:
    """Source of truth: two planes that differ by their node alone are farthest apart at the nodes, by the offset (to J2, a
    thousandth), and cross near the highest latitudes; north of the equator crossing the sign is the offset's."""
    flying = Formation(CHIEF, of_offsets(np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 500.0]]), CHIEF), GRID)
    r = flying.positions_m(np.arange(5) * PERIOD / 4.0)
    d = r[:, :, 1] - r[:, :, 0]
    assert np.linalg.norm(d, axis=1) == pytest.approx([500.0, 0.0, 500.0, 0.0, 500.0], abs=1.0)
    node = float(CHIEF.node_rad[0])
    normal = np.array([math.sin(node) * math.sin(I), -math.cos(node) * math.sin(I), math.cos(I)])
    assert d[0] @ normal == pytest.approx(500.0, abs=1.0)
    assert d[2] @ normal == pytest.approx(-500.0, abs=2.0)  # the node has moved by a tenth of a degree


def test_tiles_are_the_whole() -> None:
    """The same satellites whatever the tile, the last one repeated beyond the end, and whatever the subset."""
    flying = Formation(_chief(1.0), of_offsets(OFFSETS, CHIEF), GRID)
    whole, part = np.empty((5, 3, 9)), np.empty((5, 3, 4))
    flying.fill(0, 9, -1, whole)
    flying.fill(6, 9, -1, part)
    assert np.array_equal(part[:, :, :3], whole[:, :, 6:])
    assert np.array_equal(part[:, :, 3], whole[:, :, 8])
    flying.subset(np.array([2, 7])).fill(0, 2, -1, some := np.empty((5, 3, 2)))
    assert np.array_equal(some, whole[:, :, [2, 7]])
