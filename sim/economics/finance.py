"""Money over time: capital recovery, present values, and the price of power in orbit."""

from __future__ import annotations

import math

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


def present_usd(usd: float, at_s: float, rate: float, life_s: float, end_s: float) -> float:
    """Present value of what is bought at a time and paid in equal yearly sums over its life, as far as they are due before an end.

    A purchase whose life is over by the end is paid in full; of a later one, the end leaves the rest to those who use it afterwards.

    Parameters
    ----------
    usd : float
        Price [USD].
    at_s : float
        When it is bought, after now [s].
    rate : float
        Cost of capital per year, at least 0.
    life_s : float
        Life, above 0 [s].
    end_s : float
        End of the payments, after now [s].

    Returns
    -------
    float
        Value now [USD]; 0 for what is bought at the end or after it.

    Examples
    --------
    >>> round(present_usd(100.0, 0.0, 0.1, 5.0 * YEAR_S, 9.0 * YEAR_S), 6)
    100.0
    >>> round(present_usd(100.0, 2.0 * YEAR_S, 0.0, 5.0 * YEAR_S, 3.0 * YEAR_S), 6)
    20.0
    """
    paid_s = min(life_s, end_s - at_s)
    if paid_s <= 0.0:
        return 0.0
    return usd * capital_recovery(rate, life_s) / capital_recovery(rate, paid_s) * math.exp(-math.log1p(rate) * at_s / YEAR_S)


def present_between(per_year: float, from_s: float, until_s: float, rate: float) -> float:
    """Present value of what flows evenly over a time.

    Parameters
    ----------
    per_year : float
        Flow, such as of money [USD/yr].
    from_s, until_s : float
        Begin and end, after now [s].
    rate : float
        Cost of capital per year, at least 0.

    Returns
    -------
    float
        Value now; 0 where the end is not after the begin.

    Examples
    --------
    >>> present_between(10.0, 0.0, 2.0 * YEAR_S, 0.0), round(present_between(10.0, YEAR_S, 3.0 * YEAR_S, 0.1), 3)
    (20.0, 16.554)
    """
    if until_s <= from_s:
        return 0.0
    if rate < 1e-9:
        return per_year * (until_s - from_s) / YEAR_S
    growth = math.log1p(rate)
    first, last = (math.exp(-growth * at_s / YEAR_S) for at_s in (from_s, until_s))
    return per_year * (first - last) / growth


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
