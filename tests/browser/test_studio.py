"""The studio in a real browser: what it shows is what the run gives, and nothing is asked of the internet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from studio_page import SHORT, Studio, change, done, figures, in_url, picture, shares, state, until
from visit import PATIENCE_MS

from sim import api
from sim.spacecraft import attitude
from sim.studies.plans import plans
from sim.studies.studio.runs import Variant

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
    host = page.locator("#globe-host")
    before = picture(host, above_bytes=60_000)
    assert len(before) > 60_000, "a flat picture is smaller"
    page.keyboard.press("n")
    assert picture(host, other_than=before) != before


@pytest.fixture(scope="module")
def page_of_laws(studio: Studio) -> Any:
    page = studio.open(state([SHORT]))
    until(page, "() => Boolean(window.dawndusk)")
    return page


@pytest.mark.parametrize("law", [*attitude.LAWS, "slewing-ahead"])
def test_attitude_of_the_models(page_of_laws: Any, law: str) -> None:
    """Source of truth: the normals of the simulation, to 1e-9, under any Sun, also straight above and along the drive."""
    point, drive = ("ahead", "radial") if law == "slewing-ahead" else ("nadir", "orbit-normal")
    law = law.removesuffix("-ahead")
    rng = np.random.default_rng(3)
    suns = [*rng.normal(size=(40, 3)), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0])]
    for sun in suns:
        sun = sun / np.linalg.norm(sun)
        for cant in (0.0, 0.3):
            given = {"law": law, "cant_rad": cant, "point": point, "drive": drive}
            found = page_of_laws.evaluate("([sun, law]) => window.dawndusk.normals(sun, law)", [sun.tolist(), given])
            expected = attitude.normals(*sun, attitude.attitude(law, 0.0, cant, point, drive))
            assert [*found["array"], *found["radiator"]] == pytest.approx(list(expected), abs=1e-9)


SHELL = (
    "constellation={kind: walker, altitude: 1200 km, inclination: 53 deg, planes: 4, satellites_per_plane: 5, phasing: 1}", "links=null",
    "workloads=[{kind: independent}]",
)  # fmt: skip


def test_satellites_that_were_not_recorded(studio: Studio) -> None:
    """Source of truth: positions of a run that recorded every satellite; the picture has a satellite where the script says that it is."""
    page = studio.open(state([SHORT, *SHELL, "recorder.satellites=6"]))
    done(page)
    page.wait_for_selector("body[data-scene='20']", timeout=PATIENCE_MS)
    series = api.run("suncatcher", set=[SHORT, *SHELL]).series
    position_km = series["position_m"].transpose("frame", "sat", "axis").values / 1e3
    script = "ms => { const g = window.dawndusk.globe, at = g.run.all(g.run.epoch_ms + ms, g.camera.position.clone()); return Array.from(at); }"
    for frame in (0, 60, 119):
        found = np.array(page.evaluate(script, int(series["frame"].values[frame]))).reshape(-1, 3)
        assert np.abs(found - position_km[frame]).max() < 0.01  # 8 m, and single precision
    legend = page.locator("#legend li", has_text="not recorded").text_content()
    assert legend == "not recorded14"
    spot = page.evaluate(NEAREST)
    box = page.locator("#globe-host").bounding_box()
    page.mouse.click(box["x"] + spot[1], box["y"] + spot[2])
    page.wait_for_selector("#chosen:not([hidden])", timeout=PATIENCE_MS)
    assert page.locator("#chosen b").text_content() == f"Satellite {spot[0]}"


# the satellite closest to the camera, and where it is on the screen: is a bright ring drawn there by the graphics processor?
NEAREST = """() => {
  const g = window.dawndusk.globe, v = g.camera.position.clone(), at = g.run.all(g.ms, v);
  let best = -1, near = Infinity;
  for (let i = 0; i < g.run.satellites; i++) {
    const d = v.fromArray(at, 3 * i).multiplyScalar(1 / 6378.137).distanceTo(g.camera.position);
    if (d < near) [best, near] = [i, d];
  }
  v.fromArray(at, 3 * best).multiplyScalar(1 / 6378.137).project(g.camera);
  return [g.run.number[best], ((v.x + 1) / 2) * g.host.clientWidth, ((1 - v.y) / 2) * g.host.clientHeight];
}"""


def test_the_graphics_processor_draws_orbits_where_they_are(studio: Studio) -> None:
    """Source of truth: the script's positions, which the test above compares with the run: chosen satellites are rings of light there."""
    page = studio.open(state([SHORT, *SHELL, "recorder.satellites=6"]))
    done(page)
    page.wait_for_selector("body[data-scene='20']", timeout=PATIENCE_MS)
    page.keyboard.press("End")
    number, x, y = page.evaluate(NEAREST)
    page.evaluate("n => { const g = window.dawndusk.globe; g.shadow = false; g.choose([g.run.number.indexOf(n)]); }", number)
    page.wait_for_timeout(600)
    lit = page.evaluate(
        """([x, y]) => { const g = window.dawndusk.globe; g.render(); const gl = g.renderer.getContext(), r = g.renderer.getPixelRatio(), n = 25;
        const px = new Uint8Array(4 * n * n); gl.readPixels(Math.round(x * r) - 12, Math.round(gl.drawingBufferHeight - y * r) - 12, n, n, gl.RGBA, gl.UNSIGNED_BYTE, px);
        return [...Array(n * n).keys()].filter((k) => Math.min(px[4 * k], px[4 * k + 1], px[4 * k + 2]) > 235).map((k) => [k % n - 12, Math.floor(k / n) - 12]); }""",
        [x, y],
    )
    assert len(lit) > 8, "no ring is drawn"
    centre = np.mean(lit, axis=0)
    assert np.hypot(*centre) < 1.5, "the ring is elsewhere"
    page.keyboard.press("z")
    page.wait_for_selector("#show-near:checked", timeout=PATIENCE_MS)
    assert page.evaluate("(() => { const c = window.dawndusk.globe.closeup; return [c.shown, c.array.count, c.spots[0].length()]; })()") == [
        [page.evaluate("n => window.dawndusk.globe.run.number.indexOf(n)", number)], 1, 0,
    ]  # fmt: skip


def test_the_next_change_of_a_satellite(studio: Studio) -> None:
    """Source of truth: recorded states: the next jump goes to the first frame at which the state of the chosen satellite is another."""
    page = studio.open(state([SHORT], s=[17]))
    done(page)
    page.wait_for_selector("body[data-scene]", timeout=PATIENCE_MS)
    results = api.run("suncatcher", set=[SHORT])
    states = results.series["state"].sel(sat=17).values
    frame = int(np.flatnonzero(np.diff(states))[0]) + 1
    expected = np.datetime_as_string(results.series["frame_utc"].values[frame], "s").replace("T", " ")
    page.keyboard.press("n")
    assert page.locator(".clock").text_content() == f"{expected} UTC"
    assert page.locator(".toast").last.text_content().startswith("Satellite 17: ")


def test_analyses_in_their_panels(studio: Studio) -> None:
    """`why` begins at a press of its button and can be given up; plans are those of the command, the fastest first."""
    page = studio.open(state([SHORT]))
    done(page)
    page.get_by_role("tab", name="Why").click()
    page.locator("button[data-task=why]").click()
    until(page, "() => document.querySelector('button[data-task=why]').textContent === 'cancel'")
    page.locator("button[data-task=why]").click()
    until(page, "() => document.querySelector('button[data-task=why]').textContent === 'analyse'")
    page.get_by_role("tab", name="Plan").click()
    page.locator("button[data-task=plan]").click()
    page.wait_for_selector("#panel-plan table", timeout=PATIENCE_MS)
    (answer,) = plans(api.load("suncatcher", (SHORT,)))
    steps = [row[11] for row in page.evaluate("[...document.querySelectorAll('#panel-plan table:first-of-type tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))")]
    assert steps[: len(answer.rows)] == [f"{row.step_s:.4g} s" for row in answer.rows]


def test_a_difference_on_the_globe(studio: Studio) -> None:
    """Source of truth: recorded useful shares of both runs: a pinned baseline colours satellites by their change."""
    sets = [SHORT, "satellite.power.array.area=100 m2"]
    before, after = (api.run("suncatcher", set=some).series for some in ([SHORT], sets))
    steps = [np.round(250.0 * one["sat_useful_fraction"].sel(sat=17).values) for one in (before, after)]
    frame = int(np.argmax(np.abs(steps[1] - steps[0])))
    points = (steps[1][frame] - steps[0][frame]) / 2.5
    assert abs(points) > 1.0
    ms = int(before["frame_utc"].values[frame].astype("datetime64[ms]").astype(int))
    page = studio.open(state([SHORT], sets, shown=1, pinned=0, k="useful, change", s=[17], t=ms))
    done(page)
    until(page, "() => document.querySelector('#colour-by')?.value === 'useful, change'")
    assert f"useful, change {points:+.0f} points".replace("-", "\u2212") in page.locator("#chosen").inner_text()


def test_a_formation_from_close(studio: Studio) -> None:
    """The close-up is another picture than the globe, and the URL brings it back."""
    page = studio.open(state([SHORT], n=1))
    done(page)
    page.wait_for_selector("#show-near:checked", timeout=PATIENCE_MS)
    page.wait_for_timeout(800)
    near = page.locator("#globe-host").screenshot()
    page.keyboard.press("z")
    assert picture(page.locator("#globe-host"), other_than=near) != near
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
