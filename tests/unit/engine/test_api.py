"""The Python interface, and that asking for little loads little."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.config.errors import InputError


def test_import_is_light(python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    done = python(
        "import sys, sim\nsim.__version__\nprint([m for m in ('numpy', 'numba', 'xarray', 'pydantic', 'dash', 'viz') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_names() -> None:
    assert set(sim.__all__) == {"__version__", "compare", "load", "open_results", "run", "sweep", "why"}
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        sim.simulate  # noqa: B018


def test_version_is_that_of_the_package(repo: Path) -> None:
    import tomllib

    project = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]
    assert project.get("version", sim.__version__) == sim.__version__


def test_run_writes_only_when_asked(folder: Path) -> None:
    loaded = sim.load("suncatcher", set=["duration=10 min"], seed=3)
    found = sim.run(loaded)
    assert found.folder is None
    assert list(folder.iterdir()) == []
    assert found.summary["seed"] == 3
    assert found.waterfall == found.summary["compute"]["waterfall"]
    assert found.series["generated_w"].attrs["units"] == "W"
    saved = sim.run(loaded, save=True)
    assert saved.folder == Path("results") / f"suncatcher-{loaded.sha256[:8]}-1"
    assert sim.open_results(saved.folder).summary == found.summary


def test_run_refuses_a_folder_that_exists(folder: Path) -> None:
    with pytest.raises(InputError, match="exists already"):
        sim.run(sim.load("suncatcher"), folder)


def test_progress_is_told(folder: Path) -> None:
    """Source of truth: 81 satellites and 10 steps."""
    reported: list[tuple[int, int]] = []
    sim.run(sim.load("suncatcher", set=["duration=10 min"]), progress=lambda done, total: reported.append((done, total)))
    assert reported[-1] == (810, 810)
    assert reported == sorted(reported)


def test_load_raises_every_problem() -> None:
    with pytest.raises(InputError) as error:
        sim.load("suncatcher", set=["step=1 furlong", "seed=x"])
    assert len(error.value.problems) == 2
    assert len(str(error.value).splitlines()) == 2
