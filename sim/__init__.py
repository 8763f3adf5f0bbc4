"""Dawndusk, an orbital compute constellation simulator.

It computes how many of the FLOPs of a fleet of satellites are usable, and what takes the rest.

Functions
---------
load, run, open_results
    Load a scenario, simulate it, read results again; see `sim.api`.
compare, why, sweep
    Compare two designs, remove one cause of loss at a time, run many points; see `sim.studies`.

Examples
--------
>>> import sim
>>> results = sim.run("suncatcher", set={"duration": "10 min"})
>>> results.summary["satellites"], results.summary["accelerators"]
(81, 5184)
>>> [row["cause"] for row in results.waterfall][-1]
'useful'
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to import than everything here
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "load", "open_results", "run", "sweep", "why"]

_MODULE_OF = {
    "load": "sim.api",
    "run": "sim.api",
    "open_results": "sim.api",
    "compare": "sim.studies.operands",
    "sweep": "sim.studies.sweep",
    "why": "sim.studies.why",
}


def __getattr__(name: str) -> Any:
    """Import the simulator on first use, so that `dawndusk --help` starts fast."""
    if name in _MODULE_OF:
        from importlib import import_module

        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'sim' has no attribute '{name}'")
