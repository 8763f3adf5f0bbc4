"""Series of charge and temperature for life models of batteries, and where to cut them; plain numpy, also for tools."""

from __future__ import annotations

import numpy as np

STEP_S = 600.0


def storage() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two years on a shelf at 70 % and 28 degC, by the day: times [s], states of charge, temperatures [degC]."""
    time_s = np.arange(0.0, 731.0) * 86400.0
    return time_s, np.full_like(time_s, 0.7), np.full_like(time_s, 28.0)


def low_orbit() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sixty days of 15 revolutions: 30 % out in 36 min, back in 60; the cells are warmer while they work."""
    time_s = np.arange(0.0, 60.0 * 86400.0 + 1.0, STEP_S)
    phase = time_s % 5760.0
    charge = 1.0 - 0.3 * np.where(phase < 2160.0, phase / 2160.0, 1.0 - (phase - 2160.0) / 3600.0)
    return time_s, charge, 20.0 + 5.0 * np.sin(2.0 * np.pi * time_s / 5760.0)


def dawn_dusk() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A year above dawn and dusk: full for 275 days, then a season of eclipses that grow to 20 min and shrink again."""
    time_s = np.arange(0.0, 365.0 * 86400.0 + 1.0, STEP_S)
    day = time_s / 86400.0
    season = np.clip((day - 137.5) / 90.0, 0.0, 1.0)
    dark_s = 1200.0 * np.sin(np.pi * season)
    phase = time_s % 5880.0
    out = np.minimum(phase, dark_s) - np.clip((phase - dark_s) / 2.0, 0.0, dark_s)
    return time_s, 1.0 - 0.45 * np.clip(out, 0.0, None) / 1200.0, 15.0 + 8.0 * np.sin(2.0 * np.pi * day / 365.0)


PROFILES = {"storage": storage, "low_orbit": low_orbit, "dawn_dusk": dawn_dusk}


def days(time_s: np.ndarray) -> list[tuple[int, int]]:
    """First and last sample of each day."""
    cuts = np.searchsorted(time_s, np.arange(0.0, time_s[-1] + 1.0, 86400.0))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
