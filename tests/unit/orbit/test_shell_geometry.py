"""Neighbours across planes and smallest distances of shells, against positions all round the orbit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from orbit.constants import EARTH_RADIUS_M
from orbit.shell_geometry import Shell, best_phasing, closest_between_m, closest_m, cross_plane_slots

SIZE_M = EARTH_RADIUS_M + 550e3
STAR = math.pi


def _shell(planes: int, slots: int, phasing: float, inclination_deg: float = 53.0, **more: float) -> Shell:
    return Shell(SIZE_M, math.radians(inclination_deg), planes, slots, phasing, **more)


def _plane_m(shell: Shell, plane: int, turn_rad: np.ndarray) -> np.ndarray:
    """Positions (3, slots, times) of a plane, written out from the definition of a Walker pattern."""
    node = shell.node_rad + shell.node_span_rad * plane / shell.planes
    lead = shell.phasing * plane / shell.planes + shell.stagger * (plane % 2)
    slot = np.arange(shell.slots)[:, np.newaxis]
    u = shell.latitude_rad + 2.0 * math.pi * (slot + lead) / shell.slots + turn_rad
    tilt = shell.inclination_rad
    x, y = np.cos(u), np.sin(u) * math.cos(tilt)
    return shell.semi_major_axis_m * np.array(
        [math.cos(node) * x - math.sin(node) * y, math.sin(node) * x + math.cos(node) * y, np.sin(u) * math.sin(tilt)]
    )


SHELLS = [
    _shell(7, 5, 3), _shell(6, 8, 0), _shell(6, 8, 5, 97.0), _shell(5, 9, 2.5, 30.0), _shell(6, 7, 0, 51.9, stagger=0.5),
    _shell(5, 7, 1, 70.0, stagger=0.3), _shell(6, 11, 1, 86.4, node_span_rad=STAR), _shell(1, 6, 0), _shell(2, 5, 1),
]  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
def test_smallest_distance_of_a_shell(shell: Shell) -> None:
    """Source of truth: distances of all pairs at 3,600 moments of a revolution. Two satellites part with at most twice the
    orbital speed, so that the least of the samples is above the truth by at most 2 a (2 pi / 3600) / 2."""
    turn = np.linspace(0.0, 2.0 * math.pi, 3600, endpoint=False)
    r_m = np.concatenate([_plane_m(shell, p, turn) for p in range(shell.planes)], axis=1)
    a, b = np.triu_indices(r_m.shape[1], 1)
    sampled_m = min(
        float(np.sqrt(((r_m[:, i] - r_m[:, j]) ** 2).sum(axis=0)).min()) for i, j in zip(a, b, strict=True)
    )
    assert sampled_m - SIZE_M * 2.0 * math.pi / 3600.0 <= closest_m(shell) <= sampled_m * (1.0 + 1e-9) + 1e-6


@pytest.mark.parametrize(
    ("planes", "slots", "phasing", "km", "within_km"),
    [(22, 72, 17, 61.83, 0.005), (72, 22, 39, 49.81, 0.005), (72, 22, 1, 3.4, 0.05), (72, 22, 38, 0.0, 1e-6),
     (72, 22, 36, 0.0, 1e-6), (72, 22, 40, 0.0, 1e-6), (72, 22, 0, 0.0, 1e-6)],
)  # fmt: skip
def test_published_smallest_distances(planes: int, slots: int, phasing: int, km: float, within_km: float) -> None:
    """Source of truth: arXiv:2109.13994 for 61.83 km; the others from sampled positions. Half a unit of the last digit."""
    assert closest_m(_shell(planes, slots, phasing)) / 1e3 == pytest.approx(km, abs=within_km)


@pytest.mark.parametrize("shell", SHELLS[:7])
def test_next_plane_is_joined_where_it_is_nearest(shell: Shell) -> None:
    """Source of truth: mean square distances over a revolution from slot 0 of each plane to every satellite of the next one,
    the seam included: the one that is joined is the nearest; where two are equal (1e-9), it is one of them."""
    turn, wrap = np.linspace(0.0, 2.0 * math.pi, 360, endpoint=False), shell.node_span_rad > 4.0
    ahead = cross_plane_slots(shell, wrap)
    assert len(ahead) == (shell.planes if wrap else shell.planes - 1)
    for plane, slot in enumerate(ahead):
        here, there = _plane_m(shell, plane, turn)[:, :1], _plane_m(shell, (plane + 1) % shell.planes, turn)
        mean_m2 = ((there - here) ** 2).sum(axis=0).mean(axis=1)
        assert mean_m2[slot] <= mean_m2.min() * (1.0 + 1e-9)


@pytest.mark.parametrize("phasing", [0, 1, 17, 39, 71])
def test_numbering_does_not_choose_neighbours(phasing: int) -> None:
    """Source of truth: phasing f + planes numbers the slots of the same shell anew, plane p from slot p on: the neighbour in the
    next plane has a number less by one, at the seam a number more by planes - 1."""
    shell = _shell(72, 22, phasing)
    ahead, renumbered = (cross_plane_slots(s, True) for s in (shell, replace(shell, phasing=phasing + 72.0)))
    assert [(n + 1) % 22 for n in renumbered[:-1]] == list(ahead[:-1])
    assert (renumbered[-1] - 71) % 22 == ahead[-1]


@pytest.mark.parametrize(("phasing", "tilt_deg"), [(1, 53.0), (39, 53.0), (30, 70.0), (5, 97.6)])
def test_mirror_image(phasing: int, tilt_deg: float) -> None:
    """Source of truth: symmetry: seen in a mirror through the Earth's axis, phasing f at inclination i is phasing planes - f at
    180 deg - i. Neighbours and smallest distances are the same ones; rounding of phases: a micrometre."""
    shell, mirror = _shell(72, 22, phasing, tilt_deg), _shell(72, 22, 72 - phasing, 180.0 - tilt_deg)
    assert closest_m(shell) == pytest.approx(closest_m(mirror), abs=1e-6)
    turn = np.linspace(0.0, 2.0 * math.pi, 90, endpoint=False)
    swings = []
    for s in (shell, mirror):
        slot = cross_plane_slots(s, True)[0]
        far_m = np.linalg.norm(_plane_m(s, 1, turn)[:, slot] - _plane_m(s, 0, turn)[:, 0], axis=0)
        swings.append((far_m.min(), far_m.mean(), far_m.max()))
    assert swings[0] == pytest.approx(swings[1], abs=1e-3)


@pytest.mark.parametrize(("phasing", "mean_km"), [(1, 513.0), (71, 471.0)])
def test_mean_length_of_links_across_planes(phasing: int, mean_km: float) -> None:
    """Source of truth: distances of nearest satellites over a revolution, computed independently; half a unit of the last digit."""
    shell, turn = _shell(72, 22, phasing), np.linspace(0.0, 2.0 * math.pi, 360, endpoint=False)
    for plane in (0, 71):
        slot = cross_plane_slots(shell, True)[plane]
        far_m = np.linalg.norm(_plane_m(shell, (plane + 1) % 72, turn)[:, slot] - _plane_m(shell, plane, turn)[:, 0], axis=0)
        assert far_m.mean() / 1e3 == pytest.approx(mean_km, abs=0.5)
        assert far_m.max() < 2100e3


def test_shells_of_equal_orbits_keep_their_phases() -> None:
    """Source of truth: distances at 3,600 moments of a revolution, as within a shell; the second shell is rotated and ahead."""
    one, other = _shell(4, 5, 1), _shell(3, 7, 2, node_rad=0.2, latitude_rad=0.7)
    turn = np.linspace(0.0, 2.0 * math.pi, 3600, endpoint=False)
    sampled_m = min(
        float(np.sqrt(((_plane_m(one, p, turn)[:, i, np.newaxis] - _plane_m(other, q, turn)) ** 2).sum(axis=0)).min())
        for p in range(4) for i in range(5) for q in range(3)
    )  # fmt: skip
    assert sampled_m - SIZE_M * 2.0 * math.pi / 3600.0 <= closest_between_m(one, other) <= sampled_m * (1.0 + 1e-9)


def test_shells_whose_phases_drift_come_as_close_as_their_sizes() -> None:
    """Source of truth: orbits of different inclination intersect where sizes are equal; else radii differ everywhere."""
    one = _shell(4, 5, 1)
    assert closest_between_m(one, _shell(4, 5, 1, 70.0)) == 0.0
    assert closest_between_m(one, replace(one, semi_major_axis_m=SIZE_M + 5e3)) == pytest.approx(5e3)


@pytest.mark.parametrize("shell", [_shell(12, 7, 0), _shell(9, 10, 0, 30.0), _shell(8, 5, 0, 97.0, node_span_rad=STAR)])
def test_best_phasing_is_the_best(shell: Shell) -> None:
    """Source of truth: the smallest distance at every phasing."""
    distances_m = [closest_m(replace(shell, phasing=float(f))) for f in range(shell.planes)]
    phasing, least_m = best_phasing(shell)
    assert least_m == distances_m[phasing] == max(distances_m)
