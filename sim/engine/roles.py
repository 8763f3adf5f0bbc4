"""Which satellites train, serve, work by themselves or are held in reserve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.data_rule_params import allowed_counts
from sim.config.workload_params import counts

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
SPREAD = ("inference", "sensing")  # kinds of workloads whose satellites are spread over the fleet


class Roles(NamedTuple):
    """Satellites by role, each in mapping order."""

    trainings: list[Ints]  # of each training workload
    services: list[Ints]  # of each inference workload
    sensors: list[Ints]  # of each sensing workload
    streams: Ints
    spares: Ints
    idle: Ints  # without a workload: shares that do not add up to the fleet
    excluded: Ints  # wanted by a workload that may not use them, and by no other one

    def with_workloads(self, workloads: Sequence[schema.Workload]) -> list[tuple[schema.Workload, Ints]]:
        """Training, inference and sensing workloads with their satellites.

        Parameters
        ----------
        workloads : sequence of Workload
            All workloads.

        Returns
        -------
        list of (Workload, ndarray)
            In their order, without independent ones.
        """
        of = {"training": iter(self.trainings), "inference": iter(self.services), "sensing": iter(self.sensors)}
        return [(work, next(of[work.kind])) for work in workloads if work.kind in of]


def roles(
    workloads: Sequence[schema.Workload], spares: int, order: Ints, stages: Sequence[int] = (), allowed: Sequence[Flags | None] = ()
) -> Roles:
    """Assign satellites to workloads.

    Spares come from the end of the mapping order, services are evenly spread over the rest, jobs, copies of services over
    several satellites and independent streams are contiguous. Satellites with sensors are spread like services. A workload
    takes only satellites that it may use, those that may use the fewest first; spares are satellites that a workload with members may use.

    Parameters
    ----------
    workloads : sequence of Workload
        Workloads of the scenario.
    spares : int
        Satellites in reserve; none where that would be all, as on a small part of a site on the ground.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.
    stages : sequence of int, optional
        Of each workload, consecutive satellites that hold a copy of its model; by default 1.
    allowed : sequence of ndarray of bool or None, optional
        Of each workload, the satellites that it may use, by number; None, and by default, all.

    Returns
    -------
    Roles
        Satellites by role, each in mapping order.
    """
    spans, may = list(stages) or [1] * len(workloads), list(allowed) or [None] * len(workloads)
    spares = spares if spares < order.size else 0
    reserve = _spares(workloads, spares, order, spans, may)
    free = order[~np.isin(order, reserve)]
    able = [free.size if flags is None else int(np.count_nonzero(flags[free])) for flags in may]
    wanted = counts(workloads, spares, order.size)
    same = [None if flags is None else flags.tobytes() for flags in may]
    number = allowed_counts(workloads, wanted, able, free.size, same)
    mine: list[Ints] = [free[:0]] * len(workloads)

    def turn(i: int) -> tuple[int, bool]:
        return able[i], workloads[i].kind not in SPREAD

    for i in sorted(range(len(workloads)), key=turn):
        usable = _usable(free, may[i])
        count = min(number[i], usable.size)
        at = _spread(usable.size, count, spans[i]) if workloads[i].kind in SPREAD else np.arange(count)
        mine[i] = usable[at]
        free = free[~np.isin(free, mine[i])]
    # satellites that rounding and rules leave over go to the independent streams, or to a job without a share
    streams = [i for i, job in enumerate(workloads) if job.kind == "independent"]
    open_ = [i for i, job in enumerate(workloads) if job.kind == "training" and job.share is None]
    last = streams[-1:] if streams and mine[streams[-1]].size else open_[-1:]
    for i in last:
        more = _usable(free, may[i])
        mine[i], free = np.concatenate((mine[i], more)), free[~np.isin(free, more)]
    excluded = _excluded(free, [(n - who.size, flags) for n, who, flags in zip(wanted, mine, may, strict=True)])
    by_kind = {kind: [who for job, who in zip(workloads, mine, strict=True) if job.kind == kind] for kind in ("training", *SPREAD, "independent")}
    return Roles(
        by_kind["training"], by_kind["inference"], by_kind["sensing"], np.concatenate((free[:0], *by_kind["independent"])), reserve,
        free[~np.isin(free, excluded)], excluded,
    )  # fmt: skip


def _usable(who: Ints, flags: Flags | None) -> Ints:
    return who if flags is None else who[flags[who]]


def _spares(workloads: Sequence[schema.Workload], spares: int, order: Ints, spans: Sequence[int], may: Sequence[Flags | None]) -> Ints:
    """The last satellites that workloads with members may use; the last ones of all where there is no such workload."""
    members = [flags for job, span, flags in zip(workloads, spans, may, strict=True) if job.kind == "training" or span > 1]
    usable = order
    if members and all(flags is not None for flags in members):
        usable = order[np.logical_or.reduce([flags for flags in members if flags is not None])[order]]
    return usable[max(0, usable.size - spares) :]


def _spread(size: int, count: int, span: int) -> Ints:
    """Places of satellites that are evenly spread over some, in runs of a span; those that are left over follow the last run."""
    copies = max(1, count // span)
    begin = (np.arange(copies) * size) // copies
    if span > 1:
        begin = np.minimum(begin, size - count + span * np.arange(copies))
    extent = np.append(np.full(copies - 1, span), count - (copies - 1) * span)
    return np.concatenate([np.arange(b, b + n) for b, n in zip(begin.tolist(), extent.tolist(), strict=True)]).astype(np.int64)


def _excluded(free: Ints, short: Sequence[tuple[int, Flags | None]]) -> Ints:
    """Of satellites without a workload, as many as workloads miss because they may not use them."""
    missing = [(n, ~flags[free]) for n, flags in short if n > 0 and flags is not None]
    if not missing:
        return free[:0]
    return free[np.logical_or.reduce([closed for _, closed in missing])][: sum(n for n, _ in missing)]
