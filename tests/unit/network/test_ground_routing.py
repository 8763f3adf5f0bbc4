"""Satellites that stations reach, by hand."""

from __future__ import annotations

import numpy as np

from orbit.ground import masks
from sim.network.ground_routing import GroundRouting
from sim.network.link_state import LinkRules, Network


def test_satellites_that_come_back_without_links_are_apart() -> None:
    """Source of truth: by hand. Three satellites without links, of which the station at the north pole sees the second; the
    second and the third come back in the second step, and only one of them is reached, though no link has changed."""
    network = Network([], 3, LinkRules("grid", 4, None, 80e3, 5e6, 0.0))
    r_m = np.array([[7e6, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 7e6, -7e6]])
    sky = (np.array([[0.0, 0.0, 6.4e6]]), np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]))
    routing = GroundRouting(
        steps=2, step_s=60.0, satellites=3, sin_min_elevation=np.array([0.5]), max_range_m=np.array([np.inf]), masks=masks([]),
        pairs=[], network=network, stride=0,
    )  # fmt: skip
    up = np.ones(1, dtype=bool)
    found = []
    for k, working in enumerate(([True, False, False], [True, True, True])):
        flags = np.array(working)
        network.update(r_m, flags, {})
        found.append(routing.update(k, r_m, flags, flags, sky, network, flags, up).tolist())
    assert found == [[False, False, False], [False, True, False]]
    assert network.version == 0
