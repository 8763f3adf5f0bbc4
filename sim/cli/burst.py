"""The verb `burst`: the power that a satellite holds for ever and for a while, and its best duty cycle. Added by `sim.cli.app`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli.options import Infeasible, Json, Sets, SkipBad, Source, Stale
from sim.cli.terminal import about, console, in_stream_characters, load_with_notes, print_json, table

app = typer.Typer(rich_markup_mode=None)

BAR, STRIP = 40, 64  # characters of the longest bar, and of a strip over time
STARTED = 0.01  # useful share in a step from which on chips are at work


@app.command(epilog="Example: dawndusk burst suncatcher_prototype")
def burst(
    scenario: Source,
    set: Sets = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="Type of satellite; by default that of the first satellite.")
    ] = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    allow_infeasible: Infeasible = False,
) -> None:
    """Show the power that a satellite holds for ever and for a while, and its best duty cycle.

    At the season of the epoch, for its first satellite of the type, without failures and jobs.
    """
    from sim.studies import burst as study

    loaded = load_with_notes(scenario, set, None, None, allow_stale, skip_bad, allow_infeasible)
    answer = study.answer(loaded, type_)
    if json:
        print_json(answer.as_dict())
        return
    _show(answer)


def _show(answer: Any) -> None:
    terminal = console()
    chips = "1 accelerator" if answer.accelerators == 1 else f"{answer.accelerators:,} accelerators"
    name = answer.scenario if answer.satellite == answer.scenario else f"{answer.scenario}: {answer.satellite}"
    terminal.print(f"{name}, {chips}, {answer.epoch}", style="bold")
    terminal.print(f"sunlight in {answer.sunlit_s / 60.0:.1f} of {answer.revolution_s / 60.0:.1f} min", style="dim")
    terminal.print()
    _show_constant(terminal, answer)
    terminal.print()
    _show_curve(terminal, answer)
    terminal.print()
    _show_policies(terminal, answer)


def _show_constant(terminal: Any, answer: Any) -> None:
    """What can be held for ever, and for twenty minutes."""
    columns = ("clock\nrate", "chips\nand hosts", "satellite", "useful")
    held = table("constant power", *columns, right=columns)
    for label, row in (
        ("for ever", answer.for_ever), ("20 min from cold, best moment", answer.from_rest), ("20 min from cold, any moment", answer.from_rest_any),
        ("20 min after that for ever", answer.from_warm),
    ):  # fmt: skip
        held.add_row(label, f"{row.rate:.2f}", _watts(row.payload_w), _watts(row.load_w), _rate(row.useful * answer.nameplate_flops_per_s))
    terminal.print(held)
    terminal.print(_full_rate(answer), style="dim")


def _show_curve(terminal: Any, answer: Any) -> None:
    """Power over how long it is held, as bars."""
    rows = [*answer.curve, (float("inf"), answer.for_ever)]
    most_w = max(row.payload_w for _, row in rows) or 1.0
    chart = table("from cold for", "chips and hosts", "", "clock\nrate", right=("from cold for", "", "clock\nrate"))
    for seconds, row in rows:
        bar = in_stream_characters("█" * round(BAR * row.payload_w / most_w))
        chart.add_row("for ever" if seconds == float("inf") else about(seconds), bar, _watts(row.payload_w), f"{row.rate:.2f}")
    terminal.print(chart)


def _show_policies(terminal: Any, answer: Any) -> None:
    """What each policy yields, and how the best burst is written."""
    scale, unit = _scale(answer.nameplate_flops_per_s)
    columns = ("clock\nrate", "on\nmin", "off\nmin", "useful\nshare", f"\n{unit}", "battery\nlife", "depth", "hottest\njunction")
    shown = table("policy", *columns, right=columns)
    names = [row.policy if n < 4 else "as given" for n, row in enumerate(answer.policies)]
    for name, row in (*zip(names, answer.policies, strict=True), *([("best burst", answer.best)] if answer.best else [])):
        shown.add_row(
            name, f"{row.rate:.2f}", _minutes(row.on_s), _minutes(row.off_s), f"{100.0 * row.useful:.1f} %",
            f"{row.useful * answer.nameplate_flops_per_s / scale:.3g}", _years(row.battery_life_yr), f"{100.0 * row.depth:.0f} %",
            f"{row.junction_k - 273.15:.0f} degC", style="bold" if row is answer.best else None,
        )  # fmt: skip
    terminal.print(shown)
    terminal.print()
    if not any(row.useful for row in answer.policies) and answer.best is None:
        terminal.print("nothing is computed under any policy", style="bold")
        return
    if answer.best is None:
        terminal.print("no burst computes more than throttle while the battery lasts as long", style="bold")
    else:
        gain = "throttle computes nothing" if answer.gain is None else f"{100.0 * answer.gain:+.0f} % against throttle"
        lives = f"{_years(answer.best.battery_life_yr)}, with throttle {_years(answer.throttled.battery_life_yr)}"
        terminal.print(f"the best burst: {gain}; its battery lasts {lives}", style="bold")
        _show_course(terminal, answer)
    if answer.lasting not in (answer.best, None):
        life = f"{_years(answer.lasting.battery_life_yr)}, the satellite {_years(answer.design_life_yr)}"
        terminal.print(f"most is computed by {answer.lasting.policy}: its battery lasts {life}")
    if answer.best is not None:
        terminal.print(f"--set 'satellite.policy={answer.best_setting}'", style="dim", soft_wrap=True)


def _show_course(terminal: Any, answer: Any) -> None:
    """Sunlight and work over one period of the best burst, as strips."""
    steps = len(answer.course)
    width = min(STRIP, steps)
    at = [answer.course[(k * steps) // width] for k in range(width)]
    lit = "".join("█" if sunlight else " " for sunlight, _ in at)
    work = "".join("█" if useful > STARTED else " " if useful < 0.0 else "░" for _, useful in at)
    terminal.print(f"it repeats every {about(steps * answer.step_s)}; {in_stream_characters('░')} is a restart", style="dim")
    for name, strip in (("sunlight", lit), ("chips", work)):
        terminal.print(f"{name:<9} {in_stream_characters(strip)}", style="dim")


def _full_rate(answer: Any) -> str:
    longest = f"more than {about(answer.watched_s)}"
    worst, best = (longest if s is None else about(s) for s in answer.full_rate_s)
    return f"from cold the full clock rate lasts {worst}" + ("" if worst == best else f" to {best}, by the moment at which it begins")


def _watts(power_w: float) -> str:
    return f"{power_w / 1e3:,.3g} kW" if power_w >= 1e4 else f"{power_w:,.0f} W" if power_w >= 100.0 else f"{power_w:.3g} W"


def _scale(flops_per_s: float) -> tuple[float, str]:
    return (1e15, "PFLOP/s") if flops_per_s >= 1e14 else (1e12, "TFLOP/s")


def _rate(flops_per_s: float) -> str:
    scale, unit = _scale(flops_per_s)
    return f"{flops_per_s / scale:,.3g} {unit}"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60.0:.0f}"


def _years(years: float) -> str:
    return "100+ yr" if years >= 100.0 else f"{years:.1f} yr"
