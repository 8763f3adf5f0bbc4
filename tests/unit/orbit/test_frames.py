"""Sidereal time and the turn to Earth-fixed axes."""

from __future__ import annotations

import math

import erfa
import numpy as np

from orbit.kernels.frames import gmst_rad


def test_gmst_against_erfa() -> None:
    """Source of truth: erfa.gmst82 (SOFA), the same IAU 1982 model. 1e-10 rad is 0.6 mm at the equator."""
    rng = np.random.default_rng(3)
    jd = np.floor(rng.uniform(2447892.0, 2469807.0, 5_000)) + 0.5
    fr = rng.uniform(0.0, 1.0, jd.size)
    ours = gmst_rad(jd, fr)
    assert np.all((ours >= 0.0) & (ours < 2.0 * math.pi))
    difference = np.remainder(ours - erfa.gmst82(jd, fr) + math.pi, 2.0 * math.pi) - math.pi
    assert np.abs(difference).max() < 1e-10


def test_gmst_keeps_the_digits_of_a_two_part_date() -> None:
    """Source of truth: one second turns the Earth by 2 pi 1.00273790935 / 86400 rad (Aoki 1982); 1e-12 rad is 6 um."""
    jd = 2461395.5
    second = gmst_rad(jd, 0.5 + 1.0 / 86400.0) - gmst_rad(jd, 0.5)
    assert abs(second - 2.0 * math.pi * 1.00273790935 / 86400.0) < 1e-12
