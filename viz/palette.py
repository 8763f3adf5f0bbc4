"""Names, explanations and colours that every view shares, and the look of its charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sim.schema import CAUSES, ROLES, STATES

FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
INK: Final = "#10233d"
MUTED: Final = "#5b6878"
GRID: Final = "#e6eaf0"
NAMEPLATE: Final = "#c3ccd8"


@dataclass(frozen=True, slots=True)
class Cause:
    """How one row of the waterfall is written and coloured."""

    title: str
    meaning: str
    colour: str


# One hue for a family, lightness inside it: out of service grey, power and heat warm, not assigned sand,
# inside the step blue, waiting violet, making safe magenta. Neighbours stay apart for colour-blind readers.
CAUSE: Final[dict[str, Cause]] = {
    "failed": Cause("Failures", "dead, or waiting for repair or replacement", "#4b5563"),
    "spare": Cause("Spares", "held in reserve", "#8792a0"),
    "maintenance": Cause("Maintenance", "commissioning, orbit raising, manoeuvres, safe mode", "#b9c2cd"),
    "power": Cause("Power", "array, battery, eclipse, ageing", "#e3a008"),
    "thermal": Cause("Heat", "throttled by junction, memory or cooling loop", "#c2410c"),
    "unplaced": Cause("Unplaced", "healthy and wanted, but in no feasible job", "#87683f"),
    "demand": Cause("Lack of demand", "no work offered", "#cbb38d"),
    "kernel": Cause("Kernel efficiency", "arithmetic below peak inside the step", "#0b3c6f"),
    "memory": Cause("Memory bandwidth", "bound by reading memory", "#2369ad"),
    "recompute": Cause("Recomputation", "activations computed again", "#5a9ad6"),
    "bubble": Cause("Pipeline bubbles", "pipeline fill and drain", "#9cc6ec"),
    "communication": Cause("Communication", "transfers not hidden behind work", "#0e93a8"),
    "outage": Cause("Outages", "stalled without a link or route", "#54358a"),
    "straggler": Cause("Stragglers", "jitter not explained by another cause", "#9a7fcb"),
    "checkpoint": Cause("Checkpoints", "blocking saves", "#86275a"),
    "recovery": Cause("Recovery", "detect, restart, reload, redo what was rolled back", "#c25a90"),
    "corruption": Cause("Corruption", "work found bad, or assumed bad", "#e6a3c4"),
    "algorithm": Cause("Algorithm", "extra tokens, or answers late, padded, retried or out of target", "#77782b"),
    "useful": Cause("Useful", "work that counts", "#00795c"),
}
assert tuple(CAUSE) == CAUSES

# After Okabe and Ito: told apart with any common colour vision, on the day and on the night side.
STATE_COLOUR: Final[dict[str, str]] = {
    "failed": "#1f2937",
    "thermally limited": "#d55e00",
    "power limited": "#cc6fa4",
    "in eclipse": "#2b8fd9",
    "in sunlight": "#f0b400",
}
assert tuple(STATE_COLOUR) == STATES

ROLE_COLOUR: Final[dict[str, str]] = {
    "independent": "#8a94a3",
    "training": "#2369ad",
    "inference": "#e3a008",
    "spare": "#00a07a",
    "unplaced": "#c2410c",
    "idle": "#d8c3a0",
}
assert tuple(ROLE_COLOUR) == ROLES

STANDSTILL: Final = "stands still for power or heat"
# What a training job does, in the order of sim.workload.jobs; colours are those of the causes it is booked under.
MODE_COLOUR: Final[dict[str, str]] = {
    "running": "#00795c",
    "checkpoint": "#86275a",
    "recovery": "#d97ab0",
    "waiting": "#b9c2cd",
    "outage": "#54358a",
    STANDSTILL: "#e3a008",
}

# Those of the modes come last; jobs beyond the list take the colours again.
JOB_COLOURS: Final = (
    "#2369ad", "#c2410c", "#56b4e9", "#77782b", "#10233d", "#0e93a8", "#87683f", "#9a7fcb", "#e3a008", "#00795c",
    "#86275a", "#d97ab0",
)  # fmt: skip
NO_JOB: Final = "#c3ccd8"
LINK: Final = "#4a6a8f"
WAY: Final = "#b3006b"
BLUES: Final = ((0.0, "#d9e8f6"), (0.5, "#5a9ad6"), (1.0, "#0b3c6f"))  # little to much

LINE: Final = {
    "generated": "#e3a008",
    "load": "#10233d",
    "shunted": "#b9c2cd",
    "stored": "#0e93a8",
    "junction_max": "#c2410c",
    "junction_mean": "#e58a5b",
    "radiator": "#2369ad",
}


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """A quiet axis with its title (which carries the unit)."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": MUTED}, "standoff": 8},
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "tickfont": {"size": 12, "color": MUTED},
        "automargin": True,
        "tickangle": 0,
        "exponentformat": "none",
        "separatethousands": True,
    } | more


def layout(height: int, **more: Any) -> dict[str, Any]:
    """The layout every chart starts from; height in pixels."""
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 12, "b": 8},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": "#c3ccd8",
            "font": {"family": FONT, "size": 12, "color": INK},
            "align": "left",
        },
    } | more


def job_colours(count: int) -> list[str]:
    """A colour for each of so many jobs."""
    return [JOB_COLOURS[i % len(JOB_COLOURS)] for i in range(count)]


def stepped(colours: list[str]) -> list[list[Any]]:
    """A colour scale of equal steps, one for each whole number plus a half."""
    n = len(colours)
    return [stop for i, c in enumerate(colours) for stop in ([i / n, c], [(i + 1) / n, c])]


def state_marker(state: Any, size: float) -> dict[str, Any]:
    """Markers coloured by state (n,)."""
    return {
        "size": size,
        "color": state,
        "cmin": 0,
        "cmax": len(STATE_COLOUR),
        "colorscale": stepped(list(STATE_COLOUR.values())),
        "showscale": False,
        "opacity": 1.0,
        "line": {"color": "rgba(16,35,61,0.55)", "width": 1},
    }
