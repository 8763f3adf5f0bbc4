"""A results folder that is opened for export: results, the scenario of the run, and its satellites in motion again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import ElementSet, Track
from orbit.environment import sun_position_m
from orbit.status import NOWHERE_M
from sim.config.errors import InputError, Origin, bad_input
from sim.config.scenario import Loaded, load
from sim.engine import propagators
from sim.exports.motion import Fleet
from sim.results.reader import read
from sim.results.store import Results

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]

BLOCK = 60  # steps that are computed at once where positions are compared
ROUNDING_M = 0.01  # of positions that another machine computes, beside the rounding of the stored type


@dataclass(frozen=True, slots=True)
class Options:
    """What the formats may be asked for; None: the default of the format.

    Attributes
    ----------
    step_s : float or None
        Time between two states [s].
    satellites : int or None
        Most satellites.
    ranks : int or None
        Most ranks of the traces of one job.
    span_s : float or None
        Time over which elements are fitted [s].
    split : bool or None
        A file of each satellite, in a folder.
    """

    step_s: float | None = None
    satellites: int | None = None
    ranks: int | None = None
    span_s: float | None = None
    split: bool | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """How a satellite is called in files: name, identifier, catalogue number and designator, empty or 0 without one."""

    name: str
    object_id: str
    number: int = 0
    designator: str = ""


class Opened:
    """A results folder, checked, with its scenario where a format needs it.

    Parameters
    ----------
    folder : Path
        The folder.

    Attributes
    ----------
    folder : Path
        The folder.
    results : Results
        Its content.

    Raises
    ------
    InputError
        If it is not a whole results folder of this version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results: Results = read(folder)

    @property
    def series(self) -> Any:
        """The arrays of series.nc."""
        return self.results.series

    @cached_property
    def epoch(self) -> datetime:
        """Epoch of the run, UTC."""
        return datetime.fromisoformat(str(self.series.attrs["epoch"]).replace("Z", "+00:00"))

    @property
    def duration_s(self) -> float:
        """Duration of the run [s]."""
        return float(self.results.summary["duration_s"])

    @cached_property
    def loaded(self) -> Loaded:
        """The scenario of the run; InputError where it is not the one that ran, as a file that it names has changed."""
        # what was accepted for the run is written in its scenario, but for designs that do not close
        loaded = load(str((self.folder / "scenario.yaml").absolute()), allow_infeasible=True)
        if loaded.sha256 != self.series.attrs["scenario_sha256"]:
            raise self.refuse("its scenario is no longer the one that ran: a file that it names has changed; run it again")
        return loaded

    @cached_property
    def fleet(self) -> Fleet:
        """The satellites, by the propagators of the run, as recorded positions show; InputError where they do not."""
        if "sat" not in self.series.sizes or self.series.sizes["sat"] == 0 or self.series.sizes["frame"] == 0:
            raise self.refuse("no positions were recorded; run it again with recorder.satellites above 0")
        grid = propagators.time_grid(self.loaded.scenario)
        fleet = Fleet(propagators.make_propagators(self.loaded, grid), grid)
        self._compare(fleet)
        return fleet

    def refuse(self, message: str) -> InputError:
        """An error about this folder.

        Parameters
        ----------
        message : str
            What is wrong; what to write.

        Returns
        -------
        InputError
            The exception, to be raised by the caller.
        """
        return bad_input(Origin(str(self.folder)), "", message)

    def _compare(self, fleet: Fleet) -> None:
        """Refuse where positions of the scenario are not those of the results, to the rounding of the stored type."""
        series, grid = self.series, fleet.grid
        step_ms = round(grid.step_s * 1e3)
        ticks, satellites = series["frame"].values // step_ms, series["sat"].values
        stored = series["position_m"].values
        worst_m = 0.0
        for propagator, mine, local in fleet.parts(satellites):
            some = propagator.subset(local)
            gone = np.zeros(local.size, dtype=np.bool_)
            for k0 in range(1, grid.steps + 1, BLOCK):
                r_m = np.empty((min(BLOCK, grid.steps + 1 - k0), 3, local.size))
                codes = some.fill(0, local.size, k0, r_m)
                lost = np.zeros((len(r_m), local.size), dtype=np.bool_) if codes is None else codes != 0
                lost = gone | np.logical_or.accumulate(lost)
                gone = lost[-1]
                frames = np.flatnonzero((ticks >= k0) & (ticks < k0 + len(r_m)))
                if frames.size:
                    at = ticks[frames] - k0
                    # a run places those without a position between Earth and Sun
                    sun_m = sun_position_m(*(part[at] for part in grid.jd_fr(k0, len(r_m))))
                    nowhere_m = NOWHERE_M * sun_m / np.linalg.norm(sun_m, axis=1, keepdims=True)
                    expected_m = np.where(lost[at][:, np.newaxis], nowhere_m[:, :, np.newaxis], r_m[at])
                    allowed_m = np.spacing(np.abs(expected_m.astype(stored.dtype))) + ROUNDING_M
                    beyond_m = np.abs(stored[np.ix_(frames, np.arange(3), mine)].astype(float) - expected_m) - allowed_m
                    worst_m = max(worst_m, float(np.where(np.isnan(beyond_m), np.inf, beyond_m).max()))
        if not worst_m <= 0.0:
            raise self.refuse(
                f"its recorded positions are {worst_m:,.3g} m from those of its scenario: "
                "another version of the program ran it; run it again"
            )

    @cached_property
    def names(self) -> list[Name]:
        """How each satellite of the fleet is called; identifiers are distinct, and in order as text where they are numbers."""
        found = [self._name(n, one) for n, one in enumerate(self._objects())]
        seen: set[str] = set()
        for n, one in enumerate(found):
            if one.object_id in seen:
                found[n] = Name(one.name, f"{one.object_id}-{n:0{self._digits}}", one.number, one.designator)
            seen.add(found[n].object_id)
        return found

    def _objects(self) -> Iterator[ElementSet | Track | None]:
        """Object of a file of each satellite; None for one of no file."""
        loaded = self.loaded
        for i, (_, first, end) in enumerate(loaded.type_ranges):
            listed = loaded.catalogues.sets.get(i) or loaded.catalogues.tracks.get(i)
            yield from listed if listed is not None else [None] * (end - first)

    @cached_property
    def _digits(self) -> int:
        """Digits of the largest number of a satellite: readers sort names as text."""
        return len(str(max(end for _, _, end in self.loaded.type_ranges) - 1))

    def _name(self, n: int, one: ElementSet | Track | None) -> Name:
        scenario, number = self.loaded.scenario.name, f"{n:0{self._digits}}"
        if one is None:
            return Name(f"{scenario} {number}", f"{scenario}-{number}")
        designator = one.object_id
        if isinstance(one, ElementSet) and one.line1:
            text = one.line1[9:17].strip()
            designator = f"{(1900 if text[:2] >= '57' else 2000) + int(text[:2])}-{text[2:]}" if text[:2].isdigit() else ""
        name = one.name or f"{scenario} {number}"
        known = designator or (str(one.satellite_number) if one.satellite_number else "")
        return Name(name, known or f"{scenario}-{number}", one.satellite_number, designator)

    def set_of(self, n: int) -> ElementSet | None:
        """Element set of a satellite of a file.

        Parameters
        ----------
        n : int
            Number of the satellite in the fleet.

        Returns
        -------
        ElementSet or None
            The set; None for a satellite of no file of element sets.
        """
        one = self.objects[n]
        return one if isinstance(one, ElementSet) else None

    @cached_property
    def objects(self) -> list[ElementSet | Track | None]:
        """Object of a file of each satellite; None for one of no file."""
        return list(self._objects())

    def chosen(self, most: int | None) -> Ints:
        """Satellites that are exported.

        Parameters
        ----------
        most : int or None
            How many at most; None for all.

        Returns
        -------
        ndarray of int64
            All, or so many, evenly spread over the fleet.
        """
        count = self.fleet.count
        if most is None or count <= most:
            return np.arange(count)
        return (np.arange(most) * count) // most

    def steps(self, step_s: float, which: Ints, a_revolution: int) -> int:
        """Number of steps of a given length within the run.

        Parameters
        ----------
        step_s : float
            Length of a step [s].
        which : ndarray of int64
            Satellites that are written.
        a_revolution : int
            Least number of steps in a revolution of any of them: with fewer, what is interpolated between is no orbit.

        Returns
        -------
        int
            One or more.

        Raises
        ------
        InputError
            If the step is shorter than a second, longer than the run, no whole number of milliseconds, or too large a part of a revolution.
        """
        origin = "--step"
        if not step_s >= 1.0 or round(step_s * 1e3) != step_s * 1e3:
            raise bad_input(Origin(origin), "", f"{step_s:g} s is out of range; write 1 s or more, in whole milliseconds")
        steps = int(np.floor(self.duration_s / step_s + 1e-9))
        if steps < 1:
            raise bad_input(Origin(origin), "", f"{step_s:g} s is longer than the run of {self.duration_s:g} s; write a shorter one")
        periods_s = self.fleet.period_s[which]
        shortest_s = float(periods_s[periods_s > 0.0].min(initial=np.inf))
        if step_s * a_revolution > shortest_s:
            raise bad_input(
                Origin(origin), "", f"{step_s:g} s is more than a part in {a_revolution} of the shortest revolution, {shortest_s:.0f} s: "
                f"curves between states would not be the orbit; write {np.floor(shortest_s / a_revolution):g} s or less",
            )  # fmt: skip
        return steps

    def moment(self, seconds: float) -> str:
        """A time of the run as text.

        Parameters
        ----------
        seconds : float
            Time since the epoch [s].

        Returns
        -------
        str
            ISO 8601 with milliseconds and Z.
        """
        return moment(self.epoch, seconds)


def moment(epoch: datetime, seconds: float) -> str:
    """A time after an epoch as text.

    Parameters
    ----------
    epoch : datetime
        Epoch, UTC.
    seconds : float
        Time since the epoch [s].

    Returns
    -------
    str
        ISO 8601 with milliseconds and Z.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment(datetime(2026, 12, 21, tzinfo=UTC), 90.25)
    '2026-12-21T00:01:30.250Z'
    """
    at = epoch + timedelta(milliseconds=round(seconds * 1e3))
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
