"""The verb `gateways`: the fewest sites that reach a latency. Added to the command by `sim.cli.app`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale
from sim.cli.terminal import console, load_with_notes, print_json, table
from sim.config.errors import Origin, bad_input

app = typer.Typer(rich_markup_mode=None)


class To(StrEnum):
    """What users reach through the gateways."""

    fleet = "fleet"
    internet = "internet"


@app.command(epilog='Example: dawndusk gateways starlink_edge --below "40 ms" --share 0.95 --sites cities')
def gateways(
    scenario: Source,
    below: Annotated[str, typer.Option("--below", metavar="TIME", help='Longest round trip, such as "40 ms".')],
    share: Annotated[float, typer.Option("--share", metavar="SHARE", help="Share of the users' time that stays below it, above 0 to 1.")] = 0.95,
    sites: Annotated[
        str | None,
        typer.Option(
            "--sites", metavar="LIST",
            help="Candidates: name of a list of stations, or path of a file; without it the gateways of the scenario, or else the list default. "
            "Of a list with gateways these alone; starlink-gateways comes with its points of presence.",
        ),
    ] = None,
    to: Annotated[
        To,
        typer.Option("--to", help="fleet: users come over fibre to a gateway; internet: users have terminals, satellites link them to a gateway."),
    ] = To.fleet,
    moments: Annotated[int, typer.Option("--moments", metavar="N", min=1, max=10_000, help="Moments of the run that are looked at.")] = 96,
    set: Sets = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
) -> None:
    """Find the fewest gateways with which users stay below a latency.

    The stations of the scenario for users are looked at; fibre to points of presence counts.
    Geometry, links and routes only, without failures and events.
    """
    from sim.cli.progress import Bar
    from sim.studies import gateways as study

    limit_s = _time_s(below)
    if not 0.0 < share <= 1.0:
        raise bad_input(Origin(f"--share {share:g}"), "", "is not a share; write a number above 0 and at most 1, such as 0.95")
    loaded = load_with_notes(scenario, set, None, None, allow_stale, skip_bad, infeasible=True)
    ground = loaded.scenario.ground
    listed = loaded
    if sites is not None or ground is None or all(station.role != "gateway" for station in ground.stations):
        # users over gateways need none among the candidates
        instead = [*(set or []), f"ground.stations={_with_pops(sites or 'default')}", "ground.station_pairs=[]", "ground.access=terminal"]
        listed = load_with_notes(scenario, instead, None, None, allow_stale, skip_bad, infeasible=True)
    with Bar(loaded.scenario.name) as advance:
        answer = study.fewest_gateways(loaded, listed, limit_s, share, to.value, moments, advance)
    if json:
        print_json(answer.as_dict())
        return
    _show(answer)


def _with_pops(sites: str) -> str:
    """Candidates with the shipped points of presence of an operator's gateways, which these name."""
    from sim.config.library import shipped_kinds

    operator, ends, _ = sites.rpartition("-gateways")
    pops = f"{operator}-pops"
    return f"[{sites}, {pops}]" if ends and sites.endswith(ends) and "sites" in shipped_kinds(pops) else sites


def _time_s(text: str) -> float:
    """A time with its unit in seconds."""
    from orbit.units import UnitError, to_si

    try:
        limit_s = float(to_si(text, "s"))
    except UnitError as error:
        raise bad_input(Origin(f"--below {text}"), "", str(error)) from None
    if limit_s <= 0.0:
        raise bad_input(Origin(f"--below {text}"), "", 'is no time above 0; write a time such as "40 ms"')
    return limit_s


def _show(answer: Any) -> None:
    from sim.results.number_text import counted, percent

    terminal = console()
    proven = "the fewest" if answer.fewest == len(answer.sites) else f"at least {answer.fewest} are needed"
    target = "the fleet" if answer.to == "fleet" else "the internet"
    terminal.print(
        f"{answer.scenario}: {counted(len(answer.sites), 'site')} of {answer.candidates} ({proven}) bring {percent(answer.reached)} of the time of "
        f"{counted(answer.users, 'user place')} below {answer.limit_ms:g} ms to {target}; all sites {percent(answer.best)}",
        style="bold",
    )
    terminal.print()
    rows = table("site", "latitude", "longitude", "share with it", right=("latitude", "longitude", "share with it"))
    for site in answer.sites:
        rows.add_row(site.name, f"{site.latitude_deg:.2f}", f"{site.longitude_deg:.2f}", percent(site.share))
    terminal.print(rows)
    terminal.print()
    if answer.median_ms is not None:
        terminal.print(f"round trip: median {answer.median_ms:.1f} ms, p99 {answer.p99_ms:.1f} ms, reached {percent(answer.covered)} of the time")
    terminal.print("least often below the limit: " + ", ".join(f"{name} {percent(share)}" for name, share in answer.worst))
