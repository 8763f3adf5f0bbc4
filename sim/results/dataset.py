"""What a run left, over time: labelled arrays from the table in `sim.schema`, and the list of what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import sim
from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.environment import sun_position_m
from orbit.kernels.exposure import LATITUDES, LONGITUDES, VALUES
from orbit.kernels.frames import gmst_rad
from orbit.radiation import ANOMALY_FLUX_M2_S
from orbit.timescales import utc_to_ut1
from sim import schema
from sim.config.catalogue_objects import Identities, Identity
from sim.config.schema import Workload
from sim.engine.outcome import Outcome
from sim.fleet.availability import AvailabilityChange, Kind, cause_kind
from sim.results import ground_series
from sim.schema import CAUSES, EVENT_COLUMNS, IDENTITY, ROLES, SCHEMA_VERSION, Var
from sim.spacecraft.step import ROWS, VARIABLES
from sim.workload.jobs import MODES, JobScheduler, Training

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
TABLE: dict[str, Var] = {v.name: v for v in (*schema.VARIABLES, *(a for v in VARIABLES for a in v.arrays))}


def series(outcome: Outcome) -> xr.Dataset:
    """Everything over time, labelled from the table in `sim.schema`.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    Dataset
        Variables of `sim.schema.TABLE`.
    """
    arrays = {
        **_fleet(outcome), **ground_series.stations(outcome), **ground_series.places(outcome), **_jobs(outcome), **_radiation(outcome),
        **_recorder(outcome), **_network(outcome), **_NO_YEARS,
    }  # fmt: skip
    scenario = outcome.loaded.scenario
    dataset = labelled(arrays, scenario.name, f"{scenario.epoch:%Y-%m-%dT%H:%M:%SZ}")
    dataset.attrs |= {
        "scenario_sha256": outcome.loaded.sha256,
        "earth_gm_m3_s2": MU_EARTH_M3_S2,
        "anomaly_flux_m2_s": ANOMALY_FLUX_M2_S,
        "frame_of_reference": "TEME: true equator, mean equinox of date",
    }
    network = None if outcome.ground_routing is None else outcome.ground_routing.network
    if network is not None and network.pointing_outage_max is not None:
        dataset.attrs["pointing_outage_max"] = network.pointing_outage_max
    return dataset


def labelled(arrays: Mapping[str, Any], name: str, epoch: str) -> xr.Dataset:
    """Arrays with dimensions, type, unit and meaning from the table; name and epoch (ISO 8601) of what was run.

    Parameters
    ----------
    arrays : mapping of str to array_like
        Values by name of `TABLE`.
    name : str
        Name of what was run.
    epoch : str
        Its epoch, ISO 8601.

    Returns
    -------
    Dataset
        The labelled arrays.
    """
    import xarray as xr  # with pandas, half a second and 70 MB: only where there are results

    variables = {}
    for key, values in arrays.items():
        var = TABLE[key]
        data = np.asarray(values, dtype=str if var.dtype == "str" else var.dtype)
        unit = f"milliseconds since {epoch}" if key in DATES else var.unit
        variables[key] = (var.dims, data, {"long_name": var.meaning, "units": unit})
    coordinates = {key: variables.pop(key) for key in arrays if TABLE[key].dims == (key,) or key in IDENTITY}
    attributes = {
        "title": f"Dawndusk run of {name}",
        "Conventions": "CF-1.11",
        "schema_version": SCHEMA_VERSION,
        "epoch": epoch,
        "source": f"dawndusk {sim.__version__}",
    }
    return with_dates(xr.Dataset(variables, coordinates, attributes))


_NO_YEARS = {
    var.name: np.zeros((0,) * len(var.dims)) for var in schema.VARIABLES if var.name.startswith(("contract_", "mission_"))
}
"""Arrays of a contract and of a mission, which `sim.contract` and `sim.mission` replace where the scenario has one."""


DATES = {name: f"{name}_utc" for name in ("time", "frame", "traffic_time", "contract_time", "mission_time")}
"""Coordinates in milliseconds since the epoch, and those with their dates; the latter are not in series.nc."""


def with_dates(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with coordinates of dates in UTC beside those in milliseconds since the epoch.

    Parameters
    ----------
    dataset : Dataset
        Dataset with the attribute `epoch`, ISO 8601.

    Returns
    -------
    Dataset
        With `time_utc`, `frame_utc` and so on, datetime64[ns], where it has `time`, `frame` and so on.
    """
    epoch = np.datetime64(dataset.attrs["epoch"].removesuffix("Z"), "ns")
    coordinates = {}
    for name, dated in DATES.items():
        if name in dataset.coords:
            dates = epoch + dataset[name].values.astype("timedelta64[ms]")
            coordinates[dated] = (name, dates, {"long_name": f"{dataset[name].attrs['long_name'].partition(',')[0]}, UTC"})
    return dataset.assign_coords(coordinates)


def _finite(values: Array) -> Array:
    """Not a number where there is none."""
    return np.where(np.isfinite(values), values, np.nan)


def _fleet(outcome: Outcome) -> dict[str, Any]:
    """Sums and means over all satellites, every step."""
    scenario, grid = outcome.loaded.scenario, outcome.grid
    satellites, peak = outcome.satellites, outcome.types[0].peak_flops_per_s
    rates, induced = np.zeros((len(CAUSES), grid.steps)), np.zeros((len(CAUSES), grid.steps))
    for variable in VARIABLES:
        if variable.cause:
            peaks = np.array([t.peak_flops_per_s for t in outcome.types])
            rates[CAUSES.index(variable.cause)] = peaks @ outcome.column_by_type(variable.name)
    if outcome.scheduler is not None:
        ledger = outcome.scheduler.ledger
        induced = ledger.step_induced_s * (peak / scenario.step)
        rates += ledger.step_own_s * (peak / scenario.step) + induced
    arrays = {
        "time": np.arange(1, grid.steps + 1, dtype=np.int64) * round(scenario.step * 1e3),
        "cause": CAUSES,
        "rate_flops_per_s": rates,
        "induced_flops_per_s": induced,
    }
    available = outcome.column("available")
    weights = {"sum": np.ones(grid.steps), "mean": np.full(grid.steps, float(satellites))}
    weights["available mean"] = np.where(available > 0.0, available, np.nan)
    for n, column in enumerate(ROWS.columns):
        if column.series.name:
            arrays[column.series.name] = outcome.fleet[:, :, n].sum(axis=0) / weights[column.series.how]
    for n, extreme in enumerate(ROWS.extremes):
        arrays[extreme.series.name] = _finite(outcome.extremes[:, n])
    return arrays


def _jobs(outcome: Outcome) -> dict[str, Any]:
    """What every job and service did, every step; jobs of a workload are numbered."""
    steps, step_s = outcome.grid.steps, outcome.loaded.scenario.step
    scheduler = outcome.scheduler
    trainings, services = ([], []) if scheduler is None else (scheduler.trainings, scheduler.services)
    sensings = [] if scheduler is None else scheduler.sensings
    served = [w.model.name for w in outcome.loaded.scenario.workloads if w.kind == "inference"]
    jobs = job_names(outcome.loaded.scenario.workloads, scheduler)

    modes = len(MODES) if any(t.mode_share[:, -1].any() for t in trainings) else len(MODES) - 1  # the last one only where a job has waited for data

    def of_jobs(rows: list[Array], *between: int) -> Array:
        return np.concatenate([np.zeros((0, *between, steps)), *rows])

    return {
        "job": jobs,
        "mode": MODES[:modes],
        "job_mode_fraction": of_jobs([t.mode_share[:, :modes] for t in trainings], modes),
        "job_rate": of_jobs([t.rates for t in trainings]),
        "job_step_s": of_jobs([t.step_time_s for t in trainings]),
        "job_communication_fraction": of_jobs([t.exposed for t in trainings]),
        "job_tokens_per_s": of_jobs([t.tokens / step_s for t in trainings]),
        "service": [name for name, _ in zip(served, services, strict=False)],
        "service_tokens_per_s": of_jobs([s.tokens_per_s[np.newaxis] for s in services]),
        "sensing": [str(n) for n in range(len(sensings))],
        "sensing_images_captured": of_jobs([s.captured[np.newaxis] for s in sensings]),
        "sensing_images_arrived": of_jobs([s.arrived[np.newaxis] for s in sensings]),
        "sensing_stored_bytes": of_jobs([s.stored[np.newaxis] for s in sensings]),
    }


def _radiation(outcome: Outcome) -> dict[str, Any]:
    """Radiation on the orbits of each type: the map of the run halfway between its lowest and its highest radius."""
    maps = np.full((VALUES, len(outcome.types), LATITUDES, LONGITUDES), np.nan)
    altitude_m = np.full(len(outcome.types), np.nan)
    for kind, type_ in enumerate(outcome.types):
        found = type_.radiation
        if found is None:
            continue
        planes = found.planes
        middle = 0.5 * (len(planes) - 1)
        lower = int(min(middle, found.last_plane))
        between = (1.0 + lower - middle) * planes[lower] + (middle - lower) * planes[lower + 1]
        maps[:, kind] = np.moveaxis(between, -1, 0)
        altitude_m[kind] = found.lowest_m + middle / found.planes_per_m - EARTH_RADIUS_M
    return {
        "satellite_type": [t.satellite.name for t in outcome.types],
        "map_altitude_m": altitude_m,
        "map_dose_rate_gy_s": maps[0],
        "map_proton_flux_m2_s": maps[1],
    }


def _recorder(outcome: Outcome) -> dict[str, Any]:
    """What the recorder keeps of single satellites."""
    scenario, grid = outcome.loaded.scenario, outcome.grid
    recorded = outcome.kept.size > 0
    at = np.arange(outcome.stride, grid.steps + 1, outcome.stride) if recorded else np.zeros(0, dtype=np.int64)
    jd, fr = grid.jd_fr(0, grid.steps + 1)
    sun = sun_position_m(jd[at], fr[at])
    kept = outcome.kept if recorded else np.zeros((0, len(ROWS.recorded), 0))
    role, job = _roles(outcome)
    known = [outcome.loaded.identities[n] for n in outcome.kept_satellites.tolist()]
    arrays = {
        "sat": outcome.kept_satellites,
        "sat_name": [one.name for one in known],
        "sat_catalogue_number": [one.number for one in known],
        "frame": at * round(scenario.step * 1e3),
        "sat_type": outcome.type_index[outcome.kept_satellites],
        "sat_role": role[outcome.kept_satellites],
        "sat_job": job[outcome.kept_satellites],
        "sun_direction": sun / np.linalg.norm(sun, axis=-1, keepdims=True),
        "gmst_rad": gmst_rad(*utc_to_ut1(jd[at], fr[at])),
    }
    by_name: dict[str, list[int]] = {}  # the recorder's values of each array, the components of a vector in order
    for n, value in enumerate(ROWS.recorded):
        by_name.setdefault(value.series.name, []).append(n)
    for name, items in by_name.items():
        arrays[name] = kept[:, items] if len(items) > 1 else kept[:, items[0]]
    return arrays


def _roles(outcome: Outcome) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Of each satellite at the epoch: its role, and the number of its training job or -1."""
    satellites, scheduler = outcome.satellites, outcome.scheduler
    role, job = np.full(satellites, ROLES.index("independent"), dtype=np.uint8), np.full(satellites, -1, dtype=np.int64)
    if scheduler is None:
        return role, job
    role[scheduler.reserve], role[scheduler.idle] = ROLES.index("spare"), ROLES.index("idle")
    role[scheduler.unplaced] = ROLES.index("unplaced")
    first = 0
    for fleet in scheduler.fleets:
        role[fleet.all_satellites] = ROLES.index("spare")
    for training in scheduler.trainings:
        role[training.leftover] = ROLES.index("unplaced")
        for g, members in enumerate(training.initial_ranks):
            role[members], job[members] = ROLES.index("training"), first + g
        first += training.jobs
    for pipeline in scheduler.pipelines:
        role[pipeline.leftover] = ROLES.index("unplaced")
    for service in scheduler.services:
        role[service.who] = ROLES.index("inference")
    for sensing in scheduler.sensings:
        role[sensing.who] = ROLES.index("sensing")
    return role, job


def _network(outcome: Outcome) -> dict[str, Any]:
    """Links every step; which they were, and the ways from stations and between pairs, over the recorder's moments.

    Links of which an end is not recorded are left out.
    """
    ground_routing = outcome.ground_routing
    nothing = np.zeros((3, 0), dtype=np.int64)
    if ground_routing is None:
        links, spans, (ways, begins, hops) = np.zeros(outcome.grid.steps), nothing, (nothing, nothing[0], nothing[0])
    else:
        links, spans, (ways, begins, hops) = ground_routing.links, ground_routing.link_intervals.rows(), ground_routing.route_intervals.rows()
    a, b = np.divmod(spans[0], outcome.satellites)
    shown = np.isin(a, outcome.kept_satellites) & np.isin(b, outcome.kept_satellites)
    return {
        "links": links,
        "link_a": a[shown],
        "link_b": b[shown],
        "link_from": spans[1, shown],
        "link_until": spans[2, shown],
        **_traffic(outcome, a[shown], b[shown]),
        "route_end": ways[0],
        "route_from": ways[1],
        "route_until": ways[2],
        "route_begin": begins,
        "route_satellite": hops,
    }


def _traffic(outcome: Outcome, a: Ints, b: Ints) -> dict[str, Any]:
    """What workloads take of the links, over time and of each link."""
    found = outcome.link_traffic
    if found is None:
        none = np.zeros(0)
        of_moments = dict.fromkeys(("link_utilisation_mean", "link_utilisation_p99", "link_utilisation_max", "link_traffic_bit_s"), none)
        return {"traffic_time": none, **of_moments, "link_utilisation": np.full(a.size, np.nan)}
    return {
        "traffic_time": (found.steps + 1) * round(outcome.loaded.scenario.step * 1e3),
        "link_utilisation_mean": found.mean,
        "link_utilisation_p99": found.p99,
        "link_utilisation_max": found.largest,
        "link_traffic_bit_s": found.carried_bit_s,
        "link_utilisation": found.of_links(a, b),
    }


def event_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """Changes of availability that happened: scheduled events, random failures, decays; in order of time.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    list of dict
        Rows of events.parquet.
    """
    scenario = outcome.loaded.scenario
    found = change_rows(outcome.changes, scenario.epoch, outcome.loaded.identities)
    return with_plans(found, scenario.workloads, outcome.scheduler, scenario.epoch)


def job_names(workloads: Sequence[Workload], scheduler: JobScheduler | None) -> list[str]:
    """Names of all training jobs: the model, and a number among the jobs that train it.

    Parameters
    ----------
    workloads : sequence of Workload
        Workloads of the scenario.
    scheduler : JobScheduler or None
        Their jobs.

    Returns
    -------
    list of str
        One name for each job.
    """
    at_work = [w.model.name if w.kind in ("training", "inference") else w.kind for w in workloads if w.kind != "independent"]
    parts = [] if scheduler is None else scheduler.parts
    named = [name for name, part in zip(at_work, parts, strict=False) for t in part if isinstance(t, Training) for _ in range(t.jobs)]
    return [f"{name} {named[:g].count(name)}" for g, name in enumerate(named)]


def with_plans(
    rows: list[dict[str, Any]], workloads: Sequence[Workload], scheduler: JobScheduler | None, epoch: datetime
) -> list[dict[str, Any]]:
    """Rows of events.parquet with those of jobs that were planned again.

    Parameters
    ----------
    rows : list of dict
        Rows of changes of availability.
    workloads : sequence of Workload
        Workloads of the scenario.
    scheduler : JobScheduler or None
        Their jobs.
    epoch : datetime
        Epoch of the run.

    Returns
    -------
    list of dict
        Rows in order of time; `remaining_fraction` of a plan is the number of satellites of its mesh over that of the first mesh.
    """
    trainings, names = [] if scheduler is None else scheduler.trainings, job_names(workloads, scheduler)
    found, first = [], 0
    for training in trainings:
        for change in training.plan_changes:
            moment = f"{epoch + timedelta(seconds=change.time_s):%Y-%m-%dT%H:%M:%SZ}"
            row = (change.time_s, moment, "replan", names[first], None, None, change.share, "plan", None, None)
            found.append(dict(zip(EVENT_COLUMNS, row, strict=True)))
        first += training.jobs
    return sorted([*rows, *found], key=lambda row: float(row["time_s"])) if found else rows


def change_rows(
    changes: Sequence[AvailabilityChange], epoch: datetime, identities: Identities | None = None
) -> list[dict[str, Any]]:
    """Rows of events.parquet, in the columns of `sim.schema.EVENT_COLUMNS`; links and stations have no satellites.

    Parameters
    ----------
    changes : sequence of AvailabilityChange
        The changes.
    epoch : datetime
        Epoch of the run.
    identities : Identities, optional
        Names and catalogue numbers of the satellites.

    Returns
    -------
    list of dict
        Rows by column.
    """
    found = []
    for time_s, target, remaining, cause, silent in changes:
        action = "lose" if remaining <= 0.0 else "derate" if remaining < 1.0 else "restore" if silent is None else "corrupt"
        moment = epoch + timedelta(seconds=time_s)
        of_satellites = target.kind not in (Kind.LINK, Kind.STATION)
        who = (target.first, target.last) if of_satellites else (None, None)
        single = identities is not None and of_satellites and target.first == target.last
        name, number = identities[target.first] if identities is not None and single else Identity()
        row = (
            time_s, f"{moment:%Y-%m-%dT%H:%M:%SZ}", action, target.name, *who, remaining, cause_kind(cause), name or None, number or None,
        )  # fmt: skip
        found.append(dict(zip(EVENT_COLUMNS, row, strict=True)))
    return found
