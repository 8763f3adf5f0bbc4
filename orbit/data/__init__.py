"""Tables that ship with the package, and what they cover. Loads no numpy, so that a scenario can be checked without it."""

from __future__ import annotations

import json
import sys
import zipfile
from array import array
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

EARTH_ORIENTATION: Traversable = resources.files(__package__) / "earth_orientation.npz"
RADIATION: Traversable = resources.files(__package__) / "radiation.npz"


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


@cache
def leap_seconds() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Leap seconds of the shipped table of Earth orientation. [iersbulletinc]

    Returns
    -------
    days : tuple of int
        Days from which each TAI - UTC holds, modified Julian dates, rising.
    tai_minus_utc_s : tuple of int
        TAI - UTC [s].
    """
    with EARTH_ORIENTATION.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        days, offsets = (_integers(archive.read(f"{name}.npy")) for name in ("leap_mjd", "leap_tai_minus_utc_s"))
    return days, offsets


def _integers(data: bytes) -> tuple[int, ...]:
    """Content of a file of numpy's format 1.0 that holds 32-bit integers."""
    begin = 10 + int.from_bytes(data[8:10], "little")
    if not data.startswith(b"\x93NUMPY\x01\x00") or b"'<i4'" not in data[:begin]:
        raise ValueError("the table of leap seconds is not of 32-bit integers; run tools/build_earth_orientation.py")
    values = array("i", data[begin:])
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
