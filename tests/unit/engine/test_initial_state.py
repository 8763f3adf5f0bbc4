"""The state at the epoch: the periodic one of an orbit, or a full battery at the temperatures of the highest load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import energy_books as books
import numpy as np
import pytest
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M
from orbit.elements import nodal_period_s
from orbit.shell_geometry import sun_synchronous_inclination_rad
from sim.config import scenario
from sim.engine.coupling import Coupling
from sim.engine.driver import Run
from sim.engine.initial_state import first_state
from sim.engine.outcome import Outcome
from sim.engine.satellite_params import STATES
from sim.results import energy_balance
from sim.spacecraft.step import ROWS

NODES = [name for name in STATES if name.endswith("_k")]
AT = [STATES.index(name) for name in NODES]
STEP_S = 61.25
REVOLUTION_S = 96 * STEP_S  # whole steps of the run, and whole long steps of the search; the middle of a class of periods, to 0.07 s
JUNCTION = next(n for n, e in enumerate(ROWS.extremes) if e.variable.name == "junction_k")
SHORT_OF_POWER = "satellite.power.array.area=95 m2"


def _altitude_km() -> float:
    """Altitude at which a sun-synchronous orbit takes 98 minutes from node to node, a whole number of steps."""
    low, high = 400e3, 900e3
    for _ in range(60):
        middle = 0.5 * (low + high)
        axis_m = EARTH_RADIUS_M + middle
        if nodal_period_s(axis_m, sun_synchronous_inclination_rad(axis_m)) < REVOLUTION_S:
            low = middle
        else:
            high = middle
    return low / 1e3


def _ring(revolutions: int, *sets: str) -> Outcome:
    duration, step = f"duration={revolutions * REVOLUTION_S:g} s", f"step={STEP_S} s"
    return Run(books.load(duration, step, books.ring(altitude_km=_altitude_km()), *sets)).finish()


def _state(outcome: Outcome, last: bool) -> NDArray[np.float64]:
    return np.stack([outcome.row(name) if last else outcome.initial_value(name) for name in STATES])


def _apart(a: NDArray[np.float64], b: NDArray[np.float64], outcome: Outcome) -> tuple[float, float]:
    """Largest difference of charge, in capacities, and of a temperature [K]."""
    capacity_j = outcome.loaded.scenario.satellite.power.battery.capacity
    return float(np.abs(a[0] - b[0]).max() / capacity_j), float(np.abs(a[AT] - b[AT]).max())


@pytest.fixture(scope="module")
def long_run() -> Outcome:
    """Eight satellites with 35 minutes of eclipse, ten revolutions from a full battery, with enough power."""
    return _ring(10)


@pytest.fixture(scope="module")
def settled_run() -> Outcome:
    """The same satellites from the settled state, for one revolution."""
    return _ring(1, "initial=settled")


def test_settled_is_what_ten_revolutions_lead_to(long_run: Outcome, settled_run: Outcome) -> None:
    """Source of truth: the run itself from another state, after ten revolutions of a whole number of steps each.

    0.1 % of the capacity and 0.1 K end the search. The long run's Sun has moved by 0.7 degrees: at noon-midnight the eclipse
    changes by the cosine of that, by less than 1e-4.
    """
    charge, temp_k = _apart(_state(long_run, last=True), _state(settled_run, last=False), long_run)
    assert charge < 1e-3
    assert temp_k < 0.1
    charge, temp_k = _apart(_state(long_run, last=False), _state(settled_run, last=False), long_run)
    assert charge > 0.05, "some satellites are in eclipse at the epoch: the two beginnings differ"
    assert temp_k > 5.0


def test_one_more_revolution_changes_nothing(settled_run: Outcome) -> None:
    """Source of truth: the definition of a periodic state, with the tolerances of the search."""
    charge, temp_k = _apart(_state(settled_run, last=True), _state(settled_run, last=False), settled_run)
    assert charge < 1e-3
    assert temp_k < 0.1


def test_battery_that_a_revolution_does_not_refill() -> None:
    """An array too small to refill the battery: it is drained to the reserve within some revolutions, then the state repeats.

    Source of truth: the run itself from a full battery, after twelve revolutions. Accelerators that the battery limits end
    a step at the reserve: where in a step of a minute it is reached, 25 kW of a battery of 20 kWh, is worth 2 % of it.
    """
    long, short = _ring(12, SHORT_OF_POWER), _ring(1, SHORT_OF_POWER, "initial=settled")
    charge, _ = _apart(_state(long, last=True), _state(short, last=False), long)
    assert charge < 0.02
    full, _ = _apart(_state(long, last=False), _state(short, last=False), long)
    assert full > 0.3
    last = slice(-short.grid.steps, None)
    useful = [float(o.column("useful")[last].mean()) for o in (long, short)]
    assert useful[1] == pytest.approx(useful[0], rel=2e-3)


def test_battery_that_drains_over_days() -> None:
    """Full sunlight at the equinox, and an array 1 % too small: the battery loses 2 % in a revolution down to the bus's reserve.

    Source of truth: definition of the reserve: what is below the depth of discharge, and the bus for `bus_reserve`; the run from a
    full battery is still above it after ten revolutions.
    """
    sunlit = ("epoch=2026-03-20T00:00:00Z", books.ring("06:00"), "satellite.power.array.area=143 m2")
    outcome = Run(books.load("duration=10 min", "initial=settled", *sunlit)).finish()
    satellite = outcome.loaded.scenario.satellite
    battery = satellite.power.battery
    # 2.5 kW of 23 kWh is a small rate: the loss is below 1 % of it
    reserve_j = (1.0 - battery.max_depth) * battery.capacity + satellite.bus.served_power * battery.bus_reserve
    assert outcome.initial_value("charge_j") == pytest.approx(reserve_j, abs=1e-3 * battery.capacity)
    long = Run(books.load("duration=16 h", *sunlit)).finish()
    assert 0.7 * battery.capacity < long.row("charge_j").min() < 0.9 * battery.capacity


@pytest.mark.parametrize("steps", [10, 96])
def test_short_run_has_the_junction_of_a_long_one(long_run: Outcome, settled_run: Outcome, steps: int) -> None:
    """The hottest junction of ten minutes and of a revolution is that of the same part of the tenth revolution.

    Source of truth: the long run's last revolution.
    """
    of_long = long_run.extremes[-96:, JUNCTION][:steps].max()
    assert settled_run.extremes[:steps, JUNCTION].max() == pytest.approx(of_long, abs=0.1)
    assert abs(long_run.extremes[0, JUNCTION] - long_run.extremes[-96, JUNCTION]) > 1.0, "from a full battery the first steps are others"


def test_short_coupled_run_has_the_junction_of_a_long_one() -> None:
    """A revolution of synchronous training: hottest junction as in the last third of nine hours.

    Source of truth: the long run from a full battery. Job and settled state differ by the checkpoints, 0.04 % of the
    time, and by members that wait in eclipse: 0.3 K is 1 % of the junction's rise above the radiator.
    """
    alone = ("ground=null", "fleet.soft_errors=false", "workloads.0.checkpoint.interval=30 min")
    short = Run(scenario.load("suncatcher", ("duration=98 min", *alone))).finish()
    long = Run(scenario.load("suncatcher", ("duration=9 h", "initial=full", *alone))).finish()
    of_long = long.extremes[-180:, JUNCTION].max()
    assert short.extremes[:, JUNCTION].max() == pytest.approx(of_long, abs=0.3)
    assert long.extremes[:30, JUNCTION].max() > of_long + 5.0


@pytest.mark.parametrize(
    "sets", [
        (), ("satellite.thermal.structure.area=16 m2",), ("satellite.power.battery.to_structure=10 W/K", "satellite.power.battery.heater=null"),
    ], ids=["shipped", "held by its heater", "slow battery"],
)  # fmt: skip
def test_slow_nodes_are_where_sixty_revolutions_lead(sets: tuple[str, ...]) -> None:
    """Source of truth: the run itself, sixty plain revolutions from another state: four days, 20 times the 5 h that the slowest battery
    takes (180 kJ/K through 10 W/K).

    Battery and structure leap there within ten. A revolution that changes less than 0.1 K ends the search; what is left then is leapt over
    as well, to the square of what long steps are off: 0.15 K.
    """
    short, long = _ring(1, "initial=settled", *sets), _ring(60, *sets)
    assert short.first_state.notes == ()
    moved_k = 0.0
    for name in ("battery_k", "structure_k"):
        assert short.initial_value(name) == pytest.approx(long.row(name), abs=0.15), name
        moved_k = max(moved_k, float(np.abs(long.initial_value(name) - long.row(name)).max()))
    assert moved_k > 3.0, "the two beginnings differ"


def test_full_is_the_initial_charge() -> None:
    """Source of truth: the scenario: 70 % of the capacity."""
    outcome = _ring(1, "satellite.power.battery.initial_charge=0.7")
    capacity_j = outcome.loaded.scenario.satellite.power.battery.capacity
    assert outcome.initial_value("charge_j").tolist() == [0.7 * capacity_j] * 8
    assert all(np.ptp(outcome.initial_value(name)) == 0.0 for name in NODES)


def test_energy_balances_from_the_settled_state(settled_run: Outcome) -> None:
    """Source of truth: conservation of energy; rounding of sums over 96 steps."""
    assert max(books.closures(settled_run).values()) < 1e-12
    assert max(energy_balance.closure(settled_run)) < 1e-12


@pytest.mark.parametrize("cut", [{"tile": 16, "threads": 2}, {"tile": 37, "block": 7, "threads": 1}])
def test_cuts_leave_no_trace(cut: dict[str, int]) -> None:
    """Shells of two periods. Source of truth: the contract: the same bytes whatever tiles, blocks and threads."""
    shells = (
        "constellation=[{kind: walker, altitude: 550 km, inclination: 53 deg, planes: 5, satellites_per_plane: 11}, "
        "{kind: walker, altitude: 900 km, inclination: 80 deg, planes: 3, satellites_per_plane: 7}]"
    )
    loaded = books.load("duration=10 min", "initial=settled", shells, "satellite.thermal.radiator.area=12 m2")
    whole, parts = Run(loaded, threads=1).finish(), Run(loaded, **cut).finish()
    assert whole.first_state.rows(slice(None)).tobytes() == parts.first_state.rows(slice(None)).tobytes()
    assert whole.carry.tobytes() == parts.carry.tobytes()


def test_catalogue_is_settled_satellite_by_satellite(folder: Path, make_element_lines: Any) -> None:
    """Five satellites of a catalogue among those of another period: the same state as alone.

    Source of truth: satellites do not depend on each other. Alone they have the grid of their own period, among others that
    of their class, within 0.1 %: 3 s in an eclipse, of a battery that lasts hours.
    """
    from datetime import UTC, datetime

    (folder / "five.tle").write_text(make_element_lines(5, datetime(2026, 12, 21, tzinfo=UTC)), encoding="ascii")
    alone = "constellation={kind: tle, tle: five.tle}"
    runs = [Run(books.load("duration=10 min", "initial=settled", "epoch=2026-12-21T00:00:00Z", alone), tile=t) for t in (5, 2)]
    states = [first_state(run).rows(slice(None)) for run in runs]
    assert states[0].tobytes() == states[1].tobytes()
    assert np.ptp(states[0][0]) > 0.0, "some in eclipse, some not"


@dataclass(frozen=True)
class _Interrupted:
    """A propagator whose second satellite has no position from the middle of the revolution on."""

    inner: Any

    @property
    def count(self) -> int:
        return int(self.inner.count)

    @property
    def period_s(self) -> NDArray[np.float64]:
        return np.asarray(self.inner.period_s)

    def on_grid(self, grid: Any) -> _Interrupted:
        return _Interrupted(self.inner.on_grid(grid))

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: NDArray[np.float64]) -> NDArray[np.int8]:
        self.inner.fill(lo, hi, first_tick, out_r_m)
        codes = np.zeros((out_r_m.shape[0], out_r_m.shape[2]), dtype=np.int8)
        codes[len(codes) // 2 :, 1 - lo] = 7
        return codes


def test_satellite_without_positions_starts_full() -> None:
    """Source of truth: the documents: it begins as with `initial: full`, with a note; its neighbours as before."""
    run = Run(books.load("duration=10 min", "initial=settled", books.ring()))
    usual, full = first_state(run), run.first_state.rows(slice(None))
    assert usual.notes == ()
    run.propagators = [_Interrupted(run.propagators[0])]  # type: ignore[list-item]
    found = first_state(run)
    one = slice(1, 2)
    assert found.rows(one)[:, 0] == pytest.approx(full[:, 1], rel=2.0**-23)  # temperatures in single precision
    assert found.charge_j[1] == full[0, 1]
    assert found.rows(one).tolist() != usual.rows(one).tolist()
    others = np.arange(8) != 1
    assert found.rows(np.flatnonzero(others)).tobytes() == usual.rows(np.flatnonzero(others)).tobytes()
    assert found.notes == (
        "initial: 1 of 8 satellites have no positions through the revolution after the epoch; they start as with initial: full",
    )


@pytest.mark.parametrize(
    "sets",
    [
        ("workloads=[{kind: training, model: llama-3-8b, members: 27}]", "fleet={spares: 3}"),
        ("workloads=[{kind: training, model: llama-3-8b, share: 0.5, members: 20}, {kind: inference, model: llama-3-8b, share: 0.25, demand: 1000 1/s}]",),
    ],
    ids=["spares", "a service"],
)
def test_inputs_of_the_search_are_those_of_a_step_at_full_rate(sets: tuple[str, ...]) -> None:
    """Source of truth: the first step of the run itself, with nothing failed, limited or unreached."""
    run = Run(scenario.load("suncatcher", ("duration=10 min", "ground=null", "initial=full", *sets)))
    coupling = Coupling(run)
    run.begin_coupled(coupling)
    jobs, n = coupling.scheduler, run.satellites
    found = {name: values.copy() for name, values in jobs.typical_inputs(coupling.transport)._asdict().items()}
    jobs.begin_step(0.0, 60.0, np.ones(n), coupling.transport, np.ones(n, dtype=np.bool_))
    jobs.set_rates(np.ones((3, n)))
    for name, values in jobs.fill_inputs()._asdict().items():
        assert found[name].tolist() == pytest.approx(values.tolist(), rel=1e-12), name
    assert 0.0 < found["duty"].min() < 1.0
