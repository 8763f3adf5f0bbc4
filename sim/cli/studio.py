"""The verb `studio`: a local web application that shows a run and changes its scenario. Added by `sim.cli.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Infeasible, Sets, SkipBad, Stale
from sim.cli.terminal import console
from sim.config.errors import Origin, bad_input

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: dawndusk studio suncatcher")
def studio(
    source: Annotated[
        str, typer.Argument(metavar="[SCENARIO|RESULT|STUDY]", help="Name of a shipped scenario, path of a file, or the folder of a run or a sweep.")
    ] = "suncatcher",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8050,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; one that others reach wants a token, which is printed.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    variants: Annotated[
        Path | None, typer.Option("--variants", metavar="FOLDER", help="Folder to which the page may save variants; they are offered again.")
    ] = None,
    set: Sets = None,
    allow_stale: Stale = False,
    skip_bad: SkipBad = False,
    allow_infeasible: Infeasible = False,
) -> None:
    """Open the studio: see a run on the globe, change its scenario, and compare what comes of it.

    A web application on this computer; it asks nothing of the internet. Ctrl+C ends it.
    """
    import socket
    import webbrowser

    from sim.studies.studio.workbench import Workbench
    from viz.studio.app import create_app
    from viz.studio.security import access
    from viz.studio.serving import serve

    flags = {"allow_stale": allow_stale, "skip_bad": skip_bad, "allow_infeasible": allow_infeasible}
    bench = Workbench(source, flags, variants)
    try:
        begin = bench.page_state(tuple(set or ()))
        try:
            listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"{host}:{port} cannot be used ({reason}); write another port, or 0 for a free one"
            raise bad_input(Origin(f"--port {port}"), "", message) from None
        with listener:
            allowed = access(host, listener.getsockname()[1])
            console().print(f"Studio of {bench.name}: {allowed.url}{begin}", highlight=False, soft_wrap=True)
            if browser:
                webbrowser.open(allowed.url + begin)
            serve(create_app(bench, allowed).server, listener)
    finally:
        bench.close()
