"""The table of assumptions: every number of a run without a published or measured source."""

from __future__ import annotations

from typing import Any

from sim.results import reader
from viz.formatting import MINUS, NBSP, NONE, counted, percent
from viz.html_parts import collapsed, table, text


def value_text(value: Any, unit: Any) -> str:
    """A value with its unit, as its record writes them."""
    shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    if isinstance(value, int | float):
        shown = shown.replace("-", MINUS)
    if unit in (None, "1"):
        return shown
    for ascii_unit, symbol in (("degC", "°C"), ("m2", "m²"), ("m3", "m³")):
        unit = str(unit).replace(ascii_unit, symbol)
    return f"{shown}{NBSP}{unit}"


def assumption_row(record: dict[str, Any]) -> str:
    """The cells of one assumption: field, value, range, source."""
    low, high, unit = record.get("low"), record.get("high"), record.get("unit")
    span = NONE if low is None or high is None else f"{value_text(low, '1')} to {value_text(high, unit)}"
    value = NONE if record.get("value") is None else value_text(record["value"], unit)
    origin = text(record.get("source") or NONE)
    if record.get("note"):
        origin += f"<small>{text(record['note'])}</small>"
    name = text(record["field"]).replace(".", ".<wbr>").replace("_", "_<wbr>")
    return f"<td><code>{name}</code></td><td>{text(value)}</td><td>{text(span)}</td><td>{origin}</td>"


def assumptions_table(results: Any) -> str:
    """A collapsed table of every assumed number, titled with their share of all numbers where that is known."""
    fields = results.summary.get("assumptions") or []
    if not fields:
        return ""
    # a summary without its results folder has the names only
    records = reader.assumptions(results) or [{"field": f} for f in fields]
    title = f"{counted(len(fields), 'number')} behind this run {'is' if len(fields) == 1 else 'are'} assumed, not published or measured"
    total = results.summary.get("numbers")
    if total:
        title += f": {percent(len(fields) / total)} of {total:,}"
    body = table(("field", "value", "range", "source"), (assumption_row(r) for r in records), "assumed")
    return collapsed(title, body)
