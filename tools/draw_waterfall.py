"""Draw the waterfall of a results folder as an SVG image, such as the one in the README.

    dawndusk run suncatcher --out suncatcher-day
    python tools/draw_waterfall.py suncatcher-day docs/suncatcher.svg

Reads `summary.json` only. Labels and colours are those of the report.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from viz.formatting import PETA, ROUNDING, counted, duration, number, percent
from viz.palette import CAUSE, FONT, GRID, INK, MUTED, NAMEPLATE

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 880, 190, 170, 118, 30, 19  # pixels


def text(x: float, y: float, content: str, size: int = 14, anchor: str = "start", **style: str) -> str:
    """A text element; style as SVG attributes, such as fill or font_weight."""
    more = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in ({"fill": INK} | style).items())
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{more}>{escape(content)}</text>'


def bar(x: float, y: float, width: float, colour: str) -> str:
    """A bar; at least one pixel wide."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.0):.1f}" height="{BAR}" fill="{colour}"/>'


def rows_of(compute: dict[str, Any]) -> list[tuple[str, str, float, float, float]]:
    """(label, colour, start, end, FLOPs) of each bar, start and end as shares of nameplate."""
    rows = [("Nameplate", NAMEPLATE, 0.0, 1.0, compute["nameplate_flops"])]
    level = 1.0
    for row in compute["waterfall"]:
        label, share = CAUSE[row["cause"]], row["fraction"]
        if row["cause"] == "useful":
            rows.append((label.title, label.colour, 0.0, share, row["flops"]))
        elif share > ROUNDING:
            rows.append((label.title, label.colour, level - share, level, row["flops"]))
            level -= share
    return rows


def draw(summary: dict[str, Any]) -> str:
    """The SVG document for a summary."""
    compute, duration_s = summary["compute"], summary["duration_s"]
    rows = rows_of(compute)
    span = WIDTH - LEFT - RIGHT
    height = TOP + ROW * len(rows) + 24
    share = percent(compute["useful_fraction"])
    fleet = f"{counted(summary['satellites'], 'satellite')}, {counted(summary['accelerators'], 'accelerator')}, "
    fleet += f"{duration(duration_s)} from {summary['epoch'][:10]}"
    parts = [
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#ffffff" stroke="{GRID}"/>',
        text(28, 46, summary["scenario"], 24, font_weight="700"),
        text(28, 70, fleet, 14, fill=MUTED),
        text(WIDTH - 28, 50, share, 34, "end", fill=CAUSE["useful"].colour, font_weight="700"),
        text(WIDTH - 28, 72, "of nameplate FLOPs are useful", 14, "end", fill=MUTED),
        text(WIDTH - 106, TOP - 12, "PFLOP/s", 12, "end", fill=MUTED),
        text(WIDTH - 28, TOP - 12, "share", 12, "end", fill=MUTED),
    ]
    for i, (label, colour, start, end, flops) in enumerate(rows):
        y = TOP + ROW * i
        weight = "700" if i in (0, len(rows) - 1) else "400"
        base = y + BAR - 5
        parts += [
            text(LEFT - 14, base, label, 14, "end", font_weight=weight),
            bar(LEFT + span * start, y, span * (end - start), colour),
            text(WIDTH - 106, base, number(flops / duration_s / PETA), 14, "end", font_weight=weight),
            text(WIDTH - 28, base, percent(flops / compute["nameplate_flops"]), 14, "end", font_weight=weight),
        ]
        if i + 1 < len(rows):
            x = LEFT + span * (end if i == 0 else start)
            parts.append(f'<path d="M{x:.1f} {y + BAR}v{ROW - BAR}" stroke="{MUTED}" stroke-width="1"/>')
    body = "\n".join(parts)
    title = f"Waterfall of {summary['scenario']}: {share} of nameplate FLOPs are useful"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="{escape(FONT)}">\n<title>{escape(title)}</title>\n{body}\n</svg>\n'
    )


def main() -> None:
    """Command line: results folder, SVG file."""
    folder, target = map(Path, sys.argv[1:3])
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    target.write_text(draw(summary), encoding="utf-8")


if __name__ == "__main__":
    main()
