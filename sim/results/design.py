"""Design of a fleet and what it costs: sections `design`, `cost`, `energy` and `carbon` of summary.json."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from orbit import drag
from sim.config import economics_params, propulsion_params, schema, workload_params
from sim.config.ground_sites import baseline_site
from sim.config.scenario import Loaded
from sim.economics import cost, footprint, mass
from sim.spacecraft import battery_ageing_life
from sim.workload.inference_step import operating_point
from sim.workload.service import service_problem


def section(loaded: Loaded) -> dict[str, Any]:
    """Satellites, masses, areas and launches.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    dict
        Section `design` of summary.json, without its shells.
    """
    scenario = loaded.scenario
    fleet = economics_params.builds(scenario, loaded.catalogues)
    types = _types(loaded)
    parts = {
        name: math.fsum(b.lot.satellites * getattr(b.parts, name) for b in fleet) for name in mass.Parts._fields
    }
    flown = None if scenario.economics is None else cost.manifests(fleet, economics_params.vehicle(scenario.economics))
    stated = any(kind.mass is not None for kind in scenario.types)
    mass_kg = math.fsum(row["mass_kg"] for row in types)
    return {
        "satellites": loaded.satellites,
        "mass_kg": mass_kg,
        "mass_by_part_kg": parts,
        "mass_margin": mass_kg / math.fsum(parts.values()) - 1.0 if stated else None,
        "launches": None if flown is None else sum(one.launches for one in flown),
        "array_m2": sum(row["array_m2"] for row in types),
        "radiator_m2": sum(row["radiator_m2"] for row in types),
        "gateways": None if scenario.ground is None else economics_params.gateways(scenario),
        "types": types,
    }


def _types(loaded: Loaded) -> list[dict[str, Any]]:
    """What each satellite type adds to the design."""
    scenario, sets = loaded.scenario, loaded.catalogues.sets
    return [
        {
            "satellite": kind.name,
            "satellites": count,
            "accelerators": count * kind.accelerators,
            "mass_kg": count * economics_params.mass_kg(kind, scenario, sets),
            "array_m2": count * kind.power.array.area,
            "radiator_m2": count * kind.thermal.radiator.area,
            "propulsion": propulsion(kind, scenario, sets),
            "one": one(kind, scenario),
        }
        for count, kind in zip(loaded.satellites_by_type, loaded.scenario.types, strict=True)
    ]


def one(satellite: schema.Satellite, scenario: schema.Scenario) -> dict[str, Any]:
    """Parts of one satellite, what age has left of them at the epoch, and the temperatures that limit it.

    Parameters
    ----------
    satellite : Satellite
        Satellite type of the scenario.
    scenario : Scenario
        The scenario.

    Returns
    -------
    dict
        Entry `one` of a type in the section `design`: SI; null where there is no such part.
    """
    chip, power, thermal, cell = satellite.accelerator, satellite.power, satellite.thermal, satellite.power.battery.chemistry
    left, grown = battery_ageing_life.at_age(power.battery, satellite.age)
    turned = satellite.attitude
    return {
        "attitude": {"law": turned.law, "cant_rad": turned.radiator_cant} | {
            name: value for name, value in (("point", turned.point), ("drive", turned.array_drive)) if value is not None
        },
        "array_m2": power.array.area, "radiator_m2": thermal.radiator.area, "body_m2": thermal.structure.area,
        "accelerator": chip.name, "accelerators": satellite.accelerators,
        "terminals": 0 if scenario.links is None else scenario.links.terminals,
        "battery_j": power.battery.capacity, "cells": cell.name,
        "age_s": satellite.age, "array_left": power.array.retained, "battery_left": left, "battery_resistance_grown": grown,
        "junction_limit_k": chip.junction_limit, "hbm_limit_k": chip.hbm_limit,
        "coolant_freezing_k": None if thermal.heater is None else thermal.heater.freezing_point,
        "battery_charge_k": [cell.min_charge_temperature, cell.max_charge_temperature],
    }  # fmt: skip


def propulsion(satellite: schema.Satellite, scenario: schema.Scenario, sets: propulsion_params.Sets) -> dict[str, Any]:
    """Drag, duties and propellant of one satellite, on the orbit of its type with the most drag.

    Parameters
    ----------
    satellite : Satellite
        Satellite type of the scenario.
    scenario : Scenario
        The scenario.
    sets : mapping of int to sequence of ElementSet
        Element sets of entries of the constellation.

    Returns
    -------
    dict
        Entry `propulsion` of a type in the section `design`; null where no orbit is known, and for times that do not end.
    """
    plan, budget = economics_params.design_of(satellite, scenario, sets)
    given, year_s = satellite.propulsion, propulsion_params.YEAR_S
    propellant_kg = mass.parts_kg(plan).propellant
    keeping_n = budget.duty.station_keeping_m_s2 * budget.launch_kg
    lifetime_s = math.inf if budget.orbit is None else drag.lifetime_s(budget.orbit, propulsion_params.air(scenario.motion), budget.drag_m2_kg)

    def years(time_s: float) -> float | None:
        return time_s / year_s if math.isfinite(time_s) else None

    return {
        "drag_area_m2": budget.drag_area_m2,
        "drag_m2_kg": budget.drag_m2_kg,
        "station_keeping_m_s_yr": {
            "drag": budget.drag_m_s2 * year_s, "formation": budget.formation_m_s2 * year_s, "avoidance": budget.avoidance_m_s2 * year_s,
            "total": budget.duty.station_keeping_m_s2 * year_s,
        },
        "raising_m_s": budget.raising_m_s,
        "raising_s": mass.burn_s(budget.launch_kg, budget.raising_m_s, given.thrust, given.specific_impulse),
        "disposal_m_s": budget.disposal_m_s,
        "once_m_s": budget.duty.deorbit_m_s,
        "propellant_kg": propellant_kg,
        "propellant_life_yr": years(propulsion_params.propellant_life_s(budget, propellant_kg)),
        "uncontrolled_lifetime_yr": years(lifetime_s),
        "after_mission_yr": years(propulsion_params.after_mission_s(budget, satellite, scenario.motion)),
        "thruster_w": None if given.efficiency is None else mass.thruster_w(given.thrust, given.specific_impulse, given.efficiency),
        "station_keeping_w": None if given.efficiency is None else mass.thruster_w(keeping_n, given.specific_impulse, given.efficiency),
        "altitude": given.altitude,
        "dead_band_m": given.dead_band,
    }  # fmt: skip


def work(
    useful_flops_per_s: float, done: Sequence[dict[str, Any]], machines: int | None, power_w: float | None
) -> cost.Work:
    """What was delivered, for costs and energy per unit of work.

    Parameters
    ----------
    useful_flops_per_s : float
        Mean useful rate [FLOP/s].
    done : sequence of dict
        Section `workloads` of summary.json.
    machines : int or None
        Satellites, or nodes of a ground site.
    power_w : float or None
        Mean power of the arrays [W].

    Returns
    -------
    Work
        Output tokens of the services, or where there are none the tokens trained, with the share of the machines that they hold.
    """
    for kind in ("inference", "training"):
        rows = [row for row in done if row["kind"] == kind and row["tokens_per_s"]]
        if rows:
            share = math.fsum(_held(row) for row in rows) / machines if machines else 1.0
            return cost.Work(useful_flops_per_s, math.fsum(row["tokens_per_s"] for row in rows), min(1.0, share), power_w)
    return cost.Work(useful_flops_per_s, None, 1.0, power_w)


def _held(row: dict[str, Any]) -> float:
    """Satellites or nodes of a workload."""
    return float(row["satellites"] if row["kind"] == "inference" else row["jobs"] * row["satellites_per_job"])


def costs(
    loaded: Loaded, done: cost.Work, load_w: float, satellites: float = 1.0, against_usd: float | None = None
) -> dict[str, Any]:
    """Cost, energy and greenhouse gases of a fleet.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    done : Work
        What it delivers.
    load_w : float
        Mean load of the fleet [W].
    satellites : float, optional
        Multiple of the satellites of the scenario, rounded up to whole ones.
    against_usd : float, optional
        Cost of the other side for each useful PFLOP/s-day [USD]; without it, that of the baseline of the scenario.

    Returns
    -------
    dict
        Sections `cost`, `energy` and `carbon` of summary.json.
    """
    scenario = loaded.scenario
    economics, baseline = scenario.economics, scenario.baseline
    spent, gases = cost.NO_COST, footprint.NO_CARBON
    if economics is not None:
        fleet = cost.scaled(economics_params.builds(scenario, loaded.catalogues), satellites)
        vehicle = economics_params.vehicle(economics)
        against = against_usd
        if against is None and baseline is not None:
            site = baseline_site(baseline)
            share = assumed_useful_fraction(site, scenario, loaded.satellites)
            against = economics_params.assumed_site_usd(site, scenario.reference_precision, share)
        gates = economics_params.gateways(scenario)
        spent = cost.orbit(fleet, economics_params.prices(economics), vehicle, gates, done, against)
        gases = footprint.orbit(fleet, vehicle, economics_params.factors(economics), done)
    return {"cost": spent._asdict(), "energy": footprint.energy(load_w, done)._asdict(), "carbon": gases._asdict()}


class _Node(NamedTuple):
    accelerator: schema.Accelerator
    accelerators: int


def assumed_useful_fraction(site: schema.Site, scenario: schema.Scenario, satellites: int) -> float:
    """Useful share of nameplate that a ground site reaches with the work of a scenario, without simulating it.

    Parameters
    ----------
    site : Site
        The site.
    scenario : Scenario
        Scenario whose workloads it does.
    satellites : int
        Satellites of the scenario, which say how much of the site each workload gets.

    Returns
    -------
    float
        Mean over workloads: what the site states for training, a full service for inference, and the kernel efficiency for
        independent work.
    """
    peaks = [kind.accelerators * kind.accelerator.peak.get(scenario.reference_precision, 1.0) for kind in site.kinds]
    counts = workload_params.counts(scenario.workloads, 0, satellites)
    total = 0.0
    for job, count in zip(scenario.workloads, counts, strict=True):
        shares = [_assumed_share(site, job, kind) for kind in site.kinds]
        total += count * math.fsum(p * share for p, share in zip(peaks, shares, strict=True)) / math.fsum(peaks)
    return total / sum(counts) if sum(counts) else site.useful_fraction


def _assumed_share(site: schema.Site, job: schema.Workload, kind: schema.Nodes) -> float:
    """Useful share of one workload on nodes of one kind."""
    if isinstance(job, schema.Inference) and job.precision in kind.accelerator.peak:
        service = workload_params.service(job, _Node(kind.accelerator, kind.accelerators_per_node))
        if service_problem(service) is None:
            return float(operating_point(service, 1.0).useful)
    elif isinstance(job, schema.Independent):
        return kind.accelerator.kernel_efficiency
    return site.useful_fraction


def site_costs(site: schema.Site, done: cost.Work, load_w: float, factor: float = 1.0) -> dict[str, Any]:
    """Cost, energy and greenhouse gases of a ground site.

    Parameters
    ----------
    site : Site
        The site.
    done : Work
        What it delivers.
    load_w : float
        Mean power of the whole site as it is [W].
    factor : float, optional
        Multiple of its accelerators and powers.

    Returns
    -------
    dict
        Sections `cost`, `energy` and `carbon` of summary.json.
    """
    bill = economics_params.scaled_site(economics_params.site(site, load_w), factor)
    return {
        "cost": cost.ground(bill, done)._asdict(),
        "energy": footprint.energy(bill.mean_w, done)._asdict(),
        "carbon": economics_params.site_carbon(site, bill, done)._asdict(),
    }
