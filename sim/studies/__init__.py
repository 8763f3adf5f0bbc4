"""Questions that take more than one run: sweeps, comparisons, causes removed and inputs enlarged."""
