"""View factors and reflected sunlight against closed forms and integrals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from orbit.constants import EARTH_RADIUS_M
from orbit.elements import semi_major_axis_m
from orbit.view_factors import parallel_rectangles, perpendicular_rectangles, polygons, rectangle
from sim.spacecraft.earth_flux import lit_cosine, plate_view_factor
from sim.verify.case import Case, Failed

ALTITUDE_M = 650e3
TILTS_DEG = tuple(float(t) for t in np.linspace(0.0, 171.0, 20))
NODES = 600  # of each angle of the integral
UNIT = rectangle(np.zeros(3), np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.5, 0.0]))


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of view factors.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    facing = rectangle(np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.0, 0.0]), np.array([0.0, -0.5, 0.0]))
    upright = rectangle(np.array([-0.5, 0.0, 0.5]), np.array([0.0, 0.5, 0.0]), np.array([0.0, 0.0, 0.5]))
    table, ground = "catalogue of view factors [howell2010]", "integral over the lit ground in view"
    squares, corner = "unit squares that face each other at distance 1", "unit squares with a common edge"
    dusk = "sunlight from the Earth on a face towards nadir, over that of the Sun times albedo, Sun on the horizon"
    noon = "the same, Sun at the zenith"
    return [
        Case(f"view factor of {squares}", lambda: parallel_rectangles(1.0, 1.0, 1.0), 0.19982, 1e-5, "1", table),
        Case(f"{squares}, by contour integral", lambda: polygons(UNIT, facing), 0.19982, 1e-5, "1", table),
        Case(f"view factor of {corner}", lambda: perpendicular_rectangles(1.0, 1.0, 1.0), 0.20004, 1e-5, "1", table),
        Case(f"{corner}, by contour integral", lambda: polygons(UNIT, upright), 0.20004, 1e-5, "1", table),
        Case("view factor of a plate to the Earth, 650 km, largest difference of 20 tilts", _worst_tilt, 0.0, 1e-3, "1",
             "integral over the plate's sky, 600 x 600 directions"),
        Case(dusk, lambda: _reflected(90.0), lambda: _integral(90.0), 0.0045, "1", ground),
        Case(noon, lambda: _reflected(0.0), lambda: _integral(0.0), 0.0045, "1", ground),
    ]  # fmt: skip


def _worst_tilt() -> float:
    """Largest difference between closed form and integral over the directions in which the Earth lies."""
    radius_m = semi_major_axis_m(ALTITUDE_M)
    cosine, azimuth, solid_sr = _earth_in_sky(radius_m)
    found = []
    for tilt_deg in TILTS_DEG:
        tilt = math.radians(tilt_deg)
        on_plate = cosine * math.cos(tilt) + np.sqrt(1.0 - cosine**2) * math.sin(tilt) * np.cos(azimuth)
        exact = float(np.maximum(0.0, on_plate).sum()) * solid_sr / math.pi
        found.append(abs(plate_view_factor(math.cos(tilt), radius_m) - exact))
    return max(found)


def _earth_in_sky(radius_m: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Cosines from nadir (column), azimuths (row), and the solid angle of each direction."""
    limb = math.sqrt(1.0 - (EARTH_RADIUS_M / radius_m) ** 2)
    u = (np.arange(NODES) + 0.5) / NODES
    return (1.0 - (1.0 - limb) * u)[:, None], 2.0 * math.pi * u, 2.0 * math.pi * (1.0 - limb) / NODES**2


def _reflected(zenith_deg: float) -> float:
    radius_m, height = semi_major_axis_m(ALTITUDE_M), math.cos(math.radians(zenith_deg))
    return float(plate_view_factor(1.0, radius_m) * lit_cosine(1.0, -height, height, radius_m))


def _integral(zenith_deg: float) -> float:
    """Sunlight from the lit ground on a face towards nadir, by the directions in which the ground lies."""
    radius_m, zenith = semi_major_axis_m(ALTITUDE_M), math.radians(zenith_deg)
    cosine, azimuth, solid_sr = _earth_in_sky(radius_m)
    sine = np.sqrt(1.0 - cosine**2)
    central = np.arcsin(sine * radius_m / EARTH_RADIUS_M) - np.arcsin(sine)
    lit = np.maximum(0.0, np.cos(central) * math.cos(zenith) + np.sin(central) * math.sin(zenith) * np.cos(azimuth))
    return float((cosine * lit).sum()) * solid_sr / math.pi
