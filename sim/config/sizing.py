"""A satellite of a given compute power whose power and heat close: number of accelerators, array, battery, radiator, loop, heater, bus.

What does not scale is that of the shipped satellite `suncatcher`, with its sources; sizes follow from the balances of
`sim.config.balance` in the worst season of a year, with a margin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orbit.constants import EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2, STEFAN_BOLTZMANN_W_M2_K4
from orbit.sunlit_orbits import (
    beta_sine,
    days_since_j2000,
    node_rate_rad_d,
    period_s,
    sun,
)
from orbit.units import shortened
from sim.config import economics_params
from sim.config.balance import heat, power
from sim.config.balance.orbits import sun_synchronous_plane
from sim.config.balance.sunlight import Revolution, revolution
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.library import named_items
from sim.config.quantity import Quantity
from sim.config.scenario import load
from sim.config.schema import Battery, Satellite, Scenario, hours
from sim.config.schema.base import LOW_M
from sim.config.schema.orbits import SSO_HIGH_M, local_time_text
from sim.config.validation.endurance import cell_depth
from sim.config.validation.findings import down, power_text, up
from sim.economics.mass import total_kg

MODEL = "suncatcher"  # what does not scale is that of this satellite
FIRST_DAY = datetime(2026, 7, 1, tzinfo=UTC)  # of the year in which the worst season is looked for
YEAR_D, LOOKS = 365, 73
MARGIN = 0.03  # of array, battery and radiator
MOST_DEPTH = 0.6  # of discharge, however few the cycles
BUS_W, BUS_SHARE = 40.0, 0.035  # power of the bus: fixed part, and share of accelerators and hosts
BUS_KG, BUS_EXPONENT = 20.0, 0.54  # mass of the bus at 1 kW, and its growth: 20 kg at 1 kW, 250 kg at 105 kW
LOOP_J_K_W, LOOP_W_K_W, FLOW_W_K_W = 5.2, 0.28, 0.173  # heat capacity, conductance and flow of the loop for each watt of accelerators and hosts
WALL_W_K_W = 1.4e-4  # mounts between coolant and structure for each watt of accelerators and hosts
ABOVE_FREEZING_K = 5.0  # of the battery at idle load over the temperature below which cells are not charged
WALL_J_K_KG = 3050.0  # structure and avionics for each kilogram of the bus
PACK_W_K_KG = 0.35  # from the battery to the structure for each kilogram of cells
PACK_K = 30.0  # by which a heater holds the battery above the structure
CHARGE_C, DISCHARGE_C = 0.485, 2.0  # capacities in an hour [panasonic-ncr18650b]
HEATER_MARGIN = 1.25  # [donabedian2003]
ROUNDS = 3  # of battery and radiator, by the heat of either
LEAST_SHARE = 0.5  # of one accelerator with its host, below which a size is refused


@dataclass(frozen=True)
class Wish:
    """What is asked for: power of accelerators and hosts [W], accelerator, orbit, and share of the full load in the shadow."""

    size_w: float
    accelerator: str = "h100-sxm"
    altitude_m: float = 650e3
    local_time: str = "06:00"
    throttle: float = 1.0


_SIZE = Quantity("W", above=0.0, most=1e9, example="120 kW")
_ALTITUDE = Quantity("m", least=LOW_M, most=SSO_HIGH_M, example="650 km")
_THROTTLE = Quantity("1", least=0.0, most=1.0, example="0.5")


def wish(size: str, accelerator: str | None, altitude: str | None, local_time: str | None, throttle: str | None) -> Wish:
    """What is asked for, from options of the command line.

    Parameters
    ----------
    size : str
        Power of accelerators and hosts, such as "120 kW".
    accelerator, altitude, local_time, throttle : str or None
        Shipped accelerator, altitude, local time of the ascending node, and share of the full load in the shadow; None: the usual ones.

    Returns
    -------
    Wish
        What is asked for, in SI.

    Raises
    ------
    InputError
        With all that is wrong.

    Examples
    --------
    >>> wish("28 kW", "tpu-v6e", "600 km", None, "50 %")
    Wish(size_w=28000.0, accelerator='tpu-v6e', altitude_m=600000.0, local_time='06:00', throttle=0.5)
    """
    problems: list[Problem] = []

    def read(option: str, form: Callable[[str], Any], text: str | None, usual: Any) -> Any:
        try:
            return usual if text is None else form(text)
        except ValueError as error:
            problems.append(Problem(Origin(option), "", str(error)))
            return usual

    usual = Wish(0.0)
    found = Wish(
        read("--size", _SIZE.read, size, 0.0), read("--accelerator", _accelerator, accelerator, usual.accelerator),
        read("--altitude", _ALTITUDE.read, altitude, usual.altitude_m), read("--local-time", local_time_text, local_time, usual.local_time),
        read("--throttle", _THROTTLE.read, throttle, usual.throttle),
    )  # fmt: skip
    if problems:
        raise InputError(problems)
    return found


def _accelerator(name: str) -> str:
    known = named_items("hardware", "accelerator")
    if name not in known:
        raise ValueError(f"no accelerator '{shortened(name)}'; {did_you_mean(name, known)}")
    return name


@dataclass(frozen=True)
class Sized:
    """A satellite that closes, the moment of its worst season, and what the sizes follow from."""

    wish: Wish
    satellite: Satellite
    epoch: datetime
    eclipse_s: float
    eclipses: float  # over the design life
    load_w: float  # from the bus at full clock rate
    dark_w: float  # from the bus in the shadow
    mass_kg: float


@dataclass(frozen=True)
class _Season:
    """A day of the year: the moment, and a revolution on it."""

    at: datetime
    light: Revolution


def sized(wish: Wish) -> Sized:
    """Size a satellite.

    Parameters
    ----------
    wish : Wish
        What is asked for.

    Returns
    -------
    Sized
        The satellite.

    Raises
    ------
    InputError
        If the accelerator is not known, the orbit is not valid, or the size is below that of one accelerator.

    Examples
    --------
    >>> found = sized(Wish(28e3, accelerator="tpu-v6e"))
    >>> found.satellite.accelerators, round(found.eclipse_s / 60.0, 1)
    (63, 19.7)
    """
    scenario = _model(wish)
    chip = scenario.satellite.accelerator
    each_w = chip.max_power + chip.host.power
    if wish.size_w < LEAST_SHARE * each_w:
        message = f"{power_text(wish.size_w)} is less than one {chip.name} with its host draws; write {power_text(each_w)} or more, or --accelerator"
        raise bad_input(Origin("--size"), "", message)
    number = max(1, round(wish.size_w / each_w))
    satellite = _scaled(scenario.satellite, number, number * each_w)
    year = _year(wish, satellite, scenario)
    eclipse_s = max(season.light.dark_s for season in year)
    eclipses = sum(s.light.dark_s > 0.0 for s in year) / len(year) * satellite.life / year[0].light.period_s
    load_w = dark_w = power.load_w(satellite, number * each_w)
    for _ in range(ROUNDS):
        dark_w = satellite.bus.served_power + wish.throttle * (load_w - satellite.bus.served_power)
        satellite = _stored(satellite, dark_w, eclipse_s, eclipses)
        satellite, load_w = _cooled(satellite, year, dark_w, eclipse_s)
    satellite = _heated(satellite, year[0].light.coldest_w_m2)
    satellite, worst = _powered(satellite, year, load_w, dark_w)
    whole = scenario.model_copy(update={"satellite": satellite})
    return Sized(wish, satellite, worst.at, eclipse_s, eclipses, load_w, dark_w, total_kg(economics_params.parts_kg(satellite, whole)))


def _model(wish: Wish) -> Scenario:
    """The shipped satellite with the accelerator, alone on its orbit."""
    ring = f"{{kind: ring, altitude: {wish.altitude_m:.9g} m, local_time: '{wish.local_time}', satellites: 1}}"
    nothing = ("links=null", "ground=null", "workloads=[{kind: independent}]", "economics=null", "baseline=null")
    one = ("satellite.accelerators=1", f"satellite.accelerator={wish.accelerator}")
    return load(MODEL, (f"constellation={ring}", *nothing, *one), allow_infeasible=True).scenario


def _with(section: Any, **values: Any) -> Any:
    return section.model_copy(update=values)


def _scaled(satellite: Satellite, number: int, machines_w: float) -> Satellite:
    """Accelerators, bus and loop, which go with the power of the machines."""
    bus = _with(satellite.bus, power=_up(BUS_W + BUS_SHARE * machines_w), mass=_up(BUS_KG * (machines_w / 1e3) ** BUS_EXPONENT))
    of_loop = {"heat_capacity": LOOP_J_K_W, "conductance": LOOP_W_K_W, "flow": FLOW_W_K_W}
    loop = _with(satellite.thermal.loop, **{name: _up(each * machines_w) for name, each in of_loop.items()})
    walls = _with(satellite.thermal.structure, heat_capacity=_up(WALL_J_K_KG * bus.mass), to_coolant=_up(WALL_W_K_W * machines_w))
    return _with(satellite, accelerators=number, bus=bus, thermal=_with(satellite.thermal, loop=loop, structure=walls))  # type: ignore[no-any-return]


def _up(value: float) -> float:
    return float(up(value))


def _year(wish: Wish, satellite: Satellite, scenario: Scenario) -> list[_Season]:
    """Revolutions over a year."""
    size_m, first = EARTH_RADIUS_M + wish.altitude_m, days_since_j2000(FIRST_DAY)
    plane = sun_synchronous_plane(wish.altitude_m, hours(wish.local_time), first)
    rate = node_rate_rad_d(size_m, plane.inclination_rad)
    found = []
    for k in range(LOOKS):
        after_d = YEAR_D * k / LOOKS
        there = sun(first + after_d)
        beta_rad = abs(math.asin(beta_sine(there, plane.inclination_rad, plane.node_rad + rate * after_d)))
        light = revolution(
            satellite, scenario.environment, size_m, period_s(size_m), beta_rad, SOLAR_CONSTANT_W_M2 / there.distance_au**2
        )
        found.append(_Season(FIRST_DAY + timedelta(days=math.floor(after_d)), light))
    return found


def _cooled(satellite: Satellite, year: list[_Season], dark_w: float, eclipse_s: float) -> tuple[Satellite, float]:
    """The satellite with a radiator for full clock rate in sunlight, with walls for its design temperature, and its load at the bus then [W]."""
    lights, battery = [season.light for season in year], satellite.power.battery
    charge_w = heat_w = 0.0
    if eclipse_s > 0.0:
        charge_w, heat_w = power.recharge_w(battery, dark_w, eclipse_s, lights[0].period_s)
    around = heat.Around(max(x.sunny_w_m2 for x in lights), max(x.wall_w_m2 for x in lights), charge_w, heat_w)
    area_m2 = heat.radiator_m2(satellite, 1.0, around)
    if area_m2 is None:
        message = f"no radiator cools {satellite.accelerator.name} at full clock rate with this cold plate and loop; write another --accelerator"
        raise bad_input(Origin("--size"), "", message)
    radiator = _with(satellite.thermal.radiator, area=_up((1.0 + MARGIN) * area_m2))
    satellite = _with(satellite, thermal=_with(satellite.thermal, radiator=radiator))
    found = heat.steady(satellite, 1.0, around)
    satellite = _walled(satellite, found, around, max(lights, key=lambda light: light.dark_s))
    return satellite, power.load_w(satellite, found.machines_w)


def _walled(satellite: Satellite, full: heat.Steady, around: heat.Around, dark: Revolution) -> Satellite:
    """The satellite with walls that emit at their design temperature what they get at full load, and do not let cells freeze at idle load."""
    walls, battery = satellite.thermal.structure, satellite.power.battery
    given_w = satellite.bus.served_power + around.battery_w + walls.to_coolant * (full.loop_k - walls.design_temperature)
    net_w_m2 = walls.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * walls.design_temperature**4 - around.wall_w_m2
    wanted_m2 = given_w / net_w_m2
    quiet = heat.Around(dark.absorbed_w_m2, dark.wall_w_m2)
    if dark.dark_s > 0.0:
        idle_w = power.load_w(satellite, heat.steady(satellite, 0.0, quiet).machines_w)
        charge_w, heat_w = power.recharge_w(battery, idle_w, dark.dark_s, dark.period_s)
        quiet = quiet._replace(charge_w=charge_w * dark.sunlit_share, battery_w=heat_w)

    def warm_enough(wall_m2: float) -> bool:
        there = _with(satellite, thermal=_with(satellite.thermal, structure=_with(walls, area=wall_m2)))
        at_k = heat.battery_k(there, heat.steady(there, 0.0, quiet), quiet)
        return at_k >= battery.chemistry.min_charge_temperature + ABOVE_FREEZING_K

    inverse = heat.least(lambda value: warm_enough(1.0 / value), 1.0 / wanted_m2)
    area_m2 = wanted_m2 if inverse is None else min(wanted_m2, 1.0 / inverse)
    return _with(satellite, thermal=_with(satellite.thermal, structure=_with(walls, area=float(down(area_m2)))))  # type: ignore[no-any-return]


def _heated(satellite: Satellite, coldest_w_m2: float) -> Satellite:
    """The satellite with a heater that holds the set point in the shadow."""
    heater, radiator = satellite.thermal.heater, satellite.thermal.radiator
    assert heater is not None
    emitted_w_m2 = 2.0 * radiator.emissivity * radiator.fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4 * heater.setpoint**4
    need_w = HEATER_MARGIN * radiator.area * (emitted_w_m2 - coldest_w_m2)
    heater = _with(heater, power=_up(max(1.0, need_w)))
    return _with(satellite, thermal=_with(satellite.thermal, heater=heater))  # type: ignore[no-any-return]


def _stored(satellite: Satellite, dark_w: float, eclipse_s: float, eclipses: float) -> Satellite:
    """The satellite with a battery for its shadow, at a depth of discharge that cells stand over the design life."""
    battery = satellite.power.battery
    depth = min(MOST_DEPTH, float(down(cell_depth(max(1.0, eclipses)))))
    reserve_s = max(battery.bus_reserve, 60.0 * math.ceil(eclipse_s / 60.0))
    capacity_kwh = _up(power.capacity_j(satellite, (1.0 + MARGIN) * dark_w, eclipse_s, reserve_s, depth) / 3.6e6)
    most_kw = _up(max(DISCHARGE_C * capacity_kwh, dark_w / 1e3))
    battery = _with(
        battery, capacity=3.6e6 * capacity_kwh, max_depth=depth, bus_reserve=reserve_s, max_discharge_power=1e3 * most_kw,
        max_charge_power=1e3 * _up(CHARGE_C * capacity_kwh), **_pack(battery, 3.6e6 * capacity_kwh / battery.specific_energy),
    )
    return _with(satellite, power=_with(satellite.power, battery=battery))  # type: ignore[no-any-return]


def _pack(battery: Battery, cells_kg: float) -> dict[str, Any]:
    """Mounts and heater of a pack."""
    conductance_w_k = _up(PACK_W_K_KG * cells_kg)
    return {"to_structure": conductance_w_k, "heater": battery.heater and _with(battery.heater, power=_up(PACK_K * conductance_w_k))}


def _powered(satellite: Satellite, year: list[_Season], load_w: float, dark_w: float) -> tuple[Satellite, _Season]:
    """The satellite with an array for all seasons and a battery that charges fast enough, and the season that decides."""
    needs = [(power.array_m2(satellite, (season.light,), load_w, dark_w) or math.inf, season) for season in year]
    area_m2, worst = max(needs, key=lambda need: need[0])
    area_m2 = _up((1.0 + MARGIN) * area_m2)
    array, battery = _with(satellite.power.array, area=area_m2), satellite.power.battery
    charge_w = max(power.charge_w(satellite, (season.light,), area_m2, load_w, dark_w) for season in year)
    if charge_w > battery.max_charge_power:  # a larger battery takes more
        battery = _with(
            battery, capacity=3.6e6 * _up(charge_w / CHARGE_C / 1e3), max_charge_power=1e3 * _up(charge_w / 1e3),
            max_discharge_power=1e3 * _up(DISCHARGE_C * charge_w / CHARGE_C / 1e3),
            **_pack(battery, 3600.0 * charge_w / CHARGE_C / battery.specific_energy),
        )
    return _with(satellite, power=_with(satellite.power, array=array, battery=battery)), worst
