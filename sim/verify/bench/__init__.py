"""Races between the functions that runs use and other programs that give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.config.errors import Origin, bad_input, did_you_mean
from sim.verify import GROUPS
from sim.verify.bench.harness import Contender, Row, race


def contenders(data: Path | None = None) -> list[Contender]:
    """All races, by group; some take published data where they are told the folder."""
    from sim.verify.bench import access, numerical, orbits, spacecraft, studies

    return [
        *orbits.contenders(data), *numerical.contenders(), *access.contenders(), *spacecraft.contenders(),
        *studies.contenders(),
    ]  # fmt: skip


def run_pairs(
    group: str | None, data: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> list[Row]:
    """Rows of all groups, or of one; a group without contenders gives none. Raises InputError for an unknown group."""
    if group is not None and group not in GROUPS:
        raise bad_input(Origin(group), "", f"no such group; {did_you_mean(group, GROUPS)}")
    if data is not None and not data.is_dir():
        raise bad_input(Origin(f"--data {data}"), "", "is no folder; write the folder of the published data")
    chosen = [c for c in contenders(data) if group in (None, c.group)]
    rows = []
    for contender in chosen:
        rows.append(race(contender))
        if progress is not None:
            progress(len(rows), len(chosen))
    return rows
