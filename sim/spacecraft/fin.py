"""Efficiency of a radiator's fins from their size, for the field `fin_efficiency` of a radiator."""

from __future__ import annotations

import math

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4


def fin_efficiency(length_m: float, thickness_m: float, conductivity_w_m_k: float, emissivity: float, root_k: float) -> float:
    """Net heat that a fin rejects from both faces, over what it would at the temperature of its root.

    Parameters
    ----------
    length_m : float
        From a tube to halfway to the next [m], at least 0.
    thickness_m : float
        Thickness [m], above 0.
    conductivity_w_m_k : float
        Thermal conductivity [W/(m K)], above 0.
    emissivity : float
        Emissivity of each face, 0 to 1.
    root_k : float
        Temperature of the root [K], about which radiation is linear.

    Returns
    -------
    float
        tanh(mL) / (mL), 0 to 1.

    References
    ----------
    [fortescue2011:ch. 11]

    Examples
    --------
    Aluminium of 1 mm, 10 cm from tube to middle, at 320 K:

    >>> round(fin_efficiency(0.10, 1e-3, 180.0, 0.85, 320.0), 3)
    0.817
    """
    per_face_w_m2_k = 4.0 * emissivity * STEFAN_BOLTZMANN_W_M2_K4 * root_k**3
    length = length_m * math.sqrt(2.0 * per_face_w_m2_k / (conductivity_w_m_k * thickness_m))
    return math.tanh(length) / length if length > 0.0 else 1.0
