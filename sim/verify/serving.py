"""Inference services: published decode steps, measured services, and published saturated throughput."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from statistics import median, quantiles
from typing import NamedTuple

from sim.config import workload_params
from sim.verify.case import Case, Failed
from sim.verify.training import accelerator, language_model
from sim.workload import serving_load
from sim.workload.fabric import Fabric
from sim.workload.kernels import AssumedKernels
from sim.workload.service import Service, max_batch
from sim.workload.serving_measurements import MeasuredService, measured_services
from sim.workload.serving_queue import mean_wait_s
from sim.workload.serving_step import Tokens, step
from sim.workload.transformer import Model

CHIPS = {"h100_sxm": "h100-sxm", "h200_sxm": "h200-sxm", "b200_sxm": "b200-sxm"}
LLAMA = "meta-llama/Llama-3.1-70B"
# Settings of all measured services, chosen before their errors were computed: those of a scenario, and a cache in 8 bits. In 16
# bits, services that are recorded without a queue (8,192 tokens, 32 requests, one H200) would not fit into memory.
MEMORY_SHARE, CHUNK, HOST_S, KV_PRECISION = 0.9, 8192, 1e-3, "fp8"
MEASURED = "[aiconfigurator2026], services of TensorRT-LLM and vLLM; the tables hold single kernels, nothing is fitted to services"


class Saturated(NamedTuple):
    """Published output tokens a second at saturation: fp8, on so many accelerators."""

    model: str
    chip: str
    accelerators: int
    input_tokens: int
    output_tokens: int
    tokens_per_s: float


SATURATED = (
    Saturated("llama-3-70b", "h200-sxm", 1, 128, 2048, 4336.0), Saturated("llama-3-70b", "h100-sxm", 2, 128, 2048, 6651.0),
    Saturated("llama-3-405b", "h200-sxm", 8, 128, 2048, 5348.0), Saturated("llama-3-405b", "h100-sxm", 8, 128, 2048, 4340.0),
    Saturated("llama-3-8b", "h200-sxm", 1, 128, 2048, 26221.0), Saturated("llama-3-8b", "h100-sxm", 1, 128, 2048, 22714.0),
    Saturated("llama-3-70b", "h200-sxm", 1, 20000, 2000, 283.0), Saturated("llama-3-70b", "h100-sxm", 2, 20000, 2000, 437.0),
    Saturated("llama-3-405b", "h200-sxm", 8, 20000, 2000, 505.0), Saturated("llama-3-405b", "h100-sxm", 8, 20000, 2000, 345.0),
    Saturated("llama-3-8b", "h200-sxm", 1, 20000, 2000, 1804.0), Saturated("llama-3-8b", "h100-sxm", 1, 20000, 2000, 1351.0),
)  # fmt: skip


def cases() -> list[Case | Failed]:
    """Cases of inference services.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    book = "[scaling-book:inference], printed as {} ms"
    rows = [row for row in measured_services() if row.model == LLAMA]
    long = [row for row in rows if row.input_tokens == 8192 and row.concurrency == 4]
    trt = "[trtllm-perf], TensorRT-LLM, fp8, at saturation"
    return [
        Case("decode step, 4 sequences", partial(_decode_step_ms, 4), 2.57, 0.0257, "ms", book.format(2.5)),
        Case("decode step, 256 sequences", partial(_decode_step_ms, 256), 21.05, 0.21, "ms", book.format(21)),
        _errors(f"time per token of {len(rows)} services of Llama 3.1 70B, median error", _tpot_errors, rows, median, 0.15),
        _errors(f"time per token of {len(rows)} services of Llama 3.1 70B, error of nine in ten", _tpot_errors, rows, _p90, 0.35),
        _errors(f"time to first token of {len(long)} services, prompts of 8,192, four requests, median error", _ttft_errors, long, median, 0.20),
        Case("saturated throughput of 12 services, median error", lambda: median(_saturated_errors()), 0.0, 0.10, "1", trt),
        Case("saturated throughput of 12 services, largest error", lambda: max(_saturated_errors()), 0.0, 0.30, "1", trt),
    ]  # fmt: skip


def _errors(
    name: str, errors: Callable[[Sequence[MeasuredService]], list[float]], rows: Sequence[MeasuredService],
    of: Callable[[list[float]], float], limit: float,
) -> Case:  # fmt: skip
    return Case(name, lambda: of(errors(rows)), 0.0, limit, "1", MEASURED)


def _p90(values: list[float]) -> float:
    """Value that nine in ten do not exceed."""
    return quantiles(values, n=10, method="inclusive")[-1]


def _decode_step_ms(batch: int) -> float:
    """30e9 parameters of 1 B on 16 accelerators, a cache of 8,192 tokens of 100 kB for each sequence: products and attention."""
    shape = Model(30e9, 2, 32000, 16, 16, 1562, 122928, 1)
    chip = AssumedKernels((("bf16", 1.97e14), ("int8", 1.97e14)), 1.0, 8.1e11, 1.0, 1e15, 0.0)
    s = Service(shape, chip, Fabric(16), "int8", 16, 16, batch, 8192, 1, 1.97e14, 16e9, 1.0, "int8", "int8")
    *kernels, _, _ = step(s, Tokens(0.0, 1.0, float(batch), 8192.0)).kernels  # without output matrix and streams
    return 1e3 * sum(max(side) for side in kernels)


@cache
def measured(row: MeasuredService, model: str = "llama-3-70b") -> tuple[float, float]:
    """Computed latencies of a measured service.

    Parameters
    ----------
    row : MeasuredService
        The service.
    model : str
        Shipped model.

    Returns
    -------
    ttft_ms, tpot_ms : float
        Mean time to first token and per further token [ms].
    """
    s = _service(model, CHIPS[row.system], row.precision, row.tensor, row.input_tokens, row.output_tokens)
    s = s._replace(batch=max(1, min(row.concurrency, max_batch(s))))
    load = serving_load.in_flight(s, row.concurrency)
    waited_s = min(mean_wait_s(load.busy(s), load.prompt_s), row.concurrency * load.prompt_s)
    return 1e3 * (waited_s + load.prompt_s), 1e3 * load.step_s


def _service(model: str, chip_name: str, precision: str, tensor: int, prompt: int, answer: int) -> Service:
    """A service on measured kernels; arithmetic in the narrowest format that the chip has, weights as they are recorded."""
    chip = accelerator(chip_name).model_copy(update={"kernels": chip_name})
    arithmetic = precision if precision in chip.peak else "fp8"
    return Service(
        language_model(model), workload_params.kernels(chip), workload_params.fabric(chip), arithmetic, tensor, 8, 1, prompt,
        answer, chip.peak[arithmetic], chip.memory, MEMORY_SHARE, precision, KV_PRECISION, CHUNK, HOST_S,
    )  # fmt: skip


def _tpot_errors(rows: Sequence[MeasuredService], model: str = "llama-3-70b") -> list[float]:
    """Relative errors of the time per token, without sign."""
    return [abs(measured(row, model)[1] / row.tpot_ms - 1.0) for row in rows]


def _ttft_errors(rows: Sequence[MeasuredService], model: str = "llama-3-70b") -> list[float]:
    """Relative errors of the time to first token, without sign."""
    return [abs(measured(row, model)[0] / row.ttft_ms - 1.0) for row in rows]


def _saturated_errors() -> list[float]:
    """Relative errors of the saturated throughput, without sign."""
    return [abs(_saturated_tokens_per_s(row) / row.tokens_per_s - 1.0) for row in SATURATED]


def _saturated_tokens_per_s(row: Saturated) -> float:
    """Computed output tokens a second at the largest batch [1/s]."""
    s = _service(row.model, row.chip, "fp8", row.accelerators, row.input_tokens, row.output_tokens)
    return serving_load.tokens_per_s(s._replace(accelerators=row.accelerators, batch=max(1, max_batch(s))))
