"""Orbits of satellites and locations of ground stations."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from orbit import formation_columns, formation_geometry
from orbit.catalog import semi_major_axis_m
from orbit.constants import EARTH_RADIUS_M
from orbit.units import shortened
from sim.config.quantity import Count, Quantity
from sim.config.schema.base import (
    HIGH_M,
    LOW_M,
    Altitude,
    FieldError,
    Fraction,
    Name,
    Section,
)

SSO_HIGH_M = 5_900e3  # above 5,980 km no inclination is sun-synchronous
TURN_RAD = 6.283185307179586
AGREE = 1e-3  # of the semi-major axis, within which an altitude and a mean motion say the same
MOST_SATELLITES = 10_000_000
MOST_SHELLS = 100  # of a code
CODE_EXAMPLE = "D:550:53.0:1584/22/17"
_DECIMAL, _COUNT = r"(\d{1,15}(?:\.\d{1,15})?)", r"(\d{1,15})"
_CODE = re.compile(rf"([DS]):{_DECIMAL}:{_DECIMAL}:{_COUNT}/{_COUNT}/{_COUNT}(?::{_DECIMAL})?", re.ASCII)


def local_time_text(value: Any) -> str:
    """Check a time of day.

    Parameters
    ----------
    value : object
        What was written.

    Returns
    -------
    str
        Hours and minutes.

    Raises
    ------
    ValueError
        If it is none: what is wrong; what to write.
    """
    if not isinstance(value, str) or re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value.strip()) is None:
        raise ValueError(f'{shortened(repr(value))} is not a time of day; write one like "06:00" (in quotes)')
    return value.strip()


LocalTime = Annotated[str, BeforeValidator(local_time_text), WithJsonSchema({"type": "string", "examples": ["06:00"]})]


def hours(local_time: str) -> float:
    """Hours of a time of day.

    Parameters
    ----------
    local_time : str
        Time of day, such as "06:30".

    Returns
    -------
    float
        Hours, 0 to 24.

    Examples
    --------
    >>> hours("06:30")
    6.5
    """
    hour, minute = local_time.split(":")
    return int(hour) + int(minute) / 60.0


_OFFSET = Quantity("m", least=-1e5, most=1e5, example="100 m")


class Lattice(Section):
    """Positions of the satellites of a formation when its chief crosses the equator northward."""

    shape: Literal["square", "hexagonal", "columns", "points"] = Field(
        default="square", description="Arrangement of the satellites in a plane, columns along the track that fill a ball, or a list of points"
    )
    spacing: Annotated[float, Quantity("m", least=1.0, most=1e5, example="200 m")] | None = Field(
        default=None, description="Largest distance to a neighbour during an orbit; for square and hexagonal. "
        "For columns the smallest distance of any two"
    )
    radius: Annotated[float, Quantity("m", above=0.0, most=1e5, example="1 km")] | None = Field(
        default=None, description="Along-track half-axis of the formation; the radial one is half as long. For columns the radius of the ball"
    )
    cross_track: Annotated[float, Quantity("m", least=0.0, most=1e5, example="500 m")] = Field(
        default=0.0,
        description="Cross-track amplitude of the satellites at the radial rim; 0 keeps all in the orbit plane",
    )
    tilt: Annotated[float, Quantity("rad", least=0.0, most=1.4, example="60 deg")] | None = Field(
        default=None,
        description="Angle between the plane of the formation and the orbit plane, in place of cross_track; at 60 deg the formation turns like "
        "a rigid disc and all distances stay as they are",
    )
    points: tuple[tuple[float, float, float], ...] | None = Field(
        default=None,
        description="Radial, along-track and cross-track offset of each satellite from the chief, or a file of "
        "such lines in metres",
    )
    keep_out: Annotated[float, Quantity("m", least=0.0, most=1e5, example="20 m")] = Field(
        default=0.0, description="Minimum separation that any two satellites of the formation must keep"
    )

    @field_validator("points", mode="before")
    @classmethod
    def _points(cls, rows: Any) -> Any:
        """Check rows of three lengths; report a wrong list once, not row by row."""
        if rows is None:
            return None
        if not isinstance(rows, list) or not rows:
            raise ValueError(f"{shortened(repr(rows))} is no list of points; write one, such as [[0 m, 0 m, 0 m], [0 m, 200 m, 0 m]]")
        points = []
        for i, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != 3:
                raise ValueError(
                    f"point {i} is {shortened(repr(row))}; write [radial, along-track, cross-track], such as [0 m, 200 m, 0 m]"
                )
            try:
                points.append(tuple(_OFFSET.read(x) for x in row))
            except ValueError as error:
                raise ValueError(f"point {i}: {error}") from None
        return tuple(points)

    @model_validator(mode="after")
    def _whole(self) -> Lattice:
        if self.shape == "points":
            if self.points is None:
                raise ValueError(
                    "points are missing; write points: [[0 m, 0 m, 0 m], [0 m, 200 m, 0 m]] or a file of them"
                )
            if self.radius is not None or self.cross_track or self.tilt is not None:
                raise ValueError("radius, cross_track and tilt go with square and hexagonal, not with points; remove them")
        elif self.points is not None:
            raise ValueError(f"points go with shape: points, not with {self.shape}; remove one")
        elif self.spacing is None or self.radius is None:
            missing = "spacing" if self.spacing is None else "radius"
            raise ValueError(f"{missing} is missing; write `{missing}: {'200 m' if missing == 'spacing' else '1 km'}`")
        if self.shape == "columns" and (self.tilt is not None or self.cross_track):
            raise ValueError("tilt and cross_track go with square and hexagonal, not with columns; remove them")
        if self.tilt is not None and self.cross_track:
            raise ValueError("tilt and cross_track both say how the formation leaves the orbit plane; write one of them")
        return self

    @property
    def cross_track_m(self) -> float:
        """Cross-track amplitude of the satellites at the radial rim [m], of cross_track or of the tilt."""
        if self.tilt is None or self.radius is None:
            return self.cross_track
        return formation_geometry.cross_track_of_tilt_m(self.tilt, self.radius)

    @property
    def disc(self) -> tuple[str, float, float]:
        """Shape, spacing and radius [m] of a square or hexagonal lattice."""
        assert self.spacing is not None
        assert self.radius is not None
        return self.shape, self.spacing, self.radius

    @property
    def count(self) -> int:
        """Number of satellites of one formation."""
        if self.points is not None:
            return len(self.points)
        shape, *size = self.disc
        return len(formation_columns.places(*size)) if shape == "columns" else formation_geometry.count(*self.disc)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...] | None:
        """Neighbours of points and of columns; None for a square or hexagonal lattice, whose neighbours follow from their places."""
        if self.shape == "columns":
            return formation_columns.pairs(*self.disc[1:])
        if self.points is None:
            return None
        return () if self.spacing is None else formation_geometry.near_points(self.points, self.spacing)


class StationKeeping(Section):
    """Inputs of the station-keeping delta-v estimate: drag and radiation pressure that differ between satellites."""

    density: Annotated[float, Quantity("kg/m3", least=0.0, example="1e-13 kg/m3")] | None = Field(
        default=None,
        description="Air density, mean over an orbit; without it, that of the atmosphere model at the solar "
        "activity in use",
    )
    drag: Annotated[float, Quantity("m2/kg", least=0.0, example="0.02 m2/kg")] | None = Field(
        default=None,
        description="Drag coefficient times frontal area per mass of a satellite; without it, by its attitude, areas and mass",
    )
    reflectivity: Annotated[float, Quantity("m2/kg", least=0.0, example="0.1 m2/kg")] = Field(
        description="Radiation pressure coefficient times sunlit area per mass of a satellite"
    )
    mismatch: Fraction = Field(description="Relative difference of drag and radiation pressure between two satellites")


class Entry(Section):
    """An entry of the constellation; its satellites are of one type."""

    satellite: Name | None = Field(
        default=None,
        description="Satellite type of this entry, a name under satellites; without it, the scenario's satellite",
    )


class Cluster(Entry):
    """A formation around a chief on a sun-synchronous orbit."""

    kind: Literal["cluster"] = Field(description="A formation around a chief on a sun-synchronous orbit")
    altitude: Annotated[float, Quantity("m", least=LOW_M, most=SSO_HIGH_M, example="650 km")] = Field(
        description="Height of the chief's mean circular orbit above the equatorial radius"
    )
    local_time: LocalTime = Field(description="Mean local time of the ascending node, hours and minutes in quotes")
    lattice: Lattice = Field(description="Positions of the satellites relative to the chief")
    clusters: Annotated[int, Count(most=100_000)] = Field(
        default=1, description="Number of such formations, evenly spaced along the orbit"
    )
    station_keeping: StationKeeping | None = Field(
        default=None, description="Inputs of the station-keeping delta-v estimate; without it, none is made"
    )

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.lattice.count * int(self.clusters)


class Ring(Entry):
    """Satellites evenly spaced along one sun-synchronous orbit."""

    kind: Literal["ring"] = Field(description="Satellites evenly spaced along one sun-synchronous orbit")
    altitude: Annotated[float, Quantity("m", least=LOW_M, most=SSO_HIGH_M, example="650 km")] = Field(
        description="Height of the mean circular orbit above the equatorial radius"
    )
    local_time: LocalTime = Field(description="Mean local time of the ascending node, hours and minutes in quotes")
    satellites: Annotated[int, Count()] = Field(description="Number of satellites on the ring")

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.satellites)


class Walker(Entry):
    """A shell of evenly spaced planes; delta spreads the nodes over 360 deg, star over 180 deg.

    Its size is given by altitude (moved by secular J2), or by mean_motion (mean elements, moved by SGP4); where both are
    given they must agree, and SGP4 moves it.
    """

    kind: Literal["walker"] = Field(description="A Walker shell: circular orbits in evenly spaced planes")
    altitude: Altitude | None = Field(
        default=None, description="Height of the mean circular orbit above the equatorial radius; this or mean_motion"
    )
    mean_motion: Annotated[float, Quantity("rad/s", above=0.0, most=0.01, example="14.8 rev/d")] | None = Field(
        default=None,
        description="Mean motion in the sense of SGP4, in place of altitude; the shell is then propagated by SGP4",
    )
    inclination: Annotated[float, Quantity("rad", least=0.0, most=3.141592653589793, example="53 deg")] = Field(
        description="Inclination of all planes"
    )
    planes: Annotated[int, Count()] = Field(description="Number of orbit planes")
    satellites_per_plane: Annotated[int, Count()] = Field(
        description="Number of satellites in each plane, evenly spaced"
    )
    phasing: Annotated[float, Quantity("1", least=0.0, example="1")] = Field(
        default=0.0,
        description="Walker phasing factor F: each plane is ahead of the one before by F slots divided by the "
        "number of planes",
    )
    stagger: Annotated[float, Quantity("1", least=0.0, below=1.0, example="0.5")] = Field(
        default=0.0, description="Further shift of every odd plane, as a share of the distance between two slots"
    )
    pattern: Literal["delta", "star"] = Field(
        default="delta", description="Spread of the ascending nodes: delta over 360 deg, star over 180 deg"
    )
    mean_anomaly: Annotated[float, Quantity("rad", least=0.0, most=TURN_RAD, example="45 deg")] = Field(
        default=0.0, description="Mean anomaly of satellite 0 at the epoch"
    )

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.planes) * int(self.satellites_per_plane)

    @model_validator(mode="after")
    def _one_size(self) -> Walker:
        if self.altitude is None and self.mean_motion is None:
            raise ValueError("needs altitude or mean_motion; write one of them, such as altitude: 550 km")
        if self.mean_motion is None:
            return self
        mean_m = semi_major_axis_m(self.mean_motion, self.inclination)
        motion = f"mean_motion {self.mean_motion * 86400.0 / TURN_RAD:.6g} rev/d"
        altitude_km = (mean_m - EARTH_RADIUS_M) / 1e3
        altitude = f"{altitude_km:.1f} km" if altitude_km < 1e6 else f"{altitude_km:.3g} km"
        if not LOW_M <= mean_m - EARTH_RADIUS_M <= HIGH_M:
            limits = f"from {LOW_M / 1e3:.0f} to {HIGH_M / 1e3:.0f} km"
            raise FieldError("mean_motion", f"{motion} is an orbit at {altitude}; write one {limits}, such as 15.06 rev/d")
        if self.altitude is not None and abs(mean_m - EARTH_RADIUS_M - self.altitude) > AGREE * mean_m:
            raise ValueError(
                f"altitude {self.altitude / 1e3:g} km and {motion} are in conflict: that mean motion is at {altitude}; write one "
                "of them"
            )
        return self

    @model_validator(mode="after")
    def _phasing_in_range(self) -> Walker:
        if not self.phasing.is_integer():
            whole = math.floor(self.phasing)
            raise FieldError(
                "phasing",
                f"phasing {self.phasing:g} is not a whole number of slots over all planes; write {whole} or {whole + 1}, "
                "or stagger: 0.5 for half a slot between neighbouring planes",
            )
        if self.phasing >= self.planes:
            raise FieldError(
                "phasing",
                f"phasing {self.phasing:g} is not below the number of planes {self.planes}; "
                f"write one from 0 to {self.planes - 1}",
            )
        return self


class Shorthand(Entry):
    """Walker shells in one string: D (delta) or S (star), altitude km, inclination deg, satellites/planes/phasing."""

    kind: Literal["shorthand"] = Field(description="Walker shells written as a code")
    code: Annotated[str, Field(examples=[CODE_EXAMPLE])] = Field(
        description="PATTERN:KM:DEG:SATELLITES/PLANES/PHASING with pattern D (delta) or S (star); shells joined by +"
    )

    @field_validator("code")
    @classmethod
    def _readable(cls, code: str) -> str:
        _shells(code)
        return code

    @property
    def shells(self) -> list[Walker]:
        """Shells of the code."""
        return _shells(self.code)

    @property
    def count(self) -> int:
        """Number of satellites."""
        return sum(shell.count for shell in self.shells)


def _shells(code: str) -> list[Walker]:
    """The shells of a constellation code. Raises ValueError with what is wrong and the allowed range. [piraux2026]"""
    shells = code.split("+")
    if len(shells) > MOST_SHELLS:
        raise ValueError(f"has {len(shells):,} shells; write at most {MOST_SHELLS}")
    return [_shell(text.strip()) for text in shells]


def _shell(text: str) -> Walker:
    matched, text = _CODE.fullmatch(text), shortened(text)
    if matched is None:
        form = "PATTERN:KM:DEG:SATELLITES/PLANES/PHASING"
        raise ValueError(f"'{text}' is no shell; write {form} with D (delta) or S (star), such as {CODE_EXAMPLE}")
    pattern, altitude, inclination, total, planes, phasing, anomaly = matched.groups()
    satellites, many, steps = int(total), int(planes), int(phasing)
    for what, value, least, most, unit in (
        ("altitude", float(altitude), LOW_M / 1e3, HIGH_M / 1e3, " km"), ("inclination", float(inclination), 0, 180, " deg"),
        ("number of satellites", satellites, 1, MOST_SATELLITES, ""), ("number of planes", many, 1, satellites, ""),
        ("phasing", steps, 0, many - 1, ""), ("mean anomaly", float(anomaly or 0), 0, 360, " deg"),
    ):  # fmt: skip
        if not least <= value <= most:
            raise ValueError(
                f"{what} {value:,.9g}{unit} of '{text}' is out of range; write one from {least:g} to {most:,.9g}{unit}"
            )
    if satellites % many:
        whole = max(1, round(satellites / many)) * many
        raise ValueError(
            f"{satellites} satellites of '{text}' do not divide into {many} planes; write e.g. {whole}/{many}"
        )
    return Walker.model_validate({
        "kind": "walker", "pattern": "delta" if pattern == "D" else "star", "altitude": f"{altitude} km",
        "inclination": f"{inclination} deg", "planes": many, "satellites_per_plane": satellites // many, "phasing": steps,
        "mean_anomaly": f"{anomaly or 0} deg",
    })  # fmt: skip


class Tle(Entry):
    """A catalogue of two-line elements."""

    kind: Literal["tle"] = Field(description="A catalogue of two-line element sets, propagated by SGP4")
    tle: Annotated[str, Field(examples=["catalogue.tle"])] = Field(
        description="Path of the catalogue, relative to the scenario file"
    )
    sha256: str | None = Field(
        default=None,
        description="SHA-256 of the file in hexadecimal; where given, a file with other content is refused",
    )


class Omm(Entry):
    """A catalogue of orbit mean-elements messages in JSON, XML, CSV or key = value; the form is found from the content."""

    kind: Literal["omm"] = Field(
        description="A catalogue of orbit mean-elements messages (JSON, XML, CSV or key = value), propagated by SGP4"
    )
    omm: Annotated[str, Field(examples=["catalogue.json"])] = Field(
        description="Path of the catalogue, relative to the scenario file"
    )
    sha256: str | None = Field(
        default=None,
        description="SHA-256 of the file in hexadecimal; where given, a file with other content is refused",
    )


class Oem(Entry):
    """Positions over time, as orbit ephemeris messages; outside their span satellites have no position and count as failed."""

    kind: Literal["oem"] = Field(
        description="Ephemerides as orbit ephemeris messages; outside their span satellites count as failed"
    )
    oem: Annotated[str, Field(examples=["fleet.oem"])] = Field(
        description="Path of the file, relative to the scenario file"
    )
    sha256: str | None = Field(
        default=None,
        description="SHA-256 of the file in hexadecimal; where given, a file with other content is refused",
    )


FILES = (Tle, Omm, Oem)  # kinds whose satellites are in a file, under a field that has the name of the kind
Constellation = Annotated[Cluster | Ring | Walker | Shorthand | Tle | Omm | Oem, Field(discriminator="kind")]


def parts(constellation: list[Constellation]) -> list[Constellation]:
    """Entries of a constellation, with the shells of a shorthand in its place.

    Parameters
    ----------
    constellation : list of Constellation
        Entries of the constellation.

    Returns
    -------
    list of Constellation
        Entries in order.
    """
    return [part for entry in constellation for part in (entry.shells if isinstance(entry, Shorthand) else [entry])]
