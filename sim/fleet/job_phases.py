"""Phases of one job: what it does from when to when, and the running time that counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

RUN, CHECKPOINT, RECOVERY, WAITING, OUTAGE, INGEST = range(6)  # INGEST: the job waits for its first data
HELD: Final = 6  # a phase, not a mode: the job is well and waits for another replica; its mode is that of the replica
ROUNDING_S: Final = 1e-6  # of times that are sums of intervals
SHORTEST_INTERVAL_S: Final = 1e-3  # a shorter one would vanish in the rounding of late times, and time would not advance


class KeptCopy(NamedTuple):
    """A place where copies of checkpoints are kept, times [s]."""

    place: str  # memory, neighbour, plane or ground
    every: int  # each so many-th checkpoint is copied there
    save_s: float  # the job waits so long for a checkpoint that is copied there
    reload_s: float
    lag_s: float = 0.0  # from the checkpoint until the copy is complete, while the job goes on
    holders: tuple[int, ...] = ()  # of each satellite of the fleet, the one that keeps its copy; -1: none


class KeptCopies(NamedTuple):
    """Copies of the checkpoints of a job, times [s]."""

    cycle_s: float  # between two checkpoints, saving included
    memory_s: float  # to reload from the memory of the own satellite
    copies: tuple[KeptCopy, ...]


class Policy(NamedTuple):
    """How jobs save checkpoints and recover, times [s]."""

    checkpoint_interval_s: float  # running time between checkpoints; inf: none
    checkpoint_s: float  # the job is stopped while it saves
    detection_s: float
    restart_s: float  # swap, restart and reload
    continuous: bool = False  # saves take no time and only the last one of a window is noted; the others change nothing
    validation_s: float = 0.0  # a save so long after the last validation, or longer, is validated; 0: every one
    harmful: float = 0.0  # share of silent errors that spoil the work; 0: none
    copies: int = 1  # of all arithmetic: two find a silent error at the end of the training step, three outvote it
    kept: KeptCopies | None = None  # where checkpoints are kept; None: on storage that survives every failure


class Standing(NamedTuple):
    """Rights of a job against those of other workloads."""

    workload: int = 0  # jobs of one workload never take members of each other
    priority: int = 0
    reserve: int = 0  # spares that jobs of other workloads leave to this workload


class Segment(NamedTuple):
    """An interval of one job's time. What its flags say happens at its beginning: save, validation, rollback, in this order."""

    begin_s: float
    end_s: float
    mode: int
    members: IntArray  # (n,) satellites by rank, those that are down included
    lost: IntArray  # members that are down: the job waits because of them
    commit: bool  # all work before is saved
    rollback: bool  # a member failed: all work since the last save is lost
    peer: bool = False  # the job itself is well: it waits for another replica, which is in this mode
    valid: bool | None = None  # all that is saved counts; None: as `commit`
    spoiled: bool = False  # a validation has found a silent error: all work since the last one before is lost
    redone: int = 0  # training steps that are taken again, since copies of their arithmetic differ

    @property
    def validates(self) -> bool:
        """Whether all that is saved counts from now on."""
        return self.commit if self.valid is None else self.valid


class Work(NamedTuple):
    """Running time of a job [s], by whether it counts, was lost, or neither yet."""

    committed_s: float = 0.0
    lost_s: float = 0.0
    open_s: float = 0.0  # since the last save
    saved_s: float = 0.0  # saved since the last validation


def account(work: Work, segments: Sequence[Segment]) -> Work:
    """Accumulate running time by whether it counts, was lost, or neither yet.

    Parameters
    ----------
    work : Work
        Running times so far.
    segments : sequence of Segment
        Segments that follow on those in `work`, in order of time.

    Returns
    -------
    Work
        Running times after these segments.

    Examples
    --------
    >>> run = Segment(0.0, 60.0, RUN, np.arange(2), np.arange(0), False, False)
    >>> account(Work(), [run, run._replace(begin_s=60.0, end_s=90.0, commit=True)])
    Work(committed_s=60.0, lost_s=0.0, open_s=30.0, saved_s=0.0)
    """
    committed_s, lost_s, open_s, saved_s = work
    for segment in segments:
        if segment.commit:
            saved_s, open_s = saved_s + open_s, 0.0
        if segment.validates:
            committed_s, saved_s = committed_s + saved_s, 0.0
        if segment.spoiled:
            lost_s, open_s, saved_s = lost_s + open_s + saved_s, 0.0, 0.0
        if segment.rollback:
            lost_s, open_s = lost_s + open_s, 0.0
        if segment.mode == RUN:
            open_s += segment.end_s - segment.begin_s
    return Work(committed_s, lost_s, open_s, saved_s)


def _frozen(satellites: Sequence[int] | IntArray) -> IntArray:
    array = np.array(satellites, dtype=np.int64)
    array.setflags(write=False)
    return array


_NONE = _frozen(())


class Job:
    """One job in its cycle of running, saving and recovering; spares are handled by `sim.fleet.job_lifecycle.JobLifecycle`.

    Parameters
    ----------
    members : sequence of int or ndarray of int64
        Satellites by rank.
    policy : Policy
        How the job saves and recovers.
    standing : Standing
        Its rights against other jobs.
    begin_s : float
        Time at which it starts [s].
    """

    __slots__ = (
        "awaits", "commit", "disconnected", "end_s", "failed_s", "first_save_s", "left_s", "lost", "members", "missing", "phase", "policy",
        "redone", "rollback", "saved_wrong", "segments", "since_s", "spoiled", "standing", "valid", "validated_s", "wrong",
    )  # fmt: skip

    def __init__(self, members: Sequence[int] | IntArray, policy: Policy, standing: Standing, begin_s: float) -> None:
        self.members = _frozen(members)
        self.standing = standing
        self.lost = _NONE
        self.missing: set[int] = set()  # ranks whose satellite is down
        self.policy = policy
        self.phase = RUN
        self.disconnected = False
        self.end_s = begin_s + policy.checkpoint_interval_s  # of the phase; inf while disconnected or waiting
        self.first_save_s = self.end_s  # of the present run
        self.awaits = RECOVERY  # mode of the replica that a job that is held waits for
        self.left_s = 0.0  # of a phase that is interrupted by a lost network
        self.failed_s = -math.inf
        self.since_s = begin_s  # beginning of the current segment, with its flags
        self.commit = self.rollback = self.valid = self.spoiled = False
        self.redone = 0
        self.wrong = self.saved_wrong = False  # whether a silent error has spoiled the work, and what was saved last
        self.validated_s = begin_s  # time of the last validation
        self.segments: list[Segment] = []

    def close(self, time_s: float) -> None:
        """End the current segment; one without length is left out and passes its flags on.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        if time_s > self.since_s:
            mode = OUTAGE if self.disconnected and self.phase <= CHECKPOINT else self.phase
            self.segments.append(
                Segment(
                    begin_s=self.since_s, end_s=time_s, mode=self.awaits if mode == HELD else mode, members=self.members, lost=self.lost,
                    commit=self.commit, rollback=self.rollback, peer=mode == HELD, valid=self.valid, spoiled=self.spoiled, redone=self.redone,
                )
            )
            self.since_s = time_s
            self.commit = self.rollback = self.valid = self.spoiled = False
            self.redone = 0

    def _enter(self, time_s: float, phase: int, end_s: float) -> None:
        self.close(time_s)
        self.phase = phase
        if self.disconnected and phase <= CHECKPOINT:
            self.left_s, self.end_s = end_s - time_s, math.inf
        else:
            self.end_s = self.first_save_s = end_s

    def pass_to(self, time_s: float) -> None:
        """Pass the phases that have ended.

        Parameters
        ----------
        time_s : float
            Time [s]; phases that end then have ended.
        """
        while self.end_s <= time_s:
            ended, at_s = self.phase, self.end_s
            if ended == RUN and self.policy.continuous:
                self._pass_saves(time_s)
            elif ended == RUN:
                self._enter(at_s, CHECKPOINT, at_s + self.policy.checkpoint_s)
            elif ended == CHECKPOINT and self.wrong and self._is_due(at_s):
                self._enter(at_s, RECOVERY, at_s + self.policy.restart_s)
                self._find_error(at_s)
            elif ended == INGEST:
                self._begin_work(at_s)
            else:
                self._enter(at_s, RUN, at_s + self.policy.checkpoint_interval_s)
                if ended == CHECKPOINT:
                    self._save(at_s)

    def await_data(self) -> None:
        """Wait for data before any work; called before the first window."""
        self.phase, self.end_s = INGEST, math.inf

    def take_data(self, time_s: float) -> None:
        """All data are aboard: the work begins with the members that are up, or waits for those that are not.

        Parameters
        ----------
        time_s : float
            Time [s], not before the last window.
        """
        self.end_s = time_s

    def _begin_work(self, time_s: float) -> None:
        self.validated_s = time_s
        if self.missing:
            self._enter(time_s, WAITING, math.inf)
            self.lost = _frozen(self.members[sorted(self.missing)])
        else:
            self._enter(time_s, RUN, time_s + self.policy.checkpoint_interval_s)

    def _is_due(self, time_s: float) -> bool:
        """Whether a save at this time is validated."""
        return time_s - self.validated_s >= self.policy.validation_s - ROUNDING_S

    def _save(self, time_s: float) -> None:
        """All work before is saved, and counts if it is right and the time for a validation has come."""
        self.commit, self.saved_wrong = True, self.wrong
        if not self.wrong and self._is_due(time_s):
            self.valid, self.validated_s = True, time_s

    def _find_error(self, time_s: float) -> None:
        """A validation finds a silent error: all work since the last one before is lost."""
        self.spoiled, self.validated_s = True, time_s
        self.wrong = self.saved_wrong = False

    def strike(self, time_s: float) -> None:
        """A silent error that matters strikes a member; what has ended by then has been passed.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        works = self.phase in (RUN, CHECKPOINT) and not self.missing
        if works and self.policy.copies == 1:
            self.wrong = True
        elif works and self.policy.copies == 2 and self.phase == RUN:
            self.close(time_s)
            self.redone += 1

    def _pass_saves(self, time_s: float) -> None:
        """Note the last save up to time_s; its time does not depend on which saves were noted before."""
        first_s, interval_s = self.first_save_s, self.policy.checkpoint_interval_s
        if self.wrong:  # the step in flight is taken again
            self.close(self.end_s)
            self._find_error(self.end_s)
            self.end_s = first_s + (round((self.end_s - first_s) / interval_s) + 1) * interval_s
            return
        count = max(0, math.floor((time_s - first_s) / interval_s) - 1)
        while first_s + (count + 1) * interval_s <= time_s:
            count += 1
        self.close(first_s + count * interval_s)
        self.commit = self.valid = True
        self.end_s = first_s + (count + 1) * interval_s

    def start_run(self, time_s: float) -> None:
        """Train from now on.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        self._enter(time_s, RUN, time_s + self.policy.checkpoint_interval_s)

    def catch_up(self, time_s: float, duration_s: float) -> None:
        """Fetch what others have trained meanwhile, then train.

        Parameters
        ----------
        time_s, duration_s : float
            Time and duration [s].
        """
        self._enter(time_s, RECOVERY, time_s + duration_s)

    def hold(self, time_s: float, awaits: int) -> None:
        """Wait for another replica; the step in flight is lost.

        Parameters
        ----------
        time_s : float
            Time [s].
        awaits : int
            Mode of that replica.
        """
        if self.phase == HELD and self.awaits == awaits:
            return
        self.pass_to(time_s)
        self.close(time_s)
        if self.phase != HELD:
            self.phase, self.end_s, self.rollback, self.wrong = HELD, math.inf, True, False
        self.awaits = awaits

    def set_disconnected(self, time_s: float, disconnected: bool) -> None:
        """Lose the network, or have it again.

        Parameters
        ----------
        time_s : float
            Time [s].
        disconnected : bool
            Whether messages have no route from now on.
        """
        if self.phase <= CHECKPOINT:
            self.close(time_s)
            if disconnected:
                self.left_s, self.end_s = self.end_s - time_s, math.inf
            else:
                self.end_s = self.first_save_s = time_s + self.left_s
        self.disconnected = disconnected

    def fail(self, time_s: float) -> None:
        """A member fails: work since the last save is lost.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        self.close(time_s)
        self.rollback, self.wrong = True, self.saved_wrong
        self.failed_s = time_s

    def settle(self, time_s: float) -> None:
        """Ranks have changed: wait for those still missing, or recover.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        if self.phase == INGEST:  # there is no work to be recovered, and what is aboard stays
            self.close(time_s)
            self.lost = _frozen(self.members[sorted(self.missing)]) if self.missing else _NONE
        elif self.missing:
            self._enter(time_s, WAITING, math.inf)
            self.lost = _frozen(self.members[sorted(self.missing)])
        else:
            noticed_s = max(time_s, self.failed_s + self.policy.detection_s)
            self._enter(time_s, RECOVERY, noticed_s + self.policy.restart_s)
            self.lost = _NONE

    def replace_members(self, members: Sequence[int] | IntArray, policy: Policy, time_s: float, duration_s: float) -> None:
        """Go on with other members after a change that takes some time; work goes on from memory, or from the last save where it was lost.

        Parameters
        ----------
        members : sequence of int or ndarray of int64
            Satellites by rank, all of them healthy.
        policy : Policy
            How the job saves and recovers from now on.
        time_s, duration_s : float
            Time and duration of the change [s].
        """
        self.pass_to(time_s)
        self.close(time_s)
        if self.phase <= CHECKPOINT and not self.disconnected:
            self._save(time_s)
        elif self.phase <= CHECKPOINT:
            self.rollback, self.wrong = True, self.saved_wrong
        self.members, self.missing, self.lost, self.policy = _frozen(members), set(), _NONE, policy
        self.disconnected = False
        if self.phase != INGEST:
            self._enter(time_s, RECOVERY, time_s + duration_s)

    def assign_rank(self, rank: int, satellite: int, time_s: float) -> None:
        """Another satellite takes the rank of one that is down.

        Parameters
        ----------
        rank, satellite : int
            Rank, and the number of the satellite.
        time_s : float
            Time [s].
        """
        self.close(time_s)
        members = self.members.copy()
        members[rank] = satellite
        self.members = _frozen(members)
        self.missing.discard(rank)

    def close_window(self, end_s: float) -> list[Segment]:
        """The segments of the window that ends here.

        Parameters
        ----------
        end_s : float
            End of the window [s].

        Returns
        -------
        list of Segment
            Segments that tile the window.
        """
        self.pass_to(end_s)
        self.close(end_s)
        done, self.segments = self.segments, []
        return done
