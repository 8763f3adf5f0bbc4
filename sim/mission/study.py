"""A mission that has been simulated: what its days say, its replicas, and where its nameplate goes in each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded
from sim.config.schema import Mission
from sim.engine.threads import one_blas_thread
from sim.fleet.replicas.fleet import Fleet
from sim.mission.capability import Table
from sim.mission.groups import Group
from sim.mission.histories import Histories, histories
from sim.mission.layout import Prices, rates
from sim.mission.ledger import Ledger, ledger, with_owner
from sim.mission.listed import without_withdrawals
from sim.pool import Each
from sim.schema import CAUSES

Array = NDArray[np.float64]


class Study(NamedTuple):
    """A mission that has been simulated."""

    loaded: Loaded
    groups: Sequence[Group]
    table: Table
    fleet: Fleet
    prices: Prices
    peak_flops_per_s: float  # of one satellite
    one: Histories
    ledgers: Sequence[Ledger]

    @property
    def mission(self) -> Mission:
        """Section `mission` of the scenario."""
        assert self.loaded.scenario.mission is not None
        return self.loaded.scenario.mission

    @property
    def useful_s(self) -> Array:
        """Useful satellite-seconds, (replicas, parts)."""
        return np.array([found.useful_s for found in self.ledgers])

    @property
    def nameplate_s(self) -> Array:
        """Nameplate in satellite-seconds of the first generation, (replicas,)."""
        return np.array([found.nameplate_s for found in self.ledgers])

    @property
    def useful_rates(self) -> Array:
        """Useful rate over that of a fleet without losses, (replicas, parts)."""
        return self.useful_s / self.whole_useful_s

    @property
    def whole_useful_s(self) -> Array:
        """Useful satellite-seconds of a fleet of the first generation of which nothing fails, without events, and that ages, (parts,)."""
        age_s = 0.5 * (self.one.edges_s[:-1] + self.one.edges_s[1:])
        useful = self.table.without_events(self.table.shares[0, ..., CAUSES.index("useful")], age_s)
        return np.asarray(useful @ np.array([float(group.members.size) for group in self.groups]) * self.one.width_s)

    def with_fleet(
        self, fleet: Fleet, threads: int | None = None, progress: Callable[[int, int], None] | None = None, each: Each | None = None
    ) -> Study:
        """The mission with another fleet of replicas, from the days that are known and with the same random numbers.

        Parameters
        ----------
        fleet : Fleet
            The other fleet, with the same parts of the mission and the same places.
        threads : int or None, optional
            Threads; they do not change results. By default one for each processor.
        progress : callable, optional
            Called as progress(done, total) with the number of replicas.
        each : Each or None, optional
            What simulates replicas on worker processes instead; it does not change results.

        Returns
        -------
        Study
            The other mission.
        """
        return simulated(self.loaded, self.groups, self.table, fleet, self.prices, self.peak_flops_per_s, threads, progress, each)


@one_blas_thread()
def simulated(
    loaded: Loaded, found: Sequence[Group], table: Table, fleet: Fleet, prices: Prices, peak_flops_per_s: float, threads: int | None = None,
    progress: Callable[[int, int], None] | None = None, each: Each | None = None,
) -> Study:  # fmt: skip
    """Simulate the replicas of a mission whose days are known.

    Parameters
    ----------
    loaded : Loaded
        The scenario with its mission.
    found : sequence of Group
        Groups of satellites.
    table : Table
        What the fleet can do.
    fleet : Fleet
        The fleet of the replicas.
    prices : Prices
        Prices of what is ordered.
    peak_flops_per_s : float
        Nameplate of one satellite [FLOP/s].
    threads, progress, each : optional
        As in `Study.with_fleet`.

    Returns
    -------
    Study
        The mission.
    """
    mission = loaded.scenario.mission
    assert mission is not None
    number, seed, of_first = int(mission.replicas), int(loaded.scenario.seed), rates(loaded.scenario)
    one = histories(fleet, seed, number, threads, progress, each=each)
    ledgers, kept = [ledger(one, n, found, table, of_first) for n in range(number)], without_withdrawals(fleet)
    if kept is not fleet:  # beside the same replicas in which the owner takes no satellites
        other = histories(kept, seed, number, threads, each=each)
        ledgers = [with_owner(mine, ledger(other, n, found, table, of_first)) for n, mine in enumerate(ledgers)]
    return Study(loaded, found, table, fleet, prices, peak_flops_per_s, one, ledgers)
