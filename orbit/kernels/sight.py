"""Lines of sight between ground stations and satellites."""

from __future__ import annotations

import math

import numpy as np

from orbit.kernels.compile import Floats, Ints, inlined, kernel

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
    return one + share * (other - one)


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
def nearest_over_mask(
    r_m: Floats,
    in_service: Floats,
    station_m: Floats,
    zenith: Floats,
    north: Floats,
    sin_lowest: Floats,
    first: Ints,
    mask: Floats,
    best_range2_m2: Floats,
) -> None:
    """As nearest_in_sight, of stations with masks: north[time, station, 3], columns first[s] to first[s + 1] of mask.

    sin_lowest[station] in [-1, 1): the sine of the elevation below which nothing is in sight at any azimuth.
    """
    service_rows, lanes = in_service.shape
    for k in range(r_m.shape[0]):
        row = k if service_rows > 1 else 0
        for s in range(station_m.shape[1]):
            at, up, ahead = station_m[k, s], zenith[k, s], north[k, s]
            for i in range(lanes):
                dx, dy, dz = r_m[k, 0, i] - at[0], r_m[k, 1, i] - at[1], r_m[k, 2, i] - at[2]
                range2, height = dx * dx + dy * dy + dz * dz, dx * up[0] + dy * up[1] + dz * up[2]
                sine2 = sin_lowest[s] * abs(sin_lowest[s])
                if height * abs(height) < sine2 * range2 or range2 >= best_range2_m2[k, s]:
                    continue
                if in_service[row, i] > 0.0 and over_mask(dx, dy, dz, up, ahead, mask, first[s], first[s + 1]):
                    best_range2_m2[k, s] = range2


@inlined
def over_mask(
    dx: float, dy: float, dz: float, up: Floats, north: Floats, mask: Floats, lo: int, hi: int
) -> bool:  # fmt: skip
    """Whether a line of sight (dx, dy, dz) is at or above the mask in columns lo to hi - 1."""
    ahead = dx * north[0] + dy * north[1] + dz * north[2]
    # east is north cross up
    ex, ey, ez = north[1] * up[2] - north[2] * up[1], north[2] * up[0] - north[0] * up[2], north[0] * up[1] - north[1] * up[0]
    aside = dx * ex + dy * ey + dz * ez
    height = dx * up[0] + dy * up[1] + dz * up[2]
    elevation = math.atan2(height, math.sqrt(ahead * ahead + aside * aside))
    return elevation >= mask_elevation(azimuth_rad(ahead, aside), mask, lo, hi)


@kernel
def hide_below_mask(
    r_m: Floats, station_m: Floats, zenith: Floats, north: Floats, first: Ints, mask: Floats, out_range_m: Floats
) -> None:
    """Set out_range_m[station, satellite] to OUT_OF_SIGHT_M below the masks of stations that have one, after slant_ranges.

    One moment: r_m[3, satellite], north[station, 3]; the rest as nearest_over_mask.
    """
    for s in range(station_m.shape[0]):
        if first[s + 1] == first[s]:
            continue
        at, up, ahead = station_m[s], zenith[s], north[s]
        for i in range(r_m.shape[1]):
            if out_range_m[s, i] >= OUT_OF_SIGHT_M:
                continue
            dx, dy, dz = r_m[0, i] - at[0], r_m[1, i] - at[1], r_m[2, i] - at[2]
            if not over_mask(dx, dy, dz, up, ahead, mask, first[s], first[s + 1]):
                out_range_m[s, i] = OUT_OF_SIGHT_M


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
