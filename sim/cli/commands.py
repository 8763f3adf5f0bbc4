"""Verbs that ask more than one run, or none: sweep, compare, why, report, new, bench. `sim.cli.app` takes them in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Events, Json, Seed, Sets, SkipBad, Source, Stale
from sim.cli.terminal import about, console, load_told, note, print_json, table
from sim.config.errors import Origin, bad_input

app = typer.Typer(rich_markup_mode=None)

INPUTS_SHOWN = 15


@app.command(epilog="Example: dawndusk sweep suncatcher_sizing --out sizing")
def sweep(
    sweep: Annotated[str, typer.Argument(metavar="SWEEP", help="Name of a shipped sweep, or the path of a file.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the study; must not exist yet.")] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler, such as tcp://node1:8786.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished study.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every point, estimate the time, run nothing.")
    ] = False,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Worker processes on this machine.")] = None,
    json: Json = False,
) -> None:
    """Run a scenario at many points, on all processors or a cluster; goes on where it was stopped."""
    from sim.cli.progress import Bar
    from sim.studies import definition, study_folder
    from sim.studies import sweep as study_runs

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
                study, out, scheduler=scheduler, workers=workers, resume=resume, progress=advance
            )
    except KeyboardInterrupt:
        kept = study_folder.part_folder(study, out)
        note(f"interrupted; finished points are kept in {kept}: add --resume to go on")
        raise SystemExit(130) from None  # typer's own way would say that nothing was written
    for index, error in finished.failed.items():
        note(f"point {index} ({_told(study, index)}): {error}")
    if json:
        failed = [{"point": index, "error": error} for index, error in finished.failed.items()]
        print_json({**_named(study), "folder": str(finished.folder), "failed": failed})
    else:
        print(
            f"{study.spec.name}: {finished.points:,} points, {len(finished.failed)} failed. {_best(study, finished.folder)}"
        )
        print(f"The table is {finished.folder / 'points.parquet'}")
    if finished.failed:
        raise typer.Exit(1)


def _named(study: Any) -> dict[str, Any]:
    return {
        "study": study.spec.name,
        "identity": study.identity,
        "points": len(study.points),
        "fields": list(study.fields),
    }


def _told(study: Any, index: int) -> str:
    return ", ".join(f"{field}={value}" for field, value in zip(study.fields, study.written[index], strict=True))


def _best(study: Any, folder: Path) -> str:
    """The span of the useful share, and where it is largest."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "points.parquet", columns=["point", "compute.useful_fraction"]).to_pylist()
    found = [
        (row["compute.useful_fraction"], -row["point"]) for row in rows if row["compute.useful_fraction"] is not None
    ]
    if not found:
        return ""
    high = max(found)
    return f"Useful {100 * min(found)[0]:.1f} to {100 * high[0]:.1f} %, most at point {-high[1]} ({_told(study, -high[1])})."


def _dry_run(study: Any, workers: int, json: bool) -> None:
    from sim.studies.sweep import estimate_s

    time_s, last = estimate_s(study, workers), len(study.points) - 1
    if json:
        points = {
            name: {"point": at, **dict(zip(study.fields, study.written[at], strict=True))}
            for name, at in (("first", 0), ("last", last))
        }
        print_json({**_named(study), "workers": workers, "time_s": time_s, **points})
        return
    print(f"{study.spec.name}: {last + 1:,} points in order, about {about(time_s)} on {workers} worker(s).")
    print(f"first: {_told(study, 0)}")
    print(f"last:  {_told(study, last)}")


@app.command(epilog="Example: dawndusk compare suncatcher starlink_edge --equal nameplate")
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A scenario, a results folder, or baseline:NAME.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What A is compared with.")],
    equal: Annotated[
        str | None, typer.Option("--equal", metavar="QUANTITY", help="Scale A to B: nameplate, useful, power or capex.")
    ] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of both scenarios.")
    ] = None,
    json: Json = False,
    skip_bad: SkipBad = False,
) -> None:
    """Say how two designs differ: inputs, numbers, and the causes behind the difference."""
    from sim.studies.compare import check_equal
    from sim.studies.compare import compare as compared
    from sim.studies.operands import load_pair

    check_equal(equal)
    found = compared(*load_pair(a, b, tuple(set or ()), skip_bad=skip_bad), equal)
    if json:
        print_json(found.as_dict())
    else:
        _show_comparison(found)


def _show_comparison(found: Any) -> None:
    paper = console()
    paper.print(f"A: {found.a}    B: {found.b}", style="bold")
    for line in found.notes:
        paper.print(line, style="dim")
    if found.inputs:
        paper.print()
        inputs = table("differs", "A", "B", "kind", fold=("differs", "A", "B"))
        for row in found.inputs[:INPUTS_SHOWN]:
            kinds = " / ".join(dict.fromkeys(kind for kind in (row.a_kind, row.b_kind) if kind))
            inputs.add_row(row.field, row.a or "-", row.b or "-", kinds)
        paper.print(inputs)
        if len(found.inputs) > INPUTS_SHOWN:
            paper.print(f"and {len(found.inputs) - INPUTS_SHOWN} more (--json has all)", style="dim")
    paper.print()
    _show_metrics(found, paper)
    paper.print()
    _show_losses(found, paper)
    if found.equal is not None:
        paper.print()
        paper.print(found.equal.words)
    paper.print()
    paper.print("; ".join(found.reasons), style="bold")


def _show_metrics(found: Any, paper: Any) -> None:
    scaled = ("A scaled",) if found.equal is not None else ()
    ratio = "B / A scaled" if scaled else "B / A"
    metrics = table("", "A", *scaled, "B", ratio, "unit", "", right=("A", *scaled, "B", ratio), fold=("",))
    for row in found.metrics:
        numbers = [row.a, *([row.a_scaled] if scaled else []), row.b, row.ratio]
        metrics.add_row(row.metric, *map(_number, numbers), "" if row.unit == "1" else row.unit, row.reason or "")
    paper.print(metrics)


def _show_losses(found: Any, paper: Any) -> None:
    numbers = ("A %", "B %", "points", "own", "induced", "A PFLOP/s", "B PFLOP/s", "B - A")
    losses = table("", *numbers, right=numbers)
    for row in found.waterfall:
        if row.a_fraction or row.b_fraction:
            losses.add_row(
                row.cause, f"{100 * row.a_fraction:.2f}", f"{100 * row.b_fraction:.2f}", f"{row.points:+.2f}",
                f"{row.own_points:+.2f}", f"{row.induced_points:+.2f}", _number(row.a_pflops), _number(row.b_pflops),
                _number(row.pflops), style="bold" if row.cause == "useful" else None,
            )  # fmt: skip
    paper.print(losses)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}"


@app.command(epilog="Example: dawndusk why suncatcher --set duration='6 h'")
def why(
    scenario: Source,
    set: Sets = None,
    event: Events = None,
    seed: Seed = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
) -> None:
    """Say what each cause costs, what its removal would win, and which input is worth its mass."""
    from sim.cli.progress import Bar
    from sim.studies.why import why as asked

    loaded = load_told(scenario, set, event, seed, allow_stale, skip_bad)
    with Bar(loaded.scenario.name) as advance:
        found = asked(loaded, advance)
    if json:
        print_json(found.as_dict())
    else:
        _show_why(found)


def _show_why(found: Any) -> None:
    paper, base = console(), found.base
    paper.print(
        f"{found.scenario}: useful {100 * base.useful_fraction:.2f} % of nameplate, {_number(base.useful_flops_per_s / 1e15)} "
        f"PFLOP/s, over {about(base.window_s)}",
        style="bold",
    )
    for line in found.notes:
        paper.print(line, style="dim")
    paper.print()
    numbers = ("lost %", "own", "induced", "won %", "PFLOP/s")
    causes = table("cause", *numbers, "then grows", "without it", right=numbers, fold=("without it",))
    total = base.nameplate_flops_per_s * base.window_s
    for row in found.causes:
        lost = [f"{100 * part / total:.2f}" for part in (row.flops, row.own_flops, row.induced_flops)]
        won = ["-", "-"] if row.gain_fraction is None else _won(row)
        grows = "" if row.then is None else f"{row.then} {100 * row.then_fraction:+.2f}"
        causes.add_row(row.cause, *lost, *won, grows, row.relaxed or f"not removed: {row.reason}")
    paper.print(causes)
    paper.print()
    worth = ("kg", "USD", "won %", "PFLOP/s", "GFLOP/s per kg", "per USD")
    inputs = table("enlarged", "from", "to", "", *worth, right=("from", "to", *worth), fold=("enlarged",))
    for row in found.inputs:
        unit, size = row.display_unit
        each = [None if value is None else value / 1e9 for value in (row.per_kg, row.per_usd)]
        inputs.add_row(
            row.input, _number(row.before / size), _number(row.after / size), unit, _number(row.mass_kg), _number(row.usd),
            *_won(row), *map(_number, each),
        )  # fmt: skip
    paper.print(inputs)


def _won(row: Any) -> list[str]:
    """Useful FLOPs won, of nameplate and as a rate."""
    return [f"{100 * row.gain_fraction:+.2f}", _number(row.gain_flops_per_s / 1e15)]


@app.command(epilog="Example: dawndusk report results/suncatcher-1a2b3c4d-1")
def report(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A folder that `dawndusk run` wrote.")],
) -> None:
    """Write the report of a results folder again, with this version's pages."""
    from sim.results.store import read
    from viz.report import write_report

    results = read(result)
    target = result / "report.html"
    part = result / f".report.{os.getpid()}.part"
    try:
        write_report(results, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    print(target)


@app.command(epilog="Example: dawndusk new my_fleet --from suncatcher")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Names the scenario; the file is NAME.yaml, here.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="SCENARIO", help="A shipped scenario or a file to lay it on.")
    ] = None,
) -> None:
    """Start a scenario: a commented file that runs as it is."""
    from sim.config.template import starter

    stem = name.removesuffix(".yaml")
    target = Path(f"{stem}.yaml")
    text = starter(stem, source)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise bad_input(Origin(str(target)), "", "exists already; write another name, or remove this file") from None
    print(f"{target}: edit it, then dawndusk validate {target}")


@app.command(epilog="Example: dawndusk bench orbits --json")
def bench(
    group: Annotated[str | None, typer.Argument(metavar="GROUP", help="Only the benchmarks of one group.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder with published data that is not shipped.")] = None,
    json: Json = False,
) -> None:
    """Race the functions that runs use against other programs that give the same answer."""
    from sim.cli.progress import Bar
    from sim.verify.bench import run_benchmarks

    with Bar("bench") as advance:
        rows = run_benchmarks(group, data, advance)
    if not rows:
        note(f"group '{group}' has no benchmarks in this version")
    if json:
        print_json({"rows": [row.as_dict() for row in rows]})
    else:
        numbers = ("ours", "peer", "ratio", "threads")
        found = table("name", *numbers, "unit", "against", right=numbers)
        for row in rows:
            against = row.reason or row.peer_version
            found.add_row(
                row.name,
                _number(row.ours),
                _number(row.peer),
                _number(row.ratio),
                str(row.threads),
                row.unit,
                against or "",
            )
        console().print(found)
    for row in rows:
        if row.reason is not None:
            note(f"{row.name}: {row.reason}")
    if not rows or any(row.reason is not None for row in rows):
        raise typer.Exit(1)
