"""Fields of regard of optical terminals against the links that the topology needs, under the satellite's attitude law."""

from __future__ import annotations

import math

from sim.config.errors import Problem
from sim.config.schema import Attitude, Cluster, Constellation, Ring, Scenario, Walker, parts
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

Vector = tuple[float, float, float]
AXES: dict[str, Vector] = {"radial": (1.0, 0.0, 0.0), "along-track": (0.0, 1.0, 0.0), "orbit-normal": (0.0, 0.0, 1.0)}
WAYS: dict[str, Vector] = {
    "zenith": (1.0, 0.0, 0.0), "nadir": (-1.0, 0.0, 0.0), "ahead": (0.0, 1.0, 0.0), "behind": (0.0, -1.0, 0.0),
    "orbit-normal": (0.0, 0.0, 1.0), "against-normal": (0.0, 0.0, -1.0),
}  # fmt: skip
PLACES = 24  # of the orbit
HEIGHTS = tuple(math.sin(math.radians(d)) for d in (-75.0, -45.0, -15.0, 15.0, 45.0, 75.0))  # of the Sun over its plane


def check_fields_of_regard(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that some terminal sees each direction in which links lead, somewhere on the orbit under some Sun.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    if scenario.links is None or scenario.links.terminal.field_of_regard is None:
        return []
    if scenario.links.form in ("ring", "torus", "clos", "custom", "plugin"):
        return []  # their links lead anywhere
    widest, problems = scenario.links.terminal.field_of_regard, []
    for number, satellite in enumerate(scenario.types):
        attitude = satellite.attitude
        entries = [entry for entry in scenario.constellation if scenario.type_index(entry) == number]
        wanted = {way for entry in parts(entries) for way in link_ways(entry)}
        if not attitude.terminals or not wanted:
            continue
        nearest = {way: min(_angles_rad(attitude, way)) for way in sorted(wanted)}
        missed = [way for way, angle in nearest.items() if angle > widest]
        if missed:
            keys = ("satellite",) if satellite is scenario.satellite else ("satellites", _name(scenario, number))
            most = max(nearest[way] for way in missed)
            message = (
                f"law: {attitude.law} never turns {' or '.join(attitude.terminals)} within {math.degrees(widest):g} deg of the links "
                f"{' and '.join(missed)}; add a face, or write a field_of_regard of {math.ceil(math.degrees(most) - 1e-9)} deg"
            )
            problems.append(Problem(origin(root, *keys, "attitude"), ".".join((*keys, "attitude", "terminals")), message))
    return problems


def _name(scenario: Scenario, number: int) -> str:
    return next(name for name, satellite in scenario.satellites.items() if satellite is scenario.types[number])


def link_ways(entry: Constellation) -> list[str]:
    """Directions in which a fixed topology joins the satellites of an entry.

    Parameters
    ----------
    entry : Constellation
        An entry of the constellation.

    Returns
    -------
    list of str
        Names of `WAYS`; empty where links lead anywhere.
    """
    if isinstance(entry, Ring | Cluster):
        return ["ahead", "behind"]
    if isinstance(entry, Walker):
        along = ["ahead", "behind"] if entry.satellites_per_plane > 1 else []
        return along + (["orbit-normal", "against-normal"] if entry.planes > 1 else [])
    return []


def _angles_rad(attitude: Attitude, way: str) -> list[float]:
    """Angles between a direction and the nearest face with a terminal, over the orbit and heights of the Sun."""
    found = []
    for height in HEIGHTS:
        flat = math.sqrt(1.0 - height * height)
        for k in range(PLACES):
            u = 2.0 * math.pi * (k + 0.5) / PLACES
            faces = body_faces(attitude, (flat * math.cos(u), -flat * math.sin(u), height))
            cosine = max(_dot(faces[name], WAYS[way]) for name in attitude.terminals)
            found.append(math.acos(max(-1.0, min(1.0, cosine))))
    return found


def body_faces(attitude: Attitude, sun: Vector) -> dict[str, Vector]:
    """Normals of the six faces of the body, along radial, along-track and orbit normal.

    The laws are those of `sim.spacecraft.attitude`, which validation does not load.

    Parameters
    ----------
    attitude : Attitude
        Attitude law.
    sun : tuple of float
        Unit vector to the Sun, not along the radial.

    Returns
    -------
    dict of str to tuple of float
        Unit normals by name of the face.
    """
    if attitude.law == "slewing" and attitude.point is not None and attitude.array_drive is not None:
        front, left = WAYS[attitude.point], AXES[attitude.array_drive]
    elif attitude.law == "orbit-normal":
        front, left = (0.0, 0.0, 1.0 if sun[2] >= 0.0 else -1.0), AXES["along-track"]
    elif attitude.law == "nadir":
        front, left = AXES["radial"], AXES["orbit-normal"]
    else:
        flat = math.hypot(sun[1], sun[2])
        front, left = sun, (0.0, -sun[2] / flat, sun[1] / flat)
    top = (
        front[1] * left[2] - front[2] * left[1], front[2] * left[0] - front[0] * left[2], front[0] * left[1] - front[1] * left[0],
    )  # fmt: skip
    return {
        "front": front, "back": _minus(front), "left": left, "right": _minus(left), "top": top, "bottom": _minus(top),
    }  # fmt: skip


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _minus(a: Vector) -> Vector:
    return -a[0], -a[1], -a[2]
