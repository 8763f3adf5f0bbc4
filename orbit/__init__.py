"""Where everything is: time, orbits, Sun, shadow, ground stations."""
