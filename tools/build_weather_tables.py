"""Make sim/network/data/climate.npz: the maps and lines behind attenuation in the air, from the ITU-R recommendations.

Also makes tests/unit/network/itur_cases.json: attenuation at sites of all climates as itur computes it, with its values of the maps there.

    VENV/bin/pip install itur
    python tools/build_weather_tables.py

itur packages the digital maps of the recommendations. They are stored here on their own grids, so that bilinear interpolation gives
what the recommendations give; the exception is the rain rate, of which every second row and column is kept (0.25 deg). What depends
on frequency, elevation or time is no table: sim/network/atmosphere.py computes it.

Maps are levels of a logarithmic or linear scale, from the north pole southwards and from longitude 0 eastwards; the last column repeats
the first. Rows are stored as differences along the longitude, low and high bytes apart, which compresses best.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import itur
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TARGET = Path(__file__).parents[1] / "sim" / "network" / "data" / "climate.npz"
CASES = Path(__file__).parents[1] / "tests" / "unit" / "network" / "itur_cases.json"
MAPS = Path(itur.__file__).parent / "data"
EXCEEDANCES = ("1", "2", "3", "5", "10", "20", "30", "50", "70", "90")  # per cent of an average year
SCALE_HEIGHTS = ("1", "10", "50", "90")  # also of the ratio of density to column
RAIN_STRIDE = 2  # of the grid of 0.125 deg
# Latitude and longitude [deg], height [km], frequency [GHz], elevation [deg], exceedance [%], tilt of the polarisation [deg]
LINKS = (
    ("London, case of the ITU", 51.5, -0.14, 0.031382984, 14.25, 31.07699124, 1.0, 0.0),
    ("London", 51.5, -0.14, 0.03, 20.0, 30.0, 0.1, 45.0),
    ("Boston", 42.36, -71.06, 0.02, 75.0, 30.0, 0.1, 45.0),
    ("Phoenix", 33.45, -112.07, 0.33, 20.0, 20.0, 0.1, 45.0),
    ("Phoenix", 33.45, -112.07, 0.33, 20.0, 20.0, 1.0, 45.0),
    ("Singapore", 1.35, 103.82, 0.015, 20.0, 30.0, 0.1, 45.0),
    ("Singapore", 1.35, 103.82, 0.015, 20.0, 30.0, 1.0, 45.0),
    ("Svalbard", 78.23, 15.41, 0.46, 30.0, 15.0, 0.01, 45.0),
    ("Nairobi", -1.28, 36.82, 1.66, 30.0, 40.0, 0.5, 45.0),
    ("Denver", 39.74, -104.99, 1.6, 83.0, 60.0, 0.2, 45.0),
    ("Sydney", -33.87, 151.2, 0.03, 12.0, 12.0, 0.02, 90.0),
    ("Tokyo", 35.68, 139.69, 0.04, 73.0, 45.0, 2.0, 45.0),
    ("Lagos", 6.45, 3.4, 0.01, 28.0, 25.0, 5.0, 45.0),
    ("Reykjavik", 64.15, -21.94, 0.02, 14.0, 10.0, 20.0, 45.0),
    ("Santiago", -33.45, -70.67, 0.52, 19.0, 55.0, 50.0, 45.0),
    ("Manila", 14.6, 120.98, 0.01, 28.5, 80.0, 0.005, 0.0),
    ("La Paz", -16.5, -68.15, 3.64, 20.0, 7.0, 0.3, 45.0),
)


def stored(name: str) -> Array:
    """A map as itur keeps it; the missing values next to the north pole are those of the next row."""
    with np.load(MAPS / f"{name}.npz") as archive:
        values = np.array(archive[archive.files[0]], dtype=np.float64)
    for row in np.flatnonzero(np.isnan(values).any(axis=1)):
        values[row] = np.where(np.isnan(values[row]), values[row + 1 if row < len(values) // 2 else row - 1], values[row])
    return values


def from_north(values: Array) -> Array:
    """A map of rows from -90 to 90 and columns from -180 to 180 deg as one from the north pole and from longitude 0."""
    turned = values[::-1, :-1]
    turned = np.roll(turned, turned.shape[1] // 2, axis=1)
    return np.concatenate((turned, turned[:, :1]), axis=1)


def at_nodes(values: Array, rows: int, columns: int) -> Array:
    """The heights of P.836, on 0.5 deg with a margin of one row and column, at the nodes of another grid (cubic, as P.836 asks for)."""
    from scipy.interpolate import RectBivariateSpline

    latitude, longitude = np.linspace(-90.5, 90.5, values.shape[0]), np.linspace(-0.5, 360.5, values.shape[1])
    surface = RectBivariateSpline(latitude, longitude, values[::-1])
    return np.asarray(surface(np.linspace(-90.0, 90.0, rows), np.linspace(0.0, 360.0, columns))[::-1])


def logarithmic(values: Array, floor: float, step: float) -> tuple[NDArray[np.uint16], dict[str, Any]]:
    """Levels of ln(value / floor) / step, from 1; 0 stands for less than the floor."""
    level = 1.0 + np.round(np.log(np.maximum(values, floor) / floor) / step)
    return np.where(values < floor, 0.0, level).astype(np.uint16), {"scale": "log", "floor": floor, "step": step}


def linear(values: Array, offset: float, step: float) -> tuple[NDArray[np.uint16], dict[str, Any]]:
    """Levels of (value - offset) / step."""
    return np.round((values - offset) / step).astype(np.uint16), {"scale": "linear", "floor": offset, "step": step}


def maps() -> dict[str, tuple[NDArray[np.uint16], dict[str, Any]]]:
    """Levels and scale of each map."""
    vapour = {p: stored(f"836/v6_v_{p}") for p in EXCEEDANCES}
    rows, columns = vapour["1"].shape
    found = {
        "rain_rate_mm_h": logarithmic(from_north(stored("837/v7_r001"))[::RAIN_STRIDE, ::RAIN_STRIDE], 0.5, 0.01),
        "zero_height_km": linear(stored("839/v4_esa0height"), 0.0, 0.005),
        "wet_refractivity": linear(from_north(stored("453/v13_nwet_annual_50")), 0.0, 0.2),
        "temperature_k": linear(from_north(stored("1510/v1_t_annual")), 200.0, 0.2),
        "cloud_probability": linear(np.clip(stored("840/v7_pclw"), 0.0, 100.0) / 100.0, 0.0, 0.002),
        "surface_km": linear(np.maximum(at_nodes(stored("836/v6_topo_0dot5"), rows, columns), -0.4), -0.4, 0.005),
    }
    for p in SCALE_HEIGHTS:
        found[f"vapour_height_km_{p}"] = linear(stored(f"836/v6_vsch_{p}"), 0.0, 0.02)
        found[f"density_per_column_{p}"] = logarithmic(stored(f"836/v6_rho_{p}") / vapour[p], 0.01, 0.02)
    for p in EXCEEDANCES:
        found[f"vapour_kg_m2_{p}"] = logarithmic(vapour[p], 0.05, 0.004)
        found[f"liquid_kg_m2_{p}"] = logarithmic(stored(f"840/v7_lred_{p}"), 0.001, 0.004)
    return found


def lines(name: str) -> Array:
    """Spectral lines of P.676-12: one row a line, frequency [GHz] and six coefficients."""
    return np.loadtxt(MAPS / "676" / f"v12_lines_{name}.txt", delimiter=",", skiprows=1)


def packed(levels: NDArray[np.uint16]) -> bytes:
    """Differences along the rows modulo 65,536, low bytes before high ones, as a file of numpy."""
    steps = np.diff(levels, axis=1, prepend=np.uint16(0))
    return npy(np.array([steps & 0xFF, steps >> 8], dtype=np.uint8))


def npy(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array))
    return stream.getvalue()


def case(name: str, lat: float, lon: float, h: float, f: float, el: float, p: float, tilt: float) -> dict[str, Any]:
    """One link as itur has it."""
    from itur.models import itu453, itu836, itu837, itu839, itu840, itu1510

    def number(value: Any) -> float:
        return float(np.asarray(getattr(value, "value", value)))

    levels = [float(q) for q in EXCEEDANCES]
    parts = itur.atmospheric_attenuation_slant_path(lat, lon, f, el, p, 1.0, hs=h, eta=0.65, tau=tilt, return_contributions=True)
    return {
        "name": name, "latitude_deg": lat, "longitude_deg": lon, "height_km": h,
        "frequency_ghz": f, "elevation_deg": el, "exceedance_percent": p, "tilt_deg": tilt,
        "rain_rate_mm_h": number(itu837.rainfall_rate(lat, lon, 0.01)),
        "rain_height_km": number(itu839.rain_height(lat, lon)),
        "wet_refractivity": number(itu453.map_wet_term_radio_refractivity(lat, lon, 50)),
        "temperature_k": number(itu1510.surface_mean_temperature(lat, lon)),
        "vapour_kg_m2": [number(itu836.total_water_vapour_content(lat, lon, q, h)) for q in levels],
        "vapour_density_g_m3": [number(itu836.surface_water_vapour_density(lat, lon, q, h)) for q in levels],
        "liquid_kg_m2": [number(itu840.columnar_content_reduced_liquid(lat, lon, q)) for q in levels],
        "cloud_fraction": number(itu840.lognormal_approximation_coefficient(lat, lon)[2]) / 100.0,
        "gas_db": number(parts[0]), "cloud_db": number(parts[1]), "rain_db": number(parts[2]),
        "scintillation_db": number(parts[3]), "total_db": number(parts[4]),
    }  # fmt: skip


def write_cases() -> None:
    facts = {
        "made_by": f"tools/build_weather_tables.py with itur {version('itur')}; antenna of 1 m and efficiency 0.65",
        "exceedances_percent": [float(p) for p in EXCEEDANCES],
        "cases": [case(*link) for link in LINKS],
    }
    CASES.write_text(json.dumps(facts, indent=1) + "\n", encoding="ascii")


def main() -> None:
    warnings.simplefilter("ignore")  # itur warns where a method leaves the range for which its recommendation states it
    write_cases()
    found = maps()
    facts = {
        "source": "digital maps of Recommendations ITU-R P.453-13, P.836-6, P.837-7, P.839-4, P.840-8, P.1510-1; lines of P.676-12",
        "made_by": f"tools/build_weather_tables.py with itur {version('itur')}, numpy {np.__version__}",
        "date": datetime.now(UTC).date().isoformat(),
        "exceedances_percent": [float(p) for p in EXCEEDANCES],
        "scale_height_percent": [float(p) for p in SCALE_HEIGHTS],
        "maps": {name: scale for name, (_, scale) in found.items()},
    }
    members = {"provenance.json": (json.dumps(facts, indent=2) + "\n").encode()}
    members |= {f"{name}.npy": packed(levels) for name, (levels, _) in found.items()}
    members |= {f"{name}_lines.npy": npy(lines(file)) for name, file in (("oxygen", "oxygen"), ("vapour", "water_vapour"))}
    TARGET.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(TARGET, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
