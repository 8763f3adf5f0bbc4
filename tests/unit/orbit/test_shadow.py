"""The cone shadow against the exact overlap of two discs."""

from __future__ import annotations

import math

import numba
import numpy as np
import oracle_shadow as oracle
import pytest

from orbit.kernels import shadow

SUN = np.array([oracle.AU_M, 0.0, 0.0])
A650 = 6378137.0 + 650e3


@numba.njit
def _edges(r_m, sun_m, sun_radius_m, out):
    for k in range(r_m.shape[0]):
        out[k] = shadow.shadow_edge(
            r_m[k, 0], r_m[k, 1], r_m[k, 2], sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], sun_radius_m
        )


@numba.njit
def _lit(edge, out):
    for k in range(edge.size):
        out[k] = shadow.lit_fraction(edge[k])


@numba.njit
def _mean(before, start, end, out):
    for k in range(start.size):
        out[k] = shadow.mean_lit_fraction(before[k], start[k], end[k])


def edges(r_m: np.ndarray, sun_m: np.ndarray = SUN, radius_m: float = oracle.R_SUN_M) -> np.ndarray:
    out = np.empty(len(r_m))
    _edges(np.ascontiguousarray(r_m), np.ascontiguousarray(np.broadcast_to(sun_m, r_m.shape)), radius_m, out)
    return out


def lit(edge: np.ndarray) -> np.ndarray:
    out = np.empty_like(edge)
    _lit(edge, out)
    return out


def means(edge: np.ndarray) -> np.ndarray:
    """Mean lit fraction of the steps between consecutive edges, the first edge being one tick before."""
    out = np.empty(edge.size - 2)
    _mean(edge[:-2].copy(), edge[1:-1].copy(), edge[2:].copy(), out)
    return out


@pytest.mark.parametrize("altitude_km", [200.0, 650.0, 2000.0, 20_000.0])
@pytest.mark.parametrize("beta_deg", [0.0, 40.0, 63.0, 65.0])
def test_lit_fraction_against_exact_discs(altitude_km: float, beta_deg: float) -> None:
    """Source of truth: overlap of two discs (physics, A3).

    A limb taken straight where it is curved by kappa = a_s / a_e (per solar radius) leaves out the area under
    kappa x^2 / 2 over the disc's width: kappa / (3 pi) of the disc, 4e-4 at 650 km; 10 % more for the next order.
    """
    a = 6378137.0 + 1e3 * altitude_km
    t = np.arange(0.0, 2.0 * math.pi * math.sqrt(a**3 / oracle.MU), 0.25)
    r = oracle.plane_at_beta_m(t, a, math.radians(beta_deg))
    exact = oracle.visible_share(r, SUN)
    kappa = math.asin(oracle.R_SUN_M / oracle.AU_M) / math.asin(oracle.R_EARTH_M / a)
    assert np.abs(lit(edges(r)) - exact).max() < 1.1 * kappa / (3.0 * math.pi)


@pytest.mark.parametrize("altitude_km", [300.0, 650.0, 20_000.0])
def test_lit_fraction_against_sampled_rays(altitude_km: float) -> None:
    """Source of truth: 40,000 rays spread evenly over the solar disc on the sphere, blocked within a_e of the Earth's centre.

    On the sphere the limb is curved by a_s / tan(a_e) only: 2.3e-4 of the disc at 650 km. Counting rays adds 3e-4.
    """
    a = oracle.R_EARTH_M + 1e3 * altitude_km
    a_e = math.asin(oracle.R_EARTH_M / a)
    n = 40_000
    golden = math.pi * (3.0 - math.sqrt(5.0)) * np.arange(n)
    for shift in np.linspace(-0.0045, 0.0045, 13):
        # the Sun at angle a_e + shift from the Earth's centre, which is along -x seen from (a, 0, 0)
        c = a_e + shift
        direction = np.array([-math.cos(c), math.sin(c), 0.0])
        sun = np.array([a, 0.0, 0.0]) + oracle.AU_M * direction
        a_s = math.asin(oracle.R_SUN_M / oracle.AU_M)
        off = np.arccos(1.0 - (np.arange(n) + 0.5) / n * (1.0 - math.cos(a_s)))
        side = np.array([math.sin(c), math.cos(c), 0.0])
        rays = (
            np.cos(off)[:, None] * direction
            + (np.sin(off) * np.cos(golden))[:, None] * side
            + (np.sin(off) * np.sin(golden))[:, None] * np.array([0.0, 0.0, 1.0])
        )
        seen = np.count_nonzero(rays @ np.array([-1.0, 0.0, 0.0]) < math.cos(a_e)) / n
        ours = float(lit(edges(np.array([[a, 0.0, 0.0]]), sun))[0])
        assert ours == pytest.approx(seen, abs=1.1 * a_s / math.tan(a_e) / (3.0 * math.pi) + 3e-4)


def test_edge_is_exact_in_sign() -> None:
    """Source of truth: first and last contact by angles: full sun where c >= a_s + a_e, umbra where c <= a_e - a_s.

    a_s and its sine differ by 1.6e-8 rad; with 2.7e-4 rad/s of orbital motion that is under 0.1 ms of contact time.
    """
    t = np.linspace(0.0, 5863.7, 200_001)
    r = oracle.plane_at_beta_m(t, A650, 0.3)
    exact, ours = oracle.visible_share(r, SUN), lit(edges(r))
    assert np.count_nonzero((exact == 1.0) != (ours > 1.0 - 1e-12)) <= 2
    assert np.count_nonzero((exact == 0.0) != (ours < 1e-12)) <= 2


def _durations(beta_deg: float, radius_m: float = oracle.R_SUN_M) -> tuple[float, float]:
    """Seconds in umbra and in any shade per two-body orbit, from the code under test at 10 ms."""
    dt = 0.01
    t = np.arange(0.0, 2.0 * math.pi * math.sqrt(A650**3 / oracle.MU), dt)
    ours = lit(edges(oracle.plane_at_beta_m(t, A650, math.radians(beta_deg)), SUN, radius_m))
    return float(np.count_nonzero(ours < 1e-12) * dt), float(np.count_nonzero(ours < 1.0 - 1e-12) * dt)


def test_durations_at_650_km() -> None:
    """Source of truth: case V2, angular geometry: umbra 2114.2 s, with penumbra 2131.6 s, cylinder 2122.8 s, 2 s; at
    beta 65 deg no umbra and 337 s of penumbra (207 s of cylinder)."""
    assert _durations(0.0) == pytest.approx((2114.2, 2131.6), abs=0.2)
    assert _durations(0.0, 1.0) == pytest.approx((2122.8, 2122.8), abs=0.2)
    grazing = _durations(65.0)
    assert grazing[0] == 0.0
    assert grazing[1] == pytest.approx(337.0, abs=2.0)
    assert _durations(65.0, 1.0)[1] == pytest.approx(207.0, abs=2.0)


@pytest.mark.parametrize(
    ("altitude_km", "beta_deg", "fraction"),
    [
        (550.0, 0.0, 0.372311), (550.0, 30.0, 0.351110), (550.0, 60.0, 0.214735), (550.0, 67.05, 0.0),
        (650.0, 0.0, 0.362023), (650.0, 65.2, 0.0),
    ],
)  # fmt: skip
def test_cylinder_fractions(altitude_km: float, beta_deg: float, fraction: float) -> None:
    """Source of truth: the published cylinder fractions (networks, section 3), within 0.0005; a point-like Sun.

    The shadow of a point at 1 au widens by 4e-5 rad, 1e-5 of an orbit; sampling 20,000 points adds 1e-4.
    """
    a = 6378137.0 + 1e3 * altitude_km
    t = np.arange(20_000) / 20_000 * 2.0 * math.pi * math.sqrt(a**3 / oracle.MU)
    ours = lit(edges(oracle.plane_at_beta_m(t, a, math.radians(beta_deg)), SUN, 1.0))
    assert 1.0 - ours.mean() == pytest.approx(fraction, abs=2e-4)


@pytest.mark.parametrize("step_s", [1.0, 10.0, 60.0])
@pytest.mark.parametrize("beta_deg", [0.0, 45.0, 60.0, 64.0, 64.5, 65.0, 65.3])
def test_mean_over_steps_against_fine_integration(step_s: float, beta_deg: float) -> None:
    """Source of truth: midpoint sums of the exact discs, 240 points a step (error below 1e-5).

    Straight limb 0.002 and parabola 0.004 solar radii (documented), each worth at most its size in lit fraction
    (d lit / d edge <= 2 / pi), so 0.0046 of a step, 0.27 s of a 60 s step.
    """
    phases = np.linspace(0.0, step_s, 5, endpoint=False)
    period = 2.0 * math.pi * math.sqrt(A650**3 / oracle.MU)
    worst, drift = 0.0, 0.0
    for phase in phases:
        # night side only: the day side is trivially lit
        first = math.floor(0.25 * period / step_s) * step_s + phase
        count = math.ceil(0.5 * period / step_s)
        ticks = first + step_s * np.arange(-1, count + 1)
        beta = math.radians(beta_deg)
        ours = means(edges(oracle.plane_at_beta_m(ticks, A650, beta)))
        points = 240 if step_s > 1.0 else 20
        fine = ticks[1:-1, None] + step_s * (np.arange(points) + 0.5) / points
        exact = (
            oracle.visible_share(oracle.plane_at_beta_m(fine.ravel(), A650, beta), SUN).reshape(-1, points).mean(axis=1)
        )
        worst = max(worst, float(np.abs(ours - exact).max()))
        drift = max(drift, abs(float((ours - exact).sum())) * step_s)
    assert worst < 0.0046
    assert drift < 0.6  # seconds of sunlight per orbit: both ends of the eclipse at 0.3 s


def test_mean_stays_in_range_and_is_exact_far_from_the_limb() -> None:
    """Source of truth: definition: 1 in full light, 0 in umbra, a mean in [0, 1] for any three edges."""
    rng = np.random.default_rng(5)
    three = rng.uniform(-30.0, 30.0, (3, 20_000))
    out = np.empty(20_000)
    _mean(three[0], three[1], three[2], out)
    assert np.all((out >= 0.0) & (out <= 1.0))
    for value, expected in ((5.0, 1.0), (-5.0, 0.0), (0.0, 0.5)):
        assert shadow.mean_lit_fraction(value, value, value) == pytest.approx(expected, abs=1e-14)
