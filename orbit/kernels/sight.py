"""Lines of sight between ground stations and satellites."""

from __future__ import annotations

import math

import numpy as np

from orbit.kernels.compile import Floats, inlined, kernel

OUT_OF_SIGHT_M2 = 1e30  # squared range that stands for "no satellite in sight"
OUT_OF_SIGHT_M = 1e15  # its root


@inlined
def sight(
    rx: float, ry: float, rz: float, px: float, py: float, pz: float, ux: float, uy: float, uz: float
) -> tuple[float, float]:
    """Squared range [m2] and height over the horizon plane [m] of satellite r from station p with zenith u (unit).

    The sine of the elevation is height / sqrt(squared range).
    """
    dx, dy, dz = rx - px, ry - py, rz - pz
    return dx * dx + dy * dy + dz * dz, dx * ux + dy * uy + dz * uz


@kernel
def nearest_in_sight(
    r_m: Floats,
    in_service: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    best_range2_m2: Floats,
) -> None:
    """Lower best_range2_m2[time, station] to the squared range of the nearest serving satellite in sight.

    r_m[time, 3, satellite], in_service[time or 1, satellite] (above zero: serves), station_m[time, station, 3] and
    zenith[time, station, 3] in the same frame, sin_min_elevation[station] in [0, 1).
    """
    service_rows, lanes = in_service.shape
    range2_m2 = np.empty(lanes)
    for k in range(r_m.shape[0]):
        row = k if service_rows > 1 else 0
        for s in range(station_m.shape[1]):
            px, py, pz = station_m[k, s, 0], station_m[k, s, 1], station_m[k, s, 2]
            ux, uy, uz = zenith[k, s, 0], zenith[k, s, 1], zenith[k, s, 2]
            sine2 = sin_min_elevation[s] * sin_min_elevation[s]
            for i in range(lanes):
                range2, height = sight(r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i], px, py, pz, ux, uy, uz)
                # elevation above the mask, squared: no square root in the loop
                seen = (height >= 0.0) & (height * height >= sine2 * range2) & (in_service[row, i] > 0.0)
                range2_m2[i] = range2 if seen else OUT_OF_SIGHT_M2
            # smallest by folding the upper half on the lower: a running minimum does not vectorise
            left = lanes
            while left > 1:
                half = (left + 1) // 2
                for i in range(left - half):
                    other = range2_m2[i + half]
                    range2_m2[i] = other if other < range2_m2[i] else range2_m2[i]
                left = half
            if range2_m2[0] < best_range2_m2[k, s]:
                best_range2_m2[k, s] = range2_m2[0]


@kernel
def slant_ranges(
    r_m: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    max_range_m: Floats,
    out_range_m: Floats,
) -> None:
    """Fill out_range_m[station, satellite] at one moment; OUT_OF_SIGHT_M where there is no sight.

    r_m[3, satellite], station_m[station, 3] and zenith[station, 3] in the same frame, sin_min_elevation[station] in
    [0, 1), max_range_m[station] finite.
    """
    for s in range(station_m.shape[0]):
        px, py, pz = station_m[s, 0], station_m[s, 1], station_m[s, 2]
        ux, uy, uz = zenith[s, 0], zenith[s, 1], zenith[s, 2]
        sine2 = sin_min_elevation[s] * sin_min_elevation[s]
        reach2 = max_range_m[s] * max_range_m[s]
        for i in range(r_m.shape[1]):
            range2, height = sight(r_m[0, i], r_m[1, i], r_m[2, i], px, py, pz, ux, uy, uz)
            seen = (height >= 0.0) & (height * height >= sine2 * range2) & (range2 <= reach2)
            out_range_m[s, i] = math.sqrt(range2 if seen else OUT_OF_SIGHT_M2)


def access_m(
    r_m: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    max_range_m: Floats,
    out_range_m: Floats,
) -> None:
    """Fill out_range_m[station, satellite] with slant ranges [m] at one moment, inf out of sight.

    As slant_ranges, but max_range_m[station] may be inf: then the elevation alone decides.
    """
    # kernels are compiled for finite numbers, so infinities stay on this side
    slant_ranges(r_m, station_m, zenith, sin_min_elevation, np.minimum(max_range_m, OUT_OF_SIGHT_M), out_range_m)
    out_range_m[out_range_m >= OUT_OF_SIGHT_M] = np.inf
