"""The globe of the studio against Plotly, in one page of a browser: pictures a second of 50,000 moving satellites, and memory.

This package imports no view: the command hands over what opens the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from orbit.environment import sun_position_m
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.bench.harness import Amount, Benchmark, CannotRun, Pair

SATELLITES, PLANES = 50_000, 100
FRAMES, STEP_S = 6, 60.0
EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
EARTH_TURN_RAD_S = 2.0 * math.pi / 86164.0905
MEMORY_MB = 50.0
LEAST_PIXELS = 20_000  # of satellites, so that a view that draws nothing does not win


@dataclass(frozen=True)
class Pages:
    """What opens a page with the globe: `scene` makes its data, `page` a context manager of it, `errors` is what both may raise."""

    scene: Callable[[Any, Any, Any, Any], bytes]
    page: Callable[[bytes, bool], Any]
    errors: tuple[type[Exception], ...]


def benchmarks(pages: Pages | None = None) -> list[Benchmark]:
    """Benchmarks of the views.

    Parameters
    ----------
    pages : Pages, optional
        What opens a page; without it they say that they cannot run.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [
        Benchmark("globe_50000_vs_plotly", "views", "pictures/s", "plotly", partial(_pictures, pages), wall_clock=True),
        Benchmark("globe_50000_memory_mb", "views", "MB", "", partial(_memory, pages), wall_clock=True),
    ]


def _scene(pages: Pages | None, satellites: int) -> tuple[Pages, bytes]:
    """A Walker shell at some moments a minute apart."""
    if pages is None:
        raise CannotRun("needs the views, which `dawndusk bench` hands over")
    shell = walker(550e3, math.radians(53.0), PLANES, satellites // PLANES, 1.0)
    jd, fr = julian_date(EPOCH)
    grid = TimeGrid(jd, fr, STEP_S, FRAMES)
    position_m = np.empty((FRAMES, 3, shell.count))
    CircularJ2(shell, grid).fill(0, shell.count, 0, position_m)
    seconds = grid.seconds(0, FRAMES)
    sun_m = sun_position_m(*grid.jd_fr(0, FRAMES))
    sun = sun_m / np.linalg.norm(sun_m, axis=-1, keepdims=True)
    unix_ms = [round(1e3 * (EPOCH.timestamp() + s)) for s in seconds]
    return pages, pages.scene(position_m, unix_ms, sun, EARTH_TURN_RAD_S * seconds)


@contextmanager
def _reasons(pages: Pages) -> Iterator[None]:
    """What a browser cannot do is a reason why a benchmark is not run."""
    try:
        yield
    except pages.errors as error:
        raise CannotRun(str(error)) from None


def _pictures(pages: Pages | None, satellites: int = SATELLITES) -> Pair:
    pages, scene = _scene(pages, satellites)
    page = pages.page(scene, True)
    with _reasons(pages):
        page.__enter__()

    def side(name: str) -> Callable[[], int]:
        def move() -> int:
            with _reasons(pages):
                return int(page.move(name))

        return move

    def differ(ours: int, theirs: int) -> str | None:
        if ours != theirs:
            return "they show different moments"
        with _reasons(pages):
            found = {name: page.move(name, True) for name in ("ours", "theirs")}
        least = LEAST_PIXELS * satellites / SATELLITES
        return None if min(found.values()) > least else f"pixels of satellites: {found['ours']} and {found['theirs']}"

    return Pair(side("ours"), side("theirs"), 1.0, differ, close=page.close)


def _memory(pages: Pages | None, satellites: int = SATELLITES) -> Amount:
    pages, scene = _scene(pages, satellites)

    def used() -> float:
        with _reasons(pages), pages.page(scene, False) as page:
            return float(page.memory_bytes()) / 2**20

    return Amount(used, MEMORY_MB)
