"""Numbers of the shipped items that have a source, against what that source says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.config import yaml_tree

FOLDERS = ("hardware", "models", "economics", "fleet", "baselines")

# Of each item its fields that are no assumptions: value with unit, and the source. Data sheets: H100 SXM: 989 TFLOP/s in bf16 and
# 1,979 in fp8 without sparsity, 700 W, 80 GB at 3.35 TB/s, NVLink 900 GB/s both ways. TPU v6e: 918 TFLOP/s in bf16 and 1,836 TOP/s in
# int8, 32 GB at 1,638 GB/s, 800 GB/s both ways. Llama 3: table 3 of its paper. Suncatcher: 9.6 Tbit/s as 24 x 400 Gbit/s. Falcon
# Heavy: 97e6 USD for 63.8 t. Ammonia: triple point 195.4 K. Interruptions: 54 d x 16,384 / 419 / 8 = 264 d.
SOURCED: dict[str, dict[str, tuple[str, str]]] = {
    "hardware/dwdm-10cm": {
        "aperture": ("10 cm", "suncatcher2025"),
        "wavelength": ("1550 nm", "suncatcher2025"),
        "channels": ("24 1", "suncatcher2025"),
        "channel_rate": ("400 Gbit/s", "suncatcher2025"),
    },
    "hardware/earth-mean": {
        "earth_infrared": ("240 W/m2", "loeb2018"),
        "albedo": ("0.29 1", "loeb2018"),
    },
    "hardware/h100-sxm": {
        "peak.bf16": ("989 TFLOP/s", "nvidia-h100"),
        "peak.fp8": ("1979 TFLOP/s", "nvidia-h100"),
        "max_power": ("700 W", "nvidia-h100"),
        "junction_limit": ("83 degC", "chipfoundry-throttling"),
        "hbm_limit": ("95 degC", "manishklach-hbm"),
        "memory": ("80 GB", "nvidia-h100"),
        "memory_bandwidth": ("3.35 TB/s", "nvidia-h100"),
        "fabric.domain": ("8 1", "nvidia-h100"),
        "fabric.rate": ("450 GB/s", "nvidia-h100"),
        "fabric.beyond.rate": ("50 GB/s", "nvidia-dgx-h100"),
    },
    "hardware/ideal-link": {},
    "hardware/oct-100g": {
        "transmit_power": ("2 W", "scot80"),
        "aperture": ("8 cm", "scot80"),
        "wavelength": ("1550 nm", "scot80"),
        "photons_per_bit": ("55 1", "iqe-fso"),
        "channels": ("1 1", "starlink-lasers"),
        "channel_rate": ("100 Gbit/s", "starlink-lasers"),
    },
    "hardware/orbital-120kw": {
        "power.array.area": ("600 m2", "spacex-ai1"),
        "power.array.absorptance": ("0.75 1", "fortescue2011:table 11.3"),
        "power.array.emissivity_front": ("0.82 1", "fortescue2011:table 11.3"),
        "power.array.areal_mass": ("3.1 kg/m2", "angadh-sdc1"),
        "thermal.radiator.area": ("110 m2", "spacex-ai1"),
        "thermal.radiator.emissivity": ("0.88 1", "fortescue2011:table 11.3"),
        "thermal.heater.freezing_point": ("-77.7 degC", "nist-webbook-ammonia"),
    },
    "hardware/starcloud-40mw": {
        "accelerators": ("32768 1", "lumen2024"),
        "power.array.packing": ("0.9 1", "lumen2024"),
        "power.array.cell_efficiency": ("0.22 1", "lumen2024"),
        "power.array.absorptance": ("0.75 1", "fortescue2011:table 11.3"),
        "power.array.emissivity_front": ("0.82 1", "fortescue2011:table 11.3"),
        "power.array.areal_mass": ("3.1 kg/m2", "angadh-sdc1"),
        "thermal.radiator.area": ("63200 m2", "lumen2024"),
        "thermal.radiator.emissivity": ("0.92 1", "lumen2024"),
        "thermal.heater.freezing_point": ("-77.7 degC", "nist-webbook-ammonia"),
    },
    "hardware/starlink-edge": {
        "accelerators": ("1 1", "starcloud1-orbit"),
        "power.array.absorptance": ("0.75 1", "fortescue2011:table 11.3"),
        "power.array.emissivity_front": ("0.82 1", "fortescue2011:table 11.3"),
        "power.array.areal_mass": ("3.1 kg/m2", "angadh-sdc1"),
        "thermal.radiator.emissivity": ("0.88 1", "fortescue2011:table 11.3"),
        "thermal.heater.freezing_point": ("-77.7 degC", "nist-webbook-ammonia"),
    },
    "hardware/suncatcher": {
        "power.array.absorptance": ("0.75 1", "fortescue2011:table 11.3"),
        "power.array.emissivity_front": ("0.82 1", "fortescue2011:table 11.3"),
        "power.array.areal_mass": ("3.1 kg/m2", "angadh-sdc1"),
        "thermal.radiator.emissivity": ("0.88 1", "fortescue2011:table 11.3"),
        "thermal.heater.freezing_point": ("-77.7 degC", "nist-webbook-ammonia"),
    },
    "hardware/tpu-v6e": {
        "peak.bf16": ("918 TFLOP/s", "google-tpu-v6e"),
        "peak.int8": ("1836 TFLOP/s", "google-tpu-v6e"),
        "hbm_limit": ("95 degC", "manishklach-hbm"),
        "memory": ("32 GB", "google-tpu-v6e"),
        "memory_bandwidth": ("1.638 TB/s", "google-tpu-v6e"),
        "fabric.domain": ("256 1", "google-tpu-v6e"),
        "fabric.rate": ("400 GB/s", "google-tpu-v6e"),
    },
    "models/llama-3-405b": {
        "parameters": ("405853388800 1", "llama3:table 3"),
        "layers": ("126 1", "llama3:table 3"),
        "hidden": ("16384 1", "llama3:table 3"),
        "heads": ("128 1", "llama3:table 3"),
        "kv_heads": ("8 1", "llama3:table 3"),
        "head_size": ("128 1", "llama3:table 3"),
        "ffn": ("53248 1", "llama3:table 3"),
        "vocabulary": ("128256 1", "scaling-book:applied-training"),
    },
    "models/llama-3-70b": {
        "parameters": ("70553706496 1", "llama3:table 3"),
        "layers": ("80 1", "llama3:table 3"),
        "hidden": ("8192 1", "llama3:table 3"),
        "heads": ("64 1", "llama3:table 3"),
        "kv_heads": ("8 1", "llama3:table 3"),
        "head_size": ("128 1", "llama3:table 3"),
        "ffn": ("28672 1", "llama3:table 3"),
        "vocabulary": ("128256 1", "scaling-book:applied-training"),
    },
    "models/llama-3-8b": {
        "parameters": ("8030261248 1", "llama3:table 3"),
        "layers": ("32 1", "llama3:table 3"),
        "hidden": ("4096 1", "llama3:table 3"),
        "heads": ("32 1", "llama3:table 3"),
        "kv_heads": ("8 1", "llama3:table 3"),
        "head_size": ("128 1", "llama3:table 3"),
        "ffn": ("14336 1", "llama3:table 3"),
        "vocabulary": ("128256 1", "scaling-book:applied-training"),
    },
    "economics/falcon-heavy-list": {
        "price": ("9.7e+07 USD", "launch-price-table"),
        "capacity": ("63.8 t", "launch-price-table"),
    },
    "economics/starship-target": {},
    "fleet/leo-default": {
        "mean_time": ("40 yr", "research-viewer-lifetime"),
    },
    "fleet/reboot": {},
    "fleet/relaunch-90d": {},
    "fleet/soft-default": {
        "mean_time": ("264 d", "llama3"),
        "accelerators": ("8 1", "llama3"),
    },
    "baselines/colossus-1": {
        "latitude": ("35.06 deg", "geonames"),
        "longitude": ("-90.156 deg", "geonames"),
        "accelerators": ("220000 1", "colossus-announcement"),
        "accelerators_per_node": ("8 1", "colossus-tour"),
        "power": ("300 MW", "colossus-announcement"),
        "price_per_watt": ("38 USD", "epoch2026"),
        "fabric.rate": ("3200 Gbit/s", "colossus-tour"),
        "fabric.throughput": ("0.95 1", "colossus-network"),
        "fibre.path_stretch": ("1.53 1", "katz-bassett2006"),
        "fibre.index": ("1.468 1", "corning-smf28"),
        "fleet.spares": ("80 1", "llama3"),
        "fleet.failures.mean_time": ("264 d", "llama3"),
        "workloads.0.members": ("2048 1", "llama3"),
    },
}


def _sourced(item: str) -> dict[str, tuple[str, str]]:
    tree = yaml_tree.read(Path("configs") / f"{item}.yaml")
    records = {".".join(path): node for path, node in yaml_tree.walk(tree) if node.is_record}
    found = {}
    for field, node in records.items():
        record = {key: child.value for key, child in node.value.items()}
        if record["kind"] != "assumption":
            found[field] = (f"{record['value']:g} {record['unit']}" if isinstance(record["value"], float) else f"{record['value']} {record['unit']}", record["source"])
    return found


@pytest.mark.parametrize("item", SOURCED)
def test_numbers_are_those_of_their_source(item: str, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: data sheets and papers as quoted above the table. Where a source is not quoted there, the table holds what
    was taken from it, so that no value or source changes by accident. It has every field that is no assumption."""
    monkeypatch.chdir(repo)
    assert _sourced(item) == SOURCED[item]


def test_every_shipped_item_is_in_the_table(repo: Path) -> None:
    shipped = {f"{folder}/{path.stem}" for folder in FOLDERS for path in (repo / "configs" / folder).glob("*.yaml")}
    assert shipped == set(SOURCED)
