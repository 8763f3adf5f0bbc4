"""The Earth's shadow as a cone with a continuous lit fraction, and its mean over a step.

The Sun's disc is cut by the Earth's limb. `shadow_edge` measures the cut in solar radii: +1 and above is full
sunlight, -1 and below is umbra. Near the limb this is a smooth function of time, so its mean over a step follows from
its values at three ticks, without sampling inside the step.
"""

from __future__ import annotations

import math

from orbit.constants import EARTH_RADIUS_M, SUN_RADIUS_M
from orbit.kernels.compile import inlined
from orbit.kernels.simd import arc


@inlined
def shadow_edge(x: float, y: float, z: float, sun_x: float, sun_y: float, sun_z: float, sun_radius_m: float) -> float:
    """Distance of the Sun's centre from the Earth's limb, seen from the satellite, in solar radii.

    x, y, z and sun_* [m], Earth-centred, same frame. Exact in sign; exact in size where it matters (within a few
    solar radii of the limb), where the sine of the small angle replaces the angle.
    """
    # d satellite to Sun, c angle between Sun and Earth centre, e angular radius of the Earth [montenbruck2000:3.4.2]:
    # (sin c cos e - cos c sin e) d, with d cos c = -(d . r) / r and sin e = R / r; one root for both sines and cosines
    dx, dy, dz = sun_x - x, sun_y - y, sun_z - z
    d2, r2 = dx * dx + dy * dy + dz * dz, x * x + y * y + z * z
    along = dx * x + dy * y + dz * z
    above2 = max(0.0, r2 - EARTH_RADIUS_M * EARTH_RADIUS_M)
    across = math.sqrt(max(0.0, d2 * r2 - along * along) * above2)
    return (across + along * EARTH_RADIUS_M) / (r2 * sun_radius_m)


@inlined
def lit_fraction(edge: float) -> float:
    """Visible fraction of the solar disc, for a limb that is straight across the disc.

    The limb's curvature over the Sun's half degree changes this by 0.0005 in low orbit and by less than 0.004 up to
    40,000 km.
    """
    s = min(1.0, max(-1.0, edge))
    w = math.sqrt(1.0 - s * s)
    return 0.5 + (arc(s, w) + s * w) * (1.0 / math.pi)


@inlined
def _lit_integral(edge: float) -> float:
    """Integral of lit_fraction from -infinity to edge, closed form."""
    s = min(1.0, max(-1.0, edge))
    w = math.sqrt(1.0 - s * s)
    return 0.5 * s + (s * arc(s, w) + w - w * w * w * (1.0 / 3.0)) * (1.0 / math.pi) + max(0.0, edge - 1.0)


@inlined
def mean_between(edge0: float, edge1: float) -> float:
    """Mean lit fraction while the edge moves evenly from edge0 to edge1."""
    span = edge1 - edge0
    still = abs(span) < 1e-5
    moving = (_lit_integral(edge1) - _lit_integral(edge0)) / (1.0 if still else span)
    # of an edge that hardly moves: the mean of both ends, good to 1e-8; their arc sines are those of the integrals
    return 0.5 * (lit_fraction(edge0) + lit_fraction(edge1)) if still else moving


@inlined
def quarter_edges(edge_before: float, edge_start: float, edge_end: float) -> tuple[float, float, float]:
    """Edges at the quarters of a step, on the parabola through the ticks before it, at its start and at its end.

    For steps up to 60 s the parabola is within 0.004 solar radii.
    """
    half_slope = 0.5 * (edge_end - edge_before)
    half_curve = 0.5 * (edge_end - 2.0 * edge_start + edge_before)
    e1 = edge_start + 0.25 * (half_slope + 0.25 * half_curve)
    e2 = edge_start + 0.5 * (half_slope + 0.5 * half_curve)
    e3 = edge_start + 0.75 * (half_slope + 0.75 * half_curve)
    return e1, e2, e3


@inlined
def outside_penumbra(edge_before: float, edge_start: float, edge_end: float) -> tuple[float, float]:
    """Lit fraction of a step that is all sunlight or all umbra, and 1.0 where it is neither, else 0.0."""
    e1, e2, e3 = quarter_edges(edge_before, edge_start, edge_end)
    lowest = min(min(edge_start, edge_end), min(e1, min(e2, e3)))
    highest = max(max(edge_start, edge_end), max(e1, max(e2, e3)))
    lit = 1.0 if lowest >= 1.0 else 0.0
    return lit, 1.0 if lowest < 1.0 and highest > -1.0 else 0.0


@inlined
def mean_in_penumbra(edge_before: float, edge_start: float, edge_end: float) -> float:
    """Mean lit fraction over a step that touches the penumbra: straight over each quarter, where the integral is exact."""
    e1, e2, e3 = quarter_edges(edge_before, edge_start, edge_end)
    total = mean_between(edge_start, e1) + mean_between(e1, e2) + mean_between(e2, e3) + mean_between(e3, edge_end)
    return min(1.0, max(0.0, 0.25 * total))


@inlined
def mean_lit_fraction(edge_before: float, edge_start: float, edge_end: float) -> float:
    """Mean lit fraction over a step, from the edges one tick before it, at its start and at its end."""
    lit, penumbra = outside_penumbra(edge_before, edge_start, edge_end)
    return mean_in_penumbra(edge_before, edge_start, edge_end) if penumbra > 0.0 else lit


SUN_DISC_M = SUN_RADIUS_M  # the radius to pass for the real Sun
POINT_SUN_M = 1.0  # a Sun of this radius casts a cylinder: rays from 1 au are parallel to 0.01 deg
