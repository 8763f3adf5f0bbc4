"""Optical terminals, and the power that one receives from another: from near field to far field, with pointing errors of both ends."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.network import diffraction, pointing

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
