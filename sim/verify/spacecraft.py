"""Power and thermal control of a spacecraft."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from orbit.elements import semi_major_axis_m
from sim.spacecraft.earth_flux import plate_view_factor
from sim.spacecraft.radiator import plate_absorbed_w_m2
from sim.spacecraft.thermal import panel_emission_w_m2_k4
from sim.verify import radiation
from sim.verify.case import Case, Failed


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
    return [*_view_factors(), *_published_plate(), *radiation.cases(data)]


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
