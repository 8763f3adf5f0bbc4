"""Small results that the tests of exports share; do not change them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exported import BURNS, PLANES, export, opened_once

import sim
from sim.config.scenario import load
from sim.exports.opened import Opened, Options

FILE = """\
name: five
epoch: 2026-12-21T00:00:00Z
duration: 2 h
step: 60 s
constellation: {kind: tle, tle: five.tle}
satellite: starlink-edge
"""

JOB = "{kind: training, model: llama-3-70b, method: synchronous, checkpoint: {interval: auto}, mesh: {tensor: 8, pipeline: 2, data: 324}}"


def element_lines(count: int) -> str:
    """Satellites at 550 km with elements a minute and a half apart, by the exporter of the sgp4 package; a real designator."""
    from sgp4.api import WGS72, Satrec
    from sgp4.exporter import export_tle

    lines = []
    for k in range(count):
        days = (datetime(2026, 12, 20, 12, 34, 30, tzinfo=UTC) - datetime(1949, 12, 31, tzinfo=UTC)).total_seconds() / 86400.0 - k / 960.0
        satellite = Satrec()
        satellite.sgp4init(
            WGS72, "i", 70000 + k, days, 1e-5, 0.0, 0.0, 1e-3, 0.5, math.radians(53.0), math.pi * k / 6.0, 2.0 * math.pi * 15.06 / 1440.0, 1.0
        )
        satellite.intldesg = f"24001{chr(65 + k)}"
        lines += [f"MADE UP {k}", *export_tle(satellite)]
    return "\n".join(lines) + "\n"


def ran(place: Path, text: str, name: str) -> Path:
    (place / f"{name}.yaml").write_text(text, encoding="utf-8")
    sim.run(place / f"{name}.yaml", place / "result")
    return place / "result"


@pytest.fixture(scope="session")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six satellites by secular J2 and two by SGP4, four hours."""
    return ran(tmp_path_factory.mktemp("planes"), PLANES, "planes")


@pytest.fixture(scope="session")
def opened_planes(planes: Path) -> Opened:
    return opened_once(planes)


@pytest.fixture(scope="session")
def short_ephemeris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety minutes of two satellites whose ephemeris, a.oem beside the folder, ends after an hour."""
    place = tmp_path_factory.mktemp("short")
    (place / "one").mkdir()
    export(ran(place / "one", PLANES.replace("4 h", "1 h"), "planes"), "oem", place / "a.oem", Options(satellites=2))
    text = PLANES.split("constellation:")[0].replace("4 h", "90 min")
    return ran(place, text + "constellation: {kind: oem, oem: a.oem}\nsatellite: starlink-edge\n", "short")


@pytest.fixture(scope="session")
def numerical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three satellites at 350 km, integrated with drag, four hours."""
    text = PLANES.split("- {kind: walker, mean")[0] + "motion: {model: numerical}\nsatellite: starlink-edge\n"
    text = text.replace("550 km", "350 km").replace("planes: 2", "planes: 1").replace("phasing: 1", "phasing: 0")
    return ran(tmp_path_factory.mktemp("numerical"), text, "numerical")


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour of a formation of 81 satellites that trains one model, with links and stations."""
    folder = tmp_path_factory.mktemp("training") / "result"
    sim.run(sim.load("suncatcher", set=["duration=30 min", f"workloads=[{JOB}]"]), folder)
    return folder


@pytest.fixture(scope="session")
def burning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a day and an hour of eight satellites whose orbits sink; satellite 3 burns along, and satellite 5 across its track."""
    folder = tmp_path_factory.mktemp("burning") / "result"
    events = ("+1 h burn satellite 3 by 1.5 m/s", "+2 h burn satellite 5 by -1 m/s radial")
    sim.run(load("suncatcher", (*BURNS, "duration=13 h", "satellite.propulsion.altitude=decaying"), events), folder)
    return folder


@pytest.fixture(scope="session")
def of_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of five satellites of a file of elements, five.tle beside the folder."""
    place = tmp_path_factory.mktemp("of_file")
    (place / "five.tle").write_text(element_lines(5), encoding="ascii")
    return ran(place, FILE, "five")
