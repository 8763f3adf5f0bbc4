"""Passages through shadow and eclipse seasons."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import oracle_shadow as oracle
import pytest
from sgp4.api import WGS72, Satrec

from orbit import eclipse
from orbit.eclipse import eclipses
from orbit.eclipse_seasons import eclipse_seasons, seasons_of_beta
from orbit.elements import CircularElements
from orbit.environment import sun_position_m
from orbit.propagation import CircularJ2
from orbit.sgp4 import Sgp4, from_satrecs
from orbit.shells import node_of_local_time_rad, sun_synchronous_ring
from orbit.timegrid import TimeGrid, julian_date

JUNE = julian_date(datetime(2026, 6, 21, tzinfo=UTC))
NEW_YEAR = julian_date(datetime(2026, 1, 1, tzinfo=UTC))


def _circle(altitude_km: float, inclination_deg: float, node_deg: float, latitude: float = 0.3) -> CircularElements:
    one = np.ones(1)
    return CircularElements(
        (6378137.0 + 1e3 * altitude_km) * one,
        math.radians(inclination_deg) * one,
        math.radians(node_deg) * one,
        latitude * one,
    )


def _visible(motion: Callable[[TimeGrid], Any], start_s: float, step_s: float, count: int) -> np.ndarray:
    """Share of the Sun's disc by the exact overlap of discs, at fine ticks from start_s after the epoch of JUNE."""
    grid = TimeGrid(JUNE[0], JUNE[1] + start_s / 86400.0, step_s, count)
    fine = motion(replace(grid, epoch_jd=JUNE[0], epoch_fr=JUNE[1]))
    first = round(start_s / step_s)
    r_m = np.empty((count, 3, 1))
    fine.fill(0, 1, first, r_m)
    return oracle.visible_share(r_m[:, :, 0], sun_position_m(*grid.jd_fr(0, count)))


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg", "node_deg", "step_s"),
    [(550.0, 53.0, 10.0, 60.0), (650.0, 97.986, 182.0, 60.0), (300.0, 5.0, 0.0, 300.0), (1400.0, 101.4, 182.0, 60.0), (35786.0, 23.4, 0.0, 300.0)],
)  # fmt: skip
def test_times_of_circular_orbits(altitude_km: float, inclination_deg: float, node_deg: float, step_s: float) -> None:
    """Source of truth: the exact overlap of discs, sampled every 10 ms round each contact: 0.1 s is asked for; 10 ms of
    sampling, and a graze where 1e-9 of the disc takes 0.05 s."""
    elements = _circle(altitude_km, inclination_deg, node_deg)

    def motion(grid: TimeGrid) -> CircularJ2:
        return CircularJ2(elements, grid)

    grid = TimeGrid(*JUNE, step_s, round(86400.0 / step_s))
    found = eclipses(motion(grid), grid)
    assert found.count >= 1
    assert np.all(np.diff(found.penumbra_start_s) > 0.0)
    checked = 0
    for k in range(min(found.count, 4)):
        contacts = (
            (found.penumbra_start_s[k], 1.0, -1), (found.umbra_start_s[k], 0.0, -1), (found.umbra_end_s[k], 0.0, 1),
            (found.penumbra_end_s[k], 1.0, 1),
        )  # fmt: skip
        for at_s, share, way in contacts:
            if math.isnan(at_s) or at_s in (0.0, grid.duration_s):
                continue
            start = round(at_s - 2.0, 2)
            seen = _visible(motion, start, 0.01, 401)
            full = seen >= 1.0 if share == 1.0 else seen > 0.0
            change = np.flatnonzero(full[1:] != full[:-1])
            assert change.size == 1
            assert full[0] == (way < 0)
            assert start + 0.01 * (change[0] + 0.5) == pytest.approx(at_s, abs=0.06)
            checked += 1
    assert checked >= 2


def test_all_passages_of_a_day_are_found() -> None:
    """Source of truth: the exact overlap of discs every second of 23.7 hours: as many stretches of any shade and of umbra, their
    sum to 2 s each, and the least share in each to 0.002, the straight limb."""
    elements = _circle(650.0, 97.986, 182.0)
    grid = TimeGrid(*JUNE, 60.0, 1420)
    found = eclipses(CircularJ2(elements, grid), grid)
    seen = _visible(lambda g: CircularJ2(elements, g), 0.0, 1.0, 85_201)
    for dark, start, end in (
        (seen < 1.0, found.penumbra_start_s, found.penumbra_end_s),
        (seen <= 0.0, found.umbra_start_s, found.umbra_end_s),
    ):
        starts = np.flatnonzero(dark[1:] & ~dark[:-1]) + 1
        ends = np.flatnonzero(dark[:-1] & ~dark[1:]) + 1
        assert found.count == starts.size == ends.size
        assert np.abs(start - starts).max() < 1.01
        assert np.abs(end - ends).max() < 1.01
    assert np.all(found.least_lit < 1e-12)


def test_grazing_passages_between_ticks() -> None:
    """Source of truth: the exact discs at 1 s: a plane is tilted until the Sun is only just cut; passages with no tick in the shade
    are found too, with the same least share (0.002) and length (2 s)."""
    short = 0
    for inclination_deg in np.arange(91.0, 91.5, 0.01):
        elements = _circle(650.0, float(inclination_deg), 180.0)
        grid = TimeGrid(*JUNE, 300.0, 72)
        found = eclipses(CircularJ2(elements, grid), grid)
        length = found.penumbra_end_s - found.penumbra_start_s
        if found.count == 0 or length.min() > 250.0 or short > 3:
            continue
        short += 1
        seen = _visible(lambda g, e=elements: CircularJ2(e, g), 0.0, 1.0, 21_601)
        dark = seen < 1.0
        starts, ends = np.flatnonzero(dark[1:] & ~dark[:-1]) + 1, np.flatnonzero(dark[:-1] & ~dark[1:]) + 1
        assert found.count == starts.size
        assert found.penumbra_start_s == pytest.approx(starts, abs=2.0)
        assert found.penumbra_end_s == pytest.approx(ends, abs=2.0)
        for k in range(found.count):
            assert found.least_lit[k] == pytest.approx(seen[starts[k] : ends[k]].min(), abs=0.002)
        assert np.all(np.isnan(found.umbra_start_s) & np.isnan(found.umbra_end_s))
    assert short >= 1


@pytest.mark.parametrize("altitude_km", [300.0, 650.0])
def test_long_steps_miss_no_graze(altitude_km: float) -> None:
    """Source of truth: steps of 20 s, at which a graze lasts several: the same number of passages with steps of 300 s, and to 0.1 s
    the same length but for those of less than 2 s."""
    limit_deg = math.degrees(math.asin(6378137.0 / (6378137.0 + 1e3 * altitude_km)))
    seen = 0
    for above in np.arange(-0.4, 0.4, 0.02):
        elements = _circle(altitude_km, 180.0 - 23.43 - limit_deg + above, 180.0, 0.3 + 5.0 * above)
        coarse, fine = TimeGrid(*JUNE, 300.0, 60), TimeGrid(*JUNE, 20.0, 900)
        a, b = (eclipses(CircularJ2(elements, grid), grid) for grid in (coarse, fine))
        long = [x.penumbra_end_s - x.penumbra_start_s > 2.0 for x in (a, b)]
        assert np.count_nonzero(long[0]) == np.count_nonzero(long[1])
        assert a.penumbra_start_s[long[0]] == pytest.approx(b.penumbra_start_s[long[1]], abs=0.1)
        assert a.penumbra_end_s[long[0]] == pytest.approx(b.penumbra_end_s[long[1]], abs=0.1)
        seen += int(np.count_nonzero(long[0] & (a.penumbra_end_s - a.penumbra_start_s < 250.0)))
    assert seen > 5


def test_passages_do_not_depend_on_the_step_or_on_who_flies_along() -> None:
    """Source of truth: the same orbits with other steps (eighth-order polynomials: 1 ms) and in another company (to the bit)."""
    ring = sun_synchronous_ring(650e3, 18.0, 70, *JUNE)
    grid = TimeGrid(*JUNE, 60.0, 400)
    whole = eclipses(CircularJ2(ring, grid), grid)
    assert np.array_equal(np.unique(whole.satellite), np.arange(70))
    one = eclipses(CircularJ2(ring.subset(np.array([66])), grid), grid)
    of_it = whole.satellite == 66
    other = TimeGrid(*JUNE, 10.0, 2400)
    fine = eclipses(CircularJ2(ring.subset(np.array([66])), other), other)
    for name in ("penumbra_start_s", "umbra_start_s", "umbra_end_s", "penumbra_end_s", "least_lit"):
        assert np.array_equal(getattr(whole, name)[of_it], getattr(one, name), equal_nan=True)
        assert getattr(fine, name) == pytest.approx(getattr(one, name), abs=1e-3, nan_ok=True)


def test_passages_are_cut_at_the_ends() -> None:
    """Source of truth: a run from the middle of a passage to the middle of the next holds the rest of one and the beginning of the
    other, at the times of the whole run."""
    ring = sun_synchronous_ring(650e3, 18.0, 1, *JUNE)
    grid = TimeGrid(*JUNE, 60.0, 300)
    whole = eclipses(CircularJ2(ring, grid), grid)
    middle = [round(0.5 * (a + b) / 60.0) for a, b in zip(whole.penumbra_start_s, whole.penumbra_end_s, strict=True)]

    @dataclass
    class Shifted:
        first: int
        count: int = 1

        def fill(self, lo: int, hi: int, first_tick: int, out_r_m: np.ndarray) -> None:
            CircularJ2(ring, grid).fill(lo, hi, self.first + first_tick, out_r_m)

        def subset(self, which: np.ndarray) -> Shifted:
            return self

    short = TimeGrid(JUNE[0], JUNE[1] + middle[0] / 1440.0, 60.0, middle[1] - middle[0])
    found = eclipses(Shifted(middle[0]), short)
    assert found.count == 2
    assert found.penumbra_start_s[0] == found.umbra_start_s[0] == 0.0
    assert found.penumbra_end_s[0] == pytest.approx(whole.penumbra_end_s[0] - 60.0 * middle[0], abs=1e-3)
    assert found.penumbra_start_s[1] == pytest.approx(whole.penumbra_start_s[1] - 60.0 * middle[0], abs=1e-3)
    assert found.penumbra_end_s[1] == found.umbra_end_s[1] == short.duration_s


def test_passage_cut_before_it_is_deepest() -> None:
    """Source of truth: the exact discs at the last tick, which lies in the penumbra: the least share of a passage that is cut there."""
    elements = _circle(650.0, 97.986, 182.0)
    whole = eclipses(CircularJ2(elements, TimeGrid(*JUNE, 5.0, 1200)), TimeGrid(*JUNE, 5.0, 1200))
    stop = round(0.5 * (whole.penumbra_start_s[0] + whole.umbra_start_s[0]) / 5.0)
    short = TimeGrid(*JUNE, 5.0, stop)
    found = eclipses(CircularJ2(elements, short), short)
    assert found.count == 1
    assert found.penumbra_end_s[0] == short.duration_s
    assert math.isnan(found.umbra_start_s[0])
    seen = _visible(lambda g: CircularJ2(elements, g), short.duration_s, 5.0, 1)
    assert 0.2 < seen[0] < 0.8
    assert found.least_lit[0] == pytest.approx(seen[0], abs=0.002)


@dataclass
class Lost:
    """A satellite whose position is lost from a tick on; the numbers that are left would lie in the shadow."""

    elements: CircularElements
    grid: TimeGrid
    from_tick: int
    count: int = 1

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: np.ndarray) -> np.ndarray:
        CircularJ2(self.elements, self.grid).fill(lo, hi, first_tick, out_r_m)
        gone = np.arange(first_tick, first_tick + out_r_m.shape[0]) >= self.from_tick
        behind = -sun_position_m(*self.grid.jd_fr(first_tick, out_r_m.shape[0])) * (7e6 / oracle.AU_M)
        out_r_m[gone] = behind[gone][:, :, np.newaxis]
        return np.where(gone, 6, 0).astype(np.int8)[:, np.newaxis]

    def subset(self, which: np.ndarray) -> Lost:
        return self


def test_position_lost_within_and_after_a_passage() -> None:
    """Source of truth: the passages of the same satellite with its position: all that end before the loss are the same, but for one that
    ends two ticks before it, where a straight line between ticks stands in, 5 s; one that is cut by the loss ends there."""
    elements, grid = _circle(650.0, 97.986, 182.0), TimeGrid(*JUNE, 60.0, 600)
    whole = eclipses(CircularJ2(elements, grid), grid)
    inside = math.ceil(whole.umbra_start_s[2] / 60.0) + 6
    found = eclipses(Lost(elements, grid, inside), grid)
    assert found.count == 3
    assert np.array_equal(found.penumbra_end_s[:2], whole.penumbra_end_s[:2])
    assert found.penumbra_start_s[2] == whole.penumbra_start_s[2]
    assert 60.0 * (inside - 1) <= found.penumbra_end_s[2] <= 60.0 * inside
    beyond = math.floor(whole.penumbra_end_s[1] / 60.0) + 3
    found = eclipses(Lost(elements, grid, beyond), grid)
    assert found.count == 2
    assert found.penumbra_start_s[1] == whole.penumbra_start_s[1]
    assert found.penumbra_end_s[1] == pytest.approx(whole.penumbra_end_s[1], abs=5.0)
    assert found.umbra_end_s[1] == pytest.approx(whole.umbra_end_s[1], abs=5.0)


@dataclass
class Forward(Lost):
    """The same, and no tick is reported twice."""

    next_tick: int = -6

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: np.ndarray) -> np.ndarray:
        assert first_tick == self.next_tick
        self.next_tick += out_r_m.shape[0]
        return super().fill(lo, hi, first_tick, out_r_m)


@pytest.mark.parametrize("ticks", [7, 100])
def test_blocks_leave_no_trace_and_no_tick_is_asked_for_twice(ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the promise that a cut changes no byte. Motion that is integrated step by step would begin at the epoch
    again for each block."""
    elements, grid = _circle(650.0, 97.986, 182.0), TimeGrid(*JUNE, 60.0, 600)
    whole = eclipses(Lost(elements, grid, 555), grid)
    monkeypatch.setattr(eclipse, "_TICKS", ticks)
    cut = eclipses(Forward(elements, grid, 555), grid)
    assert whole.count > 3
    for name in ("penumbra_start_s", "umbra_start_s", "umbra_end_s", "penumbra_end_s", "least_lit"):
        assert np.array_equal(getattr(cut, name), getattr(whole, name), equal_nan=True)


def test_satellites_without_a_position_and_without_shade() -> None:
    """Source of truth: SGP4 gives an error for a satellite that has come down; one it has no position for is in no eclipse, and its
    neighbours are as they are alone. A dawn-dusk orbit in March sees the Sun all day."""
    up, down = Satrec(), Satrec()
    epoch = JUNE[0] + JUNE[1] - 2433281.5
    up.sgp4init(WGS72, "i", 1, epoch, 0.0, 0.0, 0.0, 1e-3, 0.3, math.radians(53.0), 0.4, 2 * math.pi / 95.6, 1.0)
    down.sgp4init(WGS72, "i", 2, epoch, 5e-3, 0.0, 0.0, 1e-3, 0.3, math.radians(53.0), 0.4, 2 * math.pi / 88.0, 1.0)
    grid = TimeGrid(*JUNE, 60.0, 1440)
    codes = Sgp4(from_satrecs([up, down]), grid).fill(0, 2, 0, np.empty((1441, 3, 2)))
    assert codes is not None
    last = int(np.flatnonzero(codes[:, 1] == 0)[-1])
    assert 60 < last < 1400
    both, alone = eclipses(Sgp4(from_satrecs([up, down]), grid), grid), eclipses(Sgp4(from_satrecs([up]), grid), grid)
    mine = both.satellite == 0
    assert np.array_equal(both.penumbra_end_s[mine], alone.penumbra_end_s)
    assert both.penumbra_end_s[~mine].size > 0
    assert both.penumbra_end_s[~mine].max() <= 60.0 * (last + 1)
    march = TimeGrid(*julian_date(datetime(2026, 3, 21, tzinfo=UTC)), 60.0, 1440)
    none = eclipses(CircularJ2(sun_synchronous_ring(650e3, 18.0, 3, march.epoch_jd, march.epoch_fr), march), march)
    assert none.count == none.least_lit.size == 0


def test_steps_that_are_too_long() -> None:
    grid = TimeGrid(*JUNE, 600.0, 10)
    with pytest.raises(ValueError, match="600 s"):
        eclipses(CircularJ2(_circle(650.0, 97.986, 182.0), grid), grid)


# --- seasons -----------------------------------------------------------------------------------------------------------


def test_cylinder_against_its_closed_form() -> None:
    """Source of truth: f = acos(sqrt(a^2 - R^2) / (a cos beta)) / pi, below beta* = asin(R / a) (physics, A3). A Sun 1e6 times as far
    is parallel to 4e-11; days by straight lines between samples, three hours apart, 0.01 d."""
    a, earth = 6378137.0 + 650e3, 6378137.0
    t = np.linspace(0.0, 100.0, 801)
    beta = np.radians(60.0 + 0.08 * t)  # 60 to 68 deg, free of eclipse from 65.164 deg on
    found = seasons_of_beta(a, 5870.94, t, beta, np.full(t.size, oracle.AU_M), "cylinder")
    share = np.arccos(np.minimum(1.0, math.sqrt(a * a - earth * earth) / (a * np.cos(beta)))) / math.pi
    assert found.mean_fraction == pytest.approx(float(np.trapezoid(share, t)) / 100.0, abs=1e-8)
    assert found.longest_s == pytest.approx(5870.94 * share[0], abs=1e-4)
    free_d = (math.degrees(math.asin(earth / a)) - 60.0) / 0.08
    assert found.seasons_d == (pytest.approx((0.0, free_d), abs=0.01),)
    assert found.days == pytest.approx(free_d, abs=0.01)


def test_cone_against_exact_discs() -> None:
    """Source of truth: the overlap of discs, 20,000 samples a revolution (1e-4 of the width of a penumbra): lost light to 1e-5 of
    it, the straight limb's 4e-4 of two penumbrae of 0.3 % of a revolution; first to last contact to a sample."""
    a = 6378137.0 + 650e3
    for beta_deg in (0.0, 45.0, 64.0, 65.2, 66.0):
        beta = np.full(2, math.radians(beta_deg))
        found = seasons_of_beta(a, 1.0, np.array([0.0, 1.0]), beta, np.full(2, oracle.AU_M), "cone")
        t = np.arange(20_000) / 20_000 * 2.0 * math.pi * math.sqrt(a**3 / oracle.MU)
        seen = oracle.visible_share(
            oracle.plane_at_beta_m(t, a, math.radians(beta_deg)), np.array([oracle.AU_M, 0.0, 0.0])
        )
        assert found.mean_fraction == pytest.approx(float(np.mean(1.0 - seen)), abs=3e-5)
        assert found.longest_s == pytest.approx(float(np.mean(seen < 1.0)), abs=1.1e-4)
        assert found.days == (1.0 if (seen < 1.0).any() else 0.0)


def test_season_over_new_year_and_all_year() -> None:
    """Source of truth: the table of dawn-dusk orbits (physics, A4): 06:00 from early November to early February, noon all year, nothing
    above 1,400 km with a cylinder."""
    a = 6378137.0 + 650e3
    tilt = math.radians(97.986)
    dawn = eclipse_seasons(a, tilt, node_of_local_time_rad(6.0, *NEW_YEAR), *NEW_YEAR, shadow="cylinder")
    (first, end), (start, last) = dawn.seasons_d
    assert (first, last) == (0.0, 365.0)
    assert 30.0 < end < 38.0  # 31 January to 8 February
    assert 304.0 < start < 314.0  # 1 to 11 November
    noon = eclipse_seasons(a, tilt, node_of_local_time_rad(12.0, *NEW_YEAR), *NEW_YEAR)
    assert noon.seasons_d == ((0.0, 365.0),)
    assert noon.mean_fraction == pytest.approx(0.362, abs=5e-4)
    high = eclipse_seasons(
        6378137.0 + 1400e3, math.radians(101.43), node_of_local_time_rad(18.0, *NEW_YEAR), *NEW_YEAR, shadow="cylinder"
    )
    assert (high.days, high.longest_s, high.mean_fraction) == (0.0, 0.0, 0.0)


def test_without_a_compiler(repo: Path) -> None:
    """Source of truth: the compiled run: the same passages, to rounding, in plain Python."""
    program = (
        "import math, numpy as np\n"
        "from orbit.eclipse import eclipses\n"
        "from orbit.propagation import CircularJ2\n"
        "from orbit.shells import sun_synchronous_ring\n"
        "from orbit.timegrid import TimeGrid\n"
        f"grid = TimeGrid({JUNE[0]}, {JUNE[1]}, 60.0, 110)\n"
        f"found = eclipses(CircularJ2(sun_synchronous_ring(650e3, 18.0, 1, {JUNE[0]}, {JUNE[1]}), grid), grid)\n"
        "print(*found.penumbra_start_s, *found.umbra_end_s)\n"
    )
    reported = [
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"NUMBA_DISABLE_JIT": off}, cwd=repo, capture_output=True, text=True, check=True
        ).stdout.split()
        for off in ("0", "1")
    ]  # fmt: skip
    assert len(reported[0]) == 2
    assert [float(x) for x in reported[0]] == pytest.approx([float(x) for x in reported[1]], abs=1e-6)
