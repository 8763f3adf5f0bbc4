"""Signals while a verb runs: the first raises KeyboardInterrupt, so that folders are removed and workers stopped."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from sim.cli.process import NAMES, SIGNALS, handle, leave

_received: list[int] = []  # signals since `interruptible` began


@contextmanager
def interruptible() -> Iterator[None]:
    """Context in which the first signal raises KeyboardInterrupt and a second one ends the process at once."""
    _received.clear()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    hook = sys.unraisablehook
    sys.unraisablehook = _unraisable
    handle(_interrupt)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            with suppress(ValueError):  # not the main thread
                signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _received:
        os._exit(128 + number)
    _received.append(number)
    raise KeyboardInterrupt


def _unraisable(args: Any) -> None:
    """Do not lose an interrupt that falls into a destructor or a callback, where Python cannot raise it."""
    if _received:
        if issubclass(args.exc_type, KeyboardInterrupt):
            leave(_received[0], None)
    else:
        sys.__unraisablehook__(args)


def was_interrupted() -> bool:
    """Whether a signal has arrived since `interruptible` began.

    Returns
    -------
    bool
        True after the first signal.
    """
    return bool(_received)


def interrupt_code() -> int:
    """Exit code of an interrupted command.

    Returns
    -------
    int
        130 after Ctrl-C, 143 after SIGTERM.
    """
    return 128 + (_received[0] if _received else int(signal.SIGINT))


def interrupt_name() -> str:
    """How the command was stopped, for messages.

    Returns
    -------
    str
        "interrupted" or "terminated".
    """
    return NAMES[interrupt_code() - 128]
