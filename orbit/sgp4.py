"""SGP4 and SDP4 from mean elements: states at any times, and a propagator for runs.

Near-Earth satellites use `orbit.kernels.sgp4`. Deep-space satellites (periods of 225 minutes and more) use the sgp4
package, which is the reference code [vallado2006]. Both use WGS 72 and give positions in TEME.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from orbit.catalog.common import SGP4_EPOCH_JD
from orbit.constants import SECONDS_PER_DAY, WGS72_J2
from orbit.elements import CircularElements, Sgp4Elements
from orbit.kernels import sgp4 as kernels
from orbit.kernels import sgp4_constants as el
from orbit.kernels.sgp4_passes import WINDOW
from orbit.kernels.streaming_stores import empty_lines
from orbit.status import BAD_ECCENTRICITY, BAD_MEAN_MOTION, NOWHERE_M, UNDEFINED
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Codes = NDArray[np.int8]

CHUNK = 65_536  # satellites made ready at once


def from_satrecs(records: Iterable[Any]) -> Sgp4Elements:
    """Mean elements of `sgp4.api.Satrec` objects.

    Parameters
    ----------
    records : iterable of Satrec

    Returns
    -------
    Sgp4Elements
    """
    columns = [
        (r.jdsatepoch, r.jdsatepochF, r.no_kozai, r.ecco, r.inclo, r.nodeo, r.argpo, r.mo, r.bstar) for r in records
    ]
    return Sgp4Elements(*np.ascontiguousarray(np.array(columns, dtype=np.float64).reshape(-1, el.ELEMENT_ROWS).T))


def to_satrecs(elements: Sgp4Elements) -> list[Any]:
    """Mean elements as `sgp4.api.Satrec` objects (WGS 72).

    Parameters
    ----------
    elements : Sgp4Elements

    Returns
    -------
    list of Satrec
    """
    from sgp4.api import WGS72, Satrec

    made = []
    for k in range(elements.count):
        record = Satrec()
        jd, fr = float(elements.epoch_jd[k]), float(elements.epoch_fr[k])
        record.sgp4init(
            WGS72, "i", k % 100000, jd + fr - SGP4_EPOCH_JD, float(elements.drag_term_per_er[k]), 0.0, 0.0,
            float(elements.eccentricity[k]), float(elements.perigee_argument_rad[k]),
            float(elements.inclination_rad[k]), float(elements.mean_anomaly_rad[k]),
            float(elements.mean_motion_rad_min[k]), float(elements.node_rad[k]),
        )  # fmt: skip
        record.jdsatepoch, record.jdsatepochF = jd, fr  # one float of days resolves a microsecond only
        made.append(record)
    return made


def of_circular(circular: CircularElements, jd: float, fr: float) -> Sgp4Elements:
    """Circular mean elements as mean elements for SGP4: same semi-major axis, no drag, eccentricity 1e-7. [vallado2006]

    Kozai's mean motion is the one from which the reference code recovers this semi-major axis.

    Parameters
    ----------
    circular : CircularElements
        Mean elements.
    jd, fr : float
        Epoch of the elements, UTC Julian date in two parts.

    Returns
    -------
    Sgp4Elements
    """
    count, size = circular.count, circular.semi_major_axis_m / el.RADIUS_M
    wanted = el.XKE * size**-1.5
    tilt = 0.75 * WGS72_J2 * (3.0 * np.cos(circular.inclination_rad) ** 2 - 1.0)
    motion = wanted
    for _ in range(6):  # a correction of 1e-3 gains three digits a round
        a1 = (el.XKE / motion) ** (2.0 / 3.0)
        d1 = tilt / (a1 * a1)
        a0 = a1 * (1.0 - d1 * (1.0 / 3.0 + d1 * (1.0 + 134.0 / 81.0 * d1)))
        motion = wanted * (1.0 + tilt / (a0 * a0))
    return Sgp4Elements(
        epoch_jd=np.full(count, jd), epoch_fr=np.full(count, fr), mean_motion_rad_min=motion,
        eccentricity=np.full(count, 1e-7), inclination_rad=circular.inclination_rad, node_rad=circular.node_rad,
        perigee_argument_rad=np.zeros(count), mean_anomaly_rad=circular.latitude_argument_rad,
        drag_term_per_er=np.zeros(count),
    )  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """Constants of many satellites for the kernel, and records of those in deep space.

    Attributes
    ----------
    elements : Sgp4Elements
    """

    elements: Sgp4Elements

    @cached_property
    def constants(self) -> Array:
        """Constants for the kernel, shape (sgp4_constants.ROWS, satellites)."""
        rows = [getattr(self.elements, f.name) for f in fields(Sgp4Elements)]  # in the order of sgp4_constants.IN_*
        made = np.empty((el.ROWS, self.elements.count))
        for lo in range(0, self.elements.count, CHUNK):  # a second copy of a million satellites would be large
            part = np.empty((el.ROWS, min(CHUNK, self.elements.count - lo)))
            el.initialise(np.stack([row[lo : lo + CHUNK] for row in rows]), part)
            made[:, lo : lo + CHUNK] = part
        return made

    @cached_property
    def deep(self) -> dict[int, Any]:
        """Records of the sgp4 package of deep-space satellites, by index."""
        which = np.flatnonzero(self.constants[el.KIND] == el.DEEP_SPACE)
        return dict(zip(which.tolist(), to_satrecs(self.elements.subset(which)), strict=True))

    @cached_property
    def no_orbit(self) -> Codes:
        """Status codes of satellites whose elements describe no orbit, zero for others, shape (satellites,)."""
        none = self.constants[el.KIND] == el.NO_ORBIT
        e = self.elements.eccentricity
        why = np.where((e >= 1.0) | (e < el.LEAST_E), BAD_ECCENTRICITY, BAD_MEAN_MOTION)
        return np.where(none, why, 0).astype(np.int8)

    def modes(self, jd: float, fr: float, lo_min: float, hi_min: float, half_min: float) -> NDArray[np.int64]:
        """Choose how each satellite is computed over a time span.

        Parameters
        ----------
        jd, fr : float
            UTC Julian date in two parts.
        lo_min, hi_min : float
            Beginning and end of the span [min after the date].
        half_min : float
            Half the length of a window [min].

        Returns
        -------
        ndarray of int, shape (satellites,)
            Modes of `orbit.kernels.sgp4`.
        """
        since_min = ((jd - self.elements.epoch_jd) + (fr - self.elements.epoch_fr)) * el.MINUTES_PER_DAY
        modes = np.empty(self.elements.count, dtype=np.int64)
        kernels.modes(self.constants, since_min + lo_min, since_min + hi_min, half_min, modes)
        return modes


@dataclass(frozen=True)
class Plan:
    """Satellites prepared for given times; its methods fill arrays that may be used again. Made by `plan`.

    Status codes are those of `orbit.status`, shape (satellites, times). Where a code is not zero the state is zero.

    Attributes
    ----------
    batch : Batch
    jd, fr : ndarray, shape (times,)
        UTC Julian dates in two parts, in any order.
    """

    batch: Batch
    jd: Array
    fr: Array

    @cached_property
    def _windows(self) -> tuple[NDArray[np.int64], Array, Array]:
        """First time of each window and the end, and the windows' middles."""
        start = np.append(np.arange(0, self.jd.size, WINDOW), self.jd.size)
        middle = [0.5 * (part.min() + part.max()) for part in self._parts]
        return start, np.full(len(middle), self.jd[0]), self.fr[0] + np.array(middle) / el.MINUTES_PER_DAY

    @cached_property
    def _parts(self) -> list[Array]:
        """Minutes since the first time, window by window."""
        since_min = ((self.jd - self.jd[0]) + (self.fr - self.fr[0])) * el.MINUTES_PER_DAY
        return np.split(since_min, range(WINDOW, self.jd.size, WINDOW))

    @cached_property
    def mode(self) -> NDArray[np.int64]:
        """How each satellite is computed, shape (satellites,)."""
        lo, hi = (float(edge([edge(part) for part in self._parts])) for edge in (np.min, np.max))
        half_min = max(0.5 * float(np.ptp(part)) for part in self._parts)
        return self.batch.modes(float(self.jd[0]), float(self.fr[0]), lo, hi, half_min)

    def rows(self, out_r_m: Array, out_v_m_s: Array) -> Codes:
        """Write positions and velocities, satellite by satellite.

        Parameters
        ----------
        out_r_m, out_v_m_s : ndarray, shape (satellites, times, 3)
            Receive positions [m] and velocities [m/s] in TEME.

        Returns
        -------
        ndarray of int8, shape (satellites, times)
            Status codes.
        """
        codes = np.zeros((self.batch.elements.count, self.jd.size), dtype=np.int8)
        errors = kernels.rows(
            self.batch.constants, self.mode, self.jd, self.fr, *self._windows, out_r_m, out_v_m_s, codes
        )
        for i, r_km, v_km_s in self._others(codes):
            out_r_m[i], out_v_m_s[i] = 1e3 * r_km, 1e3 * v_km_s
        if errors or self._any_others:
            out_r_m[codes != 0] = out_v_m_s[codes != 0] = 0.0
        return codes

    def series(self, out: Array) -> Codes:
        """Write positions and velocities as time series.

        Parameters
        ----------
        out : ndarray, shape (satellites, 6, times)
            Receives x, y, z [m] and their rates [m/s] in TEME.

        Returns
        -------
        ndarray of int8, shape (satellites, times)
            Status codes.
        """
        codes = np.zeros((self.batch.elements.count, self.jd.size), dtype=np.int8)
        errors = kernels.series(self.batch.constants, self.mode, self.jd, self.fr, *self._windows, out, codes)
        for i, r_km, v_km_s in self._others(codes):
            out[i, :3], out[i, 3:] = 1e3 * r_km.T, 1e3 * v_km_s.T
        if errors or self._any_others:
            np.copyto(out, 0.0, where=(codes != 0)[:, np.newaxis, :])
        return codes

    @property
    def _any_others(self) -> bool:
        return bool(self.batch.deep) or bool(self.batch.no_orbit.any())

    def _others(self, codes: Codes) -> Iterator[tuple[int, Array, Array]]:
        """Positions [km] and velocities [km/s] of those in deep space; their codes and those without an orbit are set."""
        codes += self.batch.no_orbit[:, np.newaxis]
        for i, record in self.batch.deep.items():
            errors, r_km, v_km_s = record.sgp4_array(self.jd, self.fr)
            codes[i] = _complete_codes(errors, r_km)
            yield i, r_km, v_km_s


def _complete_codes(codes: Codes, r_km: Array) -> Codes:
    """Codes of the reference, and UNDEFINED where it gives neither a finite position nor a code."""
    return np.where((codes == 0) & ~np.isfinite(r_km).all(axis=-1), UNDEFINED, codes)


def plan(elements: Sgp4Elements, jd: Array, fr: Array) -> Plan:
    """Prepare satellites for given times; see `Plan`.

    Parameters
    ----------
    elements : Sgp4Elements
        Mean elements.
    jd, fr : ndarray, shape (times,)
        UTC Julian dates in two parts, one or more.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        The dates are not two equal rows of at least one.
    """
    jd, fr = np.ascontiguousarray(jd, np.float64), np.ascontiguousarray(fr, np.float64)
    if jd.ndim != 1 or jd.shape != fr.shape or jd.size == 0:
        raise ValueError(f"dates of shapes {jd.shape} and {fr.shape}; give two equal rows of at least one")
    return Plan(Batch(elements), jd, fr)


def states(elements: Sgp4Elements, jd: Array, fr: Array) -> tuple[Array, Array, Codes]:
    """Positions and velocities by SGP4 and SDP4. [vallado2006]

    For the same satellites and times again and again, make a `plan` once.

    Parameters
    ----------
    elements : Sgp4Elements
        Mean elements.
    jd, fr : ndarray, shape (times,)
        UTC Julian dates in two parts.

    Returns
    -------
    r_m, v_m_s : ndarray, shape (satellites, times, 3)
        Position [m] and velocity [m/s] in TEME; zero where the status code is not.
    codes : ndarray of int8, shape (satellites, times)
        Status codes of `orbit.status`.

    Raises
    ------
    ValueError
        The dates are not two equal rows of at least one.

    Examples
    --------
    Satellite 00005 at its epoch; the reference output is 7022.465, -1400.083 and 0.040 km [vallado2006].

    >>> import numpy as np
    >>> from orbit.catalog import elements, parse_tle
    >>> one = parse_tle(
    ...     "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    ...     "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
    ... )
    >>> r_m, v_m_s, codes = states(elements([one]), np.array([one.epoch_jd]), np.array([one.epoch_fr]))
    >>> (r_m[0, 0] / 1e3).round(3).tolist(), int(codes[0, 0])
    ([7022.465, -1400.083, 0.04], 0)
    """
    ready = plan(elements, jd, fr)
    r_m, v_m_s = (empty_lines(elements.count, ready.jd.size, 3) for _ in range(2))
    return r_m, v_m_s, ready.rows(r_m, v_m_s)


@dataclass(frozen=True)
class Sgp4:
    """Propagator by SGP4 and SDP4 at the ticks of a grid. [vallado2006]

    Windows of polynomials begin at the epoch of the grid, whatever part of the grid is asked for, so that results are
    bit-equal.

    Attributes
    ----------
    elements : Sgp4Elements
        Mean elements.
    grid : TimeGrid

    Examples
    --------
    >>> import numpy as np
    >>> from orbit.shells import walker
    >>> grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=60)
    >>> shell = of_circular(walker(550e3, np.radians(53.0), 1, 2, 0.0), grid.epoch_jd, grid.epoch_fr)
    >>> r_m = np.empty((61, 3, 2))
    >>> Sgp4(shell, grid).fill(0, 2, 0, r_m) is None  # no satellite is lost
    True
    >>> bool(np.all(np.abs(np.linalg.norm(r_m, axis=1) - 6928e3) < 15e3))
    True
    """

    elements: Sgp4Elements
    grid: TimeGrid
    may_lose: ClassVar[bool] = True

    def __post_init__(self) -> None:
        # made here once, not by several threads at the same time
        self._batch.deep, self._batch.no_orbit, self._mode  # noqa: B018

    @cached_property
    def _batch(self) -> Batch:
        return Batch(self.elements)

    @property
    def _window_ticks(self) -> int:
        longest_s = WINDOW * SECONDS_PER_DAY / el.MINUTES_PER_DAY
        return max(8, min(WINDOW, math.floor(longest_s / self.grid.step_s)))

    @cached_property
    def _mode(self) -> NDArray[np.int64]:
        grid, n = self.grid, self._window_ticks
        step_min = grid.step_s * el.MINUTES_PER_DAY / SECONDS_PER_DAY
        lo, hi = -n * step_min, (grid.steps // n + 1) * n * step_min  # from the window before the epoch to the last
        return self._batch.modes(grid.epoch_jd, grid.epoch_fr, lo, hi, 0.5 * n * step_min)

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.elements.count

    @property
    def period_s(self) -> NDArray[np.float64]:
        """Time of a revolution by the mean motion [s], (satellites,); within 0.1 % of that from node to node."""
        minutes = 2.0 * np.pi / self.elements.mean_motion_rad_min
        return np.asarray(minutes * SECONDS_PER_DAY / el.MINUTES_PER_DAY)

    def on_grid(self, grid: TimeGrid) -> Sgp4:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Sgp4
        """
        return Sgp4(self.elements, grid)

    def subset(self, which: NDArray[np.int64]) -> Sgp4:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Sgp4
        """
        return Sgp4(self.elements.subset(which), self.grid)

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> Codes | None:
        """Write positions of some satellites at consecutive ticks; see `Propagator.fill`.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid; may be negative.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m]; NOWHERE_M where there is none.

        Returns
        -------
        ndarray of int8, shape (ticks, lanes), or None
            Status codes; None if all satellites have positions.
        """
        ticks, real, n = out_r_m.shape[0], hi - lo, self._window_ticks
        jd, fr = self.grid.jd_fr(first_tick, ticks)
        cuts = np.arange(first_tick // n, (first_tick + ticks - 1) // n + 1) * n
        middle_jd, middle_fr = np.array([self.grid.jd_fr(int(cut) + n // 2, 1) for cut in cuts]).reshape(-1, 2).T.copy()
        start = np.append(np.maximum(cuts - first_tick, 0), ticks)
        of_lanes = np.zeros((out_r_m.shape[2], ticks), dtype=np.int8)
        batch, codes = self._batch, of_lanes.T
        errors = kernels.lanes(
            np.ascontiguousarray(batch.constants[:, lo:hi]), self._mode[lo:hi], jd, fr, start, middle_jd, middle_fr,
            out_r_m, of_lanes,
        )  # fmt: skip
        none = batch.no_orbit[lo:hi]
        codes[:, :real] += none
        errors += int(none.any()) + self._fill_deep(lo, hi, jd, fr, out_r_m, codes)
        if errors:
            np.copyto(out_r_m, NOWHERE_M, where=(codes != 0)[:, np.newaxis, :])
        out_r_m[:, :, real:] = out_r_m[:, :, real - 1 : real]
        codes[:, real:] = codes[:, real - 1 : real]
        return codes if errors else None

    def _fill_deep(self, lo: int, hi: int, jd: Array, fr: Array, out_r_m: Array, codes: Codes) -> int:
        """Deep-space satellites among lo to hi; returns how many times are in error."""
        deep = self._batch.deep
        which = [i for i in range(lo, hi) if i in deep] if deep else []
        if not which:
            return 0
        from sgp4.api import SatrecArray

        errors, r_km, _ = SatrecArray([deep[i] for i in which]).sgp4(jd, fr)
        errors, lanes = _complete_codes(errors, r_km), np.array(which) - lo
        out_r_m[:, :, lanes] = 1e3 * np.moveaxis(r_km, 0, 2)
        codes[:, lanes] = errors.T
        return int(np.count_nonzero(errors))
