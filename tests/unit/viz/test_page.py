"""The page as a file: complete, offline, repeatable, tolerant of what was not simulated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from plotly.offline import get_plotlyjs

from viz.report import write_report


def written(run: synthetic.Results, path: Path) -> str:
    """The page of a run without the charting library in it."""
    write_report(run, path)
    page = path.read_text(encoding="utf-8")
    assert page.count(get_plotlyjs()) == 1
    return page.replace(get_plotlyjs(), "")


def visible(page: str) -> str:
    """The text of a page, without scripts, styles and tags."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL))


@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_page_is_offline_and_small(kind: str, make: Callable[..., synthetic.Results], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    page = written(make(kind, hours=24.0, frames=49), path)
    assert path.stat().st_size < 8_000_000
    assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", page, flags=re.IGNORECASE)
    assert not re.search(r"<(link[^>]+href=\"(?!data:,)|img|iframe|script[^>]+src)|@import|url\(", page)


def test_headline_says_what_the_summary_says(walker: synthetic.Results, tmp_path: Path) -> None:
    page = written(walker, tmp_path / "report.html")
    share = walker.summary["compute"]["useful_fraction"]
    assert f'id="useful-share" data-value="{share!r}">{100 * share:.1f}\u00a0%<' in page
    assert "The two largest losses are kernel efficiency" in page
    assert "200 satellites" in page
    assert "12,800 accelerators" in page
    assert "6\u00a0h from 2026-12-21 00:00 UTC" in page
    for heading in (
        "Where the compute goes",
        "Key numbers",
        "Over time",
        "Ground stations",
        "In orbit",
        "Events",
        "Assumptions",
    ):
        assert f"<h2>{heading}</h2>" in page
    for detail in ("satellite.radiator.emissivity", walker.summary["scenario_sha256"], "0.63.0", "3.12.3", "lose"):
        assert detail in page


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
    assert "Not simulated in this run: in sunlight, longest eclipse" in text
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
