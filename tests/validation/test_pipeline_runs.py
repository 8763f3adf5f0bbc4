"""Whole runs of services whose copies span satellites."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sim import api
from sim.config import workload_params
from sim.engine.driver import Run
from sim.results import summary
from sim.workload.serving_load import capacity

SCENARIO = """\
name: split
epoch: 2026-03-20T00:00:00Z
duration: {duration}
step: 60 s
seed: 3
constellation: {constellation}
satellite: {satellite}
links: {{topology: {topology}, terminal: {{extends: oct-100g, channel_rate: {rate} Gbit/s}}}}
fleet: {{spares: {spares}, recovery: {{detection: 60 s, restart: 120 s}}{failures}}}
recorder: {{satellites: 0}}
workloads:
- {{kind: inference, model: llama-3-70b, precision: bf16, weight_precision: fp8, kv_precision: fp8{service}}}
events: [{events}]
"""
CLUSTER = "{kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {shape: square, spacing: 200 m, radius: 400 m}}"
SHELL = "{kind: walker, pattern: star, altitude: 1000 km, inclination: 87 deg, planes: 4, satellites_per_plane: 12, phasing: 0}"


def run(
    folder: Path, service: str, *, constellation: str = CLUSTER, satellite: str = "suncatcher", topology: str = "mesh", rate: float = 100.0,
    spares: int = 0, failures: str = "", events: str = "", duration: str = "20 min",
) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    path = folder / "split.yaml"
    text = SCENARIO.format(
        service=service, constellation=constellation, satellite=satellite, topology=topology, rate=rate, spares=spares, failures=failures,
        events=events, duration=duration,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    loaded = api.load(path)
    return loaded.scenario, api.run(loaded).summary


def rows(found: dict[str, Any]) -> dict[str, Any]:
    """Rows of nameplate, which they make up."""
    compute = found["compute"]
    nameplate = compute["nameplate_flops"]
    assert sum(row["flops"] for row in compute["waterfall"]) == pytest.approx(nameplate, rel=1e-9)
    return {row["cause"]: (row["own_flops"] / nameplate, row["induced_flops"] / nameplate) for row in compute["waterfall"]}


def test_every_lost_flop_has_one_cause(tmp_path: Path) -> None:
    """Invariant: rows make up nameplate while copies lose members to events and at random, lose accelerators, and are cut off. By hand:
    of 13 satellites one is a spare and copies of 4 take 12. The spare replaces satellite 0 after 200 s: what it is a spare is 200 s
    of the 1,200 s of one of 13. Of satellite 5 half is left for 300 s, so that the three others of its copy lose as much."""
    quiet = rows(run(tmp_path, ", pipeline: 4", spares=1)[1])
    assert quiet["spare"] == pytest.approx((1 / 13, 0.0), rel=1e-9)
    found = rows(run(tmp_path, ", pipeline: 4", spares=1, events='"+200 s lose satellite 0"')[1])
    assert found["spare"] == pytest.approx((200 / 1200 / 13, 0.0), rel=1e-6)
    assert found["failed"][0] == pytest.approx(1000 / 1200 / 13, rel=1e-6)
    assert found["recovery"][0] >= 4 * 180 / 1200 / 13 * (1.0 - 1e-6)  # detection and restart, and loading
    slow = rows(run(tmp_path, ", pipeline: 4", spares=1, events='"+300 s derate satellite 5 to 0.5 for 300 s"')[1])
    assert slow["failed"] == pytest.approx((0.5 * 300 / 1200 / 13, 3 * 0.5 * 300 / 1200 / 13), rel=1e-6)
    wild = rows(
        run(
            tmp_path, ", pipeline: 3, targets: {ttft: 3 s, tpot: 80 ms}, demand: 2e5 1/s", failures=", failures: {mean_time: 2 h, accelerators: 8}, repair: "
            "{time: 5 min}", events='"+90 s lose links of satellite 2 for 5 min", "+400 s derate satellite 7 accelerators to 0.875"',
        )[1]
    )  # fmt: skip
    assert min(wild[cause][0] for cause in ("failed", "recovery", "outage", "useful", "communication", "bubble")) > 0.0
    assert min(min(row) for row in wild.values()) >= -1e-12


def test_time_per_token_over_a_shell(tmp_path: Path) -> None:
    """Source of truth: geometry. Neighbours of 12 in a plane are 2 a sin(15 deg) apart, 3,815 km or 12.7 ms, and copies of two lie in one
    plane; a token of a request that is alone passes there and back, 20 us of switching each, besides the steps of both stages."""
    scenario, found = run(
        tmp_path, ", pipeline: 2, batch: 1, tensor: 2, output_tokens: 10000", constellation=SHELL, satellite="starcloud-2", topology="grid", duration="5 min",
    )  # fmt: skip
    hop_s = 2 * (6378.137e3 + 1000e3) * math.sin(math.radians(15.0)) / 299_792_458.0 + 20e-6
    job = scenario.workloads[0]
    service = workload_params.service(job, scenario.satellite)
    load = capacity(service)
    assert load is not None
    assert service.micro_batches == 1
    entry = found["workloads"][0]
    assert entry["pipeline"] == 2
    assert 1e-3 * entry["tpot_ms"] - load.step_s == pytest.approx(2 * hop_s, rel=0.01)


@pytest.mark.parametrize("block", [1, 7, 60])
def test_users_are_routed_to_satellites_that_have_replaced_others(tmp_path: Path, block: int) -> None:
    """By definition: over a grid that joins all satellites a station reaches any of them from each that it sees. So a copy that has moved to
    spares is reached as well as all satellites are, but for the first step, at whose end users were still routed to the lost ones."""
    coverage = []
    for work in ("{kind: independent}", "{kind: inference, model: llama-3-70b, weight_precision: fp8, kv_precision: fp8, pipeline: 2, share: 0.05}, {kind: independent}"):
        text = SCENARIO.format(
            service="", constellation=SHELL, satellite="suncatcher", topology="grid", rate=100.0, spares=2, failures="",
            events='"+1 s lose satellites 0-1"', duration="20 min",
        )  # fmt: skip
        head = text[: text.index("workloads:")].replace("detection: 60 s, restart: 120 s", "detection: 0 s, restart: 0 s")
        path = tmp_path / "reached.yaml"
        path.write_text(f"{head}ground: {{stations: default, min_elevation: 5 deg}}\nworkloads: [{work}]\n{text[text.index('events:'):]}", encoding="utf-8")
        found = summary.summary(Run(api.load(path), block=block).finish())
        coverage.append(found["ground"]["coverage_fraction"])
    assert coverage[0] > 0.5
    assert coverage[0] - 1.0 / 20.0 <= coverage[1] <= coverage[0]


def test_one_stage_changes_nothing(tmp_path: Path) -> None:
    """By definition: a copy on one satellite is the service as it is without the field."""
    results = [run(tmp_path, service, spares=1)[1] for service in ("", ", pipeline: 1", ", pipeline: auto")]
    own = {"scenario_sha256", "numbers"}  # the field itself
    for found in results[1:]:
        assert {k: v for k, v in found.items() if k not in own} == {k: v for k, v in results[0].items() if k not in own}


def test_twice_the_rate_of_every_link_never_lowers_the_tokens(tmp_path: Path) -> None:
    """By physics; and by hand where links limit: a request is 2,048 tokens of prompt and 512 of answer, of 8,192 values of 2 B each,
    41.9 MB over a border for 512 tokens. Three copies at 1 Gbit/s deliver 3 x 512 x 125e6 / 41.9e6 = 4,578 tokens/s."""
    tokens = [run(tmp_path, ", pipeline: 4", rate=rate, duration="3 min")[1]["workloads"][0]["tokens_per_s"] for rate in (1.0, 2.0, 100.0, 200.0)]
    assert tokens == sorted(tokens)
    assert tokens[:2] == pytest.approx([4578.0, 2 * 4578.0], rel=1e-3)
