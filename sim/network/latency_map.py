"""Latency over the Earth: the delay of a user at any place to the serving satellite, at some moments of a run."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.compile import Floats, kernel
from orbit.kernels.visibility import range2_and_height
from orbit.timegrid import TimeGrid
from sim.network.intervals import SampledSteps
from sim.network.route_metrics import without_hops

Array = NDArray[np.float64]

ROWS, COLUMNS = 36, 72  # places 5 degrees apart, in the middle of their cells
FRAMES = 288  # moments at most, evenly spread over the run
PAIRS = 100_000_000  # places times satellites times moments at most, a tenth of a second: 24 moments of 1,584 satellites
FAR_M = 1e15  # of a place that no satellite serves; finite, as kernels are compiled for finite numbers


@kernel
def _least_ways(
    r_m: Floats, onward_m: Floats, place_m: Floats, up: Floats, sin_min_elevation: float, max_range_m: float, out_m: Floats
) -> None:
    """Lower out_m[place] to the shortest way over a visible satellite: its slant range and its onward_m[satellite].

    r_m[3, satellite], place_m[place, 3] and zeniths up[place, 3] in one frame; onward_m is `FAR_M` where no route goes on.
    """
    satellites = r_m.shape[1]
    way_m = np.empty(satellites)
    sine2, reach2 = sin_min_elevation * sin_min_elevation, max_range_m * max_range_m
    for s in range(place_m.shape[0]):
        px, py, pz = place_m[s, 0], place_m[s, 1], place_m[s, 2]
        ux, uy, uz = up[s, 0], up[s, 1], up[s, 2]
        for i in range(satellites):
            range2, height = range2_and_height(r_m[0, i], r_m[1, i], r_m[2, i], px, py, pz, ux, uy, uz)
            seen = (height >= 0.0) & (height * height >= sine2 * range2) & (range2 <= reach2)
            way_m[i] = math.sqrt(range2) + onward_m[i] if seen else FAR_M
        # smallest by folding the upper half on the lower: a running minimum does not vectorise
        left = satellites
        while left > 1:
            half = (left + 1) // 2
            for i in range(left - half):
                other = way_m[i + half]
                way_m[i] = other if other < way_m[i] else way_m[i]
            left = half
        if way_m[0] < out_m[s]:
            out_m[s] = way_m[0]


@cache
def _places() -> tuple[Array, Array]:
    """Positions [m] and zeniths of the places, each (places, 3), in the Earth-fixed frame; kept for the next run."""
    places = [
        Station("", math.radians(latitude), math.radians(longitude), 0.0, 0.0)
        for latitude in latitudes_deg().tolist() for longitude in longitudes_deg().tolist()
    ]  # fmt: skip
    found = np.array([position_m(p) for p in places]), np.array([zenith(p) for p in places])
    for each in found:
        each.setflags(write=False)
    return found


class LatencyMap(SampledSteps):
    """Delays from places all over the Earth to the serving satellite, at evenly spread moments of a run.

    Parameters
    ----------
    grid : TimeGrid
        Steps of the run; moments are ends of steps.
    satellites : int
        Number of satellites; the more there are, the fewer moments are taken.
    min_elevation_rad : float
        Lowest elevation at which places use a satellite [rad], 0 to pi/2.
    max_range_m : float
        Largest slant range [m]; may be infinite.
    fibre_s : ndarray, shape (places, G), optional
        Delays of fibre from each place to gateways [s], rows by latitude, then longitude: users come over gateways, and satellites in view of a
        place do not matter.

    Attributes
    ----------
    steps : ndarray of int64, shape (moments,)
        Steps at whose end the moments are; none where the fleet is too large.
    one_way_s : ndarray, shape (moments, ROWS, COLUMNS)
        Delay [s], infinite where no satellite serves the place; rows from south to north, columns from 180 W to the east.
    """

    def __init__(
        self, grid: TimeGrid, satellites: int, min_elevation_rad: float, max_range_m: float, fibre_s: Array | None = None
    ) -> None:
        super().__init__(grid.steps, min(FRAMES, PAIRS // max(1, ROWS * COLUMNS * (satellites if fibre_s is None else fibre_s.shape[1]))))
        self.fibre_s = fibre_s
        self.one_way_s = np.full((self.steps.size, ROWS, COLUMNS), np.inf)
        self._grid, self._sine = grid, math.sin(min_elevation_rad)
        self._max_range_m = min(max_range_m, FAR_M)
        self._place_m, self._up = _places()

    def add(self, moment: int, r_m: Array, onward_s: Array, hop_s: float = 0.0) -> None:
        """Enter one moment.

        Parameters
        ----------
        moment : int
            Its index, from `moment`.
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m], true equator and mean equinox.
        onward_s : ndarray, shape (N,)
            Delay from each satellite to the one that serves its users [s]; infinite where none is reached or it is lost.
        hop_s : float, optional
            What each hop weighs in `onward_s` beside its delay [s]: routes have the fewest hops. 0: delays alone.
        """
        jd, fr = self._grid.jd_fr(int(self.steps[moment]) + 1, 1)
        place_m, up = (np.ascontiguousarray(in_teme(fixed, jd, fr)[0]) for fixed in (self._place_m, self._up))
        way_m = np.full(ROWS * COLUMNS, FAR_M)
        onward_m = np.minimum(onward_s * SPEED_OF_LIGHT_M_S, FAR_M)
        _least_ways(np.ascontiguousarray(r_m), onward_m, place_m, up, self._sine, self._max_range_m, way_m)
        way_s = np.where(way_m < FAR_M, way_m / SPEED_OF_LIGHT_M_S, np.inf)
        self.one_way_s[moment] = without_hops(way_s, hop_s).reshape(ROWS, COLUMNS)

    def add_over_gateways(self, moment: int, gateway_s: Array) -> None:
        """Enter one moment at which users come over gateways.

        Parameters
        ----------
        moment : int
            Its index, from `moment`.
        gateway_s : ndarray, shape (G,)
            Delay from each gateway to the serving satellite [s]; infinite without a route.
        """
        assert self.fibre_s is not None
        self.one_way_s[moment] = np.min(self.fibre_s + gateway_s, axis=1, initial=np.inf).reshape(ROWS, COLUMNS)


def places_rad() -> tuple[Array, Array]:
    """Latitudes and longitudes of all places of a map, rows by latitude, then longitude.

    Returns
    -------
    latitude_rad, longitude_rad : ndarray, shape (ROWS * COLUMNS,)
        Places [rad].
    """
    latitude, longitude = np.meshgrid(np.radians(latitudes_deg()), np.radians(longitudes_deg()), indexing="ij")
    return latitude.ravel(), longitude.ravel()


def latitudes_deg() -> Array:
    """Latitudes of the places of a map.

    Returns
    -------
    ndarray, shape (ROWS,)
        From south to north [deg].

    Examples
    --------
    >>> latitudes_deg()[[0, -1]].tolist()
    [-87.5, 87.5]
    """
    return np.asarray((np.arange(ROWS) + 0.5) * (180.0 / ROWS) - 90.0, dtype=np.float64)


def longitudes_deg() -> Array:
    """Longitudes of the places of a map.

    Returns
    -------
    ndarray, shape (COLUMNS,)
        From 180 W to the east [deg].

    Examples
    --------
    >>> longitudes_deg()[[0, -1]].tolist()
    [-177.5, 177.5]
    """
    return np.asarray((np.arange(COLUMNS) + 0.5) * (360.0 / COLUMNS) - 180.0, dtype=np.float64)
