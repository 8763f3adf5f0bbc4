"""Scheduled events of a scenario: when, what happens, to which target; their text forms.

Targets are satellites, planes, accelerators of satellites, links, all links of satellites, ground stations, and the site of
a contract, which is withdrawn or reprioritised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from orbit.units import shortened
from sim.config.quantity import Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Section, Span
from sim.config.schema.event_text import (
    ACTIONS,
    CONTRACT_ACTIONS,
    EVERYWHERE,
    LAUNCHES,
    LONGEST_TARGET,
    MAINTENANCE_ACTIONS,
    MISSION_ACTIONS,
    SPELLINGS,
    TARGETS,
    Action,
    EventTarget,
    parse_target,
    short_form,
)
from sim.config.schema.lifetimes import CommonCause
from sim.config.schema.moments import FIRST_DAY, LAST_DAY, EventTime, relative_time
from sim.config.schema.orbits import Constellation, Ring, Walker, parts

__all__ = [
    "ACTIONS", "CONTRACT_ACTIONS", "EVERYWHERE", "FIRST_DAY", "LAST_DAY", "MAINTENANCE_ACTIONS", "MISSION_ACTIONS", "SPELLINGS", "Event",
    "EventTarget", "parse_target", "plane_blocks", "plane_satellites", "relative_time", "short_form",
]  # fmt: skip


def _spelt(action: Any) -> Any:
    return SPELLINGS.get(action, action) if isinstance(action, str) else action


class Event(Section):
    """A scheduled event: satellites, accelerators, links or stations are lost, restored or derated; satellites manoeuvre, are
    maintained, or compute something wrong; rented capacity is withdrawn. In a mission launches stand down, a common cause hits, processes are
    faster or slower."""

    at: EventTime = Field(description="Time of the event in UTC, or after the epoch: +6 h")
    action: Annotated[Action, BeforeValidator(_spelt)] = Field(
        description="What happens: lose the target, restore it, or derate it to a fraction; burn changes the orbit of satellites; maneuver: its "
        "accelerators pause; maintain: it is out of service, though healthy; corrupt: a silent error spoils what it computes; "
        "withdraw a share of a rented site, "
        "or reprioritise it: the owner's jobs come first; in a mission, withdraw satellites that work for somebody else; standdown: no launches; "
        "hit by a common cause; scale the rate of a failure process"
    )
    target: str = Field(
        description="What is concerned, such as satellite 17, satellites 3-9, all, plane 3, link 3-4 or "
        "station Dublin; numbers count from 0; to withdraw or reprioritise, the name of the site of the contract; launches stand down; a cause "
        "hits the fleet or satellites; a process that is scaled, by its name",
    )
    to: Fraction | None = Field(
        default=None, description="Fraction of the full rate that a derated target is left with, or accelerators during a manoeuvre"
    )
    share: Efficiency | None = Field(default=None, description="Share of the rented capacity that is withdrawn")
    notice: Span | None = Field(
        default=None, description="Time before a withdrawal at which the renter learns of it; without it, the notice of the contract"
    )
    duration: Annotated[float, Quantity("s", above=0.0, example="6 h")] | None = Field(
        default=None, description="Time after which a loss, derating, maintenance, stand-down or other rate ends; without it, it holds until it is "
        "restored"
    )

    cause: CommonCause | None = Field(default=None, description="Common cause that hits the target, by name or as a mapping; its scope is the target")
    times: Annotated[float, Quantity("1", least=0.0, most=1e6, example="2")] | None = Field(
        default=None, description="Factor on the rate of a process; those of events that hold at the same time multiply"
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
        target = parse_target(self.target)
        if self.action == "standdown":
            return EventTarget("launches")
        if self.action == "scale":
            return EventTarget("process", process=self.target.strip())
        if self.action == "hit" and self.target.strip() in EVERYWHERE:
            return EventTarget("satellites")
        if self.action in CONTRACT_ACTIONS and (target is None or self.action != "withdraw" or self.share is not None):
            return EventTarget("site", site=self.target.strip())
        assert target is not None  # checked when the event was read
        return target

    @property
    def of_contract(self) -> bool:
        """Whether the owner of a rented site acts; satellites that are withdrawn belong to a mission."""
        return self.action in CONTRACT_ACTIONS and self.parsed.kind == "site"

    @property
    def of_mission(self) -> bool:
        """Whether the event acts over the years of a mission only."""
        return self.action in MISSION_ACTIONS or (self.action == "withdraw" and self.parsed.kind != "site")

    @property
    def text(self) -> str:
        """The event as a person writes it, without its time."""
        words: list[str] = [self.action]
        words += [f"{100.0 * self.share:g}% of"] if self.share is not None else []
        words.append(" ".join(self.target.split()))
        words += [f"to {self.to:g}"] if self.to is not None else []
        words += [f"by {self.cause.name}"] if self.cause is not None else []
        words += [f"by {self.times:g}"] if self.times is not None else []
        words += [f"by {self.delta_v:g} m/s"] if self.delta_v is not None else []
        return " ".join([*words, *([f"for {_span(self.duration)}"] if self.duration is not None else [])])

    @field_validator("target", mode="before")
    @classmethod
    def _target_is_known(cls, target: Any, info: ValidationInfo) -> Any:
        if len(str(target)) > LONGEST_TARGET:
            raise ValueError(f"'{shortened(str(target))}' is no target; write {TARGETS}")
        action = info.data.get("action")
        if action == "standdown" and str(target).strip() != LAUNCHES:
            raise ValueError(f"'{shortened(str(target))}' does not stand down; write standdown launches")
        if action in (*CONTRACT_ACTIONS, "standdown", "scale") or (action == "hit" and str(target).strip() in EVERYWHERE):
            return target
        if re.fullmatch(r"link\s+(\d+)\s*-\s*0*\1", str(target).strip()):
            raise ValueError(f"'{shortened(str(target))}' joins a satellite to itself; write two different satellites")
        if parse_target(str(target)) is None:
            raise ValueError(f"'{shortened(str(target))}' is no target; write {TARGETS}")
        return target

    @model_validator(mode="after")
    def _of_a_mission(self) -> Event:
        for name, action in (("cause", "hit"), ("times", "scale")):
            given = getattr(self, name)
            if (self.action == action) != (given is not None):
                text = "hit fleet by storm-carrington" if action == "hit" else f"scale {self.target} by 2"
                what = f"needs `{name}`; write {text}" if self.action == action else f"takes no `{name}`; remove it"
                raise ValueError(f"{self.action} {what}")
        if self.action == "hit" and self.parsed.kind != "satellites":
            raise FieldError("target", f"'{self.target}' is not what a common cause hits; write fleet, or satellites such as plane 3")
        if self.action == "hit" and self.duration is not None:
            raise FieldError("duration", "follows from the common cause, whose key is lasts; remove it")
        if self.action == "withdraw" and parse_target(self.target) is not None:
            if self.share is not None:
                raise FieldError("share", f"is that of a rented site, and '{self.target}' are satellites; write withdraw satellites 0-8")
            if self.parsed.kind != "satellites":
                raise FieldError("target", f"'{self.target}' cannot be withdrawn; write whole satellites")
            if self.notice is not None:
                raise FieldError("notice", "is that of a contract; satellites are withdrawn at the time of the event: remove it")
        return self

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
        if (self.action == "withdraw" and self.parsed.kind == "site") != (self.share is not None):
            what = "needs `share`; write e.g. share: 50 %" if self.action == "withdraw" else "takes no `share`; remove it"
            raise ValueError(f"{self.action} {what}")
        if self.action != "withdraw" and self.notice is not None:
            raise FieldError("notice", f"{self.action} takes no `notice`; remove it")
        if self.action == "restore" and self.duration is not None:
            raise FieldError("duration", "restore takes no `duration`; write it with lose or derate, or remove it")
        return self


def _span(duration_s: float) -> str:
    """A duration in the largest unit that has few digits."""
    for unit, length_s in (("yr", 365.25 * 86400.0), ("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        number = duration_s / length_s
        if number >= 1.0 and abs(number - round(number, 2)) < 1e-9 * number:
            return f"{round(number, 2):g} {unit}"
    return f"{duration_s:g} s"


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
