"""Inputs of a satellite for a step: positions, the Sun, radiation, limits by events, requests of its job, what neighbours do to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.schema import FleetSeries, SatelliteSeries, Total, Variable


class Inputs(NamedTuple):
    """Inputs of one satellite for one step; `INPUTS` declares them."""

    end_x_m: float
    end_y_m: float
    end_z_m: float
    sun_x_m: float
    sun_y_m: float
    sun_z_m: float
    flux_w_m2: float
    earth_cos: float
    earth_sin: float
    dose_rate_gy_s: float
    proton_flux_m2_s: float
    trapped_flux_m2_s: float
    available: float
    bus_available: float
    rate_cap: float
    operational: float
    requested: float
    job_rate: float
    duty: float
    unlinked: float
    running: float
    productive: float
    array_light: float
    array_nearby_w_m2: float
    radiator_nearby_w_m2: float


_FAR_M = 5e7
INPUTS = (
    Variable("end_x_m", "m", "position at the end of the step, true equator and mean equinox of date", "input", -_FAR_M, _FAR_M),
    Variable("end_y_m", "m", "position at the end of the step", "input", -_FAR_M, _FAR_M),
    Variable("end_z_m", "m", "position at the end of the step", "input", -_FAR_M, _FAR_M),
    Variable("sun_x_m", "m", "the Sun's position at the end of the step, same frame", "input", -1.53e11, 1.53e11),
    Variable("sun_y_m", "m", "the Sun's position at the end of the step", "input", -1.53e11, 1.53e11),
    Variable("sun_z_m", "m", "the Sun's position at the end of the step", "input", -1.53e11, 1.53e11),
    Variable("flux_w_m2", "W/m2", "sunlight at the Sun's distance", "input", 1300.0, 1430.0),
    Variable("earth_cos", "1", "cosine of the Earth's rotation angle at the end of the step", "input", -1.0, 1.0),
    Variable("earth_sin", "1", "sine of the Earth's rotation angle at the end of the step", "input", -1.0, 1.0),
    Variable(
        "dose_rate_gy_s", "Gy/s", "dose rate in silicon behind the shielding, at the end of the step", "input", 0.0, 1e-2,
        totals=(Total("dose_gy", "Gy", "dose in silicon behind the shielding", "integral"),),
        recorded=(SatelliteSeries("dose_rate_gy_s", "dose rate in silicon behind the shielding"),),
    ),
    Variable(
        "proton_flux_m2_s", "1/(m2 s)", "protons above 30 MeV outside the satellite, at the end of the step", "input", 0.0, 1e9,
        totals=(Total("protons_m2", "1/m2", "fluence of protons above 30 MeV", "integral"),),
    ),
    Variable("trapped_flux_m2_s", "1/(m2 s)", "trapped ones among these protons", "input", 0.0, 1e9),
    Variable(
        "available", "1", "share of the step in which the satellite computes or could", "input", 0.0, 1.0,
        totals=(Total("available_s", "s", "time in which the satellite was available", "integral"),),
        fleet=(FleetSeries("working_satellites", "sum", "available satellites, mean over the step"),),
    ),
    Variable("bus_available", "1", "1 while the satellite exists: array, battery and survival heater work", "input", 0.0, 1.0),
    Variable("rate_cap", "1", "clock rate that events leave it while available", "input", 0.0, 1.0),
    Variable("operational", "1", "1 less the share of nameplate that maintenance takes of what failures leave", "input", 0.0, 1.0),
    Variable("requested", "1", "share of its available time in which it is not held in reserve", "input", 0.0, 1.0),
    Variable("job_rate", "1", "clock rate that its job asks for", "input", 0.0, 1.0),
    Variable("duty", "1", "share of its job's running time in which arithmetic runs", "input", 0.0, 1.0),
    Variable(
        "unlinked", "1", "share of its terminals without a link, whose channels draw nothing", "input", 0.0, 1.0,
        totals=(Total("unlinked_s", "s", "available time times the share of terminals without a link", "available integral"),),
    ),
    Variable("running", "1", "share of its available time in which its job runs", "input", 0.0, 1.0),
    Variable(
        "productive", "1", "share of its available time in arithmetic that counts as useful at once; training books its own",
        "input", 0.0, 1.0,
    ),
    Variable("array_light", "1", "share of the sunlight on the array that neighbours leave", "input", 0.0, 1.0),
    Variable("array_nearby_w_m2", "W/m2", "infrared of neighbours that both faces of the array absorb, over its area", "input", 0.0, 2000.0),
    Variable("radiator_nearby_w_m2", "W/m2", "infrared of neighbours that both faces of the radiator absorb, over its area", "input", 0.0, 2000.0),
)  # fmt: skip

# Inputs that a caller fills in rows, one value a satellite; the others are positions and the Sun.
CONTROLS = Inputs._fields[Inputs._fields.index("available") :]
_NOTHING = [row for row, name in enumerate(CONTROLS) if name.endswith("_w_m2") or name == "unlinked"]


def undisturbed(*shape: int) -> NDArray[np.float64]:
    """Controls of satellites that nothing holds back and that have no neighbours.

    Parameters
    ----------
    *shape : int
        Steps and satellites, or satellites alone.

    Returns
    -------
    ndarray, shape (controls, *shape)
        1, and 0 for terminals without a link and for heats of neighbours.

    Examples
    --------
    >>> undisturbed(2)[:, 0].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """
    found = np.ones((len(CONTROLS), *shape))
    found[_NOTHING] = 0.0
    return found
