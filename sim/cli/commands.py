"""Verbs of studies and designs: sweep, compare, why, new. Added to the command by `sim.cli.app`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import signals
from sim.cli.options import Events, Infeasible, Json, Scheduler, Seed, Sets, SkipBad, Source, Stale, Workers
from sim.cli.terminal import about, console, load_with_notes, note, number, print_json, table
from sim.config.errors import Origin, bad_input

app = typer.Typer(rich_markup_mode=None)

INPUTS_SHOWN = 15


@app.command(epilog="Example: dawndusk sweep suncatcher_sizing --out sizing")
def sweep(
    sweep: Annotated[str, typer.Argument(metavar="SWEEP", help="Name of a shipped sweep, or the path of a file.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the study; must not exist yet.")] = None,
    scheduler: Scheduler = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an unfinished study.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every point, estimate the time, run nothing.")
    ] = False,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Run a scenario at many points in parallel.

    Uses all processors or a dask cluster. An interrupted sweep continues with --resume.
    """
    from sim.cli.progress import Bar
    from sim.studies import definition, study_folder
    from sim.studies import sweep as study_runs
    from viz.study import write_study

    with Bar(f"{Path(sweep).stem}: checking") as checking:
        study = definition.resolve(sweep, checking)
    for line in study.notes:
        note(line)
    if dry_run:
        _dry_run(study, study_runs.worker_count(study, workers), json)
        return
    try:
        with Bar(study.spec.name) as advance:
            finished = study_runs.execute(
                study, out, scheduler=scheduler, workers=workers, resume=resume, progress=advance, report=write_study
            )
    except KeyboardInterrupt:
        kept = study_folder.part_folder(study, out)
        given = {"--out": out, "--scheduler": scheduler, "--workers": workers}
        options = [str(part) for option, value in given.items() if value is not None for part in (option, value)]
        again = shlex.join(["dawndusk", "sweep", sweep, *options, "--resume"])
        note(f"{signals.interrupt_name()}; finished points are kept in {kept}; continue: {again}")
        raise SystemExit(signals.interrupt_code()) from None  # typer's own handler would report that nothing was written
    for index, error in finished.failed.items():
        note(f"point {index} ({_point_text(study, index)}): {error}")
    if json:
        failed = [{"point": index, "error": error} for index, error in finished.failed.items()]
        print_json({**_identity(study), "folder": str(finished.folder), "failed": failed})
    else:
        print(
            f"{study.spec.name}: {finished.points:,} points, {len(finished.failed)} failed. {_best(study, finished.folder)}"
        )
        print(f"Table of all points: {finished.folder / 'points.parquet'}")
        if (page := finished.folder / "report.html").exists():
            print(f"Report: {page}")
    if finished.failed:
        raise typer.Exit(1)


def _identity(study: Any) -> dict[str, Any]:
    """Name, hash, number of points and fields of a study."""
    return {
        "study": study.spec.name,
        "identity": study.identity,
        "points": len(study.points),
        "fields": list(study.fields),
    }


def _point_text(study: Any, index: int) -> str:
    """The fields and values of one point of a study."""
    return ", ".join(f"{field}={value}" for field, value in zip(study.fields, study.written[index], strict=True))


def _best(study: Any, folder: Path) -> str:
    """The range of the useful share, and the point where it is highest."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "points.parquet", columns=["point", "compute.useful_fraction"]).to_pylist()
    shares = [
        (row["compute.useful_fraction"], -row["point"]) for row in rows if row["compute.useful_fraction"] is not None
    ]
    if not shares:
        return ""
    high = max(shares)
    return f"Useful share {100 * min(shares)[0]:.1f} to {100 * high[0]:.1f} %, highest at point {-high[1]} ({_point_text(study, -high[1])})."


def _dry_run(study: Any, workers: int, json: bool) -> None:
    """Print the number of points, the estimated time, and the first and last point."""
    from sim.studies.sweep import estimate_s

    time_s, last = estimate_s(study, workers), len(study.points) - 1
    if json:
        points = {
            name: {"point": at, **dict(zip(study.fields, study.written[at], strict=True))}
            for name, at in (("first", 0), ("last", last))
        }
        print_json({**_identity(study), "workers": workers, "time_s": time_s, **points})
        return
    print(f"{study.spec.name}: {last + 1:,} points valid, about {about(time_s)} on {workers} worker(s).")
    print(f"first: {_point_text(study, 0)}")
    print(f"last:  {_point_text(study, last)}")


@app.command(epilog="Example: dawndusk compare suncatcher suncatcher_spread --equal nameplate")
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A scenario, a results folder, or baseline:NAME.")],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The other design: a scenario, a results folder, or baseline:NAME.")
    ],
    equal: Annotated[
        str | None, typer.Option("--equal", metavar="QUANTITY", help="Scale A to B: nameplate, useful, power or capex.")
    ] = None,
    set: Annotated[
        list[str] | None, typer.Option(
            "--set", metavar="KEY=VALUE",
            help="Override a value of both scenarios; a:KEY=VALUE and b:KEY=VALUE override one of them. May be repeated.",
        ),
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option(
            "--event", metavar="EVENT",
            help='Add an event to both scenarios; "a:+6 h lose plane 3 for 90 min" adds it to A only, b: to B. May be repeated.',
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File for a page with charts, .html; must not exist yet.")
    ] = None,
    json: Json = False,
    skip_bad: SkipBad = False,
) -> None:
    """Compare two designs and name the causes of the difference."""
    from sim.studies.operands import compare as compared

    check_page(out)
    comparison = compared(a, b, equal, set=tuple(set or ()), events=tuple(event or ()), skip_bad=skip_bad)
    if out is not None:
        from sim.output import new_file
        from viz.comparison import write_comparison

        with new_file(out) as part:
            write_comparison(comparison, part)
    if json:
        print_json(comparison.as_dict())
    else:
        _show_comparison(comparison)
        if out is not None:
            print(f"\nReport: {out}")


def check_page(out: Path | None) -> None:
    """Check the file of a page before anything is run.

    Raises
    ------
    InputError
        If it exists, is no HTML file, or cannot be written.
    """
    from sim.output import check_place

    if out is None:
        return
    if out.suffix != ".html":
        raise bad_input(Origin(f"--out {out}"), "", "is not a page; write a name that ends in .html")
    check_place(out, "file")


def _show_comparison(comparison: Any) -> None:
    """Print differing inputs, results side by side, the two waterfalls and the main causes."""
    terminal = console()
    terminal.print(f"A: {comparison.a}    B: {comparison.b}", style="bold")
    for line in comparison.notes:
        terminal.print(line, style="dim")
    if comparison.inputs:
        terminal.print()
        inputs = table("differing input", "A", "B", "kind", fold=("differing input", "A", "B"))
        for row in comparison.inputs[:INPUTS_SHOWN]:
            kinds = " / ".join(dict.fromkeys(kind for kind in (row.a_kind, row.b_kind) if kind))
            inputs.add_row(row.field, row.a or "-", row.b or "-", kinds)
        terminal.print(inputs)
        if len(comparison.inputs) > INPUTS_SHOWN:
            terminal.print(f"and {len(comparison.inputs) - INPUTS_SHOWN} more (--json lists all)", style="dim")
    terminal.print()
    _show_metrics(comparison, terminal)
    terminal.print()
    _show_losses(comparison.waterfall, terminal)
    if comparison.equal is not None:
        terminal.print()
        terminal.print(comparison.equal.words)
    terminal.print()
    terminal.print("; ".join(comparison.reasons), style="bold")
    if comparison.mission is not None:
        _show_mission_change(comparison.mission, terminal)


def _show_metrics(comparison: Any, terminal: Any) -> None:
    """Print results side by side."""
    scaled = ("A scaled",) if comparison.equal is not None else ()
    ratio = "B / A scaled" if scaled else "B / A"
    metrics = table("", "A", *scaled, "B", ratio, "unit", "", right=("A", *scaled, "B", ratio), fold=("",))
    for row in comparison.metrics:
        numbers = [row.a, *([row.a_scaled] if scaled else []), row.b, row.ratio]
        metrics.add_row(row.metric, *map(number, numbers), "" if row.unit == "1" else row.unit, row.reason or row.reached or "")
    terminal.print(metrics)


def _show_mission_change(change: Any, terminal: Any) -> None:
    """Print what changes from one mission to the other: figures, causes, and useful work with its error."""
    from sim.results.number_text import percent

    terminal.print("\nover the missions", style="bold")
    for line in change.notes:
        terminal.print(line, style="dim")
    figures = table("", "A", "B", "B - A", right=("A", "B", "B - A"))
    for cells in change.cells(number, percent):
        figures.add_row(*cells)
    terminal.print(figures)
    terminal.print()
    _show_losses(change.waterfall, terminal)
    terminal.print()
    terminal.print("; ".join(change.reasons), style="bold")
    if change.useful is not None:
        terminal.print(change.useful.words, style="bold")


def _show_losses(waterfall: Any, terminal: Any) -> None:
    """Print two waterfalls side by side."""
    from sim.results.formatting import cause_label

    numbers = ("A %", "B %", "points", "local stall", "peer stall", "A PFLOP/s", "B PFLOP/s", "B - A")
    losses = table("", *numbers, right=numbers)
    for row in waterfall:
        if row.a_fraction or row.b_fraction:
            losses.add_row(
                cause_label(row.cause), f"{100 * row.a_fraction:.2f}", f"{100 * row.b_fraction:.2f}", f"{row.points:+.2f}",
                f"{row.own_points:+.2f}", f"{row.induced_points:+.2f}", number(row.a_pflops), number(row.b_pflops),
                number(_without_rounding(row.pflops, row.a_pflops, row.b_pflops)), style="bold" if row.cause == "useful" else None,
            )  # fmt: skip
    terminal.print(losses)


def _without_rounding(difference: float, a: float, b: float) -> float:
    """The difference of two values, 0 where it is only rounding."""
    return difference if abs(difference) > 1e-12 * max(abs(a), abs(b)) else 0.0


@app.command(epilog="Example: dawndusk why suncatcher --set duration='6 h'")
def why(
    scenario: Source,
    set: Sets = None,
    event: Events = None,
    seed: Seed = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    allow_infeasible: Infeasible = False,
) -> None:
    """Show what each cause costs and which inputs and parts limit a design.

    Runs the scenario again without each cause in turn, and with each main input and part 10 % larger.
    """
    from sim.cli.progress import Bar
    from sim.studies.why import why as analyse

    loaded = load_with_notes(scenario, set, event, seed, allow_stale, skip_bad, allow_infeasible)
    with Bar(loaded.scenario.name) as advance:
        analysis = analyse(loaded, advance)
    if json:
        print_json(analysis.as_dict())
    else:
        _show_why(analysis)


def _show_why(analysis: Any) -> None:
    """Print one row per cause and one row per enlarged input."""
    from sim.results import analysis_text as text

    terminal, base = console(), analysis.base
    terminal.print(f"{text.why_headline(analysis)}, over {about(base.window_s)}", style="bold")
    for line in analysis.notes:
        terminal.print(line, style="dim")
    terminal.print()
    causes = table(*text.CAUSE_HEADS, right=text.CAUSE_HEADS[1:5], fold=text.CAUSE_HEADS[-1:])
    for cause in analysis.causes:
        causes.add_row(*text.cause_cells(cause, base))
    terminal.print(causes)
    terminal.print()
    heads = text.INPUT_HEADS
    inputs = table(*heads, right=(*heads[1:3], *heads[4:]), fold=heads[:1])
    for row in analysis.inputs:
        inputs.add_row(*text.input_cells(row))
    terminal.print(inputs)
    terminal.print()
    _show_parts(analysis.parts, terminal)


def _show_parts(parts: Any, terminal: Any) -> None:
    """Print one row per part, and which part limits."""
    from sim.studies.parts import limits

    sizes, gains = ("t", "% of mass", "million USD", "% of cost"), ("PFLOP/s", "GFLOP/s\nper kg", "TFLOP/s per\nmillion USD")
    values = (*sizes, *gains, "x satellites,\nper kg", "x satellites,\nper USD")
    lines = table("part", "step", *values, right=values, fold=("step",))
    for row in parts:
        held = (row.mass_kg / 1e3, 100.0 * row.mass_share, _scaled(row.usd, 1e6), _scaled(row.usd_share, 0.01))
        gained = (_scaled(row.gain_flops_per_s, 1e15), _scaled(row.per_kg, 1e9), _scaled(row.per_million_usd, 1e12))
        against = (row.against_satellites_kg, row.against_satellites_usd)
        lines.add_row(row.part, row.step or row.reason, *map(number, (*held, *gained, *against)))
    terminal.print(lines)
    if limits(parts):
        terminal.print(limits(parts))


def _scaled(value: float | None, size: float) -> float | None:
    return None if value is None else value / size




@app.command(epilog="Example: dawndusk new my_fleet --from suncatcher")
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the scenario; the file is NAME.yaml in the current folder.")
    ],
    source: Annotated[
        str | None, typer.Option("--from", metavar="SCENARIO", help="A shipped scenario, or a file in this folder or below, to extend.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="POWER", help="Size a satellite for so much power of accelerators and hosts, such as 120kW.")
    ] = None,
    accelerator: Annotated[
        str | None, typer.Option("--accelerator", metavar="NAME", help="With --size: a shipped accelerator; h100-sxm without it.")
    ] = None,
    altitude: Annotated[
        str | None, typer.Option("--altitude", metavar="LENGTH", help="With --size: altitude of the orbit; 650 km without it.")
    ] = None,
    local_time: Annotated[
        str | None, typer.Option("--local-time", metavar="HH:MM", help="With --size: local time of the ascending node; 06:00 without it.")
    ] = None,
    throttle: Annotated[
        str | None, typer.Option("--throttle", metavar="SHARE", help="With --size: share of the full load that the battery carries; 1 without it.")
    ] = None,
) -> None:
    """Create a commented scenario file that runs unchanged.

    With --size it has a satellite of that size, whose power and heat close in the worst season of its orbit.
    """
    from sim.config.template import scenario_template

    stem = name.removesuffix(".yaml")
    target = Path(f"{stem}.yaml")
    text = scenario_template(stem, source, _wish(source, size, accelerator, altitude, local_time, throttle))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise bad_input(Origin(str(target)), "", "exists already; write another name, or remove this file") from None
    print(f"{target}: written; edit it, then check it: dawndusk validate {target}")


def _wish(source: str | None, size: str | None, *rest: str | None) -> Any:
    """What is asked for with --size; None without it."""
    from sim.config.sizing import wish

    if size is not None and source is not None:
        raise bad_input(Origin("--size"), "", "makes a scenario of its own; write --from or --size")
    if size is not None:
        return wish(size, *rest)
    if any(text is not None for text in rest):
        raise bad_input(Origin("dawndusk new"), "", "--accelerator, --altitude, --local-time and --throttle go with --size; write --size '120 kW'")
    return None
