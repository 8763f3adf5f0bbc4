"""The process that computes for the studio: compiled kernels stay loaded, and one failure does not take the studio along."""

from __future__ import annotations

import logging
import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

LOG_LINES = 40  # of a traceback, in the log of a run that failed
RUN: Final = "run"
MISSION: Final = "mission"

Progress = Callable[..., None]  # of (done, total), or of (done, total, what)


class Request(NamedTuple):
    """What is to be computed.

    Attributes
    ----------
    key : str
        What the answers are marked with.
    task : str
        One of `TASKS`.
    source : str
        Name or path of the scenario.
    sets, events : tuple of str
        Overrides and further events.
    seed : int or None
        Seed of all random streams.
    flags : dict of str to bool
        Further options of `sim.api.load`.
    """

    key: str
    task: str
    source: str
    sets: tuple[str, ...]
    events: tuple[str, ...]
    seed: int | None
    flags: dict[str, bool]


class Cancelled(Exception):
    """The run is no longer wanted."""


def serve(pipe: Connection) -> None:
    """Compute one request after the other, until the other end of the pipe is closed.

    Answers to a `Request` are (key, "progress", done, total, what), (key, "done", results), (key, "refused", problems) with (field, message) of
    each, or (key, "failed", message, log). (key, "cancel") ends the request that has begun.

    Parameters
    ----------
    pipe : Connection
        End of the pipe to the studio.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the studio ends this process
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # small matrices; threads would wait for each other
    from sim import api
    from sim.config.errors import InputError, RunError

    while True:
        try:
            request = pipe.recv()
        except (EOFError, OSError):
            return
        if request[1] == "cancel":
            continue  # of a run that has ended meanwhile
        key = request.key
        try:
            loaded = api.load(request.source, request.sets, request.events, request.seed, **request.flags)
            pipe.send((key, "done", TASKS[request.task](loaded, _reporter(pipe, key))))
        except Cancelled:
            pipe.send((key, "cancelled"))
        except InputError as error:
            pipe.send((key, "refused", [(p.field, p.message) for p in error.problems]))
        except RunError as error:
            pipe.send((key, "failed", str(error), ""))
        except Exception as error:  # whatever a run raises: the studio shows it and goes on
            logging.getLogger(__name__).exception("run %s", key)
            lines = traceback.format_exc().splitlines()[-LOG_LINES:]
            pipe.send((key, "failed", f"{type(error).__name__}: {error}", "\n".join(lines)))


def _run(loaded: Any, progress: Progress) -> Any:
    from sim import api

    return api.run(loaded, progress=progress, years=False)  # an answer to a changed field does not wait for years


def _mission(loaded: Any, progress: Progress) -> Any:
    from sim import mission
    from sim.config.errors import Origin, bad_input
    from sim.engine.threads import one_blas_thread

    if loaded.scenario.mission is None:
        raise bad_input(Origin(loaded.scenario.name), "mission", "is not given; write mission: {duration: 5 yr}")
    with one_blas_thread():
        return mission.over_years(loaded, progress=lambda what, done, total: progress(done, total, what))


def _why(loaded: Any, progress: Progress) -> Any:
    from sim.studies.why import why

    return why(loaded, progress)


def _plan(loaded: Any, progress: Progress) -> Any:
    from sim.studies.plans import plans

    return plans(loaded)


TASKS: Final[dict[str, Callable[[Any, Progress], Any]]] = {RUN: _run, MISSION: _mission, "why": _why, "plan": _plan}
"""What can be asked for, by name: each takes a scenario and tells how far it is."""


def _reporter(pipe: Connection, key: str) -> Progress:
    """Tells how far a run is, and ends it when it is no longer wanted."""

    def report(done: float, total: int, what: str = "") -> None:
        while pipe.poll():
            if pipe.recv() == (key, "cancel"):
                raise Cancelled
        pipe.send((key, "progress", done, total, what))

    return report
