"""Quantities with a unit as pydantic types: text in the scenario, a float in SI in the program, limits with advice.

area: Annotated[float, Quantity("m2", above=0.0, example="120 m2")]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from orbit.units import UNITS, UnitError, examples, to_si

UNIT_KEY = "x-unit"
"""Key of a quantity's SI unit in JSON Schema."""


def written(unit: str) -> str:
    """How a quantity is written.

    Parameters
    ----------
    unit : str
        SI unit, a key of `orbit.units.UNITS`; "1" for a dimensionless number.

    Returns
    -------
    str
        Form of the text, with units that are accepted.

    Examples
    --------
    >>> written("kg"), written("1")
    ('a number with a unit: kg, g, t', 'a number, or one with %')
    """
    return "a number, or one with %" if unit == "1" else f"a number with a unit: {', '.join(examples(unit))}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity stored in `unit`, with limits in `unit`; error messages propose `example`.

    Parameters
    ----------
    unit : str
        SI unit, a key of `orbit.units.UNITS`; "1" for a dimensionless number.
    above, least, below, most : float, optional
        Limits: greater than, at least, less than, at most.
    example : str
        What a message proposes.
    """

    unit: str
    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None
    example: str = ""

    def read(self, text: Any) -> float:
        """Convert text to a float in `unit`.

        Parameters
        ----------
        text : str or float
            Number and unit; a bare number only where `unit` is "1".

        Returns
        -------
        float
            The value in `unit`.

        Raises
        ------
        ValueError
            If number or unit is missing, unknown or of another kind, or beyond a limit: what is wrong; what to write.

        Examples
        --------
        >>> Quantity("m").read("550 km"), Quantity("1").read("25 %")
        (550000.0, 0.25)
        >>> Quantity("m", above=0.0, example="550 km").read("-1 km")
        Traceback (most recent call last):
            ...
        ValueError: '-1 km' must be above 0 m; write it like '550 km'
        """
        if not isinstance(text, str | int | float):
            raise ValueError(f"is not a quantity; write it like '{self.example or '1 ' + self.unit}'")
        try:
            value = to_si(text, self.unit)
        except UnitError as error:
            raise ValueError(str(error)) from None
        for broken, rule, limit in (
            (self.above is not None and value <= self.above, "above", self.above),
            (self.least is not None and value < self.least, "at least", self.least),
            (self.below is not None and value >= self.below, "below", self.below),
            (self.most is not None and value > self.most, "at most", self.most),
        ):
            if broken and limit is not None:
                advice = f"; write it like '{self.example}'" if self.example else f"; write one {rule} that"
                raise ValueError(f"'{text}' must be {rule} {self.shown(float(limit))}{advice}")
        return value

    def shown(self, value: float) -> str:
        """Text of a value in the unit of the example, such as degrees rather than radians.

        Parameters
        ----------
        value : float
            Value in `unit`.

        Returns
        -------
        str
            Number and unit.

        Examples
        --------
        >>> Quantity("m", example="550 km").shown(160e3)
        '160 km'
        """
        unit = self.example.partition(" ")[2]
        if value == 0.0 or unit not in UNITS or UNITS[unit][0] != self.unit:
            return f"{value:g}" if self.unit == "1" else f"{value:g} {self.unit}"
        return f"{value / UNITS[unit][1]:g} {unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kind: str | list[str] = ["number", "string"] if self.unit == "1" else "string"
        schema_value: JsonSchemaValue = {"type": kind, UNIT_KEY: self.unit}
        return {**schema_value, "examples": [self.example]} if self.example else schema_value


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number from 1 to `most`.

    Parameters
    ----------
    most : int
        Largest number.
    """

    most: int = 10_000_000

    def read(self, value: Any) -> int:
        """Convert text or a number to an int.

        Parameters
        ----------
        value : str, int or float
            A whole number; underscores may group its digits.

        Returns
        -------
        int
            The number.

        Raises
        ------
        ValueError
            If it is no whole number or out of range: what is wrong; what to write.

        Examples
        --------
        >>> Count().read("1_000")
        1000
        >>> Count(most=9).read(12)
        Traceback (most recent call last):
            ...
        ValueError: 12 must be at least 1 and at most 9; write one in that range
        """
        text = str(value).replace("_", "").strip()
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if number is None and isinstance(value, float) and value.is_integer():
            number = int(value)
        if number is None or isinstance(value, bool):
            raise ValueError(f"{value!r} is not a whole number; write one like 12")
        if not 1 <= number <= self.most:
            raise ValueError(f"{number} must be at least 1 and at most {self.most}; write one in that range")
        return number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "integer", "minimum": 1, "maximum": self.most}
