"""From a scenario's workloads to what `sim.workload` computes with. Loads no arrays: the checks at the door use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from sim.config import schema
from sim.workload.parallelism import Batch
from sim.workload.service import Service, degrees, max_batch, service_problem
from sim.workload.transformer import RECOMPUTE, Model

BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "fp32": 4.0}  # of one number

VIRTUAL_STAGES = (1, 2, 3, 4, 5, 6, 7, 8, 10)  # of the model on a pipeline stage, tried where the scenario leaves it open


class Carrier(Protocol):
    """What carries accelerators: a satellite, or a node on the ground."""

    @property
    def accelerator(self) -> schema.Accelerator: ...

    @property
    def accelerators(self) -> int: ...


def model(told: schema.LanguageModel) -> Model:
    return Model(
        told.parameters, told.layers, told.hidden, told.heads, told.kv_heads, told.head_size, told.ffn, told.vocabulary
    )


def batch(job: schema.Training) -> Batch:
    """What one training step works on, at least one sequence; where the scenario leaves it open, with the least memory."""
    sequences = max(1, round(job.global_batch / job.sequence_length))
    interleave = 1 if job.interleave == "auto" else job.interleave
    return Batch(job.sequence_length, job.micro_batch, sequences, recomputes(job)[-1], interleave=interleave)


def virtual_stages(job: schema.Training) -> tuple[int, ...]:
    """Into how many virtual_stages a stage may hold its layers."""
    return VIRTUAL_STAGES if job.interleave == "auto" else (job.interleave,)


def recomputes(job: schema.Training) -> tuple[str, ...]:
    """What may be computed again rather than kept, the thriftiest with memory last."""
    return RECOMPUTE if job.recompute == "auto" else (job.recompute,)


def service(job: schema.Inference, carrier: Carrier) -> Service:
    """The service with its tensor group and batch chosen where the scenario leaves them open."""
    chip = carrier.accelerator
    each = BYTES[job.precision]

    def with_tensor(tensor: int) -> Service:
        made = Service(
            model(job.model), tensor, carrier.accelerators, job.batch or 1, job.input_tokens, job.output_tokens,
            chip.peak[job.precision], chip.kernel_efficiency, chip.memory_bandwidth, chip.memory, job.memory_fraction,
            chip.interconnect, chip.interconnect_latency, each, each, each,
        )  # fmt: skip
        return made if job.batch else made._replace(batch=max(1, max_batch(made)))

    if job.tensor is not None:
        return with_tensor(job.tensor)
    able = [with_tensor(tensor) for tensor in degrees(model(job.model), carrier.accelerators)]
    return next((made for made in able if service_problem(made) is None), able[-1])


def counts(workloads: Sequence[schema.Workload], spares: int, satellites: int) -> list[int]:
    """Satellites of each workload: shares of the fleet rounded down, the rest to those without a share, evenly."""
    shares = [None if isinstance(w, schema.Independent) else w.share for w in workloads]
    given = [None if share is None else math.floor(share * satellites + 1e-9) for share in shares]
    left = satellites - spares - sum(n for n in given if n is not None)
    open_ = sum(n is None for n in given)
    return [n if n is not None else max(0, left) // max(1, open_) for n in given]
