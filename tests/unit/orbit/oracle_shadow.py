"""Independent geometry of Sun, shadow and circular orbits, in plain numpy; nothing here imports the code under test.

Constants as published: WGS 84 radius, nominal solar radius, EGM96 J2, IERS mu.
"""

from __future__ import annotations

import numpy as np

R_EARTH_M = 6378137.0
R_SUN_M = 695.7e6
AU_M = 149_597_870_700.0
MU = 3.986004418e14
J2 = 1.08262668e-3


def visible_share(r_m: np.ndarray, sun_m: np.ndarray, sun_radius_m: float = R_SUN_M) -> np.ndarray:
    """Share of the solar disc in sight: exact overlap of two circular discs of the sky (Montenbruck and Gill, 3.4.2).

    r_m and sun_m (..., 3), Earth-centred.
    """
    to_sun = sun_m - r_m
    d = np.linalg.norm(to_sun, axis=-1)
    r = np.linalg.norm(r_m, axis=-1)
    a_s, a_e = np.arcsin(sun_radius_m / d), np.arcsin(R_EARTH_M / r)
    # angle between Sun and Earth's centre by atan2: exact where arccos loses digits
    down = -r_m
    c = np.arctan2(np.linalg.norm(np.cross(to_sun, down), axis=-1), np.sum(to_sun * down, axis=-1))
    inside = (c < a_s + a_e) & (c > np.abs(a_e - a_s))
    safe = np.where(inside, c, a_e)
    x = (safe**2 + a_s**2 - a_e**2) / (2.0 * safe)
    y = np.sqrt(np.maximum(a_s**2 - x**2, 0.0))
    cut = a_s**2 * np.arccos(np.clip(x / a_s, -1, 1)) + a_e**2 * np.arccos(np.clip((safe - x) / a_e, -1, 1)) - safe * y
    share = np.where(c >= a_s + a_e, 1.0, 0.0)
    return np.where(inside, 1.0 - cut / (np.pi * a_s**2), share)


def circular_orbit_m(
    t_s: np.ndarray, a_m: float, inclination: float, node: float, latitude: float, j2: float = J2
) -> np.ndarray:
    """Positions (times, 3) on a circular orbit with the secular rates of J2 (physics, A2), by rotation matrices."""
    n = np.sqrt(MU / a_m**3)
    ratio2 = (R_EARTH_M / a_m) ** 2
    node_t = node - 1.5 * n * j2 * ratio2 * np.cos(inclination) * t_s
    u = latitude + n * (1.0 + 1.5 * j2 * ratio2 * (4.0 * np.cos(inclination) ** 2 - 1.0)) * t_s
    in_plane = np.stack((np.cos(u), np.sin(u) * np.cos(inclination), np.sin(u) * np.sin(inclination)), axis=-1)
    c, s = np.cos(node_t), np.sin(node_t)
    return a_m * np.stack(
        (c * in_plane[:, 0] - s * in_plane[:, 1], s * in_plane[:, 0] + c * in_plane[:, 1], in_plane[:, 2]), axis=-1
    )


def plane_at_beta_m(t_s: np.ndarray, a_m: float, beta: float) -> np.ndarray:
    """Two-body circular orbit whose plane has the Sun, in direction +x, at angle beta; t = 0 under the Sun's side."""
    u = np.sqrt(MU / a_m**3) * t_s
    e1 = np.array([np.cos(beta), 0.0, np.sin(beta)])  # the Sun's projection into the plane is along e1
    e2 = np.array([0.0, 1.0, 0.0])
    return a_m * (np.cos(u)[:, None] * e1 + np.sin(u)[:, None] * e2)
