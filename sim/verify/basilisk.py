"""A day of one satellite against Basilisk: eclipse, array and battery."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.environment import sun_position_m
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.case import Case, Failed

ALTITUDE_KM, DAY_S, STEP_S = 550.0, 86400.0, 10.0
# a polar orbit, whose node does not drift, as the peer has no J2; no losses by temperature or in the battery, as the peer has none
SETS = (
    f"constellation=[{{kind: walker, altitude: {ALTITUDE_KM} km, inclination: 90 deg, planes: 1, satellites_per_plane: 1, phasing: 0}}]",
    "epoch=2026-03-20T12:00:00Z", "duration=1 d", f"step={STEP_S} s", "initial=full", "ground=null", "links=null", "baseline=null",
    "workloads=[{kind: independent}]", "satellite.accelerators=1", "satellite.bus.power=20 kW",
    "satellite.attitude.law=sun-pointing", "satellite.attitude.pointing_error=0 deg",
    "satellite.power.array.area=150 m2", "satellite.power.array.temperature_coefficient=0 %/K",
    "satellite.power.battery.capacity=400 kWh", "satellite.power.battery.initial_charge=0.5", "satellite.power.battery.max_depth=1",
    "satellite.power.battery.chemistry.coulombic_efficiency=1", "satellite.power.battery.chemistry.resistance=0 mohm",
    "satellite.power.battery.max_charge_power=1 MW", "satellite.power.battery.max_discharge_power=1 MW",
    "satellite.power.battery.bus_reserve=0 s", "satellite.thermal.heater=null",
    "satellite.thermal.structure.area=60 m2",  # emits the 20 kW at 20 degC
)  # fmt: skip


class Day(NamedTuple):
    """What one day brings."""

    lit: float  # share of the time in sunlight
    array_j: float
    discharged_j: float  # taken from the battery in all eclipses
    stored_j: float  # by the battery, from the first moment to the last


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases against Basilisk.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases; one that says what is missing where Basilisk is not installed.
    """
    if find_spec("Basilisk") is None:
        return [Failed("a day of one satellite: eclipse, array, battery", "needs bsk; pip install bsk")]
    source = "Basilisk [kenneally2020]: SimpleSolarPanel, SimpleBattery and Eclipse on the same orbit, steps of 10 s"
    rows = (
        ("share of a day in sunlight", "lit", 0.003, "1", 1.0),
        ("energy of the array in a day, over that of the peer", "array_j", 0.005, "1", 0.0),
        ("energy taken from the battery in a day, over that of the peer", "discharged_j", 0.005, "1", 0.0),
        ("change of the charge over a day, over the energy of the peer's array", "stored_j", 0.005, "1", 0.0),
    )
    return [
        Case(
            f"{name}, {ALTITUDE_KM:.0f} km polar",
            partial(_value, ours, field, bool(absolute)),
            partial(_value, theirs, field, bool(absolute)),
            limit, unit, source,
        )
        for name, field, limit, unit, absolute in rows
    ]  # fmt: skip


def _value(side: Callable[[], Day], field: str, absolute: bool) -> float:
    """A field of a side, over the energy that it is compared with."""
    scale = 1.0 if absolute else theirs()._asdict()["array_j" if field == "stored_j" else field]
    return float(side()._asdict()[field] / scale)


@cache
def _results() -> Any:
    from sim import api

    return api.run(api.load("million", SETS, allow_infeasible=True), threads=1)


@cache
def ours() -> Day:
    """The day as a run has it.

    Returns
    -------
    Day
        Sums over the day.
    """
    results, battery = _results(), _loaded().satellite.power.battery
    charge = np.r_[battery.initial_charge, results.series["sat_charge_fraction"].to_numpy()[:, 0]] * battery.capacity
    change = np.diff(charge)
    power = results.summary["power"]
    return Day(
        power["sunlit_fraction"],
        power["array_w_mean"] * DAY_S,
        float(-change[change < 0.0].sum()),
        float(charge[-1] - charge[0]),
    )


@cache
def theirs() -> Day:
    """The day as Basilisk has it.

    Returns
    -------
    Day
        Sums over the day.
    """
    from Basilisk.architecture import messaging
    from Basilisk.simulation import eclipse, simpleBattery, simplePowerSink, simpleSolarPanel, spacecraft
    from Basilisk.utilities import SimulationBaseClass, macros, orbitalMotion, simIncludeGravBody

    loaded = _loaded()
    grid = TimeGrid(*julian_date(loaded.epoch), STEP_S, int(DAY_S / STEP_S))
    sun_m = sun_position_m(*grid.jd_fr(grid.steps // 2, 1))[0]
    simulation = SimulationBaseClass.SimBaseClass()
    simulation.CreateNewProcess("process").addTask(simulation.CreateNewTask("task", macros.sec2nano(STEP_S)))
    sun, earth = messaging.SpicePlanetStateMsgPayload(), messaging.SpicePlanetStateMsgPayload()
    sun.PositionVector, earth.PlanetName = [float(x) for x in sun_m], "earth"
    sun_message, earth_message = (messaging.SpicePlanetStateMsg().write(body) for body in (sun, earth))
    satellite, bodies = spacecraft.Spacecraft(), simIncludeGravBody.gravBodyFactory()
    bodies.createEarth().isCentralBody = True
    bodies.addBodiesTo(satellite)
    elements = orbitalMotion.ClassicElements()
    elements.a, elements.e, elements.i = EARTH_RADIUS_M + 1e3 * ALTITUDE_KM, 0.0, math.radians(90.0)
    elements.Omega = elements.omega = elements.f = 0.0
    satellite.hub.r_CN_NInit, satellite.hub.v_CN_NInit = orbitalMotion.elem2rv(MU_EARTH_M3_S2, elements)
    shadow = eclipse.Eclipse()
    shadow.sunInMsg.subscribeTo(sun_message)
    shadow.addPlanetToModel(earth_message)
    shadow.addSpacecraftToModel(satellite.scStateOutMsg)
    panel, load, battery = (
        simpleSolarPanel.SimpleSolarPanel(),
        simplePowerSink.SimplePowerSink(),
        simpleBattery.SimpleBattery(),
    )
    array = loaded.satellite.power.array
    efficiency = array.cell_efficiency * array.retained * array.conditioning_efficiency
    panel.setPanelParameters([float(x) for x in sun_m / np.linalg.norm(sun_m)], array.area * array.packing, efficiency)
    panel.stateInMsg.subscribeTo(satellite.scStateOutMsg)
    panel.sunEclipseInMsg.subscribeTo(shadow.eclipseOutMsgs[0])
    panel.sunInMsg.subscribeTo(sun_message)
    load.nodePowerOut = -_results().summary["energy"]["load_w_mean"]
    pack = loaded.satellite.power.battery
    battery.storageCapacity, battery.storedCharge_Init = pack.capacity, pack.initial_charge * pack.capacity
    battery.addPowerNodeToModel(panel.nodePowerOutMsg)
    battery.addPowerNodeToModel(load.nodePowerOutMsg)
    records = [
        message.recorder() for message in (shadow.eclipseOutMsgs[0], panel.nodePowerOutMsg, battery.batPowerOutMsg)
    ]
    for module, order in (
        (satellite, 30),
        (shadow, 20),
        (panel, 10),
        (load, 10),
        (battery, 5),
        *((record, 0) for record in records),
    ):
        simulation.AddModelToTask("task", module, order)
    simulation.InitializeSimulation()
    simulation.ConfigureStopTime(macros.sec2nano(DAY_S))
    simulation.ExecuteSimulation()
    lit, watts, charge = (
        np.asarray(values)[1:] for values in (records[0].shadowFactor, records[1].netPower, records[2].storageLevel)
    )
    change = np.diff(np.r_[battery.storedCharge_Init, charge])
    return Day(
        float(lit.mean()),
        float(watts.sum() * STEP_S),
        float(-change[change < 0.0].sum()),
        float(charge[-1] - battery.storedCharge_Init),
    )


def _loaded() -> Any:
    """The scenario of both."""
    from sim import api

    return api.load("million", SETS, allow_infeasible=True).scenario
