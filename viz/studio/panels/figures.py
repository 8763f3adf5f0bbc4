"""Key figures of the run, with their difference from the pinned baseline."""

from __future__ import annotations

import math
from typing import Any, Final

from dash import html

from viz.formatting import MINUS, celsius, percent, petaflops, tokens_per_s
from viz.html_parts import Fact, find
from viz.overview import COST, DESIGN, ENERGY, NETWORK, OF_GATEWAYS
from viz.studio.panels.panel import Panel, View

OWN: Final = (
    Fact("Useful", ("compute", "useful_fraction"), percent, "of nameplate"),
    Fact("Useful rate", ("compute", "mean_useful_flops_per_s"), petaflops, "mean"),
    Fact("Tokens", ("workloads", 0, "tokens_per_s"), tokens_per_s, "first job"),
    Fact("MFU", ("workloads", 0, "mfu"), percent, "first job"),
)
PICKED: Final = (
    ("power", "sunlit_fraction"), ("power", "eclipse_s_max"), ("power", "array_w_mean"), ("power", "battery_depth_max"),
    ("thermal", "junction_k_max"), ("thermal", "throttled_fraction"), ("ground", "coverage_fraction"),
    ("ground", "propagation_rtt_ms", "median"), ("ground", "user_rtt_ms", "median"), ("ground", "internet", "rtt_ms", "median"),
    ("ground", "link", "available_fraction"), ("network", "utilisation_mean"), ("network", "utilisation_max"), ("fleet", "availability"),
    ("design", "mass_kg"), ("cost", "capex_usd"), ("cost", "usd_per_useful_pflop_day"),
)  # fmt: skip
_OF_REPORT = {fact.path: fact for facts in (DESIGN.facts, ENERGY.facts, NETWORK.facts, OF_GATEWAYS, COST.facts) for fact in facts}
FACTS: Final = (*OWN, *(_OF_REPORT[path] for path in PICKED))


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
            html.Dt([fact.title, html.Small(fact.detail)], title=f"{fact.title} {fact.detail}".strip()), html.Dd(fact.form(value), className="value"),
            html.Dd(difference(fact, value, against), className="difference"),
        ], **{"data-fact": ".".join(map(str, fact.path)), "data-value": repr(float(value))}))  # fmt: skip
    head = [] if view.baseline is None else [html.P(["against ", html.B(view.baseline_name)], className="against")]
    return [*head, html.Dl(rows, className="figures" if view.baseline is None else "figures compared")]


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
    elif fact.form is celsius:
        text = f"{change:+.1f} K"
    elif against == 0.0 or not math.isfinite(change / against):
        text = "from none"
    else:
        text = f"{100.0 * change / against:+.1f} %"
    return text.replace("-", MINUS)


PANEL = Panel("figures", "Key figures", "side", show)
