"""The verb `plan`: the best ways to divide training jobs over satellites. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale
from sim.cli.terminal import console, load_with_notes, print_json, table

app = typer.Typer(rich_markup_mode=None)

SHARES = ("useful", "kernel", "memory", "recompute", "bubble", "fabric", "links", "straggler")  # of a step


@app.command(epilog="Example: dawndusk plan colossus_in_orbit --methods")
def plan(
    scenario: Source,
    set: Sets = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="Number of plans of each job.")] = 10,
    methods: Annotated[bool, typer.Option("--methods", help="Compare the best plan of each training method instead.")] = False,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
) -> None:
    """List the best ways to divide training jobs over satellites.

    At full clock rate, over the links of the epoch; the last lines say why other ways are not listed.
    """
    from sim.studies import plans as study

    loaded = load_with_notes(scenario, set, None, None, allow_stale, skip_bad)
    answers = study.by_method(loaded) if methods else study.plans(loaded, count)
    if json:
        print_json({"scenario": loaded.scenario.name, "jobs": [answer.as_dict() for answer in answers]})
        return
    for answer in answers:
        _show(answer)


def _method(row: Any) -> str:
    """Method of a plan, with the number of equal jobs, islands or replicas."""
    called = "replicas" if row.method == "elastic" else "islands"
    parts = (f"{row.jobs} jobs" if row.jobs > 1 else "", f"{row.islands} {called}" if row.islands > 1 else "")
    return ", ".join((row.method, *filter(None, parts)))


def _show(answer: Any) -> None:
    terminal = console()
    terminal.print(
        f"{answer.scenario}: {answer.model} on {answer.satellites:,} satellites, {answer.accelerators:,} accelerators", style="bold"
    )
    mesh = ("tensor", "pipeline", "stages a\nsatellite", "data", "micro-\nbatches", "virtual\nstages", "ZeRO", "in\nflight", "recom-\nputed")
    shown = table("method", *mesh, "memory", "step", "placement; all-reduce", right=(*mesh, "memory", "step"), fold=("placement; all-reduce",))
    parts = ("step", "tokens/s", "which\ncount", *SHARES)
    spent = table("method", *parts, "MFU with\nall pairs", right=(*parts, "MFU with\nall pairs"))
    for row in answer.rows:
        method = _method(row)
        extra = "".join(f" x {n} {name}" for n, name in ((row.context, "context"), (row.expert, "expert")) if n > 1)
        shown.add_row(
            method, f"{row.tensor}{extra}", f"{row.pipeline}", f"{row.stages_per_satellite}", f"{row.data}", f"{row.micro_batches}",
            f"{row.virtual_stages}", f"{row.zero}", f"{row.in_flight}", f"{100 * row.recomputed:.0f} %", f"{row.memory_bytes / 1e9:.1f} GB",
            f"{row.step_s:.4g} s", f"{row.placement}; {row.all_reduce}",
        )  # fmt: skip
        shares = [f"{100 * row.shares[name]:.1f} %" for name in SHARES]
        spent.add_row(
            method, f"{row.step_s:.4g} s", f"{row.tokens_per_s:,.0f}", f"{100 * row.efficiency:.0f} %", *shares,
            f"{100 * row.mfu_unmasked:.1f} %",
        )  # fmt: skip
    terminal.print(shown)
    terminal.print()
    terminal.print("what a step is spent on; the part that is useful is the MFU", style="dim")
    terminal.print(spent)
    for line in answer.others:
        terminal.print(line, style="dim")
    terminal.print()
