"""Build orbit/data/earth_orientation.npz: how the Earth turned and will turn, a row a day, and the leap seconds.

    python tools/build_earth_orientation.py

Reads finals2000A.all and Leap_Second.dat of the installed package astropy-iers-data, which it keeps from the IERS, and
downloads nothing. Of each day the final values of Bulletin B are taken where they are given, else those of Bulletin A.
The same input makes the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path

import numpy as np

OUTPUT = Path(__file__).resolve().parent.parent / "orbit" / "data" / "earth_orientation.npz"
MJD_0 = date(1858, 11, 17)
PACKAGE = "astropy-iers-data"


@dataclass(frozen=True, slots=True)
class Day:
    """One row of finals2000A: UT1 - UTC [s], pole x and y [arcsec], whether measured."""

    mjd: int
    ut1_minus_utc_s: float
    pole_x_arcsec: float
    pole_y_arcsec: float
    measured: bool


def read_day(line: str) -> Day | None:
    """A line of finals2000A.all, columns as its ReadMe numbers them less one; None where values have not been given yet."""
    bulletin_a = line[18:27], line[37:46], line[58:68]
    bulletin_b = line[134:144], line[144:154], line[154:165]
    x, y, ut1 = bulletin_b if all(text.strip() for text in bulletin_b) else bulletin_a
    if not (x.strip() and y.strip() and ut1.strip()):
        return None
    return Day(int(float(line[7:15])), float(ut1), float(x), float(y), line[16] == line[57] == "I")


def read_finals(text: str) -> list[Day]:
    """All days with values. Raises ValueError where a day is missing or a measured one follows a predicted one."""
    days = [day for line in text.splitlines() if (day := read_day(line)) is not None]
    if [day.mjd for day in days] != list(range(days[0].mjd, days[0].mjd + len(days))):
        raise ValueError("finals2000A.all leaves out a day")
    measured = [day.measured for day in days]
    if measured != sorted(measured, reverse=True):
        raise ValueError("finals2000A.all has measured days after predicted ones")
    return days


def read_leap_seconds(text: str) -> list[tuple[int, int]]:
    """(modified Julian date from which it holds, TAI - UTC [s]) of every line of Leap_Second.dat."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(int(float(row[0])), int(row[4])) for row in rows]


def iso(mjd: int) -> str:
    return (MJD_0 + timedelta(days=mjd)).isoformat()


def build(days: list[Day], leaps: list[tuple[int, int]], source: str) -> dict[str, bytes]:
    """Members of the archive: arrays of whole numbers in the digits of the source, and what they are."""
    from_mjd, offset_s = (np.array(column) for column in zip(*leaps, strict=True))
    mjd = np.array([day.mjd for day in days])
    tai_minus_utc_s = offset_s[np.searchsorted(from_mjd, mjd, side="right") - 1]
    ut1_minus_utc_s = np.array([day.ut1_minus_utc_s for day in days])
    arrays = {
        "ut1_minus_tai_1e7s": np.round((ut1_minus_utc_s - tai_minus_utc_s) * 1e7).astype(np.int32),
        "pole_x_uas": np.round(np.array([day.pole_x_arcsec for day in days]) * 1e6).astype(np.int32),
        "pole_y_uas": np.round(np.array([day.pole_y_arcsec for day in days]) * 1e6).astype(np.int32),
        "leap_mjd": from_mjd.astype(np.int32),
        "leap_tai_minus_utc_s": offset_s.astype(np.int32),
    }
    facts = {
        "source": "IERS Bulletins A and B as finals2000A.all, leap seconds of Bulletin C as Leap_Second.dat; " + source,
        "generator": "tools/build_earth_orientation.py",
        "first_mjd": days[0].mjd,
        "first": iso(days[0].mjd),
        "measured_until": iso(max(day.mjd for day in days if day.measured)),
        "table_end": iso(days[-1].mjd),
        "units": "1e-7 s, 1e-6 arcsec; a row for each day at 0h UTC",
    }
    members = {"provenance.json": (json.dumps(facts, indent=2) + "\n").encode()}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        members[name + ".npy"] = stream.getvalue()
    return members


def write(members: dict[str, bytes], path: Path) -> None:
    """The archive, without times of writing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    """Read the installed package's files, write the table, say what was written."""
    import astropy_iers_data as iers

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    days = read_finals(Path(iers.IERS_A_FILE).read_text("ascii"))
    leaps = read_leap_seconds(Path(iers.IERS_LEAP_SECOND_FILE).read_text("ascii"))
    write(build(days, leaps, f"{PACKAGE} {metadata.version(PACKAGE)}"), arguments.out)
    size_kb = arguments.out.stat().st_size / 1e3
    print(f"{arguments.out}: {len(days)} days from {iso(days[0].mjd)} to {iso(days[-1].mjd)}, {size_kb:.0f} kB")


if __name__ == "__main__":
    main()
