"""Attenuation of radio waves between a site and a satellite: gases, clouds, rain and scintillation by ITU-R recommendations.

All functions take an exceedance: the share of an average year during which the attenuation is larger.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.network.climate import Climate, spectral_lines

Array = NDArray[np.float64]

EARTH_KM = 8500.0  # effective radius of P.618
LEAST_PERCENT, MOST_PERCENT = 0.001, 50.0  # range of P.618 for the sum
TURBULENT_M = 1000.0  # height of the turbulent layer of P.618

# Recommendation ITU-R P.838-3, tables 1 to 4: terms (a, b, c) of Gaussians in log10 of the frequency, then slope and constant
K_H = (
    ((-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400), (-0.23789, 0.86036, 0.15354), (-0.94158, 0.64552, 0.16817)),
    -0.18961, 0.71147,
)  # fmt: skip
K_V = (
    ((-3.80595, 0.56934, 0.81061), (-3.44965, -0.22911, 0.51059), (-0.39902, 0.73042, 0.11899), (0.50167, 1.07319, 0.27195)),
    -0.16398, 0.63297,
)  # fmt: skip
ALPHA_H = (
    ((-0.14318, 1.82442, -0.55187), (0.29591, 0.77564, 0.19822), (0.32177, 0.63773, 0.13164),
     (-5.37610, -0.96230, 1.47828), (16.1721, -3.29980, 3.43990)),
    0.67849, -1.95537,
)  # fmt: skip
ALPHA_V = (
    ((-0.07771, 2.33840, -0.76284), (0.56727, 0.95545, 0.54039), (-0.20238, 1.14520, 0.26809),
     (-48.2991, 0.791669, 0.116226), (48.5833, 0.791459, 0.116479)),
    -0.053739, 0.83433,
)  # fmt: skip
# P.676-12, table 3: strengths and frequencies [GHz] of the lines in the equivalent height of oxygen
OXYGEN_HEIGHT = (
    (0.1597, 118.750334), (0.1066, 368.498246), (0.1325, 424.763020), (0.1242, 487.249273), (0.0938, 715.392902), (0.1448, 773.839490),
    (0.1374, 834.145546),
)  # fmt: skip


class Components(NamedTuple):
    """Parts of the attenuation and their sum [dB], arrays of one shape."""

    gas_db: Array
    cloud_db: Array
    rain_db: Array
    scintillation_db: Array
    total_db: Array


def rain_coefficients(frequency_hz: ArrayLike, elevation_rad: ArrayLike, tilt_rad: float = 0.25 * np.pi) -> tuple[Array, Array]:
    """Coefficients of the specific attenuation of rain, k R^alpha in dB/km for R in mm/h. [itu-p838]

    Parameters
    ----------
    frequency_hz : array_like
        Frequency [Hz], 1 to 1,000 GHz.
    elevation_rad : array_like
        Elevation [rad], of a shape that broadcasts.
    tilt_rad : float, optional
        Tilt of the polarisation against the horizontal [rad]; pi/4 for circular polarisation.

    Returns
    -------
    k, alpha : ndarray
        Coefficients.

    Examples
    --------
    >>> k, alpha = rain_coefficients(20e9, 0.5)
    >>> round(float(k), 4), round(float(alpha), 4)
    (0.0939, 1.0199)
    """
    x = np.log10(np.asarray(frequency_hz, dtype=np.float64) / 1e9)
    k_h, k_v, alpha_h, alpha_v = (
        sum(a * np.exp(-(((x - b) / c) ** 2)) for a, b, c in terms) + slope * x + constant for terms, slope, constant in (K_H, K_V, ALPHA_H, ALPHA_V)
    )
    k_h, k_v = 10.0**k_h, 10.0**k_v
    mix = np.cos(np.asarray(elevation_rad, dtype=np.float64)) ** 2 * np.cos(2.0 * tilt_rad)
    k = 0.5 * (k_h + k_v + (k_h - k_v) * mix)
    return k, (k_h * alpha_h + k_v * alpha_v + (k_h * alpha_h - k_v * alpha_v) * mix) / (2.0 * k)


def rain_db(climate: Climate, frequency_hz: ArrayLike, elevation_rad: ArrayLike, exceedance: ArrayLike, tilt_rad: float = 0.25 * np.pi) -> Array:
    """Attenuation by rain. [itu-p618:2.2.1.1]

    Parameters
    ----------
    climate : Climate
        Of the site.
    frequency_hz, elevation_rad, exceedance : array_like
        Frequency [Hz], elevation [rad], share of the year; they broadcast. The exceedance is taken from 1e-5 to 0.5.
    tilt_rad : float, optional
        Tilt of the polarisation against the horizontal [rad].

    Returns
    -------
    ndarray
        Attenuation [dB]; 0 where it does not rain or the site is above the rain.

    Notes
    -----
    P.618 gives 5 % as the largest exceedance of its rain; beyond, its formula is continued, and falls.
    """
    f, el, p = _arrays(frequency_hz, elevation_rad, exceedance)
    p = np.clip(p, LEAST_PERCENT, MOST_PERCENT)
    above_km = climate.rain_height_km - climate.height_km
    if above_km <= 0.0 or climate.rain_rate_mm_h <= 0.0:
        return np.zeros(np.broadcast_shapes(f.shape, el.shape, p.shape))
    sine, cosine = np.sin(el), np.cos(el)
    low = 2.0 * above_km / (np.sqrt(sine**2 + 2.0 * above_km / EARTH_KM) + sine)
    slant_km = np.where(el >= np.radians(5.0), above_km / sine, low)
    ground_km = slant_km * cosine
    k, alpha = rain_coefficients(1e9 * f, el, tilt_rad)
    specific = k * climate.rain_rate_mm_h**alpha
    reduction = 1.0 / (1.0 + 0.78 * np.sqrt(ground_km * specific / f) - 0.38 * (1.0 - np.exp(-2.0 * ground_km)))
    steep = np.arctan2(above_km, ground_km * reduction) > el
    path_km = np.where(steep, ground_km * reduction / np.maximum(cosine, 1e-12), above_km / sine)
    tropical = max(0.0, 36.0 - abs(climate.latitude_deg))
    bend = 31.0 * (1.0 - np.exp(-np.degrees(el) / (1.0 + tropical))) * np.sqrt(path_km * specific) / f**2
    at_001 = specific * path_km / (1.0 + np.sqrt(sine) * (bend - 0.45))
    beta = 0.005 * tropical + np.where(el > np.radians(25.0), 0.0, 1.8 - 4.25 * sine) * (tropical > 0.0)
    power = 0.655 + 0.033 * np.log(p) - 0.045 * np.log(at_001) - np.where(p >= 1.0, 0.0, beta) * (1.0 - p) * sine
    return np.asarray(at_001 * (p / 0.01) ** -power)


def liquid_coefficient(frequency_hz: ArrayLike) -> Array:
    """Attenuation of a column of reduced liquid water, that is at 0 degC. [itu-p840]

    Parameters
    ----------
    frequency_hz : array_like
        Frequency [Hz], up to 200 GHz.

    Returns
    -------
    ndarray
        Coefficient [dB m2/kg].

    Examples
    --------
    >>> round(float(liquid_coefficient(30e9)), 3)
    0.771
    """
    f = np.asarray(frequency_hz, dtype=np.float64) / 1e9
    theta = 300.0 / 273.15 - 1.0
    static = 77.66 + 103.3 * theta
    middle, optical = 0.0671 * static, 3.52
    first = 20.20 - 146.0 * theta + 316.0 * theta**2
    second = 39.8 * first
    real = (static - middle) / (1.0 + (f / first) ** 2) + (middle - optical) / (1.0 + (f / second) ** 2) + optical
    imaginary = f * (static - middle) / (first * (1.0 + (f / first) ** 2)) + f * (middle - optical) / (second * (1.0 + (f / second) ** 2))
    return np.asarray(0.819 * f / (imaginary * (1.0 + ((2.0 + real) / imaginary) ** 2)))


def cloud_db(climate: Climate, frequency_hz: ArrayLike, elevation_rad: ArrayLike, exceedance: ArrayLike) -> Array:
    """Attenuation by clouds, at least 1 % of the year, as P.618 asks for in the sum. [itu-p840]

    Parameters
    ----------
    climate : Climate
        Of the site.
    frequency_hz, elevation_rad, exceedance : array_like
        Frequency [Hz], elevation [rad], share of the year; they broadcast.

    Returns
    -------
    ndarray
        Attenuation [dB].
    """
    f, el, p = _arrays(frequency_hz, elevation_rad, exceedance)
    return np.asarray(_quantile(climate, climate.liquid_kg_m2, p) * liquid_coefficient(1e9 * f) / np.sin(el))


def gas_db(climate: Climate, frequency_hz: ArrayLike, elevation_rad: ArrayLike, exceedance: ArrayLike) -> Array:
    """Attenuation by oxygen and water vapour, at least 1 % of the year. [itu-p676:annex 2]

    Parameters
    ----------
    climate : Climate
        Of the site.
    frequency_hz, elevation_rad, exceedance : array_like
        Frequency [Hz], up to 350 GHz but for 50 to 70 GHz, where the equivalent height is coarse; elevation [rad], from 5 deg;
        share of the year. They broadcast.

    Returns
    -------
    ndarray
        Attenuation [dB].

    Notes
    -----
    Oxygen by its specific attenuation at the ground and an equivalent height; water vapour by its column, from the specific
    attenuations at this frequency and at 20.6 GHz. The pressure is that of the mean atmosphere at the height of the site. [itu-p835]
    """
    f, el, p = _arrays(frequency_hz, elevation_rad, exceedance)
    column, density = (_quantile(climate, table, p) for table in (climate.vapour_kg_m2, climate.vapour_density_g_m3))
    geopotential_km = 6356.766 * climate.height_km / (6356.766 + climate.height_km)
    pressure_hpa = 1013.25 * (288.15 / (288.15 - 6.5 * geopotential_km)) ** (-34.1632 / 6.5)
    oxygen = oxygen_db_km(f, pressure_hpa, density, climate.temperature_k) * _oxygen_height_km(f, pressure_hpa, density, climate.temperature_k)
    return np.asarray((oxygen + _vapour_zenith_db(f, column, climate.height_km)) / np.sin(el))


def oxygen_db_km(frequency_ghz: ArrayLike, pressure_hpa: ArrayLike, density_g_m3: ArrayLike, temperature_k: ArrayLike) -> Array:
    """Specific attenuation of dry air, line by line. [itu-p676:annex 1]

    Parameters
    ----------
    frequency_ghz, pressure_hpa, density_g_m3, temperature_k : array_like
        Frequency [GHz], pressure of dry air [hPa], density of water vapour [g/m3], temperature [K]; they broadcast.

    Returns
    -------
    ndarray
        Specific attenuation [dB/km].
    """
    f, pressure, rho, t = (np.asarray(v, dtype=np.float64)[..., None] for v in (frequency_ghz, pressure_hpa, density_g_m3, temperature_k))
    theta, vapour = 300.0 / t, rho * t / 216.7
    line, a1, a2, a3, a4, a5, a6 = spectral_lines("oxygen").T
    width = np.sqrt((a3 * 1e-4 * (pressure * theta ** (0.8 - a4) + 1.1 * vapour * theta)) ** 2 + 2.25e-6)
    overlap = (a5 + a6 * theta) * 1e-4 * (pressure + vapour) * theta**0.8
    shape = (width - overlap * (line - f)) / ((line - f) ** 2 + width**2) + (width - overlap * (line + f)) / ((line + f) ** 2 + width**2)
    strength = a1 * 1e-7 * pressure * theta**3 * np.exp(a2 * (1.0 - theta))
    lines = np.sum(strength * shape * f / line, axis=-1)
    f, pressure, theta, vapour = f[..., 0], pressure[..., 0], theta[..., 0], vapour[..., 0]
    debye = 5.6e-4 * (pressure + vapour) * theta**0.8
    dry = f * pressure * theta**2 * (6.14e-5 / (debye * (1.0 + (f / debye) ** 2)) + 1.4e-12 * pressure * theta**1.5 / (1.0 + 1.9e-5 * f**1.5))
    return np.asarray(0.1820 * f * (lines + dry))


def vapour_db_km(frequency_ghz: ArrayLike, pressure_hpa: ArrayLike, density_g_m3: ArrayLike, temperature_k: ArrayLike) -> Array:
    """Specific attenuation of water vapour, line by line. [itu-p676:annex 1]

    Parameters
    ----------
    frequency_ghz, pressure_hpa, density_g_m3, temperature_k : array_like
        Frequency [GHz], pressure of dry air [hPa], density of water vapour [g/m3], temperature [K]; they broadcast.

    Returns
    -------
    ndarray
        Specific attenuation [dB/km].
    """
    f, pressure, rho, t = (np.asarray(v, dtype=np.float64)[..., None] for v in (frequency_ghz, pressure_hpa, density_g_m3, temperature_k))
    theta, vapour = 300.0 / t, rho * t / 216.7
    line, b1, b2, b3, b4, b5, b6 = spectral_lines("vapour").T
    width = b3 * 1e-4 * (pressure * theta**b4 + b5 * vapour * theta**b6)
    width = 0.535 * width + np.sqrt(0.217 * width**2 + 2.1316e-12 * line**2 / theta)
    shape = width / ((line - f) ** 2 + width**2) + width / ((line + f) ** 2 + width**2)
    strength = b1 * 0.1 * vapour * theta**3.5 * np.exp(b2 * (1.0 - theta))
    return np.asarray(0.1820 * f[..., 0] * np.sum(strength * shape * f / line, axis=-1))


def scintillation_db(
    climate: Climate, frequency_hz: ArrayLike, elevation_rad: ArrayLike, exceedance: ArrayLike, diameter_m: float = 1.0, efficiency: float = 0.65
) -> Array:
    """Fading by turbulence of the troposphere. [itu-p618:2.4.1]

    Parameters
    ----------
    climate : Climate
        Of the site.
    frequency_hz, elevation_rad, exceedance : array_like
        Frequency [Hz], elevation [rad], share of the year, taken from 1e-5 to 0.5; they broadcast.
    diameter_m : float, optional
        Diameter of the antenna on the ground [m].
    efficiency : float, optional
        Aperture efficiency of the antenna.

    Returns
    -------
    ndarray
        Fade [dB].
    """
    f, el, p = _arrays(frequency_hz, elevation_rad, exceedance)
    sine, x = np.sin(el), np.log10(np.clip(p, LEAST_PERCENT, MOST_PERCENT))
    length_m = 2.0 * TURBULENT_M / (np.sqrt(sine**2 + 2.35e-4) + sine)
    size = 1.22 * efficiency * diameter_m**2 * f / length_m
    mean = 3.86 * (size**2 + 1.0) ** (11.0 / 12.0) * np.sin(11.0 / 6.0 * np.arctan2(1.0, size)) - 7.08 * size ** (5.0 / 6.0)
    averaged = np.sqrt(np.where(size >= 7.0, 0.0, np.maximum(mean, 0.0)))
    sigma = (3.6e-3 + 1e-4 * climate.wet_refractivity) * f ** (7.0 / 12.0) * averaged / sine**1.2
    return np.asarray((-0.061 * x**3 + 0.072 * x**2 - 1.71 * x + 3.0) * sigma)


def components(
    climate: Climate,
    frequency_hz: ArrayLike,
    elevation_rad: ArrayLike,
    exceedance: ArrayLike,
    *,
    diameter_m: float = 1.0,
    efficiency: float = 0.65,
    tilt_rad: float = 0.25 * np.pi,
) -> Components:
    """Attenuation between a site and a satellite with its parts. [itu-p618:2.5]

    Parameters
    ----------
    climate : Climate
        Of the site.
    frequency_hz : array_like
        Frequency [Hz]. P.618 states its sum up to 55 GHz; above, it is used as it is.
    elevation_rad : array_like
        Elevation [rad], from 5 deg.
    exceedance : array_like
        Share of an average year during which the attenuation is larger, 0 to 1. Rain and scintillation are taken from
        1e-5 to 0.5, clouds and gases from 0.01 to 0.9.
    diameter_m, efficiency : float, optional
        Diameter [m] and aperture efficiency of the antenna on the ground, for scintillation.
    tilt_rad : float, optional
        Tilt of the polarisation against the horizontal [rad]; pi/4 for circular polarisation.

    Returns
    -------
    Components
        Gas, cloud, rain, scintillation and total [dB]: gas + sqrt((rain + cloud)^2 + scintillation^2). Arrays of the shape
        to which the arguments broadcast.

    Raises
    ------
    ValueError
        If a frequency or elevation is not positive, or an exceedance not within 0 to 1.

    Examples
    --------
    >>> from sim.network.climate import climate
    >>> london = climate(np.radians(51.5), np.radians(-0.14), 31.0)
    >>> round(float(components(london, 20e9, np.radians(30.0), 1e-3).total_db), 1)
    6.2
    """
    f, el, p = (np.asarray(v, dtype=np.float64) for v in (frequency_hz, elevation_rad, exceedance))
    if not (np.all(f > 0.0) and np.all((el > 0.0) & (el <= 0.5 * np.pi + 1e-9)) and np.all((p >= 0.0) & (p <= 1.0))):
        raise ValueError("frequency must be above 0, elevation above 0 and at most pi/2, exceedance 0 to 1")
    gas, cloud = gas_db(climate, f, el, p), cloud_db(climate, f, el, p)
    rain = rain_db(climate, f, el, p, tilt_rad)
    scintillation = scintillation_db(climate, f, el, p, diameter_m, efficiency)
    return Components(*np.broadcast_arrays(gas, cloud, rain, scintillation, gas + np.hypot(rain + cloud, scintillation)))


def _arrays(frequency_hz: ArrayLike, elevation_rad: ArrayLike, exceedance: ArrayLike) -> tuple[Array, Array, Array]:
    """Frequency [GHz], elevation [rad] and exceedance [%]."""
    f, el, p = (np.asarray(v, dtype=np.float64) for v in (frequency_hz, elevation_rad, exceedance))
    return f / 1e9, el, 100.0 * p


def _quantile(climate: Climate, table: Array, percent: Array) -> Array:
    """Value of a table by exceedance, linear in its logarithm; beyond its ends the last value."""
    return np.asarray(np.interp(np.log(np.maximum(percent, LEAST_PERCENT)), np.log(climate.exceedance_percent), table))


def _oxygen_height_km(f: Array, pressure_hpa: float, density_g_m3: Array, temperature_k: float) -> Array:
    """Equivalent height of oxygen. [itu-p676:annex 2]"""
    ratio = (pressure_hpa + density_g_m3 * temperature_k / 216.7) / 1013.25
    t1 = 5.1040 / (1.0 + 0.066 * ratio**-2.3) * np.exp(-(((f - 59.7) / (2.87 + 12.4 * np.exp(-7.9 * ratio))) ** 2))
    t2 = sum(c * np.exp(2.12 * ratio) / ((f - line) ** 2 + 0.025 * np.exp(2.2 * ratio)) for c, line in OXYGEN_HEIGHT)
    t3 = 0.0114 * f / (1.0 + 0.14 * ratio**-2.6) * (15.02 * f**2 - 1353.0 * f + 5.333e4) / (f**3 - 151.3 * f**2 + 9629.0 * f - 6803.0)
    height = 6.1 * (0.7832 + 0.00709 * (temperature_k - 273.15)) / (1.0 + 0.17 * ratio**-1.1) * (1.0 + t1 + t2 + t3)
    return np.asarray(np.where(f < 70.0, np.minimum(height, 10.7 * ratio**0.3), height))


def _vapour_zenith_db(f: Array, column_kg_m2: Array, height_km: float) -> Array:
    """Zenith attenuation of a column of water vapour. [itu-p676:annex 2]"""
    density = column_kg_m2 / 2.38
    temperature = 14.0 * np.log(0.22 * density) + 3.0 + 273.15
    scaled = 0.0176 * column_kg_m2 * vapour_db_km(f, 845.0, density, temperature) / vapour_db_km(20.6, 845.0, density, temperature)
    a = (
        0.2048 * np.exp(-(((f - 22.43) / 3.097) ** 2)) + 0.2326 * np.exp(-(((f - 183.5) / 4.096) ** 2))
        + 0.2073 * np.exp(-(((f - 325.0) / 3.651) ** 2)) - 0.1113
    )  # fmt: skip
    b = 8.741e4 * np.exp(-0.587 * f) + 312.2 * f**-2.38 + 0.723
    raised = 1.0 + a * min(max(height_km, 0.0), 4.0) ** b
    return np.asarray(scaled * np.where(f < 20.0, 1.0, raised))
