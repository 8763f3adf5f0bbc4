"""Links between satellites: rates, topology, routes. Nothing here reads a scenario."""

# Largest number of satellite pairs whose delays are cached while the same delays are queried again (8 B each).
ALL_PAIRS = 32_000_000
