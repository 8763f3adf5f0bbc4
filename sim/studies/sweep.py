"""Running a study of many points on worker processes, with a journal from which it can be resumed."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sim
from sim import pool
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

KEPT = "finished points are saved; add --resume to continue"


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
    if pool.in_worker_of_unguarded_script():
        raise SystemExit(1)
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
    pool.check_dask("sweeps", "run the sweep on Linux")
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
                with pool.client(scheduler, worker_count(study, workers), "sim.sweep") as client:
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
    keys = [f"point-{study.identity[:16]}-{point.index}-{os.getpid()}-{name}" for point in points]
    arguments = [(study.source, point, sources) for point in points]
    for number, result in pool.finished(client, run_point, arguments, keys, KEPT):
        yield points[number], None if isinstance(result, pool.WorkerDied) else result


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
            raise RunError(pool.OTHER_VERSION)
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
