"""Regular constellations: Walker patterns and sun-synchronous rings."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SECONDS_PER_DAY
from orbit.elements import CircularElements, Sgp4Elements, semi_major_axis_m
from orbit.environment import mean_sun_right_ascension_rad
from orbit.shell_geometry import sun_synchronous_inclination_rad


def walker(
    altitude_m: float,
    inclination_rad: float,
    planes: int,
    satellites_per_plane: int,
    phasing: float,
    node_span_rad: float = 2.0 * math.pi,
    first_node_rad: float = 0.0,
) -> CircularElements:
    """Walker pattern i:t/p/f of circular orbits. [walker1984]

    Parameters
    ----------
    altitude_m : float
        Altitude above the equatorial radius [m].
    inclination_rad : float
        Inclination [rad].
    planes, satellites_per_plane : int
        Number of orbit planes p, and of satellites in each (t / p); at least 1.
    phasing : float
        Phasing f in [0, planes): the same slot of the next plane to the east is ahead by f * 360 deg / t.
    node_span_rad : float
        Span of right ascension that the planes divide [rad]: 2 pi for a delta pattern, pi for a star pattern.
    first_node_rad : float
        Right ascension of the ascending node of plane 0 [rad].

    Returns
    -------
    CircularElements
        Satellites numbered plane by plane.

    Examples
    --------
    >>> import numpy as np
    >>> shell = walker(550e3, np.radians(53.0), planes=4, satellites_per_plane=2, phasing=1)
    >>> shell.count
    8
    >>> np.degrees(shell.node_rad).round(9).tolist()
    [0.0, 0.0, 90.0, 90.0, 180.0, 180.0, 270.0, 270.0]
    >>> np.degrees(shell.latitude_argument_rad[:4]).round(9).tolist()  # the second plane is 360 deg / 8 ahead
    [0.0, 180.0, 45.0, 225.0]
    """
    plane, slot = np.divmod(np.arange(planes * satellites_per_plane), satellites_per_plane)
    turn = 2.0 * math.pi
    total = planes * satellites_per_plane
    latitude = turn * slot / satellites_per_plane + turn * phasing * plane / total
    return CircularElements(
        np.broadcast_to(np.float64(semi_major_axis_m(altitude_m)), total),  # one number for all takes no memory
        np.broadcast_to(np.float64(inclination_rad), total),
        np.mod(first_node_rad + node_span_rad * plane / planes, turn),
        np.mod(latitude, turn),
    )


def walker_lead_slots(planes: int, phasing: float) -> NDArray[np.float64]:
    """Lead of each plane over plane 0 for Walker's phasing. [walker1984]

    Parameters
    ----------
    planes : int
        Number of orbit planes.
    phasing : float
        Walker's phasing f in [0, planes).

    Returns
    -------
    ndarray, shape (planes,)
        Lead in slots, f / planes more for each plane.
    """
    return np.asarray(phasing * np.arange(planes) / planes)


def staggered_lead_slots(planes: int, share: float = 0.5) -> NDArray[np.float64]:
    """Lead of each plane where every second plane is ahead by part of a slot.

    This is the usual numbering of half-slot shells [kassing2020]. The seam between the last and the first plane then is
    like any other.

    Parameters
    ----------
    planes : int
        Number of orbit planes.
    share : float
        Part of a slot by which odd planes are ahead.

    Returns
    -------
    ndarray, shape (planes,)
        Lead in slots.
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
    """Walker pattern as mean elements for SGP4, satellites numbered plane by plane.

    Eccentricity is 1e-7, perigee is at the node, and there is no drag.

    Parameters
    ----------
    mean_motion_rev_d : float
        Kozai's mean motion [rev/d], as element sets give it.
    inclination_rad : float
        Inclination [rad].
    satellites_per_plane : int
        Number of satellites in each plane.
    lead_slots : ndarray, shape (planes,)
        Lead of each plane in slots, from `walker_lead_slots` or `staggered_lead_slots`.
    jd, fr : float
        Epoch of the elements, UTC Julian date in two parts.
    node_span_rad : float
        Span of right ascension that the planes divide [rad].
    first_node_rad : float
        Right ascension of the ascending node of plane 0 [rad].

    Returns
    -------
    Sgp4Elements
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
    """Right ascension of the ascending node that has a given mean local time.

    Parameters
    ----------
    local_time_h : float
        Mean local time of the ascending node [h], in [0, 24).
    jd, fr : float
        UTC Julian date in two parts.

    Returns
    -------
    float
        Right ascension [rad], not reduced to one turn.
    """
    return float(mean_sun_right_ascension_rad(jd, fr)) + math.radians(15.0 * (local_time_h - 12.0))


def sun_synchronous_ring(
    altitude_m: float, local_time_h: float, satellites: int, jd: float, fr: float
) -> CircularElements:
    """Satellites evenly spaced on one sun-synchronous circular orbit.

    Parameters
    ----------
    altitude_m : float
        Altitude above the equatorial radius [m], below 5,980 km.
    local_time_h : float
        Mean local time of the ascending node at the epoch [h].
    satellites : int
        Number of satellites.
    jd, fr : float
        Epoch, UTC Julian date in two parts.

    Returns
    -------
    CircularElements

    Raises
    ------
    ValueError
        No orbit at this altitude is sun-synchronous.

    Examples
    --------
    >>> import numpy as np
    >>> ring = sun_synchronous_ring(800e3, 6.0, 4, 2461395.5, 0.25)
    >>> np.degrees(ring.inclination_rad).round(1).tolist()
    [98.6, 98.6, 98.6, 98.6]
    >>> np.degrees(ring.latitude_argument_rad).round(9).tolist()
    [0.0, 90.0, 180.0, 270.0]
    """
    inclination = sun_synchronous_inclination_rad(semi_major_axis_m(altitude_m))
    node = node_of_local_time_rad(local_time_h, jd, fr)
    return walker(altitude_m, inclination, 1, satellites, 0.0, first_node_rad=node)
