"""Calls to the compiled functions behind windows over stations, for twin_cases."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from orbit.access import station_rows
from orbit.ground import Station, horizon, in_teme, masks, position_m, zenith
from orbit.kernels import access, mask_windows, visibility, window_refinement
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid, julian_date

# what find_windows and cut_windows are made of: each of them is passed on the way to their results
SEARCH = (
    "_survey", "_bound", "_search", "_sample", "_mark", "_runs", "_walk", "_peep", "_dip", "_higher", "_push_top", "_push_edge",
    "find_windows", "push", "window_refinement.turn", "window_refinement.settle", "_settle_edges", "_settle_tops", "_coefficients", "_halve_edge", "_halve_top",
)  # fmt: skip
CUTS = ("_view", "mask_windows._edge", "_turn", "_write", "_cut", "cut_windows")
COMPARED = [
    window_refinement.W_STATION, window_refinement.W_SATELLITE, window_refinement.W_RISE, window_refinement.W_SET,
    window_refinement.W_SINE, window_refinement.W_FLAGS,
]  # fmt: skip


def calls() -> Iterator[tuple[str, np.ndarray]]:
    """Times of culminations are left out: where they are bracketed, they are known to half of the digits."""
    grid = TimeGrid(*julian_date(datetime(2026, 12, 21, tzinfo=UTC)), 60.0, 200)
    fleet = CircularJ2(walker(550e3, 1.2, 1, 3, 0.0, 2.0 * math.pi), grid)
    sites = [Station(f"{k}", 0.9 - 0.3 * k, 0.5 * k, 0.0, e) for k, e in enumerate((0.0, 0.3, 0.6, 1.0))]
    sites += [replace(sites[0], mask_rad=((0.0, 0.1), (1.0, 0.5), (4.0, 0.0))), replace(sites[0], max_range_m=1.3e6)]
    r_m, rows = np.empty((201, 3, 3)), np.empty((3, 3, 201))
    fleet.fill(0, 3, 0, r_m)
    turn = np.ascontiguousarray(in_teme(np.eye(3), *grid.jd_fr(0, 201)))
    access.lay_rows(r_m, turn, 0, rows)
    yield "lay_rows", rows
    stations, valid, out = station_rows(sites), np.full(3, 200), np.zeros((window_refinement.WINDOW_ROWS, 400))
    _, count = access.find_windows(rows, valid, np.array([0, 200]), 0.0, 60.0, stations, 0, out)
    assert count > 10
    for name in SEARCH:
        yield name, out[COMPARED, :count].T
    sines, found = out[window_refinement.W_SINE, :count].copy(), np.empty(count)
    window_refinement.elevations(sines, found)
    yield "elevations", found
    table, parts = masks(sites), np.zeros_like(out)
    reach_m, per_tick = np.array([1e15] * 5 + [1.3e6]), np.array([0, 0, 0, 0, 12, 6])
    cut = mask_windows.cut_windows(
        rows, valid, 0, 60.0, stations, table.first, table.table, reach_m, per_tick, out[:, :count].copy(), parts
    )
    for name in CUTS:
        yield name, parts[COMPARED, :cut].T
    coefficients = window_refinement.quintic(1.0, 3.0, -2.0, 5.0, 0.5, 0.25)
    yield "quintic", np.array(coefficients)
    yield "poly", np.array([window_refinement.poly(coefficients, x) for x in (-1.3, 0.0, 0.4, 2.2)])
    yield "stencil", np.array([window_refinement.stencil(n, 10) for n in range(11)], dtype=np.float64)
    yield (
        "azimuth_rad",
        np.array([visibility.azimuth_rad(n, e) for n, e in ((1.0, 0.1), (-1.0, 0.2), (-1.0, -0.2), (1.0, -0.1))]),
    )
    mask = np.array([[0.5, 1.0, 4.0], [0.1, 0.5, 0.0]])
    yield "mask_elevation", np.array([visibility.mask_elevation(a, mask, 0, 3) for a in (0.0, 0.5, 0.8, 3.0, 4.0, 6.0)])
    yield from _sight(sites, r_m, turn, table)


def _sight(
    sites: list[Station], r_m: np.ndarray, turn: np.ndarray, table: visibility.Masks
) -> Iterator[tuple[str, np.ndarray]]:
    """Sight over masks, of stations that see something at some of the ticks."""
    at, up, north = (
        np.ascontiguousarray(np.einsum("kij,si->ksj", turn, np.array([f(s) for s in sites])))
        for f in (position_m, zenith, lambda s: horizon(s)[0])
    )
    best = np.full((201, len(sites)), visibility.OUT_OF_SIGHT_M2)
    visibility.nearest_over_mask(r_m, np.ones((1, 3)), at, up, north, *table, best)
    k = int(np.argmin(best[:, 4]))
    assert best[k, 4] < visibility.OUT_OF_SIGHT_M2
    yield "nearest_over_mask", np.where(best < visibility.OUT_OF_SIGHT_M2, best, 0.0)
    slants = np.zeros((len(sites), 3))
    visibility.slants_over_mask(r_m[k], at[k], up[k], north[k], *table, np.full(len(sites), 1e15), slants)
    yield "slants_over_mask", np.where(slants < visibility.OUT_OF_SIGHT_M, slants, 0.0)
    yield "_over_mask", (slants[4] < visibility.OUT_OF_SIGHT_M).astype(np.float64)
