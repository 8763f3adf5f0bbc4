"""One step of a training job as nodes of each rank: passes of micro-batches, their messages, gradients, optimiser.

Rank ((d P + s) C + c) T + t has tensor part t, context part c and pipeline stage s of replica d. Passes follow one forward,
one backward; with virtual stages the interleaved schedule. [narayanan2021:section 2.2] All replicas have the passes of the one with
the most micro-batches; of a micro-batch that a replica lacks, it has the collectives that it shares with other replicas. Durations
are those of the job's kernels at full clock rate, without messages; sizes are those with which the step's communication is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.exports import chakra
from sim.exports.chakra import (
    ALL_GATHER,
    ALL_REDUCE,
    ALL_TO_ALL,
    COLLECTIVE,
    COMPUTE,
    RECEIVE,
    REDUCE_SCATTER,
    SEND,
    Node,
)
from sim.exports.pipeline_order import Pass, passes, schedule
from sim.workload import layer_times, parallelism, training_step
from sim.workload.kernels import ELEMENT_BYTES
from sim.workload.layer_times import ACTIVATION_BYTES, Work
from sim.workload.training_step import WEIGHT_BYTES, Task
from sim.workload.transformer import embedding_parameters, forward_flops_per_token

Ints = NDArray[np.int64]


class Sizes(NamedTuple):
    """What a pass of one sequence through one layer takes on one rank: operations, seconds, and bytes of messages."""

    forward_ops: float
    head_ops: float
    forward_s: float
    backward_s: float
    head_forward_s: float
    head_backward_s: float
    boundary_bytes: float  # between stages
    tensor_bytes: float  # gathered and scattered over the tensor group in either pass, whole buffers
    context_bytes: float  # keys and values of one context rank
    expert_bytes: float  # to the experts and back


@dataclass
class Groups:
    """Ranks that take part in collectives together, numbered as they are met."""

    number: dict[tuple[int, ...], int] = field(default_factory=dict)

    def of(self, ranks: tuple[int, ...]) -> int:
        """Number of a group.

        Parameters
        ----------
        ranks : tuple of int
            Its ranks.

        Returns
        -------
        int
            From 1: ASTRA-sim takes group 0 for all ranks.
        """
        return self.number.setdefault(ranks, len(self.number) + 1)


@dataclass(frozen=True)
class Step:
    """One step of a job, for the first of its replicas.

    Attributes
    ----------
    task : Task
        The job.
    replicas : int
        Replicas that are written; groups hold their ranks only.
    groups : Groups
        Receives the groups of ranks.
    """

    task: Task
    replicas: int
    groups: Groups = field(default_factory=Groups)

    @property
    def ranks(self) -> int:
        """Number of ranks that are written."""
        return self.replicas * parallelism.accelerators_per_replica(self.task.mesh)

    def rank(self, replica: int, stage: int, context: int, tensor: int) -> int:
        """Number of a rank.

        Parameters
        ----------
        replica, stage, context, tensor : int
            Its parts.

        Returns
        -------
        int
            From 0.
        """
        mesh = self.task.mesh
        return ((replica * mesh.pipeline + stage) * mesh.context + context) * mesh.tensor + tensor

    def place(self, rank: int) -> tuple[int, int, int, int]:
        """Replica, stage, context and tensor part of a rank.

        Parameters
        ----------
        rank : int
            Number of the rank.

        Returns
        -------
        tuple of int
            The four parts.
        """
        mesh = self.task.mesh
        rest, tensor = divmod(rank, mesh.tensor)
        rest, context = divmod(rest, mesh.context)
        replica, stage = divmod(rest, mesh.pipeline)
        return replica, stage, context, tensor

    def satellite(self, rank: int, members: Ints) -> int:
        """Satellite that holds a rank.

        Parameters
        ----------
        rank : int
            Number of the rank.
        members : ndarray of int64
            Satellites of the job in rank order.

        Returns
        -------
        int
            Number in the fleet.
        """
        mesh, each = self.task.mesh, self.task.accelerators
        replica, stage, _, _ = self.place(rank)
        span = parallelism.satellites_per_replica(mesh, each)
        group = replica // parallelism.replicas_per_satellite(mesh, each)
        return int(members[group * span + stage // parallelism.stages_per_satellite(mesh, each)])

    @cached_property
    def sequences(self) -> list[list[int]]:
        """Sequences of each micro-batch of each replica of the job: spread evenly, the last micro-batch may be short."""
        batch, data = self.task.batch, self.task.mesh.data
        total = -(-batch.global_batch // batch.micro_batch)
        sizes = [batch.micro_batch] * total
        sizes[-1] = batch.global_batch - (total - 1) * batch.micro_batch
        return [sizes[d::data] for d in range(data)]

    @property
    def micro_batches(self) -> int:
        """Micro-batches of the replica with the most, whose passes all replicas have."""
        return len(self.sequences[0])

    @property
    def schedule(self) -> str:
        """Name of the order of passes."""
        return schedule(self.task.mesh.pipeline, self.task.batch.interleave, self.micro_batches)

    @cached_property
    def optimiser_s(self) -> float:
        """Time of the optimiser [s]."""
        return training_step.step_constants(self.task).optimiser_s

    @cached_property
    def layers(self) -> list[list[int]]:
        """Layers of each virtual stage of each stage; stages with a layer less are the last first."""
        mesh, virtual = self.task.mesh, self.task.batch.interleave
        largest = -(-self.task.model.layers // (mesh.pipeline * virtual))
        spare = largest * mesh.pipeline * virtual - self.task.model.layers
        fewer = [spare // mesh.pipeline + (s >= mesh.pipeline - spare % mesh.pipeline) for s in range(mesh.pipeline)]
        return [[largest] * (virtual - less) + [largest - 1] * less for less in fewer]

    @cached_property
    def sizes(self) -> Sizes:
        """What a sequence takes in an average layer, and in the output matrix."""
        task, mesh, model, batch = self.task, self.task.mesh, self.task.model, self.task.batch
        shape = layer_times.shapes(model, task.kernels, task.fabric, task.precision, mesh, batch, task.overlap)
        layer, head = training_step.mean_layer(shape), layer_times.head(shape)
        split, each = mesh.tensor * mesh.context, float(batch.micro_batch)
        head_ops = 2.0 * embedding_parameters(model) * batch.sequence
        forward_ops = (forward_flops_per_token(model, batch.sequence) * batch.sequence - head_ops) / model.layers
        tokens = batch.sequence / mesh.context
        routed = 1.0 - model.dense_layers / model.layers if model.experts else 0.0
        pairs = 2.0 - routed * (mesh.expert > 1)
        kv_heads, size = max(1.0, model.kv_heads / mesh.tensor), float(model.head_size)
        if model.kv_rank > 0:
            kv_heads, size = model.heads / mesh.tensor, (model.head_size + model.rope_size + model.value_size) / 2.0
        sent = routed * tokens / mesh.tensor * model.hidden * model.active_experts * (ELEMENT_BYTES[task.precision] + ACTIVATION_BYTES)
        return Sizes(
            forward_ops / split, head_ops / split, _busy_s(layer.forward) / each, _busy_s(layer.backward) / each,
            _busy_s(head.forward) / each, _busy_s(head.backward) / each,
            boundary_bytes=ACTIVATION_BYTES * tokens * model.hidden / mesh.tensor,
            tensor_bytes=pairs * ACTIVATION_BYTES * tokens * model.hidden if mesh.tensor > 1 else 0.0,
            context_bytes=2.0 * tokens * kv_heads * size * ACTIVATION_BYTES if mesh.context > 1 else 0.0,
            expert_bytes=sent if mesh.expert > 1 else 0.0,
        )  # fmt: skip

    def nodes(self, rank: int) -> list[Node]:
        """Nodes of a rank.

        Parameters
        ----------
        rank : int
            Number of the rank.

        Returns
        -------
        list of Node
            Each after those that it depends on.
        """
        return _Rank(self, rank).build()


def _busy_s(work: Work) -> float:
    return work.arithmetic + work.memory


class _Rank:
    """The nodes of one rank as they are built."""

    def __init__(self, step: Step, rank: int) -> None:
        self.step, self.rank, self.task = step, rank, step.task
        self.replica, self.stage, self.context, self.part = step.place(rank)
        self.made: list[Node] = []
        mesh = self.task.mesh
        same = [step.rank(self.replica, self.stage, self.context, t) for t in range(mesh.tensor)]
        self.tensor_group = step.groups.of(tuple(same)) if mesh.tensor > 1 else -1
        around = [step.rank(self.replica, self.stage, c, self.part) for c in range(mesh.context)]
        self.context_group = step.groups.of(tuple(around)) if mesh.context > 1 else -1
        sharing = [step.rank(d, self.stage, c, self.part) for d in range(step.replicas) for c in range(mesh.context)]
        mine = sharing.index(rank)
        self.sharing = len(sharing)
        self.data_group = step.groups.of(tuple(sharing)) if len(sharing) > 1 else -1
        first = mine - mine % mesh.expert
        beside = sharing[first : first + mesh.expert]
        self.expert_group = step.groups.of(tuple(beside)) if mesh.expert > 1 else -1
        self.beside = [step.place(other)[0] for other in beside]  # replicas with which tokens are exchanged
        alike = sharing[mine % mesh.expert :: mesh.expert]
        self.alike = len(alike)
        self.alike_group = step.groups.of(tuple(alike)) if mesh.expert > 1 and len(alike) > 1 else self.data_group
        self.virtual = self.task.batch.interleave
        shared, experts = training_step.gradient_parameters(self.task)
        self.parameters = shared / self.virtual, experts / self.virtual

    def add(self, node: Node) -> int:
        self.made.append(node)
        return len(self.made) - 1

    def collective(self, kind: int, name: str, size: float, group: int, after: tuple[int, ...]) -> tuple[int, ...]:
        """A collective after some nodes; those nodes where there is nothing to send."""
        if group < 0 or size <= 0.0:
            return after
        return (self.add(Node(COLLECTIVE, name, after, size_bytes=round(size), collective=kind, group=group)),)

    def exchange(self, kind: int, name: str, bytes_each: float, after: tuple[int, ...]) -> tuple[int, ...]:
        """Gradients or weights of a virtual stage among those that hold the same, experts apart."""
        shared, experts = (bytes_each * n for n in self.parameters)
        if self.alike_group == self.data_group:
            shared, experts = shared + experts, 0.0
        parts = (self.sharing, self.alike) if kind == ALL_GATHER else (1, 1)  # a gather is given what the rank holds
        first = self.collective(kind, name, shared / parts[0], self.data_group, after)
        second = self.collective(kind, f"{name} of experts", experts / parts[1], self.alike_group, after)
        return tuple(dict.fromkeys((*first, *second)))

    def build(self) -> list[Node]:
        zero, mesh = self.task.batch.zero, self.task.mesh
        order = passes(mesh.pipeline, self.stage, self.virtual, self.step.micro_batches)
        ready: dict[int, tuple[int, ...]] = {}
        if zero in (1, 2):  # weights that the step before has updated
            for chunk in range(self.virtual):
                ready[chunk] = self.exchange(ALL_GATHER, f"gather weights {chunk}", WEIGHT_BYTES, ())
        before: list[tuple[int, ...]] = [(), ()]
        last = {p.chunk: k for k, p in enumerate(order) if p.backward}
        reduced: list[int] = []
        for k, each in enumerate(order):
            count = self.count(self.replica, each)
            done = self.one_pass(each, count, before, ready.get(each.chunk, ()))
            if each.backward and (zero >= 2 or last[each.chunk] == k):
                kind = REDUCE_SCATTER if zero else ALL_REDUCE
                reduced += self.exchange(kind, f"reduce gradients {each.chunk}", self.task.grad_bytes, done)
            before = [before[1] if count else before[0], done]
        self.add(Node(COMPUTE, "optimiser", tuple(dict.fromkeys((*before[1], *reduced))), round(1e6 * self.step.optimiser_s)))
        return self.made

    def count(self, replica: int, each: Pass) -> int:
        """Sequences of the micro-batch of a pass in a replica; 0 where it has no such micro-batch."""
        found = self.step.sequences[replica]
        return found[each.micro_batch] if each.micro_batch < len(found) else 0

    def one_pass(self, each: Pass, count: int, before: list[tuple[int, ...]], ready: tuple[int, ...]) -> tuple[int, ...]:
        """Nodes of a pass; returns those after which the next one may begin. Without sequences: what others wait for."""
        step, mesh, size = self.step, self.task.mesh, self.step.sizes
        layers = step.layers[self.stage][each.chunk]
        head = count * (self.stage == mesh.pipeline - 1 and each.chunk == self.virtual - 1)
        name = f"{'backward' if each.backward else 'forward'} {each.chunk}.{each.micro_batch}"
        work = float(layers * count)
        needs = (*before[1], *ready)
        routed = layers * sum(self.count(replica, each) for replica in self.beside) / len(self.beside)  # the same in all the group
        source, target = self.neighbours(each) if count else (None, None)
        boundary = round(size.boundary_bytes * count)
        if source is not None:
            tag = self.tag(each)
            needs = (*needs, self.add(Node(RECEIVE, f"receive {name}", before[0], size_bytes=boundary, peer=source, tag=tag)))
        if self.task.batch.zero == 3:
            needs = self.exchange(ALL_GATHER, f"gather weights {name}", WEIGHT_BYTES, needs)
        again = self.task.batch.recomputed * work if each.backward else 0.0
        if again:
            needs = (self.add(Node(COMPUTE, f"recompute {name}", needs, round(1e6 * again * size.forward_s), round(again * size.forward_ops))),)
        needs = self.messages_before(name, work, routed, each.backward, needs)
        busy_s = work * (size.backward_s if each.backward else size.forward_s)
        busy_s += head * (size.head_backward_s if each.backward else size.head_forward_s)
        ops = (2.0 if each.backward else 1.0) * (work * size.forward_ops + head * size.head_ops)
        done = (self.add(Node(COMPUTE, name, needs, round(1e6 * busy_s), round(ops))),) if count else tuple(dict.fromkeys(needs))
        done = self.collective(ALL_TO_ALL, f"combine {name}", 0.5 * routed * size.expert_bytes, self.expert_group, done)
        done = self.collective(REDUCE_SCATTER, f"scatter {name}", work * size.tensor_bytes, self.tensor_group, done)
        if target is not None:
            self.add(Node(SEND, f"send {name}", done, size_bytes=boundary, peer=target, tag=self.tag(self.following(each))))
        return done

    def messages_before(self, name: str, work: float, routed: float, backward: bool, needs: tuple[int, ...]) -> tuple[int, ...]:
        """Messages of a pass before its arithmetic: of the tensor group, of the ring of contexts, to the experts."""
        size, mesh = self.step.sizes, self.task.mesh
        needs = self.collective(ALL_GATHER, f"gather {name}", work * size.tensor_bytes / mesh.tensor, self.tensor_group, needs)
        turns = 2.0 if backward else 1.0
        needs = self.collective(ALL_GATHER, f"gather keys {name}", turns * work * size.context_bytes, self.context_group, needs)
        return self.collective(ALL_TO_ALL, f"dispatch {name}", 0.5 * routed * size.expert_bytes, self.expert_group, needs)

    def neighbours(self, each: Pass) -> tuple[int | None, int | None]:
        """Ranks from which a pass receives and to which it sends; None at the ends, and where a stage has its neighbour itself."""
        stages = self.task.mesh.pipeline
        if stages == 1:
            return None, None
        place, last, ahead = each.chunk * stages + self.stage, self.virtual * stages - 1, -1 if each.backward else 1
        found = [
            self.step.rank(self.replica, (self.stage + way) % stages, self.context, self.part) if 0 <= place + way <= last else None
            for way in (-ahead, ahead)
        ]
        return found[0], found[1]

    def following(self, each: Pass) -> Pass:
        """The pass of the next rank that receives what this one sends."""
        stages, ahead = self.task.mesh.pipeline, -1 if each.backward else 1
        return each._replace(chunk=(each.chunk * stages + self.stage + ahead) // stages)

    def tag(self, each: Pass) -> int:
        return (each.micro_batch * self.virtual + each.chunk) * 2 + each.backward


def total_ops(nodes: list[Node]) -> int:
    """Operations of a rank's model, without what is computed again.

    Parameters
    ----------
    nodes : list of Node
        Its nodes.

    Returns
    -------
    int
        Sum over the nodes.
    """
    return sum(node.num_ops for node in nodes if node.kind == chakra.COMPUTE and not node.name.startswith("recompute"))
