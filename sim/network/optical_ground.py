"""Laser links from satellites to telescopes on the ground: what arrives through clear air, and the rate that it supports."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx

from orbit.constants import EARTH_MEAN_RADIUS_M
from sim.network.optical import photon_energy_j

Array = NDArray[np.float64]
SCALE_HEIGHT_M = 8434.5  # pressure over density and gravity at the ground of the standard atmosphere, of its column [itu-p835]
LEAST_BIT_S = 1.0  # less is no link


class Telescope(NamedTuple):
    """Laser link from a satellite to one telescope. One channel is one wavelength."""

    transmit_power_w: float  # per channel, before transmitter losses
    transmit_aperture_m: float  # circular, uniformly lit, of the same gain as the beam
    wavelength_m: float
    transmit_efficiency: float
    pointing_jitter_rad: float  # standard deviation about each of two axes
    receive_aperture_m: float  # diameter of the telescope
    receive_efficiency: float  # telescope to detector, with coupling into fibre
    zenith_transmittance: float  # of clear air
    photons_per_bit: float  # receiver sensitivity, with the margin for fading by turbulence
    channels: int
    channel_rate_bit_s: float  # modem limit
    telescopes: int  # of one station: satellites that it serves at once


def air_mass(elevation_rad: ArrayLike) -> Array:
    """Air on a straight path through an exponential atmosphere over a round Earth, against that on a vertical one. [chapman1931]

    Parameters
    ----------
    elevation_rad : array_like
        Elevation [rad], -5 deg to pi/2. Below the horizon, as a raised site sees satellites, the path also passes through the denser air
        below the site.

    Returns
    -------
    ndarray
        Air mass, 1 at the zenith, rising as the elevation falls: 34.5 at the horizon.

    Notes
    -----
    With the height of a path taken to second order in its length. Against the integral it is right within 0.1 % above the horizon and 3 % from
    -5 deg on; against air masses by true elevation in the standard atmosphere, whose light is bent, within 0.3 % from 5 deg on and 9 % at
    the horizon. [young1994]

    Examples
    --------
    >>> air_mass(np.radians([90.0, 30.0, 0.0, -2.0])).round(2).tolist()
    [1.0, 1.99, 34.45, 90.84]
    """
    elevation = np.asarray(elevation_rad, dtype=np.float64)
    curved = EARTH_MEAN_RADIUS_M / SCALE_HEIGHT_M
    return np.asarray(math.sqrt(0.5 * math.pi * curved) / np.cos(elevation) * erfcx(math.sqrt(0.5 * curved) * np.tan(elevation)))


def transmittance(elevation_rad: ArrayLike, zenith_transmittance: float) -> Array:
    """Share of the light that passes clear air on a slanted path. [saleh2019]

    Parameters
    ----------
    elevation_rad : array_like
        Elevation [rad], -5 deg to pi/2.
    zenith_transmittance : float
        Share that passes on a vertical path, above 0 to 1.

    Returns
    -------
    ndarray
        Share: that of the zenith to the power of the air mass, by Beer and Lambert; never more than that of the zenith.

    Examples
    --------
    >>> transmittance(np.radians([90.0, 30.0]), 0.9).round(2).tolist()
    [0.9, 0.81]
    """
    return np.asarray(zenith_transmittance ** air_mass(elevation_rad))


def received_power_w(range_m: ArrayLike, elevation_rad: ArrayLike, telescope: Telescope) -> Array:
    """Mean power per channel at the detector through clear air. [saleh2019:ch. 3]

    Parameters
    ----------
    range_m : array_like
        Distance [m], positive.
    elevation_rad : array_like
        Elevation of the satellite [rad], -5 deg to pi/2; of a shape that broadcasts.
    telescope : Telescope
        The link.

    Returns
    -------
    ndarray
        Power [W].

    Notes
    -----
    A Gaussian beam of the gain of the transmitting aperture D, with the waist D / sqrt(8), collected by the telescope's disc: exact in the far
    field; pointing jitter averaged over two axes. The beam is far wider than the telescope, so that turbulence does not
    change the mean.
    """
    length = np.asarray(range_m, dtype=np.float64)
    waist = telescope.transmit_aperture_m / math.sqrt(8.0)
    radius2_m2 = waist**2 + (telescope.wavelength_m * length / (math.pi * waist)) ** 2
    collected = -np.expm1(-(telescope.receive_aperture_m**2) / (2.0 * radius2_m2))
    pointed = 1.0 / (1.0 + (2.0 * telescope.pointing_jitter_rad * length) ** 2 / radius2_m2)
    sent_w = telescope.transmit_power_w * telescope.transmit_efficiency * telescope.receive_efficiency
    return np.asarray(sent_w * collected * pointed * transmittance(elevation_rad, telescope.zenith_transmittance))


def rate_bit_s(range_m: ArrayLike, elevation_rad: ArrayLike, cloudy: ArrayLike, telescope: Telescope) -> Array:
    """Data rate from the satellite to one telescope, summed over its channels.

    Parameters
    ----------
    range_m, elevation_rad : array_like
        Distance [m] and elevation [rad], -5 deg to pi/2.
    cloudy : array_like of bool
        Whether clouds cover the site; they block the light. The three broadcast.
    telescope : Telescope
        The link.

    Returns
    -------
    ndarray
        Rate [bit/s]: received photons over `photons_per_bit`, at most the modem limit; 0 under clouds, and where it
        would be less than 1 bit/s.

    Examples
    --------
    >>> link = Telescope(0.5, 0.012, 1.55e-6, 0.8, 20e-6, 1.0, 0.2, 0.9, 200.0, 2, 100e9, 1)
    >>> (rate_bit_s(6e5, math.radians(60.0), [False, True], link) / 1e9).tolist()
    [200.0, 0.0]
    """
    needed_j = telescope.photons_per_bit * photon_energy_j(telescope.wavelength_m)
    carried = np.minimum(received_power_w(range_m, elevation_rad, telescope) / needed_j, telescope.channel_rate_bit_s)
    rate = carried * telescope.channels
    return np.asarray(np.where(np.asarray(cloudy, dtype=np.bool_) | (rate < LEAST_BIT_S), 0.0, rate))
