"""Dawndusk: how many of the FLOPs you launch you get to use, and what eats the rest.

import sim
result = sim.run(sim.load("suncatcher"))
result.summary, result.series, result.waterfall
sim.compare(result, other), sim.why(sim.load("suncatcher")), sim.sweep("suncatcher_sizing")
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "load", "open_results", "run", "sweep", "why"]

_HOMES = {
    "load": "sim.api",
    "run": "sim.api",
    "open_results": "sim.api",
    "compare": "sim.studies.compare",
    "sweep": "sim.studies.sweep",
    "why": "sim.studies.why",
}


def __getattr__(name: str) -> Any:
    """Load the simulator only when something of it is asked for: `--help` stays instant."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute '{name}'")
