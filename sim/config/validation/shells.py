"""Shells of a constellation: slots that the +Grid joins across planes, and smallest distances between satellites."""

from __future__ import annotations

import math
from dataclasses import dataclass

from orbit import shell_geometry
from orbit.catalog import semi_major_axis_m
from orbit.constants import EARTH_RADIUS_M
from orbit.shell_geometry import Shell
from sim.config.schema import Constellation, Ring, Scenario, Walker, hours, parts
from sim.config.schema.topologies import GridForm

NOTED_M = 1e3  # smallest distance below which there is a note: operators are warned of passes within 1 km
SUGGESTED_PLANES = 500  # above, the search for a better phasing would take longer than the rest of `validate`


@dataclass(frozen=True)
class NumberedShell:
    """A shell, the entry of the constellation that it belongs to, and its number among all shells."""

    number: int
    entry: int
    shell: Shell


def shell_of(part: Constellation) -> Shell | None:
    """Geometry of an entry of the constellation.

    Parameters
    ----------
    part : Constellation
        Entry of the constellation, or a shell of a shorthand.

    Returns
    -------
    Shell or None
        None for formations and catalogues.
    """
    match part:
        case Walker():
            size_m = EARTH_RADIUS_M + (part.altitude or 0.0)
            if part.mean_motion is not None:
                size_m = semi_major_axis_m(part.mean_motion, part.inclination)
            span_rad = math.tau if part.pattern == "delta" else math.pi
            return Shell(
                semi_major_axis_m=size_m, inclination_rad=part.inclination, planes=part.planes,
                slots=part.satellites_per_plane, phasing=part.phasing, stagger=part.stagger, node_span_rad=span_rad,
                latitude_rad=part.mean_anomaly,
            )  # fmt: skip
        case Ring():
            size_m = EARTH_RADIUS_M + part.altitude
            tilt_rad = shell_geometry.sun_synchronous_inclination_rad(size_m)
            node_rad = math.radians(15.0 * hours(part.local_time))  # from the node of midnight: rings differ by it alone
            return Shell(size_m, tilt_rad, 1, part.satellites, node_rad=node_rad)
        case _:
            return None


def cross_plane_slots(part: Walker, grid: GridForm | str) -> tuple[int, ...]:
    """Slots from a satellite to its neighbour in the next plane, for each plane that has a next one.

    Parameters
    ----------
    part : Walker
        The shell.
    grid : GridForm or {"nearest_slot", "same_slot"}
        Rules of the grid, or its `cross_plane` alone: the nearest satellite of the next plane, or the one of the same number,
        which at the seam of a delta pattern is ahead by the rounded phasing.

    Returns
    -------
    tuple of int
        One number for each plane that has a next one: by default all of a delta pattern, all but the last of a star pattern.
    """
    form = GridForm.model_validate({"kind": "grid", "cross_plane": grid}) if isinstance(grid, str) else grid
    planes, slots, delta = part.planes, part.satellites_per_plane, part.pattern == "delta"
    if planes < 2:
        return ()
    wrap = {"pattern": delta, "always": True, "never": False}[form.wrap]
    if form.cross_plane == "same_slot":
        ahead = (0,) * (planes - 1) + ((round(part.phasing) % slots if delta else 0,) if wrap else ())
    else:
        shell = shell_of(part)
        assert shell is not None
        ahead = shell_geometry.cross_plane_slots(shell, wrap)
    return tuple((n + form.offset) % slots for n in ahead)


def numbered_shells(scenario: Scenario) -> list[NumberedShell]:
    """Shells and rings of a constellation.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of NumberedShell
        In the order of their satellites; formations and catalogues have none.
    """
    found: list[NumberedShell] = []
    for i, entry in enumerate(scenario.constellation):
        for part in parts([entry]):
            shell = shell_of(part)
            if shell is not None:
                found.append(NumberedShell(len(found), i, shell))
    return found


def separations_m(shells: list[NumberedShell]) -> list[tuple[float, float]]:
    """Smallest distances of satellites of each shell: within it, and to the satellites of any other shell.

    Parameters
    ----------
    shells : list of NumberedShell
        The shells.

    Returns
    -------
    list of tuple of float
        Both distances [m], infinite where there is no other satellite.
    """
    return [
        (
            shell_geometry.closest_m(one.shell),
            min((shell_geometry.closest_between_m(one.shell, o.shell) for o in shells if o is not one), default=math.inf),
        )
        for one in shells
    ]


def notes(scenario: Scenario) -> list[str]:
    """Notes on shells whose satellites come too close to each other.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        One sentence for each shell and each pair of shells below `NOTED_M`.
    """
    shells = numbered_shells(scenario)
    single = len(scenario.constellation) == 1
    notes = []
    for one in shells:
        least_m = shell_geometry.closest_m(one.shell)
        if least_m < NOTED_M:
            where = "constellation" if single else f"constellation.{one.entry}"
            notes.append(
                f"{where}: satellites of {_name(one)} come within {least_m:,.0f} m of each other; {_advice(one.shell)}"
            )
    for one in shells:
        for other in shells[one.number + 1 :]:
            least_m = shell_geometry.closest_between_m(one.shell, other.shell)
            if least_m < NOTED_M:
                notes.append(
                    f"constellation: satellites of {_name(one)} and {_name(other)} come within {least_m:,.0f} m of each other; "
                    f"write altitudes {NOTED_M / 1e3:g} km or more apart"
                )
    return notes


def _name(one: NumberedShell) -> str:
    return f"the shell at {(one.shell.semi_major_axis_m - EARTH_RADIUS_M) / 1e3:,.6g} km"


def _advice(shell: Shell) -> str:
    """What to write instead; a plane that is too full by itself has no better phasing."""
    if 1 < shell.planes <= SUGGESTED_PLANES:
        phasing, best_m = shell_geometry.best_phasing(shell)
        if best_m >= NOTED_M:
            return f"write phasing: {phasing} ({best_m / 1e3:,.3g} km)"
    return "write fewer satellites, or another number of planes"
