"""The studio with gateways in a real browser: latency, links, and what the globe shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from studio_page import Studio, done, figures, in_url, picture, state, until
from visit import PATIENCE_MS

from sim import api

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETS = [
    "duration=20 min", "ground.stations=[cities, starlink-gateways, starlink-pops]",
    "constellation={kind: walker, altitude: 550 km, inclination: 53 deg, planes: 24, satellites_per_plane: 12, phasing: 5}",
    "workloads=[{kind: inference, model: llama-3-8b, share: 0.2}]",  # a part of the satellites serves: users' tokens cross links
]  # fmt: skip


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    found = Studio(browser, tmp_path_factory.mktemp("studio"), "starlink_edge")
    yield found
    found.close()
    assert found.errors == []
    assert found.hosts == {urlsplit(found.url).netloc}, "requests went to another host"


@pytest.fixture(scope="module")
def results() -> Any:
    return api.run("starlink_edge", set=SETS)


def cells(page: Any, panel: str, title: str) -> list[list[str]]:
    """Cells of the table of a panel under a heading."""
    page.wait_for_selector(f"#panel-{panel} table", state="attached", timeout=PATIENCE_MS)
    rows: list[list[str]] = page.evaluate(
        """([panel, title]) => { const part = [...document.querySelectorAll(`#panel-${panel} h3`)].find((h) => h.textContent.startsWith(title)).parentElement;
        return [...part.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)); }""",
        [panel, title],
    )
    return rows


def test_latency_and_links_are_those_of_the_run(studio: Studio, results: Any) -> None:
    """Source of truth: `sim.api.run`: medians, parts and busiest links; a press on a link chooses its two satellites."""
    ground = results.summary["ground"]
    page = studio.open(state(SETS))
    done(page)
    found = figures(page)
    assert results.summary["network"]["utilisation_max"] > 0.0
    assert found["ground.internet.rtt_ms.median"] == ground["internet"]["rtt_ms"]["median"]
    assert found["network.utilisation_max"] == results.summary["network"]["utilisation_max"]
    page.get_by_role("tab", name="Latency").click()
    medians = {row[0]: row[-3] for row in cells(page, "latency", "Stations")}
    internet = {name: one["rtt_ms"]["median"] for name, one in ground["internet"]["stations"].items()}
    assert len(medians) == len(internet) == 12
    assert medians == {name: "" if value is None else f"{value:.2f}\u00a0ms" for name, value in internet.items()}
    assert len(cells(page, "latency", "Gateways")) == len(ground["gateways"])
    parts = page.evaluate("[...document.querySelectorAll('#panel-latency [data-part]')].map((e) => [e.dataset.part, Number(e.dataset.value)])")
    assert dict(parts) == {name: value for name, value in ground["components_ms"].items() if value}
    assert page.locator("#panel-latency .js-plotly-plot").count() == 3
    page.get_by_role("tab", name="Links").click()
    first = page.locator("#panel-links button[data-satellites]").first
    used = results.series["link_utilisation"].values
    best = int(np.nanargmax(used))
    ends = [int(results.series[name].values[best]) for name in ("link_a", "link_b")]
    assert float(first.get_attribute("data-value")) == float(used[best])
    assert first.get_attribute("data-satellites") == " ".join(map(str, ends))
    first.click()
    page.wait_for_selector("#chosen:not([hidden])", timeout=PATIENCE_MS)
    assert in_url(page)["view"]["s"] == ends
    assert page.evaluate("window.dawndusk.globe.chosen.map((i) => window.dawndusk.globe.run.number[i])") == ends


def test_the_map_of_latency_on_the_globe(studio: Studio, results: Any) -> None:
    """Source of truth: `place_user_rtt_ms`: which place is under the pointer, and its round trip; clear where no user is served."""
    page = studio.open(state(SETS))
    done(page)
    page.wait_for_selector("body[data-scene='288']", timeout=PATIENCE_MS)
    before = page.locator("#globe-host").screenshot()
    assert page.evaluate("Boolean(window.dawndusk.globe.network.latency.layer)") is False
    page.keyboard.press("m")
    page.wait_for_selector("#show-latency:checked", timeout=PATIENCE_MS)
    until(page, "() => window.dawndusk.globe.network.latency.layer?.visible")
    page.wait_for_selector("#legend .heat", timeout=PATIENCE_MS)
    assert picture(page.locator("#globe-host"), other_than=before) != before
    assert in_url(page)["view"]["l"] == 1
    assert page.locator("#legend .signs").text_content() == "\u25c6users 12\u25b2gateways 191\u25a0points of presence 64"
    values, latitude, longitude = (results.series[f"place_{name}"].values for name in ("user_rtt_ms", "latitude_deg", "longitude_deg"))
    served = np.isfinite(values)
    assert served.any()
    assert not served.all()
    for where in (served, ~served):
        row, column = np.argwhere(where)[len(np.argwhere(where)) // 2]
        at = [float(latitude[row]), float(longitude[column])]
        # where that place is on the screen, with the camera above it, and what the layer and its picture have there
        found = page.evaluate(
            """([lat, lon]) => { const g = window.dawndusk.globe, r = Math.PI / 180, a = lon * r + g.turn, c = Math.cos(lat * r);
            g.camera.position.set(3 * c * Math.cos(a), 3 * c * Math.sin(a), 3 * Math.sin(lat * r)); g.camera.lookAt(0, 0, 0); g.camera.updateMatrixWorld();
            g.network.show.stations = false; const place = g.ground(g.host.clientWidth / 2, g.host.clientHeight / 2); g.network.show.stations = true;
            const picture = g.network.latency.layer.material.map.image, x = Math.floor(((lon + 180) / 360) * picture.width), y = Math.floor(((90 - lat) / 180) * picture.height);
            return [place.latitude, place.longitude, place.rtt_ms, picture.getContext("2d").getImageData(x, y, 1, 1).data[3]]; }""",
            at,
        )
        assert np.abs(np.array(found[:2]) - at).max() < 0.01
        if where[row, column] and np.isfinite(values[row, column]):
            assert found[2] == float(values[row, column])
            assert found[3] > 60
        else:
            assert found[2:] == [None, 0]


def test_stations_by_role_have_their_names(studio: Studio, results: Any) -> None:
    """Source of truth: roles of the series: three kinds of signs, and the name of a gateway under the pointer."""
    page = studio.open(state(SETS))
    done(page)
    page.wait_for_selector("body[data-scene='288']", timeout=PATIENCE_MS)
    roles = results.series["station_role"].values
    counts = page.evaluate("window.dawndusk.globe.network.stations.children.map((p) => p.geometry.attributes.position.count)")
    assert counts == [int((roles == role).sum()) for role in range(3)]
    names = [str(name) for name in results.series["station"].values]
    far = names.index("Guam gateway")  # alone on its island
    place = [float(results.series[f"{name}_deg"].values[far]) for name in ("latitude", "longitude")]
    found = page.evaluate(
        """([lat, lon]) => { const g = window.dawndusk.globe, r = Math.PI / 180, a = lon * r + g.turn, c = Math.cos(lat * r);
        g.camera.position.set(3 * c * Math.cos(a), 3 * c * Math.sin(a), 3 * Math.sin(lat * r)); g.camera.lookAt(0, 0, 0); g.camera.updateMatrixWorld();
        return g.ground(g.host.clientWidth / 2, g.host.clientHeight / 2).station; }""",
        place,
    )
    assert names[found] == "Guam gateway"
    assert roles[found] == 1


def test_the_page_has_no_markup_of_names(studio: Studio) -> None:
    """A station named as markup stands there as text, in tables and in charts."""
    name = "<img src=x onerror=alert(1)>"
    stations = f'[{{name: "{name}", latitude: 51.5 deg, longitude: -0.14 deg}}, {{name: Oslo, latitude: 59.9 deg, longitude: 10.7 deg}}]'
    page = studio.open(state([SETS[0], *SETS[2:], f"ground.stations={stations}"]))
    done(page)
    page.get_by_role("tab", name="Latency").click()
    assert name in [row[0] for row in cells(page, "latency", "Stations")]
    until(page, "() => document.querySelectorAll('#panel-latency .js-plotly-plot .main-svg').length > 0")
    assert name in page.locator("#panel-latency .chart").first.text_content()
    assert page.locator("#panel-latency img").count() == 0
    assert studio.errors == []
