"""What verbs share: notes on stderr, JSON on stdout, tables as wide as the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any


def note(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr)


def load_told(
    source: str, sets: list[str] | None, events: list[str] | None, seed: int | None, stale: bool, skip_bad: bool
) -> Any:
    """A scenario as options have it; its notes go to stderr. Raises InputError."""
    from sim.config.scenario import load

    loaded = load(source, tuple(sets or ()), tuple(events or ()), seed, stale, skip_bad)
    for line in loaded.notes:
        note(line)
    return loaded


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def console() -> Any:
    """Console on stdout; wide where the output goes to a file or a pipe."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 170)


def table(*columns: str, right: tuple[str, ...] = (), fold: tuple[str, ...] = ()) -> Any:
    """A table without frame; `right` are numbers, `fold` may break over lines."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        made.add_column(
            name, justify="right" if name in right else "left", no_wrap=name not in fold,
            overflow="fold" if name in fold else "ellipsis",
        )  # fmt: skip
    return made


def about(seconds: float) -> str:
    """A time as one would say it."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"
