"""Faults of a sweep's scheduler and workers: a deadline, one line, no finished point lost, and --resume goes on.

Source of truth: the study run on a cluster without faults: the same bytes of its table. Each fault is tried five times.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sim import pool
from sim.config.errors import RunError
from sim.studies import definition, study_folder, sweep

SWEEP: dict[str, Any] = {
    "name": "six",
    "scenario": "suncatcher",
    "set": ["duration=2 min", "ground.stations=[]", "workloads=[{kind: independent}]"],
    "grid": {"satellite.power.array.area": ["100 m2", "140 m2"], "satellite.power.battery.capacity": ["5 kWh", "10 kWh", "15 kWh"]},
}
CLUSTER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
LOST = r"^the scheduler was lost; finished points are saved; add --resume"
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of processes that are killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*was never awaited:RuntimeWarning"),
]


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CONNECT_TIMEOUT_S", 1.0), ("SILENT_S", 1.5), ("NO_WORKERS_S", 1.5), ("CHECK_S", 0.1), ("CLOSE_S", 0.5)):
        monkeypatch.setattr(pool, name, value)


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as job:  # fmt: skip
        try:
            yield job
        finally:
            job.kill()


@contextmanager
def cluster() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process with a scheduler and a worker, and their address."""
    with process("-c", CLUSTER) as job:
        assert job.stdout is not None
        yield job, job.stdout.readline().strip()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of the study, without faults."""
    with cluster() as (_, address):
        done = sweep.sweep(SWEEP, tmp_path_factory.mktemp("whole") / "six", scheduler=address)
    return (done.folder / "points.parquet").read_bytes()


def after(points: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    """A progress callback that acts once when so many points are done."""

    def progress(done: int, total: int) -> None:
        if done == points:
            act()

    return progress


def finish(folder: Path, points: int, table: bytes) -> None:
    """The journal has at least these points; the rest is run here without workers, and the table is the same."""
    study = definition.resolve(SWEEP)
    part = study_folder.part_folder(study, folder / "six")
    lines = (part / "journal.jsonl").read_bytes().count(b"\n") - 1
    assert points <= lines <= 6

    @contextmanager
    def here(*_: Any) -> Iterator[None]:
        yield None

    def entries(_: Any, study: Any, remaining: list[Any], sources: str) -> Iterator[dict[str, Any]]:
        assert len(remaining) == 6 - lines
        yield from (sweep.run_point(study.source, point, sources) for point in remaining)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "client", here)
        patch.setattr(sweep, "_entries", entries)
        done = sweep.execute(study, folder / "six", resume=True)
    assert (done.folder / "points.parquet").read_bytes() == table


@pytest.mark.parametrize("points", [1, 3, 5])
def test_scheduler_killed(folder: Path, table: bytes, points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connections close at once. Until then it may say nothing for seconds: it shares its process with a worker that loads kernels."""
    for name, value in (("SILENT_S", 20.0), ("NO_WORKERS_S", 30.0)):
        monkeypatch.setattr(pool, name, value)
    with cluster() as (job, address), pytest.raises(RunError, match=LOST):
        sweep.sweep(SWEEP, folder / "six", scheduler=address, progress=after(points, job.kill))
    finish(folder, points, table)


def test_scheduler_that_falls_silent(folder: Path, table: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped by a signal, it keeps its connections and answers nothing."""
    with cluster() as (job, address):
        with monkeypatch.context() as patient:
            for name, value in (("SILENT_S", 20.0), ("NO_WORKERS_S", 30.0)):
                patient.setattr(pool, name, value)
            sweep.sweep(SWEEP, folder / "first" / "six", scheduler=address)  # its worker has kernels from now on
        for points in (1, 3, 5):
            place = folder / str(points)
            stop = after(points, lambda: job.send_signal(signal.SIGSTOP))
            with pytest.raises(RunError, match=LOST):
                sweep.sweep(SWEEP, place / "six", scheduler=address, progress=stop)
            job.send_signal(signal.SIGCONT)
            finish(place, points, table)


@pytest.mark.parametrize("points", [0, 1, 3])
def test_all_workers_lost(folder: Path, table: bytes, points: int) -> None:
    """A scheduler in this process; its only worker is killed, or there has never been one (0 points)."""
    from distributed import LocalCluster

    message = "^there has been no worker for 2 s; finished points are saved; add --resume to continue"
    with LocalCluster(n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0") as local:
        address = local.scheduler_address
        if points == 0:
            with pytest.raises(RunError, match=message):
                sweep.sweep(SWEEP, folder / "six", scheduler=address)
        else:
            with process("-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard") as worker:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(pool, "NO_WORKERS_S", 60.0)  # until it has started
                    with pool.client(address, 1, "sim.sweep") as client:
                        client.wait_for_workers(1, timeout=60)
                with pytest.raises(RunError, match=message):
                    sweep.sweep(SWEEP, folder / "six", scheduler=address, progress=after(points, worker.kill))
    finish(folder, points, table)


ANSWERS = {
    "silent": None,
    "closes": b"",
    "web server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "few bytes": b"\x00" * 3,
    "many frames": b"\xff" * 8 + b"\x00" * 64,
    "long frame": (1).to_bytes(8, "little") + (2**40).to_bytes(8, "little"),
    **{f"random {seed}": random.Random(seed).randbytes(200) for seed in range(5)},
}


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_something_else_at_the_address(folder: Path, scheme: str, answer: str) -> None:
    """A port that accepts a connection and answers like no scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stopped, open_sockets = threading.Event(), []

        def serve() -> None:
            while not stopped.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                content = ANSWERS[answer]
                if content is not None:
                    connection.sendall(content)
                    connection.close()
                else:
                    open_sockets.append(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(RunError) as error:
                sweep.sweep(SWEEP, "six", scheduler=address)
        finally:
            stopped.set()
            thread.join()
            for connection in open_sockets:
                connection.close()
    assert str(error.value).startswith(f"no dask scheduler answers at {address} (")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "tcp://", "http://127.0.0.1:9", "tcp://no.such.host.invalid:8786", "tcp://127.0.0.1:99999"])
def test_address_of_nothing(folder: Path, address: str) -> None:
    with pytest.raises(RunError) as error:
        sweep.sweep(SWEEP, "six", scheduler=address)
    assert str(error.value).startswith(f"no dask scheduler answers at {address} (")
    assert len(str(error.value).splitlines()) == 1


def test_local_cluster_takes_no_code_without_its_key(tmp_path: Path) -> None:
    """Other programs of this machine reach the port: without TLS, and with a key of their own, they are refused."""
    from distributed import Client, Security

    with pool.client(None, 1, "sim.sweep") as client:
        address = client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        port = address.rsplit(":", 1)[1]
        for other in (f"tcp://127.0.0.1:{port}", address):
            for _ in range(3):
                security = Security.temporary() if other == address else None
                with pytest.raises(OSError):
                    Client(other, timeout=0.5, security=security)
        assert client.submit(os.getpid).result(timeout=30) != os.getpid()
