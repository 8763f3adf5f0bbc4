"""Baseline sites on the ground that run the same workloads with the same code."""

from sim.ground_baseline.running import run, run_tree

__all__ = ["run", "run_tree"]
