"""Folders of a study: the unfinished one, which can be resumed, and the complete one with tables, definition and report."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input
from sim.output import rename_to_free
from sim.studies.definition import Study
from sim.studies.journal import NAME
from sim.studies.study_table import DIGESTED, StudyTable, read_study
from sim.studies.table import write_points, write_runtime

StudyWriter = Callable[[StudyTable, Path], None]


@dataclass(frozen=True)
class Finished:
    """A complete study: its folder, and the error of every point that failed."""

    folder: Path
    points: int
    failed: dict[int, str]


def part_folder(study: Study, out: str | Path | None) -> Path:
    """Folder of an unfinished study: the same for every attempt, so that it can be resumed.

    Parameters
    ----------
    study : Study
        The study.
    out : str, Path or None
        Folder of the finished study; None for a numbered one in `results`.

    Returns
    -------
    Path
        The folder, which may not exist.
    """
    if out is not None:
        return Path(out).parent / f".{Path(out).name}.part"
    return Path("results") / f".{study.spec.name}-{study.identity[:8]}.part"


def complete_folder(study: Study, out: str | Path | None) -> Path | None:
    """Folder of the same study, complete.

    Parameters
    ----------
    study : Study
        The study.
    out : str, Path or None
        Folder of the finished study; None for a numbered one in `results`.

    Returns
    -------
    Path or None
        The folder; None where there is none.

    Raises
    ------
    InputError
        If `out` holds something else.
    """
    if out is None:
        folders = sorted(Path("results").glob(f"{study.spec.name}-{study.identity[:8]}-*"))
        return folders[0] if folders else None
    if not Path(out).exists():
        return None
    if _identity(Path(out)) == study.identity:
        return Path(out)
    raise bad_input(
        Origin(f"--out {out}"), "", "exists already and is not this study; write another folder, or remove this one"
    )


def _identity(folder: Path) -> str:
    try:
        return str(json.loads((folder / "manifest.json").read_text("utf-8"))["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def existing_study(study: Study, out: str | Path | None, resume: bool) -> Finished | None:
    """Check the folders before anything runs.

    Parameters
    ----------
    study : Study
        The study.
    out : str, Path or None
        Folder of the finished study; None for a numbered one in `results`.
    resume : bool
        Whether to continue an unfinished study.

    Returns
    -------
    Finished or None
        The study, where it is already complete and is to be resumed.

    Raises
    ------
    InputError
        If a folder is in the way, or if there is nothing to resume.
    """
    whole, part = complete_folder(study, out), part_folder(study, out)
    if part.exists() and not resume:
        raise bad_input(
            Origin(str(part)), "", f"an unfinished study exists; add --resume to continue it, or remove {part}"
        )
    if whole is None and resume and not part.exists():
        other = "leave --resume out to start it" if out is not None else "write its folder with --out, or leave --resume out to start it"
        raise bad_input(Origin("--resume"), "", f"there is nothing to resume: no {part}; {other}")
    if whole is None or (part.exists() and out is None):
        return None
    if resume:
        return Finished(whole, len(study.points), _failures(whole))
    if out is not None:
        raise bad_input(Origin(f"--out {out}"), "", "exists already and holds this study; write another folder")
    return None


def _failures(folder: Path) -> dict[int, str]:
    import pyarrow.parquet as pq

    from sim.results.reader import check_files

    check_files(folder, DIGESTED)
    table = folder / "points.parquet"
    try:
        rows = pq.read_table(table, columns=["point", "error"]).to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise bad_input(
            Origin(str(table)),
            "",
            f"cannot be read ({str(error).splitlines()[0]}); remove the folder and run the sweep again",
        ) from None
    return {row["point"]: row["error"] for row in rows if row["error"] is not None}


def write_folder(
    study: Study,
    part: Path,
    out: str | Path | None,
    done: dict[int, dict[str, Any]],
    facts: dict[str, Any],
    report: StudyWriter | None = None,
) -> Finished:
    """Write tables, definition and report beside the journal, then rename the folder.

    Parameters
    ----------
    study : Study
        The study.
    part : Path
        Folder of the unfinished study, with its journal.
    out : str, Path or None
        Folder of the finished study; None for a numbered one in `results`.
    done : dict
        Journal entries by point, of all points.
    facts : dict
        Entries of the manifest about this run.
    report : callable, optional
        Writes the report.

    Returns
    -------
    Finished
        Folder and failed points.
    """
    from sim.config.scenario import load
    from sim.results.manifest import build_manifest
    from sim.results.store import digests, resolved_yaml, to_json

    failed = {p.index: done[p.index]["error"] for p in study.points if done[p.index]["error"] is not None}
    first = load(study.source, study.points[0].sets)
    write_points(study, done, part / "points.parquet")
    write_runtime(study, done, part / "runtime.parquet")
    (part / "scenario.yaml").write_text(resolved_yaml(first), encoding="utf-8")
    (part / "study.yaml").write_text(study_yaml(study), encoding="utf-8")
    manifest = {
        **build_manifest(first, facts), "identity": study.identity, "points": len(study.points), "failed": sorted(failed),
        "files": digests(part, DIGESTED),
    }  # fmt: skip
    (part / "manifest.json").write_text(to_json(manifest), encoding="utf-8")
    if report is not None:
        report(read_study(part), part / "report.html")
    target = rename_to_free(part, [Path(out)] if out is not None else _numbered_folders(study))
    (target / NAME).unlink()  # last: until the folder has its name, the study can be resumed from the journal
    return Finished(target, len(study.points), failed)


def _numbered_folders(study: Study) -> Iterator[Path]:
    """Names in `results`, in the order in which they are tried."""
    for number in itertools.count(1):
        yield Path("results") / f"{study.spec.name}-{study.identity[:8]}-{number}"


def study_yaml(study: Study) -> str:
    """Definition of a study, based on the resolved scenario beside it: a sweep with the same identity.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        YAML text.
    """
    from ruamel.yaml import YAML

    spec = study.spec
    content: dict[str, Any] = {"name": spec.name, "description": spec.description, "scenario": "scenario.yaml"}
    content.update({"grid": spec.grid, "zip": spec.zip, "seeds": spec.seeds})
    yaml = YAML()
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump({key: value for key, value in content.items() if value}, text)
    return text.getvalue()
