"""Races between the functions that runs use and other programs that give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.config.errors import Origin, bad_input, did_you_mean
from sim.verify import GROUPS
from sim.verify.bench.harness import Benchmark, Row, race


def benchmarks(data: Path | None = None) -> list[Benchmark]:
    """All races, by group; some take published data where they are told the folder."""
    from sim.verify.bench import access, numerical, orbits, spacecraft, studies

    return [
        *orbits.benchmarks(data), *numerical.benchmarks(), *access.benchmarks(), *spacecraft.benchmarks(),
        *studies.benchmarks(),
    ]  # fmt: skip


def run_pairs(
    group: str | None, data: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> list[Row]:
    """Rows of all groups, or of one; a group without benchmarks gives none. Raises InputError for an unknown group."""
    if group is not None and group not in GROUPS:
        raise bad_input(Origin(group), "", f"no such group; {did_you_mean(group, GROUPS)}")
    if data is not None and not data.is_dir():
        raise bad_input(Origin(f"--data {data}"), "", "is no folder; write the folder of the published data")
    chosen = [c for c in benchmarks(data) if group in (None, c.group)]
    rows = []
    for benchmark in chosen:
        rows.append(race(benchmark))
        if progress is not None:
            progress(len(rows), len(chosen))
    return rows
