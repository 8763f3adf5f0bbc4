"""Checks of dates: the spans of the Sun and of the table of Earth orientation."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta

from orbit.constants import EARTH_RADIUS_M, EARTH_ROTATION_RAD_S
from orbit.data import earth_orientation_span
from sim.config.errors import Problem
from sim.config.schema import LAST_DAY, Scenario
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

NOTED_M = 5.0  # position error of stations below which there is no note: a round trip changes by 0.03 us


def check_dates(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that epoch and end are within the data of Earth orientation and of the Sun.

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
    span, end = earth_orientation_span(), _end(scenario)
    held = scenario.environment.earth_orientation == "extrapolated"
    advice = "or environment.earth_orientation: extrapolated"
    if not held and not _midnight(span.first) <= scenario.epoch <= _midnight(span.table_end):
        message = (
            f"{scenario.epoch:%Y-%m-%d} is outside the table of Earth orientation, {span.first} to {span.table_end}; "
            f"write a moment in that span, {advice}"
        )
        return [Problem(origin(root, "epoch"), "epoch", message)]
    last = LAST_DAY if held else span.table_end
    if end <= _midnight(last):
        return []
    message = (
        f"the run ends on {end:%Y-%m-%d}, but the Sun is checked to the start of {LAST_DAY}; write one that ends by then"
        if held
        else f"the run ends on {end:%Y-%m-%d}, but the table of Earth orientation ends with the start of {span.table_end}; "
        f"write one that ends by then, {advice}"
    )
    return [Problem(origin(root, "duration"), "duration", message)]


def orientation_status(scenario: Scenario) -> str:
    """Status of the Earth orientation data over the whole run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    str
        "measured", "predicted" (in part) or "beyond" the table.
    """
    span = earth_orientation_span()
    if scenario.epoch < _midnight(span.first) or _end(scenario) > _midnight(span.table_end):
        return "beyond"
    return "measured" if _end(scenario) <= _midnight(span.measured_until) else "predicted"


def orientation_notes(scenario: Scenario) -> list[str]:
    """Notes on Earth orientation.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        Notes; empty where they would change nothing.
    """
    span, status = earth_orientation_span(), orientation_status(scenario)
    if status == "beyond":
        table = f"{span.first} to {span.table_end}"
        return [
            f"Earth orientation is known from {table}: beyond that UT1 - UTC and the pole are held as they are there"
        ]
    if status == "predicted" and scenario.ground is not None:
        apart = _displaced_m((_end(scenario) - _midnight(span.measured_until)) / timedelta(days=1))
        if apart >= NOTED_M:
            since = span.measured_until + timedelta(days=1)
            return [f"Earth orientation is predicted from {since} on: stations are good to about {apart:.0f} m"]
    return []


def _displaced_m(ahead_d: float) -> float:
    """Shift [m] of a place at the equator by the error of a UT1 predicted so many days ahead, and 1 m for the pole's.

    The Bulletin's own estimate of its predictions. [iersbulletina]
    """
    error_s = 0.00025 * math.pow(max(0.0, ahead_d), 0.75)
    return 1.0 + EARTH_RADIUS_M * EARTH_ROTATION_RAD_S * error_s


def _end(scenario: Scenario) -> datetime:
    return scenario.epoch + timedelta(seconds=scenario.duration)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
