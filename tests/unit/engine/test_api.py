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


def test_run_by_name_and_path(folder: Path, scenario_text: str) -> None:
    """Source of truth: the same scenario, loaded first; overrides as a mapping are those as text."""
    loaded = sim.load("suncatcher", set=["duration=10 min", "recorder.satellites=4"], seed=3)
    named = sim.run("suncatcher", set={"duration": "10 min", "recorder.satellites": 4}, seed=3)
    assert named.summary == sim.run(loaded).summary
    (folder / "s.yaml").write_text(scenario_text, encoding="utf-8")
    changes = {"duration": "10 min", "ground": None, "workloads": [{"kind": "independent"}]}
    by_path = sim.run(folder / "s.yaml", set=changes, events=["+4 min lose all for 5 min"])
    failed = next(row for row in by_path.waterfall if row["cause"] == "failed")
    assert failed["fraction"] == pytest.approx(0.5, abs=1e-12)
    with pytest.raises(TypeError, match="give them to load"):
        sim.run(loaded, set={"step": "30 s"})
    with pytest.raises(InputError, match=r"write a list of them, or a mapping"):
        sim.run("suncatcher", set="duration=10 min")
    with pytest.raises(InputError, match="did you mean 'suncatcher'"):
        sim.run("suncacher")


def test_short_text_of_objects(folder: Path) -> None:
    """By hand: one line each, with what tells one from another."""
    loaded = sim.load("suncatcher", set={"duration": "10 min"})
    assert repr(loaded) == "<Loaded suncatcher: 81 satellites, 5,184 accelerators, 10 steps of 60 s>"
    found = sim.run(loaded, "out")
    share = f"useful {100 * found.summary['compute']['useful_fraction']:.2f} % of nameplate"
    assert repr(found) == f"<Results suncatcher: 81 satellites for 0.166667 h, {share}, out>"
    same = sim.compare(found, found)
    assert repr(same) == f"<Comparison A (suncatcher) and B (suncatcher): {'; '.join(same.reasons)}>"
    answer = sim.why("suncatcher", set={"duration": "10 min", "workloads": [{"kind": "independent"}]})
    assert repr(answer).startswith("<Answer why suncatcher: useful ")
    assert len(repr(answer)) < 120


def test_compare_by_name(folder: Path) -> None:
    """Source of truth: the comparison of the two results."""
    changes = {"duration": "10 min", "a:seed": 1, "b:satellite.power.array.area": "150 m2"}
    found = sim.compare("suncatcher", "suncatcher", set=changes)
    loaded = [sim.load("suncatcher", set={"duration": "10 min", **own}) for own in ({}, {"satellite.power.array.area": "150 m2"})]
    assert sim.compare(*loaded).metrics == found.metrics
    assert sim.compare(*map(sim.run, loaded)).metrics == found.metrics
    assert [(row.field, row.a, row.b) for row in found.inputs] == [("satellite.power.array.area", f"{loaded[0].scenario.satellite.power.array.area:g} m2", "150 m2")]


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
