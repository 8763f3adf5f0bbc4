"""Checks of a mission: its fleet, its moments, and what launches can carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sim.config import economics_params
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.generations import of_generation, peak_flops_per_s
from sim.config.schema import FILES, Mission, Scenario
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.economics import launch

Valid = Callable[..., bool]  # whether all of the named sections are free of errors
Found = Iterator[tuple[tuple[str, ...], str]]  # path and message of each problem
LIFTED = ("constellation", "satellite", "satellites", "links", "economics", "motion")  # sections that the number of a launch follows from


def check_mission(scenario: Scenario, root: Node, catalogues: Catalogues, valid: Valid) -> list[Problem]:
    """Check the mission of a scenario, each check only where the sections that it reads are valid.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.
    valid : Valid
        Whether all of the named sections are valid.

    Returns
    -------
    list of Problem
        All problems found.
    """
    mission = scenario.mission if valid("mission") else None
    found: list[tuple[tuple[str, ...], str]] = []
    if mission is not None:
        if valid("constellation", "satellites"):
            found += _fleet(mission, scenario)
        if valid("epoch"):
            found += _moments(mission, scenario)
        if valid("fleet"):
            found += _failures(mission, scenario)
        if valid("satellite", "reference_precision", "epoch"):
            found += _generations(mission, scenario)
        if valid(*LIFTED):
            found += _launches(mission, scenario, catalogues)
    return [Problem(origin(root, *path), ".".join(path), message) for path, message in found]


def end_of_mission(scenario: Scenario) -> datetime | None:
    """End of the mission.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    datetime or None
        None where the scenario has none.
    """
    return None if scenario.mission is None else scenario.epoch + timedelta(seconds=scenario.mission.duration)


def _fleet(mission: Mission, scenario: Scenario) -> Found:
    """One type of satellites, on orbits that are there for years."""
    used = {scenario.type_index(entry) for entry in scenario.constellation}
    if len(used) > 1:
        names = ", ".join(scenario.types[n].name for n in sorted(used))
        yield ("mission",), f"is of satellites of one type, and the constellation has {len(used)}: {names}; write one type, or remove the mission"
    if mission.dates > 1 and any(isinstance(entry, FILES) for entry in scenario.constellation):
        message = f"is {mission.dates}, and element sets of a file hold for days around theirs; write dates: 1, for the date of the file"
        yield ("mission", "dates"), message
    parking_m = mission.replacement.parking_altitude
    for entry in scenario.constellation:
        altitude_m = getattr(entry, "altitude", None)
        if parking_m is not None and altitude_m is not None and abs(altitude_m - parking_m) < 1e3:
            message = f"is that of the planes, {altitude_m / 1e3:g} km: its node never meets those of other planes; write a lower one, or none"
            yield ("mission", "replacement", "parking_altitude"), message
            return


def _moments(mission: Mission, scenario: Scenario) -> Found:
    """Moments lie within the mission."""
    begin, end = scenario.epoch, scenario.epoch + timedelta(seconds=mission.duration)
    listed: list[tuple[tuple[str, ...], datetime]] = []
    listed += [(("common_causes", str(i), "at"), cause.at) for i, cause in enumerate(mission.common_causes) if cause.at is not None]
    listed += [(("generations", str(i), "at"), generation.at) for i, generation in enumerate(mission.generations)]
    listed += [(("changes", str(i), "at"), change.at) for i, change in enumerate(mission.changes)]
    listed += [(("replacement", "standdowns", str(i), "at"), s.at) for i, s in enumerate(mission.replacement.standdowns)]
    for path, at in listed:
        if not begin <= at < end:
            message = f"{at:%Y-%m-%dT%H:%M:%SZ} is outside the mission; write a moment from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
            yield ("mission", *path), message


def _generations(mission: Mission, scenario: Scenario) -> Found:
    """Later generations have a peak at the reference precision, and are not slower than earlier ones."""
    peaks = peak_flops_per_s(scenario)
    for i, (before, peak) in enumerate(pairwise(peaks)):
        if peak == 0.0:
            message = f"its accelerators have no peak at the reference precision {scenario.reference_precision}; write others, or their peak"
            yield ("mission", "generations", str(i), "satellite"), message
        elif peak < before:
            rates = f"{peak / 1e15:.4g} PFLOP/s a satellite, below {before / 1e15:.4g} PFLOP/s before it"
            message = f"has a nameplate of {rates}; write faster hardware, or remove it"
            yield ("mission", "generations", str(i)), message


def _failures(mission: Mission, scenario: Scenario) -> Found:
    """Random failures of section fleet and processes of the mission are the same things."""
    failures = None if scenario.fleet is None else scenario.fleet.failures
    if failures is None:
        return
    for i, process in enumerate(mission.processes):
        whole = failures.accelerators is None
        if process.unit == ("satellite" if whole else "host"):
            message = (
                f"{process.name} makes {process.unit}s fail, and so does fleet.failures: each would fail twice; write the mission's processes "
                "without it, or fleet: {failures: null}"
            )
            yield ("mission", "processes", str(i)), message


def _launches(mission: Mission, scenario: Scenario, catalogues: Catalogues) -> Found:
    """A launch carries what is ordered for it."""
    if scenario.economics is None or not catalogues.satellites(scenario.constellation):
        return
    generations, vehicle = range(1 + len(mission.generations)), economics_params.vehicle(scenario.economics)
    lots = [economics_params.builds(of_generation(scenario, n), catalogues)[0].lot for n in generations]
    carried = [number for number in (launch.manifest(vehicle, lot).per_launch for lot in lots) if number is not None]
    if not carried:
        return
    most = min(carried)
    given = mission.replacement
    name = scenario.economics.launch.name
    by_calendar = None if given.calendar is None else given.calendar.satellites
    wanted: tuple[tuple[tuple[str, ...], int | None], ...] = (
        (("replacement", "batch"), given.batch), (("replacement", "calendar", "satellites"), by_calendar),
    )  # fmt: skip
    for path, number in wanted:
        if number is not None and number > most:
            yield ("mission", *path), f"{number} are more than one launch of {name} carries, {most} of these satellites; write at most {most}"


def notes(scenario: Scenario) -> list[str]:
    """Notes on what a mission leaves out.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        Notes, one line each.
    """
    mission = scenario.mission
    if mission is None:
        return []
    over_years = [e for e in scenario.events if e.parsed.kind != "satellites" or e.action not in ("lose", "restore")]
    found = [f"events: {e.action} {e.target}: changes the run, not the years of the mission" for e in over_years if e.parsed.kind != "site"]
    if not mission.processes and (scenario.fleet is None or scenario.fleet.failures is None) and not mission.common_causes:
        found.append("mission.processes: nothing fails at random")
    return found
