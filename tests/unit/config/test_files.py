"""Files that a scenario or sweep names lie in its folder; the command line may name any; nothing of a refused file is shown."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.config.errors import InputError
from sim.config.scenario import load

SECRET = "TOKEN=0123456789abcdef"
POINTS = "{kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {shape: points, points: %s}}"


@pytest.fixture
def secret(folder: Path) -> Path:
    """A file beside the scenario's folder that the scenario must not read."""
    path = folder / "secret.txt"
    path.write_text(SECRET + "\n", encoding="utf-8")
    (folder / "mine").mkdir()
    return path


@pytest.fixture
def write(secret: Path, scenario_text: str) -> Callable[[str], Path]:
    """A scenario in a folder of its own, with a constellation."""

    def make(constellation: str, extra: str = "") -> Path:
        path = secret.parent / "mine" / "s.yaml"
        begin, end = scenario_text.index("constellation:"), scenario_text.index("satellite:")
        path.write_text(scenario_text[:begin] + f"constellation: {constellation}\n" + scenario_text[end:] + extra, encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize("entry", ["{kind: tle, tle: %s}", "{kind: omm, omm: %s}", "{kind: oem, oem: %s}", POINTS, "[{kind: tle, tle: %s}]"])
@pytest.mark.parametrize("path", ["../secret.txt", "sub/../../secret.txt", "link.txt", "{folder}/secret.txt", "/proc/self/environ"])
def test_files_elsewhere_are_not_read(write: Any, dawndusk: Any, folder: Path, entry: str, path: str) -> None:
    """Source of truth: the path with links followed; the text of the file is known."""
    (folder / "mine" / "link.txt").symlink_to(folder / "secret.txt")
    called = dawndusk("validate", str(write(entry % path.format(folder=folder))))
    assert (called.code, called.out) == (2, "")
    (line,) = called.errors
    assert "is outside the folder of this file; move it there, or name it on the command line with --set" in line
    assert SECRET not in called.err
    assert "0123" not in called.err


@pytest.mark.parametrize("parent", ["../secret.txt", "/etc/passwd", "../../x.yaml"])
def test_no_scenario_elsewhere_is_extended(write: Any, dawndusk: Any, parent: str) -> None:
    """Source of truth: the paths."""
    called = dawndusk("validate", str(write("{kind: tle, tle: five.tle}", f"extends: {parent}\n")))
    assert called.code == 2
    (line,) = called.errors
    assert f"extends: '{parent}' is outside the folder of this file" in line


def test_the_command_line_names_any_file(catalogue: Path, write: Any) -> None:
    """Source of truth: five satellites in the catalogue, which is not in the scenario's folder; the override replaces its path."""
    path = write("{kind: tle, tle: ../five.tle}")
    for name in (str(catalogue), "five.tle"):
        assert load(path, (f"constellation.tle={name}",)).satellites == 5
    (path.parent.parent / "points.txt").write_text("0 0 0\n0 300 0\n", encoding="utf-8")
    assert load(path, ("constellation=" + POINTS % "points.txt",)).satellites == 2
    with pytest.raises(InputError, match="outside the folder"):
        load(path)


def test_a_file_below_the_folder_and_one_with_its_digest_are_read(catalogue: Path, write: Any) -> None:
    """Source of truth: SHA-256 of the file. Resolved scenarios name catalogues so, wherever those lie."""
    data = catalogue.read_bytes()
    below = catalogue.parent / "mine" / "deep" / "five.tle"
    below.parent.mkdir()
    below.write_bytes(data)
    assert load(write("{kind: tle, tle: deep/five.tle}")).satellites == 5
    digest = hashlib.sha256(data).hexdigest()
    assert load(write(f"{{kind: tle, tle: {catalogue}, sha256: {digest}}}")).satellites == 5


def test_nothing_of_a_file_with_another_digest_is_shown(write: Any, secret: Path, dawndusk: Any) -> None:
    """Source of truth: the text of the file."""
    called = dawndusk("validate", str(write(f"{{kind: tle, tle: {secret}, sha256: {64 * 'a'}}}")))
    (line,) = called.errors
    assert "has changed" in line
    assert SECRET not in line


@pytest.mark.parametrize("entry", ["{kind: tle, tle: pipe}", "{kind: oem, oem: pipe}", POINTS % "pipe"])
def test_pipes_are_not_opened(write: Any, folder: Path, dawndusk: Any, entry: str) -> None:
    """Source of truth: reading a pipe without a writer would block for ever."""
    path = write(entry)
    os.mkfifo(folder / "mine" / "pipe")
    called = dawndusk("validate", str(path))
    assert called.code == 2
    assert "cannot be read (not a regular file)" in called.err


def test_little_of_a_wrong_line_is_shown(write: Any, folder: Path, dawndusk: Any) -> None:
    """Source of truth: 60 characters, controls escaped."""
    (folder / "mine" / "points.txt").write_text("\x1b[31m" + 500 * "x" + "\n", encoding="utf-8")
    (line,) = dawndusk("validate", str(write(POINTS % "points.txt"))).errors
    assert line.isprintable()
    assert "\\x1b[31m" in line
    assert 60 * "x" not in line


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("scenario: ../s.yaml\ngrid: {step: [30 s, 60 s]}", "scenario: '../s.yaml' is outside the folder of this file"),
        ("scenario: suncatcher\ngrid: {constellation.tle: [../secret.txt]}", "'../secret.txt' is outside"),
        ("scenario: suncatcher\nset: ['constellation.tle=/proc/self/environ']\nseeds: [1, 2]", "'/proc/self/environ' is outside"),
        ("scenario: suncatcher\nset: ['constellation={kind: tle, tle: ../secret.txt}']\nseeds: [1, 2]", "'../secret.txt' is outside"),
    ],
)
def test_sweeps_name_files_in_their_folder(folder: Path, secret: Path, dawndusk: Any, sweep: str, said: str) -> None:
    """Source of truth: the paths."""
    path = folder / "mine" / "w.yaml"
    path.write_text(f"name: w\n{sweep}\n", encoding="utf-8")
    called = dawndusk("sweep", str(path), "--dry-run")
    assert called.code == 2
    (line,) = called.errors
    assert said in line
    assert line.startswith(f"{path}:")


def test_paths_of_a_sweep_refer_to_its_folder(catalogue: Path, dawndusk: Any) -> None:
    """Source of truth: five satellites; the working folder is another one."""
    inner = catalogue.parent / "mine"
    inner.mkdir()
    (inner / "five.tle").write_bytes(catalogue.read_bytes())
    catalogue.unlink()
    (inner / "w.yaml").write_text(
        "name: w\nscenario: starlink_edge\nset: [constellation.tle=five.tle, links=null]\ngrid: {step: [30 s, 60 s]}\n", encoding="utf-8"
    )
    assert json.loads(dawndusk("sweep", str(inner / "w.yaml"), "--dry-run", "--json").out)["points"] == 2


def test_a_sweep_of_too_many_points_is_refused_before_they_are_made(folder: Path, dawndusk: Any) -> None:
    """Source of truth: 1000 * 1000 * 1000."""
    seeds = ", ".join(map(str, range(1000)))
    steps = ", ".join(f"{k} s" for k in range(1, 1001))
    text = f"name: w\nscenario: suncatcher\ngrid: {{step: [{steps}], duration: [{steps}]}}\nseeds: [{seeds}]\n"
    (folder / "w.yaml").write_text(text, encoding="utf-8")
    called = dawndusk("sweep", "w.yaml", "--dry-run")
    assert called.code == 2
    assert "1,000,000,000 points are more than 20,000; write fewer values, or several sweeps" in called.err


def test_large_files_of_points(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: three points are more than two."""
    from sim.config import resolve

    (folder / "points.txt").write_text("0 0 0\n0 300 0\n0 600 0\n", encoding="utf-8")
    monkeypatch.setattr(resolve, "MOST_POINTS", 2)
    with pytest.raises(InputError, match=r"points\.txt:3:1: .*holds more than 2 points; write fewer"):
        load("suncatcher", ("constellation=" + POINTS % "points.txt",))


def test_tables_and_notes_escape_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    """Source of truth: ESC begins a command to a terminal, BEL rings it."""
    from sim.cli.terminal import console, note, table

    rows = table("name", "é")
    rows.add_row("a\x1b]0;title\x07", "ok")
    console().print(rows)
    console().print("b\x9b2J", style="bold")
    note("two\nlines \x1b[31m")
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "\x9b" not in shown.out
    assert "a\\x1b]0;t" in shown.out
    assert shown.err == "two\nlines \\x1b[31m\n"
    assert "é" in shown.out


def test_items_by_path_are_confined_too(write: Any, secret: Path, dawndusk: Any) -> None:
    """Source of truth: the path. An item's own files lie in its folder, or in that of the scenario."""
    path = write("{kind: ring, altitude: 650 km, local_time: '06:00', satellites: 3}")
    text = path.read_text("utf-8")
    path.write_text(text.replace("satellite: suncatcher\n", "satellite: ../sat.yaml\n"), encoding="utf-8")
    (line,) = dawndusk("validate", str(path)).errors
    assert "satellite: '../sat.yaml' is outside the folder of this file" in line
    path.write_text(text.replace("satellite: suncatcher\n", "satellite: craft/sat.yaml\n"), encoding="utf-8")
    (path.parent / "craft").mkdir()
    for chip, refused in (("../chip.yaml", False), ("../../chip.yaml", True)):
        (path.parent / "craft" / "sat.yaml").write_text(f"extends: suncatcher\naccelerator: {chip}\n", encoding="utf-8")
        (path.parent / "chip.yaml").write_text("extends: tpu-v6e\n", encoding="utf-8")
        called = dawndusk("validate", str(path))
        assert ("is outside the folder" in called.err) == refused
        assert called.code == (2 if refused else 0), called.err
