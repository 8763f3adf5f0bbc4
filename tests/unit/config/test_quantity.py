"""Conversion of quantities and counts."""

from __future__ import annotations

import math
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from orbit.units import from_si, to_si
from sim.config.quantity import Count, Quantity


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [("m", "550 km", 550e3), ("rad", "180 deg", math.pi), ("J", "1 kWh", 3.6e6), ("K", "85 degC", 358.15), ("1", "25 %", 0.25),
     ("1", 0.25, 0.25), ("1", "0.25", 0.25), ("1/K", "-0.25 %/K", -0.0025), ("FLOP/s", "1 PFLOP/s", 1e15), ("m", "1_000 km", 1e6),
     ("m", "1e3km", 1e6), ("s", " 2  h ", 7200.0)],
)  # fmt: skip
def test_reading(unit: str, text: Any, value: float) -> None:
    """Source of truth: the units' definitions."""
    assert Quantity(unit).read(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [5, 5.0, "5", "km", "", "x km", "5 kg", "nan km", "1e999 km", None, [], {}, True, "5 km km", "--5 km", "5,0 km"],
)
def test_refusing(text: Any) -> None:
    """Everything that is no length is refused with what to write."""
    with pytest.raises(ValueError) as error:
        Quantity("m", example="550 km").read(text)
    message = str(error.value)
    assert "write" in message or "finite" in message


LIMITS = [
    (Quantity("m", above=0.0), "0 m", "1e-9 m"), (Quantity("m", least=1.0), "0.999 m", "1 m"), (Quantity("K", below=500.0), "500 K", "499.999 K"),
    (Quantity("1", most=1.0), "100.001 %", "100 %"),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "beyond", "within"), LIMITS)
def test_limits(quantity: Quantity, beyond: str, within: str) -> None:
    quantity.read(within)
    with pytest.raises(ValueError, match="must be"):
        quantity.read(beyond)


@pytest.mark.parametrize("unit", ["m", "rad", "J", "K", "1", "FLOP/s", "J/(m2 K)", "1/K"])
@pytest.mark.parametrize("value", [0.1, 1.0 / 3.0, 6.02e23, -1e-30, 12345.678])
def test_text_and_back_is_exact(unit: str, value: float) -> None:
    assert to_si(from_si(value, unit), unit) == value


@pytest.mark.parametrize(("given", "value"), [(3, 3), ("3", 3), ("1_000", 1000), (4.0, 4), ("+5", 5)])
def test_counts(given: Any, value: int) -> None:
    assert Count().read(given) == value


def test_whole_quantities() -> None:
    """Source of truth: there is no half satellite."""
    assert Quantity("1", whole=True).read("3") == 3.0
    for text in (1.5, "1.5", "150 %", True):
        with pytest.raises(ValueError, match="write"):
            Quantity("1", whole=True).read(text)


@pytest.mark.parametrize(("given", "said"), [(1.5, "write 1 or 2"), ("16M", "write 16000000"), (True, "true is no"), ("three", "'three' is not")])
def test_advice_for_counts(given: Any, said: str) -> None:
    """Source of truth: the neighbouring whole numbers; M is a million."""
    with pytest.raises(ValueError, match=said):
        Count().read(given)


def test_counts_from_zero() -> None:
    """Source of truth: the limits given."""
    assert Count(most=2**63 - 1, least=0).read(0) == 0
    with pytest.raises(ValueError, match="at least 0"):
        Count(least=0).read(-1)


@pytest.mark.parametrize("given", [0, -1, 2.5, "x", "", None, True, [], "1e3", 10**12, "٣", "²", "+-3", 5000 * "9"])
def test_no_counts(given: Any) -> None:
    with pytest.raises(ValueError, match="write"):
        Count().read(given)


def test_in_a_model() -> None:
    class Panel(BaseModel):
        area: Annotated[float, Quantity("m2", above=0.0, example="120 m2")]
        count: Annotated[int, Count(most=9)]

    assert Panel(area="2 m2", count="3").model_dump() == {"area": 2.0, "count": 3}  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="write it like '120 m2'"):
        Panel(area="-2 m2", count=3)  # type: ignore[arg-type]
    properties = Panel.model_json_schema()["properties"]
    assert properties["area"]["examples"] == ["120 m2"]
    assert properties["count"] == {"type": "integer", "minimum": 1, "maximum": 9, "title": "Count"}
