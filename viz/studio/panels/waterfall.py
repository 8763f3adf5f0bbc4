"""The waterfall: where the compute goes, row by row, beside that of the pinned baseline."""

from __future__ import annotations

from typing import Any

from dash import html

from sim.schema import CAUSES
from viz.formatting import MINUS, percent
from viz.palette import CAUSE, NAMEPLATE
from viz.studio.panels.panel import Panel, View

LEAST = 5e-5  # share of nameplate of a row that is shown


def show(view: View) -> Any:
    """Bars from nameplate down to useful, to the scale of nameplate.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        Rows with name, bar, share and change.
    """
    own, base = shares(view.results.summary), None if view.baseline is None else shares(view.baseline.summary)
    shown = [c for c in CAUSES[:-1] if max(own.get(c, 0.0), (base or {}).get(c, 0.0)) > LEAST]
    rows, level, base_level = [_row("Nameplate", "every accelerator at its dense peak", NAMEPLATE, 0.0, 1.0, None, None, "nameplate")], 1.0, 1.0
    for cause in shown:
        size, before = own.get(cause, 0.0), None if base is None else base.get(cause, 0.0)
        level -= size
        base_level -= before or 0.0
        ghost = None if before is None else (base_level, before)
        rows.append(_row(CAUSE[cause].title, CAUSE[cause].meaning, CAUSE[cause].colour, level, size, before, ghost, cause))
    useful, before = own.get("useful", 0.0), None if base is None else base.get("useful", 0.0)
    ghost = None if before is None else (0.0, before)
    rows.append(_row("Useful", CAUSE["useful"].meaning, CAUSE["useful"].colour, 0.0, useful, before, ghost, "useful"))
    none = [CAUSE[c].title.lower() for c in CAUSES[:-1] if c not in shown]
    note = html.P(f"No loss to: {', '.join(none)}.", className="muted") if none else None
    return [html.Div(rows, className="waterfall", role="table"), note]


def shares(summary: dict[str, Any]) -> dict[str, float]:
    """Share of nameplate of each row of the waterfall.

    Parameters
    ----------
    summary : dict
        Summary of a run.

    Returns
    -------
    dict of str to float
        Shares by cause.
    """
    return {row["cause"]: float(row.get("fraction") or 0.0) for row in summary["compute"]["waterfall"]}


def _row(
    title: str, meaning: str, colour: str, begin: float, size: float, before: float | None, ghost: tuple[float, float] | None, cause: str
) -> Any:
    bars = [html.I(className="bar", style={"left": f"{100.0 * begin:.3f}%", "width": f"{100.0 * size:.3f}%", "background": colour})]
    if ghost is not None:
        bars.append(html.I(className="ghost", style={"left": f"{100.0 * ghost[0]:.3f}%", "width": f"{100.0 * ghost[1]:.3f}%"}))
    change = "" if before is None else "=" if abs(size - before) < 5e-6 else f"{100.0 * (size - before):+.2f}".replace("-", MINUS)
    return html.Div([
        html.Span(title, className="name", title=meaning), html.Span(bars, className="track"), html.Span(percent(size), className="share"),
        html.Span(change, className="difference", title="points against the baseline"),
    ], className="row", role="row", **{"data-cause": cause, "data-share": repr(size)})  # fmt: skip


PANEL = Panel("waterfall", "Where the compute goes", "side", show)
