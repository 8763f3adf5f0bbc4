"""Scheduled events as people write them: actions, targets and the short form of an event."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

Action = Literal[
    "lose", "restore", "derate", "burn", "maneuver", "maintain", "corrupt", "withdraw", "reprioritise", "standdown", "hit", "scale",
]  # fmt: skip
ACTIONS: tuple[str, ...] = get_args(Action)
SPELLINGS = {"stand-down": "standdown"}  # of actions, and how they are read
MAINTENANCE_ACTIONS = ("maneuver", "maintain")  # of satellites that are healthy
CONTRACT_ACTIONS = ("withdraw", "reprioritise")  # of the owner of a site that is rented
MISSION_ACTIONS = ("standdown", "hit", "scale")  # which act over the years of a mission only
LAUNCHES = "launches"  # what stands down
EVERYWHERE = ("fleet", "all")  # targets of a common cause that hits the whole fleet, spares too

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
_WORDS = "|".join((*ACTIONS, *SPELLINGS))
_SHORT = re.compile(
    r"\s*(?P<at>\d\S*|\+\s*[\d.]\S*(?:\s*(?!" + _WORDS + r")[A-Za-z]+)?)\s+(?P<action>[a-z]+(?:-[a-z]+)?)\s+(?P<target>\S.*?)"
    r"(?:\s+for\s+(?P<duration>\d\S*(?:\s*[a-z]+)?))?\s*"
)
_TIME_LAST = re.compile(
    r"\s*(?P<what>(?:" + "|".join(CONTRACT_ACTIONS) + r")\s+\S.*?)\s+at\s+(?P<at>\d\S*|\+\s*[\d.]\S*(?:\s*[A-Za-z]+)?)(?P<rest>\s+for\s+.*)?\s*"
)
_SHARE = re.compile(r"(?P<share>\S+(?:\s*%)?)\s+of\s+(?P<target>\S.*)")
_BURN = re.compile(r"(?P<target>\S.*?)\s+by\s+(?P<delta_v>\S+(?:\s*[a-z/]+)?)(?:\s+(?P<direction>along-track|radial|cross-track))?")
_BY = re.compile(r"(?P<target>\S.*?)\s+by\s+(?P<by>\S+)")
_VALUE = re.compile(r"(?P<target>\S.*?)\s+to\s+(?P<to>\S+(?:\s*%)?)")


class EventTarget(NamedTuple):
    """A target as it is written; satellites are numbered from 0.

    Attributes
    ----------
    kind : what of the satellites `first` to `last` is concerned; a link joins the two; a station, a site or a process has a name instead,
        launches have neither.
    first, last : satellites; last -1: to the end. Both are the number of a plane where `plane` is true.
    object : name, designator or catalogue number of the satellite, instead of its number.
    site : name of the site of a contract.
    process : name of a failure process of the mission.
    """

    kind: Literal["satellites", "accelerators", "terminals", "link", "station", "site", "launches", "process"]
    first: int = 0
    last: int = -1
    plane: bool = False
    station: str = ""
    object: str = ""
    site: str = ""
    process: str = ""

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
    EventTarget(kind='accelerators', first=3, last=9, plane=False, station='', object='', site='', process='')
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
    >>> short_form("2028-06-01 hit fleet by storm-carrington")
    {'at': '2028-06-01', 'action': 'hit', 'target': 'fleet', 'cause': 'storm-carrington'}
    >>> short_form("2029-01-01 stand-down launches for 270 d")["action"]
    'standdown'
    """
    last = _TIME_LAST.fullmatch(text)
    if last is not None:
        text = f"{last['at']} {last['what']}{last['rest'] or ''}"
    matched = _SHORT.fullmatch(text)
    if matched is None:
        return None
    fields = {name: value for name, value in matched.groupdict().items() if value is not None}
    fields["action"] = SPELLINGS.get(fields["action"], fields["action"])
    if fields["action"] in ("hit", "scale"):
        by = _BY.fullmatch(fields["target"])
        name = "cause" if fields["action"] == "hit" else "times"
        return fields if by is None else fields | {"target": by["target"], name: by["by"]}
    if fields["action"] in CONTRACT_ACTIONS:
        part = None if parse_target(fields["target"]) is not None else _SHARE.fullmatch(fields["target"])
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
