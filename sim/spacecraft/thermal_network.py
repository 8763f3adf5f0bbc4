"""Thermal networks as data: nodes, conductances, a coolant that flows through a radiator; and their linear algebra.

Nothing here runs in the loop over time. `sim.spacecraft.thermal` makes the coefficients of a step from a network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Node:
    """A body of one temperature; it emits emission_w_k4 * T^4 to space."""

    name: str
    heat_capacity_j_k: float
    emission_w_k4: float = 0.0
    reference_k: float = 300.0  # where its T^4 is linearised


@dataclass(frozen=True, slots=True)
class Link:
    """Conduction between two nodes."""

    a: str
    b: str
    conductance_w_k: float


@dataclass(frozen=True, slots=True)
class Coolant:
    """Coolant that leaves `node`, flows through `segments` one after the other, and returns.

    `rate_w_k` is mass flow times specific heat; infinity for a coolant of one temperature, as in heat pipes.
    `conductance_w_k` joins the coolant to all segments together. Bodies of `attached` exchange heat with the mean of
    supply and return.
    """

    node: str
    segments: tuple[str, ...]
    conductance_w_k: float
    rate_w_k: float = math.inf
    attached: Mapping[str, float] = field(default_factory=dict)  # conductance of each body [W/K]


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes, links, coolant, and the nodes that each named heat goes to, with their shares."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
    coolant: Coolant | None = None
    heats: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def index(self) -> dict[str, int]:
        """Number of each node."""
        return {node.name: n for n, node in enumerate(self.nodes)}

    @property
    def heat_capacity_j_k(self) -> Array:
        """Heat capacities of the nodes [J/K]."""
        return np.array([node.heat_capacity_j_k for node in self.nodes])

    @property
    def emission_w_k4(self) -> Array:
        """Emission of the nodes over T^4 [W/K^4]."""
        return np.array([node.emission_w_k4 for node in self.nodes])


def conductance_matrix_w_k(network: Network) -> Array:
    """Matrix K of C dT/dt = -K T + Q, without radiation.

    Each exchanged heat stands in two rows with opposite signs, so that columns of K sum to zero: heat is conserved. With
    a coolant that flows K is not symmetric.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    ndarray, shape (nodes, nodes)
        Conductances [W/K].

    References
    ----------
    [incropera2007:eq. 11.28]
        A fluid of heat capacity rate G that meets a wall of one temperature through a conductance UA gives it
        G (1 - exp(-UA / G)) times their difference.
    """
    at, n = network.index, len(network.nodes)
    k, unit = np.zeros((n, n)), np.eye(n)

    def exchange(a: Array, b: Array, into: str, out_of: str, conductance_w_k: float) -> None:
        """Heat conductance (a - b) . T leaves one node and enters another."""
        flow = conductance_w_k * (a - b)
        k[at[out_of]] += flow
        k[at[into]] -= flow

    for link in network.links:
        exchange(unit[at[link.a]], unit[at[link.b]], link.b, link.a, link.conductance_w_k)
    c = network.coolant
    if c is None:
        return k
    supply = unit[at[c.node]]
    fluid, each = supply, c.conductance_w_k / len(c.segments)
    for name in c.segments:
        wall = unit[at[name]]
        if math.isinf(c.rate_w_k):
            exchange(fluid, wall, name, c.node, each)
            continue
        share = -math.expm1(-each / c.rate_w_k)
        exchange(fluid, wall, name, c.node, share * c.rate_w_k)
        fluid = (1.0 - share) * fluid + share * wall
    mean = 0.5 * (supply + fluid)
    for name, conductance_w_k in c.attached.items():
        exchange(unit[at[name]], mean, c.node, name, conductance_w_k)
    return k


def heat_vectors(network: Network) -> dict[str, Array]:
    """Share of every heat that each node receives.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    dict of str to ndarray, shape (nodes,)
        Shares by the name of the heat; they sum to 1.
    """
    at, found = network.index, {}
    for name, shares in network.heats.items():
        found[name] = np.zeros(len(network.nodes))
        for node, share in shares.items():
            found[name][at[node]] += share
    return found


def received_w(network: Network, heats_w: Mapping[str, float], outside_w: Mapping[str, float]) -> Array:
    """Heat that every node receives from machines and from outside.

    Parameters
    ----------
    network : Network
        The network.
    heats_w : mapping of str to float
        Heats of the machines by name [W].
    outside_w : mapping of str to float
        Heat absorbed from outside, by node [W].

    Returns
    -------
    ndarray, shape (nodes,)
        Heat [W].
    """
    found = np.zeros(len(network.nodes))
    for name, vector in heat_vectors(network).items():
        found = found + vector * heats_w.get(name, 0.0)
    for name, heat_w in outside_w.items():
        found[network.index[name]] += heat_w
    return found


def steady_state_k(network: Network, heats_w: Mapping[str, float], outside_w: Mapping[str, float]) -> Array:
    """Temperatures at which constant heats are in balance, by Newton's method.

    Parameters
    ----------
    network : Network
        The network.
    heats_w : mapping of str to float
        Heats of the machines by name [W], at least 0.
    outside_w : mapping of str to float
        Heat absorbed from outside, by node [W]; the sum of all heats is above 0.

    Returns
    -------
    ndarray, shape (nodes,)
        Temperatures [K].

    Examples
    --------
    A black plate of 1 m2 holds 300 K where it absorbs 2 sigma 300^4 = 918.6 W:

    >>> from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
    >>> plate = Network((Node("plate", 1.0, 2.0 * STEFAN_BOLTZMANN_W_M2_K4),))
    >>> steady_state_k(plate, {}, {"plate": 2.0 * STEFAN_BOLTZMANN_W_M2_K4 * 300.0**4}).round(6).tolist()
    [300.0]
    """
    k, emission, heat_w = conductance_matrix_w_k(network), network.emission_w_k4, received_w(network, heats_w, outside_w)
    # from above: the net heat is concave in T, so that Newton's method descends without passing the root
    total_w = sum(heats_w.values()) + sum(outside_w.values())
    temps_k = np.full(len(network.nodes), max(300.0, 2.0 * (total_w / max(float(emission.sum()), 1e-30)) ** 0.25))
    for _ in range(100):
        change = np.linalg.solve(k + np.diag(4.0 * emission * temps_k**3), heat_w - k @ temps_k - emission * temps_k**4)
        temps_k = np.maximum(temps_k + change, 1.0)
        if float(np.abs(change).max()) < 1e-12 * float(temps_k.max()):
            break
    return np.asarray(temps_k)


def fastest_time_s(network: Network) -> float:
    """Shortest time constant of the network without radiation, usually that of the junction; for reports and tests.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    float
        Time constant [s].
    """
    rates = np.linalg.eigvals(np.diag(1.0 / network.heat_capacity_j_k) @ conductance_matrix_w_k(network))
    return 1.0 / float(np.max(np.real(rates)))
