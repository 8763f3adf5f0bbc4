"""View factors between rectangles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.view_factors import parallel_rectangles, perpendicular_rectangles, polygons, rectangle


@pytest.mark.parametrize(
    ("ours", "published"),
    [
        (parallel_rectangles(1.0, 1.0, 1.0), 0.19982), (perpendicular_rectangles(1.0, 1.0, 1.0), 0.20004),
    ],
)  # fmt: skip
def test_unit_squares(ours: float, published: float) -> None:
    """Source of truth: printed to five digits in catalogues of view factors [howell2010]."""
    assert ours == pytest.approx(published, abs=5e-6)


def _monte_carlo(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...], rays: int = 400_000) -> float:
    """Rays from a, by the cosine law, that cross b: centre, half sides u and v, front along u x v."""
    rng = np.random.default_rng(7)
    (c, u, v), (d, p, q) = a, b
    n = np.cross(u, v) / np.linalg.norm(np.cross(u, v))
    e = u / np.linalg.norm(u)
    start = c + rng.uniform(-1, 1, (rays, 1)) * u + rng.uniform(-1, 1, (rays, 1)) * v
    sine2, azimuth = rng.uniform(0, 1, rays), rng.uniform(0, 2.0 * math.pi, rays)
    flat = np.cos(azimuth)[:, None] * e + np.sin(azimuth)[:, None] * np.cross(n, e)
    way = np.sqrt(sine2)[:, None] * flat + np.sqrt(1.0 - sine2)[:, None] * n
    m = np.cross(p, q) / np.linalg.norm(np.cross(p, q))
    facing = way @ m
    with np.errstate(divide="ignore"):
        t = ((d - start) @ m) / facing
    hit = start + t[:, None] * way - d
    inside = (np.abs(hit @ p) <= p @ p) & (np.abs(hit @ q) <= q @ q) & (t > 0.0) & (facing < 0.0)
    return float(inside.mean())


@pytest.mark.parametrize("seed", range(12))
def test_rectangles_in_any_position_against_rays(seed: int) -> None:
    """Source of truth: 400,000 rays: five standard deviations. Rectangles cut each other's planes in most cases."""
    rng = np.random.default_rng(seed)

    def plate(centre: np.ndarray, towards: np.ndarray) -> tuple[np.ndarray, ...]:
        n = towards / np.linalg.norm(towards) + 0.8 * rng.normal(size=3) / 1.7
        n /= np.linalg.norm(n)
        u = np.cross(n, rng.normal(size=3))
        u /= np.linalg.norm(u)
        return centre, u * rng.uniform(0.3, 2.0), np.cross(n, u) * rng.uniform(0.3, 2.0)

    gap = rng.normal(size=3) * 1.5
    a, b = plate(np.zeros(3), gap), plate(gap, -gap)
    ours, rays = polygons(rectangle(*a), rectangle(*b)), _monte_carlo(a, b)
    assert ours == pytest.approx(rays, abs=5.0 * math.sqrt(max(rays, 1e-5) / 400_000))


def test_reciprocity_and_closed_box() -> None:
    """Source of truth: A1 F12 = A2 F21; the factors from one face of a box to the five others add to one. 1e-7 of quadrature."""
    x, y, z = np.eye(3)
    w, d, h = 2.0, 3.0, 0.7
    faces = [
        rectangle(np.zeros(3) - h / 2 * z, w / 2 * x, d / 2 * y), rectangle(h / 2 * z, w / 2 * y * d / w, w / 2 * x),
        rectangle(-w / 2 * x, d / 2 * y, h / 2 * z), rectangle(w / 2 * x, h / 2 * z, d / 2 * y),
        rectangle(-d / 2 * y, h / 2 * z, w / 2 * x), rectangle(d / 2 * y, w / 2 * x, h / 2 * z),
    ]  # fmt: skip
    areas = [w * d, w * d, d * h, d * h, w * h, w * h]
    factors = np.array([[polygons(a, b) if a is not b else 0.0 for b in faces] for a in faces])
    assert factors.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-6)
    exchange = np.array(areas)[:, None] * factors
    assert exchange == pytest.approx(exchange.T, abs=1e-6)
    assert factors[0, 1] == pytest.approx(parallel_rectangles(w, d, h), abs=1e-9)
    assert factors[0, 4] == pytest.approx(perpendicular_rectangles(w, d, h), abs=1e-7)


def test_far_apart_it_is_the_product_of_cosines() -> None:
    """Source of truth: A cos cos / (pi d^2), to the square of size over distance: 1e-4 at a hundredth."""
    a = rectangle(np.zeros(3), np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.5, 0.0]))
    b = rectangle(np.array([60.0, 0.0, 80.0]), np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    assert polygons(a, b) == pytest.approx(4.0 * 0.8 * 0.8 / (math.pi * 1e4), rel=5e-4)


def test_backs_see_nothing() -> None:
    """Source of truth: a front emits into its own half-space only."""
    a = rectangle(np.zeros(3), np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.5, 0.0]))
    b = rectangle(np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.0, 0.0]), np.array([0.0, -0.5, 0.0]))
    assert polygons(a, b) > 0.1
    assert polygons(a, b[::-1]) == polygons(a[::-1], b) == 0.0
