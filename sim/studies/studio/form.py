"""A scenario as a form: every value that it is made of, with meaning, unit, range, source and what it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from sim.config import yaml_tree
from sim.config.library import named_items
from sim.config.quantity import Count, Quantity
from sim.config.resolve import NAMED
from sim.config.scenario import Loaded
from sim.config.yaml_tree import Node
from sim.results.store import with_scalar_defaults

LEFT_OUT = ("name", "description", "sha256", "extends", "kind")
"""Fields that hold no choice of the design."""


@dataclass(frozen=True)
class Field:
    """A value of a scenario.

    Attributes
    ----------
    path : str
        Dotted name, as `--set` takes it.
    text : str
        Value as it is written, with its unit.
    meaning : str
        What it is.
    form : str
        "number", "text", "switch" or "choice".
    choices : tuple of str
        What a choice may be.
    unit : str
        Unit of the value and of its range; empty without one.
    limits : str
        Limits in words; empty without any.
    kind, source, note : str
        How the number is known, and from where; empty where the scenario itself gives it.
    low, high : str
        Plausible range; empty without one.
    """

    path: str
    text: str
    meaning: str
    form: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    limits: str = ""
    kind: str = ""
    source: str = ""
    note: str = ""
    low: str = ""
    high: str = ""


def fields(loaded: Loaded) -> list[Field]:
    """Every value of a scenario, in its order; items that are given by name stand before what they consist of.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of Field
        The values.
    """
    return list(_of_section(with_scalar_defaults(loaded.tree, loaded.scenario), loaded.scenario, ()))


def _of_section(node: Node, section: BaseModel, path: tuple[str, ...]) -> Iterator[Field]:
    for name, of_field in type(section).model_fields.items():
        child, value = node.get(name), getattr(section, name)
        if child is None or name in LEFT_OUT:
            continue
        yield from _of_value(child, value, (*path, name), of_field.description or "", of_field.annotation, tuple(of_field.metadata))


def _of_value(node: Node, value: Any, path: tuple[str, ...], meaning: str, annotation: Any, marks: tuple[Any, ...]) -> Iterator[Field]:
    if isinstance(value, BaseModel):
        yield from _item(value, path, meaning)
        if node.is_map and not node.is_record:
            yield from _of_section(node, value, path)
    elif isinstance(value, list | tuple) and isinstance(node.value, list):
        for n, (child, one) in enumerate(zip(node.value, value, strict=False)):
            if isinstance(one, BaseModel) and child.is_map and not child.is_record:
                yield from _of_section(child, one, (*path, str(n)))
    elif isinstance(value, dict) and node.is_map and not node.is_record:
        for key, child in node.value.items():
            if isinstance(value.get(key), BaseModel) and child.is_map and not child.is_record:
                yield from _of_section(child, value[key], (*path, key))
            elif child.is_record or not isinstance(child.value, dict | list):
                yield _field(child, (*path, key), meaning, annotation, marks)
    elif node.is_record or not isinstance(node.value, dict | list):
        yield _field(node, path, meaning, annotation, marks)


def _item(value: BaseModel, path: tuple[str, ...], meaning: str) -> Iterator[Field]:
    """The choice of a shipped item, where the place takes one by name."""
    name = getattr(value, "name", None)
    for pattern, folder, kind in NAMED:
        fits = len(pattern) == len(path) and all(one in ("*", other) for one, other in zip(pattern, path, strict=True))
        if fits and isinstance(name, str):
            known = named_items(folder, kind)
            yield Field(".".join(path), name, meaning, "choice", tuple(dict.fromkeys([name, *known])))
            return


def _field(node: Node, path: tuple[str, ...], meaning: str, annotation: Any, marks: tuple[Any, ...]) -> Field:
    record = {key: child.value for key, child in node.value.items()} if node.is_record else {}
    plain = yaml_tree.plain(node)
    marks = (*marks, *_marks(annotation))
    quantity = next((mark for mark in marks if isinstance(mark, Quantity)), None)
    choices = _choices(annotation)
    if isinstance(plain, bool):
        form = "switch"
    elif choices:
        form = "choice"
    else:
        form = "number" if quantity is not None or isinstance(plain, int | float) or any(isinstance(m, Count) for m in marks) else "text"
    unit = str(record.get("unit", "")) or ("" if quantity is None else quantity.unit)
    return Field(
        path=".".join(path), text=_written(plain), meaning=meaning, form=form, choices=choices, unit="" if unit == "1" else unit,
        limits="" if quantity is None else limits(quantity), kind=str(record.get("kind", "")), source=str(record.get("source", "")),
        note=str(record.get("note") or ""), low=_written(record.get("low")), high=_written(record.get("high")),
    )  # fmt: skip


def _written(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _marks(annotation: Any) -> Iterator[Any]:
    """What is said of a type, or of the types that it holds."""
    yield from getattr(annotation, "__metadata__", ())
    for inner in get_args(annotation):
        if not isinstance(inner, Quantity | Count):
            yield from _marks(inner)


def _choices(annotation: Any) -> tuple[str, ...]:
    """Words that a type permits, alone or beside None."""
    if get_origin(annotation) is Literal:
        return tuple(str(word) for word in get_args(annotation) if isinstance(word, str))
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if len(inner) == 1 and get_origin(annotation) is not list:
        return _choices(inner[0])
    return ()


def limits(quantity: Quantity) -> str:
    """Limits of a quantity in words.

    Parameters
    ----------
    quantity : Quantity
        The quantity.

    Returns
    -------
    str
        Such as "above 0 m2, at most 5 m2"; empty without limits.

    Examples
    --------
    >>> limits(Quantity("m2", above=0.0, example="3 m2"))
    'above 0 m2'
    """
    all_ = (("above", quantity.above), ("at least", quantity.least), ("below", quantity.below), ("at most", quantity.most))
    return ", ".join(f"{word} {quantity.shown(limit)}" for word, limit in all_ if limit is not None)
