"""Made-up studies and comparisons for the tests of their pages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from sim.schema import CAUSES
from sim.studies.compare import Comparison, Loss, Metric
from sim.studies.input_differences import Input
from sim.studies.study_table import StudyAxis, StudyTable

AREA = StudyAxis(("satellite.power.array.area",), "m2", (100.0, 120.0, 140.0), ("100 m2", "120 m2", "140 m2"))
CAPACITY = StudyAxis(("satellite.power.battery.capacity",), "kWh", (5.0, 10.0), ("5 kWh", "10 kWh"))
WORDS = StudyAxis(("links.topology",), "", None, ("grid", "<ring>"))
SEEDS = StudyAxis(("seed",), "", (1.0, 2.0), ("1", "2"))
DAY_S = 86400.0
NAMEPLATE = 1e18  # FLOP/s


def row(point: int, share: float | None, capex_usd: float | None = 5e8) -> dict[str, Any]:
    """The row of one point: what is not useful is lost to power; failed without a share."""
    if share is None:
        return {"point": point, "error": "the battery is <empty>", "scenario": None}
    fractions = dict.fromkeys(CAUSES, 0.0) | {"useful": share, "power": 1.0 - share}
    return {
        "point": point, "error": None, "scenario": "suncatcher", "satellites": 81, "duration_s": DAY_S,
        "compute.useful_fraction": share, "compute.mean_useful_flops_per_s": share * NAMEPLATE, "cost.capex_usd": capex_usd,
        **{f"compute.waterfall.{cause}.fraction": value for cause, value in fractions.items()},
    }  # fmt: skip


def study(*axes: StudyAxis, share: Callable[[tuple[int, ...]], float | None]) -> StudyTable:
    """A study over axes; `share` is the useful share of the point at some indices."""
    position = tuple(product(*(range(len(axis.labels)) for axis in axes)))
    rows = tuple(row(i, share(where)) for i, where in enumerate(position))
    return StudyTable("made_up", "Sizes of <arrays>", "ab" * 32, "0.1.0", tuple(axes), position, rows)


def summary(nameplate: float, useful: float, power: float, peer: float) -> dict[str, Any]:
    """Summary of a run with two losses, the second by peer stall in part."""
    fractions = dict.fromkeys(CAUSES, 0.0) | {"power": power, "useful": useful, "communication": 1.0 - power - useful}
    rows = [
        {"cause": c, "flops": f * nameplate * DAY_S, "fraction": f, "induced_flops": peer * f * nameplate * DAY_S,
         "own_flops": (1.0 - peer) * f * nameplate * DAY_S}
        for c, f in fractions.items()
    ]  # fmt: skip
    compute = {"nameplate_flops": nameplate * DAY_S, "useful_fraction": useful, "waterfall": rows, "reference_precision": "bf16"}
    return {"scenario": "a", "satellites": 81, "accelerators": 5184, "duration_s": DAY_S, "scenario_sha256": "cd" * 32, "compute": compute}


def comparison(inputs: int = 2) -> Comparison:
    """A: 40 % useful, 10 % lost to power; B: 25 % useful, 70 % lost to power, half of it by peer stall."""
    a, b = summary(1e18, 0.4, 0.1, 0.0), summary(4e18, 0.25, 0.7, 0.5)
    losses = []
    for left, right in zip(a["compute"]["waterfall"], b["compute"]["waterfall"], strict=True):
        points = 100.0 * (right["fraction"] - left["fraction"])
        peer = 100.0 * right["induced_flops"] / (4e18 * DAY_S)
        losses.append(
            Loss(left["cause"], left["fraction"], right["fraction"], points, 1e3 * left["fraction"], 4e3 * right["fraction"],
                 4e3 * right["fraction"] - 1e3 * left["fraction"], points - peer, peer)
        )  # fmt: skip
    fields = tuple(Input(f"satellite.field_{i}", "1 m2", None, "published", "assumption") for i in range(inputs))
    metrics = (
        Metric("satellites", "1", 81.0, None, None, reason="b is on the ground"), Metric("useful share", "1", 0.4, 0.25, 0.625),
        Metric("capital cost", "USD", None, None, None, reason="not simulated in both"),
    )  # fmt: skip
    reasons = ("useful -15.00 points of nameplate", "power costs 60.00 points")
    return Comparison("<a>", "b", fields, metrics, tuple(losses), None, reasons, ("its scenario is unknown",), (a, b))
