"""Published training runs, through the planner, its memory count, and the messages of a cluster on the ground."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from sim.config import library, schema, workload_params, yaml_tree
from sim.config.errors import Origin
from sim.ground_baseline.fabric import Star
from sim.verify.case import Case, Failed
from sim.workload import execution_plan, training_step
from sim.workload.collectives import ring_s
from sim.workload.execution_plan import Choices, ExecutionPlan
from sim.workload.fabric import Fabric
from sim.workload.kernels import AssumedKernels
from sim.workload.measured_kernels import kernels_for
from sim.workload.parallelism import Batch, Mesh, accelerators_of
from sim.workload.training_step import Islands, Task
from sim.workload.transformer import Model, parameter_count

VIRTUAL_STAGES = workload_params.VIRTUAL_STAGES
MEMORY_SHARE = 0.92  # of an accelerator, the default of a scenario
JITTER = 0.01  # of an accelerator's time, on thousands of accelerators; the default of a scenario


class Cluster(NamedTuple):
    """Nodes of one kind of accelerator around a network without contention."""

    chip: str
    node: int  # accelerators
    rate_bit_s: float  # of a node, each way
    latency_s: float = 5e-6
    memory_share: float = MEMORY_SHARE


A100 = Cluster("a100-sxm", 8, 8 * 200e9)
H100 = Cluster("h100-sxm", 8, 8 * 400e9)
B200 = Cluster("b200-sxm", 8, 8 * 400e9)


@cache
def accelerator(name: str) -> schema.Accelerator:
    """Shipped accelerator.

    Parameters
    ----------
    name : str
        Name of the item.

    Returns
    -------
    Accelerator
        The item in SI.
    """
    node = library.item("hardware", name, Origin(name), "accelerator", "accelerator")
    return schema.Accelerator.model_validate(yaml_tree.plain(node))


@cache
def language_model(name: str) -> Model:
    """Shipped model.

    Parameters
    ----------
    name : str
        Name of the item.

    Returns
    -------
    Model
        Its shape.
    """
    node = library.item("models", name, Origin(name), "model")
    return workload_params.model(schema.LanguageModel.model_validate(yaml_tree.plain(node)))


def gpt(layers: int, hidden: int, heads: int) -> Model:
    """Shape of a GPT with two feed-forward matrices and one vocabulary table of 51,200 words.

    Parameters
    ----------
    layers, hidden, heads : int
        Layers, width, and heads.

    Returns
    -------
    Model
        The shape with its counted parameters.
    """
    shape = Model(0.0, layers, hidden, heads, heads, hidden // heads, 4 * hidden, 51200, gated=False, tied=True)
    return shape._replace(parameters=parameter_count(shape))


@cache
def plan(
    model: Model, cluster: Cluster, mesh: Mesh, batch: Batch, choices: Choices, precision: str = "bf16", jitter: float = 0.0
) -> ExecutionPlan:
    """Plan of a job on a cluster that the mesh fills.

    Parameters
    ----------
    model : Model
        The model.
    cluster : Cluster
        Nodes and network.
    mesh : Mesh
        Degrees of parallelism.
    batch : Batch
        Batch of a step.
    choices : Choices
        What the planner may choose.
    precision : str
        Number format of matrix products.
    jitter : float
        Relative standard deviation of an accelerator's time.

    Returns
    -------
    ExecutionPlan
        The fastest that fits.

    Raises
    ------
    ValueError
        If the mesh does not fit.
    """
    chip = accelerator(cluster.chip)
    nodes = max(1, mesh.tensor * mesh.context * mesh.pipeline * mesh.data // cluster.node)
    task = Task(
        model, mesh, batch, cluster.node, chip.peak[precision], workload_params.kernels(chip), workload_params.fabric(chip),
        overlap=0.9, jitter=jitter, precision=precision,
    )  # fmt: skip
    tasks = execution_plan.feasible_tasks(task, [mesh], choices, nodes, cluster.memory_share * chip.memory)
    if not tasks:
        raise ValueError(f"{mesh} does not fit")
    network = schema.Fabric.model_construct(rate=cluster.rate_bit_s, throughput=1.0, latency=cluster.latency_s)
    return execution_plan.fastest_plan(tasks, [np.arange(nodes)], Star(nodes, network), nodes)


def cases() -> list[Case | Failed]:
    """Published steps and utilisations.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_servers(), *_bridge(), *_mt_nlg(), *_llama(), *_tpu(), _mixture(), *_bandwidths()]


def _servers() -> list[Case | Failed]:
    """Steps on servers of eight A100; attention of separate kernels, nothing sharded."""
    source = "[korthikanti2022:table 5], kernels as measured on A100"
    rows = (
        ("22B", gpt(48, 6144, 64), Mesh(8, 1, 1), 4, 4, 1, 1.10, 1.42),
        ("175B", gpt(96, 12288, 96), Mesh(8, 8, 1), 1, 64, 3, 13.75, 18.13),
        ("530B", gpt(105, 20480, 128), Mesh(8, 35, 1), 1, 280, 3, 37.83, 49.05),
        ("1T", gpt(128, 25600, 160), Mesh(8, 64, 1), 1, 512, 1, 71.49, 94.42),
    )
    found: list[Case | Failed] = []
    for name, model, mesh, micro, sequences, interleave, selective_s, full_s in rows:
        for kind, share, published_s in (("selective", 0.0, selective_s), ("full", 1.0, full_s)):
            batch = Batch(2048, micro, sequences, "selective", zero=0, interleave=interleave, fused_attention=False)
            choices = Choices((interleave,), (0,), (1,), share)
            found.append(
                Case(f"step of {name}, {kind} recomputation", partial(_step_s, model, A100, mesh, batch, choices), published_s,
                     0.12 * published_s, "s", source)
            )  # fmt: skip
    return found


def _step_s(model: Model, cluster: Cluster, mesh: Mesh, batch: Batch, choices: Choices, jitter: float = 0.0) -> float:
    return plan(model, cluster, mesh, batch, choices, jitter=jitter).step_s


def _bridge() -> list[Case | Failed]:
    """Rates that the maker of the accelerators publishes for its own training framework, in fp8 with scales found in every step."""
    source = "[megatron-bridge], release {}; messages of tensor groups are hidden there, not here"
    rows = (
        ("llama-3-8b", H100, Mesh(1, 1, 8), 1, 128, 1, 14451.0, 0.1, "25.11"),
        ("llama-3-70b", H100, Mesh(4, 8, 2), 1, 256, 5, 1621.0, 0.15, "26.02"),
        ("llama-3-8b", B200, Mesh(1, 1, 8), 2, 128, 1, 30624.0, 0.1, "25.11"),
        ("llama-3-405b", B200, Mesh(4, 8, 2, 2), 1, 64, 8, 661.0, 0.15, "25.11"),
    )
    return [
        Case(f"tokens a second of {name} on each of {accelerators_of(mesh)} {cluster.chip}",
             partial(_tokens_per_s, name, cluster, mesh, Batch(8192, micro, sequences), virtual), published, limit * published, "1/s",
             source.format(release))
        for name, cluster, mesh, micro, sequences, virtual, published, limit, release in rows
    ]  # fmt: skip


def _tokens_per_s(name: str, cluster: Cluster, mesh: Mesh, batch: Batch, virtual: int) -> float:
    choices = Choices((virtual,), (1, 3), (1,))
    step_s = plan(language_model(name), cluster, mesh, batch, choices, "fp8").step_s
    return batch.global_batch * batch.sequence / step_s / accelerators_of(mesh)


def _mt_nlg() -> list[Case | Failed]:
    source = (
        "[smith2022:section 2.3], batch of 1,920 sequences, all activations computed again; a micro-batch took 30 % longer than for the same "
        "model on the same accelerators in [korthikanti2022]: wide limit"
    )
    batch = Batch(2048, 1, 1920, "selective", zero=1, fused_attention=False)
    return [
        Case(f"step of MT-NLG 530B on {nodes} DGX A100", partial(_step_s, gpt(105, 20480, 128), A100, Mesh(8, 35, data), batch,
             Choices((1,), (1,), (1,), 1.0), JITTER), published_s, 0.3 * published_s, "s", source)
        for nodes, data, published_s in ((280, 8, 60.1), (350, 10, 50.2), (420, 12, 44.4))
    ]  # fmt: skip


def _llama() -> list[Case | Failed]:
    source = (
        "[llama3:table 4], the published mesh; virtual stages, sharding and recomputation by the planner; runtimes of 2024 were slower than the "
        "measured kernels: wide limit"
    )
    batch = Batch(8192, 1, 2048, "selective")
    return [
        Case(f"model FLOPs utilisation of Llama 3 405B on {8 * 16 * data:,} H100", partial(_utilisation, Mesh(8, 16, data), batch), published, 0.05,
             "1", source)
        for data, published in ((64, 430e12 / 989e12), (128, 400e12 / 989e12))
    ]  # fmt: skip


def _utilisation(mesh: Mesh, batch: Batch) -> float:
    choices = Choices(VIRTUAL_STAGES, (1, 3), (1,))
    chosen = plan(language_model("llama-3-405b"), H100, mesh, batch, choices, jitter=JITTER)
    return training_step.mfu(chosen.task, chosen.step_s)


def _tpu() -> list[Case | Failed]:
    """70B with everything sharded, on the narrowest tensor groups that fit; no kernel of these chips is measured."""
    source = "[maxtext], sequences of 4,096 tokens; efficiency of large products assumed as the mean of measured chips"
    return [
        Case(f"model FLOPs utilisation of 70B on {chips} TPU v6e", partial(_sharded_utilisation, chips, tensor, micro), published, 0.02, "1", source)
        for chips, tensor, micro, published in ((64, 2, 1, 0.435), (256, 1, 2, 0.47))
    ]  # fmt: skip


def _sharded_utilisation(chips: int, tensor: int, micro: int) -> float:
    mesh = Mesh(tensor, 1, chips // tensor)
    pod = Cluster("tpu-v6e", chips, 1e15)
    chosen = plan(language_model("llama-3-70b"), pod, mesh, Batch(4096, micro, mesh.data * micro), Choices((1,), (1, 3), (1,)))
    return training_step.mfu(chosen.task, chosen.step_s)


def _mixture() -> Case:
    return Case(
        "accelerator-hours to train DeepSeek-V3 on 14.8e12 tokens", lambda: _mixture_hours() / 1e3, 2664.0, 0.15 * 2664.0, "1e3 h",
        "[deepseek-v3:table 1], H800 with the kernels of H100; 16 stages, experts over 64 ranks, fp8, as published",
    )  # fmt: skip


def _mixture_hours() -> float:
    """2,048 H800: blocks of eight nodes hold one stage each, with its experts; their messages hide behind arithmetic."""
    chip, block, batch = accelerator("h800-sxm"), 64, Batch(4096, 1, 15360)
    kernels = kernels_for(
        "h100-sxm", chip.peak, chip.kernel_efficiency, chip.memory_bandwidth, chip.memory_efficiency, chip.fabric.rate, chip.fabric.latency
    )
    mesh = Mesh(1, 16, 128, expert=64, stages=1)
    task = Task(language_model("deepseek-v3"), mesh, batch, block, chip.peak["fp8"], kernels, workload_params.fabric(chip), 0.9, JITTER, "fp8")
    tasks = execution_plan.feasible_tasks(task, [mesh], Choices((1, 2), (1,), (1,)), 32, MEMORY_SHARE * chip.memory)
    network = schema.Fabric.model_construct(rate=block * 400e9, throughput=1.0, latency=5e-6)
    step_s = execution_plan.fastest_plan(tasks, [np.arange(32)], Star(32, network), 32).step_s
    return accelerators_of(mesh) * step_s / 3600.0 * 14.8e12 / (batch.global_batch * batch.sequence)


GRID = np.logspace(-1.0, 3.0, 50)  # Gbit/s, the values of the published tables
TARGETS = (0.5, 0.8, 0.9, 0.95, 0.99)  # share of the time that computes

# Gbit/s for each target [douillard2025:table 4]: parameters, step [s], fragments of 3 layers; steps between exchanges, fragments,
# bits of a parameter, steps that an exchange may take.
_PLAIN, _EVERY = (100, 1, 16.0, 0.0), (1, 1, 16.0, 0.0)
STREAMS = {
    (1e9, 0.1, 8): ((86.8, 152.6, 184.2, 222.3, 569.0), (1.4, 6.2, 13.3, 23.3, 86.8), (1.4, 5.2, 9.1, 16.0, 28.1),
                    (1.4, 4.3, 6.2, 9.1, 11.0), (0.4, 0.9, 1.7, 2.0, 3.0)),
    (10e9, 0.8, 16): ((104.8, 222.3, 222.3, 268.3, 471.5), (1.7, 7.5, 16.0, 33.9, 104.8), (1.7, 5.2, 9.1, 13.3, 19.3),
                      (1.7, 3.6, 5.2, 6.2, 7.5), (0.4, 0.9, 1.4, 1.4, 1.7)),
    (100e9, 4.9, 36): ((184.2, 323.8, 390.7, 390.7, 471.5), (3.0, 11.0, 23.3, 49.4, 184.2), (2.4, 6.2, 9.1, 11.0, 19.3),
                       (1.7, 3.6, 4.3, 5.2, 5.2), (0.5, 0.9, 1.1, 1.1, 1.4)),
}  # fmt: skip


def _bandwidths() -> list[Case | Failed]:
    source = "[douillard2025:table 4], simulated there; values on a grid of ratio 1.207, two islands, what a step takes as published"
    return [Case("share of DiLoCo's bandwidths within a step of their grid", _share_within, 1.0, 0.2, "1", source)]


def _share_within() -> float:
    """Share of the published bandwidths that ours are a step of the grid from, at most."""
    near = []
    for (parameters, step_s, fragments), rows in STREAMS.items():
        kinds = (_EVERY, _PLAIN, (100, fragments, 16.0, 0.0), (100, fragments, 16.0, 1.0), (100, fragments, 4.0, 1.0))
        for kind, row in zip(kinds, rows, strict=True):
            for target, published in zip(TARGETS, row, strict=True):
                ours = needed_gbit_s(parameters, step_s, target, *kind)
                near.append(abs(math.log(ours / published)) <= 1.001 * math.log(GRID[1] / GRID[0]))
    return sum(near) / len(near)


def needed_gbit_s(
    parameters: float, step_s: float, target: float, inner_steps: int, fragments: int, bits: float, overlap_steps: float
) -> float:
    """Rate of a link between two islands at which they compute for a share of the time.

    Parameters
    ----------
    parameters : float
        Parameters of the model.
    step_s : float
        Duration of a step of an island [s].
    target : float
        Share of the time that computes, 0 to 1.
    inner_steps, fragments : int
        Steps between exchanges, and parts of the weights.
    bits : float
        Bits of a parameter in an exchange.
    overlap_steps : float
        Steps that an exchange may take.

    Returns
    -------
    float
        Rate [Gbit/s], to 0.1 %, by bisection of the step that a run takes.
    """
    shape = Model(parameters, 1, 1, 1, 1, 1, 1, 0)
    islands = Islands(2, inner_steps, bits / 8.0, overlap_steps, fragments)
    kernels = AssumedKernels((("bf16", 1.0),), 1.0, math.inf, 1.0, math.inf, 0.0)
    task = Task(shape, Mesh(1, 1, 1), Batch(1, 1, 1), 1, 1.0, kernels, Fabric(1), 1.0, islands=islands)
    scale = step_s / float(training_step.decompose(task, 1.0).total_s)  # a step of any length; rates scale with it
    low, high = 1e-3, 1e5
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        exchange_s = ring_s(2, training_step.exchanged_bytes(task), 0.0, middle * 1e9 / 8.0)
        step = training_step.decompose(task, 1.0, outer_s=exchange_s / scale)
        computing = float((step.total_s - step.communication_s) / step.total_s)
        low, high = (low, middle) if computing >= target else (middle, high)
    return high
