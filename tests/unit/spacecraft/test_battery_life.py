"""Life models of batteries against the program they come from, and by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from battery_profiles import PROFILES, days

from sim.spacecraft import battery_ageing_life as life

BLAST = json.loads(Path(__file__).with_name("blast_cases.json").read_text("utf-8"))
CASES = {f"{c['cell']} {c['profile']}": c for c in BLAST["cases"]}


def _end(case: dict) -> tuple[life.Life, life.Fade]:
    """State after the profile, day by day."""
    model, fade = life.LIVES[case["cell"]], life.Fade()
    time_s, charge, celsius = PROFILES[case["profile"]]()
    for first, last in days(time_s):
        here = slice(first, last + 1)
        stress = life.over_series(time_s[here], charge[here], celsius[here] + 273.15, model, float(life.capacity(model, fade)))
        fade = life.after(model, fade, stress)
    return model, fade


@pytest.mark.parametrize("name", CASES)
def test_life_against_blast(name: str) -> None:
    """Source of truth: blast-lite 1.1.1 (tools/build_battery_cases.py): losses of capacity and growth of resistance, 1e-6 of each."""
    case = CASES[name]
    model, fade = _end(case)
    end = case["end"]
    by_time, by_use = ("q_LLI_t", "q_LLI_EFC") if model.wear else ("q_t", "q_EFC")
    assert fade.storage == pytest.approx(1.0 - end[by_time], rel=1e-6)
    assert fade.cycling == pytest.approx(1.0 - end[by_use], rel=1e-6, abs=1e-14)
    assert 1.0 - life.capacity(model, fade) == pytest.approx(1.0 - end["q"], rel=1e-6)
    if model.wear:
        assert life.resistance(model, fade) - 1.0 == pytest.approx(end["r"] - 1.0, rel=1e-6)
        assert fade.material == pytest.approx(1.01 - end["q_LAM"], rel=1e-6)


def test_the_cases_tell_coefficients_apart() -> None:
    """Source of truth: a changed coefficient changes the loss of some case beyond its tolerance, for every coefficient but those that
    are 0, or too small to matter: the rate of the NCA cell."""
    for cell, model in life.LIVES.items():
        cases = [c for c in CASES.values() if c["cell"] == cell]
        sound = [np.array(_end(c)[1], dtype=float) for c in cases]
        for field in model._fields[:-1]:
            value = getattr(model, field)
            if value == 0.0 or (cell, field) == ("nca-panasonic-18650", "by_rate"):
                continue
            life.LIVES[cell] = model._replace(**{field: value * 1.001})
            try:
                spoiled = [np.array(_end(c)[1], dtype=float) for c in cases]
            finally:
                life.LIVES[cell] = model
            moved = max(float(np.nanmax(np.abs(b - a) / np.maximum(a, 1e-30))) for a, b in zip(sound, spoiled, strict=True))
            assert moved > 1e-6, (cell, field)


def test_storage_by_hand() -> None:
    """Source of truth: 75.4 exp(-3340 / 298.15) exp(353 x 0.5 / 298.15) = 1.8592e-3 a day, and 365^0.512 = 20.506: 3.812 % in a year."""
    model = life.LIVES["nca-panasonic-18650"]
    stress = life.Stress(365.0, 0.0, life.storage_rate(model, 298.15, 0.5), 1.0, 298.15, 0.5, 0.0, 0.0)
    assert life.storage_rate(model, 298.15, 0.5) == pytest.approx(1.8592e-3, rel=1e-3)
    assert 1.0 - life.capacity(model, life.under(model, stress, 365.0)) == pytest.approx(0.03812, rel=1e-3)


@pytest.mark.parametrize("cell", life.LIVES)
def test_curves_are_what_small_steps_follow(cell: str) -> None:
    """Source of truth: under one and the same use many short intervals, in which the loss follows its slope, end on the curve: the
    Euler steps of a day stay within 3 % of a power law below 1 over 300 days."""
    model = life.LIVES[cell]
    day = life.Stress(1.0, 4.5, life.storage_rate(model, 293.15, 0.85), life.cycle_factor(model, 293.15), 293.15, 0.85, 0.3, 0.4)
    fade = life.Fade()
    for _ in range(300):
        fade = life.after(model, fade, day)
    curve = life.under(model, day, 300.0)
    assert fade.storage == pytest.approx(float(curve.storage), rel=0.03)
    assert fade.cycling == pytest.approx(float(curve.cycling), rel=0.03)


def test_life_in_years() -> None:
    """Source of truth: the curve solved for the end of life: 1 - k t^p = 0.8 at t = (0.2 / k)^(1 / p) for storage alone; arrays of
    batteries give what each gives alone."""
    model = life.LIVES["lfp-prismatic-250ah"]
    k = np.array([1e-3, 2e-3])
    stress = life.Stress(10.0, np.zeros(2), k, 1.0, 298.15, 0.5, 0.0, 0.0)
    expected = (0.2 / k) ** (1.0 / 0.526) / 365.25
    assert life.life_years(model, stress, 0.8) == pytest.approx(np.minimum(expected, 100.0), rel=1e-9)
    assert life.life_years(model, stress._replace(storage_rate=k * 1e-3), 0.8) == pytest.approx(100.0)


def test_material_ends_the_life_of_nmc() -> None:
    """Source of truth: 2 (1/2 - 1 / (1 + exp((n / n0)^10))) = 0.21 at n = n0 ln(1.21 / 0.79)^0.1, which leaves 0.8 of 1.01."""
    model = life.LIVES["nmc-kokam-75ah"]
    stress = life.Stress(365.25, 1600.0, 0.0, 0.0, 293.15, 0.85, 0.3, 0.4)
    n0 = 1e4 + 153.0 * (20.0 - 55.0) * 0.3 * 0.85 / 0.6
    assert life.life_years(model, stress, 0.8) == pytest.approx(n0 * np.log(1.21 / 0.79) ** 0.1 / 1600.0, rel=1e-9)
