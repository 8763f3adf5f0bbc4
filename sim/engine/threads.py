"""Tasks on threads, which end together when one of them fails or the run is interrupted; and linear algebra on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Event, Lock
from typing import Any

import scipy.linalg  # noqa: F401 # a library of its own, which must be there before threads are limited
from threadpoolctl import ThreadpoolController


def in_threads(
    tasks: Sequence[Callable[[], int]], threads: int, stop: Event, report: Callable[[int], None] | None = None
) -> None:
    """Call tasks on threads.

    Parameters
    ----------
    tasks : sequence of callable
        Tasks that return how much they have done, at least one.
    threads : int
        Largest number of threads.
    stop : Event
        Set when a task fails or the caller is interrupted; tasks look at it between blocks.
    report : callable, optional
        Called with the sum of what has been done, after each task.

    Raises
    ------
    BaseException
        What a task raises, and KeyboardInterrupt.
    """
    done = 0
    with ThreadPoolExecutor(max_workers=min(threads, len(tasks))) as pool:
        try:
            for n in pool.map(lambda task: task(), tasks):
                done += n
                if report is not None:
                    report(done)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@cache
def _libraries() -> ThreadpoolController:
    """The linear algebra libraries of numpy and scipy."""
    return ThreadpoolController()


class _OneThread:
    """Limit of the libraries, held as long as any run needs it: it holds for the whole process."""

    def __init__(self) -> None:
        self._lock, self._users = Lock(), 0
        self._limit: Any = None

    def begin(self) -> None:
        """Limit the libraries to one thread, unless they are already."""
        with self._lock:
            if self._users == 0:
                self._limit = _libraries().limit(limits=1, user_api="blas")
                self._limit.__enter__()
            self._users += 1

    def end(self) -> None:
        """Give them their threads back, unless another run needs the limit."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limit.__exit__(None, None, None)


_ONE = _OneThread()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let linear algebra run on one thread meanwhile: on several it rounds differently, and results would depend on the machine's processors.

    Yields
    ------
    None
        Also a decorator of functions.
    """
    _ONE.begin()
    try:
        yield
    finally:
        _ONE.end()
