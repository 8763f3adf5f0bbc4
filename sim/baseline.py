"""Sites on the ground that every answer stands beside: so far a record of what was announced, not a simulation."""

from __future__ import annotations

from typing import Any

from orbit.units import to_si
from sim import tree
from sim.catalogue import item
from sim.errors import Origin
from sim.spec import Accelerator


def read_baseline(name: str | None, precision: str) -> dict[str, Any] | None:
    """Name, accelerators, power [W] and nameplate [FLOP/s] of a baseline; None where the scenario names none.

    The nameplate is None where its accelerator has no peak at the precision.
    """
    if name is None:
        return None
    origin = Origin(f"baseline {name}")
    record = tree.plain(item("baselines", name, origin, "baseline"))
    chip = Accelerator.model_validate(
        tree.plain(item("hardware", record["accelerator"], origin, "accelerator", "accelerator"))
    )
    accelerators = int(record["accelerators"])
    peak = chip.peak.get(precision)
    return {
        "name": record["name"],
        "accelerators": accelerators,
        "power_w": to_si(record["power"], "W"),
        "nameplate_flops_per_s": None if peak is None else accelerators * peak,
    }
