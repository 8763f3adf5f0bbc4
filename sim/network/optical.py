"""Laser links in free space: received power from near field to far field, pointing at both ends, and the data rate it supports."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network import diffraction, pointing

PLANCK_J_S = 6.62607015e-34  # exact [si2019]
SHARE_OF_MARGIN = 0.7  # at which lobes are taken as Gaussian: jitter seldom shares a loss evenly between the ends
LEAST_OUTAGE = 1e-300  # logarithms are interpolated
Array = NDArray[np.float64]


class Terminal(NamedTuple):
    """Optical terminal. Both ends of a link are of one make and transmit at the same time; one channel is one wavelength."""

    transmit_power_w: float  # per channel and beam, before transmitter losses
    aperture_m: float  # transmitting telescope, diameter
    wavelength_m: float
    transmit_efficiency: float
    receive_efficiency: float
    pointing_jitter_rad: float  # of the transmitting end: standard deviation about each of two axes
    photons_per_bit: float  # receiver sensitivity
    channels: int
    channel_rate_bit_s: float  # modem limit, one direction
    receive_aperture_m: float | None = None  # None: the transmitting telescope
    truncation: float = 0.0  # radius of the aperture over the waist of the beam in it; 0: uniform light
    receive_jitter_rad: float = 0.0
    pointing_bias_rad: float = 0.0  # fixed error of each end
    acceptance_rad: float | None = None  # 1/e^2 half-angle of the receiver; None: a single-mode fibre behind the aperture
    margin_db: float = 0.0  # of the rate, over the power when both ends point exactly
    spatial_channels: int = 1  # beams side by side in the aperture: 1, 4 or 16
    separation_loss_db: float = 3.0  # most that cancelling the other beams may cost
    signal_to_crosstalk_db: float | None = None  # None: receivers cancel the other beams; else what each needs over them

    @property
    def receive_m(self) -> float:
        """Diameter of the receiving telescope [m]."""
        return self.aperture_m if self.receive_aperture_m is None else self.receive_aperture_m

    @property
    def side(self) -> int:
        """Beams along each side of the array."""
        return math.isqrt(self.spatial_channels)

    @property
    def beam_m(self) -> float:
        """Diameter of the aperture of one beam [m]."""
        return self.aperture_m / self.side


def fresnel_number(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Fresnel number of the aperture of one beam.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        a^2 / (lambda L); inf at zero range.

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9)
    >>> round(float(fresnel_number(1612.9, terminal)), 3)
    1.0
    """
    length = np.asarray(range_m, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray((0.5 * terminal.beam_m) ** 2 / (terminal.wavelength_m * length))


def coupled_fraction(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Share of the light that leaves the transmitting aperture that falls on the receiving one, both pointed exactly.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Share, 0 to 1, the shape of `range_m`.

    References
    ----------
    [goodman2005:ch. 4]

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9)
    >>> [round(float(coupled_fraction(x, terminal)), 3) for x in (0.0, 200.0, 2e3, 2e4)]
    [1.0, 0.921, 0.741, 0.062]
    """
    return diffraction.coupled_fraction(fresnel_number(range_m, terminal), terminal.receive_m / terminal.aperture_m, terminal.truncation)


def aligned_power_w(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Power of one channel of one beam behind the receiver optics when both ends point exactly.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Power [W], the shape of `range_m`.

    Notes
    -----
    `transmit_power_w` is the power on the way to the telescope. What the edge of the aperture cuts off a Gaussian beam,
    exp(-2 T^2), is lost there; what diffraction spreads beyond the receiver is lost in between.

    Examples
    --------
    A beam of truncation 1.12 has 0.81 of the gain of a uniformly lit aperture in the far field:

    >>> uniform = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9)
    >>> gaussian = uniform._replace(truncation=1.12)
    >>> round(float(aligned_power_w(1e7, gaussian) / aligned_power_w(1e7, uniform)), 3)
    0.815
    """
    passed = 1.0 if terminal.truncation == 0.0 else -math.expm1(-2.0 * terminal.truncation**2)
    sent_w = terminal.transmit_power_w * terminal.transmit_efficiency * passed
    return np.asarray(sent_w * coupled_fraction(range_m, terminal) * terminal.receive_efficiency)


@lru_cache(maxsize=64)
def _acceptance_rad(terminal: Terminal) -> float:
    """1/e^2 half-angle of the receiver. A fibre receives in the pattern in which it would transmit."""
    if terminal.acceptance_rad is not None:
        return terminal.acceptance_rad
    half_power = diffraction.far_field_radius(terminal.truncation) * terminal.wavelength_m * terminal.side / terminal.receive_m
    return diffraction.HALF * half_power


def pointing_losses(range_m: ArrayLike, terminal: Terminal, loss_np: ArrayLike = 0.0) -> tuple[pointing.PointingLoss, pointing.PointingLoss]:
    """Pointing loss of the transmitting and of the receiving end.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.
    loss_np : array_like, optional
        Loss [Np of power] at which beams are taken as Gaussian; 0: on the axis.

    Returns
    -------
    tuple of PointingLoss
        Losses [Np]; that of the transmitter fades in the near field, where the beam is as wide as the aperture.

    Examples
    --------
    >>> terminal = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 2e-6, 55.0, 1, 400e9, truncation=1.12, receive_jitter_rad=2e-6)
    >>> [round(float(end.jitter_np), 3) for end in pointing_losses(1e6, terminal)]
    [0.065, 0.065]
    >>> [round(float(end.jitter_np), 3) for end in pointing_losses(200.0, terminal)]
    [0.0, 0.065]
    """
    length = np.asarray(range_m, dtype=np.float64)
    ratio = terminal.receive_m / terminal.aperture_m
    radius_m = 0.5 * terminal.beam_m * diffraction.footprint_radius(fresnel_number(length, terminal), ratio, terminal.truncation)
    scale = diffraction.lobe_scale(loss_np, terminal.truncation)
    with np.errstate(divide="ignore"):
        sent = pointing.end_loss(scale * radius_m / length, terminal.pointing_jitter_rad, terminal.pointing_bias_rad)
    fibre = 1.0 if terminal.acceptance_rad is not None else scale
    received = pointing.end_loss(fibre * _acceptance_rad(terminal), terminal.receive_jitter_rad, terminal.pointing_bias_rad)
    return sent, received


def received_power_w(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Mean power of one channel of one beam behind the receiver optics.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Power [W], the shape of `range_m`; pointing errors of both ends included.

    References
    ----------
    [goodman2005:ch. 4], [barry1985]

    Examples
    --------
    1 W between lossless 80 mm apertures at 5,000 km, as a link budget gives it in dBm:

    >>> terminal = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9)
    >>> round(10.0 * math.log10(1e3 * float(received_power_w(5e6, terminal))), 2)
    -33.76
    """
    sent, received = pointing_losses(range_m, terminal)
    return np.asarray(aligned_power_w(range_m, terminal) * pointing.mean_factor(sent) * pointing.mean_factor(received))


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
    """Beams that a terminal runs at once, and the range up to which they can be told apart.

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
        table = diffraction.separation(side, spacing, terminal.truncation)
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
