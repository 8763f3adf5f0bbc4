"""Radiation: dose behind the shielding, protons above 30 MeV, time in the South Atlantic Anomaly.

Three functions in this order, since the values of a cell are gathered from a table: `cell` finds the place in the map (plain
arithmetic), `values` loads four numbers, `advance` does the rest. The map is reduced to the orbits and the shielding of a type of
satellite by `orbit.radiation.radiation_map`. The cell is that at the end of the step: 60 s are 3.8 deg of an orbit, a
cell has 2.8 deg, and the mean over many passages does not depend on the step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels import exposure
from orbit.kernels.compile import inlined
from orbit.radiation import ANOMALY_FLUX_M2_S, RadiationMap
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable


class Radiation(NamedTuple):
    """Where the map has its planes [m, 1/m, number of the last but one], and the length of a step [s]."""

    lowest_m: float
    planes_per_m: float
    last_plane: float
    step_s: float


class CellValues(NamedTuple):
    """Dose rate [Gy/s] and protons above 30 MeV [1/(m2 s)] at a position."""

    dose_rate_gy_s: float
    proton_flux_m2_s: float


class RadiationFlows(NamedTuple):
    """Results of `advance`."""

    dose_gy: float
    dose_rate_gy_s: float
    proton_flux_m2_s: float
    in_anomaly: float


def of_map(found: RadiationMap, step_s: float) -> Radiation:
    """Parameters of the submodel for a map.

    Parameters
    ----------
    found : RadiationMap
        Map of the type of satellite.
    step_s : float
        Length of a step [s].

    Returns
    -------
    Radiation
        Parameters; the table goes beside them.
    """
    return Radiation(found.lowest_m, found.planes_per_m, found.last_plane, step_s)


@inlined
def cell(inputs: Any, p: Radiation) -> tuple[int, float]:
    """Place in the table at the end of the step, and the weight of the upper plane.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    p : Radiation
        Parameters of the submodel.

    Returns
    -------
    index : int
        Place of the first value.
    weight : float
        Weight of the upper plane, in [0, 1].
    """
    return exposure.cell(
        inputs.end_x_m, inputs.end_y_m, inputs.end_z_m, inputs.earth_cos, inputs.earth_sin, p.lowest_m, p.planes_per_m, p.last_plane
    )


@inlined
def values(table: Any, index: int, weight: float) -> CellValues:
    """Values at a place of the table: four loads.

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
    CellValues
        Dose rate and flux.
    """
    upper = index + exposure.PLANE
    return CellValues(
        (1.0 - weight) * float(table[index]) + weight * float(table[upper]),
        (1.0 - weight) * float(table[index + 1]) + weight * float(table[upper + 1]),
    )


@inlined
def advance(state: Any, radiation: Any, p: Radiation) -> RadiationFlows:
    """Dose at the end of the step, and what the satellite meets in it.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    radiation : CellValues
        Dose rate and flux at the satellite.
    p : Radiation
        Parameters of the submodel.

    Returns
    -------
    RadiationFlows
        Dose [Gy], dose rate [Gy/s], protons above 30 MeV [1/(m2 s)], and 1.0 in the anomaly.
    """
    return RadiationFlows(
        state.dose_gy + radiation.dose_rate_gy_s * p.step_s,
        radiation.dose_rate_gy_s,
        radiation.proton_flux_m2_s,
        1.0 if radiation.proton_flux_m2_s > ANOMALY_FLUX_M2_S else 0.0,
    )


WRITES = (
    Variable("dose_gy", "Gy", "dose in silicon behind the shielding since the epoch", "state", 0.0, 1e6),
    Variable(
        "dose_rate_gy_s", "Gy/s", "dose rate in silicon behind the shielding", "flux", 0.0, 1e-2,
        totals=(Total("shielded_dose_gy", "Gy", "dose in silicon behind the shielding", "integral"),),
        recorded=(SatelliteSeries("dose_rate_gy_s", "dose rate in silicon behind the shielding"),),
    ),
    Variable(
        "proton_flux_m2_s", "1/(m2 s)", "protons above 30 MeV outside the satellite", "flux", 0.0, 1e9,
        totals=(Total("protons_m2", "1/m2", "fluence of protons above 30 MeV", "integral"),),
    ),
    Variable(
        "in_anomaly", "1", "1 where protons above 30 MeV exceed 10 /(cm2 s)", "flux", 0.0, 1.0,
        totals=(Total("anomaly_s", "s", "time in the South Atlantic Anomaly", "integral"),),
        fleet=(FleetSeries("anomaly_satellites", "sum", "satellites in the South Atlantic Anomaly"),),
    ),
)  # fmt: skip
READS = ("state.dose_gy", "radiation.dose_rate_gy_s", "radiation.proton_flux_m2_s")
REFERENCES = ("sawyer1976", "vette1991", "seltzer1994")
