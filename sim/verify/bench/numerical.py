"""Numerical propagation of low, nearly circular orbits: the propagator of runs against heyoka's Taylor integrator.

Both integrate zonal gravity to degree 6 for a day to 1 cm. heyoka runs in its fastest form: batches as wide as a vector,
unrolled machine code, and the loosest tolerance that keeps the error below 1 cm.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, J2, J3, J4, J5, J6, MU_EARTH_M3_S2
from orbit.elements import CircularElements
from orbit.kernels.forces import Forces
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Bodies, Numerical
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.bench.harness import Benchmark, CannotRun, Pair

Array = NDArray[np.float64]

SATELLITES, BATCH, DAY_S = 2048, 8, 86400.0
# positions are output every 80 min, so that both choose their own steps
GRID = TimeGrid(*julian_date(datetime(2026, 12, 21, tzinfo=UTC)), 4800.0, 18)
LIMIT_M = 0.01
TOLERANCES = (1e-9, 3e-10, 1e-10, 6e-11, 3e-11, 1e-11, 1e-12)


def benchmarks() -> list[Benchmark]:
    """Benchmarks of numerical propagation.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [Benchmark("numerical_vs_heyoka", "orbits", "satellite-days/s", "heyoka", _heyoka)]


def shell() -> Bodies:
    """Satellites at 500 to 700 km and 40 to 98 deg, distributed by an additive lattice; no drag, no solar pressure.

    Returns
    -------
    Bodies
        Osculating states.
    """
    u = np.outer(np.arange(1, SATELLITES + 1), 1.1673039782614187 ** -np.arange(1.0, 5.0)) % 1.0
    elements = CircularElements(
        EARTH_RADIUS_M + 500e3 + 200e3 * u[:, 0],
        np.radians(40.0 + 58.0 * u[:, 1]),
        2.0 * np.pi * u[:, 2],
        2.0 * np.pi * u[:, 3],
    )
    none = np.zeros(SATELLITES)
    return Bodies(*osculating_states(elements), none, none)


def _equations(hy: Any) -> list[Any]:
    """Zonal gravity to degree 6 with shared terms, five times as fast as the gradient of the potential."""
    x, y, z, vx, vy, vz = hy.make_vars("x", "y", "z", "vx", "vy", "vz")
    r2 = hy.sum([x**2, y**2, z**2])
    pull, u = MU_EARTH_M3_S2 * r2**-1.5, 1.0 / r2
    q, w = EARTH_RADIUS_M * EARTH_RADIUS_M * u, EARTH_RADIUS_M * z * u
    w2 = w * w
    p3, p4 = 5.0 * w2 - q, 7.0 * w2 - 3.0 * q
    p5, p6 = q * q + w2 * (21.0 * w2 - 14.0 * q), w2 * (33.0 * w2 - 30.0 * q) + 5.0 * q * q
    p7 = w2 * (w2 * (429.0 * w2 - 495.0 * q) + 135.0 * q * q) - 5.0 * q * q * q
    a = 1.0 - (1.5 * J2 * p3 + 1.875 * J4 * p5 + 0.4375 * J6 * p7 + w * (2.5 * J3 * p4 + 2.625 * J5 * p6))
    b = EARTH_RADIUS_M * (w * (3.0 * J2 + 2.5 * J4 * p4 + 2.625 * J6 * p6) + 1.5 * J3 * p3 + 1.875 * J5 * p5)
    return [(x, vx), (y, vy), (z, vz), (vx, -pull * x * a), (vy, -pull * y * a), (vz, -pull * (z * a + b))]


class Taylor:
    """heyoka's integrator over all satellites, one batch after the other.

    Parameters
    ----------
    bodies : Bodies
        Satellites.
    tolerance : float
        Relative tolerance of the integrator.
    """

    def __init__(self, bodies: Bodies, tolerance: float) -> None:
        import heyoka as hy

        self.start = np.ascontiguousarray(np.concatenate((bodies.r_m, bodies.v_m_s), axis=1).T)
        self.integrator = hy.taylor_adaptive_batch(_equations(hy), self.start[:, :BATCH].copy(), tol=tolerance)

    def day(self) -> Array:
        """Positions after a day.

        Returns
        -------
        ndarray, shape (3, satellites)
            Positions [m].
        """
        last = np.empty((3, self.start.shape[1]))
        for lo in range(0, self.start.shape[1], BATCH):
            self.integrator.set_time(0.0)
            self.integrator.state[:] = self.start[:, lo : lo + BATCH]
            self.integrator.propagate_until(DAY_S)
            last[:, lo : lo + BATCH] = self.integrator.state[:3]
        return last


def _heyoka() -> Pair:
    bodies = shell()
    ours = Numerical(bodies, GRID, Forces(zonals=6), error_m=LIMIT_M)
    truth = Taylor(bodies, 1e-18).day()

    def error_m(last: Array) -> float:
        return float(np.linalg.norm(last - truth, axis=0).max())

    candidates = (Taylor(bodies, tolerance) for tolerance in TOLERANCES)
    peer = next((t for t in candidates if error_m(t.day()) <= LIMIT_M), None)
    if peer is None:
        raise CannotRun("heyoka does not reach an error of 1 cm")
    out = np.empty((GRID.steps, 3, SATELLITES))

    def run() -> Array:
        ours.fill(0, SATELLITES, 1, out)
        last: Array = out[-1]
        return last

    def differ(mine: Array, theirs: Array) -> str | None:
        worst = max(error_m(mine), error_m(theirs))
        return None if worst <= LIMIT_M else f"{worst:.3g} m error after a day"

    return Pair(run, peer.day, float(SATELLITES), differ)
