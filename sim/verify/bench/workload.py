"""The parallelism plan of one job over a large fleet."""

from __future__ import annotations

import math

import numpy as np

from sim import api
from sim.engine import planning
from sim.engine.coupling import Coupling
from sim.engine.driver import Run
from sim.verify.bench.harness import Benchmark, Timing
from sim.workload.execution_plan import ExecutionPlan

GOAL_S = 10.0
SETS = ("constellation.planes=100", "constellation.satellites_per_plane=100", "duration=1 min", "ground.stations=[]", "fleet.spares=0")


def benchmarks() -> list[Benchmark]:
    """Benchmarks of workloads.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [Benchmark("plan_10000_satellites_s", "workload", "s", "", _plan)]


def _plan() -> Timing:
    run = Run(api.load("suncatcher_spread", SETS))
    coupling = Coupling(run)
    run.begin_coupled(coupling)
    network = coupling.network
    assert network is not None
    healthy = np.ones(run.satellites, dtype=np.bool_)

    def ours() -> ExecutionPlan:
        planning.PLANS.clear()
        network.update(coupling.r_m, healthy, {})  # new delays: nothing is known of their routes
        return coupling.create_scheduler().trainings[0].plan

    return Timing(ours, GOAL_S, _wrong)


def _wrong(plan: ExecutionPlan) -> str | None:
    return None if math.isfinite(plan.step_s) else "no plan was found"
