"""Bounds of the network on grids whose cuts are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.workload.network_roofline import bisection_bit_s, roofline


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
    found = roofline(
        src, dst, np.full(32, 8e9), here, sent_bytes=4e9, crossing_bytes=3e9, step_flops=1e15, peak_flops=1.6e15
    )
    assert found == pytest.approx((16e9, 6.4e-5, 2e-5, 2.0), rel=1e-5)
    slower = roofline(src, dst, np.full(32, 8e9), here, sent_bytes=1e9, crossing_bytes=3e9, step_flops=1e15, peak_flops=1e15)
    assert slower.step_bound_s == pytest.approx(1.5, rel=1e-5)
