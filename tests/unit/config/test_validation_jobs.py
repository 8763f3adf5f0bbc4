"""Jobs, links and fleet that cannot be: found at the door, one line with its place, exit 2.

Source of truth: the lines as a person would want them; places counted by hand, numbers worked out beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

LINKS = "links: {topology: mesh, terminal: dwdm-10cm}\n"  # line 13
SHELL = """name: shell
epoch: 2026-12-21T00:00:00Z
duration: 1 h
constellation: {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 10, satellites_per_plane: 20, phasing: 3}
satellite: starlink-edge
ground: {stations: default}
"""


def _training(more: str = "", model: str = "llama-3-8b") -> str:
    return f"workloads:\n- {{kind: training, model: {model}{more}}}\n"


def _inference(more: str = "", model: str = "llama-3-8b") -> str:
    return f"workloads:\n- {{kind: inference, model: {model}{more}}}\n"


def _refused(dawndusk: Any, folder: Path, text: str) -> str:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert (called.code, called.out) == (2, ""), called.err
    assert len(called.errors) == 1, called.err
    return str(called.errors[0])


# on 81 satellites of 64 TPU v6e with 32 GB, without links
CLUSTER = [
    # --- mesh
    (LINKS + _training(", mesh: {tensor: 3, pipeline: 1, data: 81}"),
     "s.yaml:15:39: workloads.0.mesh: tensor 3 does not divide the 64 accelerators of a satellite; write tensor: 2 or 4"),
    (LINKS + _training(", mesh: {tensor: 8, pipeline: 1, data: 800}"),  # 8 replicas a satellite
     "s.yaml:15:39: workloads.0.mesh: needs 100 satellites of 81; write data: 648"),
    (LINKS + _training(", members: 9, mesh: {tensor: 8, pipeline: 1, data: 80}"),
     "workloads.0.mesh: needs 10 satellites of 9; write data: 72"),
    (LINKS + _training(", mesh: {tensor: 1, pipeline: 64, data: 81}"),
     "workloads.0.mesh: pipeline 64 has more stages than the model has layers; write pipeline: 32 or less"),
    (LINKS + _training(", mesh: {tensor: 64, pipeline: 1, data: 81}"),
     "workloads.0.mesh: tensor 64 does not divide the 32 heads of the model; write tensor: 32"),
    (LINKS + _training(", zero: 1, mesh: {tensor: 1, pipeline: 1, data: 64}", "llama-3-70b"),
     "needs 458 GB of 29.4 GB per accelerator with tensor 1, pipeline 1; tensor 1, pipeline 40 needs 27.8 GB: write mesh: {tensor: 1, pipeline: 40, data: 128}"),
    (LINKS + _training(", mesh: auto"), "s.yaml:15:39: workloads.0.mesh: is not a mapping; write keys with values below it, "
     "such as `tensor: 1`; or leave it out"),
    # 405e9 parameters of 18 bytes
    (LINKS + _training(", members: 1", "llama-3-405b"), "s.yaml:15:20: workloads.0.model: nothing fits: 7.3"),
    # the 8 replicas of 8 in a satellite need 8 sequences where the mesh is given
    (LINKS + _training(", global_batch: 32768, mesh: {tensor: 8, pipeline: 1, data: 8}"),
     "workloads.0.global_batch: 4 sequences are too few for 8 replicas; write global_batch: 65536"),
    (LINKS + _training(", global_batch: 163840, mesh: {tensor: 8, pipeline: 1, data: 24}"),  # 20 sequences; whole satellites hold 16 replicas
     "workloads.0.global_batch: 20 sequences are too few for 24 replicas; write global_batch: 196608, or mesh: {data: 16}"),
    (LINKS + _training(", global_batch: 100"), "s.yaml:15:39: workloads.0.global_batch: 100 tokens are less than one sequence of 8192; "
     "write 8192 or more"),
    # --- members, shares, spares
    (LINKS + _training(", members: 100"), "s.yaml:15:39: workloads.0.members: 100 is more than the 81 satellites of the workload; "
     "write 81 or less"),
    (LINKS + _training(", method: elastic, elastic: {replicas: 100}"),
     "workloads.0.elastic.replicas: 100 need 100 satellites of 81; write 81 or less, or auto"),
    (LINKS + _training(", method: elastic, elastic: {replicas: 3}, mesh: {tensor: 8, pipeline: 1, data: 256}"),  # 32 satellites
     "workloads.0.elastic.replicas: 3 need 96 satellites of 81; write 2 or less, or auto"),
    (LINKS + _training(", method: diloco, members: 9, islands: {count: 10}"),
     "workloads.0.islands.count: 10 need 90 satellites of 81; write 9 or less, or auto"),
    (LINKS + _training(", elastic: {replicas: 4}"),
     "workloads.0.elastic: does not go with method synchronous; write method: elastic, or leave elastic out"),
    (LINKS + _training(", elastic: {replicas: 4}"), "s.yaml:15:39: workloads.0.elastic: does not go with method synchronous; "),
    (LINKS + _training(", method: elastic, islands: {count: 4}"), "workloads.0.islands: does not go with method elastic; write method: diloco, or "),
    (LINKS + _training(", method: elastic, elastic: null"),
     "s.yaml:15:56: workloads.0.elastic: is empty, and method elastic needs it; write replicas: auto below it, or leave it out"),
    (LINKS + _training(", method: diloco, islands: null"),
     "workloads.0.islands: is empty, and method diloco needs it; write count: auto below it, or leave it out"),
    (LINKS + _training(", method: elastic, elastic: {least: 0}"), "workloads.0.elastic.least: '0' must be above 0; write it like '0.5'"),
    # 3 sequences on 4 replicas; 4 x 8 replicas of 8 in a satellite need 32; half of the 81 satellites hold no model of 7.3 TB
    (LINKS + _training(", method: elastic, global_batch: 24576, elastic: {replicas: 4}"),
     "s.yaml:15:56: workloads.0.global_batch: 24576 tokens are too few for 4 replicas; write 32768 or more"),
    (LINKS + _training(", method: elastic, global_batch: 65536, elastic: {replicas: 4}, mesh: {tensor: 8, pipeline: 1, data: 8}"),
     "workloads.0.global_batch: 2 sequences of each island or replica are too few for 8 replicas; write global_batch: 262144"),
    (LINKS + _training(", method: diloco, islands: {count: 81}", "llama-3-405b"), "workloads.0.model: nothing fits: 7.31 TB of weights, "
     "gradients and optimiser on 1 satellites of 64 x 29.4 GB; write a smaller model or more satellites"),
    # satellites that work alone, without links
    (_training(", method: elastic, members: 1, elastic: {replicas: 4}"), "s.yaml:14:39: workloads.0.method: replicas on 4 satellites "
     "exchange messages, and the scenario has no links; write links: {topology: mesh}, or method: synchronous"),
    (_training(", method: diloco, members: 1"), "workloads.0.method: islands on 2 satellites exchange messages, and the scenario has no links; "),
    (LINKS + _training(", share: 0.5, members: 41"), "workloads.0.members: 41 is more than the 40 satellites of the workload; write 40 or less"),
    (LINKS + _training(", share: 0.01"), "s.yaml:15:39: workloads.0.share: 0.01 of 81 satellites is less than one; write 0.012346 or more"),
    (LINKS + _training(", share: 0.7") + "- {kind: inference, model: llama-3-8b, share: 0.5}\n",
     "s.yaml:16:40: workloads.1.share: shares add up to 1.2; write shares of 1 or less together"),
    (LINKS + _training(", share: 0.7") + "- {kind: inference, model: llama-3-8b, share: 0.3}\nfleet: {spares: 20}\n",
     "workloads.1.share: shares take 80 of 81 satellites and spares 20; write smaller shares or fewer spares"),
    (LINKS + _training() + "- {kind: inference, model: llama-3-8b, share: 1}\n",
     "s.yaml:15:3: workloads.0: is left without one of the 81 satellites; write smaller shares, fewer spares or fewer workloads"),
    (LINKS + _training() + "fleet: {spares: 81}\n", "s.yaml:16:9: fleet.spares: 81 leave none of 81 satellites at work; write fewer"),
    ("fleet: {spares: 2.5}\n", "s.yaml:13:9: fleet.spares: '2.5' is not a whole number; write 2 or 3"),
    ("fleet: {spares: 5 %}\n", "s.yaml:13:9: fleet.spares: '5 %' is not a whole number; write 0 or 1"),
    (LINKS + _training(", priority: 1.5"), "s.yaml:15:39: workloads.0.priority: 1.5 is not a whole number; write 1 or 2"),
    (LINKS + _training(", priority: high"), "s.yaml:15:39: workloads.0.priority: 'high' is not a whole number; write one like 12"),
    (LINKS + _training(", priority: 5000"), "workloads.0.priority: 5000 must be at least -1000 and at most 1000; write one in that range"),
    (LINKS + _training(", reserve: 2") + "- {kind: training, model: llama-3-8b, reserve: 3}\nfleet: {spares: 4}\n",
     "s.yaml:16:39: workloads.1.reserve: reserves take 5 of 4 spares; write fleet.spares: 5 or more, or smaller reserves"),
    (LINKS + _training(", reserve: 1"), "s.yaml:15:39: workloads.0.reserve: reserves take 1 of 0 spares; write fleet.spares: 1 or more"),
    ("workloads: [{kind: independent}, {kind: independent}]\n", "s.yaml:13:34: workloads.1: is a second independent workload, and one is simulated"),
    # --- precision
    (LINKS + _training(", precision: fp8"), "s.yaml:15:39: workloads.0.precision: tpu-v6e has no peak for 'fp8'; write one of: bf16, int8"),
    (_inference(", precision: fp16"), "s.yaml:14:40: workloads.0.precision: tpu-v6e has no peak for 'fp16'; write one of: bf16, int8"),
    # --- services
    (_inference(", tensor: 5"), "s.yaml:14:40: workloads.0.tensor: tensor 5 does not divide 64 accelerators and 32 heads; "
     "write one of 1, 2, 4, 8, 16, 32"),
    # 16.06 GB of weights in 32 x 28.8 GB leave 905.5 GB; 2,560 tokens of 16,384 bytes on each of 32
    (_inference(", batch: 1000000"), "workloads.0.batch: 16.1 GB of weights and 1000000 sequences do not fit into 32 x 28.8 GB; "
     "write batch: 674"),
    (_inference(", weight_precision: fp16, precision: int8"), "workloads.0.weight_precision: 'fp16' is wider than the precision of arithmetic; "
     "write int8 or a narrower one"),
    (_inference(", kv_precision: fp7"), "workloads.0.kv_precision: 'fp7' is unknown; did you mean 'fp8'?"),
    (_inference(", targets: {ttft: 1 s}"), "workloads.0.targets.tpot: is missing"),
    (_inference(", targets: {ttft: 1 s, tpot: 1 us}"), "s.yaml:14:40: workloads.0.targets: a single request on "),
    (_inference(", targets: {ttft: 1 s, tpot: 1 us}"), " for each further one; write tpot: "),
    (_inference(", targets: {ttft: 1 s, tpot: 1 s, percentile: 1}"), "workloads.0.targets.percentile: '1' must be at most 0.9999"),
    (_inference(", daily: {profile: [1, 2]}"), "workloads.0.daily.profile: "),
    (_inference(f", daily: {{profile: {[1] * 24}}}"), "s.yaml:14:40: workloads.0.daily: needs the mean over the day; write demand: in output tokens per second"),
    (_inference(f", demand: 5 1/s, daily: {{profile: {[0] * 24}}}"), "workloads.0.daily.profile: all 24 rates are 0; write at least one above 0"),
    # --- models
    (_inference(model="llama-3-71b"), "s.yaml:14:21: workloads.0.model: no model named 'llama-3-71b'; did you mean 'llama-3-70b'?"),
    ("workloads: [{kind: inference}]\n", "workloads.0.model: is missing; write `model: ...` here (one of: deepseek-v3, gpt-oss-120b, kimi-k2, llama-3-405b, llama-3-70b, llama-3-8b)"),
    (_inference(model="[llama-3-8b]"), "workloads.0.model: is not a mapping; write one of: deepseek-v3, "
     "gpt-oss-120b, kimi-k2, llama-3-405b, llama-3-70b, llama-3-8b; or `extends: deepseek-v3` with the keys that differ"),
    # --- parameters against the shape: 80 layers of 8192 (2 x 8192 + 2 x 1024 + 3 x 28672 + 2), two tables of 128256 x 8192
    (_training(model="{extends: llama-3-70b, parameters: 7e9}"), "s.yaml:14:50: workloads.0.model.parameters: 7e+09 are not those of "
     "the shape, 7.055e+10 by layers, hidden, heads, kv_heads, head_size, ffn, vocabulary; write parameters: 7.055e+10, or the shape"),
    (_inference(model="{extends: llama-3-70b, parameters: 7e9}"), "workloads.0.model.parameters: 7e+09 are not those of the shape"),
    # GPT-3: 12288 x 96 (4 x 12288 + 2 x 49152) and a table of 51200 are 174.6e9; with three matrices 58e9 more
    (_training(model="{name: gpt3, parameters: 174.6e9, layers: 96, hidden: 12288, heads: 96, kv_heads: 96, head_size: 128, "
     "ffn: 49152, vocabulary: 51200}"), "1.746e+11 are not those of the shape, 2.332e+11 by layers, hidden, heads, kv_heads, head_size, ffn, "
     "vocabulary; write parameters: 2.332e+11, or gated: false and tied: true"),
    # eight experts of 3 x 4096 x 14336 in 32 layers, and one of them
    (_training(model="{name: moe, parameters: 46.7e9, layers: 32, hidden: 4096, heads: 32, kv_heads: 8, head_size: 128, "
     "ffn: 14336, vocabulary: 32000}"), "4.67e+10 are not those of the shape, 7.242e+09 by layers, hidden, heads, kv_heads, head_size, "
     "ffn, vocabulary; write parameters: 7.242e+09, or the experts of a mixture as experts: {count: ..., active: ..., ffn: ...}"),
    (_training(model="{name: moe, parameters: 40e9, layers: 32, hidden: 4096, heads: 32, kv_heads: 8, head_size: 128, "
     "ffn: 14336, vocabulary: 32000, experts: {count: 8, active: 2, ffn: 14336}}"), "4e+10 are not those of the shape, 4.67e+10 by layers, "
     "hidden, heads, kv_heads, head_size, ffn, vocabulary and experts; write parameters: 4.67e+10, or the shape of the model"),
    (_training(model="{extends: llama-3-8b, experts: 8}"), "workloads.0.model.experts: is not a mapping; write keys with values below it"),
    (_training(model="{extends: llama-3-8b, experts: {count: 8, active: 9, ffn: 1}}"), "s.yaml:14:69: workloads.0.model.experts.active: 9 is "
     "more than the 8 experts of a layer; write 8 or less"),
    (_training(model="{extends: llama-3-8b, window: {tokens: 128, layers: 33}}"), "s.yaml:14:71: workloads.0.model.window.layers: 33 is more "
     "than the 32 layers of the model; write 32 or less"),
    (_training(model="{extends: llama-3-8b, tied: 1}"), "workloads.0.model.tied: '1' is neither true nor false; write one of them"),
    (_inference(model="{extends: llama-3-8b, kv_heads: 7}"), "s.yaml:14:21: workloads.0.model: kv_heads 7 does not divide heads 32; "
     "write kv_heads: 1"),
    (LINKS + _training(", interleave: 100"), "s.yaml:15:39: workloads.0.interleave: 100 virtual stages are more than the 32 layers of the model; "
     "write 32 or less, or auto"),
    # --- checkpoints: a quantity or a word, one line
    (LINKS + _training(", checkpoint: {interval: often}"), "s.yaml:15:52: workloads.0.checkpoint.interval: 'often' is not a number with a unit; "
     "write a number and one of: s, ms, us, ns, min, h, d, yr, or 'auto'"),
    (LINKS + _training(", checkpoint: {interval: -5 min}"), "workloads.0.checkpoint.interval: '-5 min' must be above 0 s; "
     "write it like '30 min', or 'auto'"),
    (LINKS + _training(", checkpoint: 30 min"), "s.yaml:15:39: workloads.0.checkpoint: is not a mapping; write keys with values below it"),
    ("workloads:\n", "s.yaml:13:1: workloads: is empty; write entries that start with '- '"),
    # --- links that are missing or of another form
    (_training(), "s.yaml:14:3: workloads.0: a job of 81 satellites needs links, and the scenario has none; "
     "write links: {topology: mesh}, or members: 1"),
    ("links: grid\n", "s.yaml:13:1: links: is not a mapping; write keys with values below it, such as `topology: grid`; or leave it out"),
    ("links: {topology: grid}\n", "s.yaml:13:9: links.topology: grid joins walkers and rings, not a cluster; write topology: mesh"),
    ("links: {topology: mesh, terminal: dwdm-10m}\n", "s.yaml:13:25: links.terminal: no terminal named 'dwdm-10m'; did you mean 'dwdm-10cm'?"),
    ("links: {topology: mesh, terminal: null}\n", "s.yaml:13:25: links.terminal: is empty; write one of: dwdm-10cm, dwdm-10cm-2x2, dwdm-10cm-4x4, ideal-link, oct-100g; or"),
    ("links: {topology: mesh, terminal: {apperture: 3 cm}}\n", "s.yaml:13:36: links.terminal.apperture: unknown key; did you mean 'aperture'?"),
    ("events: ['2026-12-21T00:10Z lose link 3-4']\n", "s.yaml:13:10: events.0.target: 'link 3-4' needs links, and the scenario has none; "
     "write links: {topology: mesh}"),
    # u = -5 has one place, u = -4 those with v from -3 to 3: the chief's neighbour below is 0's only one, 4 is (-4, 0)
    (LINKS + "events: ['2026-12-21T00:10Z lose link 0-80']\n", "s.yaml:14:10: events.0.target: 'link 0-80' is no link of this mesh; "
     "satellite 0 is joined to 4"),
    (LINKS + "events: ['2026-12-21T00:10Z lose link 3-400']\n", "events.0.target: 'link 3-400' is not in the fleet; satellites are numbered 0 to 80"),
    (LINKS + "events: [{at: 2026-12-21T00:10Z, action: lose, target: link 3-3}]\n",
     "s.yaml:14:48: events.0.target: 'link 3-3' joins a satellite to itself; write two different satellites"),
    (LINKS + "events: ['2026-12-21T00:10Z derate link 3-4']\n", "s.yaml:14:10: events.0: derate needs `to`; write e.g. to: 0.5"),
    (LINKS + "events: ['2026-12-21T00:10Z lose links 3-4']\n", "s.yaml:14:10: events.0.target: 'links 3-4' is no target; write 'satellite 17'"),
    ("events: [{at: 2026-12-21T00:10Z, action: lose, target: 3}]\n", "s.yaml:13:48: events.0.target: '3' is no target; write 'satellite 17'"),
]  # fmt: skip


@pytest.mark.parametrize(("add", "line"), CLUSTER, ids=[line[:60] for _, line in CLUSTER])
def test_job_of_a_cluster(dawndusk: Any, folder: Path, scenario_text: str, add: str, line: str) -> None:
    assert line in _refused(dawndusk, folder, scenario_text + add)


# on a shell of 10 x 20 satellites with one H100 each
GRID = "links: {topology: grid}\n"
PAIRS = "ground: {stations: default, station_pairs: "
ON_SHELL = [
    ("links: {topology: mesh}\n", "s.yaml:7:9: links.topology: mesh joins clusters, not a walker; write topology: grid"),
    (_training(), "write links: {topology: grid}, or members: 1"),
    (_inference(model="llama-3-70b"), "s.yaml:8:21: workloads.0.model: 141 GB of weights and 1 sequence do not fit into 1 x 72 GB, "
     "nor into a whole satellite; write pipeline: 2, or weight_precision: fp8, or a smaller model"),
    # 40 layers of 1.711 GB with a table of 2.1 GB are 70.6 GB of 72: two satellites hold the model
    (_inference(", pipeline: 2", "llama-3-70b"), "s.yaml:8:3: workloads.0: a copy of the model of 2 satellites needs links, and the scenario "
     "has none; write links: {topology: grid}, or pipeline: 1"),
    (GRID + _inference(", pipeline: 81", "llama-3-70b"), "s.yaml:9:41: workloads.0.pipeline: pipeline 81 has more stages than the model has "
     "layers; write pipeline: 80 or less"),
    (GRID + _inference(", pipeline: 3, share: 0.01", "llama-3-70b"), "s.yaml:9:41: workloads.0.pipeline: 3 stages need 3 satellites, and the "
     "workload has 2; write pipeline: 2 or less, or a larger share"),
    (GRID + _inference(", pipeline: auto, share: 0.02", "llama-3-405b"), "workloads.0.pipeline: 13 stages need 13 satellites, and the "
     "workload has 4; write a larger share, a narrower weight_precision, or a smaller model"),
    (GRID + _inference(", pipeline: 2, batch: 100", "llama-3-70b"), "s.yaml:9:41: workloads.0.pipeline: 70.6 GB of weights of a stage and 100 "
     "sequences do not fit into 1 x 72 GB; write batch: 3"),
    (GRID + _inference(", pipeline: two", "llama-3-70b"), "workloads.0.pipeline: 'two' is not"),
    # slots of 18 deg; satellites collide where the next plane is 22.1 deg behind: 2 slots, and at the seam, where it is 2.7 slots
    # behind, 1 slot ahead: plane 1, slot 18, and plane 9, slot 19
    (GRID + "events: ['2026-12-21T00:10Z lose link 0-40']\n",
     "events.0.target: 'link 0-40' is no link of this grid; satellite 0 is joined to 1, 19, 38, 199"),
    (PAIRS + "[[Tokyo, Sydney]]}\n", "ground.station_pairs: are joined over links, and the scenario has none; write links: {topology: grid}, or remove station_pairs"),
    (GRID + PAIRS + "[[Svalbrad, Tokyo]]}\n", "s.yaml:7:45: ground.station_pairs.0: no station named 'Svalbrad'; did you mean 'Svalbard'?"),
    (GRID + PAIRS + "[[Tokyo, Tokyo]]}\n", "s.yaml:7:45: ground.station_pairs.0: joins Tokyo to itself; write two different stations"),
    (GRID + PAIRS + "[[Svalbard, Tokyo], [Tokyo, Svalbard]]}\n", "s.yaml:7:64: ground.station_pairs.1: is the same pair as entry 0; remove it"),
    *((GRID + PAIRS + text + "}\n", "s.yaml:7:29: ground.station_pairs: " + shown + " is no pair of station names; write a list of pairs")
      for text, shown in (("[Svalbard, Tokyo]", "'Svalbard'"), ("[[Svalbard]]", "['Svalbard']"), ("Svalbard-Tokyo", "'Svalbard-Tokyo'"),
                          ("{Svalbard: Tokyo}", "{'Svalbard': 'Tokyo'}"), ("[[1, 2]]", "[1, 2]"), ("[[Tokyo, null]]", "['Tokyo', None]"))),
]  # fmt: skip


@pytest.mark.parametrize(("add", "line"), ON_SHELL, ids=[line[:60] for _, line in ON_SHELL])
def test_job_of_a_shell(dawndusk: Any, folder: Path, add: str, line: str) -> None:
    text = SHELL.replace("ground: {stations: default}\n", "") if "ground:" in add else SHELL
    assert line in _refused(dawndusk, folder, text + add)


def test_job_across_formations(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    """A mesh joins the 81 of each formation; 162 together have no way to each other."""
    two = scenario_text.replace("  kind: cluster\n", "  kind: cluster\n  clusters: 2\n") + LINKS
    line = _refused(dawndusk, folder, two + _training())
    assert (
        "a job of 162 satellites is larger than the 81 that mesh joins to each other; write members: 81, or topology: nearest"
        in line
    )
    for text in (two + _training(", members: 81"), two.replace("mesh", "nearest") + _training()):
        (folder / "s.yaml").write_text(text, encoding="utf-8")
        assert dawndusk("validate", "s.yaml").code == 0


def test_a_problem_with_a_default_is_reported_where_the_workload_is(dawndusk: Any, folder: Path) -> None:
    """The sequence length is the default's, 8,192 tokens; the batch given is one sequence of half as many."""
    text = SHELL + "links: {topology: grid}\n" + _training(", global_batch: 4096")
    assert "workloads.0.global_batch: 4096 tokens are less than one sequence of 8192" in _refused(dawndusk, folder, text)


def test_several_problems_at_once(dawndusk: Any, folder: Path) -> None:
    """A job's precision, a pair of stations and a topology, each on its line, in the order of the file."""
    text = SHELL.replace("}\nsatellite", "}\nlinks: {topology: mesh}\nsatellite").replace(
        "default}", "default, station_pairs: [[Tokyo, Tokio]]}"
    )
    (folder / "s.yaml").write_text(text + _inference(", precision: int8"), encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == 2
    assert [line.split(": ")[:2] for line in called.errors] == [
        ["s.yaml:5:9", "links.topology"],
        ["s.yaml:7:45", "ground.station_pairs.0"],
        ["s.yaml:9:40", "workloads.0.precision"],
    ]


def test_some_values_of_the_default_terminal(folder: Path) -> None:
    """A section that is there is laid on its defaults: the aperture is the scenario's, the wavelength the default's."""
    from sim.config.scenario import load

    (folder / "s.yaml").write_text(SHELL + "links: {topology: grid, terminal: {aperture: 20 cm}}\n", encoding="utf-8")
    links = load("s.yaml").scenario.links
    assert links is not None
    assert (links.terminal.aperture, links.terminal.name) == (0.2, "oct-100g")
    assert links.terminal.wavelength == pytest.approx(1.55e-6)


def test_terminal_with_a_name_of_its_own_is_whole(dawndusk: Any, folder: Path) -> None:
    (folder / "s.yaml").write_text(
        SHELL + "links: {topology: grid, terminal: {name: mine, aperture: 20 cm}}\n", encoding="utf-8"
    )
    called = dawndusk("validate", "s.yaml")
    assert called.code == 2
    assert "links.terminal.wavelength: is missing" in called.err


@pytest.mark.parametrize("topology", ["grid", "mesh", "nearest"])
def test_topology_of_a_catalogue(topology: str, catalogue: Path) -> None:
    """Source of truth: the contract: a catalogue has no grid, the nearest are joined, and the notes say so."""
    from sim.config.scenario import load

    found = load("starlink_edge", ("constellation.tle=five.tle", f"links.topology={topology}"))
    assert found.scenario.links is not None
    assert found.scenario.links.topology == "nearest"
    reported = [note for note in found.notes if note.startswith("links.topology: nearest")]
    assert reported == (
        [] if topology == "nearest" else [f"links.topology: nearest, as {topology} has no form in a catalogue"]
    )


@pytest.mark.parametrize(("parameters", "noted"), [("70.5e9", False), ("69.6e9", True), ("72e9", True), ("68e9", True)])
def test_parameters_near_those_of_the_shape_are_noted(
    dawndusk: Any, folder: Path, scenario_text: str, parameters: str, noted: bool
) -> None:
    """By hand: the shape has 70.55e9 with two vocabulary tables; noted from 1 %: below 69.85e9 and above 71.26e9."""
    model = f"{{extends: llama-3-70b, parameters: {parameters}}}"
    (folder / "s.yaml").write_text(scenario_text + LINKS + _training(model=model), encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == 0
    assert ("parameters are given, the shape has" in called.out + called.err) == noted


def test_catalogue_beside_a_shell_has_no_grid(dawndusk: Any, folder: Path, catalogue: Path) -> None:
    one = SHELL.splitlines()[3].removeprefix("constellation: ")
    text = SHELL.replace(f"constellation: {one}", f"constellation: [{one}, {{kind: tle, tle: five.tle}}]")
    line = _refused(dawndusk, folder, text.replace("12-21T", "12-20T") + GRID)
    assert "links.topology: grid joins walkers and rings, not a tle (constellation.1); write topology: nearest" in line


@pytest.mark.parametrize("line", ["5", "[]", '{"identity": "x", "sources": "y"}\n{"metrics": {}}'])
def test_journal_that_is_none(folder: Path, line: str) -> None:
    """Whole lines that no study wrote are refused, with their place, and kept as they are."""
    from sim.config.errors import InputError
    from sim.studies.journal import NAME, Journal

    (folder / NAME).write_text(line + "\n", encoding="ascii")
    with (
        pytest.raises(InputError, match=rf"{NAME}:{len(line.splitlines())}:1: is not a line of a journal"),
        Journal(folder, {"identity": "x", "sources": "y"}),
    ):
        pass
    assert (folder / NAME).read_text("ascii") == line + "\n"


def test_pipelines_that_leave_a_rest_are_noted(dawndusk: Any, folder: Path) -> None:
    """By hand: 80 layers over 3 are 27, 27 and 26, and divisors of 80 next to 3 are 2 and 4; 3 leaves 2 of 200 satellites; 4 divides both."""
    for count, lines in ((4, 0), (3, 2)):
        (folder / "s.yaml").write_text(SHELL + GRID + _inference(f", pipeline: {count}", "llama-3-70b"), encoding="utf-8")
        called = dawndusk("validate", "s.yaml")
        assert called.code == 0, called.err
        assert (called.out + called.err).count("workloads.0.pipeline") == lines
    text = called.out + called.err
    assert "3 does not divide 80 layers, and stages of 27 pace those of 26; write 2 or 4 for even stages" in text
    assert "3 does not divide 200 satellites, and 2 without a copy only replace members; write a share or fleet.spares that leaves 198" in text


@pytest.mark.parametrize(
    ("given", "line"),
    [
        # 1,979 TFLOP/s in bf16 and 3,958 in fp8 are printed with 2:4 sparsity; 989 and 1,979 are dense
        ("satellite.accelerator.peak.bf16=1979 TFLOP/s", "satellite.accelerator.peak.bf16: 1.979e+15 FLOP/s is twice the dense peak of h100-sxm, "
         "as with 2:4 sparsity; write 989 TFLOP/s, or kernels: null for another chip"),
        ("satellite.accelerator={extends: h100-sxm, name: mine, peak: {fp8: 3958 TFLOP/s}}", "is twice the dense peak of h100-sxm"),
        ("satellite.accelerator={extends: b200-sxm, peak: {bf16: 4500 TFLOP/s}}", "satellite.accelerator.peak.bf16: 4.5e+15 FLOP/s is twice"),
        ("satellite.accelerator.kernels=h100", "satellite.accelerator.kernels: no table of measured kernels is named 'h100'; write one of: a100-sxm, "),
        ("baseline={extends: colossus-1-h100, accelerator: {extends: h100-sxm, kernels: none-such}}", "no table of measured kernels is named 'none-such'"),
    ],
)  # fmt: skip
def test_accelerators_that_are_not_as_measured(dawndusk: Any, given: str, line: str) -> None:
    called = dawndusk("validate", "colossus_in_orbit_clusters", "--set", given)
    assert (called.code, called.out) == (2, ""), called.err
    assert len(called.errors) == 1, called.err
    assert line in called.errors[0], called.err


def test_a_chip_without_a_table_may_have_twice_the_peak(dawndusk: Any) -> None:
    """What if the chip were twice as fast: a note asks whether the figure is a sparse one."""
    sets = ("--set", "satellite.accelerator.peak.bf16=1979 TFLOP/s", "--set", "satellite.accelerator.kernels=null")
    called = dawndusk("validate", "colossus_in_orbit_clusters", *sets)
    assert called.code == 0, called.err
    assert "2:4 sparsity" in called.err + called.out
