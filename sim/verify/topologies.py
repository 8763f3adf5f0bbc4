"""Topologies and formations against published designs: satellites in a tilted plane, share that computes, bisection."""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np

from orbit import formation_geometry, proximity
from orbit.constants import EARTH_RADIUS_M
from orbit.elements import nodal_period_s
from orbit.propagation import Formation
from orbit.relative_motion import linear_offsets_m, linear_quarter_m
from orbit.timegrid import TimeGrid
from sim.config.schema import Cluster
from sim.engine import formations
from sim.network.cuts import network_bisection_bit_s
from sim.network.topologies.fixed import ClosTopology, TorusTopology
from sim.verify.case import Case, Failed

DENSE = "[penot2026]: dense formations"
BISECTION = "[bisection2026]: 8,000 satellites, links of 12.5 GB/s"
LINK_BIT_S = 8.0 * 12.5e9
TERA_BYTE = 8e12
# Half of 8,000 satellites at 7.2 TB/s give the published 28,800 TB/s: 72 accelerators of 100 GB/s in 100 kW, which the source does not state.
GROUND_BIT_S = 7.2 * TERA_BYTE


def cases() -> list[Case | Failed]:
    """Cases of topologies and formations.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    packing = 2.0 * math.pi / math.sqrt(3.0)
    found: list[Case | Failed] = [
        Case("satellites in a tilted plane, 1 km, 100 m apart", lambda: float(_tilted().lattice.count), 367.0, 0.0, "1", DENSE),
        Case("satellites of a plain formation, 1 km, 100 m apart", _plain, 81.0, 0.0, "1", DENSE),
        Case("satellites in a tilted plane over (radius / spacing)^2", partial(_density, 20e3), packing, 0.02, "1",
             "densest packing of a disc, 2 pi / sqrt(3) = 3.63; " + DENSE),
        Case("least range in a tilted plane over an orbit, under J2", _closest_m, 100.0, 1.0, "m",
             "a rigid disc by linear relative motion; J2 turns the orbit planes by 7 m at the rim in an orbit"),
        Case("bisection of a torus of 89 x 90", partial(_torus_tb_s, (89, 90)), 2.25, 0.03, "TB/s",
             BISECTION + "; the cut into equal halves passes 178 links, the published figure is that of 180"),
        Case("bisection of a torus of 20 x 20 x 20", partial(_torus_tb_s, (20, 20, 20)), 10.0, 1e-9, "TB/s", BISECTION),
        Case("bisection of a Clos network of 8,000 leaves at 7.2 TB/s, from one of 80", _ground_tb_s, 28_800.0, 1.0, "TB/s",
             "[bisection2026]: the ground Clos; a Clos network with all ports in use passes half of its leaves' rate"),
    ]  # fmt: skip
    for ports, layers in ((12, 2), (12, 3), (8, 4), (36, 3)):
        published = ports / (ports + 4 * layers - 6)
        found.append(Case(f"share that computes, Clos of {ports} ports in {layers} layers", partial(_compute_share, ports, layers), published,
                          1e-12, "1", "k / (k + 4 L - 6); " + DENSE))  # fmt: skip
    return found


@cache
def _cluster(shape: str, spacing_m: float, radius_m: float, tilt: str | None) -> Cluster:
    lattice = {"shape": shape, "spacing": f"{spacing_m!r} m", "radius": f"{radius_m!r} m", "tilt": tilt}
    return Cluster.model_validate({"kind": "cluster", "altitude": "650 km", "local_time": "06:00", "lattice": lattice})


def _tilted() -> Cluster:
    return _cluster("hexagonal", 100.0, 1000.0, "60 deg")


def _plain() -> float:
    """Satellites of a square lattice in the orbit plane whose least distance over an orbit is 100 m."""
    lattice = _cluster("square", 200.0, 1000.0, None).lattice
    kept = formation_geometry.closest_of_lattice_m(*lattice.disc, 0.0) == 100.0
    return float(lattice.count) if kept else math.nan


def _density(radius_m: float) -> float:
    return _cluster("hexagonal", 100.0, radius_m, "60 deg").lattice.count / (radius_m / 100.0) ** 2


def _closest_m() -> float:
    """Least range over the first orbit by the propagator of the run."""
    grid = TimeGrid(2461395.5, 0.0, 60.0, 1)
    flying: Formation = formations.make_propagators(_tilted(), grid)[0]
    chief = flying.chief
    orbit_s = nodal_period_s(EARTH_RADIUS_M + 650e3, float(chief.inclination_rad[0]))
    near = proximity.may_meet(linear_offsets_m(flying.relative, chief), linear_quarter_m(flying.relative, chief))
    return proximity.closest(flying.positions_m, 0.0, orbit_s, near).range_m


def _torus_tb_s(shape: tuple[int, ...]) -> float:
    topology = TorusTopology(shape)
    a, b = topology.pairs
    rate_bit_s = np.full(a.size, LINK_BIT_S)
    return network_bisection_bit_s(a, b, rate_bit_s, np.arange(math.prod(shape)), topology.orders) / TERA_BYTE


def _ground_tb_s() -> float:
    """Of 80 leaves under switches of 18 ports, times a hundred: a network of 8,000 is cut alike, and takes longer."""
    topology = ClosTopology(81 + 27, 18, 3, "last")
    a, b = topology.pairs
    leaves = np.arange(80)  # an even number: the last one only relays
    rate_bit_s = np.full(a.size, 0.5 * GROUND_BIT_S)
    return network_bisection_bit_s(a, b, rate_bit_s, leaves) * 100.0 / TERA_BYTE


def _compute_share(ports: int, layers: int) -> float:
    from sim.network.topologies.shapes import most_in_clos

    count = most_in_clos(ports, layers)
    return (count - ClosTopology(count, ports, layers).switches.size) / count
