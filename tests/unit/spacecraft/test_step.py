"""The step: its books notice every spoiled line, its lanes are independent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import step_mutants
import submodel_cases as cases

from orbit.radiation import radiation_map
from sim.schema import Variable
from sim.spacecraft import compute, loop, passes, radiation, rows, step
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.radiation import NO_TABLE
from sim.spacecraft.step import ROWS
from sim.spacecraft.thermal_response import NODES

ROOT = Path(__file__).parents[3]
BALANCES = (
    "electrical", "thermal", "array", "conversion", "conditioning", "loads", "battery", "array outside", "radiator outside", "body",
)  # fmt: skip
LIMIT = 1e-9  # closure and sum to nameplate, as promised


@pytest.fixture(scope="module")
def reported() -> dict[str, dict[str, float]]:
    """Residuals of every mutant, from a process without the compiler."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, step_mutants.__file__], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_sound_step_closes(reported: dict[str, dict[str, float]]) -> None:
    """Source of truth: conservation of energy and of accelerator-seconds, 1e-9, in a run that uses every row."""
    sound = reported["sound"]
    assert sound.pop("exercised") == 1.0
    assert max(sound.values()) < LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("name", step_mutants.LEDGER)
def test_ledger_mutants_are_noticed(reported: dict[str, dict[str, float]], name: str) -> None:
    """Source of truth: the sum of the rows must be nameplate; without one row it is not, and the energy books stay shut."""
    found = reported[name]
    assert found["ledger"] > LIMIT
    assert max(found[k] for k in BALANCES) < LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("name", [*step_mutants.ENERGY, *step_mutants.FLUXES])
def test_energy_mutants_are_noticed(reported: dict[str, dict[str, float]], name: str) -> None:
    """Source of truth: conservation of energy; a term left out or a flux bent by 1e-4 opens at least one balance."""
    found = reported[name]
    assert max(found[k] for k in BALANCES) > LIMIT
    assert found["ledger"] < LIMIT


def test_rows_do_not_overlap() -> None:
    """Source of truth: a row is one number; every row of work is used once."""
    rows = [
        *ROWS.carried.values(), *(ROWS.first_control + n for n in ROWS.controls.values()), *ROWS.scratch.values(),
        *range(ROWS.end_position, ROWS.end_position + 3),
    ]  # fmt: skip
    assert sorted(rows) == list(range(ROWS.work))
    assert len(ROWS.ledger) == 6  # failed, maintenance, power, thermal, kernel, useful


@pytest.mark.parametrize("unlinked", [0.0, 0.75])
@pytest.mark.parametrize(("rate", "powered", "up"), [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.0, 0.4, 1.0), (0.7, 1.0, 0.25)])
def test_heats_follow_every_watt(rate: float, powered: float, up: float, unlinked: float) -> None:
    """Source of truth: by hand: chips (idle + dynamic f V^2) with 300 W beside the clock, and hosts, through 0.92 conversion,
    2 % pump, bus, a heater of 150 W and one of 80 W at the battery; what is drawn from the bus is what turns to heat."""
    c = compute.Compute(
        idle_w=5760.0, dynamic_w=13_440.0, host_w=4160.0, voltage_floor=0.6, per_conversion=1.0 / 0.92, pump_fraction=0.02,
        bus_w=800.0, channels_w=480.0, rate_fit=compute.rate_fit(0.6),
    )  # fmt: skip
    loads = compute.loads(compute.dynamic_share(rate, 0.6), powered, 1.0, up, unlinked, 150.0, 300.0, 80.0, c)
    bus = 800.0 - 480.0 * unlinked
    chips = up * (5760.0 * powered + 13_440.0 * rate * (0.6 + 0.4 * rate) ** 2) + 300.0
    drawn = (chips + up * powered * 4160.0) / 0.92
    assert loads[:5] == pytest.approx((chips, drawn - chips, 0.02 * drawn + 150.0, up * bus, 80.0), rel=1e-13)
    assert loads.load_w == pytest.approx(1.02 * drawn + 150.0 + 80.0 + up * bus, rel=1e-13)
    assert sum(loads[:5]) == pytest.approx(loads.load_w, rel=1e-14)


def test_satellites_of_a_tile_are_independent() -> None:
    """Source of truth: definition: shuffling the satellites of a tile shuffles their totals bit by bit and leaves the fleet's."""
    import energy_books as books

    from sim.engine.driver import Run

    run = Run(books.load("duration=40 min", books.ring(), "satellite.thermal.radiator.area=12 m2"), tile=8, threads=1)
    n = run.grid.steps
    r = np.empty((n + 2, 3, loop.GROUP))
    run.propagators[0].fill(0, 8, -1, r)

    def go(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mine = np.ascontiguousarray(r[:, :, [*order, *range(8, loop.GROUP)]])
        work, fleet = np.zeros((loop.WORK, loop.ROW_LENGTH)), np.zeros((n, loop.COLUMNS), dtype=np.int64)
        carry = work[: loop.CARRIED, : loop.GROUP]
        loop.start(mine[:2].copy(), run.surroundings.sun_m[:2], run.types[0].initial, carry)
        run.loop(
            mine[2:].copy(), run.surroundings.sky[2:], undisturbed(1, loop.GROUP), run.types[0].values, run.types[0].table, work, 8, fleet,
            np.full((n, loop.EXTREMES), loop.NO_EXTREME), 0, 1, np.zeros(0, dtype=np.int64),
            np.zeros((n, loop.RECORDED, 0)),
        )  # fmt: skip
        return carry[:, :8].copy(), fleet

    carry, fleet = go(np.arange(8))
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(8)
        shuffled, again = go(order)
        assert np.array_equal(shuffled, carry[:, order])
        assert np.array_equal(again, fleet)


MANY = 2 * loop.GROUP + 8  # two whole groups and a part


def _satellites(params: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tile of satellites at the beginning of a step, positions one step before, then and at its end, and the sky.

    All round an orbit, of them half within a degree of the edge of the shadow; temperatures and charges of all kinds.
    """
    n, width, work = MANY, 3 * loop.GROUP, np.zeros((1, loop.WORK, loop.ROW_LENGTH))
    angle = np.concatenate((np.radians(np.linspace(112.5, 114.5, n // 2)), np.linspace(0.0, 2.0 * np.pi, n - n // 2)))
    sun_m, r_m = np.array([1.496e11, 0.0, 0.0]), np.zeros((3, 3, width))
    for k, turn in enumerate((-0.065, 0.0, 0.065)):
        r_m[k, :, :n] = 7.0e6 * np.array([np.cos(angle + turn), np.sin(angle + turn), np.zeros(n)])
        r_m[k, :, n:] = r_m[k, :, n - 1 : n]
    loop.start(r_m[:2], np.array([sun_m, sun_m]), np.zeros(loop.CARRIED), work[0, : loop.CARRIED, :width])
    ranges = {
        "junction_k": (320.0, 372.0), "hbm_k": (320.0, 355.0), "plate_k": (300.0, 370.0), "loop_k": (290.0, 366.0),
        "radiator_1_k": (285.0, 345.0), "radiator_2_k": (280.0, 340.0), "radiator_3_k": (275.0, 335.0), "battery_k": (280.0, 300.0),
        "structure_k": (280.0, 300.0), "array_k": (200.0, 340.0), "charge_j": (0.3 * params.battery.capacity_j, params.battery.capacity_j),
    }  # fmt: skip
    for name, (low, high) in ranges.items():
        work[0, ROWS.carried[name], :n] = rng.uniform(low, high, n)
    return work, r_m, np.array([*sun_m, 1361.0, 0.6, 0.8])


def _random_controls(rng: np.random.Generator, n: int) -> np.ndarray:
    """Controls of all kinds: shares from 0.3 to 1, heats of neighbours up to 300 W/m2."""
    controls = rng.uniform(0.3, 1.0, (loop.CONTROL_ROWS, n))
    for name in ("array_nearby_w_m2", "radiator_nearby_w_m2"):
        controls[ROWS.controls[name]] = rng.uniform(0.0, 300.0, n)
    return controls


def test_passes_are_the_step() -> None:
    """Source of truth: `step.advance`, one satellite at a time: the passes over a tile give the same, to 1e-12 of each state; the
    integrals over the step, dose among them, are the fluxes of that step times its length."""
    around = radiation_map(6.99e6, 7.01e6, 27.0)
    params = cases.example_parameters(
        "suncatcher", "satellite.thermal.radiator.area=20 m2", "satellite.accelerator.junction_limit=63 degC", radiation=around
    )
    n, names, rng = MANY, ROWS.carried, np.random.default_rng(11)
    work, r_m, sky = _satellites(params, rng)
    before = work[0, :, :n].copy()
    controls, limits = _random_controls(rng, n), np.empty((loop.LIMIT_ROWS, n))
    tiles, values = (work, np.zeros(1, dtype=np.int64), np.full(1, n)), rows.flat(params)
    loop.see_surroundings(*tiles, r_m[np.newaxis, 2:], 0, sky, controls, values, around.table)
    loop.preview_limits(*tiles, sky, controls[loop.DUTY_CONTROL], False, values, limits)
    loop.take_step(*tiles, sky, controls, values, np.zeros(loop.COLUMNS, dtype=np.int64), np.full(loop.EXTREMES, loop.NO_EXTREME))
    lit = work[0, passes.LIT_ROW, :n]
    assert ((lit > 0.0) & (lit < 1.0)).sum() >= 5
    assert 3 <= (limits[loop.LIMIT_RATE] < limits[loop.LIMIT_POWER]).sum() <= n - 3, "some are limited by heat"
    doses = set()
    for i in range(n):
        state = step.State(*(float(before[names[f], i]) for f in step.State._fields))
        exposed = radiation.values(around.table, *radiation.cell(*r_m[2, :, i].tolist(), passes.Sky(*sky), params.radiation))
        inputs = step.Inputs(*r_m[2, :, i].tolist(), *sky.tolist(), *exposed, *controls[:, i].tolist())
        after, fluxes = step.advance(state, inputs, params)
        for field, expected in after._asdict().items():
            assert work[0, names[field], i] == pytest.approx(expected, rel=1e-12, abs=1e-12), (field, i)
        for variable, total in ROWS.totals:
            if total.how == "integral":
                flux = getattr(inputs if variable.kind == "input" else fluxes, variable.name)
                least = 0.0 if variable.kind == "input" else 1e-9  # differences of powers leave rounding
                assert work[0, names[total.name], i] == pytest.approx(60.0 * flux, rel=1e-11, abs=least), (total.name, i)
        doses.add(f"{work[0, names['dose_gy'], i]:.6e}")
        assert limits[loop.LIMIT_RATE, i] == pytest.approx(fluxes.rate_limit, rel=1e-11, abs=1e-12)
        assert limits[loop.LIMIT_POWER, i] == pytest.approx(fluxes.rate_power, rel=1e-11, abs=1e-12)
    assert len(doses) > 5, "cells of many places"
    assert (work[0, names["dose_gy"], :n] > 0.0).all()


def _undisturbed_inputs(position_m: np.ndarray, sky: np.ndarray) -> step.Inputs:
    return step.Inputs(*position_m.tolist(), *sky.tolist(), 0.0, 0.0, 0.0, *undisturbed().tolist())


def test_steps_limited_by_heat_end_at_the_limit() -> None:
    """Source of truth: definition: where heat lowers the rate, junction or memory ends the step at its limit, neither above it.

    Two rounds leave 1e-4 of the dynamic power, which moves the junction by 3 mK in 60 s (13 kW, 2.3 K/kW), and twice that where
    temperatures jump from one step to the next, as here.
    """
    params = cases.example_parameters("suncatcher", "satellite.thermal.radiator.area=20 m2", "satellite.accelerator.junction_limit=75 degC", "satellite.accelerator.max_power=300 W")
    work, r_m, sky = _satellites(params, np.random.default_rng(13))
    at_limit = 0
    for i in range(MANY):
        state = step.State(*(float(work[0, ROWS.carried[f], i]) for f in step.State._fields))
        after, fluxes = step.advance(state, _undisturbed_inputs(r_m[2, :, i], sky), params)
        if 0.0 < fluxes.rate_limit < fluxes.rate_power - 1e-9:
            room_k = min(params.thermal.junction_limit_k - after.junction_k, params.thermal.hbm_limit_k - after.hbm_k)
            assert room_k == pytest.approx(0.0, abs=6e-3)
            at_limit += 1
    assert at_limit >= 5


def test_limits_are_asked_again_where_the_duty_changed() -> None:
    """Source of truth: the limits of a tile that is asked for the first time with these duties, bit by bit.

    Of the three groups of satellites the first keeps its duties, the second changes that of its last, the third that of its first.
    """
    params = cases.example_parameters("suncatcher", "satellite.power.array.area=25 m2")
    work, r_m, sky = _satellites(params, np.random.default_rng(12))
    work[0, ROWS.carried["charge_j"], :MANY] = 0.53 * params.battery.capacity_j  # just above the reserve: the battery limits all of them
    work[0, [ROWS.carried[f"{node}_k"] for node in (*NODES, "array")], :MANY] = 300.0
    controls, values, n = undisturbed(MANY), rows.flat(params), MANY
    changed, edges = np.ones(n), [2 * loop.GROUP - 1, 2 * loop.GROUP]
    changed[edges] = 0.4
    found = []
    for duties in ((np.ones(n), changed), (changed,)):
        tiles, limits = (work.copy(), np.zeros(1, dtype=np.int64), np.full(1, n)), np.empty((loop.LIMIT_ROWS, n))
        loop.see_surroundings(*tiles, r_m[np.newaxis, 2:], 0, sky, controls, values, NO_TABLE)
        for asked, duty in enumerate(duties):
            loop.preview_limits(*tiles, sky, duty, asked > 0, values, limits)
            found.append(limits.copy())
    first, again, fresh = found
    assert np.array_equal(again, fresh)
    differ = np.flatnonzero((first != again).any(axis=0))
    assert differ.tolist() == edges


def test_what_follows_from_declarations_is_whole() -> None:
    """Source of truth: definitions: a record with a field that nothing writes cannot be bound, and a name cannot be twice."""
    from collections import namedtuple

    wanted, given = namedtuple("wanted", "a b"), {"one": ("a",), "two": ("c",)}
    with pytest.raises(ValueError, match="nothing writes b"):
        rows.binder("missing", wanted, given)
    bound = rows.binder("whole", wanted, {"one": ("a",), "two": ("a", "b")})
    one, two = namedtuple("one", "a")(1.0), namedtuple("two", "a b")(2.0, 3.0)
    assert bound(one, two) == (2.0, 3.0)  # the last that has a field gives it
    twice = Variable("x_k", "K", "a temperature", "state", 0.0, 1.0)
    with pytest.raises(ValueError, match="declared twice"):
        rows.Rows((twice, twice), ())
