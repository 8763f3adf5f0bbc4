"""How results are declared: every variable with unit, meaning, kind, reduction and resolution; the ledger's rows.

A variable of a satellite is declared once, in the file of the submodel that writes it (`sim.spacecraft`); what runs
beside the satellites (ground, links, jobs) is declared here. Rows of the compiled step, sums over the fleet, the
recorder, `series.nc` and the tables of the documentation follow from the declarations.

Loads nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SCHEMA_VERSION: Final = 3

# Rows of the waterfall in the order of attribution: each takes what it removes from what those before it left.
CAUSES: Final = (
    "failed", "spare", "maintenance", "power", "thermal", "unplaced", "demand", "kernel", "memory", "recompute",
    "bubble", "communication", "outage", "straggler", "checkpoint", "recovery", "corruption", "algorithm", "useful",
)  # fmt: skip

# What a satellite does in a step, as recorded for the views; where several hold, the first in this order.
STATES: Final = ("failed", "thermally limited", "power limited", "in eclipse", "in sunlight")

# The workload a satellite is assigned to at the epoch.
ROLES: Final = ("independent", "training", "inference", "spare", "unplaced", "idle", "sensing")

# Counts per unit in sums over the fleet, which are integers so that they do not depend on the order of addition: fine
# enough that rounding stays below 1e-12 of a share, 0.1 mW, 0.1 J and 1e-9 K a satellite, coarse enough that 2^63
# counts hold a million satellites of a gigawatt each.
RESOLUTION: Final = {"1": 2.0**40, "W": 2.0**13, "J": 2.0**3, "K": 2.0**30}


@dataclass(frozen=True, slots=True)
class Var:
    """One array of series.nc: its dimensions, type, unit and meaning; whether it may have no value (NaN) in places."""

    name: str
    dims: tuple[str, ...]
    dtype: str
    unit: str
    meaning: str
    may_be_nan: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """What a satellite carries of a variable through the run, beside the variable itself.

    `how`: the integral over time; the integral over the time in which the satellite is available; or the largest or
    smallest value, over all steps or over those in which it is available.

    `summary`: section and field of summary.json that the total of all satellites feeds, such as "thermal.heater_w_mean";
    empty: none. Largest and smallest values go on over the fleet, integrals are added up and divided by `per`: the
    duration of the run, that of all satellites together, or the time in which satellites were available.
    """

    name: str
    unit: str
    meaning: str
    how: Literal["integral", "available integral", "largest", "smallest", "largest available", "smallest available"]
    summary: str = ""
    per: Literal["", "duration", "satellite time", "available time"] = ""


@dataclass(frozen=True, slots=True)
class FleetSeries:
    """A variable reduced over the fleet in every step, an array of series.nc over time.

    `how`: the sum; the mean; the mean over available satellites, weighted by the share of the step; or the largest or
    smallest of available satellites. An empty name feeds the waterfall instead of an array of its own.
    """

    name: str
    how: Literal["sum", "mean", "available mean", "largest available", "smallest available"]
    meaning: str


@dataclass(frozen=True, slots=True)
class SatelliteSeries:
    """A variable of the recorded satellites at the recorded frames, an array of series.nc; `axis` 0 to 2 of a vector."""

    name: str
    meaning: str
    dtype: str = "float32"
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity of one satellite: the one place that says what it is and what becomes of it.

    `kind`: an input is given for the step, a state is carried from step to step, a flux is what the step did (mean over
    the step). `low` and `high` bound the valid range. `cause` is the row of the ledger that the variable feeds.
    """

    name: str
    unit: str
    meaning: str
    kind: Literal["input", "state", "flux"]
    low: float
    high: float
    totals: tuple[Total, ...] = ()
    fleet: tuple[FleetSeries, ...] = ()
    recorded: tuple[SatelliteSeries, ...] = ()
    cause: str = ""

    @property
    def arrays(self) -> tuple[Var, ...]:
        """The arrays of series.nc that hold this variable."""
        of_fleet = [
            Var(f.name, ("time",), "float64", self.unit, f.meaning, may_be_nan="available" in f.how)
            for f in self.fleet
            if f.name
        ]
        of_satellites = [
            Var(r.name, ("frame", "sat") if r.axis is None else ("frame", "axis", "sat"), r.dtype, self.unit, r.meaning)
            for r in self.recorded
            if not r.axis
        ]
        return (*of_fleet, *of_satellites)


STATION_ROLES: Final = ("user", "gateway", "pop")
"""Roles of ground stations; a pop is a point of presence, without antennas."""

# `time` is the end of a step: means are over the step that ends there, states are at that moment.
# `frame` is the subset of those moments, and `sat` the subset of satellites, that the recorder keeps.
# Arrays beside the satellites' own; those of satellites are declared by the submodels of `sim.spacecraft`.
VARIABLES: Final = (
    Var("time", ("time",), "int64", "ms", "end of the step, milliseconds since the epoch"),
    Var("cause", ("cause",), "str", "1", "row of the waterfall"),
    Var("station", ("station",), "str", "1", "name of the ground station"),
    Var("pair", ("pair",), "str", "1", "two stations whose route through space is recorded"),
    Var("job", ("job",), "str", "1", "training job: its model and a number"),
    Var("mode", ("mode",), "str", "1", "what a training job does"),
    Var("service", ("service",), "str", "1", "inference service: its model"),
    Var("sensing", ("sensing",), "str", "1", "sensing workload, or its part on satellites of a type: its number"),
    Var("sat", ("sat",), "int64", "1", "number of the recorded satellite, from 0, in the order of the constellation"),
    Var("sat_name", ("sat",), "str", "1", "name of the recorded satellite in its catalogue; empty for one of no file"),
    Var("sat_catalogue_number", ("sat",), "int64", "1", "its catalogue number; 0 without one"),
    Var("frame", ("frame",), "int64", "ms", "moment of the recorded frame, milliseconds since the epoch"),
    # fleet, every step
    Var("rate_flops_per_s", ("cause", "time"), "float64", "FLOP/s", "where the nameplate rate went, mean over the step"),
    Var("induced_flops_per_s", ("cause", "time"), "float64", "FLOP/s", "part of it that others caused: members that wait"),
    # ground, every step
    Var("propagation_rtt_ms", ("station", "time"), "float64", "ms",
        "propagation to the serving satellite and back; not a number where none can be reached", may_be_nan=True),
    Var("user_rtt_ms", ("station", "time"), "float64", "ms", "end-to-end: with switching on the route and the access overhead",
        may_be_nan=True),
    Var("pair_rtt_ms", ("pair", "time"), "float64", "ms", "propagation between the stations of a pair through space, and back",
        may_be_nan=True),
    Var("station_role", ("station",), "uint8", "1", "role of the station, an index into: " + ", ".join(STATION_ROLES)),
    Var("internet_station", ("internet_station",), "str", "1", "station of users with terminals; none without gateways"),
    Var("internet_rtt_ms", ("internet_station", "time"), "float64", "ms",
        "end-to-end through satellites and a gateway to a point of presence, and back", may_be_nan=True),
    Var("link_site", ("link_site",), "str", "1", "station with a radio or telescope whose link budget is computed"),
    Var("site_down_bit_s", ("link_site", "time"), "float32", "bit/s", "what the site can receive with all its antennas at the end of the step"),
    Var("site_attenuation_db", ("link_site", "time"), "float32", "dB",
        "attenuation between it and the satellite with the best link; not a number under clouds and where none is in view", may_be_nan=True),
    Var("latitude_deg", ("station",), "float64", "deg", "geodetic latitude of the station"),
    Var("longitude_deg", ("station",), "float64", "deg", "longitude of the station, east positive"),
    Var("min_elevation_deg", ("station",), "float64", "deg", "elevation mask of the station"),
    # latency over the Earth: places 5 degrees apart, rows from the south, columns from 180 W; median and share over some moments of the run
    Var("place_latitude_deg", ("place_row",), "float64", "deg", "geodetic latitude of the places of a row"),
    Var("place_longitude_deg", ("place_column",), "float64", "deg", "longitude of the places of a column, east positive"),
    Var("place_user_rtt_ms", ("place_row", "place_column"), "float32", "ms",
        "end-to-end round trip of a user at the place, median over the moments at which one is served; not a number where none is",
        may_be_nan=True),
    Var("place_coverage", ("place_row", "place_column"), "float32", "1", "share of the moments at which a user at the place is served"),
    # links and jobs, every step
    Var("traffic_time", ("traffic_time",), "int64", "ms", "moments at which traffic on links is taken, milliseconds since the epoch"),
    Var("link_utilisation_mean", ("traffic_time",), "float64", "1", "what workloads ask of links over what these carry, mean over both directions "
        "of all links between satellites; jobs at full clock rate", may_be_nan=True),
    Var("link_utilisation_p99", ("traffic_time",), "float64", "1", "99th percentile over the links", may_be_nan=True),
    Var("link_utilisation_max", ("traffic_time",), "float64", "1", "of the busiest link; above 1 it saturates", may_be_nan=True),
    Var("link_traffic_bit_s", ("traffic_time",), "float64", "bit/s", "what workloads ask of all links together, every hop of a message counted"),
    Var("links", ("time",), "float64", "1", "links between satellites that exist at the end of the step"),
    Var("job_mode_fraction", ("job", "mode", "time"), "float64", "1", "share of the step in each mode"),
    Var("job_rate", ("job", "time"), "float64", "1", "job rate: clock rate of the slowest member, at which all run"),
    Var("job_step_s", ("job", "time"), "float64", "s", "duration of a training step; not a number where none runs",
        may_be_nan=True),
    Var("job_communication_fraction", ("job", "time"), "float64", "1", "share of a training step that waits for messages",
        may_be_nan=True),
    Var("job_tokens_per_s", ("job", "time"), "float64", "1/s", "tokens trained that no rollback undid"),
    Var("service_tokens_per_s", ("service", "time"), "float64", "1/s", "output tokens delivered"),
    Var("sensing_images_captured", ("sensing", "time"), "float64", "1", "images captured until the end of the step"),
    Var("sensing_images_arrived", ("sensing", "time"), "float64", "1", "images that reached the ground until the end of the step"),
    Var("sensing_stored_bytes", ("sensing", "time"), "float64", "B", "images and results in the storages at the end of the step"),
    # contract: capacity that is rented for years, empty without one; values over steps of its own
    Var("contract_time", ("contract_time",), "int64", "ms", "end of the step of the contract, milliseconds since the epoch"),
    Var("contract_source", ("contract_source",), "str", "1", "source of capacity: the rented site, then the hedges"),
    Var("contract_case", ("contract_case",), "str", "1", "without hedges, with each, and with all of them"),
    Var("contract_capacity", ("contract_source", "contract_time"), "float64", "1",
        "capacity of a source in the unit of the demand: tokens/s, FLOP/s or accelerators, mean over the step"),
    Var("contract_demand", ("contract_time",), "float64", "1", "demand in its unit, mean over the step"),
    Var("contract_served", ("contract_case", "contract_time"), "float64", "1", "served rate in the unit of the demand, mean over the step"),
    Var("contract_rejected", ("contract_case", "contract_time"), "float64", "1",
        "rejected rate in the unit of the demand, mean over the step"),
    Var("contract_queued", ("contract_case", "contract_time"), "float64", "s",
        "work that waits at the end of the step, in the unit of the demand times seconds"),
    # mission: years of the fleet, empty without one; values over parts of it, quantiles over the replicas, each part by itself
    Var("mission_time", ("mission_time",), "int64", "ms", "end of the part of the mission, milliseconds since the epoch"),
    Var("mission_quantile", ("mission_quantile",), "str", "1", "quantile over the replicas"),
    Var("mission_batch", ("mission_batch",), "str", "1", "satellites that came together: those of the start, then of each launch"),
    Var("mission_useful", ("mission_quantile", "mission_time"), "float64", "FLOP/s", "useful rate of the fleet, mean over the part"),
    Var("mission_useful_replica", ("mission_replica",), "float64", "FLOP", "useful work of each replica over the mission"),
    Var("mission_useful_whole", ("mission_time",), "float64", "FLOP/s", "useful rate of a fleet that ages and of which nothing fails"),
    Var("mission_capacity", ("mission_quantile", "mission_time"), "float64", "1", "rate that satellites could reach over that of all places filled"),
    Var("mission_ettr", ("mission_quantile", "mission_time"), "float64", "1", "share of the time of members in which jobs work; 0 without jobs"),
    Var("mission_tokens", ("mission_quantile", "mission_time"), "float64", "1", "tokens of all workloads since the start"),
    Var("mission_target_met", ("mission_time",), "float64", "1", "share of the replicas whose useful rate is at least the target"),
    Var("mission_age", ("mission_quantile", "mission_time"), "float64", "s", "mean age of the satellites that work; 0 where none does"),
    Var("mission_batch_working", ("mission_batch", "mission_time"), "float64", "1", "satellites of it in their places, mean over the replicas"),
    Var("mission_empty", ("mission_quantile", "mission_time"), "float64", "1", "places without a satellite that could work"),
    Var("mission_spares", ("mission_quantile", "mission_time"), "float64", "1", "spare satellites in the planes"),
    Var("mission_stock", ("mission_quantile", "mission_time"), "float64", "1", "satellites in the parking orbit"),
    Var("mission_ordered", ("mission_quantile", "mission_time"), "float64", "1", "satellites that are ordered or on their way"),
    Var("mission_derelicts", ("mission_quantile", "mission_time"), "float64", "1", "failed satellites that stay in orbit"),
    Var("mission_lost", ("mission_quantile", "mission_time"), "float64", "1", "satellites lost since the start"),
    Var("mission_units_failed", ("mission_quantile", "mission_time"), "float64", "1", "failures of parts of satellites since the start"),
    Var("mission_launches", ("mission_quantile", "mission_time"), "float64", "1", "launches since the start"),
    Var("mission_launched", ("mission_quantile", "mission_time"), "float64", "1", "satellites that launches brought since the start"),
    Var("mission_visits", ("mission_quantile", "mission_time"), "float64", "1", "servicing visits since the start"),
    Var("mission_spent", ("mission_quantile", "mission_time"), "float64", "USD", "spent on replacement since the start, where prices are known"),
    # types of satellites, and the radiation on their orbits: places of equal area, rows from the south pole, columns from 180 W
    Var("satellite_type", ("satellite_type",), "str", "1", "satellite type: its name"),
    Var("map_altitude_m", ("satellite_type",), "float64", "m", "height of its maps, the middle of its orbits, over the radius of the equator",
        may_be_nan=True),
    Var("map_dose_rate_gy_s", ("satellite_type", "map_row", "map_column"), "float32", "Gy/s",
        "dose rate in silicon behind its shielding, over rows of equal height in the sine of the latitude; not a number where orbits are not known",
        may_be_nan=True),
    Var("map_proton_flux_m2_s", ("satellite_type", "map_row", "map_column"), "float32", "1/(m2 s)",
        "protons above 30 MeV outside the satellite, as the dose rate", may_be_nan=True),
    # recorder
    Var("sat_type", ("sat",), "uint8", "1", "type of the recorded satellite, an index into satellite_type"),
    Var("sat_role", ("sat",), "uint8", "1", "the workload it is assigned to at the epoch, an index into: " + ", ".join(ROLES)),
    Var("sat_job", ("sat",), "int64", "1", "its training job, an index into job, at the epoch; -1 without one"),
    Var("sun_direction", ("frame", "axis"), "float64", "1", "unit vector to the Sun, same frame"),
    Var("gmst_rad", ("frame",), "float64", "rad", "turn from that frame to the Earth-fixed one about the pole"),
    # links between recorded satellites and routes from the ground, with the frames in which they exist: from, to before until
    Var("link_a", ("link",), "int64", "1", "number of the satellite at one end"),
    Var("link_b", ("link",), "int64", "1", "number of the satellite at the other end"),
    Var("link_from", ("link",), "int64", "1", "first frame, an index"),
    Var("link_until", ("link",), "int64", "1", "first frame without it, an index"),
    Var("link_utilisation", ("link",), "float32", "1", "mean utilisation of its busier direction at the moments of traffic_time at which it exists",
        may_be_nan=True),
    Var("route_end", ("route",), "int64", "1", "whose route: an index into station, from its length on into pair"),
    Var("route_from", ("route",), "int64", "1", "first frame, an index"),
    Var("route_until", ("route",), "int64", "1", "first frame without it, an index"),
    Var("route_begin", ("route",), "int64", "1", "where its satellites begin in route_satellite"),
    Var("route_satellite", ("hop",), "int64", "1", "satellites of all routes one after the other, from the station on"),
)  # fmt: skip

# Arrays that say which satellite stands where along `sat`, coordinates beside it.
IDENTITY: Final = ("sat_name", "sat_catalogue_number")

# events.parquet: changes of availability that happened, silent errors, and jobs that were planned again. action is lose, restore, derate,
# corrupt or replan; target in words, a job where it is replanned; the range of satellites, null for links, stations and jobs; the fraction of
# the target that the cause leaves, of a job the satellites of its mesh over those of the first mesh; cause: scenario, a random
# process, decay, or plan; name and catalogue number of a single satellite of a file, null else.
EVENT_COLUMNS: Final = (
    "time_s", "time_utc", "action", "target", "satellite", "last_satellite", "remaining_fraction", "cause", "satellite_name",
    "catalogue_number",
)  # fmt: skip
