"""Scalar, inlined physics and the loops over them: numpy, numba and orbit.constants only."""
