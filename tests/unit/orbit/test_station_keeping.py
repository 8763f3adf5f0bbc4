"""What keeping a formation costs: closed forms against integrations written apart, and against tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from orbit import station_keeping

MU, A = 3.986004418e14, 6378137.0 + 650e3
N = math.sqrt(MU / A**3)


@pytest.mark.parametrize(
    ("altitude_km", "density", "published"),
    [(400, 3.74e-12, 69.0), (500, 8.06e-13, 14.7), (550, 3.94e-13, 7.2), (600, 1.99e-13, 3.6), (650, 1.04e-13, 1.9), (1000, 4.32e-15, 0.07)],
)  # fmt: skip
def test_drag_make_up(altitude_km: float, density: float, published: float) -> None:
    """Source of truth: a table of velocity a year for Cd A / m = 0.02 m2/kg at mean activity, of two digits."""
    drag = station_keeping.drag_acceleration_m_s2(6378137.0 + altitude_km * 1e3, density, 0.02)
    assert station_keeping.braking_m_s_yr(drag) == pytest.approx(published, rel=0.11 if published < 0.1 else 0.03)


def _planar(acceleration: object, days: float) -> np.ndarray:
    """x, y, vx, vy at the end of so many days on a circle of two bodies with a small acceleration(t, x, y, vx, vy)."""

    def rates(t: float, s: np.ndarray) -> list[float]:
        x, y, vx, vy = s
        d3 = math.hypot(x, y) ** 3
        ax, ay = acceleration(t, x, y, vx, vy)  # type: ignore[operator]
        return [vx, vy, -MU * x / d3 + ax, -MU * y / d3 + ay]

    start = [A, 0.0, 0.0, math.sqrt(MU / A)]
    return solve_ivp(rates, (0.0, days * 86400.0), start, method="DOP853", rtol=1e-13, atol=1e-7).y[:, -1]


def test_unequal_drag_drifts() -> None:
    """Source of truth: DOP853 of two bodies, one braked by 5.9e-9 m/s2 more: 3/2 a t^2 and an oscillation of 4 a / n^2, 0.02 m.
    Published for 10 % of Cd A / m = 0.02 at 650 km and mean activity: about 64 m in a day (two digits of density)."""
    brake = 0.1 * station_keeping.drag_acceleration_m_s2(A, 1.04e-13, 0.02)
    free = _planar(lambda *_: (0.0, 0.0), 1.0)
    braked = _planar(lambda t, x, y, vx, vy: (-brake * vx / math.hypot(vx, vy), -brake * vy / math.hypot(vx, vy)), 1.0)
    ahead = A * math.remainder(math.atan2(braked[1], braked[0]) - math.atan2(free[1], free[0]), 2 * math.pi)
    assert station_keeping.along_track_drift_m(brake, 86400.0) == pytest.approx(ahead, abs=0.05)
    assert station_keeping.along_track_drift_m(brake, 86400.0) == pytest.approx(64.0, rel=0.05)


def test_unequal_sunlight_turns_the_eccentricity() -> None:
    """Source of truth: DOP853 of two bodies with a push of 1e-7 m/s2 along x for ten days: the eccentricity vector moves across
    it (r x v conserved to the push's first order), the energy does not over whole orbits."""
    push, days = 1e-7, 10.0
    x, y, vx, vy = _planar(lambda *_: (push, 0.0), days)
    h = x * vy - y * vx
    e = np.array([vy * h / MU - x / math.hypot(x, y), -vx * h / MU - y / math.hypot(x, y)])
    grown = station_keeping.pressure_drift_m_d(A, push, 1.0) * days
    assert A * abs(e[1]) == pytest.approx(grown, rel=0.02)
    assert abs(e[0]) < 0.05 * abs(e[1])
    assert station_keeping.pressure_drift_m_d(A, push, 0.5) * days == pytest.approx(0.5 * grown)
    # a pulse dv along the track changes e by 2 dv / v [vallado2013:eq. 9-24 at a circle]
    wanted = 0.5 * math.sqrt(MU / A) * grown / A / days * 365.25
    assert station_keeping.pressure_m_s_yr(push, 1.0) == pytest.approx(wanted, rel=1e-9)


def test_sunlight_pushes_as_published() -> None:
    """Source of truth: 3.0e-7 m/s2 at A / m = 0.05 m2/kg and C_R = 1.3, two digits."""
    assert station_keeping.pressure_acceleration_m_s2(1.3 * 0.05) == pytest.approx(3.0e-7, rel=0.02)


def test_inclination_costs() -> None:
    """Source of truth: node rates of two inclinations 1 km apart across, by difference, and the pulse that turns a plane by
    so much at the latitude where it moves the node alone: v sin i dnode."""
    i, di = math.radians(97.986), 1000.0 / A

    def node_rate(inclination: float) -> float:
        return -1.5 * N * 1.08262668e-3 * (6378137.0 / A) ** 2 * math.cos(inclination)

    parted = (node_rate(i + 0.5 * di) - node_rate(i - 0.5 * di)) * 365.25 * 86400.0
    assert station_keeping.inclination_m_s_yr(A, i, 1000.0) == pytest.approx(
        math.sqrt(MU / A) * math.sin(i) * parted, rel=1e-6
    )
    assert station_keeping.inclination_m_s_yr(A, i, 1000.0) == pytest.approx(47.5, abs=0.1)


def test_station_keeping_is_the_sum() -> None:
    """Source of truth: by hand: 1.1 x 1.861 m/s of drag and three quarters of a tenth of 4.54e-7 m/s2 x 0.5 for a year."""
    cost = station_keeping.station_keeping_m_s_yr(A, 1.04e-13, 0.02, 0.1, 0.1, 0.5)
    assert cost == pytest.approx(1.1 * 1.8614 + 0.75 * 0.1 * 0.1 * 1361.0 / 299792458.0 * 0.5 * 31557600.0, rel=1e-4)
