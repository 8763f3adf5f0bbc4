"""Mass, money, energy and carbon of a fleet in orbit and of a site on the ground: closed forms in plain Python."""
