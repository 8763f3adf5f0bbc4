"""Two results side by side: what differs going in, what differs coming out, and which causes make the difference.

Pure functions of results; `sim.studies.operands` turns what a person names into them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from orbit.units import UNITS
from sim.config import yaml_tree
from sim.config.errors import Origin, RunError, bad_input, did_you_mean
from sim.config.yaml_tree import Node
from sim.results.formatting import cause_label
from sim.results.store import Results

EQUAL: Final = {
    "nameplate": "nameplate",
    "useful": "useful rate",
    "power": "mean load",
    "capex": "capital cost",
}
EXPLAINED = 0.9  # share of all differences that the causes named last make up, three at most


@dataclass(frozen=True)
class Side:
    """Results with a label and, where it is known, the resolved scenario or site behind them."""

    label: str
    results: Results
    inputs: Node | None = None

    @property
    def on_ground(self) -> bool:
        return self.results.summary["satellites"] is None


@dataclass(frozen=True)
class Input:
    """One value of the scenario that differs; kind and source where they are recorded."""

    field: str
    a: str | None
    b: str | None
    a_kind: str | None = None
    b_kind: str | None = None
    a_source: str | None = None
    b_source: str | None = None


@dataclass(frozen=True)
class Metric:
    """One number of both sides; `a_scaled` with `equal`, `reason` where a number is null."""

    metric: str
    unit: str
    a: float | None
    b: float | None
    ratio: float | None  # b / a, with `equal` b / a_scaled
    a_scaled: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Loss:
    """One row of the waterfall on both sides: share of nameplate, and PFLOP/s; own and induced apart."""

    cause: str
    a_fraction: float
    b_fraction: float
    points: float  # b - a, percentage points of nameplate
    a_pflops: float
    b_pflops: float
    pflops: float  # b - a
    own_points: float
    induced_points: float


@dataclass(frozen=True)
class Equal:
    """By what A is multiplied so that one of its quantities equals B's."""

    what: str
    factor: float
    satellites: int | None
    words: str


@dataclass(frozen=True)
class Comparison:
    """Everything `dawndusk compare` tells."""

    a: str
    b: str
    inputs: tuple[Input, ...]
    metrics: tuple[Metric, ...]
    waterfall: tuple[Loss, ...]
    equal: Equal | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(a: Results | Side, b: Results | Side, equal: str | None = None) -> Comparison:
    """Compare two results; `equal` scales A to B's nameplate, useful, power or capex. Raises InputError, RunError."""
    one = a if isinstance(a, Side) else _side("A", a)
    two = b if isinstance(b, Side) else _side("B", b)
    check_equal(equal)
    scaled = None if equal is None else _equal(equal, one, two)
    factor = 1.0 if scaled is None else scaled.factor
    losses = _waterfall(one.results.summary, two.results.summary, factor)
    alike = one.on_ground == two.on_ground
    return Comparison(
        one.label, two.label, _inputs(one.inputs, two.inputs) if alike else (), _metrics(one, two, None if scaled is None else factor),
        losses, scaled, _reasons(losses), tuple(_notes(one, two)),
    )  # fmt: skip


def _notes(a: Side, b: Side) -> list[str]:
    """What hinders the comparison, and how sites on the ground were set to work."""
    found = [
        f"{side.label}: its scenario is not known: inputs are not compared" for side in (a, b) if side.inputs is None
    ]
    ground = [side for side in (a, b) if side.on_ground]
    if len(ground) == 1:
        found.append(f"{ground[0].label} is a ground site with its own inputs; they are not compared")
    for side in ground:
        found += [f"{side.label}: {line}" for line in side.results.summary["notes"]]
    return found


def check_equal(equal: str | None) -> None:
    """Refuse an unknown quantity, before anything is run."""
    if equal is not None and equal not in EQUAL:
        raise bad_input(Origin(f"--equal {equal}"), "", f"no such quantity; {did_you_mean(equal, EQUAL)}")


def _side(letter: str, results: Results) -> Side:
    """Results from Python: the scenario is beside them where they have a folder."""
    inputs = None if results.folder is None else yaml_tree.read(results.folder / "scenario.yaml")
    return Side(f"{letter} ({results.summary['scenario']})", results, inputs)


# --- inputs -----------------------------------------------------------------------------------------------------------


def _inputs(a: Node | None, b: Node | None) -> tuple[Input, ...]:
    """Values that differ, in the order of A's scenario, then those of B alone."""
    if a is None or b is None:
        return ()
    one, two = _leaves(a), _leaves(b)
    found = []
    for name in {**one, **two}:
        left, right = one.get(name), two.get(name)
        if left is not None and right is not None and _same(yaml_tree.plain(left), yaml_tree.plain(right)):
            continue
        found.append(
            Input(name, _text(left), _text(right), _said(left, "kind"), _said(right, "kind"), _said(left, "source"),
                  _said(right, "source"))
        )  # fmt: skip
    return tuple(found)


def _leaves(root: Node) -> dict[str, Node]:
    """Every value by dotted name. Long lists of entries, such as stations, are one value; the constellation is not."""
    found: dict[str, Node] = {}

    def visit(node: Node, name: str) -> None:
        if node.is_map and not node.is_record:
            for key, child in node.value.items():
                if key != "description" and (name or key != "name"):
                    visit(child, f"{name}.{key}" if name else key)
        elif isinstance(node.value, list) and name in ("constellation", "workloads"):
            for i, child in enumerate(node.value):
                visit(child, name if len(node.value) == 1 else f"{name}.{i}")
        else:
            found[name] = node

    visit(root, "")
    return found


def _same(a: Any, b: Any) -> bool:
    """Whether two values are the same thing, also in other units."""
    if a == b:
        return True
    if isinstance(a, list) or isinstance(b, list) or isinstance(a, dict) or isinstance(b, dict):
        return False
    one, two = _si(a), _si(b)
    return one is not None and two is not None and one[1] == two[1] and math.isclose(one[0], two[0], rel_tol=1e-12)


def _si(value: Any) -> tuple[float, str] | None:
    number, _, unit = str(value).partition(" ")
    base, factor = UNITS.get(unit.strip() or "1", ("", 0.0))
    try:
        return (float(number) * factor, base) if base else None
    except ValueError:
        return None


def _text(node: Node | None) -> str | None:
    if node is None:
        return None
    value = yaml_tree.plain(node)
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    return str(value)


def _said(node: Node | None, key: str) -> str | None:
    told = node.get(key) if node is not None and node.is_record else None
    return None if told is None else str(told.value)


# --- metrics ----------------------------------------------------------------------------------------------------------

# name, unit, path in the summary, what it is divided by to be shown, whether it grows with the fleet
_METRICS: Final = (
    ("satellites", "1", "satellites", 1.0, True),
    ("accelerators", "1", "accelerators", 1.0, True),
    ("mass", "t", "design.mass_kg", 1e3, True),
    ("launches", "1", "design.launches", 1.0, True),
    ("array", "m2", "design.array_m2", 1.0, True),
    ("radiator", "m2", "design.radiator_m2", 1.0, True),
    ("ground stations", "1", "design.gateways", 1.0, False),
    ("capital cost", "USD", "cost.capex_usd", 1.0, True),
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
    "power.array_w_mean",
)  # fmt: skip
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
_MEAN_OF_SERIES: Final = "load_w"  # what is drawn, in orbit as on the ground


def _value(results: Results, name: str, path: str, size: float) -> float | None:
    summary = results.summary
    if path == _MEAN_OF_SERIES:
        return float(results.series[path].mean()) / size if path in results.series else None
    node: Any = summary
    for key in path.split("."):
        if isinstance(node, list):
            node = node[int(key)] if int(key) < len(node) else None
        else:
            node = None if node is None else node.get(key)
    if node is None:
        return None
    return float(node) / size / (summary["duration_s"] if name in _PER_SECOND else 1.0)


def _metrics(a: Side, b: Side, factor: float | None) -> tuple[Metric, ...]:
    found = []
    for name, unit, path, size, grows in (*_METRICS, *_of_workloads(a, b)):
        left, right = (_value(side.results, name, path, size) for side in (a, b))
        scaled = None
        if factor is not None and left is not None and grows:
            scaled = _whole(left * factor) if name in _WHOLE else left * factor
        elif factor is not None:
            scaled = left
        base = left if scaled is None else scaled
        ratio = None if base is None or right is None or base == 0.0 else right / base
        found.append(Metric(name, unit, left, right, ratio, scaled, _reason(path, a, b, left, right)))
    return tuple(found)


def _of_workloads(a: Side, b: Side) -> list[tuple[str, str, str, float, bool]]:
    """Rows of every workload, by its place in the scenario; of several those that one of the sides has a number for."""
    both = a.results.summary["workloads"], b.results.summary["workloads"]
    found = []
    for i in range(max(map(len, both))):
        here = [side[i] for side in both if i < len(side)]
        kinds = "/".join(dict.fromkeys(work["kind"] for work in here))
        for name, unit, key, grows in _OF_WORKLOADS:
            alone = max(map(len, both)) == 1
            if any(work.get(key) is not None for work in here) or (alone and key not in ("ttft_ms", "tpot_ms")):
                told = name if alone else f"{kinds} {name}"
                found.append((told, unit, f"workloads.{i}.{key}", 1.0, grows))
    return found


def _reason(path: str, a: Side, b: Side, left: float | None, right: float | None) -> str | None:
    """Why a number is missing."""
    missing = [(side, _why(path, side)) for side, value in ((a, left), (b, right)) if value is None]
    if not missing:
        return None
    if len(missing) == 2 and missing[0][1] == missing[1][1]:
        return f"{missing[0][1]} in both" if missing[0][1] else "both are on the ground"
    return "; ".join(f"{why} in {side.label}" if why else f"{side.label} is on the ground" for side, why in missing)


def _why(path: str, side: Side) -> str:
    """Why one side lacks a number; empty where a site on the ground has nothing of the kind."""
    if side.on_ground and path in _IN_ORBIT:
        return ""
    if path.startswith("ground."):
        blind = side.results.summary["ground"]["coverage_fraction"] is not None
        return "no satellite in sight" if blind else "no ground stations"
    return "not simulated"


def _whole(value: float) -> float:
    """Rounded up, but for the last digits of a product."""
    return float(math.ceil(value * (1.0 - 1e-12)))


def _equal(what: str, a: Side, b: Side) -> Equal:
    name, _, path, size, _ = next(row for row in _METRICS if row[0] == EQUAL[what])
    values = [_value(side.results, name, path, size) for side in (a, b)]
    for side, value in zip((a, b), values, strict=True):
        if value is None:
            raise bad_input(
                Origin(f"--equal {what}"),
                "",
                f"{side.label} has no {name}: it was not simulated; write another quantity",
            )
        if value <= 0.0:
            raise RunError(f"--equal {what}: {side.label} has a {name} of zero: nothing to scale by")
    factor = values[1] / values[0]  # type: ignore[operator]
    satellites = a.results.summary["satellites"]
    scaled = None if satellites is None else int(_whole(satellites * factor))
    fleet = "" if scaled is None else f": {scaled:,} satellites"
    if a.on_ground:
        fleet = f": {round(a.results.summary['accelerators'] * factor):,} accelerators"
    words = f"{a.label} multiplied by {factor:.4g} has the {name} of {b.label}{fleet}"
    return Equal(what, factor, scaled, words)


# --- waterfall --------------------------------------------------------------------------------------------------------


def _waterfall(a: dict[str, Any], b: dict[str, Any], factor: float) -> tuple[Loss, ...]:
    """Rows of both; A's rates multiplied by factor, its shares as they are."""
    found = []
    rows = ({row["cause"]: row for row in s["compute"]["waterfall"]} for s in (a, b))
    one, two = rows
    for cause in one:
        left, right = one[cause], two[cause]
        own, induced = (_share(b, right, part) - _share(a, left, part) for part in ("own_flops", "induced_flops"))
        pflops = left["flops"] / a["duration_s"] / 1e15 * factor, right["flops"] / b["duration_s"] / 1e15
        found.append(
            Loss(cause, left["fraction"], right["fraction"], 100.0 * (right["fraction"] - left["fraction"]), *pflops,
                 pflops[1] - pflops[0], 100.0 * own, 100.0 * induced)
        )  # fmt: skip
    return tuple(found)


def _share(summary: dict[str, Any], row: dict[str, Any], part: str) -> float:
    nameplate = summary["compute"]["nameplate_flops"]
    return float(row[part] / nameplate) if nameplate else 0.0


def _reasons(losses: tuple[Loss, ...]) -> tuple[str, ...]:
    """The difference in the useful share, then the few causes that make most of it."""
    useful = next(row for row in losses if row.cause == "useful")
    told = [f"useful {useful.points:+.2f} points of nameplate"]
    others = sorted((row for row in losses if row.cause != "useful"), key=lambda r: -abs(r.points))
    total, explained = sum(abs(row.points) for row in others), 0.0
    for row in others[:3]:
        if explained >= EXPLAINED * total or abs(row.points) < 5e-4:
            break
        explained += abs(row.points)
        part = (
            f", of which peer stall {row.induced_points:+.2f}" if abs(row.induced_points) >= 0.05 * abs(row.points) else ""
        )
        told.append(f"{cause_label(row.cause)} {'costs' if row.points > 0.0 else 'saves'} {abs(row.points):.2f} points{part}")
    return tuple(told)
