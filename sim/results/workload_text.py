"""Workloads as text of the terminal: training, inference, sensing, and what links allow."""

from __future__ import annotations

from typing import Any

from sim.results.ground_text import reached
from sim.results.number_text import counted, percent, time_text


def job(workload: dict[str, Any], ground: dict[str, Any]) -> str:
    """What a training or inference workload did.

    Parameters
    ----------
    workload : dict
        Its entry in a run's summary.
    ground : dict
        Section `ground` of the summary.

    Returns
    -------
    str
        One line.
    """
    if workload["kind"] == "inference":
        return _service(workload, ground)
    mesh = workload["mesh"]
    virtual_stages = f" in {workload['interleave']} virtual stages" if workload["interleave"] > 1 else ""
    plan = f"tensor {mesh['tensor']}, pipeline {mesh['pipeline']}{virtual_stages}, data {mesh['data']}"
    if workload["step_s"] is None:
        return f"{workload['model']}, {plan}: no step was completed{volumes(workload)}"
    return (
        f"{workload['model']}, {plan}, {workload['all_reduce']} all-reduce: step {workload['step_s']:.3g} s, exposed "
        f"communication {percent(workload['communication_fraction'])}{_split(workload)}, MFU {percent(workload['mfu'])}, "
        f"ETTR {percent(workload['ettr'])}, {workload['tokens_per_s']:,.4g} tokens/s{_going_on(workload)}{volumes(workload)}"
    )


def volumes(workload: dict[str, Any]) -> str:
    """When data were aboard, and how long results take to the ground; nothing where a job has neither.

    Parameters
    ----------
    workload : dict
        Entry of a training or inference workload in a run's summary.

    Returns
    -------
    str
        Clauses after a semicolon each.
    """
    text, up, down = "", workload.get("ingest"), workload.get("deliver")  # not in older results
    if up is not None and up["started"]:
        text += f"; {_bytes(up['size_byte'])} aboard after {time_text(up['start_delay_s'])}"
        text += f" ({up['started']} of {up['jobs']} jobs)" if up["started"] < up["jobs"] else ""
    elif up is not None:
        text += f"; {_bytes(up['received_byte'] / up['jobs'])} of {_bytes(up['size_byte'])} aboard at the end, not started"
    if down is not None and not down["made_byte"]:
        text += "; nothing to deliver yet"
    elif down is not None:
        text += f"; {_bytes(down['delivered_byte'])} of {_bytes(down['made_byte'])} delivered"
        p50 = down["delay_s"]["p50"]
        text += "" if p50 is None else f", median after {time_text(p50)}"
    return text


def _bytes(size_byte: float) -> str:
    for factor, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB")):
        if size_byte >= factor:
            return f"{size_byte / factor:,.3g} {unit}"
    return f"{size_byte / 1e6:,.3g} MB"


def _going_on(workload: dict[str, Any]) -> str:
    """How many islands or replicas trained, and how often the job was planned."""
    running, plans = workload.get("islands_running"), workload.get("plans", 1)  # not in older results
    parts = ""
    if running is not None:
        called = "elastic replicas" if workload["method"] == "elastic" else "islands"
        parts += f", {running:.3g} of {workload['islands']} {called} train on average"
    return parts + (f", planned {plans} times" if plans > 1 else "")


def _service(service: dict[str, Any], ground: dict[str, Any]) -> str:
    parts = [f"{service['tokens_per_s']:,.4g} tokens/s"]
    if service.get("capacity_requests_per_s") is not None:  # not in older results, nor are the others
        parts.append(f"{service['requests_per_s']:,.4g} of {service['capacity_requests_per_s']:,.4g} requests/s")
    parts += [f"{percent(service[name])} {what}" for name, what in (("rejected_fraction", "rejected"), ("late_fraction", "out of target"))
              if service.get(name)]  # fmt: skip
    if service["ttft_ms"] is None:
        parts.append("no route to a user")
    else:
        p99 = "" if service.get("ttft_p99_ms") is None else f" (p99 {service['ttft_p99_ms']:,.0f} ms)"
        parts.append(f"TTFT {service['ttft_ms']:,.0f} ms{p99} {reached(ground['coverage_fraction'])}")
    if service.get("tpot_ms") is not None:
        p99 = "" if service.get("tpot_p99_ms") is None else f" (p99 {service['tpot_p99_ms']:.3g} ms)"
        parts.append(f"TPOT {service['tpot_ms']:.3g} ms{p99}")
    if service.get("joules_per_token") is not None:
        parts.append(f"{service['joules_per_token']:.3g} J per token")
    mesh = "" if service.get("tensor") is None else f", tensor {service['tensor']}, batch {service['batch']}"
    if service.get("pipeline", 1) > 1:
        mesh = f", copies over {service['pipeline']} satellites each{mesh}"
    return f"{service['model']} on {counted(service['satellites'], 'satellite')}{mesh}: {', '.join(parts)}{volumes(service)}"


def sensing(found: dict[str, Any]) -> str:
    """What became of the images of a sensing workload.

    Parameters
    ----------
    found : dict
        Its entry in a run's summary.

    Returns
    -------
    str
        One line.
    """
    share, delays, limits = found["share_to_ground"], found["insight_s"], found["crossover"]
    text = f"{found['images_per_day']:,.0f} images a day, "
    text += "none captured" if share is None else f"{percent(share)} reach the ground"
    text += f", {found['sent_bytes_per_day'] / 1e12:,.3g} TB a day over {counted(len(found['stations']), 'station')}"
    if found["images_processed"] is not None:
        text += f"; {found['processing']} of {found['images_processed']:,} images"
    if found["images_lost"]:
        text += f"; {found['images_lost']:,} lost by full storage"
    if delays["p50"] is not None:
        known = found.get("share_with_insight")  # not in older results
        of = "" if known is None else f" of {percent(known)} of the images"
        text += f"; time to insight{of} P10 {time_text(delays['p10'])}, P50 {time_text(delays['p50'])}, P90 {time_text(delays['p90'])}"
    text += f"; the downlink is full at {limits['raw_bytes_per_day'] / 1e12:,.3g} TB a day captured"
    if limits["processing_bytes_per_day"] is not None:
        text += f", processing at {limits['processing_bytes_per_day'] / 1e12:,.3g} TB"
    upload = found["upload"]
    if upload is not None:
        done = "" if upload["p50_s"] is None else f", median after {time_text(upload['p50_s'])}"
        text += f"; upload complete on {percent(upload['share_done'])} of the satellites{done}"
    return text


def _split(workload: dict[str, Any]) -> str:
    """The parts of exposed communication inside satellites and over links."""
    inside, links = workload.get("fabric_fraction"), workload.get("links_fraction")  # not in older results
    if inside is None or links is None:
        return ""
    return f" ({percent(inside)} inside satellites, {percent(links)} over links)"


def network(workload: dict[str, Any]) -> str:
    """What links between satellites allow a training step.

    Parameters
    ----------
    workload : dict
        Entry of a training workload with links in a run's summary.

    Returns
    -------
    str
        One line.
    """
    found = workload["network"]
    bound = {"injection": "links of a satellite", "bisection": "links between two halves", "compute": "work inside satellites"}
    text = f"{workload['model']} sends {1e6 * found['needed_byte_per_flop']:.3g} bytes per MFLOP"
    if found["offered_byte_per_flop"] is None:
        return f"{text}, over links without limit"
    times = [f"{seconds:.3g} s by {name}" for name, seconds in (("injection", found["injection_s"]), ("bisection", found["bisection_s"])) if seconds]
    times.append(f"{found['compute_s']:.3g} s without links")
    return (
        f"{text}, links offer {1e6 * found['offered_byte_per_flop']:.3g}; step at least {', '.join(times)}: longest bound {bound[found['bound']]}; "
        f"{found['route_changes_per_min']:.3g} route changes a minute"
    )
