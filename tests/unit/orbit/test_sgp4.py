"""SGP4 and SDP4: the project's kernel against the reference code, which the sgp4 package compiles."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sgp4.api import WGS72, Satrec

from orbit.elements import Sgp4Elements
from orbit.kernels import sgp4 as kernels
from orbit.sgp4 import Sgp4, from_satrecs, plan, states, to_satrecs
from orbit.status import NOWHERE_M, UNDEFINED
from orbit.timegrid import TimeGrid

LIMIT_M = 1e-5  # 1e-8 km: minutes since the epoch, a float of some thousands, turn the mean anomaly by 7e-9 km


def _official() -> list[Satrec]:
    """Satellites of the official verification file."""
    text = (resources.files("sgp4") / "SGP4-VER.TLE").read_text("ascii").splitlines()
    lines = [x[:69] for x in text if x.startswith(("1 ", "2 "))]
    return [Satrec.twoline2rv(a, b, WGS72) for a, b in zip(lines[::2], lines[1::2], strict=True)]


def _worst(records: list[Satrec], jd: np.ndarray, fr: np.ndarray) -> tuple[float, float]:
    """Worst difference in position [m] and velocity [m/s]; codes must be equal. Truth: the sgp4 package."""
    r_m, v_m_s, codes = states(from_satrecs(records), jd, fr)
    worst_r, worst_v = 0.0, 0.0
    for i, record in enumerate(records):
        their_codes, r_km, v_km_s = record.sgp4_array(jd, fr)
        assert np.array_equal(codes[i], their_codes), record.satnum
        well = their_codes == 0
        worst_r = max(worst_r, float(np.abs(r_m[i] - 1e3 * r_km)[well].max(initial=0.0)))
        worst_v = max(worst_v, float(np.abs(v_m_s[i] - 1e3 * v_km_s)[well].max(initial=0.0)))
        assert not r_m[i][~well].any()
        assert not v_m_s[i][~well].any()
    return worst_r, worst_v


def test_starlinks_over_a_day(shared_data: Path) -> None:
    lines = (shared_data / "starlink-2023-09-01.tle").read_text("ascii").splitlines()
    one, two = ([x.rstrip() for x in lines if x.startswith(start)] for start in ("1 ", "2 "))
    records = [Satrec.twoline2rv(a, b, WGS72) for a, b in zip(one[::16], two[::16], strict=True)]
    jd = float(np.median([r.jdsatepoch for r in records]))
    worst_r, worst_v = _worst(records, np.full(1440, jd), np.arange(1440) / 1440.0)
    assert worst_r < LIMIT_M
    assert worst_v < 1e-8


@pytest.mark.parametrize(("span_min", "limit_m"), [(1440.0, LIMIT_M), (2880.0, 1e-2)])
def test_official_satellites_around_their_epochs(span_min: float, limit_m: float) -> None:
    """Eccentric, decaying, equatorial, retrograde and deep-space ones, back and forth from each epoch.

    On its last orbits a decaying satellite multiplies every rounding: 2e-6 km after two days.
    """
    for record in _official():
        minutes = np.arange(-span_min, span_min + 1.0, 20.0)
        jd, fr = np.full(minutes.size, record.jdsatepoch), record.jdsatepochF + minutes / 1440.0
        worst_r, worst_v = _worst([record], jd, fr)
        assert worst_r < limit_m, record.satnum
        assert worst_v < limit_m, record.satnum


@st.composite
def _any_elements(draw: st.DrawFn) -> Sgp4Elements:
    """Near-Earth and deep-space elements: perigees from 180 to 2,000 km, eccentricities to 0.7, drag of either sign.

    So much that the lowest change their size by a tenth in a month: the reference's powers of time lose digits beyond (four times
    as much at 190 km, 0.06 mm in 12 days)."""
    eccentricity = draw(st.one_of(st.floats(0.0, 0.02), st.floats(0.0, 0.7)))
    perigee = 1.0 + draw(st.floats(180.0, 2000.0)) / 6378.135
    motion = 0.0743669 * (perigee / (1.0 - eccentricity)) ** -1.5
    angle = st.floats(0.0, 2.0 * math.pi)
    reported = (
        2460000.5, draw(st.floats(0.0, 1.0)), motion, eccentricity, draw(st.floats(0.0, math.pi)), draw(angle),
        draw(angle), draw(angle), draw(st.floats(-5e-4, 5e-4)),
    )  # fmt: skip
    return Sgp4Elements(*(np.array([x]) for x in reported))


@settings(max_examples=150, deadline=None)
@given(_any_elements(), st.floats(-30.0, 30.0))
def test_any_elements(elements: Sgp4Elements, day: float) -> None:
    """Three orbits at any time within a month. Angles grow to 3,000 rad there: five times the limit of a day.

    To this comes what the reference itself moves by when its mean motion changes by a rounding: powers of time multiply it.
    Where perigee or anomaly are a matter of rounding (the edge of an error code), a code may differ by one sample.
    """
    jd, fr = np.full(300, 2460000.5), day + np.arange(300) / 1440.0
    r_m, _, codes = states(elements, jd, fr)
    their_codes, r_km, _ = to_satrecs(elements)[0].sgp4_array(jd, fr)
    motion = elements.mean_motion_rad_min
    moved_km = [
        to_satrecs(replace(elements, mean_motion_rad_min=np.nextafter(motion, to)))[0].sgp4_array(jd, fr)[1] - r_km
        for to in (0.0, 1.0)
    ]
    # in deep space the reference divides by the sine of the inclination
    their_codes = np.where((their_codes == 0) & ~np.isfinite(r_km).all(axis=1), UNDEFINED, their_codes)
    assert np.count_nonzero(codes[0] != their_codes) <= 1
    well = (codes[0] == 0) & (their_codes == 0)
    size = max(1.0, float(np.abs(r_km[well]).max(initial=0.0)) / 8000.0)
    rounding_m = 1e3 * float(np.nan_to_num(np.abs(moved_km))[:, well].max(initial=0.0))
    assert np.abs(r_m[0] - 1e3 * r_km)[well].max(initial=0.0) < 5.0 * LIMIT_M * size + rounding_m


def _walker_like(count: int) -> Sgp4Elements:
    """Satellites of all modes: near-circular, eccentric, with strong drag, in deep space."""
    rng = np.random.default_rng(5)
    eccentricity = np.where(np.arange(count) % 3 == 1, 0.15, 0.002)
    motion = np.where(np.arange(count) % 5 == 4, 0.0044, 15.2 * 2.0 * math.pi / 1440.0 * (1.0 - eccentricity) ** 1.5)
    return Sgp4Elements(
        np.full(count, 2460000.5), rng.random(count), motion, eccentricity, rng.uniform(0.1, 1.7, count),
        *rng.uniform(0.0, 6.28, (3, count)), np.where(np.arange(count) % 7 == 6, 0.02, 1e-4),
    )  # fmt: skip


GRID = TimeGrid(2460000.5, 0.25, 60.0, 1440)


def test_every_mode_is_met() -> None:
    modes = set(plan(_walker_like(40), *GRID.jd_fr(0, 1440)).mode.tolist())
    assert {kernels.LOWEST, kernels.NEAR, kernels.NOT_HERE} <= modes


@pytest.mark.parametrize("wide", [kernels.LOW, kernels.NEAR, kernels.WIDE])
def test_modes_agree(wide: int) -> None:
    """Source of truth: the same satellites in a mode with fewer assumptions; 1e-9 km."""
    elements = _walker_like(30)
    usual, other = (plan(elements, *GRID.jd_fr(0, 480)) for _ in range(2))
    other.mode[other.mode < wide] = wide
    found = np.zeros((2, 30, 6, 480))
    for ready, out in zip((usual, other), found, strict=True):
        assert not ready.series(out).any()
    assert np.abs(found[0] - found[1]).max() < 1e-6


def test_rows_and_series_are_the_same_numbers() -> None:
    ready = plan(_walker_like(12), *GRID.jd_fr(0, 777))
    out, (r_m, v_m_s) = np.empty((12, 6, 777)), np.empty((2, 12, 777, 3))
    assert np.array_equal(ready.series(out), ready.rows(r_m, v_m_s))
    assert np.array_equal(out[:, :3], r_m.transpose(0, 2, 1))
    assert np.array_equal(out[:, 3:], v_m_s.transpose(0, 2, 1))


def test_dates_that_do_not_fit_are_told() -> None:
    with pytest.raises(ValueError, match="give two equal rows of at least one"):
        plan(_walker_like(1), np.zeros(2), np.zeros(3))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.integers(-1, 200))
def test_one_long_block_equals_many(lengths: list[int], first: int) -> None:
    """Same bytes, whatever part of the grid is asked for at a time."""
    propagator = Sgp4(_walker_like(10), GRID)
    whole = np.empty((sum(lengths), 3, 10))
    propagator.fill(0, 10, first, whole)
    at = 0
    for length in lengths:
        part = np.empty((length, 3, 10))
        propagator.fill(0, 10, first + at, part)
        assert np.array_equal(part, whole[at : at + length])
        at += length


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(12)))
def test_order_of_satellites_does_not_matter(order: list[int]) -> None:
    elements = _walker_like(12)
    straight, turned = np.empty((90, 3, 12)), np.empty((90, 3, 12))
    Sgp4(elements, GRID).fill(0, 12, 0, straight)
    Sgp4(elements, GRID).subset(np.array(order)).fill(0, 12, 0, turned)
    assert np.array_equal(turned, straight[:, :, order])


def test_lanes_beyond_the_last_repeat_it() -> None:
    propagator = Sgp4(_walker_like(5), GRID)
    out, some = np.empty((20, 3, 8)), np.empty((20, 3, 2))
    assert propagator.fill(2, 5, 7, out) is None
    assert np.all(out[:, :, 3:] == out[:, :, 2:3])
    propagator.fill(3, 5, 7, some)
    assert np.array_equal(some, out[:, :, 1:3])


def test_published_position() -> None:
    """Source of truth: tcppver.out of the official verification set, satellite 88888 at its epoch, 1e-5 km."""
    record = next(r for r in _official() if r.satnum == 88888)
    grid = TimeGrid(record.jdsatepoch, record.jdsatepochF, 60.0, 10)
    out = np.empty((1, 3, 1))
    Sgp4(from_satrecs([record]), grid).fill(0, 1, 0, out)
    assert out[0, :, 0] == pytest.approx([2328969.75262, -5995220.51338, 1719972.97192], abs=0.01)


def test_a_decayed_satellite_is_masked_and_harms_no_other() -> None:
    """Source of truth: the package's own error codes; what stands in for the missing position is finite."""
    well = next(r for r in _official() if r.satnum == 88888)
    elements = from_satrecs([well, well])
    elements.drag_term_per_er[1], elements.mean_motion_rad_min[1] = 0.099999, 16.4 * 2.0 * math.pi / 1440.0
    grid = TimeGrid(well.jdsatepoch, well.jdsatepochF, 600.0, 200)
    errors = to_satrecs(elements)[1].sgp4_array(*grid.jd_fr(0, 200))[0]
    assert errors[0] == 0 < errors[-1]
    out, alone = np.empty((200, 3, 4)), np.empty((200, 3, 1))
    failed = Sgp4(elements, grid).fill(0, 2, 0, out)
    assert failed is not None
    for lane in (1, 2, 3):
        assert np.array_equal(failed[:, lane], errors)
    assert not failed[:, 0].any()
    assert np.all(out[errors != 0, :, 1] == NOWHERE_M)
    assert np.isfinite(out).all()
    Sgp4(from_satrecs([well]), grid).fill(0, 1, 0, alone)
    assert np.array_equal(out[:, :, :1], alone)


def test_elements_without_an_orbit_are_codes() -> None:
    """Source of truth: the reference's list of codes: 1 eccentricity, 2 mean motion."""
    elements = _walker_like(5)
    elements.eccentricity[[1, 3, 4]], elements.mean_motion_rad_min[2] = (1.2, -0.01, -0.0005), 0.0
    out = np.empty((5, 3, 5))
    codes = Sgp4(elements, GRID).fill(0, 5, 0, out)
    assert codes is not None
    assert codes.tolist() == [[0, 1, 2, 1, 0]] * 5
    assert [int(r.sgp4_array(*GRID.jd_fr(1, 1))[0][0]) for r in to_satrecs(elements)] == [0, 1, 2, 1, 0]
    assert states(elements, *GRID.jd_fr(0, 5))[2].T.tolist() == codes.tolist()


def test_elements_survive_the_reference_record() -> None:
    elements = _walker_like(6)
    back = from_satrecs(to_satrecs(elements))
    for field in fields(Sgp4Elements):
        assert np.array_equal(getattr(back, field.name), getattr(elements, field.name)), field.name
