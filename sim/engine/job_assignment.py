"""From a scenario's workloads and fleet to a scheduler: roles of satellites, and the parallelism of jobs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows
from sim.config import schema
from sim.config.errors import Origin, bad_input
from sim.config.workload_params import Carrier, relative_speed, service, slowest
from sim.engine import planning
from sim.engine.checkpoint_copies import Places, with_copies
from sim.engine.recovery_policy import copy_s, island_policy, policy, reload_policy
from sim.engine.replanning import Planned, Replanner
from sim.engine.roles import Roles
from sim.engine.sensing_assignment import sensing_plan
from sim.engine.work_parts import Part, Work
from sim.fleet.elastic import Replicas
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy, Standing
from sim.network.contacts import contacts_of
from sim.workload import parallelism
from sim.workload.demand import daily_factor
from sim.workload.job_communication import Transport
from sim.workload.jobs import (
    Asked,
    Checks,
    InferenceService,
    JobScheduler,
    PipelineService,
    Sensing,
    Streams,
    Training,
    TrainingFleet,
)
from sim.workload.pipeline_links import PipelineLinks
from sim.workload.service import groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def scheduler(
    scenario: schema.Scenario, order: Ints, transport: Transport, type_index: Ints, row: Ints | None = None,
    errors_per_s: Floats | None = None, switches: Ints | None = None, windows: Callable[[], Windows] | None = None,
    allowed: Sequence[Flags | None] = (), landing: Sequence[Flags | None] = (), plane: Ints | None = None,
) -> JobScheduler:  # fmt: skip
    """Scheduler of all workloads of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.
    transport : Transport
        Network of the jobs.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite, an index into `Scenario.types`.
    row : ndarray of int64, shape (satellites,), optional
        Plane, or row of a formation, of each satellite.
    errors_per_s : ndarray, shape (2, satellites), optional
        Mean rates of errors by radiation of each satellite, see `ErrorRates`; by default there are none.
    switches : ndarray of int64, optional
        Satellites outside `order` that pass messages on and do not compute.
    windows : callable, optional
        Gives the access windows of the fleet over the run, which sensing workloads need.
    allowed : sequence of ndarray of bool or None, optional
        Of each workload, the satellites that rules for data leave to it; None, and by default, all.
    landing : sequence of ndarray of bool or None, optional
        Of each workload, the stations with antennas that rules leave to its contacts; None, and by default, all.
    plane : ndarray of int64, shape (satellites,), optional
        Plane or formation of each satellite, for copies of checkpoints; by default all are in one.

    Returns
    -------
    JobScheduler
        The scheduler at the epoch.

    Raises
    ------
    InputError
        If a job fits no mesh, or a copy of its checkpoints has no way to its place.
    """
    types, workloads = scenario.types, list(scenario.workloads)
    work = Work(
        types=types, type_index=type_index, workloads=workloads, fleet=scenario.fleet, steps=scenario.steps,
        step_s=scenario.step, epoch=scenario.epoch, stations=[] if scenario.ground is None else scenario.ground.stations, row=row,
        errors_per_s=errors_per_s, windows=windows, allowed=allowed, landing=landing,
        places=_places(scenario, np.zeros(type_index.size, dtype=np.int64) if plane is None else plane, switches, windows),
        link_byte_s=0.0 if scenario.ground is None or scenario.ground.link_rate is None else scenario.ground.link_rate / 8.0,
    )
    peaks = np.array([t.accelerators * t.accelerator.peak[scenario.reference_precision] for t in types])
    return scheduler_for(work, order, transport, (peaks / peaks[0])[type_index], switches)


def _places(scenario: schema.Scenario, plane: Ints, switches: Ints | None, windows: Callable[[], Windows] | None) -> Places:
    """Where jobs of a scenario can keep copies of their checkpoints."""
    computes = np.ones(plane.size, dtype=np.bool_)
    computes[[] if switches is None else switches] = False
    ground = scenario.ground
    antennas = [] if ground is None else [int(s.antennas or 1) for s in ground.stations if s.role != "pop"]
    rate_bit_s = 0.0 if ground is None or ground.link_rate is None else ground.link_rate
    return Places(plane, computes, rate_bit_s, np.array(antennas, dtype=np.int64), scenario.steps * scenario.step, windows)


class _Shares:
    """Of each satellite, the arithmetic rate of its job's pacing satellite over its own."""

    def __init__(self, work: Work) -> None:
        self.work, self.values = work, np.ones(work.type_index.size)

    def carrier(self, who: Ints, precision: str) -> Carrier:
        """The satellite that paces a job of these satellites; notes how their own rates compare with it."""
        kinds = np.unique(self.work.type_index[who]) if who.size else np.zeros(1, dtype=np.int64)
        carrier = slowest([self.work.types[kind] for kind in kinds], precision)
        for kind in kinds:
            mine = who[self.work.type_index[who] == kind]
            self.values[mine] = relative_speed(carrier, self.work.types[kind], precision)
        return carrier


def asked(job: schema.Inference, work: Work) -> Asked:
    """Demand on a service over the run.

    Parameters
    ----------
    job : schema.Inference
        Validated section of the scenario.
    work : Work
        Time grid and stations.

    Returns
    -------
    Asked
        Tokens in each step, by the local time of the stations in its middle.
    """
    if job.demand is None:
        return Asked(None, job.admission == "all", job.turns)
    tokens_per_s: Floats = np.full(work.steps, job.demand)
    if job.daily is not None and work.stations:
        start_h = work.epoch.hour + work.epoch.minute / 60.0 + work.epoch.second / 3600.0
        utc_h = np.asarray(start_h + (np.arange(work.steps) + 0.5) * work.step_s / 3600.0, dtype=np.float64)
        longitude_rad, users = (np.array([getattr(s, name) for s in work.stations]) for name in ("longitude", "users"))
        tokens_per_s = tokens_per_s * daily_factor(job.daily.profile, longitude_rad, users, utc_h)
    return Asked(tokens_per_s, job.admission == "all", job.turns)


def scheduler_for(
    work: Work, order: Ints, transport: Transport, weight: NDArray[np.float64] | None = None, switches: Ints | None = None
) -> JobScheduler:
    """Scheduler of all workloads on satellites, or on nodes on the ground.

    Parameters
    ----------
    work : Work
        Workloads, hardware and time grid.
    order : ndarray of int64, shape (satellites,)
        Satellites, or nodes, in mapping order.
    transport : Transport
        Network of the jobs.
    weight : ndarray, shape (satellites,), optional
        Nameplate of each satellite over that of the reference type; by default 1.
    switches : ndarray of int64, optional
        As in `scheduler`.

    Returns
    -------
    JobScheduler
        The scheduler at the epoch.

    Raises
    ------
    InputError
        If a job fits no mesh.
    """
    assigned = work.roles(order)
    _check_placed(work, assigned)
    shares = _Shares(work)
    split = [work.parts(job, who) for job, who in assigned.with_workloads(work.workloads)]
    wanted = [part for parts in split for part in parts if part.has_members]
    held = _spares_by_kind(work, [part.kind for part in wanted], assigned.spares)
    shared: dict[int | None, list[_Shared]] = {kind: [] for kind in held}

    def made(part: Part) -> Training | InferenceService | Sensing:
        if part.has_members:
            others = [other.who for other in wanted if other.kind == part.kind]  # their satellites may become members
            reachable = np.concatenate((*others, held[part.kind]))
            reachable = reachable if part.allowed is None else reachable[part.allowed[reachable]]
            if isinstance(part.job, schema.Training):
                jobs = _training(work, part.job, part.who, reachable, transport, shares)
            else:
                jobs = _pipelines(work, part, reachable, transport, shares)
            shared[part.kind].append(jobs._replace(allowed=part.allowed))
            return jobs.jobs
        if isinstance(part.job, schema.Sensing):
            return sensing(work, part.job, part.who, shares)
        assert isinstance(part.job, schema.Inference)
        carrier = shares.carrier(part.who, part.job.precision)
        found = service(part.job, carrier)
        return InferenceService(
            found, asked(part.job, work), part.who, work.steps, carrier.accelerator.hbm_power_share,
            _checks(part.job.validation, groups(found)), int(part.job.redundancy),
        )  # fmt: skip

    parts = [[made(part) for part in found] for found in split]
    fleets = [_training_fleet(work, jobs, held[kind], transport) for kind, jobs in shared.items()]
    reserve = assigned.spares[~np.isin(assigned.spares, np.concatenate([assigned.spares[:0], *held.values()]))]
    return JobScheduler(
        satellites=work.type_index.size, steps=work.steps, step_s=work.step_s, fleets=fleets, parts=parts, reserve=reserve,
        idle=assigned.idle, share=shares.values, weight=weight, streams=_streams(work, assigned.streams),
        switches=switches, excluded=assigned.excluded,
    )  # fmt: skip


def _check_placed(work: Work, assigned: Roles) -> None:
    """A workload for which others leave no satellite that it may use is an input error, but not one that may use none at all."""
    for (job, who), flags in zip(assigned.with_workloads(work.workloads), _without_streams(work), strict=True):
        if flags is not None and flags.any() and not who.size:
            message = f"leave the {job.kind} workload no satellite, as other workloads take all that it may use; write smaller shares or fewer spares"
            raise bad_input(Origin("data_rules"), "data_rules", message)


def _without_streams(work: Work) -> list[Flags | None]:
    """Satellites that each workload but independent ones may use."""
    allowed = work.allowed or [None] * len(work.workloads)
    return [flags for job, flags in zip(work.workloads, allowed, strict=True) if job.kind != "independent"]


def sensing(work: Work, job: schema.Sensing, who: Ints, shares: _Shares) -> Sensing:
    """A sensing workload on its satellites.

    Parameters
    ----------
    work : Work
        Stations, access windows and time grid.
    job : schema.Sensing
        Validated section of the scenario.
    who : ndarray of int64
        Its satellites.
    shares : _Shares
        Rates of the satellites, for those of several types.

    Returns
    -------
    Sensing
        The workload at the epoch.
    """
    assert work.windows is not None
    carrier = None if job.processing is None else shares.carrier(who, job.processing.precision)
    names = [station.name for station in work.stations if station.role != "pop"]  # those of the windows
    contacts = contacts_of(_landing(work, job), who, len(names))
    return Sensing(sensing_plan(job, carrier, work.link_byte_s), contacts, who, names, work.steps, work.step_s)


def _landing(work: Work, job: schema.Sensing) -> Windows:
    """Access windows at stations that may have the contacts of a sensing workload."""
    assert work.windows is not None
    windows = work.windows()
    stations = next((flags for w, flags in zip(work.workloads, work.landing, strict=False) if w is job), None)
    if stations is None:
        return windows
    keep = stations[windows.station]
    return Windows(**{column.name: getattr(windows, column.name)[keep] for column in fields(windows)})


def servers(scenario: schema.Scenario, order: Ints, type_index: Ints) -> Flags:
    """Satellites that users would be routed to at the epoch if there were no rules for data.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite.

    Returns
    -------
    ndarray of bool, shape (satellites,)
        Those of services, or all that compute where there is no service.
    """
    work = Work(
        types=scenario.types, type_index=type_index, workloads=list(scenario.workloads), fleet=scenario.fleet, steps=scenario.steps,
        step_s=scenario.step, epoch=scenario.epoch, stations=[],
    )  # fmt: skip
    who, services = np.zeros(type_index.size, dtype=np.bool_), work.roles(order).services
    who[np.concatenate(services) if services else order] = True
    return who


def _checks(validation: schema.Validation | None, parts: int) -> Checks | None:
    return None if validation is None else Checks(validation.interval, validation.harmful, parts)


def _streams(work: Work, who: Ints) -> list[Streams]:
    """Satellites that work independently, type by type, where their results are checked."""
    validation = next((job.validation for job in work.workloads if isinstance(job, schema.Independent)), None)
    if validation is None:
        return []
    found = []
    for kind in np.unique(work.type_index[who]).tolist():
        type_, mine = work.types[kind], np.sort(who[work.type_index[who] == kind])
        efficiency = type_.accelerator.kernel_efficiency
        found.append(Streams(mine, efficiency, Checks(validation.interval, validation.harmful, type_.accelerators)))
    return found


def _spares_by_kind(work: Work, kinds: Sequence[int | None], spares: Ints) -> dict[int | None, Ints]:
    """Spares of the jobs on each kind of satellites; jobs that span kinds (None) have those of all kinds without own jobs."""
    held: dict[int | None, Ints] = {}
    of = work.type_index[spares]
    for kind in dict.fromkeys(kinds):
        own = [k for k in kinds if k is not None]
        held[kind] = spares[~np.isin(of, own)] if kind is None else spares[of == kind]
    return held


class _Shared(NamedTuple):
    """Jobs of a workload that share spares with those of others, and their rights."""

    jobs: Training | PipelineService
    policy: Policy
    planned: Planned | None = None  # of a training workload
    allowed: Flags | None = None  # satellites that may become members; None: all


def _training(
    work: Work,
    job: schema.Training,
    order: Ints,
    reachable: Ints,
    transport: Transport,
    shares: _Shares,
) -> _Shared:
    """The jobs of a training workload; the slowest satellite that may become a member paces them."""
    satellites = work.type_index.size
    carrier = shares.carrier(reachable, job.precision)
    fleet = planning.Fleet(carrier, order, transport, satellites, work.row)
    plan = planning.choose(job, fleet)
    ranks = planning.rank_lists(job, plan, fleet)
    training = Training(
        plan=plan, ranks=ranks, leftover=order[~np.isin(order, np.concatenate(ranks))], satellites=satellites, steps=work.steps,
        step_s=work.step_s, total_tokens=job.tokens, hbm_power_share=carrier.accelerator.hbm_power_share, copies=int(job.redundancy),
    )  # fmt: skip
    task = plan.task
    used = parallelism.members(task.mesh, task.accelerators)
    if task.islands is None:
        rules = policy(job, work.fleet, used, task.accelerators, work.error_rates(order))
        if job.checkpoint.copies and work.places is not None:
            rules = with_copies(job, work.fleet, ranks[0], task.accelerators, work.places, transport, work.error_rates(order))
    else:
        rules = island_policy(job, plan, work.fleet, transport)
    return _Shared(training, rules, Planned(job, training, fleet, work.places))


def _pipelines(work: Work, part: Part, reachable: Ints, transport: Transport, shares: _Shares) -> _Shared:
    """The copies of a service's model over neighbouring satellites, chosen for the links of the epoch."""
    job, span, satellites = part.job, part.stages, work.type_index.size
    assert isinstance(job, schema.Inference)
    carrier = shares.carrier(reachable, job.precision)
    ranks = [part.who[n : n + span] for n in range(0, part.who.size - span + 1, span)]
    links = PipelineLinks(satellites).costs(ranks, transport).typical()
    found = service(job, carrier, links)
    jobs = PipelineService(
        service=found, asked=asked(job, work), ranks=ranks, leftover=part.who[len(ranks) * span :], satellites=satellites,
        steps=work.steps, step_s=work.step_s, hbm_share=carrier.accelerator.hbm_power_share,
        checks=_checks(job.validation, groups(found)), copies=int(job.redundancy),
    )  # fmt: skip
    return _Shared(jobs, reload_policy(found, work.fleet))


def _training_fleet(work: Work, shared: list[_Shared], spares: Ints, transport: Transport) -> TrainingFleet:
    """Jobs of workloads with the spares that they share; satellites that fill no job replace members too."""
    policies: list[Policy] = []
    standings: list[Standing] = []
    elastic: list[Replicas] = []
    eligible: list[Flags | None] = []
    for n, (jobs, rules, planned, allowed) in enumerate(shared):
        job = None if planned is None else planned.job
        if planned is not None and planned.job.elastic is not None:
            replicas = tuple(range(len(policies), len(policies) + jobs.jobs))
            least = max(1, math.ceil(planned.job.elastic.least * jobs.jobs - 1e-9))
            elastic.append(Replicas(replicas, planned.job.elastic.grace, least, copy_s(planned.training.plan, transport)))
        policies += [rules] * jobs.jobs
        eligible += [allowed] * jobs.jobs
        standings += [Standing(n) if job is None else Standing(n, job.priority, int(job.reserve))] * jobs.jobs
    satellites, workloads = int(work.type_index.size), [each.jobs for each in shared]
    lifecycle = JobLifecycle(
        [r for w in workloads for r in w.initial_ranks], np.concatenate((spares, *(w.leftover for w in workloads))), policies,
        standings=standings, elastic=elastic, satellites=satellites, eligible=eligible,
    )  # fmt: skip
    errors = work.error_rates(np.concatenate([np.zeros(0, dtype=np.int64), *(r for w in workloads for r in w.initial_ranks)]))
    watched = [(each.jobs.jobs, each.planned) for each in shared]
    replanner = Replanner(watched, work.fleet, int(spares.size), work.steps * work.step_s, errors)
    return TrainingFleet(workloads, lifecycle, spares, satellites, work.step_s, replanner if replanner.watches else None)
