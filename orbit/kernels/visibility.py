"""Lines of sight between ground stations and satellites."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from orbit.kernels.compile import Floats, Ints, inlined, kernel

OUT_OF_SIGHT_M2 = 1e30  # squared range for "no satellite visible"
OUT_OF_SIGHT_M = 1e15  # its root
NEVER = 2.0  # sine of a least elevation that nothing reaches: for stations that another kernel looks after


@inlined
def range2_and_height(
    rx: float, ry: float, rz: float, px: float, py: float, pz: float, ux: float, uy: float, uz: float
) -> tuple[float, float]:
    """Squared range [m2] and height over the horizon plane [m] of satellite r from station p with zenith u (unit).

    The sine of the elevation is height / sqrt(squared range).
    """
    dx, dy, dz = rx - px, ry - py, rz - pz
    return dx * dx + dy * dy + dz * dz, dx * ux + dy * uy + dz * uz


@inlined
def mask_elevation(azimuth: float, mask: Floats, lo: int, hi: int) -> float:
    """Elevation [rad] of the mask in columns lo to hi - 1 of (azimuth, elevation) at an azimuth in [0, 2 pi).

    Linear between columns, and from the last on to the first.
    """
    after = lo
    while after < hi and mask[0, after] <= azimuth:
        after += 1
    before = after - 1 if after > lo else hi - 1
    start = mask[0, before] if after > lo else mask[0, before] - 2.0 * math.pi
    stop = mask[0, after] if after < hi else mask[0, lo] + 2.0 * math.pi
    one, other = mask[1, before], mask[1, after if after < hi else lo]
    share = (azimuth - start) / (stop - start) if stop > start else 0.0
    return float(one + share * (other - one))


@inlined
def azimuth_rad(north: float, east: float) -> float:
    """Azimuth in [0, 2 pi) from north over east."""
    angle = math.atan2(east, north)
    return angle + 2.0 * math.pi if angle < 0.0 else angle


@kernel
def nearest_in_sight(
    r_m: Floats,
    in_service: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    best_range2_m2: Floats,
) -> None:
    """Lower best_range2_m2[time, station] to the squared range of the nearest visible satellite in service.

    r_m[time, 3, satellite], in_service[time or 1, satellite] (above zero: in service), station_m[time, station, 3] and
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
                range2, height = range2_and_height(r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i], px, py, pz, ux, uy, uz)
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


@inlined
def _over_mask(
    dx: float, dy: float, dz: float, ux: float, uy: float, uz: float, nx: float, ny: float, nz: float, mask: Floats,
    lo: int, hi: int,
) -> bool:  # fmt: skip
    """Whether a line of sight d is at or above the mask in columns lo to hi - 1; u the zenith, n the north."""
    north, height = dx * nx + dy * ny + dz * nz, dx * ux + dy * uy + dz * uz
    east = dx * (ny * uz - nz * uy) + dy * (nz * ux - nx * uz) + dz * (nx * uy - ny * ux)
    elevation = math.atan2(height, math.sqrt(north * north + east * east))
    return elevation >= mask_elevation(azimuth_rad(north, east), mask, lo, hi)


@kernel
def nearest_over_mask(
    r_m: Floats,
    in_service: Floats,
    station_m: Floats,
    zenith: Floats,
    north: Floats,
    which: Ints,
    first: Ints,
    mask: Floats,
    sin_lowest: Floats,
    best_range2_m2: Floats,
) -> None:
    """As nearest_in_sight, of the stations `which` with masks over the azimuth, and of no others.

    north[time, station, 3]; station s has the columns first[s] to first[s + 1] of mask[azimuth, elevation] [rad], and
    the sine of the elevation below which nothing is visible at any azimuth, sin_lowest[station] in [-1, 1).
    """
    service_rows, lanes = in_service.shape
    for k in range(r_m.shape[0]):
        row = k if service_rows > 1 else 0
        for s in which:
            px, py, pz = station_m[k, s, 0], station_m[k, s, 1], station_m[k, s, 2]
            ux, uy, uz = zenith[k, s, 0], zenith[k, s, 1], zenith[k, s, 2]
            nx, ny, nz = north[k, s, 0], north[k, s, 1], north[k, s, 2]
            sine2 = sin_lowest[s] * abs(sin_lowest[s])
            for i in range(lanes):
                x, y, z = r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i]
                range2, height = range2_and_height(x, y, z, px, py, pz, ux, uy, uz)
                if height * abs(height) < sine2 * range2 or range2 >= best_range2_m2[k, s] or in_service[row, i] <= 0.0:
                    continue
                if _over_mask(x - px, y - py, z - pz, ux, uy, uz, nx, ny, nz, mask, first[s], first[s + 1]):
                    best_range2_m2[k, s] = range2


@kernel
def slants_over_mask(
    r_m: Floats,
    station_m: Floats,
    zenith: Floats,
    north: Floats,
    which: Ints,
    first: Ints,
    mask: Floats,
    sin_lowest: Floats,
    max_range_m: Floats,
    out_range_m: Floats,
) -> None:
    """As slant_ranges, of the stations `which` with masks over the azimuth; other rows stay as they are.

    One time: north[station, 3]; which, first, mask and sin_lowest as nearest_over_mask has them.
    """
    for s in which:
        px, py, pz = station_m[s, 0], station_m[s, 1], station_m[s, 2]
        ux, uy, uz = zenith[s, 0], zenith[s, 1], zenith[s, 2]
        nx, ny, nz = north[s, 0], north[s, 1], north[s, 2]
        sine2 = sin_lowest[s] * abs(sin_lowest[s])
        for i in range(r_m.shape[1]):
            x, y, z = r_m[0, i], r_m[1, i], r_m[2, i]
            range2, height = range2_and_height(x, y, z, px, py, pz, ux, uy, uz)
            out_range_m[s, i] = OUT_OF_SIGHT_M
            if height * abs(height) < sine2 * range2 or range2 > max_range_m[s] * max_range_m[s]:
                continue
            if _over_mask(x - px, y - py, z - pz, ux, uy, uz, nx, ny, nz, mask, first[s], first[s + 1]):
                out_range_m[s, i] = math.sqrt(range2)


@kernel
def slant_ranges(
    r_m: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    max_range_m: Floats,
    out_range_m: Floats,
) -> None:
    """Fill out_range_m[station, satellite] at one time; OUT_OF_SIGHT_M where the satellite is not visible.

    r_m[3, satellite], station_m[station, 3] and zenith[station, 3] in the same frame, sin_min_elevation[station] in
    [0, 1), max_range_m[station] finite.
    """
    for s in range(station_m.shape[0]):
        px, py, pz = station_m[s, 0], station_m[s, 1], station_m[s, 2]
        ux, uy, uz = zenith[s, 0], zenith[s, 1], zenith[s, 2]
        sine2 = sin_min_elevation[s] * sin_min_elevation[s]
        reach2 = max_range_m[s] * max_range_m[s]
        for i in range(r_m.shape[1]):
            range2, height = range2_and_height(r_m[0, i], r_m[1, i], r_m[2, i], px, py, pz, ux, uy, uz)
            seen = (height >= 0.0) & (height * height >= sine2 * range2) & (range2 <= reach2)
            out_range_m[s, i] = math.sqrt(range2 if seen else OUT_OF_SIGHT_M2)


class Masks(NamedTuple):
    """Masks over the azimuth, as nearest_over_mask has them."""

    which: Ints
    first: Ints
    table: Floats
    sin_lowest: Floats


def access_m(
    r_m: Floats,
    station_m: Floats,
    zenith: Floats,
    sin_min_elevation: Floats,
    max_range_m: Floats,
    out_range_m: Floats,
    north: Floats | None = None,
    masks: Masks | None = None,
) -> None:
    """Fill out_range_m[station, satellite] with slant ranges [m] at one time, inf where the satellite is not visible.

    As slant_ranges, but max_range_m[station] may be inf: then the elevation alone decides. Stations with masks over the
    azimuth go by these instead of sin_min_elevation; they need north[station, 3].
    """
    # kernels are compiled for finite numbers, so infinities are removed here
    reach_m = np.minimum(max_range_m, OUT_OF_SIGHT_M)
    slant_ranges(r_m, station_m, zenith, sin_min_elevation, reach_m, out_range_m)
    if north is not None and masks is not None and masks.which.size:
        slants_over_mask(r_m, station_m, zenith, north, *masks, reach_m, out_range_m)
    out_range_m[out_range_m >= OUT_OF_SIGHT_M] = np.inf
