"""Kernels of assumed and of measured efficiency: closed forms, hand-made tables, and limits of the shipped ones."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import exp, log, sqrt

import pytest

from sim.workload.kernel_tables import chip_table, interpolate, parse_table, table_names
from sim.workload.kernel_work import attention_work, backward_ratio, experts_work, matmul_work
from sim.workload.kernels import AssumedKernels, Kernels
from sim.workload.measured_kernels import MeasuredKernels, kernels_for
from sim.workload.serving_measurements import measured_services

PEAK, MEMORY, FABRIC = 1e15, 1e12, 1e11
ASSUMED = AssumedKernels((("bf16", PEAK), ("fp8", 2.0 * PEAK)), 0.5, MEMORY, 0.8, FABRIC, 1e-6)


def table(**grids: tuple[dict[str, list[float]], list[float]]) -> MeasuredKernels:
    """Chip with the given grids; `_` in a name stands for `/`."""
    content = {
        "peak_flops": {"bf16": PEAK}, "memory_byte_s": MEMORY, "fabric_byte_s": FABRIC, "provenance": {},
        "tables": {name: {"axes": axes, "unit": 1.0, "values": values} for name, (axes, values) in grids.items()},
    }  # fmt: skip
    return MeasuredKernels(parse_table("test", content), ASSUMED)


def with_grid(name: str, axes: dict[str, list[float]], values: list[float]) -> MeasuredKernels:
    return table(**{name: (axes, values)})


# --- work -------------------------------------------------------------------------------------------------------------


def test_work_of_experts_counts_the_experts_that_are_used() -> None:
    """Source: expected number of experts drawn at least once, E (1 - (1 - a / E)^T), by exact enumeration for E = 2,
    one expert a token and two tokens: 2 (1 - 1/4) = 1.5 experts; weights of 3 x 10 x 20 bytes each."""
    few, weight_bytes = experts_work(2.0, 10.0, 20.0, 2.0, 1.0, "fp8"), 3.0 * 10.0 * 20.0
    activation_bytes = 2.0 * (10.0 + 2.0 * 20.0 + 2.0 * 10.0)
    assert few.moved_bytes == pytest.approx(1.5 * weight_bytes + activation_bytes, rel=1e-12)
    assert few.flops == 2.0 * 3.0 * 2.0 * 10.0 * 20.0


def test_experts_without_gate_have_two_matrices() -> None:
    gated, plain = (experts_work(64.0, 10.0, 20.0, 4.0, 4.0, "bf16", gate).flops for gate in (True, False))
    assert plain == pytest.approx(gated * 2.0 / 3.0)


def test_one_expert_is_a_dense_layer() -> None:
    """Source: three matrix products of the same sizes."""
    assert experts_work(64.0, 10.0, 20.0, 1.0, 1.0, "bf16").flops == 3.0 * matmul_work(64.0, 20.0, 10.0, "bf16").flops


def test_backward_of_attention() -> None:
    """Source: FlashAttention-3, figures 5 and 6 (H100, head size 128): 1k 565 forward, 424 backward; 16k 648 and 561."""
    assert backward_ratio(1024.0) == pytest.approx(2.5 * 565.0 / 424.0, rel=1e-12)
    assert backward_ratio(65536.0) == pytest.approx(2.5 * 648.0 / 561.0, rel=1e-12)
    assert backward_ratio(1.0) == pytest.approx(2.5 * 467.0 / 316.0, rel=1e-12)
    between = backward_ratio(sqrt(1024.0 * 2048.0))
    assert 2.5 / between == pytest.approx((424.0 / 565.0 + 501.0 / 625.0) / 2.0, rel=1e-12)
    forward = ASSUMED.attention_s(1.0, 4096.0, 32.0, 8.0, 128.0, "bf16")
    assert ASSUMED.attention_backward_s(1.0, 4096.0, 32.0, 8.0, 128.0, "bf16") == pytest.approx(2.5 * 638.0 / 542.0 * forward)


# --- interpolation ----------------------------------------------------------------------------------------------------------


def test_a_power_law_is_interpolated_exactly() -> None:
    """Source: multilinear interpolation of logarithms reproduces a x^p y^q at every point between its nodes."""
    x, y = [1.0, 2.0, 8.0], [3.0, 30.0]
    grid = with_grid("g", {"x": x, "y": y}, [0.2 * a**0.7 * b**-0.3 for a in x for b in y]).table.grids["g"]
    for a, b in ((1.0, 3.0), (1.5, 10.0), (7.9, 29.0), (8.0, 30.0), (2.0, 3.0)):
        assert interpolate(grid, a, b) == pytest.approx(0.2 * a**0.7 * b**-0.3, rel=1e-12)


def test_constant_beyond_the_grid() -> None:
    grid = with_grid("g", {"x": [2.0, 4.0]}, [0.1, 0.3]).table.grids["g"]
    assert interpolate(grid, 1e-3) == pytest.approx(0.1)
    assert interpolate(grid, 1e9) == pytest.approx(0.3)


# --- measured kernels --------------------------------------------------------------------------------------------------------


AXES = {"m": [64.0, 4096.0], "n": [64.0, 4096.0], "k": [64.0, 4096.0]}


def test_product_is_the_roofline_over_the_measured_efficiency() -> None:
    """Source: 2 m n k / peak / 0.7, by hand; above the grid the efficiency holds, below it the duration."""
    chip = with_grid("matmul/bf16", AXES, [0.1] * 7 + [0.7])
    at_node = 2.0 * 4096.0**3 / PEAK / 0.7
    assert chip.matmul_s(4096.0, 4096.0, 4096.0, "bf16") == pytest.approx(at_node, rel=1e-12)
    assert chip.matmul_s(40960.0, 4096.0, 4096.0, "bf16") == pytest.approx(10.0 * at_node, rel=1e-12)
    smallest = chip.matmul_s(64.0, 64.0, 64.0, "bf16")
    assert chip.matmul_s(1.0, 1.0, 1.0, "bf16") == smallest == pytest.approx(2.0 * 3.0 * 64.0**2 / MEMORY / 0.1, rel=1e-12)


def test_precision_that_was_not_measured_has_the_efficiency_of_the_nearest() -> None:
    """Source: same efficiency, twice the peak."""
    chip = with_grid("matmul/bf16", AXES, [0.5] * 8)
    ratio = chip.matmul_s(1e5, 1e5, 1e5, "bf16") / chip.matmul_s(1e5, 1e5, 1e5, "fp8")
    assert ratio == pytest.approx(2.0, rel=1e-12)


def test_window_of_attention() -> None:
    """Source: by hand. Efficiency 0.6 where all is seen, 0.06 at a window of 128: half way in the logarithm between
    128 and 32768 tokens (2048) it is their geometric mean."""
    full = ({"head_size": [64.0, 128.0], "rows": [1.0, 1024.0], "tokens": [16.0, 65536.0]}, [0.6] * 8)
    short = ({"rows": [1.0, 1024.0], "tokens": [16.0, 65536.0]}, [0.06] * 4)
    chip = table(**{"attention/bf16": full, "attention_window/bf16": short})

    def roofline_s(window: float) -> float:
        work = attention_work(8.0, 32768.0, 32.0, 8.0, 128.0, window)
        return max(work.flops / PEAK, work.moved_bytes / MEMORY)

    for window, efficiency in ((0.0, 0.6), (32768.0, 0.6), (2048.0, sqrt(0.6 * 0.06)), (128.0, 0.06), (64.0, 0.06)):
        duration_s = chip.attention_s(8.0, 32768.0, 32.0, 8.0, 128.0, "bf16", window)
        assert duration_s == pytest.approx(roofline_s(window) / efficiency, rel=1e-9)
    alone = table(**{"attention/bf16": full})
    duration_s = alone.attention_s(8.0, 32768.0, 32.0, 8.0, 128.0, "bf16", 128.0)
    assert duration_s == pytest.approx(roofline_s(128.0) / 0.6, rel=1e-9)


def test_decode_takes_the_table_of_the_cache() -> None:
    """Source: bytes of the cache over bandwidth and efficiency, by hand."""
    axes = {"head_size": [64.0, 128.0], "group": [1.0, 8.0], "rows": [1.0, 4096.0], "context": [16.0, 65536.0]}
    chip = table(**{"decode/bf16": (axes, [0.8] * 16), "decode/fp8": (axes, [0.4] * 16)})
    numbers = 2.0 * 32.0 * 8192.0 * 8.0 * 128.0
    assert chip.decode_attention_s(32.0, 8192.0, 64.0, 8.0, 128.0, 2.0) == pytest.approx(2.0 * numbers / MEMORY / 0.8)
    assert chip.decode_attention_s(32.0, 8192.0, 64.0, 8.0, 128.0, 1.0) == pytest.approx(numbers / MEMORY / 0.4)


def test_experts_are_looked_up_by_rows_of_an_expert() -> None:
    """Source: by hand; 1024 tokens x 2 over 8 experts are 256 rows an expert, a node of efficiency 0.5."""
    axes = {"rows": [16.0, 256.0, 4096.0], "experts": [1.0, 64.0], "hidden x ffn": [1e3, 1e9]}
    chip = with_grid("experts/bf16", axes, [0.1] * 4 + [0.5] * 4 + [0.9] * 4)
    work = experts_work(1024.0, 4096.0, 16384.0, 8.0, 2.0, "bf16")
    expected_s = max(work.flops / PEAK, work.moved_bytes / MEMORY) / 0.5
    assert chip.experts_s(1024.0, 4096.0, 16384.0, 8.0, 2.0, "bf16") == pytest.approx(expected_s, rel=1e-9)


def test_stream() -> None:
    """Source: bytes over bandwidth and efficiency; below the smallest measured size the duration is that of it."""
    chip = with_grid("stream", {"bytes": [1e4, 1e8]}, [0.01, 0.8])
    assert chip.stream_s(1e9) == pytest.approx(1e9 / MEMORY / 0.8)
    assert chip.stream_s(1.0) == chip.stream_s(1e4) == pytest.approx(1e4 / MEMORY / 0.01)


COLLECTIVE = {"ranks": [2.0, 8.0], "bytes": [1e3, 1e9]}


def test_collective_between_and_beyond_measured_sizes() -> None:
    """Source: by hand. 8 ranks, 1 GB: 20 ms; twice the bytes take twice as long; one rank sends nothing."""
    chip = with_grid("all_reduce", COLLECTIVE, [5e-6, 12e-3, 10e-6, 20e-3])
    assert chip.collective_s("all_reduce", 1, 1e9) == 0.0
    assert chip.collective_s("all_reduce", 8, 1e9) == pytest.approx(20e-3, rel=1e-12)
    assert chip.collective_s("all_reduce", 8, 2e9) == pytest.approx(40e-3, rel=1e-12)
    assert chip.collective_s("all_reduce", 8, 1.0) == pytest.approx(10e-6, rel=1e-12)
    middle = exp((log(5e-6) + log(10e-6)) / 2.0)
    assert chip.collective_s("all_reduce", 4, 1e3) == pytest.approx(middle, rel=1e-12)


def test_more_ranks_than_measured_keep_the_bus_bandwidth() -> None:
    """Source: 2 (n - 1) / n bytes a rank at the rate of the 8 measured ones, and start-up by the logarithm of ranks."""
    chip = with_grid("all_reduce", COLLECTIVE, [5e-6, 12e-3, 10e-6, 20e-3])
    size_bytes = 100e9
    wire_s = 20e-3 * 100.0 * (63.0 / 64.0) / (7.0 / 8.0)
    assert chip.collective_s("all_reduce", 64, size_bytes) == pytest.approx(wire_s + 10e-6, rel=1e-9)


def test_slower_fabric_slows_the_wire_alone() -> None:
    """Source: half the rate adds the time on the wire once more, which the largest message shows; start-up stays."""
    chip = with_grid("all_gather", COLLECTIVE, [5e-6, 12e-3, 10e-6, 20e-3])
    slow = chip._replace(printed=chip.printed._replace(fabric_byte_s=FABRIC / 2.0))
    assert slow.collective_s("all_gather", 8, 1e9) == pytest.approx(40e-3, rel=1e-9)
    assert slow.collective_s("all_gather", 8, 1e3) == pytest.approx(10e-6 + 20e-9, rel=1e-9)
    fast = chip._replace(printed=chip.printed._replace(fabric_byte_s=FABRIC * 2.0))
    assert fast.collective_s("all_gather", 8, 1e9) == pytest.approx(10e-3, rel=1e-9)


# --- shipped tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", table_names())
def test_shipped_tables_are_physical(name: str) -> None:
    """Source: no kernel that reads a gigabyte is faster than the memory, no large product faster than the peak, no
    all-reduce of a gigabyte faster than 1.2 times the rate of the fabric (reduction in the switch sends less)."""
    chip = chip_table(name)
    kernels = _shipped(name)
    assert 1e9 / chip.memory_byte_s < kernels.stream_s(1e9) < 2e9 / chip.memory_byte_s
    for precision, peak in chip.peak_flops.items():
        efficiency = 2.0 * 8192.0**3 / peak / kernels.matmul_s(8192.0, 8192.0, 8192.0, precision)
        assert 0.3 < efficiency < 1.0
    efficiency = attention_work(8.0, 8192.0, 32.0, 8.0, 128.0).flops / chip.peak_flops["bf16"]
    assert 0.3 < efficiency / kernels.attention_s(8.0, 8192.0, 32.0, 8.0, 128.0, "bf16") < 1.0
    cache_bytes = 2.0 * 2.0 * 64.0 * 16384.0 * 8.0 * 128.0
    assert 0.5 < cache_bytes / chip.memory_byte_s / kernels.decode_attention_s(64.0, 16384.0, 64.0, 8.0, 128.0, 2.0) < 1.0
    ranks = round(chip.grids["all_reduce"].highs[0])
    bus_byte_s = 2.0 * (ranks - 1.0) / ranks * 1e9 / kernels.collective_s("all_reduce", ranks, 1e9)
    assert 0.5 < bus_byte_s / chip.fabric_byte_s < 1.2


@pytest.mark.parametrize("name", table_names())
def test_more_work_takes_longer(name: str) -> None:
    """Source: doubling a size by which a kernel is bound cannot make it faster; 10 % for noise of the measurements."""
    kernels = _shipped(name)
    sizes = [2.0**i for i in range(10, 15)]
    for durations in (
        [kernels.matmul_s(size, 4096.0, 4096.0, "bf16") for size in sizes],
        [kernels.attention_s(1.0, size, 32.0, 8.0, 128.0, "bf16") for size in sizes],
        [kernels.decode_attention_s(32.0, size, 32.0, 8.0, 128.0, 2.0) for size in sizes],
        [kernels.experts_s(size, 4096.0, 2048.0, 16.0, 2.0, "bf16") for size in sizes],
        [kernels.collective_s("all_gather", 4, size * 1e3) for size in sizes],
    ):
        assert all(later > 0.9 * earlier for earlier, later in pairwise(durations))


def _shipped(name: str) -> Kernels:
    chip = chip_table(name)
    return kernels_for(name, chip.peak_flops, 1.0, chip.memory_byte_s, 1.0, chip.fabric_byte_s, 0.0)


def test_unknown_table() -> None:
    with pytest.raises(KeyError, match="h100-pcie"):
        kernels_for("h100-pcie", {"bf16": PEAK}, 0.5, MEMORY, 0.8, FABRIC, 0.0)


def test_tables_load_without_numpy() -> None:
    """Source: the contract that `validate` loads no numpy."""
    code = (
        "import sys; from sim.workload.kernel_tables import chip_table; chip_table('h100-sxm');"
        " sys.exit(any(name in sys.modules for name in ('numpy', 'numba', 'xarray')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_measured_services_are_consistent() -> None:
    """Source: Little's law. A replica with c requests in flight, each of which takes at least the time of its tokens,
    gives no more than c tokens a time per token; every row is positive and on at most eight ranks of tensor parallelism."""
    rows = measured_services()
    assert {row.system for row in rows} == {"h100_sxm", "h200_sxm", "b200_sxm"}
    for row in rows:
        assert 1 <= row.tensor <= 8
        assert row.ttft_ms > row.tpot_ms > 0.0
        assert row.concurrency >= 1
