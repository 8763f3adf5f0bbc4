"""Spoil scenarios as YAML trees: keys removed, swapped, retyped, units exchanged, numbers out of range, nesting, text of all kinds."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

from sim.config import yaml_tree
from sim.config.library import items
from sim.config.yaml_tree import Node

Path = tuple[Any, ...]


class Raw(str):
    """Text that is written into YAML as it stands."""


NUMBERS = (0, -1, 1, 2, 1.5, -0.5, 1e-308, 1e308, -1e308, 10**18, -(10**18), math.nan, math.inf, -math.inf, Raw("9" * 400), Raw("1e999"), Raw("0x10"))
TEXTS = (
    "", " ", "x", "three", "null", "true", "all", "auto", "1.5.2", "2 300", "1,5", "é", "\u202egnp", "\U0001f6f0", "a\u0301", "\ud7ff", "a\nb", "\t",
    "../../etc/passwd", "/proc/self/environ", "/dev/zero", "x" * 5000, "%s%n", "{}", "suncatcher", "2026-12-21T00:00:00Z", "2026-02-30", "99:99",
    "satellite 99999999999999999999", "satellites 9-3", "2026-12-21T06:00Z lose satellite 17", "D:550:53:24/6/2", "S:1e9:9:1/1/1",
)  # fmt: skip
UNITS = ("m", "km", "nm", "kg", "s", "h", "d", "yr", "deg", "rad", "W", "MW", "K", "degC", "m2", "kWh", "USD", "%", "1", "furlong", "m m", "bit/s")
KEYS = ("name", "kind", "extends", "value", "unit", "low", "high", "source", "satellite", "altitude", "<<", "0", "", "é", "constellation", "points", "mesh")
FRAGMENTS = (
    "*missing", "&a [*a]", "!!python/object:os.system x", "? [a]\n: b", "{<<: 3}", "[[[[", "'", '"\\e[31m"', "- - -", "@", "`", "%", "|\n  text", "{a: 1, a: 2}", "\x00",
)  # fmt: skip
VALUES = (None, True, False, [], {}, [1], {"a": 1}, [[]], {"value": 1}, {"value": "x", "unit": "km"}, {"value": 1, "unit": 3, "low": "a"}, *NUMBERS, *TEXTS)


def raw(node: Node) -> Any:
    """A tree of plain values; records stay mappings."""
    if node.is_map:
        return {key: raw(child) for key, child in node.value.items()}
    return [raw(child) for child in node.value] if isinstance(node.value, list) else node.value


def shipped(folder: str) -> list[Any]:
    """Every shipped file of a folder of the configuration, as plain values."""
    return [raw(yaml_tree.read(path)) for path in items(folder).values()]


def written(value: Any) -> str:
    """YAML text of plain values, in flow style."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key if isinstance(key, Raw) else json.dumps(key)}: {written(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value)


def document(tree: dict[str, Any]) -> str:
    """YAML text of a file: a line for each section."""
    return "".join(f"{json.dumps(key)}: {written(value)}\n" for key, value in tree.items())


def spoil(draw: random.Random, tree: dict[str, Any], other: dict[str, Any]) -> str:
    """YAML text of a copy of a tree, spoilt in one to four places."""
    tree = _copy(tree)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        draw.choice(MUTATIONS)(draw, tree, other)
    text = document(tree)
    if draw.random() < 0.05:
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice(FRAGMENTS) + text[at + draw.randrange(3) :]
    return text


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in value.items()}
    return [_copy(child) for child in value] if isinstance(value, list) else value


def _paths(value: Any, path: Path = ()) -> list[Path]:
    """Paths of all values below a tree."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, child in children for p in ((*path, key), *_paths(child, (*path, key)))]


def _holder(tree: Any, path: Path) -> Any:
    for key in path[:-1]:
        tree = tree[key]
    return tree


def _at(tree: Any, path: Path) -> Any:
    return _holder(tree, path)[path[-1]]


def _set(tree: Any, path: Path, value: Any) -> None:
    _holder(tree, path)[path[-1]] = value


def _some_path(draw: random.Random, tree: Any) -> Path:
    paths = _paths(tree)
    return draw.choice(paths) if paths else ()


def _remove(draw: random.Random, tree: Any, other: Any) -> None:
    if path := _some_path(draw, tree):
        del _holder(tree, path)[path[-1]]


def _rename(draw: random.Random, tree: Any, other: Any) -> None:
    path = _some_path(draw, tree)
    if path and isinstance(holder := _holder(tree, path), dict):
        value = holder.pop(path[-1])
        new = draw.choice((draw.choice(KEYS), path[-1][:-1], path[-1] + "s", path[-1].upper(), draw.choice(TEXTS)))
        holder[Raw("<<") if new == "<<" else new] = value


def _repeat(draw: random.Random, tree: Any, other: Any) -> None:
    """The same key a second time, or an entry of a list many times."""
    if not (path := _some_path(draw, tree)):
        return
    holder = _holder(tree, path)
    if isinstance(holder, dict):
        holder[Raw(json.dumps(path[-1]))] = holder[path[-1]]
    else:
        holder += draw.choice((1, 2, 200)) * [_copy(holder[path[-1]])]


def _swap(draw: random.Random, tree: Any, other: Any) -> None:
    one, two = _some_path(draw, tree), _some_path(draw, tree)
    if one and two and one[: len(two)] != two and two[: len(one)] != one:
        a, b = _at(tree, one), _at(tree, two)
        _set(tree, one, b)
        _set(tree, two, a)


def _retype(draw: random.Random, tree: Any, other: Any) -> None:
    if path := _some_path(draw, tree):
        _set(tree, path, _copy(draw.choice(VALUES)))


def _wrap(draw: random.Random, tree: Any, other: Any) -> None:
    if not (path := _some_path(draw, tree)):
        return
    value = _at(tree, path)
    for _ in range(draw.choice((1, 2, 40))):
        value = [value] if draw.random() < 0.5 else {draw.choice(KEYS): value}
    _set(tree, path, value)


def _unit(draw: random.Random, tree: Any, other: Any) -> None:
    paths = [p for p in _paths(tree) if isinstance(v := _at(tree, p), str) and v[:1].isdigit()]
    if paths:
        path = draw.choice(paths)
        number = _at(tree, path).partition(" ")[0]
        _set(tree, path, draw.choice(("{} {}", "{}{}", "{} {} {}", "-{} {}", "{}e3 {}")).format(number, draw.choice(UNITS), draw.choice(UNITS)))


def _scale(draw: random.Random, tree: Any, other: Any) -> None:
    """A number many times larger or smaller, or of the other sign; in a quantity the number alone."""
    paths = [p for p in _paths(tree) if _number(_at(tree, p)) is not None]
    if not paths:
        return
    path = draw.choice(paths)
    value = _at(tree, path)
    number = (_number(value) or 0.0) * draw.choice((-1.0, 0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 2.0, 10.0, 1e3, 1e6, 1e12, 1e30, 1e300))
    unit = value.partition(" ")[2] if isinstance(value, str) else ""
    whole = isinstance(value, int) and abs(number) < 1e18
    _set(tree, path, f"{number!r} {unit}" if unit else int(number) if whole else number)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Raw):
        return None
    try:
        return float(value.partition(" ")[0] if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None


def _insert(draw: random.Random, tree: Any, other: Any) -> None:
    holders = [tree, *(v for p in _paths(tree) if isinstance(v := _at(tree, p), dict | list))]
    holder, value = draw.choice(holders), _copy(draw.choice(VALUES))
    if isinstance(holder, dict):
        holder[draw.choice(KEYS)] = value
    else:
        holder.insert(draw.randrange(len(holder) + 1), value)


def _transplant(draw: random.Random, tree: Any, other: Any) -> None:
    """A part of another file."""
    one, two = _some_path(draw, tree), _some_path(draw, other)
    if one and two:
        _set(tree, one, _copy(_at(other, two)))


MUTATIONS: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    _remove, _rename, _repeat, _swap, _retype, _retype, _wrap, _unit, _scale, _scale, _insert, _transplant,
)  # fmt: skip
