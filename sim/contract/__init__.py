"""Capacity that is rented for years, what its loss costs, and what hedges against it are worth."""

from sim.contract.results import attach

__all__ = ["attach"]
