"""Arrays of a page as bytes: predicted along time, so that what is left is small numbers and compresses well.

The script of the page undoes every step exactly (viz/assets/orbit.js).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MISSING: Final = -32768

Shorts = NDArray[np.int16]


class Buffers:
    """Bytes of many arrays, one after the other; each is found by where it begins and how long it is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def content(self) -> bytes:
        """All bytes."""
        return b"".join(self._parts)

    def add(self, values: Any, dtype: str) -> dict[str, int]:
        """Append an array, little-endian and aligned to 8 bytes; where it begins and its length in bytes."""
        raw = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()
        entry = {"begin": self._size, "size": len(raw)}
        padded = raw + bytes(-len(raw) % 8)
        self._parts.append(padded)
        self._size += len(padded)
        return entry

    def add_series(self, values: Shorts, factor: NDArray[np.float32] | None = None) -> dict[str, Any]:
        """Append values (F, K) of F frames as what is left of a prediction, low bytes apart from high bytes.

        A value is predicted by the one before it, or with `factor` (K,), as `oscillation_factor` gives it, by
        factor times the one before minus the one before that.
        """
        predicted = np.zeros(values.shape, dtype=np.int64)
        predicted[1:] = values[:-1]
        if factor is not None:
            exact = factor.astype(np.float64) * values[1:-1] - values[:-2]
            predicted[2:] = np.floor(exact + 0.5)
        rest = (values.astype(np.int64) - predicted).astype(np.int16)  # wraps around, as the sum in the page does
        folded = np.where(rest < 0, -2 * rest.astype(np.int64) - 1, 2 * rest.astype(np.int64)).astype(np.uint16).T
        entry: dict[str, Any] = self.add([folded & 0xFF, folded >> 8], "uint8")
        if factor is not None:
            entry["factor"] = self.add(factor, "float32")
        return entry


def oscillation_factor(values: Shorts) -> NDArray[np.float32]:
    """2 cos(n dt) for each object of `values` (F, 3, N): x(t + dt) = 2 cos(n dt) x(t) - x(t - dt) on a circle.

    Least squares over all frames and axes; 0 for fewer than three frames.
    """
    before, now, after = (values[k : len(values) - 2 + k].astype(np.float64) for k in range(3))
    size = (now * now).sum(axis=(0, 1))
    return np.where(size > 0.0, (now * (before + after)).sum(axis=(0, 1)) / np.maximum(size, 1.0), 0.0).astype(np.float32)


def quantised(values: Any, scale: float, shift: float = 0.0) -> Shorts:
    """values * scale + shift as 16-bit integers, MISSING where a value is not finite."""
    scaled = np.asarray(values, dtype=np.float64) * scale + shift
    whole: Shorts = np.where(np.isfinite(scaled), scaled.clip(-32767, 32767).round(), MISSING).astype(np.int16)
    return whole


def held(values: Shorts) -> Shorts:
    """Values (F, ...) with the last known one in place of each missing one, 0 before the first known."""
    known = values != MISSING
    if known.all():
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)).reshape(-1, *(1,) * (values.ndim - 1)), -1), axis=0)
    filled: Shorts = np.where(last >= 0, np.take_along_axis(values, last.clip(0), axis=0), 0).astype(np.int16)
    return filled
