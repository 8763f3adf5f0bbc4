"""The process that runs scenarios for the studio: compiled kernels stay loaded, and one failure does not take the studio along."""

from __future__ import annotations

import logging
import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

LOG_LINES = 40  # of a traceback, in the log of a run that failed


class Cancelled(Exception):
    """The run is no longer wanted."""


def serve(pipe: Connection) -> None:
    """Run scenarios one after the other, until the other end of the pipe is closed.

    Each request is (key, source, sets, events, seed, flags). Answers are (key, "progress", done, total), (key, "done", results), (key, "refused",
    problems) with (field, message) of each, or (key, "failed", message, log). A request (key, "cancel") ends the run that has begun.

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
        key, source, sets, events, seed, flags = request
        try:
            loaded = api.load(source, sets, events, seed, **flags)
            pipe.send((key, "done", api.run(loaded, progress=_reporter(pipe, key))))
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


def _reporter(pipe: Connection, key: str) -> Callable[[int, int], None]:
    """Tells how far a run is, and ends it when it is no longer wanted."""

    def report(done: int, total: int) -> None:
        while pipe.poll():
            if pipe.recv() == (key, "cancel"):
                raise Cancelled
        pipe.send((key, "progress", done, total))

    return report


def request(key: str, variant: Any, source: str, flags: dict[str, bool]) -> tuple[Any, ...]:
    """A run as the process takes it.

    Parameters
    ----------
    key : str
        What the answers are marked with.
    variant : Variant
        Changes of the scenario.
    source : str
        Name or path of the scenario.
    flags : dict of str to bool
        Further options of `sim.api.load`.

    Returns
    -------
    tuple
        The request.
    """
    return key, source, variant.sets, variant.events, variant.seed, flags
