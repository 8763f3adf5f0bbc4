"""Every variable of the results as rows of a table: what the declarations of `sim.spacecraft` and `sim.schema` say."""

from __future__ import annotations

from typing import Any

from sim import schema
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.step import SUBMODELS, VARIABLES


def satellite_variables() -> list[dict[str, Any]]:
    """Variables of one satellite, in the order of the step.

    Returns
    -------
    list of dict
        `name`, `unit`, `meaning`, `kind` (input, state or flux), `low` and `high` (valid range, in `unit`), `submodel`
        (that writes it; step for what the step itself decides, none for inputs), `cause` (row of the waterfall), and
        lists of `totals`, `fleet` series and `recorded` series.

    Examples
    --------
    >>> next(v["unit"] for v in satellite_variables() if v["name"] == "heater_w")
    'W'
    """
    writer = {v.name: m.name for m in SUBMODELS for v in m.writes}
    return [
        {
            "name": v.name,
            "unit": v.unit,
            "meaning": v.meaning,
            "kind": v.kind,
            "low": v.low,
            "high": v.high,
            "submodel": writer.get(v.name, "" if v.kind == "input" else "step"),
            "cause": v.cause,
            "totals": [_total(t) for t in v.totals],
            "fleet": [_fleet(v, f) for f in v.fleet],
            "recorded": [_recorded(r) for r in v.recorded],
        }
        for v in VARIABLES
    ]


def _total(total: Total) -> dict[str, Any]:
    return {"name": total.name, "unit": total.unit, "how": total.how, "summary": total.summary, "per": total.per}


def _fleet(variable: Variable, series: FleetSeries) -> dict[str, Any]:
    """`resolution` is the smallest difference that a sum over the fleet keeps, in the unit of the variable."""
    whole = series.how in ("sum", "mean", "available mean")
    return {
        "name": series.name,
        "how": series.how,
        "resolution": 1.0 / schema.RESOLUTION[variable.unit] if whole else None,
    }


def _recorded(series: SatelliteSeries) -> dict[str, Any]:
    return {"name": series.name, "dtype": series.dtype, "axis": series.axis}


def result_arrays() -> list[dict[str, Any]]:
    """Arrays of series.nc: those of satellites, then those of ground, links, jobs and recorder.

    Returns
    -------
    list of dict
        `name`, `dims`, `dtype`, `unit`, `meaning`.

    Examples
    --------
    >>> next(a["dims"] for a in result_arrays() if a["name"] == "load_w")
    ['time']
    """
    arrays = {a.name: a for v in VARIABLES for a in v.arrays} | {a.name: a for a in schema.VARIABLES}
    return [
        {"name": a.name, "dims": list(a.dims), "dtype": a.dtype, "unit": a.unit, "meaning": a.meaning}
        for a in arrays.values()
    ]


def tables() -> list[tuple[str, list[dict[str, str]]]]:
    """All of it as tables of texts for people.

    Returns
    -------
    list of (str, list of dict)
        Title and rows; the keys of a row are the heads of the columns.
    """
    variables = satellite_variables()
    return [
        ("Variables of one satellite", [_definition(v) for v in variables]),
        ("What is kept of them", [row for v in variables for row in _kept(v)]),
        (
            "Arrays of series.nc",
            [
                {
                    "name": a["name"], "dimensions": ", ".join(a["dims"]), "type": a["dtype"], "unit": a["unit"],
                    "meaning": a["meaning"],
                }
                for a in result_arrays()
            ],
        ),
    ]  # fmt: skip


def _definition(v: dict[str, Any]) -> dict[str, str]:
    return {
        "name": v["name"], "unit": v["unit"], "kind": v["kind"], "valid range": f"{v['low']:g} to {v['high']:g}",
        "written by": v["submodel"], "meaning": v["meaning"],
    }  # fmt: skip


def _kept(v: dict[str, Any]) -> list[dict[str, str]]:
    """One row for every total, series of the fleet and recorded series."""
    rows = []
    for t in v["totals"]:
        row_of_ledger = "compute.waterfall" if v["cause"] else ""
        rows.append((t["name"], t["unit"], "total of a satellite", t["how"], "", t["summary"] or row_of_ledger))
    for f in v["fleet"]:
        resolution = "" if f["resolution"] is None else f"{f['resolution']:.1e}"
        rows.append((f["name"] or "rate_flops_per_s", v["unit"], "fleet, every step", f["how"], resolution, ""))
    for r in v["recorded"]:
        axis = "" if r["axis"] is None else f"axis {r['axis']}"
        rows.append((r["name"], v["unit"], "recorded satellites", axis, "", ""))
    heads = ("name", "unit", "kept for", "reduction", "resolution", "field of summary.json")
    return [{"of": v["name"], **dict(zip(heads, row, strict=True))} for row in rows]
