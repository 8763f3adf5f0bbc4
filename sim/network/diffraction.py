"""Diffraction of a beam from one circular aperture to another: Fresnel's integral, from the near field to the far field.

Lengths across the beam are in radii a of the transmitting aperture. Distance enters by the Fresnel number N = a^2 / (lambda L)
alone: above about 1 the receiver is in the near field, far below it in the far field. The transmitter fills its aperture with
exp(-(T r / a)^2), a Gaussian beam of waist a / T that the edge cuts off; T, the truncation ratio, is 0 for uniform light.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FARTHEST = 1e-3  # least Fresnel number of the tables, of the larger aperture; beyond, the limit of the far field
NEAREST = 32.0  # largest one; beyond, the limit of the near field
WIDTH_NEAREST = 8.0  # nearer than this the footprint is that of the apertures
HALF = math.sqrt(2.0 / math.log(2.0))  # 1/e^2 radius of a Gaussian beam over its half-power radius


def emitted_power(truncation: float) -> float:
    """Power that passes the aperture, for an amplitude of 1 on the axis.

    Parameters
    ----------
    truncation : float
        Ratio of the aperture's radius to the waist of the beam, 0 to about 3.

    Returns
    -------
    float
        Integral of the intensity over the aperture, in units of a^2.

    Examples
    --------
    >>> emitted_power(0.0) == math.pi
    True
    """
    t = 2.0 * truncation * truncation
    return math.pi if t == 0.0 else -math.pi * math.expm1(-t) / t


@lru_cache(maxsize=64)
def _rule(count: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(count)
    return 0.5 * (x + 1.0), 0.5 * w


def nodes(least: float) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on 0 to 1.

    Parameters
    ----------
    least : float
        Least number of nodes; it is rounded up to a multiple of 16, as rules take longer than what they serve.

    Returns
    -------
    tuple of ndarray
        Nodes and weights.

    Examples
    --------
    >>> x, w = nodes(5)
    >>> x.size, round(float((x * x * w).sum()), 12)
    (16, 0.333333333333)
    """
    return _rule(16 * math.ceil(least / 16.0))


def _source(fresnel: float, truncation: float, s: Array, weight: Array) -> NDArray[np.complex128]:
    """Amplitude with the phase of Fresnel's kernel, times the measure of the quadrature."""
    return np.asarray(np.exp(-((truncation * s) ** 2) + 1j * math.pi * fresnel * s * s) * s * weight)


def encircled_fraction(fresnel: float, radius: float, truncation: float, extra_nodes: int = 0) -> float:
    """Share of the emitted power that falls on a disc about the axis, by quadrature.

    Parameters
    ----------
    fresnel : float
        Fresnel number of the transmitting aperture, positive.
    radius : float
        Radius of the disc, positive.
    truncation : float
        Truncation ratio of the beam, not negative.
    extra_nodes : int, optional
        Nodes of the quadrature beyond those that give ten digits.

    Returns
    -------
    float
        Share, 0 to 1.

    Notes
    -----
    The field at radius p is 2 pi N times the integral over s of exp(-T^2 s^2 + i pi N s^2) J0(2 pi N s p) s. Squared and
    integrated over the disc, the two Bessel functions leave Lommel's integral, which is known in closed form, so that one double
    sum over the nodes of the aperture is all.

    References
    ----------
    [goodman2005:ch. 4]

    Examples
    --------
    In the far field it is the equation of Friis, (pi N)^2 for equal and uniform apertures:

    >>> round(encircled_fraction(1e-3, 1.0, 0.0) / (math.pi * 1e-3) ** 2, 5)
    0.99999
    """
    from scipy.special import j0, j1  # slow to import

    s, weight = nodes(24.0 + extra_nodes + 3.0 * fresnel * (1.0 + radius))
    source = _source(fresnel, truncation, s, weight)
    scale = 2.0 * math.pi * fresnel
    zero, one = j0(scale * radius * s), j1(scale * radius * s)
    apart = s[:, None] ** 2 - s[None, :] ** 2
    np.fill_diagonal(apart, 1.0)
    across = np.outer(s * one, zero)
    lommel = radius * (across - across.T) / (scale * apart)
    np.fill_diagonal(lommel, 0.5 * radius**2 * (zero * zero + one * one))
    power = float((lommel * (np.outer(source.real, source.real) + np.outer(source.imag, source.imag))).sum())  # not by BLAS: same bits
    return 2.0 * math.pi * scale**2 * power / emitted_power(truncation)


def intensity(fresnel: float, radius: Array, truncation: float) -> Array:
    """Intensity across the beam, as a share of the emitted power in each unit of area.

    Parameters
    ----------
    fresnel : float
        Fresnel number, positive.
    radius : ndarray, shape (n,)
        Distances from the axis.
    truncation : float
        Truncation ratio of the beam.

    Returns
    -------
    ndarray, shape (n,)
        Intensity [1/a^2].

    References
    ----------
    [goodman2005:ch. 4]

    Examples
    --------
    On the axis of a uniform aperture it is 4 sin^2(pi N / 2) times that in the aperture:

    >>> round(math.pi * float(intensity(1.0, np.array([0.0]), 0.0)[0]), 9)
    4.0
    """
    from scipy.special import j0

    s, weight = nodes(32.0 + 4.0 * fresnel * (1.0 + float(np.max(radius))))
    scale = 2.0 * math.pi * fresnel
    field = scale * (j0(scale * np.outer(radius, s)) * _source(fresnel, truncation, s, weight)).sum(axis=1)
    return np.asarray(np.abs(field) ** 2 / emitted_power(truncation))


def offset_fraction(fresnel: float, radius: float, offset: ArrayLike, truncation: float) -> Array:
    """Share of the emitted power that falls on a disc beside the axis.

    Parameters
    ----------
    fresnel : float
        Fresnel number, positive.
    radius : float
        Radius of the disc.
    offset : array_like, shape (n,)
        Distances of the disc's centre from the axis, not negative.
    truncation : float
        Truncation ratio of the beam.

    Returns
    -------
    ndarray, shape (n,)
        Shares, 0 to 1.

    Notes
    -----
    A circle of radius p about the axis lies inside the disc over the share acos((p^2 + d^2 - b^2) / 2 p d) / pi of its length.

    Examples
    --------
    >>> centred = offset_fraction(0.3, 1.0, [0.0], 0.0)[0]
    >>> bool(abs(centred - encircled_fraction(0.3, 1.0, 0.0)) < 1e-9)
    True
    """
    shares = []
    for d in np.atleast_1d(np.asarray(offset, dtype=np.float64)).tolist():
        p, area = _rings(radius, d)
        shares.append(float((intensity(fresnel, p, truncation) * area).sum()))
    return np.array(shares)


def _rings(radius: float, offset: float) -> tuple[Array, Array]:
    """Radii of rings about the axis, and their area within a disc beside it: nodes and weights of a quadrature."""
    x, w = nodes(240)
    low, high = max(0.0, offset - radius), offset + radius
    p = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(math.pi * x)  # dense where the arcs begin and end
    inside = np.ones_like(p)
    if offset > 0.0:
        inside = np.arccos(np.clip((p * p + offset**2 - radius**2) / (2.0 * p * offset), -1.0, 1.0)) / math.pi
    return p, math.pi**2 * p * inside * (high - low) * np.sin(math.pi * x) * w


def far_field_radius(truncation: float, level: float = 0.5) -> float:
    """Angle from the axis at which the far field has fallen to a share of its peak.

    Parameters
    ----------
    truncation : float
        Truncation ratio of the beam.
    level : float, optional
        Share of the intensity on the axis, 0.05 to 1 (on the main lobe).

    Returns
    -------
    float
        Angle, in units of lambda / D.

    References
    ----------
    [goodman2005:ch. 4], [kleindegnan1974]

    Examples
    --------
    The half-power angle of a uniform aperture is 0.514 lambda / D:

    >>> round(far_field_radius(0.0), 4)
    0.5145
    """
    from scipy.optimize import brentq
    from scipy.special import j0

    s, weight = nodes(48)
    amplitude = np.exp(-((truncation * s) ** 2)) * s * weight
    peak = float(amplitude.sum())

    def above(angle: float) -> float:
        return (float((j0(math.pi * angle * s) * amplitude).sum()) / peak) ** 2 - level

    low = 0.0
    while above(low + 0.05) > 0.0:
        low += 0.05
    return float(brentq(above, low, low + 0.05, xtol=1e-12))


@lru_cache(maxsize=64)
def _lobe(truncation: float) -> tuple[Array, Array]:
    """Losses down the main lobe [Np], and the 1/e^2 radius of the Gaussian with that loss at the same angle over that at half power."""
    loss = np.concatenate(([1e-3], np.linspace(0.05, 3.0, 60)))
    angle = np.array([far_field_radius(truncation, math.exp(-x)) for x in loss.tolist()])
    return loss, np.asarray(angle * np.sqrt(2.0 / loss) / (HALF * far_field_radius(truncation)))


def lobe_scale(loss_np: ArrayLike, truncation: float) -> Array:
    """Width of the Gaussian beam that loses as much at the same angle, over that of the one with the same half-power angle.

    Parameters
    ----------
    loss_np : array_like
        Loss [Np of power], any shape; beyond 3 Np, near the first zero, that of 3 Np is taken.
    truncation : float
        Truncation ratio of the beam.

    Returns
    -------
    ndarray
        Ratio, near 1: a main lobe is flatter than a Gaussian on its axis, and steeper on its flanks.

    Examples
    --------
    >>> lobe_scale([0.0, math.log(2.0), 2.0], 1.12).round(3).tolist()
    [1.023, 1.0, 0.955]
    """
    loss, scale = _lobe(truncation)
    return np.asarray(np.interp(np.asarray(loss_np, dtype=np.float64), loss, scale))


class Beam(NamedTuple):
    """Tables of one pair of apertures over the logarithm of the Fresnel number, ascending."""

    log_fresnel: Array
    log_fraction: Array  # logarithm of the share on the receiving aperture
    slope: Array  # of `log_fraction`, for monotone cubics between the knots
    nearest_share: float  # share at infinite Fresnel number
    width_log_fresnel: Array
    log_width: Array  # logarithm of the 1/e^2 radius of the Gaussian with the same half-power offset


@lru_cache(maxsize=64)
def beam(ratio: float, truncation: float) -> Beam:
    """Tables of a pair of apertures, computed once in a process.

    Parameters
    ----------
    ratio : float
        Diameter of the receiving aperture over that of the transmitting one, 0.02 to 50.
    truncation : float
        Truncation ratio of the beam, 0 to 3.

    Returns
    -------
    Beam
        Knots and values.
    """
    from scipy.interpolate import PchipInterpolator

    finest = min(1.0, 1.0 / ratio)
    farthest = FARTHEST * finest**2
    knots = np.concatenate((np.geomspace(farthest, 0.5 * finest, 60, endpoint=False), _near_knots(0.5 * finest)))
    share = np.array([encircled_fraction(n, ratio, truncation) for n in knots.tolist()])
    log_n, log_share = np.log(knots), np.log(np.minimum(share, 1.0))
    slope = PchipInterpolator(log_n, log_share).derivative()(log_n)
    inner = min(ratio, 1.0)
    t = 2.0 * truncation * truncation
    geometric = inner**2 if t == 0.0 else math.expm1(-t * inner**2) / math.expm1(-t)
    wide = np.geomspace(farthest, WIDTH_NEAREST, 33)
    width = np.array([HALF * _half_power_offset(n, ratio, truncation) for n in wide.tolist()])
    return Beam(log_n, log_share, np.asarray(slope), geometric, np.log(wide), np.log(width))


def _near_knots(first: float) -> Array:
    """Knots through the ripples of the near field, whose period is 2."""
    count = max(2, math.ceil(24.0 * math.log10(1.0 / first)))
    return np.concatenate((np.geomspace(first, 1.0, count, endpoint=False), np.arange(1.0, NEAREST + 0.05, 0.1)))


def _half_power_offset(fresnel: float, ratio: float, truncation: float) -> float:
    """Offset of the receiving aperture at which it collects half of what it does on the axis."""
    offsets = np.linspace(0.0, 1.2 * max(1.0, ratio) + 0.65 * far_field_radius(truncation) / fresnel, 49)
    radius = np.linspace(0.0, offsets[-1] + ratio, 801)
    profile = intensity(fresnel, radius, truncation)
    rings = [_rings(ratio, d) for d in offsets.tolist()]
    share = np.array([(np.interp(p, radius, profile) * area).sum() for p, area in rings])
    low = share < 0.5 * share[0]
    at = int(np.argmax(low))
    fall = (share[at - 1] - 0.5 * share[0]) / (share[at - 1] - share[at])
    return float(offsets[at - 1] + fall * (offsets[at] - offsets[at - 1]))


def coupled_fraction(fresnel: ArrayLike, ratio: float, truncation: float) -> Array:
    """Share of the emitted power on the receiving aperture, from the tables.

    Parameters
    ----------
    fresnel : array_like
        Fresnel numbers, any shape, positive or inf.
    ratio : float
        Diameter of the receiving aperture over that of the transmitting one.
    truncation : float
        Truncation ratio of the beam.

    Returns
    -------
    ndarray
        Shares, 0 to 1, the shape of `fresnel`.

    Notes
    -----
    Monotone cubics between the knots. In the far field the share falls as the square of the Fresnel number. In the near field what
    is missing shrinks as its inverse root: light that the edges bend out of the shadow.

    Examples
    --------
    >>> float(abs(coupled_fraction(0.21, 1.0, 1.12) / encircled_fraction(0.21, 1.0, 1.12) - 1.0)) < 1e-4
    True
    """
    table = beam(ratio, truncation)
    number = np.asarray(fresnel, dtype=np.float64)
    farthest = math.exp(table.log_fresnel[0])
    log_n = np.log(np.clip(number, farthest, NEAREST))
    x, y, slope = table.log_fresnel, table.log_fraction, table.slope
    at = np.clip(np.searchsorted(x, log_n, side="right") - 1, 0, x.size - 2)
    step = x[at + 1] - x[at]
    u = (log_n - x[at]) / step
    inside = (
        (1.0 + 2.0 * u) * (1.0 - u) ** 2 * y[at] + u * (1.0 - u) ** 2 * step * slope[at]
        + u * u * (3.0 - 2.0 * u) * y[at + 1] + u * u * (u - 1.0) * step * slope[at + 1]
    )  # fmt: skip
    share = np.exp(inside) * np.minimum(number / farthest, 1.0) ** 2
    beyond = table.nearest_share + (math.exp(y[-1]) - table.nearest_share) * np.sqrt(NEAREST / np.maximum(number, NEAREST))
    return np.asarray(np.where(number > NEAREST, beyond, share))


def footprint_radius(fresnel: ArrayLike, ratio: float, truncation: float) -> Array:
    """Radius of the beam where it is received, as a receiver of this size finds it when it is moved across.

    Parameters
    ----------
    fresnel : array_like
        Fresnel numbers, any shape, positive or inf.
    ratio : float
        Diameter of the receiving aperture over that of the transmitting one.
    truncation : float
        Truncation ratio of the beam.

    Returns
    -------
    ndarray
        1/e^2 radius of the Gaussian beam that loses half of the power at the same offset, in radii of the transmitting aperture.

    Examples
    --------
    In the far field it is the angle of the main lobe times the range: 0.5145 lambda / D at half power.

    >>> round(float(footprint_radius(1e-4, 1.0, 0.0)) * 1e-4 / HALF * 2.0, 3)
    0.515
    """
    table = beam(ratio, truncation)
    number = np.asarray(fresnel, dtype=np.float64)
    farthest = math.exp(table.log_fresnel[0])
    log_width = np.interp(np.log(np.clip(number, farthest, WIDTH_NEAREST)), table.width_log_fresnel, table.log_width)
    return np.asarray(np.exp(log_width) / np.minimum(number / farthest, 1.0))
