"""The benchmark of the globe in a real browser, with few satellites: both sides draw, a blank side and a page that breaks are seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from png import read_png

from sim.cli.bench import _pages
from sim.verify.bench import views
from sim.verify.bench.harness import CannotRun
from viz.globe_bench import SIDE_PX, GlobePage
from viz.studio.scene_data import scene_data

pytestmark = [
    pytest.mark.browser, pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, ("chromium", "google-chrome"))), reason="no Chromium on the PATH"),
]  # fmt: skip
FEW = 3_000


def header(data: bytes) -> Any:
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


def test_the_scene_is_read_as_that_of_a_run(tmp_path: Path) -> None:
    """Source of truth: the fields and arrays that every run has; and a circle of 550 km."""
    _, made = views._scene(_pages(), FEW)
    run = scene_data(synthetic.results("walker", tmp_path, hours=3.0, frames=4))
    assert run is not None
    assert header(made).keys() == header(run).keys()
    optional = {"charge", "useful", "junction_dk", "type", "min_elevation_deg"}
    assert header(made)["arrays"].keys() == header(run)["arrays"].keys() - optional
    entry = header(made)["arrays"]["position_km"]
    assert entry["shape"] == [views.FRAMES, FEW, 3]
    start = 4 + int.from_bytes(made[:4], "little") + entry["begin"]
    position_km = np.frombuffer(made, "<f4", views.FRAMES * FEW * 3, start).reshape(-1, 3)
    np.testing.assert_allclose(np.linalg.norm(position_km, axis=1), 6928.137, atol=0.5)


def test_both_sides_draw() -> None:
    pair = views._pictures(_pages(), FEW)
    assert pair.close is not None
    try:
        assert [pair.ours(), pair.peer()] == [1, 1]
        assert pair.differ(1, 1) is None
        assert pair.differ(2, 1) == "they show different moments"
        page: GlobePage = pair.close.__self__  # type: ignore[attr-defined]
        pixels = read_png(page.picture())
        assert pixels.shape[:2] == (SIDE_PX, 2 * SIDE_PX)
        yellow = (pixels[:, :, 0] > 150) & (pixels[:, :, 2] < 90)
        assert min(yellow[:, :SIDE_PX].sum(), yellow[:, SIDE_PX:].sum()) > 1000
        page._browser.ask("Plotly.restyle('theirs', {visible: false}).then(() => true)")
        assert str(pair.differ(1, 1)).startswith("pixels of satellites:")
        page._browser.ask("window.bench = {}")
        with pytest.raises(CannotRun, match="the page says: TypeError"):
            pair.ours()
    finally:
        pair.close()


def test_memory() -> None:
    """More satellites take more: 27,000 further ones at six moments in two copies of 12 bytes are 3.9 MB."""
    few, many = (views._memory(_pages(), count).ours() for count in (FEW, 10 * FEW))
    assert 3.0 < many - few < 20.0
