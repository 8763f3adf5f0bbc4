"""The command line interface."""

from sim.cli.app import main

__all__ = ["main"]
