"""The state in which a run begins: the periodic one of an orbit that repeats, unless the scenario says `initial: full`.

A satellite flies the revolution that follows the epoch again and again, in long steps, until charge and temperatures at its
end are those at its beginning; where the charge has settled, temperatures go on to where the linear network would come to rest
(Newton's method). Then it flies twice in steps of the run, but not below a minute. All steps
divide the orbital period, so that the revolution closes. Satellites fly alone: each at the rate that power and heat allow,
with the duty that its job has at full clock rate. So the state of a satellite depends on its orbit, type and job alone,
neither on tiles and threads nor on the length of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from orbit.environment import sun_position_m
from orbit.propagation import Propagator
from orbit.timegrid import TimeGrid
from sim.engine.context import Context, sky
from sim.engine.satellite_params import STATE_ROWS, STATES, FirstState, FleetType
from sim.engine.threads import in_threads
from sim.spacecraft import battery_heater, loop, rows, step, thermal, thermal_response
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.submodel import Setup
from sim.spacecraft.thermal_network import conductance_matrix_w_k

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
BATTERY = STATES.index("battery_k")
CHARGE, TEMPERATURES = STATES.index("charge_j"), slice(1, 1 + len(thermal_response.Nodes._fields))
CHARGE_TOLERANCE, TEMP_TOLERANCE_K = 1e-3, 0.1  # of capacity: what a revolution may change
NEARLY_CHARGED = 5e-3  # of capacity: a change that says nothing about temperatures
REVOLUTIONS = 10  # in long steps, at most
LEAST_STEP_S, LEAST_STEPS, MOST_STEPS = 60.0, 66, 324  # of a revolution in short steps
STRIDES = (6, 1)  # short steps in one of each pace
PERIOD_CLASS = 3e-4  # relative: satellites whose periods agree so closely share a grid, that of the middle


class _Pace(NamedTuple):
    """A revolution in equal steps, as one satellite type flies it."""

    stride: int  # short steps in one of these
    reserve_j: float  # charge below which accelerators get nothing from the battery
    values: Array  # parameters
    sky: Array  # (steps, 6) at their ends


class _Grid(NamedTuple):
    """A revolution from the epoch on."""

    grid: TimeGrid
    sun_m: Array  # (steps + 1, 3)
    paces: tuple[_Pace, ...]  # in the order of STRIDES
    to_come: Array  # (2, nodes, nodes), change of temperatures in all revolutions to come over that in the last one; with the battery's heater
    setpoint_k: float  # of that heater


class _Revolution(NamedTuple):
    """Satellites of one type and one period."""

    propagator: Propagator
    numbers: Ints  # in the fleet
    type_: FleetType
    on: _Grid


def first_state(run: Context, controls: Callable[[], Array] | None = None) -> FirstState:
    """State of every satellite at the epoch.

    Parameters
    ----------
    run : Context
        The run.
    controls : callable, optional
        Gives the inputs of `CONTROLS` for the revolutions, (CONTROL_ROWS, satellites); by default satellites work
        independently.

    Returns
    -------
    FirstState
        The periodic state. Satellites without positions through a whole revolution, and all with `initial: full`, keep
        that of a battery with its initial charge and of the highest load.
    """
    if run.scenario.initial == "full":
        return run.first_state
    asked = None if controls is None else controls()
    full = run.first_state
    values = FirstState(full.charge_j.copy(), full.others.astype(np.float32))
    flown, periodic = np.zeros(run.satellites, dtype=np.bool_), np.zeros(run.satellites, dtype=np.bool_)
    tasks = [
        partial(_fly_tile, run, revolution, lo, asked, values, flown, periodic)
        for revolution in _revolutions(run)
        for lo in range(0, revolution.numbers.size, run.tile)
    ]
    if tasks:
        in_threads(tasks, run.threads, run.stop)
    return values._replace(notes=_notes(flown, periodic))


def _notes(flown: Flags, periodic: Flags) -> tuple[str, ...]:
    notes = []
    full, moving = int(np.sum(~flown)), int(np.sum(flown & ~periodic))
    if full:
        notes.append(
            f"initial: {full:,} of {flown.size:,} satellites have no positions through the revolution after the epoch; "
            "they start as with initial: full"
        )
    if moving:
        notes.append(
            f"initial: {moving:,} of {flown.size:,} satellites have not reached a periodic state after {REVOLUTIONS} revolutions"
        )
    return tuple(notes)


def _revolutions(run: Context) -> list[_Revolution]:
    """The fleet by propagator, type and period."""
    found, grids = [], dict[tuple[float, int], _Grid]()
    for propagator, base, kind in zip(run.propagators, run.first[:-1].tolist(), run.kinds, strict=True):
        period_s = propagator.period_s
        closed = np.isfinite(period_s) & (period_s > 1.0)
        classes = np.round(np.log(np.where(closed, period_s, 1.0)) / PERIOD_CLASS)
        for number in np.unique(classes[closed]).tolist():
            which = np.flatnonzero(closed & (classes == number))
            if (number, kind) not in grids:
                grids[number, kind] = _grid(run, kind, float(np.exp(number * PERIOD_CLASS)))
            some = propagator if which.size == propagator.count else propagator.subset(which)
            on = grids[number, kind]
            found.append(_Revolution(some.on_grid(on.grid), base + which, run.types[kind], on))
    return found


def _grid(run: Context, kind: int, period_s: float) -> _Grid:
    """A revolution from the epoch on, as one satellite type flies it."""
    steps = STRIDES[0] * round(min(max(period_s / max(run.grid.step_s, LEAST_STEP_S), LEAST_STEPS), MOST_STEPS) / STRIDES[0])
    grid = TimeGrid(run.grid.epoch_jd, run.grid.epoch_fr, period_s / steps, steps)
    jd, fr = grid.jd_fr(0, steps + 1)
    sun_m = np.ascontiguousarray(sun_position_m(jd, fr))
    around = sky(sun_m, jd, fr)
    type_ = run.types[kind]

    def pace(stride: int) -> _Pace:
        params = step.satellite_parameters(Setup(type_.satellite, run.scenario.environment, stride * grid.step_s, type_.radiation))
        if stride == STRIDES[0]:  # long steps are longer than a restart, which would keep them from settling
            params = params._replace(policy=params.policy._replace(restart_s=0.0))
        ends = slice(stride, None, stride)
        return _Pace(stride, params.battery.reserve_j, rows.flat(params), around[ends].copy())

    return _Grid(grid, sun_m, tuple(pace(stride) for stride in STRIDES), *_to_come(type_, period_s))


def _to_come(type_: FleetType, period_s: float) -> tuple[Array, float]:
    """M + M^2 + M^3 ... with M the departure from the periodic state after a revolution over that before it; set point of the battery's heater.

    Twice: while the heater is off, and while it holds the battery as a thermostat does.
    """
    network, heater = thermal.network(type_.satellite), type_.params.battery_heater
    tangent = 4.0 * network.emission_w_k4 * np.array([node.reference_k for node in network.nodes]) ** 3
    found = []
    for held_w_k in (0.0, heater.power_w / battery_heater.BAND_K):
        extra = np.where(np.arange(tangent.size) == network.index["battery"], held_w_k, 0.0)
        rates = (conductance_matrix_w_k(network) + np.diag(tangent + extra)) / network.heat_capacity_j_k[:, None]
        after = expm(-rates * period_s)
        found.append(np.linalg.solve(np.eye(len(after)) - after, after))
    return np.array(found), heater.setpoint_k


def _fly_tile(
    run: Context, revolution: _Revolution, lo: int, asked: Array | None, values: FirstState, flown: Flags, periodic: Flags
) -> int:
    """Settle one tile; returns its number of satellites."""
    hi = min(lo + run.tile, revolution.numbers.size)
    width = -(-(hi - lo) // loop.GROUP) * loop.GROUP
    numbers = revolution.numbers[lo + np.minimum(np.arange(width), hi - lo - 1)]
    r_m = np.empty((revolution.on.grid.steps + 1, 3, width))
    codes = revolution.propagator.fill(lo, hi, 0, r_m)
    controls = undisturbed(1, width)
    if asked is not None:
        controls[:, 0] = asked[:, numbers]
    state, capacity_j = values.rows(numbers), revolution.type_.satellite.power.battery.capacity
    if run.stop.is_set():
        return 0
    flights = [_Flight(revolution, pace, r_m, controls, hi - lo) for pace in revolution.on.paces]
    state, settled = _repeat(flights[0], state, capacity_j, revolution.on)
    # charge and temperatures rest a little beside those of long steps: a revolution finds the charge, one more the way of slow bodies
    before = flights[1](state)
    state = flights[1](before)
    charged = np.abs(state[CHARGE] - before[CHARGE]) <= NEARLY_CHARGED * capacity_j
    state[TEMPERATURES] += np.where(settled & charged, _ahead_k(state, before, revolution.on), 0.0)
    seen = np.ones(width, dtype=np.bool_) if codes is None else ~(codes != 0).any(axis=0)
    real = slice(0, hi - lo)
    whole = numbers[real][seen[real]]
    found = state[:, real][:, seen[real]]
    values.charge_j[whole], values.others[:, whole] = found[CHARGE], found[CHARGE + 1 :]
    flown[whole], periodic[whole] = True, settled[real][seen[real]]
    return hi - lo


class _Flight:
    """One revolution of a tile, from a state at its beginning to that at its end."""

    def __init__(self, revolution: _Revolution, pace: _Pace, r_m: Array, controls: Array, real: int) -> None:
        self.pace, self.controls, self.real, self.initial = pace, controls, real, revolution.type_.initial
        self.table = revolution.type_.table
        ends = slice(pace.stride, None, pace.stride)
        self.r_m = np.ascontiguousarray(r_m[ends])
        # the step before the epoch is the last one of the revolution before
        around = [-1 - pace.stride, 0]
        self.first_m, self.first_sun_m = r_m[around], revolution.on.sun_m[around]
        self.work = loop.empty_tiles(1)[0]
        self.fleet = np.zeros((len(self.r_m), loop.COLUMNS), dtype=np.int64)
        self.extremes = np.full((len(self.r_m), loop.EXTREMES), loop.NO_EXTREME)
        self.none = np.zeros(0, dtype=np.int64), np.zeros((1, loop.RECORDED, 0))

    def __call__(self, state: Array) -> Array:
        """State (STATES, width) after the revolution."""
        width = state.shape[1]
        carry = self.work[: loop.CARRIED, :width]
        loop.start(self.first_m, self.first_sun_m, self.initial, carry)
        carry[STATE_ROWS] = state
        loop.run_block(
            self.r_m, self.pace.sky, self.controls, self.pace.values, self.table, self.work, self.real, self.fleet,
            self.extremes, 0, len(self.r_m) + 1, *self.none,
        )  # fmt: skip
        after = carry[STATE_ROWS]
        after[:, self.real :] = after[:, self.real - 1 : self.real]
        return np.asarray(after)


def _ahead_k(after: Array, before: Array, on: _Grid) -> Array:
    """Change of temperatures in all revolutions to come, from that in the last one."""
    moved_k, held = (after - before)[TEMPERATURES], after[BATTERY] < on.setpoint_k
    found = np.zeros_like(moved_k)
    for free, with_heater, moved in zip(on.to_come[0].T, on.to_come[1].T, moved_k, strict=True):
        # no matrix product, whose rounding depends on the width of a tile
        found += np.where(held, with_heater[:, None], free[:, None]) * moved
    return found


def _repeat(fly: _Flight, state: Array, capacity_j: float, on: _Grid) -> tuple[Array, Flags]:
    """Fly until the state repeats, each satellite for itself; the state, and which satellites have settled."""
    settled, leapt = np.zeros((2, state.shape[1]), dtype=np.bool_)
    for n in range(REVOLUTIONS):
        after = fly(state)
        moved = after - state
        near = np.abs(moved[CHARGE]) <= CHARGE_TOLERANCE * capacity_j
        temps_k, charged = moved[TEMPERATURES], near
        near = near & (np.abs(temps_k).max(axis=0) <= TEMP_TOLERANCE_K)
        # a revolution between two leaps: a heater that holds a body leads it back, and the next leap would undo that
        leapt = charged & ~near & ~leapt
        after[TEMPERATURES] += np.where(leapt, _ahead_k(after, state, on), 0.0)
        state = np.where(settled, state, after)
        if n == 1:
            # emptier after each revolution: it would go on until the accelerators have used what is theirs
            emptying = ~settled & ~near & (moved[CHARGE] < 0.0)
            state[CHARGE, emptying] = np.minimum(state[CHARGE, emptying], fly.pace.reserve_j)
        settled |= near
        if settled.all():
            break
    return state, settled
