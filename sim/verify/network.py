"""Ranges and light times between stations and satellites."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np

from orbit.constants import EARTH_RADIUS_M
from orbit.ground import Station, position_m, round_trip_ms, slant_range_m, zenith
from orbit.kernels.sight import nearest_in_sight
from sim.verify.case import Case, Failed


def cases(data: Path | None) -> list[Case | Failed]:
    sphere = "law of cosines over a sphere, evaluated apart"
    found: list[Case | Failed] = []
    for h, e, km in ((550e3, 25.0, 1123.4), (650e3, 10.0, 2045.3), (650e3, 20.0, 1489.1)):
        found.append(
            Case(
                f"slant range, {h / 1e3:.0f} km at {e:.0f} deg",
                partial(_formula_km, h, e),
                km,
                0.1,
                "km",
                sphere,
            )
        )
        found.append(
            Case(
                f"range from a station on the equator, {h / 1e3:.0f} km at {e:.0f} deg",
                partial(_seen_km, h, e),
                km,
                0.1,
                "km",
                sphere,
            )
        )
    for h, e, ms in ((550e3, 90.0, 3.67), (650e3, 90.0, 4.34), (550e3, 25.0, 7.49), (650e3, 10.0, 13.6)):
        found.append(
            Case(f"round trip, {h / 1e3:.0f} km at {e:.0f} deg", partial(_round_trip_ms, h, e), ms,
                 0.05 if ms > 10.0 else 0.006, "ms", sphere)
        )  # fmt: skip
    return found


def _formula_km(altitude_m: float, elevation_deg: float) -> float:
    return slant_range_m(altitude_m, math.radians(elevation_deg)) / 1e3


def _round_trip_ms(altitude_m: float, elevation_deg: float) -> float:
    return float(round_trip_ms(np.array(1e3 * _seen_km(altitude_m, elevation_deg))))


def _seen_km(altitude_m: float, elevation_deg: float) -> float:
    """Range by the run's own search, with the mask a hair below the elevation at which the satellite stands."""
    elevation = math.radians(elevation_deg)
    r = EARTH_RADIUS_M + altitude_m
    # central angle from the triangle Earth's centre, station, satellite
    central = math.acos(EARTH_RADIUS_M * math.cos(elevation) / r) - elevation
    satellite = np.array([[[r * math.cos(central)], [r * math.sin(central)], [0.0]]])
    site = Station("equator", 0.0, 0.0, 0.0, elevation - 1e-9)
    best = np.full((1, 1), 1e30)
    nearest_in_sight(
        satellite, np.ones((1, 1)), position_m(site).reshape(1, 1, 3), zenith(site).reshape(1, 1, 3),
        np.array([math.sin(max(0.0, site.min_elevation_rad))]), best,
    )  # fmt: skip
    return float(math.sqrt(best[0, 0])) / 1e3
