"""Arrays of a page: every value comes back, and what circles leaves only rounding to be stored.

Source of truth: the values that were written, read back by the loop below, which is that of viz/assets/orbit.js in Python.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from viz.buffers import MISSING, Buffers, held, oscillation_factor, quantised


def read_back(content: bytes, entry: dict, frames: int) -> NDArray[np.int16]:
    """Values (F, K) of a series, one by one, in integers."""
    raw = content[entry["begin"] : entry["begin"] + entry["size"]]
    half = len(raw) // 2
    count = half // frames
    factor = np.zeros(count)
    if "factor" in entry:
        at = entry["factor"]
        factor = np.frombuffer(content[at["begin"] : at["begin"] + at["size"]], dtype="<f4").astype(float)
    values = np.zeros((frames, count), dtype=np.int16)
    for k in range(count):
        before = last = 0
        for frame in range(frames):
            folded = raw[k * frames + frame] | raw[half + k * frames + frame] << 8
            rest = -((folded + 1) >> 1) if folded & 1 else folded >> 1
            predicted = math.floor(factor[k] * last - before + 0.5) if "factor" in entry and frame > 1 else last
            before, last = last, (predicted + rest + 32768) % 65536 - 32768
            values[frame, k] = last
    return values


def circle(frames: int, radius: float, turn_rad: float, phases_rad: NDArray[np.float64]) -> NDArray[np.int16]:
    """Positions (F, 3, N) on a circle, in whole units."""
    angle = np.arange(frames)[:, None] * turn_rad + phases_rad
    return quantised(np.stack([radius * np.cos(angle), 0.6 * radius * np.sin(angle), 0.8 * radius * np.sin(angle)], axis=1), 1.0)


@pytest.mark.parametrize("predicted", [False, True])
def test_any_values_come_back(predicted: bool) -> None:
    """Random values over the whole range, so that every sum wraps around somewhere."""
    rng = np.random.default_rng(1)
    values = rng.integers(-32768, 32768, size=(37, 5)).astype(np.int16)
    values[3] = (-32768, 32767, MISSING, 0, -1)
    buffers = Buffers()
    buffers.add(np.arange(3), "uint8")
    factor = rng.uniform(-2.0, 2.0, 5).astype(np.float32) if predicted else None
    entry = buffers.add_series(values, factor)
    assert entry["begin"] == 8  # aligned
    assert_array_equal(read_back(buffers.content, entry, 37), values)


def test_a_circle_leaves_only_rounding() -> None:
    """Three rounded values enter a prediction with weights of at most 2, 1 and 1: half of their sum is 2, folded 4."""
    shown = circle(60, 7000.0, np.radians(15.0), np.linspace(0.0, 6.0, 40))
    factor = oscillation_factor(shown)
    assert_allclose(factor, 2.0 * np.cos(np.radians(15.0)), atol=1e-4)  # least squares over values rounded to 1 of 7,000
    buffers = Buffers()
    entry = buffers.add_series(shown.reshape(60, 120), np.tile(factor, 3))
    raw = np.frombuffer(buffers.content[: entry["size"]], dtype=np.uint8).reshape(2, 120, 60)
    assert raw[0, :, 2:].max() <= 4
    assert not raw[1, :, 2:].any()


def test_short_series() -> None:
    for frames in (1, 2):
        shown = circle(frames, 7000.0, 0.3, np.zeros(2))
        buffers = Buffers()
        entry = buffers.add_series(shown.reshape(frames, 6), np.tile(oscillation_factor(shown), 3))
        assert_array_equal(read_back(buffers.content, entry, frames), shown.reshape(frames, 6))


def test_missing_values_are_held() -> None:
    values = np.array([[MISSING, 5], [3, 6], [MISSING, MISSING], [4, MISSING]], dtype=np.int16)
    assert held(values).tolist() == [[0, 5], [3, 6], [3, 6], [4, 6]]
    assert quantised([1.24, np.nan, -9e9], 10.0, 1.0).tolist() == [13, MISSING, -32767]
