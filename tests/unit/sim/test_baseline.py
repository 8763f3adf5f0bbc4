"""Sites on the ground, as announced."""

from __future__ import annotations

import pytest

from sim.baseline import read_baseline
from sim.errors import InputError


def test_colossus() -> None:
    """Source of truth: the record: 220,000 at 989 dense TFLOP/s each, 300 MW."""
    found = read_baseline("colossus-1", "bf16")
    assert found == {
        "name": "colossus-1",
        "accelerators": 220_000,
        "power_w": 300e6,
        "nameplate_flops_per_s": pytest.approx(217.58e18),
    }


def test_precision_without_a_peak() -> None:
    found = read_baseline("colossus-1", "int8")
    assert found is not None
    assert found["nameplate_flops_per_s"] is None


def test_none() -> None:
    assert read_baseline(None, "bf16") is None


def test_unknown() -> None:
    with pytest.raises(InputError, match="did you mean 'colossus-1'"):
        read_baseline("colossus", "bf16")
