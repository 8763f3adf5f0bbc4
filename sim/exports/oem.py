"""Orbit ephemeris message, version 2.0 in key = value: a segment for each satellite, or a file for each. [ccsds502:5]

A satellite with burns has a segment for each arc between them, so that nothing is interpolated across a burn.
The standard speaks of one object in a message. Orekit and this program read segments of many; others want a file for each.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.exports.arcs import Arcs
from sim.exports.opened import Name, Opened, Options, Progress

Array = NDArray[np.float64]

STEP_S = 60.0
NODES = 4  # states between which is interpolated: Hermite of degree 7
LEAST_STATES = 2
LEAST_A_REVOLUTION = 12  # with which interpolation errs by 0.3 m in low orbit

_HEAD = """\
CCSDS_OEM_VERS = 2.0
COMMENT {title}
COMMENT Creation date: epoch of the run, so that the same result gives the same file
CREATION_DATE = {epoch}
ORIGINATOR = DAWNDUSK
"""
_META = """
META_START
OBJECT_NAME = {name}
OBJECT_ID = {object_id}
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
START_TIME = {start}
STOP_TIME = {stop}
INTERPOLATION = HERMITE
INTERPOLATION_DEGREE = {degree}
META_STOP

"""


def write(opened: Opened, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Write the ephemerides of a fleet.

    Parameters
    ----------
    opened : Opened
        The results.
    out : Path
        The file, or the folder where it is split.
    options : Options
        `step_s`: spacing of states, 60 s without; `satellites`: how many at most; `split`: a file for each.
    progress : callable, optional
        Called with the number of satellites done and their total.

    Returns
    -------
    dict
        Numbers of satellites and states, spacing, interpolation, and satellites that have no position.

    Raises
    ------
    InputError
        If no satellite has positions.
    """
    step_s = STEP_S if options.step_s is None else options.step_s
    which, names = opened.chosen(options.satellites), opened.names
    count = opened.steps(step_s, which, LEAST_A_REVOLUTION) + 1
    times = [opened.moment(step_s * k).removesuffix("Z") for k in range(count)]
    head = _HEAD.format(title=_text(opened.series.attrs["title"]), epoch=times[0])
    written = states = segments = done = 0
    arcs = Arcs(opened.fleet)
    width = len(str(opened.fleet.count - 1))
    with nullcontext(None) if options.split else out.open("w", encoding="utf-8", newline="\n") as whole:
        if whole is not None:
            whole.write(head)
        for places, found in opened.fleet.chunks(which, step_s, count):
            for row, place in enumerate(places.tolist()):
                many = int(found.valid[row].sum())  # valid from the epoch to the first loss
                if many < LEAST_STATES:
                    continue
                n = int(which[place])
                end_s = step_s * (many - 1)
                if any(0.0 < t_s < end_s for t_s in arcs.instants_s(n)):
                    parts = [([_time(opened, t_s) for t_s in at.tolist()], r_m, v_m_s) for at, r_m, v_m_s in arcs.states(n, step_s, end_s)]
                else:
                    parts = [(times[:many], found.r_m[row], found.v_m_s[row])]
                text = "".join(_segment(names[n], *part) for part in parts)
                if whole is None:
                    (out / f"satellite-{n:0{width}}.oem").write_text(head + text, encoding="utf-8", newline="\n")
                else:
                    whole.write(text)
                written, segments = written + 1, segments + len(parts)
                states += sum(len(part[0]) for part in parts)
            done += places.size
            if progress is not None:
                progress(done, which.size)
    if not written:
        raise opened.refuse("no satellite has two positions; write a shorter --step, or run it again with satellites in orbit")
    return {
        "satellites": written, "segments": segments, "states": states, "step_s": step_s,
        "frame": "TEME", "interpolation": f"Hermite, degree {2 * NODES - 1}",
        "of_satellites": opened.fleet.count, "without_positions": int(which.size) - written,
    }  # fmt: skip


def _time(opened: Opened, seconds: float) -> str:
    """A time in milliseconds; in microseconds where it lies between them, as the ends of burns do."""
    if round(seconds * 1e6) % 1000 == 0:
        return opened.moment(seconds).removesuffix("Z")
    return f"{opened.epoch + timedelta(microseconds=round(seconds * 1e6)):%Y-%m-%dT%H:%M:%S.%f}"


def _segment(name: Name, times: list[str], r_m: Array, v_m_s: Array) -> str:
    """A segment: millimetres and micrometres per second."""
    degree = 2 * min(NODES, len(times)) - 1
    head = _META.format(name=_text(name.name), object_id=_text(name.object_id), start=times[0], stop=times[-1], degree=degree)
    rows = np.concatenate((r_m[: len(times)], v_m_s[: len(times)]), axis=1) * 1e-3
    line = "%s %.6f %.6f %.6f %.9f %.9f %.9f\n"
    return head + "".join(line % (time, *row) for time, row in zip(times, rows.tolist(), strict=True))


def _text(name: str) -> str:
    """A name in the characters of a message: printable ASCII on one line."""
    return " ".join(name.encode("ascii", "replace").decode().split())
