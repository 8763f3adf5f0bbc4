"""Make orbit/data/density.json: air density from 100 to 2,000 km as few coefficients, from NRLMSIS 2.1.

    python tools/build_density.py

ln rho = A(x) + B(x) cos(psi): psi is the angle from the bulge, which follows the Sun 35 degrees to the east; x maps the altitude to
[-1, 1]. For each solar flux and geomagnetic index A and B are fitted by least squares over places, local times and days of
a year spread evenly; A is then shifted so that the mean density over them is the model's. Needs pymsis, which is asked with its
indices given: it downloads nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pymsis

from orbit.density import BULGE_LAG_RAD, BULGE_TERMS, LOWEST_M, MAP_M, MAP_SLOPE, MEAN_TERMS

FLUXES = tuple(range(70, 251, 20))  # F10.7, also its mean over 81 days
INDICES = (4, 15, 50, 130)  # Ap
SAMPLES, ALTITUDES = 3000, 60
TARGET = Path(__file__).parents[1] / "orbit" / "data" / "density.json"
YEAR = np.datetime64("2024-01-01")


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Dates, longitudes, latitudes [deg] and cosines of the angle from the bulge; an additive lattice fills the cube."""
    ratio = 1.2207440846057596  # its inverse powers are the most irrational triple
    u = np.outer(np.arange(1, SAMPLES + 1), ratio ** -np.arange(1.0, 4.0)) % 1.0
    days, longitude, latitude = 366.0 * u[:, 0], 360.0 * u[:, 1] - 180.0, np.degrees(np.arcsin(2.0 * u[:, 2] - 1.0))
    anomaly = np.radians(357.5 + 0.98560 * days)
    sun = np.radians(280.46 + 0.98565 * days + 1.915 * np.sin(anomaly))
    declination = np.arcsin(np.sin(np.radians(23.44)) * np.sin(sun))
    hour_angle = np.radians((days % 1.0) * 360.0 + longitude - 180.0)
    phi = np.radians(latitude)
    cosine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle - BULGE_LAG_RAD)
    return YEAR + (days * 86400e3).astype("timedelta64[ms]"), longitude, latitude, cosine


def fit(flux: float, index: float, points: tuple[np.ndarray, ...]) -> list[float]:
    dates, longitude, latitude, cosine = points
    x = np.cos(np.pi * (np.arange(ALTITUDES) + 0.5) / ALTITUDES)  # dense at the ends
    ratio = (x + 1.0) / MAP_SLOPE
    altitude_km = (LOWEST_M + MAP_M * ratio / (1.0 - ratio)) / 1e3
    mean, bulge = np.empty(ALTITUDES), np.empty(ALTITUDES)
    for k, h in enumerate(altitude_km):
        everywhere = np.full(SAMPLES, h)
        rho = pymsis.calculate(
            dates, longitude, latitude, everywhere, np.full(SAMPLES, flux), np.full(SAMPLES, flux),
            np.full((SAMPLES, 7), index), version=2.1,
        )[:, pymsis.Variable.MASS_DENSITY]  # fmt: skip
        off = cosine - cosine.mean()
        bulge[k] = np.sum(off * np.log(rho)) / np.sum(off * off)
        mean[k] = np.log(np.mean(rho.astype(np.float64)) / np.mean(np.exp(bulge[k] * cosine)))
    a, b = (
        np.polynomial.chebyshev.cheb2poly(np.polynomial.chebyshev.chebfit(x, y, n - 1))
        for y, n in ((mean, MEAN_TERMS), (bulge, BULGE_TERMS))
    )
    return [float(f"{v:.10g}") for v in (*a, *b)]


def main() -> None:
    points = sample()
    table = [[fit(f, ap, points) for ap in INDICES] for f in FLUXES]
    told = {
        "model": "NRLMSIS 2.1 [emmert2022]",
        "made_by": f"tools/build_density.py with pymsis {pymsis.__version__}",
        "meaning": "ln(kg/m3) as polynomials, constants first: the mean's, then the bulge's; by f107 and ap",
        "f107": FLUXES,
        "ap": INDICES,
    }
    head = ",\n".join(f' "{key}": {json.dumps(value)}' for key, value in told.items())
    rows = ",\n".join("  [" + ",\n   ".join(json.dumps(row) for row in flux) + "]" for flux in table)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(f'{{\n{head},\n "coefficients": [\n{rows}\n ]\n}}\n', encoding="ascii")


if __name__ == "__main__":
    main()
