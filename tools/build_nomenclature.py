"""Write the tables of variables in docs/nomenclature.md from their declarations.

    python tools/build_nomenclature.py

A variable of a satellite is declared in the file of the submodel that writes it (`sim.spacecraft`), all other arrays in
`sim.schema`. The tables stand between two comments in the page; the text around them is not changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "nomenclature.md"
BEGIN, END = "<!-- variables: written by tools/build_nomenclature.py -->\n", "<!-- end of variables -->\n"
CODE = {"name", "of", "field of summary.json"}  # columns of names


def markdown(rows: list[dict[str, str]]) -> str:
    """A table in Markdown; names in code, empty cells stay empty."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    lines = [line(list(rows[0])), line(["---"] * len(rows[0]))]
    for row in rows:
        lines.append(line([f"`{text}`" if key in CODE and text else text for key, text in row.items()]))
    return "\n".join(lines) + "\n"


def updated(page: str) -> str:
    """The page with its tables written anew.

    Raises
    ------
    ValueError
        If the page lacks one of the two comments.
    """
    from sim.results.variables import tables

    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name}: write the lines {BEGIN.strip()} and {END.strip()} around the tables")
    parts = [f"### {title}\n\n{markdown(rows)}\n" for title, rows in tables()]
    return head + begin + "\n" + "".join(parts) + end + tail


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
