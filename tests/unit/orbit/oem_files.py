"""Orbit ephemeris messages of closed orbits, as text, and the positions that are read from them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sgp4.api import WGS72, Satrec

from orbit.catalog import BadLine, Track, read_oem
from orbit.ephemeris import Ephemeris
from orbit.timegrid import TimeGrid, julian_date

MU = 3.986004418e14
EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
ISS = (
    "1 25544U 98067A   26354.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)


def two_body_m(t_s: np.ndarray, a_m: float = 7.2e6, e: float = 0.02, turn_rad: float = 0.3) -> np.ndarray:
    """Kepler's orbit in closed form, (times, 6): position and velocity, tilted by 0.9 rad about x."""
    n = math.sqrt(MU / a_m**3)
    mean = turn_rad + n * np.asarray(t_s)
    anomaly = mean + e * np.sin(mean)
    for _ in range(20):
        anomaly -= (anomaly - e * np.sin(anomaly) - mean) / (1.0 - e * np.cos(anomaly))
    c, s, b = np.cos(anomaly), np.sin(anomaly), math.sqrt(1.0 - e * e)
    rate = n / (1.0 - e * c)
    x, y, u, v = a_m * (c - e), a_m * b * s, -a_m * s * rate, a_m * b * c * rate
    return np.stack([x, y * math.cos(0.9), y * math.sin(0.9), u, v * math.cos(0.9), v * math.sin(0.9)], axis=1)


def sgp4_m(t_s: np.ndarray) -> np.ndarray:
    """States (times, 6) of the sgp4 package, seconds from EPOCH."""
    jd, fr = julian_date(EPOCH)
    code, r, v = Satrec.twoline2rv(*ISS, WGS72).sgp4_array(np.full(t_s.size, jd), fr + t_s / 86400.0)
    assert not code.any()
    return 1e3 * np.concatenate((r, v), axis=1)


def stamp(seconds: float) -> str:
    return (EPOCH + timedelta(seconds=float(seconds))).strftime("%Y-%m-%dT%H:%M:%S.%f")


def meta(name: str, t_s: np.ndarray, **more: object) -> dict[str, object]:
    return {
        "OBJECT_NAME": name, "OBJECT_ID": f"2026-{name}", "CENTER_NAME": "EARTH", "REF_FRAME": "TEME", "TIME_SYSTEM": "UTC",
        "START_TIME": stamp(t_s[0]), "STOP_TIME": stamp(t_s[-1]), "INTERPOLATION": "HERMITE", "INTERPOLATION_DEGREE": 7, **more,
    }  # fmt: skip


def kvn(*segments: tuple[dict[str, object], np.ndarray, np.ndarray]) -> str:
    lines = ["CCSDS_OEM_VERS = 2.0", "COMMENT made up", "CREATION_DATE = 2026-12-20T00:00:00", "ORIGINATOR = TEST", ""]
    for words, t_s, states in segments:
        lines += ["META_START", *(f"{k} = {v}" for k, v in words.items()), "META_STOP", "COMMENT states"]
        lines += [f"{stamp(t)} " + " ".join(f"{x:.12f}" for x in 1e-3 * s) for t, s in zip(t_s, states, strict=True)]
        lines += ["COVARIANCE_START", "EPOCH = " + stamp(t_s[0]), "1.0", "0.1 1.0", "COVARIANCE_STOP"]
    return "\n".join(lines) + "\n"


def xml(*segments: tuple[dict[str, object], np.ndarray, np.ndarray]) -> str:
    axes = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
    lines = ['<?xml version="1.0"?>', '<oem id="CCSDS_OEM_VERS" version="2.0"><header/><body>']
    for words, t_s, states in segments:
        lines += ["<segment><metadata>", *(f"<{k}>{v}</{k}>" for k, v in words.items()), "</metadata><data>"]
        for t, s in zip(t_s, states, strict=True):
            numbers = "".join(f"<{a}>{x:.12f}</{a}>" for a, x in zip(axes, 1e-3 * s, strict=True))
            lines.append(f"<stateVector><EPOCH>{stamp(t)}</EPOCH>{numbers}</stateVector>")
        lines += [
            f"<covarianceMatrix><EPOCH>{stamp(t_s[0])}</EPOCH><CX_X>1</CX_X></covarianceMatrix>",
            "</data></segment>",
        ]
    return "\n".join([*lines, "</body></oem>"]) + "\n"


MINUTES = 60.0 * np.arange(61)


def read(folder: Path, text: str) -> tuple[list[Track], list[BadLine]]:
    path = folder / "file.oem"
    path.write_text(text, encoding="utf-8")
    return read_oem(path)


def positions_m(tracks: list[Track], step_s: float, steps: int, first: int = 0) -> np.ndarray:
    """Positions (ticks, 3, satellites) of a grid from EPOCH on, none of them missing."""
    out = np.empty((steps, 3, len(tracks)))
    assert Ephemeris(tracks, TimeGrid(*julian_date(EPOCH), step_s, steps)).fill(0, len(tracks), first, out) is None
    return out
