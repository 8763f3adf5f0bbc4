"""Key figures of the run, with their difference from the pinned baseline."""

from __future__ import annotations

import math
from typing import Any, Final

from dash import html

from viz.formatting import MINUS, celsius, eclipse, milliseconds, money, percent, petaflops, tokens_per_s, tonnes, watts
from viz.html_parts import Fact, find
from viz.studio.panels.panel import Panel, View

FACTS: Final = (
    Fact("Useful", ("compute", "useful_fraction"), percent, "of nameplate"),
    Fact("Useful rate", ("compute", "mean_useful_flops_per_s"), petaflops, "mean"),
    Fact("Tokens", ("workloads", 0, "tokens_per_s"), tokens_per_s, "first job"),
    Fact("MFU", ("workloads", 0, "mfu"), percent, "first job"),
    Fact("In sunlight", ("power", "sunlit_fraction"), percent),
    Fact("Longest eclipse", ("power", "eclipse_s_max"), eclipse),
    Fact("Array power", ("power", "array_w_mean"), watts, "mean"),
    Fact("Battery depth", ("power", "battery_depth_max"), percent, "largest"),
    Fact("Hottest junction", ("thermal", "junction_k_max"), celsius),
    Fact("Throttled", ("thermal", "throttled_fraction"), percent, "of satellite time"),
    Fact("RTT", ("ground", "propagation_rtt_ms", "median"), milliseconds, "median, to the satellite"),
    Fact("Availability", ("fleet", "availability"), percent),
    Fact("Mass", ("design", "mass_kg"), tonnes),
    Fact("Capital cost", ("cost", "capex_usd"), money),
    Fact("Per PFLOP/s-day", ("cost", "usd_per_useful_pflop_day"), money, "useful"),
)
TEMPERATURES: Final = ("Hottest junction",)


def show(view: View) -> Any:
    """Figures of the run; beside each the change against the baseline.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        A list of terms.
    """
    rows = []
    for fact in FACTS:
        value = find(view.results.summary, fact.path)
        if value is None:
            continue
        against = None if view.baseline is None else find(view.baseline.summary, fact.path)
        rows.append(html.Div([
            html.Dt([fact.title, html.Small(fact.detail)]), html.Dd(fact.form(value), className="value"),
            html.Dd(difference(fact, value, against), className="difference"),
        ], **{"data-fact": ".".join(map(str, fact.path)), "data-value": repr(float(value))}))  # fmt: skip
    head = [] if view.baseline is None else [html.P(["against ", html.B(view.baseline_name)], className="against")]
    return [*head, html.Dl(rows, className="figures")]


def difference(fact: Fact, value: float, against: float | None) -> str:
    """Change of a figure in words.

    Parameters
    ----------
    fact : Fact
        The figure.
    value, against : float
        Its value, and that of the baseline.

    Returns
    -------
    str
        Such as "+2.1 points" or "−3.4 %"; "=" where nothing changes.
    """
    if against is None:
        return ""
    change = value - against
    if abs(change) <= 1e-12 * max(abs(value), abs(against), 1e-300):
        return "="
    if fact.form is percent:
        text = f"{100.0 * change:+.2f} points"
    elif fact.title in TEMPERATURES:
        text = f"{change:+.1f} K"
    elif against == 0.0 or not math.isfinite(change / against):
        text = "from none"
    else:
        text = f"{100.0 * change / against:+.1f} %"
    return text.replace("-", MINUS)


PANEL = Panel("figures", "Key figures", "side", show)
