"""What all sections share: frozen models without unknown keys, and the quantities that occur everywhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from sim.config.quantity import Quantity

LOW_M, HIGH_M = 160e3, 40_000e3  # altitudes that can be simulated: below, no orbit lasts; above, not near the Earth

Fraction = Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.9")]
Efficiency = Annotated[float, Quantity("1", above=0.0, most=1.0, example="0.9")]
Power = Annotated[float, Quantity("W", least=0.0, example="1 kW")]
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
