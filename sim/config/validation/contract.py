"""Checks of a contract: its moments, its units, hedges that cannot be run or reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sim.config import economics_params, workload_params
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import CONTRACT_ACTIONS, Contract, Event, Hedge, Inference, Scenario, Site, Training
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

Valid = Callable[..., bool]  # whether all of the named sections are free of errors
COST_SECTIONS = ("constellation", "satellite", "satellites", "links", "economics", "ground", "fleet")  # that the cost of a fleet reads
Found = Iterator[tuple[tuple[str, ...], str]]  # path and message of each problem


def check_contract(scenario: Scenario, root: Node, catalogues: Catalogues, valid: Valid) -> list[Problem]:
    """Check the contract of a scenario, each check only where the sections that it reads are valid.

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
    contract = scenario.contract if valid("contract") else None
    found: list[tuple[tuple[str, ...], str]] = []
    if contract is not None:
        if valid("epoch"):
            found += _moments(contract, scenario)
        if valid("workloads", "reference_precision"):
            found += _units(contract, scenario)
        if contract.price == "cost":
            found += _cost(contract.site, ("contract", "price"))
        for i, hedge in enumerate(contract.hedges):
            if valid("ground", "workloads", "satellite", "satellites"):
                found += _hedge(hedge, ("contract", "hedges", str(i)), scenario)
            if hedge.kind == "orbit" and hedge.scenario is None and valid(*COST_SECTIONS):
                found += fleet_cost(hedge, i, scenario, catalogues)
    return [Problem(origin(root, *path), ".".join(path), message) for path, message in found]


def check_event(event: Event, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Check an event on the site of a contract.

    Parameters
    ----------
    event : Event
        An event of the owner of a rented site.
    scenario : Scenario
        The scenario, whose contract is valid.

    Yields
    ------
    tuple of str
        Field and message of each problem.
    """
    contract, name = scenario.contract, event.parsed.site
    if contract is None:
        yield "target", f"'{event.target}' needs a contract, and the scenario has none; write contract: {{site: {name}, ...}}, or remove the event"
        return
    if name != contract.site.name:
        yield "target", f"'{event.target}' is not the site of the contract; write {contract.site.name}"
    if event.action == CONTRACT_ACTIONS[1] and contract.owner is None:
        yield "action", "reprioritise needs the owner's own jobs; write contract.owner: {share: 0.5}, the share of the site that they use"
    problem = _outside(event.at, contract, scenario)
    if problem:
        yield "at", problem


def _outside(moment: datetime, contract: Contract, scenario: Scenario) -> str | None:
    """What is wrong with a moment that is not within the contract."""
    begin = contract.start or scenario.epoch
    end = begin + timedelta(seconds=contract.duration)
    if begin <= moment <= end:
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ} is outside the contract; write a moment from {begin:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}"


def _moments(contract: Contract, scenario: Scenario) -> Found:
    listed: list[tuple[tuple[str, ...], datetime]] = [(("withdrawals", str(i)), w.at) for i, w in enumerate(contract.withdrawals)]
    listed += [(("demand", "surges", str(i)), s.at) for i, s in enumerate(contract.demand.surges)]
    for path, moment in listed:
        problem = _outside(moment, contract, scenario)
        if problem:
            yield ("contract", *path, "at"), problem


def notes(scenario: Scenario) -> list[str]:
    """Notes on a valid contract: withdrawals on a shorter notice than the contract gives, hedges that nothing orders.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        Notes, one line each.
    """
    contract = scenario.contract
    if contract is None:
        return []
    events = [e for e in scenario.events if e.of_contract]
    given = [(f"contract.withdrawals.{i}", w.notice) for i, w in enumerate(contract.withdrawals)]
    given += [(f"events.{i}", e.notice) for i, e in enumerate(scenario.events)]
    found = [
        f"{path}: a notice of {notice / 86400.0:g} d is shorter than the {contract.notice / 86400.0:g} d of the contract"
        for path, notice in given
        if notice is not None and notice < contract.notice
    ]
    late = [hedge.label for hedge in contract.hedges if hedge.ordered == "notice"]
    if late and not contract.withdrawals and not events:
        found.append(f"contract: nothing is withdrawn, so that {', '.join(late)} is never ordered; write ordered: start")
    return found


def _units(contract: Contract, scenario: Scenario) -> Found:
    """Demand in tokens needs a service; every site needs the precisions of the work."""
    if contract.demand.unit == "tokens" and not any(isinstance(w, Inference) for w in scenario.workloads):
        yield (
            ("contract", "demand", "tokens"),
            "needs an inference workload, and the scenario has none; write one, or the demand as flops or accelerators",
        )
    wanted = {scenario.reference_precision, *(w.precision for w in scenario.workloads if isinstance(w, Inference | Training))}
    sites: list[tuple[tuple[str, ...], Site]] = [(("site",), contract.site)]
    sites += [(("hedges", str(i), "site"), hedge.site) for i, hedge in enumerate(contract.hedges) if hedge.site is not None]
    for path, site in sites:
        missing = sorted(wanted - set(site.accelerator.peak))
        if missing:
            yield (
                ("contract", *path, "accelerator", "peak"),
                f"{site.name} has no peak at {', '.join(missing)}; write one of {', '.join(site.accelerator.peak)}",
            )


def _cost(site: Site, path: tuple[str, ...]) -> Found:
    """A price that recovers the cost of a site needs all prices of the site."""
    unknown = economics_params.site_cost(site).unknown_prices
    if unknown:
        yield path, f"is not known: {site.name} has no price of {', '.join(unknown)}; write price: 2 USD/h, or them"


def fleet_cost(hedge: Hedge, i: int, fleet: Scenario, catalogues: Catalogues) -> Found:
    """A price that recovers the cost of a fleet needs all prices of the fleet.

    Parameters
    ----------
    hedge : Hedge
        A hedge in orbit.
    i : int
        Number of the hedge in the contract.
    fleet : Scenario
        Scenario of the fleet.
    catalogues : Catalogues
        Content of the files of its constellation.

    Yields
    ------
    tuple
        Path and message of each problem.
    """
    unknown = economics_params.unknown_prices(fleet, catalogues) if hedge.rent == "cost" else []
    if unknown is None or unknown:
        lacks, advice = ("economics", "economics") if unknown is None else (f"price of {', '.join(unknown)}", "them")
        path = ("contract", "hedges", str(i), "price")
        yield path, f"is not known: the fleet of {hedge.label} has no {lacks}; write price: 3 USD/h, or {advice}"


def _hedge(hedge: Hedge, path: tuple[str, ...], scenario: Scenario) -> Found:
    """Weights, checkpoints and data must have a route to the hedge."""
    assert scenario.contract is not None
    if hedge.site is not None and hedge.rent == "cost":
        yield from _cost(hedge.site, (*path, "price"))
    if not scenario.contract.data and not workload_params.moved_bytes(scenario.workloads):
        return
    if scenario.contract.site.wan_rate is None:
        yield ("contract", "site", "wan_rate"), f"is missing: data move from {scenario.contract.site.name} to a hedge; write 400 Gbit/s"
    if hedge.site is not None and hedge.site.wan_rate is None:
        yield (*path, "site", "wan_rate"), f"is missing: data move to {hedge.site.name}; write 400 Gbit/s"
    if hedge.kind == "orbit" and hedge.scenario is None:
        ground = scenario.ground
        if ground is None or not ground.stations:
            advice = "write ground: {stations: default, link_rate: 20 Gbit/s}"
            yield path, f"{hedge.label} needs ground stations, which carry data to the fleet; {advice}"
        elif ground.link_rate is None:
            yield ("ground", "link_rate"), f"is missing: data move through the stations to {hedge.label}; write link_rate: 20 Gbit/s"
