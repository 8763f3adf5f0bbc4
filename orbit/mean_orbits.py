"""Mean orbits: slowly turning ellipses fitted to the positions of any propagator, from which a view draws many satellites.

An orbit is a row of `ROWS`: an ellipse by its semi-major axis and eccentricity vector, a plane, and rates of node, argument of latitude and
apsis. It follows SGP4 within its short-period terms and the drift of drag; `MeanOrbits.error_m` tells how closely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.propagation import Propagator
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
ROWS: Final = (
    "semi_major_axis_m", "e_cos", "e_sin", "inclination_rad", "node_rad", "node_rate_rad_s", "argument_rad", "argument_rate_rad_s",
    "apsis_rate_rad_s", "argument_gain_rad_s2",
)  # fmt: skip
SAMPLES: Final = 24  # of a revolution
CHECKED: Final = 5  # of its samples, by distance
PART: Final = 2_048  # satellites whose positions are held at once
ALIKE: Final = 1.3  # largest ratio of the periods of satellites that are fitted together
LONGER: Final = 4.0  # how much farther away each next revolution is that is looked at
NEWTON: Final = 12  # iterations of Kepler's equation at most, which suffice to an eccentricity of 0.9
CLOSE_RAD: Final = 1e-9  # step of an iteration that ends them
MOST_ECCENTRIC: Final = 0.9
LEAST_ECCENTRIC: Final = 0.01  # from which on the turning of the apsis is measured


@dataclass(frozen=True)
class MeanOrbits:
    """Orbits of many satellites.

    Attributes
    ----------
    rows : ndarray, shape (10, satellites)
        Values by `ROWS` at the epoch: the mean argument of latitude is
        argument + argument_rate t + argument_gain t^2. Not a number where there is no orbit.
    error_m : ndarray, shape (satellites,)
        Largest distance from the propagator's positions, over the revolutions that were looked at [m].
    """

    rows: Array
    error_m: Array

    def position_m(self, time_s: float) -> Array:
        """Positions at a time after the epoch.

        Parameters
        ----------
        time_s : float
            Time [s].

        Returns
        -------
        ndarray, shape (3, satellites)
            Positions in TEME [m].
        """
        return _position_m(self.rows, time_s)


def mean_orbits(propagator: Propagator, grid: TimeGrid) -> MeanOrbits:
    """Fit a mean orbit to the positions of each satellite, over the time of a grid and at least a revolution.

    Parameters
    ----------
    propagator : Propagator
        Satellites; they may have any orbit below an eccentricity of 0.9.
    grid : TimeGrid
        Epoch and time of the run.

    Returns
    -------
    MeanOrbits
        An orbit for each satellite.

    Examples
    --------
    >>> from orbit.propagation import CircularJ2
    >>> from orbit.shells import walker
    >>> grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=1440)
    >>> found = mean_orbits(CircularJ2(walker(550e3, np.radians(53.0), 2, 3, 0.0), grid), grid)
    >>> bool(found.error_m.max() < 1.0)
    True
    """
    period_s = np.asarray(propagator.period_s, dtype=np.float64)
    rows, error_m = np.full((len(ROWS), propagator.count), np.nan), np.full(propagator.count, np.nan)
    order = np.argsort(period_s, kind="stable")
    order = order[np.isfinite(period_s[order])]
    while order.size:
        some = order[period_s[order] <= ALIKE * period_s[order[0]]]
        order = order[some.size :]
        longest_s = float(period_s[some].max())
        for first in range(0, some.size, PART):
            which = np.sort(some[first : first + PART])
            rows[:, which], error_m[which] = _fit(propagator.subset(which), grid, longest_s)
    return MeanOrbits(rows, error_m)


def _fit(propagator: Propagator, grid: TimeGrid, period_s: float) -> tuple[Array, Array]:
    """Orbits of satellites with about the same period, and their largest distance from its positions [m]."""
    spacing_s = period_s / SAMPLES
    end_s = grid.step_s * grid.steps
    fine = replace(grid, step_s=spacing_s, steps=max(SAMPLES, int(end_s / spacing_s)))
    moving = propagator.on_grid(fine)
    last = max(0, fine.steps - SAMPLES)
    starts, away = [0], SAMPLES
    while away < last // 2:
        starts.append(away)
        away = int(LONGER * away)
    if last:
        starts += [last // 2, last]
    seen = [_revolution(moving, fine, first) for first in starts]
    rows = _ellipse(*seen[0])
    for time_s, r_m in seen[1:]:
        rows = _with_rates(rows, seen[0][0], time_s, r_m)
    if len(seen) > 2:
        rows = _with_drag(rows, seen[0][0], *seen[-2], seen[-1][0])
    error_m = np.zeros(propagator.count)
    for time_s, r_m in seen:
        for at in np.linspace(0, SAMPLES, CHECKED).astype(int):
            error_m = np.maximum(error_m, np.linalg.norm(_position_m(rows, float(time_s[at])) - r_m[at], axis=0))
    return rows, error_m


def _revolution(moving: Propagator, grid: TimeGrid, first: int) -> tuple[Array, Array]:
    """Times [s] and positions (times, 3, satellites) of a revolution; not a number where there is none."""
    r_m = np.empty((SAMPLES + 1, 3, moving.count))
    codes = moving.fill(0, moving.count, first, r_m)
    if codes is not None:
        r_m[np.repeat(codes[:, None] != 0, 3, axis=1)] = np.nan
    time_s: Array = grid.step_s * np.arange(first, first + SAMPLES + 1, dtype=np.float64)
    return time_s, r_m


def _ellipse(time_s: Array, r_m: Array) -> Array:
    """Orbits through the positions of a revolution, which turn by secular J2. [vallado2013:eqs. 9-37, 9-39]"""
    middle_s = float(np.mean(time_s))
    node_rate = apsis_rate = np.zeros(r_m.shape[2])
    for _ in range(2):  # the second time without the drift of the node, which tilts the plane that fits best
        angle_rad = node_rate * (time_s - middle_s)[:, None]
        still_m = np.stack([
            r_m[:, 0] * np.cos(angle_rad) + r_m[:, 1] * np.sin(angle_rad), r_m[:, 1] * np.cos(angle_rad) - r_m[:, 0] * np.sin(angle_rad), r_m[:, 2],
        ], axis=1)  # fmt: skip
        inclination_rad, node_rad = _plane(still_m)
        u_rad, radius_m = _in_plane(still_m, inclination_rad, node_rad)
        axis_m, e_cos, e_sin = _conic(u_rad, radius_m)
        parameter_m = axis_m * (1.0 - e_cos**2 - e_sin**2)
        size = 1.5 * J2 * (EARTH_RADIUS_M / parameter_m) ** 2 * np.sqrt(MU_EARTH_M3_S2 / axis_m**3)
        node_rate, apsis_rate = -size * np.cos(inclination_rad), size * (2.0 - 2.5 * np.sin(inclination_rad) ** 2)
    rate_rad_s, start_rad = _line(time_s, np.unwrap(_mean_argument(u_rad, e_cos, e_sin), axis=0))
    back = -apsis_rate * middle_s
    found = (
        axis_m, e_cos * np.cos(back) - e_sin * np.sin(back), e_cos * np.sin(back) + e_sin * np.cos(back), inclination_rad,
        node_rad - node_rate * middle_s, node_rate, start_rad, rate_rad_s, apsis_rate, np.zeros_like(axis_m),
    )  # fmt: skip
    return np.stack(found)


def _conic(u_rad: Array, radius_m: Array) -> tuple[Array, Array, Array]:
    """Semi-major axis [m] and eccentricity vector of 1 / r = (1 + e_cos cos u + e_sin sin u) / p, by least squares."""
    basis = np.stack([np.ones_like(u_rad), np.cos(u_rad), np.sin(u_rad)], axis=-1)  # (times, satellites, 3)
    square = np.einsum("tsi,tsj->sij", basis, basis)
    right = np.einsum("tsi,ts->si", basis, 1.0 / radius_m)
    known = np.isfinite(square).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
    inverse = np.full((u_rad.shape[1], 3), np.nan)
    inverse[known] = np.linalg.solve(square[known], right[known][..., None])[..., 0]
    e_cos, e_sin = inverse[:, 1] / inverse[:, 0], inverse[:, 2] / inverse[:, 0]
    square_e = e_cos**2 + e_sin**2
    axis_m: Array = np.where(square_e < MOST_ECCENTRIC**2, 1.0 / (inverse[:, 0] * (1.0 - square_e)), np.nan)
    return axis_m, e_cos, e_sin


def _with_rates(rows: Array, first_s: Array, time_s: Array, r_m: Array) -> Array:
    """The orbits with rates that meet a later revolution; the rates so far tell how many turns lie between."""
    now, later = (dict(zip(ROWS, some, strict=True)) for some in (rows, _ellipse(time_s, r_m)))
    middle_s, then_s = float(np.mean(first_s)), float(np.mean(time_s))

    def meeting(name: str, rate: str) -> tuple[Array, Array]:
        """Angle at the epoch and its rate, through its values in the middle of both revolutions."""
        here = now[name] + now[rate] * middle_s
        missed = _turn(later[name] + later[rate] * then_s - here - now[rate] * (then_s - middle_s))
        found = now[rate] + missed / (then_s - middle_s)
        return here - found * middle_s, found

    for one in (now, later):
        one["apsis_rad"] = np.arctan2(one["e_sin"], one["e_cos"])
    size = np.hypot(now["e_cos"], now["e_sin"])
    for name, rate in (("node_rad", "node_rate_rad_s"), ("argument_rad", "argument_rate_rad_s"), ("apsis_rad", "apsis_rate_rad_s")):
        if name != "apsis_rad":
            now[name], now[rate] = meeting(name, rate)
            continue
        angle, turning = meeting(name, rate)
        clear = size > LEAST_ECCENTRIC  # the apsis of a circle is noise
        now[name], now[rate] = np.where(clear, angle, now[name]), np.where(clear, turning, now[rate])
    now |= {"e_cos": size * np.cos(now["apsis_rad"]), "e_sin": size * np.sin(now["apsis_rad"])}
    return np.stack([now[name] for name in ROWS])


def _with_drag(rows: Array, first_s: Array, time_s: Array, r_m: Array, last_s: Array) -> Array:
    """The orbits with an argument that gains in time, so that it meets a revolution in the middle too."""
    now, middle = (dict(zip(ROWS, some, strict=True)) for some in (rows, _ellipse(time_s, r_m)))
    first, at, last = (float(np.mean(some)) for some in (first_s, time_s, last_s))
    name, rate, gain = "argument_rad", "argument_rate_rad_s", "argument_gain_rad_s2"
    missed = _turn(middle[name] + middle[rate] * at - now[name] - now[rate] * at)
    half = missed / ((at - first) * (at - last)) if first < at < last else np.zeros_like(missed)
    now |= {name: now[name] + half * first * last, rate: now[rate] - half * (first + last), gain: half}
    return np.stack([now[one] for one in ROWS])


def _turn(angle_rad: Array) -> Array:
    """An angle within half a turn."""
    return np.asarray((angle_rad + np.pi) % (2.0 * np.pi) - np.pi)


def _line(time_s: Array, values: Array) -> tuple[Array, Array]:
    """Slope and value at time 0 of lines through values (times, satellites)."""
    middle_s = np.mean(time_s)
    away_s = time_s - middle_s
    slope = away_s @ values / np.sum(away_s**2)
    return slope, np.asarray(values.mean(axis=0) - slope * middle_s)


def _plane(r_m: Array) -> tuple[Array, Array]:
    """Inclination and node of the plane of positions (times, 3, satellites), by the area that they sweep [rad]."""
    (ax, ay, az), (bx, by, bz) = (some.transpose(1, 0, 2) for some in (r_m[:-1], r_m[1:]))  # less than half a revolution apart
    x, y, z = (one.sum(axis=0) for one in (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))
    return np.arctan2(np.hypot(x, y), z), np.arctan2(x, -y)


def _in_plane(r_m: Array, inclination_rad: Array, node_rad: Array) -> tuple[Array, Array]:
    """Argument of latitude [rad] and radius [m] of positions, (times, satellites)."""
    cos, sin = np.cos(node_rad), np.sin(node_rad)
    x = r_m[:, 0] * cos + r_m[:, 1] * sin
    y = (r_m[:, 1] * cos - r_m[:, 0] * sin) * np.cos(inclination_rad) + r_m[:, 2] * np.sin(inclination_rad)
    return np.arctan2(y, x), np.linalg.norm(r_m, axis=1)


def _mean_argument(u_rad: Array, e_cos: Array, e_sin: Array) -> Array:
    """Mean argument of latitude of a true one [rad]."""
    eccentricity, apsis_rad = np.hypot(e_cos, e_sin), np.arctan2(e_sin, e_cos)
    true_rad = u_rad - apsis_rad
    anomaly = np.arctan2(np.sqrt(np.maximum(1.0 - eccentricity**2, 0.0)) * np.sin(true_rad), eccentricity + np.cos(true_rad))
    return np.asarray(anomaly - eccentricity * np.sin(anomaly) + apsis_rad)


def _position_m(rows: Array, time_s: float) -> Array:
    """Positions (3, satellites) of mean orbits at a time after the epoch [m]; the page's script computes the same."""
    axis_m, e_cos, e_sin, inclination_rad, node_rad, node_rate, argument_rad, argument_rate, apsis_rate, gain = rows
    turn = apsis_rate * time_s
    k, h = e_cos * np.cos(turn) - e_sin * np.sin(turn), e_cos * np.sin(turn) + e_sin * np.cos(turn)
    mean = argument_rad + (argument_rate + gain * time_s) * time_s
    f = mean + k * np.sin(mean) - h * np.cos(mean)
    for _ in range(NEWTON):
        step = (f + h * np.cos(f) - k * np.sin(f) - mean) / (1.0 - h * np.sin(f) - k * np.cos(f))
        f = f - step
        if not np.any(np.abs(step) > CLOSE_RAD):
            break
    beta = 1.0 / (1.0 + np.sqrt(1.0 - h * h - k * k))
    cos, sin = np.cos(f), np.sin(f)
    x = axis_m * ((1.0 - h * h * beta) * cos + h * k * beta * sin - k)
    y = axis_m * ((1.0 - k * k * beta) * sin + h * k * beta * cos - h)
    node = node_rad + node_rate * time_s
    c, s = np.cos(node), np.sin(node)
    flat = y * np.cos(inclination_rad)
    return np.stack([x * c - flat * s, x * s + flat * c, y * np.sin(inclination_rad)])
