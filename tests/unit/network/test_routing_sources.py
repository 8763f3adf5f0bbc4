"""Least delays from many sources at once against Dijkstra's algorithm in scipy, to the last bit; and the machine code of rows."""

from __future__ import annotations

import re

import numba
import numpy as np
import pytest
from numba import boolean, float32, float64, int32, int64, types
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.network import routing, routing_moments, routing_sources
from sim.network.routing import Graph
from sim.network.routing_sources import Seeds, SourceGraph, rows_for, seeds_in_view
from sim.network.row_relaxation import LANES, Tables, block_starts
from sim.network.topology import grid_pairs

Ends = tuple[np.ndarray, np.ndarray]


def _random(seed: int, count: int, links: int) -> Ends:
    """Links at random; with few of them many satellites have none."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, count, (2, links))
    pairs = np.unique(np.sort(np.stack((a, b))[:, a != b], axis=0), axis=1)
    return pairs[0], pairs[1]


def _by_scipy(count: int, ends: Ends, delay_s: np.ndarray, seed_s: np.ndarray) -> np.ndarray:
    """Dijkstra's algorithm over the links that exist, from sources numbered after the satellites."""
    on = np.isfinite(delay_s)
    a, b, delay_s = ends[0][on], ends[1][on], delay_s[on]
    source, node = np.nonzero(np.isfinite(seed_s))
    rows, columns = np.concatenate((a, b, count + source)), np.concatenate((b, a, node))
    size = count + seed_s.shape[0]
    matrix = csr_array((np.concatenate((delay_s, delay_s, seed_s[source, node])), (rows, columns)), shape=(size, size))
    return np.asarray(dijkstra(matrix, indices=np.arange(count, size))[:, :count])


def _case(seed: int, count: int, links: int, sources: int, missing: float) -> tuple[np.ndarray, np.ndarray]:
    """Delays, some links missing, and sparse seeds; the last source has none."""
    rng = np.random.default_rng(seed)
    delay_s = rng.uniform(1e-3, 2e-2, links)
    delay_s[rng.uniform(size=links) < missing] = np.inf
    seed_s = np.where(rng.uniform(size=(sources, count)) < 0.1, rng.uniform(1e-4, 1e-2, (sources, count)), np.inf)
    seed_s[-1] = np.inf
    return delay_s, seed_s


CASES = [
    (60, _random(1, 60, 80), None, 3, 0.0), (60, _random(2, 60, 40), None, LANES, 0.3), (300, _random(3, 300, 1800), None, 2 * LANES, 0.1),
    (120, grid_pairs(12, 10, (9,) * 12), [(0, 12, 10)], LANES + 1, 0.0), (120, grid_pairs(12, 10, (9,) * 11), [(0, 12, 10)], 1, 0.1),
    (990, grid_pairs(30, 33, (2,) * 30), [(0, 30, 33)], 9 * LANES + 5, 0.3), (7, grid_pairs(1, 7), None, 2, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("count", "ends", "grids", "sources", "missing"), CASES)
def test_many_sources_equal_single_ones(
    count: int, ends: Ends, grids: list[tuple[int, int, int]] | None, sources: int, missing: float
) -> None:
    """Source of truth: scipy's Dijkstra with the missing links left out: the same bits, with planes, without, and numbered anew."""
    delay_s, seed_s = _case(7, count, ends[0].size, sources, missing)
    graph = Graph(count, *ends, None if grids is None else block_starts(count, grids))
    expected_s, seeds = _by_scipy(count, ends, delay_s, seed_s), seeds_in_view(seed_s)
    assert np.array_equal(graph.reach_sources(delay_s, seeds), expected_s)
    assert np.isinf(expected_s[-1]).all()
    out = rows_for(count, sources)
    again = graph.reach_sources(delay_s, seeds, out=out)
    assert np.shares_memory(again, out)
    assert np.array_equal(again, expected_s)
    renumbered = np.random.default_rng(1).permutation(count)
    mixed = np.sort(renumbered[np.stack(ends)], axis=0)
    found_s = Graph(count, *mixed).reach_sources(delay_s, seeds._replace(node=renumbered[seeds.node]))
    assert np.array_equal(found_s[:, renumbered], expected_s)


def test_a_zigzag_inside_a_block_needs_many_rounds() -> None:
    """Source of truth: by hand: one block of 32 satellites in a chain of random order, 1 s a link: no neighbour asks for another visit."""
    order = np.random.default_rng(8).permutation(32)
    ends = np.sort(np.stack((order[:-1], order[1:])), axis=0)
    sort = np.lexsort((ends[1], ends[0]))
    seeds = Seeds(1, np.zeros(1, np.int64), order[:1], np.zeros(1))
    graph = Graph(32, ends[0][sort], ends[1][sort])
    assert graph.reach_sources(np.ones(31), seeds)[0, order].tolist() == list(range(32))
    assert graph._sources is not None
    assert graph._sources._tables.start.tolist() == [0, 32]
    assert graph._sources.least_s(np.ones(31), seeds, rows_for(32, 1), visits=31)[0, order[-1]] == 31.0


def test_both_ways_to_search_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: scipy's Dijkstra; rows for a grid, also one numbered at random, and Dijkstra where rows need too many visits."""
    ends = grid_pairs(30, 33, (2,) * 30)
    delay_s, seed_s = _case(3, 990, ends[0].size, 12, 0.0)
    expected_s, seeds = _by_scipy(990, ends, delay_s, seed_s), seeds_in_view(seed_s)
    called: list[int] = []
    of_scipy = SourceGraph._by_dijkstra
    monkeypatch.setattr(SourceGraph, "_by_dijkstra", lambda *given: called.append(1) or of_scipy(*given))
    by_planes, by_blocks = Graph(990, *ends, block_starts(990, [(0, 30, 33)])), Graph(990, *_random(4, 990, 4000))
    assert np.array_equal(by_planes.reach_sources(delay_s, seeds), expected_s)
    assert by_planes._sources is not None
    assert by_planes._sources._number is None
    assert not called
    assert np.array_equal(by_planes._sources.least_s(delay_s, seeds, rows_for(990, 12), visits=1), expected_s)
    assert called == [1]
    by_blocks.reach_sources(np.ones(by_blocks.links), seeds)
    assert by_blocks._sources is not None
    assert by_blocks._sources._number is not None


def test_single_precision() -> None:
    """Source of truth: double precision. A route of n links rounds n + 1 times, each by 2^-24 of the delay so far, and its length and
    that of the others twice more; a shorter route may look longer by as much."""
    count, ends = 990, grid_pairs(30, 33, (2,) * 30)
    delay_s, seed_s = _case(5, count, ends[0].size, 40, 0.1)
    graph = Graph(count, *ends, block_starts(count, [(0, 30, 33)]))
    seeds = seeds_in_view(seed_s)
    double_s, single_s = graph.reach_sources(delay_s, seeds), graph.reach_sources(delay_s, seeds, np.float32)
    assert single_s.dtype == np.float32
    routed = np.isfinite(double_s)
    assert np.array_equal(routed, np.isfinite(single_s))
    most_links = double_s[routed].max() / 1e-3  # no link is shorter
    bound_s = (most_links + 2.0) * 2.0**-24 * double_s[routed].max()
    off_s = np.abs(single_s[routed] - double_s[routed]).max()
    assert 0.0 < off_s < bound_s


def test_corner_cases() -> None:
    """Source of truth: by hand: one satellite; no links; a link of no length is raised to a picosecond; seeds given twice."""
    none = np.empty(0, np.int64)
    one = Seeds(3, np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([2.0, 5.0, 3.0]))
    assert Graph(1, none, none).reach_sources(np.empty(0), one).tolist() == [[2.0], [3.0], [np.inf]]
    assert Graph(2, none, none).reach_sources(np.empty(0), one).tolist() == [[2.0, np.inf], [3.0, np.inf], [np.inf, np.inf]]
    graph = Graph(3, np.array([0, 1]), np.array([1, 2]))
    found = graph.reach_sources(np.array([0.0, np.inf]), Seeds(1, np.array([0]), np.array([1]), np.array([0.5])))
    assert found[0, 0] == 0.5 + 1e-12
    assert found[0, 1:].tolist() == [0.5, np.inf]
    assert graph.reach_sources(np.ones(2), Seeds(0, none, none, np.empty(0))).shape == (0, 3)
    cut = SourceGraph(np.array([0, 1]), np.array([1, 0]), np.zeros(2, np.int64), 2, 1, np.array([0]))
    nothing = Seeds(1, np.array([0]), np.array([1]), np.array([np.inf]))
    assert np.isinf(cut.least_s(np.ones(1), nothing, rows_for(2, 1), visits=0)).all()


def test_routes_between_satellites_use_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the routes from searches one by one: the same links."""
    ends = grid_pairs(12, 10, (9,) * 12)
    delay_s = np.random.default_rng(2).uniform(1e-3, 2e-2, ends[0].size)
    src, dst = (x.ravel() for x in np.meshgrid(np.arange(120), np.arange(0, 120, 7), indexing="ij"))
    together = Graph(120, *ends, block_starts(120, [(0, 12, 10)])).paths(delay_s, src, dst)
    monkeypatch.setattr(routing, "MANY", 10**9)
    apart = Graph(120, *ends).paths(delay_s, src, dst)
    assert all(np.array_equal(one, other) for one, other in zip(together, apart, strict=True))


def _machine_code(kernel: object, signature: tuple[object, ...], flags: set[str]) -> str:
    fresh = numba.njit(nogil=True, fastmath=flags, error_model="numpy")(kernel.py_func)  # type: ignore[attr-defined]
    fresh.compile(signature)
    return "\n".join(fresh.inspect_asm().values())


@pytest.mark.parametrize(
    ("kernel", "number"), [("moments", float64), ("sources", float64), ("sources", float32)], ids=("moments", "double", "single")
)
def test_rows_are_wide_vectors(widest: str, kernel: str, number: object) -> None:
    """Source of truth: the machine code: sums and minima of sixteen delays, in the widest registers, for all four links and for two."""
    ints, long = int32[::1], int64[::1]
    tables = types.NamedTuple((ints,) * len(Tables._fields), Tables)
    row = types.Array(number, 2, "C", aligned=True)
    if kernel == "moments":
        bits, cube = int64[:, ::1], int64[:, :, ::1]
        of, given = routing_moments._least_delays, (cube, bits, tables, row, bits, row, bits, boolean[::1], cube)
    else:
        flat = types.Array(number, 1, "C", aligned=True)
        of, given = routing_sources._settle_sources, (row, flat, tables, long, long, long, flat, boolean[::1], int64)
    assembly = _machine_code(of, given, set())
    registers = LANES * (8 if number is float64 else 4) // (64 if widest == "zmm" else 32)
    kind = "pd" if number is float64 else "ps"
    for order in ("add", "min"):
        assert len(re.findall(rf"v{order}{kind}[^\n]*%{widest}", assembly)) >= (4 + 2 + 2) * registers
