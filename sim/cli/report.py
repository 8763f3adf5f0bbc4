"""The verb `report`: writes the page of a results folder or a study again, and a picture of it. Added by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.config.errors import Origin, RunError, bad_input

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk report results/suncatcher-1a2b3c4d-1 --png")
def report(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="A folder written by `dawndusk run` or `dawndusk sweep`.")
    ],
    png: Annotated[
        bool, typer.Option("--png", help="Also write report.png, a picture of the whole page; needs Chromium or Chrome on the PATH.")
    ] = False,
) -> None:
    """Write the report of a results folder or a study again."""
    target = result / "report.html"
    _write_page(result, target)
    print(target)
    if png:
        _write_picture(target, result / "report.png")


def _write_page(result: Path, target: Path) -> None:
    from sim.output import new_file
    from sim.studies.study_table import is_study, read_study

    if is_study(result):
        from viz.study import write_study

        study = read_study(result)
        with new_file(target) as part:
            write_study(study, part)
        return
    from sim.results.reader import read
    from viz.report import write_report

    results = read(result)
    with new_file(target) as part:
        write_report(results, part)


def _write_picture(page: Path, target: Path) -> None:
    from sim.output import new_file
    from viz.browser import BrowserFailed, NoBrowser
    from viz.picture import write_picture

    try:
        with new_file(target) as part:
            write_picture(page, part)
    except NoBrowser as error:
        raise bad_input(Origin("--png"), "", f"{error}; the page itself is {page}") from None
    except BrowserFailed as error:
        raise RunError(f"{target}: {error}; the page itself is {page}") from None
    print(target)
