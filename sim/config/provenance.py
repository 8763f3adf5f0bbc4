"""Where the numbers come from: every value of a scenario, or one field across all shipped scenarios."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.library import items
from sim.config.scenario import Datum, Loaded, load


def of_scenario(loaded: Loaded) -> list[dict[str, Any]]:
    """A row for each number, in the order of the scenario."""
    return [_row(loaded.scenario.name, datum) for datum in loaded.data]


def of_field(field: str) -> list[dict[str, Any]]:
    """The rows of a field, or of all below a section, in every shipped scenario. Raises InputError if there is none."""
    rows, known = [], set()
    for name in items("scenarios"):
        for datum in load(name).data:
            known.add(datum.path)
            if datum.path == field or datum.path.startswith(field + "."):
                rows.append(_row(name, datum))
    if not rows:
        raise bad_input(Origin(field), "", f"no such scenario or field; {_near(field, known)}")
    return rows


def rows(target: str) -> list[dict[str, Any]]:
    """Rows for a scenario (name or path) or a field."""
    if target in items("scenarios") or target.endswith((".yaml", ".yml")):
        return of_scenario(load(target))
    return of_field(target)


def _near(field: str, known: set[str]) -> str:
    told = did_you_mean(field, known)
    return (
        told
        if told.startswith("did you mean")
        else "write a scenario's name or a field such as satellite.power.array.area"
    )


def _row(scenario: str, datum: Datum) -> dict[str, Any]:
    row = asdict(datum)
    return {"scenario": scenario, "field": row.pop("path"), **row}
