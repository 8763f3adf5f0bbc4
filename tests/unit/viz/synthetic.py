"""Results made up for the tests of the views: plausible physics, a few lines of code, no simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sim.results.dataset import TABLE
from sim.schema import CAUSES, ROLES, STATES

EPOCH = "2026-12-21T00:00:00Z"
EARTH_KM, GM = 6378.137, 3.986004418e14
STATIONS = {
    "Svalbard": (78.2, 15.4),
    "Redmond": (47.7, -122.1),
    "Singapore": (1.35, 103.8),
    "Punta Arenas": (-53.2, -70.9),
}


@dataclass
class Results:
    """The same attributes as sim.results.store.Results."""

    folder: Path
    summary: dict[str, Any]
    series: xr.Dataset
    manifest: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)


def circular(radius_m: float, inclination: float, node: Any, phase: Any, time_s: Any) -> np.ndarray:
    """Positions (time, 3, sat) on circular orbits; angles in radians, arrays over satellites."""
    u = phase[None, :] + np.sqrt(GM / radius_m**3) * time_s[:, None]
    node = np.broadcast_to(node, phase.shape)[None, :]
    x, y, z = np.cos(u), np.sin(u) * np.cos(inclination), np.sin(u) * np.sin(inclination)
    return radius_m * np.stack([x * np.cos(node) - y * np.sin(node), x * np.sin(node) + y * np.cos(node), z], axis=1)


def formation_positions(time_s: np.ndarray, spacing_m: float = 200.0) -> np.ndarray:
    """81 satellites on a square lattice about a dawn-dusk orbit of 650 km: bounded 2:1 ellipses in the orbit plane."""
    radius_m = (EARTH_KM + 650.0) * 1e3
    axis = np.array([0.0])
    centre = circular(radius_m, np.radians(97.99), 0.0, axis, time_s)[:, :, 0]
    ahead = circular(radius_m, np.radians(97.99), 0.0, axis + 1e-3, time_s)[:, :, 0]
    radial = centre / radius_m
    cross = np.cross(centre, ahead)
    cross /= np.linalg.norm(cross, axis=1)[:, None]
    along = np.cross(cross, radial)
    place = spacing_m * (np.arange(9) - 4.0)
    a, b = (g.ravel() for g in np.meshgrid(place, place))
    turn = np.sqrt(GM / radius_m**3) * time_s[:, None]
    r_m, s_m = 0.5 * (a * np.cos(turn) + b * np.sin(turn)), b * np.cos(turn) - a * np.sin(turn)
    return centre[:, :, None] + radial[:, :, None] * r_m[:, None, :] + along[:, :, None] * s_m[:, None, :]


def walker_positions(time_s: np.ndarray, planes: int = 20, each: int = 10) -> np.ndarray:
    """A Walker delta shell at 550 km and 53 deg."""
    node = np.repeat(np.arange(planes) * 2 * np.pi / planes, each)
    phase = np.tile(np.arange(each) * 2 * np.pi / each, planes) + node / each
    return circular((EARTH_KM + 550.0) * 1e3, np.radians(53.0), node, phase, time_s)


def lit(position_m: np.ndarray, sun: np.ndarray) -> np.ndarray:
    """1 in sunlight, 0 in the shadow cylinder; (time, sat)."""
    along = np.einsum("tas,a->ts", position_m, sun)
    across = np.sqrt(np.maximum((position_m**2).sum(axis=1) - along**2, 0.0))
    return np.where((along < 0.0) & (across < EARTH_KM * 1e3), 0.0, 1.0)


def station_rtt_ms(position_m: np.ndarray, gmst: np.ndarray) -> np.ndarray:
    """Round trip to the nearest satellite above 10 deg, (station, time); not a number where none is."""
    rows = []
    for lat, lon in np.radians(list(STATIONS.values())):
        angle = lon + gmst
        up = np.stack(
            [np.cos(lat) * np.cos(angle), np.cos(lat) * np.sin(angle), np.full_like(angle, np.sin(lat))], axis=1
        )
        line = position_m - EARTH_KM * 1e3 * up[:, :, None]
        distance = np.linalg.norm(line, axis=1)
        high = np.einsum("tas,ta->ts", line, up) / distance > np.sin(np.radians(10.0))
        best = np.where(high, distance, np.inf).min(axis=1)
        rows.append(np.where(np.isfinite(best), 2e3 * best / 299_792_458.0, np.nan))
    return np.array(rows)


def losses(sunlit: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Shares of nameplate (cause, time) that add up to 1: `shares` of what is left, power by the dark."""
    left = np.ones_like(sunlit)
    out = np.zeros((len(CAUSES), sunlit.size))
    for row, cause in enumerate(CAUSES[:-1]):
        out[row] = left * (0.6 * (1.0 - sunlit) if cause == "power" else shares.get(cause, 0.0))
        left = left - out[row]
    out[-1] = left
    return out


def summarise(
    name: str,
    satellites: int,
    nameplate: float,
    duration_s: float,
    share: np.ndarray,
    rtt: np.ndarray,
    v: dict[str, Any],
) -> dict[str, Any]:
    """A summary with the keys of summary.json."""
    total = share.mean(axis=1)
    flops = nameplate * duration_s
    seen = rtt[np.isfinite(rtt)]
    waterfall = [
        {
            "cause": c,
            "flops": flops * t,
            "own_flops": flops * t * (0.7 if c in ("power", "thermal") else 1.0),
            "induced_flops": flops * t * (0.3 if c in ("power", "thermal") else 0.0),
            "fraction": t,
        }
        for c, t in zip(CAUSES, total.tolist(), strict=True)
    ]
    return {
        "schema_version": 3,
        "scenario": name,
        "scenario_sha256": "9f2c" * 16,
        "seed": 1,
        "satellites": satellites,
        "accelerators": satellites * 64,
        "duration_s": duration_s,
        "step_s": 60.0,
        "energy_closure": 3.1e-13,
        "compute": {
            "reference_precision": "bf16",
            "nameplate_flops": flops,
            "useful_flops": flops * float(total[-1]),
            "useful_fraction": float(total[-1]),
            "mean_useful_flops_per_s": nameplate * float(total[-1]),
            "uncommitted_flops": 0.0,
            "waterfall": waterfall,
        },
        "power": {
            "sunlit_fraction": float(v["sunlit_fraction"].mean()),
            "eclipse_s_max": 2130.0 if name != "suncatcher" else 0.0,
            "battery_depth_max": 0.34,
            "unserved_j": 0.0,
            "array_w_mean": float(v["generated_w"].mean()),
        },
        "thermal": {
            "junction_k_max": float(v["junction_k_max"].max()),
            "hbm_k_max": float(v["junction_k_max"].max()) - 8.0,
            "radiator_k_mean": float(v["radiator_k_mean"].mean()),
            "throttled_fraction": 0.021,
        },
        "network": {"links_mean": None, "link_availability": None, "path_switches": None},
        "ground": {
            "propagation_rtt_ms": {
                "min": float(seen.min()),
                "median": float(np.median(seen)),
                "p99": float(np.percentile(seen, 99)),
                "max": float(seen.max()),
            },
            "user_rtt_ms": None,
            "coverage_fraction": float(np.isfinite(rtt).mean()),
            "stations": {},
        },
        "workloads": [],
        "fleet": {"availability": None},
        "design": {},
        "cost": None,
        "assumptions": [
            "satellite.radiator.emissivity",
            "satellite.compute.idle_power",
            "workloads.0.checkpoint_interval",
        ],
    }


MODES = ("running", "checkpoint", "recovery", "waiting", "outage")
ASSUMED = """name: made-up
satellite:
  radiator:
    emissivity: {value: 0.85, unit: '1', kind: assumption, source: white paint <new>, low: 0.8, high: 0.9, note: 'ages & darkens'}
  compute:
    idle_power: {value: 90, unit: W, kind: assumption, source: 30 % of full power, low: 45, high: 120}
workloads:
- checkpoint_interval: {value: 30, unit: min, kind: assumption, source: usual}
"""


def labelled(values: dict[str, Any]) -> xr.Dataset:
    """Arrays with dimensions, units and meaning from the table."""
    dims = {n: TABLE[n].dims for n in values}
    return xr.Dataset(
        {
            n: (dims[n], v, {"units": TABLE[n].unit, "long_name": TABLE[n].meaning})
            for n, v in values.items()
            if dims[n] != (n,)
        },
        coords={n: (dims[n], v, {"units": TABLE[n].unit}) for n, v in values.items() if dims[n] == (n,)},
    )


def coupled_values(run: Results, jobs: int) -> dict[str, Any]:
    """Links in rows of ten satellites, a way from each of the first three stations, so many jobs and a service.

    Link 0-1 ends before the third frame; the way of the first station goes over two satellites, later over one.
    """
    series = run.series
    steps, frames, sats = (series.sizes[d] for d in ("time", "frame", "sat"))
    a = np.array([i for i in range(sats - 1) if i % 10 != 9])
    until = np.full(a.size, frames)
    until[0] = 2
    share = np.zeros((jobs, len(MODES), steps))
    share[:, 0], share[:, 1] = 0.95, 0.05
    share[:, 0, 30:60], share[:, 4, 30:60] = 0.0, 0.95
    role = np.full(sats, ROLES.index("training"))
    role[-8:] = ROLES.index("inference")
    job = np.where(role == ROLES.index("training"), np.arange(sats) % jobs, -1)
    pace = np.where(np.arange(steps) % 100 < 90, 1.0, 0.0)
    rtt = series["propagation_rtt_ms"].values
    return {
        "induced_flops_per_s": 0.3 * series["rate_flops_per_s"].values,
        "user_rtt_ms": rtt + 20.0,
        "pair": np.array(["Redmond - Singapore"]),
        "pair_rtt_ms": np.full((1, steps), 80.0) + np.sin(np.arange(steps) / 9.0),
        "links": np.full(steps, float(a.size)),
        "job": np.array([f"llama-3-8b {j}" for j in range(jobs)]),
        "mode": np.array(MODES),
        "service": np.array(["llama-3-8b"]),
        "job_mode_fraction": share,
        "job_rate": np.tile(pace, (jobs, 1)),
        "job_step_s": np.tile(np.where(pace > 0.0, 5.0, np.nan), (jobs, 1)),
        "job_communication_fraction": np.tile(np.where(pace > 0.0, 0.2, np.nan), (jobs, 1)),
        "job_tokens_per_s": np.tile(2e6 * pace * share[0, 0], (jobs, 1)),
        "service_tokens_per_s": np.full((1, steps), 1.2e6),
        "sat_role": role.astype(np.uint8),
        "sat_job": job,
        "link_a": a,
        "link_b": a + 1,
        "link_from": np.zeros(a.size, dtype=np.int64),
        "link_until": until,
        "route_end": np.array([0, 1, 2, 4, 0]),
        "route_from": np.array([0, 0, 0, 0, 1]),
        "route_until": np.array([1, frames, frames, frames, frames]),
        "route_begin": np.array([0, 2, 3, 4, 7]),
        "route_satellite": np.array([5, 6, 20, 30, 21, 22, 23, 6]),
    }


def coupled_summary(run: Results, jobs: int) -> dict[str, Any]:
    """What a summary says of links, work, pairs and users."""
    spread = {"min": 24.0, "median": 27.5, "p99": 33.25, "max": 34.0}
    names = [str(s) for s in run.series["station"].values]
    there = {"propagation_rtt_ms": {k: v - 20.0 for k, v in spread.items()}, "user_rtt_ms": spread}
    none = dict.fromkeys(spread)
    blind = {"propagation_rtt_ms": none, "user_rtt_ms": none, "coverage_fraction": 0.0}
    stations = {n: there | {"coverage_fraction": 0.75} for n in names[1:]} | {names[0]: blind}
    training = {
        "kind": "training", "model": "llama-3-8b", "mfu": 0.345, "step_s": 4.6527, "tokens_per_s": 3583572.8, "ettr": 0.9938,
        "time_to_train_d": 50.38, "ttft_ms": None, "tpot_ms": None, "jobs": jobs, "satellites_per_job": 64,
        "mesh": {"tensor": 8, "pipeline": 8, "data": 64}, "all_reduce": "ring", "communication_fraction": 0.1307,
    }  # fmt: skip
    serving = {
        "kind": "inference", "model": "llama-3-8b", "mfu": None, "step_s": 0.0048, "tokens_per_s": 1200358.0, "ettr": None,
        "time_to_train_d": None, "ttft_ms": 90.19, "tpot_ms": 4.884, "satellites": 8, "tensor": 1, "batch": 166,
    }  # fmt: skip
    pair = {"propagation_rtt_ms": {"min": 79.0, "median": 80.0, "p99": 81.0, "max": 81.0}, "coverage_fraction": 1.0}
    return {
        "network": {"links_mean": 71.25, "link_availability": 0.9731, "path_switches": 1050},
        "ground": run.summary["ground"] | {"user_rtt_ms": spread, "stations": stations},
        "station_pairs": {"Redmond - Singapore": pair | {"switches_s": [60.0, 120.0]}},
        "workloads": [training, serving],
        "fleet": {"availability": 0.998, "useful_flops_per_s": {"p10": 1e18, "p50": 1.1e18, "p90": 1.2e18}},
        "design": {"satellites": run.summary["satellites"], "mass_kg": 105300.0, "launches": 2, "array_m2": 10530.0,
                   "radiator_m2": 2430.0, "gateways": 4},
        "cost": {"capex_usd": 1.25e9, "usd_per_useful_pflop_day": None, "usd_per_million_tokens": 0.4213,
                 "break_even_launch_usd_per_kg": None},
    }  # fmt: skip


def couple(run: Results, jobs: int = 1) -> Results:
    """The same run with links, routes, so many jobs and a service."""
    run.summary |= coupled_summary(run, jobs)
    more = labelled(coupled_values(run, jobs))
    run.series = run.series.merge(more).assign_attrs(run.series.attrs)
    return run


# Energies of a fleet [MWh] that close: arrays 100 = 20 + 76 + 1 + 3, bus 20 + 0 = 17 + 1 + 2, bodies 17 + 1 + 2 + 4 + 1 = 22 + 2 + 1.
BALANCE_MWH = {
    "array_absorbed_j": 100.0, "radiator_absorbed_j": 4.0, "body_absorbed_j": 1.0, "offered_j": 26.0, "aged_cells_j": 3.0, "shunted_j": 4.0,
    "conditioning_j": 2.0, "battery_loss_j": 1.0, "stored_j": 2.0, "bus_j": 1.5, "terminals_j": 0.5, "heater_j": 0.3, "battery_heater_j": 0.2,
    "pump_j": 0.25, "conversion_j": 1.0, "host_j": 2.25, "idle_j": 1.5, "leakage_j": 1.0, "dynamic_j": 8.5, "unserved_j": 0.0,
    "array_radiated_j": 77.0, "radiator_radiated_j": 22.0, "body_radiated_j": 2.0, "array_warmed_j": 1.0, "body_warmed_j": 1.0,
    "battery_new_j": 50.0, "battery_full_j": 45.0,
}  # fmt: skip
ONE = {
    "attitude": {"law": "sun-pointing", "cant_rad": 0.0}, "array_m2": 90.0, "radiator_m2": 30.0, "body_m2": 13.5, "accelerator": "tpu-v6e", "accelerators": 64, "terminals": 4, "battery_j": 7.2e7,
    "cells": "nca", "age_s": 0.0, "array_left": 0.97, "battery_left": 0.9, "battery_resistance_grown": 1.0, "junction_limit_k": 368.15,
    "hbm_limit_k": 368.15, "coolant_freezing_k": 195.45, "battery_charge_k": [273.15, 318.15],
}  # fmt: skip
NODES_K = {"junction": 335.0, "hbm": 330.0, "plate": 325.0, "loop": 323.0, "radiator_1": 320.0, "radiator_2": 318.0, "radiator_3": 316.0,
           "array": 310.0, "battery": 300.0, "structure": 288.0}  # fmt: skip


def dissect(run: Results, types: int = 1) -> Results:
    """The same run with temperatures of all parts, types of satellites, maps of the radiation and energies.

    Parts are warmer by a tenth of a kelvin a satellite and by 5 K in sunlight. Of `types` types each has a share of the satellites.
    """
    series = run.series
    sats, frames = series.sizes["sat"], series.sizes["frame"]
    lit_now = series["sat_lit_fraction"].values
    warm = 5.0 * lit_now + 0.1 * np.arange(sats)[None, :]
    kind = np.arange(sats) * types // sats
    sine = (np.arange(96) + 0.5) / 48.0 - 1.0
    lat, lon = np.degrees(np.arcsin(sine))[:, None], ((np.arange(128) + 0.5) * 360.0 / 128 - 180.0)[None, :]
    bulge = np.exp(-(((lat + 25.0) / 12.0) ** 2) - ((lon + 50.0) / 25.0) ** 2)
    values: dict[str, Any] = {
        **{f"sat_{name}_k": (k + warm).astype(np.float32) for name, k in NODES_K.items() if name != "junction"},
        "satellite_type": np.array([f"type {n}" for n in range(types)]),
        "sat_type": kind.astype(np.uint8),
        "map_altitude_m": 550e3 + 100e3 * np.arange(types),
        "map_dose_rate_gy_s": np.stack([1e-9 + (n + 1) * 1e-6 * bulge for n in range(types)]).astype(np.float32),
        "map_proton_flux_m2_s": np.stack([1e3 + (n + 1) * 1e7 * bulge for n in range(types)]).astype(np.float32),
        "dose_rate_gy_s": np.full((frames, sats), 1e-7, dtype=np.float32),
    }
    series["sat_junction_k"] = (("frame", "sat"), (NODES_K["junction"] + warm).astype(np.float32))
    attrs = run.series.attrs | {"anomaly_flux_m2_s": 1e5}
    run.series = series.merge(labelled(values)).assign_attrs(attrs)
    run.summary["design"] = (run.summary.get("design") or {}) | {
        "types": [{"satellite": f"type {n}", "satellites": int((kind == n).sum()), "one": ONE | {"array_m2": 90.0 * (n + 1)}} for n in range(types)]
    }
    run.summary["energy_balance"] = {name: 3.6e9 * mwh for name, mwh in BALANCE_MWH.items()}
    return run


def results(kind: str, folder: Path, *, hours: float = 24.0, step_s: float = 60.0, frames: int = 49) -> Results:
    """Results of kind "formation" (81 satellites) or "walker" (200); their folder holds a scenario."""
    time_s = np.arange(1, round(hours * 3600 / step_s) + 1) * step_s
    make = formation_positions if kind == "formation" else walker_positions
    position = make(time_s)
    satellites = position.shape[2]
    sun = np.array([0.0, -np.cos(np.radians(23.43)), -np.sin(np.radians(23.43))])
    if kind == "formation":
        sun = np.array([np.sin(0.05), -np.cos(np.radians(23.43)), -np.sin(np.radians(23.43))])
        sun /= np.linalg.norm(sun)
    gmst = np.radians(89.3) + 7.2921159e-5 * time_s
    lit_now = lit(position, sun)
    sunlit = lit_now.mean(axis=1)
    shares = {
        "thermal": 0.021,
        "kernel": 0.31,
        "memory": 0.04,
        "bubble": 0.06,
        "communication": 0.13,
        "checkpoint": 0.012,
        "straggler": 0.004,
        "maintenance": 0.01,
    }
    share = losses(sunlit, shares)
    nameplate = satellites * 64 * 918e12
    warm = 318.0 + 9.0 * np.convolve(sunlit, np.ones(20) / 20, mode="same")
    rtt = station_rtt_ms(position, gmst)
    keep = np.unique(np.linspace(0, time_s.size - 1, min(frames, time_s.size)).round().astype(int))
    state = np.where(lit_now[keep] > 0.5, STATES.index("in sunlight"), STATES.index("in eclipse")).astype(np.uint8)
    state[:, 7] = STATES.index("thermally limited")
    state[keep.size // 2 :, 3] = STATES.index("failed")
    values: dict[str, Any] = {
        "time": (time_s * 1e3).astype(np.int64),
        "cause": np.array(CAUSES),
        "station": np.array(list(STATIONS)),
        "sat": np.arange(satellites),
        "frame": (time_s[keep] * 1e3).astype(np.int64),
        "rate_flops_per_s": nameplate * share,
        "generated_w": satellites * 32e3 * sunlit,
        "shunted_w": satellites * np.maximum(32e3 * sunlit - 20e3, 0.0),
        "load_w": satellites * (12e3 + 8e3 * sunlit),
        "stored_j": satellites * 3e7 * (0.7 + 0.3 * sunlit),
        "charge_fraction_min": 0.6 + 0.4 * sunlit,
        "sunlit_fraction": sunlit,
        "environment_w": satellites * (2e3 + 1e3 * sunlit),
        "radiated_w": satellites * (20e3 + 7e3 * sunlit),
        "junction_k_mean": warm + 24.0,
        "junction_k_max": warm + 31.0 + 2.0 * np.sin(time_s / 900.0),
        "radiator_k_mean": warm,
        "working_satellites": np.full(time_s.size, float(satellites)),
        "propagation_rtt_ms": rtt,
        "latitude_deg": np.array([p[0] for p in STATIONS.values()]),
        "longitude_deg": np.array([p[1] for p in STATIONS.values()]),
        "min_elevation_deg": np.full(len(STATIONS), 10.0),
        "position_m": position[keep].astype(np.float32),
        "sun_direction": np.tile(sun, (keep.size, 1)),
        "gmst_rad": gmst[keep],
        "state": state,
        "sat_lit_fraction": lit_now[keep].astype(np.float32),
        "sat_useful_fraction": np.tile(share[-1][keep][:, None], (1, satellites)),
        "sat_charge_fraction": (0.6 + 0.4 * lit_now[keep]).astype(np.float32),
        "sat_junction_k": np.tile((warm + 24.0)[keep][:, None], (1, satellites)).astype(np.float32),
    }
    series = labelled(values).assign_attrs({"epoch": EPOCH, "earth_gm_m3_s2": GM})
    name = "suncatcher" if kind == "formation" else "walker_shell"
    summary = summarise(name, satellites, nameplate, float(time_s[-1]), share, rtt, values)
    events = [
        {
            "time_s": 43_200.0,
            "time_utc": "2026-12-21T12:00:00Z",
            "action": "lose",
            "target": "satellite 3",
            "satellite": 3,
            "last_satellite": 3,
            "remaining_fraction": 0.0,
            "cause": "scenario",
        }
    ]
    manifest = {
        "version": "0.1.0",
        "python": "3.12.3",
        "packages": {"numpy": "2.4.6", "numba": "0.63.0"},
        "wall_s": 1.25,
    }
    (folder / "scenario.yaml").write_text(ASSUMED, encoding="utf-8")
    return Results(folder, summary, series, manifest, events)
