"""Published satellite catalogues: two-line elements, OMM and OEM. Files are checked and never repaired silently.

Reading needs neither numpy nor a propagator, so that a scenario is validated quickly; `elements` and `satellites` load
them.
"""

from orbit.catalog.common import BadLine, ElementSet, elements, satellites, semi_major_axis_m
from orbit.catalog.oem import Segment, Track, read_oem
from orbit.catalog.omm import read_omm
from orbit.catalog.tle import checksum, parse_tle, read_tle

__all__ = [
    "BadLine",
    "ElementSet",
    "Segment",
    "Track",
    "checksum",
    "elements",
    "parse_tle",
    "read_oem",
    "read_omm",
    "read_tle",
    "satellites",
    "semi_major_axis_m",
]
