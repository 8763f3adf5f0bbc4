"""Ground stations: users, gateways of an operator, points of presence; how the fleet and the internet are reached from them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from orbit.units import UnitError, shortened, to_si
from sim.config.errors import did_you_mean
from sim.config.quantity import Count, Quantity
from sim.config.schema.base import LOW_M, Elevation, FieldError, Jurisdiction, Name, Section, Span
from sim.config.schema.radio import Radio, Telescope

Azimuth = Annotated[float, Quantity("rad", least=0.0, most=6.283185307179586, example="90 deg")]
MaskElevation = Annotated[float, Quantity("rad", least=-0.08726646259971647, most=1.5707963267948966, example="5 deg")]
Range = Annotated[float, Quantity("m", least=LOW_M, example="1260 km")]  # less reaches no orbit


class Station(Section):
    """A ground station."""

    name: Name = Field(description="Name of the station, used by events, station_pairs and results")
    operator: Name | None = Field(default=None, description="Who operates the station")
    jurisdiction: Jurisdiction | None = Field(
        default=None, description="Country in which it stands, as country code of ISO 3166"
    )
    role: Literal["user", "gateway", "pop"] = Field(
        default="user",
        description="What stands there: users or a station of one's own; a gateway, which joins satellites to the operator's network "
        "on the ground; a point of presence (pop), where that network meets the internet, without antennas",
    )
    pop: Name | None = Field(
        default=None,
        description="Point of presence that the traffic of a gateway goes to, or that the operator assigns to the users of a place; "
        "the name of a station with role: pop",
    )
    antennas: Annotated[int, Count(most=1000)] | None = Field(
        default=None, description="Antennas of a gateway: satellites that it serves at a time"
    )

    @model_validator(mode="before")
    @classmethod
    def _not_swapped(cls, values: Any) -> Any:
        """A latitude that can only be a longitude, beside a longitude that could be the latitude, is swapped with it."""
        try:
            latitude, longitude = (to_si(values[key], "rad") for key in ("latitude", "longitude"))
        except (KeyError, TypeError, UnitError):
            return values
        if abs(latitude) > math.pi / 2.0 >= abs(longitude):
            raise ValueError(
                f"latitude {values['latitude']} is beyond the pole: latitude and longitude are swapped; "
                f"write latitude: {values['longitude']}, longitude: {values['latitude']}"
            )
        return values

    latitude: Annotated[
        float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966, example="51.5 deg")
    ] = Field(
        description="Geodetic latitude (WGS 84), north positive"
    )
    longitude: Annotated[
        float, Quantity("rad", least=-6.283185307179586, most=6.283185307179586, example="-0.14 deg")
    ] = Field(
        description="Longitude, east positive"
    )
    height: Annotated[float, Quantity("m", least=-500.0, most=9000.0, example="30 m")] = Field(
        default=0.0, description="Height above the WGS 84 ellipsoid"
    )
    min_elevation: Elevation | None = Field(
        default=None, description="Lowest elevation at which satellites are used; overrides that of ground"
    )
    mask: list[tuple[Azimuth, MaskElevation]] | None = Field(
        default=None,
        description="Horizon mask: rows of azimuth (from north, clockwise) and lowest elevation, linear in between",
    )
    max_range: Range | None = Field(
        default=None, description="Largest slant range at which satellites are used; overrides that of ground"
    )

    users: Annotated[float, Quantity("1", least=0.0, example="9.0e6")] = Field(
        default=1.0, description="Users near the station, relative to those near the others: its share of a demand that varies over the day"
    )

    @model_validator(mode="after")
    def _fits_the_role(self) -> Station:
        if self.antennas is not None and self.role != "gateway":
            raise FieldError("antennas", f"are those of a gateway, and the role is {self.role}; write role: gateway, or remove antennas")
        if self.pop is not None and self.role == "pop":
            raise FieldError("pop", "is for gateways and users, and this station is a point of presence itself; remove it")
        return self

    @field_validator("mask", mode="before")
    @classmethod
    def _rows_of_two(cls, mask: Any) -> Any:
        """Check rows of two angles; report a flat list as one error, not two."""
        listed = mask if isinstance(mask, list) else [mask]
        wrong = [row for row in listed if not (isinstance(row, list | tuple) and len(row) == 2)]
        if mask is not None and (wrong or listed is not mask or not listed):
            what = shortened(repr(wrong[0] if wrong else mask))
            raise ValueError(
                f"{what} is no row of azimuth and elevation; write a list of rows, such as [[0 deg, 5 deg], [90 deg, 20 deg]]"
            )
        return mask

    @field_validator("mask")
    @classmethod
    def _ascending(cls, mask: list[tuple[float, float]] | None) -> list[tuple[float, float]] | None:
        for (before, _), (after, _) in pairwise(mask or []):
            if after <= before:
                raise ValueError(
                    f"azimuth {math.degrees(after):g} deg comes after {math.degrees(before):g} deg; "
                    "write rows in ascending order of azimuth, each once"
                )
        return mask


class Ground(Section):
    """Ground stations, their elevation and range limits, and pairs of stations."""

    stations: list[Station] = Field(description="Ground stations: the name of a shipped list, or a list of stations")
    min_elevation: Elevation = Field(
        default=0.17453292519943295, description="Lowest elevation at which stations use a satellite"
    )
    max_range: Range | None = Field(
        default=None, description="Largest slant range at which stations use a satellite; without it, there is no limit"
    )
    access: Literal["terminal", "gateway"] = Field(
        default="terminal",
        description="How users reach the fleet: terminal, from a terminal of their own to a satellite; gateway, over fibre to the gateway "
        "with the least delay, by way of its point of presence where it names one",
    )
    access_overhead: Span = Field(
        description="Part of the round trip of a user with a terminal beyond propagation: scheduling, queues, coding"
    )
    gateway_overhead: Span = Field(description="Part of the round trip through a gateway beyond propagation and fibre: modems, framing, routers")
    handover: Annotated[float, Quantity("s", above=0.0, most=3600.0, example="15 s")] | None = Field(
        default=None,
        description="Time between assignments of satellites to stations and of gateways to users, one of them 12 s after midnight UTC "
        "(Starlink: 15 s, at 12, 27, 42 and 57 s of each minute); what is lost before is replaced at once. null: the best ones in every step",
    )
    fibre_route: Annotated[float, Quantity("1", least=1.0, most=5.0, example="1.5")] | None = Field(
        default=None, description="Length of fibre between places over the great circle; without it, the rule of ITU-T Y.1541"
    )
    radio: Radio | None = Field(
        default=None,
        description="Radio between satellites and gateways, or all stations where none is a gateway; without it, all that is in view is in reach",
    )
    telescope: Telescope | None = Field(
        default=None, description="Laser link in place of `radio`, from satellites to telescopes of the same stations"
    )
    weather: Literal["simulated", "clear"] = Field(
        default="simulated",
        description="With radio or telescope: simulated, rain and clouds over time by site; clear, attenuation that is exceeded half of the "
        "time, no clouds",
    )
    link_rate: Annotated[float, Quantity("bit/s", above=0.0, example="20 Gbit/s")] | None = Field(
        default=None, description="Data rate of a station to its serving satellite, for weights, checkpoints and data that move"
    )
    station_pairs: list[list[str]] = Field(
        default_factory=list, description="Pairs of station names whose shortest route through space is recorded"
    )

    @field_validator("station_pairs", mode="before")
    @classmethod
    def _two_names_each(cls, pairs: Any) -> Any:
        """Check pairs of two names; report a flat list as one error, not two."""
        listed = pairs if isinstance(pairs, list) else [pairs]
        wrong = [p for p in listed if not (isinstance(p, list) and len(p) == 2 and all(isinstance(s, str) for s in p))]
        if wrong or listed is not pairs:
            what = shortened(repr(wrong[0] if wrong else pairs))
            raise ValueError(f"{what} is no pair of station names; write a list of pairs, such as [[London, Tokyo]]")
        return pairs

    @field_validator("stations")
    @classmethod
    def _named_once(cls, stations: list[Station]) -> list[Station]:
        names = [s.name for s in stations]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two stations are named '{name}'; write different names")
        return stations

    @model_validator(mode="after")
    def _has_one_link(self) -> Ground:
        if self.radio is not None and self.telescope is not None:
            raise FieldError("telescope", "stands in place of radio, and both are given; remove one of them")
        return self

    @model_validator(mode="after")
    def _has_gateways(self) -> Ground:
        if self.access == "gateway" and not any(s.role == "gateway" for s in self.stations):
            raise FieldError(
                "access", "users come over gateways, and no station is one; add a list of them, such as stations: [default, starlink-gateways, "
                "starlink-pops], or write access: terminal",
            )  # fmt: skip
        return self

    @model_validator(mode="after")
    def _pops_are_listed(self) -> Ground:
        pops = [s.name for s in self.stations if s.role == "pop"]
        for n, station in enumerate(self.stations):
            if station.pop is None or station.pop in pops:
                continue
            if pops:
                advice = did_you_mean(station.pop, pops)
            else:
                advice = "write a station with that name and role: pop, or add a list of them, such as stations: [starlink-gateways, starlink-pops]"
            raise FieldError(f"stations.{n}.pop", f"of {station.name}: no point of presence is named '{shortened(station.pop)}'; {advice}")
        return self
