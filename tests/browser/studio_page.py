"""The studio in a browser, for its tests: a process, its pages, and how to wait for and read what they show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from visit import PATIENCE_MS

REPO = Path(__file__).resolve().parents[2]
SHORT = "duration=2 h"


class Studio:
    """A studio process, and pages of it."""

    def __init__(self, browser: Any, folder: Path, *options: str) -> None:
        self.browser, self.folder = browser, folder
        environment = {**os.environ, "PYTHONPATH": str(REPO)}
        words = [sys.executable, "-m", "sim.cli", "studio", *options, "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stdout.read()
        self.url = found[0]
        self.pages: list[Any] = []
        self.errors: list[str] = []
        self.hosts: set[str] = set()

    def open(self, state: dict[str, Any] | None = None, width: int = 1280) -> Any:
        page = self.browser.new_page(viewport={"width": width, "height": 720})
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc) if not r.url.startswith(("data:", "blob:")) else None)
        self.pages.append(page)
        page.goto(self.url + ("" if state is None else "#" + json.dumps(state)))
        return page

    def close(self) -> None:
        for page in self.pages:
            if not page.is_closed():
                page.close()
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def state(*variants: list[str], shown: int = 0, pinned: int | None = None, **view: Any) -> dict[str, Any]:
    named = [{"name": f"variant {n}", "sets": sets, "events": [], "seed": None} for n, sets in enumerate(variants)]
    return {"variants": named, "shown": shown, "pinned": pinned, "view": view}


def until(page: Any, condition: str, argument: Any = None) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own waiting for one, which compiles text in the page."""
    end = time.monotonic() + PATIENCE_MS / 1e3
    while not page.evaluate(condition, argument):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def done(page: Any) -> None:
    """Wait until the answer to the present state is on the page, figures and globe."""
    page.wait_for_selector("#status[data-state=done]", timeout=PATIENCE_MS)
    page.wait_for_selector("#panel-figures dl", timeout=PATIENCE_MS)
    until(page, "() => document.body.dataset.settled === document.getElementById('status').dataset.turn")
    until(page, "() => Boolean(document.querySelector('#series .js-plotly-plot')?._fullLayout)")


def picture(locator: Any, other_than: bytes = b"", above_bytes: int = 0) -> bytes:
    """A picture of a place on the page, once it is another than a given one and of a given size at least."""
    end = time.monotonic() + PATIENCE_MS / 1e3
    while (found := bytes(locator.screenshot())) == other_than or len(found) <= above_bytes:
        assert time.monotonic() < end, f"the picture of {len(found)} bytes does not change"
    return found


def figures(page: Any) -> dict[str, float]:
    rows = page.evaluate("[...document.querySelectorAll('#panel-figures [data-fact]')].map((e) => [e.dataset.fact, e.dataset.value])")
    return {fact: float(value) for fact, value in rows}


def shares(page: Any) -> dict[str, float]:
    rows = page.evaluate("[...document.querySelectorAll('#panel-waterfall [data-cause]')].map((e) => [e.dataset.cause, e.dataset.share])")
    return {cause: float(share) for cause, share in rows}


def in_url(page: Any) -> dict[str, Any]:
    until(page, "() => document.body.dataset.url !== 'due'")  # the URL follows a little later
    found: dict[str, Any] = json.loads(unquote(page.evaluate("location.hash")[1:]))
    return found


def change(page: Any, path: str, text: str) -> None:
    """Write a value into a field of the form, and wait for the answer."""
    box = page.locator(f"[id='field-{path}']")
    box.evaluate("(e) => (e.closest('details').open = true)")
    before = page.locator("#status").get_attribute("data-turn")
    box.fill(text)
    box.press("Enter")
    until(page, "turn => document.getElementById('status').dataset.turn !== turn", before)
