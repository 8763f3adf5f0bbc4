"""Walker patterns and sun-synchronous rings."""

from __future__ import annotations

import math

import erfa
import numpy as np
import pytest

from orbit.sgp4 import to_satrecs
from orbit.shells import (
    node_of_local_time_rad,
    staggered_lead_slots,
    sun_synchronous_ring,
    walker,
    walker_lead_slots,
    walker_sgp4,
)

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


@pytest.mark.parametrize(("planes", "slots", "f"), [(72, 22, 39.0), (5, 4, 2.5)])
def test_sgp4_shell_is_the_walker_pattern(planes: int, slots: int, f: float) -> None:
    """Source of truth: the circular pattern of the same i:t/p/f: equal nodes and arguments of latitude, 1e-12 rad. The epoch is kept to
    the bit; the sidereal time that SGP4 derives from it is erfa's (1e-8 rad: one Julian date there)."""
    part = 0.123456789012345
    made = walker_sgp4(15.19, 0.925, slots, walker_lead_slots(planes, f), 2461041.5, part, first_node_rad=0.3)
    shell = walker(550e3, 0.925, planes, slots, f, first_node_rad=0.3)
    for k, satellite in enumerate(to_satrecs(made)):
        assert math.remainder(satellite.nodeo - shell.node_rad[k], TURN) == pytest.approx(0.0, abs=1e-12)
        assert math.remainder(satellite.mo - shell.latitude_argument_rad[k], TURN) == pytest.approx(0.0, abs=1e-12)
        assert (satellite.argpo, satellite.bstar, satellite.inclo) == (0.0, 0.0, 0.925)
        assert satellite.no_kozai == pytest.approx(15.19 * TURN / 1440.0, rel=1e-15)
        assert (satellite.jdsatepoch, satellite.jdsatepochF) == (2461041.5, part)
        assert satellite.gsto == pytest.approx(float(erfa.gmst82(2461041.5, part)), abs=1e-8)
    assert made.count == planes * slots


def test_sgp4_shell_against_element_lines() -> None:
    """Source of truth: the same elements written as two-line text by hand and read by the sgp4 package. Angles of whole
    ten-thousandths of a degree survive the text, so that positions agree to 1e-8 rad of its columns: 0.1 m."""
    from sgp4.api import WGS72, Satrec

    made = to_satrecs(walker_sgp4(14.8, math.radians(51.9), 4, staggered_lead_slots(2), 2451544.5, 0.0))
    for plane in range(2):
        for slot in range(4):
            node, anomaly = 180.0 * plane, 90.0 * slot + (45.0 if plane else 0.0)
            one = "1 00001U 00000A   00001.00000000  .00000000  00000-0  00000-0 0    0"
            two = f"2 00001  51.9000 {node:8.4f} 0000001   0.0000 {anomaly:8.4f} 14.80000000    0"
            lines = [x + str(sum(int(c) if c.isdigit() else c == "-" for c in x) % 10) for x in (one, two)]
            theirs = Satrec.twoline2rv(*lines, WGS72)
            for minutes in (0.0, 50.0, 1440.0):
                ours_km = made[4 * plane + slot].sgp4(2451544.5, minutes / 1440.0)[1]
                assert ours_km == pytest.approx(theirs.sgp4(2451544.5, minutes / 1440.0)[1], abs=1e-4)


def test_staggered_planes() -> None:
    """Source of truth: every second plane half a slot ahead, the seam of an even number of planes like any other."""
    assert staggered_lead_slots(5).tolist() == [0.0, 0.5, 0.0, 0.5, 0.0]
    assert staggered_lead_slots(3, 0.25).tolist() == [0.0, 0.25, 0.0]
