"""The Python interface: `load`, `run` and `open_results`. The command line calls the same functions."""

from __future__ import annotations

import time
from pathlib import Path

from sim import contract, mission, pool
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded, Overrides, overrides
from sim.config.scenario import load as _load
from sim.engine.driver import Progress, Run
from sim.engine.threads import one_blas_thread
from sim.output import NewFolder
from sim.results import reader, store
from sim.results.store import ReportWriter, Results
from sim.results.summary import summary as summarise


def load(
    source: str | Path,
    set: Overrides = (),
    events: tuple[str, ...] | list[str] = (),
    seed: int | None = None,
    allow_stale: bool = False,
    skip_bad: bool = False,
    allow_infeasible: bool = False,
) -> Loaded:
    """Load and check a scenario.

    Parameters
    ----------
    source : str or pathlib.Path
        Name of a shipped scenario, path of a scenario file, or a results folder, whose scenario is loaded.
    set : mapping or sequence of str, optional
        Overrides by dotted name, such as {"step": "30 s"}, or of the form "key=value".
    events : sequence of str, optional
        Additional events, such as "+6 h lose plane 3 for 90 min".
    seed : int, optional
        Seed of all random streams; that of the scenario if None.
    allow_stale : bool, optional
        Accept element sets more than 14 days from the epoch.
    skip_bad : bool, optional
        Ignore element sets of a catalogue that cannot be used; they are listed in the notes and the manifest.
    allow_infeasible : bool, optional
        Accept satellites whose power, heat or battery does not close; the notes say what does not.

    Returns
    -------
    Loaded
        The checked scenario in SI units, with the provenance of its numbers and notes.

    Raises
    ------
    InputError
        With all problems of the scenario at once, each with file, line, column, field and a fix.

    Examples
    --------
    >>> load("suncatcher", set={"step": "30 s", "duration": "6 h"})
    <Loaded suncatcher: 81 satellites, 5,184 accelerators, 720 steps of 30 s>
    """
    return _load(source, overrides(set), tuple(events), seed, allow_stale, skip_bad, allow_infeasible)


@one_blas_thread()
def run(
    scenario: Loaded | str | Path,
    out: str | Path | None = None,
    *,
    set: Overrides = (),
    events: tuple[str, ...] | list[str] = (),
    seed: int | None = None,
    allow_stale: bool = False,
    skip_bad: bool = False,
    allow_infeasible: bool = False,
    save: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    report: ReportWriter | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Results:
    """Simulate a scenario.

    Parameters
    ----------
    scenario : Loaded, str or pathlib.Path
        A scenario returned by `load`, or what `load` takes.
    out : str or pathlib.Path, optional
        Folder for the results; must not exist yet. Implies `save`.
    set, events, seed, allow_stale, skip_bad, allow_infeasible : optional
        As in `load`; only with a name or a path.
    save : bool, optional
        Write a results folder, without `out` as `results/NAME-HASH8-N`.
    threads : int, optional
        Number of threads; all processors if None. Does not change results.
    progress : callable, optional
        Called as `progress(done, total)` during the run.
    report : callable, optional
        Called as `report(results, path)` to write `report.html`, such as `viz.report.write_report`.
    scheduler : str, optional
        Address of a dask scheduler, over whose workers days and replicas of the scenario's mission are spread. Does not change results.
    workers : int, optional
        Worker processes of this machine over which they are spread, where no scheduler is given. Does not change results.

    Returns
    -------
    Results
        `summary` (a dictionary), `series` (an `xarray.Dataset`), `events`, `waterfall`; with `folder` and `manifest`
        if a folder was written.

    Raises
    ------
    InputError
        If the scenario is invalid, if `out` exists or cannot be written, which is found before anything is computed, or a
        job fits on no satellites; if `scheduler` or `workers` is given and the scenario has no mission.
    RunError
        If the run fails, a result is not a finite number, the disk is full, or workers or scheduler cannot be used or are lost.

    Notes
    -----
    The same scenario, seed and version give the same bytes of summary, series and events. Worker processes import the calling script: with
    `workers` it must call this below `if __name__ == "__main__":`.

    Examples
    --------
    >>> results = run("suncatcher", set={"duration": "10 min"})
    >>> results.series.sizes["time"], str(results.series["time_utc"].values[0])
    (10, '2026-12-21T00:01:00.000000000')
    >>> round(sum(row["fraction"] for row in results.waterfall), 9)
    1.0
    """
    loaded = as_loaded(scenario, set, events, seed, allow_stale, skip_bad, allow_infeasible)
    check_workers(loaded, scheduler, workers)
    if out is None and not save:
        with pool.spread(scheduler, workers) as each:
            return _with_years(loaded, _simulated(loaded, threads, progress)[0], threads, each)
    name = f"{loaded.scenario.name}-{loaded.sha256[:8]}"
    with NewFolder(None if out is None else Path(out), name) as folder, pool.spread(scheduler, workers) as each:
        begin = time.monotonic()
        results, facts = _simulated(loaded, threads, progress)
        results = _with_years(loaded, results, threads, each)
        return store.write(loaded, results, folder, {"wall_time_s": round(time.monotonic() - begin, 3)} | facts, report)


def check_workers(loaded: Loaded, scheduler: str | None, workers: int | None) -> None:
    """Check that there is something to spread over worker processes.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    scheduler : str or None
        Address of a dask scheduler.
    workers : int or None
        Worker processes of this machine.

    Raises
    ------
    InputError
        If one of them is given, and the scenario has no mission.
    """
    for name, given in (("scheduler", scheduler), ("workers", workers)):
        if given is not None and loaded.scenario.mission is None:
            raise bad_input(
                Origin(f"--{name} {given}"), "",
                "spreads the replicas of a mission, and this scenario has none; leave it out, or write mission: {duration: 5 yr}",
            )  # fmt: skip


def _with_years(loaded: Loaded, results: Results, threads: int | None, each: pool.Each | None) -> Results:
    """Results of a run with what its contract and its mission add."""
    return mission.attach(loaded, contract.attach(loaded, results, threads), threads, each=each)


def _simulated(loaded: Loaded, threads: int | None, progress: Progress | None) -> tuple[Results, dict[str, int]]:
    """Results of a run, and how it was cut. Totals of a large fleet go before the libraries for its series are loaded."""
    simulation = Run(loaded, threads=threads)
    facts = {"threads": simulation.threads, "tile_satellites": simulation.tile, "block_steps": simulation.block}
    outcome = simulation.finish(progress)
    del simulation
    summary = summarise(outcome)
    outcome = outcome.without_totals()
    return store.from_summary(summary, outcome), facts


def as_loaded(
    scenario: Loaded | str | Path,
    set: Overrides = (),
    events: tuple[str, ...] | list[str] = (),
    seed: int | None = None,
    allow_stale: bool = False,
    skip_bad: bool = False,
    allow_infeasible: bool = False,
) -> Loaded:
    """A scenario that is loaded already, or loaded by name or path.

    Parameters
    ----------
    scenario : Loaded, str or pathlib.Path
        A loaded scenario, a name, or a path.
    set, events, seed, allow_stale, skip_bad, allow_infeasible : optional
        As in `load`.

    Returns
    -------
    Loaded
        The scenario.

    Raises
    ------
    InputError
        If the scenario is invalid.
    TypeError
        If options of `load` are given with a loaded scenario.
    """
    if not isinstance(scenario, Loaded):
        return load(scenario, set, events, seed, allow_stale, skip_bad, allow_infeasible)
    if set or events or seed is not None or allow_stale or skip_bad or allow_infeasible:
        raise TypeError("set, events, seed and what is allowed go with a name or a path; give them to load instead")
    return scenario


def open_results(folder: str | Path) -> Results:
    """Read the results of a folder written by an earlier run.

    Parameters
    ----------
    folder : str or pathlib.Path
        A results folder.

    Returns
    -------
    Results
        As returned by `run`.

    Raises
    ------
    InputError
        If the folder is no results folder, was written by another version of the file layout, or holds a file that is
        not the one that the run wrote.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()) / "short"
    >>> written = run(load("suncatcher", set=["duration=10 min"]), out=folder)
    >>> open_results(folder).summary == written.summary
    True
    """
    return reader.read(Path(folder))
