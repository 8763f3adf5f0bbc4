"""What a run leaves for the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from orbit.timegrid import TimeGrid
from sim.config.scenario import Loaded
from sim.engine.data_volumes import DataVolumes
from sim.engine.link_traffic import LinkTraffic
from sim.engine.satellite_params import RESULT_ROWS, STATES, FirstState, FleetType
from sim.engine.soft_errors import FleetRadiation
from sim.fleet.availability import AvailabilityChange
from sim.network.ground_routing import GroundRouting
from sim.network.network_figures import NetworkFigures
from sim.spacecraft.step import ROWS
from sim.workload.jobs import JobScheduler

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
PART = 65_536  # satellites whose results are computed at once


@dataclass(frozen=True)
class Outcome:
    """Totals of each satellite, sums over the fleet in each step, stations, and the recorder's sample.

    Attributes
    ----------
    loaded : Loaded
        The scenario.
    grid : TimeGrid
        Epoch, step and number of steps.
    types : tuple of FleetType
        Satellite types, in the order of `Scenario.types`.
    type_index : ndarray, (satellites,)
        Type of each satellite.
    carry : ndarray, (carried rows, satellites)
        Totals, and last values of states with a first value; 0 in rows that only serve the next step.
    fleet : ndarray, (types, steps, columns)
        Sums over the satellites of each type, SI.
    extremes : ndarray, (steps, items)
        Largest and smallest of the available satellites; infinite where there is none.
    range_m : ndarray, (steps, stations)
        Range to the nearest serving satellite in view [m]; infinite where there is none.
    stride : int
        Steps from one recorded frame to the next.
    kept_satellites : ndarray, (recorded,)
        Numbers of the recorded satellites.
    kept : ndarray, (frames, recorded values, recorded)
        What the recorder keeps.
    decayed : list of (int, int)
        Satellite, and step from which it has no position.
    first_state : FirstState
        Charge and temperatures at the epoch, with notes about them.
    scheduler, ground_routing, link_traffic, network_figures
        Workloads, routes to the ground, utilisation and figures of links, where satellites are coupled.
    volumes : DataVolumes or None
        Data of jobs that came up or went down, where jobs have any.
    free_routing : GroundRouting or None
        Routes to the ground as they were without data rules, where these exclude a place.
    changes : tuple of AvailabilityChange
        What happened, in order of time.
    radiation : FleetRadiation
        Radiation on the orbits, and errors that were drawn.
    """

    loaded: Loaded
    grid: TimeGrid
    types: tuple[FleetType, ...]
    type_index: Ints
    carry: Array
    fleet: Array
    extremes: Array
    range_m: Array
    stride: int
    kept_satellites: Ints
    kept: Array
    decayed: list[tuple[int, int]]
    first_state: FirstState
    radiation: FleetRadiation
    scheduler: JobScheduler | None = None
    ground_routing: GroundRouting | None = None
    free_routing: GroundRouting | None = None
    link_traffic: LinkTraffic | None = None
    network_figures: NetworkFigures | None = None
    volumes: DataVolumes | None = None
    changes: tuple[AvailabilityChange, ...] = ()

    @property
    def satellites(self) -> int:
        """Number of satellites."""
        return int(self.type_index.size)

    def parts(self) -> Iterator[Outcome]:
        """The fleet in parts: what is computed of each satellite then needs little memory.

        Yields
        ------
        Outcome
            The run with `PART` satellites or fewer, in order; only rows of satellites are those of the part.
        """
        for first in range(0, self.satellites, PART):
            some = slice(first, first + PART)
            yield replace(self, type_index=self.type_index[some], carry=self.carry[:, some], first_state=self.first_state.part(some))

    def without_totals(self) -> Outcome:
        """The run without the totals of each satellite, which a large fleet needs much memory for; what is over time stays.

        Returns
        -------
        Outcome
            The run with no row in `carry` and in `first_state`.
        """
        none = np.zeros((0, self.satellites))
        return replace(self, carry=none, first_state=FirstState(none[:, 0], none, self.first_state.notes))

    @property
    def peak_flops_per_s(self) -> Array:
        """Nameplate of each satellite at the reference precision [FLOP/s], (satellites,)."""
        return np.array([t.peak_flops_per_s for t in self.types])[self.type_index]

    @property
    def weight(self) -> Array:
        """Nameplate of each satellite over that of the first type, (satellites,)."""
        return self.peak_flops_per_s / self.types[0].peak_flops_per_s

    @property
    def nameplate_flops_per_s(self) -> float:
        """Nameplate of the fleet [FLOP/s]."""
        counts = np.bincount(self.type_index, minlength=len(self.types))
        return float(sum(int(n) * t.peak_flops_per_s for n, t in zip(counts, self.types, strict=True)))

    def row(self, name: str) -> Array:
        """A total, or a state with a first value, of every satellite, (satellites,), by its declared name.

        Parameters
        ----------
        name : str
            Declared name of the state or total.

        Returns
        -------
        ndarray, shape (satellites,)
            Values in SI.

        Raises
        ------
        KeyError
            For a state that only serves the next step: it is not kept.
        """
        return np.asarray(self.carry[RESULT_ROWS[name]])

    def initial_value(self, name: str) -> Array:
        """What a state or total of every satellite began with, (satellites,).

        Parameters
        ----------
        name : str
            Declared name of the state or total.

        Returns
        -------
        ndarray, shape (satellites,)
            Values in SI.
        """
        if name in STATES:
            return np.asarray(self.first_state.row(name), dtype=np.float64)
        row = ROWS.carried[name]
        return np.array([t.initial[row] for t in self.types])[self.type_index]

    def column(self, variable: str) -> Array:
        """Sum over the fleet of a variable in every step, (steps,), SI.

        Parameters
        ----------
        variable : str
            Declared name of the variable.

        Returns
        -------
        ndarray, shape (steps,)
            Sums in SI.
        """
        return np.asarray(self.column_by_type(variable).sum(axis=0))

    def column_by_type(self, variable: str) -> Array:
        """Sum over the satellites of each type of a variable in every step, (types, steps), SI.

        Parameters
        ----------
        variable : str
            Declared name of the variable.

        Returns
        -------
        ndarray, shape (types, steps)
            Sums in SI.
        """
        at = next(n for n, c in enumerate(ROWS.columns) if c.variable.name == variable)
        return np.asarray(self.fleet[:, :, at])
