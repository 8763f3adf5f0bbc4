"""Where the copies of the checkpoints of a job go, how long they take, and how often they are made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows
from sim.config import schema, workload_params
from sim.config.errors import Origin, bad_input
from sim.engine.recovery_policy import NO_ERRORS, ErrorRates, policy, recovery_s, snapshot_s
from sim.fleet.job_phases import SHORTEST_INTERVAL_S, KeptCopies, KeptCopy, Policy
from sim.network.fair_rates import max_min_rates
from sim.workload import transformer_memory
from sim.workload.job_communication import Transport

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ORDER = ("memory", "neighbour", "plane", "ground")  # in which copies are listed: of equally new ones the first is read


class Places(NamedTuple):
    """Where copies can be kept: other satellites by their planes, and the ground."""

    plane: Ints  # plane or formation of each satellite of the fleet
    computes: NDArray[np.bool_]  # whether each satellite has memory for a copy; switches have none
    station_bit_s: float  # data rate of a station; 0 where there are none
    antennas: Ints  # of each station
    duration_s: float  # of the run
    windows: Callable[[], Windows] | None = None  # access windows of the stations over the run


class Transfer(NamedTuple):
    """How copies get to a place."""

    time_s: float  # of the slowest share of a member
    holders: tuple[int, ...] = ()  # of each satellite


def with_copies(
    job: schema.Training, fleet: schema.Fleet | None, ranks: Ints, accelerators: int, places: Places, transport: Transport,
    errors: ErrorRates = NO_ERRORS,
) -> Policy:  # fmt: skip
    """Checkpoint and recovery policy of a job that keeps copies of its checkpoints in several places.

    Accelerators write each checkpoint to the memory of their satellite at `checkpoint.rate`. From there every member sends its share to its
    neighbour, and to another plane, while the job waits: the network is free then. The copy on the ground follows while the job goes on, over
    the contacts of its members with stations; it is made no more often than these allow. A run reads, after each failure, the newest copy that
    survives the loss of a satellite, as it does not tell failures apart; a mission does, and its days have errors by radiation alone, which the
    memory survives.

    Parameters
    ----------
    job : Training
        The workload, of method synchronous and with `checkpoint.copies`.
    fleet : Fleet or None
        Section `fleet`; without it nothing fails.
    ranks : ndarray of int64
        Members of one job.
    accelerators : int
        Accelerators of a satellite.
    places : Places
        Planes and stations.
    transport : Transport
        Links and routes at the epoch.
    errors : ErrorRates, optional
        Errors by radiation of a satellite.

    Returns
    -------
    Policy
        With `kept`.

    Raises
    ------
    InputError
        If a copy cannot get to its place: what to write instead.
    """
    given, share_bits = job.checkpoint, 8.0 * transformer_memory.checkpoint_bytes(workload_params.model(job.model)) / ranks.size
    written_s = snapshot_s(job, int(ranks.size), accelerators)
    listed: list[str] = list(given.copies)
    found = {place: _transfer(place, ranks, share_bits, places, transport) for place in ORDER if place in listed}
    waits_s = {place: max(0.0, one.time_s - written_s) if place in ("neighbour", "plane") else 0.0 for place, one in found.items()}
    own_s = {place: interval_s for place in found if (interval_s := given.copy_interval(place)) is not None}
    each_s = written_s + math.fsum(waits_s[place] for place in found if place not in own_s)
    rules = policy(job, fleet, int(ranks.size), accelerators, errors, each_s)
    every_s = min([*own_s.values(), *([] if len(own_s) == len(found) else [rules.checkpoint_interval_s])])
    every_s = max(every_s, SHORTEST_INTERVAL_S)
    copies = []
    for place, one in found.items():
        interval_s = own_s.get(place, rules.checkpoint_interval_s)
        every = 1 if math.isinf(every_s) else max(1, round(min(interval_s / every_s, 1e9)))
        lag_s = one.time_s if place == "ground" else 0.0
        if math.isfinite(every_s):
            every = max(every, math.ceil(lag_s / (every_s + written_s) - 1e-9))
        copies.append(KeptCopy(place, every, written_s + waits_s[place], max(written_s, one.time_s), lag_s, one.holders))
    save_s = written_s + math.fsum(waits_s[copy.place] / copy.every for copy in copies)
    kept = KeptCopies(every_s + save_s, written_s, tuple(copies))
    # of a mission's days: failures are expected and none is drawn
    hard = fleet is None or fleet.failures is not None or fleet.expected_failures == 0.0
    outside = [copy for copy in copies if copy.place != "memory"]
    read = min(outside, key=lambda copy: copy.every) if hard and outside else KeptCopy("memory", 1, written_s, written_s)
    restart_s = recovery_s(fleet)[1]
    return rules._replace(
        checkpoint_interval_s=read.every * every_s, checkpoint_s=read.every * save_s, restart_s=restart_s + read.reload_s, kept=kept
    )


def _transfer(place: str, ranks: Ints, share_bits: float, places: Places, transport: Transport) -> Transfer:
    if place == "memory":
        return Transfer(0.0)
    if place == "neighbour":
        holder = _neighbours(places, transport)
        return Transfer(share_bits / _slowest_bit_s(place, ranks, holder, transport, among="neighbour"), tuple(holder.tolist()))
    if place == "plane":
        holder = _in_next_plane(places)
        return Transfer(share_bits / _slowest_bit_s(place, ranks, holder, transport, among="satellite of another plane"), tuple(holder.tolist()))
    return Transfer(share_bits * ranks.size / contact_bit_s(ranks, places))


def _neighbours(places: Places, transport: Transport) -> Ints:
    """Of each satellite a linked one, -1 without: of its plane where there is one, and the next by number, so that in a ring each keeps one copy."""
    count = places.plane.size
    usable = (transport.directed_rate_bit_s > 0.0) & places.computes[transport.directed_dst]
    src, dst = transport.directed_src[usable], transport.directed_dst[usable]
    after, none = np.full(count, 2 * count, dtype=np.int64), 2 * count
    np.minimum.at(after, src, (dst - src) % count + np.where(places.plane[src] == places.plane[dst], 0, count))
    return np.where(after < none, (np.arange(count) + after) % count, -1)


def _in_next_plane(places: Places) -> Ints:
    """Of each satellite the one at the same place of the next plane, -1 with one plane."""
    holder = np.full(places.plane.size, -1, dtype=np.int64)
    planes = [np.flatnonzero((places.plane == p) & places.computes) for p in np.unique(places.plane)]
    planes = [who for who in planes if who.size]
    for p, who in enumerate(planes if len(planes) > 1 else []):
        following = planes[(p + 1) % len(planes)]
        holder[who] = following[np.arange(who.size) * following.size // who.size]
    return holder


def _slowest_bit_s(place: str, ranks: Ints, holder: Ints, transport: Transport, among: str) -> float:
    """Least max-min fair rate of members that all send to their holders at the same time."""
    wrong = ranks[holder[ranks] < 0]
    if not wrong.size:
        start, links = transport.routes(ranks, holder[ranks])
        wrong = ranks[np.diff(start) == 0]
    if wrong.size:
        message = (
            f"{place}: satellite {wrong[0]} has no {among} that its links reach at the epoch; write links with more terminals or another topology, "
            "or copies: [memory, ground]"
        )
        raise bad_input(Origin("workloads"), "checkpoint.copies", message)
    rates, _ = max_min_rates(start, links, transport.directed_rate_bit_s, np.full(ranks.size, math.inf))
    slowest_bit_s = float(rates.min())
    if slowest_bit_s <= 0.0:
        message = f"{place}: a link of a member carries nothing; write a faster terminal, or other copies"
        raise bad_input(Origin("workloads"), "checkpoint.copies", message)
    return slowest_bit_s


def contact_bit_s(ranks: Ints, places: Places) -> float:
    """Mean data rate between the members of a job and the ground: each antenna serves a member while one is in view.

    Parameters
    ----------
    ranks : ndarray of int64
        Members.
    places : Places
        Stations, with their access windows over the run.

    Returns
    -------
    float
        Rate [bit/s].

    Raises
    ------
    InputError
        If no member is in view of a station during the run.
    """
    assert places.windows is not None
    windows, served_s = places.windows(), 0.0
    mine = np.isin(windows.satellite, ranks)
    for station, antennas in enumerate(places.antennas.tolist()):
        here = mine & (windows.station == station)
        times_s = np.concatenate((windows.rise_s[here], windows.set_s[here]))
        order = np.argsort(times_s, kind="stable")
        in_view = np.cumsum(np.repeat([1, -1], int(here.sum()))[order])
        served_s += float(np.minimum(in_view[:-1], antennas) @ np.diff(times_s[order])) if order.size else 0.0
    if served_s <= 0.0:
        message = "ground: no member is in view of a station during the run; write a longer duration, more stations, or other copies"
        raise bad_input(Origin("workloads"), "checkpoint.copies", message)
    return min(served_s / places.duration_s, float(ranks.size)) * places.station_bit_s


