"""Elastic jobs: replicas that train in step with each other, and go on without one that is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim.fleet.job_phases import HELD, INGEST, OUTAGE, RECOVERY, RUN, WAITING, Job


class Replicas(NamedTuple):
    """Rules of an elastic job, times [s]."""

    jobs: tuple[int, ...]  # numbers of its replicas among all jobs
    grace_s: float  # the others wait for a replica that is lost at most so long
    least: int  # replicas that must take part
    copy_s: float  # a replica that has missed steps but lost nothing fetches weights and optimiser state


class ElasticJob:
    """Replicas of one job. One that cannot train is away; the others wait for it during its grace, and whenever too few are left.

    When a replica is lost all of them lose the step in flight, which cannot end without it.

    Parameters
    ----------
    rules : Replicas
        Grace, quorum and time of a copy.
    replicas : sequence of Job
        The replicas.
    """

    def __init__(self, rules: Replicas, replicas: Sequence[Job]) -> None:
        self.rules, self.replicas = rules, replicas
        self._present = set(range(len(replicas)))  # those that train, or could
        self._until_s: dict[int, float] = {}  # replicas that the others wait for, and until when
        self._behind: set[int] = set()  # replicas without network that miss steps

    def connect(self, time_s: float, offline: Sequence[bool]) -> None:
        """Take over which replicas have no network from now on; `settle` follows.

        Parameters
        ----------
        time_s : float
            Beginning of a window [s].
        offline : sequence of bool
            Whether messages of each replica have no route.
        """
        for i, (replica, is_offline) in enumerate(zip(self.replicas, offline, strict=True)):
            if is_offline == replica.disconnected:
                continue
            if is_offline and replica.phase in (RUN, HELD):  # the step in flight is lost
                replica.hold(time_s, OUTAGE)
                replica.start_run(time_s)
            replica.set_disconnected(time_s, is_offline)
            if not is_offline and i in self._behind and replica.phase == RUN:  # a spare has not taken a rank meanwhile
                replica.catch_up(time_s, self.rules.copy_s)

    def pass_to(self, time_s: float) -> None:
        """Pass recoveries and graces that have ended; `settle` follows, once what else happens at the time has happened.

        Parameters
        ----------
        time_s : float
            Time [s]; what ends then has ended.
        """
        while (at_s := self._next_s()) < time_s:
            self._end_recoveries(at_s)
            self.settle(at_s)
        self._end_recoveries(time_s)

    def _end_recoveries(self, time_s: float) -> None:
        for replica in self.replicas:
            if replica.phase in (RECOVERY, INGEST):
                replica.pass_to(time_s)

    def _next_s(self) -> float:
        ends = [replica.end_s for replica in self.replicas if replica.phase in (RECOVERY, INGEST)]
        return min([*ends, *self._until_s.values()], default=math.inf)

    def settle(self, time_s: float) -> None:
        """Replicas have changed: those that can train do so, or wait for the others.

        Parameters
        ----------
        time_s : float
            Time [s].
        """
        now = {i for i, r in enumerate(self.replicas) if r.phase in (RUN, HELD) and not r.disconnected}
        lost = self._present - now
        until_s = self._until_s | dict.fromkeys(lost, time_s + self.rules.grace_s)
        self._until_s = {i: until for i, until in until_s.items() if i not in now and until > time_s}
        self._present = now
        away = set(range(len(self.replicas))) - now
        awaited = away if len(now) < self.rules.least else set(self._until_s)
        for i in sorted(now):
            if awaited or lost:
                self.replicas[i].hold(time_s, self._mode(awaited or lost))
            if not awaited and self.replicas[i].phase == HELD:
                self.replicas[i].start_run(time_s)
        trains = bool(now) and not awaited
        # one that recovers fetches weights at its end anyway
        self._behind = {i for i in away if self.replicas[i].phase == RUN and (trains or i in self._behind)}

    def _mode(self, awaited: set[int]) -> int:
        """What replicas wait for: a lost member before a lost network before a recovery."""
        them = [self.replicas[i] for i in awaited]
        if any(r.phase == WAITING for r in them):
            return WAITING
        return OUTAGE if any(r.phase != RECOVERY for r in them) else RECOVERY
