"""Scheduled events of a scenario: when, what happens, to which target; their text forms.

Targets are satellites, planes, accelerators of satellites, links, all links of satellites, ground stations, and the site of
a contract, which is withdrawn or reprioritised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from orbit.moments import read_moment
from orbit.units import shortened
from sim.config.quantity import Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Section, Span
from sim.config.schema.orbits import Constellation, Ring, Walker, parts

FIRST_DAY, LAST_DAY = date(1899, 7, 29), date(2053, 10, 9)  # span of DE421, over which Sun and Moon are checked

Action = Literal["lose", "restore", "derate", "burn", "maneuver", "maintain", "corrupt", "withdraw", "reprioritise"]
ACTIONS: tuple[str, ...] = get_args(Action)
MAINTENANCE_ACTIONS = ("maneuver", "maintain")  # of satellites that are healthy
CONTRACT_ACTIONS = ("withdraw", "reprioritise")  # of the owner of a site that is rented

LONGEST_TARGET = 200  # characters; names are shorter
TARGETS = (
    "'satellite 17', 'satellites 3-9', 'all', 'plane 3', 'satellite 17 accelerators', 'link 3-4', "
    "'links of satellite 4', 'station Dublin', or 'object 25544' by the catalogue number or name"
)
_SATELLITES = re.compile(
    r"(?P<links>links\s+of\s+)?"
    r"(?P<who>all|satellites?\s+(?P<first>\d{1,9})(?:\s*-\s*(?P<last>\d{1,9}))?|plane\s+(?P<plane>\d{1,9}))"
    r"(?P<accelerators>\s+accelerators)?",
    re.ASCII,
)
_LINK = re.compile(r"link\s+(\d{1,9})\s*-\s*(\d{1,9})", re.ASCII)
_STATION = re.compile(r"station\s+(\S.*)")
_OBJECT = re.compile(r"object\s+(\S.*)")
_SHORT = re.compile(
    r"\s*(?P<at>\d\S*|\+\s*[\d.]\S*(?:\s*(?!" + "|".join(ACTIONS) + r")[A-Za-z]+)?)\s+(?P<action>[a-z]+)\s+(?P<target>\S.*?)"
    r"(?:\s+for\s+(?P<duration>\d\S*(?:\s*[a-z]+)?))?\s*"
)
_TIME_LAST = re.compile(
    r"\s*(?P<what>(?:" + "|".join(CONTRACT_ACTIONS) + r")\s+\S.*?)\s+at\s+(?P<at>\d\S*|\+\s*[\d.]\S*(?:\s*[A-Za-z]+)?)(?P<rest>\s+for\s+.*)?\s*"
)
_SHARE = re.compile(r"(?P<share>\S+(?:\s*%)?)\s+of\s+(?P<target>\S.*)")
_BURN = re.compile(r"(?P<target>\S.*?)\s+by\s+(?P<delta_v>\S+(?:\s*[a-z/]+)?)(?:\s+(?P<direction>along-track|radial|cross-track))?")
_VALUE = re.compile(r"(?P<target>\S.*?)\s+to\s+(?P<to>\S+(?:\s*%)?)")


def _moment(value: Any) -> datetime:
    if value is None:
        raise ValueError("is empty; write a moment like 2026-12-21T00:00:00Z")
    moment = read_moment(value.isoformat() if isinstance(value, datetime) else str(value))
    if not FIRST_DAY <= moment.date() < LAST_DAY:
        raise ValueError(
            f"{moment.date()} is outside {FIRST_DAY} to {LAST_DAY - timedelta(days=1)}, over which the Sun is checked; write a moment in that span"
        )
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


EventTime = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-12-21T06:00Z", "+6 h"]}),
]


def relative_time(text: Any) -> float | None:
    """Seconds after the epoch of a time such as "+6 h".

    Parameters
    ----------
    text : object
        Time as written.

    Returns
    -------
    float or None
        Time after the epoch [s]; None for a date.

    Raises
    ------
    ValueError
        If a plus is followed by something that is no duration: what is wrong; what to write.

    Examples
    --------
    >>> relative_time("+90 min"), relative_time("2026-12-21T06:00Z")
    (5400.0, None)
    """
    if not isinstance(text, str) or not text.strip().startswith("+"):
        return None
    return Quantity("s", least=0.0, example="6 h").read(text.strip()[1:].strip())


class EventTarget(NamedTuple):
    """A target as it is written; satellites are numbered from 0.

    Attributes
    ----------
    kind : what of the satellites `first` to `last` is concerned; a link joins the two, a station or a site has a name instead.
    first, last : satellites; last -1: to the end. Both are the number of a plane where `plane` is true.
    object : name, designator or catalogue number of the satellite, instead of its number.
    site : name of the site of a contract.
    """

    kind: Literal["satellites", "accelerators", "terminals", "link", "station", "site"]
    first: int = 0
    last: int = -1
    plane: bool = False
    station: str = ""
    object: str = ""
    site: str = ""

    @property
    def of_satellites(self) -> bool:
        """Whether satellites themselves are concerned, in whole or in part, not what joins them."""
        return self.kind in ("satellites", "accelerators")


def parse_target(text: str) -> EventTarget | None:
    """A target from its text, or None where it is none.

    Parameters
    ----------
    text : str
        Text of the target, such as "satellites 0-8".

    Returns
    -------
    EventTarget or None
        The target; None where the text is none.

    Examples
    --------
    >>> parse_target("satellites 3-9 accelerators")
    EventTarget(kind='accelerators', first=3, last=9, plane=False, station='', object='', site='')
    """
    text = text.strip()
    station, link, matched = _STATION.fullmatch(text), _LINK.fullmatch(text), _SATELLITES.fullmatch(text)
    if station is not None:
        return EventTarget("station", station=station[1])
    named = _OBJECT.fullmatch(text)
    if named is not None:
        return EventTarget("satellites", object=named[1])
    if link is not None:
        first, last = sorted((int(link[1]), int(link[2])))
        return None if first == last else EventTarget("link", first, last)
    if matched is None or (matched["links"] and matched["accelerators"]):
        return None
    kind: Literal["satellites", "accelerators", "terminals"] = "satellites"
    if matched["links"] or matched["accelerators"]:
        kind = "terminals" if matched["links"] else "accelerators"
    if matched["plane"]:
        return EventTarget(kind, int(matched["plane"]), int(matched["plane"]), plane=True)
    if matched["who"] == "all":
        return EventTarget(kind)
    return EventTarget(kind, int(matched["first"]), int(matched["last"] or matched["first"]))


class Event(Section):
    """A scheduled event: satellites, accelerators, links or stations are lost, restored or derated; satellites manoeuvre, are
    maintained, or compute something wrong; rented capacity is withdrawn."""

    at: EventTime = Field(description="Time of the event in UTC, or after the epoch: +6 h")
    action: Action = Field(
        description="What happens: lose the target, restore it, or derate it to a fraction; burn changes the orbit of satellites; maneuver: its "
        "accelerators pause; maintain: it is out of service, though healthy; corrupt: a silent error spoils what it computes; "
        "withdraw a share of a rented site, "
        "or reprioritise it: the owner's jobs come first"
    )
    target: str = Field(
        description="What is concerned, such as satellite 17, satellites 3-9, all, plane 3, link 3-4 or "
        "station Dublin; numbers count from 0; to withdraw or reprioritise, the name of the site of the contract",
    )
    to: Fraction | None = Field(
        default=None, description="Fraction of the full rate that a derated target is left with, or accelerators during a manoeuvre"
    )
    share: Efficiency | None = Field(default=None, description="Share of the rented capacity that is withdrawn")
    notice: Span | None = Field(
        default=None, description="Time before a withdrawal at which the renter learns of it; without it, the notice of the contract"
    )
    duration: Annotated[float, Quantity("s", above=0.0, example="6 h")] | None = Field(
        default=None, description="Time after which a loss, derating or maintenance ends; without it, it holds until it is restored"
    )

    delta_v: Annotated[float, Quantity("m/s", least=-1e4, most=1e4, example="1.5 m/s")] | None = Field(
        default=None, description="Velocity change of a burn, negative against the direction"
    )
    direction: Literal["along-track", "radial", "cross-track"] | None = Field(
        default=None, description="Direction of a burn: of the motion, away from the Earth, or along the orbit normal; without it, along-track"
    )

    @property
    def parsed(self) -> EventTarget:
        """Target of the event."""
        if self.action in CONTRACT_ACTIONS:
            return EventTarget("site", site=self.target.strip())
        target = parse_target(self.target)
        assert target is not None  # checked when the event was read
        return target

    @field_validator("target", mode="before")
    @classmethod
    def _target_is_known(cls, target: Any, info: ValidationInfo) -> Any:
        if len(str(target)) > LONGEST_TARGET:
            raise ValueError(f"'{shortened(str(target))}' is no target; write {TARGETS}")
        if info.data.get("action") in CONTRACT_ACTIONS:
            return target
        if re.fullmatch(r"link\s+(\d+)\s*-\s*0*\1", str(target).strip()):
            raise ValueError(f"'{shortened(str(target))}' joins a satellite to itself; write two different satellites")
        if parse_target(str(target)) is None:
            raise ValueError(f"'{shortened(str(target))}' is no target; write {TARGETS}")
        return target

    @model_validator(mode="after")
    def _derate_has_a_fraction(self) -> Event:
        if self.action == "derate" and self.parsed.kind == "station":
            advice = f"write lose {self.target}, or derate the links of satellites"
            raise FieldError("action", f"a station cannot be derated; {advice}")
        if self.action in MAINTENANCE_ACTIONS and not self.parsed.of_satellites:
            raise FieldError("target", f"'{self.target}' does not compute; write satellites, or lose {self.target}")
        if self.action == "corrupt" and self.parsed.kind != "satellites":
            raise FieldError("target", f"'{self.target}' is not what a silent error strikes; write satellites")
        if self.action == "corrupt" and self.duration is not None:
            raise FieldError("duration", "a silent error lasts until a check finds it; remove it")
        if self.action == "maneuver" and self.parsed.kind == "accelerators":
            raise FieldError("target", "a manoeuvre is one of whole satellites; write them without 'accelerators', or maintain")
        if self.action != "maneuver" and (self.action == "derate") != (self.to is not None):
            what = (
                "needs `to`; write e.g. to: 0.5" if self.action == "derate" else f"takes no `to` ({self.to}); remove it"
            )
            raise ValueError(f"{self.action} {what}")
        if self.action == "burn" and self.parsed.kind != "satellites":
            raise FieldError("target", f"'{self.target}' has no thrusters; write satellites")
        if (self.action == "burn") != (self.delta_v is not None and self.delta_v != 0.0):
            what = "needs `delta_v`; write e.g. delta_v: 1.5 m/s" if self.action == "burn" else "takes no `delta_v`; remove it"
            raise ValueError(f"{self.action} {what}")
        if self.action != "burn" and self.direction is not None:
            raise FieldError("direction", f"{self.action} takes no `direction`; remove it")
        if self.action == "burn" and self.duration is not None:
            raise FieldError("duration", "follows from delta_v, mass and thrust; remove it")
        if (self.action == "withdraw") != (self.share is not None):
            what = "needs `share`; write e.g. share: 50 %" if self.action == "withdraw" else "takes no `share`; remove it"
            raise ValueError(f"{self.action} {what}")
        if self.action != "withdraw" and self.notice is not None:
            raise FieldError("notice", f"{self.action} takes no `notice`; remove it")
        if self.action == "restore" and self.duration is not None:
            raise FieldError("duration", "restore takes no `duration`; write it with lose or derate, or remove it")
        return self


def short_form(text: str) -> dict[str, str] | None:
    """The fields of an event in short form, or None where it is none.

    Parameters
    ----------
    text : str
        Text of the event, such as "2026-12-21T06:00Z lose satellite 17" or "+6 h lose plane 3 for 90 min".

    Returns
    -------
    dict of str to str or None
        Fields by name; None where the text is no event.

    Examples
    --------
    >>> short_form("2026-12-21T06:00Z derate satellite 17 accelerators to 0.875")["to"]
    '0.875'
    >>> short_form("+6 h lose plane 3 for 90 min")
    {'at': '+6 h', 'action': 'lose', 'target': 'plane 3', 'duration': '90 min'}
    >>> short_form("+6 h burn satellite 3 by 1.5 m/s")["delta_v"]
    '1.5 m/s'
    >>> short_form("withdraw 50% of colossus-1 at 2027-03-01")
    {'at': '2027-03-01', 'action': 'withdraw', 'target': 'colossus-1', 'share': '50%'}
    """
    last = _TIME_LAST.fullmatch(text)
    if last is not None:
        text = f"{last['at']} {last['what']}{last['rest'] or ''}"
    matched = _SHORT.fullmatch(text)
    if matched is None:
        return None
    fields = {name: value for name, value in matched.groupdict().items() if value is not None}
    if fields["action"] in CONTRACT_ACTIONS:
        part = _SHARE.fullmatch(fields["target"])
        return fields if part is None else fields | part.groupdict()
    if fields["action"] == "burn":
        burn = _BURN.fullmatch(fields["target"])
        return fields if burn is None else fields | {k: v for k, v in burn.groupdict().items() if v is not None}
    value = _VALUE.fullmatch(fields["target"])
    # the name of a station or an object may hold the word "to"
    named = any(form.fullmatch(fields["target"]) for form in (_STATION, _OBJECT))
    if value is not None and (fields["action"] in ("derate", "maneuver") or not named):
        fields |= value.groupdict()
    return fields


def plane_blocks(constellation: Sequence[Constellation], counts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Blocks of planes of a constellation: shells, and rings as one plane.

    Parameters
    ----------
    constellation : sequence of Constellation
        Entries of the constellation; planes are numbered through all of them in this order. Clusters and catalogues
        have none.
    counts : sequence of int
        Satellites of each entry.

    Returns
    -------
    list of tuple of int
        First satellite, number of planes, and satellites per plane of each block.
    """
    blocks, first = [], 0
    for entry, count in zip(constellation, counts, strict=True):
        begin = first
        for part in parts([entry]):
            if isinstance(part, Walker):
                blocks.append((begin, int(part.planes), int(part.satellites_per_plane)))
                begin += part.count
            elif isinstance(part, Ring):
                blocks.append((begin, 1, int(part.satellites)))
        first += count
    return blocks


def plane_satellites(blocks: Sequence[tuple[int, int, int]], plane: int) -> tuple[int, int] | None:
    """First and last satellite of a plane.

    Parameters
    ----------
    blocks : sequence of tuple of int
        Blocks of planes, see `plane_blocks`.
    plane : int
        Number of the plane, from 0.

    Returns
    -------
    tuple of int or None
        First and last satellite; None where there is no such plane.
    """
    for first, planes, slots in blocks:
        if plane < planes:
            return first + plane * slots, first + (plane + 1) * slots - 1
        plane -= planes
    return None
