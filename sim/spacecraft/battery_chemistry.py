"""Electrical model of a lithium-ion battery: open-circuit voltage, resistance by temperature, losses by power.

A battery of energy E is a source at the open-circuit voltage V behind a resistance. With V on a straight line over the
charge, V^2 is on one over the energy. An internal power P, that of the source, then loses k P^2 in the resistance, with
k = tau(T) / (E v^2): v is V over its mean, and tau = resistance x capacity / mean voltage is the same for a cell and for any
pack of such cells. tau follows the temperature by Arrhenius' law.

Plain Python, since the checks of scenarios use it.

References: [plett2015:ch. 2] for the equivalent circuit, [moeller2022] for the measured cells.
"""

from __future__ import annotations

import math
from typing import Any

REFERENCE_K = 298.15  # at which the resistance of a cell is given


def mean_voltage_v(cell: Any) -> float:
    """Open-circuit voltage of a cell, mean over its charge.

    Parameters
    ----------
    cell : Cell
        The cell, as the scenario has it [SI].

    Returns
    -------
    float
        Voltage [V].
    """
    mean: float = 0.5 * (cell.voltage_empty + cell.voltage_full)
    return mean


def voltage_span(cell: Any) -> float:
    """Rise of the open-circuit voltage from empty to full, over its mean.

    Parameters
    ----------
    cell : Cell
        The cell, as the scenario has it [SI].

    Returns
    -------
    float
        The rise, below 2.
    """
    span: float = (cell.voltage_full - cell.voltage_empty) / mean_voltage_v(cell)
    return span


def resistance_s(cell: Any, temperature_k: float = REFERENCE_K) -> float:
    """Resistance times capacity over mean voltage: the share of the power that is lost when the battery empties in a second.

    Parameters
    ----------
    cell : Cell
        The cell, as the scenario has it [SI].
    temperature_k : float
        Its temperature [K].

    Returns
    -------
    float
        The time tau [s].

    References
    ----------
    Arrhenius' law [plett2015:ch. 2].
    """
    arrhenius = math.exp(cell.activation * (1.0 / temperature_k - 1.0 / REFERENCE_K))
    seconds: float = cell.resistance * cell.capacity / mean_voltage_v(cell) * arrhenius
    return seconds


def loss_per_w(cell: Any, energy_j: float, charge_fraction: float, temperature_k: float = REFERENCE_K) -> float:
    """Ohmic loss of a battery over the square of its internal power.

    Parameters
    ----------
    cell : Cell
        Its cells.
    energy_j : float
        Energy of the full battery [J].
    charge_fraction : float
        Stored energy over that of the full battery.
    temperature_k : float
        Temperature [K].

    Returns
    -------
    float
        The coefficient k [1/W].
    """
    return resistance_s(cell, temperature_k) / (energy_j * square_voltage(charge_fraction, voltage_span(cell)))


def square_voltage(charge_fraction: float, span: float) -> float:
    """Square of the open-circuit voltage over its mean.

    The energy is the integral of the voltage over the charge, so that d(v^2)/d(energy) is constant.

    Parameters
    ----------
    charge_fraction : float
        Stored energy over that of the full battery.
    span : float
        `voltage_span`.

    Returns
    -------
    float
        v^2.

    Examples
    --------
    >>> square_voltage(1.0, 0.2), square_voltage(0.0, 0.2)
    (1.21, 0.81)
    """
    return (1.0 - 0.5 * span) ** 2 + 2.0 * span * charge_fraction


def drained_w(power_w: float, per_w: float) -> float:
    """Internal power of a discharge that gives a power at the terminals: P - k P^2 = given.

    Parameters
    ----------
    power_w : float
        Power at the terminals [W].
    per_w : float
        `loss_per_w` [1/W].

    Returns
    -------
    float
        Internal power [W]; that of the greatest power there is, 1 / (2 k), where more is asked for.

    Examples
    --------
    >>> drained_w(9.0, 0.01)
    10.0
    """
    return 2.0 * power_w / (1.0 + math.sqrt(max(0.0, 1.0 - 4.0 * per_w * power_w)))


def stored_for_j(cell: Any, energy_j: float, power_w: float, seconds: float, charge_fraction: float = 0.5) -> float:
    """Energy that a battery loses while it gives a power, at the reference temperature.

    Parameters
    ----------
    cell : Cell
        Its cells.
    energy_j : float
        Energy of the full battery [J].
    power_w : float
        Power at the terminals [W].
    seconds : float
        Duration [s].
    charge_fraction : float
        State of charge at which the voltage is taken.

    Returns
    -------
    float
        Stored energy [J].
    """
    return seconds * drained_w(power_w, loss_per_w(cell, energy_j, charge_fraction))
