"""The whole satellite through eclipsed orbits against a stiff integrator, and the step size."""

from __future__ import annotations

from typing import Any, NamedTuple

import energy_books as books
import erfa
import numpy as np
import oracle_shadow as oracle
import pytest
from scipy.integrate import solve_ivp
from skyfield.api import Loader
from skyfield.sgp4lib import TEME
from skyfield_data import get_skyfield_data_path

from sim.engine.driver import Run
from sim.engine.outcome import Outcome

SIGMA = 5.670374419e-8
MINUTES = 200  # two orbits
R_M = 6378137.0
NODES = (
    "junction_k", "hbm_k", "plate_k", "loop_k", "radiator_1_k", "radiator_2_k", "radiator_3_k", "battery_k", "structure_k", "array_k",
)  # fmt: skip
BURST = "satellite.policy={mode: burst, on: 35 min, off: 15 min, restart: 90 s}"


@pytest.fixture(scope="module")
def bursting() -> Outcome:
    """A noon-midnight ring that throttles in bursts, its radiator seeing a little of the array; no leakage, no heater of the coolant."""
    return Run(
        books.load(
            f"duration={MINUTES} min", books.ring(), "satellite.thermal.radiator.area=16 m2", "satellite.thermal.radiator.view_to_array=0.05",
            "satellite.thermal.heater=null", BURST, *books.chip(),
        ), tile=8, threads=1,
    ).finish()  # fmt: skip


def _sun(t_s: np.ndarray) -> np.ndarray:
    load = Loader(get_skyfield_data_path(), verbose=False)
    ephemeris, ts = load("de421.bsp"), load.timescale(builtin=True)
    moments = ts.utc(2026, 12, 21, 0, 0, t_s)
    xyz = ephemeris["earth"].at(moments).observe(ephemeris["sun"]).apparent().frame_xyz(TEME).m.T
    ephemeris.close()
    return xyz


def _reflected(radius_m: float, normals: np.ndarray, suns: np.ndarray, n: int = 200) -> np.ndarray:
    """Sunlight that an Earth of albedo one sends to a plate, over sunlight; satellite on the z axis, (normals or suns, 3).

    Integral over the ground in view, by area: cos(zenith angle of the Sun) cos(leaving) cos(on the plate) / (pi d^2).
    """
    near = R_M / radius_m
    u = (np.arange(n) + 0.5) / n
    z = 1.0 - (1.0 - near) * u * u
    flat, around = np.sqrt(1.0 - z * z)[:, None], 2.0 * np.pi * u
    ground = np.stack([flat * np.cos(around), flat * np.sin(around), np.repeat(z[:, None], n, axis=1)])
    ray = R_M * ground - np.array([0.0, 0.0, radius_m])[:, None, None]
    d2 = (ray * ray).sum(axis=0)
    area = R_M * R_M * 4.0 * np.pi * (1.0 - near) * u[:, None] / (n * n) * np.maximum(0.0, -(ground * ray).sum(axis=0)) / (np.pi * d2 * d2)
    return np.array([
        float((area * np.maximum(0.0, np.tensordot(plate, ray, 1)) * np.maximum(0.0, np.tensordot(sun, ground, 1))).sum())
        for plate, sun in zip(normals, suns, strict=True)
    ])  # fmt: skip


class _Sky(NamedTuple):
    """What comes from outside at every moment, by my own orbit: sunlight [W/m2], shares of light, sums over both faces of the plates."""

    t_s: np.ndarray
    r_m: np.ndarray
    sunlight: np.ndarray  # times the lit share
    array_view: np.ndarray  # front, back
    radiator_view: float  # of one face
    array_albedo: np.ndarray  # on both faces [W/m2]
    radiator_albedo: np.ndarray
    body_albedo: np.ndarray  # on a face towards nadir [W/m2], as mean brightness of the Earth in view times its view of the Earth


def _sky(lane: int, albedo: float) -> _Sky:
    """J2 orbit, DE421's Sun, exact cone of the shadow, integrals over the ground."""
    t = np.arange(0.0, 60.0 * MINUTES + 2.0, 2.0)
    sun = _sun(t)
    distance = np.linalg.norm(sun, axis=1)
    flux = 1361.0 * (oracle.AU_M / distance) ** 2
    a, node = R_M + 650e3, float(erfa.gmst82(2461395.5, 0.0)) + np.pi
    r = oracle.circular_orbit_m(t, a, np.radians(97.986), node, 2.0 * np.pi * lane / 8)
    up = np.sum(r * sun, axis=1) / (a * distance)
    # satellite on the z axis, the Sun in the xz plane: array towards the Sun, radiator along y, a face down
    heights = np.cos(np.linspace(np.pi, 0.0, 121))
    suns = np.stack([np.sqrt(1.0 - heights**2), np.zeros(121), heights], axis=1)
    side, down = np.array([[0.0, 1.0, 0.0]] * 121), np.array([[0.0, 0.0, -1.0]] * 121)
    on_array = _reflected(a, suns, suns) + _reflected(a, -suns, suns)
    on_radiator, on_ground_face = 2.0 * _reflected(a, side, suns), _reflected(a, down, suns)
    brightness = on_ground_face / (R_M / a) ** 2 * 0.5 * (1.0 - np.sqrt(1.0 - (R_M / a) ** 2))
    seen = [albedo * flux * np.interp(up, heights, share) for share in (on_array, on_radiator, brightness)]
    return _Sky(t, r, flux * oracle.visible_share(r, sun), np.stack([_view(-up, a), _view(up, a)]), float(_view(np.zeros(1), a)[0]), *seen)


def test_temperatures_against_radau(bursting: Outcome) -> None:
    """Source of truth: scipy Radau on ten heat balances written out here (nine nodes and the array), with the heat from outside as a
    continuous function of my own orbit (J2), DE421's Sun, the exact cone and integrals over the lit ground, and the electrical loads of
    each step as recorded: two orbits with 35 min of eclipse each, throttled in bursts of 35 min. 0.1 K at the end of every step.

    A step uses the means of light and the directions at its middle; a step on the edge of the shadow has the right heat at the wrong
    moment within the minute: sunlight on 16 m2 edge-on at 2 deg is 150 W, 0.1 K in a radiator of 72 kJ/K. The array takes all of the
    sunlight: half a minute of 970 W/m2 in 2.8 kJ/(m2 K) at the wrong end of a minute, of which it loses 1 % in the meantime: 0.5 K after
    an edge, 0.1 K five minutes later; reflected sunlight is fitted to 1.8 W/m2 (see earth_flux): 0.3 K of an array of 1.67 sigma T^4.
    """
    sat, environment = bursting.loaded.scenario.satellite, bursting.loaded.scenario.environment
    at = [books.RECORDED[name] for name in NODES]
    throttled = bursting.row("throttled_s")
    assert throttled.min() > 600.0
    for lane in (0, 3):
        sky, kept = _sky(lane, environment.albedo), bursting.kept[:, :, lane]
        assert np.abs(kept[:, [books.RECORDED[axis] for axis in ("x_m", "y_m", "z_m")]] - sky.r_m[30::30]).max() < 1500.0  # node 0.0075 deg: 0.9 km
        start = np.array([bursting.initial_value(name)[lane] for name in NODES])
        charge = np.concatenate(([1.0], kept[:, books.RECORDED["charge_fraction"]])) * sat.power.battery.capacity
        before = np.vstack((start, kept[:, at]))
        t, off, edge = start, np.zeros((MINUTES, len(NODES))), np.zeros(MINUTES, dtype=np.bool_)
        for k in range(MINUTES):
            earlier_k = before[max(k - 1, 0), NODES.index("battery_k")]
            heats, drawn_w = _heats(kept[k], charge[k], charge[k + 1], before[k, NODES.index("battery_k")], earlier_k, sat)
            edge[k] = 0.0 < kept[k, books.RECORDED["lit_fraction"]] < 1.0

            def slope(s: float, x: np.ndarray, k: int = k, heats: np.ndarray = heats, drawn_w: float = drawn_w, sky: _Sky = sky) -> np.ndarray:
                return _rates(x, heats, drawn_w, _at(sky, 60.0 * k + s), sat, environment)

            t = solve_ivp(slope, (0.0, 60.0), t, method="Radau", rtol=1e-8, atol=1e-7, max_step=20.0).y[:, -1]
            off[k] = np.abs(t - kept[k, at])
        assert 2 <= edge.sum() <= 10
        after_edge = np.convolve(edge, np.ones(6))[:MINUTES] > 0.0
        assert off[:, :-1].max() < 0.1, NODES[int(off[:, :-1].max(axis=0).argmax())]
        assert off[~after_edge, -1].max() < 0.4
        assert off[:, -1].max() < 0.6


def _at(sky: _Sky, t_s: float) -> tuple[float, ...]:
    """Sunlight, views of front and back of the array, of the radiator, reflected light on array and radiator, brightness for the body."""
    n = min(int(t_s / 2.0), sky.t_s.size - 2)
    w = t_s / 2.0 - n
    both = ((1.0 - w) * values[..., n] + w * values[..., n + 1] for values in (sky.sunlight, sky.array_view, sky.array_albedo, sky.radiator_albedo, sky.body_albedo))
    sunlight, view, on_array, on_radiator, on_body = both
    return float(sunlight), float(view[0]), float(view[1]), sky.radiator_view, float(on_array), float(on_radiator), float(on_body)


def _rates(x: np.ndarray, heats: np.ndarray, drawn_w: float, outside: tuple[float, ...], sat: Any, environment: Any) -> np.ndarray:
    """Changes of the ten temperatures [K/s]: nine bodies and the array, written out."""
    chip, n, t, array = sat.accelerator, 64, sat.thermal, sat.power.array
    junction, hbm, plate, supply, r1, r2, r3, battery, structure, panel = x
    sunlight, front, back, edge_on, on_array, on_radiator, on_body = outside
    chip_w, plate_w, loop_w, battery_w, structure_w = heats
    q_jp, q_hp, q_bs = n / chip.junction_to_plate * (junction - plate), n / chip.hbm_to_plate * (hbm - plate), sat.power.battery.to_structure * (battery - structure)
    # the coolant flows past three thirds of the radiator and returns colder; plates and structure meet the mean of both ends
    third = t.loop.conductance / 3.0
    share = 1.0 - np.exp(-third / t.loop.flow)
    to_1 = t.loop.flow * share * (supply - r1)
    at_2 = supply - to_1 / t.loop.flow
    to_2 = t.loop.flow * share * (at_2 - r2)
    at_3 = at_2 - to_2 / t.loop.flow
    to_3 = t.loop.flow * share * (at_3 - r3)
    mean = 0.5 * (supply + at_3 - to_3 / t.loop.flow)
    q_po, q_so = n / t.plate.to_coolant * (plate - mean), t.structure.to_coolant * (structure - mean)
    r, s = t.radiator, t.structure
    seen = 2.0 * r.view_to_array * r.emissivity * array.emissivity_back * SIGMA * panel**4
    seen /= 1.0 - (1.0 - r.emissivity) * (1.0 - array.emissivity_back) * r.view_to_array**2 * r.area / array.area
    error = sat.attitude.pointing_error
    outside_w_m2 = r.absorptance * (sunlight * np.sin(error) + on_radiator) + 2.0 * r.emissivity * edge_on * environment.earth_infrared + seen
    panel_m2 = r.fin_efficiency * r.area / 3.0
    sphere = 0.5 * (1.0 - np.sqrt(1.0 - (R_M / (R_M + 650e3)) ** 2))
    walls_w = s.area * (s.absorptance * (0.25 * sunlight + on_body) + s.emissivity * (sphere * environment.earth_infrared - SIGMA * structure**4))
    absorbed = array.absorptance * (sunlight * np.cos(error) + on_array) + environment.earth_infrared * (array.emissivity_front * front + array.emissivity_back * back)
    emitted = (array.emissivity_front + array.emissivity_back) * SIGMA * panel**4
    share_w = chip.hbm_power_share * chip_w
    gained = np.array([
        chip_w - share_w - q_jp, share_w - q_hp, plate_w + q_jp + q_hp - q_po, loop_w + q_po + q_so - to_1 - to_2 - to_3,
        *(panel_m2 * (outside_w_m2 - 2.0 * r.emissivity * SIGMA * k**4) + q for k, q in ((r1, to_1), (r2, to_2), (r3, to_3))),
        battery_w - q_bs, structure_w + walls_w + q_bs - q_so, array.area * (absorbed - emitted) - drawn_w,
    ])  # fmt: skip
    b = sat.power.battery
    thirds = r.heat_capacity * r.area / 3.0
    capacity = np.array([
        n * chip.junction_heat_capacity, n * chip.hbm_heat_capacity, n * t.plate.heat_capacity, t.loop.heat_capacity, thirds, thirds, thirds,
        b.capacity / b.specific_energy * b.specific_heat, s.heat_capacity, array.heat_capacity * array.area,
    ])  # fmt: skip
    return gained / capacity


def _heats(
    kept: np.ndarray, charge_j: float, after_j: float, battery_k: float, earlier_k: float, sat: Any
) -> tuple[np.ndarray, float]:
    """Heats of the machines [W] and power drawn from the cells [W] in a step, from what was recorded: useful share, load, charge."""
    chip, power, loop, battery = sat.accelerator, sat.power, sat.thermal.loop, sat.power.battery
    rate = kept[books.RECORDED["useful"]] / chip.kernel_efficiency
    per_watt = (1.0 + loop.pump_fraction) / power.conversion_efficiency
    heater_w = battery.heater.power * min(1.0, max(0.0, 0.5 * (battery.heater.setpoint - battery_k)))
    bus_w = sat.bus.power + books.TERMINALS_W
    electronics = (kept[books.RECORDED["served_w"]] - bus_w - heater_w) / per_watt
    volt = chip.voltage_floor + (1.0 - chip.voltage_floor) * rate
    dynamic = 64 * (chip.max_power - chip.idle_power) * rate * volt * volt
    duty = (electronics - dynamic) / (64 * (chip.idle_power + chip.host.power))
    assert -1e-6 < duty < 1.0 + 1e-6
    chips = dynamic + duty * 64 * chip.idle_power
    drawn = electronics / power.conversion_efficiency
    # internal power: what is stored over the coulombic efficiency, or what is drawn; each cell has its share, and R (P / V)^2 of loss
    cell, stored_w = battery.chemistry, (after_j - charge_j) / 60.0
    inside = stored_w / (cell.coulombic_efficiency if stored_w > 0.0 else 1.0)
    cells = battery.capacity / (cell.capacity * 0.5 * (cell.voltage_empty + cell.voltage_full))
    square = cell.voltage_empty**2 + charge_j / battery.capacity * (cell.voltage_full**2 - cell.voltage_empty**2)
    ohm = cell.resistance * np.exp(cell.activation * (1.0 / earlier_k - 1.0 / 298.15))
    heat = ohm * inside * inside / (cells * square)
    at_bus = inside + heat  # what the bus gives to the battery; negative where it takes
    loss = heat + max(0.0, inside) * (1.0 - cell.coulombic_efficiency)
    taken = max(0.0, kept[books.RECORDED["served_w"]] + at_bus)
    from_cells = taken / power.array.conditioning_efficiency
    heats = np.array([chips, drawn - chips, drawn * loop.pump_fraction + from_cells - taken, loss + heater_w, bus_w])
    return heats, from_cells


def test_generated_power_against_own_geometry() -> None:
    """Source of truth: sunlight x lit share (exact cone, DE421) through the cells at the temperature of my own balance, in steps of
    2 s, of an array so small that all of its power is drawn.

    Over two orbits' energy: lit time 0.6 s of 3740 s, flux 2e-4, cell temperature 0.3 K x 0.36 %/K: 0.1 %; cells in a step partly
    lit are at its mean temperature: 4 of 120 steps, 5 K of the 180 K by which they warm: 0.1 % more.
    """
    run = Run(
        books.load(f"duration={MINUTES} min", books.ring(), "satellite.power.array.area=50 m2", *books.chip()), tile=8, threads=1
    ).finish()  # fmt: skip
    assert run.row("shunted_j").max() < 1e-6 * run.row("generated_j").min()
    sat, environment = run.loaded.scenario.satellite, run.loaded.scenario.environment
    array, sky = sat.power.array, _sky(0, environment.albedo)
    infrared = environment.earth_infrared * (array.emissivity_front * sky.array_view[0] + array.emissivity_back * sky.array_view[1])
    light = sky.sunlight * np.cos(sat.attitude.pointing_error)
    kelvin, offered = float(run.initial_value("array_k")[0]), np.zeros(sky.t_s.size)
    for k in range(sky.t_s.size):
        gain = array.packing * array.cell_efficiency * array.retention * (1.0 + array.temperature_coefficient * (kelvin - 301.15))
        offered[k] = array.area * light[k] * gain * array.conditioning_efficiency
        absorbed = array.absorptance * (light[k] + sky.array_albedo[k]) + infrared[k]
        emitted = (array.emissivity_front + array.emissivity_back) * SIGMA * kelvin**4
        kelvin += 2.0 * (absorbed - gain * light[k] - emitted) / array.heat_capacity
    assert run.row("generated_j")[0] == pytest.approx(float(np.trapezoid(offered, sky.t_s)), rel=2e-3)


def _view(cosine: np.ndarray, radius_m: float) -> np.ndarray:
    """View factor to the Earth as published (physics, C1), gamma from nadir."""
    h = radius_m / 6378137.0
    q, sine = np.sqrt(h * h - 1.0), np.sqrt(np.maximum(1.0 - cosine**2, 1e-12))
    with np.errstate(invalid="ignore"):
        cut = (
            0.5
            - np.arcsin(q / (h * sine)) / np.pi
            + (cosine * np.arccos(-q * cosine / sine) - q * np.sqrt(1.0 - h * h * cosine**2)) / (np.pi * h * h)
        )
    return np.where(cosine >= 1.0 / h, cosine / (h * h), np.where(cosine <= -1.0 / h, 0.0, cut))


@pytest.mark.parametrize(
    ("local_time", "more"), [("12:00", ()), ("06:00", ("satellite.power.battery.capacity=8 kWh",)), ("12:00", (BURST,))],
    ids=["noon", "dawn", "bursts"],
)  # fmt: skip
def test_sixty_seconds_against_one(local_time: str, more: tuple[str, ...]) -> None:
    """Source of truth: the promise: 60 s and 1 s steps agree within 1 % in useful work and 1 K in the hottest junction, in runs
    that are eclipsed and throttle, with leakage, heaters and restarts; energies then agree too (0.5 %)."""
    sets = ("duration=200 min", books.ring(local_time), "satellite.thermal.radiator.area=16 m2", *more)
    coarse = Run(books.load(*sets), tile=8, threads=1).finish()
    fine = Run(books.load(*sets, "step=1 s"), tile=8, threads=1).finish()
    for run in (coarse, fine):
        assert (run.grid.duration_s - run.row("lit_s")).min() > 600.0
        assert run.row("thermal_s").min() > 100.0
    assert coarse.row("useful_s") == pytest.approx(fine.row("useful_s"), rel=0.01)
    assert coarse.row("junction_k_max") == pytest.approx(fine.row("junction_k_max"), abs=1.0)
    for name in ("generated_j", "lit_s", "radiated_j", "environment_j"):
        assert coarse.row(name) == pytest.approx(fine.row(name), rel=0.005), name
    lost = [float((run.row("power_s") + run.row("thermal_s")).sum()) for run in (coarse, fine)]
    assert lost[0] == pytest.approx(lost[1], rel=0.03)
