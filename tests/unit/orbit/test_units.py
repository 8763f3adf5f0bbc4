"""Text with units to SI and back."""

from __future__ import annotations

import math
import re

import pytest
from astropy import units as u
from astropy.units import imperial
from hypothesis import given, settings
from hypothesis import strategies as st

from orbit.units import FOREIGN, UNITS, UnitError, examples, from_si, to_si

# What astropy has no name for, by the definition of the prefixes (BIPM, SI brochure, table 7): counted in FLOP or USD.
PREFIX = {"": 1.0, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def _astropy_factor(unit: str, si: str) -> float:
    if unit.endswith("FLOP/s"):
        return PREFIX[unit.removesuffix("FLOP/s")]
    unit = unit.replace("m/s/yr", "m/(s yr)")
    if "USD" in unit:
        return float(u.Unit("1" + re.sub(r"/([kM]W)h", r"/(\1 h)", unit.removeprefix("USD"))).to("1" + si.removeprefix("USD")))
    spelled = re.sub(r"Wh\b", "W h", re.sub(r"/kWh", "/(kW h)", unit)).replace("W h/", "W h /").replace("%", "percent").replace("rev", "cycle")
    spelled = spelled.replace("Ah", "A h")
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
    ("text", "si", "written", "unit"),
    [
        ("342 mi", "m", "550.395648 km", "imperial.mi"), ("297 nmi", "m", "550.044 km", "imperial.nmi"),
        ("0.55 Mm", "m", "550 km", "Mm"), ("3 ft", "m", "0.9144 m", "imperial.ft"), ("2 weeks", "s", "14 d", "week"),
        ("200 lb", "kg", None, "imperial.lb"), ("5 hp", "W", None, "imperial.hp"), ("3 rpm", "rad/s", None, "cycle / min"),
        ("30 Mbps", "bit/s", "30 Mbit/s", "Mbit / s"), ("2 PB", "B", "2000 TB", "Pbyte"),
    ],
)  # fmt: skip
def test_other_units_are_refused_with_the_same_quantity(text: str, si: str, written: str | None, unit: str) -> None:
    """Source of truth: astropy's imperial and SI units. The proposal is printed with ten digits: 1e-9, relative."""
    with pytest.raises(UnitError) as error:
        to_si(text, si)
    proposal = str(error.value).split("write '")[1].rstrip("'")
    assert written in (None, proposal)
    factor = u.Unit(unit) if "." not in unit else getattr(imperial, unit.partition(".")[2])
    plain = {"B": u.byte, "rad/s": u.cycle / u.s * (1.0 / (2.0 * math.pi))}.get(si, si)
    assert to_si(proposal, si) == pytest.approx(float(text.split()[0]) * factor.to(plain), rel=1e-9)


@pytest.mark.parametrize(("unit", "named"), sorted({
    "mi": imperial.mi, "nmi": imperial.nmi, "ft": imperial.ft, "yd": imperial.yd, "in": imperial.inch, "Mm": u.Mm, "dm": u.dm,
    "ft2": imperial.ft**2, "week": u.week, "a": u.yr, "lb": imperial.lb, "oz": imperial.oz, "tonne": u.tonne, "mg": u.mg,
    "hp": imperial.hp, "TW": u.TW, "rev/day": u.cycle / u.day,
}.items()))  # fmt: skip
def test_sizes_of_other_units(unit: str, named: u.Unit) -> None:
    """Source of truth: astropy.units. Horsepower is defined by the pound-force there, to 1e-8."""
    si, factor = FOREIGN[unit]
    size = (u.Quantity(1.0, named).to(u.rad / u.s) if si == "rad/s" else u.Quantity(1.0, named).to(si)).value
    assert factor == pytest.approx(size, rel=1e-8)


@pytest.mark.parametrize(
    ("text", "si", "written"),
    [
        ("1 h 30 min", "s", "90 min"), ("7 min 30 s", "s", "450 s"), ("5 km 300 m", "m", "5300 m"), ("16M", "1", "16e6"),
        ("15T", "1", "15e12"), ("1.5 billion", "1", "1.5e9"), ("2 300 W", "W", "2300 W"), ("1'000'000 W", "W", "1000000 W"),
        ("5,0 km", "m", "5.0 km"), ("1.234.567 km", "m", "1234567 km"), ("5 m²", "m2", "5 m2"), ("5 m^2", "m2", "5 m2"),
        ("25 °C", "K", "25 degC"), ("212 degF", "K", "100 degC"),
    ],
)  # fmt: skip
def test_other_spellings_are_refused_with_the_same_quantity(text: str, si: str, written: str) -> None:
    """Source of truth: 60 min in an hour, the decimal prefixes, water boils at 212 degF."""
    with pytest.raises(UnitError, match=re.escape(f"write '{written}'") + "$"):
        to_si(text, si)


@pytest.mark.parametrize(
    ("text", "si"),
    [("6 50 km", "m"), ("1.5.2 km", "m"), ("5-3 km", "m"), ("5*3 km", "m"), ("5/2 km", "m"), ("1 hg/m3", "kg/m3"),
     ("1 Ci", "FLOP/s"), ("1 Hz", "1/s"), ("1 kW h", "J"), ("1 pc", "m"), ("1_ km", "m"), ("1__0 km", "m"), ("\u0663 km", "m"),
     ("1:30:00", "s"), ("2.300,5 W", "W"), ("5 KW", "W"), ("5 mw", "W"), ("5 furlongish", "m"), ("5 parsec", "s")],
)  # fmt: skip
def test_no_number_stands_before_another_unit(text: str, si: str) -> None:
    """One number and one unit of the table are a quantity; a refusal proposes no value, as none is known.

    Source of truth: the table itself.
    """
    with pytest.raises(UnitError) as error:
        to_si(text, si)
    assert not re.search("write '", str(error.value))
    assert "write a number and " in str(error.value)


def test_two_readings_of_a_comma_are_both_proposed() -> None:
    """Source of truth: 2,300 is 2300 in English and 2.300 in German texts."""
    with pytest.raises(UnitError, match=re.escape("write '2300 W' or '2.300 W'")):
        to_si("2,300 W", "W")


def test_messages_repeat_little_of_a_text_and_no_control_characters() -> None:
    """Source of truth: the limit of 60 characters; ESC begins commands to a terminal."""
    for text in (400 * "9" + " km", 10**400, "1 \x1b[2J", 1000 * "x"):
        with pytest.raises(UnitError) as error:
            to_si(text, "m")
        assert len(str(error.value)) < 400
        assert "\x1b" not in str(error.value)


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
        ("550 kg", "m", "'550 kg' is not a length; write a number and one of: m, km, cm, mm, um, nm, au"),
        ("abc", "W", "'abc' is not a number with a unit; write a number and one of: W, mW, kW, MW, GW"),
        ("5 KW", "W", "unknown unit 'KW'; did you mean 'kW'? write a number and one of: W, mW, kW, MW, GW"),
        ("5 mw", "W", "unknown unit 'mw'; did you mean 'mW' or 'MW'? write a number"),
        ("5 kmm", "m", "unknown unit 'kmm'; did you mean '"),
        (True, "1", "true is not a number"),
        ("nan m", "m", "is not a number with a unit"),
        ("1e999 m", "m", "is not a finite number"),
        (math.inf, "1", "is not a finite number"),
        ("", "1", "'' is not a number; write a plain number"),
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
