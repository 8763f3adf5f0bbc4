"""A study of many points on dask.distributed, journalled point by point, so that it goes on where it was stopped.

One machine is a cluster of its own: worker processes with one thread each, spoken to over the loopback address.
"""

from __future__ import annotations

import io
import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sim
from sim.config.errors import InputError, Origin, RunError, bad_input
from sim.config.validation import available_bytes
from sim.studies import definition
from sim.studies.definition import Point, Progress, Study
from sim.studies.journal import NAME, Journal
from sim.studies.table import flat, write_points, write_runtime

STARTING_S = 4.0  # workers up and kernels loaded, for estimates only
POINT_S = 0.05  # what a point takes besides its satellites
DIED = "its worker died, also when it ran alone: killed, or out of memory"

_QUIET = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.worker-saturation": 1.0,  # a dying worker takes one point along, not its neighbours
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ": {
        **dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "DASK_LOGGING__DISTRIBUTED": "critical",
    },
}
PATIENCE_S = 10.0  # for a scheduler to answer
# Ctrl-C reaches every process of the terminal; only this one answers it, and stops the others
_DEAF = "import signal\ndef dask_setup(worker):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


@dataclass(frozen=True)
class Finished:
    """A study that is complete: its folder and the error of every point that failed."""

    folder: Path
    points: int
    failed: dict[int, str]


def sweep(
    source: str | Path | dict[str, Any],
    out: str | Path | None = None,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Finished:
    """Run a sweep (shipped name, path or mapping) into a study folder. Raises InputError, RunError.

    Starts worker processes: a script calls it below `if __name__ == "__main__":`.
    """
    study = definition.resolve(source)
    return execute(study, out, scheduler=scheduler, workers=workers, resume=resume, progress=progress)


# --- where a study lies -----------------------------------------------------------------------------------------------


def part_folder(study: Study, out: str | Path | None) -> Path:
    """Folder of a study under way: the same for every attempt, so that it is found again."""
    if out is not None:
        return Path(out).parent / f".{Path(out).name}.part"
    return Path("results") / f".{study.spec.name}-{study.identity[:8]}.part"


def whole_folder(study: Study, out: str | Path | None) -> Path | None:
    """Folder of the same study, complete; None where there is none. Raises InputError if another study is in the way."""
    if out is None:
        found = sorted(Path("results").glob(f"{study.spec.name}-{study.identity[:8]}-*"))
        return found[0] if found else None
    if not Path(out).exists():
        return None
    if _identity(Path(out)) == study.identity:
        return Path(out)
    raise bad_input(
        Origin(f"--out {out}"), "", "exists already and is not this study; write another folder, or remove this one"
    )


def _identity(folder: Path) -> str:
    try:
        return str(json.loads((folder / "manifest.json").read_text("utf-8"))["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def place(study: Study, out: str | Path | None, resume: bool) -> Finished | None:
    """Refuse what is in the way, before anything runs; the finished study where there is nothing left to do."""
    whole, part = whole_folder(study, out), part_folder(study, out)
    if part.exists() and not resume:
        raise bad_input(
            Origin(str(part)), "", f"an unfinished study lies here; add --resume to go on, or remove {part}"
        )
    if whole is None or (part.exists() and out is None):
        return None
    if resume:
        return Finished(whole, len(study.points), _failures(whole))
    if out is not None:
        raise bad_input(Origin(f"--out {out}"), "", "exists already and holds this study; write another folder")
    return None


def _failures(folder: Path) -> dict[int, str]:
    import pyarrow.parquet as pq

    table = folder / "points.parquet"
    try:
        rows = pq.read_table(table, columns=["point", "error"]).to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise bad_input(
            Origin(str(table)),
            "",
            f"cannot be read ({str(error).splitlines()[0]}); remove the folder and run the sweep again",
        ) from None
    return {row["point"]: row["error"] for row in rows if row["error"] is not None}


# --- running ----------------------------------------------------------------------------------------------------------


def worker_count(study: Study, workers: int | None) -> int:
    """Worker processes: as asked for, or one for each processor as far as points and memory go round."""
    if workers is not None:
        return workers
    fit = int(0.9 * available_bytes() / max(point.memory_bytes for point in study.points))
    return max(1, min(os.cpu_count() or 1, len(study.points), fit))


def estimate_s(study: Study, workers: int) -> float:
    """Time [s] for all points."""
    return STARTING_S + sum(POINT_S + point.work_s for point in study.points) / workers


def execute(
    study: Study,
    out: str | Path | None = None,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Finished:
    """Run the points that are not journalled yet, and write the folder once all are."""
    from sim.studies.sources import sources_hash

    finished = place(study, out, resume)
    if finished is not None:
        return finished
    part = part_folder(study, out)
    part.mkdir(parents=True, exist_ok=True)
    head = {"identity": study.identity, "sources": sources_hash(), "name": study.spec.name}
    begin = time.monotonic()
    with Journal(part, head) as journal:
        left = [p for p in study.points if journal.done.get(p.index, {"error": ""})["error"] is not None]
        if left:
            with _client(scheduler, worker_count(study, workers)) as client:
                for count, entry in enumerate(_results(client, study, left, head["sources"]), start=1):
                    journal.add(entry)
                    if progress is not None:
                        progress(len(study.points) - len(left) + count, len(study.points))
    facts = {"wall_time_s": round(time.monotonic() - begin, 3), "points_run": len(left), "scheduler": scheduler}
    return _complete(study, part, out, journal.done, facts)


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the scheduler at the address, or of a cluster that lives as long as this study."""
    import dask
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_QUIET))
        if scheduler is None:
            try:
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
                    silence_logs=logging.CRITICAL, memory_limit=0, preload=[_DEAF],
                )  # fmt: skip
            except RuntimeError as error:
                raise RunError(f"the workers could not be started ({error})") from None
            stack.enter_context(cluster)
            client = stack.enter_context(Client(cluster))
            yield client
            with suppress(TimeoutError):  # a worker that is just starting again would complain about being stopped
                client.wait_for_workers(workers, timeout=PATIENCE_S)
            return
        try:
            client = Client(scheduler, timeout=PATIENCE_S)
        except (OSError, ValueError) as error:
            raise RunError(
                f"no scheduler answers at {scheduler} ({error}); start one, or leave --scheduler out"
            ) from None
        yield stack.enter_context(client)


def _results(client: Any, study: Study, left: list[Point], sources: str) -> Iterator[dict[str, Any]]:
    """Journal entries as points finish; a point that kills its workers is an entry as well.

    A dying worker may take along points that only waited for it, so the suspects are run again one by one.
    """
    from distributed import CancelledError

    try:
        suspects = []
        for point, entry in _round(client, study, left, sources, "all"):
            if entry is None:
                suspects.append(point)
            else:
                yield entry
        for suspect in suspects:
            for point, entry in _round(client, study, [suspect], sources, "alone"):
                yield _entry(point, DIED, {}) if entry is None else entry
    except CancelledError:
        raise RunError("the scheduler was lost; finished points are kept: add --resume to go on") from None


def _round(
    client: Any, study: Study, points: list[Point], sources: str, name: str
) -> Iterator[tuple[Point, dict[str, Any] | None]]:
    """Points with their entries as they finish; None where workers died on one."""
    from distributed import as_completed

    keys = [f"point-{study.identity[:16]}-{point.index}-{os.getpid()}-{name}" for point in points]
    futures = client.map(run_point, [study.source] * len(points), points, [sources] * len(points), key=keys, pure=False)
    by_key = dict(zip(keys, points, strict=True))
    # results come along: a worker may die between the end of a point and the question for its result
    waiting = as_completed(futures, with_results=True, raise_errors=False)
    del futures
    for future, result in waiting:
        yield by_key[future.key], result if isinstance(result, dict) else None
        future.release()


def run_point(source: str, point: Point, sources: str) -> dict[str, Any]:
    """One point, on a worker: its journal entry. Never raises: an error is part of the entry."""
    from sim import api
    from sim.config.scenario import load
    from sim.studies.sources import sources_hash

    begin = time.perf_counter()
    error, metrics = None, {}
    try:
        if sources_hash() != sources:
            raise RunError("this worker runs another state of the program; install the same one everywhere")
        loaded = load(source, point.sets)
        if loaded.sha256 != point.sha256:
            raise RunError("the scenario's files changed while the study ran")
        metrics = flat(api.run(loaded, threads=1).summary)
    except (InputError, RunError) as told:
        error = str(told).split("\n")[0]
    except Exception as broken:  # whatever stops a point stops that point alone
        error = f"{type(broken).__name__}: {broken}".split("\n")[0]
    return _entry(point, error, metrics, time.perf_counter() - begin)


def _entry(point: Point, error: str | None, metrics: dict[str, Any], wall_s: float | None = None) -> dict[str, Any]:
    runtime = {
        "wall_s": wall_s, "worker": f"pid {os.getpid()}", "host": platform.node(), "version": sim.__version__,
    }  # fmt: skip
    known = runtime if wall_s is not None else {}
    return {"point": point.index, "error": error, "metrics": metrics, "runtime": known}


# --- the folder -------------------------------------------------------------------------------------------------------


def _complete(
    study: Study, part: Path, out: str | Path | None, done: dict[int, dict[str, Any]], facts: dict[str, Any]
) -> Finished:
    """Tables and definition beside the journal, then the folder gets its name."""
    from sim.config.scenario import load
    from sim.results.store import manifest, resolved_yaml, to_json

    failed = {p.index: done[p.index]["error"] for p in study.points if done[p.index]["error"] is not None}
    first = load(study.source, study.points[0].sets)
    write_points(study, done, part / "points.parquet")
    write_runtime(study, done, part / "runtime.parquet")
    (part / "scenario.yaml").write_text(resolved_yaml(first), encoding="utf-8")
    (part / "study.yaml").write_text(study_yaml(study), encoding="utf-8")
    told = {**manifest(first, facts), "identity": study.identity, "points": len(study.points), "failed": sorted(failed)}
    (part / "manifest.json").write_text(to_json(told), encoding="utf-8")
    target = _target(study, out)
    part.rename(target)
    (target / NAME).unlink()  # last: until the folder has its name, the journal is what counts
    return Finished(target, len(study.points), failed)


def _target(study: Study, out: str | Path | None) -> Path:
    if out is not None:
        return Path(out)
    number = 1
    while (target := Path("results") / f"{study.spec.name}-{study.identity[:8]}-{number}").exists():
        number += 1
    return target


def study_yaml(study: Study) -> str:
    """The definition, on the resolved scenario beside it: it is a sweep again, and of the same identity."""
    from ruamel.yaml import YAML

    spec = study.spec
    told: dict[str, Any] = {"name": spec.name, "description": spec.description, "scenario": "scenario.yaml"}
    told.update({"grid": spec.grid, "zip": spec.zip, "seeds": spec.seeds})
    yaml = YAML()
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump({key: value for key, value in told.items() if value}, text)
    return text.getvalue()
