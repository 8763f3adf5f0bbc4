"""Lifecycle of synchronous jobs: run, checkpoint, roll back when a member fails, wait for a spare, recover.

Jobs are independent of each other except that they share spares, that a job of higher priority takes members of others
where no spare is left, and that replicas of an elastic job (`sim.fleet.elastic`) wait for each other. Times are absolute and computed
once, so that other windows give the same times to the bit. At one instant the order is: a phase that ends then has ended (a checkpoint
is committed); satellites fail and return; ranks are filled; replicas go on or wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import SatelliteChange, SilentError
from sim.fleet.elastic import ElasticJob, Replicas
from sim.fleet.job_phases import CHECKPOINT, HELD, RUN, SHORTEST_INTERVAL_S, IntArray, Job, Policy, Segment, Standing
from sim.fleet.spare_pool import SparePool


class JobLifecycle:
    """Synchronous jobs that share spares.

    Parameters
    ----------
    members : sequence of sequence of int
        Of each job its satellites by rank.
    spares : sequence of int or ndarray of int64
        Satellites held back. No satellite may stand twice among members and spares; all others are ignored.
    policy : Policy or sequence of Policy
        How jobs save and recover: all of them, or each.
    standings : sequence of Standing, optional
        Workload, priority and reserve of each job; by default all are of one workload.
    elastic : sequence of Replicas, optional
        Jobs that are the replicas of an elastic job.
    satellites : int, optional
        Length of the array of spare seconds; by default up to the highest number given here.
    begin_s : float, optional
        Time at which the jobs start [s].
    eligible : sequence of ndarray of bool or None, optional
        Satellites that may become members of each job, by number; None, and by default, all.

    Raises
    ------
    ValueError
        If a time of the policy makes no sense, or a satellite stands twice.
    """

    def __init__(
        self,
        members: Sequence[Sequence[int] | IntArray],
        spares: Sequence[int] | IntArray,
        policy: Policy | Sequence[Policy],
        *,
        standings: Sequence[Standing] = (),
        elastic: Sequence[Replicas] = (),
        satellites: int = 0,
        begin_s: float = 0.0,
        eligible: Sequence[NDArray[np.bool_] | None] = (),
    ) -> None:
        policies = [policy] * len(members) if isinstance(policy, Policy) else list(policy)
        for each in policies:
            if not (each.checkpoint_interval_s >= SHORTEST_INTERVAL_S and all(t >= 0.0 for t in each[1:4])):
                raise ValueError(f"{each}: the interval must be at least {SHORTEST_INTERVAL_S} s, no time below 0")
        rights = list(standings) or [Standing()] * len(members)
        self._jobs = [Job(m, p, r, begin_s) for m, p, r in zip(members, policies, rights, strict=True)]
        self._elastic = [ElasticJob(rules, [self._jobs[g] for g in rules.jobs]) for rules in elastic]
        self._eligible = list(eligible) or [None] * len(self._jobs)
        self._in_elastic = {g for rules in elastic for g in rules.jobs}
        self._reserves = {r.workload: r.reserve for r in rights}  # of each workload
        reserve = np.asarray(spares, dtype=np.int64).tolist()
        # (job, rank) of each member and spare; None: it holds no rank
        self._rank_of: dict[int, tuple[int, int] | None] = dict.fromkeys(reserve)
        for g, job in enumerate(self._jobs):
            self._rank_of.update({s: (g, rank) for rank, s in enumerate(job.members.tolist())})
        if len(self._rank_of) != len(reserve) + sum(job.members.size for job in self._jobs):
            raise ValueError("a satellite stands twice among members and spares")
        self._pool = SparePool(reserve, max(satellites, 1 + max(self._rank_of, default=-1)), begin_s)
        self._waiting: dict[int, float] = {}  # job: since when
        self._disconnected_since: dict[int, float] = {}  # job: first window without network
        self._unreachable: set[int] = set()  # healthy, but their ranks went to others while no message reached them
        self._now_s = begin_s
        self._remaining: dict[int, float] = {}  # fraction of accelerators left, of satellites that changed
        self._coming: list[SatelliteChange] = []  # handed over, but at the end of the last window or later
        self.version = 0  # grows when members, their health, or spares may have changed

    def ranks(self) -> list[IntArray]:
        """Satellites of each job by rank as they are now.

        Returns
        -------
        list of ndarray of int64
            One read-only array for each job.
        """
        return [job.members for job in self._jobs]

    @property
    def running(self) -> NDArray[np.bool_]:
        """Jobs that exchange messages now, (jobs,): those that neither wait nor recover."""
        return np.array([job.phase == RUN and not job.disconnected for job in self._jobs], dtype=np.bool_)

    @property
    def able(self) -> NDArray[np.bool_]:
        """Jobs that could train if messages reached them, (jobs,): they exchange messages with others of their workload."""
        return np.array([job.phase in (RUN, CHECKPOINT, HELD) for job in self._jobs], dtype=np.bool_)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Jobs whose work a silent error has spoiled that no validation has found yet, (jobs,)."""
        return np.array([job.wrong for job in self._jobs], dtype=np.bool_)

    @property
    def unreachable(self) -> IntArray:
        """Healthy satellites that are neither members nor spares, because no message reached them."""
        return np.array(sorted(self._unreachable), dtype=np.int64)

    def policy(self, job: int) -> Policy:
        """How a job saves checkpoints and recovers.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        Policy
            Its policy.
        """
        return self._jobs[job].policy

    def least_running(self, job: int) -> int:
        """Jobs that must run for one to go on.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        int
            Replicas of an elastic job that must take part, or 1.
        """
        return next((each.rules.least for each in self._elastic if job in each.rules.jobs), 1)

    @property
    def ready(self) -> list[int]:
        """Healthy spares, and satellites that no mesh uses, in order of number."""
        return list(self._pool.ready)

    def await_data(self, job: int) -> None:
        """Let a job wait for data before any work; called before the first window.

        Parameters
        ----------
        job : int
            Number of the job.
        """
        self._jobs[job].await_data()

    def take_data(self, job: int, time_s: float) -> None:
        """All data of a job are aboard: its work begins, once it has all its members.

        Parameters
        ----------
        job : int
            Number of the job, which has waited for data since its first window.
        time_s : float
            Time within the next window [s].
        """
        self._jobs[job].take_data(time_s)

    def missing(self, job: int) -> list[int]:
        """Members of a job that are down and not replaced.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        list of int
            Satellites, by rank.
        """
        return [int(self._jobs[job].members[rank]) for rank in sorted(self._jobs[job].missing)]

    def replace_members(
        self, job: int, members: IntArray, policy: Policy, time_s: float, duration_s: float, component: IntArray
    ) -> None:
        """Give a job other members, of any number, from its own healthy ones and spares.

        Parameters
        ----------
        job : int
            Number of the job.
        members : ndarray of int64
            Satellites by rank.
        policy : Policy
            How the job saves and recovers from now on.
        time_s, duration_s : float
            Time, which is that at which the next window begins, and how long the change takes [s].
        component : ndarray of int64
            Connected component of each satellite, (satellites,); -1: in none.
        """
        one, reached = self._jobs[job], _largest(component[members])
        before = [s for s in one.members.tolist() if (self._rank_of[s] or (None,))[0] == job]  # without those that others have taken
        now, down = members.tolist(), set(self.missing(job))
        for satellite in sorted(set(before) - set(now)):
            self._rank_of[satellite] = None
            if satellite not in down and component[satellite] == reached:
                self._pool.join(satellite, time_s)
            elif satellite not in down:
                self._unreachable.add(satellite)
        for satellite in sorted(set(now) - set(before)):
            self._pool.leave(satellite, time_s)
        self._rank_of.update({satellite: (job, rank) for rank, satellite in enumerate(now)})
        one.replace_members(members, policy, time_s, duration_s)
        self._waiting.pop(job, None)
        self._disconnected_since.pop(job, None)
        self.version += 1

    def exchange(self, time_s: float, jobs_disconnected: NDArray[np.bool_], component: IntArray) -> bool:
        """Replace members that have been disconnected for as long as detection takes, as if they had failed.

        Parameters
        ----------
        time_s : float
            Beginning of the next window [s].
        jobs_disconnected : ndarray of bool
            Jobs without network, (jobs,).
        component : ndarray of int64
            Connected component of each satellite, (satellites,); -1: in none.

        Returns
        -------
        bool
            Whether ranks have changed. A job is left as it is where spares do not fill all its ranks.
        """
        largest = _largest(component)
        for satellite in sorted(self._unreachable):
            if component[satellite] == largest:
                self._unreachable.discard(satellite)
                self._pool.join(satellite, time_s)
        changed = False
        for g, offline in enumerate(jobs_disconnected.tolist()):
            if offline and time_s - self._disconnected_since.setdefault(g, time_s) >= self._jobs[g].policy.detection_s:
                changed |= self._replace_disconnected(g, time_s, component)
        return changed

    def _replace_disconnected(self, g: int, time_s: float, component: IntArray) -> bool:
        """Give the ranks of disconnected members of job g to spares; whether there were enough."""
        job = self._jobs[g]
        if job.missing:
            return False
        gone = np.flatnonzero(disconnected(job.members, component)).tolist()
        main = _largest(component[job.members])
        able = [spare for spare in self._ready_for(g) if component[spare] == main]
        if not gone or min(len(able), self._allowed(g)) < len(gone):
            return False
        job.pass_to(time_s)
        job.fail(time_s)
        job.failed_s = self._disconnected_since[g]
        for rank, spare in zip(gone, able, strict=False):
            satellite = int(job.members[rank])
            self._pool.leave(spare, time_s)
            self._rank_of[satellite], self._rank_of[spare] = None, (g, rank)
            self._unreachable.add(satellite)
            job.assign_rank(rank, spare, time_s)
        job.settle(time_s)
        self.version += 1
        return True

    def advance(
        self, begin_s: float, end_s: float, jobs_disconnected: NDArray[np.bool_], changes: Iterable[SatelliteChange] = ()
    ) -> tuple[list[list[Segment]], NDArray[np.float64]]:
        """Advance through the window [begin_s, end_s), which follows on the last one.

        Parameters
        ----------
        begin_s, end_s : float
            The window [s].
        jobs_disconnected : ndarray of bool
            Jobs without network for the whole window, (jobs,).
        changes : iterable of SatelliteChange, optional
            Changes of satellites that were not handed over before. Those before begin_s take effect at begin_s, those
            at end_s or later in the windows to come.

        Returns
        -------
        segments
            Of each job the segments that tile the window.
        spare_s
            Seconds that each satellite was a healthy spare, (satellites,), read-only.

        Raises
        ------
        ValueError
            If the window does not follow on the last one.
        """
        if begin_s != self._now_s or not end_s >= begin_s:
            raise ValueError(f"window {begin_s} .. {end_s} s does not follow on {self._now_s} s")
        for g, (job, offline) in enumerate(zip(self._jobs, jobs_disconnected.tolist(), strict=True)):
            if not offline:
                self._disconnected_since.pop(g, None)
            if offline != job.disconnected and g not in self._in_elastic:
                job.set_disconnected(begin_s, offline)
        for elastic in self._elastic:
            elastic.connect(begin_s, jobs_disconnected[list(elastic.rules.jobs)].tolist())
        batches: dict[float, list[SatelliteChange]] = {begin_s: []} if self._elastic else {}
        for change in self._changes_in_window(begin_s, end_s, changes):
            batches.setdefault(max(change.time_s, begin_s), []).append(change)
        for time_s, batch in batches.items():
            for elastic in self._elastic:
                elastic.pass_to(time_s)
            if batch:
                self._apply(time_s, batch)
            for elastic in self._elastic:
                elastic.settle(time_s)
        for elastic in self._elastic:
            elastic.pass_to(end_s)
        self._now_s = end_s
        return [job.close_window(end_s) for job in self._jobs], self._pool.close_window(end_s)

    def _changes_in_window(self, begin_s: float, end_s: float, changes: Iterable[SatelliteChange]) -> list[SatelliteChange]:
        """Changes of members and spares in the window, in order of time; those after it are kept."""
        self._coming += [change for change in changes if change.satellite in self._rank_of]
        if not self._coming:
            return []
        self._coming.sort(key=lambda change: change.time_s)
        now = [change for change in self._coming if change.time_s < end_s]
        self._coming = self._coming[len(now) :]
        return now

    def _apply(self, time_s: float, batch: list[SatelliteChange]) -> None:
        """Changes at one instant, all of them before ranks are filled: satellites have no order among them.

        A member that loses accelerators fails, and so does its job; it keeps its rank while some are left. Accelerators
        that return change nothing but the member's rate. A silent error changes neither.
        """
        for change in batch:
            if change.silent is not None:
                self._strike(time_s, change.satellite, change.silent)
        batch = [change for change in batch if change.silent is None]
        if not batch:
            return
        self.version += 1
        touched: set[int] = set()
        for _, satellite, remaining, _ in batch:
            before = self._remaining.get(satellite, 1.0)
            self._remaining[satellite] = remaining
            fails, returns = remaining < before, before == 0.0 < remaining
            if not (fails or returns):
                continue
            rank_of = self._rank_of[satellite]
            if rank_of is None:
                self._change_spare(satellite, remaining, before, time_s)
                continue
            g, rank = rank_of
            job = self._jobs[g]
            if g not in touched:
                job.pass_to(time_s)
                touched.add(g)
            if returns:
                job.missing.discard(rank)
            else:
                if remaining == 0.0:
                    job.missing.add(rank)
                job.fail(time_s)
        self._fill_ranks(touched, time_s)

    def _strike(self, time_s: float, satellite: int, error: SilentError) -> None:
        """A silent error at a member; replicas of an elastic job share their gradients, and with them the error."""
        rank_of = self._rank_of[satellite]
        if rank_of is None or error.fate >= self._jobs[rank_of[0]].policy.harmful:
            return
        elastic = next((rules.rules.jobs for rules in self._elastic if rank_of[0] in rules.rules.jobs), (rank_of[0],))
        for g in elastic:
            self._jobs[g].pass_to(time_s)
            self._jobs[g].strike(time_s)

    def _fill_ranks(self, touched: set[int], time_s: float) -> None:
        """Fill ranks by priority: of equals those that wait, the longest first, then those that failed just now."""
        open_ = self._waiting.keys() | touched
        while open_:
            g = min(open_, key=lambda g: (-self._jobs[g].standing.priority, self._waiting.get(g, time_s), g))
            open_.discard(g)
            filled, victims = self._fill(g, time_s), self._preempt(g, time_s)
            touched |= victims
            open_ |= victims  # of lower priority: their turn is still to come
            if filled or victims or g in touched:
                self._jobs[g].settle(time_s)
                if self._jobs[g].missing:
                    self._waiting.setdefault(g, time_s)
                else:
                    self._waiting.pop(g, None)

    def _change_spare(self, satellite: int, remaining: float, before: float, time_s: float) -> None:
        """A satellite without a rank goes down or returns; the loss of some accelerators leaves it where it is."""
        if satellite in self._unreachable:
            if remaining == 0.0:  # when it is up again it is a spare
                self._unreachable.discard(satellite)
        elif before == 0.0:
            self._pool.join(satellite, time_s)
        elif remaining == 0.0:
            self._pool.leave(satellite, time_s)

    def _may(self, g: int, satellite: int) -> bool:
        """Whether a satellite may become a member of job g."""
        flags = self._eligible[g]
        return flags is None or bool(flags[satellite])

    def _ready_for(self, g: int) -> list[int]:
        """Spares that may become members of job g, in order of number."""
        return self._pool.ready if self._eligible[g] is None else [spare for spare in self._pool.ready if self._may(g, spare)]

    def _allowed(self, g: int) -> int:
        """Spares that job g may take: those that may become its members, and that other workloads do not hold in reserve."""
        mine = self._jobs[g].standing.workload
        kept = sum(reserve for workload, reserve in self._reserves.items() if workload != mine)
        return min(len(self._ready_for(g)), max(0, len(self._pool.ready) - kept))

    def _fill(self, g: int, time_s: float) -> bool:
        """Fill missing ranks with spares, the lowest number first; whether there was one."""
        count = min(len(self._jobs[g].missing), self._allowed(g))
        for spare in self._ready_for(g)[:count]:
            self._pool.leave(spare, time_s)
            self._give(spare, g, time_s)
        return count > 0

    def _give(self, satellite: int, g: int, time_s: float) -> None:
        """A satellite takes a missing rank of job g: that from which another job had taken it, or the lowest.

        The satellite that had the rank has none any more, unless another job has taken it.
        """
        job = self._jobs[g]
        rank = min(job.missing, key=lambda rank: (job.members[rank] != satellite, rank))
        before = int(job.members[rank])
        if self._rank_of[before] == (g, rank):
            self._rank_of[before] = None
        self._rank_of[satellite] = (g, rank)
        job.assign_rank(rank, satellite, time_s)

    def _preempt(self, g: int, time_s: float) -> set[int]:
        """Fill the ranks that spares have not filled with members of jobs of lower priority; the jobs that lose some.

        The lowest priority gives first: of equals the jobs that wait, which lose no work, then the last; of a job the highest ranks.
        Nothing is taken where not all ranks can be filled.
        """
        job = self._jobs[g]
        takes: list[tuple[int, int]] = []  # job and rank
        if not job.missing:
            return set()
        lower = [h for h, other in enumerate(self._jobs) if other.standing.priority < job.standing.priority]
        for h in sorted(lower, key=lambda h: (self._jobs[h].standing.priority, not self._jobs[h].missing, -h)):
            other = self._jobs[h]
            ranks = [rank for rank in reversed(range(other.members.size)) if rank not in other.missing]
            takes += [(h, rank) for rank in ranks if self._may(g, int(other.members[rank]))]
            if len(takes) >= len(job.missing):
                break
        if len(takes) < len(job.missing):
            return set()
        takes = takes[: len(job.missing)]
        for h, of_rank in takes:
            other, satellite = self._jobs[h], int(self._jobs[h].members[of_rank])
            other.pass_to(time_s)
            other.fail(time_s)
            other.missing.add(of_rank)
            self._give(satellite, g, time_s)
        return {h for h, _ in takes}


def _largest(component: IntArray) -> int:
    """The component with the most satellites, the lowest numbered of equals; -1 without any."""
    return int(np.argmax(np.bincount(component[component >= 0]))) if (component >= 0).any() else -1


def disconnected(members: IntArray, component: IntArray) -> NDArray[np.bool_]:
    """Members outside the connected component that most members are in.

    Parameters
    ----------
    members : ndarray of int64, shape (n,)
        Satellites of a job by rank.
    component : ndarray of int64, shape (satellites,)
        Connected component of each satellite; -1: in none.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for members that no message reaches.

    Examples
    --------
    >>> disconnected(np.array([0, 2, 3]), np.array([0, 0, 1, 1])).tolist()
    [True, False, False]
    """
    return np.asarray(component[members] != _largest(component[members]))
