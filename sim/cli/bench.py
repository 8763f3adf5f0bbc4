"""The verb `bench`. Added by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Json
from sim.cli.terminal import console, note, number, print_json, table

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk bench orbits --json")
def bench(
    group: Annotated[str | None, typer.Argument(metavar="GROUP", help="Only the benchmarks of one group.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with published data that is not part of the package.")
    ] = None,
    json: Json = False,
) -> None:
    """Benchmark against other programs that give the same answer.

    The benchmarks call the same functions as `dawndusk run`.
    """
    from sim.cli.progress import Bar
    from sim.verify.bench import run_benchmarks

    with Bar("bench") as advance:
        rows = run_benchmarks(group, data, advance, _pages())
    if not rows:
        note(f"group '{group}' has no benchmarks in this version")
    if json:
        print_json({"rows": [row.as_dict() for row in rows]})
    else:
        numbers = ("ours", "peer", "ratio", "threads")
        benchmarks = table("name", *numbers, "unit", "against", right=numbers, fold=("unit", "against"))
        for row in rows:
            against = row.reason or row.peer_version
            benchmarks.add_row(
                row.name,
                number(row.ours),
                number(row.peer),
                number(row.ratio),
                str(row.threads),
                row.unit,
                against or "",
            )
        console().print(benchmarks)
    for row in rows:
        if row.reason is not None:
            note(f"{row.name}: {row.reason}")
    if not rows or any(row.reason is not None for row in rows):
        raise typer.Exit(1)


def _pages() -> Any:
    """What opens a page with the globe: only the command connects benchmarks to the views."""
    from sim.verify.bench.views import Pages
    from viz.browser import BrowserFailed, NoBrowser
    from viz.globe_bench import GlobePage, moving_scene

    return Pages(moving_scene, GlobePage, (NoBrowser, BrowserFailed))
