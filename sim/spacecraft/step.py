"""One satellite, one step: the page of physics.

`SUBMODELS` names the effects; `advance` composes them. State, inputs, parameters and fluxes are named tuples whose fields
follow from the submodels' declarations. The same function is the uncoupled run, the coupled run and the preview of limits.

A further local effect is a file with its `MODEL`, its line in `SUBMODELS` and its section of the scenario. An effect adds
to a load (`adds`) and may hold the rate back (`limits`); a consequence (`consequence=True`) follows from what the step did. Nothing
here changes for either.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_type_hints

from orbit.kernels.compile import inlined
from sim.schema import Total, Variable
from sim.spacecraft import (
    accounting,
    array,
    attitude,
    battery,
    battery_ageing,
    battery_heater,
    compute,
    earth_flux,
    heater,
    illumination,
    leakage,
    panel,
    policy,
    radiation,
    radiator,
    rows,
    structure,
    thermal,
    thermal_response,
)
from sim.spacecraft.inputs import CONTROLS, INPUTS, Inputs
from sim.spacecraft.submodel import Setup, Submodel

SUBMODELS: tuple[Submodel, ...] = (
    illumination.MODEL,
    attitude.MODEL,
    earth_flux.MODEL,
    array.MODEL,
    radiator.MODEL,
    structure.MODEL,
    compute.MODEL,
    battery.MODEL,
    panel.MODEL,
    thermal.MODEL,
    leakage.MODEL,
    heater.MODEL,
    battery_heater.MODEL,
    accounting.MODEL,
    policy.MODEL,
    battery_ageing.MODEL,
    radiation.MODEL,
)
EFFECTS = tuple(m for m in SUBMODELS if m.adds)
CONSEQUENCES = tuple(m for m in SUBMODELS if m.consequence)
ADDED = ("bus_w", "chip_w", "battery_w")  # loads to which effects add


class Limit(NamedTuple):
    """Limits of the step before jobs set their rate."""

    rate_power: float
    rate_limit: float
    powered_limit: float


class Draw(NamedTuple):
    """An estimate of the operation in terms of power: a clock rate, which costs a root of a cubic, follows at the end."""

    dynamic: float
    powered: float
    run_duty: float


class Run(NamedTuple):
    """Operation in the step: clock rate, its power, share of the step with machines on, share in which arithmetic runs."""

    rate: float
    dynamic: float
    powered: float
    run_duty: float


OPERATION = (
    Variable("rate_power", "1", "clock rate within the power of array and battery", "flux", 0.0, 1.0),
    Variable("rate_limit", "1", "clock rate within power and the limits of junction and memory", "flux", 0.0, 1.0),
    Variable("powered_limit", "1", "share of the step in which machines may be on", "flux", 0.0, 1.0),
    Variable("rate", "1", "clock rate that is run", "flux", 0.0, 1.0),
    Variable("dynamic", "1", "dynamic power of the accelerators over that at full clock rate", "flux", 0.0, 1.0),
    Variable(
        "powered", "1", "share of the step in which machines are on", "flux", 0.0, 1.0,
        totals=(Total("powered_s", "s", "available time with the machines on", "available integral"),),
    ),
    Variable("run_duty", "1", "share of the available time in which arithmetic runs", "flux", 0.0, 1.0),
)  # fmt: skip
VARIABLES: tuple[Variable, ...] = (*INPUTS, *(v for m in SUBMODELS for v in m.writes), *OPERATION)
ROWS = rows.Rows(VARIABLES, CONTROLS)

State = rows.record(__name__, "State", [v.name for v in ROWS.states], "What a satellite carries from one step to the next.")
Fluxes = rows.record(__name__, "Fluxes", [v.name for v in VARIABLES if v.kind == "flux"], "What a step did, means over it.")
Effects = rows.record(
    __name__, "Effects", [*(v.name for m in EFFECTS for v in m.writes), *ADDED],
    "Loads that effects add [W], and their sums: at the bus into the coolant, at the accelerators, and at the bus into the battery.",
)  # fmt: skip
Consequences = rows.record(
    __name__, "Consequences", [v.name for m in CONSEQUENCES for v in m.writes], "What follows from what the step did."
)
SatelliteParams = rows.record(__name__, "SatelliteParams", [*(m.name for m in SUBMODELS), "step_s"], "Parameters of all submodels.")

# Named tuples that submodels are given, by the name of the argument.
RECORDS: dict[str, Any] = {
    "state": State, "inputs": Inputs, "illumination": illumination.Illumination, "incidence": attitude.Incidence,
    "earth": earth_flux.EarthFlux, "power": array.ArrayPower, "environment": radiator.Environment,
    "structure": structure.StructureHeat, "base": thermal_response.Base, "loads": compute.Loads, "battery": battery.BatteryFlows,
    "panel": panel.PanelFlows, "limit": Limit, "run": Run, "forecast": thermal_response.Forecast, "effects": Effects,
    "nodes": thermal.ThermalFlows,
}  # fmt: skip


def satellite_parameters(setup: Setup) -> Any:
    """Parameters of all submodels of one type of satellite.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario and the length of a step.

    Returns
    -------
    SatelliteParams
        A field for each submodel, in the order of `SUBMODELS`, and `step_s`.
    """
    return SatelliteParams._make((*(m.parameters(setup) for m in SUBMODELS), setup.step_s))


unpack = rows.unpacker(
    "unpack", SatelliteParams, {m.name: get_type_hints(m.parameters)["return"] for m in SUBMODELS}
)


# --- what follows from the tuple of submodels -------------------------------------------------------------------------


def _arguments(function: Any) -> list[str]:
    """Names of a submodel's arguments but its parameters."""
    code = getattr(function, "py_func", function).__code__
    return list(code.co_varnames[: code.co_argcount - 1])


def _effects_function(effects: tuple[Submodel, ...]) -> Any:
    """All effects at once, and what they add to the loads at the bus and of the accelerators."""
    lines: list[str] = []
    names: dict[str, Any] = {"Record": Effects}
    for m in effects:
        names[f"{m.name}_advance"] = m.advance
        lines.append(f"{m.name} = {m.name}_advance({', '.join(_arguments(m.advance))}, satellite.{m.name})")
    fields = [f"{m.name}.{v.name}" for m in effects for v in m.writes]
    for load in ADDED:
        fields.append(" + ".join(["0.0", *(f"{m.name}.{power}" for m in effects for power, to in m.adds if to == load)]))
    lines.append(f"return Record({', '.join(fields)})")
    return rows.written("all_effects", "state, inputs, run, forecast, effects, satellite", lines, names)


def _guard_function(effects: tuple[Submodel, ...]) -> Any:
    """The product of what effects leave of the rate."""
    lines: list[str] = ["factor = 1.0"]
    names: dict[str, Any] = {}
    for m in effects:
        if m.limits is not None:
            names[f"{m.name}_limits"] = m.limits
            lines.append(f"factor *= {m.name}_limits({', '.join(_arguments(m.limits))}, satellite.{m.name})")
    return rows.written("rate_guard", "state, inputs, satellite", [*lines, "return factor"], names)


def _consequences_function(consequences: tuple[Submodel, ...]) -> Any:
    """All consequences of what the step did."""
    lines: list[str] = []
    names: dict[str, Any] = {"Record": Consequences}
    for m in consequences:
        names[f"{m.name}_advance"] = m.advance
        lines.append(f"{m.name} = {m.name}_advance({', '.join(_arguments(m.advance))}, satellite.{m.name})")
    fields = [f"{m.name}.{v.name}" for m in consequences for v in m.writes]
    return rows.written("all_consequences", f"{', '.join(_STEP_RECORDS)}, satellite", [*lines, f"return Record({', '.join(fields)})"], names)


# Records of the step by the names that submodels give them, in the order in which `advance` makes them.
_STEP_RECORDS = (
    "state", "inputs", "illumination", "incidence", "earth", "power", "environment", "structure", "limit", "run", "effects", "loads",
    "battery", "panel", "nodes",
)  # fmt: skip
all_effects = _effects_function(EFFECTS)
all_consequences = _consequences_function(CONSEQUENCES)
rate_guard = _guard_function(EFFECTS)
NO_EFFECTS = Effects(*(0.0 for _ in Effects._fields))
_WRITTEN = {
    name: record._fields
    for name, record in RECORDS.items()
    if name not in ("state", "inputs", "forecast", "base")
} | {"shares": accounting.Shares._fields, "consequences": Consequences._fields}
_SOURCES = (*_STEP_RECORDS[2:], "shares", "consequences")
choose_draw = rows.chooser("choose_draw", Draw)
choose_effects = rows.chooser("choose_effects", Effects)
new_state = rows.binder("new_state", State, {name: _WRITTEN[name] for name in _SOURCES})
new_fluxes = rows.binder("new_fluxes", Fluxes, {name: _WRITTEN[name] for name in _SOURCES})


# --- the step ---------------------------------------------------------------------------------------------------------


@inlined
def settle(state: Any, inputs: Any, power: Any, base: Any, run: Any, effects: Any, satellite: Any) -> tuple[Any, Any]:
    """Loads of the effects under what is run, from an estimate of them.

    Effects follow the temperatures at the end of the step, which follow the loads: each call is one fixed-point
    iteration. Heat of the battery, which warms the junctions by less than 1e-3 K within a step, is left out here.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads that effects add.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    effects : Effects
        Loads of the effects [W].
    room : Room
        Distances of junction and memory from their limits at the end of the step, under the estimate [K].
    """
    loads = compute.advance(inputs, run, effects, satellite.compute)
    surplus_w = power.generated_w - loads.load_w
    taken_w = min(power.generated_w, loads.load_w) + battery.charging_w(state, surplus_w, satellite.battery)
    loop_w = loads.loop_w + panel.conditioning_w(taken_w, satellite.panel)
    heats = thermal_response.Heats(loads.chip_w, loads.plate_w, loop_w, 0.0, loads.structure_w)
    forecast, room = thermal_response.forecast(base, heats, satellite.thermal)
    return all_effects(state, inputs, run, forecast, effects, satellite), room


@inlined
def first_effects(state: Any, inputs: Any, satellite: Any) -> Any:
    """Loads of the effects at the temperatures with which the step begins, a first estimate.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Effects
        Loads of the effects [W].
    """
    start = thermal_response.Forecast(state.junction_k, state.loop_k, 0.0, 1e30)
    return all_effects(state, inputs, Draw(0.0, 1.0, inputs.duty), start, NO_EFFECTS, satellite)


@inlined
def within_power(state: Any, inputs: Any, power: Any, effects: Any, satellite: Any) -> Any:
    """What array and battery allow, and events, under an estimate of the effects' loads.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    effects : Effects
        Loads that effects add.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Draw
        Dynamic power and powered share; the duty that jobs ask for.
    """
    p, accelerators_w = satellite.compute, battery.limits(state, satellite.battery)
    dynamic, powered = compute.limits(inputs, power, accelerators_w, effects, p)
    allowed = policy.limits(state, inputs, power, accelerators_w, satellite.policy)
    by_array, _ = compute.limits(inputs, power, min(accelerators_w, allowed.battery_w), effects, p)
    most = min(compute.dynamic_share(inputs.rate_cap, p.voltage_floor), allowed.dynamic)
    return Draw(min(most, dynamic, by_array), min(powered, allowed.powered), inputs.duty)


@inlined
def between_ends(inputs: Any, draw: Any, satellite: Any) -> bool:
    """Whether a clock rate lies between 0 and what events leave, so that it has to be solved for.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    draw : Draw
        What power or heat allows.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    bool
        Whether it does.
    """
    most = compute.dynamic_share(inputs.rate_cap, satellite.compute.voltage_floor)
    return bool(0.0 < draw.dynamic < most)


@inlined
def limits_of(
    state: Any, inputs: Any, within: Any, cool: Any, solve_within: bool, solve_cool: bool, satellite: Any
) -> Any:
    """Limits of clock rate, with what the effects leave of it.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    within : Draw
        What power allows.
    cool : Draw
        What heat leaves of it.
    solve_within, solve_cool : bool
        Whether their clock rates may lie between the ends.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Limit
        Limits of the step.
    """
    guard, p = rate_guard(state, inputs, satellite), satellite.compute
    rate = compute.clock_rate(within.dynamic, inputs.rate_cap, solve_within, p)
    cool_rate = rate if cool.dynamic >= within.dynamic else compute.clock_rate(cool.dynamic, inputs.rate_cap, solve_cool, p)
    ready, start = policy.factors(state, satellite.policy)
    guard *= start
    cool_rate *= guard
    begun = ready if cool_rate > 0.0 else 1.0  # what heat keeps from computing is counted as heat
    return Limit(begun * rate, begun * cool_rate, guard * cool.powered)


@inlined
def cooled(inputs: Any, within: Any, run: Any, room: Any, more_w: float, satellite: Any) -> Any:
    """What the temperatures of junction and memory leave of what power allows: a Newton step from an estimate.

    Heats of plates and coolant follow those of the accelerators. Heat of the battery and the curvature of T^4 are held
    at the estimate: each step leaves a few per cent of the error.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    within : Draw
        What power allows.
    run : Draw
        The estimate.
    room : Room
        Distances of junction and memory from their limits under the estimate [K].
    more_w : float
        Loads of the effects on the accelerators, beyond those under which the room was found [W].
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Draw
        What heat leaves: a lower clock rate, or machines that are off for part of the step.
    """
    p, junction, hbm = satellite.compute, satellite.thermal.junction, satellite.thermal.hbm
    up, plate, loop = inputs.available, p.per_conversion - 1.0, p.pump_fraction * p.per_conversion
    junction_k_w = thermal_response.rise_k(junction, 1.0, plate, loop)
    hbm_k_w = thermal_response.rise_k(hbm, 1.0, plate, loop)
    idle_w, host_w = up * p.idle_w, up * p.host_w
    idle_plate_w, idle_loop_w = plate * idle_w + (1.0 + plate) * host_w, loop * (idle_w + host_w)
    junction_idle_k = thermal_response.rise_k(junction, idle_w, idle_plate_w, idle_loop_w)
    hbm_idle_k = thermal_response.rise_k(hbm, idle_w, idle_plate_w, idle_loop_w)
    full_w = up * inputs.duty * p.dynamic_w
    dynamic_w, off = full_w * run.dynamic - more_w, 1.0 - run.powered
    # arithmetic in what is left with all machines on; without it machines idle, for as long as that fits
    on_k = thermal_response.Room(room.junction_k - off * junction_idle_k, room.hbm_k - off * hbm_idle_k)
    dynamic = (dynamic_w + thermal_response.fit(on_k, junction_k_w, hbm_k_w)) / max(full_w, 1e-9)
    idle_k = thermal_response.Room(room.junction_k + junction_k_w * dynamic_w, room.hbm_k + hbm_k_w * dynamic_w)
    on = run.powered + thermal_response.fit(idle_k, junction_idle_k, hbm_idle_k)
    return Draw(min(within.dynamic, max(0.0, dynamic)), min(within.powered, max(0.0, on)), inputs.duty)


@inlined
def first_round(
    state: Any, inputs: Any, power: Any, base: Any, run: Any, effects: Any, satellite: Any
) -> tuple[Any, Any, Any]:
    """What power and heat allow, from what power allows under the first estimate of the effects.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    run : Draw
        What power allows under the estimate.
    effects : Effects
        The estimate [W].
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    within : Draw
        What power allows.
    cool : Draw
        What heat leaves of it.
    effects : Effects
        Loads of the effects under the estimate [W].
    """
    after, room = settle(state, inputs, power, base, run, effects, satellite)
    within = within_power(state, inputs, power, after, satellite)
    return within, cooled(inputs, within, run, room, after.chip_w - effects.chip_w, satellite), after


@inlined
def is_hot(within: Any, cool: Any) -> bool:
    """Whether heat takes something of what power allows.

    Parameters
    ----------
    within : Draw
        What power allows.
    cool : Draw
        What heat leaves of it.

    Returns
    -------
    bool
        Whether it does.
    """
    return bool((cool.dynamic < within.dynamic) | (cool.powered < within.powered))


@inlined
def next_round(
    state: Any, inputs: Any, power: Any, base: Any, within: Any, cool: Any, effects: Any, satellite: Any
) -> tuple[Any, Any]:
    """What heat leaves of what power allows, from an estimate of it; where heat leaves all of it the estimate stands.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    within : Draw
        What power allows.
    cool : Draw
        The estimate.
    effects : Effects
        Loads of the effects under an earlier one [W].
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    cool : Draw
        What heat leaves.
    effects : Effects
        Loads of the effects under the estimate [W].
    """
    after, room = settle(state, inputs, power, base, cool, effects, satellite)
    colder = cooled(inputs, within, cool, room, after.chip_w - effects.chip_w, satellite)
    hot = is_hot(within, cool)
    return choose_draw(hot, colder, cool), choose_effects(hot, after, effects)


@inlined
def step_limits(state: Any, inputs: Any, power: Any, base: Any, satellite: Any) -> tuple[Any, Any]:
    """Limits on clock rate and powered share of the step, before jobs set their rate.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    limit : Limit
        The limits.
    effects : Effects
        Loads of the effects at these limits [W].
    """
    # the effects' loads follow the temperatures, and change what power and heat allow; where heat limits, two rounds leave 1e-4
    # of the dynamic power
    before = first_effects(state, inputs, satellite)
    within = within_power(state, inputs, power, before, satellite)
    within, cool, effects = first_round(state, inputs, power, base, within, before, satellite)
    cool, effects = next_round(state, inputs, power, base, within, cool, effects, satellite)
    return limits_of(state, inputs, within, cool, True, True, satellite), effects


@inlined
def within_budget(state: Any, inputs: Any, power: Any, run: Any, effects: Any, satellite: Any) -> Any:
    """What is run, with machines off for longer where the loads of the effects have grown beyond the power for idling.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads that effects add.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Run
        The same rate; a powered share that array and battery can serve.
    """
    p, accelerators_w = satellite.compute, battery.limits(state, satellite.battery)
    budget_w = compute.accelerator_budget_w(inputs, power, accelerators_w, effects, p)
    return Run(run.rate, run.dynamic, min(run.powered, compute.powered_share(budget_w, p)), run.run_duty)


@inlined
def intended_run(inputs: Any, limit: Any, satellite: Any) -> Any:
    """What jobs ask for, within the limits: a job can only lower the rate.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    limit : Limit
        Limits on clock rate and powered share.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Run
        Clock rate and shares.
    """
    rate = min(limit.rate_limit, inputs.job_rate)
    return Run(rate, compute.dynamic_share(rate, satellite.compute.voltage_floor), limit.powered_limit, inputs.duty * inputs.running)


@inlined
def is_lowered(state: Any, inputs: Any, limit: Any, satellite: Any) -> bool:
    """Whether less is run than power and heat allow.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    limit : Limit
        Limits on clock rate and powered share.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    bool
        Whether it is.
    """
    ready, start = policy.factors(state, satellite.policy)
    kept = rate_guard(state, inputs, satellite) * ready * start
    return bool((inputs.job_rate < limit.rate_limit) | (inputs.running < 1.0) | (kept < 1.0))


@inlined
def settled_run(
    state: Any, inputs: Any, power: Any, base: Any, limit: Any, effects: Any, satellite: Any
) -> tuple[Any, Any]:
    """What is run within the limits, and the loads of the effects under it.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    limit : Limit
        Limits on clock rate and powered share.
    effects : Effects
        Loads of the effects at these limits [W].
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads of the effects [W].
    """
    run = intended_run(inputs, limit, satellite)
    # where jobs or effects lower the rate the limits' loads no longer hold; one settling gains about two digits
    after, _ = settle(state, inputs, power, base, run, effects, satellite)
    effects = choose_effects(is_lowered(state, inputs, limit, satellite), after, effects)
    return within_budget(state, inputs, power, run, effects, satellite), effects


@inlined
def integrate(
    state: Any, inputs: Any, lit: Any, power: Any, base: Any, limit: Any, run: Any, effects: Any, satellite: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """What the run does to battery, temperatures and ledger.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    lit : Illumination
        Sunlight and directions in the step.
    power : ArrayPower
        Power of the array.
    base : Base
        The step without heats of the machines.
    limit : Limit
        Limits on clock rate and powered share.
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads of the effects [W].
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    loads, flows, panel_flows, nodes, shares
        Loads, BatteryFlows, PanelFlows, ThermalFlows and Shares of the step.
    """
    loads = compute.advance(inputs, run, effects, satellite.compute)
    flows = battery.advance(state, power, loads, satellite.battery)
    panel_flows = panel.advance(state, power, flows, satellite.panel)
    nodes = thermal.advance(base, loads, flows, panel_flows, satellite.thermal)
    return loads, flows, panel_flows, nodes, accounting.advance(inputs, lit, limit, run, satellite.accounting)


@inlined
def results(
    state: Any, inputs: Any, lit: Any, incidence: Any, earth: Any, power: Any, environment: Any, surface: Any, limit: Any, run: Any,
    effects: Any, loads: Any, flows: Any, panel_flows: Any, nodes: Any, shares: Any, satellite: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """State that is carried on and fluxes of the step, with the consequences of what it did.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes, shares : named tuples
        Records of the step.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    state : State
        What the satellite carries on.
    fluxes : Fluxes
        What the step did, means over the step.
    """
    then = all_consequences(
        state, inputs, lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes, satellite
    )
    return (
        new_state(lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes, shares, then),
        new_fluxes(lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes, shares, then),
    )


@inlined
def advance(state: Any, inputs: Any, satellite: Any) -> tuple[Any, Any]:
    """One satellite, one step. The loop over a tile (`sim.spacecraft.loop`) calls the same functions in passes.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    satellite : SatelliteParams
        Parameters of its type.

    Returns
    -------
    state : State
        What it carries on.
    fluxes : Fluxes
        What the step did, means over the step.
    """
    s = satellite
    lit = illumination.advance(state, inputs, s.illumination)
    incidence = attitude.advance(lit, s.attitude)
    earth = earth_flux.advance(inputs, lit, incidence, s.earth)
    power = array.advance(state, inputs, lit, incidence, earth, s.array)
    environment = radiator.advance(state, inputs, lit, incidence, earth, s.radiator)
    surface = structure.advance(inputs, lit, earth, s.structure)
    base = thermal_response.base_of(state, environment, surface, s.thermal)
    limit, effects = step_limits(state, inputs, power, base, s)
    run, effects = settled_run(state, inputs, power, base, limit, effects, s)
    loads, flows, panel_flows, nodes, shares = integrate(state, inputs, lit, power, base, limit, run, effects, s)
    return results(
        state, inputs, lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes, shares, s
    )
