"""Closed forms for satellites that are lost at a constant rate and not replaced."""

from __future__ import annotations

import math
from typing import NamedTuple


class Expected(NamedTuple):
    """Mean over replicas, and its standard error."""

    mean: float
    error: float


def share(losses: float, satellites: int, replicas: int) -> Expected:
    """Mean share of the satellites that work over a mission in which one is lost `losses` times on average.

    The time to the loss of one, at most the mission's length and over it, has the mean (1 - exp(-x)) / x and the second moment
    2 (1 - (1 + x) exp(-x)) / x^2.
    """
    mean, variance = _moments(losses)
    return Expected(mean, math.sqrt(variance / satellites / replicas))


def gain(losses: float, satellites: int, replicas: int) -> Expected:
    """What the same fleet without losses does more: the mean of 1 / share - 1 over replicas, to second order in the share's variance."""
    mean, variance = _moments(losses)
    relative = variance / satellites / mean**2
    return Expected((1.0 + relative) / mean - 1.0, math.sqrt(relative / replicas) / mean)


def _moments(x: float) -> tuple[float, float]:
    mean = -math.expm1(-x) / x
    return mean, 2.0 * (1.0 - (1.0 + x) * math.exp(-x)) / x**2 - mean**2
