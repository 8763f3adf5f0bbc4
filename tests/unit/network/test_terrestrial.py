"""Fibre between places on the ground, against spherical trigonometry by vectors and hand calculation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network.terrestrial import delay_matrix_s, delay_s, gateway_delays_s, great_circle_m, route_length_m

MEAN_RADIUS_M = 6_371_008.77  # (2 a + b) / 3 of WGS 84
C_M_S = 299_792_458.0
LATITUDE, LONGITUDE = st.floats(-1.5707, 1.5707), st.floats(-3.1415, 3.1415)


def _vector(latitude: float, longitude: float) -> np.ndarray:
    return np.array((math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)))


@given(LATITUDE, LONGITUDE, LATITUDE, LONGITUDE)
def test_great_circle_is_the_angle_between_vectors(a: float, b: float, c: float, d: float) -> None:
    """Angle by atan2 of cross and dot product, which is exact for near and opposite places too; 1 m, 1e-7 of half a turn."""
    one, other = _vector(a, b), _vector(c, d)
    angle = math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other))
    assert float(great_circle_m(a, b, c, d)) == pytest.approx(MEAN_RADIUS_M * angle, abs=1.0)


def test_london_to_new_york() -> None:
    """5,570 km, as tables of air distances give it; the sphere is within 0.6 % of the ellipsoid."""
    places = np.radians([51.51, -0.13, 40.71, -74.01])
    assert float(great_circle_m(*places)) == pytest.approx(5.570e6, rel=0.006)


def test_route_by_the_rule_of_the_itu() -> None:
    """Hand: 1.5 x 800 = 1,200; 1,500 from 1,000 to 1,200; 1.25 x 2,000 = 2,500 km. The rule has no jump."""
    km = np.array([0.0, 800.0, 1000.0, 1100.0, 1200.0, 2000.0])
    assert (route_length_m(1e3 * km) / 1e3).tolist() == [0.0, 1200.0, 1500.0, 1500.0, 1500.0, 2500.0]
    fine = np.linspace(0.0, 3e6, 30001)
    assert np.diff(route_length_m(fine)).min() >= 0.0
    assert np.diff(route_length_m(fine)).max() <= 1.5 * 100.0 + 1e-6


def test_delay_by_hand() -> None:
    """A factor of 2.1 over 1,000 km of glass of index 1.468: 2.1e6 x 1.468 / c = 10.283 ms."""
    assert 1e3 * float(delay_s(1e6, route_factor=2.1)) == pytest.approx(10.2831, abs=1e-3)
    assert float(delay_s(1e6, route_factor=1.0, index=1.0)) == pytest.approx(1e6 / C_M_S, rel=1e-12)


def test_matrix_holds_all_pairs() -> None:
    a, b = np.radians([[10.0, 20.0, -30.0], [5.0, 50.0, 100.0]]), np.radians([[0.0, 40.0], [0.0, -20.0]])
    found = delay_matrix_s(*a, *b, route_factor=1.5)
    assert found.shape == (3, 2)
    for n in range(3):
        for m in range(2):
            assert found[n, m] == pytest.approx(1.5 * float(great_circle_m(*a[:, n], *b[:, m])) * 1.468 / C_M_S, rel=1e-12)


def test_gateways_reach_their_own_pop_only() -> None:
    place = np.radians([[0.0, 1.0], [0.0, 0.0]])
    found = gateway_delays_s(*place, np.array([1, 0]), *place)
    assert np.isinf(found).tolist() == [[True, False], [False, True]]
    assert found[0, 1] == found[1, 0] > 0.0


def test_factor_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than the great circle; write 1 or more"):
        route_length_m(1e6, route_factor=0.9)
