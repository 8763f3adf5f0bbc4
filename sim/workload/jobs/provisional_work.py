"""Work of training jobs that is in no row of the ledger yet: it counts once it is saved and found right, or it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.jobs.run_losses import MESSAGES_OF_OTHERS, SPENT_ON, USEFUL, Spent

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_OWN = np.array([ROW[cause] for cause in SPENT_ON])
_INDUCED = np.array([ROW["communication"]])


class Done(NamedTuple):
    """Work of a job within a step, or one of its saves; a save has neither tokens nor running time."""

    step: int
    present: Ints
    tokens: float
    seconds: float  # that the job runs
    spent: Spent


class Happened(NamedTuple):
    """What happened to a job at one moment, in this order; see `sim.fleet.job_phases.Segment`."""

    commit: bool
    validates: bool
    spoiled: bool
    rollback: bool
    redone: int


NOTHING = Happened(commit=False, validates=False, spoiled=False, rollback=False, redone=0)


class _Batch:
    """Work of the same members over several steps: what each of them spent, and by steps what all of them did."""

    __slots__ = ("in_steps_s", "present", "seconds", "spent_s", "steps", "tokens")

    def __init__(self, done: Done) -> None:
        self.present, self.spent_s = done.present, done.spent.members_s.copy()
        self.steps, self.tokens, self.seconds, self.in_steps_s = [done.step], [done.tokens], [done.seconds], [done.spent.in_step_s]

    def add(self, done: Done) -> None:
        """Add work of the same members."""
        self.spent_s += done.spent.members_s
        self.steps.append(done.step)
        self.tokens.append(done.tokens)
        self.seconds.append(done.seconds)
        self.in_steps_s.append(done.spent.in_step_s)

    def join(self, other: _Batch) -> None:
        """Add a batch of the same members."""
        self.spent_s += other.spent_s
        self.steps += other.steps
        self.tokens += other.tokens
        self.seconds += other.seconds
        self.in_steps_s += other.in_steps_s

    def split(self, share: float) -> _Batch:
        """Take a share of it away, as a batch of its own."""
        taken = object.__new__(_Batch)
        taken.present, taken.steps = self.present, list(self.steps)
        for batch, part in ((taken, share), (self, 1.0 - share)):
            batch.spent_s = part * self.spent_s
            batch.tokens, batch.seconds = [part * x for x in self.tokens], [part * x for x in self.seconds]
            batch.in_steps_s = [part * x for x in self.in_steps_s]
        return taken


class ProvisionalWork:
    """Work of equal jobs since their last saves and validations, with all the time that members spent on it.

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
        self._open: list[list[_Batch]] = [[] for _ in range(jobs)]  # since the last save
        self._saved: list[list[_Batch]] = [[] for _ in range(jobs)]  # since the last validation

    @property
    def useful_s(self) -> float:
        """Useful time of all jobs whose work is neither found right nor lost [s], each satellite by its weight."""
        batches = (batch for work in (*self._saved, *self._open) for batch in work)
        return float(sum(each[USEFUL] for batch in batches for each in batch.in_steps_s)) / self.copies

    def add(self, job: int, done: Done) -> None:
        """Add work.

        Parameters
        ----------
        job : int
            Number of the job.
        done : Done
            The work.
        """
        work = self._open[job]
        # two copies that differ cost the last moments alone: what was done in each interval is kept apart
        if work and work[-1].present is done.present and self.copies != 2:
            work[-1].add(done)
        else:
            work.append(_Batch(done))

    def settle(self, job: int, happened: Happened, step_s: float, ledger: Ledger) -> None:
        """A save keeps work, a validation enters it or makes its time corruption, a rollback makes the time since the save recovery.

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
            self._save(job)
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
        """Work after the last validation counts at the end of the run, unless a silent error has spoiled it.

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

    def _save(self, job: int) -> None:
        saved = self._saved[job]
        for batch in self._open[job]:
            if saved and saved[-1].present is batch.present:
                saved[-1].join(batch)
            else:
                saved.append(batch)
        self._open[job].clear()

    def _count(self, job: int, work: Sequence[_Batch], ledger: Ledger) -> None:
        """Work that is right: all its time is entered where it belongs. What copies of the arithmetic do is the price of knowing it."""
        for batch in work:
            steps, spent_s, in_steps_s = np.array(batch.steps), batch.spent_s, np.array(batch.in_steps_s)
            if self.copies > 1:
                spent_s = spent_s.copy()  # `useful_s` still reports what is left at the end of the run
                spent_s[USEFUL] /= self.copies
                in_steps_s[:, USEFUL] /= self.copies
                price = self.copies - 1
                ledger.own_parts(
                    np.array([ROW["corruption"]]), batch.present, price * spent_s[[USEFUL]], steps, price * in_steps_s[:, [USEFUL]]
                )
            ledger.own_parts(_OWN, batch.present, spent_s[:MESSAGES_OF_OTHERS], steps, in_steps_s[:, :MESSAGES_OF_OTHERS])
            ledger.induced_parts(_INDUCED, batch.present, spent_s[MESSAGES_OF_OTHERS:], steps, in_steps_s[:, MESSAGES_OF_OTHERS:])
            for step, tokens, seconds in zip(batch.steps, batch.tokens, batch.seconds, strict=True):
                self.tokens[job, step] += tokens
                self.counted_s[job] += seconds

    def _lose(self, cause: str, work: Sequence[_Batch], ledger: Ledger) -> None:
        """Work that is done again: all the time that its members spent on it is lost to one cause of their own."""
        for batch in work:
            whole_s, in_steps_s = np.add.reduce(batch.spent_s, axis=0), np.add.reduce(np.array(batch.in_steps_s), axis=1)
            ledger.own_parts(np.array([ROW[cause]]), batch.present, whole_s[None, :], np.array(batch.steps), in_steps_s[:, None])

    def _redo(self, job: int, seconds: float, ledger: Ledger) -> None:
        """The last work is corrupt, as long as it took; what was saved before stays."""
        work = self._open[job]
        while work and seconds > 0.0:
            last_s = sum(work[-1].seconds)
            if last_s <= seconds:
                self._lose("corruption", [work.pop()], ledger)
            else:
                self._lose("corruption", [work[-1].split(seconds / last_s)], ledger)
            seconds -= last_s
