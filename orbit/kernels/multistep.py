"""Orbits by steps of fixed length: the summed forms of Stoermer-Cowell (positions) and Adams (velocities).

One evaluation of the forces a step; what was found at the last ORDER steps extrapolates to the next. Suited to orbits
that are nearly circular, where one length of step fits all the way round. A group of LANES satellites goes through
time together, and the inner loops over it are vector instructions. [berry2004; montenbruck2000:4.2]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.forces import Forces, acceleration, is_low, sky_at

LANES = 64  # satellites that go together; a multiple of every vector's width, so that no lane is treated apart
PITCH = LANES + 8  # of rows in memory: not a power of two, which would map them all to the same few lines of the cache
MEMORY = 30  # steps until the last ORDER accelerations are moved back to the front of their buffer
STARTING_ROUNDS = 10  # (n h ORDER)^20 / 20! of the radius is left: 1e-8 m at steps of 60 s

# Rows of a group's state, each a satellite's number a lane: position [m] and velocity [m/s], sums [m], what does not change,
# the first step found below 100 km or 0, and from RING on the last accelerations times h^2 [m], the oldest first.
X, Y, Z, VX, VY, VZ, SUM_X, SUM_Y, SUM_Z, SUM_VX, SUM_VY, SUM_VZ, CD_AM, CR_AM, DOWN, NEW_X, NEW_Y, NEW_Z, RING = (
    row * PITCH for row in range(19)
)
AXES = (0, PITCH, 2 * PITCH)


@cache
def _series(order: int) -> tuple[list[Fraction], list[Fraction]]:
    """Power series of -x / ln(1-x) and of its square, order + 2 terms each, exact."""
    terms = order + 2
    log = [Fraction(1, n + 1) for n in range(terms)]  # of -ln(1-x) / x
    once: list[Fraction] = []
    for n in range(terms):
        rest = sum((log[m] * once[n - m] for m in range(1, n + 1)), Fraction(0))
        once.append(Fraction(int(n == 0)) - rest)
    twice = [sum((once[m] * once[n - m] for m in range(n + 1)), Fraction(0)) for n in range(terms)]
    return once, twice


def coefficients(order: int, theta: Fraction | float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of the last accelerations in position and velocity at theta steps after the newest of them.

    With b = h^2 a: position = S2 + (theta - 1) S1 + sum c_j b_{n-j} and h velocity = S1 + sum d_j b_{n-j}, where S1
    sums b and S2 sums S1, up to the newest. Returns (c, d), each (order,). Exact for a Fraction. [berry2004]
    """
    once, twice = _series(order)
    shift: list[Fraction | float] = [Fraction(1)]  # of (1 - x)^-theta
    for n in range(1, order + 2):
        shift.append(shift[-1] * (theta + n - 1) / n)
    velocity = [sum(shift[m] * once[n - m] for m in range(n + 1)) for n in range(1, order + 1)]
    position = [sum(shift[m] * twice[n - m] for m in range(n + 1)) for n in range(2, order + 2)]
    # from backward differences to values
    signs = [[(-1) ** j * math.comb(i, j) if j <= i else 0 for j in range(order)] for i in range(order)]
    c = [sum(position[i] * signs[i][j] for i in range(order)) for j in range(order)]
    d = [sum(velocity[i] * signs[i][j] for i in range(order)) for j in range(order)]
    return np.array(c, dtype=np.float64), np.array(d, dtype=np.float64)


@cache
def starting(order: int) -> NDArray[np.float64]:
    """Coefficients of all positions and velocities of the start, [0 position or 1 velocity, steps back, steps back]."""
    rows = [coefficients(order, Fraction(-m)) for m in range(order)]
    return np.ascontiguousarray([[r[0] for r in rows], [r[1] for r in rows]])


PLAIN = 9.0  # in the column of theta - 1: copy the step itself


def mixed(order: int, theta: Fraction | float) -> NDArray[np.float64]:
    """One row of `out_mix`: theta - 1, then the part of each acceleration in position and in velocity, the oldest first."""
    c, d = coefficients(order, theta)
    return np.concatenate(([float(theta) - 1.0], c[::-1], d[::-1]))


def new_state(order: int) -> Floats:
    """State of a group, all zeros; `lanes` shows its rows."""
    return np.zeros(RING + 3 * order * PITCH)


def lanes(state: Floats) -> Floats:
    """The rows of a state as [row, lane], the same memory."""
    return state.reshape(-1, PITCH)[:, :LANES]


@inlined
def aligned(room: Floats) -> int:
    """First item of an array that lies on a line of the cache: vectors across two lines are loaded twice."""
    return int(64 - room.ctypes.data % 64) % 64 // 8


Loop = Callable[..., None]


@cache
def starter(forces: Forces, order: int) -> Loop:
    """Kernel that starts groups, compiled for these forces and this order; see `start` inside."""
    zonals, drags, light, sun, moon = forces  # numbers only: with functions in its closure a kernel is not kept on disk
    size = RING + 3 * order * PITCH
    newest = RING + 3 * (order - 1) * PITCH

    @kernel
    def start(
        states: Floats, step_s: float, table: Floats, sky: Floats, sky_start_s: float, sky_spacing_s: float, air: Floats
    ) -> None:
        """Fill sums and ring of states[group, item] from position and velocity at the epoch.

        The accelerations of the last ORDER steps are those of the polynomial motion that they make: found by going
        round until nothing moves. table as `starting` gives it; step_s may be negative.
        """
        room = np.empty(size + 8)
        work = room[aligned(room) :]
        h, h2, per_s = step_s, step_s * step_s, 1.0 / step_s
        for group in range(states.shape[0]):
            state = states[group]
            for item in range(size):
                work[item] = state[item]
            for turn in range(STARTING_ROUNDS + 1):
                for m in range(order):
                    if m == 0 and turn > 0:
                        continue  # where it starts does not move
                    now = sky_at(sky, -m * h, sky_start_s, sky_spacing_s)
                    for i in range(LANES):
                        x, y, z, vx, vy, vz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                        for j in range(order):
                            c = table[0, m, j] - table[0, 0, j] + m * table[1, 0, j]
                            d = table[1, m, j] - table[1, 0, j]
                            at = newest - 3 * j * PITCH + i
                            x, y, z = x + c * work[at], y + c * work[at + PITCH], z + c * work[at + 2 * PITCH]
                            vx, vy, vz = vx + d * work[at], vy + d * work[at + PITCH], vz + d * work[at + 2 * PITCH]
                        vx0, vy0, vz0, back = work[VX + i], work[VY + i], work[VZ + i], m * h
                        ax, ay, az = acceleration(
                            zonals, drags, light, sun, moon, work[X + i] - back * vx0 + x, work[Y + i] - back * vy0 + y,
                            work[Z + i] - back * vz0 + z,
                            vx0 + per_s * vx, vy0 + per_s * vy, vz0 + per_s * vz, work[CD_AM + i], work[CR_AM + i], now, air, abs(h),
                        )  # fmt: skip
                        work[NEW_X + i], work[NEW_Y + i], work[NEW_Z + i] = h2 * ax, h2 * ay, h2 * az
                    # first guess: all accelerations are that at the epoch
                    for k in range(order if turn == 0 else 1):
                        for item in range(3 * PITCH):
                            work[newest - 3 * (m + k) * PITCH + item] = work[NEW_X + item]
                    if turn == 0:
                        break
            for axis in AXES:
                for i in range(LANES):
                    velocity, position = 0.0, 0.0
                    for j in range(order):
                        b = work[newest - 3 * j * PITCH + axis + i]
                        velocity += table[1, 0, j] * b
                        position += table[0, 0, j] * b
                    once = h * work[VX + axis + i] - velocity
                    work[SUM_VX + axis + i] = once
                    work[SUM_X + axis + i] = work[X + axis + i] + once - position
            for item in range(size):
                state[item] = work[item]

    return start


@cache
def advancer(forces: Forces, order: int) -> Loop:
    """The loop over steps, compiled for these forces and this order; see `advance` inside for its arguments."""
    zonals, drags, light, sun, moon = forces  # numbers only: with functions in its closure a kernel is not kept on disk
    c_next, d_next = (np.ascontiguousarray(row[::-1]) for row in coefficients(order, Fraction(1)))
    ring = 3 * order * PITCH
    moving = drags or light

    @kernel
    def advance(
        states: Floats, first: int, steps: int, step_s: float, sky: Floats, sky_start_s: float, sky_spacing_s: float,
        air: Floats, out_step: Ints, out_mix: Floats, out: Floats,
    ) -> None:  # fmt: skip
        """Take states[group, item] from step `first` through `steps` more.

        out[j, 3 or 6, lane], the groups' lanes one after the other, receives position and velocity at a share of a step
        after out_step[j] (rising, from `first` on): out_mix[j] holds what `mixed` makes of it. Where its first number
        is PLAIN, the position at the step itself is copied and no velocity is written.
        """
        room, past_room = np.empty(RING + 8), np.empty(ring + 3 * MEMORY * PITCH + 8)
        work, past = room[aligned(room) :], past_room[aligned(past_room) :]
        h, h2, per_s = step_s, step_s * step_s, 1.0 / step_s
        for g in range(states.shape[0]):
            state = states[g]
            for item in range(RING):
                work[item] = state[item]
            for item in range(ring):
                past[item] = state[RING + item]
            done, used = 0, 0
            for n in range(first, first + steps + 1):
                if n > first:
                    if used == MEMORY:
                        for item in range(ring):
                            past[item] = past[item + 3 * MEMORY * PITCH]
                        used = 0
                    # a base that moves, offsets that do not: the compiler sees that nothing overlaps
                    b = past[3 * used * PITCH :]
                    used += 1
                    now = sky_at(sky, n * h, sky_start_s, sky_spacing_s)
                    for i in range(LANES):
                        # two sums of every second term: half the length of the chain of additions
                        sx, sy, sz = work[SUM_VX + i], work[SUM_VY + i], work[SUM_VZ + i]
                        px, py, pz = work[SUM_X + i], work[SUM_Y + i], work[SUM_Z + i]
                        x, y, z, x1, y1, z1 = px, py, pz, 0.0, 0.0, 0.0
                        vx, vy, vz, vx1, vy1, vz1 = sx, sy, sz, 0.0, 0.0, 0.0
                        for k in range(0, order, 2):
                            bx, by, bz = b[3 * k * PITCH + i], b[(3 * k + 1) * PITCH + i], b[(3 * k + 2) * PITCH + i]
                            x, y, z = x + c_next[k] * bx, y + c_next[k] * by, z + c_next[k] * bz
                            if moving:
                                vx, vy, vz = vx + d_next[k] * bx, vy + d_next[k] * by, vz + d_next[k] * bz
                        for k in range(1, order, 2):
                            bx, by, bz = b[3 * k * PITCH + i], b[(3 * k + 1) * PITCH + i], b[(3 * k + 2) * PITCH + i]
                            x1, y1, z1 = x1 + c_next[k] * bx, y1 + c_next[k] * by, z1 + c_next[k] * bz
                            if moving:
                                vx1, vy1, vz1 = vx1 + d_next[k] * bx, vy1 + d_next[k] * by, vz1 + d_next[k] * bz
                        x, y, z = x + x1, y + y1, z + z1
                        work[X + i], work[Y + i], work[Z + i] = x, y, z
                        if moving:
                            vx, vy, vz = per_s * (vx + vx1), per_s * (vy + vy1), per_s * (vz + vz1)
                            work[VX + i], work[VY + i], work[VZ + i] = vx, vy, vz
                    for i in range(LANES):
                        x, y, z = work[X + i], work[Y + i], work[Z + i]
                        vx, vy, vz = work[VX + i], work[VY + i], work[VZ + i]
                        sx, sy, sz = work[SUM_VX + i], work[SUM_VY + i], work[SUM_VZ + i]
                        px, py, pz = work[SUM_X + i], work[SUM_Y + i], work[SUM_Z + i]
                        ax, ay, az = acceleration(
                            zonals, drags, light, sun, moon, x, y, z, vx, vy, vz, work[CD_AM + i], work[CR_AM + i], now, air,
                            abs(h),
                        )  # fmt: skip
                        bx, by, bz = h2 * ax, h2 * ay, h2 * az
                        sx, sy, sz = sx + bx, sy + by, sz + bz
                        work[SUM_VX + i], work[SUM_VY + i], work[SUM_VZ + i] = sx, sy, sz
                        work[SUM_X + i], work[SUM_Y + i], work[SUM_Z + i] = px + sx, py + sy, pz + sz
                        if drags:
                            first_low = is_low(x, y, z) and work[DOWN + i] == 0.0
                            work[DOWN + i] = float(n) if first_low else work[DOWN + i]
                        b[ring + i], b[ring + PITCH + i], b[ring + 2 * PITCH + i] = bx, by, bz
                while done < out_step.size and out_step[done] == n:
                    _write_group(work, past[3 * used * PITCH :], out_mix[done], per_s, order, out[done], g * LANES)
                    done += 1
            for item in range(RING):
                state[item] = work[item]
            for item in range(ring):
                state[RING + item] = past[3 * used * PITCH + item]

    return advance


@kernel
def _write_group(work: Floats, past: Floats, mix: Floats, per_s: float, order: int, out: Floats, first: int) -> None:
    """Position, and velocity where there is room for it, of a group to out[3 or 6, lane] from lane `first` on."""
    real = min(LANES, out.shape[1] - first)
    for axis in range(3):
        row = axis * PITCH
        if mix[0] == PLAIN:
            for i in range(real):
                out[axis, first + i] = work[X + row + i]
            continue
        for i in range(real):
            position, velocity, once = 0.0, 0.0, work[SUM_VX + row + i]
            for k in range(order):
                b = past[3 * k * PITCH + row + i]
                position += mix[1 + k] * b
                velocity += mix[1 + order + k] * b
            out[axis, first + i] = work[SUM_X + row + i] + mix[0] * once + position
            if out.shape[0] > 3:
                out[3 + axis, first + i] = per_s * (once + velocity)
