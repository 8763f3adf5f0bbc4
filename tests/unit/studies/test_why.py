"""Causes removed and inputs increased, against values worked out on paper."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.config.scenario import Loaded
from sim.fleet import job_phases
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy
from sim.results import formatting
from sim.schema import CAUSES
from sim.studies import ablation, ablation_models, sensitivity
from sim.studies.why import Answer, Cause, Input, binding, why

SUNNY = "2026-03-20T00:00:00Z"  # no eclipse on a dawn-dusk orbit
N = 81
CHIPS, ETA = 64, 0.73  # of a satellite; share of peak reached [configs/hardware/tpu-v6e.yaml]
EXACT = 1e-9  # of nameplate: rounding
FALCON_USD_KG = 150e6 / 63.8e3  # price, capacity
# a launcher whose capacity holds for any of the orbits here
PRICED = ("economics.launch=falcon-heavy-expendable", "economics.launch.reference.altitude=2000 km", "economics.launch.reference.inclination=100 deg")
RATIO = math.exp(238.5 / (9.80665 * 2500.0)) - 1.0  # propellant over dry mass: 8.7 m/s a year for five years, 195 m/s
CARRIED = 1.25 * (1.0 + 1.5 * RATIO / (1.0 - 0.5 * RATIO))  # launch mass over that of a part: structure, propellant and half of it for tanks

FLEET = f"""\
name: fleet
epoch: {SUNNY}
duration: 30 min
constellation: {{kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {{spacing: 200 m, radius: 1 km}}}}
satellite: {{extends: suncatcher, propulsion: {{station_keeping: 8.7 m/s/yr, deorbit: 195 m/s}}}}
"""
# memory and fabric without limit and one word: a step is arithmetic of layers
JOB = FLEET.replace("satellite: {extends: suncatcher,", "satellite: {extends: suncatcher, accelerator: {extends: tpu-v6e, memory_bandwidth: 1e9 TB/s,\n"
    "    fabric: {domain: 256, rate: 1e9 TB/s, latency: 0 s}},").replace(
    "{", "{{").replace("}", "}}").replace("30 min", "{duration}") + (
    "links: {{topology: mesh, terminal: {terminal}}}\n"
    "fleet: {{spares: {spares}, soft_errors: false, recovery: {{detection: 60 s, restart: 240 s}}}}\n"
    "workloads:\n"
    "  - {{kind: training, model: {{extends: llama-3-70b, vocabulary: 1, parameters: 68452376576}}, method: synchronous,\n"
    "     jitter: {jitter}, overlap: 0.9, recompute: 0.5, interleave: 1,\n"
    "     sequence_length: 8192, global_batch: 16777216, micro_batch: 1, mesh: {{tensor: 8, pipeline: 8, data: {data}}},\n"
    "     checkpoint: {{interval: {interval}, rate: 78.125 MB/s}}}}\n"
)
SERVICE = (
    "links: {topology: mesh, terminal: dwdm-10cm}\n"
    "workloads:\n"
    "  - {kind: inference, model: llama-3-70b, tensor: 8, batch: 16, input_tokens: 2048, output_tokens: 512,\n"
    "     demand: 300000 1/s}\n"
)
JobOf = Callable[..., Loaded]


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[..., Loaded]:
    """Satellites that nothing couples, with overrides."""

    def load(*sets: str, text: str = FLEET) -> Loaded:
        path = tmp_path / "fleet.yaml"
        path.write_text(text, encoding="utf-8")
        return sim.load(path, set=sets)

    return load


@pytest.fixture
def job(tmp_path: Path) -> JobOf:
    """One job on 81 satellites in sunlight, with power and cooling in plenty."""

    def load(
        *events: str, spares: int = 0, interval: str = "10 d", jitter: float = 0.0, duration: str = "10 min",
        terminal: str = "dwdm-10cm",
    ) -> Loaded:  # fmt: skip
        path = tmp_path / "job.yaml"
        text = JOB.format(
            data=N - spares, spares=spares, interval=interval, jitter=jitter, duration=duration, terminal=terminal
        )
        path.write_text(text, encoding="utf-8")
        return sim.load(path, events=events)

    return load


def cause(answer: Answer, name: str) -> Cause:
    return next(row for row in answer.causes if row.cause == name)


def field(answer: Answer, name: str) -> Input:
    return next(row for row in answer.inputs if row.input == name)


def without_it(answer: Answer, name: str) -> float:
    """Useful share of nameplate once a cause is removed."""
    gain = cause(answer, name).gain_fraction
    assert gain is not None
    return answer.base.useful_fraction + gain


# --- inputs -----------------------------------------------------------------------------------------------------------

# constant voltage: rate is proportional to power above idling; an empty battery: all comes from the array
LINEAR = (
    "satellite.accelerator={extends: tpu-v6e}", "satellite.accelerator.leakage=null", "satellite.thermal.heater=null", "satellite.thermal.structure.area=6 m2",
    "satellite.power.battery.heater=null", "environment.neighbours=false",
    "satellite.accelerator.voltage_floor=1.0", "satellite.power.array.area=70 m2", "satellite.power.battery.max_depth=0.5",
    "satellite.power.battery.initial_charge=0.5", "satellite.power.battery.bus_reserve=0 s",
    "satellite.thermal.radiator.area=60 m2",
)  # fmt: skip


def test_a_fleet_bound_by_its_array(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: useful = eta ((g - bus) / f - idle) / dynamic with g proportional to the array's area. So g follows
    from what is useful now, and a tenth of it is gained; prices and masses by hand."""
    answer = why(fleet(*LINEAR, *PRICED))
    satellite = fleet(*LINEAR).scenario.satellite
    chip, power = satellite.accelerator, satellite.power
    factor = (1.0 + satellite.thermal.loop.pump_fraction) / power.conversion_efficiency
    idle_w = CHIPS * (chip.idle_power + chip.host.power)
    dynamic_w = CHIPS * (chip.max_power - chip.idle_power)
    generated_w = (answer.base.useful_fraction / ETA * dynamic_w + idle_w) * factor + satellite.bus.power
    gain = ETA * 0.1 * generated_w / factor / dynamic_w
    nameplate = N * CHIPS * 918e12
    assert 0.1 < answer.base.useful_fraction < ETA - 1.2 * gain
    assert answer.base.nameplate_flops_per_s == pytest.approx(nameplate, rel=1e-12)

    array = answer.inputs[0]
    assert (array.input, array.unit, array.before) == ("satellite.power.array.area", "m2", 70.0)
    assert array.after == pytest.approx(77.0, rel=1e-12)
    # useful is one division by a Newton solution of the rate, good to 1e-14
    assert array.gain_fraction == pytest.approx(gain, rel=1e-8)
    assert array.gain_flops_per_s == pytest.approx(gain * nameplate, rel=1e-8)
    mass_kg = N * 7.0 * 3.1 * CARRIED
    usd = N * 1.1 * (7.0 * 3400.0 + 7.0 * 3.1 * (CARRIED - 1.0) * 1100.0) + mass_kg * FALCON_USD_KG
    assert array.mass_kg == pytest.approx(mass_kg, rel=1e-9)
    assert array.usd == pytest.approx(usd, rel=1e-9)
    assert array.per_kg == pytest.approx(gain * nameplate / mass_kg, rel=1e-8)
    assert array.per_usd == pytest.approx(gain * nameplate / usd, rel=1e-8)
    others = {row.input: row.gain_flops_per_s for row in answer.inputs[1:]}
    assert others["satellite.power.battery.capacity"] == others["satellite.thermal.radiator.area"] == 0.0


def test_its_causes(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: with power for all, chips run at full rate and useful is eta; what has no loss is not run."""
    calls: list[tuple[int, int]] = []
    answer = why(fleet(*LINEAR), progress=lambda done, total: calls.append((done, total)))
    assert [row.cause for row in answer.causes] == ["power", "kernel"]
    assert calls[-1] == (1 + 2 + len(answer.inputs) + 3,) * 2  # as it is, two causes, the inputs, and shielding, propulsion and structure
    useful, power = answer.base.useful_fraction, cause(answer, "power")
    assert power.fraction == pytest.approx(1.0 - useful / ETA, abs=EXACT)
    assert without_it(answer, "power") == pytest.approx(ETA, abs=EXACT)
    assert power.then == "kernel"  # what the chips lose at a higher rate
    assert power.then_fraction == pytest.approx((1.0 - useful / ETA) * (1.0 - ETA), abs=EXACT)
    assert without_it(answer, "kernel") == pytest.approx(useful / ETA, abs=EXACT)
    assert cause(answer, "kernel").then is None
    window = answer.base.nameplate_flops_per_s * 1800.0
    assert power.flops == pytest.approx(power.fraction * window, rel=1e-12)
    assert power.own_flops == power.flops
    assert power.induced_flops == 0.0


def test_order(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: the contract: causes by gain, inputs by gain per kilogram; no mass comes last, ties by name."""
    answer = why(fleet(*LINEAR))
    causes = [row.gain_fraction for row in answer.causes]
    assert causes == sorted(causes, key=lambda g: -(g or 0.0))
    names = [row.input for row in answer.inputs]
    assert names[:3] == [
        "satellite.power.array.area", "satellite.power.battery.capacity", "satellite.thermal.radiator.area"
    ]  # fmt: skip
    assert names[3:] == sorted(names[3:])
    assert all(row.usd is None and row.per_usd is None for row in answer.inputs)  # no prices in this scenario
    json.dumps(answer.as_dict(), allow_nan=False)
    assert set(answer.as_dict()["inputs"][0]) == {
        "input", "unit", "from", "to", "mass_kg", "usd", "gain_fraction", "gain_flops_per_s", "per_kg", "per_usd"
    }  # fmt: skip


def test_accelerators_have_a_mass_and_a_price(fleet: Callable[..., Loaded]) -> None:
    """By hand: 64 become 70 (a tenth, rounded): six chips of 1 kg with hosts of 3 kg, plates of 1 kg, 1.54 kg of shielding and 2.3 kg of
    loop for each kW of 1.02 x 446 W on 81 satellites; 8,000 and 2,500 USD, all else but chips and hosts at 1,100 USD/kg."""
    row = field(why(fleet(*PRICED)), "satellite.accelerators")
    assert (row.before, row.after) == (64.0, 70.0)
    mass_kg = 6 * (1.0 + 3.0 + 1.0 + 0.057 * 27.0 + 2.3e-3 * 1.02 * 446.0) * CARRIED
    assert row.mass_kg == pytest.approx(N * mass_kg, rel=1e-9)
    usd = 1.1 * (6 * 10_500.0 + (mass_kg - 6 * 4.0) * 1100.0) + mass_kg * FALCON_USD_KG
    assert row.usd == pytest.approx(N * usd, rel=1e-9)
    assert row.per_usd == pytest.approx(row.gain_flops_per_s / (N * usd), rel=1e-9)


def test_heat(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: a whole run with the larger radiator written into the scenario; without limits useful is eta, with the leakage of chips at
    their limit, since hotter ones would lack power."""
    hot = ("satellite.thermal.radiator.area=15 m2", "duration=2 h", "satellite.power.array.area=300 m2")
    small, large = (
        sim.run(fleet(*hot[1:], f"satellite.thermal.radiator.area={area} m2")).summary["compute"]["useful_fraction"]
        for area in (15.0, 16.5)
    )
    answer = why(fleet(*hot))
    assert answer.base.useful_fraction == pytest.approx(small, rel=1e-12)
    assert answer.inputs[0].gain_fraction == pytest.approx(large - small, rel=1e-9)
    assert without_it(answer, "thermal") == pytest.approx(ETA, abs=EXACT)


def test_line_of_run(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: 1.5 m2 of radiator at 5 kg/m2 on each satellite, with structure and propulsion 9.51 kg; two runs compared."""
    loaded = fleet("satellite.thermal.radiator.area=15 m2", "duration=2 h")
    small, large = (
        sim.run(fleet("duration=2 h", f"satellite.thermal.radiator.area={area} m2")).summary["compute"]["useful_fraction"]
        for area in (15.0, 16.5)
    )
    results = formatting.binding({"duration_s": loaded.scenario.duration}, *binding(loaded)).split("; ")
    assert results[0] == f"+1.5 m2 radiator (9.51 kg): {100.0 * (large - small):+.2f} points useful"
    assert sorted(part.split(" (")[0] for part in results[1:]) == ["+15 m2 array", "+2.7 kWh battery"]


def test_a_sample_stands_for_the_fleet(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: 300 satellites on one orbit that never darkens see the same Sun to 1e-4; masses of 300."""
    ring = 'constellation={kind: ring, altitude: 650 km, local_time: "06:00", satellites: 300}'
    loaded = fleet(*LINEAR, ring, text=FLEET + f"events: ['{SUNNY} lose satellite 3']\n")
    answer = why(loaded)
    assert (answer.base.satellites, answer.base.satellites_run) == (300, 128)
    assert answer.base.nameplate_flops_per_s == pytest.approx(300 * CHIPS * 918e12)
    assert answer.inputs[0].mass_kg == pytest.approx(300 * 7.0 * 3.1 * CARRIED)
    assert answer.inputs[0].per_kg == pytest.approx(why(fleet(*LINEAR)).inputs[0].per_kg, rel=1e-2)
    assert any("events are not applied to the sample" in line for line in answer.notes)


def test_threads_leave_no_trace(fleet: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the same question with one thread; 128 satellites in tiles of their own."""
    loaded = fleet(*LINEAR, "duration=10 min")
    results = []
    for threads in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        results.append(json.dumps(why(loaded).as_dict()))
    assert results[0] == results[1]


# --- causes of jobs ---------------------------------------------------------------------------------------------------

# Llama 3 70B [llama3:table 3] with one word, FLOPs of a token in a layer: 2 for each of its matrices, 2 h s of causal attention; in
# the backward pass 4, and 2.5 times as many of attention at 559/646 of the rate [shah2024]; half of the layers forward again.
MATRICES, ATTENTION = 8192 * (2 * 8192 + 2 * 1024 + 3 * 28672), 8192 * 8192
FORWARD, BACKWARD = 2.0 * (MATRICES + ATTENTION), 4.0 * MATRICES + 2.5 * 646 / 559 * 2.0 * ATTENTION
LAYER, OUTPUT = 1.5 * FORWARD + BACKWARD, 6.0 * 8192
ARITHMETIC, AGAIN = 80 * (FORWARD + BACKWARD) + OUTPUT, 80 * 0.5 * FORWARD
MODEL = 6.0 * (68452376576 - 8192) + 6.0 * 80 * ATTENTION


def waiting(replicas: int) -> float:
    """Time over arithmetic where replicas of 2,048 sequences fill and drain 8 stages of 10 layers and one has most of them."""
    taken = math.ceil(2048 / replicas) * (10 * LAYER + OUTPUT) + 7 * 10 * LAYER
    return taken / (2048 / replicas * (80 * LAYER + OUTPUT) / 8)


def test_slow_links(job: JobOf) -> None:
    """Source of truth: without messages a step is arithmetic and recomputation, times pipeline fill and drain: nothing of
    it depends on the links. Now it takes a ring of 81, 2 x 80 times an 81st of bf16 gradients, of which a half hides behind 0.9 of
    the last backward pass and a half behind 0.9 of the first forward pass."""
    loaded = job(terminal="{extends: dwdm-10cm, channel_rate: 2 Gbit/s}")
    answer = why(loaded)
    relative = (ARITHMETIC + AGAIN) / MODEL * waiting(N)
    assert without_it(answer, "communication") == pytest.approx(ETA / relative, abs=EXACT)
    row = cause(answer, "communication")
    useful_s = 2048 * 8192 * MODEL / (N * CHIPS * 918e12)
    gradients_s = 160 * 8.0 * 2.0 * 68452376576 / N / (24 * 2e9)
    slot_s = 8192 * 10 * LAYER / (8 * 918e12 * ETA)
    assert 0.5 * gradients_s > 2.0 * 0.6 * slot_s  # both halves are exposed
    # reductions inside satellites, less than a quarter of arithmetic, and delays come on top
    computing_s = useful_s / ETA * relative
    least_s, most_s = gradients_s - 0.9 * 1.25 * slot_s, gradients_s + 0.25 * computing_s
    assert least_s / (least_s + 1.25 * computing_s) < row.fraction < most_s / (most_s + computing_s)
    assert row.gain_flops_per_s == pytest.approx(row.gain_fraction * N * CHIPS * 918e12)
    assert row.induced_flops >= 0.0
    # of a step without messages, filling, draining and the largest replica take waiting - 1 of the rest, kernels 1 - efficiency
    assert row.then == ("bubble" if waiting(N) - 1.0 > 1.0 - ETA else "kernel")
    # a tenth more of the rate: gradients in 10/11 of the time
    total_s = useful_s / answer.base.useful_fraction
    faster_s = total_s - gradients_s / 11.0
    channels = field(answer, "links.terminal.channel_rate")
    assert channels.gain_fraction == pytest.approx(useful_s * (1.0 / faster_s - 1.0 / total_s), rel=1e-6)
    assert (channels.mass_kg, channels.per_kg, channels.usd) == (None, None, None)


def test_what_does_not_divide_is_told(job: JobOf) -> None:
    """Source of truth: tensor 8 divides 72, and neither 70, a tenth more than 64, nor 71; 81 replicas of a satellite each leave no spare."""
    answer = why(job())
    row = field(answer, "satellite.accelerators")
    assert (row.before, row.after) == (64.0, 72.0)
    assert any(line.startswith("fleet.spares: not increased") for line in answer.notes)


SMALL = """name: small
epoch: 2026-12-21T00:00:00Z
duration: 3 min
step: 60 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {shape: square, spacing: 200 m, radius: 200 m}}
satellite: suncatcher
links: {topology: mesh, terminal: oct-100g}
"""


@pytest.mark.parametrize(
    ("rest", "note"),
    [
        ("fleet: {spares: 0}\nworkloads: [{kind: training, model: llama-3-8b, method: elastic, elastic: {replicas: 5}}]\n",
         "workloads.0 needs 5 satellites and would have 4"),
        ("fleet: {spares: 0}\nworkloads: [{kind: inference, model: llama-3-8b, pipeline: 4, share: 0.8}, {kind: training, model: llama-3-8b}]\n",
         "workloads.1 needs 1 satellites and would have 0"),
        # 18 bytes of each of 405e9 parameters fill four satellites of 64 x 29.4 GB
        ("fleet: {spares: 1}\nworkloads: [{kind: training, model: llama-3-405b}]\n", "nothing fits: "),
    ],
)  # fmt: skip
def test_a_spare_that_leaves_too_few_satellites_is_told(tmp_path: Path, rest: str, note: str) -> None:
    """By hand: one of five satellites more in reserve."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL + rest, encoding="utf-8")
    assert any(line.startswith(f"fleet.spares: not increased, {note}") for line in why(path).notes)


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        ("tensor: 8, batch: 16", "tensor 8 does not divide 70 accelerators and 64 heads"),
        ("batch: 16", "141 GB of weights and 16 sequences do not fit into 2 x 28.8 GB"),
    ],
)
def test_accelerators_on_which_a_service_does_not_fit_are_told(fleet: Callable[..., Loaded], tensor: str, reason: str) -> None:
    """Source of truth: 70 and 64 have the common divisors 1 and 2, and two chips of 32 GB, of which 90 % are free, lack 141 GB."""
    scenario = fleet("duration=10 min", text=FLEET + SERVICE.replace("tensor: 8, batch: 16", tensor)).scenario
    inputs, notes = sensitivity.all_inputs(scenario, [], N)
    assert "satellite.accelerators" not in [row.field for row in inputs]
    assert [line for line in notes if line.startswith(f"satellite.accelerators: not increased from 64 to 70: {reason}")]
    assert not [line for line in notes if "write" in line]


def at_minute(minute: int, what: str) -> str:
    return f"2026-03-20T00:{minute:02d}:00Z {what}"


UNDISTURBED: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "failed": ({"events": (at_minute(5, "lose satellite 17"),)}, {}),
    "outage": ({"events": (at_minute(2, "lose link 0-4"),)}, {}),
    "recovery": ({"events": (at_minute(5, "lose satellite 17"),), "spares": 1}, {"spares": 1}),
    "checkpoint": ({"interval": "2 min"}, {}),
    "straggler": ({"jitter": 0.05}, {}),
}


@pytest.mark.parametrize("name", UNDISTURBED)
def test_as_if_it_had_not_happened(job: JobOf, name: str) -> None:
    """Source of truth: the same job where it does not happen. A lost member and the spare in its place leave 80 at work."""
    with_it, plain = ({"events": (), **changes} for changes in UNDISTURBED[name])
    quiet = sim.run(job(*plain.pop("events"), **plain)).summary["compute"]["useful_fraction"]  # type: ignore[misc,arg-type]
    answer = why(job(*with_it.pop("events"), **with_it))  # type: ignore[misc,arg-type]
    assert answer.base.useful_fraction < quiet * 0.99
    # messages that go around a lost link, or to the spare, take a little longer: of a step of seconds, microseconds on each of 160 hops
    assert without_it(answer, name) == pytest.approx(quiet, abs=1e-4 if name in ("outage", "recovery") else EXACT)


def test_recompute(job: JobOf) -> None:
    """Source of truth: a step without its recomputed part, which the pipeline stretches like the rest."""
    answer = why(job(terminal="{extends: dwdm-10cm, channel_rate: 1e6 Tbit/s}"))  # gradients take no time
    share = cause(answer, "recompute").fraction
    assert share > 0.01
    useful = answer.base.useful_fraction
    # rounds of the ring take microseconds
    assert without_it(answer, "recompute") == pytest.approx(useful / (1.0 - share * waiting(N)), abs=1e-6)


def test_a_spare_without_a_place(job: JobOf) -> None:
    """Source of truth: a mesh of 80 satellites has no place for the 81st: what was a spare is unplaced, nothing is won."""
    row = cause(why(job(spares=1)), "spare")
    assert (row.gain_fraction, row.then) == (0.0, "unplaced")
    assert row.then_fraction == pytest.approx(1.0 / N, abs=EXACT)


def test_what_cannot_be_removed(job: JobOf) -> None:
    answer = why(job())
    last = answer.causes[-1]
    assert (last.cause, last.relaxed, last.gain_fraction, last.gain_flops_per_s) == ("bubble", None, None, None)
    assert last.fraction > 0.1
    assert last.reason is not None


def test_every_cause_is_removed_or_has_a_reason(fleet: Callable[..., Loaded]) -> None:
    """By contract: each row of the waterfall that a run can have."""
    scenario = fleet("duration=10 min", text=FLEET + SERVICE + "fleet: {spares: 1}\n").scenario
    for cause in set(CAUSES) - {"useful"}:
        assert (cause in ablation.NOT_REMOVABLE) != (ablation.remove_cause(cause, scenario, []) is not None), cause


def test_requests_out_of_target(fleet: Callable[..., Loaded]) -> None:
    """By hand: without a limit to the demand and with all requests admitted, all arithmetic at peak is out of target."""
    service = SERVICE.replace("kind: inference", "kind: inference, admission: all, targets: {ttft: 3 s, tpot: 60 ms}")
    row = cause(why(fleet("duration=10 min", "workloads.0.demand=null", text=FLEET + service)), "algorithm")
    assert row.fraction > 0.0
    assert (row.relaxed, row.gain_fraction) == (None, None)
    assert row.reason is not None


def test_a_service(fleet: Callable[..., Loaded]) -> None:
    """Source of truth: asked for a part of what it can do it does that part of the useful work; time that memory takes
    is gone without it, and then the same demand takes less time."""
    answer = why(fleet("duration=10 min", text=FLEET + SERVICE))
    useful, demand = answer.base.useful_fraction, cause(answer, "demand")
    assert 0.1 < demand.fraction < 0.95
    assert without_it(answer, "demand") == pytest.approx(useful / (1.0 - demand.fraction), abs=EXACT)
    memory = cause(answer, "memory")
    assert (memory.gain_fraction, memory.then) == (0.0, "demand")
    assert memory.then_fraction == pytest.approx(memory.fraction, abs=EXACT)


def test_window(job: JobOf) -> None:
    """Source of truth: 40,000 steps of satellites are 493 of 81; what happens later has not happened."""
    answer = why(job("2026-03-20T09:00:00Z lose satellite 17", duration="10 h"))
    assert answer.base.window_s == 493 * 60.0
    assert any("first 493 min of 600" in line for line in answer.notes)
    assert "failed" not in [row.cause for row in answer.causes]


# --- parts ------------------------------------------------------------------------------------------------------------


class Chain:
    """0-1-2 in a row, and 3 alone."""

    version = 7
    directed_delay_s = np.array([1.0, 2.0, 1.0, 2.0])
    directed_rate_bit_s = np.array([10.0, 20.0, 10.0, 20.0])
    directed_src = np.array([0, 1, 1, 2])

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = {(0, 1): [0], (0, 2): [0, 1], (2, 1): [3]}
        each = [found.get((int(a), int(b)), []) for a, b in zip(src, dst, strict=True)]
        return np.cumsum([0, *map(len, each)]), np.array([link for route in each for link in route], dtype=np.int64)

    def components(self) -> np.ndarray:
        return np.array([0, 0, 0, 1])


def test_a_way_for_every_message() -> None:
    """Source of truth: routes by hand; messages without one use one link that costs nothing, messages to oneself use none."""
    transport = ablation_models.UnlimitedTransport(Chain(), instant_links=False, always_routed=True)
    start, links = transport.routes(np.array([3, 0, 1, 2, 2, 0]), np.array([0, 2, 1, 3, 1, 3]))
    assert [links[a:b].tolist() for a, b in pairwise(start)] == [[4], [0, 1], [], [4], [3], [4]]
    assert transport.directed_delay_s.tolist() == [1.0, 2.0, 1.0, 2.0, 0.0]
    assert transport.directed_rate_bit_s.tolist() == [10.0, 20.0, 10.0, 20.0, math.inf]
    assert transport.version == 7


def test_instant_wires_keep_their_ways() -> None:
    transport = ablation_models.UnlimitedTransport(Chain(), instant_links=True, always_routed=False)
    start, links = transport.routes(np.array([3, 0]), np.array([0, 2]))
    assert (start.tolist(), links.tolist()) == ([0, 0, 2], [0, 1])
    assert set(transport.directed_delay_s.tolist()) == {0.0}
    assert set(transport.directed_rate_bit_s.tolist()) == {math.inf}


@pytest.mark.parametrize("cut", [False, True])
def test_a_lifecycle_that_recovers_at_once(cut: bool) -> None:
    """Source of truth: a member fails at 50 s, its spare goes on 30 s later: without recovery the job runs on. In a window
    that begins without a network the new members may still run, in the next they may not."""
    changes = [SatelliteChange(50.0, 0, 0.0)]
    clock = ablation_models.UninterruptedLifecycle(JobLifecycle([[0, 1]], [2], Policy(math.inf, 0.0, 10.0, 60.0)), (job_phases.RECOVERY,))
    cuts = np.array([cut])
    found = [clock.advance(t, t + 100.0, cuts, changes if t == 0.0 else ())[0][0] for t in (0.0, 100.0)]
    assert not any(s.rollback for window in found for s in window)
    results = [[(s.mode, s.begin_s, s.end_s) for s in window] for window in found]
    away = job_phases.OUTAGE if cut else job_phases.RUN
    assert results[0] == [(away, 0.0, 50.0), (job_phases.RUN, 50.0, 100.0)]
    assert {mode for mode, _, _ in results[1]} == {away}
    assert clock.ranks()[0].tolist() == [2, 1]


def test_altered_lists_and_what_grows(job: JobOf) -> None:
    """Source of truth: another rate; the scenario that was asked stays as it was."""
    scenario = job().scenario
    changed = ablation.with_value(scenario, "workloads.0.checkpoint.rate", 85e6)
    assert changed.workloads[0].checkpoint.rate == 85e6
    assert scenario.workloads[0].checkpoint.rate == 78.125e6  # type: ignore[union-attr]
    inputs = sensitivity.inputs_with_mass(scenario)
    battery = inputs[1].scenario.satellite.power.battery
    results = (battery.capacity, battery.max_charge_power, battery.max_discharge_power)
    assert results == pytest.approx((1.1 * 27.0 * 3.6e6, 1.1 * 13.1e3, 1.1 * 54e3))
    what = [row.label for row in inputs]
    assert what == ["+15 m2 array", "+2.7 kWh battery", "+3 m2 radiator"]
