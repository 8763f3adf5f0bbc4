"""Moments between ticks: rises, sets and culminations by quintics through six ticks, refined many at a time.

With u the zenith of a station and p its position, H = (r - p).u is the height of a satellite over the horizon plane and
Q = |r - p|^2: both as smooth as the orbit. F = H - sin(mask) sqrt(Q) is not below zero where the satellite is up.
"""

from __future__ import annotations

import math

from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.simd import arcsin

STENCIL = 6  # ticks of a quintic
BATCH = 136  # events refined together; no power of two, whose rows would share lines of the cache
SETTLED_TICKS = 1e-5  # steps below this end; others are bisected
HALVINGS = 48

# One work array with rows at constant offsets, so that the compiler can prove that they do not overlap: position, H, Q, F, marks.
LONGEST_BLOCK = 1440
TICKS = 1536  # in a row; the longest block with its halos, and room for vectors that run over
WORK_X, WORK_Y, WORK_Z, WORK_H, WORK_Q, WORK_F, WORK_MARK = (8 + n * TICKS for n in range(7))
WORK_SIZE = 8 + 7 * TICKS

# rows of the windows that a kernel writes
W_STATION, W_SATELLITE, W_RISE, W_SET, W_TOP, W_SINE, W_FLAGS = range(7)
WINDOW_ROWS = 7
T_EDGES, T_TOPS, T_WINDOWS = range(3)  # what a tally counts
CUT_BEGIN, CUT_END = 1, 2  # flags: up already at the first tick, still up at the last

# rows of an event: slot of its window, column it fills, sine of the mask, tick at x = 0, bracket in x, first guess, answer,
# how sure it is, then H and Q at six ticks
E_SLOT, E_WHAT, E_MASK, E_TICK, E_LOW, E_HIGH, E_X, E_STEP, E_H = range(9)
E_Q = E_H + STENCIL
EVENT_ROWS = E_Q + STENCIL


@inlined
def quintic(
    a: float, b: float, c: float, d: float, e: float, f: float
) -> tuple[float, float, float, float, float, float]:
    """Coefficients, constant first, of the polynomial through values at x = -2, -1, 0, 1, 2, 3."""
    return (
        c,
        (6.0 * a - 60.0 * b - 40.0 * c + 120.0 * d - 30.0 * e + 4.0 * f) / 120.0,
        (-5.0 * a + 80.0 * b - 150.0 * c + 80.0 * d - 5.0 * e) / 120.0,
        (-5.0 * a - 5.0 * b + 50.0 * c - 70.0 * d + 35.0 * e - 5.0 * f) / 120.0,
        (5.0 * a - 20.0 * b + 30.0 * c - 20.0 * d + 5.0 * e) / 120.0,
        (-a + 5.0 * b - 10.0 * c + 10.0 * d - 5.0 * e + f) / 120.0,
    )


@inlined
def poly(c: tuple[float, float, float, float, float, float], x: float) -> tuple[float, float, float]:
    """Value, slope and half the bend of a quintic."""
    c0, c1, c2, c3, c4, c5 = c
    value = c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * c5))))
    slope = c1 + x * (2.0 * c2 + x * (3.0 * c3 + x * (4.0 * c4 + x * (5.0 * c5))))
    bend = c2 + x * (3.0 * c3 + x * (6.0 * c4 + x * (10.0 * c5)))
    return value, slope, bend


@kernel
def _settle_edges(events: Floats, count: int) -> None:
    """Roots of F within the brackets by Halley's steps; E_STEP receives the last."""
    for e in range(count):
        h, q = _coefficients(events, E_H, e), _coefficients(events, E_Q, e)
        mask = events[E_MASK * BATCH + e]
        low, high = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]
        x, step = events[E_X * BATCH + e], 0.0
        for _ in range(4):
            hx, dh, bh = poly(h, x)
            qx, dq, bq = poly(q, x)
            root = math.sqrt(max(1.0, qx))
            pull = mask / root
            f, df = hx - mask * root, dh - 0.5 * pull * dq
            half = bh - pull * (0.5 * bq - 0.125 * dq * dq / max(1.0, qx))  # of the second derivative
            below = df * df - f * half
            step = f * df / below if below > 1e-9 else 1.0
            x = min(high, max(low, x - step))
        events[E_X * BATCH + e] = x
        events[E_STEP * BATCH + e] = abs(step)


@kernel
def _settle_tops(events: Floats, count: int) -> None:
    """Newton's roots of the slope of H / sqrt(Q) within the brackets; E_STEP receives the last step."""
    for e in range(count):
        h, q = _coefficients(events, E_H, e), _coefficients(events, E_Q, e)
        low, high = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]
        x, step = events[E_X * BATCH + e], 0.0
        for _ in range(4):
            hx, dh, bh = poly(h, x)
            qx, dq, bq = poly(q, x)
            # 2 H' Q - H Q' has the sign of the slope; its own slope is below zero at a maximum
            g, dg = 2.0 * dh * qx - hx * dq, 4.0 * bh * qx + dh * dq - 2.0 * hx * bq
            step = g / dg if dg < -1e-9 else 1.0
            x = min(high, max(low, x - step))
        hx, dh, bh = poly(h, x)
        qx, dq, bq = poly(q, x)
        events[E_X * BATCH + e] = x
        events[E_STEP * BATCH + e] = abs(step)
        events[E_MASK * BATCH + e] = hx / math.sqrt(max(1.0, qx))


@inlined
def _coefficients(events: Floats, row: int, e: int) -> tuple[float, float, float, float, float, float]:
    return quintic(
        events[row * BATCH + e], events[(row + 1) * BATCH + e], events[(row + 2) * BATCH + e],
        events[(row + 3) * BATCH + e], events[(row + 4) * BATCH + e], events[(row + 5) * BATCH + e],
    )  # fmt: skip


@kernel
def _halve_edge(events: Floats, e: int) -> None:
    """The root of F within its bracket, by bisection."""
    h, q = _coefficients(events, E_H, e), _coefficients(events, E_Q, e)
    low, high, mask = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e], events[E_MASK * BATCH + e]
    rising = events[E_WHAT * BATCH + e] == W_RISE
    for _ in range(HALVINGS):
        x = 0.5 * (low + high)
        up = poly(h, x)[0] >= mask * math.sqrt(max(1.0, poly(q, x)[0]))
        if up == rising:
            high = x
        else:
            low = x
    events[E_X * BATCH + e] = 0.5 * (low + high)


@kernel
def _halve_top(events: Floats, e: int) -> None:
    """The highest of H / sqrt(Q) within its bracket, by golden sections."""
    h, q = _coefficients(events, E_H, e), _coefficients(events, E_Q, e)
    low, high = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]
    a, b = low + 0.381966011250105 * (high - low), low + 0.618033988749895 * (high - low)
    fa = poly(h, a)[0] / math.sqrt(max(1.0, poly(q, a)[0]))
    fb = poly(h, b)[0] / math.sqrt(max(1.0, poly(q, b)[0]))
    for _ in range(HALVINGS):
        if fa >= fb:
            high, b, fb = b, a, fa
            a = low + 0.381966011250105 * (high - low)
            fa = poly(h, a)[0] / math.sqrt(max(1.0, poly(q, a)[0]))
        else:
            low, a, fa = a, b, fb
            b = low + 0.618033988749895 * (high - low)
            fb = poly(h, b)[0] / math.sqrt(max(1.0, poly(q, b)[0]))
    x, best = (a, fa) if fa >= fb else (b, fb)
    for end in (events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]):
        sine = poly(h, end)[0] / math.sqrt(max(1.0, poly(q, end)[0]))
        x, best = (end, sine) if sine >= best else (x, best)
    events[E_X * BATCH + e] = x
    events[E_MASK * BATCH + e] = best


@kernel
def turn(work: Floats, b: int, mask: float, low: float, high: float, sign: float) -> tuple[float, float]:
    """Where sign * F is greatest between low and high (x of the stencil that begins at tick b), and F there."""
    n = WORK_H + b
    h = quintic(work[n], work[n + 1], work[n + 2], work[n + 3], work[n + 4], work[n + 5])
    n = WORK_Q + b
    q = quintic(work[n], work[n + 1], work[n + 2], work[n + 3], work[n + 4], work[n + 5])
    x, step = 0.5 * (low + high), 1.0
    for _ in range(6):
        _h, dh, bh = poly(h, x)
        qx, dq, bq = poly(q, x)
        root = math.sqrt(max(1.0, qx))
        df = dh - 0.5 * mask * dq / root
        bend = 2.0 * bh - mask * (bq / root - 0.25 * dq * dq / (root * root * root))
        if sign * bend > -1e-9:
            step = 1.0
            break
        new = min(high, max(low, x - df / bend))
        step = abs(new - x)
        x = new
        if step < SETTLED_TICKS:
            break
    if step >= SETTLED_TICKS:
        for _ in range(HALVINGS):
            a, c = low + 0.381966011250105 * (high - low), low + 0.618033988749895 * (high - low)
            fa = sign * (poly(h, a)[0] - mask * math.sqrt(max(1.0, poly(q, a)[0])))
            fc = sign * (poly(h, c)[0] - mask * math.sqrt(max(1.0, poly(q, c)[0])))
            if fa >= fc:
                high = c
            else:
                low = a
        x = 0.5 * (low + high)
    return x, poly(h, x)[0] - mask * math.sqrt(max(1.0, poly(q, x)[0]))


@inlined
def push(
    events: Floats, e: int, slot: int, what: int, mask: float, tick: float, low: float, high: float, x: float,
    work: Floats, b: int,
) -> None:  # fmt: skip
    """Write event e; low, high and x of the stencil that begins at tick b; the first is tick number `tick` of the grid."""
    events[E_SLOT * BATCH + e] = slot
    events[E_WHAT * BATCH + e] = what
    events[E_MASK * BATCH + e] = mask
    events[E_TICK * BATCH + e] = tick + (b + 2)
    events[E_LOW * BATCH + e] = low
    events[E_HIGH * BATCH + e] = high
    events[E_X * BATCH + e] = min(high, max(low, x))
    for n in range(STENCIL):
        events[(E_H + n) * BATCH + e] = work[WORK_H + b + n]
        events[(E_Q + n) * BATCH + e] = work[WORK_Q + b + n]


@kernel
def settle(edges: Floats, tops: Floats, tally: Ints, step_s: float, out: Floats) -> None:
    """Refine all waiting events, write them to their windows, and empty the batches."""
    _settle_edges(edges, tally[T_EDGES])
    for e in range(tally[T_EDGES]):
        if edges[E_STEP * BATCH + e] > SETTLED_TICKS:
            _halve_edge(edges, e)
        slot, what = int(edges[E_SLOT * BATCH + e]), int(edges[E_WHAT * BATCH + e])
        out[what, slot] = edges[E_TICK * BATCH + e] * step_s + edges[E_X * BATCH + e] * step_s
    _settle_tops(tops, tally[T_TOPS])
    for e in range(tally[T_TOPS]):
        if tops[E_STEP * BATCH + e] > SETTLED_TICKS:
            _halve_top(tops, e)
        slot = int(tops[E_SLOT * BATCH + e])
        out[W_TOP, slot] = tops[E_TICK * BATCH + e] * step_s + tops[E_X * BATCH + e] * step_s
        out[W_SINE, slot] = min(1.0, tops[E_MASK * BATCH + e])
    tally[T_EDGES] = 0
    tally[T_TOPS] = 0


@inlined
def stencil(n: int, last: int) -> int:
    """First of the six ticks round the interval from n to n + 1."""
    return min(max(n - 2, 0), last - (STENCIL - 1))


@kernel
def elevations(sine: Floats, out: Floats) -> None:
    """Arc sines [rad]."""
    for n in range(sine.size):
        out[n] = arcsin(min(1.0, max(-1.0, sine[n])))
