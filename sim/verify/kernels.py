"""Durations of kernels by the shipped tables against the measurements from which they were reduced."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median

from sim.verify.case import Case, Failed
from sim.workload.kernel_tables import chip_table
from sim.workload.kernels import Kernels
from sim.workload.measured_kernels import kernels_for

# Large matrix products of the measurements: every combination of these.
LARGE_ROWS = (
    2048, 2049, 2304, 2305, 2560, 2561, 2816, 2817, 3072, 3073, 3328, 3329, 3584, 3585, 3840, 3841, 4096, 4097, 4352, 4353,
    8192, 16384, 32768,
)  # fmt: skip
LARGE_WIDTHS = (4096, 5120, 6144, 7168, 8192, 10240, 12288, 16384, 51200, 65536)

# Measured single kernels at sizes between those of the tables: chip, kernel, sizes, duration [ms]. Drawn at random among
# such rows of TensorRT-LLM 1.3.0rc20; in fp8 less the time in which the scale is found. The last two lie beyond the
# tables, all-reduces of 1 GiB.
MEASURED = (
    ("h100-sxm", "matmul_s", (112, 1536, 3584, "bf16"), 0.0090059),
    ("h100-sxm", "matmul_s", (256, 51200, 3584, "bf16"), 0.1602),
    ("h100-sxm", "matmul_s", (1536, 2560, 10240, "bf16"), 0.10462),
    ("h100-sxm", "matmul_s", (112, 1536, 3584, "fp8"), 0.008514),
    ("h100-sxm", "attention_s", (4, 1536, 48, 4, 128, "bf16"), 0.36858),
    ("h100-sxm", "decode_attention_s", (1, 128, 40, 40, 256, 2.0), 0.011541),
    ("h100-sxm", "experts_s", (12288, 3072, 512.0, 4.0, 0.125, "bf16"), 0.10956),
    ("b200-sxm", "matmul_s", (112, 1536, 3584, "bf16"), 0.0059008),
    ("b200-sxm", "matmul_s", (256, 51200, 3584, "bf16"), 0.073365),
    ("b200-sxm", "matmul_s", (1536, 2560, 10240, "bf16"), 0.054558),
    ("b200-sxm", "matmul_s", (112, 1536, 3584, "fp8"), 0.0073846),
    ("b200-sxm", "attention_s", (4, 12288, 64, 1, 64, "bf16"), 6.6538),
    ("b200-sxm", "decode_attention_s", (1, 128, 40, 40, 256, 2.0), 0.011115),
    ("b200-sxm", "experts_s", (12288, 3072, 512.0, 4.0, 0.125, "bf16"), 0.080645),
    ("h100-sxm", "collective_s", ("all_reduce", 8, 2**30), 4.0078),
    ("b200-sxm", "collective_s", ("all_reduce", 8, 2**30), 2.5799),
)

# Relative difference between TensorRT-LLM and SGLang at the same shapes in bf16. Matrix products: exceeded by one shape
# in ten; other kernels, where runtimes differ more: the median. All-reduces of 1 GiB on 8 ranks: between runs inside a
# graph and outside one.
SPREAD = {
    ("h100-sxm", "matmul_s"): 0.153, ("h100-sxm", "attention_s"): 0.269, ("h100-sxm", "decode_attention_s"): 0.143,
    ("h100-sxm", "experts_s"): 0.404, ("h100-sxm", "collective_s"): 0.18, ("b200-sxm", "matmul_s"): 0.235,
    ("b200-sxm", "attention_s"): 0.338, ("b200-sxm", "decode_attention_s"): 0.114, ("b200-sxm", "experts_s"): 0.294,
    ("b200-sxm", "collective_s"): 0.13,
}  # fmt: skip
SOURCE = "[aiconfigurator2026], TensorRT-LLM 1.3.0rc20"


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of measured kernels.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_large_products(), *_single_kernels()]


def _chip(name: str) -> Kernels:
    table = chip_table(name)
    return kernels_for(name, table.peak_flops, 1.0, table.memory_byte_s, 1.0, table.fabric_byte_s, 0.0)


def _large_products() -> list[Case | Failed]:
    """Limits: the distance to the median of the runtime that comes closest (SGLang: 0.737 on H100, 0.649 on B200)."""

    def efficiency(name: str) -> float:
        chip, peak = _chip(name), chip_table(name).peak_flops["bf16"]
        shapes = [(m, n, k) for m in LARGE_ROWS for n in LARGE_WIDTHS for k in LARGE_WIDTHS]
        return median(2.0 * m * n * k / peak / chip.matmul_s(m, n, k, "bf16") for m, n, k in shapes)

    return [
        Case(f"median efficiency of large matrix products in bf16, {name}", partial(efficiency, name), measured, limit, "1",
             f"{SOURCE}: m at least 2048, n and k at least 4096")
        for name, measured, limit in (("h100-sxm", 0.771, 0.034), ("b200-sxm", 0.658, 0.009))
    ]  # fmt: skip


def _single_kernels() -> list[Case | Failed]:
    def ratio(name: str, kernel: str, sizes: tuple[float | str, ...], measured_ms: float) -> float:
        duration_s: float = getattr(_chip(name), kernel)(*sizes)
        return duration_s * 1e3 / measured_ms

    def errors() -> list[float]:
        return [abs(ratio(*row) - 1.0) for row in MEASURED]

    single: list[Case | Failed] = [
        Case(f"interpolated over measured duration, {row[0]}, {row[1].removesuffix('_s')} {row[2]}", partial(ratio, *row), 1.0,
             SPREAD[row[0], row[1]], "1", f"{SOURCE}: {row[3]} ms")
        for row in MEASURED
    ]  # fmt: skip
    return [
        *single,
        Case("interpolated durations, median error", lambda: median(errors()), 0.0, 0.04, "1",
             f"{SOURCE}; limit: median difference of runtimes in bf16 matrix products"),
        Case("interpolated durations, worst error", lambda: max(errors()), 0.0, 0.235, "1",
             f"{SOURCE}; limit: difference of runtimes that one bf16 matrix product in ten exceeds"),
    ]  # fmt: skip
