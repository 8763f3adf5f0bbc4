"""Laser links in free space: power over a distance, near field to far field, and the rate that it supports."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Planck as PLANCK_J_S  # exact [si2019]

from orbit.constants import SPEED_OF_LIGHT_M_S

Array = NDArray[np.float64]


class Terminal(NamedTuple):
    """One end of a link; both ends are alike and send at the same time. A channel is one wavelength."""

    transmit_power_w: float  # per channel, before the transmitter's losses
    aperture_m: float  # diameter of the telescope
    wavelength_m: float
    transmit_efficiency: float
    receive_efficiency: float
    pointing_jitter_rad: float  # standard deviation about each of two axes
    photons_per_bit: float  # what the receiver needs
    channels: int
    channel_rate_bit_s: float  # what the modem can do, one direction


def waist_m(aperture_m: float) -> float:
    """Waist radius (1/e^2) [m] of the Gaussian beam that stands for a uniformly lit aperture: D / sqrt(8).

    With this waist the Gaussian has the aperture's far field on the axis, gain (pi D / lambda)^2, and the same
    curvature of the main lobe.
    """
    return aperture_m / math.sqrt(8.0)


def received_power_w(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Mean power per channel behind the receiver's optics [W] at a distance [m] (any shape). [saleh2019:ch. 3]

    A beam of radius w(L) gives a disc of diameter D on its axis 1 - exp(-D^2 / 2 w^2) of its power: never more than was
    sent, and for L >> D^2 / lambda the equation of Friis. Jitter of the transmitter moves the spot by sigma L; over two
    axes the mean of exp(-2 (theta L)^2 / w^2) is 1 / (1 + (2 sigma L / w)^2).
    """
    length = np.asarray(range_m, dtype=np.float64)
    waist = waist_m(terminal.aperture_m)
    radius2_m2 = waist**2 + (terminal.wavelength_m * length / (math.pi * waist)) ** 2
    coupled = -np.expm1(-(terminal.aperture_m**2) / (2.0 * radius2_m2))
    pointed = 1.0 / (1.0 + (2.0 * terminal.pointing_jitter_rad * length) ** 2 / radius2_m2)
    sent_w = terminal.transmit_power_w * terminal.transmit_efficiency
    return np.asarray(sent_w * coupled * pointed * terminal.receive_efficiency)


def photon_energy_j(wavelength_m: float) -> float:
    """Energy of one photon [J]."""
    return float(PLANCK_J_S * SPEED_OF_LIGHT_M_S / wavelength_m)


def rate_bit_s(range_m: ArrayLike, terminal: Terminal) -> Array:
    """Rate in each direction [bit/s] at a distance [m] (any shape), all channels together.

    A receiver that needs photons_per_bit takes what the power carries, up to what the modem can do: a link that is too
    long grows slow, it does not break.
    """
    needed_j = terminal.photons_per_bit * photon_energy_j(terminal.wavelength_m)
    carried_bit_s = received_power_w(range_m, terminal) / needed_j
    return np.asarray(np.minimum(carried_bit_s, terminal.channel_rate_bit_s) * terminal.channels)
