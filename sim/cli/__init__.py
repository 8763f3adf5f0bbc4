"""The command line."""

from sim.cli.app import main

__all__ = ["main"]
