"""Figures of a network over a run: bisection bandwidth, forwarding tables and how often they change."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.network.cuts import network_bisection_bit_s
from sim.network.link_state import LinkState, Network
from sim.network.route_metrics import hop_weights
from sim.network.routing import components

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLES = 4  # pairs of consecutive steps whose tables are compared, evenly spread over the run
TABLE_ENTRIES = 16_384  # of the tables of a moment, which bounds the destinations; at least four
MOST_SATELLITES = 20_000  # above, tables and cuts would take longer than the run


class NetworkFigures:
    """What the links of a run amount to.

    Parameters
    ----------
    network : Network
        The network, with the links of the epoch.
    order : ndarray of int64
        Satellites that compute, in rank order.
    r_m : ndarray, shape (3, N)
        Positions at the epoch [m].
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    """

    def __init__(self, network: Network, order: Ints, r_m: Array, steps: int, step_s: float) -> None:
        self.network, self.step_s, self.count = network, step_s, network.count
        self.compute_share = order.size / network.count
        self.bisection_bit_s: float | None = None  # at the epoch; None where links have no limit
        self.entries: float | None = None  # destinations that a satellite reaches at the epoch, mean
        self.changed: list[float] = []  # share of the entries with another next hop a step later
        self._starts: set[int] = set()
        self._table: tuple[int, Ints] | None = None
        if network.count > MOST_SATELLITES:
            return
        found = network_bisection_bit_s(network.a, network.b, network.rate_bit_s, order, network.topology.orders, r_m)
        self.bisection_bit_s = found if math.isfinite(found) else None
        sizes = np.bincount(components(network.count, network.a, network.b, network.healthy))
        self.entries = float((sizes * (sizes - 1)).sum()) / network.count
        if steps > 1:
            self._starts = set(np.linspace(0, steps - 2, SAMPLES).astype(np.int64).tolist())
        many = max(4, min(network.count, TABLE_ENTRIES // max(1, network.count)))
        self._destinations = np.unique(np.linspace(0, network.count - 1, many).round().astype(np.int64))

    def observe(self, k: int, state: LinkState) -> None:
        """Compare the forwarding tables of a step with those of the step before, at some steps.

        Parameters
        ----------
        k : int
            Number of the step; steps come in order.
        state : LinkState
            Links at its end.
        """
        if k not in self._starts and k - 1 not in self._starts:
            return
        graph, weight_s = self.network.graph(state.a, state.b), state.delay_s
        if self.network.rules.routing == "hops":
            weight_s = hop_weights(graph, weight_s).weight_s
        table = graph.next_hops(weight_s, self._destinations)
        if self._table is not None and self._table[0] == k - 1 and k - 1 in self._starts:
            before = self._table[1]
            entries = int(np.count_nonzero((before >= 0) | (table >= 0)))
            self.changed.append(int(np.count_nonzero(before != table)) / max(1, entries))
        self._table = k, table

    @property
    def changes_per_min(self) -> float | None:
        """Entries of the forwarding table of a satellite that change in a minute, mean; None for a run of one step."""
        if not self.changed or self.entries is None:
            return None
        return float(np.mean(self.changed)) * self.entries * 60.0 / self.step_s
