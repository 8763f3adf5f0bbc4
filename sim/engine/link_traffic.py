"""What workloads ask of the links between satellites, and how much of them it takes, at some moments of a run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.network.intervals import SampledSteps
from sim.workload.job_communication import Transport
from sim.workload.jobs import JobScheduler

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOMENTS = 96  # evenly spread over the run


def users_bit_s(scheduler: JobScheduler, routes: list[list[int]], k: int, transport: Transport, satellites: int) -> Array | None:
    """What users ask of each directed link of satellites, spread evenly over the stations that have a route.

    Prompts go from the satellite of access to the server, answers back.

    Parameters
    ----------
    scheduler : JobScheduler
        Workloads; what services deliver counts.
    routes : list of list of int
        Satellites of each station's route, from access to server; empty without a route.
    k : int
        The step.
    transport : Transport
        Links of the step.
    satellites : int
        Number of satellites.

    Returns
    -------
    ndarray or None
        Rates [bit/s], (2 L,); None without services.
    """
    if not scheduler.services:
        return None
    traffic = [service.traffic_byte_s(k) for service in scheduler.services]
    routes = [route for route in routes if route]
    src, dst = transport.directed_src, transport.directed_dst
    asked = np.zeros(src.size)
    hops = [(a, b) for route in routes for a, b in pairwise(route)]
    if not hops or not src.size:
        return asked
    up, down = (8.0 * sum(part) / len(routes) for part in zip(*traffic, strict=True))
    keys = src * satellites + dst
    order = np.argsort(keys, kind="stable")
    for ends, rate_bit_s in (([a * satellites + b for a, b in hops], up), ([b * satellites + a for a, b in hops], down)):
        at = order[np.minimum(np.searchsorted(keys, ends, sorter=order), keys.size - 1)]
        found = keys[at] == ends
        np.add.at(asked, at[found], rate_bit_s)
    return asked


class LinkTraffic(SampledSteps):
    """Utilisation of links at evenly spread moments of a run: over all links at each moment, and of each link over all moments.

    Parameters
    ----------
    steps : int
        Steps of the run.
    satellites : int
        Number of satellites N.

    Attributes
    ----------
    steps : ndarray of int64, shape (moments,)
        Steps of which the links are taken.
    mean, p99, largest : ndarray, shape (moments,)
        Utilisation over the directed links that exist: what is asked over the rate of the link; above 1 it saturates. Not a number without
        links.
    carried_bit_s : ndarray, shape (moments,)
        What is asked of all directed links together [bit/s].
    """

    def __init__(self, steps: int, satellites: int) -> None:
        super().__init__(steps, MOMENTS)
        self.mean, self.p99, self.largest = np.full((3, self.steps.size), np.nan)
        self.carried_bit_s = np.zeros(self.steps.size)
        self._satellites = satellites
        self._parts: list[tuple[Ints, Array, Array]] = []  # of links that stayed: keys, sums of utilisation, moments
        self._ends: tuple[Ints, Ints] | None = None

    def add(self, moment: int, scheduler: JobScheduler, transport: Transport, of_users_bit_s: Array | None) -> None:
        """Enter one moment.

        Parameters
        ----------
        moment : int
            Its index, from `moment`.
        scheduler : JobScheduler
            Workloads after the beginning of the step.
        transport : Transport
            Links of the step.
        of_users_bit_s : ndarray or None
            What users ask of each directed link [bit/s].
        """
        rate_bit_s = transport.directed_rate_bit_s
        if not rate_bit_s.size:
            return
        asked = scheduler.link_demand_bit_s(rate_bit_s.size)
        if of_users_bit_s is not None:
            asked = asked + of_users_bit_s
        with np.errstate(divide="ignore"):  # what is asked of a link of rate 0 is infinitely too much
            used = np.divide(asked, rate_bit_s, out=np.zeros_like(asked), where=asked > 0.0)
        self.mean[moment], self.largest[moment] = used.mean(), used.max()
        self.p99[moment] = np.percentile(used, 99.0)
        self.carried_bit_s[moment] = asked.sum()
        links = rate_bit_s.size // 2
        busier = np.maximum(used[:links], used[links : 2 * links])  # what `why` removes may add a link to itself at the end
        a, b = transport.directed_src[:links], transport.directed_dst[:links]
        if self._ends is None or not (np.array_equal(a, self._ends[0]) and np.array_equal(b, self._ends[1])):
            self._ends = a.copy(), b.copy()
            self._parts.append((a * self._satellites + b, np.zeros(links), np.zeros(links)))
        _, sums, count = self._parts[-1]
        sums += busier
        count += 1.0

    def of_links(self, a: Ints, b: Ints) -> Array:
        """Mean utilisation of links over the moments at which they exist, in the busier direction.

        Parameters
        ----------
        a, b : ndarray of int64, shape (links,)
            Ends of the links, a < b.

        Returns
        -------
        ndarray, shape (links,)
            Utilisation; not a number for links that exist at no moment.
        """
        asked = a * self._satellites + b
        if not self._parts:
            return np.full(asked.size, np.nan)
        keys = np.concatenate([part[0] for part in self._parts])
        known, place = np.unique(keys, return_inverse=True)
        sums, count = (np.bincount(place.reshape(-1), weights=np.concatenate([part[n] for part in self._parts])) for n in (1, 2))
        at = np.minimum(np.searchsorted(known, asked), known.size - 1)
        return np.where(known[at] == asked, sums[at] / count[at], np.nan)
