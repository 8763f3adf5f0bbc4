"""A radiator panel with coolant in it: fin efficiency, net flux, and temperatures marched along the flow.

For radiators of any satellite, flown ones among them; that of the step is part of the compiled network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4

SEGMENTS = 24
COLDEST_K, HOTTEST_K = 1.0, 2000.0  # between which temperatures are sought


class Panel(NamedTuple):
    """A flat panel that radiates from both faces; areas are those of one face."""

    area_m2: float
    emissivity: float
    absorbed_w_m2: float  # from Sun and Earth, both faces together, per square metre of one
    fin_length_m: float  # from a tube to halfway to the next
    fin_thickness_m: float
    fin_conductivity_w_m_k: float


class March(NamedTuple):
    """Coolant and panel along the flow."""

    outlet_k: float
    mean_k: float  # of the roots of the fins, mean of T^4 over the area
    rejected_w: float
    root_k: NDArray[np.float64]  # of each segment


def fin_efficiency(panel: Panel, root_k: float) -> float:
    """Heat that a fin rejects, over what it would at the temperature of its root.

    Parameters
    ----------
    panel : Panel
        The panel.
    root_k : float
        Temperature of the root [K], above 0.

    Returns
    -------
    float
        tanh(mL) / (mL), 0 to 1, with radiation of both faces linearised at the root.

    References
    ----------
    [fortescue2011:ch. 11]

    Examples
    --------
    Aluminium of 1 mm, 10 cm between tube and middle, 320 K:

    >>> round(fin_efficiency(Panel(1.0, 0.85, 0.0, 0.10, 1e-3, 180.0), 320.0), 3)
    0.817
    """
    per_face = 4.0 * panel.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * root_k**3
    length = panel.fin_length_m * math.sqrt(2.0 * per_face / (panel.fin_conductivity_w_m_k * panel.fin_thickness_m))
    return math.tanh(length) / length if length > 0.0 else 1.0


def net_flux_w_m2(panel: Panel, root_k: float) -> float:
    """Heat that a panel at one temperature rejects.

    Parameters
    ----------
    panel : Panel
        The panel.
    root_k : float
        Temperature at the roots of the fins [K], above 0.

    Returns
    -------
    float
        Emitted by both faces less absorbed, per square metre of one face [W/m2]; the fin lowers the difference.
    """
    emitted = 2.0 * panel.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * root_k**4
    return fin_efficiency(panel, root_k) * (emitted - panel.absorbed_w_m2)


def temperature_k(panel: Panel, flux_w_m2: float) -> float:
    """Temperature at which a panel rejects a flux.

    Parameters
    ----------
    panel : Panel
        The panel.
    flux_w_m2 : float
        Net flux per square metre of one face [W/m2], at least 0.

    Returns
    -------
    float
        Temperature at the roots of the fins [K].
    """
    return _root(lambda root_k: net_flux_w_m2(panel, root_k) - flux_w_m2, HOTTEST_K)


def _root(function: Callable[[float], float], highest: float) -> float:
    """Where an increasing function of a temperature is zero."""
    from scipy.optimize import brentq

    return float(brentq(function, COLDEST_K, highest, xtol=1e-9))


def march(panel: Panel, inlet_k: float, capacity_rate_w_k: float, segments: int = SEGMENTS) -> March:
    """Cool a flow of coolant along a panel.

    Parameters
    ----------
    panel : Panel
        The panel.
    inlet_k : float
        Temperature of the coolant at the inlet [K].
    capacity_rate_w_k : float
        Mass flow times specific heat [W/K], above 0.
    segments : int, optional
        Segments along the flow, at least 1; the roots of a segment have the mean temperature of its coolant.

    Returns
    -------
    March
        Outlet, mean temperature, rejected heat, and the temperature of each segment.
    """
    area = panel.area_m2 / segments
    roots, inlet = np.empty(segments), inlet_k
    for n in range(segments):
        roots[n] = _segment_root_k(panel, inlet, area / capacity_rate_w_k)
        inlet -= area * net_flux_w_m2(panel, roots[n]) / capacity_rate_w_k
    return March(inlet, float(np.mean(roots**4) ** 0.25), capacity_rate_w_k * (inlet_k - inlet), roots)


def _segment_root_k(panel: Panel, inlet_k: float, drop_k_m2_w: float) -> float:
    """Root of a segment: its coolant's inlet less half the drop."""
    return _root(lambda root_k: root_k + 0.5 * drop_k_m2_w * net_flux_w_m2(panel, root_k) - inlet_k, HOTTEST_K)


def flow_for_w_k(panel: Panel, inlet_k: float, rejected_w: float, most_w_k: float) -> float:
    """Flow through a panel that rejects a given heat, as a mixing valve sets it.

    Parameters
    ----------
    panel : Panel
        The panel.
    inlet_k : float
        Temperature of the coolant at the inlet [K].
    rejected_w : float
        Heat to reject [W].
    most_w_k : float
        Largest mass flow times specific heat [W/K].

    Returns
    -------
    float
        Mass flow times specific heat [W/K].

    Raises
    ------
    ValueError
        If the largest flow rejects less.
    """
    from scipy.optimize import brentq

    if march(panel, inlet_k, most_w_k).rejected_w < rejected_w:
        raise ValueError("the panel cannot reject this heat at this inlet")
    least_w_k = rejected_w / inlet_k  # no coolant leaves colder than 0 K
    return float(
        brentq(lambda flow: march(panel, inlet_k, flow).rejected_w - rejected_w, least_w_k, most_w_k, rtol=1e-9)
    )
