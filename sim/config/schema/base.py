"""What all sections share: frozen models without unknown keys, and the quantities that occur everywhere."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from orbit.units import shortened
from sim.config.quantity import Quantity

LOW_M, HIGH_M = 160e3, 40_000e3  # altitudes that can be simulated: below, no orbit lasts; above, not near the Earth

LONGEST_NAME = 100  # characters


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write a name")
    if not text.isprintable():
        raise ValueError(f"'{shortened(text)}' has a line end or another character that cannot be shown; write a name in one line")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"'{shortened(text)}' has {len(text):,} characters; write at most {LONGEST_NAME}")
    return text


def _jurisdiction(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()):
        raise ValueError(f"'{shortened(text)}' is no country code; write two letters of ISO 3166, such as US")
    return text


def _switch(value: Any) -> Any:
    if not isinstance(value, bool):
        shown = "null" if value is None else shortened(str(value)) if isinstance(value, str | int | float) else "this"
        raise ValueError(f"'{shown}' is neither true nor false; write one of them")
    return value


Name = Annotated[str, AfterValidator(_name)]  # shown in tables and messages
Jurisdiction = Annotated[str, AfterValidator(_jurisdiction)]  # ISO 3166 country code
Switch = Annotated[bool, BeforeValidator(_switch), WithJsonSchema({"type": "boolean"})]
Fraction = Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.9")]
Efficiency = Annotated[float, Quantity("1", above=0.0, most=1.0, example="0.9")]
Power = Annotated[float, Quantity("W", least=0.0, example="1 kW")]
Mass = Annotated[float, Quantity("kg", least=0.0, example="1 kg")]
Span = Annotated[float, Quantity("s", least=0.0, example="30 s")]
Temperature = Annotated[float, Quantity("K", above=200.0, below=500.0, example="85 degC")]
Elevation = Annotated[float, Quantity("rad", least=0.0, below=1.5533430342749532, example="10 deg")]
Altitude = Annotated[float, Quantity("m", least=LOW_M, most=HIGH_M, example="550 km")]


class FieldError(ValueError):
    """An error between the fields of a section, reported at the field to change.

    Parameters
    ----------
    field : str
        Name of the field to change.
    message : str
        What is wrong and what to write.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Section(BaseModel):
    """A mapping of the scenario: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")
