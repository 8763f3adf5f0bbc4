"""Hot kernels are made of the widest vector instructions that the processor has: a refactor must not lose them silently."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numba
import pytest
from numba import float64, int64

from orbit.kernels import j2, sgp4
from orbit.kernels.compile import FASTMATH

ROW, TABLE, CUBE = float64[::1], float64[:, ::1], float64[:, :, ::1]


KERNELS = [
    # a satellite-time of SGP4 takes about 170 multiplications and fused multiply-adds, each once in the vector loop
    (sgp4.low_window, (TABLE, int64, ROW, ROW, float64, int64, ROW), 170),
    (sgp4.near_window, (TABLE, int64, ROW, ROW, float64, ROW), 170),
    (sgp4.wide_window, (TABLE, int64, ROW, ROW, float64, ROW), 300),
    (j2.circular_positions, (TABLE, ROW, CUBE), 40),
]


@pytest.mark.parametrize(("kernel", "signature", "least"), KERNELS, ids=lambda x: getattr(x, "__name__", ""))
def test_widest_vectors(widest: str, kernel: Callable[..., Any], signature: tuple[Any, ...], least: int) -> None:
    # made afresh: code from the cache cannot be looked at
    fresh = numba.njit(nogil=True, fastmath=set(FASTMATH), error_model="numpy")(kernel.py_func)  # type: ignore[attr-defined]
    fresh.compile(signature)
    assembly = "\n".join(fresh.inspect_asm().values())
    packed = len(re.findall(rf"v(?:fn?m(?:add|sub)\d+|mul)pd[^\n]*%{widest}", assembly))
    assert packed >= least
    assert len(re.findall(r"call[^\n]*\b(sin|cos|asin|acos|pow|exp|log)\b", assembly)) == 0
