"""What each cause costs, and what 10 % more of each input gives: the answer of `dawndusk why`."""

from __future__ import annotations

from typing import Any

from dash import html

from sim.results import analysis_text as text
from viz.studio.panels.panel import Panel, View, table


def show(view: View) -> Any:
    """Tables of causes and of inputs.

    Parameters
    ----------
    view : View
        What is shown, with the answer.

    Returns
    -------
    component
        The tables.
    """
    answer = view.answer
    causes = table(text.CAUSE_HEADS, [text.cause_cells(row, answer.base) for row in answer.causes], numbers=range(1, 5))
    inputs = table(text.INPUT_HEADS, [text.input_cells(row) for row in answer.inputs], numbers=(1, 2, *range(4, 10)))
    return [
        html.P([html.B(text.why_headline(answer)), " ", html.Span("; ".join(answer.notes), className="muted")]),
        html.Div([causes, inputs], className="two"),
    ]


PANEL = Panel(
    "why", "Why", "below", show, task="why",
    invitation="What does each loss cost, and what would 10 % more of each input give? The scenario runs again without each cause in turn.",
)  # fmt: skip
