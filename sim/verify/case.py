"""A case of `dawndusk verify`: a name, what we compute, what it should be, how far they may differ, who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

Value = float | Callable[[], float]


@dataclass(frozen=True)
class Case:
    """`ours` is computed when the case runs; `limit` is on |ours - theirs| in `unit`."""

    name: str
    ours: Callable[[], float]
    theirs: Value
    limit: float
    unit: str
    source: str


@dataclass(frozen=True)
class Failed:
    """A case whose data are missing or unreadable: counted as beyond its limit."""

    name: str
    reason: str


def row(case: Case | Failed) -> dict[str, Any]:
    """The case as verify prints it; one that breaks is a row that is not ok, with the reason as its source."""
    if isinstance(case, Failed):
        return _row(case.name, None, None, None, None, "", case.reason, False)
    try:
        ours = float(case.ours())
        theirs = float(case.theirs() if callable(case.theirs) else case.theirs)
    except Exception as error:  # a case that cannot run is a failed case, whatever stopped it
        return _row(case.name, None, None, None, case.limit, case.unit, f"could not run: {error}", False)
    if not (isfinite(ours) and isfinite(theirs)):
        return _row(
            case.name, None, None, None, case.limit, case.unit, f"gave no finite number: {ours} against {theirs}", False
        )
    error_ = abs(ours - theirs)
    return _row(case.name, ours, theirs, error_, case.limit, case.unit, case.source, error_ <= case.limit)


def _row(
    name: str,
    ours: float | None,
    theirs: float | None,
    error: float | None,
    limit: float | None,
    unit: str,
    source: str,
    ok: bool,
) -> dict[str, Any]:
    return {
        "name": name, "ours": ours, "theirs": theirs, "error": error, "limit": limit, "unit": unit, "source": source, "ok": ok,
    }  # fmt: skip


Group = Callable[[Path | None], list[Case | Failed]]
