"""Policies of a training job under failure: the same failures for all, and orders that must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.config.errors import InputError
from sim.studies.policies import POLICIES, PolicyComparison, compare
from viz.policies import write_policies

SCENARIO = """\
name: ways
epoch: 2026-12-21T00:00:00Z
duration: 60 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {topology: mesh, terminal: dwdm-10cm}
workloads:
- {kind: training, model: llama-3-8b, method: synchronous, members: 12, replan_after: null, checkpoint: {interval: 1 h}}
fleet: {soft_errors: false}
mission:
  duration: 2 yr
  replicas: 40
  step: 61 d
  dates: 1
  ages: 1
  processes: [{name: loss, unit: satellite, mean_time: 15 yr}, {name: restart, unit: host, rate: 0.2 1/yr, remedies: [{success: 1, time: 0 s}]}]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> PolicyComparison:
    path = tmp_path_factory.mktemp("ways") / "ways.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return compare(path)


def row(found: PolicyComparison, name: str) -> dict[str, Any]:
    return next(row for row in found.rows if row["policy"] == name)


def test_orders(found: PolicyComparison) -> None:
    """By reason: work that is lost to the beginning is worst, a spare is better than none, the loss of the formation costs more than none."""
    assert [r["policy"] for r in found.rows] == [policy.name for policy in POLICIES]
    useful = {r["policy"]: r["useful_fraction"]["mean"] for r in found.rows if r["why_not"] is None}
    assert useful["no checkpoints"] < useful["rollback"] < useful["hot spares"]
    assert useful["hot spares, plane loss"] < useful["hot spares"]
    for one in found.rows:
        if one["why_not"] is None:
            shares = one["working"]["mean"] + one["recovery"]["mean"] + one["waiting"]["mean"]
            assert shares == pytest.approx(1.0, abs=1e-9)


def test_the_same_failures(found: PolicyComparison) -> None:
    """Rollback and no checkpoints differ only by what is done again: the members wait as long, and are interrupted as often."""
    one, other = row(found, "rollback"), row(found, "no checkpoints")
    assert one["interruptions"] == other["interruptions"]
    assert one["waiting"]["mean"] == pytest.approx(other["waiting"]["mean"], abs=1e-3)


def test_page(found: PolicyComparison, tmp_path: Path) -> None:
    write_policies(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert all(policy.name in page for policy in POLICIES)
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(SCENARIO.partition("mission:")[0], encoding="utf-8")
    with pytest.raises(InputError, match="mission: is missing"):
        compare(path)
    with pytest.raises(InputError, match="has no training"):
        compare(path, {"mission": {"duration": "1 yr"}, "workloads": [{"kind": "independent"}]})
