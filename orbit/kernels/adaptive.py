"""One satellite at a time by Gauss-Radau quadrature of order 15 with its own steps, for orbits that are not circular.

The acceleration over a step is a polynomial through eight moments; it is gone over until it settles, and the last
coefficient says how long the next step may be. Places between are those of the polynomial. [everhart1985; rein2015]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from orbit.constants import MU_EARTH_M3_S2
from orbit.kernels.compile import Floats, inlined, kernel
from orbit.kernels.forces import Forces, acceleration, is_low, sky_at

ORDER = 7  # of the polynomial
# share of the last term in the acceleration, for micrometres a day, and where light comes and goes for centimetres
TOLERANCE, TOLERANCE_IN_LIGHT = 1e-6, 1e-9
ROUNDS, SETTLED = 12, 1e-15
LONGEST_SPAN_S = 14400.0  # a step may pass the end of a run by so much, where Sun and Moon must still be known
SHADOW_SPAN_S = 60.0  # over which a penumbra is smoothed, so that steps need not stop at it

# Items of a satellite's state: begin and length of its present step [s], position, velocity and acceleration at its begin,
# coefficients of the acceleration, what does not change, when it was found below 100 km (or 0), length of the next step,
# position and velocity at the end of the present one.
BEGIN, SPAN, R, V, A, B, CD_AM, CR_AM, DOWN, NEXT, END = 0, 1, 2, 5, 8, 11, 32, 33, 34, 35, 36
STATE_ITEMS = 42


@cache
def _nodes() -> list[Fraction]:
    """The eight moments in [0, 1), the first 0: roots of P7 + P8 of Legendre."""
    series = np.polynomial.legendre.Legendre([0.0] * ORDER + [1.0, 1.0])
    slope = series.deriv()
    x = np.sort(series.roots().real)
    for _ in range(4):
        x = x - series(x) / slope(x)
    x[0] = -1.0
    return [Fraction(float(v) + 1.0) / 2 for v in x]


@cache
def quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Moments s (8,); how the acceleration at them, less that at the first, makes the coefficients: (7, 7); and how it
    adds up to velocity and position at the end: (2, 7), rounded once, as what is lost here is lost in every step."""
    s = _nodes()
    rows = [
        [s[j] ** k for k in range(1, ORDER + 1)] + [Fraction(int(i == j - 1)) for i in range(ORDER)]
        for j in range(1, ORDER + 1)
    ]
    for i in range(ORDER):  # Gauss and Jordan, exact
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(ORDER):
            if j != i:
                rows[j] = [v - rows[j][i] * w for v, w in zip(rows[j], rows[i], strict=True)]
    inverse = [row[ORDER:] for row in rows]
    once = [sum(inverse[k][j] / (k + 2) for k in range(ORDER)) for j in range(ORDER)]
    twice = [sum(inverse[k][j] / ((k + 2) * (k + 3)) for k in range(ORDER)) for j in range(ORDER)]
    return np.array(s, dtype=np.float64), np.array(inverse, dtype=np.float64), np.array((once, twice), dtype=np.float64)


@cache
def advancer(forces: Forces) -> Callable[..., None]:
    """The loop over satellites, compiled for these forces; see `advance` inside."""
    zonals, drags, light, sun, moon = forces  # numbers only: with functions in its closure a kernel is not kept on disk
    s, inverse, weights = quadrature()
    tolerance = TOLERANCE_IN_LIGHT if forces.solar_pressure else TOLERANCE

    @kernel
    def advance(
        states: Floats, t_s: Floats, sky: Floats, sky_start_s: float, sky_spacing_s: float, air: Floats, out: Floats
    ) -> None:
        """Take every states[satellite, item] to the last of t_s [s], telling out[time, 6, satellite] on the way.

        t_s goes away from the epoch, forwards or backwards as the next span does. Steps are the satellite's own,
        whatever is asked for.
        """
        near = np.zeros((ORDER + 1, 3))
        for sat in range(states.shape[0]):
            state = states[sat]
            for k in range(t_s.size):
                while abs(t_s[k]) > abs(state[BEGIN] + state[SPAN]):
                    _finish_step(state)
                    if drags and state[DOWN] == 0.0 and is_low(state[R], state[R + 1], state[R + 2]):
                        state[DOWN] = state[BEGIN]
                    now = sky_at(sky, state[BEGIN], sky_start_s, sky_spacing_s)
                    ax, ay, az = acceleration(
                        zonals, drags, light, sun, moon, state[R], state[R + 1], state[R + 2], state[V], state[V + 1],
                        state[V + 2], state[CD_AM], state[CR_AM], now, air, SHADOW_SPAN_S,
                    )  # fmt: skip
                    state[A], state[A + 1], state[A + 2] = ax, ay, az
                    while True:
                        span = state[NEXT]
                        before = 1e30
                        settled = SETTLED * (abs(ax) + abs(ay) + abs(az))
                        for turn in range(ROUNDS):
                            moved = 0.0
                            for j in range(1, ORDER + 1):
                                x, y, z, vx, vy, vz = _at(state, s[j], span)
                                now = sky_at(sky, state[BEGIN] + s[j] * span, sky_start_s, sky_spacing_s)
                                ax, ay, az = acceleration(
                                    zonals, drags, light, sun, moon, x, y, z, vx, vy, vz, state[CD_AM], state[CR_AM], now,
                                    air, SHADOW_SPAN_S,
                                )  # fmt: skip
                                ax, ay, az = ax - state[A], ay - state[A + 1], az - state[A + 2]
                                moved = max(moved, abs(ax - near[j, 0]), abs(ay - near[j, 1]), abs(az - near[j, 2]))
                                near[j, 0], near[j, 1], near[j, 2] = ax, ay, az
                            _fit(state, near, inverse)
                            if turn > 0 and (moved < settled or moved >= before):
                                break
                            before = moved
                        size, last = 0.0, 0.0
                        for axis in range(3):
                            size = max(size, abs(state[A + axis]))
                            last = max(last, abs(state[B + 3 * (ORDER - 1) + axis]))
                        factor = (tolerance * size / max(last, 1e-30 * size)) ** (1.0 / ORDER)
                        for axis in range(3):
                            once, twice = 0.0, 0.0
                            for j in range(ORDER):
                                once += weights[0, j] * near[j + 1, axis]
                                twice += weights[1, j] * near[j + 1, axis]
                            a, v = state[A + axis], state[V + axis]
                            state[END + axis] = state[R + axis] + span * (v + span * (0.5 * a + twice))
                            state[END + 3 + axis] = v + span * (a + once)
                        state[SPAN] = span
                        state[NEXT] = span * min(4.0, factor, LONGEST_SPAN_S / abs(span))
                        if factor > 0.25:
                            break
                        _predict(state, factor)
                    # the coefficients go on into the next step, where they are a first guess
                span = state[SPAN] if state[SPAN] != 0.0 else 1.0
                x, y, z, vx, vy, vz = _at(state, (t_s[k] - state[BEGIN]) / span, span)
                out[k, 0, sat], out[k, 1, sat], out[k, 2, sat] = x, y, z
                out[k, 3, sat], out[k, 4, sat], out[k, 5, sat] = vx, vy, vz

    return advance


@inlined
def _at(state: Floats, u: float, span: float) -> tuple[float, float, float, float, float, float]:
    """Position and velocity at a share u of a step."""
    x, vx = _along(state, 0, u, span)
    y, vy = _along(state, 1, u, span)
    z, vz = _along(state, 2, u, span)
    return x, y, z, vx, vy, vz


@inlined
def _along(state: Floats, axis: int, u: float, span: float) -> tuple[float, float]:
    """Position and velocity along one axis."""
    twice, once = 0.0, 0.0
    for k in range(ORDER, 0, -1):
        b = state[B + 3 * (k - 1) + axis]
        twice = (twice + b / ((k + 1.0) * (k + 2.0))) * u
        once = (once + b / (k + 1.0)) * u
    a, v = state[A + axis], state[V + axis]
    return state[R + axis] + u * span * (v + u * span * (0.5 * a + twice)), v + u * span * (a + once)


@inlined
def _fit(state: Floats, near: Floats, inverse: Floats) -> None:
    """Coefficients from the accelerations at the moments."""
    for k in range(ORDER):
        for axis in range(3):
            b = 0.0
            for j in range(ORDER):
                b += inverse[k, j] * near[j + 1, axis]
            state[B + 3 * k + axis] = b


@kernel
def _predict(state: Floats, ratio: float) -> None:
    """The same polynomial over a step `ratio` times as long, from the same begin."""
    power = 1.0
    for k in range(ORDER):
        power *= ratio
        for axis in range(3):
            state[B + 3 * k + axis] *= power


@kernel
def _finish_step(state: Floats) -> None:
    """Begin where the present step ends; its polynomial, carried on, is the first guess of the next."""
    span = state[SPAN]
    for item in range(6):
        state[R + item] = state[END + item]
    state[BEGIN] += span
    ratio = state[NEXT] / span if span != 0.0 else 0.0
    for axis in range(3):
        # powers of (1 + ratio u): Taylor's shift of the polynomial to the end of the step
        for low in range(1, ORDER):
            for k in range(ORDER - 1, low - 1, -1):
                state[B + 3 * (k - 1) + axis] += state[B + 3 * k + axis]
    _predict(state, ratio)


def new_state(r_m: Floats, v_m_s: Floats, cd_am: float, cr_am: float, first_span_s: float) -> Floats:
    """State of a satellite at the epoch; first_span_s below zero goes backwards."""
    state = np.zeros(STATE_ITEMS)
    state[R : R + 3], state[V : V + 3] = r_m, v_m_s
    state[END : END + 3], state[END + 3 :] = r_m, v_m_s
    state[CD_AM], state[CR_AM], state[NEXT] = cd_am, cr_am, first_span_s
    return state


def first_span_s(r_m: Floats) -> float:
    """A cautious first step [s]: a hundredth of a circular period."""
    return min(LONGEST_SPAN_S, 2.0 * math.pi / 100.0 * math.sqrt(float(np.linalg.norm(r_m)) ** 3 / MU_EARTH_M3_S2))
