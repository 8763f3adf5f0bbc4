"""The loop over a tile of satellites: the step in short passes, sums over the fleet, the recorder.

A tile lies in one array, row after row, each row padded. The step goes over it in passes (`sim.spacecraft.step` has
the functions): shadow, penumbra, surroundings, limits by power, limits by heat, operation. A short loop keeps its values
in registers and lets the processor work on several satellites at once, which one long loop does not. Penumbra and heat
are computed only for groups of satellites of which one needs them; the result of a satellite does not depend on that,
nor on the number of satellites in a tile, nor on how time is cut into blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from orbit.constants import SUN_RADIUS_M
from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.shadow import mean_in_penumbra, outside_penumbra, shadow_edge
from orbit.kernels.views import fixed_rows
from sim.spacecraft import array, attitude, earth_flux, illumination, radiator, rows
from sim.spacecraft.inputs import CONTROLS, Inputs
from sim.spacecraft.step import (
    NEAR_LIMIT_K,
    RECORDS,
    ROWS,
    SUBMODELS,
    VARIABLES,
    Effects,
    Limit,
    Run,
    State,
    first_effects,
    guarded,
    integrate,
    new_fluxes,
    new_state,
    power_and_heat_limits,
    settle,
    settled_run,
    unpack,
    within_power,
)

CARRIED, CONTROL_ROWS = len(ROWS.carried), len(CONTROLS)
COLUMNS, EXTREMES, RECORDED = len(ROWS.columns), len(ROWS.extremes), len(ROWS.recorded)
FIRST_CONTROL, END_POSITION = ROWS.first_control, ROWS.end_position
X_ROW = ROWS.carried["x_m"]
EDGE_BEFORE_ROW, EDGE_NOW_ROW = ROWS.carried["edge_before"], ROWS.carried["edge_now"]
GROUP = 16  # satellites that are asked together whether one of them needs a further pass

# --- rows handed from pass to pass -------------------------------------------------------------------------------------

_FIRST = (illumination.MODEL, attitude.MODEL, earth_flux.MODEL)  # one pass; what all others read of them is handed on
_READ_LATER = {read for m in SUBMODELS if m not in _FIRST for read in m.reads}
_KEPT = {v.name for v in VARIABLES if v.kind == "state" or v.totals or v.fleet or v.recorded}
_PASSED = [
    (record, field)
    for record in ("illumination", "incidence", "earth", "power", "environment", "limit", "run", "effects")
    for field in RECORDS[record]._fields
    if record in ("limit", "run", "effects") or field in _KEPT or f"{record}.{field}" in _READ_LATER
]
_ROW = {key: ROWS.work + row for row, key in enumerate(_PASSED)}
PENUMBRA_ROW, HEADROOM_ROW = ROWS.work + len(_PASSED), ROWS.work + len(_PASSED) + 1
SIDE_BY_SIDE = HEADROOM_ROW + 1  # four rows: edges of satellites in penumbra, and which these are
WORK = SIDE_BY_SIDE + 4


def _rows_of(record: str) -> dict[str, int]:
    return {field: row for (name, field), row in _ROW.items() if name == record}


EDGE_ROW, LIT_ROW = _ROW["illumination", "edge_now"], _ROW["illumination", "lit_fraction"]
POWER_LIMIT_ROW, RATE_LIMIT_ROW = _ROW["limit", "rate_power"], _ROW["limit", "rate_limit"]

# Rows of limits[row, satellite], clock rates, written by `preview_limits`.
LIMIT_ALLOWED, LIMIT_POWER, LIMIT_RATE, LIMIT_ROWS = range(4)

# Rows of work that the sums over the fleet, the extremes and the recorder read, as constants of the compiled loop.
COLUMN_ROWS = np.array([ROWS.scratch[c.variable.name, c.weighted] for c in ROWS.columns], dtype=np.int64)
SCALE = ROWS.scale
EXTREME_ROWS = np.array([ROWS.row_of(e.variable) for e in ROWS.extremes], dtype=np.int64)
SIGNS = np.array([1.0 if e.largest else -1.0 for e in ROWS.extremes])
RECORDED_ROWS = np.array([ROWS.row_of(r.variable) for r in ROWS.recorded], dtype=np.int64)
AVAILABLE_ROW = FIRST_CONTROL + ROWS.controls["available"]
RATE_CAP_ROW = FIRST_CONTROL + ROWS.controls["rate_cap"]
DUTY_CONTROL = ROWS.controls["duty"]
DUTY_ROW = FIRST_CONTROL + DUTY_CONTROL
WIDTH = 256  # satellites that fit into a tile, a multiple of GROUP
ROW_LENGTH = WIDTH + 8  # rows a power of two apart would share lines of the cache
NO_EXTREME = -rows.NONE_YET  # of a step in which no satellite is available
# adding 1.5 * 2^52 rounds to the nearest whole number and leaves it in the last bits
_ROUND = 1.5 * 2.0**52
_ROUND_BITS = int(np.float64(_ROUND).view(np.int64))

_given = {"end_x_m": f"work[{END_POSITION}, i]", "end_y_m": f"work[{END_POSITION + 1}, i]", "end_z_m": f"work[{END_POSITION + 2}, i]"}
_given |= {"sun_x_m": "sun_x", "sun_y_m": "sun_y", "sun_z_m": "sun_z", "flux_w_m2": "flux"}
_given |= {name: f"work[{FIRST_CONTROL + row}, i]" for name, row in ROWS.controls.items()}
_where = {v.name: {"state": "state", "flux": "fluxes", "input": "inputs"}[v.kind] for v in VARIABLES}
load_state = rows.loader("load_state", State, ROWS.carried)
load_inputs = rows.written(
    "load_inputs", "work, i, sun_x, sun_y, sun_z, flux",
    [f"return Inputs({', '.join(f'{field}={_given[field]}' for field in Inputs._fields)})"], {"Inputs": Inputs},
)  # fmt: skip
store = rows.storer(ROWS, _where)
load_lit = rows.loader("load_lit", RECORDS["illumination"], _rows_of("illumination"))
load_incidence = rows.loader("load_incidence", RECORDS["incidence"], _rows_of("incidence"))
load_earth = rows.loader("load_earth", RECORDS["earth"], _rows_of("earth"))
load_power = rows.loader("load_power", RECORDS["power"], _rows_of("power"))
load_environment = rows.loader("load_environment", RECORDS["environment"], _rows_of("environment"))
load_limit = rows.loader("load_limit", Limit, _rows_of("limit"))
load_run = rows.loader("load_run", Run, _rows_of("run"))
load_effects = rows.loader("load_effects", Effects, _rows_of("effects"))
keep_lit = rows.keeper("keep_lit", _rows_of("illumination"))
keep_incidence = rows.keeper("keep_incidence", _rows_of("incidence"))
keep_earth = rows.keeper("keep_earth", _rows_of("earth"))
keep_power = rows.keeper("keep_power", _rows_of("power"))
keep_environment = rows.keeper("keep_environment", _rows_of("environment"))
keep_limit = rows.keeper("keep_limit", _rows_of("limit"))
keep_run = rows.keeper("keep_run", _rows_of("run"))
keep_effects = rows.keeper("keep_effects", _rows_of("effects"))


@kernel
def start(r_m: Floats, sun_m: Floats, initial: Floats, carry: Floats) -> None:
    """Fill the first carried rows of a tile.

    Parameters
    ----------
    r_m : ndarray, shape (2, 3, width)
        Positions one step before the epoch and at it [m].
    sun_m : ndarray, shape (2, 3)
        Positions of the Sun at both times [m].
    initial : ndarray, shape (CARRIED,)
        First value of every carried row but positions and shadow.
    carry : ndarray, shape (CARRIED, width)
        Carried rows; written.
    """
    for i in range(carry.shape[1]):
        for row in range(CARRIED):
            carry[row, i] = initial[row]
        for axis in range(3):
            carry[X_ROW + axis, i] = r_m[1, axis, i]
        carry[EDGE_BEFORE_ROW, i] = shadow_edge(
            r_m[0, 0, i], r_m[0, 1, i], r_m[0, 2, i], sun_m[0, 0], sun_m[0, 1], sun_m[0, 2], SUN_RADIUS_M
        )
        carry[EDGE_NOW_ROW, i] = shadow_edge(
            r_m[1, 0, i], r_m[1, 1, i], r_m[1, 2, i], sun_m[1, 0], sun_m[1, 1], sun_m[1, 2], SUN_RADIUS_M
        )


@kernel
def record(work: Floats, frame: int, satellites: Ints, kept: Floats) -> None:
    """Copy the recorded satellites of a step to a frame of the recorder.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile after the step.
    frame : int
        Number of the frame.
    satellites : ndarray of int64, shape (n,)
        Recorded satellites, by lane of the tile.
    kept : ndarray, shape (frames, RECORDED, n)
        Recorded values; one frame is written.
    """
    for item in range(RECORDED):
        row = RECORDED_ROWS[item]
        for j in range(satellites.size):
            kept[frame, item, j] = work[row, satellites[j]]


# --- passes ------------------------------------------------------------------------------------------------------------


@inlined
def directions_pass(
    work: Any, groups: int, sun_x: float, sun_y: float, sun_z: float, flux: float, law: Any, satellite: Any
) -> None:
    """Directions, incidence, and what plates see of the Earth."""
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            inputs = load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            lit = illumination.directions(
                load_state(work, i), inputs, work[EDGE_ROW, i], work[LIT_ROW, i], satellite.illumination
            )
            incidence = attitude.advance(lit, law)
            keep_lit(work, i, lit, 1.0)
            keep_incidence(work, i, incidence, 1.0)
            keep_earth(work, i, earth_flux.advance(inputs, lit, incidence, satellite.earth), 1.0)


@inlined
def surroundings_passes(work: Any, groups: int, sun_x: float, sun_y: float, sun_z: float, flux: float, satellite: Any) -> None:
    """Shadow, then directions, array and absorbed heat."""
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            edge = illumination.sun_edge(inputs)
            work[EDGE_ROW, i] = edge
            work[LIT_ROW, i], work[PENUMBRA_ROW, i] = outside_penumbra(state.edge_before, state.edge_now, edge)
    # satellites in penumbra side by side
    partly = 0
    for lane in range(groups * GROUP):
        if work[PENUMBRA_ROW, lane] > 0.0:
            work[SIDE_BY_SIDE, partly] = work[EDGE_BEFORE_ROW, lane]
            work[SIDE_BY_SIDE + 1, partly] = work[EDGE_NOW_ROW, lane]
            work[SIDE_BY_SIDE + 2, partly] = work[EDGE_ROW, lane]
            work[SIDE_BY_SIDE + 3, partly] = lane
            partly += 1
    for n in range((partly + GROUP - 1) // GROUP * GROUP):
        work[SIDE_BY_SIDE, n] = mean_in_penumbra(
            work[SIDE_BY_SIDE, n], work[SIDE_BY_SIDE + 1, n], work[SIDE_BY_SIDE + 2, n]
        )
    for n in range(partly):
        work[LIT_ROW, np.int64(work[SIDE_BY_SIDE + 3, n])] = work[SIDE_BY_SIDE, n]
    law = satellite.attitude
    if law.sun_pointing > 0.0:  # known to the compiler, the law leaves out the other laws' arithmetic
        law = attitude.Attitude(1.0, 0.0, 0.0, law.cos_error, law.sin_error)
        directions_pass(work, groups, sun_x, sun_y, sun_z, flux, law, satellite)
    else:
        directions_pass(work, groups, sun_x, sun_y, sun_z, flux, law, satellite)
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            inputs = load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            lit, incidence, earth = load_lit(work, i), load_incidence(work, i), load_earth(work, i)
            power = array.advance(inputs, lit, incidence, earth, satellite.array)
            environment = radiator.advance(inputs, lit, incidence, earth, satellite.radiator)
            keep_power(work, i, power, 1.0)
            keep_environment(work, i, environment, 1.0)


@inlined
def limits_passes(
    work: Any, which: Ints, groups: int, sun_x: float, sun_y: float, sun_z: float, flux: float, satellite: Any
) -> None:
    """`step_limits` of the first `groups` of which[...]: by power, then by heat where one of a group comes near a limit."""
    for n in range(groups):
        g = which[n]
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            effects = first_effects(state, inputs, satellite)
            keep_run(work, i, within_power(state, inputs, load_power(work, i), effects, satellite), 1.0)
            keep_effects(work, i, effects, 1.0)
    for n in range(groups):
        g = which[n]
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            effects, headroom_k = settle(
                state, inputs, load_power(work, i), load_environment(work, i), load_run(work, i), load_effects(work, i), satellite
            )
            keep_effects(work, i, effects, 1.0)
            work[HEADROOM_ROW, i] = headroom_k
    for n in range(groups):
        g = which[n]
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            keep_run(work, i, within_power(state, inputs, load_power(work, i), load_effects(work, i), satellite), 1.0)
    for n in range(groups):
        g = which[n]
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs, run = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux), load_run(work, i)
            effects, headroom_k = settle(
                state, inputs, load_power(work, i), load_environment(work, i), run, load_effects(work, i), satellite
            )
            keep_effects(work, i, effects, 1.0)
            keep_limit(work, i, guarded(state, inputs, run, run.rate, run.powered, satellite), 1.0)
            work[HEADROOM_ROW, i] = min(work[HEADROOM_ROW, i], headroom_k)
    for n in range(groups):
        g, least_k = which[n], NEAR_LIMIT_K
        for j in range(GROUP):
            least_k = min(least_k, work[HEADROOM_ROW, np.uint64(g * GROUP + j)])
        if least_k < NEAR_LIMIT_K:
            for j in range(GROUP):
                i = np.uint64(g * GROUP + j)
                state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
                power, environment = load_power(work, i), load_environment(work, i)
                limit, effects = power_and_heat_limits(state, inputs, power, environment, satellite)
                hot = NEAR_LIMIT_K - work[HEADROOM_ROW, i]
                keep_limit(work, i, limit, hot)
                keep_effects(work, i, effects, hot)


@inlined
def operation_passes(work: Any, groups: int, sun_x: float, sun_y: float, sun_z: float, flux: float, satellite: Any) -> None:
    """What is run within the limits, and its effect on state, totals and published rows."""
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            power, environment, limit = load_power(work, i), load_environment(work, i), load_limit(work, i)
            run, effects = settled_run(state, inputs, power, environment, limit, load_effects(work, i), satellite)
            keep_run(work, i, run, 1.0)
            keep_effects(work, i, effects, 1.0)
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sun_x, sun_y, sun_z, flux)
            lit, incidence, earth = load_lit(work, i), load_incidence(work, i), load_earth(work, i)
            power, environment, limit = load_power(work, i), load_environment(work, i), load_limit(work, i)
            run, effects = load_run(work, i), load_effects(work, i)
            loads, flows, nodes, shares = integrate(
                state, inputs, lit, power, environment, limit, run, effects, satellite
            )
            store(
                work, i, new_state(lit, incidence, earth, power, environment, limit, run, effects, loads, flows, nodes, shares),
                inputs, new_fluxes(lit, incidence, earth, power, environment, limit, run, effects, loads, flows, nodes, shares),
                satellite.step_s,
            )  # fmt: skip


@inlined
def sum_up(work: Any, real: int, fleet: Ints, extremes: Floats) -> None:
    """The fleet's step, in integers."""
    for item in range(COLUMNS):
        row, scale = COLUMN_ROWS[item], SCALE[item]
        total = np.int64(0)
        for i in range(real):
            total += np.float64(work[row, i] * scale + _ROUND).view(np.int64) - _ROUND_BITS
        fleet[item] += total
    for item in range(EXTREMES):
        row, sign, extreme = EXTREME_ROWS[item], SIGNS[item], extremes[item]
        for i in range(real):
            extreme = max(extreme, sign * work[row, i] if work[AVAILABLE_ROW, i] > 0.0 else NO_EXTREME)
        extremes[item] = extreme


@kernel
def run_block(
    r_m: Floats,
    sun_m: Floats,
    flux_w_m2: Floats,
    controls: Floats,
    parameters: Floats,
    tile: Floats,
    real: int,
    fleet: Ints,
    extremes: Floats,
    first_step: int,
    stride: int,
    kept_satellite: Ints,
    kept: Floats,
) -> None:
    """Advance a tile by r_m.shape[0] steps.

    r_m[step, 3, satellite] [m] at the end of each step; sun_m[step, 3] [m] and flux_w_m2[step] there too;
    controls[row, step or 1, satellite] are the inputs of `CONTROLS`; parameters are those of `step.unpack`;
    tile[row, satellite] holds the carried rows, which go on; `real` satellites count, the rest of their group pads.
    fleet[step, column] is added to, extremes[step, item] raised (smallest values with their sign turned). Satellite
    kept_satellite[j] goes to kept[frame, :, j] after every stride-th step, counted from the epoch by first_step.
    """
    work, satellite = fixed_rows(tile, WORK, ROW_LENGTH), unpack(parameters)
    groups = (real + GROUP - 1) // GROUP
    which, control_steps = np.arange(groups), controls.shape[1]
    for k in range(r_m.shape[0]):
        for axis in range(3):
            for i in range(groups * GROUP):
                work[END_POSITION + axis, i] = r_m[k, axis, i]
        if k == 0 or control_steps > 1:
            for item in range(CONTROL_ROWS):
                for i in range(groups * GROUP):
                    work[FIRST_CONTROL + item, i] = controls[item, k if control_steps > 1 else 0, i]
        sun_x, sun_y, sun_z, flux = sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], flux_w_m2[k]
        surroundings_passes(work, groups, sun_x, sun_y, sun_z, flux, satellite)
        limits_passes(work, which, groups, sun_x, sun_y, sun_z, flux, satellite)
        operation_passes(work, groups, sun_x, sun_y, sun_z, flux, satellite)
        sum_up(work, real, fleet[k], extremes[k])
        done = first_step + k + 1
        if done % stride == 0:
            record(work, done // stride - 1, kept_satellite, kept)


# --- a step of tiles that exchange something: surroundings, limits as often as they are asked, then the step itself ------


@inlined
def fill_controls(work: Any, first: int, real: int, groups: int, row: int, values: Any) -> None:
    """One control of a tile's satellites; the rest of their group repeats the last satellite."""
    for i in range(real):
        work[FIRST_CONTROL + row, i] = values[first + i]
    for i in range(real, groups * GROUP):
        work[FIRST_CONTROL + row, i] = values[first + real - 1]


@kernel
def see_surroundings(
    tiles: Floats, first: Ints, real: Ints, r_m: Floats, at: int, sun_m: Floats, flux_w_m2: float, controls: Floats,
    parameters: Floats,
) -> None:  # fmt: skip
    """Sun and Earth in the step ahead, of tiles[tile, row, satellite] whose satellites are of one type.

    first[tile] is the number of its first satellite, real[tile] their number; r_m[tile, step, 3, satellite] [m] are read
    at step `at`; controls[row, number] are the inputs of `CONTROLS`.
    """
    satellite = unpack(parameters)
    for t in range(tiles.shape[0]):
        work, groups = fixed_rows(tiles[t], WORK, ROW_LENGTH), (real[t] + GROUP - 1) // GROUP
        for axis in range(3):
            for i in range(groups * GROUP):
                work[END_POSITION + axis, i] = r_m[t, at, axis, i]
        for row in range(CONTROL_ROWS):
            fill_controls(work, first[t], real[t], groups, row, controls[row])
        surroundings_passes(work, groups, sun_m[0], sun_m[1], sun_m[2], flux_w_m2, satellite)


@kernel
def preview_limits(
    tiles: Floats, first: Ints, real: Ints, sun_m: Floats, flux_w_m2: float, duty: Floats, again: bool, parameters: Floats,
    limits: Floats,
) -> None:  # fmt: skip
    """Limits of the step ahead under duty[number], to limits[row, number]; `see_surroundings` comes before.

    Asked again, the limits are those of before in groups whose duty has not changed.
    """
    satellite = unpack(parameters)
    which = np.empty(WIDTH // GROUP, dtype=np.int64)
    for t in range(tiles.shape[0]):
        work, groups = fixed_rows(tiles[t], WORK, ROW_LENGTH), 0
        for g in range((real[t] + GROUP - 1) // GROUP):
            changed = not again
            for i in range(g * GROUP, min((g + 1) * GROUP, real[t])):
                changed |= work[DUTY_ROW, i] != duty[first[t] + i]
            if changed:
                which[groups] = g
                groups += 1
        fill_controls(work, first[t], real[t], (real[t] + GROUP - 1) // GROUP, DUTY_CONTROL, duty)
        limits_passes(work, which, groups, sun_m[0], sun_m[1], sun_m[2], flux_w_m2, satellite)
        for n in range(groups):
            for i in range(which[n] * GROUP, min((which[n] + 1) * GROUP, real[t])):
                limits[LIMIT_ALLOWED, first[t] + i] = work[RATE_CAP_ROW, i]
                limits[LIMIT_POWER, first[t] + i] = work[POWER_LIMIT_ROW, i]
                limits[LIMIT_RATE, first[t] + i] = work[RATE_LIMIT_ROW, i]


@kernel
def take_step(
    tiles: Floats, first: Ints, real: Ints, sun_m: Floats, flux_w_m2: float, controls: Floats, parameters: Floats,
    fleet: Ints, extremes: Floats,
) -> None:  # fmt: skip
    """Take the step within the limits last asked for, under all controls; fleet[column] and extremes[item] as in `run_block`."""
    satellite = unpack(parameters)
    for t in range(tiles.shape[0]):
        work, groups = fixed_rows(tiles[t], WORK, ROW_LENGTH), (real[t] + GROUP - 1) // GROUP
        for row in range(CONTROL_ROWS):
            fill_controls(work, first[t], real[t], groups, row, controls[row])
        operation_passes(work, groups, sun_m[0], sun_m[1], sun_m[2], flux_w_m2, satellite)
        sum_up(work, real[t], fleet, extremes)
