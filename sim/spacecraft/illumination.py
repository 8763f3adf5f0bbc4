"""Sunlight on a satellite over a step: share of the solar disc in view, and directions at the middle of the step."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.constants import SUN_RADIUS_M
from orbit.kernels.compile import inlined
from orbit.kernels.shadow import mean_lit_fraction, shadow_edge
from orbit.kernels.simd import inverse_root, root
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Illumination(NamedTuple):
    """Results of `advance`; unit vectors are at the middle of the step."""

    x_m: float
    y_m: float
    z_m: float
    edge_before: float
    edge_now: float
    dark_run_s: float
    lit_fraction: float
    radial_x: float
    radial_y: float
    radial_z: float
    normal_x: float
    normal_y: float
    normal_z: float
    sun_x: float
    sun_y: float
    sun_z: float
    radius_m: float


class StepLength(NamedTuple):
    """Length of a step."""

    step_s: float


def parameters(setup: Setup) -> StepLength:
    """Length of a step as parameters of the submodel.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    StepLength
        Parameters.
    """
    return StepLength(setup.step_s)


@inlined
def sun_edge(inputs: Any) -> float:
    """Height of the Sun's centre over the Earth's limb at the end of the step.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.

    Returns
    -------
    float
        Height [solar radii].
    """
    return shadow_edge(
        inputs.end_x_m, inputs.end_y_m, inputs.end_z_m, inputs.sun_x_m, inputs.sun_y_m, inputs.sun_z_m, SUN_RADIUS_M
    )


@inlined
def directions(state: Any, inputs: Any, edge_end: float, lit: float, p: StepLength) -> Illumination:
    """Directions at the middle of the step, beside the sunlight over it.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    edge_end : float
        Height of the Sun over the Earth's limb at the end of the step [solar radii].
    lit : float
        Share of the solar disc in view, mean over the step, 0 to 1.
    p : StepLength
        Parameters of the submodel.

    Returns
    -------
    Illumination
        Share of the solar disc in view, mean over the step; unit vectors away from the Earth, normal to the orbit and
        to the Sun.
    """
    sun_d = math.sqrt(inputs.sun_x_m * inputs.sun_x_m + inputs.sun_y_m * inputs.sun_y_m + inputs.sun_z_m * inputs.sun_z_m)
    ux, uy, uz = inputs.sun_x_m / sun_d, inputs.sun_y_m / sun_d, inputs.sun_z_m / sun_d
    x0, y0, z0 = state.x_m, state.y_m, state.z_m
    x1, y1, z1 = inputs.end_x_m, inputs.end_y_m, inputs.end_z_m
    mx, my, mz = x0 + x1, y0 + y1, z0 + z1
    wx, wy, wz = y0 * z1 - z0 * y1, z0 * x1 - x0 * z1, x0 * y1 - y0 * x1
    m = inverse_root(max(mx * mx + my * my + mz * mz, 1e-30))
    w = inverse_root(max(wx * wx + wy * wy + wz * wz, 1e-30))  # a position that does not change has no plane
    radius = 0.5 * (root(x0 * x0 + y0 * y0 + z0 * z0) + root(x1 * x1 + y1 * y1 + z1 * z1))
    dark_run = state.dark_run_s + (1.0 - lit) * p.step_s if lit < 1.0 - 1e-9 else 0.0
    return Illumination(
        x_m=x1, y_m=y1, z_m=z1, edge_before=state.edge_now, edge_now=edge_end, dark_run_s=dark_run, lit_fraction=lit,
        radial_x=mx * m, radial_y=my * m, radial_z=mz * m, normal_x=wx * w, normal_y=wy * w, normal_z=wz * w, sun_x=ux,
        sun_y=uy, sun_z=uz, radius_m=radius,
    )  # fmt: skip


@inlined
def advance(state: Any, inputs: Any, p: StepLength) -> Illumination:
    """Sunlight over the step, and directions at its middle.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    p : StepLength
        Parameters of the submodel.

    Returns
    -------
    Illumination
        Share of the solar disc in view, mean over the step; unit vectors away from the Earth, normal to the orbit and
        to the Sun.
    """
    edge_end = sun_edge(inputs)
    lit = mean_lit_fraction(state.edge_before, state.edge_now, edge_end)
    return directions(state, inputs, edge_end, lit, p)


_AXES = "position, true equator and mean equinox of date"
MODEL = Submodel(
    name="illumination",
    section="constellation",
    parameters=parameters,
    advance=advance,
    reads=(
        "state.x_m", "state.y_m", "state.z_m", "state.edge_before", "state.edge_now", "state.dark_run_s",
        "inputs.end_x_m", "inputs.end_y_m", "inputs.end_z_m", "inputs.sun_x_m", "inputs.sun_y_m", "inputs.sun_z_m",
    ),
    writes=(
        Variable("x_m", "m", _AXES, "state", -5e7, 5e7, recorded=(SatelliteSeries("position_m", _AXES, axis=0),)),
        Variable("y_m", "m", _AXES, "state", -5e7, 5e7, recorded=(SatelliteSeries("position_m", _AXES, axis=1),)),
        Variable("z_m", "m", _AXES, "state", -5e7, 5e7, recorded=(SatelliteSeries("position_m", _AXES, axis=2),)),
        Variable("edge_before", "1", "height over the shadow's edge one step earlier, in solar radii", "state", -50.0, 50.0),
        Variable("edge_now", "1", "height over the shadow's edge, in solar radii", "state", -50.0, 50.0),
        Variable(
            "dark_run_s", "s", "time in shadow since the last full sunlight, penumbra counted by its share", "state", 0.0, 1e5,
            totals=(Total("eclipse_s_max", "s", "longest passage through the shadow", "largest", "power.eclipse_s_max"),),
        ),
        Variable(
            "lit_fraction", "1", "share of the solar disc in view, mean over the step", "flux", 0.0, 1.0,
            totals=(
                Total(
                    "lit_s", "s", "time in sunlight, penumbra counted by its share", "integral",
                    "power.sunlit_fraction", "satellite time",
                ),
            ),
            fleet=(FleetSeries("sunlit_fraction", "mean", "share of the solar disc in view, mean over fleet and step"),),
            recorded=(SatelliteSeries("sat_lit_fraction", "share of the solar disc in view, mean over the step"),),
        ),
        Variable("radial_x", "1", "unit vector away from the Earth's centre", "flux", -1.0, 1.0),
        Variable("radial_y", "1", "unit vector away from the Earth's centre", "flux", -1.0, 1.0),
        Variable("radial_z", "1", "unit vector away from the Earth's centre", "flux", -1.0, 1.0),
        Variable("normal_x", "1", "unit vector normal to the orbit", "flux", -1.0, 1.0),
        Variable("normal_y", "1", "unit vector normal to the orbit", "flux", -1.0, 1.0),
        Variable("normal_z", "1", "unit vector normal to the orbit", "flux", -1.0, 1.0),
        Variable("sun_x", "1", "unit vector to the Sun", "flux", -1.0, 1.0),
        Variable("sun_y", "1", "unit vector to the Sun", "flux", -1.0, 1.0),
        Variable("sun_z", "1", "unit vector to the Sun", "flux", -1.0, 1.0),
        Variable("radius_m", "m", "distance from the Earth's centre, mean of both ends of the step", "flux", 6.5e6, 5e7),
    ),
    references=("fortescue2011:ch. 11",),
)  # fmt: skip
