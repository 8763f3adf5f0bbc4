"""Regular constellations: Walker patterns and sun-synchronous rings."""

from __future__ import annotations

import math

import numpy as np

from orbit.elements import CircularElements, semi_major_axis_m, sun_synchronous_inclination_rad
from orbit.environment import mean_sun_right_ascension_rad


def walker(
    altitude_m: float,
    inclination_rad: float,
    planes: int,
    satellites_per_plane: int,
    phasing: float,
    node_span_rad: float = 2.0 * math.pi,
    first_node_rad: float = 0.0,
) -> CircularElements:
    """Walker pattern i:t/p/f, satellites numbered plane by plane. [walker1984]

    phasing f in [0, planes): the same slot of the next plane to the east is ahead by f * 360 deg / t. node_span_rad is 2 pi
    for a delta pattern, pi for a star.
    """
    plane, slot = np.divmod(np.arange(planes * satellites_per_plane), satellites_per_plane)
    turn = 2.0 * math.pi
    total = planes * satellites_per_plane
    latitude = turn * slot / satellites_per_plane + turn * phasing * plane / total
    return CircularElements(
        np.full(total, semi_major_axis_m(altitude_m)),
        np.full(total, inclination_rad),
        np.mod(first_node_rad + node_span_rad * plane / planes, turn),
        np.mod(latitude, turn),
    )


def node_of_local_time_rad(local_time_h: float, jd: float, fr: float) -> float:
    """Node [rad] whose mean local time is local_time_h [h] at a UTC Julian date."""
    return float(mean_sun_right_ascension_rad(jd, fr)) + math.radians(15.0 * (local_time_h - 12.0))


def sun_synchronous_ring(
    altitude_m: float, local_time_h: float, satellites: int, jd: float, fr: float
) -> CircularElements:
    """Satellites evenly spaced round one sun-synchronous orbit, by mean local time of the ascending node [h]."""
    inclination = sun_synchronous_inclination_rad(semi_major_axis_m(altitude_m))
    node = node_of_local_time_rad(local_time_h, jd, fr)
    return walker(altitude_m, inclination, 1, satellites, 0.0, first_node_rad=node)
