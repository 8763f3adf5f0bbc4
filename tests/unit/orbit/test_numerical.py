"""Numerical motion: forces, fixed steps, steps of one's own, and their cut into tiles and blocks."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline
from scipy.special import eval_legendre

from orbit.elements import CircularElements
from orbit.environment import moon_position_m, sun_position_m
from orbit.kernels import multistep
from orbit.kernels.compile import compiled
from orbit.kernels.forces import Forces
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Bodies, Numerical
from orbit.numerical_steps import MOST_ECCENTRIC, eccentricity
from orbit.timegrid import TimeGrid, julian_date

Array = NDArray[np.float64]
MU, R = 3.986004418e14, 6378137.0
J = (1.08262668e-3, -2.53265649e-6, -1.61962159e-6, -2.27296083e-7, 5.40681239e-7)
EPOCH = julian_date(datetime(2026, 3, 20, 14, 46, tzinfo=UTC))
DAY = TimeGrid(*EPOCH, 60.0, 1440)

slow = pytest.mark.skipif(not compiled(), reason="the compiler is off: minutes in plain Python")


def fleet(count: int = 5, altitude_m: float = 550e3, area_m2_kg: float = 0.0) -> Bodies:
    turn = np.arange(count) * 1.1
    a = R + altitude_m + 30e3 * np.arange(count)
    r, v = osculating_states(CircularElements(a, np.radians(53.0 + 9.0 * np.arange(count)), turn, 2.0 * turn))
    return Bodies(r, v, np.full(count, area_m2_kg), np.full(count, area_m2_kg))


def turning(jd: Array, fr: Array) -> Array:
    """Axes that turn about x by 1e-6 rad a day, as matrices."""
    angle = 1e-6 * ((np.asarray(jd) - EPOCH[0]) + (np.asarray(fr) - EPOCH[1]))
    c, s, one, zero = np.cos(angle), np.sin(angle), np.ones_like(angle), np.zeros_like(angle)
    return np.moveaxis(np.array([[one, zero, zero], [zero, c, -s], [zero, s, c]]), 2, 0)


def potential(r: Array, degree: int) -> float:
    """Zonal potential by Legendre polynomials of scipy, above zero near the Earth. [montenbruck2000:3.2]"""
    d = float(np.linalg.norm(r))
    zonals = sum(J[n - 2] * (R / d) ** n * eval_legendre(n, r[2] / d) for n in range(2, degree + 1))
    return float(MU / d * (1.0 - zonals))


def gravity(r: Array, degree: int) -> Array:
    """Its gradient by central differences in complex-free steps of 10 m, extrapolated once: 1e-11 of it."""
    out = np.empty(3)
    for axis in range(3):
        slopes = []
        for h in (20e3, 40e3):
            step = np.zeros(3)
            step[axis] = h
            one = (potential(r + step, degree) - potential(r - step, degree)) / (2.0 * h)
            two = (potential(r + 2.0 * step, degree) - potential(r - 2.0 * step, degree)) / (4.0 * h)
            slopes.append((4.0 * one - two) / 3.0)
        out[axis] = (16.0 * slopes[0] - slopes[1]) / 15.0
    return out


def written_out(r: Array, degree: int) -> Array:
    """Acceleration from the recurrence of Legendre polynomials and their derivatives, term by term."""
    d = float(np.linalg.norm(r))
    s = r[2] / d
    total = -MU * r / d**3
    p, dp = [1.0, s], [0.0, 1.0]
    for n in range(2, degree + 2):
        p.append(((2 * n - 1) * s * p[-1] - (n - 1) * p[-2]) / n)
        dp.append(dp[-2] + (2 * n - 1) * p[-2])
    for n in range(2, degree + 1):
        k = MU * J[n - 2] * R**n / d ** (n + 2)
        total = total + k * (((n + 1) * p[n] + s * dp[n]) * r / d - dp[n] * np.array([0.0, 0.0, 1.0]))
    return np.asarray(total)


def reference(r: Array, v: Array, t_s: Array, degree: int, extra=None) -> Array:  # type: ignore[no-untyped-def]
    """States (times, 6) by scipy's DOP853 with the force written out above."""

    def slope(t: float, y: Array) -> Array:
        a = written_out(y[:3], degree)
        return np.concatenate((y[3:], a if extra is None else a + extra(t, y)))

    done = solve_ivp(slope, (0.0, t_s[-1]), np.concatenate((r, v)), "DOP853", t_s, rtol=3e-14, atol=1e-9)
    return np.asarray(done.y.T)


def tides(sky: list[CubicSpline], t: float, r: Array) -> Array:
    """Differences of the pulls of Sun and Moon on a place and on the Earth; masses of DE440."""
    total = np.zeros(3)
    for table, mu in zip(sky, (1.3271244004127942e20, 4.902800118e12), strict=True):
        body = table(t)
        apart = body - r
        total = total + mu * (apart / np.linalg.norm(apart) ** 3 - body / np.linalg.norm(body) ** 3)
    return total


def test_the_written_force_is_the_gradient_of_the_potential() -> None:
    """Source of truth: scipy's Legendre polynomials; differences of 20 km leave (20 km / r)^6 = 1e-15 and rounding 1e-10."""
    for place in ([6.9e6, 1e5, -2e5], [1e6, 3e6, 6.4e6], [-4e6, 2e6, -5.5e6]):
        r = np.array(place)
        theirs = gravity(r, 6)
        assert np.abs(written_out(r, 6) - theirs).max() < 1e-9 * np.abs(theirs).max()


@slow
@pytest.mark.parametrize("degree", [3, 6])
def test_zonals_against_dop853(degree: int) -> None:
    """Source of truth: scipy's DOP853 at 3e-14 with its own force; asked for: the 1 cm a day that steps are chosen for,
    a quarter of it after six hours, as errors grow with the square of time: 2.5 mm."""
    bodies = fleet(2)
    times = np.array([0.0, 1234.5, 21600.0])
    r, v = Numerical(bodies, DAY, Forces(degree)).states(times)
    for k in range(2):
        theirs = reference(bodies.r_m[k], bodies.v_m_s[k], times, degree)
        assert np.abs(r[:, k] - theirs[:, :3]).max() < 2.5e-3
        assert np.abs(v[:, k] - theirs[:, 3:]).max() < 3e-6


@slow
def test_eccentric_against_dop853() -> None:
    """Source of truth: the same, for orbits with apogees of 2,700 and 16,000 km; micrometres asked for as 0.1 mm, the
    reference's own rounding over 20 revolutions."""
    bodies = fleet(2)
    bodies = Bodies(
        bodies.r_m, bodies.v_m_s * np.array([[1.07], [1.22]]), bodies.drag_area_m2_kg, bodies.light_area_m2_kg
    )
    assert np.all(eccentricity(bodies.r_m, bodies.v_m_s) > MOST_ECCENTRIC)
    times = np.array([0.0, 777.7, 43200.0])
    r, v = Numerical(bodies, DAY, Forces(6)).states(times)
    for k in range(2):
        theirs = reference(bodies.r_m[k], bodies.v_m_s[k], times, 6)
        assert np.abs(r[:, k] - theirs[:, :3]).max() < 1e-4
        assert np.abs(v[:, k] - theirs[:, 3:]).max() < 1e-7


@slow
def test_sun_moon_and_light_against_dop853() -> None:
    """Source of truth: textbook differences of two pulls, and the angular discs of Sun and Earth cut exactly, in DOP853 with
    steps of 30 s. Three hours move the satellite by 17 m; a penumbra reported 0.1 s too early or late turns a satellite with this
    much area by 5e-8 m/s, 1.5 mm in that time: asked for 1 cm."""
    bodies = fleet(2, area_m2_kg=0.1)
    rows = TimeGrid(*EPOCH, 600.0, 40)
    dates, t_rows = rows.jd_fr(-6, 40), rows.seconds(-6, 40)
    sky = [CubicSpline(t_rows, position(*dates)) for position in (sun_position_m, moon_position_m)]

    def extra(t: float, y: Array) -> Array:
        total = tides(sky, t, y[:3])
        to_sun = sky[0](t) - y[:3]
        d, r = float(np.linalg.norm(to_sun)), float(np.linalg.norm(y[:3]))
        sun, earth = math.asin(695.7e6 / d), math.asin(R / r)
        c = math.acos(max(-1.0, min(1.0, -float(to_sun @ y[:3]) / d / r)))
        lit = 1.0
        if c <= earth - sun:
            lit = 0.0
        elif c < earth + sun:
            x = (c * c + sun * sun - earth * earth) / (2.0 * c)
            w = math.sqrt(sun * sun - x * x)
            hidden = sun**2 * math.acos(x / sun) + earth**2 * math.acos((c - x) / earth) - c * w
            lit = 1.0 - hidden / (math.pi * sun * sun)
        return total - 0.1 * lit * 1361.0 / 299792458.0 * (149597870700.0 / d) ** 2 * to_sun / d

    times = np.array([0.0, 10800.0])
    forces = Forces(2, solar_pressure=True, sun=True, moon=True)
    r, _ = Numerical(bodies, DAY, forces, moon=moon_position_m).states(times)
    plain, _ = Numerical(bodies, DAY, Forces(2)).states(times)

    def slope(t: float, y: Array) -> Array:
        return np.concatenate((y[3:], written_out(y[:3], 2) + extra(t, y)))

    y0 = np.concatenate((bodies.r_m[0], bodies.v_m_s[0]))
    theirs = solve_ivp(
        slope, (0.0, times[-1]), y0, "DOP853", times, rtol=1e-13, atol=[1e-7] * 3 + [1e-10] * 3, max_step=30.0
    ).y.T
    assert np.linalg.norm(plain[-1, 0] - theirs[-1, :3]) > 5.0
    assert np.linalg.norm(r[-1, 0] - theirs[-1, :3]) < 0.01


@slow
@pytest.mark.parametrize(("faster", "inclination_deg"), [(1.0, 0.0), (1.0, 180.0), (1.25, 20.0)])
def test_far_from_the_earth_against_dop853(faster: float, inclination_deg: float) -> None:
    """Source of truth: as above, at 100,000 km, beyond all altitudes of shells, where steps are longest and Sun and Moon pull
    hardest; ticks of an hour. 1 cm asked for; errors of the Moon between the rows of its table are 0.1 m / 300,000 km of
    1e-5 m/s2: 2 cm in two days if they all had one sign."""
    a, i, none = R + 100_000e3, math.radians(inclination_deg), np.zeros(1)
    speed = faster * math.sqrt(MU / a)
    r0, v0 = np.array([a, 0.0, 0.0]), speed * np.array([0.0, math.cos(i), math.sin(i)])
    grid = TimeGrid(*EPOCH, 3600.0, 48)
    rows = TimeGrid(*EPOCH, 1800.0, 110)
    dates, t_rows = rows.jd_fr(-6, 110), rows.seconds(-6, 110)
    sky = [CubicSpline(t_rows, position(*dates)) for position in (sun_position_m, moon_position_m)]

    def extra(t: float, y: Array) -> Array:
        return tides(sky, t, y[:3])

    forces = Forces(2, sun=True, moon=True)
    made = Numerical(Bodies(r0[np.newaxis], v0[np.newaxis], none, none), grid, forces, moon=moon_position_m)
    out = np.empty((50, 3, 1))
    assert made.fill(0, 1, -1, out) is None
    theirs = reference(r0, v0, np.arange(49) * 3600.0, 2, extra)
    assert np.linalg.norm(out[1:, :, 0] - theirs[:, :3], axis=1).max() < 0.02
    back = reference(r0, -v0, np.array([0.0, 3600.0]), 2, lambda t, y: extra(-t, y))
    assert np.linalg.norm(out[0, :, 0] - back[1, :3]) < 1e-4
    with pytest.raises(ValueError, match="are not within"):
        made.fill(0, 1, 48, np.empty((40, 3, 1)))


@slow
def test_a_satellite_that_is_down_at_the_epoch_is_told_without_drag() -> None:
    """Source of truth: half an Earth radius is below the ground. Who follows satellites must know that one may be lost."""
    high, none = fleet(1), np.zeros(2)
    r = np.concatenate((high.r_m, [[0.5 * R, 0.0, 0.0]]))
    made = Numerical(Bodies(r, np.concatenate((high.v_m_s, [[0.0, 1e3, 0.0]])), none, none), DAY, Forces(0))
    codes = made.fill(0, 2, -1, np.empty((3, 3, 2)))
    assert made.may_lose
    assert codes is not None
    assert codes.tolist() == [[0, 6]] * 3
    assert not made.subset(np.array([0])).may_lose


@slow
def test_drag_lowers_a_circular_orbit_as_the_closed_form_says() -> None:
    """Source of truth: da/dt = -rho sqrt(mu a) Cd A/m at still air, (1 - w/n cos i)^2 of it where the air turns along
    [vallado2013:sec. 9.6]; the density is the table's mean over the orbit. To first order in 5 m: asked for 3 %."""
    from orbit.atmosphere import density_kg_m3

    bodies = fleet(1, 500e3, 0.05)
    grid = TimeGrid(*EPOCH, 60.0, 1440)
    two = [Numerical(bodies, grid, Forces(0, drag=drag), f107=150.0, ap=15.0) for drag in (False, True)]
    t = np.arange(0.0, 86400.0, 120.0)
    (r0, v0), (r1, v1) = (n.states(t) for n in two)

    def axis(r: Array, v: Array) -> float:
        return float(1.0 / (2.0 / np.linalg.norm(r) - v @ v / MU))

    fallen = axis(r1[-1, 0], v1[-1, 0]) - axis(r0[-1, 0], v0[-1, 0])
    s = r0[:, 0, 2] / np.linalg.norm(r0[:, 0], axis=1)
    height = np.linalg.norm(r0[:, 0], axis=1) - R * (1.0 - s * s / 298.257223563)
    sun = sun_position_m(*EPOCH)
    lag = math.radians(35.0)
    c, w = math.cos(lag), math.sin(lag)
    bulge = np.array([c * sun[0] - w * sun[1], w * sun[0] + c * sun[1], sun[2]]) / np.linalg.norm(sun)
    cosine = (r0[:, 0] @ bulge) / np.linalg.norm(r0[:, 0], axis=1)
    rho = density_kg_m3(height, cosine, 150.0, 15.0)
    a = axis(r0[0, 0], v0[0, 0])
    turning = (1.0 - 7.292115e-5 / math.sqrt(MU / a**3) * math.cos(math.radians(53.0))) ** 2
    expected = -float(np.mean(rho)) * math.sqrt(MU * a) * 0.05 * turning * t[-1]
    assert fallen == pytest.approx(expected, rel=0.03)
    assert fallen < -50.0


def test_coefficients_are_the_published_ones() -> None:
    """Source of truth: the Gauss-Jackson tables: the sums' corrections -1/12 and 1/240 of differences, and Adams's 1/2, 5/12,
    3/8. [berry2004:tables 1, 2]"""
    c, d = multistep.coefficients(3, Fraction(1))
    # differences to values: g0 + g1 (1 - E^-1) + g2 (1 - E^-1)^2
    g = (Fraction(1, 12), Fraction(1, 12), Fraction(19, 240))
    expected = (g[0] + g[1] + g[2], -g[1] - 2 * g[2], g[2])
    assert np.allclose(c, [float(v) for v in expected], rtol=1e-15)
    g = (Fraction(1, 2), Fraction(5, 12), Fraction(3, 8))
    expected = (g[0] + g[1] + g[2], -g[1] - 2 * g[2], g[2])
    assert np.allclose(d, [float(v) for v in expected], rtol=1e-15)


@slow
@pytest.mark.parametrize("step_s", [20.0, 60.0, 600.0])
def test_tiles_and_blocks_leave_no_trace(step_s: float) -> None:
    """Source of truth: the promise that the same bytes come out whatever the cut; eccentric satellites among them."""
    grid = TimeGrid(*EPOCH, step_s, round(14400 / step_s))
    some = fleet(7, area_m2_kg=0.03)
    faster = np.where(np.arange(7) % 3 == 1, 1.05, 1.0)[:, np.newaxis]
    bodies = Bodies(some.r_m, some.v_m_s * faster, some.drag_area_m2_kg, some.light_area_m2_kg)
    made = Numerical(bodies, grid, Forces(2, drag=True, solar_pressure=True, sun=True), of_date=turning)
    one = np.empty((grid.steps + 2, 3, 7))
    assert made.fill(0, 7, -1, one) is None
    for lo, hi, width, block in ((0, 7, 8, 5), (2, 3, 2, 7), (3, 7, 4, 50)):
        for tick in range(-1, grid.steps + 1, block):
            many = np.empty((min(block, grid.steps + 1 - tick), 3, width))
            made.fill(lo, hi, tick, many)
            assert np.array_equal(many[:, :, : hi - lo], one[tick + 1 : tick + 1 + many.shape[0], :, lo:hi])
            assert np.array_equal(
                many[:, :, hi - lo :], np.repeat(many[:, :, hi - lo - 1 : hi - lo], width - hi + lo, 2)
            )
    assert np.array_equal(
        made.subset(np.array([4])).states(np.array([3000.0]))[0][:, 0], made.states(np.array([3000.0]))[0][:, 4]
    )


@slow
def test_ticks_between_steps_and_before_the_epoch() -> None:
    """Source of truth: DOP853, also backwards; ticks of 1 s lie between steps of a minute and more. 1 mm in ten minutes."""
    bodies = fleet(1)
    grid = TimeGrid(*EPOCH, 1.0, 600)
    out = np.empty((602, 3, 1))
    Numerical(bodies, grid, Forces(6)).fill(0, 1, -1, out)
    theirs = reference(bodies.r_m[0], bodies.v_m_s[0], np.arange(601.0), 6)
    assert np.abs(out[1:, :, 0] - theirs[:, :3]).max() < 1e-3
    back = reference(bodies.r_m[0], -bodies.v_m_s[0], np.array([0.0, 1.0]), 6)
    assert np.abs(out[0, :, 0] - back[1, :3]).max() < 1e-6


@slow
def test_a_satellite_that_comes_down_is_told() -> None:
    """Source of truth: 130 km with a large area lasts less than a revolution or two; its code stays, places are finite, and
    others do not notice."""
    high, low = fleet(1), fleet(1, 130e3)
    both = Bodies(
        *(np.concatenate(pair) for pair in zip((high.r_m, high.v_m_s), (low.r_m, low.v_m_s), strict=True)),
        np.array([0.01, 0.5]),
        np.zeros(2),
    )
    made = Numerical(both, DAY, Forces(2, drag=True))
    out = np.empty((1441, 3, 4))
    codes = made.fill(0, 2, 0, out)
    assert codes is not None
    assert not codes[:, 0].any()
    first = int(np.argmax(codes[:, 1] != 0))
    assert 10 < first < 400
    assert np.all(codes[first:, 1:] == 6)
    assert np.isfinite(out).all()
    alone = np.empty((1441, 3, 1))
    made.subset(np.array([0])).fill(0, 1, 0, alone)
    assert np.array_equal(alone, out[:, :, :1])


@slow
def test_mean_motion_and_node_drift_are_those_of_secular_j2() -> None:
    """Source of truth: secular J2 [vallado2013:ch. 9] of the mean elements; terms of J2^2 are 1e-6 n in the latitude argument
    (1 km a day) and 1e-3 of the node's drift. With osculating for mean elements it would be 1e-3 n. Those terms are the same for
    all of a ring, whose energies are equal: what is left among them is the fit's, a few 1e-7 n; with the speed of the first
    order alone it would be 3e-6 n."""
    for altitude, inclination in ((550e3, 53.0), (650e3, 97.986), (1200e3, 87.9)):
        a, i = R + altitude, math.radians(inclination)
        u0 = np.arange(4) * 1.5
        elements = CircularElements(np.full(4, a), np.full(4, i), np.full(4, 1.0), u0)
        none = np.zeros(4)
        t = np.arange(0.0, 86400.0, 60.0)
        r, v = Numerical(Bodies(*osculating_states(elements), none, none), DAY, Forces(2)).states(t)
        normal = np.cross(r, v)
        node = np.unwrap(np.arctan2(normal[..., 0], -normal[..., 1]), axis=0)
        along = np.stack((np.cos(node), np.sin(node), np.zeros_like(node)), axis=-1)
        ahead = np.cross(normal / np.linalg.norm(normal, axis=-1, keepdims=True), along)
        u = np.unwrap(np.arctan2(np.sum(r * ahead, -1), np.sum(r * along, -1)), axis=0)
        n, ratio = math.sqrt(MU / a**3), (R / a) ** 2
        expected_u = n * (1.0 + 1.5 * J[0] * ratio * (4.0 * math.cos(i) ** 2 - 1.0))
        expected_node = -1.5 * n * J[0] * ratio * math.cos(i)
        rates = np.polyfit(t, u, 1)[0] / expected_u - 1.0
        assert np.abs(rates).max() < 1e-6
        assert np.ptp(rates) < 3e-7
        assert np.abs(np.polyfit(t, node, 1)[0] / expected_node - 1.0).max() < 2e-3


@slow
def test_axes_turned_to_date() -> None:
    """Source of truth: a rotation about x by an angle that grows evenly: straight lines between hours are exact to its square."""
    bodies = fleet(2)
    plain, turned = np.empty((100, 3, 2)), np.empty((100, 3, 2))
    Numerical(bodies, DAY, Forces(6)).fill(0, 2, 1300, plain)
    Numerical(bodies, DAY, Forces(6), of_date=turning).fill(0, 2, 1300, turned)
    expected = np.einsum("tij,tjn->tin", turning(*DAY.jd_fr(1300, 100)), plain)
    assert np.abs(turned - expected).max() < 1e-4
    assert np.abs(plain - turned).max() > 1.0


ASSEMBLY = """
import numpy as np
from datetime import UTC, datetime
from orbit.kernels.multistep import advancer
from orbit.kernels.forces import Forces
from orbit.numerical import ORDER, Bodies, Numerical
from orbit.timegrid import TimeGrid, julian_date
forces = Forces(6, drag=True, solar_pressure=True, sun=True, moon=True)
here = np.array([[7e6, 0.0, 0.0]]), np.array([[0.0, 7.5e3, 0.0]]), np.ones(1), np.ones(1)
from orbit.environment import moon_position_m
made = Numerical(Bodies(*here), TimeGrid(*julian_date(datetime(2026, 3, 20, tzinfo=UTC)), 60.0, 2), forces, moon=moon_position_m)
made.fill(0, 1, 0, np.empty((2, 3, 1)))
print(*advancer(forces, ORDER).inspect_asm().values())
"""


def test_all_forces_use_the_widest_vectors(widest: str, tmp_path: Path) -> None:
    """Source of truth: the processor. Nine square roots a step: radius, drag's speed, three edges of the
    shadow, two for each third body; none but the Sun's distance is left out of vectors."""
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "DAWNDUSK_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASSEMBLY], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(re.findall(rf"vsqrtpd[^\n]*%{widest}", done.stdout)) >= 9
    assert len(re.findall(r"call[^\n]*\b(sin|cos|asin|acos|pow|exp|log)\b", done.stdout)) == 0
