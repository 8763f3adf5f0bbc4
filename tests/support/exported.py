"""Exports of results that several tests share: each folder is opened once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.exports import registry
from sim.exports.opened import Opened, Options


@lru_cache(maxsize=8)
def opened_once(folder: Path) -> Opened:
    """A results folder that no test changes."""
    return Opened(folder)


def export(folder: Path, name: str, out: Path, options: Options | None = None) -> dict[str, Any]:
    """`sim.exports.registry.export` of a folder that no test changes."""
    return registry.export(opened_once(folder), name, out, options)
