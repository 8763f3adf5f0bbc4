"""Near-circular orbits in segments: semi-major axis, node and argument of latitude as cubics of time, secular J2, a small eccentricity."""

from __future__ import annotations

import math

from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.simd import sincos

# Rows of a segment: its beginning [s], cubics of the time since then (constants first) of semi-major axis [m], node and mean argument of
# latitude [rad], inclination, eccentricity vector at the beginning and the rate [rad/s] at which it turns.
ROW_START = 0
ROW_A, ROW_NODE, ROW_LATITUDE = 1, 5, 9
ROW_COS_I, ROW_SIN_I, ROW_EX, ROW_EY, ROW_TURN = range(13, 18)
ROWS = 18
WIDTH = 256  # lanes of a call: with a fixed distance between rows the loop becomes vector instructions


@inlined
def _cubic(rows: Floats, at: int, t: float) -> float:
    value: float = rows[at] + t * (rows[at + WIDTH] + t * (rows[at + 2 * WIDTH] + t * rows[at + 3 * WIDTH]))
    return value


@inlined
def _near_zero(x: float) -> tuple[float, float]:
    """Sine and cosine of an angle below 0.12 rad."""
    x2 = x * x
    sine = x * (1.0 + x2 * (-1.0 / 6.0 + x2 * (1.0 / 120.0 - x2 / 5040.0)))
    return sine, 1.0 + x2 * (-0.5 + x2 * (1.0 / 24.0 + x2 * (-1.0 / 720.0 + x2 / 40320.0)))


@inlined
def _newton(x: float, p: float, q: float) -> float:
    """A Newton step on x = p cos x + q sin x."""
    sin_x, cos_x = _near_zero(x)
    return x - (x - p * cos_x - q * sin_x) / (1.0 + p * sin_x - q * cos_x)


@inlined
def in_plane(a: float, sin_l: float, cos_l: float, ex: float, ey: float) -> tuple[float, float]:
    """Coordinates in the orbit plane [m], the first towards the node, from mean argument of latitude and eccentricity vector below 0.1.

    Kepler's equation F = l + ex sin F - ey cos F with F = l + x; three Newton steps leave 1e-13.
    """
    p, q = ex * sin_l - ey * cos_l, ex * cos_l + ey * sin_l
    x = _newton(p / (1.0 - q), p, q)
    x = _newton(x, p, q)
    sin_x, cos_x = _near_zero(_newton(x, p, q))
    sin_f, cos_f = sin_l * cos_x + cos_l * sin_x, cos_l * cos_x - sin_l * sin_x
    b = 1.0 / (1.0 + math.sqrt(1.0 - ex * ex - ey * ey))
    along = a * ((1.0 - ey * ey * b) * cos_f + ex * ey * b * sin_f - ex)
    across = a * ((1.0 - ex * ex * b) * sin_f + ex * ey * b * cos_f - ey)
    return along, across


@kernel
def positions(rows: Floats, t_s: Floats, out_r_m: Floats) -> None:
    """Positions [m] in the frame of the node, out_r_m[time, 3, satellite], each satellite on its segment rows[18 x WIDTH]."""
    for k in range(t_s.size):
        for i in range(out_r_m.shape[2]):
            t = t_s[k] - rows[ROW_START * WIDTH + i]
            sin_l, cos_l = sincos(_cubic(rows, ROW_LATITUDE * WIDTH + i, t))
            sin_w, cos_w = sincos(rows[ROW_TURN * WIDTH + i] * t)
            e1, e2 = rows[ROW_EX * WIDTH + i], rows[ROW_EY * WIDTH + i]
            ex, ey = e1 * cos_w - e2 * sin_w, e1 * sin_w + e2 * cos_w
            x, y = in_plane(_cubic(rows, ROW_A * WIDTH + i, t), sin_l, cos_l, ex, ey)
            sin_n, cos_n = sincos(_cubic(rows, ROW_NODE * WIDTH + i, t))
            cos_i = rows[ROW_COS_I * WIDTH + i]
            out_r_m[k, 0, i] = cos_n * x - sin_n * y * cos_i
            out_r_m[k, 1, i] = sin_n * x + cos_n * y * cos_i
            out_r_m[k, 2, i] = y * rows[ROW_SIN_I * WIDTH + i]


@kernel
def circles(rows: Floats, t_s: Floats, out_r_m: Floats) -> None:
    """The same where no satellite has an eccentricity: six times as fast."""
    for k in range(t_s.size):
        for i in range(out_r_m.shape[2]):
            t = t_s[k] - rows[ROW_START * WIDTH + i]
            sin_l, cos_l = sincos(_cubic(rows, ROW_LATITUDE * WIDTH + i, t))
            sin_n, cos_n = sincos(_cubic(rows, ROW_NODE * WIDTH + i, t))
            a, cos_i = _cubic(rows, ROW_A * WIDTH + i, t), rows[ROW_COS_I * WIDTH + i]
            out_r_m[k, 0, i] = a * (cos_n * cos_l - sin_n * sin_l * cos_i)
            out_r_m[k, 1, i] = a * (sin_n * cos_l + cos_n * sin_l * cos_i)
            out_r_m[k, 2, i] = a * (sin_l * rows[ROW_SIN_I * WIDTH + i])


@kernel
def locate(first: Ints, starts_s: Floats, tracks: Ints, t_s: float, out: Ints) -> None:
    """Segment of each satellite at a time: the last of its track, segments first[track] to first[track + 1] - 1, that has begun."""
    for i in range(tracks.size):
        low, high = first[tracks[i]], first[tracks[i] + 1] - 1
        while low < high:
            middle = (low + high + 1) // 2
            if starts_s[middle] <= t_s:
                low = middle
            else:
                high = middle - 1
        out[i] = low
