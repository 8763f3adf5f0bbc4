"""Where each variable lies in the arrays of a run: rows, sums over the fleet and the recorder, from the declarations.

A tile of satellites lies in one array, work[row, satellite]. A compiler that sees one base and constant offsets needs no
proof that rows do not overlap, and vectorises. The functions that load, store and add up one satellite's variables are
written here from the declarations, one line a variable; `source()` shows them.
"""

from __future__ import annotations

import linecache
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import inlined
from sim.schema import RESOLUTION, FleetSeries, SatelliteSeries, Total, Variable

NONE_YET = 1e300  # of a largest or smallest value that no step has given yet


@dataclass(frozen=True, slots=True)
class Column:
    """One sum over the fleet: of a variable, weighted by the available share of the step or not, in whole counts."""

    variable: Variable
    series: FleetSeries

    @property
    def weighted(self) -> bool:
        """Whether values are weighted by the available share of the step."""
        return self.series.how == "available mean"

    @property
    def counts_per_unit(self) -> float:
        """Counts per unit of the variable."""
        return RESOLUTION[self.variable.unit]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest value of a variable over the available satellites of a step."""

    variable: Variable
    series: FleetSeries

    @property
    def largest(self) -> bool:
        """Whether the largest value is kept, not the smallest."""
        return self.series.how == "largest available"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One value that the recorder keeps of a satellite at a frame."""

    variable: Variable
    series: SatelliteSeries


class Rows:
    """Row numbers by name, in the order of the declarations.

    `carried` are the rows that persist from step to step: states, then totals. `work` has these and the scratch rows of
    a step: inputs, and the values that fleet sums and the recorder read.

    Parameters
    ----------
    variables : sequence of Variable
        Declared variables.
    controls : sequence of str
        Names of the inputs that a caller fills.

    Raises
    ------
    ValueError
        If a state or total is declared twice.
    """

    def __init__(self, variables: Sequence[Variable], controls: Sequence[str]) -> None:
        self.variables = tuple(variables)
        self.states = tuple(v for v in variables if v.kind == "state")
        self.totals: tuple[tuple[Variable, Total], ...] = tuple((v, t) for v in variables for t in v.totals)
        names = [v.name for v in self.states] + [t.name for _, t in self.totals]
        if len(set(names)) != len(names):
            raise ValueError(f"a state or total is declared twice: {sorted(n for n in names if names.count(n) > 1)}")
        self.carried = {name: row for row, name in enumerate(names)}
        self.columns = tuple(
            Column(v, f) for v in variables for f in v.fleet if f.how in ("sum", "mean", "available mean")
        )
        self.extremes = tuple(
            Extreme(v, f) for v in variables for f in v.fleet if f.how in ("largest available", "smallest available")
        )
        self.recorded = tuple(Recorded(v, r) for v in variables for r in v.recorded)
        self.controls = {name: row for row, name in enumerate(controls)}
        self.first_control = len(names)
        scratch = [(c.variable.name, c.weighted) for c in self.columns]
        scratch += [(r.variable.name, False) for r in self.recorded if r.variable.kind != "state"]
        scratch += [(e.variable.name, False) for e in self.extremes if e.variable.kind != "state"]
        first = self.first_control + len(controls)
        self.scratch = {key: first + row for row, key in enumerate(dict.fromkeys(scratch))}
        self.end_position = first + len(self.scratch)  # three rows: the position at the end of the step
        self.work = self.end_position + 3

    @property
    def ledger(self) -> dict[str, int]:
        """Carried row of each cause that satellites record for themselves, seconds of the whole satellite."""
        return {v.cause: self.carried[t.name] for v, t in self.totals if v.cause and t.how == "integral"}

    @property
    def scale(self) -> NDArray[np.float64]:
        """Counts per unit of each column."""
        return np.array([c.counts_per_unit for c in self.columns])

    def row_of(self, variable: Variable) -> int:
        """Row of `work` that holds a variable after a step.

        Parameters
        ----------
        variable : Variable
            A state, or a flux that is summed or recorded.

        Returns
        -------
        int
            Number of the row.
        """
        return self.carried[variable.name] if variable.kind == "state" else self.scratch[variable.name, False]

    def initial_totals(self) -> dict[str, float]:
        """Values that totals start from.

        Returns
        -------
        dict of str to float
            Value of each total by name.
        """
        start = {"largest": -NONE_YET, "largest available": -NONE_YET, "smallest": NONE_YET, "smallest available": NONE_YET}
        return {t.name: start.get(t.how, 0.0) for _, t in self.totals}


# --- functions written from declarations ------------------------------------------------------------------------------

_SOURCES: dict[str, str] = {}


def record(module: str, name: str, fields: Iterable[str] | Mapping[str, Any], doc: str) -> Any:
    """A named tuple whose fields follow from declarations, which a type checker cannot see.

    Parameters
    ----------
    module : str
        `__name__` of the module that holds it: compiled code is kept on disk by the module and name of what it is given.
    name : str
        Name of the class.
    fields : iterable of str, or mapping of str to type
        Names of the fields, which are float, or names with types.
    doc : str
        What the fields are, with units.

    Returns
    -------
    type
        The class.

    Examples
    --------
    >>> record(__name__, "Pair", ["low", "high"], "A range.")(1.0, 2.0)
    Pair(low=1.0, high=2.0)
    """
    typed = fields if isinstance(fields, Mapping) else dict.fromkeys(fields, float)
    found: Any = namedtuple(name, list(typed), module=module)  # type: ignore[misc]
    found.__annotations__, found.__doc__ = dict(typed), doc
    return found


def source(name: str) -> str:
    """Source text of a function generated from declarations, for readers and error messages.

    Parameters
    ----------
    name : str
        Name of the function.

    Returns
    -------
    str
        The text.
    """
    return _SOURCES[name]


def written(name: str, arguments: str, lines: Iterable[str], names: Mapping[str, Any]) -> Any:
    """Scalar function compiled from lines of source.

    Parameters
    ----------
    name : str
        Name of the function.
    arguments : str
        Its arguments, separated by commas.
    lines : iterable of str
        Lines of its body.
    names : mapping of str to Any
        Functions and classes that the lines use.

    Returns
    -------
    callable
        The inlined function.
    """
    text = f"def {name}({arguments}):\n" + "\n".join(f"    {line}" for line in lines) + "\n"
    file = f"<written from declarations: {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    _SOURCES[name] = text
    scope = dict(names) | {"__name__": __name__}
    exec(compile(text, file, "exec"), scope)
    return inlined(scope[name])


def loader(name: str, record: type, rows: Mapping[str, int]) -> Any:
    """Function (work, i) that returns a record filled from rows of `work` by the names of its fields.

    Parameters
    ----------
    name : str
        Name of the function.
    record : type
        Named tuple to fill.
    rows : mapping of str to int
        Row of each field; a field without one is 0.

    Returns
    -------
    callable
        The inlined function.
    """
    fields = ", ".join(f"{f}=work[{rows[f]}, i]" if f in rows else f"{f}=0.0" for f in record._fields)  # type: ignore[attr-defined]
    return written(name, "work, i", [f"return Record({fields})"], {"Record": record})


def keeper(name: str, rows: Mapping[str, int]) -> Any:
    """Function (work, i, record) that stores fields of a record in rows of `work`.

    Parameters
    ----------
    name : str
        Name of the function.
    rows : mapping of str to int
        Row of each field to store.

    Returns
    -------
    callable
        The inlined function.
    """
    lines = [f"work[{row}, i] = record.{field}" for field, row in rows.items()]
    return written(name, "work, i, record", lines or ["pass"], {})


def binder(name: str, record: type, sources: Mapping[str, Sequence[str]]) -> Any:
    """Function that returns a record whose fields come from the arguments that have them.

    Parameters
    ----------
    name : str
        Name of the function.
    record : type
        Named tuple to fill.
    sources : mapping of str to sequence of str
        Names of the arguments, in order, each with the names of its fields; the last that has a field gives it.

    Returns
    -------
    callable
        The inlined function.

    Raises
    ------
    ValueError
        If no argument has one of the fields.
    """
    origin = {field: argument for argument, fields in sources.items() for field in fields}
    names: Sequence[str] = record._fields  # type: ignore[attr-defined]
    missing = [field for field in names if field not in origin]
    if missing:
        raise ValueError(f"{record.__name__}: nothing writes {', '.join(missing)}")
    fields = ", ".join(f"{field}={origin[field]}.{field}" for field in names)
    return written(name, ", ".join(sources), [f"return Record({fields})"], {"Record": record})


def chooser(name: str, record: type) -> Any:
    """Function (condition, a, b) that returns a where the condition holds, else b, field by field.

    Parameters
    ----------
    name : str
        Name of the function.
    record : type
        Named tuple of both.

    Returns
    -------
    callable
        The inlined function.
    """
    fields = ", ".join(f"a.{f} if condition else b.{f}" for f in record._fields)  # type: ignore[attr-defined]
    return written(name, "condition, a, b", [f"return Record({fields})"], {"Record": record})


def flat(record: Any) -> NDArray[np.float64]:
    """Numbers of a named tuple of floats and named tuples, in order.

    Parameters
    ----------
    record : named tuple
        The record.

    Returns
    -------
    ndarray, shape (n,)
        Its numbers.
    """
    return np.array([x for value in record for x in (flat(value) if isinstance(value, tuple) else (value,))], dtype=float)


def unpacker(name: str, record: type, kinds: Mapping[str, type]) -> Any:
    """Function (values) that makes a record from the numbers that `flat` gives.

    An array is a cheap argument of a compiled function; a hundred separate floats are not.

    Parameters
    ----------
    name : str
        Name of the function.
    record : type
        Named tuple to make.
    kinds : mapping of str to type
        Named tuples of its fields, by the field's name; other fields are floats.

    Returns
    -------
    callable
        The inlined function.
    """
    names: dict[str, Any] = {}

    def text(kind: type, at: int, fields: Mapping[str, Any]) -> tuple[str, int]:
        names[kind.__name__], parts = kind, []
        for field in kind._fields:  # type: ignore[attr-defined]
            of_field = fields.get(field, float)
            if hasattr(of_field, "_fields"):
                part, at = text(of_field, at, get_type_hints(of_field))
            else:
                part, at = f"values[{at}]", at + 1
            parts.append(part)
        return f"{kind.__name__}({', '.join(parts)})", at

    return written(name, "values", [f"return {text(record, 0, kinds)[0]}"], names)


def storer(rows: Rows, where: Mapping[str, str]) -> Any:
    """Function (work, i, state, inputs, fluxes, step_s) that stores, sums and publishes one satellite's step.

    Parameters
    ----------
    rows : Rows
        Rows of the run.
    where : mapping of str to str
        Argument that holds each variable, by its name.

    Returns
    -------
    callable
        The inlined function.
    """

    def value(variable: Variable) -> str:
        return f"{where[variable.name]}.{variable.name}"

    lines = [f"work[{rows.carried[v.name]}, i] = {value(v)}" for v in rows.states]
    for v, total in rows.totals:
        cell, x = f"work[{rows.carried[total.name]}, i]", value(v)
        match total.how:
            case "integral":
                lines.append(f"{cell} += {x} * step_s")
            case "available integral":
                lines.append(f"{cell} += inputs.available * {x} * step_s")
            case "largest":
                lines.append(f"{cell} = max({cell}, {x})")
            case "smallest":
                lines.append(f"{cell} = min({cell}, {x})")
            case "largest available":
                lines.append(f"{cell} = max({cell}, {x} if inputs.available > 0.0 else {-NONE_YET})")
            case "smallest available":
                lines.append(f"{cell} = min({cell}, {x} if inputs.available > 0.0 else {NONE_YET})")
    by_name = {v.name: v for v in rows.variables}
    for (name, weighted), row in rows.scratch.items():
        lines.append(f"work[{row}, i] = {'inputs.available * ' if weighted else ''}{value(by_name[name])}")
    return written("store", "work, i, state, inputs, fluxes, step_s", lines, {})


Reduction = Literal["largest", "smallest"]
