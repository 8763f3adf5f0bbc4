"""Utilisation of links between satellites."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.link_traffic import MOMENTS, LinkTraffic, users_bit_s


class _Transport:
    """Links of four satellites in a row, or some of them, of 10 Gbit/s."""

    def __init__(self, a: list[int], b: list[int], rate_bit_s: float = 1e10) -> None:
        self.directed_src, self.directed_dst = np.array(a + b), np.array(b + a)
        self.directed_rate_bit_s = np.full(2 * len(a), rate_bit_s)


class _Service:
    def traffic_byte_s(self, k: int) -> tuple[float, float]:
        return 3e8, 1e8  # prompts, answers


class _Scheduler:
    """Work that asks for given rates; a service, or none."""

    def __init__(self, asked: list[float], served: bool = False) -> None:
        self.asked, self.services = np.array(asked), [_Service()] if served else []

    def link_demand_bit_s(self, links: int) -> np.ndarray:
        assert links == self.asked.size
        return self.asked


def test_users_load_the_hops_of_their_routes() -> None:
    """Source of truth: by hand: three stations have routes; one crosses links 0-1 and 1-2, one link 2-1, one none. Of 300 MB/s of prompts and
    100 MB/s of answers each route carries a third: 0.8 Gbit/s up and 0.267 Gbit/s down."""
    transport: Any = _Transport([0, 1, 2], [1, 2, 3])
    scheduler: Any = _Scheduler([], served=True)
    found = users_bit_s(scheduler, [[0, 1, 2], [], [2, 1], [3]], 0, transport, 4)
    assert found is not None
    up, down = 8 * 3e8 / 3, 8 * 1e8 / 3
    assert found == pytest.approx([up, up + down, 0.0, down, down + up, 0.0])
    none: Any = _Scheduler([])
    assert users_bit_s(none, [[0, 1]], 0, transport, 4) is None
    assert users_bit_s(scheduler, [[], [3]], 0, transport, 4) == pytest.approx(np.zeros(6))


def test_utilisation_over_links_and_moments() -> None:
    """Source of truth: by hand: rates asked over 10 Gbit/s; of a link its busier direction, averaged over the moments at which it exists."""
    traffic = LinkTraffic(4, 4)
    assert traffic.steps.tolist() == [0, 1, 2, 3]
    row: Any = _Transport([0, 1, 2], [1, 2, 3])
    some: Any = _Transport([0, 2], [1, 3])
    first: Any = _Scheduler([1e9, 2e9, 0.0, 4e9, 0.0, 0.0])
    second: Any = _Scheduler([2e9, 0.0, 0.0, 12e9])
    traffic.add(0, first, row, None)
    traffic.add(1, first, row, np.array([0.0, 0.0, 0.0, 0.0, 6e9, 0.0]))
    traffic.add(2, second, some, None)
    assert traffic.mean[:3] == pytest.approx([0.7 / 6, 1.3 / 6, 1.4 / 4])
    assert traffic.largest[:3] == pytest.approx([0.4, 0.6, 1.2])
    assert traffic.carried_bit_s.tolist() == [7e9, 13e9, 14e9, 0.0]
    assert np.isnan(traffic.mean[3])
    found = traffic.of_links(np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3]))
    assert found[:3] == pytest.approx([(0.4 + 0.4 + 0.2) / 3, (0.2 + 0.6) / 2, (0.0 + 0.0 + 1.2) / 3])
    assert np.isnan(found[3])


def test_moments_are_evenly_spread() -> None:
    """Source of truth: 96 moments of 1,440 steps are 15 steps apart."""
    steps = LinkTraffic(1440, 2).steps
    assert steps.size == MOMENTS
    assert set(np.diff(steps).tolist()) == {15}
    assert [LinkTraffic(1440, 2).moment(k) for k in (0, 7, 22, 1439)] == [-1, 0, 1, -1]


def test_a_run_agrees_with_its_roofline() -> None:
    """Source of truth: the traffic of a step as the roofline of the job counts it, bytes injected by the members: no hop of a message carries
    less than was injected, and the mesh has few hops. Utilisation is that of links of 9.6 Tbit/s."""
    found = sim.run(sim.load("suncatcher", set=["duration=30 min", "fleet.soft_errors=false", "recorder={satellites: 81}"]))
    network, series = found.summary["network"], found.series
    assert 0.0 < network["utilisation_mean"] < network["utilisation_max"] <= 1.0
    assert network["utilisation_mean"] == pytest.approx(float(series["link_utilisation_mean"].mean()))
    assert network["utilisation_max"] == pytest.approx(float(series["link_utilisation_max"].max()))
    directed = 2.0 * network["links_mean"]
    carried = float(series["link_traffic_bit_s"].mean())
    assert carried == pytest.approx(network["utilisation_mean"] * directed * 9.6e12, rel=1e-6)
    shown = series["link_utilisation"].values
    assert shown.size >= network["links_mean"]
    assert np.nanmean(shown) >= network["utilisation_mean"]  # the busier direction of each
