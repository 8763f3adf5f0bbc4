"""What is left of the rate of a satellite that has lost strings of its array or battery, or cooling loops: from the power and heat of its days.

The run is made again with the same loss in all satellites, on the dates with the lowest and the highest Sun over the first plane, and
compared with that of whole satellites. It is made for one part that is lost and for half of them; between these, and to the loss of all,
values are linear.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from sim.config.fleet_days import PartsLeft, Variant, on_date
from sim.config.scenario import Loaded
from sim.config.schema import Scenario
from sim.fleet.replicas.tables import Unit
from sim.mission.capability import Table, day_of, day_s
from sim.mission.groups import Group
from sim.schema import CAUSES

Array = NDArray[np.float64]
PARTS = {Unit.BATTERY: "battery", Unit.ARRAY: "array", Unit.LOOP: "loop"}
EMPTY_BATTERY = 1e-4  # share of the capacity that stands for none: seconds of the power of the bus


def numbers(scenario: Scenario) -> dict[Unit, int]:
    """Parts of a satellite that processes or common causes of the mission make fail, and how many there are.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    dict of Unit to int
        Strings of battery and array, loops; without those that nothing makes fail.
    """
    mission = scenario.mission
    assert mission is not None
    fail = {process.unit for process in mission.processes} | {cause.unit for cause in mission.common_causes}
    units = mission.units
    counts = {Unit.BATTERY: units.battery_strings, Unit.ARRAY: units.array_strings, Unit.LOOP: units.loops}
    return {unit: int(count) for unit, count in counts.items() if PARTS[unit] in fail}


def rates_left(loaded: Loaded, found: list[Group], table: Table, failures_per_s: float, threads: int | None = None) -> dict[Unit, list[float]]:
    """Rate of a satellite without some of its strings or loops, over that of a whole one.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    found : list of Group
        Groups of its satellites.
    table : Table
        What whole satellites can do; its first age counts.
    failures_per_s : float
        Failures of a satellite for which checkpoint intervals are chosen [1/s].
    threads : int or None, optional
        Threads of a run; they do not change results.

    Returns
    -------
    dict of Unit to list of float
        By number of lost parts, 0 to all, from 1 down; for the units of `numbers`.
    """
    counts = numbers(loaded.scenario)
    if not counts:
        return {}
    dates, size = _ends(table), np.array([float(group.members.size) for group in found])
    useful = CAUSES.index("useful")

    def rate(unit: Unit, share: float) -> float:
        """Mean over the mission of the useful rate with a share of a part left, over that of whole satellites."""
        left = whole = 0.0
        for d, weight in dates.items():
            epoch = loaded.scenario.epoch + timedelta(days=table.dates.after_d[d])
            variant = Variant(solar=table.dates.solar[d], left=PartsLeft(**{PARTS[unit]: share}))
            changed = on_date(loaded, epoch, day_s(loaded.scenario), 0.0, failures_per_s, variant)
            left += weight * float(day_of(changed, threads).shares[:, useful] @ size)
            whole += weight * float(table.shares[0, 0, d, 0, :, useful] @ size)
        return left / whole if whole > 0.0 else 1.0

    rates = {}
    for unit, count in counts.items():
        lost = sorted({1, -(-count // 2)} - {count})
        none = rate(unit, EMPTY_BATTERY) if unit is Unit.BATTERY else 0.0  # without power or cooling nothing runs
        known = [1.0, *(rate(unit, 1.0 - n / count) for n in lost), none]
        falling = np.minimum.accumulate(np.clip(known, 0.0, 1.0))
        rates[unit] = np.interp(np.arange(count + 1), [0, *lost, count], falling).tolist()
    return rates


def _ends(table: Table) -> dict[int, float]:
    """Dates with the lowest and the highest Sun, and their weights over the mission: linear in the angle."""
    angle, weight = np.array(table.dates.beta_rad), table.dates.weight.mean(axis=0)
    low, high = int(np.argmin(angle)), int(np.argmax(angle))
    if angle.size == 1 or not angle[high] > angle[low]:
        return {0: 1.0}
    above = float((angle @ weight - angle[low]) / (angle[high] - angle[low]))
    return {low: 1.0 - above, high: above}
