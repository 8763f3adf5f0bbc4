"""The results folder: written atomically, with a digest of each file; `sim.results.reader` reads it.

    summary.json  series.nc  events.parquet  scenario.yaml  manifest.json  report.html

What changes from run to run (time, host, memory, command) is in manifest.json only.
"""

from __future__ import annotations

import errno
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.config.errors import RunError
from sim.config.scenario import Loaded
from sim.config.schema import Section
from sim.config.yaml_tree import Node
from sim.engine.outcome import Outcome
from sim.output import NewFolder, no_room, sha256_of
from sim.results import dataset as recorded
from sim.results import summary as metrics
from sim.results.manifest import build_manifest
from sim.schema import EVENT_COLUMNS

if TYPE_CHECKING:
    import xarray as xr

DIGESTED = ("summary.json", "series.nc", "events.parquet", "scenario.yaml")  # report.html may be written again


@dataclass(frozen=True, repr=False)
class Results:
    """Results of a run, in memory or read from a folder.

    The coordinates `time` and `frame` of `series` are milliseconds since its `epoch`; beside them `time_utc` and
    `frame_utc` are dates in UTC (`datetime64[ns]`).
    """

    summary: dict[str, Any]
    series: xr.Dataset
    events: list[dict[str, Any]]
    manifest: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def __repr__(self) -> str:
        share = f"useful {100.0 * self.summary['compute']['useful_fraction']:.2f} % of nameplate"
        satellites = self.summary["satellites"]
        fleet = "ground site" if satellites is None else f"{satellites:,} satellites"
        span = f"{fleet} for {self.summary['duration_s'] / 3600.0:g} h"
        return f"<Results {self.summary['scenario']}: {span}, {share}, {self.folder or 'not saved'}>"

    @property
    def waterfall(self) -> list[dict[str, Any]]:
        """Rows of the waterfall, from the summary."""
        return list(self.summary["compute"]["waterfall"])


ReportWriter = Callable[[Results, Path], None]


# --- from outcome to arrays ------------------------------------------------------------------------------------------


def from_outcome(outcome: Outcome) -> Results:
    """Results of a run that has just ended.

    Parameters
    ----------
    outcome : Outcome
        The run.

    Returns
    -------
    Results
        Summary, series and events, without manifest and folder.
    """
    return from_summary(metrics.summary(outcome), outcome)


def from_summary(summary: dict[str, Any], outcome: Outcome) -> Results:
    """Results of a run whose summary is there.

    Parameters
    ----------
    summary : dict
        Its summary.
    outcome : Outcome
        The run; totals of its satellites are not needed (`Outcome.without_totals`).

    Returns
    -------
    Results
        Summary, series and events, without manifest and folder.

    Raises
    ------
    RunError
        If a result is not a finite number.
    """
    results = Results(summary, recorded.series(outcome), recorded.event_rows(outcome))
    check_finite(results)
    return results


def check_finite(results: Results) -> None:
    """Check that no result is infinite, and none is missing that must be there.

    Parameters
    ----------
    results : Results
        Results of a run.

    Raises
    ------
    RunError
        With the name of the first field of the summary, or array of the series, that is not a number.
    """
    for name, value in _numbers(results.summary, ""):
        if not math.isfinite(value):
            raise RunError(f"{name} is {value}, not a number; an input of this result is too large or too small")
    for name, array in results.series.variables.items():
        if array.dtype.kind != "f":
            continue
        invalid = np.isinf(array.values) if recorded.TABLE[str(name)].may_be_nan else ~np.isfinite(array.values)
        if invalid.any():
            index = np.unravel_index(int(invalid.argmax()), invalid.shape)
            at = ", ".join(f"{dim} {i}" for dim, i in zip(array.dims, index, strict=True))
            raise RunError(
                f"{name} is {array.values[index]} at {at}, not a number; an input of this result is too large or too small"
            )


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Every float of a summary with its dotted name."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _numbers(child, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _numbers(child, f"{name}.{index}")
    elif isinstance(value, float):
        yield name, value


# --- writing -----------------------------------------------------------------------------------------------------------


def write(
    loaded: Loaded,
    results: Results,
    folder: NewFolder,
    run_facts: dict[str, Any],
    report: ReportWriter | None,
) -> Results:
    """Write a results folder and give it its final name.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    results : Results
        Its results.
    folder : NewFolder
        The folder reserved for them.
    run_facts : dict
        Entries of the manifest about this run.
    report : callable or None
        Writes the report.

    Returns
    -------
    Results
        The results with folder and manifest.

    Raises
    ------
    RunError
        If the folder cannot be written, for instance on a full disk. Nothing is left then.
    """
    part = folder.path
    try:
        (part / "summary.json").write_text(to_json(results.summary), encoding="utf-8")
        write_series(results.series, part / "series.nc")
        _write_events(results.events, part / "events.parquet")
        (part / "scenario.yaml").write_text(resolved_yaml(loaded), encoding="utf-8")
        facts = build_manifest(loaded, run_facts) | {"files": digests(part, DIGESTED)}
        if report is not None:
            report(Results(results.summary, results.series, results.events, facts, part), part / "report.html")
        (part / "manifest.json").write_text(to_json(facts), encoding="utf-8")
        final = folder.publish()
    except OSError as error:
        place = folder.out if folder.out is not None else folder.parent
        if error.errno == errno.ENOSPC:
            raise no_room(place) from None
        raise RunError(f"{place}: the results could not be written ({error}); nothing was kept") from None
    return Results(results.summary, results.series, results.events, facts, final)


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Digests of files, for the manifest.

    Parameters
    ----------
    folder : Path
        The folder.
    names : iterable of str
        Names of the files.

    Returns
    -------
    dict
        SHA-256 by name.
    """
    return {name: sha256_of(folder / name) for name in names}


def to_json(value: Any) -> str:
    """JSON in the format of all output: UTF-8, two spaces, no NaN.

    Parameters
    ----------
    value : object
        Anything that JSON can express.

    Returns
    -------
    str
        Text that ends with a newline.

    Raises
    ------
    ValueError
        If it contains NaN or infinity.

    Examples
    --------
    >>> print(to_json({"step_s": 60.0}), end="")
    {
      "step_s": 60.0
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # bytes of a path that are not UTF-8, as \\udcXX


def write_series(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as NetCDF 4, compressed.

    Parameters
    ----------
    dataset : xarray.Dataset
        The series.
    path : Path
        The file.
    """
    dataset = dataset.drop_vars([name for name in recorded.DATES.values() if name in dataset])
    encoding: dict[str, dict[str, Any]] = {
        str(name): {"zlib": True, "complevel": 1, "shuffle": True}
        for name, var in dataset.variables.items()
        if var.dtype.kind in "fiu" and var.size > 64
    }
    for name, var in dataset.variables.items():
        if var.dtype.kind == "f":
            encoding.setdefault(str(name), {})["_FillValue"] = None
    # HDF5 writes to memory: on a full disk its own file access ends the process
    path.write_bytes(dataset.to_netcdf(None, engine="h5netcdf", encoding=encoding))


def _write_events(rows: list[dict[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = (
        pa.float64(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), pa.float64(), pa.string(), pa.string(),
        pa.int64(),
    )  # fmt: skip
    table = pa.table(
        {name: pa.array([row[name] for row in rows], kind) for name, kind in zip(EVENT_COLUMNS, types, strict=True)}
    )
    with path.open("wb") as file:  # pyarrow itself opens no path that is not UTF-8
        pq.write_table(table, file, compression="zstd")


def resolved_yaml(loaded: Loaded) -> str:
    """The scenario with every name resolved and every default written out; it loads to the same digest.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    str
        YAML text.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def convert(node: Node) -> Any:
        if node.is_map:
            mapping = CommentedMap((key, convert(child)) for key, child in node.value.items())
            if node.is_record:
                mapping.fa.set_flow_style()
            return mapping
        if isinstance(node.value, list):
            return [convert(child) for child in node.value]
        if isinstance(node.value, str) and ":" in node.value:
            return DoubleQuotedScalarString(node.value)
        return node.value

    yaml = YAML()
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump(convert(with_scalar_defaults(loaded.tree, loaded.scenario)), text)
    return text.getvalue()


def with_scalar_defaults(node: Node, section: Section) -> Node:
    """The tree with the scalar defaults that it leaves out; what follows from other fields stays out.

    Parameters
    ----------
    node : Node
        Tree of the section.
    section : Section
        The section.

    Returns
    -------
    Node
        The whole tree.
    """
    children = dict(node.value)
    for name, of_field in type(section).model_fields.items():
        value = getattr(section, name)
        child = children.get(name)
        if isinstance(value, Section) and child is not None and not child.is_record:
            children[name] = with_scalar_defaults(child, value)
        elif child is None and isinstance(value, bool | int | float | str) and of_field.default is not None:
            children[name] = Node(default_text(type(section), name, value), node.origin)
    return Node(children, node.origin)


def default_text(model: type[Section], name: str, value: Any) -> Any:
    """A default value as it is written in a scenario, with its unit.

    Parameters
    ----------
    model : type of Section
        Section of the schema.
    name : str
        Field of the section.
    value : object
        Value in SI.

    Returns
    -------
    object
        Text with a unit, or the value itself where it has none.
    """
    from orbit.units import from_si
    from sim.config.quantity import Quantity

    for annotation in model.model_fields[name].metadata:
        if isinstance(annotation, Quantity) and annotation.unit != "1":
            return from_si(float(value), annotation.unit)
    return value
