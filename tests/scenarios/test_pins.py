"""Figures of the shipped scenarios against figures by hand: capital cost, launches, useful share and latency, to 1 %.

Prices and masses of parts are those of `configs/defaults.yaml` and of the items, written out here once more: 3,400 USD/m2 of array,
128 USD/kWh of battery, 5,500 USD/m2 of radiator, 1,100 USD for each kilogram that has no price of its own, a tenth of all that for
integration, 3e6 USD for each of 14 gateways.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.config.schema import hours
from tests.support.shipped import SHORT, shipped, shortened


class Craft(NamedTuple):
    """One satellite as its file states it."""

    chips: int
    chip: tuple[float, float, float, float]  # power and host power [W], mass with host [kg], price with host [USD]
    array_m2: float
    battery_kwh: float
    radiator_m2: float
    bus_kg: float
    terminal: tuple[int, float, float] = (0, 0.0, 0.0)  # number, mass [kg], price [USD]
    structure: float = 0.25
    delta_v_m_s: float = math.nan  # over the life, by the scenario; checked in `test_delta_v`

    @property
    def parts_kg(self) -> tuple[float, float]:
        """Mass of the parts with a price of their own, and of the whole satellite."""
        power_w, host_w, chip_kg, _ = self.chip
        number, terminal_kg, _ = self.terminal
        priced = 3.1 * self.array_m2 + self.battery_kwh / 0.15 + 5.0 * self.radiator_m2 + self.chips * chip_kg + number * terminal_kg
        loop = 2.3e-3 * self.chips * (power_w + host_w) * 1.02
        carried = priced + loop + self.chips * (1.0 + 0.057 * 27.0) + self.bus_kg
        dry = (1.0 + self.structure) * carried
        # at 2,500 s; tanks weigh half of the propellant: m = dry r / (1 - r / 2)
        r = math.exp(self.delta_v_m_s / (2500.0 * 9.80665)) - 1.0
        return priced, dry * (1.0 + 1.5 * r / (1.0 - 0.5 * r))

    @property
    def usd(self) -> float:
        """Price with integration."""
        priced, whole = self.parts_kg
        parts = 3400.0 * self.array_m2 + 128.0 * self.battery_kwh + 5500.0 * self.radiator_m2 + self.chips * self.chip[3]
        return 1.1 * (parts + self.terminal[0] * self.terminal[2] + 1100.0 * (whole - priced))


TPU, H100 = (381.0, 65.0, 4.0, 10_500.0), (700.0, 315.0, 7.5, 39_000.0)
NEAR, FAR = (4, 11.9, 100_000.0), (4, 15.0, 150_000.0)
HEAVY, TARGET, TODAY = (25.5e3, 2.13, 97e6), (100e3, 1.5, 20e6), (35e3, 1.5, 90e6)  # capacity [kg], velocity scale [km/s], price [USD]


def _velocity_km_s(altitude_km: float, inclination_deg: float) -> float:
    """To give from 28.5 deg north: parking orbit at 185 km less the turning of the Earth, then a Hohmann transfer, by vis-viva."""
    mu, low, high = 398600.4418, 6378.137 + 185.0, 6378.137 + altitude_km
    v = math.sqrt(mu / low)
    azimuth = math.asin(min(1.0, max(-1.0, math.cos(math.radians(inclination_deg)) / math.cos(math.radians(28.5)))))
    east = v * math.sin(azimuth) - 7.292115e-5 * 6378.137 * math.cos(math.radians(28.5))
    a = (low + high) / 2.0
    hohmann = abs(math.sqrt(mu * (2.0 / low - 1.0 / a)) - v) + abs(math.sqrt(mu / high) - math.sqrt(mu * (2.0 / high - 1.0 / a)))
    return math.hypot(east, v * math.cos(azimuth)) + hohmann


def _capacity_kg(launcher: tuple[float, float, float], altitude_km: float, inclination_deg: float) -> float:
    """Heavy: stated to 200 km at 28.5 deg; Starship: to 500 km at 98.9 deg."""
    reference = _velocity_km_s(200.0, 28.5) if launcher is HEAVY else _velocity_km_s(500.0, 98.9)
    return launcher[0] * math.exp(-max(0.0, _velocity_km_s(altitude_km, inclination_deg) - reference) / launcher[1])


LARGE = Craft(104, H100, 600.0, 60.0, 110.0, 250.0)
PLATFORM = Craft(32_768, H100, 160_000.0, 6_000.0, 63_200.0, 20_000.0, structure=0.3)
SUNCATCHER = Craft(64, TPU, 147.0, 27.0, 30.0, 80.0, NEAR)
# satellites, craft, launcher, altitude in km and inclination in deg
FLEETS = {
    "suncatcher": (81, SUNCATCHER, HEAVY, 650.0, 97.99),
    "suncatcher_spread": (81, SUNCATCHER._replace(battery_kwh=40.0, terminal=FAR), HEAVY, 550.0, 53.0),
    "colossus_in_orbit": (2116, LARGE._replace(array_m2=900.0, battery_kwh=280.0, terminal=FAR), HEAVY, 600.0, 53.0),
    "colossus_in_orbit_clusters": (2187, LARGE._replace(terminal=NEAR), HEAVY, 650.0, 97.99),
    "contract_surge": (2187, LARGE._replace(terminal=NEAR), HEAVY, 650.0, 97.99),
    "colossus_in_orbit_platforms": (7, PLATFORM, HEAVY, 650.0, 97.99),
    "starcloud_40mw": (3, PLATFORM, TARGET, 650.0, 97.99),
    "starlink_edge": (1584, Craft(1, H100, 23.0, 3.0, 2.1, 10.0, FAR), HEAVY, 550.0, 53.0),
}  # fmt: skip
FREE = {"kuiper_630": 0.77, "million": 0.77, "bupt_1": 0.6, "suncatcher_prototype": 0.73}  # without economics; kernel efficiency
SENSORS = {"earth_observation"}  # useful by its images, in `test_images_of_sensors`
FILED = {"filing_starcloud": TODAY, "filing_blue_origin": HEAVY, "filing_orbital": TODAY, "filing_spacex": TARGET}


def _launches(number: int, craft: Craft, launcher: tuple[float, float, float], altitude_km: float, inclination_deg: float) -> int:
    """Whole satellites on each launch; one that is too heavy is assembled from full launches."""
    whole, capacity = craft.parts_kg[1], _capacity_kg(launcher, altitude_km, inclination_deg)
    each = math.floor(capacity / whole)
    return math.ceil(number / each) if each else math.ceil(number * whole / capacity)


def _delta_v_m_s(summary: dict[str, Any]) -> float:
    """Five years of station keeping, and disposal, as the summary states them."""
    (kind,) = summary["design"]["types"]
    return float(5.0 * kind["propulsion"]["station_keeping_m_s_yr"]["total"] + kind["propulsion"]["once_m_s"])


# mean share of array and radiator that meets the air: above dawn and dusk the array is near edge-on and the radiator, along Sun x nadir,
# near face-on; over all nodes half of the array, and 2/pi of the radiator; facing the zenith neither. Densities of NRLMSIS 2.1 [kg/m3].
FACING = {97.99: (0.18, 0.97), 53.0: (0.5, 0.64)}
DENSITIES = {550.0: 3.94e-13, 600.0: 1.99e-13, 650.0: 1.04e-13}


@pytest.mark.parametrize("name", sorted(FLEETS))
def test_delta_v(name: str) -> None:
    """Source of truth: by hand: 1/2 rho v^2 C_D A / m over a year, C_D 2.2, the body a cube of 250 kg/m3 with 3/2 of a face; 32 times
    0.05 m/s to avoid collisions; the spiral down to 300 km. 25 %: the density of the program is that much low above twilight, and the table
    is of dawn-dusk orbits."""
    _, craft, _, altitude_km, inclination_deg = FLEETS[name]
    found = shipped(name).summary["design"]["types"][0]["propulsion"]
    craft = craft._replace(delta_v_m_s=_delta_v_m_s(shipped(name).summary))
    array, radiator = (0.0, 0.04) if name == "starlink_edge" else FACING[inclination_deg]
    whole_kg = craft.parts_kg[1]
    r = math.exp(craft.delta_v_m_s / (2500.0 * 9.80665)) - 1.0
    body_kg = whole_kg / (1.0 + 1.5 * r / (1.0 - 0.5 * r)) - 3.1 * craft.array_m2 - 5.0 * craft.radiator_m2
    area_m2 = array * craft.array_m2 + radiator * craft.radiator_m2 + 1.5 * (body_kg / 250.0) ** (2.0 / 3.0)
    assert found["drag_area_m2"] == pytest.approx(area_m2, rel=0.05)
    assert found["drag_m2_kg"] == pytest.approx(2.2 * found["drag_area_m2"] / whole_kg, rel=1e-6)
    v2 = 3.986004418e14 / (6378137.0 + 1e3 * altitude_km)
    drag_m_s = 0.5 * DENSITIES[altitude_km] * v2 * found["drag_m2_kg"] * 31_557_600.0
    assert found["station_keeping_m_s_yr"]["drag"] == pytest.approx(drag_m_s, rel=0.25)
    assert found["station_keeping_m_s_yr"]["avoidance"] == pytest.approx(1.6)
    down_m_s = math.sqrt(3.986004418e14 / 6678137.0) - math.sqrt(v2)
    assert found["once_m_s"] == pytest.approx(down_m_s, rel=1e-9)


def test_every_scenario_is_pinned() -> None:
    assert {*FLEETS, *FREE, *FILED, *SENSORS} == set(SHORT)
    assert {*LATENCIES, *FILED, *ELSEWHERE} == set(SHORT)


@pytest.mark.parametrize("name", sorted(FLEETS))
def test_mass_launches_and_capital_cost(name: str) -> None:
    """Source of truth: by hand from the parts list, the prices and the rocket equation (above); launches are whole."""
    number, craft, launcher, altitude_km, inclination_deg = FLEETS[name]
    summary = shipped(name).summary
    craft = craft._replace(delta_v_m_s=_delta_v_m_s(summary))
    launches = _launches(number, craft, launcher, altitude_km, inclination_deg)
    assert summary["design"]["mass_kg"] == pytest.approx(number * craft.parts_kg[1], rel=1e-6)
    assert summary["design"]["launches"] == launches
    assert summary["cost"]["capex_usd"] == pytest.approx(number * craft.usd + launches * launcher[2] + 14 * 3e6, rel=1e-6)


@pytest.mark.parametrize("name", sorted(FILED))
def test_filings(name: str) -> None:
    """Source of truth: as above, shell by shell: satellites for different orbits share no launch. What runs is useful by 0.77."""
    launcher, found = FILED[name], shipped(name)
    large, launches = LARGE._replace(delta_v_m_s=_delta_v_m_s(found.summary)), 0
    for part in shortened(name).scenario.constellation:
        a_km = 6378.137 + part.altitude / 1e3
        inclination = math.degrees(part.inclination) if part.kind == "walker" else math.degrees(math.acos(-((a_km / 12_352.0) ** 3.5)))
        launches += _launches(part.count, large, launcher, a_km - 6378.137, inclination)
    assert found.summary["design"]["launches"] == launches
    number = found.summary["satellites"]
    assert found.summary["cost"]["capex_usd"] == pytest.approx(number * large.usd + launches * launcher[2] + 14 * 3e6, rel=1e-6)
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["useful"] == pytest.approx(0.77 * (1.0 - rows["power"] - rows["thermal"]), rel=1e-9)


def test_images_of_sensors() -> None:
    """Source of truth: arithmetic: 207 satellites with an image every 86,400 s / 3,512.7 in the lit half of 6 h, 4 orbits of 94 to 96 min, to 2 %;
    each is 13.6 TFLOP, of 207 accelerators with a nameplate of 8 TFLOP/s that reach 0.6 of 16 TFLOP/s in int8."""
    found = shipped("earth_observation").summary
    rows = {row["cause"]: row["fraction"] for row in found["compute"]["waterfall"]}
    images = found["workloads"][0]["images_captured"]
    assert images == pytest.approx(207 * 3512.7 / 8.0, rel=0.02)
    assert rows["useful"] == pytest.approx(0.6 * images * 13.6 / (16.0 * 0.6) / (207 * 21600.0), rel=1e-3)


@pytest.mark.parametrize("name", sorted(FREE))
def test_independent_work(name: str) -> None:
    """Source of truth: definition: independent work is useful by the kernel efficiency of what power and heat leave; no
    prices, so no cost and no launches."""
    found = shipped(name)
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["useful"] == pytest.approx(FREE[name] * (1.0 - rows["power"] - rows["thermal"]), rel=1e-9)
    assert found.summary["cost"]["capex_usd"] is None
    assert found.summary["design"]["launches"] is None


# parameters, vocabulary x hidden (looked up, not multiplied), layers, hidden
MODELS = {"llama-3-70b": (70.55e9, 128256 * 8192, 80, 8192), "llama-3-405b": (405.85e9, 128256 * 16384, 126, 16384),
          "llama-3-8b": (8.03e9, 128256 * 4096, 32, 4096)}  # fmt: skip
TRAINING = {
    "suncatcher": (81 * 64 * 918e12, "llama-3-70b"), "suncatcher_spread": (81 * 64 * 918e12, "llama-3-70b"),
    "colossus_in_orbit": (2116 * 104 * 989e12, "llama-3-405b"), "colossus_in_orbit_clusters": (2187 * 104 * 989e12, "llama-3-405b"),
    "colossus_in_orbit_platforms": (7 * 32_768 * 989e12, "llama-3-405b"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TRAINING))
def test_useful_share_of_training(name: str) -> None:
    """Source of truth: by hand from the step time of the plan: a step of 2,048 sequences of 8,192 tokens costs
    6 (N - V h) + 6 L h s of arithmetic for each token (causal attention); no job does more than its steps, and where power and heat
    do not limit, interruptions alone make it less."""
    nameplate, model = TRAINING[name]
    n, looked_up, layers, hidden = MODELS[model]
    flops_per_token = 6.0 * (n - looked_up) + 6.0 * layers * hidden * 8192
    found = shipped(name)
    job = found.summary["workloads"][0]
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["useful"] == pytest.approx(job["tokens_per_s"] * flops_per_token / nameplate, rel=0.01)
    stepping = job["jobs"] * 2048 * 8192 / job["step_s"] * flops_per_token / nameplate
    assert rows["useful"] <= stepping * 1.0001
    if rows["power"] + rows["thermal"] < 1e-3:
        interrupted = sum(rows[cause] for cause in ("failed", "checkpoint", "recovery", "corruption", "outage"))
        assert rows["useful"] == pytest.approx(stepping * (1.0 - interrupted / (1.0 - rows["unplaced"])), rel=0.01)
        assert rows["useful"] == pytest.approx(stepping * job["ettr"], rel=0.01)


def _request_flops(name: str) -> float:
    """A prompt of 2,048 tokens and an answer of 512: 2 (N - V h) a token and 4 L h for each token before it, logits for the answer alone."""
    n, looked_up, layers, hidden = MODELS[name]
    tokens, attended = 2048 + 512, 2048 * 2048 / 2 + 512 * (2048 + 512 / 2)
    return 2.0 * (n - 2.0 * looked_up) * tokens + 2.0 * looked_up * 512 + 4.0 * layers * hidden * attended


@pytest.mark.parametrize(
    ("name", "peak", "model"),
    [("starlink_edge", 1584 * 989e12, "llama-3-8b"), ("contract_surge", 2187 * 104 * 989e12, "llama-3-70b")],
)
def test_useful_share_of_inference(name: str, peak: float, model: str) -> None:
    """Source of truth: by hand from the requests that the service answers; a step of it takes no longer than memory and peak allow:
    every output token reads the weights once for its batch, and every request's FLOPs take their time at the peak."""
    found = shipped(name)
    service = found.summary["workloads"][0]
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["useful"] == pytest.approx(service["tokens_per_s"] / 512.0 * _request_flops(model) / peak, rel=0.01)
    accelerators = peak / 989e12
    weights_s = 2.0 * MODELS[model][0] / service["tensor"] / 3.35e12
    assert service["tpot_ms"] > 1e3 * weights_s
    most_per_s = accelerators / service["tensor"] * service["batch"] / (weights_s + service["batch"] * _request_flops(model) / 512.0 / (989e12 * service["tensor"]))
    assert service["tokens_per_s"] < most_per_s


def test_useful_share_of_training_beside_inference() -> None:
    """Source of truth: by hand from the tokens of both workloads of three platforms."""
    found = shipped("starcloud_40mw")
    job, service = found.summary["workloads"]
    n, looked_up, layers, hidden = MODELS["llama-3-405b"]
    done = job["tokens_per_s"] * (6.0 * (n - looked_up) + 6.0 * layers * hidden * 8192)
    done += service["tokens_per_s"] / 512.0 * _request_flops("llama-3-70b")
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["useful"] == pytest.approx(done / (3 * 32_768 * 989e12), rel=0.01)


class Circles(NamedTuple):
    """Satellites on circular orbits: altitude [km], inclination and nodes [deg], places at the epoch in each plane [deg]."""

    altitude_km: float
    inclination_deg: float
    nodes_deg: tuple[float, ...]
    places_deg: np.ndarray  # (planes, satellites of a plane)

    def positions_km(self, t_s: float) -> np.ndarray:
        """By the secular rate of J2: 1.5 J2 (R/a)^2 n (3 - 4 sin^2 i) along the orbit; the node moves by a degree a day at most."""
        a, tilt = 6378.137 + self.altitude_km, math.radians(self.inclination_deg)
        n = math.sqrt(398600.4418 / a**3)
        n *= 1.0 + 1.5 * 1.08263e-3 * (6378.137 / a) ** 2 * (3.0 - 4.0 * math.sin(tilt) ** 2)
        u = (np.radians(self.places_deg) + n * t_s).ravel()
        node = np.repeat(np.radians(self.nodes_deg), self.places_deg.shape[1])
        x = np.cos(node) * np.cos(u) - np.sin(node) * np.sin(u) * math.cos(tilt)
        y = np.sin(node) * np.cos(u) + np.cos(node) * np.sin(u) * math.cos(tilt)
        return a * np.stack((x, y, np.sin(u) * math.sin(tilt)), axis=1)


def _walker(planes: int, slots: int, phasing: int, altitude_km: float, inclination_deg: float) -> Circles:
    plane, slot = np.meshgrid(np.arange(planes), np.arange(slots), indexing="ij")
    nodes = tuple(360.0 * k / planes for k in range(planes))
    return Circles(altitude_km, inclination_deg, nodes, 360.0 * (slot / slots + phasing * plane / (planes * slots)))


def _dawn_dusk(satellites: int, altitude_km: float = 650.0, local_time_h: float = 6.0) -> Circles:
    """Sun-synchronous: at 06:00 the node is 90 deg behind the mean Sun, which is at 280.46 + 0.9856474 deg a day since J2000."""
    days = (datetime(2026, 12, 21, tzinfo=UTC).timestamp() - 946728000.0) / 86400.0
    inclination_deg = math.degrees(math.acos(-(((6378.137 + altitude_km) / 12_352.0) ** 3.5)))
    node_deg = 280.46 + 0.9856474 * days + 15.0 * (local_time_h - 12.0)
    return Circles(altitude_km, inclination_deg, (node_deg,), 360.0 * np.arange(satellites)[None, :] / satellites)


def _nearest_ms(name: str, shells: list[Circles], least_deg: float) -> float:
    """Median round trip to the nearest satellite above the mask: circular orbits, an Earth that turns, geodetic stations."""
    loaded = shortened(name)
    found = []
    for t in np.arange(60.0, loaded.scenario.duration + 1.0, 60.0):
        satellites = np.concatenate([shell.positions_km(t) for shell in shells])
        days = (loaded.scenario.epoch.timestamp() - 946728000.0 + t) / 86400.0
        turned = math.radians(280.46061837 + 360.98564736629 * days)
        for station in loaded.scenario.ground.stations:
            lat, lon = station.latitude, station.longitude + turned
            up = np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
            curvature = 6378.137 / math.sqrt(1.0 - 0.00669437999 * math.sin(lat) ** 2)
            away = satellites - curvature * up * np.array([1.0, 1.0, 1.0 - 0.00669437999])
            distance = np.linalg.norm(away, axis=1)
            seen = away @ up / distance > math.sin(math.radians(least_deg))
            if seen.any():
                found.append(2e3 * distance[seen].min() / 299792.458)
    return float(np.median(found))


# shells, and the least elevation of the stations [deg]; formations are within 2 km of their centre: 0.3 % of 650 km
LATENCIES = {
    "starlink_edge": ([_walker(72, 22, 39, 550.0, 53.0)], 25.0), "colossus_in_orbit": ([_walker(46, 46, 31, 600.0, 53.0)], 10.0),
    "suncatcher_spread": ([_walker(9, 9, 1, 550.0, 53.0)], 10.0), "suncatcher": ([_dawn_dusk(1)], 10.0),
    "colossus_in_orbit_clusters": ([_dawn_dusk(27)], 10.0), "contract_surge": ([_dawn_dusk(27)], 10.0),
    "colossus_in_orbit_platforms": ([_dawn_dusk(7)], 10.0), "starcloud_40mw": ([_dawn_dusk(1)], 10.0),  # the first of three serves
    "million": (
        [_walker(250, 400, 105, altitude_km, 30.0) for altitude_km in (600.0, 800.0, 1000.0, 1200.0, 1400.0)]
        + [_walker(125, 800, 72, altitude_km, 98.0) for altitude_km in (650.0, 850.0, 1050.0, 1250.0, 1450.0)], 25.0,
    ),
}  # fmt: skip
ELSEWHERE = {"kuiper_630", "bupt_1", "suncatcher_prototype", "earth_observation"}  # every delay against published ones, in tests/validation/test_hypatia.py; no stations


@pytest.mark.parametrize("name", sorted(LATENCIES))
def test_median_latency(name: str) -> None:
    """Source of truth: the geometry of the orbits, computed here on circles (`_nearest_ms`); 1 %."""
    expected = _nearest_ms(name, *LATENCIES[name])
    assert shipped(name).summary["ground"]["propagation_rtt_ms"]["median"] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", sorted(FILED))
def test_median_latency_of_filings(name: str) -> None:
    """Source of truth: as above, shell by shell of the shortened filing."""
    loaded = shortened(name)
    shells = [
        _walker(part.planes, part.satellites_per_plane, part.phasing, part.altitude / 1e3, math.degrees(part.inclination))
        if part.kind == "walker" else _dawn_dusk(part.satellites, part.altitude / 1e3, hours(part.local_time))
        for part in loaded.scenario.constellation
    ]  # fmt: skip
    expected = _nearest_ms(name, shells, math.degrees(loaded.scenario.ground.min_elevation))
    assert shipped(name).summary["ground"]["propagation_rtt_ms"]["median"] == pytest.approx(expected, rel=0.01)
