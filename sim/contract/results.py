"""A contract and the rules for data as parts of the results of a run: sections of the summary, and series over years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.scenario import Loaded
from sim.contract import data_rules, offers, study
from sim.contract.fluid import Segment, Step
from sim.contract.rates import Runs
from sim.results import store
from sim.results.dataset import labelled, with_dates
from sim.results.store import Results

Array = NDArray[np.float64]


def attach(loaded: Loaded, results: Results, threads: int | None = None) -> Results:
    """Results with what the contract and the rules for data of a scenario add.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    results : Results
        Results of its run.
    threads : int or None, optional
        Threads of further runs.

    Returns
    -------
    Results
        With the sections `contract` and `data_rules` of the summary, and the series of the contract; as they were where the
        scenario has neither.

    Raises
    ------
    InputError
        If a site cannot run the workloads, or a hedge no route for its data.
    """
    rules = data_rules.cost(loaded, results)
    if rules is not None:
        results = replace(results, summary=results.summary | {"data_rules": rules})
    contract = loaded.scenario.contract
    if contract is None:
        return results
    times, runs = offers.clock(loaded.scenario, contract), Runs(loaded, results, threads)
    sources, found = _cases(loaded, contract, times, runs)
    section = _section(loaded.scenario, contract, times, sources, found)
    if rules is not None:
        _, free = _cases(replace(loaded, scenario=loaded.scenario.model_copy(update={"data_rules": None})), contract, times, runs)
        section["without_data_rules"] = study.row(free[-1], free[0], _answer(loaded.scenario, contract))
    summary = results.summary | {"contract": section}
    series = results.series
    added = labelled(_arrays(contract, times, sources, found, loaded.scenario), loaded.scenario.name, series.attrs["epoch"])
    series = series.drop_vars([name for name in added.variables if name in series.variables])
    series = with_dates(series.assign_coords(added.coords).assign(added.data_vars))
    attached = replace(results, summary=summary, series=series)
    store.check_finite(attached)
    return attached


def _cases(
    loaded: Loaded, contract: schema.Contract, times: offers.Clock, runs: Runs
) -> tuple[list[offers.Offer], list[study.Case]]:
    """Sources of a contract and its cases."""
    sources = [offers.rented(loaded, contract, times, runs)]
    sources += [offers.hedge_offer(loaded, i, times, runs) for i in range(len(contract.hedges))]
    return sources, study.cases(sources, offers.demand_steps(contract, times.start), contract)


def _answer(scenario: schema.Scenario, contract: schema.Contract) -> float | None:
    """Tokens of an answer, mean over the services; None where demand is not in tokens."""
    lengths = [float(w.output_tokens) for w in scenario.workloads if isinstance(w, schema.Inference)]
    return sum(lengths) / len(lengths) if contract.demand.unit == "tokens" else None


def _section(
    scenario: schema.Scenario, contract: schema.Contract, times: offers.Clock, sources: Sequence[offers.Offer],
    found: Sequence[study.Case],
) -> dict[str, Any]:
    """Section `contract` of the summary."""
    unit, answer, first_s = contract.demand.unit, _answer(scenario, contract), times.first_notice_s
    return {
        "site": contract.site.name,
        "operator": contract.site.operator,
        "share": contract.share,
        "start": f"{times.start:%Y-%m-%dT%H:%M:%SZ}",
        "duration_s": contract.duration,
        "unit": unit,
        "target": contract.demand.target,
        "notice_s": contract.notice,
        "first_notice_s": first_s,
        "withdrawals": [{"at_s": at, "share": share, "duration_s": length, "notice_s": notice} for at, share, length, notice in times.withdrawals],
        "owner_first_from_s": times.first_from_s,
        "sources": [study.source_row(offer, unit) for offer in sources],
        "cases": [study.row(one, found[0], answer) for one in found],
        "without_data_rules": None,
    }


def _arrays(
    contract: schema.Contract, times: offers.Clock, sources: Sequence[offers.Offer], found: Sequence[study.Case],
    scenario: schema.Scenario,
) -> dict[str, Any]:
    """Series: means over each step of the contract."""
    ends = np.append(np.arange(contract.step, contract.duration, contract.step), contract.duration)
    shift_s = (times.start - scenario.epoch) / timedelta(seconds=1)
    edges = np.concatenate(([0.0], ends))
    asked = found[0].segments
    return {
        "contract_time": np.round((ends + shift_s) * 1e3).astype(np.int64),
        "contract_source": [offer.name for offer in sources],
        "contract_case": [one.name for one in found],
        "contract_capacity": np.array([_mean(study.capacity(offer), edges) for offer in sources]),
        "contract_demand": _mean([Step(s.begin_s, s.demand) for s in asked], edges),
        "contract_served": np.array([_mean([Step(s.begin_s, s.served) for s in one.segments], edges) for one in found]),
        "contract_rejected": np.array([_rejected(one.segments, edges) for one in found]),
        "contract_queued": np.array([_queued(one.segments, ends) for one in found]),
    }


def _mean(steps: Sequence[Step], edges: Array) -> Array:
    """Means of a step function between edges."""
    times = np.array([s.time_s for s in steps])
    rates = np.array([s.rate for s in steps])
    knots = np.unique(np.concatenate((times, edges)))
    held = rates[np.maximum(np.searchsorted(times, knots, side="right") - 1, 0)]
    total = np.concatenate(([0.0], np.cumsum(held[:-1] * np.diff(knots))))
    return np.asarray(np.diff(np.interp(edges, knots, total)) / np.diff(edges))


def _rejected(segments: Sequence[Segment], edges: Array) -> Array:
    """Mean rejected rate between edges, with what is dropped where capacity ends."""
    mean = _mean([Step(s.begin_s, s.rejected) for s in segments], edges)
    for s in segments:
        if s.dropped > 0.0:
            at = int(np.clip(np.searchsorted(edges, s.begin_s, side="right") - 1, 0, len(mean) - 1))
            mean[at] += s.dropped / (edges[at + 1] - edges[at])
    return mean


def _queued(segments: Sequence[Segment], ends: Array) -> Array:
    """Queue at the ends of the steps; before what is dropped at that moment."""
    begins = np.array([s.begin_s for s in segments])
    values = np.array([(s.queued, s.queued_end, s.span_s) for s in segments])
    i = np.maximum(np.searchsorted(begins, ends, side="left") - 1, 0)
    return np.asarray(values[i, 0] + (values[i, 1] - values[i, 0]) * (ends - begins[i]) / values[i, 2])
