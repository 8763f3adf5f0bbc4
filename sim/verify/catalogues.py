"""Catalogues as numbers, and positions between published states, against the sgp4 package and closed forms."""

from __future__ import annotations

import io
import json
import math
import tempfile
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import ElementSet, parse_tle, read_oem, read_omm, read_tle, satellites, semi_major_axis_m
from orbit.constants import MU_EARTH_M3_S2
from orbit.ephemeris import Ephemeris
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]
EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
ISS = (
    "1 25544U 98067A   26354.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)
FIELD_NAMES = {
    "satnum": "satellite_number", "no_kozai": "mean_motion_rad_min", "ecco": "eccentricity", "inclo": "inclination_rad",
    "nodeo": "node_rad", "argpo": "perigee_argument_rad", "mo": "mean_anomaly_rad", "bstar": "drag_term_per_er",
    "ndot": "mean_motion_dot_rad_min2", "nddot": "mean_motion_ddot_rad_min3", "jdsatepoch": "epoch_jd", "jdsatepochF": "epoch_fr",
}  # fmt: skip


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of catalogues.

    Parameters
    ----------
    data : Path or None
        Folder of the published data.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_numbers(data), *_messages(), *_interpolation(), _recovery()]


# --- two lines ---------------------------------------------------------------------------------------------------------


def _numbers(data: Path | None) -> list[Case | Failed]:
    source = "Satrec.twoline2rv of the sgp4 package, bit by bit"
    comparisons: list[Case | Failed] = [
        Case("SGP4-VER: element sets whose numbers differ", lambda: _differing(_verification()), 0.0, 0.0, "1", source)
    ]
    if data is not None and (data / "starlink-2023-09-01.tle").is_file():
        path = data / "starlink-2023-09-01.tle"
        name = "element sets of the Starlink catalogue whose numbers differ"
        comparisons.append(Case(name, lambda: _differing(read_tle(path)[0]), 0.0, 0.0, "1", source))
    return comparisons


def _verification() -> list[ElementSet]:
    text = (resources.files("sgp4") / "SGP4-VER.TLE").read_text("ascii").splitlines()
    lines = [line for line in text if line.startswith(("1 ", "2 "))]
    return [parse_tle(one, two) for one, two in zip(lines[::2], lines[1::2], strict=True)]


def _differing(sets: list[ElementSet]) -> float:
    pairs = zip(sets, satellites(sets), strict=True)
    return float(sum(any(getattr(s, a) != getattr(one, b) for a, b in FIELD_NAMES.items()) for one, s in pairs))


# --- messages ----------------------------------------------------------------------------------------------------------


def _messages() -> list[Case | Failed]:
    # the package stores an epoch as one float of days: half of 2^-38 days at 9.8 km/s
    source = "sgp4.omm, the reader of the sgp4 package, over a day"
    return [
        Case(f"OMM sample in {file_format}: worst position", lambda file_format=file_format: _sample_error_m(file_format), 0.0, 0.01, "m", source)  # type: ignore[misc]
        for file_format in ("json", "xml", "csv")
    ]


def _sample_error_m(file_format: str) -> float:
    """Worst distance [m] between the satellites of the package's sample, as we and as the package read it."""
    from sgp4 import omm
    from sgp4.api import Satrec

    data = (resources.files("sgp4") / f"sample_omm.{file_format}").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample"
        path.write_bytes(data)
        ((one,), _) = read_omm(path)
    if file_format == "json":
        fields = json.loads(data)[0]
    else:
        parse: Any = omm.parse_csv if file_format == "csv" else omm.parse_xml
        fields = next(iter(parse(io.StringIO(data.decode()))))
    theirs = Satrec()
    omm.initialize(theirs, fields)
    jd, fr = np.full(97, one.epoch_jd), one.epoch_fr + np.arange(97) / 96.0
    ours_km, theirs_km = (s.sgp4_array(jd, fr)[1] for s in (satellites([one])[0], theirs))
    return float(1e3 * np.linalg.norm(ours_km - theirs_km, axis=1).max())


# --- between states ----------------------------------------------------------------------------------------------------


def _interpolation() -> list[Case | Failed]:
    return [
        Case("ephemeris of two bodies, Hermite of degree 7 at 60 s: worst position", lambda: _interpolation_error_m(_kepler_m, "HERMITE"),
             0.0, 1e-4, "m", "Kepler's orbit in closed form, e = 0.02; remainder of the polynomial"),
        Case("ephemeris of SGP4, Lagrange of degree 7 at 60 s: worst position", lambda: _interpolation_error_m(_sgp4_m, "LAGRANGE"),
             0.0, 2e-3, "m", "sgp4 package; remainder of the polynomial"),
    ]  # fmt: skip


def _kepler_m(t_s: Array) -> Array:
    """State (times, 6) on an ellipse of 7,200 km."""
    a, e = 7.2e6, 0.02
    n = math.sqrt(MU_EARTH_M3_S2 / a**3)
    anomaly = n * t_s
    for _ in range(20):
        anomaly = n * t_s + e * np.sin(anomaly)
    c, s, b = np.cos(anomaly), np.sin(anomaly), math.sqrt(1.0 - e * e)
    rate = n / (1.0 - e * c)
    zero = np.zeros_like(c)
    return np.stack([a * (c - e), a * b * s, zero, -a * s * rate, a * b * c * rate, zero], axis=1)


def _sgp4_m(t_s: Array) -> Array:
    from sgp4.api import WGS72, Satrec

    jd, fr = julian_date(EPOCH)
    _, r_km, v_km_s = Satrec.twoline2rv(*ISS, WGS72).sgp4_array(np.full(t_s.size, jd), fr + t_s / 86400.0)
    return np.asarray(1e3 * np.concatenate((r_km, v_km_s), axis=1))


def _interpolation_error_m(states: Any, method: str) -> float:
    """Worst distance [m] every 7 s from states written to an OEM once a minute."""
    minutes = 60.0 * np.arange(101)
    stamps = [(EPOCH + timedelta(seconds=t)).strftime("%Y-%m-%dT%H:%M:%S") for t in minutes.tolist()]
    head = {
        "OBJECT_NAME": "A", "CENTER_NAME": "EARTH", "REF_FRAME": "TEME", "TIME_SYSTEM": "UTC", "START_TIME": stamps[0],
        "STOP_TIME": stamps[-1], "INTERPOLATION": method, "INTERPOLATION_DEGREE": "7",
    }  # fmt: skip
    rows = [f"{s} " + " ".join(f"{x:.12f}" for x in row) for s, row in zip(stamps, 1e-3 * states(minutes), strict=True)]
    lines = ["CCSDS_OEM_VERS = 2.0", "META_START", *(f"{k} = {v}" for k, v in head.items()), "META_STOP", *rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states"
        path.write_text("\n".join(lines), encoding="ascii")
        tracks, _ = read_oem(path)
    grid = TimeGrid(*julian_date(EPOCH), 7.0, 857)
    ours_m = np.empty((858, 3, 1))
    if Ephemeris(tracks, grid).fill(0, 1, 0, ours_m) is not None:
        return math.inf
    return float(np.linalg.norm(ours_m[:, :, 0] - states(grid.seconds(0, 858))[:, :3], axis=1).max())


def _recovery() -> Case:
    """Semi-major axis from Kozai's mean motion."""

    def theirs() -> float:
        from sgp4.api import WGS72, Satrec

        made = Satrec()
        motion = 2.0 * math.pi * 15.06 / 1440.0
        made.sgp4init(WGS72, "i", 1, 28000.0, 0.0, 0.0, 0.0, 1e-3, 0.0, math.radians(53.0), 0.0, motion, 0.0)
        return float(made.a) * float(made.radiusearthkm)

    return Case(
        "semi-major axis of 15.06 rev/day at 53 deg",
        lambda: semi_major_axis_m(2.0 * math.pi * 15.06 / 86400.0, math.radians(53.0), 1e-3) / 1e3,
        theirs, 1e-6, "km", "Satrec.a of the sgp4 package, WGS 72",
    )  # fmt: skip
