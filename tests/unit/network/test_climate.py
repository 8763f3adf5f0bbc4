"""The table of radio climates: what it was made from, its places, and its ends."""

from __future__ import annotations

import hashlib
import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.network.climate import climate, provenance, spectral_lines

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "itur_cases.json").read_text("ascii"))["cases"]
# of the file that tools/build_weather_tables.py writes with itur 0.4.0; a table built again changes this line
SHA256 = "e9094cf08c5cf750faeec2dafe316eecaf4f1cdcaa2b65ab7a290ae0da42691d"

STEEP = ("La Paz", "Reykjavik", "Santiago")


def test_table_is_the_one_that_was_built() -> None:
    """Source of truth: the digest noted when the table was built. It ships in less than 1.5 MB."""
    content = resources.files("sim.network").joinpath("data/climate.npz").read_bytes()
    assert len(content) < 1.5e6
    assert hashlib.sha256(content).hexdigest() == SHA256


def test_provenance_names_maps_and_program() -> None:
    """The table says with what it was made."""
    facts = provenance()
    assert "itur 0.4.0" in facts["made_by"]
    assert "P.837-7" in facts["source"]
    assert facts["exceedances_percent"][0] == 1.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_maps_against_itur(case: dict[str, Any]) -> None:
    """Source of truth: the maps as itur interpolates them. Half a level of the table (0.5 % of the rain rate, 2.5 m, 0.1 N units, 0.1 K,
    0.2 % of columns), and the coarser grid of the rain rate: 1 %, 3 % where it is steep. Columns of vapour between four scale heights:
    1.5 %; below the Andes (Santiago) 15 %, which is 0.01 dB at 20 GHz."""
    got = climate(math.radians(case["latitude_deg"]), math.radians(case["longitude_deg"]), 1e3 * case["height_km"])
    assert got.rain_rate_mm_h == pytest.approx(case["rain_rate_mm_h"], rel=0.03 if case["name"] in STEEP else 0.01)
    assert got.rain_height_km == pytest.approx(case["rain_height_km"], abs=0.0026)
    assert got.wet_refractivity == pytest.approx(case["wet_refractivity"], abs=0.101)
    assert got.temperature_k == pytest.approx(case["temperature_k"], abs=0.101)
    assert np.allclose(got.liquid_kg_m2, case["liquid_kg_m2"], rtol=0.0021, atol=5e-4)
    assert np.allclose(got.vapour_kg_m2, case["vapour_kg_m2"], rtol=0.15 if case["name"] == "Santiago" else 0.03 if case["name"] in STEEP else 0.015)
    assert min(1.0, case["cloud_fraction"]) == pytest.approx(got.cloud_fraction, abs=0.0011)


def test_water_vapour_falls_with_height() -> None:
    """Source of truth: P.836: by exp(-height / scale height), of 1.3 km in dry to 4 km in moist air; the columns rise as the exceedance falls."""
    low, high = (climate(math.radians(51.5), math.radians(-0.14), h) for h in (0.0, 1000.0))
    fall = high.vapour_kg_m2 / low.vapour_kg_m2
    assert np.all((fall > math.exp(-1.0 / 1.3)) & (fall < math.exp(-1.0 / 4.0)))
    assert np.all(np.diff(low.vapour_kg_m2) < 0.0)
    assert np.all(np.diff(low.liquid_kg_m2) <= 0.0)


def test_around_the_globe() -> None:
    """Longitudes are a circle: a turn more changes nothing; the maps go on across their own edge at 0 and at 180 deg."""
    one, again = (climate(0.5, lon, 10.0) for lon in (-1.0, 2.0 * math.pi - 1.0))
    assert one.rain_rate_mm_h == pytest.approx(again.rain_rate_mm_h, rel=1e-12)
    for edge in (0.0, math.pi):
        west, east = (climate(0.5, edge + side, 10.0) for side in (-1e-9, 1e-9))
        assert west.rain_rate_mm_h == pytest.approx(east.rain_rate_mm_h, rel=1e-5)
        assert west.temperature_k == pytest.approx(east.temperature_k, abs=1e-5)


@pytest.mark.parametrize("latitude", [-90.0, -89.9, 88.9, 90.0])
def test_poles(latitude: float) -> None:
    """Nothing is missing at the poles, where the maps have gaps."""
    got = climate(math.radians(latitude), 0.7, 100.0)
    assert np.all(np.isfinite(got.vapour_kg_m2))
    assert np.all(got.vapour_kg_m2 > 0.0)
    assert 200.0 < got.temperature_k < 275.0


@pytest.mark.parametrize("bad", [(1.6, 0.0, 0.0), (0.0, math.nan, 0.0), (0.0, 0.0, math.inf)])
def test_no_place(bad: tuple[float, float, float]) -> None:
    """By the docstring."""
    with pytest.raises(ValueError, match="latitude"):
        climate(*bad)


def test_lines() -> None:
    """Source of truth: P.676-12, tables 1 and 2: the strongest lines of oxygen at 60 GHz and 118.75 GHz, of water vapour at 22.235 GHz."""
    oxygen, vapour = spectral_lines("oxygen"), spectral_lines("vapour")
    assert 118.750334 in oxygen[:, 0]
    assert vapour[0, 0] == 22.23508
    assert 35 <= np.count_nonzero((oxygen[:, 0] > 50.0) & (oxygen[:, 0] < 70.0)) <= 40
