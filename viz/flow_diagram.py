"""Flows between places as an SVG drawing: places are bars as tall as what passes them, flows are bands between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viz.html_parts import text

BAR_PX = 12.0


@dataclass(frozen=True, slots=True)
class Place:
    """A bar of a flow diagram: its left edge and top [px], its height [px], colour, name and the size of what passes, in words."""

    x: float
    y: float
    height: float
    colour: str
    name: str
    said: str
    two_lines: bool = False


Flow = tuple[str, str, float]


def band(x0: float, y0: float, x1: float, y1: float, height: float) -> str:
    """The outline of a band between two points at its upper edge."""
    middle = 0.5 * (x0 + x1)
    low_0, low_1 = y0 + height, y1 + height
    return (
        f"M{x0:.1f} {y0:.2f}C{middle:.1f} {y0:.2f} {middle:.1f} {y1:.2f} {x1:.1f} {y1:.2f}"
        f"V{low_1:.2f}C{middle:.1f} {low_1:.2f} {middle:.1f} {low_0:.2f} {x0:.1f} {low_0:.2f}Z"
    )


def bands(places: Mapping[str, Place], flows: Sequence[Flow], px: float) -> list[tuple[Flow, str]]:
    """Every flow with its outline; at each bar flows lie in the order of the bars at their other ends."""
    middle = {name: place.y + 0.5 * place.height for name, place in places.items()}
    offset_out, offset_in = dict.fromkeys(places, 0.0), dict.fromkeys(places, 0.0)
    start, end = {}, {}
    for flow in sorted(flows, key=lambda f: middle[f[1]]):
        start[flow] = places[flow[0]].y + offset_out[flow[0]]
        offset_out[flow[0]] += px * flow[2]
    for flow in sorted(flows, key=lambda f: middle[f[0]]):
        end[flow] = places[flow[1]].y + offset_in[flow[1]]
        offset_in[flow[1]] += px * flow[2]
    return [(f, band(places[f[0]].x + BAR_PX, start[f], places[f[1]].x, end[f], max(px * f[2], 0.5))) for f in flows]


def label(place: Place) -> str:
    """Name and size beside a bar, in one line or two."""
    x, y = place.x + BAR_PX + 5.0, place.y + 0.5 * place.height
    if place.two_lines:
        return (
            f'<text x="{x:.1f}" y="{y - 2.5:.1f}"><tspan class="name">{text(place.name)}</tspan>'
            f'<tspan x="{x:.1f}" dy="15">{text(place.said)}</tspan></text>'
        )
    return f'<text x="{x:.1f}" y="{y + 4.0:.1f}"><tspan class="name">{text(place.name)}</tspan> {text(place.said)}</text>'


def drawing(places: Mapping[str, Place], flows: Sequence[tuple[str, str, float, str]], px: float, size: tuple[float, float], title: str) -> str:
    """The diagram; a flow has its two places, its size, and the size in words. `px` is the height of one unit."""
    said = {(a, b): words for a, b, _, words in flows}
    parts = []
    for (a, b, value), path in bands(places, [(a, b, value) for a, b, value, _ in flows], px):
        parts.append(
            f'<path class="band" fill="{places[a].colour}" d="{path}" data-from="{text(a)}" data-to="{text(b)}" data-value="{value!r}">'
            f"<title>{text(f'{places[a].name} → {places[b].name}: {said[a, b]}')}</title></path>"
        )
    for place in places.values():
        parts.append(
            f'<rect fill="{place.colour}" x="{place.x:.1f}" y="{place.y:.2f}" width="{BAR_PX}" height="{max(place.height, 1.0):.2f}">'
            f"<title>{text(f'{place.name}: {place.said}')}</title></rect>"
        )
    parts += [label(place) for place in places.values()]
    return f'<svg class="flows" viewBox="0 0 {size[0]:g} {size[1]:g}" role="img" aria-label="{text(title)}">{"".join(parts)}</svg>'
