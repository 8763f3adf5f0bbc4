"""SGP4 mean elements that fit trajectories best: damped least squares of positions, of many satellites at once.

Unknowns are elements without singularities in circular and equatorial orbits: mean motion, e sin and e cos of the longitude
of perigee, tan(i/2) sin and cos of the node, and mean longitude; a seventh one, where it is given, is the drag term B*.
[vallado2013:ch. 10]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orbit.constants import MU_EARTH_M3_S2
from orbit.elements import Sgp4Elements
from orbit.sgp4 import plan

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS = np.array([1e-8, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-5])  # of differences: the mean motion relative, others as they are
ROUNDS = 30
SETTLED = 1e-5  # relative change of the error in a round
WORST_M = 1e12  # squared error where elements describe no orbit
LEAST_E = 1e-7  # eccentricity that elements are written with


@dataclass(frozen=True)
class Samples:
    """Positions to be met.

    Attributes
    ----------
    jd, fr : ndarray, shape (times,)
        UTC Julian dates in two parts.
    r_m : ndarray, shape (satellites, times, 3)
        Positions in TEME [m].
    valid : ndarray of bool, shape (satellites, times)
        Where there is a position.
    """

    jd: Array
    fr: Array
    r_m: Array
    valid: Flags

    def first(self, times: int) -> Samples:
        """The first of the times.

        Parameters
        ----------
        times : int
            How many.

        Returns
        -------
        Samples
            Views of the arrays.
        """
        return Samples(self.jd[:times], self.fr[:times], self.r_m[:, :times], self.valid[:, :times])


def elements_of(unknowns: Array, epoch_jd: float, epoch_fr: float) -> Sgp4Elements:
    """Mean elements of the unknowns of a fit.

    Parameters
    ----------
    unknowns : ndarray, shape (6 or 7, satellites)
        Mean motion [rad/min], the five others, and the drag term [1 / Earth radii] where drag is fitted.
    epoch_jd, epoch_fr : float
        Epoch, UTC Julian date in two parts.

    Returns
    -------
    Sgp4Elements
        Mean elements; without drag where there are six unknowns.
    """
    motion, e_sin, e_cos, tan_sin, tan_cos, longitude = unknowns[:6]
    node, perigee = np.arctan2(tan_sin, tan_cos), np.arctan2(e_sin, e_cos)
    turn = 2.0 * np.pi
    count = motion.size
    return Sgp4Elements(
        epoch_jd=np.full(count, epoch_jd), epoch_fr=np.full(count, epoch_fr), mean_motion_rad_min=motion.copy(),
        eccentricity=np.maximum(np.hypot(e_sin, e_cos), LEAST_E), inclination_rad=2.0 * np.arctan(np.hypot(tan_sin, tan_cos)),
        node_rad=np.mod(node, turn), perigee_argument_rad=np.mod(perigee - node, turn), mean_anomaly_rad=np.mod(longitude - perigee, turn),
        drag_term_per_er=unknowns[6].copy() if len(unknowns) > 6 else np.zeros(count),
    )  # fmt: skip


def of_states(r_m: Array, v_m_s: Array) -> Array:
    """Unknowns of the two-body orbits of states, where a fit begins.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (satellites, 3)
        Positions [m] and velocities [m/s].

    Returns
    -------
    ndarray, shape (6, satellites)
        As of `elements_of`.
    """
    far_m = np.linalg.norm(r_m, axis=1)
    axis_m = 1.0 / np.maximum(2.0 / far_m - np.sum(v_m_s * v_m_s, axis=1) / MU_EARTH_M3_S2, 1e-9)
    spin = np.cross(r_m, v_m_s)
    normal = spin / np.linalg.norm(spin, axis=1, keepdims=True)
    tan_sin, tan_cos = normal[:, 0] / (1.0 + normal[:, 2]), -normal[:, 1] / (1.0 + normal[:, 2])
    eccentric = np.cross(v_m_s, spin) / MU_EARTH_M3_S2 - r_m / far_m[:, np.newaxis]
    size = 1.0 + tan_sin**2 + tan_cos**2
    # axes in the orbit, from which longitudes count [vallado2013:section 2.4.3]
    f = np.stack((1.0 - tan_sin**2 + tan_cos**2, 2.0 * tan_sin * tan_cos, -2.0 * tan_sin)) / size
    g = np.stack((2.0 * tan_sin * tan_cos, 1.0 + tan_sin**2 - tan_cos**2, 2.0 * tan_cos)) / size
    e_cos, e_sin = np.sum(eccentric.T * f, axis=0), np.sum(eccentric.T * g, axis=0)
    true = np.arctan2(np.sum(r_m.T * g, axis=0), np.sum(r_m.T * f, axis=0))
    e, perigee = np.hypot(e_sin, e_cos), np.arctan2(e_sin, e_cos)
    inner = np.arctan2(np.sqrt(np.maximum(1.0 - e * e, 0.0)) * np.sin(true - perigee), e + np.cos(true - perigee))
    longitude = perigee + inner - e * np.sin(inner)
    return np.stack((60.0 * np.sqrt(MU_EARTH_M3_S2 / axis_m**3), e_sin, e_cos, tan_sin, tan_cos, longitude))


def errors_m(elements: Sgp4Elements, samples: Samples) -> Array:
    """Differences between positions of SGP4 and samples.

    Parameters
    ----------
    elements : Sgp4Elements
        Mean elements.
    samples : Samples
        Positions.

    Returns
    -------
    ndarray, shape (satellites, times, 3)
        SGP4 minus samples [m]; zero where there is no sample, very large where there is no orbit.
    """
    r_m, v_m_s = np.empty(samples.r_m.shape), np.empty(samples.r_m.shape)
    codes = plan(elements, samples.jd, samples.fr).rows(r_m, v_m_s)
    r_m -= samples.r_m
    r_m[codes != 0] = np.sqrt(WORST_M)
    r_m[~samples.valid] = 0.0
    return r_m


def residual_m(elements: Sgp4Elements, samples: Samples) -> tuple[Array, Array]:
    """Distances between positions of SGP4 and samples.

    Parameters
    ----------
    elements : Sgp4Elements
        Mean elements.
    samples : Samples
        Positions.

    Returns
    -------
    rms, most : ndarray, shape (satellites,)
        Root of the mean square, and largest distance [m].
    """
    square = np.sum(errors_m(elements, samples) ** 2, axis=2)
    return np.sqrt(square.sum(axis=1) / np.maximum(samples.valid.sum(axis=1), 1)), np.sqrt(square.max(axis=1))


def fit(start: Array, samples: Samples, epoch_jd: float, epoch_fr: float) -> Array:
    """Unknowns with the least squares of distances.

    Parameters
    ----------
    start : ndarray, shape (6 or 7, satellites)
        Unknowns to begin with.
    samples : Samples
        Positions.
    epoch_jd, epoch_fr : float
        Epoch of the elements.

    Returns
    -------
    ndarray, shape (6 or 7, satellites)
        The best found; each satellite has its own damping, so that none depends on the others.
    """
    best = start.copy()
    damping = np.full(best.shape[1], 1e-6)
    error = errors_m(elements_of(best, epoch_jd, epoch_fr), samples)
    cost = np.sum(error**2, axis=(1, 2))
    for _ in range(ROUNDS):
        slopes = _slopes(best, samples, epoch_jd, epoch_fr)
        normal = np.einsum("snk,smk->snm", slopes, slopes)
        scale = np.sqrt(np.maximum(np.einsum("snn->sn", normal), 1e-30))
        right = np.einsum("snk,sk->sn", slopes, error.reshape(error.shape[0], -1)) / scale
        scaled = normal / (scale[:, :, np.newaxis] * scale[:, np.newaxis, :])
        scaled += (damping + 1e-14)[:, np.newaxis, np.newaxis] * np.eye(len(best))
        change = np.linalg.solve(scaled, right[:, :, np.newaxis])[:, :, 0] / scale
        tried = best - change.T
        ecc = np.hypot(tried[1], tried[2])
        tried[1:3] *= np.where(ecc > 0.99, 0.99 / np.maximum(ecc, 1e-30), 1.0)
        tried[0] = np.maximum(tried[0], 1e-4)
        trial = errors_m(elements_of(tried, epoch_jd, epoch_fr), samples)
        new = np.sum(trial**2, axis=(1, 2))
        better = new < cost
        gain = np.where(better, (cost - new) / np.maximum(cost, 1e-30), 0.0)
        best = np.where(better, tried, best)
        error = np.where(better[:, np.newaxis, np.newaxis], trial, error)
        cost = np.where(better, new, cost)
        damping = np.where(better, np.maximum(0.1 * damping, 1e-12), np.minimum(10.0 * damping, 1e6))
        if not np.any(better & (gain > SETTLED)) and not np.any(~better & (damping < 1e-2)):
            break
    return best


def _slopes(unknowns: Array, samples: Samples, epoch_jd: float, epoch_fr: float) -> Array:
    """Derivatives of all coordinates by each unknown, (satellites, unknowns, 3 times), by central differences."""
    satellites, times, _ = samples.r_m.shape
    out = np.empty((satellites, len(unknowns), 3 * times))
    for n in range(len(unknowns)):
        step = STEPS[n] * (unknowns[0] if n == 0 else np.ones(satellites))
        ahead, behind = unknowns.copy(), unknowns.copy()
        ahead[n] += step
        behind[n] -= step
        apart = errors_m(elements_of(ahead, epoch_jd, epoch_fr), samples) - errors_m(elements_of(behind, epoch_jd, epoch_fr), samples)
        out[:, n] = apart.reshape(satellites, -1) / (2.0 * step)[:, np.newaxis]
    return out
