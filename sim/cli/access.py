"""The verb `access`: contact windows of satellites over ground stations. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale, Threads
from sim.cli.terminal import console, load_with_notes, print_json, table

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk access starlink_edge --station Dublin --out passes.parquet")
def access(
    scenario: Source,
    set: Sets = None,
    station: Annotated[
        list[str] | None, typer.Option("--station", metavar="NAME", help="Only this station; may be repeated.")
    ] = None,
    satellite: Annotated[
        list[str] | None,
        typer.Option(
            "--satellite", metavar="N|NAME", help="Only this satellite, by number, catalogue number or name; may be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="File for the table of all windows, .csv or .parquet; must not exist yet."
        ),
    ] = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    threads: Threads = None,
) -> None:
    """List contact windows (AOS, TCA, LOS) over ground stations.

    Geometry only, without failures and events.
    """
    from sim.cli.progress import Bar
    from sim.engine import access as passes

    passes.check_file(out)
    loaded = load_with_notes(scenario, set, None, None, allow_stale, skip_bad, infeasible=True)
    with Bar(loaded.scenario.name) as advance:
        windows = passes.find_passes(loaded, station or (), satellite or (), threads, advance)
    result = passes.summary(windows)
    if out is not None:
        passes.write(windows, out)
    if json:
        print_json({**result, "table": None if out is None else str(out)})
        return
    _show(result)
    if out is not None:
        console().print(f"\nTable of all windows: {out}")


def _show(result: dict[str, Any]) -> None:
    """Print a table with one row per station."""
    from sim.results.number_text import counted

    terminal = console()
    span = f"{result['duration_s'] / 3600.0:,.4g} h from {result['epoch']}"
    terminal.print(
        f"{result['scenario']}: {counted(result['passes'], 'pass', 'es')} of {counted(result['satellites'], 'satellite')} over "
        f"{counted(len(result['stations']), 'station')}, {span}",
        style="bold",
    )
    terminal.print()
    numbers = ("passes", "contact min", "coverage %", "longest gap", "mean pass", "longest pass", "max elevation")
    rows = table("station", *numbers, "next AOS", "satellite", right=(*numbers, "satellite"))
    for name, row in result["stations"].items():
        rows.add_row(
            name, f"{row['passes']:,}", f"{row['total_s'] / 60.0:,.1f}",
            f"{100.0 * row['covered_s'] / result['duration_s']:.2f}", _span(row["longest_gap_s"]), _span(row["mean_pass_s"]),
            _span(row["longest_pass_s"]), "-" if not row["passes"] else f"{row['best_elevation_deg']:.1f} deg",
            row["next_pass"] or "-", _satellite(row),
        )  # fmt: skip
    terminal.print(rows)


def _satellite(row: dict[str, Any]) -> str:
    """Number of the next satellite, with its name where it has one; a dash for None."""
    if row["next_satellite"] is None:
        return "-"
    return f"{row['next_satellite']} {row['next_satellite_name'] or ''}".strip()


def _span(seconds: float | None) -> str:
    """A duration as h:mm:ss or m:ss; a dash for None."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
