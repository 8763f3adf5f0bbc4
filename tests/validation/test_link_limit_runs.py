"""Limits of links in time give the same run however many steps are computed at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import api
from sim.engine.driver import Run
from sim.results import summary

SCENARIO = """
name: crossing
epoch: 2026-12-21T00:00:00Z
duration: 20 min
step: 60 s
constellation: {kind: shorthand, code: "D:550:53:60/6/1"}
satellite: starlink-edge
links: {topology: nearest, terminal: {extends: oct-100g, acquisition: 80 s}, terminals: 2}
ground: {stations: default, min_elevation: 10 deg}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "crossing.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


def test_blocks_do_not_matter(path: Path) -> None:
    """Source of truth: by definition: the same bytes whatever the block length; pairs change, so that acquisition acts: fewer links than without."""
    found = [summary.summary(Run(api.load(path, allow_infeasible=True), block=block).finish()) for block in (1, 7, 60)]
    assert found[0] == found[1] == found[2]
    at_once = summary.summary(Run(api.load(path, ["links.terminal.acquisition=0 s"], allow_infeasible=True), block=7).finish())
    assert found[0]["network"]["links_mean"] < at_once["network"]["links_mean"]
