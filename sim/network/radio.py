"""Radio links between satellites and the ground: link budget, noise raised by rain, and data rate by DVB-S2X."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network.modcod import bits_per_symbol

BOLTZMANN_J_K = 1.380649e-23  # exact [si2019]
MEDIUM_K = 275.0  # effective temperature of rain, clouds and air [itu-p618:3]
Array = NDArray[np.float64]


class End(NamedTuple):
    """Antenna and amplifiers at one end of a link."""

    diameter_m: float  # of the antenna, or of the circle with the area of an array
    efficiency: float  # of the aperture, with what is lost behind it
    power_w: float  # into the antenna, each channel and polarisation
    noise_k: float  # system noise temperature without the atmosphere between the ends


class Carriers(NamedTuple):
    """Channels of one direction."""

    frequency_hz: float
    bandwidth_hz: float  # of one channel
    channels: int


class Radio(NamedTuple):
    """Radio link between one antenna of a gateway and one satellite, in both directions."""

    ground: End
    space: End
    down: Carriers  # from the satellite to the ground
    up: Carriers
    polarisations: int  # 1, or 2 at once, each with all channels
    roll_off: float  # of the pulses: symbol rate = bandwidth / (1 + roll_off)
    margin_db: float  # that receivers need above ideal ones, with nonlinearity and interference
    losses_db: float  # pointing, polarisation, radome
    antennas: int  # of one gateway: satellites that it serves at once


def gain_db(diameter_m: float, efficiency: float, frequency_hz: float) -> float:
    """Gain of an aperture on its axis. [maral2020]

    Parameters
    ----------
    diameter_m : float
        Diameter [m], positive.
    efficiency : float
        Aperture efficiency, above 0 to 1.
    frequency_hz : float
        Frequency [Hz], positive.

    Returns
    -------
    float
        Gain over an isotropic antenna [dB].

    Examples
    --------
    >>> round(gain_db(1.5, 0.5, 28e9), 2)
    49.86
    """
    return 10.0 * math.log10(efficiency * (math.pi * diameter_m * frequency_hz / SPEED_OF_LIGHT_M_S) ** 2)


def free_space_loss_db(range_m: ArrayLike, frequency_hz: float) -> Array:
    """Free-space loss between isotropic antennas. [itu-p525]

    Parameters
    ----------
    range_m : array_like
        Distance [m], positive, any shape.
    frequency_hz : float
        Frequency [Hz].

    Returns
    -------
    ndarray
        20 log10(4 pi d f / c) [dB].

    Examples
    --------
    >>> round(float(free_space_loss_db(1.5e6, 20e9)), 2)
    181.99
    """
    return np.asarray(20.0 * np.log10(4.0 * math.pi * np.asarray(range_m, dtype=np.float64) * frequency_hz / SPEED_OF_LIGHT_M_S))


def system_noise_k(noise_k: float, attenuation_db: ArrayLike) -> Array:
    """Noise temperature of a receiver on the ground that looks through an absorbing atmosphere. [itu-p618:3]

    Parameters
    ----------
    noise_k : float
        System noise temperature without atmosphere [K], positive.
    attenuation_db : array_like
        Attenuation on the path [dB], not negative.

    Returns
    -------
    ndarray
        Temperature [K]: noise_k + 275 K (1 - 10^(-A / 10)).

    Examples
    --------
    >>> system_noise_k(150.0, [0.0, 3.0103, 100.0]).round(1).tolist()
    [150.0, 287.5, 425.0]
    """
    absorbed = -np.expm1(-math.log(10.0) / 10.0 * np.asarray(attenuation_db, dtype=np.float64))
    return np.asarray(noise_k + MEDIUM_K * absorbed)


def carrier_to_noise_dbhz(range_m: ArrayLike, attenuation_db: ArrayLike, radio: Radio, *, up: bool = False) -> Array:
    """C/N0 of one channel. [maral2020]

    Parameters
    ----------
    range_m : array_like
        Distance [m], positive.
    attenuation_db : array_like
        Attenuation by the atmosphere at the frequency of this direction [dB], not negative; of a shape that broadcasts.
    radio : Radio
        The link.
    up : bool, optional
        From the ground to the satellite.

    Returns
    -------
    ndarray
        EIRP - free-space loss - attenuation - other losses + G/T - 10 log10(k) [dB Hz].

    Notes
    -----
    On the way down the atmosphere also raises the noise. On the way up it does not: the antenna of the satellite sees the warm
    Earth, rain or not, and its `noise_k` includes that.

    Examples
    --------
    >>> dish = End(1.5, 0.5, 10.0, 150.0)
    >>> link = Radio(dish, End(0.3, 0.6, 2.0, 600.0), Carriers(19e9, 500e6, 2), Carriers(28e9, 500e6, 2), 2, 0.1, 2.0, 1.0, 8)
    >>> carrier_to_noise_dbhz(1.1234e6, [0.0, 10.0], link).round(1).tolist()
    [109.6, 95.4]
    """
    sender, receiver, carriers = (radio.ground, radio.space, radio.up) if up else (radio.space, radio.ground, radio.down)
    f = carriers.frequency_hz
    eirp_dbw = 10.0 * math.log10(sender.power_w) + gain_db(sender.diameter_m, sender.efficiency, f)
    noise_k = np.float64(receiver.noise_k) if up else system_noise_k(receiver.noise_k, attenuation_db)
    merit_db_k = gain_db(receiver.diameter_m, receiver.efficiency, f) - 10.0 * np.log10(noise_k)
    lost_db = free_space_loss_db(range_m, f) + np.asarray(attenuation_db, dtype=np.float64) + radio.losses_db
    return np.asarray(eirp_dbw - lost_db + merit_db_k - 10.0 * math.log10(BOLTZMANN_J_K))


def symbol_rate_hz(radio: Radio, *, up: bool = False) -> float:
    """Symbol rate of one channel.

    Parameters
    ----------
    radio : Radio
        The link.
    up : bool, optional
        From the ground to the satellite.

    Returns
    -------
    float
        Bandwidth / (1 + roll-off) [1/s].
    """
    return (radio.up if up else radio.down).bandwidth_hz / (1.0 + radio.roll_off)


def rate_bit_s(range_m: ArrayLike, attenuation_db: ArrayLike, radio: Radio, *, up: bool = False) -> Array:
    """Data rate of one antenna in one direction, all channels and polarisations.

    Parameters
    ----------
    range_m : array_like
        Distance [m], positive.
    attenuation_db : array_like
        Attenuation by the atmosphere at the frequency of this direction [dB], not negative; of a shape that broadcasts.
    radio : Radio
        The link.
    up : bool, optional
        From the ground to the satellite.

    Returns
    -------
    ndarray
        Rate [bit/s] before the headers of packets. It never rises with the attenuation or the distance. 0 where not even the most robust
        code can be decoded: an outage, not a slow link.

    Examples
    --------
    >>> dish = End(1.5, 0.5, 10.0, 150.0)
    >>> link = Radio(dish, End(0.3, 0.6, 2.0, 600.0), Carriers(19e9, 500e6, 2), Carriers(28e9, 500e6, 2), 2, 0.1, 2.0, 1.0, 8)
    >>> (rate_bit_s(1.1234e6, [0.0, 10.0, 30.0], link) / 1e9).round(2).tolist()
    [10.73, 3.83, 0.0]
    """
    symbols_hz = symbol_rate_hz(radio, up=up)
    energy_db = carrier_to_noise_dbhz(range_m, attenuation_db, radio, up=up) - 10.0 * math.log10(symbols_hz)
    carriers = radio.up if up else radio.down
    return np.asarray(bits_per_symbol(energy_db - radio.margin_db) * (symbols_hz * carriers.channels * radio.polarisations))
