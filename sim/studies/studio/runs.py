"""Runs and analyses of the studio: asked for by key, queued, computed one at a time in a process of their own, remembered within a budget."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from sim.results.store import Results
from sim.studies.studio import worker

PATIENCE_S = 3.0  # between asking a run to stop and ending its process
MOST_BYTES = 2_000_000_000  # of series that are kept
MOST_QUEUED = 16
SMALL_BYTES = 100_000  # about, of the answer of an analysis


@dataclass(frozen=True)
class Variant:
    """Changes of the opened scenario, as the command line takes them.

    Attributes
    ----------
    sets : tuple of str
        Overrides such as "step=30 s".
    events : tuple of str
        Further events such as "+6 h lose plane 3 for 90 min".
    seed : int, optional
        Seed of all random streams.
    """

    sets: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def key(self) -> str:
        """Identity of its run: variants with the same changes have the same."""
        return self.key_of(worker.RUN)

    def key_of(self, task: str) -> str:
        """Identity of what is computed of it.

        Parameters
        ----------
        task : str
            One of `sim.studies.studio.worker.TASKS`.

        Returns
        -------
        str
            16 hexadecimal digits.
        """
        text = json.dumps([self.sets, self.events, self.seed, *([] if task == worker.RUN else [task])], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Status:
    """What has become of a run.

    Attributes
    ----------
    state : str
        "unknown", "queued", "running", "done", "refused", "failed" or "cancelled".
    done, total : float
        Satellite-steps; of a mission, runs, replicas or processes.
    what : str
        What is counted, of a mission; empty for a run.
    message, log : str
        Why it failed, and what the process printed of it.
    problems : tuple of (str, str)
        Field and message of each problem of a scenario that was refused.
    time_s : float
        Time since it began, or that it took [s].
    """

    state: str = "unknown"
    done: float = 0
    total: float = 0
    what: str = ""
    message: str = ""
    log: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    time_s: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "refused", "failed", "cancelled")


class Runs:
    """Runs of one scenario and its variants.

    Parameters
    ----------
    source : str
        Name or path of the scenario.
    flags : dict of str to bool, optional
        Further options of `sim.api.load`.
    most_bytes : int, optional
        Size of the series that are kept; the oldest are forgotten first.
    """

    def __init__(self, source: str, flags: dict[str, bool] | None = None, most_bytes: int = MOST_BYTES) -> None:
        self.source, self.flags, self.most_bytes = source, flags or {}, most_bytes
        self._changed = threading.Condition()
        self._status: dict[str, Status] = {}
        self._results: OrderedDict[str, Any] = OrderedDict()
        self._variants: dict[str, Variant] = {}
        self._kept: frozenset[str] = frozenset()
        self._queue: OrderedDict[str, tuple[Variant, str]] = OrderedDict()
        self._running: tuple[str, float] | None = None
        self._stopping: float | None = None
        self._closed = False
        self._life = threading.Lock()  # of the process: it is started and ended by two threads
        self._process: Any = None
        self._pipe: Connection | None = None
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
        self._thread.start()

    def ask(self, variant: Variant, task: str = worker.RUN) -> str:
        """Ask for a run or an analysis, unless it is there or on its way.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.
        task : str, optional
            One of `sim.studies.studio.worker.TASKS`.

        Returns
        -------
        str
            Its key.
        """
        key = variant.key_of(task)
        with self._changed:
            if self.status(key).state in ("unknown", "cancelled", "failed"):
                self._queue[key] = (variant, task)
                self._status[key] = Status("queued")
                while len(self._queue) > MOST_QUEUED:
                    old, _ = self._queue.popitem(last=False)
                    self._status[old] = Status("cancelled")
            self._changed.notify_all()
        return key

    def keep(self, keys: frozenset[str]) -> None:
        """Name the runs that are shown: they are not forgotten.

        Parameters
        ----------
        keys : frozenset of str
            Their keys.
        """
        with self._changed:
            self._kept = keys

    def status(self, key: str) -> Status:
        """What has become of a run.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        Status
            Its state.
        """
        with self._changed:
            found = self._status.get(key, Status())
            if self._running is not None and self._running[0] == key:
                return replace(found, time_s=time.monotonic() - self._running[1])
            return found

    def wait(self, key: str, limit_s: float) -> Status:
        """Wait for the end of a run.

        Parameters
        ----------
        key : str
            Its key.
        limit_s : float
            For how long [s].

        Returns
        -------
        Status
            Its state then.
        """
        until = time.monotonic() + limit_s
        with self._changed:
            while not (found := self.status(key)).over and found.state != "unknown" and (left := until - time.monotonic()) > 0.0:
                self._changed.wait(left)
            return self.status(key)

    def variant(self, key: str) -> Variant | None:
        """The variant of a run that has results.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        Variant or None
            None where it has none.
        """
        with self._changed:
            return self._variants.get(key)

    def results(self, key: str) -> Any:
        """Results of a run, or the answer of an analysis.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        Results, or the answer of an analysis, or None
            None where it has none, or they have been forgotten.
        """
        with self._changed:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
            return found

    def add(self, variant: Variant, results: Results) -> str:
        """Take in results that were there before, such as those of a folder.

        Parameters
        ----------
        variant : Variant
            Changes that led to them.
        results : Results
            The results.

        Returns
        -------
        str
            Their key.
        """
        with self._changed:
            self._store(variant.key, variant, results)
            self._status[variant.key] = Status("done")
        return variant.key

    def cancel(self, key: str) -> None:
        """Give up a run; others stay in the queue.

        Parameters
        ----------
        key : str
            Its key.
        """
        with self._changed:
            if self._queue.pop(key, None) is not None:
                self._status[key] = Status("cancelled")
            elif self._running is not None and self._running[0] == key and self._pipe is not None and self._stopping is None:
                self._stopping = time.monotonic()
                with contextlib.suppress(OSError):  # of a process that has ended: its thread sees that
                    self._pipe.send((key, "cancel"))
            self._changed.notify_all()

    def close(self) -> None:
        """End the process and forget the queue."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
        self._end_process()
        self._thread.join(PATIENCE_S)

    # --- the thread that feeds the process

    def _work(self) -> None:
        with contextlib.suppress(Exception):  # reported when a run is asked for, which starts it again
            self._start_process()  # compiled kernels are loaded while the page opens
        while True:
            with self._changed:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                key, (variant, task) = self._queue.popitem(last=False)
                self._running, self._stopping = (key, time.monotonic()), None
                self._status[key] = Status("running")
                self._changed.notify_all()
            try:
                status = self._run(key, variant, task)
            except Exception as error:  # such as results that cannot be read: the studio shows it and goes on
                self._end_process()
                status = Status("failed", message=f"{type(error).__name__}: {error}")
            self._settle(key, status)

    def _run(self, key: str, variant: Variant, task: str) -> Status:
        if self._process is None or not self._process.is_alive():
            self._end_process()
            self._start_process()
        pipe = self._pipe
        if pipe is None:  # closed meanwhile
            return Status("cancelled")
        try:
            pipe.send(worker.Request(key, task, self.source, variant.sets, variant.events, variant.seed, self.flags))
            return self._answers(key, variant, pipe)
        except (EOFError, OSError):
            return self._lost()

    def _lost(self) -> Status:
        if self._closed or self._stopping is not None:
            return Status("cancelled")
        process = self._process
        if process is not None:
            process.join(1.0)
        code = None if process is None else process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return Status("failed", message=f"the process that computes has ended ({how}); the next run starts another")

    def _answers(self, key: str, variant: Variant, pipe: Connection) -> Status:
        while True:
            while not pipe.poll(0.2):
                if self._stopping is not None and time.monotonic() - self._stopping > PATIENCE_S:
                    self._end_process()
                    return Status("cancelled")
            answer = pipe.recv()
            if answer[0] != key:
                continue
            match answer[1]:
                case "progress":
                    with self._changed:
                        self._status[key] = Status("running", *answer[2:5])
                        self._changed.notify_all()
                case "done":
                    with self._changed:
                        self._store(key, variant, answer[2])
                    return Status("done")
                case "refused":
                    return Status("refused", problems=tuple(answer[2]))
                case "failed":
                    return Status("failed", message=answer[2], log=answer[3])
                case _:
                    return Status("cancelled")

    def _settle(self, key: str, status: Status) -> None:
        with self._changed:
            begun = self._running[1] if self._running is not None else time.monotonic()
            self._status[key] = replace(status, time_s=time.monotonic() - begun)
            self._running, self._stopping = None, None
            self._changed.notify_all()

    def _store(self, key: str, variant: Variant, results: Any) -> None:
        self._results[key], self._variants[key] = results, variant
        self._results.move_to_end(key)
        for old in [k for k in self._results if k != key and k not in self._kept]:
            if sum(map(_bytes, self._results.values())) <= self.most_bytes:
                return
            del self._results[old], self._variants[old]
            self._status.pop(old, None)

    def _start_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        with self._life:
            if self._closed:
                return
            ours, theirs = context.Pipe()
            process = context.Process(target=worker.serve, args=(theirs,), name="dawndusk-runs", daemon=True)
            process.start()
            theirs.close()
            self._process, self._pipe = process, ours

    def _end_process(self) -> None:
        with self._life:
            process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.terminate()
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()


def _bytes(results: Any) -> int:
    return int(results.series.nbytes) if isinstance(results, Results) else SMALL_BYTES
