"""The page of a sweep: what is plotted is what the table of points says; failed points and odd names do no harm."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import studies

from viz import study_charts
from viz.study import drawn_charts, write_study
from viz.study_points import COST, SHARE, as_good, axis_titles, best, label, measures, settings, short_names, ticks

PETA = 1e15


def page_text(path: Path) -> str:
    """Text of a page between its tags, with single spaces."""
    page = path.read_text(encoding="utf-8")
    body = page[page.index("<main>") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " "))


def test_settings_are_means_over_seeds() -> None:
    """Shares by hand: 0.2 and 0.4 at 100 m2, 0.5 and a failure at 120 m2, failures alone at 140 m2."""
    shares = {(0, 0): 0.2, (0, 1): 0.4, (1, 0): 0.5}
    study = studies.study(studies.AREA, studies.SEEDS, share=lambda where: shares.get(where))
    found = settings(study)
    assert [s.where for s in found] == [(0,), (1,), (2,)]
    assert [s.point for s in found] == [0, 2, 4]
    assert found[0].spread["share"] == pytest.approx((0.3, 0.2, 0.4))
    assert found[0].shares["power"] == pytest.approx(0.7)
    assert (found[1].seeds, found[1].mean(SHARE), found[1].error) == (1, 0.5, "the battery is <empty>")
    assert (found[2].seeds, found[2].mean(SHARE), found[2].shares) == (0, None, {})
    assert best(found, SHARE) is found[1]
    assert label(study, found[1]) == "array area 120 m²"


def test_best_settings_and_equal_ones() -> None:
    """500 million USD for 0.5 of 1,000 PFLOP/s useful: one million USD per PFLOP/s; the first of equal points is named."""
    shares = (0.3, 0.5, 0.5, 0.4, 0.5 - 1e-6, 0.2)
    found = settings(studies.study(studies.AREA, studies.CAPACITY, share=lambda where: shares[2 * where[0] + where[1]]))
    top, cheap = best(found, SHARE), best(found, COST)
    assert top is cheap is found[1]
    assert top is not None
    assert top.mean(COST) == pytest.approx(1e6)
    assert as_good(found, SHARE, top) == 2
    assert measures(found) == [SHARE, COST]


def test_names_are_as_long_as_it_takes() -> None:
    fields = ["a.power.array.area", "a.thermal.radiator.area", "a.one.cell.size_um", "a.two.cell.size_um", "seed"]
    assert short_names(fields) == ["array area", "radiator area", "one cell size um", "two cell size um", "seed"]
    study = studies.study(studies.AREA, studies.WORDS, share=lambda where: 0.5)
    assert axis_titles(study) == ["array area, m²", "links topology"]
    assert (ticks(study, 0), ticks(study, 1)) == (["100", "120", "140"], ["grid", "<ring>"])


def test_one_input_is_a_line() -> None:
    study = studies.study(studies.AREA, share=lambda where: (0.25, None, 0.5)[where[0]])
    drawn = drawn_charts(study, settings(study))
    assert list(drawn) == ["measure-share", "measure-cost", "stacks"]
    line, cost = (drawn[name][1].figure.data[0] for name in ("measure-share", "measure-cost"))
    assert (list(line.x), list(line.y)) == ([100.0, 140.0], [25.0, 50.0])
    assert list(cost.y) == pytest.approx([2e6, 1e6])  # 500 million USD for 250 and 500 PFLOP/s


def test_two_inputs_are_a_heat_map() -> None:
    study = studies.study(studies.AREA, studies.CAPACITY, share=lambda where: None if where == (1, 0) else 0.1 + 0.1 * sum(where))
    drawn = drawn_charts(study, settings(study))
    heat = drawn["measure-share"][1].figure
    values = np.array(heat.data[0].z, dtype=float)
    np.testing.assert_allclose(values, [[10.0, 20.0], [np.nan, 30.0], [30.0, 40.0]])
    assert [list(row) for row in heat.data[0].text] == [["10.0", "20.0"], ["failed", "30.0"], ["30.0", "40.0"]]
    assert "the battery is &lt;empty&gt;" in heat.data[0].hovertext[1][0]
    assert {(s.x0, s.x1, s.y0, s.y1) for s in heat.layout.shapes} == {(0.5, 1.5, 1.5, 2.5)}  # 140 m2, 10 kWh


def test_three_inputs_are_parallel_coordinates() -> None:
    """Twelve points; the least and the greatest share over all others, by hand."""
    axes = (studies.AREA, studies.CAPACITY, studies.WORDS)
    study = studies.study(*axes, share=lambda where: 0.1 * (1 + where[0]) + 0.05 * where[1] - 0.02 * where[2])
    drawn = drawn_charts(study, settings(study))
    assert list(drawn) == ["effects", "parallel", "stacks"]
    dimensions = drawn["parallel"][1].figure.data[0].dimensions
    assert [d.label.split("<br>")[0] for d in dimensions] == ["array area", "battery capacity", "links topology", "Useful share", "Cost"]
    assert len(dimensions[0]["values"]) == 12
    curves = {(t.name, t.xaxis): list(t.y) for t in drawn["effects"][1].figure.data}
    assert curves["lowest", "x"] == pytest.approx([8.0, 18.0, 28.0])
    assert curves["highest", "x"] == pytest.approx([15.0, 25.0, 35.0])
    assert curves["mean", "x2"] == pytest.approx([19.0, 24.0])


@pytest.mark.parametrize("axes", [(studies.AREA,), (studies.AREA, studies.CAPACITY), (studies.AREA, studies.CAPACITY, studies.WORDS)])
def test_stacks_reach_nameplate(axes: tuple[studies.StudyAxis, ...]) -> None:
    """Each point is useful by its share and loses the rest to power."""
    study = studies.study(*axes, share=lambda where: 0.1 + 0.1 * sum(where))
    chart = study_charts.stacks(study, settings(study))
    assert chart is not None
    useful, power = chart.figure.data
    assert (useful.name, power.name) == ("Useful", "Power")
    np.testing.assert_allclose(np.add(useful.y, power.y), 100.0)
    expected = [10.0 + 10.0 * sum(where) for where in study.position]
    assert list(useful.y) == pytest.approx(sorted(expected, reverse=True) if len(axes) > 2 else expected)


def test_page_names_the_best_point_and_failures(tmp_path: Path) -> None:
    study = studies.study(studies.AREA, studies.WORDS, share=lambda where: None if where == (0, 0) else 0.1 + 0.1 * sum(where))
    write_study(study, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="useful-share" data-point="5" data-value="0.4"' in page
    assert 'id="lowest-cost" data-point="5" data-value="1250000.0"' in page
    text = page_text(tmp_path / "report.html")
    for said in (
        "sweep of suncatcher", "6 points", "1 failed", "81 satellites", "point 5: array area 140 m², links topology &lt;ring&gt;",
        "The useful share is 20.0 % to 40.0 % over all points.", "failed: the battery is &lt;empty&gt;", "Power, 60.0 %",
        "satellite.power.array.area", "100 m², 120 m², 140 m²", "Sizes of &lt;arrays&gt;.",
    ):  # fmt: skip
        assert said in text, said
    assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.sub(r'<script type="text/plain".*?</script>', "", page))


def test_page_tells_where_the_grid_ends(tmp_path: Path) -> None:
    """The best of 100, 120 and 140 m2 is at the end for one share and inside for the other, also where a mass varies along."""
    mass = replace(studies.AREA, fields=("satellite.mass",), unit="kg")
    cases = (
        ((studies.AREA,), (0.1, 0.2, 0.3), 2), ((studies.AREA,), (0.1, 0.3, 0.2), 0),
        ((studies.AREA, mass), (0.1, 0.3, 0.2), 2), ((studies.WORDS,), (0.1, 0.3, 0.2), 0),
    )  # fmt: skip
    for axes, shares, edges in cases:
        write_study(studies.study(*axes, share=lambda where, shares=shares: shares[where[0]]), tmp_path / "report.html")
        text = page_text(tmp_path / "report.html")
        assert text.count("at the edge of the grid in") == edges, (axes, shares)


def test_page_of_a_study_without_any_success(tmp_path: Path) -> None:
    write_study(studies.study(studies.AREA, share=lambda where: None), tmp_path / "report.html")
    text = page_text(tmp_path / "report.html")
    assert "No point succeeded." in text
    assert text.count("failed: the battery") == 3


def test_same_study_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_study(studies.study(studies.AREA, share=lambda where: 0.1 + 0.1 * where[0]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
