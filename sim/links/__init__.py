"""Links between satellites: what they carry, which exist, which way is shortest. Knows no scenario."""
