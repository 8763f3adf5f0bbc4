"""Ephemerides in other frames, by other clocks, and across a leap second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import erfa
import numpy as np
import pytest
from astropy.coordinates import GCRS, TEME, CartesianRepresentation
from astropy.time import Time, TimeDelta
from astropy.utils import iers
from oem_files import EPOCH, MINUTES, kvn, meta, positions_m, read, stamp, two_body_m

from orbit.ephemeris import Ephemeris
from orbit.frames import itrs_state, states_to_teme
from orbit.orientation import shipped
from orbit.timegrid import TimeGrid, julian_date

# --- frames and clocks -----------------------------------------------------------------------------------------------


def _sky(name: str, states_m: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """Positions (times, 3) in TEME of states given in another frame, by Astropy with our table of Earth orientation."""
    when = Time(EPOCH.replace(tzinfo=None), scale="utc") + TimeDelta(t_s, format="sec")
    earth = shipped().at(when.utc.jd1, when.utc.jd2)
    when.delta_ut1_utc = earth.ut1_minus_utc_s
    if name == "ITRF":  # Astropy would look up a pole of its own: taken out here, by the closed form for polar motion
        pole = np.array([erfa.pom00(x, y, 0.0) for x, y in zip(earth.pole_x_rad, earth.pole_y_rad, strict=True)])
        fixed = np.einsum("kji,kj->ki", pole, states_m[:, :3])
        angle = erfa.gmst82(when.ut1.jd1, when.ut1.jd2)
        c, s = np.cos(angle), np.sin(angle)
        return np.stack([c * fixed[:, 0] - s * fixed[:, 1], s * fixed[:, 0] + c * fixed[:, 1], fixed[:, 2]], axis=1)
    gcrs = GCRS(CartesianRepresentation(states_m[:, :3].T, unit="m"), obstime=when)
    with iers.conf.set_temp("auto_download", False):
        return gcrs.transform_to(TEME(obstime=when)).cartesian.xyz.to_value("m").T


@pytest.mark.parametrize(
    ("frame", "names", "limit_m"),
    [
        ("GCRF", ("GCRF", "gcrs", "ICRF", "ICRF3"), 0.05),
        ("EME2000", ("EME2000", "J2000", "MEME"), 0.05),
        ("ITRF", ("ITRF", "ITRF2000", "ITRF-97", "itrf2014", "ITRS"), 1e-3),
    ],
)
def test_other_frames(tmp_path: Path, frame: str, names: tuple[str, ...], limit_m: float) -> None:
    """Source of truth: Astropy's GCRS to TEME, whose pole has the IERS's offsets, up to 0.5 mas, 2 cm at 7,200 km; for ITRF the sidereal
    time of 1982 and the pole, by ERFA. EME2000 is turned by the frame bias of the IERS conventions 2010, eq. 5.32 and 5.33: 16.6170
    and 6.8192 mas about the axes, 14.6 mas along the equator, in all 0.8 m. Taken as TEME the states would be 40 km off or more."""
    t = 300.0 * np.arange(13)
    states = two_body_m(t)
    given = states[:, :3]
    if frame == "EME2000":
        xi, eta, da = np.radians(np.array([-16.6170, -6.8192, -14.6]) / 3.6e6)
        bias = np.array([[1.0, da, -xi], [-da, 1.0, -eta], [xi, eta, 1.0]])  # GCRS to the mean equator of J2000.0
        given = given @ bias
        assert 0.3 < np.linalg.norm(given - states[:, :3], axis=1).max() < 1.0
    theirs = _sky("ITRF" if frame == "ITRF" else "GCRF", np.concatenate((given, states[:, 3:]), axis=1), t)
    assert np.linalg.norm(theirs - states[:, :3], axis=1).min() > 1e4
    for name in names:
        (track,), bad = read(tmp_path, kvn((meta("A", t, REF_FRAME=name), t, states)))
        assert (bad, track.segments[0].frame) == ([], frame)
        assert np.linalg.norm(positions_m([track], 300.0, 13)[:, :, 0] - theirs, axis=1).max() < limit_m


@pytest.mark.parametrize("frame", ["GCRF", "EME2000", "ITRF"])
def test_velocities_of_other_frames(tmp_path: Path, frame: str) -> None:
    """Source of truth: positions: where the states of a frame are those of an orbit in TEME, turned back by the inverse rotations, Hermite's
    interpolation between them gives the same orbit; of the celestial frames to the turn of TEME, 8e-12 rad/s, over 30 s: 2 mm."""
    t = MINUTES
    r, v = (x.copy() for x in np.hsplit(two_body_m(t), 2))
    jd, fr = (np.full(t.size, x) for x in julian_date(EPOCH))
    fr = fr + t / 86400.0
    if frame == "ITRF":
        r, v = itrs_state(r, v, jd, fr)
    else:
        one, other = states_to_teme(frame, np.eye(3)[:, np.newaxis], np.eye(3)[:, np.newaxis], jd, fr)
        assert np.array_equal(one, other)
        r, v = (np.einsum("ikj,kj->ki", one, x) for x in (r, v))
    (track,), bad = read(tmp_path, kvn((meta("A", t, REF_FRAME=frame), t, np.concatenate((r, v), axis=1))))
    assert bad == []
    ours = positions_m([track], 30.0, 119)[:, :, 0]
    assert np.abs(ours - two_body_m(30.0 * np.arange(119))[:, :3]).max() < 2e-3


def test_no_rotation() -> None:
    with pytest.raises(ValueError, match="no rotation from B1950 to TEME"):
        states_to_teme("B1950", np.zeros(3), np.zeros(3), 2461395.5, 0.0)


@pytest.mark.parametrize(
    ("clock", "ahead_s"), [("UTC", 0.0), ("TAI", 37.0), ("GPS", 18.0), ("TT", 69.184), ("UT1", None), ("utc", 0.0)]
)
def test_other_clocks(tmp_path: Path, clock: str, ahead_s: float | None) -> None:
    """Source of truth: the IERS: TAI - UTC is 37 s since 2017, GPS is 19 s behind TAI, TT 32.184 s ahead; UT1 by Astropy with our table.
    The same numbers under another clock are the orbit that much earlier; in half a second of UT1 a satellite moves 4 km."""
    t = MINUTES
    (track,), bad = read(tmp_path, kvn((meta("A", t, TIME_SYSTEM=clock), t, two_body_m(t))))
    assert bad == []
    ticks = 60.0 * np.arange(1, 58)
    ahead = np.full(ticks.size, ahead_s, dtype=np.float64)
    if ahead_s is None:
        now = Time(EPOCH.replace(tzinfo=None), scale="utc") + TimeDelta(ticks, format="sec")
        now.delta_ut1_utc = shipped().at(now.utc.jd1, now.utc.jd2).ut1_minus_utc_s
        ahead = ((now.ut1.jd1 - now.utc.jd1) + (now.ut1.jd2 - now.utc.jd2)) * 86400.0
        assert 0.001 < abs(ahead[0]) < 0.9
    ours = positions_m([track], 60.0, 57, first=1)[:, :, 0]
    assert np.abs(ours - two_body_m(ticks + ahead)[:, :3]).max() < 1e-3
    begin = EPOCH - timedelta(seconds=float(ahead[0]))
    assert abs(track.spans()[0][0] - begin) <= timedelta(microseconds=2)


# --- leap seconds ------------------------------------------------------------------------------------------------------

LEAP = datetime(2016, 12, 31, 23, 30, tzinfo=UTC)


def _leap_stamp(elapsed_s: float) -> str:
    """UTC of a time after 23:30:00, with the second 60 at 1800 s."""
    if 1800.0 <= elapsed_s < 1801.0:
        return f"2016-12-31T23:59:{58.2 + elapsed_s - 1798.2:09.6f}"
    return (LEAP + timedelta(seconds=elapsed_s - (elapsed_s > 1800.0))).strftime("%Y-%m-%dT%H:%M:%S.%f")


@pytest.mark.parametrize("shift_s", [0.0, 30.0, 0.5])
def test_across_a_leap_second(tmp_path: Path, shift_s: float) -> None:
    """Source of truth: Kepler's orbit by elapsed time: states 60 s apart across the end of 2016, whose labels are 59 s apart or hold the
    second 60; every tick of UTC to 1 mm. Counted by labels alone the orbit would be up to 4 km off."""
    t = shift_s + MINUTES
    text = kvn((meta("A", t), t, two_body_m(t)))
    for k in t:
        text = text.replace(stamp(k), _leap_stamp(float(k)))
    assert ("23:59:60" in text) == (shift_s < 1.0)
    (track,), bad = read(tmp_path, text)
    assert bad == []
    ticks = np.arange(31.0, 3599.0)
    out = np.empty((ticks.size, 3, 1))
    assert Ephemeris([track], TimeGrid(*julian_date(LEAP), 1.0, 3600)).fill(0, 1, 31, out) is None
    elapsed = np.where(ticks >= 1800.0, ticks + 1.0, ticks)
    assert np.abs(out[:, :, 0] - two_body_m(elapsed)[:, :3]).max() < 1e-3
    end = LEAP + timedelta(seconds=3599.0 + shift_s)
    assert track.spans()[0][1] == end


def test_segments_at_a_leap_second(tmp_path: Path) -> None:
    """Source of truth: counting: a segment that ends at 23:59:60 and one that begins there are one span, and do not overlap."""
    one, other = MINUTES[:31], MINUTES[30:]
    text = kvn((meta("A", one), one, two_body_m(one)), (meta("A", other), other, two_body_m(other)))
    for k in MINUTES:
        text = text.replace(stamp(k), _leap_stamp(float(k)))
    (track,), bad = read(tmp_path, text)
    assert bad == []
    assert track.spans() == [(LEAP, LEAP + timedelta(seconds=3599))]
