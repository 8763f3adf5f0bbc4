"""The coupled run of orbit, power, heat and compute: speed-up by a second thread."""

from __future__ import annotations

import os
from functools import partial

from sim import api
from sim.results.store import Results
from sim.verify.bench.harness import Benchmark, CannotRun, Pair

SATELLITES, SETS = 20_000, ("constellation.planes=50", "constellation.satellites_per_plane=400", "ground.stations=[]")


def benchmarks() -> list[Benchmark]:
    """Benchmarks of the coupled run.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [
        Benchmark("coupled_threads_2_vs_1", "spacecraft", "satellite-steps/s", "", _threads, threads=2, wall_clock=True)
    ]


def _threads() -> Pair:
    if (os.cpu_count() or 1) < 2:
        raise CannotRun("needs two processors")
    loaded = api.load("starlink_edge", SETS)
    work = float(loaded.satellites * loaded.scenario.steps)
    return Pair(partial(api.run, loaded, threads=2), partial(api.run, loaded, threads=1), work, _summaries_differ)


def _summaries_differ(ours: Results, theirs: Results) -> str | None:
    return None if ours.summary == theirs.summary else "the summary depends on the number of threads"
