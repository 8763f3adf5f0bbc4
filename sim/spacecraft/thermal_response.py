"""Response of the thermal network within one step: from temperatures and heats to forecasts, limits and temperatures.

The network is linear but for the T^4 of the nodes that radiate. Its linear part is advanced exactly; the departure of
T^4 from its tangent is a second-order correction [cox2002:eqs. 22, 23]: held at its value at the beginning, then a ramp
to its value at the end. All sums are written out from the names of nodes and heats, so that the compiler sees one line
of multiplications for each node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from orbit.kernels.compile import inlined
from sim.spacecraft import rows

NODES = ("junction", "hbm", "plate", "loop", "radiator_1", "radiator_2", "radiator_3", "battery", "structure")
RADIATING = ("radiator_1", "radiator_2", "radiator_3", "structure")
HEATS = ("chip", "plate", "loop", "battery", "structure")

_RESPONSE = [*NODES, *(f"{h}_w" for h in HEATS), *(f"{r}_inflow" for r in RADIATING), *(f"{r}_ramp" for r in RADIATING)]
if TYPE_CHECKING:  # a type checker does not see the fields, which follow from the names above
    Heats: TypeAlias = Any
    Nodes: TypeAlias = Any
    Ramps: TypeAlias = Any
    Base: TypeAlias = Any
    Response: TypeAlias = Any
    Emission: TypeAlias = Any
    Stepper: TypeAlias = Any
else:
    Heats = rows.record(
        __name__, "Heats", [f"{h}_w" for h in HEATS],
        "Heats of the machines [W], mean over the step: accelerators, plates, coolant, battery, structure.",
    )
    Nodes = rows.record(__name__, "Nodes", [f"{n}_k" for n in NODES], "Temperatures of the nodes [K].")
    Ramps = rows.record(
        __name__, "Ramps", [f"{r}_w" for r in RADIATING],
        "Heat of each radiating node that grows evenly from 0 over the step [W]: its T^4 departs from the tangent.",
    )  # fmt: skip
    Base = rows.record(
        __name__, "Base", [*Nodes._fields, "emission_w", *(f"{r}_departure_w" for r in RADIATING)],
        "The step without heats of the machines: temperatures after its linear part [K], emission under it, and departures of the emission from "
        "its tangent at the beginning [W].",
    )  # fmt: skip
    Response = rows.record(
        __name__, "Response", _RESPONSE,
        "One quantity after a step: share of each node's temperature before; rise per watt of each heat, of a constant inflow into each "
        "radiating node, and of one that grows evenly from 0 to 1 W.",
    )  # fmt: skip
    Emission = rows.record(
        __name__, "Emission", [f"{r}_{part}" for r in RADIATING for part in ("w_k4", "tangent_w_k")],
        "Emission of each radiating node over T^4 [W/K^4], and its tangent through the origin [W/K].",
    )  # fmt: skip
    Stepper = rows.record(
        __name__, "Stepper",
        {**dict.fromkeys(NODES, Response), "mean_tangent": Response, "emission": Emission, "junction_limit_k": float, "hbm_limit_k": float},
        "A thermal network over one step: response of every node, and of the mean emission by tangents [W].",
    )  # fmt: skip


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


def _sum(terms: list[str]) -> str:
    return " + ".join(terms)


# --- written out from the names of nodes and heats --------------------------------------------------------------------

_linear = rows.written(
    "linear", "row, t, inflow",
    [f"return {_sum([*(f'row.{n} * t.{n}_k' for n in NODES), *(f'row.{r}_inflow * inflow.{r}_w' for r in RADIATING)])}"], {},
)  # fmt: skip
with_heats = rows.written(
    "with_heats", "row, base, heats", [f"return base + {_sum([f'row.{h}_w * heats.{h}_w' for h in HEATS])}"], {}
)
with_ramps = rows.written(
    "with_ramps", "row, linear, ramps", [f"return linear + {_sum([f'row.{r}_ramp * ramps.{r}_w' for r in RADIATING])}"], {}
)


@inlined
def departure_w(temp_k: float, emission_w_k4: float, tangent_w_k: float) -> float:
    """Emission beyond the tangent through the origin, which the linear part carries.

    Parameters
    ----------
    temp_k : float
        Temperature of the node [K].
    emission_w_k4, tangent_w_k : float
        Emission over T^4, and its tangent.

    Returns
    -------
    float
        Heat [W].
    """
    t2 = temp_k * temp_k
    return emission_w_k4 * t2 * t2 - tangent_w_k * temp_k


_names = {
    "departure_w": departure_w, "linear": _linear, "with_heats": with_heats, "with_ramps": with_ramps, "Base": Base, "Ramps": Ramps,
    "Nodes": Nodes,
}  # fmt: skip
_outside = {r: "structure.structure_environment_w" if r == "structure" else "environment.environment_w * (1.0 / 3.0)" for r in RADIATING}
base_of = rows.written(
    "base_of", "t, environment, structure, p",
    [
        *(f"{r}_w = departure_w(t.{r}_k, p.emission.{r}_w_k4, p.emission.{r}_tangent_w_k)" for r in RADIATING),
        f"inflow = Ramps({', '.join(f'{_outside[r]} - {r}_w' for r in RADIATING)})",
        f"emission_w = linear(p.mean_tangent, t, inflow) + {_sum([f'{r}_w' for r in RADIATING])}",
        f"return Base({', '.join(f'linear(p.{n}, t, inflow)' for n in NODES)}, emission_w, {', '.join(f'{r}_w' for r in RADIATING)})",
    ],
    _names,
)  # fmt: skip
ramps_of = rows.written(
    "ramps_of", "base, heats, p",
    [
        *(
            f"{r}_w = base.{r}_departure_w - departure_w(with_heats(p.{r}, base.{r}_k, heats), p.emission.{r}_w_k4, p.emission.{r}_tangent_w_k)"
            for r in RADIATING
        ),
        f"return Ramps({', '.join(f'{r}_w' for r in RADIATING)})",
    ],
    _names,
)  # fmt: skip
nodes_after = rows.written(
    "nodes_after", "base, heats, ramps, p",
    [f"return Nodes({', '.join(f'with_ramps(p.{n}, with_heats(p.{n}, base.{n}_k, heats), ramps)' for n in NODES)})"], _names,
)  # fmt: skip
_half_ramps = rows.written("half_ramps", "ramps", [f"return 0.5 * ({_sum([f'ramps.{r}_w' for r in RADIATING])})"], {})


# --- forecasts and limits -----------------------------------------------------------------------------------------------


@inlined
def emitted_w(base: Base, heats: Heats, ramps: Ramps, p: Stepper) -> float:
    """Heat that the network emits, mean over the step.

    The tangents' part follows from the mean temperatures, the departures from their means over the ramps.

    Parameters
    ----------
    base : Base
        The step without heats of the machines.
    heats : Heats
        Heats of the machines [W].
    ramps : Ramps
        Corrections for T^4 [W].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    float
        Heat [W].
    """
    value: float = with_ramps(p.mean_tangent, with_heats(p.mean_tangent, base.emission_w, heats), ramps) - _half_ramps(ramps)
    return value


@inlined
def forecast(base: Base, heats: Heats, p: Stepper) -> tuple[Forecast, Room]:
    """Temperatures of junction and coolant at the end of the step, and their rise per watt.

    Heats that lead beyond a limit will be lowered until the step ends at it: the junction is forecast there.

    Parameters
    ----------
    base : Base
        The step without heats of the machines.
    heats : Heats
        Heats of the machines [W].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    forecast : Forecast
        Temperatures [K] and rises [K/W].
    room : Room
        Distances of junction and memory from their limits under these heats [K].
    """
    ramps = ramps_of(base, heats, p)
    junction_k = with_ramps(p.junction, with_heats(p.junction, base.junction_k, heats), ramps)
    hbm_k = with_ramps(p.hbm, with_heats(p.hbm, base.hbm_k, heats), ramps)
    loop_k = with_ramps(p.loop, with_heats(p.loop, base.loop_k, heats), ramps)
    room = Room(p.junction_limit_k - junction_k, p.hbm_limit_k - hbm_k)
    junction_k += min(0.0, room.junction_k, room.hbm_k)
    return Forecast(junction_k, loop_k, p.junction.chip_w, p.loop.loop_w), room


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
    value: float = row.chip_w * chip_w + row.plate_w * plate_w + row.loop_w * loop_w
    return value
