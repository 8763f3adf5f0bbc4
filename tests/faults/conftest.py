"""A results folder that the fault tests copy and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim

SMALL = ["duration=10 min", "workloads=[{kind: independent}]", "links=", "economics="]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of the formation, as a results folder without report. Shared: do not change it."""
    folder = tmp_path_factory.mktemp("whole") / "whole"
    sim.run(sim.load("suncatcher", set=SMALL), folder)
    return folder
