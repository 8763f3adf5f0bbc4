"""Quantities as text with a unit, to and from floats in SI. The only module that knows units.

A table covers the units in daily use without loading anything. Other units go to astropy.units, imported on demand.
"""

from __future__ import annotations

import math
import re

_DAY_S = 86400.0
_YEAR_S = 365.25 * _DAY_S

# unit -> (SI unit it converts to, factor). Checked against astropy.units in the tests.
UNITS: dict[str, tuple[str, float]] = {
    "m": ("m", 1.0), "km": ("m", 1e3), "cm": ("m", 1e-2), "mm": ("m", 1e-3), "um": ("m", 1e-6), "nm": ("m", 1e-9),
    "au": ("m", 149597870700.0),
    "m2": ("m2", 1.0), "km2": ("m2", 1e6), "cm2": ("m2", 1e-4),
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "min": ("s", 60.0), "h": ("s", 3600.0), "d": ("s", _DAY_S),
    "yr": ("s", _YEAR_S),
    "rad/s": ("rad/s", 1.0), "rev/d": ("rad/s", 2.0 * math.pi / _DAY_S), "1/s": ("1/s", 1.0),
    "urad": ("rad", 1e-6), "rad": ("rad", 1.0), "deg": ("rad", math.pi / 180.0), "arcmin": ("rad", math.pi / 10800.0),
    "arcsec": ("rad", math.pi / 648000.0),
    "kg": ("kg", 1.0), "g": ("kg", 1e-3), "t": ("kg", 1e3), "kg/m2": ("kg/m2", 1.0), "kg/s": ("kg/s", 1.0),
    "kg/m3": ("kg/m3", 1.0), "m2/kg": ("m2/kg", 1.0),
    "W": ("W", 1.0), "mW": ("W", 1e-3), "kW": ("W", 1e3), "MW": ("W", 1e6), "GW": ("W", 1e9),
    "W/m2": ("W/m2", 1.0), "kW/m2": ("W/m2", 1e3),
    "W/K": ("W/K", 1.0), "kW/K": ("W/K", 1e3), "K/W": ("K/W", 1.0),
    "J": ("J", 1.0), "kJ": ("J", 1e3), "MJ": ("J", 1e6), "GJ": ("J", 1e9),
    "Wh": ("J", 3600.0), "kWh": ("J", 3.6e6), "MWh": ("J", 3.6e9),
    "J/K": ("J/K", 1.0), "kJ/K": ("J/K", 1e3), "J/(m2 K)": ("J/(m2 K)", 1.0), "kJ/(m2 K)": ("J/(m2 K)", 1e3),
    "J/(kg K)": ("J/(kg K)", 1.0),
    "J/kg": ("J/kg", 1.0), "Wh/kg": ("J/kg", 3600.0), "W/kg": ("W/kg", 1.0),
    "K": ("K", 1.0),
    "1/K": ("1/K", 1.0), "%/K": ("1/K", 1e-2),
    "1": ("1", 1.0), "%": ("1", 1e-2),
    "FLOP/s": ("FLOP/s", 1.0), "TFLOP/s": ("FLOP/s", 1e12), "PFLOP/s": ("FLOP/s", 1e15), "EFLOP/s": ("FLOP/s", 1e18),
    "B": ("B", 1.0), "GB": ("B", 1e9), "TB": ("B", 1e12), "GiB": ("B", 2.0**30), "TiB": ("B", 2.0**40),
    "B/s": ("B/s", 1.0), "GB/s": ("B/s", 1e9), "TB/s": ("B/s", 1e12),
    "bit/s": ("bit/s", 1.0), "Mbit/s": ("bit/s", 1e6), "Gbit/s": ("bit/s", 1e9), "Tbit/s": ("bit/s", 1e12),
    "USD": ("USD", 1.0), "USD/kg": ("USD/kg", 1.0),
}  # fmt: skip

_QUANTITY = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$", re.S)
_OFFSETS_K = {"degC": 273.15, "C": 273.15}


class UnitError(ValueError):
    """The text is not a quantity in the unit asked for. The message says what to write instead."""


def examples(si_unit: str) -> list[str]:
    """Units that a quantity may be written in.

    Parameters
    ----------
    si_unit : str
        SI unit in which the quantity is kept, as in `UNITS`, such as "m" or "W/m2".

    Returns
    -------
    list of str
        Names of units, the most usual first; empty for a unit that is not in the table.

    Examples
    --------
    >>> examples("kg")
    ['kg', 'g', 't']
    """
    names = [name for name, (si, _) in UNITS.items() if si == si_unit]
    return [*names, "degC"] if si_unit == "K" else names


def to_si(text: str | float, si_unit: str) -> float:
    """Convert a number with a unit to a float in an SI unit.

    Parameters
    ----------
    text : str or float
        Number and unit, such as "550 km". A plain number is accepted only where `si_unit` is "1".
    si_unit : str
        SI unit of the result. "1" for a dimensionless quantity, which may also be written in percent.

    Returns
    -------
    float
        Value in `si_unit`.

    Raises
    ------
    UnitError
        The number or the unit is missing, the unit is unknown or of another dimension, or the number is not finite.

    Examples
    --------
    >>> to_si("550 km", "m")
    550000.0
    >>> to_si("20 %", "1")
    0.2
    >>> to_si("25 degC", "K")
    298.15
    >>> to_si("550", "m")
    Traceback (most recent call last):
    orbit.units.UnitError: '550' has no unit; write '550 km' or '550 m'
    """
    if isinstance(text, bool):
        raise UnitError(f"{text} is not a number; write {_hint('1', si_unit)}")
    if isinstance(text, int | float):
        value = _finite(float(text), str(text))
        if si_unit != "1":
            raise UnitError(f"{text!r} has no unit; write {_hint(f'{text:g}', si_unit)}")
        return value
    match = _QUANTITY.match(text)
    if match is None:
        raise UnitError(f"'{text}' is not a number with a unit; write {_hint('10', si_unit)}")
    number, unit = match.groups()
    value = float(number)
    if not unit:
        if si_unit == "1":
            return _finite(value, text)
        raise UnitError(f"'{text}' has no unit; write {_hint(number, si_unit)}")
    return _finite(_convert(value, unit, si_unit, number), text)


def _convert(value: float, unit: str, si_unit: str, number: str) -> float:
    if si_unit == "K" and unit in _OFFSETS_K:
        return value + _OFFSETS_K[unit]
    known = UNITS.get(unit)
    if known is None:
        return value * _factor_from_astropy(unit, si_unit, number)
    if known[0] != si_unit:
        raise UnitError(f"'{number} {unit}' is not {_kind(si_unit)}; write {_hint(number, si_unit)}")
    return value * known[1]


def _factor_from_astropy(unit: str, si_unit: str, number: str) -> float:
    """Factor for a unit outside the table. Raises UnitError where astropy does not know it either."""
    import difflib

    # a unit of the right kind is the likelier guess
    close = [m for names in (examples(si_unit), UNITS) for m in difflib.get_close_matches(unit, names, n=1, cutoff=0.6)]
    # the right spelling in the wrong case is a slip, not a request for another unit
    same = [name for name in UNITS if name.lower() == unit.lower()]
    guess = f"did you mean '{(same or close)[0]}'? " if same or close else ""
    unknown = UnitError(f"unknown unit '{unit}'; {guess}write {_hint(number, si_unit)}")
    if same:
        raise unknown
    from astropy import units as u

    wanted = {"FLOP/s": "1/s", "USD": "", "USD/kg": "1/kg", "B": "byte", "B/s": "byte/s"}.get(si_unit, si_unit)
    try:
        factor = u.Unit(unit).to(
            u.Unit("" if wanted == "1" else wanted.replace("(m2 K)", "m2/K").replace("(kg K)", "kg/K"))
        )
    except (ValueError, TypeError, u.UnitConversionError):
        raise unknown from None
    return float(factor)


def _finite(value: float, text: str) -> float:
    if not math.isfinite(value):
        raise UnitError(f"'{text}' is not a finite number")
    return value


def _kind(si_unit: str) -> str:
    kinds = {"m": "a length", "m2": "an area", "s": "a time", "rad": "an angle", "kg": "a mass", "W": "a power",
             "J": "an energy", "K": "a temperature", "1": "a plain number", "kg/m2": "a mass per area",
             "m2/kg": "an area per mass"}  # fmt: skip
    return kinds.get(si_unit, f"a quantity in {si_unit}")


def _hint(number: str, si_unit: str) -> str:
    names = examples(si_unit)
    if si_unit == "1":
        return f"'{number}' or '{number} %'"
    usual = {"m": ["km", "m"], "s": ["s", "h", "d"], "rad": ["deg"], "J": ["kWh", "J"], "W": ["kW", "W"],
             "K": ["K", "degC"]}.get(si_unit, names[:2] or [si_unit])  # fmt: skip
    return " or ".join(f"'{number} {name}'" for name in usual)


def from_si(value: float, si_unit: str) -> str:
    """Write a float in an SI unit as text that `to_si` reads back exactly.

    Parameters
    ----------
    value : float
        Value in `si_unit`.
    si_unit : str
        SI unit, "1" for a dimensionless quantity.

    Returns
    -------
    str
        Shortest decimal number that gives the same float, followed by the unit.

    Examples
    --------
    >>> from_si(550000.0, "m")
    '550000.0 m'
    >>> from_si(0.2, "1")
    '0.2'
    """
    return repr(value) if si_unit == "1" else f"{value!r} {si_unit}"
