"""The results folder: written atomically, read back without loss.

    summary.json  series.nc  events.parquet  scenario.yaml  manifest.json  report.html

What changes from run to run (time, host, memory, command) is in manifest.json only.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded
from sim.config.schema import Section
from sim.config.yaml_tree import Node
from sim.engine.outcome import Outcome
from sim.results import dataset as recorded
from sim.results import summary as metrics
from sim.results.manifest import build_manifest
from sim.schema import EVENT_COLUMNS, SCHEMA_VERSION

REQUIRED_KEYS = (
    "scenario", "satellites", "accelerators", "duration_s", "compute", "power", "thermal", "network", "ground", "workloads",
    "fleet", "design", "cost", "assumptions",
)  # fmt: skip


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
    return Results(metrics.summary(outcome), recorded.series(outcome), recorded.event_rows(outcome))


# --- writing -----------------------------------------------------------------------------------------------------------


def check_out(out: Path | None) -> None:
    """Check the output folder before anything is run.

    Parameters
    ----------
    out : Path or None
        The folder.

    Raises
    ------
    InputError
        If it exists.
    """
    if out is not None and out.exists():
        raise bad_input(Origin(f"--out {out}"), "", "exists already; write another folder, or remove this one")


@contextmanager
def new_folder(out: Path | None, name: str, sha256: str) -> Iterator[tuple[Path, list[Path]]]:
    """Context manager of a folder under a temporary name: renamed on success, removed on failure.

    Parameters
    ----------
    out : Path or None
        Final path; None for `results/NAME-HASH8-N` with the next free N.
    name : str
        Name of the scenario.
    sha256 : str
        Digest of the scenario.

    Yields
    ------
    folder : Path
        The temporary folder.
    final : list of Path
        Receives the final path.
    """
    parent = out.parent if out is not None else Path("results")
    parent.mkdir(parents=True, exist_ok=True)
    part = parent / f".{out.name if out is not None else name}.{os.getpid()}.part"
    part.mkdir()
    final: list[Path] = []
    try:
        yield part, final
        target = out
        number = 1
        while target is None:
            candidate = parent / f"{name}-{sha256[:8]}-{number}"
            if candidate.exists():
                number += 1
                continue
            target = candidate
        part.rename(target)
        final.append(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def write(
    outcome: Outcome,
    results: Results,
    out: Path | None,
    run_facts: dict[str, Any],
    report: ReportWriter | None,
) -> Results:
    """Write a results folder.

    Parameters
    ----------
    outcome : Outcome
        The run.
    results : Results
        Its results.
    out : Path or None
        Final path; None for a numbered folder in `results`.
    run_facts : dict
        Entries of the manifest about this run.
    report : callable or None
        Writes the report.

    Returns
    -------
    Results
        The results with folder and manifest.
    """
    loaded = outcome.loaded
    with new_folder(out, loaded.scenario.name, loaded.sha256) as (part, final):
        (part / "summary.json").write_text(to_json(results.summary), encoding="utf-8")
        write_series(results.series, part / "series.nc")
        _write_events(results.events, part / "events.parquet")
        (part / "scenario.yaml").write_text(resolved_yaml(loaded), encoding="utf-8")
        facts = build_manifest(loaded, run_facts)
        complete = Results(results.summary, results.series, results.events, facts, part)
        if report is not None:
            report(complete, part / "report.html")
        (part / "manifest.json").write_text(to_json(facts), encoding="utf-8")
    return Results(results.summary, results.series, results.events, facts, final[0])


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
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


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
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


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
    pq.write_table(table, path, compression="zstd")


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
    yaml.dump(convert(_with_defaults(loaded.tree, loaded.scenario)), text)
    return text.getvalue()


def _with_defaults(node: Node, section: Section) -> Node:
    """The tree with the scalar defaults that it leaves out."""
    children = dict(node.value)
    for name in type(section).model_fields:
        value = getattr(section, name)
        child = children.get(name)
        if isinstance(value, Section) and child is not None and not child.is_record:
            children[name] = _with_defaults(child, value)
        elif child is None and isinstance(value, bool | int | float | str):
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


# --- reading -----------------------------------------------------------------------------------------------------------


def read(folder: Path) -> Results:
    """Read a results folder.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    Results
        Its content.

    Raises
    ------
    InputError
        If it is not a results folder, is incomplete, or was written by another version of the format.
    """
    import pyarrow.parquet as pq

    for name in ("summary.json", "manifest.json", "series.nc", "events.parquet"):
        if not (folder / name).is_file():
            kind = (
                "is a study, not the results of a run"
                if (folder / "points.parquet").is_file()
                else f"is not a results folder: {name} is missing"
            )
            raise bad_input(Origin(str(folder)), "", f"{kind}; write the folder of a run")
    try:
        summary = dict(json.loads((folder / "summary.json").read_text("utf-8")))
        _check_version(folder, summary.get("schema_version"))
        facts = json.loads((folder / "manifest.json").read_text("utf-8"))
        with xr.open_dataset(folder / "series.nc", engine="h5netcdf", decode_times=False) as dataset:
            loaded = dataset.load()
        rows = pq.read_table(folder / "events.parquet").to_pylist()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise bad_input(
            Origin(str(folder)), "", f"is not a results folder ({error}); write the folder of a run"
        ) from None
    missing = [key for key in REQUIRED_KEYS if key not in summary]
    if missing:
        raise bad_input(
            Origin(str(folder / "summary.json")), "", f"is incomplete ({missing[0]} is missing); run the scenario again"
        )
    return Results(summary, recorded.with_dates(loaded), rows, facts, folder)


def _check_version(folder: Path, version: Any) -> None:
    if version != SCHEMA_VERSION:
        raise bad_input(
            Origin(str(folder)),
            "schema_version",
            f"is {version}, this program reads {SCHEMA_VERSION}; run the scenario again",
        )


def assumptions(results: Results) -> list[dict[str, Any]]:
    """Assumed numbers behind results.

    Parameters
    ----------
    results : Results
        Results with a folder.

    Returns
    -------
    list of dict
        Field and record of each assumption; empty without a folder.
    """
    if results.folder is None:
        return []
    root = yaml_tree.read(results.folder / "scenario.yaml")
    return [
        {
            "field": field_,
            **{key: child.value for key, child in yaml_tree.find(root, tuple(field_.split("."))).value.items()},
        }
        for field_ in results.summary["assumptions"]
    ]
