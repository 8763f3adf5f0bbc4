"""Budgets of links to the ground in a run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sim
from orbit.ground import Station, position_m, zenith
from sim.config.errors import InputError
from sim.config.radio_params import radio_link, telescope_link
from sim.network import optical_ground, radio
from sim.network.ground_budget import GroundBudget, Terms

KUALA_LUMPUR = Station("Kuala Lumpur", math.radians(3.1), math.radians(101.7), 60.0, math.radians(10.0))
PHOENIX = Station("Phoenix", math.radians(33.4), math.radians(-112.1), 340.0, math.radians(10.0))


def _item(name: str) -> Any:
    ground = sim.load("starlink_edge", set=[f"ground.{'telescope' if name == 'optical-ground' else 'radio'}={name}"]).scenario.ground
    assert ground is not None
    return telescope_link(ground.telescope) if ground.telescope is not None else radio_link(ground.radio)  # type: ignore[arg-type]


class _Rain:
    """The same attenuation everywhere, or clouds over the first site."""

    def __init__(self, lost_db: float) -> None:
        self.lost_db, self.cloudy = lost_db, np.array([[False, False], [True, False]])

    def attenuation_db(self, site: np.ndarray, *_: Any, **__: Any) -> np.ndarray:
        return np.full(site.size, self.lost_db)


class _ByFrequency(_Rain):
    """A decibel for each gigahertz, so that directions do not have the same attenuation."""

    def attenuation_db(self, site: np.ndarray, frequency_hz: float, *_: Any, **__: Any) -> np.ndarray:
        return np.full(site.size, frequency_hz / 1e9)


def _overhead(distances_m: list[list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Satellites straight above each site: slant ranges (sites, N), their positions, and both sites."""
    at, up = np.array([position_m(s) for s in (KUALA_LUMPUR, PHOENIX)]), np.array([zenith(s) for s in (KUALA_LUMPUR, PHOENIX)])
    slant_m, places = np.full((2, sum(map(len, distances_m))), np.inf), []
    for site, listed in enumerate(distances_m):
        for d in listed:
            slant_m[site, len(places)] = d
            places.append(at[site] + d * up[site])
    return slant_m, np.array(places).T, at, up


def test_antennas_serve_the_best_satellites() -> None:
    """Source of truth: the tested budget of one link: a site of two antennas carries the two nearest of three satellites overhead; the third
    stays in reach. One without a satellite carries nothing."""
    link = _item("ka-gateway")
    found = GroundBudget(np.array([0, 1]), [KUALA_LUMPUR, PHOENIX], Terms(link, None, np.array([2, 2])), _Rain(1.5), 1)  # type: ignore[arg-type]
    slant_m, r_m, at, up = _overhead([[900e3, 550e3, 700e3], []])
    found.limit(0, slant_m, r_m, at, up)
    one = [float(radio.rate_bit_s(d, 1.5, link)) for d in (550e3, 700e3)]
    assert found.down_bit_s[0] == pytest.approx([sum(one), 0.0])
    assert found.up_bit_s[0, 0] == pytest.approx(sum(float(radio.rate_bit_s(d, 1.5, link, up=True)) for d in (550e3, 700e3)))
    assert found.in_view[0].tolist() == [3, 0]
    assert found.attenuation_db[0, 0] == 1.5
    assert np.isnan(found.attenuation_db[0, 1])
    assert np.isfinite(slant_m[0]).all()


def test_each_direction_has_the_air_of_its_frequency() -> None:
    """Source of truth: two calls of the tested budget of one link, with 19.5 dB of air for the way down at 19.5 GHz and the like for the way up; what is
    noted is the attenuation on the way down."""
    link = _item("ka-gateway")
    down_ghz, up_ghz = link.down.frequency_hz / 1e9, link.up.frequency_hz / 1e9
    assert up_ghz > down_ghz + 5.0
    found = GroundBudget(np.array([0]), [KUALA_LUMPUR], Terms(link, None, np.array([1])), _ByFrequency(0.0), 1)  # type: ignore[arg-type]
    slant_m, r_m, at, up = _overhead([[550e3], []])
    found.limit(0, slant_m[:1], r_m, at, up)
    expected = [float(radio.rate_bit_s(550e3, db, link, up=to_space)) for db, to_space in ((down_ghz, False), (up_ghz, True))]
    swapped = [float(radio.rate_bit_s(550e3, db, link, up=to_space)) for db, to_space in ((up_ghz, False), (down_ghz, True))]
    assert min(expected) > 0.0
    assert expected[0] != swapped[0]
    assert expected[1] != swapped[1]
    assert [found.down_bit_s[0, 0], found.up_bit_s[0, 0]] == pytest.approx(expected, rel=1e-12)
    assert found.attenuation_db[0, 0] == down_ghz


def test_rain_takes_satellites_out_of_sight() -> None:
    """Source of truth: the budget: 60 dB at E band leave no code that can be decoded."""
    found = GroundBudget(np.array([0, 1]), [KUALA_LUMPUR, PHOENIX], Terms(_item("e-band-gateway"), None, np.array([4, 4])), _Rain(60.0), 1)  # type: ignore[arg-type]
    slant_m, r_m, at, up = _overhead([[550e3], [550e3]])
    found.limit(0, slant_m, r_m, at, up)
    assert np.isinf(slant_m).all()
    assert found.down_bit_s[0].tolist() == [0.0, 0.0]
    assert found.in_view[0].tolist() == [1, 1]


def test_clouds_close_a_telescope() -> None:
    """Source of truth: clouds over the first site alone, at the end of the step; the tested rate of the other."""
    link = _item("optical-ground")
    found = GroundBudget(np.array([0, 1]), [KUALA_LUMPUR, PHOENIX], Terms(None, link, np.array([1, 1])), _Rain(0.0), 1)  # type: ignore[arg-type]
    slant_m, r_m, at, up = _overhead([[550e3], [550e3]])
    found.limit(0, slant_m, r_m, at, up)
    assert np.isinf(slant_m[0]).all()
    assert found.down_bit_s[0] == pytest.approx([0.0, float(optical_ground.rate_bit_s(550e3, 0.5 * math.pi, False, link))])
    assert found.attenuation_db[0, 0] == math.inf


def test_a_telescope_below_the_horizon() -> None:
    """Source of truth: Beer and Lambert: air takes light, the more the lower the satellite, so that of satellites at 2,600 km the one at 1 deg has the best rate
    and those at -1 and -4 deg, as a mask lets a raised site see them, less and none."""
    link = _item("optical-ground")
    site, elevation, range_m = [PHOENIX], np.radians([1.0, -1.0, -4.0]), 2.6e6
    losses_db, rates_bit_s = [], []
    for one in elevation.tolist():
        found = GroundBudget(np.array([0]), site, Terms(None, link, np.array([1])), None, 1)
        at, up = np.array([[6378e3, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
        r_m = at.T + range_m * np.array([[math.sin(one)], [math.cos(one)], [0.0]])
        found.limit(0, np.array([[range_m]]), r_m, at, up)
        losses_db.append(float(found.attenuation_db[0, 0]))
        rates_bit_s.append((float(found.down_bit_s[0, 0]), float(found.up_bit_s[0, 0])))
    assert 5.0 < losses_db[0] < losses_db[1] < losses_db[2]
    assert rates_bit_s[0][0] > rates_bit_s[1][0] > 0.0
    assert rates_bit_s[2] == (0.0, 0.0)
    assert all(down == up for down, up in rates_bit_s)


def test_wet_climates_close_e_band_and_the_set_of_sites_does_not() -> None:
    """Source of truth: P.618: at 83 GHz in Kuala Lumpur 1 % of the year has more than 60 dB, in Phoenix less than 25 dB. In a run of half a day the wet
    site is closed much more often; a clear sky closes neither; what reaches users is what is usable."""
    sites = (
        "[{name: Kuala Lumpur, latitude: 3.1 deg, longitude: 101.7 deg, role: gateway}, {name: Phoenix, latitude: 33.4 deg, longitude: -112.1 deg, "
        "role: gateway}, {name: Ipoh, latitude: 4.6 deg, longitude: 101.1 deg}]"
    )
    asked = ["duration=12 h", "step=120 s", f"ground.stations={sites}", "ground.access=gateway", "ground.radio=e-band-gateway", "recorder={satellites: 0}"]
    found = sim.run(sim.load("starlink_edge", set=asked))
    ground = found.summary["ground"]
    wet, dry = (ground["link"]["sites"][name]["available_fraction"] for name in ("Kuala Lumpur", "Phoenix"))
    assert wet < dry
    assert ground["link"]["any_available_fraction"] >= max(wet, dry)
    for name, share in (("Kuala Lumpur", wet), ("Phoenix", dry)):
        reached = np.isfinite(found.series["propagation_rtt_ms"].sel(station=name).values)
        assert reached.mean() == pytest.approx(share)  # a satellite is always in view
        assert (found.series["site_down_bit_s"].sel(link_site=name).values[reached] > 0.0).all()
    clear = sim.run(sim.load("starlink_edge", set=[*asked, "ground.weather=clear", "duration=1 h"])).summary["ground"]["link"]
    assert clear["available_fraction"] == 1.0
    assert clear["kind"] == "radio"


def test_bad_input() -> None:
    """Source of truth: the contract: what is wrong, what to write instead."""
    for asked, said in (
        (["ground.radio=ka-gatway"], "did you mean 'ka-gateway'?"),
        (["ground.radio=ka-gateway", "ground.telescope=optical-ground"], "ground.telescope: stands in place of radio, and both are given; remove one of them"),
    ):
        with pytest.raises(InputError) as error:
            sim.load("starlink_edge", set=asked)
        assert said in str(error.value)
    with pytest.raises(ValueError, match="either a radio or a telescope"):
        GroundBudget(np.array([0]), [PHOENIX], Terms(None, None, np.array([1])), None, 1)
