"""One loss at a time, with a closed-form size: it lands in its row and nowhere else."""

from __future__ import annotations

import energy_books as books
import numpy as np
import oracle_shadow as oracle
import pytest
from scipy.optimize import brentq
from skyfield.api import Loader
from skyfield.sgp4lib import TEME
from skyfield_data import get_skyfield_data_path

from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.spacecraft.step import ROWS

SIGMA = 5.670374419e-8
# Plenty of power and cooling, full arithmetic efficiency: useful is nameplate until a test takes something away.
IDEAL = (
    *books.chip("kernel_efficiency=1", "idle_power=1e-6 W", "voltage_floor=1", "max_power=300 W"),
    "satellite.power.array.area=5000 m2", "satellite.power.array.temperature_coefficient=0 1/K", "satellite.attitude.pointing_error=0 deg",
    "satellite.thermal.radiator.area=400 m2", "satellite.bus.power=0 W", "satellite.accelerator.host.power=1e-6 W",
    "satellite.power.battery.max_depth=0", "satellite.power.battery.bus_reserve=0 s", "satellite.thermal.heater=null",
)  # fmt: skip
SUNNY = books.ring("06:00", altitude_km=1500.0)  # above 1,400 km a dawn-dusk orbit is never in shadow
EPOCH_JD = 2461395.5  # 2026-12-21 00:00 UTC


def _run(*sets: str, events: tuple[str, ...] = (), duration: str = "4 h", dt: str = "60 s") -> Outcome:
    loaded = books.load(*IDEAL, SUNNY, f"duration={duration}", f"step={dt}", *sets, events=events)
    return Run(loaded, tile=8, threads=1).finish()


def _only(outcome: Outcome, **expected: float) -> None:
    """The rows named have these shares (1e-9 of nameplate beside the given tolerance of each test); all others are empty."""
    found = books.shares(outcome)
    for cause, share in found.items():
        if cause not in (*expected, "useful"):
            assert np.abs(share).max() < 1e-9, cause
    for cause, share in expected.items():
        assert found[cause] == pytest.approx(np.full(found[cause].size, share), abs=1e-9), cause
    assert found["useful"] == pytest.approx(np.full(found["useful"].size, 1.0 - sum(expected.values())), abs=1e-9)


def test_nothing_is_lost() -> None:
    """Source of truth: a satellite with everything in plenty yields nameplate."""
    _only(_run())


def test_kernel_loss() -> None:
    """Source of truth: 1 - efficiency."""
    _only(_run("satellite.accelerator.kernel_efficiency=0.37"), kernel=0.63)


def test_failed_loss() -> None:
    """Source of truth: time: lost from 00:20:17 to 01:00:50 (2433 s), at 0.3 of the rate from 02:00:07 to the end of 4 h
    (7193 s): (2433 + 0.7 x 7193) / 14400."""
    outcome = _run(
        events=(
            "2026-12-21T00:20:17Z lose all",
            "2026-12-21T01:00:50Z restore all",
            "2026-12-21T02:00:07Z derate all to 0.3",
        )
    )
    _only(outcome, failed=(2433.0 + 0.7 * 7193.0) / 14_400.0)


@pytest.mark.parametrize("more", [(), ("fleet={soft_errors: false}",)])
def test_maintenance_loss(more: tuple[str, ...]) -> None:
    """Source of truth: time: paused from 00:20:17 for 2433 s, slowed to 0.3 from 02:00:07 for an hour, out of service for the last
    1,800 s. What an event takes meanwhile, the rate 0.5 of the first hour, failures have first: 0.5 x 3600 and 0.5 x 2383 + 50."""
    outcome = _run(*more, events=(
        "+0 s derate all to 0.5 for 1 h", "2026-12-21T00:20:17Z maneuver all for 2433 s", "+7207 s maneuver all to 0.3 for 1 h", "+12600 s maintain all",
    ))  # fmt: skip
    _only(outcome, failed=0.5 * 3600.0 / 14_400.0, maintenance=(0.5 * 2383.0 + 50.0 + 0.7 * 3600.0 + 1800.0) / 14_400.0)


def test_maintenance_ends_when_it_is_restored() -> None:
    """Source of truth: time: restored after 600 s each, with a duration and without; the end of a duration changes nothing then."""
    outcome = _run(events=(
        "+1 h maintain all for 30 min", "+70 min restore all", "+2 h maneuver all", "+130 min restore all", "+3 h maintain all accelerators",
        "+190 min restore all accelerators",
    ))  # fmt: skip
    _only(outcome, maintenance=1800.0 / 14_400.0)


def test_a_plane_is_lost() -> None:
    """Source of truth: time: of 4 planes of 3 satellites plane 3 is lost for 90 of 240 minutes, in the middle of steps."""
    shell = "constellation={kind: walker, altitude: 600 km, inclination: 97.8 deg, planes: 4, satellites_per_plane: 3}"
    loaded = books.load(
        *IDEAL, shell, "duration=4 h", "step=60 s",
        events=("2026-12-21T01:00:30Z lose plane 3", "2026-12-21T02:30:30Z restore plane 3"),
    )  # fmt: skip
    outcome = Run(loaded, tile=5, threads=1).finish()
    failed = books.shares(outcome)["failed"]
    assert failed == pytest.approx([0.0] * 9 + [90.0 / 240.0] * 3, abs=1e-12)
    assert failed.mean() == pytest.approx(0.25 * 90.0 / 240.0, abs=1e-12)


def test_accelerators_are_derated() -> None:
    """Source of truth: time: an eighth of the accelerators of one satellite of eight is down from 1 h on, all of those of
    another for half an hour; the others lose nothing."""
    outcome = _run(events=(
        "2026-12-21T01:00Z derate satellite 3 accelerators to 0.875", "2026-12-21T02:00:10Z lose satellite 5 accelerators",
        "2026-12-21T02:30:10Z restore satellite 5 accelerators",
    ))  # fmt: skip
    failed = books.shares(outcome)["failed"]
    expected = np.zeros(8)
    expected[[3, 5]] = 0.125 * 0.75, 0.125
    assert failed == pytest.approx(expected, abs=1e-12)


def test_failed_loss_leaves_the_rest_to_the_next_cause() -> None:
    """Source of truth: attribution in order: of the time left by a loss at half-time, kernel takes 1 - efficiency."""
    outcome = _run("satellite.accelerator.kernel_efficiency=0.6", events=("2026-12-21T02:00Z lose all",))
    _only(outcome, failed=0.5, kernel=0.2)


@pytest.fixture(scope="module")
def sun_m() -> np.ndarray:
    """DE421's Sun in TEME [m] at every second of the four hours, from ten-minute samples (1e-6 of curvature)."""
    load = Loader(get_skyfield_data_path(), verbose=False)
    ephemeris, ts = load("de421.bsp"), load.timescale(builtin=True)
    minutes = np.arange(0, 241, 10)
    xyz = ephemeris["earth"].at(ts.utc(2026, 12, 21, 0, minutes)).observe(ephemeris["sun"]).apparent().frame_xyz(TEME).m
    ephemeris.close()
    t = np.arange(0.0, 14_400.0, 1.0)
    return np.stack([np.interp(t, 60.0 * minutes, row) for row in xyz], axis=1)


def test_power_loss_by_array_deficit(sun_m: np.ndarray) -> None:
    """Source of truth: 1 - array power / full power, always in sunlight: 60 m2 x 0.9 x 0.22 x 0.93 of DE421's sunlight against
    64 x 300 W / 0.92 x 1.02. The distances agree to 1e-4, the flux to 2e-4, so 1.5e-4 of nameplate."""
    outcome = _run("satellite.power.array.area=60 m2", "satellite.power.array.packing=0.9", "satellite.power.array.retention=1", "satellite.power.array.cell_efficiency=0.22",
                   "satellite.power.array.conditioning_efficiency=0.93", "satellite.power.conversion_efficiency=0.92",
                   "satellite.thermal.loop.pump_fraction=0.02")  # fmt: skip
    flux = 1361.0 * float(np.mean((oracle.AU_M / np.linalg.norm(sun_m, axis=1)) ** 2))
    expected = 1.0 - 60.0 * 0.9 * 0.22 * 0.93 * flux / (64 * 300.0 / 0.92 * 1.02)
    assert 0.1 < expected < 0.9
    found = books.shares(outcome)
    assert found["power"] == pytest.approx(np.full(8, expected), abs=1.5e-4)
    _only(outcome, power=float(found["power"][0]))


@pytest.mark.parametrize("dt", ["60 s", "10 s"])
def test_power_loss_by_eclipse(sun_m: np.ndarray, dt: str) -> None:
    """Source of truth: the mean of the exact overlap of discs along my own J2 orbit under DE421's Sun, every second.

    The array gives just full power in full light at 1.02 au or nearer, so the rate is the lit share times the surplus,
    clipped: in 2 % surplus the loss of a step differs from 1 - lit by its part of the penumbra only. The array is
    sized to 0.5 of full power here, so that rate = 0.5 x flux ratio x lit exactly. Straight limb and parabola: 0.6 s of
    sunlight an orbit (see the shadow's tests), 1e-4 of the time; Sun 0.005 deg: 0.1 s; node 2 s of time: 0.01 deg, 0.2 s;
    flux 2e-4: 3e-4 of nameplate in all, times 0.5.
    """
    outcome = _run(books.ring("12:00"), "satellite.power.array.area=40 m2", "satellite.power.array.packing=0.9", "satellite.power.array.retention=1",
                   "satellite.power.array.cell_efficiency=0.22", "satellite.power.array.conditioning_efficiency=0.93", dt=dt)  # fmt: skip
    import erfa

    t = np.arange(0.5, 14_400.0, 1.0)
    a, i = 6378137.0 + 650e3, np.radians(97.986)
    node = erfa.gmst82(EPOCH_JD, 0.0) - 2.0 * np.pi * (-0.5)  # noon of mean local time: the mean Sun's right ascension
    sat = outcome.loaded.scenario.satellite
    full = 64 * 300.0 / sat.power.conversion_efficiency * (1.0 + sat.thermal.loop.pump_fraction)
    offered = 40.0 * 0.9 * 0.22 * 0.93 * 1361.0 * (oracle.AU_M / np.linalg.norm(sun_m, axis=1)) ** 2
    found = books.shares(outcome)["power"]
    for k in range(8):
        r = oracle.circular_orbit_m(t, a, i, node, 2.0 * np.pi * k / 8)
        lit = oracle.visible_share(r, sun_m)
        assert 0.25 < 1.0 - lit.mean() < 0.45
        assert found[k] == pytest.approx(1.0 - float(np.mean(lit * offered)) / full, abs=3e-4)
    total = books.shares(outcome)
    assert max(float(np.abs(total[c]).max()) for c in ("failed", "thermal", "kernel")) < 1e-9


def test_thermal_loss() -> None:
    """Source of truth: brentq on the steady balances: the chip power P at which the junction stands at 95 degC:
    radiator + all heat / G_loop + (P + plate) / G_plate + 0.8 P R_junction = 368.15 K, in a dawn-dusk orbit that is always lit.

    Radiator edge-on to the Sun with no pointing error, infrared through the published closed form at 90 deg; albedo near the
    terminator is a rectified cosine over the orbit: its mean is taken with my own geometry. Last hours of the day; small swing:
    0.1 % of the rate.
    """
    outcome = _run(
        "satellite.thermal.radiator.area=9 m2", "environment={extends: earth-mean, albedo: 0}", duration="12 h"
    )
    sat = outcome.loaded.scenario.satellite
    chip, rad = sat.accelerator, sat.thermal.radiator
    h = (6378137.0 + 1500e3) / 6378137.0
    q = np.sqrt(h * h - 1.0)
    view = 0.5 - np.arcsin(q / h) / np.pi - q / (np.pi * h * h)
    environment = rad.area * 2.0 * rad.emissivity * view * outcome.loaded.scenario.environment.earth_infrared

    def junction(p: float) -> float:
        drawn = p / sat.power.conversion_efficiency
        total = drawn * (1.0 + sat.thermal.loop.pump_fraction)
        t = ((total + environment) / (2.0 * rad.emissivity * rad.fin_efficiency * SIGMA * rad.area)) ** 0.25
        t += total / sat.thermal.loop.conductance + drawn * sat.thermal.plate.to_coolant / 64
        return t + (1.0 - chip.hbm_power_share) * p * chip.junction_to_plate / 64

    rate = brentq(lambda p: junction(p) - chip.junction_limit, 10.0, 64 * 300.0) / (64 * 300.0)
    assert 0.2 < rate < 0.9
    late = outcome.kept[-60:, books.RECORDED["useful"], :]
    assert late == pytest.approx(np.full(late.shape, rate), rel=1e-3)
    found = books.shares(outcome)
    assert found["thermal"].min() > 0.05
    assert max(float(np.abs(found[c]).max()) for c in ("failed", "power", "kernel")) < 1e-9


def test_unserved_energy_of_the_bus() -> None:
    """Source of truth: with no array and an empty battery the bus draws 1 kW for two hours and gets none of it."""
    outcome = Run(
        books.load("duration=2 h", books.ring(), "satellite.power.array.area=1e-9 m2", "satellite.bus.power=1 kW",
                   "satellite.power.battery.initial_charge=0.5", "satellite.power.battery.bus_reserve=0 s", "satellite.thermal.heater=null"),
        tile=8, threads=1,
    ).finish()  # fmt: skip
    c = outcome.carry
    assert c[ROWS.carried["unserved_j"]] + c[ROWS.carried["served_j"]] == pytest.approx(np.full(8, 1000.0 * 7200.0), rel=1e-12)
    assert c[ROWS.carried["unserved_j"]] == pytest.approx(np.full(8, 1000.0 * 7200.0), rel=1e-6)
    assert books.shares(outcome)["power"] == pytest.approx(np.ones(8), abs=1e-9)
