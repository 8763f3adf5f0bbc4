"""Where satellites are: circular orbits under secular J2."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import oracle_shadow as oracle
import pytest
from scipy.optimize import brentq
from sgp4.api import WGS72, Satrec

from orbit.elements import CircularElements
from orbit.propagation import CircularJ2
from orbit.timegrid import TimeGrid, julian_date

EPOCH = datetime(2026, 3, 20, 14, 46, tzinfo=UTC)
GRID = TimeGrid(*julian_date(EPOCH), 60.0, 1440)


@pytest.mark.parametrize("inclination_deg", [0.0, 53.0, 97.6, 180.0])
def test_circular_against_rotation_matrices(inclination_deg: float) -> None:
    """Source of truth: the same mean elements through matrices in numpy. 1e-9 rad after a year (2e5 rad) would be 7 mm;
    two sums of rounded products: 1e-8 of the radius at most over a day, asked for 1 mm."""
    i = math.radians(inclination_deg)
    a, node, u = np.array([6928137.0, 7378137.0]), np.array([0.3, 4.0]), np.array([6.0, 1.0])
    propagator = CircularJ2(CircularElements(a, np.full(2, i), node, u), GRID)
    out = np.empty((50, 3, 8))
    assert propagator.fill(0, 2, 1391, out) is None
    t = 60.0 * np.arange(1391, 1441)
    for k in range(2):
        theirs = oracle.circular_orbit_m(t, a[k], i, node[k], u[k])
        assert np.abs(out[:, :, k] - theirs).max() < 1e-3
    assert np.all(out[:, :, 2:] == out[:, :, 1:2])  # padding repeats the last


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg"), [(550.0, 53.0), (630.0, 51.9), (550.0, 97.6), (1200.0, 87.9)]
)
def test_circular_against_sgp4(altitude_km: float, inclination_deg: float) -> None:
    """Source of truth: sgp4.Satrec with B* = 0, e = 1e-7, and the Kozai mean motion that gives the same semi-major axis.

    Short-period J2 terms are 10 km, secular terms of J2^2 a few km in a day: at most 20 km (networks, section 3).
    """
    a = 6378137.0 + 1e3 * altitude_km

    def satrec(no_kozai: float) -> Satrec:
        made = Satrec()
        whole, part = julian_date(EPOCH)
        made.sgp4init(
            WGS72,
            "i",
            1,
            whole - 2433281.5 + part,
            0.0,
            0.0,
            0.0,
            1e-7,
            0.0,
            math.radians(inclination_deg),
            0.7,
            no_kozai,
            2.1,
        )
        return made

    n0 = math.sqrt(oracle.MU / a**3) * 60.0
    no_kozai = brentq(lambda n: satrec(n).a * satrec(n).radiusearthkm * 1e3 - a, 0.99 * n0, 1.01 * n0, xtol=1e-15)
    error, theirs, _ = satrec(no_kozai).sgp4_array(*GRID.jd_fr(0, 1441))
    assert not error.any()
    shell = CircularElements(np.array([a]), np.array([math.radians(inclination_deg)]), np.array([2.1]), np.array([0.7]))
    ours = np.empty((1441, 3, 1))
    CircularJ2(shell, GRID).fill(0, 1, 0, ours)
    apart = np.linalg.norm(ours[:, :, 0] - 1e3 * theirs, axis=1)
    assert apart.max() < 20e3
