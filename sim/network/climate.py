"""Radio climate of a site: what attenuation needs from the digital maps of the ITU-R, read from the table that ships.

tools/build_weather_tables.py makes the table from the maps as itur packages them.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RAIN_ABOVE_ZERO_KM = 0.36  # mean height of rain above the 0 degC isotherm [itu-p839]


@dataclass(frozen=True, eq=False)
class Climate:
    """Radio climate of one site, of an average year.

    Attributes
    ----------
    latitude_deg : float
        Geodetic latitude [deg].
    height_km : float
        Height of the antenna above mean sea level [km].
    rain_rate_mm_h : float
        Rain rate exceeded for 0.01 % of the year [mm/h]. [itu-p837]
    rain_height_km : float
        Mean height of rain above mean sea level [km]. [itu-p839]
    wet_refractivity : float
        Wet term of the refractivity of air near the ground, median [N units]. [itu-p453]
    temperature_k : float
        Mean temperature near the ground [K]. [itu-p1510]
    exceedance_percent : ndarray, shape (levels,)
        Percentages of the year of the next three, rising [%].
    vapour_kg_m2 : ndarray, shape (levels,)
        Water vapour in a vertical column above the site that is exceeded for so long [kg/m2]. [itu-p836]
    vapour_density_g_m3 : ndarray, shape (levels,)
        Density of water vapour near the ground [g/m3]. [itu-p836]
    liquid_kg_m2 : ndarray, shape (levels,)
        Reduced liquid water of clouds in a vertical column that is exceeded for so long [kg/m2]. [itu-p840]
    cloud_fraction : float
        Share of the year with liquid water in the column, 0 to 1. [itu-p840]
    """

    latitude_deg: float
    height_km: float
    rain_rate_mm_h: float
    rain_height_km: float
    wet_refractivity: float
    temperature_k: float
    exceedance_percent: Array
    vapour_kg_m2: Array
    vapour_density_g_m3: Array
    liquid_kg_m2: Array
    cloud_fraction: float


@cache
def _members() -> dict[str, NDArray[Any]]:
    with resources.files("sim.network").joinpath("data/climate.npz").open("rb") as stream, zipfile.ZipFile(stream) as archive:
        return {name[:-4]: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist() if name.endswith(".npy")}


@cache
def _facts() -> dict[str, Any]:
    with resources.files("sim.network").joinpath("data/climate.npz").open("rb") as stream, zipfile.ZipFile(stream) as archive:
        facts: dict[str, Any] = json.loads(archive.read("provenance.json"))
    return facts


def provenance() -> dict[str, Any]:
    """Where the table comes from: source, program, date, percentages, and the scale of each map.

    Returns
    -------
    dict
        Facts.

    Examples
    --------
    >>> provenance()["exceedances_percent"][:3]
    [1.0, 2.0, 3.0]
    """
    return dict(_facts())


def spectral_lines(name: str) -> Array:
    """Spectral lines of a gas. [itu-p676]

    Parameters
    ----------
    name : str
        "oxygen" or "vapour".

    Returns
    -------
    ndarray, shape (lines, 7)
        Frequency [GHz] and the six coefficients of Recommendation ITU-R P.676-12, tables 1 and 2.

    Examples
    --------
    >>> [len(spectral_lines(name)) for name in ("oxygen", "vapour")]
    [44, 35]
    """
    return np.asarray(_members()[f"{name}_lines"], dtype=np.float64)


@cache
def _levels(name: str) -> NDArray[np.uint16]:
    """Levels of a map, which is stored as differences along its rows, modulo 65,536."""
    low, high = _members()[name].astype(np.uint16)
    return np.cumsum(low + 256 * high, axis=1, dtype=np.uint16)


def _corners(name: str, latitude_deg: float, longitude_deg: float) -> tuple[Array, Array]:
    """Values of a map at the four nodes around a place, and the weights of bilinear interpolation."""
    levels, scale = _levels(name), _facts()["maps"][name]
    rows, columns = levels.shape
    y, x = (90.0 - latitude_deg) / 180.0 * (rows - 1), longitude_deg % 360.0 / 360.0 * (columns - 1)
    row, column = min(int(y), rows - 2), min(int(x), columns - 2)
    level = levels[row : row + 2, column : column + 2].astype(np.float64)
    if scale["scale"] == "log":
        value = np.where(level > 0, scale["floor"] * np.exp((level - 1.0) * scale["step"]), 0.0)
    else:
        value = scale["floor"] + scale["step"] * level
    down, right = y - row, x - column
    return value, np.outer((1.0 - down, down), (1.0 - right, right))


def _at(name: str, latitude_deg: float, longitude_deg: float) -> float:
    value, weight = _corners(name, latitude_deg, longitude_deg)
    return float(np.sum(value * weight))


def climate(latitude_rad: float, longitude_rad: float, height_m: float) -> Climate:
    """Radio climate of a site, bilinear between the nodes of the maps.

    Parameters
    ----------
    latitude_rad, longitude_rad : float
        Geodetic latitude, -pi/2 to pi/2, and east longitude, any turn [rad].
    height_m : float
        Height of the antenna above mean sea level [m].

    Returns
    -------
    Climate
        The climate.

    Raises
    ------
    ValueError
        If the latitude is beyond a pole or a number is not finite.

    Notes
    -----
    Water vapour falls with the height above each node's surface by the scale height of the node, as P.836 asks for; its density
    near the ground follows the column. Scale height and ratio are those of 1, 10, 50 and 90 % of the year, and interpolated between.

    Examples
    --------
    >>> london = climate(math.radians(51.5), math.radians(-0.14), 31.0)
    >>> round(london.rain_rate_mm_h), round(london.rain_height_km, 2), round(london.cloud_fraction, 2)
    (26, 2.45, 0.5)
    """
    if not all(map(math.isfinite, (latitude_rad, longitude_rad, height_m))) or abs(latitude_rad) > 0.5 * math.pi:
        raise ValueError(f"latitude {latitude_rad} rad must be -pi/2 to pi/2, longitude and height finite")
    facts, place = _facts(), (math.degrees(latitude_rad), math.degrees(longitude_rad))
    levels, height_km = facts["exceedances_percent"], 1e-3 * height_m
    surface_km, weight = _corners("surface_km", *place)
    coarse = facts["scale_height_percent"]
    between = np.array([np.interp(np.log(levels), np.log(coarse), unit) for unit in np.eye(len(coarse))]).T  # weights, (levels, coarse)
    heights = np.tensordot(between, [_corners(f"vapour_height_km_{p:g}", *place)[0] for p in coarse], 1)
    columns = np.array([_corners(f"vapour_kg_m2_{p:g}", *place)[0] for p in levels])
    vapour = np.sum(weight * columns * np.exp((surface_km - height_km) / heights), axis=(1, 2))
    ratio = between @ [_at(f"density_per_column_{p:g}", *place) for p in coarse]
    return Climate(
        latitude_deg=place[0],
        height_km=height_km,
        rain_rate_mm_h=_at("rain_rate_mm_h", *place),
        rain_height_km=_at("zero_height_km", *place) + RAIN_ABOVE_ZERO_KM,
        wet_refractivity=_at("wet_refractivity", *place),
        temperature_k=_at("temperature_k", *place),
        exceedance_percent=np.array(levels),
        vapour_kg_m2=vapour,
        vapour_density_g_m3=vapour * ratio,
        liquid_kg_m2=np.array([_at(f"liquid_kg_m2_{p:g}", *place) for p in levels]),
        cloud_fraction=_at("cloud_probability", *place),
    )
