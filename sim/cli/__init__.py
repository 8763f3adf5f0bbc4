"""The command line interface."""

from sim.cli.process import main

__all__ = ["main"]
