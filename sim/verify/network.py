"""Ranges and light times between stations and satellites; power and rate of laser links; published paths."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from orbit.constants import EARTH_RADIUS_M
from orbit.ground import Station, position_m, round_trip_ms, slant_range_m, zenith
from orbit.kernels.visibility import nearest_in_sight
from sim.network.optical import Terminal, rate_bit_s, received_power_w
from sim.network.topology import grazing_altitude_m
from sim.verify import hypatia, kuiper_day, optical_links, starlink_latency
from sim.verify.case import Case, Failed

# 1 W, 80 mm at both ends, 1550 nm, nothing lost; a receiver of 55.2 photons per bit
LOSSLESS = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 55.2, 1, 1e12)


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of the network.

    Parameters
    ----------
    data : Path or None
        Folder of the published data.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [
        *_sight(), *_optical(), *_longest(),
        *optical_links.cases(),
        *hypatia.cases(data),
        *kuiper_day.cases(),
        *starlink_latency.cases(data),
    ]


def _sight() -> list[Case | Failed]:
    sphere = "law of cosines over a sphere, evaluated independently"
    comparisons: list[Case | Failed] = []
    for h, e, km in ((550e3, 25.0, 1123.4), (650e3, 10.0, 2045.3), (650e3, 20.0, 1489.1)):
        comparisons.append(
            Case(
                f"slant range, {h / 1e3:.0f} km at {e:.0f} deg",
                partial(_formula_km, h, e),
                km,
                0.1,
                "km",
                sphere,
            )
        )
        comparisons.append(
            Case(
                f"range from a station on the equator, {h / 1e3:.0f} km at {e:.0f} deg",
                partial(_seen_km, h, e),
                km,
                0.1,
                "km",
                sphere,
            )
        )
    for h, e, ms in ((550e3, 90.0, 3.67), (650e3, 90.0, 4.34), (550e3, 25.0, 7.49), (650e3, 10.0, 13.6)):
        comparisons.append(
            Case(f"round trip, {h / 1e3:.0f} km at {e:.0f} deg", partial(_round_trip_ms, h, e), ms,
                 0.05 if ms > 10.0 else 0.006, "ms", sphere)
        )  # fmt: skip
    return comparisons


def _optical() -> list[Case | Failed]:
    friis = "equation of Friis with uniform apertures, evaluated independently"
    quanta = "power over photon energy 1.2816e-19 J, evaluated independently"
    lossy = LOSSLESS._replace(transmit_efficiency=0.8, receive_efficiency=0.64)
    strong = lossy._replace(transmit_power_w=2.0)
    return [
        Case("laser, 1 W, 80 mm, 5,000 km", partial(_received_dbm, 5e6, LOSSLESS), -33.76, 0.02, "dBm", friis),
        Case("laser, 1 W, 80 mm, 5,000 km, three times 0.8", partial(_received_dbm, 5e6, lossy), -36.67, 0.02, "dBm", friis),
        Case("photons per bit of 100 Gb/s, 1 W, 5,000 km", partial(_photons_per_bit, 5e6, lossy), 16.8, 0.1, "1", quanta),
        Case("photons per bit of 100 Gb/s, 2 W, 2,000 km", partial(_photons_per_bit, 2e6, strong), 210.0, 1.0, "1", quanta),
        Case("rate at -38 dBm, coherent receiver", _rate_at_minus_38_dbm, 22.4, 0.05, "Gbit/s",
             "a laboratory's 22.4 Gbit/s at -38 dBm, 55 photons per bit"),
    ]  # fmt: skip


def _longest() -> list[Case | Failed]:
    chord = "2 sqrt((R + h)^2 - (R + g)^2), evaluated independently"
    return [
        Case(
            f"longest link, {h / 1e3:.0f} km, {g / 1e3:.0f} km grazing",
            partial(_longest_km, h, g),
            km,
            0.1,
            "km",
            chord,
        )
        for h, g, km in ((550e3, 80e3, 5016.6), (650e3, 80e3, 5545.2), (650e3, 100e3, 5451.0), (550e3, 20e3, 5315.2))
    ]


def _received_dbm(range_m: float, terminal: Terminal) -> float:
    return 10.0 * math.log10(1e3 * float(received_power_w(range_m, terminal)))


def _photons_per_bit(range_m: float, terminal: Terminal) -> float:
    """Photons per bit at 100 Gbit/s, from the rate of a receiver that needs one photon per bit."""
    return float(rate_bit_s(range_m, terminal._replace(photons_per_bit=1.0, channel_rate_bit_s=math.inf))) / 100e9


def _rate_at_minus_38_dbm() -> float:
    """Rate [Gbit/s] at the range at which -38 dBm are received."""
    range_m = brentq(lambda x: _received_dbm(x, LOSSLESS) + 38.0, 1e6, 1e8)
    return float(rate_bit_s(range_m, LOSSLESS)) / 1e9


def _longest_km(altitude_m: float, grazing_m: float) -> float:
    """Length of the link between satellites of the same altitude whose line just keeps the grazing altitude."""
    r = EARTH_RADIUS_M + altitude_m

    def margin_m(half_angle: float) -> float:
        one = r * np.array([[math.cos(half_angle)], [math.sin(half_angle)], [0.0]])
        return float(grazing_altitude_m(one, one * np.array([[1.0], [-1.0], [1.0]]))[0]) - grazing_m

    return 2e-3 * r * math.sin(brentq(margin_m, 1e-3, 1.5))


def _formula_km(altitude_m: float, elevation_deg: float) -> float:
    return slant_range_m(altitude_m, math.radians(elevation_deg)) / 1e3


def _round_trip_ms(altitude_m: float, elevation_deg: float) -> float:
    return float(round_trip_ms(np.array(1e3 * _seen_km(altitude_m, elevation_deg))))


def _seen_km(altitude_m: float, elevation_deg: float) -> float:
    """Range from the run's own search, with the mask slightly below the elevation of the satellite."""
    elevation = math.radians(elevation_deg)
    r = EARTH_RADIUS_M + altitude_m
    # central angle from the triangle Earth's centre, station, satellite
    central = math.acos(EARTH_RADIUS_M * math.cos(elevation) / r) - elevation
    satellite = np.array([[[r * math.cos(central)], [r * math.sin(central)], [0.0]]])
    site = Station("equator", 0.0, 0.0, 0.0, elevation - 1e-9)
    best = np.full((1, 1), 1e30)
    nearest_in_sight(
        satellite, np.ones((1, 1)), position_m(site).reshape(1, 1, 3), zenith(site).reshape(1, 1, 3),
        np.array([math.sin(max(0.0, site.min_elevation_rad))]), best,
    )  # fmt: skip
    return float(math.sqrt(best[0, 0])) / 1e3
