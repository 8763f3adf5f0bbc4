"""Status codes that propagators return beside positions: why a satellite has no position."""

from __future__ import annotations

from typing import Final

# Those of SGP4's reference code [vallado2006] ...
OK: Final = 0
BAD_ECCENTRICITY: Final = 1  # mean eccentricity out of its range
BAD_MEAN_MOTION: Final = 2  # not above zero
BAD_PERTURBED_ECCENTRICITY: Final = 3
BAD_SEMI_LATUS_RECTUM: Final = 4
DECAYED: Final = 6
# ... and further ones
OUTSIDE: Final = 7  # no part of an ephemeris covers the time
UNDEFINED: Final = 8  # no number: deep-space terms are divided by the sine of an inclination of zero

NOWHERE_M: Final = 1e7  # coordinate used where there is no position; finite, so that later arithmetic is
