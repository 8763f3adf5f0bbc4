"""A self-contained page: header, body and figures in one file that makes no request; the same bytes for the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import plotly.io as pio
from plotly.offline import get_plotlyjs

from viz.html_parts import asset, packed, text

MARK: Final = (
    '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10" fill="#10233d"/>'
    '<path d="M12 2a10 10 0 0 1 0 20z" fill="#f0b400"/></svg>'
)


def header(title: str, facts: Sequence[str]) -> str:
    """Title of a page and a line of facts about it."""
    items = "".join(f"<li>{text(item)}</li>" for item in facts)
    return f'<header><p class="brand">{MARK}Dawndusk</p><h1>{text(title)}</h1><ul class="facts">{items}</ul></header>'


def footer(items: Sequence[tuple[str, Any]], note: str = "") -> str:
    """Where the numbers of a page come from: names and values; a value of None is left out."""
    cells = "".join(f"<div><dt>{text(k)}</dt><dd>{text(v)}</dd></div>" for k, v in items if v is not None)
    return f"<footer><dl>{cells}</dl>{f'<p>{text(note)}</p>' if note else ''}</footer>"


@lru_cache(maxsize=1)
def library() -> str:
    """The charting library, compressed."""
    return packed("library", get_plotlyjs().encode())


def write_page(
    path: Path,
    title: str,
    body: str,
    figures: Mapping[str, Any],
    views: Mapping[str, Any] | None = None,
    arrays: bytes = b"",
    scripts: Sequence[str] = ("charts.js", "page.js"),
) -> None:
    """Write a page to `path`: HTML body, Plotly figures by name, data of other views by name and their arrays, scripts of viz/assets."""
    drawn = ",".join(f"{json.dumps(n)}:{pio.to_json(f, engine='json')}" for n, f in figures.items())
    others = "".join(f",{json.dumps(name)}:{json.dumps(data, separators=(',', ':'))}" for name, data in (views or {}).items())
    data = f'{{"figures":{{{drawn}}}{others}}}'
    script = "\n".join(asset(name) for name in scripts)
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{text(title)} | Dawndusk</title><link rel="icon" href="data:,"><style>{asset("report.css")}</style></head>\n'
        f'<body><main>{body}</main><p id="error-message" hidden></p>'
        f"<noscript><p>The charts of this page need JavaScript.</p></noscript>\n"
        f"{packed('data', data.encode())}\n{packed('arrays', arrays)}\n{library()}\n<script>{script}</script>\n</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")
