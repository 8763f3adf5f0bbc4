"""The verb access: when satellites are up over ground stations. `sim.cli.app` takes it in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale, Threads
from sim.cli.terminal import console, load_told, print_json, table
from sim.results.formatting import counted

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk access starlink_edge --station Dublin --out passes.parquet")
def access(
    scenario: Source,
    set: Sets = None,
    station: Annotated[
        list[str] | None, typer.Option("--station", metavar="NAME", help="Only this station; may be repeated.")
    ] = None,
    satellite: Annotated[
        list[int] | None, typer.Option("--satellite", metavar="N", help="Only this satellite; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Table of all windows, .csv or .parquet; not there yet."),
    ] = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    threads: Threads = None,
) -> None:
    """Say when satellites rise over stations, culminate and set; geometry alone, without failures and events."""
    from sim.cli.progress import Bar
    from sim.engine import access as passes

    passes.check_file(out)
    loaded = load_told(scenario, set, None, None, allow_stale, skip_bad)
    with Bar(loaded.scenario.name) as advance:
        found = passes.find_passes(loaded, station or (), satellite or (), threads, advance)
    told = passes.summary(found)
    if out is not None:
        passes.write(found, out)
    if json:
        print_json({**told, "table": None if out is None else str(out)})
        return
    _show(told)
    if out is not None:
        console().print(f"\nThe table is {out}")


def _show(told: dict[str, Any]) -> None:
    paper = console()
    over = f"{told['duration_s'] / 3600.0:,.4g} h from {told['epoch']}"
    paper.print(
        f"{told['scenario']}: {counted(told['passes'], 'pass', 'es')} of {counted(told['satellites'], 'satellite')} over "
        f"{counted(len(told['stations']), 'station')}, {over}",
        style="bold",
    )
    paper.print()
    numbers = ("passes", "minutes", "covered %", "longest gap", "mean pass", "longest pass", "best elevation")
    found = table("station", *numbers, "next pass", right=numbers, fold=("station",))
    for name, of in told["stations"].items():
        found.add_row(
            name, f"{of['passes']:,}", f"{of['total_s'] / 60.0:,.1f}",
            f"{100.0 * of['covered_s'] / told['duration_s']:.2f}", _span(of["longest_gap_s"]), _span(of["mean_pass_s"]),
            _span(of["longest_pass_s"]), "-" if not of["passes"] else f"{of['best_elevation_deg']:.1f} deg",
            "-" if not of["passes"] else f"{of['next_pass']} satellite {of['next_satellite']}",
        )  # fmt: skip
    paper.print(found)


def _span(seconds: float | None) -> str:
    """Hours, minutes and seconds."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
