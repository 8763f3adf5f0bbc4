"""Tasks on threads, which end together when one of them fails or the run is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event


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
