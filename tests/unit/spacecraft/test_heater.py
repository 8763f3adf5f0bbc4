"""The survival heater: its control, a lost satellite through the night, frozen coolant."""

from __future__ import annotations

import energy_books as books
import numpy as np
import pytest
from scipy.optimize import brentq

from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.spacecraft import heater, step, thermal, thermal_response
from sim.spacecraft.heater import Heater
from sim.spacecraft.inputs import Inputs
from sim.spacecraft.radiator import Environment
from sim.spacecraft.structure import StructureHeat
from sim.spacecraft.thermal_integration import solve_k

SIGMA = 5.670374419e-8
LOST = ("2026-12-21T00:00Z lose all",)
ON = Inputs(*(1.0 for _ in Inputs._fields))
STATE = step.State(*(1.0 for _ in step.State._fields))


@pytest.mark.parametrize("start_k", [200.0, 207.0, 212.0])
@pytest.mark.parametrize("rated_w", [800.0, 1e5])
def test_the_coolant_ends_the_step_at_the_set_point(start_k: float, rated_w: float) -> None:
    """Source of truth: brentq on the heat for which the thermal step ends with coolant at the set point, clipped to [0, rated];
    the radiator's curve leaves less than 1e-3 of it after two settlings."""
    p, stepper = Heater(rated_w, 208.15, 195.45), thermal.stepper(thermal.network(books.load().scenario.satellite), 60.0, 368.15, 368.15)
    nodes = thermal_response.Nodes(*(start_k,) * 9)
    base = thermal_response.base_of(nodes, Environment(2000.0), StructureHeat(100.0), stepper)
    effects = step.NO_EFFECTS
    for _ in range(3):
        heats = thermal_response.Heats(0.0, 0.0, effects.heater_w, 0.0, 0.0)
        flows = heater.advance(STATE._replace(loop_k=start_k), ON, thermal_response.forecast(base, heats, stepper)[0], effects, p)
        effects = effects._replace(heater_w=flows.heater_w)

    def missing(heat_w: float) -> float:
        heats = thermal_response.Heats(0.0, 0.0, heat_w, 0.0, 0.0)
        after = thermal_response.nodes_after(base, heats, thermal_response.ramps_of(base, heats, stepper), stepper)
        return after.loop_k - p.setpoint_k

    wanted = 0.0 if missing(0.0) >= 0.0 else brentq(missing, 0.0, 1e6, xtol=1e-6)
    assert effects.heater_w == pytest.approx(min(rated_w, wanted), rel=1e-3, abs=1e-6)
    off = heater.advance(STATE._replace(loop_k=start_k), ON._replace(bus_available=0.0), thermal_response.forecast(base, heats, stepper)[0], effects, p)
    assert off.heater_w == 0.0


def _ran(*sets: str, local_time: str = "12:00", duration: str = "14 h", events: tuple[str, ...] = LOST) -> Outcome:
    return Run(books.load(f"duration={duration}", books.ring(local_time, 4), *sets, events=events), tile=8, threads=1).finish()


def test_a_lost_satellite_keeps_its_coolant_liquid() -> None:
    """Source of truth: definition: lost from the start, through seven eclipses: with the shipped heaters coolant ends no step below
    -66.7 degC (1e-2 K of fixed-point error) and never freezes; without, it falls below the freezing point of ammonia."""
    with_heater, without = _ran(), _ran("satellite.thermal.heater=null")
    assert with_heater.row("coolant_k_min").min() == pytest.approx(206.45, abs=0.01)
    assert with_heater.row("frozen_s").max() == 0.0
    assert with_heater.row("heater_j").min() > 1e6
    assert without.row("coolant_k_min").max() < 195.45
    assert without.row("heater_j").max() == without.row("generated_j").max() == 0.0
    for outcome in (with_heater, without):
        assert max(books.closures(outcome).values()) < 1e-9
        assert books.shares(outcome)["failed"] == pytest.approx(np.ones(4))


def _rise_k_w(outcome: Outcome) -> float:
    """Rise of the coolant within a step for each watt into it, from the state at the end of a run, by another integrator."""
    net = thermal.network(outcome.loaded.scenario.satellite)
    start = [float(outcome.row(name)[0]) for name in thermal_response.Nodes._fields]
    heat = np.zeros(9)
    ends = []
    for watts in (0.0, 1000.0):
        heat[net.index["loop"]] = watts
        ends.append(solve_k(net, start, lambda _, q=tuple(heat): np.array(q), [0.0, 60.0], max_step_s=1.0)[-1, net.index["loop"]])
    return float(ends[1] - ends[0]) / 1000.0


def test_power_at_rest_by_the_balance() -> None:
    """Source of truth: the balance of one radiator at rest: 2 eta eps sigma A T^4 = heater + heat from outside, the coolant at
    the set point, the radiator colder by heater / conductance. High dawn-dusk orbit, so that nothing changes but the season:
    1 % for the albedo's turn within an orbit.

    The heater is chosen before it is known what conditioning loses of its own power: the coolant ends a step above the set point by
    what that watt brings within a step, another integrator's number. The tangent of T^4, which lies at the limit of the junction,
    bends 0.7 % of the 2.8 K that the heater brings: 0.02 K.
    """
    sets = ("satellite.thermal.heater={power: 20 kW, setpoint: 0 degC, freezing_point: -77.7 degC}", "satellite.attitude.pointing_error=0 deg")
    outcome = Run(
        books.load("duration=20 h", books.ring("06:00", 4, altitude_km=1500.0), *sets, events=LOST), tile=8, threads=1
    ).finish()  # fmt: skip
    sat = outcome.loaded.scenario.satellite
    radiator, loop = sat.thermal.radiator, sat.thermal.loop
    late = slice(outcome.grid.steps // 2, None)
    heater_w, outside_w = outcome.column("heater_w")[late].mean() / 4, outcome.column("environment_w")[late].mean() / 4
    # power conditioning loses its share of what the heater draws; the structure takes a little through its mounts; the radiator is colder by the heat over its conductance, and along the flow
    mounts_w = sat.thermal.structure.to_coolant * (273.15 - float(outcome.row("structure_k").mean()))
    heat_w = heater_w / sat.power.array.conditioning_efficiency
    radiator_k = 273.15 - (heat_w - mounts_w) * (1.0 / loop.conductance + 0.5 / loop.flow)
    emitted_w = mounts_w + 2.0 * radiator.fin_efficiency * radiator.emissivity * SIGMA * radiator.area * radiator_k**4
    assert heat_w == pytest.approx(emitted_w - outside_w, rel=0.01)
    assert outcome.row("loop_k") == pytest.approx(273.15 + (heat_w - heater_w) * _rise_k_w(outcome), abs=0.02)


def test_frozen_coolant_keeps_accelerators_off() -> None:
    """Source of truth: definition: with a heater that is too small the coolant freezes; a satellite that is restored then does not
    compute before it has thawed, and what that costs is thermal, to the second."""
    weak = "satellite.thermal.heater={power: 1 W, setpoint: -59 degC, freezing_point: -60 degC}"
    events = (*LOST, "2026-12-21T13:00Z restore all")
    outcome = _ran(weak, events=events)
    assert outcome.row("frozen_s").min() > 3600.0
    shares = books.shares(outcome)
    assert shares["thermal"] == pytest.approx(np.full(4, 1.0 / 14.0), abs=1e-9)
    assert shares["useful"].max() == 0.0
    assert max(books.closures(outcome).values()) < 1e-9


def test_the_heater_starves_with_the_battery() -> None:
    """Source of truth: definition: without array and with an empty battery nothing is served, and the coolant freezes."""
    outcome = _ran("satellite.power.array.area=1e-9 m2", "satellite.power.battery.initial_charge=0.5")
    assert outcome.row("served_j").max() == pytest.approx(0.0, abs=1.0)
    assert outcome.row("unserved_j").min() > 1e6
    assert outcome.row("coolant_k_min").max() < 195.45
