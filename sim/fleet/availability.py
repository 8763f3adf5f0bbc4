"""Availability of satellites, accelerators, links and stations: one type of change, whatever causes it.

Scenario events, random processes and decays all produce `AvailabilityChange`. Sources hand out their changes as the run
goes (`Source.until`); `FleetAvailability` keeps what each cause leaves of each target and combines them; `Timeline` plays
the changes step by step.

A silent error leaves everything available: it is handed on to those who compute (`SilentError`), unless the satellite is down.

A change whose cause is maintenance (a manoeuvre, an upgrade, safe mode) takes what failures leave, and is counted by itself.

Combination rule: each cause holds a remaining fraction for each target, 1 unless it said otherwise, and a target has the
product of what all causes leave. So a satellite that one cause lost for good does not return with the end of a reboot
that another cause drew. Changes of one instant take effect in the order given: of one cause the last one stays, and a loss
followed by a return is an interruption (a reboot).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SCENARIO: Final = "scenario"  # cause of listed events; events with a duration have a number after it
DECAY: Final = "decay"  # cause of a satellite that has no position any more
RADIATION: Final = "radiation"  # cause of errors by radiation
MAINTENANCE: Final = "maintenance"  # first word of causes by which a healthy satellite does not work
ROUNDING: Final = 1e-12  # shares of a step below this are rounding


class Kind(StrEnum):
    """Quantity of a target that changes."""

    SATELLITE = "satellite"  # the whole satellite: 1 available, 0 lost
    RATE = "rate"  # the largest rate that its accelerators may reach
    ACCELERATORS = "accelerators"  # share of its accelerators that are available
    LINK = "link"  # rate of the link between two satellites
    TERMINALS = "terminals"  # rate of all links of a satellite
    STATION = "station"  # a ground station: 1 available, 0 lost
    RESULTS = "results"  # what its accelerators compute: one of them makes a silent error, all of them go on


class Target(NamedTuple):
    """Target of a change: satellites `first` to `last`, the two ends of a link, or a station by number (twice)."""

    kind: Kind
    first: int
    last: int
    name: str = ""  # as a person writes it; empty: part of another change, of no interest by itself


class SilentError(NamedTuple):
    """An error that nothing notices at once: the accelerator of the satellite that makes it, and a number in [0, 1) by which it spoils
    the work, if that is below the harmful share of the errors."""

    accelerator: int
    fate: float = 0.0


class AvailabilityChange(NamedTuple):
    """From time_s [s after the epoch] on, `cause` leaves the fraction `remaining` in [0, 1] of the target."""

    time_s: float
    target: Target
    remaining: float
    cause: str
    silent: SilentError | None = None  # of a change of RESULTS


def cause_kind(cause: str) -> str:
    """Cause as it is reported: `scenario`, `failures`, `radiation`, `maintenance` or `decay`.

    Parameters
    ----------
    cause : str
        Cause of a change.

    Returns
    -------
    str
        The cause without the number of an event with a duration.

    Examples
    --------
    >>> cause_kind("scenario 2")
    'scenario'
    """
    return cause.partition(" ")[0]


class SatelliteChange(NamedTuple):
    """From time_s [s] on, all causes together leave this fraction of a satellite's accelerators; 0: it is down. Or a silent error: none changes."""

    time_s: float
    satellite: int
    remaining: float
    silent: SilentError | None = None


class Source(Protocol):
    """A source of changes during a run."""

    def until(self, time_s: float) -> list[AvailabilityChange]:
        """Changes up to a time that no earlier call returned.

        Parameters
        ----------
        time_s : float
            Time after the epoch [s]; not before that of an earlier call.

        Returns
        -------
        list of AvailabilityChange
            Changes up to and including time_s, in order of time.
        """
        ...


class ListedChanges:
    """Source of changes that are known beforehand.

    Parameters
    ----------
    changes : iterable of AvailabilityChange
        The changes, in any order.
    """

    def __init__(self, changes: Iterable[AvailabilityChange]) -> None:
        self._changes = in_order(changes)
        self._next = 0

    def until(self, time_s: float) -> list[AvailabilityChange]:
        """Changes up to a time that no earlier call returned.

        Parameters
        ----------
        time_s : float
            Time after the epoch [s]; not before that of an earlier call.

        Returns
        -------
        list of AvailabilityChange
            Changes up to and including time_s, in order of time.
        """
        begin = self._next
        while self._next < len(self._changes) and self._changes[self._next].time_s <= time_s:
            self._next += 1
        return self._changes[begin : self._next]


def in_order(changes: Iterable[AvailabilityChange]) -> list[AvailabilityChange]:
    """Sort changes by time, those of one instant in the order given.

    Parameters
    ----------
    changes : iterable of AvailabilityChange
        Changes of any causes.

    Returns
    -------
    list of AvailabilityChange
        The same changes, sorted.
    """
    return sorted(changes, key=lambda change: change.time_s)


class FleetAvailability:
    """Availability of satellites lo to hi - 1, of links and of stations, all causes together.

    Parameters
    ----------
    lo, hi : int
        The satellites.
    stations : int, optional
        Number of ground stations.

    Attributes
    ----------
    powered : (hi - lo,) 1 where the satellite is there, with or without accelerators; 0 where it is lost.
    up : (hi - lo,) 1 where the satellite is there and at least one of its accelerators is; else 0.
    rate_cap : (hi - lo,) rate of the satellite that is left, in [0, 1].
    maintained : (hi - lo,) share of the nameplate that maintenance takes of what all other causes leave.
    stations : (stations,) whether each is available.
    links : fraction of the rate that is left, by pair of satellites, of the links that changed.
    terminals : (hi - lo,) fraction of the rate that is left of all links of a satellite; None while nothing changed.
    """

    def __init__(self, lo: int, hi: int, stations: int = 0) -> None:
        self.lo, self.hi = lo, hi
        self.powered, self.up = np.ones(hi - lo), np.ones(hi - lo)
        self.rate_cap, self.maintained = np.ones(hi - lo), np.zeros(hi - lo)
        self.stations: Flags = np.ones(stations, dtype=np.bool_)
        self.links: dict[tuple[int, int], float] = {}
        self.terminals: Array | None = None
        self._held: dict[tuple[Kind, str], Array] = {}
        self._has_maintenance = False
        self._held_links: dict[tuple[int, int], dict[str, float]] = {}

    def concerns(self, target: Target) -> bool:
        """Whether a target is a link, a station, or among these satellites.

        Parameters
        ----------
        target : Target
            Target of a change.

        Returns
        -------
        bool
            True where a change of it has to be applied.
        """
        return target.kind in (Kind.LINK, Kind.STATION) or (target.first < self.hi and target.last >= self.lo)

    def lanes(self, target: Target) -> slice:
        """Satellites of a target, counted from `lo`.

        Parameters
        ----------
        target : Target
            Target of a change.

        Returns
        -------
        slice
            Indices into the arrays of this object; empty where the target lies outside.
        """
        return slice(max(target.first, self.lo) - self.lo, min(target.last + 1, self.hi) - self.lo)

    def apply(self, change: AvailabilityChange) -> None:
        """Apply one change.

        Parameters
        ----------
        change : AvailabilityChange
            The change; changes must come in order of time.
        """
        kind, mine = change.target.kind, self.lanes(change.target)
        if kind is Kind.RESULTS:
            return
        if kind is Kind.LINK:
            pair = (change.target.first, change.target.last)
            held = self._held_links.setdefault(pair, {})
            held[change.cause] = change.remaining
            self.links[pair] = math.prod(held[cause] for cause in sorted(held))
            return
        if kind is Kind.STATION:
            mine = slice(change.target.first, change.target.last + 1)
            self._hold(change, mine, self.stations.size)
            self.stations[mine] = self._left(kind, mine) > 0.0
            return
        self._hold(change, mine, self.hi - self.lo)
        if kind is Kind.TERMINALS:
            if self.terminals is None:
                self.terminals = np.ones(self.hi - self.lo)
            self.terminals[mine] = self._left(kind, mine)
            return
        share = self._left(Kind.ACCELERATORS, mine)
        self.powered[mine] = self._left(Kind.SATELLITE, mine)
        self.up[mine] = np.where(share > 0.0, self.powered[mine], 0.0)
        self.rate_cap[mine] = self._left(Kind.RATE, mine) * share
        if self._has_maintenance:
            powered, rate, share = (self._left(kind, mine, True) for kind in (Kind.SATELLITE, Kind.RATE, Kind.ACCELERATORS))
            self.maintained[mine] = np.maximum(0.0, powered * (rate * share) - self.up[mine] * self.rate_cap[mine])

    def _hold(self, change: AvailabilityChange, mine: slice, size: int) -> None:
        key = (change.target.kind, change.cause)
        if key not in self._held:
            self._held[key] = np.ones(size)
            self._has_maintenance |= cause_kind(change.cause) == MAINTENANCE
        self._held[key][mine] = change.remaining

    def _left(self, kind: Kind, mine: slice, without_maintenance: bool = False) -> Array:
        """Product of what all causes leave of these targets, or all but maintenance."""
        left = np.ones(mine.stop - mine.start)
        for key in sorted(key for key in self._held if key[0] is kind):
            if not (without_maintenance and cause_kind(key[1]) == MAINTENANCE):
                left *= self._held[key][mine]
        return left

    def remaining(self, mine: slice) -> Array:
        """Fraction of the accelerators that is left of some satellites.

        Parameters
        ----------
        mine : slice
            Satellites, counted from `lo`.

        Returns
        -------
        ndarray
            Fraction, 0 to 1; 0 where the satellite is lost.
        """
        return np.asarray(self.powered[mine] * self._left(Kind.ACCELERATORS, mine))


def satellite_changes(changes: Iterable[AvailabilityChange], satellites: int) -> list[SatelliteChange]:
    """Changes of single satellites that follow from the changes of all causes together.

    Parameters
    ----------
    changes : iterable of AvailabilityChange
        Changes of any causes, in any order.
    satellites : int
        Number of satellites of the fleet.

    Returns
    -------
    list of SatelliteChange
        In order of time. A change that leaves a satellite as it is (a reboot of a lost one) is left out, and so are
        rate caps: a satellite that is slowed down does not fail.

    Examples
    --------
    Satellite 1 is lost for good at 10 s; the end of a reboot at 20 s does not bring it back:

    >>> one = Target(Kind.SATELLITE, 1, 1)
    >>> changes = [AvailabilityChange(5.0, one, 0.0, "reboot"), AvailabilityChange(20.0, one, 1.0, "reboot")]
    >>> changes.append(AvailabilityChange(10.0, one, 0.0, SCENARIO))
    >>> [(c.time_s, c.satellite, c.remaining) for c in satellite_changes(changes, 3)]
    [(5.0, 1, 0.0)]
    """
    fleet = FleetAvailability(0, satellites)
    return [effect for change in in_order(changes) for effect in _apply(fleet, change)]


def _apply(fleet: FleetAvailability, change: AvailabilityChange) -> list[SatelliteChange]:
    """Apply one change and return what it means for single satellites."""
    if change.target.kind is Kind.RESULTS:
        mine = fleet.lanes(change.target)
        left = fleet.remaining(mine)
        return [
            SatelliteChange(change.time_s, fleet.lo + mine.start + i, float(left[i]), change.silent) for i in np.flatnonzero(left > 0.0).tolist()
        ]
    if change.target.kind not in (Kind.SATELLITE, Kind.ACCELERATORS):
        fleet.apply(change)
        return []
    mine = fleet.lanes(change.target)
    before = fleet.remaining(mine)
    fleet.apply(change)
    after = fleet.remaining(mine)
    first = fleet.lo + mine.start
    return [
        SatelliteChange(change.time_s, first + i, left)
        for i, left in zip(np.flatnonzero(after != before).tolist(), after[after != before].tolist(), strict=True)
    ]


class StepAvailability(NamedTuple):
    """Availability in a step; arrays over satellites hold until the next step is evaluated."""

    up: Array  # share of the step in which each satellite has accelerators to work with
    rate_cap: Array  # mean rate that they may reach then
    maintained: Array  # share of the nameplate that maintenance takes of what all other causes leave, mean over the step
    up_end: Array  # 1 where that is so at the end of the step, else 0
    powered: Flags  # there for a share of the step
    relays: Flags  # there at the beginning or at the end: one that stops sends before, one that returns sends after
    powered_end: Flags  # there at the end of the step
    stations: Flags  # available at the end of the step, (stations,)
    changes: list[SatelliteChange]  # of this step, in order of time

    def copied(self) -> StepAvailability:
        """The same with arrays of its own, which stay when the next step is evaluated.

        Returns
        -------
        StepAvailability
            The copy; it may serve several steps, so that its arrays are read-only.
        """
        found = StepAvailability(
            up=self.up.copy(), rate_cap=self.rate_cap.copy(), maintained=self.maintained.copy(), up_end=self.up_end.copy(),
            powered=self.powered.copy(), relays=self.relays.copy(), powered_end=self.powered_end.copy(), stations=self.stations.copy(),
            changes=self.changes,
        )  # fmt: skip
        for values in (found.up, found.rate_cap, found.maintained, found.up_end, found.powered, found.relays, found.powered_end, found.stations):
            values.setflags(write=False)
        return found


class Timeline:
    """Availability step by step, from the changes of several sources.

    Parameters
    ----------
    sources : sequence of Source
        Where changes come from.
    lo, hi : int
        Satellites lo to hi - 1; changes of others are ignored.
    step_s : float
        Length of a step [s].
    stations : int, optional
        Number of ground stations.
    """

    def __init__(self, sources: Sequence[Source], lo: int, hi: int, step_s: float, stations: int = 0) -> None:
        self.sources, self.step_s = sources, step_s
        self.fleet = FleetAvailability(lo, hi, stations)
        self.occurred: list[AvailabilityChange] = []  # what happened so far, step by step
        self._links: list[AvailabilityChange] = []  # changes of links and terminals that are still to come
        self._changes: list[SatelliteChange] = []
        self._quiet: StepAvailability | None = None  # that of a step in which nothing changed, for as long as nothing does

    def skip_to(self, k: int) -> None:
        """Advance to the beginning of a step without evaluating the steps before it.

        Parameters
        ----------
        k : int
            Number of the step, from 0.
        """
        for change in self._until(float(k)):
            self.fleet.apply(change)

    def report(self, changes: Iterable[AvailabilityChange]) -> None:
        """Apply changes that no source knows, at the beginning of the step that is evaluated next.

        Parameters
        ----------
        changes : iterable of AvailabilityChange
            The changes, such as satellites without a position.
        """
        for change in changes:
            self._quiet = None
            self._changes += self._apply_and_record(change)

    def step(self, k: int) -> StepAvailability:
        """Availability in one step.

        Changes at the end of a step belong to it, except those of links: a link has the state before the end of the
        step.

        Parameters
        ----------
        k : int
            Number of the step; steps are evaluated in order, none left out.

        Returns
        -------
        StepAvailability
            Availability; its arrays hold until the next call. The same object as long as nothing changes.
        """
        fleet = self.fleet
        powered_before = fleet.powered > 0.0
        coming = self._until(k + 1.0)
        self._links += [c for c in coming if c.target.kind in (Kind.LINK, Kind.TERMINALS)]
        while self._links and self._links[0].time_s / self.step_s < k + 1.0:
            self.fleet.apply(self._links.pop(0))
        if self._quiet is not None and not coming and not self._changes:
            return self._quiet
        up, rate_cap, powered, maintained = fleet.up, fleet.rate_cap, fleet.powered, fleet.maintained
        if coming:
            up, rate_cap, powered, maintained = self._shares(coming, k)
        changes, self._changes = self._changes, []
        powered_end = fleet.powered > 0.0
        found = StepAvailability(
            up=up, rate_cap=rate_cap, maintained=maintained, up_end=fleet.up, powered=powered > 0.0, relays=powered_before | powered_end,
            powered_end=powered_end, stations=fleet.stations, changes=changes,
        )
        self._quiet = None if coming or changes else found
        return found

    def _shares(self, coming: list[AvailabilityChange], k: int) -> tuple[Array, Array, Array, Array]:
        """Apply changes within step k; shares of the step and mean rate then, and what maintenance takes."""
        fleet = self.fleet
        works, rate, powered = fleet.up.copy(), fleet.up * fleet.rate_cap, fleet.powered.copy()
        maintained = fleet.maintained.copy()
        for change in coming:
            if change.target.kind in (Kind.LINK, Kind.TERMINALS):
                self.occurred.append(change)
                continue
            mine = slice(0, 0) if change.target.kind is Kind.STATION else fleet.lanes(change.target)
            left = min(1.0, k + 1.0 - change.time_s / self.step_s)
            before_up, before_rate = fleet.up[mine].copy(), fleet.up[mine] * fleet.rate_cap[mine]
            before_powered, before_maintained = fleet.powered[mine].copy(), fleet.maintained[mine].copy()
            self._changes += self._apply_and_record(change)
            works[mine] += left * (fleet.up[mine] - before_up)
            rate[mine] += left * (fleet.up[mine] * fleet.rate_cap[mine] - before_rate)
            powered[mine] += left * (fleet.powered[mine] - before_powered)
            maintained[mine] += left * (fleet.maintained[mine] - before_maintained)
        # shares of a step that cancel leave rounding, also beyond 1
        works, powered, maintained = (np.where(np.abs(x) < ROUNDING, 0.0, np.minimum(x, 1.0)) for x in (works, powered, maintained))
        cap = np.divide(rate, works, out=fleet.rate_cap.copy(), where=works > 0.0)
        return works, np.clip(cap, 0.0, 1.0), powered, maintained

    def _apply_and_record(self, change: AvailabilityChange) -> list[SatelliteChange]:
        """Apply a change and note it; a random one that changes nothing, as its satellite is down, is not noted."""
        mine = self.fleet.lanes(change.target) if change.target.kind is Kind.RATE else slice(0, 0)
        before = self.fleet.rate_cap[mine].copy()
        effects = _apply(self.fleet, change)
        has_effect = bool(effects) or bool((self.fleet.rate_cap[mine] != before).any())
        if change.target.name and (has_effect or cause_kind(change.cause) in (SCENARIO, DECAY)):
            self.occurred.append(change)
        return effects

    def _until(self, steps: float) -> list[AvailabilityChange]:
        time_s = latest_s(steps, self.step_s)
        changes = [change for source in self.sources for change in source.until(time_s)]
        return in_order(change for change in changes if self.fleet.concerns(change.target)) if changes else []


def latest_s(steps: float, step_s: float) -> float:
    """The latest time that is not beyond a number of steps, whatever the rounding of their product.

    Parameters
    ----------
    steps : float
        Number of steps, at least 0.
    step_s : float
        Length of a step [s], above 0.

    Returns
    -------
    float
        Time [s], the largest float t with t / step_s <= steps.
    """
    time_s = steps * step_s
    while time_s / step_s > steps:
        time_s = math.nextafter(time_s, -math.inf)
    while math.nextafter(time_s, math.inf) / step_s <= steps:
        time_s = math.nextafter(time_s, math.inf)
    return time_s
