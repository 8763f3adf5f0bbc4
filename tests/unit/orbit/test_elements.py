"""Mean elements: sun-synchronous orbits and the drift of J2."""

from __future__ import annotations

import math

import numpy as np
import oracle_shadow as oracle
import pytest

from orbit.elements import (
    CircularElements,
    nodal_period_s,
    period_s,
    semi_major_axis_m,
)
from orbit.kernels import j2
from orbit.shell_geometry import sun_synchronous_inclination_rad

# altitude km, sun-synchronous inclination deg, Kepler period s, nodal period s: physics, table A2; printed to the last digit
TABLE = [
    (500.0, 97.402, 5677.0, 5684.4), (550.0, 97.593, 5739.0, 5746.4), (600.0, 97.788, 5801.2, 5808.5),
    (650.0, 97.986, 5863.7, 5870.9), (1000.0, 99.479, 6307.1, 6314.0), (1200.0, 100.420, 6565.3, 6571.9),
]  # fmt: skip


@pytest.mark.parametrize(("altitude_km", "inclination_deg", "kepler_s", "nodal_s"), TABLE)
def test_table_of_sun_synchronous_orbits(
    altitude_km: float, inclination_deg: float, kepler_s: float, nodal_s: float
) -> None:
    """Source of truth: the published table, closed forms of A2; half a unit of the last digit printed."""
    a = semi_major_axis_m(1e3 * altitude_km)
    i = sun_synchronous_inclination_rad(a)
    assert math.degrees(i) == pytest.approx(inclination_deg, abs=6e-4)
    assert period_s(a) == pytest.approx(kepler_s, abs=0.06)
    assert nodal_period_s(a, i) == pytest.approx(nodal_s, abs=0.06)


def test_case_v1() -> None:
    """Source of truth: V1: 650 km: 97.986 deg (0.005), 5863.69 s and 5870.94 s (0.05 s), 0.98565 deg/day (1e-4)."""
    a = semi_major_axis_m(650e3)
    i = sun_synchronous_inclination_rad(a)
    assert math.degrees(i) == pytest.approx(97.986, abs=0.005)
    assert period_s(a) == pytest.approx(5863.69, abs=0.05)
    assert nodal_period_s(a, i) == pytest.approx(5870.94, abs=0.05)
    assert math.degrees(j2.node_rate_rad_s(a, i)) * 86400.0 == pytest.approx(0.98565, rel=1e-4)


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg", "drift"), [(550.0, 53.0, -4.489), (630.0, 51.9, -4.421), (550.0, 97.6, 0.9866)]
)
def test_node_drift(altitude_km: float, inclination_deg: float, drift: float) -> None:
    """Source of truth: published drifts [deg/day] (networks, section 3), 0.1 %."""
    rate = j2.node_rate_rad_s(semi_major_axis_m(1e3 * altitude_km), math.radians(inclination_deg))
    assert math.degrees(rate) * 86400.0 == pytest.approx(drift, rel=1e-3)


def test_mean_drift_against_numerical_integration() -> None:
    """Source of truth: scipy DOP853 of the full J2 field over 15 orbits, node and argument of latitude at crossings.

    A first-order theory leaves terms of J2^2, 1e-6 of n: over 15 orbits of 2 pi rad 1e-4 rad. The mean radius of the
    integrated orbit is what the theory's a means: a is fitted from the measured nodal period, so the node's drift is
    the independent quantity: relative 2 J2 = 0.2 %.
    """
    from scipy.integrate import solve_ivp

    a, i = 7_028_137.0, math.radians(97.986)

    def pull(t: float, y: np.ndarray) -> np.ndarray:
        r = y[:3]
        d = math.sqrt(r @ r)
        k = 1.5 * oracle.J2 * oracle.MU * oracle.R_EARTH_M**2 / d**5
        z2 = 5.0 * r[2] ** 2 / d**2
        return np.concatenate((y[3:], -oracle.MU * r / d**3 - k * r * (np.array([1.0, 1.0, 3.0]) - z2)))

    v = math.sqrt(oracle.MU / a)
    crossing = lambda t, y: y[2]  # noqa: E731
    crossing.direction = 1.0  # type: ignore[attr-defined]
    out = solve_ivp(
        pull, (0.0, 15.5 * 5870.0), [a, 0.0, 0.0, 0.0, v * math.cos(i), v * math.sin(i)],
        method="DOP853", rtol=1e-11, atol=1e-6, events=crossing,
    )  # fmt: skip
    times, states = out.t_events[0], out.y_events[0]
    nodal = (times[-1] - times[1]) / (len(times) - 2)
    node = np.unwrap(np.arctan2(states[:, 1], states[:, 0]))
    measured = (node[-1] - node[1]) / (times[-1] - times[1])
    low, high = 0.99 * a, 1.01 * a
    for _ in range(60):
        mid = 0.5 * (low + high)
        low, high = (mid, high) if nodal_period_s(mid, i) < nodal else (low, mid)
    assert j2.node_rate_rad_s(low, i) == pytest.approx(measured, rel=2e-3)
    assert abs(low - a) < 20e3  # osculating and mean axis differ by up to 10 km (physics, A2)


def test_too_high_for_sun_synchronous() -> None:
    """Source of truth: cos i = -1 solves the drift at a = (3 sqrt(mu) J2 R^2 / (2 rate))^(2/7): 12,352 km, 5,974 km up."""
    rate = 2.0 * math.pi / (365.2421897 * 86400.0)
    a = (1.5 * math.sqrt(oracle.MU) * oracle.J2 * oracle.R_EARTH_M**2 / rate) ** (2.0 / 7.0)
    assert math.degrees(sun_synchronous_inclination_rad(a * (1.0 - 1e-9))) == pytest.approx(180.0, abs=0.01)
    with pytest.raises(ValueError, match="no sun-synchronous orbit at 6000 km; write an altitude below 5980 km"):
        sun_synchronous_inclination_rad(oracle.R_EARTH_M + 6e6)


def test_packed_rows_of_mixed_orbits() -> None:
    """Source of truth: rates of each satellite alone by the closed forms of A2; several orbits shuffled together."""
    rng = np.random.default_rng(9)
    a = 6378137.0 + rng.choice([550e3, 1200e3, 800e3], 40)
    i = rng.choice([0.9, 1.7], 40)
    packed = CircularElements(a, i, rng.uniform(0, 6, 40), rng.uniform(0, 6, 40)).packed()
    n, ratio2 = np.sqrt(oracle.MU / a**3), (oracle.R_EARTH_M / a) ** 2
    assert np.allclose(packed[j2.ROW_NODE_RATE], -1.5 * n * oracle.J2 * ratio2 * np.cos(i), rtol=1e-13, atol=0.0)
    expected = n * (1.0 + 1.5 * oracle.J2 * ratio2 * (4.0 * np.cos(i) ** 2 - 1.0))
    assert np.allclose(packed[j2.ROW_LATITUDE_RATE], expected, rtol=1e-14, atol=0.0)
