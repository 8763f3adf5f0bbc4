"""The page that compares policies under failure: where the time of the members goes, and how much is useful."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go

from sim.results.mission_text import years
from viz.figures import ROW_PX, Chart, row_axis
from viz.formatting import percent
from viz.html_parts import chart_html, section, table, text
from viz.page import footer, header, write_page
from viz.palette import CAUSE, INK, axis, layout

SHARES: Final = (
    ("at work", "working", CAUSE["useful"].colour), ("recovery and work done again", "recovery", CAUSE["recovery"].colour),
    ("waiting for members, or slowed by them", "waiting", CAUSE["failed"].colour),
)  # fmt: skip
BAR: Final = 0.6  # height of a bar, as a share of its row


def chart(rows: list[dict[str, Any]]) -> Chart:
    """Time of the members as stacked bars, mean over the replicas; the useful share of nameplate as a mark from P10 to P90."""
    found = [row for row in rows if row["why_not"] is None]
    figure = go.Figure()
    places = list(range(len(found)))
    for name, key, colour in SHARES:
        figure.add_bar(
            x=[100.0 * row[key]["mean"] for row in found], y=places, orientation="h", width=BAR, name=name, marker={"color": colour},
            hovertemplate=f"{name}: %{{x:.1f}} %<extra></extra>",
        )  # fmt: skip
    useful = [{q: 100.0 * row["useful_fraction"][q] for q in ("p10", "p50", "p90")} for row in found]
    figure.add_trace(go.Scatter(
        x=[u["p50"] for u in useful], y=places, mode="markers", name="useful share of nameplate",
        marker={"color": "#ffffff", "size": 9, "line": {"color": INK, "width": 2}},
        error_x={"type": "data", "symmetric": False, "array": [u["p90"] - u["p50"] for u in useful],
                 "arrayminus": [u["p50"] - u["p10"] for u in useful], "color": INK, "thickness": 2, "width": 5},
        hovertemplate="useful: %{x:.1f} % of nameplate<extra></extra>",
    ))  # fmt: skip
    labels = [row["policy"] for row in found]
    figure.update_layout(layout(
        ROW_PX * len(found) + 70, barmode="stack", yaxis=row_axis(labels), xaxis=axis("% of the members' time; mark: % of nameplate", range=[0, 100])
    ))  # fmt: skip
    key = tuple((name, colour) for name, _, colour in SHARES)
    return Chart(figure, (*key, ("mark: useful share of nameplate, P50 with P10 to P90", INK)))


def write_policies(comparison: Any, path: Path) -> None:
    """Write the page of `comparison` (of sim.studies.policies) to `path`."""
    rows, drawn = comparison.rows, chart(comparison.rows)
    cells = []
    for row in rows:
        name = f"<td>{text(row['policy'])}<small>{text(row['what'])}</small></td>"
        if row["why_not"] is not None:
            cells.append(f"{name}<td colspan=6>{text(row['why_not'])}</td>")
            continue
        useful, shares = row["useful_fraction"], (row[key]["mean"] for _, key, _ in SHARES)
        texts = [f"{percent(useful['p50'])} ({percent(useful['p10'])} to {percent(useful['p90'])})", *map(percent, shares)]
        texts += [f"{row['interruptions']['mean']:,.4g}", f"{row['tokens']['mean']:.3g}"]
        cells.append(name + "".join(f"<td>{text(cell)}</td>" for cell in texts))
    heads = ("policy", "useful, P50 (P10 to P90)", "at work", "recovery", "waiting", "interruptions", "tokens")
    title = f"{comparison.scenario}: policies under failure"
    body = (
        header(title, [f"{years(comparison.duration_s)}, {comparison.replicas:,} replicas", "all policies meet the same failures"])
        + section("Where the time goes", chart_html("policies", "", drawn, table(heads, cells)))
        + footer([("scenario sha256", comparison.sha256)])
    )
    write_page(path, title, body, {"policies": drawn.figure})
