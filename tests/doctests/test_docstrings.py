"""Docstrings of public functions of orbit and sim are in numpydoc and name every argument.

Source of truth: the signatures, and the numpydoc standard: a section is a title underlined with as many hyphens.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Kernels have their own convention; commands document themselves in --help.
EXEMPT = (
    "orbit/kernels", "sim/cli", "sim/verify/bench",
    *(
        f"sim/fleet/replicas/{name}"  # parts of one kernel
        for name in ("common_causes", "derelicts", "draws", "heap", "islands", "orders", "record", "satellites", "servicing", "supply")
    ),
)  # fmt: skip
FILES = [
    path
    for package in ("orbit", "sim")
    for path in sorted((ROOT / package).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(EXEMPT)
]


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Public functions of a module, and public methods of its public classes; properties have no sections."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not _is_part(node):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def _is_part(node: ast.FunctionDef) -> bool:
    """Whether a function is a part of a kernel, which Python cannot call."""
    return any(ast.unparse(decorator) == "exact_part" for decorator in node.decorator_list)


def _sections(text: str) -> dict[str, str]:
    """Text of each section by its title."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n(-+)$", text, flags=re.M)
    titles, rules, bodies = parts[1::3], parts[2::3], parts[3::3]
    assert all(len(t) == len(r) for t, r in zip(titles, rules, strict=True)), titles
    assert len(set(titles)) == len(titles), titles
    return dict(zip(titles, bodies, strict=True))


def _is_property(node: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def _named(body: str) -> list[str]:
    """Names that a section of parameters describes, in its order."""
    lines = [line.partition(":")[0] for line in body.splitlines() if re.match(r"\w", line)]
    return [name.strip() for line in lines for name in line.split(",")]


def _raises(node: ast.AST) -> bool:
    """Whether a function raises an exception itself, other than one that it catches."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        return True
    catches = isinstance(node, ast.Try) and any(
        handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException") for handler in node.handlers
    )
    children = [*node.handlers, *node.orelse, *node.finalbody] if catches else ast.iter_child_nodes(node)  # type: ignore[attr-defined]
    return any(_raises(child) for child in children)


def _lacks(name: str, node: ast.FunctionDef) -> list[str]:
    """What a docstring lacks."""
    text = ast.get_docstring(node)
    if text is None:
        return [f"{name}: no docstring"]
    wrong, sections = [], _sections(text)
    if not re.search(r"[.\]:]$", text.split("\n")[0]):
        wrong.append(f"{name}: the summary is no sentence on one line")
    if _is_property(node):
        return wrong
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if a.arg != "self"]
    if arguments != _named(sections.get("Parameters", "")):
        wrong.append(f"{name}: Parameters are {_named(sections.get('Parameters', ''))}, the arguments {arguments}")
    returns = node.returns is not None and ast.unparse(node.returns) != "None"
    if returns != bool({"Returns", "Yields"} & set(sections)):
        wrong.append(f"{name}: Returns is {'missing' if returns else 'not needed'}")
    if _raises(node) and "Raises" not in sections:
        wrong.append(f"{name}: Raises is missing")
    return wrong


def _class_lacks(node: ast.ClassDef) -> list[str]:
    """What the docstring of a class lacks: the arguments of its `__init__`, where it has one."""
    text = ast.get_docstring(node)
    if text is None:
        return [f"{node.name}: no docstring"]
    for init in node.body:
        if isinstance(init, ast.FunctionDef) and init.name == "__init__":
            arguments = [a.arg for a in (*init.args.args, *init.args.kwonlyargs) if a.arg != "self"]
            named = _named(_sections(text).get("Parameters", ""))
            if arguments != named:
                return [f"{node.name}: Parameters are {named}, the arguments {arguments}"]
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_functions_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    wrong = [line for name, node in _functions(tree) for line in _lacks(name, node)]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    wrong += [line for node in classes for line in _class_lacks(node)]
    if ast.get_docstring(tree) is None and tree.body:
        wrong.append("the module has no docstring")
    assert not wrong, "\n".join(wrong)
