"""Orbits in segments: against secular J2, Gauss's equations, vis-viva, and numerical propagation with the same drag."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from orbit import drag
from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.kernels import segments as kernel
from orbit.kernels.forces import Forces
from orbit.manoeuvres import BESIDE_S, Braking, Burn, DeadBand, MeanState, build, with_impulse
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Bodies, Numerical
from orbit.propagation import CircularJ2
from orbit.segments import Segmented, Thrust
from orbit.shells import walker
from orbit.status import DECAYED, NOWHERE_M
from orbit.timegrid import TimeGrid

GRID = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=2 * 1440)
A_M = 6378137.0 + 450e3
SHELL = walker(450e3, math.radians(97.3), 2, 3, 0.0)
BALL = Braking(drag.Areas(0.0, 0.0, 20.0), "nadir", 2.2, 1000.0, drag.Air(150.0, 15.0))
STATES = [MeanState(0.0, A_M, 1.2, 0.4, 2.0, 1e-3, -2e-3), MeanState(0.0, A_M, 1.7, 5.0, -9.0), MeanState(0.0, A_M, 0.5, 0.0, 4.0, 0.02, 0.01)]


def _fill(propagator: Segmented | CircularJ2, first: int, ticks: int) -> np.ndarray:
    out = np.empty((ticks, 3, propagator.count))
    propagator.fill(0, propagator.count, first, out)
    return out


def _axis_m(propagator: Segmented, satellite: int, t_s: float) -> float:
    """Semi-major axis from the segments."""
    track = propagator.track[satellite]
    rows = propagator.tracks.rows[:, propagator.tracks.first[track] : propagator.tracks.first[track + 1]]
    k = int(np.searchsorted(rows[kernel.ROW_START], t_s, side="right")) - 1
    return float(np.polyval(rows[kernel.ROW_A : kernel.ROW_A + 4, k][::-1], t_s - rows[kernel.ROW_START, k]))


def _place(state: MeanState) -> np.ndarray:
    x, y = kernel.in_plane(state.a_m, math.sin(state.latitude_rad), math.cos(state.latitude_rad), state.ex, state.ey)
    node, i = state.node_rad, state.inclination_rad
    along = np.array([-math.sin(node) * math.cos(i), math.cos(node) * math.cos(i), math.sin(i)])
    return x * np.array([math.cos(node), math.sin(node), 0.0]) + y * along


def test_without_drag_and_burns_it_is_secular_j2() -> None:
    """Source of truth: the propagator of circular orbits, before the epoch, and two days later: rounding of 1e-15 of 2e4 rad."""
    ours = build(SHELL, GRID)
    for first in (-1, 0, 2800):
        assert np.abs(_fill(ours, first, 60) - _fill(CircularJ2(SHELL, GRID), first, 60)).max() < 1e-4
    assert ours.period_s == pytest.approx(CircularJ2(SHELL, GRID).period_s)
    assert (ours.thrusts, ours.may_lose) == ((), False)


def test_place_in_the_plane_by_kepler() -> None:
    """Source of truth: Kepler's equation by bisection, and the ellipse from its perigee."""
    for e, perigee, mean in ((0.0, 0.0, 1.0), (0.03, 0.7, 2.0), (0.099, 4.0, 5.9)):
        low, high = 0.0, 2.0 * math.pi
        anomaly = math.fmod(mean - perigee + 4.0 * math.pi, 2.0 * math.pi)
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if middle - e * math.sin(middle) < anomaly else (low, middle)
        p, q = A_M * (math.cos(low) - e), A_M * math.sqrt(1.0 - e * e) * math.sin(low)
        expected = (p * math.cos(perigee) - q * math.sin(perigee), p * math.sin(perigee) + q * math.cos(perigee))
        found = kernel.in_plane(A_M, math.sin(mean), math.cos(mean), e * math.cos(perigee), e * math.sin(perigee))
        assert found == pytest.approx(expected, abs=1e-6 * A_M * 1e-3)


@pytest.mark.parametrize("delta_v", [(0.0, 1.5, 0.0), (0.0, -40.0, 0.0), (3.0, 0.0, 0.0), (0.0, 0.0, 5.0), (0.5, 1.0, -20.0)])
@pytest.mark.parametrize("state", STATES)
def test_an_impulse_keeps_the_place_and_changes_the_velocity(state: MeanState, delta_v: tuple[float, float, float]) -> None:
    """Source of truth: position and two-body velocity before and after, velocities by differences of places on both orbits (1e-6 of
    7.6 km/s from the step of 0.1 s); the semi-major axis by vis-viva."""
    after = with_impulse(state, delta_v)
    assert np.linalg.norm(_place(after) - _place(state)) < 1e-6

    def velocity(s: MeanState) -> np.ndarray:
        n, h = math.sqrt(MU_EARTH_M3_S2 / s.a_m**3), 0.1
        ahead, behind = (_place(replace(s, latitude_rad=s.latitude_rad + n * t)) for t in (h, -h))
        return (ahead - behind) / (2.0 * h)

    r, v, w = _place(state), velocity(state), velocity(after)
    radial = r / np.linalg.norm(r)
    normal = np.cross(r, v) / np.linalg.norm(np.cross(r, v))
    expected = delta_v[0] * radial + delta_v[1] * np.cross(normal, radial) + delta_v[2] * normal
    assert w - v == pytest.approx(expected, abs=1e-4)
    assert after.a_m == pytest.approx(1.0 / (2.0 / np.linalg.norm(r) - w @ w / MU_EARTH_M3_S2), rel=1e-7)


def test_small_impulses_by_gauss() -> None:
    """Closed form: Gauss's equations on a circular orbit: da = 2 dT / n, di = cos u dW / v, dnode = sin u dW / (v sin i),
    d(ex, ey) = (sin u dR + 2 cos u dT, -cos u dR + 2 sin u dT) / v; to the square of 1e-5."""
    state, n = MeanState(0.0, A_M, 1.2, 0.4, 2.0), math.sqrt(MU_EARTH_M3_S2 / A_M**3)
    v, u = n * A_M, 2.0
    dr, dt, dw = 0.03, 0.05, -0.07
    after = with_impulse(state, (dr, dt, dw))
    assert after.a_m - A_M == pytest.approx(2.0 * dt / n, rel=1e-3)
    assert after.inclination_rad - 1.2 == pytest.approx(math.cos(u) * dw / v, rel=1e-3)
    assert after.node_rad - 0.4 == pytest.approx(math.sin(u) * dw / (v * math.sin(1.2)), rel=1e-3)
    assert after.ex == pytest.approx((math.sin(u) * dr + 2.0 * math.cos(u) * dt) / v, rel=1e-3)
    assert after.ey == pytest.approx((-math.cos(u) * dr + 2.0 * math.sin(u) * dt) / v, rel=1e-3)
    with pytest.raises(ValueError, match="eccentricity"):
        with_impulse(state, (0.0, 500.0, 0.0))


def test_burns_in_a_run() -> None:
    """Source of truth: the orbit before, to rounding, and continuity: within a millisecond of the burn positions differ by the 15 m of
    the motion, to J2; a day later the higher orbit is behind by 3 dv t and the turning of its eccentricity, 4 dv / n, less than 2 % of it."""
    start_s, dv = 5000.0, 1.5
    ours = build(SHELL, GRID, burns=[Burn(2, start_s - 5.0, (0.0, dv, 0.0), 10.0)])
    plain = CircularJ2(SHELL, GRID)
    assert np.abs(_fill(ours, 0, 83) - _fill(plain, 0, 83)).max() < 1e-4
    near = np.empty((2, 3, 1))
    ours.positions_m(np.array([2]), np.array([start_s - 1e-3, start_s + 1e-3]), near)
    assert np.linalg.norm(near[1] - near[0]) == pytest.approx(2e-3 * math.sqrt(MU_EARTH_M3_S2 / A_M), rel=2e-3)
    late = int(start_s / 60.0) + 1440
    moved, others = _fill(ours, late, 1)[0], _fill(plain, late, 1)[0]
    behind = np.linalg.norm(moved - others, axis=0)
    assert behind[[0, 1, 3, 4, 5]].max() < 1e-4
    assert behind[2] == pytest.approx(3.0 * dv * (late * 60.0 - start_s), rel=0.03)
    assert ours.thrusts == (Thrust(2, 2, start_s - 5.0, 10.0),)
    assert _axis_m(ours, 2, 90_000.0) - A_M == pytest.approx(2.0 * dv / math.sqrt(MU_EARTH_M3_S2 / A_M**3), rel=1e-3)


def test_low_thrust_is_a_spiral() -> None:
    """Closed form: circular orbits, speed falls by the delta-v: v = v0 - dv (vis-viva); half the burn, half the delta-v."""
    ours = build(SHELL, GRID, burns=[Burn(0, 3600.0, (0.0, 20.0, 0.0), 86400.0)])
    v = math.sqrt(MU_EARTH_M3_S2 / A_M)
    for t_s, done in ((3600.0, 0.0), (3600.0 + 43200.0, 10.0), (100_000.0, 20.0)):
        assert math.sqrt(MU_EARTH_M3_S2 / _axis_m(ours, 0, t_s)) == pytest.approx(v - done, abs=1e-6)
    radius = np.linalg.norm(_fill(ours, 2000, 90)[:, :, 0], axis=1)
    assert np.ptp(radius) < 1e-3
    # across the plane: a row of impulses, whose eccentricities and tilts cancel over whole revolutions but for the ends
    normal = build(SHELL, GRID, burns=[Burn(0, 3600.0, (0.0, 0.0, 5.0), 5.0 * 5617.0)])
    assert len(normal.tracks.rows[0]) > 100
    assert _axis_m(normal, 0, 100_000.0) == pytest.approx(A_M, abs=10.0)


def _mean_energy_j_kg(r_m: np.ndarray, v_m_s: np.ndarray) -> np.ndarray:
    r, z = np.linalg.norm(r_m, axis=2), r_m[..., 2]
    bulge = J2 * (EARTH_RADIUS_M / r) ** 2 * (1.5 * (z / r) ** 2 - 0.5)
    return 0.5 * np.sum(v_m_s**2, axis=2) - MU_EARTH_M3_S2 / r * (1.0 - bulge)


def test_decay_against_numerical_propagation() -> None:
    """Source of truth: numerical propagation under J2 with and without the same drag on 0.044 m2/kg: the loss of energy in two days, as
    one of semi-major axis, within 1.5 %, and the distance by which the braked satellites get ahead within 1.5 % and their loss of height.
    Mean orbits leave out that the radius goes up and down by 1 to 2 km over a revolution: up to 2 % of the density of a scale height
    of 60 km, most of which averages out."""
    r_m, v_m_s = osculating_states(SHELL)
    times_s = np.linspace(0.0, GRID.duration_s, 9)
    found = []
    for with_drag in (False, True):
        bodies = Bodies(r_m, v_m_s, np.full(6, 0.044), np.zeros(6))
        found.append(Numerical(bodies, GRID, Forces(2, with_drag), *BALL.air).states(times_s))
    energy = _mean_energy_j_kg(*found[1])
    lost_m = (energy[0] - energy[-1]) * 2.0 * A_M**2 / MU_EARTH_M3_S2
    ahead_m = np.linalg.norm(found[1][0][-1] - found[0][0][-1], axis=1)
    ours, plain = build(SHELL, GRID, BALL), CircularJ2(SHELL, GRID)
    ours_lost_m = [A_M - _axis_m(ours, i, GRID.duration_s) for i in range(6)]
    assert ours_lost_m == pytest.approx(lost_m.tolist(), rel=0.015)
    ours_ahead_m = np.linalg.norm(_fill(ours, GRID.steps, 1)[0] - _fill(plain, GRID.steps, 1)[0], axis=0)
    assert ours_ahead_m == pytest.approx(ahead_m, rel=0.015)


def test_decay_lasts_as_long_as_the_closed_form() -> None:
    """Source of truth: the integral over altitudes of a lifetime, whose density is a mean over seasons and nodes: 25 %."""
    grid = TimeGrid(2461395.5, 0.25, step_s=3600.0, steps=24 * 30)
    shell = walker(300e3, 0.9, 1, 2, 0.0)
    ours = build(shell, grid, BALL)
    lifetime_s = drag.lifetime_s(drag.Orbit(300e3, 0.9), BALL.air, 0.044)
    assert ours.tracks.lost_s[0] == pytest.approx(lifetime_s, rel=0.25)
    assert ours.may_lose
    tick = int(ours.tracks.lost_s[0] / 3600.0) + 1
    out = np.empty((3, 3, 2))
    codes = ours.fill(0, 2, tick - 1, out)
    assert codes is not None
    assert codes.tolist() == [[0, 0], [DECAYED, DECAYED], [DECAYED, DECAYED]]
    assert (out[1:] == NOWHERE_M).all()
    assert np.linalg.norm(out[0], axis=0) == pytest.approx(6378137.0 + 150e3, abs=60e3)
    assert ours.fill(0, 2, 0, out) is None


def test_a_dead_band_keeps_the_altitude() -> None:
    """Source of truth: the band: the orbit stays within it, and over a cycle the impulse of the burn is that of drag: thrust times
    its share of the time is half of n times the rate of fall, to 2 % by the density within the band."""
    grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=10 * 1440)
    dead_band = DeadBand(dead_band_m=300.0, thrust_m_s2=2e-4)
    ours, sinking = build(SHELL, grid, BALL, dead_band=dead_band), build(SHELL, grid, BALL)
    heights = [_axis_m(ours, 0, t) - A_M for t in np.linspace(0.0, grid.duration_s, 4000)]
    assert max(heights) < 1.0
    assert -301.0 < min(heights) < -250.0
    starts = [(t.start_s, t.duration_s) for t in ours.thrusts if t.first <= 0 <= t.last]
    assert len(starts) > 5
    cycle_s = starts[1][0] - starts[0][0]
    fall_m_s = (A_M - _axis_m(sinking, 0, 43200.0)) / 43200.0
    n = math.sqrt(MU_EARTH_M3_S2 / A_M**3)
    assert 2e-4 * starts[1][1] / cycle_s == pytest.approx(0.5 * n * fall_m_s, rel=0.02)


def test_part_and_whole_are_the_same() -> None:
    """By definition of a propagator: any part of the satellites and ticks has the same bytes, on more lanes than a call takes too."""
    shell = walker(450e3, 0.9, 6, 60, 0.0)
    ours = build(shell, GRID, BALL, [Burn(7, 4000.0, (0.0, 0.0, 3.0), 1.0)])
    whole = _fill(ours, 0, 120)
    part = np.empty((30, 3, 4))
    ours.fill(5, 8, 60, part)
    assert np.array_equal(part[:, :, :3], whole[60:90, :, 5:8])
    assert np.array_equal(part[:, :, 3], part[:, :, 2])
    few = ours.subset(np.array([7, 300]))
    assert np.array_equal(_fill(few, 60, 30), whole[60:90][:, :, [7, 300]])
    assert ours.on_grid(GRID).tracks is ours.tracks
    assert BESIDE_S >= 3600.0  # longest step: the tick before the epoch is on the track
