"""`dawndusk export`: what it prints, JSON, and bad input: one line and exit code 2, nothing written."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest


def test_help_has_an_example_and_loads_nothing(dawndusk: Any, python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    """Source of truth: the modules of the interpreter."""
    called = dawndusk("export", "--help")
    assert (called.code, called.err) == (0, "")
    assert "Example: dawndusk export results/" in called.out
    code = (
        "import sys\nfrom sim.cli.app import main\ntry:\n    main(['export', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'numba', 'xarray', 'czml3', 'google.protobuf', 'pyarrow', 'sgp4') if m in sys.modules])"
    )
    assert python(code).stdout.rstrip().endswith("[]")


def test_every_format_from_the_command_line(dawndusk: Any, of_file: Path, planes: Path) -> None:
    """Source of truth: the definition: a file or a folder with the name of the results, described in JSON and in words."""
    for name, made in (("oem", "result.oem"), ("tle", "result.tle"), ("czml", "result.czml"), ("csv", "result-csv"), ("traces", "result-traces")):
        called = dawndusk("export", str(of_file), "--format", name, "--json")
        assert called.code == 0, called.err
        facts = json.loads(called.out)
        assert (facts["format"], facts["path"]) == (name, made)
        written = Path(made)
        files = [written] if written.is_file() else [path for path in written.rglob("*") if path.is_file()]
        assert (facts["files"], facts["bytes"]) == (len(files), sum(path.stat().st_size for path in files))
    called = dawndusk("export", str(of_file), "--format", "tle", "--out", "other.tle", "--satellites", "3")
    assert called.code == 0
    assert called.out.splitlines()[0] == f"other.tle: tle, 1 file, {Path('other.tle').stat().st_size} bytes"
    assert "span: 2 h" in called.out.splitlines()  # the run
    assert "residual max: 0 mm" in called.out.splitlines()
    facts = json.loads(dawndusk("export", str(planes), "--format", "tle", "--out", "third.tle", "--json").out)
    called = dawndusk("export", str(planes), "--format", "tle", "--out", "fourth.tle")
    assert 1e3 < facts["residual_max_m"] < 1e4
    assert {"span: 4 h", f"residual max: {facts['residual_max_m'] / 1e3:.3g} km"} <= set(called.out.splitlines())
    called = dawndusk("export", str(of_file), "--format", "oem", "--out", "other.oem", "--step", "90 s")
    assert "step: 90 s" in called.out.splitlines()


def test_a_folder_is_still_found_under_the_name_of_a_scenario(dawndusk: Any, of_file: Path) -> None:
    shutil.copytree(of_file, "suncatcher")
    shutil.copy(of_file.parent / "five.tle", "five.tle")
    assert dawndusk("export", "suncatcher", "--format", "tle").code == 0


PART = (
    "--step: {} s is more than a part in {} of the shortest revolution, 5737 s: curves between states would not be the orbit; "
    "write {} s or less"
)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--format", "stk"), "--format stk: is not a format; write one of: czml, tle, oem, csv, traces"),
        (("--format", "csv", "--step", "60 s"), "--step: does not apply to csv; it goes with czml, oem"),
        (("--format", "oem", "--step", "60"), "--step: '60' has no unit; write '60 s' or '60 h' or '60 d'"),
        (("--format", "oem", "--step", "20 min"), PART.format(1200, 12, 478)),  # of 86,400 s / 15.06
        (("--format", "czml", "--step", "4 min"), PART.format(240, 24, 239)),
        (("--format", "oem", "--step", "1 d"), "--step: 86400 s is longer than the run of 7200 s; write a shorter one"),
        (("--format", "tle", "--ranks", "4"), "--ranks: does not apply to tle; it goes with traces"),
        (("--format", "tle", "--split"), "--split: does not apply to tle; it goes with oem"),
        (("--format", "oem", "--out", "there"), "--out there: exists already; write another name, or remove this file"),
        (("--format", "csv", "--out", "there"), "--out there: exists already; write another folder, or remove this one"),
    ],
)
def test_bad_options(dawndusk: Any, of_file: Path, arguments: tuple[str, ...], line: str) -> None:
    Path("there").mkdir()
    called = dawndusk("export", str(of_file), *arguments)
    assert (called.code, called.out) == (2, "")
    assert called.errors == [line]
    assert [path.name for path in Path().iterdir()] == ["there"]


def signed(folder: Path, name: str, content: bytes) -> None:
    """Another content of a file, with its digest in the manifest."""
    (folder / name).write_bytes(content)
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))
    facts["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")


def truncated(folder: Path) -> None:
    path = folder / "series.nc"
    path.write_bytes(path.read_bytes()[:5000])


def another_version(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    signed(folder, "summary.json", json.dumps(summary | {"schema_version": 2}).encode())


def changed_elements(folder: Path) -> None:
    path = folder.parent / "five.tle"
    path.write_text(path.read_text("ascii").replace("MADE UP 1", "MADE UP 9"), encoding="ascii")


def another_scenario(folder: Path) -> None:
    text = (folder / "scenario.yaml").read_text("utf-8")
    assert "seed: 1" in text
    signed(folder, "scenario.yaml", text.replace("seed: 1", "seed: 2").encode())


def no_elements(folder: Path) -> None:
    (folder.parent / "five.tle").unlink()


def moved(folder: Path) -> None:
    path = folder / "series.nc"
    with h5py.File(path, "r+") as file:
        file["position_m"][3, 1, 2] += 20.0
    signed(folder, "series.nc", path.read_bytes())


def no_number(folder: Path) -> None:
    path = folder / "series.nc"
    with h5py.File(path, "r+") as file:
        file["position_m"][3, 1, 2] = float("nan")
    signed(folder, "series.nc", path.read_bytes())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: shutil.rmtree(folder), "is not a results folder: summary.json is missing; write the folder of a run"),
        (truncated, "is not the file that the run wrote: damaged, edited, or of another run; run it again"),
        (another_version, "schema_version: is 2, this program reads 3; run the scenario again"),
        (changed_elements, "five.tle has changed"),
        (another_scenario, "its scenario is no longer the one that ran: a file that it names has changed; run it again"),
        (no_elements, "five.tle"),
        (no_number, "its recorded positions are inf m from those of its scenario: another version of the program ran it; run it again"),
        (moved, "m from those of its scenario: another version of the program ran it; run it again"),
    ],
)
def test_folders_that_cannot_be_exported(dawndusk: Any, of_file: Path, damage: Callable[[Path], None], says: str) -> None:
    """Source of truth: the contract: one line that names what is wrong, exit code 2, nothing written."""
    Path("place").mkdir()
    folder = Path(shutil.copytree(of_file, "place/result"))
    shutil.copy(of_file.parent / "five.tle", "place/five.tle")
    text = (folder / "scenario.yaml").read_text("utf-8")
    signed(folder, "scenario.yaml", text.replace(str(of_file.parent), str(Path("place").absolute())).encode())
    damage(folder)
    called = dawndusk("export", "place/result", "--format", "oem")
    assert (called.code, called.out, len(called.errors)) == (2, "", 1), called
    assert says in called.errors[0]
    assert [path.name for path in Path().iterdir()] == ["place"]


def test_results_without_positions(dawndusk: Any, of_file: Path, tmp_path: Path) -> None:
    """Source of truth: the contract, and for tables the columns that are left."""
    import sim

    sim.run(sim.load(of_file.parent / "five.yaml", set=["duration=10 min", "recorder.satellites=0"]), tmp_path / "none")
    for name in ("oem", "czml", "tle", "traces"):
        called = dawndusk("export", "none", "--format", name)
        assert (called.code, called.out) == (2, "")
        assert called.errors == ["none: no positions were recorded; run it again with recorder.satellites above 0"]
    called = dawndusk("export", "none", "--format", "csv")
    assert called.code == 0
    assert len(Path("none-csv/satellites.csv").read_text("utf-8").splitlines()) == 1
    assert len(Path("none-csv/fleet.csv").read_text("utf-8").splitlines()) == 11


def test_a_missing_package_is_one_line(dawndusk: Any, of_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "czml3" or name == "sim.exports.czml"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "czml3", None)
    called = dawndusk("export", str(of_file), "--format", "czml")
    assert (called.code, called.errors) == (2, ["--format czml: needs the package czml3; install it: pip install 'dawndusk[export]'"])
    assert not list(Path().iterdir())
