"""The formation: how many, how near, how they move round each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from orbit.cluster import square_lattice_offsets_m
from orbit.elements import nodal_period_s
from orbit.propagation import Formation
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid

A = 6378137.0 + 650e3


@pytest.fixture(scope="module")
def orbit_of_81() -> tuple[np.ndarray, np.ndarray, float]:
    """Times [s], positions (time, axis, satellite) [m] and nodal period [s] of the 1 km lattice over one orbit."""
    chief = sun_synchronous_ring(650e3, 6.0, 1, 2461395.5, 0.0)
    period = nodal_period_s(A, float(chief.inclination_rad[0]))
    grid = TimeGrid(2461395.5, 0.0, period / 240.0, 241)
    offsets = square_lattice_offsets_m(200.0, 1000.0)
    out = np.empty((241, 3, offsets.shape[1]))
    Formation(chief, offsets, grid).fill(0, offsets.shape[1], 0, out)
    return grid.seconds(0, 241), out, period


def _chief(r: np.ndarray) -> int:
    """The satellite in the middle: the one with the least summed distance."""
    spread = np.linalg.norm(r[0] - r[0].mean(axis=1, keepdims=True), axis=0)
    return int(spread.argmin())


@pytest.mark.parametrize(
    ("spacing", "radius", "count"), [(200.0, 1000.0, 81), (1.0, 0.5, 1), (100.0, 100.0, 5), (100.0, 1000.0, 317)]
)
def test_count_is_gausss_circle(spacing: float, radius: float, count: int) -> None:
    """Source of truth: Gauss's circle problem, lattice points in a disc: N(5) = 81, N(0) = 1, N(1) = 5, N(10) = 317."""
    offsets = square_lattice_offsets_m(spacing, radius)
    assert offsets.shape == (3, count)
    assert len({tuple(row) for row in offsets.T}) == count


def test_neighbours_swing_between_100_and_200_m_twice_an_orbit(
    orbit_of_81: tuple[np.ndarray, np.ndarray, float],
) -> None:
    """Source of truth: the published formation: 81 satellites, 1 km radius, neighbours 100 to 200 m; each pair of lattice
    neighbours rides a 2:1 ellipse of semi-axes 200 and 100 m, so its range has two maxima and two minima an orbit.

    240 samples miss an extreme by at most (pi / 240)^2 / 2 of the swing, 0.01 m; curvature of the orbit 1 km^2 / 2a = 0.1 m.
    """
    _, r, _ = orbit_of_81
    chief = _chief(r)
    ranges = np.linalg.norm(r - r[:, :, chief : chief + 1], axis=1)
    peak = ranges.max(axis=0)
    neighbours = np.flatnonzero((peak > 150.0) & (peak < 250.0))
    assert neighbours.size == 4
    for k in neighbours:
        swing = ranges[:, k]
        assert swing.max() == pytest.approx(200.0, abs=0.2)
        assert swing.min() == pytest.approx(100.0, abs=0.2)
        rising = np.sign(np.diff(swing))
        assert np.count_nonzero(rising[1:] * rising[:-1] < 0) in (
            3,
            4,
        )  # two maxima, two minima; one may fall on an end
    # no pair of the 81 comes nearer than 100 m, and the formation stays within the disc stretched 1:1 (1 km)
    worst = min(
        float(np.linalg.norm(r[:, :, i + 1 :] - r[:, :, i : i + 1], axis=1).min()) for i in range(r.shape[2] - 1)
    )
    assert worst == pytest.approx(100.0, abs=0.2)
    assert ranges.max() == pytest.approx(1000.0, abs=0.5)


def test_relative_motion_against_integration(orbit_of_81: tuple[np.ndarray, np.ndarray, float]) -> None:
    """Source of truth: scipy DOP853 of the Clohessy-Wiltshire equations x'' = 2 n y' + 3 n^2 x, y'' = -2 n x', z'' = -n^2 z
    with the nodal rate, from the bounded start x' = n y / 2, y' = -2 n x, z' = 0.

    Integration 1e-9 relative, and the chief frame rebuilt from two positions 1e-9 of 1 km: below 0.01 mm.
    """
    t, r, period = orbit_of_81
    n = 2.0 * math.pi / period
    chief = _chief(r)
    c = r[:, :, chief]
    radial = c / np.linalg.norm(c, axis=1, keepdims=True)
    i = math.radians(97.986)
    # the frame from the orbit's own plane: two positions of the same moment's plane are not at hand, so rotate the node
    node_rate = -1.5 * math.sqrt(3.986004418e14 / A**3) * 1.08262668e-3 * (6378137.0 / A) ** 2 * math.cos(i)
    first, quarter = radial[0], radial[60]
    turn = node_rate * t[60]
    back = np.array([[math.cos(turn), math.sin(turn), 0.0], [-math.sin(turn), math.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    normal0 = np.cross(first, back @ quarter)
    normal0 /= np.linalg.norm(normal0)
    angle = node_rate * t
    normal = np.stack(
        (np.cos(angle) * normal0[0] - np.sin(angle) * normal0[1], np.sin(angle) * normal0[0] + np.cos(angle) * normal0[1],
         np.full(t.size, normal0[2])), axis=1,
    )  # fmt: skip
    along = np.cross(normal, radial)
    for k in (0, 20, 63, 80):
        d = r[:, :, k] - c
        ours = np.stack([np.sum(d * axis, axis=1) for axis in (radial, along, normal)])
        x, y, z = ours[:, 0]
        theirs = solve_ivp(
            lambda _, s: [s[3], s[4], s[5], 2 * n * s[4] + 3 * n * n * s[0], -2 * n * s[3], -n * n * s[2]],
            (0.0, t[-1] + 1.0), [x, y, z, 0.5 * n * y, -2.0 * n * x, 0.0],
            method="DOP853", rtol=1e-12, atol=1e-9, t_eval=t,
        )  # fmt: skip
        assert np.abs(ours - theirs.y[:3]).max() < 1e-5


def test_cross_track_is_a_sine() -> None:
    """Source of truth: z(t) = z0 cos nt; half an orbit later the satellite is on the other side."""
    chief = sun_synchronous_ring(650e3, 6.0, 1, 2461395.5, 0.0)
    period = nodal_period_s(A, float(chief.inclination_rad[0]))
    grid = TimeGrid(2461395.5, 0.0, period / 4.0, 5)
    out = np.empty((5, 3, 2))
    Formation(chief, np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 500.0]]), grid).fill(0, 2, 0, out)
    across = np.linalg.norm(out[:, :, 1] - out[:, :, 0], axis=1)
    assert across == pytest.approx([500.0, 0.0, 500.0, 0.0, 500.0], abs=1e-3)
    d = out[:, :, 1] - out[:, :, 0]
    assert d[0] @ d[2] < 0.0 < d[0] @ d[4]
