"""Coefficients of `sim.spacecraft.earth_flux.lit_cosine`, fitted to sunlight that a diffusely reflecting Earth sends to a tilted plate.

The integral over the part of the Earth that is lit and in view, by quadrature: altitudes of 200 to 36,000 km, all tilts, all
heights of the Sun, most of them about the terminator. Prints the coefficients and the largest error.

    python tools/build_albedo_fit.py
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from orbit.constants import EARTH_RADIUS_M
from sim.spacecraft import earth_flux

LEO_M, FAR_M = (200e3, 350e3, 500e3, 650e3, 850e3, 1200e3, 1600e3, 2000e3), (5000e3, 20000e3, 35786e3)
FAR_WEIGHT = 0.3  # the Earth is small there
SUNS = 40  # of each altitude and tilt
ETA, AZIMUTH = 48, 96  # nodes: from nadir to the rim, and around
FIRST = {0: 0.15, 4: 0.25, 9: 0.09, 13: 1.6}  # where the search begins; other coefficients at 0


def cap(altitude_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions to the Earth, normals of the ground there, and solid angles.

    Axes: up, along the plate's horizontal direction, and square to both.

    Parameters
    ----------
    altitude_m : float
        Altitude [m].

    Returns
    -------
    direction, ground : ndarray, shape (3, ETA, AZIMUTH)
        Unit vectors.
    solid : ndarray, shape (ETA, AZIMUTH)
        Solid angle [sr].
    """
    h = 1.0 + altitude_m / EARTH_RADIUS_M
    x, w = np.polynomial.legendre.leggauss(ETA)
    u = 0.5 * (1.0 - x)  # distance from the rim, where the ground turns fastest
    eta = np.arcsin(1.0 / h) * (1.0 - u * u)
    azimuth = (np.arange(AZIMUTH) + 0.5) / AZIMUTH * 2.0 * np.pi
    solid = w * u * np.arcsin(1.0 / h) * np.sin(eta) * 2.0 * np.pi / AZIMUTH
    theta = np.arcsin(h * np.sin(eta)) - eta
    around = np.stack([np.ones(AZIMUTH), np.cos(azimuth), np.sin(azimuth)])[:, None, :]
    direction = np.stack([-np.cos(eta), np.sin(eta), np.sin(eta)])[:, :, None] * around
    ground = np.stack([np.cos(theta), np.sin(theta), np.sin(theta)])[:, :, None] * around
    return direction, ground, np.repeat(solid[:, None], AZIMUTH, axis=1)


def received(sun: tuple[float, float, float], cos_gamma: float, rays: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[float, float]:
    """View factor of a plate to the Earth, and the same weighted by the cosine of the Sun on lit ground.

    Parameters
    ----------
    sun : tuple of float
        Unit vector to the Sun in the axes of `cap`.
    cos_gamma : float
        Cosine between the plate's normal and nadir.
    rays : tuple of ndarray
        From `cap`.

    Returns
    -------
    view : float
        View factor.
    lit : float
        Irradiance over that of sunlight, at an albedo of one.
    """
    direction, ground, solid = rays
    normal = (-cos_gamma, np.sqrt(1.0 - cos_gamma * cos_gamma), 0.0)
    weight = np.maximum(0.0, np.tensordot(normal, direction, 1)) * solid / np.pi
    return float(weight.sum()), float((weight * np.maximum(0.0, np.tensordot(sun, ground, 1))).sum())


def samples() -> np.ndarray:
    """Altitude, cosine of tilt, height of the Sun, cosine of the Sun on the plate, view factor and share received, and weight.

    Returns
    -------
    ndarray, shape (7, samples)
        One column a sample.
    """
    rng, found = np.random.default_rng(1), []
    for altitude_m in (*LEO_M, *FAR_M):
        rays, near = cap(altitude_m), 1.0 / (1.0 + altitude_m / EARTH_RADIUS_M)
        rim = np.sqrt(1.0 - near * near)
        for cos_gamma in (*np.linspace(1.0, -0.95, 20), 0.0, 0.0, 0.0):
            for i in range(SUNS):
                height = float(np.clip(rng.uniform(-1.0, 1.0) * (1.0 if i % 3 == 0 else 1.3 * rim), -1.0, 1.0))
                azimuth = (0.0, 0.5 * np.pi)[i % 8 == 4] if i % 4 == 0 else rng.uniform(0.0, 2.0 * np.pi)
                flat = np.sqrt(1.0 - height * height)
                sun = (height, flat * np.cos(azimuth), flat * np.sin(azimuth))
                view, lit = received(sun, cos_gamma, rays)
                on_plate = -cos_gamma * height + np.sqrt(1.0 - cos_gamma * cos_gamma) * sun[1]
                if view > 1e-5:
                    found.append((altitude_m, cos_gamma, height, on_plate, view, lit, 1.0 if altitude_m in LEO_M else FAR_WEIGHT))
    return np.array(found).T


def errors(coefficients: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Fitted less exact share.

    Parameters
    ----------
    coefficients : ndarray
        As in `earth_flux.LIT`.
    data : ndarray
        From `samples`.

    Returns
    -------
    ndarray, shape (samples,)
        Differences, over sunlight times albedo.
    """
    altitude_m, cos_gamma, height, on_plate, view, lit, _ = data
    near = 1.0 / (1.0 + altitude_m / EARTH_RADIUS_M)
    rim = np.sqrt(1.0 - near * near)
    a, side = coefficients, on_plate + cos_gamma * height
    mean = height * (1.0 - (1.0 - near) * (a[0] + cos_gamma * (a[1] + cos_gamma * a[2]) + a[3] * rim))
    mean += side * rim * (a[4] + cos_gamma * (a[5] + cos_gamma * a[6]) + rim * (a[7] + cos_gamma * a[8]))
    bump = rim * (a[9] + a[10] * cos_gamma + a[11] * side * side + a[12] * rim)
    wide = (a[13] + a[14] * side * side + a[15] * rim) / rim
    return (np.maximum(0.0, mean) + bump * np.maximum(0.0, 1.0 - np.abs(mean) * wide) ** 2) * view - lit


def main() -> None:
    """Fit and print."""
    data = samples()
    start = np.zeros(len(earth_flux.LIT))
    for place, value in FIRST.items():
        start[place] = value
    found = least_squares(lambda a: data[6] * errors(a, data), start, x_scale="jac", max_nfev=400).x.round(5)
    print(f"LIT = ({', '.join(f'{a:g}' for a in found)})")
    for name, which in (("to 2,000 km", data[6] == 1.0), ("beyond", data[6] < 1.0)):
        left = errors(found, data)[which]
        print(f"{name}: largest error {np.abs(left).max():.4f}, root mean square {np.sqrt((left**2).mean()):.5f} of sunlight times albedo")


if __name__ == "__main__":
    main()
