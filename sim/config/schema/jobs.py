"""Workloads of the fleet."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Fraction, Name, Section

Tokens = Annotated[float, Quantity("1", above=0.0, example="4.2e6")]


class LanguageModel(Section):
    """A dense transformer with gated MLP and grouped queries."""

    name: Name
    description: str = ""
    parameters: Annotated[float, Quantity("1", above=0.0, example="70.6e9")]
    layers: Annotated[int, Count(most=10_000)]
    hidden: Annotated[int, Count()]
    heads: Annotated[int, Count()]
    kv_heads: Annotated[int, Count()]
    head_size: Annotated[int, Count()]
    ffn: Annotated[int, Count()]
    vocabulary: Annotated[int, Count()]

    @model_validator(mode="after")
    def _queries_share_keys(self) -> LanguageModel:
        if self.heads % self.kv_heads:
            raise ValueError(
                f"kv_heads {self.kv_heads} does not divide heads {self.heads}; write kv_heads: {math.gcd(self.heads, self.kv_heads)}"
            )
        return self


class Mesh(Section):
    """Degrees of parallelism; their product is the number of accelerators of one job."""

    tensor: Annotated[int, Count()]
    pipeline: Annotated[int, Count()]
    data: Annotated[int, Count()]


class Checkpoint(Section):
    """Interval between checkpoints, and the rate at which an accelerator saves them."""

    interval: Annotated[float, Quantity("s", above=0.0, example="30 min")] | Literal["auto"]  # auto: Daly's optimum
    rate: Annotated[
        float, Quantity("B/s", above=0.0, example="5 GB/s")
    ]  # of one accelerator's share of the store, blocking


class Independent(Section):
    """Every accelerator serves its own elastic stream, nothing waits for anything."""

    kind: Literal["independent"]


class Training(Section):
    """One synchronous job, or several equal ones of `members` satellites each."""

    kind: Literal["training"]
    model: LanguageModel
    method: Literal["synchronous"]
    precision: str
    share: Fraction | None = None  # of the satellites, rounded down; none: all that others leave
    members: Annotated[int, Count()] | None = None  # satellites of one job; none: all in one
    mesh: Mesh | None = None  # none: the best that fits
    sequence_length: Annotated[int, Count()]
    global_batch: Tokens  # tokens of one step of one job
    micro_batch: Annotated[int, Count(most=4096)]  # sequences
    interleave: Annotated[int, Count(most=256)] | Literal["auto"]  # virtual_stages of the model on a stage; auto: the best
    recompute: Literal["none", "selective", "full", "auto"]  # auto: what makes the step shortest
    overlap: Fraction  # share of the backward pass that can hide the gradient exchange
    jitter: Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.01")]  # of a member's compute time, relative
    tokens: Tokens  # of the whole training run
    checkpoint: Checkpoint


class Inference(Section):
    """A service: prefill and decode on whole satellites."""

    kind: Literal["inference"]
    model: LanguageModel
    precision: str
    share: Fraction | None = None  # of the satellites, rounded down; none: all that others leave
    tensor: Annotated[int, Count()] | None = None  # accelerators that hold one copy; none: the fewest that fit
    input_tokens: Annotated[int, Count()]
    output_tokens: Annotated[int, Count()]
    batch: Annotated[int, Count()] | None = None  # requests decoded together; none: as many as fit
    memory_fraction: Fraction  # of the memory that weights and caches may fill
    demand: Annotated[float, Quantity("1/s", least=0.0, example="2e6 1/s")] | None = None  # output tokens; none: all


Workload = Annotated[Independent | Training | Inference, Field(discriminator="kind")]
