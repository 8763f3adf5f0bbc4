"""Write the field reference docs/fields.md from the models of scenario files.

    python tools/build_fields.py

Every field is declared once, with its unit, limits and description, in `sim/config/schema`. The page has a table for each
section, in the order in which a scenario reaches them, then those of the files of ground sites and sweeps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "fields.md"
sys.path.insert(0, str(ROOT))

from pydantic import BaseModel  # noqa: E402
from pydantic.fields import FieldInfo  # noqa: E402

from sim.config import yaml_tree  # noqa: E402
from sim.config.library import defaults  # noqa: E402
from sim.config.quantity import Count, Quantity  # noqa: E402
from sim.config.schema import Scenario, Site  # noqa: E402
from sim.config.schema.sweep import Sweep  # noqa: E402

HEAD = """\
# Fields

Every field of a scenario, with the form of its value, its default and its meaning; [scenarios](scenarios.md) explains how a
file is put together. Written by `tools/build_fields.py`. Editors show the same texts: `dawndusk schema` prints the JSON Schema.

A quantity is written with a unit of its kind, as in the example. *Required* fields are given by the scenario, or by the
item that a section names or extends. *Optional* fields may be left out. A default in parentheses comes from
`configs/defaults.yaml`, where its source is.
"""
DEFAULTS = {"Launch": "launcher"}
"""Sections of defaults.yaml by model, beside those that have the name of the model."""


def sections() -> Iterator[type[BaseModel]]:
    """Models of a scenario, a site and a sweep; each once, before the models that its fields hold."""
    seen: dict[type[BaseModel], None] = {}

    def visit(model: type[BaseModel]) -> None:
        if model in seen:
            return
        seen[model] = None
        for field in model.model_fields.values():
            for inner in _models(field.annotation):
                visit(inner)

    for root in (Scenario, Site, Sweep):
        visit(root)
    return iter(seen)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """Models that a type may hold."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)


def _forms(kind: Any, metadata: tuple[Any, ...] = ()) -> list[str]:
    """Forms that a value may have, in words."""
    for mark in metadata:
        if isinstance(mark, Quantity):
            return [f"`{mark.example or '1 ' + mark.unit}`{_limits(mark)}"]
        if isinstance(mark, Count):
            return [f"whole number, 1 to {mark.most:,}"]
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "__metadata__"):  # Annotated
        return _forms(kind.__origin__, kind.__metadata__)
    if origin is Literal:
        return [", ".join(f"`{value}`" for value in inner)]
    if origin in (list, tuple):
        parts = [" or ".join(_forms(part)) for part in inner if part is not Ellipsis]
        return [f"list of {parts[0]}" if origin is list or Ellipsis in inner else f"[{', '.join(parts)}]"]
    if origin is dict:
        return [f"names with {' or '.join(_forms(inner[1]))}"]
    if inner:  # a union
        return [form for part in inner if part is not type(None) for form in _forms(part)]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [f"[{kind.__name__}](#{kind.__name__.lower()})"]
    return [{"str": "text", "bool": "`true`, `false`", "int": "whole number", "datetime": "time in UTC", "float": "length"}.get(
        getattr(kind, "__name__", ""), "any value")]  # fmt: skip


def _limits(quantity: Quantity) -> str:
    """Limits of a quantity, empty where there are none."""
    limits = (("above", quantity.above), ("at least", quantity.least), ("below", quantity.below), ("at most", quantity.most))
    texts = [f"{word} {quantity.shown(limit)}" for word, limit in limits if limit is not None]
    return f", {', '.join(texts)}" if texts else ""


def _given(shipped: dict[str, Any]) -> dict[type[BaseModel], dict[str, Any]]:
    """Defaults by model, those of sections inside sections too; none where two places give different ones."""
    found: dict[type[BaseModel], dict[str, Any]] = {}

    def visit(model: type[BaseModel], given: dict[str, Any]) -> None:
        found[model] = given if found.get(model, given) == given else {}
        for name, field in model.model_fields.items():
            if isinstance(given.get(name), dict):
                for inner in _models(field.annotation):
                    visit(inner, given[name])

    for model in sections():
        section = shipped.get(DEFAULTS.get(model.__name__, model.__name__.lower()))
        if section is not None:
            visit(model, section)
    return found


def _default(model: type[BaseModel], name: str, field: FieldInfo, given: dict[str, Any]) -> str:
    """Default of a field as it is written; "required" or "optional" where there is none."""
    if name in given and not isinstance(given[name], dict):
        return f"(`{given[name]}`)"
    if (model, name) == (Scenario, "environment"):
        return "`earth-mean`"
    if field.is_required():
        return "optional" if name in given and name != "lattice" else "required"
    if field.default_factory is not None or field.default in (None, "", [], {}):
        return "optional"
    quantity = next((mark for mark in field.metadata if isinstance(mark, Quantity)), None)
    value = quantity.shown(field.default) if quantity is not None else str(field.default)
    return f"`{value.lower() if isinstance(field.default, bool) else value}`"


def table(model: type[BaseModel], given: dict[str, Any]) -> str:
    """The section of one model: heading, what it is, and a row for each field."""
    summary = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    lines = [f"## {model.__name__}", "", summary, "", "| field | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        forms, default = " or ".join(_forms(field.annotation, tuple(field.metadata))), _default(model, name, field, given)
        usual = default.strip("()")
        if any(isinstance(mark, Quantity) for mark in field.metadata) and default.startswith("(") and " " in usual:
            forms = forms.replace(forms[: forms.index("`", 1) + 1], usual, 1)  # the shipped value is the best example
        lines.append(f"| `{name}` | {forms} | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The whole page."""
    given = _given(yaml_tree.plain(defaults()))
    return "\n".join([HEAD, *(table(model, given.get(model, {})) for model in sections())])


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
