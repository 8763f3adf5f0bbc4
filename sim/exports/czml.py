"""A document for Cesium: satellites with their states over time, stations, and links while they exist.

Positions are in the axes of GCRS, which Cesium calls INERTIAL, and are interpolated between by polynomials of degree 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.frames import gcrs_to_teme, rotated
from orbit.timegrid import TimeGrid
from sim.config.errors import Origin, bad_input
from sim.engine import propagators
from sim.exports.opened import Opened, Options, Progress
from sim.schema import STATES

try:  # an extra: pip install 'dawndusk[export]'
    from czml3.core import Packet
    from czml3.enums import ClockRanges, ClockSteps, InterpolationAlgorithms
    from czml3.properties import (
        ArcType,
        Clock,
        Color,
        Label,
        Point,
        Polyline,
        PolylineMaterial,
        Position,
        PositionList,
        SolidColorMaterial,
    )
    from czml3.properties import Path as Trail
    from czml3.types import IntervalValue, TimeInterval, TimeIntervalCollection
except ImportError:  # pragma: no cover
    raise bad_input(Origin("--format czml"), "", "needs the package czml3; install it: pip install 'dawndusk[export]'") from None

Ints = NDArray[np.int64]

MOST_SATELLITES = 5000
DEGREE = 5
LEAST_A_REVOLUTION = 24  # errors of 11 m in low orbit, 54 m in the first and last interval
STATES_A_REVOLUTION = 48  # sixth-order errors of 0.2 m in low orbit, 1 m in the first and last interval
TRAIL_STEP_S = 60.0
SPEED = 60.0  # of the clock
# after Okabe and Ito, as in the report
COLOURS = {
    "failed": (31, 41, 55), "thermally limited": (213, 94, 0), "power limited": (204, 111, 164), "in eclipse": (43, 143, 217),
    "in sunlight": (240, 180, 0),
}  # fmt: skip
NOT_RECORDED, STATION, LINK, GROUND_LINK = (150, 150, 150), (255, 255, 255), (120, 200, 120), (220, 220, 220)


def write(opened: Opened, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Write a document.

    Parameters
    ----------
    opened : Opened
        The results.
    out : Path
        The file.
    options : Options
        `step_s`: time between states, by default a 48th of the shortest revolution; `satellites`: how many at most, 5000 without.
    progress : callable, optional
        Called with the number of satellites done and their total.

    Returns
    -------
    dict
        Numbers of satellites, stations and links, spacing and frame.

    Raises
    ------
    InputError
        If no satellite has positions.
    """
    which = _which(opened, MOST_SATELLITES if options.satellites is None else options.satellites)
    step_s = _step_s(opened, which) if options.step_s is None else options.step_s
    steps = opened.steps(step_s, which, LEAST_A_REVOLUTION)
    end_s = steps * step_s
    stations = links = 0
    written: set[int] = set()
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[\n" + _document(opened, end_s).dumps(indent=None))
        for n, packet in _satellites(opened, which, step_s, steps + 1, progress):
            file.write(",\n" + packet.dumps(indent=None))
            written.add(n)
        if not written:
            raise opened.refuse("no satellite has two positions; write a shorter --step, or run it again with satellites in orbit")
        for packet in _stations(opened):
            file.write(",\n" + packet.dumps(indent=None))
            stations += 1
        for packet in (*_links(opened, written, end_s), *_ground_links(opened, written, end_s)):
            file.write(",\n" + packet.dumps(indent=None))
            links += 1
        file.write("\n]\n")
    count = opened.fleet.count
    few = f"{which.size:,} of {count:,} satellites are shown, evenly spread; --satellites shows more"
    return {
        "satellites": len(written), "of_satellites": count, "without_positions": int(which.size) - len(written), "stations": stations,
        "links": links, "step_s": step_s, "frame": "INERTIAL (axes of GCRS)", "interpolation": f"Lagrange, degree {DEGREE}",
        "notes": [few] if which.size < count else [],
    }  # fmt: skip


def _which(opened: Opened, most: int) -> Ints:
    """Satellites that are shown: all, or those that are recorded, which have states and links, before others; evenly spread."""
    count, recorded = opened.fleet.count, opened.series["sat"].values
    if count <= most:
        return np.arange(count)
    others = np.setdiff1d(np.arange(count), recorded)
    first, more = min(most, recorded.size), max(0, most - recorded.size)
    some = recorded[(np.arange(first) * recorded.size) // max(first, 1)]
    return np.sort(np.concatenate((some, others[(np.arange(more) * others.size) // max(more, 1)])).astype(np.int64))


def _step_s(opened: Opened, which: Ints) -> float:
    """The longest whole number of seconds that divides the run and gives a revolution enough states."""
    periods = opened.fleet.period_s[which]
    shortest_s = float(periods[periods > 0.0].min(initial=86400.0))
    duration_ms = round(opened.duration_s * 1e3)
    for seconds in range(max(1, int(shortest_s / STATES_A_REVOLUTION)), 0, -1):
        if duration_ms % (1000 * seconds) == 0:
            return float(seconds)
    return 1.0


def _span(opened: Opened, start_s: float, end_s: float) -> TimeInterval:
    return TimeInterval(start=opened.moment(start_s), end=opened.moment(end_s))


def _document(opened: Opened, end_s: float) -> Packet:
    clock = Clock(
        interval=_span(opened, 0.0, end_s), currentTime=opened.moment(0.0), multiplier=SPEED, range=ClockRanges.LOOP_STOP,
        step=ClockSteps.SYSTEM_CLOCK_MULTIPLIER,
    )  # fmt: skip
    return Packet(id="document", name=str(opened.series.attrs["title"]), version="1.0", clock=clock)


def _colour(rgb: tuple[int, int, int], alpha: int = 255) -> Color:
    return Color(rgba=[*rgb, alpha])


def _line(rgb: tuple[int, int, int], alpha: int) -> PolylineMaterial:
    return PolylineMaterial(solidColor=SolidColorMaterial(color=_colour(rgb, alpha)))


def _satellites(opened: Opened, which: Ints, step_s: float, count: int, progress: Progress | None) -> Iterator[tuple[int, Packet]]:
    """Number and packet of each satellite that has positions: position, point in the colour of its state, trail of one revolution."""
    grid, names, periods = opened.fleet.grid, opened.names, opened.fleet.period_s
    to_inertial = np.swapaxes(gcrs_to_teme(*TimeGrid(grid.epoch_jd, grid.epoch_fr, step_s, count).jd_fr(0, count)), 1, 2)
    times_s = step_s * np.arange(count)
    slot = {int(n): k for k, n in enumerate(opened.series["sat"].values)}
    states, frames_s = opened.series["state"].values, opened.series["frame"].values / 1e3
    done = 0
    for places, found in opened.fleet.chunks(which, step_s, count):
        for row, place in enumerate(places.tolist()):
            n, many = int(which[place]), int(found.valid[row].sum())
            if many < 2:
                continue
            r_m = rotated(to_inertial[:many], found.r_m[row, :many])
            samples = np.column_stack((times_s[:many], np.round(r_m, 2))).ravel().tolist()
            end_s = float(times_s[many - 1])
            state = states[:, slot[n]] if n in slot else None
            yield n, Packet(
                id=f"satellite-{n}", name=names[n].name, availability=TimeIntervalCollection(values=[_span(opened, 0.0, end_s)]),
                position=Position(
                    interpolationAlgorithm=InterpolationAlgorithms.LAGRANGE, interpolationDegree=DEGREE, referenceFrame="INERTIAL",
                    epoch=opened.moment(0.0), cartesian=samples,
                ),
                point=Point(pixelSize=5, color=_colour(NOT_RECORDED) if state is None else _state_colours(opened, state, frames_s)),
                path=Trail(leadTime=0, trailTime=float(periods[n]), width=1, resolution=TRAIL_STEP_S, material=_line(NOT_RECORDED, 90)),
            )  # fmt: skip
        done += places.size
        if progress is not None:
            progress(done, which.size)


def _state_colours(opened: Opened, state: NDArray[np.uint8], frames_s: NDArray[np.float64]) -> TimeIntervalCollection:
    """Colour over time: that of a frame holds from the frame before."""
    changes = np.flatnonzero(np.diff(state)) + 1
    first, last = [0, *changes.tolist()], [*(changes - 1).tolist(), state.size - 1]
    rows = []
    for lo, hi in zip(first, last, strict=True):
        begin_s = 0.0 if lo == 0 else float(frames_s[lo - 1])
        colour = _colour(COLOURS[STATES[int(state[lo])]])
        rows.append(IntervalValue(start=opened.moment(begin_s), end=opened.moment(float(frames_s[hi])), value=colour))
    return TimeIntervalCollection(values=rows)


def _stations(opened: Opened) -> Iterator[Packet]:
    for n, site in enumerate(propagators.stations(opened.loaded.scenario)):
        place = [float(np.degrees(site.longitude_rad)), float(np.degrees(site.latitude_rad)), float(site.height_m)]
        yield Packet(
            id=f"station-{n}", name=site.name, position=Position(cartographicDegrees=place),
            point=Point(pixelSize=7, color=_colour(STATION)), label=Label(text=site.name, font="12px sans-serif", fillColor=_colour(STATION)),
        )  # fmt: skip


def _links(opened: Opened, shown: set[int], end_s: float) -> Iterator[Packet]:
    """A packet of each pair of satellites that has a link at some time."""
    series = opened.series
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    columns = (series[name].values.tolist() for name in ("link_a", "link_b", "link_from", "link_until"))
    for a, b, first, until in zip(*columns, strict=True):
        if a in shown and b in shown:
            spans.setdefault((f"satellite-{a}", f"satellite-{b}"), []).append((first, until))
    for ends, frames in spans.items():
        yield from _polyline(opened, ends, frames, end_s, LINK)


def _ground_links(opened: Opened, shown: set[int], end_s: float) -> Iterator[Packet]:
    """A packet of each station and each satellite that its route begins with at some time."""
    series = opened.series
    stations, satellites = series.sizes["station"], series["route_satellite"].values
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    columns = (series[name].values.tolist() for name in ("route_end", "route_begin", "route_from", "route_until"))
    for end, begin, first, until in zip(*columns, strict=True):
        if end < stations and begin < satellites.size and int(satellites[begin]) in shown:
            spans.setdefault((f"station-{end}", f"satellite-{satellites[begin]}"), []).append((first, until))
    for ends, frames in spans.items():
        yield from _polyline(opened, ends, frames, end_s, GROUND_LINK)


def _polyline(
    opened: Opened, ends: tuple[str, str], frames: list[tuple[int, int]], end_s: float, rgb: tuple[int, int, int]
) -> Iterator[Packet]:
    """A straight line between two things while it exists: from the frame before that shows it to the frame that shows it last."""
    frames_s = opened.series["frame"].values / 1e3
    spans = []
    for first, until in sorted(frames):
        begin_s, stop_s = 0.0 if first == 0 else float(frames_s[first - 1]), min(float(frames_s[until - 1]), end_s)
        if begin_s < stop_s:
            spans.append(_span(opened, begin_s, stop_s))
    if spans:
        line = Polyline(
            positions=PositionList(references=[f"{end}#position" for end in ends]), arcType=ArcType(arcType="NONE"), width=1,
            material=_line(rgb, 160),
        )  # fmt: skip
        yield Packet(id=f"link-{ends[0]}-{ends[1]}", availability=TimeIntervalCollection(values=spans), polyline=line)
