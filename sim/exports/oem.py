"""Orbit ephemeris message, version 2.0 in key = value: one file, a segment for each satellite. [ccsds502:5]"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sim.exports.opened import Name, Opened, Options, Progress

STEP_S = 60.0
NODES = 4  # states between which is interpolated: Hermite of degree 7
LEAST_STATES = 2

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
        The file.
    options : Options
        `step_s`: spacing of states, 60 s without; `satellites`: how many at most.
    progress : callable, optional
        Called with the number of satellites done and their total.

    Returns
    -------
    dict
        Numbers of satellites and states, spacing, interpolation, and satellites that have no position.
    """
    step_s = STEP_S if options.step_s is None else options.step_s
    count = opened.steps(step_s) + 1
    which, names = opened.chosen(options.satellites), opened.names
    times = [opened.moment(step_s * k).removesuffix("Z") for k in range(count)]
    written = states = done = 0
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD.format(title=_text(opened.series.attrs["title"]), epoch=times[0]))
        for places, found in opened.fleet.chunks(which, step_s, count):
            for row, place in enumerate(places.tolist()):
                many = int(found.valid[row].sum())  # valid from the epoch to the first loss
                if many < LEAST_STATES:
                    continue
                _segment(file, names[which[place]], times[:many], found.r_m[row], found.v_m_s[row])
                written, states = written + 1, states + many
            done += places.size
            if progress is not None:
                progress(done, which.size)
    return {
        "satellites": written, "states": states, "step_s": step_s, "frame": "TEME", "interpolation": f"Hermite, degree {2 * NODES - 1}",
        "of_satellites": opened.fleet.count, "without_positions": int(which.size) - written,
    }  # fmt: skip


def _segment(file: IO[str], name: Name, times: list[str], r_m: NDArray[np.float64], v_m_s: NDArray[np.float64]) -> None:
    """A segment: millimetres and micrometres per second."""
    degree = 2 * min(NODES, len(times)) - 1
    file.write(_META.format(name=_text(name.name), object_id=_text(name.object_id), start=times[0], stop=times[-1], degree=degree))
    rows = np.concatenate((r_m[: len(times)], v_m_s[: len(times)]), axis=1) * 1e-3
    line = "%s %.6f %.6f %.6f %.9f %.9f %.9f\n"
    file.write("".join(line % (time, *row) for time, row in zip(times, rows.tolist(), strict=True)))


def _text(name: str) -> str:
    """A name in the characters of a message: printable ASCII on one line."""
    return " ".join(name.encode("ascii", "replace").decode().split())
