"""Time in which weights, checkpoints and data move from one provider to another over real links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Move(NamedTuple):
    """Bytes, the rate of the slowest part of the route, and the time."""

    size_bytes: float
    rate_bit_s: float | None  # None where nothing moves
    time_s: float


def move(size_bytes: float, rates_bit_s: Iterable[float | None]) -> Move:
    """Time to move data over a route.

    Parameters
    ----------
    size_bytes : float
        Weights, checkpoints and data [B].
    rates_bit_s : iterable of float or None
        Rates of the parts of the route [bit/s]; None: no limit.

    Returns
    -------
    Move
        Size over the smallest rate; infinite where the smallest rate is 0.

    Examples
    --------
    5.67 TB over 100 Gbit/s:

    >>> move(5.67e12, [400e9, 100e9]).time_s
    453.6
    """
    rates = [rate for rate in rates_bit_s if rate is not None]
    if not size_bytes or not rates:
        return Move(size_bytes, None, 0.0)
    slowest = min(rates)
    return Move(size_bytes, slowest, 8.0 * size_bytes / slowest if slowest > 0.0 else float("inf"))


def uplink_bit_s(rate_bit_s: float, coverage: Iterable[float]) -> float:
    """Mean rate at which ground stations together reach a fleet.

    Parameters
    ----------
    rate_bit_s : float
        Rate of one station to its serving satellite [bit/s].
    coverage : iterable of float
        Share of the time in which each station has a route.

    Returns
    -------
    float
        Sum of rate x coverage [bit/s].
    """
    return rate_bit_s * sum(coverage)
