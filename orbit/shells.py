"""Regular constellations: Walker patterns and sun-synchronous rings."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SECONDS_PER_DAY
from orbit.elements import CircularElements, Sgp4Elements, semi_major_axis_m, sun_synchronous_inclination_rad
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


def walker_lead_slots(planes: int, phasing: float) -> NDArray[np.float64]:
    """Lead of each plane over plane 0 in slots, shape (planes,), for Walker's phasing f: f / planes more each."""
    return np.asarray(phasing * np.arange(planes) / planes)


def staggered_lead_slots(planes: int, share: float = 0.5) -> NDArray[np.float64]:
    """Lead of each plane in slots, shape (planes,), where every second plane is ahead by a share of a slot.

    The usual numbering of half-slot shells [kassing2020]: the seam between last and first plane is like any other.
    """
    return np.asarray(share * (np.arange(planes) % 2))


def walker_sgp4(
    mean_motion_rev_d: float,
    inclination_rad: float,
    satellites_per_plane: int,
    lead_slots: NDArray[np.float64],
    jd: float,
    fr: float,
    node_span_rad: float = 2.0 * math.pi,
    first_node_rad: float = 0.0,
) -> Sgp4Elements:
    """Walker pattern as SGP4 reads it, plane by plane; mean elements at a UTC Julian date.

    mean_motion_rev_d is Kozai's, as element sets give it; lead_slots (planes,) as the two functions above make it.
    Eccentricity 1e-7, perigee at the node, no drag.
    """
    plane, slot = np.divmod(np.arange(lead_slots.size * satellites_per_plane), satellites_per_plane)
    count, turn = plane.size, 2.0 * math.pi
    return Sgp4Elements(
        epoch_jd=np.full(count, jd),
        epoch_fr=np.full(count, fr),
        mean_motion_rad_min=np.full(count, turn * mean_motion_rev_d / (SECONDS_PER_DAY / 60.0)),
        eccentricity=np.full(count, 1e-7),
        inclination_rad=np.full(count, inclination_rad),
        node_rad=np.mod(first_node_rad + node_span_rad * plane / lead_slots.size, turn),
        perigee_argument_rad=np.zeros(count),
        mean_anomaly_rad=np.mod(turn * (slot + lead_slots[plane]) / satellites_per_plane, turn),
        drag_term_per_er=np.zeros(count),
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
