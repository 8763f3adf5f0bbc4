"""Moments of a scenario: dates in UTC, and times after the epoch."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from orbit.moments import read_moment
from sim.config.quantity import Quantity

FIRST_DAY, LAST_DAY = date(1899, 7, 29), date(2053, 10, 9)  # span of DE421, over which Sun and Moon are checked


def _moment(value: Any) -> datetime:
    if value is None:
        raise ValueError("is empty; write a moment like 2026-12-21T00:00:00Z")
    moment = read_moment(value.isoformat() if isinstance(value, datetime) else str(value))
    if not FIRST_DAY <= moment.date() < LAST_DAY:
        raise ValueError(
            f"{moment.date()} is outside {FIRST_DAY} to {LAST_DAY - timedelta(days=1)}, over which the Sun is checked; write a moment in that span"
        )
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


EventTime = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-12-21T06:00Z", "+6 h"]}),
]


def relative_time(text: Any) -> float | None:
    """Seconds after the epoch of a time such as "+6 h".

    Parameters
    ----------
    text : object
        Time as written.

    Returns
    -------
    float or None
        Time after the epoch [s]; None for a date.

    Raises
    ------
    ValueError
        If a plus is followed by something that is no duration: what is wrong; what to write.

    Examples
    --------
    >>> relative_time("+90 min"), relative_time("2026-12-21T06:00Z")
    (5400.0, None)
    """
    if not isinstance(text, str) or not text.strip().startswith("+"):
        return None
    return Quantity("s", least=0.0, example="6 h").read(text.strip()[1:].strip())
