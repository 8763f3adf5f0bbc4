"""The what-ifs of the documentation: their tables are what the command gives, and what the studio shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim import api
from sim.studies.studio.workbench import Workbench
from viz.html_parts import find
from viz.studio.panels import latency
from viz.studio.panels.figures import FACTS

PAGE = (Path(__file__).resolve().parents[2] / "docs/what_if.md").read_text("utf-8")
TABLE = re.compile(r"<!-- what-if: (\S+) -->\n\n((?:\|.*\n)+)")
FILE = re.compile(r"```yaml\n(name: (\w+)\n.*?)```", re.DOTALL)


def _tables() -> Iterator[tuple[str, list[str], list[list[str]]]]:
    for source, lines in TABLE.findall(PAGE):
        head, _, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines.splitlines()]
        yield source, head[1:], rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("what_if")
    for text, name in FILE.findall(PAGE):
        (found / f"{name}.yaml").write_text(text, encoding="utf-8")
    return found


def _shown(results: Any, title: str) -> str:
    """A cell as the studio shows it: a key figure, or the median of a station pair."""
    for fact in FACTS:
        if fact.title == title:
            value = find(results.summary, fact.path)
            return "" if value is None else fact.form(value)
    return dict(latency._times(results.summary, latency.PAIRS, None))["median"](title)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_answered_by_command_and_in_the_studio(number: int, folder: Path) -> None:
    """Source of truth: `sim.api.run`, which `dawndusk run` calls; the studio's process gives the same summary, and its panels the cells of the table."""
    source, titles, rows = list(_tables())[number]
    source = str(folder / source) if source.endswith(".yaml") else source
    bench = Workbench(source)
    try:
        for change, *cells in rows:
            texts = re.findall(r"`([^`]+)`", change)
            events = tuple(text for text in texts if text.startswith("+"))
            sets = tuple(text for text in texts if text not in events)
            variant = bench.variant(sets, events, None)
            assert bench.runs.wait(bench.runs.ask(variant), 180.0).state == "done"
            results = bench.results(variant)
            assert [_shown(results, title).replace("\u00a0", " ") for title in titles] == cells, change
            if change == rows[-1][0]:
                assert results.summary == api.run(source, set=sets, events=events).summary
    finally:
        bench.close()


def test_there_are_three() -> None:
    assert len(list(_tables())) == 3
    assert sum(len(rows) for _, _, rows in _tables()) == 12
