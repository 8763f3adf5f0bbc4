"""Provenance of numbers: every value of a scenario, or one field across all shipped scenarios."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.library import items
from sim.config.scenario import Datum, Loaded, load
from sim.config.yaml_tree import KINDS


def scenario_rows(loaded: Loaded) -> list[dict[str, Any]]:
    """Provenance of every number of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of dict
        scenario, field, value, unit, kind, source, low, high, note and origin of each number, in the order of the scenario.
    """
    return [_row(loaded.scenario.name, datum) for datum in loaded.data]


def field_rows(field: str) -> list[dict[str, Any]]:
    """Provenance of a field, or of all fields of a section, in every shipped scenario.

    Parameters
    ----------
    field : str
        Dotted name of a field or section.

    Returns
    -------
    list of dict
        Rows as in `scenario_rows`.

    Raises
    ------
    InputError
        If no shipped scenario has such a field.
    """
    matching, known = [], set()
    for name in items("scenarios"):
        for datum in load(name).data:
            known.add(datum.path)
            if datum.path == field or datum.path.startswith(field + "."):
                matching.append(_row(name, datum))
    if not matching:
        raise bad_input(Origin(field), "", f"no such scenario or field; {_near(field, known)}")
    return matching


def rows(target: str) -> list[dict[str, Any]]:
    """Provenance of a scenario or of a field.

    Parameters
    ----------
    target : str
        Name of a shipped scenario, path of a scenario file, results folder, or dotted name of a field or section.

    Returns
    -------
    list of dict
        Rows as in `scenario_rows`.

    Raises
    ------
    InputError
        If the scenario is invalid, or if there is no such field.

    Examples
    --------
    >>> {(row["scenario"], row["value"], row["unit"]) for row in rows("satellite.power.array.area")} >= {("suncatcher", 147, "m2")}
    True
    """
    named = target in items("scenarios") or target.endswith((".yaml", ".yml"))
    if named or os.path.isfile(Path(target) / "scenario.yaml"):
        return scenario_rows(load(target))
    return field_rows(target)


def by_kind(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How many numbers there are of each kind.

    Parameters
    ----------
    rows : list of dict
        Rows as in `scenario_rows`.

    Returns
    -------
    dict of str to int
        Counts of published, measured, derived, estimated, assumption and scenario (a value of the scenario itself), in this order; kinds
        without a number are left out.

    Examples
    --------
    >>> by_kind([{"kind": "assumption"}, {"kind": "derived"}, {"kind": "assumption"}])
    {'derived': 1, 'assumption': 2}
    """
    found = Counter(row["kind"] for row in rows)
    return {kind: found[kind] for kind in (*KINDS, "scenario") if found[kind]}


def _near(field: str, known: set[str]) -> str:
    advice = did_you_mean(field, known)
    if advice.startswith("did you mean"):
        return advice
    return "write a scenario's name or a field such as satellite.power.array.area"


def _row(scenario: str, datum: Datum) -> dict[str, Any]:
    row = asdict(datum)
    return {"scenario": scenario, "field": row.pop("path"), **row}
