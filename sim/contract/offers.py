"""Sources of capacity of a contract: the rented site and the hedges, each with its rate, price and time of delivery."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sim.config import schema, workload_params, yaml_tree
from sim.config.data_rule_params import satisfies
from sim.config.errors import bad_input
from sim.config.scenario import Loaded
from sim.contract.data_rules import allowed_accelerators, rules_for_accelerators, rules_for_uplink
from sim.contract.fluid import Step
from sim.contract.lease import fleet_lease_usd_s, site_lease_usd_s
from sim.contract.migration import Move, move, uplink_bit_s
from sim.contract.rates import Runs, yields_of
from sim.results.store import Results


class Offer(NamedTuple):
    """A source of capacity; times in seconds after the start of the contract, None where it never comes."""

    name: str
    kind: str
    operator: str | None
    jurisdiction: str | None
    accelerators: int
    excluded: int  # of those, by rules for data
    rate: float  # of one accelerator, in the unit of the demand
    price_usd_s: float
    lease_usd_s: float | None  # price that would recover the cost
    ordered_s: float | None
    delivered_s: float | None
    ready_s: float | None
    move: Move | None
    held: tuple[Step, ...]  # accelerators that are paid for
    working: tuple[Step, ...]  # share of the accelerators that work


class Clock(NamedTuple):
    """Start and length of a contract, and the times at which the owner acts."""

    start: datetime
    end_s: float
    withdrawals: tuple[tuple[float, float, float | None, float], ...]  # begin, share, length, notice [s]
    first_from_s: float | None  # from when on the owner's jobs come first

    @property
    def first_notice_s(self) -> float | None:
        """The first time at which the renter learns of a loss."""
        notices_s = [max(0.0, at - notice) for at, _, _, notice in self.withdrawals]
        if self.first_from_s is not None and self.first_from_s > 0.0:
            notices_s.append(self.first_from_s)
        return min(notices_s, default=None)


def clock(scenario: schema.Scenario, contract: schema.Contract) -> Clock:
    """Times of a contract: its own withdrawals and those of the scenario's events.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    contract : Contract
        Its contract.

    Returns
    -------
    Clock
        Times in seconds after the start.
    """
    start = contract.start or scenario.epoch

    def after(moment: datetime) -> float:
        return (moment - start).total_seconds()

    listed = [(after(w.at), w.share, w.duration, w.notice) for w in contract.withdrawals]
    events = [e for e in scenario.events if e.of_contract]
    listed += [(after(e.at), e.share, e.duration, e.notice) for e in events if e.share is not None]
    taken = [(at, share, length, contract.notice if notice is None else notice) for at, share, length, notice in listed]
    first = [after(e.at) for e in events if e.share is None]
    if contract.owner is not None and contract.owner.first:
        first = [0.0]
    return Clock(start, contract.duration, tuple(sorted(taken, key=lambda w: w[0])), min(first, default=None))


def demand_steps(contract: schema.Contract, start: datetime) -> list[Step]:
    """Demand over time.

    Parameters
    ----------
    contract : Contract
        The contract.
    start : datetime
        Its start.

    Returns
    -------
    list of Step
        Demand in its unit; surges multiply it.
    """
    surges = [((s.at - start).total_seconds(), s.duration, s.factor) for s in contract.demand.surges]
    moments = sorted({0.0, *(at for at, _, _ in surges), *(at + length for at, length, _ in surges)})
    steps = []
    for moment in moments:
        rate = contract.demand.amount
        for at, length, factor in surges:
            rate *= factor if at <= moment < at + length else 1.0
        steps.append(Step(moment, rate))
    return steps


def rented_steps(contract: schema.Contract, times: Clock) -> list[Step]:
    """Rented accelerators over time, as a share of the site.

    Withdrawals take shares of what is rented and add up. Where the owner's jobs come first, the renter gets no more than
    they leave.

    Parameters
    ----------
    contract : Contract
        The contract.
    times : Clock
        When the owner acts.

    Returns
    -------
    list of Step
        Share of the site.
    """
    ends = [at + length for at, _, length, _ in times.withdrawals if length is not None]
    first = [] if times.first_from_s is None else [times.first_from_s]
    steps = []
    for moment in sorted({0.0, *(at for at, *_ in times.withdrawals), *ends, *first}):
        gone = sum(
            share for at, share, length, _ in times.withdrawals if at <= moment and (length is None or moment < at + length)
        )
        share = contract.share * max(0.0, 1.0 - gone)
        if times.first_from_s is not None and moment >= times.first_from_s and contract.owner is not None:
            share = min(share, 1.0 - contract.owner.share)
        steps.append(Step(moment, share))
    return steps


def rented(loaded: Loaded, contract: schema.Contract, times: Clock, runs: Runs) -> Offer:
    """The rented site as a source.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    contract : Contract
        Its contract.
    times : Clock
        When the owner acts.
    runs : Runs
        Runs of the sites.

    Returns
    -------
    Offer
        The source; it is there from the start.
    """
    site = contract.site
    rate = getattr(yields_of(runs.site(yaml_tree.find(loaded.tree, ("contract", "site"))).summary), contract.demand.unit)
    may = satisfies(rules_for_accelerators(loaded.scenario), site)
    lease = site_lease_usd_s(site, contract.lease.utilisation)
    price = lease if contract.price == "cost" else contract.price
    assert price is not None  # as validated
    steps = rented_steps(contract, times) if may else [Step(0.0, 0.0)]
    held = tuple(Step(s.time_s, s.rate * site.all_accelerators) for s in steps)
    number = round(contract.share * site.all_accelerators)
    return Offer(
        name=site.name, kind="contract", operator=site.operator, jurisdiction=site.jurisdiction, accelerators=number,
        excluded=0 if may else number, rate=rate, price_usd_s=price, lease_usd_s=lease,
        ordered_s=0.0, delivered_s=0.0, ready_s=0.0, move=None, held=held, working=(Step(0.0, 1.0),),
    )  # fmt: skip


def hedge_offer(loaded: Loaded, i: int, times: Clock, runs: Runs) -> Offer:
    """A hedge as a source.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    i : int
        Number of the hedge in the contract.
    times : Clock
        When the owner acts.
    runs : Runs
        Runs of sites and fleets.

    Returns
    -------
    Offer
        The source; paid from its delivery on, at work once weights, checkpoints and data have arrived.

    Raises
    ------
    InputError
        If the stations of another fleet have no data rate.
    """
    scenario, contract = loaded.scenario, loaded.scenario.contract
    assert contract is not None
    hedge = contract.hedges[i]
    rules, size = rules_for_accelerators(scenario), contract.data + workload_params.moved_bytes(scenario.workloads)
    if hedge.site is not None:
        results = runs.site(yaml_tree.find(loaded.tree, ("contract", "hedges", str(i), "site")))
        number = _number(hedge, hedge.site.all_accelerators)
        usable = number if satisfies(rules, hedge.site) else 0
        lease = site_lease_usd_s(hedge.site, contract.lease.utilisation)
        operator, jurisdiction = hedge.site.operator, hedge.site.jurisdiction
        moved = move(size, [contract.site.wan_rate, hedge.site.wan_rate])
    else:
        fleet, results = runs.fleet(hedge.scenario)
        number = _number(hedge, fleet.accelerators)
        usable = min(number, allowed_accelerators(rules, fleet))
        if hedge.share is not None:
            usable = _number(hedge, allowed_accelerators(rules, fleet))
        lease = fleet_lease_usd_s(results.summary, contract.lease.utilisation)
        operator, jurisdiction = _common(fleet.scenario.types)
        moved = move(size, [contract.site.wan_rate, *_route_bit_s(loaded, i, fleet, results)] if size else [])
    price = lease if hedge.rent == "cost" else hedge.rent
    assert price is not None  # as validated
    ordered = 0.0 if hedge.ordered == "start" else times.first_notice_s
    ordered = ordered if usable else None
    delivered = None if ordered is None else ordered + hedge.lead_time
    ready = None if delivered is None or moved.time_s == float("inf") else delivered + moved.time_s
    ended = times.end_s if delivered is None or hedge.duration is None else delivered + hedge.duration
    return Offer(
        name=hedge.label, kind=hedge.kind, operator=operator, jurisdiction=jurisdiction, accelerators=number,
        excluded=number - usable, rate=getattr(yields_of(results.summary), contract.demand.unit), price_usd_s=price,
        lease_usd_s=lease, ordered_s=ordered, delivered_s=delivered, ready_s=ready, move=moved,
        held=_window(delivered, ended, float(usable)), working=_window(ready, ended, 1.0),
    )  # fmt: skip


def _number(hedge: schema.Hedge, of: int) -> int:
    """Accelerators of a hedge."""
    return min(of, hedge.accelerators) if hedge.accelerators is not None else int((hedge.share or 0.0) * of)


def _window(begin_s: float | None, end_s: float, value: float) -> tuple[Step, ...]:
    """A value from a begin to an end, 0 else."""
    if begin_s is None or begin_s >= end_s:
        return (Step(0.0, 0.0),)
    before = () if begin_s == 0.0 else (Step(0.0, 0.0),)
    return (*before, Step(begin_s, value), Step(end_s, 0.0))


def _common(types: list[schema.Satellite]) -> tuple[str | None, str | None]:
    """Operator and jurisdiction of a fleet; None where its types differ."""
    operators, places = {t.operator for t in types}, {t.jurisdiction for t in types}
    return operators.pop() if len(operators) == 1 else None, places.pop() if len(places) == 1 else None


def _route_bit_s(loaded: Loaded, i: int, fleet: Loaded, results: Results) -> list[float]:
    """Rates of the route from the ground to a fleet: all allowed stations together, and a link between satellites."""
    own, there = loaded.scenario.ground, fleet.scenario.ground
    rate = (there.link_rate if there is not None else None) or (own.link_rate if own is not None else None)
    if there is None or not there.stations or rate is None:
        where = yaml_tree.find(loaded.tree, ("contract", "hedges", str(i))).origin
        message = f"data move through ground stations, and {fleet.scenario.name} has none with a rate; write ground.link_rate: 20 Gbit/s"
        raise bad_input(where, f"contract.hedges.{i}", message)
    rules, covered = rules_for_uplink(loaded.scenario), results.summary["ground"]["stations"]
    reached = [covered[s.name]["coverage_fraction"] for s in there.stations if satisfies(rules, s)]
    links = fleet.scenario.links
    beyond = [] if links is None else [links.terminal.lasers * links.terminal.modem_rate]
    return [uplink_bit_s(rate, reached), *beyond]
