"""Hot kernels are made of the widest vector instructions that the processor has: a refactor must not lose them silently."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest
from numba import float64, int64

from orbit.kernels import j2, sgp4
from orbit.kernels.compile import FASTMATH, compiled

CPU = Path("/proc/cpuinfo")
ROW, TABLE, CUBE = float64[::1], float64[:, ::1], float64[:, :, ::1]


def _width() -> str:
    """Name of the widest registers. Source of truth: /proc/cpuinfo."""
    if not CPU.is_file() or not compiled():
        pytest.skip("no /proc/cpuinfo, or the compiler is off")
    flags = CPU.read_text("ascii", errors="replace")
    width = "zmm" if " avx512f" in flags else "ymm" if " avx2" in flags else None
    if width is None:
        pytest.skip("a processor without AVX2")
    return width


KERNELS = [
    # a satellite-time of SGP4 takes about 170 multiplications and fused multiply-adds, each once in the vector loop
    (sgp4.low_window, (TABLE, int64, ROW, ROW, float64, int64, ROW), 170),
    (sgp4.near_window, (TABLE, int64, ROW, ROW, float64, ROW), 170),
    (sgp4.wide_window, (TABLE, int64, ROW, ROW, float64, ROW), 300),
    (j2.circular_positions, (TABLE, ROW, CUBE), 40),
]


@pytest.mark.parametrize(("kernel", "signature", "least"), KERNELS, ids=lambda x: getattr(x, "__name__", ""))
def test_widest_vectors(kernel: Callable[..., Any], signature: tuple[Any, ...], least: int) -> None:
    width = _width()
    # made afresh: code from the cache cannot be looked at
    fresh = numba.njit(nogil=True, fastmath=set(FASTMATH), error_model="numpy")(kernel.py_func)  # type: ignore[attr-defined]
    fresh.compile(signature)
    assembly = "\n".join(fresh.inspect_asm().values())
    packed = len(re.findall(rf"v(?:fn?m(?:add|sub)\d+|mul)pd[^\n]*%{width}", assembly))
    assert packed >= least
    assert len(re.findall(r"call[^\n]*\b(sin|cos|asin|acos|pow|exp|log)\b", assembly)) == 0
