"""Text with units to SI and back."""

from __future__ import annotations

import math
import re

import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st

from orbit.units import UNITS, UnitError, examples, from_si, to_si

# What astropy has no name for, by the definition of the prefixes (BIPM, SI brochure, table 7): counted in FLOP or USD.
PREFIX = {"": 1.0, "T": 1e12, "P": 1e15, "E": 1e18}


def _astropy_factor(unit: str, si: str) -> float:
    if unit.endswith("FLOP/s"):
        return PREFIX[unit.removesuffix("FLOP/s")]
    if "USD" in unit:
        return float(u.Unit("1" + unit.removeprefix("USD")).to("1" + si.removeprefix("USD")))
    spelled = re.sub(r"Wh\b", "W h", unit).replace("W h/", "W h /").replace("%", "percent").replace("rev", "cycle")
    plain = "" if si == "1" else si
    return float(u.Unit("" if spelled == "1" else spelled).to(plain))


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_against_astropy(unit: str) -> None:
    """Source of truth: astropy.units (FLOP and USD: the decimal prefixes). Exact to two roundings, 4e-16."""
    si, factor = UNITS[unit]
    assert math.isclose(factor, _astropy_factor(unit, si), rel_tol=4e-16)
    assert math.isclose(to_si(f"2.5 {unit}", si), 2.5 * factor, rel_tol=4e-16)


def test_celsius() -> None:
    """Source of truth: 0 degC is 273.15 K (SI brochure 2.3.1), through astropy's own conversion."""
    for value in (-40.0, 0.0, 83.0):
        kelvin = u.Quantity(value, u.deg_C).to_value(u.K, equivalencies=u.temperature())
        assert to_si(f"{value} degC", "K") == pytest.approx(kelvin, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "si", "value"),
    [
        ("1 pc", "m", 3.0856775814913673e16),  # 648000 / pi au, IAU 2015 B2
        ("1 Angstrom", "m", 1e-10),
        ("2 week", "s", 1_209_600.0),
        ("1 erg", "J", 1e-7),
        ("1 kW h", "J", 3.6e6),
        ("1 lyr", "m", 9460730472580800.0),  # IAU: 365.25 d of light
    ],
)
def test_units_outside_the_table(text: str, si: str, value: float) -> None:
    """Source of truth: the definitions of those units."""
    assert to_si(text, si) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e3 m", 1e3), ("1_000 m", 1e3), ("+.5 m", 0.5), (" 5.m ", 5.0), ("-2E-3m", -2e-3), ("0 m", 0.0)],
)
def test_spellings_of_numbers(text: str, value: float) -> None:
    """Source of truth: Python's own reading of the number."""
    assert to_si(text, "m") == value


@pytest.mark.parametrize(
    ("text", "si", "said"),
    [
        (550, "m", "550 has no unit; write '550 km' or '550 m'"),
        ("550", "m", "'550' has no unit; write '550 km' or '550 m'"),
        ("550 kg", "m", "'550 kg' is not a length; write '550 km' or '550 m'"),
        ("abc", "W", "'abc' is not a number with a unit; write '10 kW' or '10 W'"),
        ("5 KW", "W", "unknown unit 'KW'; did you mean 'kW'? write '5 kW' or '5 W'"),
        ("5 kmm", "m", "unknown unit 'kmm'; did you mean '"),
        ("5 furlongish", "m", "unknown unit 'furlongish'; write '5 km' or '5 m'"),
        ("5 parsec", "s", "unknown unit 'parsec'"),
        (True, "1", "True is not a number"),
        ("nan m", "m", "is not a number with a unit"),
        ("1e999 m", "m", "is not a finite number"),
        (math.inf, "1", "is not a finite number"),
        ("", "1", "is not a number with a unit"),
    ],
)
def test_messages_say_what_is_wrong_and_what_to_write(text: str | float, si: str, said: str) -> None:
    """Source of truth: the contract for messages, "what is wrong; what to write"."""
    with pytest.raises(UnitError, match=re.escape(said)):
        to_si(text, si)


def test_percent_and_plain_numbers() -> None:
    """Source of truth: a per cent is a hundredth."""
    assert to_si("30 %", "1") == pytest.approx(0.3, rel=4e-16)
    assert to_si("0.3", "1") == 0.3
    assert to_si(3, "1") == 3.0


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted({si for si, _ in UNITS.values()})))
@settings(max_examples=300, deadline=None)
def test_from_si_is_read_back_bit_by_bit(value: float, si: str) -> None:
    """Source of truth: the value itself; repr of a double is exact."""
    again = to_si(from_si(value, si), si)
    assert again == value
    assert math.copysign(1.0, again) == math.copysign(1.0, value)


def test_examples_belong_to_the_unit() -> None:
    """Source of truth: astropy's physical types."""
    for si in ("m", "J", "W", "s", "rad"):
        for name in examples(si):
            assert u.Unit(name.replace("Wh", "W h")).is_equivalent(u.Unit(si))
    assert examples("K")[-1] == "degC"
