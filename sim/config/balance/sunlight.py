"""What array and radiator of a satellite receive over one revolution, in equal parts of its sunlit and its dark arc.

The panel warms up after the shadow and gives more until it is warm, as in `sim.spacecraft.array`. The Earth is the mean one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M, STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.sunlit_orbits import eclipsed_share, face_view_factor
from sim.config.balance.orbits import FEW_PLANES, Orbit
from sim.config.schema import Environment, Satellite
from sim.config.schema.satellite import Array, Attitude

PARTS, DARK_PARTS, MOST_STEPS = 32, 8, 8  # of the sunlit arc, and of the dark one; of the panel in a part
Vector = tuple[float, ...]
CELL_REFERENCE_K = ZERO_CELSIUS_K + 28.0  # at which cell efficiencies are stated


class Revolution(NamedTuple):
    """One revolution: sunlit and dark time, and means over them."""

    period_s: float
    dark_s: float
    beta_rad: float  # positive where the Sun stands on the side of the orbit normal
    array_w_m2: tuple[float, ...]  # power at the bus over the panel's area, in equal parts of the sunlit time, one after the other
    hottest_cell_k: float  # of a panel in balance from which no power is drawn
    absorbed_w_m2: float  # heat that the radiator takes over its planform area: both faces, by the fin efficiency; mean of the revolution
    sunny_w_m2: float  # the same in sunlight
    coldest_w_m2: float  # the same in the shadow
    wall_w_m2: float  # heat that the walls of the body take over their area; mean of the revolution

    @property
    def sunlit_share(self) -> float:
        """Share of the revolution in sunlight."""
        return 1.0 - self.dark_s / self.period_s

    @property
    def mean_array_w_m2(self) -> float:
        """Power of the array over its area, mean of the revolution."""
        return self.sunlit_share * math.fsum(self.array_w_m2) / len(self.array_w_m2)


class Revolutions:
    """Revolutions of a satellite type on its orbits over a run; each is computed once.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    environment : Environment
        Albedo and infrared of the Earth.
    orbits : sequence of Orbit
        Its orbits, at least one.
    """

    def __init__(self, satellite: Satellite, environment: Environment, orbits: Sequence[Orbit]) -> None:
        """Remember what they follow from."""
        self.satellite, self.environment, self.orbits = satellite, environment, orbits
        self._known: dict[tuple[float, float, float], Revolution] = {}

    def _on(self, orbit: Orbit, beta_rad: float, flux_w_m2: float) -> Revolution:
        key = (orbit.radius_m, beta_rad, flux_w_m2)
        if key not in self._known:
            self._known[key] = revolution(self.satellite, self.environment, orbit.radius_m, orbit.period_s, beta_rad, flux_w_m2)
        return self._known[key]

    @property
    def darkest(self) -> Revolution:
        """The revolution of the run in which the array gives least."""
        found = [self._on(o, b, o.sun.least_w_m2) for o in self.orbits for b in (o.sun.least_beta_rad, o.sun.most_beta_rad)]
        return min(found, key=lambda r: r.mean_array_w_m2)

    @property
    def typical(self) -> tuple[Revolution, ...]:
        """Revolutions of the orbit on which the array gives least on average over its planes.

        One for each plane of a sample; the worst one where there are one or two planes.
        """

        def planes(o: Orbit) -> tuple[Revolution, ...]:
            found = [self._on(o, b, o.sun.least_w_m2) for b in o.angles_rad]
            return tuple(found) if len(o.planes) > FEW_PLANES else (min(found, key=lambda r: r.mean_array_w_m2),)

        return min((planes(o) for o in self.orbits), key=lambda f: math.fsum(r.mean_array_w_m2 for r in f) / len(f))

    @property
    def warmest(self) -> Revolution:
        """The revolution of the run in which the radiator absorbs most."""
        sides = (1.0, -1.0) if self.satellite.attitude.radiator_cant else (1.0,)  # of the orbit: a canted radiator may face the Sun or not
        angles = ((o, side * b) for o in self.orbits for b in (o.sun.least_beta_rad, o.sun.most_beta_rad) for side in sides)
        return max((self._on(o, b, o.sun.most_w_m2) for o, b in angles), key=lambda r: r.absorbed_w_m2)


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
        Angle of the Sun above the orbit plane [rad], positive towards the orbit normal.
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
    array, fins = satellite.power.array, satellite.thermal.radiator.fin_efficiency
    dark = eclipsed_share(radius_m, beta_rad)
    middles = [2.0 * (k + 0.5) / PARTS - 1.0 for k in range(PARTS)]  # of the parts of the arc, -1 to 1
    dark_middles = [2.0 * (k + 0.5) / DARK_PARTS - 1.0 for k in range(DARK_PARTS)]
    day = [_light(satellite, radius_m, beta_rad, math.pi * (1.0 - dark) * m, flux_w_m2, environment) for m in middles]
    night = [_light(satellite, radius_m, beta_rad, math.pi * (1.0 + dark * m), 0.0, environment) for m in dark_middles]
    of_array_w_m2_k4, emitting = _from_array_w_m2_k4(satellite), (array.emissivity_front + array.emissivity_back) * STEFAN_BOLTZMANN_W_M2_K4
    cell_k = _loaded_k(array, day[-1], emitting)
    powers, absorbed_w_m2 = [], []
    for light, part_s in [(n, dark * period_s / DARK_PARTS) for n in night] + [(d, (1.0 - dark) * period_s / PARTS) for d in day]:
        cell_k, mean_k = _after(array, light, cell_k, part_s, emitting)
        powers.append(light.on_array_w_m2 * _yield(array, mean_k) * array.conditioning_efficiency)
        absorbed_w_m2.append(fins * (light.radiator_w_m2 + of_array_w_m2_k4 * mean_k**4))
    dark_w_m2, sunny_w_m2 = math.fsum(absorbed_w_m2[:DARK_PARTS]) / DARK_PARTS, math.fsum(absorbed_w_m2[DARK_PARTS:]) / PARTS
    hottest_k = max([light.array_w_m2 / emitting for light in day]) ** 0.25
    sunny_wall_w_m2, dark_wall_w_m2 = (math.fsum(light.wall_w_m2 for light in arc) / len(arc) for arc in (day, night))
    return Revolution(
        period_s=period_s, dark_s=dark * period_s, beta_rad=beta_rad, array_w_m2=tuple(powers[DARK_PARTS:]), hottest_cell_k=hottest_k,
        absorbed_w_m2=dark * dark_w_m2 + (1.0 - dark) * sunny_w_m2, sunny_w_m2=sunny_w_m2, coldest_w_m2=dark_w_m2,
        wall_w_m2=dark * dark_wall_w_m2 + (1.0 - dark) * sunny_wall_w_m2,
    )  # fmt: skip


class _Light(NamedTuple):
    """Sunlight on the array; what array, radiator and walls absorb, before electricity is drawn and without the array's infrared."""

    on_array_w_m2: float
    array_w_m2: float
    radiator_w_m2: float
    wall_w_m2: float


def _light(satellite: Satellite, radius_m: float, beta_rad: float, place_rad: float, flux_w_m2: float, environment: Environment) -> _Light:
    """What array and radiator receive at an angle from the point of the orbit nearest to the Sun."""
    array, radiator, wall, infrared = satellite.power.array, satellite.thermal.radiator, satellite.thermal.structure, environment.earth_infrared
    sun = _to_sun(place_rad, beta_rad)
    faces, albedo_w_m2 = _faces(satellite.attitude, sun), environment.albedo * flux_w_m2 * max(0.0, sun[0])
    front, back = face_view_factor(radius_m, faces.array_nadir), face_view_factor(radius_m, -faces.array_nadir)
    view = face_view_factor(radius_m, faces.radiator_nadir) + face_view_factor(radius_m, -faces.radiator_nadir)
    on_array_w_m2 = flux_w_m2 * faces.array_sun
    array_w_m2 = array.absorptance * (on_array_w_m2 + albedo_w_m2 * (front + back))
    array_w_m2 += infrared * (array.emissivity_front * front + array.emissivity_back * back)
    radiator_w_m2 = radiator.absorptance * (flux_w_m2 * faces.radiator_sun + albedo_w_m2 * view) + radiator.emissivity * infrared * view
    whole = 0.5 * (1.0 - math.sqrt(1.0 - (EARTH_RADIUS_M / radius_m) ** 2))  # what a sphere sees, of which light meets a quarter
    wall_w_m2 = wall.absorptance * (0.25 * flux_w_m2 + whole * albedo_w_m2) + wall.emissivity * whole * infrared
    return _Light(on_array_w_m2, array_w_m2, radiator_w_m2, wall_w_m2)


class _Faces(NamedTuple):
    """Cosines of the Sun on array and radiator, with pointing error, and of the normals of both to nadir."""

    array_sun: float
    radiator_sun: float
    array_nadir: float
    radiator_nadir: float


def _to_sun(place_rad: float, beta_rad: float) -> Vector:
    """Unit vector to the Sun along radial, along-track and orbit normal."""
    return math.cos(beta_rad) * math.cos(place_rad), -math.cos(beta_rad) * math.sin(place_rad), math.sin(beta_rad)


def _faces(attitude: Attitude, sun: Vector) -> _Faces:
    """What array and radiator face, as in `sim.spacecraft.attitude`."""
    law, error_rad = attitude.law, attitude.pointing_error
    axis = _AXES[attitude.array_drive or "orbit-normal"]
    if law == "slewing":
        along = _dot(sun, axis)
        array = _unit(tuple(s - along * a for s, a in zip(sun, axis, strict=True)))
        square, towards = axis, _AXES[attitude.point or "nadir"]
    else:
        flat = math.hypot(sun[1], sun[2])
        beside = (0.0, -sun[2] / flat, sun[1] / flat) if flat > 0.0 else _AXES["orbit-normal"]
        array, square = {
            "orbit-normal": ((0.0, 0.0, math.copysign(1.0, sun[2])), _AXES["along-track"]),
            "nadir": (_AXES["radial"], _AXES["orbit-normal"]),
        }.get(law, (sun, beside))
        towards = array
    cant = 0.0 if law == "radiator-edge-on" else attitude.radiator_cant
    radiator = tuple([math.cos(cant) * a + math.sin(cant) * b for a, b in zip(square, towards, strict=True)])
    on_radiator = min(1.0, abs(_dot(sun, radiator)))
    sunny = on_radiator * math.cos(error_rad) + math.sin(error_rad) * math.sqrt(1.0 - on_radiator * on_radiator)
    return _Faces(max(0.0, _dot(sun, array)) * math.cos(error_rad), min(1.0, sunny), -array[0], -radiator[0])


_AXES: dict[str, Vector] = {
    "radial": (1.0, 0.0, 0.0), "zenith": (1.0, 0.0, 0.0), "nadir": (-1.0, 0.0, 0.0), "along-track": (0.0, 1.0, 0.0), "ahead": (0.0, 1.0, 0.0),
    "behind": (0.0, -1.0, 0.0), "orbit-normal": (0.0, 0.0, 1.0), "against-normal": (0.0, 0.0, -1.0),
}  # fmt: skip


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _unit(a: Vector) -> Vector:
    length = math.sqrt(_dot(a, a))
    return tuple(x / max(length, 1e-12) for x in a)


def _from_array_w_m2_k4(satellite: Satellite) -> float:
    """Infrared that both faces of the radiator absorb from the back of the array, over its T^4; as in `sim.spacecraft.radiator`."""
    radiator, array = satellite.thermal.radiator, satellite.power.array
    view = radiator.view_to_array
    if radiator.on_array is not None:
        from sim.spacecraft.radiator import view_of_array  # numerical integrals, which few scenarios need

        view = view_of_array(radiator.area, array.area, radiator.on_array)
    twice = (1.0 - radiator.emissivity) * (1.0 - array.emissivity_back) * view * view * radiator.area / array.area
    return 2.0 * radiator.emissivity * array.emissivity_back * view * STEFAN_BOLTZMANN_W_M2_K4 / (1.0 - twice)


def _yield(array: Array, cell_k: float) -> float:
    """Electrical power of a panel over the sunlight on it."""
    change = 1.0 + array.temperature_coefficient * (cell_k - CELL_REFERENCE_K)
    return array.packing * array.cell_efficiency * array.retained * max(0.0, change)


def _loaded_k(array: Array, light: _Light, emitting_w_m2_k4: float) -> float:
    """Temperature of a loaded panel in balance, within 0.1 K."""
    cell_k = CELL_REFERENCE_K
    for _ in range(4):  # converges by a factor of ten or more each time
        cell_k = (max(1.0, light.array_w_m2 - _yield(array, cell_k) * light.on_array_w_m2) / emitting_w_m2_k4) ** 0.25
    return cell_k


def _after(array: Array, light: _Light, cell_k: float, span_s: float, emitting_w_m2_k4: float) -> tuple[float, float]:
    """Temperature of a loaded panel after a span, and its mean over it; a panel that is much faster than the span is in balance."""
    rest_k = _loaded_k(array, light, emitting_w_m2_k4)
    steps = math.ceil(span_s * 4.0 * emitting_w_m2_k4 * rest_k**3 / array.heat_capacity)
    if steps > MOST_STEPS:
        return rest_k, rest_k
    total_k, steps = 0.0, max(1, steps)
    for _ in range(steps):
        # along the tangent of T^4, with a second-order correction
        emitted_w_m2 = emitting_w_m2_k4 * cell_k**4
        slope, per_heat_k = 4.0 * emitted_w_m2 / cell_k, span_s / steps / array.heat_capacity
        z = max(slope * per_heat_k, 1e-6)
        relaxed = -math.expm1(-z) / z
        lagged = (1.0 - relaxed) / z
        net_w_m2 = light.array_w_m2 - _yield(array, cell_k) * light.on_array_w_m2 - emitted_w_m2
        rise_k = per_heat_k * net_w_m2 * relaxed
        bend_w_m2 = emitting_w_m2_k4 * (cell_k + rise_k) ** 4 - emitted_w_m2 - slope * rise_k
        total_k += max(1.0, cell_k + per_heat_k * (net_w_m2 * lagged - bend_w_m2 * (0.5 - lagged) / z))
        cell_k = max(1.0, cell_k + rise_k - per_heat_k * bend_w_m2 * lagged)
    return cell_k, total_k / steps
