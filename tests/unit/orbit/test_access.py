"""Windows over stations against dense sampling, closed forms, and themselves cut up in every way."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from orbit.access import Windows, windows
from orbit.elements import CircularElements
from orbit.ground import Station, horizon, in_teme, position_m, zenith
from orbit.propagation import CircularJ2, Propagator
from orbit.shells import walker
from orbit.timegrid import TimeGrid, julian_date

EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
R = math.radians
MASKS = [
    (),
    ((0.0, R(5)), (R(90), R(20)), (R(200), R(-3)), (R(300), R(30))),
    ((R(45), R(10)),),
    ((0.0, R(10)), (R(100), R(10)), (R(101), R(60)), (R(120), R(60)), (R(121), R(10)), (R(360), R(10))),
]


def _grid(step_s: float = 60.0, hours: float = 12.0) -> TimeGrid:
    return TimeGrid(*julian_date(EPOCH), step_s, round(hours * 3600.0 / step_s))


def _shell(altitude_m: float, grid: TimeGrid, planes: int = 3, slots: int = 4) -> CircularJ2:
    return CircularJ2(walker(altitude_m, R(71), planes, slots, 1.0, 2.0 * math.pi), grid)


def _sites(masks_deg: tuple[float, ...], count: int = 8, seed: int = 1) -> list[Station]:
    rng = np.random.default_rng(seed)
    return [
        Station(
            str(n), math.asin(rng.uniform(-1, 1)), rng.uniform(-math.pi, math.pi), rng.uniform(0, 3e3),
            R(masks_deg[n % len(masks_deg)]),
        )
        for n in range(count)
    ]  # fmt: skip


def _mask_at(azimuth: NDArray[np.float64], rows: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    a, e = np.array(rows).T
    return np.interp(azimuth, np.concatenate((a - 2 * np.pi, a, a + 2 * np.pi)), np.concatenate((e, e, e)))


def _dense(p: CircularJ2, sites: list[Station], grid: TimeGrid, dt: float = 0.5) -> list[tuple[float, ...]]:
    """Windows by sampling every half second, edges by straight lines; culmination to a sample."""
    fine = TimeGrid(grid.epoch_jd, grid.epoch_fr, dt, round(grid.duration_s / dt))
    r = np.empty((fine.steps + 1, 3, p.count))
    replace(p, grid=fine).fill(0, p.count, 0, r)
    turn = in_teme(np.eye(3), *fine.jd_fr(0, fine.steps + 1))
    fixed = np.einsum("kij,kjn->kin", turn, r)
    found = []
    for i in range(p.count):
        for s, site in enumerate(sites):
            d = fixed[:, :, i] - position_m(site)
            length = np.linalg.norm(d, axis=1)
            elevation = np.arcsin(d @ zenith(site) / length)
            north, east = horizon(site)
            margin = np.minimum(elevation - site.min_elevation_rad, 1.0 - length / site.max_range_m)
            if site.mask_rad:
                azimuth = np.arctan2(d @ east, d @ north) % (2 * np.pi)
                margin = np.minimum(margin, elevation - _mask_at(azimuth, site.mask_rad))
            up = margin >= 0.0
            edges = [
                (k + margin[k] / (margin[k] - margin[k + 1])) * dt for k in np.flatnonzero(np.diff(up.astype(int)))
            ]
            edges = ([0.0] if up[0] else []) + edges + ([grid.duration_s] if up[-1] else [])
            for a, b in zip(edges[::2], edges[1::2], strict=True):
                inside = slice(math.ceil(a / dt), math.floor(b / dt) + 1)
                best = inside.start + int(np.argmax(elevation[inside]))
                found.append((i, s, a, b, best * dt, elevation[best]))
    return found


def _rows(w: Windows) -> NDArray[np.float64]:
    return np.stack((w.satellite, w.station, w.rise_s, w.set_s, w.culmination_s, w.max_elevation_rad), axis=1)


def _differing(a: Windows, b: Windows) -> list[str]:
    """Fields whose bytes differ."""
    return [f.name for f in fields(Windows) if getattr(a, f.name).tobytes() != getattr(b, f.name).tobytes()]


@pytest.mark.parametrize(
    ("altitude_m", "step_s", "masks_deg"),
    [(550e3, 60.0, (0, 25, 60, 85)), (550e3, 10.0, (5, 80)), (200e3, 60.0, (25, 60, 85, 88)), (1200e3, 60.0, (-3, 45)),
     (20200e3, 60.0, (5, 45, 80)), (35786e3, 60.0, (5, 45))],
)  # fmt: skip
def test_against_dense_sampling(altitude_m: float, step_s: float, masks_deg: tuple[float, ...]) -> None:
    """Source of truth: numpy every half second. Lines between samples curve by less than 5 ms at the edges, grazing ones
    more: v^2/rho of 50 m/s2 over 0.25 s is 3 m, which a slope of 100 m/s crosses in 0.03 s. Culminations to half a sample."""
    grid, sites = _grid(step_s), _sites(masks_deg)
    p = _shell(altitude_m, grid)
    ours, theirs = _rows(windows([p], sites, grid)), np.array(_dense(p, sites, grid))
    assert len(ours) == len(theirs) > 5
    assert np.array_equal(ours[:, :2], theirs[:, :2])
    assert np.abs(ours[:, 2:4] - theirs[:, 2:4]).max() < 0.03
    assert np.abs(ours[:, 4] - theirs[:, 4]).max() <= 0.251 or altitude_m > 2e7  # sampled, and flat where it is slow
    assert np.all(ours[:, 5] >= theirs[:, 5] - 1e-6)  # decimetres of the quintic over hundreds of kilometres
    assert np.all(ours[:, 5] - theirs[:, 5] < R(0.6))  # what an overhead pass gains in a quarter of a second


def test_masks_and_ranges_against_dense_sampling() -> None:
    """Source of truth: numpy every half second, np.interp over the azimuth. At the kink of a mask the line between samples
    is off by half a sample; parts of less than a second may fall between samples of numpy."""
    grid = _grid()
    sites = [
        replace(s, mask_rad=MASKS[n % 4] if n < 8 else (), max_range_m=math.inf if n < 6 else 1.26e6)
        for n, s in enumerate(_sites((0.0, 5.0, -10.0, 10.0), 12))
    ]
    p = _shell(550e3, grid)
    found = windows([p], sites, grid)
    ours, theirs = _rows(found), np.array(_dense(p, sites, grid))
    assert len(ours) == len(theirs) > 100
    assert np.array_equal(ours[:, :2], theirs[:, :2])
    assert np.abs(ours[:, 2:4] - theirs[:, 2:4]).max() < 0.5
    assert np.median(np.abs(ours[:, 2:4] - theirs[:, 2:4])) < 1e-3
    assert np.abs(ours[:, 4] - theirs[:, 4]).max() <= 0.5
    for tile, block in ((5, 7), (3, 100)):
        assert _differing(found, windows([p], sites, grid, tile=tile, block=block, threads=2)) == []


@pytest.mark.parametrize("tile", [1, 5, 64])
@pytest.mark.parametrize("block", [1, 13, 300])
def test_tiles_blocks_and_threads_leave_no_trace(tile: int, block: int) -> None:
    """Bytes, not numbers."""
    grid, sites = _grid(hours=8.0), _sites((0.0, 25.0, 70.0), 6, seed=4)
    fleet: list[Propagator] = [_shell(550e3, grid), _shell(35786e3, grid, 1, 2)]
    assert (
        _differing(
            windows(fleet, sites, grid, threads=1), windows(fleet, sites, grid, tile=tile, block=block, threads=2)
        )
        == []
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), mask_deg=st.floats(0.0, 80.0))
def test_order_of_satellites_and_stations_does_not_matter(seed: int, mask_deg: float) -> None:
    rng = np.random.default_rng(seed)
    grid = _grid(hours=6.0)
    p, sites = _shell(rng.uniform(300e3, 2000e3), grid), _sites((mask_deg,), 5, seed)
    i, s = rng.permutation(p.count), rng.permutation(len(sites))
    whole, mixed = windows([p], sites, grid), windows([p.subset(i)], [sites[k] for k in s], grid)
    back = np.lexsort((mixed.rise_s, s[mixed.station], i[mixed.satellite]))
    assert np.array_equal(whole.satellite, i[mixed.satellite][back])
    assert np.array_equal(whole.station, s[mixed.station][back])
    for name in ("rise_s", "set_s", "culmination_s", "max_elevation_rad"):
        assert np.array_equal(getattr(whole, name), getattr(mixed, name)[back])


@dataclass(frozen=True)
class Later:
    """Another's motion, from a later tick on; lost from a tick on."""

    inner: Propagator
    ticks: int = 0
    lost: int = 1 << 30

    @property
    def count(self) -> int:
        return self.inner.count

    def subset(self, which: NDArray[np.int64]) -> Later:
        return Later(self.inner.subset(which), self.ticks, self.lost)

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: NDArray[np.float64]) -> NDArray[np.int8] | None:
        self.inner.fill(lo, hi, first_tick + self.ticks, out_r_m)
        k = np.arange(first_tick, first_tick + len(out_r_m))
        out_r_m[k >= self.lost] = 1e7
        codes = np.zeros((len(out_r_m), out_r_m.shape[2]), dtype=np.int8)
        codes[k >= self.lost] = 6
        return codes


@settings(max_examples=15, deadline=None)
@given(at=st.integers(10, 350), mask_deg=st.floats(0.0, 60.0), seed=st.integers(0, 1000))
@example(at=205, mask_deg=0.0, seed=203)  # up at the last tick alone, which is odd
@example(at=10, mask_deg=54.5, seed=763)  # a short pass soon after the cut
def test_a_span_split_in_two_has_the_same_windows(at: int, mask_deg: float, seed: int) -> None:
    """What the cut divides comes together again. Quintics end at the cut: 1e-4 s in a pass of 10 minutes.

    Elevation is a parabola about its highest point, so that its rate at the mask is proportional to the length of the pass, and an
    error of elevation shifts the crossing by an error inversely proportional to it.
    """
    grid, sites = _grid(hours=6.0), _sites((mask_deg,), 4, seed)
    p = _shell(600e3, grid)
    whole = windows([p], sites, grid)
    early = windows([p], sites, replace(grid, steps=at))
    rest = TimeGrid(grid.epoch_jd, grid.epoch_fr + at * 60.0 / 86400.0, 60.0, grid.steps - at)
    late = windows([Later(p, at)], sites, rest)
    split = {
        (int(i), int(s)) for i, s in zip(early.satellite[early.cut_end], early.station[early.cut_end], strict=True)
    }
    assert split == {
        (int(i), int(s)) for i, s in zip(late.satellite[late.cut_begin], late.station[late.cut_begin], strict=True)
    }
    rises = np.sort(np.concatenate((early.rise_s, late.rise_s[~late.cut_begin] + at * 60.0)))
    sets = np.sort(np.concatenate((early.set_s[~early.cut_end], late.set_s + at * 60.0)))
    within_s = 1e-4 * np.maximum(1.0, 600.0 / (whole.set_s - whole.rise_s))
    for found, expected in ((rises, whole.rise_s), (sets, whole.set_s)):
        order = np.argsort(expected)
        assert found.size == expected.size
        assert (np.abs(found - expected[order]) <= within_s[order]).all()


def test_a_lost_satellite_ends_its_window_at_its_last_tick() -> None:
    grid = _grid(hours=3.0)
    p = _shell(550e3, grid)
    sites = _sites((0.0,), 8)
    whole = windows([p], sites, grid)
    n = int(np.argmax(whole.set_s - whole.rise_s))
    lost = int(0.5 * (whole.rise_s[n] + whole.set_s[n]) // 60.0) + 1
    found = windows([Later(p, lost=lost)], sites, grid)
    assert found.set_s.max() == (lost - 1) * 60.0
    assert np.all(found.cut_end == (found.set_s == (lost - 1) * 60.0))
    kept = whole.rise_s <= (lost - 1) * 60.0
    assert np.allclose(found.rise_s, whole.rise_s[kept], atol=1e-4)
    assert _differing(found, windows([Later(p, lost=lost)], sites, grid, block=9, tile=2)) == []


@dataclass
class Forward:
    """Another's motion, reported once: no tick of a tile is reported again."""

    inner: CircularJ2
    reported: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.inner.count

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: NDArray[np.float64]) -> None:
        assert first_tick == self.reported.get((lo, hi), 0)
        self.reported[lo, hi] = first_tick + len(out_r_m)
        self.inner.fill(lo, hi, first_tick, out_r_m)


@pytest.mark.parametrize("block", [1, 5, 100, 1440])
def test_no_tick_is_asked_for_twice(block: int) -> None:
    """Motion that is integrated step by step would begin at the epoch again for each block."""
    grid, sites = _grid(hours=4.0), _sites((5.0,), 3)
    p = _shell(550e3, grid)
    assert _differing(windows([Forward(p)], sites, grid, block=block, tile=5), windows([p], sites, grid)) == []


@dataclass(frozen=True)
class Nodding:
    """A thing 1,000 km from a station that nods: elevation mask + depth (1 - share + cos), to the north."""

    site: Station
    grid: TimeGrid
    period_s: float
    share: float
    count: int = 1

    def subset(self, which: NDArray[np.int64]) -> Nodding:
        return self

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: NDArray[np.float64]) -> None:
        # all at once, as numpy rounds the last of a few otherwise than among many
        ticks = self.grid.steps + 20
        t = self.grid.seconds(0, ticks)
        e = self.site.min_elevation_rad + R(4.0) * (1.0 - self.share + np.cos(2.0 * math.pi * t / self.period_s))
        d = np.cos(e)[:, None] * horizon(self.site)[0] + np.sin(e)[:, None] * zenith(self.site)
        turn = in_teme(np.eye(3), *self.grid.jd_fr(0, ticks))
        place = np.einsum("kij,ki->kj", turn, position_m(self.site) + 1e6 * d)
        out_r_m[:, :, 0] = place[first_tick : first_tick + len(out_r_m)]


@pytest.mark.parametrize("share", [1e-5, 1e-4, 1e-3, 0.02])
@pytest.mark.parametrize("period_s", [1230.0, 1290.0, 1477.0])
def test_gaps_between_ticks_are_found(share: float, period_s: float) -> None:
    """Source of truth: cos x < share - 1, from 2 to 80 s. Quintics miss (w h)^6 5 / 720 of the amplitude at most; a gap
    goes with the root of its depth, so that half of what that is of the share is missed of the gap."""
    grid = _grid(hours=4.0)
    site = Station("x", 0.6, 1.0, 100.0, R(20.0))
    found = windows([Nodding(site, grid, period_s, share)], [site], grid)
    gaps = found.rise_s[1:] - found.set_s[:-1]
    expected = 2.0 * math.acos(1.0 - share) / (2.0 * math.pi) * period_s
    assert len(gaps) == int((grid.duration_s / period_s) + 0.5)
    missed = (2.0 * math.pi * 60.0 / period_s) ** 6 * 5.0 / 720.0
    assert gaps == pytest.approx(np.full(len(gaps), expected), abs=0.01 + 0.5 * missed / share * expected)
    middle = 0.5 * (found.rise_s[1:] + found.set_s[:-1])
    assert middle == pytest.approx((np.arange(len(gaps)) + 0.5) * period_s, abs=0.1)
    assert _differing(found, windows([Nodding(site, grid, period_s, share)], [site], grid, block=11)) == []


def test_short_spans_and_empty_ones() -> None:
    grid, sites = TimeGrid(*julian_date(EPOCH), 60.0, 2), _sites((0.0,), 4)
    p = _shell(35786e3, grid)
    found = windows([p], sites, grid)
    assert len(found) > 0
    assert np.all(found.rise_s == 0.0)
    assert np.all(found.set_s == 120.0)
    assert found.cut_begin.all()
    assert found.cut_end.all()
    assert len(windows([p], [], grid)) == 0
    assert len(windows([], sites, grid)) == 0
    assert len(windows([_shell(300e3, grid, 1, 1)], [Station("far", 0.0, 2.0, 0.0, R(89))], grid)) == 0


def test_eccentric_orbits_keep_their_bounds() -> None:
    """Source of truth: every tick's elevation in numpy; the search may look past none that is above the mask."""
    grid, sites = _grid(hours=12.0), _sites((0.0, 30.0), 6)

    class Ellipse(CircularJ2):
        def fill(self, lo: int, hi: int, first_tick: int, out_r_m: NDArray[np.float64]) -> None:
            t = self.grid.seconds(first_tick, len(out_r_m))
            a, e, n = 26.6e6, 0.72, 2 * math.pi / 43100.0
            m = n * t
            x = m + e * np.sin(m)
            for _ in range(60):
                x = x - (x - e * np.sin(x) - m) / (1.0 - e * np.cos(x))
            out_r_m[:, 0, 0] = a * (np.cos(x) - e) * 0.45
            out_r_m[:, 1, 0] = a * math.sqrt(1 - e * e) * np.sin(x)
            out_r_m[:, 2, 0] = -a * (np.cos(x) - e) * 0.89

    p = Ellipse(CircularElements(*(np.zeros(1) for _ in range(4))), grid)
    found = windows([p], sites, grid)
    r = np.empty((grid.steps + 1, 3, 1))
    p.fill(0, 1, 0, r)
    fixed = np.einsum("kij,kj->ki", in_teme(np.eye(3), *grid.jd_fr(0, grid.steps + 1)), r[:, :, 0])
    t = grid.seconds(0, grid.steps + 1)
    for s, site in enumerate(sites):
        d = fixed - position_m(site)
        up = d @ zenith(site) >= math.sin(site.min_elevation_rad) * np.linalg.norm(d, axis=1)
        mine = found[found.station == s]
        reported = np.any((t[:, None] >= mine.rise_s) & (t[:, None] <= mine.set_s), axis=1)
        assert np.array_equal(reported, up)


def test_without_the_compiler(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    """The same windows, to rounding."""
    code = """
import math, numpy as np
from datetime import UTC, datetime
from orbit.access import windows
from orbit.ground import Station
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid, julian_date
grid = TimeGrid(*julian_date(datetime(2026, 12, 21, tzinfo=UTC)), 60.0, 100)
p = CircularJ2(walker(550e3, 1.2, 1, 2, 0.0, 2.0 * math.pi), grid)
sites = [Station("a", 0.9, 0.1, 0.0, 0.1), Station("b", 0.5, 1.0, 0.0, 0.1, ((0.0, 0.1), (3.0, 0.4)), 2e6)]
w = windows([p], sites, grid, threads=1)
print(len(w), *w.rise_s, *w.set_s, *w.max_elevation_rad)
"""
    reported = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=300, check=True,
            env={**subprocess_environment, "NUMBA_DISABLE_JIT": off},
        ).stdout.split()
        for off in ("0", "1")
    ]  # fmt: skip
    assert int(reported[0][0]) > 1
    assert [float(x) for x in reported[1]] == pytest.approx([float(x) for x in reported[0]], abs=1e-6)
