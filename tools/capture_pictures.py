"""Run the shipped scenarios and the shipped sweep whose pages the README shows, and save the pictures.

    python tools/capture_pictures.py [report globe sweep studio studio_start ...]

Writes docs/pictures/NAME.png, all by default. Needs playwright (extra `dev`) and a Chromium at /usr/bin/chromium. It takes
a few minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class StudioPicture:
    """The studio as it opens a source, with a state, a tab of the part below and what is pressed then."""

    source: str
    variants: tuple[tuple[str, tuple[str, ...]], ...] = (("scenario", ()),)
    shown: int = 0
    pinned: int | None = None
    view: dict[str, Any] = field(default_factory=dict)
    tab: str = ""
    click: tuple[str, ...] = ()
    wait_for: str = "#series .js-plotly-plot"


SMALLER = (("scenario", ()), ("smaller array", ("satellite.power.array.area=110 m2",)))
NOON = 1797840000000  # milliseconds since 1970 of the time that is shown
STUDIO = {
    "studio": StudioPicture("suncatcher", SMALLER, 1, 0, {"t": NOON, "h": 1}),
    "studio_start": StudioPicture("suncatcher", view={"t": NOON, "s": [17]}),
    "studio_closeup": StudioPicture("suncatcher", view={"t": NOON, "n": 1, "k": "battery"}),
    "studio_why": StudioPicture("suncatcher", SMALLER, 1, 0, {"t": NOON}, "Why", ("button[data-task=why]",), "#panel-why table"),
    "studio_study": StudioPicture("sweep:eclipse_battery", click=("#enlarge",), wait_for="#study-parallel .js-plotly-plot"),
}


def capture_studio(browser: Any, picture: StudioPicture, folder: Path, target: Path) -> None:
    """The studio with a variant, a baseline, a panel."""
    environment, source = {**os.environ, "PYTHONPATH": str(ROOT)}, picture.source
    if source.startswith("sweep:"):
        source = str(folder / source.removeprefix("sweep:"))
        words = [sys.executable, "-m", "sim.cli", "sweep", Path(source).name, "--out", source]
        subprocess.run(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    words = [sys.executable, "-m", "sim.cli", "studio", source, "--port", "0", "--no-browser"]
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        variants = [{"name": name, "sets": list(sets), "events": [], "seed": None} for name, sets in picture.variants]
        page.goto(f"{address}#{json.dumps({'variants': variants, 'shown': picture.shown, 'pinned': picture.pinned, 'view': picture.view})}")
        page.wait_for_selector("#panel-figures dl" if picture.pinned is None else "#panel-figures .against", timeout=TIMEOUT_MS)
        if picture.tab:
            page.get_by_role("tab", name=picture.tab).click()
        for selector in picture.click:
            page.click(selector)
        page.wait_for_selector(picture.wait_for, timeout=TIMEOUT_MS)
        page.wait_for_timeout(4000)  # pictures of the Earth, charts at their size
        page.screenshot(path=target)
        page.close()
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
    names = sys.argv[1:] or [*PICTURES, *STUDIO]
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for name in names:
            if name in STUDIO:
                capture_studio(browser, STUDIO[name], Path(folder), TARGET / f"{name}.png")
                continue
            page = written_page(PICTURES[name], Path(folder) / name)
            capture(browser, PICTURES[name], page, TARGET / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
