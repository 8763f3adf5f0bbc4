"""Numbers and results in plain words: what the headline, the cards and the tables of a report say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from viz.palette import CAUSE

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
NONE: Final = "\u2013"  # stands where there is no value
PETA: Final = 1e15
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
    return f"{mantissa}{NBSP}\u00d7{NBSP}10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", MINUS)


def percent(fraction: float) -> str:
    """A share as per cent with one decimal; two below 1 %, and never 0 for what is not."""
    value = 100.0 * fraction
    if value == 0.0:
        return f"0{NBSP}%"
    if abs(value) < 0.01:
        return f"<{NBSP}0.01{NBSP}%"
    return f"{value:.{1 if abs(value) >= 1.0 else 2}f}{NBSP}%".replace("-", MINUS)


def prefixed(largest: float, unit: str) -> tuple[float, str]:
    """Divisor and unit that make `largest` readable: (1e6, "MW")."""
    for scale, prefix in _PREFIX:
        if abs(largest) >= scale:
            return scale, prefix + unit
    return 1.0, unit


def quantity(value: float, unit: str) -> str:
    """A value with a fitting prefix: 9.81 MW."""
    scale, scaled_unit = prefixed(value, unit)
    return f"{number(value / scale)}{NBSP}{scaled_unit}"


def duration(seconds: float) -> str:
    """A time span by its largest two units: 1 d, 1 h 34 min, 45 s."""
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
    """What was run: satellites, accelerators, span, step."""
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
    """The causes that took most: (cause, share of nameplate)."""
    compute = summary.get("compute") or {}
    shares = [(row["cause"], row.get("fraction") or 0.0) for row in compute.get("waterfall") or []]
    return sorted((s for s in shares if s[0] != "useful" and s[1] > 0.0), key=lambda s: -s[1])[:most]


def verdict(summary: dict[str, Any]) -> str:
    """The sentence under the headline: what took most."""
    losses = largest_losses(summary)
    if not losses:
        return "Nothing was lost."
    said = [f"{CAUSE[c].title.lower()}, {percent(share)} ({CAUSE[c].meaning})" for c, share in losses]
    start = "The largest loss is " if len(said) == 1 else "The two largest losses are "
    return start + ", and ".join(said) + "."


@dataclass(frozen=True, slots=True)
class Card:
    """One key number; `value` is none where the subject was not simulated."""

    title: str
    value: str | None
    detail: str = ""


def celsius(kelvin: float) -> str:
    """A temperature in degrees Celsius."""
    return f"{kelvin - 273.15:.1f}{NBSP}°C".replace("-", MINUS)


def cards(summary: dict[str, Any]) -> list[Card]:
    """The key numbers of a run, in the order of the page."""

    def at(*path: str) -> Any:
        value: Any = summary
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def card(title: str, path: tuple[str, ...], form: Any, detail: str = "") -> Card:
        value = at(*path)
        return Card(title, None if value is None else form(value), detail)

    def milliseconds(value: float) -> str:
        return f"{value:.2f}{NBSP}ms"

    rtt = ("ground", "propagation_rtt_ms")
    return [
        card("In sunlight", ("power", "sunlit_fraction"), percent, "share of the solar disc in sight, mean"),
        card("Longest eclipse", ("power", "eclipse_s_max"), lambda s: duration(s) if s else "none", "of any satellite"),
        card("Battery use", ("power", "battery_depth_max"), percent, "deepest discharge of any satellite"),
        card("Array power", ("power", "array_w_mean"), lambda w: quantity(w, "W"), "mean over the run"),
        card("Hottest junction", ("thermal", "junction_k_max"), celsius, "of any working satellite"),
        card("Radiator", ("thermal", "radiator_k_mean"), celsius, "mean temperature"),
        card("Throttled by heat", ("thermal", "throttled_fraction"), percent, "share of satellite time"),
        card("Coverage", ("ground", "coverage_fraction"), percent, "of station time with a satellite in sight"),
        card("Median latency", (*rtt, "median"), milliseconds, "round trip by propagation to a station"),
        card("99th percentile latency", (*rtt, "p99"), milliseconds, "round trip by propagation to a station"),
        card("Link availability", ("network", "link_availability"), percent, "of wanted link time"),
        card("Energy closure", ("energy_closure",), scientific, "largest relative imbalance, electrical or thermal"),
    ]


def event_cells(event: dict[str, Any]) -> tuple[str, str, str, str]:
    """Moment, what happened, to which satellites, on whose account; from a row of sim.schema.EVENT_COLUMNS."""
    first, last, value = event["satellite"], event["last_satellite"], event["value"]
    what = event["action"] if value is None or value != value else f"{event['action']} to {value:g}"
    which = f"{first}" if first == last else f"{first} to {last}"
    return str(event["time_utc"]).replace("T", " ").removesuffix("Z"), what, which, event["origin"]
