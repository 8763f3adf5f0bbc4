"""Sites on the ground that every answer stands beside, doing the same work with the same code."""

from sim.baseline.item import read_baseline, site_tree
from sim.baseline.running import run

__all__ = ["read_baseline", "run", "site_tree"]
