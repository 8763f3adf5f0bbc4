"""Models, collectives, training steps and inference services."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from sim.economics.cost import Site, Work, ground
from sim.economics.finance import YEAR_S, launched_power_usd_per_kw_year
from sim.economics.mass import Design, Propulsion, parts_kg, total_kg
from sim.verify import kernels, sensing, serving, training
from sim.verify.case import Case, Failed
from sim.workload.collective_schedule import all_reduce
from sim.workload.collectives import halving_doubling_s, hierarchical_s, ring_s, tree_s
from sim.workload.fabric import Fabric
from sim.workload.kernels import AssumedKernels
from sim.workload.message_times import advance_phase
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_memory import static_bytes
from sim.workload.training_step import Islands, Task, compute_s, decompose, mfu, reduced_bytes, task_flops
from sim.workload.transformer import Model, layer_parameters, parameter_count, training_flops_per_token
from sim.workload.transformer_memory import activation_bytes_per_layer, kv_bytes_per_token

GIB = 2.0**30
DAY_S = 86400.0
INF = float("inf")


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of workloads.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [
        *_models(), *_memory(), *_durations(), *_collectives(), *_synchronisation(), *_steps(), *serving.cases(), *_launch_price(),
        *_economics(),
        *kernels.cases(data), *sensing.cases(),
    ]  # fmt: skip


# --- models -----------------------------------------------------------------------------------------------------------


def _gpt(layers: int, hidden: int, heads: int) -> Model:
    """A GPT: two feed-forward matrices of width 4 h and one vocabulary table."""
    shape = Model(0.0, layers, hidden, heads, heads, hidden // heads, 4 * hidden, 51200, gated=False, tied=True)
    return shape._replace(parameters=parameter_count(shape))


GPT_22B, GPT_175B = _gpt(48, 6144, 64), _gpt(96, 12288, 96)
GPT_530B, GPT_1T = _gpt(105, 20480, 128), _gpt(128, 25600, 160)
LLAMA_8B = Model(8030261248, 32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_70B = Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256)
LLAMA_405B = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)


def _iteration_flops(model: Model, sequences: int, sequence: int) -> float:
    """Model FLOPs of an iteration as published, attention without causal mask."""
    s, h, layers = sequence, model.hidden, model.layers
    return 72.0 * sequences * s * layers * h**2 * (1.0 + s / (6.0 * h) + model.vocabulary / (12.0 * layers * h))


def _models() -> list[Case | Failed]:
    published = "[narayanan2021:table 1]"
    tokens = 15.6e12
    return [
        Case("parameters of the 529.6B model", lambda: GPT_530B.parameters / 1e9, 529.6, 0.53, "1e9", published),
        Case("parameters of the 1008B model", lambda: GPT_1T.parameters / 1e9, 1008.0, 1.01, "1e9", published),
        *(
            Case(f"parameters of Llama 3 {name}", partial(parameter_count, model), model.parameters, 0.5, "1",
                 "elements of the published weights")
            for name, model in (("8B", LLAMA_8B), ("70B", LLAMA_70B), ("405B", LLAMA_405B))
        ),
        Case("FLOPs of an iteration of 175B, attention unmasked",
             lambda: 1536 * 2048 * training_flops_per_token(GPT_175B, 2048, masked=False) / 1e18,
             _iteration_flops(GPT_175B, 1536, 2048) / 1e18, 0.001 * _iteration_flops(GPT_175B, 1536, 2048) / 1e18,
             "EFLOP", "[korthikanti2022:appendix A]; biases and positions are left out: 0.1 %"),
        Case("FLOPs of training Llama 3 405B on 15.6e12 tokens, without attention",
             lambda: tokens * training_flops_per_token(LLAMA_405B, 0.0) / 1e25, 3.79, 0.038, "1e25 FLOP",
             "[llama3:section 3.2], 3.8e25"),
    ]  # fmt: skip


def _memory() -> list[Case | Failed]:
    source = "[korthikanti2022:table 2] and a profile of 22B, micro-batch 4 on 8 accelerators [calculon]"

    def activations_gib(recompute: str, sequence_parallel: bool) -> float:
        each = activation_bytes_per_layer(GPT_22B, 2048, 4, 8, recompute, sequence_parallel)
        return GPT_22B.layers * each / GIB

    return [
        Case("activations, all stored, tensor parallelism alone", lambda: activations_gib("none", False), 59.25, 0.059, "GiB", source),
        Case("activations, attention recomputed", lambda: activations_gib("selective", True), 9.5625, 0.0096, "GiB", source),
        Case("weights, gradients and optimiser", lambda: static_bytes(48 * layer_parameters(GPT_22B) / 8, 0, 1) / GIB,
             45.5625, 0.046, "GiB", source),
        *(
            Case(f"key-value cache of a token, Llama 3 {name}", partial(kv_bytes_per_token, model, 2.0), size, 0.5, "B", "closed form")
            for name, model, size in (("8B", LLAMA_8B, 131072.0), ("70B", LLAMA_70B, 327680.0), ("405B", LLAMA_405B, 516096.0))
        ),
    ]  # fmt: skip


# --- steps ------------------------------------------------------------------------------------------------------------

TOKENS = 8192  # of a micro-batch of sequences of one token, whose attention counts for nothing


def _task(model: Model, mesh: Mesh, batch: Batch, flops: float, per_satellite: int, islands: Islands | None = None) -> Task:
    """A job whose kernels reach a stated rate, with instant memory and fabric, and no overlap of exchanges."""
    kernels = AssumedKernels((("bf16", flops),), 1.0, INF, 1.0, INF, 0.0)
    return Task(model, mesh, batch, per_satellite, flops, kernels, Fabric(per_satellite), islands=islands)


def _training_days(model: Model, tokens: float, accelerators: int, achieved_flops: float) -> float:
    """Days for all tokens with full recomputation, attention left out as published."""
    batch = Batch(1, TOKENS, TOKENS * accelerators, recomputed=1.0)
    step_s = float(decompose(_task(model, Mesh(1, 1, accelerators), batch, achieved_flops, 1), 1.0).total_s)
    return tokens / batch.global_batch * step_s / DAY_S


def _durations() -> list[Case | Failed]:
    source = "[narayanan2021:equation 4]; published: {} days"
    return [
        Case("days to train 175B on 300e9 tokens", lambda: _training_days(GPT_175B, 300e9, 1024, 140e12), 33.9, 0.34, "d",
             source.format(34)),
        Case("days to train 1008B on 450e9 tokens", lambda: _training_days(GPT_1T, 450e9, 3072, 163e12), 83.9, 0.84, "d",
             source.format(84)),
    ]  # fmt: skip


def _published_mfu() -> float:
    task = _task(LLAMA_405B, Mesh(8, 16, 64), Batch(8192, 1, 2048), 989e12, 8)
    return mfu(task, task_flops(task) / (8192 * 430e12))


def _steps() -> list[Case | Failed]:
    return [
        Case("model FLOPs utilisation of Llama 3 405B at 430 TFLOP/s each", _published_mfu, 0.43, 0.01, "1", "[llama3:table 4]"),
        *training.cases(),
    ]  # fmt: skip


def _utilisation(exposed_s: float) -> float:
    """Share of time spent on arithmetic: 100 steps of 22.8 s between exchanges that nothing overlaps with."""
    task = _task(LLAMA_8B, Mesh(8, 1, 14), Batch(8192, 1, 140), 4e14, 8, Islands(14, 100, 1.0, 0.0))
    step_s = float(decompose(task, 1.0).total_s)
    whole = decompose(task, 1.0, outer_s=exposed_s * step_s / 22.8)
    return float(whole.compute_s / whole.total_s)


def _synchronisation() -> list[Case | Failed]:
    comparisons: list[Case | Failed] = []
    rows = (("USA", 103.0, 95.7, 41.4), ("with Europe", 382.0, 85.6, 37.1), ("global", 469.0, 82.9, 35.9))
    for place, exposed_s, computing, utilisation in rows:
        source = "[intellect1:table 2]"
        comparisons.append(Case(f"share of time that computes, reductions {place}", partial(lambda s: 100 * _utilisation(s), exposed_s),
                          computing, 0.3, "%", source))  # fmt: skip
        comparisons.append(Case(f"model FLOPs utilisation from 43.3 %, reductions {place}", partial(lambda s: 43.3 * _utilisation(s), exposed_s),
                          utilisation, 0.3, "%", source))  # fmt: skip
    return comparisons


# --- collectives ------------------------------------------------------------------------------------------------------

RANKS, SIZE_BYTES, DELAY_S, RATE_BYTE_S = 128, 1e9, 6.58e-3, 12.5e9


def _on_links_s(algorithm: str, parts: int = 1) -> float:
    """The same all-reduce as messages on links, one for every pair of satellites."""
    longest_s = 0.0
    for phases in all_reduce(algorithm, np.arange(RANKS).reshape(1, -1), SIZE_BYTES, parts=parts):
        ready_s = np.zeros(RANKS)
        for phase in phases:
            advance_phase(phase, np.full(phase.src.size, DELAY_S), phase.size_bytes / RATE_BYTE_S, ready_s)
        longest_s = max(longest_s, float(ready_s.max()))
    return longest_s


def _balancing_rate_gbit_s() -> float:
    """Rate at which a ring all-reduce takes as long as the arithmetic of a step; attention left out, many satellites."""
    model = LLAMA_405B._replace(tied=True, parameters=LLAMA_405B.parameters - 128256 * 16384)  # all parameters are in matrices
    batch = Batch(1, TOKENS, 64 * 131072)
    task = _task(model, Mesh(8, 16, 64), batch, 400e12, 8)
    return 2.0 * 8.0 * reduced_bytes(task) / float(compute_s(task, 1.0)) / 1e9


def _collectives() -> list[Case | Failed]:
    uniform = (RANKS, SIZE_BYTES, DELAY_S, RATE_BYTE_S)
    link = (DELAY_S, RATE_BYTE_S)
    source = "closed form, latency at every hop: 128 ranks, 1 GB, 100 Gbit/s, 6.58 ms"
    same = "the closed form above, on uniform links"
    return [
        Case("all-reduce in a ring", lambda: ring_s(*uniform), 1.830, 0.009, "s", source),
        Case("all-reduce by halving and doubling", lambda: halving_doubling_s(*uniform), 0.251, 0.0013, "s", source),
        Case("all-reduce over a binomial tree", lambda: tree_s(*uniform), 1.212, 0.006, "s", source),
        Case("messages of the ring on links", lambda: _on_links_s("ring"), partial(ring_s, *uniform), 1e-9, "s", same),
        Case("messages of the ring in both directions", lambda: _on_links_s("ring", 2),
             partial(ring_s, RANKS, SIZE_BYTES / 2, DELAY_S, RATE_BYTE_S), 1e-9, "s", "closed form of half of the bytes"),
        Case("messages of halving and doubling on links", lambda: _on_links_s("halving-doubling"),
             partial(halving_doubling_s, *uniform), 1e-9, "s", same),
        # the most nearly square grid of 128 has 8 rows of 16
        Case("messages of the torus on links", lambda: _on_links_s("torus"),
             partial(hierarchical_s, 16, 8, SIZE_BYTES, link, link), 1e-9, "s", "closed form in two levels, on uniform links"),
        Case("link rate at which the gradient all-reduce takes as long as the arithmetic", _balancing_rate_gbit_s, 130.2, 0.65, "Gbit/s",
             "closed form b t F / (3 x tokens): 8 x 400 TFLOP/s, 131,072 tokens a replica"),
    ]  # fmt: skip


# --- economics --------------------------------------------------------------------------------------------------------


def _launch_price() -> list[Case | Failed]:
    rows = ((575.0, 28.0, 5.0, 3600.0, 14700.0), (575.0, 28.0, 5.0, 200.0, 810.0), (860.0, 2.0, 12.5, 3600.0, 124600.0))

    def price(mass_kg: float, power_kw: float, life_yr: float, usd_kg: float) -> float:
        return launched_power_usd_per_kw_year(mass_kg * usd_kg, 1e3 * power_kw, life_yr * YEAR_S)

    return [
        Case(f"launched power price, {mass:.0f} kg, {power:g} kW, {life:g} years at {usd:.0f} USD/kg",
             partial(price, mass, power, life, usd), published, 0.02 * published, "USD/(kW yr)", "[suncatcher2025:table 1]")
        for mass, power, life, usd, published in rows
    ]  # fmt: skip


def _annual_cost_busd(it_life_yr: float) -> float:
    """Yearly cost of a site of 1 GW of IT equipment, 27 of 38 billion USD for it, 0.9 billion USD a year to run it, at 6 %."""
    site = Site(1, 1e9, 1e9 * 1.2, 27e9, 0.0, 0.0, 11.0, 0.3 / 38.0, 0.6e9 / (1.2e9 * YEAR_S), it_life_yr * YEAR_S, 14.0 * YEAR_S, 0.06)
    found = ground(site, Work(0.0, None, 1.0, None)).usd_per_year
    assert found is not None
    return found / 1e9


def _megawatt_kg_per_kw() -> float:
    """Array, battery and radiator of 1 MW at shipped densities, without storage."""
    propulsion = Propulsion(0.0, 0.0, 1500.0, 0.0, 1.0)
    design = Design(5640.0, 3.1, 0.0, 5.4e5, 2500.0, 5.0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, propulsion)
    return total_kg(parts_kg(design)) / 1e3


def _economics() -> list[Case | Failed]:
    published = "[epoch2026]: published {} billion USD; split of 27 and 11 billion USD and 6 % fitted to three values, hence the limit of 4 %"
    return [
        *(
            Case(f"yearly cost of a site of 1 GW, machines of {life:g} years", partial(_annual_cost_busd, life), value, 0.04 * value,
                 "billion USD", published.format(f"{value:g}"))
            for life, value in ((3.0, 12.0), (5.0, 8.5), (7.0, 7.0))
        ),
        Case("array and radiator of 1 MW over its power, at the densities of the shipped satellites", _megawatt_kg_per_kw, 29.4, 4.4,
             "kg/kW", "[turyshev2026]: 29.4 with storage, for 5,640 m2 and 2,500 m2; densities of its own, hence the limit of 15 %"),
    ]  # fmt: skip
