"""SGP4 against the reference code and its published output."""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import elements, parse_tle, read_tle, satellites
from orbit.sgp4 import Sgp4, from_satrecs
from orbit.timegrid import TimeGrid
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]

LIMIT_KM = 1e-8  # near-Earth satellites, within a day of the epoch of the elements
REFERENCE = "sgp4 package, which compiles the reference code [vallado2006]"


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of SGP4.

    Parameters
    ----------
    data : Path or None
        Folder of the published data.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_published_output(), *_against_reference(), *_catalogue(data)]


def _against_reference() -> list[Case | Failed]:
    return [
        Case("SGP4-VER: near-Earth satellites against the reference, a day backward and forward", lambda: _day_errors()[0], 0.0, LIMIT_KM,
             "km", REFERENCE),
        Case("SGP4-VER: times whose code differs from the reference's", lambda: _day_errors()[1], 0.0, 0.0, "1", REFERENCE),
    ]  # fmt: skip


@cache
def _day_errors() -> tuple[float, float]:
    """Worst distance [km] of near-Earth satellites, and differing codes of all, over the official file."""
    worst, wrong = 0.0, 0
    for record in satellites(_official()):
        grid = TimeGrid(record.jdsatepoch, record.jdsatepochF, 600.0, 144)
        ours_m = np.empty((289, 3, 1))
        codes = Sgp4(from_satrecs([record]), grid).fill(0, 1, -144, ours_m)
        theirs, r_km, _ = record.sgp4_array(*grid.jd_fr(-144, 289))
        ours = np.zeros(289, dtype=np.int8) if codes is None else codes[:, 0]
        wrong += int(np.count_nonzero(ours != theirs))
        if record.method == "n":
            apart = np.linalg.norm(ours_m[:, :, 0] / 1e3 - r_km, axis=1)[(ours == 0) & (theirs == 0)]
            worst = max(worst, float(apart.max(initial=0.0)))
    return worst, float(wrong)


def _official() -> list[Any]:
    lines = [x for x in _text("SGP4-VER.TLE").splitlines() if x.startswith(("1 ", "2 "))]
    return [parse_tle(one, two[:69]) for one, two in zip(lines[::2], lines[1::2], strict=True)]


def _text(name: str) -> str:
    return (resources.files("sgp4") / name).read_text("ascii")


def _catalogue(data: Path | None) -> list[Case | Failed]:
    if data is None:
        return []
    path = data / "starlink-2023-09-01.tle"
    if not path.is_file():
        return [Failed("catalogue of 4,672 Starlink satellites", f"{path} is missing")]
    sets, bad = read_tle(path)
    source = "CelesTrak supplemental sets of September 2023, counted independently"
    return [
        Case("element sets in the Starlink catalogue", lambda: float(len(sets)), 4672.0, 0.0, "1", source),
        Case("bad lines in the Starlink catalogue", lambda: float(len(bad)), 0.0, 0.0, "1", source),
        Case("Starlink catalogue against the reference, every minute of a day, worst", lambda: _catalogue_distance_km(sets), 0.0, LIMIT_KM,
             "km", REFERENCE),
    ]  # fmt: skip


def _catalogue_distance_km(sets: list[Any]) -> float:
    """Worst distance [km] from the reference over a day; raises ValueError where codes differ."""
    from sgp4.api import SatrecArray

    sgp4_elements, records = elements(sets), satellites(sets)
    grid = TimeGrid(float(np.median(sgp4_elements.epoch_jd)), 0.0, 60.0, 1440)
    fleet, worst, tile = Sgp4(sgp4_elements, grid), 0.0, 256
    ours_m = np.empty((1440, 3, tile))
    for lo in range(0, len(sets), tile):
        hi = min(lo + tile, len(sets))
        codes = fleet.fill(lo, hi, 0, ours_m)
        theirs, r_km, _ = SatrecArray(records[lo:hi]).sgp4(*grid.jd_fr(0, 1440))
        if not np.array_equal(np.zeros_like(theirs) if codes is None else codes[:, : hi - lo].T, theirs):
            raise ValueError("codes differ from the reference's")
        apart = np.linalg.norm(ours_m[:, :, : hi - lo] / 1e3 - np.moveaxis(r_km, 0, 2), axis=1)
        worst = max(worst, float(apart[theirs.T == 0].max()))
    return worst


# --- published output ------------------------------------------------------------------------------------------------


def _published_output() -> list[Case | Failed]:
    source = "SGP4-VER.TLE against tcppver.out [vallado2006]"
    return [
        Case("SGP4-VER: satellites compared", lambda: _sgp4_ver()[0], 33.0, 0.0, "1", source),
        Case("SGP4-VER: worst position", lambda: _sgp4_ver()[1], 0.0, 1e-5, "km", source),
        Case(
            "SGP4-VER: error codes that differ from the reference's",
            lambda: _sgp4_ver()[2],
            0.0,
            0.0,
            "1",
            "list in the tests of the sgp4 package",
        ),
    ]


# Error codes in the order of the file, as the tests of the sgp4 package list them for the reference code: satellites
# 22312, 28350, 28872, 29141, 33333, 33334 and 20413.
SGP4_VER_CODES = (1, 1, 6, 6, 4, 3, 6)


@cache
def _sgp4_ver() -> tuple[float, float, float]:
    """Satellites, worst position error [km] and differing error codes over the official verification file."""
    published = _published(_text("tcppver.out"))
    lines = [x for x in _text("SGP4-VER.TLE").splitlines() if x.startswith(("1 ", "2 "))]
    worst, codes = 0.0, []
    for rows, line1, line2 in zip(published, lines[::2], lines[1::2], strict=True):
        record = satellites([parse_tle(line1, line2[:69])])[0]
        for minutes, *position_km in rows:
            code, ours_km = _sgp4_at(record, minutes)
            if code:
                codes.append(code)
            else:
                worst = max(worst, float(np.linalg.norm(ours_km - np.array(position_km))))
        # the reference output ends at the first error of a satellite: the time after its last row must give one
        _, stop, step_min = (float(word) for word in line2[69:].split())
        following = rows[-1][0] + step_min
        if not (codes and code) and following <= stop:
            codes.append(_sgp4_at(record, following)[0])
    wrong = sum(a != b for a, b in zip_longest(codes, SGP4_VER_CODES))
    return float(len(published)), worst, float(wrong)


def _sgp4_at(record: Any, minutes: float) -> tuple[int, Array]:
    """Error code and position [km] at a time since the elements' epoch, by the run's propagator."""
    grid = TimeGrid(record.jdsatepoch, record.jdsatepochF, minutes * 60.0 if minutes else 60.0, 1)
    r_m = np.empty((1, 3, 1))
    codes = Sgp4(from_satrecs([record]), grid).fill(0, 1, 1 if minutes else 0, r_m)
    return 0 if codes is None else int(codes[0, 0]), r_m[0, :, 0] / 1e3


def _published(text: str) -> list[list[tuple[float, ...]]]:
    """Rows (minutes, x, y, z) of every satellite in the order of the file."""
    satellite_rows: list[list[tuple[float, ...]]] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[1] == "xx":
            satellite_rows.append([])
        elif len(words) >= 7:
            satellite_rows[-1].append(tuple(float(w) for w in words[:4]))
    return satellite_rows
