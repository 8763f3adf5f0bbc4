"""Results in a notebook: what the widget of the globe shares, what it refuses, and the charts as figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
import synthetic

import viz.report
from viz.notebook import figures, globe
from viz.satellites import find_satellites
from viz.studio.scene_data import scene_data


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return synthetic.couple(synthetic.results("walker", tmp_path_factory.mktemp("run"), hours=3.0, frames=40))


@pytest.fixture
def widget(results: Any) -> Any:
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    return globe(results)


def test_what_is_shared(widget: Any, results: Any) -> None:
    """Source of truth: the studio's data of the same run, to the last byte; nothing names a place in a network."""
    state = widget.get_state()
    assert state["_scene"] == scene_data(results)
    assert (state["time_ms"], state["selection"], state["colouring"], state["height_px"]) == (widget.first_ms, [], "state", 520)
    assert state["_day"].startswith(b"\xff\xd8")
    assert state["_night"].startswith(b"\xff\xd8")
    assert state["_borders"].startswith(b"[")
    assert widget.satellites == tuple(results.series["sat"].values.tolist())
    assert widget.colourings == ("state", "role", "job", "battery", "useful share", "junction")
    assert "export{" in str(widget._esm)
    assert "import " not in str(widget._esm)[:200]
    assert "@import" not in str(widget._css)
    assert "url(" not in str(widget._css)


def test_values_that_it_takes(widget: Any) -> None:
    """A time outside of the run is its nearest end; everything set is shared."""
    seen: list[Any] = []
    widget.observe(lambda change: seen.append((change["name"], change["new"])), ["time_ms", "selection", "colouring"])
    widget.time_ms = widget.last_ms + 1e9
    widget.selection = [3, 5]
    widget.colouring = "battery"
    assert seen == [("time_ms", widget.last_ms), ("selection", [3, 5]), ("colouring", "battery")]
    widget.time_ms = 0
    assert widget.time_ms == widget.first_ms


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("selection", [3, 100_000], "satellite 100000 is not among the 200 shown"),
        ("colouring", "altitude", "colouring: 'altitude' is none of state, role, job, battery"),
        ("time_ms", "noon", "noon"),
        ("height_px", 3, "less than 120"),
    ],
)
def test_values_that_it_refuses(widget: Any, name: str, value: Any, message: str) -> None:
    import traitlets

    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_a_run_without_positions(tmp_path: Path) -> None:
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    run = synthetic.results("walker", tmp_path, hours=3.0, frames=4)
    run.series = run.series.drop_vars("position_m")
    with pytest.raises(ValueError, match=r"recorded no positions; set recorder.satellites above 0"):
        globe(run)


def test_without_anywidget(results: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "viz.notebook.widget", raising=False)
    with pytest.raises(ImportError, match=r"^the globe in a notebook needs anywidget; write pip install 'dawndusk\[notebook\]'$"):
        globe(results)


def test_figures_are_those_of_the_report(results: Any) -> None:
    """The same charts with the same traces; each has a title, and its legend names what the report's does."""
    drawn = {name: chart for name, chart in viz.report.drawn_charts(results, find_satellites(results)).items() if chart is not None}
    found = figures(results)
    assert {"waterfall", "throughput", "power", "temperature"} <= found.keys() == drawn.keys()
    for name, figure in found.items():
        assert isinstance(figure, go.Figure)
        assert figure.layout.title.text
        assert json.loads(figure.to_json())["data"] == json.loads(drawn[name].figure.to_json())["data"]
        words = {word for word, _ in drawn[name].key} - {"ground track"}  # the page draws it, for a satellite that is chosen
        assert all(word in figure.layout.title.subtitle.text for word in words)
    assert not drawn["power"].figure.layout.title.text, "the report's own figure has changed"
