"""A mission in the studio: its years, a day of it that opens, the way back, and the mission on request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from studio_page import Studio, change, done, figures, in_url, state, until
from visit import PATIENCE_MS

from sim import api

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SMALL = """\
name: years
epoch: 2026-12-21T00:00:00Z
duration: 40 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
mission:
  {duration: 4 yr, replicas: 20, dates: 1, ages: 1, processes: [{name: loss, unit: satellite, mean_time: 8 yr}], replacement: {batch: 2, reorder_at: 1}}
"""
DRAWN = "() => Boolean(document.querySelector('#mission-years .js-plotly-plot')?._fullLayout?._size?.w > 100)"
SPOT = """(at) => { const g = document.querySelector('#mission-years .js-plotly-plot'), l = g._fullLayout, r = g.getBoundingClientRect();
  return [r.x + l._size.l + l.xaxis.d2p(at), r.y + l._size.t + 30]; }"""


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("mission")
    (folder / "s.yaml").write_text(SMALL, encoding="utf-8")
    api.run(folder / "s.yaml", folder / "run")
    found = Studio(browser, folder, str(folder / "run"))
    yield found
    found.close()
    assert found.errors == []
    assert found.hosts == {urlsplit(found.url).netloc}, "requests went to another host"


def opened(studio: Studio) -> Any:
    """The page with the tab of the mission, drawn."""
    page = studio.open()
    done(page)
    page.get_by_role("tab", name="Years").click()
    until(page, DRAWN)
    return page


def spot(page: Any, at: str) -> list[float]:
    """Where a date is on the page, once the chart stays where it is."""
    last: Any = None
    end = time.monotonic() + PATIENCE_MS / 1e3
    while (found := page.evaluate(SPOT, at)) != last:
        assert time.monotonic() < end
        last = found
        page.wait_for_timeout(300)
    return list(found)


def test_a_moment_opens_as_a_day(studio: Studio) -> None:
    """Source of truth: `sim.api.run` of the changes that the address holds; the date is that below the pointer, to the width of a pixel."""
    page = opened(studio)
    assert "4 yr from 2026-12-21, 20 replicas" in str(page.locator(".panel.mission").text_content())
    x, y = spot(page, "2028-12-21")
    page.mouse.click(x, y)
    page.wait_for_selector("#day:not([hidden])")
    done(page)
    address = in_url(page)
    variant = address["variants"][address["shown"]]
    assert address["shown"] == 1
    assert variant["name"] in ("2028-12-19", "2028-12-20", "2028-12-21", "2028-12-22", "2028-12-23")
    assert variant["name"] == variant["day"]["at"]
    assert "as if no satellite had been lost" in str(page.locator("#day").text_content())
    day = api.run(studio.folder / "s.yaml", set=variant["sets"]).summary
    assert day["epoch"] == f"{variant['name']}T00:00:00Z"
    assert figures(page)["compute.useful_fraction"] == day["compute"]["useful_fraction"]
    until(page, "day => document.querySelector('#mission-years .js-plotly-plot')?.layout?.shapes?.at(-1)?.x0 === day", variant["name"])
    page.locator("#day [data-back]").click()
    done(page)
    assert in_url(page)["shown"] == 0
    assert page.locator("#day").is_hidden()
    # the panel is drawn again without the day, and only then keeps what is written into it
    until(page, "day => document.querySelector('#mission-years .js-plotly-plot')?.layout?.shapes?.at(-1)?.x0 !== day", variant["name"])
    page.locator("#mission-day").fill("2030-02-03")
    page.locator("#mission-day").press("Enter")
    page.wait_for_selector("#day:not([hidden])")
    done(page)
    assert in_url(page)["variants"][2]["name"] == "2030-02-03"
    page.reload()  # the address holds the day and its mission
    done(page)
    assert "2030-02-03" in str(page.locator("#day").text_content())


def test_a_mission_is_added(studio: Studio) -> None:
    """A scenario without a mission says so, and gets one by a button; it is not run before it is asked for."""
    page = studio.open(state(["mission=null"]))
    done(page)
    page.get_by_role("tab", name="Years").click()
    page.locator("button[data-set]").click()
    page.wait_for_selector("button[data-task=mission]")
    assert in_url(page)["variants"][0]["sets"] == ["mission={duration: 5 yr}"]
    assert page.locator("#mission-years").count() == 0


def test_a_changed_scenario_asks_before_it_runs_its_mission(studio: Studio) -> None:
    """A changed field is answered without the mission; the button runs it, and the years are drawn again."""
    page = opened(studio)
    change(page, "mission.target", "0.8")
    done(page)
    page.locator("button[data-task=mission]").click()
    until(page, DRAWN)
    assert "80.0 % of a fleet without losses" in str(page.locator(".panel.mission").text_content())
    page.keyboard.press("d")
    until(page, "() => document.querySelector('#mission-years .js-plotly-plot').layout.font?.color === '#d7e0ec'")
