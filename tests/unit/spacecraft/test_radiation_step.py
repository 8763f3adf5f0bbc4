"""The submodel of radiation: dose, flux and time in the anomaly of one satellite."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from orbit.constants import EARTH_RADIUS_M
from orbit.radiation import Conditions, exposure_at, radiation_map
from sim.spacecraft import radiation


class _Inputs(NamedTuple):
    end_x_m: float
    end_y_m: float
    end_z_m: float
    earth_cos: float
    earth_sin: float


class _State(NamedTuple):
    dose_gy: float


def _plain(function: object) -> object:
    return getattr(function, "py_func", function)


def test_three_functions_are_the_map() -> None:
    """Source of truth: `exposure_at`, which tests of the map check; compiled and plain Python agree to rounding."""
    r = EARTH_RADIUS_M + 650e3
    found = radiation_map(r - 20e3, r + 20e3, 27.0, Conditions())
    p = radiation.of_map(found, 60.0)
    rng = np.random.default_rng(2)
    for _ in range(200):
        position = rng.normal(size=3)
        position *= (r + rng.uniform(-20e3, 20e3)) / np.linalg.norm(position)
        angle = rng.uniform(0.0, 6.28)
        inputs = _Inputs(*(float(v) for v in (*position, np.cos(angle), np.sin(angle))))
        index, weight = radiation.cell(inputs, p)
        assert (index, weight) == pytest.approx(_plain(radiation.cell)(inputs, p), rel=1e-12)  # type: ignore[operator]
        values = tuple(radiation.values(found.table, index, weight))
        assert values == pytest.approx(tuple(_plain(radiation.values)(found.table, index, weight)), rel=1e-12)  # type: ignore[operator]
        assert values == pytest.approx(tuple(exposure_at(found, position, angle)), rel=1e-9)


def test_dose_is_the_sum_of_rate_times_step() -> None:
    """Source of truth: closed form; the anomaly begins above 10 protons /(cm2 s)."""
    p, dose = radiation.Radiation(7e6, 1e-4, 0.0, 60.0), 0.0
    for rate, flux, inside in ((1e-8, 2e5, 1.0), (3e-8, 1e5, 0.0), (0.0, 0.0, 0.0)):
        flows = radiation.advance(_State(dose), radiation.CellValues(rate, flux), p)
        dose = flows.dose_gy
        assert (flows.dose_rate_gy_s, flows.proton_flux_m2_s, flows.in_anomaly) == (rate, flux, inside)
    assert dose == pytest.approx(60.0 * 4e-8, rel=1e-15)
