"""What links of fixed form join, without arrays. Source of truth: `sim.links.topology`, which the run uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from orbit.cluster import square_lattice_offsets_m
from sim.checks import forms
from sim.links import topology
from sim.spec import Cluster, Constellation, Ring, Walker


def _walker(planes: int, slots: int, phasing: int, pattern: str) -> Walker:
    told: dict[str, Any] = {"kind": "walker", "altitude": "550 km", "inclination": "53 deg", "phasing": phasing}
    return Walker.model_validate({**told, "planes": planes, "satellites_per_plane": slots, "pattern": pattern})


def _agree(entry: Constellation, a: np.ndarray, b: np.ndarray, count: int) -> None:
    ours = {(i, n) for i in range(count) for n in forms.neighbours(entry, i) if i < n}
    assert ours == set(zip(a.tolist(), b.tolist(), strict=True))
    assert forms._links(entry) == a.size


@pytest.mark.parametrize("pattern", ["delta", "star"])
@pytest.mark.parametrize(
    ("planes", "slots", "phasing"),
    [(1, 1, 0), (1, 2, 0), (1, 5, 0), (2, 1, 1), (2, 4, 0), (2, 4, 1), (3, 4, 2), (5, 2, 3), (7, 6, 6), (3, 1, 0)],
)
def test_grid(planes: int, slots: int, phasing: int, pattern: str) -> None:
    a, b = topology.grid_pairs(planes, slots, pattern == "delta", 0, phasing)
    _agree(_walker(planes, slots, phasing, pattern), a, b, planes * slots)


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_ring(count: int) -> None:
    entry = Ring.model_validate({"kind": "ring", "altitude": "650 km", "local_time": "06:00", "satellites": count})
    _agree(entry, *topology.grid_pairs(1, count, False), count)


@pytest.mark.parametrize(
    ("spacing_m", "radius_m", "clusters"), [(200, 1000, 1), (200, 1000, 3), (100, 99, 2), (300, 1000, 1)]
)
def test_mesh(spacing_m: int, radius_m: int, clusters: int) -> None:
    entry = Cluster.model_validate(
        {
            "kind": "cluster", "altitude": "650 km", "local_time": "06:00", "clusters": clusters,
            "lattice": {"spacing": f"{spacing_m} m", "radius": f"{radius_m} m"},
        }
    )  # fmt: skip
    offsets_m = square_lattice_offsets_m(spacing_m, radius_m)
    each = offsets_m.shape[1]
    pairs = [topology.lattice_pairs(offsets_m, spacing_m, c * each) for c in range(clusters)]
    a, b = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert entry.count == clusters * each
    _agree(entry, a, b, entry.count)
