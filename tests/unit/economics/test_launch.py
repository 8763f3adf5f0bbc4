"""Launch vehicles: capacity by orbit against published ones, whole launches by hand."""

from __future__ import annotations

import math

import pytest

from sim.config import economics_params
from sim.config.scenario import load
from sim.economics.launch import Lot, Manifest, Vehicle, capacity_kg, ideal_velocity_m_s, launch_usd, manifest

DEG = math.pi / 180.0
HEAVY = Vehicle(63_800.0, 200e3, 28.5 * DEG, 28.5 * DEG, 2820.0, 97e6, None, None, None, 403e3, "kerosene")


def test_capacity_falls_with_altitude_and_inclination() -> None:
    """Closed form: from 185 km circular, Hohmann to 600 km takes 114.8 + 113.2 m/s; due east from 28.5 deg the Earth gives 408.9 m/s."""
    mu, a, b = 3.986004418e14, 6_563_137.0, 6_978_137.0
    hohmann = math.sqrt(mu / a) * (math.sqrt(2 * b / (a + b)) - 1) + math.sqrt(mu / b) * (1 - math.sqrt(2 * a / (a + b)))
    v, spin = math.sqrt(mu / a), 7.292115e-5 * 6_378_137.0 * math.cos(28.5 * DEG)
    assert ideal_velocity_m_s(28.5 * DEG, 600e3, 28.5 * DEG) == pytest.approx(v - spin + hohmann, abs=0.1)
    polar = math.hypot(spin, v)
    assert ideal_velocity_m_s(28.5 * DEG, 185e3, 90.0 * DEG) == pytest.approx(polar, abs=0.1)
    ratio = capacity_kg(HEAVY, 600e3, 90.0 * DEG) / capacity_kg(HEAVY, 200e3, 28.5 * DEG)
    low = ideal_velocity_m_s(28.5 * DEG, 200e3, 28.5 * DEG)
    assert ratio == pytest.approx(math.exp(-(polar + hohmann - low) / 2820.0), rel=1e-6)


def test_below_the_latitude_the_plane_is_turned() -> None:
    """Closed form: 2 v sin(28.5 deg / 2) to the equator, at the velocity of the parking orbit."""
    v = math.sqrt(3.986004418e14 / 6_563_137.0)
    extra = ideal_velocity_m_s(28.5 * DEG, 185e3, 0.0) - ideal_velocity_m_s(28.5 * DEG, 185e3, 28.5 * DEG)
    assert extra == pytest.approx(2.0 * v * math.sin(14.25 * DEG), rel=1e-9)


def test_nothing_is_gained_below_the_reference_orbit() -> None:
    """By definition: the reference is the lowest published orbit."""
    assert capacity_kg(HEAVY, 185e3, 28.5 * DEG) == 63_800.0


@pytest.mark.parametrize(
    ("launcher", "altitude_m", "inclination_deg", "kg", "limit"),
    [
        # 63.8 t and 26.7 t at 185 km x 35,786 km, 27 deg [spacex-falcon-heavy]: 2.46 km/s more, as the scale says
        ("falcon-heavy-expendable", None, 28.5, 26_700.0, 0.03),
        # 100 t up to 500 km at 98.9 deg [starship-users-guide]
        ("starship-target", 500e3, 98.9, 100_000.0, 1e-9),
    ],
)
def test_published_capacities(launcher: str, altitude_m: float | None, inclination_deg: float, kg: float, limit: float) -> None:
    """Source of truth: the operator, at the orbits in the comments; transfer orbit as its velocity of 2,460 m/s."""
    economics = load("suncatcher", (f"economics.launch={launcher}",)).scenario.economics
    assert economics is not None
    vehicle = economics_params.vehicle(economics)
    if altitude_m is None:
        found = vehicle.capacity_kg * math.exp(-2460.0 / vehicle.scale_m_s)
    else:
        found = capacity_kg(vehicle, altitude_m, inclination_deg * DEG)
    assert found == pytest.approx(kg, rel=limit)


@pytest.mark.parametrize(
    ("changes", "lot", "expected"),
    [
        ({}, Lot(13, 10_000.0, None, None), (3, 6)),  # 63.8 t hold six of 10 t; 13 need three
        ({}, Lot(12, 10_000.0, None, None), (2, 6)),
        ({"satellites": 4}, Lot(12, 10_000.0, None, None), (3, 4)),
        ({"volume_m3": 145.0}, Lot(12, 10_000.0, None, None, 30.0), (3, 4)),  # four of 30 m3
        ({"volume_m3": 145.0}, Lot(12, 10_000.0, None, None), (2, 6)),  # stowed volume not stated
        ({}, Lot(2, 100_000.0, None, None), (4, None)),  # 200 t in pieces: 3.13 launches
        ({"volume_m3": 100.0}, Lot(1, 10_000.0, None, None, 250.0), (3, None)),  # in pieces by volume
    ],
)
def test_whole_launches(changes: dict[str, float], lot: Lot, expected: tuple[int, int | None]) -> None:
    """By hand, as in the comments."""
    flown = manifest(HEAVY._replace(**changes), lot)
    assert (flown.launches, flown.per_launch) == expected
    assert isinstance(flown, Manifest)


def test_prices_of_whole_launches_and_of_rides() -> None:
    """By hand: a partly filled last launch is paid whole; a ride is paid by mass; without a price there is none."""
    lot = Lot(7, 10_000.0, None, None)
    assert launch_usd(HEAVY, lot) == 2 * 97e6
    assert launch_usd(HEAVY._replace(usd=None, usd_kg=7000.0), lot) == pytest.approx(70_000.0 * 7000.0)
    assert launch_usd(HEAVY._replace(usd=None), lot) is None
