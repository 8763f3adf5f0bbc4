"""Tables of measured kernels that ship with the package: efficiency over sizes, and interpolation between sizes.

`tools/build_kernel_tables.py` writes one file for each chip; its header says where the measurements come from. Plain
Python, so that a scenario can be checked without numpy. [aiconfigurator2026]
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from math import exp, log
from typing import Any, NamedTuple

FOLDER = resources.files("sim.workload") / "data"
SUFFIX = ".kernels.json"


class Grid(NamedTuple):
    """Values over a grid of sizes."""

    lows: tuple[float, ...]  # smallest size of each axis
    highs: tuple[float, ...]  # largest
    axes: tuple[tuple[float, ...], ...]  # logarithms of the sizes, rising
    values: tuple[float, ...]  # logarithms, the last axis fastest

    def __hash__(self) -> int:
        """Identity: a grid is built once, and hashing its values would take longer than interpolation."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        """Identity, as `__hash__`."""
        return self is other


class ChipTable(NamedTuple):
    """Measured kernels of a chip."""

    name: str  # of the table
    peak_flops: Mapping[str, float]  # printed dense peak of each precision, to which efficiencies refer
    memory_byte_s: float  # printed
    fabric_byte_s: float  # printed, of one accelerator in one direction
    grids: Mapping[str, Grid]  # share of the roofline, or duration [s] of collectives, by the name of the kernel
    provenance: Mapping[str, Any]

    def __hash__(self) -> int:
        """Identity: tables are read once."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        """Identity, as `__hash__`."""
        return self is other

    def __repr__(self) -> str:
        """The name: what a table holds is fixed."""
        return f"ChipTable({self.name!r})"


def table_names() -> list[str]:
    """Names of the tables that ship.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> "h100-sxm" in table_names()
    True
    """
    return sorted(item.name.removesuffix(SUFFIX) for item in FOLDER.iterdir() if item.name.endswith(SUFFIX))


@cache
def chip_table(name: str) -> ChipTable:
    """Read a table.

    Parameters
    ----------
    name : str
        One of `table_names`.

    Returns
    -------
    ChipTable
        The table.

    Raises
    ------
    KeyError
        If there is none of that name.

    Examples
    --------
    >>> chip_table("h100-sxm").peak_flops["bf16"]
    989000000000000.0
    """
    if name not in table_names():
        raise KeyError(name)
    return parse_table(name, json.loads((FOLDER / f"{name}{SUFFIX}").read_text("ascii")))


def parse_table(name: str, content: Mapping[str, Any]) -> ChipTable:
    """Table from the content of its file.

    Parameters
    ----------
    name : str
        Name of the table; tables of one name hold the same.
    content : mapping
        Parsed JSON, as `tools/build_kernel_tables.py` writes it.

    Returns
    -------
    ChipTable
        The table, with logarithms of sizes and values.
    """
    grids = {}
    for key, grid in content["tables"].items():
        axes = [[float(size) for size in sizes] for sizes in grid["axes"].values()]
        grids[key] = Grid(
            tuple(sizes[0] for sizes in axes),
            tuple(sizes[-1] for sizes in axes),
            tuple(tuple(map(log, sizes)) for sizes in axes),
            tuple(log(value * grid["unit"]) for value in grid["values"]),
        )
    return ChipTable(
        name, content["peak_flops"], content["memory_byte_s"], content["fabric_byte_s"], grids, content["provenance"]
    )


@lru_cache(maxsize=1 << 16)
def interpolate(grid: Grid, *sizes: float) -> float:
    """Value between the sizes of a grid: multilinear in logarithms, constant beyond the grid.

    Parameters
    ----------
    grid : Grid
        The values.
    *sizes : float
        One size for each axis, above 0.

    Returns
    -------
    float
        Value.

    Examples
    --------
    Between 1 and 4 the middle is 2, and the value there the geometric mean.

    >>> grid = Grid((1.0,), (4.0,), ((0.0, log(4.0)),), (log(0.1), log(0.9)))
    >>> round(interpolate(grid, 2.0), 9), round(interpolate(grid, 100.0), 9)
    (0.3, 0.9)
    """
    corners = [(0, 1.0)]  # index into the values, and weight
    for axis, size in zip(grid.axes, sizes, strict=True):
        count, x = len(axis), log(size)
        i = min(max(bisect_right(axis, x) - 1, 0), count - 1)
        part = 0.0 if i == count - 1 else max((x - axis[i]) / (axis[i + 1] - axis[i]), 0.0)
        steps = ((i, 1.0 - part), (i + 1, part)) if part > 0.0 else ((i, 1.0),)
        corners = [(index * count + j, weight * share) for index, weight in corners for j, share in steps]
    return exp(sum(weight * grid.values[index] for index, weight in corners))
