"""Designs that cannot close: power, heat and battery of a satellite in the worst season of the run, and what would close them.

Each check that finds something says which field, by how much, and the nearest value that closes. Those that refuse are problems,
or notes where the scenario allows such designs; the others are about what a design does not hold though it runs, which `validate`
says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.config.balance import heat, power
from sim.config.balance.case import Case
from sim.config.balance.orbits import orbits
from sim.config.errors import Origin, Problem
from sim.config.library import config_root
from sim.config.schema import Satellite, Scenario
from sim.config.schema.battery import Battery
from sim.config.validation import cells, endurance, materials
from sim.config.validation.findings import Finding, celsius, celsius_at_most, energy, power_text, up
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

FORECAST_K = 11.0  # margin of temperature forecasts [donabedian2003]
SLACK = 1e-9  # relative, for values that a message has proposed
MOST_LARGER = 10.0  # an array so many times as large is the wrong answer to an attitude that turns it away from the Sun
CHARGED = 1.01  # charging power over its mean: the array gives less than that for a part
ENOUGH = 0.95  # of an eclipse: the rest is penumbra, and a bus that is shed for a minute
NOTED_RATE = 0.99  # clock rate, or share of the load, from which on a note is not worth a line


@dataclass(frozen=True, slots=True)
class FeasibilityCheck:
    """A named check of one satellite type on its orbits; those that refuse are problems."""

    name: str
    condition: str
    refuses: bool
    find: Callable[[Case], Finding | None]


def check_designs(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that every satellite type closes in power and heat on its orbits.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found; none where the scenario allows designs that do not close.
    """
    if scenario.allow_infeasible:
        return []
    found = []
    for prefix, case in _cases(scenario):
        for check, finding in _findings(case, refuses=True):
            path = (*prefix, *finding.field.split("."))
            found.append(Problem(_origin(root, prefix, path), ".".join(path), f"{finding.message} (check {check.name})"))
    return found


def notes(scenario: Scenario) -> list[str]:
    """Notes on designs that do not close, where the scenario allows them.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        A note for each satellite type and check that finds something; it ends with the name of the check.
    """
    return _lines(scenario, refuses=True) if scenario.allow_infeasible else []


def design_notes(scenario: Scenario) -> list[str]:
    """What satellites do not hold, though they run: full load in the shadow or for heat, idle load on all planes, the life of the battery.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        A note for each satellite type and check that finds something; it ends with the name of the check.
    """
    return _lines(scenario, refuses=False)


def _lines(scenario: Scenario, *, refuses: bool) -> list[str]:
    return [
        f"{'.'.join(prefix)}.{finding.field}: {finding.message} (check {check.name})"
        for prefix, case in _cases(scenario)
        for check, finding in _findings(case, refuses=refuses)
    ]


def _cases(scenario: Scenario) -> Iterator[tuple[tuple[str, ...], Case]]:
    """Satellite types that fly on known circular orbits, with their place in the scenario."""
    named: list[tuple[tuple[str, ...], Satellite]] = [(("satellite",), scenario.satellite)]
    named += [(("satellites", name), satellite) for name, satellite in scenario.satellites.items()]
    for prefix, satellite in named:
        flown = orbits(scenario, satellite)
        if flown:
            yield prefix, Case(satellite, scenario.environment, tuple(flown))


def _findings(case: Case, *, refuses: bool) -> Iterator[tuple[FeasibilityCheck, Finding]]:
    for check in CHECKS:
        finding = check.find(case) if check.refuses is refuses else None
        if finding is not None:
            yield check, finding


def _origin(root: Node, prefix: tuple[str, ...], path: tuple[str, ...]) -> Origin:
    """Where the field was written; where a shipped item has it, where the scenario names its satellite."""
    written = origin(root, *path)
    if not written.file.startswith(str(config_root())):
        return written
    return next((o for o in (origin(root, *prefix), root.origin) if not o.file.startswith(str(config_root()))), written)


# --- power -------------------------------------------------------------------------------------------------------------


def _array(case: Case) -> Finding | None:
    """The bus must be served on every plane, idle accelerators on average over the planes: their nodes move on."""
    area_m2, bus_w = case.satellite.power.array.area, case.satellite.bus.served_power
    alone = power.balance_j(case.with_idle_cells, (case.dark,), area_m2 * (1.0 + SLACK), bus_w, bus_w) < 0.0
    if not alone and power.balance_j(case.with_idle_cells, case.planes, area_m2 * (1.0 + SLACK), case.idle_w, case.idle_dark_w) >= 0.0:
        return None
    have_w = area_m2 * (case.dark.mean_array_w_m2 if alone else case.mean_array_w_m2)
    what = f"{area_m2:g} m2 give {power_text(have_w)} on average over {_where(case, alone)}, and "
    what += _lack("the bus alone needs", bus_w, have_w) if alone else _lack("idle accelerators and bus need", case.idle_w, have_w)
    wanted = _wanted_array_m2(case)
    if wanted is None or (wanted > MOST_LARGER * area_m2 and case.satellite.attitude.law != "sun-pointing"):
        return Finding("attitude.law", f"{what}, as '{case.satellite.attitude.law}' points it; write sun-pointing")
    return Finding("power.array.area", f"{what}; write {up(wanted)} m2 or more")


def _where(case: Case, alone: bool) -> str:
    light = f"an orbit, {100.0 * case.dark.sunlit_share:.0f} % sunlit with the Sun {math.degrees(case.dark.beta_rad):.0f} deg from its plane"
    return light if alone or len(case.planes) == 1 else "the orbits of all planes"


def _lack(load: str, need_w: float, have_w: float) -> str:
    return f"{load} {power_text(need_w)}" + (f", {power_text(need_w - have_w)} more" if need_w > have_w else " beside the losses of the battery")


def _wanted_array_m2(case: Case) -> float | None:
    """Array for the bus on every plane and idle accelerators on average; None where there is no light."""
    bus_w = case.satellite.bus.served_power
    each = power.array_m2(case.with_idle_cells, (case.dark,), bus_w, bus_w)
    idle = power.array_m2(case.with_idle_cells, case.planes, case.idle_w, case.idle_dark_w)
    return None if each is None or idle is None else max(each, idle)


def _charging(case: Case) -> Finding | None:
    battery, load_w, area_m2 = case.satellite.power.battery, case.idle_w, case.satellite.power.array.area
    most_w = power.most_charge_w(battery)
    if _battery(case) is not None:  # whose proposal is charged in time
        return None
    if _array(case) is not None:
        wanted_m2 = _wanted_array_m2(case)
        if wanted_m2 is None:
            return None
        area_m2 = max(area_m2, float(up(wanted_m2)))
    if power.balance_j(case.with_idle_cells, case.planes, area_m2, load_w, case.idle_dark_w, most_w * (1.0 + SLACK)) >= 0.0:
        return None
    need_w = power.charge_w(case.with_idle_cells, case.planes, area_m2, load_w, case.idle_dark_w)
    return _faster(
        battery, "max_charge_power", need_w, battery.chemistry.max_charge_rate,
        f"{power_text(most_w)} do not refill in sunlight what idle accelerators and bus draw in the shadow, which takes {power_text(need_w)}",
    )


def _faster(battery: Battery, field: str, need_w: float, rate: float, what: str) -> Finding:
    """More power of the battery, or a larger one where its cells do not allow for that."""
    capacity = f"{up(need_w / rate / 3.6e6)} kWh or more"
    if need_w <= getattr(battery, field):
        return Finding("power.battery.capacity", f"{what}, at {3600.0 * rate:g} of the capacity in an hour; write {capacity}")
    beside = f", and power.battery.capacity: {capacity}" if need_w > rate * battery.capacity else ""
    return Finding(f"power.battery.{field}", f"{what}; write {up(need_w / 1e3)} kW or more{beside}")


def _idle_planes(case: Case) -> Finding | None:
    """Shells whose darkest plane does not serve idle accelerators, while the mean of the planes does."""
    if len(case.planes) == 1 or _array(case) is not None:
        return None
    wanted = power.array_m2(case.with_idle_cells, (case.dark,), case.idle_w, case.idle_dark_w)
    area_m2 = case.satellite.power.array.area
    if wanted is None or wanted <= area_m2 * (1.0 + SLACK):
        return None
    have_w = area_m2 * case.dark.mean_array_w_m2
    return Finding(
        "power.array.area",
        f"where the Sun is {math.degrees(case.dark.beta_rad):.0f} deg from the orbit plane, {area_m2:g} m2 give {power_text(have_w)} on average, and "
        f"idle accelerators and bus need {power_text(case.idle_w)}: there accelerators are switched off for a part; write {up(wanted)} m2 or more",
    )


def _battery(case: Case) -> Finding | None:
    battery, bus_w = case.satellite.power.battery, case.satellite.bus.served_power
    held_s = case.eclipse_s if _reserve(case) is None else 60.0 * math.ceil(case.eclipse_s / 60.0)  # as `reserve` proposes it
    need_j = power.capacity_j(case.satellite, 0.0, 0.0, held_s)
    if need_j <= battery.capacity * (1.0 + SLACK):
        return None
    if battery.max_depth == 0.0:
        return Finding("power.battery.max_depth", "at a depth of discharge of 0 the bus has no power in the shadow; write 0.3")
    held_j = battery.capacity * battery.max_depth * power.given_share(battery, bus_w)
    filled = case.with_idle_cells.power.battery.model_copy(update={"capacity": need_j})
    charge_w, _ = power.recharge_w(filled, bus_w, case.dark.dark_s, case.dark.period_s)
    need_j = max(need_j, CHARGED * charge_w / battery.chemistry.max_charge_rate)
    return Finding(
        "power.battery.capacity",
        f"the battery gives {energy(held_j)}, and the bus needs {energy(bus_w * case.eclipse_s)} in an eclipse of "
        f"{case.eclipse_s / 60.0:.0f} min; write {up(need_j / 3.6e6)} kWh or more",
    )


def _reserve(case: Case) -> Finding | None:
    held_s = case.satellite.power.battery.bus_reserve
    if held_s >= ENOUGH * case.eclipse_s:
        return None
    minutes = math.ceil(case.eclipse_s / 60.0)
    return Finding(
        "power.battery.bus_reserve",
        f"accelerators may drain the battery until it holds the bus for {held_s / 60.0:.3g} min, and an eclipse lasts "
        f"{case.eclipse_s / 60.0:.1f} min; write {minutes} min or more",
    )


def _discharging(case: Case) -> Finding | None:
    battery, bus_w = case.satellite.power.battery, case.satellite.bus.served_power
    most_w = power.most_discharge_w(battery)
    if case.eclipse_s == 0.0 or bus_w <= most_w * (1.0 + SLACK):
        return None
    what = f"{power_text(most_w)} are less than the {power_text(bus_w)} that the bus needs in the shadow"
    return _faster(battery, "max_discharge_power", bus_w, battery.chemistry.max_discharge_rate, what)


def _throttled_in_eclipse(case: Case) -> Finding | None:
    battery, load_w = case.satellite.power.battery, case.held_w
    if case.eclipse_s == 0.0:
        return None
    given_w = power.dark_w(case.satellite, case.eclipse_s)
    if given_w >= NOTED_RATE * load_w or battery.max_depth == 0.0:
        return None
    need_j = power.capacity_j(case.satellite, load_w, case.eclipse_s, battery.bus_reserve)
    then = f"{100.0 * given_w / load_w:.0f} % of it" if given_w >= case.idle_w else "less than idle machines need, which are switched off for a part"
    wanted = f"{up(need_j / 3.6e6)} kWh or more" + (
        f" and max_discharge_power: {up(load_w / 1e3)} kW" if load_w > battery.max_discharge_power else ""
    )
    return Finding(
        "power.battery.capacity",
        f"through an eclipse of {case.eclipse_s / 60.0:.0f} min the battery gives {power_text(max(0.0, given_w))} above the reserve of the bus, and "
        f"full load is {power_text(load_w)}: {then}; write {wanted} for full load",
    )


# --- heat --------------------------------------------------------------------------------------------------------------


def _radiator(case: Case) -> Finding | None:
    if case.switches_off or case.idle.excess_k(case.satellite) <= 0.0:
        return None
    what = f"at idle power alone {_over(case, case.idle)}"
    area = heat.radiator_m2(case.satellite, 0.0, case.around)
    if area is not None:
        return Finding("thermal.radiator.area", f"{what}; write {up(area)} m2 or more")
    conductance = heat.conductance_w_k(case.satellite, 0.0, case.around)
    if conductance is not None:
        return Finding("thermal.loop.conductance", f"{what}, whatever the radiator; write {up(conductance / 1e3)} kW/K or more")
    return Finding("thermal.radiator.area", f"{what}, whatever the radiator or the loop alone; write larger values of both")


def _over(case: Case, found: heat.Steady) -> str:
    chip = case.satellite.accelerator
    part, at_k, limit_k = ("the junctions", found.junction_k, chip.junction_limit)
    if found.hbm_k - chip.hbm_limit > at_k - limit_k:
        part, at_k, limit_k = "the memory", found.hbm_k, chip.hbm_limit
    return f"{part} would settle at {celsius(at_k)}, {at_k - limit_k:.0f} K above the limit of {celsius(limit_k)}"


def _throttled_by_heat(case: Case) -> Finding | None:
    rate = heat.clock_rate(case.dynamic, case.satellite.accelerator.voltage_floor)
    if rate >= NOTED_RATE or case.idle.excess_k(case.satellite) > 0.0:
        return None
    area = heat.radiator_m2(case.satellite, 1.0, case.around_in_sunlight)
    wanted = "write a smaller load" if area is None else f"write {up(area)} m2 or more for full rate"
    return Finding("thermal.radiator.area", f"at full power in sunlight {_over(case, case.full)}, and the clock rate falls to {rate:.2f}; {wanted}")


def _setpoint(case: Case) -> Finding | None:
    chip, heater = case.satellite.accelerator, case.satellite.thermal.heater
    limit_k = min(chip.junction_limit, chip.hbm_limit)
    if heater is None or heater.setpoint < limit_k:
        return None
    return Finding(
        "thermal.heater.setpoint",
        f"{celsius(heater.setpoint)} is not below the limit of {celsius(limit_k)} of the accelerators, which the heater would keep off; "
        f"write {celsius_at_most(heater.freezing_point + FORECAST_K)} or less, {FORECAST_K:g} K above the freezing point",
    )


CHECKS = (
    FeasibilityCheck("array", "over an orbit the array gives less than idle accelerators and bus need, in shells on average", True, _array),
    FeasibilityCheck("charging", "the battery charges too slowly for what idle accelerators and bus draw in the shadow", True, _charging),
    FeasibilityCheck("battery", "the battery does not serve the bus through the longest eclipse within its depth of discharge", True, _battery),
    FeasibilityCheck("reserve", "the reserve of the bus is shorter than the longest eclipse", True, _reserve),
    FeasibilityCheck("discharging", "the battery gives less power than the bus needs", True, _discharging),
    FeasibilityCheck("radiator", "junctions or memory settle above their limit at idle power alone", True, _radiator),
    FeasibilityCheck("setpoint", "the heater keeps the coolant above a limit of the accelerators", True, _setpoint),
    FeasibilityCheck("junction", "the junctions may become warmer than silicon devices are rated for, 175 degC", True, materials.junction),
    FeasibilityCheck("memory", "the memory may become warmer than any is rated for, 125 degC", True, materials.memory),
    FeasibilityCheck("coolant", "the coolant passes its critical temperature", True, materials.coolant),
    FeasibilityCheck("cell-heat", "the array becomes warmer than its solder stands, 183 degC", True, materials.cells),
    FeasibilityCheck("idle-planes", "on some planes of a shell the array gives less than idle accelerators and bus need", False, _idle_planes),
    FeasibilityCheck("cycles", "the battery does not last for the design life at the depth of discharge of full load", False, endurance.cycles),
    FeasibilityCheck("battery-temperature", "at idle or at full load the battery is too cold or too hot to be charged", False, cells.charging),
    FeasibilityCheck("eclipse-load", "the battery does not hold full load through the longest eclipse", False, _throttled_in_eclipse),
    FeasibilityCheck("full-heat", "the radiator does not hold full clock rate", False, _throttled_by_heat),
)
