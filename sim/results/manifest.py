"""Manifest of a results folder: version, host, time and input files of one run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import sim
from orbit.data import earth_orientation_span
from sim.config import validation
from sim.config.scenario import Loaded
from sim.schema import SCHEMA_VERSION

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

SKIPPED_SHOWN = 20  # element sets left out that the manifest lists


def build_manifest(loaded: Loaded, run_facts: dict[str, Any]) -> dict[str, Any]:
    """What changes from run to run, and what is needed to repeat this run.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    run_facts : dict
        Entries about this run, such as its wall time.

    Returns
    -------
    dict
        Content of `manifest.json`.
    """
    span = earth_orientation_span()
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
        "peak_memory_bytes": _peak_memory_bytes(),
        "skipped_sets": [asdict(s) for s in loaded.catalogues.skipped[:SKIPPED_SHOWN]],
        "skipped_sets_count": len(loaded.catalogues.skipped),
        "earth_orientation": {
            "table_end": span.table_end.isoformat(),
            "measured_until": span.measured_until.isoformat(),
            "status": validation.orientation_status(loaded.scenario),
        },
        **run_facts,
    }


def _peak_memory_bytes() -> int | None:
    """Largest memory of this process; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _git_state() -> dict[str, Any] | None:
    """Commit of the checkout that the program runs from, and whether it has changes; None when installed."""
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
