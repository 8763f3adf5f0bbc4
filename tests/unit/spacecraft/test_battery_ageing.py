"""What the loop sums for the ageing of batteries: turning points against rainflow, rates against the life models."""

from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace

import energy_books as books
import numpy as np
import pytest
import rainflow

from sim.config.scenario import load
from sim.engine.driver import Run
from sim.results import battery as results
from sim.spacecraft import battery, battery_ageing
from sim.spacecraft import battery_ageing_life as life
from sim.spacecraft.submodel import Setup

State = namedtuple("State", "charge_j battery_swing battery_retreat")
Flows = namedtuple("Flows", "charge_j")
Nodes = namedtuple("Nodes", "battery_k")
STEP_S = 60.0


def _parameters(name: str = "nca", *sets: str) -> battery_ageing.Ageing:
    satellite = load("suncatcher", sets=(f"satellite.power.battery.chemistry={name}", *sets)).scenario.satellite
    return battery_ageing.parameters(Setup(satellite, None, STEP_S))


def _energy(charge: np.ndarray, p: battery_ageing.Ageing) -> np.ndarray:
    """Energy by the integral of the voltage on its line: q + a (q^2 - q) / 2 of the capacity."""
    return p.capacity_j * (charge + 0.5 * p.voltage_span * (charge**2 - charge))


def _sums(charge: np.ndarray, kelvin: np.ndarray, p: battery_ageing.Ageing) -> dict[str, float]:
    """Integrals over a series of states of charge, and the half cycle that has not ended."""
    energy, total = _energy(charge, p), dict.fromkeys(battery_ageing.AgeingFlows._fields[2:], 0.0)
    swing = retreat = 0.0
    for k in range(1, charge.size):
        found = battery_ageing.advance(State(energy[k - 1], swing, retreat), Flows(energy[k]), Nodes(kelvin[k]), p)
        swing, retreat = found.battery_swing, found.battery_retreat
        for name in total:
            total[name] += getattr(found, name) * STEP_S
    return total | {"unfinished": swing**2}


def _rainflow(charge: np.ndarray) -> float:
    """Sum of squared depths over half cycles: each cycle is two."""
    return sum(2.0 * count * depth**2 for depth, _, count, _, _ in rainflow.extract_cycles(charge.tolist()))


def _low_orbit(ripple: float = 0.0, seed: int = 1) -> np.ndarray:
    """A day of 15 revolutions of different depth, with ripple of the load, by the minute."""
    rng, t = np.random.default_rng(seed), np.arange(0.0, 86401.0, STEP_S)
    phase, depth = t % 5760.0, 0.2 + 0.1 * np.sin(2.0 * np.pi * (t // 5760.0) / 15.0)
    charge = 1.0 - depth * np.interp(phase, [0.0, 2160.0, 4800.0, 5760.0], [0.0, 1.0, 0.0, 0.0])
    return np.clip(charge - ripple * rng.random(t.size), 0.0, 1.0)


def test_triangles_by_hand() -> None:
    """Source of truth: ten cycles from 0.9 to 0.6 and back are twenty half cycles of 0.3: 6 of throughput, 1.8 of squares."""
    p = _parameters()
    charge = 0.9 - 0.3 * np.abs((np.arange(201.0) / 10.0 + 1.0) % 2.0 - 1.0)
    found = _sums(charge, np.full(201, 293.15), p)
    assert found["charge_moved"] == pytest.approx(6.0, rel=1e-12)
    assert found["depth_squared"] + found["unfinished"] == pytest.approx(1.8, rel=1e-12)
    rising = _sums(charge[10:], np.full(191, 293.15), p)  # begins at a valley
    assert rising["depth_squared"] + rising["unfinished"] == pytest.approx(19 * 0.09, rel=1e-12)


@pytest.mark.parametrize("ripple", [0.0, 0.004, 0.009])
def test_count_against_rainflow(ripple: float) -> None:
    """Source of truth: rainflow of ASTM E1049 (package rainflow). Without ripple every swing is a half cycle of both. With it the
    count leaves out what is below the threshold, thirty swings of a day lose or gain up to the ripple: 2 x 0.009 / 0.2 of the square
    at most, 0.004 of 0.2 twice otherwise; half of that on average."""
    charge = _low_orbit(ripple)
    found = _sums(charge, np.full(charge.size, 293.15), _parameters())
    ours, theirs = found["depth_squared"] + found["unfinished"], _rainflow(charge)
    assert ours == pytest.approx(theirs, rel=1e-9 if ripple == 0.0 else ripple / 0.2)


def test_ripple_does_not_count_as_cycles() -> None:
    """Source of truth: definition: a turn counts once the charge has come back by 0.01."""
    p = _parameters()
    charge = 0.7 + 0.004 * (np.arange(400) % 2)
    assert _sums(charge, np.full(400, 293.15), p)["depth_squared"] == 0.0


@pytest.mark.parametrize("name", ["nca", "lfp", "nmc"])
@pytest.mark.parametrize("kelvin", [278.15, 298.15, 313.15])
def test_rates_against_the_life_models(name: str, kelvin: float) -> None:
    """Source of truth: the formulas with hyperbolic tangents: within 1 % of the largest rate at any charge."""
    p, charge = _parameters(name), np.linspace(0.0, 1.0, 201)
    model = life.LIVES[load("suncatcher", sets=(f"satellite.power.battery.chemistry={name}",)).scenario.satellite.power.battery.chemistry.ageing]
    theirs = life.storage_rate(model, kelvin, charge)
    found = [battery_ageing.advance(State(e, 0.0, 0.0), Flows(e), Nodes(kelvin), p) for e in _energy(charge, p).tolist()]
    assert np.abs(np.array([f.storage_rate for f in found]) - theirs).max() < 0.01 * theirs.max()
    assert found[0].cycle_factor == pytest.approx(float(life.cycle_factor(model, kelvin)), rel=1e-13)
    assert [f.cell_charge for f in found] == pytest.approx(charge, abs=1e-12)


def test_sums_against_the_stress_of_the_series() -> None:
    """Source of truth: `over_series`, which agrees with BLAST-Lite, on a day: means by the trapezoid rule against ends of steps differ by
    half a step of 1440, 0.1 %; the polynomial 1 %; cycles are the same sum."""
    p, charge = _parameters("lfp"), _low_orbit()
    t = np.arange(charge.size) * STEP_S
    kelvin = 293.15 + 5.0 * np.sin(t / 900.0)
    found = _sums(charge, kelvin, p)
    series = life.over_series(t, charge, kelvin, life.LIVES["lfp-prismatic-250ah"])
    assert 0.5 * found["charge_moved"] == pytest.approx(series.cycles, rel=1e-12)
    for ours, theirs in (("storage_rate", series.storage_rate), ("cycle_factor", series.cycle_factor), ("cell_k", series.temperature_k),
                         ("cell_charge", series.charge)):  # fmt: skip
        assert found[ours] / 86400.0 == pytest.approx(theirs, rel=0.01)


def test_a_day_in_low_orbit() -> None:
    """Source of truth: rainflow on the recorded charge of a satellite above noon and midnight, whose battery carries it through the
    shadow. The recorder keeps single precision: 1e-4 of squares; what is stored as energy becomes charge on the line of voltage."""
    run = Run(books.load("duration=1 d", "initial=settled", books.ring("12:00", 2), "satellite.power.array.area=250 m2"), threads=1).finish()
    p = run.types[0].params.battery_ageing
    first = float(run.initial_value("charge_j")[0]) / p.capacity_j
    energy = np.concatenate(([first], np.asarray(run.kept[:, books.RECORDED["charge_fraction"], 0], dtype=float)))
    low = 1.0 - 0.5 * p.voltage_span
    charge = (np.sqrt(low**2 + 2.0 * p.voltage_span * energy) - low) / p.voltage_span
    use = results.stress(run, np.arange(2))
    assert use.cycles[0] == pytest.approx(0.5 * np.abs(np.diff(charge)).sum(), rel=1e-4)
    assert use.cycles[0] > 1.0  # fourteen shadows
    assert use.depth[0] * 2.0 * use.cycles[0] == pytest.approx(_rainflow(charge), rel=0.01)
    said = results.summary(run)
    assert said["battery_cycles_per_year"] == pytest.approx(365.25 * use.cycles.mean(), rel=1e-12)
    model = life.LIVES["nca-panasonic-18650"]
    years = life.life_years(model, use, 0.8)
    assert (said["battery_life_yr"], said["battery_life_yr_min"]) == pytest.approx((years.mean(), years.min()))
    # by hand at the end of the first of them: 1 - k t^0.512 - k' n^0.699
    k, n = use.storage_rate[0], use.cycles[0] * 365.25 * years[0]
    lost = k * (365.25 * years[0]) ** 0.512 + 2.0 * (1.86e-6 + 4.74e-11 * use.c_rate[0] + 1.77e-4 * use.depth[0]) * n**0.699
    assert lost == pytest.approx(0.2, rel=1e-9)


def test_capacity_at_an_age_by_hand() -> None:
    """Source of truth: five years of 1,400 cycles of 50 % at 20 degC and a mean charge of 75 %: 75.4 exp((-3340 + 353 x 0.75) / 293.15) x
    1826.25^0.512 and 2 (1.86e-6 + 1.77e-4 x 0.5) x 3500^0.699; the rate, 0.16 an hour, does not show."""
    satellite = load("suncatcher", sets=("satellite.power.battery.cycles_per_year=1400",)).scenario.satellite
    left, grown = life.at_age(satellite.power.battery, 5.0 * 31557600.0)
    by_hand = 75.4 * np.exp((-3340.0 + 353.0 * 0.75) / 293.15) * 1826.25**0.512 + 2.0 * (1.86e-6 + 1.77e-4 * 0.5) * 3500.0**0.699
    assert (left, grown) == pytest.approx((1.0 - by_hand, 1.0), rel=1e-6)
    assert life.at_age(satellite.power.battery, 0.0) == (1.0, 1.0)
    old = SimpleNamespace(power=satellite.power, bus=satellite.bus, age=5.0 * 31557600.0)
    aged = battery.parameters(Setup(old, None, 60.0))
    assert aged.capacity_j == pytest.approx(left * satellite.power.battery.capacity, rel=1e-12)
    assert aged.floor_j == pytest.approx(0.5 * aged.capacity_j, rel=1e-12)
