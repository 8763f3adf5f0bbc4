"""Money over time: capital recovery, and the price of power in orbit."""

from __future__ import annotations

YEAR_S = 365.25 * 86400.0


def capital_recovery(rate: float, life_s: float) -> float:
    """Capital recovery factor: the yearly payment that returns a sum with interest over a life.

    Parameters
    ----------
    rate : float
        Cost of capital per year, at least 0.
    life_s : float
        Life [s].

    Returns
    -------
    float
        Payment per year over the sum.

    Examples
    --------
    >>> round(capital_recovery(0.1, 5.0 * YEAR_S), 5), capital_recovery(0.0, 5.0 * YEAR_S)
    (0.2638, 0.2)
    """
    years = life_s / YEAR_S
    if rate * years < 1e-9:
        return 1.0 / years
    return float(rate / (1.0 - (1.0 + rate) ** -years))


def launched_power_usd_per_kw_year(launch_usd: float, power_w: float, life_s: float) -> float:
    """Price of launching a watt, spread over the life without interest. [suncatcher2025:table 1]

    Parameters
    ----------
    launch_usd : float
        Price of the launches [USD].
    power_w : float
        Power of the satellites [W], above 0.
    life_s : float
        Their life [s].

    Returns
    -------
    float
        Price [USD/(kW yr)].

    Examples
    --------
    >>> round(launched_power_usd_per_kw_year(575.0 * 3600.0, 28e3, 5.0 * YEAR_S))
    14786
    """
    return launch_usd / (1e-3 * power_w * life_s / YEAR_S)
