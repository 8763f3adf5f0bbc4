"""`python -m sim.cli` is the command `dawndusk`."""

from sim.cli.process import main

main()
