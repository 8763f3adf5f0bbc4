"""Lines of sight against brute force and skyfield."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import skyfield_earth
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, wgs84

from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.visibility import OUT_OF_SIGHT_M2, access_m, nearest_in_sight, range2_and_height


def _sites() -> list[Station]:
    rng = np.random.default_rng(8)
    return [
        Station(
            str(n), math.asin(rng.uniform(-1, 1)), rng.uniform(-math.pi, math.pi), rng.uniform(0, 3e3), math.radians(m)
        )
        for n, m in enumerate((0.0, 5.0, 10.0, 25.0, 40.0, 88.0))
    ]


@pytest.mark.parametrize("lanes", [1, 2, 3, 8, 37])
@pytest.mark.parametrize("rows", [1, 4])
def test_nearest_against_brute_force(lanes: int, rows: int) -> None:
    """Source of truth: elevations by arcsin of normalised vectors, one by one in numpy, then the least range.

    Equal to rounding, 1e-14, as both start from the same coordinates."""
    rng = np.random.default_rng(lanes + 100 * rows)
    sites = _sites()
    r = rng.normal(size=(4, 3, lanes))
    r *= (6378137.0 + rng.uniform(3e5, 2e6, (4, 1, lanes))) / np.linalg.norm(r, axis=1, keepdims=True)
    r[:, :, : lanes // 2] = r[:, :, :1] * (1.0 + 0.05 * rng.uniform(size=(4, 1, lanes // 2)))  # some close together
    at = np.broadcast_to(np.array([position_m(s) for s in sites]), (4, len(sites), 3)).copy()
    up = np.broadcast_to(np.array([zenith(s) for s in sites]), (4, len(sites), 3)).copy()
    up[1] = at[1] / np.linalg.norm(at[1], axis=1, keepdims=True)
    serves = (rng.uniform(size=(rows, lanes)) < 0.7) * rng.uniform(0.01, 1.0, (rows, lanes))
    best = np.full((4, len(sites)), OUT_OF_SIGHT_M2)
    best[3, 0] = 1.0  # an earlier tile already found something nearer
    nearest_in_sight(r, serves, at, up, np.sin([s.min_elevation_rad for s in sites]), best)
    seen = 0
    for k in range(4):
        for n, site in enumerate(sites):
            expected = 1.0 if (k, n) == (3, 0) else math.inf
            for i in range(lanes):
                d = r[k, :, i] - at[k, n]
                elevation = math.asin(d @ up[k, n] / np.linalg.norm(d))
                if elevation >= site.min_elevation_rad and serves[k if rows > 1 else 0, i] > 0.0:
                    expected = min(expected, float(d @ d))
                    seen += 1
            if math.isinf(expected):
                assert best[k, n] == OUT_OF_SIGHT_M2
            else:
                assert best[k, n] == pytest.approx(expected, rel=1e-14)
    assert seen > 0 or lanes < 8


def test_mask_is_exact() -> None:
    """Source of truth: a satellite placed 1e-6 deg above or below the mask by rotation; zero elevation counts as seen."""
    p, u = np.array([[[6378137.0, 0.0, 0.0]]]), np.array([[[1.0, 0.0, 0.0]]])
    for mask_deg in (0.0, 10.0, 25.0, 60.0):
        for offset, visible in ((1e-6, True), (-1e-6, False)):
            e = math.radians(mask_deg + offset)
            r = np.array([[[6378137.0 + 1e6 * math.sin(e)], [1e6 * math.cos(e)], [0.0]]])
            best = np.full((1, 1), OUT_OF_SIGHT_M2)
            nearest_in_sight(r, np.ones((1, 1)), p, u, np.array([math.sin(math.radians(mask_deg))]), best)
            assert (best[0, 0] < OUT_OF_SIGHT_M2) == visible


def test_elevation_against_skyfield() -> None:
    """Source of truth: skyfield's EarthSatellite and altaz (no refraction) with the same UT1 and pole. Dates in whole
    microseconds: 8 mm of a satellite's way, 1e-6 deg at 550 km."""
    ts = skyfield_earth.timescale()
    satrec = Satrec()
    satrec.sgp4init(WGS72, "i", 1, 28116.0, 0.0, 0.0, 0.0, 1e-4, 0.3, math.radians(53.0), 0.4, 2 * math.pi / 95.6, 1.0)
    t, jd, fr = skyfield_earth.moments(datetime(2026, 12, 21, tzinfo=UTC), timedelta(minutes=2), 720)
    geo = EarthSatellite.from_satrec(satrec, ts)
    lat, lon, h = 35.06, -90.16, 70.0
    alt, _, distance = (geo - wgs84.latlon(lat, lon, h)).at(t).altaz()
    site = Station("Memphis", math.radians(lat), math.radians(lon), h, 0.0)
    at, up = in_teme(position_m(site)[None], jd, fr)[:, 0], in_teme(zenith(site)[None], jd, fr)[:, 0]
    _, r_km, _ = satrec.sgp4_array(jd, fr)
    passes = 0
    for k in range(len(t)):
        range2, height = range2_and_height(*(1e3 * r_km[k]), *at[k], *up[k])
        if alt.degrees[k] > 0.0:
            passes += 1
            assert math.degrees(math.asin(height / math.sqrt(range2))) == pytest.approx(alt.degrees[k], abs=2e-6)
            assert math.sqrt(range2) == pytest.approx(distance.m[k], abs=0.02)
    assert passes > 20


@pytest.mark.parametrize("lanes", [1, 7, 64])
def test_slant_ranges_against_brute_force(lanes: int) -> None:
    """Source of truth: norms and arcsines one by one; inf below the mask or beyond the range cut, and only there.

    Each station has its own mask and cut; one has no cut, one no mask. Equal to rounding, 1e-14."""
    rng = np.random.default_rng(lanes)
    sites = _sites()
    r = rng.normal(size=(3, lanes))
    r *= (6378137.0 + rng.uniform(3e5, 2e6, lanes)) / np.linalg.norm(r, axis=0)
    r[:, : lanes // 2] = r[:, :1] * (1.0 + 0.05 * rng.uniform(size=lanes // 2))
    at, up = np.array([position_m(s) for s in sites]), np.array([zenith(s) for s in sites])
    at[1] = r[:, 0] * 6378137.0 / np.linalg.norm(r[:, 0])  # one satellite overhead
    up[1] = at[1] / np.linalg.norm(at[1])
    cut = np.array([2.5e6, np.inf, 4e6, 1e6, np.inf, 3e6])
    out = np.empty((len(sites), lanes))
    access_m(r, at, up, np.sin([s.min_elevation_rad for s in sites]), cut, out)
    seen = 0
    for n, site in enumerate(sites):
        for i in range(lanes):
            d = r[:, i] - at[n]
            length = float(np.linalg.norm(d))
            if math.asin(min(1.0, d @ up[n] / length)) >= site.min_elevation_rad and length <= cut[n]:
                assert out[n, i] == pytest.approx(length, rel=1e-14)
                seen += 1
            else:
                assert out[n, i] == np.inf
    assert 0 < seen < len(sites) * lanes


def test_the_range_cut_is_exact() -> None:
    """Source of truth: a satellite 1 mm nearer or farther than the cut; the elevation is the same."""
    at, up = np.array([[6378137.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    for spare_m, visible in ((1e-3, True), (-1e-3, False)):
        out = np.empty((1, 1))
        away = 1.26e6 - spare_m
        r = at.T + away * np.array([[0.6], [0.8], [0.0]])
        access_m(r, at, up, np.zeros(1), np.array([1.26e6]), out)
        assert bool(np.isfinite(out[0, 0])) == visible


ASSEMBLY = """
import numpy as np
from orbit.kernels.visibility import slant_ranges
one = np.ones(1)
slant_ranges(np.ones((3, 2)), np.ones((1, 3)), np.ones((1, 3)), one, one, np.empty((1, 2)))
print(*slant_ranges.inspect_asm().values())
"""


def test_slant_ranges_use_the_widest_vectors(widest: str, tmp_path: Path) -> None:
    """Source of truth: /proc/cpuinfo: packed square roots on the widest registers, in machine code made afresh."""
    root = Path(__file__).parents[3]
    # code from the cache cannot be looked at
    environment = {**os.environ, "PYTHONPATH": str(root), "DAWNDUSK_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASSEMBLY], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(re.findall(rf"vsqrtpd[^\n]*%{widest}", done.stdout)) >= 1
