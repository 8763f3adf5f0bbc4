"""Pages of the documentation that follow from the code: tables of variables, excerpts, lists of the design page."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from sim.results import variables
from sim.results.dataset import TABLE
from sim.results.summary import declared_fields
from sim.schema import CAUSES, EVENT_COLUMNS, SCHEMA_VERSION
from sim.spacecraft.step import ROWS, VARIABLES

REPO = Path(__file__).resolve().parents[2]
PAGES = sorted((REPO / "docs").glob("*.md"))


def _tool(name: str) -> ModuleType:
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, REPO / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return _tool("build_nomenclature")


def test_page_is_current(tool: ModuleType) -> None:
    """Source of truth: the declarations; `python tools/build_nomenclature.py` writes the page."""
    page = tool.PAGE.read_text(encoding="utf-8")
    assert page == tool.updated(page), "docs/nomenclature.md is stale; run python tools/build_nomenclature.py"


def test_page_without_its_marks(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"nomenclature\.md: write the lines"):
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


# --- the field reference ----------------------------------------------------------------------------------------------


def test_field_reference_is_current() -> None:
    """Source of truth: the models of scenario files; `python tools/build_fields.py` writes the page."""
    fields = _tool("build_fields")
    assert fields.PAGE.read_text(encoding="utf-8") == fields.written(), "stale; run python tools/build_fields.py"


def test_field_reference_by_hand() -> None:
    """By hand: a field with unit, limits, default and meaning; a default of defaults.yaml; a section of its own."""
    page = _tool("build_fields").written()
    assert "| `step` | `60 s`, above 0 s, at most 3600 s | `60 s` | Time step |" in page
    assert "| `hop_latency` | `20 us`, at least 0 s | (`20 us`) | Delay of switching and coding at each hop |" in page
    assert "| `array` | [Array](#array) | required | Solar array |" in page


# --- excerpts of code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_excerpts_are_current(page: Path) -> None:
    """Source of truth: the files that the excerpts come from; `python tools/update_code.py` writes them."""
    text = page.read_text(encoding="utf-8")
    assert text == _tool("update_code").updated(text), f"{page.name} is stale; run python tools/update_code.py"


def test_excerpt_of_nothing() -> None:
    with pytest.raises(ValueError, match="no class, function or variable named nothing"):
        _tool("update_code").excerpt("sim/schema.py", "nothing")


BATTERY_LIFE = {"battery_cycles_per_year", "battery_fade_per_year", "battery_fade_per_year_max", "battery_life_yr", "battery_life_yr_min", "end_of_life"}


# --- the design page --------------------------------------------------------------------------------------------------


def _rows(head: str) -> list[list[str]]:
    """Cells of the table of docs/design.md under this head."""
    lines = (REPO / "docs" / "design.md").read_text(encoding="utf-8").splitlines()
    begin = lines.index(head) + 2
    rows = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def test_waterfall_of_the_design() -> None:
    """Source of truth: the causes of the schema."""
    assert [row[0].strip("`") for row in _rows("| cause, in order | what is counted | status |")] == list(CAUSES)


def test_packages_of_the_design() -> None:
    """Source of truth: the contract of import-linter."""
    contracts = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c.get("containers") == ["sim"])
    assert [row[0].strip("`") for row in _rows("| package | what it holds |")] == layers


def test_summary_of_the_design() -> None:
    """Source of truth: the declarations: fields of power and heat, columns of events, version."""
    parts = {row[0].strip("`"): row[1] for row in _rows("| part | fields |")}
    for section, others in (("power", {"battery_depth_max", *BATTERY_LIFE}), ("thermal", set())):
        assert set(re.findall(r"`(\w+)`", parts[section])) == set(declared_fields(section)) | others
    assert f"`schema_version` ({SCHEMA_VERSION})" in parts["top"]
    text = (REPO / "docs" / "design.md").read_text(encoding="utf-8").replace("\n", " ")
    assert ", ".join(f"`{name}`" for name in EVENT_COLUMNS) in text


LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def _anchors(page: Path) -> set[str]:
    """Anchors that GitHub makes of the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, REPO / "README.md"], ids=lambda p: p.name)
def test_links_between_pages(page: Path) -> None:
    """Source of truth: the files and their headings."""
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in _anchors(path), f"{target}#{anchor}"
