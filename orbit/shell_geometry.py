"""Geometry of shells of circular orbits in plain numbers, without numpy: `validate` uses it too.

Two satellites on circular orbits of equal size and inclination i, with nodes D apart, are at the angles u and u + x from
their nodes. Over a revolution the cosine of the angle between them is

    K cos(x - x0) + (1 - K) cos^2(u + x / 2),  K = 1 - sin^2(i) sin^2(D / 2),

so both the mean square and the least of their distance depend on x - x0 alone. x0 is the phase at which they would
collide where the orbits cross. The least distance over a revolution is 2 a sqrt(K) |sin((x - x0) / 2)|.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SECONDS_PER_DAY, TROPICAL_YEAR_D

TURN_RAD = 2.0 * math.pi
TIE_SLOTS = 1e-9  # slots: halfway between two satellites
SAME_M, SAME_RAD = 1e-3, 1e-9  # sizes and inclinations that are equal: such orbits keep their phases


@dataclass(frozen=True, slots=True)
class Shell:
    """Evenly spaced planes of circular orbits of one size and inclination. [walker1984]

    Attributes
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    inclination_rad : float
        Inclination [rad].
    planes, slots : int
        Number of planes and of satellites in each, at least 1.
    phasing : float
        Walker's phasing f: plane p leads by f p / planes slots.
    stagger : float
        Part of a slot by which odd planes lead.
    node_span_rad : float
        Span of right ascension that the planes divide [rad]: 2 pi for a delta pattern, pi for a star pattern.
    node_rad, latitude_rad : float
        Right ascension of plane 0 and argument of latitude of its slot 0 [rad].
    """

    semi_major_axis_m: float
    inclination_rad: float
    planes: int
    slots: int
    phasing: float = 0.0
    stagger: float = 0.0
    node_span_rad: float = TURN_RAD
    node_rad: float = 0.0
    latitude_rad: float = 0.0

    def lead_slots(self, plane: int) -> float:
        """Lead of a plane over plane 0.

        Parameters
        ----------
        plane : int
            Number of the plane.

        Returns
        -------
        float
            Lead in slots.
        """
        return self.phasing * plane / self.planes + self.stagger * (plane % 2)


def sun_synchronous_inclination_rad(semi_major_axis_m: float) -> float:
    """Inclination at which the node of a circular orbit follows the mean Sun. [vallado2013:eq. 11-15]

    Parameters
    ----------
    semi_major_axis_m : float
        Mean semi-major axis [m].

    Returns
    -------
    float
        Inclination [rad], between pi/2 and pi.

    Raises
    ------
    ValueError
        The altitude is above 5,980 km, where no inclination is sun-synchronous.

    Examples
    --------
    >>> round(math.degrees(sun_synchronous_inclination_rad(EARTH_RADIUS_M + 800e3)), 1)
    98.6
    """
    wanted_rad_s = 2.0 * math.pi / (TROPICAL_YEAR_D * SECONDS_PER_DAY)
    n = math.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    cosine = -wanted_rad_s / (1.5 * n * J2 * (EARTH_RADIUS_M / semi_major_axis_m) ** 2)
    if cosine < -1.0:
        altitude_km = (semi_major_axis_m - EARTH_RADIUS_M) / 1e3
        raise ValueError(f"no sun-synchronous orbit at {altitude_km:.0f} km; write an altitude below 5980 km")
    return math.acos(cosine)


def collision_phase_rad(inclination_rad: float, node_difference_rad: float) -> tuple[float, float]:
    """Phase x0 at which satellites of two planes would collide, and K of the module.

    Parameters
    ----------
    inclination_rad : float
        Inclination of both planes [rad].
    node_difference_rad : float
        Right ascension of the second plane less that of the first [rad].

    Returns
    -------
    phase_rad : float
        Argument of latitude of the second satellite less that of the first [rad].
    k : float
        Between 0 and 1.

    Examples
    --------
    On polar orbits satellites collide over the pole, which they reach together; two equatorial orbits are the same circle.

    >>> phase_rad, k = collision_phase_rad(0.5 * math.pi, 0.3)
    >>> round(abs(phase_rad), 12), round(k, 12) == round(math.cos(0.15) ** 2, 12)
    (0.0, True)
    >>> tuple(round(x, 12) for x in collision_phase_rad(0.0, 0.3))
    (-0.3, 1.0)
    """
    half = 0.5 * node_difference_rad
    along, across = math.cos(half), math.sin(half) * math.cos(inclination_rad)
    return -2.0 * math.atan2(across, along), along * along + across * across


def cross_plane_slots(shell: Shell, wrap: bool) -> tuple[int, ...]:
    """Slots from a satellite to the one of the next plane that is nearest over a revolution, in the mean square.

    Parameters
    ----------
    shell : Shell
        The shell.
    wrap : bool
        Whether the last plane has a next one, plane 0. In a star pattern those planes counter-rotate: their satellites are near each
        other only where the planes cross.

    Returns
    -------
    tuple of int
        For each plane with a next one: slot s is nearest to slot s + n of the next plane, n from 0 to slots - 1. Of two
        equally near the one behind is taken, however the slots are numbered.

    Examples
    --------
    With phasing 1 the next plane is ahead by 1/72 slot, and its satellite of the same number is the nearest; with
    phasing 71 by 71/72 slot, and the one before is. At the seam the phasing has shifted the pattern by 71 slots.

    >>> cross_plane_slots(Shell(6928137.0, math.radians(53.0), 72, 22, 1.0), True)[-2:]
    (0, 1)
    >>> cross_plane_slots(Shell(6928137.0, math.radians(53.0), 72, 22, 71.0), True)[-2:]  # 70 = 4 + 3 * 22
    (21, 4)
    """
    if shell.planes < 2:
        return ()
    phase_rad = collision_phase_rad(shell.inclination_rad, shell.node_span_rad / shell.planes)[0]
    wanted = phase_rad * shell.slots / TURN_RAD
    borders = range(shell.planes if wrap else shell.planes - 1)
    leads = ((shell.lead_slots(p), shell.lead_slots((p + 1) % shell.planes)) for p in borders)
    ahead = [wanted - (east - west) for west, east in leads]
    if wrap and shell.node_span_rad < TURN_RAD:  # the first plane is not one step ahead of the last, but the span less a step behind it
        back_rad = shell.node_span_rad * (1.0 / shell.planes - 1.0)
        ahead[-1] += (collision_phase_rad(shell.inclination_rad, back_rad)[0] - phase_rad) * shell.slots / TURN_RAD
    return tuple(math.ceil(slots - 0.5 - TIE_SLOTS) % shell.slots for slots in ahead)


def closest_m(shell: Shell, enough_m: float = 0.0) -> float:
    """Smallest distance between two satellites of a shell over a revolution.

    All orbits of a shell precess alike, so it holds for every revolution.

    Parameters
    ----------
    shell : Shell
        The shell.
    enough_m : float
        The search may end at a distance below this one [m].

    Returns
    -------
    float
        Distance [m]; infinite for a single satellite.

    Examples
    --------
    >>> round(closest_m(Shell(6928137.0, math.radians(53.0), 22, 72, 17.0)))  # 61.83 km in the literature
    61830
    """
    least_m = 2.0 * shell.semi_major_axis_m * math.sin(math.pi / shell.slots) if shell.slots > 1 else math.inf
    parities = (0, 1) if shell.stagger else (0,)
    for apart in range(1, shell.planes):
        crossing = collision_phase_rad(shell.inclination_rad, apart * shell.node_span_rad / shell.planes)
        for plane in parities:
            if plane + apart < shell.planes:
                lead = shell.lead_slots(plane + apart) - shell.lead_slots(plane)
                least_m = min(least_m, _passing_m(shell.semi_major_axis_m, crossing, lead, shell.slots))
        if least_m < enough_m:
            break
    return least_m


def closest_between_m(one: Shell, other: Shell) -> float:
    """Smallest distance between satellites of two shells.

    Parameters
    ----------
    one, other : Shell
        The shells.

    Returns
    -------
    float
        Distance [m]: over a revolution where size and inclination are equal, which keeps all phases; else the difference
        of the semi-major axes. Phases of such orbits drift, so that satellites come as close as that at some time.
    """
    size_m = one.semi_major_axis_m
    if abs(size_m - other.semi_major_axis_m) > SAME_M or abs(one.inclination_rad - other.inclination_rad) > SAME_RAD:
        return abs(size_m - other.semi_major_axis_m)
    slots = math.lcm(one.slots, other.slots)  # phases repeat after one slot of this number
    least_m = math.inf
    for p in range(one.planes):
        for q in range(other.planes):
            node_rad = other.node_rad + q * other.node_span_rad / other.planes
            node_rad -= one.node_rad + p * one.node_span_rad / one.planes
            phase_rad = other.latitude_rad + other.lead_slots(q) * TURN_RAD / other.slots
            phase_rad -= one.latitude_rad + one.lead_slots(p) * TURN_RAD / one.slots
            crossing = collision_phase_rad(one.inclination_rad, node_rad)
            least_m = min(least_m, _passing_m(size_m, crossing, phase_rad * slots / TURN_RAD, slots))
    return least_m


def best_phasing(shell: Shell) -> tuple[int, float]:
    """Whole phasing with the largest smallest distance; of equal ones the lowest.

    Parameters
    ----------
    shell : Shell
        The shell; its own phasing does not count.

    Returns
    -------
    phasing : int
        From 0 to planes - 1.
    closest_m : float
        Smallest distance over a revolution [m].

    Examples
    --------
    >>> best_phasing(Shell(6978137.0, math.radians(53.0), 46, 46))[0]
    31
    """
    best, best_m = 0, -1.0
    for phasing in range(shell.planes):
        least_m = closest_m(replace(shell, phasing=float(phasing)), best_m)
        if least_m > best_m * (1.0 + 1e-9):
            best, best_m = phasing, least_m
    return best, best_m


def _passing_m(size_m: float, crossing: tuple[float, float], lead_slots: float, slots: int) -> float:
    """Smallest distance [m] of any two satellites of two planes, the second ahead by `lead_slots` and any whole number."""
    phase_rad, k = crossing
    off_slots = math.remainder(lead_slots - phase_rad * slots / TURN_RAD, 1.0)
    return 2.0 * size_m * math.sqrt(k) * abs(math.sin(math.pi * off_slots / slots))
