"""Reduction of measurements to tables, on a small synthetic input of the format of the measurements."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from sim.workload.kernel_tables import parse_table
from sim.workload.kernel_work import attention_work, decode_work, experts_work, matmul_work
from sim.workload.kernels import AssumedKernels
from sim.workload.measured_kernels import MeasuredKernels
from sim.workload.serving_measurements import MeasuredService

PEAK, MEMORY, FABRIC = 1e15, 2e12, 3e11
CHIP = f"gpu: {{mem_bw: {MEMORY:.0f}, bfloat16_tc_flops: {PEAK:.0f}}}\nnode: {{intra_node_bw: {FABRIC:.0f}}}\n"
PRINTED = AssumedKernels((("bf16", PEAK),), 1.0, MEMORY, 1.0, FABRIC, 0.0)
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).parents[3] / "tools" / "build_kernel_tables.py"
    spec = importlib.util.spec_from_file_location("build_kernel_tables", path)
    assert spec is not None and spec.loader is not None  # noqa: PT018 (for the type checker)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(systems: Path, file: str, rows: Rows) -> None:
    path = systems / "data" / "chip" / f"{file}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{"device": "Test chip"} | row for row in rows]), path)


def milliseconds(work: Any, efficiency: float) -> float:
    return max(work.flops / PEAK, work.moved_bytes / MEMORY) / efficiency * 1e3


def products(efficiency: Callable[[int, int, int], float]) -> Rows:
    return [
        {"gemm_dtype": "bfloat16", "m": m, "n": n, "k": k, "latency": milliseconds(matmul_work(m, n, k, "bf16"), efficiency(m, n, k))}
        for m in (1, 64, 4096) for n in (512, 5120, 8192) for k in (512, 8192)
    ]  # fmt: skip


def prefills(efficiency: float) -> Rows:
    return [
        {"head_dim": 128, "batch_size": batch, "num_heads": heads, "num_key_value_heads": 8, "isl": tokens, "step": 0,
         "attn_dtype": "bfloat16", "kv_cache_dtype": "bfloat16", "window_size": 0,
         "latency": milliseconds(attention_work(batch, tokens, heads, 8, 128), efficiency * spread)}
        for batch, heads, spread in ((1, 32, 1.0), (2, 16, 1.1), (4, 8, 0.8)) for tokens in (1024, 8192)
    ]  # fmt: skip


def decodes(efficiency: float) -> Rows:
    return [
        {"head_dim": 128, "batch_size": batch, "num_heads": 32, "num_key_value_heads": 8, "isl": 1, "step": context - 1,
         "kv_cache_dtype": "bfloat16", "window_size": 0, "latency": milliseconds(decode_work(batch, context, 32, 8, 128, 2.0), efficiency)}
        for batch in (1, 64) for context in (1024, 16384)
    ]  # fmt: skip


def grouped(distribution: str, spread: int, efficiency: float) -> Rows:
    return [
        {"moe_dtype": "bfloat16", "distribution": distribution, "kernel_source": "grouped", "num_tokens": tokens, "hidden_size": 4096,
         "inter_size": 1024, "topk": 2, "num_experts": 8, "moe_tp_size": 1, "moe_ep_size": spread,
         "latency": milliseconds(experts_work(tokens, 4096, 1024, 8 / spread, 2 / spread, "bf16"), efficiency)}
        for tokens in (1024, 4096)
    ]  # fmt: skip


def collectives(milliseconds_each: float) -> Rows:
    return [
        {"op_name": kind, "nccl_dtype": "half", "num_gpus": ranks, "message_size": size, "latency": milliseconds_each * size / 1024}
        for kind in ("all_reduce", "all_gather", "reduce_scatter", "alltoall") for ranks in (2, 8) for size in (1024, 4096)
    ]  # fmt: skip


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    folder = tmp_path / "systems"
    folder.mkdir()
    (folder / "chip.yaml").write_text(CHIP)
    write(folder, "gemm/trtllm/1.0.0/gemm_perf", products(lambda m, n, k: 0.5 if n < 8192 else 0.7))
    write(folder, "gemm/trtllm/1.2.0/gemm_perf", products(lambda m, n, k: 0.1)[:3])
    write(folder, "gemm/vllm/9.0.0/gemm_perf", products(lambda m, n, k: 0.9))
    write(folder, "attention/trtllm/1.0.0/context_attention_perf", prefills(0.4))
    write(folder, "attention/trtllm/1.0.0/generation_attention_perf", decodes(1.6))
    write(folder, "attention/vllm/0.9.0/generation_attention_perf", decodes(0.8))
    write(folder, "moe/trtllm/1.0.0/moe_perf", grouped("balanced", 2, 0.6) + grouped("power_law_1.2", 1, 0.1))
    write(folder, "comm/nccl/2.9.1/nccl_perf", collectives(9.0))
    write(folder, "comm/nccl/2.27.3/nccl_perf", collectives(2.0))
    own = [{"num_gpus": 8, "message_size": 1024, "latency": 0.5}, {"num_gpus": 8, "message_size": 4096, "latency": 99.0}]
    write(folder, "comm/trtllm/1.0.0/custom_allreduce_perf", own)
    return folder


def built(tool: ModuleType, systems: Path) -> dict[str, Any]:
    tool.write_chip("test", systems, "chip", systems)
    content: dict[str, Any] = json.loads((systems / "test.kernels.json").read_text("ascii"))
    return content


def test_tables_hold_the_efficiencies_of_the_input(tool: ModuleType, systems: Path) -> None:
    """Source: the efficiencies from which the input was made; of attention the median of 0.4, 0.44 and 0.32."""
    chip = MeasuredKernels(parse_table("test", built(tool, systems)), PRINTED)

    def share(work: Any, duration_s: float) -> float:
        return milliseconds(work, 1.0) * 1e-3 / duration_s

    assert share(matmul_work(64.0, 512.0, 8192.0, "bf16"), chip.matmul_s(64.0, 512.0, 8192.0, "bf16")) == pytest.approx(0.5)
    assert share(matmul_work(64.0, 8192.0, 8192.0, "bf16"), chip.matmul_s(64.0, 8192.0, 8192.0, "bf16")) == pytest.approx(0.7)
    prefill, one = (1.0, 8192.0, 32.0, 8.0, 128.0), (64.0, 16384.0, 32.0, 8.0, 128.0, 2.0)
    assert share(attention_work(*prefill), chip.attention_s(*prefill, "bf16")) == pytest.approx(0.4)
    assert share(decode_work(*one), chip.decode_attention_s(*one)) == pytest.approx(0.8)
    assert share(experts_work(4096.0, 4096.0, 1024.0, 4.0, 1.0, "bf16"),
                 chip.experts_s(4096.0, 4096.0, 1024.0, 4.0, 1.0, "bf16")) == pytest.approx(0.6, rel=1e-3)  # fmt: skip
    assert chip.collective_s("all_to_all", 8, 2.0 * 4096.0) == pytest.approx(8e-3)


def test_choice_of_measurements(tool: ModuleType, systems: Path) -> None:
    """Source: the rule of the script. Most rows before newest; decode beyond the memory bandwidth is invalid; version
    2.27.3 is newer than 2.9.1; the faster all-reduce at each size."""
    content = built(tool, systems)
    tables = content["tables"]
    assert tables["matmul/bf16"]["source"] == "gemm/trtllm/1.0.0/gemm_perf.parquet"
    assert tables["decode/bf16"]["source"] == "attention/vllm/0.9.0/generation_attention_perf.parquet"
    assert tables["all_gather"]["source"] == "comm/nccl/2.27.3/nccl_perf.parquet"
    assert tables["all_reduce"]["axes"] == {"ranks": [2, 8], "bytes": [2048, 8192]}
    assert tables["all_reduce"]["values"] == [2000000, 8000000, 500000, 8000000]
    assert "matmul/fp8" not in tables
    assert content["provenance"]["device"] == "Test chip"
    assert content["peak_flops"] == {"bf16": PEAK}


def test_fp8_products_without_the_time_of_their_scales(tool: ModuleType, systems: Path) -> None:
    """Source: by hand; 5 ms of which 1 ms finds the scale."""
    (systems / "chip.yaml").write_text(CHIP.replace("gpu: {", f"gpu: {{fp8_tc_flops: {PEAK:.0f}, "))
    product = {"gemm_dtype": "fp8", "m": 4096, "n": 8192, "k": 8192, "latency": 5.0}
    other = {"gemm_dtype": "fp8", "m": 4096, "n": 8192, "k": 4096, "latency": 1.0}
    write(systems, "gemm/trtllm/1.0.0/gemm_perf", [*products(lambda m, n, k: 0.5), product, other])
    write(systems, "quantize/trtllm/1.0.0/computescale_perf", [{"m": 4096, "k": 8192, "latency": 1.0}])
    (value,) = set(built(tool, systems)["tables"]["matmul/fp8"]["values"])
    assert value == pytest.approx(1e4 * 2.0 * 4096.0 * 8192.0**2 / PEAK / 4e-3, rel=1e-3)


def test_points_without_measurement_have_the_nearest(tool: ModuleType, systems: Path) -> None:
    """Source: by hand. Twelve shapes of the grid were measured; n = 65536 is nearest to n = 8192, n = 128 to 512."""
    grid = built(tool, systems)["tables"]["matmul/bf16"]
    rows, columns, inner = grid["axes"].values()
    assert grid["filled"] == len(grid["values"]) - 12

    def value(m: int, n: int, k: int) -> float:
        found: float = grid["values"][(rows.index(m) * len(columns) + columns.index(n)) * len(inner) + inner.index(k)]
        return found

    assert value(64, 65536, 8192) == value(64, 8192, 8192) == 7000
    assert value(64, 128, 512) == value(64, 512, 512) == 5000


def test_skewed_experts_where_nothing_else_was_measured(tool: ModuleType, systems: Path) -> None:
    """Source: the rule of the script: the least skew, all experts on one accelerator."""
    rows = grouped("power_law_1.01", 1, 0.3) + grouped("power_law_1.01", 2, 0.9) + grouped("power_law_1.2", 1, 0.8)
    write(systems, "moe/trtllm/1.0.0/moe_perf", rows)
    values = built(tool, systems)["tables"]["experts/bf16"]["values"]
    assert max(values) == pytest.approx(3000, rel=1e-3)


def test_same_bytes_twice(tool: ModuleType, systems: Path) -> None:
    built(tool, systems)
    first = (systems / "test.kernels.json").read_bytes()
    built(tool, systems)
    assert (systems / "test.kernels.json").read_bytes() == first


def test_services(tool: ModuleType, tmp_path: Path) -> None:
    """Source: the rule of the script, on four rows: one is kept, one disaggregated, one of another model, one on 16 ranks."""
    names = (
        "silicon_data_source,backend,backend_version,model_path,system,precision,mode,isl,osl,batch_size,tp_size,pp_size,"
        "attention_dp_size,moe_tp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms"
    )
    rows = [
        "a; silicon_concurrency=32; b,vllm,,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,8192,32,4,1,1,1,,123.4567,9.87654",
        "silicon_concurrency=32,vllm,,meta-llama/Llama-3.1-70B,h100_sxm,fp8,disagg,1024,8192,,,,,,,1,1",
        "silicon_concurrency=32,vllm,,other/model,h100_sxm,fp8,agg,1024,8192,32,4,1,1,1,1,1,1",
        "silicon_concurrency=32,vllm,,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,8192,32,16,1,1,1,1,1,1",
    ]
    (tmp_path / "in.csv").write_text("\n".join([names, *rows]) + "\n")
    tool.write_serving(tmp_path / "in.csv", tmp_path / "out.csv")
    kept = [line for line in (tmp_path / "out.csv").read_text("ascii").splitlines() if not line.startswith("#")]
    assert tuple(kept[0].split(",")) == MeasuredService._fields
    assert kept[1:] == ["meta-llama/Llama-3.1-70B,h100_sxm,vllm,,fp8,1024,8192,32,32,4,1,1,1,1,123.46,9.877"]
