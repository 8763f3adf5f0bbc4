"""The record of a model: what it is called, what it reads and writes in the step, where its equations come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """Models meet only through the names they read and write; the contract tests run over these records.

    `section` is the part of the scenario that parameterises the model; `refs` are keys of docs/references.bib with
    equation, table or chapter.
    """

    name: str
    params: type[Any]
    section: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    refs: tuple[str, ...]
