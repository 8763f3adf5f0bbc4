"""A thermal network given as data: nodes, links and heats, of any number and kind.

It serves satellites that are not ours, and as reference for the compiled network of the step: the same physics, assembled
and integrated another way. Two integrators: scipy's Radau, and an exponential Rosenbrock method, which is exact for the
linear part and of second order for radiation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4

Array = NDArray[np.float64]
Heats = Callable[[float], Array]
SPACE = "space"  # at 0 K
MAX_STEP_S = 60.0


@dataclass(frozen=True)
class Conduction:
    """Heat that flows between two nodes in proportion to the difference of their temperatures."""

    first: str
    second: str
    conductance_w_k: float


@dataclass(frozen=True)
class Flow:
    """Heat that a fluid carries from one node into the next: the second receives m cp (T_first - T_second)."""

    first: str
    second: str
    capacity_rate_w_k: float


@dataclass(frozen=True)
class Radiation:
    """Heat exchanged by radiation, in proportion to the difference of T^4; the second node may be `SPACE`."""

    first: str
    second: str
    exchange_m2: float  # area times emissivity times view factor times efficiency


@dataclass(frozen=True)
class Network:
    """Nodes with their heat capacities, and the links between them."""

    capacity_j_k: dict[str, float]
    links: tuple[Conduction | Flow | Radiation, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes, in the order of all arrays."""
        return tuple(self.capacity_j_k)


@dataclass(frozen=True)
class Equations:
    """C dT/dt = -K T - R T^4 + Q, with every row divided by the capacity of its node."""

    linear: Array  # [1/s]
    radiative: Array  # [1/(s K^3)]
    inverse_capacity: Array  # [K/J]

    def rate(self, temps_k: Array, heats_w: Array) -> Array:
        """Rates of change.

        Parameters
        ----------
        temps_k, heats_w : ndarray, shape (nodes,)
            Temperatures [K] and heats [W].

        Returns
        -------
        ndarray, shape (nodes,)
            Rates [K/s].
        """
        fourth = temps_k * temps_k * temps_k * temps_k
        rate: Array = -self.linear @ temps_k - self.radiative @ fourth + self.inverse_capacity * heats_w
        return rate

    def jacobian(self, temps_k: Array) -> Array:
        """Derivatives of the rates by the temperatures.

        Parameters
        ----------
        temps_k : ndarray, shape (nodes,)
            Temperatures [K].

        Returns
        -------
        ndarray, shape (nodes, nodes)
            Derivatives [1/s].
        """
        matrix: Array = -self.linear - self.radiative * (4.0 * temps_k**3)
        return matrix


def equations(network: Network) -> Equations:
    """Matrices of a network.

    Parameters
    ----------
    network : Network
        Nodes and links.

    Returns
    -------
    Equations
        Matrices of shape (nodes, nodes), and the inverse capacities.

    Raises
    ------
    ValueError
        If a link names a node that there is none of, or a capacity is not above 0.

    Examples
    --------
    >>> pair = Network({"a": 2.0, "b": 4.0}, (Conduction("a", "b", 8.0),))
    >>> equations(pair).linear.tolist()
    [[4.0, -4.0], [-2.0, 2.0]]
    """
    names = network.nodes
    if not all(c > 0.0 for c in network.capacity_j_k.values()):
        raise ValueError("capacities must be above 0")
    index = {name: n for n, name in enumerate(names)}
    conducted, radiated = np.zeros((2, len(names), len(names)))
    for link in network.links:
        if link.first not in index or not (
            link.second in index or (isinstance(link, Radiation) and link.second == SPACE)
        ):
            raise ValueError(f"no node for the link {link}")
        match link:
            case Conduction(_, _, value):
                _couple(conducted, index[link.first], index[link.second], value)
            case Flow(_, _, value):
                row = index[link.second]
                conducted[row, row] += value
                conducted[row, index[link.first]] -= value
            case Radiation(_, _, area):
                value = STEFAN_BOLTZMANN_W_M2_K4 * area
                if link.second == SPACE:
                    radiated[index[link.first], index[link.first]] += value
                else:
                    _couple(radiated, index[link.first], index[link.second], value)
    inverse = 1.0 / np.array(list(network.capacity_j_k.values()))
    return Equations(inverse[:, None] * conducted, inverse[:, None] * radiated, inverse)


def _couple(matrix: Array, a: int, b: int, value: float) -> None:
    """Add a symmetric link."""
    for row, column in ((a, b), (b, a)):
        matrix[row, row] += value
        matrix[row, column] -= value


def solve_k(
    network: Network,
    start_k: Sequence[float] | Array,
    heats: Heats,
    times_s: Sequence[float] | Array,
    edges_s: Sequence[float] = (),
    method: Literal["exponential", "radau"] = "exponential",
    max_step_s: float = MAX_STEP_S,
) -> Array:
    """Temperatures of a network over time.

    Parameters
    ----------
    network : Network
        Nodes and links.
    start_k : sequence of float, shape (nodes,)
        Temperatures at the first time [K].
    heats : callable
        Heat into each node [W], shape (nodes,), at a time [s].
    times_s : sequence of float, shape (m,)
        Increasing times [s].
    edges_s : sequence of float, optional
        Times at which heats jump [s]: no step goes across them.
    method : {"exponential", "radau"}
        Exponential Rosenbrock method with the heats of the middle of a step, or scipy's Radau to 1e-9.
    max_step_s : float, optional
        Longest step of the exponential method [s].

    Returns
    -------
    ndarray, shape (m, nodes)
        Temperatures [K].

    References
    ----------
    [hochbruck2009]

    Examples
    --------
    A plate that radiates from both faces cools by 1/T^3 = 1/T0^3 + 6 eps sigma t / C'':

    >>> plate = Network({"plate": 4450.0}, (Radiation("plate", SPACE, 2.0 * 0.85),))
    >>> after = solve_k(plate, [300.0], lambda t: np.zeros(1), [0.0, 1183.2], max_step_s=5.0)[-1, 0]
    >>> bool(abs(after - (300.0**-3 + 6.0 * 0.85 * 5.670374419e-8 * 1183.2 / 4450.0) ** (-1.0 / 3.0)) < 1e-3)
    True
    """
    times = np.asarray(times_s, dtype=float)
    found = np.empty((times.size, len(network.nodes)))
    found[0] = start_k
    terms = equations(network)
    inner = sorted(edge for edge in edges_s if times[0] < edge < times[-1])
    advance = _exponential if method == "exponential" else _radau
    for n in range(1, times.size):
        stops = [times[n - 1], *(edge for edge in inner if times[n - 1] < edge < times[n]), times[n]]
        temps = found[n - 1]
        for begin, end in pairwise(stops):
            temps = advance(terms, temps, heats, begin, end, max_step_s)
        found[n] = temps
    return found


def _exponential(
    terms: Equations, temps: Array, heats: Heats, begin_s: float, end_s: float, max_step_s: float
) -> Array:
    """Steps T + h phi_1(h J) f(T); phi_1 from the exponential of a matrix with one row more."""
    from scipy.linalg import expm

    steps = max(1, int(np.ceil((end_s - begin_s) / max_step_s - 1e-9)))
    h = (end_s - begin_s) / steps
    size = temps.size
    flow = np.zeros((size + 1, size + 1))
    for k in range(steps):
        flow[:size, :size] = h * terms.jacobian(temps)
        flow[:size, size] = h * terms.rate(temps, heats(begin_s + (k + 0.5) * h))
        temps = temps + expm(flow)[:size, size]
    return temps


def _radau(terms: Equations, temps: Array, heats: Heats, begin_s: float, end_s: float, _max_step_s: float) -> Array:
    """Scipy's Radau; heats just inside the ends, where they may jump."""
    from scipy.integrate import solve_ivp

    inside = 1e-9 * (end_s - begin_s)

    def rate(t: float, y: Array) -> Array:
        return terms.rate(y, heats(min(max(t, begin_s + inside), end_s - inside)))

    found = solve_ivp(
        rate, (begin_s, end_s), temps, method="Radau", jac=lambda _t, y: terms.jacobian(y), rtol=1e-9, atol=1e-9
    )
    last: Array = found.y[:, -1]
    return last


def steady_state_k(network: Network, heats_w: Sequence[float] | Array, first_guess_k: float = 290.0) -> Array:
    """Temperatures at which constant heats are in balance.

    Parameters
    ----------
    network : Network
        Nodes and links, of which some radiate to space.
    heats_w : sequence of float, shape (nodes,)
        Heat into each node [W].
    first_guess_k : float, optional
        Temperature of all nodes from which the search starts [K].

    Returns
    -------
    ndarray, shape (nodes,)
        Temperatures [K].

    Raises
    ------
    ValueError
        If no balance is found.

    Examples
    --------
    >>> plate = Network({"plate": 1.0}, (Radiation("plate", SPACE, 1.0),))
    >>> round(float(steady_state_k(plate, [459.3])[0]), 2)
    300.0
    """
    terms, heats = equations(network), np.asarray(heats_w, dtype=float)
    temps: Array = np.full(heats.size, first_guess_k)
    for _ in range(200):
        change = np.linalg.solve(terms.jacobian(temps), -terms.rate(temps, heats))
        temps = np.maximum(temps + change, 0.5 * temps)  # a step that is too long would leave the physical range
        if np.abs(change).max() < 1e-10 * first_guess_k:
            return temps
    raise ValueError("the heats of the network have no balance")
