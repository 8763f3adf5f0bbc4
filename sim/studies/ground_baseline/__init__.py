"""Sites on the ground that every answer stands beside, doing the same work with the same code."""

from sim.studies.ground_baseline.running import run

__all__ = ["run"]
