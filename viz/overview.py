"""What stands at the top of a page: the design, its work, its network, what it costs, the ground beside it."""

from __future__ import annotations

from typing import Any, Final

from viz.parts import Fact, Group, Path, group_html, missing, text
from viz.words import (
    TIMES,
    area,
    celsius,
    counted,
    days,
    eclipse,
    milliseconds,
    money,
    number,
    percent,
    petaflops,
    scientific,
    seconds,
    tokens_per_s,
    tonnes,
    watts,
    whole,
)  # fmt: skip

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
        Fact("Available", ("fleet", "availability"), percent, "share of satellite time in service"),
    ),
)
ENERGY: Final = Group(
    "Power and heat",
    (
        Fact("In sunlight", ("power", "sunlit_fraction"), percent, "share of the solar disc in sight, mean"),
        Fact("Longest eclipse", ("power", "eclipse_s_max"), eclipse),
        Fact("Array power", ("power", "array_w_mean"), watts, "mean over the run"),
        Fact("Battery use", ("power", "battery_depth_max"), percent, "deepest discharge"),
        Fact("Hottest junction", ("thermal", "junction_k_max"), celsius),
        Fact("Radiators", ("thermal", "radiator_k_mean"), celsius, "mean"),
        Fact("Throttled by heat", ("thermal", "throttled_fraction"), percent, "share of satellite time"),
        Fact("Energy closure", ("energy_closure",), scientific, "largest relative imbalance"),
    ),
)
NETWORK: Final = Group(
    "Network and users",
    (
        Fact("Links between satellites", ("network", "links_mean"), number, "mean"),
        Fact("Link availability", ("network", "link_availability"), percent, "of the whole topology"),
        Fact("Changes of way", ("network", "path_switches"), whole, "between stations and satellites"),
        Fact("Coverage", ("ground", "coverage_fraction"), percent, "of station time with a way"),
        Fact("Median latency", ("ground", "propagation_rtt_ms", "median"), milliseconds, "round trip, propagation"),
        Fact("99th percentile", ("ground", "propagation_rtt_ms", "p99"), milliseconds, "round trip, propagation"),
        Fact("Median for users", ("ground", "user_rtt_ms", "median"), milliseconds, "with switching and access"),
        Fact("99th percentile for users", ("ground", "user_rtt_ms", "p99"), milliseconds, "with switching and access"),
    ),
)
COST: Final = Group(
    "Cost",
    (
        Fact("Capital cost", ("cost", "capex_usd"), money),
        Fact("Cost per useful PFLOP/s-day", ("cost", "usd_per_useful_pflop_day"), money),
        Fact("Cost per million tokens", ("cost", "usd_per_million_tokens"), money),
        Fact("Break-even launch price", ("cost", "break_even_launch_usd_per_kg"), money, "per kilogram"),
    ),
)


def mesh(value: dict[str, int]) -> str:
    """Tensor, pipeline and data parallelism as one product."""
    return f" {TIMES} ".join(f"{value[k]:,}" for k in ("tensor", "pipeline", "data"))


def training(at: Path, jobs: str) -> tuple[Fact, ...]:
    """The facts of a training workload."""
    return (
        Fact("Satellites a job", (*at, "satellites_per_job"), whole, jobs),
        Fact("Mesh", (*at, "mesh"), mesh, f"tensor {TIMES} pipeline {TIMES} data"),
        Fact("All-reduce", (*at, "all_reduce"), str),
        Fact("Training step", (*at, "step_s"), seconds),
        Fact("Waiting for messages", (*at, "communication_fraction"), percent, "share of a step"),
        Fact("MFU", (*at, "mfu"), percent, "model FLOPs utilisation"),
        Fact("Tokens trained", (*at, "tokens_per_s"), tokens_per_s),
        Fact("Productive time", (*at, "ettr"), percent, "effective training time ratio"),
        Fact("Time to train", (*at, "time_to_train_d"), days, "at this pace"),
    )


def serving(at: Path) -> tuple[Fact, ...]:
    """The facts of an inference workload."""
    return (
        Fact("Satellites", (*at, "satellites"), whole),
        Fact("Tensor parallel", (*at, "tensor"), whole, "accelerators a replica"),
        Fact("Batch", (*at, "batch"), whole, "answers at a time"),
        Fact("Output tokens", (*at, "tokens_per_s"), tokens_per_s),
        Fact("Time to first token", (*at, "ttft_ms"), milliseconds, "median, with the way to the user"),
        Fact("Time per output token", (*at, "tpot_ms"), milliseconds),
    )


def workloads(summary: dict[str, Any]) -> list[Group]:
    """A group for each workload that has a model."""
    groups = []
    for i, work in enumerate(summary.get("workloads") or []):
        at: Path = ("workloads", i)
        if work.get("kind") == "training":
            jobs = counted(work["jobs"], "job") if work.get("jobs") else ""
            groups.append(Group(f"Training {work.get('model') or ''}".strip(), training(at, jobs)))
        elif work.get("kind") == "inference":
            groups.append(Group(f"Inference {work.get('model') or ''}".strip(), serving(at)))
    return groups


def ground_baseline(summary: dict[str, Any]) -> list[Group]:
    """The site on the ground that the run names, if the summary tells of it."""
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
    beside = f"Useful here is {percent(useful / nameplate)} of its nameplate." if useful and nameplate else ""
    return [Group(f"On the ground: {site.get('name') or 'baseline'}", tuple(facts), beside)]


def overview(summary: dict[str, Any]) -> str:
    """All groups that have a number, the notes of the run, and a line that names what was not simulated."""
    work, site = workloads(summary), ground_baseline(summary)
    fixed = [DESIGN, NETWORK, ENERGY, COST]
    panels = [p for g in (DESIGN, *work, NETWORK, ENERGY, COST, *site) if (p := group_html(g, summary))]
    shape = "groups even" if len(panels) in (2, 4) else "groups"
    absent = missing(fixed, summary)
    said = list(summary.get("notes") or [])
    if absent:
        said.append(f"Not simulated in this run: {', '.join(absent)}.")
    notes = "".join(f'<p class="note">{text(n)}</p>' for n in said)
    return (f'<div class="{shape}">{"".join(panels)}</div>' if panels else "") + notes
