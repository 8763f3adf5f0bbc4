"""Workloads of the fleet."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FieldError, Fraction, Name, Section, Switch
from sim.config.schema.data_volumes import Deliver, Ingest
from sim.config.schema.sensing import Sensing

Tokens = Annotated[float, Quantity("1", above=0.0, example="4.2e6")]


class Experts(Section):
    """Experts of a mixture: feed-forward networks of which each token passes a few."""

    count: Annotated[int, Count(most=100_000)] = Field(description="Routed experts of a layer")
    active: Annotated[int, Count(most=100_000)] = Field(description="Routed experts that each token passes")
    shared: Annotated[int, Count(least=0)] = Field(default=0, description="Experts that every token passes besides")
    ffn: Annotated[int, Count()] = Field(description="Inner width of an expert")
    dense_layers: Annotated[int, Count(least=0)] = Field(default=0, description="Leading layers without experts, of the width `ffn` of the model")

    @model_validator(mode="after")
    def _some_are_active(self) -> Experts:
        if self.active > self.count:
            raise FieldError("active", f"{self.active} is more than the {self.count} experts of a layer; write {self.count} or less")
        return self


class LatentAttention(Section):
    """Multi-head latent attention: queries, and keys with values, are compressed; `head_size` has no rotary positions."""

    query_rank: Annotated[int, Count()] | None = Field(default=None, description="Width of compressed queries; without it, they are not compressed")
    kv_rank: Annotated[int, Count()] = Field(description="Width of compressed keys and values, which the cache holds")
    rope_size: Annotated[int, Count()] = Field(description="Part of a head that carries rotary positions, shared by all keys")
    value_size: Annotated[int, Count()] = Field(description="Width of the values of a head")


class Window(Section):
    """Layers whose tokens attend to the last ones before them alone."""

    tokens: Annotated[int, Count()] = Field(description="Tokens that a token attends to at most")
    layers: Annotated[int, Count()] = Field(description="Number of layers with the window")


class LanguageModel(Section):
    """A decoder-only transformer, dense or a mixture of experts."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    parameters: Annotated[float, Quantity("1", above=0.0, example="70.6e9")] = Field(description="Number of parameters, with all experts")
    layers: Annotated[int, Count(most=10_000)] = Field(description="Number of transformer layers")
    hidden: Annotated[int, Count()] = Field(description="Width of the residual stream")
    heads: Annotated[int, Count()] = Field(description="Number of query heads")
    kv_heads: Annotated[int, Count()] = Field(description="Number of key and value heads; divides heads")
    head_size: Annotated[int, Count()] = Field(description="Width of one head")
    ffn: Annotated[int, Count()] = Field(description="Inner width of the feed-forward network, of layers without experts")
    vocabulary: Annotated[int, Count()] = Field(description="Number of tokens in the vocabulary")
    gated: Switch = Field(default=True, description="Whether feed-forward networks are gated, with three matrices and not two")
    tied: Switch = Field(default=False, description="Whether embedding and output share one vocabulary table")
    experts: Experts | None = Field(default=None, description="Experts of the layers; without it, the model is dense")
    latent: LatentAttention | None = Field(default=None, description="Latent attention; without it, keys and values are not compressed")
    window: Window | None = Field(default=None, description="Layers with a sliding window; without it, none")

    @model_validator(mode="after")
    def _queries_share_keys(self) -> LanguageModel:
        if self.heads % self.kv_heads:
            raise ValueError(
                f"kv_heads {self.kv_heads} does not divide heads {self.heads}; write kv_heads: {math.gcd(self.heads, self.kv_heads)}"
            )
        for field, layers in (
            ("experts.dense_layers", 0 if self.experts is None else self.experts.dense_layers),
            ("window.layers", 0 if self.window is None else self.window.layers),
        ):
            if layers > self.layers:
                raise FieldError(field, f"{layers} is more than the {self.layers} layers of the model; write {self.layers} or less")
        return self


class Mesh(Section):
    """Degrees of parallelism; their product is the number of accelerators of one job."""

    tensor: Annotated[int, Count()] = Field(description="Tensor-parallel degree: accelerators that share each layer")
    pipeline: Annotated[int, Count()] = Field(description="Pipeline-parallel degree: stages that share the layers")
    data: Annotated[int, Count()] = Field(description="Data-parallel degree: replicas that share the global batch")
    context: Annotated[int, Count()] = Field(
        default=1, description="Context-parallel degree: accelerators that share each sequence"
    )
    expert: Annotated[int, Count()] = Field(
        default=1, description="Expert-parallel degree: data and context ranks of a satellite that share the experts"
    )
    stages: Annotated[int, Count()] | None = Field(
        default=None,
        description="Pipeline stages that one satellite holds; without it, as many as divide both pipeline and satellite",
    )


Place = Literal["memory", "neighbour", "plane", "ground"]
CopyInterval = Annotated[float, Quantity("s", above=0.0, example="6 h")]


class CopyIntervals(Section):
    """Intervals between copies that are made less often than checkpoints, or more often."""

    memory: CopyInterval | None = Field(default=None, description="Interval of copies in the memory of the own satellite")
    neighbour: CopyInterval | None = Field(default=None, description="Interval of copies on a linked satellite")
    plane: CopyInterval | None = Field(default=None, description="Interval of copies in another plane or formation")
    ground: CopyInterval | None = Field(default=None, description="Interval of copies on the ground")


class Checkpoint(Section):
    """Interval between checkpoints, the rate at which an accelerator saves them, and where copies of them are kept."""

    interval: Annotated[float, Quantity("s", above=0.0, example="30 min")] | Literal["auto"] = Field(
        description="Time between checkpoints; auto is Daly's optimum for the failure rate of the job"
    )
    rate: Annotated[float, Quantity("B/s", above=0.0, example="5 GB/s")] = Field(
        description="Rate at which one accelerator saves its share of a checkpoint, while the job waits"
    )
    copies: list[Place] = Field(
        default_factory=list,
        description="Where checkpoints of a synchronous job are kept: memory of the own satellite; neighbour, a linked satellite; plane, a "
        "satellite of another plane or formation; ground, over the stations. Empty: on storage that survives every failure",
    )
    copy_intervals: CopyIntervals | None = Field(
        default=None, description="Intervals of copies that have their own; without it, each checkpoint is copied to all places"
    )

    @model_validator(mode="after")
    def _copies_are_listed_once(self) -> Checkpoint:
        for place in self.copies:
            if self.copies.count(place) > 1:
                raise FieldError("copies", f"{place} is listed twice; write it once")
        for name, interval_s in ({} if self.copy_intervals is None else self.copy_intervals.model_dump()).items():
            if interval_s is not None and name not in self.copies:
                raise FieldError(f"copy_intervals.{name}", f"no copy is kept there; add {name} to copies, or leave it out")
        return self

    def copy_interval(self, place: str) -> float | None:
        """Interval between copies in a place.

        Parameters
        ----------
        place : str
            One of `copies`.

        Returns
        -------
        float or None
            Interval [s]; None: that of the checkpoints.
        """
        return None if self.copy_intervals is None else getattr(self.copy_intervals, place)


class Islands(Section):
    """Islands of a DiLoCo job: each trains by itself and exchanges its weights with the others every `inner_steps` steps."""

    count: Annotated[int, Count()] | Literal["auto"] = Field(
        description="Number of islands; auto chooses the most tokens a second, after the statistical price of islands"
    )
    inner_steps: Annotated[int, Count(most=100_000)] = Field(description="Steps between two exchanges")
    precision: Literal["fp32", "bf16", "fp8", "int8", "fp4", "int4"] = Field(description="Number format of the exchanged weights")
    overlap_steps: Annotated[float, Quantity("1", least=0.0, most=1000.0, example="5")] = Field(
        description="Steps that an exchange may take while training goes on"
    )
    fragments: Annotated[int, Count(most=1000)] = Field(
        description="Parts of the weights that are exchanged one after the other in each period"
    )
    efficiency: Fraction | Literal["auto"] = Field(
        description="Tokens that a synchronous job needs over those that the islands need, for equal loss; auto takes the published values"
    )


class Elastic(Section):
    """Replicas of an elastic job: they take every step together, and go on without one that is lost."""

    replicas: Annotated[int, Count()] | Literal["auto"] = Field(
        description="Number of replicas, all with the same plan; auto chooses the most that train within 1 % of the fastest"
    )
    grace: Annotated[float, Quantity("s", least=0.0, example="60 s")] = Field(
        description="Time from the loss of a replica in which the others wait for it at most, detection included"
    )
    least: Annotated[float, Quantity("1", above=0.0, most=1.0, example="0.5")] = Field(
        description="Share of the replicas that must take part, rounded up to whole ones; with fewer the job waits"
    )


class Validation(Section):
    """Checks that find silent errors: what was computed since the last one is done again, or does not count."""

    interval: Annotated[float, Quantity("s", above=0.0, example="10 min")] = Field(
        description="Time between two checks; training is checked when it has saved a checkpoint, and not more often"
    )
    harmful: Fraction = Field(description="Share of the silent errors that spoil what is computed; the others leave it as it is")


Copies = Annotated[int, Count(most=3)]


class Independent(Section):
    """Every accelerator works for itself and waits for nothing."""

    kind: Literal["independent"] = Field(description="Independent work, without messages")
    validation: Validation | None = Field(
        default=None, description="Checks of each accelerator; without it, silent errors are neither found nor counted as a loss"
    )


class Training(Section):
    """One job, or several equal ones of `members` satellites each."""

    kind: Literal["training"] = Field(
        description="Training of a language model, as one job or several equal ones"
    )
    model: LanguageModel = Field(description="The model that is trained")
    method: Literal["synchronous", "diloco", "elastic"] = Field(
        description="Training method: synchronous, all members take each step together; diloco, islands of members do; elastic, "
        "replicas of members do, without those that are lost"
    )
    precision: str = Field(description="Arithmetic precision, a key of the accelerator's peak")
    share: Fraction | None = Field(
        default=None,
        description="Share of the satellites, rounded down to whole ones; without it, all that other workloads leave",
    )
    members: Annotated[int, Count()] | None = Field(
        default=None,
        description="Satellites of one job, island or replica; without it, all satellites of the workload form one job",
    )
    priority: Annotated[int, Count(least=-1000, most=1000)] = Field(
        default=0, description="A job that lacks members takes them from jobs of lower priority where no spare is left"
    )
    reserve: Annotated[int, Count(least=0, most=1_000_000)] = Field(
        default=0, description="Spares of the fleet that other training workloads leave to this one"
    )
    mesh: Mesh | None = Field(
        default=None,
        description="Degrees of parallelism of one job; without it, those with the shortest step that fit into memory",
    )
    sequence_length: Annotated[int, Count()] = Field(description="Tokens of one training sequence")
    global_batch: Tokens = Field(description="Tokens of one optimiser step of one job")
    micro_batch: Annotated[int, Count(most=4096)] = Field(
        description="Sequences that pass through the pipeline together"
    )
    interleave: Annotated[int, Count(most=256)] | Literal["auto"] = Field(
        description="Virtual stages of each pipeline stage; auto chooses the shortest step"
    )
    recompute: Literal["none", "selective", "full", "auto"] | Fraction = Field(
        description="Activations that the backward pass computes again: none, those of attention, all, or all of a share of the "
        "layers; auto takes the smallest share that fits into memory"
    )
    zero: Annotated[int, Count(least=0, most=3)] | Literal["auto"] = Field(
        description="What is sharded over the replicas: 0 nothing, 1 optimiser state, 2 gradients too, 3 weights too; auto "
        "shards more where the job fits only so"
    )
    in_flight: Annotated[int, Count(most=64)] | Literal["auto"] = Field(
        description="Micro-batches on their way over each stage boundary between satellites; more of them hide its latency and fill memory"
    )
    fused_attention: Switch = Field(description="Attention keeps its scores out of memory, in one kernel")
    gradient_precision: Literal["fp32", "bf16", "fp8", "int8", "fp4", "int4"] = Field(description="Number format of exchanged gradients")
    memory_fraction: Fraction = Field(description="Share of accelerator memory that the job may fill")
    islands: Islands | None = Field(default=None, description="Islands of method diloco")
    elastic: Elastic | None = Field(default=None, description="Replicas of method elastic")
    overlap: Fraction = Field(description="Share of the backward pass that can hide the gradient exchange")
    jitter: Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.01")] = Field(
        description="Relative standard deviation of an accelerator's compute time from step to step"
    )
    tokens: Tokens = Field(description="Tokens of the whole training run, for the time to train")
    checkpoint: Checkpoint = Field(description="Interval and rate of checkpoints")
    validation: Validation | None = Field(
        default=None, description="Checks of the job; null: silent errors are neither found nor counted as a loss"
    )
    redundancy: Copies = Field(
        default=1, description="Times that all arithmetic is done: copies that differ find a silent error after a training step, three outvote it"
    )
    replan_after: Annotated[float, Quantity("s", above=0.0, example="1 h")] | None = Field(
        default=None,
        description="A synchronous job whose satellites or links have changed for so long is planned again; null: never",
    )
    ingest: Ingest | None = Field(
        default=None, description="Data and weights that come up from the ground before the job starts; null: they are aboard"
    )
    deliver: Deliver | None = Field(default=None, description="Results or checkpoints that are sent to the ground; null: none")

    @model_validator(mode="after")
    def _sections_of_the_method(self) -> Training:
        for section, method, key in (("islands", "diloco", "count"), ("elastic", "elastic", "replicas")):
            if getattr(self, section) is not None and self.method != method:
                raise FieldError(section, f"does not go with method {self.method}; write method: {method}, or leave {section} out")
            if getattr(self, section) is None and self.method == method:
                raise FieldError(section, f"is empty, and method {method} needs it; write {key}: auto below it, or leave it out")
        if self.checkpoint.copies and self.method != "synchronous":
            message = f"do not go with method {self.method}, whose islands or replicas have the weights of each other; leave copies out"
            raise FieldError("checkpoint.copies", message)
        return self


class Targets(Section):
    """Latencies that requests must keep; they limit how many a service takes."""

    ttft: Annotated[float, Quantity("s", above=0.0, example="2 s")] = Field(
        description="Time to first token: queue, prompt and the round trip to the user"
    )
    tpot: Annotated[float, Quantity("s", above=0.0, example="50 ms")] = Field(description="Time per further output token")
    percentile: Annotated[float, Quantity("1", least=0.5, most=0.9999, example="0.99")] = Field(
        default=0.99, description="Share of the requests that keep the targets"
    )
    round_trip: Annotated[float, Quantity("s", least=0.0, example="50 ms")] = Field(
        default=0.05, description="Part of `ttft` that is set aside for the round trip between user and satellite"
    )


class Daily(Section):
    """Demand over the day, by the local solar time of users at the ground stations."""

    profile: Annotated[list[Annotated[float, Quantity("1", least=0.0, example="1")]], Field(min_length=24, max_length=24)] = Field(
        description="Relative rate of requests in each of 24 hours of local solar time, from midnight; linear between the middles of hours"
    )


class Inference(Section):
    """A service: prefill and decode on whole satellites, or on pipelines of satellites."""

    kind: Literal["inference"] = Field(
        description="An inference service: prefill and decode of a language model on whole satellites"
    )
    model: LanguageModel = Field(description="The model that is served")
    precision: str = Field(description="Arithmetic precision, a key of the accelerator's peak")
    share: Fraction | None = Field(
        default=None,
        description="Share of the satellites, rounded down to whole ones; without it, all that other workloads leave",
    )
    tensor: Annotated[int, Count()] | None = Field(
        default=None,
        description="Accelerators of a satellite that hold one copy of the model, or of a stage; without it, the span with the most tokens "
        "at the targets",
    )
    pipeline: Annotated[int, Count(most=10_000)] | Literal["auto"] = Field(
        default=1,
        description="Satellites over which each copy of the model is split by layers, one stage on each; auto takes the fewest that "
        "hold it",
    )
    input_tokens: Annotated[int, Count()] = Field(description="Tokens of a request's prompt")
    output_tokens: Annotated[int, Count()] = Field(description="Tokens of a request's answer")
    batch: Annotated[int, Count()] | None = Field(
        default=None, description="Requests decoded together by one copy at most; without it, as many as memory holds"
    )
    weight_precision: Literal["bf16", "fp16", "fp8", "int8", "fp4"] | None = Field(
        default=None, description="Number format of stored weights, not wider than precision; without it, precision"
    )
    kv_precision: Literal["bf16", "fp16", "fp8", "int8", "fp4"] | None = Field(
        default=None, description="Number format of the key-value cache; without it, precision"
    )
    chunk: Annotated[int, Count(most=1_000_000)] = Field(
        description="Tokens of prompts that one step takes at most, beside the sequences that are decoded"
    )
    step_overhead: Annotated[float, Quantity("s", least=0.0, example="1 ms")] = Field(
        description="Time of a step in which accelerators wait for the host: scheduling, sampling, launches"
    )
    targets: Targets | None = Field(
        default=None, description="Latencies that requests must keep; without it, batches are as large as possible"
    )
    admission: Literal["reject", "all"] = Field(
        default="reject",
        description="What happens to requests beyond the capacity at the targets: reject, or all are served, and then all of them late",
    )
    turns: Annotated[int, Count(most=10_000)] = Field(
        default=1, description="Requests of an agentic session that wait for each other, each with a round trip to the user"
    )
    memory_fraction: Fraction = Field(description="Share of accelerator memory that weights and caches may fill")
    validation: Validation | None = Field(
        default=None, description="Checks of each copy of the model; null: silent errors are neither found nor counted as a loss"
    )
    redundancy: Copies = Field(default=1, description="Times that every token is computed, by different accelerators, to compare the results")
    demand: Annotated[float, Quantity("1/s", least=0.0, example="2e6 1/s")] | None = Field(
        default=None,
        description="Output tokens per second that users ask of the whole service, mean over the day; without it, all capacity is "
        "asked for",
    )
    daily: Daily | None = Field(default=None, description="Demand over the day; without it, demand is constant")
    ingest: Ingest | None = Field(
        default=None, description="Data and weights that come up from the ground before the service serves; null: they are aboard"
    )
    deliver: Deliver | None = Field(default=None, description="Results or checkpoints that are sent to the ground; null: none")

    @model_validator(mode="after")
    def _results_have_an_interval(self) -> Inference:
        if self.deliver is not None and self.deliver.interval is None:
            raise FieldError("deliver.interval", "is null, and a service has no end at which to send its results; write interval: 1 h")
        return self


Workload = Annotated[Independent | Training | Inference | Sensing, Field(discriminator="kind")]
