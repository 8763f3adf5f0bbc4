"""Pages of sweeps and comparisons in a real browser: every figure is drawn, nothing is requested, a phone need not scroll sideways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import studies
from visit import Visit

from viz.comparison import write_comparison
from viz.study import write_study

pytestmark = pytest.mark.browser


def check_page(browser: Any, path: Path, figures: set[str], width: int = 1280) -> None:
    """Every figure has traces and a drawing; no error, no request, no overflow."""
    visit = Visit(browser, path, width)
    drawn = visit.page.evaluate(
        "[...document.querySelectorAll('.figure')].filter((e) => e.data.length && e.querySelector('.main-svg')).map((e) => e.id)"
    )
    assert {name.removeprefix("figure-") for name in drawn} == figures
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert visit.requests == [path.as_uri()]
    assert visit.errors == []
    visit.page.close()


@pytest.mark.parametrize(
    ("axes", "figures"),
    [
        ((studies.AREA,), {"measure-share", "measure-cost", "stacks"}),
        ((studies.AREA, studies.CAPACITY), {"measure-share", "measure-cost", "stacks"}),
        ((studies.AREA, studies.CAPACITY, studies.WORDS), {"effects", "parallel", "stacks"}),
    ],
)
def test_sweep(axes: Any, figures: set[str], browser: Any, tmp_path: Path) -> None:
    write_study(studies.study(*axes, share=lambda where: None if not any(where) else 0.1 * sum(where)), tmp_path / "report.html")
    check_page(browser, tmp_path / "report.html", figures, 400 if len(axes) == 3 else 1280)


@pytest.mark.parametrize("width", [400, 1280])
def test_comparison(width: int, browser: Any, tmp_path: Path) -> None:
    write_comparison(studies.comparison(), tmp_path / "both.html")
    check_page(browser, tmp_path / "both.html", {"waterfall-a", "waterfall-b", "differences"}, width)
