"""Random arguments for submodels, within the ranges that their variables declare; shared by contract and twin tests."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from orbit.radiation import RadiationMap
from sim.config import scenario
from sim.engine import satellite_params
from sim.spacecraft import step, thermal_response
from sim.spacecraft.submodel import Submodel

RANGES = {v.name: (v.low, v.high) for v in step.VARIABLES}
# what only the step itself hands on: rises per watt, and what effects add to loads
RANGES |= {"junction_rise_k_w": (0.0, 1e-2), "loop_rise_k_w": (1e-6, 1e-2), "bus_w": (0.0, 1e5)}
# the linear part of a step without heats of the machines
RANGES |= {"emission_w": (0.0, 1e6)} | {f"{name}_departure_w": (-1e5, 1e5) for name in thermal_response.RADIATING}


def example_parameters(name: str = "suncatcher", *sets: str, radiation: RadiationMap | None = None) -> Any:
    """Parameters of a shipped satellite, with heaters and leakage."""
    loaded = scenario.load(name, sets=("duration=10 min", "workloads=[{kind: independent}]", "links=", "economics=", "allow_infeasible=true", *sets))
    return step.satellite_parameters(satellite_params.setup_of(loaded.scenario)._replace(radiation=radiation))


def plain(function: Any) -> Any:
    """The Python function behind a compiled one."""
    return getattr(function, "py_func", function)


def argument_names(function: Any) -> list[str]:
    """Names of the arguments but the parameters."""
    return list(inspect.signature(plain(function)).parameters)[:-1]


def _vectors(fields: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Triples of fields that are one vector, such as x_m, y_m, z_m or sun_x, sun_y, sun_z."""
    found = []
    for field in fields:
        stem = field.removesuffix("_m")
        if stem == "x" or stem.endswith("_x"):
            found.append((field, *(field.replace("x", axis) if stem == "x" else stem[:-1] + axis + field[len(stem) :] for axis in "yz")))
    return found


def random_record(name: str, rng: np.random.Generator, corner: bool = False) -> Any:
    """A named tuple of that argument, uniform over the valid ranges, in a quarter of them a field in five at an end, or all at their ends."""
    record = step.RECORDS[name]
    values = {}
    ends = 0.2 if rng.random() < 0.25 else 0.0
    decades = rng.random() < 0.5  # half of the records at small values of wide ranges
    for field in record._fields:
        low, high = RANGES[field]
        if decades and low == 0.0 and high > 1e4:
            high = 10.0 ** float(rng.uniform(0.0, np.log10(high)))
        values[field] = float(rng.choice([low, high]) if corner or rng.random() < ends else rng.uniform(low, high))
    for triple in _vectors(record._fields):
        low, high = RANGES[triple[0]]
        unit = rng.normal(size=3)
        unit /= np.linalg.norm(unit)
        # positions lie above the ground, the Sun is where it is, directions have length one
        length = 1.0 if high == 1.0 else (1.5e11 if high > 1e10 else float(rng.uniform(6.55e6, 4.5e7)))
        values |= dict(zip(triple, (length * unit).tolist(), strict=True))
    return record(**values)


def random_value(name: str, rng: np.random.Generator, corner: bool = False) -> Any:
    """An argument: a record, or the scalar power that a battery offers."""
    return float(rng.uniform(-1.0, 1.0) * 10.0 ** rng.uniform(0.0, 5.0)) if name == "accelerators_w" else random_record(name, rng, corner)


def outputs(function: Any, arguments: list[Any], parameters: Any) -> np.ndarray:
    """All numbers that a submodel's function returns."""
    found = function(*arguments, parameters)
    return np.array(found if isinstance(found, tuple) else (found,), dtype=float)


def functions(model: Submodel) -> list[Any]:
    """What a submodel does in the step: `advance`, and `limits` where it has one."""
    return [f for f in (model.advance, model.limits) if f is not None]
