"""Why a satellite has no position: the codes that propagators return beside it."""

from __future__ import annotations

from typing import Final

# Those of SGP4's reference code [vallado2006] ...
OK: Final = 0
BAD_ECCENTRICITY: Final = 1
BAD_MEAN_MOTION: Final = 2
BAD_PERTURBED_ECCENTRICITY: Final = 3
BAD_SEMI_LATUS_RECTUM: Final = 4
DECAYED: Final = 6
# ... and those of our own
OUTSIDE: Final = 7
UNDEFINED: Final = 8

MEANINGS: Final = {
    BAD_ECCENTRICITY: "mean eccentricity out of its range",
    BAD_MEAN_MOTION: "mean motion is not above zero",
    BAD_PERTURBED_ECCENTRICITY: "perturbed eccentricity out of its range",
    BAD_SEMI_LATUS_RECTUM: "semi-latus rectum below zero",
    DECAYED: "decayed",
    OUTSIDE: "no part of the ephemeris covers the time",
    UNDEFINED: "no number: deep-space terms are divided by the sine of an inclination of zero",
}

NOWHERE_M: Final = 1e7  # coordinate that stands where there is no position: finite, so that arithmetic goes on
