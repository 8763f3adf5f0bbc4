"""Output shared by the verbs: notes on stderr, JSON on stdout, tables."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from orbit.units import shortened
from sim.config.errors import LONGEST_LINE

PLAIN_BLOCKS = str.maketrans("█░", "#-")


def note(text: str) -> None:
    """Print lines on stderr, control characters escaped; a stderr that cannot be written changes neither results nor exit code."""
    text = "\n".join(shortened(line, LONGEST_LINE) for line in text.split("\n"))
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with suppress(OSError):
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Context in which a warning is one line without file and source."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"{message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


@contextmanager
def xarray_without_dask() -> Iterator[None]:
    """Context in which xarray, imported here for the first time, finds no dask: it is slow to import, and runs do not use it."""
    if "dask" in sys.modules or "xarray" in sys.modules:
        yield
        return
    sys.modules["dask"] = None  # type: ignore[assignment] # as if it were not installed
    try:
        yield
    finally:
        del sys.modules["dask"]


def has_characters(text: str) -> bool:
    """Whether stdout can express a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def in_stream_characters(bar: str) -> str:
    """A bar of blocks; in ASCII where stdout has no blocks."""
    return bar if has_characters(bar) else bar.translate(PLAIN_BLOCKS)


def load_with_notes(
    source: str, sets: list[str] | None, events: list[str] | None, seed: int | None, stale: bool, skip_bad: bool,
    infeasible: bool = False,
) -> Any:  # fmt: skip
    """Load a scenario with the options of a verb and print its notes on stderr.

    Raises
    ------
    InputError
        With all problems of the scenario at once.
    """
    from sim.config.scenario import load

    loaded = load(source, tuple(sets or ()), tuple(events or ()), seed, stale, skip_bad, infeasible)
    for line in loaded.notes:
        note(line)
    return loaded


def print_json(value: Any) -> None:
    """Print one JSON object on stdout."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    if not has_characters(text):
        text = json.dumps(value, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")


def console() -> Any:
    """A console on stdout, as wide as the terminal; in a file or a pipe as wide as COLUMNS, or 170 characters."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Terminal(Console):
        """A console that escapes control characters in what it shows: names may come from catalogues."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # handled for all output in one place

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text = segment.text
                shown = text if segment.control or text.isprintable() else "\n".join(shortened(t, 10 * len(t)) for t in text.split("\n"))
                yield segment if shown == text else Segment(shown, segment.style)

    return Terminal(highlight=False, markup=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 170)


def table(*columns: str, right: tuple[str, ...] = (), fold: tuple[str, ...] = ()) -> Any:
    """A table without frame; columns in `right` are right-aligned, columns in `fold` wrap."""
    from rich.table import Table

    result = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        result.add_column(
            name, justify="right" if name in right else "left", no_wrap=name not in fold,
            overflow="fold" if name in fold else "ellipsis",
        )  # fmt: skip
    return result


def about(seconds: float) -> str:
    """A duration rounded to seconds, minutes or tenths of an hour."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"


def number(value: float | None) -> str:
    """A number with about four digits; a dash for None."""
    from sim.results.analysis_text import figure

    return figure(value)
