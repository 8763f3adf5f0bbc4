"""The results folder: written whole or not at all, read back as it was.

    summary.json  series.nc  events.parquet  scenario.yaml  manifest.json  report.html

What changes from run to run (time, host, memory, command) is in manifest.json only.
"""

from __future__ import annotations

import io
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import xarray as xr

import sim
from orbit.data import earth_orientation_span
from sim.config import validation, yaml_tree
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded
from sim.config.schema import Section
from sim.config.yaml_tree import Node
from sim.engine.uncoupled import Outcome
from sim.results import dataset as recorded
from sim.results import summary as metrics
from sim.schema import EVENT_COLUMNS, SCHEMA_VERSION

PACKAGES = (
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "sgp4",
    "xarray",
    "h5netcdf",
    "h5py",
    "pyarrow",
    "pydantic",
    "plotly",
)

SKIPPED_SHOWN = 20  # sets of a catalogue left out, told one by one in the manifest

WHOLE = (
    "scenario", "satellites", "accelerators", "duration_s", "compute", "power", "thermal", "network", "ground", "workloads",
    "fleet", "design", "cost", "assumptions",
)  # fmt: skip


@dataclass(frozen=True)
class Results:
    """A run's results, in memory or read from a folder. Times in `series` are milliseconds since its `epoch`."""

    summary: dict[str, Any]
    series: xr.Dataset
    events: list[dict[str, Any]]
    manifest: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def waterfall(self) -> list[dict[str, Any]]:
        return list(self.summary["compute"]["waterfall"])


ReportWriter = Callable[[Results, Path], None]


# --- from outcome to arrays ------------------------------------------------------------------------------------------


def of(outcome: Outcome) -> Results:
    """Results of a run that has just ended."""
    return Results(metrics.summary(outcome), recorded.series(outcome), recorded.event_rows(outcome))


# --- writing -----------------------------------------------------------------------------------------------------------


def check_out(out: Path | None) -> None:
    """Refuse a folder that exists, before anything is run."""
    if out is not None and out.exists():
        raise bad_input(Origin(f"--out {out}"), "", "exists already; write another folder, or remove this one")


@contextmanager
def new_folder(out: Path | None, name: str, sha256: str) -> Iterator[tuple[Path, list[Path]]]:
    """A folder under a temporary name, renamed when the block ends well and removed when it does not.

    The list receives the final path.
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
    """Write the folder; returns the results with folder and manifest."""
    loaded = outcome.loaded
    with new_folder(out, loaded.scenario.name, loaded.sha256) as (part, final):
        (part / "summary.json").write_text(to_json(results.summary), encoding="utf-8")
        write_series(results.series, part / "series.nc")
        _write_events(results.events, part / "events.parquet")
        (part / "scenario.yaml").write_text(resolved_yaml(loaded), encoding="utf-8")
        told = manifest(loaded, run_facts)
        complete = Results(results.summary, results.series, results.events, told, part)
        if report is not None:
            report(complete, part / "report.html")
        (part / "manifest.json").write_text(to_json(told), encoding="utf-8")
    return Results(results.summary, results.series, results.events, told, final[0])


def to_json(value: Any) -> str:
    """JSON as it is written everywhere: UTF-8, two spaces, no NaN."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_series(dataset: xr.Dataset, path: Path) -> None:
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
        pa.float64(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), pa.float64(), pa.string(),
    )  # fmt: skip
    table = pa.table(
        {name: pa.array([row[name] for row in rows], kind) for name, kind in zip(EVENT_COLUMNS, types, strict=True)}
    )
    pq.write_table(table, path, compression="zstd")


def resolved_yaml(loaded: Loaded) -> str:
    """The scenario with every name resolved and every default written out; it loads to the same sha256."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def convert(node: Node) -> Any:
        if node.is_map:
            made = CommentedMap((key, convert(child)) for key, child in node.value.items())
            if node.is_record:
                made.fa.set_flow_style()
            return made
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
    """The tree with scalar defaults that it leaves out written in."""
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
    """A default as one would write it: with its unit."""
    from orbit.units import from_si
    from sim.config.quantity import Quantity

    for note in model.model_fields[name].metadata:
        if isinstance(note, Quantity) and note.unit != "1":
            return from_si(float(value), note.unit)
    return value


def manifest(loaded: Loaded, run_facts: dict[str, Any]) -> dict[str, Any]:
    """What changes from run to run, and what is needed to repeat this one."""
    span = earth_orientation_span()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "schema_version": SCHEMA_VERSION,
        "version": sim.__version__,
        "git": _git_state(),
        "scenario_sha256": loaded.sha256,
        "seed": loaded.scenario.seed,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "host": {"machine": platform.machine(), "system": platform.platform(), "cpus": os.cpu_count()},
        "peak_memory_bytes": peak_kib * 1024,
        "skipped_sets": [asdict(s) for s in loaded.catalogues.skipped[:SKIPPED_SHOWN]],
        "skipped_sets_count": len(loaded.catalogues.skipped),
        "earth_orientation": {
            "table_end": span.table_end.isoformat(),
            "measured_until": span.measured_until.isoformat(),
            "status": validation.status(loaded.scenario),
        },
        **run_facts,
    }


def _git_state() -> dict[str, Any] | None:
    """Commit and dirt of the checkout the program runs from; null when it is installed."""
    home = Path(__file__).resolve().parents[2]
    if not (home / ".git").exists():
        return None
    try:
        commit, status = (
            subprocess.run(
                ["git", "-C", str(home), *args], capture_output=True, text=True, timeout=5, check=True
            ).stdout
            for args in (("rev-parse", "HEAD"), ("status", "--porcelain"))
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.strip(), "dirty": bool(status.strip())}


# --- reading -----------------------------------------------------------------------------------------------------------


def read(folder: Path) -> Results:
    """Results of a folder. Raises InputError if it is none."""
    import pyarrow.parquet as pq

    for name in ("summary.json", "manifest.json", "series.nc", "events.parquet"):
        if not (folder / name).is_file():
            kind = (
                "holds a study, no results"
                if (folder / "points.parquet").is_file()
                else f"is no results folder: {name} is missing"
            )
            raise bad_input(Origin(str(folder)), "", f"{kind}; write one that `dawndusk run` made")
    try:
        summary = dict(json.loads((folder / "summary.json").read_text("utf-8")))
        _check_version(folder, summary.get("schema_version"))
        told = json.loads((folder / "manifest.json").read_text("utf-8"))
        with xr.open_dataset(folder / "series.nc", engine="h5netcdf", decode_times=False) as dataset:
            loaded = dataset.load()
        rows = pq.read_table(folder / "events.parquet").to_pylist()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise bad_input(
            Origin(str(folder)), "", f"is no results folder ({error}); write one that `dawndusk run` made"
        ) from None
    missing = [key for key in WHOLE if key not in summary]
    if missing:
        raise bad_input(
            Origin(str(folder / "summary.json")), "", f"is not whole ({missing[0]} is missing); run the scenario again"
        )
    return Results(summary, loaded, rows, told, folder)


def _check_version(folder: Path, version: Any) -> None:
    if version != SCHEMA_VERSION:
        raise bad_input(
            Origin(str(folder)),
            "schema_version",
            f"is {version}, this program reads {SCHEMA_VERSION}; run the scenario again",
        )


def assumptions(results: Results) -> list[dict[str, Any]]:
    """Every assumed number behind results with a folder: field, and what its record says. Empty without a folder."""
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
