"""Laser links in free space: the data rate that received power supports, outage by pointing jitter, several beams in one aperture."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network import beam_array, pointing
from sim.network.received_power import (
    Terminal,
    aligned_power_w,
    coupled_fraction,
    fresnel_number,
    pointing_losses,
    received_power_w,
)

__all__ = [
    "Terminal", "active_beams", "aligned_power_w", "coupled_fraction", "fresnel_number", "outage_at_margin", "outage_probability",
    "photon_energy_j", "pointing_losses", "rate_and_outage", "rate_bit_s", "received_power_w", "set_rate_bit_s", "spatial_limits_m",
]  # fmt: skip

PLANCK_J_S = 6.62607015e-34  # exact [si2019]
SHARE_OF_MARGIN = 0.7  # at which lobes are taken as Gaussian: jitter seldom shares a loss evenly between the ends
LEAST_OUTAGE = 1e-300  # logarithms are interpolated
Array = NDArray[np.float64]


def photon_energy_j(wavelength_m: float) -> float:
    """Energy of one photon.

    Parameters
    ----------
    wavelength_m : float
        Vacuum wavelength [m], positive.

    Returns
    -------
    float
        h c / lambda [J].

    References
    ----------
    [si2019]

    Examples
    --------
    >>> f"{photon_energy_j(1.55e-6):.4e}"
    '1.2816e-19'
    """
    return float(PLANCK_J_S * SPEED_OF_LIGHT_M_S / wavelength_m)


def spatial_limits_m(terminal: Terminal) -> list[tuple[int, float]]:
    """Beams that a terminal runs at once, and the range up to which receivers can separate them.

    Parameters
    ----------
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    list of (int, float)
        Number of beams, most first, and range [m]; one beam has no limit. Of 16 beams every second one of a row is left as 4.

    References
    ----------
    [suncatcher2025], [tse2005:ch. 8]

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9, truncation=1.12, spatial_channels=4)
    >>> [(beams, round(range_m, -1)) for beams, range_m in spatial_limits_m(terminal)]
    [(4, 1260.0), (1, inf)]
    """
    limits, side, spacing = [], terminal.side, 2.0
    while side > 1:
        table = beam_array.separation(side, spacing, terminal.truncation)
        if terminal.signal_to_crosstalk_db is None:
            above = table.log_gain + terminal.separation_loss_db / pointing.NEPER_DB
        else:
            above = table.signal_to_crosstalk_db - terminal.signal_to_crosstalk_db
        limits.append((side * side, (0.5 * terminal.beam_m) ** 2 / (terminal.wavelength_m * _first_above(table.log_fresnel, above))))
        side, spacing = side // 2, 2.0 * spacing
    return [*limits, (1, math.inf)]


def _first_above(log_fresnel: Array, above: Array) -> float:
    """Least Fresnel number beyond which a condition holds all the way to the near field; inf where it never does."""
    failing = np.flatnonzero(above < 0.0)
    if failing.size == 0:
        return float(math.exp(log_fresnel[0]))
    last = int(failing[-1])
    if last + 1 == above.size:
        return math.inf
    share = above[last] / (above[last] - above[last + 1])
    return float(math.exp(log_fresnel[last] + share * (log_fresnel[last + 1] - log_fresnel[last])))


def active_beams(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Beams that a link of a length uses.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Number of beams, the shape of `range_m`.

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9, truncation=1.12, spatial_channels=16)
    >>> active_beams([200.0, 315.0, 3e3], terminal).tolist()
    [16.0, 4.0, 1.0]
    """
    length = np.asarray(range_m, dtype=np.float64)
    beams = np.ones_like(length)
    for count, limit_m in reversed(spatial_limits_m(terminal)[:-1]):
        beams = np.where(length <= limit_m, float(count), beams)
    return beams


def set_rate_bit_s(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Rate at which one channel of one beam is run.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Rate [bit/s], the shape of `range_m`: photons received with exact pointing, less the margin, over `photons_per_bit`, at
        most the modem limit.

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 24, 400e9)
    >>> float(set_rate_bit_s(1e3, terminal)) / 1e9
    400.0
    """
    needed_j = terminal.photons_per_bit * photon_energy_j(terminal.wavelength_m) * 10.0 ** (0.1 * terminal.margin_db)
    return np.asarray(np.minimum(aligned_power_w(range_m, terminal) / needed_j, terminal.channel_rate_bit_s))


def outage_probability(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Share of time in which jitter of the two ends takes more than the margin of the link.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Probability, 0 to 1, the shape of `range_m`. Where the modem limits the rate, the margin is larger than `margin_db`.

    References
    ----------
    [barry1985]

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 2e-6, 55.0, 1, 1e12, truncation=1.12, receive_jitter_rad=2e-6, margin_db=3.0)
    >>> f"{float(outage_probability(1e7, terminal)):.1e}"
    '4.0e-04'
    """
    length = np.asarray(range_m, dtype=np.float64)
    if terminal.pointing_jitter_rad == terminal.receive_jitter_rad == terminal.pointing_bias_rad == 0.0:
        return np.zeros_like(length)
    if terminal.pointing_bias_rad > 0.0:
        knots, log_outage = _biased_outages(terminal)
        return np.asarray(np.exp(np.interp(np.log(np.maximum(length, 1e-3)), knots, log_outage)))
    return _outage(length, terminal)


def _outage(length: Array, terminal: Terminal) -> Array:
    bit_j = terminal.photons_per_bit * photon_energy_j(terminal.wavelength_m)
    margin_np = np.log(aligned_power_w(length, terminal) / (set_rate_bit_s(length, terminal) * bit_j))
    return outage_at_margin(margin_np, length, terminal)


def outage_at_margin(margin_np: ArrayLike, range_m: ArrayLike, terminal: Terminal) -> Array:
    """Share of time in which jitter of the two ends takes more than a margin.

    Parameters
    ----------
    margin_np : array_like
        Margin [Np of power] over what the rate needs, with both ends pointed exactly.
    range_m : array_like
        Link length [m], not negative, of a shape that broadcasts with `margin_np`.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Notes
    -----
    Main lobes are not Gaussian. Each end is taken as the Gaussian beam that loses as much as the lobe where one end alone takes
    `SHARE_OF_MARGIN` of the margin. Against the integral over both lobes the probability is then right within 5 % where it exceeds
    1e-10, for margins up to 8 dB.

    References
    ----------
    [barry1985]

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 2e-6, 55.0, 1, 1e12, truncation=1.12, receive_jitter_rad=2e-6)
    >>> f"{float(outage_at_margin(0.3 * math.log(10.0), 1e6, terminal)):.1e}"
    '4.0e-04'
    """
    margin = np.asarray(margin_np, dtype=np.float64)
    return pointing.outage_probability(margin, *pointing_losses(range_m, terminal, SHARE_OF_MARGIN * np.maximum(margin, 0.0)))


@lru_cache(maxsize=64)
def _biased_outages(terminal: Terminal) -> tuple[Array, Array]:
    """Outages with a fixed pointing error, over the logarithm of the range: each takes a quadrature."""
    range_m = np.geomspace(1.0, 1e9, 1801)
    return np.log(range_m), np.log(np.maximum(_outage(range_m, terminal), LEAST_OUTAGE))


def rate_bit_s(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Mean data rate of a link in each direction, summed over its channels and beams.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Rate [bit/s], the shape of `range_m`, less the share that is lost to outages.

    Notes
    -----
    The rate falls continuously with the received power; there is no maximum range here. Fades by jitter last milliseconds, far
    less than a step, so that they lower the mean rate.

    Examples
    --------
    At 1 km 24 channels run at the limit of the modem:

    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 24, 400e9)
    >>> float(rate_bit_s(1e3, terminal)) / 1e12
    9.6

    In the far field it is the received power over the energy that a bit needs:

    >>> power_w = float(received_power_w(5e7, terminal))
    >>> float(rate_bit_s(5e7, terminal)) == power_w / (55.0 * photon_energy_j(1.55e-6)) * 24
    True
    """
    return rate_and_outage(range_m, terminal)[0]


def rate_and_outage(range_m: ArrayLike, terminal: Terminal) -> tuple[Array, Array]:
    """Mean data rate of a link, and its probability of outage.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    tuple of ndarray
        As by `rate_bit_s` and `outage_probability`.
    """
    outage = outage_probability(range_m, terminal)
    rate = set_rate_bit_s(range_m, terminal) * (1.0 - outage) * terminal.channels
    return np.asarray(rate if terminal.spatial_channels == 1 else rate * active_beams(range_m, terminal)), outage
