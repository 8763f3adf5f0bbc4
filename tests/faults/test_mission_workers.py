"""Replicas of a mission over worker processes: the same bytes, and what becomes of workers and schedulers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import pool
from sim.config.errors import InputError, Origin, RunError, bad_input
from sim.config.scenario import load
from sim.mission import capability, results
from sim.mission.histories import histories

SCENARIO = """\
name: spread
epoch: 2026-12-21T00:00:00Z
duration: 60 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
"""
MISSION = """\
mission:
  duration: 2 yr
  replicas: 21
  step: 91 d
  dates: 3
  ages: 2
  processes: [{name: loss, unit: satellite, mean_time: 5 yr}, {name: chip, unit: accelerator, mean_time: 30 yr}]
  replacement: {stock: 2, batch: 3, reorder_at: 1}
"""
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of processes that are killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*was never awaited:RuntimeWarning"),
]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes for all tests."""
    with pool.client(None, 2, "sim.run") as found:
        yield found


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "spread.yaml"
    path.write_text(SCENARIO + MISSION, encoding="utf-8")
    return path


def test_the_same_bytes_on_worker_processes(scenario: Path, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: one thread and one replica after the other; days are made anew on the workers too."""
    monkeypatch.setattr(capability, "_known", lambda _: None)
    each = pool.OnWorkers(client)
    assert each.places == 2
    one, two = results.simulate(load(scenario), 1), results.simulate(load(scenario), each=each)
    for name, alone in zip(one.one._fields, one.one, strict=True):
        assert alone.tobytes() == getattr(two.one, name).tobytes(), name
    assert one.table.shares.tobytes() == two.table.shares.tobytes()
    assert [row.own_s.tobytes() for row in one.ledgers] == [row.own_s.tobytes() for row in two.ledgers]
    for size in (1, 4, 50):
        for how in ({"threads": 2}, {"each": each}):
            found = histories(one.fleet, int(one.loaded.scenario.seed), 21, at_once=size, **how)
            assert all(a.tobytes() == b.tobytes() for a, b in zip(found, one.one, strict=True)), (size, how)


def die() -> None:
    """Kill this process, once its nanny knows that it has started: one that dies before is not started again."""
    time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(marks: str, number: int) -> int:
    """A task that takes its worker along the first time that one of each number runs."""
    mark = Path(marks) / str(number)
    if number == 2 and not mark.exists():
        mark.touch()
        die()
    return number * number


def dies(number: int) -> int:
    if number == 2:
        die()
    return number


def refuses(number: int) -> int:
    raise bad_input(Origin("here"), "field", f"number {number} is wrong")


def fails(number: int) -> int:
    raise ZeroDivisionError(f"number {number}\nof many")


def test_a_worker_that_dies_loses_its_task_only(client: Any, tmp_path: Path) -> None:
    """It is done again, and each result comes once."""
    found = list(pool.each(client, dies_once, [(str(tmp_path), n) for n in range(8)]))
    assert sorted(found) == [(n, n * n) for n in range(8)]
    assert (tmp_path / "2").exists()


def test_a_task_that_kills_every_worker_is_one_line(client: Any) -> None:
    found: list[int] = []
    with pytest.raises(RunError, match=r"^a worker process died twice, the second time with this part of the work only: killed, or out of memory$"):
        found.extend(n for n, _ in pool.each(client, dies, [(n,) for n in range(4)]))
    assert 2 not in found


def test_errors_of_workers_are_those_of_this_process(client: Any) -> None:
    """What a scenario does wrong keeps its problems; anything else is one line."""
    with pytest.raises(InputError) as error:
        list(pool.each(client, refuses, [(7,)]))
    assert [str(problem) for problem in error.value.problems] == ["here: field: number 7 is wrong"]
    with pytest.raises(RunError, match=r"^a worker could not do the work \(ZeroDivisionError: number 7\); install"):
        list(pool.each(client, fails, [(7,)]))


def test_another_version_on_the_workers(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "sources_hash", lambda: "other")
    with pytest.raises(RunError, match=r"^this worker runs another version of the program"):
        list(pool.each(client, abs, [(1,)]))


def test_run_with_workers(scenario: Path, dawndusk: Any, folder: Path) -> None:
    """The command gives the same bytes of summary, series and events with and without worker processes."""
    called = dawndusk("run", str(scenario), "--out", "one", "--no-report")
    spread = dawndusk("run", str(scenario), "--out", "two", "--no-report", "--workers", "2")
    assert (called.code, spread.code) == (0, 0), spread.errors
    for name in ("summary.json", "series.nc", "events.parquet"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes(), name


def test_nothing_to_spread(scenario: Path, dawndusk: Any, folder: Path) -> None:
    """A run without a mission has no replicas."""
    scenario.write_text(SCENARIO, encoding="utf-8")
    for option in (("--workers", "2"), ("--scheduler", "tcp://127.0.0.1:9")):
        called = dawndusk("run", str(scenario), "--out", "found", *option)
        assert (called.code, called.out) == (2, "")
        said = "spreads the replicas of a mission, and this scenario has none; leave it out, or write mission: {duration: 5 yr}"
        assert called.errors == [f"{' '.join(option)}: {said}"]
    assert not (folder / "found").exists()


def test_no_scheduler(scenario: Path, dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line before anything is computed, and no folder."""
    monkeypatch.setattr(pool, "CONNECT_TIMEOUT_S", 0.3)
    for verb, *options in (("run", "--out", "found"), ("answers",)):
        called = dawndusk(verb, str(scenario), "--scheduler", "tcp://127.0.0.1:9", *options)
        assert (called.code, called.out) == (1, "")
        assert called.errors[-1].startswith("no dask scheduler answers at tcp://127.0.0.1:9 (")
    assert not (folder / "found").exists()


def test_without_a_module_of_dask(scenario: Path, dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    called = dawndusk("run", str(scenario), "--workers", "2", "--out", "found")
    assert (called.code, called.out) == (1, "")
    assert called.errors[-1].startswith("worker processes need dask, which cannot be loaded here (")
    assert not (folder / "found").exists()


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def test_a_scheduler_that_is_lost(scenario: Path, monkeypatch: pytest.MonkeyPatch, subprocess_environment: dict[str, str]) -> None:
    """A scheduler of its own gives the same summary; killed between two groups of replicas, it is one line, and nothing is written."""
    for name, value in (("CONNECT_TIMEOUT_S", 10.0), ("SILENT_S", 30.0), ("NO_WORKERS_S", 30.0), ("CHECK_S", 0.1), ("CLOSE_S", 0.5)):
        monkeypatch.setattr(pool, name, value)
    environment = {**os.environ, **subprocess_environment}
    with subprocess.Popen([sys.executable, "-c", CLUSTER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as job:  # fmt: skip
        try:
            assert job.stdout is not None
            address = job.stdout.readline().strip()
            assert sim.run(scenario, scheduler=address).summary == sim.run(scenario).summary
            calls: list[str] = []
            kept = pool.each

            def killed(client: Any, function: Any, arguments: Any) -> Any:
                calls.append(function.__name__)
                if calls.count("some_replicas") == 2:
                    job.kill()
                    job.wait()
                return kept(client, function, arguments)

            monkeypatch.setattr(pool, "each", killed)
            out = scenario.parent / "found"
            with pytest.raises(RunError, match=r"^the scheduler was lost; nothing was written; run it again$"):
                sim.run(scenario, out, scheduler=address)
            assert not out.exists()
            assert calls.count("some_replicas") == 2
        finally:
            job.kill()
