"""Compiled loops over tiles: many steps of a tile at once, or single steps of tiles that exchange something in between.

Both call the passes of `sim.spacecraft.passes`. Satellites are independent: results do not depend on how they are divided
into tiles, nor on how time is cut into blocks.
"""

from __future__ import annotations

import numpy as np

from orbit.constants import SUN_RADIUS_M
from orbit.kernels.compile import Floats, Ints, Singles, kernel
from orbit.kernels.shadow import shadow_edge
from orbit.kernels.views import fixed_rows
from sim.spacecraft.passes import (
    CARRIED,
    COLUMNS,
    CONTROL_ROWS,
    DUTY_CONTROL,
    DUTY_ROW,
    EDGE_BEFORE_ROW,
    EDGE_NOW_ROW,
    END_POSITION,
    EXTREMES,
    FIRST_CONTROL,
    GROUP,
    NO_EXTREME,
    POWER_LIMIT_ROW,
    RATE_CAP_ROW,
    RATE_LIMIT_ROW,
    RECORDED,
    ROW_LENGTH,
    SCALE,
    SIGNS,
    WIDTH,
    WORK,
    X_ROW,
    Sky,
    fill_controls,
    limits_passes,
    operation_passes,
    sum_up,
    surroundings_passes,
)
from sim.spacecraft.step import ROWS, unpack

__all__ = [
    "CARRIED", "COLUMNS", "CONTROL_ROWS", "DUTY_CONTROL", "EDGE_NOW_ROW", "EXTREMES", "GROUP", "LIMIT_ALLOWED", "LIMIT_POWER",
    "LIMIT_RATE", "LIMIT_ROWS", "NO_EXTREME", "RECORDED", "ROW_LENGTH", "SCALE", "SIGNS", "WIDTH", "WORK", "X_ROW",
    "empty_tiles", "preview_limits", "record", "run_block", "see_surroundings", "start", "take_step",
]  # fmt: skip

# Rows of limits[row, satellite], clock rates, written by `preview_limits`.
LIMIT_ALLOWED, LIMIT_POWER, LIMIT_RATE, LIMIT_ROWS = range(4)

# Rows of work that the recorder reads, as a constant of the compiled loop.
RECORDED_ROWS = np.array([ROWS.row_of(r.variable) for r in ROWS.recorded], dtype=np.int64)


def empty_tiles(count: int) -> Floats:
    """Rows of tiles, all 0, each row on the boundary of a cache line: vectors that lie across two of them take twice as long.

    Parameters
    ----------
    count : int
        Number of tiles.

    Returns
    -------
    ndarray, shape (count, WORK, ROW_LENGTH)
        The rows.

    Examples
    --------
    >>> empty_tiles(2).ctypes.data % 64
    0
    """
    size = count * WORK * ROW_LENGTH
    room = np.zeros(size + 8)
    first = -(room.ctypes.data // 8) % 8
    return room[first : first + size].reshape(count, WORK, ROW_LENGTH)


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


@kernel
def run_block(
    r_m: Floats,
    sky: Floats,
    controls: Floats,
    parameters: Floats,
    table: Singles,
    tile: Floats,
    real: int,
    fleet: Ints,
    extremes: Floats,
    first_step: int,
    stride: int,
    kept_satellite: Ints,
    kept: Floats,
) -> None:
    """Advance a tile by several steps.

    Parameters
    ----------
    r_m : ndarray, shape (steps, 3, width)
        Positions at the ends of the steps [m].
    sky : ndarray, shape (steps, 6)
        Sun and Earth there, the fields of `Sky`.
    controls : ndarray, shape (CONTROL_ROWS, steps or 1, width)
        Inputs of `CONTROLS`.
    parameters : ndarray
        Parameters of the satellites' type, as `rows.flat` gives them.
    table : ndarray of float32
        Map of the radiation of that type.
    tile : ndarray, shape (WORK, ROW_LENGTH)
        Rows of the tile; the carried ones go on.
    real : int
        Number of satellites; the rest of their last group pads.
    fleet : ndarray of int64, shape (steps, COLUMNS,)
        Sums over the fleet in whole counts; added to.
    extremes : ndarray, shape (steps, EXTREMES,)
        Largest values, smallest ones with their sign turned; raised.
    first_step : int
        Number of the first step.
    stride : int
        Steps between recorded frames, counted from the epoch.
    kept_satellite : ndarray of int64, shape (n,)
        Recorded satellites, by lane of the tile.
    kept : ndarray, shape (frames, RECORDED, n)
        Recorded values; frames that end within the block are written.
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
        now = Sky(sky[k, 0], sky[k, 1], sky[k, 2], sky[k, 3], sky[k, 4], sky[k, 5])
        surroundings_passes(work, groups, now, table, satellite)
        limits_passes(work, which, groups, now, satellite)
        operation_passes(work, groups, now, satellite)
        sum_up(work, real, fleet[k], extremes[k])
        done = first_step + k + 1
        if done % stride == 0:
            record(work, done // stride - 1, kept_satellite, kept)


# --- a step of tiles that exchange something: surroundings, limits as often as they are asked, then the step itself ------


@kernel
def see_surroundings(
    tiles: Floats, first: Ints, real: Ints, r_m: Floats, at: int, sky: Floats, controls: Floats,
    parameters: Floats, table: Singles,
) -> None:  # fmt: skip
    """Sun and Earth in the step ahead.

    Parameters
    ----------
    tiles : ndarray, shape (tiles, WORK, ROW_LENGTH)
        Rows of tiles whose satellites are of one type; written.
    first, real : ndarray of int64, shape (tiles,)
        Number of the first satellite of each tile, and of its satellites.
    r_m : ndarray, shape (tiles, steps, 3, width)
        Positions at the ends of steps [m].
    at : int
        The step among them.
    sky : ndarray, shape (6,)
        Sun and Earth at the end of the step, the fields of `Sky`.
    controls : ndarray, shape (CONTROL_ROWS, satellites)
        Inputs of `CONTROLS`, of the whole fleet.
    parameters : ndarray
        Parameters of the satellites' type, as `rows.flat` gives them.
    table : ndarray of float32
        Map of the radiation of that type.
    """
    satellite, now = unpack(parameters), Sky(sky[0], sky[1], sky[2], sky[3], sky[4], sky[5])
    for t in range(tiles.shape[0]):
        work, groups = fixed_rows(tiles[t], WORK, ROW_LENGTH), (real[t] + GROUP - 1) // GROUP
        for axis in range(3):
            for i in range(groups * GROUP):
                work[END_POSITION + axis, i] = r_m[t, at, axis, i]
        for row in range(CONTROL_ROWS):
            fill_controls(work, first[t], real[t], groups, row, controls[row])
        surroundings_passes(work, groups, now, table, satellite)


@kernel
def preview_limits(
    tiles: Floats, first: Ints, real: Ints, sky: Floats, duty: Floats, again: bool, parameters: Floats,
    limits: Floats,
) -> None:  # fmt: skip
    """Limits of the step ahead under given duties; `see_surroundings` comes before.

    Parameters
    ----------
    tiles : ndarray, shape (tiles, WORK, ROW_LENGTH)
        Rows of tiles whose satellites are of one type; written.
    first, real : ndarray of int64, shape (tiles,)
        Number of the first satellite of each tile, and of its satellites.
    sky : ndarray, shape (6,)
        Sun and Earth at the end of the step, the fields of `Sky`.
    duty : ndarray, shape (satellites,)
        Duty of the whole fleet.
    again : bool
        Whether this step has been asked before: then only groups whose duty has changed are.
    parameters : ndarray
        Parameters of the satellites' type, as `rows.flat` gives them.
    limits : ndarray, shape (LIMIT_ROWS, satellites)
        Limits of the whole fleet; written.
    """
    satellite, now = unpack(parameters), Sky(sky[0], sky[1], sky[2], sky[3], sky[4], sky[5])
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
        limits_passes(work, which, groups, now, satellite)
        for n in range(groups):
            for i in range(which[n] * GROUP, min((which[n] + 1) * GROUP, real[t])):
                limits[LIMIT_ALLOWED, first[t] + i] = work[RATE_CAP_ROW, i]
                limits[LIMIT_POWER, first[t] + i] = work[POWER_LIMIT_ROW, i]
                limits[LIMIT_RATE, first[t] + i] = work[RATE_LIMIT_ROW, i]


@kernel
def take_step(
    tiles: Floats, first: Ints, real: Ints, sky: Floats, controls: Floats, parameters: Floats,
    fleet: Ints, extremes: Floats,
) -> None:  # fmt: skip
    """Take the step within the limits last asked for.

    Parameters
    ----------
    tiles : ndarray, shape (tiles, WORK, ROW_LENGTH)
        Rows of tiles whose satellites are of one type; written.
    first, real : ndarray of int64, shape (tiles,)
        Number of the first satellite of each tile, and of its satellites.
    sky : ndarray, shape (6,)
        Sun and Earth at the end of the step, the fields of `Sky`.
    controls : ndarray, shape (CONTROL_ROWS, satellites)
        Inputs of `CONTROLS`, of the whole fleet.
    parameters : ndarray
        Parameters of the satellites' type, as `rows.flat` gives them.
    fleet : ndarray of int64, shape (COLUMNS,)
        Sums over the fleet in whole counts; added to.
    extremes : ndarray, shape (EXTREMES,)
        Largest values, smallest ones with their sign turned; raised.
    """
    satellite, now = unpack(parameters), Sky(sky[0], sky[1], sky[2], sky[3], sky[4], sky[5])
    for t in range(tiles.shape[0]):
        work, groups = fixed_rows(tiles[t], WORK, ROW_LENGTH), (real[t] + GROUP - 1) // GROUP
        for row in range(CONTROL_ROWS):
            fill_controls(work, first[t], real[t], groups, row, controls[row])
        operation_passes(work, groups, now, satellite)
        sum_up(work, real[t], fleet, extremes)
