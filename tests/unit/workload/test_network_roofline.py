"""Bounds of the network on grids whose cuts are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.workload.network_roofline import bisection_bit_s, roofline, route_changes


def _torus(rows: int, columns: int, closed: bool = True) -> tuple[np.ndarray, np.ndarray]:
    pairs = set()
    for r, c, (dr, dc) in itertools.product(range(rows), range(columns), ((0, 1), (1, 0))):
        if closed or (r + dr < rows and c + dc < columns):
            a, b = r * columns + c, (r + dr) % rows * columns + (c + dc) % columns
            pairs |= {(a, b), (b, a)}
    src, dst = np.array(sorted(pairs)).T
    return src, dst


@pytest.mark.parametrize(("rows", "columns", "closed", "links"), [(8, 6, True, 12), (8, 6, False, 6), (4, 10, True, 8), (1, 7, False, 1)])
def test_bisection_of_grids(rows: int, columns: int, closed: bool, links: int) -> None:
    """Published: 2 k links of a torus, k of a grid, with k the shorter side [dally2004:section 3.2.1]. In 4 x 10 the rank order
    cuts ten columns, and the spectral half the four rows."""
    src, dst = _torus(rows, columns, closed)
    found = bisection_bit_s(src, dst, np.full(src.size, 5e9), np.arange(rows * columns))
    assert found == pytest.approx(links * 5e9, rel=1e-5)


def test_other_satellites_relay() -> None:
    """By hand: members 0 and 2 of a line of three are joined over 1, at the rate of its slower link."""
    src, dst = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
    assert bisection_bit_s(src, dst, np.array([4.0, 4.0, 3.0, 3.0]), np.array([0, 2])) == pytest.approx(3.0, rel=1e-5)
    assert bisection_bit_s(src, dst, np.ones(4), np.array([0])) == 0.0


def test_roofline_by_hand() -> None:
    """By hand: 16 satellites in a ring of links of 8 Gbit/s: each sends 4 GB over two: 2 s; 3 GB pass two links: 1.5 s."""
    here = np.arange(16)
    src, dst = np.r_[here, here], np.r_[(here + 1) % 16, (here - 1) % 16]
    work = {"step_flops": 1e15, "peak_flops": 1.6e15, "compute_s": 1.0}
    found = roofline(
        src, dst, np.full(32, 8e9), here, sent_bytes=np.full(16, 4e9), crossing_bytes=lambda half: 3e9, **work
    )
    assert found == pytest.approx((16e9, 6.4e-5, 2e-5, 2.0, 1.5, 1.0), rel=1e-5)
    assert (found.step_bound_s, found.bound) == (pytest.approx(2.0), "injection")
    slower = roofline(src, dst, np.full(32, 8e9), here, sent_bytes=np.full(16, 1e9), crossing_bytes=lambda half: 3e9, **work)
    assert (slower.step_bound_s, slower.bound) == (pytest.approx(1.5, rel=1e-5), "bisection")


def test_the_longest_time_of_a_cut_bounds_not_the_scarcest_cut() -> None:
    """By hand: a ring of four whose halves {0, 1} and {1, 2} are both joined by two links of 8 bit/s. Only the second half has to
    send, 4 bytes: 2 s."""
    here, there = np.arange(4), np.roll(np.arange(4), -1)
    found = roofline(
        np.r_[here, there], np.r_[there, here], np.full(8, 8.0), here, sent_bytes=np.zeros(4),
        crossing_bytes=lambda half: 4.0 if half.tolist() == [False, True, True, False] else 0.0, step_flops=1.0, peak_flops=1.0,
    )  # fmt: skip
    assert found.bisection_s == pytest.approx(2.0, rel=1e-5)


def test_a_core_without_limit_leaves_the_uplinks() -> None:
    """By hand: four nodes around a core (-1) by links of 10 bit/s: half of them reach the others at 20 bit/s."""
    nodes, core = np.arange(4), np.full(4, -1)
    found = roofline(
        np.r_[nodes, core], np.r_[core, nodes], np.full(8, 10.0), nodes, sent_bytes=np.full(4, 5.0), crossing_bytes=lambda half: 0.0,
        step_flops=1.0, peak_flops=1.0,
    )  # fmt: skip
    assert (found.bisection_bit_s, found.injection_s) == (pytest.approx(20.0, rel=1e-5), pytest.approx(4.0))


def test_links_without_limit_bound_nothing() -> None:
    """Closed form: bytes over an infinite rate take no time."""
    src, dst = np.array([0, 1]), np.array([1, 0])
    found = roofline(
        src, dst, np.full(2, np.inf), np.arange(2), sent_bytes=np.ones(2), crossing_bytes=lambda half: 1.0, step_flops=1.0,
        peak_flops=1.0, compute_s=1.0,
    )  # fmt: skip
    assert (found.bisection_bit_s, found.step_bound_s, found.bound) == (np.inf, 0.0, "compute")


def test_route_changes_by_hand() -> None:
    """By hand: of four routes the second takes another satellite, the third one more; the fourth has lost its only hop."""
    before = np.array([0, 2, 4, 6, 7]), np.array([1, 2, 3, 4, 5, 6, 7])
    after = np.array([0, 2, 4, 7, 7]), np.array([1, 2, 3, 9, 5, 6, 8])
    assert route_changes(before, after) == 3
    assert route_changes(before, before) == 0
