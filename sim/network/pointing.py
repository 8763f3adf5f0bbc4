"""Pointing of optical terminals: mean loss and outage of a link whose two ends jitter.

An end that points off by the angle theta loses 2 theta^2 / w^2 nepers, where w is the 1/e^2 half-angle of its beam or of its
receiver's acceptance. Jitter is normal about two axes, so that the loss without bias is exponential, with mean 4 sigma^2 / w^2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
NEPER_DB = 10.0 / math.log(10.0)  # of power


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
    integrated by quadrature.

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
    tiny = 1e-12  # Np; less than any margin by far
    first, second = np.asarray(one.jitter_np), np.asarray(other.jitter_np)
    a, b = np.maximum(np.maximum(first, second), tiny), np.maximum(np.minimum(first, second), tiny)
    m = np.maximum(margin, 0.0)
    x = m * (a - b) / (a * b)
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = np.where(x > 1e-9, -np.expm1(-x) / np.where(x > 0.0, x, 1.0), 1.0 - 0.5 * x)
    return np.asarray(np.exp(-m / a) * (1.0 + m / a * filled))


def _biased(margin: Array, one: PointingLoss, other: PointingLoss) -> Array:
    """P(X > M) + integral over x of the density of X times P(Y > M - x), with 160 nodes."""
    from scipy.stats import ncx2

    parts = np.broadcast_arrays(margin, *(np.maximum(np.asarray(value, dtype=np.float64), 1e-12) for value in (*one, *other)))
    m, a, bias_a, b, bias_b = (np.maximum(part, 0.0)[..., np.newaxis] for part in parts)
    x, w = np.polynomial.legendre.leggauss(160)
    at = 0.5 * m * (x + 1.0)
    # a loss of `bias` and jitter of mean a is a / 2 times chi-square with two degrees of freedom and non-centrality 2 bias / a
    density = ncx2.pdf(2.0 * at / a, 2, 2.0 * bias_a / a) * 2.0 / a
    beyond = ncx2.sf(2.0 * (m - at) / b, 2, 2.0 * bias_b / b)
    alone = ncx2.sf(2.0 * m / a, 2, 2.0 * bias_a / a)[..., 0]
    return np.asarray(np.minimum(1.0, alone + (density * beyond * 0.5 * m * w).sum(axis=-1)))
