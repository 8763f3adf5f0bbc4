"""Relative orbits of a formation: differences of mean elements from those of a circular chief, under J2."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.elements import CircularElements
from orbit.kernels import formation

Array = NDArray[np.float64]

ROUNDS = 8  # each gains a factor of J2: three digits


@dataclass(frozen=True, slots=True)
class RelativeElements:
    """Quasi-nonsingular relative mean elements, dimensionless. [damico2010:ch. 2]

    Attributes
    ----------
    da : ndarray, shape (satellites,)
        Difference of semi-major axes over that of the chief.
    dlambda : ndarray, shape (satellites,)
        Difference of mean arguments of latitude, plus that of the nodes times cos i [rad].
    dex, dey : ndarray, shape (satellites,)
        Difference of eccentricity vectors.
    dix : ndarray, shape (satellites,)
        Difference of inclinations [rad].
    diy : ndarray, shape (satellites,)
        Difference of nodes times sin i [rad].
    """

    da: Array
    dlambda: Array
    dex: Array
    dey: Array
    dix: Array
    diy: Array

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.da.size)

    def subset(self, which: NDArray[np.int64]) -> RelativeElements:
        """Relative elements of some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        RelativeElements
        """
        return RelativeElements(*(getattr(self, f.name)[which] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class MeanElements:
    """Mean elements of near-circular orbits (eccentricity below 0.02): without short-period terms of J2. Angles are in TEME.

    Attributes
    ----------
    semi_major_axis_m : ndarray, shape (satellites,)
    inclination_rad, node_rad : ndarray, shape (satellites,)
        Inclination and right ascension of the ascending node [rad].
    latitude_argument_rad : ndarray, shape (satellites,)
        Mean argument of latitude [rad]: argument of perigee plus mean anomaly.
    ex, ey : ndarray, shape (satellites,)
        Eccentricity vector: e times cosine and sine of the argument of perigee.
    """

    semi_major_axis_m: Array
    inclination_rad: Array
    node_rad: Array
    latitude_argument_rad: Array
    ex: Array
    ey: Array

    def subset(self, which: NDArray[np.int64]) -> MeanElements:
        """Mean elements of some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        MeanElements
        """
        return MeanElements(*(getattr(self, f.name)[which] for f in fields(self)))

    def packed(self) -> Array:
        """Rows that `orbit.kernels.formation` reads, secular rates included.

        Returns
        -------
        ndarray, shape (10, satellites)
        """
        rows = np.empty((formation.ROWS, self.semi_major_axis_m.size))
        rows[formation.ROW_A] = self.semi_major_axis_m
        rows[formation.ROW_COS_I] = np.cos(self.inclination_rad)
        rows[formation.ROW_SIN_I] = np.sin(self.inclination_rad)
        rows[formation.ROW_NODE] = self.node_rad
        rows[formation.ROW_LATITUDE] = self.latitude_argument_rad
        rows[formation.ROW_EX], rows[formation.ROW_EY] = self.ex, self.ey
        rates = secular_rates_rad_s(self.semi_major_axis_m, self.inclination_rad, self.ex**2 + self.ey**2)
        rows[formation.ROW_NODE_RATE], rows[formation.ROW_LATITUDE_RATE], rows[formation.ROW_EX_RATE] = rates
        return rows


def secular_rates_rad_s(semi_major_axis_m: Array, inclination_rad: Array, e2: Array) -> tuple[Array, Array, Array]:
    """Secular rates of node, argument of latitude and perigee, first order in J2. [vallado2013:eqs. 9-37, 9-39, 9-41]

    Parameters
    ----------
    semi_major_axis_m : ndarray
        Mean semi-major axis [m].
    inclination_rad : ndarray
        Inclination [rad].
    e2 : ndarray
        Square of the eccentricity, in [0, 1).

    Returns
    -------
    node, latitude_argument, perigee : ndarray
        Rates [rad/s].
    """
    n = np.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    k = n * J2 * (EARTH_RADIUS_M / (semi_major_axis_m * (1.0 - e2))) ** 2
    c = np.cos(inclination_rad)
    perigee = 0.75 * k * (5.0 * c * c - 1.0)
    return -1.5 * k * c, n + 0.75 * k * np.sqrt(1.0 - e2) * (3.0 * c * c - 1.0) + perigee, perigee


def along_track_rates_m_s(elements: MeanElements, chief: CircularElements) -> Array:
    """Mean along-track drift of each satellite relative to the chief: a (d dlambda / dt).

    Parameters
    ----------
    elements : MeanElements
        Mean elements of the satellites.
    chief : CircularElements
        Mean elements of the chief, one satellite.

    Returns
    -------
    ndarray, shape (satellites,)
        Drift [m/s], positive ahead.
    """
    a, i = chief.semi_major_axis_m, chief.inclination_rad
    node, latitude, _ = secular_rates_rad_s(a, i, np.zeros_like(a))
    own = secular_rates_rad_s(elements.semi_major_axis_m, elements.inclination_rad, elements.ex**2 + elements.ey**2)
    return np.asarray(a * (own[1] - latitude + np.cos(i) * (own[0] - node)))


def drift_free(wanted: RelativeElements, chief: CircularElements) -> RelativeElements:
    """Adjust semi-major axes so that no satellite drifts along the track under secular J2. [schaub2001]

    With equal inclinations da is zero to the square of the eccentricity. With dix nodes still separate, so a
    cross-track distance is better made with diy.

    Parameters
    ----------
    wanted : RelativeElements
        Relative elements; their da is ignored.
    chief : CircularElements
        Mean elements of the chief, one satellite.

    Returns
    -------
    RelativeElements
        The same elements with another da.
    """
    corrected = replace(wanted, da=np.zeros_like(wanted.da))
    slope_m_s = -1.5 * np.sqrt(MU_EARTH_M3_S2 / chief.semi_major_axis_m)
    for _ in range(ROUNDS):
        corrected = replace(corrected, da=corrected.da - along_track_rates_m_s(absolute(corrected, chief), chief) / slope_m_s)
    return corrected


def of_offsets(
    offsets_m: Array, chief: CircularElements, quarter_m: Array | None = None, ahead_m: Array | None = None
) -> RelativeElements:
    """Drift-free relative orbits through given offsets at the chief's passage of the ascending node.

    In the plane each satellite moves on a 2:1 ellipse. Cross-track motion is made by its node, which J2 moves like the
    chief's, not by its inclination, which would need station keeping, unless `quarter_m` asks for it. [clohessy1960; damico2010:ch. 2]

    Parameters
    ----------
    offsets_m : ndarray, shape (3, satellites)
        Radial, along-track and cross-track offset from the chief [m].
    chief : CircularElements
        Mean elements of the chief, one satellite, not equatorial.
    quarter_m : ndarray, shape (satellites,), optional
        Cross-track offset a quarter of an orbit later [m]; by default zero.
    ahead_m : ndarray, shape (satellites,), optional
        Constant along-track distance of the centre of each satellite's motion [m]; by default zero.

    Returns
    -------
    RelativeElements

    Examples
    --------
    >>> import numpy as np
    >>> from orbit.shells import walker
    >>> chief = walker(650e3, np.radians(98.0), 1, 1, 0.0)
    >>> relative = of_offsets(np.array([[100.0], [0.0], [50.0]]), chief)
    >>> linear_offsets_m(relative, chief).round(6).ravel().tolist()
    [100.0, 0.0, 50.0]
    """
    x, y, z = offsets_m / chief.semi_major_axis_m
    none = np.zeros_like(x)
    dix = none if quarter_m is None else quarter_m / chief.semi_major_axis_m
    dlambda = none if ahead_m is None else ahead_m / chief.semi_major_axis_m
    return drift_free(RelativeElements(da=none, dlambda=dlambda, dex=-x, dey=-0.5 * y, dix=dix, diy=-z), chief)


def linear_offsets_m(relative: RelativeElements, chief: CircularElements) -> Array:
    """Offsets of relative orbits by linear relative motion, the inverse of `of_offsets`.

    Parameters
    ----------
    relative : RelativeElements
        Relative elements.
    chief : CircularElements
        Mean elements of the chief, one satellite.

    Returns
    -------
    ndarray, shape (3, satellites)
        Radial, along-track and cross-track offset at the chief's ascending node [m].
    """
    return np.asarray(chief.semi_major_axis_m * np.stack((-relative.dex, -2.0 * relative.dey, -relative.diy)))


def linear_quarter_m(relative: RelativeElements, chief: CircularElements) -> Array:
    """Cross-track offsets of relative orbits a quarter of an orbit after the node, by linear relative motion.

    Parameters
    ----------
    relative : RelativeElements
        Relative elements.
    chief : CircularElements
        Mean elements of the chief, one satellite.

    Returns
    -------
    ndarray, shape (satellites,)
        Offsets [m].
    """
    return np.asarray(chief.semi_major_axis_m * relative.dix)


def absolute(relative: RelativeElements, chief: CircularElements) -> MeanElements:
    """Mean elements of each satellite: those of the chief plus the differences.

    Parameters
    ----------
    relative : RelativeElements
        Relative elements.
    chief : CircularElements
        Mean elements of the chief, one satellite, not equatorial.

    Returns
    -------
    MeanElements
    """
    i = chief.inclination_rad
    node = relative.diy / np.sin(i)
    return MeanElements(
        semi_major_axis_m=chief.semi_major_axis_m * (1.0 + relative.da), inclination_rad=i + relative.dix,
        node_rad=chief.node_rad + node,
        latitude_argument_rad=chief.latitude_argument_rad + relative.dlambda - node * np.cos(i), ex=relative.dex.copy(),
        ey=relative.dey.copy(),
    )


# --- osculating states -----------------------------------------------------------------------------------------------


def _energy_j_kg(r_m: Array, v_m_s: Array) -> Array:
    """Energy in the field of the Earth with J2 [J/kg], r and v (3, satellites)."""
    r2 = np.sum(r_m * r_m, axis=0)
    bulge = J2 * EARTH_RADIUS_M**2 / r2 * (1.5 * r_m[2] ** 2 / r2 - 0.5)
    return np.asarray(0.5 * np.sum(v_m_s * v_m_s, axis=0) - MU_EARTH_M3_S2 / np.sqrt(r2) * (1.0 - bulge))


def _mean_energy_j_kg(elements: MeanElements) -> Array:
    """The same from mean elements, first order in J2. [brouwer1959]"""
    a, c = elements.semi_major_axis_m, np.cos(elements.inclination_rad)
    eta2 = 1.0 - elements.ex**2 - elements.ey**2
    bulge = J2 * (EARTH_RADIUS_M / a) ** 2 * eta2**-1.5 * (1.5 * c * c - 0.5)
    return np.asarray(-MU_EARTH_M3_S2 / (2.0 * a) * (1.0 + bulge))


def states(elements: MeanElements, t_s: float = 0.0) -> tuple[Array, Array]:
    """Osculating positions and velocities from mean elements, first order in J2. [brouwer1959]

    Velocities are scaled so that the energy, and with it the mean motion, is that of the mean elements. The first order
    alone would give satellites of the same mean semi-major axis different mean motions.

    Parameters
    ----------
    elements : MeanElements
        Mean elements.
    t_s : float
        Time since the epoch of the elements [s].

    Returns
    -------
    r_m, v_m_s : ndarray, shape (3, satellites)
        Position [m] and velocity [m/s] in TEME.
    """
    rows, at = elements.packed(), np.array([t_s])
    r_m, v_m_s = np.empty((1, 3, rows.shape[1])), np.empty((1, 3, rows.shape[1]))
    formation.formation_positions(rows, at, r_m)
    formation.formation_velocities(rows, at, v_m_s)
    r_m, v_m_s = r_m[0], v_m_s[0]
    more = 2.0 * (_mean_energy_j_kg(elements) - _energy_j_kg(r_m, v_m_s)) / np.sum(v_m_s * v_m_s, axis=0)
    return r_m, v_m_s * np.sqrt(1.0 + more)


def two_body_elements(r_m: Array, v_m_s: Array) -> Array:
    """Osculating elements of positions and velocities, orbits not equatorial.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (3, satellites)
        Position [m] and velocity [m/s].

    Returns
    -------
    ndarray, shape (6, satellites)
        Semi-major axis [m], inclination, node, mean argument of latitude [rad], and eccentricity vector ex, ey.

    Examples
    --------
    A polar circular orbit at its ascending node, of radius a and speed sqrt(mu / a).

    >>> import numpy as np
    >>> a = 7000e3
    >>> rows = two_body_elements(np.array([[a], [0.0], [0.0]]), np.array([[0.0], [0.0], [np.sqrt(MU_EARTH_M3_S2 / a)]]))
    >>> round(float(rows[0, 0])), round(float(np.degrees(rows[1, 0])), 9)
    (7000000, 90.0)
    """
    h = np.cross(r_m, v_m_s, axis=0)
    size_h, r = np.linalg.norm(h, axis=0), np.linalg.norm(r_m, axis=0)
    node, i = np.arctan2(h[0], -h[1]), np.arctan2(np.hypot(h[0], h[1]), h[2])
    ahead = np.stack((np.cos(node), np.sin(node), np.zeros_like(node)))
    up = np.cross(h / size_h, ahead, axis=0)
    u = np.arctan2(np.sum(r_m * up, axis=0), np.sum(r_m * ahead, axis=0))
    parameter = size_h**2 / MU_EARTH_M3_S2
    # e cos f and e sin f, f the true anomaly
    kappa, sigma = parameter / r - 1.0, size_h * np.sum(r_m * v_m_s, axis=0) / (MU_EARTH_M3_S2 * r)
    eta2 = 1.0 - kappa**2 - sigma**2
    eta = np.sqrt(eta2)
    ahead_of_mean = 2.0 * np.arctan2(sigma, 1.0 + eta + kappa) + eta * sigma / (1.0 + kappa)
    sin_u, cos_u = np.sin(u), np.cos(u)
    return np.stack(
        (parameter / eta2, i, node, u - ahead_of_mean, kappa * cos_u + sigma * sin_u, kappa * sin_u - sigma * cos_u)
    )


def mean_elements(r_m: Array, v_m_s: Array) -> MeanElements:
    """Mean elements of osculating positions and velocities: the inverse of `states`.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (3, satellites)
        Position [m] and velocity [m/s] of near-circular orbits, not equatorial.

    Returns
    -------
    MeanElements
    """
    osculating = two_body_elements(r_m, v_m_s)
    rows = osculating.copy()
    for _ in range(ROUNDS):
        off = osculating - two_body_elements(*states(MeanElements(*rows)))
        off[2:4] = np.arctan2(np.sin(off[2:4]), np.cos(off[2:4]))
        rows += off
    return MeanElements(*rows)
