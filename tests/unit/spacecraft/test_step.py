"""The step: its books notice every spoiled line, its lanes are independent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import step_mutants

from sim.spacecraft import step

ROOT = Path(__file__).parents[3]
LIMIT = 1e-9  # closure and sum to nameplate, as promised


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, float]]:
    """Residuals of every mutant, from a process without the compiler."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, step_mutants.__file__], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_sound_step_closes(told: dict[str, dict[str, float]]) -> None:
    """Source of truth: conservation of energy and of accelerator-seconds, 1e-9, in a run that uses every row."""
    sound = told["sound"]
    assert sound.pop("exercised") == 1.0
    assert max(sound.values()) < LIMIT


@pytest.mark.parametrize("name", step_mutants.LEDGER)
def test_ledger_mutants_are_noticed(told: dict[str, dict[str, float]], name: str) -> None:
    """Source of truth: the sum of the rows must be nameplate; without one row it is not, and the energy books stay shut."""
    found = told[name]
    assert found["ledger"] > LIMIT
    assert max(found[k] for k in ("electrical", "thermal", "conversion")) < LIMIT


@pytest.mark.parametrize("name", [*step_mutants.ENERGY, *step_mutants.FLUXES])
def test_energy_mutants_are_noticed(told: dict[str, dict[str, float]], name: str) -> None:
    """Source of truth: conservation of energy; a term left out or a flux bent by 1e-4 opens at least one balance."""
    found = told[name]
    assert max(found[k] for k in ("electrical", "thermal", "conversion")) > LIMIT
    assert found["ledger"] < LIMIT


def test_every_energy_row_of_the_loop_has_a_mutant() -> None:
    """Source of truth: the source: each accumulated row in joules is spoiled above; the unserved energy is no flow of the
    balances and has a test of its own."""
    joules = {name for name in dir(step) if name.endswith("_J") and f"work[{name}, i] +=" in step_mutants.SOURCE}
    assert {f"without {name}" for name in joules - {"UNSERVED_J"}} == set(step_mutants.ENERGY)


def test_rows_do_not_overlap() -> None:
    """Source of truth: a row is one number; every index of carry, fleet and recorder is used once."""
    names = [n for n in dir(step) if n.isupper() and isinstance(getattr(step, n), int)]
    fleet = sorted(getattr(step, n) for n in names if n.startswith("F_"))
    kept = sorted(getattr(step, n) for n in names if n.startswith("K_"))
    assert fleet == list(range(step.FLEET_ROWS))
    assert kept == list(range(step.KEPT_ROWS))
    assert len(set(step.LEDGER.values())) == 5
    assert step.FLEET_SCALE.shape == (step.FLEET_ROWS,)


@pytest.mark.parametrize(("rate", "duty", "up"), [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.0, 0.4, 1.0), (0.7, 1.0, 0.25)])
def test_heats_follow_every_watt(rate: float, duty: float, up: float) -> None:
    """Source of truth: by hand: chips (idle + dynamic f V^2) and hosts through 0.92 conversion, 2 % pump, bus; what is drawn
    from the bus is what turns to heat."""
    from sim.spacecraft.compute import Compute

    c = Compute(5760.0, 13_440.0, 4160.0, 0.6, 0.92, 0.02, 0.57, 0.2)
    chip, plate, loop, load = step.heats(rate, duty, 1.0, up, 800.0, c)
    chips = up * (5760.0 * duty + 13_440.0 * rate * (0.6 + 0.4 * rate) ** 2)
    drawn = (chips + up * duty * 4160.0) / 0.92
    assert (chip, plate, loop) == pytest.approx((chips, drawn - chips, 0.02 * drawn + 800.0), rel=1e-13)
    assert load == pytest.approx(1.02 * drawn + 800.0, rel=1e-13)
    assert chip + plate + loop == pytest.approx(load, rel=1e-14)


def test_lanes_are_independent() -> None:
    """Source of truth: definition: shuffling the lanes of a tile shuffles its totals bit by bit and leaves the fleet's."""
    import energy_books as books

    from sim.engine.uncoupled import Run

    run = Run(books.load("duration=40 min", books.ring(), "satellite.thermal.radiator.area=12 m2"), tile=8, threads=1)
    n = run.grid.steps
    r = np.empty((n + 2, 3, 8))
    run.propagators[0].fill(0, 8, -1, r)

    def go(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mine = np.ascontiguousarray(r[:, :, order])
        carry, fleet = np.empty((step.CARRY_ROWS, 8)), np.zeros((n, step.FLEET_ROWS), dtype=np.int64)
        step.start(mine[:2].copy(), run.sky.sun_m[:2], 2e7, np.array(run.temperatures_k), carry)
        told = np.ones((step.TOLD_ROWS, 1, 8))
        run.loop(
            mine[2:].copy(), run.sky.sun_m[2:], run.sky.flux_w_m2[2:], told, run.params, carry, 8, fleet,
            np.zeros(n), np.full(n, 1e300), 0, 1, np.zeros(0, dtype=np.int64), np.zeros((n, step.KEPT_ROWS, 0)),
        )  # fmt: skip
        return carry, fleet

    carry, fleet = go(np.arange(8))
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(8)
        shuffled, again = go(order)
        assert np.array_equal(shuffled, carry[:, order])
        assert np.array_equal(again, fleet)
