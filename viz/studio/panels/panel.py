"""What a panel is: a name, a place on the page, and what it shows of a run and of the pinned baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PLACES = ("side", "below")


@dataclass(frozen=True)
class View:
    """What is shown.

    Attributes
    ----------
    results : Results
        Results of the shown variant.
    name : str
        Its name.
    baseline : Results or None
        Results of the pinned variant; None where it is the shown one, or none is pinned.
    baseline_name : str
        Its name.
    selection : tuple of int
        Numbers of the chosen satellites.
    dark : bool
        Whether the page is dark.
    """

    results: Any
    name: str
    baseline: Any | None
    baseline_name: str
    selection: tuple[int, ...]
    dark: bool


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes
    ----------
    name : str
        Short name, unique.
    title : str
        Heading.
    place : str
        One of `PLACES`.
    show : callable
        Gives the content for a view: a Dash component, or a list of them.
    follows_selection : bool
        Whether it changes with the chosen satellites.
    """

    name: str
    title: str
    place: str
    show: Callable[[View], Any]
    follows_selection: bool = False
