"""A sweep in the studio: its charts, filters, and points that open as variants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from studio_page import Studio, figures, in_url, until
from visit import PATIENCE_MS

from sim.studies.definition import resolve
from sim.studies.study_table import StudyTable, read_study
from sim.studies.sweep import execute

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def opened(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, StudyTable]]:
    grid = {"satellite.power.array.area": ["110 m2", "147 m2"], "satellite.thermal.radiator.area": ["30 m2", "35 m2"], "step": ["60 s", "30 s"]}
    folder = tmp_path_factory.mktemp("study")
    execute(resolve({"name": "sizes", "scenario": "suncatcher", "set": ["duration=20 min"], "grid": grid}), folder / "sizes", workers=1)
    studio = Studio(browser, folder, str(folder / "sizes"), "--variants", str(folder / "kept"))
    yield studio, read_study(folder / "sizes")
    studio.close()
    assert studio.errors == []
    assert studio.hosts == {urlsplit(studio.url).netloc}


READY = "() => Boolean(document.querySelector('#study-chart .js-plotly-plot')?._fullLayout && document.querySelector('#study-parallel .js-plotly-plot')?.data?.length)"
SPOT = """(kind) => { const g = document.querySelector('#study-chart .js-plotly-plot'), l = g._fullLayout, r = g.getBoundingClientRect(), t = g.data.at(-1);
  const [x, y, n] = kind === 'heat' ? [t.z[0].length - 1, t.z.length - 1, t.customdata.at(-1).at(-1)] : [t.x[0], t.y[0], t.customdata[0]];
  return [r.x + l._size.l + l.xaxis.d2p(x), r.y + l._size.t + l.yaxis.d2p(y), n]; }"""


def spot(page: Any, kind: str) -> tuple[float, float, int]:
    """Where a point of the chart is on the page, and its number, once the chart is drawn and stays where it is."""
    tried = f"kind => {{ try {{ return ({SPOT})(kind); }} catch {{ return null; }} }}"
    last, found, end = None, page.evaluate(tried, kind), time.monotonic() + PATIENCE_MS / 1e3
    while found is None or None in found or found != last:
        assert time.monotonic() < end, f"the chart {kind} is not drawn"
        page.wait_for_timeout(300)
        last, found = found, page.evaluate(tried, kind)
    return found[0], found[1], found[2]


def test_a_point_opens_as_a_variant(opened: tuple[Studio, StudyTable]) -> None:
    """Source of truth: the table of the sweep: the figures of an opened point are those of its row, to the last bit."""
    studio, study = opened
    page = studio.open()
    until(page, READY)
    page.wait_for_selector("#panel-figures dl", timeout=PATIENCE_MS)
    page.keyboard.press("x")
    for kind in ("pareto", "heat"):
        if kind == "heat":
            page.get_by_text("heat map", exact=True).click()
            until(page, "() => document.querySelector('#study-chart .js-plotly-plot').data.at(-1).type === 'heatmap'")
        x, y, number = spot(page, kind)
        page.mouse.move(x, y)
        page.wait_for_timeout(300)
        page.mouse.click(x, y)
        row = study.rows[number]
        # the click has taken effect; the figures of a point may be those that were there before
        until(page, "name => decodeURIComponent(location.hash).includes(`\"name\":\"${name}\"`)", f"point {number}")
        until(page, "v => document.querySelector(`[data-fact='compute.useful_fraction']`).dataset.value === v", repr(row["compute.useful_fraction"]))
        assert figures(page)["cost.capex_usd"] == row["cost.capex_usd"]
        state = in_url(page)
        assert state["variants"][state["shown"]]["name"] == f"point {number}"
        assert state["variants"][state["shown"]]["sets"] == list(study.sets[number])


def test_marked_ranges_filter(opened: tuple[Studio, StudyTable]) -> None:
    """A range on the first of the parallel axes leaves half of the settings, and says so; the light of the page changes all charts."""
    studio, _ = opened
    page = studio.open()
    until(page, READY)
    assert page.evaluate("document.querySelector('#study-parallel .js-plotly-plot').data[0].type") == "parcoords"
    page.evaluate("Plotly.restyle(document.querySelector('#study-parallel .js-plotly-plot'), {'dimensions[0].constraintrange': [[[-0.1, 0.5]]]})")
    until(page, "() => document.querySelector('#study-count').textContent === '4 of 8 within the marked ranges'")
    page.keyboard.press("d")
    until(page, "() => document.querySelector('#study-chart .js-plotly-plot').layout.font?.color === '#d7e0ec'")
    assert page.locator("#study-count").text_content() in ("4 of 8 within the marked ranges", "")


def test_the_tour_leads_to_a_difference(opened: tuple[Studio, StudyTable]) -> None:
    """Each step points at a part that is there; its actions choose a satellite and branch a smaller array, whose difference is shown. It is saved, and opens again."""
    studio, _ = opened
    page = studio.open()
    page.wait_for_selector("#panel-figures dl", timeout=PATIENCE_MS)
    page.keyboard.press("?")
    for n in range(9):
        assert page.locator(".tour-card p").first.text_content() == f"{n + 1} of 9"
        page.locator("#tour-act" if page.locator("#tour-act").count() else "#tour-next").click()
    assert page.locator(".tour-card").count() == 0
    page.wait_for_selector("#panel-figures .against", timeout=PATIENCE_MS)
    state = in_url(page)
    assert (state["pinned"], state["shown"]) == (0, 1)
    assert state["variants"][1]["sets"] == ["satellite.power.array.area=82.5 m2"]
    page.locator("#save-variant").click()
    page.keyboard.press("Enter")
    until(page, "() => [...document.querySelectorAll('.toast')].some((t) => t.textContent.startsWith('saved: '))")
    assert (studio.folder / "kept" / "smaller_array.yaml").is_file()
    other = studio.open()
    other.wait_for_selector("#panel-figures dl", timeout=PATIENCE_MS)
    other.wait_for_selector("#save-variant:not([hidden])", timeout=PATIENCE_MS)
    other.keyboard.press("Control+k")
    other.keyboard.type("open saved variant smaller")
    other.keyboard.press("Enter")
    until(other, "() => document.querySelectorAll('.chip').length === 2")
    assert in_url(other)["variants"][1]["sets"] == ["satellite.power.array.area=82.5 m2"]
