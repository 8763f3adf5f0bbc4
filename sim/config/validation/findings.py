"""What a check of a design has found: quantities to read, and values to write that round to the safe side."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from orbit.constants import ZERO_CELSIUS_K

DIGITS = 3  # of values that a message proposes


class Finding(NamedTuple):
    """Field below the satellite type, and message "what is wrong; what to write"."""

    field: str
    message: str


def up(value: float) -> str:
    """A value to write, rounded up to three digits.

    Parameters
    ----------
    value : float
        Smallest value that fits, above 0.

    Returns
    -------
    str
        A number without unit.

    Examples
    --------
    >>> up(12.3401), up(0.7), up(20136.0)
    ('12.4', '0.7', '20200')
    """
    return _rounded(value, math.ceil)


def down(value: float) -> str:
    """A value to write, rounded down to three digits.

    Parameters
    ----------
    value : float
        Largest value that fits, above 0.

    Returns
    -------
    str
        A number without unit.

    Examples
    --------
    >>> down(0.29996)
    '0.299'
    """
    return _rounded(value, math.floor)


def _rounded(value: float, whole: Callable[[float], int]) -> str:
    size = 10.0 ** (math.floor(math.log10(value)) - DIGITS + 1)
    steps = whole(round(value / size, 9))  # a value of three digits is its own
    places = max(0, -round(math.log10(size)))
    return f"{steps * size:.{places}f}".rstrip("0").rstrip(".") if places else f"{steps * size:.0f}"


def power_text(watts: float) -> str:
    """Power to read, with four digits.

    Parameters
    ----------
    watts : float
        Power [W].

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> power_text(65280.0)
    '65.28 kW'
    """
    for size, unit in ((1e9, "GW"), (1e6, "MW"), (1e3, "kW")):
        if watts >= size:
            return f"{watts / size:.4g} {unit}"
    return f"{watts:.4g} W"


def energy(joules: float) -> str:
    """Energy to read, with three digits.

    Parameters
    ----------
    joules : float
        Energy [J].

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> energy(1.7352e6)
    '0.482 kWh'
    """
    return f"{joules / 3.6e6:.3g} kWh" if joules < 3.6e9 else f"{joules / 3.6e6:,.0f} kWh"


def celsius(kelvin: float) -> str:
    """Temperature to read, in whole degrees.

    Parameters
    ----------
    kelvin : float
        Temperature [K].

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> celsius(368.15)
    '95 degC'
    """
    return f"{kelvin - ZERO_CELSIUS_K:.0f} degC"


def celsius_at_most(kelvin: float) -> str:
    """Temperature to write, rounded down to a whole degree.

    Parameters
    ----------
    kelvin : float
        Highest temperature that fits [K].

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> celsius_at_most(368.1)
    '94 degC'
    """
    return f"{math.floor(kelvin - ZERO_CELSIUS_K + 1e-9)} degC"
