"""Questions that take more than one run: sweeps and comparisons."""
