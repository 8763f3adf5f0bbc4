"""Walker patterns and sun-synchronous rings."""

from __future__ import annotations

import math

import erfa
import numpy as np
import pytest

from orbit.shells import node_of_local_time_rad, sun_synchronous_ring, walker

TURN = 2.0 * math.pi


@pytest.mark.parametrize(("planes", "slots", "phasing"), [(3, 5, 1.0), (72, 22, 39.0), (1, 8, 0.0), (6, 4, 2.5)])
def test_walker_delta(planes: int, slots: int, phasing: float) -> None:
    """Source of truth: Walker's definition i:t/p/f: nodes 360/p apart, slots 360 p/t apart, and a satellite of the
    next plane east leads by 360 f/t; numbered plane by plane. 1e-12 rad is 7 um."""
    shell = walker(550e3, 0.9, planes, slots, phasing)
    total = planes * slots
    assert shell.count == total
    for p in range(planes):
        for s in range(slots):
            k = p * slots + s
            assert math.remainder(shell.node_rad[k] - TURN * p / planes, TURN) == pytest.approx(0.0, abs=1e-12)
            expected = TURN * (s / slots + phasing * p / total)
            assert math.remainder(shell.latitude_argument_rad[k] - expected, TURN) == pytest.approx(0.0, abs=1e-12)
    assert np.all(shell.semi_major_axis_m == 6378137.0 + 550e3)
    assert np.all((shell.latitude_argument_rad >= 0.0) & (shell.latitude_argument_rad < TURN))


def test_whole_phasing_closes_round_the_pole() -> None:
    """Source of truth: symmetry: with whole f, going once round by planes shifts the slots by f whole slots, so the
    pattern is the same seen from every plane."""
    planes, slots, f = 7, 5, 3.0
    shell = walker(600e3, 1.0, planes, slots, f)
    u = shell.latitude_argument_rad.reshape(planes, slots)
    lead = u[1, 0] - u[0, 0]
    wrapped = math.remainder(u[0, 0] - u[-1, 0] - lead, TURN / slots)
    assert wrapped == pytest.approx(0.0, abs=1e-12)


def test_walker_star_spreads_over_half_a_turn() -> None:
    """Source of truth: a star's planes are 180/p deg apart."""
    shell = walker(1200e3, 1.5, 12, 2, 0.0, node_span_rad=math.pi, first_node_rad=0.2)
    assert np.allclose(shell.node_rad[::2], 0.2 + math.pi * np.arange(12) / 12, atol=1e-12)


@pytest.mark.parametrize("local_time_h", [0.0, 6.0, 10.5, 18.0, 22.25])
@pytest.mark.parametrize("day", [0.0, 78.4, 171.9, 355.0])
def test_local_time_of_the_node(local_time_h: float, day: float) -> None:
    """Source of truth: mean local time = UT + longitude of the node, with longitude = node - GMST (erfa.gmst82).

    The two definitions of the mean Sun differ by aberration and TT - UT: 0.0075 deg, 1.8 s of time.
    """
    jd, fr = 2461041.5 + math.floor(day), day % 1.0
    node = node_of_local_time_rad(local_time_h, jd, fr)
    longitude_h = math.degrees(node - float(erfa.gmst82(jd, fr))) / 15.0
    difference_h = math.remainder(24.0 * fr + longitude_h - local_time_h, 24.0)
    assert abs(difference_h) * 3600.0 < 1.8
    ring = sun_synchronous_ring(650e3, local_time_h, 12, jd, fr)
    assert math.remainder(ring.node_rad[0] - node, TURN) == pytest.approx(0.0, abs=1e-12)
    assert np.all(ring.node_rad == ring.node_rad[0])
    assert np.allclose(np.diff(np.sort(ring.latitude_argument_rad)), TURN / 12, atol=1e-12)
    assert math.degrees(ring.inclination_rad[0]) == pytest.approx(97.986, abs=0.005)
