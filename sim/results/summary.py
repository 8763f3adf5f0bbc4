"""From what a run left to the numbers people read: pure functions of an outcome, in the shape of summary.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config import validation
from sim.config.ground_sites import read_baseline
from sim.config.schema import Scenario, Workload
from sim.engine import formations
from sim.engine.data_volumes import DataVolumes
from sim.engine.link_traffic import LinkTraffic
from sim.engine.outcome import Outcome
from sim.results import battery, design, energy_balance, ground_summary
from sim.results.number_text import counted
from sim.schema import CAUSES, SCHEMA_VERSION, Total
from sim.spacecraft.step import ROWS
from sim.workload.jobs import InferenceService, JobScheduler, Sensing, Training

Array = NDArray[np.float64]
NETWORK_FIELDS = (
    "links_mean", "link_availability", "path_switches", "path_switches_per_min", "bisection_bit_s", "forwarding_entries",
    "forwarding_changes_per_min", "compute_share", "utilisation_mean", "utilisation_max",
)  # fmt: skip
NAMED_AT_MOST = 5  # satellites without a position that a note names


def ledger_s(outcome: Outcome) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of whole satellites of the first type by cause, own and induced; each row is a sum of its own.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    own, induced : dict of str to float
        Time of whole satellites by cause [s].
    """
    weight = outcome.weight
    own = {cause: float((outcome.carry[row] * weight).sum()) for cause, row in ROWS.ledger.items()}
    induced: dict[str, float] = {}
    if outcome.scheduler is not None:
        for i, cause in enumerate(CAUSES):
            own[cause] = own.get(cause, 0.0) + float((outcome.scheduler.ledger.own_s[i] * weight).sum())
            induced[cause] = float((outcome.scheduler.ledger.induced_s[i] * weight).sum())
    return own, induced


def waterfall(outcome: Outcome) -> list[dict[str, Any]]:
    """The 19 rows in order.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    list of dict
        One entry for each cause: FLOPs, own and induced part, share of nameplate.
    """
    nameplate = outcome.nameplate_flops_per_s * outcome.grid.duration_s
    return rows(*ledger_s(outcome), outcome.types[0].peak_flops_per_s, nameplate)


def rows(
    own_s: Mapping[str, float], induced_s: Mapping[str, float], peak_flops_per_s: float, nameplate_flops: float
) -> list[dict[str, Any]]:
    """Rows of a waterfall from seconds by cause; peak of what the seconds are counted of.

    Parameters
    ----------
    own_s : mapping of str to float
        Own time by cause [s].
    induced_s : mapping of str to float
        Time spent waiting for others, by cause [s].
    peak_flops_per_s : float
        Nameplate of what the seconds are counted of [FLOP/s].
    nameplate_flops : float
        Nameplate of the fleet over the run [FLOP].

    Returns
    -------
    list of dict
        One entry for each cause: FLOPs, own and induced part, share of nameplate.
    """
    found = []
    for cause in CAUSES:
        own, induced = own_s.get(cause, 0.0) * peak_flops_per_s, induced_s.get(cause, 0.0) * peak_flops_per_s
        total = own + induced
        found.append(
            {
                "cause": cause,
                "flops": total,
                "own_flops": own,
                "induced_flops": induced,
                "fraction": total / nameplate_flops,
            }
        )
    return found


def declared_fields(section: str) -> dict[str, Total]:
    """Fields of a section of summary.json that submodels declare, each with its total.

    Parameters
    ----------
    section : str
        Section of summary.json.

    Returns
    -------
    dict of str to Total
        Totals by field.
    """
    return {t.summary.partition(".")[2]: t for _, t in ROWS.totals if t.summary.partition(".")[0] == section}


def declared(outcome: Outcome, section: str) -> dict[str, float | None]:
    """Values of `declared_fields` over the fleet; null where they are of available satellites and none was.

    Parameters
    ----------
    outcome : Outcome
        What the run left.
    section : str
        Section of summary.json.

    Returns
    -------
    dict of str to float or None
        Values by field.
    """
    duration_s, available_s = outcome.grid.duration_s, float(outcome.row("available_s").sum())
    divisor = {
        "": 1.0, "duration": duration_s, "satellite time": outcome.satellites * duration_s, "available time": available_s,
    }  # fmt: skip
    values: dict[str, float | None] = {}
    for name, total in declared_fields(section).items():
        row = outcome.row(total.name)
        if available_s == 0.0 and (total.how.endswith("available") or total.per == "available time"):
            values[name] = None
        elif total.how.startswith(("largest", "smallest")):
            values[name] = float(row.max() if total.how.startswith("largest") else row.min())
        else:
            values[name] = float(row.sum()) / divisor[total.per]
    return values


def _network(outcome: Outcome) -> dict[str, Any]:
    ground_routing, figures = outcome.ground_routing, outcome.network_figures
    if ground_routing is None or figures is None:
        return dict.fromkeys(NETWORK_FIELDS)
    mean = float(ground_routing.links.mean())
    return {
        "links_mean": mean,
        "link_availability": mean / ground_routing.topology_links if ground_routing.topology_links else None,
        "path_switches": ground_routing.switches,
        **_utilisation(outcome.link_traffic),
        "path_switches_per_min": ground_routing.switches * 60.0 / outcome.grid.duration_s,
        "bisection_bit_s": figures.bisection_bit_s,
        "forwarding_entries": figures.entries,
        "forwarding_changes_per_min": figures.changes_per_min,
        "compute_share": figures.compute_share,
    }


def _utilisation(traffic: LinkTraffic | None) -> dict[str, float | None]:
    """What workloads take of links, over time and links; null without messages or links."""
    if traffic is None or not np.isfinite(traffic.mean).any():
        return {"utilisation_mean": None, "utilisation_max": None}
    return {"utilisation_mean": float(np.nanmean(traffic.mean)), "utilisation_max": float(np.nanmax(traffic.largest))}


def workloads(
    asked: Sequence[Workload], scheduler: JobScheduler | None, user_rtt_ms: dict[str, float | None], energy_j: Array | None,
    volumes: DataVolumes | None = None,
) -> list[dict[str, Any]]:
    """One entry for each workload asked for, in that order.

    Parameters
    ----------
    asked : sequence of Workload
        Workloads of the scenario.
    scheduler : JobScheduler or None
        What they did.
    user_rtt_ms : dict
        Round trip to a user [ms]: `median` and `p99`, None where no station is reached.
    energy_j : ndarray, shape (satellites,), or None
        Electrical energy of each satellite over the run [J].
    volumes : DataVolumes, optional
        Data between the ground and jobs; by default there were none.

    Returns
    -------
    list of dict
        Entries in the order of the scenario.
    """
    nothing = dict.fromkeys(("mfu", "step_s", "tokens_per_s", "ettr", "time_to_train_d", "ttft_ms", "tpot_ms"))
    parts = iter(scheduler.parts if scheduler is not None else [])
    step_s = 0.0 if scheduler is None else scheduler.step_s

    def row(part: Training | InferenceService | Sensing) -> dict[str, Any]:
        if isinstance(part, Training | Sensing):
            return part.summary()
        return part.summary(user_rtt_ms, None if energy_j is None else float(energy_j[part.who].sum()), step_s)

    found = []
    for n, w in enumerate(asked):
        rows = [] if w.kind == "independent" else [row(part) for part in next(parts)]
        entry = _merged(rows) if rows else dict(nothing)  # none where rules for data leave it no satellite
        if w.kind in ("training", "inference"):
            entry |= {"ingest": None, "deliver": None} if volumes is None else volumes.summary(n)
        found.append({"kind": w.kind, "model": w.model.name if w.kind in ("training", "inference") else None, **entry})
    return found


def _merged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One entry for the parts of a workload on several kinds of nodes: plan and degrees are those of the largest part."""
    if len(rows) == 1:
        return rows[0]
    held = [float(row["satellites"]) if "satellites" in row else float(row["jobs"]) for row in rows]
    tokens = [float(row["tokens_per_s"]) for row in rows]
    found = dict(rows[max(range(len(rows)), key=held.__getitem__)])

    def mean(key: str, weights: list[float], inverse: bool = False) -> float | None:
        known = [(row[key], w) for row, w in zip(rows, weights, strict=True) if row[key] is not None and w > 0.0]
        if not known:
            return None
        total = math.fsum(w for _, w in known)
        return total / math.fsum(w / v for v, w in known) if inverse else math.fsum(w * v for v, w in known) / total

    found["tokens_per_s"] = math.fsum(tokens)
    if "satellites" in found:
        found["satellites"] = sum(row["satellites"] for row in rows)
        return found | {key: mean(key, tokens) for key in ("step_s", "ttft_ms", "tpot_ms")}
    found["jobs"] = sum(row["jobs"] for row in rows)
    found["satellites_per_job"] = mean("satellites_per_job", held)
    # by definition: tokens over peak, steps of all jobs, tokens of all jobs
    found |= {key: mean(key, tokens, inverse=True) for key in ("mfu", "mfu_unmasked")}
    found |= {key: mean(key, held, inverse=True) for key in ("step_s", "time_to_train_d")}
    shares = ("ettr", "communication_fraction", "fabric_fraction", "links_fraction", "statistical_efficiency")
    return found | {key: mean(key, held) for key in shares}


def _excluded(outcome: Outcome) -> dict[str, Any] | None:
    """What rules for data take from the fleet: satellites, and their nameplate over the run; None without rules."""
    if outcome.loaded.scenario.data_rules is None:
        return None
    who = np.empty(0, dtype=np.int64) if outcome.scheduler is None else outcome.scheduler.excluded
    each = np.array([kind.accelerators for kind in outcome.loaded.scenario.types])[outcome.type_index[who]]
    flops_per_s = float(outcome.peak_flops_per_s[who].sum())
    return {
        "satellites_excluded": int(who.size),
        "accelerators_excluded": int(each.sum()),
        "flops_excluded": flops_per_s * outcome.grid.duration_s,
    }


def _is_default(scenario: Scenario, path: str) -> bool:
    """Whether a field has the default of the schema: a saved scenario writes defaults out, which makes them no inputs."""
    section: Any = scenario
    *parents, name = path.split(".")
    for key in parents:
        if isinstance(section, list | tuple):
            section = section[int(key)]
        else:
            section = section[key] if isinstance(section, dict) else getattr(section, key)
    declared = getattr(type(section), "model_fields", {}).get(name)
    return declared is not None and not declared.is_required() and getattr(section, name) == declared.default


def _design(outcome: Outcome) -> dict[str, Any]:
    return design.section(outcome.loaded) | {"shells": _shells(outcome)}


def _shells(outcome: Outcome) -> list[dict[str, Any]]:
    """A row for each shell and ring: smallest distances over a revolution, null where there is no other satellite."""
    shells = validation.numbered_shells(outcome.loaded.scenario)
    return [
        {
            "entry": one.entry,
            "satellites": one.shell.planes * one.shell.slots,
            "min_separation_m": within_m if math.isfinite(within_m) else None,
            "other_shell_m": other_m if math.isfinite(other_m) else None,
        }
        for one, (within_m, other_m) in zip(shells, validation.separations_m(shells), strict=True)
    ]


def lost(outcome: Outcome) -> list[str]:
    """Notes about satellites that have no position from a moment on: which, when, and why.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    list of str
        One sentence for each kind of loss.
    """
    scenario = outcome.loaded.scenario
    ends = np.cumsum([outcome.loaded.catalogues.count(i, entry) for i, entry in enumerate(scenario.constellation)])
    notes = []
    for what, of_file in (("decayed", False), ("without an ephemeris from then on", True)):
        gone = sorted(
            (k, number)
            for number, k in outcome.decayed
            if (scenario.constellation[int(np.searchsorted(ends, number, "right"))].kind == "oem") == of_file
        )
        if gone:
            moments = [f"{scenario.epoch + timedelta(seconds=k * scenario.step):%Y-%m-%dT%H:%M:%SZ}" for k, _ in gone]
            first = ", ".join(
                f"{outcome.loaded.identities.label(number)} at {at}" for (_, number), at in zip(gone[:NAMED_AT_MOST], moments, strict=False)
            )
            more = f" and {len(gone) - NAMED_AT_MOST:,} more, the last at {moments[-1]}" if len(gone) > NAMED_AT_MOST else ""
            notes.append(f"{counted(len(gone), 'satellite')} {what}: {first}{more}")
    return notes


def summary(outcome: Outcome) -> dict[str, Any]:
    """summary.json: SI units or the unit in the name; null where nothing was simulated.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict
        Sections by name, in the order of the file.
    """
    loaded, scenario = outcome.loaded, outcome.loaded.scenario
    satellites, accelerators = outcome.satellites, loaded.accelerators
    duration_s = outcome.grid.duration_s
    fall = waterfall(outcome)
    peak = outcome.types[0].peak_flops_per_s
    useful = next(row for row in fall if row["cause"] == "useful")
    available_s = float(outcome.row("available_s").sum())
    useful_flops_per_s = np.array([t.peak_flops_per_s for t in outcome.types]) @ outcome.column_by_type("useful")
    uncommitted_s = 0.0
    if outcome.scheduler is not None:
        jobs = outcome.scheduler
        useful_flops_per_s += jobs.ledger.step_own_s[CAUSES.index("useful")] * (peak / scenario.step)
        uncommitted_s = sum(job.uncommitted_s() for job in jobs.trainings)
    p10, p50, p90 = (float(v) for v in np.percentile(useful_flops_per_s, (10.0, 50.0, 90.0)))
    capacity_j = np.array([t.params.battery.capacity_j for t in outcome.types])[outcome.type_index]
    at_first = outcome.initial_value("charge_j") / capacity_j
    lowest_charge = float(np.minimum(outcome.row("charge_fraction_min"), at_first).min())
    ground = ground_summary.ground(outcome)
    done = workloads(scenario.workloads, outcome.scheduler, ground["user_rtt_ms"], outcome.row("served_j"), outcome.volumes)
    from_arrays = declared(outcome, "power")
    work = design.work(useful["flops"] / duration_s, done, satellites, from_arrays["array_w_mean"])
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
        "energy_closure": max(energy_balance.closure(outcome)),
        "compute": {
            "reference_precision": scenario.reference_precision,
            "nameplate_flops": outcome.nameplate_flops_per_s * duration_s,
            "useful_flops": useful["flops"],
            "useful_fraction": useful["fraction"],
            "mean_useful_flops_per_s": useful["flops"] / duration_s,
            "uncommitted_flops": uncommitted_s * peak,
            "waterfall": fall,
        },
        "power": {
            "battery_depth_max": 1.0 - lowest_charge,
            **from_arrays,
            **battery.summary(outcome),
        },
        "thermal": declared(outcome, "thermal"),
        "energy_balance": energy_balance.section(outcome),
        "formation": formations.summary(loaded, outcome.grid),
        "radiation": outcome.radiation.rows(),
        "network": _network(outcome),
        "ground": ground,
        "station_pairs": ground_summary.pairs(outcome),
        "workloads": done,
        "fleet": {
            "availability": available_s / (satellites * duration_s),
            "useful_flops_per_s": {"p10": p10, "p50": p50, "p90": p90},
        },
        "design": _design(outcome),
        **design.costs(loaded, work, float(outcome.row("served_j").sum()) / duration_s),
        "baseline": read_baseline(scenario.baseline, scenario.reference_precision),
        "contract": None,  # both follow from further runs, see sim.contract
        "mission": None,  # see sim.mission
        "data_rules": _excluded(outcome),
        "numbers": sum(datum.kind != "scenario" or not _is_default(scenario, datum.path) for datum in loaded.data),
        "assumptions": loaded.assumptions,
        "notes": [*loaded.notes, *outcome.first_state.notes, *outcome.radiation.notes(), *lost(outcome)],
    }  # fmt: skip
