"""Labels, descriptions and colours shared by all views, and the base layout of charts."""

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
    """Label, description and colour of one row of the waterfall."""

    title: str
    meaning: str
    colour: str


# One hue per family, shades within it: out of service grey, power and heat warm, not assigned sand, inside the step
# blue, stalled violet, checkpoint and recovery magenta. Neighbouring rows differ for colour-blind readers too.
CAUSE: Final[dict[str, Cause]] = {
    "failed": Cause("Failures", "failed, or waiting for repair or replacement", "#4b5563"),
    "spare": Cause("Spares", "held in reserve", "#8792a0"),
    "maintenance": Cause("Maintenance", "commissioning, orbit raising, manoeuvres, safe mode", "#b9c2cd"),
    "power": Cause("Power", "array, battery, eclipse, ageing", "#e3a008"),
    "thermal": Cause("Thermal", "throttled by junction, memory or coolant temperature", "#c2410c"),
    "unplaced": Cause("Unallocated", "healthy, but in no feasible job mesh", "#87683f"),
    "demand": Cause("Demand", "no work requested", "#cbb38d"),
    "kernel": Cause("Kernel inefficiency", "arithmetic below peak inside the step", "#0b3c6f"),
    "memory": Cause("Memory bandwidth", "kernels bound by memory bandwidth: decoding, norms, optimiser", "#2369ad"),
    "recompute": Cause("Recomputation", "activations recomputed in the backward pass", "#5a9ad6"),
    "bubble": Cause("Pipeline bubbles", "pipeline fill and drain", "#9cc6ec"),
    "communication": Cause("Communication", "exposed transfer time", "#0e93a8"),
    "outage": Cause("Outages", "stalled: no link or no route", "#54358a"),
    "straggler": Cause("Stragglers", "jitter not explained by another cause", "#9a7fcb"),
    "checkpoint": Cause("Checkpoints", "blocking checkpoint saves", "#86275a"),
    "recovery": Cause("Recovery", "detection, restart, reload, rolled-back work", "#c25a90"),
    "corruption": Cause("Corruption", "work found bad, or assumed bad", "#e6a3c4"),
    "algorithm": Cause("Algorithm", "extra tokens needed; late, padded, retried or out-of-target inference", "#77782b"),
    "useful": Cause("Useful", "committed training tokens, inference tokens delivered in target", "#00795c"),
}
assert tuple(CAUSE) == CAUSES

# After Okabe and Ito: distinguishable for colour-blind readers, on the day and on the night side.
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
    "sensing": "#7b4fb5",
}
assert tuple(ROLE_COLOUR) == ROLES

STALLED: Final = "stalled by power or heat"
# Modes of a training job, in the order of sim.workload.jobs; colours are those of the causes they are counted under.
MODE_COLOUR: Final[dict[str, str]] = {
    "running": "#00795c",
    "checkpoint": "#86275a",
    "recovery": "#d97ab0",
    "waiting": "#b9c2cd",
    "outage": "#54358a",
    "ingest": "#0e93a8",
    STALLED: "#e3a008",
}

# The colours of the modes come last; more jobs than colours start again from the first.
JOB_COLOURS: Final = (
    "#2369ad", "#c2410c", "#56b4e9", "#77782b", "#10233d", "#0e93a8", "#87683f", "#9a7fcb", "#e3a008", "#00795c",
    "#86275a", "#d97ab0",
)  # fmt: skip
NO_JOB: Final = "#c3ccd8"
LINK: Final = "#4a6a8f"
ROUTE: Final = "#b3006b"
BLUES: Final = ((0.0, "#d9e8f6"), (0.5, "#5a9ad6"), (1.0, "#0b3c6f"))  # low to high

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
    """An axis with its title, which carries the unit."""
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
    """The base layout of every chart; height in pixels."""
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
    """One colour per job."""
    return [JOB_COLOURS[i % len(JOB_COLOURS)] for i in range(count)]


def stepped(colours: list[str]) -> list[list[Any]]:
    """A colour scale of equal steps; code i is drawn at i + 0.5."""
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
