"""Shipped lists of cities, gateways and points of presence; roles of stations, and what a wrong one says.

Source of truth: the tables in tools/sites, which are typed from their sources; a few rows are repeated here from the sources themselves.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
from pathlib import Path
from types import ModuleType

import pytest

from sim.config import yaml_tree
from sim.config.errors import InputError
from sim.config.library import items, shipped_stations
from sim.config.scenario import Loaded, load
from sim.config.schema import Station

REPO = Path(__file__).resolve().parents[3]
BASE = """\
name: mine
epoch: 2026-12-21T00:00:00Z
duration: 30 min
constellation: {kind: ring, altitude: 600 km, local_time: "06:00", satellites: 12}
satellite: starlink-edge
ground:
  stations:
"""
HUT = "name: Hut, latitude: 10 deg, longitude: 20 deg"


def _list(name: str) -> list[Station]:
    tree = yaml_tree.read(items("sites")[name]).value["stations"]
    return [Station.model_validate(yaml_tree.plain(node)) for node in tree.value]


def _loaded(folder: Path, *stations: str) -> Loaded:
    path = folder / "scenario.yaml"
    path.write_text(BASE + "".join(f"  - {station}\n" for station in stations), encoding="utf-8")
    return load(path)


def _error(folder: Path, *stations: str) -> str:
    with pytest.raises(InputError) as caught:
        _loaded(folder, *stations)
    assert len(caught.value.problems) == 1
    return str(caught.value.problems[0])


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_sites", REPO / "tools" / "build_sites.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lists_are_what_the_tables_give(tool: ModuleType) -> None:
    for name, text in tool.lists().items():
        assert items("sites")[name].read_text("utf-8") == text, f"{name} is stale; run python tools/build_sites.py"


def test_hundred_largest_cities() -> None:
    """World Urbanization Prospects 2018, thousands: Tokyo 37,468, Delhi 28,514, Shanghai 25,582; 100th Kunming 4,230."""
    cities = _list("cities-100")
    users = [city.users for city in cities]
    assert len(cities) == 100
    assert [city.name for city in cities[:3]] == ["Tokyo", "Delhi", "Shanghai"]
    assert users[:3] == [37.468e6, 28.514e6, 25.582e6]
    assert (cities[-1].name, users[-1]) == ("Kunming", 4.230e6)
    assert users == sorted(users, reverse=True)
    assert {city.role for city in cities} == {"user"}


@pytest.mark.parametrize("name", ["cities-100", "starlink-pops", "starlink-gateways", "polar-ground"])
def test_every_number_has_its_source_and_every_place_its_country(name: str) -> None:
    """A source is a key of docs/references.bib, except that of an assumption; coordinates are rounded to 0.01 deg."""
    known = (REPO / "docs" / "references.bib").read_text("utf-8")
    tree = yaml_tree.read(items("sites")[name]).value["stations"]
    for node in tree.value:
        station = dict(node.value.items())
        assert len(str(station["jurisdiction"].value)) == 2
        for field in ("latitude", "longitude", "height", "users", "antennas"):
            if field not in station:
                continue
            record = {key: child.value for key, child in station[field].value.items()}
            assert record["kind"] in ("published", "derived", "estimated", "assumption")
            assert record["kind"] == "assumption" or f"{{{record['source']}," in known
            if field in ("latitude", "longitude"):
                assert round(float(record["value"]), 2) == float(record["value"])


def test_no_two_places_of_a_list_are_the_same() -> None:
    """Names differ; of gateways at least 1 km lies between any two: a row typed twice would be found."""
    for name in ("cities-100", "starlink-pops", "starlink-gateways", "polar-ground"):
        stations = _list(name)
        assert len({station.name for station in stations}) == len(stations)
    for one, other in itertools.combinations(_list("starlink-gateways"), 2):
        apart = math.hypot(one.latitude - other.latitude, math.cos(one.latitude) * (one.longitude - other.longitude))
        assert 6371.0 * apart > 1.0, (one.name, other.name)


def test_gateways_belong_to_listed_points_of_presence() -> None:
    """Usingen stands 27 km from Frankfurt; Punta Arenas is nearer to Buenos Aires, but in Chile, as Santiago is."""
    gateways, pops = {g.name: g for g in _list("starlink-gateways")}, {p.name for p in _list("starlink-pops")}
    assert {g.pop for g in gateways.values()} <= pops
    assert {g.role for g in gateways.values()} == {"gateway"}
    assert len(gateways) >= 150
    expected = {"Usingen": "Frankfurt", "Punta Arenas": "Santiago", "Kaunas": "Warsaw", "Angeles": "Manila", "Conrad": "Seattle"}
    assert {name: gateways[f"{name} gateway"].pop for name in expected} == {n: f"{pop} PoP" for n, pop in expected.items()}


def test_heights_of_gateways() -> None:
    """Heights of towns as gazetteers state them, to 100 m: high plains, valleys and coasts; and of each gateway within 5 km of the centre of a city of
    `cities-100`, or a polar station, the height that is typed there, to 250 m: hills around the centre."""
    gateways = _list("starlink-gateways")
    heights_m = {g.name.removesuffix(" gateway"): g.height for g in gateways}
    stated_m = {
        "Evanston": 2055, "Butte": 1720, "Conrad": 1070, "Elbert": 2060, "Boca Chica": 2, "Anchorage": 40, "Caldera": 20,
        "Usingen": 290, "Charcas": 2020, "Punta Arenas": 30, "Awarua": 5, "Kaunas": 50,
    }  # fmt: skip
    assert {name: heights_m[name] for name in stated_m} == pytest.approx(stated_m, abs=100.0)
    assert min(heights_m.values()) >= 0.0
    near = 0
    for city in (*_list("cities-100"), *_list("polar-ground")):
        for g in gateways:
            apart = math.hypot(city.latitude - g.latitude, math.cos(city.latitude) * (city.longitude - g.longitude))
            if 6371.0 * apart < 5.0:
                near += 1
                assert g.height == pytest.approx(city.height, abs=250.0), g.name
    assert near >= 10


def test_every_point_of_presence_has_a_gateway_within_400_km() -> None:
    gateways = _list("starlink-gateways")
    for pop in _list("starlink-pops"):
        least = min(
            math.acos(min(1.0, math.sin(pop.latitude) * math.sin(g.latitude)
                          + math.cos(pop.latitude) * math.cos(g.latitude) * math.cos(pop.longitude - g.longitude)))
            for g in gateways
        )  # fmt: skip
        assert 6371.0 * least <= 401.0, pop.name


def test_names_of_older_lists_keep_their_places() -> None:
    """default: Tokyo at 35.68 N, Mumbai 14 m high; cities: Lagos at 10 m. The same names in new lists do not replace them."""
    for name, listed in (("Tokyo", "default"), ("Mumbai", "default"), ("Lagos", "cities"), ("Jakarta", "cities")):
        (node,) = [n for n in yaml_tree.read(items("sites")[listed]).value["stations"].value if n.value["name"].value == name]
        assert shipped_stations()[name] == node


def test_gateways_and_their_points_of_presence_load(tmp_path: Path) -> None:
    ground = _loaded(tmp_path, "starlink-gateways", "starlink-pops", "cities-100").scenario.ground
    assert ground is not None
    roles = [station.role for station in ground.stations]
    assert (roles.count("user"), roles.count("pop")) == (100, len(_list("starlink-pops")))
    assert ground.stations[0].antennas == 8


def test_plain_stations_are_of_users(tmp_path: Path) -> None:
    ground = _loaded(tmp_path, f"{{{HUT}}}").scenario.ground
    assert ground is not None
    assert (ground.stations[0].role, ground.stations[0].pop, ground.stations[0].antennas) == ("user", None, None)


@pytest.mark.parametrize(
    ("stations", "said"),
    [
        ((f"{{{HUT}, role: gateway, pop: Sofa PoP}}", "starlink-pops"),
         "ground.stations.0.pop: of Hut: no point of presence is named 'Sofa PoP'; did you mean 'Sofia PoP'?"),
        ((f"{{{HUT}, role: gateway, pop: Hut}}",),
         "ground.stations.0.pop: of Hut: no point of presence is named 'Hut'; write a station with that name and role: pop, or add a list"),
        (("starlink-gateways",), "no point of presence is named 'Miami PoP'; write a station with that name and role: pop"),
        ((f"{{{HUT}, pop: Sofia}}", "starlink-pops"), "ground.stations.0.pop: of Hut: no point of presence is named 'Sofia'; did you mean 'Sofia PoP'?"),
        ((f"{{{HUT}, role: pop, pop: Hut}}",), "ground.stations.0.pop: is for gateways and users, and this station is a point of presence itself"),
        ((f"{{{HUT}, antennas: 4}}",), "ground.stations.0.antennas: are those of a gateway, and the role is user; write role: gateway, or"),
        ((f"{{{HUT}, role: gateway, antennas: 0}}",), "ground.stations.0.antennas: 0 must be at least 1 and at most 1000"),
        ((f"{{{HUT}, role: teleport}}",), "ground.stations.0.role: 'teleport' is unknown"),
        (("{name: Hut, latitude: 120 deg, longitude: 50 deg}",),
         "latitude 120 deg is beyond the pole: latitude and longitude are swapped; write latitude: 50 deg, longitude: 120 deg"),
        ((f"{{{HUT}, min_elevation: 95 deg}}",), "ground.stations.0.min_elevation: '95 deg' must be below 89 deg"),
        ((f"{{{HUT}, mask: [[0 deg, 95 deg]]}}",), "ground.stations.0.mask.0.1: '95 deg' must be at most 90 deg"),
        ((f"{{{HUT}, max_range: 100 km}}",), "ground.stations.0.max_range: '100 km' must be at least 160 km"),
    ],
)  # fmt: skip
def test_wrong_station_says_what_to_write(tmp_path: Path, stations: tuple[str, ...], said: str) -> None:
    assert said in _error(tmp_path, *stations)


def test_role_is_part_of_what_is_simulated(tmp_path: Path) -> None:
    """A stated default is the same scenario; a gateway is another one."""
    plain, stated, gateway = (
        _loaded(tmp_path, f"{{{HUT}{more}}}").sha256 for more in ("", ", role: user", ", role: gateway, antennas: 2")
    )
    assert plain == stated
    assert gateway != plain
