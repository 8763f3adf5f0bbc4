"""What a scenario may say: pydantic models, text with units at the door, frozen SI floats inside.

The unit of a field is the one its type was made with: lengths in m, angles in rad, energies in J, temperatures in K.
"""

from sim.spec.base import HIGH_M, LOW_M, FieldError, Section
from sim.spec.fleet import Economics, Failures, Fleet, Launch, Recovery, Repair
from sim.spec.jobs import Checkpoint, Inference, LanguageModel, Mesh, Stream, Training, Workload
from sim.spec.links import Links, Terminal
from sim.spec.motion import Activity, Motion
from sim.spec.orbits import (
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
    Tle,
    Upkeep,
    Walker,
    hours,
    parts,
)
from sim.spec.satellite import Accelerator, Array, Attitude, Battery, Bus, Satellite
from sim.spec.scenario import (
    FIRST_DAY,
    LAST_DAY,
    NOT_SIMULATED,
    Environment,
    Event,
    Record,
    Scenario,
    parse_link,
    parse_target,
)
from sim.spec.site import Fabric, Fibre, Site

__all__ = [
    "FILES", "FIRST_DAY", "HIGH_M", "LAST_DAY", "LOW_M", "NOT_SIMULATED", "SSO_HIGH_M", "Accelerator", "Activity", "Array", "Attitude",
    "Battery", "Bus", "Checkpoint", "Cluster", "Constellation", "Economics", "Environment", "Event", "Fabric", "Failures",
    "Fibre", "FieldError", "Fleet", "Ground", "Inference", "LanguageModel", "Lattice", "Launch", "Links", "Mesh", "Motion", "Oem", "Omm", "Record",
    "Recovery", "Repair", "Ring", "Satellite", "Scenario", "Section", "Shorthand", "Site", "Station", "Stream", "Terminal",
    "Tle", "Training", "Upkeep", "Walker", "Workload", "hours", "parse_link", "parse_target", "parts",
]  # fmt: skip
