"""Filings of 2026 for orbital data centres: numbers and orbits as published, size estimates, and a scaled-down run."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from sim.config.scenario import load
from tests.support.shipped import shipped

# satellites, lowest and highest altitude in km as filed; None where the filing's orbits are not public
FILINGS = {
    "filing_spacex": (1_000_000, 500.0, 2_000.0), "filing_starcloud": (88_000, 600.0, 850.0),
    "filing_blue_origin": (51_600, 500.0, 1_800.0), "filing_orbital": (100_000, None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FILINGS))
def test_as_filed(name: str, dawndusk: Any) -> None:
    """Source of truth: the filings, through the sources that the records name; the estimate is that of `validate`."""
    satellites, low_km, high_km = FILINGS[name]
    loaded = load(name)
    assert loaded.satellites == satellites
    altitudes_km = [part.altitude / 1e3 for part in loaded.scenario.constellation]
    if low_km is not None and high_km is not None:
        assert low_km <= min(altitudes_km) < max(altitudes_km) <= high_km
    assert loaded.scenario.links is None
    called = dawndusk("validate", name)
    assert called.code == 0, called.err
    assert f"valid. {satellites:,} satellites" in called.out
    assert "A run needs about" in called.out
    assert called.err == ""


def test_blue_origin_planes() -> None:
    """Source of truth: the filing: planes 5 to 10 km apart, 300 to 1,000 satellites each."""
    planes = load("filing_blue_origin").scenario.constellation
    heights_m = sorted(part.altitude for part in planes)
    assert all(5e3 <= b - a <= 10e3 for a, b in itertools.pairwise(heights_m))
    assert {part.count for part in planes} == {300}


def test_spacex_inclinations() -> None:
    """Source of truth: the sun-synchronous condition by J2 alone, by hand: cos i = -(a / 12,352 km)^3.5, to 0.1 deg."""
    for part in load("filing_spacex").scenario.constellation:
        degrees = math.degrees(part.inclination)
        sun_synchronous = math.degrees(math.acos(-(((6378.137 + part.altitude / 1e3) / 12_352.0) ** 3.5)))
        assert degrees == pytest.approx(30.0) or degrees == pytest.approx(sun_synchronous, abs=0.1)


@pytest.mark.parametrize("name", sorted(FILINGS))
def test_scaled_down(name: str) -> None:
    """Source of truth: physics: shares in their range, energy conserved; no orbit of this height is in shadow for more
    than asin(R / a) / pi, 0.39 of a revolution, and satellites are spread evenly over each."""
    found = shipped(name)
    assert 0.0 < found.summary["compute"]["useful_fraction"] <= 0.77 + 1e-9
    assert found.summary["energy_closure"] < 1e-9
    assert found.summary["power"]["sunlit_fraction"] > 0.5
    assert found.summary["design"]["launches"] > 0
