"""The report in a real browser: draws without errors or requests, and shows what the results say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from visit import PATIENCE_MS, Visit

from viz.report import write_report

pytestmark = pytest.mark.browser
# what a unit on the page stands for in summary.json
UNITS = {
    "": 1.0, "%": 0.01, "ms": 1.0, "s": 1.0, "d": 1.0, "t": 1e3, "m²": 1.0, "W": 1.0, "kW": 1e3, "MW": 1e6, "PFLOP/s": 1e15,
    "million/s": 1e6, "/s": 1.0, "billion": 1e9,
}  # fmt: skip


def shown_number(shown: str) -> tuple[float, float] | None:
    """The number that a text shows and the last digit's worth, both in the unit of the summary; none for other texts."""
    found = re.fullmatch(r"\$?([\d,]+(?:\.(\d+))?)\s?(\S*)", shown.replace("\u00a0", " ").strip())
    if found is None or found[3] not in UNITS:
        return None
    scale = UNITS[found[3]]
    return float(found[1].replace(",", "")) * scale, 10.0 ** -len(found[2] or "") * scale


def at(summary: Any, field: str) -> Any:
    """What a JSON pointer names."""
    for key in field.split("/")[1:]:
        summary = summary[int(key)] if isinstance(summary, list) else summary[key]
    return summary


def check_figures(page: Any, summary: dict[str, Any]) -> int:
    """Every number on the page that names a field of the summary has its value and shows it; how many were read."""
    read = 0
    found = page.evaluate(
        "[...document.querySelectorAll('[data-field]')].map((e) => ({...e.dataset, shown: e.textContent}))"
    )
    for item in found:
        expected = at(summary, item["field"])
        if isinstance(expected, str):
            assert item["value"] == expected
            continue
        assert json.loads(item["value"]) == expected, item["field"]
        number = None if isinstance(expected, dict) else shown_number(item["shown"])
        if number is not None:
            value = expected
            if item["field"].endswith("flops"):
                value = expected / summary["duration_s"] / 1e15  # a table in PFLOP/s, said in its head
            elif item["field"].endswith("step_s") and item["shown"].endswith("ms"):
                value = 1e3 * expected
            assert number[0] == pytest.approx(value, abs=0.51 * number[1]), item
            read += 1
    return read


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_page_shows_the_results_and_asks_for_nothing(kind: str, coupled: bool, browser: Any, tmp_path: Path) -> None:
    run = synthetic.results(kind, tmp_path, hours=6.0, frames=7)
    if coupled:
        synthetic.couple(run)
    path = tmp_path / "report.html"
    write_report(run, path)
    visit = Visit(browser, path)
    share = visit.page.locator("#useful-share")
    expected = run.summary["compute"]["useful_fraction"]
    assert float(share.get_attribute("data-value")) == expected
    assert float(share.inner_text().replace("\u00a0%", "")) == pytest.approx(100 * expected, abs=0.05)
    assert check_figures(visit.page, run.summary) > (90 if coupled else 40)

    assert visit.page.locator("#frame-time").inner_text() == "2026-12-21 00:01:00 UTC"
    visit.show(6)
    assert visit.page.locator("#frame-time").inner_text() == "2026-12-21 06:00:00 UTC"
    counts = [int(t) for t in visit.page.locator(".count").all_inner_texts()]
    recorded = run.series["state"].values[6].tolist()
    assert counts == [recorded.count(state) for state in (4, 3, 2, 1, 0)]
    assert visit.page.locator("#show-links").count() == int(coupled)
    assert visit.requests == [path.as_uri()]
    assert visit.errors == []
    visit.page.close()


def points(page: Any, figure: str, trace: str) -> int:
    """Corners of the lines of a trace."""
    return int(
        page.evaluate(
            "([figure, name]) => document.getElementById('figure-' + figure).data"
            ".filter((t) => t.name === name).reduce((n, t) => n + Array.from(t.x).filter(Number.isFinite).length, 0)",
            [figure, trace],
        )
    )


@pytest.mark.parametrize(("kind", "figure", "links"), [("walker", "globe", 180), ("formation", "formation-plane", 72)])
def test_links_and_routes_appear_and_disappear(
    kind: str, figure: str, links: int, browser: Any, tmp_path: Path
) -> None:
    """Two ends a link; the first ends before the third frame. Routes have 3 + 2 + 2 + 5 corners, later one less."""
    run = synthetic.couple(synthetic.results(kind, tmp_path, hours=3.0, frames=4))
    path = tmp_path / "report.html"
    write_report(run, path)
    visit = Visit(browser, path)
    page = visit.page
    assert (points(page, figure, "links"), points(page, "globe", "routes")) == (2 * links, 12)
    assert page.locator("#links-count").inner_text() == str(links)
    assert page.locator("#routes-count").inner_text() == "4"
    visit.show(2)
    assert (points(page, figure, "links"), points(page, "globe", "routes")) == (2 * links - 2, 11)
    page.locator("#show-links").uncheck()
    visit.settle(2)
    assert (points(page, figure, "links"), points(page, "globe", "routes")) == (0, 11)
    page.locator("#show-routes").uncheck()
    visit.settle(2)
    assert points(page, "globe", "routes") == 0
    page.locator("#show-links").check()
    visit.settle(2)
    assert points(page, figure, "links") == 2 * links - 2
    assert visit.errors == []
    page.close()


def test_colours_switch_to_role_and_job(browser: Any, tmp_path: Path) -> None:
    run = synthetic.couple(synthetic.results("walker", tmp_path, hours=3.0, frames=4), jobs=2)
    path = tmp_path / "report.html"
    write_report(run, path)
    visit = Visit(browser, path)
    for choice, expected in (
        ("1", {"training 192", "inference 8"}),
        ("2", {"no job 8", "llama-3-8b 0 96", "llama-3-8b 1 96"}),
    ):
        visit.page.locator(f"input[name=colouring][value='{choice}']").check()
        visit.settle(0)
        key = visit.page.locator("#colour-key li").all_inner_texts()
        assert {" ".join(item.split()) for item in key} == expected
    colours = visit.page.evaluate(
        "[...new Set(document.getElementById('figure-globe').data.find((t) => t.name === 'satellites').marker.color)]"
    )
    assert sorted(colours) == [0.5, 1.5, 2.5]
    assert visit.errors == []
    visit.page.close()


def test_play_moves_the_clock(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(synthetic.results("formation", tmp_path, hours=3.0, frames=4), path)
    visit = Visit(browser, path)
    visit.page.locator("#play").click()
    visit.page.wait_for_function("Number(document.getElementById('clock').value) >= 2", timeout=PATIENCE_MS)
    visit.page.locator("#play").click()
    assert visit.page.locator("#play").inner_text() == "Play"
    assert visit.errors == []
    visit.page.close()


def test_phone_does_not_scroll_sideways(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(synthetic.results("formation", tmp_path, hours=3.0, frames=4), path)
    visit = Visit(browser, path, width=400)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    assert visit.errors == []
    visit.page.close()


def camera_distance(page: Any) -> float:
    """Distance of the globe's camera, in units of the scene."""
    eye = page.evaluate("document.getElementById('figure-globe').layout.scene.camera.eye")
    return float((eye["x"] ** 2 + eye["y"] ** 2 + eye["z"] ** 2) ** 0.5)


def wait_for_distance(page: Any, condition: str, distance: float) -> None:
    """Until the camera's distance d fulfils a condition on it and on the distance before."""
    page.wait_for_function(
        "before => { const e = document.getElementById('figure-globe').layout.scene.camera.eye;"
        f" const d = Math.hypot(e.x, e.y, e.z); return {condition}; }}",
        arg=distance,
        timeout=PATIENCE_MS,
    )


def test_wheel_scrolls_the_page_until_the_globe_has_the_focus(browser: Any, tmp_path: Path) -> None:
    """Scrolled by the 200 pixels of the wheel; with the focus not at all, but the camera moves away; keys bring it near."""
    path = tmp_path / "report.html"
    write_report(synthetic.results("formation", tmp_path, hours=3.0, frames=4), path)
    visit = Visit(browser, path)
    page = visit.page
    page.locator("#clock").evaluate("(e) => e.scrollIntoView()")
    before, distance = page.evaluate("window.scrollY"), camera_distance(page)
    box = page.locator("#figure-globe").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 320)
    page.mouse.wheel(0, 200)
    page.wait_for_function("(y) => window.scrollY === y + 200", arg=before, timeout=PATIENCE_MS)
    assert camera_distance(page) == distance
    assert "Click the globe" in page.locator("#globe-hint").inner_text()
    page.mouse.click(box["x"] + 60, box["y"] + 320)
    assert page.evaluate("document.activeElement.id") == "figure-globe"
    page.mouse.wheel(0, 200)
    wait_for_distance(page, "d > 1.1 * before", distance)
    assert page.evaluate("window.scrollY") == before + 200
    far = camera_distance(page)
    page.keyboard.press("+")
    wait_for_distance(page, "d < 0.95 * before", far)
    assert not page.locator("#follow").is_checked()
    page.keyboard.press("Escape")
    page.mouse.wheel(0, -200)
    page.wait_for_function("(y) => window.scrollY === y", arg=before, timeout=PATIENCE_MS)
    assert visit.errors == []
    page.close()


def test_globe_shows_the_positions_of_the_run(browser: Any, tmp_path: Path) -> None:
    """Source of truth: the recorded inertial positions, turned by the recorded sidereal time; rounded to 1 km twice, so that
    an axis is off by at most 2 km. Satellite 3 has no position from the third frame on."""
    run = synthetic.results("walker", tmp_path, hours=6.0, frames=7)
    run.series["position_m"].values[2:, :, 3] = np.nan
    path = tmp_path / "report.html"
    write_report(run, path)
    visit = Visit(browser, path)
    visit.show(5)
    shown = visit.page.evaluate(
        "(() => { const t = document.getElementById('figure-globe').data.find((t) => t.name === 'satellites');"
        " return ['x', 'y', 'z'].map((k) => Array.from(t[k], (v) => (Number.isNaN(v) ? null : v))); })()"
    )
    found = np.array([[np.nan if v is None else v for v in line] for line in shown])
    position_km = run.series["position_m"].values[5].astype(float) / 1e3
    turn_rad = float(run.series["gmst_rad"].values[5])
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    expected = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) @ position_km
    assert np.isnan(found[:, 3]).all()
    np.testing.assert_allclose(found, expected, atol=2.0)
    assert visit.errors == []
    visit.page.close()
