"""What a training step sends between satellites, and the bounds that links set to it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload import network_roofline, training_step
from sim.workload.collective_schedule import Phase
from sim.workload.job_communication import (
    Collective,
    Transport,
    exchange_phases,
    reduction_groups,
    reduction_phases,
    stage_transfer_phases,
)
from sim.workload.network_roofline import NetworkRoofline
from sim.workload.training_step import Task

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class StepOperations(NamedTuple):
    """How often a step does each operation between satellites."""

    stage_transfers: float  # of one micro-batch over every stage boundary
    reductions: float  # gradient all-reduces
    exchanges: float  # of weights with other islands


class Links(NamedTuple):
    """Directed links at one moment, (2 L,)."""

    src: Ints
    dst: Ints
    rate_bit_s: Floats


def links_of(transport: Transport) -> Links:
    """Links of a transport as they are now.

    Parameters
    ----------
    transport : Transport
        Links and routes.

    Returns
    -------
    Links
        Copies, without links that join no satellite.
    """
    src, dst = transport.directed_src, transport.directed_dst
    joins = (src >= 0) | (dst >= 0)
    return Links(src[joins], dst[joins], transport.directed_rate_bit_s[joins])


def operations(task: Task) -> StepOperations:
    """Operations between satellites in one step.

    Parameters
    ----------
    task : Task
        The training job.

    Returns
    -------
    StepOperations
        Number of each, fractions where an operation is not done in every step.
    """
    c = training_step.step_constants(task)
    halves = c.scatters + c.backward_gathers + c.forward_gathers
    return StepOperations(c.slots, 0.5 * halves, 1.0 / c.outer_period if c.outer_period > 0.0 else 0.0)


def _phases(task: Task, collective: Collective, ranks: Ints) -> list[tuple[float, Phase]]:
    """Phases of all operations of jobs in rank order (G, n), with how often a step has each."""
    often = operations(task)
    groups = (
        (often.stage_transfers, stage_transfer_phases(task, ranks)),
        (often.reductions, reduction_phases(task, collective, ranks)),
        (often.exchanges, exchange_phases(task, ranks)),
    )
    return [(count * phase.repeat, phase) for count, parts in groups for part in parts for phase in part]


def sent_bytes(task: Task, collective: Collective, ranks: Ints, satellites: int) -> Floats:
    """Bytes that each satellite sends to others in one step.

    Parameters
    ----------
    task : Task
        The training job, or one island.
    collective : Collective
        All-reduce of the gradients.
    ranks : ndarray of int64, shape (G, n)
        Satellites of each job in rank order.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    ndarray, shape (satellites,)
        Bytes; what others relay is not counted.
    """
    sent = np.zeros(satellites)
    for count, phase in _phases(task, collective, ranks):
        leaves = phase.src != phase.dst
        np.add.at(sent, phase.src[leaves], count * phase.size_bytes[leaves])
    return sent


class _Crossing:
    """Bytes that must pass in a step from some members to all others, whatever the algorithm of the all-reduces.

    Of a reduction among n satellites of which k are on this side, partial sums of the shares of the other side cross, V (n - k)/n
    bytes of V, and so do the gathered shares of this side, V k/n.
    """

    def __init__(self, task: Task, ranks: Ints) -> None:
        c, often = training_step.step_constants(task), operations(task)
        place = {satellite: i for i, satellite in enumerate(ranks.ravel().tolist())}
        self.pairs = [
            (self._places(phase.src, place), self._places(phase.dst, place), often.stage_transfers * phase.size_bytes)
            for parts in stage_transfer_phases(task, ranks) for phase in parts
        ]  # fmt: skip
        scatters, gathers = c.scatters, c.backward_gathers + c.forward_gathers
        if gathers == 0.0:  # an all-reduce counts as two scatters
            scatters = gathers = 0.5 * scatters
        self.reductions = [(self._places(reduction_groups(task, ranks), place), training_step.reduced_bytes(task), scatters, gathers)]
        if often.exchanges and ranks.shape[0] > 1:
            self.reductions.append((self._places(ranks.T, place), training_step.exchanged_bytes(task), often.exchanges, often.exchanges))

    @staticmethod
    def _places(satellites: Ints, place: dict[int, int]) -> Ints:
        return np.array([place[s] for s in satellites.ravel().tolist()], dtype=np.int64).reshape(satellites.shape)

    def __call__(self, side: Flags) -> float:
        crossing = sum(float(size[side[src] & ~side[dst]].sum()) for src, dst, size in self.pairs)
        for groups, size, scatters, gathers in self.reductions:
            here = side[groups].mean(axis=1)
            split = (here > 0.0) & (here < 1.0)
            crossing += size * float(np.sum(split * (scatters * (1.0 - here) + gathers * here)))
        return crossing


def roofline(task: Task, collective: Collective, ranks: Ints, links: Links) -> NetworkRoofline | None:
    """Bounds that links set to a step of a job, or of islands that exchange their weights.

    Parameters
    ----------
    task : Task
        The training job, or one island.
    collective : Collective
        All-reduce of the gradients.
    ranks : ndarray of int64, shape (G, n)
        Satellites of one job, or of each of its islands, in rank order.
    links : Links
        Links between satellites.

    Returns
    -------
    NetworkRoofline or None
        The bounds; None for a single satellite.
    """
    members = ranks.ravel()
    if members.size < 2:
        return None
    sent = sent_bytes(task, collective, ranks, int(members.max()) + 1)
    alone_s = float(training_step.decompose(task, 1.0).total_s)
    return network_roofline.roofline(
        links.src, links.dst, links.rate_bit_s, members, sent_bytes=sent[members], crossing_bytes=_Crossing(task, ranks),
        step_flops=ranks.shape[0] * training_step.task_flops(task), peak_flops=ranks.shape[0] * training_step.task_peak_flops(task),
        compute_s=alone_s,
    )  # fmt: skip


def bounds(task: Task, collective: Collective, ranks: Ints, links: Links) -> dict[str, Any] | None:
    """Fields of `roofline`, with FLOPs of a step and peak of the job.

    Parameters
    ----------
    task : Task
        The training job, or one island.
    collective : Collective
        All-reduce of the gradients.
    ranks : ndarray of int64, shape (G, n)
        Satellites of one job, or of each of its islands, in rank order.
    links : Links
        Links between satellites.

    Returns
    -------
    dict or None
        Values by name, None where links have no limit or a time has no end; None for a single satellite.
    """
    found = roofline(task, collective, ranks, links)
    if found is None:
        return None
    fields = found._asdict() | {"step_bound_s": found.step_bound_s, "bound": found.bound}
    return {name: None if value == np.inf else value for name, value in fields.items()} | {
        "step_flops": ranks.shape[0] * training_step.task_flops(task), "peak_flops_per_s": ranks.shape[0] * training_step.task_peak_flops(task),
    }  # fmt: skip
