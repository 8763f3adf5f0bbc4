"""`python -m sim.cli` is the command `dawndusk`."""

from sim.cli.app import main

main()
