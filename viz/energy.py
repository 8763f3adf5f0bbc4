"""Energy of a run from light to radiated heat, as the summary has it; what flows into a place flows out of it."""

from __future__ import annotations

from typing import Any, Final

from viz.flow_diagram import Place, drawing
from viz.formatting import NBSP, number, percent, prefixed
from viz.html_parts import collapsed, figure_of, find, table, text
from viz.palette import INK

LIGHT, HEAT_IN, STORE, SPACE = "#e3a008", "#d98a3d", "#0e93a8", "#2369ad"
BUS, SUPPORT, COMPUTE, LOSS, WARM = "#5b6878", "#5a9ad6", "#00795c", "#c25a90", "#c2410c"
SHUNT, AGED, THERMAL_MASS = "#8792a0", "#86275a", "#d97ab0"

COLOURS: Final = {  # of all places
    "Light and infrared on arrays": LIGHT, "Cooling of arrays": THERMAL_MASS, "Electricity offered": LIGHT, "Battery discharge (net)": STORE,
    "Lost to ageing of cells": AGED, "Shunted": SHUNT, "Bus": INK, "Accelerators, dynamic": COMPUTE, "Accelerators, idle": "#3f9a80",
    "Accelerators, leakage": "#86bfae", "Hosts": SUPPORT, "Conversion": LOSS, "Pumps": SUPPORT, "Avionics": BUS, "Terminals": BUS,
    "Heaters": WARM, "Battery losses": LOSS, "Battery charge (net)": STORE, "Conditioning": LOSS, "Light and infrared on radiators": HEAT_IN,
    "Light and infrared on bodies": HEAT_IN, "Cooling of bodies": THERMAL_MASS, "Heat of bodies": WARM, "Heat of arrays": WARM,
    "Radiated by radiators": SPACE, "Radiated by bodies": SPACE, "Warming of bodies": THERMAL_MASS, "Radiated by arrays": SPACE,
    "Warming of arrays": THERMAL_MASS,
}  # fmt: skip
# Loads at the bus, all of which become heat of the bodies: fields of the summary that each adds up.
LOADS: Final = {
    "Accelerators, dynamic": ("dynamic_j",), "Accelerators, idle": ("idle_j",), "Accelerators, leakage": ("leakage_j",), "Hosts": ("host_j",),
    "Conversion": ("conversion_j",),
    "Pumps": ("pump_j",), "Avionics": ("bus_j",), "Terminals": ("terminals_j",), "Heaters": ("heater_j", "battery_heater_j"),
    "Battery losses": ("battery_loss_j",),
}  # fmt: skip
ROUNDING: Final = 1e-12  # of the energy that comes in: smaller flows are rounding
DRAWN: Final = 2e-4  # of it: smaller flows are in the table only
ROWS: Final = (  # of the table
    ("Light and infrared absorbed by arrays", "array_absorbed_j"), ("by radiators", "radiator_absorbed_j"), ("by bodies", "body_absorbed_j"),
    ("Electricity offered by the cells", "offered_j"), ("Lost to ageing of the cells, compared with new ones", "aged_cells_j"),
    ("Shunted", "shunted_j"), ("Lost in conditioning", "conditioning_j"), ("Lost in batteries", "battery_loss_j"),
    ("Change of the charge of batteries", "stored_j"), ("Arithmetic (dynamic)", "dynamic_j"), ("Accelerators idle, without leakage", "idle_j"),
    ("Leakage", "leakage_j"), ("Hosts", "host_j"), ("Conversion", "conversion_j"), ("Pumps", "pump_j"), ("Avionics", "bus_j"),
    ("Terminals", "terminals_j"), ("Heaters of the coolant", "heater_j"), ("Heaters of batteries", "battery_heater_j"),
    ("Load not served", "unserved_j"), ("Radiated by arrays", "array_radiated_j"), ("by radiators", "radiator_radiated_j"),
    ("by bodies", "body_radiated_j"), ("Change of the heat in arrays", "array_warmed_j"), ("in bodies and radiators", "body_warmed_j"),
    ("Capacity of all batteries, new", "battery_new_j"), ("at their age", "battery_full_j"),
)  # fmt: skip


def balance(summary: dict[str, Any]) -> dict[str, float] | None:
    """Energies of the fleet [J]; None where a run has none."""
    found = find(summary, ("energy_balance",))
    return found if isinstance(found, dict) and all(isinstance(found.get(key), float) for _, key in ROWS) else None


def flows(e: dict[str, float]) -> list[tuple[str, str, float]]:
    """Source, target and size [J] of each positive flow."""
    bus_j = e["offered_j"] - e["shunted_j"] - e["conditioning_j"]
    given_j = e["offered_j"] + e["aged_cells_j"]  # what new cells would turn into electricity
    candidates = [
        ("Light and infrared on arrays", "Electricity offered", e["offered_j"]),
        ("Light and infrared on arrays", "Lost to ageing of cells", e["aged_cells_j"]),
        ("Light and infrared on arrays", "Heat of arrays", e["array_absorbed_j"] - given_j),
        ("Cooling of arrays", "Heat of arrays", -e["array_warmed_j"]),
        ("Lost to ageing of cells", "Heat of arrays", e["aged_cells_j"]),
        ("Electricity offered", "Shunted", e["shunted_j"]),
        ("Electricity offered", "Conditioning", e["conditioning_j"]),
        ("Electricity offered", "Bus", bus_j),
        ("Battery discharge (net)", "Bus", -e["stored_j"]),
        ("Shunted", "Heat of arrays", e["shunted_j"]),
        ("Conditioning", "Heat of bodies", e["conditioning_j"]),
        *(("Bus", name, sum(e[key] for key in keys)) for name, keys in LOADS.items()),
        ("Bus", "Battery charge (net)", e["stored_j"]),
        *((name, "Heat of bodies", sum(e[key] for key in keys)) for name, keys in LOADS.items()),
        ("Light and infrared on radiators", "Heat of bodies", e["radiator_absorbed_j"]),
        ("Light and infrared on bodies", "Heat of bodies", e["body_absorbed_j"]),
        ("Cooling of bodies", "Heat of bodies", -e["body_warmed_j"]),
        ("Heat of arrays", "Radiated by arrays", e["array_radiated_j"]),
        ("Heat of arrays", "Warming of arrays", e["array_warmed_j"]),
        ("Heat of bodies", "Radiated by radiators", e["radiator_radiated_j"]),
        ("Heat of bodies", "Radiated by bodies", e["body_radiated_j"]),
        ("Heat of bodies", "Warming of bodies", e["body_warmed_j"]),
    ]
    least_j = ROUNDING * e["array_absorbed_j"]
    return [flow for flow in candidates if flow[2] > least_j]


def sizes_j(links: list[tuple[str, str, float]]) -> dict[str, float]:
    """What passes each place that has a flow [J], in the order of COLOURS."""
    into = {n: sum(j for _, b, j in links if b == n) for n in COLOURS}
    out = {n: sum(j for a, _, j in links if a == n) for n in COLOURS}
    return {n: max(into[n], out[n]) for n in COLOURS if into[n] or out[n]}


# --- the diagram -----------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 1008.0, 600.0
COLUMNS: Final = (0.0, 150.0, 298.0, 440.0, 694.0, 832.0)  # left edges of bars, from sources to sinks
ROW_PX, TALL_ROW_PX, SPACE_PX = 15.0, 32.0, 3.0  # least height of a place with a label of one line or two, and between places
LOADED: Final = (  # third column, from the top; all of it becomes heat of the bodies but the charge of batteries
    "Accelerators, dynamic", "Accelerators, idle", "Accelerators, leakage", "Hosts", "Conversion", "Pumps", "Avionics", "Terminals", "Heaters",
    "Battery losses", "Battery charge (net)", "Conditioning", "Light and infrared on radiators", "Light and infrared on bodies", "Cooling of bodies",
)  # fmt: skip
OFFERED: Final = ("Battery discharge (net)", "Electricity offered")
BODY_SINKS: Final = ("Radiated by radiators", "Radiated by bodies", "Warming of bodies")
BETWEEN: Final = ("Lost to ageing of cells", "Shunted")  # on their way to the heat of arrays, above it
ARRAY_SINKS: Final = ("Radiated by arrays", "Warming of arrays")


def rows_px(names: list[str], sizes: dict[str, float], px: float, least: float) -> dict[str, tuple[float, float]]:
    """Tops and heights [px] of rows of places from 0 on, and the whole height under the empty name."""
    found, y = {}, 0.0
    for name in names:
        row = max(least, px * sizes[name])
        found[name] = (y + 0.5 * (row - px * sizes[name]), px * sizes[name])
        y += row + SPACE_PX
    return found | {"": (0.0, max(0.0, y - SPACE_PX))}


def upper_px(sizes: dict[str, float], px: float) -> float:
    """Height of what lies above the heat of arrays: the tallest of its columns."""

    def stacked(names: tuple[str, ...], least: float) -> float:
        return rows_px([n for n in names if n in sizes], sizes, px, least)[""][1]

    way_out = stacked(BETWEEN, ROW_PX) + 4.0 * SPACE_PX
    electricity = stacked(OFFERED, TALL_ROW_PX) + way_out
    return max(stacked(LOADED, ROW_PX) + way_out, electricity, stacked(BODY_SINKS, TALL_ROW_PX) + SPACE_PX)


def fitted_px(sizes: dict[str, float]) -> float:
    """Height of a joule [px] with which electricity and loads above, and the heat of arrays below, fill the height of the diagram."""
    low, high = 0.0, HEIGHT / max(sizes.values())
    for _ in range(60):
        px = 0.5 * (low + high)
        heat = rows_px([n for n in ARRAY_SINKS if n in sizes], sizes, px, TALL_ROW_PX)[""][1]
        low, high = (px, high) if upper_px(sizes, px) + max(heat, px * sizes.get("Heat of arrays", 0.0)) < HEIGHT else (low, px)
    return low


def places(sizes: dict[str, float], px: float, said: dict[str, str]) -> dict[str, Place]:
    """Every place of the diagram: electricity and loads above, the heat of arrays below."""
    found: dict[str, Place] = {}

    def put(name: str, column: int, y: float, two_lines: bool = True) -> None:
        if name in sizes:
            found[name] = Place(COLUMNS[column], y, px * sizes[name], COLOURS[name], name, said[name], two_lines)

    def rows(names: tuple[str, ...], least: float) -> dict[str, tuple[float, float]]:
        return rows_px([n for n in names if n in sizes], sizes, px, least)

    def put_rows(names: tuple[str, ...], column: int, y: float, least: float) -> None:
        for name, (top, _) in rows(names, least).items():
            put(name, column, y + top, least == TALL_ROW_PX)

    put_rows(LOADED, 3, 0.0, ROW_PX)
    bottom = rows(LOADED, ROW_PX)[""][1]
    loads = [found[n] for n in LOADS if n in found]
    middle = 0.5 * (loads[0].y + loads[-1].y + loads[-1].height) if loads else 0.5 * bottom
    array_top = HEIGHT - px * sizes.get("Heat of arrays", 0.0)
    sinks, array_sinks, ways, offered = (
        rows(names, least)[""][1]
        for names, least in ((BODY_SINKS, TALL_ROW_PX), (ARRAY_SINKS, TALL_ROW_PX), (BETWEEN, ROW_PX), (OFFERED, TALL_ROW_PX))
    )
    bus_px = px * sizes.get("Bus", 0.0)
    put("Bus", 2, middle - 0.5 * bus_px)
    put("Heat of bodies", 4, 0.5 * (bottom - px * sizes.get("Heat of bodies", 0.0)))
    put_rows(BODY_SINKS, 5, max(0.0, min(0.5 * (bottom - sinks), HEIGHT - array_sinks - sinks - SPACE_PX)), TALL_ROW_PX)
    put("Light and infrared on arrays", 0, HEIGHT - px * sizes.get("Light and infrared on arrays", 0.0))
    between_y = array_top - 2.0 * SPACE_PX - ways
    put_rows(OFFERED, 1, max(0.0, min(between_y - 2.0 * SPACE_PX - offered, middle + 0.5 * bus_px)), TALL_ROW_PX)
    if OFFERED[0] in found:  # beside the way from the array to the bus, not on it
        put(OFFERED[0], 1, min(found[OFFERED[0]].y, max(0.5 * TALL_ROW_PX, middle - 0.5 * bus_px - TALL_ROW_PX)))
    for name, (top, _) in rows(BETWEEN, ROW_PX).items():
        put(name, 1 if name == BETWEEN[0] else 2, between_y + top, False)
    put("Heat of arrays", 4, array_top)
    put("Cooling of arrays", 3, array_top - ROW_PX, False)
    put_rows(ARRAY_SINKS, 5, min(array_top, HEIGHT - array_sinks), TALL_ROW_PX)
    return found


def view(results: Any) -> str:
    """Energy flows from the light on the arrays to radiated heat, with a note and a table; empty without energies."""
    e = balance(results.summary)
    if e is None or e["array_absorbed_j"] <= 0.0:
        return ""
    links = [flow for flow in flows(e) if flow[2] >= DRAWN * e["array_absorbed_j"]]
    sizes = sizes_j(links)
    scale, unit = prefixed(max(sizes.values()) / 3600.0, "Wh")

    def shown(energy_j: float) -> str:
        return f"{number(energy_j / 3600.0 / scale)}{NBSP}{unit}"

    px = fitted_px(sizes)
    at = places(sizes, px, {name: shown(j) for name, j in sizes.items()})
    title = "Energy of the fleet over the run, from light on the arrays to radiated heat; the table below has the numbers"
    svg = drawing(at, [(a, b, j, shown(j)) for a, b, j in links], px, (WIDTH, HEIGHT + 6.0), title)
    said = f'<p class="note">{text(note(results.summary, e))}</p>'
    return f'<div class="panel"><div class="wide">{svg}</div>{said}{collapsed("Table", energy_table(e))}</div>'


def note(summary: dict[str, Any], e: dict[str, float]) -> str:
    """What the chart counts, and what age takes."""
    said = (
        "Sums over the fleet and the run. Electricity that nothing takes is shunted: it stays in the cells as heat. All loads end as heat of the "
        "bodies, radiators included. Infrared on radiators includes that of the satellite's own array and of neighbours. "
        "Flows below 0.02 % are in the table only."
    )
    if e["aged_cells_j"] > 0.0:
        said += f" New cells would offer {percent(e['aged_cells_j'] / e['offered_j'])} more."
    if e["battery_full_j"] < e["battery_new_j"]:
        said += f" Age has taken {percent(1.0 - e['battery_full_j'] / e['battery_new_j'])} of the capacity of the batteries."
    fade = find(summary, ("power", "battery_fade_per_year"))
    return said if fade is None else f"{said} Under this load a new battery loses {percent(fade)} of its capacity in its first year."


def energy_table(e: dict[str, float]) -> str:
    """The energies behind the diagram, with their exact values as data attributes [J]."""
    scale, unit = prefixed(max(abs(e[key]) for _, key in ROWS) / 3600.0, "Wh")
    cells = [
        f"<td>{text(name)}</td>" + figure_of(("energy_balance", key), e[key], f"{number(e[key] / 3600.0 / scale)}{NBSP}{unit}", "td")
        for name, key in ROWS
    ]
    return table(("energy over the run", "fleet"), cells, "numbers")
