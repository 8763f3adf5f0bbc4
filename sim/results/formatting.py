"""Text of a run's results on the terminal: headline, waterfall, one line per subsystem, binding inputs."""

from __future__ import annotations

from typing import Any, Final

from sim.results import ground_text, workload_text
from sim.results.number_text import counted, dollars, percent
from sim.schema import CAUSES

BAR: Final = 40  # characters of the nameplate bar
ROUNDING: Final = 1e-9  # shares below are rounding of the ledger, not losses

# Labels where the key of a cause in the results is not the term a reader expects.
CAUSE_LABELS: Final = {
    "unplaced": "unallocated",
    "kernel": "kernel inefficiency",
    "memory": "memory bandwidth",
    "recompute": "recomputation",
    "bubble": "pipeline bubble",
}


def cause_label(cause: str) -> str:
    """The label of a cause of loss.

    Parameters
    ----------
    cause : str
        A key of `sim.schema.CAUSES`.

    Returns
    -------
    str
        The label shown on the terminal; the key itself where it is already the usual term.

    Examples
    --------
    >>> cause_label("unplaced"), cause_label("thermal")
    ('unallocated', 'thermal')
    """
    return CAUSE_LABELS.get(cause, cause)


def headline(summary: dict[str, Any]) -> str:
    """One line that says what was run: satellites, accelerators, duration, epoch and step.

    Parameters
    ----------
    summary : dict of str to Any
        Content of summary.json.

    Returns
    -------
    str
        One line.
    """
    return (
        f"{summary['scenario']}: {counted(summary['satellites'], 'satellite')}, {counted(summary['accelerators'], 'accelerator')}, "
        f"{_span(summary['duration_s'])} from {summary['epoch']} in steps of {summary['step_s']:g} s"
    )


def waterfall(summary: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the waterfall: nameplate, every cause with a loss, useful.

    Parameters
    ----------
    summary : dict
        A run's summary, as in `summary.json`.

    Returns
    -------
    list of tuple of str
        (label, bar, PFLOP/s, per cent of nameplate, peer stall) for each row.
    """
    compute, duration_s = summary["compute"], summary["duration_s"]
    total = compute["nameplate_flops"]
    rows = [("nameplate", "█" * BAR, _pflops(total / duration_s), "100.0 %", "")]
    left = 1.0
    for row in compute["waterfall"]:
        share = row["fraction"]
        if row["cause"] == "useful":
            rows.append(("useful", "█" * round(share * BAR), _pflops(row["flops"] / duration_s), percent(share), ""))
        elif share > ROUNDING:
            start, end = round((left - share) * BAR), round(left * BAR)
            rows.append(
                (
                    cause_label(row["cause"]),
                    " " * start + "░" * max(end - start, 1),
                    "-" + _pflops(row["flops"] / duration_s),
                    "-" + percent(share),
                    f"peer stall {percent(row['induced_flops'] / total)}" if row["induced_flops"] > 0.0 else "",
                )
            )
            left -= share
    return rows


def lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """One line for each subsystem.

    Parameters
    ----------
    summary : dict
        A run's summary, as in `summary.json`.

    Returns
    -------
    list of tuple of str
        (subject, text); the text says so where a subsystem was not simulated.
    """
    rows = [("power", _power(summary["power"])), ("heat", _heat(summary["thermal"]))]
    if summary.get("formation") is not None:
        rows.append(("formation", _formation(summary["formation"])))
    rows.append(("links", _links(summary["network"])))
    ground = summary["ground"]
    rows += [("job" if w["kind"] == "training" else w["kind"], workload_text.job(w, ground)) for w in summary["workloads"] if w["model"]]
    rows += [("sensing", workload_text.sensing(w)) for w in summary["workloads"] if w["kind"] == "sensing"]
    rows += [("network", workload_text.network(w)) for w in summary["workloads"] if w.get("network") and w["step_s"] is not None]
    rows.append(("latency", ground_text.latency(ground)))
    rows += [("ground link", ground_text.link(ground["link"]))] if ground.get("link") else []
    rows += [("internet", ground_text.internet(ground["internet"]))] if ground.get("internet") else []
    rows += [("pairs", ground_text.pairs(summary["station_pairs"]))] if summary.get("station_pairs") else []
    rows.append(("fleet", _fleet(summary["fleet"], summary["design"])))
    rows += [("radiation", text) for kind in summary.get("radiation") or () if (text := _radiation(kind))]
    rows += [("propulsion", text) for kind in summary["design"].get("types") or () if (text := _propulsion(kind))]
    if summary["cost"]["capex_usd"] is not None or summary["cost"].get("unknown_prices"):
        rows.append(("cost", _cost(summary)))
    if summary.get("data_rules") is not None:
        rows.append(("data rules", ground_text.data_rules(summary["data_rules"])))
    if summary["baseline"] is not None:
        rows.append(("baseline", _baseline(summary)))
    return rows


def _power(power: dict[str, Any]) -> str:
    short = f", {power['unserved_j'] / 3.6e6:.3g} kWh of load not served" if power["unserved_j"] > 3.6e3 else ""
    return (
        f"arrays {_watts(power['array_w_mean'])} on average, {percent(power['sunlit_fraction'])} sunlit, longest eclipse "
        f"{power['eclipse_s_max'] / 60:.1f} min, lowest battery charge {percent(1.0 - power['battery_depth_max'])}{short}"
    )


def _heat(thermal: dict[str, Any]) -> str:
    if thermal["junction_k_max"] is None:
        return "no satellite was in operation"
    hbm_k = thermal.get("hbm_k_max")  # not in older results
    memory = "" if hbm_k is None else f", hottest memory {hbm_k - 273.15:.1f} degC"
    return (
        f"hottest junction {thermal['junction_k_max'] - 273.15:.1f} degC{memory}, radiators "
        f"{thermal['radiator_k_mean'] - 273.15:.1f} degC on average, throttled {percent(thermal['throttled_fraction'])} "
        "of the time"
    )


def _formation(formation: dict[str, Any]) -> str:
    neighbours, delta_v = formation["neighbour_range_m"], formation["station_keeping_m_s_yr"]
    apart = f"neighbours {neighbours[0]:,.1f} to {neighbours[1]:,.1f} m apart, " if neighbours else ""
    drift = formation["drift_m_per_day"]
    drift_text = "below 0.1" if drift < 0.1 else f"{drift:,.3g}"
    text = f"{apart}minimum separation {formation['min_separation_m']:,.1f} m"
    text += f"{', below keep_out' if formation['below_keep_out'] else ''}; J2 drift {drift_text} m per day"
    if delta_v is not None:
        text += f", differential drag {formation['drag_drift_m_first_day']:,.3g} m in the first day; station keeping "
        text += f"{delta_v:,.3g} m/s per year"
    return text


def _links(network: dict[str, Any]) -> str:
    if network["links_mean"] is None:
        return "none: no job or route needs them in this scenario"
    available = network["link_availability"]
    share = "" if available is None else f", {percent(available)} of the topology"
    text = f"{network['links_mean']:,.4g} on average{share}; {counted(network['path_switches'], 'ground-route change')}"
    used = network.get("utilisation_mean")
    return text if used is None else f"{text}; utilisation {percent(used)} on average, the busiest {percent(network['utilisation_max'])}"


def _fleet(fleet: dict[str, Any], design: dict[str, Any]) -> str:
    return (
        f"{percent(fleet['availability'])} available, {_tonnes(design['mass_kg'])}, {design['array_m2']:,.0f} m2 of array, "
        f"{design['radiator_m2']:,.0f} m2 of radiator"
    )


def _radiation(kind: dict[str, Any]) -> str:
    """Dose of a type and errors of its accelerators; empty where no orbit is known."""
    if kind["dose_gy_per_year"] is None:
        return ""
    text = (
        f"{kind['satellite']} {kind['dose_gy_per_year']:.3g} Gy a year behind {kind['shielding_kg_m2']:.3g} kg/m2, "
        f"{percent(kind['anomaly_time_fraction'])} of the time in the South Atlantic Anomaly"
    )
    if kind["errors"] is None:
        return text + "; the accelerator states no sensitivity"
    often = kind["interruptions_per_satellite_day"]
    if often > 0.0:
        text += f", where {percent(kind['anomaly_error_fraction'])} of the errors happen; an interruption of a satellite in {1.0 / often:.3g} d"
    named = {
        "silent": "silent", "memory": "uncorrected memory", "interrupt": "functional interrupts", "host_interrupt": "of hosts",
        "latchup": "latch-ups", "corrected": "corrected",
    }  # fmt: skip
    errors = [(label, kind["errors"][name]) for name, label in named.items() if kind["errors"][name]["expected"] > 0.0]
    counts = [f"{_count(n['expected'])} {label}" + ("" if n["drawn"] is None else f" ({n['drawn']:,} drawn)") for label, n in errors]
    without = ", none drawn" if all(n["drawn"] is None for _, n in errors) else ""
    return text + (f"; errors expected in the run: {', '.join(counts)}{without}" if counts else "")


def _count(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 100.0 else f"{expected:.3g}"


def _propulsion(kind: dict[str, Any]) -> str:
    """Drag and propellant of a type whose altitude changes during the run; empty for others and in older results."""
    found = kind.get("propulsion")
    if found is None or (found["altitude"] == "kept" and found["dead_band_m"] is None):
        return ""
    life_yr, down_yr = found["propellant_life_yr"], found["uncontrolled_lifetime_yr"]
    how = "decaying" if found["altitude"] == "decaying" else f"kept within {found['dead_band_m']:,.4g} m"
    return (
        f"{kind['satellite']} {how}, drag area {found['drag_area_m2']:,.3g} m2 ({found['drag_m2_kg']:.3g} m2/kg), "
        f"{found['station_keeping_m_s_yr']['total']:.3g} m/s per year"
        + ("" if life_yr is None else f", propellant for {life_yr:.3g} yr")
        + ("" if down_yr is None else f", down in {down_yr:.3g} yr without thrust")
    )


def _cost(summary: dict[str, Any]) -> str:
    """Capital cost, cost of the work, and the launch price at which the ground site costs the same."""
    cost, launches = summary["cost"], summary["design"]["launches"]
    parts = []
    if cost["capex_usd"] is not None:
        parts.append(f"{dollars(cost['capex_usd'])} for satellites, {counted(launches, 'launch', 'es')} and ground stations")
    elif cost.get("unknown_prices"):
        parts.append(f"no sum without a price of {', '.join(cost['unknown_prices'])}")
    work, against = cost.get("usd_per_useful_pflop_day"), cost.get("baseline_usd_per_useful_pflop_day")
    if work is not None:
        site = "" if against is None else f" ({_price(against)} on the ground)"
        parts.append(f"{_price(work)} per useful PFLOP/s-day{site}")
    if cost.get("usd_per_million_tokens") is not None:
        parts.append(f"{_price(cost['usd_per_million_tokens'])} per million tokens")
    even = cost.get("break_even_launch_usd_per_kg")
    if even is not None:
        now = cost["launch_usd_per_kg"]
        beside = "" if now is None else f", now {_price(now)}/kg"
        price = f"break-even at {_price(even)}/kg to orbit{beside}" if even > 0.0 else f"no break-even, even with free launches{beside}"
        parts.append(price + (" (unknown prices count as nothing)" if cost["unknown_prices"] else ""))
    return "; ".join(parts)


def _price(usd: float) -> str:
    """A price with three digits."""
    return f"{usd:,.0f} USD" if abs(usd) >= 100.0 else f"{usd:.3g} USD"


def _baseline(summary: dict[str, Any]) -> str:
    from sim.config.library import items

    site, precision = summary["baseline"], summary["compute"]["reference_precision"]
    nameplate, capex_usd = site["nameplate_flops_per_s"], summary["cost"]["capex_usd"]
    size = f"{site['name']} has {site['accelerators'] / summary['accelerators']:,.3g} x the accelerators"
    price = _watts(site["power_w"]) + ("" if site["capex_usd"] is None else f" and {dollars(site['capex_usd'])}")
    if nameplate is None:
        return f"{size}, no peak at {precision} to compare with, {price}"
    share = summary["compute"]["mean_useful_flops_per_s"] / nameplate
    cost = "" if capex_usd is None or site["capex_usd"] is None else f" at {capex_usd / site['capex_usd']:,.2g} x its cost"
    shipped = site["name"] in items("baselines")
    both = f"; run both: dawndusk compare {summary['scenario']} baseline:{site['name']}" if shipped else ""
    return (
        f"{size}, {_pflops(nameplate)} PFLOP/s nameplate, {price}; useful compute here is {percent(share)} of that nameplate"
        f"{cost}{both}"
    )


def binding(summary: dict[str, Any], base: Any, inputs: list[Any]) -> str:
    """The gain in useful FLOPs of each input enlarged by a tenth.

    Parameters
    ----------
    summary : dict
        A run's summary, as in `summary.json`.
    base : sim.studies.why.Base
        The design as it is.
    inputs : list of sim.studies.why.Input
        The enlarged inputs.

    Returns
    -------
    str
        For each input the change, its mass per satellite and the gain in useful FLOPs, in points of nameplate as `why` gives it.
    """
    gains = [
        f"{row.label} ({row.mass_kg / base.satellites:.3g} kg): {points(row.gain_fraction)} points useful" for row in inputs
    ]
    part = "" if base.window_s == summary["duration_s"] else f" (over the first {_span(base.window_s)})"
    return "; ".join(gains) + part


def points(gain_fraction: float) -> str:
    """A gain in percentage points of nameplate.

    Parameters
    ----------
    gain_fraction : float
        Gain as a share of nameplate.

    Returns
    -------
    str
        Number with its sign and two decimals.

    Examples
    --------
    >>> points(0.00423), points(-1e-9)
    ('+0.42', '+0.00')
    """
    return f"{round(100.0 * gain_fraction, 2) + 0.0:+.2f}"


def assumptions(summary: dict[str, Any]) -> str:
    """How many of the numbers behind a run are assumptions.

    Parameters
    ----------
    summary : dict of str to Any
        Content of summary.json.

    Returns
    -------
    str
        One line.
    """
    return (
        f"{len(summary['assumptions'])} of {summary['numbers']} input numbers are assumptions; list them: "
        f"dawndusk provenance {summary['scenario']}"
    )


def causes_without_loss(summary: dict[str, Any]) -> str:
    """One line that lists the causes without a loss.

    Parameters
    ----------
    summary : dict of str to Any
        Content of summary.json.

    Returns
    -------
    str
        Text for the terminal and the report.
    """
    absent = [
        c
        for c in CAUSES
        if c != "useful" and not any(r["cause"] == c and r["fraction"] > ROUNDING for r in summary["compute"]["waterfall"])
    ]
    return "no loss to: " + ", ".join(map(cause_label, absent))


def _pflops(flops_per_s: float) -> str:
    value = flops_per_s / 1e15
    return f"{value:,.0f}" if value >= 1e4 else f"{value:,.4g}"


def _tonnes(mass_kg: float) -> str:
    return f"{mass_kg / 1e3:,.0f} t" if mass_kg >= 1e4 else f"{mass_kg / 1e3:.3g} t"


def _watts(value: float) -> str:
    for unit, size in (("GW", 1e9), ("MW", 1e6), ("kW", 1e3)):
        if value >= size:
            return f"{value / size:,.3g} {unit}"
    return f"{value:.3g} W"


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size and (seconds / size).is_integer():
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
