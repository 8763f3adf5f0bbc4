"""Orbit ephemeris messages (positions and velocities over time) read from text to numbers. [ccsds502:5]"""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from orbit.catalog.common import BadLine, label
from orbit.catalog.oem_text import Location, Raw, raw_segments
from orbit.catalog.source import MAX_BAD, FileError, read_text
from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M, SECONDS_PER_DAY, TT_MINUS_TAI_S
from orbit.moments import read_epoch, tai_minus_utc_s, tai_to_utc, utc_after

# Frames that `orbit.frames.states_to_teme` rotates, and the names under which files have them
_FRAMES = {
    "TEME": re.compile("TEME"),
    "GCRF": re.compile("GCRF|GCRS|ICRF[23]?|ICRS"),
    "EME2000": re.compile("EME2000|J2000|MEME(2000|J2000)?"),
    "ITRF": re.compile(r"ITRF[-_ ]?(\d\d|\d{4})?|ITRS"),
}
_TAI_MINUS_S = {"TAI": 0.0, "GPS": 19.0, "TT": -TT_MINUS_TAI_S, "TDT": -TT_MINUS_TAI_S}  # clocks without leap seconds
_CLOCKS = ("UTC", *_TAI_MINUS_S, "UT1")
_KNOWN_MOMENTS = 100_000  # kept of a file: objects often share theirs
USUAL_DEGREE = 7  # where a file names none: four states, Hermite
HIGHEST_DEGREE = 15
_LEAST_KM, _MOST_KM = EARTH_RADIUS_M * (1.0 - EARTH_FLATTENING) / 1e3, 1e6
_MOST_KM_S = 100.0  # at the largest distance the Earth turns at 73 km/s
_NEEDED = ("OBJECT_NAME", "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM", "START_TIME", "STOP_TIME")


@dataclass(frozen=True, slots=True)
class Segment:
    """States of one object between which interpolation is allowed.

    Attributes
    ----------
    frame : str
        Reference frame: TEME, GCRF, EME2000 or ITRF.
    epoch_jd, epoch_fr : float
        Epoch of the times: UTC Julian date of a midnight and fraction of that day, 1 or above within a leap second.
    first_s, last_s : float
        Usable time span [s after the epoch].
    times_s : array of float
        Times of the states [s after the epoch, leap seconds included], rising.
    states : array of float
        x, y, z [m] and their rates [m/s] of each state, one state after the other.
    nodes : int
        Number of states to interpolate between.
    with_rates : bool
        Hermite interpolation with velocities, else Lagrange with positions alone.
    line_number : int
        Line of the file on which the segment begins.
    """

    frame: str
    epoch_jd: float
    epoch_fr: float
    first_s: float  # of the time that may be used
    last_s: float
    times_s: array[float]
    states: array[float]
    nodes: int
    with_rates: bool
    line_number: int


@dataclass(frozen=True, slots=True)
class Track:
    """One object of an ephemeris.

    Attributes
    ----------
    name : str
    segments : tuple of Segment
        In the order of time.
    satellite_number : int
        Catalogue number, where the identifier of the object is one; 0 else.
    object_id : str
        Identifier of the object, such as its international designator; empty where the file gives none.
    """

    name: str
    segments: tuple[Segment, ...]
    satellite_number: int = 0
    object_id: str = ""

    def spans(self) -> list[tuple[datetime, datetime]]:
        """Time spans without a gap for which there are positions.

        Returns
        -------
        list of (datetime, datetime)
            Beginning and end of each span, UTC.
        """
        spans: list[tuple[datetime, datetime]] = []
        for s in self.segments:
            first, last = (utc_after(s.epoch_jd, s.epoch_fr, t) for t in (s.first_s, s.last_s))
            if spans and first - spans[-1][1] <= timedelta(microseconds=2):  # rounded to the microsecond
                spans[-1] = spans[-1][0], last
            else:
                spans.append((first, last))
        return spans


class _Reader:
    """One segment: its numbers, or everything that is wrong with it."""

    def __init__(self, raw: Raw, known: dict[str, tuple[float, float]]) -> None:
        self.raw, self.known = raw, known
        self.bad: list[BadLine] = []
        self.clock = self.word("TIME_SYSTEM").upper()
        self.frame = next((name for name, form in _FRAMES.items() if form.fullmatch(self.word("REF_FRAME").upper())), "")

    def report(self, location: Location, message: str) -> None:
        self.bad.append(BadLine(*location, message, self.raw.line))

    def word(self, name: str) -> str:
        return self.raw.words[name][0].strip() if name in self.raw.words else ""

    def location(self, name: str) -> Location:
        return self.raw.find(self.raw.words[name][1]) if name in self.raw.words else (self.raw.line, 1)

    def read(self) -> Segment | None:
        self._words()
        rule = self._rule()
        if not self.bad:
            self._states()
        if self.bad or rule is None:
            return None
        times_s, states = self.times_s, self.states
        nodes, with_rates, stated = rule
        if len(times_s) < (nodes if stated else 2):
            text = f"{len(times_s)} of the {nodes if stated else 2} states that interpolation needs are there"
            self.report((self.raw.line, 1), f"{text}; write more states, or a lower INTERPOLATION_DEGREE")
            return None
        span = self._span(times_s)
        if self.bad:
            return None
        nodes = min(nodes, len(times_s))
        return Segment(self.frame, *self.epoch, *span, times_s, states, nodes, with_rates, self.raw.line)

    def _words(self) -> None:
        for name in _NEEDED:
            if not self.word(name):
                self.report(self.location(name), f"{name} is missing; write it between META_START and META_STOP")
        for name, accepted, advice in (
            ("CENTER_NAME", self.word("CENTER_NAME").upper() == "EARTH", "write states about the EARTH"),
            ("TIME_SYSTEM", self.clock in _CLOCKS, f"write times in {', '.join(_CLOCKS[:-1])} or {_CLOCKS[-1]}"),
            ("REF_FRAME", bool(self.frame), "write states in TEME, GCRF, EME2000 or ITRF"),
        ):
            text = self.word(name)
            if text and not accepted:
                self.report(self.location(name), f"{name} '{text}' is not read; {advice}")
        for where, message in self.raw.wrong:
            self.report(self.raw.find(where), message)

    def _rule(self) -> tuple[int, bool, bool] | None:
        """Number of states to interpolate between, whether rates count, and whether the file says so."""
        method, degree = self.word("INTERPOLATION").upper(), self.word("INTERPOLATION_DEGREE")
        if not method:
            return (USUAL_DEGREE + 1) // 2, True, False
        if method not in ("HERMITE", "LAGRANGE", "LINEAR"):
            self.report(
                self.location("INTERPOLATION"), f"INTERPOLATION '{method}' is not read; write HERMITE or LAGRANGE"
            )
            return None
        if method == "LINEAR":
            return 2, False, True
        number = int(degree) if degree.isascii() and degree.isdigit() else 0
        odd = method == "LAGRANGE" or number % 2 == 1
        if not 1 <= number <= HIGHEST_DEGREE or not odd:
            what = "an odd number" if method == "HERMITE" else "a number"
            location = self.location("INTERPOLATION_DEGREE" if degree else "INTERPOLATION")
            self.report(
                location,
                f"INTERPOLATION_DEGREE '{degree}' does not go with {method}; write {what} from 1 to {HIGHEST_DEGREE}",
            )
            return None
        return ((number + 1) // 2, True, True) if method == "HERMITE" else (number + 1, False, True)

    def _time(self, text: str) -> tuple[float, float]:
        """Moment of a text as the file's clock counts it; UT1 becomes UTC."""
        time = self.known.get(text)
        if time is None:
            if len(self.known) > _KNOWN_MOMENTS:
                self.known.clear()
            time = self.known[text] = read_epoch(text)
        return _utc_of_ut1(time) if self.clock == "UT1" else time

    def _elapsed_s(self, time: tuple[float, float]) -> float:
        """Seconds from the first state to a moment, leap seconds included."""
        label_s = ((time[0] - self.first[0]) + (time[1] - self.first[1])) * SECONDS_PER_DAY
        if self.clock in _TAI_MINUS_S or time[0] == self.first[0]:
            return label_s
        return label_s + (tai_minus_utc_s(time[0]) - tai_minus_utc_s(self.first[0]))

    def _states(self) -> None:
        self.times_s, self.states = array("d"), array("d")
        if not self.raw.states:
            self.report(
                (self.raw.line, 1), "holds no states; write lines of epoch, x, y, z [km] and their rates [km/s]"
            )
        for where, text, numbers in self.raw.states:
            try:
                time, state = self._time(text), _state(numbers)
            except ValueError as error:
                self.report(self.raw.find(where), f"state of {error}" if "moment" in str(error) else str(error))
                continue
            if not self.times_s:
                self.first = time
                self.epoch = _utc_of_tai(time, _TAI_MINUS_S[self.clock]) if self.clock in _TAI_MINUS_S else time
            t = self._elapsed_s(time)
            if self.times_s and t <= self.times_s[-1]:
                message = f"epoch {text} is not after the one before; write states in the order of time"
                self.report(self.raw.find(where), message)
                continue
            self.times_s.append(t)
            self.states.extend(state)

    def _span(self, times_s: array[float]) -> tuple[float, float]:
        """First and last time [s] that may be used; states must cover it, and lie in the span that the file announces."""

        def seconds(name: str, otherwise: float) -> float:
            text = self.word(name)
            if not text:
                return otherwise
            try:
                time = self._time(text)
            except ValueError as error:
                self.report(self.location(name), f"{name} {error}")
                return otherwise
            return self._elapsed_s(time)

        first, last = times_s[0], times_s[-1]
        for name, beyond in (("START_TIME", seconds("START_TIME", first) > first + 1e-6),
                             ("STOP_TIME", seconds("STOP_TIME", last) < last - 1e-6)):  # fmt: skip
            if beyond:
                self.report(
                    self.location(name), f"{name} {self.word(name)} leaves out states; write the span of all states"
                )
        usable = seconds("USEABLE_START_TIME", first), seconds("USEABLE_STOP_TIME", last)
        if not first - 1e-6 <= usable[0] < usable[1] <= last + 1e-6:
            name = "USEABLE_START_TIME" if self.word("USEABLE_START_TIME") else "USEABLE_STOP_TIME"
            spoken = " to ".join(f"{utc_after(*self.epoch, t):%Y-%m-%dT%H:%M:%SZ}" for t in (first, last))
            self.report(
                self.location(name), f"{name} {self.word(name)} does not fit; write a span within the states, {spoken}"
            )
        return max(usable[0], first), min(usable[1], last)


def _state(numbers: list[str]) -> list[float]:
    """Position [m] and velocity [m/s]; accelerations may follow, and are not used. Raises ValueError."""
    if len(numbers) not in (6, 9):
        raise ValueError(f"{len(numbers)} numbers follow the epoch; write x, y, z [km] and their rates [km/s]")
    try:
        values = [float(n) for n in numbers]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)) or "_" in "".join(numbers):
        raise ValueError(f"'{' '.join(numbers)}' are not all numbers; write x, y, z [km] and their rates [km/s]")
    far_km = math.hypot(*values[:3])
    if not _LEAST_KM <= far_km <= _MOST_KM:
        what = "below the surface" if far_km < _LEAST_KM else "out of the Earth's reach"
        text = f"{far_km:.6g} km from the Earth's centre is {what}"
        raise ValueError(f"{text}; write kilometres, from {_LEAST_KM:.0f} to {_MOST_KM:.0f}")
    speed_km_s = math.hypot(*values[3:6])
    if speed_km_s > _MOST_KM_S:
        raise ValueError(f"{speed_km_s:.6g} km/s is too fast for an orbit; write km/s, up to {_MOST_KM_S:g}")
    return [1e3 * v for v in values[:6]]


def _utc_of_tai(time: tuple[float, float], behind_tai_s: float) -> tuple[float, float]:
    """UTC of a moment of a clock that runs with TAI, `behind_tai_s` behind it."""
    return tai_to_utc(time[0], time[1] + behind_tai_s / SECONDS_PER_DAY)


def _utc_of_ut1(time: tuple[float, float]) -> tuple[float, float]:
    """UTC of a moment of UT1; loads numpy for the table of Earth orientation."""
    from orbit.timescales import ut1_to_utc

    jd, fr = ut1_to_utc(*time)
    days = math.floor(float(fr))
    return float(jd) + days, float(fr) - days


def read_oem(path: Path) -> tuple[list[Track], list[BadLine]]:
    """Read an orbit ephemeris message. [ccsds502:5]

    Parameters
    ----------
    path : Path
        File in key = value or XML; states in TEME, GCRF, EME2000 or ITRF, times in UTC, TAI, GPS, TT or UT1.

    Returns
    -------
    tracks : list of Track
        Objects of the file. An object with a bad segment is left out.
    bad : list of BadLine
        All errors.

    Raises
    ------
    OSError
        The file cannot be opened or is not a regular file of limited size.
    """
    bad: list[BadLine] = []
    objects: dict[str, tuple[str, str, list[Segment]]] = {}
    spoilt: set[str] = set()
    known: dict[str, tuple[float, float]] = {}
    try:
        for raw in raw_segments(read_text(path)):
            if len(bad) > MAX_BAD:
                raise FileError(bad[-1].line, 1, f"has more than {MAX_BAD:,} errors up to here; write the path of an OEM")
            if isinstance(raw, FileError):
                bad.append(BadLine(raw.line, raw.column, raw.message, raw.line))
                continue
            reader = _Reader(raw, known)
            segment = reader.read()
            bad += reader.bad
            name, object_id = label(reader.word("OBJECT_NAME")), label(reader.word("OBJECT_ID"))
            key = object_id or name
            if segment is None:
                spoilt.add(key)
            else:
                objects.setdefault(key, (name, object_id, []))[2].append(segment)
    except FileError as error:
        bad.append(BadLine(error.line, error.column, error.message, error.line, whole=True))
    tracks = []
    for key, (name, object_id, segments) in objects.items():
        bad += _overlaps(segments)
        if key not in spoilt and not _overlaps(segments):
            number = int(object_id) if re.fullmatch(r"\d{1,9}", object_id, re.ASCII) else 0
            tracks.append(Track(name, tuple(segments), number, object_id))
    return tracks, bad


def _overlaps(segments: list[Segment]) -> list[BadLine]:
    """Segments of one object that begin before the one before has ended."""
    bad = []
    for one, other in pairwise(segments):
        apart = ((other.epoch_jd - one.epoch_jd) + (other.epoch_fr - one.epoch_fr)) * SECONDS_PER_DAY
        apart += tai_minus_utc_s(other.epoch_jd) - tai_minus_utc_s(one.epoch_jd)
        if apart + other.first_s < one.last_s - 1e-6:
            text = "begins before the segment before it ends; write segments in the order of time, USEABLE_ times apart"
            bad.append(BadLine(other.line_number, 1, text, other.line_number))
    return bad
