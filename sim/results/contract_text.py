"""Text of a contract on the terminal and in the report: what is rented, the hedges, and a table of the cases."""

from __future__ import annotations

from typing import Any, Final

from sim.results.number_text import counted, dollars, percent

CONTRACT_HEADS: Final = (
    "case", "served", "rejected", "out of target", "cost of hedges", "per avoided minute", "per more served", "hedges serve",
)  # fmt: skip
UNIT_NAMES: Final = {"tokens": "tokens", "flops": "FLOP", "accelerators": "accelerator-hours"}
PRICED: Final = {"tokens": ("M tokens", 1e6), "flops": ("PFLOP/s-day", 8.64e19), "accelerators": ("accelerator-hour", 3600.0)}
"""Amount of each unit of demand for which a price is shown."""


def contract_headline(contract: dict[str, Any]) -> str:
    """What is rented, at which price, and when it ends.

    Parameters
    ----------
    contract : dict
        Section `contract` of a summary.

    Returns
    -------
    str
        One line.
    """
    site = contract["sources"][0]
    lost = [f"{percent(w['share'])} withdrawn after {_days(w['at_s'])} on {_days(w['notice_s'])} notice" for w in contract["withdrawals"]]
    if contract["owner_first_from_s"] is not None:
        lost.append(f"the owner's jobs first after {_days(contract['owner_first_from_s'])}")
    price, lease = (site[f"{kind}_usd_per_accelerator_hour"] for kind in ("price", "lease"))
    prices = f"{price:.2f} USD an accelerator-hour" + ("" if lease in (price, None) else f", {lease:.2f} USD would recover its cost")
    return (
        f"{counted(site['accelerators'], 'accelerator')} of {contract['site']} for {_days(contract['duration_s'])} from "
        f"{contract['start']} at {prices}; {', '.join(lost) or 'nothing is withdrawn'}"
    )


def contract_sources(contract: dict[str, Any]) -> list[tuple[str, str]]:
    """The hedges of a contract: size, price, time of delivery.

    Parameters
    ----------
    contract : dict
        Section `contract` of a summary.

    Returns
    -------
    list of tuple of str
        Name and text of each.
    """
    found = []
    for source in contract["sources"][1:]:
        excluded = source["accelerators_excluded"]
        text = f"{counted(source['accelerators'] - excluded, 'accelerator')} at {source['price_usd_per_accelerator_hour']:.2f} USD an hour"
        if excluded:
            text += f", {excluded:,} excluded by data rules"
        ready, moved = source["ready_s"], source["migration"]
        if source["ordered_s"] is None or ready is None or ready >= contract["duration_s"]:
            text += ", never at work within the contract"
        else:
            text += f", ordered after {_rounded(source['ordered_s'])}, at work after {_rounded(ready)}"
        if moved["rate_bit_s"] is not None and moved["time_s"] is not None:
            text += f"; {moved['bytes'] / 1e12:.3g} TB at {moved['rate_bit_s'] / 1e9:.3g} Gbit/s move in {_rounded(moved['time_s'])}"
        found.append((source["name"], text))
    return found


def contract_rows(contract: dict[str, Any]) -> list[tuple[str, ...]]:
    """Cases of a contract as a table, in the columns of `CONTRACT_HEADS`.

    Parameters
    ----------
    contract : dict
        Section `contract` of a summary.

    Returns
    -------
    list of tuple of str
        Rows.
    """
    return [contract_row(contract, case) for case in contract["cases"]]


def contract_row(contract: dict[str, Any], case: dict[str, Any]) -> tuple[str, ...]:
    """One case of a contract, in the columns of `CONTRACT_HEADS`.

    Parameters
    ----------
    contract : dict
        Section `contract` of a summary.
    case : dict
        One of its cases.

    Returns
    -------
    tuple of str
        Texts; shares are of the demand.
    """
    scale = 3600.0 if contract["unit"] == "accelerators" else 1.0
    name, amount = PRICED[contract["unit"]]
    more = case["usd_per_served"]
    each, asked, hedged = case["usd_per_avoided_min"], case["demand"], len(case["served_by"]) > 1
    _, *others = case["served_by"].values()
    return (
        case["case"],
        f"{case['served'] / scale:,.4g}",
        f"{case['rejected'] / scale:,.4g} ({percent(case['rejected'] / asked)})",
        f"{case['out_of_target_min']:,.0f} min",
        dollars(case["hedges_usd"]) if hedged else "",
        "" if not hedged else "none avoided" if each is None else dollars(each),
        "" if more is None else f"{more * amount:,.2f} USD/{name}",
        percent(sum(others) / asked) if hedged else "",
    )


def _days(seconds: float) -> str:
    return f"{seconds / 86400.0:.4g} d"


def _rounded(seconds: float) -> str:
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
