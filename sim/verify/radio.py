"""Radio and laser links to the ground, and attenuation in the air, against the ITU's sheet and closed forms."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.ground import slant_range_m
from sim.network.atmosphere import components
from sim.network.climate import Climate, climate
from sim.network.modcod import DVB_S2X, bits_per_symbol, front
from sim.network.optical_ground import Telescope, rate_bit_s
from sim.network.radio import free_space_loss_db, system_noise_k
from sim.network.weather import rain_correlation
from sim.verify.case import Case, Failed

SHEET = "validation sheet CG-3M3J of the ITU for P.618-13, case 1"
# Values of the maps at the place of that case, 51.5 N, 0.14 W, as itur 0.4.0 interpolates them; exceeded for 1 % where the time matters
LONDON = Climate(
    51.5, 0.031382984, 26.48052, 2.45273333, 50.3892622, 283.610876, np.array([1.0]),
    np.array([33.7294653]), np.array([13.7965368]), np.array([1.26328615]), 0.5005671,
)  # fmt: skip
PARTS = {"gas": 0.226874, "cloud": 0.455170, "rain": 0.495316, "scintillation": 0.261932, "total": 1.212791}
# 1 W in two wavelengths from a satellite without a gimbal to a telescope of 1 m, as TBIRD
TBIRD = Telescope(0.5, 0.012, 1.55e-6, 0.8, 20e-6, 1.0, 0.2, 0.9, 200.0, 2, 100e9, 1)
# Cities of a link study with itur 0.4.0: latitude, longitude [deg], height [m], elevation [deg], exceedance, total at 20 GHz [dB]
STUDY = {
    "London, 0.1 %": (51.5, -0.14, 30.0, 30.0, 1e-3, 6.22),
    "Phoenix, 0.1 %": (33.45, -112.07, 330.0, 20.0, 1e-3, 10.9),
    "Phoenix, 1 %": (33.45, -112.07, 330.0, 20.0, 1e-2, 4.2),
    "Singapore, 0.1 %": (1.35, 103.82, 15.0, 30.0, 1e-3, 28.4),
    "Singapore, 1 %": (1.35, 103.82, 15.0, 30.0, 1e-2, 10.1),
}


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of links to the ground.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_attenuation(), *_budget(), *_laser()]


def _attenuation() -> list[Case | Failed]:
    listed: list[Case | Failed] = []
    for name, theirs in PARTS.items():
        listed.append(Case(f"attenuation at 14.25 GHz in London, {name}", partial(_part_db, name, LONDON), theirs, 1e-3, "dB", SHEET))
    for name, theirs in PARTS.items():
        listed.append(Case(f"attenuation at 14.25 GHz in London by the table, {name}", partial(_by_place_db, name), theirs, 1e-3, "dB", SHEET))
    for name, (lat, lon, height_m, elevation, share, theirs) in STUDY.items():
        ours = partial(_total_db, lat, lon, height_m, elevation, share)
        listed.append(Case(f"attenuation at 20 GHz, {name}", ours, theirs, 0.2, "dB", "link study with itur 0.4.0, by city, one digit"))
    joint = "joint statistics of P.618, section 2.2.4.1, for rain during 5 % and attenuation exceeded for 0.2 % of the year"
    for km, theirs in ((10.0, 0.767), (50.0, 0.358), (200.0, 0.144)):
        listed.append(Case(f"correlation of attenuation at {km:.0f} km", partial(_correlation, km), theirs, 0.03, "1", joint))
    return listed


def _budget() -> list[Case | Failed]:
    formula = "20 log10(4 pi d f / c), evaluated independently"
    table = "EN 302 307-2, table 20a, independent transcription"
    noise = "275 K (1 - 1/L), evaluated independently"
    listed: list[Case | Failed] = [
        Case("free-space loss, 20 GHz, 1,500 km", lambda: float(free_space_loss_db(1.5e6, 20e9)), 181.99, 0.005, "dB", formula),
        Case("free-space loss, 75 GHz, 1,200 km", lambda: float(free_space_loss_db(1.2e6, 75e9)), 191.53, 0.005, "dB", formula),
        Case("noise added by 10 dB of rain", lambda: float(system_noise_k(150.0, 10.0)) - 150.0, 247.5, 1e-6, "K", noise),
    ]
    for energy_db, bits in ((-2.85, 0.4348), (5.97, 1.9723), (8.43, 2.6352), (11.99, 3.5102), (16.55, 4.9337), (19.57, 5.9009)):
        listed.append(Case(f"bits per symbol at Es/N0 of {energy_db:g} dB", partial(_bits, energy_db), bits, 1e-4, "1", table))
    listed.append(Case("codes of DVB-S2X that are ever the best", lambda: float(len(front(DVB_S2X))), 31.0, 0.0, "1", table))
    return listed


def _laser() -> list[Case | Failed]:
    source = "TBIRD: 4.8 TB in one pass of some 5 min at 200 Gbit/s, of which a clear overhead pass above 20 deg allows 4.8 to 7.4 TB"
    return [Case("laser downlink, overhead pass at 500 km", _pass_tb, 6.1, 1.3, "TB", source)]


def _part_db(name: str, site: Climate) -> float:
    got = components(site, 14.25e9, math.radians(31.07699124), 0.01, tilt_rad=0.0)
    return float(getattr(got, f"{name}_db"))


def _by_place_db(name: str) -> float:
    return _part_db(name, climate(math.radians(51.5), math.radians(-0.14), 31.382984))


def _total_db(latitude_deg: float, longitude_deg: float, height_m: float, elevation_deg: float, share: float) -> float:
    site = climate(math.radians(latitude_deg), math.radians(longitude_deg), height_m)
    return float(components(site, 20e9, math.radians(elevation_deg), share).total_db)


def _correlation(distance_km: float) -> float:
    return float(rain_correlation(1e3 * distance_km))


def _bits(energy_db: float) -> float:
    return float(bits_per_symbol(energy_db, DVB_S2X))


def _pass_tb() -> float:
    """Data [TB] of a clear overhead pass at 500 km above 20 deg, over a sphere that does not turn, in steps of equal elevation."""
    elevation = np.radians(np.linspace(20.0, 90.0, 2001))
    distance_m = np.array([slant_range_m(500e3, e) for e in elevation])
    orbit_m = EARTH_RADIUS_M + 500e3
    central = np.arccos(np.clip(EARTH_RADIUS_M * np.cos(elevation) / orbit_m, -1.0, 1.0)) - elevation
    time_s = -central / math.sqrt(MU_EARTH_M3_S2 / orbit_m**3)  # rises to 0 in the zenith
    rate = rate_bit_s(distance_m, elevation, False, TBIRD)
    return float(2.0 * np.trapezoid(rate, time_s) / 8e12)
