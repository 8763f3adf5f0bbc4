"""Benchmarks of the functions that runs use against other programs that give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input, did_you_mean
from sim.verify import GROUPS
from sim.verify.bench.harness import Benchmark, Row, run_benchmark


def benchmarks(data: Path | None = None, pages: Any = None) -> list[Benchmark]:
    """Benchmarks of all groups.

    Parameters
    ----------
    data : Path, optional
        Folder of the published data.
    pages : views.Pages, optional
        What opens a page with the globe.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    from sim.verify.bench import access, fleet, network, numerical, orbits, spacecraft, studies, views, workload

    return [
        *orbits.benchmarks(data), *numerical.benchmarks(), *access.benchmarks(), *spacecraft.benchmarks(),
        *network.benchmarks(), *workload.benchmarks(), *fleet.benchmarks(), *studies.benchmarks(), *views.benchmarks(pages),
    ]  # fmt: skip


def run_benchmarks(
    group: str | None, data: Path | None = None, progress: Callable[[int, int], None] | None = None, pages: Any = None
) -> list[Row]:
    """Run benchmarks.

    Parameters
    ----------
    group : str or None
        One of `GROUPS`; None for all.
    data : Path, optional
        Folder of the published data.
    progress : callable, optional
        Called with the number of benchmarks done and their total.
    pages : views.Pages, optional
        What opens a page with the globe.

    Returns
    -------
    list of Row
        One row for each benchmark; empty for a group without benchmarks.

    Raises
    ------
    InputError
        If there is no such group or folder.
    """
    if group is not None and group not in GROUPS:
        raise bad_input(Origin(group), "", f"unknown group; {did_you_mean(group, GROUPS)}")
    if data is not None and not data.is_dir():
        raise bad_input(Origin(f"--data {data}"), "", "is not a folder; write the folder of the published data")
    chosen = [b for b in benchmarks(data, pages) if group in (None, b.group)]
    rows = []
    for benchmark in chosen:
        rows.append(run_benchmark(benchmark))
        if progress is not None:
            progress(len(rows), len(chosen))
    return rows
