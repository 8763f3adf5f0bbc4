"""Round-trip times: over all users, by station, country, gateway and pair of stations, over the Earth; and the times without a route."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from dash import html

from viz import gaps, latency, latency_map
from viz.figures import Chart
from viz.formatting import MINUS, NBSP, duration, milliseconds, percent, whole
from viz.html_parts import find
from viz.scene import epoch_utc
from viz.studio.panels import station_spread
from viz.studio.panels.panel import GRID_DARK, Panel, View, chart_part, table

MOST: Final = 200  # rows of a table
MOST_GAPS: Final = 20
DARK_SCALE: Final = ((0.0, "#1c4352"), (0.25, "#2a6f97"), (0.5, "#4fb0ae"), (0.75, "#a9dbc8"), (1.0, "#f4fbf8"))  # far from the dark page
PARTS: Final = (
    ("propagation", "propagation", "#2369ad"), ("processing", "switching", "#9a7fcb"), ("access", "access network", "#e3a008"),
    ("terrestrial", "fibre", "#87683f"),
)  # fmt: skip
FACTS: Final = (
    ("coverage", ("ground", "coverage_fraction"), percent), ("end-to-end, median", ("ground", "user_rtt_ms", "median"), milliseconds),
    ("end-to-end, p99", ("ground", "user_rtt_ms", "p99"), milliseconds),
    ("to the internet, median", ("ground", "internet", "rtt_ms", "median"), milliseconds),
    ("to the internet, p99", ("ground", "internet", "rtt_ms", "p99"), milliseconds),
    ("of it over one satellite", ("ground", "internet", "bent_pipe_fraction"), percent),
    ("links to the ground available", ("ground", "link", "available_fraction"), percent),
    ("at least one site usable", ("ground", "link", "any_available_fraction"), percent),
    ("without data rules, median", ("ground", "without_data_rules", "user_rtt_ms", "median"), milliseconds),
    ("without data rules, coverage", ("ground", "without_data_rules", "coverage_fraction"), percent),
)  # fmt: skip
RTT: Final = "propagation_rtt_ms"
STATIONS, PAIRS = ("ground", "stations"), ("station_pairs",)

Column = tuple[str, Callable[[str], str]]


def show(view: View) -> Any:
    """Figures over all users, charts, and a table each of stations, pairs, countries, gateways and gaps.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        The parts.
    """
    summary = view.results.summary
    if not find_all(summary, STATIONS) and not find_all(summary, PAIRS):
        return html.P("This run has no ground stations.", className="muted")
    charts = [
        chart_part(station_spread.chart(summary), "By station", view, 290), chart_part(_map(view), "Over the Earth", view, 330),
        chart_part(latency.distribution(view.results), "All round trips", view, 290),
        chart_part(gaps.calendar(view.results), "Times without a route", view, 290), _part("Longest gaps: times without a route", _gaps(view)),
    ]  # fmt: skip
    tables = [
        _part("Station pairs: propagation RTT over satellites", _pairs(view)),
        _part("Stations: propagation RTT to the serving satellite, and what users see", _stations(view)),
        _part("Gateways", _gateways(summary)), _part("Countries: end-to-end RTT, weighted by users", _countries(summary)),
        _part("Links to the ground", _sites(summary)),
    ]  # fmt: skip
    two = [html.Div([one for one in some if one is not None], className=f"two {kind}") for kind, some in (("charts", charts), ("tables", tables))]
    return [_facts(summary), _components(summary), *two]


def _part(title: str, rows: Any) -> Any:
    return None if rows is None else html.Div([html.H3(title), rows], className="listing")


def _facts(summary: dict[str, Any]) -> Any:
    """Figures over all users, those that there are."""
    known = [(title, form(value)) for title, path, form in FACTS if (value := find(summary, path)) is not None]
    return html.Dl([html.Div([html.Dt(title), html.Dd(value)]) for title, value in known], className="facts")


def _components(summary: dict[str, Any]) -> Any:
    """Parts of the mean round trip of users, as one bar."""
    found = find(summary, ("ground", "components_ms")) or {}
    parts = [(name, title, colour, value) for name, title, colour in PARTS if (value := found.get(name))]
    total = sum(value for *_, value in parts)
    if not total > 0.0:
        return None
    bar = [
        html.I(style={"width": f"{100.0 * value / total:.3f}%", "background": colour}, title=f"{title}: {milliseconds(value)}",
               **{"data-part": name, "data-value": repr(value)}) for name, title, colour, value in parts
    ]  # fmt: skip
    key = [html.Li([html.I(style={"background": colour}), f"{title} {milliseconds(value)}"]) for _, title, colour, value in parts]
    lead = html.Span(f"Mean round trip of users {milliseconds(total)}, of which", className="muted")
    return html.Div([lead, html.Div(bar, className="bar"), html.Ul(key, className="key")], className="parts")


def _map(view: View) -> Chart | None:
    """The map of the report: smaller, so names of stations are left to the pointer, and in colours that are seen on the page."""
    chart = latency_map.chart(view.results)
    if chart is None:
        return None
    chart.figure.update_traces(selector={"mode": "markers+text"}, mode="markers")
    chart.figure.update_traces(selector={"type": "heatmap"}, colorbar={"y": -0.1})
    if view.dark:
        chart.figure.update_traces(selector={"type": "heatmap"}, colorscale=[list(stop) for stop in DARK_SCALE])
        chart.figure.update_layout(plot_bgcolor=GRID_DARK)
        chart.figure.update_traces(selector={"name": "coast"}, line_color="#8fa3bd")
    return chart


# --- tables


def _columns(names: Sequence[str], first: str, columns: Sequence[Column]) -> Any:
    """A table with a row for each name; columns without any value are left out. None without rows."""
    if not names:
        return None
    cells = [(head, [form(name) for name in names[:MOST]]) for head, form in columns]
    kept = [(head, column) for head, column in cells if any(column)]
    rows = [[name, *(column[n] for _, column in kept)] for n, name in enumerate(names[:MOST])]
    return table((first, *(head for head, _ in kept)), rows, numbers=range(1, len(kept) + 1))


def _of(summary: dict[str, Any], before: tuple[str, ...], after: tuple[str, ...], form: Callable[[Any], str]) -> Callable[[str], str]:
    """The cell of a name: the value of the summary in words, empty without one."""

    def cell(name: str) -> str:
        value = find(summary, (*before, name, *after))
        return "" if value is None else form(value)

    return cell


def _by(summary: dict[str, Any], path: tuple[str, ...], *value: str, descending: bool = False) -> list[str]:
    """Names sorted by a value, those without it last."""

    def order(name: str) -> tuple[float, str]:
        found = find(summary, (*path, name, *value))
        return (float("inf") if found is None else -found if descending else found, name)

    return sorted(find_all(summary, path), key=order)


def _times(summary: dict[str, Any], path: tuple[str, ...], view: View | None) -> list[Column]:
    """Coverage, longest gap and propagation, with the change of its median against the baseline."""
    columns = [
        ("coverage", _of(summary, path, ("coverage_fraction",), percent)), ("longest gap", lambda name: _gap(summary, (*path, name))),
        *((head, _of(summary, path, (RTT, key), milliseconds)) for head, key in (("RTT min", "min"), ("median", "median"), ("p99", "p99"))),
    ]
    return columns if view is None or view.baseline is None else [*columns, ("change of the median", lambda name: _change(view, path, name))]


def _change(view: View, path: tuple[str, ...], name: str) -> str:
    own, other = (find(run.summary, (*path, name, RTT, "median")) for run in (view.results, view.baseline))
    if own is None or other is None:
        return ""
    return "=" if own == other else f"{own - other:+.2f} ms".replace("-", MINUS)


def _gap(summary: dict[str, Any], at: tuple[str, ...]) -> str:
    """The longest time without a route; empty where there is none."""
    if find(summary, (*at, RTT, "median")) is None and find(summary, (*at, "outages")) is not None:
        return "no route"
    return "" if not find(summary, (*at, "outages", "count")) else _span(find(summary, (*at, "outages", "longest_s")))


def _span(span_s: float) -> str:
    return duration(span_s) if span_s >= 60.0 else f"{span_s:g}{NBSP}s"


def _stations(view: View) -> Any:
    summary, internet = view.results.summary, ("ground", "internet", "stations")
    return _columns(_by(summary, STATIONS, RTT, "median"), "", [
        *_times(summary, STATIONS, view),
        *((f"end-to-end, {key}", _of(summary, STATIONS, ("user_rtt_ms", key), milliseconds)) for key in ("median", "p99")),
        *((f"to the internet, {key}", _of(summary, internet, ("rtt_ms", key), milliseconds)) for key in ("median", "p99")),
        ("over one satellite", _of(summary, internet, ("bent_pipe_fraction",), percent)),
    ])  # fmt: skip


def _pairs(view: View) -> Any:
    summary = view.results.summary
    changes = ("route changes", _of(summary, PAIRS, ("switches_s",), lambda times: whole(len(times))))
    return _columns(_by(summary, PAIRS, RTT, "median"), "", [*_times(summary, PAIRS, view), changes])


def _budget(summary: dict[str, Any]) -> list[Column]:
    """What links of a site to the fleet carry."""
    return [(title, _of(summary, ("ground", "link", "sites"), (key,), form)) for key, title, form in latency.BUDGET]


def _gateways(summary: dict[str, Any]) -> Any:
    path = ("ground", "gateways")
    share = ("share of users' time", _of(summary, path, ("user_time_fraction",), percent))
    busy = any(find(summary, (*path, name, "user_time_fraction")) is not None for name in find_all(summary, path))
    order = _by(summary, path, "user_time_fraction", descending=True) if busy else _by(summary, path, RTT, "median")
    return _columns(order, "", [share, *_times(summary, path, None), *_budget(summary)])


def _sites(summary: dict[str, Any]) -> Any:
    """Radios and telescopes of stations that are no gateways."""
    path = ("ground", "link", "sites")
    gateways = find_all(summary, ("ground", "gateways"))
    return _columns([name for name in _by(summary, path, "available_fraction") if name not in gateways], "", _budget(summary))


def _countries(summary: dict[str, Any]) -> Any:
    path = ("ground", "countries")
    if len(find_all(summary, path)) < 2:
        return None
    return _columns(_by(summary, path, "user_rtt_ms", "median"), "", [
        ("coverage", _of(summary, path, ("coverage_fraction",), percent)),
        *((key, _of(summary, path, ("user_rtt_ms", key), milliseconds)) for key in ("min", "median", "p99")),
    ])  # fmt: skip


def _gaps(view: View) -> Any:
    """The stations and pairs that are longest without a route, with when that begins."""
    summary, rows = view.results.summary, []
    for path in (STATIONS, PAIRS):
        for name in find_all(summary, path):
            found = find(summary, (*path, name, "outages")) or {}
            if found.get("count"):
                rows.append((name, found))
    if not rows:
        return None
    begin = epoch_utc(view.results)
    rows.sort(key=lambda row: (-row[1]["longest_s"], row[0]))
    cells = []
    for name, one in rows[:MOST_GAPS]:
        at = begin + timedelta(seconds=one["longest_at_s"])
        cells.append([name, _span(one["longest_s"]), f"{at:%Y-%m-%d %H:%M:%S}", whole(one["count"]), _span(one["total_s"])])
    return table(("", "longest", "begins, UTC", "gaps", "together"), cells, numbers=range(1, 5))


def find_all(summary: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Stations, pairs, countries or gateways of a summary.

    Parameters
    ----------
    summary : dict
        Summary of a run.
    path : tuple of str
        Where they stand.

    Returns
    -------
    dict
        By name; empty where there are none.
    """
    node: Any = summary
    for key in path:
        node = (node or {}).get(key)
    return node or {}


PANEL = Panel("latency", "Latency", "below", show)
