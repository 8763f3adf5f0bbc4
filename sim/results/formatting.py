"""What a person sees on the terminal: the waterfall, a line for each subsystem, what binds, where the report is."""

from __future__ import annotations

from typing import Any

from sim.schema import CAUSES

BAR = 40


def headline(summary: dict[str, Any]) -> str:
    return (
        f"{summary['scenario']}: {_satellites(summary['satellites'])}, {counted(summary['accelerators'], 'accelerator')}, "
        f"{_span(summary['duration_s'])} from {summary['epoch']} in steps of {summary['step_s']:g} s"
    )


def waterfall(summary: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Rows (cause, bar, PFLOP/s, per cent, of it induced): nameplate, every cause that took something, useful."""
    compute, duration_s = summary["compute"], summary["duration_s"]
    total = compute["nameplate_flops"]
    rows = [("nameplate", "█" * BAR, _pflops(total / duration_s), "100.0 %", "")]
    left = 1.0
    for row in compute["waterfall"]:
        share = row["fraction"]
        if row["cause"] == "useful":
            rows.append(("useful", "█" * round(share * BAR), _pflops(row["flops"] / duration_s), _percent(share), ""))
        elif share > 0.0:
            start, end = round((left - share) * BAR), round(left * BAR)
            rows.append(
                (
                    row["cause"],
                    " " * start + "░" * max(end - start, 1),
                    "-" + _pflops(row["flops"] / duration_s),
                    "-" + _percent(share),
                    f"induced {_percent(row['induced_flops'] / total)}" if row["induced_flops"] > 0.0 else "",
                )
            )
            left -= share
    return rows


def lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(subject, sentence) for each subsystem; one that was not simulated says so."""
    power, thermal, ground, fleet, design = (summary[k] for k in ("power", "thermal", "ground", "fleet", "design"))
    told = [
        (
            "power",
            f"arrays {_watts(power['array_w_mean'])} in the mean, {_percent(power['sunlit_fraction'])} sunlit, "
            f"longest eclipse {power['eclipse_s_max'] / 60:.1f} min, batteries down to {_percent(1.0 - power['battery_depth_max'])}"
            + (f", {power['unserved_j'] / 3.6e6:.3g} kWh not served" if power["unserved_j"] > 3.6e3 else ""),
        )
    ]
    if thermal["junction_k_max"] is None:
        told.append(("heat", "no satellite worked"))
    else:
        told.append(
            (
                "heat",
                f"junctions to {thermal['junction_k_max'] - 273.15:.1f} degC, radiators {thermal['radiator_k_mean'] - 273.15:.1f} degC "
                f"in the mean, throttled {_percent(thermal['throttled_fraction'])} of the time",
            )
        )
    if summary.get("formation") is not None:
        told.append(("formation", _formation(summary["formation"])))
    told.append(("links", _links(summary["network"])))
    told += [("job" if w["kind"] == "training" else w["kind"], _job(w)) for w in summary["workloads"] if w["model"]]
    told.append(("latency", _latency(ground)))
    told.append(
        (
            "fleet",
            f"{_percent(fleet['availability'])} available, {_tonnes(design['mass_kg'])}, {design['array_m2']:,.0f} m2 of array, "
            f"{design['radiator_m2']:,.0f} m2 of radiator",
        )
    )
    if summary["cost"]["capex_usd"] is not None:
        told.append(("cost", _cost(summary)))
    if summary["baseline"] is not None:
        told.append(("baseline", _baseline(summary)))
    return told


def _formation(formation: dict[str, Any]) -> str:
    beside, cost = formation["neighbour_range_m"], formation["station_keeping_m_s_yr"]
    apart = f"neighbours {beside[0]:,.1f} to {beside[1]:,.1f} m apart, " if beside else ""
    drift = formation["drift_m_per_day"]
    slow = "below 0.1" if drift < 0.1 else f"{drift:,.3g}"
    return (
        f"{apart}nobody nearer than {formation['min_separation_m']:,.1f} m"
        + (", below keep_out" if formation["below_keep_out"] else "")
        + f"; drift under J2 {slow} m a day"
        + (
            ""
            if cost is None
            else f", by unequal drag {formation['drag_drift_m_first_day']:,.3g} m in the first; holding it all takes {cost:,.3g} m/s a year"
        )
    )


def _links(network: dict[str, Any]) -> str:
    if network["links_mean"] is None:
        return "none: no job or route needs them in this scenario"
    stood = network["link_availability"]
    share = "" if stood is None else f", {_percent(stood)} of the topology"
    return f"{network['links_mean']:,.4g} in the mean{share}; ways to the ground switched {network['path_switches']:,} times"


def _job(workload: dict[str, Any]) -> str:
    if workload["kind"] == "inference":
        first = "no way to a user" if workload["ttft_ms"] is None else f"first token after {workload['ttft_ms']:.0f} ms"
        return f"{workload['model']} on {_satellites(workload['satellites'])}: {workload['tokens_per_s']:,.4g} tokens/s, {first}"
    mesh = workload["mesh"]
    virtual_stages = f" in {workload['interleave']} virtual_stages" if workload["interleave"] > 1 else ""
    cut = f"tensor {mesh['tensor']}, pipeline {mesh['pipeline']}{virtual_stages}, data {mesh['data']}"
    if workload["step_s"] is None:
        return f"{workload['model']}, {cut}: never ran"
    return (
        f"{workload['model']}, {cut}, {workload['all_reduce']}: a step takes {workload['step_s']:.3g} s, "
        f"{_percent(workload['communication_fraction'])} of it waiting for messages; MFU {_percent(workload['mfu'])}, "
        f"productive {_percent(workload['ettr'])} of the time, {workload['tokens_per_s']:,.4g} tokens/s"
    )


def _latency(ground: dict[str, Any]) -> str:
    rtt = ground["propagation_rtt_ms"]
    if ground["coverage_fraction"] is None:
        return "no ground stations"
    if rtt["median"] is None:
        return "no satellite in sight of any station"
    seen = {n: s for n, s in ground["stations"].items() if s["propagation_rtt_ms"]["median"] is not None}
    worst = max(seen, key=lambda n: (seen[n]["propagation_rtt_ms"]["max"], n))
    blind = len(ground["stations"]) - len(seen)
    return (
        f"to the serving satellite and back, propagation only: median {rtt['median']:.2f} ms, 99 % {rtt['p99']:.2f} ms, "
        f"worst {worst} {seen[worst]['propagation_rtt_ms']['max']:.2f} ms; in sight {_percent(ground['coverage_fraction'])} of station-time"
        + (f"; {blind} of {len(ground['stations'])} stations never" if blind else "")
        + f"; a user sees {ground['user_rtt_ms']['median']:.2f} ms in the median"
    )


def _cost(summary: dict[str, Any]) -> str:
    cost_usd, launches = summary["cost"]["capex_usd"], summary["design"]["launches"]
    useful = summary["compute"]["mean_useful_flops_per_s"] / 1e15
    each = f", {_dollars(cost_usd / useful)} a useful PFLOP/s" if useful > 0.0 else ""
    return f"{_dollars(cost_usd)} to build, equip and launch, {launches:,} launch{'es' if launches > 1 else ''}{each}"


def _baseline(summary: dict[str, Any]) -> str:
    site, precision = summary["baseline"], summary["compute"]["reference_precision"]
    nameplate, here_usd = site["nameplate_flops_per_s"], summary["cost"]["capex_usd"]
    said = f"{site['name']} has {site['accelerators'] / summary['accelerators']:,.3g} x the accelerators"
    price = f"{_watts(site['power_w'])} and {_dollars(site['capex_usd'])}"
    if nameplate is None:
        return f"{said}, no peak at {precision} to compare with, on {price}"
    share = summary["compute"]["mean_useful_flops_per_s"] / nameplate
    dear = "" if here_usd is None else f" for {here_usd / site['capex_usd']:,.2g} x its cost"
    return (
        f"{said}, {_pflops(nameplate)} PFLOP/s nameplate on {price}; useful here is {_percent(share)} of that nameplate"
        f"{dear}: dawndusk compare {summary['scenario']} baseline:{site['name']} runs both"
    )


def binding(summary: dict[str, Any], base: Any, inputs: list[Any]) -> str:
    """Inputs a tenth larger on every satellite: what that weighs there, and useful FLOPs relative to those of now."""
    useful = base.useful_flops_per_s
    told = []
    for row in inputs:
        share = row.gain_flops_per_s / useful if useful > 0.0 else 0.0
        told.append(
            f"{row.label} ({row.mass_kg / base.satellites:.3g} kg): {round(100.0 * share, 2) + 0.0:+.2f} % useful"
        )
    part = "" if base.window_s == summary["duration_s"] else f" (over the first {_span(base.window_s)})"
    return "; ".join(told) + part


def assumptions(summary: dict[str, Any]) -> str:
    return f"{len(summary['assumptions'])} of the {summary['numbers']} numbers behind this are assumptions: dawndusk provenance lists them"


def causes_without_loss(summary: dict[str, Any]) -> str:
    silent = [
        c
        for c in CAUSES
        if c != "useful" and not any(r["cause"] == c and r["fraction"] > 0.0 for r in summary["compute"]["waterfall"])
    ]
    return "no loss to: " + ", ".join(silent)


def counted(count: int, what: str, plural: str = "s") -> str:
    """A number with its noun: 1 satellite, 2 satellites."""
    return f"{count:,} {what}{'' if count == 1 else plural}"


def _satellites(count: int) -> str:
    return counted(count, "satellite")


def _pflops(flops_per_s: float) -> str:
    value = flops_per_s / 1e15
    return f"{value:,.0f}" if value >= 1e4 else f"{value:,.4g}"


def _percent(share: float) -> str:
    value = 100.0 * share
    if 0.0 < value < 0.05:
        return f"{value:.1g} %"
    return f"{value:.1f} %"


def _dollars(value: float) -> str:
    for unit, size in (("billion ", 1e9), ("million ", 1e6)):
        if value >= size:
            return f"{value / size:,.3g} {unit}USD"
    return f"{value:,.0f} USD"


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
