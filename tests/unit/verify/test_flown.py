"""Flown systems: the fit that is committed, how much its predictions rest on, and closed forms."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sim.verify import basilisk, bupt1, flown
from sim.verify.case import Failed, row

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def fit_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_bupt1", REPO / "tools" / "fit_bupt1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_fit_is_that_of_the_tool(fit_tool: ModuleType) -> None:
    """Source of truth: the readings of the run in the tool: the item states the residuals that its parameters leave on them."""
    item = json.loads(bupt1.FIT.read_text("utf-8"))
    left = fit_tool.residuals_k(bupt1.fitted())
    assert left.size == item["readings"] == 31
    assert math.sqrt(np.mean(left**2)) == pytest.approx(item["residual_k_rms"], abs=2e-3)
    assert np.abs(left).max() == pytest.approx(item["residual_k_max"], abs=1e-2)
    for name, record in item["parameters"].items():
        assert record["low"] < record["value"] < record["high"], name


def test_no_parameter_fits_better(fit_tool: ModuleType) -> None:
    """Source of truth: a minimum: readings and prior together get worse when a parameter moves by one standard deviation."""
    item = json.loads(bupt1.FIT.read_text("utf-8"))["parameters"]

    def misfit(p: bupt1.Fitted) -> float:
        off = sum(
            (math.log(getattr(p, name) / value) / math.log(factor)) ** 2
            for name, (value, factor, *_) in fit_tool.PRIOR.items()
        )
        return float(
            np.sum((fit_tool.residuals_k(p) / fit_tool.SPREAD_K) ** 2) + off + (p.drift_w_h / fit_tool.DRIFT_W_H) ** 2
        )

    best = misfit(bupt1.fitted())
    for name in ("housing_j_k", "housing_to_deck_w_k", "deck_to_skin_w_k", "sun_w", "drift_w_h"):
        for side in ("low", "high"):
            assert misfit(bupt1.fitted()._replace(**{name: item[name][side]})) > best


def test_the_fit_reads_no_other_run() -> None:
    """Source of truth: the text of the tool: none of the temperatures that are predicted."""
    text = (REPO / "tools" / "fit_bupt1.py").read_text("utf-8")
    assert "flown" not in text
    assert not any(str(watts) in text for watts, _ in flown.LATER_RUNS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CASE_TO_HOUSING_W_K", 1e6), ("CASE_TO_HOUSING_W_K", 0.42), ("CHIP_TO_CASE_K_W", 0.1), ("CHIP_TO_CASE_K_W", 1.6)],
)
def test_predictions_rest_on_the_data_sheet(monkeypatch: pytest.MonkeyPatch, name: str, value: float) -> None:
    """Source of truth: the limit of 4 K: half or twice a resistance between sensor and surface puts a run beyond it."""
    monkeypatch.setattr(bupt1, name, value)
    off = [abs(flown._later_c(watts, 3600.0, bupt1.CHIP) - theirs) for watts, theirs in flown.LATER_RUNS]
    assert max(off) > 4.0


def test_heat_of_the_network_is_conserved() -> None:
    """Source of truth: balance by hand of the steady state: all heat leaves the skin."""
    p = bupt1.fitted()
    temps = bupt1.steady_state_k(bupt1.network(p), {}, {"chip": 8.0, "bus": 15.0, "skin": 100.0})
    assert p.skin_m2 * 5.670374419e-8 * temps[-1] ** 4 == pytest.approx(123.0)
    assert temps[0] - temps[2] == pytest.approx(8.0 * (0.8 + 1.0 / 0.84))
    assert temps[3] == pytest.approx(temps[4])  # the neighbour is off


@pytest.mark.parametrize("beta_deg", [0.0, 22.0, 60.0])
def test_time_in_sunlight(beta_deg: float) -> None:
    """Source of truth: closed form of a cylinder, within the half penumbra by which the Sun's disc differs (1 s)."""
    period_s, radius_m = 5645.0, (3.986004418e14 * (5645.0 / (2.0 * math.pi)) ** 2) ** (1.0 / 3.0)
    share = math.acos(math.sqrt(radius_m**2 - 6378137.0**2) / (radius_m * math.cos(math.radians(beta_deg)))) / math.pi
    assert flown._lit_s(period_s, beta_deg) == pytest.approx(period_s * (1.0 - share), abs=1.5)


def test_a_day_against_basilisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: Basilisk; 1 % more of the array or the battery shows, and a missing peer is said."""
    cases = basilisk.cases(None)
    assert all(row(case)["ok"] for case in cases)
    day = basilisk.ours()
    assert 0.6 < day.lit < 0.65
    more = day._replace(array_j=1.01 * day.array_j, discharged_j=1.01 * day.discharged_j, lit=day.lit + 0.005)
    monkeypatch.setattr(basilisk, "ours", lambda: more)
    assert [row(case)["ok"] for case in basilisk.cases(None)] == [False, False, False, True]
    monkeypatch.setattr(basilisk, "find_spec", lambda _name: None)
    (missing,) = basilisk.cases(None)
    assert isinstance(missing, Failed)
    assert "pip install bsk" in missing.reason
