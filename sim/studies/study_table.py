"""A finished study as a table: its axes with the values as written, and one row of results for each point."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from sim.config.errors import Origin, bad_input
from sim.studies.definition import Axis, axes, read_sweep

DIGESTED: Final = ("points.parquet", "runtime.parquet", "scenario.yaml", "study.yaml")


@dataclass(frozen=True)
class StudyAxis:
    """Fields that vary together, and their values."""

    fields: tuple[str, ...]
    unit: str  # of `values`, empty where dimensionless or where there are none
    values: tuple[float, ...] | None  # None where a value is not a number, or where several fields vary together
    labels: tuple[str, ...]  # values as the sweep file has them


@dataclass(frozen=True)
class StudyTable:
    """A study that was read from its folder.

    `position` has for each point the index of its value on every axis, `sets` its overrides of the study's scenario; `rows` are those of
    `points.parquet`.
    """

    name: str
    description: str
    identity: str
    version: str
    axes: tuple[StudyAxis, ...]  # the slowest first, seeds last
    position: tuple[tuple[int, ...], ...]
    rows: tuple[dict[str, Any], ...]
    sets: tuple[tuple[str, ...], ...] = ()


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study rather than results of a run.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    bool
        True where it has a table of points.
    """
    return (folder / "points.parquet").is_file()


def read_study(folder: Path) -> StudyTable:
    """Read the folder of a finished study.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    StudyTable
        Axes and rows.

    Raises
    ------
    InputError
        If a file is missing or is not the one that was written.
    """
    import pyarrow.parquet as pq

    from sim.results.reader import check_files

    for name in (*DIGESTED, "manifest.json"):
        if not (folder / name).is_file():
            raise bad_input(Origin(str(folder)), "", f"is not a finished study: {name} is missing; run the sweep again")
    manifest = check_files(folder, DIGESTED)
    spec, _, _ = read_sweep(folder / "study.yaml")
    table = pq.read_table(folder / "points.parquet")
    parts = axes(spec)
    position = tuple(product(*(range(len(values)) for _, values in parts)))
    rows = tuple(table.to_pylist())
    varied = []
    for at, (names, values) in enumerate(parts):
        first = [next(row for row, where in zip(rows, position, strict=True) if where[at] == i) for i in range(len(values))]
        column, unit = _numbers_column(table, names[0])
        varied.append(study_axis(names, values, [row[column] for row in first], unit))
    sets = tuple(_overrides(parts, where) for where in position)
    identity, version = (str(manifest.get(key, "")) for key in ("identity", "version"))
    return StudyTable(spec.name, spec.description, identity, version, tuple(varied), position, rows, sets)


def _overrides(parts: list[Axis], where: tuple[int, ...]) -> tuple[str, ...]:
    """Overrides of a point, as `--set` takes them."""
    chosen = [pair for (names, values), at in zip(parts, where, strict=True) for pair in zip(names, values[at], strict=True)]
    return tuple(f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in chosen)


def _numbers_column(table: Any, field: str) -> tuple[str, str]:
    """Column with the values of a field and its unit: as typed where all have one unit, else in SI."""
    for name in table.column_names:
        if name.startswith(f"{field} [") and name != f"{field} [as typed]":
            return name, name[len(field) + 2 : -1]
    unit = (table.schema.field(field).metadata or {}).get(b"unit", b"1").decode()
    return field, "" if unit == "1" else unit


def study_axis(fields: tuple[str, ...], written: list[tuple[Any, ...]], numbers: list[Any], unit: str) -> StudyAxis:
    """An axis of a sweep.

    Parameters
    ----------
    fields : tuple of str
        Fields that vary together.
    written : list of tuple
        Their values as the sweep file has them.
    numbers : list
        Values of the first field in `unit`, or words.
    unit : str
        Unit of the numbers, empty where dimensionless.

    Returns
    -------
    StudyAxis
        The axis.

    Examples
    --------
    >>> study_axis(("satellite.power.battery.capacity",), [("5 kWh",), ("10 kWh",)], [5.0, 10.0], "kWh")
    StudyAxis(fields=('satellite.power.battery.capacity',), unit='kWh', values=(5.0, 10.0), labels=('5 kWh', '10 kWh'))
    >>> study_axis(("satellite",), [("suncatcher",), ("starlink-edge",)], ["suncatcher", "starlink-edge"], "").values is None
    True
    """
    labels = tuple(" / ".join(v if isinstance(v, str) else json.dumps(v) for v in together) for together in written)
    if len(fields) > 1 or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in numbers):
        return StudyAxis(fields, "", None, labels)
    return StudyAxis(fields, unit, tuple(float(v) for v in numbers), labels)
