"""The command as a process: signals while it is being loaded, standard streams, exit code.

Imports next to nothing, so that Ctrl-C is handled from the first moment on.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

TYPE_CHECKING = False  # as in typing, which takes longer to import than everything here
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NAMES = {int(signal.SIGINT): "interrupted", int(signal.SIGTERM): "terminated"}
PIPE_CLOSED = 141  # 128 + SIGPIPE, as the shell reports it for other programs


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command; every error is one line and an exit code, never a traceback.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; those of the process if None.
    """
    handle(leave)
    gc.set_threshold(50_000, 20, 20)  # imports make many objects that stay: searching them for cycles takes 0.3 s of a run
    _prepare_streams()
    from sim.cli.app import exit_code
    from sim.cli.signals import was_interrupted

    code = exit_code(arguments)
    handle(signal.SIG_IGN)  # nothing is left to be interrupted
    code = _flushed(code)
    if was_interrupted():
        os._exit(code)  # the interpreter's own end would report SIGINT, whatever the signal was
    sys.exit(code)


def handle(handler: Any) -> None:
    """Set the handler of both signals, except where they are ignored: a job in the background ignores Ctrl-C.

    Parameters
    ----------
    handler : callable or signal.Handlers
        As for `signal.signal`.
    """
    for number in SIGNALS:
        try:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, handler)
        except ValueError:  # not the main thread
            return


def leave(number: int, frame: FrameType | None) -> None:
    """End the process at once, with one line: nothing has been written that would have to be removed.

    Parameters
    ----------
    number : int
        The signal.
    frame : FrameType or None
        Where it arrived.
    """
    try:
        os.write(2, f"{NAMES[number]}; nothing was written\n".encode())
    finally:
        os._exit(128 + number)


def _prepare_streams() -> None:
    """Replace closed streams by the null device, and characters that a stream does not have by question marks."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # a closed standard stream must not become the number of a file of results
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it stays open
        else:
            stream.reconfigure(errors="replace" if name == "stdout" else "backslashreplace")


def _flushed(code: int) -> int:
    """Write what is buffered; the exit code, that of a closed pipe or a full disk where stdout is one."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    except OSError:  # reported when it was first written, unless all of it was buffered
        if code == 0:
            print("output: no space left, or it cannot be written", file=sys.stderr)
        code = code or 1
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter can flush what is left
    return code
