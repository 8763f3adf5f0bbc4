"""Scenario schema: pydantic models that read text with units and hold frozen SI floats.

The unit of a field is the one its type was made with: lengths in m, angles in rad, energies in J, temperatures in K.
"""

from sim.config.schema.accelerator import Accelerator, Radiation
from sim.config.schema.base import HIGH_M, LOW_M, FieldError, Section
from sim.config.schema.battery import Battery, Cell
from sim.config.schema.contract import Contract, Demand, Hedge, LeaseCost, Surge
from sim.config.schema.data_rules import DataRules, Rule
from sim.config.schema.data_volumes import Deliver, Ingest
from sim.config.schema.economics import Economics, Launch
from sim.config.schema.events import (
    ACTIONS,
    CONTRACT_ACTIONS,
    FIRST_DAY,
    LAST_DAY,
    MAINTENANCE_ACTIONS,
    Event,
    EventTarget,
    parse_target,
    plane_blocks,
    plane_satellites,
    relative_time,
    short_form,
)
from sim.config.schema.fleet import Failures, Fleet, Maintenance, Recovery, Repair
from sim.config.schema.ground import Ground, Station
from sim.config.schema.jobs import (
    Checkpoint,
    Elastic,
    Independent,
    Inference,
    Islands,
    LanguageModel,
    Mesh,
    Training,
    Validation,
    Workload,
)
from sim.config.schema.lifetimes import CommonCause, FailureProcess, RateChange, Remedy
from sim.config.schema.links import Links, Modulation, Terminal
from sim.config.schema.mission import Calendar, Mission, Replacement, Servicing, Units
from sim.config.schema.motion import Activity, Motion
from sim.config.schema.orbits import (
    FILES,
    SSO_HIGH_M,
    Cluster,
    Constellation,
    Lattice,
    Oem,
    Omm,
    Ring,
    Shorthand,
    StationKeeping,
    Tle,
    Walker,
    hours,
    parts,
)
from sim.config.schema.propulsion import Disposal, Propulsion
from sim.config.schema.radio import Carriers, Radio, RadioEnd, Telescope
from sim.config.schema.satellite import Array, Attitude, Bus, Policy, Satellite
from sim.config.schema.scenario import (
    Environment,
    Recorder,
    Scenario,
)
from sim.config.schema.sensing import Processing, Sensing, Sensor, Upload
from sim.config.schema.site import Fabric, Fibre, Nodes, Site
from sim.config.schema.terms import Owner, Terms, Withdrawal

__all__ = [
    "ACTIONS",
    "CONTRACT_ACTIONS",
    "FILES",
    "FIRST_DAY",
    "HIGH_M",
    "LAST_DAY",
    "LOW_M",
    "MAINTENANCE_ACTIONS",
    "SSO_HIGH_M",
    "Accelerator",
    "Activity",
    "Array",
    "Attitude",
    "Battery",
    "Bus",
    "Calendar",
    "Carriers",
    "Cell",
    "Checkpoint",
    "Cluster",
    "CommonCause",
    "Constellation",
    "Contract",
    "DataRules",
    "Deliver",
    "Demand",
    "Disposal",
    "Economics",
    "Elastic",
    "Environment",
    "Event",
    "EventTarget",
    "Fabric",
    "FailureProcess",
    "Failures",
    "Fibre",
    "FieldError",
    "Fleet",
    "Ground",
    "Hedge",
    "Independent",
    "Inference",
    "Ingest",
    "Islands",
    "LanguageModel",
    "Lattice",
    "Launch",
    "LeaseCost",
    "Links",
    "Maintenance",
    "Mesh",
    "Mission",
    "Modulation",
    "Motion",
    "Nodes",
    "Oem",
    "Omm",
    "Owner",
    "Policy",
    "Processing",
    "Propulsion",
    "Radiation",
    "Radio",
    "RadioEnd",
    "RateChange",
    "Recorder",
    "Recovery",
    "Remedy",
    "Repair",
    "Replacement",
    "Ring",
    "Rule",
    "Satellite",
    "Scenario",
    "Section",
    "Sensing",
    "Sensor",
    "Servicing",
    "Shorthand",
    "Site",
    "Station",
    "StationKeeping",
    "Surge",
    "Telescope",
    "Terminal",
    "Terms",
    "Tle",
    "Training",
    "Units",
    "Upload",
    "Validation",
    "Walker",
    "Withdrawal",
    "Workload",
    "hours",
    "parse_target",
    "parts",
    "plane_blocks",
    "plane_satellites",
    "relative_time",
    "short_form",
]  # fmt: skip
