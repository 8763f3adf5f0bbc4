"""Sweep files: a scenario, overrides shared by all points, and the fields that vary."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import Problem, did_you_mean
from sim.config.quantity import Count
from sim.config.yaml_tree import Node

Values = Annotated[list[Any], Field(min_length=1)]


class Sweep(BaseModel):
    """Fields of a scenario by dotted name, as `--set` takes them, each with its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$", description="Name of the study and of its folder")
    ]
    description: str = Field(default="", description="One line on what this is")
    scenario: Annotated[str, Field(description="A shipped scenario, or a path relative to this file")]
    set: Annotated[list[str], Field(description="Overrides of every point, such as 'duration=6 h'")] = []
    grid: Annotated[
        dict[str, Values],
        Field(description="Fields of the scenario with their values; every combination is a point, the last field fastest"),
    ] = {}
    zip: Annotated[dict[str, Values], Field(description="Fields that vary together, with lists of one length")] = {}
    seeds: Annotated[
        list[Annotated[int, Count(least=0, most=2**63 - 1)]], Field(description="Every point runs with each of these seeds")
    ] = []

    @model_validator(mode="after")
    def _one_axis_each(self) -> Sweep:
        if not (self.grid or self.zip or self.seeds):
            raise ValueError("nothing varies; write a field with its values under grid:")
        lengths = {name: len(values) for name, values in self.zip.items()}
        if len({*lengths.values()}) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            raise ValueError(f"lists under zip: differ in length ({counts}); write as many values for each")
        both = sorted({*self.grid} & {*self.zip})
        if both:
            raise ValueError(f"{', '.join(both)} stands under grid: and zip:; write it once")
        if self.seeds and "seed" in {**self.grid, **self.zip}:
            raise ValueError("seed stands beside seeds:; write one of them")
        if len({*self.seeds}) < len(self.seeds):
            raise ValueError("seeds: holds a number twice; write different ones")
        return self


def problems(error: ValidationError, root: Node) -> list[Problem]:
    """Convert pydantic's errors to problems with a location and advice.

    Parameters
    ----------
    error : ValidationError
        Errors of the sweep model.
    root : Node
        Tree of the sweep file.

    Returns
    -------
    list of Problem
        One problem for each wrong field.
    """
    listed = []
    for entry in error.errors():
        path = tuple(str(part) for part in entry["loc"])
        listed.append(Problem(yaml_tree.find(root, path).origin, ": ".join(path), _message(entry, path)))
    return listed


def _message(entry: Any, path: tuple[str, ...]) -> str:
    kind, shown = entry["type"], shortened(str(entry["input"]))
    if kind == "missing":
        return f"is missing; write `{path[-1]}: ...`"
    if kind == "extra_forbidden":
        return f"unknown key; {did_you_mean(path[-1], Sweep.model_fields)}"
    if kind == "value_error":
        return str(entry["ctx"]["error"])
    if kind == "list_type":
        return "is not a list; write [first, second, ...]"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return "is not a mapping; write fields with lists of values below it"
    if kind == "too_short":
        return "is empty; write at least one value"
    if kind == "string_pattern_mismatch":
        return f"'{shown}' is no name; write up to 200 letters, digits, '_', '.' and '-'"
    return f"'{shown}' does not fit ({entry['msg'][0].lower()}{entry['msg'][1:]}); write another value"


def sweep_schema() -> dict[str, Any]:
    """JSON Schema of sweep files, for editors.

    Returns
    -------
    dict of str to Any
        The schema; configs/sweep.schema.json holds the same.
    """
    schema = Sweep.model_json_schema()
    return {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Dawndusk sweep"}
