"""Input errors as data: location, field, what is wrong and what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from orbit.units import QUOTED, shortened

LONGEST_LINE = 2000  # characters of a message


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a file with line and column (from 1), or an option of the command line (line 0).

    Examples
    --------
    >>> str(Origin("leo.yaml", 3, 9)), str(Origin("--set step"))
    ('leo.yaml:3:9', '--set step')
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One input error. `message` reads "what is wrong; what to write".

    As text it is one line: what a terminal would not show, such as an escape, is written as in Python.

    Examples
    --------
    >>> str(Problem(Origin("leo.yaml", 3, 9), "step", "'60' has no unit; write '60 s'"))
    "leo.yaml:3:9: step: '60' has no unit; write '60 s'"
    """

    origin: Origin
    field: str
    message: str

    def __str__(self) -> str:
        return shortened(": ".join(part for part in (str(self.origin), self.field, self.message) if part), LONGEST_LINE)


class InputError(Exception):
    """All errors of one input; the command line prints a line for each and exits with 2.

    Parameters
    ----------
    problems : iterable of Problem
        The errors, in the order in which they are printed.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[list[Problem]]]:
        """From a worker process it comes with its problems, not only with their text."""
        return InputError, (self.problems,)


class RunError(Exception):
    """A run that could not be finished; the command line prints the message and exits with 1."""


def bad_input(origin: Origin, field: str, message: str) -> InputError:
    """Make an InputError with a single problem.

    Parameters
    ----------
    origin : Origin
        Where the value was written.
    field : str
        Dotted name of the field; may be empty.
    message : str
        What is wrong; what to write.

    Returns
    -------
    InputError
        The exception, to be raised by the caller.
    """
    return InputError([Problem(origin, field, message)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Advice for an unknown word: the known one that it begins or comes closest to, or the list of all.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What could have been written.

    Returns
    -------
    str
        `did you mean 'x'?`, or `write one of: ...` where nothing is close.

    Examples
    --------
    >>> did_you_mean("trainin", ["training", "inference"])
    "did you mean 'training'?"
    >>> did_you_mean("lat", ["latitude", "mask", "name"])
    "did you mean 'latitude'?"
    >>> did_you_mean("xyz", ["training", "inference"])
    'write one of: inference, training'
    """
    names, word = sorted(known), word[:QUOTED]
    begun = [n.lower() for n in names if len(word) > 2 and n.lower().startswith(word.lower())]  # lat for latitude
    close = begun or difflib.get_close_matches(word.lower(), [n.lower() for n in names], n=1, cutoff=0.6)
    if close:
        return f"did you mean '{next(n for n in names if n.lower() == close[0])}'?"
    return "write one of: " + ", ".join(names)
