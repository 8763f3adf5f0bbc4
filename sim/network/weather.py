"""Weather at sites over time: attenuation of radio links and clouds over telescopes, correlated in time and between near sites.

One process for each site. White noise drives a slow process for rain and two for clouds, as Recommendation ITU-R P.1853 has it; rain and
clouds share the noise, so that it is cloudy where it rains. [itu-p1853]
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr, ndtri

from orbit.constants import EARTH_MEAN_RADIUS_M
from orbit.ground import Station
from sim.network.atmosphere import components
from sim.network.climate import Climate, climate

Array = NDArray[np.float64]

PROCESS = 14  # the number of this process in its spawn keys
NODE_S = 60.0  # the noise is drawn at these moments, whatever the step of a run
RAIN_HZ = 2e-4  # parameter of the low-pass filter of rain [itu-p1853]
CLOUD_HZ, CLOUD_WEIGHTS = (7.17e-4, 2.01e-5), (0.349, 0.830)  # of the two filters of clouds [itu-p1853]
# Correlation of rain with the distance: weights and lengths [m] of two exp(-d / L) and of exp(-(d / L)^2). Fitted to the joint statistics
# of rain attenuation of P.618, section 2.2.4.1, for rain during 5 % of the year and attenuation exceeded for 0.1 to 0.5 %.
RAIN_CELL, RAIN_NEAR, RAIN_FAR = (0.355, 20e3), (0.5, 50e3), (0.145, 670e3)
CLOUD_NEAR, CLOUD_FAR = (0.35, 7.8e3), (0.65, 225.3e3)  # both exp(-d / L) [lyras2017]
APART_M = 2.5e6  # sites farther from each other and from all between are independent; clouds correlate by 1e-5
LEAST_ELEVATION_RAD = math.radians(5.0)  # below, the attenuation is that at this elevation
NORMAL_FROM, NORMAL_TO, NORMAL_STEP = -3.0, 4.3, 0.05  # nodes of the normal variate in tables of attenuation
AIR_MASSES = 25  # nodes of the elevation in these tables, equally spaced in ln(1 / sin)


class Weather:
    """Weather of an average year at sites, at times 0, step, 2 step, ...

    Parameters
    ----------
    sites : sequence of Station
        The sites, of different names.
    steps : int
        Number of times, at least 1.
    step_s : float
        Time between them [s], above 0.
    seed : int
        Seed of the scenario.
    replica : int, optional
        Number of the replica.
    climates : sequence of Climate, optional
        Climates of the sites; by default those of the table that ships.

    Attributes
    ----------
    rain : ndarray, shape (steps, sites), float32
        Normal variate of rain; the attenuation exceeded with the same probability holds.
    cloudy : ndarray, shape (steps, sites), bool
        Whether clouds cover the site.

    Raises
    ------
    ValueError
        If two sites share a name, or a number is out of its range.

    Notes
    -----
    The stream of a site depends on seed, replica and the name of the site, and starts in the stationary state. A longer run has the
    same weather at its beginning, another step or other sites far away leave the weather as it is, and so do their order and number.
    Between the moments at which the noise is drawn variates are interpolated and scaled to variance 1.

    The state is that of an average year: there are no seasons and no hours of the day, and no fronts that move from site to site.

    Examples
    --------
    >>> london = Station("London", math.radians(51.5), math.radians(-0.14), 31.0, 0.0)
    >>> weather = Weather([london], steps=1440, step_s=60.0, seed=1)
    >>> weather.cloudy.shape
    (1440, 1)
    >>> quiet, often = np.quantile(weather.attenuation_db(0, 20e9, math.radians(30.0), np.arange(1440)), [0.0, 0.9])
    >>> bool(0.3 < quiet < often < 3.0)
    True
    """

    def __init__(
        self,
        sites: Sequence[Station],
        steps: int,
        step_s: float,
        seed: int,
        *,
        replica: int = 0,
        climates: Sequence[Climate] | None = None,
    ) -> None:
        names = [site.name for site in sites]
        if len(set(names)) < len(names):
            raise ValueError(f"sites share the name '{next(n for n in names if names.count(n) > 1)}'; each needs its own stream")
        if steps < 1 or not step_s > 0.0:
            raise ValueError(f"{steps} steps of {step_s} s: there must be at least one step, longer than 0 s")
        self.sites, self.steps, self.step_s = tuple(sites), steps, step_s
        if climates is None:
            climates = [climate(s.latitude_rad, s.longitude_rad, s.height_m) for s in sites]
        self.climates = tuple(climates)
        nodes = math.ceil((steps - 1) * step_s / NODE_S) + 2
        rain, fast, slow = (np.empty((len(sites), nodes)) for _ in range(3))
        for k, name in enumerate(names):
            rain[k], fast[k], slow[k] = _filtered(_noise(seed, replica, name, nodes + 2))
        distance_m = distances_m(sites)
        cloud = _mixed(cloud_correlation(distance_m), distance_m, CLOUD_WEIGHTS[0] * fast + CLOUD_WEIGHTS[1] * slow)
        rain = _mixed(rain_correlation(distance_m), distance_m, rain)
        self.rain = self._at_steps(rain, 1.0, math.exp(-RAIN_HZ * NODE_S))
        variance, lagged = _cloud_covariance(0.0), _cloud_covariance(NODE_S)
        threshold = ndtri(1.0 - np.clip([c.cloud_fraction for c in self.climates], 1e-9, 1.0 - 1e-9))
        self.cloudy = self._at_steps(cloud, variance, lagged / variance) > threshold
        self._tables: dict[tuple[float, float, float], Array] = {}

    def _at_steps(self, nodes: Array, variance: float, correlation: float) -> NDArray[np.float32]:
        """Variates of variance 1 at the times of the steps, from those at the nodes."""
        at = np.arange(self.steps) * (self.step_s / NODE_S)
        k = at.astype(np.int64)
        w = at - k
        scale = 1.0 / np.sqrt(variance * (1.0 - 2.0 * w * (1.0 - w) * (1.0 - correlation)))
        return np.ascontiguousarray((((1.0 - w) * nodes[:, k] + w * nodes[:, k + 1]) * scale).T, dtype=np.float32)

    def exceedance(self) -> Array:
        """Share of an average year during which the attenuation is larger than at each moment.

        Returns
        -------
        ndarray, shape (steps, sites)
            Shares, 0 to 1, uniformly distributed over long times.
        """
        return np.asarray(ndtr(-self.rain.astype(np.float64)))

    def attenuation_db(
        self, site: ArrayLike, frequency_hz: float, elevation_rad: ArrayLike, step: ArrayLike, *, diameter_m: float = 1.0, efficiency: float = 0.65
    ) -> Array:
        """Attenuation between sites and satellites at the times of steps.

        Parameters
        ----------
        site : array_like of int
            Position of the site among the sites.
        frequency_hz : float
            Frequency [Hz]. All frequencies follow the same weather.
        elevation_rad : array_like
            Elevation of the satellite [rad]; less than 5 deg counts as 5 deg.
        step : array_like of int
            Number of the step. Site, elevation and step broadcast.
        diameter_m, efficiency : float, optional
            Antenna of the site, for scintillation.

        Returns
        -------
        ndarray
            Attenuation [dB]. Over a long time it is larger than the one that P.618 gives for a share of the year for that share,
            within the interpolation of a table (1 % or 0.02 dB).
        """
        table, which = self._table(frequency_hz, diameter_m, efficiency), np.asarray(site)
        variate = self.rain[np.asarray(step), which].astype(np.float64)
        at = np.clip((variate - NORMAL_FROM) / NORMAL_STEP, 0.0, table.shape[1] - 1.000001)
        sine = np.sin(np.maximum(np.asarray(elevation_rad, dtype=np.float64), LEAST_ELEVATION_RAD))
        over = np.clip(-np.log(sine) / -math.log(math.sin(LEAST_ELEVATION_RAD)) * (AIR_MASSES - 1), 0.0, AIR_MASSES - 1.000001)
        i, j = at.astype(np.int64), over.astype(np.int64)
        u, v = at - i, over - j
        low = (1.0 - v) * table[which, i, j] + v * table[which, i, j + 1]
        high = (1.0 - v) * table[which, i + 1, j] + v * table[which, i + 1, j + 1]
        return np.asarray(np.exp((1.0 - u) * low + u * high))

    def _table(self, frequency_hz: float, diameter_m: float, efficiency: float) -> Array:
        """ln of the attenuation [dB] by site, normal variate and elevation, rising with the variate."""
        key = (frequency_hz, diameter_m, efficiency)
        if key not in self._tables:
            share = ndtr(-np.arange(NORMAL_FROM, NORMAL_TO + 0.5 * NORMAL_STEP, NORMAL_STEP))[:, None]
            mass = np.exp(np.linspace(0.0, -math.log(math.sin(LEAST_ELEVATION_RAD)), AIR_MASSES))
            elevation = np.arcsin(np.minimum(1.0, 1.0 / mass))
            tables = [
                components(c, frequency_hz, elevation, share, diameter_m=diameter_m, efficiency=efficiency).total_db for c in self.climates
            ]
            self._tables[key] = np.log(np.maximum.accumulate(np.maximum(tables, 1e-6), axis=1))
        return self._tables[key]


class Diversity(NamedTuple):
    """Shares of time during which sites, and a set of them, are usable."""

    single: Array  # (sites,) of the times at which the site is in view, those at which it is usable
    joint: float  # of the times at which any site is in view, those at which any of these is usable
    served: NDArray[np.bool_]  # (steps,) whether a usable site is in view
    seen: NDArray[np.bool_]  # (steps,) whether any site is in view


def site_diversity(usable: ArrayLike, in_view: ArrayLike | None = None) -> Diversity:
    """Availability of single sites and of the set.

    Parameters
    ----------
    usable : array_like of bool, shape (steps, sites)
        Whether the weather lets a site work: no clouds, or an attenuation below its margin.
    in_view : array_like of bool, shape (steps, sites), optional
        Whether the satellite sees the site; by default always.

    Returns
    -------
    Diversity
        Shares; not a number where nothing is in view.

    Notes
    -----
    A satellite in low orbit sees few sites at once, all in one region, under one weather. The product of the outages of all
    sites of a network is therefore not the outage of its satellites.

    Examples
    --------
    >>> found = site_diversity([[True, False], [False, True], [False, False], [True, True]])
    >>> found.single.tolist(), found.joint
    ([0.5, 0.5], 0.75)
    """
    good = np.asarray(usable, dtype=np.bool_)
    seen = np.ones_like(good) if in_view is None else np.asarray(in_view, dtype=np.bool_)
    served, any_seen = np.asarray((good & seen).any(axis=1)), np.asarray(seen.any(axis=1))
    with np.errstate(invalid="ignore"):
        single = np.sum(good & seen, axis=0) / np.sum(seen, axis=0)
    joint = float(served.sum() / any_seen.sum()) if any_seen.any() else math.nan
    return Diversity(single, joint, served, any_seen)


def pass_shares(diversity: Diversity) -> Array:
    """Share of each pass over the sites during which a usable site is in view.

    Parameters
    ----------
    diversity : Diversity
        Of one satellite.

    Returns
    -------
    ndarray, shape (passes,)
        Shares, 0 to 1, in order of time. A pass lasts as long as any site is in view without a break.

    Examples
    --------
    >>> view = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [0, 1]], dtype=bool)
    >>> pass_shares(site_diversity(np.array([[0, 0], [0, 1], [1, 1], [0, 0], [0, 0]], dtype=bool), view)).tolist()
    [0.5, 0.0]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], diversity.seen.astype(np.int8), [0]))))
    first, last = edges[::2], edges[1::2]
    total = np.concatenate(([0], np.cumsum(diversity.served)))
    return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1))


def distances_m(sites: Sequence[Station]) -> Array:
    """Distances between sites along straight lines through a spherical Earth, which keep correlations positive definite.

    Parameters
    ----------
    sites : sequence of Station
        The sites.

    Returns
    -------
    ndarray, shape (sites, sites)
        Distances [m]; within 1 % of those along the ground up to 3,000 km.
    """
    lat, lon = (np.array([getattr(s, name) for s in sites], dtype=np.float64) for name in ("latitude_rad", "longitude_rad"))
    at = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=-1)
    return np.asarray(EARTH_MEAN_RADIUS_M * np.sqrt(np.sum((at[:, None] - at[None]) ** 2, axis=-1)))


def rain_correlation(distance_m: ArrayLike) -> Array:
    """Correlation of the normal variates of attenuation at two sites. [itu-p618:2.2.4.1]

    Parameters
    ----------
    distance_m : array_like
        Distance between the sites [m].

    Returns
    -------
    ndarray
        Correlation, 0 to 1.

    Examples
    --------
    >>> rain_correlation([0.0, 10e3, 100e3, 1000e3]).round(3).tolist()
    [1.0, 0.77, 0.212, 0.016]
    """
    d = np.asarray(distance_m, dtype=np.float64)
    near = sum(weight * np.exp(-d / length_m) for weight, length_m in (RAIN_CELL, RAIN_NEAR))
    return np.asarray(near + RAIN_FAR[0] * np.exp(-((d / RAIN_FAR[1]) ** 2)))


def cloud_correlation(distance_m: ArrayLike) -> Array:
    """Correlation of the normal variates of liquid water at two sites, known from scenes of some 200 km. [lyras2017]

    Parameters
    ----------
    distance_m : array_like
        Distance between the sites [m].

    Returns
    -------
    ndarray
        Correlation, 0 to 1.

    Examples
    --------
    >>> cloud_correlation([0.0, 10e3, 100e3, 1000e3]).round(3).tolist()
    [1.0, 0.719, 0.417, 0.008]
    """
    d = np.asarray(distance_m, dtype=np.float64)
    return np.asarray(CLOUD_NEAR[0] * np.exp(-d / CLOUD_NEAR[1]) + CLOUD_FAR[0] * np.exp(-d / CLOUD_FAR[1]))


def _noise(seed: int, replica: int, name: str, size: int) -> Array:
    """White noise of a site; more of it begins with the same values."""
    key = np.random.SeedSequence(seed, spawn_key=(PROCESS, replica)).generate_state(2, np.uint64)
    site = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    stream = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, site]))
    return np.asarray(ndtri(stream.random(size) + 2.0**-54))


def _filtered(noise: Array) -> tuple[Array, Array, Array]:
    """Rain and the two processes of clouds at the nodes, of variance 1; the first values are drawn from their stationary state."""
    rates = (RAIN_HZ, *CLOUD_HZ)
    keep = np.exp(-NODE_S * np.array(rates))
    gain = np.sqrt(1.0 - keep**2)
    start = np.linalg.cholesky(np.outer(gain, gain) / (1.0 - np.outer(keep, keep))) @ noise[:3]
    series = []
    for k in range(3):
        rest, _ = lfilter([gain[k]], [1.0, -keep[k]], noise[3:], zi=[keep[k] * start[k]])
        series.append(np.concatenate(([start[k]], rest)))
    return series[0], series[1], series[2]


def _cloud_covariance(lag_s: float) -> float:
    """Covariance of the weighted sum of the two processes of clouds with itself later, as they are at the nodes."""
    keep = np.exp(-NODE_S * np.array(CLOUD_HZ))
    gain, weight = np.sqrt(1.0 - keep**2), np.array(CLOUD_WEIGHTS)
    joint = np.outer(gain, gain) / (1.0 - np.outer(keep, keep))
    return float(weight @ joint @ (weight * keep ** (lag_s / NODE_S)))


def _mixed(correlation: Array, distance_m: Array, series: Array) -> Array:
    """Series of independent sites as series with a correlation between sites, by the symmetric square root of its matrix.

    The symmetric root treats all sites alike, so that their order does not matter. Weights below 1e-4 are left out, and the rest scaled
    to variance 1. Sums are taken in the order of the sites, without a matrix product, whose rounding depends on the length of the series.
    """
    groups, group = connected_components(distance_m < APART_M, directed=False)
    out = np.empty_like(series)
    for g in range(groups):
        members = np.flatnonzero(group == g)
        value, vector = np.linalg.eigh(correlation[np.ix_(members, members)])
        root = (vector * np.sqrt(np.maximum(value, 0.0))) @ vector.T
        root = np.where(np.abs(root) < 1e-4, 0.0, np.round(root, 12))  # the last digits may depend on the number of threads
        root /= np.sqrt(np.sum(root**2, axis=1, keepdims=True))
        for row, site in zip(root, members, strict=True):
            near = np.flatnonzero(row)
            total = row[near[0]] * series[members[near[0]]]
            for k in near[1:]:
                total += row[k] * series[members[k]]
            out[site] = total
    return out
