"""Checks that need more than one field: is this a scenario one can run, and does it fit the machine?

They load neither numpy nor numba: `validate` is instant.
"""

from sim.config.validation.basics import STALE_D, radiator_time_constant_s
from sim.config.validation.earth import orientation_status
from sim.config.validation.feasibility import design_notes
from sim.config.validation.isolation import isolation_message
from sim.config.validation.registry import check_scenario, notes
from sim.config.validation.run_time import START_S
from sim.config.validation.shells import cross_plane_slots, numbered_shells, separations_m
from sim.config.validation.sizes import Size, available_bytes, recorder_plan, size
from sim.config.validation.topologies import fixed_pairs

__all__ = [
    "STALE_D",
    "START_S",
    "Size",
    "available_bytes",
    "check_scenario",
    "cross_plane_slots",
    "design_notes",
    "fixed_pairs",
    "isolation_message",
    "notes",
    "numbered_shells",
    "orientation_status",
    "radiator_time_constant_s",
    "recorder_plan",
    "separations_m",
    "size",
]
