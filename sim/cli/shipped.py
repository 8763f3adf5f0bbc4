"""Verb `list`: the shipped scenarios, hardware, models and sites. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli.options import Json
from sim.cli.terminal import console, print_json, table

app = typer.Typer(rich_markup_mode=None)


@app.command(name="list", epilog="Example: dawndusk list hardware")
def shipped(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="scenarios, sweeps, hardware (satellites, accelerators, cells, terminals, radios, telescopes, environments), models, failures, "
            "repairs, launchers, activities, sites or baselines; all without it.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the shipped scenarios, hardware, models and sites.

    One row per item: its kind, its name, and what it is.
    """
    from sim.config.errors import Origin, bad_input, did_you_mean
    from sim.config.library import LISTS, listed

    folders = {folder for folder, _ in LISTS.values()}
    if kind is not None and kind not in {*LISTS, *folders}:
        raise bad_input(Origin("list"), "KIND", f"nothing is called '{kind}'; {did_you_mean(kind, {*LISTS, 'hardware'})}")
    found = [item for name in ([kind] if kind is not None else LISTS) for item in listed(name)]
    if json:
        rows = [{"kind": i.kind, "name": i.name, "description": i.description, "file": str(i.file)} for i in found]
        print_json({"items": rows})
        return
    lines = table("kind", "name", "what it is", fold=("what it is",))
    for item in found:
        lines.add_row(item.kind, item.name, item.description)
    console().print(lines)
