"""Arguments and options shared by several verbs."""

from __future__ import annotations

from typing import Annotated

import typer

Source = Annotated[str, typer.Argument(metavar="SCENARIO", help="Name of a shipped scenario, path of a file, or a results folder.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value; may be repeated.")
]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help='Add an event, such as "+6 h lose plane 3 for 90 min".'),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all random streams.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Stale = Annotated[bool, typer.Option("--allow-stale", help="Accept element sets more than 14 days from the epoch.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Ignore element sets of a catalogue that cannot be used.")]
Infeasible = Annotated[
    bool, typer.Option("--allow-infeasible", help="Accept satellites whose power, heat or battery does not close, with notes.")
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Number of threads; does not change results.")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Address of a dask scheduler, such as tcp://node1:8786.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Worker processes on this machine.")]
MissionScheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Address of a dask scheduler over whose workers the replicas of a mission are spread."),
]
MissionWorkers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes on this machine over which the replicas of a mission are spread.")
]
