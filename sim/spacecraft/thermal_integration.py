"""Temperatures of any thermal network over time: nodes, links, coolant and heats of any number.

For satellites that are not ours, and as reference of the compiled step: the same network, integrated another way. Two
integrators: scipy's Radau, and an exponential Rosenbrock method, which is exact for the linear part and of second order
for radiation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.spacecraft.thermal_network import Network, conductance_matrix_w_k

Array = NDArray[np.float64]
Heats = Callable[[float], Array]
MAX_STEP_S = 60.0
TOLERANCE = 1e-9  # of Radau, relative and in kelvin


@dataclass(frozen=True, slots=True)
class _Equations:
    """C dT/dt = -K T - R T^4 + Q, with every row divided by the capacity of its node."""

    linear: Array  # [1/s]
    radiative: Array  # [1/(s K^3)], of each node
    inverse_capacity: Array  # [K/J]

    def rate(self, temps_k: Array, heats_w: Array) -> Array:
        rate: Array = -self.linear @ temps_k - self.radiative * temps_k**4 + self.inverse_capacity * heats_w
        return rate

    def jacobian(self, temps_k: Array) -> Array:
        matrix: Array = -self.linear - np.diag(4.0 * self.radiative * temps_k**3)
        return matrix


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
        Nodes, links and coolant.
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
    A plate of 1 m2 that radiates from both faces cools by 1/T^3 = 1/T0^3 + 6 eps sigma t / C'':

    >>> from sim.spacecraft.thermal_network import Node
    >>> plate = Network((Node("plate", 4500.0, 2.0 * 0.85 * 5.670374419e-8),))
    >>> after = solve_k(plate, [300.0], lambda t: np.zeros(1), [0.0, 1183.2], max_step_s=5.0)[-1, 0]
    >>> bool(abs(after - (300.0**-3 + 6.0 * 0.85 * 5.670374419e-8 * 1183.2 / 4500.0) ** (-1.0 / 3.0)) < 1e-3)
    True
    """
    times = np.asarray(times_s, dtype=float)
    found = np.empty((times.size, len(network.nodes)))
    found[0] = start_k
    inverse = 1.0 / network.heat_capacity_j_k
    terms = _Equations(inverse[:, None] * conductance_matrix_w_k(network), inverse * network.emission_w_k4, inverse)
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
    terms: _Equations, temps: Array, heats: Heats, begin_s: float, end_s: float, max_step_s: float
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


def _radau(terms: _Equations, temps: Array, heats: Heats, begin_s: float, end_s: float, _max_step_s: float) -> Array:
    """Scipy's Radau; heats just inside the ends, where they may jump."""
    from scipy.integrate import solve_ivp

    inside = 1e-9 * (end_s - begin_s)

    def rate(t: float, y: Array) -> Array:
        return terms.rate(y, heats(min(max(t, begin_s + inside), end_s - inside)))

    found = solve_ivp(
        rate, (begin_s, end_s), temps, method="Radau", jac=lambda _t, y: terms.jacobian(y), rtol=TOLERANCE, atol=TOLERANCE
    )
    last: Array = found.y[:, -1]
    return last
