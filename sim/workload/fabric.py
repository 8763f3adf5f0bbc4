"""Collectives among the accelerators of one satellite: inside a fabric domain, and between the domains of the satellite."""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.workload import collectives
from sim.workload.kernels import Kernels


class Fabric(NamedTuple):
    """What joins the accelerators of a satellite: domains of `domain` accelerators, and a network between the domains."""

    domain: int  # accelerators
    beyond_byte_s: float = math.inf  # of one accelerator, in one direction
    beyond_latency_s: float = 0.0


def collective_s(kernels: Kernels, fabric: Fabric, kind: str, ranks: int, size_bytes: float, stride: int = 1) -> float:
    """Collective among accelerators of one satellite.

    Parameters
    ----------
    kernels : Kernels
        Durations inside a domain.
    fabric : Fabric
        Domains of the satellite.
    kind : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"}
        Operation.
    ranks : int
        Accelerators that take part, at least 1.
    size_bytes : float
        Bytes of the whole buffer, as in `Kernels.collective_s`.
    stride : int
        Accelerators from one rank to the next: ranks r, r + stride, ... take part; the ranks between belong to other groups.

    Returns
    -------
    float
        Duration [s]. Groups that span several domains reduce inside each domain, then between domains on rings of one rank of
        each domain, then gather inside; an all-to-all sends at the rate of the slower of the two networks.

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    Four ranks in domains of two, 4 GB, 1 GB/s inside and 0.5 GB/s between domains: 2 x 2 s inside, 4 s between.

    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e9, 0.0)
    >>> collective_s(chip, Fabric(2, 0.5e9), "all_reduce", 4, 4e9)
    8.0
    """
    inner = min(ranks, max(1, fabric.domain // stride))
    outer = -(-ranks // inner)
    if outer < 2:
        return kernels.collective_s(kind, ranks, size_bytes)
    link = (fabric.beyond_latency_s, fabric.beyond_byte_s)
    if kind == "all_to_all":
        leaves_bytes = size_bytes * (outer - 1) / outer
        return max(kernels.collective_s(kind, inner, size_bytes), (outer - 1) * link[0] + leaves_bytes / link[1])
    half = 1.0 if kind != "all_reduce" else 2.0
    inside_s = kernels.collective_s("reduce_scatter", inner, size_bytes)
    if kind == "all_gather":
        inside_s = kernels.collective_s("all_gather", inner, size_bytes)
    elif kind == "all_reduce":
        inside_s += kernels.collective_s("all_gather", inner, size_bytes)
    return inside_s + half * collectives.ring_half_s(outer, size_bytes / inner, *link)
