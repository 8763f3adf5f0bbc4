"""Power, heat and reliability of flown systems, and radiators that are announced, against what is published of them."""

from __future__ import annotations

import json
import math
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2, STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.elements import semi_major_axis_m
from sim.fleet.failures import RandomFailures
from sim.spacecraft.earth_flux import plate_view_factor
from sim.spacecraft.fin import fin_efficiency
from sim.spacecraft.radiator import plate_absorbed_w_m2
from sim.spacecraft.thermal import panel_emission_w_m2_k4
from sim.spacecraft.thermal_network import Coolant, Network, Node, steady_state_k
from sim.verify.bupt1 import CHIP, FIT, HOUSING, LOG_S, PERIOD_S, Fitted, fitted, temperatures_c
from sim.verify.case import Case, Failed
from sim.verify.orbits import time_below_s

Array = NDArray[np.float64]
YEAR_D = 365.25


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of flown and announced systems.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_bupt1(), *_bupt1_light(), *_iss(), *_announced(), *_spaceborne()]


# --- BUPT-1 ------------------------------------------------------------------------------------------------------------

FITTED_RUN_W = 7.65
FITTED_RUN = ((60.0, 17.0), (160.0, 21.0), (260.0, 20.0), (400.0, 24.0), (531.0, 30.0))  # min, degC of the surface
LATER_RUNS = (
    (6.81, 27.0),
    (7.35, 31.0),
    (8.17, 37.0),
    (8.54, 39.0),
)  # W, degC of the chip's sensor an hour into the log
SURFACE_LATER = (8.17, 20.0)  # of the third of those runs, at the same moment
BEFORE_W, CHIP_AT_LOG_C = 7.65, 13.0  # the board at rest in that run, and its sensor in the first line of the log


def _bupt1() -> list[Case | Failed]:
    fit = json.loads(FIT.read_text("utf-8"))
    used = f"read off the published data [xu2024]; the run that is fitted, {fit['residual_k_rms']} K rms over {fit['readings']} readings"
    predicted = "read off the published data [xu2024]; predicted, no part of the fit; sensor over surface by data sheet [huawei-atlas200]"
    rows: list[Case | Failed] = [
        Case(
            f"BUPT-1, one board on at 7.6 to 7.8 W: surface after {minutes:.0f} min",
            partial(_fitted_run_c, n),
            theirs,
            4.0,
            "degC",
            used,
        )
        for n, (minutes, theirs) in enumerate(FITTED_RUN)
    ]
    rows += [
        Case(
            f"BUPT-1, three hours at {watts} W: chip an hour into the log",
            partial(_later_c, watts, 3600.0, CHIP),
            theirs,
            4.0,
            "degC",
            predicted,
        )
        for watts, theirs in LATER_RUNS
    ]
    watts, surface = SURFACE_LATER
    return [
        *rows,
        Case(f"BUPT-1, three hours at {watts} W: surface an hour into the log", partial(_later_c, watts, 3600.0, HOUSING), surface, 4.0, "degC",
             predicted),
        Case("BUPT-1: chip in the first line of a log, board at rest", partial(_later_c, BEFORE_W, 0.0, CHIP), CHIP_AT_LOG_C, 4.0, "degC", predicted),
    ]  # fmt: skip


@cache
def _fitted_run() -> Array:
    return temperatures_c(fitted(), FITTED_RUN_W, [60.0 * minutes for minutes, _ in FITTED_RUN])[1:, HOUSING]


def _fitted_run_c(number: int) -> float:
    return float(_fitted_run()[number])


def _later_c(board_w: float, after_s: float, node: int) -> float:
    """A node in a run of three hours, so long after the first line of its log; the drift was that of another day."""
    parameters: Fitted = fitted()._replace(drift_w_h=0.0)
    return float(temperatures_c(parameters, board_w, [LOG_S + after_s])[-1, node])


def _bupt1_light() -> list[Case | Failed]:
    source = "read off the published data [xu2024]; orbit from the period, beta 22 deg as its array shows; half of each penumbra"
    return [Case("BUPT-1: time in sunlight per orbit", lambda: _lit_s(PERIOD_S, 22.0), 59.2 * 60.0, 20.0, "s", source)]


def _lit_s(period_s: float, beta_deg: float) -> float:
    """Time per orbit in which more than half of the disc is seen, on a circle of that period."""
    radius_m = (MU_EARTH_M3_S2 * (period_s / (2.0 * math.pi)) ** 2) ** (1.0 / 3.0)
    return period_s - time_below_s(0.0, radius_m - EARTH_RADIUS_M, beta_deg)


# --- radiators ---------------------------------------------------------------------------------------------------------

INFRARED_W_M2 = 240.0
STATION_M, EDGE_ON_M = 420e3, 650e3
ORU_M2, ARRAY_LOOP_M2 = 23.3 * 3.4, 13.6 * 3.12
SUPPLY_K = ZERO_CELSIUS_K + 2.8
LOOP_W_K = 1.03 * 4650.0  # kg/s of ammonia, from memory, times its specific heat [nist-webbook-ammonia]
STATION_EMISSIVITY = 0.85
# assumed: tubes every 15 cm between two face sheets of aluminium of 0.25 mm; at the temperature of the station's panels
STATION_FIN = fin_efficiency(0.075, 0.5e-3, 180.0, STATION_EMISSIVITY, 235.0)
SEGMENTS = ("radiator_1", "radiator_2", "radiator_3")
WELL_JOINED_W_K = 1e6  # coolant and panel have one temperature


def _absorbed_w_m2(altitude_m: float, emissivity: float) -> float:
    """Both faces of a panel with its edge to the Sun and to the Earth's centre, per square metre of one."""
    view = float(plate_view_factor(0.0, semi_major_axis_m(altitude_m)))
    return float(2.0 * plate_absorbed_w_m2(0.0, 0.0, INFRARED_W_M2, view, 0.0, emissivity))


def _panels_k(heat_w: float, area_m2: float, rate_w_k: float) -> Array:
    """Coolant at the inlet of the station's radiators, and their segments along the flow, in balance."""
    panel = area_m2 / len(SEGMENTS)
    emission_w_k4 = 2.0 * STATION_EMISSIVITY * STATION_FIN * STEFAN_BOLTZMANN_W_M2_K4 * panel
    loop = Network(
        nodes=(Node("loop", 1.0), *(Node(name, 1.0, emission_w_k4) for name in SEGMENTS)),
        coolant=Coolant("loop", SEGMENTS, WELL_JOINED_W_K, rate_w_k),
    )
    absorbed_w = STATION_FIN * panel * _absorbed_w_m2(STATION_M, STATION_EMISSIVITY)
    return steady_state_k(loop, {}, {"loop": heat_w, **dict.fromkeys(SEGMENTS, absorbed_w)})


def _mean_c(segments_k: Array) -> float:
    return float(np.mean(segments_k**4) ** 0.25) - ZERO_CELSIUS_K


@cache
def _station_c() -> float:
    """Mean temperature of a loop's three radiators at 35 kW; the valve sends them what returns the supply to its set point."""
    inlet_k = SUPPLY_K + 35e3 / LOOP_W_K
    rate_w_k = brentq(lambda rate: _panels_k(35e3, 3.0 * ORU_M2, rate)[0] - inlet_k, 250.0, LOOP_W_K)
    return _mean_c(_panels_k(35e3, 3.0 * ORU_M2, rate_w_k)[1:])


def _array_loop_c() -> float:
    return _mean_c(_panels_k(14e3, ARRAY_LOOP_M2, WELL_JOINED_W_K)[1:])


def _closed_form_c(flux_w_m2: float, efficiency: float) -> float:
    """Mean temperature of the station's panels by hand: emissivity 0.85, view factor 0.285 to the Earth."""
    earth_w_m2 = 0.85 * 240.0 * 0.285
    return float(((0.5 * flux_w_m2 / efficiency + earth_w_m2) / (0.85 * 5.670374e-8)) ** 0.25) - 273.15


def _iss() -> list[Case | Failed]:
    heat = "70 kW, supply held at 2.8 degC by a mixing valve, six radiators of 23.3 x 3.4 m; the flow through them is found"
    by_hand = "closed form of one isothermal plate, fin efficiency 0.9 [fortescue2011:ch. 11]"
    return [
        Case("ISS external loops at 70 kW: mean temperature of the radiators", _station_c, -40.0, 5.0, "degC",
             f"{heat}; reported to run near -40 degC [angadh-sdc1]"),
        Case("ISS external loops at 70 kW: the same by hand", _station_c, _closed_form_c(35e3 / (3.0 * ORU_M2), 0.9), 5.0, "degC", by_hand),
        Case("ISS array loop, 14 kW over 3.12 x 13.6 m: mean temperature", _array_loop_c, _closed_form_c(14e3 / ARRAY_LOOP_M2, 0.9), 5.0, "degC",
             f"{by_hand}; heat and size [angadh-sdc1]"),
    ]  # fmt: skip


def _edge_on_w_m2(temp_k: float) -> float:
    """Net flux of a panel with emissivity 0.88 at one temperature, edge to the Sun, 650 km."""
    return float(panel_emission_w_m2_k4(0.88, 1.0) * temp_k**4 - _absorbed_w_m2(EDGE_ON_M, 0.88))


def _implied_c(flux_w_m2: float) -> float:
    return float(brentq(lambda temp_k: _edge_on_w_m2(temp_k) - flux_w_m2, 100.0, 1000.0)) - ZERO_CELSIUS_K


def _announced() -> list[Case | Failed]:
    by_hand = "closed form: 2 eps (sigma T^4 - 0.2407 x 240 W/m2) at eps 0.88, edge to the Sun at 650 km"
    rows: list[Case | Failed] = [
        Case(f"radiator edge to the Sun, 650 km, {celsius} degC: net flux", partial(_edge_on_w_m2, ZERO_CELSIUS_K + celsius), theirs, 2.0,
             "W/m2", by_hand)
        for celsius, theirs in ((20, 635.0), (50, 987.0), (60, 1128.0))
    ]  # fmt: skip
    straight = 50.0 + 10.0 * (120e3 / 110.0 - 987.0) / (1128.0 - 987.0)
    closed = ((150e3 / 110.0 / (2.0 * 0.88) + 0.2407 * 240.0) / 5.670374e-8) ** 0.25 - 273.15
    announced = "power and area as announced [spacex-ai1]"
    return [
        *rows,
        Case("SpaceX AI1, 120 kW on 110 m2: temperature that this implies", partial(_implied_c, 120e3 / 110.0), straight, 1.0, "degC",
             f"between 987 W/m2 at 50 degC and 1,128 at 60, straight line; {announced}"),
        Case("SpaceX AI1, 150 kW on 110 m2: temperature that this implies", partial(_implied_c, 150e3 / 110.0), closed, 1.0, "degC",
             f"{by_hand}; {announced}"),
    ]  # fmt: skip


# --- failures ------------------------------------------------------------------------------------------------------------

SSDS, FAILED_SSDS, FLOWN_D, HAZARD_PER_YEAR = 20, 9, 615.0, 0.355
TRIALS = 5_000


@cache
def _failed_ssds() -> float:
    """Of twenty drives, the number that the process of random failures stops in the flight, mean over many flights."""
    end_s = 86400.0 * FLOWN_D
    process = RandomFailures(1, 0, TRIALS * SSDS, 86400.0 * YEAR_D / HAZARD_PER_YEAR, math.inf, end_s=end_s)
    return len(process.until(end_s)) / TRIALS


def _spaceborne() -> list[Case | Failed]:
    spread = 5.0 * math.sqrt(SSDS * 0.45 * 0.55 / TRIALS)  # five standard errors
    source = "9 of 20 drives in 615 days, as printed [hpe-spaceborne]; 0.355 a year is the hazard that gives this"
    years = FLOWN_D / YEAR_D
    return [
        Case(
            "HPE Spaceborne-1: drives of 20 that fail in 615 d at 0.355 a year",
            _failed_ssds,
            float(FAILED_SSDS),
            spread + 0.02,
            "1",
            source,
        ),
        Case(
            "HPE Spaceborne-1: failures per drive and year, by count",
            lambda: _failed_ssds() / (SSDS * years),
            0.27,
            0.01,
            "1/yr",
            source,
        ),
    ]
