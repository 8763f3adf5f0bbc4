"""Published training runs, through the planner, its memory count, and the messages of a cluster on the ground."""

from __future__ import annotations

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from sim.config import library, schema, workload_params, yaml_tree
from sim.config.errors import Origin
from sim.ground_baseline.fabric import Star
from sim.verify.case import Case, Failed
from sim.workload import execution_plan, training_step
from sim.workload.execution_plan import Choices, ExecutionPlan
from sim.workload.parallelism import Batch, Mesh, accelerators_of
from sim.workload.training_step import Task
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
    return execution_plan.fastest_plan(tasks, np.arange(nodes), nodes, Star(nodes, network), nodes)


def cases() -> list[Case | Failed]:
    """Published steps and utilisations.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_servers(), *_bridge(), *_mt_nlg(), *_llama()]


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
