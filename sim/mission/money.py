"""What a mission and its ground site cost and deliver from the decision on, which is the start of the mission.

What is bought is paid in equal yearly sums over its life, up to the end of the mission; money and work are discounted at the cost of capital.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import economics_params
from sim.config.ground_sites import baseline_site
from sim.config.scenario import Loaded
from sim.config.schema import Site
from sim.economics import cost
from sim.economics.finance import YEAR_S, present_between, present_usd
from sim.fleet.replicas.tables import Column
from sim.mission.histories import Histories

Array = NDArray[np.float64]
PFLOP_DAY = 1e15 * 86400.0


class Bill(NamedTuple):
    """What a fleet costs beside what is ordered in the mission; prices in USD."""

    first_usd: float  # satellites, spares and stock that are in orbit at the start, with their launches and insurance
    working_usd: float  # what a full constellation and its stations cost, of which operations are a share
    stations_usd: float
    stations_life_s: float
    operations_per_year: float
    insurance: float
    rate: float  # cost of capital per year
    life_s: float  # of the satellites


def bill(loaded: Loaded, extra: int) -> Bill | None:
    """Bill of a fleet.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    extra : int
        Satellites beside those of the constellation at the start: spares and stock.

    Returns
    -------
    Bill or None
        None where the scenario has no economics, or a price is not known.
    """
    scenario = loaded.scenario
    if scenario.economics is None or scenario.mission is None or not loaded.catalogues.satellites(scenario.constellation):
        return None
    builds, prices = economics_params.builds(scenario, loaded.catalogues), economics_params.prices(scenario.economics)
    vehicle, stations = economics_params.vehicle(scenario.economics), economics_params.gateways(scenario)
    found = cost.orbit(builds, prices, vehicle, stations, cost.Work(0.0, None, 1.0, None), None).capex_by_part_usd
    if any(value is None for part, value in found.items() if part != "insurance"):
        return None
    stations_usd = found["ground_segment"] or 0.0
    fleet_usd = cost.known(found) - stations_usd
    satellites = sum(build.lot.satellites for build in builds)
    first_usd = (satellites + extra) / satellites * fleet_usd if scenario.mission.in_orbit else 0.0
    working_usd = fleet_usd - (found["insurance"] or 0.0) + stations_usd
    return Bill(
        first_usd, working_usd, stations_usd, prices.gateway_life_s, prices.operations_per_year, prices.insurance, prices.capital_rate,
        scenario.satellite.life,
    )  # fmt: skip


def orbit(of: Bill, one: Histories, useful_flops: Array, slots: int, visit_usd: float) -> dict[str, Array]:
    """Present value of what a mission costs and delivers.

    Parameters
    ----------
    of : Bill
        Bill of the fleet.
    one : Histories
        The replicas.
    useful_flops : ndarray, shape (replicas, parts)
        Useful work.
    slots : int
        Places of the constellation.
    visit_usd : float
        Price of a servicing visit [USD].

    Returns
    -------
    dict of str to ndarray
        `usd` and `pflop_days`, discounted, and their ratio `usd_per_useful_pflop_day`, each (replicas,); infinite without useful work.
    """
    edges_s, end_s = one.edges_s, float(one.edges_s[-1])
    parts = list(pairwise(edges_s.tolist()))
    bought = np.array([present_usd(1.0, 0.5 * (a + b), of.rate, of.life_s, end_s) for a, b in parts])
    flow = np.array([present_between(1.0, a, b, of.rate) for a, b in parts])  # of one a year
    visits_usd = visit_usd * one.bins[:, :, Column.VISITS]
    usd = present_usd(of.first_usd, 0.0, of.rate, of.life_s, end_s) + (one.bins[:, :, Column.SPENT] - visits_usd) @ bought * (1.0 + of.insurance)
    usd = usd + visits_usd @ (flow / one.width_s * YEAR_S) + _lasting(of.stations_usd, 0.0, of.rate, of.stations_life_s, end_s)
    working = one.bins[:, :, Column.WORKING] / one.width_s / slots
    usd = usd + of.operations_per_year * of.working_usd * (working @ flow)
    work = useful_flops / one.width_s * YEAR_S @ flow / PFLOP_DAY
    return {"usd": usd, "pflop_days": work, "usd_per_useful_pflop_day": np.divide(usd, work, out=np.full(len(work), math.inf), where=work > 0.0)}


def _lasting(usd: float, at_s: float, rate: float, life_s: float, end_s: float) -> float:
    """Present value of what is bought at a time and again at the end of each of its lives."""
    lives = max(0, math.ceil((end_s - at_s) / life_s - 1e-9))
    return math.fsum(present_usd(usd, at_s + k * life_s, rate, life_s, end_s) for k in range(lives))


def ground(site: Site, precision: str, end_s: float) -> dict[str, Any]:
    """The ground site of a scenario, decided at the same time.

    Parameters
    ----------
    site : Site
        The site.
    precision : str
        Precision of the nameplate.
    end_s : float
        End of the mission [s].

    Returns
    -------
    dict
        `name`; `phases`: times and shares; `capacity`: mean share of its accelerators over the mission; `useful_fraction` while it works, an
        assumption on training; `usd_per_useful_pflop_day`, of the same kind as that of the mission, or None where a price is not known or nothing
        works before its end.
    """
    phases = [(phase.after, phase.share) for phase in site.build]
    ends = [after_s for after_s, _ in phases[1:]] + [end_s]
    shares = [(min(a, end_s), min(b, end_s), share) for (a, share), b in zip(phases, ends, strict=True)]
    bought, usd = economics_params.site(site, site.power), None
    nameplate = site.nameplate(precision)
    flow = math.fsum(share * present_between(1.0, a, b, bought.capital_rate) for a, b, share in shares)
    whole = cost.ground(bought, cost.Work(0.0, None, 1.0, None))
    if whole.usd_per_year is not None and nameplate is not None and flow > 0.0:
        usd = _site_usd(bought, whole, phases, flow, end_s) / (site.useful_fraction * nameplate / PFLOP_DAY * YEAR_S * flow)
    return {
        "name": site.name, "phases": [{"after_s": after_s, "share": share} for after_s, share in phases],
        "capacity": math.fsum(share * (b - a) for a, b, share in shares) / end_s, "useful_fraction": site.useful_fraction,
        "usd_per_useful_pflop_day": usd,
    }  # fmt: skip


def _site_usd(bought: cost.Site, whole: cost.Cost, phases: Sequence[tuple[float, float]], flow: float, end_s: float) -> float:
    """Present value of what a site costs: its building from the decision on, machines from the phase on in which they begin to work."""
    if bought.rent_usd_s is not None:
        return (whole.usd_per_year or 0.0) * flow
    parts, rate = whole.capex_by_part_usd, bought.capital_rate
    machines_usd = cost.known({part: usd for part, usd in parts.items() if part != "building"})
    building_usd = parts["building"] or 0.0
    usd = _lasting(building_usd, 0.0, rate, bought.building_life_s, end_s) + cost.known(whole.opex_by_part_usd_per_year) * flow
    before = 0.0
    for after_s, share in phases:
        usd += _lasting((share - before) * machines_usd, after_s, rate, bought.machines_life_s, end_s)
        before = share
    return usd


def of_baseline(loaded: Loaded) -> dict[str, Any] | None:
    """The ground site of a scenario with a mission.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    dict or None
        As of `ground`; None where the scenario has no baseline.
    """
    scenario = loaded.scenario
    if scenario.baseline is None or scenario.mission is None:
        return None
    return ground(baseline_site(scenario.baseline), scenario.reference_precision, scenario.mission.duration)
