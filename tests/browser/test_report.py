"""The report in a real browser: draws without errors or requests, and shows what the results say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic

from viz.report import write_report

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000  # software rendering on a busy machine


class Visit:
    """A page opened from a file, with what it said and asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 800})
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]", timeout=PATIENCE_MS)

    def show(self, frame: int) -> None:
        """Move the clock to a frame and wait until the page says so."""
        before = self.page.locator("#moment").inner_text()
        self.page.locator("#clock").fill(str(frame))
        self.page.wait_for_function(
            "before => document.getElementById('moment').textContent !== before", arg=before, timeout=PATIENCE_MS
        )


@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_page_shows_the_results_and_asks_for_nothing(kind: str, browser: Any, tmp_path: Path) -> None:
    run = synthetic.results(kind, tmp_path, hours=6.0, frames=7)
    path = tmp_path / "report.html"
    write_report(run, path)
    visit = Visit(browser, path)
    share = visit.page.locator("#useful-share")
    expected = run.summary["compute"]["useful_fraction"]
    assert float(share.get_attribute("data-value")) == expected
    assert float(share.inner_text().replace("\u00a0%", "")) == pytest.approx(100 * expected, abs=0.05)

    assert visit.page.locator("#moment").inner_text() == "2026-12-21 00:01:00 UTC"
    visit.show(6)
    assert visit.page.locator("#moment").inner_text() == "2026-12-21 06:00:00 UTC"
    counts = [int(t) for t in visit.page.locator(".count").all_inner_texts()]
    recorded = run.series["state"].values[6].tolist()
    assert counts == [recorded.count(state) for state in (4, 3, 2, 1, 0)]
    assert visit.requests == [path.as_uri()]
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
