"""Years of a fleet: days of the run on chosen dates, seeded replicas of failures and replacement, and what they say together."""

from sim.mission.figures import Study
from sim.mission.results import Years, attach, over_years, replaced, simulate

__all__ = ["Study", "Years", "attach", "over_years", "replaced", "simulate"]
