"""Every shipped satellite flies for an hour on an orbit of its kind."""

from __future__ import annotations

import pytest

import sim
from sim.config.library import named_items

RING = "{kind: ring, altitude: 650 km, local_time: '06:00', satellites: 2}"
SHELL = "{kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 1}"
LOW = "{kind: walker, altitude: 325 km, inclination: 97 deg, planes: 2, satellites_per_plane: 1}"
# accelerators, and launch mass in kg as published, None where it is not
SATELLITES = {
    "bupt-1": (RING, 1, None), "orbital-120kw": (RING, 104, None), "starcloud-1": (LOW, 1, 60.0), "starcloud-2": (RING, 8, None), "starcloud-40mw": (RING, 32_768, None),
    "starlink-edge": (SHELL, 1, None), "starlink-v2-mini": (SHELL, 4, 575.0), "starlink-v3": (SHELL, 16, 1_900.0),
    "suncatcher": (RING, 64, None), "suncatcher-prototype": (RING, 4, None),
}  # fmt: skip


def test_every_satellite_is_here() -> None:
    assert set(named_items("hardware", "satellite")) == set(SATELLITES)


@pytest.mark.parametrize("name", sorted(SATELLITES))
def test_flies_for_an_hour(name: str) -> None:
    """Source of truth: physics: energy is conserved, chips stay within their limit, what runs is useful by the kernel efficiency
    of the chip and no more; parts add up to the stated mass within the fifth that `validate` allows."""
    orbit, accelerators, published_kg = SATELLITES[name]
    loaded = sim.load(
        "suncatcher", set=["duration=1 h", f"constellation={orbit}", f"satellite={name}", "links=", "workloads=[{kind: independent}]"]
    )
    summary = sim.run(loaded).summary
    assert summary["accelerators"] == 2 * accelerators
    assert summary["energy_closure"] < 1e-9
    assert summary["power"]["unserved_j"] < 1e-3
    limit_k = loaded.scenario.satellite.accelerator.junction_limit
    assert summary["thermal"]["junction_k_max"] <= limit_k + 0.5
    assert 0.05 < summary["compute"]["useful_fraction"] <= loaded.scenario.satellite.accelerator.kernel_efficiency + 1e-9
    design = summary["design"]
    assert sum(design["mass_by_part_kg"].values()) == pytest.approx(design["mass_kg"], rel=0.25)
    if published_kg is not None:  # what is hosted comes on top of the satellite that is published: 31 kg for each chip
        hosted_kg = 31.0 * accelerators if name.startswith("starlink") else 0.0
        assert design["mass_kg"] / 2 == pytest.approx(published_kg + hosted_kg, rel=0.01)
    assert not [note for note in summary["notes"] if "initial" not in note]
