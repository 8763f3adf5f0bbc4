"""`dawndusk plan`: the ten best ways to divide a job, methods side by side, bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest

import sim

SMALL = ("--set", "constellation.lattice.radius=250 m", "--set", "duration=1 min")


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    """A run of the same small formation."""
    loaded = sim.load("suncatcher", set=("constellation.lattice.radius=250 m", "duration=1 min"))
    found: dict[str, Any] = sim.run(loaded).summary
    return found


def test_help_has_an_example(dawndusk: Any) -> None:
    called = dawndusk("plan", "--help")
    assert (called.code, called.err) == (0, "")
    assert "Example: dawndusk plan" in called.out


def test_the_first_plan_is_what_a_run_takes(dawndusk: Any, summary: dict[str, Any]) -> None:
    """Source of truth: the run: mesh, all-reduce, and in the first minute its step at full clock rate."""
    called = dawndusk("plan", "suncatcher", "--json", *SMALL)
    assert called.code == 0
    (job,) = json.loads(called.out)["jobs"]
    rows, workload = job["rows"], summary["workloads"][0]
    assert 1 < len(rows) <= 10
    first = rows[0]
    assert {key: first[key] for key in ("tensor", "pipeline", "data", "context", "expert")} == workload["mesh"]
    assert (first["all_reduce"], first["jobs"]) == (workload["all_reduce"], workload["jobs"])
    assert first["step_s"] == pytest.approx(workload["step_s"], rel=1e-6)
    # the fastest first; shares make up the step; unmasked attention counts for more
    rates = [row["tokens_per_s"] for row in rows]
    assert rates == sorted(rates, reverse=True)
    for row in rows:
        assert sum(row["shares"].values()) == pytest.approx(1.0, abs=1e-9)
        assert row["shares"]["useful"] == pytest.approx(row["mfu"], rel=1e-9)
        assert row["mfu_unmasked"] > row["mfu"]
        assert row["memory_bytes"] <= 0.92 * 32e9


def test_tables_and_reasons(dawndusk: Any) -> None:
    """Without sharded weights the shorter pipelines of 70B have no room: the last lines say so."""
    called = dawndusk("plan", "suncatcher", "--count", "3", "--set", "workloads.0.zero=1", *SMALL)
    assert called.code == 0
    lines = called.out.splitlines()
    assert "llama-3-70b" in lines[0]
    assert sum(line.startswith("synchronous") for line in lines) == 6  # three plans, how and what for
    assert any("do not fit into" in line for line in lines)


def test_methods_side_by_side(dawndusk: Any) -> None:
    """One row for the job as it is and one for each number of islands or replicas; those of few satellites compute for the same batch."""
    called = dawndusk("plan", "suncatcher", "--methods", "--json", *SMALL)
    (job,) = json.loads(called.out)["jobs"]
    rows = {(row["method"], row["islands"]): row for row in job["rows"]}
    assert ("synchronous", 1) in rows
    assert {islands for method, islands in rows if method == "diloco"} <= {2, 4, 8, 16, 32}
    for (method, islands), row in rows.items():
        tokens = row["tokens_per_s"] * row["step_s"]
        assert tokens == pytest.approx(16777216, rel=1e-6), (method, islands)
        assert row["efficiency"] <= 1.0
    # replicas keep step over links: no faster than islands of the same plan that exchange seldom, and no price in tokens
    replicas = {islands: row for (method, islands), row in rows.items() if method == "elastic"}
    assert set(replicas) == {islands for method, islands in rows if method == "diloco"}
    for islands, row in replicas.items():
        assert row["efficiency"] == 1.0
        assert row["step_s"] >= rows["diloco", islands]["step_s"] * (1.0 - 1e-9)


def test_another_method_never_lowers_the_best_plan(dawndusk: Any) -> None:
    """By definition of a choice: the rows of a workload are there whatever method it has, so that the best of all methods is the same."""
    found = []
    for method in ("synchronous", "elastic"):
        called = dawndusk("plan", "suncatcher", "--methods", "--json", "--set", f"workloads.0.method={method}", *SMALL)
        (job,) = json.loads(called.out)["jobs"]
        found.append({(row["method"], row["islands"]): row["efficiency"] * row["tokens_per_s"] for row in job["rows"]})
    assert found[0] == found[1]
    without = [rate for (method, _), rate in found[0].items() if method != "elastic"]
    assert max(found[0].values()) >= max(without)


def test_no_job_to_plan(dawndusk: Any) -> None:
    called = dawndusk("plan", "million")
    assert called.code == 2
    assert called.err.splitlines()[-1].endswith("has no training job to plan; write a workload of kind training")
    assert "Traceback" not in called.err
