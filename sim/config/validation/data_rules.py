"""Checks of rules for data: rules that nothing satisfies, workloads and spares with too few satellites, jobs that cannot be kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sim.config.data_rule_params import (
    KINDS,
    allowed_counts,
    allowed_types,
    has_members,
    held_kinds,
    landing_rules,
    satisfies,
    stated,
)
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import Rule, Scenario, Sensing, Workload
from sim.config.validation.location import origin
from sim.config.workload_params import counts
from sim.config.yaml_tree import Node

Found = Iterator[tuple[tuple[str, ...], str]]  # path and message of each problem
Said = Sequence[tuple[str | None, str | None]]  # operator and jurisdiction of places


def check_data_rules(scenario: Scenario, root: Node, catalogues: Catalogues, valid: Callable[..., bool]) -> list[Problem]:
    """Check the rules for data of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.
    valid : callable
        Whether all of the named sections are valid.

    Returns
    -------
    list of Problem
        All problems found.
    """
    if scenario.data_rules is None or not valid("data_rules", "satellite", "satellites", "contract", "ground", "workloads"):
        return []
    found = list(_unmet(scenario))
    if not found and valid("constellation"):
        found = list(_shared(scenario, _by_type(scenario, catalogues)))
    if not found and valid("constellation", "fleet"):
        found = list(_spares(scenario, _by_type(scenario, catalogues)))
    return [Problem(origin(root, *path), ".".join(path), message) for path, message in found]


def workload_satellites(scenario: Scenario, catalogues: Catalogues, satellites: int) -> list[tuple[int, int]]:
    """Satellites that each workload asks for, and the most that rules for data leave to it.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.
    satellites : int
        Satellites of the fleet that compute.

    Returns
    -------
    list of (int, int)
        Of each workload; both are the same where no rule excludes satellites. Other workloads may leave it fewer.
    """
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    asked, works = counts(scenario.workloads, spares, satellites), scenario.workloads
    allowed = [tuple(allowed_types(scenario, work)) for work in works]
    if all(all(may) for may in allowed):
        return [(n, n) for n in asked]
    number, free = _by_type(scenario, catalogues), satellites - spares
    able = [min(free, sum(n for n, may in zip(number, mine, strict=True) if may) - _held(scenario, number, mine, spares)) for mine in allowed]
    room, most = list(able), allowed_counts(works, asked, able, free, allowed)
    for i in sorted(range(len(works)), key=lambda i: able[i]):
        most[i] = max(0, min(most[i], room[i]))
        for j, theirs in enumerate(allowed):  # what is taken from a part of their satellites is taken from theirs
            room[j] -= most[i] if all(other or not mine for mine, other in zip(allowed[i], theirs, strict=True)) else 0
    return list(zip(asked, most, strict=True))


def _held(scenario: Scenario, number: Sequence[int], allowed: Sequence[bool], spares: int) -> int:
    """Spares, of the fewest possible, that are satellites which a workload may use."""
    usable = [False] * len(number)
    for _, _, theirs in _with_members(scenario):
        usable = [one or other for one, other in zip(usable, theirs, strict=True)]
    if not any(usable):
        return 0
    return max(0, spares - sum(n for n, may, mine in zip(number, usable, allowed, strict=True) if may and not mine))


def _by_type(scenario: Scenario, catalogues: Catalogues) -> list[int]:
    """Satellites of each type."""
    number = [0] * len(scenario.types)
    for i, entry in enumerate(scenario.constellation):
        number[scenario.type_index(entry)] += catalogues.count(i, entry)
    return number


def _unmet(scenario: Scenario) -> Found:
    """Rules that no satellite type and no site, or no station, satisfies; workloads whose rules nothing satisfies together."""
    rules, contract = scenario.data_rules, scenario.contract
    assert rules is not None
    held = {kind for work in scenario.workloads for kind in held_kinds(work)} | {"weights"}
    if contract is not None and contract.data:
        held.add("data")
    places: list[tuple[str | None, str | None]] = [(t.operator, t.jurisdiction) for t in scenario.types]
    if contract is not None:
        places.append((contract.site.operator, contract.site.jurisdiction))
        places += [(h.site.operator, h.site.jurisdiction) for h in contract.hedges if h.site is not None]
    stations = [] if scenario.ground is None else [(s.operator, s.jurisdiction) for s in scenario.ground.stations]
    landed = {"data"} if any(isinstance(work, Sensing) for work in scenario.workloads) else set()
    unmet = False
    for name in KINDS:
        rule: Rule | None = getattr(rules, name)
        if rule is None:
            continue
        if name not in held:  # nothing of this kind is in orbit, yet stations may obey the rule
            if not any(rule.allows(*place) for place in places + stations):
                unmet = True
                yield ("data_rules", name), f"no satellite, site or station satisfies it; {_stated(places, 'satellites and sites')}"
        elif not any(rule.allows(*place) for place in places):
            unmet = True
            yield ("data_rules", name), f"no satellite or site satisfies it; {_stated(places, 'satellites and sites')}"
        elif name in {"prompts"} | landed and stations and not any(rule.allows(*place) for place in stations):
            unmet = True
            yield ("data_rules", name), f"no ground station satisfies it; {_stated(stations, 'stations')}"
    if not unmet:
        yield from _unmet_together(scenario)


def _unmet_together(scenario: Scenario) -> Found:
    """Workloads that no satellite type may run, and sensing whose contacts no station may have."""
    for i, work in enumerate(scenario.workloads):
        names = [name for name in held_kinds(work) if stated(scenario, (name,))]
        if scenario.contract is None and names and not any(allowed_types(scenario, work)):
            rules = " and of ".join(names)
            yield ("data_rules",), f"no satellite may run workloads.{i}: {work.kind} needs the rule of {rules}; write rules that one satisfies"
        stations = [] if scenario.ground is None else [s for s in scenario.ground.stations if s.role != "pop"]
        if isinstance(work, Sensing) and stations and not any(satisfies(landing_rules(scenario, work), s) for s in stations):
            yield ("data_rules",), f"no station may have contacts of workloads.{i}, sensing: weights go up and data come down over the same antenna"


def _stated(places: Said, what: str) -> str:
    """What places say of themselves, as advice."""
    known = sorted({j for _, j in places if j is not None})
    if not known:
        return f"the {what} state no jurisdiction: write their jurisdiction, or remove the rule"
    return f"the {what} are in {', '.join(known)}: write one of them, or their operators"


def _with_members(scenario: Scenario) -> list[tuple[int, Workload, list[bool]]]:
    listed = [(i, work, allowed_types(scenario, work)) for i, work in enumerate(scenario.workloads)]
    return [(i, work, may) for i, work, may in listed if has_members(work, scenario.types, may)]


def _shared(scenario: Scenario, number: Sequence[int]) -> Found:
    """Workloads with messages whose satellites differ must have none in common: links carry the messages of all of them."""
    first: list[tuple[int, set[int]]] = []
    for i, _, may in _with_members(scenario):
        mine = {kind for kind, (allowed, n) in enumerate(zip(may, number, strict=True)) if allowed and n}
        for other, theirs in first:
            if mine != theirs and mine & theirs:
                message = (
                    f"workloads.{other} and workloads.{i} share some satellites, but one of them may use more: their messages cannot be kept "
                    "apart; write rules that leave both the same satellites, or none in common"
                )
                yield ("data_rules",), message
                return
        first.append((i, mine))


def _spares(scenario: Scenario, number: Sequence[int]) -> Found:
    """Spares are satellites that workloads with members may use, beside one at least that works."""
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    members = _with_members(scenario)
    if not spares or not members or any(all(may) for _, _, may in members):
        return
    usable = sum(n for kind, n in enumerate(number) if any(may[kind] for _, _, may in members))
    if spares >= usable:
        only = f"only {usable} allowed satellite{' is' if usable == 1 else 's are'} in the fleet"
        yield ("fleet", "spares"), f"{spares} spares, but {only}; write {max(0, usable - 1)} or fewer, or rules that allow more satellites"
