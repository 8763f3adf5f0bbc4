"""Record of a submodel: one physical effect of a satellite, in one file, and its part in the step.

A file holds the parameters (a named tuple of SI floats) and how they follow from the scenario, the variables that it
writes, the names of those that it reads, scalar functions (`advance`, and `limits` where it limits the rate) and its
references. Submodels import nothing of each other: they meet through the named tuples that `advance` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sim.schema import Variable


class Setup(NamedTuple):
    """Source of parameters: sections of the scenario as SI values, the length of a step, and the map of radiation, if there is one."""

    satellite: Any
    environment: Any
    step_s: float
    radiation: Any = None


@dataclass(frozen=True, slots=True)
class Submodel:
    """One effect as the step, the contract tests and the documentation know it.

    Attributes
    ----------
    name : str
        Name of its field in the satellite's parameters.
    section : str
        Part of the scenario that holds its parameters.
    parameters : callable
        From a `Setup` to a named tuple of SI floats.
    advance : callable
        Scalar function of one satellite and one step. Its arguments are named tuples known to the step (`state`,
        `inputs`, and what other submodels have written) and, last, its parameters; it returns a named tuple of `writes`.
    writes : tuple of Variable
        The variables that it writes, in the order of the fields that `advance` returns; no other submodel writes them.
    reads : tuple of str
        Names of the variables on which `advance` or `limits` depends.
    references : tuple of str
        Keys of docs/references.bib, with equation, table or chapter.
    limits : callable or None
        What it allows in the step ahead; arguments as those of `advance`.
    adds : tuple of (str, str)
        Written powers [W] that add to a load: ("heater_w", "bus_w") draws at the bus and warms the coolant,
        ("leakage_change_w", "chip_w") is drawn by the accelerators. A submodel that adds is an effect: it is asked with
        the temperatures forecast for the end of the step, until these no longer change.
    consequence : bool
        Whether it only follows from what the step did: it is asked last, and nothing in the step depends on it.
    """

    name: str
    section: str
    parameters: Callable[[Setup], Any]
    advance: Callable[..., Any]
    writes: tuple[Variable, ...]
    reads: tuple[str, ...]
    references: tuple[str, ...]
    limits: Callable[..., Any] | None = None
    adds: tuple[tuple[str, Literal["bus_w", "chip_w", "battery_w"]], ...] = ()
    consequence: bool = False
