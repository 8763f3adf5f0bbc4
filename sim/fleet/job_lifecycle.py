"""The clock of synchronous jobs: they run, save, fall back to the last save when a member fails, and wait for a spare.

Between two changes of the fleet each job goes its own way; it is only spares that jobs share. Moments are absolute and
computed once, so that cutting time into other windows gives the same moments to the bit. At one instant the order is: a
phase that ends then has ended (a save is committed); satellites go down and come up; ranks are filled.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.failures import Change, normalise

IntArray = NDArray[np.int64]

RUN, CHECKPOINT, RECOVERY, WAITING, OUTAGE = range(5)
SHORTEST_INTERVAL_S: Final = 1e-3  # less would be lost in the rounding of late moments, and time would stand still


class Policy(NamedTuple):
    """How jobs save and recover, times [s]."""

    checkpoint_interval_s: float  # running time between saves; inf: none
    checkpoint_s: float  # the job stands still for a save
    detection_s: float
    restart_s: float  # swap, restart and reload


class Segment(NamedTuple):
    """A interval of one job's time. Commit and rollback happen at its beginning, the commit first."""

    begin_s: float
    end_s: float
    mode: int
    members: IntArray  # (n,) satellites by rank, those that are down included
    lost: IntArray  # members that are down: the job waits because of them
    commit: bool  # everything run before is safe
    rollback: bool  # a member failed: everything run since the last commit is lost


class Work(NamedTuple):
    """Running time of a job [s] by what became of it."""

    committed_s: float = 0.0
    lost_s: float = 0.0
    open_s: float = 0.0  # since the last commit


def account(work: Work, segments: Sequence[Segment]) -> Work:
    """The books after these segments, the successors of those behind `work`."""
    committed_s, lost_s, open_s = work
    for segment in segments:
        if segment.commit:
            committed_s, open_s = committed_s + open_s, 0.0
        if segment.rollback:
            lost_s, open_s = lost_s + open_s, 0.0
        if segment.mode == RUN:
            open_s += segment.end_s - segment.begin_s
    return Work(committed_s, lost_s, open_s)


def _frozen(satellites: Sequence[int] | IntArray) -> IntArray:
    array = np.array(satellites, dtype=np.int64)
    array.setflags(write=False)
    return array


_NOBODY = _frozen(())


class _Job:
    """One job in its cycle of running, saving and recovering; it knows nothing of spares."""

    __slots__ = (
        "commit", "cut", "end_s", "failed_s", "left_s", "lost", "members", "missing", "phase", "policy", "rollback", "segments",
        "since_s",
    )  # fmt: skip

    def __init__(self, members: Sequence[int] | IntArray, policy: Policy, begin_s: float) -> None:
        self.members = _frozen(members)
        self.lost = _NOBODY
        self.missing: set[int] = set()  # ranks whose satellite is down
        self.policy = policy
        self.phase = RUN
        self.cut = False
        self.end_s = begin_s + policy.checkpoint_interval_s  # of the phase; inf while cut or waiting
        self.left_s = 0.0  # of a phase that is cut
        self.failed_s = -math.inf
        self.since_s = begin_s  # beginning of the segment under way, with its flags
        self.commit = self.rollback = False
        self.segments: list[Segment] = []

    def close(self, time_s: float) -> None:
        """End the segment under way; what has no length is left out and hands its flags on."""
        if time_s > self.since_s:
            mode = OUTAGE if self.cut and self.phase <= CHECKPOINT else self.phase
            self.segments.append(
                Segment(self.since_s, time_s, mode, self.members, self.lost, self.commit, self.rollback)
            )
            self.since_s = time_s
            self.commit = self.rollback = False

    def _enter(self, time_s: float, phase: int, end_s: float) -> None:
        self.close(time_s)
        self.phase = phase
        if self.cut and phase <= CHECKPOINT:
            self.left_s, self.end_s = end_s - time_s, math.inf
        else:
            self.end_s = end_s

    def pass_to(self, time_s: float) -> None:
        """Go through the phases that have ended by time_s."""
        while self.end_s <= time_s:
            ended, at_s = self.phase, self.end_s
            if ended == RUN:
                self._enter(at_s, CHECKPOINT, at_s + self.policy.checkpoint_s)
            else:
                self._enter(at_s, RUN, at_s + self.policy.checkpoint_interval_s)
                self.commit |= ended == CHECKPOINT

    def set_cut(self, time_s: float, cut: bool) -> None:
        if self.phase <= CHECKPOINT:
            self.close(time_s)
            if cut:
                self.left_s, self.end_s = self.end_s - time_s, math.inf
            else:
                self.end_s = time_s + self.left_s
        self.cut = cut

    def fail(self, time_s: float) -> None:
        self.close(time_s)
        self.rollback = True
        self.failed_s = time_s

    def settle(self, time_s: float) -> None:
        """Ranks have changed: wait for those still missing, or recover."""
        if self.missing:
            self._enter(time_s, WAITING, math.inf)
            self.lost = _frozen(self.members[sorted(self.missing)])
        else:
            noticed_s = max(time_s, self.failed_s + self.policy.detection_s)
            self._enter(time_s, RECOVERY, noticed_s + self.policy.restart_s)
            self.lost = _NOBODY

    def assign_rank(self, rank: int, satellite: int, time_s: float) -> None:
        """Another satellite takes a rank whose own is down."""
        self.close(time_s)
        members = self.members.copy()
        members[rank] = satellite
        self.members = _frozen(members)
        self.missing.discard(rank)

    def take(self, end_s: float) -> list[Segment]:
        """The segments of the window that ends here."""
        self.pass_to(end_s)
        self.close(end_s)
        done, self.segments = self.segments, []
        return done


class SparePool:
    """Healthy spares in order of number, and the seconds each has stood by in the window under way."""

    def __init__(self, spares: Sequence[int], satellites: int, begin_s: float) -> None:
        self.ready = sorted(spares)
        self._since_s = dict.fromkeys(self.ready, begin_s)
        self._begin_s = begin_s
        self._stood_s = np.zeros(satellites)
        self._moved = False
        self._quiet_s = math.nan  # length of the window that _quiet was made for
        self._quiet = self._stood_s

    def join(self, satellite: int, time_s: float) -> None:
        insort(self.ready, satellite)
        self._since_s[satellite] = time_s
        self._moved = True

    def leave(self, satellite: int, time_s: float) -> None:
        del self.ready[bisect_left(self.ready, satellite)]
        self._stood_s[satellite] += time_s - max(self._since_s.pop(satellite), self._begin_s)
        self._moved = True

    def take(self, end_s: float) -> NDArray[np.float64]:
        """Seconds stood by in the window that ends here, shape (satellites,), read-only. While nobody comes or goes it is
        one array for all windows of one length."""
        length_s = end_s - self._begin_s
        if self._moved or length_s != self._quiet_s:
            stood_s = self._stood_s
            for satellite in self.ready:
                stood_s[satellite] += end_s - max(self._since_s[satellite], self._begin_s)
            stood_s.setflags(write=False)
            self._quiet, self._quiet_s = stood_s, math.nan if self._moved else length_s
            self._stood_s = np.zeros(stood_s.size)
            self._moved = False
        self._begin_s = end_s
        return self._quiet


class JobLifecycle:
    """Synchronous jobs that share spares.

    members: of each job its satellites by rank; spares: satellites held back; no satellite twice. Satellites that are
    neither are strangers, whatever happens to them. changes: of the whole run, in any order; those before begin_s happen at
    begin_s. satellites: length of the array of spare seconds (by default up to the highest number given here).
    """

    def __init__(
        self,
        members: Sequence[Sequence[int] | IntArray],
        spares: Sequence[int] | IntArray,
        policy: Policy,
        changes: Sequence[Change],
        *,
        satellites: int = 0,
        begin_s: float = 0.0,
    ) -> None:
        if not (policy.checkpoint_interval_s >= SHORTEST_INTERVAL_S and all(t >= 0.0 for t in policy[1:])):
            raise ValueError(f"{policy}: the interval must be at least {SHORTEST_INTERVAL_S} s, no time below 0")
        self._policy = policy
        self._jobs = [_Job(ranks, policy, begin_s) for ranks in members]
        reserve = np.asarray(spares, dtype=np.int64).tolist()
        # (job, rank) of each of our satellites; None: it holds no rank
        self._rank_of: dict[int, tuple[int, int] | None] = dict.fromkeys(reserve)
        for g, job in enumerate(self._jobs):
            self._rank_of.update({s: (g, rank) for rank, s in enumerate(job.members.tolist())})
        if len(self._rank_of) != len(reserve) + sum(job.members.size for job in self._jobs):
            raise ValueError("a satellite stands twice among members and spares")
        self._pool = SparePool(reserve, max(satellites, 1 + max(self._rank_of, default=-1)), begin_s)
        self._waiting: dict[int, float] = {}  # job: since when
        self._cut_since: dict[int, float] = {}  # job: first window without network
        self._unreachable: set[int] = set()  # healthy, their ranks given to others while no message reached them
        self._now_s = begin_s
        self._batches = _batches([change for change in normalise(changes) if change.satellite in self._rank_of], begin_s)
        self._next = 0

    def ranks(self) -> list[IntArray]:
        """Who holds which rank now: of each job its satellites, read-only."""
        return [job.members for job in self._jobs]

    @property
    def unreachable(self) -> IntArray:
        """Healthy satellites that neither hold a rank nor stand by, because no message reached them."""
        return np.array(sorted(self._unreachable), dtype=np.int64)

    def exchange(self, time_s: float, cut: NDArray[np.bool_], part: IntArray) -> bool:
        """Before the window that begins at time_s: members that have been cut off for as long as detection takes give
        their ranks to spares, as if they had failed, where that mends their job. Whether ranks have changed.

        cut (jobs,): no network; part (satellites,): number of the connected part that each is in, -1 for none.
        """
        largest = _largest(part)
        for satellite in sorted(self._unreachable):
            if part[satellite] == largest:
                self._unreachable.discard(satellite)
                self._pool.join(satellite, time_s)
        changed = False
        for g, is_cut in enumerate(cut.tolist()):
            if is_cut and time_s - self._cut_since.setdefault(g, time_s) >= self._policy.detection_s:
                changed |= self._give_up(g, time_s, part)
        return changed

    def _give_up(self, g: int, time_s: float, part: IntArray) -> bool:
        job = self._jobs[g]
        if job.missing:
            return False
        gone = np.flatnonzero(disconnected(job.members, part)).tolist()
        main = _largest(part[job.members])
        able = [spare for spare in self._pool.ready if part[spare] == main]
        if not gone or len(able) < len(gone):
            return False
        job.pass_to(time_s)
        job.fail(time_s)
        job.failed_s = self._cut_since[g]
        for rank, spare in zip(gone, able, strict=False):
            satellite = int(job.members[rank])
            self._pool.leave(spare, time_s)
            self._rank_of[satellite], self._rank_of[spare] = None, (g, rank)
            self._unreachable.add(satellite)
            job.assign_rank(rank, spare, time_s)
        job.settle(time_s)
        return True

    def advance(
        self, begin_s: float, end_s: float, cut: NDArray[np.bool_]
    ) -> tuple[list[list[Segment]], NDArray[np.float64]]:
        """The window [begin_s, end_s), which follows on the last: of each job the segments that tile it, and the seconds each
        satellite stood by as a healthy spare, shape (satellites,), read-only. cut (jobs,): no network, for the whole window.
        """
        if begin_s != self._now_s or not end_s >= begin_s:
            raise ValueError(f"window {begin_s} .. {end_s} s does not follow on {self._now_s} s")
        for g, (job, is_cut) in enumerate(zip(self._jobs, cut.tolist(), strict=True)):
            if not is_cut:
                self._cut_since.pop(g, None)
            if is_cut != job.cut:
                job.set_cut(begin_s, is_cut)
        while self._next < len(self._batches) and self._batches[self._next][0].time_s < end_s:
            self._apply(self._batches[self._next])
            self._next += 1
        self._now_s = end_s
        return [job.take(end_s) for job in self._jobs], self._pool.take(end_s)

    def _apply(self, batch: list[Change]) -> None:
        """What happens to the fleet at one instant, all of it before ranks are filled: no order among satellites."""
        time_s = batch[0].time_s
        touched: set[int] = set()
        for _, satellite, up in batch:
            seat = self._rank_of[satellite]
            if seat is None and satellite in self._unreachable:  # down: when it is up again it stands by
                self._unreachable.discard(satellite)
                continue
            if seat is None:
                (self._pool.join if up else self._pool.leave)(satellite, time_s)
                continue
            g, rank = seat
            job = self._jobs[g]
            if g not in touched:
                job.pass_to(time_s)
                touched.add(g)
            if up:
                job.missing.discard(rank)
            else:
                job.missing.add(rank)
                job.fail(time_s)
        # those who wait, the longest first; then those struck just now
        for g in sorted(self._waiting.keys() | touched, key=lambda g: (self._waiting.get(g, time_s), g)):
            if self._fill(g, time_s) or g in touched:
                self._jobs[g].settle(time_s)
                if self._jobs[g].missing:
                    self._waiting.setdefault(g, time_s)
                else:
                    self._waiting.pop(g, None)

    def _fill(self, g: int, time_s: float) -> bool:
        """Seat spares, lowest number first, in the missing ranks, lowest first; whether there was one."""
        job = self._jobs[g]
        filled = sorted(job.missing)[: len(self._pool.ready)]
        for rank in filled:
            spare = self._pool.ready[0]
            self._pool.leave(spare, time_s)
            self._rank_of[int(job.members[rank])] = None
            self._rank_of[spare] = (g, rank)
            job.assign_rank(rank, spare, time_s)
        return bool(filled)


def _largest(part: IntArray) -> int:
    """The part that most are in, the lowest numbered of equals; -1 where nobody is in any."""
    return int(np.argmax(np.bincount(part[part >= 0]))) if (part >= 0).any() else -1


def disconnected(members: IntArray, part: IntArray) -> NDArray[np.bool_]:
    """Members outside the connected part that most of them are in, (members,)."""
    return np.asarray(part[members] != _largest(part[members]))


def _batches(changes: list[Change], begin_s: float) -> list[list[Change]]:
    """Changes by instant, none before begin_s."""
    moments = [max(change.time_s, begin_s) for change in changes]
    edges = [0, *(i for i in range(1, len(changes)) if moments[i] != moments[i - 1]), len(changes)]
    return [
        [Change(moments[a], satellite, up) for _, satellite, up in changes[a:b]] for a, b in pairwise(edges) if b > a
    ]
