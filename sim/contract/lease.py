"""The price of an accelerator-hour that recovers the cost of what provides it."""

from __future__ import annotations

from typing import Any

from sim.config import economics_params, schema
from sim.economics.finance import YEAR_S


def lease_usd_s(usd_per_year: float | None, accelerators: int, utilisation: float) -> float | None:
    """Cost-recovering price of one accelerator.

    Parameters
    ----------
    usd_per_year : float or None
        Capital recovery and what is spent each year, of all accelerators [USD].
    accelerators : int
        Their number, at least 1.
    utilisation : float
        Share of the accelerator-hours that are sold, above 0, at most 1.

    Returns
    -------
    float or None
        Price [USD/s]; None where the yearly cost is not known.

    Examples
    --------
    8.766 million USD a year for 1,000 accelerators of which half are sold, per hour:

    >>> round(3600.0 * lease_usd_s(8.766e6, 1000, 0.5), 9)
    2.0
    """
    return None if usd_per_year is None else usd_per_year / (YEAR_S * accelerators * utilisation)


def site_lease_usd_s(site: schema.Site, utilisation: float) -> float | None:
    """Price of an accelerator that recovers the cost of a ground site at full load.

    Parameters
    ----------
    site : Site
        The site, with its prices, lives and cost of capital.
    utilisation : float
        Share of the accelerator-hours that are sold.

    Returns
    -------
    float or None
        Price [USD/s]; None where a price of the site is not known.
    """
    return lease_usd_s(economics_params.site_cost(site).usd_per_year, site.all_accelerators, utilisation)


def fleet_lease_usd_s(summary: dict[str, Any], utilisation: float) -> float | None:
    """Price of an accelerator that recovers the cost of a fleet in orbit.

    Parameters
    ----------
    summary : dict
        Summary of its run.
    utilisation : float
        Share of the accelerator-hours that are sold.

    Returns
    -------
    float or None
        Price [USD/s]; None without economics, or where a price is not known.
    """
    return lease_usd_s(summary["cost"]["usd_per_year"], summary["accelerators"], utilisation)
