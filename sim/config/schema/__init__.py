"""What a scenario may say: pydantic models, text with units at the door, frozen SI floats inside.

The unit of a field is the one its type was made with: lengths in m, angles in rad, energies in J, temperatures in K.
"""

from sim.config.schema.base import HIGH_M, LOW_M, FieldError, Section
from sim.config.schema.fleet import Economics, Failures, Fleet, Launch, Recovery, Repair
from sim.config.schema.jobs import Checkpoint, Independent, Inference, LanguageModel, Mesh, Training, Workload
from sim.config.schema.links import Links, Terminal
from sim.config.schema.motion import Activity, Motion
from sim.config.schema.orbits import (
    FILES,
    SSO_HIGH_M,
    Cluster,
    Constellation,
    Ground,
    Lattice,
    Oem,
    Omm,
    Ring,
    Shorthand,
    Station,
    StationKeeping,
    Tle,
    Walker,
    hours,
    parts,
)
from sim.config.schema.satellite import Accelerator, Array, Attitude, Battery, Bus, Satellite
from sim.config.schema.scenario import (
    FIRST_DAY,
    LAST_DAY,
    NOT_SIMULATED,
    Environment,
    Event,
    Recorder,
    Scenario,
    parse_link,
    parse_target,
)
from sim.config.schema.site import Fabric, Fibre, Site

__all__ = [
    "FILES",
    "FIRST_DAY",
    "HIGH_M",
    "LAST_DAY",
    "LOW_M",
    "NOT_SIMULATED",
    "SSO_HIGH_M",
    "Accelerator",
    "Activity",
    "Array",
    "Attitude",
    "Battery",
    "Bus",
    "Checkpoint",
    "Cluster",
    "Constellation",
    "Economics",
    "Environment",
    "Event",
    "Fabric",
    "Failures",
    "Fibre",
    "FieldError",
    "Fleet",
    "Ground",
    "Independent",
    "Inference",
    "LanguageModel",
    "Lattice",
    "Launch",
    "Links",
    "Mesh",
    "Motion",
    "Oem",
    "Omm",
    "Recorder",
    "Recovery",
    "Repair",
    "Ring",
    "Satellite",
    "Scenario",
    "Section",
    "Shorthand",
    "Site",
    "Station",
    "StationKeeping",
    "Terminal",
    "Tle",
    "Training",
    "Walker",
    "Workload",
    "hours",
    "parse_link",
    "parse_target",
    "parts",
]  # fmt: skip
