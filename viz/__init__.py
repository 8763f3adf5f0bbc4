"""Reports and figures of a results folder. Reads results only; needs no internet connection."""
