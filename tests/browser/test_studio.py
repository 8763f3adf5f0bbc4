"""The studio in a real browser: what it shows is what the run gives, and nothing is asked of the internet."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from visit import PATIENCE_MS

from sim import api
from sim.spacecraft import attitude
from sim.studies.studio.runs import Variant

pytestmark = [pytest.mark.browser, pytest.mark.slow]
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
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc) if not r.url.startswith(("data:", "blob:")) else None)
        self.pages.append(page)
        page.goto(self.url + ("" if state is None else "#" + json.dumps(state)))
        return page

    def close(self) -> None:
        for page in self.pages:
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
    """Wait until the answer to the present state is on the page."""
    page.wait_for_selector("#status[data-state=done]", timeout=PATIENCE_MS)
    page.wait_for_selector("#panel-figures dl", timeout=PATIENCE_MS)
    until(page, "() => Boolean(document.querySelector('#series .js-plotly-plot')?._fullLayout)")


def figures(page: Any) -> dict[str, float]:
    rows = page.evaluate("[...document.querySelectorAll('#panel-figures [data-fact]')].map((e) => [e.dataset.fact, e.dataset.value])")
    return {fact: float(value) for fact, value in rows}


def shares(page: Any) -> dict[str, float]:
    rows = page.evaluate("[...document.querySelectorAll('#panel-waterfall [data-cause]')].map((e) => [e.dataset.cause, e.dataset.share])")
    return {cause: float(share) for cause, share in rows}


def in_url(page: Any) -> dict[str, Any]:
    page.wait_for_timeout(400)  # the URL follows a little later
    found: dict[str, Any] = json.loads(unquote(urlsplit(page.url).fragment))
    return found


def change(page: Any, path: str, text: str) -> None:
    """Write a value into a field of the form, and wait for the answer."""
    box = page.locator(f"[id='field-{path}']")
    box.evaluate("(e) => (e.closest('details').open = true)")
    before = page.locator("#status").get_attribute("data-turn")
    box.fill(text)
    box.press("Enter")
    until(page, "turn => document.getElementById('status').dataset.turn !== turn", before)


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    found = Studio(browser, tmp_path_factory.mktemp("studio"), "suncatcher")
    yield found
    found.close()
    assert found.errors == []
    assert found.hosts == {urlsplit(found.url).netloc}, "requests went to another host"


def check_numbers(page: Any, sets: list[str]) -> None:
    """Source of truth: `sim.api.run`, which is what `dawndusk run` calls."""
    summary = api.run("suncatcher", set=sets).summary
    found = figures(page)
    assert len(found) >= 12
    for fact, value in found.items():
        expected: Any = summary
        for key in fact.split("."):
            expected = expected[int(key)] if key.isdigit() else expected[key]
        assert value == expected, fact
    fractions = {row["cause"]: row["fraction"] for row in summary["compute"]["waterfall"]}
    drawn = shares(page)
    assert drawn.pop("nameplate") == 1.0
    for cause, share in drawn.items():
        assert share == fractions[cause]
    assert sum(share for share in drawn.values()) == pytest.approx(1.0, abs=2e-4)  # rows below 5e-5 are left out


def test_shows_a_run_and_a_changed_field(studio: Studio) -> None:
    """The figures of the command, before and after a change; undo goes back; what changed is marked and in the URL."""
    page = studio.open(state([SHORT]))
    done(page)
    check_numbers(page, [SHORT])
    assert page.locator("body").get_attribute("data-scene") == "81"
    change(page, "satellite.power.array.area", "100 m2")
    done(page)
    check_numbers(page, [SHORT, "satellite.power.array.area=100 m2"])
    assert page.locator(".field.changed").count() == 2
    assert in_url(page)["variants"][0]["sets"] == [SHORT, "satellite.power.array.area=100 m2"]
    page.keyboard.press("Escape")
    page.locator("#undo").click()
    done(page)
    check_numbers(page, [SHORT])
    assert page.locator(".field.changed").count() == 1


def test_a_refused_value_stands_at_its_field(studio: Studio) -> None:
    """Source of truth: the message of the command; nothing is lost, and the figures before stay."""
    page = studio.open(state([SHORT]))
    done(page)
    before = figures(page)
    change(page, "satellite.power.array.area", "12")
    page.wait_for_selector("#status[data-state=refused]", timeout=PATIENCE_MS)
    message = page.locator(".field.wrong .field-error").text_content()
    assert message == "12 has no unit; write '12 m2' or '12 km2'"
    assert page.locator("[id='field-satellite.power.array.area']").input_value() == "12"
    assert figures(page) == before


def test_a_pinned_baseline(studio: Studio) -> None:
    """Differences against the pinned variant, by hand from both summaries; two tabs do not disturb each other."""
    other = studio.open(state([SHORT]))
    done(other)
    page = studio.open(state([SHORT], [SHORT, "satellite.power.array.area=100 m2"], shown=1, pinned=0))
    done(page)
    page.wait_for_selector("#panel-figures .against", timeout=PATIENCE_MS)
    useful = [api.run("suncatcher", set=sets).summary["compute"]["useful_fraction"] for sets in ([SHORT], [SHORT, "satellite.power.array.area=100 m2"])]
    text = page.locator("[data-fact='compute.useful_fraction'] .difference").text_content()
    assert text == f"{100.0 * (useful[1] - useful[0]):+.2f} points".replace("-", "\u2212")
    assert page.locator("#panel-waterfall .ghost").count() > 3
    assert figures(other)["compute.useful_fraction"] == useful[0]


def test_a_newer_change_takes_over(studio: Studio) -> None:
    """A run of a month is given up when its field changes again: it ends as cancelled, and the answer is that of the last change."""
    page = studio.open(state([SHORT]))
    done(page)
    change(page, "duration", "30 d")
    page.wait_for_selector("#status[data-state=running]", timeout=PATIENCE_MS)
    change(page, "duration", "3 h")
    until(page, "() => document.querySelector('#status').dataset.state === 'done'")
    assert in_url(page)["variants"][0]["sets"] == ["duration=3 h"]
    asked = "key => fetch('api/cancel', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({key})}).then((a) => a.json())"
    assert page.evaluate(asked, Variant(("duration=30 d",)).key)["state"] == "cancelled"


def test_the_url_is_the_state(studio: Studio) -> None:
    """Time, camera, choice, colouring and variants come back when the page is loaded again."""
    page = studio.open(state([SHORT], t=None))
    done(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("go to satellite 17")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+k")
    page.keyboard.type("colour by battery")
    page.keyboard.press("Enter")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    first = in_url(page)
    assert first["view"]["s"] == [17]
    assert first["view"]["k"] == "battery"
    assert page.locator("#chosen").inner_text().startswith("Satellite 17")
    clock = page.locator(".clock").text_content()
    assert clock == "2026-12-21 00:06:00 UTC"
    page.reload()
    done(page)
    page.wait_for_selector("body[data-scene]", timeout=PATIENCE_MS)
    assert in_url(page) == first
    assert page.locator(".clock").text_content() == clock
    assert page.locator("#colour-by").input_value() == "battery"
    until(page, "() => document.querySelector('#series .js-plotly-plot').data.some((t) => t.name === 'Satellite 17')")


def test_the_globe_is_drawn(studio: Studio) -> None:
    """The Earth has a bright and a dark side and satellites on it: pictures differ in time, and are not of one colour."""
    page = studio.open(state([SHORT]))
    done(page)
    page.wait_for_selector("body[data-scene]", timeout=PATIENCE_MS)
    page.wait_for_timeout(1500)
    host = page.locator("#globe-host")
    before = host.screenshot()
    assert len(before) > 60_000, "a flat picture is smaller"
    page.keyboard.press("n")
    page.wait_for_timeout(800)
    assert host.screenshot() != before


@pytest.mark.parametrize("law", [*attitude.LAWS, "slewing-ahead"])
def test_attitude_of_the_models(studio: Studio, law: str) -> None:
    """Source of truth: the normals of the simulation, to 1e-9, under any Sun, also straight above and along the drive."""
    point, drive = ("ahead", "radial") if law == "slewing-ahead" else ("nadir", "orbit-normal")
    law = law.removesuffix("-ahead")
    rng = np.random.default_rng(3)
    suns = [*rng.normal(size=(40, 3)), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0])]
    page = studio.pages[-1] if studio.pages else studio.open(state([SHORT]))
    until(page, "() => Boolean(window.dawndusk)")
    for sun in suns:
        sun = sun / np.linalg.norm(sun)
        for cant in (0.0, 0.3):
            given = {"law": law, "cant_rad": cant, "point": point, "drive": drive}
            found = page.evaluate("([sun, law]) => window.dawndusk.normals(sun, law)", [sun.tolist(), given])
            expected = attitude.normals(*sun, attitude.attitude(law, 0.0, cant, point, drive))
            assert [*found["array"], *found["radiator"]] == pytest.approx(list(expected), abs=1e-9)


def test_a_formation_from_close(studio: Studio) -> None:
    """The close-up is another picture than the globe, and the URL brings it back."""
    page = studio.open(state([SHORT], n=1))
    done(page)
    page.wait_for_selector("#show-near:checked", timeout=PATIENCE_MS)
    page.wait_for_timeout(800)
    near = page.locator("#globe-host").screenshot()
    page.keyboard.press("z")
    page.wait_for_timeout(800)
    assert page.locator("#globe-host").screenshot() != near
    assert in_url(page)["view"]["n"] == 0


def test_an_event_from_the_library(studio: Studio) -> None:
    """Source of truth: the command with the same event; it stands in the URL, and can be taken back."""
    page = studio.open(state([SHORT]))
    done(page)
    page.keyboard.press("v")
    page.locator("#event-kind").select_option(label="maintain a satellite")
    page.locator("#event-at").fill("+10 min")
    page.locator("#event-lasts").fill("1 h")
    assert page.locator("#event-text").text_content() == "+10 min maintain satellite 17 for 1 h"
    page.locator("#event-add").click()
    until(page, "() => document.querySelector('#status').dataset.state === 'done' && document.querySelectorAll('.event').length === 1")
    done(page)
    event = "+10 min maintain satellite 17 for 1 h"
    assert in_url(page)["variants"][0]["events"] == [event]
    expected = api.run("suncatcher", set=[SHORT], events=[event]).summary
    until(page, "value => document.querySelector(`[data-fact='compute.useful_fraction']`).dataset.value === value", repr(expected["compute"]["useful_fraction"]))
    assert figures(page)["fleet.availability"] == expected["fleet"]["availability"]


def test_what_leaves_the_studio(studio: Studio) -> None:
    """The command and the file of the export give the same scenario."""
    page = studio.open(state([SHORT, "step=30 s"]))
    done(page)
    page.locator("#open-export").click()
    page.wait_for_selector("#export-yaml", timeout=PATIENCE_MS)
    assert page.locator("#export-command").text_content() == "dawndusk run suncatcher --set 'duration=2 h' --set 'step=30 s'"
    file = studio.folder / "exported.yaml"
    file.write_text(page.locator("#export-yaml").text_content(), encoding="utf-8")
    assert api.load(file).sha256 == api.load("suncatcher", (SHORT, "step=30 s")).sha256


def test_a_lost_server(browser: Any, tmp_path: Path) -> None:
    """The page says so, and keeps its state in the URL."""
    studio = Studio(browser, tmp_path, "suncatcher")
    try:
        page = studio.open(state([SHORT]))
        done(page)
        studio.process.kill()
        studio.process.wait(20)
        box = page.locator("[id='field-step']")
        box.fill("120 s")
        box.press("Enter")
        page.wait_for_selector("#lost:not([hidden])", timeout=PATIENCE_MS)
        assert "step=120 s" in in_url(page)["variants"][0]["sets"]
    finally:
        studio.close()
