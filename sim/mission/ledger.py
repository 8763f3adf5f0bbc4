"""Where the nameplate of a mission goes: the causes of the days, and what failures, spares and recovery take beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.replicas.tables import JobColumn
from sim.mission.capability import Table
from sim.mission.groups import Group
from sim.mission.histories import Histories
from sim.schema import CAUSES

Array = NDArray[np.float64]
FAILED, SPARE, UNPLACED, RECOVERY, USEFUL = (CAUSES.index(name) for name in ("failed", "spare", "unplaced", "recovery", "useful"))
ROUNDING = 1e-9  # of sums over the events of a replica, relative


class Ledger(NamedTuple):
    """Where the nameplate of a replica goes in each part of the mission, and tokens.

    Times are those of whole satellites, times the nameplate of their generation over that of the first.
    """

    own_s: Array  # (parts, causes)
    induced_s: Array  # (parts, causes)
    tokens: Array  # (parts, groups)

    @property
    def useful_s(self) -> Array:
        """Useful time, (parts,)."""
        return self.own_s[:, USEFUL]

    @property
    def nameplate_s(self) -> float:
        """Nameplate: all places, those that are empty as of the first generation."""
        return float(self.own_s.sum() + self.induced_s.sum())


def ledger(one: Histories, replica: int, found: Sequence[Group], table: Table, rates: Sequence[float] = (1.0,)) -> Ledger:
    """Ledger of a replica.

    A group without parts has what its satellites can still do. Of a job, time in which it works is divided as on a day without failures; the
    rest of its time is recovery, or `failed`: own of the places that are empty, induced of members that wait for them, or that run at the pace
    of an older generation. Satellites of a job that work and are no members are spares.

    Parameters
    ----------
    one : Histories
        The replicas.
    replica : int
        Number of the replica.
    found : sequence of Group
        Groups of satellites.
    table : Table
        What the fleet can do.
    rates : sequence of float, optional
        Nameplate of a satellite of each generation over that of the first.

    Returns
    -------
    Ledger
        Rows sum to the nameplate of each part of the mission.
    """
    width_s, weight = one.width_s, np.array(rates)
    own_s, induced_s = np.zeros((len(width_s), len(CAUSES))), np.zeros((len(width_s), len(CAUSES)))
    tokens = np.zeros((len(width_s), len(found)))
    for g, group in enumerate(found):
        rows, size, members = one.by_type[replica, :, g], group.satellites.size, group.members.size
        done_s = np.zeros_like(own_s)
        for t, rate in enumerate(rates):
            age_s = one.age_s(replica, g, t)
            worked_s = rows[:, t, JobColumn.USEFUL if group.parts else JobColumn.SHARE]
            done_s += rate * worked_s[:, np.newaxis] * table.over_mission(table.shares[t], age_s)[:, g]
            tokens[:, g] += table.over_mission(table.tokens_per_s[t], age_s)[:, g] * worked_s / members
        own_s += done_s
        working_s = rows[:, :, JobColumn.WORKING]
        empty_s = size * width_s - working_s.sum(axis=1)
        lost_s = empty_s + (working_s - rows[:, :, JobColumn.SHARE]) @ weight  # rate that is not there
        if not group.parts:
            own_s[:, FAILED] += lost_s
            continue
        spare_s = working_s - rows[:, :, JobColumn.ACTIVE]
        own_s[:, RECOVERY] += (rows[:, :, JobColumn.RECOVERY] + rows[:, :, JobColumn.SAVING]) @ weight
        own_s[:, SPARE] += spare_s @ weight
        if (done_s[:, SPARE] < 0.0).any():  # events take members whose ranks spares have; what spares that are gone would do is no useful work
            gone_s = np.minimum(done_s[:, SPARE] + spare_s @ weight, 0.0)
            own_s[:, SPARE] -= gone_s
            own_s[:, USEFUL] += gone_s
        # all that is missing of the places: spares that are gone, members that wait, that are slowed or newer than those they wait for
        waits_s = (rows[:, :, JobColumn.SLOWED] + rows[:, :, JobColumn.WAITING]) @ weight
        newer_s = (rows[:, :, JobColumn.ACTIVE] - rows[:, :, JobColumn.PACED]) @ weight
        failed_s = waits_s + newer_s + (size - members) * width_s - spare_s.sum(axis=1)
        whole_s = size * width_s.sum()
        assert min(lost_s.sum(), failed_s.sum()) >= -ROUNDING * whole_s, "satellites work longer than the mission, or a job lacks less than nothing"
        # Own is the rate that is not there, as far as it has no other cause yet: recovery takes the time of all members, those that are gone
        # too; a spare that works in part counts whole as spare; and a job that is planned again can be faster than its fewer members.
        # Work that is rolled back is taken evenly over the time since its checkpoint: where the pace changed in between, failed_s of a single
        # part can be below zero. The whole mission's is not.
        own = np.clip(np.minimum(lost_s, failed_s), 0.0, None)
        own_s[:, FAILED] += own
        induced_s[:, FAILED] += failed_s - own
    return Ledger(own_s, induced_s, tokens)


def with_owner(found: Ledger, kept: Ledger) -> Ledger:
    """A ledger in which satellites that work for somebody else, and members that wait for them, are `unplaced` and not `failed`.

    Parameters
    ----------
    found : Ledger
        Ledger of a replica whose satellites are withdrawn.
    kept : Ledger
        That of the same replica, by the same random numbers, without withdrawals.

    Returns
    -------
    Ledger
        What is `failed` in the first only has the cause `unplaced`.
    """
    own_s, induced_s = found.own_s.copy(), found.induced_s.copy()
    for rows, before in ((own_s, kept.own_s), (induced_s, kept.induced_s)):
        taken_s = np.maximum(rows[:, FAILED] - before[:, FAILED], 0.0)
        rows[:, FAILED] -= taken_s
        rows[:, UNPLACED] += taken_s
    return Ledger(own_s, induced_s, found.tokens)
