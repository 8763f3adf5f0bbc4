"""The ledger of satellites that wait for each other: every loss has a size that can be written down on paper.

81 satellites in sunlight, with power and cooling in plenty, so that all rates are 1 until an event says otherwise. What a
step takes is worked out here from the model's shape and the chip's data; durations, delays and shares from the events.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from sim import api
from sim.config.scenario import Loaded
from sim.engine.driver import Run
from sim.results import summary as metrics

SCENARIO = """\
name: ledger
epoch: {epoch}
duration: 2 h
step: {step}
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {{shape: square, spacing: 200 m, radius: 1 km}}
satellite: {satellite}
links: {{topology: mesh, terminal: {{extends: dwdm-10cm, channel_rate: 4 Tbit/s}}}}
fleet: {{spares: {spares}, soft_errors: false, recovery: {{detection: 60 s, restart: 240 s}}}}
recorder: {{satellites: 0}}
workloads:
  - {workload}
"""
TRAINING = (
    "{{kind: training, model: llama-3-70b, method: synchronous, jitter: 0, overlap: 0.9, interleave: 1, recompute: 0.25, "
    "sequence_length: 8192, global_batch: 16777216, micro_batch: 1, mesh: {{tensor: 8, pipeline: 8, data: {data}}}, "
    "checkpoint: {{interval: {interval}, rate: 78.125 MB/s}}}}"
)
SERVICE = "{kind: inference, model: llama-3-70b, tensor: 8, batch: 16, input_tokens: 2048, output_tokens: 512, precision: bf16"
# memory without limit: a step is arithmetic and messages
ARITHMETIC = "{extends: suncatcher, accelerator: {extends: tpu-v6e, memory_bandwidth: 1e9 TB/s}}"
SUNNY, SEASON = "2026-03-20T00:00:00Z", "2026-12-21T00:00:00Z"  # no eclipse; 20 min of it in every orbit
N = 81
DURATION_S = 7200.0
HALF = "2026-03-20T01:00:00Z"
EXACT = 1e-9  # of nameplate: rounding

# Llama 3 70B [llama3:table 3]
PARAMETERS, LAYERS, HIDDEN, KV_VALUES = 70_553_706_496, 80, 8192, 8 * 128
MATRICES, TABLE = HIDDEN * (2 * HIDDEN + 2 * KV_VALUES + 3 * 28672), 128256 * HIDDEN  # of a layer; of the vocabulary
SEQUENCE, SEQUENCES = 8192, 2048
STATE_BYTES = 14.0 * PARAMETERS  # of a checkpoint: bf16 weights, three fp32 copies
LINK_BIT_S = 24 * 4e12
HOP_S = 20e-6 + 150.0 / 299_792_458.0  # neighbours are 100 to 200 m apart

Rows = dict[str, tuple[float, float]]
Scenario = Callable[..., Loaded]


class Step(NamedTuple):
    """Seconds of one training step, and of it at peak; `slot` is one micro-batch in one stage."""

    arithmetic: float
    recompute: float
    bubble: float
    communication: float
    peak: float
    slot: float

    @property
    def total(self) -> float:
        return self.arithmetic + self.recompute + self.bubble + self.communication


def training_step(loaded: Loaded, replicas: int, pace: float = 1.0, late_s: float = 0.0) -> Step:
    """One step of 16 M tokens, one replica a satellite: tensor 8, pipeline 8; late_s: gradients that nothing hides.

    A layer: 2 FLOPs for each of its matrices and a token, 2 h s of causal attention; backward 4, and 2.5 times as many of attention at
    559/646 of the rate [shah2024]; a quarter of the layers forward again. Four gathers and scatters among the tensor group in either
    pass [korthikanti2022:section 4.2.2]. The last of 8 stages of 10 layers has the output matrix besides; pipeline of m + p - 1.
    """
    chip = loaded.scenario.satellite.accelerator
    peak, speed = 8 * chip.peak["bf16"] * pace, 8 * chip.peak["bf16"] * chip.kernel_efficiency * pace  # of a tensor group
    attention = HIDDEN * SEQUENCE
    forward, backward = 2 * (MATRICES + attention), 4 * MATRICES + 2.5 * 646 / 559 * 2 * attention
    layer_s, again_s = SEQUENCE * (forward + backward) / speed, 0.25 * SEQUENCE * forward / speed
    output_s = SEQUENCE * 6 * TABLE / speed
    half = 7 * (chip.fabric.latency + 2.0 * SEQUENCE * HIDDEN / 8 / chip.fabric.rate)
    fabric_s = (8 + 0.25 * 4) * half
    whole_s = layer_s + again_s + fabric_s
    each = SEQUENCES / replicas  # micro-batches of a replica, on average
    needed = each * (LAYERS * whole_s + output_s) / 8
    taken = -(-SEQUENCES // replicas) * (10 * whole_s + output_s) + 7 * 10 * whole_s
    model = 6 * (PARAMETERS - TABLE) + 6 * LAYERS * attention
    return Step(
        arithmetic=each * (LAYERS * layer_s + output_s) / 8, recompute=each * LAYERS * again_s / 8, bubble=taken - needed,
        communication=each * LAYERS * fabric_s / 8 + late_s, peak=each * SEQUENCE * model / (8 * peak), slot=10 * whole_s,
    )  # fmt: skip


def working(loaded: Loaded, step: Step, share: float) -> Rows:
    """Own rows of nameplate time `share` spent on training steps, alike for all."""
    own = {
        "useful": share * step.peak / step.total,
        "kernel": share * (step.arithmetic - step.peak) / step.total,
        "recompute": share * step.recompute / step.total,
        "bubble": share * step.bubble / step.total,
        "communication": share * step.communication / step.total,
    }
    return {cause: (value, 0.0) for cause, value in own.items()}


def add(*parts: Rows) -> Rows:
    causes = dict.fromkeys(cause for part in parts for cause in part)
    nothing = (0.0, 0.0)
    return {c: (sum(p.get(c, nothing)[0] for p in parts), sum(p.get(c, nothing)[1] for p in parts)) for c in causes}


def shares(summary: dict[str, Any]) -> Rows:
    """Own and induced part of each row, of nameplate; the two make up the row, the rows make up nameplate."""
    compute = summary["compute"]
    nameplate, rows = compute["nameplate_flops"], compute["waterfall"]
    for row in rows:
        assert row["own_flops"] + row["induced_flops"] == pytest.approx(row["flops"], abs=1e-12 * nameplate)
    assert sum(row["flops"] for row in rows) == pytest.approx(nameplate, rel=EXACT)
    return {row["cause"]: (row["own_flops"] / nameplate, row["induced_flops"] / nameplate) for row in rows}


def check(found: Rows, expected: Rows, tolerance: float = EXACT) -> None:
    """Rows that are not expected are empty: with power and cooling in plenty nothing else may happen."""
    for cause, (own, induced) in found.items():
        wanted = expected.get(cause, (0.0, 0.0))
        assert own == pytest.approx(wanted[0], abs=tolerance), f"{cause}, own"
        assert induced == pytest.approx(wanted[1], abs=tolerance), f"{cause}, induced"


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("ledger")

    def load(
        *events: str, epoch: str = SUNNY, step: str = "60 s", spares: int = 0, interval: str = "10 d", workload: str = "",
        sets: tuple[str, ...] = (),
    ) -> Loaded:  # fmt: skip
        workload = workload or TRAINING.format(data=N - spares, interval=interval)
        path = folder / "ledger.yaml"
        satellite = "suncatcher" if "inference" in workload else ARITHMETIC
        text = SCENARIO.format(epoch=epoch, step=step, spares=spares, workload=workload, satellite=satellite)
        path.write_text(text, encoding="utf-8")
        return api.load(path, set=sets, events=events)

    return load


def ran(loaded: Loaded) -> Rows:
    return shares(api.run(loaded).summary)


def test_nothing_happens(scenario: Scenario) -> None:
    """Source of truth: the step on paper; the last backward pass and the first forward pass hide the exchange, and no member waits."""
    loaded = scenario()
    found = api.run(loaded).summary
    check(shares(found), working(loaded, training_step(loaded, N), 1.0))
    assert found["workloads"][0]["step_s"] == pytest.approx(training_step(loaded, N).total, rel=EXACT)


def test_one_lost_all_wait(scenario: Scenario) -> None:
    """Source of truth: from half-time on one satellite of 81 is gone and 80 stand for it. Nothing was saved: the whole first half is to be
    done again."""
    loaded = scenario(f"{HALF} lose satellite 17")
    check(ran(loaded), {"recovery": (0.5, 0.0), "failed": (0.5 / N, 0.5 * (N - 1) / N)})


def test_lost_within_a_step_and_restored(scenario: Scenario) -> None:
    """Source of truth: lost at 1 h 0 min 17 s for 2,000 s; then all 81 restart (240 s) and reload their part of 14 bytes a
    parameter at 5 GB/s. Nothing was saved: the first hour is recovery, whatever was done in it."""
    loaded = scenario("2026-03-20T01:00:17Z lose satellite 17", "2026-03-20T01:33:37Z restore satellite 17")
    step = training_step(loaded, N)
    again_s = 240.0 + STATE_BYTES / N / 5e9
    done = working(loaded, step, (DURATION_S - 5617.0 - again_s) / DURATION_S)
    gone = 2000.0 / DURATION_S
    expected = add(done, {"failed": (gone / N, gone * (N - 1) / N)}, {"recovery": ((3617.0 + again_s) / DURATION_S, 0.0)})
    check(ran(loaded), expected)


def test_one_slow_all_slow(scenario: Scenario) -> None:
    """Source of truth: for half of the time one satellite has half of its rate, and 80 leave as much unused. Arithmetic
    takes twice as long at that pace, transfers inside a satellite as long as before."""
    loaded = scenario(f"{HALF} derate satellite 17 to 0.5")
    expected = add(
        working(loaded, training_step(loaded, N), 0.5), working(loaded, training_step(loaded, N, pace=0.5), 0.25),
        {"failed": (0.25 / N, 0.25 * (N - 1) / N)},
    )  # fmt: skip
    check(ran(loaded), expected)


@pytest.mark.parametrize(("left", "share"), [("", 0.25), (" to 0.5", 0.125)])
def test_one_manoeuvres_all_wait(scenario: Scenario, left: str, share: float) -> None:
    """Source of truth: for half an hour of two one satellite pauses, or has half of its rate, and 80 leave as much unused. Nothing
    is done again: the job goes on where it was."""
    loaded = scenario(f"2026-03-20T00:30:00Z maneuver satellite 17{left} for 30 min")
    rest = {"maintenance": (share / N, share * (N - 1) / N)}
    slow = working(loaded, training_step(loaded, N, pace=0.5), 0.125) if left else {}
    check(ran(loaded), add(working(loaded, training_step(loaded, N), 0.75), slow, rest), EXACT)


def test_one_is_maintained_all_wait(scenario: Scenario) -> None:
    """Source of truth: as for a lost member, in another row: out of service for the second half, and all work before is undone."""
    found, lost = (ran(scenario(f"{HALF} {action} satellite 17")) for action in ("maintain", "lose"))
    assert found.pop("maintenance") == pytest.approx((0.5 / N, 0.5 * (N - 1) / N), abs=EXACT)
    assert lost.pop("failed") == pytest.approx((0.5 / N, 0.5 * (N - 1) / N), abs=EXACT)
    assert {cause: part for cause, part in found.items() if cause != "failed"} == {c: p for c, p in lost.items() if c != "maintenance"}
    assert found["failed"] == (0.0, 0.0)


class Hot(Run):
    """A run in which satellite 17 begins with a loop of 88 degC, too large to cool within hours."""

    def __init__(self, loaded: Any) -> None:
        super().__init__(loaded)
        self.first_state.row("loop_k")[17] = 361.15


def test_one_hot_all_slow(scenario: Scenario) -> None:
    """Source of truth: definition. Whatever rate the heat leaves one satellite of 81, all 81 run at it: of what is
    lost to it a part in 81 is its own. The rest of the time goes to training steps as before, at that rate."""
    loaded = scenario()
    loop = {"loop": loaded.scenario.satellite.thermal.loop.model_copy(update={"heat_capacity": 1e10})}
    thermal = loaded.scenario.satellite.thermal.model_copy(update=loop)
    satellite = loaded.scenario.satellite.model_copy(update={"thermal": thermal})
    warm = replace(loaded, scenario=loaded.scenario.model_copy(update={"satellite": satellite, "initial": "full"}))
    assert shares(metrics.summary(Run(warm).finish()))["thermal"] == (0.0, 0.0)
    found = shares(metrics.summary(Hot(warm).finish()))
    own, induced = found["thermal"]
    assert 0.05 < own + induced < 0.9
    assert own == pytest.approx((own + induced) / N, abs=1e-4 / N)  # of a satellite's rate: limits and load settle to 1e-4 of the duty
    pace = 1.0 - own - induced
    step = training_step(loaded, N, pace)
    check({**found, "thermal": (0.0, 0.0)}, working(loaded, step, pace), tolerance=2e-3)


def late_s(step: Step, hops: int, link_bit_s: float) -> float:
    """What a ring of 81 sends over a slow link, 2 x 80 times an 81st of bf16 gradients one after the other and once its delay, beyond what
    hides its halves: 0.9 of a backward pass, 2/3 of a micro-batch, and 0.9 of a forward pass."""
    sent_s = hops * HOP_S + 2 * (N - 1) * 8.0 * 2.0 * PARAMETERS / N / link_bit_s
    return max(0.0, 0.5 * sent_s - 0.6 * step.slot) + max(0.0, 0.5 * sent_s - 0.3 * step.slot)


# Rows of the lattice hold 1, 7, 9, 9, 9, 11, 9, 9, 9, 7, 1 satellites and are gone through to and fro: 0, 7 to 1, 8 to 16,
# 25 to 17, 26 to 34, ... So 29 hands on to its neighbour 30. The first, 0, hangs on 4 alone and reaches 7 over 4, 5 and 6, so
# that link 5-6 carries a message in each direction: from 0 to 7, four links long, and from 6 to 5.
@pytest.mark.parametrize(("link", "hops", "senders"), [("29-30", 1, 1), ("5-6", 4, 2)])
def test_one_slow_link(scenario: Scenario, link: str, hops: int, senders: int) -> None:
    """Source of truth: a ring without barriers: the slow link sends its 160 messages one after the other, and its senders let the others
    wait. 2e-6 of nameplate: light over four links of 100 to 200 m is known to 0.7 us. Routes go by delay, so that a slow link keeps
    its messages."""
    loaded = scenario(f"{HALF} derate link {link} to 0.003")
    quick = training_step(loaded, N)
    late = late_s(quick, hops, 0.003 * LINK_BIT_S)
    assert late > 0.5 * quick.slot
    slow = training_step(loaded, N, late_s=late)
    other = (N - senders) / N * late / slow.total  # of the communication, what was suffered for others
    expected = add(
        working(loaded, quick, 0.5), working(loaded, slow, 0.5), {"communication": (-0.5 * other, 0.5 * other)}
    )
    check(ran(loaded), expected, tolerance=2e-6)


@pytest.mark.parametrize(("spares", "stands"), [(1, "spare"), (0, "unplaced")])
def test_back_to_the_last_save(scenario: Scenario, spares: int, stands: str) -> None:
    """Source of truth: 80 members and one that stands by, as a spare or because the mesh has no place; 600 s of work and a save of 14 bytes a parameter in turn. One is lost 3,700 s
    into the run: the seventh interval, 85 s old, is done again after detection, restart and reload. All that time is recovery."""
    workload = TRAINING.format(data=80, interval="10 min")
    loaded = scenario("2026-03-20T01:01:40Z lose satellite 17", spares=spares, workload=workload)
    save_s = STATE_BYTES / 80 / 5e9
    cycle_s, lost_s = 600.0 + save_s, 3700.0
    before = int(lost_s // cycle_s)  # saves
    undone_s = lost_s - before * cycle_s
    assert 0.0 < undone_s < 600.0
    away_s = 60.0 + 240.0 + save_s
    left_s = DURATION_S - lost_s - away_s
    after = int(left_s // cycle_s)
    assert left_s - after * cycle_s < 600.0
    run_s = DURATION_S - away_s - (before + after) * save_s
    step, part = training_step(loaded, 80), 80 / N / DURATION_S
    expected = add(
        working(loaded, step, part * (run_s - undone_s)), {"recovery": (part * (undone_s + away_s), 0.0)},
        {"checkpoint": (part * (before + after) * save_s, 0.0)}, {stands: (lost_s / N / DURATION_S, 0.0)},
        {"failed": ((DURATION_S - lost_s) / N / DURATION_S, 0.0)},
    )  # fmt: skip
    check(ran(loaded), expected)


def test_cut_off(scenario: Scenario) -> None:
    """Source of truth: satellite 0 hangs on one link; without it, for 30 of 120 minutes, no step ends. Its own chips'
    share of that is its own outage, and the others wait for it. Nothing but time is lost."""
    loaded = scenario(f"{HALF} lose link 0-4", "2026-03-20T01:30:00Z restore link 0-4")
    found = ran(loaded)
    assert found["outage"] == pytest.approx((0.25 / N, 0.25 * (N - 1) / N), abs=EXACT)
    check({**found, "outage": (0.0, 0.0)}, working(loaded, training_step(loaded, N), 0.75))


def test_cut_off_and_replaced(scenario: Scenario) -> None:
    """Source of truth: 80 members and one over. Satellite 0 loses its only link at half-time, for good: after a minute it is
    given up, the one over takes its rank, and all go on from the last save after restart and reload. Until then the time of
    satellite 0 is its own outage and that of the others induced; afterwards only it is away."""
    workload = TRAINING.format(data=80, interval="10 min")
    found = ran(scenario(f"{HALF} lose link 0-4", workload=workload))
    save_s = STATE_BYTES / 80 / 5e9
    cycle_s, half_s = 600.0 + save_s, 0.5 * DURATION_S
    before = int(half_s // cycle_s)
    undone_s = half_s - before * cycle_s
    away_s = 240.0 + save_s
    left_s = half_s - 60.0 - away_s
    after = int(left_s // cycle_s)
    assert 0.0 < undone_s < 600.0
    assert left_s - after * cycle_s < 600.0
    step, part = training_step(scenario(workload=workload), 80), 80 / N / DURATION_S
    worked = working(scenario(workload=workload), step, part * (DURATION_S - undone_s - 60.0 - away_s - (before + after) * save_s))
    check(
        found,
        add(
            worked, {"recovery": (part * (undone_s + away_s), 0.0)},
            {"checkpoint": (part * (before + after) * save_s, 0.0)},
            {"unplaced": ((half_s + 60.0) / N / DURATION_S, 0.0)},
            {"outage": (half_s / N / DURATION_S, 60.0 * 79 / N / DURATION_S)},
        ),
    )  # fmt: skip


def test_some_accelerators_fail(scenario: Scenario) -> None:
    """Source of truth: from half-time on an eighth of one satellite of 81 is gone. All roll back (nothing was saved), detect
    the failure, restart and reload; then all run at seven eighths of the rate, and every member keeps its rank."""
    loaded = scenario(f"{HALF} derate satellite 17 accelerators to 0.875")
    away_s = 60.0 + 240.0 + STATE_BYTES / N / 5e9
    run = (3600.0 - away_s) / DURATION_S
    recovery = 0.5 + away_s / DURATION_S * (N - 0.125) / N
    expected = add(
        {"recovery": (recovery, 0.0)},
        working(loaded, training_step(loaded, N, pace=0.875), 0.875 * run),
        {"failed": (0.125 * 0.5 / N, 0.125 * run * (N - 1) / N)},
    )  # fmt: skip
    check(ran(loaded), expected)


def test_all_links_of_a_satellite(scenario: Scenario) -> None:
    """Source of truth: satellite 40 in the middle has no link for 30 of 120 minutes: no step ends, its own share is its own
    outage, and the others wait for it. Nothing but time is lost."""
    loaded = scenario(f"{HALF} lose links of satellite 40", "2026-03-20T01:30:00Z restore links of satellite 40")
    found = ran(loaded)
    assert found["outage"] == pytest.approx((0.25 / N, 0.25 * (N - 1) / N), abs=EXACT)
    check({**found, "outage": (0.0, 0.0)}, working(loaded, training_step(loaded, N), 0.75))


def service_step_s(loaded: Loaded) -> tuple[float, float]:
    """A step of 16 sequences in a tensor group of 8: mean seconds, and of it at peak arithmetic.

    Each kernel of a layer takes the longer of arithmetic and memory [scaling-book:inference]. One step in 32 takes a prompt beside
    the sequences: 16 of them end after 512 steps, and prompts of 2,048 tokens fit into a step.
    """
    chip, batch, prompt, answer = loaded.scenario.satellite.accelerator, 16, 2048, 512
    flop_s, byte_s = chip.peak["bf16"] * chip.kernel_efficiency, chip.memory_bandwidth * chip.memory_efficiency
    wide, words, context = 28672, 128256, prompt + answer / 2

    def kernel_s(flops: float, moved: float) -> float:
        return max(flops / flop_s, moved / byte_s)

    def product_s(m: float, n: float, k: float) -> float:
        return kernel_s(2 * m * n * k, 2 * (m * k + k * n + m * n))

    def ring_s(moved: float) -> float:
        return 7 * (chip.fabric.latency + moved / 8 / chip.fabric.rate)

    def step_s(prompts: int) -> float:
        tokens, rows = batch + prompts * prompt, batch + prompts
        layer = product_s(tokens, 10240 / 8, HIDDEN) + product_s(tokens, HIDDEN, 1024)
        layer += product_s(tokens, 2 * wide / 8, HIDDEN) + product_s(tokens, HIDDEN, wide / 8)
        layer += kernel_s(4 * batch * context * 1024, 4 * batch * context * 128)
        if prompts:
            layer += kernel_s(4 * prompt * prompt / 2 * 1024, 2 * prompt * (2 * 8 + 2) * 128)
        layer += (2 * (8 * tokens * HIDDEN - 1) + 4 * tokens * (1024 + 2 * 128) + 6 * tokens * wide / 8) / byte_s
        head = product_s(rows, words / 8, HIDDEN) + 8 * rows * words / 8 / byte_s
        messages = 2 * LAYERS * 2 * ring_s(2 * tokens * HIDDEN) + ring_s(2 * rows * words)
        return LAYERS * layer + head + messages + 1e-3

    layers = PARAMETERS - 2 * words * HIDDEN  # with norms
    flops = batch * (2 * layers + 2 * words * HIDDEN + 4 * LAYERS * HIDDEN * context)
    flops += (prompt * (2 * layers + 2 * LAYERS * HIDDEN * prompt) + 2 * words * HIDDEN) / 32
    return (31 * step_s(0) + step_s(1)) / 32, flops / (8 * chip.peak["bf16"])


def test_a_service_asked_for_less(scenario: Scenario) -> None:
    """Source of truth: batches on paper. 81 satellites of 8 groups can give so many tokens a second; asked for 30 % of it they
    give 30 %, and the rest of their time is missing demand."""
    loaded = scenario(workload=SERVICE + "}")
    whole_s, peak_s = service_step_s(loaded)
    able = N * 8 * 16 / whole_s
    full = api.run(loaded).summary
    assert full["workloads"][0]["tokens_per_s"] == pytest.approx(able, rel=EXACT)
    assert shares(full)["demand"] == (0.0, 0.0)
    assert shares(full)["useful"][0] == pytest.approx(peak_s / whole_s, abs=EXACT)
    asked = api.run(scenario(workload=f"{SERVICE}, demand: {0.3 * able!r} 1/s}}")).summary
    assert asked["workloads"][0]["tokens_per_s"] == pytest.approx(0.3 * able, rel=EXACT)
    found = shares(asked)
    assert found["demand"][0] == pytest.approx(0.7, abs=EXACT)
    assert found["demand"][1] == 0.0
    assert found["useful"][0] == pytest.approx(0.3 * peak_s / whole_s, abs=EXACT)


EVENTFUL = ("2026-12-21T00:40:25Z lose satellite 17", "2026-12-21T01:10:00Z derate link 5-6 to 0.01")


def test_out_of_sight_of_whoever_asks(scenario: Scenario) -> None:
    """Source of truth: definition. Without demand there is no outage. Where demand exceeds the throughput, all the throughput
    that no station reaches is lost to outage. Demand below it is delivered where there is a route."""
    stations = "ground={min_elevation: 5 deg, stations: [{name: pole, latitude: 85 deg, longitude: 0 deg}]}"

    def asked(demand: str) -> Rows:
        workload = f"{SERVICE}, memory_fraction: 0.9{demand}}}"
        loaded = scenario(workload=workload)
        return ran(api.load(loaded.tree.origin.file, set=[stations]))

    none, full, few = asked(", demand: 0 1/s"), asked(""), asked(", demand: 1 1/s")
    assert none["demand"][0] == pytest.approx(1.0, abs=EXACT)
    assert none["outage"] == (0.0, 0.0)
    unseen = full["outage"][0]
    assert 0.5 < unseen < 1.0
    assert full["demand"] == (0.0, 0.0)
    # one token a second of so many: next to nothing, whether it is missed or delivered
    assert few["demand"][0] > 0.999
    assert 0.0 < few["outage"][0] < 1e-3


def test_tiles_leave_no_trace(scenario: Scenario) -> None:
    """Source of truth: the same run with all satellites in one tile: an eclipse, a loss, a spare and a slow link."""
    loaded = scenario(*EVENTFUL, epoch=SEASON, spares=1, interval="10 min")
    reported = [json.dumps(metrics.summary(Run(loaded, tile=tile).finish())) for tile in (8, 256)]
    assert reported[0] == reported[1]


def test_shorter_steps(scenario: Scenario) -> None:
    """Source of truth: the same run in thirds of a step: useful to 1 %."""
    scarce = ("satellite.power.array.area=70 m2",)
    runs = [
        ran(scenario(*EVENTFUL, epoch=SEASON, step=step, spares=1, interval="10 min", sets=scarce)) for step in ("60 s", "20 s")
    ]
    assert runs[0]["useful"][0] == pytest.approx(runs[1]["useful"][0], rel=0.01)
    assert runs[0]["power"][0] > 0.0


# --- silent errors -----------------------------------------------------------------------------------------------------

CHECKED = ("workloads.0.validation.interval=25 min", "workloads.0.validation.harmful=1")


def test_corruption_of_a_job(scenario: Scenario) -> None:
    """Source of truth: by hand. 600 s of work and a save in turn; saves are validated when 25 min have passed: the third, the sixth and the
    ninth. An error 3,700 s into the run, after the sixth, is found by the ninth: the time of three intervals and their saves is corruption. The
    job restarts and reloads, without detection, and works on."""
    loaded = scenario("2026-03-20T01:01:40Z corrupt satellite 17", interval="10 min", sets=CHECKED)
    save_s = STATE_BYTES / N / 5e9
    cycle_s, again_s = 600.0 + save_s, 240.0 + save_s
    assert 6 * cycle_s < 3700.0 < 9 * cycle_s
    left_s = DURATION_S - 9 * cycle_s - again_s
    after = int(left_s // cycle_s)
    assert left_s - after * cycle_s < 600.0
    run_s, part = DURATION_S - again_s - (9 + after) * save_s, 1.0 / DURATION_S
    step = training_step(loaded, N)
    expected = add(
        working(loaded, step, part * (run_s - 3 * 600.0)), {"corruption": (part * 3 * cycle_s, 0.0)},
        {"recovery": (part * again_s, 0.0), "checkpoint": (part * (6 + after) * save_s, 0.0)},
    )  # fmt: skip
    summary = api.run(loaded).summary
    check(shares(summary), expected)
    since_s = left_s - after * save_s  # the ninth save found it; 25 min are not over
    assert summary["compute"]["uncommitted_flops"] / summary["compute"]["nameplate_flops"] == pytest.approx(
        working(loaded, step, part * since_s)["useful"][0], abs=EXACT
    )
    assert summary["workloads"][0]["ettr"] == pytest.approx(part * (run_s - 1800.0), abs=EXACT)


def test_corruption_that_the_run_does_not_find(scenario: Scenario) -> None:
    """Source of truth: by hand: an error 7,000 s into the run spoils what was done since the validation by the ninth save; the next is due
    after the end."""
    loaded = scenario("2026-03-20T01:56:40Z corrupt satellite 17", interval="10 min", sets=CHECKED)
    save_s = STATE_BYTES / N / 5e9
    cycle_s = 600.0 + save_s
    assert 9 * cycle_s + 1500.0 < 12 * cycle_s
    assert 11 * cycle_s < 7000.0 < DURATION_S < 12 * cycle_s
    step, part = training_step(loaded, N), 1.0 / DURATION_S
    expected = add(
        working(loaded, step, part * 9 * 600.0), {"corruption": (part * (DURATION_S - 9 * cycle_s), 0.0)},
        {"checkpoint": (part * 9 * save_s, 0.0)},
    )  # fmt: skip
    summary = api.run(loaded).summary
    check(shares(summary), expected)
    assert summary["compute"]["uncommitted_flops"] == 0.0


@pytest.mark.parametrize("copies", [2, 3])
def test_redundancy(scenario: Scenario, copies: int) -> None:
    """Source of truth: by hand: of all arithmetic a half, or two thirds, is done to compare. Two copies that differ cost a step of the job,
    which takes twice as long; three outvote the error."""
    loaded = scenario("2026-03-20T01:01:40Z corrupt satellite 17", interval="10 min", sets=(f"workloads.0.redundancy={copies}",))
    save_s, step, part = STATE_BYTES / N / 5e9, training_step(loaded, N), 1.0 / DURATION_S
    saves = int(DURATION_S // (600.0 + save_s))
    again_s = 2.0 * step.total if copies == 2 else 0.0
    found = working(loaded, step, part * (DURATION_S - saves * save_s - again_s))
    price = (1.0 - 1.0 / copies) * found["useful"][0]
    summary = api.run(loaded).summary
    lost = {"useful": (-price, 0.0), "corruption": (price + part * again_s, 0.0)}
    check(shares(summary), add(found, lost, {"checkpoint": (part * saves * save_s, 0.0)}))
    assert summary["workloads"][0]["step_s"] == pytest.approx(copies * step.total, rel=EXACT)


def test_corruption_of_a_service(scenario: Scenario) -> None:
    """Source of truth: by hand: eight groups of eight accelerators serve on a satellite. An error 1,000 s into the run spoils one of them
    until the check at 1,200 s: 200 s of an eighth of a satellite, of what it does at peak. Its tokens do not count."""
    sets = ("workloads.0.validation.interval=10 min", "workloads.0.validation.harmful=1")
    right, wrong = (api.run(scenario(*events, workload=SERVICE + "}", sets=sets)).summary for events in ((), ("+1000 s corrupt satellite 17",)))
    before, after = shares(right), shares(wrong)
    served = right["ground"]["coverage_fraction"] is None
    share = 200.0 / DURATION_S / 8.0 / N
    assert served
    assert after.pop("corruption") == pytest.approx((before["useful"][0] * share, 0.0), rel=1e-9)
    assert after.pop("useful")[0] == pytest.approx(before["useful"][0] * (1.0 - share), rel=1e-9)
    assert all(after[cause] == pytest.approx(before[cause], abs=EXACT) for cause in after)
    tokens = [summary["workloads"][0]["tokens_per_s"] for summary in (right, wrong)]
    assert tokens[1] / tokens[0] == pytest.approx(1.0 - share, rel=1e-9)


def test_a_service_that_answers_twice(scenario: Scenario) -> None:
    """By definition: half of the arithmetic at peak compares, half of the tokens count."""
    once, twice = (api.run(scenario(workload=SERVICE + more)).summary for more in ("}", ", redundancy: 2}"))
    before, after = shares(once), shares(twice)
    assert after["corruption"] == pytest.approx((0.5 * before["useful"][0], 0.0), rel=1e-9)
    assert after["useful"][0] == pytest.approx(0.5 * before["useful"][0], rel=1e-9)
    assert twice["workloads"][0]["tokens_per_s"] == pytest.approx(0.5 * once["workloads"][0]["tokens_per_s"], rel=1e-9)


def test_corruption_of_independent_work(scenario: Scenario) -> None:
    """Source of truth: by hand: one of 64 accelerators works in vain from 1,000 s to the check at 1,200 s; a second error of it meanwhile
    changes nothing. What is below peak stays where it was."""
    sets = ("workloads.0.validation.interval=10 min",)
    loaded = scenario("+1000 s corrupt satellite 17", "+1100 s corrupt satellite 17", workload="{kind: independent}", sets=sets)
    found = ran(loaded)
    efficiency = loaded.scenario.satellite.accelerator.kernel_efficiency
    share = 200.0 / DURATION_S / 64.0 / N
    check(found, {"kernel": (1.0 - efficiency, 0.0), "corruption": (efficiency * share, 0.0), "useful": (efficiency * (1.0 - share), 0.0)})
