"""A mission as part of the results of a run: a section of the summary, and series over years."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.generations import peak_flops_per_s
from sim.config.mission_events import regimes
from sim.config.scenario import Loaded
from sim.engine.threads import one_blas_thread
from sim.fleet.replicas.tables import Column, JobColumn
from sim.mission import layout
from sim.mission.capability import measure, regime_weights
from sim.mission.dates import dates
from sim.mission.figures import QUANTILES, process_costs, section
from sim.mission.groups import without_spares
from sim.mission.parts import rates_left
from sim.mission.study import Study, simulated
from sim.pool import Each
from sim.results import store
from sim.results.dataset import labelled, with_dates
from sim.results.store import Results

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
LEVELS = (
    ("mission_spares", Column.SPARES), ("mission_stock", Column.STOCK), ("mission_ordered", Column.ORDERED), ("mission_derelicts", Column.DERELICT),
    ("mission_empty", Column.EMPTY),
)  # fmt: skip
COUNTS = (
    ("mission_lost", Column.LOST), ("mission_units_failed", Column.UNITS_FAILED), ("mission_launches", Column.LAUNCHES),
    ("mission_launched", Column.LAUNCHED), ("mission_visits", Column.VISITS), ("mission_spent", Column.SPENT),
)  # fmt: skip
Progress = Callable[[str, float, int], None]


class Years(NamedTuple):
    """What a mission adds to the results of a run."""

    figures: dict[str, Any]  # section `mission` of the summary
    arrays: xr.Dataset  # series of the mission


def attach(
    loaded: Loaded, results: Results, threads: int | None = None, progress: Progress | None = None, each: Each | None = None
) -> Results:
    """Results with what the mission of a scenario adds.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    results : Results
        Results of its run.
    threads : int or None, optional
        Threads of runs and replicas; they do not change results.
    progress : callable, optional
        Called as progress(what, done, total).
    each : Each or None, optional
        What makes runs and simulates replicas on worker processes instead; it does not change results.

    Returns
    -------
    Results
        With the section `mission` of the summary and the series of the mission; as they were where the scenario has none.
    """
    if loaded.scenario.mission is None:
        return results
    years = over_years(loaded, threads, progress, each)
    series = results.series.drop_vars([name for name in years.arrays.variables if name in results.series.variables])
    series = with_dates(series.assign_coords(years.arrays.coords).assign(years.arrays.data_vars))
    attached = replace(results, summary=results.summary | {"mission": years.figures}, series=series)
    store.check_finite(attached)
    return attached


def over_years(loaded: Loaded, threads: int | None = None, progress: Progress | None = None, each: Each | None = None) -> Years:
    """Simulate a mission, and what it would be without each of its processes.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    threads : int or None, optional
        Threads of runs and replicas; they do not change results.
    progress : callable, optional
        Called as progress(what, done, total), where `done` is a fraction during a day. What it raises ends the mission.
    each : Each or None, optional
        What makes runs and simulates replicas on worker processes instead; it does not change results.

    Returns
    -------
    Years
        Section of the summary, and series.
    """
    study = simulate(loaded, threads, progress, each=each)
    costs = process_costs(study, threads, None if progress is None else partial(progress, "processes"), each)
    return Years(section(study, costs), labelled(_arrays(study), loaded.scenario.name, f"{loaded.scenario.epoch:%Y-%m-%dT%H:%M:%SZ}"))


@one_blas_thread()
def simulate(
    loaded: Loaded, threads: int | None = None, progress: Progress | None = None, spares: bool = True, each: Each | None = None
) -> Study:  # fmt: skip
    """Simulate a mission: the days, then the replicas.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    threads : int or None, optional
        Threads of runs and replicas; they do not change results.
    progress : callable, optional
        Called as progress(what, done, total).
    spares : bool, optional
        Whether satellites that are no members take the ranks of those that are lost.
    each : Each or None, optional
        What makes runs and simulates replicas on worker processes instead; it does not change results.

    Returns
    -------
    Study
        The mission.
    """
    scenario = loaded.scenario
    mission = scenario.mission
    assert mission is not None
    oldest_s = mission.duration if mission.refresh is None else min(mission.duration, mission.refresh.every)
    ages_s = [oldest_s * k / max(1, int(mission.ages) - 1) for k in range(int(mission.ages))]
    chosen = dates(scenario, int(mission.dates), layout.edges_s(mission))
    rate = layout.interruptions_per_s(scenario, scenario.satellite)
    days = None if progress is None else partial(progress, "days")
    held = regimes(scenario, loaded.catalogues)
    weight = regime_weights(scenario, chosen, held, layout.edges_s(mission))
    table, found = measure(loaded, chosen, ages_s, rate, threads, days, held, weight, each)
    found = found if spares else without_spares(found)
    own = layout.prices(loaded)
    fleet = layout.fleet(loaded, found, own, rates_left(loaded, found, table, rate, threads))
    report = None if progress is None else partial(progress, "replicas")
    return simulated(loaded, found, table, fleet, own, peak_flops_per_s(scenario)[0], threads, report, each)


def replaced(study: Study, mission: schema.Mission, threads: int | None = None, each: Each | None = None) -> Study:
    """A mission with other failures or another replacement, from the days that are known.

    Parameters
    ----------
    study : Study
        A mission.
    mission : Mission
        The other one, of the same length, steps, dates and ages.
    threads : int or None, optional
        Threads; they do not change results.
    each : Each or None, optional
        What simulates replicas on worker processes instead; it does not change results.

    Returns
    -------
    Study
        The other mission, with the same random numbers.
    """
    loaded = replace(study.loaded, scenario=study.loaded.scenario.model_copy(update={"mission": mission}))
    own, rate = layout.prices(loaded), layout.interruptions_per_s(study.loaded.scenario, study.loaded.scenario.satellite)
    fleet = layout.fleet(loaded, study.groups, own, rates_left(loaded, list(study.groups), study.table, rate, threads))
    return study._replace(loaded=loaded, prices=own).with_fleet(fleet, threads, each=each)


def _arrays(study: Study) -> dict[str, Any]:
    """Series: values over each part of the mission, as quantiles over the replicas."""
    one, mission = study.one, study.mission
    width_s, slots = one.width_s, study.fleet.slots
    flops_per_s = study.useful_s / width_s * study.peak_flops_per_s
    batches = one.batches_s.mean(axis=0) / width_s[:, np.newaxis]
    flown = np.flatnonzero(batches.any(axis=0))
    kept = batches[:, : int(flown.max()) + 1] if flown.size else batches[:, :0]
    return {
        "mission_time": np.round(one.edges_s[1:] * 1e3).astype(np.int64),
        "mission_quantile": [f"P{round(100 * q)}" for q in QUANTILES],
        "mission_batch": [str(n) if n < one.batches_s.shape[2] - 1 else f"{n} and later" for n in range(kept.shape[1])],
        "mission_useful": _quantiles(flops_per_s),
        "mission_useful_replica": study.useful_s.sum(axis=1) * study.peak_flops_per_s,
        "mission_useful_whole": study.whole_useful_s / width_s * study.peak_flops_per_s,
        "mission_capacity": _quantiles(one.bins[:, :, Column.SHARE] / (slots * width_s)),
        "mission_ettr": _quantiles(_ettr(study)),
        "mission_tokens": _quantiles(np.cumsum([found.tokens.sum(axis=1) for found in study.ledgers], axis=1)),
        "mission_target_met": (study.useful_rates >= mission.target).mean(axis=0),
        "mission_age": _quantiles(one.mean_age_s),
        "mission_batch_working": kept.T,
        **{name: _quantiles(one.bins[:, :, column] / width_s) for name, column in LEVELS},
        **{name: _quantiles(np.cumsum(one.bins[:, :, column], axis=1)) for name, column in COUNTS},
    }  # fmt: skip


def _ettr(study: Study) -> Array:
    """Share of the time of members in which their jobs work, (replicas, parts); 0 without jobs."""
    jobs = [g for g, group in enumerate(study.groups) if group.parts]
    members = sum(study.groups[g].members.size for g in jobs)
    return np.asarray(study.one.jobs[:, :, jobs, JobColumn.USEFUL].sum(axis=2) / (max(1, members) * study.one.width_s))


def _quantiles(values: Array) -> Array:
    """Quantiles over the replicas, (quantiles, parts)."""
    return np.asarray(np.quantile(values, QUANTILES, axis=0))
