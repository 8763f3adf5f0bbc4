"""The verb `answers`: what a planner asks of a mission. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli.options import Json, MissionScheduler, MissionWorkers, Seed, Sets, Source, Threads
from sim.cli.terminal import console, print_json, table
from sim.config.errors import Origin, bad_input

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk answers suncatcher --set 'mission={duration: 5 yr}' --capacity 0.7")
def answers(
    scenario: Source,
    capacity: Annotated[
        float, typer.Option("--capacity", metavar="SHARE", help="Share of the rate with all places filled that must always be there, above 0 to 1.")
    ] = 0.9,
    probability: Annotated[
        float, typer.Option("--probability", metavar="SHARE", help="Share of the replicas in which it must, above 0 to 1.")
    ] = 0.9,
    set: Sets = None,
    seed: Seed = None,
    threads: Threads = None,
    scheduler: MissionScheduler = None,
    workers: MissionWorkers = None,
    json: Json = False,
) -> None:
    """Answer what a planner asks of a mission.

    When the useful rate falls below the target, spares for a capacity, how often to resupply, whether servicing is worth it, and which process costs
    most: all for the same failures.
    """
    from sim.cli.progress import Bar
    from sim.studies.answers import answers as answer

    for name, value in (("capacity", capacity), ("probability", probability)):
        if not 0.0 < value <= 1.0:
            raise bad_input(Origin(f"--{name} {value:g}"), "", "is not a share; write a number above 0 and at most 1, such as 0.9")
    with Bar("answers") as advance:
        found = answer(scenario, set or (), capacity, probability, seed, threads, advance, scheduler, workers)
    if json:
        print_json(found.as_dict())
        return
    _show(found)


def _show(found: Any) -> None:
    from sim.results.mission_text import PROCESS_HEADS, mission_target, process_rows, signed, years
    from sim.results.number_text import dollars, percent

    terminal = console()
    spares = found.spares
    terminal.print(f"{found.scenario}: useful rate {mission_target({'target': found.target, 'below_target': found.below_target})}", style="bold")
    wanted = f"{percent(spares['capacity'])} capacity all the time in {percent(spares['probability'])} of the replicas"
    if spares["spares"] is None:
        most = percent(spares["reached"])
        terminal.print(f"spares: no number of spare satellites reaches {wanted}; with the most that were tried, {most} do")
    else:
        terminal.print(f"spares: {spares['spares']} in each plane or formation reach {wanted} ({percent(spares['without'])} as it is)")
    terminal.print()
    heads = ("resupply every", "satellites", "useful, P50", "more useful work", "spent, mean", "per gained PFLOP/s-day")
    lines = table(*heads, right=heads[1:])
    for row in found.resupply:
        spent, each = row["spent_usd"], row["usd_per_gained_pflop_day"]
        lines.add_row(
            "never" if row["every_s"] is None else years(row["every_s"]), f"{row['satellites']}", percent(row["useful_fraction"]["p50"]),
            "-" if row["gain"] is None else signed(row["gain"]), "-" if spent is None else dollars(spent["mean"]),
            "-" if each is None else dollars(each),
        )  # fmt: skip
    terminal.print(lines)
    if found.servicing is not None:
        visits = found.servicing
        each = visits["usd_per_gained_pflop_day"]
        gain = "no gain" if visits["gain"] is None else f"{signed(visits['gain'])} useful work"
        terminal.print(f"\nservicing: {visits['visits']['mean']:.3g} visits, {gain} for {dollars(visits['spent_usd'])}"
                       + ("" if each is None else f", {dollars(each)} per gained PFLOP/s-day"))  # fmt: skip
    terminal.print()
    rows = table(*PROCESS_HEADS, right=PROCESS_HEADS[1:])
    for row in process_rows({"processes": found.processes}):
        rows.add_row(*row)
    terminal.print(rows)
