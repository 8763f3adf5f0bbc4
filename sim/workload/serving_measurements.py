"""Measured inference services: time to first token and per further token of three models. [aiconfigurator2026]

The header of `sim/workload/data/serving.csv` describes the columns and says which rows were left out.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import NamedTuple

from sim.workload.kernel_tables import FOLDER


class MeasuredService(NamedTuple):
    """A replica that runs prefill and decode on the same accelerators, at a number of requests in flight."""

    model: str
    system: str  # h100_sxm, h200_sxm or b200_sxm
    backend: str  # trtllm, vllm or sglang
    version: str  # empty where not recorded
    precision: str  # of weights and products
    input_tokens: int
    output_tokens: int
    concurrency: int  # requests in flight over the replica
    batch: int  # of a data-parallel rank of attention, at most
    tensor: int
    pipeline: int
    attention_data: int
    expert_tensor: int
    expert_parallel: int
    ttft_ms: float
    tpot_ms: float


@cache
def measured_services() -> tuple[MeasuredService, ...]:
    """Read the measured services.

    Returns
    -------
    tuple of MeasuredService
        Rows in the order of the file.

    Raises
    ------
    ValueError
        If the file has other columns, that is, was built by another version.

    Examples
    --------
    >>> sum(row.model.endswith("Llama-3.1-70B") for row in measured_services())
    441
    """
    with (FOLDER / "serving.csv").open("r", encoding="ascii") as stream:
        rows = list(csv.reader(line for line in stream if not line.startswith("#")))
    names = tuple(rows[0])
    if names != MeasuredService._fields:
        raise ValueError("serving.csv has other columns; run tools/build_kernel_tables.py")
    return tuple(_row(row) for row in rows[1:])


def _row(row: list[str]) -> MeasuredService:
    text, (requests_in, requests_out, concurrency, batch, *mesh), times = row[:5], map(int, row[5:14]), row[14:]
    tensor, pipeline, attention_data, expert_tensor, expert_parallel = mesh
    model, system, backend, version, precision = text
    return MeasuredService(
        model, system, backend, version, precision, requests_in, requests_out, concurrency, batch,
        tensor, pipeline, attention_data, expert_tensor, expert_parallel, float(times[0]), float(times[1]),
    )  # fmt: skip
