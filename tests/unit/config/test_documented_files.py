"""The files of a user's own that docs/scenarios.md shows, written out and used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text("utf-8")


def block(name: str) -> str:
    """The code block that begins with the name of a file."""
    found = re.search(rf"```yaml\n# {re.escape(name)}\n(.*?)```", PAGE, re.S)
    assert found is not None, name
    return found[1]


@pytest.fixture
def files(folder: Path, dawndusk: Any) -> Path:
    """A scenario from `new`, with the satellite and the chip of the page."""
    for name in ("my_chip.yaml", "my_sat.yaml", "my_sweep.yaml"):
        (folder / name).write_text(block(name), encoding="utf-8")
    assert dawndusk("new", "my_scenario").code == 0
    return folder


def test_chip_of_the_page_runs(files: Path, dawndusk: Any) -> None:
    """By hand: 32 chips of 1.2 PFLOP/s on each satellite."""
    called = dawndusk("run", "my_scenario.yaml", "--set", "satellite=./my_sat.yaml", "--set", "duration=10 min", "--out", "a", "--json", "--no-report")
    assert (called.code, called.err) == (0, "")
    summary = json.loads(called.out)
    flops = summary["satellites"] * 32 * 1.2e15 * 600.0
    assert summary["compute"]["nameplate_flops"] == pytest.approx(flops, rel=1e-12)


def test_chip_of_the_page_is_whole(files: Path, dawndusk: Any) -> None:
    """Source of truth: the schema: without any one of its lines the file is refused."""
    lines = block("my_chip.yaml").splitlines()
    assert len(lines) == 19
    assert "these nineteen fields" in PAGE
    for n in range(len(lines)):
        (files / "my_chip.yaml").write_text("\n".join(lines[:n] + lines[n + 1 :]), encoding="utf-8")
        called = dawndusk("validate", "my_scenario.yaml", "--set", "satellite=./my_sat.yaml")
        assert called.code == 2, lines[n]
        assert "is missing" in called.err


def test_sweep_of_the_page(files: Path, dawndusk: Any) -> None:
    """By hand: three areas by two."""
    called = dawndusk("sweep", "my_sweep.yaml", "--dry-run", "--json")
    assert called.code == 0, called.err
    assert json.loads(called.out)["points"] == 6
