"""The step of a tile of satellites in short passes.

A tile lies in one array, row after row, each row padded. The step goes over it in passes (`sim.spacecraft.step` has
the functions): shadow, penumbra, surroundings, limits, operation. A short loop keeps its values
in registers and lets the processor work on several satellites at once, which one long loop does not. Penumbra
is computed only for satellites that are in it, and a clock rate solved for only in groups of which one needs it; the
result of a satellite does not depend on that, nor on the number of satellites in a tile, nor on how time is cut into blocks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from orbit.kernels.compile import Floats, Ints, inlined
from orbit.kernels.shadow import mean_in_penumbra, outside_penumbra
from sim.spacecraft import (
    array,
    attitude,
    earth_flux,
    illumination,
    radiation,
    radiator,
    rows,
    structure,
    thermal_response,
)
from sim.spacecraft.inputs import CONTROLS, Inputs
from sim.spacecraft.step import (
    RECORDS,
    ROWS,
    SUBMODELS,
    VARIABLES,
    Draw,
    Effects,
    Limit,
    Run,
    State,
    between_ends,
    first_effects,
    first_round,
    integrate,
    intended_run,
    is_hot,
    is_lowered,
    limits_of,
    next_round,
    results,
    settled_run,
    within_budget,
    within_power,
)


class Sky(NamedTuple):
    """At the end of a step: position of the Sun [m], sunlight at its distance [W/m2], rotation of the Earth."""

    sun_x_m: float
    sun_y_m: float
    sun_z_m: float
    flux_w_m2: float
    earth_cos: float
    earth_sin: float


CARRIED, CONTROL_ROWS = len(ROWS.carried), len(CONTROLS)
COLUMNS, EXTREMES, RECORDED = len(ROWS.columns), len(ROWS.extremes), len(ROWS.recorded)
FIRST_CONTROL, END_POSITION = ROWS.first_control, ROWS.end_position
X_ROW = ROWS.carried["x_m"]
EDGE_BEFORE_ROW, EDGE_NOW_ROW = ROWS.carried["edge_before"], ROWS.carried["edge_now"]
GROUP = 32  # satellites that are asked together whether one of them needs a further pass

# --- rows handed from pass to pass -------------------------------------------------------------------------------------

# one pass; what all others read of them is handed on
_FIRST = (illumination.MODEL, attitude.MODEL, earth_flux.MODEL, array.MODEL, radiator.MODEL, structure.MODEL)
_READ_LATER = {read for m in SUBMODELS if m not in _FIRST for read in m.reads}
_KEPT = {v.name for v in VARIABLES if v.kind == "state" or v.totals or v.fleet or v.recorded}
_PASSED = [
    (record, field)
    for record in ("illumination", "incidence", "earth", "power", "environment", "structure", "base", "limit", "run", "effects")
    for field in RECORDS[record]._fields
    if record in ("base", "limit", "run", "effects") or field in _KEPT or f"{record}.{field}" in _READ_LATER
]
_ROW = {key: ROWS.work + row for row, key in enumerate(_PASSED)}
EXPOSURE_ROW = ROWS.work + len(_PASSED)  # three rows: dose rate, protons, and which of them are trapped
PENUMBRA_ROW = EXPOSURE_ROW + 3
SIDE_BY_SIDE = PENUMBRA_ROW + 1  # four rows: edges of satellites in penumbra, and which these are
WITHIN = {field: SIDE_BY_SIDE + row for row, field in enumerate(Draw._fields)}  # the shadow is done with its rows
COOL = {field: SIDE_BY_SIDE + 4 + row for row, field in enumerate(Draw._fields)}
WORK = SIDE_BY_SIDE + 4 + len(COOL)


def _rows_of(record: str) -> dict[str, int]:
    return {field: row for (name, field), row in _ROW.items() if name == record}


EDGE_ROW, LIT_ROW = _ROW["illumination", "edge_now"], _ROW["illumination", "lit_fraction"]
POWER_LIMIT_ROW, RATE_LIMIT_ROW = _ROW["limit", "rate_power"], _ROW["limit", "rate_limit"]

# Rows of work that the sums over the fleet, and the extremes read, as constants of the compiled loop.
COLUMN_ROWS = np.array([ROWS.scratch[c.variable.name, c.weighted] for c in ROWS.columns], dtype=np.int64)
SCALE = ROWS.scale
EXTREME_ROWS = np.array([ROWS.row_of(e.variable) for e in ROWS.extremes], dtype=np.int64)
SIGNS = np.array([1.0 if e.largest else -1.0 for e in ROWS.extremes])
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
_given |= {name: f"sky.{name}" for name in Sky._fields}
_given |= {name: f"work[{EXPOSURE_ROW + row}, i]" for row, name in enumerate(("dose_rate_gy_s", "proton_flux_m2_s", "trapped_flux_m2_s"))}
_given |= {name: f"work[{FIRST_CONTROL + row}, i]" for name, row in ROWS.controls.items()}
_where = {v.name: {"state": "state", "flux": "fluxes", "input": "inputs"}[v.kind] for v in VARIABLES}
load_state = rows.loader("load_state", State, ROWS.carried)
load_inputs = rows.written(
    "load_inputs", "work, i, sky",
    [f"return Inputs({', '.join(f'{field}={_given[field]}' for field in Inputs._fields)})"], {"Inputs": Inputs},
)  # fmt: skip
store = rows.storer(ROWS, _where)
load_lit = rows.loader("load_lit", RECORDS["illumination"], _rows_of("illumination"))
load_incidence = rows.loader("load_incidence", RECORDS["incidence"], _rows_of("incidence"))
load_earth = rows.loader("load_earth", RECORDS["earth"], _rows_of("earth"))
load_power = rows.loader("load_power", RECORDS["power"], _rows_of("power"))
load_environment = rows.loader("load_environment", RECORDS["environment"], _rows_of("environment"))
load_structure = rows.loader("load_structure", RECORDS["structure"], _rows_of("structure"))
load_base = rows.loader("load_base", RECORDS["base"], _rows_of("base"))
load_limit = rows.loader("load_limit", Limit, _rows_of("limit"))
load_run = rows.loader("load_run", Run, _rows_of("run"))
load_within = rows.loader("load_within", Draw, WITHIN)
load_cool = rows.loader("load_cool", Draw, COOL)
load_effects = rows.loader("load_effects", Effects, _rows_of("effects"))
keep_lit = rows.keeper("keep_lit", _rows_of("illumination"))
keep_incidence = rows.keeper("keep_incidence", _rows_of("incidence"))
keep_earth = rows.keeper("keep_earth", _rows_of("earth"))
keep_power = rows.keeper("keep_power", _rows_of("power"))
keep_environment = rows.keeper("keep_environment", _rows_of("environment"))
keep_structure = rows.keeper("keep_structure", _rows_of("structure"))
keep_base = rows.keeper("keep_base", _rows_of("base"))
keep_limit = rows.keeper("keep_limit", _rows_of("limit"))
keep_run = rows.keeper("keep_run", _rows_of("run"))
keep_within = rows.keeper("keep_within", WITHIN)
keep_cool = rows.keeper("keep_cool", COOL)
keep_effects = rows.keeper("keep_effects", _rows_of("effects"))


# --- passes -----------------------------------------------------------------------------------------------------------


@inlined
def directions_pass(work: Any, groups: int, sky: Sky, law: Any, satellite: Any) -> None:
    """Directions, incidence, what plates see of the Earth, power of the array, and the step without heats of the machines.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    groups : int
        Groups of satellites; the last one is padded.
    sky : Sky
        Sun and Earth at the end of the step.
    law : Attitude
        Attitude law.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sky)
            lit = illumination.directions(state, inputs, work[EDGE_ROW, i], work[LIT_ROW, i], satellite.illumination)
            incidence = attitude.advance(lit, law)
            earth = earth_flux.advance(inputs, lit, incidence, satellite.earth)
            power = array.advance(state, inputs, lit, incidence, earth, satellite.array)
            environment = radiator.advance(state, inputs, lit, incidence, earth, satellite.radiator)
            surface = structure.advance(inputs, lit, earth, satellite.structure)
            keep_lit(work, i, lit)
            keep_incidence(work, i, incidence)
            keep_earth(work, i, earth)
            keep_power(work, i, power)
            keep_environment(work, i, environment)
            keep_structure(work, i, surface)
            keep_base(work, i, thermal_response.base_of(state, environment, surface, satellite.thermal))


@inlined
def exposure_pass(work: Any, groups: int, sky: Sky, table: Any, satellite: Any) -> None:
    """Dose rate and protons at the ends of the step, from the map of the type.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    groups : int
        Groups of satellites; the last one is padded.
    sky : Sky
        Sun and Earth at the end of the step.
    table : ndarray of float32
        Map of the radiation.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            index, weight = radiation.cell(
                work[END_POSITION, i], work[END_POSITION + 1, i], work[END_POSITION + 2, i], sky, satellite.radiation
            )
            work[SIDE_BY_SIDE, i], work[SIDE_BY_SIDE + 1, i] = index, weight
    for n in range(groups * GROUP):
        found = radiation.values(table, int(work[SIDE_BY_SIDE, n]), work[SIDE_BY_SIDE + 1, n])
        work[EXPOSURE_ROW, n], work[EXPOSURE_ROW + 1, n], work[EXPOSURE_ROW + 2, n] = found


@inlined
def surroundings_passes(work: Any, groups: int, sky: Sky, table: Any, satellite: Any) -> None:
    """Radiation, shadow, then directions, power of the array and absorbed heat.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    groups : int
        Groups of satellites; the last one is padded.
    sky : Sky
        Sun and Earth at the end of the step.
    table : ndarray of float32
        Map of the radiation.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    exposure_pass(work, groups, sky, table, satellite)
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sky)
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
    if attitude.edge_on(law):  # known to the compiler, the law leaves out the other laws' arithmetic
        directions_pass(work, groups, sky, attitude.edge_on_law(law), satellite)
    else:
        directions_pass(work, groups, sky, law, satellite)


@inlined
def limits_pass(work: Any, g: int, sky: Sky, solve_within: bool, solve_cool: bool, satellite: Any) -> None:
    """Clock rates of a group from the power that it may draw.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    g : int
        The group.
    sky : Sky
        Sun and Earth at the end of the step.
    solve_within, solve_cool : bool
        Whether the rate of one of its satellites within power, or within heat, lies between 0 and what events leave.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    for j in range(GROUP):
        i = np.uint64(g * GROUP + j)
        state, inputs = load_state(work, i), load_inputs(work, i, sky)
        limit = limits_of(state, inputs, load_within(work, i), load_cool(work, i), solve_within, solve_cool, satellite)
        keep_limit(work, i, limit)


@inlined
def limits_passes(work: Any, which: Ints, groups: int, sky: Sky, satellite: Any) -> None:
    """`step_limits`: what power and heat allow, then clock rates.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    which : ndarray of int64
        Groups to ask.
    groups : int
        How many of them.
    sky : Sky
        Sun and Earth at the end of the step.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    for n in range(groups):
        g = which[n]
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs, power = load_state(work, i), load_inputs(work, i, sky), load_power(work, i)
            effects = first_effects(state, inputs, satellite)
            within = within_power(state, inputs, power, effects, satellite)
            within, cool, effects = first_round(state, inputs, power, load_base(work, i), within, effects, satellite)
            keep_within(work, i, within)
            keep_cool(work, i, cool)
            keep_effects(work, i, effects)
    for n in range(groups):
        g, hot = which[n], 0
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            hot += is_hot(load_within(work, i), load_cool(work, i))
        if hot == 0:
            continue
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs, power = load_state(work, i), load_inputs(work, i, sky), load_power(work, i)
            cool, effects = next_round(
                state, inputs, power, load_base(work, i), load_within(work, i), load_cool(work, i), load_effects(work, i), satellite
            )
            keep_cool(work, i, cool)
            keep_effects(work, i, effects)
    for n in range(groups):
        g, within, cool = which[n], 0, 0
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            inputs = load_inputs(work, i, sky)
            within += between_ends(inputs, load_within(work, i), satellite)
            cool += between_ends(inputs, load_cool(work, i), satellite)
        if within > 0:
            limits_pass(work, g, sky, True, True, satellite)
        elif cool > 0:
            limits_pass(work, g, sky, False, True, satellite)
        else:
            limits_pass(work, g, sky, False, False, satellite)


@inlined
def operation_passes(work: Any, groups: int, sky: Sky, satellite: Any) -> None:
    """What is run within the limits, and its effect on state, totals and published rows.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    groups : int
        Groups of satellites; the last one is padded.
    sky : Sky
        Sun and Earth at the end of the step.
    satellite : SatelliteParams
        Parameters of the satellites' type.
    """
    for g in range(groups):
        lowered = 0
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            lowered += is_lowered(load_state(work, i), load_inputs(work, i, sky), load_limit(work, i), satellite)
        if lowered > 0:
            for j in range(GROUP):
                i = np.uint64(g * GROUP + j)
                state, inputs = load_state(work, i), load_inputs(work, i, sky)
                power, base, limit = load_power(work, i), load_base(work, i), load_limit(work, i)
                run, effects = settled_run(state, inputs, power, base, limit, load_effects(work, i), satellite)
                keep_run(work, i, run)
                keep_effects(work, i, effects)
        else:
            for j in range(GROUP):
                i = np.uint64(g * GROUP + j)
                inputs = load_inputs(work, i, sky)
                run = intended_run(inputs, load_limit(work, i), satellite)
                keep_run(work, i, within_budget(load_state(work, i), inputs, load_power(work, i), run, load_effects(work, i), satellite))
    for g in range(groups):
        for j in range(GROUP):
            i = np.uint64(g * GROUP + j)
            state, inputs = load_state(work, i), load_inputs(work, i, sky)
            lit, incidence, earth = load_lit(work, i), load_incidence(work, i), load_earth(work, i)
            power, environment, surface = load_power(work, i), load_environment(work, i), load_structure(work, i)
            limit, run, effects = load_limit(work, i), load_run(work, i), load_effects(work, i)
            loads, flows, panel_flows, nodes, shares = integrate(
                state, inputs, lit, power, load_base(work, i), limit, run, effects, satellite
            )
            after, fluxes = results(
                state, inputs, lit, incidence, earth, power, environment, surface, limit, run, effects, loads, flows, panel_flows, nodes,
                shares, satellite,
            )  # fmt: skip
            store(work, i, after, inputs, fluxes, satellite.step_s)


@inlined
def sum_up(work: Any, real: int, fleet: Ints, extremes: Floats) -> None:
    """Add the step of a tile to the sums over the fleet, in integers.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile.
    real : int
        Satellites of the tile.
    fleet : ndarray of int64, shape (COLUMNS,)
        Sums in whole counts; added to.
    extremes : ndarray, shape (EXTREMES,)
        Largest values, smallest ones with their sign turned; raised.
    """
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


@inlined
def fill_controls(work: Any, first: int, real: int, groups: int, row: int, values: Any) -> None:
    """One control of a tile's satellites; the rest of their group repeats the last satellite.

    Parameters
    ----------
    work : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; written.
    first, real, groups : int
        Number of the tile's first satellite, of its satellites, and of their groups.
    row : int
        Row of the control among the controls.
    values : ndarray, shape (satellites,)
        Values of the whole fleet.
    """
    for i in range(real):
        work[FIRST_CONTROL + row, i] = values[first + i]
    for i in range(real, groups * GROUP):
        work[FIRST_CONTROL + row, i] = values[first + real - 1]
