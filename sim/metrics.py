"""From what a run left to the numbers people read: pure functions of an outcome, in the shape of summary.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.ground import round_trip_ms
from sim import assemble, step
from sim.engine import Outcome
from sim.schema import CAUSES, SCHEMA_VERSION

Array = NDArray[np.float64]


def energy_closure(outcome: Outcome) -> tuple[float, float]:
    """Largest |in - out - change of store| / in over satellites, electrical and thermal.

    What a store gave up on balance counts as in: a short run may lie wholly in eclipse.
    """
    c = outcome.carry
    battery = outcome.loaded.scenario.satellite.power.battery
    stored_j = c[step.CHARGE_J] - battery.initial_charge * battery.capacity
    left_j = c[step.GENERATED_J] - c[step.SHUNTED_J] - c[step.SERVED_J] - c[step.BATTERY_LOSS_J] - stored_j
    capacity_j_k = np.array(assemble.thermal_network(outcome.loaded.scenario.satellite).heat_capacity_j_k)
    warmed_k = c[step.JUNCTION_K : step.RADIATOR_K + 1] - np.array(outcome.start_temperatures_k)[:, np.newaxis]
    in_j = c[step.HEAT_J] + c[step.ENVIRONMENT_J]
    lost_j = in_j - c[step.RADIATED_J] - capacity_j_k @ warmed_k
    electrical = np.abs(left_j) / np.maximum(c[step.GENERATED_J] + np.maximum(-stored_j, 0.0), 1.0)
    return float(electrical.max()), float(np.max(np.abs(lost_j) / np.maximum(in_j, 1.0)))


def waterfall(outcome: Outcome) -> list[dict[str, Any]]:
    """The 19 rows in order; each is a sum of its own."""
    scenario, satellites = outcome.loaded.scenario, outcome.carry.shape[1]
    peak = scenario.satellite.accelerators * scenario.satellite.accelerator.peak[scenario.reference_precision]
    nameplate = satellites * peak * outcome.grid.duration_s
    rows = []
    for cause in CAUSES:
        row = step.LEDGER.get(cause)
        flops = 0.0 if row is None else float(outcome.carry[row].sum()) * peak
        rows.append(
            {"cause": cause, "flops": flops, "own_flops": flops, "induced_flops": 0.0, "fraction": flops / nameplate}
        )
    return rows


def _spread(values_ms: Array) -> dict[str, float | None]:
    """Smallest, median, 99th percentile and largest of the finite values; null where there is none."""
    finite = values_ms[np.isfinite(values_ms)]
    if finite.size == 0:
        return {"min": None, "median": None, "p99": None, "max": None}
    median, p99 = np.percentile(finite, (50.0, 99.0))
    return {"min": float(finite.min()), "median": float(median), "p99": float(p99), "max": float(finite.max())}


def _ground(outcome: Outcome) -> dict[str, Any]:
    sites = assemble.stations(outcome.loaded.scenario)
    rtt_ms = round_trip_ms(outcome.range_m)
    nothing = {"min": None, "median": None, "p99": None, "max": None}
    return {
        "propagation_rtt_ms": _spread(rtt_ms) if sites else nothing,
        "user_rtt_ms": nothing,
        "coverage_fraction": float(np.isfinite(rtt_ms).mean()) if sites else None,
        "stations": {
            site.name: {
                "propagation_rtt_ms": _spread(rtt_ms[:, i]),
                "coverage_fraction": float(np.isfinite(rtt_ms[:, i]).mean()),
            }
            for i, site in enumerate(sites)
        },
    }


def summary(outcome: Outcome) -> dict[str, Any]:
    """summary.json: SI units or the unit in the name; null where nothing was simulated."""
    loaded, scenario = outcome.loaded, outcome.loaded.scenario
    satellite, c = scenario.satellite, outcome.carry
    satellites = c.shape[1]
    accelerators = satellites * satellite.accelerators
    duration_s = outcome.grid.duration_s
    rows = waterfall(outcome)
    peak = satellite.accelerators * satellite.accelerator.peak[scenario.reference_precision]
    useful = next(row for row in rows if row["cause"] == "useful")
    working_s = float(c[step.WORKING_S].sum())
    useful_flops_per_s = outcome.fleet[:, step.F_USEFUL] * peak
    p10, p50, p90 = (float(v) for v in np.percentile(useful_flops_per_s, (10.0, 50.0, 90.0)))
    capacity_j = satellite.power.battery.capacity
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "scenario_sha256": loaded.sha256,
        "epoch": f"{scenario.epoch:%Y-%m-%dT%H:%M:%SZ}",
        "seed": scenario.seed,
        "satellites": satellites,
        "accelerators": accelerators,
        "duration_s": duration_s,
        "step_s": scenario.step,
        "energy_closure": max(energy_closure(outcome)),
        "compute": {
            "reference_precision": scenario.reference_precision,
            "nameplate_flops": satellites * peak * duration_s,
            "useful_flops": useful["flops"],
            "useful_fraction": useful["fraction"],
            "mean_useful_flops_per_s": useful["flops"] / duration_s,
            "uncommitted_flops": 0.0,
            "waterfall": rows,
        },
        "power": {
            "sunlit_fraction": 1.0 - float(c[step.SHADE_S].sum()) / (satellites * duration_s),
            "eclipse_s_max": float(c[step.LONGEST_DARK_S].max()),
            "battery_depth_max": 1.0 - float(c[step.LOWEST_CHARGE_J].min()) / capacity_j,
            "unserved_j": float(c[step.UNSERVED_J].sum()),
            "array_w_mean": float(c[step.GENERATED_J].sum()) / duration_s,
        },
        "thermal": {
            "junction_k_max": float(c[step.HOTTEST_JUNCTION_K].max()) if working_s > 0.0 else None,
            "radiator_k_mean": float(c[step.RADIATOR_KS].sum()) / working_s if working_s > 0.0 else None,
            "throttled_fraction": float(c[step.THROTTLED_S].sum()) / working_s if working_s > 0.0 else None,
        },
        "network": {"links_mean": None, "link_availability": None, "path_switches": None},
        "ground": _ground(outcome),
        "workloads": [
            {
                "kind": w.kind, "model": None, "mfu": None, "step_s": None, "tokens_per_s": None, "ettr": None,
                "time_to_train_d": None, "ttft_ms": None, "tpot_ms": None,
            }
            for w in scenario.workloads
        ],
        "fleet": {
            "availability": working_s / (satellites * duration_s),
            "useful_flops_per_s": {"p10": p10, "p50": p50, "p90": p90},
        },
        "design": {
            "satellites": satellites,
            "mass_kg": satellites * satellite.mass,
            "launches": None,
            "array_m2": satellites * satellite.power.array.area,
            "radiator_m2": satellites * satellite.thermal.radiator.area,
            "gateways": None,
        },
        "cost": {
            "capex_usd": None, "usd_per_useful_pflop_day": None, "usd_per_million_tokens": None,
            "break_even_launch_usd_per_kg": None,
        },
        "assumptions": loaded.assumptions,
        "notes": list(loaded.notes),
    }  # fmt: skip
