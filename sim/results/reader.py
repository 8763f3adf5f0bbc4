"""Reading a results folder: every file is checked against its digest in the manifest before it is used."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, bad_input
from sim.output import sha256_of
from sim.results import dataset as recorded
from sim.results.store import DIGESTED, Results
from sim.schema import CAUSES, SCHEMA_VERSION

if TYPE_CHECKING:
    pass

REQUIRED_KEYS = (
    "scenario", "satellites", "accelerators", "duration_s", "compute", "power", "thermal", "network", "ground", "workloads",
    "fleet", "design", "cost", "assumptions",
)  # fmt: skip
SUM_ERROR = 1e-6  # of the fractions of a waterfall; results are exact to 1e-9
MANIFEST_BYTES = 2**24  # a longer file is no manifest


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
        If it is not a results folder, is incomplete, was written by another version of the format, or holds a file
        that is not the one that the run wrote.
    """
    import pyarrow.parquet as pq
    import xarray as xr

    facts = check_files(folder, DIGESTED)
    try:
        summary = _json(folder / "summary.json")
        _check_version(folder, summary.get("schema_version"))
        # opened here, since pyarrow opens no path that is not UTF-8
        with (folder / "series.nc").open("rb") as file, xr.open_dataset(file, engine="h5netcdf", decode_times=False) as dataset:
            series = dataset.load()
        with (folder / "events.parquet").open("rb") as file:
            rows = pq.read_table(file).to_pylist()
    except InputError:
        raise
    except Exception as error:  # whatever the three libraries raise on files that are none of theirs
        reason = str(error).split("\n")[0][:200] or type(error).__name__
        raise bad_input(
            Origin(str(folder)), "", f"is not a results folder ({reason}); write the folder of a run"
        ) from None
    _check_summary(folder / "summary.json", summary)
    return Results(summary, recorded.with_dates(series), rows, facts, folder)


def check_files(folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Check the files of a folder, of a run or of a study, against the digests in its manifest.

    Parameters
    ----------
    folder : Path
        The folder.
    names : tuple of str
        Files that must be there.

    Returns
    -------
    dict
        Content of the manifest.

    Raises
    ------
    InputError
        If a file is missing or is not the one that was written.
    """
    for name in (*names, "manifest.json"):
        if not _is_file(folder / name):
            kind = (
                "is a study, not the results of a run"
                if _is_file(folder / "points.parquet")
                else f"is not a results folder: {name} is missing"
            )
            raise bad_input(Origin(str(folder)), "", f"{kind}; write the folder of a run")
    try:
        if (folder / "manifest.json").stat().st_size > MANIFEST_BYTES:
            raise ValueError("it is too long")
        facts = _json(folder / "manifest.json")
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error).split("\n")[0]
        raise bad_input(
            Origin(str(folder)), "", f"is not a results folder (manifest.json: {reason}); write the folder of a run"
        ) from None
    known = facts.get("files")
    if not isinstance(known, dict):
        raise bad_input(
            Origin(str(folder)), "",
            f"was written by an earlier version, without digests of its files; run it again: dawndusk run {folder / 'scenario.yaml'}",
        )  # fmt: skip
    for name in names:
        try:
            same = sha256_of(folder / name) == known.get(name)
        except OSError as error:
            raise bad_input(Origin(str(folder / name)), "", f"cannot be read ({error.strerror}); run it again") from None
        if not same:
            raise bad_input(
                Origin(str(folder / name)), "",
                "is not the file that the run wrote: damaged, edited, or of another run; run it again",
            )  # fmt: skip
    return facts


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _json(path: Path) -> dict[str, Any]:
    """A JSON object of a file.

    Raises
    ------
    ValueError
        If the file holds something else.
    """

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"{text} is not a number")

    value = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError("it holds no JSON object")
    return value


def _check_version(folder: Path, version: Any) -> None:
    if version != SCHEMA_VERSION:
        raise bad_input(
            Origin(str(folder)),
            "schema_version",
            f"is {version}, this program reads {SCHEMA_VERSION}; run the scenario again",
        )


def _check_summary(path: Path, summary: dict[str, Any]) -> None:
    """Check that the parts that are read are there, and that the waterfall adds up."""
    missing = [key for key in REQUIRED_KEYS if key not in summary]
    if missing:
        raise bad_input(Origin(str(path)), "", f"is incomplete ({missing[0]} is missing); run the scenario again")
    try:
        rows = summary["compute"]["waterfall"]
        fractions = [float(row["fraction"]) for row in rows]
        valid = (
            [row["cause"] for row in rows] == list(CAUSES)
            and all(-SUM_ERROR <= fraction <= 1.0 + SUM_ERROR for fraction in fractions)
            and math.isclose(sum(fractions), 1.0, abs_tol=SUM_ERROR)
            and math.isclose(summary["compute"]["useful_fraction"], fractions[-1], abs_tol=SUM_ERROR)
        )
    except (KeyError, TypeError, ValueError):
        valid = False
    if not valid:
        raise bad_input(
            Origin(str(path)), "compute.waterfall", "the fractions are not those of a run: they must add up to 1; run the scenario again"
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
