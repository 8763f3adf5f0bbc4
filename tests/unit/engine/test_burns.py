"""Burns and decay of a scenario: propagators, pauses of the accelerators, and the time that they take."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.propagation import CircularJ2
from orbit.segments import Segmented
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.engine import burns, propagators
from sim.engine.driver import Run
from sim.fleet.availability import AvailabilityChange, Kind, Target
from sim.spacecraft.step import ROWS

SHELL = "constellation={kind: walker, altitude: 400 km, inclination: 53 deg, planes: 2, satellites_per_plane: 4, phasing: 1, pattern: delta}"
ALONE = (SHELL, "links=null", "ground=null", "workloads=[{kind: independent}]", "duration=12 h", "epoch=2026-12-21T00:00:00Z")
FIXED = (*ALONE, "satellite.mass=1500 kg", "satellite.propulsion.thrust=0.5 N", "satellite.propulsion.specific_impulse=2000 s")
BURN_S = 1500.0 * 19613.3 / 0.5 * (1.0 - math.exp(-1.5 / 19613.3))  # rocket equation


def test_scheduled_burns() -> None:
    """By hand: the rocket equation over the mass flow; satellites of a plane and of a range; axes in order."""
    events = ("+1 h burn satellite 3 by 1.5 m/s", "+2 h burn plane 1 by -1 m/s radial")
    loaded = load("suncatcher", FIXED, events)
    found = burns.scheduled(loaded)
    assert [(b.satellite, b.start_s, b.delta_v_m_s) for b in found] == [
        (3, 3600.0, (0.0, 1.5, 0.0)), *((n, 7200.0, (-1.0, 0.0, 0.0)) for n in range(4, 8)),
    ]  # fmt: skip
    assert found[0].duration_s == pytest.approx(BURN_S)
    assert [b.satellite for b in burns.within(found, 4, 4)] == [0, 1, 2, 3]


def test_only_what_moves_gets_segments() -> None:
    """By definition: circles stay circles unless altitudes change."""
    grid = propagators.time_grid(load("suncatcher", ALONE).scenario)
    kinds = {}
    for name, sets, events in (
        ("kept", (), ()), ("burn", (), ("+1 h burn satellite 3 by 1.5 m/s",)),
        ("decaying", ("satellite.propulsion.altitude=decaying",), ()), ("band", ("satellite.propulsion.dead_band=100 m",), ()),
    ):  # fmt: skip
        (kinds[name],) = propagators.make_propagators(load("suncatcher", (*ALONE, *sets), events), grid)
    assert isinstance(kinds["kept"], CircularJ2)
    assert all(isinstance(kinds[name], Segmented) for name in ("burn", "decaying", "band"))
    assert len(kinds["burn"].thrusts) == 1
    assert kinds["decaying"].thrusts == ()
    radius_m = {}
    for name, propagator in kinds.items():
        out = np.empty((1, 3, 8))
        propagator.fill(0, 8, grid.steps, out)
        radius_m[name] = np.linalg.norm(out[0], axis=0)
    assert np.all(radius_m["decaying"] < radius_m["kept"] - 50.0)
    assert np.all(radius_m["band"] > radius_m["kept"] - 101.0)
    assert radius_m["burn"][[0, 1, 2, 4]] == pytest.approx(radius_m["kept"][[0, 1, 2, 4]], abs=1e-4)


def test_accelerators_pause() -> None:
    """Source of truth: time: thrusters of one satellite of eight are on for a known part of 12 h."""
    loaded = load("suncatcher", FIXED, ("+1 h burn satellite 3 by 1.5 m/s",))
    moving = propagators.make_propagators(loaded, propagators.time_grid(loaded.scenario))
    target = Target(Kind.RATE, 3, 3, "satellite 3")
    assert burns.with_thrusts([], moving, loaded) == [
        AvailabilityChange(3600.0, target, 0.0, burns.CAUSE),
        AvailabilityChange(pytest.approx(3600.0 + BURN_S), target, 1.0, burns.CAUSE),
    ]
    outcome = Run(loaded, threads=1).finish()
    ledger = {cause: outcome.carry[row] / outcome.grid.duration_s for cause, row in ROWS.ledger.items()}
    lost = sum(ledger.get(cause, 0.0) for cause in ("failed", "maintenance"))
    assert lost == pytest.approx([0.0, 0.0, 0.0, BURN_S / 43200.0, 0.0, 0.0, 0.0, 0.0], abs=1e-9)


def test_accelerators_that_run_leave_the_thrusters_their_power() -> None:
    """By hand: 0.5 N at 2,000 s and half of it in the jet take 9.81 kW of 64 (381 - 90) W over 0.92."""
    sets = (*FIXED, "satellite.propulsion.compute=runs")
    satellite = load("suncatcher", sets).scenario.satellite
    assert satellite.accelerator.idle_power == pytest.approx(90.0, abs=1.0)
    taken_w = 0.5 * 2000.0 * 9.80665 / (2.0 * 0.5)
    dynamic_w = 64.0 * (satellite.accelerator.max_power - satellite.accelerator.idle_power) / 0.92
    assert burns.remaining(satellite) == pytest.approx(1.0 - taken_w / dynamic_w)
    chemical = load("suncatcher", (*sets, "satellite.propulsion.efficiency=null")).scenario.satellite
    assert burns.remaining(chemical) == 1.0


REFUSED = [
    ("+1 h burn satellite 3", (), "needs `delta_v`; write"),
    ("{at: +1 h, action: burn, target: satellite 3, delta_v: 0 m/s}", (), "needs `delta_v`; write"),
    ("{at: +1 h, action: lose, target: satellite 3, delta_v: 1 m/s}", (), "takes no `delta_v`; remove it"),
    ("{at: +1 h, action: lose, target: satellite 3, direction: radial}", (), "takes no `direction`; remove it"),
    ("{at: +1 h, action: burn, target: link 0-1, delta_v: 1 m/s}", (), "has no thrusters; write satellites"),
    ("+1 h burn satellite 3 by 1 m/s for 1 h", (), "follows from delta_v, mass and thrust; remove it"),
    ("+1 h burn satellite 30 by 1 m/s", (), "is not in the fleet"),
    ("+1 h burn satellite 3 by 2000 m/s", (), "has propellant for"),
    ("+1 h burn satellite 3 by 400 m/s radial", ("satellite.propulsion.propellant=400 kg",), "too eccentric"),
    ("+1 h burn satellite 3 by 1 m/s", ("motion={model: sgp4}",), "which has no burns"),
    ("+1 h burn satellite 3 by 1 m/s", ("constellation={kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {spacing: 200 m, radius: 300 m}}",),
     "a formation on relative orbits"),
]


@pytest.mark.parametrize(("event", "sets", "line"), REFUSED)
def test_refused(event: str, sets: tuple[str, ...], line: str) -> None:
    """Source of truth: the form of messages."""
    with pytest.raises(InputError) as refused:
        load("suncatcher", (*ALONE, *sets, f"events=[{event}]"))
    assert line in str(refused.value.problems[0])
