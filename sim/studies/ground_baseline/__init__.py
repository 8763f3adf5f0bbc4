"""Baseline sites on the ground that run the same workloads with the same code."""

from sim.studies.ground_baseline.running import run

__all__ = ["run"]
