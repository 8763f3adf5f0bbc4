"""The page as a file: complete, offline, repeatable, tolerant of what was not simulated."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from plotly.offline import get_plotlyjs

from viz.formation import formation_note
from viz.report import write_report


def unpacked(page: str, identifier: str) -> str:
    """The decompressed text of an element of a page."""
    found = re.search(rf'<script type="text/plain" id="{identifier}">([^<]*)</script>', page)
    assert found is not None
    return gzip.decompress(base64.b64decode(found[1])).decode()


def written(run: synthetic.Results, path: Path) -> str:
    """The page of a run without its compressed parts, followed by the figures and the animation."""
    write_report(run, path)
    page = path.read_text(encoding="utf-8")
    assert unpacked(page, "library") == get_plotlyjs()
    data = unpacked(page, "data")
    assert set(json.loads(data)) == {"figures", "animation", "satellites"}
    return re.sub(r'<script type="text/plain".*?</script>', "", page) + data


def visible(page: str) -> str:
    """The text of a page, without styles and tags."""
    body = page[page.index("<main>") : page.index("</main>")]
    return re.sub(r"<[^>]+>", " ", body)


@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_page_is_offline_and_small(kind: str, make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    page = written(make(kind, hours=24.0, frames=49), path)
    assert path.stat().st_size < 3_000_000
    assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", page, flags=re.IGNORECASE)
    assert not re.search(r"<(link[^>]+href=\"(?!data:,)|img|iframe|script[^>]+src)|@import|url\(", page)


def test_headline_says_what_the_summary_says(walker: synthetic.Results, tmp_path: Path) -> None:
    page = written(walker, tmp_path / "report.html")
    share = walker.summary["compute"]["useful_fraction"]
    field = f'data-field="/compute/useful_fraction" data-value="{share!r}"'
    assert f'id="useful-share" {field}>{100 * share:.1f}\u00a0%<' in page
    assert "The two largest losses are kernel inefficiency" in page
    assert "200 satellites" in page
    assert "12,800 accelerators" in page
    assert "6\u00a0h from 2026-12-21 00:00 UTC" in page
    for heading in (
        "Where the compute goes",
        "At a glance",
        "Over time",
        "Where the energy goes",
        "Latency and coverage",
        "In orbit",
        "Events",
        "Assumptions",
    ):
        assert f"<h2>{heading}</h2>" in page
    for detail in (
        "<code>satellite.<wbr>radiator.<wbr>emissivity</code>",
        walker.summary["scenario_sha256"],
        "0.63.0",
        "3.12.3",
        "lose",
    ):
        assert detail in page


def test_formation_in_words() -> None:
    """Source of truth: the numbers of the summary; no note without a formation."""
    formation = {
        "min_separation_m": 99.96, "neighbour_range_m": [99.96, 200.14], "closest_pair": [3, 8], "below_keep_out": True,
        "drag_drift_m_first_day": 66.04, "station_keeping_m_s_yr": 2.607,
    }  # fmt: skip
    assert formation_note({"formation": formation}) == (
        "Neighbours are 100.0 to 200.1 m apart. Minimum separation 100.0 m, between satellites 3 and 8, below keep-out. "
        "Differential drag separates two satellites by 66 m in the first day; station keeping costs 2.6 m/s per year."
    )
    alone = {**formation, "neighbour_range_m": None, "station_keeping_m_s_yr": None, "below_keep_out": False}
    assert formation_note({"formation": alone}) == "Minimum separation 100.0 m, between satellites 3 and 8."
    assert formation_note({}) == formation_note({"formation": None}) == ""


def test_formation_has_its_own_view(formation: synthetic.Results, walker: synthetic.Results, tmp_path: Path) -> None:
    assert 'id="figure-formation-plane"' in written(formation, tmp_path / "a.html")
    assert 'id="figure-formation-plane"' not in written(walker, tmp_path / "b.html")


def test_same_results_same_bytes(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    write_report(make("formation"), tmp_path / "a.html")
    write_report(make("formation"), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def nothing(value: Any) -> Any:
    """The same nest of dictionaries with null in place of every value."""
    return {k: nothing(v) for k, v in value.items()} if isinstance(value, dict) else None


def test_nulls_are_named_not_printed(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    run = make("walker")
    kept = {k: run.summary[k] for k in ("scenario", "satellites", "duration_s", "assumptions")}
    run.summary = nothing(run.summary) | kept
    run.series["stored_j"][:] = np.nan
    run.events[0]["value"] = float("nan")
    text = visible(written(run, tmp_path / "report.html"))
    assert not re.search(r"\b(None|NaN|nan|null|undefined)\b", text)
    assert "Not simulated in this run: " in text
    assert "in sunlight, longest eclipse" in text
    assert "Compute was not simulated" in text


def test_bare_results_still_give_a_page(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    """A summary without any section and series without any array."""
    run = make("walker")
    run.summary, run.events, run.manifest = {"scenario": "bare"}, [], {}
    run.series = run.series[["time"]]
    page = written(run, tmp_path / "report.html")
    assert "<h1>bare</h1>" in page
    for heading in ("Over time", "In orbit", "Events", "Assumptions"):
        assert f"<h2>{heading}</h2>" not in page


def test_names_are_escaped(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    run = make("formation")
    run.summary["scenario"] = "<script>x</script>"
    run.series = run.series.assign_coords(station=["</script><b>", "b", "c", "d"])
    page = written(run, tmp_path / "report.html")
    assert "<script>x" not in page
    assert "</script><b>" not in page


def test_many_events_are_cut_with_a_note(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    run = make("formation")
    run.events = run.events * 250
    page = written(run, tmp_path / "report.html")
    assert page.count("<td>lose</td>") == 200
    assert "The first 200 of 250 events." in page


def test_assumptions_say_value_range_and_source(walker: synthetic.Results, tmp_path: Path) -> None:
    page = written(walker, tmp_path / "report.html")
    assert "<td>0.85</td><td>0.8 to 0.9</td><td>white paint &lt;new&gt;<small>ages &amp; darkens</small></td>" in page
    assert "<td>90\u00a0W</td><td>45 to 120\u00a0W</td><td>30 % of full power</td>" in page
    assert "<td>30\u00a0min</td><td>\u2013</td><td>usual</td>" in page
    assert "<summary>3 numbers behind this run are assumed, not published or measured</summary>" in page


def test_uncoupled_page_has_nothing_of_links_and_jobs(walker: synthetic.Results, tmp_path: Path) -> None:
    page = written(walker, tmp_path / "report.html")
    body = page[: page.index("</main>")]
    assert "<h2>Workloads over time</h2>" not in body
    assert 'id="show-links"' not in body
    assert 'id="show-routes"' not in body
    assert 'name="colouring"' not in body
    assert '"links":null,"routes":null}' in page


def test_coupled_page_has_work_network_cost_and_pairs(make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    run = synthetic.couple(make("walker"))
    run.summary["baseline"] = {"name": "site-1", "accelerators": 200_000, "power_w": 3e8, "nameplate_flops_per_s": 2e20}
    run.summary["notes"] = ["events do not reach <site-1>"]
    text = re.sub(r"\s+", " ", visible(written(run, tmp_path / "report.html")))
    assert "Workloads over time" in text
    assert "events do not reach &lt;site-1&gt;" in text
    for said in (
        "Training llama-3-8b", "8 \u00d7 8 \u00d7 64", "ring", "4.65 s", "13.1 %", "34.5 %", "3.58 million/s", "99.4 %", "50.4 d",
        "Inference llama-3-8b", "90.19 ms", "4.88 ms", "97.3 %", "1,050", "$1.25 billion", "$0.42", "105 t", "10,530 m²",
        "Ground baseline: site-1", "300 MW", "Redmond - Singapore", "Not simulated in this run: operating cost, cost per useful PFLOP/s-day",
    ):  # fmt: skip
        assert said in text, said
