"""The waterfall from nameplate down to useful: for each cause the local stall and the peer stall it induced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from sim.schema import CAUSES
from viz.figures import ROW_PX, Chart, columns, row_axis
from viz.formatting import PETA, ROUNDING, number, percent
from viz.html_parts import Path, cell, figure_of, table
from viz.palette import CAUSE, MUTED, NAMEPLATE, axis, layout

BAR: Final = 0.62  # height of a bar, as a share of its row
LEGEND: Final = (
    ("local stall: lost by the satellite itself", MUTED),
    ("peer stall: waiting for another member", "/" + MUTED),
)


def losses_of(summary: dict[str, Any]) -> list[str]:
    """Causes with a loss above rounding, in the order of the ledger."""
    compute = summary.get("compute") or {}
    nameplate = compute.get("nameplate_flops") or 0.0
    flops = {row["cause"]: row.get("flops") or 0.0 for row in compute.get("waterfall") or []}
    return [c for c in CAUSES[:-1] if flops.get(c, 0.0) > ROUNDING * nameplate]


def waterfall(summary: dict[str, Any], shown: Sequence[str] | None = None) -> Chart | None:
    """Bars from nameplate down to useful: mean PFLOP/s and share of nameplate of each cause with a loss.

    With `shown`, the causes to draw, the bars are to the scale of nameplate, and the legend does not depend on the rows, so
    that two waterfalls of different size can be compared row by row.
    """
    compute = summary.get("compute") or {}
    nameplate, duration_s = compute.get("nameplate_flops"), summary.get("duration_s")
    rows = {row["cause"]: row for row in compute.get("waterfall") or [] if row.get("flops") is not None}
    if not nameplate or not duration_s or not rows:
        return None
    precision = compute.get("reference_precision") or "the reference precision"
    losses = losses_of(summary) if shown is None else [c for c in shown if c in rows]
    unit = duration_s * PETA
    size = unit if shown is None else nameplate / 100.0  # FLOPs for a unit of the axis
    names = ["Nameplate", *(CAUSE[c].title for c in losses), CAUSE["useful"].title]
    figure = go.Figure()
    figure.add_bar(**bar_row(0, 0.0, nameplate / size, NAMEPLATE, "Nameplate: every accelerator at its dense peak"))
    level = nameplate
    value = [nameplate]
    for row, cause in enumerate(losses, start=1):
        add_loss(figure, row, rows[cause], level, nameplate, (unit, size))
        figure.add_shape(connector(row - 1, level / size))
        level -= rows[cause]["flops"]
        value.append(rows[cause]["flops"])
    useful = rows["useful"]["flops"] if "useful" in rows else 0.0
    figure.add_shape(connector(len(losses), level / size))
    figure.add_bar(
        **bar_row(
            len(losses) + 1,
            0.0,
            useful / size,
            CAUSE["useful"].colour,
            "Useful: committed training tokens, inference tokens delivered in target",
        )
    )
    value.append(useful)
    columns(figure, [(number(v / unit), percent(v / nameplate)) for v in value], ("PFLOP/s", "share"))
    labels = [f"<b>{n}</b>" if i in (0, len(names) - 1) else n for i, n in enumerate(names)]
    figure.update_layout(
        layout(
            ROW_PX * len(names) + 70,
            barmode="overlay",
            bargap=0,
            hovermode="closest",
            dragmode=False,
            margin={"l": 8, "r": 148, "t": 30, "b": 8},
            xaxis=axis(
                f"PFLOP/s, mean over the run, dense peak at {precision}" if shown is None else "% of nameplate",
                range=[0, nameplate / size * 1.005],
                fixedrange=True,
                nticks=6,
            ),
            yaxis=row_axis(labels),
        )
    )
    none = [CAUSE[c].title.lower() for c in CAUSES[:-1] if c not in losses] if shown is None else []
    induced = shown is not None or any((rows[c].get("induced_flops") or 0.0) > 0.0 for c in losses)
    return Chart(figure, LEGEND if induced else (), f"No loss to: {', '.join(none)}." if none else "")


def waterfall_table(summary: dict[str, Any]) -> str:
    """The rows of the waterfall with a loss as a table, split into local stall and peer stall."""
    duration_s = summary.get("duration_s")
    rows = (summary.get("compute") or {}).get("waterfall") or []
    if not duration_s or not rows:
        return ""

    def rate(flops: float) -> str:
        return number(flops / duration_s / PETA)

    lines = []
    for i, row in enumerate(rows):
        if not row.get("flops") or (row.get("fraction") or 0.0) <= ROUNDING:
            continue
        at: Path = ("compute", "waterfall", i)
        label = CAUSE[row["cause"]]
        name = f"<td>{figure_of((*at, 'cause'), row['cause'], label.title)}<small>{label.meaning}</small></td>"
        rates = "".join(cell(summary, (*at, k), rate) for k in ("flops", "own_flops", "induced_flops"))
        lines.append(name + rates + cell(summary, (*at, "fraction"), percent))
    return table(("cause", "PFLOP/s", "local stall", "peer stall", "share of nameplate"), lines, "numbers")


def bar_row(row: int, base: float, length: float, colour: str, hover: str, hatched: bool = False) -> dict[str, Any]:
    """One floating bar of the waterfall, in PFLOP/s."""
    marker: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if hatched:
        marker["pattern"] = {"shape": "/", "fgcolor": "#ffffff", "bgcolor": colour, "size": 6, "solidity": 0.32}
    return {
        "x": [length],
        "y": [row],
        "base": [base],
        "width": [BAR],
        "orientation": "h",
        "marker": marker,
        "hovertext": [hover],
        "hoverinfo": "text",
        "name": hover.partition(":")[0].removeprefix("<b>").removesuffix("</b>"),
    }


def add_loss(
    figure: go.Figure, index: int, row: dict[str, Any], level: float, nameplate: float, units: tuple[float, float]
) -> None:
    """The bar of one loss, ending at `level`: local stall solid, peer stall hatched; FLOPs for a PFLOP/s, for a unit of the axis."""
    unit, size = units
    label = CAUSE[row["cause"]]
    induced = row.get("induced_flops") or 0.0
    own = row["flops"] - induced if row.get("own_flops") is None else row["own_flops"]
    hover = (
        f"<b>{label.title}</b>: {label.meaning}<br>{number(row['flops'] / unit)} PFLOP/s, "
        f"{percent(row['flops'] / nameplate)} of nameplate"
        f"<br>local stall {number(own / unit)} PFLOP/s, {percent(own / nameplate)}"
        f"<br>peer stall {number(induced / unit)} PFLOP/s, {percent(induced / nameplate)}"
    )
    if own > 0.0:
        figure.add_bar(**bar_row(index, (level - own) / size, own / size, label.colour, hover))
    if induced > 0.0:
        figure.add_bar(
            **bar_row(index, (level - own - induced) / size, induced / size, label.colour, hover, hatched=True)
        )


def connector(row: int, x: float) -> dict[str, Any]:
    """A thin line from the end of one bar to the start of the next."""
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": row + BAR / 2,
        "y1": row + 1 - BAR / 2,
        "line": {"color": MUTED, "width": 1},
        "layer": "below",
    }
