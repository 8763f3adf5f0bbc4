"""Run the shipped scenarios and the shipped sweep whose pages the README shows, and save the pictures.

    python tools/capture_pictures.py [report globe sweep studio]

Writes docs/pictures/NAME.png, all by default. Needs playwright (extra `dev`) and a Chromium at /usr/bin/chromium. It takes
a few minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/pictures"
CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
TIMEOUT_MS = 120_000
MARGIN_PX = 28
CLEAN = ".modebar-container, #globe-hint { display: none !important; } main { padding-top: 28px !important; }"


@dataclass(frozen=True)
class Picture:
    """The command that writes a page, and the part of it to show: the element, or the page from its top down to it."""

    command: tuple[str, ...]
    width_px: int
    element: str
    from_top: bool


PICTURES = {
    "report": Picture(("run", "suncatcher"), 1000, "#figure-waterfall", True),
    "globe": Picture(
        ("run", "starlink_edge", "--set", "duration=1 h", "--set", "epoch=2026-12-21T15:00:00Z"), 760, "#figure-globe", False
    ),
    "sweep": Picture(("sweep", "suncatcher_sizing"), 1000, "#figure-parallel", True),
}


STUDIO = {
    "variants": [
        {"name": "scenario", "sets": [], "events": [], "seed": None},
        {"name": "smaller array", "sets": ["satellite.power.array.area=110 m2"], "events": [], "seed": None},
    ],
    "shown": 1,
    "pinned": 0,
    "view": {"t": 1797840000000, "c": None, "s": [], "k": "state", "f": 0, "d": None, "h": 1},
}


def capture_studio(browser: Any, target: Path) -> None:
    """The studio with a variant beside its baseline."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "sim.cli", "studio", "suncatcher", "--port", "0", "--no-browser"]
    with subprocess.Popen(words, cwd=target.parent, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}#{json.dumps(STUDIO)}")
        page.wait_for_selector("#panel-figures .against", timeout=TIMEOUT_MS)
        page.wait_for_selector("#series .js-plotly-plot", timeout=TIMEOUT_MS)
        page.wait_for_timeout(3000)  # pictures of the Earth
        page.screenshot(path=target)
        process.terminate()


def written_page(picture: Picture, folder: Path) -> Path:
    """The page that the command writes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", "sim.cli", *picture.command, "--out", str(folder)]
    print(" ".join(("dawndusk", *picture.command)), file=sys.stderr)
    subprocess.run(arguments, cwd=folder.parent, env=environment, stdout=subprocess.DEVNULL, check=True)
    return folder / "report.html"


def capture(browser: Any, picture: Picture, report: Path, target: Path) -> None:
    """Open a page and save the part of it that the picture shows."""
    page = browser.new_page(viewport={"width": picture.width_px, "height": 900})
    page.goto(report.resolve().as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=TIMEOUT_MS)
    page.add_style_tag(content=CLEAN)
    part = page.locator(picture.element)
    if picture.from_top:
        panel = part.locator("xpath=ancestor::*[contains(@class, 'panel')][1]")
        box = panel.bounding_box()
        bottom = page.evaluate("window.scrollY") + box["y"] + box["height"]
        clip = {"x": 0, "y": 0, "width": picture.width_px, "height": bottom + MARGIN_PX}
        page.screenshot(path=target, clip=clip, full_page=True)
    else:
        part.screenshot(path=target)
    page.close()


def main() -> None:
    """Command line: names of pictures, all by default."""
    names = sys.argv[1:] or [*PICTURES, "studio"]
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for name in names:
            if name == "studio":
                capture_studio(browser, TARGET / "studio.png")
                continue
            page = written_page(PICTURES[name], Path(folder) / name)
            capture(browser, PICTURES[name], page, TARGET / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
