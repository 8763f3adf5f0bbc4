"""Years of a fleet: days of the run on chosen dates, seeded replicas of failures and replacement, and what they say together."""

from sim.mission.results import attach, replaced, simulate
from sim.mission.study import Study

__all__ = ["Study", "attach", "replaced", "simulate"]
