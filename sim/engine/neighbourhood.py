"""Satellites of formations heat and shade each other: the controls by which the step knows of its neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import Cluster
from sim.engine.batches import Batches
from sim.engine.context import CONTROL, Context
from sim.spacecraft import near, neighbours
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.step import ROWS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FAINT_W_M2 = 0.02  # infrared of a neighbour below which it is left out
BRIGHT_W_M2 = 700.0  # what a face emits at 60 degC
EVERY = 10  # steps after which neighbours are looked for again
_READ = ("x_m", "y_m", "z_m", "array_k", "radiator_1_k", "radiator_2_k", "radiator_3_k")
_WRITTEN = [CONTROL[name] for name in ("array_light", "array_nearby_w_m2", "radiator_nearby_w_m2")]
_READ_ROWS = [ROWS.carried[name] for name in _READ]
# rows that follow each other are copied at once: where they go, and where they are in the work of a tile
_STARTS = [n for n, row in enumerate(_READ_ROWS) if n == 0 or row != _READ_ROWS[n - 1] + 1]
_COPIES = [
    (slice(n, end), slice(_READ_ROWS[n], _READ_ROWS[n] + end - n)) for n, end in zip(_STARTS, [*_STARTS[1:], len(_READ)], strict=True)
]


def members(run: Context) -> Ints:
    """Satellites that fly in formations.

    Parameters
    ----------
    run : Context
        The run.

    Returns
    -------
    ndarray of int64
        Their numbers; none where the environment leaves out neighbours.
    """
    loaded = run.loaded
    if not loaded.scenario.environment.neighbours:
        return np.zeros(0, dtype=np.int64)
    ranges = zip(loaded.scenario.constellation, loaded.type_ranges, strict=True)
    found = [np.arange(first, end) for entry, (_, first, end) in ranges if isinstance(entry, Cluster)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


class Neighbourhood:
    """What satellites of formations do to each other, step by step.

    Parameters
    ----------
    run : Context
        The run.
    """

    def __init__(self, run: Context) -> None:
        self.run, self.which = run, members(run)
        kinds = run.type_index[self.which]
        types, n = run.types, self.which.size
        laws = [(kinds == kind, type_.params.attitude) for kind, type_ in enumerate(types) if np.any(kinds == kind)]
        self.laws = laws if len(laws) > 1 else [(slice(None), law) for _, law in laws]

        def of_type(value: Any) -> Array:
            return np.array([value(type_) for type_ in types], dtype=float)[kinds]

        areas_m2 = of_type(lambda t: t.params.array.area_m2), of_type(lambda t: t.params.radiator.area_m2)
        self.half_m = neighbours.half_sides_m(areas_m2)
        radiator = of_type(lambda t: t.params.radiator.emissivity)
        self.emissivity = np.array([
            [of_type(lambda t: t.satellite.power.array.emissivity_front), of_type(lambda t: t.satellite.power.array.emissivity_back)],
            [radiator, radiator],
        ]).reshape(2, 2, n)  # fmt: skip
        self.fins = of_type(lambda t: t.params.radiator.fin_efficiency)
        largest_m2 = max((float(a.max()) for a in areas_m2 if a.size), default=0.0)
        self.range_m = math.sqrt(BRIGHT_W_M2 * largest_m2 / (math.pi * FAINT_W_M2))
        self.pairs = np.zeros(n + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._all = np.array_equal(self.which, np.arange(run.satellites))
        self._emitted_w_m2 = np.empty((2, 2, n))
        self._before, self._now = np.empty((len(_READ), run.satellites)), np.empty((3, run.satellites))

    def fill(self, k: int, at: int, batches: Batches, controls: Array) -> None:
        """Light and heat of neighbours in a step.

        Parameters
        ----------
        k : int
            Number of the step.
        at : int
            Its place in the block of positions.
        batches : Batches
            All tiles, with the state before the step and positions after it.
        controls : ndarray, shape (CONTROL_ROWS, satellites)
            Inputs of `CONTROLS`; those of neighbours are written.
        """
        if self.which.size == 0:
            return
        for b in batches:
            for t, (first, real) in enumerate(zip(b.first.tolist(), b.real.tolist(), strict=True)):
                for to, rows in _COPIES:
                    self._before[to, first : first + real] = b.work[t, rows, :real]
                self._now[:, first : first + real] = b.r_m[t, at, :, :real]
        before, now = self._before, self._now
        if not self._all:
            before, now = np.take(before, self.which, axis=1), np.take(now, self.which, axis=1)
        if k % EVERY == 0:
            self.pairs = near.within(now, self.range_m)
        if self.pairs[1].size == 0:
            for row, value in zip(_WRITTEN, undisturbed(1)[_WRITTEN, 0], strict=True):
                controls[row, self.which] = value
            return
        sun_m = self.run.surroundings.sun_m[k + 2]
        sun = sun_m / math.sqrt(sun_m.dot(sun_m))
        neighbours.emit(before[3:7], self.emissivity, self.fins, self._emitted_w_m2)
        found = neighbours.exchange(now, self.pairs, self._plates(before[:3], now, sun), self._emitted_w_m2, sun)
        for row, values in zip(_WRITTEN, (found.light, *found.absorbed_w_m2), strict=True):
            controls[row, slice(None) if self._all else self.which] = values

    def _plates(self, before_m: Array, now_m: Array, sun: Array) -> neighbours.Plates:
        if len(self.laws) == 1:
            normals = neighbours.normals(before_m, now_m, sun, self.laws[0][1])
        else:
            normals = np.empty((2, 3, self.which.size))
            for mine, law in self.laws:
                normals[:, :, mine] = neighbours.normals(before_m[:, mine], now_m[:, mine], sun, law)
        return neighbours.Plates(normals, neighbours.sides(normals), self.half_m, self.emissivity)
