"""Panels of the studio and the data of its globe, on made-up results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import synthetic

from sim.schema import CAUSES, STATES
from viz.formatting import celsius, percent, petaflops
from viz.html_parts import Fact
from viz.studio.panels import PANELS, figures, series, waterfall
from viz.studio.panels.panel import PLACES, View
from viz.studio.scene_data import MISSING_SHARE, scene_data

Make = Callable[..., synthetic.Results]


def _view(results: Any, baseline: Any = None, **more: Any) -> View:
    return replace(View(results, "shown", baseline, "before" if baseline else "", (), False), **more)


def _walk(node: Any) -> Iterator[Any]:
    """A component and all that it holds."""
    if isinstance(node, list | tuple):
        for one in node:
            yield from _walk(one)
    elif node is not None:
        yield node
        yield from _walk(getattr(node, "children", None))


def _data(components: Any, name: str) -> dict[str, Any]:
    return {getattr(one, name): one for one in _walk(components) if hasattr(one, name)}


def test_panels_are_registered_once() -> None:
    names = [panel.name for panel in PANELS]
    assert len(set(names)) == len(names)
    assert {panel.place for panel in PANELS} == set(PLACES)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
@pytest.mark.parametrize("kind", ["formation", "walker"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_panel_shows_any_run(request: pytest.FixtureRequest, panel: Any, kind: str, dark: bool) -> None:
    """What a panel gives can be sent to the page, with and without a baseline, and of satellites that are not there."""
    run = request.getfixturevalue(kind)
    for view in (_view(run, dark=dark), _view(run, run, dark=dark, selection=(0, 3, 10**6))):
        shown = [one for one in _walk(panel.show(view)) if hasattr(one, "to_plotly_json")]
        assert shown
        json.dumps([str(one) for one in shown])


def test_figures_have_the_values_of_the_summary(formation: synthetic.Results) -> None:
    """Source of truth: the summary, to the last bit."""
    rows = _data(figures.show(_view(formation)), "data-fact")
    assert len(rows) > 5
    for path, row in rows.items():
        value: Any = formation.summary
        for key in path.split("."):
            value = value[int(key)] if key.isdigit() else value[key]
        assert float(getattr(row, "data-value")) == value


@pytest.mark.parametrize(
    ("form", "title", "value", "against", "text"),
    [
        (percent, "Useful", 0.40, 0.38, "+2.00 points"), (percent, "Useful", 0.38, 0.40, "\u22122.00 points"), (percent, "Useful", 0.4, 0.4, "="),
        (petaflops, "Rate", 1.1e18, 1.0e18, "+10.0 %"), (petaflops, "Rate", 9e17, 1e18, "\u221210.0 %"), (petaflops, "Rate", 1.0, 0.0, "from none"),
        (celsius, "Hottest junction", 333.15, 330.05, "+3.1 K"), (petaflops, "Rate", 1.0, None, ""),
    ],
)  # fmt: skip
def test_differences_by_hand(form: Any, title: str, value: float, against: float | None, text: str) -> None:
    assert figures.difference(Fact(title, ("x",), form), value, against) == text


def test_waterfall_adds_up(formation: synthetic.Results, walker: synthetic.Results) -> None:
    """Source of truth: the ledger: bars follow each other from nameplate down to useful; outlines are those of the baseline."""
    rows = _data(waterfall.show(_view(formation, walker)), "data-cause")
    assert next(iter(rows)) == "nameplate"
    assert [c for c in rows if c != "nameplate"] == [c for c in CAUSES if c in rows]
    own, before = ({row["cause"]: row["fraction"] for row in run.summary["compute"]["waterfall"]} for run in (formation, walker))
    level = 1.0
    for cause, row in list(rows.items())[1:]:
        (bar, ghost) = row.children[1].children
        size = float(getattr(row, "data-share"))
        assert size == own.get(cause, 0.0)
        level = 0.0 if cause == "useful" else level - size
        assert float(bar.style["left"].rstrip("%")) == pytest.approx(100.0 * level, abs=2e-3)
        assert float(ghost.style["width"].rstrip("%")) == pytest.approx(100.0 * before.get(cause, 0.0), abs=2e-3)
    assert level == 0.0


def test_series_share_one_axis_of_time(formation: synthetic.Results) -> None:
    """Charts stand below each other and have one axis; chosen satellites get their own."""
    plain, chosen = series.drawn(_view(formation)), series.drawn(_view(formation, selection=(3,)))
    assert plain is not None
    assert chosen is not None
    assert {trace.xaxis for trace in chosen.data} == {"x"}
    assert len({trace.yaxis for trace in chosen.data}) > len({trace.yaxis for trace in plain.data})
    places = sorted(chosen.layout[key].domain for key in chosen.layout if str(key).startswith("yaxis"))
    assert all(low[1] <= high[0] for low, high in pairwise(places))
    (junction,) = [t for t in chosen.data if t.name == "Satellite 3" and t.yaxis == chosen.data[-1].yaxis]
    recorded = formation.series["sat_junction_k"].sel(sat=3).values - 273.15
    assert np.allclose(junction.y, recorded, atol=1e-4)


# --- the globe's data


def _read(blob: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    length = int.from_bytes(blob[:4], "little")
    header = json.loads(blob[4 : 4 + length])
    body = blob[4 + length :]
    assert (4 + length) % 8 == 0, "arrays are aligned"
    arrays = {}
    for name, entry in header["arrays"].items():
        count = int(np.prod(entry["shape"], dtype=int))
        arrays[name] = np.frombuffer(body, np.dtype(entry["type"]).newbyteorder("<"), count, entry["begin"]).reshape(entry["shape"])
    return header, arrays


@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_data_of_the_globe(request: pytest.FixtureRequest, kind: str) -> None:
    """Source of truth: the series: positions to a kilometre, states and shares as recorded; times in UTC."""
    run = request.getfixturevalue(kind)
    blob = scene_data(run)
    assert blob is not None
    header, arrays = _read(blob)
    frames, sats = run.series.sizes["frame"], run.series.sizes["sat"]
    assert arrays["position_km"].shape == (frames, sats, 3)
    position_km = run.series["position_m"].transpose("frame", "sat", "axis").values / 1e3
    assert np.abs(arrays["position_km"] - position_km).max() <= 0.5 + 1e-3
    assert (arrays["state"] == run.series["state"].transpose("frame", "sat").values).all()
    charge = run.series["sat_charge_fraction"].transpose("frame", "sat").values
    assert np.abs(arrays["charge"] / 250.0 - charge).max() <= 0.002 + 1e-9
    assert arrays["charge"].max() < MISSING_SHARE
    junction_k = run.series["sat_junction_k"].transpose("frame", "sat").values
    assert np.abs(arrays["junction_dk"] / 10.0 - junction_k).max() <= 0.05 + 1e-4
    epoch = datetime.fromisoformat(run.series.attrs["epoch"].replace("Z", "+00:00"))
    assert header["unix_ms"] == [round(1e3 * epoch.timestamp()) + int(ms) for ms in run.series["frame"].values]
    if "sat_type" in run.series:
        assert arrays["type"].tolist() == run.series["sat_type"].values.tolist()
    assert header["epoch_ms"] == round(1e3 * epoch.timestamp())
    assert header["number"] == run.series["sat"].values.tolist()
    assert header["colourings"][0]["names"] == list(STATES)
    assert (header["formation"] is not None) == (kind == "formation")
    assert ("offset_m" in arrays) == (kind == "formation")
    assert len(header["events"]) == len(run.events)


def test_a_run_without_positions(make: Make) -> None:
    run = make("walker")
    run.series = run.series.drop_vars("position_m")
    assert scene_data(run) is None
