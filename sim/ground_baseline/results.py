"""From a day on the ground to results in the shape of those from orbit; null where a value does not apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.fleet.availability import AvailabilityChange
from sim.ground_baseline.fabric import round_trips_ms
from sim.ground_baseline.plan import Plan
from sim.results import battery, design, energy_balance
from sim.results import summary as metrics
from sim.results.dataset import change_rows, labelled, with_plans
from sim.results.ground_summary import spread
from sim.results.outages import outages
from sim.results.store import Results
from sim.schema import CAUSES, SCHEMA_VERSION
from sim.workload.jobs import JobScheduler

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


DESIGN_FIELDS = (
    "satellites", "mass_kg", "mass_by_part_kg", "mass_margin", "launches", "array_m2", "radiator_m2", "gateways", "types", "shells",
)  # fmt: skip


class Day(NamedTuple):
    """Results of a run: seconds of whole nodes of the first kind by nameplate, outside the jobs' ledger, for each step."""

    scheduler: JobScheduler
    failed_s: Array
    maintained_s: Array
    kernel_s: Array
    useful_s: Array
    load_w: Array
    changes: list[AvailabilityChange]  # that happened, in order of time


def results(site: schema.Site, plan: Plan, day: Day, sha256: str, numbers: int, assumed: list[str]) -> Results:
    """Results of a ground site, with the fields of a scenario's results.

    Parameters
    ----------
    site : Site
        The ground site.
    plan : Plan
        Workloads and time grid.
    day : Day
        Ledger, powers and changes of the run.
    sha256 : str
        Digest of site and scenario.
    numbers : int
        Count of numbers with provenance.
    assumed : list of str
        Paths of the numbers that are assumptions.

    Returns
    -------
    Results
        Summary, series and events.
    """
    own_s, induced_s = _rates(day)
    rtt_ms = np.zeros(0) if plan.stations is None else round_trips_ms(site, plan.stations)
    user_ms = rtt_ms + 1e3 * site.access_overhead
    peak = site.accelerators_per_node * site.accelerator.peak[plan.precision]
    energy_j = np.full(site.nodes, plan.step_s * float(day.load_w.sum()) / site.nodes)
    work_done = metrics.workloads(plan.workloads, day.scheduler, spread(user_ms), energy_j)
    compute = _compute(site, plan, day, peak, own_s, induced_s)
    done = design.work(compute["mean_useful_flops_per_s"], work_done, site.nodes, None)
    summary = {
        "schema_version": SCHEMA_VERSION,
        "scenario": site.name,
        "scenario_sha256": sha256,
        "epoch": f"{plan.epoch:%Y-%m-%dT%H:%M:%SZ}",
        "seed": plan.seed,
        "satellites": None,
        "accelerators": sum(kind.nodes * kind.accelerators_per_node for kind in site.kinds),
        "duration_s": plan.duration_s,
        "step_s": plan.step_s,
        "energy_closure": None,
        "compute": compute,
        "power": dict.fromkeys(("battery_depth_max", *battery.FIELDS, *metrics.declared_fields("power"))),
        "thermal": dict.fromkeys(metrics.declared_fields("thermal")),
        "energy_balance": dict.fromkeys(energy_balance.FIELDS),
        "formation": None,
        "radiation": None,
        "network": dict.fromkeys(metrics.NETWORK_FIELDS),
        "ground": _ground(plan.stations, rtt_ms, user_ms),
        "station_pairs": {},
        "workloads": work_done,
        "fleet": _fleet(site, plan, day, peak),
        "design": dict.fromkeys(DESIGN_FIELDS),
        **design.site_costs(site, done, float(day.load_w.mean())),
        "baseline": None,
        "contract": None,
        "mission": None,
        "data_rules": None,
        "numbers": numbers,
        "assumptions": assumed,
        "notes": list(plan.notes),
    }
    events = with_plans(change_rows(day.changes, plan.epoch), plan.workloads, day.scheduler, plan.epoch)
    return Results(summary, _series(site, plan, day, peak, own_s, induced_s, rtt_ms, user_ms), events)


def _rates(day: Day) -> tuple[Array, Array]:
    """Seconds of whole nodes by cause and step, own and induced."""
    ledger = day.scheduler.ledger
    own_s = ledger.step_own_s.copy()
    outside = (("failed", day.failed_s), ("maintenance", day.maintained_s), ("kernel", day.kernel_s), ("useful", day.useful_s))
    for cause, seconds in outside:
        own_s[CAUSES.index(cause)] += seconds
    return own_s, ledger.step_induced_s


def _compute(site: schema.Site, plan: Plan, day: Day, peak: float, own_s: Array, induced_s: Array) -> dict[str, Any]:
    nameplate = float(day.scheduler.ledger.weight.sum()) * peak * plan.duration_s
    rows = metrics.rows(
        dict(zip(CAUSES, own_s.sum(axis=1).tolist(), strict=True)),
        dict(zip(CAUSES, induced_s.sum(axis=1).tolist(), strict=True)),
        peak,
        nameplate,
    )
    useful = rows[CAUSES.index("useful")]
    return {
        "reference_precision": plan.precision,
        "nameplate_flops": nameplate,
        "useful_flops": useful["flops"],
        "useful_fraction": useful["fraction"],
        "mean_useful_flops_per_s": useful["flops"] / plan.duration_s,
        "uncommitted_flops": sum(job.uncommitted_s() for job in day.scheduler.trainings) * peak,
        "waterfall": rows,
    }


def _ground(stations: list[schema.Station] | None, rtt_ms: Array, user_ms: Array) -> dict[str, Any]:
    """The route always exists and never changes."""
    listed = stations or []
    return {
        "propagation_rtt_ms": spread(rtt_ms),
        "user_rtt_ms": spread(user_ms),
        "coverage_fraction": 1.0 if listed else None,
        "components_ms": None,
        "without_data_rules": None,
        "internet": None,
        "link": None,
        "countries": {},
        "gateways": {},
        "stations": {
            station.name: {
                "propagation_rtt_ms": spread(rtt_ms[i : i + 1]),
                "user_rtt_ms": spread(user_ms[i : i + 1]),
                "coverage_fraction": 1.0,
                "outages": outages(np.ones(1, dtype=np.bool_), 1.0),
            }
            for i, station in enumerate(listed)
        },
    }


def _fleet(site: schema.Site, plan: Plan, day: Day, peak: float) -> dict[str, Any]:
    useful_s = day.useful_s + day.scheduler.ledger.step_own_s[CAUSES.index("useful")]
    shares = np.percentile(useful_s * (peak / plan.step_s), (10.0, 50.0, 90.0))
    return {
        "availability": 1.0 - float(day.failed_s.sum() + day.maintained_s.sum()) / (float(day.scheduler.ledger.weight.sum()) * plan.duration_s),
        "useful_flops_per_s": dict(zip(("p10", "p50", "p90"), shares.tolist(), strict=True)),
    }


def _series(
    site: schema.Site, plan: Plan, day: Day, peak: float, own_s: Array, induced_s: Array, rtt_ms: Array, user_ms: Array
) -> xr.Dataset:
    """Everything over time, labelled from the table in `sim.schema`."""
    steps = plan.steps
    stations = plan.stations or []
    epoch = f"{plan.epoch:%Y-%m-%dT%H:%M:%SZ}"
    arrays: dict[str, Any] = {
        "time": np.arange(1, steps + 1) * round(plan.step_s * 1e3),
        "cause": CAUSES,
        "station": [s.name for s in stations],
        "rate_flops_per_s": (own_s + induced_s) * (peak / plan.step_s),
        "induced_flops_per_s": induced_s * (peak / plan.step_s),
        "load_w": day.load_w,
        "propagation_rtt_ms": np.repeat(rtt_ms[:, np.newaxis], steps, axis=1),
        "user_rtt_ms": np.repeat(user_ms[:, np.newaxis], steps, axis=1),
        "latitude_deg": np.degrees([s.latitude for s in stations]),
        "longitude_deg": np.degrees([s.longitude for s in stations]),
    }
    return labelled(arrays, site.name, epoch)
