"""Sensing workloads that cannot be: found at the door, one line with its place, exit 2.

Source of truth: the lines as a person would want them; places counted by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HEAD = """name: watch
epoch: 2026-12-21T00:00:00Z
duration: 1 h
constellation: {kind: ring, altitude: 500 km, local_time: "10:30", satellites: 4}
satellite: bupt-1
"""
GROUND = "ground: {stations: default, link_rate: 160 Mbit/s}\n"
SENSOR = "sensor: {image: 300 MB, rate: 1000 1/d, when: daylight}"


def _workload(more: str = "", storage: str = "storage: 2 TB, ", sensor: str = SENSOR) -> str:
    return f"workloads:\n- {{kind: sensing, {storage}{sensor}{more}}}\n"


WRONG = [
    (GROUND + _workload(storage=""), "s.yaml:8:3: workloads.0.storage: is missing; write `storage: ...` here"),
    (GROUND + _workload(storage="storage: 200 MB, "),
     "s.yaml:8:19: workloads.0.storage: 2e+08 B hold no image of 3e+08 B; write 3e+08 B or more"),
    (_workload(), "s.yaml:7:3: workloads.0: captures images, and the scenario has no ground stations; write ground: {stations: default, link_rate: 160 Mbit/s}"),
    ("ground: {stations: []}\n" + _workload(), "s.yaml:8:3: workloads.0: captures images, and the scenario has no ground stations; "
     "write ground: {stations: default, link_rate: 160 Mbit/s}"),
    ("ground: {stations: default}\n" + _workload(),
     "s.yaml:6:1: ground.link_rate: is missing, and sensing sends images over it; write link_rate: 160 Mbit/s below ground"),
    (GROUND + _workload(", antennas: 0"), "workloads.0.antennas: 0 must be at least 1 and at most 1000; write one in that range"),
    (GROUND + _workload(", processing: {mode: filter, flops: 1e12, precision: int8, keep: 1.2}"), "workloads.0.processing.keep: '1.2' must be at most 1; write it like '0.9'"),
    (GROUND + _workload(", processing: {mode: filter, flops: 1e12, precision: int8}"),
     "workloads.0.processing.keep: is missing, and mode filter deletes a share of the images; write keep: 0.4, the share that is sent"),
    (GROUND + _workload(", processing: {mode: inference, flops: 1e12, precision: int8}"),
     "workloads.0.processing.result: is missing, and mode inference sends a result of each image; write result: 10 kB"),
    (GROUND + _workload(", processing: {mode: training, flops: 1e12, precision: fp8}"),
     "workloads.0.processing.precision: atlas-200-dk has no peak for 'fp8'; write one of: bf16, int8"),
    ("ground: {stations: [{name: Far PoP, latitude: 1 deg, longitude: 1 deg, role: pop}], link_rate: 160 Mbit/s}\n" + _workload(),
     "s.yaml:8:3: workloads.0: captures images, and the scenario has no ground stations; write ground:"),
    (GROUND + _workload(", processing: {mode: inference, flops: 1e12, precision: int8, result: 400 MB}"),
     "workloads.0.processing.result: 4e+08 B are more than the image itself has, 3e+08 B; write 3e+08 B or less"),
    (GROUND + _workload(sensor="sensor: {image: 0.1 B, rate: 1000 1/d, when: always}"), "workloads.0.sensor.image: '0.1 B' must be at least 1 B"),
    (GROUND + _workload(sensor="sensor: {image: 1 MB, rate: 1000 1/d, when: land}"), "workloads.0.sensor.when: 'land' is unknown"),
    (GROUND + _workload(", share: 0.1"), "workloads.0.share: 0.1 of 4 satellites is less than one; write 0.25 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_refused(text: str, line: str, dawndusk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(HEAD + text, encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert (called.code, called.out) == (2, ""), called.err
    assert len(called.errors) == 1, called.err
    assert line in called.errors[0]


def test_images_that_do_not_fit_the_memory(dawndusk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 40,000 satellites with 3.6e7 images each at the end of the hour, of 40 bytes: 57.6 TB."""
    monkeypatch.chdir(tmp_path)
    many = GROUND + _workload(sensor="sensor: {image: 1 B, rate: 1e4 1/s, when: always}")
    (tmp_path / "s.yaml").write_text(HEAD.replace("satellites: 4", "satellites: 40000") + many, encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert (called.code, called.out) == (2, "")
    assert "40,000 satellites need about 576" in called.err, called.err


def test_accepted(dawndusk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(HEAD + GROUND + _workload(", processing: {mode: training, flops: 1e12, precision: int8}"), encoding="utf-8")
    assert dawndusk("validate", "s.yaml").code == 0


def test_a_ground_site_has_no_sensors(dawndusk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(HEAD + GROUND + _workload(), encoding="utf-8")
    called = dawndusk("compare", "s.yaml", "baseline:colossus-1")
    assert called.code == 2
    assert "has no sensors in orbit" in called.err
