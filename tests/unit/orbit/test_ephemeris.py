"""Reading orbit ephemeris messages, and the positions between their states."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import erfa
import numpy as np
import pytest
from astropy.coordinates import GCRS, TEME, CartesianRepresentation
from astropy.time import Time, TimeDelta
from astropy.utils import iers
from scipy.interpolate import KroghInterpolator
from sgp4.api import WGS72, Satrec

from orbit.catalog import BadLine, Track, read_oem
from orbit.ephemeris import Ephemeris, weights
from orbit.frames import itrs_state, states_to_teme
from orbit.orientation import shipped
from orbit.status import OUTSIDE
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


FORMATS: dict[str, Callable[..., str]] = {"kvn": kvn, "xml": xml}
MINUTES = 60.0 * np.arange(61)


def _read(folder: Path, text: str) -> tuple[list[Track], list[BadLine]]:
    path = folder / "file.oem"
    path.write_text(text, encoding="utf-8")
    return read_oem(path)


def _positions(tracks: list[Track], step_s: float, steps: int, first: int = 0) -> np.ndarray:
    """Positions (ticks, 3, satellites) of a grid from EPOCH on, none of them missing."""
    out = np.empty((steps, 3, len(tracks)))
    assert Ephemeris(tracks, TimeGrid(*julian_date(EPOCH), step_s, steps)).fill(0, len(tracks), first, out) is None
    return out


# --- between states ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("degree", [3, 5, 7, 9])
def test_two_bodies(tmp_path: Path, form: str, degree: int) -> None:
    """Source of truth: Kepler's orbit in closed form. Hermite's remainder is |f^(n)| / n! times the product of squared distances to
    the nodes, n = degree + 1; f^(n) is a n^n of the mean motion, with 1 + n e more from the ellipse (twice over for its higher
    terms), and at the ends of the table all nodes lie on one side. Beside it 1 um: half of a digit of the text, times weights."""
    t = MINUTES
    (track,), bad = _read(tmp_path, FORMATS[form]((meta("A", t, INTERPOLATION_DEGREE=degree), t, two_body_m(t))))
    assert bad == []
    ours = _positions([track], 7.0, 515)[:, :, 0]
    n = degree + 1
    rate = math.sqrt(MU / 7.2e6**3)
    nodes = 60.0 * np.arange(n // 2)
    product = max(float(np.prod((x - nodes) ** 2)) for x in np.linspace(0.0, nodes[-1], 999))
    limit_m = 2.0 * 7.2e6 * (1.0 + n * 0.02) * rate**n / math.factorial(n) * product + 1e-6
    error_m = np.abs(ours - two_body_m(7.0 * np.arange(515))[:, :3]).max()
    assert error_m < limit_m
    assert degree > 5 or error_m > 0.02 * limit_m  # the limit is no wide one


def test_states_of_sgp4_without_their_rates(tmp_path: Path) -> None:
    """Source of truth: the sgp4 package at 60 s, read back at 7 s: Lagrange through eight positions. The remainder is as above, with
    distances to 8 nodes, at the ends 0.4 m/s^8-like; harmonics of J2 (10 km at twice the rate) add 40 %: 1 mm inside, and the
    last interval, whose nodes lie to one side, 2 cm."""
    t = MINUTES
    words = meta("A", t, INTERPOLATION="LAGRANGE", INTERPOLATION_DEGREE=7)
    (track,), bad = _read(tmp_path, kvn((words, t, sgp4_m(t))))
    assert bad == []
    ticks = 7.0 * np.arange(515)
    error_m = np.abs(_positions([track], 7.0, 515)[:, :, 0] - sgp4_m(ticks)[:, :3]).max(axis=1)
    rate = math.sqrt(MU / 6.78e6**3)

    def limit_m(x_s: np.ndarray) -> float:
        product = max(float(np.prod(np.abs(x - 60.0 * np.arange(8)))) for x in x_s)
        return 2.0 * (6.8e6 * rate**8 + 1e4 * (2.0 * rate) ** 8) / math.factorial(8) * product + 1e-6

    inside = (ticks > 240.0) & (ticks < 3360.0)
    assert error_m[inside].max() < limit_m(np.linspace(180.0, 240.0, 99)) < 1e-4
    assert error_m.max() < limit_m(np.linspace(0.0, 60.0, 99)) < 2e-3


def test_states_of_sgp4_with_their_rates(tmp_path: Path) -> None:
    """Source of truth: the sgp4 package again. Its velocities are not quite the rates of its positions: by how much, a difference of
    its own positions over 20 s says (to n^4 a h^4 / 30: 2 um/s). How an error of rates counts is reported by scipy's polynomials
    through the same nodes: in the worst interval, the first, and the rest as without."""
    t = MINUTES
    (track,), bad = _read(tmp_path, kvn((meta("A", t), t, sgp4_m(t))))
    assert bad == []
    ours = _positions([track], 7.0, 515)[:, :, 0]
    at = t[1:-1]
    slope = (8.0 * (sgp4_m(at + 10.0) - sgp4_m(at - 10.0)) - (sgp4_m(at + 20.0) - sgp4_m(at - 20.0)))[:, :3] / 120.0
    apart_m_s = np.linalg.norm(slope - sgp4_m(at)[:, 3:], axis=1).max()
    assert 1e-4 < apart_m_s < 0.1
    nodes = 60.0 * np.repeat(np.arange(4), 2)
    of_rates = [np.abs(KroghInterpolator(nodes, np.eye(8)[k])(np.linspace(0.0, 60.0, 99))) for k in (1, 3, 5, 7)]
    counts_s = float(np.sum(of_rates, axis=0).max())
    assert 10.0 < counts_s < 120.0
    error_m = np.linalg.norm(ours - sgp4_m(7.0 * np.arange(515))[:, :3], axis=1).max()
    assert 0.1 * counts_s * apart_m_s < error_m < counts_s * apart_m_s + 2e-3


def test_states_themselves(tmp_path: Path) -> None:
    """Source of truth: interpolation: at a state the polynomial is the state, to the rounding of its text (1e-12 km) and of sums."""
    t = MINUTES
    states = two_body_m(t)
    (track,), _ = _read(tmp_path, kvn((meta("A", t), t, states)))
    assert np.abs(_positions([track], 60.0, 61)[:, :, 0] - states[:, :3]).max() < 1e-8


def test_weights_of_polynomials() -> None:
    """Source of truth: what they reproduce: any polynomial of degree 7 with values and rates at 4 uneven nodes, of degree 3 without
    rates; sums of a dozen terms: 1e-11, relative."""
    rng = np.random.default_rng(3)
    nodes = np.array([[0.0, 50.0, 75.0, 130.0]]).repeat(9, axis=0)
    times = np.linspace(-5.0, 135.0, 9)
    for with_rates, degree in ((True, 7), (False, 3)):
        poly = np.polynomial.Polynomial(rng.normal(size=degree + 1), domain=[0.0, 130.0])
        of_values, of_rates = weights(times, nodes, with_rates)
        reported = (of_values * poly(nodes) + of_rates * poly.deriv()(nodes)).sum(axis=1)
        assert reported == pytest.approx(poly(times), rel=1e-11, abs=1e-11)


# --- objects, spans, tiles ---------------------------------------------------------------------------------------------


def _fleet(folder: Path) -> list[Track]:
    """Three objects with the same times, one with others, in one file."""
    other = 45.0 * np.arange(85)
    segments = [(meta(name, MINUTES), MINUTES, two_body_m(MINUTES, turn_rad=k)) for k, name in enumerate("ABC")]
    segments.insert(1, (meta("X", other), other, two_body_m(other, turn_rad=7.0)))
    tracks, bad = _read(folder, kvn(*segments))
    assert ([t.name for t in tracks], bad) == (["A", "X", "B", "C"], [])
    return tracks


def test_tiles_and_subsets_change_nothing(tmp_path: Path) -> None:
    """Source of truth: determinism: the same bytes in one tile, in tiles of two and five lanes, in blocks, alone."""
    tracks = _fleet(tmp_path)
    grid = TimeGrid(*julian_date(EPOCH), 30.0, 100)
    propagator = Ephemeris(tracks, grid)
    whole = np.empty((100, 3, 4))
    assert propagator.fill(0, 4, 0, whole) is None
    for lo, hi, width in ((0, 2, 2), (2, 4, 5), (1, 4, 3)):
        part = np.empty((40, 3, width))
        assert propagator.fill(lo, hi, 60, part) is None
        assert part[:, :, : hi - lo].tobytes() == np.ascontiguousarray(whole[60:, :, lo:hi]).tobytes()
        assert np.all(part[:, :, hi - lo :] == part[:, :, hi - lo - 1 : hi - lo])
    alone = np.empty((100, 3, 2))
    few = propagator.subset(np.array([3, 1]))
    assert few.count == 2
    few.fill(0, 2, 0, alone)
    assert alone.tobytes() == np.ascontiguousarray(whole[:, :, [3, 1]]).tobytes()
    for lane, turn in enumerate((0.0, 7.0, 1.0, 2.0)):
        assert np.abs(whole[:, :, lane] - two_body_m(30.0 * np.arange(100), turn_rad=turn)[:, :3]).max() < 1e-3


def test_outside_its_span_there_is_no_position(tmp_path: Path) -> None:
    """Source of truth: the file: USEABLE times bound what may be used, at both ends included."""
    words = meta("A", MINUTES, USEABLE_START_TIME=stamp(300.0), USEABLE_STOP_TIME=stamp(3000.0))
    (track,), bad = _read(tmp_path, kvn((words, MINUTES, two_body_m(MINUTES))))
    assert bad == []
    assert track.spans() == [(EPOCH + timedelta(seconds=300), EPOCH + timedelta(seconds=3000))]
    out = np.empty((70, 3, 3))
    codes = Ephemeris([track], TimeGrid(*julian_date(EPOCH), 60.0, 70)).fill(0, 1, 0, out)
    assert codes is not None
    assert codes[:, 0].tolist() == [OUTSIDE] * 5 + [0] * 46 + [OUTSIDE] * 19
    assert np.array_equal(codes, codes[:, :1].repeat(3, axis=1))
    assert np.isfinite(out).all()


def test_the_tick_before_the_epoch(tmp_path: Path) -> None:
    """Source of truth: Kepler's orbit. A run asks for one tick before its epoch; where the ephemeris begins with the run that is
    two-body from the first state, at most 1 mm; any other moment before it has a code."""
    (track,), _ = _read(tmp_path, kvn((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))))
    out = np.empty((2, 3, 1))
    propagator = Ephemeris([track], TimeGrid(*julian_date(EPOCH), 60.0, 60))
    assert propagator.fill(0, 1, -1, out) is None
    assert np.abs(out[:, :, 0] - two_body_m(np.array([-60.0, 0.0]))[:, :3]).max() < 1e-3
    late = Ephemeris([track], TimeGrid(*julian_date(EPOCH - timedelta(seconds=61)), 60.0, 60))
    codes = late.fill(0, 1, -1, out)
    assert codes is not None
    assert codes[:, 0].tolist() == [OUTSIDE, OUTSIDE]


def test_segments_are_not_joined(tmp_path: Path) -> None:
    """Source of truth: the standard: no interpolation across segments: a manoeuvre lies between them, and the later one holds at the
    moment that they share."""
    first, second = MINUTES[:31], MINUTES[30:]
    a, b = two_body_m(first), two_body_m(second, a_m=7.3e6)
    (track,), bad = _read(tmp_path, kvn((meta("A", first), first, a), (meta("A", second), second, b)))
    assert (bad, len(track.segments)) == ([], 2)
    assert track.spans() == [(EPOCH, EPOCH + timedelta(hours=1))]
    ours = _positions([track], 30.0, 120)[:, :, 0]
    t = 30.0 * np.arange(120)
    assert np.abs(ours[:60] - two_body_m(t[:60])[:, :3]).max() < 1e-3
    assert np.abs(ours[60:] - two_body_m(t[60:], a_m=7.3e6)[:, :3]).max() < 1e-3


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
        (track,), bad = _read(tmp_path, kvn((meta("A", t, REF_FRAME=name), t, states)))
        assert (bad, track.segments[0].frame) == ([], frame)
        assert np.linalg.norm(_positions([track], 300.0, 13)[:, :, 0] - theirs, axis=1).max() < limit_m


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
    (track,), bad = _read(tmp_path, kvn((meta("A", t, REF_FRAME=frame), t, np.concatenate((r, v), axis=1))))
    assert bad == []
    ours = _positions([track], 30.0, 119)[:, :, 0]
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
    (track,), bad = _read(tmp_path, kvn((meta("A", t, TIME_SYSTEM=clock), t, two_body_m(t))))
    assert bad == []
    ticks = 60.0 * np.arange(1, 58)
    ahead = np.full(ticks.size, ahead_s, dtype=np.float64)
    if ahead_s is None:
        now = Time(EPOCH.replace(tzinfo=None), scale="utc") + TimeDelta(ticks, format="sec")
        now.delta_ut1_utc = shipped().at(now.utc.jd1, now.utc.jd2).ut1_minus_utc_s
        ahead = ((now.ut1.jd1 - now.utc.jd1) + (now.ut1.jd2 - now.utc.jd2)) * 86400.0
        assert 0.001 < abs(ahead[0]) < 0.9
    ours = _positions([track], 60.0, 57, first=1)[:, :, 0]
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
    (track,), bad = _read(tmp_path, text)
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
    (track,), bad = _read(tmp_path, text)
    assert bad == []
    assert track.spans() == [(LEAP, LEAP + timedelta(seconds=3599))]


# --- what is wrong -----------------------------------------------------------------------------------------------------

GOOD = kvn((meta("A", MINUTES[:13]), MINUTES[:13], two_body_m(MINUTES[:13])))
STATE = GOOD.splitlines()[18]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("META_STOP\n", "", 17, "states begin within the metadata; write META_STOP above them"),
        ("DEGREE = 7", "DEGREE = 6", 15, "does not go with HERMITE; write an odd number from 1 to 15"),
        ("HERMITE\nINTERPOLATION_DEGREE = 7", "LAGRANGE\nINTERPOLATION_DEGREE = 0", 15, "write a number from 1 to 15"),
        ("TEME", "B1950", 10, "REF_FRAME 'B1950' is not read; write states in TEME, GCRF, EME2000 or ITRF"),
        ("= EARTH", "= MOON", 9, "CENTER_NAME 'MOON'"),
        ("= UTC", "= MET", 11, "TIME_SYSTEM 'MET' is not read; write times in UTC, TAI, GPS, TT, TDT or UT1"),
        ("REF_FRAME = TEME\n", "", 6, "REF_FRAME is missing"),
        ("= HERMITE", "= PROPAGATE", 14, "write HERMITE or LAGRANGE"),
        ("DEGREE = 7", "DEGREE = 31", 15, "write an odd number from 1 to 15"),
        ("INTERPOLATION_DEGREE = 7\n", "", 14, "INTERPOLATION_DEGREE ''"),
        ("HERMITE\nINTERPOLATION_DEGREE = 7", "LAGRANGE\nINTERPOLATION_DEGREE = 13", 6, "13 of the 14 states that interpolation needs are there; write more states, or a lower INTERPOLATION_DEGREE"),
        ("START_TIME = 2026-12-21T00:00", "START_TIME = 2026-12-21T00:01", 12, "leaves out states"),
        ("STOP_TIME = 2026-12-21T00:12", "STOP_TIME = 2026-12-21T00:11", 13, "leaves out states"),
        ("INTERPOLATION =", "USEABLE_START_TIME = 2026-12-20T00:00:00\nINTERPOLATION =", 14, "write a span within the states"),
        ("INTERPOLATION =", "USEABLE_STOP_TIME = 2026-12-21T00:00:00\nINTERPOLATION =", 14, "write a span within the states"),
        ("INTERPOLATION =", "USEABLE_STOP_TIME = soon\nINTERPOLATION =", 14, "USEABLE_STOP_TIME 'soon' is not a moment"),
        ("INTERPOLATION =", "TIME_SYSTEM = UTC\nINTERPOLATION =", 14, "TIME_SYSTEM is there twice"),
        ("INTERPOLATION =", "hello\nINTERPOLATION =", 14, "'hello' is no KEY = value"),
        (STATE, STATE.replace("00:01:00", "00:61:00"), 19, "is not a moment"),
        (STATE, STATE.replace("00:01:00", "00:00:00"), 19, "is not after the one before"),
        (STATE, " ".join(STATE.split()[:-1]), 19, "5 numbers follow the epoch"),
        (STATE, STATE + " 1", 19, "7 numbers follow the epoch"),
        (STATE, " ".join([*STATE.split()[:3], "x", *STATE.split()[4:]]), 19, "are not all numbers"),
        (STATE, " ".join([*STATE.split()[:3], "nan", *STATE.split()[4:]]), 19, "are not all numbers"),
        (STATE, STATE.split()[0] + " 100 200 300 7 0 0", 19, "374.166 km from the Earth's centre is below the surface"),
        (STATE, STATE.split()[0] + " 7000 0 0 0 7500 0", 19, "7500 km/s is too fast for an orbit; write km/s, up to 100"),
        (STATE, STATE.split()[0] + " 7e200 0 0 7 0 0", 19, "7e+200 km from the Earth's centre is out of the Earth's reach"),
        (STATE, STATE.split()[0] + " 7e6 0 0 7 0 0", 19, "write kilometres, from 6357 to 1000000"),
    ],
)  # fmt: skip
def test_a_bad_line_has_a_place(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    """Source of truth: CCSDS 502.0, section 5, and lines counted by hand; the object is left out."""
    assert old in GOOD
    tracks, (bad,) = _read(tmp_path, GOOD.replace(old, new, 1))
    assert said in bad.message
    assert (tracks, bad.line, bad.first, bad.whole) == ([], line, 6, False)


def test_only_the_bad_object_is_left_out(tmp_path: Path) -> None:
    """Source of truth: counting: one of two objects has two bad segments of three."""
    t = [MINUTES[:10], MINUTES[10:20], MINUTES[20:30]]
    parts = [(meta("A", one), one, two_body_m(one)) for one in t]
    spoilt = kvn(*parts, (meta("B", MINUTES), MINUTES, two_body_m(MINUTES)))
    spoilt = spoilt.replace("REF_FRAME = TEME", "REF_FRAME = MOON_PA", 2)
    tracks, bad = _read(tmp_path, spoilt)
    assert [x.name for x in tracks] == ["B"]
    assert len({b.first for b in bad}) == 2


def test_segments_that_overlap(tmp_path: Path) -> None:
    """Source of truth: the standard: usable spans of one object do not overlap."""
    one, other = MINUTES[:31], MINUTES[20:]
    tracks, (bad,) = _read(
        tmp_path, kvn((meta("A", one), one, two_body_m(one)), (meta("A", other), other, two_body_m(other)))
    )
    assert tracks == []
    assert "begins before the segment before it ends" in bad.message
    assert bad.line == 6 + 11 + 1 + 31 + 5


def test_units_of_xml(tmp_path: Path) -> None:
    """Source of truth: the standard: km and km/s; metres are not taken for them. The place: segment, nine words, states."""
    text = xml((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))).replace("<X>", '<X units="m">', 1)
    tracks, (bad,) = _read(tmp_path, text)
    assert (tracks, bad.message, bad.line) == ([], "X is in m; write it in km", 3 + 9 + 1 + 1)


def test_places_in_xml(tmp_path: Path) -> None:
    """Source of truth: lines counted by hand: metadata take nine after the segment's, states follow."""
    text = xml((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))).replace(
        "T00:02:00.000000</EPOCH>", "T00:99:00</EPOCH>", 1
    )
    tracks, (bad,) = _read(tmp_path, text)
    assert (tracks, bad.line, bad.column) == ([], 3 + 9 + 1 + 3, 14)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is no OEM in key = value or XML"),
        ("<oem><a></oem>", "is not XML (mismatched tag)"),
        ("<!DOCTYPE a><oem/>", "has a DOCTYPE"),
        ("<ndm><omm/></ndm>", "holds an omm, not an oem"),
    ],
)
def test_a_file_that_cannot_be_read_on(tmp_path: Path, text: str, said: str) -> None:
    tracks, (bad,) = _read(tmp_path, text)
    assert said in bad.message
    assert (tracks, bad.line, bad.whole) == ([], 1, True)


def test_nothing_in_it(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == ([], [])
    assert _read(tmp_path, "CCSDS_OEM_VERS = 2.0\nORIGINATOR = ME\n") == ([], [])
    tracks, (bad,) = _read(tmp_path, GOOD[: GOOD.index("COMMENT states")])
    assert (tracks, bad.line) == ([], 6)
    assert "holds no states" in bad.message
