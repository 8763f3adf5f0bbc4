"""Small results that the tests of exports share; do not change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import sim
from sim.exports.opened import Opened

PLANES = """\
name: planes
epoch: 2026-12-21T00:00:00Z
duration: 4 h
step: 60 s
constellation:
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 3, phasing: 1, satellite: starlink-edge}
- {kind: walker, mean_motion: 14.2 rev/d, inclination: 97.6 deg, planes: 1, satellites_per_plane: 2, satellite: starlink-edge}
satellite: starlink-edge
ground: {stations: default, min_elevation: 10 deg}
workloads:
- {kind: independent}
"""


@pytest.fixture(scope="session")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six satellites by secular J2 and two by SGP4, four hours."""
    place = tmp_path_factory.mktemp("planes")
    (place / "planes.yaml").write_text(PLANES, encoding="utf-8")
    sim.run(place / "planes.yaml", place / "result")
    return place / "result"


@pytest.fixture(scope="session")
def opened_planes(planes: Path) -> Opened:
    return Opened(planes)


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour of a formation of 81 satellites that trains one model, with links and stations."""
    folder = tmp_path_factory.mktemp("training") / "result"
    sim.run(sim.load("suncatcher", set=["duration=30 min"]), folder)
    return folder


@pytest.fixture(scope="session")
def of_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of five satellites of a file of elements, which lies beside the folder as five.tle."""
    from tests.conftest import element_lines  # type: ignore[import-not-found]

    place = tmp_path_factory.mktemp("of_file")
    (place / "five.tle").write_text(element_lines(5, datetime(2026, 12, 20, 12, 34, 30, tzinfo=UTC), 90.0), encoding="ascii")
    text = PLANES.split("constellation:")[0].replace("planes", "five").replace("4 h", "2 h")
    (place / "five.yaml").write_text(
        text + "constellation: {tle: five.tle}\nsatellite: starlink-edge\nworkloads: [{kind: independent}]\n", encoding="utf-8"
    )
    sim.run(place / "five.yaml", place / "result")
    return place / "result"


Exporter = Callable[..., dict[str, object]]
