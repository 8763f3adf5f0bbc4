"""What array and radiator of a satellite receive over one revolution, in equal parts of its sunlit and its dark arc."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M, STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.sunlit_orbits import eclipsed_share, horizontal_view_factor
from sim.config.balance.orbits import FEW_PLANES, Orbit
from sim.config.schema import Environment, Satellite
from sim.config.schema.satellite import Array

PARTS = 48  # of the sunlit arc
CELL_REFERENCE_K = ZERO_CELSIUS_K + 28.0  # at which cell efficiencies are stated


class Revolution(NamedTuple):
    """One revolution: sunlit and dark time, and means over them."""

    period_s: float
    dark_s: float
    beta_rad: float
    array_w_m2: tuple[float, ...]  # power at the bus over the panel's area, in equal parts of the sunlit time
    hottest_cell_k: float
    absorbed_w_m2: float  # heat that both faces of the radiator absorb over its planform area, mean of the revolution
    coldest_w_m2: float  # the same in the shadow

    @property
    def sunlit_share(self) -> float:
        """Share of the revolution in sunlight."""
        return 1.0 - self.dark_s / self.period_s

    @property
    def mean_array_w_m2(self) -> float:
        """Power of the array over its area, mean of the revolution."""
        return self.sunlit_share * math.fsum(self.array_w_m2) / len(self.array_w_m2)


def darkest(satellite: Satellite, environment: Environment, orbits: Sequence[Orbit]) -> Revolution:
    """The revolution of the run in which the array gives least.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    environment : Environment
        Albedo and infrared of the Earth.
    orbits : sequence of Orbit
        Its orbits, at least one.

    Returns
    -------
    Revolution
        The revolution.
    """
    angles = ((o, b) for o in orbits for b in (o.sun.least_beta_rad, o.sun.most_beta_rad))
    found = [revolution(satellite, environment, o.radius_m, o.period_s, b, o.sun.least_w_m2) for o, b in angles]
    return min(found, key=lambda r: r.mean_array_w_m2)


def typical(satellite: Satellite, environment: Environment, orbits: Sequence[Orbit]) -> tuple[Revolution, ...]:
    """Revolutions of the orbit on which the array gives least on average over its planes.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    environment : Environment
        Albedo and infrared of the Earth.
    orbits : sequence of Orbit
        Its orbits, at least one.

    Returns
    -------
    tuple of Revolution
        One for each plane of a sample; the worst one where there are one or two planes.
    """

    def planes(o: Orbit) -> tuple[Revolution, ...]:
        found = [revolution(satellite, environment, o.radius_m, o.period_s, b, o.sun.least_w_m2) for b in o.angles_rad]
        return tuple(found) if len(o.planes) > FEW_PLANES else (min(found, key=lambda r: r.mean_array_w_m2),)

    return min((planes(o) for o in orbits), key=lambda f: math.fsum(r.mean_array_w_m2 for r in f) / len(f))


def warmest(satellite: Satellite, environment: Environment, orbits: Sequence[Orbit]) -> Revolution:
    """The revolution of the run in which the radiator absorbs most.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    environment : Environment
        Albedo and infrared of the Earth.
    orbits : sequence of Orbit
        Its orbits, at least one.

    Returns
    -------
    Revolution
        The revolution.
    """
    angles = ((o, b) for o in orbits for b in (o.sun.least_beta_rad, o.sun.most_beta_rad))
    found = [revolution(satellite, environment, o.radius_m, o.period_s, b, o.sun.most_w_m2) for o, b in angles]
    return max(found, key=lambda r: r.absorbed_w_m2)


def revolution(
    satellite: Satellite, environment: Environment, radius_m: float, period_s: float, beta_rad: float, flux_w_m2: float
) -> Revolution:
    """What array and radiator receive over one revolution.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    environment : Environment
        Albedo and infrared of the Earth.
    radius_m, period_s : float
        Radius [m] and period [s] of the circular orbit.
    beta_rad : float
        Angle of the Sun above the orbit plane [rad].
    flux_w_m2 : float
        Sunlight [W/m2].

    Returns
    -------
    Revolution
        Powers and heats.

    References
    ----------
    [fortescue2011:ch. 11]
    """
    array, radiator = satellite.power.array, satellite.thermal.radiator
    dark = eclipsed_share(radius_m, beta_rad)
    side, infrared = horizontal_view_factor(radius_m), environment.earth_infrared
    cold_w_m2 = 2.0 * radiator.emissivity * infrared * side
    powers, hottest_k, sunny_w_m2 = [], 0.0, 0.0
    half = math.pi * (1.0 - dark)
    for k in range(PARTS):
        angle = half * (2.0 * (k + 0.5) / PARTS - 1.0)  # from the point of the orbit nearest to the Sun
        up, above = math.cos(beta_rad) * math.cos(angle), math.sin(beta_rad)
        on_array, on_radiator, to_nadir = _incidence(satellite, up, abs(above))
        albedo_w_m2 = environment.albedo * flux_w_m2 * max(0.0, up)
        cell_k, share = _cell(array, flux_w_m2 * on_array, albedo_w_m2, infrared, _views(radius_m, side, to_nadir))
        powers.append(flux_w_m2 * on_array * share * array.conditioning_efficiency)
        hottest_k = max(hottest_k, cell_k)
        sunny_w_m2 += radiator.absorptance * (flux_w_m2 * on_radiator + 2.0 * albedo_w_m2 * side) / PARTS
    mean_w_m2 = cold_w_m2 + (1.0 - dark) * sunny_w_m2
    return Revolution(period_s, dark * period_s, beta_rad, tuple(powers), hottest_k, mean_w_m2, cold_w_m2)


def _incidence(satellite: Satellite, up: float, above: float) -> tuple[float, float, float]:
    """Cosines of the Sun on array and radiator, and of the array's normal to nadir, from the Sun's radial and normal components."""
    law, error_rad = satellite.attitude.law, satellite.attitude.pointing_error
    along = math.sqrt(max(0.0, 1.0 - up * up - above * above))
    on_array, on_radiator, to_nadir = {
        "sun-pointing": (1.0, 0.0, -up),
        "orbit-normal": (above, along, 0.0),
        "nadir": (max(0.0, up), above, -1.0),
    }[law]
    sunny = on_radiator * math.cos(error_rad) + math.sin(error_rad) * math.sqrt(max(0.0, 1.0 - on_radiator * on_radiator))
    return on_array * math.cos(error_rad), min(1.0, sunny), to_nadir


def _views(radius_m: float, side: float, to_nadir: float) -> tuple[float, float]:
    """View factors of both faces of the array to the Earth.

    Their difference is exact. Their sum is interpolated by the square of the cosine between a vertical and a horizontal panel, within 0.06.
    """
    disc = (EARTH_RADIUS_M / radius_m) ** 2
    both = 2.0 * side + (disc - 2.0 * side) * to_nadir * to_nadir
    front = min(both, max(0.0, 0.5 * (both + to_nadir * disc)))
    return front, both - front


def _cell(array: Array, sun_w_m2: float, albedo_w_m2: float, infrared_w_m2: float, views: tuple[float, float]) -> tuple[float, float]:
    """Temperature of a loaded panel in balance [K], and its efficiency, as in `sim.spacecraft.array`."""
    front, back = views
    emitting = (array.emissivity_front + array.emissivity_back) * STEFAN_BOLTZMANN_W_M2_K4
    absorbed = array.absorptance * (sun_w_m2 + albedo_w_m2 * (front + back))
    absorbed += infrared_w_m2 * (array.emissivity_front * front + array.emissivity_back * back)
    full = array.packing * array.cell_efficiency * array.retention
    cell_k, share = CELL_REFERENCE_K, full
    for _ in range(8):  # converges by a factor of ten or more each time
        cell_k = (max(1.0, absorbed - share * sun_w_m2) / emitting) ** 0.25
        share = full * max(0.0, 1.0 + array.temperature_coefficient * (cell_k - CELL_REFERENCE_K))
    return cell_k, share
