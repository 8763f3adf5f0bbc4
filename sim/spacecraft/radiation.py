"""Radiation: where a satellite is in the map of its type, and whether that is in the South Atlantic Anomaly.

`orbit.radiation.radiation_map` reduces the tables to the orbits and the shielding of a type of satellite. The values of a cell
are gathered from that map, not computed: `cell` finds the place (plain arithmetic), `values` loads six numbers, and the
step has them among its inputs. The cell is that at the end of the step: 60 s are 3.8 deg of an orbit, a cell has
2.8 deg, and the mean over many passages does not depend on the step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from orbit.kernels import exposure
from orbit.kernels.compile import inlined
from orbit.radiation import ANOMALY_FLUX_M2_S
from sim.schema import FleetSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Radiation(NamedTuple):
    """Where the map has its planes [m, 1/m], and the number of the last but one."""

    lowest_m: float
    planes_per_m: float
    last_plane: float


class RadiationFlows(NamedTuple):
    """Results of `advance`."""

    in_anomaly: float


def parameters(setup: Setup) -> Radiation:
    """Planes of the map of the satellite's type.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, the length of a step, and the map.

    Returns
    -------
    Radiation
        Planes; those of `NO_MAP` without a map.
    """
    found = setup.radiation
    return Radiation(0.0, 0.0, 0.0) if found is None else Radiation(found.lowest_m, found.planes_per_m, found.last_plane)


NO_TABLE = np.zeros(2 * exposure.PLANE, dtype=np.float32)  # for a satellite whose radiation is not known


@inlined
def cell(end_x_m: float, end_y_m: float, end_z_m: float, sky: Any, p: Radiation) -> tuple[int, float]:
    """Place in the table at the end of the step, and the weight of the upper plane.

    Parameters
    ----------
    end_x_m, end_y_m, end_z_m : float
        Position at the end of the step [m].
    sky : Sky
        Earth at the end of the step.
    p : Radiation
        Parameters of the submodel.

    Returns
    -------
    index : int
        Place of the first value.
    weight : float
        Weight of the upper plane, in [0, 1].
    """
    return exposure.cell(end_x_m, end_y_m, end_z_m, sky.earth_cos, sky.earth_sin, p.lowest_m, p.planes_per_m, p.last_plane)


@inlined
def values(table: Any, index: int, weight: float) -> tuple[float, float, float]:
    """Values at a place of the table: six loads.

    Parameters
    ----------
    table : ndarray of float32
        Table of the map.
    index : int
        Place of the first value.
    weight : float
        Weight of the upper plane.

    Returns
    -------
    dose_rate_gy_s : float
        Dose rate in silicon behind the shielding [Gy/s].
    proton_flux_m2_s : float
        Protons above 30 MeV [1/(m2 s)].
    trapped_flux_m2_s : float
        Trapped ones among them [1/(m2 s)].
    """
    # places without a sign: no check for places that count from the end
    dose, dose_above = np.uint64(index), np.uint64(index + exposure.PLANE)
    flux, flux_above = np.uint64(index + 1), np.uint64(index + exposure.PLANE + 1)
    trapped, trapped_above = np.uint64(index + 2), np.uint64(index + exposure.PLANE + 2)
    return (
        (1.0 - weight) * float(table[dose]) + weight * float(table[dose_above]),
        (1.0 - weight) * float(table[flux]) + weight * float(table[flux_above]),
        (1.0 - weight) * float(table[trapped]) + weight * float(table[trapped_above]),
    )


@inlined
def advance(inputs: Any, p: Radiation) -> RadiationFlows:
    """Whether the satellite is in the anomaly: protons of solar events over the poles are not part of it.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    p : Radiation
        Parameters of the submodel.

    Returns
    -------
    RadiationFlows
        1.0 in the anomaly.
    """
    return RadiationFlows(1.0 if inputs.trapped_flux_m2_s > ANOMALY_FLUX_M2_S else 0.0)


MODEL = Submodel(
    name="radiation",
    section="environment.radiation",
    parameters=parameters,
    advance=advance,
    consequence=True,
    reads=("inputs.trapped_flux_m2_s",),
    writes=(
        Variable(
            "in_anomaly", "1", "1 where trapped protons above 30 MeV exceed 10 /(cm2 s)", "flux", 0.0, 1.0,
            totals=(Total("anomaly_s", "s", "time in the South Atlantic Anomaly", "integral"),),
            fleet=(FleetSeries("anomaly_satellites", "sum", "satellites in the South Atlantic Anomaly"),),
        ),
    ),
    references=("sawyer1976", "vette1991", "seltzer1994"),
)  # fmt: skip
