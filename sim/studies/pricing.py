"""Cost, energy and greenhouse gases of one side of a comparison, at any multiple of its satellites or accelerators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sim import api
from sim.config import economics_params, schema
from sim.config.errors import InputError
from sim.config.scenario import Loaded
from sim.economics import cost
from sim.results import design
from sim.results.store import Results

Pricer = Callable[[float, float | None], dict[str, Any]]
"""From a multiple, and the cost of the other side for each useful PFLOP/s-day, to sections as in summary.json."""


def fleet_pricer(loaded: Loaded, results: Results) -> Pricer:
    """Pricer of a fleet in orbit.

    Parameters
    ----------
    loaded : Loaded
        Its scenario.
    results : Results
        Its results.

    Returns
    -------
    callable
        Whole satellites and whole launches; work and power in proportion.
    """
    summary = results.summary
    done = _work(summary, summary["satellites"], summary["power"]["array_w_mean"])
    load_w = float(results.series["load_w"].mean())

    def priced(multiple: float, against_usd: float | None) -> dict[str, Any]:
        fleet = cost.scaled(economics_params.builds(loaded.scenario, loaded.catalogues), multiple)
        economics = loaded.scenario.economics
        launches = None
        if economics is not None:
            launches = sum(one.launches for one in cost.manifests(fleet, economics_params.vehicle(economics)))
        return {
            "satellites": sum(b.lot.satellites for b in fleet),
            "accelerators": sum(b.lot.satellites * b.accelerators for b in fleet),
            "design": {
                "mass_kg": math.fsum(b.lot.satellites * b.lot.mass_kg for b in fleet), "launches": launches,
                "array_m2": math.fsum(b.lot.satellites * b.array_m2 for b in fleet),
                "radiator_m2": math.fsum(b.lot.satellites * b.radiator_m2 for b in fleet),
            },
            **design.costs(loaded, _multiplied(done, multiple), multiple * load_w, multiple, against_usd),
        }  # fmt: skip

    return priced


def folder_pricer(results: Results) -> Pricer | None:
    """Pricer of a results folder.

    Parameters
    ----------
    results : Results
        Results with a folder.

    Returns
    -------
    callable or None
        None where its scenario cannot be loaded, such as one of a catalogue whose file is gone.
    """
    assert results.folder is not None
    try:
        return fleet_pricer(api.load(results.folder / "scenario.yaml"), results)
    except InputError:
        return None


def site_pricer(site: schema.Site, results: Results) -> Pricer:
    """Pricer of a ground site.

    Parameters
    ----------
    site : Site
        The site.
    results : Results
        Its results.

    Returns
    -------
    callable
        Whole accelerators; work and power in proportion.
    """
    done = _work(results.summary, site.nodes, None)
    load_w = float(results.series["load_w"].mean())

    def priced(multiple: float, against_usd: float | None) -> dict[str, Any]:
        sections = design.site_costs(site, _multiplied(done, multiple), load_w, multiple)
        accelerators = math.ceil(results.summary["accelerators"] * multiple * (1.0 - 1e-12))
        return {"accelerators": accelerators, **sections}

    return priced


def multiple_of_capex(priced: Pricer, satellites: int | None, target_usd: float) -> float | None:
    """Largest multiple whose capital cost is within a sum.

    Parameters
    ----------
    priced : callable
        Pricer of one side.
    satellites : int or None
        Its satellites, of which whole ones are counted; None on the ground.
    target_usd : float
        The sum [USD].

    Returns
    -------
    float or None
        The multiple; None where a price is not known, or one satellite costs more.
    """

    def capex_usd(multiple: float) -> float | None:
        found: float | None = priced(multiple, None)["cost"]["capex_usd"]
        return found

    now_usd = capex_usd(1.0)
    if not now_usd:
        return None
    if satellites is None:
        return target_usd / now_usd
    low, high = 0, max(2, math.ceil(2.0 * satellites * target_usd / now_usd))
    while (capex_usd(high / satellites) or math.inf) <= target_usd:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (capex_usd(middle / satellites) or math.inf) <= target_usd else (low, middle)
    return low / satellites if low else None


def _work(summary: dict[str, Any], machines: int, power_w: float | None) -> cost.Work:
    return design.work(summary["compute"]["useful_flops"] / summary["duration_s"], summary["workloads"], machines, power_w)


def _multiplied(work: cost.Work, multiple: float) -> cost.Work:
    return work._replace(
        useful_flops_per_s=multiple * work.useful_flops_per_s,
        tokens_per_s=None if work.tokens_per_s is None else multiple * work.tokens_per_s,
        power_w=None if work.power_w is None else multiple * work.power_w,
    )
