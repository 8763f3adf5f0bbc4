"""The command `dawndusk`: verbs, exit codes, output streams.

Exit code 0: done; 1: a run failed or a case is beyond its limit; 2: bad input; 130: interrupted; 141: the reader of a
pipe has gone; 143: terminated. Data goes to stdout, progress and errors go to stderr. The simulator is imported only
inside the verbs that need it, so that `--help` and `validate` start fast.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import (
    access,
    answers,
    bench,
    burst,
    commands,
    export,
    gateways,
    plan,
    policies,
    report,
    shipped,
    signals,
    studio,
)
from sim.cli.options import (
    Events,
    Infeasible,
    Json,
    MissionScheduler,
    MissionWorkers,
    Seed,
    Sets,
    SkipBad,
    Source,
    Stale,
    Threads,
)
from sim.cli.process import PIPE_CLOSED
from sim.cli.terminal import (
    console,
    in_stream_characters,
    load_with_notes,
    note,
    one_line_warnings,
    print_json,
    table,
    xarray_without_dask,
)
from sim.config.errors import InputError, RunError

app = typer.Typer(
    name="dawndusk",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from sim import __version__

        print(f"dawndusk {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Orbital compute constellation simulator: how many of the FLOPs you launch are usable, and what takes the rest."""


@app.command(epilog='Example: dawndusk run suncatcher --set satellite.power.array.area="140 m2"')
def run(
    scenario: Source,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; must not exist yet.")] = None,
    set: Sets = None,
    event: Events = None,
    seed: Seed = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    allow_infeasible: Infeasible = False,
    threads: Threads = None,
    scheduler: MissionScheduler = None,
    workers: MissionWorkers = None,
    binding: Annotated[
        bool, typer.Option("--binding", help="Show the gain of 10 % more battery, array and radiator; takes more runs.")
    ] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
) -> None:
    """Simulate a scenario and write a results folder."""
    from sim.output import check_place

    if out is not None:
        check_place(out)
    loaded = load_with_notes(scenario, set, event, seed, allow_stale, skip_bad, allow_infeasible)
    needs_dask = scheduler is not None or workers is not None
    with _progress(loaded) as advance, nullcontext() if needs_dask else xarray_without_dask():
        from sim import api

        results = api.run(
            loaded, out, save=True, threads=threads, progress=advance, report=_write_report if report else None, scheduler=scheduler,
            workers=workers,
        )  # fmt: skip
    try:
        _show_run(loaded, results, out, json, binding)
    except KeyboardInterrupt:
        note(f"{signals.interrupt_name()}; the results are in {results.folder}")
        raise SystemExit(signals.interrupt_code()) from None


def _write_report(results: Any, path: Path) -> None:
    """Write the report; the views are imported only here."""
    from viz.report import write_report

    write_report(results, path)


def _show_run(loaded: Any, results: Any, out: Path | None, json: bool, binding: bool) -> None:
    """Print notes and results of a run that has been written."""
    for line in results.summary["notes"][len(loaded.notes) :]:
        note(line)
    if out is not None and results.folder != out:
        note(f"{out} exists by now; the results are in {results.folder}")
    if json:
        print_json(results.summary)
        return
    _show(loaded, results, binding)


def _progress(loaded: Any) -> Any:
    """A progress bar on stderr, shown for runs of more than two seconds."""
    from sim.cli.progress import Bar

    return Bar(loaded.scenario.name)


def _show(loaded: Any, results: Any, binding: bool) -> None:
    """Print the waterfall, one line per subsystem, the binding inputs if asked for, and the path of the results."""
    from rich.table import Table

    from sim.results import formatting

    terminal = console()
    summary = results.summary
    terminal.print(formatting.headline(summary), style="bold")
    terminal.print()
    table = Table(box=None, show_header=True, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("", no_wrap=True)
    table.add_column("PFLOP/s", justify="right")
    table.add_column("", justify="right")
    table.add_column("", style="dim", no_wrap=True)
    for label, bar, *cells in formatting.waterfall(summary):
        table.add_row(label, in_stream_characters(bar), *cells, style="bold" if label in ("nameplate", "useful") else None)
    terminal.print(table)
    terminal.print(formatting.causes_without_loss(summary), style="dim")
    terminal.print()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for subject, text in formatting.lines(summary):
        facts.add_row(subject, text)
    if binding:
        from sim.studies import why

        facts.add_row("binding", formatting.binding(summary, *why.binding(loaded)))
    else:
        facts.add_row("binding", "not computed; add --binding, or run dawndusk why")
    facts.add_row("provenance", formatting.assumptions(summary))
    report = results.folder / "report.html"
    if report.is_file():
        facts.add_row("report", str(report))
    else:
        facts.add_row("results", f"{results.folder}, without a report; write it: dawndusk report {results.folder}")
    terminal.print(facts)
    if summary["contract"] is not None:
        _show_contract(terminal, summary["contract"])
    if summary["mission"] is not None:
        _show_mission(terminal, summary["mission"])


def _show_mission(terminal: Any, mission: dict[str, Any]) -> None:
    """Print what the years bring: key figures as quantiles, listed events, and what each process costs."""
    from rich.table import Table

    from sim.results import mission_text

    terminal.print()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("mission", mission_text.mission_headline(mission))
    facts.add_row("target", mission_text.mission_target(mission))
    facts.add_row("decision", mission_text.mission_ground(mission))
    terminal.print(facts)
    for heads, rows in (
        (mission_text.MISSION_HEADS, mission_text.mission_rows(mission)), (mission_text.EVENT_HEADS, mission_text.event_rows(mission)),
        (mission_text.PROCESS_HEADS, mission_text.process_rows(mission)),
    ):  # fmt: skip
        if not rows:
            continue
        terminal.print()
        lines = table(*heads, right=() if heads is mission_text.EVENT_HEADS else heads[1:])
        for row in rows:
            lines.add_row(*row)
        terminal.print(lines)


def _show_contract(terminal: Any, contract: dict[str, Any]) -> None:
    """Print what is rented, the hedges, and a row for each case."""
    from rich.table import Table

    from sim.results import contract_text

    terminal.print()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in (("contract", contract_text.contract_headline(contract)), *contract_text.contract_sources(contract)):
        facts.add_row(name, text)
    terminal.print(facts)
    terminal.print()
    first, *heads = contract_text.CONTRACT_HEADS
    heads[:2] = (f"{head}, {contract_text.UNIT_NAMES[contract['unit']]}" for head in heads[:2])
    heads = ["\n".join(head.rsplit(" ", 1)) for head in heads]
    lines = table(first, *heads, right=tuple(heads))
    for row in contract_text.contract_rows(contract):
        lines.add_row(*row)
    free = contract["without_data_rules"]
    if free is not None:
        lines.add_row(f"{free['case']}, without data rules", *contract_text.contract_row(contract, free)[1:])
    terminal.print(lines)


@app.command(epilog="Example: dawndusk validate my_scenario.yaml")
def validate(
    scenario: Source,
    set: Sets = None,
    event: Events = None,
    seed: Seed = None,
    json: Json = False,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
) -> None:
    """Check a scenario and estimate the memory and time of a run."""
    from dataclasses import asdict

    from sim.config.validation import design_notes, size
    from sim.results.number_text import counted

    loaded = load_with_notes(scenario, set, event, seed, allow_stale, skip_bad)
    estimate = asdict(size(loaded.scenario, loaded.satellites, loaded.accelerators))
    result = {
        "scenario": loaded.scenario.name,
        "scenario_sha256": loaded.sha256,
        "ok": True,
        **estimate,
        "notes": list(loaded.notes),
        "design": design_notes(loaded.scenario),
    }
    if json:
        print_json(result)
        return
    print(
        f"{loaded.scenario.name}: valid. {counted(estimate['satellites'], 'satellite')}, "
        f"{counted(estimate['accelerators'], 'accelerator')}, {counted(estimate['steps'], 'step')}, "
        f"{counted(estimate['stations'], 'station')}.\n"
        f"A run needs about {estimate['memory_bytes'] / 1e9:.1f} GB and {_about(estimate['time_s'])} on this machine, and records "
        f"{counted(estimate['recorded_satellites'], 'satellite')} in {counted(estimate['recorded_moments'], 'frame')}."
    )
    for line in result["design"]:
        print(line)


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@app.command(epilog="Example: dawndusk schema > scenario.schema.json")
def schema(
    variables: Annotated[
        bool, typer.Option("--variables", help="Print the variables of the results instead, with unit and meaning.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Variables as JSON; the schema is JSON in any case.")] = False,
) -> None:
    """Print the JSON Schema of scenario files, or the variables of the results.

    Editors use the schema for completion and validation.
    """
    if not variables:
        from sim.config.json_schema import scenario_schema

        print_json(scenario_schema())
        return
    from sim.results import variables as declared

    if json:
        print_json({"satellite": declared.satellite_variables(), "arrays": declared.result_arrays()})
        return
    terminal = console()
    for title, rows in declared.tables():
        terminal.print(title, style="bold")
        lines = table(*rows[0], fold=("meaning", "field of summary.json"))
        for row in rows:
            lines.add_row(*row.values())
        terminal.print(lines)
        terminal.print()


@app.command(epilog="Example: dawndusk verify orbits --json")
def verify(
    group: Annotated[str | None, typer.Argument(metavar="GROUP", help="Only the cases of one group.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with published data that is not part of the package.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare results with published numbers and other programs.

    The cases call the same functions as `dawndusk run`.
    """
    from sim.cli.progress import Bar
    from sim.verify import run_cases

    with Bar("verify") as advance:
        rows = run_cases(group, data, advance)
    if not rows:
        note(f"group '{group}' has no cases in this version")
    if json:
        print_json({"rows": rows})
    else:
        _verify_table(rows)
    if not rows or not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def _verify_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("case", "left"),
        ("ours", "right"),
        ("theirs", "right"),
        ("error", "right"),
        ("limit", "right"),
        ("unit", "left"),
        ("", "left"),
        ("source", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=name in ("ours", "theirs", "error", "limit"))  # type: ignore[arg-type]
    for row in rows:
        numbers = [
            "-" if row[k] is None else f"{row[k]:.7g}" if k in ("ours", "theirs") else f"{row[k]:.2g}"
            for k in ("ours", "theirs", "error", "limit")
        ]
        table.add_row(
            row["name"],
            *numbers,
            row["unit"],
            "ok" if row["ok"] else "BEYOND LIMIT",
            row["source"],
            style=None if row["ok"] else "bold red",
        )
    terminal = console()
    terminal.print(table)
    passed = sum(bool(row["ok"]) for row in rows)
    terminal.print(f"\n{passed} of {len(rows)} cases within their limits", style="bold")


@app.command(epilog="Example: dawndusk provenance satellite.power.array.area")
def provenance(
    target: Annotated[
        str, typer.Argument(metavar="FIELD|SCENARIO", help="A scenario, or a field such as satellite.mass.")
    ],
    json: Json = False,
) -> None:
    """Show where input numbers come from.

    One row per number: value, unit, kind (published, derived, assumption, ...) and source.
    """
    from sim.config import provenance as records

    rows = records.rows(target)
    if json:
        print_json({"rows": rows})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    many_scenarios = len({row["scenario"] for row in rows}) > 1
    for name in (["scenario"] if many_scenarios else []) + ["field", "value", "kind", "source"]:
        table.add_column(name, overflow="fold", no_wrap=name in ("scenario", "field"))
    for row in rows:
        spread = f" ({row['low']} to {row['high']})" if row["low"] is not None else ""
        unit = "" if row["unit"] == "1" else f" {row['unit']}"
        source = "; ".join(part for part in (row["source"], row["note"]) if part) or row["origin"]
        table.add_row(
            *([row["scenario"]] if many_scenarios else []),
            row["field"],
            f"{row['value']}{unit}{spread}",
            row["kind"],
            source,
        )
    terminal = console()
    terminal.print(table)
    counts = ", ".join(f"{number} {kind}" for kind, number in records.by_kind(rows).items())
    terminal.print(f"\n{len(rows)} numbers: {counts}", style="bold")


app.add_typer(commands.app)
app.add_typer(report.app)
app.add_typer(access.app)
app.add_typer(gateways.app)
app.add_typer(policies.app)
app.add_typer(answers.app)
app.add_typer(plan.app)
app.add_typer(burst.app)
app.add_typer(export.app)
app.add_typer(studio.app)
app.add_typer(shipped.app)
app.add_typer(bench.app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; those of the process if None.
    """
    sys.exit(exit_code(arguments))


def exit_code(arguments: list[str] | None = None) -> int:
    """Run the command; turn exceptions into error lines and an exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; those of the process if None.

    Returns
    -------
    int
        Exit code.
    """
    with one_line_warnings(), signals.interruptible():
        try:
            code = int(app(args=arguments, prog_name="dawndusk", standalone_mode=False) or 0)
            return _interrupted() if code == 130 else code
        except SystemExit as stop:  # typer ends so when a pipe is closed
            return PIPE_CLOSED if isinstance(stop.__context__, BrokenPipeError) else int(stop.code or 0)
        except BaseException as error:
            # an interrupt inside an import or in C code may come out as another error
            if signals.was_interrupted() or isinstance(error, typer.Abort | KeyboardInterrupt):
                return _interrupted()
            return _reported(error)


def _reported(error: BaseException) -> int:
    """Print an error as one line and give its exit code; an error of the program itself is raised again."""
    if isinstance(error, InputError):
        for problem in error.problems:
            note(str(problem))
        return 2
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    if isinstance(error, RunError):
        note(str(error))
    elif isinstance(error, MemoryError):
        note("out of memory; write fewer satellites or steps (dawndusk validate estimates the memory of a run)")
    elif isinstance(error, OSError):
        note(f"{error.filename or 'output'}: {error.strerror or error}")
    elif hasattr(error, "format_message"):  # a usage error: some versions of typer bundle their own click
        _usage(error)
        return 2
    else:
        raise error
    return 1


def _interrupted() -> int:
    note(f"{signals.interrupt_name()}; nothing was written")
    return signals.interrupt_code()


def _usage(error: Any) -> None:
    """Print a usage error as one line, or the help where no verb was given."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "dawndusk"
    message = error.format_message().strip()
    if "\n" in message:
        note(message)
    else:
        note(f"{path}: {message.rstrip('.')}; see {path} --help")
