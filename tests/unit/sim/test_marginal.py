"""What binds: inputs enlarged one at a time."""

from __future__ import annotations

import pytest

import sim
from sim.marginal import ENLARGED, Gain, gains


def test_gains_of_a_hot_satellite() -> None:
    """Source of truth: a satellite throttled by heat gains by radiator and by nothing else; masses by hand."""
    loaded = sim.load("suncatcher", set=["duration=2 h", "satellite.thermal.radiator.area=15 m2"])
    found = gains(loaded)
    assert [g.per_kg for g in found] == sorted((g.per_kg for g in found), reverse=True)
    assert found[0].what == "+1.5 m2 radiator"
    assert found[0].mass_kg == pytest.approx(0.1 * 15.0 * 6.5)
    assert 0.01 < found[0].gain < ENLARGED * 1.5
    for g in found[1:]:
        assert abs(g.gain) < 0.1 * found[0].gain
    assert {g.what.split()[-1] for g in found} == {"array", "battery", "radiator"}


def test_gain_is_that_of_a_run() -> None:
    """Source of truth: a whole run with the larger radiator written into the scenario; 81 satellites are all sampled."""
    small, large = (
        sim.run(sim.load("suncatcher", set=["duration=2 h", f"satellite.thermal.radiator.area={area} m2"])).summary[
            "compute"
        ]["useful_flops"]
        for area in (15.0, 15.0 * (1.0 + ENLARGED))
    )
    found = next(
        g
        for g in gains(sim.load("suncatcher", set=["duration=2 h", "satellite.thermal.radiator.area=15 m2"]))
        if "radiator" in g.what
    )
    assert found.gain == pytest.approx(large / small - 1.0, rel=1e-9)


def test_per_kg() -> None:
    assert Gain("x", 4.0, 0.2).per_kg == pytest.approx(0.05)
