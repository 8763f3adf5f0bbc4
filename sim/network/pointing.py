"""Pointing of optical terminals: mean loss and outage of a link whose two ends jitter.

An end that points off by the angle theta loses 2 theta^2 / w^2 nepers, where w is the 1/e^2 half-angle of its beam or of its
receiver's acceptance. Jitter is normal about two axes, so that the loss without bias is exponential, with mean 4 sigma^2 / w^2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import i0e, ndtr

Array = NDArray[np.float64]
NEPER_DB = 10.0 / math.log(10.0)  # of power
LEAST_NP = 1e-12  # less than any margin by far
# nodes over errors of one end, from so far below its bias to so far above, in standard deviations: beyond, no double is left
NODES, BELOW, ABOVE = 160, 14.0, 38.0
FAR = 300.0  # standard deviations from the axis; beyond, the distribution is normal up to its second correction


class PointingLoss(NamedTuple):
    """Pointing of one end: mean loss by jitter and loss by a fixed error, each of any shape [Np of power]."""

    jitter_np: Array | float  # 4 sigma^2 / w^2
    bias_np: Array | float  # 2 theta_0^2 / w^2


def end_loss(width_rad: ArrayLike, jitter_rad: float, bias_rad: float) -> PointingLoss:
    """Loss of one end.

    Parameters
    ----------
    width_rad : array_like
        1/e^2 half-angle of the beam or of the acceptance [rad], positive; inf where pointing does not matter.
    jitter_rad : float
        Standard deviation of the pointing error about each of two axes [rad].
    bias_rad : float
        Fixed pointing error [rad].

    Returns
    -------
    PointingLoss
        Mean loss by jitter, and loss by the bias.

    Examples
    --------
    >>> end_loss(14.6e-6, 2e-6, 0.0)[0].round(4)
    np.float64(0.0751)
    """
    inverse2 = 1.0 / np.asarray(width_rad, dtype=np.float64) ** 2
    return PointingLoss(4.0 * jitter_rad**2 * inverse2, 2.0 * bias_rad**2 * inverse2)


def mean_factor(loss: PointingLoss) -> Array:
    """Mean share of the power that one end leaves.

    Parameters
    ----------
    loss : PointingLoss
        Pointing of the end.

    Returns
    -------
    ndarray
        Mean of exp(-loss), 0 to 1.

    References
    ----------
    [barry1985]

    Examples
    --------
    >>> float(mean_factor(PointingLoss(1.0, 0.0)))
    0.5
    """
    spread = 1.0 + np.asarray(loss.jitter_np)
    return np.asarray(np.exp(-np.asarray(loss.bias_np) / spread) / spread)


def outage_probability(margin_np: ArrayLike, one: PointingLoss, other: PointingLoss) -> Array:
    """Probability that the pointing losses of both ends together exceed the margin.

    Parameters
    ----------
    margin_np : array_like
        Margin of the link [Np of power] over what it needs when both ends point exactly.
    one, other : PointingLoss
        Pointing of the ends, independent of each other; shapes that broadcast with `margin_np`.

    Returns
    -------
    ndarray
        Probability, 0 to 1; 1 without a margin, 0 where nothing errs.

    Notes
    -----
    Without bias the sum of two exponentials of means a >= b exceeds M with probability
    exp(-M/a) (1 + (M/a) (1 - exp(-x)) / x), x = M (1/b - 1/a): hypoexponential, and Erlang's (1 + M/a) exp(-M/a) where a = b, as
    for two terminals of one make. With bias each loss is a non-central chi-square of two degrees of freedom, and the sum is
    integrated over the errors of the end whose loss is narrower, however narrow.

    References
    ----------
    [barry1985]

    Examples
    --------
    Twice the mean loss of each of two equal ends:

    >>> equal = PointingLoss(0.1, 0.0)
    >>> round(float(outage_probability(0.2, equal, equal)), 6) == round(3.0 * math.exp(-2.0), 6)
    True
    """
    margin = np.asarray(margin_np, dtype=np.float64)
    biased = bool(np.any(np.asarray(one.bias_np) > 0.0) or np.any(np.asarray(other.bias_np) > 0.0))
    lost = _biased(margin, one, other) if biased else _unbiased(margin, one, other)
    return np.where(margin > 0.0, lost, np.where((margin == 0.0) & (_total(one, other) == 0.0), 0.0, 1.0))


def _total(one: PointingLoss, other: PointingLoss) -> Array:
    return np.asarray(one.jitter_np + one.bias_np + other.jitter_np + other.bias_np)


def _unbiased(margin: Array, one: PointingLoss, other: PointingLoss) -> Array:
    first, second = np.asarray(one.jitter_np), np.asarray(other.jitter_np)
    a, b = np.maximum(np.maximum(first, second), LEAST_NP), np.maximum(np.minimum(first, second), LEAST_NP)
    m = np.maximum(margin, 0.0)
    x = m * (a - b) / (a * b)
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = np.where(x > 1e-9, -np.expm1(-x) / np.where(x > 0.0, x, 1.0), 1.0 - 0.5 * x)
    return np.asarray(np.exp(-m / a) * (1.0 + m / a * filled))


def _biased(margin: Array, one: PointingLoss, other: PointingLoss) -> Array:
    """Probability over the error of the end whose loss is narrower, and in closed form over that of the other one."""
    parts = np.broadcast_arrays(margin, *(np.maximum(np.asarray(value, dtype=np.float64), LEAST_NP) for value in (*one, *other)))
    m, a, bias_a, b, bias_b = (np.maximum(part, 0.0)[..., np.newaxis] for part in parts)
    # the variance of a loss is a^2 + 2 a bias; the distribution of the wider one is smooth where the density of the narrower one is not small
    narrow = a * (a + 2.0 * bias_a) <= b * (b + 2.0 * bias_b)
    (a, bias_a), (b, bias_b) = (np.where(narrow, a, b), np.where(narrow, bias_a, bias_b)), (np.where(narrow, b, a), np.where(narrow, bias_b, bias_a))
    # in standard deviations of one axis the error has Rice's density about `shift`, and loses a error^2 / 2
    shift, limit = np.sqrt(2.0 * bias_a / a), np.sqrt(2.0 * m / a)
    low, high = np.maximum(0.0, shift - BELOW), shift + ABOVE
    split = np.clip(limit, low, high)  # beyond, this end alone takes the margin
    x, w = np.polynomial.legendre.leggauss(NODES)
    total = np.zeros(parts[0].shape)
    for start, width, alone in ((low, split - low, False), (split, high - split, True)):
        error = start + 0.5 * width * (x + 1.0)
        density = error * np.exp(-0.5 * (error - shift) ** 2) * i0e(error * shift)
        if not alone:
            left = np.maximum(m - 0.5 * a * error**2, 0.0)
            density = density * _exceeds(np.sqrt(2.0 * left / b), np.sqrt(2.0 * bias_b / b))
        total += (density * 0.5 * width * w).sum(axis=-1)
    return np.asarray(np.minimum(1.0, total))


def _exceeds(error: Array, shift: Array) -> Array:
    """Probability that an error about a fixed one is larger, in standard deviations of one axis: Marcum's Q function of first order."""
    from scipy.stats import ncx2

    error, shift = np.broadcast_arrays(error, shift)
    out, far = np.empty(error.shape), shift > FAR
    out[~far] = ncx2.sf(error[~far] ** 2, 2, shift[~far] ** 2)
    z, c = error[far] - shift[far], shift[far]
    # Rice's density far from the axis: the normal one times sqrt(error / shift), to second order in 1 / shift
    out[far] = ndtr(-z) + np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * (0.5 / c - 0.125 * z / c**2)
    return np.clip(out, 0.0, 1.0)
