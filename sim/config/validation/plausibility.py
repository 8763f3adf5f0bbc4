"""Plausibility of satellites: designs that can be simulated but hardly meant, each as a note with the two numbers that conflict.

All figures are bounds in favour of the design: the most sunlight, no heat from Sun and Earth, no losses that are not named.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from orbit.constants import (
    EARTH_RADIUS_M,
    MU_EARTH_M3_S2,
    OBLIQUITY_DEG,
    SOLAR_CONSTANT_W_M2,
    STEFAN_BOLTZMANN_W_M2_K4,
    ZERO_CELSIUS_K,
)
from orbit.shell_geometry import sun_synchronous_inclination_rad
from sim.config import economics_params, library, yaml_tree
from sim.config.errors import Origin
from sim.config.schema import (
    Accelerator,
    Attitude,
    Cluster,
    Constellation,
    Ring,
    Satellite,
    Scenario,
    Walker,
    hours,
    parts,
)
from sim.economics.mass import hard_kg, total_kg

MASS_TOLERANCE = 0.15  # of a stated mass against the sum of the parts
MOST_LOAD_RATIO = 1.5  # full load over array power; a satellite that stores energy for bursts has about 1
MOST_HEAT_RATIO = 2.0  # heat of full load over what the radiator emits with the junctions at their limit
MOST_CELL_EFFICIENCY = 0.476  # best cell of any kind, under concentrated light [green2024]
MOST_FLOP_PER_J = 5e13  # dense peak over power; accelerators of 2024 reach 3e12 to 6e12
LEAST_FP8_RATIO, MOST_FP8_RATIO = 1.8, 3.0  # of dense peaks in fp8 and bf16; 2 in chips that have both
SPARSITY = "; if this is the figure with 2:4 sparsity, write the dense peak"
EQUATION_OF_TIME_RAD = math.radians(4.2)  # its largest value, 16.5 min, rounded up [meeus1998:ch. 28]
OBLIQUITY_RAD = math.radians(OBLIQUITY_DEG)
NODES = 72  # of a shell, at which the Sun's elevation over the orbit plane is taken
DAWN_DUSK_H = 1.5  # hours of local time from 06:00 and 18:00 within which an orbit has short eclipses, or none


@dataclass(frozen=True, slots=True)
class PlausibilityCheck:
    """A named check of one satellite type; `message` gives what is implausible, with field first, or None."""

    name: str
    condition: str
    message: Callable[[Satellite, Scenario], str | None]


def notes(scenario: Scenario) -> list[str]:
    """Notes on what is implausible in the satellites of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        A note for each satellite type and check that finds something; it ends with the name of the check.
    """
    found = []
    for prefix, satellite in (("satellite", scenario.satellite), *((f"satellites.{n}", s) for n, s in scenario.satellites.items())):
        for check in CHECKS:
            message = check.message(satellite, scenario)
            if message is not None:
                found.append(f"{prefix}.{message} (check {check.name})")
    return found


# --- power -------------------------------------------------------------------------------------------------------------


def array_power_w(satellite: Satellite) -> float:
    """Power of the array in full sunlight at 28 degC, after conditioning.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.

    Returns
    -------
    float
        Power [W].
    """
    array = satellite.power.array
    cells_m2 = array.area * array.packing
    return SOLAR_CONSTANT_W_M2 * cells_m2 * array.cell_efficiency * array.retention * array.conditioning_efficiency


def load_w(satellite: Satellite, accelerator_w: float) -> float:
    """Power from the bus where every accelerator draws the same.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    accelerator_w : float
        Power of one accelerator [W].

    Returns
    -------
    float
        Power of accelerators, hosts, pumps and bus [W].
    """
    machines_w = satellite.accelerators * (accelerator_w + satellite.accelerator.host.power) * (1.0 + satellite.thermal.loop.pump_fraction)
    return machines_w / satellite.power.conversion_efficiency + satellite.bus.power


def mean_light(satellite: Satellite, scenario: Scenario) -> float:
    """Sunlight on the array, mean over orbits, over that of an array that always faces the Sun; an upper bound.

    For shells of three planes and more it is the mean over evenly spread planes, in the season with the most light.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    scenario : Scenario
        The scenario.

    Returns
    -------
    float
        Share, 0 to 1; for orbits that are not known to be circular the law of the attitude alone limits it.
    """
    if satellite.attitude.law == "nadir":
        return 1.0 / math.pi  # mean of a positive cosine, the Sun in the orbit plane
    shares = []
    for entry in scenario.constellation:
        if scenario.types[scenario.type_index(entry)] is satellite:
            shares += [_most_light(part, satellite.attitude) for part in parts([entry])]
    return max(shares, default=1.0)


def _most_light(part: Constellation, attitude: Attitude) -> float:
    if not isinstance(part, Cluster | Ring | Walker) or part.altitude is None:
        return 1.0
    radius_m = EARTH_RADIUS_M + part.altitude
    if not isinstance(part, Walker):
        from_noon_rad = abs(math.asin(math.sin((hours(part.local_time) - 12.0) * math.pi / 12.0)))
        tilt = abs(math.cos(sun_synchronous_inclination_rad(radius_m))) * math.sin(OBLIQUITY_RAD)
        return _light(radius_m, min(1.0, tilt + math.sin(min(0.5 * math.pi, from_noon_rad + EQUATION_OF_TIME_RAD))), attitude)
    most = 0.0
    for sun_rad in (0.0, OBLIQUITY_RAD):
        up, across = math.cos(part.inclination) * math.sin(sun_rad), math.sin(part.inclination) * math.cos(sun_rad)
        planes = [_light(radius_m, up + across * math.sin(2.0 * math.pi * k / NODES), attitude) for k in range(NODES)]
        most = max(most, math.fsum(planes) / NODES if part.planes > 2 else max(planes))
    return most


def _light(radius_m: float, sine: float, attitude: Attitude) -> float:
    """Mean over a circular orbit behind a cylindrical Earth, from the sine of the Sun's elevation over the orbit plane."""
    in_plane = math.sqrt(max(0.0, 1.0 - sine * sine))
    clear = math.sqrt(1.0 - (EARTH_RADIUS_M / radius_m) ** 2)
    eclipsed = 0.0 if in_plane <= clear else math.acos(clear / in_plane) / math.pi
    if attitude.law == "orbit-normal":
        return (1.0 - eclipsed) * abs(sine)
    if attitude.array_drive == "orbit-normal":
        return (1.0 - eclipsed) * in_plane
    return 1.0 - eclipsed


def _full_load(satellite: Satellite, scenario: Scenario) -> str | None:
    full_w, array_w = load_w(satellite, satellite.accelerator.max_power), array_power_w(satellite)
    idle_w = load_w(satellite, satellite.accelerator.idle_power)
    if full_w <= MOST_LOAD_RATIO * array_w or idle_w > array_w * mean_light(satellite, scenario):
        return None
    return f"accelerators: {satellite.accelerators:,} at full power need {_power(full_w)}, and the array gives at most {_power(array_w)}"


def _idle_load(satellite: Satellite, scenario: Scenario) -> str | None:
    idle_w, peak_w = load_w(satellite, satellite.accelerator.idle_power), array_power_w(satellite)
    mean_w = peak_w * mean_light(satellite, scenario)
    if idle_w <= mean_w or satellite.bus.power > peak_w:
        return None
    return f"accelerators: {satellite.accelerators:,} idle need {_power(idle_w)}, and the array gives at most {_power(mean_w)} on average over orbits"


def _bus_load(satellite: Satellite, scenario: Scenario) -> str | None:
    if satellite.bus.power <= array_power_w(satellite):
        return None
    return f"bus.power: {_power(satellite.bus.power)} are more than the {_power(array_power_w(satellite))} that the array gives at most"


def _battery(satellite: Satellite, scenario: Scenario) -> str | None:
    battery, eclipse_s = satellite.power.battery, longest_eclipse_s(satellite, scenario)
    held_j = battery.capacity * battery.max_depth * battery.discharge_efficiency
    need_j = satellite.bus.power * eclipse_s
    if need_j <= held_j:
        return None
    needs = f"the bus needs {_energy(need_j)} in an eclipse of {eclipse_s / 60.0:.0f} min"
    return f"power.battery.capacity: the battery gives {_energy(held_j)}, and {needs}"


def longest_eclipse_s(satellite: Satellite, scenario: Scenario) -> float:
    """Longest eclipse of the circular orbits on which a satellite type flies, with the Sun in the orbit plane.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    scenario : Scenario
        The scenario.

    Returns
    -------
    float
        Time behind a cylindrical Earth [s]; 0 for orbits near dawn and dusk, and for catalogues.
    """
    longest_s = 0.0
    for entry in scenario.constellation:
        if scenario.types[scenario.type_index(entry)] is not satellite:
            continue
        for part in parts([entry]):
            if not isinstance(part, Cluster | Ring | Walker) or part.altitude is None:
                continue
            if not isinstance(part, Walker) and min(abs(hours(part.local_time) - h) for h in (6.0, 18.0)) <= DAWN_DUSK_H:
                continue
            radius_m = EARTH_RADIUS_M + part.altitude
            longest_s = max(longest_s, 2.0 * math.asin(EARTH_RADIUS_M / radius_m) * math.sqrt(radius_m**3 / MU_EARTH_M3_S2))
    return longest_s


# --- heat --------------------------------------------------------------------------------------------------------------


def steady_junction_k(satellite: Satellite, accelerator_w: float) -> float:
    """Junction temperature that a constant power settles at, with nothing shining on the radiator.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    accelerator_w : float
        Power of one accelerator [W].

    Returns
    -------
    float
        Temperature [K], a lower bound of that in orbit.
    """
    chip, thermal = satellite.accelerator, satellite.thermal
    heat_w = satellite.accelerators * (accelerator_w + satellite.accelerator.host.power)
    emitted_w_k4 = 2.0 * thermal.radiator.area * thermal.radiator.emissivity * thermal.radiator.fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4
    chip_k_w = thermal.plate.to_coolant + (1.0 - chip.hbm_power_share) * chip.junction_to_plate
    return float((heat_w / emitted_w_k4) ** 0.25 + heat_w / thermal.loop.conductance + accelerator_w * chip_k_w)


def _idle_heat(satellite: Satellite, scenario: Scenario) -> str | None:
    chip = satellite.accelerator
    idle_k = steady_junction_k(satellite, chip.idle_power)
    if idle_k <= chip.junction_limit:
        return None
    return (
        f"thermal.radiator.area: at idle power alone the junctions would settle at {_celsius(idle_k)} or more, above their limit of "
        f"{_celsius(chip.junction_limit)}; a radiator of {satellite.thermal.radiator.area:g} m2 is too small"
    )


def _full_heat(satellite: Satellite, scenario: Scenario) -> str | None:
    chip, area_m2 = satellite.accelerator, satellite.thermal.radiator.area
    if steady_junction_k(satellite, chip.idle_power) > chip.junction_limit:
        return None
    full_w = satellite.accelerators * (chip.max_power + satellite.accelerator.host.power)
    share = _share_at_limit(satellite)
    if share * MOST_HEAT_RATIO >= 1.0:
        return None
    return (
        f"thermal.radiator.area: a radiator of {area_m2:g} m2 emits at most {_power(share * full_w)} with the junctions at their limit, and "
        f"full power is {_power(full_w)} of heat"
    )


def _share_at_limit(satellite: Satellite) -> float:
    """Heat at which the junctions settle at their limit, as a share of full heat; 1 where full power is cool enough."""
    chip = satellite.accelerator
    low, high = chip.idle_power, chip.max_power
    if steady_junction_k(satellite, high) <= chip.junction_limit:
        return 1.0
    for _ in range(60):  # bisection: the temperature rises with the power
        middle = 0.5 * (low + high)
        low, high = (middle, high) if steady_junction_k(satellite, middle) <= chip.junction_limit else (low, middle)
    host_w = satellite.accelerator.host.power
    return (low + host_w) / (chip.max_power + host_w)


# --- mass, cells, chips ------------------------------------------------------------------------------------------------


def _mass(satellite: Satellite, scenario: Scenario) -> str | None:
    parts_kg = hard_kg(economics_params.parts_kg(satellite, scenario.links))
    if satellite.mass is None or satellite.mass >= parts_kg:
        return None
    return f"mass: {satellite.mass:,.6g} kg are less than the {parts_kg:,.4g} kg of array, radiator, battery and accelerators with hosts"


def _mass_sum(satellite: Satellite, scenario: Scenario) -> str | None:
    parts = economics_params.parts_kg(satellite, scenario.links)
    sum_kg = total_kg(parts)
    if satellite.mass is None or satellite.mass < hard_kg(parts) or abs(satellite.mass / sum_kg - 1.0) <= MASS_TOLERANCE:
        return None
    return f"mass: {satellite.mass:,.6g} kg are {100.0 * (satellite.mass / sum_kg - 1.0):+.0f} % from the {sum_kg:,.4g} kg of all parts"


def _cells(satellite: Satellite, scenario: Scenario) -> str | None:
    efficiency = satellite.power.array.cell_efficiency
    if efficiency <= MOST_CELL_EFFICIENCY:
        return None
    return f"power.array.cell_efficiency: {efficiency:.4g} is above that of the best cells, {MOST_CELL_EFFICIENCY:g}"


def _chips(satellite: Satellite, scenario: Scenario) -> str | None:
    chip = satellite.accelerator
    if not chip.peak or max(chip.peak.values()) <= MOST_FLOP_PER_J * chip.max_power:
        return None
    best = max(chip.peak, key=chip.peak.__getitem__)
    limit = f"{MOST_FLOP_PER_J:.0e} FLOP/J, ten times what accelerators of 2024 reach"
    return f"accelerator.peak.{best}: {chip.peak[best] / chip.max_power:.3g} FLOP/J at {_power(chip.max_power)} are more than {limit}"


def _sparse(satellite: Satellite, scenario: Scenario) -> str | None:
    """Peaks with 2:4 sparsity, which data sheets print: twice those of the shipped chip, or out of proportion to each other."""
    chip = satellite.accelerator
    shipped = _shipped_twin(chip)
    if shipped is not None:
        for name in sorted(chip.peak.keys() & shipped.peak.keys()):
            if abs(chip.peak[name] / shipped.peak[name] - 2.0) < 0.1:
                return f"accelerator.peak.{name}: {chip.peak[name]:.3g} FLOP/s is twice the {shipped.peak[name]:.3g} of {shipped.name}{SPARSITY}"
        return None
    bf16, fp8 = chip.peak.get("bf16"), chip.peak.get("fp8")
    if bf16 is None or fp8 is None or LEAST_FP8_RATIO <= fp8 / bf16 <= MOST_FP8_RATIO:
        return None
    name, peak, other = ("bf16", bf16, f"{fp8:.3g} in fp8") if fp8 < LEAST_FP8_RATIO * bf16 else ("fp8", fp8, f"{bf16:.3g} in bf16")
    return f"accelerator.peak.{name}: {peak:.3g} FLOP/s does not go with {other}, which is usually twice that in bf16{SPARSITY}"


def _shipped_twin(chip: Accelerator) -> Accelerator | None:
    """Shipped chip of this name, or else one with this memory and bandwidth."""
    known = library.named_items("hardware", "accelerator")
    if chip.name in known:
        return _shipped(chip.name)
    twins = (_shipped(name) for name in known)
    return next((t for t in twins if math.isclose(t.memory, chip.memory, rel_tol=0.01)
                 and math.isclose(t.memory_bandwidth, chip.memory_bandwidth, rel_tol=0.01)), None)  # fmt: skip


@cache
def _shipped(name: str) -> Accelerator:
    tree = library.item("hardware", name, Origin("", 0, 0), "accelerator", "accelerator")
    return Accelerator.model_validate(yaml_tree.plain(tree))


CHECKS = (
    PlausibilityCheck("full-load", "the accelerators at full power need more than 1.5 times the power of the array", _full_load),
    PlausibilityCheck("idle-load", "the idle accelerators need more than the array gives on average over orbits", _idle_load),
    PlausibilityCheck("bus-load", "the bus needs more than the array gives", _bus_load),
    PlausibilityCheck("battery", "the battery cannot serve the bus through the longest eclipse", _battery),
    PlausibilityCheck("full-heat", "the radiator emits less than half of the heat of full power with the junctions at their limit", _full_heat),
    PlausibilityCheck("idle-heat", "the junctions would settle above their limit at idle power alone", _idle_heat),
    PlausibilityCheck("mass", "the satellite is lighter than its array, radiator, battery and accelerators with hosts", _mass),
    PlausibilityCheck("mass-sum", "the stated mass differs from the sum of the parts by more than 15 %", _mass_sum),
    PlausibilityCheck("cells", "the cells are better than the best of any kind", _cells),
    PlausibilityCheck("chips", "an accelerator does more than 5e13 FLOP for each joule", _chips),
    PlausibilityCheck("sparse", "a peak is twice that of the shipped chip of this name or memory, or does not go with fp8", _sparse),
)


def _power(watts: float) -> str:
    for size, unit in ((1e9, "GW"), (1e6, "MW"), (1e3, "kW")):
        if watts >= size:
            return f"{watts / size:.4g} {unit}"
    return f"{watts:.4g} W"


def _energy(joules: float) -> str:
    return f"{joules / 3.6e6:.3g} kWh"


def _celsius(kelvin: float) -> str:
    return f"{kelvin - ZERO_CELSIUS_K:.0f} degC"
