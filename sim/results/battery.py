"""Life of the batteries, from what the run summed."""

from __future__ import annotations

import numpy as np

from sim.engine.outcome import Outcome
from sim.spacecraft import battery_ageing_life as life


def stress(outcome: Outcome, kind: int) -> life.Stress:
    """What the batteries of one satellite type went through in the run.

    Parameters
    ----------
    outcome : Outcome
        What the run left.
    kind : int
        Number of the type.

    Returns
    -------
    Stress
        A value for each satellite of the type.
    """
    which, seconds = outcome.type_index == kind, outcome.grid.duration_s
    of = {name: outcome.row(name)[which] for name in (
        "storage_rate_s", "cycle_factor_s", "cell_k_s", "cell_charge_s", "charge_throughput", "depth_squared_sum", "battery_swing")}  # fmt: skip
    # the half cycle in which the run ends counts as far as it has come
    squares, moved = of["depth_squared_sum"] + of["battery_swing"] ** 2, of["charge_throughput"]
    return life.Stress(
        days=seconds / life.DAY_S, cycles=0.5 * moved, storage_rate=of["storage_rate_s"] / seconds, cycle_factor=of["cycle_factor_s"] / seconds,
        temperature_k=of["cell_k_s"] / seconds, charge=of["cell_charge_s"] / seconds,
        depth=np.divide(squares, moved, out=np.zeros_like(moved), where=moved > 0.0), c_rate=moved / (seconds / 3600.0),
    )  # fmt: skip


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
        which, b = outcome.type_index == kind, type_.satellite.power.battery
        model, use = life.LIVES[b.chemistry.ageing], stress(outcome, kind)
        lost[which] = 1.0 - life.capacity(model, life.under(model, use, life.YEAR_D))
        cycles[which] = use.cycles / use.days * life.YEAR_D
        years[which] = life.life_years(model, use, b.end_of_life)
    return {
        "battery_cycles_per_year": float(cycles.mean()),
        "battery_fade_per_year": float(lost.mean()),
        "battery_fade_per_year_max": float(lost.max()),
        "battery_life_yr": float(years.mean()),
        "battery_life_yr_min": float(years.min()),
    }
