"""One satellite on a revolution that repeats, under any policy: sixteen variants at a time, by the step of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.environment import sun_position_m
from orbit.timegrid import TimeGrid
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded
from sim.config.schema import Policy
from sim.engine import propagators, satellite_params
from sim.engine.context import sky
from sim.results import battery
from sim.spacecraft import compute, loop, rows, step, thermal_response
from sim.spacecraft import policy as policy_model
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.radiation import NO_TABLE
from sim.spacecraft.step import ROWS
from sim.spacecraft.submodel import Setup

Array = NDArray[np.float64]
LANES = loop.GROUP  # variants that cost no more than one
STEP_S = 60.0  # of a step, to the nearest that divides the revolution
RECORDED = {r.variable.name: n for n, r in enumerate(ROWS.recorded)}
RATE_CAP = ROWS.controls["rate_cap"]
CHANGED_K, SLOWEST, LEAP_K = 0.01, 0.9, 30.0  # of a leap: change of a period, share of it that the next one has, size
NODE_ROWS = np.array([ROWS.carried[name] for name in thermal_response.Nodes._fields])


class Trace(NamedTuple):
    """What some steps did, (steps, LANES)."""

    useful: Array  # of nameplate
    charge: Array  # of the capacity, at the ends
    load_w: Array
    generated_w: Array
    junction_k: Array


@dataclass(frozen=True)
class Bus:
    """A satellite of a type, and the revolution that it repeats.

    Attributes
    ----------
    loaded : Loaded
        The scenario.
    kind : int
        Number of the type.
    grid : TimeGrid
        The revolution in equal steps.
    r_m : ndarray, shape (steps, 3)
        Positions at its ticks [m].
    sky : ndarray, shape (6,)
        Sun and Earth, the fields of `Sky`: the Sun moves by a degree in a day, and both stand still here.
    """

    loaded: Loaded
    kind: int
    grid: TimeGrid
    r_m: Array
    sky: Array

    @property
    def satellite(self) -> Any:
        """Section of the scenario."""
        return self.loaded.scenario.types[self.kind]

    @cached_property
    def setup(self) -> Setup:
        """What parameters follow from."""
        return Setup(self.satellite, self.loaded.scenario.environment, self.grid.step_s)

    @cached_property
    def params(self) -> Any:
        """Parameters of all submodels."""
        return step.satellite_parameters(self.setup)

    @cached_property
    def initial(self) -> Array:
        """First value of every carried row."""
        return satellite_params.initial_rows(self.setup, self.params)

    @property
    def empty(self) -> float:
        """State of charge below which accelerators get nothing from the battery."""
        return float(self.params.battery.reserve_j / self.params.battery.capacity_j)

    def values(self, policy: Policy) -> Array:
        """Parameters under a policy, as numbers for the compiled loop.

        Parameters
        ----------
        policy : Policy
            The policy.

        Returns
        -------
        ndarray
            Numbers in order.
        """
        given = self.setup._replace(satellite=self.satellite.model_copy(update={"policy": policy}))
        return rows.flat(self.params._replace(policy=policy_model.parameters(given)))

    def payload_w(self, load_w: float) -> float:
        """Power of accelerators and hosts from the load of the satellite.

        Parameters
        ----------
        load_w : float
            Load at the bus [W].

        Returns
        -------
        float
            Power behind the converters [W].
        """
        p = self.params.compute
        return float(max(0.0, load_w - p.bus_w) / compute.bus_factor(p))


def bus(loaded: Loaded, name: str | None = None, step_s: float = STEP_S) -> Bus:
    """The first satellite of a type, and the revolution after the epoch.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    name : str, optional
        Name of the type; by default that of the first satellite.
    step_s : float
        Length of a step [s], above 0, to the nearest that divides the revolution.

    Returns
    -------
    Bus
        Satellite and revolution.

    Raises
    ------
    InputError
        If no type has that name, or the satellite has no closed orbit.
    """
    scenario = loaded.scenario
    names = [t.name for t in scenario.types]
    if name is not None and name not in names:
        raise bad_input(Origin(scenario.name), "--type", f"no satellite of type '{name}'; write one of: {', '.join(dict.fromkeys(names))}")
    kind, first = next((k, a) for k, a, _ in loaded.type_ranges if name is None or names[k] == name)
    moving, number = propagators.make_propagators(loaded, propagators.time_grid(scenario)), first
    for one in moving:
        if number < one.count:
            break
        number -= one.count
    one = one.subset(np.array([number]))
    period_s = float(one.period_s[0])
    if not np.isfinite(period_s) or period_s <= 0.0:
        raise bad_input(Origin(scenario.name), "constellation", "its first satellite has no closed orbit; write a ring, a walker or a cluster")
    epoch = propagators.time_grid(scenario)
    steps = max(4, round(period_s / step_s))
    grid = TimeGrid(epoch.epoch_jd, epoch.epoch_fr, period_s / steps, steps)
    r_m = np.empty((steps, 3, 1))
    one.on_grid(grid).fill(0, 1, 0, r_m)
    jd, fr = grid.jd_fr(0, 1)
    return Bus(loaded, kind, grid, r_m[:, :, 0].copy(), sky(sun_position_m(jd, fr), jd, fr)[0])


def leap_k(first: Array, second: Array, third: Array) -> Array:
    """Temperatures where a series ends, from three in a row.

    A body that approaches its temperature by a constant share in each period does so by a geometric series (Aitken's process).

    Parameters
    ----------
    first, second, third : ndarray
        Temperatures after three periods [K].

    Returns
    -------
    ndarray
        Temperatures [K]: `third` where they do not change, or not by a series; no further than `LEAP_K` from it.

    Examples
    --------
    >>> leap_k(np.array([300.0]), np.array([304.0]), np.array([306.0])).tolist()
    [308.0]
    """
    before, after = second - first, third - second
    share = np.clip(np.divide(after, before, out=np.zeros_like(after), where=np.abs(before) > CHANGED_K), 0.0, SLOWEST)
    return np.asarray(third + np.clip(after * share / (1.0 - share), -LEAP_K, LEAP_K))


def plain_policy(of: Bus, **changes: Any) -> Policy:
    """The policy of a satellite with another mode, and nothing but its restart kept.

    Parameters
    ----------
    of : Bus
        The satellite.
    **changes
        Fields of the policy.

    Returns
    -------
    Policy
        `ride_through` at full clock rate but for the changes.
    """
    given: Policy = of.satellite.policy
    plain = {"mode": "ride_through", "rate": 1.0, "on": None, "off": None, "start_charge": 0.0, "start_temperature": None}
    return given.model_copy(update={**plain, "start_in_sunlight": False, **changes})


class Flight:
    """Sixteen variants of a satellite, which differ in place and clock rate.

    Parameters
    ----------
    of : Bus
        Satellite and revolution.
    shifts : ndarray of int64, shape (LANES,), optional
        Ticks of the revolution at which the variants begin; by default all at the first.
    """

    def __init__(self, of: Bus, shifts: NDArray[np.int64] | None = None) -> None:
        self.of, self.tick = of, 0
        self.shifts = np.zeros(LANES, dtype=np.int64) if shifts is None else shifts
        at = (np.arange(len(of.r_m))[:, np.newaxis] + self.shifts) % len(of.r_m)
        self._around_m = np.ascontiguousarray(np.moveaxis(of.r_m[at], 2, 1))  # a revolution of all variants
        self.work = loop.empty_tiles(1)[0]
        loop.start(self._positions(-1, 2), np.tile(of.sky[:3], (2, 1)), of.initial, self.work[: loop.CARRIED, :LANES])

    def _positions(self, first: int, ticks: int) -> Array:
        return self._around_m[(first + np.arange(ticks)) % len(self._around_m)]

    def _go(self, values: Array, steps: int, rates: Any, kept: Array) -> None:
        controls = undisturbed(1, LANES)
        controls[RATE_CAP] = rates
        loop.run_block(
            self._positions(self.tick + 1, steps), np.tile(self.of.sky, (steps, 1)), controls, values, NO_TABLE, self.work, LANES,
            np.zeros((steps, loop.COLUMNS), dtype=np.int64), np.full((steps, loop.EXTREMES), loop.NO_EXTREME), 0,
            1 if len(kept) else steps + 1, np.arange(LANES), kept,
        )  # fmt: skip
        self.tick += steps

    def fly(self, values: Array, steps: int, rates: Any = 1.0) -> Trace:
        """Go on for some steps.

        Parameters
        ----------
        values : ndarray
            Parameters, as `Bus.values` gives them.
        steps : int
            Number of steps.
        rates : float or ndarray, shape (LANES,)
            Highest clock rate of each variant, 0 to 1.

        Returns
        -------
        Trace
            What they did.
        """
        kept = np.empty((steps, loop.RECORDED, LANES))
        self._go(values, steps, rates, kept)
        names = ("useful", "charge_fraction", "served_w", "generated_w", "junction_k")
        return Trace(*(kept[:, RECORDED[name]] for name in names))

    def settle(self, values: Array, period: int, revolutions: int, rates: Any = 1.0) -> None:
        """Fly until the temperatures repeat.

        Slow ones leap twice to where they tend (`leap_k`).

        Parameters
        ----------
        values : ndarray
            Parameters, as `Bus.values` gives them.
        period : int
            Steps after which the operation repeats.
        revolutions : int
            Number of revolutions to fly, about.
        rates : float or ndarray, shape (LANES,)
            Highest clock rate of each variant, 0 to 1.
        """
        leg, none = period * max(1, round(revolutions * self.of.grid.steps / (6 * period))), np.zeros((0, loop.RECORDED, LANES))
        nodes = self.work[NODE_ROWS, :LANES]
        for last in (False, True):
            self._go(values, leg, rates, none)
            one, two = nodes, self.work[NODE_ROWS, :LANES]
            self._go(values, leg, rates, none)
            nodes = self.work[NODE_ROWS, :LANES]
            self.work[NODE_ROWS, :LANES] = leap_k(one, two, nodes)
            self._go(values, leg if last else period, rates, none)
            nodes = self.work[NODE_ROWS, :LANES]

    @property
    def battery_sums(self) -> dict[str, Array]:
        """What the life of the batteries follows from, summed so far; by the names of `battery.SUMS`."""
        return {name: self.work[ROWS.carried[name], :LANES].copy() for name in battery.SUMS}

    @property
    def restart_s(self) -> Array:
        """Time until each variant computes again, if it is switched on now [s]."""
        return np.asarray(self.work[ROWS.carried["restart_left_s"], :LANES])

    def copy(self, charge: float | None = None) -> Flight:
        """The same variants at the same moment.

        Parameters
        ----------
        charge : float, optional
            State of charge of all of them, with the clock of the policy at 0; by default as they are.

        Returns
        -------
        Flight
            A copy that goes on by itself.
        """
        other = object.__new__(Flight)
        other.of, other.tick, other.shifts, other.work = self.of, self.tick, self.shifts, self.work.copy()
        other._around_m = self._around_m
        if charge is not None:
            other.work[ROWS.carried["charge_j"], :LANES] = charge * self.of.params.battery.capacity_j
            other.work[ROWS.carried["policy_clock_s"], :LANES] = 0.0
        return other
