"""Reading orbit ephemeris messages, and the positions between their states."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from oem_files import EPOCH, MINUTES, MU, kvn, meta, positions_m, read, sgp4_m, stamp, two_body_m, xml
from scipy.interpolate import KroghInterpolator

from orbit.catalog import Track
from orbit.ephemeris import Ephemeris, weights
from orbit.status import OUTSIDE
from orbit.timegrid import TimeGrid, julian_date

FORMATS: dict[str, Callable[..., str]] = {"kvn": kvn, "xml": xml}


# --- between states ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("degree", [3, 5, 7, 9])
def test_two_bodies(tmp_path: Path, form: str, degree: int) -> None:
    """Source of truth: Kepler's orbit in closed form. Hermite's remainder is |f^(n)| / n! times the product of squared distances to
    the nodes, n = degree + 1; f^(n) is a n^n of the mean motion, with 1 + n e more from the ellipse (twice over for its higher
    terms), and at the ends of the table all nodes lie on one side. Beside it 1 um: half of a digit of the text, times weights."""
    t = MINUTES
    (track,), bad = read(tmp_path, FORMATS[form]((meta("A", t, INTERPOLATION_DEGREE=degree), t, two_body_m(t))))
    assert bad == []
    ours = positions_m([track], 7.0, 515)[:, :, 0]
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
    (track,), bad = read(tmp_path, kvn((words, t, sgp4_m(t))))
    assert bad == []
    ticks = 7.0 * np.arange(515)
    error_m = np.abs(positions_m([track], 7.0, 515)[:, :, 0] - sgp4_m(ticks)[:, :3]).max(axis=1)
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
    (track,), bad = read(tmp_path, kvn((meta("A", t), t, sgp4_m(t))))
    assert bad == []
    ours = positions_m([track], 7.0, 515)[:, :, 0]
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
    (track,), _ = read(tmp_path, kvn((meta("A", t), t, states)))
    assert np.abs(positions_m([track], 60.0, 61)[:, :, 0] - states[:, :3]).max() < 1e-8


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
    tracks, bad = read(folder, kvn(*segments))
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
    (track,), bad = read(tmp_path, kvn((words, MINUTES, two_body_m(MINUTES))))
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
    (track,), _ = read(tmp_path, kvn((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))))
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
    (track,), bad = read(tmp_path, kvn((meta("A", first), first, a), (meta("A", second), second, b)))
    assert (bad, len(track.segments)) == ([], 2)
    assert track.spans() == [(EPOCH, EPOCH + timedelta(hours=1))]
    ours = positions_m([track], 30.0, 120)[:, :, 0]
    t = 30.0 * np.arange(120)
    assert np.abs(ours[:60] - two_body_m(t[:60])[:, :3]).max() < 1e-3
    assert np.abs(ours[60:] - two_body_m(t[60:], a_m=7.3e6)[:, :3]).max() < 1e-3


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
    tracks, (bad,) = read(tmp_path, GOOD.replace(old, new, 1))
    assert said in bad.message
    assert (tracks, bad.line, bad.first, bad.whole) == ([], line, 6, False)


def test_only_the_bad_object_is_left_out(tmp_path: Path) -> None:
    """Source of truth: counting: one of two objects has two bad segments of three."""
    t = [MINUTES[:10], MINUTES[10:20], MINUTES[20:30]]
    parts = [(meta("A", one), one, two_body_m(one)) for one in t]
    spoilt = kvn(*parts, (meta("B", MINUTES), MINUTES, two_body_m(MINUTES)))
    spoilt = spoilt.replace("REF_FRAME = TEME", "REF_FRAME = MOON_PA", 2)
    tracks, bad = read(tmp_path, spoilt)
    assert [x.name for x in tracks] == ["B"]
    assert len({b.first for b in bad}) == 2


def test_segments_that_overlap(tmp_path: Path) -> None:
    """Source of truth: the standard: usable spans of one object do not overlap."""
    one, other = MINUTES[:31], MINUTES[20:]
    tracks, (bad,) = read(
        tmp_path, kvn((meta("A", one), one, two_body_m(one)), (meta("A", other), other, two_body_m(other)))
    )
    assert tracks == []
    assert "begins before the segment before it ends" in bad.message
    assert bad.line == 6 + 11 + 1 + 31 + 5


def test_units_of_xml(tmp_path: Path) -> None:
    """Source of truth: the standard: km and km/s; metres are not taken for them. The place: segment, nine words, states."""
    text = xml((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))).replace("<X>", '<X units="m">', 1)
    tracks, (bad,) = read(tmp_path, text)
    assert (tracks, bad.message, bad.line) == ([], "X is in m; write it in km", 3 + 9 + 1 + 1)


def test_places_in_xml(tmp_path: Path) -> None:
    """Source of truth: lines counted by hand: metadata take nine after the segment's, states follow."""
    text = xml((meta("A", MINUTES), MINUTES, two_body_m(MINUTES))).replace(
        "T00:02:00.000000</EPOCH>", "T00:99:00</EPOCH>", 1
    )
    tracks, (bad,) = read(tmp_path, text)
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
    tracks, (bad,) = read(tmp_path, text)
    assert said in bad.message
    assert (tracks, bad.line, bad.whole) == ([], 1, True)


def test_nothing_in_it(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ([], [])
    assert read(tmp_path, "CCSDS_OEM_VERS = 2.0\nORIGINATOR = ME\n") == ([], [])
    tracks, (bad,) = read(tmp_path, GOOD[: GOOD.index("COMMENT states")])
    assert (tracks, bad.line) == ([], 6)
    assert "holds no states" in bad.message
