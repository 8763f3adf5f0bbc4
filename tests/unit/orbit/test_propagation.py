"""Where satellites are: circular J2, formations, SGP4."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import oracle_shadow as oracle
import pytest
from scipy.optimize import brentq
from sgp4.api import WGS72, Satrec

from orbit.catalog import ElementSet
from orbit.elements import CircularElements
from orbit.propagation import CircularJ2, Sgp4
from orbit.timegrid import TimeGrid, julian_date

EPOCH = datetime(2026, 3, 20, 14, 46, tzinfo=UTC)
GRID = TimeGrid(*julian_date(EPOCH), 60.0, 1440)

# Vallado's test satellite 88888 (SGP4-VER.TLE) and a copy that decays: B* 0.99999e-1, 16.4 rev/day
LINES = (
    "1 88888U          80275.98708465  .00073094  13844-3  66816-4 0    87",
    "2 88888  72.8435 115.9689 0086731  52.6988 110.5714 16.05824518  1058",
)


def _checked(line: str) -> str:
    return line[:68] + str(sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10)


DOOMED = (_checked(LINES[0][:53] + " 99999-1" + LINES[0][61:]), _checked(LINES[1][:52] + "16.40000000" + LINES[1][63:]))
EPOCH_88888 = datetime(1980, 1, 1, tzinfo=UTC) + timedelta(days=274.98708465)


def _sets(*pairs: tuple[str, str]) -> list[ElementSet]:
    return [ElementSet(str(n), *pair, 1, EPOCH_88888) for n, pair in enumerate(pairs)]


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


def test_sgp4_equals_the_package_exactly() -> None:
    """Source of truth: sgp4.Satrec, one satellite and one moment at a time; equal bit by bit. Lanes beyond hi repeat."""
    other = _checked(LINES[1][:8] + " 28.5000" + LINES[1][16:])
    sets = _sets(LINES, (LINES[0], other), LINES)
    grid = TimeGrid(*julian_date(EPOCH_88888), 60.0, 200)
    out = np.empty((20, 3, 8))
    assert Sgp4(sets, grid).fill(1, 3, 7, out) is None
    jd, fr = grid.jd_fr(7, 20)
    for lane, pair in ((0, sets[1]), (1, sets[2])):
        satrec = Satrec.twoline2rv(pair.line1, pair.line2, WGS72)
        for k in range(20):
            error, r_km, _ = satrec.sgp4(jd[k], fr[k])
            assert error == 0
            assert out[k, :, lane].tolist() == [1e3 * x for x in r_km]
    assert np.all(out[:, :, 2:] == out[:, :, 1:2])


def test_sgp4_published_position() -> None:
    """Source of truth: tcppver.out of Vallado's verification set, satellite 88888 at its epoch: 2328.96975262,
    -5995.22051338, 1719.97297192 km; 1e-5 km. The epoch as a datetime is rounded to 1 us, 8 mm of motion."""
    grid = TimeGrid(*julian_date(EPOCH_88888), 60.0, 10)
    out = np.empty((1, 3, 1))
    Sgp4(_sets(LINES), grid).fill(0, 1, 0, out)
    assert out[0, :, 0] == pytest.approx([2328969.75262, -5995220.51338, 1719972.97192], abs=0.02)


def test_a_decayed_satellite_is_masked_and_harms_no_other() -> None:
    """Source of truth: the package's own error codes; whatever stands in for the missing position must be finite."""
    grid = TimeGrid(*julian_date(EPOCH_88888), 600.0, 200)
    sets = _sets(LINES, DOOMED)
    satrec = Satrec.twoline2rv(*DOOMED, WGS72)
    errors = satrec.sgp4_array(*grid.jd_fr(0, 200))[0]
    assert errors[0] == 0 < errors[-1]
    out = np.empty((200, 3, 4))
    failed = Sgp4(sets, grid).fill(0, 2, 0, out)
    assert failed is not None
    assert np.array_equal(failed[:, 1], errors)
    assert np.array_equal(failed[:, 2], failed[:, 1])
    assert np.array_equal(failed[:, 3], failed[:, 1])
    assert not failed[:, 0].any()
    assert np.isfinite(out).all()
    alone = np.empty((200, 3, 1))
    Sgp4(_sets(LINES), grid).fill(0, 1, 0, alone)
    assert np.array_equal(out[:, :, :1], alone)


def test_sgp4_of_ready_records() -> None:
    """Source of truth: the same satellites as element sets: bit by bit, also for some of them and mixed."""
    other = _checked(LINES[1][:8] + " 28.5000" + LINES[1][16:])
    sets = _sets(LINES, (LINES[0], other), LINES)
    records = [Satrec.twoline2rv(s.line1, s.line2, WGS72) for s in sets]
    grid = TimeGrid(*julian_date(EPOCH_88888), 60.0, 200)
    expected, ours = np.empty((20, 3, 4)), np.empty((20, 3, 4))
    Sgp4(sets, grid).fill(0, 3, 5, expected)
    for mixed in (records, [sets[0], records[1], sets[2]]):
        propagator = Sgp4(mixed, grid)
        assert propagator.count == 3
        assert propagator.fill(0, 3, 5, ours) is None
        assert np.array_equal(ours, expected)
    some = np.empty((20, 3, 1))
    Sgp4(records, grid).subset(np.array([1])).fill(0, 1, 5, some)
    assert np.array_equal(some, expected[:, :, 1:2])
