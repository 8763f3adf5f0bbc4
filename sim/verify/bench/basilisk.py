"""Satellites in Basilisk: orbit, eclipse, solar panel, battery and one thermal node, in steps of the scenario.

Each has Kepler's orbit about the Earth, a panel that faces the Sun of the middle of the run, a constant load, and a body that
radiates from one face. That is less than a step of ours does: no J2, no limits, no jobs, one thermal node instead of five.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.environment import sun_position_m
from orbit.timegrid import TimeGrid, julian_date

SATELLITES = 24  # in as many planes of the shell
ALTITUDE_M, INCLINATION_RAD = 550e3, math.radians(53.0)
PANEL_M2, CELL_EFFICIENCY, LOAD_W, BATTERY_J = 12.0, 0.3, 1500.0, 1.8e7
NODE_KG, NODE_J_KG_K, NODE_M2, ABSORPTIVITY, EMISSIVITY = 20.0, 890.0, 3.0, 0.1, 0.9


class Fleet:
    """Satellites in planes that are evenly spread over all nodes.

    Parameters
    ----------
    epoch : datetime
        Epoch of the run.
    steps : int
        Number of steps.
    step_s : float
        Length of a step [s].
    """

    def __init__(self, epoch: datetime, steps: int, step_s: float) -> None:
        import Basilisk.simulation.spacecraft  # noqa: F401 - fails here where it is not installed

        grid = TimeGrid(*julian_date(epoch), step_s, steps)
        self.steps, self.step_s = steps, step_s
        self.sun_m = [float(x) for x in sun_position_m(*grid.jd_fr(steps // 2, 1))[0]]

    def run(self) -> float:
        """Build the simulation and run it.

        Returns
        -------
        float
            Share of the time in sunlight, mean over the satellites.
        """
        from Basilisk.utilities import SimulationBaseClass, macros

        simulation = SimulationBaseClass.SimBaseClass()
        simulation.CreateNewProcess("process").addTask(
            simulation.CreateNewTask("task", macros.sec2nano(self.step_s))
        )
        kept, shadows = self._build(simulation)  # Python must hold all modules until the end
        simulation.InitializeSimulation()
        simulation.ConfigureStopTime(macros.sec2nano(self.step_s * self.steps))
        simulation.ExecuteSimulation()
        lit = float(np.mean([np.asarray(shadow.shadowFactor)[1:] for shadow in shadows]))
        del kept
        return lit

    def _build(self, simulation: Any) -> tuple[list[Any], list[Any]]:
        """All modules of the simulation, and the recorders of the shadow."""
        from Basilisk.architecture import messaging
        from Basilisk.simulation import eclipse

        sun, earth = messaging.SpicePlanetStateMsgPayload(), messaging.SpicePlanetStateMsgPayload()
        sun.PositionVector, earth.PlanetName = self.sun_m, "earth"
        sun_message, earth_message = (messaging.SpicePlanetStateMsg().write(body) for body in (sun, earth))
        shadow = eclipse.Eclipse()
        shadow.sunInMsg.subscribeTo(sun_message)
        shadow.addPlanetToModel(earth_message)
        kept: list[Any] = [sun_message, earth_message, shadow]
        craft = [self._orbit(n, kept) for n in range(SATELLITES)]
        for each in craft:
            simulation.AddModelToTask("task", each, 30)
            shadow.addSpacecraftToModel(each.scStateOutMsg)
        simulation.AddModelToTask("task", shadow, 20)
        recorders = []
        for each, lit in zip(craft, shadow.eclipseOutMsgs, strict=True):
            for module in self._power_and_heat(each.scStateOutMsg, lit, sun_message):
                simulation.AddModelToTask("task", module, 10)
                kept.append(module)
            recorders.append(lit.recorder())
            simulation.AddModelToTask("task", recorders[-1], 0)
        return kept, recorders

    def _orbit(self, number: int, kept: list[Any]) -> Any:
        """A satellite on its circular orbit."""
        from Basilisk.simulation import spacecraft
        from Basilisk.utilities import orbitalMotion, simIncludeGravBody

        satellite, bodies = spacecraft.Spacecraft(), simIncludeGravBody.gravBodyFactory()
        bodies.createEarth().isCentralBody = True
        bodies.addBodiesTo(satellite)
        elements = orbitalMotion.ClassicElements()
        elements.a, elements.e, elements.i = EARTH_RADIUS_M + ALTITUDE_M, 0.0, INCLINATION_RAD
        elements.Omega, elements.omega, elements.f = 2.0 * math.pi * number / SATELLITES, 0.0, 2.4 * number
        satellite.hub.r_CN_NInit, satellite.hub.v_CN_NInit = orbitalMotion.elem2rv(MU_EARTH_M3_S2, elements)
        kept += [satellite, bodies]
        return satellite

    def _power_and_heat(self, state: Any, lit: Any, sun: Any) -> list[Any]:
        """Panel, load, battery and thermal node of a satellite; its axes keep their direction in space."""
        from Basilisk.simulation import sensorThermal, simpleBattery, simplePowerSink, simpleSolarPanel

        toward_sun = [float(x) for x in np.array(self.sun_m) / np.linalg.norm(self.sun_m)]
        panel, load = simpleSolarPanel.SimpleSolarPanel(), simplePowerSink.SimplePowerSink()
        battery, node = simpleBattery.SimpleBattery(), sensorThermal.SensorThermal()
        panel.setPanelParameters(toward_sun, PANEL_M2, CELL_EFFICIENCY)
        load.nodePowerOut = -LOAD_W
        battery.storageCapacity = battery.storedCharge_Init = BATTERY_J
        battery.addPowerNodeToModel(panel.nodePowerOutMsg)
        battery.addPowerNodeToModel(load.nodePowerOutMsg)
        node.nHat_B, node.sensorArea, node.sensorPowerDraw, node.T_0 = toward_sun, NODE_M2, LOAD_W, 20.0
        node.sensorAbsorptivity, node.sensorEmissivity = ABSORPTIVITY, EMISSIVITY
        node.sensorMass, node.sensorSpecificHeat = NODE_KG, NODE_J_KG_K
        for module in (panel, node):
            module.stateInMsg.subscribeTo(state)
            module.sunEclipseInMsg.subscribeTo(lit)
            module.sunInMsg.subscribeTo(sun)
        return [panel, load, battery, node]
