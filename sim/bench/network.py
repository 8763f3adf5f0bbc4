"""Which satellite serves which station: the search of a run against skyfield."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import ElementSet, parse_tle, satellites
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.sight import OUT_OF_SIGHT_M2, nearest_in_sight
from orbit.sgp4 import Sgp4, from_satrecs
from orbit.timegrid import TimeGrid, julian_date
from sim.bench.frame import Contender, Pair

Array = NDArray[np.float64]

EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
SATELLITES, STEPS, STEP_S, MASK_RAD = 24, 720, 60.0, math.radians(10.0)
SITES_DEG = ((78.2, 15.4), (51.5, -0.1), (35.1, -90.2), (1.3, 103.8), (-33.9, 151.2), (-72.0, 2.5))
# Earth rotation: skyfield knows UT1 to a tenth of a second, we take UTC; a station turns 0.46 km a second
RANGE_LIMIT_KM = 0.1
EDGE_SHARE = 2e-3  # moments at which a satellite may cross the mask between the two


def contenders() -> list[Contender]:
    return [Contender("access_vs_skyfield", "network", "satellite-station-steps/s", "skyfield", _access)]


def _elements() -> list[ElementSet]:
    """Satellites of six planes at 550 km and 70 deg, as a TLE file would hold them."""
    from sgp4.api import WGS72, Satrec
    from sgp4.exporter import export_tle

    days = (EPOCH - datetime(1949, 12, 31, tzinfo=UTC)).total_seconds() / 86400.0
    found = []
    for k in range(SATELLITES):
        plane, slot = divmod(k, SATELLITES // 6)
        made = Satrec()
        made.sgp4init(
            WGS72, "i", 70000 + k, days, 0.0, 0.0, 0.0, 1e-4, 0.0, math.radians(70.0),
            2.0 * math.pi * (slot / (SATELLITES // 6) + plane / SATELLITES), 2.0 * math.pi * 15.06 / 1440.0,
            2.0 * math.pi * plane / 6,
        )  # fmt: skip
        line1, line2 = export_tle(made)
        found.append(parse_tle(line1, line2, f"{k}"))
    return found


def _access() -> Pair:
    from skyfield.api import EarthSatellite, load, wgs84

    sets, grid = _elements(), TimeGrid(*julian_date(EPOCH), STEP_S, STEPS)
    sites = [Station(f"{k}", math.radians(a), math.radians(b), 0.0, MASK_RAD) for k, (a, b) in enumerate(SITES_DEG)]
    propagator = Sgp4(from_satrecs(satellites(sets)), grid)
    at, up = (np.array([f(s) for s in sites]) for f in (position_m, zenith))
    sines, serving = np.full(len(sites), math.sin(MASK_RAD)), np.ones((1, SATELLITES))
    jd, fr = grid.jd_fr(0, STEPS)
    r_m = np.empty((STEPS, 3, SATELLITES))

    def ours() -> Array:
        propagator.fill(0, SATELLITES, 0, r_m)
        best2_m2 = np.full((STEPS, len(sites)), OUT_OF_SIGHT_M2)
        nearest_in_sight(r_m, serving, in_teme(at, jd, fr), in_teme(up, jd, fr), sines, best2_m2)
        return np.where(best2_m2 < OUT_OF_SIGHT_M2, 1e-3 * np.sqrt(best2_m2), np.inf)

    ts = load.timescale(builtin=True)
    craft = [EarthSatellite.from_satrec(satrec, ts) for satrec in satellites(sets)]
    grounds = [wgs84.latlon(*place) for place in SITES_DEG]

    def theirs() -> Array:
        t = ts.utc(EPOCH.year, EPOCH.month, EPOCH.day, 0, 0, STEP_S * np.arange(STEPS))
        best_km = np.full((STEPS, len(grounds)), np.inf)
        for k, ground in enumerate(grounds):
            for satellite in craft:
                elevation, _, distance = (satellite - ground).at(t).altaz()
                seen = elevation.radians >= MASK_RAD
                best_km[:, k] = np.minimum(best_km[:, k], np.where(seen, distance.km, np.inf))
        return best_km

    return Pair(ours, theirs, float(SATELLITES * len(sites) * STEPS), _ranges_differ)


def _ranges_differ(ours_km: Array, theirs_km: Array) -> str | None:
    both = np.isfinite(ours_km) & np.isfinite(theirs_km)
    apart_km = np.abs(ours_km[both] - theirs_km[both])
    # a satellite that only one of them sees also changes which is nearest
    edge = float(np.mean(np.isfinite(ours_km) != np.isfinite(theirs_km))) + float(np.mean(apart_km > RANGE_LIMIT_KM))
    if not both.any():
        return "nothing is in sight"
    return None if edge <= EDGE_SHARE else f"{100.0 * edge:.2g} % of ranges by more than {1e3 * RANGE_LIMIT_KM:.0f} m"
