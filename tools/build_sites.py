"""Write the station lists of `configs/sites` that have many rows, from the tables in `tools/sites`.

`cities-100`: the 100 largest urban areas of 2018 by inhabitants [unwup2018], with coordinates and heights of their centres
[geonames]. `starlink-pops`: points of presence that the operator assigns addresses to, 29 September 2026 [starlink-geoip], at the
centres of their cities. `starlink-gateways`: gateways in use by regulators' records, as collected on 14 March 2026
[starlink-viz2026], at the places they are named after; a point of presence without one within 400 km gets one at its city, which is
an assumption. Heights of gateways are those of the ground in `heights.txt`, which tools/build_site_heights.py writes. The point of presence
of a gateway is the nearest one of its country, or of all where the country has none.
`polar-ground`: stations for Earth observation [brahe-groundstations], [aws-ground-station].
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sim.network.terrestrial import great_circle_m  # noqa: E402

TABLES, LISTS = ROOT / "tools" / "sites", ROOT / "configs" / "sites"
REACH_KM = 400.0  # of a gateway that is near its point of presence
ASIDE_DEG = 2.0  # how far a gateway may be from where it is assumed
ANTENNAS = "8"  # of a gateway, as its applications for licences state [fcc-gateways]
NOT_PUBLIC = "no gateway within 400 km of this point of presence is public: one is placed at its city"


def _rows(name: str) -> list[list[str]]:
    lines = (TABLES / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


def _number(field: str, value: str, unit: str, kind: str, source: str, spread: tuple[float, float] | None = None) -> str:
    """A record; an assumption has a spread."""
    far = "" if spread is None or kind != "assumption" else f", low: {spread[0]:g}, high: {spread[1]:g}"
    return f'  {field}: {{value: {float(value):g}, unit: "{unit}", kind: {kind}, source: "{source}"{far}}}'


def _place(latitude: str, longitude: str, kind: str, source: str) -> list[str]:
    near = [(round(float(angle) - ASIDE_DEG, 2), round(float(angle) + ASIDE_DEG, 2)) for angle in (latitude, longitude)]
    return [_number("latitude", latitude, "deg", kind, source, near[0]), _number("longitude", longitude, "deg", kind, source, near[1])]


def _text(name: str, description: str, stations: list[list[str]]) -> str:
    lines = ["kind: sites", f"name: {name}", f"description: {description}", "stations:", *(line for one in stations for line in one)]
    return "\n".join(lines) + "\n"


def _cities() -> list[list[str]]:
    return [
        [f"- name: {name}", f"  jurisdiction: {country}", *_place(latitude, longitude, "estimated", "geonames"),
         _number("height", height, "m", "estimated", "geonames"),
         f'  users: {{value: {1000 * int(thousands)}, unit: "1", kind: published, source: "unwup2018"}}']
        for name, country, latitude, longitude, height, thousands in _rows("cities")
    ]  # fmt: skip


def _points_of_presence() -> list[list[str]]:
    return [
        [f"- name: {city} PoP", "  role: pop", "  operator: Starlink", f"  jurisdiction: {country}",
         *_place(latitude, longitude, "estimated", "starlink-geoip")]
        for city, country, latitude, longitude, _ in _rows("points_of_presence")
    ]  # fmt: skip


def _nearest(latitude: str, longitude: str, places: list[list[str]]) -> tuple[float, list[str]]:
    """Distance [km] and row of the nearest of some places."""
    here = math.radians(float(latitude)), math.radians(float(longitude))
    distances = [float(great_circle_m(*here, math.radians(float(p[2])), math.radians(float(p[3])))) / 1e3 for p in places]
    least = min(distances)
    return least, places[distances.index(least)]


def _pop_of(country: str, latitude: str, longitude: str, pops: list[list[str]]) -> str:
    """The nearest point of presence in the country of a gateway, or of all where the country has none."""
    return _nearest(latitude, longitude, [pop for pop in pops if pop[1] == country] or pops)[1][0]


def _gateways() -> list[list[str]]:
    known, pops = _rows("gateways"), _rows("points_of_presence")
    height_m = {(latitude, longitude): height for latitude, longitude, height in _rows("heights")}
    listed = [(row, "estimated", "starlink-viz2026") for row in known]
    listed += [(pop[:4], "assumption", NOT_PUBLIC) for pop in pops if _nearest(pop[2], pop[3], known)[0] > REACH_KM]
    return [
        [f"- name: {name} gateway", "  role: gateway", f"  pop: {_pop_of(country, latitude, longitude, pops)} PoP", "  operator: Starlink",
         f"  jurisdiction: {country}", *_place(latitude, longitude, kind, source),
         _number("height", height_m[latitude, longitude], "m", "derived", "itu-p1511"),
         _number("antennas", str(ANTENNAS), "1", kind, "fcc-gateways", (4, 24))]
        for (name, country, latitude, longitude), kind, source in listed
    ]  # fmt: skip


def _polar() -> list[list[str]]:
    return [
        [f"- name: {place} {operator}", "  role: gateway", f"  operator: {operator}", f"  jurisdiction: {country}",
         *_place(latitude, longitude, "estimated", source), _number("height", height, "m", "estimated", "geonames")]
        for place, country, latitude, longitude, height, operator, source in _rows("polar")
    ]  # fmt: skip


def lists() -> dict[str, str]:
    """Text of each list by its name."""
    described = {
        "cities-100": ("The 100 largest urban areas of 2018, rounded to 0.01 deg; users are their inhabitants", _cities()),
        "starlink-pops": ("Points of presence of Starlink in September 2026, at the centres of their cities", _points_of_presence()),
        "starlink-gateways": (
            "Gateways of Starlink as regulators record them, March 2026, and one at each point of presence without any", _gateways(),
        ),
        "polar-ground": ("Ground stations of KSAT and AWS for Earth observation, rounded to 0.01 deg", _polar()),
    }  # fmt: skip
    return {name: _text(name, *rest) for name, rest in described.items()}


if __name__ == "__main__":
    for name, text in lists().items():
        (LISTS / f"{name}.yaml").write_text(text, "utf-8")
        print(f"{name}: {text.count('- name: ')} stations")
