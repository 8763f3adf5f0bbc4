"""The globe of a notebook in a real browser: its module in a page that stands for the notebook, with a model that stands for its connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from png import read_png
from visit import PATIENCE_MS

pytest.importorskip("anywidget", reason="anywidget is not installed")

from viz.notebook import globe

pytestmark = pytest.mark.browser

# what anywidget does: the module is imported from a blob, and gets a model with get, set, on, off and save_changes
HOST = """<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>%s</style></head><body><div id="cell" style="width: 900px"></div>
<script type="module">
const state = %s, bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer), heard = {};
for (const name of ["_scene", "_day", "_night", "_borders"]) state[name] = bytes(state[name]);
const model = {
  get: (name) => state[name],
  set(name, value) { state[name] = value; (window.set ??= []).push([name, value]); for (const f of heard[`change:${name}`] ?? []) f(); },
  on(name, f) { (heard[name] ??= new Set()).add(f); },
  off(name, f) { heard[name]?.delete(f); },
  save_changes() { window.saved = { time_ms: state.time_ms, selection: state.selection, colouring: state.colouring }; },
};
const module = await import(URL.createObjectURL(new Blob([atob(%s)], { type: "text/javascript" })));
window.model = model;
window.end = await module.default.render({ model, el: document.getElementById("cell") });
</script></body></html>"""


def host_page(widget: Any, path: Path) -> Path:
    """A page with the state of a widget as its connection would bring it."""
    state = {name: widget.get_state()[name] for name in ("time_ms", "selection", "colouring", "height_px")}
    for name in ("_scene", "_day", "_night", "_borders"):
        state[name] = base64.b64encode(getattr(widget, name)).decode()
    script = base64.b64encode(str(widget._esm).encode()).decode()
    path.write_text(HOST % (widget._css, json.dumps(state), json.dumps(script)), encoding="utf-8")
    return path


class Cell:
    """A widget and the page that shows it."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.widget = globe(synthetic.couple(synthetic.results("walker", folder, hours=3.0, frames=40)), height_px=480)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page(viewport={"width": 940, "height": 620})
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url.partition(":")[0]))
        self.page.goto(host_page(self.widget, folder / "cell.html").as_uri())
        self.page.wait_for_selector(".stage[data-ready=yes]", timeout=PATIENCE_MS)
        self.page.wait_for_timeout(1500)  # pictures of the Earth

    def saved(self, name: str, value: Any) -> None:
        """Wait until Python has been sent a value."""
        self.page.wait_for_function(
            "([name, value]) => JSON.stringify(window.saved?.[name]) === JSON.stringify(value)", arg=[name, value], timeout=PATIENCE_MS
        )

    def pixels(self) -> Any:
        return read_png(self.page.locator(".stage").screenshot())[:, :, :3].astype(float)


@pytest.fixture
def cell(browser: Any, tmp_path: Path) -> Iterator[Cell]:
    found = Cell(browser, tmp_path)
    yield found
    assert found.errors == []
    assert set(found.requests) <= {"file", "blob", "data"}, "something was fetched"
    found.page.close()


def test_it_is_drawn(cell: Cell) -> None:
    """A day side with colours, and the colourings of the page are those that Python lets through."""
    pixels = cell.pixels()
    middle = pixels[100:380, 310:590]
    assert middle.std() > 15.0
    assert len(np.unique(middle.reshape(-1, 3), axis=0)) > 2000, "the picture of the Earth"
    assert tuple(cell.page.locator(".key option").all_inner_texts()) == cell.widget.colourings


def test_python_moves_the_page(cell: Cell) -> None:
    """Time, choice and colours that Python sets are shown, and are not sent back."""
    before, ms = cell.pixels(), cell.widget.first_ms + 3_600_000
    cell.page.evaluate("ms => { window.set = []; model.set('time_ms', ms); model.set('selection', [3]); model.set('colouring', 'role'); }", ms)
    assert cell.page.locator(".clock").inner_text() == "2026-12-21 01:01:00 UTC"
    assert cell.page.locator(".key select").input_value() == "role"
    assert "training" in cell.page.locator(".key").inner_text()
    cell.page.wait_for_timeout(400)
    assert [name for name, _ in cell.page.evaluate("window.set")] == ["time_ms", "selection", "colouring"], "sent back"
    assert np.abs(cell.pixels() - before).mean() > 0.5


def test_the_page_moves_python(cell: Cell) -> None:
    """A click on a satellite chooses it, the slider moves the time, and Python reads another colour."""
    page = cell.page
    box = page.locator(".stage > canvas").bounding_box()
    found = []
    for y in range(60, 440, 24):
        for x in range(240, 700, 24):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if not page.locator(".tip").is_hidden():
                found.append((box["x"] + x, box["y"] + y))
                break
            page.wait_for_timeout(45)
        if found:
            break
    assert found, "no satellite is under the pointer anywhere"
    page.mouse.click(*found[0])
    page.wait_for_function("() => window.saved?.selection?.length === 1", timeout=PATIENCE_MS)
    assert page.evaluate("window.saved.selection[0]") in cell.widget.satellites
    page.locator(".track input").fill("500")
    middle = (cell.widget.first_ms + cell.widget.last_ms) / 2
    page.wait_for_function("ms => Math.abs(window.saved.time_ms - ms) < 1", arg=middle, timeout=PATIENCE_MS)
    page.locator(".key select").select_option("battery")
    cell.saved("colouring", "battery")


def test_it_plays(cell: Cell) -> None:
    """Times go to Python a few times a second, not with every picture; the last one too."""
    page = cell.page
    page.evaluate("window.set = [], window.begun = performance.now()")
    page.locator(".play").click()
    page.wait_for_timeout(2500)
    page.locator(".play").click()
    page.wait_for_timeout(400)
    most = 2.0 + page.evaluate("performance.now() - window.begun") / 200.0
    times = [value for name, value in page.evaluate("window.set") if name == "time_ms"]
    assert 2 <= len(times) <= most
    assert times == sorted(times)
    clock = page.locator(".clock").inner_text()
    assert page.evaluate("new Date(window.saved.time_ms).toISOString().slice(11, 19)") == clock[11:19]


def test_the_end(cell: Cell) -> None:
    """The model has no listener left, and the drawing context is given back."""
    page = cell.page
    page.evaluate("window.end()")
    page.evaluate("ms => model.set('time_ms', ms)", cell.widget.last_ms)
    assert page.locator(".clock").inner_text() == "2026-12-21 00:01:00 UTC"
    assert page.evaluate("document.querySelector('.stage canvas').getContext('webgl2')?.isContextLost() ?? true")
