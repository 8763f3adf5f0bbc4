"""Laser links in free space: received power from near field to far field, and the data rate it supports."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S

PLANCK_J_S = 6.62607015e-34  # exact [si2019]
Array = NDArray[np.float64]


class Terminal(NamedTuple):
    """Optical terminal. Both ends of a link are identical and transmit at the same time; one channel is one wavelength."""

    transmit_power_w: float  # per channel, before transmitter losses
    aperture_m: float  # telescope diameter
    wavelength_m: float
    transmit_efficiency: float
    receive_efficiency: float
    pointing_jitter_rad: float  # standard deviation about each of two axes
    photons_per_bit: float  # receiver sensitivity
    channels: int
    channel_rate_bit_s: float  # modem limit, one direction


def waist_m(aperture_m: float) -> float:
    """Waist radius (1/e^2) of the Gaussian beam equivalent to a uniformly illuminated aperture.

    Parameters
    ----------
    aperture_m : float
        Aperture diameter D [m], positive.

    Returns
    -------
    float
        D / sqrt(8) [m].

    Notes
    -----
    With this waist the Gaussian beam has the aperture's on-axis far-field gain, (pi D / lambda)^2, and the same
    curvature of the main lobe.

    References
    ----------
    [saleh2019]

    Examples
    --------
    >>> round(waist_m(0.08), 6)
    0.028284
    """
    return aperture_m / math.sqrt(8.0)


def received_power_w(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Mean power per channel behind the receiver optics.

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
    An aperture of diameter D centred on a beam of radius w(L) collects the fraction 1 - exp(-D^2 / 2 w^2): never more than
    was transmitted, and Friis' equation for L >> D^2 / lambda. Transmitter jitter moves the spot by sigma L; averaged over
    two axes, exp(-2 (theta L)^2 / w^2) becomes 1 / (1 + (2 sigma L / w)^2).

    References
    ----------
    [saleh2019:ch. 3]

    Examples
    --------
    1 W between lossless 80 mm apertures at 5,000 km, as a link budget gives it in dBm:

    >>> terminal = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 400e9)
    >>> round(10.0 * math.log10(1e3 * float(received_power_w(5e6, terminal))), 2)
    -33.76

    At zero range the disc collects 1 - exp(-4) of the beam:

    >>> round(float(received_power_w(0.0, terminal)), 6)
    0.981684
    """
    length = np.asarray(range_m, dtype=np.float64)
    waist = waist_m(terminal.aperture_m)
    radius2_m2 = waist**2 + (terminal.wavelength_m * length / (math.pi * waist)) ** 2
    coupled = -np.expm1(-(terminal.aperture_m**2) / (2.0 * radius2_m2))
    pointed = 1.0 / (1.0 + (2.0 * terminal.pointing_jitter_rad * length) ** 2 / radius2_m2)
    sent_w = terminal.transmit_power_w * terminal.transmit_efficiency
    return np.asarray(sent_w * coupled * pointed * terminal.receive_efficiency)


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


def rate_bit_s(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Data rate of a link in each direction, summed over its channels.

    Parameters
    ----------
    range_m : array_like
        Link length [m], any shape, not negative.
    terminal : Terminal
        Terminal at both ends.

    Returns
    -------
    ndarray
        Rate [bit/s], the shape of `range_m`: received photons over `photons_per_bit`, at most the modem limit.

    Notes
    -----
    The rate falls continuously with the received power; there is no maximum range here.

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
    needed_j = terminal.photons_per_bit * photon_energy_j(terminal.wavelength_m)
    carried_bit_s = received_power_w(range_m, terminal) / needed_j
    return np.asarray(np.minimum(carried_bit_s, terminal.channel_rate_bit_s) * terminal.channels)
