"""Windows over a station's lowest elevation cut by its mask over the azimuth and its longest range."""

from __future__ import annotations

import math

from orbit.kernels.access import S_AT, S_EAST, S_NORTH, S_UP
from orbit.kernels.compile import Floats, Ints, kernel
from orbit.kernels.visibility import azimuth_rad, mask_elevation
from orbit.kernels.window_refinement import (  # fmt: skip
    CUT_BEGIN,
    CUT_END,
    HALVINGS,
    W_FLAGS,
    W_RISE,
    W_SATELLITE,
    W_SET,
    W_SINE,
    W_STATION,
    W_TOP,
    poly,
    quintic,
    stencil,
)

SEEN_RAD = 1e-9  # below the mask by less counts as above: where the mask is at its lowest, windows begin on it
GOLDEN = 0.381966011250105


@kernel
def _view(
    rows: Floats, lane: int, last: int, tick: int, u: float, site: Floats, mask: Floats, lo: int, hi: int, reach_m: float
) -> tuple[float, float]:  # fmt: skip
    """How far a satellite is inside mask and range [rad, share of the range], and the sine of its elevation.

    u in ticks of the grid; rows[:, :, 0] is tick number `tick`.
    """
    k = min(max(math.floor(u) - tick, 0), last - 1)
    b = stencil(k, last)
    x = (u - (tick + k)) + (k - (b + 2))
    d = (0.0, 0.0, 0.0)
    px = poly(quintic(
        rows[lane, 0, b], rows[lane, 0, b + 1], rows[lane, 0, b + 2], rows[lane, 0, b + 3], rows[lane, 0, b + 4], rows[lane, 0, b + 5]
    ), x)[0]  # fmt: skip
    py = poly(quintic(
        rows[lane, 1, b], rows[lane, 1, b + 1], rows[lane, 1, b + 2], rows[lane, 1, b + 3], rows[lane, 1, b + 4], rows[lane, 1, b + 5]
    ), x)[0]  # fmt: skip
    pz = poly(quintic(
        rows[lane, 2, b], rows[lane, 2, b + 1], rows[lane, 2, b + 2], rows[lane, 2, b + 3], rows[lane, 2, b + 4], rows[lane, 2, b + 5]
    ), x)[0]  # fmt: skip
    d = (px - site[S_AT], py - site[S_AT + 1], pz - site[S_AT + 2])
    height = d[0] * site[S_UP] + d[1] * site[S_UP + 1] + d[2] * site[S_UP + 2]
    north = d[0] * site[S_NORTH] + d[1] * site[S_NORTH + 1] + d[2] * site[S_NORTH + 2]
    east = d[0] * site[S_EAST] + d[1] * site[S_EAST + 1] + d[2] * site[S_EAST + 2]
    level2 = north * north + east * east
    distance = math.sqrt(level2 + height * height)
    inside = 1.0 - distance / reach_m
    if hi > lo:
        elevation = math.atan2(height, math.sqrt(level2))
        inside = min(inside, elevation - mask_elevation(azimuth_rad(north, east), mask, lo, hi))
    return inside + SEEN_RAD, height / distance


@kernel
def _edge(
    rows: Floats, lane: int, last: int, tick: int, out_u: float, in_u: float, site: Floats, mask: Floats, lo: int, hi: int,
    reach_m: float,
) -> float:  # fmt: skip
    """The moment between out_u, outside, and in_u, inside."""
    for _ in range(HALVINGS):
        u = 0.5 * (out_u + in_u)
        if _view(rows, lane, last, tick, u, site, mask, lo, hi, reach_m)[0] >= 0.0:
            in_u = u
        else:
            out_u = u
    return in_u


@kernel
def _turn(
    rows: Floats, lane: int, last: int, tick: int, low: float, high: float, site: Floats, mask: Floats, lo: int, hi: int,
    reach_m: float, what: int, sign: float,
) -> tuple[float, float]:  # fmt: skip
    """Where sign * (inside: what 0, sine of the elevation: what 1) is greatest between low and high, and that value."""
    for _ in range(HALVINGS):
        a, b = low + GOLDEN * (high - low), high - GOLDEN * (high - low)
        fa = _view(rows, lane, last, tick, a, site, mask, lo, hi, reach_m)[what]
        fb = _view(rows, lane, last, tick, b, site, mask, lo, hi, reach_m)[what]
        if sign * fa >= sign * fb:
            high = b
        else:
            low = a
    u = 0.5 * (low + high)
    return u, sign * _view(rows, lane, last, tick, u, site, mask, lo, hi, reach_m)[what]


@kernel
def _write(
    rows: Floats, last: int, tick: int, step_s: float, windows: Floats, w: int, rise: float, set_: float, best: float,
    apart: float, flags: int, site: Floats, mask: Floats, out: Floats, n: int,
) -> None:  # fmt: skip
    """Column n of out: the part from rise to set_ of window w; its highest sample is at `best`, samples are `apart`."""
    lane = int(windows[W_SATELLITE, w])
    out[W_STATION, n], out[W_SATELLITE, n], out[W_FLAGS, n] = windows[W_STATION, w], windows[W_SATELLITE, w], flags
    # where the window's own edge is the mask's, it stays as it was found
    out[W_RISE, n] = windows[W_RISE, w] if rise * step_s <= windows[W_RISE, w] else rise * step_s
    out[W_SET, n] = windows[W_SET, w] if set_ * step_s >= windows[W_SET, w] else set_ * step_s
    if out[W_RISE, n] <= windows[W_TOP, w] <= out[W_SET, n]:
        out[W_TOP, n], out[W_SINE, n] = windows[W_TOP, w], windows[W_SINE, w]
        return
    low, high = max(rise, best - apart), min(set_, best + apart)
    top, sine = _turn(rows, lane, last, tick, low, high, site, mask, 0, 0, 1.0, 1, 1.0)
    for end in (rise, set_):
        at_end = _view(rows, lane, last, tick, end, site, mask, 0, 0, 1.0)[1]
        if at_end >= sine:
            top, sine = end, at_end
    out[W_TOP, n], out[W_SINE, n] = min(max(top * step_s, out[W_RISE, n]), out[W_SET, n]), sine


@kernel
def cut_windows(
    rows: Floats, valid: Ints, tick: int, step_s: float, stations: Floats, first: Ints, mask: Floats, reach_m: Floats,
    per_tick: Ints, windows: Floats, out: Floats,
) -> int:  # fmt: skip
    """Parts of windows that are above the masks and within reach_m[station], as columns of out; -1 if they do not fit.

    rows, valid, tick, stations as find_windows has them; per_tick[station] moments are looked at in a tick, 0 where a
    station has neither mask nor range: its windows pass. Parts shorter than that, or gaps, are found where the margin
    turns.
    """
    count = 0
    for w in range(windows.shape[1]):
        s, lane = int(windows[W_STATION, w]), int(windows[W_SATELLITE, w])
        if count >= out.shape[1]:
            return -1
        if per_tick[s] == 0:
            out[:, count] = windows[:, w]
            count += 1
            continue
        count = _cut(
            rows, valid[lane], tick, step_s, stations[s], mask, first[s], first[s + 1], reach_m[s], per_tick[s], windows, w,
            out, count,
        )  # fmt: skip
        if count < 0:
            return -1
    return count


@kernel
def _cut(
    rows: Floats, last: int, tick: int, step_s: float, site: Floats, mask: Floats, lo: int, hi: int, reach_m: float,
    per_tick: int, windows: Floats, w: int, out: Floats, count: int,
) -> int:  # fmt: skip
    """The parts of window w, written from column count on; returns the next free column, or -1."""
    lane, flags, apart = int(windows[W_SATELLITE, w]), int(windows[W_FLAGS, w]), 1.0 / per_tick
    begin, end = windows[W_RISE, w] / step_s, windows[W_SET, w] / step_s
    j = math.floor(begin * per_tick) + 1
    here, there = begin, begin
    inside, sine = _view(rows, lane, last, tick, here, site, mask, lo, hi, reach_m)
    earlier, was = here, inside
    up, rise, best, most = inside >= 0.0, begin, begin, sine
    begun = flags & CUT_BEGIN
    while here < end:
        if count + 2 >= out.shape[1]:
            return -1
        there = min(end, j / per_tick)
        j += 1
        next_, sine = _view(rows, lane, last, tick, there, site, mask, lo, hi, reach_m)
        bend = 0.75 * abs(was - 2.0 * inside + next_)
        if not up and inside >= was and inside >= next_ and inside + bend >= 0.0:
            u, value = _turn(rows, lane, last, tick, earlier, there, site, mask, lo, hi, reach_m, 0, 1.0)
            if value > 0.0:
                a = _edge(rows, lane, last, tick, earlier, u, site, mask, lo, hi, reach_m)
                b = _edge(rows, lane, last, tick, there, u, site, mask, lo, hi, reach_m)
                _write(rows, last, tick, step_s, windows, w, a, b, u, apart, 0, site, mask, out, count)
                count += 1
        elif up and inside <= was and inside <= next_ and next_ >= 0.0 and was >= 0.0 and inside <= bend:
            u, value = _turn(rows, lane, last, tick, earlier, there, site, mask, lo, hi, reach_m, 0, -1.0)
            if value > 0.0:
                a = _edge(rows, lane, last, tick, u, earlier, site, mask, lo, hi, reach_m)
                b = _edge(rows, lane, last, tick, u, there, site, mask, lo, hi, reach_m)
                best = min(best, a)
                _write(rows, last, tick, step_s, windows, w, rise, a, best, apart, begun, site, mask, out, count)
                count, rise, best, most, begun = count + 1, b, there, sine, 0
        if (next_ >= 0.0) != up:
            if up:
                a = _edge(rows, lane, last, tick, there, here, site, mask, lo, hi, reach_m)
                _write(rows, last, tick, step_s, windows, w, rise, a, best, apart, begun, site, mask, out, count)
                count += 1
            else:
                rise = _edge(rows, lane, last, tick, here, there, site, mask, lo, hi, reach_m)
                best, most, begun = there, sine, 0
            up = not up
        if up and sine > most:
            best, most = there, sine
        earlier, was, here, inside = here, inside, there, next_
    if up:
        _write(
            rows, last, tick, step_s, windows, w, rise, end, best, apart, begun | (flags & CUT_END), site, mask, out, count
        )  # fmt: skip
        count += 1
    return count
