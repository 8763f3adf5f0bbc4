"""The step with one line spoiled at a time, run in plain Python (compiler off); a script for test_step.py.

Prints one JSON object: for each mutant the residuals of the books, "sound" being the source as it is. A mutant spoils a
line of a submodel's file, or one that is written from a declaration (`rows.written`).
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import energy_books as books

from sim.engine.driver import Run
from sim.spacecraft import loop, passes, rows, step

# name -> (function written from declarations, line in it, what replaces the line)
LEDGER = {f"without {v.cause}": ("store", f"+= fluxes.{v.name} * step_s", "pass") for v in step.VARIABLES if v.cause}
ENERGY = {
    f"without {total.name}": ("store", f"+= fluxes.{v.name} * step_s", "pass")
    for v, total in step.ROWS.totals
    if total.unit == "J" and total.name not in ("unserved_j", "leakage_j")
}
# name -> (module, text in its source, what replaces it)
FLUXES = {
    "battery sees 0.01 % more sun": (
        "battery", "surplus_w = power.generated_w - loads", "surplus_w = 1.0001 * power.generated_w - loads",
    ),
    "charge leaks": ("battery", "charge_j = state.charge_j + (", "charge_j = state.charge_j * (1.0 - 1e-7) + ("),
    "battery loss does not warm": ("thermal", "battery_w=battery.battery_loss_w + (", "battery_w=("),
    "unserved load warms": ("thermal", "structure_w=loads.structure_w - of_bus_w,", "structure_w=loads.structure_w,"),
    "conditioning does not warm": ("thermal", "loads.loop_w + panel.conditioning_w -", "loads.loop_w -"),
    "environment misses the radiator": ("thermal_response", "environment.environment_w * (1.0 / 3.0)", "environment.environment_w * (0.999 / 3.0)"),
    "chips warm less than they draw": ("thermal", "chip_w=loads.chip_w, plate_w", "chip_w=0.999 * loads.chip_w, plate_w"),
    "radiation is miscounted": ("thermal", "radiated_w=emitted_w(base, heats, ramps, p),", "radiated_w=emitted_w(base, heats, ramps, p) + 3.0,"),
    "junction forgets": ("thermal", "junction_k=t.junction_k,", "junction_k=t.junction_k - 0.1,"),
    "the last panel forgets": ("thermal", "radiator_3_k=t.radiator_3_k,", "radiator_3_k=t.radiator_3_k - 0.1,"),
    "the structure forgets": ("thermal", "structure_k=t.structure_k,", "structure_k=t.structure_k - 0.1,"),
    "the array forgets": ("panel", "array_k=linear_k - per_heat_k", "array_k=linear_k - 0.1 - per_heat_k"),
    "the array emits too little": ("panel", "+ 0.5 * bend_w_m2", "+ 0.4 * bend_w_m2"),
    "cells give more than they lose": ("panel", "array_drawn_w=taken_w + lost_w,", "array_drawn_w=taken_w,"),
    "the heater warms without drawing": ("compute", "drawn + pump + added_w + battery_w + bus_w)", "drawn + pump + battery_w + bus_w)"),
    "the battery's heater warms without drawing": ("compute", "drawn + pump + added_w + battery_w + bus_w)", "drawn + pump + added_w + bus_w)"),
    "the battery's heater draws without warming": ("thermal", "+ (loads.battery_w - of_pack_w),", "- of_pack_w,"),
    "bus and terminals draw without warming": ("compute", "pump + added_w, bus_w, battery_w", "pump + added_w, 0.999 * bus_w, battery_w"),
    "terminals are left out": ("compute", "bus_w=satellite.bus.served_power", "bus_w=satellite.bus.power"),
    "infrared of the array misses the radiator": ("radiator", "+ 2.0 * from_array_w_m2(state.array_k, p)", ""),
    "neighbours do not warm the radiator": ("radiator", "nearby = inputs.radiator_nearby_w_m2 +", "nearby ="),
    "neighbours do not warm the array": ("array", "absorbed = of_earth + inputs.array_nearby_w_m2", "absorbed = of_earth"),
    "neighbours cast no shadow": ("array", "incidence.array_incidence * inputs.array_light", "incidence.array_incidence"),
    "leakage draws without warming": ("compute", "return Loads(chip, drawn", "return Loads(chip - chip_w, drawn"),
}  # fmt: skip
WRITTEN = {**LEDGER, **ENERGY}


def place(text: str) -> re.Pattern[str]:
    """The text wherever lines happen to break."""
    return re.compile(r"\s*".join(re.escape(c) for c in text if not c.isspace()))


def source_of(module: str) -> str:
    return Path(importlib.import_module(f"sim.spacecraft.{module}").__file__ or "").read_text("utf-8")


def with_controls(**values: float) -> Any:
    """The loop as it is loaded now, with some controls of all satellites."""

    def run_block(r_m: Any, sky: Any, controls: Any, *others: Any) -> None:
        controls = controls.copy()
        for name, value in values.items():
            controls[step.ROWS.controls[name]] = value
        loop.run_block(r_m, sky, controls, *others)

    return run_block


def outcome() -> dict[str, float]:
    """Residuals of two small runs of the step as it is loaded now."""
    # noon-midnight ring: some in shadow with an empty battery (bus unserved), some throttled, one lost, one derated
    loaded = books.load(
        "duration=12 min", books.ring(), "satellite.thermal.radiator.area=12 m2", "satellite.power.battery.initial_charge=0.5",
        "satellite.power.battery.bus_reserve=0 s", "satellite.power.array.area=160 m2", "satellite.thermal.heater.setpoint=77 degC",
        "satellite.power.battery.heater.setpoint=20 degC",
        events=("2026-12-21T00:03:20Z lose satellite 0", "2026-12-21T00:05:30Z derate satellite 1 to 0.5"),
    )  # fmt: skip
    run = Run(loaded, tile=8, threads=1)
    run.loop = with_controls(operational=0.9)  # a tenth is maintenance, of what the derating takes
    found = run.finish()
    used = [*step.ROWS.ledger.values(), *(step.ROWS.carried[f"{n}_j"] for n in ("shunted", "battery_loss", "unserved", "heater", "leakage"))]
    return books.closures(found) | parts() | {"exercised": float(all(found.carry[row].max() > 0.0 for row in used))}


def parts() -> dict[str, float]:
    """Residuals of single parts of satellites in sunlight that only heat: no Earth, no clock, and neighbours by hand."""
    neighbours = {"array_light": 0.7, "array_nearby_w_m2": 40.0, "radiator_nearby_w_m2": 15.0}
    loaded = books.load(
        "duration=6 min", books.ring("06:00", 2, altitude_km=1500.0), "environment.earth_infrared=0 W/m2", "environment.albedo=0",
        "satellite.policy={mode: burst, on: 4 min, off: 8 min, start_temperature: -70 degC}",
        "satellite.thermal.radiator.absorptance=0", "satellite.thermal.radiator.view_to_array=0.1", "satellite.thermal.heater.setpoint=85 degC",
        "satellite.power.battery.to_structure=1e-9 W/K", "satellite.power.battery.heater.setpoint=25 degC",
        "satellite.power.battery.initial_charge=0.6",
    )  # fmt: skip
    run = Run(loaded, tile=8, threads=1)
    run.first_state.row("battery_k")[:] = 288.0  # cold enough for the heater, warm enough to be charged
    run.loop = with_controls(**neighbours)
    return books.parts(run.finish(), *neighbours.values())


def reload(module: str | None, text: str, edit: tuple[str, str, str] | None) -> None:
    """The step made anew, a module from another text, a written function with another line."""
    if module is not None:
        loaded = importlib.import_module(f"sim.spacecraft.{module}")
        exec(compile(text, f"mutant of {module}", "exec"), loaded.__dict__)
    written = rows.written
    if edit is not None:

        def spoiled(name: str, arguments: str, lines: Any, names: Any) -> Any:
            lines = list(lines)
            if name == edit[0]:
                hits = [n for n, line in enumerate(lines) if edit[1] in line]
                if len(hits) != 1:
                    raise SystemExit(f"{len(hits)} lines of {name} read {edit[1]!r}; write the mutant anew")
                lines[hits[0]] = edit[2]
            return written(name, arguments, lines, names)

        rows.written = spoiled
    try:
        importlib.reload(step)
        importlib.reload(passes)
        importlib.reload(loop)
    finally:
        rows.written = written


def main() -> None:
    assert os.environ.get("NUMBA_DISABLE_JIT") == "1"
    reported = {"sound": outcome()}
    for name, edit in WRITTEN.items():
        reload(None, "", edit)
        reported[name] = outcome()
    for name, (module, old, new) in FLUXES.items():
        text = source_of(module)
        places = len(place(old).findall(text))
        if places != 1:
            raise SystemExit(f"{name}: {places} places in {module} read {old!r}; write the mutant anew")
        reload(module, place(old).sub(lambda _, new=new: new, text), None)
        reported[name] = outcome()
        reload(module, text, None)
    json.dump(reported, sys.stdout)


if __name__ == "__main__":
    main()
