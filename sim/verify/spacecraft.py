"""Power and thermal control of a spacecraft: closed forms, flown systems and another program."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np

from orbit.elements import semi_major_axis_m
from sim.spacecraft.earth_flux import plate_view_factor
from sim.spacecraft.fin import fin_efficiency
from sim.spacecraft.radiator import plate_absorbed_w_m2
from sim.spacecraft.thermal import panel_emission_w_m2_k4
from sim.spacecraft.thermal_integration import solve_k
from sim.spacecraft.thermal_network import Network, Node
from sim.verify import basilisk, dynamics, eclipses, flown, formation, orbits, radiation
from sim.verify.case import Case, Failed

# of the cases of orbits: eclipse season, sunlight, density, relative motion
ENVIRONMENT = (
    "days with eclipse in 2026, 650 km, 18:00", "longest eclipse in 2026, 650 km, 18:00", "mean eclipse fraction in 2026, 650 km, 18:00",
    "sunlight at", "density at 550 km", "drift per orbit of a satellite at rest",
)  # fmt: skip


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of power and thermal control.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [
        *_view_factors(),
        *_published_plate(),
        *_closed_forms(),
        *_environment(),
        *flown.cases(data),
        *radiation.cases(data),
        *basilisk.cases(data),
    ]


def _view(gamma_deg: float) -> float:
    return float(plate_view_factor(math.cos(math.radians(gamma_deg)), semi_major_axis_m(650e3)))


def _view_factors() -> list[Case | Failed]:
    source = "closed form and Monte-Carlo integration [howell2010]"
    return [
        Case(
            f"view factor of a plate to the Earth, 650 km, {gamma:.0f} deg from nadir",
            partial(_view, gamma),
            theirs, 0.002, "1", source,
        )
        for gamma, theirs in ((0.0, 0.8236), (60.0, 0.4789), (90.0, 0.2407), (120.0, 0.0671))
    ]  # fmt: skip


def _net_w_m2(infrared_share: float, earth_faces: int) -> float:
    """Heat rejected per square metre of the published plate: 20 degC, emissivity 0.92, absorptance 0.09, view factor 0.25."""
    emitted = panel_emission_w_m2_k4(0.92, 1.0) * 293.15**4
    sunny = plate_absorbed_w_m2(1366.0, 0.3 * 1366.0, 232.9, 0.25, 0.09, infrared_share)
    shady = plate_absorbed_w_m2(0.0, 0.3 * 1366.0, 232.9, 0.25, 0.09, infrared_share) if earth_faces == 2 else 0.0
    return float(emitted - sunny - shady)


def _published_plate() -> list[Case | Failed]:
    return [
        Case("radiator as published: infrared absorbed with the solar absorptance, one face", lambda: _net_w_m2(0.09, 1), 633.1, 1.27, "W/m2",
             "white paper quoted in [angadh-sdc1]"),
        Case("the same radiator: infrared absorbed with the emissivity, both faces", lambda: _net_w_m2(0.92, 2), 522.0, 1.04, "W/m2",
             "closed form"),
    ]  # fmt: skip


# --- closed forms ------------------------------------------------------------------------------------------------------


def _cooled_k(start_k: float, seconds: float) -> float:
    """An aluminium plate of 5 kg/m2 that radiates from both faces and receives nothing."""
    plate = Network((Node("plate", 5.0 * 900.0, panel_emission_w_m2_k4(0.85, 1.0)),))
    return float(solve_k(plate, [start_k], lambda _t: np.zeros(1), [0.0, seconds], max_step_s=10.0)[-1, 0])


def _closed_forms() -> list[Case | Failed]:
    seconds = 19.72 * 60.0
    exact_k = (300.0**-3 + 6.0 * 0.85 * 5.670374419e-8 * seconds / (5.0 * 900.0)) ** (-1.0 / 3.0)
    cooling = "unloaded plate of 5 kg/m2, emissivity 0.85, through the longest eclipse"
    return [
        Case(f"{cooling}: against 1/T^3 growing evenly", partial(_cooled_k, 300.0, seconds), exact_k, 0.01, "K",
             "closed form 1/T2^3 = 1/T1^3 + 6 eps sigma t / C'' [fortescue2011:ch. 11]"),
        Case(f"{cooling}: from 300 K", partial(_cooled_k, 300.0, seconds), 207.0, 0.5, "K", "computed independently: 207 K after 19.72 min"),
        *(
            Case(f"fin of aluminium, 1 mm, 320 K, {length_cm} cm long: efficiency",
                 partial(fin_efficiency, 0.01 * length_cm, 1e-3, 180.0, 0.85, 320.0), theirs, 0.0006, "1",
                 "computed independently: tanh(mL)/(mL) [fortescue2011:ch. 11]")
            for length_cm, theirs in ((5, 0.945), (10, 0.817), (15, 0.676), (20, 0.556))
        ),
    ]  # fmt: skip


def _environment() -> list[Case | Failed]:
    """Sun, shadow, air and relative motion that power and heat rest on; these cases are part of the group `orbits`, too."""
    every = [*eclipses.cases(None), *orbits.sun_cases(), *formation.linear_cases(), *dynamics.drag_cases()]
    return [case for case in every if any(part in case.name for part in ENVIRONMENT)]
