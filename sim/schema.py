"""THE table: every array in a results folder, with its dimensions, type, unit and meaning; and the ledger's rows.

The writer labels from this table, the reader and the documentation rely on it; a name that is not here is not written.
Loads nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 3

# Rows of the waterfall in the order of attribution: each takes what it removes from what those before it left.
CAUSES: Final = (
    "failed", "spare", "maintenance", "power", "thermal", "unplaced", "demand", "kernel", "memory", "recompute",
    "bubble", "communication", "outage", "straggler", "checkpoint", "recovery", "corruption", "algorithm", "useful",
)  # fmt: skip

# What a satellite is doing, as recorded for the views; where several hold, the first in this order.
STATES: Final = ("failed", "thermally limited", "power limited", "in eclipse", "in sunlight")

# What a satellite is there for, at the epoch.
ROLES: Final = ("independent", "training", "inference", "spare", "unplaced", "idle")


@dataclass(frozen=True, slots=True)
class Var:
    """One array of series.nc."""

    name: str
    dims: tuple[str, ...]
    dtype: str
    unit: str
    doc: str


# `time` is the end of a step: means are over the step that ends there, states are at that moment.
# `frame` is the subset of those moments, and `sat` the subset of satellites, that the recorder keeps.
VARIABLES: Final = (
    Var("time", ("time",), "int64", "ms", "end of the step, milliseconds since the epoch"),
    Var("cause", ("cause",), "str", "1", "row of the waterfall"),
    Var("station", ("station",), "str", "1", "name of the ground station"),
    Var("pair", ("pair",), "str", "1", "two stations whose route through space is recorded"),
    Var("job", ("job",), "str", "1", "training job: its model and a number"),
    Var("mode", ("mode",), "str", "1", "what a training job does"),
    Var("service", ("service",), "str", "1", "inference service: its model"),
    Var("sat", ("sat",), "int64", "1", "number of the recorded satellite, from 0, in the order of the constellation"),
    Var("frame", ("frame",), "int64", "ms", "moment of the recorded frame, milliseconds since the epoch"),
    # fleet, every step
    Var("rate_flops_per_s", ("cause", "time"), "float64", "FLOP/s", "where the nameplate rate went, mean over the step"),
    Var("induced_flops_per_s", ("cause", "time"), "float64", "FLOP/s", "part of it that others caused: members that wait"),
    Var("generated_w", ("time",), "float64", "W", "power the arrays of working satellites offer, fleet total, mean over the step"),
    Var("shunted_w", ("time",), "float64", "W", "part of it that nothing could take, fleet total, mean over the step"),
    Var("load_w", ("time",), "float64", "W", "electrical load served, fleet total, mean over the step"),
    Var("stored_j", ("time",), "float64", "J", "energy in the batteries, fleet total"),
    Var("charge_fraction_min", ("time",), "float64", "1", "lowest state of charge of a working satellite"),
    Var("sunlit_fraction", ("time",), "float64", "1", "share of the solar disc in sight, mean over fleet and step"),
    Var("environment_w", ("time",), "float64", "W", "sunlight, albedo and Earth infrared absorbed by the radiators"),
    Var("radiated_w", ("time",), "float64", "W", "heat emitted by the radiators, fleet total, mean over the step"),
    Var("junction_k_mean", ("time",), "float64", "K", "junction temperature, mean over working satellites"),
    Var("junction_k_max", ("time",), "float64", "K", "hottest junction of a working satellite"),
    Var("radiator_k_mean", ("time",), "float64", "K", "radiator temperature, mean over working satellites"),
    Var("working_satellites", ("time",), "float64", "1", "satellites not lost, mean over the step"),
    # ground, every step
    Var("propagation_rtt_ms", ("station", "time"), "float64", "ms",
        "propagation to the serving satellite and back; not a number where none can be reached"),
    Var("user_rtt_ms", ("station", "time"), "float64", "ms", "end-to-end: with switching on the route and the access overhead"),
    Var("pair_rtt_ms", ("pair", "time"), "float64", "ms", "propagation between the stations of a pair through space, and back"),
    Var("latitude_deg", ("station",), "float64", "deg", "geodetic latitude of the station"),
    Var("longitude_deg", ("station",), "float64", "deg", "longitude of the station, east positive"),
    Var("min_elevation_deg", ("station",), "float64", "deg", "elevation mask of the station"),
    # links and jobs, every step
    Var("links", ("time",), "float64", "1", "links between satellites that stand at the end of the step"),
    Var("job_mode_fraction", ("job", "mode", "time"), "float64", "1", "share of the step in each mode"),
    Var("job_rate", ("job", "time"), "float64", "1", "job rate: clock rate of the slowest member, at which all run"),
    Var("job_step_s", ("job", "time"), "float64", "s", "duration of a training step; not a number where none runs"),
    Var("job_communication_fraction", ("job", "time"), "float64", "1", "share of a training step that waits for messages"),
    Var("job_tokens_per_s", ("job", "time"), "float64", "1/s", "tokens trained that no rollback undid"),
    Var("service_tokens_per_s", ("service", "time"), "float64", "1/s", "output tokens delivered"),
    # recorder
    Var("sat_role", ("sat",), "uint8", "1", "what it is there for, at the epoch, an index into: " + ", ".join(ROLES)),
    Var("sat_job", ("sat",), "int64", "1", "its training job, an index into job, at the epoch; -1 without one"),
    Var("position_m", ("frame", "axis", "sat"), "float32", "m", "position, true equator and mean equinox of date"),
    Var("sun_direction", ("frame", "axis"), "float64", "1", "unit vector to the Sun, same frame"),
    Var("gmst_rad", ("frame",), "float64", "rad", "turn from that frame to the Earth-fixed one about the pole"),
    Var("state", ("frame", "sat"), "uint8", "1", "state over the step, an index into: " + ", ".join(STATES)),
    Var("sat_lit_fraction", ("frame", "sat"), "float32", "1", "share of the solar disc in sight, mean over the step"),
    Var("sat_useful_fraction", ("frame", "sat"), "float32", "1", "useful share of nameplate, mean over the step, before any rollback"),
    Var("sat_generated_w", ("frame", "sat"), "float32", "W", "power the array offers, mean over the step"),
    Var("sat_load_w", ("frame", "sat"), "float32", "W", "electrical load served, mean over the step"),
    Var("sat_charge_fraction", ("frame", "sat"), "float32", "1", "state of charge of the battery"),
    Var("sat_junction_k", ("frame", "sat"), "float32", "K", "junction temperature"),
    Var("sat_radiator_k", ("frame", "sat"), "float32", "K", "radiator temperature, area mean"),
    # links between recorded satellites and routes from the ground, with the frames they stood in: from, to before until
    Var("link_a", ("link",), "int64", "1", "number of the satellite at one end"),
    Var("link_b", ("link",), "int64", "1", "number of the satellite at the other end"),
    Var("link_from", ("link",), "int64", "1", "first frame, an index"),
    Var("link_until", ("link",), "int64", "1", "first frame without it, an index"),
    Var("route_end", ("route",), "int64", "1", "whose route: an index into station, from its length on into pair"),
    Var("route_from", ("route",), "int64", "1", "first frame, an index"),
    Var("route_until", ("route",), "int64", "1", "first frame without it, an index"),
    Var("route_begin", ("route",), "int64", "1", "where its satellites begin in route_satellite"),
    Var("route_satellite", ("hop",), "int64", "1", "satellites of all routes one after the other, from the station on"),
)  # fmt: skip

BY_NAME: Final = {v.name: v for v in VARIABLES}

# events.parquet: changes of availability that happened. action is lose, restore or derate; target in words; the range of
# satellites, null for links and stations; the fraction of the target that the cause leaves; cause: scenario, a random
# process, or decay.
EVENT_COLUMNS: Final = (
    "time_s", "time_utc", "action", "target", "satellite", "last_satellite", "remaining_fraction", "cause",
)  # fmt: skip
