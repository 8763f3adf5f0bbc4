"""The cut-away: areas to one scale, colours and numbers by temperature."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
import synthetic

from viz import cutaway, satellites
from viz.formatting import TIMES
from viz.satellites import PARTS

Make = Callable[..., synthetic.Results]
SCALE = [(0.0, "#000000"), (10.0, "#ff0000"), (20.0, "#ffffff")]


def drawn(run: synthetic.Results) -> tuple[satellites.Satellites, ElementTree.Element]:
    """The satellites of a run and the drawing of the first type."""
    shown = satellites.find_satellites(run)
    assert shown is not None
    return shown, ElementTree.fromstring(cutaway.cutaway(shown, 0))


def test_areas_are_to_one_scale(make: Make) -> None:
    """Source of truth: the areas of the summary, 90 m2 of array, 30 m2 of radiator, a body of 13.5 m2 on six sides (a side of 1.5 m)."""
    _, svg = drawn(synthetic.dissect(make("walker")))
    rects = [r for r in svg.iter("rect") if r.get("data-part")]
    size = {
        part: [(float(r.get("width", 0)), float(r.get("height", 0))) for r in rects if r.get("data-part") == part]
        for part in ("array", "radiator_1", "radiator_2", "radiator_3", "structure")
    }
    width, height = size["array"][0]
    px_m2 = width * height / 90.0
    for n in (1, 2, 3):
        (wide, tall), *more = size[f"radiator_{n}"]
        assert more == []
        assert wide * (tall + 2.0) == pytest.approx(10.0 * px_m2, rel=0.01)  # with the gap of 2 px below it
    body = size["structure"][0]
    assert body == pytest.approx((1.5 * px_m2**0.5, 1.5 * px_m2**0.5), abs=0.06)


@pytest.mark.parametrize(
    ("area_m2", "radiator_m2", "body_m2"), [(140.0, 30.0, 14.5), (0.24, 0.62, 0.5), (18.0, 1.5, 0.574), (1.6e7, 2e6, 1e4), (10.0, 0.1, 60.0)]
)
def test_everything_lies_inside_the_drawing(make: Make, area_m2: float, radiator_m2: float, body_m2: float) -> None:
    """Satellites from a cubesat to kilometres: array, radiator and the text beside it end before the opened body begins."""
    run = synthetic.dissect(make("walker"))
    run.summary["design"]["types"][0]["one"] |= {"array_m2": area_m2, "radiator_m2": radiator_m2, "body_m2": body_m2}
    _, svg = drawn(run)
    for rect in svg.iter("rect"):
        x, y, w, h = (float(rect.get(k, 0)) for k in ("x", "y", "width", "height"))
        assert x >= 0.0
        assert y >= 0.0
        assert x + w <= cutaway.WIDTH
        assert y + h <= cutaway.HEIGHT
        if str(rect.get("data-part")).startswith("radiator") or rect.get("data-part") == "array":
            assert x + w <= cutaway.BODY[0]
    beside = [float(t.get("x", 0)) for t in svg.iter("text") if str(t.get("data-number")).startswith("radiator")]
    assert max(beside) < cutaway.BODY[0] - 60.0


def test_colours_by_hand() -> None:
    """By hand: half-way between black and red, a tenth from red to white, the ends beyond the scale."""
    assert cutaway.colour_of(5.0, SCALE) == "#800000"
    assert cutaway.colour_of(11.0, SCALE) == "#ff1a1a"
    assert cutaway.colour_of(-40.0, SCALE) == "#000000"
    assert cutaway.colour_of(99.0, SCALE) == "#ffffff"
    assert cutaway.ink_on("#000000") == "#ffffff"
    assert cutaway.ink_on("#ffffff") == cutaway.INK


def test_numbers_and_colours_are_those_of_the_moment(make: Make) -> None:
    """Source of truth: the series at the moment that the page begins with."""
    run = synthetic.dissect(make("walker", frames=4))
    shown, svg = drawn(run)
    frame_ms = run.series["frame"].values
    assert abs(frame_ms[shown.moment] - frame_ms[0] - 95 * 60_000) <= (frame_ms[1] - frame_ms[0]) / 2
    scale = cutaway.colour_scale(shown)
    temps_c = {p: float(run.series[part.series].values[shown.moment, shown.at[0]]) - 273.15 for p, part in PARTS.items()}
    said = {t.get("data-number"): t.text for t in svg.iter("text") if t.get("data-number")}
    assert set(said) == set(PARTS)
    for part, words in said.items():
        assert words.replace("\u00a0", " ").replace("\u2212", "-") == f"{temps_c[part]:.1f} °C"
    for element in svg.iter():
        part = element.get("data-part")
        if part:
            assert element.get("stroke" if "data-stroke" in element.attrib else "fill") == cutaway.colour_of(temps_c[part], scale)
    lit = run.series["sat_lit_fraction"].values[shown.moment, shown.at[0]]
    (light,) = (t.text for t in svg.iter("text") if "data-light" in t.attrib)
    assert light == ("in sunlight" if lit == 1.0 else "in eclipse")


def test_scale_covers_all_parts_but_the_array(make: Make) -> None:
    """By hand: structures of 288 K and more, 14.85 degC, and junctions up to 335 + 5 + 19.9 K, 86.75 degC."""
    run = synthetic.dissect(make("walker"))
    run.series["sat_array_k"].values[:] = 150.0
    shown, _ = drawn(run)
    scale = cutaway.colour_scale(shown)
    assert (scale[0][0], scale[-1][0]) == (10.0, 90.0)
    assert np.diff([at for at, _ in scale]) == pytest.approx(8.0)


def test_few_and_many_accelerators(make: Make) -> None:
    """One die for one accelerator, twelve for 64, of which the drawing says how many there are."""
    run = synthetic.dissect(make("walker"))

    def dies(svg: ElementTree.Element) -> int:
        return sum(1 for r in svg.iter("rect") if r.get("data-part") == "junction")

    _, svg = drawn(run)
    assert dies(svg) == 12
    assert any(t.text == f"64 {TIMES} tpu-v6e, 12 drawn" for t in svg.iter("text"))
    run.summary["design"]["types"][0]["one"]["accelerators"] = 1
    _, svg = drawn(run)
    assert dies(svg) == 1
    assert any(t.text == f"1 {TIMES} tpu-v6e" for t in svg.iter("text"))


def test_each_type_has_a_drawing(make: Make) -> None:
    run = synthetic.dissect(make("walker"), types=2)
    shown = satellites.find_satellites(run)
    assert shown is not None
    html = cutaway.cutaways(shown)
    assert re.findall(r'<div class="drawing" data-kind="(\d)"( hidden)?>', html) == [
        (str(k), "" if k == shown.kind[0] else " hidden") for k in (0, 1)
    ]
    assert "Array 90\u00a0m²" in html
    assert "Array 180\u00a0m²" in html


@pytest.mark.parametrize(("length_m", "expected"), [(1.0, 1.0), (3.7, 2.0), (0.06, 0.05), (99.0, 50.0), (5.0, 5.0)])
def test_scale_bar_has_a_round_length(length_m: float, expected: float) -> None:
    assert cutaway.round_length(length_m) == pytest.approx(expected, rel=1e-12)
