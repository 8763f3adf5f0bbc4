"""Checks of formations: minimum separation, and neighbours of a mesh."""

from __future__ import annotations

from orbit import formation_geometry
from sim.config.errors import Problem
from sim.config.schema import Cluster, Scenario
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node


def check_keep_out(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that satellites of a formation stay outside each other's keep-out distance over one orbit.

    By linear relative motion: in formations of kilometres J2 and the curvature of the orbit change it by a thousandth.

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
    problems = []
    for i, entry in enumerate(scenario.constellation):
        problem = _too_near(entry) if isinstance(entry, Cluster) else None
        if problem is not None:
            field, message = problem
            location = origin(root, "constellation", str(i), "lattice", field)
            problems.append(Problem(location, f"constellation.lattice.{field}", message))
    return problems


def _too_near(entry: Cluster) -> tuple[str, str] | None:
    """Field and message; None where all keep the minimum separation."""
    form = entry.lattice
    if form.points is not None:
        pair = formation_geometry.closest_of_points_m(form.points, form.keep_out)
        if pair is None:
            return None
        least_m, i, j = pair
        return "points", (
            f"points {i} and {j} come within {least_m:.3g} m of each other over an orbit, below keep_out {form.keep_out:g} m; "
            "write them farther apart: radial, or twice as far along the track"
        )
    if form.shape == "columns":
        assert form.spacing is not None
        if form.count < 2 or form.spacing >= form.keep_out:
            return None
        return "spacing", f"{form.spacing:g} m is below keep_out {form.keep_out:g} m; write '{form.keep_out:g} m' or more"
    nearest_m = formation_geometry.closest_of_lattice_m(*form.disc, form.cross_track_m, form.tilt is not None)
    if nearest_m is None or nearest_m >= form.keep_out:
        return None
    _, spacing_m, _ = form.disc
    enough_m = spacing_m * form.keep_out / nearest_m
    return "spacing", (
        f"neighbours {spacing_m:g} m apart come within {nearest_m:.3g} m of each other over an orbit, "
        f"below keep_out {form.keep_out:g} m; write '{enough_m:.4g} m' or more"
    )


def check_mesh_spacing(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that given points of a mesh have a distance within which they are joined.

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
    if scenario.links is None or scenario.links.form not in ("mesh", "shells", "relay"):
        return []
    return [
        Problem(
            origin(root, "constellation", str(i), "lattice"), "constellation.lattice.spacing",
            "is missing: a mesh joins points that are no farther apart; write `spacing: 200 m`, or topology: nearest",
        )
        for i, entry in enumerate(scenario.constellation)
        if isinstance(entry, Cluster) and entry.lattice.points is not None and entry.lattice.spacing is None
    ]  # fmt: skip
