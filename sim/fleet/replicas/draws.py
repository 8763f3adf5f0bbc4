"""Random numbers of the supply, in their order."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined
from sim.fleet.random_streams import to_unit, words
from sim.fleet.replicas.tables import (
    DRAWN,
)


@exact_inlined
def uniform(plan: Any, state: Any) -> float:
    """The next random number of the supply, in [0, 1)."""
    supply, n = plan.supply[0], state.number[DRAWN]
    state.number[DRAWN] = n + 1
    return to_unit(words(1 + (n >> 2), 0, 0, 4, supply["key"], supply["key_2"])[n & 3])


@exact_inlined
def exponential_s(plan: Any, state: Any, mean_s: float) -> float:
    """A random time with an exponential distribution [s]; 0 without drawing where its mean is 0."""
    return -math.log1p(-uniform(plan, state)) * mean_s if mean_s > 0.0 else 0.0
