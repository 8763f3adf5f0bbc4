"""When the Sun's disc meets the Earth's limb, between ticks and round a circular orbit."""

from __future__ import annotations

import math

from orbit.kernels.compile import Floats, inlined, kernel
from orbit.kernels.shadow import lit_fraction, shadow_edge

NODES = 8  # ticks that a polynomial of position goes through; the middle two are 0 and 1
FIRST_NODE = -3
_PENUMBRA_SAMPLES = 64
_HALVINGS = 50


@kernel
def shadow_edges(r_m: Floats, sun_m: Floats, sun_radius_m: float, out: Floats) -> None:
    """`shadow_edge` of r_m[time, 3, lane] under sun_m[time, 3] [m], to out[time, lane]."""
    for k in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[k, i] = shadow_edge(
                r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i], sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], sun_radius_m
            )


@inlined
def _between(nodes: Floats, event: int, row: int, u: float) -> float:
    """Value at u ticks after node 0 of the polynomial through nodes[event, node, row], by Lagrange."""
    total = 0.0
    for j in range(NODES):
        weight = 1.0
        for m in range(NODES):
            weight = weight * ((u - (m + FIRST_NODE)) / (j - m) if m != j else 1.0)
        total = total + weight * nodes[event, j, row]
    return total


@inlined
def _edge_between(nodes: Floats, event: int, u: float, sun_radius_m: float) -> float:
    return shadow_edge(
        _between(nodes, event, 0, u), _between(nodes, event, 1, u), _between(nodes, event, 2, u),
        _between(nodes, event, 3, u), _between(nodes, event, 4, u), _between(nodes, event, 5, u), sun_radius_m,
    )  # fmt: skip


@kernel
def refine_crossings(nodes: Floats, low: Floats, high: Floats, level: Floats, sun_radius_m: float, out: Floats) -> None:
    """Where the edge crosses level[event] between low and high [ticks after node 0], by halving, to out[event].

    nodes[event, node, 6]: position and Sun [m] at the ticks FIRST_NODE, ... The edge is on different sides of the level
    at low and high.
    """
    for e in range(out.size):
        a, b = low[e], high[e]
        above = _edge_between(nodes, e, a, sun_radius_m) > level[e]
        for _ in range(_HALVINGS):
            middle = 0.5 * (a + b)
            same = (_edge_between(nodes, e, middle, sun_radius_m) > level[e]) == above
            a = middle if same else a
            b = b if same else middle
        out[e] = 0.5 * (a + b)


@kernel
def refine_lowest(nodes: Floats, sun_radius_m: float, out_u: Floats, out_edge: Floats) -> None:
    """Lowest edge within a tick of node 0 by golden section: when [ticks after node 0] and how low."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    for e in range(out_u.size):
        a, b = -1.0, 1.0
        for _ in range(_HALVINGS):
            left, right = b - ratio * (b - a), a + ratio * (b - a)
            lower = _edge_between(nodes, e, left, sun_radius_m) < _edge_between(nodes, e, right, sun_radius_m)
            a = a if lower else left
            b = right if lower else b
        out_u[e] = 0.5 * (a + b)
        out_edge[e] = _edge_between(nodes, e, out_u[e], sun_radius_m)


@inlined
def _edge_on_circle(a_m: float, beta_rad: float, angle_rad: float, sun_distance_m: float, sun_radius_m: float) -> float:
    """Edge on a circle, the angle counted from the point farthest from the Sun."""
    x, y = -a_m * math.cos(angle_rad) * math.cos(beta_rad), a_m * math.sin(angle_rad)
    z = a_m * math.cos(angle_rad) * math.sin(beta_rad)
    return shadow_edge(x, y, z, sun_distance_m, 0.0, 0.0, sun_radius_m)


@inlined
def _angle_below(level: float, a_m: float, beta_rad: float, sun_distance_m: float, sun_radius_m: float) -> float:
    """Angle from the deepest point at which the edge rises above a level, 0 if it is above already."""
    low, high = 0.0, 0.5 * math.pi
    deep = _edge_on_circle(a_m, beta_rad, 0.0, sun_distance_m, sun_radius_m) < level
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = _edge_on_circle(a_m, beta_rad, middle, sun_distance_m, sun_radius_m) < level
        low = middle if below else low
        high = high if below else middle
    return low if deep else 0.0


@kernel
def circle_shade(a_m: float, beta_rad: Floats, sun_distance_m: Floats, sun_radius_m: float, out: Floats) -> None:
    """Shade of a circular orbit of radius a_m under each beta and distance of the Sun [m].

    out[0]: share of the light that is lost; out[1]: share of the revolution with any shade; out[2]: edge at the deepest
    point, in solar radii.
    """
    for k in range(beta_rad.size):
        beta, sun = beta_rad[k], sun_distance_m[k]
        umbra = _angle_below(-1.0, a_m, beta, sun, sun_radius_m)
        shade = _angle_below(1.0, a_m, beta, sun, sun_radius_m)
        width = (shade - umbra) / _PENUMBRA_SAMPLES
        lost = umbra
        for j in range(_PENUMBRA_SAMPLES):
            lost = lost + width * (
                1.0 - lit_fraction(_edge_on_circle(a_m, beta, umbra + (j + 0.5) * width, sun, sun_radius_m))
            )
        out[0, k] = lost / math.pi
        out[1, k] = shade / math.pi
        out[2, k] = _edge_on_circle(a_m, beta, 0.0, sun, sun_radius_m)
