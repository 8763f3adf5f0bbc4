"""When satellites rise and set: a coarse search over ticks that misses nothing, then the moments between ticks.

All in the Earth-fixed frame, where a station is three numbers: its zenith u, its height a = p.u over the plane through
the Earth's centre, and its place p. With H = r.u - a the height of a satellite over the horizon plane and Q = |r - p|^2,
a satellite is up where F = H - sin(mask) sqrt(Q) is not below zero.

The search takes chunks of ticks and compares r.u with a bound that no satellite above the mask can miss, not even
between two ticks. Only where a chunk passes are H and Q taken at its ticks. Both are as smooth as the orbit, so that
quintics through six ticks give them in between: at 60 s and in low orbit to a few centimetres.
"""

from __future__ import annotations

import math

import numpy as np

from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.simd import arcsin

CHUNK = 8  # ticks of which the search keeps the highest
STRIDE = 2  # ticks from one that the search looks at to the next
VECTORS = 16  # ticks in a block of two vectors of double precision
LANES = 16  # chunks side by side in a vector of single precision
STENCIL = 6  # ticks of a quintic
HALO = 6  # ticks beyond those of a block that its events may need
BATCH = 136  # events refined together; no power of two, whose rows would share lines of the cache
SINGLE_SLACK = 1e-6  # of the radius: rounding of the search in single precision
SETTLED_TICKS = 1e-5  # Newton steps below this end; others are bisected
HALVINGS = 48

# One work array with rows at constant offsets, so that the compiler knows what does not overlap: position, H, Q, F, marks.
LONGEST_BLOCK = 1440
TICKS = 1536  # in a row; the longest block with its halos, and room for vectors that run over
WORK_X, WORK_Y, WORK_Z, WORK_H, WORK_Q, WORK_F, WORK_MARK = (CHUNK + n * TICKS for n in range(7))
WORK_SIZE = CHUNK + 7 * TICKS
_X, _Y, _Z, _H, _Q, _F, _MARK = (np.uint64(n) for n in (WORK_X, WORK_Y, WORK_Z, WORK_H, WORK_Q, WORK_F, WORK_MARK))
_BEFORE, _AFTER = np.uint64(WORK_F - 1), np.uint64(WORK_F + 1)

# rows of a station
S_UP, S_AT, S_HEIGHT, S_OFF, S_SINE, S_COSINE = 0, 3, 6, 7, 8, 9
STATION_ROWS = 10

# rows of the windows that a kernel writes
W_STATION, W_SATELLITE, W_RISE, W_SET, W_TOP, W_SINE, W_FLAGS = range(7)
WINDOW_ROWS = 7
T_EDGES, T_TOPS, T_WINDOWS = range(3)  # what a tally counts
CROSSES, PEEPS, DIPS = 1.0, 2.0, 3.0  # marks of a tick, never two of them
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


@kernel
def lay_rows(r_m: Floats, turn: Floats, first: int, out: Floats) -> None:
    """Turn TEME positions r_m[time, 3, lane] by turn[time, 3, 3] and lay them out as out[lane, 3, first + time]."""
    for k in range(r_m.shape[0]):
        xx, xy, xz = turn[k, 0, 0], turn[k, 0, 1], turn[k, 0, 2]
        yx, yy, yz = turn[k, 1, 0], turn[k, 1, 1], turn[k, 1, 2]
        zx, zy, zz = turn[k, 2, 0], turn[k, 2, 1], turn[k, 2, 2]
        for i in range(out.shape[0]):
            x, y, z = r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i]
            out[i, 0, first + k] = xx * x + xy * y + xz * z
            out[i, 1, first + k] = yx * x + yy * y + yz * z
            out[i, 2, first + k] = zx * x + zy * y + zz * z


@kernel
def _survey(work: Floats, ticks: int, coarse: np.ndarray) -> tuple[float, float, float]:
    """Least and greatest radius [m] and largest second difference [m], over every second tick.

    Fills coarse[3, CHUNK / STRIDE, chunk]: tick c * CHUNK + j * STRIDE stands at [:, j, c], so that chunks are neighbours.
    """
    least2, most2, bend2 = 1e30, 0.0, 0.0
    for n in range((ticks + STRIDE - 1) // STRIDE):
        k = n * STRIDE
        x, y, z = work[WORK_X + k], work[WORK_Y + k], work[WORK_Z + k]
        r2 = x * x + y * y + z * z
        least2 = min(least2, r2)
        most2 = max(most2, r2)
    for k in range(STRIDE, ticks - STRIDE):
        x = work[WORK_X + k - STRIDE] - 2.0 * work[WORK_X + k] + work[WORK_X + k + STRIDE]
        y = work[WORK_Y + k - STRIDE] - 2.0 * work[WORK_Y + k] + work[WORK_Y + k + STRIDE]
        z = work[WORK_Z + k - STRIDE] - 2.0 * work[WORK_Z + k] + work[WORK_Z + k + STRIDE]
        bend2 = max(bend2, x * x + y * y + z * z)
    for n in range(3):
        for c in range(coarse.shape[2]):
            for j in range(CHUNK // STRIDE):
                k = c * CHUNK + j * STRIDE
                coarse[n, j, c] = np.float32(work[WORK_X + n * TICKS + k] if k < ticks else 0.0)
    return math.sqrt(least2), math.sqrt(most2), math.sqrt(bend2)


@inlined
def _bound(height: float, off: float, sine: float, cosine: float, least: float, most: float) -> float:
    """Least r.u [m] of a satellite above the mask at a radius between least and most.

    A station stands at `height` along its zenith u and `off` beside it. From height H over the horizon plane and distance D
    from the zenith line, H cos(m) >= D sin(m): with theta the angle from u, r cos(theta + m) >= a cos(m) - |b sin(m)|.
    """
    k = height * cosine - abs(off * sine)
    radius = least if sine >= 0.0 else most
    return k * cosine + sine * math.sqrt(max(0.0, radius * radius - k * k))


@inlined
def _search(coarse: np.ndarray, ux: float, uy: float, uz: float, bound: float, flags: np.ndarray) -> None:
    """flags[chunk]: whether r.u reaches the bound at a tick of the chunk that is looked at."""
    x, y, z = np.float32(ux), np.float32(uy), np.float32(uz)
    least = np.float32(bound)
    for c in range(coarse.shape[2]):
        best = coarse[0, 0, c] * x + coarse[1, 0, c] * y + coarse[2, 0, c] * z
        for j in range(1, CHUNK // STRIDE):
            other = coarse[0, j, c] * x + coarse[1, j, c] * y + coarse[2, j, c] * z
            best = other if other > best else best
        flags[c] = np.uint8(best >= least)


@inlined
def _sample(work: Floats, stations: Floats, s: int, lo: int, blocks: int) -> None:
    """H, Q and F at ticks from lo on, whole blocks of vectors."""
    ux, uy, uz = stations[s, S_UP], stations[s, S_UP + 1], stations[s, S_UP + 2]
    px, py, pz = stations[s, S_AT], stations[s, S_AT + 1], stations[s, S_AT + 2]
    mask = stations[s, S_SINE]
    for v in range(blocks):
        # unsigned, so that the compiler need not ask whether an index counts from the end
        start = np.uint64(lo + v * VECTORS)
        for i in range(VECTORS):
            k = start + np.uint64(i)
            dx, dy, dz = work[_X + k] - px, work[_Y + k] - py, work[_Z + k] - pz
            h = dx * ux + dy * uy + dz * uz
            q = dx * dx + dy * dy + dz * dz
            work[_H + k] = h
            work[_Q + k] = q
            work[_F + k] = h - mask * math.sqrt(q)


@inlined
def _mark(work: Floats, lo: int, blocks: int) -> None:
    """What happens at ticks from lo on: CROSSES since the one before, or a turn beside it that may cross.

    F may pass its highest or lowest sample by three quarters of the bend at most: a parabola does so by an eighth, the tip of
    two straight lines, the sharpest that an elevation can have, by a half.
    """
    for v in range(blocks):
        start = np.uint64(lo + v * VECTORS)
        for i in range(VECTORS):
            k = start + np.uint64(i)
            left, here, right = work[_BEFORE + k], work[_F + k], work[_AFTER + k]
            bend = 0.75 * abs(left - 2.0 * here + right)
            peeps = PEEPS if (here < 0.0) & (here >= left) & (here >= right) & (here + bend >= 0.0) else 0.0
            dips = DIPS if (here >= 0.0) & (here <= left) & (here <= right) & (here <= bend) else peeps
            work[_MARK + k] = CROSSES if (here >= 0.0) != (left >= 0.0) else dips


@inlined
def _poly(c: tuple[float, float, float, float, float, float], x: float) -> tuple[float, float, float]:
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
        h = quintic(
            events[E_H * BATCH + e], events[(E_H + 1) * BATCH + e], events[(E_H + 2) * BATCH + e],
            events[(E_H + 3) * BATCH + e], events[(E_H + 4) * BATCH + e], events[(E_H + 5) * BATCH + e],
        )  # fmt: skip
        q = quintic(
            events[E_Q * BATCH + e], events[(E_Q + 1) * BATCH + e], events[(E_Q + 2) * BATCH + e],
            events[(E_Q + 3) * BATCH + e], events[(E_Q + 4) * BATCH + e], events[(E_Q + 5) * BATCH + e],
        )  # fmt: skip
        mask = events[E_MASK * BATCH + e]
        low, high = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]
        x, step = events[E_X * BATCH + e], 0.0
        for _ in range(4):
            hx, dh, bh = _poly(h, x)
            qx, dq, bq = _poly(q, x)
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
        h = quintic(
            events[E_H * BATCH + e], events[(E_H + 1) * BATCH + e], events[(E_H + 2) * BATCH + e],
            events[(E_H + 3) * BATCH + e], events[(E_H + 4) * BATCH + e], events[(E_H + 5) * BATCH + e],
        )  # fmt: skip
        q = quintic(
            events[E_Q * BATCH + e], events[(E_Q + 1) * BATCH + e], events[(E_Q + 2) * BATCH + e],
            events[(E_Q + 3) * BATCH + e], events[(E_Q + 4) * BATCH + e], events[(E_Q + 5) * BATCH + e],
        )  # fmt: skip
        low, high = events[E_LOW * BATCH + e], events[E_HIGH * BATCH + e]
        x, step = events[E_X * BATCH + e], 0.0
        for _ in range(4):
            hx, dh, bh = _poly(h, x)
            qx, dq, bq = _poly(q, x)
            # 2 H' Q - H Q' has the sign of the slope; its own slope is below zero at a maximum
            g, dg = 2.0 * dh * qx - hx * dq, 4.0 * bh * qx + dh * dq - 2.0 * hx * bq
            step = g / dg if dg < -1e-9 else 1.0
            x = min(high, max(low, x - step))
        hx, dh, bh = _poly(h, x)
        qx, dq, bq = _poly(q, x)
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
        up = _poly(h, x)[0] >= mask * math.sqrt(max(1.0, _poly(q, x)[0]))
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
    fa = _poly(h, a)[0] / math.sqrt(max(1.0, _poly(q, a)[0]))
    fb = _poly(h, b)[0] / math.sqrt(max(1.0, _poly(q, b)[0]))
    for _ in range(HALVINGS):
        if fa >= fb:
            high, b, fb = b, a, fa
            a = low + 0.381966011250105 * (high - low)
            fa = _poly(h, a)[0] / math.sqrt(max(1.0, _poly(q, a)[0]))
        else:
            low, a, fa = a, b, fb
            b = low + 0.618033988749895 * (high - low)
            fb = _poly(h, b)[0] / math.sqrt(max(1.0, _poly(q, b)[0]))
    events[E_X * BATCH + e] = 0.5 * (low + high)
    events[E_MASK * BATCH + e] = max(fa, fb)


@kernel
def _turn(work: Floats, b: int, mask: float, low: float, high: float, sign: float) -> tuple[float, float]:
    """Where sign * F is greatest between low and high (x of the stencil that begins at tick b), and F there."""
    n = WORK_H + b
    h = quintic(work[n], work[n + 1], work[n + 2], work[n + 3], work[n + 4], work[n + 5])
    n = WORK_Q + b
    q = quintic(work[n], work[n + 1], work[n + 2], work[n + 3], work[n + 4], work[n + 5])
    x, step = 0.5 * (low + high), 1.0
    for _ in range(6):
        _h, dh, bh = _poly(h, x)
        qx, dq, bq = _poly(q, x)
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
            fa = sign * (_poly(h, a)[0] - mask * math.sqrt(max(1.0, _poly(q, a)[0])))
            fc = sign * (_poly(h, c)[0] - mask * math.sqrt(max(1.0, _poly(q, c)[0])))
            if fa >= fc:
                high = c
            else:
                low = a
        x = 0.5 * (low + high)
    return x, _poly(h, x)[0] - mask * math.sqrt(max(1.0, _poly(q, x)[0]))


@inlined
def _push(
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
def _settle(edges: Floats, tops: Floats, tally: Ints, step_s: float, out: Floats) -> None:
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
def _stencil(n: int, last: int) -> int:
    """First of the six ticks round the interval from n to n + 1."""
    return min(max(n - 2, 0), last - (STENCIL - 1))


@inlined
def _higher(work: Floats, a: int, b: int) -> bool:
    """Whether the satellite stands higher in the sky at tick a than at b; without a root or a division."""
    high, low = work[WORK_H + a], work[WORK_H + b]
    return high * abs(high) * work[WORK_Q + b] > low * abs(low) * work[WORK_Q + a]


@inlined
def _push_top(
    work: Floats, first: int, past: int, n0: int, n1: int, last: int, tick: float, tops: Floats, tally: Ints
) -> None:
    """The culmination of the present window, which has ticks `first` to past - 1 and lies within n0 to n1."""
    best = first
    for n in range(first + 1, past):
        if _higher(work, n, best):
            best = n
    after = best == 0 or (best < last and _higher(work, best + 1, best - 1))
    b = _stencil(best if after else best - 1, last)
    at = float(best - (b + 2))
    low, high = max(at - 1.0, float(n0 - (b + 2))), min(at + 1.0, float(n1 - (b + 2)))
    _push(tops, tally[T_TOPS], tally[T_WINDOWS], W_TOP, 0.0, tick, low, high, at, work, b)
    tally[T_TOPS] += 1


@inlined
def _push_edge(
    what: int, low: float, high: float, f_low: float, f_high: float, b: int, work: Floats, mask: float, tick: float,
    edges: Floats, tally: Ints,
) -> None:  # fmt: skip
    """A rise or set of the present window between low and high, where F has the values given."""
    x = low + (high - low) * f_low / (f_low - f_high)
    _push(edges, tally[T_EDGES], tally[T_WINDOWS], what, mask, tick, low, high, x, work, b)
    tally[T_EDGES] += 1


@inlined
def _walk(
    work: Floats, n0: int, n1: int, begin: int, end: int, last: int, mask: float, tick: float, edges: Floats,
    tops: Floats, tally: Ints, step_s: float, out: Floats,
) -> None:  # fmt: skip
    """Windows in the ticks n0 to n1 of a run. Beyond it F is below zero, but time may begin or end there."""
    up, first = work[WORK_F + n0] >= 0.0, n0
    if up:
        out[W_FLAGS, tally[T_WINDOWS]] = CUT_BEGIN
        out[W_RISE, tally[T_WINDOWS]] = (tick + n0) * step_s
    for n in range(n0, n1 + 1):
        mark = work[WORK_MARK + n]
        if mark == 0.0:
            continue
        if max(tally[T_EDGES], tally[T_TOPS]) > BATCH - 4:
            _settle(edges, tops, tally, step_s, out)
        if mark == PEEPS:
            _peep(work, n, n0, n1, begin, end, last, mask, tick, edges, tops, tally, out)
        elif mark == DIPS:
            first = _dip(work, n, first, n0, n1, last, mask, tick, edges, tops, tally, out)
        elif n > n0:
            b = _stencil(n - 1, last)
            x = float(n - (b + 2))
            what = W_SET if up else W_RISE
            _push_edge(what, x - 1.0, x, work[WORK_F + n - 1], work[WORK_F + n], b, work, mask, tick, edges, tally)
            if up:
                _push_top(work, first, n, n0, n1, last, tick, tops, tally)
                tally[T_WINDOWS] += 1
            else:
                out[W_FLAGS, tally[T_WINDOWS]] = 0.0
                first = n
            up = not up
    if up:
        slot = tally[T_WINDOWS]
        out[W_SET, slot] = (tick + n1) * step_s
        out[W_FLAGS, slot] += CUT_END
        _push_top(work, first, n1 + 1, n0, n1, last, tick, tops, tally)
        tally[T_WINDOWS] += 1


@kernel
def _peep(
    work: Floats, n: int, n0: int, n1: int, begin: int, end: int, last: int, mask: float, tick: float, edges: Floats,
    tops: Floats, tally: Ints, out: Floats,
) -> None:  # fmt: skip
    """A window between two ticks, if there is one beside tick n."""
    left, here, right = work[WORK_F + n - 1], work[WORK_F + n], work[WORK_F + n + 1]
    b = _stencil(n if right >= left else n - 1, last)
    at = float(n - (b + 2))
    low, high = max(at - 1.0, -(b + 2.0)), min(at + 1.0, last - (b + 2.0))
    x, f = _turn(work, b, mask, low, high, 1.0)
    if f < 0.0 or x <= max(low, begin - (b + 2.0)) or x >= min(high, end - (b + 2.0)):
        return
    out[W_FLAGS, tally[T_WINDOWS]] = 0.0
    # from tick n on its side, where F is known to be below zero
    low, left = (at, here) if x > at else (low, left)
    high, right = (at, here) if x < at else (high, right)
    _push_edge(W_RISE, low, x, left, f, b, work, mask, tick, edges, tally)
    _push_edge(W_SET, x, high, f, right, b, work, mask, tick, edges, tally)
    _push_top(work, n, n + 1, n0, n1, last, tick, tops, tally)
    tally[T_WINDOWS] += 1


@kernel
def _dip(
    work: Floats, n: int, first: int, n0: int, n1: int, last: int, mask: float, tick: float, edges: Floats,
    tops: Floats, tally: Ints, out: Floats,
) -> int:  # fmt: skip
    """A time below the mask between two ticks, if there is one beside tick n; returns the first tick of what follows."""
    left, here, right = work[WORK_F + n - 1], work[WORK_F + n], work[WORK_F + n + 1]
    b = _stencil(n if right <= left else n - 1, last)
    at = float(n - (b + 2))
    low, high = max(at - 1.0, n0 - (b + 2.0)), min(at + 1.0, n1 - (b + 2.0))
    x, f = _turn(work, b, mask, low, high, -1.0)
    if f >= 0.0 or x <= low or x >= high:
        return first
    follows = n + 1 if x > at else n
    low, left = (at, here) if x > at else (low, left)
    high, right = (at, here) if x < at else (high, right)
    _push_edge(W_SET, low, x, left, f, b, work, mask, tick, edges, tally)
    _push_top(work, first, follows, n0, n1, last, tick, tops, tally)
    tally[T_WINDOWS] += 1
    out[W_FLAGS, tally[T_WINDOWS]] = 0.0
    _push_edge(W_RISE, x, high, f, right, b, work, mask, tick, edges, tally)
    return follows


@kernel
def find_windows(
    rows: Floats, valid: Ints, span: Ints, tick: float, step_s: float, stations: Floats, first: int, out: Floats
) -> tuple[int, int]:
    """Windows of satellites (lanes of rows) over stations, as columns of out; returns lanes done and windows found.

    rows[lane, 3, time] Earth-fixed [m], [0] at tick number `tick` of step_s seconds; lane i is where rows say it is at times
    0 to valid[i]. Windows are sought in times span[0] to span[1], LONGEST_BLOCK at most. stations[station, STATION_ROWS]. The
    first lane to do is `first`: a lane whose windows might not fit into out is left, with those after it. Columns are sorted
    by lane, station and time; W_SATELLITE is the lane.
    """
    chunks = (rows.shape[2] // CHUNK + LANES) // LANES * LANES
    coarse = np.zeros((3, CHUNK // STRIDE, chunks), dtype=np.float32)
    flags = np.zeros(chunks, dtype=np.uint8)
    words = flags.view(np.uint64)
    work = np.zeros(WORK_SIZE)
    edges, tops = np.empty(EVENT_ROWS * BATCH), np.empty(EVENT_ROWS * BATCH)
    tally = np.zeros(3, dtype=np.int64)
    for lane in range(first, rows.shape[0]):
        last, begin, end = valid[lane], span[0], min(span[1], valid[lane])
        if last < STENCIL - 1 or end < begin:
            continue
        for k in range(rows.shape[2]):
            work[WORK_X + k], work[WORK_Y + k], work[WORK_Z + k] = rows[lane, 0, k], rows[lane, 1, k], rows[lane, 2, k]
        least, most, bend = _survey(work, last + 1, coarse)
        before = tally[T_WINDOWS]
        for s in range(stations.shape[0]):
            start = tally[T_WINDOWS]
            if start + (end - begin) + 3 > out.shape[1]:
                return lane, before
            # between two ticks that are looked at, r.u is at most an eighth of the bend above the higher
            low = _bound(
                stations[s, S_HEIGHT], stations[s, S_OFF], stations[s, S_SINE], stations[s, S_COSINE], least, most
            )
            low -= 0.15 * bend + SINGLE_SLACK * most
            _search(coarse, stations[s, S_UP], stations[s, S_UP + 1], stations[s, S_UP + 2], low, flags)
            _runs(work, flags, words, last, begin, end, stations, s, tick, step_s, edges, tops, tally, out)
            for w in range(start, tally[T_WINDOWS]):
                out[W_STATION, w] = s
                out[W_SATELLITE, w] = lane
        _settle(edges, tops, tally, step_s, out)
    return rows.shape[0], tally[T_WINDOWS]


@inlined
def _runs(
    work: Floats, flags: np.ndarray, words: np.ndarray, last: int, begin: int, end: int, stations: Floats, s: int,
    tick: float, step_s: float, edges: Floats, tops: Floats, tally: Ints, out: Floats,
) -> None:  # fmt: skip
    """Windows of one satellite over one station in the runs of chunks that are flagged."""
    c = 0
    while c < flags.size:
        if c % 8 == 0 and words[c // 8] == 0:
            c += 8
            continue
        if flags[c] == 0:
            c += 1
            continue
        c0 = c
        while c < flags.size and flags[c] != 0:
            c += 1
        # from the last tick looked at before the run to the first after it: both are below the mask
        n0, n1 = max(c0 * CHUNK - STRIDE, begin), min(c * CHUNK, end)
        if n1 < n0:
            continue
        lo = max(0, min(n0 - 3, last - (STENCIL - 1)))
        _sample(work, stations, s, lo, (n1 + 3 - lo) // VECTORS + 1)
        # beyond the ends what a parabola has there
        if lo == 0:
            k = WORK_F
            work[k - 1] = 3.0 * (work[k] - work[k + 1]) + work[k + 2]
        if n1 >= last:
            k = WORK_F + last
            work[k + 1] = 3.0 * (work[k] - work[k - 1]) + work[k - 2]
        _mark(work, n0, (n1 - n0) // VECTORS + 1)
        _walk(
            work, n0, n1, begin if n0 == begin else -1, end if n1 == end else TICKS, last, stations[s, S_SINE], tick,
            edges, tops, tally, step_s, out,
        )  # fmt: skip


@kernel
def elevations(sine: Floats, out: Floats) -> None:
    """Arc sines [rad]."""
    for n in range(sine.size):
        out[n] = arcsin(min(1.0, max(-1.0, sine[n])))
