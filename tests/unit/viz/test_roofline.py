"""The network roofline of the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from viz.roofline import roofline


def _work(**network: Any) -> dict[str, Any]:
    found = {
        "needed_byte_per_flop": 2e-6, "offered_byte_per_flop": 4e-6, "injection_s": 3.0, "bisection_s": 1.0, "compute_s": 2.0, "bound": "injection",
        "step_flops": 1e18, "peak_flops_per_s": 1e18, "route_changes_per_min": 0.5,
    }  # fmt: skip
    return {"step_s": 4.0, "fabric_fraction": 0.1, "links_fraction": 0.3, "network": found | network}


def test_lines_pass_where_the_bounds_say() -> None:
    """By hand: 1e18 FLOPs in 4 s are 250 PFLOP/s at 2 bytes per MFLOP; at that place injection allows 333, bisection 1,000, work 500."""
    chart = roofline(_work())
    assert chart is not None
    traces = {t.name: t for t in chart.figure.data if t.name}
    (point,) = [t for t in chart.figure.data if t.mode == "markers+text"]
    assert (list(point.x), list(point.y)) == ([2.0], [pytest.approx(250.0)])
    for name, rate in (("injection: links of a satellite", 1000.0 / 3.0), ("bisection: links between two halves", 1000.0)):
        line = traces[name]
        # a straight line of slope -1 on both logarithmic axes
        assert np.asarray(line.x) * np.asarray(line.y) == pytest.approx(2.0 * rate)
    assert traces["step without messages between satellites"].y[0] == pytest.approx(500.0)
    roof = next(t for t in chart.figure.data if t.fill == "tonexty")
    assert np.interp(np.log(2.0), np.log(roof.x), roof.y) == pytest.approx(1000.0 / 3.0, rel=0.01)
    for words in ("A step takes 4", "that of a satellite's links", "2.00 bytes per million FLOPs", "10.0", "30.0", "0.500 routes"):
        assert words in chart.note.replace("\u00a0", " "), chart.note


@pytest.mark.parametrize("work", [{"network": None, "step_s": 1.0}, _work(needed_byte_per_flop=0.0), _work() | {"step_s": None},
                                  _work(injection_s=0.0, bisection_s=0.0), {"kind": "inference"}])  # fmt: skip
def test_nothing_is_drawn_without_messages_between_satellites(work: dict[str, Any]) -> None:
    """By definition: a job on one satellite, one that completed no step, links without limit, and services have no roofline."""
    assert roofline(work) is None
