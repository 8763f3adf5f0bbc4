"""Life of the batteries, from what the run summed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.spacecraft import battery_ageing_life as life

Array = NDArray[np.float64]

FIELDS = ("battery_cycles_per_year", "battery_fade_per_year", "battery_fade_per_year_max", "battery_life_yr", "battery_life_yr_min")
IN_CACHE = 8192  # batteries whose lives are searched together
SUMS = ("storage_rate_s", "cycle_factor_s", "cell_k_s", "cell_charge_s", "charge_throughput", "depth_squared_sum")


def stress_of(sums: Mapping[str, Array], seconds: float) -> life.Stress:
    """What batteries went through, from sums of the loop over time.

    Parameters
    ----------
    sums : mapping of str to ndarray
        Sums of the interval by the names of `SUMS`; whole half cycles in the last one.
    seconds : float
        Its duration [s], above 0.

    Returns
    -------
    Stress
        A value for each battery.
    """
    moved = sums["charge_throughput"]
    return life.Stress(
        days=seconds / life.DAY_S, cycles=0.5 * moved, storage_rate=sums["storage_rate_s"] / seconds,
        cycle_factor=sums["cycle_factor_s"] / seconds, temperature_k=sums["cell_k_s"] / seconds, charge=sums["cell_charge_s"] / seconds,
        depth=np.divide(sums["depth_squared_sum"], moved, out=np.zeros_like(moved), where=moved > 0.0), c_rate=moved / (seconds / 3600.0),
    )  # fmt: skip


def stress(outcome: Outcome, which: NDArray[np.int64]) -> life.Stress:
    """What batteries of one satellite type went through in the run.

    Parameters
    ----------
    outcome : Outcome
        What the run left.
    which : ndarray
        Numbers of the satellites.

    Returns
    -------
    Stress
        A value for each of them.
    """
    sums = {name: outcome.row(name)[which] for name in SUMS}
    # the half cycle in which the run ends counts as far as it has come
    sums["depth_squared_sum"] = sums["depth_squared_sum"] + outcome.row("battery_swing")[which] ** 2
    return stress_of(sums, outcome.grid.duration_s)


def summary(outcome: Outcome) -> dict[str, float]:
    """Ageing of the batteries, if they went on as in the run.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict of str to float
        Fields of the section `power`: means over satellites, and the worst.
    """
    lost, cycles, years = (np.empty(outcome.satellites) for _ in range(3))
    for kind, type_ in enumerate(outcome.types):
        of_type, b = np.flatnonzero(outcome.type_index == kind), type_.satellite.power.battery
        model = life.LIVES[b.chemistry.ageing]
        for first in range(0, of_type.size, IN_CACHE):
            which = of_type[first : first + IN_CACHE]
            use = stress(outcome, which)
            lost[which] = 1.0 - life.capacity(model, life.under(model, use, life.YEAR_D))
            cycles[which] = use.cycles / use.days * life.YEAR_D
            years[which] = life.life_years(model, use, b.end_of_life)
    found = (cycles.mean(), lost.mean(), lost.max(), years.mean(), years.min())
    return {name: float(value) for name, value in zip(FIELDS, found, strict=True)}
