"""When a job is planned again, and on which satellites: members, spares and links by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.engine.replanning import Planned, Replanner
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy

NOW = np.zeros(1, dtype=np.bool_)


class Made:
    """A job of satellites 5 to 2, the satellites 1 and 0 of its workload that it does not use, and two spares, 6 and 7."""

    def __init__(self) -> None:
        training = SimpleNamespace(jobs=1, task=SimpleNamespace(islands=None))
        fleet: Any = SimpleNamespace(order=np.array([5, 4, 3, 2, 1, 0]))
        planned: Any = Planned(SimpleNamespace(replan_after=100.0), training, fleet)  # type: ignore[arg-type]
        self.lifecycle = JobLifecycle([[5, 4, 3, 2]], [0, 1, 6, 7], Policy(math.inf, 0.0, 0.0, 0.0))
        self.fleet: Any = SimpleNamespace(lifecycle=self.lifecycle)
        self.transport: Any = SimpleNamespace(version=0, directed_src=np.array([0, 1]), directed_dst=np.array([1, 0]))
        (self.watch,) = Replanner([(1, planned)], None, 2, 1e4).watches
        self.time_s = 0.0

    def step(self, *changes: tuple[int, float]) -> None:
        """Ten seconds, at the beginning of which satellites change."""
        at_s, self.time_s = self.time_s, self.time_s + 10.0
        self.lifecycle.advance(at_s, self.time_s, NOW, [SatelliteChange(at_s, satellite, left) for satellite, left in changes])

    def due(self) -> bool:
        self.watch.look(self.fleet, self.time_s, self.transport)
        return self.watch.due(self.time_s)

    def at_hand(self) -> list[int]:
        found: list[int] = self.watch.at_hand(self.fleet).tolist()
        return found


def test_spares_stay_in_reserve() -> None:
    """By hand: of the satellites without a rank two stay in reserve. Lost members are replaced by the lowest number."""
    made = Made()
    assert made.at_hand() == [5, 4, 3, 2, 1, 0]
    made.step((5, 0.0))
    assert made.at_hand() == [4, 3, 2, 1, 0]  # 0 has its rank; of 1, 6 and 7 one may be a member
    made.step((5, 1.0))
    assert made.at_hand() == [5, 4, 3, 2, 1, 0]
    made.step((4, 0.0), (3, 0.0), (2, 0.0))
    assert made.lifecycle.ranks()[0].tolist() == [0, 1, 5, 6]
    assert made.at_hand() == [5, 1, 0, 6]  # 7 is left
    made.step((4, 1.0), (3, 1.0), (2, 1.0))
    assert made.at_hand() == [5, 4, 3, 1, 0, 6]  # 2, 3, 4 and 7 have no rank


def test_a_change_must_last() -> None:
    """By hand: a hundred seconds after the beginning of the first step that sees it, unless it is undone before."""
    made = Made()
    assert not made.due()
    made.step((5, 0.0))
    seen = []
    for _ in range(11):
        seen.append(made.due())
        made.step()
    assert seen == [False] * 10 + [True]
    made.watch.settle(made.fleet)
    made.step((5, 1.0))
    assert not made.due()
    made.step((5, 0.0))  # 5 has no rank: as at the last plan
    for _ in range(12):
        made.step()
        assert not made.due()


@pytest.mark.parametrize("lasts", [True, False])
def test_links_must_stay_as_they_are(lasts: bool) -> None:
    """By hand: a link that is gone for a hundred seconds counts, links that change every ten seconds do not."""
    made = Made()
    assert not made.due()
    seen = []
    for k in range(25):
        if k == 0 or not lasts:
            made.transport.version += 1
            made.transport.directed_src = made.transport.directed_dst = np.array([2 + k % 2])
        made.step()
        seen.append(made.due())
    assert seen == [False] * 10 + [lasts] * 15
