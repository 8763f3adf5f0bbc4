"""Faults of the place and the disk: found before anything is computed, or one line after it; nothing half-written is left.

Source of truth: the contract: `--out` must not exist, a folder that exists is whole, exit code 2 for bad input. Each fault
of the place is tried with five paths or five times.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.config.errors import InputError, RunError
from sim.output import ABANDONED_S, LOCK, NewFolder, check_place, new_file, remove_abandoned

FILES = {"events.parquet", "manifest.json", "scenario.yaml", "series.nc", "summary.json"}
SMALL = ["duration=10 min", "workloads=[{kind: independent}]", "links=", "economics="]


# --- the place --------------------------------------------------------------------------------------------------------

PLACES = {
    "file/x": "file is not a folder; write another path",
    "file/x/y/z": "file is not a folder; write another path",
    "file/../x": "file is not a folder; write another path",
    "link/x": "link is not a folder; write another path",
    "full": "exists already; write another ",
    "file": "exists already; write another ",
    "link": "exists already; write another ",
    ".": "exists already; write another ",
    "a/../b": "leads back over a folder that does not exist",
    "n" * 230: "has a name longer than 223 bytes; write a shorter one",
    "a/" + "ü" * 120 + "/b": "has a name longer than 223 bytes; write a shorter one",
    "/proc/x": "cannot be written (",
    "/proc/self/x": "cannot be written (",
    "/sys/x/y": "cannot be written (",
    "/dev/null/x": "/dev/null is not a folder",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("verb", ["run", "access", "sweep"])
def test_place_is_checked_before_anything_is_computed(
    dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str, place: str
) -> None:
    """No positions are computed: the propagators would raise."""
    from sim import pool
    from sim.engine import driver, propagators

    def computed(*_: Any, **__: Any) -> None:
        raise AssertionError("something was computed")

    monkeypatch.setattr(driver, "Run", computed)
    monkeypatch.setattr(propagators, "make_propagators", computed)
    monkeypatch.setattr(pool, "client", computed)
    (folder / "file").write_text("kept", encoding="ascii")
    (folder / "full").mkdir()
    (folder / "link").symlink_to("absent")
    if verb == "access" and place not in ("full", "file", "link", "."):
        place_of_verb, before = f"{place}.csv", (".csv",)
    else:
        place_of_verb, before = place, ()
    arguments = {
        "run": ("run", "suncatcher", "--set", "duration=10 min"),
        "access": ("access", "suncatcher", "--set", "duration=10 min"),
        "sweep": ("sweep", "suncatcher_sizing"),
    }[verb]
    called = dawndusk(*arguments, "--out", place_of_verb)
    assert (called.code, called.out) == (2, ""), called
    assert len([line for line in called.errors if line.startswith("--out")]) == 1
    if not (verb == "access" and not before):
        assert PLACES[place].split(";")[0] in called.err
    assert {p.name for p in folder.iterdir()} == {"file", "full", "link"}
    assert (folder / "file").read_text(encoding="ascii") == "kept"


def test_null_character_in_a_place() -> None:
    with pytest.raises(InputError, match="contains a null character"):
        check_place(Path("a\0b"))


def test_results_is_a_file(dawndusk: Any, folder: Path) -> None:
    (folder / "results").write_text("", encoding="ascii")
    called = dawndusk("run", "suncatcher", "--set", "duration=10 min")
    assert (called.code, called.out) == (2, "")
    assert called.errors[-1].endswith("results is not a folder; write another path")


def test_folder_that_no_user_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses, as it does for a read-only disk or another user's folder; root is refused nothing else here."""
    from sim import output

    for code in (errno.EACCES, errno.EROFS, errno.EPERM, errno.EDQUOT, errno.EIO):

        def refused(*_: Any, code: int = code, **__: Any) -> str:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(output.tempfile, "mkdtemp", refused)
        with pytest.raises(InputError, match="cannot be written"):
            check_place(tmp_path / "x")


@pytest.mark.parametrize("free", [0, 1, 4096, 2**20, 16 * 2**20 - 1])
def test_too_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    from sim import output

    usage = output.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(output.shutil, "disk_usage", lambda _: usage._replace(free=free))
    with pytest.raises(RunError, match="the disk is full; free 16 MB"):
        sim.run(sim.load("suncatcher", set=SMALL), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


# --- the disk fills up ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["summary.json", "series.nc", "events.parquet", "scenario.yaml", "manifest.json"])
def test_disk_full_while_writing(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One of the files is /dev/full, which refuses every byte as a full disk does."""
    from sim.results import store

    before = store.build_manifest if name == "manifest.json" else store.to_json

    def place(*arguments: Any) -> Any:
        for part in folder.glob(".found.run.part"):
            if not (part / name).exists():
                (part / name).symlink_to("/dev/full")
        return before(*arguments)

    monkeypatch.setattr(store, before.__name__, place)
    with pytest.raises(RunError, match=r"^found: "):
        sim.run(sim.load("suncatcher", set=SMALL), "found")
    assert list(folder.iterdir()) == []


def test_series_on_a_disk_that_fills_up(tmp_path: Path, python: Any) -> None:
    """Five limits of the size of a file, as the system sets them: an error of the system, and the process lives on.

    HDF5 that writes to such a file itself crashes when the file is closed.
    """
    done = python(
        "import errno, resource\n"
        "from pathlib import Path\n"
        "import numpy as np, xarray as xr\n"
        "from sim.results.store import write_series\n"
        "rng = np.random.default_rng(1)\n"
        "series = xr.Dataset({f'v{k}': ('time', rng.random(20000)) for k in range(4)})\n"
        "for limit in (0, 1000, 30000, 200000, 400000):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))\n"
        "    try:\n"
        "        write_series(series, Path('series.nc'))\n"
        "    except OSError as error:\n"
        "        print(limit, error.errno == errno.EFBIG)\n"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["0", "True", "1000", "True", "30000", "True", "200000", "True", "400000", "True"]


def test_disk_full_while_a_report_is_written_again(dawndusk: Any, folder: Path, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earlier report is kept."""
    import shutil

    from viz import report

    copied = Path(shutil.copytree(whole, folder / "found"))
    (copied / "report.html").write_text("earlier", encoding="ascii")

    def full(results: Any, path: Path) -> None:
        path.write_text("half", encoding="ascii")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(report, "write_report", full)
    called = dawndusk("report", "found")
    assert (called.code, len(called.errors)) == (1, 1)
    assert "the disk is full" in called.err
    assert {p.name for p in copied.iterdir()} == {*FILES, "report.html"}
    assert (copied / "report.html").read_text(encoding="ascii") == "earlier"


# --- two runs, and runs that were killed --------------------------------------------------------------------------------


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    """The second one is refused at its start, and the first one is not disturbed; five times."""
    for number in range(5):
        out = tmp_path / f"found-{number}"
        with NewFolder(out, "small") as first:
            with pytest.raises(InputError, match="another run is writing this folder"), NewFolder(out, "small"):
                pass
            (first.path / "x").write_text("whole", encoding="ascii")
            assert first.publish() == out
        assert [p.name for p in out.iterdir()] == ["x"]
    assert len(list(tmp_path.iterdir())) == 5


def test_folder_that_appears_during_a_run(tmp_path: Path) -> None:
    """Made by something else meanwhile: the results get the next free name, and the other folder is left as it is."""
    (tmp_path / "found-2").mkdir()
    with NewFolder(tmp_path / "found", "small") as made:
        (tmp_path / "found").mkdir()
        (tmp_path / "found/other").write_text("kept", encoding="ascii")
        assert made.publish() == tmp_path / "found-3"
    assert (tmp_path / "found/other").read_text(encoding="ascii") == "kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["found", "found-2", "found-3"]


def test_folder_that_appears_between_look_and_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name looks free and is taken when the folder is renamed: the next one is used, nothing is overwritten."""
    from sim import output

    with NewFolder(tmp_path / "found", "small") as made:
        (tmp_path / "found").mkdir()
        (tmp_path / "found/other").write_text("kept", encoding="ascii")
        monkeypatch.setattr(output.os.path, "lexists", lambda _: False)
        assert made.publish() == tmp_path / "found-2"
    assert (tmp_path / "found/other").read_text(encoding="ascii") == "kept"


def test_numbered_folders_at_the_same_time(folder: Path) -> None:
    """Without --out both runs are written: the first to end gets the lower number."""
    with NewFolder(None, "small-1a2b3c4d") as one, NewFolder(None, "small-1a2b3c4d") as two:
        assert two.publish().name == "small-1a2b3c4d-1"
        assert one.publish().name == "small-1a2b3c4d-2"
    assert sorted(p.name for p in (folder / "results").iterdir()) == ["small-1a2b3c4d-1", "small-1a2b3c4d-2"]


def _killed(out: Path | None, place: Path) -> None:
    os.chdir(place)
    with NewFolder(out, "small"):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("out", ["found", None])
def test_killed_run_does_not_block_the_next(folder: Path, out: str | None) -> None:
    """Killed five times with SIGKILL; its process number does not matter, since the lock ends with the process."""
    for _ in range(5):
        job = multiprocessing.get_context("fork").Process(target=_killed, args=(None if out is None else Path(out), folder))
        job.start()
        job.join()
        assert job.exitcode == -signal.SIGKILL
        parent = folder if out else folder / "results"
        assert len([p for p in parent.iterdir() if p.suffix == ".part"]) == 1
    with NewFolder(None if out is None else Path(out), "small") as made:
        final = made.publish()
    assert [p.name for p in parent.iterdir()] == [final.name]


def test_what_is_abandoned(tmp_path: Path) -> None:
    """With a free lock at once; without a lock after a day; never a folder that is locked, or of a sweep."""
    old = (1e9, 1e9)
    for name in ("locked", "free", "old", "young", "sweep"):
        (tmp_path / name).mkdir()
    for name in ("locked", "free", "sweep"):
        (tmp_path / name / LOCK).touch()
    (tmp_path / "sweep/journal.jsonl").touch()
    os.utime(tmp_path / "old", old)
    from sim.output import try_lock

    with (tmp_path / "locked" / LOCK).open("r+b") as file:
        assert try_lock(file.fileno()) is True
        for path in list(tmp_path.iterdir()):
            remove_abandoned(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["locked", "sweep", "young"]
    assert ABANDONED_S == 86400.0


def test_file_of_a_killed_process(tmp_path: Path) -> None:
    """Unfinished files have no lock: those of yesterday go, those of now may be another process's."""
    for name in (".a.csv.1.part", ".a.csv.2.part", ".b.csv.1.part"):
        (tmp_path / name).touch()
    for name in (".a.csv.1.part", ".b.csv.1.part"):
        os.utime(tmp_path / name, (1e9, 1e9))
    with new_file(tmp_path / "a.csv") as part:
        part.write_text("x", encoding="ascii")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".a.csv.2.part", ".b.csv.1.part", "a.csv"]


def test_without_locks_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that has neither fcntl nor msvcrt nor resource: runs, without the lock and with an unknown peak memory."""
    import sys

    for module in ("fcntl", "msvcrt", "resource"):
        monkeypatch.setitem(sys.modules, module, None)
    made = sim.run(sim.load("suncatcher", set=SMALL), tmp_path / "found")
    assert made.manifest["peak_memory_bytes"] is None
    assert {p.name for p in (tmp_path / "found").iterdir()} == FILES
    with NewFolder(tmp_path / "other", "small"), pytest.raises(InputError, match="another run"), NewFolder(tmp_path / "other", "small"):
        pass


def test_sweep_without_a_module_of_dask(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and no unfinished study."""
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    called = dawndusk("sweep", "suncatcher_sizing", "--out", "found")
    assert (called.code, called.out) == (1, "")
    assert called.errors[-1].startswith("sweeps need dask, which cannot be loaded here (")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 201, "n" * 250, "n" * 1000, "a/b", "..", "x y"])
def test_name_that_makes_no_folder(dawndusk: Any, folder: Path, scenario_text: str, name: str) -> None:
    """`validate` refuses what `run` could not write: file systems take 255 bytes, of which a results folder adds up to 55."""
    (folder / "s.yaml").write_text(scenario_text.replace("name: small", f'name: "{name}"'), encoding="utf-8")
    shown = name if len(name) <= 60 else f"{name[:60]}…"
    for verb in ("validate", "run"):
        called = dawndusk(verb, "s.yaml")
        assert (called.code, called.out) == (2, "")
        assert called.errors == [f"s.yaml:1:1: name: '{shown}' is no name; write up to 200 letters, digits, '_', '.' and '-'"]
    assert [p.name for p in folder.iterdir()] == ["s.yaml"]


def test_longest_name(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    (folder / "s.yaml").write_text(scenario_text.replace("name: small", f"name: {'n' * 200}").replace("2 h", "2 min"), encoding="utf-8")
    assert dawndusk("run", "s.yaml", "--json").code == 0
    assert [len(p.name) for p in (folder / "results").iterdir()] == [211]
