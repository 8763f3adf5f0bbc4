"""The verb `burst`: the power that a satellite holds for ever and for a while, and its best duty cycle. Added by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli.options import Json, Sets, SkipBad, Source, Stale
from sim.cli.terminal import about, console, in_stream_characters, load_with_notes, print_json, table

app = typer.Typer(rich_markup_mode=None)

BAR = 40  # characters of the longest bar


@app.command(epilog="Example: dawndusk burst suncatcher --set satellite=suncatcher-prototype")
def burst(
    scenario: Source,
    set: Sets = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="Type of satellite; by default that of the first satellite.")
    ] = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
) -> None:
    """Show the power that a satellite holds for ever and for a while, and its best duty cycle.

    At the season of the epoch, for its first satellite of the type, without failures and jobs.
    """
    from sim.studies import burst as study

    loaded = load_with_notes(scenario, set, None, None, allow_stale, skip_bad)
    answer = study.answer(loaded, type_)
    if json:
        print_json(answer.as_dict())
        return
    _show(answer)


def _show(answer: Any) -> None:
    terminal = console()
    chips = "1 accelerator" if answer.accelerators == 1 else f"{answer.accelerators:,} accelerators"
    terminal.print(
        f"{answer.scenario}: {answer.satellite}, {chips}, at {answer.epoch}; sunlight in {answer.sunlit_s / 60.0:.1f} of "
        f"{answer.revolution_s / 60.0:.1f} min", style="bold",
    )  # fmt: skip
    columns = ("clock rate", "accelerators\nand hosts", "satellite", "useful")
    held = table("constant power", *columns, right=columns)
    for label, row in (
        ("for ever", answer.for_ever), ("20 min from rest, begun at the best moment", answer.from_rest),
        ("20 min from rest, begun at any moment", answer.from_rest_any), ("20 min after the power for ever", answer.from_warm),
    ):  # fmt: skip
        held.add_row(label, f"{row.rate:.3f}", _watts(row.payload_w), _watts(row.load_w), _rate(row.useful * answer.nameplate_flops_per_s))
    terminal.print(held)
    terminal.print(_full_rate(answer), style="dim")
    terminal.print()
    terminal.print("power of accelerators and hosts from rest, at the best moment, by how long it is held", style="dim")
    most_w = max(row.payload_w for _, row in answer.curve) or 1.0
    chart = table("held for", "", "power", right=("held for", "power"))
    for seconds, row in (*answer.curve, (float("inf"), answer.for_ever)):
        bar = in_stream_characters("█" * round(BAR * row.payload_w / most_w))
        chart.add_row("for ever" if seconds == float("inf") else about(seconds), bar, _watts(row.payload_w))
    terminal.print(chart)
    terminal.print()
    _show_policies(terminal, answer)


def _show_policies(terminal: Any, answer: Any) -> None:
    """What each policy yields, and how the best burst is written."""
    columns = ("clock rate", "on", "off", "useful share", "useful", "from the battery", "depth", "hottest junction")
    shown = table("policy", *columns, right=columns)
    for row in (*answer.policies, *([answer.best] if answer.best else [])):
        shown.add_row(
            row.policy, f"{row.rate:.3f}", _minutes(row.on_s), _minutes(row.off_s), f"{100.0 * row.useful:.1f} %",
            _rate(row.useful * answer.nameplate_flops_per_s), f"{row.discharged_j_d / 3.6e3:,.4g} Wh/d", f"{100.0 * row.depth:.1f} %",
            f"{row.junction_k - 273.15:.1f} degC",
        )  # fmt: skip
    terminal.print(shown)
    if answer.best is None:
        terminal.print("no burst computes more than throttle with as little use of the battery", style="bold")
        return
    terminal.print(
        f"the best burst computes {100.0 * answer.gain:+.1f} % against throttle, with no more energy from the battery and no deeper discharge",
        style="bold",
    )
    terminal.print(f"--set 'satellite.policy={answer.best_setting}'", style="dim")


def _full_rate(answer: Any) -> str:
    longest = f"more than {about(answer.watched_s)}"
    worst, best = (longest if s is None else _minutes(s) for s in answer.full_rate_s)
    by = "" if worst == best else f" to {best}, by the moment at which it begins"
    return f"from rest the full clock rate lasts {worst}{by}"


def _watts(power_w: float) -> str:
    return f"{power_w / 1e3:,.4g} kW" if power_w >= 1e4 else f"{power_w:,.4g} W"


def _rate(flops_per_s: float) -> str:
    return f"{flops_per_s / 1e15:,.4g} PFLOP/s" if flops_per_s >= 1e14 else f"{flops_per_s / 1e12:,.4g} TFLOP/s"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60.0:.1f} min"
