"""Networks on the ground: a star between nodes, and fibre between the site and its users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_MEAN_RADIUS_M, SPEED_OF_LIGHT_M_S
from sim.config import schema
from sim.workload.job_communication import Collective, Costs, JobCommunication, Transport
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Star:
    """Nodes around a core of unlimited rate: link n leads out of node n, link nodes + n into it."""

    version = 0

    def __init__(self, nodes: int, fabric: schema.Fabric) -> None:
        self.nodes = nodes
        # half of the latency on either side of the core
        self.directed_delay_s: Array = np.full(2 * nodes, 0.5 * fabric.latency)
        self.directed_rate_bit_s: Array = np.full(2 * nodes, fabric.rate * fabric.throughput)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        leaves = src != dst
        start = np.concatenate(([0], np.cumsum(2 * leaves))).astype(np.int64)
        return start, np.stack((src[leaves], self.nodes + dst[leaves]), axis=1).ravel().astype(np.int64)

    def components(self) -> Ints:
        return np.zeros(self.nodes, dtype=np.int64)


class ConstantCommunication(JobCommunication):
    """Messages on a network that never changes: costs are computed again only when ranks change."""

    def __init__(self, task: Task, collective: Collective, satellites: int) -> None:
        super().__init__(task, collective, satellites)
        self._last: Costs | None = None

    def costs(self, ranks: list[Ints], transport: Transport) -> Costs:
        same = len(ranks) == len(self._ranks) and all(a is b for a, b in zip(ranks, self._ranks, strict=True))
        if self._last is None or not same:
            self._last = super().costs(ranks, transport)
        return self._last


def great_circle_m(latitude_rad: float, longitude_rad: float, stations: Sequence[schema.Station]) -> Array:
    """Distance [m] over a sphere of the Earth's mean radius to each station, by haversines."""
    lat = np.array([s.latitude for s in stations])
    lon = np.array([s.longitude for s in stations])
    half = np.sin(0.5 * (lat - latitude_rad)) ** 2
    half = half + np.cos(lat) * np.cos(latitude_rad) * np.sin(0.5 * (lon - longitude_rad)) ** 2
    return np.asarray(2.0 * EARTH_MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, half))))


def round_trips_ms(site: schema.Site, stations: Sequence[schema.Station]) -> Array:
    """Propagation [ms] from each station to the site and back, over fibre that is `path_stretch` times the great circle."""
    length_m = site.fibre.path_stretch * great_circle_m(site.latitude, site.longitude, stations)
    return np.asarray(2e3 * length_m * site.fibre.index / SPEED_OF_LIGHT_M_S)
