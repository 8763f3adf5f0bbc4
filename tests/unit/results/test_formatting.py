"""Terminal text of results, from a synthetic summary."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from sim.results import analysis_text, formatting
from sim.schema import CAUSES


def _summary(**shares: float) -> dict[str, Any]:
    """A summary of 100 PFLOP/s over ten hours; shares by cause, the rest useful."""
    nameplate = 100e15 * 36_000.0
    useful = 1.0 - sum(shares.values())
    spread = {"min": 3.0, "median": 4.5, "p99": 9.25, "max": 10.0}
    nothing = dict.fromkeys(spread)
    return {
        "scenario": "made", "epoch": "2026-12-21T00:00:00Z", "satellites": 1000, "accelerators": 64_000, "duration_s": 36_000.0, "step_s": 60.0,
        "compute": {
            "reference_precision": "bf16", "nameplate_flops": nameplate, "mean_useful_flops_per_s": useful * 100e15,
            "waterfall": [
                {"cause": c, "fraction": {**shares, "useful": useful}.get(c, 0.0), "flops": {**shares, "useful": useful}.get(c, 0.0) * nameplate,
                 "induced_flops": nameplate / 50.0 if c == "power" and c in shares else 0.0}
                for c in CAUSES
            ],
        },
        "power": {"array_w_mean": 2.5e7, "sunlit_fraction": 0.93, "eclipse_s_max": 1200.0, "battery_depth_max": 0.3, "unserved_j": 0.0},
        "thermal": {"junction_k_max": 356.15, "hbm_k_max": 363.15, "radiator_k_mean": 313.15, "throttled_fraction": 0.0001},
        "network": {"links_mean": None, "link_availability": None, "path_switches": None},
        "workloads": [{"kind": "independent", "model": None}],
        "ground": {
            "propagation_rtt_ms": spread, "user_rtt_ms": {**spread, "median": 25.5}, "coverage_fraction": 0.5,
            "stations": {
                "A": {"propagation_rtt_ms": spread, "coverage_fraction": 1.0},
                "B": {"propagation_rtt_ms": {**spread, "max": 12.0}, "coverage_fraction": 1.0},
                "C": {"propagation_rtt_ms": nothing, "coverage_fraction": 0.0},
            },
        },
        "fleet": {"availability": 0.995},
        "design": {"mass_kg": 5e6, "array_m2": 130_000.0, "radiator_m2": 50_000.0, "launches": 79},
        "cost": {"capex_usd": None},
        "baseline": None, "numbers": 3, "assumptions": ["one", "two"],
    }  # fmt: skip


def test_headline() -> None:
    assert (
        formatting.headline(_summary())
        == "made: 1,000 satellites, 64,000 accelerators, 10 h from 2026-12-21T00:00:00Z in steps of 60 s"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(86400.0, "1 d"), (5400.0, "90 min"), (7200.0, "2 h"), (61.0, "61 s"), (0.5, "0.5 s")]
)
def test_span(seconds: float, text: str) -> None:
    assert text in formatting.headline({**_summary(), "duration_s": seconds})


def test_waterfall() -> None:
    """Source of truth: by hand: 10 % power, 40 % kernel, 50 % useful of 40 characters."""
    rows = formatting.waterfall(_summary(power=0.1, kernel=0.4))
    assert [(cause, *numbers) for cause, _, *numbers in rows] == [
        ("nameplate", "100", "100.0 %", ""), ("power", "-10", "-10.0 %", "peer stall 2.0 %"), ("kernel inefficiency", "-40", "-40.0 %", ""),
        ("useful", "50", "50.0 %", ""),
    ]  # fmt: skip
    assert [row[1] for row in rows] == [40 * "█", 36 * " " + 4 * "░", 20 * " " + 16 * "░", 20 * "█"]


def test_small_losses_are_not_shown_as_zero() -> None:
    rows = {row[0]: row for row in formatting.waterfall(_summary(failed=1e-6))}
    assert rows["failed"][3] == "-0.0001 %"
    assert "░" in rows["failed"][1]


def test_rounding_of_the_ledger_is_no_loss() -> None:
    """Source of truth: the ledger closes to 1e-9 of nameplate; a share below that is rounding."""
    summary = _summary(demand=2e-17, power=0.1)
    assert [row[0] for row in formatting.waterfall(summary)] == ["nameplate", "power", "useful"]
    assert "demand" in formatting.causes_without_loss(summary)


def test_causes_without_loss() -> None:
    text = formatting.causes_without_loss(_summary(power=0.1, kernel=0.4))
    assert text.startswith("no loss to: failed, spare, maintenance, thermal")
    assert "unallocated" in text
    assert "power" not in text
    assert "useful" not in text


def test_lines() -> None:
    rows = dict(formatting.lines(_summary()))
    assert list(rows) == ["power", "heat", "links", "latency", "fleet"]
    assert (
        rows["power"]
        == "arrays 25 MW on average, 93.0 % sunlit, longest eclipse 20.0 min, lowest battery charge 70.0 %"
    )
    assert rows["heat"] == "hottest junction 83.0 degC, hottest memory 90.0 degC, radiators 40.0 degC on average, throttled 0.01 % of the time"
    assert (
        "median 4.50 ms, p99 9.25 ms (reached 50.0 % of the time), worst station B 12.00 ms (reached 100.0 % of the time); "
        "end-to-end RTT: median 25.50 ms (reached 50.0 % of the time); 1 of 3 stations never covered" in rows["latency"]
    )
    assert "99.5 % available, 5,000 t, 130,000 m2 of array, 50,000 m2 of radiator" in rows["fleet"]


def test_radiation() -> None:
    """By hand: a dose, an interruption every 2.5 days, expected and drawn errors of the kinds that can happen."""
    errors = {name: {"expected": 0.0, "drawn": 0} for name in ("silent", "memory", "interrupt", "latchup", "host_interrupt", "corrected")}
    kind = {
        "satellite": "made", "dose_gy_per_year": 1.984, "shielding_kg_m2": 27.0, "anomaly_time_fraction": 0.076, "anomaly_error_fraction": 0.972,
        "interruptions_per_satellite_day": 0.4, "errors": errors | {"silent": {"expected": 1650.4, "drawn": 1700}, "memory": {"expected": 0.5, "drawn": None}},
    }  # fmt: skip
    without = kind | {"errors": None, "interruptions_per_satellite_day": None, "anomaly_error_fraction": None}
    nowhere = dict.fromkeys(kind) | {"satellite": "made"}
    rows = [text for subject, text in formatting.lines(_summary() | {"radiation": [kind, without, nowhere]}) if subject == "radiation"]
    place = "made 1.98 Gy a year behind 27 kg/m2, 7.6 % of the time in the South Atlantic Anomaly"
    assert rows == [
        f"{place}, where 97.2 % of the errors happen; an interruption of a satellite in 2.5 d; errors expected in the run: 1,650 silent "
        "(1,700 drawn), 0.5 uncorrected memory",
        f"{place}; the accelerator states no sensitivity",
    ]


@pytest.mark.parametrize(("mass_kg", "text"), [(390.0, "0.39 t"), (9_420.0, "9.42 t"), (10_400.0, "10 t")])
def test_mass_of_light_fleets(mass_kg: float, text: str) -> None:
    summary = copy.deepcopy(_summary())
    summary["design"]["mass_kg"] = mass_kg
    assert f"available, {text}, " in dict(formatting.lines(summary))["fleet"]


@pytest.mark.parametrize(("gain", "shown"), [(0.0125, "+1.25"), (-1e-6, "+0.00"), (-0.002, "-0.20")])
def test_a_gain_is_one_number(gain: float, shown: str) -> None:
    """By hand: percentage points of nameplate, here as in `dawndusk why`; zero has no minus sign."""
    base = SimpleNamespace(satellites=2, window_s=36_000.0)
    row = SimpleNamespace(label="+1 kWh battery", mass_kg=20.0, gain_fraction=gain, gain_flops_per_s=1e15)
    assert formatting.binding(_summary(), base, [row]) == f"+1 kWh battery (10 kg): {shown} points useful"
    assert analysis_text.gain_cells(row)[0] == shown


def test_first_token_has_its_coverage() -> None:
    summary = {**_summary(), "workloads": [{"kind": "inference", "model": "m", "satellites": 3, "tokens_per_s": 10.0, "ttft_ms": 262.4}]}
    assert dict(formatting.lines(summary))["inference"] == "m on 3 satellites: 10 tokens/s, TTFT 262 ms (reached 50.0 % of the time)"


def test_lines_without_values() -> None:
    summary = copy.deepcopy(_summary())
    summary["thermal"]["junction_k_max"] = None
    summary["power"]["unserved_j"] = 7.2e6
    summary["ground"]["coverage_fraction"] = None
    rows = dict(formatting.lines(summary))
    assert rows["heat"] == "no satellite was in operation"
    assert rows["power"].endswith(", 2 kWh of load not served")
    assert rows["latency"] == "no ground stations"
    summary["ground"].update(coverage_fraction=0.0, propagation_rtt_ms=dict.fromkeys(("min", "median", "p99", "max")))
    assert dict(formatting.lines(summary))["latency"] == "no station has coverage"


def test_cost() -> None:
    """By hand: the fields in order; without a break-even that says so, with an unknown price no sum."""
    cost: dict[str, Any] = {
        "capex_usd": 19.2e9, "usd_per_useful_pflop_day": 534.4, "usd_per_million_tokens": 0.6543, "launch_usd_per_kg": 1748.0,
        "baseline_usd_per_useful_pflop_day": 89.04, "break_even_launch_usd_per_kg": 612.3, "unknown_prices": [],
    }  # fmt: skip
    line = dict(formatting.lines({**_summary(kernel=0.5), "cost": cost}))["cost"]
    assert line == (
        "19.2 billion USD for satellites, 79 launches and ground stations; 534 USD per useful PFLOP/s-day (89 USD on the ground); "
        "0.654 USD per million tokens; break-even at 612 USD/kg to orbit, now 1,748 USD/kg"
    )
    line = dict(formatting.lines({**_summary(kernel=0.5), "cost": cost | {"break_even_launch_usd_per_kg": -5.0}}))["cost"]
    assert line.endswith("no break-even, even with free launches, now 1,748 USD/kg")
    missing = dict.fromkeys(("capex_usd", "usd_per_useful_pflop_day", "usd_per_million_tokens", "launch_usd_per_kg"))
    line = dict(formatting.lines({**_summary(kernel=0.5), "cost": cost | missing | {"unknown_prices": ["launch"]}}))["cost"]
    assert line == "no sum without a price of launch; break-even at 612 USD/kg to orbit (unknown prices count as nothing)"


def test_baseline() -> None:
    """By hand; a site of one's own is not known by its name, so that no command is proposed."""
    site = {
        "name": "colossus-1",
        "accelerators": 128_000,
        "power_w": 300e6,
        "capex_usd": 9.6e9,
        "nameplate_flops_per_s": 400e15,
    }
    summary = {**_summary(kernel=0.5), "baseline": site, "cost": {"capex_usd": 19.2e9}}
    assert dict(formatting.lines(summary))["baseline"] == (
        "colossus-1 has 2 x the accelerators, 400 PFLOP/s nameplate, 300 MW and 9.6 billion USD; useful compute here is 12.5 % "
        "of that nameplate at 2 x its cost; run both: dawndusk compare made baseline:colossus-1"
    )
    own = dict(formatting.lines({**summary, "baseline": {**site, "name": "mine"}}))["baseline"]
    assert own.endswith("of that nameplate at 2 x its cost")
    summary["baseline"] = {**site, "nameplate_flops_per_s": None}
    assert "no peak at bf16" in dict(formatting.lines(summary))["baseline"]


def test_assumptions() -> None:
    assert formatting.assumptions(_summary()).startswith("2 of 3 input numbers are assumptions")
