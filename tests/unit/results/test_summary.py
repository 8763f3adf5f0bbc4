"""From an outcome to the summary: energies that close, and a closure that notices a wrong flux."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import sim
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.results import energy_balance
from sim.results import summary as metrics
from sim.schema import CAUSES
from sim.spacecraft.step import ROWS


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Three hours of a shell with eclipses. Shared: do not change it."""
    loaded = sim.load(
        "starlink_edge",
        set=[
            "constellation.planes=6",
            "constellation.satellites_per_plane=5",
            "constellation.phasing=1",
            "duration=3 h",
            "workloads=[{kind: independent}]",
            "links=",
            "economics=",
            "satellite.propulsion.station_keeping=20 m/s/yr",
            "satellite.propulsion.deorbit=195 m/s",
        ],
    )
    return Run(loaded, threads=1).finish()


def test_energy_closes(outcome: Outcome) -> None:
    electrical, thermal = energy_balance.closure(outcome)
    assert 0.0 <= electrical < 1e-9
    assert 0.0 <= thermal < 1e-9


@pytest.mark.parametrize(
    ("row", "which"),
    [(ROWS.carried["generated_j"], 0), (ROWS.carried["served_j"], 0), (ROWS.carried["battery_loss_j"], 0), (ROWS.carried["shunted_j"], 0), (ROWS.carried["charge_j"], 0), (ROWS.carried["heat_j"], 1),
     (ROWS.carried["environment_j"], 1), (ROWS.carried["radiated_j"], 1), (ROWS.carried["junction_k"], 1), (ROWS.carried["radiator_2_k"], 1),
     (ROWS.carried["battery_k"], 1), (ROWS.carried["structure_k"], 1), (ROWS.carried["array_k"], 1)],
)  # fmt: skip
def test_a_wrong_flux_is_noticed(outcome: Outcome, row: int, which: int) -> None:
    """One term of one satellite off by a part in a million (or a joule, where it is nothing): the closure says so."""
    carry = outcome.carry.copy()
    carry[row, 7] = carry[row, 7] * (1.0 + 1e-6) + 1.0
    assert energy_balance.closure(replace(outcome, carry=carry))[which] > 1e-9


def test_waterfall_sums(outcome: Outcome) -> None:
    rows = metrics.waterfall(outcome)
    assert [r["cause"] for r in rows] == list(CAUSES)
    assert abs(sum(r["fraction"] for r in rows) - 1.0) < 1e-12
    assert next(r for r in rows if r["cause"] == "power")["fraction"] > 0.01


def test_each_row_is_its_own(outcome: Outcome) -> None:
    """Spoiling one row of the ledger changes that row and no other: none is found by subtraction."""
    before = {r["cause"]: r["flops"] for r in metrics.waterfall(outcome)}
    for cause, row in ROWS.ledger.items():
        carry = outcome.carry.copy()
        carry[row] += 1.0
        after = {r["cause"]: r["flops"] for r in metrics.waterfall(replace(outcome, carry=carry))}
        assert [c for c in CAUSES if after[c] != before[c]] == [cause]


# field of the summary: total it follows from, and its value for a carry of 1, 2, ..., 30 over 10,800 s, 20,000 s available
DECLARED = {
    "power.eclipse_s_max": ("eclipse_s_max", 30.0),
    "power.sunlit_fraction": ("lit_s", 465.0 / 324_000.0),
    "power.array_w_mean": ("generated_j", 465.0 / 10_800.0),
    "power.unserved_j": ("unserved_j", 465.0),
    "power.battery_heater_w_mean": ("battery_heater_j", 465.0 / 10_800.0),
    "thermal.junction_k_max": ("junction_k_max", 30.0),
    "thermal.hbm_k_max": ("hbm_k_max", 30.0),
    "thermal.coolant_k_min": ("coolant_k_min", 1.0),
    "thermal.array_k_max": ("array_k_max", 30.0),
    "thermal.array_k_min": ("array_k_min", 1.0),
    "thermal.battery_k_max": ("battery_k_max", 30.0),
    "thermal.radiator_k_mean": ("radiator_k_s", 465.0 / 20_000.0),
    "thermal.throttled_fraction": ("throttled_s", 465.0 / 20_000.0),
    "thermal.frozen_fraction": ("frozen_s", 465.0 / 324_000.0),
    "thermal.heater_w_mean": ("heater_j", 465.0 / 10_800.0),
    "thermal.leakage_w_mean": ("leakage_j", 465.0 / 10_800.0),
}


def test_declared_fields(outcome: Outcome) -> None:
    """By hand: 1 + 2 + ... + 30 = 465; 30 satellites x 10,800 s = 324,000 s."""
    carry = outcome.carry.copy()
    for total, _ in DECLARED.values():
        carry[ROWS.carried[total]] = np.arange(1.0, 31.0)
    carry[ROWS.carried["available_s"]] = 20_000.0 / 30.0
    changed = replace(outcome, carry=carry)
    found = {f"{s}.{name}": value for s in ("power", "thermal") for name, value in metrics.declared(changed, s).items()}
    assert set(found) == set(DECLARED)
    for field, (_, value) in DECLARED.items():
        assert found[field] == pytest.approx(value, rel=1e-14), field


def test_declared_fields_without_an_available_satellite(outcome: Outcome) -> None:
    """By definition: what is of available satellites is null, all else stays."""
    carry = outcome.carry.copy()
    carry[ROWS.carried["available_s"]] = 0.0
    found = metrics.declared(replace(outcome, carry=carry), "thermal")
    null = {name for name, value in found.items() if value is None}
    assert null == {"junction_k_max", "hbm_k_max", "radiator_k_mean", "throttled_fraction"}


def test_summary_against_the_carry(outcome: Outcome) -> None:
    """Source of truth: definitions, evaluated apart."""
    summary, c = metrics.summary(outcome), outcome.carry
    peak = 989e12
    assert summary["compute"]["nameplate_flops"] == 30 * peak * 10_800.0
    assert summary["compute"]["useful_flops"] == pytest.approx(float(np.sum(c[ROWS.carried["useful_s"]])) * peak, rel=1e-14)
    assert summary["power"]["eclipse_s_max"] == c[ROWS.carried["eclipse_s_max"]].max()
    assert 1800.0 < summary["power"]["eclipse_s_max"] < 2200.0  # about 36 min at 550 km
    assert 0.5 < summary["power"]["sunlit_fraction"] < 0.75
    # parts by hand, 0.25 of structure; propellant for 295 m/s at 2500 s with half of it for tanks
    parts_kg = 23 * 3.1 + 3000 / 150 + 2.1 * 5 + 1.015 * 1.02 * 2.3 + 1.5 + 6 + 1 + 0.057 * 27 + 10
    ratio = math.exp(295.0 / (2500.0 * 9.80665)) - 1.0
    assert summary["design"]["mass_kg"] == pytest.approx(30 * parts_kg * 1.25 * (1.0 + 1.5 * ratio / (1.0 - 0.5 * ratio)))
    fleet = outcome.column("useful") * peak
    assert summary["fleet"]["useful_flops_per_s"]["p50"] == pytest.approx(float(np.median(fleet)), rel=1e-14)
    json.dumps(summary, allow_nan=False)


def test_round_trips(outcome: Outcome) -> None:
    """Source of truth: 550 km overhead is 3.67 ms, at the mask of 25 deg over a sphere 7.49 ms; ellipsoid and height: 0.4 ms."""
    rtt = metrics.summary(outcome)["ground"]["propagation_rtt_ms"]
    assert 3.6 < rtt["min"] <= rtt["median"] <= rtt["p99"] <= rtt["max"] < 7.9
