"""One file per subsystem: frozen parameters, scalar physics of one satellite and one step, a record."""
