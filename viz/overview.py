"""Key figures of a run: design, workloads, network, cost, ground baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from viz.formatting import (
    NBSP,
    TIMES,
    area,
    celsius,
    counted,
    data_size,
    days,
    eclipse,
    milliseconds,
    money,
    number,
    percent,
    petaflops,
    requests_per_s,
    scientific,
    seconds,
    tokens_per_s,
    tonnes,
    watts,
    whole,
)  # fmt: skip
from viz.html_parts import Fact, Group, Path, find, group_html, missing, text


def listed(names: list[str]) -> str:
    """Names, or the word none."""
    return ", ".join(names) or "none"


def break_even(usd: float) -> str:
    """A launch price; none is low enough below zero."""
    return money(usd) if usd > 0.0 else "none"


def kilowatt_hours(value: float) -> str:
    """An energy in kWh."""
    return f"{number(value)}{NBSP}kWh"


def joules(value: float) -> str:
    """An energy in J."""
    return f"{number(value)}{NBSP}J"


def flop(value: float) -> str:
    """A number of floating-point operations."""
    return f"{scientific(value)}{NBSP}FLOP"


def co2(value: float) -> str:
    """A mass of greenhouse gases as CO2e."""
    return f"{number(value)}{NBSP}kg{NBSP}CO2e"


DESIGN: Final = Group(
    "Design",
    (
        Fact("Satellites", ("design", "satellites"), whole),
        Fact("Accelerators", ("accelerators",), whole),
        Fact("Mass", ("design", "mass_kg"), tonnes),
        Fact("Launches", ("design", "launches"), whole),
        Fact("Solar arrays", ("design", "array_m2"), area),
        Fact("Radiators", ("design", "radiator_m2"), area),
        Fact("Ground stations", ("design", "gateways"), whole),
        Fact("Availability", ("fleet", "availability"), percent, "share of satellite time in service"),
    ),
)
ENERGY: Final = Group(
    "Power and heat",
    (
        Fact("In sunlight", ("power", "sunlit_fraction"), percent, "mean visible share of the solar disc"),
        Fact("Longest eclipse", ("power", "eclipse_s_max"), eclipse),
        Fact("Array power", ("power", "array_w_mean"), watts, "mean over the run"),
        Fact("Battery depth of discharge", ("power", "battery_depth_max"), percent, "maximum"),
        Fact("Hottest junction", ("thermal", "junction_k_max"), celsius),
        Fact("Hottest memory", ("thermal", "hbm_k_max"), celsius),
        Fact("Radiators", ("thermal", "radiator_k_mean"), celsius, "mean"),
        Fact("Thermal throttling", ("thermal", "throttled_fraction"), percent, "share of satellite time"),
        Fact("Energy closure", ("energy_closure",), scientific, "largest relative imbalance"),
    ),
)
NETWORK: Final = Group(
    "Network and users",
    (
        Fact("Inter-satellite links", ("network", "links_mean"), number, "mean"),
        Fact("Link availability", ("network", "link_availability"), percent, "share of the topology"),
        Fact("Ground-route changes", ("network", "path_switches"), whole, "handovers of all stations"),
        Fact("Coverage", ("ground", "coverage_fraction"), percent, "share of station time with a route"),
        Fact(
            "Propagation RTT, median",
            ("ground", "propagation_rtt_ms", "median"),
            milliseconds,
            "station to serving satellite",
        ),
        Fact("Propagation RTT, p99", ("ground", "propagation_rtt_ms", "p99"), milliseconds),
        Fact("End-to-end RTT, median", ("ground", "user_rtt_ms", "median"), milliseconds, "with switching and access"),
        Fact("End-to-end RTT, p99", ("ground", "user_rtt_ms", "p99"), milliseconds),
    ),
)
# of runs with gateways, radios or telescopes, or messages over links; others do not miss them
OF_GATEWAYS: Final = (
    Fact("Internet RTT, median", ("ground", "internet", "rtt_ms", "median"), milliseconds, "over a gateway to a point of presence"),
    Fact("Internet RTT, p99", ("ground", "internet", "rtt_ms", "p99"), milliseconds),
    Fact("Internet over one satellite", ("ground", "internet", "bent_pipe_fraction"), percent, "share of its routes, no link between satellites"),
    Fact("Ground link availability", ("ground", "link", "available_fraction"), percent, "share of site time with a satellite in view"),
    Fact("Link utilisation", ("network", "utilisation_mean"), percent, "mean, links between satellites"),
    Fact("Busiest link", ("network", "utilisation_max"), percent, "highest utilisation at any moment"),
)
COST: Final = Group(
    "Cost, energy and greenhouse gases",
    (
        Fact("Capital cost", ("cost", "capex_usd"), money, "satellites, launches, ground stations"),
        Fact("Operating cost", ("cost", "opex_usd_per_year"), money, "per year, with replacements"),
        Fact("Cost per useful PFLOP/s-day", ("cost", "usd_per_useful_pflop_day"), money),
        Fact("Cost per million tokens", ("cost", "usd_per_million_tokens"), money),
        Fact("Launch price", ("cost", "launch_usd_per_kg"), money, "per kilogram"),
        Fact("Break-even launch price", ("cost", "break_even_launch_usd_per_kg"), break_even, "per kilogram, against the baseline"),
        Fact("Launched power", ("cost", "usd_per_kw_year_launched"), money, "per kW and year, launch alone"),
        Fact("Energy per useful PFLOP/s-day", ("energy", "kwh_per_useful_pflop_day"), kilowatt_hours),
        Fact("Energy per token", ("energy", "joules_per_token"), joules),
        Fact("Greenhouse gases per useful PFLOP/s-day", ("carbon", "kg_per_useful_pflop_day"), co2),
    ),
)


RULES: Final = Group(
    "Rules for data",
    (
        Fact("Accelerators that may be used", ("data_rules", "accelerators_allowed"), whole),
        Fact("Satellites without work for a rule", ("data_rules", "satellites_excluded"), whole),
        Fact("What they could compute", ("data_rules", "flops_excluded"), flop, "nameplate over the run"),
        Fact("Stations that may not be used", ("data_rules", "stations_excluded"), listed),
        Fact("End-to-end RTT, median", ("data_rules", "user_rtt_ms", "with", "median"), milliseconds, "with the rules"),
        Fact("Without the rules", ("data_rules", "user_rtt_ms", "without", "median"), milliseconds),
        Fact("Coverage", ("data_rules", "coverage_fraction", "with"), percent, "share of station time, with the rules"),
        Fact("Without the rules", ("data_rules", "coverage_fraction", "without"), percent),
    ),
)


def network(summary: dict[str, Any]) -> Group:
    """Facts of the network, each latency with the share of time for which it holds."""
    facts = []
    for fact in (*NETWORK.facts, *OF_GATEWAYS):
        timed = len(fact.path) > 1 and str(fact.path[1]).endswith("_rtt_ms")
        facts.append(replace(fact, detail=with_coverage(fact.detail, summary)) if timed else fact)
    return replace(NETWORK, facts=tuple(facts))


def with_coverage(detail: str, summary: dict[str, Any]) -> str:
    """The detail of a latency with the share of station time that has a route."""
    share = find(summary, ("ground", "coverage_fraction"))
    reached = None if share is None else f"(reached {percent(share)} of the time)"
    return " ".join(part for part in (detail, reached) if part)


def mesh(value: dict[str, int]) -> str:
    """Tensor, pipeline and data parallelism as a product."""
    return f" {TIMES} ".join(f"{value[k]:,}" for k in ("tensor", "pipeline", "data"))


def training(at: Path, jobs: str) -> tuple[Fact, ...]:
    """The facts of a training workload."""
    return (
        Fact("Satellites per job", (*at, "satellites_per_job"), whole, jobs),
        Fact("Device mesh", (*at, "mesh"), mesh, f"tensor {TIMES} pipeline {TIMES} data"),
        Fact("All-reduce", (*at, "all_reduce"), str),
        Fact("Training step", (*at, "step_s"), seconds),
        Fact("Exposed communication", (*at, "communication_fraction"), percent, "share of a step"),
        Fact("Inside satellites", (*at, "fabric_fraction"), percent, "of it, share of a step"),
        Fact("Over links", (*at, "links_fraction"), percent, "of it, share of a step"),
        Fact("MFU", (*at, "mfu"), percent, "model FLOPs utilisation"),
        Fact("Tokens trained", (*at, "tokens_per_s"), tokens_per_s),
        Fact("ETTR", (*at, "ettr"), percent, "effective training time ratio"),
        Fact("Time to train", (*at, "time_to_train_d"), days, "at this rate"),
    )


def serving(at: Path, summary: dict[str, Any]) -> tuple[Fact, ...]:
    """The facts of an inference workload."""
    return (
        Fact("Satellites", (*at, "satellites"), whole),
        Fact("Pipeline stages", (*at, "pipeline"), whole, "satellites per replica"),
        Fact("Micro-batches", (*at, "micro_batches"), whole, "on their way through the stages, at most"),
        Fact("Tensor parallel", (*at, "tensor"), whole, "accelerators per stage of a replica"),
        Fact("Batch", (*at, "batch"), whole, "concurrent requests of a replica, at most"),
        Fact("Output tokens", (*at, "tokens_per_s"), tokens_per_s),
        Fact("Requests served", (*at, "requests_per_s"), requests_per_s),
        Fact("Capacity", (*at, "capacity_requests_per_s"), requests_per_s, "requests at the latency targets, if any"),
        Fact("Rejected", (*at, "rejected_fraction"), percent, "share of requests"),
        Fact("Out of target", (*at, "late_fraction"), percent, "share of served tokens"),
        Fact("Time to first token (TTFT)", (*at, "ttft_ms"), milliseconds, with_coverage("with the median end-to-end RTT", summary)),
        Fact("TTFT, 99th percentile", (*at, "ttft_p99_ms"), milliseconds, "with the 99th percentile of the RTT"),
        Fact("Time per output token (TPOT)", (*at, "tpot_ms"), milliseconds),
        Fact("TPOT, 99th percentile", (*at, "tpot_p99_ms"), milliseconds),
        Fact("Whole answer", (*at, "answer_s"), seconds, "all turns of a session, each with a round trip"),
        Fact("Key-value cache", (*at, "kv_cache_bytes"), data_size, "of full batches, all satellites"),
        Fact("Energy per token", (*at, "joules_per_token"), joules, "electrical, whole satellites, per output token"),
        Fact("Tokens per joule", (*at, "tokens_per_joule"), number),
    )


def sensing(at: Path) -> tuple[Fact, ...]:
    """The facts of a sensing workload."""
    return (
        Fact("Satellites", (*at, "satellites"), whole),
        Fact("Images captured", (*at, "images_per_day"), number, "per day"),
        Fact("Reach the ground", (*at, "share_to_ground"), percent, "share of the images captured"),
        Fact("Within 24 h", (*at, "share_within_24h"), percent, "of images captured a day or more before the end"),
        Fact("Lost", (*at, "images_lost"), whole, "images, by full storage"),
        Fact("Processed", (*at, "images_processed"), whole, "images"),
        Fact("Time to insight, median", (*at, "insight_s", "p50"), seconds, "from capture to arrival of the result, or of the image"),
        Fact("Time to insight, P90", (*at, "insight_s", "p90"), seconds),
        Fact("With insight", (*at, "share_with_insight"), percent, "of the images captured: what these times hold for"),
        Fact("Sent", (*at, "sent_bytes_per_day"), data_size, "per day"),
        Fact("Captured", (*at, "crossover", "captured_bytes_per_day"), data_size, "per day"),
        Fact("Downlink full at", (*at, "crossover", "raw_bytes_per_day"), data_size, "captured per day"),
        Fact("Processing full at", (*at, "crossover", "processing_bytes_per_day"), data_size, "captured per day"),
    )


def volumes(at: Path, work: dict[str, Any]) -> tuple[Fact, ...]:
    """Data that came up before a job started, and its results on the ground; nothing where it has none."""
    up = (
        Fact("Data aboard after", (*at, "ingest", "start_delay_s"), seconds, "from the epoch"),
        Fact("Received", (*at, "ingest", "received_byte"), data_size),
        Fact("Waited without a route", (*at, "ingest", "stalled_s"), seconds),
    )
    down = (
        Fact("Delivered", (*at, "deliver", "delivered_byte"), data_size),
        Fact("Not delivered at the end", (*at, "deliver", "queued_byte"), data_size),
        Fact("Time to delivery, P90", (*at, "deliver", "delay_s", "p90"), seconds),
    )
    return (*(up if work.get("ingest") else ()), *(down if work.get("deliver") else ()))


def workloads(summary: dict[str, Any]) -> list[Group]:
    """A group for each workload that has a model, and for each sensing workload."""
    groups = []
    for i, work in enumerate(summary.get("workloads") or []):
        at: Path = ("workloads", i)
        if work.get("kind") == "training":
            jobs = counted(work["jobs"], "job") if work.get("jobs") else ""
            groups.append(Group(f"Training {work.get('model') or ''}".strip(), (*training(at, jobs), *volumes(at, work))))
        elif work.get("kind") == "inference":
            groups.append(Group(f"Inference {work.get('model') or ''}".strip(), (*serving(at, summary), *volumes(at, work))))
        elif work.get("kind") == "sensing":
            groups.append(Group("Data born in orbit", sensing(at)))
    return groups


def ground_baseline(summary: dict[str, Any]) -> list[Group]:
    """The ground baseline of the run, if the summary has one."""
    site = summary.get("baseline")
    if not isinstance(site, dict):
        return []
    facts = [
        Fact("Accelerators", ("baseline", "accelerators"), whole),
        Fact("Power", ("baseline", "power_w"), watts),
        Fact("Capital cost", ("baseline", "capex_usd"), money),
        Fact("Nameplate", ("baseline", "nameplate_flops_per_s"), petaflops),
    ]
    useful = (summary.get("compute") or {}).get("mean_useful_flops_per_s")
    nameplate = site.get("nameplate_flops_per_s")
    ratio = (
        f"Useful compute of this run is {percent(useful / nameplate)} of its nameplate." if useful and nameplate else ""
    )
    return [Group(f"Ground baseline: {site.get('name') or 'baseline'}", tuple(facts), ratio)]


def overview(summary: dict[str, Any]) -> str:
    """All groups with a value, the notes of the run, and a line that lists what was not simulated."""
    work, site = workloads(summary), ground_baseline(summary)
    fixed = [DESIGN, NETWORK, ENERGY, COST]
    panels = [p for g in (DESIGN, *work, network(summary), RULES, ENERGY, COST, *site) if (p := group_html(g, summary))]
    css_class = "groups even" if len(panels) in (2, 4) else "groups"
    absent = missing(fixed, summary)
    notes = list(summary.get("notes") or [])
    if absent:
        notes.append(f"Not simulated in this run: {', '.join(absent)}.")
    note_html = "".join(f'<p class="note">{text(n)}</p>' for n in notes)
    return (f'<div class="{css_class}">{"".join(panels)}</div>' if panels else "") + note_html
