"""Links that data with a rule may cross: those between satellites that may pass it on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.network.link_state import LinkState

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


class LinkRestriction:
    """Leaves the links between allowed satellites.

    Parameters
    ----------
    allowed : ndarray of bool, shape (N,)
        Satellites that may pass the data on.
    part : ndarray of int64, shape (N,), optional
        Links join satellites of one number only; by default, and among allowed ones, any.

    Examples
    --------
    >>> links = LinkState(np.array([0, 1]), np.array([1, 2]), np.ones(2), np.ones(2), np.ones(2), np.ones(3, dtype=bool))
    >>> left = LinkRestriction(np.array([True, True, False])).state(links)
    >>> left.a.tolist(), left.b.tolist(), left.healthy.tolist()
    ([0], [1], [True, True, False])
    """

    def __init__(self, allowed: Mask, part: Indices | None = None) -> None:
        self.allowed = allowed
        self.part = np.zeros(allowed.size, dtype=np.int64) if part is None else part
        self._last: tuple[Indices, Indices, Mask, Indices, Indices] | None = None  # ends, what stays of them, and its ends

    def state(self, state: LinkState) -> LinkState:
        """Links of one time without those that touch another satellite.

        Parameters
        ----------
        state : LinkState
            All links.

        Returns
        -------
        LinkState
            With the same arrays of ends as long as those of `state` are the same.
        """
        last = self._last
        if last is None or last[0] is not state.a or last[1] is not state.b:
            keep = self.allowed[state.a] & self.allowed[state.b] & (self.part[state.a] == self.part[state.b])
            last = self._last = state.a, state.b, keep, state.a[keep], state.b[keep]
        _, _, keep, a, b = last
        rate_bit_s = None if state.rate_bit_s is None else state.rate_bit_s[keep]
        healthy = state.healthy & self.allowed
        return LinkState(a, b, state.length_m[keep], state.delay_s[keep], state.rate_factor[keep], healthy, rate_bit_s)

    def states(self, states: Sequence[LinkState]) -> list[LinkState]:
        """Links of several times, as `state` has them.

        Parameters
        ----------
        states : sequence of LinkState
            All links of each time.

        Returns
        -------
        list of LinkState
            Those between allowed satellites.
        """
        return [self.state(state) for state in states]
