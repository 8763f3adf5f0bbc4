"""Satellites and gateways that stations keep between assignments."""

from __future__ import annotations

import numpy as np
import pytest

from orbit.ground import masks
from sim.network.ground_paths import GroundPaths
from sim.network.ground_routing import GroundRouting
from sim.network.handover import Held, HeldAccess
from sim.network.link_state import LinkRules, LinkState, Network
from sim.network.route_block import BlockRouter

C_M_S = 299792458.0
INF = np.inf


@pytest.mark.parametrize("length", [1, 2, 7])
@pytest.mark.parametrize("linked", [False, True])
def test_a_station_keeps_its_satellite_by_hand(length: int, linked: bool) -> None:
    """Source of truth: by hand, seven steps in intervals of three, two satellites. In the first the station keeps satellite 0 though 1
    comes nearer; in the second it has 1, which sets after a step, so that it takes 0 at once and keeps it though 1 comes back; in
    the third it sees none. Delays are those of the moving satellite, whatever the length of a block."""
    slant_m = 1e5 * np.array([[6, 9], [8, 7], [9, 6], [9, 6], [8, INF], [7, 6], [INF, INF]])[:, np.newaxis, :]
    slots = np.array([4, 4, 4, 5, 5, 5, 6])
    held, serves = HeldAccess(slots, 1), np.ones((7, 2), dtype=bool)
    network = Network([], 2, LinkRules("nearest", 1, None, 80e3, INF, 0.0))
    none = np.zeros(0, dtype=np.int64)
    state = LinkState(none, none, np.zeros(0), np.zeros(0), np.zeros(0), np.ones(2, dtype=bool))
    router, delays, routes = BlockRouter(network), [], []
    for k in range(0, 7, length):
        part = slice(k, min(k + length, 7))
        if linked:
            found = router.block([state] * (part.stop - k)).serve(
                slant_m[part], serves[part], lambda *given, k=k: held.keep(k, *given)  # type: ignore[misc]
            )
            delays += [one.delay_s[0] for one in found]
            routes += [one.routes[0] for one in found]
        else:
            access = slant_m[part].argmin(axis=2)
            delay_s = slant_m[part].min(axis=2) / C_M_S
            held.keep(k, slant_m[part], np.zeros((2, part.stop - k)), access, delay_s)
            delays += delay_s[:, 0].tolist()
            routes += [[n] if np.isfinite(d) else [] for n, d in zip(access[:, 0].tolist(), delay_s[:, 0], strict=True)]
    assert routes == [[0], [0], [0], [1], [0], [0], []]
    np.testing.assert_allclose(np.array(delays) * C_M_S, [6e5, 8e5, 9e5, 6e5, 8e5, 7e5, INF], rtol=1e-15)


def test_a_user_keeps_its_gateway_by_hand() -> None:
    """Source of truth: by hand: gateway 1 becomes sooner at the second step and is taken at the third; gateway 1 loses its route at
    the fourth, and gateway 0 is used at once, and kept at the fifth."""
    paths = GroundPaths(np.array([0]), np.array([1, 2]), True, np.array([[1e-3, 2e-3]]), np.zeros((2, 1)), np.zeros(1, dtype=np.int64))
    held, found = Held(np.array([0, 0, 1, 1, 1]), 1), []
    for k, delay_ms in enumerate(([5, 9], [5, 3], [5, 3], [6, INF], [5, 3])):
        delay_s, gateway = paths.over_gateways(1e-3 * np.array(delay_ms, dtype=float), lambda *given, k=k: held.choose(k, *given))  # type: ignore[misc]
        found.append((round(1e3 * float(delay_s[0]), 9), int(gateway[0])))
    assert found == [(6.0, 0), (6.0, 0), (5.0, 1), (7.0, 0), (6.0, 0)]


def test_terminals_keep_satellite_and_gateway_by_hand() -> None:
    """Source of truth: by hand, slant ranges as light time: satellite 0 lands at gateway 0, satellite 1 at gateway 1 with 2 ms of
    fibre less. At the second step 1 is sooner by 2 ms; it is taken at the third. Without held choices the least counts."""
    user = [[4, 5], [6, 3], [6, 3]]
    slant_m = np.full((3, 3, 2), INF)
    slant_m[:, 0] = 1e-3 * C_M_S * np.array(user)
    slant_m[:, 1, 0] = slant_m[:, 2, 1] = 2e-3 * C_M_S
    paths = GroundPaths(
        np.array([0]), np.array([1, 2]), False, np.zeros((1, 2)), np.array([[3e-3], [4e-3]]), np.zeros(1, dtype=np.int64)
    )
    delay_s, bent = paths.held_internet_s(slant_m, None, 0, Held(np.array([7, 7, 8]), 1))
    np.testing.assert_allclose(1e3 * delay_s[:, 0], [9.0, 11.0, 9.0], atol=1e-12)
    assert bent.all()
    free_s, _ = paths.internet_s(slant_m, None)
    np.testing.assert_allclose(1e3 * free_s[:, 0], [9.0, 9.0, 9.0], atol=1e-12)
    each_s, _ = paths.held_internet_s(slant_m, None, 0, Held(np.arange(3), 1))
    np.testing.assert_allclose(each_s, free_s, rtol=1e-14)


@pytest.mark.parametrize(("slots", "handovers"), [(None, 3), ([0, 0, 0, 1, 1, 1], 1)])
def test_handovers_are_counted(slots: list[int] | None, handovers: int) -> None:
    """Source of truth: by hand: above the pole the nearer of two satellites changes at each of steps 1 to 3 and stays; kept for
    three steps, it changes at step 3 alone. The first satellite is none."""
    routing = GroundRouting(
        steps=6, step_s=5.0, satellites=2, sin_min_elevation=np.array([0.2]), max_range_m=np.array([INF]), masks=masks([]), pairs=[],
        network=None, stride=0, slots=None if slots is None else np.array(slots),
    )  # fmt: skip
    sky = (np.array([[0.0, 0.0, 6.4e6]]), np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]))
    up = np.ones(2, dtype=bool)
    for k, nearer in enumerate((0, 1, 0, 1, 1, 1)):
        r_m = np.array([[0.0, 0.0], [0.0, 0.0], [7e6, 7e6]])
        r_m[2, nearer] -= 1e5
        routing.update(k, r_m, up, up, sky, None, up, np.ones(1, dtype=bool))
    assert routing.handovers.tolist() == [handovers]
