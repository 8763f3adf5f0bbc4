"""The verb `export`: results in the formats of other programs. Added by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Json
from sim.cli.terminal import console, note, print_json, xarray_without_dask

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk export results/suncatcher-1a2b3c4d-1 --format oem --out fleet.oem")
def export(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A folder written by `dawndusk run`.")],
    format_: Annotated[str, typer.Option("--format", metavar="czml|tle|oem|csv|traces", help="The format.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File, or folder for csv and traces; must not exist yet. Without it in the current folder.")
    ] = None,
    step: Annotated[str | None, typer.Option("--step", metavar="TIME", help="Time between states of czml and oem, such as '30 s'.")] = None,
    satellites: Annotated[
        int | None, typer.Option("--satellites", min=1, help="Most satellites of czml, tle and oem, evenly spread; 5000 for czml.")
    ] = None,
    span: Annotated[str | None, typer.Option("--span", metavar="TIME", help="Time over which tle is fitted; the run, at most a day.")] = None,
    ranks: Annotated[int | None, typer.Option("--ranks", min=1, help="Most ranks of the traces of a job; 1024 without it.")] = None,
    split: Annotated[bool, typer.Option("--split", help="Write a folder with an oem of each satellite.")] = False,
    json: Json = False,
) -> None:
    """Write results for other programs: Cesium, orbit tools, tables, training-network simulators.

    czml, tle and oem are files, csv and traces are folders. docs/exports.md says how each is used.
    """
    with xarray_without_dask():
        from sim.cli.progress import Bar
        from sim.exports.opened import Options
        from sim.exports.registry import chosen
        from sim.exports.registry import export as write

        options = Options(_seconds("--step", step), satellites, ranks, _seconds("--span", span), split or None)
        chosen(format_, options)
        with Bar(f"{result.name}: {format_}") as advance:
            facts = write(result, format_, out, options, advance)
    notes = facts.pop("notes", [])
    for line in notes:
        note(line)
    if json:
        print_json({**facts, "notes": notes})
        return
    _show(facts)


def _seconds(option: str, text: str | None) -> float | None:
    """A time of an option in seconds; None without it."""
    from orbit.units import UnitError, to_si
    from sim.config.errors import Origin, bad_input

    if text is None:
        return None
    try:
        return float(to_si(text, "s"))
    except UnitError as error:
        raise bad_input(Origin(option), "", str(error)) from None


def _show(facts: dict[str, Any]) -> None:
    """Print what was written and what it says of itself."""
    from sim.results.number_text import counted

    size = facts.pop("bytes")
    shown = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size:,} bytes"
    name, path, files = (facts.pop(key) for key in ("format", "path", "files"))
    terminal = console()
    terminal.print(f"{path}: {name}, {counted(files, 'file')}, {shown}", style="bold", soft_wrap=True)
    for key, value in facts.items():
        if value is None or isinstance(value, list | dict):
            continue
        stem, _, unit = key.rpartition("_")
        if isinstance(value, float) and unit in ("s", "m"):
            key, text = stem, _time(value) if unit == "s" else _length(value)
        else:
            text = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else str(value)
        terminal.print(f"{key.replace('_', ' ')}: {text}", soft_wrap=True)


def _time(seconds: float) -> str:
    """A time in the largest unit of which it is a whole number."""
    for unit, size_s in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size_s and seconds % size_s == 0.0:
            return f"{seconds / size_s:g} {unit}"
    return f"{seconds:,.8g} s"


def _length(metres: float) -> str:
    """A length to three digits, in km, m or mm."""
    for unit, size_m in (("km", 1e3), ("m", 1.0)):
        if metres >= size_m:
            return f"{metres / size_m:,.3g} {unit}"
    return f"{1e3 * metres:.3g} mm"
