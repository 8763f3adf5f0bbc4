"""What tests of several folders share: the real command line, a small scenario, a catalogue made up on the spot."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples in every run; `--hypothesis-profile=explore` draws others
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False, print_blob=True)
settings.load_profile("same")

REPO = Path(__file__).resolve().parent.parent
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited by a job in the background; interrupts are tested
    signal.signal(signal.SIGINT, signal.default_int_handler)

SCENARIO = """\
name: small
epoch: 2026-12-21T00:00:00Z
duration: 2 h
step: 60 s
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {spacing: 200 m, radius: 1 km}
satellite: suncatcher
ground: {stations: default, min_elevation: 10 deg}
baseline: colossus-1
"""


@dataclass(frozen=True)
class Called:
    """What a call of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


Command = Callable[..., Called]


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Published data that is too large to ship."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("shared data not present")
    return folder


@pytest.fixture
def scenario_text() -> str:
    """A valid scenario; tests replace parts of it, line by line."""
    return SCENARIO


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def dawndusk(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, in an empty folder."""
    from sim.cli.app import main

    monkeypatch.delenv("COLUMNS", raising=False)  # tables as wide as they are in a pipe

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        reported = capsys.readouterr()
        return Called(int(stop.value.code or 0), reported.out, reported.err)

    return call


@pytest.fixture(scope="session")
def subprocess_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPO)}


@pytest.fixture
def python(tmp_path: Path, subprocess_environment: dict[str, str]) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """A fresh interpreter that runs a few lines."""

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=subprocess_environment, timeout=120,
            check=False,
        )  # fmt: skip

    return run


def calls_of(task: Callable[[], object]) -> int:
    """Calls of Python functions that a task makes: its work, whatever else the machine does."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        task()
    finally:
        sys.setprofile(before)
    return calls


@pytest.fixture(scope="session")
def count_calls() -> Callable[[Callable[[], object]], int]:
    """`calls_of`: tests of cheapness count work instead of time, which depends on the load of the machine."""
    return calls_of


@pytest.fixture(scope="session")
def widest() -> str:
    """zmm or ymm, the widest vector registers of the processor. Source of truth: what it says of itself."""
    from orbit.kernels.compile import compiled

    cpu = Path("/proc/cpuinfo")
    if not cpu.is_file() or not compiled():
        pytest.skip("no /proc/cpuinfo, or the compiler is off")
    flags = cpu.read_text("ascii", errors="replace")
    width = "zmm" if " avx512f" in flags else "ymm" if " avx2" in flags else None
    if width is None:
        pytest.skip("a processor without AVX2")
    return width


@pytest.fixture
def make_element_lines() -> Callable[..., str]:
    """`element_lines`, for tests whose own conftest hides this one."""
    return element_lines


def element_lines(count: int, epoch: datetime, apart_s: float = 0.0) -> str:
    """A TLE file of satellites on one circular orbit at 550 km, at most 30 deg apart, by the exporter of the sgp4 package."""
    from sgp4.api import WGS72, Satrec
    from sgp4.exporter import export_tle

    lines = []
    for k in range(count):
        days = (epoch - datetime(1949, 12, 31, tzinfo=UTC)).total_seconds() / 86400.0 - k * apart_s / 86400.0
        satellite = Satrec()
        satellite.sgp4init(
            WGS72, "i", 70000 + k, days, 1e-5, 0.0, 0.0, 1e-4, 0.5, math.radians(53.0), 2.0 * math.pi * k / max(count, 12),
            2.0 * math.pi * 15.06 / 1440.0, 1.0,
        )  # fmt: skip
        lines += [f"MADE UP {k}", *export_tle(satellite)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def catalogue(folder: Path) -> Path:
    """Five satellites with elements a minute and a half apart, the newest of 2026-12-20 12:34:30."""
    path = folder / "five.tle"
    path.write_text(element_lines(5, datetime(2026, 12, 20, 12, 34, 30, tzinfo=UTC), 90.0), encoding="ascii")
    return path
