"""When satellites rise and set: a coarse search over ticks that misses nothing, then the moments between ticks.

All in the Earth-fixed frame, where a station is three numbers: its zenith u, its height a = p.u over the plane through
the Earth's centre, and its position p. With H = r.u - a the height of a satellite over the horizon plane and Q = |r -
p|^2, a satellite is visible where F = H - sin(mask) sqrt(Q) is not below zero.

The search takes chunks of ticks and compares r.u with a bound that no satellite above the mask can miss, not even
between two ticks. Only where a chunk passes are H and Q taken at its ticks. Both are as smooth as the orbit, so that
quintics through six ticks give them in between: at 60 s and in low orbit to a few centimetres.
"""

from __future__ import annotations

import math

import numpy as np

from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.window_refinement import (  # fmt: skip
    BATCH,
    CUT_BEGIN,
    CUT_END,
    EVENT_ROWS,
    STENCIL,
    T_EDGES,
    T_TOPS,
    T_WINDOWS,
    TICKS,
    W_FLAGS,
    W_RISE,
    W_SATELLITE,
    W_SET,
    W_STATION,
    W_TOP,
    WORK_F,
    WORK_H,
    WORK_MARK,
    WORK_Q,
    WORK_SIZE,
    WORK_X,
    WORK_Y,
    WORK_Z,
    push,
    settle,
    stencil,
    turn,
)

CHUNK = 8  # ticks of which the search keeps the highest
STRIDE = 2  # ticks from one that the search looks at to the next
VECTORS = 16  # ticks in a block of two vectors of double precision
LANES = 16  # chunks side by side in a vector of single precision
HALO = 6  # ticks beyond those of a block that its events may need
SINGLE_SLACK = 1e-6  # of the radius: rounding of the search in single precision

_X, _Y, _Z, _H, _Q, _F, _MARK = (np.uint64(n) for n in (WORK_X, WORK_Y, WORK_Z, WORK_H, WORK_Q, WORK_F, WORK_MARK))
_BEFORE, _AFTER = np.uint64(WORK_F - 1), np.uint64(WORK_F + 1)

CROSSES, PEEPS, DIPS = 1.0, 2.0, 3.0  # marks of a tick, never two of them

# rows of a station
S_UP, S_AT, S_HEIGHT, S_OFF, S_SINE, S_COSINE = 0, 3, 6, 7, 8, 9
S_NORTH, S_EAST = 10, 13
STATION_ROWS = 16


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

    Fills coarse[3, CHUNK / STRIDE, chunk]: tick c * CHUNK + j * STRIDE is at [:, j, c], so that chunks are
    neighbours; beyond the end, the last tick, which may not be among those that are looked at.
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
                coarse[n, j, c] = np.float32(work[WORK_X + n * TICKS + min(k, ticks - 1)])
    return math.sqrt(least2), math.sqrt(most2), math.sqrt(bend2)


@inlined
def _bound(height: float, off: float, sine: float, cosine: float, least: float, most: float) -> float:
    """Least r.u [m] of a satellite above the mask at a radius between least and most.

    A station is at `height` along its zenith u and at distance `off` from that line. From height H over the horizon
    plane and distance D from the zenith line, H cos(m) >= D sin(m): with theta the angle from u, r cos(theta + m) >= a
    cos(m) - |b sin(m)|.
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
        # unsigned, so that the compiler omits the test for negative indices
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

    F may pass its highest or lowest sample by three quarters of the bend at most: a parabola does so by an eighth, the
    tip of two straight lines, the sharpest that an elevation can have, by a half.
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
def _higher(work: Floats, a: int, b: int) -> bool:
    """Whether the elevation is larger at tick a than at b; without a root or a division."""
    high, low = work[WORK_H + a], work[WORK_H + b]
    return bool(high * abs(high) * work[WORK_Q + b] > low * abs(low) * work[WORK_Q + a])


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
    b = stencil(best if after else best - 1, last)
    at = float(best - (b + 2))
    low, high = max(at - 1.0, float(n0 - (b + 2))), min(at + 1.0, float(n1 - (b + 2)))
    push(tops, tally[T_TOPS], tally[T_WINDOWS], W_TOP, 0.0, tick, low, high, at, work, b)
    tally[T_TOPS] += 1


@inlined
def _push_edge(
    what: int, low: float, high: float, f_low: float, f_high: float, b: int, work: Floats, mask: float, tick: float,
    edges: Floats, tally: Ints,
) -> None:  # fmt: skip
    """A rise or set of the present window between low and high, where F has the values given."""
    x = low + (high - low) * f_low / (f_low - f_high)
    push(edges, tally[T_EDGES], tally[T_WINDOWS], what, mask, tick, low, high, x, work, b)
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
            settle(edges, tops, tally, step_s, out)
        if mark == PEEPS:
            _peep(work, n, n0, n1, begin, end, last, mask, tick, edges, tops, tally, out)
        elif mark == DIPS:
            first = _dip(work, n, first, n0, n1, last, mask, tick, edges, tops, tally, out)
        elif n > n0:
            b = stencil(n - 1, last)
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
    b = stencil(n if right >= left else n - 1, last)
    at = float(n - (b + 2))
    low, high = max(at - 1.0, -(b + 2.0)), min(at + 1.0, last - (b + 2.0))
    x, f = turn(work, b, mask, low, high, 1.0)
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
    b = stencil(n if right <= left else n - 1, last)
    at = float(n - (b + 2))
    low, high = max(at - 1.0, -(b + 2.0)), min(at + 1.0, last - (b + 2.0))
    x, f = turn(work, b, mask, low, high, -1.0)
    if f >= 0.0 or x <= max(low, n0 - (b + 2.0)) or x >= min(high, n1 - (b + 2.0)):
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

    rows[lane, 3, time] Earth-fixed [m], [0] at tick number `tick` of step_s seconds; lane i is where rows say it is at
    times 0 to valid[i]. Windows are sought in times span[0] to span[1], LONGEST_BLOCK at most. stations[station,
    STATION_ROWS]. The first lane to do is `first`: a lane whose windows might not fit into out is left, with those
    after it. Columns are sorted by lane, station and time; W_SATELLITE is the lane.
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
        settle(edges, tops, tally, step_s, out)
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
