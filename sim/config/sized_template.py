"""The text of a scenario with a satellite of a given compute power, every number with its kind and source."""

from __future__ import annotations

from sim.config.sizing import (
    ABOVE_FREEZING_K,
    BUS_KG,
    BUS_SHARE,
    BUS_W,
    FLOW_W_K_W,
    HEATER_MARGIN,
    LOOP_J_K_W,
    LOOP_W_K_W,
    MARGIN,
    MODEL,
    PACK_K,
    PACK_W_K_KG,
    WALL_J_K_KG,
    WALL_W_K_W,
    Sized,
)
from sim.config.validation.findings import power_text, up

ORBITS = 15  # of the run, about a day


def sized_text(name: str, found: Sized) -> str:
    """The body of the scenario file, after its head.

    Parameters
    ----------
    name : str
        Name of the scenario.
    found : Sized
        The satellite.

    Returns
    -------
    str
        YAML text that `sim.load` accepts.
    """
    wish, satellite = found.wish, found.satellite
    chip = satellite.accelerator
    machines_w = satellite.accelerators * (chip.max_power + chip.host.power)
    what = f"{satellite.accelerators:,} {chip.name} with hosts, {power_text(machines_w)}"
    held = "full load" if wish.throttle == 1.0 else f"{100.0 * wish.throttle:g} % of full load"
    return (
        f"description: A satellite of {what}, {found.mass_kg:,.0f} kg, for {held} in the shadow\n"
        f"epoch: {found.epoch:%Y-%m-%dT%H:%M:%SZ}        # the season in which array and battery have least to spare\n"
        "duration: 1 d\n"
        "step: 60 s\n"
        "\n"
        "constellation:\n"
        "  kind: ring\n"
        f"  altitude: {wish.altitude_m / 1e3:g} km\n"
        f'  local_time: "{wish.local_time}"\n'
        "  satellites: 1\n"
        "\n"
        f"satellite:                         # what is not here is that of {MODEL}: dawndusk provenance {name}.yaml\n"
        f"  extends: {MODEL}\n"
        f"  name: {name}\n"
        f"  description: Satellite of {what}\n"
        f"  accelerator: {chip.name}\n"
        f"{_numbers(found, machines_w, held)}"
        "\n"
        "economics: {launch: falcon-heavy-list}\n"
        "baseline: colossus-1\n"
    )


def _record(value: str, unit: str, kind: str, source: str, spread: tuple[float, float], note: str = "") -> str:
    """A number with its source; the range is that of the source as shares of the value."""
    low, high = (up(float(value) * share) for share in spread)
    noted = f', note: "{note}"' if note else ""
    return f'{{value: {value}, unit: "{unit}", kind: {kind}, source: "{source}", low: {low}, high: {high}{noted}}}'


def _numbers(found: Sized, machines_w: float, held: str) -> str:
    satellite, wish = found.satellite, found.wish
    battery, thermal = satellite.power.battery, satellite.thermal
    assert thermal.heater is not None
    each_w, minutes, capacity = machines_w / satellite.accelerators, found.eclipse_s / 60.0, up(battery.capacity / 3.6e6)
    margin, dark = f"{100.0 * MARGIN:.0f} % to spare", f"{power_text(found.dark_w)}, {held}, through {minutes:.1f} min"
    each = f"for each watt of accelerators and hosts, as {MODEL}"
    half, twice = "half an hour's capacity in an hour", "twice the capacity in an hour"
    values = {
        "accelerators": _record(
            str(satellite.accelerators), "1", "assumption", f"{power_text(wish.size_w)} over {each_w:.0f} W of one with its host", (1.0, 1.0),
        ),
        "bus.power": _record(
            up(satellite.bus.power), "W", "assumption", "avionics, propulsion and terminals", (0.5, 2.0),
            f"{BUS_W:g} W and {BUS_SHARE:g} of accelerators and hosts, as shipped satellites",
        ),
        "bus.mass": _record(
            up(satellite.bus.mass), "kg", "assumption", "avionics, attitude control and harness", (0.4, 2.5),
            f"{BUS_KG:g} kg at 1 kW, 250 kg at 105 kW as shipped satellites, between them on logarithmic axes",
        ),
        "power.array.area": _record(
            up(satellite.power.array.area), "m2", "derived", "lumen2024", (0.8, 1.3),
            f"{power_text(found.load_w)} in sunlight and {power_text(found.dark_w)} from the battery in the worst season, {margin}",
        ),
        "power.battery.capacity": _record(
            capacity, "kWh", "derived", "fortescue2011", (0.5, 1.5),
            f"{dark}, {margin}, and the reserve of the bus, over discharge efficiency and depth of discharge",
        ),
        "power.battery.max_depth": _record(
            f"{battery.max_depth:g}", "1", "estimated", "saft-ves180", (0.7, 1.2),
            f"{found.eclipses:,.0f} eclipses over the life, between 27,000 cycles at 0.3 and 1,350 at 0.9 on logarithmic axes, 0.6 at most",
        ),
        "power.battery.max_charge_power": _record(
            up(battery.max_charge_power / 1e3), "kW", "derived", "panasonic-ncr18650b", (0.7, 2.0), half,
        ),
        "power.battery.max_discharge_power": _record(
            up(battery.max_discharge_power / 1e3), "kW", "derived", "panasonic-ncr18650b", (0.5, 1.4), twice,
        ),
        "power.battery.bus_reserve": _record(
            f"{battery.bus_reserve / 60.0:g}", "min", "derived", "vallado2013", (1.0, 1.7),
            "longest eclipse of this orbit, or of circular orbits from 500 km up",
        ),
        "power.battery.to_structure": _record(
            up(battery.to_structure), "W/K", "estimated", "donabedian2003", (1.0 / 3.0, 3.0),
            f"{PACK_W_K_KG:g} W/K for each kilogram of cells, bolted joints every few kilograms",
        ),
        "power.battery.heater.power": _record(
            up(battery.heater.power if battery.heater else 0.0), "W", "derived", "donabedian2003", (0.5, 2.0),
            f"holds the pack {PACK_K:g} K above the structure",
        ),
        "thermal.loop.heat_capacity": _record(
            up(thermal.loop.heat_capacity / 1e3), "kJ/K", "assumption", "coolant and piping", (0.5, 2.0), f"{LOOP_J_K_W:g} J/K {each}",
        ),
        "thermal.loop.conductance": _record(
            up(thermal.loop.conductance / 1e3), "kW/K", "assumption", "full heat through film and bond of the tubes at a drop of 4 K", (0.5, 2.0),
            f"{LOOP_W_K_W:g} W/K {each}",
        ),
        "thermal.loop.flow": _record(
            up((thermal.loop.flow or 0.0) / 1e3), "kW/K", "derived", "fortescue2011:ch. 11", (0.5, 2.0),
            f"{FLOW_W_K_W:g} W/K {each}: full heat over 7 K between outlet and inlet of the cold plates",
        ),
        "thermal.radiator.area": _record(
            up(thermal.radiator.area), "m2", "derived", "fortescue2011:ch. 11", (0.8, 1.5),
            f"full clock rate in sunlight of the warmest season with junction and memory below their limits, {margin}",
        ),
        "thermal.structure.area": _record(
            up(thermal.structure.area), "m2", "derived", "fortescue2011:ch. 11", (0.5, 2.0),
            "emits the heat of bus and battery and what comes from the coolant at design_temperature, net of Earth and Sun; or less, "
            f"so that the battery is {ABOVE_FREEZING_K:g} K above the least temperature of charging at idle load",
        ),
        "thermal.structure.heat_capacity": _record(
            up(thermal.structure.heat_capacity / 1e3), "kJ/K", "derived", "crc-handbook", (0.5, 2.0),
            f"{WALL_J_K_KG / 897.0:.2g} times the mass of the bus, with its structure, as aluminium at 897 J/(kg K), as {MODEL}",
        ),
        "thermal.structure.to_coolant": _record(
            up(thermal.structure.to_coolant), "W/K", "estimated", "donabedian2003", (0.25, 4.0),
            f"pipes and cold plates on isolating mounts, {WALL_W_K_W:g} W/K {each}",
        ),
        "thermal.heater.power": _record(
            up(thermal.heater.power), "W", "derived", "donabedian2003", (0.5, 2.0),
            f"what the radiator emits at the set point in the shadow, less the infrared light of the Earth, by {HEATER_MARGIN:g}",
        ),
    }  # fmt: skip
    return _nested(values)


def _nested(values: dict[str, str]) -> str:
    """Lines of a block of YAML from dotted names, which come in order."""
    lines, open_keys = [], list[str]()
    for name, text in values.items():
        *sections, key = name.split(".")
        common = 0
        while common < min(len(sections), len(open_keys)) and sections[common] == open_keys[common]:
            common += 1
        lines += [f"{'  ' * (depth + 1)}{sections[depth]}:" for depth in range(common, len(sections))]
        lines.append(f"{'  ' * (len(sections) + 1)}{key}: {text}")
        open_keys = sections
    return "\n".join(lines) + "\n"
