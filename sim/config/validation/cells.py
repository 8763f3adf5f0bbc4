"""Whether the cells of a battery are within the temperatures at which they are charged."""

from __future__ import annotations

from sim.config.balance import heat, power
from sim.config.balance.case import Case
from sim.config.validation.findings import Finding, celsius, down, up

SLACK_K = 1e-3  # for values that a message has proposed


def charging(case: Case) -> Finding | None:
    """Check that the cells are neither too cold nor too hot to be charged, while machines are idle and at full load.

    A battery that is not charged does not get warm, so that such a satellite may not recover. Heaters of batteries are not modelled.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong, first where it is so at both loads.
    """
    if _elsewhere(case):
        return None
    return (
        _too_cold(case, 1.0, "even at full load") or _too_hot(case, 0.0, "even at idle load")
        or _too_cold(case, 0.0, "at idle load") or _too_hot(case, 1.0, "at full load")
    )  # fmt: skip


def _elsewhere(case: Case) -> bool:
    """Whether there is no shadow, or other checks find that machines or battery cannot work at all."""
    short = case.satellite.power.battery.capacity < power.capacity_j(case.satellite, 0.0, 0.0, case.eclipse_s)
    return case.dark.dark_s == 0.0 or short or case.idle.excess_k(case.satellite) > 0.0


def _around(case: Case, dynamic: float) -> heat.Around:
    return case.battery_around(case.dark_w if dynamic > 0.0 else case.idle_dark_w)


def _at_k(case: Case, dynamic: float, wall_m2: float) -> tuple[float, float]:
    """Temperatures of battery and walls, mean of a revolution, with walls of an area."""
    satellite, around = case.satellite, _around(case, dynamic)
    walls = satellite.thermal.structure.model_copy(update={"area": wall_m2})
    there = satellite.model_copy(update={"thermal": satellite.thermal.model_copy(update={"structure": walls})})
    found = heat.steady(there, dynamic * case.dynamic, around)
    return heat.battery_k(there, found, around), found.wall_k


def _low_k(case: Case, dynamic: float) -> float:
    """Temperature from which cells are charged as fast as a load takes: the warmer the faster, up to the temperature of full charge."""
    cell, most_w = case.satellite.power.battery.chemistry, power.most_charge_w(case.satellite.power.battery)
    share = min(1.0, _around(case, dynamic).charge_w / case.dark.sunlit_share / most_w) if most_w > 0.0 else 1.0
    return float(cell.min_charge_temperature + share * (cell.full_charge_temperature - cell.min_charge_temperature))


def _too_cold(case: Case, dynamic: float, at: str) -> Finding | None:
    """Walls that are too large or a heater that is too weak; values for idle load are proposed, which is colder."""
    battery, area_m2, low_k = case.satellite.power.battery, case.satellite.thermal.structure.area, _low_k(case, dynamic)
    now_k, wall_k = _at_k(case, dynamic, area_m2)
    if now_k >= low_k - SLACK_K:
        return None
    if battery.heater is not None and battery.heater.setpoint >= low_k:
        need_w = battery.to_structure * (battery.heater.setpoint - wall_k) - _around(case, dynamic).battery_w
        if need_w <= battery.heater.power:
            return None
        what = f"{at} the battery would be at {celsius(now_k)} on average without its heater, which does not hold it at its set point"
        return Finding("power.battery.heater.power", f"{what}; write {up(need_w / 1e3)} kW or more")
    inverse = heat.least(lambda value: _at_k(case, 0.0, 1.0 / value)[0] >= _low_k(case, 0.0), 1.0 / area_m2)
    wanted = "more bus.power, whose heat keeps it warm" if inverse is None else f"{down(1.0 / inverse)} m2 or less"
    return Finding(
        "thermal.structure.area",
        f"{at} the battery would be at {celsius(now_k)} on average, and its cells are charged as fast as this takes from {celsius(low_k)} on; "
        f"write {wanted}",
    )


def _too_hot(case: Case, dynamic: float, at: str) -> Finding | None:
    """Walls that are too small; those for full load are proposed, which is hotter."""
    area_m2, most_k = case.satellite.thermal.structure.area, case.satellite.power.battery.chemistry.max_charge_temperature
    now_k, wall_k = _at_k(case, dynamic, area_m2)
    if now_k <= most_k + SLACK_K:
        return None
    what = f"{at} the battery would be at {celsius(now_k)} on average, and its cells are charged up to {celsius(most_k)}"
    larger_m2 = heat.least(lambda m2: _at_k(case, 1.0, m2)[0] <= most_k, area_m2)
    if larger_m2 is not None:
        return Finding("thermal.structure.area", f"{what}; write {up(larger_m2)} m2 or more")
    if wall_k < most_k:
        return Finding("power.battery.to_structure", f"{what}; write {up(_around(case, dynamic).battery_w / (most_k - wall_k))} W/K or more")
    return Finding("power.battery.to_structure", f"{what}; write larger values of this and of thermal.structure.area")
