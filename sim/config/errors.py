"""Bad input as data: every problem has a place, says what is wrong and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a file with line and column (from 1), or an option of the command line (line 0)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `message` reads "what is wrong; what to write"."""

    origin: Origin
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.origin), self.field, self.message) if part)


class InputError(Exception):
    """Every problem of one input at once; the command line prints a line each and exits with 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class RunError(Exception):
    """A run that could not be finished; the command line prints the line and exits with 1."""


def bad_input(origin: Origin, field: str, message: str) -> InputError:
    return InputError([Problem(origin, field, message)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the list of what is known where nothing is close."""
    names = sorted(known)
    close = difflib.get_close_matches(word.lower(), [n.lower() for n in names], n=1, cutoff=0.6)
    if close:
        return f"did you mean '{next(n for n in names if n.lower() == close[0])}'?"
    return "write one of: " + ", ".join(names)
