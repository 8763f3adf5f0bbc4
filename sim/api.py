"""The Python interface: `load`, `run`, `open_results`; the command line is a thin layer over it."""

from __future__ import annotations

import time
from pathlib import Path

from sim.config.scenario import Loaded
from sim.config.scenario import load as _load
from sim.engine.coupled import CoupledRun
from sim.engine.uncoupled import Progress, Run
from sim.results import store
from sim.results.store import ReportWriter, Results


def load(
    source: str | Path,
    set: tuple[str, ...] | list[str] = (),
    events: tuple[str, ...] | list[str] = (),
    seed: int | None = None,
    allow_stale: bool = False,
    skip_bad: bool = False,
) -> Loaded:
    """A scenario by shipped name or path, with overrides such as "step=30 s". Raises InputError."""
    return _load(source, tuple(set), tuple(events), seed, allow_stale, skip_bad)


def run(
    loaded: Loaded,
    out: str | Path | None = None,
    *,
    save: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    report: ReportWriter | None = None,
) -> Results:
    """Simulate a loaded scenario. Results are in memory; `save=True` or `out` writes a results folder as well."""
    target = None if out is None else Path(out)
    store.check_out(target)
    begin = time.monotonic()
    job = CoupledRun(loaded, threads=threads) if loaded.scenario.coupled else Run(loaded, threads=threads)
    outcome = job.finish(progress)
    found = store.from_outcome(outcome)
    if not (save or target is not None):
        return found
    facts = {
        "wall_time_s": round(time.monotonic() - begin, 3),
        "threads": job.threads,
        "tile_satellites": job.tile,
        "block_steps": job.block,
    }
    return store.write(outcome, found, target, facts, report)


def open_results(folder: str | Path) -> Results:
    """Results of a folder written before. Raises InputError if it is none."""
    return store.read(Path(folder))
