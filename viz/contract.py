"""A contract over years: demand and capacity by source, what each case rejects, and the table of the cases."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from plotly.subplots import make_subplots

from viz.figures import Chart, block_starts, line, thin, time_axis
from viz.formatting import counted, duration, money, percent, prefixed
from viz.html_parts import Path, cell, collapsed, table, text
from viz.palette import INK, JOB_COLOURS, axis, layout
from viz.scene import unix_ms

UNITS: Final = {"tokens": "tokens/s", "flops": "FLOP/s", "accelerators": "accelerators"}
MAX_STEPS: Final = 720


def chart(results: Any) -> Chart | None:
    """Capacity of each source, stacked, with the demand above; below it the rejected rate of each case."""
    contract, series = results.summary.get("contract"), results.series
    if contract is None:
        return None
    ends = unix_ms(results, series["contract_time"].values)
    x = ends[np.append(block_starts(len(ends), MAX_STEPS)[1:], len(ends)) - 1].astype(np.float64)
    demand = series["contract_demand"].values
    sources = [str(s) for s in series["contract_source"].values]
    cases = [str(c) for c in series["contract_case"].values]
    capacity, rejected = series["contract_capacity"].values, series["contract_rejected"].values
    scale, unit = prefixed(max(float(capacity.sum(axis=0).max()), float(demand.max())), UNITS[contract["unit"]])
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.09)
    colours = {name: JOB_COLOURS[i % len(JOB_COLOURS)] for i, name in enumerate(sources)}
    for name, values in zip(sources, capacity, strict=True):
        area = {"stackgroup": "capacity", "fillcolor": colours[name], "line": {"width": 0}}
        figure.add_trace(line(x, thin(values / scale, most=MAX_STEPS), name, colours[name], unit, **area), row=1, col=1)
    figure.add_trace(line(x, thin(demand / scale, most=MAX_STEPS), "demand", INK, unit, line={"shape": "vh"}), row=1, col=1)
    lines = {"no hedge": INK, "all hedges": "#8a94a3"} | colours
    for name, values in zip(cases, rejected, strict=True):
        curve = line(x, thin(values / scale, most=MAX_STEPS), f"rejected, {name}", lines[name], unit, line={"shape": "vh"})
        figure.add_trace(curve, row=2, col=1)
    figure.update_layout(layout(460, hovermode="x unified"))
    figure.update_xaxes(time_axis())
    figure.update_xaxes(title_text="", row=1, col=1)
    figure.update_yaxes(axis(f"capacity, {unit}", rangemode="tozero"), row=1, col=1)
    figure.update_yaxes(axis(f"rejected, {unit}", rangemode="tozero"), row=2, col=1)
    more = [("all hedges", lines["all hedges"])] if "all hedges" in cases else []
    key = (*colours.items(), ("demand; no hedge below", INK), *more)
    return Chart(figure, tuple(key), "Above: all sources together. Below: what is rejected where only that hedge is taken.")


def cases_table(summary: dict[str, Any]) -> str:
    """The cases with what they serve, reject and cost, and the sources with prices and times."""
    contract = summary.get("contract")
    if contract is None:
        return ""
    rows = []
    for i, case in enumerate(contract["cases"]):
        at: Path = ("contract", "cases", i)

        def share(value: float, of: float = case["demand"]) -> str:
            return percent(value / of)

        rows.append(
            f"<td>{text(case['case'])}</td>"
            + cell(summary, (*at, "served"), share)
            + cell(summary, (*at, "rejected"), share)
            + cell(summary, (*at, "out_of_target_min"), minutes)
            + cell(summary, (*at, "avoided_min"), minutes)
            + cell(summary, (*at, "hedges_usd"), money)
            + cell(summary, (*at, "usd_per_avoided_min"), money)
        )
    heads = ("case", "served", "rejected", "out of target", "avoided", "cost of hedges", "per avoided minute")
    return table(heads, rows) + collapsed("Sources", sources_table(summary))


def sources_table(summary: dict[str, Any]) -> str:
    """Size, prices, time of delivery and migration of each source."""
    rows = []
    for i, source in enumerate(summary["contract"]["sources"]):
        at: Path = ("contract", "sources", i)
        rows.append(
            f"<td>{text(source['name'])}</td>"
            + cell(summary, (*at, "accelerators"), lambda n: counted(n, "accelerator"))
            + cell(summary, (*at, "price_usd_per_accelerator_hour"), hourly)
            + cell(summary, (*at, "lease_usd_per_accelerator_hour"), hourly)
            + cell(summary, (*at, "ready_s"), duration)
            + cell(summary, (*at, "migration", "time_s"), duration)
        )
    heads = ("source", "size", "price an hour", "cost-recovering price", "at work after", "migration takes")
    return table(heads, rows)


def minutes(value: float) -> str:
    """Minutes in groups of digits."""
    return f"{value:,.0f} min"


def hourly(value: float) -> str:
    """A price of an accelerator-hour."""
    return f"{value:.2f} USD"
