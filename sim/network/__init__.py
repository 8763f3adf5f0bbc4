"""Links between satellites: rates, topology, routes. Nothing here reads a scenario."""

# Largest number of satellite pairs whose delays are cached while the same delays are queried again (8 B each).
ALL_PAIRS = 32_000_000

# Lengths and delays that differ by less, relative to their size, are equal, and the lowest number decides: rounding, which
# may differ between processors, is far below.
TIE = 1e-9

LEAST_DELAY_S = 1e-12  # 0.3 mm of light: delays must grow from hop to hop for a route to be traced back from them

UNREACHED_S = 1e30  # delay without a route in compiled code, which knows no infinity
