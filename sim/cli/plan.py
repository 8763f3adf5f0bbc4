"""The verb `plan`: the best ways to divide training jobs over satellites. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale
from sim.cli.terminal import console, load_with_notes, print_json, table

app = typer.Typer(rich_markup_mode=None)


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


def _show(answer: Any) -> None:
    from sim.results import analysis_text as text

    terminal = console()
    terminal.print(text.plan_headline(answer), style="bold")
    shown = table(*text.PLAN_HEADS, right=text.PLAN_HEADS[1:-1], fold=text.PLAN_HEADS[-1:])
    spent = table(*text.STEP_HEADS, right=text.STEP_HEADS[1:])
    for row in answer.rows:
        shown.add_row(*text.plan_cells(row))
        spent.add_row(*text.step_cells(row))
    terminal.print(shown)
    terminal.print()
    terminal.print("what a step is spent on; the part that is useful is the MFU", style="dim")
    terminal.print(spent)
    for line in answer.others:
        terminal.print(line, style="dim")
    terminal.print()
