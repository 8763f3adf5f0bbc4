"""Satellites in a row, as the network of jobs."""

from __future__ import annotations

import numpy as np

RATE_BIT_S, DELAY_S = 8e9, 1e-3


class Row:
    """Satellites in a row: link i joins i and i + 1 and back."""

    version = 0

    def __init__(self, count: int, rate_bit_s: float = RATE_BIT_S) -> None:
        self.count = count
        self.directed_delay_s = np.full(2 * (count - 1), DELAY_S)
        self.directed_rate_bit_s = np.full(2 * (count - 1), rate_bit_s)
        self.directed_src = np.concatenate((np.arange(count - 1), np.arange(1, count)))
        self.directed_dst = np.concatenate((np.arange(1, count), np.arange(count - 1)))
        self.inputs = [b"row"]

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        routes = [
            list(range(a, b)) if a < b else [link + self.count - 1 for link in range(b, a)][::-1]
            for a, b in zip(src.tolist(), dst.tolist(), strict=True)
        ]
        return np.cumsum([0, *map(len, routes)]), np.array([link for route in routes for link in route], dtype=np.int64)

    def components(self) -> np.ndarray:
        return np.zeros(self.count, dtype=np.int64)
