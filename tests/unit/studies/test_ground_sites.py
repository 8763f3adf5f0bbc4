"""Sites on the ground, as announced."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.config.errors import InputError
from sim.config.ground_sites import read_baseline, site_of, site_tree


def test_colossus() -> None:
    """Source of truth: the record: 220,000 at 989 dense TFLOP/s each, 300 MW; 41,000 USD each with host and
    network, and 11.7 USD for each of 250 MW of machines (PUE 1.2)."""
    found = read_baseline("colossus-1-h100", "bf16")
    assert found == {
        "name": "colossus-1-h100",
        "accelerators": 220_000,
        "power_w": 300e6,
        "capex_usd": pytest.approx(220_000 * 41_000.0 + 11.7 * 250e6),
        "nameplate_flops_per_s": pytest.approx(217.58e18),
    }


def test_colossus_as_a_mix() -> None:
    """Source of truth: the records: 200,000 chips of 989 and 20,016 of 2,500 dense TFLOP/s; with hosts 39,000 USD for an H100,
    and the prices of the items of the other kinds; 2,000 USD of network each."""
    found = read_baseline("colossus-1", "bf16")
    assert found is not None
    assert found["accelerators"] == 220_016
    assert found["nameplate_flops_per_s"] == pytest.approx(200_000 * 989e12 + 20_016 * 2500e12, rel=1e-12)
    chips_usd = 150_000 * 39_000.0 + 50_000 * 44_000.0 + 20_016 * 43_000.0
    assert found["capex_usd"] == pytest.approx(chips_usd + 220_016 * 2_000.0 + 11.7 * 250e6, rel=1e-12)


def test_precision_without_a_peak() -> None:
    found = read_baseline("colossus-1", "int8")
    assert found is not None
    assert found["nameplate_flops_per_s"] is None


def test_none() -> None:
    assert read_baseline(None, "bf16") is None


def test_unknown() -> None:
    with pytest.raises(InputError, match="did you mean 'colossus-1'"):
        read_baseline("colossus", "bf16")


def test_a_bad_file_is_told_line_by_line(tmp_path: Path, repo: Path) -> None:
    """Source of truth: the rule: all problems at once, each with its line and what to write; a key of an earlier version by its new name."""
    text = (repo / "configs" / "baselines" / "colossus-1-h100.yaml").read_text("utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(text + "price_per_watt: 38 USD\noperations: -1 %\n", encoding="utf-8")
    line = text.count("\n") + 1
    with pytest.raises(InputError) as raised:
        site_of(site_tree(str(file)))
    assert sorted(str(raised.value).splitlines()) == [
        f"{file}:{line}:1: baseline.price_per_watt: was renamed to building; write `building:` instead",
        f"{file}:{line + 1}:1: baseline.operations: '-1 %' must be at least 0; write it like '8 %'",
    ]
