"""Random failures and maintenance: units of a satellite's accelerators stop after exponential times and return some time later.

Lives are drawn from a counter-based generator: the k-th life of a unit is a function of seed, process, replica,
satellite, unit and k alone. More satellites, a longer run or another process leave the other draws as they are.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush

import numpy as np

from sim.fleet.availability import AvailabilityChange, Kind, Target
from sim.fleet.random_streams import MANTISSA, Words, philox, philox_words, stream_key, uniform

FAILURES = 1  # the number of this process in its spawn keys; another process takes another number
MAINTENANCE_PROCESS, SOFT_ERRORS = 2, 3
CAUSE = "failures"
CHUNK = 1 << 16  # units whose first lives are drawn together


class RandomFailures:
    """A source of changes: each unit fails after an exponential time and is back after its repair.

    Parameters
    ----------
    seed, replica : int
        With the process they key the streams of all units.
    satellites : int
        Number of satellites.
    mean_time_s : float
        Mean time to the failure of one unit [s], above 0; infinite: nothing fails.
    repair_s : float
        Time until a failed unit is back [s], at least 0. 0: it restarts at once; infinite: it stays down.
    accelerators : int, optional
        Of one satellite, at least 1.
    unit : int or None, optional
        Accelerators that one failing unit holds; None, or not less than `accelerators`: the whole satellite is one
        unit. The last unit of a satellite holds what is left over.
    end_s : float, optional
        Changes from this time on are of no interest [s]: they are left out, which spares memory.
    process : int, optional
        Number of the process in the key of its streams.
    noun : str, optional
        What a satellite is called in the names of targets.
    first
        Number of the first satellite in the fleet, where several types fail each by a source of its own.
    cause : str, optional
        Cause of the changes.
    kind : Kind, optional
        What of a satellite changes; by default its accelerators, or the whole satellite where that is one unit.
    remaining : float, optional
        What is left of a unit while it is down, 0 to 1.

    Raises
    ------
    ValueError
        If a time makes no sense.

    Notes
    -----
    Lives are drawn by inversion, mean_time_s x -ln(1 - u): another mean stretches them. The uniform numbers of a unit
    are those of ``numpy.random.Philox(key=key, counter=[0, unit, satellite, 0])``, in order, with
    ``key = SeedSequence(seed, spawn_key=(process, replica)).generate_state(2, uint64)``.
    """

    def __init__(
        self,
        seed: int,
        replica: int,
        satellites: int,
        mean_time_s: float,
        repair_s: float,
        *,
        accelerators: int = 1,
        unit: int | None = None,
        end_s: float = math.inf,
        process: int = FAILURES,
        noun: str = "satellite",
        first: int = 0,
        cause: str = CAUSE,
        kind: Kind | None = None,
        remaining: float = 0.0,
    ) -> None:
        if not mean_time_s > 0.0 or not repair_s >= 0.0:
            raise ValueError(f"mean {mean_time_s} s must be above 0 and repair {repair_s} s not below")
        self.mean_time_s, self.repair_s, self.end_s, self.noun, self.first = mean_time_s, repair_s, end_s, noun, first
        self.cause, self.remaining, self.accelerators = cause, remaining, accelerators
        self.unit = accelerators if unit is None else min(unit, accelerators)
        self.units = units(accelerators, unit)
        self.kind = kind or (Kind.ACCELERATORS if self.units > 1 else Kind.SATELLITE)
        self._key = stream_key(seed, process, replica)
        self._down: dict[int, int] = {}  # accelerators that are down, by satellite
        # time of the next change of a unit, its number in the fleet, its life, and whether it returns
        self._next: list[tuple[float, int, int, bool]] = []
        if math.isfinite(mean_time_s):
            for begin in range(0, satellites * self.units, CHUNK):
                self._first_lives(np.arange(begin, min(begin + CHUNK, satellites * self.units), dtype=np.uint64))
            heapify(self._next)

    def until(self, time_s: float) -> list[AvailabilityChange]:
        """Changes up to a time that no earlier call returned.

        Parameters
        ----------
        time_s : float
            Time after the epoch [s]; not before that of an earlier call.

        Returns
        -------
        list of AvailabilityChange
            Changes up to and including time_s, in order of time.
        """
        changes = []
        while self._next and self._next[0][0] <= time_s:
            at_s, number, life, returns = heappop(self._next)
            changes.append(self._change(at_s, number, returns))
            if returns:
                life += 1
                self._push(at_s + self.mean_time_s * self._life(number, life), number, life, False)
            else:
                self._push(at_s + self.repair_s, number, life, True)
        return changes

    def _push(self, time_s: float, number: int, life: int, returns: bool) -> None:
        if time_s < self.end_s:
            heappush(self._next, (time_s, number, life, returns))

    def _change(self, time_s: float, number: int, returns: bool) -> AvailabilityChange:
        satellite, unit = self._satellite_and_unit(number)
        size = min(self.unit, self.accelerators - unit * self.unit)
        down = self._down.get(satellite, 0) + (-size if returns else size)
        self._down[satellite] = down
        name = f"{self.noun} {satellite}" + (" accelerators" if self.kind is Kind.ACCELERATORS else "")
        left = (self.accelerators - (1.0 - self.remaining) * down) / self.accelerators
        return AvailabilityChange(time_s, Target(self.kind, satellite, satellite, name), left, self.cause)

    def _first_lives(self, numbers: Words) -> None:
        """Times of the first failures of units, those within the run."""
        satellites = numbers // np.uint64(self.units) + np.uint64(self.first)
        counter = (np.ones_like(numbers), numbers % np.uint64(self.units), satellites)
        drawn = uniform(philox_words(counter, self._key)[0])
        soon = np.flatnonzero(self.mean_time_s * -np.log1p(-drawn) < self.end_s * (1.0 + 1e-9))
        for number, u in zip(numbers[soon].tolist(), drawn[soon].tolist(), strict=True):
            self._push(self.mean_time_s * -math.log1p(-u), number, 0, False)

    def _satellite_and_unit(self, number: int) -> tuple[int, int]:
        """Satellite in the fleet and unit in it of a unit's number in this source."""
        satellite, unit = divmod(number, self.units)
        return self.first + satellite, unit

    def _life(self, number: int, life: int) -> float:
        """The given life of a unit, with mean 1."""
        satellite, unit = self._satellite_and_unit(number)
        word = philox((1 + life // 4, unit, satellite, 0), self._key)[life % 4]
        return -math.log1p(-((word >> 11) * MANTISSA))


def units(accelerators: int, unit: int | None) -> int:
    """Number of units of a satellite that fail independently.

    Parameters
    ----------
    accelerators : int
        Accelerators of the satellite, at least 1.
    unit : int or None
        Accelerators of one unit, at least 1; None: the whole satellite is one unit.

    Returns
    -------
    int
        Units, at least 1; the last may be smaller.

    Examples
    --------
    >>> units(8, None), units(8, 1), units(8, 3)
    (1, 8, 3)
    """
    return 1 if unit is None else -(-accelerators // unit)
