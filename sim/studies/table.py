"""Tables of a study: one row for each point, in order, with the same bytes however it was run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.studies.definition import Study

RUNTIME = ("wall_s", "worker", "host", "version")

_QUANTITY = re.compile(r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s+(?P<unit>[A-Za-z%(]\S*(?: \S+)*)\s*", re.ASCII)


def flatten(summary: dict[str, Any]) -> dict[str, Any]:
    """Every scalar of a summary by dotted name; the waterfall as shares of nameplate by cause.

    Parameters
    ----------
    summary : dict
        Content of `summary.json`.

    Returns
    -------
    dict
        Scalars in the order of the summary.
    """
    metrics: dict[str, Any] = {}
    for name, value in _scalars(summary, ""):
        metrics[name] = value
    nameplate = summary["compute"]["nameplate_flops"]
    for row in summary["compute"]["waterfall"]:
        prefix = f"compute.waterfall.{row['cause']}"
        metrics[f"{prefix}.fraction"] = row["fraction"]
        for part in ("own", "induced"):
            metrics[f"{prefix}.{part}_fraction"] = row[f"{part}_flops"] / nameplate if nameplate else 0.0
    return metrics


def _scalars(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _scalars(child, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        if name != "compute.waterfall" and all(isinstance(child, dict) for child in value):
            for i, child in enumerate(value):
                yield from _scalars(child, f"{name}.{i}")
    else:
        yield name, value


def write_points(study: Study, done: dict[int, dict[str, Any]], path: Path) -> None:
    """Write points.parquet: number, varied fields (SI, unit in the column metadata), the same as typed, error, metrics.

    A field with a unit has a second column, `FIELD [UNIT]`, with the numbers as they were typed.

    Parameters
    ----------
    study : Study
        The study.
    done : dict
        Journal entries by point.
    path : Path
        The file.
    """
    typed = [as_typed(study, i) for i in range(len(study.fields))]
    both = [name for field, (name, _) in zip(study.fields, typed, strict=True) for name in (field, name) if name]
    columns: dict[str, list[Any]] = {"point": [], **{name: [] for name in both}, "error": []}
    metrics: dict[str, None] = {"scenario_sha256": None}
    for point in study.points:
        metrics.update(dict.fromkeys(done[point.index]["metrics"]))
    columns.update({name: [] for name in metrics if name not in columns})
    for point in study.points:
        entry = done[point.index]
        row = {
            **entry["metrics"], "scenario_sha256": point.sha256, "point": point.index, "error": entry["error"],
            **dict(zip(study.fields, point.values, strict=True)), **{name: values[point.index] for name, values in typed if name},
        }  # fmt: skip
        for name, values in columns.items():
            values.append(row.get(name))
    _write(columns, dict(zip(study.fields, study.units, strict=True)), path)


def as_typed(study: Study, position: int) -> tuple[str, list[Any]]:
    """Column of a varied field as it was typed.

    Parameters
    ----------
    study : Study
        The study.
    position : int
        Position of the field.

    Returns
    -------
    name : str
        `FIELD [UNIT]`, or `FIELD [as typed]` where units differ from point to point; empty for values without a unit.
    values : list
        Number of each point, or text where units differ.
    """
    field, written = study.fields[position], [values[position] for values in study.written]
    quantities = [_QUANTITY.fullmatch(value) if isinstance(value, str) else None for value in written]
    found = [(float(q["number"]), q["unit"]) for q in quantities if q is not None]
    if not found:
        return "", []
    units = {unit for _, unit in found}
    if len(units) > 1 or len(found) < len(written):
        return f"{field} [as typed]", [value if isinstance(value, str) else json.dumps(value) for value in written]
    return f"{field} [{units.pop()}]", [number for number, _ in found]


def write_runtime(study: Study, done: dict[int, dict[str, Any]], path: Path) -> None:
    """Write runtime.parquet: what changes from run to run.

    Parameters
    ----------
    study : Study
        The study.
    done : dict
        Journal entries by point.
    path : Path
        The file.
    """
    columns: dict[str, list[Any]] = {"point": [p.index for p in study.points]}
    for name in RUNTIME:
        columns[name] = [done[p.index]["runtime"].get(name) for p in study.points]
    _write(columns, {"wall_s": "s"}, path)


def _write(columns: dict[str, list[Any]], units: dict[str, str], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, fields = [], []
    for name, values in columns.items():
        array = _array(values, text=name == "error")
        arrays.append(array)
        unit = units.get(name)
        fields.append(pa.field(name, array.type, metadata=None if unit is None else {"unit": unit}))
    with path.open("wb") as file:  # pyarrow itself opens no path that is not UTF-8
        pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), file, compression="zstd")


def _array(values: list[Any], text: bool) -> Any:
    """A column of the narrowest type that holds all values: text for mixed types, float where all are missing."""
    import pyarrow as pa

    kinds = {str} if text else {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int}:
        return pa.array(values, pa.int64())
    if kinds <= {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())
