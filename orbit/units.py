"""Quantities as text with a unit, to and from floats in SI. The only module that knows units.

A quantity is one number and one unit of the table `UNITS`; everything else is refused. Text that other tables and programs
write (miles, `1 h 30 min`, `2,300 W`, `16M`) is refused with the same quantity in a unit of the table.
"""

from __future__ import annotations

import difflib
import math
import re

_DAY_S = 86400.0
_YEAR_S = 365.25 * _DAY_S

# unit -> (SI unit it converts to, factor). Checked against astropy.units in the tests.
UNITS: dict[str, tuple[str, float]] = {
    "m": ("m", 1.0), "km": ("m", 1e3), "cm": ("m", 1e-2), "mm": ("m", 1e-3), "um": ("m", 1e-6), "nm": ("m", 1e-9),
    "au": ("m", 149597870700.0),
    "m2": ("m2", 1.0), "km2": ("m2", 1e6), "cm2": ("m2", 1e-4),
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9), "min": ("s", 60.0), "h": ("s", 3600.0),
    "d": ("s", _DAY_S), "yr": ("s", _YEAR_S),
    "m3": ("m3", 1.0), "m/s": ("m/s", 1.0), "km/s": ("m/s", 1e3), "m/s2": ("m/s2", 1.0), "m/s/yr": ("m/s2", 1.0 / _YEAR_S),
    "rad/s": ("rad/s", 1.0), "deg/s": ("rad/s", math.pi / 180.0),
    "deg/yr": ("rad/s", math.pi / 180.0 / _YEAR_S), "rev/d": ("rad/s", 2.0 * math.pi / _DAY_S),
    "1/s": ("1/s", 1.0), "1/h": ("1/s", 1.0 / 3600.0), "1/d": ("1/s", 1.0 / _DAY_S), "1/yr": ("1/s", 1.0 / _YEAR_S),
    "Hz": ("Hz", 1.0), "kHz": ("Hz", 1e3), "MHz": ("Hz", 1e6), "GHz": ("Hz", 1e9),
    "N": ("N", 1.0), "mN": ("N", 1e-3),
    "urad": ("rad", 1e-6), "mrad": ("rad", 1e-3), "rad": ("rad", 1.0), "deg": ("rad", math.pi / 180.0),
    "arcmin": ("rad", math.pi / 10800.0), "arcsec": ("rad", math.pi / 648000.0),
    "kg": ("kg", 1.0), "g": ("kg", 1e-3), "t": ("kg", 1e3), "kg/m2": ("kg/m2", 1.0), "kg/s": ("kg/s", 1.0),
    "kg/W": ("kg/W", 1.0), "kg/kW": ("kg/W", 1e-3), "kg/J": ("kg/J", 1.0), "kg/kWh": ("kg/J", 1.0 / 3.6e6),
    "g/kWh": ("kg/J", 1e-3 / 3.6e6),
    "kg/m3": ("kg/m3", 1.0), "m2/kg": ("m2/kg", 1.0),
    "W": ("W", 1.0), "mW": ("W", 1e-3), "kW": ("W", 1e3), "MW": ("W", 1e6), "GW": ("W", 1e9),
    "W/m2": ("W/m2", 1.0), "kW/m2": ("W/m2", 1e3),
    "W/K": ("W/K", 1.0), "kW/K": ("W/K", 1e3), "K/W": ("K/W", 1.0),
    "J": ("J", 1.0), "kJ": ("J", 1e3), "MJ": ("J", 1e6), "GJ": ("J", 1e9),
    "Wh": ("J", 3600.0), "kWh": ("J", 3.6e6), "MWh": ("J", 3.6e9),
    "J/K": ("J/K", 1.0), "kJ/K": ("J/K", 1e3), "J/(m2 K)": ("J/(m2 K)", 1.0), "kJ/(m2 K)": ("J/(m2 K)", 1e3),
    "J/(kg K)": ("J/(kg K)", 1.0),
    "J/kg": ("J/kg", 1.0), "Wh/kg": ("J/kg", 3600.0), "W/kg": ("W/kg", 1.0),
    "Gy": ("Gy", 1.0), "mGy": ("Gy", 1e-3), "kGy": ("Gy", 1e3),
    "V": ("V", 1.0), "A s": ("A s", 1.0), "Ah": ("A s", 3600.0), "ohm": ("ohm", 1.0), "mohm": ("ohm", 1e-3),
    "K": ("K", 1.0),
    "1/K": ("1/K", 1.0), "%/K": ("1/K", 1e-2),
    "1": ("1", 1.0), "%": ("1", 1e-2), "dB": ("dB", 1.0),
    "FLOP/s": ("FLOP/s", 1.0), "GFLOP/s": ("FLOP/s", 1e9), "TFLOP/s": ("FLOP/s", 1e12), "PFLOP/s": ("FLOP/s", 1e15),
    "EFLOP/s": ("FLOP/s", 1e18),
    "B": ("B", 1.0), "kB": ("B", 1e3), "MB": ("B", 1e6), "GB": ("B", 1e9), "TB": ("B", 1e12), "MiB": ("B", 2.0**20), "GiB": ("B", 2.0**30),
    "TiB": ("B", 2.0**40),
    "B/s": ("B/s", 1.0), "MB/s": ("B/s", 1e6), "GB/s": ("B/s", 1e9), "TB/s": ("B/s", 1e12),
    "bit/s": ("bit/s", 1.0), "kbit/s": ("bit/s", 1e3), "Mbit/s": ("bit/s", 1e6), "Gbit/s": ("bit/s", 1e9), "Tbit/s": ("bit/s", 1e12),
    "USD": ("USD", 1.0), "USD/kg": ("USD/kg", 1.0), "USD/m2": ("USD/m2", 1.0), "USD/W": ("USD/W", 1.0),
    "USD/s": ("USD/s", 1.0), "USD/h": ("USD/s", 1.0 / 3600.0),
    "USD/J": ("USD/J", 1.0), "USD/kWh": ("USD/J", 1.0 / 3.6e6), "USD/MWh": ("USD/J", 1.0 / 3.6e9),
}  # fmt: skip

# Units that are refused, but whose size is known, so that a message can state the same quantity in a unit of the table.
FOREIGN: dict[str, tuple[str, float]] = {
    "mi": ("m", 1609.344), "mile": ("m", 1609.344), "nmi": ("m", 1852.0), "ft": ("m", 0.3048), "yd": ("m", 0.9144),
    "in": ("m", 0.0254), "inch": ("m", 0.0254), "Mm": ("m", 1e6), "dm": ("m", 0.1), "meter": ("m", 1.0), "metre": ("m", 1.0),
    "kilometer": ("m", 1e3), "kilometre": ("m", 1e3),
    "ft2": ("m2", 0.3048**2), "sqm": ("m2", 1.0),
    "sec": ("s", 1.0), "second": ("s", 1.0), "minute": ("s", 60.0), "hr": ("s", 3600.0), "hour": ("s", 3600.0),
    "day": ("s", _DAY_S), "week": ("s", 7.0 * _DAY_S), "wk": ("s", 7.0 * _DAY_S), "year": ("s", _YEAR_S), "a": ("s", _YEAR_S),
    "degree": ("rad", math.pi / 180.0), "rev/day": ("rad/s", 2.0 * math.pi / _DAY_S), "rpm": ("rad/s", math.pi / 30.0),
    "lb": ("kg", 0.45359237), "oz": ("kg", 0.028349523125), "tonne": ("kg", 1e3), "mg": ("kg", 1e-6),
    "hp": ("W", 745.69987158227022), "watt": ("W", 1.0), "kilowatt": ("W", 1e3), "megawatt": ("W", 1e6), "TW": ("W", 1e12),
    "kelvin": ("K", 1.0), "cGy": ("Gy", 1e-2), "gray": ("Gy", 1.0),
    "FLOPS": ("FLOP/s", 1.0), "GFLOPS": ("FLOP/s", 1e9), "TFLOPS": ("FLOP/s", 1e12), "PFLOPS": ("FLOP/s", 1e15),
    "EFLOPS": ("FLOP/s", 1e18),
    "KiB": ("B", 1024.0), "PB": ("B", 1e15),
    "bps": ("bit/s", 1.0), "kbps": ("bit/s", 1e3), "Mbps": ("bit/s", 1e6), "Gbps": ("bit/s", 1e9), "Tbps": ("bit/s", 1e12),
    "Gb/s": ("bit/s", 1e9), "Mb/s": ("bit/s", 1e6),
    "k": ("1", 1e3), "K": ("1", 1e3), "M": ("1", 1e6), "G": ("1", 1e9), "B": ("1", 1e9), "T": ("1", 1e12),
    "thousand": ("1", 1e3), "million": ("1", 1e6), "billion": ("1", 1e9), "trillion": ("1", 1e12), "percent": ("1", 1e-2),
    "$": ("USD", 1.0), "kUSD": ("USD", 1e3), "MUSD": ("USD", 1e6), "M USD": ("USD", 1e6), "million USD": ("USD", 1e6),
    "billion USD": ("USD", 1e9), "k USD": ("USD", 1e3),
}  # fmt: skip

NUMBER = r"[+-]?(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_QUANTITY = re.compile(rf"\s*({NUMBER})\s*(.*?)\s*", re.S)
_PART = re.compile(rf"\s*({NUMBER})\s*([a-zA-Z]+)\s*")
_SEPARATED = re.compile(r"\s*([+-]?)([0-9]{1,3}(?:([ ,.'’\u00a0\u202f])[0-9]{3})+|[0-9]+,[0-9]+)(?!\s*[0-9.,'’])\s*(.*?)\s*", re.S)  # noqa: RUF001
_OFFSETS_K = {"degC": 273.15, "C": 273.15}
_SPELLINGS = str.maketrans({"²": "2", "³": "3", "µ": "u", "μ": "u", "^": None, "·": " ", "*": None, "°": "deg"})
_USUAL = {"m": ["km", "m"], "s": ["s", "h", "d"], "rad": ["deg"], "J": ["kWh", "J"], "W": ["kW", "W"], "K": ["K", "degC"]}
LONGEST = 200  # characters of a quantity: the patterns take a time that grows with the square
QUOTED = 60  # characters of a wrong text that a message repeats


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
        One number and one unit of `UNITS`, such as "550 km". A plain number is accepted only where `si_unit` is "1".
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
    >>> to_si("2 300 W", "W")
    Traceback (most recent call last):
    orbit.units.UnitError: '2 300 W' has a separator of digits; write '2300 W'
    """
    if isinstance(text, bool):
        raise UnitError(f"{str(text).lower()} is not a number; write {_form(si_unit)}")
    if isinstance(text, int | float):
        value = _finite(_float(text), str(text))
        if si_unit != "1":
            raise UnitError(f"{text!r} has no unit; write {_with_units(f'{text:g}', si_unit)}")
        return value
    match = _QUANTITY.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise UnitError(_not_a_quantity(text[:LONGEST], si_unit))
    number, unit = match.groups()
    value = _finite(float(number), text)
    if not unit:
        if si_unit == "1":
            return value
        raise UnitError(f"'{shortened(text)}' has no unit; write {_with_units(number, si_unit)}")
    if si_unit == "K" and unit in _OFFSETS_K:
        return _finite(value + _OFFSETS_K[unit], text)
    known = UNITS.get(unit)
    if known is None or known[0] != si_unit:
        raise UnitError(_wrong_unit(text, number, unit, si_unit))
    return _finite(value * known[1], text)


def shortened(text: str, most: int = QUOTED) -> str:
    """A text as messages repeat it: control characters escaped, and cut.

    Parameters
    ----------
    text : str
        Any text.
    most : int, optional
        Characters that are kept.

    Returns
    -------
    str
        The text, or its beginning and an ellipsis.

    Examples
    --------
    >>> shortened("550" + chr(27) + "[2J"), len(shortened(1000 * "9"))
    ('550\\\\x1b[2J', 61)
    """
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: most + 1])
    return escaped if len(escaped) <= most else escaped[:most] + "…"


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer beyond the range of a float
        return math.inf


def _finite(value: float, text: str) -> float:
    if not math.isfinite(value):
        raise UnitError(f"'{shortened(text)}' is not a finite number; write one below 1e308")
    return value


# --- messages ------------------------------------------------------------------------------------------------------


def _not_a_quantity(text: str, si_unit: str) -> str:
    """Message for text that does not begin with a number."""
    separated = _separated(text, si_unit)
    return separated or f"'{shortened(text)}' is not a number{_and_unit(si_unit)}; write {_form(si_unit)}"


def _wrong_unit(text: str, number: str, unit: str, si_unit: str) -> str:
    """Message for a number with a unit that the table does not have, or has for another kind of quantity."""
    separated = _separated(text, si_unit)
    if separated:
        return separated
    same = foreign_value(text, si_unit)
    if same is not None:
        foreign = si_unit != "1" and re.search("[0-9]", unit) is None
        what = f"unknown unit '{unit}'" if foreign else f"'{shortened(text)}' is not one number{_and_unit(si_unit)}"
        return f"{what}; write '{same}'"
    shown = shortened(f"{number} {unit}")
    if unit in UNITS:
        return f"'{shown}' is not {_kind(si_unit)}; write {_form(si_unit)}"
    if re.match(r"[0-9.,+_'’-]", unit):  # noqa: RUF001
        return f"'{shortened(text)}' is not one number{_and_unit(si_unit)}; write {_form(si_unit)}"
    respelled = _respelled(unit)
    if respelled in examples(si_unit):
        return f"unknown unit '{shortened(unit)}'; write '{number} {respelled}'"
    alike = [name for name in examples(si_unit) if name.lower() == unit.lower()]
    close = alike or difflib.get_close_matches(unit[:QUOTED], examples(si_unit), n=1, cutoff=0.6)
    guess = f"did you mean {' or '.join(repr(name) for name in close)}? " if close else ""
    return f"unknown unit '{shortened(unit)}'; {guess}write {_form(si_unit)}"


def foreign_value(text: str, si_unit: str) -> str | None:
    """The quantity of a text that is no quantity of this table, where it is known: other units, or several that add up.

    Parameters
    ----------
    text : str
        Text such as "342 mi", "1 h 30 min" or "16M".
    si_unit : str
        SI unit of the quantity.

    Returns
    -------
    str or None
        The same quantity with a unit of `UNITS`; None where it is not known.

    Examples
    --------
    >>> foreign_value("342 mi", "m"), foreign_value("1 h 30 min", "s"), foreign_value("16M", "1")
    ('550.395648 km', '90 min', '16e6')
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    number, unit = match.groups()
    if si_unit == "K" and unit in ("F", "degF", "°F"):
        return f"{(float(number) - 32.0) / 1.8:.6g} degC"
    if si_unit == "K" and _respelled(unit).lower() in ("degc", "celsius"):
        return f"{number} degC"
    known = FOREIGN.get(unit) or FOREIGN.get(unit.removesuffix("s"))
    if known is not None and known[0] == si_unit:
        return _in_usual_unit(float(number), known[1], number, si_unit)
    parts = list(_PART.finditer(text))
    if len(parts) < 2 or "".join(part[0] for part in parts) != text:
        return None
    units = [UNITS.get(part[2], ("", 0.0)) for part in parts]
    if any(unit[0] != si_unit for unit in units):
        return None
    total = math.fsum(float(part[1]) * factor for part, (_, factor) in zip(parts, units, strict=True))
    return f"{total / units[-1][1]:.10g} {parts[-1][2]}"


def _in_usual_unit(value: float, factor: float, number: str, si_unit: str) -> str:
    if si_unit == "1":
        exponent = {1e3: "e3", 1e6: "e6", 1e9: "e9", 1e12: "e12"}.get(factor)
        return f"{number} %" if exponent is None else f"{number}{exponent}" if "e" not in number.lower() else f"{value * factor:g}"
    sizes = sorted((UNITS[name][1], name) for name in _USUAL.get(si_unit, examples(si_unit))
                   if name in UNITS and "iB" not in name)  # fmt: skip
    fitting = [name for size, name in sizes if abs(value * factor) >= size] or [sizes[0][1]]
    return f"{value * factor / UNITS[fitting[-1]][1]:.10g} {fitting[-1]}"


def _separated(text: str, si_unit: str) -> str | None:
    """Message for digits in groups, or with a comma before the decimals."""
    match = _SEPARATED.fullmatch(text)
    if match is None:
        return None
    sign, digits, separator, unit = match.groups()
    if (unit or "1") not in examples(si_unit) or (separator == "." and digits.count(".") == 1):
        return None
    end = f" {unit}" if unit else ""
    whole = sign + re.sub(r"[^0-9]", "", digits)
    decimal = sign + digits.replace(",", ".")
    if separator is None:
        return f"'{shortened(text)}' has a comma; write '{decimal}{end}'"
    choices = f"'{whole}{end}'" + (f" or '{decimal}{end}'" if separator == "," and digits.count(",") == 1 else "")
    return f"'{shortened(text)}' has a separator of digits; write {choices}"


def _respelled(unit: str) -> str:
    return unit.translate(_SPELLINGS)


def _kind(si_unit: str) -> str:
    kinds = {"m": "a length", "m2": "an area", "s": "a time", "rad": "an angle", "kg": "a mass", "W": "a power",
             "J": "an energy", "K": "a temperature", "1": "a plain number", "kg/m2": "a mass per area",
             "m2/kg": "an area per mass"}  # fmt: skip
    return kinds.get(si_unit, f"a quantity in {si_unit}")


def _and_unit(si_unit: str) -> str:
    return "" if si_unit == "1" else " with a unit"


def _form(si_unit: str) -> str:
    """What a quantity looks like, without a value."""
    if si_unit == "1":
        return "a plain number, or one with %"
    names = examples(si_unit) or [si_unit]
    return f"a number and {names[0]}" if len(names) == 1 else f"a number and one of: {', '.join(names)}"


def _with_units(number: str, si_unit: str) -> str:
    """A number that has no unit, with the usual ones."""
    names = _USUAL.get(si_unit, examples(si_unit)[:2] or [si_unit])
    return " or ".join(f"'{shortened(number)} {name}'" for name in names)


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
