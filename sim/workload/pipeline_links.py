"""Links between the satellites of pipelines: delays and rates of the routes between their stages as the network moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.job_lifecycle import disconnected
from sim.workload import message_times
from sim.workload.job_communication import Transport
from sim.workload.service import Hops

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST_SHARE = 0.5  # of a link that is left to pipelines beside what others ask for


class LinkCosts(NamedTuple):
    """Links of each pipeline (G,), and satellites that no message reaches (N,)."""

    delay_s: Array  # over all borders and back to the first stage; 0 without a route
    byte_s: Array  # time of a byte over the slowest border
    jobs_disconnected: Flags
    satellites_disconnected: Flags

    def typical(self) -> Hops:
        """Links of the median pipeline.

        Returns
        -------
        Hops
            Medians over the pipelines that are connected; 0 without any.
        """
        able = ~self.jobs_disconnected
        if not able.any():
            return Hops()
        return Hops(float(np.median(self.delay_s[able])), float(np.median(self.byte_s[able])))


class PipelineLinks:
    """Routes between the stages of pipelines; they are looked up again when members or transport change.

    Parameters
    ----------
    satellites : int
        Satellites of the constellation, N.
    """

    def __init__(self, satellites: int) -> None:
        self.satellites = satellites
        self._ranks: list[Ints] = []
        self._version = -1

    def costs(self, ranks: Sequence[Ints], transport: Transport, background_bit_s: Array | None = None) -> LinkCosts:
        """Delays and rates with the present links.

        Parameters
        ----------
        ranks : sequence of ndarray of int64, each of shape (S,)
            Satellites of each pipeline in the order of its stages; the same arrays as long as they do not change.
        transport : Transport
            Links and routes.
        background_bit_s : ndarray, shape (2 L,), optional
            What others ask for on each directed link [bit/s].

        Returns
        -------
        LinkCosts
            A link that several borders use is shared evenly among them; others leave what they do not ask for, half at least.
        """
        same = len(ranks) == len(self._ranks) and all(a is b for a, b in zip(ranks, self._ranks, strict=True))
        if not same or transport.version != self._version:
            self._route(ranks, transport)
            self._ranks, self._version = list(ranks), transport.version
        rate_bit_s = transport.directed_rate_bit_s
        if background_bit_s is not None:
            rate_bit_s = np.maximum(rate_bit_s - background_bit_s, LEAST_SHARE * rate_bit_s)
        count = len(ranks)
        delay_s, byte_s = np.empty(self._start.size - 1), np.empty(self._start.size - 1)
        message_times.route_times(
            self._start, self._links, self._bits, rate_bit_s[self._links], transport.directed_delay_s, delay_s, byte_s
        )
        never = ~np.isfinite(delay_s + byte_s)
        delay_s[never], byte_s[never] = 0.0, 0.0
        of_pipeline = (count, -1)  # borders in order, the way back last
        lost: Flags = np.asarray(never.reshape(of_pipeline).any(axis=1))
        return LinkCosts(
            delay_s.reshape(of_pipeline).sum(axis=1), byte_s.reshape(of_pipeline).max(axis=1, initial=0.0), lost,
            self._outside(ranks, transport, lost),
        )  # fmt: skip

    def link_demand_bit_s(self, border_bit_s: Array, links: int) -> Array:
        """What pipelines ask of each directed link.

        Parameters
        ----------
        border_bit_s : ndarray, shape (G,)
            Of each pipeline over every border [bit/s].
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s], by the routes last looked up.
        """
        each = np.where(self._back, 0.0, np.repeat(border_bit_s, self._back.size // max(1, border_bit_s.size)))
        return np.asarray(np.bincount(self._links, np.repeat(each, np.diff(self._start)), minlength=links), dtype=np.float64)

    def _route(self, ranks: Sequence[Ints], transport: Transport) -> None:
        stacked = np.stack(ranks) if ranks else np.zeros((0, 1), dtype=np.int64)
        src, dst = stacked.ravel(), np.roll(stacked, -1, axis=1).ravel()
        self._start, self._links = transport.routes(src, dst)
        self._back: Flags = np.arange(1, src.size + 1) % stacked.shape[1] == 0
        hops = np.diff(self._start)
        border = np.repeat(~self._back, hops)
        shared = np.bincount(self._links[border], minlength=transport.directed_delay_s.size)
        # the way back carries the number of each token, next to nothing beside the activations of the borders
        self._bits = np.where(border, 8.0 * shared[self._links], 0.0)

    def _outside(self, ranks: Sequence[Ints], transport: Transport, lost: Flags) -> Flags:
        """Members outside the largest connected component of their pipeline."""
        outside = np.zeros(self.satellites, dtype=np.bool_)
        if lost.any():
            component = transport.components()
            for g in np.flatnonzero(lost).tolist():
                outside[ranks[g]] = disconnected(ranks[g], component)
        return outside
