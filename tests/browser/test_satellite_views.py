"""The views of one satellite in a real browser: cut-away, temperatures, map of radiation and energy show what the results say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from visit import PATIENCE_MS, Visit

from viz.report import write_report
from viz.satellites import PARTS, find_satellites

pytestmark = pytest.mark.browser

EVENT = {
    "time_s": 3_600.0, "time_utc": "2026-12-21T01:00:00Z", "action": "corrupt", "target": "satellite 5", "satellite": 5, "last_satellite": 5,
    "remaining_fraction": 1.0, "cause": "radiation", "satellite_name": None, "catalogue_number": None,
}  # fmt: skip


class Opened:
    """A report of two types of satellites, opened in a browser, and what the results say."""

    def __init__(self, browser: Any, folder: Path, width: int = 1280) -> None:
        self.run = synthetic.dissect(synthetic.results("walker", folder, hours=3.0, frames=180), types=2)
        self.run.events.append(EVENT)
        shown = find_satellites(self.run)
        assert shown is not None
        self.shown = shown
        path = folder / "report.html"
        write_report(self.run, path)
        self.visit = Visit(browser, path, width)
        self.page = self.visit.page

    def wait(self, k: int, frame: int, way: str = "now") -> None:
        """Until the drawing and the charts show this satellite and moment."""
        self.page.wait_for_function(
            "([at, chart]) => document.querySelector('.drawing:not([hidden])').dataset.moment === at"
            " && document.getElementById('figure-nodes').dataset.moment === chart",
            arg=[f"{k} {frame} {way}", f"{k} {frame}"],
            timeout=PATIENCE_MS,
        )

    def numbers(self) -> dict[str, float]:
        """Temperatures of the visible drawing, by part [deg C]."""
        found = self.page.evaluate(
            "[...document.querySelectorAll('.drawing:not([hidden]) [data-number]')].map((e) => [e.dataset.number, e.textContent])"
        )
        return {part: float(said.replace("\u2212", "-").removesuffix("\u00a0°C")) for part, said in found}

    def recorded(self, k: int, frame: int) -> dict[str, float]:
        """Temperatures of the results, by part [deg C]."""
        return {p: float(self.run.series[part.series].values[frame, self.shown.at[k]]) - 273.15 for p, part in PARTS.items()}

    def curve(self, name: str) -> list[float]:
        """Values of a curve of the temperatures."""
        return list(self.page.evaluate("name => Array.from(document.getElementById('figure-nodes').data.find((t) => t.name === name).y)", name))

    def visible(self) -> set[str]:
        """Maps and outlines that are visible."""
        names = self.page.evaluate("document.getElementById('figure-radiation').data.filter((t) => t.visible !== false).map((t) => t.name)")
        return {name for name in names if re.match(r"(dose|flux|anomaly)-", name)}


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Any:
    """The report, which must have asked for nothing and made no error when the test is over."""
    found = Opened(browser, tmp_path)
    yield found
    assert found.visit.errors == []
    assert len(found.visit.requests) == 1
    found.page.close()


def test_cutaway_follows_the_moment_and_the_way(opened: Opened) -> None:
    """Source of truth: the recorded temperatures, rounded to 0.1 K; hottest, mean and coldest of all moments."""
    opened.wait(0, opened.shown.moment)
    assert opened.numbers() == pytest.approx(opened.recorded(0, opened.shown.moment), abs=0.056)
    opened.page.locator("#moment").fill("30")
    opened.wait(0, 30)
    assert opened.numbers() == pytest.approx(opened.recorded(0, 30), abs=0.056)
    frame_s = opened.run.series["frame"].values[30] / 1e3
    assert opened.page.locator("#moment-time").inner_text() == f"2026-12-21 {int(frame_s // 3600):02d}:{int(frame_s % 3600 // 60):02d}:00 UTC"
    for way, over in (("hottest", np.max), ("mean", np.mean), ("coldest", np.min)):
        opened.page.locator(f"input[name=way][value={way}]").check()
        opened.wait(0, 30, way)
        expected = {p: float(over(opened.run.series[part.series].values[:, opened.shown.at[0]].astype(float))) - 273.15 for p, part in PARTS.items()}
        assert opened.numbers() == pytest.approx(expected, abs=0.056)
        assert opened.page.locator(".drawing:not([hidden]) [data-light]").text_content() == f"{way} over the run"


def test_colours_of_the_page_are_those_of_the_drawing(opened: Opened) -> None:
    """Source of truth: the colours that were written into the page; the script, which draws them again, keeps them."""
    opened.wait(0, opened.shown.moment)
    drawn = opened.page.evaluate(
        "[...document.querySelectorAll('.drawing:not([hidden]) [data-part]')].map((e) => [e.dataset.part, e.getAttribute('fill') || e.getAttribute('stroke')])"
    )
    html = (opened.run.folder / "report.html").read_text("utf-8")
    written = re.findall(r'data-part="(\w+)" fill="(#\w{6})"', html.split('<div class="drawing"')[1])
    assert {p: c for p, c in drawn if p != "loop"} == {p: c for p, c in written if p != "loop"}


def test_another_satellite_of_another_type(opened: Opened) -> None:
    """Curves, table, drawing and maps change to those of the satellite and its type; the time axis stays one of dates."""
    k = int(np.flatnonzero(opened.shown.kind != opened.shown.kind[0])[0])
    kind, moment = int(opened.shown.kind[k]), opened.shown.moment
    opened.page.locator("#satellite").select_option(str(k))
    opened.wait(k, moment)
    assert opened.numbers() == pytest.approx(opened.recorded(k, moment), abs=0.056)
    for part in PARTS:
        recorded = opened.run.series[PARTS[part].series].values[:, opened.shown.at[k]].astype(float) - 273.15
        np.testing.assert_allclose(opened.curve(part), recorded, atol=0.0051)
    dark = opened.run.series["sat_lit_fraction"].values[:, opened.shown.at[k]] < 0.5
    assert opened.curve("eclipse") == dark.astype(int).tolist()
    assert opened.page.evaluate("document.getElementById('figure-nodes')._fullLayout.xaxis.type") == "date"
    assert opened.page.locator(".drawing:not([hidden])").get_attribute("data-kind") == str(kind)
    assert opened.visible() == {f"dose-{kind}", f"anomaly-{kind}"}
    opened.page.locator("input[name=quantity][value=flux]").check()
    assert opened.visible() == {f"flux-{kind}", f"anomaly-{kind}"}
    shown = opened.page.evaluate("[...document.querySelectorAll('div[data-satellite]')].filter((e) => !e.hidden).map((e) => e.dataset.satellite)")
    assert shown == [str(k)]


def test_track_ends_where_the_satellite_is(opened: Opened) -> None:
    """Source of truth: the recorded positions and the angle of Greenwich, to 0.01 degrees."""
    opened.page.locator("#moment").fill("20")
    opened.wait(0, 20)
    lat, lon = opened.shown.place_deg[20, :, 0]
    place = opened.page.evaluate(
        "(() => { const by = (n) => document.getElementById('figure-radiation').data.find((t) => t.name === n);"
        " const [p, t] = [by('place'), by('tail')]; return [p.y[0], p.x[0], t.y[t.y.length - 1], t.x[t.x.length - 1]]; })()"
    )
    assert place == pytest.approx([lat, lon, lat, lon], abs=0.0051)
    marks = opened.page.evaluate("document.getElementById('figure-radiation')._fullData.filter((t) => t.name.startsWith('error')).map((t) => [t.name, t.x.length])")
    assert marks == [["error: silent error", 1]]


def test_click_on_the_temperatures_moves_the_moment(opened: Opened) -> None:
    opened.page.evaluate("document.getElementById('figure-nodes').emit('plotly_click', { points: [{ pointNumber: 7 }] })")
    opened.wait(0, 7)
    assert opened.numbers() == pytest.approx(opened.recorded(0, 7), abs=0.056)


def test_energy_is_drawn(opened: Opened) -> None:
    """Source of truth: the energies of the summary: bands of the same heights in the browser, none outside the drawing."""
    bands = opened.page.evaluate(
        "[...document.querySelectorAll('.flows .band')].map((e) => [e.dataset.from, e.dataset.to, Number(e.dataset.value)])"
    )
    bus = sum(j for a, _, j in bands if a == "Bus")
    assert bus == pytest.approx(3.6e9 * 20.0, rel=1e-12)
    inside = opened.page.evaluate(
        "(() => { const box = document.querySelector('.flows').getBoundingClientRect();"
        " return [...document.querySelectorAll('.flows text')].every((e) => { const r = e.getBoundingClientRect();"
        " return r.left >= box.left - 1 && r.right <= box.right + 1 && r.top >= box.top - 1 && r.bottom <= box.bottom + 1; }); })()"
    )
    assert inside


def test_texts_of_the_cutaway_do_not_overlap(opened: Opened) -> None:
    """No two texts of the drawing share a place, and all lie inside it."""
    overlaps = opened.page.evaluate(
        "(() => { const svg = document.querySelector('.drawing:not([hidden]) svg'), box = svg.getBoundingClientRect();"
        " const all = [...svg.querySelectorAll('text')].map((e) => ({ said: e.textContent, r: e.getBoundingClientRect() }));"
        " const outside = all.filter(({ r }) => r.left < box.left - 1 || r.right > box.right + 1).map(({ said }) => said);"
        " const pairs = all.flatMap((a, i) => all.slice(i + 1).filter((b) => a.r.left < b.r.right - 1 && b.r.left < a.r.right - 1"
        " && a.r.top < b.r.bottom - 3 && b.r.top < a.r.bottom - 3).map((b) => `${a.said} | ${b.said}`)); return [outside, pairs]; })()"
    )
    assert overlaps == [[], []]


def test_phone_does_not_scroll_sideways(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, width=400)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 400
    assert opened.visit.errors == []
    opened.page.close()
