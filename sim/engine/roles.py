"""Which satellites train, serve, work by themselves or are held in reserve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.workload_params import counts

Ints = NDArray[np.int64]


class Roles(NamedTuple):
    """Satellites by role, each in mapping order."""

    trainings: list[Ints]  # of each training workload
    services: list[Ints]  # of each inference workload
    sensors: list[Ints]  # of each sensing workload
    streams: Ints
    spares: Ints
    idle: Ints  # without a workload: shares that do not add up to the fleet

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


def roles(workloads: list[schema.Workload], spares: int, order: Ints, stages: Sequence[int] = ()) -> Roles:
    """Assign satellites to workloads.

    Spares come from the end of the mapping order, services are evenly spread over the rest, jobs, copies of services over
    several satellites and independent streams are contiguous. Satellites with sensors are spread like services.

    Parameters
    ----------
    workloads : list of Workload
        Workloads of the scenario.
    spares : int
        Satellites in reserve, less than all.
    order : ndarray of int64, shape (satellites,)
        Satellites in mapping order.
    stages : sequence of int, optional
        Of each workload, consecutive satellites that hold a copy of its model; by default 1.

    Returns
    -------
    Roles
        Satellites by role, each in mapping order.
    """
    free = list(order[: order.size - spares].tolist())
    satellites_of = counts(workloads, spares, order.size)
    spread: dict[str, list[Ints]] = {"inference": [], "sensing": []}
    streams: list[int] = []
    training: list[list[int]] = []
    for job, count, span in zip(workloads, satellites_of, stages or [1] * len(workloads), strict=True):
        if job.kind in spread:
            copies = max(1, count // span)  # those that are left over follow the last one
            begin = (np.arange(copies) * len(free)) // copies
            if span > 1:
                begin = np.minimum(begin, len(free) - count + span * np.arange(copies))
            extent = np.append(np.full(copies - 1, span), count - (copies - 1) * span)
            positions = np.concatenate([np.arange(b, b + n) for b, n in zip(begin, extent, strict=True)])
            spread[job.kind].append(np.array([free[i] for i in positions], dtype=np.int64))
            taken = set(positions.tolist())
            free = [s for i, s in enumerate(free) if i not in taken]
    for job, count in zip(workloads, satellites_of, strict=True):
        if job.kind == "training":
            training.append(free[:count])
            free = free[count:]
        elif job.kind == "independent":
            streams, free = free[:count], free[count:]
    # satellites that rounding leaves over go to the independent streams, or to a job without a share
    if streams:
        streams, free = streams + free, []
    elif open_ := [n for n, job in enumerate(job for job in workloads if job.kind == "training") if job.share is None]:
        training[open_[-1]] += free
        free = []
    trainings = [np.array(who, dtype=np.int64) for who in training]
    streams_, idle = (np.array(who, dtype=np.int64) for who in (streams, free))
    return Roles(trainings, spread["inference"], spread["sensing"], streams_, order[order.size - spares :], idle)
