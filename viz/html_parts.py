"""HTML building blocks of a page; numbers of a summary carry their JSON pointer and exact value."""

from __future__ import annotations

import base64
import gzip
import html
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from viz import formatting
from viz.figures import Chart

Path = tuple[str | int, ...]


def text(value: Any) -> str:
    """Any value as text, escaped for HTML."""
    return html.escape(str(value))


def asset(name: str) -> str:
    """A file shipped in viz/assets."""
    return resources.files("viz").joinpath("assets", name).read_text(encoding="utf-8")


def packed(identifier: str, content: bytes) -> str:
    """A script element that holds bytes compressed by gzip and written in base64, found by its identifier."""
    squeezed = gzip.compress(content, compresslevel=6, mtime=0)
    return f'<script type="text/plain" id="{identifier}">{base64.b64encode(squeezed).decode()}</script>'


def find(summary: Any, path: Path) -> Any:
    """The value of a summary at a path; None where the path is absent or the value is not finite."""
    value = summary
    for key in path:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def pointer(path: Path) -> str:
    """A path into summary.json as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def figure_of(path: Path, raw: Any, shown: str, tag: str = "span", more: str = "") -> str:
    """A number of the summary as shown, with its JSON pointer and exact value as data attributes."""
    value = text(raw if isinstance(raw, str) else json.dumps(raw))
    return f'<{tag}{more} data-field="{text(pointer(path))}" data-value="{value}">{shown}</{tag}>'


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled number of the summary; left out where the summary has none."""

    title: str
    path: Path
    form: Callable[[Any], str]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]
    lead: str = ""


def group_html(group: Group, summary: Any) -> str:
    """A panel with the facts of a group that have a value; empty if none has."""
    rows = ""
    for fact in group.facts:
        raw = find(summary, fact.path)
        if raw is not None:
            detail = f"<small>{text(fact.detail)}</small>" if fact.detail else ""
            rows += (
                f"<div><dt>{text(fact.title)}{detail}</dt>{figure_of(fact.path, raw, text(fact.form(raw)), 'dd')}</div>"
            )
    lead = f'<p class="note">{text(group.lead)}</p>' if group.lead else ""
    return f'<div class="panel group"><h3>{text(group.title)}</h3>{lead}<dl>{rows}</dl></div>' if rows else ""


def missing(groups: Iterable[Group], summary: Any) -> list[str]:
    """Titles, starting in lower case, of the facts without a value."""
    titles = [f.title for g in groups for f in g.facts if find(summary, f.path) is None]
    return [t[0].lower() + t[1:] if t[1:2].islower() else t for t in dict.fromkeys(titles)]


def legend_html(key: Sequence[tuple[str, str]]) -> str:
    """The legend of a chart: colour and name of each part; a colour that starts with a slash is hatched."""
    items = ""
    for name, colour in key:
        kind, shade = (' class="hatched"', colour[1:]) if colour.startswith("/") else ("", colour)
        items += f'<li><i{kind} style="background-color:{shade}"></i>{text(name)}</li>'
    return f'<ul class="key">{items}</ul>' if items else ""


def figure_html(name: str, height: int, label: str, role: str = 'role="img"') -> str:
    """The element in which the page script draws a figure; `role` is its role and more attributes."""
    return f'<div class="figure" id="figure-{name}" {role} aria-label="{text(label)}" style="height:{height}px"></div>'


def chart_html(name: str, title: str, chart: Chart | None, after: str = "", before: str = "") -> str:
    """A chart with its title, the HTML `before`, legend and note, followed by the HTML `after`; empty without a chart."""
    if chart is None:
        return ""
    note = f'<p class="note">{text(chart.note)}</p>' if chart.note else ""
    heading = f"<h3>{text(title)}</h3>" if title else ""
    figure = figure_html(name, int(chart.figure.layout.height), title or name)
    return f'<div class="panel">{heading}{before}{legend_html(chart.key)}{figure}{note}{after}</div>'


def table(heads: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """A table from its headings and the cells of each row as HTML."""
    head = "".join(f'<th scope="col">{text(h)}</th>' for h in heads)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="table {kind}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def cell(summary: Any, path: Path, form: Callable[[Any], str]) -> str:
    """A table cell with a number of the summary; a dash where there is none."""
    raw = find(summary, path)
    return f'<td class="none">{formatting.NONE}</td>' if raw is None else figure_of(path, raw, text(form(raw)), "td")


def collapsed(title: str, body: str) -> str:
    """A collapsed block with a title."""
    return f"<details><summary>{text(title)}</summary>{body}</details>" if body else ""


def section(title: str, body: str, lead: str = "") -> str:
    """A section of the page; empty without a body."""
    if not body:
        return ""
    lead_html = f'<p class="lead">{text(lead)}</p>' if lead else ""
    return f"<section><h2>{text(title)}</h2>{lead_html}{body}</section>"
