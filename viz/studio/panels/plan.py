"""The best ways to divide training jobs over satellites: the answer of `dawndusk plan`."""

from __future__ import annotations

from typing import Any

from dash import html

from sim.results import analysis_text as text
from viz.studio.panels.panel import Panel, View, table


def show(view: View) -> Any:
    """Plans of each job, the fastest first, and what their steps are spent on.

    Parameters
    ----------
    view : View
        What is shown, with the answer.

    Returns
    -------
    component
        The tables.
    """
    found: list[Any] = []
    for answer in view.answer:
        plans = table(text.PLAN_HEADS, [text.plan_cells(row) for row in answer.rows], numbers=range(1, len(text.PLAN_HEADS) - 1))
        steps = table(text.STEP_HEADS, [text.step_cells(row) for row in answer.rows], numbers=range(1, len(text.STEP_HEADS)))
        found += [html.P(html.B(text.plan_headline(answer))), html.Div([plans, steps], className="two")]
        found.append(html.Ul([html.Li(line) for line in answer.others], className="notes muted"))
    return found


PANEL = Panel(
    "plan", "Plan", "below", show, task="plan",
    invitation="Which ways to divide the training jobs over the satellites are fastest, and why do others lose?",
)  # fmt: skip
