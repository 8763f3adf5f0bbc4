"""Response of the thermal network to heats within one step: forecasts of temperatures, and limits on heats.

The linear part of the network is advanced exactly; the departure of the radiator's T^4 from its tangent is a second-order
correction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined


class Heats(NamedTuple):
    """Heat into accelerators (split over junction and memory), plates, coolant and, from outside, the radiator [W]."""

    chip_w: float
    plate_w: float
    loop_w: float
    environment_w: float


class Response(NamedTuple):
    """One quantity after a step: its share of each node's temperature before, and its rise per watt of each heat."""

    junction: float
    hbm: float
    plate: float
    loop: float
    radiator: float
    chip_w: float  # accelerators, split over junction and HBM
    plate_w: float
    loop_w: float
    radiator_w: float
    ramp_w: float  # heat into the radiator that grows evenly from 0 to 1 W over the step


class Stepper(NamedTuple):
    """`Thermal` over one step: the response of every node, and of the time integral of the radiator's temperature."""

    junction: Response
    hbm: Response
    plate: Response
    loop: Response
    radiator: Response
    radiator_integral: Response
    emission_w_k4: float  # eta eps sigma A of both faces
    tangent_w_k: float
    dt_s: float
    junction_limit_k: float
    hbm_limit_k: float


class Correction(NamedTuple):
    """How the radiator's T^4 departs from its tangent in the step."""

    inflow_w: float  # heat that the linear step sees
    linear_k: float  # the radiator after the linear step
    ramp_w: float  # heat that corrects it


class Forecast(NamedTuple):
    """Temperatures at the end of the step under given heats, and how much a watt more would add."""

    junction_k: float
    loop_k: float
    junction_rise_k_w: float  # per watt of the accelerators
    loop_rise_k_w: float  # per watt into the coolant


class Room(NamedTuple):
    """Distance of junction and memory below their limits at the end of the step [K]; negative beyond them."""

    junction_k: float
    hbm_k: float


@inlined
def departure_w(temp_k: float, p: Stepper) -> float:
    """Emission beyond the tangent through the origin, which the linear part carries.

    Parameters
    ----------
    temp_k : float
        Temperature of the radiator [K].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    float
        Heat [W].
    """
    t2 = temp_k * temp_k
    return p.emission_w_k4 * t2 * t2 - p.tangent_w_k * temp_k


@inlined
def after(row: Response, t: Any, chip_w: float, plate_w: float, loop_w: float, radiator_w: float) -> float:
    """One row of the linear step.

    Parameters
    ----------
    row : Response
        Response of the quantity.
    t : State or Nodes
        Temperatures of the nodes at the beginning of the step [K].
    chip_w, plate_w, loop_w, radiator_w : float
        Heat into accelerators, plates, coolant and radiator [W], constant in the step.

    Returns
    -------
    float
        Temperature at the end of the step [K], or the integral of the radiator's [K s].
    """
    value: float = (
        row.junction * t.junction_k + row.hbm * t.hbm_k + row.plate * t.plate_k + row.loop * t.loop_k
        + row.radiator * t.radiator_k
        + row.chip_w * chip_w + row.plate_w * plate_w + row.loop_w * loop_w + row.radiator_w * radiator_w
    )  # fmt: skip
    return value


@inlined
def correction(t: Any, heats: Heats, p: Stepper) -> Correction:
    """Second-order correction of the radiator for T^4.

    Parameters
    ----------
    t : State or Nodes
        Temperatures of the nodes at the beginning of the step [K].
    heats : Heats
        Heats in the step [W].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    Correction
        Inflow and ramp [W], and the radiator's temperature after the linear step [K].

    References
    ----------
    [cox2002:eqs. 22, 23]
    """
    start_w = departure_w(t.radiator_k, p)
    inflow_w = heats.environment_w - start_w
    linear_k = after(p.radiator, t, heats.chip_w, heats.plate_w, heats.loop_w, inflow_w)
    return Correction(inflow_w, linear_k, start_w - departure_w(linear_k, p))


@inlined
def node_k(row: Response, t: Any, heats: Heats, c: Correction) -> float:
    """Temperature of a node at the end of the step.

    Parameters
    ----------
    row : Response
        Response of the node.
    t : State or Nodes
        Temperatures of the nodes at the beginning of the step [K].
    heats : Heats
        Heats in the step [W].
    c : Correction
        Correction of the radiator.

    Returns
    -------
    float
        Temperature [K].
    """
    return after(row, t, heats.chip_w, heats.plate_w, heats.loop_w, c.inflow_w) + row.ramp_w * c.ramp_w


@inlined
def forecast(t: Any, heats: Heats, p: Stepper) -> tuple[Forecast, Room]:
    """Temperatures of junction and coolant at the end of the step, and their rise per watt.

    Heats that lead beyond a limit will be lowered until the step ends at it: the junction is forecast there.

    Parameters
    ----------
    t : State or Nodes
        Temperatures of the nodes at the beginning of the step [K].
    heats : Heats
        Heats in the step [W].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    forecast : Forecast
        Temperatures [K] and rises [K/W].
    room : Room
        Distances of junction and memory from their limits under these heats [K].
    """
    c = correction(t, heats, p)
    junction_k = node_k(p.junction, t, heats, c)
    room = Room(p.junction_limit_k - junction_k, p.hbm_limit_k - node_k(p.hbm, t, heats, c))
    junction_k += min(0.0, room.junction_k, room.hbm_k)
    return Forecast(junction_k, node_k(p.loop, t, heats, c), p.junction.chip_w, p.loop.loop_w), room


@inlined
def fit(room: Room, junction_rise_k: float, hbm_rise_k: float) -> float:
    """How many times a heat fits into the room of junction and memory, whichever is first.

    Parameters
    ----------
    room : Room
        Distances from the limits [K].
    junction_rise_k, hbm_rise_k : float
        Rises under the heat [K], at least 0.

    Returns
    -------
    float
        Factor; negative beyond a limit.
    """
    by_junction = room.junction_k * hbm_rise_k < room.hbm_k * junction_rise_k  # compared without divisions
    return (room.junction_k if by_junction else room.hbm_k) / max(junction_rise_k if by_junction else hbm_rise_k, 1e-30)


@inlined
def rise_k(row: Response, chip_w: float, plate_w: float, loop_w: float) -> float:
    """Rise of a node over the step under heats of the machines.

    Parameters
    ----------
    row : Response
        Response of the node.
    chip_w, plate_w, loop_w : float
        Heat into accelerators, plates and coolant [W].

    Returns
    -------
    float
        Rise [K].
    """
    return row.chip_w * chip_w + row.plate_w * plate_w + row.loop_w * loop_w
