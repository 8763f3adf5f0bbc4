"""Tracks of circular orbits that decay by drag and are changed by burns, by mean elements. [vallado2013:9.6; king-hele1987]

Drag shrinks the mean circle at 2 F / (m n), F the mean force over a revolution at the satellite's attitude, recomputed every day with the Sun
and the node of the day. A short burn is an impulse on the two-body orbit of the mean elements: position holds, semi-major axis, inclination,
node and eccentricity change. A long burn along the track is a spiral of circles; other long burns are a row of impulses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit import drag
from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.elements import CircularElements
from orbit.environment import sun_position_m
from orbit.kernels import j2
from orbit.kernels import segments as kernel
from orbit.relative_motion import secular_rates_rad_s
from orbit.segments import Segmented, Thrust, Tracks
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

LONGEST_S, SHORTEST_S = 86400.0, 3.0 * 3600.0  # between updates of the drag
UPDATES = 240  # of the drag in a run, at least one a day
NODE_BUCKET_RAD = math.radians(15.0)  # planes within it share their drag
FINEST_M, FINEST_HEIGHTS = 1000.0, 0.05  # largest change of the semi-major axis in a segment, the second in scale heights
IMPULSE = 0.05  # longest impulse, as a share of the period
MOST_ECCENTRIC = 0.1
DOWN_M = 120e3  # altitude at which the track ends
BESIDE_S = 3600.0  # that a track begins before the epoch


class Burn(NamedTuple):
    """A burn of one satellite; delta-v [m/s] along radius, motion and orbit normal."""

    satellite: int
    start_s: float
    delta_v_m_s: Vector
    duration_s: float


class Braking(NamedTuple):
    """What drag acts on, and the air."""

    areas: drag.Areas
    law: str
    drag_coefficient: float
    mass_kg: float
    air: drag.Air


class DeadBand(NamedTuple):
    """Loss of altitude after which thrust raises the orbit again, and its acceleration."""

    dead_band_m: float
    thrust_m_s2: float


class Decline(NamedTuple):
    """Drag from a time on: rate at which the semi-major axis falls at a reference, and the scale height there."""

    start_s: float
    rate_m_s: float
    reference_m: float
    height_m: float


@dataclass(frozen=True)
class MeanState:
    """Mean elements of one satellite at a time; node and argument of latitude count from those at the epoch in shared tracks."""

    time_s: float
    a_m: float
    inclination_rad: float
    node_rad: float
    latitude_rad: float
    ex: float = 0.0
    ey: float = 0.0


def build(
    elements: CircularElements,
    grid: TimeGrid,
    braking: Braking | None = None,
    burns: Sequence[Burn] = (),
    dead_band: DeadBand | None = None,
) -> Segmented:
    """Propagator of satellites on circular orbits that decay, are kept within a dead band, or are changed by burns.

    Parameters
    ----------
    elements : CircularElements
        Mean elements at the epoch.
    grid : TimeGrid
        Time grid of the run.
    braking : Braking, optional
        Drag; without it, orbits do not decay.
    burns : sequence of Burn, optional
        Burns of single satellites.
    dead_band : DeadBand, optional
        Dead band; without it, drag is not made up for.

    Returns
    -------
    Segmented
        Positions, and times with thrusters on in order of satellites.

    Raises
    ------
    ValueError
        If a burn makes an orbit that is too eccentric.
    """
    keys = np.stack((elements.semi_major_axis_m, elements.inclination_rad, np.round(np.mod(elements.node_rad, 2.0 * np.pi) / NODE_BUCKET_RAD)))
    classes, which = np.unique(keys, axis=1, return_inverse=True)
    which = which.ravel()
    of_satellite: dict[int, list[Burn]] = {}
    for burn in sorted(burns, key=lambda b: b.start_s):
        of_satellite.setdefault(burn.satellite, []).append(burn)
    tracks, declines, thrusts = [], [], []
    for number in range(classes.shape[1]):
        a_m, inclination_rad, bucket = (float(x) for x in classes[:, number])
        builder = _Builder(grid, braking, dead_band, inclination_rad, bucket * NODE_BUCKET_RAD)
        tracks.append(builder.run(_before(MeanState(0.0, a_m, inclination_rad, 0.0, 0.0)), ()))
        declines.append(builder.declines)
        sharing = [i for i in np.flatnonzero(which == number).tolist() if i not in of_satellite]
        thrusts += [Thrust(*ends, start_s, time_s) for ends in _ranges(sharing) for start_s, time_s in builder.thrusts]
    track = which.astype(np.int64)
    node_rad, latitude_rad = elements.node_rad.copy(), elements.latitude_argument_rad.copy()
    for satellite, mine in sorted(of_satellite.items()):
        number = int(which[satellite])
        a_m, inclination_rad = float(elements.semi_major_axis_m[satellite]), float(elements.inclination_rad[satellite])
        builder = _Builder(grid, braking, dead_band, inclination_rad, 0.0, declines[number])
        start = MeanState(0.0, a_m, inclination_rad, float(node_rad[satellite]), float(latitude_rad[satellite]))
        track[satellite] = len(tracks)
        tracks.append(builder.run(_before(start), mine))
        node_rad[satellite] = latitude_rad[satellite] = 0.0
        thrusts += [Thrust(satellite, satellite, start_s, time_s) for start_s, time_s in builder.thrusts]
    first = np.cumsum([0, *(len(rows) for rows, _ in tracks)]).astype(np.int64)
    joined = Tracks(np.ascontiguousarray(np.concatenate([rows for rows, _ in tracks]).T), first, np.array([lost for _, lost in tracks]))
    period_s = 2.0 * np.pi / elements.packed()[j2.ROW_LATITUDE_RATE]
    return Segmented(joined, track, node_rad, latitude_rad, period_s, grid, tuple(sorted(thrusts)))


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ends of runs of consecutive numbers."""
    found: list[tuple[int, int]] = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
    return found


def _before(state: MeanState) -> MeanState:
    """The state so much earlier as a track begins, without drag."""
    node, latitude, _ = _rates(state.a_m, state.inclination_rad, 0.0)
    return replace(
        state, time_s=-BESIDE_S, node_rad=state.node_rad - node * BESIDE_S, latitude_rad=state.latitude_rad - latitude * BESIDE_S
    )  # fmt: skip


def _rates(a_m: float, inclination_rad: float, e2: float) -> tuple[float, float, float]:
    """Secular rates of node, argument of latitude and perigee [rad/s]."""
    node, latitude, perigee = secular_rates_rad_s(np.array(a_m), np.array(inclination_rad), np.array(e2))
    return float(node), float(latitude), float(perigee)


class _Builder:
    """Builds one track; `declines` are computed on it, or those of the class that it belongs to."""

    def __init__(
        self, grid: TimeGrid, braking: Braking | None, dead_band: DeadBand | None, inclination_rad: float, node_rad: float,
        declines: list[Decline] | None = None,
    ) -> None:  # fmt: skip
        self.grid, self.braking, self.dead_band = grid, braking, dead_band
        self.node_rad = node_rad
        self.end_s = grid.duration_s + BESIDE_S
        self.declines: list[Decline] = [] if declines is None else declines
        self.shared = declines is not None
        self.thrusts: list[tuple[float, float]] = []
        self.rows: list[list[float]] = []
        self.lost_s = math.inf
        self.wanted_m = 0.0
        spacing_s = min(LONGEST_S, max(SHORTEST_S, self.end_s / UPDATES))
        updates = math.ceil(self.end_s / spacing_s)
        self.updates_s = [k * spacing_s for k in range(updates)] if braking is not None else []

    def run(self, state: MeanState, burns: Sequence[Burn]) -> tuple[Array, float]:
        """Segments of the track, and the time at which it ends above the ground."""
        self.wanted_m = state.a_m
        state = self._coast(state, 0.0, None)  # before the epoch the orbit is that at the epoch
        pending = [(part.start_s, part, burn if k == 0 else None) for burn in burns for k, part in enumerate(_parts(burn, state.a_m))]
        events = sorted([*((t, None, None) for t in self.updates_s), *pending], key=lambda e: (e[0], e[1] is not None))
        decline: Decline | None = None
        for time_s, part, burn in events:
            if math.isfinite(self.lost_s) or time_s >= self.end_s:
                break
            state = self._keep(state, time_s, decline)
            if burn is not None:  # later where the thrusters are still on
                self.thrusts.append((burn.start_s + state.time_s - time_s, burn.duration_s))
            if part is None:
                decline = self._decline(state)
            else:
                state = self._burn(state, part, decline)
        state = self._keep(state, self.end_s, decline)
        return np.array(self.rows), self.lost_s

    # --- drag

    def _decline(self, state: MeanState) -> Decline:
        if self.shared:
            return next(d for d in reversed(self.declines) if d.start_s <= state.time_s + 1e-6)
        here, below = (self._fall_m_s(state, altitude_m) for altitude_m in (0.0, -5e3))
        found = Decline(state.time_s, here, state.a_m, 5e3 / math.log(below / here))
        self.declines.append(found)
        return found

    def _fall_m_s(self, state: MeanState, offset_m: float) -> float:
        """Rate at which the semi-major axis falls, some metres from where it is."""
        b = self.braking
        assert b is not None
        jd, fr = self.grid.epoch_jd, self.grid.epoch_fr + state.time_s / 86400.0
        sun_m = sun_position_m(np.array([jd]), np.array([fr]))[0]
        x, y, z = (float(s) for s in sun_m / np.linalg.norm(sun_m))
        a_m = state.a_m + offset_m
        orbit = drag.Orbit(a_m - EARTH_RADIUS_M + mean_lift_m(a_m, state.inclination_rad), state.inclination_rad)
        node_rad = self.node_rad + state.node_rad
        mean = drag.over_orbit(orbit, b.law, b.air, node_rad, (x, y, z))
        return 2.0 * mean.force_n(b.areas, b.drag_coefficient) / b.mass_kg / math.sqrt(MU_EARTH_M3_S2 / a_m**3)

    # --- motion

    def _keep(self, state: MeanState, end_s: float, decline: Decline | None) -> MeanState:
        """Move to a time, with burns whenever the orbit has sunk by the dead band."""
        dead_band = self.dead_band
        while state.time_s < end_s and math.isinf(self.lost_s):
            low_m = None if dead_band is None else self.wanted_m - dead_band.dead_band_m
            state = self._coast(state, end_s, decline, low_m=low_m)
            if dead_band is None or low_m is None or state.a_m > low_m or state.time_s >= end_s:
                continue
            speed = 2.0 * dead_band.thrust_m_s2 / math.sqrt(MU_EARTH_M3_S2 / state.a_m**3)
            rise_m_s = speed - (0.0 if decline is None else decline.rate_m_s)
            duration_s = (self.wanted_m - state.a_m) / rise_m_s
            start_s = state.time_s
            state = self._coast(state, start_s + duration_s, decline, thrust_m_s2=dead_band.thrust_m_s2)
            self.thrusts.append((start_s, duration_s))
        return state

    def _burn(self, state: MeanState, part: Burn, decline: Decline | None) -> MeanState:
        if part.duration_s > 0.0:  # a spiral
            thrust_m_s2 = part.delta_v_m_s[1] / part.duration_s
            state = self._coast(state, state.time_s + part.duration_s, decline, thrust_m_s2=thrust_m_s2)
        else:
            state = with_impulse(state, part.delta_v_m_s)
        self.wanted_m = state.a_m
        return state

    def _coast(
        self, state: MeanState, end_s: float, decline: Decline | None, low_m: float | None = None, thrust_m_s2: float = 0.0
    ) -> MeanState:
        """Segments to a time, or until the orbit is down to a semi-major axis."""

        def slope(a_m: float) -> float:
            fall = 0.0 if decline is None else decline.rate_m_s * math.exp(min(50.0, (decline.reference_m - a_m) / decline.height_m))
            return 2.0 * thrust_m_s2 / math.sqrt(MU_EARTH_M3_S2 / a_m**3) - fall

        finest_m = FINEST_M if decline is None else min(FINEST_M, FINEST_HEIGHTS * decline.height_m)
        while state.time_s < end_s:
            left_s, rate = end_s - state.time_s, slope(state.a_m)
            step_s = left_s if rate == 0.0 else min(left_s, finest_m / abs(rate))
            reached = False
            if low_m is not None and rate < 0.0 and state.a_m + rate * step_s * 1.2 <= low_m:
                # straight but for the exponential, which one Newton step on the exact solution meets
                step_s, reached = min(step_s, self._time_to(state.a_m, low_m, slope, decline)), True
            state = self._segment(state, step_s, slope)
            if state.a_m - EARTH_RADIUS_M <= DOWN_M:
                self.lost_s = state.time_s
                break
            if reached and low_m is not None and state.a_m <= low_m + 1e-3:
                break
        return state

    @staticmethod
    def _time_to(a_m: float, low_m: float, slope: Callable[[float], float], decline: Decline | None) -> float:
        """Time until drag alone has brought the semi-major axis down: exact in exponential air, 0 where it is there already."""
        assert decline is not None  # nothing else lowers an orbit between burns
        h = decline.height_m
        return max(1e-3, h / -slope(a_m) * -math.expm1(-(a_m - low_m) / h))

    def _segment(self, state: MeanState, step_s: float, slope: Callable[[float], float]) -> MeanState:
        """One segment, integrated by a Runge-Kutta step of fourth order; cubics through values and rates at both ends."""
        e2 = state.ex**2 + state.ey**2

        def rates(a_m: float) -> tuple[float, float, float]:
            node, latitude, _ = _rates(a_m, state.inclination_rad, e2)
            return slope(a_m), node, latitude

        k1 = rates(state.a_m)
        k2 = rates(state.a_m + 0.5 * step_s * k1[0])
        k3 = rates(state.a_m + 0.5 * step_s * k2[0])
        k4 = rates(state.a_m + step_s * k3[0])
        moved = [step_s / 6.0 * (p + 2.0 * q + 2.0 * r + s) for p, q, r, s in zip(k1, k2, k3, k4, strict=True)]
        end = rates(state.a_m + moved[0])
        turn = _rates(state.a_m + 0.5 * moved[0], state.inclination_rad, e2)[2]
        row = [0.0] * kernel.ROWS
        row[kernel.ROW_START] = state.time_s
        starts = (state.a_m, state.node_rad, state.latitude_rad)
        for first, start, gain, before, after in zip(
            (kernel.ROW_A, kernel.ROW_NODE, kernel.ROW_LATITUDE), starts, moved, k1, end, strict=True
        ):
            excess, drift = (gain - before * step_s) / step_s**2, (after - before) / step_s
            row[first : first + 4] = [start, before, 3.0 * excess - drift, (drift - 2.0 * excess) / step_s]
        row[kernel.ROW_COS_I], row[kernel.ROW_SIN_I] = math.cos(state.inclination_rad), math.sin(state.inclination_rad)
        row[kernel.ROW_EX], row[kernel.ROW_EY], row[kernel.ROW_TURN] = state.ex, state.ey, turn
        self.rows.append(row)
        cos_w, sin_w = math.cos(turn * step_s), math.sin(turn * step_s)
        return replace(
            state, time_s=state.time_s + step_s, a_m=state.a_m + moved[0], node_rad=state.node_rad + moved[1],
            latitude_rad=state.latitude_rad + moved[2], ex=state.ex * cos_w - state.ey * sin_w, ey=state.ex * sin_w + state.ey * cos_w,
        )  # fmt: skip


def mean_lift_m(a_m: float, inclination_rad: float) -> float:
    """Mean radius of a circular mean orbit under J2, beyond its semi-major axis. [brouwer1959]

    Parameters
    ----------
    a_m : float
        Mean semi-major axis [m].
    inclination_rad : float
        Inclination [rad].

    Returns
    -------
    float
        Distance [m]; 4 to 5 km on a polar orbit.
    """
    c = math.cos(inclination_rad)
    return -1.5 * J2 * EARTH_RADIUS_M**2 / a_m * (1.5 * c * c - 0.5)


def _parts(burn: Burn, a_m: float) -> list[Burn]:
    """Impulses (of no duration) and spirals of which a burn consists."""
    period_s = 2.0 * math.pi * math.sqrt(a_m**3 / MU_EARTH_M3_S2)
    if burn.duration_s <= IMPULSE * period_s:
        return [burn._replace(start_s=burn.start_s + 0.5 * burn.duration_s, duration_s=0.0)]
    radial, along, normal = burn.delta_v_m_s
    if radial == normal == 0.0:
        return [burn]
    count = math.ceil(burn.duration_s / (IMPULSE * period_s))
    share = (radial / count, along / count, normal / count)
    return [Burn(burn.satellite, burn.start_s + (k + 0.5) * burn.duration_s / count, share, 0.0) for k in range(count)]


def with_impulse(state: MeanState, delta_v_m_s: Vector) -> MeanState:
    """Mean elements after an impulse: the two-body orbit through the same position with the changed velocity. [vallado2013:2.5]

    Parameters
    ----------
    state : MeanState
        Mean elements before.
    delta_v_m_s : tuple of float
        Change of velocity along radius, motion and orbit normal [m/s].

    Returns
    -------
    MeanState
        Mean elements after.

    Raises
    ------
    ValueError
        If the new orbit is too eccentric.
    """
    cos_l, sin_l = math.cos(state.latitude_rad), math.sin(state.latitude_rad)
    x, y = kernel.in_plane(state.a_m, sin_l, cos_l, state.ex, state.ey)
    r, u = math.hypot(x, y), math.atan2(y, x)
    parameter = state.a_m * (1.0 - state.ex**2 - state.ey**2)
    momentum = math.sqrt(MU_EARTH_M3_S2 * parameter)
    radial = momentum / parameter * (state.ex * math.sin(u) - state.ey * math.cos(u)) + delta_v_m_s[0]
    along, across = momentum / r + delta_v_m_s[1], delta_v_m_s[2]
    # the plane turns about the radius
    tilt = math.atan2(across, along)
    transverse = math.hypot(along, across)
    i, turned = state.inclination_rad, state.node_rad
    cos_i = math.cos(i) * math.cos(tilt) - math.sin(i) * math.sin(tilt) * math.cos(u)
    new_i = math.acos(max(-1.0, min(1.0, cos_i)))
    sin_u = math.sin(i) * math.sin(u)
    cos_u = math.cos(tilt) * math.sin(i) * math.cos(u) + math.sin(tilt) * math.cos(i)
    new_u = math.atan2(sin_u, cos_u)
    # node: the radius has the same place in space
    before = math.atan2(math.sin(u) * math.cos(i), math.cos(u))
    after = math.atan2(math.sin(new_u) * math.cos(new_i), math.cos(new_u))
    turned += math.remainder(before - after, 2.0 * math.pi)
    momentum = r * transverse
    parameter = momentum * momentum / MU_EARTH_M3_S2
    # e cos f and e sin f of the new orbit, f the true anomaly
    kappa, sigma = parameter / r - 1.0, radial * momentum / MU_EARTH_M3_S2
    ex = kappa * math.cos(new_u) + sigma * math.sin(new_u)
    ey = kappa * math.sin(new_u) - sigma * math.cos(new_u)
    e2 = ex * ex + ey * ey
    if e2 > MOST_ECCENTRIC**2:
        raise ValueError(f"a burn of {math.hypot(*delta_v_m_s):.4g} m/s makes an orbit of eccentricity {math.sqrt(e2):.2g}, above {MOST_ECCENTRIC:g}")
    a_m = parameter / (1.0 - e2)
    # eccentric and mean arguments of latitude from the place in the plane
    b = 1.0 / (1.0 + math.sqrt(1.0 - e2))
    px, py = r * math.cos(new_u) / a_m + ex, r * math.sin(new_u) / a_m + ey
    det = (1.0 - ey * ey * b) * (1.0 - ex * ex * b) - (ex * ey * b) ** 2
    cos_f = (px * (1.0 - ex * ex * b) - py * ex * ey * b) / det
    sin_f = (py * (1.0 - ey * ey * b) - px * ex * ey * b) / det
    latitude = math.atan2(sin_f, cos_f) - ex * sin_f + ey * cos_f
    # the same revolution as before
    latitude += 2.0 * math.pi * round((state.latitude_rad - latitude + (new_u - u)) / (2.0 * math.pi))
    return replace(state, a_m=a_m, inclination_rad=new_i, node_rad=turned, latitude_rad=latitude, ex=ex, ey=ey)
