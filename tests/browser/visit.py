"""A page in a real browser, for the tests of what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PATIENCE_MS = 180_000  # software rendering on a busy machine


class Visit:
    """A page opened from a file, with its console errors and requests."""

    def __init__(self, browser: Any, path: Path, width: int = 1280) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 800})
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]", timeout=PATIENCE_MS)

    def show(self, frame: int) -> None:
        """Move the clock to a frame and wait until the page says so."""
        self.page.locator("#clock").fill(str(frame))
        self.settle(frame)

    def settle(self, frame: int) -> None:
        """Wait until all that was asked for is drawn, at this frame."""
        self.page.wait_for_function(
            "frame => document.getElementById('figure-globe').dataset.frame === frame",
            arg=str(frame),
            timeout=PATIENCE_MS,
        )
