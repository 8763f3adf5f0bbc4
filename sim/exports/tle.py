"""Two-line elements: those of the file where they are the trajectory, else SGP4 mean elements that fit it best.

Every line is read again after it is written, and its error against the trajectory is what is reported: of the fit and of the
digits that a line has.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import elements as packed
from orbit.catalog import parse_tle
from orbit.catalog.common import LARGEST_ALPHA_5, SGP4_EPOCH_JD
from orbit.constants import SECONDS_PER_DAY
from orbit.elements import Sgp4Elements
from orbit.numerical import Numerical
from orbit.sgp4 import Sgp4
from orbit.timegrid import TimeGrid
from sim.config.errors import Origin, bad_input
from sim.exports import arcs, fitting
from sim.exports.fitting import Samples
from sim.exports.opened import Opened, Options, Progress

Ints = NDArray[np.int64]
Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Of satellites without a catalogue number: 90000 to 99999 are used for tracks of unknown objects, 100000 and above for objects
FIRST_NUMBER = 90_000
SPAN_S = SECONDS_PER_DAY
SAMPLES_A_REVOLUTION = 12
MOST_SAMPLES = 400
CHUNK = 256
DRAG_SPAN_S = 0.5 * SECONDS_PER_DAY  # below which drag moves satellites by less than the terms that elements leave out
LEAST_DRAG = 1e-9  # B* below which a line would hold a zero


class _Lines(NamedTuple):
    """What is written of one satellite; error [m] of the lines against the trajectory."""

    name: str
    line1: str
    line2: str
    number: int
    source: str  # file, elements, fit
    rms_m: float
    most_m: float
    burns: bool  # within the span of a fit


def write(opened: Opened, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Write the elements of a fleet.

    Parameters
    ----------
    opened : Opened
        The results.
    out : Path
        The file: a name and two lines for each satellite.
    options : Options
        `span_s`: time over which elements are fitted, by default the run but at most a day, and one revolution at least;
        `satellites`: how many at most.
    progress : callable, optional
        Called with the number of satellites done and their total.

    Returns
    -------
    dict
        Numbers of satellites by source of their lines, the fit's span, and the errors of the lines as written.

    Raises
    ------
    InputError
        If no satellite has positions over a revolution.
    """
    which, fleet = opened.chosen(options.satellites), opened.fleet
    every = catalogue_numbers([name.number for name in opened.names])  # so that a satellite has the same one in every selection
    numbers = [every[n] for n in which.tolist()]
    span_s = _span_s(opened, options)
    found: list[_Lines] = []
    done = 0
    for propagator, places, local in fleet.parts(which, CHUNK):
        found += _of_part(opened, propagator, which[places], local, [numbers[p] for p in places.tolist()], span_s)
        done += places.size
        if progress is not None:
            progress(done, which.size)
    if not found:
        longest_s = float(fleet.period_s[which].max())
        raise opened.refuse(f"no satellite has positions over a revolution of {longest_s:,.0f} s, which elements need; write --format oem")
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for row in found:
            file.write(f"{row.name}\n{row.line1}\n{row.line2}\n")
    made = sum(1 for n, number in zip(which.tolist(), numbers, strict=True) if opened.names[n].number != number)
    notes = [f"{made:,} satellites without a catalogue number that a line can hold have numbers from {FIRST_NUMBER} on"] if made else []
    burnt = sum(row.burns for row in found)
    if burnt:
        notes.append(f"{burnt:,} satellites burn within the span of the fit: their lines have no drag, and are as far off as the burns moved them")
    worst = max(found, key=lambda row: row.most_m)
    square = [row.rms_m**2 for row in found]
    return {
        "satellites": len(found), "of_satellites": fleet.count, "without_positions": int(which.size) - len(found),
        **{f"lines_of_{kind}": sum(row.source == kind for row in found) for kind in ("file", "elements", "fit")},
        "span_s": span_s, "residual_rms_m": float(np.sqrt(np.mean(square))),
        "residual_max_m": worst.most_m, "worst_satellite": worst.name,
        "residuals": [{"name": r.name, "number": r.number, "source": r.source, "rms_m": r.rms_m, "max_m": r.most_m} for r in found],
        "notes": notes,
    }  # fmt: skip


def catalogue_numbers(known: list[int]) -> list[int]:
    """Catalogue numbers of satellites: their own where a line can hold it, else free ones from 90000 on.

    From 100000 on lines have the letter of Alpha-5 in the first column.

    Parameters
    ----------
    known : list of int
        Numbers of the satellites; 0 without one.

    Returns
    -------
    list of int
        Distinct numbers, but where the same number is given twice.

    Raises
    ------
    InputError
        If there are more satellites than numbers.

    Examples
    --------
    >>> catalogue_numbers([25544, 0, 90000, 0, 400000])
    [25544, 90001, 90000, 90002, 90003]
    """
    taken = set(known)
    free = (n for n in range(FIRST_NUMBER, LARGEST_ALPHA_5 + 1) if n not in taken)
    found = [number if 0 < number <= LARGEST_ALPHA_5 else next(free, 0) for number in known]
    if 0 in found:
        most = LARGEST_ALPHA_5 + 1 - FIRST_NUMBER
        raise bad_input(Origin("--satellites"), "", f"{len(known):,} satellites need more numbers than lines have; write {most} or fewer")
    return found


def _span_s(opened: Opened, options: Options) -> float:
    """Time over which elements are fitted: at least the longest revolution, at most the run."""
    longest_s = float(opened.fleet.period_s.max())
    asked = min(opened.duration_s, SPAN_S) if options.span_s is None else options.span_s
    if options.span_s is not None and not longest_s <= asked <= opened.duration_s:
        raise bad_input(
            Origin("--span"), "", f"{asked:g} s is out of range; write a revolution, {longest_s:.0f} s, to the run, {opened.duration_s:g} s"
        )
    # a run shorter than a revolution is continued: elements of an arc say little about the orbit
    return max(asked, float(np.ceil(longest_s)))


def _of_part(opened: Opened, propagator: Any, which: Ints, local: Ints, numbers: list[int], span_s: float) -> list[_Lines]:
    """Lines of satellites of one propagator."""
    grid = opened.fleet.grid
    shortest_s = max(float(propagator.period_s[local].min()), 60.0)
    count = int(np.clip(np.ceil(SAMPLES_A_REVOLUTION * span_s / shortest_s), SAMPLES_A_REVOLUTION, MOST_SAMPLES)) + 1
    step_s = span_s / (count - 1)
    (_, states), = opened.fleet.chunks(which, step_s, count, which.size)
    some = np.flatnonzero(states.valid.sum(axis=1) >= SAMPLES_A_REVOLUTION)  # others are lost too early for elements
    if not some.size:
        return []
    which, local, numbers = which[some], local[some], [numbers[row] for row in some.tolist()]
    jd, fr = TimeGrid(grid.epoch_jd, grid.epoch_fr, step_s, count).jd_fr(0, count)
    samples = Samples(jd, fr, states.r_m[some], states.valid[some])
    burns = np.array([any(start_s < span_s and end_s > 0.0 for start_s, end_s in of) for of in arcs.thrusts_s(propagator, local)])
    if isinstance(propagator, Sgp4):
        exact, sources = propagator.elements.subset(local), ["elements"] * which.size
    else:
        sinks = _sinks(propagator, local, span_s) & ~burns
        exact, sources = _fitted(samples, states.v_m_s[some, 0], grid, sinks), ["fit"] * which.size
    lines = []
    for row, n in enumerate(which.tolist()):
        one, name = opened.set_of(n), opened.names[n]
        if isinstance(propagator, Sgp4) and one is not None and one.line1:
            sources[row] = "file"
            lines.append((one.line1, one.line2))
        else:
            lines.append(element_lines(exact.subset(np.array([row])), numbers[row], name.designator))
    rms_m, most_m = fitting.residual_m(packed([parse_tle(*pair) for pair in lines]), samples)
    return [
        _Lines(_label(opened, n), *lines[row], numbers[row], sources[row], float(rms_m[row]), float(most_m[row]), bool(burns[row]))
        for row, n in enumerate(which.tolist())
    ]  # fmt: skip


def _fitted(samples: Samples, v_m_s: Array, grid: TimeGrid, sinks: Flags) -> Sgp4Elements:
    """Elements that fit: first one or two revolutions, so that the phase is known, then all; with drag where it is above zero."""
    epoch_fr = round(grid.epoch_fr, 8)  # as a line holds it
    unknowns = fitting.of_states(samples.r_m[:, 0], v_m_s)
    once = min(samples.jd.size, 2 * SAMPLES_A_REVOLUTION + 1)
    unknowns = fitting.fit(unknowns, samples.first(once), grid.epoch_jd, epoch_fr)
    unknowns = fitting.fit(unknowns, samples, grid.epoch_jd, epoch_fr)
    unknowns = np.concatenate((unknowns, np.zeros((1, len(samples.r_m)))))
    which = np.flatnonzero(sinks)
    if which.size:
        part = Samples(samples.jd, samples.fr, samples.r_m[which], samples.valid[which])
        dragged = fitting.fit(unknowns[:, which], part, grid.epoch_jd, epoch_fr)
        down = dragged[6] > 0.0  # where the best drag is below zero, the best that is not is zero
        unknowns[:, which[down]] = dragged[:, down]
    return fitting.elements_of(unknowns, grid.epoch_jd, epoch_fr)


def _sinks(propagator: Any, local: Ints, span_s: float) -> Flags:
    """Satellites that drag lowers, over a time in which that shows, so that a drag term is fitted too."""
    if span_s < DRAG_SPAN_S:
        return np.zeros(local.size, dtype=np.bool_)
    if isinstance(propagator, Numerical):
        return np.full(local.size, bool(propagator.forces.drag))
    return arcs.sinks(propagator, local, span_s)


def _label(opened: Opened, n: int) -> str:
    """A line of the name, which must not be taken for elements or a comment."""
    text = " ".join(opened.names[n].name.split())
    return f"0 {text}" if text[:2] in ("1 ", "2 ") or text[:1] == "#" else text


def _digits_rad(angle_rad: float) -> float:
    """An angle to the digits of a line, below 360.0000 deg."""
    return float(np.radians(round(float(np.degrees(angle_rad)), 4) % 360.0))


def element_lines(one: Sgp4Elements, number: int, designator: str) -> tuple[str, str]:
    """Two lines of elements.

    Rounding the argument of perigee moves the mean anomaly by as much, so that the place of a near-circular orbit keeps its
    digits; and so does rounding the epoch.

    Parameters
    ----------
    one : Sgp4Elements
        Mean elements of one satellite.
    number : int
        Catalogue number, at most 339999.
    designator : str
        International designator such as 1998-067A; may be empty.

    Returns
    -------
    line1, line2 : str
        The lines, 69 columns each.
    """
    from sgp4.api import WGS72, Satrec
    from sgp4.exporter import export_tle

    value = {f.name: float(getattr(one, f.name)[0]) for f in fields(Sgp4Elements)}
    fr = round(value["epoch_fr"], 8)
    motion, perigee = value["mean_motion_rad_min"], value["perigee_argument_rad"]
    shown = _digits_rad(perigee)
    anomaly = value["mean_anomaly_rad"] + (perigee - shown) + motion * 1440.0 * (fr - value["epoch_fr"])
    drag = value["drag_term_per_er"]
    record = Satrec()
    record.sgp4init(
        WGS72, "i", number, value["epoch_jd"] - SGP4_EPOCH_JD + fr, drag if abs(drag) >= LEAST_DRAG else 0.0, 0.0, 0.0,
        value["eccentricity"], shown, value["inclination_rad"], _digits_rad(anomaly), motion, _digits_rad(value["node_rad"]),
    )  # fmt: skip
    record.classification = "U"
    year, _, launch = designator.partition("-")
    record.intldesg = f"{year[2:]}{launch}"[:8] if len(year) == 4 and year.isdigit() else ""
    return export_tle(record)  # type: ignore[no-any-return]
