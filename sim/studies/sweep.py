"""Running a study of many points on dask.distributed, with a journal from which it can be resumed.

One machine is a cluster of its own: worker processes with one thread each, connected over the loopback address by TLS
with a key that exists only in memory, so that no other user of the machine can send code to it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import platform
import queue
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import sim
from sim.config.errors import InputError, RunError
from sim.config.validation import available_bytes
from sim.output import check_place
from sim.studies import definition
from sim.studies.definition import Point, Progress, Study
from sim.studies.journal import Journal
from sim.studies.study_folder import Finished, StudyWriter, existing_study, part_folder, write_folder
from sim.studies.table import flatten

STARTING_S = 4.0  # start of workers and loading of kernels, for estimates only
POINT_S = 0.05  # overhead of a point, for estimates only
DIED = "its worker process died twice, the second time with this point only: killed, or out of memory"

_DASK_CONFIG = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.worker-saturation": 1.0,  # no queue on workers: a worker that dies loses one point only
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ": {
        **dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "DASK_LOGGING__DISTRIBUTED": "critical",
    },
}
CONNECT_TIMEOUT_S = 10.0
SILENT_S = 30.0  # a scheduler that has not answered for so long is lost
NO_WORKERS_S = 60.0  # time without any worker after which a study ends
CHECK_S = 2.0  # between questions to the scheduler while no point finishes
WAIT_S = 0.1
CLOSE_S = 5.0
UNGUARDED = 'in a script, call sim.sweep below `if __name__ == "__main__":`'
KEPT = "finished points are saved; add --resume to continue"
# Ctrl-C is sent to every process of the terminal: workers ignore it, this process handles it and stops them
_IGNORE_SIGINT = "import signal\ndef dask_setup(worker):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


def sweep(
    source: str | Path | dict[str, Any],
    out: str | Path | None = None,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Finished:
    """Run a sweep into a study folder.

    Parameters
    ----------
    source : str, Path or dict
        Name of a shipped sweep, path of a sweep file, or its content.
    out : str or Path, optional
        Folder of the finished study; by default a numbered one in `results`.
    scheduler : str, optional
        Address of a running dask scheduler; by default workers are started on this machine.
    workers : int, optional
        Worker processes to start.
    resume : bool
        Whether to continue an unfinished study.
    progress : callable, optional
        Called with the number of points done and their total.

    Returns
    -------
    Finished
        Folder and failed points.

    Raises
    ------
    InputError
        If the sweep is invalid, if a folder is in the way, or if there is nothing to resume.
    RunError
        If workers or scheduler cannot be used.

    Notes
    -----
    Worker processes are started, which import the calling script: it must call this below `if __name__ == "__main__":`.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)  # a worker that runs an unguarded script again; the parent process reports it
    study = definition.resolve(source)
    return execute(study, out, scheduler=scheduler, workers=workers, resume=resume, progress=progress)


# --- running ----------------------------------------------------------------------------------------------------------


def worker_count(study: Study, workers: int | None) -> int:
    """Number of worker processes.

    Parameters
    ----------
    study : Study
        The study.
    workers : int or None
        Number asked for.

    Returns
    -------
    int
        The number asked for, or one for each processor, limited by points and memory.
    """
    if workers is not None:
        return workers
    fit = int(0.9 * available_bytes() / max(point.memory_bytes for point in study.points))
    return max(1, min(os.cpu_count() or 1, len(study.points), fit))


def estimate_s(study: Study, workers: int) -> float:
    """Estimated duration of all points.

    Parameters
    ----------
    study : Study
        The study.
    workers : int
        Worker processes.

    Returns
    -------
    float
        Duration [s].
    """
    return STARTING_S + sum(POINT_S + point.work_s for point in study.points) / workers


def execute(
    study: Study,
    out: str | Path | None = None,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    report: StudyWriter | None = None,
) -> Finished:
    """Run the points that are not in the journal, and write the folder when all are.

    Parameters
    ----------
    study : Study
        The study.
    out : str or Path, optional
        Folder of the finished study; by default a numbered one in `results`.
    scheduler : str, optional
        Address of a running dask scheduler; by default workers are started on this machine.
    workers : int, optional
        Worker processes to start.
    resume : bool
        Whether to continue an unfinished study.
    progress : callable, optional
        Called with the number of points done and their total.
    report : callable, optional
        Writes the report of the finished study.

    Returns
    -------
    Finished
        Folder and failed points.

    Raises
    ------
    InputError
        If the sweep is invalid, if a folder is in the way, or if there is nothing to resume.
    RunError
        If workers or scheduler cannot be used.
    """
    from sim.memo import sources_hash

    finished = existing_study(study, out, resume)
    if finished is not None:
        return finished
    _check_dask()
    part = part_folder(study, out)
    unused = not part.exists()
    if unused:
        check_place(Path(out) if out is not None else Path("results") / study.spec.name)
    part.mkdir(parents=True, exist_ok=True)
    head = {"identity": study.identity, "sources": sources_hash(), "name": study.spec.name}
    begin = time.monotonic()
    try:
        with Journal(part, head) as journal:
            remaining = [p for p in study.points if journal.done.get(p.index, {"error": ""})["error"] is not None]
            if remaining:
                with _client(scheduler, worker_count(study, workers)) as client:
                    unused = False  # from here on there is something to resume
                    for count, entry in enumerate(_entries(client, study, remaining, head["sources"]), start=1):
                        journal.add(entry)
                        if progress is not None:
                            progress(len(study.points) - len(remaining) + count, len(study.points))
    except RunError:
        if unused:
            shutil.rmtree(part)
        raise
    facts = {"wall_time_s": round(time.monotonic() - begin, 3), "points_run": len(remaining), "scheduler": scheduler}
    return write_folder(study, part, out, journal.done, facts, report)


def _check_dask() -> None:
    """Check that dask can be loaded, before anything is written.

    Raises
    ------
    RunError
        If this system lacks a module that it needs.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise RunError(f"sweeps need dask, which cannot be loaded here ({error}); run the sweep on Linux") from None


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the scheduler at the address, or of a cluster that exists as long as this study.

    TLS files of a scheduler elsewhere are those of Dask's configuration.
    """
    import dask
    from distributed import Client, LocalCluster, Security

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_DASK_CONFIG))
        if scheduler is None:
            try:
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL, memory_limit=0, preload=[_IGNORE_SIGINT], security=Security.temporary(),
                )  # fmt: skip
            except (RuntimeError, OSError) as error:
                raise RunError(f"the workers could not be started ({error}); {UNGUARDED}") from None
            stack.enter_context(cluster)
            client = stack.enter_context(Client(cluster, set_as_default=False))
            yield client
            with suppress(TimeoutError):  # a worker that is restarting logs an error when it is stopped
                client.wait_for_workers(workers, timeout=CONNECT_TIMEOUT_S)
            return
        client = _connect(scheduler)
        stack.callback(_close, client)
        yield client


def _connect(scheduler: str) -> Any:
    """A client of the scheduler at an address.

    Raises
    ------
    RunError
        If none answers in time, or something else does.
    """
    import asyncio

    from distributed import Client

    made: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            made.put(Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False))
        except (Exception, asyncio.CancelledError) as error:  # whatever the other side sends, dask may fail on it in any way
            made.put(error)

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what is wrong is in the exception
    # a thread of its own: Client waits for ever for a port that accepts the connection and then says nothing
    threading.Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=2.0 * CONNECT_TIMEOUT_S)
    except queue.Empty:
        client = TimeoutError(f"no answer within {2.0 * CONNECT_TIMEOUT_S:.0f} s")
    finally:
        logger.setLevel(level)
    if isinstance(client, BaseException):
        reason = str(client).split("\n")[0] or type(client).__name__
        raise RunError(
            f"no dask scheduler answers at {scheduler} ({reason}); start one, check its address and TLS, or leave --scheduler out"
        )
    return client


def _close(client: Any) -> None:
    """Leave a scheduler, whether it still answers or not."""
    with suppress(Exception):
        client.close(timeout=CLOSE_S)


class _Watch:
    """Deadlines of a study while no point finishes: a scheduler that is silent, and a cluster without workers."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.restart()

    def restart(self) -> None:
        """A point has finished: scheduler and workers are there."""
        self.answered_s = self.workers_s = self.asked_s = time.monotonic()

    def check(self) -> None:
        """Ask the scheduler for its workers, if that was some time ago.

        Raises
        ------
        RunError
            If a deadline has passed.
        """
        if time.monotonic() - self.asked_s < CHECK_S:
            return
        try:
            workers = self.client.sync(self.client.scheduler.ncores, callback_timeout=CONNECT_TIMEOUT_S)
        except Exception:  # closed, reconnecting, or too slow: the deadline decides
            workers = None
        now = self.asked_s = time.monotonic()
        if workers is not None:
            self.answered_s = now
        if workers:
            self.workers_s = now
        if self.client.status == "closed" or now - self.answered_s > SILENT_S:
            raise RunError(f"the scheduler was lost; {KEPT}")
        if now - self.workers_s > NO_WORKERS_S:
            raise RunError(f"there has been no worker for {NO_WORKERS_S:.0f} s; {KEPT}")


def _entries(client: Any, study: Study, remaining: list[Point], sources: str) -> Iterator[dict[str, Any]]:
    """Journal entries as points finish; a point whose worker dies gets an entry as well.

    Other points on a worker that dies are lost with it, so all of them are run again one by one.
    """
    suspects = []
    for point, entry in _run_points(client, study, remaining, sources, "all"):
        if entry is None:
            suspects.append(point)
        else:
            yield entry
    for suspect in suspects:
        for point, entry in _run_points(client, study, [suspect], sources, "single"):
            yield _entry(point, DIED, {}) if entry is None else entry


def _run_points(
    client: Any, study: Study, points: list[Point], sources: str, name: str
) -> Iterator[tuple[Point, dict[str, Any] | None]]:
    """Points with their entries as they finish; None where the worker died.

    Raises
    ------
    RunError
        If the scheduler or all workers are lost; every entry that has arrived is given first.
    """
    from distributed import CancelledError, as_completed

    keys = [f"point-{study.identity[:16]}-{point.index}-{os.getpid()}-{name}" for point in points]
    try:
        futures = client.map(run_point, [study.source] * len(points), points, [sources] * len(points), key=keys, pure=False)
    except Exception:  # the client has been closed
        raise RunError(f"the scheduler was lost; {KEPT}") from None
    by_key = dict(zip(keys, points, strict=True))
    # results are sent with the notification: a worker may die before its result is fetched
    waiting = as_completed(futures, loop=client.loop, with_results=True, raise_errors=False)
    del futures
    watch = _Watch(client)
    while not waiting.is_empty():
        lost = False
        for future, result in waiting.next_batch(block=False):
            if isinstance(result, CancelledError):
                lost = True
                continue
            yield by_key[future.key], result if isinstance(result, dict) else None
            future.release()
            watch.restart()
        if lost:
            raise RunError(f"the scheduler was lost; {KEPT}")
        if not waiting.has_ready():
            watch.check()
            with waiting.thread_condition:
                if not waiting.has_ready():
                    waiting.thread_condition.wait(WAIT_S)


def run_point(source: str, point: Point, sources: str) -> dict[str, Any]:
    """Run one point on a worker.

    Parameters
    ----------
    source : str
        Scenario of the study.
    point : Point
        The point.
    sources : str
        Digest of the program's sources, which must be the same on the worker.

    Returns
    -------
    dict
        Journal entry. An error of the point is part of it: nothing is raised.
    """
    from sim import api
    from sim.config.scenario import load
    from sim.memo import sources_hash

    begin = time.perf_counter()
    error, metrics = None, {}
    try:
        if sources_hash() != sources:
            raise RunError("this worker runs another version of the program; install the same one everywhere")
        loaded = load(source, point.sets)
        if loaded.sha256 != point.sha256:
            raise RunError("the scenario's files changed while the study ran; restore them, or start a new study")
        metrics = flatten(api.run(loaded, threads=1).summary)
    except (InputError, RunError) as known:
        error = str(known).split("\n")[0]
    except Exception as unknown:  # an error of one point does not stop the others
        error = f"{type(unknown).__name__}: {unknown}".split("\n")[0]
    return _entry(point, error, metrics, time.perf_counter() - begin)


def _entry(point: Point, error: str | None, metrics: dict[str, Any], wall_s: float | None = None) -> dict[str, Any]:
    runtime = {
        "wall_s": wall_s, "worker": f"pid {os.getpid()}", "host": platform.node(), "version": sim.__version__,
    }  # fmt: skip
    known = runtime if wall_s is not None else {}
    return {"point": point.index, "error": error, "metrics": metrics, "runtime": known}
