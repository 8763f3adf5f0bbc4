"""What happened in the run, what was noted of it, and which of its numbers are assumptions."""

from __future__ import annotations

from typing import Any

from dash import html

from viz.formatting import event_cells
from viz.studio.panels.panel import Panel, View, table

MOST = 300


def show(view: View) -> Any:
    """Events as a table, notes as a list.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        The lists.
    """
    rows = view.results.events
    notes = view.results.summary.get("notes") or []
    found: list[Any] = []
    if notes:
        found.append(html.Ul([html.Li(note) for note in notes], className="notes"))
    if not rows:
        return [*found, html.P("Nothing happened: no event, failure or outage in this run.", className="muted")]
    shown = table(("time, UTC", "event", "target", "cause"), [event_cells(row) for row in rows[:MOST]])
    more = html.P(f"The first {MOST} of {len(rows):,}.", className="muted") if len(rows) > MOST else None
    return [*found, shown, more]


PANEL = Panel("events", "Events and notes", "below", show)
