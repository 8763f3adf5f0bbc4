"""Budgets of the links between sites on the ground and satellites in a run: which satellites a site can use at each step, at which rates.

A satellite whose link would carry nothing, by distance, rain or cloud, is out of sight of the site. Each antenna of a site serves one
satellite, so that a site carries at most the rates of as many satellites as it has antennas, the best ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.ground import Station
from sim.network import optical_ground, radio
from sim.network.site_links import SiteLinks
from sim.network.weather import Weather

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Terms(NamedTuple):
    """Links of the sites.

    Attributes
    ----------
    radio : Radio or None
        Radio of every site.
    telescope : Telescope or None
        Telescope of every site; exactly one of both is given.
    antennas : ndarray of int64, shape (sites,)
        Satellites that each site serves at once.
    """

    radio: radio.Radio | None
    telescope: optical_ground.Telescope | None
    antennas: Ints


class GroundBudget:
    """Rates between sites and satellites, step by step.

    Parameters
    ----------
    rows : ndarray of int64, shape (sites,)
        Numbers of the sites among the stations of the run.
    sites : sequence of Station
        The sites.
    terms : Terms
        Their links.
    weather : Weather or None
        Weather at the sites, with row k + 1 for the end of step k; None: attenuation that is exceeded half of the time, and no clouds.
    steps : int
        Steps of the run.

    Attributes
    ----------
    down_bit_s, up_bit_s : ndarray, shape (steps, sites)
        What each site carries with all its antennas [bit/s].
    attenuation_db : ndarray, shape (steps, sites)
        Attenuation on the way down to the best satellite in view [dB]; of a telescope infinite under clouds; not a number where none is in view.
    in_view : ndarray of int64, shape (steps, sites)
        Satellites in view, whatever the weather.
    """

    def __init__(self, rows: Ints, sites: Sequence[Station], terms: Terms, weather: Weather | None, steps: int) -> None:
        if (terms.radio is None) == (terms.telescope is None):
            raise ValueError("a site has either a radio or a telescope")
        self.rows, self.terms = rows, terms
        self._weather = weather
        if weather is None:  # one moment at the median of every site
            self._clear = Weather(sites, 1, 1.0, 0)
            self._clear.rain[:], self._clear.cloudy[:] = 0.0, False
        self.down_bit_s, self.up_bit_s = np.zeros((2, steps, rows.size))
        self.attenuation_db = np.full((steps, rows.size), np.nan)
        self.in_view = np.zeros((steps, rows.size), dtype=np.int64)

    def limit(self, k: int, slant_m: Array, r_m: Array, at_m: Array, up: Array) -> SiteLinks:
        """Put satellites that a site cannot use out of its sight, and note what it carries.

        Parameters
        ----------
        k : int
            The step.
        slant_m : ndarray, shape (stations, N)
            Slant ranges at its end [m], infinite where a satellite is not in view; changed in place.
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m].
        at_m, up : ndarray, shape (stations, 3)
            Positions [m] and zeniths of the stations.

        Returns
        -------
        SiteLinks
            Links that carry data in both directions.
        """
        site, satellite = np.nonzero(np.isfinite(slant_m[self.rows]))
        np.add.at(self.in_view[k], site, 1)
        if not site.size:
            return SiteLinks(site, satellite, *np.zeros((3, 0)))
        station = self.rows[site]
        range_m = slant_m[station, satellite]
        height_m = np.einsum("ij,ij->i", r_m[:, satellite].T - at_m[station], up[station])
        elevation_rad = np.arcsin(np.clip(height_m / range_m, -1.0, 1.0))
        down_bit_s, up_bit_s, lost_db = self._rates(k, site, range_m, elevation_rad)
        usable = (down_bit_s > 0.0) & (up_bit_s > 0.0)
        slant_m[station[~usable], satellite[~usable]] = np.inf
        # sites are in order: of each the satellites with the highest rates down, of equal ones the lowest number
        order = np.lexsort((satellite, -down_bit_s, site))
        first = np.searchsorted(site[order], np.arange(self.rows.size))
        place = np.arange(site.size) - first[site[order]]
        served = order[(place < self.terms.antennas[site[order]]) & usable[order]]
        np.add.at(self.down_bit_s[k], site[served], down_bit_s[served])
        np.add.at(self.up_bit_s[k], site[served], up_bit_s[served])
        best = order[place == 0]
        self.attenuation_db[k, site[best]] = lost_db[best]
        return SiteLinks(site[usable], satellite[usable], range_m[usable], down_bit_s[usable], up_bit_s[usable])

    def _rates(self, k: int, site: Ints, range_m: Array, elevation_rad: Array) -> tuple[Array, Array, Array]:
        """Rates down and up [bit/s], and the attenuation on the way down [dB], of pairs of sites and satellites."""
        link = self.terms.radio
        if link is None:
            telescope = self.terms.telescope
            assert telescope is not None
            weather, row = self._sky(k)
            cloudy = weather.cloudy[row, site]
            down_bit_s = optical_ground.rate_bit_s(range_m, elevation_rad, cloudy, telescope)
            clear_db = -10.0 * math.log10(telescope.zenith_transmittance) * optical_ground.air_mass(elevation_rad)
            return down_bit_s, down_bit_s, np.where(cloudy, np.inf, clear_db)
        lost_db = [self._attenuation_db(k, site, elevation_rad, carriers.frequency_hz, link.ground) for carriers in (link.down, link.up)]
        down_bit_s = radio.rate_bit_s(range_m, lost_db[0], link)
        return down_bit_s, radio.rate_bit_s(range_m, lost_db[1], link, up=True), lost_db[0]

    def _attenuation_db(self, k: int, site: Ints, elevation_rad: Array, frequency_hz: float, dish: radio.End) -> Array:
        weather, row = self._sky(k)
        return weather.attenuation_db(site, frequency_hz, elevation_rad, row, diameter_m=dish.diameter_m, efficiency=dish.efficiency)

    def _sky(self, k: int) -> tuple[Weather, int]:
        """Weather, and its row for the end of step k."""
        return (self._clear, 0) if self._weather is None else (self._weather, k + 1)
