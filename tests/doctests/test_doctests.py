"""The examples in docstrings run, and print what they say.

Source of truth: the values in the examples, which are closed forms or published numbers, rounded so that they are the same
on every machine.
"""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAST = 70  # docstrings with examples

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def _with_examples(path: Path) -> int:
    """Number of docstrings of a file that hold an example."""
    nodes = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, DOCUMENTED)]
    return sum(">>> " in (ast.get_docstring(node) or "") for node in nodes)


def _modules() -> dict[str, int]:
    """Modules of orbit and sim, apart from the command line, with the number of their docstrings with examples."""
    paths = [p for package in ("orbit", "sim") for p in sorted((ROOT / package).rglob("*.py"))]
    found = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[:2] != ("sim", "cli"):
            found[".".join(parts).removesuffix(".__init__")] = _with_examples(path)
    return {name: count for name, count in found.items() if count}


MODULES = _modules()


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]
    assert len(tests) == MODULES[name]  # none is hidden by a decorator
    report: list[str] = []
    for test in tests:
        doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test, out=report.append)
    assert not report, "".join(report)


def test_there_are_examples() -> None:
    """Source of truth: how many there were when this was written."""
    assert sum(MODULES.values()) >= LEAST
