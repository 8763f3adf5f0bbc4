"""The coupled run of orbit, power, heat and compute: against other programs, against itself, and the time to an answer; bursts."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from orbit import sgp4
from sim import api
from sim.engine import planning
from sim.results.store import Results
from sim.studies import burst
from sim.verify.bench import basilisk, orbits
from sim.verify.bench.harness import Benchmark, CannotRun, Pair, Timing

SATELLITES, SETS = 20_000, ("constellation.planes=50", "constellation.satellites_per_plane=400", "ground.stations=[]")
ALONE = ("links=null", "workloads=[{kind: independent}]")  # the same satellites, with nothing that joins them
EIGHTH = tuple(f"constellation.{k}.satellites_per_plane={50 if k < 5 else 100}" for k in range(10))  # of `million`, so that a round takes 20 s
WHOLE_DAY = ("duration=1 d", "initial=full", *EIGHTH)  # the search for the first state adds a fifth
DAY = ("duration=1 d", "initial=full", "recorder.satellites=0", "ground.stations=[]")  # the peer has no first state, recorder or ground
RADIATOR = "satellite.thermal.radiator.area"
GOAL_S = 1.0
CLOSURE_LIMIT = 1e-9  # of the energy balance
LEAST_GAIN = 0.1  # of the best burst against `throttle`
SUNLIT_LIMIT = 0.01  # two models of the shadow, and satellites in 24 of 72 planes


def benchmarks() -> list[Benchmark]:
    """Benchmarks of the coupled run.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    rate, group = "satellite-steps/s", "spacecraft"
    return [
        Benchmark("coupled_threads_2_vs_1", group, rate, "", _threads, threads=2, wall_clock=True),
        Benchmark(
            "coupled_million_day_vs_astroz", group, f"{rate}; ours a day of an eighth of a million satellites with power, heat and compute, "
            "astroz positions only; the search for the first state adds a fifth", "astroz", _million,
        ),
        Benchmark(
            "coupled_vs_basilisk", group, f"{rate} of a day; Basilisk: orbit, eclipse, panel, battery and one thermal node of "
            f"{basilisk.SATELLITES} satellites", "bsk", _basilisk,
        ),
        Benchmark(
            "coupled_vs_uncoupled", group, f"{rate} of the shell of starlink_edge; ours without, peer with links, stations and service: "
            "the ratio is the cost of a coupled step over that of an uncoupled one, and smaller is better", "", _uncoupled,
        ),
        Benchmark("answer_suncatcher_s", group, "s", "", partial(_answer, "suncatcher", "1 d", 30.0)),
        Benchmark("answer_1584_s", group, "s", "", partial(_answer, "starlink_edge", "96 min", 3.0)),
        *(Benchmark(f"burst_{name}_s", group, "s", "", partial(_burst, name), wall_clock=True) for name in ("bupt_1", "suncatcher_prototype")),
    ]  # fmt: skip


def _threads() -> Pair:
    if (os.cpu_count() or 1) < 2:
        raise CannotRun("needs two processors")
    loaded = api.load("starlink_edge", SETS)
    work = float(loaded.satellites * loaded.scenario.steps)
    return Pair(partial(api.run, loaded, threads=2), partial(api.run, loaded, threads=1), work, _summaries_differ)


def _summaries_differ(ours: Results, theirs: Results) -> str | None:
    return None if ours.summary == theirs.summary else "the summary depends on the number of threads"


def _run(name: str, sets: tuple[str, ...]) -> tuple[Callable[[], Results], float]:
    """A run that knows nothing of earlier ones, and its satellite-steps."""
    loaded = api.load(name, sets)

    def run() -> Results:
        planning.PLANS.clear()
        return api.run(loaded, threads=1)

    return run, float(loaded.satellites * loaded.scenario.steps)


def _million() -> Pair:
    """The peer only propagates as many steps of satellites, a sample of them repeatedly, as its output would not fit."""
    ours, work = _run("million", WHOLE_DAY)
    elements = sgp4.of_circular(orbits.circular_elements(orbits.SAMPLE), orbits.EPOCH_JD, orbits.EPOCH_FR)
    assert work == orbits.MILLION / 8 * orbits.STEPS
    return Pair(ours, orbits.astroz_positions(elements), work, _unbalanced, float(orbits.SAMPLE * orbits.STEPS))


def _unbalanced(ours: Results, theirs_km: Any) -> str | None:
    """The sides have no answer in common: ours closes the balance of energy, the peer's satellites are above the ground."""
    closure = ours.summary["energy_closure"]
    low_km = float(np.linalg.norm(theirs_km[:, -1], axis=-1).min())
    if not closure <= CLOSURE_LIMIT:
        return f"the energy balance is open by {closure:.1e}"
    return None if low_km > 6_700.0 else f"a satellite of the peer is at {low_km:.0f} km"


def _basilisk() -> Pair:
    """The same shell; Basilisk flies some of its satellites."""
    ours, work = _run("starlink_edge", (*ALONE, *DAY))
    scenario = api.load("starlink_edge", (*ALONE, *DAY)).scenario
    peer = basilisk.Fleet(scenario.epoch, scenario.steps, scenario.step)
    return Pair(ours, peer.run, work, _sunlit_differs, float(basilisk.SATELLITES * scenario.steps))


def _sunlit_differs(ours: Results, theirs: float) -> str | None:
    found = ours.summary["power"]["sunlit_fraction"]
    return None if abs(found - theirs) <= SUNLIT_LIMIT else f"sunlit share {found:.4f} against {theirs:.4f}"


def _uncoupled() -> Pair:
    """Both fly the same satellites for the same time."""
    alone, work = _run("starlink_edge", ALONE)
    joined, _ = _run("starlink_edge", ())
    return Pair(alone, joined, work, _light_differs)


def _light_differs(ours: Results, theirs: Results) -> str | None:
    found = [side.summary["power"]["sunlit_fraction"] for side in (ours, theirs)]
    return None if math.isclose(*found, rel_tol=1e-12) else f"sunlit share {found[0]} against {found[1]}"


def _answer(name: str, duration: str, area_m2: float) -> Timing:
    """Another radiator in every call: from the override to results in memory, in a process that has run the scenario before."""
    api.run(api.load(name, (f"duration={duration}",)), threads=1)
    areas_m2 = (area_m2 + 0.1 * n for n in itertools.count())

    def ours() -> Results:
        return api.run(api.load(name, (f"duration={duration}", f"{RADIATOR}={next(areas_m2):.1f} m2")), threads=1)

    return Timing(ours, GOAL_S, _wrong)


def _burst(name: str) -> Timing:
    """All that `dawndusk burst` finds, in a process whose kernels are loaded."""
    return Timing(lambda: burst.answer(api.load(name)), GOAL_S, _too_little)


def _too_little(found: burst.Answer) -> str | None:
    gain = found.gain
    return None if gain is not None and gain >= LEAST_GAIN else f"the best burst gains {gain} against throttling"


def _wrong(results: Results) -> str | None:
    closure = results.summary["energy_closure"]
    return None if closure <= CLOSURE_LIMIT else f"the energy balance is open by {closure:.1e}"
