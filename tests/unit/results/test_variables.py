"""Tables of variables: what they say is what is declared, and the page of the documentation is current."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from sim.results import variables
from sim.results.dataset import TABLE
from sim.spacecraft.step import ROWS, VARIABLES

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_nomenclature", REPO / "tools" / "build_nomenclature.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_current(tool: ModuleType) -> None:
    """Source of truth: the declarations; `python tools/build_nomenclature.py` writes the page."""
    page = tool.PAGE.read_text(encoding="utf-8")
    assert page == tool.updated(page), "docs/nomenclature.md is stale; run python tools/build_nomenclature.py"


def test_page_without_its_marks(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match="nomenclature.md: write the lines"):
        tool.updated("# Nomenclature\n")


def test_markdown(tool: ModuleType) -> None:
    """By hand."""
    rows = [{"name": "load_w", "unit": "W"}, {"name": "", "unit": "K"}]
    assert tool.markdown(rows) == "| name | unit |\n| --- | --- |\n| `load_w` | W |\n|  | K |\n"


def test_every_declaration_is_in_a_table() -> None:
    """Source of truth: the declarations, and the rows of the compiled step that follow from them."""
    defined, kept, arrays = (rows for _, rows in variables.tables())
    assert [row["name"] for row in defined] == [v.name for v in VARIABLES]
    assert {row["name"] for row in arrays} == set(TABLE)
    totals = [row["name"] for row in kept if row["kept for"] == "total of a satellite"]
    assert totals == [total.name for _, total in ROWS.totals]
    series = {row["name"] for row in kept if row["kept for"] != "total of a satellite"}
    assert series == {a.name for v in VARIABLES for a in v.arrays} | {"rate_flops_per_s"}


def test_no_cell_breaks_a_table() -> None:
    """By definition of a table in Markdown: no bar and no line break inside a cell."""
    for _, rows in variables.tables():
        assert all(list(row) == list(rows[0]) for row in rows)
        assert not [text for row in rows for text in row.values() if "|" in text or "\n" in text]
