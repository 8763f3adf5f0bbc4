"""Numbers and results as text for the headline and the tables of a report."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from viz.palette import CAUSE

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
TIMES: Final = "\u00d7"
NONE: Final = "\u2013"  # shown where there is no value
PETA: Final = 1e15
ROUNDING: Final = 1e-9  # shares of nameplate below this are rounding of the ledger, not losses
_PREFIX: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """About `digits` significant digits, whole numbers with thousands separators, never an exponent above 1e-4."""
    if value == 0.0:
        return "0"
    size = abs(value)
    if size < 1e-4:
        return scientific(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def scientific(value: float) -> str:
    """Two digits times a power of ten: 2.1 × 10⁻¹³."""
    if value == 0.0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}{NBSP}{TIMES}{NBSP}10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", MINUS)


def percent(fraction: float) -> str:
    """A share in per cent with one decimal, two below 1 %; a non-zero share is never shown as 0."""
    value = 100.0 * fraction
    if value == 0.0:
        return f"0{NBSP}%"
    if abs(value) < 0.01:
        return f"<{NBSP}0.01{NBSP}%"
    return f"{value:.{1 if abs(value) >= 1.0 else 2}f}{NBSP}%".replace("-", MINUS)


def prefixed(largest: float, unit: str) -> tuple[float, str]:
    """Divisor and prefixed unit that suit `largest`: (1e6, "MW")."""
    for scale, prefix in _PREFIX:
        if abs(largest) >= scale:
            return scale, prefix + unit
    return 1.0, unit


def quantity(value: float, unit: str) -> str:
    """A value with a fitting prefix: 9.81 MW."""
    scale, scaled_unit = prefixed(value, unit)
    return f"{number(value / scale)}{NBSP}{scaled_unit}"


def duration(seconds: float) -> str:
    """A time span in its two largest units: 1 d, 1 h 34 min, 45 s."""
    parts = []
    rest = round(seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:,}{NBSP}{unit}")
    return " ".join(parts[:2]) or f"{number(seconds)}{NBSP}s"


def counted(count: float, noun: str) -> str:
    """A number with its noun: 1 satellite, 81 satellites."""
    return f"{count:,.0f} {noun}" + ("" if count == 1 else "s")


def describe(summary: dict[str, Any], epoch: datetime) -> list[str]:
    """What was run: satellites, accelerators, duration, step."""
    items = []
    for key, noun in (("satellites", "satellite"), ("accelerators", "accelerator")):
        if summary.get(key) is not None:
            items.append(counted(summary[key], noun))
    start = epoch.strftime("%Y-%m-%d %H:%M UTC")
    items.append(f"{duration(summary['duration_s'])} from {start}" if summary.get("duration_s") else f"from {start}")
    if summary.get("step_s"):
        items.append(f"steps of {duration(summary['step_s'])}")
    return items


def largest_losses(summary: dict[str, Any], most: int = 2) -> list[tuple[str, float]]:
    """The largest losses: (cause, share of nameplate)."""
    compute = summary.get("compute") or {}
    shares = [(row["cause"], row.get("fraction") or 0.0) for row in compute.get("waterfall") or []]
    return sorted((s for s in shares if s[0] != "useful" and s[1] > 0.0), key=lambda s: -s[1])[:most]


def verdict(summary: dict[str, Any]) -> str:
    """The sentence under the headline: the largest losses."""
    losses = largest_losses(summary)
    if not losses:
        return "No losses."
    parts = [f"{CAUSE[c].title.lower()}, {percent(share)} ({CAUSE[c].meaning})" for c, share in losses]
    start = "The largest loss is " if len(parts) == 1 else "The two largest losses are "
    return start + ", and ".join(parts) + "."


def celsius(kelvin: float) -> str:
    """A temperature in degrees Celsius."""
    return f"{kelvin - 273.15:.1f}{NBSP}°C".replace("-", MINUS)


def money(usd: float) -> str:
    """An amount of US dollars: $1.25 billion, $0.42."""
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if abs(usd) >= size:
            return f"${number(usd / size)}{NBSP}{name}"
    return f"${usd:,.{0 if abs(usd) >= 100.0 else 2}f}"


def whole(value: float) -> str:
    """A count, rounded to the nearest integer."""
    return f"{value:,.0f}"


def tonnes(mass_kg: float) -> str:
    """A mass in tonnes."""
    return f"{number(mass_kg / 1e3)}{NBSP}t"


def area(area_m2: float) -> str:
    """An area in square metres."""
    return f"{area_m2:,.0f}{NBSP}m²"


def milliseconds(value: float) -> str:
    """A delay in milliseconds: two decimals below 100."""
    return f"{value:,.{2 if value < 100.0 else 0}f}{NBSP}ms"


def seconds(value: float) -> str:
    """A time in seconds, in milliseconds below 0.1 s."""
    return milliseconds(value * 1e3) if value < 0.1 else f"{number(value)}{NBSP}s"


def days(value: float) -> str:
    """A time in days."""
    return f"{number(value)}{NBSP}d"


def tokens_per_s(value: float) -> str:
    """Tokens per second: 3.58 million/s."""
    return f"{named_magnitude(value)}/s"


def requests_per_s(value: float) -> str:
    """Requests per second: 5,263 1/s."""
    return f"{named_magnitude(value)}/s"


def data_size(value: float) -> str:
    """Bytes, in decimal multiples."""
    return quantity(value, "B")


def named_magnitude(value: float) -> str:
    """A large number with its order of magnitude in words: 3.58 million."""
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{number(value / size)}{NBSP}{name}"
    return whole(value) if value >= 100.0 else number(value)


def petaflops(value: float) -> str:
    """A compute rate in PFLOP/s."""
    return f"{number(value / PETA)}{NBSP}PFLOP/s"


def eclipse(value: float) -> str:
    """The longest eclipse."""
    return duration(value) if value else "none"


def watts(value: float) -> str:
    """A power."""
    return quantity(value, "W")


def event_cells(event: dict[str, Any]) -> tuple[str, str, str, str]:
    """Time, what happened, to which target, and the cause; from a row of sim.schema.EVENT_COLUMNS."""
    action, target, name = event["action"], event["target"], event.get("satellite_name")
    target = f"{target} ({name})" if name and name not in target else target
    what = f"{action} to {event['remaining_fraction']:g}" if action == "derate" else action
    return str(event["time_utc"]).replace("T", " ").removesuffix("Z"), what, target, event["cause"]
