"""SGP4 for satellites with periods below 225 minutes: one satellite and a window of times at a time. [vallado2006]

The equations are those of the reference code, and so are the error codes; what differs is their order. Over a window of
some hours the node and the perigee turn by little, so they are turned by short series about the window's middle, and
so is everything else that is small; only the mean anomaly needs sine and cosine of its full range. The work is cut in
passes over scratch that stays in the nearest caches: one long loop would wait for its own results.

Where angles are not small (high drag, steps of days, odd elements) the same passes run with full sines and cosines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orbit.constants import WGS72_J2
from orbit.kernels import sgp4_constants as el
from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.sgp4_passes import (
    CODE,
    LOW,
    LOW_E,
    LOWEST,
    LOWEST_E,
    NEAR,
    NEAR_E,
    NEAR_RAD,
    NOT_HERE,
    SCRATCH_ROWS,
    SMALL_RAD,
    TINY_RAD,
    VX,
    WIDE,
    WINDOW,
    X,
    in_plane,
    kepler_step,
    long_period,
    orient,
    secular,
)
from orbit.kernels.streaming_stores import far, stream

Codes = NDArray[np.int8]

KEPLER_STEPS = 10
STEADY = 2e-3  # largest relative change of p within a window of mode LOW
GROUP = 8  # satellites whose positions are turned from rows of time to rows of satellites at once


@kernel
def modes(c: Floats, t_lo: Floats, t_hi: Floats, half: float, out: Ints) -> None:
    """Choose out[satellite] among LOWEST, LOW, NEAR and WIDE, for times t_lo to t_hi [min] in windows of at most 2 half [min].

    By bounds on the angles that the short series meet and on the eccentricity in Kepler's equation.
    """
    for i in range(c.shape[1]):
        t = max(abs(t_lo[i]), abs(t_hi[i]))
        eta = abs(c[el.ETA, i])
        shift = abs(c[el.OMEGA_CF, i]) * t + abs(c[el.XM_CF, i]) * 6.0 * eta * (1.0 + eta) * (1.0 + eta)
        shrink = t * (abs(c[el.CC1, i]) + t * (abs(c[el.D2, i]) + t * (abs(c[el.D3, i]) + t * abs(c[el.D4, i]))))
        drag = t * half * (
            2.0 * abs(c[el.T2_CF, i])
            + t * (3.0 * abs(c[el.T3_CF, i]) + t * (4.0 * abs(c[el.T4_CF, i]) + t * 5.0 * abs(c[el.T5_CF, i])))
        )  # fmt: skip
        e = c[el.E0, i] + abs(c[el.DRAG_CC4, i]) * t + 2.0 * abs(c[el.DRAG_CC5, i])
        left = max(1.0 - shrink, 0.0)
        p = c[el.SQRT_A0, i] * c[el.SQRT_A0, i] * left * left * max(1.0 - e * e, 0.0)
        p_sure = max(p, 0.5)
        e_all = e + (abs(c[el.AY_CF, i]) + abs(c[el.XL_CF, i])) / p_sure
        p_all = p_sure * max(1.0 - e_all * e_all, 0.1)
        turn, node = abs(c[el.W_DOT, i]) * half, (abs(c[el.NODE_DOT, i]) + 2.0 * abs(c[el.NODE_CF, i]) * t) * half
        periodic = 0.875 * WGS72_J2 / (p_all * p_all)  # the largest of the three, that of the argument of latitude
        largest = max(turn + shift, turn + drag + abs(c[el.XL_CF, i]) * e / p_sure, node + periodic)
        sure = (p > 0.7) & (e_all <= NEAR_E) & (largest <= NEAR_RAD)
        # LOW asks for no error codes: e stays above -0.001, the lowest point above the ground
        lowest = c[el.SQRT_A0, i] * c[el.SQRT_A0, i] * left * left * (1.0 - e_all) - 2.0 * periodic
        no_error = (e - c[el.E0, i] <= 1e-3) & (lowest > 1.0)
        rate = abs(c[el.CC1, i]) + t * (
            2.0 * abs(c[el.D2, i]) + t * (3.0 * abs(c[el.D3, i]) + t * 4.0 * abs(c[el.D4, i]))
        )
        steady = 2.0 * half * rate / max(left, 0.5) + 2.0 * e_all * (e - c[el.E0, i]) <= STEADY
        low = steady & (e_all <= LOW_E) & (largest <= SMALL_RAD) & (periodic <= TINY_RAD) & no_error
        out[i] = ((LOWEST if e_all <= LOWEST_E else LOW) if low else NEAR) if sure else WIDE
        if c[el.KIND, i] != el.NEAR_EARTH:
            out[i] = NOT_HERE


@inlined
def passes(mode: int, steps: int, c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, s: Floats) -> int:
    """All passes over one window; returns at how many times there is an error."""
    n = jd.size
    drag_mid = (
        t_mid * t_mid * (c[el.T2_CF, i] + t_mid * (c[el.T3_CF, i] + t_mid * (c[el.T4_CF, i] + t_mid * c[el.T5_CF, i])))
    )
    secular(mode, c, i, jd, fr, t_mid, drag_mid, s)
    long_period(mode, c, i, t_mid, drag_mid, n, s)
    for _ in range(steps):
        if kepler_step(mode, n, s) == 0 and mode != LOW:
            break
    bad = in_plane(mode, c, i, n, s)
    orient(mode, c, i, t_mid, n, s)
    return bad


# Compiled once each and called, not merged into every kernel below: a window is long, a call is nothing beside it.


@kernel
def low_window(c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, steps: int, s: Floats) -> int:
    """A window of a satellite in mode LOWEST or LOW."""
    return passes(LOW, steps - 1, c, i, jd, fr, t_mid, s)


@kernel
def near_window(c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, s: Floats) -> int:
    """A window of a satellite in mode NEAR."""
    return passes(NEAR, KEPLER_STEPS, c, i, jd, fr, t_mid, s)


@kernel
def wide_window(c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, s: Floats) -> int:
    """A window of a satellite in mode WIDE."""
    return passes(WIDE, KEPLER_STEPS, c, i, jd, fr, t_mid, s)


@inlined
def window(mode: int, c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, s: Floats) -> int:
    """Satellite i at up to WINDOW times: rows X to VZ and CODE of the scratch; returns at how many there is an error."""
    if mode <= LOW:
        # the error of the start is e^3 / 2, after a step e^7 / 8, after two below rounding
        return low_window(c, i, jd, fr, t_mid, 1 if mode == LOWEST else 2, s)
    if mode == NEAR:
        return near_window(c, i, jd, fr, t_mid, s)
    return wide_window(c, i, jd, fr, t_mid, s)


@inlined
def minutes_since(c: Floats, i: int, jd: float, fr: float) -> float:
    """Minutes since the epoch of satellite i, in the order of the reference, so that they round alike."""
    t: float = (jd - c[el.EPOCH_JD, i]) * el.MINUTES_PER_DAY + (fr - c[el.EPOCH_FR, i]) * el.MINUTES_PER_DAY
    return t


# Times are cut in windows: start[w] to start[w + 1], with the middle of the series at middle_jd[w] + middle_fr[w]. A
# result depends on that middle in its last digits, so who wants the same bytes for any part of a span keeps the windows.
# Where there is an error, the code is set and the position is finite but means nothing.


@inlined
def at_window(
    c: Floats, mode: Ints, i: int, jd: Floats, fr: Floats, start: Ints, middle_jd: Floats, middle_fr: Floats, w: int,
    s: Floats, codes: Codes,
) -> int:  # fmt: skip
    """Satellite i in window w: rows X to VZ of the scratch, and codes[time] where there is an error; returns at how many."""
    a, b = start[w], start[w + 1]
    bad = window(mode[i], c, i, jd[a:b], fr[a:b], minutes_since(c, i, middle_jd[w], middle_fr[w]), s)
    if bad > 0:
        for k in range(b - a):
            codes[a + k] = np.int8(s[CODE * WINDOW + k])
    return bad


@kernel
def series(
    c: Floats, mode: Ints, jd: Floats, fr: Floats, start: Ints, middle_jd: Floats, middle_fr: Floats,
    out: Floats, codes: Codes,
) -> int:  # fmt: skip
    """Fill out[satellite, 6, time] with x, y, z [m] and their rates [m/s] in TEME; returns how many are in error."""
    s = np.empty(SCRATCH_ROWS * WINDOW)
    errors, past = 0, far(out)
    for i in range(c.shape[1]):
        if mode[i] == NOT_HERE:
            continue
        for w in range(start.size - 1):
            errors += at_window(c, mode, i, jd, fr, start, middle_jd, middle_fr, w, s, codes[i])
            for item in range(6):
                target = out[i, item, start[w] : start[w + 1]]
                stream(s[(X + item) * WINDOW : (X + item) * WINDOW + target.size], target, past)
    return errors


@kernel
def rows(
    c: Floats, mode: Ints, jd: Floats, fr: Floats, start: Ints, middle_jd: Floats, middle_fr: Floats,
    out_r: Floats, out_v: Floats, codes: Codes,
) -> int:  # fmt: skip
    """As `series`, with out_r[satellite, time, 3] [m] and out_v[satellite, time, 3] [m/s]."""
    s, line = np.empty(SCRATCH_ROWS * WINDOW), np.empty(3 * WINDOW)
    errors, past = 0, far(out_r)
    for i in range(c.shape[1]):
        if mode[i] == NOT_HERE:
            continue
        for w in range(start.size - 1):
            errors += at_window(c, mode, i, jd, fr, start, middle_jd, middle_fr, w, s, codes[i])
            a, n = start[w], start[w + 1] - start[w]
            for out, row in ((out_r, X), (out_v, VX)):
                for k in range(n):
                    line[3 * k] = s[row * WINDOW + k]
                    line[3 * k + 1] = s[(row + 1) * WINDOW + k]
                    line[3 * k + 2] = s[(row + 2) * WINDOW + k]
                stream(line[: 3 * n], out[i, a : a + n].reshape(-1), past)
    return errors


@kernel
def lanes(
    c: Floats, mode: Ints, jd: Floats, fr: Floats, start: Ints, middle_jd: Floats, middle_fr: Floats,
    out_r: Floats, codes: Codes,
) -> int:  # fmt: skip
    """Positions only, as runs read them: out_r[time, 3, satellite] [m] and codes[satellite, time]."""
    s = np.empty(SCRATCH_ROWS * WINDOW)
    kept = np.empty((3, WINDOW, GROUP))
    errors = 0
    for first in range(0, c.shape[1], GROUP):
        group = min(GROUP, c.shape[1] - first)
        for w in range(start.size - 1):
            n = start[w + 1] - start[w]
            for j in range(group):
                i = first + j
                if mode[i] == NOT_HERE:
                    continue
                errors += at_window(c, mode, i, jd, fr, start, middle_jd, middle_fr, w, s, codes[i])
                for item in range(3):
                    row = s[(X + item) * WINDOW : (X + item) * WINDOW + n]
                    for k in range(n):
                        kept[item, k, j] = row[k]
            for k in range(n):
                for item in range(3):
                    target = out_r[start[w] + k, item, first : first + group]
                    for j in range(group):
                        target[j] = kept[item, k, j]
    return errors
