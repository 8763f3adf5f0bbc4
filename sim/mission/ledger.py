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
FAILED, SPARE, RECOVERY, USEFUL = (CAUSES.index(name) for name in ("failed", "spare", "recovery", "useful"))
ROUNDING = 1e-9  # of sums over the events of a replica, relative


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
        own_s += working_s[:, np.newaxis] * shares[:, g]
        tokens[:, g] = tokens_per_s[:, g] * working_s / members
        lost_s = size * width_s - row[:, JobColumn.SHARE]  # rate that is not there
        if not group.parts:
            own_s[:, FAILED] += lost_s
            continue
        waits_s = row[:, JobColumn.SLOWED] + row[:, JobColumn.WAITING]
        spare_s = row[:, JobColumn.WORKING] - row[:, JobColumn.ACTIVE]
        own_s[:, RECOVERY] += row[:, JobColumn.RECOVERY] + row[:, JobColumn.SAVING]
        own_s[:, SPARE] += spare_s
        # all that is missing of the places: empty ones, spares that are gone, members that wait or are slowed
        failed_s = waits_s + (size - members) * width_s - spare_s
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
