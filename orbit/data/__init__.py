"""Tables that ship, and what they say of themselves. Loads no numpy, so that a scenario can be checked without it."""

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
    """Dates (0h UTC) of the table of Earth orientation: first, last measured, last predicted; and its source."""

    first: date
    measured_until: date
    table_end: date
    source: str


@cache
def earth_orientation_span() -> Span:
    """What the shipped table of Earth orientation covers. tools/build_earth_orientation.py makes it."""
    with EARTH_ORIENTATION.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        told = json.loads(archive.read("provenance.json"))
    first, measured_until, table_end = (date.fromisoformat(told[k]) for k in ("first", "measured_until", "table_end"))
    return Span(first, measured_until, table_end, told["source"])
