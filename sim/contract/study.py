"""Cases of a contract: without hedges, with each, and with all; what is served and rejected, and what a hedge is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.config import schema
from sim.contract.fluid import Segment, Step, Totals, flow, integral, product, totals
from sim.contract.offers import Offer

NO_HEDGE, ALL_HEDGES = "no hedge", "all hedges"


class Case(NamedTuple):
    """One choice of hedges and what comes of it."""

    name: str
    offers: tuple[Offer, ...]  # the rented site first
    segments: list[Segment]
    totals: Totals
    source_usd: tuple[float, ...]  # paid for each offer


def capacity(offer: Offer) -> list[Step]:
    """Capacity of a source over time.

    Parameters
    ----------
    offer : Offer
        The source.

    Returns
    -------
    list of Step
        Capacity in the unit of the demand.
    """
    return [Step(s.time_s, s.rate * offer.rate) for s in product(offer.held, offer.working)]


def case(name: str, offers: Sequence[Offer], demand: Sequence[Step], contract: schema.Contract) -> Case:
    """Serve the demand from some sources.

    Parameters
    ----------
    name : str
        Name of the case.
    offers : sequence of Offer
        Sources, the first one first.
    demand : sequence of Step
        Demand over time.
    contract : Contract
        The contract.

    Returns
    -------
    Case
        Flow, totals and payments.
    """
    segments = flow(demand, [capacity(offer) for offer in offers], contract.demand.queue, contract.duration)
    paid = tuple(offer.price_usd_s * integral(offer.held, contract.duration) for offer in offers)
    return Case(name, tuple(offers), segments, totals(segments, contract.demand.target), paid)


def cases(offers: Sequence[Offer], demand: Sequence[Step], contract: schema.Contract) -> list[Case]:
    """All cases of a contract.

    Parameters
    ----------
    offers : sequence of Offer
        The rented site, then the hedges.
    demand : sequence of Step
        Demand over time.
    contract : Contract
        The contract.

    Returns
    -------
    list of Case
        Without hedges, with each, and with all of them where there are several.
    """
    site, *hedges = offers
    found = [case(NO_HEDGE, [site], demand, contract)]
    found += [case(hedge.name, [site, hedge], demand, contract) for hedge in hedges]
    return found if len(hedges) < 2 else [*found, case(ALL_HEDGES, offers, demand, contract)]


def row(one: Case, without: Case, output_tokens: float | None) -> dict[str, Any]:
    """A case as it stands in the summary.

    Parameters
    ----------
    one : Case
        The case.
    without : Case
        That without hedges.
    output_tokens : float or None
        Tokens of an answer, to count requests; None where demand is not in tokens.

    Returns
    -------
    dict
        Amounts in the unit of the demand, minutes and USD.
    """
    t, hedges_usd = one.totals, sum(one.source_usd[1:])
    avoided_min = (without.totals.out_of_target_s - t.out_of_target_s) / 60.0
    more = t.served - without.totals.served
    return {
        "case": one.name,
        "demand": t.demand,
        "served": t.served,
        "rejected": t.rejected,
        "queued": t.queued,
        "rejected_requests": None if output_tokens is None else t.rejected / output_tokens,
        "out_of_target_min": t.out_of_target_s / 60.0,
        "avoided_min": avoided_min,
        "site_usd": one.source_usd[0],
        "hedges_usd": hedges_usd,
        "usd_per_avoided_min": hedges_usd / avoided_min if avoided_min > 0.0 else None,
        "usd_per_served": hedges_usd / more if more > 0.0 else None,
        "served_by": {offer.name: part for offer, part in zip(one.offers, t.by_source, strict=True)},
    }


def source_row(offer: Offer, unit: str) -> dict[str, Any]:
    """A source as it stands in the summary.

    Parameters
    ----------
    offer : Offer
        The source.
    unit : str
        Unit of the demand.

    Returns
    -------
    dict
        Size, rate, prices per hour, times in seconds after the start, and migration.
    """
    lease = offer.lease_usd_s
    return {
        "name": offer.name,
        "kind": offer.kind,
        "operator": offer.operator,
        "jurisdiction": offer.jurisdiction,
        "accelerators": offer.accelerators,
        "accelerators_excluded": offer.excluded,
        "unit": unit,
        "rate_per_accelerator": offer.rate,
        "price_usd_per_accelerator_hour": 3600.0 * offer.price_usd_s,
        "lease_usd_per_accelerator_hour": None if lease is None else 3600.0 * lease,
        "ordered_s": offer.ordered_s,
        "delivered_s": offer.delivered_s,
        "ready_s": offer.ready_s,
        "migration": None if offer.move is None else {
            "bytes": offer.move.size_bytes, "rate_bit_s": offer.move.rate_bit_s,
            "time_s": None if offer.move.time_s == float("inf") else offer.move.time_s,
        },
    }  # fmt: skip
