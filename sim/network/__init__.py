"""Links between satellites: what they carry, which exist, which way is shortest. Knows no scenario."""

ALL_PAIRS = 32_000_000  # delays between all satellites that are kept while many ways of one moment are looked up
