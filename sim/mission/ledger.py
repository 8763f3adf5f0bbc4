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


class Ledger(NamedTuple):
    """Satellite-seconds of a replica by cause, in each part of the mission, and tokens."""

    own_s: Array  # (parts, causes)
    induced_s: Array  # (parts, causes)
    tokens: Array  # (parts, groups)

    @property
    def useful_s(self) -> Array:
        """Useful time, (parts,)."""
        return self.own_s[:, USEFUL]


def ledger(one: Histories, replica: int, found: Sequence[Group], table: Table) -> Ledger:
    """Ledger of a replica.

    A group without parts has what its satellites can still do. Of a job, time in which it works is divided as on a day without failures; the
    rest of its time is recovery, or `failed`: own of the places that are empty, induced of members that wait for them. Satellites of a job that
    work and are no members are spares.

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

    Returns
    -------
    Ledger
        Rows sum to the nameplate of each part of the mission.
    """
    width_s, age_s = one.width_s, one.mean_age_s[replica]
    shares = table.over_mission(table.shares, age_s)
    tokens_per_s = table.over_mission(table.tokens_per_s, age_s)
    own_s, induced_s = np.zeros((len(width_s), len(CAUSES))), np.zeros((len(width_s), len(CAUSES)))
    tokens = np.zeros((len(width_s), len(found)))
    for g, group in enumerate(found):
        row, size, members = one.jobs[replica, :, g], group.satellites.size, group.members.size
        working_s = row[:, JobColumn.USEFUL] if group.parts else row[:, JobColumn.SHARE]
        done_s = working_s[:, np.newaxis] * shares[:, g]
        own_s += done_s
        tokens[:, g] = tokens_per_s[:, g] * working_s / members
        lost_s = size * width_s - row[:, JobColumn.SHARE]  # rate that is not there
        if not group.parts:
            own_s[:, FAILED] += lost_s
            continue
        waits_s = row[:, JobColumn.SLOWED] + row[:, JobColumn.WAITING]
        spare_s = row[:, JobColumn.WORKING] - row[:, JobColumn.ACTIVE]
        own_s[:, RECOVERY] += row[:, JobColumn.RECOVERY] + row[:, JobColumn.SAVING]
        own_s[:, SPARE] += spare_s
        if (done_s[:, SPARE] < 0.0).any():  # events take members whose ranks spares have; what spares that are gone would do is no useful work
            gone_s = np.minimum(done_s[:, SPARE] + spare_s, 0.0)
            own_s[:, SPARE] -= gone_s
            own_s[:, USEFUL] += gone_s
        # all that is missing of the places: empty ones, spares that are gone, members that wait or are slowed
        failed_s = waits_s + (size - members) * width_s - spare_s
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
