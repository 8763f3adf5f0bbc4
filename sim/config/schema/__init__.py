"""Scenario schema: pydantic models that read text with units and hold frozen SI floats.

The unit of a field is the one its type was made with: lengths in m, angles in rad, energies in J, temperatures in K.
"""

from sim.config.schema.base import HIGH_M, LOW_M, FieldError, Section
from sim.config.schema.contract import Contract, Demand, Hedge, LeaseCost, Surge
from sim.config.schema.data_rules import DataRules, Rule
from sim.config.schema.economics import Economics, Launch
from sim.config.schema.events import (
    ACTIONS,
    CONTRACT_ACTIONS,
    FIRST_DAY,
    LAST_DAY,
    Event,
    EventTarget,
    parse_target,
    plane_blocks,
    plane_satellites,
    relative_time,
    short_form,
)
from sim.config.schema.fleet import Failures, Fleet, Recovery, Repair
from sim.config.schema.jobs import Checkpoint, Independent, Inference, Islands, LanguageModel, Mesh, Training, Workload
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
    NOT_SIMULATED,
    Environment,
    Recorder,
    Scenario,
)
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
    "Contract",
    "DataRules",
    "Demand",
    "Economics",
    "Environment",
    "Event",
    "EventTarget",
    "Fabric",
    "Failures",
    "Fibre",
    "FieldError",
    "Fleet",
    "Ground",
    "Hedge",
    "Independent",
    "Inference",
    "Islands",
    "LanguageModel",
    "Lattice",
    "Launch",
    "LeaseCost",
    "Links",
    "Mesh",
    "Motion",
    "Nodes",
    "Oem",
    "Omm",
    "Owner",
    "Recorder",
    "Recovery",
    "Repair",
    "Ring",
    "Rule",
    "Satellite",
    "Scenario",
    "Section",
    "Shorthand",
    "Site",
    "Station",
    "StationKeeping",
    "Surge",
    "Terminal",
    "Terms",
    "Tle",
    "Training",
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
