"""Worker processes of this machine or of a dask cluster, and work that is spread over them.

One machine is a cluster of its own: worker processes with one thread each, connected over the loopback address by TLS
with a key that exists only in memory, so that no other user of the machine can send code to it.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from sim.config.errors import InputError, RunError
from sim.engine.threads import one_blas_thread
from sim.memo import sources_hash

T = TypeVar("T")

_DASK_CONFIG = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.worker-saturation": 1.0,  # no queue on workers: a worker that dies loses one task only
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ": {
        **dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "DASK_LOGGING__DISTRIBUTED": "critical",
    },
}
CONNECT_TIMEOUT_S = 10.0
SILENT_S = 30.0  # a scheduler that has not answered for so long is lost
NO_WORKERS_S = 60.0  # time without any worker after which work ends
CHECK_S = 2.0  # between questions to the scheduler while no task finishes
WAIT_S = 0.1
CLOSE_S = 5.0
OTHER_VERSION = "this worker runs another version of the program; install the same one everywhere"
NOT_KEPT = "nothing was written; run it again"
DIED = "a worker process died twice, the second time with this part of the work only: killed, or out of memory"
# Ctrl-C is sent to every process of the terminal: workers ignore it, this process handles it and stops them
_IGNORE_SIGINT = "import signal\ndef dask_setup(worker):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


class Each(Protocol):
    """Calls a function with each of several arguments, somewhere."""

    @property
    def places(self) -> int:
        """How many calls run at a time, about; at least 1."""

    def __call__(self, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, T]]:
        """Give the number of each call with its result, as they finish."""


class OnWorkers:
    """An `Each` on the workers of a client.

    Parameters
    ----------
    client : Client
        A dask client that is connected.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def places(self) -> int:
        """Threads of all workers that are there now, at least 1."""
        try:
            return max(1, int(sum(self._client.ncores().values())))
        except Exception:  # the scheduler is lost, which the next call finds
            return 1

    def __call__(self, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, T]]:
        """Give the number of each call with its result, as they finish."""
        return each(self._client, function, arguments)


class WorkerDied:
    """In place of the result of a task whose worker processes died."""


def in_worker_of_unguarded_script() -> bool:
    """Whether this is a worker process that runs the calling script again, which has no guard; the parent process reports it.

    Returns
    -------
    bool
        Then nothing must be started.
    """
    return bool(getattr(multiprocessing.current_process(), "_inheriting", False))


def check_dask(what: str, instead: str) -> None:
    """Check that dask can be loaded, before anything is written.

    Parameters
    ----------
    what, instead : str
        Who needs it, and what to do without it, in words.

    Raises
    ------
    RunError
        If this system lacks a module that it needs.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise RunError(f"{what} need dask, which cannot be loaded here ({error}); {instead}") from None


@contextmanager
def spread(scheduler: str | None, workers: int | None) -> Iterator[Each | None]:
    """What spreads work over worker processes as long as the context lasts.

    Parameters
    ----------
    scheduler : str or None
        Address of a running dask scheduler, whose workers are used.
    workers : int or None
        Worker processes to start on this machine, where no scheduler is given.

    Yields
    ------
    Each or None
        None where neither is given. A worker that dies loses the tasks that it ran only, and they are done again.

    Raises
    ------
    RunError
        If workers or scheduler cannot be used, are lost, or die of the same task again and again.
    """
    if scheduler is None and workers is None:
        yield None
        return
    if in_worker_of_unguarded_script():
        raise SystemExit(1)
    check_dask("worker processes", "leave --workers and --scheduler out")
    with client(scheduler, workers or 1, "sim.run") as found:
        yield OnWorkers(found)


def each(found: Any, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, T]]:
    """Call a function on the workers of a client, once for each of several arguments.

    Parameters
    ----------
    found : distributed.Client
        The client.
    function : callable
        A function of a module; what it returns depends on its arguments only.
    arguments : sequence of tuple
        Arguments of each call.

    Yields
    ------
    tuple of int and object
        Number of the call, and its result; in the order in which they finish.

    Raises
    ------
    RunError
        If the scheduler or all workers are lost, if a worker runs another version, or if one call kills its workers again and again.
    """
    checked = partial(_checked, sources_hash(), function)
    again: list[int] = []
    for number, result in finished(found, checked, arguments, _keys(function, len(arguments)), NOT_KEPT):
        if isinstance(result, WorkerDied):
            again.append(number)
        else:
            yield number, result
    for number in again:  # alone, as others may have been on the workers that died
        for _, result in finished(found, checked, [arguments[number]], _keys(function, 1), NOT_KEPT):
            if isinstance(result, WorkerDied):
                raise RunError(DIED)
            yield number, result


def _keys(function: Callable[..., Any], count: int) -> list[str]:
    """Names of tasks that no other client of a scheduler uses."""
    return [f"{function.__name__}-{uuid.uuid4().hex}" for _ in range(count)]


def _checked(sources: str, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function on a worker, with linear algebra as in this process."""
    if sources_hash() != sources:
        raise RunError(OTHER_VERSION)
    with one_blas_thread():
        return function(*arguments)


@contextmanager
def client(scheduler: str | None, workers: int, call: str) -> Iterator[Any]:
    """A client of the scheduler at an address, or of a cluster that exists as long as this context.

    Parameters
    ----------
    scheduler : str or None
        The address. TLS files of a scheduler elsewhere are those of Dask's configuration.
    workers : int
        Worker processes to start where there is none.
    call : str
        Function that a script has called, for the message where workers cannot be started.

    Yields
    ------
    distributed.Client
        The client.

    Raises
    ------
    RunError
        If workers cannot be started, or no scheduler answers.
    """
    import dask
    from distributed import Client, LocalCluster, Security

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_DASK_CONFIG))
        if scheduler is None:
            try:
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL, memory_limit=0, preload=[_IGNORE_SIGINT], security=Security.temporary(),
                )  # fmt: skip
            except (RuntimeError, OSError) as error:
                unguarded = f'in a script, call {call} below `if __name__ == "__main__":`'
                raise RunError(f"the workers could not be started ({error}); {unguarded}") from None
            stack.enter_context(cluster)
            found = stack.enter_context(Client(cluster, set_as_default=False))
            yield found
            with suppress(TimeoutError):  # a worker that is restarting logs an error when it is stopped
                found.wait_for_workers(workers, timeout=CONNECT_TIMEOUT_S)
            return
        found = _connect(scheduler)
        stack.callback(_close, found)
        yield found


def _connect(scheduler: str) -> Any:
    """A client of the scheduler at an address.

    Raises
    ------
    RunError
        If none answers in time, or something else does.
    """
    import asyncio

    from distributed import Client

    made: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            made.put(Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False))
        except (Exception, asyncio.CancelledError) as error:  # whatever the other side sends, dask may fail on it in any way
            made.put(error)

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what is wrong is in the exception
    # a thread of its own: Client waits for ever for a port that accepts the connection and then says nothing
    threading.Thread(target=connect, daemon=True).start()
    try:
        found = made.get(timeout=2.0 * CONNECT_TIMEOUT_S)
    except queue.Empty:
        found = TimeoutError(f"no answer within {2.0 * CONNECT_TIMEOUT_S:.0f} s")
    finally:
        logger.setLevel(level)
    if isinstance(found, BaseException):
        reason = str(found).split("\n")[0] or type(found).__name__
        raise RunError(
            f"no dask scheduler answers at {scheduler} ({reason}); start one, check its address and TLS, or leave --scheduler out"
        )
    return found


def _close(found: Any) -> None:
    """Leave a scheduler, whether it still answers or not."""
    with suppress(Exception):
        found.close(timeout=CLOSE_S)


class _Watch:
    """Deadlines while no task finishes: a scheduler that is silent, and a cluster without workers."""

    def __init__(self, found: Any, kept: str) -> None:
        self.client, self.kept = found, kept
        self.restart()

    def restart(self) -> None:
        """A task has finished: scheduler and workers are there."""
        self.answered_s = self.workers_s = self.asked_s = time.monotonic()

    def check(self) -> None:
        """Ask the scheduler for its workers, if that was some time ago.

        Raises
        ------
        RunError
            If a deadline has passed.
        """
        if time.monotonic() - self.asked_s < CHECK_S:
            return
        try:
            workers = self.client.sync(self.client.scheduler.ncores, callback_timeout=CONNECT_TIMEOUT_S)
        except Exception:  # closed, reconnecting, or too slow: the deadline decides
            workers = None
        now = self.asked_s = time.monotonic()
        if workers is not None:
            self.answered_s = now
        if workers:
            self.workers_s = now
        if self.client.status == "closed" or now - self.answered_s > SILENT_S:
            raise RunError(f"the scheduler was lost; {self.kept}")
        if now - self.workers_s > NO_WORKERS_S:
            raise RunError(f"there has been no worker for {NO_WORKERS_S:.0f} s; {self.kept}")


def finished(
    found: Any, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]], keys: Sequence[str], kept: str
) -> Iterator[tuple[int, T | WorkerDied]]:
    """Calls of a function on the workers of a client, as they finish.

    Parameters
    ----------
    found : distributed.Client
        The client.
    function : callable
        The function.
    arguments : sequence of tuple
        Arguments of each call, one at least.
    keys : sequence of str
        Name of each call for the scheduler; no other task of it has the same.
    kept : str
        What is kept if the scheduler is lost, and what to do then, in words.

    Yields
    ------
    tuple of int and object
        Number of the call and its result, or `WorkerDied`.

    Raises
    ------
    RunError
        If the scheduler or all workers are lost, or if a worker cannot do the work; every result that has arrived is given first.
    """
    from distributed import CancelledError, as_completed

    try:
        futures = found.map(function, *(list(column) for column in zip(*arguments, strict=True)), key=list(keys), pure=False)
    except Exception:  # the client has been closed
        raise RunError(f"the scheduler was lost; {kept}") from None
    number = {key: n for n, key in enumerate(keys)}
    # results are sent with the notification: a worker may die before its result is fetched
    waiting = as_completed(futures, loop=found.loop, with_results=True, raise_errors=False)
    del futures
    watch = _Watch(found, kept)
    while not waiting.is_empty():
        lost = False
        for future, result in waiting.next_batch(block=False):
            if isinstance(result, CancelledError):
                lost = True
                continue
            yield number[future.key], _failed(result[1]) if future.status == "error" else result
            future.release()
            watch.restart()
        if lost:
            raise RunError(f"the scheduler was lost; {kept}")
        if not waiting.has_ready():
            watch.check()
            with waiting.thread_condition:
                if not waiting.has_ready():
                    waiting.thread_condition.wait(WAIT_S)


def _failed(error: BaseException) -> WorkerDied:
    """What became of a call that raised an error.

    Raises
    ------
    InputError or RunError
        What the call raised; errors of other kinds as one line.
    """
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return WorkerDied()
    if isinstance(error, InputError | RunError):
        raise error
    line = str(error).split("\n")[0]
    raise RunError(f"a worker could not do the work ({type(error).__name__}: {line}); install the same version of the program everywhere") from error
