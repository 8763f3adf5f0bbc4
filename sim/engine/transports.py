"""Networks as jobs see them: directed links with delays and rates, and routes over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.network.link_state import LinkState, Network
from sim.network.routing import components
from sim.workload.job_communication import Transport

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class NetworkTransport:
    """A network as jobs see it.

    Parameters
    ----------
    network : Network
        Links between satellites.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._joined: dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = {}  # by property: its two parts, and both together

    def _both(self, name: str, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        """Values of both directions of all links, joined once for a step, or for as long as the links stay."""
        known = self._joined.get(name)
        if known is None or known[0] is not one or known[1] is not other:
            known = self._joined[name] = one, other, np.concatenate((one, other))
        return known[2]

    @property
    def version(self) -> int:
        """Grows when routes may have changed."""
        return self.network.version

    @property
    def inputs(self) -> list[NDArray[Any] | bytes]:
        """All that links and routes follow from."""
        n = self.network
        return [f"network {n.count} {n.rules.routing}".encode(), n.a, n.b, n.delay_s, n.rate_bit_s, n.healthy]

    @property
    def directed_delay_s(self) -> Array:
        """Delay of each directed link [s], (2 L,)."""
        return self._both("delay_s", self.network.delay_s, self.network.delay_s)

    @property
    def directed_rate_bit_s(self) -> Array:
        """Rate of each directed link [bit/s], (2 L,)."""
        return self._both("rate_bit_s", self.network.rate_bit_s, self.network.rate_bit_s)

    @property
    def directed_src(self) -> Ints:
        """Satellite at which each directed link begins, (2 L,)."""
        return self._both("src", self.network.a, self.network.b)

    @property
    def directed_dst(self) -> Ints:
        """Satellite at which each directed link ends, (2 L,)."""
        return self._both("dst", self.network.b, self.network.a)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """Routes between pairs of satellites.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        start : ndarray of int64, shape (F + 1,)
            Pair f takes the links links[start[f]:start[f + 1]]; none without a route.
        links : ndarray of int64
            Directed links.
        """
        paths = self.network.paths(src, dst)
        return paths.start, paths.links

    def components(self) -> Ints:
        """Connected component of each satellite.

        Returns
        -------
        ndarray of int64, shape (satellites,)
            Number of each satellite's connected component.
        """
        network = self.network
        return components(network.count, network.a, network.b, network.healthy)


class NullTransport:
    """Satellites without links: no message passes between them.

    Parameters
    ----------
    satellites : int
        Number of satellites.
    """

    version = 0
    directed_delay_s: Array = np.zeros(0)
    directed_rate_bit_s: Array = np.zeros(0)
    directed_src: Ints = np.zeros(0, dtype=np.int64)
    directed_dst: Ints = np.zeros(0, dtype=np.int64)

    def __init__(self, satellites: int) -> None:
        self.satellites = satellites

    @property
    def inputs(self) -> list[NDArray[Any] | bytes]:
        """All that links and routes follow from."""
        return [b"none %d" % self.satellites]

    def components(self) -> Ints:
        """Each satellite is a component of its own.

        Returns
        -------
        ndarray of int64, shape (satellites,)
            Number of each satellite's connected component.
        """
        return np.arange(self.satellites)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """No pair has a route.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        start : ndarray of int64, shape (F + 1,)
            Pair f takes the links links[start[f]:start[f + 1]]; none without a route.
        links : ndarray of int64
            Directed links.
        """
        return np.zeros(src.size + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)


@contextmanager
def without(transport: Transport, lost: Ints) -> Iterator[None]:
    """Let a network be without some satellites and their links for as long as the context lasts; no new links are set up.

    Parameters
    ----------
    transport : Transport
        The network; one that is not of links between satellites stays as it is.
    lost : ndarray of int64
        Satellites.

    Yields
    ------
    None
        Once, with the network changed.
    """
    if not isinstance(transport, NetworkTransport):
        yield
        return
    network = transport.network
    before, healthy = network.present, network.healthy.copy()
    healthy[lost] = False
    keep = healthy[before.a] & healthy[before.b]
    network.take(LinkState(before.a[keep], before.b[keep], before.length_m[keep], before.delay_s[keep], before.rate_factor[keep], healthy))
    try:
        yield
    finally:
        network.take(before)
