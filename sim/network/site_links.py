"""Links that sites on the ground could use in a step, and the satellites that their antennas serve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class SiteLinks(NamedTuple):
    """Pairs of a site and a satellite in its view, ordered by site.

    Attributes
    ----------
    site : ndarray of int64, shape (P,)
        Number of the site among the sites.
    satellite : ndarray of int64, shape (P,)
        Satellite.
    range_m : ndarray, shape (P,)
        Slant range [m].
    down_bit_s, up_bit_s : ndarray, shape (P,)
        Rate of one antenna to the satellite, in each direction [bit/s].
    """

    site: Ints
    satellite: Ints
    range_m: Array
    down_bit_s: Array
    up_bit_s: Array


def served(links: SiteLinks, rate_bit_s: Array, antennas: Ints, wanted: Flags) -> Ints:
    """Pairs that antennas form: each serves one satellite, those with the highest rates, of equal rates the nearest.

    Parameters
    ----------
    links : SiteLinks
        Pairs in view.
    rate_bit_s : ndarray, shape (P,)
        Their rates by which antennas choose [bit/s]; pairs without any are left out.
    antennas : ndarray of int64, shape (sites,)
        Antennas of each site.
    wanted : ndarray of bool, shape (N,)
        Satellites from which data reach their goal.

    Returns
    -------
    ndarray of int64
        Numbers of the pairs, by site.

    Examples
    --------
    One site with one antenna and three satellites in view, the last of which leads nowhere:

    >>> links = SiteLinks(np.zeros(3, int), np.arange(3), np.array([9e5, 7e5, 5e5]), np.full(3, 1e9), np.full(3, 1e9))
    >>> served(links, links.up_bit_s, np.array([1]), np.array([True, True, False])).tolist()
    [1]
    """
    able = np.flatnonzero(wanted[links.satellite] & (rate_bit_s > 0.0))
    site = links.site[able]
    order = able[np.lexsort((links.satellite[able], links.range_m[able], -rate_bit_s[able], site))]
    site = links.site[order]
    place = np.arange(order.size) - np.searchsorted(site, site)
    return order[place < antennas[site]]


class SiteAccess:
    """Links that sites could use, step by step of the last block.

    Parameters
    ----------
    rows : ndarray of int64, shape (sites,)
        Numbers of the sites among the stations of the run.
    antennas : ndarray of int64, shape (sites,)
        Satellites that each site serves at once.
    link_bit_s : float or None
        Rate of every antenna to any satellite in view [bit/s]; None: budgets give the rates.

    Attributes
    ----------
    links : dict of int to SiteLinks
        By step.
    """

    def __init__(self, rows: Ints, antennas: Ints, link_bit_s: float | None) -> None:
        self.rows, self.antennas, self.link_bit_s = rows, antennas, link_bit_s
        self.links: dict[int, SiteLinks] = {}

    def note(self, k: int, slant_m: Array, budgeted: SiteLinks | None) -> None:
        """Keep the links of a step.

        Parameters
        ----------
        k : int
            The step.
        slant_m : ndarray, shape (stations, N)
            Slant ranges [m], infinite where a satellite cannot be used.
        budgeted : SiteLinks or None
            Links by their budgets; None without budgets.
        """
        if budgeted is None:
            assert self.link_bit_s is not None
            site, satellite = np.nonzero(np.isfinite(slant_m[self.rows]))
            rate_bit_s = np.full(site.size, self.link_bit_s)
            budgeted = SiteLinks(site, satellite, slant_m[self.rows[site], satellite], rate_bit_s, rate_bit_s)
        self.links[k] = budgeted
