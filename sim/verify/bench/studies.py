"""A sweep with journal and tables against bare processes that run the same points and store nothing."""

from __future__ import annotations

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sim import api
from sim.studies import definition
from sim.studies.definition import Point
from sim.studies.sweep import execute
from sim.studies.table import flatten
from sim.verify.bench.harness import Benchmark, Pair

WORKERS = 2
SWEEP: dict[str, Any] = {
    "name": "bench",
    "scenario": "suncatcher",
    "set": ["duration=1 d", "ground.stations=[]"],
    "grid": {
        "satellite.power.array.area": [f"{area} m2" for area in range(100, 140, 4)],
        "satellite.thermal.radiator.area": [f"{area} m2" for area in range(20, 40, 2)],
    },
}


def benchmarks() -> list[Benchmark]:
    """Benchmarks of studies.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [Benchmark("sweep_vs_bare_processes", "studies", "points/s", "", _sweep, threads=WORKERS, wall_clock=True)]


def _sweep() -> Pair:
    study = definition.resolve(SWEEP)

    def ours() -> list[float]:
        import pyarrow.parquet as pq

        with tempfile.TemporaryDirectory() as folder:
            done = execute(study, Path(folder) / "study", workers=WORKERS)
            table = pq.read_table(done.folder / "points.parquet", columns=["compute.useful_flops"])
        return [float(value) for value in table["compute.useful_flops"].to_pylist()]

    def theirs() -> list[float]:
        with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(_bare, [study.source] * len(study.points), study.points))

    return Pair(ours, theirs, float(len(study.points)), _differ)


def _bare(source: str, point: Point) -> float:
    return float(flatten(api.run(api.load(source, point.sets), threads=1).summary)["compute.useful_flops"])


def _differ(ours: list[float], theirs: list[float]) -> str | None:
    return None if ours == theirs else "useful FLOPs of the points"
