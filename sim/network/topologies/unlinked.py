"""Why satellites have no link."""

from __future__ import annotations

import numpy as np

from sim.network.topologies import REASONS
from sim.network.topologies.base import Array, Indices, Limits, Mask, Topology
from sim.network.topology import grazing_altitude_m, lengths_m


def reasons(topology: Topology, limits: Limits, r_m: Array, healthy: Mask, unlinked: Indices) -> dict[str, list[int]]:
    """Why satellites have no link at one time.

    Parameters
    ----------
    topology : Topology
        Which satellites may be linked.
    limits : Limits
        What every link obeys.
    r_m : ndarray, shape (3, N)
        Positions of the satellites [m].
    healthy : ndarray of bool, shape (N,)
        Satellites that relay.
    unlinked : ndarray of int64
        Satellites without a link.

    Returns
    -------
    dict of str to list of int
        Satellites by a key of `REASONS`. A topology that follows the positions chooses among all satellites; of a fixed one the partners
        count.

    Examples
    --------
    Three satellites in a row: the third is out of range.

    >>> from sim.network.topologies.moving import NearestTopology
    >>> limits = Limits(4, 1e6, -7e6)
    >>> r_m = np.array([[7e6, 7e6, 7e6], [0.0, 1e5, 4e6], [0.0, 0.0, 0.0]])
    >>> reasons(NearestTopology(limits), limits, r_m, np.ones(3, bool), np.array([2]))["range"]
    [2]
    """
    found: dict[str, list[int]] = {reason: [] for reason in REASONS}
    everyone = np.arange(healthy.size)
    a, b = topology.candidates(r_m, np.ones(healthy.size, dtype=np.bool_)) if topology.fixed else (everyone[:0], everyone[:0])
    for i in unlinked.tolist():
        others = np.concatenate((b[a == i], a[b == i])) if topology.fixed else everyone[everyone != i]
        found[_reason(topology, limits, r_m, healthy, i, others)].append(i)
    return found


def _reason(topology: Topology, limits: Limits, r_m: Array, healthy: Mask, i: int, others: Indices) -> str:
    if not others.size:
        return "unpaired"
    if not healthy[others].any():
        return "down"
    others = others[healthy[others]]
    near = others[lengths_m(r_m, np.full(others.size, i), others) <= limits.max_range_m]
    if not near.size:
        return "range"
    seen = grazing_altitude_m(np.repeat(r_m[:, i : i + 1], near.size, axis=1), r_m[:, near]) >= limits.grazing_altitude_m
    return "terminals" if seen.any() else "earth"
