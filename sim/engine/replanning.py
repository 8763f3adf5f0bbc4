"""Planning a job again where its satellites or links have changed for long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema, workload_params
from sim.config.errors import InputError
from sim.engine import planning
from sim.engine.checkpoint_copies import Places, with_copies
from sim.engine.recovery_policy import NO_ERRORS, ErrorRates, copy_s, mean_failure_s, policy, recovery_s
from sim.engine.transports import without
from sim.workload import memory_fit, parallelism, training_step
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import JobCommunication, Transport
from sim.workload.jobs import Training, TrainingFleet

Ints = NDArray[np.int64]
Links = tuple[Ints, Ints]  # first and last satellites


PLANS_TRIED = 16  # with fewer members
DRAWS = 3  # of those that are lost


class Planned(NamedTuple):
    """A training workload as it was planned at the epoch."""

    job: schema.Training
    training: Training
    fleet: planning.Fleet  # its satellites, neighbours next to each other, and the network
    places: Places | None = None  # for copies of checkpoints


class _Watch:
    """What the plan of a job was made for, and since when something else has been there."""

    def __init__(self, number: int, job: int, planned: Planned, after_s: float, reserve: int) -> None:
        self.number, self.job, self.planned, self.after_s, self.reserve = number, job, planned, after_s, reserve
        self.members: tuple[int, bool] = (int(planned.fleet.order.size), False)  # satellites at hand, and whether members are missing
        self.links: Links | None = None
        self.links_now: Links | None = None
        self.versions = (0, -1)  # of lifecycle and network when they were last looked at
        self.members_now = self.members
        self.members_since_s: float | None = None  # None: as planned for
        self.links_since_s: float | None = None

    def look(self, fleet: TrainingFleet, begin_s: float, transport: Transport) -> None:
        """Compare members and links with those that the plan was made for, where they may have changed."""
        seen = fleet.lifecycle.version, transport.version
        if seen[0] != self.versions[0]:
            members = self.at_hand(fleet).size, bool(fleet.lifecycle.missing(self.job))
            if members != self.members_now:
                self.members_now, self.members_since_s = members, None if members == self.members else begin_s
        if seen[1] != self.versions[1]:
            links = transport.directed_src, transport.directed_dst
            if self.links is None:  # of the epoch
                self.links = self.links_now = links
            elif not _same(links, self.links_now):
                self.links_now, self.links_since_s = links, None if _same(links, self.links) else begin_s
        self.versions = seen

    def due(self, begin_s: float) -> bool:
        """Whether a change has lasted long enough."""
        since = (self.members_since_s, self.links_since_s)
        return any(at_s is not None and begin_s - at_s >= self.after_s for at_s in since)

    def settle(self, fleet: TrainingFleet) -> None:
        """The present plan is the choice for what there is now."""
        self.members = self.members_now = self.at_hand(fleet).size, bool(fleet.lifecycle.missing(self.job))
        self.links, self.versions = self.links_now, (fleet.lifecycle.version, self.versions[1])
        self.members_since_s = self.links_since_s = None

    def at_hand(self, fleet: TrainingFleet) -> Ints:
        """Healthy members, and healthy satellites of the workload without a rank; in the order of the workload, others last.

        As many satellites without a rank as the fleet has spares stay in reserve.
        """
        ready, order = set(fleet.lifecycle.ready), self.planned.fleet.order.tolist()
        healthy = set(fleet.lifecycle.ranks()[self.job].tolist()) - set(fleet.lifecycle.missing(self.job))
        usable = healthy | set([s for s in order if s in ready][: max(0, len(ready) - self.reserve)])
        first = [s for s in order if s in usable]
        return np.array([*first, *sorted(usable.difference(order))], dtype=np.int64)


def _same(one: Links, other: Links | None) -> bool:
    return other is not None and np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


class Replanner:
    """Changes the plans of synchronous jobs at the beginning of a step, by the satellites and links that there are then.

    A workload takes part that has one job, of method synchronous, and `replan_after`. Nothing depends on tiles, blocks or threads:
    members and spares are those of the lifecycle, links those of the step.

    Parameters
    ----------
    workloads : list of (int, Planned or None)
        Number of jobs and plan of all workloads of the satellites, in the order of `TrainingFleet`; services have none.
    fleet : Fleet or None
        Section `fleet`, with failures and recovery.
    spares : int
        Satellites in reserve.
    end_s : float
        End of the run [s].
    errors : ErrorRates, optional
        Errors by radiation of a satellite.
    """

    def __init__(
        self, workloads: Sequence[tuple[int, Planned | None]], fleet: schema.Fleet | None, spares: int, end_s: float,
        errors: ErrorRates = NO_ERRORS,
    ) -> None:  # fmt: skip
        self.fleet, self.end_s, self.errors = fleet, end_s, errors
        self.watches, job = [], 0
        for n, (jobs, planned) in enumerate(workloads):
            after_s = None if planned is None else planned.job.replan_after
            if planned is not None and after_s is not None and jobs == 1 and planned.training.task.islands is None:
                self.watches.append(_Watch(n, job, planned, after_s, spares))
            job += jobs

    def watch_of(self, job: int) -> _Watch | None:
        """What is watched for a job.

        Parameters
        ----------
        job : int
            Its number in the lifecycle.

        Returns
        -------
        _Watch or None
            None where the job is never planned again.
        """
        return next((watch for watch in self.watches if watch.job == job), None)

    def consider(self, fleet: TrainingFleet, begin_s: float, transport: Transport) -> None:
        """Change the plans of jobs that gain by it; called at the beginning of every step.

        Parameters
        ----------
        fleet : TrainingFleet
            The jobs.
        begin_s : float
            Beginning of the step [s].
        transport : Transport
            Network of the jobs.
        """
        for watch in self.watches:
            watch.look(fleet, begin_s, transport)
            if watch.due(begin_s):
                self._decide(watch, fleet, begin_s, transport)
                watch.settle(fleet)

    def _decide(self, watch: _Watch, fleet: TrainingFleet, begin_s: float, transport: Transport) -> None:
        """Take the best plan where it trains more tokens until the next change, or the end, than the present one."""
        component = transport.components()
        at_hand = watch.at_hand(fleet)
        at_hand = at_hand[~_outside(at_hand, component)]
        job, training, first, places = watch.planned
        found = best_plan(job, first._replace(order=at_hand, transport=transport), training.first_plan)
        if found is None:
            return
        plan, ranks = found
        members, present = int(ranks.size), fleet.lifecycle.ranks()[watch.job]
        change_s = recovery_s(self.fleet)[1] + copy_s(plan, transport)
        horizon_s = min(self.end_s - begin_s, mean_failure_s(self.fleet, members, plan.task.accelerators, self.errors.interrupts_per_s))
        now = 0.0 if fleet.lifecycle.missing(watch.job) else tokens_per_s(training.plan, present, transport, fleet.satellites)
        then = tokens_per_s(plan, ranks, transport, fleet.satellites)
        if then * (horizon_s - change_s) > now * horizon_s:
            rules = policy(job, self.fleet, members, plan.task.accelerators, self.errors)
            if job.checkpoint.copies and places is not None:
                rules = with_copies(job, self.fleet, ranks, plan.task.accelerators, places, transport, self.errors)
            fleet.change_plan(watch.number, plan, ranks, rules, begin_s, change_s, component)


def _outside(satellites: Ints, component: Ints) -> NDArray[np.bool_]:
    """Satellites outside the part of the network that most of them are in."""
    own = component[satellites]
    return np.asarray(own != np.argmax(np.bincount(own[own >= 0])) if (own >= 0).any() else own >= 0)


def best_plan(job: schema.Training, fleet: planning.Fleet, first: ExecutionPlan) -> tuple[ExecutionPlan, Ints] | None:
    """Fastest plan of one job on the satellites that it has, with its ranks.

    Parameters
    ----------
    job : Training
        The workload, of method synchronous; a given mesh keeps its degrees but for the number of replicas.
    fleet : Fleet
        Satellites that may be members, and the network as it is now.
    first : ExecutionPlan
        Plan of the epoch.

    Returns
    -------
    plan : ExecutionPlan
        The plan.
    ranks : ndarray of int64
        Satellites in rank order. None instead of both where no mesh fits or none can communicate.
    """
    satellites, each = int(fleet.order.size), first.task.accelerators
    if job.mesh is not None:
        mesh = workload_params.mesh(job.mesh)
        groups = min(satellites, training_step.members(first.task)) // parallelism.satellites_per_replica(mesh, each)
        mesh = mesh._replace(data=groups * parallelism.replicas_per_satellite(mesh, each))
        fit = workload_params.fit(job, each, satellites, fleet.carrier.accelerator.memory)
        if groups == 0 or not memory_fit.fits(fit, mesh):
            return None
        job = job.model_copy(update={"mesh": job.mesh.model_copy(update={"data": mesh.data})})
    if satellites == 0:
        return None
    try:
        plan = planning.choose(job, fleet)
    except InputError:
        return None
    used = training_step.members(plan.task)
    if used > satellites or not np.isfinite(plan.step_s):
        return None
    return plan, planning.rank_lists(job, plan, fleet)[0]


def paces(planned: Planned, most: int = PLANS_TRIED, draws: int = DRAWS) -> list[float]:
    """Rate of a job with some of its members lost, planned again, over its rate with all of them.

    Lost members take no links from those that remain: who is cut off from most of them does not work either. So the rate follows from which
    ones are lost, and is the mean over some draws.

    Parameters
    ----------
    planned : Planned
        The job at the epoch.
    most : int, optional
        Numbers of members that are planned for; those between are interpolated.
    draws : int, optional
        Orders in which members are lost.

    Returns
    -------
    list of float
        For 0 to all members, rising to 1; 0 where no mesh fits.
    """
    members = planned.training.members
    step = max(1, -(-members // most))
    sizes = sorted({0, *range(members, 0, -step), *range(members, max(0, members - most // 2), -1)})
    orders = [np.random.Generator(np.random.PCG64(n)).permutation(planned.training.initial_ranks[0]) for n in range(draws)]
    rates = [np.mean([_rate_without(planned, order[size:]) for order in (orders[:1] if size == members else orders)]) for size in sizes]
    rising = np.maximum.accumulate(np.array(rates))
    return np.interp(np.arange(members + 1), sizes, rising / rising[-1]).tolist() if rising[-1] > 0.0 else [0.0] * members + [1.0]


def _rate_without(planned: Planned, lost: Ints) -> float:
    """Tokens a second of a job that is planned again without some of its members and their links; 0 where no mesh fits."""
    job, training, fleet, _ = planned
    with without(fleet.transport, lost):
        left = fleet.order[np.isin(fleet.order, training.initial_ranks[0]) & ~np.isin(fleet.order, lost)]
        left = left[~_outside(left, fleet.transport.components())] if left.size else left
        found = best_plan(job, fleet._replace(order=left), training.first_plan)
        return 0.0 if found is None else tokens_per_s(*found, fleet.transport, fleet.satellites)


def tokens_per_s(plan: ExecutionPlan, ranks: Ints, transport: Transport, satellites: int) -> float:
    """Tokens a second of one job at full clock rate over the links as they are.

    Parameters
    ----------
    plan : ExecutionPlan
        Its plan.
    ranks : ndarray of int64
        Its satellites in rank order.
    transport : Transport
        Links and routes.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    float
        Tokens a second; 0 where messages have no route.
    """
    costs = JobCommunication(plan.task, plan.collective, satellites).costs([ranks], transport)
    if costs.jobs_disconnected[0]:
        return 0.0
    step = training_step.decompose(plan.task, 1.0, costs.stage_delay_s[0], costs.stage_drain_s[0], costs.gradients_s[0])
    return plan.task.batch.global_batch * plan.task.batch.sequence / float(step.total_s)
