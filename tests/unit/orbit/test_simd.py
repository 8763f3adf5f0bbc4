"""Elementary functions of the kernels against libm and multiple precision."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from orbit.kernels import simd

# Correctly rounded values by the C library have an error of at most half a unit in the last place near 1: 1.1e-16.
LIBM_ERROR = 1.2e-16


@numba.njit
def _sincos(x, out):
    for i in range(x.size):
        out[0, i], out[1, i] = simd.sincos(x[i])


@numba.njit
def _inverse(x, out):
    for i in range(x.size):
        out[i] = simd.arcsin(x[i])


@numba.njit
def _arc(sine, cosine, out):
    for i in range(sine.size):
        out[i] = simd.arc(sine[i], cosine[i])


@numba.njit
def _exponential(x, out):
    for i in range(x.size):
        out[i] = simd.exponential(x[i])


def _angles(top: float) -> np.ndarray:
    rng = np.random.default_rng(20260101)
    quarter = np.arange(-400, 401) * (0.5 * math.pi)
    near = np.concatenate([np.nextafter(quarter, s) for s in (-np.inf, np.inf)] + [quarter])
    even = np.linspace(-top, top, 200_001)
    tiny = np.geomspace(1e-300, 1.0, 2_000)
    return np.concatenate((even, rng.uniform(-top, top, 200_000), near[np.abs(near) <= top], tiny, -tiny))


@pytest.mark.parametrize("top", [10.0, 1e3, 1e5])
def test_sincos_against_libm(top: float) -> None:
    """Source of truth: numpy's sin and cos (correctly rounded to 1 ulp). Documented: absolute error below 3e-16."""
    x = _angles(top)
    ours = np.empty((2, x.size))
    _sincos(x, ours)
    error = np.abs(ours - np.stack((np.sin(x), np.cos(x))))
    assert error.max() < 3e-16 + LIBM_ERROR


def test_sincos_at_large_angles_against_multiple_precision() -> None:
    """Source of truth: sin and cos in 40 digits by Taylor's series in integers; the range reduction is what can fail.

    The float nearest to k pi / 2 for k up to 6e4 is the worst argument: its sine or cosine is the rounding of the
    argument itself, about 1e-11, and must keep that absolute error below 3e-16.
    """
    from decimal import Decimal, getcontext

    getcontext().prec = 60
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")

    def exact(x: float) -> tuple[float, float]:
        r = Decimal(x) - (Decimal(x) / (2 * pi)).to_integral_value() * 2 * pi
        s = c = Decimal(0)
        term = Decimal(1)
        for n in range(60):
            c, s = (
                (c + term * (1 if n % 4 == 0 else -1), s) if n % 2 == 0 else (c, s + term * (1 if n % 4 == 1 else -1))
            )
            term = term * r / (n + 1)
        return float(s), float(c)

    x = np.array([k * 0.5 * math.pi for k in (1, 2, 3, 7, 1000, 12_345, 31_831, 44_444, 60_001, 63_661)] + [99_999.9])
    ours = np.empty((2, x.size))
    _sincos(x, ours)
    theirs = np.array([exact(v) for v in x]).T
    assert np.abs(ours - theirs).max() < 3e-16


def test_sincos_has_unit_norm() -> None:
    """Source of truth: sin^2 + cos^2 = 1; two errors below 3e-16 move it by at most 2 sqrt(2) 3e-16."""
    x = _angles(1e5)
    ours = np.empty((2, x.size))
    _sincos(x, ours)
    assert np.abs((ours * ours).sum(axis=0) - 1.0).max() < 9e-16


def test_arcsin_against_libm() -> None:
    """Source of truth: numpy's arcsin. Documented: absolute error below 4e-16."""
    rng = np.random.default_rng(7)
    edge = 1.0 - np.geomspace(1e-16, 0.5, 5_000)
    half = np.array([0.5, np.nextafter(0.5, 0.0), np.nextafter(0.5, 1.0), 0.0, 1.0])
    tiny = np.geomspace(1e-300, 0.5, 2_000)
    x = np.concatenate((np.linspace(-1.0, 1.0, 200_001), rng.uniform(-1.0, 1.0, 200_000), edge, half, tiny))
    x = np.concatenate((x, -x))
    ours = np.empty(x.size)
    _inverse(x, ours)
    assert np.abs(ours - np.arcsin(x)).max() < 4e-16 + 2.0 * LIBM_ERROR


def test_arc_against_libm() -> None:
    """Source of truth: numpy's arctan2, of sines and cosines of angles over the whole range, and near its quarters.

    Documented: 5e-16; sine and cosine of an angle are off by a rounding each.
    """
    turn = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 200_001)
    near = np.concatenate([at + np.geomspace(1e-16, 0.1, 3_000) * way for at in (0.0, np.pi / 4, -np.pi / 4) for way in (1, -1)])
    angle = np.concatenate((turn, near, [-0.5 * np.pi + 1e-15, 0.5 * np.pi - 1e-15]))
    sine, cosine, ours = np.sin(angle), np.maximum(0.0, np.cos(angle)), np.empty(angle.size)
    _arc(sine, cosine, ours)
    assert np.abs(ours - np.arctan2(sine, cosine)).max() < 5e-16 + 2.0 * LIBM_ERROR


def test_exponential_against_libm() -> None:
    """Source of truth: numpy's exp over the documented range of 64. Documented: relative error below 5e-16."""
    x = np.concatenate((np.linspace(-64.0, 64.0, 400_001), np.geomspace(1e-300, 64.0, 2_000), -np.geomspace(1e-300, 64.0, 2_000)))
    ours = np.empty(x.size)
    _exponential(x, ours)
    assert np.abs(ours / np.exp(x) - 1.0).max() < 5e-16 + 2.0 * LIBM_ERROR


def test_arcsin_at_the_ends() -> None:
    """Source of truth: the definition; the ends of the range must not fall outside [-pi/2, pi/2]."""
    assert simd.arcsin(1.0) == 0.5 * math.pi
    assert simd.arcsin(-1.0) == -0.5 * math.pi
    assert simd.arcsin(0.0) == 0.0
    assert simd.arc(1.0, 0.0) == 0.5 * math.pi
    assert simd.arc(-1.0, 0.0) == -0.5 * math.pi
    assert simd.arc(0.0, 1.0) == 0.0
