"""Satellites in the field of a point mass with J2, integrated by scipy: written apart, with constants of its own."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

MU, R, J2 = 3.986004418e14, 6378137.0, 1.08262668e-3  # [vallado2013:table D-1], WGS 84
T_650_S = 5863.6912  # two-body period at 650 km: 2 pi sqrt(a^3 / MU)


def gradient(r: np.ndarray) -> np.ndarray:
    """Acceleration (3, n) from the potential MU/r (1 - J2 (R/r)^2 (3 z^2/r^2 - 1)/2)."""
    d = np.sqrt((r * r).sum(axis=0))
    s2 = (r[2] / d) ** 2
    common = -MU / d**3
    bulge = 1.5 * J2 * (R / d) ** 2
    return common * r * np.stack((1 + bulge * (1 - 5 * s2), 1 + bulge * (1 - 5 * s2), 1 + bulge * (3 - 5 * s2)))


def flown(r: np.ndarray, v: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities (time, 3, n) from states (3, n) at the first of the times."""
    n = r.shape[1]

    def rates(_: float, s: np.ndarray) -> np.ndarray:
        s = s.reshape(6, n)
        return np.concatenate((s[3:], gradient(s[:3]))).ravel()

    start = np.concatenate((r, v)).ravel()
    found = solve_ivp(rates, (t[0], t[-1]), start, method="DOP853", rtol=3e-14, atol=1e-7, t_eval=t)
    s = found.y.reshape(6, n, t.size)
    return np.moveaxis(s[:3], 2, 0), np.moveaxis(s[3:], 2, 0)


def along_track(r: np.ndarray, v: np.ndarray) -> np.ndarray:
    """How far each satellite is ahead of the first (time, n), in the first one's radial, along-track, normal axes."""
    up = r[:, :, 0] / np.linalg.norm(r[:, :, 0], axis=1, keepdims=True)
    normal = np.cross(r[:, :, 0], v[:, :, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.einsum("ta,tan->tn", np.cross(normal, up), r - r[:, :, :1])


def drift_per_day(t: np.ndarray, ahead: np.ndarray, period_s: float) -> np.ndarray:
    """Slope of the mean [m/d] (n,): a straight line beside three harmonics of the orbit, the first with growing parts."""
    w = 2.0 * np.pi / period_s
    columns = [np.ones_like(t), t / 86400.0]
    columns += [f(k * w * t) for k in (1, 2, 3) for f in (np.sin, np.cos)]
    columns += [t / 86400.0 * f(w * t) for f in (np.sin, np.cos)]
    return np.asarray(np.linalg.lstsq(np.stack(columns, axis=1), ahead, rcond=None)[0][1])
