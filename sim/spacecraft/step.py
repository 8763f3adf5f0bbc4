"""One satellite, one step: the page of physics.

`SUBMODELS` names the effects; `advance` composes them. State, inputs, parameters and fluxes are named tuples whose fields
follow from the submodels' declarations. The same function is the uncoupled run, the coupled run and the preview of limits.

A further local effect is a file with its `MODEL`, its line in `SUBMODELS` and its section of the scenario. An effect adds
to a load (`adds`) and may hold the rate back (`limits`); nothing here changes for it.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import Variable
from sim.spacecraft import (
    accounting,
    array,
    attitude,
    battery,
    compute,
    earth_flux,
    heater,
    illumination,
    leakage,
    radiator,
    rows,
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
    compute.MODEL,
    battery.MODEL,
    thermal.MODEL,
    leakage.MODEL,
    heater.MODEL,
    accounting.MODEL,
)
EFFECTS = tuple(m for m in SUBMODELS if m.adds)


class Limit(NamedTuple):
    """Limits of the step before jobs set their rate."""

    rate_power: float
    rate_limit: float
    powered_limit: float


class Run(NamedTuple):
    """Operation in the step: clock rate, share of the step in which machines are on, share in which arithmetic runs."""

    rate: float
    powered: float
    run_duty: float


OPERATION = (
    Variable("rate_power", "1", "clock rate within the power of array and battery", "flux", 0.0, 1.0),
    Variable("rate_limit", "1", "clock rate within power and the limits of junction and memory", "flux", 0.0, 1.0),
    Variable("powered_limit", "1", "share of the step in which machines may be on", "flux", 0.0, 1.0),
    Variable("rate", "1", "clock rate that is run", "flux", 0.0, 1.0),
    Variable("powered", "1", "share of the step in which machines are on", "flux", 0.0, 1.0),
    Variable("run_duty", "1", "share of the available time in which arithmetic runs", "flux", 0.0, 1.0),
)  # fmt: skip
VARIABLES: tuple[Variable, ...] = (*INPUTS, *(v for m in SUBMODELS for v in m.writes), *OPERATION)
ROWS = rows.Rows(VARIABLES, CONTROLS)

# Named tuples whose fields follow from the declarations, which a type checker cannot see.
State: Any = namedtuple("State", [v.name for v in ROWS.states])  # type: ignore[misc]
Fluxes: Any = namedtuple("Fluxes", [v.name for v in VARIABLES if v.kind == "flux"])  # type: ignore[misc]
Effects: Any = namedtuple("Effects", [*(v.name for m in EFFECTS for v in m.writes), "bus_w", "chip_w"])  # type: ignore[misc]
SatelliteParams: Any = namedtuple("SatelliteParams", [*(m.name for m in SUBMODELS), "step_s"])  # type: ignore[misc]

# Named tuples that submodels are given, by the name of the argument.
RECORDS: dict[str, Any] = {
    "state": State, "inputs": Inputs, "illumination": illumination.Illumination, "incidence": attitude.Incidence,
    "earth": earth_flux.EarthFlux, "power": array.ArrayPower, "environment": radiator.Environment, "loads": compute.Loads,
    "battery": battery.BatteryFlows, "limit": Limit, "run": Run, "forecast": thermal_response.Forecast, "effects": Effects,
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
    for load in ("bus_w", "chip_w"):
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


all_effects = _effects_function(EFFECTS)
rate_guard = _guard_function(EFFECTS)
NO_EFFECTS = Effects(*(0.0 for _ in Effects._fields))
_WRITTEN = {
    name: record._fields
    for name, record in RECORDS.items()
    if name not in ("state", "inputs", "forecast")
} | {"shares": accounting.Shares._fields, "nodes": thermal.ThermalFlows._fields}
_SOURCES = ("illumination", "incidence", "earth", "power", "environment", "limit", "run", "effects", "loads", "battery", "nodes", "shares")
new_state = rows.binder("new_state", State, {name: _WRITTEN[name] for name in _SOURCES})
new_fluxes = rows.binder("new_fluxes", Fluxes, {name: _WRITTEN[name] for name in _SOURCES})


# --- the step ---------------------------------------------------------------------------------------------------------


@inlined
def settle(state: Any, inputs: Any, power: Any, environment: Any, run: Any, effects: Any, satellite: Any) -> Any:
    """Loads of the effects under what is run, from an estimate of them.

    Effects follow the temperatures at the end of the step, which follow the loads: each call is one fixed-point
    iteration.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    environment : Environment
        Heat that the radiator absorbs.
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads that effects add.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Any
        Loads of the effects [W].
    """
    loads = compute.advance(inputs, run, effects, satellite.compute)
    flows = battery.advance(state, power, loads, satellite.battery)
    loop_w = loads.loop_w + flows.battery_loss_w
    heats = thermal_response.Heats(loads.chip_w, loads.plate_w, loop_w, environment.environment_w)
    return all_effects(state, inputs, run, thermal_response.forecast(state, heats, satellite.thermal), effects, satellite)


@inlined
def thermal_limit(
    state: Any, inputs: Any, power: Any, environment: Any, run: Any, effects: Any, satellite: Any
) -> tuple[float, float]:
    """Clock rate and powered share at which junction and memory end the step within their limits.

    `run` is an estimate, which enters only through the battery's own heat and the curvature of T^4: each call is a
    fixed-point iteration that gains two digits.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    environment : Environment
        Heat that the radiator absorbs.
    run : Run
        Clock rate and shares that are run.
    effects : Effects
        Loads that effects add.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    rate : float
        Clock rate, 0 to 1.
    powered : float
        Powered share of the step, 0 to 1.
    """
    p, thermal_p = satellite.compute, satellite.thermal
    up, duty, bus_w = inputs.available, inputs.duty, p.bus_w * inputs.available + effects.bus_w
    loads = compute.advance(inputs, run, effects, p)
    loss_w = battery.advance(state, power, loads, satellite.battery).battery_loss_w
    heats = thermal_response.Heats(loads.chip_w, loads.plate_w, loads.loop_w + loss_w, environment.environment_w)
    c = thermal_response.correction(state, heats, thermal_p)
    chip_w = thermal_response.chip_limit_w(state, heats, c, thermal_p) - effects.chip_w
    idle = compute.loads(0.0, 1.0, duty, up, 0.0, effects.chip_w, p)
    on = thermal_response.powered_limit(state, bus_w + loss_w, idle.chip_w, idle.plate_w, idle.loop_w, c, thermal_p)
    share = (chip_w / max(up, 1e-9) - p.idle_w) / (max(duty, 1e-9) * p.dynamic_w)
    return (compute.rate_for_share(share, p.voltage_floor) if on >= 1.0 else 0.0), min(1.0, max(0.0, on))


@inlined
def step_limits(state: Any, inputs: Any, power: Any, environment: Any, satellite: Any) -> tuple[Any, Any]:
    """Limits on clock rate and powered share of the step, before jobs set their rate.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    environment : Environment
        Heat that the radiator absorbs.
    satellite : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    limit : Limit
        The limits.
    effects : Effects
        Loads of the effects at these limits [W].
    """
    accelerators_w = battery.limits(state, satellite.battery)
    start = thermal_response.Forecast(state.junction_k, state.loop_k, 0.0, 1e30)
    effects = all_effects(state, inputs, Run(0.0, 1.0, inputs.duty), start, NO_EFFECTS, satellite)
    guard = rate_guard(state, inputs, satellite)
    rate, powered = compute.limits(inputs, power, accelerators_w, effects, satellite.compute)
    within = min(inputs.rate_cap, rate)
    run = Run(within, powered, inputs.duty)
    rate, on = thermal_limit(state, inputs, power, environment, run, effects, satellite)
    run = Run(min(within, rate), min(powered, on), inputs.duty)
    # the effects' loads follow the temperatures of that first estimate, and change what power allows
    effects = settle(state, inputs, power, environment, run, effects, satellite)
    rate, powered = compute.limits(inputs, power, accelerators_w, effects, satellite.compute)
    within = min(inputs.rate_cap, rate)
    run = Run(min(within, run.rate), min(powered, on), inputs.duty)
    rate, on = thermal_limit(state, inputs, power, environment, run, effects, satellite)
    run = Run(min(within, rate), min(powered, on), inputs.duty)
    effects = settle(state, inputs, power, environment, run, effects, satellite)
    rate, on = thermal_limit(state, inputs, power, environment, run, effects, satellite)
    return Limit(within, guard * min(within, rate), guard * min(powered, on)), effects


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
    return Run(run.rate, min(run.powered, compute.powered_share(budget_w, p)), run.run_duty)


@inlined
def advance(state: Any, inputs: Any, satellite: Any) -> tuple[Any, Any]:
    """One satellite, one step.

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
    power = array.advance(inputs, lit, incidence, earth, s.array)
    environment = radiator.advance(inputs, lit, incidence, earth, s.radiator)
    limit, effects = step_limits(state, inputs, power, environment, s)
    # a job can only lower the rate
    run = Run(min(limit.rate_limit, inputs.job_rate), limit.powered_limit, inputs.duty * inputs.running)
    # from the limits' loads one settling is enough: it gains about two digits, since loads move temperatures by a few per cent
    effects = settle(state, inputs, power, environment, run, effects, s)
    run = within_budget(state, inputs, power, run, effects, s)
    loads = compute.advance(inputs, run, effects, s.compute)
    flows = battery.advance(state, power, loads, s.battery)
    nodes = thermal.advance(state, loads, flows, environment, s.thermal)
    shares = accounting.advance(inputs, lit, limit, run, s.accounting)
    return (
        new_state(lit, incidence, earth, power, environment, limit, run, effects, loads, flows, nodes, shares),
        new_fluxes(lit, incidence, earth, power, environment, limit, run, effects, loads, flows, nodes, shares),
    )
