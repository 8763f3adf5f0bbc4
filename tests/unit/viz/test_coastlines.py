"""The shipped table of coasts, and the tool that makes it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from viz.earth import coastlines, land_share

TOOL = Path(__file__).resolve().parents[3] / "tools" / "build_coastlines.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/build_coastlines.py as a module."""
    spec = importlib.util.spec_from_file_location("build_coastlines", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_says_where_it_comes_from() -> None:
    table = coastlines()
    assert "Natural Earth" in table["source"]
    assert table["version"] == "world-atlas 2.0.2"
    assert "public domain" in table["licence"]
    assert table["generator"] == "tools/build_coastlines.py"


def test_lines_are_closed_and_in_range() -> None:
    """Natural Earth 1:110m has 127 land polygons and about 5,100 vertices."""
    lines = [np.array(line) for line in coastlines()["lines"]]
    points = np.concatenate(lines)
    assert 120 <= len(lines) <= 130
    assert 5_000 <= len(points) <= 5_300
    assert np.abs(points[:, 0]).max() <= 180.0
    assert np.abs(points[:, 1]).max() <= 90.0
    assert all(np.array_equal(line[0], line[-1]) for line in lines)


@pytest.mark.parametrize(
    ("place", "lat_deg", "lon_deg", "land"),
    [
        ("Sahara", 24, 10, True),
        ("Kansas", 38, -98, True),
        ("South Pole", -88, 40, True),
        ("Siberia", 66, 180, True),
        ("Pacific, south of Fiji", -26, -140, False),
        ("Pacific, latitude of Fiji", -16, -140, False),
        ("Caspian Sea", 42, 50, False),
        ("North Pole", 90, 0, False),
    ],
)
def test_land_is_where_land_is(place: str, lat_deg: int, lon_deg: int, land: bool) -> None:
    assert (land_share()[(90 - lat_deg) // 2, (lon_deg + 180) // 2] > 0.5) == land, place


def test_land_covers_its_share_of_the_sphere() -> None:
    """Land is 29.2 % of the Earth's surface; islets missing at this scale cost up to 1 % of it."""
    weight = np.cos(np.radians(np.arange(90, -91, -2)))[:, None]
    share = (land_share() * weight)[:, :-1].sum() / (weight.sum() * 180)
    assert share == pytest.approx(0.292, abs=0.01)


def test_tool_decodes_arcs_rings_and_mask(tool: ModuleType) -> None:
    """A square of 10 deg across the date line, from two arcs of which one is used backwards."""
    topology = {
        "transform": {"scale": [0.5, 0.5], "translate": [-180.0, -5.0]},
        "arcs": [[[710, 0], [0, 20], [-700, 0]], [[710, 0], [-700, 0], [0, 20]]],
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0, -2]]}]}},
    }
    (ring,) = tool.land_rings(topology)
    assert ring.tolist() == [[175.0, -5.0], [175.0, 5.0], [-175.0, 5.0], [-175.0, -5.0], [175.0, -5.0]]
    rows = np.unpackbits(np.frombuffer(bytes.fromhex("".join(tool.land_mask([ring]))), dtype=np.uint8)).reshape(
        180, 360
    )
    assert rows.sum() == 100
    assert rows[85:95, :5].all()
    assert rows[85:95, -5:].all()
