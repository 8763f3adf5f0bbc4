"""Verification case: name, computed value, reference value, largest difference allowed, and source of the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

Value = float | Callable[[], float]


@dataclass(frozen=True)
class Case:
    """A comparison; `ours` is computed when the case runs, `limit` applies to |ours - theirs| in `unit`. A limit that is
    a call, such as three standard errors of a sample, is computed after `ours`."""

    name: str
    ours: Callable[[], float]
    theirs: Value
    limit: Value
    unit: str
    source: str


@dataclass(frozen=True)
class Failed:
    """A case whose data are missing or unreadable; it is reported as beyond its limit."""

    name: str
    reason: str


def row(case: Case | Failed) -> dict[str, Any]:
    """Run a case.

    Parameters
    ----------
    case : Case or Failed
        The case.

    Returns
    -------
    dict
        Row as `dawndusk verify` prints it; a case that raises is a row that is not ok, with the reason as its source.

    Examples
    --------
    >>> result = row(Case("half of two", lambda: 1.0, 1.0, 1e-12, "1", "arithmetic"))
    >>> result["error"], result["ok"]
    (0.0, True)
    """
    if isinstance(case, Failed):
        return _row(case.name, None, None, None, None, "", case.reason, False)
    try:
        ours = float(case.ours())
        theirs = float(case.theirs() if callable(case.theirs) else case.theirs)
        limit = float(case.limit() if callable(case.limit) else case.limit)
    except Exception as error:  # any exception makes this a failed case; the others still run
        stated = None if callable(case.limit) else case.limit
        return _row(case.name, None, None, None, stated, case.unit, f"could not run: {error}", False)
    if not (isfinite(ours) and isfinite(theirs) and isfinite(limit)):
        return _row(case.name, None, None, None, limit if isfinite(limit) else None, case.unit, f"not finite: {ours} against {theirs}", False)
    error_ = abs(ours - theirs)
    return _row(case.name, ours, theirs, error_, limit, case.unit, case.source, error_ <= limit)


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
