"""A scenario over years as a fleet of replicas: places, planes, what fails, how satellites are replaced, and jobs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M
from orbit.sunlit_orbits import Plane as Orbit
from orbit.sunlit_orbits import days_since_j2000, node_rate_rad_d
from sim.config import economics_params, schema
from sim.config.balance.orbits import planes_of
from sim.config.generations import of_generation, peak_flops_per_s, satellites
from sim.config.scenario import Loaded
from sim.economics import cost, launch
from sim.economics.finance import YEAR_S
from sim.engine.links import plane_of
from sim.fleet.job_phases import KeptCopies
from sim.fleet.lifetimes import hazard
from sim.fleet.replicas.fleet import CommonCause, Copy, Fleet, Island, Kind, Plane, Process, Remedy, Supply
from sim.fleet.replicas.tables import Keeper, Scope, Unit
from sim.mission.groups import Group
from sim.mission.listed import listed, process_rates

Ints = NDArray[np.int64]
DAY_S = 86400.0
RANDOM = "random failures"  # of section fleet, among the processes


class Prices(NamedTuple):
    """Prices of what is ordered [USD]; None where one is not known."""

    satellites: tuple[float | None, ...]  # of each generation
    launch: float | None

    @property
    def known(self) -> bool:
        """Whether all prices are known."""
        return None not in self.satellites and self.launch is not None


def edges_s(mission: schema.Mission) -> list[float]:
    """Edges of the parts of a mission whose values are in the series.

    Parameters
    ----------
    mission : Mission
        The mission.

    Returns
    -------
    list of float
        Seconds after its start, from 0 to its end; the last part may be shorter.
    """
    count = max(1, math.ceil(mission.duration / mission.step - 1e-9))
    return [k * mission.step for k in range(count)] + [mission.duration]


def processes(scenario: schema.Scenario) -> list[Process]:
    """What fails at random: processes of the mission and random failures of section `fleet`.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    list of Process
        In their order.
    """
    mission, fleet = _mission(scenario), scenario.fleet
    found = [
        Process(
            p.name, Unit[p.unit.upper()], p.scale_s, p.shape, math.inf if p.frailty is None else p.frailty,
            tuple(Remedy(r.success, r.time) for r in p.remedies), process_rates(scenario, p.name),
        )
        for p in mission.processes
    ]  # fmt: skip
    if fleet is not None and fleet.failures is not None:
        unit = Unit.SATELLITE if fleet.failures.accelerators is None else Unit.HOST
        remedies = () if fleet.repair is None else (Remedy(1.0, fleet.repair.time),)
        found.append(Process(RANDOM, unit, fleet.failures.mean_time, remedies=remedies, changes=process_rates(scenario, fleet.failures.name)))
    return found


def interruptions_per_s(scenario: schema.Scenario, satellite: schema.Satellite) -> float:
    """Failures of a satellite that interrupt its job, mean over the mission and without replacement, for the choice of checkpoint intervals.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.
    satellite : Satellite
        The satellite.

    Returns
    -------
    float
        Rate [1/s].
    """
    mission, units = _mission(scenario), kind(scenario, satellite, None).units
    found = 0.0
    for p in processes(scenario):
        if p.unit in (Unit.SATELLITE, Unit.ACCELERATOR, Unit.HOST):
            found += units.get(p.unit, 1) * hazard(mission.duration, p.scale_s, p.shape) / mission.duration
    return found


def kinds(scenario: schema.Scenario, usd: Sequence[float | None], parts_left: Mapping[Unit, Sequence[float]]) -> list[Kind]:
    """Generations of satellites, as a replica takes them.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.
    usd : sequence of float or None
        Price of a satellite of each generation [USD].
    parts_left : mapping of Unit to sequence of float
        Rate left by number of lost strings and loops, of the units that fail.

    Returns
    -------
    list of Kind
        That of the scenario, then the later ones.
    """
    since_s = [-math.inf, *(_after_s(scenario, generation.at) for generation in _mission(scenario).generations)]
    found = zip(satellites(scenario), usd, since_s, rates(scenario), strict=True)
    return [kind(scenario, satellite, price, parts_left)._replace(from_s=from_s, rate=rate) for satellite, price, from_s, rate in found]


def rates(scenario: schema.Scenario) -> list[float]:
    """Nameplate of a satellite of each generation over that of the first.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    list of float
        Ratios, rising from 1.
    """
    peaks = peak_flops_per_s(scenario)
    return [peak / peaks[0] for peak in peaks]


def kind(
    scenario: schema.Scenario, satellite: schema.Satellite, usd: float | None, parts_left: Mapping[Unit, Sequence[float]] = MappingProxyType({})
) -> Kind:  # fmt: skip
    """Units of a satellite, and what is left of its rate without some of them.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.
    satellite : Satellite
        The satellite.
    usd : float or None
        Its price [USD]; None where it is not known.
    parts_left : mapping of Unit to sequence of float, optional
        What is left of its rate by number of lost strings and loops; without it, these do not fail.

    Returns
    -------
    Kind
        As a replica takes it.
    """
    mission, fleet = _mission(scenario), scenario.fleet
    own = None if fleet is None or fleet.failures is None else fleet.failures.accelerators
    each = int(mission.units.accelerators_per_host if own is None else own)
    hosts = -(-satellite.accelerators // each)
    terminals = 0 if scenario.links is None else int(scenario.links.terminals)
    needed = min(int(mission.units.terminals_needed), terminals)
    thrusters = int(mission.units.thrusters)
    owned = {Unit.OWNER: 1} if any(e.action == "withdraw" and e.of_mission for e in scenario.events) else {}
    return Kind(
        units={Unit.ACCELERATOR: satellite.accelerators, Unit.HOST: hosts, Unit.TERMINAL: terminals, Unit.PROPULSION: thrusters, **owned,
               **{unit: len(left) - 1 for unit, left in parts_left.items()}},
        accelerators_per_host=each,
        left={
            Unit.HOST: [1.0] * (hosts + 1),  # what it takes from the rate is that of its accelerators
            Unit.TERMINAL: [1.0 if terminals - lost >= needed else 0.0 for lost in range(terminals + 1)],
            Unit.PROPULSION: [1.0] * (thrusters + 1), **parts_left,
        },
        replace_below=mission.units.replace_below if mission.replacement.replaces else 0.0,
        life_s=math.inf if mission.refresh is None else mission.refresh.every, usd=usd or 0.0,
    )  # fmt: skip


def prices(loaded: Loaded) -> Prices:
    """Prices of a satellite, and of a launch of as many as one order brings.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.

    Returns
    -------
    Prices
        None where one is not known, or the scenario has no economics.
    """
    scenario = loaded.scenario
    generations = range(1 + len(_mission(scenario).generations))
    if scenario.economics is None:
        return Prices((None,) * len(generations), None)
    builds = [economics_params.builds(of_generation(scenario, n), loaded.catalogues)[0] for n in generations]
    build, vehicle = builds[0], economics_params.vehicle(scenario.economics)
    parts = [cost.satellite_usd(one, economics_params.prices(scenario.economics)) for one in builds]
    replacement = _mission(scenario).replacement
    calendar = replacement.calendar
    flown = int(replacement.batch or (calendar.satellites if calendar is not None else 1))
    each = tuple(None if None in one.values() else cost.known(one) for one in parts)
    return Prices(each, launch.launch_usd(vehicle, build.lot._replace(satellites=flown)))


def _orbits(scenario: schema.Scenario) -> list[Orbit | None]:
    """Orbit of each plane of `plane_of`; None where it comes from a file."""
    day, found = days_since_j2000(scenario.epoch), list[Orbit | None]()
    for part in schema.parts(scenario.constellation):
        known = planes_of(part, day)
        if isinstance(part, schema.Walker):
            span_rad = 2.0 * math.pi if part.pattern == "delta" else math.pi
            found += [known[0]._replace(node_rad=span_rad * k / int(part.planes)) for k in range(int(part.planes))]
        elif isinstance(part, schema.Cluster):
            found += known * int(part.clusters)
        else:
            found += known or [None]
    return found


def fleet(loaded: Loaded, found: Sequence[Group], own: Prices, parts_left: Mapping[Unit, Sequence[float]] = MappingProxyType({})) -> Fleet:
    """The fleet over years.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission, whose satellites are of one type.
    found : sequence of Group
        Groups of its satellites.
    own : Prices
        Prices of what is ordered.
    parts_left : mapping of Unit to sequence of float, optional
        What is left of the rate of a satellite by number of lost strings and loops.

    Returns
    -------
    Fleet
        Places group by group, in the order of `Group.satellites`.
    """
    scenario = loaded.scenario
    mission, order = _mission(scenario), np.concatenate([group.satellites for group in found])
    planes, spares = plane_of(loaded)[order], int(mission.replacement.plane_spares)
    orbits = _orbits(scenario)
    turn_rad = 2.0 * math.pi
    phases = [0.0 if o is None or orbits[0] is None else (o.node_rad - orbits[0].node_rad) / turn_rad % 1.0 for o in orbits]
    counts = np.bincount(planes, minlength=len(orbits)).tolist()
    causes, changes = listed(loaded, order)
    standdowns = [(_after_s(scenario, s.at), s.duration) for s in mission.replacement.standdowns]
    # without an end it holds to that of the mission
    standdowns += [(_after_s(scenario, e.at), e.duration or mission.duration) for e in scenario.events if e.action == "standdown"]
    return Fleet(
        edges_s(mission), [Plane(n, spares, phase=phase) for n, phase in zip(counts, phases, strict=True)],
        kinds=kinds(scenario, own.satellites, parts_left), processes=processes(scenario),
        causes=[*_common_causes(scenario), *causes], supply=_supply(scenario, orbits[0], own), islands=_islands(found, order),
        launches=_launches(mission), standdowns=[(at_s, at_s + length_s) for at_s, length_s in standdowns], changes=changes,
        filled=mission.in_orbit, plane_of=planes.tolist(),
        job_of=np.repeat(np.arange(len(found)), [group.satellites.size for group in found]).tolist(),
    )  # fmt: skip


def _islands(found: Sequence[Group], order: Ints) -> list[Island]:
    """Parts of jobs: they go on with all their members, or with fewer where they are planned again; elastic jobs with fewer parts."""
    islands, first = [], 0
    for number, group in enumerate(found):
        for part in group.parts:
            assert group.rules is not None
            members, size = part.members.size, part.members.size + part.spares.size
            rules = group.rules
            if part is group.parts[0]:
                copies = None if rules.kept is None else _copies(rules.kept, order)
            pace = rules.pace or [0.0] * members + [1.0]
            memory_s = 0.0 if rules.kept is None else rules.kept.memory_s
            islands.append(Island(
                members, first, first + size, pace, rules.interval_s, 0.0, rules.recovery_s, number, rules.quorum, rules.patience_s, copies, memory_s
            ))  # fmt: skip
            first += size
        first += group.others.size
    return islands


def _copies(kept: KeptCopies, order: Ints) -> list[Copy]:
    """Copies of checkpoints beside those in the own memories, with the slots of their holders."""
    slot = np.argsort(order)  # of each satellite
    found = []
    for copy in kept.copies:
        if copy.place == "memory":
            continue
        holder = np.array(copy.holders, dtype=np.int64)[order] if copy.holders else np.full(order.size, -1)
        slots = tuple(np.where(holder < 0, -1, slot[holder]).tolist())
        keeper = Keeper.GROUND if copy.place == "ground" else Keeper.SATELLITE
        found.append(Copy(keeper, copy.every, copy.reload_s, copy.lag_s, slots))
    return found


def _supply(scenario: schema.Scenario, orbit: Orbit | None, own: Prices) -> Supply:
    """Replacement, servicing, and what becomes of failed satellites."""
    mission = _mission(scenario)
    given, visits, derelicts, refresh = mission.replacement, mission.servicing, mission.derelicts, mission.refresh
    turns_s = 0.0
    if given.parking_altitude is not None and orbit is not None:
        parked = node_rate_rad_d(EARTH_RADIUS_M + given.parking_altitude, orbit.inclination_rad)
        turns_s = (node_rate_rad_d(orbit.semi_major_axis_m, orbit.inclination_rad) - parked) / (2.0 * math.pi * DAY_S)
    limited = given.budget is not None or given.yearly_budget is not None
    supply = Supply(
        drift_s=given.drift, stock=int(given.stock), turns_s=turns_s,
        transfer_s=given.transfer if given.parking_altitude is not None or given.stock else 0.0,
        reorder_at=int(given.reorder_at), batch=int(given.batch or 0), lead_s=given.lead_time, lead_random_s=given.delay, success=given.success,
        raising_s=given.raising, launch_usd=own.launch or 0.0, deorbited=derelicts.success, collisions_s=derelicts.collisions,
        decay_s=math.inf if derelicts.decay is None else derelicts.decay, breakup=derelicts.breakup,
        ahead_s=0.0 if refresh is None else refresh.ahead,
    )  # fmt: skip
    if limited:
        supply = supply._replace(budget_usd=given.budget or 0.0, budget_usd_s=(given.yearly_budget or 0.0) / YEAR_S)
    if visits is not None:
        supply = supply._replace(visit_s=visits.every, visit_success=visits.success, visit_usd=visits.price, visit_units=int(visits.units))
    return supply


def _launches(mission: schema.Mission) -> list[tuple[float, int]]:
    calendar = mission.replacement.calendar
    if calendar is None:
        return []
    count = math.ceil((mission.duration - calendar.first) / calendar.every - 1e-9)
    return [(calendar.first + k * calendar.every, int(calendar.satellites)) for k in range(max(0, count))]


def _common_causes(scenario: schema.Scenario) -> list[CommonCause]:
    return [
        CommonCause(
            c.name, Scope[c.scope.upper()], Unit[c.unit.upper()], c.hits, c.rate or 0.0, math.inf if c.at is None else _after_s(scenario, c.at),
            math.inf if c.lasts is None else c.lasts,
        )
        for c in _mission(scenario).common_causes
    ]  # fmt: skip


def _after_s(scenario: schema.Scenario, moment: datetime) -> float:
    return (moment - scenario.epoch).total_seconds()


def _mission(scenario: schema.Scenario) -> schema.Mission:
    assert scenario.mission is not None
    return scenario.mission
