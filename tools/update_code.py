"""Write the excerpts of code that pages of docs/ show, from the files that they come from.

    python tools/update_code.py

A page marks an excerpt by a comment that names a file and a class, function or variable at the top of it, and the block
of code after it:

    <!-- code: sim/spacecraft/heater.py advance -->
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = re.compile(r"(<!-- code: (?P<file>\S+) (?P<name>\w+) -->\n```python\n).*?(?=```\n)", re.DOTALL)


def excerpt(file: str, name: str) -> str:
    """Source of a class, function or variable, with its decorators.

    Raises
    ------
    ValueError
        If the file has none of that name.
    """
    text = (ROOT / file).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        names = [getattr(node, "name", "")]
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        if name in names:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n"
    raise ValueError(f"{file}: no class, function or variable named {name}")


def updated(page: str) -> str:
    """A page with every marked excerpt written anew."""
    return MARK.sub(lambda match: match[1] + excerpt(match["file"], match["name"]), page)


if __name__ == "__main__":
    for path in sorted((ROOT / "docs").glob("*.md")):
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
