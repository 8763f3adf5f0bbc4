"""Batches of tiles: cuts by type and by thread, and the same results on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from sim.config import scenario
from sim.engine.batches import SHARE_TILES
from sim.engine.coupling import Coupling
from sim.engine.driver import Run

# 160 satellites of one type and 96 of another; in tiles of 4 each thread has its share
SETS = (
    "duration=20 min", "ground=null", "economics=", "baseline=",
    "satellites={small: {extends: starlink-edge, accelerators: 2}}",
    "constellation=[{kind: walker, altitude: 550 km, inclination: 53 deg, planes: 10, satellites_per_plane: 16}, "
    "{kind: walker, altitude: 560 km, inclination: 53 deg, planes: 8, satellites_per_plane: 12, satellite: small}]",
)  # fmt: skip


def _cuts(threads: int) -> list[tuple[int, int, int]]:
    run = Run(scenario.load("starlink_edge", SETS), tile=4, threads=threads)
    coupling = Coupling(run)
    run.begin_coupled(coupling)
    coupling.batches.close()
    return [(b.kind, int(b.first[0]), int(b.real.sum())) for b in coupling.batches]


@pytest.mark.parametrize(
    ("threads", "cuts"),
    [(1, [(0, 0, 160), (1, 160, 96)]), (2, [(0, 0, 128), (0, 128, 32), (1, 160, 96)]), (8, [(0, 0, 64), (0, 64, 64), (0, 128, 32), (1, 160, 32), (1, 192, 64)])],
)
def test_cut_by_type_and_thread(threads: int, cuts: list[tuple[int, int, int]]) -> None:
    """By hand: 64 tiles of 4; at least 16 tiles a thread, so at most four shares; the type changes after 40 tiles."""
    assert SHARE_TILES == 16
    assert _cuts(threads) == cuts


def test_threads_leave_no_trace() -> None:
    """Source of truth: the contract: the same bytes whatever the threads."""
    loaded = scenario.load("starlink_edge", SETS)
    one, two = (Run(loaded, tile=4, threads=threads).finish() for threads in (1, 3))
    for name in ("carry", "fleet", "extremes", "kept"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
