"""Comparison of two results: inputs that differ, metrics that differ, and the causes of loss that make the difference.

Pure functions of results; `sim.studies.operands` loads what is named on the command line.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sim.config import yaml_tree
from sim.config.errors import Origin, RunError, bad_input, did_you_mean
from sim.config.yaml_tree import Node
from sim.results.ground_text import reached
from sim.results.store import Results
from sim.studies.input_differences import Input, differing_inputs
from sim.studies.losses import Loss, reasons, waterfall_losses
from sim.studies.mission_change import MissionChange, mission_change
from sim.studies.pricing import Pricer, folder_pricer, multiple_of_capex

EQUAL: Final = {
    "nameplate": "nameplate",
    "useful": "useful rate",
    "power": "mean load",
    "capex": "capital cost",
}


@dataclass(frozen=True)
class Operand:
    """Results with a label and, where it is known, the tree of the scenario or site behind them."""

    label: str
    results: Results
    inputs: Node | None = None
    priced: Pricer | None = None

    @property
    def on_ground(self) -> bool:
        """Whether this is a ground site."""
        return self.results.summary["satellites"] is None

    @property
    def kinds(self) -> set[str]:
        """Kinds of its workloads."""
        return {work["kind"] for work in self.results.summary["workloads"]}


@dataclass(frozen=True)
class Metric:
    """One number of both operands; `a_scaled` with `equal`, `reason` where a number is missing, `reached` beside a latency."""

    metric: str
    unit: str
    a: float | None
    b: float | None
    ratio: float | None  # b / a, with `equal` b / a_scaled
    a_scaled: float | None = None
    reason: str | None = None
    reached: str | None = None  # share of the time for which a latency holds


@dataclass(frozen=True)
class Equal:
    """Factor by which A is multiplied so that one of its quantities equals that of B."""

    what: str
    factor: float
    satellites: int | None
    words: str


@dataclass(frozen=True, repr=False)
class Comparison:
    """Result of `dawndusk compare`."""

    a: str
    b: str
    inputs: tuple[Input, ...]
    metrics: tuple[Metric, ...]
    waterfall: tuple[Loss, ...]
    equal: Equal | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    summaries: tuple[dict[str, Any], dict[str, Any]]  # of A and B; not part of as_dict
    mission: MissionChange | None = None  # where both have one

    def __repr__(self) -> str:
        return f"<Comparison {self.a} and {self.b}: {'; '.join(self.reasons)}>"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name, as `dawndusk compare --json` prints them.
        """
        found = {name: value for name, value in asdict(self).items() if name not in ("summaries", "mission")}
        return found | {"mission": None if self.mission is None else self.mission.as_dict()}


def compare(a: Results | Operand, b: Results | Operand, equal: str | None = None) -> Comparison:
    """Compare two results.

    Parameters
    ----------
    a, b : Results or Operand
        The results.
    equal : {"nameplate", "useful", "power", "capex"}, optional
        Scale A so that this quantity equals that of B.

    Returns
    -------
    Comparison
        Differences of inputs, metrics and waterfall.

    Raises
    ------
    InputError
        If the quantity is unknown or was not simulated, or if the two run different kinds of workloads.
    RunError
        If the quantity is zero.
    """
    one = a if isinstance(a, Operand) else as_operand("A", a)
    two = b if isinstance(b, Operand) else as_operand("B", b)
    check_equal(equal)
    check_work((one.label, one.kinds), (two.label, two.kinds))
    one, two = _priced(one, two), _priced(two, one)
    scaled = None if equal is None else _equal(equal, one, two)
    factor = 1.0 if scaled is None else scaled.factor
    losses = waterfall_losses(_accounts(one), _accounts(two), factor)
    years, unlike = mission_change((one.label, one.results), (two.label, two.results), scaled is not None)
    inputs = differing_inputs(one.inputs, two.inputs) if one.on_ground == two.on_ground else ()
    return Comparison(
        a=one.label, b=two.label, inputs=inputs,
        metrics=_metrics(one, two, None if scaled is None else factor), waterfall=losses, equal=scaled,
        reasons=reasons(losses), notes=(*_notes(one, two), *_unpriced(one, equal), *unlike),
        summaries=(one.results.summary, two.results.summary), mission=years,
    )  # fmt: skip


def _accounts(operand: Operand) -> tuple[list[dict[str, Any]], float, float]:
    """Rows of the waterfall of a run, its nameplate [FLOP], and its length [s]."""
    summary = operand.results.summary
    return summary["compute"]["waterfall"], summary["compute"]["nameplate_flops"], summary["duration_s"]


def _priced(operand: Operand, other: Operand) -> Operand:
    """Results of an operand with its break-even launch price against the other one, where that is on the ground."""
    if operand.priced is None or operand.on_ground or not other.on_ground:
        return operand
    summary = {**operand.results.summary, "cost": operand.priced(1.0, _usd(other))["cost"]}
    return replace(operand, results=replace(operand.results, summary=summary))


def _notes(a: Operand, b: Operand) -> list[str]:
    """What limits the comparison, and how the workloads of ground sites were set."""
    notes = [
        f"{operand.label}: its scenario is unknown, inputs are not compared" for operand in (a, b) if operand.inputs is None
    ]
    ground = [operand for operand in (a, b) if operand.on_ground]
    if len(ground) == 1:
        notes.append(f"{ground[0].label} is a ground site with its own inputs; they are not compared")
    for operand in ground:
        notes += [f"{operand.label}: {line}" for line in operand.results.summary["notes"]]
    return notes


def _unpriced(a: Operand, equal: str | None) -> list[str]:
    """A note where the scenario behind the scaled side is not at hand to count whole launches."""
    if equal is None or a.priced is not None or _found(a.results.summary, "cost.capex_usd") is None:
        return []
    return [f"{a.label}: costs are scaled in proportion, its scenario is not at hand; compare a scenario or a results folder"]


def check_equal(equal: str | None) -> None:
    """Check the name of a quantity before anything is run.

    Parameters
    ----------
    equal : str or None
        The name.

    Raises
    ------
    InputError
        If it is unknown.

    Examples
    --------
    >>> check_equal("power")
    >>> check_equal("mass")
    Traceback (most recent call last):
        ...
    sim.config.errors.InputError: --equal mass: unknown quantity; write one of: capex, nameplate, power, useful
    """
    if equal is not None and equal not in EQUAL:
        raise bad_input(Origin(f"--equal {equal}"), "", f"unknown quantity; {did_you_mean(equal, EQUAL)}")


def check_work(a: tuple[str, set[str]], b: tuple[str, set[str]]) -> None:
    """Check that both sides of a comparison do work of the same kinds.

    Parameters
    ----------
    a, b : tuple of str and set of str
        Label and kinds of workloads of each side.

    Raises
    ------
    InputError
        If the kinds differ: useful FLOPs of a job that waits for messages are not those of independent streams.

    Examples
    --------
    >>> check_work(("one", {"training"}), ("two", {"training"}))
    >>> check_work(("one", {"training"}), ("two", {"independent"}))
    Traceback (most recent call last):
        ...
    sim.config.errors.InputError: compare: workloads: one runs training, two independent: unlike work; write the same kinds on both sides
    """
    if a[1] != b[1]:
        raise bad_input(
            Origin("compare"), "workloads",
            f"{a[0]} runs {_listed(a[1])}, {b[0]} {_listed(b[1])}: unlike work; write the same kinds on both sides",
        )  # fmt: skip


def _listed(kinds: set[str]) -> str:
    return " + ".join(sorted(kinds)) or "nothing"


def as_operand(letter: str, results: Results) -> Operand:
    """Operand of results from Python; the scenario is read where they have a folder.

    Parameters
    ----------
    letter : {"A", "B"}
        Side of the comparison.
    results : Results
        The results.

    Returns
    -------
    Operand
        The operand.
    """
    label = f"{letter} ({results.summary['scenario']})"
    if results.folder is None:
        return Operand(label, results)
    return Operand(label, results, yaml_tree.read(results.folder / "scenario.yaml"), folder_pricer(results))


# --- metrics ----------------------------------------------------------------------------------------------------------

# name, unit, path in the summary, divisor for display, whether it scales with the fleet
_METRICS: Final = (
    ("satellites", "1", "satellites", 1.0, True),
    ("accelerators", "1", "accelerators", 1.0, True),
    ("mass", "t", "design.mass_kg", 1e3, True),
    ("launches", "1", "design.launches", 1.0, True),
    ("array", "m2", "design.array_m2", 1.0, True),
    ("radiator", "m2", "design.radiator_m2", 1.0, True),
    ("ground stations", "1", "design.gateways", 1.0, False),
    ("capital cost", "USD", "cost.capex_usd", 1.0, True),
    ("operating cost", "USD/yr", "cost.opex_usd_per_year", 1.0, True),
    ("cost per useful PFLOP/s-day", "USD", "cost.usd_per_useful_pflop_day", 1.0, False),
    ("cost per million tokens", "USD", "cost.usd_per_million_tokens", 1.0, False),
    ("launched power", "USD/(kW yr)", "cost.usd_per_kw_year_launched", 1.0, False),
    ("break-even launch price", "USD/kg", "cost.break_even_launch_usd_per_kg", 1.0, False),
    ("energy per useful PFLOP/s-day", "kWh", "energy.kwh_per_useful_pflop_day", 1.0, False),
    ("energy per token", "J", "energy.joules_per_token", 1.0, False),
    ("CO2e per useful PFLOP/s-day", "kg", "carbon.kg_per_useful_pflop_day", 1.0, False),
    ("CO2e per million tokens", "kg", "carbon.kg_per_million_tokens", 1.0, False),
    ("nameplate", "PFLOP/s", "compute.nameplate_flops", 1e15, True),
    ("useful rate", "PFLOP/s", "compute.useful_flops", 1e15, True),
    ("useful share", "1", "compute.useful_fraction", 1.0, False),
    ("mean load", "kW", "load_w", 1e3, True),
    ("mean array power", "kW", "power.array_w_mean", 1e3, True),
    ("coverage", "1", "ground.coverage_fraction", 1.0, False),
    ("propagation RTT median", "ms", "ground.propagation_rtt_ms.median", 1.0, False),
    ("propagation RTT p99", "ms", "ground.propagation_rtt_ms.p99", 1.0, False),
    ("end-to-end RTT median", "ms", "ground.user_rtt_ms.median", 1.0, False),
    ("end-to-end RTT p99", "ms", "ground.user_rtt_ms.p99", 1.0, False),
    ("availability", "1", "fleet.availability", 1.0, False),
)
_IN_ORBIT: Final = (
    "satellites", "design.mass_kg", "design.launches", "design.array_m2", "design.radiator_m2", "design.gateways",
    "power.array_w_mean", "cost.usd_per_kw_year_launched", "cost.break_even_launch_usd_per_kg",
)  # fmt: skip
_SECTIONS: Final = ("satellites", "accelerators", "design.", "cost.", "energy.", "carbon.")  # that follow from whole satellites
_OF_WORKLOADS: Final = (
    ("MFU", "1", "mfu", False),
    ("step time", "s", "step_s", False),
    ("exposed communication", "1", "communication_fraction", False),
    ("tokens", "1/s", "tokens_per_s", True),
    ("ETTR", "1", "ettr", False),
    ("TTFT", "ms", "ttft_ms", False),
    ("TPOT", "ms", "tpot_ms", False),
)
_WHOLE: Final = ("satellites", "launches", "ground stations")
_PER_SECOND: Final = ("nameplate", "useful rate")
_MEAN_OF_SERIES: Final = "load_w"  # electrical load, in orbit and on the ground


def _value(results: Results, name: str, path: str, size: float) -> float | None:
    summary = results.summary
    if path == _MEAN_OF_SERIES:
        return float(results.series[path].mean()) / size if path in results.series else None
    node = _found(summary, path)
    return None if node is None else float(node) / size / (summary["duration_s"] if name in _PER_SECOND else 1.0)


def _found(node: Any, path: str) -> Any:
    """Value of a dotted path; None where there is none."""
    for key in path.split("."):
        if isinstance(node, list):
            node = node[int(key)] if int(key) < len(node) else None
        else:
            node = None if node is None else node.get(key)
    return node


def _metrics(a: Operand, b: Operand, factor: float | None) -> tuple[Metric, ...]:
    metrics = []
    sections = None if factor is None or a.priced is None else a.priced(factor, _usd(b) if b.on_ground else None)
    for name, unit, path, size, grows in (*_METRICS, *_workload_rows(a, b)):
        left, right = (_value(operand.results, name, path, size) for operand in (a, b))
        scaled = None
        known = _found(sections, path) if path.startswith(_SECTIONS) else None
        if known is not None:
            scaled = float(known) / size
        elif factor is not None and left is not None and grows:
            scaled = _rounded_up(left * factor) if name in _WHOLE else left * factor
        elif factor is not None:
            scaled = left
        base = left if scaled is None else scaled
        ratio = None if base is None or right is None or base == 0.0 else right / base
        reason, held = _reason_text(path, a, b, left, right), _reached(path, a, b)
        metrics.append(Metric(
            metric=name, unit=unit, a=left, b=right, ratio=ratio, a_scaled=scaled, reason=reason,
            reached=None if reason else held,
        ))
    return tuple(metrics)


def _usd(operand: Operand) -> float | None:
    """Cost for each useful PFLOP/s-day."""
    found: float | None = _found(operand.results.summary, "cost.usd_per_useful_pflop_day")
    return found


def _reached(path: str, a: Operand, b: Operand) -> str | None:
    """Of a latency the share of station-time with a route, on which it rests."""
    if "rtt_ms" not in path and not path.endswith("ttft_ms"):
        return None
    shares = [operand.results.summary["ground"]["coverage_fraction"] for operand in (a, b)]
    return "; ".join(f"{letter} {reached(share)}" for letter, share in zip("AB", shares, strict=True) if share is not None)


def _workload_rows(a: Operand, b: Operand) -> list[tuple[str, str, str, float, bool]]:
    """Rows of every workload, by its position in the scenario; with several, only rows for which an operand has a number."""
    both = a.results.summary["workloads"], b.results.summary["workloads"]
    rows = []
    for i in range(max(map(len, both))):
        here = [operand[i] for operand in both if i < len(operand)]
        kinds = "/".join(dict.fromkeys(work["kind"] for work in here))
        for name, unit, key, grows in _OF_WORKLOADS:
            single = max(map(len, both)) == 1
            if any(work.get(key) is not None for work in here) or (single and key not in ("ttft_ms", "tpot_ms")):
                title = name if single else f"{kinds} {name}"
                rows.append((title, unit, f"workloads.{i}.{key}", 1.0, grows))
    return rows


def _reason_text(path: str, a: Operand, b: Operand, left: float | None, right: float | None) -> str | None:
    """Why a number is missing."""
    missing = [(operand, _missing_reason(path, operand)) for operand, value in ((a, left), (b, right)) if value is None]
    if not missing:
        return None
    if len(missing) == 2 and missing[0][1] == missing[1][1]:
        return f"{missing[0][1]} in both" if missing[0][1] else "both are on the ground"
    return "; ".join(f"{why} in {operand.label}" if why else f"{operand.label} is on the ground" for operand, why in missing)


def _missing_reason(path: str, operand: Operand) -> str:
    """Why one operand lacks a number; empty where a ground site has no such quantity."""
    if operand.on_ground and path in _IN_ORBIT:
        return ""
    if path.startswith("ground."):
        blind = operand.results.summary["ground"]["coverage_fraction"] is not None
        return "no satellite in sight" if blind else "no ground stations"
    if path.startswith(("cost.", "carbon.")) and not operand.on_ground and operand.results.summary["cost"]:
        unknown = operand.results.summary["cost"].get("unknown_prices")
        if unknown:
            return f"no price of {', '.join(unknown)}"
    if "token" in path:
        return "no tokens"
    if path.startswith(("cost.", "carbon.")):
        return "no baseline" if "break_even" in path and _found(operand.results.summary, "cost.capex_usd") else "no prices (economics)"
    return "not simulated"


def _rounded_up(value: float) -> float:
    """Round up, tolerating rounding errors of a product."""
    return float(math.ceil(value * (1.0 - 1e-12)))


def _equal(what: str, a: Operand, b: Operand) -> Equal:
    name, _, path, size, _ = next(row for row in _METRICS if row[0] == EQUAL[what])
    values = [_value(operand.results, name, path, size) for operand in (a, b)]
    for operand, value in zip((a, b), values, strict=True):
        if value is None:
            raise bad_input(
                Origin(f"--equal {what}"),
                "",
                f"{operand.label} has no {name}, which was not simulated; write another quantity",
            )
        if value <= 0.0:
            raise RunError(f"--equal {what}: {operand.label} has a {name} of zero; write another quantity")
    factor = values[1] / values[0]  # type: ignore[operator]
    satellites = a.results.summary["satellites"]
    if what == "capex" and a.priced is not None and values[1] is not None:
        factor = multiple_of_capex(a.priced, satellites, values[1]) or factor
    scaled = None if satellites is None else int(_rounded_up(satellites * factor))
    fleet = "" if scaled is None else f": {scaled:,} satellites"
    if a.on_ground:
        fleet = f": {round(a.results.summary['accelerators'] * factor):,} accelerators"
    words = f"{a.label} multiplied by {factor:.4g} has the {name} of {b.label}{fleet}"
    return Equal(what, factor, scaled, words)
