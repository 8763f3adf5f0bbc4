"""The jobs' part of the ledger: causes of loss after failures, power and heat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, exact_kernel
from sim.schema import CAUSES
from sim.spacecraft.accounting import ROUNDING
from sim.spacecraft.loop import LIMIT_ALLOWED, LIMIT_POWER, LIMIT_RATE

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROW = {cause: i for i, cause in enumerate(CAUSES)}


class JobInputs(NamedTuple):
    """Step inputs that jobs set, each (N,); see the input rows of `sim.spacecraft.step`."""

    requested: Array
    job_rate: Array
    duty: Array
    running: Array
    productive: Array


class Ledger:
    """Time of whole satellites by cause [s], own and induced, for each satellite and for each step.

    Parameters
    ----------
    satellites : int
        Number of satellites.
    steps : int
        Steps of the run.
    weight : ndarray, shape (satellites,), optional
        Nameplate of each satellite over that of the reference type, in sums over the fleet; by default 1.
    """

    def __init__(self, satellites: int, steps: int, weight: Array | None = None) -> None:
        self.weight = np.ones(satellites) if weight is None else weight
        self.share = np.ones(satellites)  # of a satellite's nameplate that a job in its own units is about
        self.maintained: Array = np.zeros(satellites)  # share of each satellite's step that maintenance takes
        self.own_s = np.zeros((len(CAUSES), satellites))
        self.induced_s = np.zeros((len(CAUSES), satellites))
        self.step_own_s = np.zeros((len(CAUSES), steps))
        self.step_induced_s = np.zeros((len(CAUSES), steps))

    def own(self, cause: str, k: int, who: Ints | slice, seconds: Array) -> None:
        """Record time that satellites lose by a cause of their own.

        Parameters
        ----------
        cause : str
            One of sim.schema.CAUSES.
        k : int
            Number of the step.
        who : ndarray of int64 or slice
            Satellites.
        seconds : ndarray
            Time of each of them [s], of the whole satellite.
        """
        seconds = seconds * self.share[who]
        self.own_s[ROW[cause], who] += seconds
        self.step_own_s[ROW[cause], k] += float(np.add.reduce(seconds * self.weight[who]))

    def own_parts(self, rows: Ints, who: Ints, seconds: Array, steps: Ints, in_steps_s: Array) -> None:
        """Record time that the same satellites spent in several steps, by causes of their own.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,)
            Rows of the causes; see `ROW`.
        who : ndarray of int64, shape (m,)
            Satellites.
        seconds : ndarray, shape (n, m)
            Time of each of them by each cause [s], of whole satellites.
        steps : ndarray of int64, shape (k,)
            Numbers of the steps, of which some may be the same.
        in_steps_s : ndarray, shape (k, n)
            The same time by steps: sums over the satellites, each by its weight [s].
        """
        _add_parts(rows, who, seconds, steps, in_steps_s, self.own_s, self.step_own_s)

    def induced_parts(self, rows: Ints, who: Ints, seconds: Array, steps: Ints, in_steps_s: Array) -> None:
        """Record time that the same satellites lost in several steps while they waited for others.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,)
            Rows of the causes; see `ROW`.
        who : ndarray of int64, shape (m,)
            Satellites that waited.
        seconds : ndarray, shape (n, m)
            Time of each of them by each cause [s], of whole satellites.
        steps : ndarray of int64, shape (k,)
            Numbers of the steps, of which some may be the same.
        in_steps_s : ndarray, shape (k, n)
            The same time by steps: sums over the satellites, each by its weight [s].
        """
        _add_parts(rows, who, seconds, steps, in_steps_s, self.induced_s, self.step_induced_s)

    def induced(self, cause: str, k: int, who: Ints | slice, seconds: Array) -> None:
        """Record time that satellites lose while they wait for others.

        Parameters
        ----------
        cause : str
            One of sim.schema.CAUSES: the cause at the satellite that is waited for.
        k : int
            Number of the step.
        who : ndarray of int64 or slice
            Satellites that wait.
        seconds : ndarray
            Time of each of them [s], of the whole satellite.
        """
        seconds = seconds * self.share[who]
        self.induced_s[ROW[cause], who] += seconds
        self.step_induced_s[ROW[cause], k] += float(np.add.reduce(seconds * self.weight[who]))


@exact_kernel
def _add_parts(rows: Ints, who: Ints, seconds: Floats, steps: Ints, in_steps_s: Floats, lost_s: Floats, step_lost_s: Floats) -> None:
    """Add seconds[n, m] to lost_s[rows[n], who[m]], and in_steps_s[k, n] to step_lost_s[rows[n], steps[k]]."""
    for n in range(rows.size):
        row = rows[n]
        for m in range(who.size):
            lost_s[row, who[m]] += seconds[n, m]
        for k in range(steps.size):
            step_lost_s[row, steps[k]] += in_steps_s[k, n]


def binding(limits: Array, satellite: int, maintained: Array) -> str:
    """Cause that limits a satellite's rate: the last one that lowered it.

    Parameters
    ----------
    limits : ndarray, shape (LIMIT_ROWS, N)
        Limits of the step.
    satellite : int
        Number of the satellite.
    maintained : ndarray, shape (N,)
        Share of each satellite's step that maintenance takes.

    Returns
    -------
    str
        "thermal", "power", "maintenance" or "failed".
    """
    if limits[LIMIT_RATE, satellite] < limits[LIMIT_POWER, satellite] - ROUNDING:
        return "thermal"
    if limits[LIMIT_POWER, satellite] < limits[LIMIT_ALLOWED, satellite] - ROUNDING:
        return "power"
    return "maintenance" if maintained[satellite] > ROUNDING else "failed"


def missing(lost: Ints, maintained: Array) -> str:
    """Cause for which a job waits for members that are down: maintenance where all of them are healthy.

    Parameters
    ----------
    lost : ndarray of int64
        Members that are down.
    maintained : ndarray, shape (N,)
        Share of each satellite's step that maintenance takes.

    Returns
    -------
    str
        "maintenance" or "failed".
    """
    return "maintenance" if lost.size and bool((maintained[lost] > ROUNDING).all()) else "failed"


def mean(values: Array) -> float | None:
    """Mean of the finite values.

    Parameters
    ----------
    values : ndarray
        Values of any shape.

    Returns
    -------
    float or None
        Mean; None without finite values.
    """
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None


def median(values: Array) -> float | None:
    """Median of the finite values.

    Parameters
    ----------
    values : ndarray
        Values of any shape.

    Returns
    -------
    float or None
        Median; None without finite values.
    """
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else None
