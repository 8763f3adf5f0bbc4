"""Faces of terminals in each step against the laws that validation knows, and links that they cut."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.config.schema import Attitude
from sim.config.validation.terminals import body_faces
from sim.engine.terminal_faces import faces_of_fleet, normals
from sim.network.link_state import Grid, LinkRules, Network

FACES = ["front", "back", "left", "right", "top", "bottom"]


@pytest.mark.parametrize("law", ["sun-pointing", "orbit-normal", "nadir", "slewing", "radiator-edge-on"])
def test_normals_of_laws(law: str) -> None:
    """Source of truth: the scalar laws of validation, which a test compares with the spacecraft's; 1e-12."""
    extra = {"point": "ahead", "array_drive": "radial"} if law == "slewing" else {}
    attitude = Attitude(law=law, pointing_error="1 deg", terminals=FACES, **extra)  # type: ignore[arg-type]
    sun = np.random.default_rng(3).normal(size=(3, 20))
    sun /= np.linalg.norm(sun, axis=0)
    ours = normals(attitude, sun)
    for n in range(20):
        known = body_faces(attitude, tuple(sun[:, n].tolist()))
        assert np.abs(ours[:, :, n] - np.array([known[name] for name in FACES])).max() < 1e-12


def test_field_of_regard_cuts_links() -> None:
    """Source of truth: by hand: a ring of 24 at 15 deg: links look 7.5 deg below the along-track direction. Terminals ahead and behind see them within
    8 deg, not within 7; with the face ahead alone no link has two ends; satellites of another type look anywhere."""
    turn = 2.0 * math.pi * np.arange(24) / 24
    series = [7e6 * np.array([np.cos(turn + 0.06 * k), np.sin(turn + 0.06 * k), np.zeros(24)]) for k in range(2)]
    both = Attitude(law="nadir", pointing_error="1 deg", terminals=["top", "bottom"])  # type: ignore[arg-type]
    one = Attitude(law="nadir", pointing_error="1 deg", terminals=["bottom"])  # type: ignore[arg-type]
    free = Attitude(law="nadir", pointing_error="1 deg")  # type: ignore[arg-type]
    same, mixed = np.zeros(24, np.int64), np.arange(24) % 2
    for attitudes, types, widest_deg, links in (
        ((both,), same, 8.0, 24), ((both,), same, 7.0, 0), ((one,), same, 8.0, 0), ((one, free), mixed, 8.0, 12), ((both, one), mixed, 8.0, 12),
    ):  # fmt: skip
        faces = faces_of_fleet(attitudes, types)
        rules = LinkRules("grid", 4, None, 0.0, 1e7, 0.0, step_s=60.0, faces=faces, field_of_regard_rad=math.radians(widest_deg))
        network = Network([Grid(0, 1, 24)], 24, rules)
        first, second = (network.state(r_m, np.ones(24, bool), {}) for r_m in series)
        assert (first.a.size, second.a.size) == (24, links)
    assert faces_of_fleet([free], same) is None
