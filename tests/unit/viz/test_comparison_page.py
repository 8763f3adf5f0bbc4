"""The page of a comparison: two waterfalls on one scale, differences by cause, inputs and key figures."""

from __future__ import annotations

from pathlib import Path

import pytest
import studies
from test_study_page import page_text

from viz.comparison import differences, write_comparison
from viz.waterfall import losses_of, waterfall


def test_both_waterfalls_have_the_same_rows_and_scale() -> None:
    """Source of truth: the shares of the made-up summaries; bars start where the next cause ends."""
    a, b = studies.comparison().summaries
    b["compute"]["waterfall"][0] |= {"flops": 0.01 * 4e18 * studies.DAY_S, "fraction": 0.01}
    assert (losses_of(a), losses_of(b)) == (["power", "communication"], ["failed", "power", "communication"])
    shown = ["failed", "power", "communication"]
    charts = [waterfall(summary, shown) for summary in (a, b)]
    labels = [list(chart.figure.layout.yaxis.ticktext) for chart in charts if chart is not None]
    assert labels[0] == labels[1] == ["<b>Nameplate</b>", "Failures", "Power", "Communication", "<b>Useful</b>"]
    assert charts[0] is not None
    bars = {(bar.name, bar.y[0]): (bar.base[0], bar.x[0]) for bar in charts[0].figure.data}
    assert bars["Nameplate", 0] == pytest.approx((0.0, 100.0))
    assert bars["Power", 2] == pytest.approx((90.0, 10.0))
    assert bars["Communication", 3] == pytest.approx((40.0, 50.0))
    assert bars["Useful", 4] == pytest.approx((0.0, 40.0))


def test_differences_are_split_into_stalls() -> None:
    """Power: 70 % against 10 %, of which 35 points by peer stall: 25 and 35; communication 5 % against 50 %."""
    chart = differences(studies.comparison().waterfall)
    assert chart is not None
    bars = [(bar.name, bar.x[0], bar.marker.pattern.shape) for bar in chart.figure.data]
    assert bars[0] == ("Power", pytest.approx(25.0), None)
    assert bars[1] == ("Power", pytest.approx(35.0), "/")
    texts = [note.text for note in chart.figure.layout.annotations]
    assert texts == ["+60.00", "\u221245.00", "<b>\u221215.00</b>", "points"]


def test_page_says_what_differs(tmp_path: Path) -> None:
    write_comparison(studies.comparison(), tmp_path / "a.html")
    text = page_text(tmp_path / "a.html")
    for said in (
        "&lt;a&gt; compared with b", "A: &lt;a&gt; (81 satellites, 5,184 accelerators, 1 d)", "40.0 %", "25.0 %", "\u221215.00",
        "Useful \u221215.00 points of nameplate; power costs 60.00 points.", "its scenario is unknown", "satellite.field_1", "1 m²",
        "published / assumption", "b is on the ground", "0.625", "Not simulated in either: capital cost.",
    ):  # fmt: skip
        assert said in text, said


def test_many_inputs_are_collapsed(tmp_path: Path) -> None:
    write_comparison(studies.comparison(inputs=41), tmp_path / "a.html")
    assert "<summary>All 41 differing inputs</summary>" in (tmp_path / "a.html").read_text(encoding="utf-8")
