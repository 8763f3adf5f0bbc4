"""The verb `policies`: ways to go on after a failure, compared on the same failures. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.commands import check_page
from sim.cli.options import Json, MissionScheduler, MissionWorkers, Seed, Sets, Source, Threads
from sim.cli.terminal import console, print_json, table

app = typer.Typer(rich_markup_mode=None)
HEADS = ("policy", "useful", "P10", "P90", "at work", "recovery", "waiting", "interruptions", "tokens")


@app.command(epilog="Example: dawndusk policies suncatcher --set 'mission={duration: 5 yr}'")
def policies(
    scenario: Source,
    set: Sets = None,
    seed: Seed = None,
    threads: Threads = None,
    scheduler: MissionScheduler = None,
    workers: MissionWorkers = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File for a page with a chart, .html; must not exist yet.")] = None,
    json: Json = False,
) -> None:
    """Compare ways of training jobs to go on after failures, over the years of a mission.

    No checkpoints, rollback, hot spares, elastic replicas, DiLoCo islands, and the loss of a whole plane: all meet the same failures.
    """
    from sim.cli.progress import Bar
    from sim.studies.policies import compare

    check_page(out)
    with Bar("policies") as advance:
        found = compare(scenario, set or (), seed, threads, advance, scheduler, workers)
    if out is not None:
        from sim.output import new_file
        from viz.policies import write_policies

        with new_file(out) as part:
            write_policies(found, part)
    if json:
        print_json(found.as_dict())
        return
    _show(found.rows)
    if out is not None:
        print(f"\nReport: {out}")


def _show(rows: list[dict[str, Any]]) -> None:
    from sim.results.number_text import percent

    terminal = console()
    lines = table(*HEADS, right=HEADS[1:])
    for row in rows:
        if row["why_not"] is not None:
            continue
        useful, shares = row["useful_fraction"], (row[name]["mean"] for name in ("working", "recovery", "waiting"))
        lines.add_row(
            row["policy"], *(percent(useful[q]) for q in ("mean", "p10", "p90")), *map(percent, shares), f"{row['interruptions']['mean']:,.4g}",
            f"{row['tokens']['mean']:.3g}",
        )  # fmt: skip
    terminal.print(lines)
    terminal.print()
    for row in rows:
        terminal.print(f"{row['policy']}: {row['why_not'] or row['what']}", style="dim" if row["why_not"] is None else None)
