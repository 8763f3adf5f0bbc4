"""Checks of a mission: its fleet, its moments, and what launches can carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sim.config import economics_params
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem, did_you_mean
from sim.config.generations import of_generation, peak_flops_per_s
from sim.config.mission_events import MOST_REGIMES, over_years, regimes
from sim.config.schema import EVERYWHERE, FILES, Event, Mission, Scenario
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


def mission_problem(event: Event, scenario: Scenario) -> tuple[str, str] | None:
    """What is wrong with an event that acts over years only.

    Parameters
    ----------
    event : Event
        A stand-down, a common cause, another rate of a process, or satellites that are withdrawn.
    scenario : Scenario
        Its scenario.

    Returns
    -------
    tuple of str or None
        Field and message.
    """
    mission = scenario.mission
    if mission is None:
        instead = f"or lose {event.target}" if event.action == "withdraw" else "or remove the event"
        return "action", f"{event.action} acts over years, and the scenario has no mission; write mission: {{duration: 5 yr}}, {instead}"
    if event.cause is not None and event.target.strip() in EVERYWHERE and event.cause.scope != "fleet":
        whom = "one plane or formation" if event.cause.scope == "plane" else "one launch"
        which = "hit plane 3" if event.cause.scope == "plane" else "hit satellites 0-8"
        return "target", f"'{event.target}': {event.cause.name} hits the satellites of {whom}; write which, such as {which} by {event.cause.name}"
    if event.action == "scale" and event.parsed.process not in (known := process_names(scenario)):
        name = event.parsed.process
        if not known:
            return "target", f"'{name}' is no process, and the mission has none; write mission.processes: [satellite-leo]"
        if any(cause.name == name for cause in mission.common_causes):
            return "target", f"'{name}' is a common cause, whose rate does not change; write its rate, or a process: {', '.join(known)}"
        return "target", f"'{name}' is no process of the mission; {did_you_mean(name, known)}"
    return None


def process_names(scenario: Scenario) -> list[str]:
    """Names of the processes of a mission whose rates events may change: its own, and the random failures of section `fleet`.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    list of str
        Names.
    """
    mission, failures = scenario.mission, None if scenario.fleet is None else scenario.fleet.failures
    return [] if mission is None else [p.name for p in mission.processes] + ([] if failures is None else [failures.name])


def regimes_problem(scenario: Scenario, catalogues: Catalogues) -> str | None:
    """What is wrong where events make too many different regimes.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission and valid events.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    str or None
        The message.
    """
    count = len(regimes(scenario, catalogues)) - 1
    if count <= MOST_REGIMES:
        return None
    return (
        f"hold in {count} combinations over the mission, and the run is made for each of at most {MOST_REGIMES}; write fewer events that derate, or "
        "that take links, stations or accelerators, or let them begin and end together"
    )


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
    momentary = [e for e in scenario.events if not e.of_contract and over_years(e) is None]
    found = [
        f"events: {e.text}: {'lasts less than a day and ' if e.action in ('lose', 'derate') else ''}changes the run, not the years of the mission"
        for e in momentary
    ]
    given = mission.replacement
    if given.batch is None and given.calendar is None:
        found += [f"events: {e.text}: nothing is launched" for e in scenario.events if e.action == "standdown"]
    if not mission.processes and (scenario.fleet is None or scenario.fleet.failures is None) and not mission.common_causes:
        found.append("mission.processes: nothing fails at random")
    return found
