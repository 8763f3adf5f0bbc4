"""Save the globe of a report as a PNG image, such as the one in the README.

    dawndusk run starlink_edge --set duration="1 h" --set epoch=2026-12-21T15:00:00Z --out edge
    python tools/capture_globe.py edge docs/starlink_edge.png

Needs playwright (extra `dev`) and a Chromium at /usr/bin/chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE = {"width": 820, "height": 900}
TIMEOUT_MS = 120_000


def capture(report: Path, target: Path) -> None:
    """Open a report in a headless browser and save the part of the page that shows the globe."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page(viewport=SIZE)
        page.goto(report.resolve().as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=TIMEOUT_MS)
        page.add_style_tag(content=".modebar-container { display: none; }")
        page.locator("#figure-globe").screenshot(path=target)
        browser.close()


def main() -> None:
    """Command line: results folder, PNG file."""
    folder, target = map(Path, sys.argv[1:3])
    capture(folder / "report.html", target)


if __name__ == "__main__":
    main()
