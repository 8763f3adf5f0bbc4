"""Differences between the inputs of two scenarios, independent of units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from orbit.units import UNITS
from sim.config import yaml_tree
from sim.config.yaml_tree import Node


@dataclass(frozen=True)
class Input:
    """One value of the scenario that differs, with kind and source where they are recorded."""

    field: str
    a: str | None
    b: str | None
    a_kind: str | None = None
    b_kind: str | None = None
    a_source: str | None = None
    b_source: str | None = None


def differing_inputs(a: Node | None, b: Node | None) -> tuple[Input, ...]:
    """Values of two resolved scenarios that differ.

    Parameters
    ----------
    a, b : Node or None
        Trees of the scenarios; None where unknown.

    Returns
    -------
    tuple of Input
        Values that differ, in the order of A's scenario, then those of B only; empty where a scenario is unknown.

    Examples
    --------
    The same duration in other units is no difference:

    >>> a, b = (yaml_tree.parse(text, "s") for text in ("{step: 60 s, seed: 1}", "{step: 1 min, seed: 2}"))
    >>> [(row.field, row.a, row.b) for row in differing_inputs(a, b)]
    [('seed', '1', '2')]
    """
    if a is None or b is None:
        return ()
    one, two = _leaves(a), _leaves(b)
    inputs = []
    for name in {**one, **two}:
        left, right = one.get(name), two.get(name)
        if left is not None and right is not None and _equal_values(yaml_tree.plain(left), yaml_tree.plain(right)):
            continue
        inputs.append(
            Input(
                field=name, a=_text(left), b=_text(right), a_kind=_record_entry(left, "kind"),
                b_kind=_record_entry(right, "kind"), a_source=_record_entry(left, "source"),
                b_source=_record_entry(right, "source"),
            )
        )  # fmt: skip
    return tuple(inputs)


def _leaves(root: Node) -> dict[str, Node]:
    """Every value by dotted name. Long lists, such as stations, are one value; constellation and workloads are not."""
    leaves: dict[str, Node] = {}

    def visit(node: Node, name: str) -> None:
        if node.is_map and not node.is_record:
            for key, child in node.value.items():
                if key != "description" and (name or key != "name"):
                    visit(child, f"{name}.{key}" if name else key)
        elif isinstance(node.value, list) and name in ("constellation", "workloads"):
            for i, child in enumerate(node.value):
                visit(child, name if len(node.value) == 1 else f"{name}.{i}")
        else:
            leaves[name] = node

    visit(root, "")
    return leaves


def _equal_values(a: Any, b: Any) -> bool:
    """Whether two values are equal, also in different units."""
    if a == b:
        return True
    if isinstance(a, list) or isinstance(b, list) or isinstance(a, dict) or isinstance(b, dict):
        return False
    one, two = _to_si(a), _to_si(b)
    return one is not None and two is not None and one[1] == two[1] and math.isclose(one[0], two[0], rel_tol=1e-12)


def _to_si(value: Any) -> tuple[float, str] | None:
    number, _, unit = str(value).partition(" ")
    base, factor = UNITS.get(unit.strip() or "1", ("", 0.0))
    try:
        return (float(number) * factor, base) if base else None
    except ValueError:
        return None


def _text(node: Node | None) -> str | None:
    if node is None:
        return None
    value = yaml_tree.plain(node)
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    return str(value)


def _record_entry(node: Node | None, key: str) -> str | None:
    entry = node.get(key) if node is not None and node.is_record else None
    return None if entry is None else str(entry.value)
