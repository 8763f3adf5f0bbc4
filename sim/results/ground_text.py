"""Stations and pairs of stations as text of the terminal: delays, coverage, times without a route, data rules."""

from __future__ import annotations

from typing import Any, Final

from sim.results.number_text import counted, percent, time_text

PAIRS: Final = 3  # that are listed, those longest without a route first


def reached(coverage_fraction: float) -> str:
    """The share of time for which a latency holds.

    Parameters
    ----------
    coverage_fraction : float
        Share of station-time with a route, 0 to 1.

    Returns
    -------
    str
        Text to stand beside the latency.

    Examples
    --------
    >>> reached(0.41)
    '(reached 41.0 % of the time)'
    """
    return f"(reached {percent(coverage_fraction)} of the time)"


def latency(ground: dict[str, Any]) -> str:
    """Round trips to the serving satellite and what a user sees, with the share of time for which they hold.

    Parameters
    ----------
    ground : dict
        Section of a run's summary.

    Returns
    -------
    str
        One sentence; it names the worst station, and the longest time that a station has no route.
    """
    rtt = ground["propagation_rtt_ms"]
    if ground["coverage_fraction"] is None:
        return "no ground stations"
    if rtt["median"] is None:
        return "no station has coverage"
    covered = {n: s for n, s in ground["stations"].items() if s["propagation_rtt_ms"]["median"] is not None}
    worst = max(covered, key=lambda n: (covered[n]["propagation_rtt_ms"]["max"], n))
    without = len(ground["stations"]) - len(covered)
    worst_ms = covered[worst]["propagation_rtt_ms"]["max"]
    share = reached(ground["coverage_fraction"])
    return (
        f"propagation RTT to the serving satellite: median {rtt['median']:.2f} ms, p99 {rtt['p99']:.2f} ms {share}, worst station "
        f"{worst} {worst_ms:.2f} ms {reached(covered[worst]['coverage_fraction'])}; end-to-end RTT: median "
        f"{ground['user_rtt_ms']['median']:.2f} ms {share}"
        + _fibre(ground.get("components_ms"))
        + _longest_gap(covered)
        + (f"; {without} of {len(ground['stations'])} stations never covered" if without else "")
    )


def _fibre(parts: dict[str, Any] | None) -> str:
    """The part of the round trip that is fibre; nothing where users have terminals."""
    return f", of it {parts['terrestrial']:.2f} ms of fibre in the mean" if parts is not None and parts["terrestrial"] else ""


def internet(found: dict[str, Any]) -> str:
    """Round trips of users with terminals to points of presence, and how many need no link between satellites.

    Parameters
    ----------
    found : dict
        Section `ground.internet` of a run's summary.

    Returns
    -------
    str
        One sentence.
    """
    rtt = found["rtt_ms"]
    if rtt["median"] is None:
        return "no user reaches a point of presence"
    return (
        f"RTT through satellites to a point of presence: median {rtt['median']:.2f} ms, p99 {rtt['p99']:.2f} ms "
        f"{reached(found['coverage_fraction'])}; {percent(found['bent_pipe_fraction'])} over one satellite, the rest over links"
    )


def link(found: dict[str, Any]) -> str:
    """Budgets of the links to the ground: how often they carry anything, and how much.

    Parameters
    ----------
    found : dict
        Section `ground.link` of a run's summary.

    Returns
    -------
    str
        One sentence.
    """
    sites = found["sites"]
    if found["available_fraction"] is None:
        return "no satellite is ever in view"
    worst = min((n for n in sites if sites[n]["available_fraction"] is not None), key=lambda n: (sites[n]["available_fraction"], n))
    return (
        f"{found['kind']} of {counted(len(sites), 'site')}: usable {percent(found['available_fraction'])} of the time in view, worst {worst} "
        f"{percent(sites[worst]['available_fraction'])}, any of them {percent(found['any_available_fraction'])}; together "
        f"{found['down_bit_s'] / 1e9:,.4g} Gbit/s down and {found['up_bit_s'] / 1e9:,.4g} Gbit/s up"
    )


def _longest_gap(stations: dict[str, Any]) -> str:
    """The longest time without a route, of stations that have one at times; nothing where all always have one."""
    gaps = {name: station["outages"]["longest_s"] for name, station in stations.items() if "outages" in station}
    longest = max(gaps, key=lambda name: (gaps[name], name), default=None)
    return "" if longest is None or gaps[longest] == 0.0 else f"; longest time without a route {time_text(gaps[longest])}, {longest}"


def pairs(station_pairs: dict[str, Any]) -> str:
    """Round trips through space between pairs of stations; times without a route are said, whatever the median is.

    Parameters
    ----------
    station_pairs : dict
        Section of a run's summary, not empty.

    Returns
    -------
    str
        The pairs that are longest without a route, `PAIRS` at most, and how many others there are.
    """
    order = sorted(station_pairs, key=lambda name: (-station_pairs[name]["outages"]["total_s"], name))
    texts = [_pair(name, station_pairs[name]) for name in order[:PAIRS]]
    more = len(order) - len(texts)
    return "; ".join(texts) + (f"; {counted(more, 'other pair')} in the report" if more > 0 else "")


def _pair(name: str, pair: dict[str, Any]) -> str:
    gaps, rtt = pair["outages"], pair["propagation_rtt_ms"]
    if rtt["median"] is None:
        return f"{name} no route"
    text = f"{name} {rtt['median']:.2f} ms, p99 {rtt['p99']:.2f} ms"
    if not gaps["count"]:
        return text
    longest = "" if gaps["count"] == 1 else f", the longest {time_text(gaps['longest_s'])}"
    return f"{text}, no route for {time_text(gaps['total_s'])} in {counted(gaps['count'], 'outage')}{longest}"


def data_rules(rules: dict[str, Any]) -> str:
    """What data rules take away: accelerators, what they could compute, stations, latency and coverage.

    Parameters
    ----------
    rules : dict
        Section of a run's summary.

    Returns
    -------
    str
        One sentence.
    """
    ms, covered = rules["user_rtt_ms"], rules["coverage_fraction"]
    excluded = rules["accelerators"] - rules["accelerators_allowed"]
    without = rules["stations_excluded"]
    text = f"{counted(excluded, 'accelerator')} of {rules['accelerators']:,} may not be used"
    if rules["satellites_excluded"]:
        text += f" ({counted(rules['satellites_excluded'], 'satellite')} without work for it, {rules['flops_excluded']:.3g} FLOP)"
    text += f", {counted(len(without), 'station')}{': ' + ', '.join(without) if without else ''}"
    if covered["without"] is None:
        return text
    latency = ", ".join(
        f"{name} rules {'no route' if ms[name]['median'] is None else format(ms[name]['median'], '.2f') + ' ms'} {reached(covered[name])}"
        for name in ("without", "with")
    )
    return f"{text}; end-to-end RTT, median: {latency}"
