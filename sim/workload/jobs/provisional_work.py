"""Work of training jobs that is in no row of the ledger yet: it counts once it is saved and found right, or it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload.jobs.ledger import Ledger

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Done(NamedTuple):
    """Work of a job within a step; useful_s of each satellite, all copies of it."""

    step: int
    present: Ints
    useful_s: float
    tokens: float
    seconds: float


class Happened(NamedTuple):
    """What happened to a job at one moment, in this order; see `sim.fleet.job_phases.Segment`."""

    commit: bool
    validates: bool
    spoiled: bool
    rollback: bool
    redone: int


NOTHING = Happened(commit=False, validates=False, spoiled=False, rollback=False, redone=0)


class ProvisionalWork:
    """Work of equal jobs since their last saves and validations.

    Parameters
    ----------
    jobs : int
        Number of jobs.
    steps : int
        Steps of the run.
    copies : int
        Times that all arithmetic is done.

    Attributes
    ----------
    tokens : (jobs, steps) tokens that count, in the steps in which they were trained.
    counted_s : (jobs,) running time whose work counts [s].
    """

    def __init__(self, jobs: int, steps: int, copies: int) -> None:
        self.copies = copies
        self.tokens, self.counted_s = np.zeros((jobs, steps)), np.zeros(jobs)
        self._open: list[list[Done]] = [[] for _ in range(jobs)]  # since the last save
        self._saved: list[list[Done]] = [[] for _ in range(jobs)]  # since the last validation

    @property
    def left(self) -> list[Done]:
        """Work that is neither found right nor lost, of all jobs."""
        return [done for work in (*self._saved, *self._open) for done in work]

    def add(self, job: int, done: Done) -> None:
        """Add work.

        Parameters
        ----------
        job : int
            Number of the job.
        done : Done
            The work.
        """
        self._open[job].append(done)

    def settle(self, job: int, happened: Happened, step_s: float, ledger: Ledger) -> None:
        """A save keeps work, a validation makes it useful or corruption, a rollback makes what is not saved recovery.

        Parameters
        ----------
        job : int
            Number of the job.
        happened : Happened
            What happened to it.
        step_s : float
            Duration of a training step with all copies of its arithmetic [s].
        ledger : Ledger
            The ledger.
        """
        if happened is NOTHING:
            return
        if happened.commit:
            self._saved[job] += self._open[job]
            self._open[job].clear()
        if happened.validates:
            self._count(job, self._saved[job], ledger)
            self._saved[job].clear()
        if happened.spoiled:
            self._lose("corruption", [*self._saved[job], *self._open[job]], ledger)
            self._saved[job].clear()
        elif happened.rollback:
            self._lose("recovery", self._open[job], ledger)
        if happened.spoiled or happened.rollback:
            self._open[job].clear()
        if happened.redone:
            self._redo(job, happened.redone * step_s, ledger)

    def end(self, job: int, wrong: bool, ledger: Ledger) -> None:
        """Work after the last validation counts at the end of the run, unless a silent error has spoiled it; `left` keeps it.

        Parameters
        ----------
        job : int
            Number of the job.
        wrong : bool
            Whether its work is spoiled.
        ledger : Ledger
            The ledger.
        """
        work = [*self._saved[job], *self._open[job]]
        if not wrong:
            self._count(job, work, ledger)
            return
        self._lose("corruption", work, ledger)
        self._saved[job].clear()
        self._open[job].clear()

    def _count(self, job: int, work: Sequence[Done], ledger: Ledger) -> None:
        """Work that is right: what its copies do is the price of knowing it."""
        for _, same in groupby(work, key=lambda done: id(done.present)):
            group = list(same)
            steps, present = np.array([done.step for done in group]), group[0].present
            each_s = np.array([done.useful_s for done in group]) / self.copies
            ledger.own_in_steps("useful", steps, present, each_s)
            if self.copies > 1:
                ledger.own_in_steps("corruption", steps, present, (self.copies - 1) * each_s)
        for done in work:
            self.tokens[job, done.step] += done.tokens
            self.counted_s[job] += done.seconds

    def _lose(self, cause: str, work: Sequence[Done], ledger: Ledger) -> None:
        for done in work:
            ledger.own(cause, done.step, done.present, np.full(done.present.size, done.useful_s))

    def _redo(self, job: int, seconds: float, ledger: Ledger) -> None:
        """The last work is corrupt, as long as it took; what was saved before stays."""
        work = self._open[job]
        while work and seconds > 0.0:
            done = work.pop()
            lost = min(1.0, seconds / done.seconds)
            self._lose("corruption", [done._replace(useful_s=lost * done.useful_s)], ledger)
            left = 1.0 - lost
            if left > 0.0:
                work.append(done._replace(useful_s=left * done.useful_s, tokens=left * done.tokens, seconds=left * done.seconds))
            seconds -= lost * done.seconds
