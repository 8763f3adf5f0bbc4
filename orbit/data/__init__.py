"""Tables that ship with the package, and what they cover. Loads no numpy, so that a scenario can be checked without it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

EARTH_ORIENTATION: Traversable = resources.files(__package__) / "earth_orientation.npz"


@dataclass(frozen=True, slots=True)
class Span:
    """Dates (0h UTC) that the table of Earth orientation covers.

    Attributes
    ----------
    first, measured_until, table_end : date
        First day, last measured day and last predicted day.
    source : str
        Where the table comes from.
    """

    first: date
    measured_until: date
    table_end: date
    source: str


@cache
def earth_orientation_span() -> Span:
    """Dates that the shipped table of Earth orientation covers. [iersbulletina]

    Returns
    -------
    Span
    """
    with EARTH_ORIENTATION.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        table = json.loads(archive.read("provenance.json"))
    first, measured_until, table_end = (date.fromisoformat(table[k]) for k in ("first", "measured_until", "table_end"))
    return Span(first, measured_until, table_end, table["source"])
