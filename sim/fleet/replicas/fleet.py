"""A fleet over years as one writes it down, and as the arrays of a replica."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.random_streams import process_number
from sim.fleet.replicas import tables
from sim.fleet.replicas.run import Outcome, Room, run, with_keys
from sim.fleet.replicas.tables import UNIT_BITS, Keeper, Plan, Scope, Unit

Array = NDArray[np.float64]


class Remedy(NamedTuple):
    """What is tried when a unit has failed."""

    success: float  # probability, 0 to 1
    time_s: float


class Process(NamedTuple):
    """A process by which units of one kind fail; its name keys its random numbers."""

    name: str
    unit: Unit
    scale_s: float  # Weibull distribution of the lifetimes
    shape: float = 1.0
    frailty: float = math.inf  # shape of the gamma distribution of rates among units
    remedies: tuple[Remedy, ...] = ()  # four at most; without them a failure is for good
    changes: tuple[tuple[float, float], ...] = ()  # from a time [s] on, the rate is multiplied


class CommonCause(NamedTuple):
    """Events that hit each unit of a group with a probability."""

    name: str
    scope: Scope
    unit: Unit
    hits: float
    rate_s: float = 0.0  # events of one group [1/s]
    at_s: float = math.inf  # or the time of a single one, of all groups
    return_s: float = math.inf
    first: int = 0  # slots of the scope SLOTS, which happens at a listed time
    last: int = -1


class Kind(NamedTuple):
    """A type of satellite. A kind of unit that is not listed does not fail by itself."""

    units: Mapping[Unit, int] = {}
    accelerators_per_host: int = 1
    left: Mapping[Unit, Sequence[float]] = {}  # rate left by number of failed units, 0 to all; without it the share that works
    replace_below: float = 0.0
    life_s: float = math.inf
    usd: float = 0.0
    from_s: float = -math.inf
    rate: float = 1.0  # over that of the first type; jobs with older members run at their pace


class Supply(NamedTuple):
    """How satellites are replaced; see `tables.SUPPLY`."""

    drift_s: float = 0.0
    spares_age: bool = True
    parallel: int = 0
    replace_s: float = 0.0
    random_replace: bool = False
    stock: int = 0
    turns_s: float = 0.0
    transfer_s: float = 0.0
    reorder_at: int = 0
    batch: int = 0
    lead_s: float = 0.0
    lead_random_s: float = 0.0
    success: float = 1.0
    raising_s: float = 0.0
    launch_usd: float = 0.0
    budget_usd: float = math.inf
    budget_usd_s: float = 0.0
    deorbited: float = 1.0
    visit_s: float = math.inf
    visit_success: float = 1.0
    visit_usd: float = 0.0
    visit_units: int = 0
    ahead_s: float = 0.0
    collisions_s: float = 0.0
    decay_s: float = math.inf
    breakup: float = 0.0


class Plane(NamedTuple):
    """A plane or formation."""

    slots: int
    spares: int = 0
    first_spares: int | None = None  # there at the beginning; without it all
    phase: float = 0.0


class Copy(NamedTuple):
    """Where a part of a job keeps copies of its checkpoints."""

    keeper: Keeper  # SATELLITE or GROUND
    every: int = 1  # made at every so many checkpoints
    reload_s: float = 0.0
    lag_s: float = 0.0  # from the checkpoint until the copy is complete
    holders: Sequence[int] = ()  # slot of the satellite that keeps the copy of the one in each slot of the fleet, -1: none


class Island(NamedTuple):
    """A part of a job that stops as a whole; `pace` by number of members, from 0 to all."""

    members: int
    first_slot: int
    last_slot: int  # not included; slots beyond the members are hot spares
    pace: Sequence[float]
    interval_s: float
    save_s: float = 0.0
    recovery_s: float = 0.0
    job: int = 0
    quorum: int = 1
    patience_s: float = 0.0  # how long it waits for the replacement of a member before it goes on with fewer
    copies: Sequence[Copy] | None = None  # beside that in the memory of each satellite; None: a checkpoint survives everything
    memory_s: float = 0.0  # to reload from the own memory, where there are copies


class Change(NamedTuple):
    """Satellites of some slots are lost, or these slots are filled again."""

    time_s: float
    first: int
    last: int
    lost: bool = True


class Fleet(NamedTuple):
    """A fleet over years."""

    edges_s: Sequence[float]
    planes: Sequence[Plane]
    kinds: Sequence[Kind] = (Kind(),)
    processes: Sequence[Process] = ()
    causes: Sequence[CommonCause] = ()
    supply: Supply = Supply()
    islands: Sequence[Island] = ()
    launches: Sequence[tuple[float, int]] = ()  # time [s] and satellites
    standdowns: Sequence[tuple[float, float]] = ()
    changes: Sequence[Change] = ()
    filled: bool = True  # whether the slots have satellites at the beginning
    plane_of: Sequence[int] = ()  # plane of each slot; without it, planes come one after the other
    job_of: Sequence[int] = ()  # job in whose record each slot is; without it, that of its island, else the first
    thresholds: Sequence[float] = (0.1, 0.5, 1.0)

    @property
    def slots(self) -> int:
        """Number of slots."""
        return sum(plane.slots for plane in self.planes)


def arrays(fleet: Fleet) -> Plan:
    """The plan of a fleet, without the keys of a replica.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    Plan
        Its arrays.

    Raises
    ------
    ValueError
        Where the fleet makes no sense: what is wrong.
    """
    _check(fleet)
    units = np.array([[1 if u is Unit.SATELLITE else k.units.get(u, 0) for u in Unit] for k in fleet.kinds], dtype=np.int64)
    offset = np.ascontiguousarray(np.concatenate((np.zeros((len(units), 1), np.int64), np.cumsum(units, axis=1)[:, :-1]), axis=1))
    of_process = units[:, [int(p.unit) for p in fleet.processes]]
    # in the order of C, as the kernel has been compiled for
    pairs = np.ascontiguousarray(np.concatenate((np.zeros((len(units), 1), np.int64), np.cumsum(of_process, axis=1)), axis=1))
    slots = np.zeros(fleet.slots, tables.SLOT)
    slots["plane"], slots["island"] = fleet.plane_of or np.repeat(np.arange(len(fleet.planes)), [p.slots for p in fleet.planes]), -1
    slots["filled"] = int(fleet.filled)
    for g, island in enumerate(fleet.islands):
        slots["island"][island.first_slot : island.last_slot] = g
        slots["job"][island.first_slot : island.last_slot] = island.job
    if fleet.job_of:
        slots["job"] = fleet.job_of
    first_pace = np.concatenate(([0], np.cumsum([len(g.pace) for g in fleet.islands])))
    first_remedy = np.concatenate(([0], np.cumsum([len(p.remedies) for p in fleet.processes])))
    first_change = np.concatenate(([0], np.cumsum([len(p.changes) for p in fleet.processes])))
    copies, holders = _copies(fleet)
    first_copy = np.concatenate(([0], np.cumsum([len(rows) for rows in copies])))
    listed = sorted(fleet.changes, key=lambda change: change.time_s)  # those of one time as given
    return Plan(
        processes=_rows(tables.PROCESS, [
            (int(p.unit), p.scale_s, p.shape, p.frailty, *first_remedy[i : i + 2], *first_change[i : i + 2], 0, 0)
            for i, p in enumerate(fleet.processes)
        ]),
        remedies=_rows(tables.REMEDY, [remedy for p in fleet.processes for remedy in p.remedies]),
        changes=_rows(tables.CHANGE, [change for p in fleet.processes for change in p.changes]),
        common_causes=_rows(tables.COMMON_CAUSE, [
            (int(c.scope), int(c.unit), c.rate_s, c.at_s, c.hits, c.return_s, c.first, c.last, 0, 0) for c in fleet.causes
        ]),
        types=_rows(tables.TYPE, [(k.from_s, k.accelerators_per_host, k.replace_below, k.life_s, k.usd, k.rate) for k in fleet.kinds]),
        units=units, left=_left(fleet.kinds, units), offset=offset, pairs=pairs,
        supply=_rows(tables.SUPPLY, [(*fleet.supply, 0, 0)]),
        planes=_rows(tables.PLANE, [(p.spares, p.spares if p.first_spares is None else p.first_spares, p.phase) for p in fleet.planes]),
        slots=slots,
        launches=_rows(tables.LAUNCHES, sorted(fleet.launches)), standdowns=_rows(tables.STANDDOWN, sorted(fleet.standdowns)),
        listed=_rows(tables.LISTED, listed),
        islands=_rows(tables.ISLAND, [
            (
                g.job, g.members, g.first_slot, g.last_slot, first_pace[i], g.interval_s, g.save_s, g.recovery_s, g.quorum, g.patience_s,
                *first_copy[i : i + 2],
            )
            for i, g in enumerate(fleet.islands)
        ]),
        copies=_rows(tables.COPY, [row for rows in copies for row in rows]), holders=holders,
        pace=np.array([pace for g in fleet.islands for pace in g.pace], dtype=np.float64),
        edges_s=np.array(fleet.edges_s, dtype=np.float64), thresholds=np.array(fleet.thresholds, dtype=np.float64),
    )  # fmt: skip


def _check(fleet: Fleet) -> None:
    names = [process.name for process in fleet.processes] + [cause.name for cause in fleet.causes]
    supply = fleet.supply
    for wrong, message in (
        (len(set(names)) < len(names), f"processes and common causes have one name twice: {', '.join(sorted(names))}"),
        (len(fleet.processes) + len(fleet.causes) >= 1 << (31 - UNIT_BITS), "there are too many processes and common causes"),
        (any(not p.scale_s > 0.0 or not p.shape > 0.0 for p in fleet.processes), "a lifetime has a scale or shape that is not above 0"),
        (any(len(p.remedies) > 4 for p in fleet.processes), "more than four remedies are tried after one failure"),
        (any(len(g.pace) != g.members + 1 for g in fleet.islands), "an island needs a pace for each number of its members from 0 to all"),
        (bool(fleet.plane_of) and np.bincount(fleet.plane_of, minlength=len(fleet.planes)).tolist() != [p.slots for p in fleet.planes],
         "planes have other numbers of slots than the slots say"),
        (bool(fleet.job_of) and any(fleet.job_of[s] != g.job for g in fleet.islands for s in range(g.first_slot, g.last_slot)),
         "a slot is in the record of another job than its island"),
        (any(c.every < 1 or (c.keeper is Keeper.SATELLITE and len(c.holders) != fleet.slots) for g in fleet.islands for c in g.copies or ()),
         "a copy of checkpoints is made every so many of them, at least 1, and one on another satellite needs the holder of each slot"),
        (any(c.keeper not in (Keeper.SATELLITE, Keeper.GROUND) for g in fleet.islands for c in g.copies or ()),
         "copies of checkpoints are kept on another satellite or on the ground"),
        (any(c.scope is Scope.SLOTS and math.isinf(c.at_s) for c in fleet.causes), "a common cause of some slots has no time"),
        (any(later.rate < k.rate for k, later in pairwise(fleet.kinds)), "a later type of satellites is slower than the one before"),
        (supply.batch > 0 and not supply.success > 0.0, "batches are ordered, and no launch reaches its orbit"),
        (not supply.visit_s > 0.0, "the time between visits is not above 0"),
    ):
        if wrong:
            raise ValueError(message)


def _rows(kind: np.dtype[Any], values: Iterable[Sequence[Any]]) -> NDArray[np.void]:
    return np.array([tuple(value) for value in values], dtype=kind)


def copies_of(fleet: Fleet) -> int:
    """Number of copies of checkpoints of all islands, as `Outcome.reloads` counts reloads from them.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    int
        The number, memory and start included; 0 where checkpoints survive everything.
    """
    return sum(len(rows) for rows in _copies(fleet)[0])


def _copies(fleet: Fleet) -> tuple[list[list[tuple[int, int, float, float, int]]], NDArray[np.int64]]:
    """Rows of the copies of each island, that in the memory of each satellite first and the start last; and the tables of holders."""
    known: dict[int, int] = {}  # row of a table of holders, which islands share
    holders: list[Sequence[int]] = []
    found = []
    for island in fleet.islands:
        rows = [(int(Keeper.MEMORY), 1, 0.0, island.memory_s, -1)] if island.copies is not None else []
        for copy in island.copies or ():
            table = -1
            if copy.keeper is Keeper.SATELLITE:
                if id(copy.holders) not in known:
                    known[id(copy.holders)] = len(holders)
                    holders.append(copy.holders)
                table = known[id(copy.holders)]
            if copy.keeper is Keeper.GROUND:
                rows.append((int(Keeper.GROUND_BEFORE), copy.every, 0.0, copy.reload_s, table))
            rows.append((int(copy.keeper), copy.every, copy.lag_s, copy.reload_s, table))
        found.append([*rows, (int(Keeper.START), 1, 0.0, 0.0, -1)] if rows else [])
    return found, np.array(holders, dtype=np.int64).reshape(len(holders), fleet.slots)


def _left(kinds: Sequence[Kind], units: NDArray[np.int64]) -> Array:
    left = np.zeros((len(kinds), units.shape[1], int(units.max()) + 1))
    for k, kind in enumerate(kinds):
        for u in Unit:
            many = int(units[k, u])
            shares = kind.left.get(u, [1.0 - j / many for j in range(many + 1)] if many else [1.0])
            left[k, u, : len(shares)] = shares
    return left


def room_for(fleet: Fleet, batches: int = 0) -> Room:
    """Room with which a replica begins.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    batches : int, optional
        Batches whose survival is recorded apart.

    Returns
    -------
    Room
        Sizes; a replica takes more where these are too small.
    """
    rows = fleet.slots + sum(p.spares for p in fleet.planes) + fleet.supply.stock + 2 * fleet.supply.batch + 64
    return Room(max(256, rows // 64), 4 * rows, 2 * rows + 64, rows, batches)


def replicas(fleet: Fleet, seed: int, numbers: Iterable[int], batches: int = 0, plan: Plan | None = None) -> Iterator[Outcome]:
    """Replicas of a fleet, one after the other.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    seed : int
        Seed of the scenario.
    numbers : iterable of int
        Numbers of the replicas: what a replica leaves depends on its number, not on the others.
    batches : int, optional
        Batches whose survival is recorded apart.
    plan : Plan, optional
        The plan of the fleet, where it is built already.

    Yields
    ------
    Outcome
        Of each replica, in order.

    Examples
    --------
    Ten satellites that fail once in ten years on average, and a single production line that needs a year for one:

    >>> year_s = 365.25 * 86400.0
    >>> fleet = Fleet([0.0, 1e3 * year_s], [Plane(10)], processes=[Process("loss", Unit.SATELLITE, 10 * year_s)],
    ...               supply=Supply(parallel=1, replace_s=year_s, random_replace=True))
    >>> share = [one.bins[0, tables.Column.SHARE] / (1e4 * year_s) for one in replicas(fleet, 1, range(20))]
    >>> bool(abs(sum(share) / 20 - 0.7854) < 0.01)  # M/M/1//10
    True
    """
    plan, room = plan or arrays(fleet), room_for(fleet, batches)
    processes, causes = ([process_number(entry.name) for entry in entries] for entries in (fleet.processes, fleet.causes))
    supply = process_number("supply")
    for number in numbers:
        outcome, room = run(with_keys(plan, seed, number, processes, causes, supply), room)
        yield outcome
