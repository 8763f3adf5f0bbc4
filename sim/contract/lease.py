"""The price of an accelerator-hour that recovers the cost of what provides it."""

from __future__ import annotations

from typing import NamedTuple

YEAR_S = 365.25 * 86400.0


class Costs(NamedTuple):
    """Capital cost, its life and rate, yearly costs and size of a site or a fleet."""

    capex_usd: float
    life_s: float
    capital_rate: float  # per year
    operations_per_year: float  # over the capital cost
    power_w: float  # bought; 0 in orbit
    electricity_usd_j: float
    accelerators: int
    utilisation: float  # share of the accelerator-hours that are sold


def capital_recovery(rate: float, life_s: float) -> float:
    """Capital recovery factor: the yearly payment that returns a sum with interest over a life.

    Parameters
    ----------
    rate : float
        Cost of capital per year, at least 0.
    life_s : float
        Life [s], above 0.

    Returns
    -------
    float
        r (1 + r)^Y / ((1 + r)^Y - 1), payment per year over the sum.

    Examples
    --------
    >>> round(capital_recovery(0.1, 5.0 * YEAR_S), 5), capital_recovery(0.0, 5.0 * YEAR_S)
    (0.2638, 0.2)
    """
    years = life_s / YEAR_S
    if rate * years < 1e-9:
        return 1.0 / years
    return float(rate / (1.0 - (1.0 + rate) ** -years))


def lease_usd_s(costs: Costs) -> float:
    """Cost-recovering price of one accelerator.

    Parameters
    ----------
    costs : Costs
        What the site or fleet costs.

    Returns
    -------
    float
        Price [USD/s]: capital recovery, operations and electricity at full load, over the accelerator time that is sold.

    Examples
    --------
    1,000 accelerators for 30 million USD over 5 years at 10 %, 1 % operations, 1 MW at 100 USD/MWh, all sold, per hour:

    >>> costs = Costs(30e6, 5.0 * YEAR_S, 0.1, 0.01, 1e6, 100.0 / 3.6e9, 1000, 1.0)
    >>> round(3600.0 * lease_usd_s(costs), 5)
    1.03702
    """
    yearly = capital_recovery(costs.capital_rate, costs.life_s) + costs.operations_per_year
    spent_usd_s = yearly * costs.capex_usd / YEAR_S + costs.power_w * costs.electricity_usd_j
    return spent_usd_s / (costs.accelerators * costs.utilisation)
