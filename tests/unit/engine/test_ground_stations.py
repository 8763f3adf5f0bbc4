"""Users, gateways and points of presence in a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.config.errors import InputError
from sim.engine import ground_stations
from sim.network.terrestrial import delay_s, great_circle_m

LIGHT_M_S = 299_792_458.0
LISBON = "{name: Lisbon, latitude: 38.7 deg, longitude: -9.1 deg, jurisdiction: PT, users: 3}"
PORTO = "{name: Porto, latitude: 41.15 deg, longitude: -8.6 deg, jurisdiction: PT}"
QUITO = "{name: Quito, latitude: -0.2 deg, longitude: -78.5 deg, jurisdiction: EC}"
MADRID = "{name: Madrid, latitude: 40.4 deg, longitude: -3.7 deg, role: gateway}"
BOGOTA = "{name: Bogota, latitude: 4.7 deg, longitude: -74.1 deg, role: gateway}"
SHORT = ["duration=20 min", "step=60 s", "recorder={satellites: 0}", "links.hop_latency=0 us", "ground.min_elevation=25 deg"]


def _run(stations: list[str], *more: str) -> Any:
    return sim.run(sim.load("starlink_edge", set=[*SHORT, f"ground.stations=[{', '.join(stations)}]", *more]))


def _rtt_ms(found: Any, name: str, variable: str = "user_rtt_ms") -> np.ndarray:
    dimension = "internet_station" if variable == "internet_rtt_ms" else "station"
    return np.asarray(found.series[variable].sel({dimension: name}).values)


def test_the_internet_is_as_far_as_the_gateway() -> None:
    """Source of truth: the route between two stations, searched apart as a station pair: without points of presence the internet begins at the
    gateway that is soonest, of the two here, plus the overhead of access."""
    pairs = "ground.station_pairs=[[Lisbon, Madrid], [Lisbon, Bogota], [Quito, Madrid], [Quito, Bogota]]"
    found = _run([LISBON, QUITO, MADRID, BOGOTA], pairs)
    over_ms = 1e3 * sim.load("starlink_edge").scenario.ground.access_overhead  # type: ignore[union-attr]
    across = found.series["pair_rtt_ms"].values
    for user, rows in (("Lisbon", across[:2]), ("Quito", across[2:])):
        np.testing.assert_allclose(_rtt_ms(found, user, "internet_rtt_ms"), np.nanmin(rows, axis=0) + over_ms, rtol=0.0, atol=1e-9)
    internet = found.summary["ground"]["internet"]
    assert internet["rtt_ms"]["median"] == pytest.approx(np.median(found.series["internet_rtt_ms"].values))
    assert internet["coverage_fraction"] == 1.0
    # one satellite of 550 km above 25 degrees for both ends, 470 and 740 km apart: nearly always
    assert internet["bent_pipe_fraction"] > 0.8


def test_a_point_of_presence_adds_its_fibre_and_its_users_use_no_other() -> None:
    """Source of truth: haversine distance, 1.5 times as long in glass of index 1.468 (ITU-T Y.1541 below 1,000 km): from Madrid to Valencia and
    back; users whose point of presence has no gateway have no route."""
    valencia = "{name: Valencia, latitude: 39.5 deg, longitude: -0.4 deg, role: pop}"
    cali = "{name: Cali, latitude: 3.4 deg, longitude: -76.5 deg, role: pop}"
    madrid, quito = MADRID.replace("}", ", pop: Valencia}"), QUITO.replace("}", ", pop: Cali}")
    plain, found = _run([LISBON, MADRID]), _run([LISBON, quito, madrid, valencia, cali])
    lat, lon = np.radians([40.4, 39.5]), np.radians([-3.7, -0.4])
    cosine = np.sin(lat[0]) * np.sin(lat[1]) + np.cos(lat[0]) * np.cos(lat[1]) * np.cos(lon[1] - lon[0])
    there_ms = 1e3 * 1.5 * 1.468 * 6_371_008.8 * np.arccos(cosine) / LIGHT_M_S
    np.testing.assert_allclose(
        _rtt_ms(found, "Lisbon", "internet_rtt_ms") - _rtt_ms(plain, "Lisbon", "internet_rtt_ms"), 2.0 * there_ms, rtol=0.0, atol=1e-3
    )
    assert np.isnan(_rtt_ms(found, "Quito", "internet_rtt_ms")).all()
    assert found.summary["ground"]["internet"]["stations"]["Quito"]["rtt_ms"]["median"] is None
    assert np.isnan(_rtt_ms(found, "Valencia")).all()  # has no antennas
    assert list(found.summary["ground"]["stations"]) == ["Lisbon", "Quito"]
    assert list(found.summary["ground"]["gateways"]) == ["Madrid"]
    assert found.summary["design"]["gateways"] == 1


def test_users_come_over_the_soonest_gateway() -> None:
    """Source of truth: the gateways as users of their own in another run: their ways to the fleet, plus fibre by the tested rule, the least
    of both; overheads apart. Parts of the round trip add up to its mean."""
    alone = _run([MADRID.replace("gateway", "user"), BOGOTA.replace("gateway", "user")], "ground.access_overhead=0 ms")
    found = _run([LISBON, PORTO, QUITO, MADRID, BOGOTA], "ground.access=gateway", "ground.gateway_overhead=0 ms")
    gates = np.array([_rtt_ms(alone, "Madrid"), _rtt_ms(alone, "Bogota")])
    places = np.radians([[38.7, -9.1], [41.15, -8.6], [-0.2, -78.5]]), np.radians([[40.4, -3.7], [4.7, -74.1]])
    for n, name in enumerate(("Lisbon", "Porto", "Quito")):
        fibre_s = delay_s(great_circle_m(*places[0][n], *places[1].T))
        np.testing.assert_allclose(_rtt_ms(found, name), np.min(gates + 2e3 * fibre_s[:, np.newaxis], axis=0), rtol=0.0, atol=1e-9)
    ground = found.summary["ground"]
    assert sum(ground["components_ms"].values()) == pytest.approx(np.mean([_rtt_ms(found, n) for n in ("Lisbon", "Porto", "Quito")]))
    assert ground["components_ms"]["access"] == 0.0
    shares = [gateway["user_time_fraction"] for gateway in ground["gateways"].values()]
    assert shares == pytest.approx([2 / 3, 1 / 3])
    # by country: Lisbon counts three times
    values = np.concatenate([np.repeat(_rtt_ms(found, "Lisbon"), 3), _rtt_ms(found, "Porto")])
    assert ground["countries"]["PT"]["user_rtt_ms"]["max"] == values.max()
    assert ground["countries"]["PT"]["user_rtt_ms"]["median"] == np.sort(values)[values.size // 2 - 1]
    assert set(ground["countries"]) == {"PT", "EC"}


def test_fibre_goes_by_way_of_the_point_of_presence() -> None:
    """Source of truth: two legs of fibre by the tested rule."""
    stations = [LISBON, MADRID.replace("}", ", pop: Paris}"), "{name: Paris, latitude: 48.9 deg, longitude: 2.35 deg, role: pop}"]
    loaded = sim.load("starlink_edge", set=[f"ground.stations=[{', '.join(stations)}]", "ground.access=gateway", "ground.fibre_route=2"])
    paths = ground_stations.paths(loaded.scenario)
    assert paths is not None
    lisbon, madrid, paris = np.radians([[38.7, -9.1], [40.4, -3.7], [48.9, 2.35]])
    legs_s = delay_s(great_circle_m(*lisbon, *paris), 2.0) + delay_s(great_circle_m(*madrid, *paris), 2.0)
    assert paths.fibre_s == pytest.approx(np.array([[float(legs_s)]]))
    assert ground_stations.paths(sim.load("starlink_edge").scenario) is None


@pytest.mark.parametrize(
    ("stations", "said"),
    [
        ([LISBON], "ground.access: users come over gateways, and no station is one; add a list of them"),
        ([LISBON, MADRID.replace("}", ", pop: Rome}")], "no point of presence is named 'Rome'"),
    ],
)
def test_bad_input(stations: list[str], said: str) -> None:
    """Source of truth: the contract: what is wrong, what to write instead."""
    with pytest.raises(InputError) as error:
        sim.load("starlink_edge", set=[f"ground.stations=[{', '.join(stations)}]", "ground.access=gateway"])
    assert said in str(error.value)


def test_satellites_are_kept_for_fifteen_seconds() -> None:
    """Source of truth: the clock: routes change at 12, 27, 42 and 57 s of a minute or when a satellite is lost, here never, so that
    handovers are at most four a minute; delays are no less than those of the best satellite in every step, and equal at the first step
    after each assignment. A handover as short as the step changes nothing."""
    # the nearest of many serving satellites in view: neighbours of a plane alternate every few minutes
    short = ["duration=4 min", "step=3 s", "recorder={satellites: 0}", "ground.min_elevation=25 deg", f"ground.stations=[{LISBON}, {QUITO}, {MADRID}]"]
    free, held = (sim.run(sim.load("starlink_edge", set=[*short, *more])) for more in ([], ["ground.handover=15 s"]))
    second = (3 * np.arange(1, 81)) % 60
    fresh = np.isin(second, (12, 27, 42, 57))
    assert fresh.sum() == 16
    for name in ("Lisbon", "Quito"):
        for variable in ("user_rtt_ms", "internet_rtt_ms"):
            kept, best = _rtt_ms(held, name, variable), _rtt_ms(free, name, variable)
            np.testing.assert_allclose(kept[fresh], best[fresh], rtol=1e-12)
            assert (kept >= best * (1.0 - 1e-9))[np.isfinite(best)].all()
        assert 0.0 < held.summary["ground"]["stations"][name]["handovers_per_min"] <= 4.0
    later = np.concatenate([_rtt_ms(held, n, "internet_rtt_ms") - _rtt_ms(free, n, "internet_rtt_ms") for n in ("Lisbon", "Quito")])
    assert np.nanmax(later) > 1e-3
    same = sim.run(sim.load("starlink_edge", set=[*short, "ground.handover=3 s"]))
    assert np.array_equal(_rtt_ms(same, "Lisbon"), _rtt_ms(free, "Lisbon"), equal_nan=True)


def test_handover_of_no_time_is_refused() -> None:
    """Source of truth: the message says what to write."""
    with pytest.raises(InputError, match=r"ground\.handover"):
        sim.load("starlink_edge", set=["ground.handover=0 s"])
