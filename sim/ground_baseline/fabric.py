"""Networks on the ground: a star between nodes, and fibre between the site and its users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_MEAN_RADIUS_M, SPEED_OF_LIGHT_M_S
from sim.config import schema
from sim.workload.job_communication import Collective, Costs, JobCommunication, Transport
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Star:
    """Nodes around a core of unlimited rate: link n leads out of node n, link nodes + n into it.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    fabric : Fabric
        Rate, throughput and latency of the network.
    scale : ndarray, shape (nodes,), optional
        Rate of each node over that of the fabric; by default 1.
    """

    version = 0

    def __init__(self, nodes: int, fabric: schema.Fabric, scale: Array | None = None) -> None:
        self.nodes = nodes
        rates = np.full(nodes, fabric.rate * fabric.throughput) * (1.0 if scale is None else scale)
        # half of the latency on either side of the core
        self.directed_delay_s: Array = np.full(2 * nodes, 0.5 * fabric.latency)
        self.directed_rate_bit_s: Array = np.concatenate((rates, rates))
        self.directed_src: Ints = np.concatenate((np.arange(nodes), np.full(nodes, -1)))
        self.directed_dst: Ints = np.concatenate((np.full(nodes, -1), np.arange(nodes)))

    @property
    def inputs(self) -> list[NDArray[Any] | bytes]:
        """All that links and routes follow from."""
        return [b"star %d" % self.nodes, self.directed_delay_s, self.directed_rate_bit_s]

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """Routes between pairs of nodes, over the core.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last node of each pair.

        Returns
        -------
        start : ndarray of int64, shape (F + 1,)
            Pair f takes the links links[start[f]:start[f + 1]]; none where both are one node.
        links : ndarray of int64
            Directed links.
        """
        leaves = src != dst
        start = np.concatenate(([0], np.cumsum(2 * leaves))).astype(np.int64)
        return start, np.stack((src[leaves], self.nodes + dst[leaves]), axis=1).ravel().astype(np.int64)

    def components(self) -> Ints:
        """Connected component of each node.

        Returns
        -------
        ndarray of int64, shape (nodes,)
            Zeros: all nodes are connected.
        """
        return np.zeros(self.nodes, dtype=np.int64)


class ConstantCommunication(JobCommunication):
    """Messages on a network that never changes: costs are computed again only when ranks or what others ask for change.

    Parameters
    ----------
    task : Task
        A job of the kind.
    collective : Collective
        All-reduce of the gradients.
    satellites : int
        Number of nodes.
    """

    def __init__(self, task: Task, collective: Collective, satellites: int) -> None:
        super().__init__(task, collective, satellites)
        self._last: Costs | None = None
        self._background: Array | None = None  # that the last costs hold for

    def costs(
        self, ranks: list[Ints], transport: Transport, background_bit_s: Array | None = None, exchanging: Flags | None = None
    ) -> Costs:
        """Communication times of all jobs.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Nodes of each job in rank order; the same arrays as long as they do not change.
        transport : Transport
            Links and routes, which never change.
        background_bit_s : ndarray, shape (2 L,), optional
            What others ask for on each directed link [bit/s]; constant.
        exchanging : ndarray of bool, shape (jobs,), optional
            Islands, or replicas, that exchange with each other; by default all.

        Returns
        -------
        Costs
            Times [s].
        """
        same = self.same_messages(ranks, exchanging)
        kept = self._background is background_bit_s or (
            self._background is not None and background_bit_s is not None and np.array_equal(self._background, background_bit_s)
        )
        if self._last is None or not (same and kept):
            self._last, self._background = super().costs(ranks, transport, background_bit_s, exchanging), background_bit_s
        return self._last


def great_circle_m(latitude_rad: float, longitude_rad: float, stations: Sequence[schema.Station]) -> Array:
    """Distance from a place to stations over a sphere of the Earth's mean radius, by haversines.

    Parameters
    ----------
    latitude_rad, longitude_rad : float
        The place [rad].
    stations : sequence of Station
        Ground stations.

    Returns
    -------
    ndarray, shape (stations,)
        Distances [m].
    """
    lat = np.array([s.latitude for s in stations])
    lon = np.array([s.longitude for s in stations])
    half = np.sin(0.5 * (lat - latitude_rad)) ** 2
    half = half + np.cos(lat) * np.cos(latitude_rad) * np.sin(0.5 * (lon - longitude_rad)) ** 2
    return np.asarray(2.0 * EARTH_MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, half))))


def round_trips_ms(site: schema.Site, stations: Sequence[schema.Station]) -> Array:
    """Round-trip propagation times from stations to a site over fibre.

    The fibre is `path_stretch` times as long as the great circle.

    Parameters
    ----------
    site : Site
        The ground site.
    stations : sequence of Station
        Ground stations.

    Returns
    -------
    ndarray, shape (stations,)
        Times [ms].
    """
    length_m = site.fibre.path_stretch * great_circle_m(site.latitude, site.longitude, stations)
    return np.asarray(2e3 * length_m * site.fibre.index / SPEED_OF_LIGHT_M_S)
