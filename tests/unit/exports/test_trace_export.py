"""`export --format traces`: power, links, and Chakra traces that add up to the step that the run computes."""

from __future__ import annotations

import csv
import io
import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from exported import export, opened_once

from sim.config.errors import InputError
from sim.exports import chakra
from sim.exports.opened import Options
from sim.exports.pipeline_order import passes
from sim.exports.training_graph import Step, total_ops
from sim.workload import parallelism, step_traffic, training_step
from sim.workload.fabric import Fabric
from sim.workload.job_communication import Collective
from sim.workload.kernels import AssumedKernels
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Task
from sim.workload.transformer import Model, parameter_count

CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e11, 1e-6)


def model(layers: int = 8, **more: Any) -> Model:
    made = Model(0.0, layers, 1024, 16, 8, 64, 4096, 32000, **more)
    return made._replace(parameters=parameter_count(made))


def task(mesh: Mesh, batch: Batch, each: int = 4, **more: Any) -> Task:
    return Task(model(**more), mesh, batch, each, 1e15, CHIP, Fabric(each))


TASKS = {
    "data": task(Mesh(1, 1, 4), Batch(1024, 1, 16)),
    "an all-reduce": task(Mesh(1, 1, 4), Batch(1024, 2, 16, zero=0)),
    "tensor and pipeline": task(Mesh(2, 4, 4), Batch(1024, 1, 32)),
    "uneven layers and batch": task(Mesh(2, 3, 4), Batch(1024, 2, 29), each=6),
    "sharded gradients": task(Mesh(2, 2, 4), Batch(1024, 1, 16, zero=2)),
    "sharded weights": task(Mesh(4, 4, 2), Batch(1024, 1, 16, zero=3, recomputed=0.5)),
    "virtual stages": task(Mesh(2, 4, 2), Batch(1024, 1, 16, interleave=2)),
    "virtual stages that do not divide": task(Mesh(2, 4, 2), Batch(1024, 1, 12, interleave=2)),
    "uneven sharded gradients": task(Mesh(1, 2, 4), Batch(1024, 1, 18, zero=2)),
    "uneven sharded weights": task(Mesh(2, 2, 4), Batch(1024, 1, 18, zero=3, recomputed=0.5)),
    "uneven virtual stages": task(Mesh(1, 2, 4), Batch(1024, 1, 18, zero=2, interleave=2)),
    "uneven experts": task(Mesh(1, 2, 4, expert=2), Batch(1024, 2, 27), experts=8, active_experts=2, expert_ffn=1024),
    "contexts": task(Mesh(2, 2, 2, context=2), Batch(2048, 1, 8)),
    "experts": task(Mesh(1, 2, 8, expert=2), Batch(1024, 1, 32), experts=8, active_experts=2, expert_ffn=1024, dense_layers=2),
}
each_task = pytest.mark.parametrize("job", TASKS.values(), ids=list(TASKS))


def graph(job: Task) -> tuple[Step, dict[int, list[chakra.Node]]]:
    step = Step(job, job.mesh.data)
    return step, {rank: step.nodes(rank) for rank in range(step.ranks)}


@each_task
def test_operations_and_durations_are_those_of_the_step(job: Task) -> None:
    """Source of truth: `training_step`: model FLOPs of all members; arithmetic and memory of an average accelerator.

    Operations are whole numbers and durations whole microseconds: half of one for each node.
    """
    step, nodes = graph(job)
    count = sum(map(len, nodes.values()))
    assert step.ranks == parallelism.accelerators_of(job.mesh) == len(nodes)
    assert sum(map(total_ops, nodes.values())) == pytest.approx(training_step.task_flops(job), abs=0.5 * count)
    constants = training_step.step_constants(job)
    busy_s = constants.arithmetic_s + constants.recompute_s + constants.memory_s + constants.optimiser_s
    found_s = sum(node.duration_us for rank in nodes.values() for node in rank) / 1e6 / len(nodes)
    assert found_s == pytest.approx(busy_s, abs=0.5e-6 * count / len(nodes))
    again = sum(node.num_ops for rank in nodes.values() for node in rank if node.name.startswith("recompute"))
    assert (again > 0) == (job.batch.recomputed > 0.0)


@each_task
def test_bytes_are_those_of_the_step(job: Task) -> None:
    """Source of truth: `training_step`: gradients that a step reduces, in parameters of the model; activations of a boundary."""
    _, nodes = graph(job)
    c, flat = training_step.step_constants(job), [node for rank in nodes.values() for node in rank]
    kinds = (chakra.REDUCE_SCATTER, chakra.ALL_REDUCE)
    reduced = sum(node.size_bytes for node in flat if node.name.startswith("reduce gradients") and node.collective in kinds)
    ranks, copies = len(nodes), job.mesh.data * job.mesh.context
    shared, experts = training_step.gradient_parameters(job)
    micro_batches = -(-job.batch.global_batch // job.batch.micro_batch)
    passes_of = float(-(-micro_batches // job.mesh.data)) if job.batch.zero >= 2 else 1.0  # of the replica with the most
    assert reduced == pytest.approx(passes_of * ranks * job.grad_bytes * (shared + experts), abs=len(flat))
    if job.mesh.expert == 1:  # what one of the data and context ranks holds of the whole model
        assert reduced / copies == pytest.approx(passes_of * job.grad_bytes * job.model.parameters, rel=1e-9, abs=len(flat))
    assert passes_of == pytest.approx(c.scatters if job.batch.zero else 0.5 * c.scatters)
    sent = [node for node in flat if node.kind == chakra.SEND]
    sequences, virtual = job.batch.global_batch, job.batch.interleave
    boundaries = job.mesh.pipeline * virtual - 1 if job.mesh.pipeline > 1 else 0
    each = 2.0 * job.batch.sequence * job.model.hidden  # of a sequence, 16 bits a value
    assert sum(node.size_bytes for node in sent) == pytest.approx(2 * boundaries * sequences * each, abs=len(sent))
    received = Counter((node.peer, rank, node.tag, node.size_bytes) for rank, ns in nodes.items() for node in ns if node.kind == chakra.RECEIVE)
    assert received == Counter((rank, node.peer, node.tag, node.size_bytes) for rank, ns in nodes.items() for node in ns if node.kind == chakra.SEND)
    gathered = sum(node.size_bytes for node in flat if node.name.startswith("gather forward"))
    whole = 2 * sequences * job.model.layers * each if job.mesh.tensor > 1 else 0.0  # twice a layer
    assert gathered == pytest.approx(whole, abs=len(flat))


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_an_uneven_batch_has_the_same_collectives_on_all_replicas(zero: int) -> None:
    """Source of truth: the definition: 18 sequences over 4 replicas are 5, 5, 4 and 4; a collective wants all ranks of its group.

    Two stages hold half of the parameters each, 16 bits a weight gathered, in parts of a fourth. ZeRO-1 gathers weights once and
    reduces once; ZeRO-2 reduces after each of five backward passes; ZeRO-3 gathers before each of ten passes, too.
    """
    job = task(Mesh(1, 2, 4), Batch(1024, 1, 18, zero=zero))
    step, nodes = graph(job)
    shared, _ = training_step.gradient_parameters(job)
    scatter, gather = (chakra.REDUCE_SCATTER, round(job.grad_bytes * shared)), (chakra.ALL_GATHER, round(2 * shared / 4))
    expected = Counter({1: {gather: 1, scatter: 1}, 2: {gather: 1, scatter: 5}, 3: {gather: 10, scatter: 5}}[zero])
    assert len(step.groups.number) == 2  # ranks of four replicas in each stage
    for ranks, number in step.groups.number.items():
        assert {step.place(rank)[0] for rank in ranks} == {0, 1, 2, 3}
        issued = [[(n.collective, n.size_bytes) for n in nodes[rank] if n.group == number] for rank in ranks]
        assert issued == [issued[0]] * 4
        assert Counter(issued[0]) == expected
    for rank, made in nodes.items():
        work = [n for n in made if n.kind == chakra.COMPUTE and n.name != "optimiser"]
        assert len(work) == 2 * (5, 5, 4, 4)[step.place(rank)[0]]


def test_groups_are_numbered_from_one() -> None:
    """Source of truth: ASTRA-sim, which takes the name "0" for all ranks and asserts that others are above 0."""
    step, nodes = graph(task(Mesh(2, 2, 2), Batch(1024, 1, 8)))
    numbers = sorted(step.groups.number.values())
    assert numbers == list(range(1, 1 + 8))  # 4 of tensor parts, 4 of replicas
    assert {node.group for made in nodes.values() for node in made if node.kind == chakra.COLLECTIVE} == set(numbers)


def test_messages_between_satellites_are_those_of_the_network() -> None:
    """Source of truth: `step_traffic.sent_bytes`, which the network's bounds are computed with: of a pipeline over two satellites."""
    job = task(Mesh(2, 4, 2), Batch(1024, 1, 32))
    step, nodes = graph(job)
    members = np.array([3, 1, 0, 2])  # satellites in rank order
    assert parallelism.satellites_per_replica(job.mesh, 4) == 2
    crossing = np.zeros(4)
    for rank, made in nodes.items():
        here = step.satellite(rank, members)
        for node in made:
            if node.kind == chakra.SEND and step.satellite(node.peer, members) != here:
                crossing[here] += node.size_bytes
    reduction = job._replace(batch=job.batch._replace(zero=1))
    every = step_traffic.sent_bytes(reduction, Collective("ring"), members[np.newaxis], 4)
    ring = 2.0 * training_step.reduced_bytes(job) * (2 - 1) / 2  # of two satellites: half of the gradients each way, and half back
    assert crossing == pytest.approx((every - ring).tolist())


@each_task
def test_every_rank_comes_to_its_end(job: Task) -> None:
    """Source of truth: the rules of a replay: a node runs when those before it have; collectives when all ranks are at them."""
    step, nodes = graph(job)
    members = {number: ranks for ranks, number in step.groups.number.items()}
    done = {rank: [False] * len(made) for rank, made in nodes.items()}
    order = {(rank, i): 0 for rank, made in nodes.items() for i in range(len(made))}
    seen: Counter[tuple[int, int]] = Counter()
    for rank, made in nodes.items():  # the n-th collective of a group is the same one on all its ranks
        for i, node in enumerate(made):
            assert all(d < i for d in node.after)
            if node.kind == chakra.COLLECTIVE:
                order[rank, i] = seen[rank, node.group]
                seen[rank, node.group] += 1
    for number, ranks in members.items():
        alike = [[(n.name, n.collective, n.size_bytes) for n in nodes[r] if n.group == number] for r in ranks]
        assert all(other == alike[0] for other in alike), number
    sent: set[tuple[int, int, int]] = set()
    waiting: Counter[tuple[int, int]] = Counter()
    arrived: set[tuple[int, int]] = set()
    moved = True
    while moved:
        moved = False
        for rank, made in nodes.items():
            for i, node in enumerate(made):
                if done[rank][i] or not all(done[rank][d] for d in node.after):
                    continue
                if node.kind == chakra.RECEIVE and (node.peer, rank, node.tag) not in sent:
                    continue
                if node.kind == chakra.COLLECTIVE:
                    key = node.group, order[rank, i]
                    if (rank, i) not in arrived:
                        arrived.add((rank, i))
                        waiting[key] += 1
                    if waiting[key] < len(members[node.group]):
                        continue
                if node.kind == chakra.SEND:
                    sent.add((rank, node.peer, node.tag))
                done[rank][i] = moved = True
    assert all(map(all, done.values()))


@pytest.mark.parametrize(("stages", "virtual", "micro_batches"), list(itertools.product((1, 2, 4), (1, 2, 3), (1, 4, 6, 8))))
def test_every_pass_once_and_forward_first(stages: int, virtual: int, micro_batches: int) -> None:
    for stage in range(stages):
        order = passes(stages, stage, virtual, micro_batches)
        assert len(set(order)) == len(order) == 2 * virtual * micro_batches
        for k, each in enumerate(order):
            assert not each.backward or each._replace(backward=False) in order[:k]


@pytest.mark.parametrize(
    ("mesh", "batch", "name"),
    [
        (Mesh(1, 4, 2), Batch(1024, 1, 26), "one forward, one backward"),
        (Mesh(1, 4, 2), Batch(1024, 1, 16, interleave=2), "interleaved"),
        (Mesh(1, 4, 2), Batch(1024, 1, 26, interleave=2), "all forward first"),  # 13 micro-batches, as in suncatcher
    ],
)
def test_the_schedule_is_named(mesh: Mesh, batch: Batch, name: str) -> None:
    """Source of truth: the nodes of the first rank: forward passes before the first backward pass."""
    step = Step(task(mesh, batch), 2)
    kinds = [node.name.split()[0] for node in step.nodes(0) if node.kind == chakra.COMPUTE]
    ahead = kinds.index("backward")
    assert step.schedule == name
    assert (ahead == kinds.count("forward")) == (name == "all forward first")


# --- files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Messages and numbers of the schema beside this test, as protoc describes them."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    described, here = tmp_path_factory.mktemp("proto") / "schema.bin", Path(__file__).parent
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{here}", f"--descriptor_set_out={described}", "trace_schema.proto"],
        check=True, timeout=120,
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(described.read_bytes()).file
    pool.Add(file)
    found = {m.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"chakra_reader.{m.name}")) for m in file.message_type}
    return SimpleNamespace(**found, **{value.name: value.number for kind in file.enum_type for value in kind.value})


def read(reader: Any, data: bytes) -> tuple[Any, list[Any]]:
    """Messages of a file, each after its length, by protobuf's own reader of lengths."""
    from google.protobuf.internal.decoder import _DecodeVarint32

    at, parts = 0, []
    while at < len(data):
        size, at = _DecodeVarint32(data, at)
        parts.append(data[at : at + size])
        at += size
    return reader.Metadata.FromString(parts[0]), [reader.Node.FromString(part) for part in parts[1:]]


def attributes(node: Any) -> dict[str, Any]:
    return {a.name: getattr(a, a.WhichOneof("value")) for a in node.attr}


@pytest.fixture(scope="module")
def folder(training: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("traces") / "out"
    return out, export(training, "traces", out, Options(ranks=64))


def test_traces_of_a_run(folder: tuple[Path, dict[str, Any]], training: Path, reader: Any) -> None:
    """Source of truth: classes that protoc makes of the published field numbers; the plan in summary.json."""
    out, facts = folder
    said = json.loads((training / "summary.json").read_text("utf-8"))["workloads"][0]
    (job,) = facts["jobs"]
    every = said["mesh"]["tensor"] * said["mesh"]["pipeline"] * said["mesh"]["data"]
    assert job["of_ranks"] == every
    replicas = job["ranks"] // (said["mesh"]["tensor"] * said["mesh"]["pipeline"])
    assert 0 < job["ranks"] <= 64
    # two virtual stages a stage, and 2,048 sequences over 324 replicas are at most 7, which two stages do not divide
    assert facts["notes"] == [
        "llama-3-70b 0: all forward passes come first, as 2 stages do not divide 7 micro-batches; its bubble is longer than that of step_s",
        f"llama-3-70b 0: traces of {job['ranks']} of {every:,} ranks, whole replicas; write --ranks {every} for all",
    ]
    place = out / job["folder"]
    written = json.loads((place / "job.json").read_text("utf-8"))
    assert written["model_flops_of_step"] == said["network"]["step_flops"]
    assert written["schedule"] == job["schedule"] == "all forward first"
    groups = json.loads((place / "comm_groups.json").read_text("utf-8"))
    assert "0" not in groups  # all ranks in ASTRA-sim
    ops = 0
    for rank in range(job["ranks"]):
        head, nodes = read(reader, (place / f"step.{rank}.et").read_bytes())
        assert (head.version, [node.id for node in nodes]) == ("0.0.4", list(range(len(nodes))))
        for node in nodes:
            found = attributes(node)
            assert found["is_cpu_op"] is False
            assert all(d < node.id for d in node.data_deps)
            if node.type == reader.COMP_NODE:
                ops += found["num_ops"] * (not node.name.startswith("recompute"))
                assert node.duration_micros > 0
            elif node.type == reader.COMM_COLL_NODE:
                assert rank in groups[found["pg_name"]]
                assert found["comm_type"] in (reader.ALL_REDUCE, reader.ALL_GATHER, reader.REDUCE_SCATTER)
                assert found["comm_size"] > 0
            else:
                mine = "comm_src" if node.type == reader.COMM_SEND_NODE else "comm_dst"
                assert found[mine] == rank
    sequences = written["batch"]["global_batch"]
    shares = [sequences // said["mesh"]["data"] + (d < sequences % said["mesh"]["data"]) for d in range(replicas)]
    assert written["batch"]["micro_batch"] == 1
    assert ops == pytest.approx(written["model_flops_of_step"] * sum(shares) / sequences, rel=1e-9)
    with (place / "ranks.csv").open() as file:
        ranks = list(csv.DictReader(file))
    with h5py.File(training / "series.nc") as file:
        at_work = set(np.flatnonzero(file["sat_job"][:] == 0).tolist())
    assert {int(row["satellite"]) for row in ranks} <= at_work
    assert Counter(Counter(int(row["satellite"]) for row in ranks).values()).keys() == {64}  # whole satellites


def test_power_and_links(folder: tuple[Path, dict[str, Any]], training: Path) -> None:
    """Source of truth: series.nc by h5py; lengths from recorded positions, half a metre in 32 bits; light takes 3.3 ns/m."""
    out, facts = folder
    with (out / "power.csv").open() as file:
        power = list(csv.DictReader(file))
    with (out / "links.csv").open() as file:
        links = list(csv.DictReader(file))
    assert (facts["power_rows"], facts["link_rows"]) == (len(power), len(links))
    with h5py.File(training / "series.nc") as file:
        for column, name in (("generated_w", "sat_generated_w"), ("load_w", "sat_load_w"), ("charge_fraction", "sat_charge_fraction"), ("junction_k", "sat_junction_k")):
            assert np.array_equal(np.array([row[column] for row in power], dtype=np.float32), file[name][:].ravel())
        r_m = file["position_m"][:].astype(float)
        for n in (0, len(links) - 1):
            length = np.linalg.norm(r_m[:, :, file["link_a"][n]] - r_m[:, :, file["link_b"][n]], axis=1)[file["link_from"][n] : file["link_until"][n]]
            assert float(links[n]["length_max_m"]) == pytest.approx(length.max())
            hop_s = opened_once(training).loaded.scenario.links.hop_latency
            assert float(links[n]["delay_min_s"]) == pytest.approx(length.min() / 299792458.0 + hop_s)
            assert float(links[n]["rate_min_bit_s"]) > 1e9


def test_same_result_same_bytes(folder: tuple[Path, dict[str, Any]], training: Path, tmp_path: Path) -> None:
    export(training, "traces", tmp_path / "again", Options(ranks=64))
    files = sorted(path.relative_to(folder[0]) for path in folder[0].rglob("*") if path.is_file())
    for name in files:
        assert (folder[0] / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_a_bound_below_a_replica_is_said(training: Path, tmp_path: Path) -> None:
    """Source of truth: by hand: 64 accelerators of each of the satellites that a group of replicas takes."""
    facts = export(training, "traces", tmp_path / "few", Options(ranks=8))
    assert facts["jobs"] == []
    assert "no traces: a whole replica, with those on its satellites, has" in facts["notes"][0]


def test_a_run_without_training_has_power_and_links_only(planes: Path, tmp_path: Path) -> None:
    facts = export(planes, "traces", tmp_path / "p")
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["links.csv", "power.csv"]
    assert (facts["training_jobs"], facts["power_rows"], facts["link_rows"]) == (0, 8 * 240, 0)


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    chakra.messages.cache_clear()
    with pytest.raises(InputError, match=r"^--format traces: needs the package protobuf; install it: pip install 'dawndusk\[export\]'$"):
        chakra.write(io.BytesIO(), [], 0)
    chakra.messages.cache_clear()
