"""The step's source with one line spoiled at a time, run in plain Python (compiler off); a script for test_step.py.

Prints one JSON object: for each mutant the residuals of the books, "sound" being the source as it is.
"""

from __future__ import annotations

import json
import os
import re
import sys
import types
from pathlib import Path

import energy_books as books

from sim.engine.uncoupled import Run
from sim.spacecraft import step

SOURCE = Path(step.__file__).read_text("utf-8")

# name -> (text in the source, what replaces it)
LEDGER = {
    f"without {row}": (f"work[{row}, i] += {term} * dt_s", "pass")
    for row, term in (
        ("FAILED", "failed"), ("POWER", "lost_power"), ("THERMAL", "lost_thermal"), ("KERNEL", "lost_kernel"),
        ("USEFUL", "useful"),
    )
}  # fmt: skip
ENERGY = {
    f"without {row}": (f"work[{row}, i] += {term} * dt_s", "pass")
    for row, term in (
        ("GENERATED_J", "generated"), ("SHUNTED_J", "shunted"), ("SERVED_J", "(load - unserved)"),
        ("BATTERY_LOSS_J", "loss"), ("HEAT_J", "(chip + plate + loop)"), ("ENVIRONMENT_J", "environment"),
        ("RADIATED_J", "radiated"),
    )
}  # fmt: skip
STEP = "thermal_step(t0, t1, t2, t3, t4, chip, plate, loop, environment, stepper)"
FLUXES = {
    "battery sees 0.01 % more sun": (
        "battery_step(charge, generated, load,",
        "battery_step(charge, 1.0001 * generated, load,",
    ),
    "charge leaks": (
        "work[CHARGE_J, i], work[DARK_RUN_S, i] = charge,",
        "work[CHARGE_J, i], work[DARK_RUN_S, i] = charge * (1.0 - 1e-7),",
    ),
    "battery loss does not warm": ("loop = loop - unserved + loss", "loop = loop - unserved"),
    "unserved load warms": ("loop = loop - unserved + loss", "loop = loop + loss"),
    "environment misses the radiator": (STEP, STEP.replace("environment", "0.999 * environment")),
    "chips warm less than they draw": (STEP, STEP.replace("chip", "0.999 * chip")),
    "radiation is miscounted": ("work[RADIATED_J, i] += radiated", "work[RADIATED_J, i] += 1.0001 * radiated"),
    "junction forgets": (
        "work[JUNCTION_K, i], work[HBM_K, i], work[PLATE_K, i] = t0,",
        "work[JUNCTION_K, i], work[HBM_K, i], work[PLATE_K, i] = t0 - 0.1,",
    ),
}


def place(text: str) -> re.Pattern[str]:
    """The text wherever lines happen to break."""
    return re.compile(r"\s*".join(re.escape(c) for c in text if not c.isspace()))


def outcome_of(text: str) -> dict[str, float]:
    """Residuals of a small run with this source of the step."""
    module = types.ModuleType("mutant")
    exec(compile(text, "mutant of sim/spacecraft/step.py", "exec"), module.__dict__)
    # noon-midnight ring: some in shadow with an empty battery (bus unserved), some throttled, one lost, one derated
    loaded = books.load(
        "duration=12 min", books.ring(), "satellite.thermal.radiator.area=12 m2", "satellite.power.battery.initial_charge=0.5",
        "satellite.power.battery.bus_reserve=0 s", "satellite.power.array.area=160 m2",
        events=("2026-12-21T00:03:20Z lose satellite 0", "2026-12-21T00:05:30Z derate satellite 1 to 0.5"),
    )  # fmt: skip
    run = Run(loaded, tile=8, threads=1)
    run.loop = module.tile_loop(8)
    return books.closures(run.finish()) | {"exercised": float(_exercised(run.carry))}


def _exercised(carry: object) -> bool:
    """Whether every row that a mutant spoils is in use."""
    rows = [*step.LEDGER.values(), step.SHUNTED_J, step.BATTERY_LOSS_J, step.UNSERVED_J]
    return all(carry[row].max() > 0.0 for row in rows)  # type: ignore[index]


def main() -> None:
    assert os.environ.get("NUMBA_DISABLE_JIT") == "1"
    told = {"sound": outcome_of(SOURCE)}
    for name, (old, new) in {**LEDGER, **ENERGY, **FLUXES}.items():
        places = len(place(old).findall(SOURCE))
        if places != 1:
            raise SystemExit(f"{name}: {places} places in sim/spacecraft/step.py read {old!r}; write the mutant anew")
        told[name] = outcome_of(place(old).sub(lambda _, new=new: new, SOURCE))
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
