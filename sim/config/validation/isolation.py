"""Satellites without a link at the epoch, which a run refuses: found without arrays, before anything is computed.

Positions of shells and rings are those of the run. Those of catalogues are two-body motion with secular J2, within some tens of
kilometres, so links that are nearly too long or too low are left to the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from orbit import formation_geometry
from orbit.catalog import ElementSet, semi_major_axis_m
from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import FILES, Cluster, Oem, Ring, Scenario, Walker, parts
from sim.config.schema.links import Links
from sim.config.validation import forms
from sim.config.validation.location import origin
from sim.config.validation.topologies import fixed_pairs
from sim.config.yaml_tree import Node
from sim.network.topologies import REASONS

Point = tuple[float, float, float]
Reasons = dict[str, list[int]]  # satellites without a link, by a key of REASONS
NAMED_AT_MOST = 8  # satellites of each reason that a message names

EXACT_M, NEAR_M = 1.0, 50e3  # by which a link must be too long or too low: closed form of the run, approximation
MOST_CHECKED = 2_000_000  # distances computed; larger constellations are checked plane by plane, then left to the run


def isolation_message(topology: str, reasons: Mapping[str, Sequence[int]], satellites: int) -> str:
    """What is wrong with a network that leaves satellites without a link, and what to write.

    Parameters
    ----------
    topology : str
        Topology of the links.
    reasons : mapping of str to sequence of int
        Numbers of the satellites without a link, by why they have none: a key of `sim.network.topologies.REASONS`.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> isolation_message("ring", {"range": [3, 5]}, 8).partition(";")[0]
    'ring leaves 2 of 8 satellites without a link at the epoch (the first is 3): too far from the others: 3, 5'
    """
    if satellites == 1:
        return "a single satellite has no other to be linked to; leave links out"
    alone = sorted(n for numbers in reasons.values() for n in numbers)
    why = ", ".join(f"{REASONS[reason]}: {_listed(numbers)}" for reason, numbers in reasons.items() if numbers)
    return (
        f"{topology} leaves {len(alone)} of {satellites} satellites without a link at the epoch (the first is {alone[0]}): {why}; "
        "write more satellites, a longer max_range or another topology, or leave links out"
    )


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:NAMED_AT_MOST]))
    return shown if len(numbers) <= NAMED_AT_MOST else f"{shown} and {len(numbers) - NAMED_AT_MOST:,} more"


def check_isolation(scenario: Scenario, root: Node, catalogues: Catalogues) -> list[Problem]:
    """Check that every satellite has a link at the epoch.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of Problem
        The problem, or none.
    """
    links, entries = scenario.links, scenario.constellation
    if links is None or forms.unjoined_entries(links.form, entries):
        return []
    satellites = catalogues.satellites(entries)
    alone: Reasons = {"range": [0]} if satellites == 1 else {}
    if satellites > 1 and links.form == "nearest":
        alone = _without_neighbour(scenario, links, catalogues)
    elif satellites > 1 and links.form in forms.JOINS:
        alone = _without_fixed_link(scenario, links)
    elif satellites > 1:
        alone = _without_pair(scenario, links, catalogues, satellites)
    if not any(alone.values()):
        return []
    return [Problem(origin(root, "links", "topology"), "links.topology", isolation_message(links.form, alone, satellites))]


# --- topologies of fixed form ------------------------------------------------------------------------------------------


def _without_fixed_link(scenario: Scenario, links: Links) -> Reasons:
    alone, first = _none(), 0
    for entry in parts(scenario.constellation):
        found = _none()
        if isinstance(entry, Walker | Ring):
            found = _in_no_grid(entry, links, _margin_m(scenario))
        elif isinstance(entry, Cluster):
            found = {"unpaired": _in_no_mesh(entry)}
        for reason, numbers in found.items():
            alone[reason] += [first + i for i in numbers]
        first += 0 if isinstance(entry, FILES) else entry.count
    return alone


def _none() -> Reasons:
    return {reason: [] for reason in REASONS}


def _without_pair(scenario: Scenario, links: Links, catalogues: Catalogues, satellites: int) -> Reasons:
    """Satellites of a topology over all satellites without a partner, or with none in range and sight where places are known."""
    pairs = fixed_pairs(links.section, scenario, satellites, catalogues)
    if pairs is None:
        return {}
    partners: dict[int, list[int]] = {i: [] for i in range(satellites)}
    for i, j in pairs:
        partners[i].append(j)
        partners[j].append(i)
    points = _points(scenario, catalogues) or []
    margin_m, alone = _margin_m(scenario, bool(catalogues.sets)), _none()
    for i, beside in partners.items():
        if not beside:
            alone["unpaired"].append(i)
        elif points and not any(_see(points[i], points[j], links, margin_m) for j in beside):
            alone[_why(points[i], [points[j] for j in beside], links)].append(i)
    return alone


def _why(point: Point, others: Sequence[Point], links: Links) -> str:
    """Why a satellite sees none of some others."""
    return "earth" if any(math.dist(point, other) <= links.max_range for other in others) else "range"


def _in_no_grid(entry: Walker | Ring, links: Links, margin_m: float) -> Reasons:
    """Satellites of a shell or ring that neither their plane nor the planes beside it link."""
    slots = entry.satellites_per_plane if isinstance(entry, Walker) else entry.satellites
    radius_m, half = _radius_m(entry), math.pi / slots
    if slots > 1 and _links(2.0 * radius_m * math.sin(half), radius_m * math.cos(half), links, margin_m):
        return {}  # the same chord everywhere along a plane
    planes, count = (entry.planes, entry.count) if isinstance(entry, Walker) else (1, entry.count)
    chosen = range(count) if 4 * count <= MOST_CHECKED else [k for p in (0, 1, planes - 1) for k in range(p * slots, (p + 1) * slots)]
    alone = _none()
    for i in chosen:
        point, beside = _position(entry, i), [_position(entry, j) for j in forms.neighbours(entry, i, links.grid)]
        if not any(_see(point, other, links, margin_m) for other in beside):
            alone[_why(point, beside, links) if beside else "unpaired"].append(i)
    return alone


def _in_no_mesh(entry: Cluster) -> list[int]:
    """Satellites of formations without a neighbour in the lattice."""
    form, each = entry.lattice, entry.lattice.count
    if form.points is None:  # every place of a disc but a single one has a neighbour nearer to the centre
        single = [0] if each == 1 else []
    else:
        near = () if form.spacing is None else formation_geometry.near_points(form.points, form.spacing)
        single = sorted(set(range(each)) - {k for pair in near for k in pair})
    return [cluster * each + k for cluster in range(entry.clusters) for k in single]


# --- nearest neighbours ------------------------------------------------------------------------------------------------


def _points(scenario: Scenario, catalogues: Catalogues) -> list[Point] | None:
    """Positions of all satellites at the epoch [m]; None where they are left to the run."""
    if any(isinstance(entry, Cluster | Oem) for entry in scenario.constellation):
        return None
    points: list[Point] = []
    rings = sum(isinstance(entry, Ring) for entry in scenario.constellation)
    if rings and len(scenario.constellation) > 1:
        return None  # the node of a ring follows the Sun, that of a shell does not
    for i, entry in enumerate(scenario.constellation):
        sets = catalogues.sets.get(i)
        if sets is not None:
            points += [_catalogue_position(s, scenario.epoch) for s in sets]
        else:
            for part in parts([entry]):
                if isinstance(part, Walker | Ring) and len(points) + part.count <= MOST_CHECKED // 2:
                    points += [_position(part, k) for k in range(part.count)]
                else:
                    return None
    return points


def _without_neighbour(scenario: Scenario, links: Links, catalogues: Catalogues) -> Reasons:
    """Satellites that no other satellite is near enough to; those that find no free terminal are left to the run."""
    points = _points(scenario, catalogues)
    if points is None:
        return {}
    margin_m, left, alone = _margin_m(scenario, bool(catalogues.sets)), MOST_CHECKED, _none()
    for i, point in enumerate(points):
        found = False
        for step in range(1, len(points)):  # neighbours in number are often neighbours in space
            left -= 1
            if _see(point, points[(i + step) % len(points)], links, margin_m):
                found = True
                break
        if left <= 0:
            return {}
        if not found:
            alone[_why(point, [*points[:i], *points[i + 1 :]], links)].append(i)
    return alone


# --- geometry ----------------------------------------------------------------------------------------------------------


def _margin_m(scenario: Scenario, approximate: bool = False) -> float:
    model = scenario.motion.model
    mean = any(isinstance(entry, Walker) and entry.mean_motion is not None for entry in scenario.constellation)
    return NEAR_M if approximate or mean or model not in ("auto", "j2") else EXACT_M


def _links(length_m: float, lowest_m: float, links: Links, margin_m: float) -> bool:
    """Whether a link of a length, whose lowest point is so far from the Earth's centre, is possible or nearly so."""
    return length_m <= links.max_range + margin_m and lowest_m - EARTH_RADIUS_M >= links.grazing_altitude - margin_m


def _see(a: Point, b: Point, links: Links, margin_m: float) -> bool:
    length_m = math.dist(a, b)
    if length_m > links.max_range + margin_m:
        return False
    along = -sum(p * (q - p) for p, q in zip(a, b, strict=True))
    foot = min(max(along / (length_m * length_m), 0.0), 1.0) if length_m > 0.0 else 0.0
    return _links(length_m, math.hypot(*(p + foot * (q - p) for p, q in zip(a, b, strict=True))), links, margin_m)


def _radius_m(entry: Walker | Ring) -> float:
    if isinstance(entry, Walker) and entry.mean_motion is not None:
        return semi_major_axis_m(entry.mean_motion, entry.inclination)
    assert entry.altitude is not None
    return EARTH_RADIUS_M + entry.altitude


def _position(entry: Walker | Ring, i: int) -> Point:
    """Position at the epoch [m]; the node of a ring is taken as zero, as its plane alone matters."""
    radius_m = _radius_m(entry)
    if isinstance(entry, Ring):
        angle = 2.0 * math.pi * i / entry.satellites
        return radius_m * math.cos(angle), radius_m * math.sin(angle), 0.0
    plane, slot = divmod(i, entry.satellites_per_plane)
    lead = entry.phasing * plane / entry.planes + entry.stagger * (plane % 2)
    angle = 2.0 * math.pi * (slot + lead) / entry.satellites_per_plane + entry.mean_anomaly
    node = (2.0 * math.pi if entry.pattern == "delta" else math.pi) * plane / entry.planes
    return _rotated(radius_m, angle, node, entry.inclination)


def _rotated(radius_m: float, argument: float, node: float, inclination: float) -> Point:
    """Position at an argument of latitude on an orbit plane."""
    x, y = radius_m * math.cos(argument), radius_m * math.sin(argument)
    across = y * math.cos(inclination)
    return (
        x * math.cos(node) - across * math.sin(node),
        x * math.sin(node) + across * math.cos(node),
        y * math.sin(inclination),
    )


def _catalogue_position(elements: ElementSet, epoch: datetime) -> Point:
    """Two-body motion with secular J2 from the epoch of an element set. [vallado2013]"""
    rate = elements.mean_motion_rad_min / 60.0
    e, inclination = elements.eccentricity, elements.inclination_rad
    a_m = (MU_EARTH_M3_S2 / (rate * rate)) ** (1.0 / 3.0)
    ahead_s = (epoch - elements.epoch).total_seconds()
    drift = 1.5 * J2 * (EARTH_RADIUS_M / (a_m * (1.0 - e * e))) ** 2 * rate * ahead_s
    node = elements.node_rad - drift * math.cos(inclination)
    perigee = elements.perigee_argument_rad + drift * (2.0 - 2.5 * math.sin(inclination) ** 2)
    mean = math.remainder(elements.mean_anomaly_rad + rate * ahead_s, 2.0 * math.pi)
    eccentric = mean if e < 0.8 else math.copysign(math.pi, mean)
    for _ in range(50):  # Newton, from a start from which it converges
        eccentric -= (eccentric - e * math.sin(eccentric) - mean) / (1.0 - e * math.cos(eccentric))
    true = 2.0 * math.atan2(math.sqrt(1.0 + e) * math.sin(eccentric / 2.0), math.sqrt(1.0 - e) * math.cos(eccentric / 2.0))
    return _rotated(a_m * (1.0 - e * math.cos(eccentric)), perigee + true, node, inclination)
