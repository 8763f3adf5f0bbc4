"""Build `sim/workload/data/*.kernels.json` and `serving.csv` from measurements of kernels and inference services.

    python tools/build_kernel_tables.py FOLDER_OF_THE_UNPACKED_WHEEL

The folder holds `aiconfigurator_core/systems` of aiconfigurator-core 0.12.0 [aiconfigurator2026]. The same input gives
the same bytes.

Which measurement is taken: each kernel was measured in up to three runtimes (TensorRT-LLM, SGLang, vLLM). One runtime
serves all kernels of all chips, TensorRT-LLM, in its version with the most rows of the kernel, the newest among equals:
the fastest kernel at each shape would be a runtime that does not exist, and would select measurements that err on the
fast side. Where it has no rows of a kernel, vLLM is taken, then SGLang. A set of decode attention that is faster than
the printed memory bandwidth allows is invalid (TensorRT-LLM 1.0.0 with shared heads on A100: 1.6 times); the next is
taken. Collectives are of the newest NCCL; an all-reduce is the faster of NCCL and the runtime's own, as the runtime
chooses. Products of experts are those with gates and balanced routing; of a runtime without such rows (TensorRT-LLM
1.0.0), those with the least skew and all experts on one accelerator, which do the same work. Matrix products in fp8 have
one scale a tensor, known in advance as in published checkpoints: the measured product finds it first, and that time,
which was also measured alone, is subtracted. fp4 is nvfp4.

A value of the tables is the roofline, of printed peak and bandwidth, over the duration; it passes 1 where operands stay
in cache. Each is the median over the measurements within a factor of 1.2 of a point of the grid, which differ in what
the grid leaves out, such as batch against heads. A point without a measurement has the value of the nearest that has
one; `filled` counts them.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import yaml

from sim.workload.kernel_work import ELEMENT_BYTES, Work, attention_work, decode_work, experts_work, matmul_work

PACKAGE, VERSION, LICENCE, RETRIEVED = "aiconfigurator-core", "0.12.0", "Apache-2.0", "2026-11-28"
DATA = Path(__file__).resolve().parents[1] / "sim" / "workload" / "data"
CHIPS = {
    "a100-sxm": "a100_sxm", "h100-sxm": "h100_sxm", "h200-sxm": "h200_sxm", "b200-sxm": "b200_sxm", "b300": "b300_sxm",
    "gb200": "gb200", "gb300": "gb300",
}  # fmt: skip
RUNTIMES = ("trtllm", "vllm", "sglang")
FORMATS = {"bf16": "bfloat16", "fp8": "fp8", "fp4": "nvfp4"}

ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
WIDTHS = [128, 256, 512, 1024, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 65536]
POWERS = [2**i for i in range(15)]
CONTEXTS = [16 * 2**i for i in range(14)]
HEAD_SIZES = [64, 128, 256]
TOKENS = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
UNCACHED_BYTES = 1e9  # a key-value cache that no second-level cache holds
VALUE_DIGITS = 4

Point = tuple[float, ...]
Samples = dict[Point, list[float]]


def main() -> None:
    """Write the tables of all chips and the rows of inference services."""
    systems = Path(sys.argv[1]) / "aiconfigurator_core" / "systems"
    for name, folder in CHIPS.items():
        write_chip(name, systems, folder, DATA)
    write_serving(systems / "silicon_sample.csv", DATA / "serving.csv")


def write_chip(name: str, systems: Path, folder: str, out: Path) -> None:
    """Reduce the measurements of a chip.

    Parameters
    ----------
    name : str
        Name of the table.
    systems : Path
        Folder `systems` of the package.
    folder : str
        Name of the chip there.
    out : Path
        Folder of the tables.
    """
    chip = Chip(systems, folder)
    tables: dict[str, dict[str, Any]] = {}
    for build in (matmul, stream, attention, decode, experts, all_collectives):
        tables |= build(chip)
    content = {
        "provenance": {
            "package": PACKAGE, "version": VERSION, "licence": LICENCE, "retrieved": RETRIEVED, "reference": "aiconfigurator2026",
            "device": chip.device, "built_by": "tools/build_kernel_tables.py",
            "rule": "TensorRT-LLM, version with the most rows; vLLM where its decode exceeds the printed memory bandwidth;"
            " newest NCCL; all_reduce: the faster of NCCL and the runtime",
        },
        "peak_flops": chip.peak_flops, "memory_byte_s": chip.memory_byte_s, "fabric_byte_s": chip.fabric_byte_s, "tables": tables,
    }  # fmt: skip
    (out / f"{name}.kernels.json").write_text(_json(content), "ascii")


class Chip:
    """Printed rates of a chip, and where its measurements are."""

    def __init__(self, systems: Path, folder: str) -> None:
        printed = yaml.safe_load((systems / f"{folder}.yaml").read_text())
        gpu = printed["gpu"]
        keys = {"bf16": "bfloat16_tc_flops", "fp8": "fp8_tc_flops", "fp4": "fp4_tc_flops"}
        self.peak_flops = {name: float(gpu[key]) for name, key in keys.items() if key in gpu}
        self.memory_byte_s = float(gpu["mem_bw"])
        self.fabric_byte_s = float(printed["node"]["intra_node_bw"])
        self.folder = systems / "data" / folder
        self.device = ""

    def share(self, work: Work, precision: str, duration_ms: float) -> float:
        """Roofline over the duration."""
        roofline_s = max(work.flops / self.peak_flops[precision], work.moved_bytes / self.memory_byte_s)
        return roofline_s / (duration_ms * 1e-3)

    def sets(self, kernel: str, file: str) -> list[Path]:
        """Files of a kernel, best first by the rule of this script."""
        found = []
        for runtime in RUNTIMES:
            files = (self.folder / kernel / runtime).glob(f"*/{file}.parquet")
            found += sorted(files, key=lambda f: (_rows(f), _version(f.parent.name)), reverse=True)
        return found

    def newest(self, file: str) -> Path:
        """Newest file of collectives of NCCL."""
        return max((self.folder / "comm" / "nccl").glob(f"*/{file}.parquet"), key=lambda f: _version(f.parent.name))

    def source(self, file: Path) -> str:
        """Path of a file inside the folder of the chip."""
        return file.relative_to(self.folder).as_posix()


# --- kernels --------------------------------------------------------------------------------------------------------------


def matmul(chip: Chip) -> dict[str, Any]:
    """Matrix products: rows, columns, inner size."""
    file = chip.sets("gemm", "gemm_perf")[0]
    chip.device = _query(file, "device", "true")[0][0]
    tables = {}
    for precision, name in FORMATS.items():
        scale_ms = _scale_durations(chip) if precision == "fp8" else {}
        samples: Samples = {}
        for m, n, k, duration_ms in _query(file, "m, n, k, latency", f"gemm_dtype = '{name}'"):
            if m in ROWS and n in WIDTHS and k in WIDTHS and (not scale_ms or (m, k) in scale_ms):
                duration_ms -= scale_ms.get((m, k), 0.0)
                share = chip.share(matmul_work(m, n, k, precision), precision, duration_ms)
                samples.setdefault((m, n, k), []).append(share)
        if samples:
            tables[f"matmul/{precision}"] = _grid(chip.source(file), {"m": ROWS, "n": WIDTHS, "k": WIDTHS}, samples)
    return tables


def _scale_durations(chip: Chip) -> dict[Point, float]:
    """Durations [ms] of finding the scale of (m, k) activations, which the products in fp8 include."""
    files = chip.sets("quantize", "computescale_perf")
    return {(m, k): duration_ms for m, k, duration_ms in _query(files[0], "m, k, latency", "true")} if files else {}


def stream(chip: Chip) -> dict[str, Any]:
    """Memory bandwidth: products of one or two rows in bf16, by the bytes that they move, to the nearest power of two."""
    file = chip.sets("gemm", "gemm_perf")[0]
    samples: Samples = {}
    for m, n, k, duration_ms in _query(file, "m, n, k, latency", "gemm_dtype = 'bfloat16' and m <= 2"):
        moved_bytes = matmul_work(m, n, k, "bf16").moved_bytes
        share = moved_bytes / chip.memory_byte_s / (duration_ms * 1e-3)
        samples.setdefault((2.0 ** round(math.log2(moved_bytes)),), []).append(share)
    sizes = sorted(size for (size,) in samples)
    return {"stream": _grid(chip.source(file), {"bytes": sizes}, samples)}


def attention(chip: Chip) -> dict[str, Any]:
    """Causal attention of whole sequences: head size, sequences x heads, tokens; with a window, of heads of 64."""
    file = chip.sets("attention", "context_attention_perf")[0]
    columns = "head_dim, batch_size, num_heads, num_key_value_heads, isl, latency"
    tables = {}
    for precision in ("bf16", "fp8"):
        for kernel, window in (("attention", 0), ("attention_window", 128)):
            name = FORMATS[precision]
            where = f"attn_dtype = '{name}' and kv_cache_dtype = '{name}' and step = 0 and window_size = {window}"
            samples: Samples = {}
            for size, batch, heads, kv_heads, tokens, duration_ms in _query(file, columns, where):
                near = _nearest(batch * heads, POWERS)
                if near and size in HEAD_SIZES and tokens in TOKENS and (not window or (size == 64 and tokens > window)):
                    work = attention_work(batch, tokens, heads, kv_heads, size, window)
                    point = (near, tokens) if window else (size, near, tokens)
                    samples.setdefault(point, []).append(chip.share(work, precision, duration_ms))
            if samples:
                axes: dict[str, list[Any]] = {"sequences x heads": POWERS, "tokens": TOKENS}
                sizes = [size for size in HEAD_SIZES if any(point[0] == size for point in samples)]
                axes = axes if window else {"head_size": sizes, **axes}
                tables[f"{kernel}/{precision}"] = _grid(chip.source(file), axes, samples)
    return tables


def decode(chip: Chip) -> dict[str, Any]:
    """Attention of one token a sequence: head size, heads of a key-value head, sequences x key-value heads, context."""
    tables = {}
    groups = [1, 4, 8, 16, 32, 64]
    columns = "head_dim, batch_size, num_heads, num_key_value_heads, isl + step, latency"
    for precision in ("bf16", "fp8"):
        for file in chip.sets("attention", "generation_attention_perf"):
            samples: Samples = {}
            fastest = 0.0
            where = f"kv_cache_dtype = '{FORMATS[precision]}' and window_size = 0"
            for size, batch, heads, kv_heads, context, duration_ms in _query(file, columns, where):
                work = decode_work(batch, context, heads, kv_heads, size, ELEMENT_BYTES[precision])
                share = chip.share(work, "bf16", duration_ms)
                if work.moved_bytes > UNCACHED_BYTES:
                    fastest = max(fastest, work.moved_bytes / chip.memory_byte_s / (duration_ms * 1e-3))
                near, group = _nearest(batch * kv_heads, POWERS), heads / kv_heads
                if near and size in HEAD_SIZES and group in groups and context in CONTEXTS:
                    samples.setdefault((size, group, near, context), []).append(share)
            if samples and fastest <= 1.0:
                sizes = [size for size in HEAD_SIZES if any(point[0] == size for point in samples)]
                axes = {"head_size": sizes, "heads / kv_heads": groups, "sequences x kv_heads": POWERS, "context": CONTEXTS}
                tables[f"decode/{precision}"] = _grid(chip.source(file), axes, samples)
                break
    return tables


def experts(chip: Chip) -> dict[str, Any]:
    """Grouped products of experts: rows of an expert, experts, hidden x inner size."""
    axes = {
        "rows of an expert": [2.0**i for i in range(-6, 13, 2)], "experts": [2**i for i in range(10)],
        "hidden x ffn": [2**i for i in range(16, 27, 2)],
    }  # fmt: skip
    tables = {}
    for precision in FORMATS:
        for file in chip.sets("moe", "moe_perf"):
            samples = _expert_samples(chip, file, precision, list(axes.values()))
            if samples:
                tables[f"experts/{precision}"] = _grid(chip.source(file), axes, samples)
                break
    return tables


def _expert_samples(chip: Chip, file: Path, precision: str, axes: list[list[Any]]) -> Samples:
    columns = "num_tokens, hidden_size, inter_size, topk, num_experts, moe_tp_size, moe_ep_size, latency"
    where = f"moe_dtype = '{FORMATS[precision]}' and not contains(kernel_source, 'nongated')"
    rows = _query(file, columns, f"{where} and distribution = 'balanced'")
    rows = rows or _query(file, columns, f"{where} and distribution = 'power_law_1.01' and moe_ep_size = 1")
    samples: Samples = {}
    for tokens, hidden, ffn, active, count, tensor, spread, duration_ms in rows:
        here, share, inner = count / spread, tokens * active / count, ffn / tensor
        near = tuple(_nearest(x, axis) for x, axis in zip((share, here, hidden * inner), axes, strict=True))
        if all(near):
            # balanced routing uses as many experts as it can: rows in whole experts
            used = experts_work(max(share, 1.0), hidden, inner, 1.0, 1.0, precision)
            experts_used = min(share, 1.0) * here
            work = Work(experts_used * used.flops, experts_used * used.moved_bytes)
            samples.setdefault(near, []).append(chip.share(work, precision, duration_ms))
    return samples


def all_collectives(chip: Chip) -> dict[str, Any]:
    """Collectives: ranks, bytes; durations. Sizes of the measurements count elements of two bytes."""
    file = chip.newest("nccl_perf")
    own = chip.sets("comm", "custom_allreduce_perf")[0]
    tables = {}
    for kind in ("all_reduce", "all_gather", "reduce_scatter", "alltoall"):
        rows = _query(file, "num_gpus, 2 * message_size, latency", f"op_name = '{kind}' and nccl_dtype = 'half'")
        sizes = sorted({size for _, size, _ in rows})
        fastest: dict[Point, float] = {}
        other = _query(own, "num_gpus, 2 * message_size, latency", "true") if kind == "all_reduce" else []
        for ranks, size, duration_ms in rows + [row for row in other if row[1] in sizes]:
            fastest[ranks, size] = min(duration_ms, fastest.get((ranks, size), math.inf))
        samples = {point: [duration_ms * 1e6] for point, duration_ms in fastest.items()}
        axes = {"ranks": sorted({int(ranks) for ranks, _ in samples}), "bytes": sizes}
        source = chip.source(file) + (f", {chip.source(own)}" if other else "")
        name = "all_to_all" if kind == "alltoall" else kind
        tables[name] = _grid(source, axes, samples, unit=1e-9, scale=1.0)
    return tables


# --- reduction --------------------------------------------------------------------------------------------------------------


def _grid(
    source: str, axes: dict[str, list[Any]], samples: Samples, unit: float = 1e-4, scale: float = 1e4
) -> dict[str, Any]:
    """Median at each point of the grid, the value of the nearest point where there is none."""
    points: list[Point] = [()]
    for sizes in axes.values():
        points = [(*point, size) for point in points for size in sizes]
    known = {point: median(values) for point, values in samples.items()}
    spans = [max(math.log(sizes[-1] / sizes[0]), 1.0) for sizes in axes.values()]
    places = {point: _place(point, spans) for point in known}
    values, filled = [], 0
    for point in points:
        near = point if point in known else _closest(_place(point, spans), places)
        filled += near != point
        values.append(_rounded(known[near] * scale))
    return {"source": source, "filled": filled, "axes": axes, "unit": unit, "values": values}


def _place(point: Point, spans: list[float]) -> Point:
    """Logarithms of sizes, as shares of the axes."""
    return tuple(math.log(size) / span for size, span in zip(point, spans, strict=True))


def _closest(place: Point, places: dict[Point, Point]) -> Point:
    """Point with a measurement that is nearest, the smallest sizes among equals."""
    return min(places, key=lambda point: (round(math.dist(place, places[point]), 9), point))


def _nearest(x: float, axis: Iterable[Any]) -> Any:
    """Size of an axis within a factor of 1.2 of x; 0 if there is none."""
    return next((size for size in axis if abs(math.log(x / size)) < math.log(1.2)), 0)


def _rounded(value: float) -> float | int:
    """Four significant digits."""
    rounded = float(f"{value:.{VALUE_DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _query(file: Path, columns: str, where: str) -> list[tuple[Any, ...]]:
    """Rows of a file in a fixed order; files of old versions have no windows."""
    known = {row[0] for row in duckdb.sql(f"describe select * from '{file}'").fetchall()}
    where = where if "window_size" in known else re.sub(r" and window_size = 0|window_size = 0 and ", "", where)
    if "window_size" in where and "window_size" not in known:
        return []
    return duckdb.sql(f"select {columns} from '{file}' where {where} order by all").fetchall()


def _rows(file: Path) -> int:
    return int(duckdb.sql(f"select count(*) from '{file}'").fetchall()[0][0])


def _version(text: str) -> tuple[int, ...]:
    """Numbers of a version, for sorting."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _json(content: dict[str, Any]) -> str:
    """JSON with one line for each entry, values on one line."""
    text: Callable[[Any], str] = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=True)  # noqa: E731
    head = [f'"{key}": {text(value)}' for key, value in content.items() if key != "tables"]
    tables = ",\n".join(f'"{key}": {text(value)}' for key, value in content["tables"].items())
    return "{\n" + ",\n".join(head) + ',\n"tables": {\n' + tables + "\n}}\n"


# --- inference services -----------------------------------------------------------------------------------------------------


SERVED = ("meta-llama/Llama-3.1-70B", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-R1")
SERVING_NOTES = f"""\
# Inference services as measured, from {PACKAGE} {VERSION}, systems/silicon_sample.csv ({LICENCE}), retrieved {RETRIEVED}
# [aiconfigurator2026]; reduced by tools/build_kernel_tables.py to models and columns that are used here.
# Rows are aggregated services: prefill and decode share the accelerators of a replica. Disaggregated services are left out,
# since their requests in flight are not recorded, and so are rows that name more than 8 ranks of tensor parallelism, since
# these are on no known mesh.
# system, backend, version: chip, runtime, its version (empty where not recorded); precision: of weights and products
# input_tokens, output_tokens: nominal lengths of a request
# concurrency: requests in flight over the replica; a client sends the next when one ends
# batch: largest batch of a rank of attention; concurrency over attention_data in all rows but a few
# tensor, pipeline, attention_data: ranks of tensor, pipeline and (attention alone) data parallelism
# expert_tensor, expert_parallel: ranks that share an expert, and over which experts are spread; 1 where not recorded
# ttft_ms, tpot_ms: time to first token and time per further token, as recorded; the package does not say whether mean or
# median. Times to first token of minutes are of requests that queue.
"""


def write_serving(source: Path, out: Path) -> None:
    """Keep the rows of three models that run prefill and decode on the same accelerators.

    Parameters
    ----------
    source : Path
        Table of measured services of the package.
    out : Path
        File to write.
    """
    models = ", ".join(f"'{model}'" for model in SERVED)
    ranks = {
        "tp": "tensor", "pp": "pipeline", "attention_dp": "attention_data", "moe_tp": "expert_tensor", "moe_ep": "expert_parallel",
    }  # fmt: skip
    integers = ", ".join(f"coalesce(cast({key}_size as int), 1) as {name}" for key, name in ranks.items())
    relation = duckdb.sql(f"""
        select model_path as model, system, backend, backend_version as version, precision, isl as input_tokens,
            osl as output_tokens, try_cast(regexp_extract(silicon_data_source, 'silicon_concurrency=(\\d+)', 1) as int) as concurrency,
            cast(batch_size as int) as batch, {integers},
            round(silicon_ttft_ms, 2) as ttft_ms, round(silicon_tpot_ms, 3) as tpot_ms
        from read_csv('{source}')
        where mode = 'agg' and model_path in ({models}) and tp_size <= 8 and concurrency is not null order by all""")
    rows = [",".join("" if value is None else str(value) for value in row) for row in relation.fetchall()]
    out.write_text(SERVING_NOTES + "\n".join([",".join(relation.columns), *rows]) + "\n", "ascii")


if __name__ == "__main__":
    main()
