"""What links of fixed form join, without arrays. Source of truth: `sim.network.topology`, which the run uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from orbit import formation_geometry
from sim.config.schema import Cluster, Constellation, Ring, Walker
from sim.config.validation import forms
from sim.config.validation.shells import cross_plane_slots
from sim.network import topology


def _walker(planes: int, slots: int, phasing: int, pattern: str) -> Walker:
    reported: dict[str, Any] = {"kind": "walker", "altitude": "550 km", "inclination": "53 deg", "phasing": phasing}
    return Walker.model_validate({**reported, "planes": planes, "satellites_per_plane": slots, "pattern": pattern})


def _told(entry: Constellation, count: int, rule: str = "nearest_slot") -> tuple[set[tuple[int, int]], int]:
    """Pairs and their number, as the validation has them."""
    return {(i, n) for i in range(count) for n in forms.neighbours(entry, i, rule) if i < n}, forms._links(entry, rule)


def _run(a: np.ndarray, b: np.ndarray) -> tuple[set[tuple[int, int]], int]:
    """Pairs and their number, as a run has them."""
    return set(zip(a.tolist(), b.tolist(), strict=True)), a.size


@pytest.mark.parametrize("pattern", ["delta", "star"])
@pytest.mark.parametrize(
    ("planes", "slots", "phasing"),
    [(1, 1, 0), (1, 2, 0), (1, 5, 0), (2, 1, 1), (2, 4, 0), (2, 4, 1), (3, 4, 2), (5, 2, 3), (7, 6, 6), (3, 1, 0)],
)
@pytest.mark.parametrize("rule", ["nearest_slot", "same_slot"])
def test_grid(planes: int, slots: int, phasing: int, pattern: str, rule: str) -> None:
    entry = _walker(planes, slots, phasing, pattern)
    across = cross_plane_slots(entry, rule)
    assert len(across) == (planes if pattern == "delta" and planes > 1 else planes - 1)
    assert _told(entry, planes * slots, rule) == _run(*topology.grid_pairs(planes, slots, across))


def test_same_slot_joins_equal_numbers() -> None:
    """Source of truth: by hand: the same slot everywhere, at the seam ahead by the phasing modulo the slots."""
    assert cross_plane_slots(_walker(5, 3, 4, "delta"), "same_slot") == (0, 0, 0, 0, 1)
    assert cross_plane_slots(_walker(5, 3, 4, "star"), "same_slot") == (0, 0, 0, 0)


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_ring(count: int) -> None:
    entry = Ring.model_validate({"kind": "ring", "altitude": "650 km", "local_time": "06:00", "satellites": count})
    assert _told(entry, count) == _run(*topology.grid_pairs(1, count))


@pytest.mark.parametrize("shape", ["square", "hexagonal"])
@pytest.mark.parametrize(
    ("spacing_m", "radius_m", "clusters"), [(200, 1000, 1), (200, 1000, 3), (100, 99, 2), (300, 1000, 1)]
)
def test_mesh(shape: str, spacing_m: int, radius_m: int, clusters: int) -> None:
    entry = Cluster.model_validate(
        {
            "kind": "cluster", "altitude": "650 km", "local_time": "06:00", "clusters": clusters,
            "lattice": {"shape": shape, "spacing": f"{spacing_m} m", "radius": f"{radius_m} m"},
        }
    )  # fmt: skip
    offsets_m = np.array(formation_geometry.offsets_m(shape, spacing_m, radius_m)).T
    each = offsets_m.shape[1]
    pairs = [topology.lattice_pairs(offsets_m, spacing_m, c * each) for c in range(clusters)]
    a, b = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert entry.count == clusters * each
    assert _told(entry, entry.count) == _run(a, b)


@pytest.mark.parametrize("spacing_m", [None, 150, 400])
def test_mesh_of_points(spacing_m: int | None) -> None:
    offsets_m = (np.random.default_rng(8).normal(size=(3, 60)) * [[100.0], [300.0], [100.0]]).round(3)
    reported: dict[str, Any] = {"shape": "points", "points": [[f"{x} m" for x in row] for row in offsets_m.T.tolist()]}
    entry = Cluster.model_validate(
        {
            "kind": "cluster", "altitude": "650 km", "local_time": "06:00", "clusters": 2,
            "lattice": reported | ({} if spacing_m is None else {"spacing": f"{spacing_m} m"}),
        }
    )  # fmt: skip
    pairs = [topology.lattice_pairs(offsets_m, spacing_m or 0.0, c * 60) for c in range(2)]
    a, b = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert (a.size > 0) == (spacing_m is not None)
    assert _told(entry, entry.count) == _run(a, b)
