"""Measure runs against the estimate of `validate`: processor time of the second run of each scenario, on one thread.

    python tools/measure_run_time.py [CASE ...]

The terms of the estimate are the costs in `sim/config/validation/run_time.py`. Each case is dominated by one of them; after a
change of the engine's speed, run this and correct the term whose ratio left 0.5 to 2.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from sim import api
from sim.config.validation import START_S, size
from viz.report import write_report

ALONE = ("workloads=[{kind: independent}]", "links=null", "ground=null", "fleet=null")
RING = "constellation={{kind: ring, altitude: 650 km, local_time: '06:00', satellites: {}}}"
SHELL = "constellation={{kind: walker, altitude: 550 km, inclination: 53 deg, planes: {}, satellites_per_plane: {}, phasing: 1}}"
INDEPENDENT, TRAINING = "workloads=[{kind: independent}]", "workloads=[{kind: training, model: llama-3-8b}]"
SENSING = (
    "workloads=[{kind: sensing, storage: 100 GB, sensor: {image: 1 kB, rate: 100 1/s, when: always}}]",
    "ground={stations: default, link_rate: 160 Mbit/s}",
)  # fmt: skip
GRID, NEAREST = ("ground=null", "links={topology: grid}"), ("ground=null", "links={topology: nearest}")
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "long_small": ("suncatcher", (*ALONE, RING.format(1), "duration=100 d")),
    "long_81": ("suncatcher", (*ALONE, "duration=20 d")),
    "large_fleet": ("million", (SHELL.format(100, 1000), "duration=6 h", "ground=null")),
    "large_fleet_stations": ("million", (SHELL.format(100, 1000), "duration=6 h", "ground={stations: default}")),
    "sgp4": ("starlink_edge", (*ALONE, SHELL.format(100, 100), "motion={model: sgp4}", "duration=12 h")),
    "numerical": ("starlink_edge", (*ALONE, SHELL.format(40, 40), "motion={model: numerical}", "duration=1 d")),
    "coupled_small": ("suncatcher", ("duration=4 d",)),
    "coupled_grid": ("starlink_edge", (*GRID, INDEPENDENT, "duration=1 d")),
    "coupled_grid_ground": ("starlink_edge", ("duration=4 h",)),
    "coupled_large": ("starlink_edge", (*GRID, INDEPENDENT, SHELL.format(200, 500), "duration=10 min")),
    "nearest": ("starlink_edge", (*NEAREST, INDEPENDENT, SHELL.format(100, 100), "duration=10 min")),
    "training_grid": ("starlink_edge", (*GRID, TRAINING, SHELL.format(40, 40), "duration=4 h")),
    "images": ("bupt_1", (*SENSING, "constellation.0.satellites=4", "duration=6 h")),
    "training_nearest": ("starlink_edge", (*NEAREST, TRAINING, SHELL.format(30, 30), "duration=10 min")),
}


def measure_s(name: str, sets: tuple[str, ...]) -> tuple[float, float]:
    """Processor time of a run with its results folder, and the estimate of `validate` without the start [s]."""
    loaded = api.load(name, set=sets)
    api.run(api.load(name, set=(*sets, "duration=10 min")), threads=1)  # loads the kernels
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        api.run(loaded, Path(folder) / "out", threads=1, report=write_report)
    measured_s = time.process_time() - begin
    return measured_s, size(loaded.scenario, loaded.satellites, loaded.accelerators, threads=1).time_s - START_S


def main() -> None:
    print(f"{'case':24}{'measured s':>12}{'estimate s':>12}{'ratio':>8}")
    for case in sys.argv[1:] or CASES:
        measured_s, estimate_s = measure_s(*CASES[case])
        print(f"{case:24}{measured_s:12.2f}{estimate_s:12.2f}{measured_s / estimate_s:8.2f}", flush=True)


if __name__ == "__main__":
    main()
