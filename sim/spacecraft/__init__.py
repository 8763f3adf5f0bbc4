"""One satellite, one step: attitude, array, battery, compute, thermal network, and the loop that composes them."""
