"""Answers of a mission against closed forms and by reason."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import survival

from sim.config.errors import InputError
from sim.fleet.reliability import k_of_n
from sim.studies.answers import Answers, answers

SCENARIO = """\
name: asked
epoch: 2026-12-21T00:00:00Z
duration: 60 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
economics: {launch: falcon-heavy-list}
mission:
  duration: 4 yr
  replicas: 200
  step: 61 d
  dates: 1
  ages: 1
  processes: [{name: loss, unit: satellite, mean_time: 20 yr}]
  replacement: {drift: 0 s, success: 1, raising: 0 s}
  servicing: {every: 1 yr, success: 1, price: 1e6 USD, units: 10}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    path = tmp_path_factory.mktemp("asked") / "asked.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return answers(path, capacity=1.0, probability=0.9)


def test_spares(found: Answers) -> None:
    """Source of truth: spares fail as satellites at work do: at least 13 of 13 + s must live for four years, a binomial distribution."""
    alive = math.exp(-4.0 / 20.0)
    needed = next(s for s in range(100) if k_of_n(13, 13 + s, alive) >= 0.9)
    assert abs(found.spares["spares"] - needed) <= 1  # 200 replicas: 0.02 of the share
    assert found.spares["without"] == pytest.approx(k_of_n(13, 13, alive), abs=0.06)
    assert found.spares["reached"] >= 0.9


def test_resupply(found: Answers) -> None:
    """By reason: launches bring work, and cost money; without any there is none."""
    rows: list[dict[str, Any]] = found.resupply
    visits_usd = 3e6  # are paid in any case
    assert (rows[0]["every_s"], rows[0]["gain"], rows[0]["spent_usd"]["mean"]) == (None, 0.0, visits_usd)
    assert [row["satellites"] for row in rows[1:]] == sorted(row["satellites"] for row in rows[1:])
    for row in rows[1:]:
        assert row["gain"] > 0.0
        assert row["spent_usd"]["mean"] > visits_usd
        assert row["usd_per_gained_pflop_day"] > 0.0
    often, seldom = rows[1], rows[-1]
    assert often["useful_fraction"]["mean"] > seldom["useful_fraction"]["mean"]


def test_servicing_without_parts_to_exchange(found: Answers) -> None:
    """Satellites that are lost cannot be visited: three visits within four years bring nothing and cost their price."""
    assert found.servicing is not None
    assert found.servicing["visits"]["mean"] in (3.0, 4.0)
    assert found.servicing["gain"] == pytest.approx(0.0, abs=1e-12)
    assert found.servicing["spent_usd"] == pytest.approx(found.servicing["visits"]["mean"] * 1e6)
    assert found.servicing["usd_per_gained_pflop_day"] is None


def test_what_costs_most(found: Answers) -> None:
    """Source of truth: the mean of one over the share that works, in closed form."""
    assert [row["name"] for row in found.processes] == ["loss"]
    expected = survival.gain(0.2, 13, 200)  # four years of twenty
    assert abs(found.processes[0]["gain"]["mean"] - expected.mean) < 3.0 * expected.error


def test_what_is_missing(tmp_path: Path, dawndusk: Any) -> None:
    path = tmp_path / "asked.yaml"
    path.write_text(SCENARIO.partition("mission:")[0], encoding="utf-8")
    with pytest.raises(InputError, match="mission: is missing"):
        answers(path)
    called = dawndusk("answers", "suncatcher", "--capacity", "2")
    assert (called.code, called.errors) == (2, ["--capacity 2: is not a share; write a number above 0 and at most 1, such as 0.9"])
