"""The loop over a tile of satellites: `advance` for every satellite and step, sums over the fleet, the recorder.

`tile_loop(width)` compiles it for a fixed number of satellites a tile, so that all offsets are constants and the loops
vectorise. Satellites are independent: results do not depend on the width, nor on how time is cut into blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from orbit.constants import SUN_RADIUS_M
from orbit.kernels.compile import Floats, Ints, kernel
from orbit.kernels.shadow import shadow_edge
from sim.spacecraft import rows
from sim.spacecraft.inputs import CONTROLS, Inputs
from sim.spacecraft.step import ROWS, VARIABLES, State, advance

CARRIED, WORK, CONTROL_ROWS = len(ROWS.carried), ROWS.work, len(CONTROLS)
COLUMNS, EXTREMES, RECORDED = len(ROWS.columns), len(ROWS.extremes), len(ROWS.recorded)
FIRST_CONTROL, END_POSITION = ROWS.first_control, ROWS.end_position
X_ROW = ROWS.carried["x_m"]
EDGE_BEFORE_ROW, EDGE_NOW_ROW = ROWS.carried["edge_before"], ROWS.carried["edge_now"]

# Rows of limits[row, satellite], clock rates, written by `preview_limits`.
LIMIT_ALLOWED, LIMIT_POWER, LIMIT_RATE, LIMIT_ROWS = range(4)

# Rows of work that the sums over the fleet, the extremes and the recorder read, as constants of the compiled loop.
COLUMN_ROWS = np.array([ROWS.scratch[c.variable.name, c.weighted] for c in ROWS.columns], dtype=np.int64)
SCALE = ROWS.scale
EXTREME_ROWS = np.array([ROWS.row_of(e.variable) for e in ROWS.extremes], dtype=np.int64)
SIGNS = np.array([1.0 if e.largest else -1.0 for e in ROWS.extremes])
RECORDED_ROWS = np.array([ROWS.row_of(r.variable) for r in ROWS.recorded], dtype=np.int64)
AVAILABLE_ROW = FIRST_CONTROL + ROWS.controls["available"]
PADDING = 8  # satellites beyond a tile: rows a power of two apart would share lines of the cache
NO_EXTREME = -rows.NONE_YET  # of a step in which no satellite is available

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
    work : ndarray, shape (WORK, width + PADDING)
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


Loop = Callable[..., None]


@cache
def tile_loop(width: int) -> Loop:
    """Compile the loop for tiles of a fixed width; see `run_block` inside for its arguments.

    Parameters
    ----------
    width : int
        Satellites of a tile, at least 1.

    Returns
    -------
    callable
        The compiled loop, one for each width.
    """

    @kernel
    def run_block(
        r_m: Floats,
        sun_m: Floats,
        flux_w_m2: Floats,
        controls: Floats,
        satellite: Any,  # SatelliteParams
        carry: Floats,
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
        controls[row, step or 1, satellite] are the inputs of `CONTROLS`; carry[row, satellite] goes on; `real`
        satellites count, the rest pad. fleet[step, column] is added to, extremes[step, item] raised (smallest values with
        their sign turned). Satellite kept_satellite[j] goes to kept[frame, :, j] after every stride-th step, counted from
        the epoch by first_step.
        """
        work = np.empty((WORK, width + PADDING))
        for item in range(CARRIED):
            for i in range(width):
                work[item, i] = carry[item, i]
        step_s = satellite.step_s
        control_steps = controls.shape[1]
        for k in range(r_m.shape[0]):
            at = k if control_steps > 1 else 0
            for axis in range(3):
                for i in range(width):
                    work[END_POSITION + axis, i] = r_m[k, axis, i]
            for item in range(CONTROL_ROWS):
                for i in range(width):
                    work[FIRST_CONTROL + item, i] = controls[item, at, i]
            sun_x, sun_y, sun_z, flux = sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], flux_w_m2[k]
            for i in range(width):
                inputs = load_inputs(work, i, sun_x, sun_y, sun_z, flux)
                state, fluxes = advance(load_state(work, i), inputs, satellite)
                store(work, i, state, inputs, fluxes, step_s)
            # --- the fleet's step, in integers
            for item in range(COLUMNS):
                row, scale = COLUMN_ROWS[item], SCALE[item]
                total = np.int64(0)
                for i in range(real):
                    total += np.int64(work[row, i] * scale + 0.5)
                fleet[k, item] += total
            for item in range(EXTREMES):
                row, sign, extreme = EXTREME_ROWS[item], SIGNS[item], extremes[k, item]
                for i in range(real):
                    extreme = max(extreme, sign * work[row, i] if work[AVAILABLE_ROW, i] > 0.0 else NO_EXTREME)
                extremes[k, item] = extreme
            # --- the recorder's sample
            done = first_step + k + 1
            if done % stride == 0:
                record(work, done // stride - 1, kept_satellite, kept)
        for item in range(CARRIED):
            for i in range(width):
                carry[item, i] = work[item, i]

    return run_block


@cache
def preview_limits(width: int) -> Loop:
    """Compile the preview of a step's limits, without taking the step, for tiles of a fixed width.

    Parameters
    ----------
    width : int
        Satellites of a tile, at least 1.

    Returns
    -------
    callable
        The compiled function, one for each width; see `preview` inside for its arguments.
    """

    @kernel
    def preview(
        r_m: Floats,
        sun_m: Floats,
        flux_w_m2: float,
        controls: Floats,
        satellite: Any,  # SatelliteParams
        carry: Floats,
        limits: Floats,
    ) -> None:
        """r_m[3, satellite] [m] and sun_m[3] [m] at the end of the step; controls[row, satellite]; limits[row, satellite] is
        written."""
        work = np.empty((WORK, width + PADDING))
        for item in range(CARRIED):
            for i in range(width):
                work[item, i] = carry[item, i]
        for axis in range(3):
            for i in range(width):
                work[END_POSITION + axis, i] = r_m[axis, i]
        for item in range(CONTROL_ROWS):
            for i in range(width):
                work[FIRST_CONTROL + item, i] = controls[item, i]
        sun_x, sun_y, sun_z = sun_m[0], sun_m[1], sun_m[2]
        for i in range(width):
            inputs = load_inputs(work, i, sun_x, sun_y, sun_z, flux_w_m2)
            _, fluxes = advance(load_state(work, i), inputs, satellite)
            work[0, i], work[1, i], work[2, i] = inputs.rate_cap, fluxes.rate_power, fluxes.rate_limit
        for i in range(width):
            limits[LIMIT_ALLOWED, i] = work[0, i]
            limits[LIMIT_POWER, i], limits[LIMIT_RATE, i] = work[1, i], work[2, i]

    return preview
